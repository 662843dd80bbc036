"""A figure to play with: dropout over an activation map, with and without its scaling."""

from html import escape

import ipywidgets
import torch
from torch import Tensor
from torch.nn import functional as F

from .interactive import Interactive, beside, table

MASKS = 1000


def dropout_map(activations: Tensor) -> Interactive:
    """Dropout over one activation map: what is left, the same scaled, what pooling makes of it, and the means.

    Args:
        activations: (rows, columns), both even, float; small enough to be read as numbers (at most 12 x 12).

    Raises:
        ValueError: not such a map.

    Used in lesson 10.
    """
    _check_map(activations)
    chance = ipywidgets.FloatSlider(0.5, min=0, max=0.95, step=0.05, description="p")
    mask = ipywidgets.IntSlider(0, min=0, max=MASKS - 1, description="mask")
    another = ipywidgets.Button(description="New mask", tooltip="draw another random mask")
    another.on_click(lambda _: setattr(mask, "value", (mask.value + 1) % MASKS))
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(MASKS, *activations.shape, generator=generator)  # kept where the draw is at least p

    def draw() -> str:
        p = chance.value
        left = activations * (draws >= p)  # (masks, rows, columns)
        one = left[mask.value]
        pooled, pooled_before = (F.max_pool2d(map_[None], 2)[0] for map_ in (one, activations))
        same = int((pooled == pooled_before).sum())
        maps = (
            table(activations, f"activations: mean {activations.mean():.2f}"),
            table(one, f"p = {p:.2f}, not scaled: mean {one.mean():.2f}"),
            table(one / (1 - p), f"times {1 / (1 - p):.2f}: mean {one.mean() / (1 - p):.2f}"),
        )
        pools = (
            table(pooled_before, "pooled, nothing dropped"),
            table(pooled, f"pooled after dropping: {same} of {pooled.numel()} as before"),
        )
        text = (
            f"Mean over {MASKS:,} masks: not scaled {left.mean():.2f}, scaled {left.mean() / (1 - p):.2f}; "
            f"without dropout {activations.mean():.2f}."
        )
        return beside(*maps) + f"<p><b>{escape(text)}</b></p>" + beside(*pools)

    controls = [ipywidgets.HBox([chance, mask, another])]
    return Interactive(controls, draw, "dropout over an activation map, with sliders for p and for the mask")


def _check_map(activations: Tensor) -> None:
    shape = tuple(activations.shape)
    if len(shape) != 2 or any(side % 2 or not 2 <= side <= 12 for side in shape):
        raise ValueError(
            f"the figure shows a map of rows x columns, both even, from 2 to 12; this has the shape {shape}"
        )
    if not activations.is_floating_point():
        raise ValueError(f"activations are floating-point numbers; these are {activations.dtype}: use .float()")
