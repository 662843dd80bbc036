"""A figure to play with: dropout over an activation map, with and without its scaling."""

import ipywidgets
import torch
from torch import Tensor
from torch.nn import functional as F

from ..markup import beside, matrix
from .interactive import Interactive

MASKS = 1000


def dropout_map(activations: Tensor) -> Interactive:
    """Dropout over one activation map: what is left, the same scaled, what pooling makes of it, and the means.

    Args:
        activations: (H, W), both even, float; small enough to be read as numbers (at most 12 x 12).

    Raises:
        ValueError: not such a map.

    Built in lesson 10.
    """
    shape = tuple(activations.shape)
    if len(shape) != 2 or any(side % 2 or not 2 <= side <= 12 for side in shape):
        raise ValueError(f"the figure shows a map (H, W), both even, from 2 to 12; this has the shape {shape}")
    if not activations.is_floating_point():
        raise ValueError(f"activations are floating-point numbers; these are {activations.dtype}: use .float()")
    p_slider = ipywidgets.FloatSlider(0.5, min=0, max=0.95, step=0.05, description="p")
    mask = ipywidgets.IntSlider(0, min=0, max=MASKS - 1, description="mask")
    another = ipywidgets.Button(description="New mask", tooltip="draw another random mask")
    another.on_click(lambda _: setattr(mask, "value", (mask.value + 1) % MASKS))
    draws = torch.rand(MASKS, *shape, generator=torch.Generator().manual_seed(0))  # kept where the draw is at least p

    def draw() -> str:
        p = p_slider.value
        left = activations * (draws >= p)  # (masks, H, W)
        one, factor = left[mask.value], 1 / (1 - p)
        pooled, pooled_before = (F.max_pool2d(map_[None], 2)[0] for map_ in (one, activations))
        same = int((pooled == pooled_before).sum())
        maps = beside(
            matrix(activations, f"activations: mean {activations.mean():.2f}"),
            matrix(one, f"p = {p:.2f}, not scaled: mean {one.mean():.2f}"),
            matrix(one * factor, f"times {factor:.2f}: mean {one.mean() * factor:.2f}"),
        )
        pools = beside(
            matrix(pooled_before, "pooled, nothing dropped"),
            matrix(pooled, f"pooled after dropping: {same} of {pooled.numel()} as before"),
        )
        means = (
            f"Mean over {MASKS:,} masks: not scaled {left.mean():.2f}, scaled {left.mean() * factor:.2f}; "
            f"without dropout {activations.mean():.2f}."
        )
        return f"{maps}<p><b>{means}</b></p>{pools}"

    controls = [ipywidgets.HBox([p_slider, mask, another])]
    return Interactive(controls, draw, "dropout over an activation map, with sliders for p and for the mask")
