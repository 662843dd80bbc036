"""`claim`: a sentence of a lesson that the run proves, or else fails; `report`: a figure that a recorded run keeps.

Numbers are compared as they are, none through single precision: floats in double precision, whole numbers of Python
however large exactly.
"""

import math
import sys
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from html import escape
from numbers import Integral, Number, Real

import numpy as np
import torch

from ..arguments import in_words
from ..display import BLUE, SKY, show
from .markup import box

Bound = float | None


class ClaimError(AssertionError):
    """A claim of a lesson that this run did not bear out."""


@dataclass
class Claim:
    """What a claim shows: a line that is the same on every machine; in a notebook the measured value as well."""

    text: str
    bounds: str
    measured: str

    def __repr__(self) -> str:
        """The claim and its bounds, without the measured value."""
        return f"✓ {self.text}" + (f" ({self.bounds})" if self.bounds else "")

    def _repr_html_(self) -> str:
        asked = f"asked: {self.bounds}; measured: {self.measured}" if self.bounds else "holds"
        return box(f"<b>✓ {escape(self.text)}</b><br><small>{escape(asked)}</small>", BLUE)


@dataclass
class Report:
    """What a report shows: its name, which is the same on every machine; in a notebook, and when printed, the value."""

    name: str
    value: float

    def __repr__(self) -> str:
        """The name, without the value."""
        return f"▸ {self.name}"

    def __str__(self) -> str:
        """Both."""
        return f"▸ {self.name}: {self.value:.4g}"

    def _repr_html_(self) -> str:
        return box(escape(str(self)), SKY)


@in_words
def report(name: str, value: object) -> None:
    """Show a figure that this lesson stands for; `make full` writes it into the run that it records.

    Args:
        name: what was measured, with its unit where it has one, such as `"accuracy without void"`.
        value: one number, or a tensor or array that holds one.

    Raises:
        ValueError: no single finite number.

    Used in lesson 01.
    """
    number = _number(value, f"report({name!r})")
    if not abs(number) < math.inf or abs(number) > sys.float_info.max:
        raise ValueError(f"report({name!r}) needs a finite number; found {number}")
    show(Report(name, float(number)), coursekit={"report": name, "value": float(number)})


@in_words
def claim(
    text: str, value: object, *, at_least: Bound = None, at_most: Bound = None, equals: object = None, within: float = 0
) -> None:
    """Check a claim of the text and show it; a claim that does not hold stops the run.

    Args:
        text: the claim as a sentence.
        value: True or False; or a number (or a tensor or array of one number), with bounds; or numbers of any shape,
            with `equals`.
        at_least, at_most: bounds of the number, both included. What a run measures has bounds; what must be so on any
            machine and any data is True, or equals something.
        equals: what the value must be, everywhere not more than `within` away. Lists, arrays and tensors of the same
            shape are alike; nothing is broadcast. An infinity equals itself, NaN equals nothing (ask for
            `x.isnan().all()`), nothing equals nothing of the same shape, and truth values are compared with truth
            values only. float32's 0.1 is not the double 0.1: they are 1.5e-9 apart.
        within: the tolerance of `equals`, absolute.

    Raises:
        ClaimError: it does not hold; the message has the measured value.
        ValueError: a claim that could not fail (a number without bounds, `within` without `equals`), bounds beside
            `equals`, or something that is no number.

    Example:
        >>> claim("a fair coin shows heads about half the time", 0.503, at_least=0.45, at_most=0.55)
        ✓ a fair coin shows heads about half the time (at least 0.45, at most 0.55)

    Built in lesson 00.
    """
    bounded = at_least is not None or at_most is not None
    if equals is not None and bounded:
        raise ValueError(f"claim {text!r} has bounds and equals: make two claims of it")
    if within and equals is None:
        raise ValueError(f"claim {text!r} has within={within:g} and no equals that it could belong to")
    if not 0 <= within < math.inf:  # NaN neither
        raise ValueError(f"claim {text!r} needs a tolerance of 0 or more, and a finite one; found within={within}")
    if equals is not None:
        holds, bounds, measured = _equal(text, value, equals, within)
    elif bounded:
        holds, bounds, measured = _between(text, value, at_least, at_most)
    else:
        holds, bounds, measured = _truth(text, value), "", "True"
    if not holds:
        raise ClaimError(f"✗ {text}: " + (f"{bounds}; measured {measured}" if bounds else "it does not hold here"))
    show(Claim(text, bounds, measured), coursekit={"claim": text, "asked": bounds, "measured": measured})


def _truth(text: str, value: object) -> bool:
    """One truth value, of Python, NumPy or PyTorch."""
    if type(value).__name__ not in ("bool", "bool_"):
        array = None if isinstance(value, (int, float, complex, str, list)) else as_array(value)
        if array is None or array.dtype != bool or array.size != 1:
            raise ValueError(f"claim {text!r} needs True or False, or bounds (at_least, at_most, equals) for {value!r}")
        value = array.item()
    return bool(value)


def _number(value: object, what: str) -> float | int:
    """One real number as Python has it: whole numbers stay whole, floats become doubles."""
    array = as_array(value)
    if array is None or array.size != 1 or array.dtype.kind not in "iufO":
        found = "a truth value" if array is not None and array.dtype == bool else repr(value)
        raise ValueError(f"{what} needs one real number; found {found}")
    return array.item()


def _between(text: str, value: object, at_least: object, at_most: object) -> tuple[bool, str, str]:
    """Whether the number is within its bounds (NaN never is); the bounds in words; the number."""
    number, *bounds = (_number(x, f"claim {text!r}") if x is not None else None for x in (value, at_least, at_most))
    holds = (bounds[0] is None or number >= bounds[0]) and (bounds[1] is None or number <= bounds[1])
    asked = zip(("at least", "at most"), bounds, strict=True)
    words = ", ".join(f"{name} {_brief(bound, '.6g')}" for name, bound in asked if bound is not None)
    return holds, words, _brief(number, ".4g") if holds else repr(number)


def _brief(number: float | Fraction, form: str) -> str:
    """A number in a few digits, also where it is beyond all doubles."""
    try:
        return format(float(number), form)
    except OverflowError:
        return format(Decimal(int(number)), form)


def _equal(text: str, value: object, expected: object, within: float) -> tuple[bool, str, str]:
    """Whether both agree; the bounds in words; the largest difference."""
    found, wanted = as_array(value), as_array(expected)
    for array, one in ((found, value), (wanted, expected)):
        if array is None:
            raise ValueError(f"claim {text!r} compares numbers or truth values; found {type(one).__name__} {one!r:.60}")
    if found.shape != wanted.shape:
        return False, f"shape {wanted.shape}", f"shape {found.shape}"
    bounds = f"equal to within {within:g}" if within else "equal exactly"
    if (found.dtype == bool) != (wanted.dtype == bool):
        kinds = ["truth values" if array.dtype == bool else "numbers" for array in (found, wanted)]
        return False, bounds, f"{kinds[0]} where {kinds[1]} are expected"
    largest = largest_difference(found, wanted)
    return largest <= within, bounds, f"largest difference {_brief(largest, '.2g')}"


def largest_difference(found: np.ndarray, wanted: np.ndarray) -> float | Fraction:
    """The largest `|found - wanted|` of two arrays of one shape: 0 where both are the same, NaN where either is NaN.

    Floats are subtracted in double precision, whole numbers exactly however large. Of truth values 1 if any differ.
    """
    if not found.size:
        return 0.0
    if "O" in (found.dtype.kind, wanted.dtype.kind):
        apart = [_apart(a, b) for a, b in zip(found.ravel().tolist(), wanted.ravel().tolist(), strict=True)]
        return max(apart, key=lambda number: math.inf if number != number else number)
    kind = np.result_type(found.dtype, wanted.dtype, float)  # doubles at least
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, and inf equals inf
        apart = np.where(found == wanted, 0.0, np.abs(found.astype(kind) - wanted.astype(kind)))
    return float(apart.max())


def _apart(a: Number, b: Number) -> float | Fraction:
    """|a - b| of two numbers, exactly where both are finite."""
    if a == b or isinstance(a, complex) or isinstance(b, complex):
        return abs(a - b) if a != b else 0.0
    whole = [int(x) if isinstance(x, Integral) else float(x) for x in (a, b)]
    finite = all(isinstance(x, int) or math.isfinite(x) for x in whole)
    return abs(Fraction(whole[0]) - Fraction(whole[1])) if finite else abs(float(a) - float(b))


def as_array(value: object) -> np.ndarray | None:
    """Numbers or truth values as an array that keeps every digit; None for anything else, lists of unequal lengths too.

    Where whole numbers are larger than doubles hold exactly, they come as Python's own (dtype object).
    """
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        short = value.is_floating_point() and value.itemsize < 4
        value = (value.double() if short else value.resolve_conj().resolve_neg()).numpy()
    try:
        array = np.array(_plain(value), dtype=object) if isinstance(value, (list, tuple)) else np.asarray(value)
    except ValueError:  # a model, say, whose parts NumPy asks for
        return None
    if array.dtype.kind in "iu" and array.size and max(-int(array.min()), int(array.max())) > 2**53:
        array = array.astype(object)
    if array.dtype.kind != "O":
        return array if array.dtype.kind in "biufc" else None
    items = array.ravel().tolist()
    if items and all(isinstance(x, (bool, np.bool_)) for x in items):
        return array.astype(bool)
    if not all(isinstance(x, Number) and not isinstance(x, (bool, np.bool_)) for x in items):
        return None
    if any(isinstance(x, Integral) and abs(int(x)) > 2**53 for x in items):
        return array
    return array.astype(float if all(isinstance(x, Real) for x in items) else complex)


def _plain(value: object) -> object:
    """A list with what is in it as lists and Python's own numbers."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value
