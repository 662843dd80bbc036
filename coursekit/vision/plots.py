"""Figures of images: batches with their labels, the worst mistakes. All draw and give None."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

from ..display import BLUE, RED
from ..plots import finish, listed, wrapped
from ..targets import MultiLabels, Numbers, Prediction, TargetType

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

    Used in lesson 04.
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


def overlay(
    ax: plt.Axes, target_type: TargetType, target: Tensor, shape: Sequence[int], cross: str = "+", color: str = RED
) -> None:
    """Draw a mask's classes in color, or keypoints as crosses, over the image of shape (H, W) in the axes."""
    if target_type.spatial == "mask":
        ax.imshow(mask_colors(target), alpha=0.6, interpolation="nearest")
    elif target_type.spatial == "keypoints":
        x, y = (target.detach().cpu().reshape(-1, 2).T + 1) / 2 * torch.tensor([[shape[1]], [shape[0]]]) - 0.5
        ax.plot(x, y, cross, color=color, markersize=12, markeredgewidth=2)


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
    shown = "each with its mask in color" if target_type.spatial == "mask" else f"labelled {listed(words)}"
    finish(f"{len(images)} images of a training batch, {shown}.")


def show_results(images: Tensor, targets: Tensor, predictions: Sequence[Prediction], target_type: TargetType) -> None:
    """Draw images, what is true of them, and what was said; see `Learner.show_results`.

    What is wrong is said in red, with what is true below. Keypoints are blue crosses (+) where they are, red ones (×)
    where they were said to be. Masks: the true one and the one that was said, with a legend of the classes below.
    """
    masks, shape, titles, wrong = target_type.spatial == "mask", images.shape[-2:], [], []
    said = [target_type.decide(prediction.values.cpu()) for prediction in predictions]
    for given, true, prediction in zip(said, targets, predictions, strict=True):
        title, is_wrong = _compared(target_type, given, true, prediction, shape)
        titles += ["image", "true", title] if masks else [title]
        wrong += [False, False, is_wrong] if masks else [is_wrong]
    heading = "+ true, × said" if target_type.spatial == "keypoints" else ""
    axes = _drawn(images.repeat_interleave(3, 0), 6, 1.6) if masks else _drawn(images, 4, 1.9, heading)
    for ax, title, is_wrong in zip(axes, titles, wrong, strict=False):
        ax.set_title(title, fontsize=9, color=RED if is_wrong else "black")
    lines = max(title.count("\n") for title in titles) * len(axes[0].figure.axes) / min(len(titles), 6 if masks else 4)
    axes[0].figure.set_figheight(axes[0].figure.get_figheight() + 0.15 * lines)
    for i, (given, true) in enumerate(zip(said, targets, strict=True)):
        overlay(axes[3 * i + 1 if masks else i], target_type, true, shape, "+", BLUE)
        overlay(axes[3 * i + 2 if masks else i], target_type, given, shape, "x", RED)
    if masks:
        there = torch.cat([torch.stack(said).flatten(), targets.flatten()]).unique().tolist()
        patches = [plt.Rectangle((0, 0), 1, 1, color=CLASSES[i % len(CLASSES)], alpha=0.6) for i in there]
        names = [target_type.names[i] for i in there]
        axes[0].figure.legend(patches, names, loc="outside lower center", ncols=6, fontsize=8)
    words = listed(title for title in titles if title not in ("image", "true"))
    finish(f"{len(images)} held-out images, what was said of each and what is true: {words}.")


def _compared(
    target_type: TargetType, given: Tensor, true: Tensor, prediction: Prediction, shape: Sequence[int]
) -> tuple[str, bool]:
    """What was said of an image beside what is true, in words, and whether it is wrong."""
    if target_type.spatial == "mask":
        counted = true != target_type.ignore_index
        return f"said: {(given == true)[counted].double().mean():.0%} right", False
    if target_type.spatial == "keypoints":
        pixels = (given - true).reshape(-1, 2) / 2 * torch.tensor([shape[1], shape[0]])
        return f"{pixels.norm(dim=1).mean():.1f} pixels apart", False
    if isinstance(target_type, MultiLabels):
        parts = {"": given * true, "not said: ": true * (1 - given), "not there: ": given * (1 - true)}
        words = {words: target_type.text(part) for words, part in parts.items()}
        found = "\n".join(wrapped(what + labels, 26) for what, labels in words.items() if labels)
        return found or "(no label)", bool((given != true).any())
    if isinstance(target_type, Numbers):
        names = target_type.columns if len(target_type.columns) > 1 else ("said",)
        one = Numbers().text
        return "\n".join(f"{n} {one(a)}, is {one(b)}" for n, a, b in zip(names, given, true, strict=True)), False
    words, said = target_type.text(true), f"{prediction}"
    wrong = bool(given != true)
    return f"said {wrapped(said)}\nis {wrapped(words)}" if wrong else wrapped(said), wrong
