"""Figures to play with that are made of curves and bars: gradient descent, layers, probabilities, a threshold."""

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from html import escape

import ipywidgets
import torch
from torch import Tensor
from torch.nn import functional as F

from ...display import BLUE, GREEN, ORANGE, RED
from ...metrics import fbeta
from ..markup import beside, cell, table
from .interactive import Interactive, spoken, stepper

_THRESHOLDS = torch.arange(1, 100) / 100
_COLORS = {"precision": BLUE, "recall": RED, "F2": GREEN}
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"none": lambda sums: sums, "tanh": torch.tanh, "ReLU": F.relu}
_WIDTH, _HEIGHT, _EDGE = 480, 240, 40  # of a plot without its margin, and the margin, in pixels

Point = tuple[float, float]
Line = tuple[str, list[Point]]
Loss = Callable[[Tensor], Tensor]


def plot(
    what: str,
    x_ends: Point,
    y_ends: Point,
    lines: Sequence[Line],
    dots: Sequence[tuple] = (),
    *,
    names: Sequence[str] = (),
    log: bool = False,
) -> str:
    """Curves as SVG.

    Args:
        what: they show, for readers who cannot see them.
        x_ends, y_ends: the least and the largest number on each axis.
        lines: (color, points) of each.
        dots: (x, y, radius in pixels, color) of each.
        names: of the two axes, written beside them.
        log: whether each y is the logarithm, to base 10, of the number that its axis shows.
    """

    def at(x: float, y: float) -> Point:  # far points just outside the picture
        right = (x - x_ends[0]) / (x_ends[1] - x_ends[0])
        up = (y - y_ends[0]) / max(y_ends[1] - y_ends[0], 1e-12)
        return round(_EDGE + _WIDTH * min(max(right, -1), 2), 1), round(_EDGE + _HEIGHT * min(max(1 - up, -1), 2), 1)

    parts = [f'<rect x="{_EDGE}" y="{_EDGE}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#999"/>']
    for fraction in (0, 0.5, 1):
        x, y = (low + fraction * (high - low) for low, high in (x_ends, y_ends))
        below, beside_ = at(x, y_ends[0]), at(x_ends[0], y)
        parts.append(f'<text x="{below[0]}" y="{below[1] + 16}" text-anchor="middle">{x:.3g}</text>')
        shown = f'10<tspan dy="-5" font-size="9">{y:.3g}</tspan>'.replace(">-", ">−") if log else f"{y:.3g}"
        parts.append(f'<text x="{beside_[0] - 6}" y="{beside_[1] + 4}" text-anchor="end">{shown}</text>')
    for name, x, y in zip(names, (_EDGE + _WIDTH // 2 - 20, 4), (_EDGE + _HEIGHT + 34, _EDGE - 20), strict=False):
        parts.append(f'<text x="{x}" y="{y}">{escape(name)}</text>')
    for color, points in lines:
        path = " ".join("{},{}".format(*at(*point)) for point in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
    for x, y, radius, color in dots:
        parts.append('<circle cx="{}" cy="{}" r="{}" fill="{}"/>'.format(*at(x, y), radius, color))
    size = f'width="{_WIDTH + 2 * _EDGE}" height="{_HEIGHT + 2 * _EDGE}" style="font:12px sans-serif;fill:currentColor"'
    return f'<svg role="img" aria-label="{escape(spoken(what))}" {size}>{"".join(parts)}</svg>'


def ball_on_curve(loss: Loss, low: float, high: float, start: float) -> Interactive:
    """A ball on a loss curve of one weight: where each step of gradient descent takes it.

    Args:
        loss: from float64 tensors of any shape, weights, to the loss at each; differentiable by PyTorch.
        low, high: ends of the axis that is drawn.
        start: where the ball starts at first, between them.

    Raises:
        ValueError: `start` is outside the axis, or the loss is not one finite number for each weight.

    Used in lesson 08.
    """
    if not low <= start <= high:
        raise ValueError(f"the ball starts between {low} and {high}, the ends of the axis; found start={start}")
    weights = torch.linspace(low, high, 141, dtype=torch.float64)
    losses = torch.as_tensor(loss(weights)).detach()
    if losses.shape != weights.shape or not losses.isfinite().all():
        found = f"found the shape {tuple(losses.shape)}, {int(losses.isfinite().sum())} numbers finite"
        raise ValueError(f"the loss must give one finite number for each of {len(weights)} weights; {found}")
    curve = BLUE, list(zip(weights.tolist(), losses.tolist(), strict=True))
    ends = (low, high), (losses.min().item(), losses.max().item())
    first = ipywidgets.FloatSlider(start, min=low, max=high, step=(high - low) / 80, description="start")
    lr = ipywidgets.FloatLogSlider(0.05, min=-3, max=0.5, step=0.05, description="learning rate")
    momentum = ipywidgets.FloatSlider(0.0, min=0, max=0.99, step=0.01, description="momentum")
    step, player = stepper(60, "step", 250)
    for slider in (first, lr, momentum, step):
        slider.layout.width, slider.style.description_width = "30em", "8em"

    def draw() -> tuple[str, str]:
        path = descend(loss, first.value, lr.value, momentum.value, step.value)
        weight, height, gradient = path[-1]
        said = f"step {len(path) - 1}: weight {weight:.3g}, loss {height:.3g}, gradient {gradient:.3g}"
        if not low <= weight <= high:
            said += ". The ball has left the picture."
        visited = [point[:2] for point in path]
        dots = [*((*point, 3.5, ORANGE) for point in visited), (weight, height, 9, RED)]
        figure = plot(f"a ball on a loss curve; {said}", *ends, [curve, (ORANGE, visited)], dots)
        return f"{figure}<div>{said.replace('-', '−')}</div>", said

    what = "a ball on a loss curve; learning rate, momentum and step can be moved"
    return Interactive([first, lr, momentum, player], draw, what)


def descend(loss: Loss, start: float, lr: float, momentum: float, steps: int) -> list[tuple[float, float, float]]:
    """The path of gradient descent with momentum on a loss of one weight.

    Args:
        loss: from a float64 tensor without axes to another, differentiable by PyTorch.
        start: the first weight.
        lr: the learning rate.
        momentum: the fraction of the velocity that is kept from step to step; 0 is plain gradient descent.
        steps: how many to take; fewer are taken once the loss is no longer finite.

    Returns:
        (weight, loss, gradient) before the first step and after each, at most steps + 1 rows.
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


def layer_spread(width: int = 64, layers: int = 20, samples: int = 128) -> Interactive:
    """The standard deviation of the activations, layer after layer of a network that has not been trained.

    The weights of a layer are gain / √width times normal numbers, which stay the same whatever is moved, as the samples
    do. Layer norm, where it is chosen, stands between the sums of a layer and its activation.

    Args:
        width: units in each layer, 2 to 256.
        layers: how many, 1 to 50.
        samples: that go through them, 2 to 256.

    Raises:
        ValueError: one of them is not such a whole number.

    Used in lesson 20.
    """
    for name, given, least in (("width", width, 2), ("layers", layers, 1), ("samples", samples, 2)):
        most = 50 if name == "layers" else 256
        if type(given) is not int or not least <= given <= most:
            raise ValueError(f"{name} is a whole number from {least} to {most}; found {given!r}")
    gain = ipywidgets.FloatSlider(1.0, min=0.5, max=2.5, step=0.01, description="gain")
    activation = ipywidgets.Dropdown(options=[*_ACTIVATIONS], description="activation")
    between = ipywidgets.Dropdown(options=["none", "layer norm"], description="between")
    draws = torch.Generator().manual_seed(20)
    inputs = torch.randn(samples, width, generator=draws, dtype=torch.float64)
    normals = torch.randn(layers, width, width, generator=draws, dtype=torch.float64)

    def draw() -> tuple[str, str]:
        weights = gain.value / math.sqrt(width) * normals
        spreads = spread_by_layer(inputs, weights, activation.value, between.value != "none")
        logs = [(layer, math.log10(spread)) for layer, spread in enumerate(spreads) if spread]
        most = max(1, math.ceil(max(abs(log) for _, log in logs)))
        last = f"{spreads[-1]:.3g}"
        verdict = "dies out" if spreads[-1] < 0.1 else "explodes" if spreads[-1] > 10 else "stays between 0.1 and 10"
        what = f"standard deviation of the activations by layer, log axis: from {spreads[0]:.3g} to {last}"
        level, dots = ("currentColor", [(0, 0), (layers, 0)]), [(*point, 3.5, BLUE) for point in logs]
        names = "layer", "standard deviation (log axis)"
        figure = plot(what, (0, layers), (-most, most), [level, (BLUE, logs)], dots, names=names, log=True)
        begin, end = f"after layer {layers} the standard deviation is ", f": it {verdict}"
        return f"{figure}<div>{begin}<b>{last.replace('-', '−')}</b>{end}</div>", begin + last + end

    what = "the standard deviation of the activations by layer; gain, activation and layer norm can be changed"
    return Interactive([gain, ipywidgets.HBox([activation, between])], draw, what)


def spread_by_layer(inputs: Tensor, weights: Tensor, activation: str, norm: bool) -> list[float]:
    """The standard deviation of the inputs and of the activations after each layer; layers + 1 numbers.

    Args:
        inputs: (samples, width), float.
        weights: (layers, width, width), of each layer (out, in), the same dtype.
        activation: "none", "tanh" or "ReLU".
        norm: whether layer norm stands before each activation.
    """
    spreads, values = [inputs.std(correction=0).item()], inputs
    for weight in weights:
        sums = values @ weight.T
        values = _ACTIVATIONS[activation](F.layer_norm(sums, sums.shape[-1:]) if norm else sums)
        spreads.append(values.std(correction=0).item())
    return spreads


def softmax_sliders(names: list[str], logits: Tensor) -> Interactive:
    """A slider for each logit, and bars of softmax beside sigmoid.

    Args:
        names: what the logits stand for.
        logits: (n,), where the sliders stand at first, each from -6 to 6.

    Used in lesson 03.
    """
    pairs = zip(names, logits.tolist(), strict=True)
    sliders = [ipywidgets.FloatSlider(logit, min=-6, max=6, step=0.1, description=name) for name, logit in pairs]

    def draw() -> tuple[str, str]:
        values = torch.tensor([slider.value for slider in sliders])
        softmax, sigmoid = values.softmax(0).tolist(), values.sigmoid().tolist()
        left = _bars(names, softmax, "softmax: one of them", BLUE)
        right = _bars(names, sigmoid, "sigmoid: each by itself", RED)
        said = (f"{name}: softmax {p:.2f}, sigmoid {q:.2f}" for name, p, q in zip(names, softmax, sigmoid, strict=True))
        return beside(left, right), "; ".join(said)

    return Interactive(sliders, draw, f"{len(names)} sliders, and softmax beside sigmoid as bars")


def _bars(names: list[str], probabilities: list[float], caption: str, color: str) -> str:
    bar = "width:18em;background:linear-gradient(90deg,{0} {1:.1%},transparent {1:.1%})"
    given = zip(names, probabilities, strict=True)
    rows = [[cell(name, tag='th scope="row"'), cell("", bar.format(color, p)), cell(f"{p:.3f}")] for name, p in given]
    return table(rows, f"{caption}; sum {sum(probabilities):.2f}")


def threshold_slider(probabilities: Tensor, targets: Tensor, names: tuple[str, ...]) -> Interactive:
    """A slider for the threshold: precision, recall and F2 there, over all labels or for one of them.

    F2 over all labels is the mean over the samples, as `ck.fbeta` takes it; everything else counts labels.

    Args:
        probabilities: (n, labels), 0 to 1.
        targets: the same shape, 0 or 1.
        names: of the labels.

    Raises:
        ValueError: the shapes do not belong together, or there are no samples.

    Used in lesson 04.
    """
    if probabilities.shape != targets.shape or probabilities.shape[1:] != (len(names),) or not len(targets):
        found = f"probabilities {tuple(probabilities.shape)} and targets {tuple(targets.shape)}"
        raise ValueError(f"{found} must both have the shape (n, {len(names)}), with n of 1 or more")
    slider = ipywidgets.FloatSlider(0.5, min=0.01, max=0.99, step=0.01, description="threshold")
    choice = ipywidgets.Dropdown(options=["all labels", *names], description="label")
    curves_of = cache(partial(_curves, probabilities, targets))

    def draw() -> tuple[str, str]:
        threshold, rows, said = slider.value, [], []
        lines = [("currentColor", [(threshold, 0), (threshold, 1)])]
        for name, values in curves_of(choice.index - 1).items():
            points = [(t, v) for t, v in zip(_THRESHOLDS.tolist(), values, strict=True) if v == v]  # NaN: none is given
            lines.append((_COLORS[name], points))
            at_threshold = f"{values[round(threshold * 100) - 1]:.3f}"
            rows.append([cell(name, f"color:{_COLORS[name]};font-weight:bold", 'th scope="row"'), cell(at_threshold)])
            said.append(f"{name} {at_threshold}")
        best, f2 = max(points, key=lambda point: point[1], default=(math.nan, math.nan))
        at, largest = f"{choice.value}, threshold {threshold:.2f}", f"F2 is largest, {f2:.3f}, at {best:.2f}."
        text = f"{at}: {', '.join(said)}. {largest}"
        figure = plot(f"precision, recall and F2 over the threshold; {text}", (0, 1), (0, 1), lines)
        return beside(figure, table(rows, at), f"<p>{largest}</p>"), text

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
