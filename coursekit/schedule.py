"""Learning rates that change during training: one-cycle, and the finder that suggests how large to start."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

Schedule = Callable[[float], tuple[float, float | None]]


def cosine(start: float, end: float, fraction: float) -> float:
    """The value at `fraction` (0 to 1) of a half cosine from `start` to `end`.

    Built in lesson 09.
    """
    return end + (start - end) * (1 + math.cos(math.pi * fraction)) / 2


def constant(fraction: float) -> tuple[float, None]:
    """The full rate throughout, and the optimizer's own momentum.

    Built in lesson 09.
    """
    return 1.0, None


def one_cycle(
    warmup: float = 0.25, start: float = 1 / 25, end: float = 1e-5, momenta: tuple[float, float] = (0.95, 0.85)
) -> Schedule:
    """The one-cycle schedule (L. N. Smith, "Super-convergence", 2018): the rate rises, then falls to almost nothing.

    Args:
        warmup: share of the training during which the rate rises, between 0 and 1, both excluded.
        start: the first rate, as a share of the largest.
        end: the last rate, as a share of the largest.
        momenta: momentum at the ends and at the top of the cycle; it falls while the rate rises.

    Returns:
        A function of the fraction of the training done (0 to 1), giving (share of the largest rate, momentum).

    Built in lesson 09.
    """
    if not 0 < warmup < 1:
        raise ValueError(f"warmup is a share of the training, between 0 and 1; found {warmup}")
    outer, inner = momenta

    def schedule(fraction: float) -> tuple[float, float]:
        if fraction < warmup:
            rising = fraction / warmup
            return cosine(start, 1.0, rising), cosine(outer, inner, rising)
        falling = (fraction - warmup) / (1 - warmup)
        return cosine(1.0, end, falling), cosine(inner, outer, falling)

    return schedule


@dataclass
class RateSearch:
    """What `Learner.lr_find` saw: the loss after each batch while the rate grew.

    Attributes:
        rates: learning rates tried, in increasing order.
        losses: the training loss at each.
        smoothed: the losses averaged over their recent past, heaviest on the latest.

    Built in lesson 09.
    """

    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    smoothed: list[float] = field(default_factory=list)
    _average: float = 0.0

    def add(self, rate: float, loss: float) -> bool:
        """Record one batch; True when the loss has blown up and the search should stop."""
        if not math.isfinite(loss):
            return True
        self.rates.append(rate)
        self.losses.append(loss)
        self._average = 0.8 * self._average + 0.2 * loss
        self.smoothed.append(self._average / (1 - 0.8 ** len(self.losses)))
        return self.smoothed[-1] > 4 * min(self.smoothed) and len(self.losses) > 5

    @property
    def suggestion(self) -> float:
        """The rate at which the smoothed loss falls fastest: a good largest rate for `fit_one_cycle`."""
        lowest = min(range(len(self.smoothed)), key=self.smoothed.__getitem__)
        falls = [self.smoothed[i] - self.smoothed[i + 1] for i in range(lowest)]
        return self.rates[falls.index(max(falls))] if falls else self.rates[0]

    def plot(self) -> None:
        """Draw the loss against the rate, with the suggestion marked."""
        from .plots import plot_rate_search

        plot_rate_search(self)

    def __repr__(self) -> str:
        """The suggestion and the range that was tried."""
        return (
            f"RateSearch(suggestion={self.suggestion:.1e}, from {self.rates[0]:.0e} to {self.rates[-1]:.0e} "
            f"in {len(self.rates)} batches)"
        )
