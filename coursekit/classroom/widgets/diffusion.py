"""A figure to play with: a start among points, and the steps that the best denoiser takes from it."""

import math
from typing import NamedTuple

import ipywidgets
import torch
from torch import Tensor

from ...arguments import in_words
from ...display import BLUE, GREEN, ORANGE, RED
from .curves import plot
from .interactive import Interactive, stepper

STEPS, LAST_ANGLE = 10, math.radians(86)  # the noise schedule: the square root of alpha bar is the cosine of an angle


class Step(NamedTuple):
    """Where a point is at time t, the weight of each sample there, and their mean: (2,), (n,), (2,)."""

    t: int
    position: Tensor
    weights: Tensor
    denoised: Tensor


@in_words
def denoise(samples: Tensor) -> Interactive:
    """Ten steps back from a start to samples that are points of the plane, each step by the best denoiser there is.

    The orange samples are as large as the denoiser's weights; the green dot is their mean. Two sliders move the start.

    Args:
        samples: (n, 2), n of 2 or more, finite numbers, best with a mean of 0 and a standard deviation of 1.

    Raises:
        ValueError: the samples have another shape, or are not finite.

    Used in lesson 23.
    """
    if samples.ndim != 2 or samples.shape[1] != 2 or len(samples) < 2 or not samples.isfinite().all():
        found = f"found the shape {tuple(samples.shape)}, {int(samples.isfinite().sum())} numbers finite"
        raise ValueError(f"the samples are finite numbers (n, 2), with n of 2 or more; {found}")
    most = max(2.0, 1.25 * samples.abs().max().item())
    start = [
        ipywidgets.FloatSlider(value, min=-most, max=most, step=most / 40, description=f"start {name}")
        for name, value in (("x", -most / 4), ("y", most / 8))
    ]
    step, player = stepper(STEPS, "step", 500)

    def draw() -> tuple[str, str]:
        steps = steps_back(samples, torch.tensor([slider.value for slider in start]))
        now, visited = steps[step.value], [tuple(one.position.tolist()) for one in steps[: step.value + 1]]
        x, y = (round(value, 2) + 0.0 for value in now.denoised.tolist())  # no -0.00
        dots = [
            (*point, 3 + 14 * math.sqrt(weight), ORANGE)
            for point, weight in zip(samples.tolist(), now.weights.tolist(), strict=True)
        ]
        dots += [(*point, 2.5, BLUE) for point in visited] + [(x, y, 6, GREEN), (*visited[-1], 6, RED)]
        said = f"t = {now.t}: for the position (red) the mean is ({x:.2f}, {y:.2f}) (green), the largest weight "
        said += f"{now.weights.max():.2f}. " + ("This is the end." if now.t == 0 else "")
        what = f"points, and a way to one of them after {step.value} steps of {STEPS}; {said}"
        figure = plot(what, (-2 * most, 2 * most), (-most, most), [(BLUE, visited)], dots, names=("x", "y"))
        return f"{figure}<div>{said.replace('-', '−')}</div>", said

    return Interactive([*start, player], draw, "a start and ten steps back to points; start and step can be moved")


def steps_back(samples: Tensor, start: Tensor) -> list[Step]:
    """The deterministic steps of DDIM (Song et al., 2021) from t = 10 to 0, with the best denoiser of these samples.

    At t = 0 there is no noise: the weights there are the last ones that were used.

    Args:
        samples: (n, 2), any float.
        start: (2,), at t = 10.
    """
    samples, position, steps = samples.double(), start.double(), []
    for t in range(STEPS, 0, -1):
        angle, after = (LAST_ANGLE * number / STEPS for number in (t, t - 1))
        signal, noise = math.cos(angle), math.sin(angle)
        weights = (-(position - signal * samples).square().sum(1) / (2 * noise**2)).softmax(0)
        denoised = weights @ samples
        steps.append(Step(t, position, weights, denoised))
        position = math.cos(after) * denoised + math.sin(after) * (position - signal * denoised) / noise
    return [*steps, Step(0, position, weights, denoised)]
