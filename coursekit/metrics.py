"""What a person wants to know of a model: plain functions `(outputs, targets) -> number`.

A metric gets one batch and returns the mean over its samples, as a tensor with one number; `Learner` weights the
batches by their samples, so that a short last batch counts for what it holds. A metric that averages over something
other than samples (pixels that are not ignored, say) returns a pair `(total, count)`; the epoch's value is the sum of
the totals over the sum of the counts. Of a pair of vectors, one entry a class, that is done for each class, and the
value is the mean over the classes that were counted. A metric that is a function of a mean (the root of squares, exp of
a cross-entropy) has that mean as its attribute `averaged` and the function as `finish`: over an epoch the mean is taken
first, `finish` last. The attribute `higher_is_better`, True or False, says what an improvement is; a metric may do
without it.

What is no mean at all, such as F1, the area under a ROC curve or R squared, cannot be had from batches: a function
marked by `over_all` gets the outputs and targets of all samples at once, on the CPU, after the last batch.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .arguments import in_words
from .losses import check_class_shapes, check_shapes, higher_is_better, lower_is_better, mean_squared_error

Metric = Callable[[Tensor, Tensor], Tensor | tuple[Tensor, Tensor]]


@in_words
def over_all(metric: Metric) -> Metric:
    """Mark a metric that is no mean over samples: it is called once an epoch, with all outputs and all targets.

    Example:
        >>> @over_all
        ... def kappa(outputs, targets):
        ...     return sklearn.metrics.cohen_kappa_score(targets, outputs.argmax(1), weights="quadratic")
    """
    metric.over_all = True
    return metric


def after_mean(averaged: Metric, finish: Callable[[float], float] | None = None) -> Callable[[Metric], Metric]:
    """Mark a metric as `finish` of the mean `averaged`, so that over an epoch `finish` comes last."""

    def mark(metric: Metric) -> Metric:
        metric.averaged, metric.finish = averaged, finish
        return metric

    return mark


def of_batch(metric: Metric) -> Metric:
    """What is called with each batch: the metric, or what it says is `averaged`, with the same options."""
    averaged = said(metric, "averaged")
    if averaged is None:
        return metric
    return partial(averaged, *metric.args, **metric.keywords) if isinstance(metric, partial) else averaged


def said(metric: Metric, what: str) -> Any:
    """What a metric says of itself: its "averaged", "finish", "over_all" or "higher_is_better"; None if nothing."""
    return getattr(getattr(metric, "func", metric), what, None)


@higher_is_better
@in_words
def pixel_accuracy(outputs: Tensor, targets: Tensor, ignore_index: int = -100) -> tuple[Tensor, Tensor]:
    """Fraction of the pixels whose class is right, those of one class left out: the pair (right, counted).

    Args:
        outputs: (n, classes, H, W).
        targets: (n, H, W), int64.
        ignore_index: the class number that is left out; set it with `functools.partial`.

    Raises:
        ValueError: the shapes do not belong together.

    Built in lesson 05.
    """
    check_class_shapes(outputs, targets)
    counted = targets != ignore_index
    return ((outputs.argmax(1) == targets) & counted).sum(), counted.sum()


@higher_is_better
@after_mean(pixel_accuracy)
@in_words
def accuracy(outputs: Tensor, targets: Tensor, ignore_index: int = -100) -> Tensor:
    """Fraction of samples whose largest output is the target's class, 0 to 1.

    Args:
        outputs: (n, classes), any real numbers: logits or probabilities give the same answer.
        targets: (n,), int64 class numbers. Further axes of both, as in `cross_entropy`, are counted over too.
        ignore_index: a class number that counts for nothing, as in `cross_entropy`.

    Raises:
        ValueError: the shapes do not belong together.

    Built in lesson 03.
    """
    right, counted = pixel_accuracy(outputs, targets, ignore_index)
    return right / counted


@lower_is_better
@after_mean(pixel_accuracy, lambda right: 1 - right)
@in_words
def error_rate(outputs: Tensor, targets: Tensor, ignore_index: int = -100) -> Tensor:
    """Fraction of samples whose largest output is another class than the target's: 1 - accuracy.

    Built in lesson 01.
    """
    return 1 - accuracy(outputs, targets, ignore_index)


class RunningMean:
    """The mean of a metric over an epoch of unequal batches; the sums stay on the device until `value` is asked for.

    Args:
        name: the metric's name, for errors.
        finish: what `value` is of the mean: `math.sqrt` for a root mean square; None for the mean itself.

    Built in lesson 09.
    """

    def __init__(self, name: str, finish: Callable[[float], float] | None = None) -> None:
        self.name, self.finish, self.total, self.count = name, finish, 0.0, 0

    def add(self, result: Tensor | float | tuple[Tensor, Tensor], samples: int | Tensor) -> None:
        """Add one batch: its mean over so many samples, or its pair (total, count).

        Raises:
            ValueError: the result is not one number, nor a pair of single numbers.
        """
        total, count = result if isinstance(result, tuple) else (result, None)
        for number in (total, count):
            by_class = isinstance(total, Tensor) and isinstance(count, Tensor) and total.shape == count.shape
            if isinstance(number, Tensor) and number.numel() != 1 and not by_class:
                found = f"the metric {self.name!r} returned a tensor of shape {tuple(number.shape)}"
                raise ValueError(f"{found}; needed is one number, the mean (add .mean()), or a pair (total, count)")
        if isinstance(total, Tensor) and total.is_floating_point():  # 32 bits are too few for a sum over many batches
            total = total.float() if total.device.type == "mps" else total.double()
        if count is None:
            empty = isinstance(samples, Tensor) and isinstance(total, Tensor)  # a mean over nothing is NaN
            total, count = torch.where(samples > 0, total * samples, 0) if empty else total * samples, samples
        self.total, self.count = self.total + total, self.count + count

    @property
    def value(self) -> float:
        """The mean so far, finished where it is to be; NaN before the first batch."""
        total, count = (torch.as_tensor(n, dtype=torch.float64, device="cpu") for n in (self.total, self.count))
        mean = float((total / count)[count > 0].mean())
        return self.finish(mean) if self.finish else mean


def metric_name(metric: Metric) -> str:
    """The name a metric is shown under: its own, also when wrapped by `functools.partial`."""
    inner = getattr(metric, "func", metric)
    return getattr(inner, "__name__", type(inner).__name__)


def check_metrics(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """The metrics as a tuple.

    Raises:
        ValueError: no list of functions, or two of one name.
    """
    if not isinstance(metrics, (list, tuple)) or not all(map(callable, metrics)):
        raise ValueError(f"metrics come as a list of functions, such as [ck.accuracy]; found {metrics!r}")
    names = ["loss", *map(metric_name, metrics)]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"two columns would be called {twice[0]!r}: give each metric a function name of its own")
    return tuple(metrics)


@higher_is_better
@in_words
def accuracy_threshold(outputs: Tensor, targets: Tensor, threshold: float = 0.5) -> Tensor:
    """Fraction of all labels that are right when a label is given where sigmoid(output) exceeds the threshold.

    Args:
        outputs: (n, classes) logits.
        targets: the same shape, 0 or 1.
        threshold: a probability; set it with `functools.partial`.

    Raises:
        ValueError: the shapes differ.

    Built in lesson 04.
    """
    check_shapes(outputs, targets)
    return ((outputs.sigmoid() > threshold) == (targets > 0.5)).float().mean()


@higher_is_better
@in_words
def fbeta(outputs: Tensor, targets: Tensor, beta: float = 2.0, threshold: float = 0.5) -> Tensor:
    """Mean over the samples of F-beta, which weighs recall `beta` times as much as precision.

    (1 + beta^2) true positives / ((1 + beta^2) true positives + beta^2 missed + wrongly given); 1 for a sample that has
    no label and gets none. C. J. van Rijsbergen, "Information retrieval", 1979, chapter 7.

    Args:
        outputs: (n, classes) logits.
        targets: the same shape, 0 or 1.
        beta: 2 for F2.
        threshold: a probability; set it with `functools.partial`.

    Raises:
        ValueError: the shapes differ.

    Built in lesson 04.
    """
    check_shapes(outputs, targets)
    given, true = outputs.sigmoid() > threshold, targets > 0.5
    right = (given & true).sum(1) * (1 + beta**2)
    weighted = right + beta**2 * (true & ~given).sum(1) + (given & ~true).sum(1)
    return torch.where(weighted == 0, 1.0, right / weighted.clamp(min=1e-9)).mean()


@higher_is_better
@in_words
def mean_iou(outputs: Tensor, targets: Tensor, ignore_index: int = -100) -> tuple[Tensor, Tensor]:
    """Mean over the classes of intersection over union: the pixels rightly given, over those given or true.

    An epoch's pixels are counted together; a class that is neither given nor true counts for nothing (P. Jaccard, "The
    distribution of the flora in the alpine zone", 1912).

    Args:
        outputs: (n, classes, H, W).
        targets: (n, H, W), int64.
        ignore_index: the class whose true pixels are left out, and which has no IoU of its own.

    Returns:
        Both numbers of pixels, each (classes,).

    Raises:
        ValueError: the shapes do not belong together.
    """
    check_class_shapes(outputs, targets)
    counted, classes = targets != ignore_index, outputs.shape[1]
    given, true = outputs.argmax(1)[counted], targets[counted]
    both, said, are = (x.bincount(minlength=classes) for x in (true[given == true], given, true))
    kept = torch.arange(classes, device=both.device) != ignore_index
    return both * kept, (said + are - both) * kept


@lower_is_better
@in_words
def keypoint_distance(outputs: Tensor, targets: Tensor, aspect: float = 1.0) -> Tensor:
    """Mean distance between predicted and true keypoints, as a fraction of the image's width.

    Args:
        outputs: (n, 2 * keypoints): x, y, x, y ..., on the scale on which -1 and 1 are the image's edges.
        targets: the same shape.
        aspect: H / W of the image; set it with `functools.partial`.

    Raises:
        ValueError: the shapes differ.

    Built in lesson 06.
    """
    check_shapes(outputs, targets)
    apart = (outputs - targets).reshape(len(outputs), -1, 2) / 2 * torch.tensor([1.0, aspect], device=outputs.device)
    return apart.norm(dim=-1).mean()


@lower_is_better
@after_mean(mean_squared_error, math.sqrt)
@in_words
def rmse(outputs: Tensor, targets: Tensor) -> Tensor:
    """Root mean squared error, in the target's unit.

    Args:
        outputs: any shape.
        targets: the same shape.

    Built in lesson 13.
    """
    return mean_squared_error(outputs, targets).sqrt()


@higher_is_better
@over_all
@in_words
def f1(outputs: Tensor, targets: Tensor, average: str = "macro", threshold: float = 0.5) -> float:
    """The F1 score over all samples: the harmonic mean of precision and recall, of each class, averaged.

    Args:
        outputs, targets: as for `accuracy`; or logits (n, labels) and targets of the same shape, 0 or 1.
        average: "macro" (the mean over the classes), "micro", "weighted", or "binary": see `sklearn.metrics.f1_score`.
        threshold: of a label's probability, where targets are 0 or 1.
    """
    from sklearn.metrics import f1_score

    if outputs.shape == targets.shape:
        return float(f1_score(_rows(targets > 0.5), _rows(outputs.sigmoid() > threshold), average=average))
    given, true = _counted(outputs.argmax(1), outputs, targets)
    return float(f1_score(true, given, average=average))


@higher_is_better
@over_all
@in_words
def roc_auc(outputs: Tensor, targets: Tensor) -> float:
    """The area under the ROC curve over all samples; of several classes the mean over each against the rest.

    Args:
        outputs, targets: as for `f1`.

    Raises:
        ValueError: of some class all samples or none are.
    """
    from sklearn.metrics import roc_auc_score

    if outputs.shape == targets.shape:
        given, true = _rows(outputs), _rows(targets > 0.5)
    else:
        given, true = _counted(outputs.softmax(1), outputs, targets)
        given, true = (given[:, 1], true == 1) if given.shape[1] == 2 else (given, F.one_hot(true, given.shape[1]))
    columns = true.reshape(len(true), -1).double().mean(0)
    if not ((columns > 0) & (columns < 1)).all():
        raise ValueError("roc_auc compares each class with the others; of some class all samples or none are")
    return float(roc_auc_score(true, given, average="macro"))


@higher_is_better
@over_all
@in_words
def r2(outputs: Tensor, targets: Tensor) -> float:
    """R squared over all samples: the fraction of the target's variance that is explained; of several numbers the mean.

    Args:
        outputs: (n, numbers).
        targets: the same shape.

    Raises:
        ValueError: the shapes differ, or there are fewer than two samples.
    """
    from sklearn.metrics import r2_score

    check_shapes(outputs, targets)
    if len(targets) < 2:
        raise ValueError(f"R squared compares samples: it needs two; found {len(targets)}")
    return float(r2_score(_rows(targets), _rows(outputs)))


def _rows(values: Tensor) -> Tensor:
    """(n, columns), or (n,) where it is one column, as scikit-learn has it."""
    values = values.reshape(len(values), -1)
    return values[:, 0] if values.shape[1] == 1 else values


def _counted(values: Tensor, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Of values (n, ...) beside class numbers (n,): those whose targets count, and the targets."""
    check_class_shapes(outputs, targets)
    counted = targets != -100
    return values[counted], targets[counted]
