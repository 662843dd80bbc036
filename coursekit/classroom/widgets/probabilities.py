"""Figures to play with: softmax beside sigmoid; and the threshold of a multi-label model."""

from html import escape

import ipywidgets
import torch
from torch import Tensor

from ...display import BLUE, GREEN, RED
from ...metrics import fbeta
from ..markup import beside
from .interactive import Interactive

_THRESHOLDS = torch.arange(1, 100) / 100
_COLORS = {"precision": BLUE, "recall": RED, "F2": GREEN}
_WIDTH, _HEIGHT, _LEFT, _TOP = 420, 200, 34, 8  # of the plot and its margins, in pixels


def softmax_sliders(names: list[str], logits: Tensor) -> Interactive:
    """A slider for each logit, and bars of softmax beside sigmoid.

    Args:
        names: what the logits stand for.
        logits: (n,), where the sliders stand at first, each from -6 to 6.

    Built in lesson 03.
    """
    sliders = [
        ipywidgets.FloatSlider(value, min=-6, max=6, step=0.1, description=name)
        for name, value in zip(names, logits.tolist(), strict=True)
    ]

    def draw() -> str:
        values = torch.tensor([slider.value for slider in sliders])
        return beside(
            _bars(names, values.softmax(0).tolist(), "softmax: one of them", BLUE),
            _bars(names, values.sigmoid().tolist(), "sigmoid: each by itself", RED),
        )

    return Interactive(sliders, draw, f"{len(names)} sliders, and softmax beside sigmoid as bars")


def _bars(names: list[str], probabilities: list[float], caption: str, color: str) -> str:
    rows = "".join(
        f'<div style="display:flex;align-items:center"><span style="width:5em;text-align:right;padding-right:0.6em">'
        f'{escape(name)}</span><span style="background:{color};height:1.2em;width:{16 * p:.3f}em"></span>'
        f'<span style="padding-left:0.4em">{p:.3f}</span></div>'
        for name, p in zip(names, probabilities, strict=True)
    )
    return f'<div style="width:27em"><b>{caption}; sum {sum(probabilities):.2f}</b>{rows}</div>'


def threshold_slider(probabilities: Tensor, targets: Tensor, names: tuple[str, ...]) -> Interactive:
    """A slider for the threshold: precision, recall and F2 there, over all labels or for one of them.

    F2 over all labels is the mean over the samples, as `ck.fbeta` takes it; everything else counts labels.

    Args:
        probabilities: (n, labels), 0 to 1.
        targets: the same shape, 0 or 1.
        names: of the labels.

    Raises:
        ValueError: the shapes do not belong together, or there are no samples.

    Built in lesson 04.
    """
    if probabilities.shape != targets.shape or probabilities.shape[1:] != (len(names),) or not len(targets):
        raise ValueError(
            f"probabilities {tuple(probabilities.shape)} and targets {tuple(targets.shape)} must both have the shape "
            f"(n, {len(names)}), with n of 1 or more"
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

    what = "a slider for the threshold, with precision, recall and F2"
    return Interactive([ipywidgets.HBox([slider, choice])], draw, what)


def _curves(probabilities: Tensor, targets: Tensor, label: int) -> dict[str, list[float]]:
    """Name to its value at each of the thresholds; label -1 is all of them."""
    columns = slice(None) if label < 0 else slice(label, label + 1)
    true = targets[:, columns] > 0.5
    given = probabilities[:, columns] > _THRESHOLDS[:, None, None]  # (thresholds, n, labels)
    right, said = (given & true).sum((1, 2)), given.sum((1, 2))
    curves = {"precision": right / said, "recall": right / true.sum(), "F2": 5 * right / (4 * true.sum() + said)}
    if label < 0:
        logits = probabilities.logit()
        curves["F2"] = torch.stack([fbeta(logits, targets, 2, t) for t in _THRESHOLDS.tolist()])
    return {name: curve.tolist() for name, curve in curves.items()}


def _plot(curves: dict[str, list[float]], at: int) -> str:
    """The curves as SVG, with a line at the threshold."""

    def x_of(i: float) -> float:
        return _LEFT + _WIDTH * (i + 1) / 100

    parts = [f'<rect x="{_LEFT}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#999"/>']
    for tick in (0, 0.5, 1):
        y = _TOP + _HEIGHT * (1 - tick)
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{tick}</text>')
        parts.append(f'<text x="{_LEFT + _WIDTH * tick}" y="{_TOP + _HEIGHT + 16}" text-anchor="middle">{tick}</text>')
    for name, values in curves.items():
        known = [(x_of(i), _TOP + _HEIGHT * (1 - v)) for i, v in enumerate(values) if v == v]  # NaN: nothing was given
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in known)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_COLORS[name]}" stroke-width="2"/>')
    x = x_of(at)
    parts.append(f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{_TOP + _HEIGHT}" stroke="currentColor"/>')
    size = f'width="{_LEFT + _WIDTH + 12}" height="{_TOP + _HEIGHT + 24}"'
    style = "font:11px sans-serif;fill:currentColor"
    return f'<svg role="img" aria-label="curves over the threshold" {size} style="{style}">{"".join(parts)}</svg>'


def _numbers(curves: dict[str, list[float]], at: int, label: str) -> str:
    best = max(range(len(_THRESHOLDS)), key=lambda i: curves["F2"][i] if curves["F2"][i] == curves["F2"][i] else -1)
    rows = "".join(
        f'<tr><td style="color:{_COLORS[name]};font-weight:bold;padding-right:1em">{name}</td>'
        f"<td>{values[at]:.3f}</td></tr>"
        for name, values in curves.items()
    )
    note = f"F2 is largest, {curves['F2'][best]:.3f}, at {_THRESHOLDS[best]:.2f}."
    return (
        f'<div style="padding-left:1em"><b>{escape(label)}, threshold {_THRESHOLDS[at]:.2f}</b>'
        f"<table>{rows}</table><p>{note}</p></div>"
    )
