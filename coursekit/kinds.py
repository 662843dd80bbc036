"""What a label can be: one class, several, a class for every pixel, points; each knows its tensors and its loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from .losses import binary_cross_entropy, cross_entropy, cross_entropy_without, mean_squared_error


@dataclass(frozen=True)
class Categories:
    """One class for each row, a picture or a text, say: targets are int64 numbers, one a row.

    Built in lesson 01.
    """

    names: tuple[str, ...]

    @classmethod
    def of(cls, labels: Sequence[object]) -> "Categories":
        """The classes that occur, in alphabetical order.

        Raises:
            ValueError: fewer than two.
        """
        names = tuple(sorted({str(label) for label in labels}))
        if "" in names:
            raise ValueError(f"{sum(label == '' for label in labels)} of {len(labels)} labels are empty")
        if len(names) < 2:
            raise ValueError(f"all {len(labels)} labels are {names[0]!r}: telling classes apart needs two of them")
        return cls(names)

    @property
    def outputs(self) -> int:
        """How many numbers a model gives for it."""
        return len(self.names)

    loss = staticmethod(cross_entropy)

    def targets(self, labels: Sequence[object]) -> Tensor:
        """Class numbers, int64 (n,)."""
        number = {name: i for i, name in enumerate(self.names)}
        return torch.tensor([number[str(label)] for label in labels])

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Softmax over the classes."""
        return outputs.softmax(1)

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of each row, (n,)."""
        return F.cross_entropy(outputs, targets, reduction="none")

    def text(self, target: Tensor) -> str:
        """A row's target in words."""
        return self.names[int(target)]


@dataclass(frozen=True)
class MultiLabels:
    """Any number of classes for each picture: targets are float32 rows of 0 and 1.

    Built in lesson 04.
    """

    names: tuple[str, ...]

    @classmethod
    def of(cls, labels: Sequence[Sequence[str]]) -> "MultiLabels":
        """The classes that occur, in alphabetical order.

        Raises:
            ValueError: none at all, or something that is no name.
        """
        names = tuple(sorted({name for row in labels for name in row}, key=str))
        if not names:
            raise ValueError(f"none of the {len(labels)} pictures has a label: look at the column or the separator")
        if odd := [name for name in names if not isinstance(name, str) or not name.strip()]:
            raise ValueError(f"the classes of a picture are names; found {odd[0]!r}")
        return cls(names)

    @property
    def outputs(self) -> int:
        """How many numbers a model gives for it."""
        return len(self.names)

    loss = staticmethod(binary_cross_entropy)

    def targets(self, labels: Sequence[Sequence[str]]) -> Tensor:
        """Multi-hot rows, float32 (n, classes)."""
        number = {name: i for i, name in enumerate(self.names)}
        rows = torch.zeros(len(labels), len(self.names))
        for row, names in zip(rows, labels, strict=True):
            row[[number[name] for name in names]] = 1
        return rows

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Sigmoid of each."""
        return outputs.sigmoid()

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of each row, (n,)."""
        return F.binary_cross_entropy_with_logits(outputs, targets, reduction="none").mean(1)

    def text(self, target: Tensor) -> str:
        """A row's target in words: the names of the ones."""
        return " ".join(name for name, one in zip(self.names, target, strict=True) if one > 0.5)


@dataclass(frozen=True)
class Masks:
    """A class for every pixel: targets are int64 (rows, columns). The class `void`, a name, counts for nothing."""

    names: tuple[str, ...]
    void: str | None = None

    @property
    def outputs(self) -> int:
        """How many numbers a model gives for each pixel."""
        return len(self.names)

    @property
    def void_number(self) -> int:
        """The class number of `void`; -100, which no pixel has, without one."""
        return -100 if self.void is None else self.names.index(self.void)

    @property
    def loss(self) -> object:
        """Cross-entropy over the pixels that are not void."""
        return cross_entropy if self.void is None else partial(cross_entropy_without, void=self.void_number)

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Softmax over the classes, for each pixel."""
        return outputs.softmax(1)

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of each picture's pixels that are not void, (n,)."""
        each = F.cross_entropy(outputs, targets, reduction="none", ignore_index=self.void_number)
        return each.sum((1, 2)) / (targets != self.void_number).sum((1, 2)).clamp(min=1)

    def text(self, target: Tensor) -> str:
        """The names of the classes in a mask, the largest first."""
        count = target.flatten().bincount(minlength=len(self.names))
        return ", ".join(self.names[i] for i in count.argsort(descending=True).tolist() if count[i])


@dataclass(frozen=True)
class Points:
    """Points in a picture: targets are float32 (2 * points,): x, y, x, y ...; -1 and 1 are the picture's edges."""

    count: int

    @property
    def outputs(self) -> int:
        """How many numbers a model gives for it."""
        return 2 * self.count

    loss = staticmethod(mean_squared_error)

    def probabilities(self, outputs: Tensor) -> Tensor:
        """The coordinates themselves."""
        return outputs

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean squared error of each row, (n,)."""
        return (outputs - targets).square().mean(1)

    def text(self, target: Tensor) -> str:
        """The coordinates, two digits each."""
        return " ".join(f"({x:.2f}, {y:.2f})" for x, y in target.reshape(-1, 2).tolist())


Kind = Categories | MultiLabels | Masks | Points
