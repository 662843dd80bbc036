"""What went wrong: the worst mistakes, what is taken for what, and how well each class is told."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .kinds import Categories, Masks, MultiLabels, Points

if TYPE_CHECKING:
    import pandas as pd

    from .image_loaders import PictureLoader
    from .vision import VisionLearner


class Interpretation:
    """A trained model's predictions for held-out pictures, looked at in several ways.

    Args:
        learner: a learner of pictures.
        loader: None takes the held-out pictures. Of any other the pictures are looked at in their own order and as they
            are: neither shuffled nor augmented.

    Attributes:
        loader: the pictures that were looked at, in the order of all that follows.
        losses: (n,), the loss of each picture.
        targets: of each picture, as the loader gives them; None for masks, which would fill the memory.
        probabilities: of each picture (points: coordinates); None for masks.
        files: the pictures' paths; None for another loader.

    Built in lesson 01.
    """

    def __init__(self, learner: "VisionLearner", loader: "PictureLoader | None" = None) -> None:
        self.learner, self.kind = learner, learner.data.kind
        self.loader = (loader or learner.data.valid).in_order()
        self.files = learner.data.source.part(True)[0] if loader is None else None
        self.probabilities = self.targets = self._confusion = None
        if isinstance(self.kind, Masks):
            self.losses, self._confusion = self._pixels()
        else:
            outputs, self.targets = learner.predictions(self.loader)
            self.losses = self.kind.losses(outputs, self.targets)
            self.probabilities = self.kind.probabilities(outputs)

    @torch.inference_mode()
    def _pixels(self) -> tuple[Tensor, Tensor]:
        """Losses and confusion matrix of masks, batch by batch, so that no more than a batch is kept."""
        n = self.kind.outputs
        losses, confusion = [], torch.zeros(n, n, dtype=torch.int64)
        self.learner.model.eval()
        for pictures, targets in self.loader:
            with self.learner.autocast():
                outputs = self.learner.forward(pictures).float()
            losses.append(self.kind.losses(outputs, targets).cpu())
            counted = targets != self.kind.void_number
            confusion += count_pairs(targets[counted], outputs.argmax(1)[counted], n).cpu()
        return torch.cat(losses), confusion

    def confusion_matrix(self) -> Tensor:
        """int64 (classes, classes): how often the class of the row was taken for the class of the column.

        Of masks the pixels are counted, those of the class `void` left out.

        Raises:
            ValueError: the labels are not one class for each picture or pixel.
        """
        if self._confusion is None:
            if not isinstance(self.kind, Categories):
                raise ValueError(
                    f"a confusion matrix needs one class each; these labels are {type(self.kind).__name__}"
                )
            self._confusion = count_pairs(self.targets, self.probabilities.argmax(1), self.kind.outputs)
        return self._confusion

    def most_confused(self, least: int = 1) -> list[tuple[str, str, int]]:
        """(true class, taken for, how often) for all mistakes made at least so often, the most frequent first."""
        matrix = self.confusion_matrix().clone()
        matrix.fill_diagonal_(0)
        rows, columns = (matrix >= max(1, least)).nonzero(as_tuple=True)
        names = self.kind.names
        found = [(names[r], names[c], int(matrix[r, c])) for r, c in zip(rows.tolist(), columns.tolist(), strict=True)]
        return sorted(found, key=lambda one: -one[2])

    def most_confused_pairs(self) -> list[tuple[str, str, int]]:
        """As `most_confused`, both directions together: (one class, the other, how often either was taken for it)."""
        matrix = self.confusion_matrix()
        both = (matrix + matrix.T).triu(1)
        names = self.kind.names
        pairs = [(names[r], names[c], int(both[r, c])) for r, c in both.nonzero().tolist()]
        return sorted(pairs, key=lambda one: -one[2])

    def scores(self, threshold: float = 0.5) -> "pd.DataFrame":
        """Precision, recall, F1 and how often it occurs, for each class; IoU too where pixels are classified.

        Args:
            threshold: the probability above which one of several labels is given.

        Raises:
            ValueError: the labels are points.
        """
        import pandas as pd

        if isinstance(self.kind, Points):
            raise ValueError("points have no classes to score")
        right, given, true = self._counts(threshold)
        table = pd.DataFrame(
            {
                "precision": (right / given).numpy(),
                "recall": (right / true).numpy(),
                "F1": (2 * right / (given + true)).numpy(),
                "count": true.long().numpy(),
            },
            index=pd.Index(self.kind.names, name="class"),
        )
        if isinstance(self.kind, Masks):
            table.insert(3, "IoU", (right / (given + true - right)).numpy())
            return table.drop(index=[name for name in (self.kind.void,) if name])
        return table

    def _counts(self, threshold: float) -> tuple[Tensor, Tensor, Tensor]:
        """Rightly given, given, and true, for each class; void pixels count for nothing."""
        if isinstance(self.kind, MultiLabels):
            given, true = self.probabilities > threshold, self.targets > 0.5
            return (given & true).sum(0).double(), given.sum(0).double(), true.sum(0).double()
        matrix = self.confusion_matrix().double()
        return matrix.diagonal(), matrix.sum(0), matrix.sum(1)

    def top_losses(self, n: int = 9) -> tuple[Tensor, list[int]]:
        """The largest losses, and the numbers of their pictures, the worst first."""
        values, rows = self.losses.topk(min(n, len(self.losses)))
        return values, rows.tolist()

    def plot_top_losses(self, n: int = 8, columns: int = 4) -> None:
        """Draw the pictures with the largest losses: what was said, what is true and its probability, and the loss."""
        from .plots_pictures import plot_top_losses

        plot_top_losses(self, n, columns)

    def plot_confusion_matrix(self) -> None:
        """Draw the confusion matrix, true classes down, predicted ones across."""
        from .plots_pictures import plot_confusion_matrix

        plot_confusion_matrix(self)


def count_pairs(true: Tensor, given: Tensor, classes: int) -> Tensor:
    """int64 (classes, classes): how often each pair (true class, given class) occurs."""
    return (true.flatten() * classes + given.flatten()).bincount(minlength=classes**2).reshape(classes, classes)
