"""Losses of the course, and errors of the usual ones in words."""

from collections.abc import Callable
from copy import copy
from functools import partial
from inspect import signature

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .arguments import in_words


def higher_is_better(metric: Callable) -> Callable:
    """Mark a metric of which more is better, for `ck.EarlyStopping` and `ck.Checkpoint`."""
    metric.higher_is_better = True
    return metric


def lower_is_better(metric: Callable) -> Callable:
    """Mark a loss or metric of which less is better, for `ck.EarlyStopping` and `ck.Checkpoint`."""
    metric.higher_is_better = False
    return metric


@lower_is_better
@in_words
def cross_entropy(
    outputs: Tensor, targets: Tensor, *, ignore_index: int = -100, label_smoothing: float = 0.0
) -> Tensor:
    """Mean over the samples of -log softmax(outputs)[target].

    Args:
        outputs: (n, classes) logits, float; further axes, as in (n, classes, H, W), are averaged over too.
        targets: (n,) int64 class numbers, 0 to classes - 1 (with the outputs' further axes, if any); or probabilities
            in the outputs' shape.
        ignore_index: a class number that counts for nothing; set it with `functools.partial`.
        label_smoothing: a fraction of each target that is spread evenly over all classes (C. Szegedy et al.,
            "Rethinking the Inception architecture", 2016, section 7).

    Returns:
        One number, in nats: 0 is certain and right; log(classes) is a fair guess. Where every target is ignored: 0, but
        NaN, as PyTorch's, for the usual -100.

    Raises:
        ValueError: a target outside the classes, or shapes that do not belong together; probabilities that are none.

    Built in lesson 03.
    """
    if targets.is_floating_point() and targets.device.type == "cpu" and targets.shape == outputs.shape:
        check_probabilities(targets)
        if not ((sums := targets.sum(1)) - 1).abs().max() < 0.01:
            raise ValueError(f"probabilities of the classes add up to 1; found {sums.flatten()[:3].tolist()} ...")
    try:
        if ignore_index == -100:
            return F.cross_entropy(outputs, targets, label_smoothing=label_smoothing)
        options = {"ignore_index": ignore_index, "label_smoothing": label_smoothing, "reduction": "sum"}
        return F.cross_entropy(outputs, targets, **options) / (targets != ignore_index).sum().clamp(min=1)
    except (IndexError, RuntimeError, ValueError) as error:
        are_probabilities = outputs.shape == targets.shape and targets.is_floating_point()
        if outputs.dim() > 1 and not are_probabilities:
            if targets.dtype not in (torch.int64, torch.uint8):
                found = f"found targets of {targets.dtype}: convert them with .long()"
                raise ValueError(f"class numbers are int64; {found}") from error
            check_class_shapes(outputs, targets)
            check_labels(targets, outputs.shape[1], ignore_index)
        raise ValueError(str(error)) from error


@lower_is_better
@in_words
def binary_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over all entries of -log of the probability sigmoid(output) gave to what is true.

    Args:
        outputs: logits, float, any shape.
        targets: the same shape, 0 or 1 (also as whole numbers or truth values), or a probability between.

    Raises:
        ValueError: the shapes differ, or a target is below 0 or above 1. (On a GPU, where looking would cost time,
            `Learner` looks once, before the first loss.)

    Built in lesson 03.
    """
    check_shapes(outputs, targets)
    if not targets.is_floating_point():
        targets = targets.to(outputs.dtype)
    if targets.device.type == "cpu":
        check_probabilities(targets)
    return F.binary_cross_entropy_with_logits(outputs, targets)


@lower_is_better
@in_words
def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over all entries of (output - target) squared, in the target's unit squared.

    Raises:
        ValueError: the shapes differ; PyTorch would broadcast (n, 1) against (n,) to (n, n) and average that.

    Built in lesson 06.
    """
    check_shapes(outputs, targets)
    return F.mse_loss(outputs, targets)


@lower_is_better
@in_words
def mean_absolute_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean absolute difference over all entries, in the target's unit; a few odd samples matter less than squared.

    Raises:
        ValueError: the shapes differ, see `mean_squared_error`.
    """
    check_shapes(outputs, targets)
    return F.l1_loss(outputs, targets)


def loss_count(loss_fn: Callable, targets: Tensor) -> Tensor | int:
    """How many samples, pixels, tokens or weights a mean loss was divided by: what its total over batches counts by."""
    inner, options = getattr(loss_fn, "func", loss_fn), getattr(loss_fn, "keywords", {})
    is_module = isinstance(inner, (nn.CrossEntropyLoss, nn.NLLLoss))
    if not (is_module or inner in (cross_entropy, F.cross_entropy, F.nll_loss)) or targets.is_floating_point():
        return len(targets)  # also of probabilities of the classes
    options = {"weight": inner.weight, "ignore_index": inner.ignore_index} if is_module else options
    counted = targets != options.get("ignore_index", -100)
    weight = options.get("weight")
    return counted.sum() if weight is None else weight[targets[counted]].sum()


def with_ignored(function: Callable, target_type: object) -> Callable:
    """A loss or metric that is told which class counts for nothing, where it asks (`ignore_index`) and nobody said."""
    is_module, said = isinstance(function, (nn.CrossEntropyLoss, nn.NLLLoss)), getattr(function, "keywords", {})
    asks = is_module or "ignore_index" in signature(function).parameters
    if getattr(target_type, "ignored", None) is None or not asks or "ignore_index" in said:
        return function
    if not is_module:
        return partial(function, ignore_index=target_type.ignore_index)
    if function.ignore_index == -100:  # as PyTorch has it, where nobody said
        (function := copy(function)).ignore_index = target_type.ignore_index
    return function


@in_words
def check_labels(targets: Tensor, classes: int, ignore_index: int = -100) -> None:
    """Raise a ValueError if a class number lies outside 0 to classes - 1.

    `Learner` calls it before training on a GPU, where PyTorch would stop the whole process at such a label.

    Used in lesson 03.
    """
    outside = ((targets < 0) | (targets >= classes)) & (targets != ignore_index)
    if outside.any():
        where = tuple(outside.nonzero()[0].tolist())
        found = f"target {targets[where].item()} of sample {where[0] if len(where) == 1 else where}"
        known = f"the {classes} classes that the model tells apart (0 to {classes - 1})"
        raise ValueError(f"{found} is outside {known}: check the labels, or the width of the last layer")


def check_probabilities(targets: Tensor) -> None:
    """Raise a ValueError if a target of a binary cross-entropy is no probability."""
    if targets.numel() and not (targets.min() >= 0 and targets.max() <= 1):  # NaN is neither
        wrong = targets[~((targets >= 0) & (targets <= 1))][0].item()
        raise ValueError(f"a target here is 0 or 1, or a probability between; found {wrong:g}: check the labels")


def check_class_shapes(outputs: Tensor, targets: Tensor) -> None:
    """Raise a ValueError unless outputs (n, classes, ...) come with targets (n, ...)."""
    expected = outputs.shape[:1] + outputs.shape[2:]
    if targets.shape != expected:
        needed = f"outputs of shape {tuple(outputs.shape)} need class numbers of shape {tuple(expected)}"
        raise ValueError(f"{needed}; found targets of shape {tuple(targets.shape)}")


def check_shapes(outputs: Tensor, targets: Tensor) -> None:
    """Raise a ValueError where PyTorch would broadcast one against the other."""
    if outputs.shape != targets.shape:
        found = f"outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)}"
        raise ValueError(f"{found} must have one shape; reshape the targets, or squeeze the model's last axis")
