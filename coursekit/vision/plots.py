"""Figures of images: batches with their labels, the worst mistakes. All draw and give None."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

from ..display import RED
from ..plots import finish, wrapped
from ..targets import TargetType

# colors that stay apart for color-blind readers, dark and light in turn (P. Tol's, completed)
CLASSES = ("#88ccee", "#882255", "#332288", "#999933", "#ddcc77", "#117733", "#cc6677", "#44aa99", "#aa4499",
           "#e69f00", "#0072b2", "#bbbbbb", "#661100", "#6699cc", "#000000", "#f0e442", "#ffffff")  # fmt: skip


def photographs(
    images: Tensor, titles: Sequence[object], alt: str, *, columns: int = 4, heading: str = "", size: float = 1.7,
    colors: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Draw color images in rows, each under its title.

    Args:
        images: float 0 to 1, or uint8, (n, channels, H, W); of four channels the first three are shown.
        titles: one for each image.
        alt: the figure's text for readers who cannot see it.
        columns: images in a row.
        heading: above all of them.
        size: of each image, in inches.
        colors: of the titles.

    Used in lesson 01.
    """
    axes = _drawn(images, columns, size, heading)
    for ax, title, color in zip(axes, titles, colors or ["black"] * len(axes), strict=False):
        ax.set_title(str(title), fontsize=9, color=color)
    finish(alt)


def _drawn(images: Tensor, columns: int, size: float, heading: str = "") -> list[plt.Axes]:
    """The axes of images drawn in rows."""
    columns = min(columns, len(images))
    rows, aspect = -(-len(images) // columns), images.shape[-2] / images.shape[-1]
    inches = size * columns, (size * aspect + 0.35) * rows
    figure, axes = plt.subplots(rows, columns, figsize=inches, squeeze=False, layout="constrained")
    figure.suptitle(heading)
    for ax in axes.flat:
        ax.axis("off")
    shown = images[:, :1] if images.shape[1] == 2 else images[:, :3]
    shown = (shown if shown.is_floating_point() else shown / 255).detach().cpu().permute(0, 2, 3, 1).squeeze(-1)
    for ax, image in zip(axes.flat, shown.numpy(), strict=False):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    return list(axes.flat)


def overlay(ax: plt.Axes, target_type: TargetType, target: Tensor, shape: Sequence[int]) -> None:
    """Draw a mask's classes in color, or keypoints as crosses, over the image of shape (H, W) in the axes."""
    if target_type.spatial == "mask":
        ax.imshow(mask_colors(target), alpha=0.6, interpolation="nearest")
    elif target_type.spatial == "keypoints":
        x, y = (target.detach().cpu().reshape(-1, 2).T + 1) / 2 * torch.tensor([[shape[1]], [shape[0]]]) - 0.5
        ax.plot(x, y, "+", color=RED, markersize=12, markeredgewidth=2)


def mask_colors(mask: Tensor) -> np.ndarray:
    """A mask, int64 (H, W), as colors, float (H, W, 3).

    Used in lesson 05.
    """
    from matplotlib.colors import to_rgb

    palette = np.array([to_rgb(color) for color in CLASSES])
    return palette[mask.detach().cpu().numpy() % len(palette)]


def show_batch(images: Tensor, targets: Tensor, target_type: TargetType, columns: int = 4) -> None:
    """Draw images of a training batch with their labels; see `ImageLoaders.show_batch`."""
    words = [target_type.text(target) for target in targets.cpu()]
    for ax, target, text in zip(_drawn(images, columns, 1.9), targets, words, strict=False):
        overlay(ax, target_type, target, images.shape[-2:])
        if not target_type.spatial:
            ax.set_title(wrapped(text), fontsize=9)
    shown = "each with its mask in color" if target_type.spatial == "mask" else f"labelled {'; '.join(words)}"
    finish(f"{len(images)} images of a training batch, {shown}.")
