"""A ball that descends a loss curve, to play with: learning rate, momentum and step can be moved."""

import math
from collections.abc import Callable

import ipywidgets
import torch
from torch import Tensor

from .interactive import Interactive

_WIDTH, _HEIGHT, _EDGE = 560, 300, 34  # of the picture and its margin, in pixels
_BLUE, _ORANGE, _RED = "#0072b2", "#e69f00", "#d55e00"
_STEPS = 60


def ball_on_curve(loss: Callable[[Tensor], Tensor], low: float, high: float, start: float) -> Interactive:
    """A ball on a loss curve of one weight: where each step of gradient descent takes it.

    Args:
        loss: from float64 tensors of any shape, places on the axis, to the loss at each; differentiable by PyTorch.
        low, high: ends of the axis that is drawn.
        start: where the ball starts at first, between them.

    Raises:
        ValueError: `start` is outside the axis, or the loss is not one finite number for each place.

    Used in lesson 08.
    """
    if not low <= start <= high:
        raise ValueError(f"the ball starts between {low} and {high}, the ends of the axis; found start={start}")
    places = torch.linspace(low, high, 141, dtype=torch.float64)
    heights = torch.as_tensor(loss(places)).detach()
    if heights.shape != places.shape or not heights.isfinite().all():
        raise ValueError(
            f"the loss must give one finite number for each of {len(places)} places from {low} to {high}; "
            f"found the shape {tuple(heights.shape)}, {int(heights.isfinite().sum())} numbers finite"
        )
    wide = {"layout": ipywidgets.Layout(width="30em"), "style": {"description_width": "8em"}}
    place = ipywidgets.FloatSlider(start, min=low, max=high, step=(high - low) / 80, description="start", **wide)
    rate = ipywidgets.FloatLogSlider(0.05, min=-3, max=0.5, step=0.05, description="learning rate", **wide)
    momentum = ipywidgets.FloatSlider(0.0, min=0, max=0.99, step=0.01, description="momentum", **wide)
    step = ipywidgets.IntSlider(0, min=0, max=_STEPS, description="step", **wide)
    play = ipywidgets.Play(max=_STEPS, interval=250, description="one step after the other")
    ipywidgets.jslink((play, "value"), (step, "value"))

    def draw() -> str:
        path = descend(loss, place.value, rate.value, momentum.value, step.value)
        return _picture(places.tolist(), heights.tolist(), path) + _words(path, (low, high))

    controls = [place, rate, momentum, ipywidgets.HBox([step, play])]
    return Interactive(controls, draw, "a ball on a loss curve; learning rate, momentum and step can be moved")


def descend(
    loss: Callable[[Tensor], Tensor], start: float, rate: float, momentum: float, steps: int
) -> list[tuple[float, float, float]]:
    """The path of gradient descent with momentum on a loss of one weight.

    Args:
        loss: from a float64 tensor without axes to another, differentiable by PyTorch.
        start: the first weight.
        rate: the learning rate.
        momentum: share of the speed that is kept from step to step; 0 is plain gradient descent.
        steps: how many to take; fewer are taken once the loss is no longer finite.

    Returns:
        (weight, loss, slope) before the first step and after each, at most steps + 1 rows.
    """
    weight, speed, path = start, 0.0, []
    for _ in range(steps + 1):
        at = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
        height = loss(at)
        (slope,) = torch.autograd.grad(height, at)
        if not (math.isfinite(height.item()) and math.isfinite(slope.item())):
            break
        path.append((weight, height.item(), slope.item()))
        speed = momentum * speed + slope.item()
        weight -= rate * speed
    return path


def _picture(places: list[float], heights: list[float], path: list[tuple[float, float, float]]) -> str:
    """The curve, the places visited, and the ball, as SVG."""
    low, high, bottom, top = places[0], places[-1], min(heights), max(heights)

    def at(place: float, height: float) -> tuple[float, float]:
        x = _EDGE + (place - low) / (high - low) * (_WIDTH - 2 * _EDGE)
        y = _HEIGHT - _EDGE - (height - bottom) / max(top - bottom, 1e-12) * (_HEIGHT - 2 * _EDGE)
        return round(min(max(x, -99), _WIDTH + 99), 1), round(min(max(y, -99), _HEIGHT + 99), 1)

    curve = " ".join("{},{}".format(*at(*point)) for point in zip(places, heights, strict=True))
    visited = [at(place, height) for place, height, _ in path]
    trail = " ".join(f"{x},{y}" for x, y in visited)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3.5" fill="{_ORANGE}"/>' for x, y in visited)
    x, y = visited[-1]
    base = _HEIGHT - _EDGE + 12
    ends = "".join(f'<text x="{x}" y="{base + 14}">{end:g}</text>' for x, end in ((_EDGE, low), (_WIDTH - _EDGE, high)))
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-size="12" '
        f'style="background:#fff" aria-label="a ball on a loss curve after {len(path) - 1} steps">'
        f'<line x1="{_EDGE}" y1="{base}" x2="{_WIDTH - _EDGE}" y2="{base}" stroke="#888"/>{ends}'
        f'<text x="{_WIDTH // 2 - 20}" y="{base + 14}">weight</text><text x="4" y="14">loss</text>'
        f'<polyline points="{curve}" fill="none" stroke="{_BLUE}" stroke-width="2"/>'
        f'<polyline points="{trail}" fill="none" stroke="{_ORANGE}" stroke-width="1"/>{dots}'
        f'<circle cx="{x}" cy="{y}" r="9" fill="{_RED}"/></svg>'
    )


def _words(path: list[tuple[float, float, float]], axis: tuple[float, float]) -> str:
    """What the picture shows, in a line."""
    weight, height, slope = path[-1]
    said = f"step {len(path) - 1}: weight {weight:.3g}, loss {height:.3g}, slope {slope:.3g}"
    if not axis[0] <= weight <= axis[1]:
        said += ". <b>The ball has left the picture.</b>"
    return f'<div role="status" style="padding:0.3em">{said.replace("-", "−")}</div>'
