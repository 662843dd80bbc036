"""Hidden variants of an exercise: its cases drawn anew, so that nobody passes by knowing the cases that ship."""

import copy
import string
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor

from coursekit.classroom.claims import as_array
from coursekit.classroom.exercises import Exercise, agree

TRIES = 12  # draws for each variant that is asked for


def variants(exercise: Exercise, seed: int, count: int) -> list[tuple]:
    """Cases like those of an exercise, with other numbers, texts and lists in them.

    A draw counts only where the reference accepts it, gives a finite answer, and gives the same answer in double
    precision: an input on which rounding decides is nobody's mistake.

    Args:
        exercise: one that asks for a function.
        seed: the same seed gives the same variants.
        count: how many there are at most; an exercise of which little can be drawn anew gets fewer.

    Returns:
        The argument tuples; none of them is one of the exercise's own cases.
    """
    random, cases, found = Random(seed), exercise.cases(), []
    known = {repr(case) for case in cases}
    for tried in range(count * TRIES):
        if (
            len(found) == count or tried == 2 * TRIES and not found
        ):  # nothing can be drawn anew here
            break
        original = random.choice(cases)
        case = tuple(redrawn(part, random) for part in original)
        if (
            _order(case) == _order(original)
            and repr(case) not in known
            and _fits(exercise, case)
        ):
            known.add(repr(case))
            found.append(case)
    return found


def _order(case: tuple) -> list[bool]:
    """Which whole numbers of a case are less than which: a rank stays below the number of ranks."""
    numbers = [
        part for part in case if isinstance(part, int) and not isinstance(part, bool)
    ]
    return [one < other for one in numbers for other in numbers]


def redrawn(value: object, random: Random) -> object:
    """A value of the same kind: signs, whole numbers, zeros and sums of 1 stay what they are."""
    if isinstance(value, Tensor):
        return _tensor(value, random) if value.numel() else value.clone()
    if isinstance(value, bool):
        return random.random() < 0.5
    if isinstance(value, int):
        return (
            value if value < 1 else value + random.randint(0, 3)
        )  # less of it might not hold what is beside it
    if isinstance(value, float):
        return _number(value, random)
    if isinstance(value, str):
        return "".join(_letter(letter, random) for letter in value)
    if isinstance(value, list) and all(isinstance(item, (int, float)) for item in value):
        return list(value) if value == sorted(value) else random.sample(value, len(value))
    if isinstance(value, list) and all(isinstance(item, (tuple, str)) for item in value):
        return random.sample(value, len(value))
    if isinstance(value, Path) and value.is_file():
        other = value.with_name(f"{random.getrandbits(32)}{value.suffix}")
        other.write_text(
            redrawn(value.read_text("utf-8"), random), encoding="utf-8", newline=""
        )
        return other
    return copy.deepcopy(value)


def _number(value: float, random: Random) -> float:
    if 0 < value < 1:
        return round(value + (random.uniform(-value, 1 - value)) * 0.5, 4)
    return round(value * random.uniform(0.6, 1.6), 4)


def _letter(letter: str, random: Random) -> str:
    """Another letter for a letter, in one place of four; digits and signs stay."""
    if letter not in string.ascii_lowercase or random.random() < 0.75:
        return letter
    return random.choice(string.ascii_lowercase)


def _tensor(value: Tensor, random: Random) -> Tensor:
    """Drawn anew; values that stood in the old one keep their kind: bool, labels, counts, probabilities, numbers."""
    generator = torch.Generator().manual_seed(random.getrandbits(32))
    if value.dtype == torch.bool:
        return value.flatten()[torch.randperm(value.numel(), generator=generator)].reshape(
            value.shape
        )
    finite = value[value.isfinite()] if value.is_floating_point() else value
    if not finite.numel():
        return value.clone()
    low, high = finite.min().item(), finite.max().item()
    if not value.is_floating_point() or set(finite.flatten().tolist()) <= {0.0, 1.0}:
        drawn = torch.randint(int(low), int(high) + 1, value.shape, generator=generator)
        return torch.where(value.isfinite(), drawn.to(value.dtype), value)
    if value.ndim and low >= 0 and torch.allclose(value.sum(-1), torch.ones(()), atol=1e-5):
        noise = torch.rand(value.shape, generator=generator) + 0.5
        return torch.where(value > 0, value * noise, 0) / (value * noise).sum(
            -1, keepdim=True
        )
    if (
        torch.equal(finite, finite.round())
        and finite.numel() == value.numel()
        and high - low < 1e4
    ):
        return _whole(value, int(low), int(high), generator)
    noise = torch.rand(value.shape, generator=generator) * 0.8 + 0.6
    drawn = value * noise
    return drawn.clamp(0, 1) if low >= 0 and high <= 1 else drawn


def _whole(value: Tensor, low: int, high: int, generator: torch.Generator) -> Tensor:
    """Whole numbers as floats; rows without a number twice stay so: a tie is another question."""
    rows = value.reshape(-1, value.shape[-1] if value.ndim else 1)
    if all(len(row.unique()) == len(row) for row in rows):
        low = min(low, high - rows.shape[1] - 3) if low < 0 else low
        span = torch.arange(low, max(high + 1, low + rows.shape[1]))
        drawn = torch.stack(
            [
                span[torch.randperm(len(span), generator=generator)[: rows.shape[1]]]
                for _ in rows
            ]
        )
    else:
        drawn = torch.randint(low, high + 1, rows.shape, generator=generator)
    return drawn.reshape(value.shape).to(value.dtype)


def _fits(exercise: Exercise, case: tuple) -> bool:
    """Whether the reference accepts the case and is sure of its answer."""
    with np.errstate(all="ignore"):
        try:
            expected = exercise.solution(*copy.deepcopy(case))
            precise = exercise.solution(*(_double(part) for part in case))
        except Exception:  # whatever the reference raises, it refuses the case
            return False
        return _finite(expected) and agree(expected, precise, exercise.tolerance / 10)


def _double(value: object) -> object:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.double()
    return copy.deepcopy(value)


def _finite(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_finite, value))
    array = as_array(value)
    return array is None or array.dtype.kind != "f" or bool(np.isfinite(array).all())


def literal(value: object) -> str | None:
    """A value as Python writes it, to be read in a cell; None where that does not give it back."""
    if isinstance(value, Tensor):
        if (
            value.dtype not in (torch.float32, torch.int64, torch.bool)
            or not value.isfinite().all()
        ):
            return None
        return f"torch.tensor({_nested(value.tolist(), value.dtype == torch.float32)})"
    if isinstance(value, (tuple, list)):
        parts = [literal(item) for item in value]
        if None in parts:
            return None
        inner = ", ".join(parts)
        return (
            f"[{inner}]"
            if isinstance(value, list)
            else f"({inner}{',' * (len(parts) == 1)})"
        )
    if (
        value is None
        or isinstance(value, (bool, int, str))
        or isinstance(value, float)
        and np.isfinite(value)
    ):
        return repr(value)
    return None


def _nested(values: object, single: bool) -> str:
    if isinstance(values, list):
        return f"[{', '.join(_nested(item, single) for item in values)}]"
    return str(float(str(np.float32(values)))) if single else repr(values)
