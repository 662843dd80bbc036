"""A ball that descends a loss curve, to play with: learning rate, momentum and step can be moved."""

import math
from collections.abc import Callable

import ipywidgets
import torch
from torch import Tensor

from ...display import BLUE, ORANGE, RED
from .interactive import Interactive, stepper

_WIDTH, _HEIGHT, _EDGE = 560, 300, 34  # of the picture and its margin, in pixels
_STEPS = 60


def ball_on_curve(loss: Callable[[Tensor], Tensor], low: float, high: float, start: float) -> Interactive:
    """A ball on a loss curve of one weight: where each step of gradient descent takes it.

    Args:
        loss: from float64 tensors of any shape, weights, to the loss at each; differentiable by PyTorch.
        low, high: ends of the axis that is drawn.
        start: where the ball starts at first, between them.

    Raises:
        ValueError: `start` is outside the axis, or the loss is not one finite number for each weight.

    Built in lesson 08.
    """
    if not low <= start <= high:
        raise ValueError(f"the ball starts between {low} and {high}, the ends of the axis; found start={start}")
    weights = torch.linspace(low, high, 141, dtype=torch.float64)
    losses = torch.as_tensor(loss(weights)).detach()
    if losses.shape != weights.shape or not losses.isfinite().all():
        raise ValueError(
            f"the loss must give one finite number for each of {len(weights)} weights from {low} to {high}; "
            f"found the shape {tuple(losses.shape)}, {int(losses.isfinite().sum())} numbers finite"
        )
    first = ipywidgets.FloatSlider(start, min=low, max=high, step=(high - low) / 80, description="start")
    lr = ipywidgets.FloatLogSlider(0.05, min=-3, max=0.5, step=0.05, description="learning rate")
    momentum = ipywidgets.FloatSlider(0.0, min=0, max=0.99, step=0.01, description="momentum")
    step, player = stepper(_STEPS, "step", 250)
    for slider in (first, lr, momentum, step):
        slider.layout.width, slider.style.description_width = "30em", "8em"

    def draw() -> str:
        path = descend(loss, first.value, lr.value, momentum.value, step.value)
        return _curve(weights.tolist(), losses.tolist(), path) + _words(path, low, high)

    what = "a ball on a loss curve; learning rate, momentum and step can be moved"
    return Interactive([first, lr, momentum, player], draw, what)


def descend(
    loss: Callable[[Tensor], Tensor], start: float, lr: float, momentum: float, steps: int
) -> list[tuple[float, float, float]]:
    """The path of gradient descent with momentum on a loss of one weight.

    Args:
        loss: from a float64 tensor without axes to another, differentiable by PyTorch.
        start: the first weight.
        lr: the learning rate.
        momentum: the fraction of the velocity that is kept from step to step; 0 is plain gradient descent.
        steps: how many to take; fewer are taken once the loss is no longer finite.

    Returns:
        (weight, loss, gradient) before the first step and after each, at most steps + 1 rows.

    Built in lesson 08.
    """
    weight, velocity, path = start, 0.0, []
    for _ in range(steps + 1):
        at = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
        value = loss(at)
        (gradient,) = torch.autograd.grad(value, at)
        if not (math.isfinite(value.item()) and math.isfinite(gradient.item())):
            break
        path.append((weight, value.item(), gradient.item()))
        velocity = momentum * velocity + gradient.item()
        weight -= lr * velocity
    return path


def _curve(weights: list[float], losses: list[float], path: list[tuple[float, float, float]]) -> str:
    """The curve, the weights visited, and the ball, as SVG."""
    low, high, bottom, top = weights[0], weights[-1], min(losses), max(losses)

    def at(weight: float, loss: float) -> tuple[float, float]:
        x = _EDGE + (weight - low) / (high - low) * (_WIDTH - 2 * _EDGE)
        y = _HEIGHT - _EDGE - (loss - bottom) / max(top - bottom, 1e-12) * (_HEIGHT - 2 * _EDGE)
        return round(min(max(x, -99), _WIDTH + 99), 1), round(min(max(y, -99), _HEIGHT + 99), 1)

    curve = " ".join("{},{}".format(*at(*point)) for point in zip(weights, losses, strict=True))
    visited = [at(weight, loss) for weight, loss, _ in path]
    trail = " ".join(f"{x},{y}" for x, y in visited)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3.5" fill="{ORANGE}"/>' for x, y in visited)
    x, y = visited[-1]
    base = _HEIGHT - _EDGE + 12
    ends = "".join(f'<text x="{x}" y="{base + 14}">{end:g}</text>' for x, end in ((_EDGE, low), (_WIDTH - _EDGE, high)))
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-size="12" '
        f'style="background:#fff" aria-label="a ball on a loss curve after {len(path) - 1} steps">'
        f'<line x1="{_EDGE}" y1="{base}" x2="{_WIDTH - _EDGE}" y2="{base}" stroke="#888"/>{ends}'
        f'<text x="{_WIDTH // 2 - 20}" y="{base + 14}">weight</text><text x="4" y="14">loss</text>'
        f'<polyline points="{curve}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
        f'<polyline points="{trail}" fill="none" stroke="{ORANGE}" stroke-width="1"/>{dots}'
        f'<circle cx="{x}" cy="{y}" r="9" fill="{RED}"/></svg>'
    )


def _words(path: list[tuple[float, float, float]], low: float, high: float) -> str:
    """What the picture shows, in a line."""
    weight, loss, gradient = path[-1]
    said = f"step {len(path) - 1}: weight {weight:.3g}, loss {loss:.3g}, gradient {gradient:.3g}"
    if not low <= weight <= high:
        said += ". <b>The ball has left the picture.</b>"
    return f'<div role="status" style="padding:0.3em">{said.replace("-", "−")}</div>'
