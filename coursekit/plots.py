"""Figures: of a training run, of tensors as grids of numbers, of images, of bars. All draw and give None."""

import textwrap
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap
from torch import Tensor

from .display import ABOVE, BELOW, BLUE, GREEN, ORANGE, PINK, RED, SKY

LINES = (BLUE, RED, GREEN, ORANGE, PINK, SKY)  # in the order in which curves take them
HEAT = LinearSegmentedColormap.from_list("heat", [BELOW, "white", ABOVE])


@dataclass(frozen=True)
class Described:
    """A picture and its words: a PNG with alternative text where pictures are shown, the words elsewhere.

    Which of the two places a reader's program takes the words from differs: the output's metadata (IPython's own place,
    nbconvert, MyST), or the plain text beside the picture (VS Code, terminals).

    Attributes:
        png: the bytes of the file.
        alt: what it shows.
    """

    png: bytes
    alt: str

    def __repr__(self) -> str:
        """The words."""
        return f"Figure: {self.alt}"

    def _repr_png_(self) -> tuple[str, dict[str, str]]:
        return b64encode(self.png).decode(), {"alt": self.alt}


def finish(alt: str) -> None:
    """Show the figure at hand as a PNG with a text for readers who cannot see it.

    Args:
        alt: what the figure shows, in a sentence or two.

    Used in lesson 00.
    """
    import io

    from IPython.display import display
    from PIL import Image

    figure = plt.gcf()
    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", bbox_inches="tight", facecolor="white")
    plt.close(figure)
    Image.open(drawn).convert("RGB").quantize(256).save(packed, "png", optimize=True)  # a third of the bytes
    display(Described(packed.getvalue(), " ".join(alt.split())))


def grid(ax: plt.Axes, values: Tensor, title: str = "", *, decimals: int | None = None, size: float = 9) -> None:
    """Draw a matrix as coloured cells with their numbers, as in a spreadsheet.

    Args:
        ax: where to draw.
        values: (rows, columns), any numeric dtype. Orange cells are positive, blue ones negative.
        title: what the reader should see in it.
        decimals: digits after the point; None: none for whole numbers, two otherwise. -1 writes no numbers.
        size: of the digits, in points.

    Used in lesson 04.
    """
    array = torch.as_tensor(values).detach().cpu().double().numpy()
    if array.ndim != 2:
        raise ValueError(f"a grid shows a matrix (rows, columns); this has the shape {array.shape}")
    if decimals is None:
        decimals = 0 if np.allclose(array, array.round()) else 2
    top = max(np.abs(array).max(), 1e-9)
    ax.imshow(array, cmap=HEAT, vmin=-1.4 * top, vmax=1.4 * top)
    if decimals >= 0 and array.shape[1] <= 16:  # more would not be legible
        for (row, column), value in np.ndenumerate(array):
            text = f"{value + 0.0:.{decimals}f}"
            ax.text(column, row, "0" if text in ("-0", "0") else text, ha="center", va="center", fontsize=size)
    ax.set_xticks(np.arange(-0.5, array.shape[1]), minor=True)
    ax.set_yticks(np.arange(-0.5, array.shape[0]), minor=True)
    ax.grid(which="minor", color="white", linewidth=1)
    ax.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    ax.set_title(title, fontsize=10)


def grids(panels: dict[str, Tensor], alt: str, *, height: float = 2.6, decimals: int | None = None) -> None:
    """Draw matrices side by side, each under its title.

    Args:
        panels: title to matrix (rows, columns).
        alt: the figure's text for readers who cannot see it.
        height: of the figure, in inches.
        decimals: see `grid`.

    Used in lesson 02.
    """
    panels = {title: torch.as_tensor(values) for title, values in panels.items()}
    ratios = [max(values.shape[1] / values.shape[0], 0.8) for values in panels.values()]
    size = (height * (sum(ratios) + 0.15 * len(ratios)), height + 0.3)
    options = {"width_ratios": ratios, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(1, len(panels), figsize=size, **options)
    for ax, (title, values) in zip(axes[0], panels.items(), strict=True):
        grid(ax, values, title, decimals=decimals, size=min(9, 24 * height / values.shape[1]))
    finish(alt)


def image_and_numbers(image: Tensor, alt: str) -> None:
    """Draw one grey image as ink on paper, and beside it as the numbers that it is.

    Args:
        image: (H, W), the larger the darker.
        alt: the figure's text for readers who cannot see it.

    Used in lesson 02.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.5), layout="constrained")
    left.imshow(image, cmap="gray_r")
    left.set_title("What we see", fontsize=10)
    left.axis("off")
    grid(right, image, "What the computer gets")
    finish(alt)


def images(images: Tensor, titles: Sequence[object], alt: str, *, columns: int = 8, heading: str = "") -> None:
    """Draw grey images in rows, each under its title.

    Args:
        images: (n, H, W) or (n, 1, H, W), grey levels: the larger the darker.
        titles: one for each image.
        alt: the figure's text for readers who cannot see it.
        columns: images in a row.
        heading: above all of them.

    Used in lesson 00.
    """
    images = images.detach().cpu().reshape(-1, *images.shape[-2:])
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.1 * columns, 1.3 * rows), squeeze=False, layout="constrained")
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        ax.imshow(image, cmap="gray_r")
        ax.set_title(str(title), fontsize=10)
    figure.suptitle(heading)
    finish(alt)


def plot_losses(losses: Sequence[float], epochs: Sequence[dict[str, float]], ends: Sequence[int]) -> None:
    """Draw the training loss of each batch, its running mean, and the validation loss at the end of each epoch.

    Args:
        losses: of each batch.
        epochs, ends: the rows of the table of epochs, and how many batches were done at the end of each.
    """
    import pandas as pd

    figure, ax = plt.subplots(figsize=(7, 3.2))
    ax.plot(losses, color=SKY, linewidth=0.8, alpha=0.6, label="training, each batch")
    batches = min(50, max(1, len(losses) / 25))  # of the mean; fewer in a short run
    smooth = pd.Series(losses, dtype=float).ewm(alpha=1 / batches).mean()
    ax.plot(smooth, color=BLUE, label="training, running mean")
    if epochs and "valid_loss" in epochs[0]:
        ax.plot(ends, [row["valid_loss"] for row in epochs], "o-", color=RED, label="validation")
    ax.set(xlabel="batch", ylabel="loss", title="Loss during training")
    ax.legend()
    finish("Curves of the training loss of each batch, its running mean, and the validation loss after each epoch.")


def plot_lr(lrs: Sequence[Sequence[float]]) -> None:
    """Draw the learning rate of each layer group at each batch."""
    figure, ax = plt.subplots(figsize=(7, 2.6))
    for group, values in enumerate(zip(*lrs, strict=True)):
        ax.plot(values, color=LINES[group % len(LINES)], label=f"layer group {group + 1}")
    if len(set(zip(*lrs, strict=True))) > 1:
        ax.set_yscale("log")
        ax.legend()
    ax.set(xlabel="batch", ylabel="learning rate", title="Learning rate during training")
    finish("Curve of the learning rate at each batch.")


def plot_lr_find(
    lrs: Sequence[float], losses: Sequence[float], smoothed: Sequence[float], suggestion: float | None
) -> None:
    """Draw the loss against the learning rate of a search, the suggestion marked, if there is one.

    The axis shows the fall, and of the rise after it as much again: the last losses are often many times as high.
    """
    figure, ax = plt.subplots(figsize=(7, 3.2))
    ax.plot(lrs, losses, color=SKY, linewidth=0.8, alpha=0.6, label="each batch")
    ax.plot(lrs, smoothed, color=BLUE, label="smoothed")
    found = "no clear fall" if suggestion is None else f"suggestion {suggestion:.1e}"
    if suggestion is not None:
        ax.axvline(suggestion, color=RED, linestyle="--", label=found)
    low, start = min(smoothed), max(smoothed[: len(smoothed) // 10 + 1])
    if low < start:
        ax.set_ylim(1.2 * low - 0.2 * start, 2 * start - low)
    title = "Loss as the learning rate grows" + (f": {found}" if suggestion is None else "")
    ax.set(xscale="log", xlabel="learning rate", ylabel="training loss", title=title)
    ax.legend()
    finish(f"Training loss against the learning rate on a log scale; {found}{' marked' if suggestion else ''}.")


def bars(
    panels: dict[str, Tensor], names: Sequence[str], alt: str, *, top: float | None = 1.0, ylabel: str = "value"
) -> None:
    """Draw numbers as bars, one panel beside the other, each bar with its number.

    Args:
        panels: title to numbers, each (n,).
        names: what the n numbers stand for, written below the bars.
        alt: the figure's text for readers who cannot see it.
        top: upper end of every scale; None lets each panel find its own.
        ylabel: what the numbers measure.

    Used in lesson 03.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(3.3 * len(panels), 2.7), squeeze=False, layout="constrained")
    for ax, (title, values) in zip(axes[0], panels.items(), strict=True):
        drawn = ax.bar(list(names), torch.as_tensor(values).tolist(), color=BLUE)
        ax.bar_label(drawn, fmt="{:.2f}", fontsize=8, padding=1)
        ax.set_title(title, fontsize=10)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.tick_params(axis="x", labelrotation=30 if max(map(len, names)) > 3 else 0)
        ax.spines[["top", "right"]].set_visible(False)
        ax.margins(y=0.15)  # room for the numbers
        if top is not None:
            ax.set_ylim(0, 1.1 * top)
    axes[0][0].set_ylabel(ylabel)
    finish(alt)


def curves(x: Tensor, lines: dict[str, Tensor], alt: str, *, title: str, xlabel: str, ylabel: str) -> None:
    """Draw one or several curves over the same x.

    Args:
        x: (n,).
        lines: label to y, each (n,).
        alt: the figure's text for readers who cannot see it.
        title: what the reader should see.
        xlabel, ylabel: what the axes measure.

    Used in lesson 01.
    """
    figure, ax = plt.subplots(figsize=(6.5, 3.3), layout="constrained")
    for (label, y), colour in zip(lines.items(), LINES, strict=False):
        ax.plot(x, y, label=label, color=colour)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.grid(alpha=0.3)
    if len(lines) > 1:
        ax.legend()
    finish(alt)


def wrapped(text: str, width: int = 22) -> str:
    """A label in lines short enough for a title."""
    return "\n".join(textwrap.wrap(text, width)) or "(no label)"


def listed(texts: Iterable[str]) -> str:
    """Texts as one line of an alternative text: as many of them as 300 characters hold, and whether there are more."""
    words = "; ".join(text.replace("\n", ", ").replace(":,", ":") for text in texts)
    return words if len(words) <= 300 else f"{words[:300].rpartition('; ')[0] or words[:300]}; and more"


def plot_confusion_matrix(matrix: Tensor, names: Sequence[str], unit: str) -> None:
    """Draw a confusion matrix, int64 (classes, classes); `unit` says what is counted."""
    size = max(4.0, 0.42 * len(names))
    figure, ax = plt.subplots(figsize=(size + 1, size), layout="constrained")
    ax.imshow(matrix.numpy(), cmap="Blues", vmax=max(1, int(matrix.max()) * 1.3))
    for (row, column), count in np.ndenumerate(matrix.numpy()):
        if count and len(names) <= 40:
            ax.text(column, row, str(count), ha="center", va="center", fontsize=8)
    ax.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    ax.set_yticks(range(len(names)), names, fontsize=8)
    ax.set(xlabel="predicted", ylabel="true", title=f"Confusion matrix, {unit}")
    wrong = int(matrix.sum() - matrix.diagonal().sum())
    finish(f"Confusion matrix of {len(names)} classes; the diagonal is right, {wrong} entries lie beside it.")
