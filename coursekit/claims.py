"""`claim`: a sentence of a lesson that the run proves, or else fails."""

import math

from .notebook import show


class ClaimError(AssertionError):
    """A claim of a lesson that this run did not bear out."""


class Claim:
    """What a claim shows: a line that is the same on every machine; in a notebook the measured value as well."""

    def __init__(self, text: str, bounds: str, measured: str) -> None:
        self.text, self.bounds, self.measured = text, bounds, measured

    def __repr__(self) -> str:
        """The claim and its bounds, without the measured value."""
        return f"✓ {self.text}" + (f" ({self.bounds})" if self.bounds else "")

    def _repr_html_(self) -> str:
        from html import escape

        asked = f"asked: {self.bounds}; measured: {self.measured}" if self.bounds else "holds"
        style = "border-left:4px solid #0072b2;padding:0.3em 0.8em;margin:0.3em 0"
        return f'<div style="{style}"><b>✓ {escape(self.text)}</b><br><small>{escape(asked)}</small></div>'


def claim(
    text: str,
    value: object,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    equals: object = None,
    within: float = 0.0,
) -> None:
    """Check a claim of the text and show it; a claim that does not hold stops the run.

    Args:
        text: the claim as a sentence.
        value: True or False; or a number (or one-number tensor), with bounds; or a tensor or sequence, with `equals`.
        at_least, at_most: bounds of the number, both included.
        equals: what the value must be, everywhere not more than `within` away.
        within: the tolerance of `equals`, absolute.

    Raises:
        ClaimError: it does not hold; the message has the measured value.
        ValueError: a number without bounds, which no value could fail.

    Example:
        >>> claim("a fair coin shows heads about half the time", 0.503, at_least=0.45, at_most=0.55)
        ✓ a fair coin shows heads about half the time (at least 0.45, at most 0.55)

    Built in lesson 00.
    """
    if equals is not None:
        holds, bounds, measured = _equal(value, equals, within)
    elif at_least is not None or at_most is not None:
        holds, bounds, measured = _between(float(value), at_least, at_most)
    else:
        if type(value).__name__ not in ("bool", "bool_") and not _is_truth_tensor(value):
            raise ValueError(f"claim {text!r} needs True or False, or bounds (at_least, at_most, equals) for {value!r}")
        holds, bounds, measured = bool(value), "", "False"
    if not holds:
        raise ClaimError(f"✗ {text}: " + (f"{bounds}; measured {measured}" if bounds else "it does not hold here"))
    show(Claim(text, bounds, measured))


def _is_truth_tensor(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor) and value.dtype == torch.bool and value.numel() == 1


def _between(number: float, at_least: float | None, at_most: float | None) -> tuple[bool, str, str]:
    """Whether the number is within its bounds (NaN never is); the bounds in words; the number."""
    tests = [] if at_least is None else [(number >= at_least, f"at least {at_least:g}")]
    tests += [] if at_most is None else [(number <= at_most, f"at most {at_most:g}")]
    return all(holds for holds, _ in tests), ", ".join(words for _, words in tests), f"{number:.4g}"


def _equal(value: object, expected: object, within: float) -> tuple[bool, str, str]:
    """Whether both agree; the bounds in words; the largest difference."""
    import torch

    # copies, since PyTorch warns of arrays that are read-only, as pandas' are
    tensors = (v if isinstance(v, torch.Tensor) else torch.tensor(v) for v in (value, expected))
    found, wanted = (tensor.detach().cpu().double() for tensor in tensors)
    if found.shape != wanted.shape:
        return False, f"shape {tuple(wanted.shape)}", f"shape {tuple(found.shape)}"
    difference = torch.where(found == wanted, 0.0, (found - wanted).abs())  # inf - inf is NaN, and inf equals inf
    largest = difference.max().item() if found.numel() else 0.0
    bounds = f"equal to within {within:g}" if within else "equal exactly"
    return not math.isnan(largest) and largest <= within, bounds, f"largest difference {largest:.2g}"
