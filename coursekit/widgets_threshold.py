"""A figure to play with: the threshold of a multi-label model against precision, recall and F2."""

from html import escape

import ipywidgets
import torch
from torch import Tensor

from .interactive import Interactive, beside
from .metrics import fbeta

THRESHOLDS = torch.arange(1, 100) / 100
COLOURS = {"precision": "#0072b2", "recall": "#d55e00", "F2": "#009e73"}
WIDTH, HEIGHT, LEFT, TOP = 420, 200, 34, 8  # of the plot and its margins, in pixels


def threshold_slider(probabilities: Tensor, targets: Tensor, names: tuple[str, ...]) -> Interactive:
    """A slider for the threshold: precision, recall and F2 there, over all labels or for one of them.

    F2 over all labels is the mean over the rows, as `ck.fbeta` takes it; everything else counts labels.

    Args:
        probabilities: (n, labels), 0 to 1.
        targets: the same shape, 0 or 1.
        names: of the labels.

    Raises:
        ValueError: the shapes do not belong together, or there are no rows.

    Used in lesson 04.
    """
    if probabilities.shape != targets.shape or probabilities.shape[1:] != (len(names),) or not len(targets):
        raise ValueError(
            f"probabilities {tuple(probabilities.shape)} and targets {tuple(targets.shape)} must both have the shape "
            f"(rows, {len(names)})"
        )
    slider = ipywidgets.FloatSlider(0.5, min=0.01, max=0.99, step=0.01, description="threshold")
    choice = ipywidgets.Dropdown(options=["all labels", *names], description="label")
    known: dict[str, dict[str, list[float]]] = {}

    def draw() -> str:
        if choice.value not in known:
            known[choice.value] = _curves(probabilities, targets, choice.index - 1)
        curves = known[choice.value]
        at = round(slider.value * 100) - 1
        return beside(_plot(curves, at), _numbers(curves, at, choice.value))

    return Interactive(
        [ipywidgets.HBox([slider, choice])], draw, "a slider for the threshold, with precision, recall and F2"
    )


def _curves(probabilities: Tensor, targets: Tensor, label: int) -> dict[str, list[float]]:
    """Name to its value at each of the thresholds; label -1 is all of them."""
    columns = slice(None) if label < 0 else slice(label, label + 1)
    true = targets[:, columns] > 0.5
    given = probabilities[:, columns] > THRESHOLDS[:, None, None]  # (thresholds, rows, labels)
    right, said = (given & true).sum((1, 2)), given.sum((1, 2))
    curves = {"precision": right / said, "recall": right / true.sum(), "F2": 5 * right / (4 * true.sum() + said)}
    if label < 0:
        logits = probabilities.logit()
        curves["F2"] = torch.stack([fbeta(logits, targets, 2, t) for t in THRESHOLDS.tolist()])
    return {name: curve.tolist() for name, curve in curves.items()}


def _plot(curves: dict[str, list[float]], at: int) -> str:
    """The curves as SVG, with a line at the threshold."""
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>']
    for share in (0, 0.5, 1):
        y, x = TOP + HEIGHT * (1 - share), LEFT + WIDTH * share
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{share}</text>')
        parts.append(f'<text x="{x}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{share}</text>')
    for name, values in curves.items():
        places = [(_x(i), TOP + HEIGHT * (1 - v)) for i, v in enumerate(values) if v == v]  # NaN: nothing was given
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>')
    parts.append(f'<line x1="{_x(at)}" x2="{_x(at)}" y1="{TOP}" y2="{TOP + HEIGHT}" stroke="currentColor"/>')
    size = f'width="{LEFT + WIDTH + 12}" height="{TOP + HEIGHT + 24}"'
    style = "font:11px sans-serif;fill:currentColor"
    return f'<svg role="img" aria-label="curves over the threshold" {size} style="{style}">{"".join(parts)}</svg>'


def _x(i: int) -> float:
    return LEFT + WIDTH * (i + 1) / 100


def _numbers(curves: dict[str, list[float]], at: int, label: str) -> str:
    best = max(range(len(THRESHOLDS)), key=lambda i: curves["F2"][i] if curves["F2"][i] == curves["F2"][i] else -1)
    rows = "".join(
        f'<tr><td style="color:{COLOURS[name]};font-weight:bold;padding-right:1em">{name}</td>'
        f"<td>{values[at]:.3f}</td></tr>"
        for name, values in curves.items()
    )
    note = f"F2 is largest, {curves['F2'][best]:.3f}, at {THRESHOLDS[best]:.2f}."
    return (
        f'<div style="padding-left:1em"><b>{escape(label)}, threshold {THRESHOLDS[at]:.2f}</b>'
        f"<table>{rows}</table><p>{note}</p></div>"
    )
