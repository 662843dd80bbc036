"""Pictures of pictures: batches with their labels, the worst mistakes, confusion matrices. All draw and give None."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

from .kinds import Kind, Masks, Points
from .plots import RED, finish

if TYPE_CHECKING:
    from .image_loaders import ImageLoaders
    from .interpret import Interpretation

# twelve colours that stay apart for colour-blind readers, dark and light in turn (P. Tol's, completed)
CLASSES = ("#88ccee", "#882255", "#332288", "#999933", "#ddcc77", "#117733", "#cc6677", "#44aa99", "#aa4499",
           "#e69f00", "#0072b2", "#bbbbbb", "#661100", "#6699cc", "#000000", "#f0e442", "#ffffff")  # fmt: skip


def photographs(
    images: Tensor,
    titles: Sequence[object],
    alt: str,
    *,
    columns: int = 4,
    heading: str = "",
    size: float = 1.7,
    colours: Sequence[str] | None = None,
) -> None:
    """Draw colour pictures in rows, each under its title.

    Args:
        images: float 0 to 1, or uint8, (n, channels, rows, columns); of four channels the first three are shown.
        titles: one for each picture.
        alt: the figure's text for readers who cannot see it.
        columns: pictures in a row.
        heading: above all of them.
        size: of each picture, in inches.
        colours: of the titles.

    Used in lesson 01.
    """
    axes = _axes(len(images), min(columns, len(images)), images.shape[-2] / images.shape[-1], size, heading)
    for i, (ax, image, title) in enumerate(zip(axes, images, titles, strict=False)):
        _show(ax, image)
        ax.set_title(str(title), fontsize=9, color=colours[i] if colours else "black")
    finish(alt)


def _axes(n: int, columns: int, aspect: float, size: float, heading: str) -> list[plt.Axes]:
    rows = -(-n // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(size * columns, (size * aspect + 0.35) * rows), squeeze=False, layout="constrained"
    )
    figure.suptitle(heading)
    for ax in axes.flat:
        ax.axis("off")
    return list(axes.flat)


def _show(ax: plt.Axes, image: Tensor) -> None:
    image = image.detach().cpu()
    image = image if image.is_floating_point() else image / 255
    image = image[:1] if len(image) == 2 else image[:3]
    ax.imshow(image.permute(1, 2, 0).squeeze(-1).numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def overlay(ax: plt.Axes, kind: Kind, target: Tensor, shape: Sequence[int]) -> None:
    """Draw a mask's classes in colour, or points as crosses, over the picture of shape (rows, columns) in the axes."""
    if isinstance(kind, Masks):
        ax.imshow(mask_colours(target), alpha=0.6, interpolation="nearest")
    elif isinstance(kind, Points):
        x, y = (target.detach().cpu().reshape(-1, 2).T + 1) / 2 * torch.tensor([[shape[1]], [shape[0]]]) - 0.5
        ax.plot(x, y, "+", color=RED, markersize=12, markeredgewidth=2)


def mask_colours(mask: Tensor) -> np.ndarray:
    """A mask, int64 (rows, columns), as colours, float (rows, columns, 3).

    Used in lesson 05.
    """
    from matplotlib.colors import to_rgb

    palette = np.array([to_rgb(colour) for colour in CLASSES])
    return palette[mask.detach().cpu().numpy() % len(palette)]


def show_batch(data: "ImageLoaders", n: int, columns: int) -> None:
    """Draw the first pictures of a training batch with their labels; see `ImageLoaders.show_batch`."""
    pictures, targets = next(iter(data.train))
    pictures, targets = pictures[:n], targets[:n]
    kind = data.kind
    axes = _axes(len(pictures), min(columns, len(pictures)), pictures.shape[-2] / pictures.shape[-1], 1.9, "")
    words = [kind.text(target) for target in targets.cpu()]
    for ax, picture, target, text in zip(axes, pictures, targets, words, strict=False):
        _show(ax, picture)
        overlay(ax, kind, target, picture.shape[-2:])
        if not isinstance(kind, (Masks, Points)):
            ax.set_title(_wrapped(text), fontsize=9)
    shown = "each with its mask in colour" if isinstance(kind, Masks) else f"labelled {'; '.join(words)}"
    finish(f"{len(pictures)} pictures of a training batch, {shown}.")


def _wrapped(text: str, width: int = 22) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width)) or "(no label)"


def plot_top_losses(found: "Interpretation", n: int, columns: int) -> None:
    """Draw the pictures with the largest losses; see `Interpretation.plot_top_losses`."""
    losses, rows = found.top_losses(n)
    if isinstance(found.kind, (Masks, Points)) or found.files is None:
        raise ValueError("top losses are drawn for classes of held-out pictures; top_losses() gives the numbers")
    pictures = found.loader.pictures(rows)
    titles = [f"{_said(found, row)}\nloss {loss:.1f}" for row, loss in zip(rows, losses.tolist(), strict=True)]
    photographs(
        pictures, titles, f"The {len(rows)} held-out pictures with the largest losses: {'; '.join(titles)}.",
        columns=columns, size=2.1,
    )  # fmt: skip


def _said(found: "Interpretation", row: int) -> str:
    """The prediction and the truth of one picture, in words."""
    probabilities, target, kind = found.probabilities[row], found.targets[row], found.kind
    if probabilities.shape == target.shape:
        return f"said {_wrapped(kind.text(probabilities))}\nis {_wrapped(kind.text(target))}"
    return f"said {kind.text(probabilities.argmax())}\nis {kind.text(target)} ({probabilities[target]:.0%})"


def plot_confusion_matrix(found: "Interpretation") -> None:
    """Draw the confusion matrix; see `Interpretation.plot_confusion_matrix`."""
    matrix, names = found.confusion_matrix(), found.kind.names
    if isinstance(found.kind, Masks):
        matrix = (100 * matrix / matrix.sum(1, keepdim=True).clamp(min=1)).round().long()
    size = max(4.0, 0.42 * len(names))
    figure, ax = plt.subplots(figsize=(size + 1, size), layout="constrained")
    ax.imshow(matrix.numpy(), cmap="Blues", vmax=max(1, int(matrix.max()) * 1.3))
    for (row, column), count in np.ndenumerate(matrix.numpy()):
        if count and len(names) <= 40:
            ax.text(column, row, str(count), ha="center", va="center", fontsize=8)
    ax.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    ax.set_yticks(range(len(names)), names, fontsize=8)
    unit = "per cent of each true class's pixels" if isinstance(found.kind, Masks) else "held-out pictures"
    ax.set(xlabel="predicted", ylabel="true", title=f"Confusion matrix, {unit}")
    wrong = int(matrix.sum() - matrix.diagonal().sum())
    finish(f"Confusion matrix of {len(names)} classes; the diagonal is right, {wrong} entries lie beside it.")
