"""What went wrong: the worst mistakes, what is taken for what, and how well each class is told."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .learner import Learner
from .loaders import Loader, Loaders
from .targets import predictions

if TYPE_CHECKING:
    import pandas as pd


class Interpretation:
    """A trained model's predictions for held-out samples, images, rows or texts, looked at in several ways.

    Args:
        learner: of images, tables, ratings, texts or plain tensors.
        loader: None takes the held-out samples. Of any other the samples are looked at in their own order and as they
            are: neither shuffled nor augmented.

    Attributes:
        loader: the samples that were looked at, in the order of all that follows.
        losses: (n,), the loss of each sample.
        targets: of each sample, as the loader gives them; None for masks, which would fill the memory.
        probabilities: of each sample (keypoints and numbers: themselves); None for masks.
        files: the images' paths; None for another loader, and for what is no image.

    Raises:
        ValueError: no learner, or a language model; or a loader of other classes, or without labels.

    Built in lesson 01.
    """

    def __init__(self, learner: Learner, loader: Loader | None = None) -> None:
        if not isinstance(learner, Learner):
            raise ValueError(f"Interpretation looks at a learner and its data; found {type(learner).__name__}")
        shown = learner._held_out(loader)
        if not isinstance(shown, Loader) or not getattr(shown, "labelled", True):
            raise ValueError(f"a loader of samples and labels is needed, such as data.valid; found {shown!r:.100}")
        self.learner, self.data, self.loader = learner, learner.data, shown.in_order()
        self._draws, source = hasattr(self.loader, "draw"), getattr(self.data, "source", None)
        self.files = source.part(True)[0] if source is not None and loader is None else None
        self.probabilities = self.targets = None
        self._confusion, counting = 0, False
        losses, kept = [], []
        with learner.looking():
            for batch in self.loader:  # so that of masks no more than a batch is kept
                if len(batch[-1]) != len(batch[0]):
                    raise ValueError("a language model has no samples but its tokens: see its perplexity, or generate")
                outputs, targets = learner.predictions([batch])
                self.target_type = learner.target_type(outputs)
                values = self.target_type.values(outputs)
                losses.append(self.target_type.losses(outputs, targets))
                counting = hasattr(self.target_type, "confusion")
                if self.target_type.spatial != "mask":
                    kept.append((values, targets))
                elif counting:
                    self._confusion = self._confusion + self.target_type.confusion(values, targets)
        self.losses = torch.cat(losses)
        if kept:
            self.probabilities, self.targets = map(torch.cat, zip(*kept, strict=True))
            if counting:  # once: a matrix has as many entries as there are pairs of classes
                self._confusion = self.target_type.confusion(self.probabilities, self.targets)

    def confusion_matrix(self) -> Tensor:
        """int64 (classes, classes): how often the class of the row was taken for the class of the column.

        Of masks the pixels are counted, those of the ignored class left out.

        Raises:
            ValueError: the labels are not one class for each sample or pixel.
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
        """The largest losses, and the numbers of their samples, the worst first."""
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"n is how many samples, at least one; found {n!r}")
        values, indices = self.losses.topk(min(n, len(self.losses)))
        return values, indices.tolist()

    def worst(self, n: int = 9) -> "pd.DataFrame":
        """The samples with the largest losses as a table, the worst first.

        What went in (of images their files), what is true, what was said, how sure the model was, and the loss. The
        index is the samples' own: of a held-out table its rows', of texts their positions.

        Raises:
            ValueError: of masks, whose predictions are not kept; n below 1.
        """
        if self.probabilities is None:
            raise ValueError("the predictions of masks are not kept: top_losses() gives the numbers of their images")
        losses, indices = self.top_losses(n)
        said, targets = predictions(self.target_type, self.probabilities[indices]), self.targets[indices]
        if self._draws:
            table = Loaders.results(self.data, [], targets, said)
            if self.files is not None:
                table.insert(0, "file", [self.files[i] for i in indices])
        else:
            table = self.data.results(self._inputs(indices), targets, said)
        ids = getattr(self.loader, "ids", None)
        table.index = indices if ids is None else [ids[i] for i in indices]
        return table.assign(loss=losses.numpy())

    def _inputs(self, indices: list[int]) -> list[tuple[Tensor, ...]]:
        """The model's inputs of these samples."""
        wanted, found, start = set(indices), {}, 0
        with self.learner.looking():
            for *inputs, targets in self.loader:
                here = wanted.intersection(range(start, start + len(targets)))
                found |= {i: tuple(part[i - start].cpu() for part in inputs) for i in here}
                start += len(targets)
        return [found[i] for i in indices]

    def plot_top_losses(self, n: int = 8, columns: int = 4) -> None:
        """Draw the images with the largest losses: what was said, what is true and its probability, and the loss.

        Raises:
            ValueError: the samples are no images, or their labels are masks or keypoints.
        """
        from .plots import listed

        if not self._draws or self.target_type.spatial:
            raise ValueError("top losses are drawn for classes of images; worst() gives a table, top_losses() numbers")
        losses, indices = self.top_losses(n)
        titles = [f"{self._said(i)}\nloss {loss:.1f}" for i, loss in zip(indices, losses.tolist(), strict=True)]
        alt = f"The {len(indices)} held-out images with the largest losses: {listed(titles)}."
        self.loader.draw(indices, titles, alt, columns)

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

        matrix, pixels = self.confusion_matrix(), self.target_type.spatial == "mask"
        unit = "per cent of each true class's pixels" if pixels else "held-out images" if self._draws else "samples"
        if pixels:
            matrix = (100 * matrix / matrix.sum(1, keepdim=True).clamp(min=1)).round().long()
        plot_confusion_matrix(matrix, self.target_type.names, unit)
