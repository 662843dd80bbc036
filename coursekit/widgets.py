"""Figures to play with in a running notebook. Each answers at once: it redraws small HTML tables, not pictures."""

from html import escape

import ipywidgets
import torch
from torch import Tensor
from torch.nn import functional as F

from .interactive import Interactive, beside, table
from .widgets_broadcasting import product_stepper, result_shape, shape_matcher
from .widgets_descent import ball_on_curve
from .widgets_dropout import dropout_map
from .widgets_threshold import threshold_slider

__all__ = [
    "ball_on_curve",
    "dropout_map",
    "filter_stepper",
    "product_stepper",
    "result_shape",
    "shape_matcher",
    "softmax_sliders",
    "threshold_slider",
]


def filter_stepper(picture: Tensor, weights: Tensor) -> Interactive:
    """A 3 x 3 filter stepping over a picture: the patch, the nine products, their sum, and the map so far known.

    Args:
        picture: (rows, columns), float.
        weights: (3, 3), float; can be edited in the figure.

    Used in lesson 02.
    """
    columns = picture.shape[1] - 2
    places = (picture.shape[0] - 2) * columns
    place = ipywidgets.IntSlider(0, 0, places - 1, description="place", continuous_update=True)
    play = ipywidgets.Play(max=places - 1, interval=500, description="step over the picture")
    ipywidgets.jslink((play, "value"), (place, "value"))
    box = ipywidgets.Layout(width="4.5em")
    entries = [
        ipywidgets.FloatText(value, layout=box, step=1, tooltip=f"filter, row {i // 3 + 1}, column {i % 3 + 1}")
        for i, value in enumerate(weights.flatten().tolist())
    ]
    grid = ipywidgets.GridBox(entries, layout=ipywidgets.Layout(grid_template_columns="repeat(3, 4.9em)"))

    def draw() -> str:
        kernel = torch.tensor([entry.value for entry in entries]).reshape(3, 3)
        row, column = divmod(place.value, columns)
        products = picture[row : row + 3, column : column + 3] * kernel
        sums = F.conv2d(picture[None, None], kernel[None, None])[0, 0]
        whole = kernel.frac().abs().max() == 0 and picture.frac().abs().max() == 0
        decimals = 0 if whole else 1
        return beside(
            table(picture, "picture", decimals=decimals, window=(row, column, 3)),
            table(products, f"products; sum = {products.sum():.{decimals}f}", decimals=decimals),
            table(sums, "feature map", decimals=decimals, window=(row, column, 1)),
        )

    controls = [ipywidgets.HBox([grid, ipywidgets.VBox([play, place])])]
    return Interactive(controls, draw, "a filter steps over a picture; its numbers can be edited")


def softmax_sliders(names: list[str], logits: Tensor) -> Interactive:
    """A slider for each logit, and bars of softmax beside sigmoid.

    Args:
        names: what the logits stand for.
        logits: (n,), where the sliders stand at first, each from -6 to 6.

    Used in lesson 03.
    """
    sliders = [
        ipywidgets.FloatSlider(value, min=-6, max=6, step=0.1, description=name)
        for name, value in zip(names, logits.tolist(), strict=True)
    ]

    def draw() -> str:
        values = torch.tensor([slider.value for slider in sliders])
        shares, each = values.softmax(0).tolist(), values.sigmoid().tolist()
        return beside(
            _bars(names, shares, f"softmax: one of them; sum {sum(shares):.2f}", "#0072b2"),
            _bars(names, each, f"sigmoid: each by itself; sum {sum(each):.2f}", "#d55e00"),
        )

    return Interactive(sliders, draw, "five sliders, and softmax beside sigmoid as bars")


def _bars(names: list[str], shares: list[float], caption: str, colour: str) -> str:
    rows = "".join(
        f'<div style="display:flex;align-items:center"><span style="width:5em;text-align:right;padding-right:0.6em">'
        f'{escape(name)}</span><span style="background:{colour};height:1.2em;width:{16 * share:.3f}em"></span>'
        f'<span style="padding-left:0.4em">{share:.3f}</span></div>'
        for name, share in zip(names, shares, strict=True)
    )
    return f'<div style="width:27em"><b>{escape(caption)}</b>{rows}</div>'
