"""What a person wants to know of a model: plain functions `(outputs, targets) -> number`.

A metric gets one batch and returns the mean over its rows, as a tensor with one number; `Learner` weights the batches
by their rows, so that a short last batch counts for what it holds. A metric that averages over something other than
rows (pixels that are not void, say) returns a pair `(total, count)`; the epoch's value is the sum of the totals over
the sum of the counts.
"""

from collections.abc import Callable

from torch import Tensor

Metric = Callable[[Tensor, Tensor], Tensor | tuple[Tensor, Tensor]]


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Share of rows whose largest output is the target's class, 0 to 1.

    Args:
        outputs: (n, classes), any real numbers: logits or probabilities give the same answer.
        targets: (n,), int64 class numbers.

    Built in lesson 03.
    """
    return (outputs.argmax(1) == targets).float().mean()


def error_rate(outputs: Tensor, targets: Tensor) -> Tensor:
    """Share of rows whose largest output is another class than the target's: 1 - accuracy.

    Built in lesson 01.
    """
    return 1 - accuracy(outputs, targets)


class RunningMean:
    """The mean of a metric over an epoch of unequal batches; the sums stay on the device until `value` is asked for.

    Args:
        name: the metric's name, for errors.

    Built in lesson 09.
    """

    def __init__(self, name: str) -> None:
        self.name, self.total, self.count = name, 0.0, 0

    def add(self, result: Tensor | float | tuple[Tensor, Tensor], rows: int) -> None:
        """Add one batch: its mean over `rows` rows, or its pair (total, count).

        Raises:
            ValueError: the result is not one number, nor a pair of single numbers.
        """
        total, count = result if isinstance(result, tuple) else (result, None)
        for number in (total, count):
            if isinstance(number, Tensor) and number.numel() != 1:
                raise ValueError(
                    f"the metric {self.name!r} returned a tensor of shape {tuple(number.shape)}; a metric returns one "
                    "number, the mean over the batch's rows (add .mean()), or a pair of numbers (total, count)"
                )
        if isinstance(total, Tensor) and total.is_floating_point():
            total = total.float()  # 16 bits are too few for a sum
        if count is None:
            self.total, self.count = self.total + total * rows, self.count + rows
        else:
            self.total, self.count = self.total + total, self.count + count

    @property
    def value(self) -> float:
        """The mean so far; NaN before the first batch."""
        return float(self.total) / float(self.count) if float(self.count) else float("nan")


def metric_name(metric: Metric) -> str:
    """The name a metric is shown under: its own, also when wrapped by `functools.partial`."""
    inner = getattr(metric, "func", metric)
    return getattr(inner, "__name__", type(inner).__name__)
