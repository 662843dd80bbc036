"""Learning rates that change during training, as functions of the fraction of the training done."""

import math
from collections.abc import Callable

from .arguments import in_words

Schedule = Callable[[float], tuple[float, float | None]]


@in_words
def cosine(start: float, end: float, fraction: float) -> float:
    """The value at `fraction` (0 to 1) of a half cosine from `start` to `end`.

    Built in lesson 09.
    """
    return end + (start - end) * (1 + math.cos(math.pi * fraction)) / 2


@in_words
def constant(fraction: float) -> tuple[float, None]:
    """The full learning rate throughout, and the optimizer's own momentum.

    Built in lesson 09.
    """
    return 1.0, None


@in_words
def one_cycle(
    warmup: float = 0.25, start: float = 1 / 25, end: float = 1e-5, momentum: tuple[float, float] | None = (0.95, 0.85)
) -> Schedule:
    """The one-cycle schedule (L. N. Smith, "Super-convergence", 2018): the learning rate rises, then falls to nothing.

    Args:
        warmup: the fraction of the training during which the learning rate rises, between 0 and 1, both excluded.
        start: the first learning rate, as a fraction of the largest.
        end: the last learning rate, as a fraction of the largest.
        momentum: at the ends and at the top of the cycle; it falls while the learning rate rises. None leaves the
            optimizer's own.

    Returns:
        A function of the fraction of the training done (0 to 1), giving (fraction of the largest rate, momentum).

    Built in lesson 09.
    """
    if not 0 < warmup < 1:
        raise ValueError(f"warmup is a fraction of the training, between 0 and 1; found {warmup}")
    if momentum is not None and not (isinstance(momentum, (tuple, list)) and len(momentum) == 2):
        raise ValueError(f"momentum is a pair, at the ends and at the top, or None; found {momentum!r}")
    outer, inner = momentum or (None, None)

    def schedule(fraction: float) -> tuple[float, float | None]:
        if fraction < warmup:
            done = fraction / warmup
            return cosine(start, 1.0, done), momentum and cosine(outer, inner, done)
        done = (fraction - warmup) / (1 - warmup)
        return cosine(1.0, end, done), momentum and cosine(inner, outer, done)

    return schedule
