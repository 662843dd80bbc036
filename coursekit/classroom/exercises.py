"""`check`: whether an exercise is right, and if not, the smallest input that shows it; `progress`: what is solved.

The exercises of lesson NN are the dictionary `EXERCISES` in `lessons/solutions/NN_name.py`.
"""

import copy
import dis
import importlib.util
import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import chain, combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from ..arguments import in_words
from ..datasets import course, home, nearest
from ..display import GREEN, RED, show
from ..storage import write_whole
from .claims import as_array
from .markup import box

SOLUTIONS = course() / "lessons" / "solutions"
_STATES = {"not tried": ("○", "#999999"), "right": ("✓", GREEN), "wrong": ("✗", RED)}


@dataclass(frozen=True)
class Exercise:
    """What `check` needs to know of an exercise.

    Args:
        solution: the reference: a function, or the value itself where a value is asked for.
        hint: one sentence, shown with a wrong answer.
        cases: for a function: gives the argument tuples to try it on, simple ones first.
        tolerance: how far a number may be off, absolute and relative.
        rule: for a function: gives, in words, what it uses that the exercise does not allow, or None; see
            `lessons/solutions/rules.py`.
    """

    solution: object
    hint: str
    cases: Callable[[], list[tuple]] | None = None
    tolerance: float = 1e-5
    rule: Callable[[Callable], str | None] | None = None


@dataclass
class Verdict:
    """What became of an attempt: `state` is "not tried", "right" or "wrong"; `details` says why."""

    name: str
    state: str
    details: str = ""

    def __repr__(self) -> str:
        """Mark, name, state, and the details below."""
        words = "not tried yet" if self.state == "not tried" else self.state
        return f"{_STATES[self.state][0]} {self.name}: {words}" + f"\n{self.details}" * bool(self.details)

    def _repr_html_(self) -> str:
        return box(escape(repr(self)), _STATES[self.state][1])


@in_words
def check(name: str, attempt: object) -> None:
    """Show whether an exercise is not tried yet, right, or wrong; the right ones are noted for `progress`.

    Args:
        name: lesson and exercise, as in `"03.softmax"`.
        attempt: your function, or your value. None, `...`, and a function with nothing in it count as not tried.

    Raises:
        ValueError: there is no such exercise; the nearest name is told.

    Used in lesson 00.
    """
    verdict = judge(name, attempt)
    if verdict.state == "right":
        _remember(name)
    show(verdict)


def judge(name: str, attempt: object) -> Verdict:
    """The verdict on an attempt, without showing or noting it; see `check`."""
    exercise = _find(name)
    if attempt is None or attempt is ...:
        return Verdict(name, "not tried")
    if exercise.cases is None:
        if agree(attempt, exercise.solution, exercise.tolerance):
            return Verdict(name, "right")
        return Verdict(name, "wrong", f"{_shown(attempt)} is not it.\nHint: {exercise.hint}")
    if not callable(attempt):
        return Verdict(name, "wrong", f"a function is asked for; this is {_shown(attempt)}")
    faults = [(case, _fault(exercise, attempt, case)) for case in exercise.cases()]
    if any(fault == _NOT_TRIED for _, fault in faults):
        return Verdict(name, _NOT_TRIED)
    if failures := [case for case, fault in faults if fault]:
        smallest = min((_shrink(exercise, attempt, case) for case in failures), key=_size)
        # what the attempt prints is seen for this case only
        return Verdict(name, "wrong", f"{_fault(exercise, attempt, smallest, aloud=True)}\nHint: {exercise.hint}")
    if exercise.rule and (broken := exercise.rule(attempt)):
        return Verdict(name, "wrong", f"the results are right, but {broken}\nHint: {exercise.hint}")
    return Verdict(name, "right")


_NOT_TRIED = "not tried"
_NO_STEPS = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}  # to give None, and nothing else


def _fault(exercise: Exercise, attempt: Callable, case: tuple, aloud: bool = False) -> str | None:
    """What is wrong with the attempt's answer for one case, in words; None if nothing is."""
    expected, given = exercise.solution(*copy.deepcopy(case)), copy.deepcopy(case)
    call = ", ".join(map(_shown, case))
    try:
        with nullcontext() if aloud else redirect_stdout(io.StringIO()):
            found = attempt(*given)
    except NotImplementedError:
        return _NOT_TRIED
    except Exception as error:  # whatever a student's code raises is the answer to show
        return f"for     {call}\nexpected {_shown(expected)}\nbut it raised {type(error).__name__}: {error}"
    if found is None and expected is not None:
        if _nothing_in(attempt):
            return _NOT_TRIED
        return f"for      {call}\nexpected {_shown(expected)}\nbut your function gives None: is a return missing?"
    if not agree(found, expected, exercise.tolerance):
        return f"for      {call}\nexpected {_shown(expected)}\ngot      {_shown(found)}"
    if not agree(given, case, 0.0):
        return f"for      {call}\nthe answer is right, but the function changed its input to {_shown(given)}"
    return None


def _nothing_in(attempt: Callable) -> bool:
    """Whether a function's body is still its docstring, `...` or `pass`."""
    code = getattr(attempt, "__code__", None)
    return code is not None and {step.opname for step in dis.get_instructions(code)} <= _NO_STEPS


def agree(found: object, expected: object, tolerance: float) -> bool:
    """Whether two answers are the same: shapes and lengths exactly, NaN equal to NaN.

    Whole numbers and truth values are compared exactly (True is 1), floats in double precision to the tolerance, which
    is absolute and relative. A list, a tuple, an array, a Series and a tensor that hold the same are the same answer;
    of dictionaries the values are compared so.
    """
    if isinstance(expected, dict):
        same = isinstance(found, dict) and found.keys() == expected.keys()
        return same and all(agree(found[key], expected[key], tolerance) for key in expected)
    if hasattr(expected, "tolist") and as_array(expected) is None:  # texts, say
        expected = expected.tolist()
    if isinstance(expected, (tuple, list)):
        found = found.tolist() if hasattr(found, "tolist") else found
        if not isinstance(found, (tuple, list)) or len(found) != len(expected):
            return False
        return all(agree(f, e, tolerance) for f, e in zip(found, expected, strict=True))
    if (wanted := as_array(expected)) is not None and not isinstance(expected, bool):
        given = as_array(found)
        if given is None or given.shape != wanted.shape:
            return False
        if wanted.dtype.kind in "biuO":
            return np.array_equal(given, wanted)
        try:
            given = given.astype(float) if given.dtype.kind == "O" else given
        except OverflowError:  # a whole number beyond all doubles
            return False
        return np.allclose(given, wanted, tolerance, tolerance, equal_nan=True)
    try:
        return bool(found == expected)
    except (RuntimeError, TypeError, ValueError):  # a tensor or an array where something else is expected
        return False


def _size(case: tuple) -> int:
    """How much there is to look at in a case: numbers, characters, items."""
    return sum(a.numel() if isinstance(a, Tensor) else len(a) if hasattr(a, "__len__") else 1 for a in case)


def _shrink(exercise: Exercise, attempt: Callable, case: tuple) -> tuple:
    """A smaller case that is still wrong: slices are left out as long as that goes well."""
    while True:
        for smaller in _one_slice_less(case):
            try:
                fault = _fault(exercise, attempt, smaller)
            except Exception:  # the reference itself refuses this input (shapes that do not fit, say): not a case
                continue
            if fault and fault != _NOT_TRIED:
                case = smaller
                break
        else:
            return case


def _one_slice_less(case: tuple) -> Iterator[tuple]:
    """The case without one slice of an axis, or without the same slice of several axes of one length."""
    axes = [(i, axis, n) for i, a in enumerate(case) if isinstance(a, Tensor) for axis, n in enumerate(a.shape)]
    for length in sorted({n for _, _, n in axes if n > 1}, reverse=True):
        together = [(i, axis) for i, axis, n in axes if n == length]
        for chosen in chain.from_iterable(combinations(together, k + 1) for k in range(len(together))):
            for drop in range(length):
                keep = torch.tensor([j for j in range(length) if j != drop])
                smaller = list(case)
                for i, axis in chosen:
                    smaller[i] = smaller[i].index_select(axis, keep)
                yield tuple(smaller)


def _shown(value: object) -> str:
    if isinstance(value, Tensor):
        digits = 4 if value.is_floating_point() else 0
        with torch._tensor_str.printoptions(precision=digits, linewidth=100, threshold=60, sci_mode=None):
            return str(value)
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return repr(value)


def _find(name: str) -> Exercise:
    lesson, _, short = name.partition(".")
    if not (files := sorted(SOLUTIONS.glob(f"{lesson}_*.py"))) or not short:
        raise ValueError(f"exercises are named like '03.softmax'; {name!r} belongs to no lesson in {SOLUTIONS}")
    exercises = load_exercises(files[0])
    if short not in exercises:
        known = [f"{lesson}.{short}" for short in exercises]
        raise ValueError(f"lesson {lesson} has no exercise {short!r}. {nearest(name, known)}")
    return exercises[short]


def load_exercises(path: Path) -> dict[str, Exercise]:
    """The exercises of one solutions file, by name without the lesson's number."""
    return load_module(path).EXERCISES


def load_module(path: Path) -> ModuleType:
    """A Python file of the course, wherever the course lies, as a module."""
    spec = importlib.util.spec_from_file_location(f"coursekit_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Solved:
    """Which exercises of each lesson are solved."""

    lessons: dict[str, dict[str, bool]]

    def __repr__(self) -> str:
        """One line a lesson."""
        lines, width = [], max(map(len, self.lessons), default=0)
        for lesson, solved in self.lessons.items():
            marks = "  ".join(f"{'✓' if done else '○'} {name}" for name, done in solved.items())
            lines.append(f"{lesson:<{width}} {sum(solved.values())} of {len(solved)}   {marks}")
        return "\n".join(lines)


def progress() -> Solved:
    """The exercises of each lesson, those you have solved ticked; kept in `progress`, a folder in `coursekit.home()`.

    Used in lesson 00.
    """
    solved, kept = {}, home() / "progress"
    for path in sorted(SOLUTIONS.glob("[0-9][0-9]_*.py")):
        solved[path.stem] = {name: (kept / f"{path.stem[:2]}.{name}").exists() for name in load_exercises(path)}
    return Solved(solved)


def _remember(name: str) -> None:
    """Note an exercise as solved, in a file of its own; that it cannot be written is said, and spoils no verdict."""
    try:
        write_whole(home() / "progress" / name, f"{date.today().isoformat()}\n".encode())
    except OSError as error:
        print(f"(right, but not noted for ck.progress(): {error})")
