"""What went wrong: the worst mistakes, what is taken for what, and how well each class is told."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .learner import VisionLearner
from .loaders import ImageLoader, ImageLoaders

if TYPE_CHECKING:
    import pandas as pd


class Interpretation:
    """A trained model's predictions for held-out images, looked at in several ways.

    Args:
        learner: a learner of images.
        loader: None takes the held-out images. Of any other the images are looked at in their own order and as they
            are: neither shuffled nor augmented.

    Attributes:
        loader: the images that were looked at, in the order of all that follows.
        losses: (n,), the loss of each image.
        targets: of each image, as the loader gives them; None for masks, which would fill the memory.
        probabilities: of each image (keypoints: coordinates); None for masks.
        files: the images' paths; None for another loader.

    Raises:
        ValueError: no learner of images; or a loader of other classes, or without labels.

    Built in lesson 01.
    """

    def __init__(self, learner: VisionLearner, loader: ImageLoader | None = None) -> None:
        if not isinstance(data := getattr(learner, "data", None), ImageLoaders):
            raise ValueError(f"Interpretation looks at a learner of images; its data are a {type(data).__name__} here")
        self.target_type, shown = data.target_type, learner._held_out(loader)
        if not isinstance(shown, ImageLoader) or not shown.labelled:
            raise ValueError(f"a loader of images and labels is needed, such as data.valid; found {shown!r}")
        self.loader = shown.in_order()
        self.files = learner.data.source.part(True)[0] if loader is None else None
        self.probabilities = self.targets = None
        self._confusion = 0
        losses, kept = [], []
        for batch in self.loader:  # so that of masks no more than a batch is kept
            outputs, targets = learner.predictions([batch])
            values = self.target_type.values(outputs)
            losses.append(self.target_type.losses(outputs, targets))
            if hasattr(self.target_type, "confusion"):
                self._confusion = self._confusion + self.target_type.confusion(values, targets)
            if self.target_type.spatial != "mask":
                kept.append((values, targets))
        self.losses = torch.cat(losses)
        if kept:
            self.probabilities, self.targets = map(torch.cat, zip(*kept, strict=True))

    def confusion_matrix(self) -> Tensor:
        """int64 (classes, classes): how often the class of the row was taken for the class of the column.

        Of masks the pixels are counted, those of the ignored class left out.

        Raises:
            ValueError: the labels are not one class for each image or pixel.
        """
        if not isinstance(self._confusion, Tensor):
            raise ValueError(f"a confusion matrix needs one class each; these are {type(self.target_type).__name__}")
        return self._confusion

    def most_confused(self, least: int = 1) -> list[tuple[str, str, int]]:
        """(true class, taken for, how often) for all mistakes made at least so often, the most frequent first."""
        return self._largest(self.confusion_matrix().clone().fill_diagonal_(0), least)

    def most_confused_pairs(self) -> list[tuple[str, str, int]]:
        """As `most_confused`, both directions together: (one class, the other, how often either was taken for it)."""
        matrix = self.confusion_matrix()
        return self._largest((matrix + matrix.T).triu(1))

    def _largest(self, matrix: Tensor, least: int = 1) -> list[tuple[str, str, int]]:
        names = self.target_type.names
        found = [(names[r], names[c], int(matrix[r, c])) for r, c in (matrix >= max(1, least)).nonzero().tolist()]
        return sorted(found, key=lambda one: -one[2])

    def scores(self, threshold: float = 0.5) -> "pd.DataFrame":
        """Precision, recall, F1 and how often it occurs, for each class; IoU too where pixels are classified.

        Args:
            threshold: the probability above which one of several labels is given.

        Raises:
            ValueError: the labels have no classes.
        """
        import pandas as pd

        if not self.target_type.names:
            raise ValueError(f"{type(self.target_type).__name__.lower()} have no classes to score")
        if isinstance(self._confusion, Tensor):  # where ignored pixels count for nothing
            matrix = self._confusion.double()
            right, given, true = matrix.diagonal(), matrix.sum(0), matrix.sum(1)
        else:
            said, there = self.probabilities > threshold, self.targets > 0.5
            right, given, true = (part.sum(0).double() for part in (said & there, said, there))
        columns = {"precision": right / given, "recall": right / true, "F1": 2 * right / (given + true)}
        if self.target_type.spatial == "mask":
            columns["IoU"] = right / (given + true - right)
        columns["count"] = true.long()
        index = pd.Index(self.target_type.names, name="class")
        table = pd.DataFrame({name: column.numpy() for name, column in columns.items()}, index)
        ignored = getattr(self.target_type, "ignored", None)
        return table.drop(index=[ignored]) if ignored else table

    def top_losses(self, n: int = 9) -> tuple[Tensor, list[int]]:
        """The largest losses, and the numbers of their images, the worst first."""
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"n is how many images, at least one; found {n!r}")
        values, indices = self.losses.topk(min(n, len(self.losses)))
        return values, indices.tolist()

    def plot_top_losses(self, n: int = 8, columns: int = 4) -> None:
        """Draw the images with the largest losses: what was said, what is true and its probability, and the loss.

        Raises:
            ValueError: the labels are masks or keypoints.
        """
        from .plots import photographs

        if self.target_type.spatial:
            raise ValueError("top losses are drawn for classes of images; top_losses() gives the numbers")
        losses, indices = self.top_losses(n)
        titles = [f"{self._said(i)}\nloss {loss:.1f}" for i, loss in zip(indices, losses.tolist(), strict=True)]
        alt = f"The {len(indices)} held-out images with the largest losses: {'; '.join(titles)}."
        photographs(self.loader.images(indices), titles, alt, columns=columns, size=2.1)

    def _said(self, i: int) -> str:
        """The prediction and the truth of one image, in words."""
        from .plots import wrapped

        values, target = self.probabilities[i], self.targets[i]
        given, true = (self.target_type.text(one) for one in (self.target_type.decide(values), target))
        sure = f" ({values[target]:.0%})" if target.dim() == 0 else ""
        return f"said {wrapped(given)}\nis {wrapped(true)}{sure}"

    def plot_confusion_matrix(self) -> None:
        """Draw the confusion matrix, true classes down, predicted ones across; of masks as percentages of the rows."""
        from .plots import plot_confusion_matrix

        plot_confusion_matrix(self.confusion_matrix(), self.target_type.names, self.target_type.spatial == "mask")
