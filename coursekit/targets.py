"""What a target can be: one class, several, a class for every pixel, keypoints, numbers.

Each type knows its tensors, its loss, and what a model's outputs mean for it. All have

- `outputs`: how many numbers a model gives for a sample (or for each pixel); `loss_fn`: what it is trained by;
- `names`: of the classes, in the order of their numbers; none for keypoints and numbers;
- `spatial`: how a target moves with its image: None (not at all), "mask", or "keypoints";
- `values(outputs)`: what the outputs say (probabilities, coordinates, numbers); `decide(values)`: the answer of one
  sample, in the form of a target; `text(target)`: that in words; `losses(outputs, targets)`: (n,), one a sample.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from .losses import binary_cross_entropy, cross_entropy, mean_absolute_error, mean_squared_error


@dataclass(frozen=True)
class Prediction:
    """What a model says of one sample.

    Attributes:
        label: in words: the class; the classes above one half; the coordinates; the numbers.
        values: float32: probabilities (classes,), or (classes, H, W) for masks; coordinates (keypoints, 2), x and y in
            pixels of the image as it was given; numbers (n,).
        names: of the classes; empty where there are none.
        columns: the names of numbers; empty where there are none.
        mask: where every pixel is classified, the class numbers, uint8 (H, W), of the image as it was given (with
            `fit="crop"` of the part of it that the model saw); else None.

    Used in lesson 01.
    """

    label: str
    values: Tensor
    names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    mask: Tensor | None = None

    @property
    def numbers(self) -> dict[str, float]:
        """Name to number.

        Raises:
            ValueError: the model does not predict numbers.
        """
        if self.values.shape != (len(self.columns),):
            shape = tuple(self.values.shape)
            raise ValueError(f"no numbers with names are predicted here: look at .values, of shape {shape}")
        return dict(zip(self.columns, self.values.tolist(), strict=True))

    @property
    def probabilities(self) -> dict[str, float]:
        """Class name to probability, the largest first.

        Raises:
            ValueError: the model does not tell classes of the whole sample apart.
        """
        if self.values.dim() != 1 or len(self.names) != len(self.values):
            shape = tuple(self.values.shape)
            raise ValueError(f"there is no one probability a class here: look at .values, of shape {shape}, and .label")
        pairs = zip(self.names, self.values.tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    def __repr__(self) -> str:
        """The label, with the probability where one class was asked for."""
        single = self.values.dim() == 1 and self.label in self.names
        return f"{self.label} ({self.values.max():.0%})" if single else self.label


def predictions(target_type: "TargetType", values: Tensor) -> list[Prediction]:
    """A prediction for each sample of what `TargetType.values` gave."""
    names = target_type.names, getattr(target_type, "columns", ())
    return [Prediction(target_type.text(target_type.decide(v)), v, *names) for v in values]


@dataclass(frozen=True)
class _Classes:
    """Classes by name."""

    names: tuple[str, ...]
    spatial: ClassVar[str | None] = None

    @property
    def outputs(self) -> int:
        """One logit a class."""
        return len(self.names)

    def numbers(self, labels: Iterable[object]) -> dict[object, int]:
        """From names to class numbers.

        Raises:
            ValueError: a label is none of the classes.
        """
        number = {name: i for i, name in enumerate(self.names)}
        if unknown := sorted(set(labels) - set(number), key=str):
            raise ValueError(f"the label {unknown[0]!r} is none of the {len(number)} classes of the training data")
        return number

    def values(self, outputs: Tensor) -> Tensor:
        """Softmax over the classes."""
        return outputs.softmax(1)

    def decide(self, values: Tensor) -> Tensor:
        """The class number of the largest (at each pixel, of a mask)."""
        return values.argmax(0)


@dataclass(frozen=True)
class Categories(_Classes):
    """One class for each sample, an image or a text, say: targets are int64 class numbers, (n,).

    Built in lesson 01.
    """

    loss_fn = staticmethod(cross_entropy)

    @classmethod
    def of(cls, labels: Sequence[object]) -> "Categories":
        """The classes that occur, in alphabetical order; whole numbers by their size.

        Raises:
            ValueError: fewer than two.
        """
        names = in_order({str(label) for label in labels})
        if "" in names:
            raise ValueError(f"{sum(label == '' for label in labels)} of {len(labels)} labels are empty")
        if len(names) < 2:
            raise ValueError(f"all {len(labels)} labels are '{''.join(names)}': telling classes apart needs two")
        return cls(names)

    def encode(self, labels: Sequence[object]) -> Tensor:
        """Class numbers, int64 (n,)."""
        labels = [str(label) for label in labels]
        number = self.numbers(labels)
        return torch.tensor([number[label] for label in labels])

    def text(self, target: Tensor) -> str:
        """The class's name."""
        return self.names[int(target)]

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The cross-entropy of each sample."""
        return F.cross_entropy(outputs, targets, reduction="none")

    def confusion(self, values: Tensor, targets: Tensor) -> Tensor:
        """int64 (classes, classes): how often the class of the row was taken for the class of the column."""
        return count_pairs(targets, values.argmax(1), len(self.names))


@dataclass(frozen=True)
class MultiLabels(_Classes):
    """Any number of classes for each sample: targets are float32 rows of 0 and 1, (n, classes).

    Built in lesson 04.
    """

    loss_fn = staticmethod(binary_cross_entropy)

    @classmethod
    def of(cls, labels: Sequence[Sequence[str]]) -> "MultiLabels":
        """The classes that occur, in alphabetical order; whole numbers by their size.

        Raises:
            ValueError: none at all, or something that is no name.
        """
        names = in_order({name for row in labels for name in row})
        if not names:
            raise ValueError(f"none of the {len(labels)} samples has a label: look at the column or the separator")
        if odd := [name for name in names if not isinstance(name, str) or not name.strip()]:
            raise ValueError(f"classes are names; found {odd[0]!r}")
        return cls(names)

    def encode(self, labels: Sequence[Sequence[str]]) -> Tensor:
        """Multi-hot rows, float32 (n, classes)."""
        number = self.numbers({name for row in labels for name in row})
        rows = torch.zeros(len(labels), len(self.names))
        for row, names in zip(rows, labels, strict=True):
            row[[number[name] for name in names]] = 1
        return rows

    def values(self, outputs: Tensor) -> Tensor:
        """Sigmoid of each."""
        return outputs.sigmoid()

    def decide(self, values: Tensor) -> Tensor:
        """1 for each probability above one half."""
        return (values > 0.5).float()

    def text(self, target: Tensor) -> str:
        """The names of the ones."""
        return " ".join(name for name, one in zip(self.names, target, strict=True) if one > 0.5)

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean binary cross-entropy of each sample's classes."""
        return F.binary_cross_entropy_with_logits(outputs, targets, reduction="none").mean(1)


@dataclass(frozen=True)
class Masks(_Classes):
    """A class for every pixel: targets are int64 (n, H, W). The class `ignored`, a name, counts for nothing.

    The files of the masks hold class numbers, or what `pixels` says: pairs of a grey level, or of a color (red, green,
    blue), and its class number.
    """

    ignored: str | None = None
    pixels: tuple[tuple, ...] = field(default=(), compare=False)
    spatial: ClassVar[str | None] = "mask"

    @property
    def ignore_index(self) -> int:
        """The class number of `ignored`; -100, which no pixel has, without one."""
        return -100 if self.ignored is None else self.names.index(self.ignored)

    @property
    def loss_fn(self) -> Callable[[Tensor, Tensor], Tensor]:
        """Cross-entropy over the pixels that are not ignored."""
        return cross_entropy if self.ignored is None else partial(cross_entropy, ignore_index=self.ignore_index)

    def text(self, target: Tensor) -> str:
        """The names of the classes in a mask, the largest first."""
        count = target.flatten().bincount(minlength=len(self.names))
        return ", ".join(self.names[i] for i in count.argsort(descending=True).tolist() if count[i])

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean cross-entropy of each sample's pixels that are not ignored."""
        each = F.cross_entropy(outputs, targets, reduction="none", ignore_index=self.ignore_index)
        return each.sum((1, 2)) / (targets != self.ignore_index).sum((1, 2)).clamp(min=1)

    def confusion(self, values: Tensor, targets: Tensor) -> Tensor:
        """int64 (classes, classes): pixels, the ignored left out, by true and given class."""
        counted = targets != self.ignore_index
        return count_pairs(targets[counted], values.argmax(1)[counted], len(self.names))


class _Measured:
    """Numbers that a model gives as they are, trained by the "mse" or the "mae"."""

    names: ClassVar[tuple[str, ...]] = ()
    loss: str = "mse"

    @property
    def loss_fn(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The mean squared or the mean absolute error."""
        return mean_squared_error if self.loss == "mse" else mean_absolute_error

    def values(self, outputs: Tensor) -> Tensor:
        """The outputs themselves."""
        return outputs

    def decide(self, values: Tensor) -> Tensor:
        """The values themselves."""
        return values

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean squared or absolute error of each sample."""
        errors = (outputs - targets).flatten(1)
        return (errors.square() if self.loss == "mse" else errors.abs()).mean(1)


@dataclass(frozen=True)
class Keypoints(_Measured):
    """Points in an image: targets are float32 (n, 2 * keypoints): x, y, x, y ...; -1 and 1 are the image's edges.

    In a mirror image the keypoints of each pair in `swap` change places, left eye and right eye, say. None: it was not
    said, and then only a single keypoint may be mirrored.
    """

    count: int
    swap: tuple[tuple[int, int], ...] | None = field(default=None, compare=False)
    spatial: ClassVar[str] = "keypoints"

    def __post_init__(self) -> None:
        """Refuse pairs that are none."""
        if self.swap is not None:
            try:
                pairs = tuple((a, b) for a, b in self.swap)
            except (TypeError, ValueError):
                pairs = ((None, None),)
            numbers = [number for pair in pairs for number in pair]
            if not all(number in range(self.count) for number in numbers) or len({*numbers}) < len(numbers):
                needed = f"pairs of numbers from 0 to {self.count - 1}, each once, as in [(0, 1)]"
                raise ValueError(f"swap says which keypoints change places: {needed}; found {self.swap}")
            object.__setattr__(self, "swap", pairs)

    @property
    def mirrored(self) -> bool:
        """Whether it is known where the keypoints of a mirror image are."""
        return self.count == 1 or self.swap is not None

    @property
    def outputs(self) -> int:
        """Two coordinates a keypoint."""
        return 2 * self.count

    def text(self, target: Tensor) -> str:
        """The coordinates: pixels (keypoints, 2) as whole numbers, and with two digits where the edges are -1 and 1."""
        digits = 0 if target.dim() == 2 else 2
        return " ".join(f"({x:.{digits}f}, {y:.{digits}f})" for x, y in target.reshape(-1, 2).tolist())


@dataclass(frozen=True)
class Numbers(_Measured):
    """Numbers for each sample, such as a price: targets are float32 (n, numbers), in their own units.

    A learner of images holds its outputs within `output_range`, (low, high), if there is one, and trains by `loss`:
    "mse", the mean squared error, or "mae", the mean absolute error, to which a few odd samples matter less.
    """

    columns: tuple[str, ...] = ("target",)
    output_range: tuple[float, float] | None = None
    loss: str = field(default="mse", compare=False)
    spatial: ClassVar[None] = None

    def __post_init__(self) -> None:
        """Refuse a range or a loss that is none."""
        if not isinstance(self.loss, str) or self.loss not in ("mse", "mae"):
            raise ValueError(f"the loss of numbers is 'mse' or 'mae'; found {self.loss!r}")
        if self.output_range is not None:
            try:
                low, high = map(float, self.output_range)
            except (TypeError, ValueError):
                low = high = math.nan
            if not -math.inf < low < high < math.inf:
                raise ValueError(f"a range of outputs is a pair (low, high), low < high; found {self.output_range!r}")
            object.__setattr__(self, "output_range", (low, high))

    @property
    def outputs(self) -> int:
        """One output a number."""
        return len(self.columns)

    def encode(self, labels: Sequence[Tensor]) -> Tensor:
        """The numbers, float32 (n, numbers)."""
        return torch.stack(list(labels)).float()

    def text(self, target: Tensor) -> str:
        """Four digits each, or all before the point; several with their names."""
        numbers = [f"{n:.4g}" if abs(n) < 1e4 else f"{n:,.0f}" for n in target.flatten().tolist()]
        named = len(numbers) == len(self.columns) > 1  # else of tensors whose numbers have no names
        return ", ".join(map(" ".join, zip(self.columns, numbers, strict=True)) if named else numbers)


TargetType = Categories | MultiLabels | Masks | Keypoints | Numbers


def in_order(names: Iterable[object]) -> tuple:
    """Names in alphabetical order, whole numbers by their size: 2 before 10."""
    numbers = all(re.fullmatch(r"-?\d+", str(name)) for name in names)
    return tuple(sorted(names, key=(lambda name: (int(name), str(name))) if numbers else str))


def count_pairs(true: Tensor, given: Tensor, classes: int) -> Tensor:
    """int64 (classes, classes): how often each pair (true class, given class) occurs."""
    return (true.flatten() * classes + given.flatten()).bincount(minlength=classes**2).reshape(classes, classes)
