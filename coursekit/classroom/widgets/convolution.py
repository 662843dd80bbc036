"""A figure to play with: a filter that steps over an image."""

import ipywidgets
import torch
from torch import Tensor
from torch.nn import functional as F

from ..markup import beside, matrix
from .interactive import Interactive, stepper


def filter_stepper(image: Tensor, weights: Tensor) -> Interactive:
    """A 3 x 3 filter stepping over an image: the patch, the nine products, their sum, and the feature map.

    Args:
        image: (H, W), float.
        weights: (3, 3), float; can be edited in the figure.

    Built in lesson 02.
    """
    width = image.shape[1] - 2
    position, player = stepper((image.shape[0] - 2) * width - 1, "position", 500)
    box = ipywidgets.Layout(width="4.5em")
    entries = [
        ipywidgets.FloatText(value, layout=box, step=1, tooltip=f"filter, row {i // 3 + 1}, column {i % 3 + 1}")
        for i, value in enumerate(weights.flatten().tolist())
    ]
    filter_box = ipywidgets.GridBox(entries, layout=ipywidgets.Layout(grid_template_columns="repeat(3, 4.9em)"))

    def framed(values: Tensor, side: int) -> Tensor:
        row, column = divmod(position.value, width)
        frame = torch.zeros_like(values, dtype=torch.bool)
        frame[row : row + side, column : column + side] = True
        return frame

    def draw() -> str:
        kernel = torch.tensor([entry.value for entry in entries]).reshape(3, 3)
        window = framed(image, 3)
        products = image[window].reshape(3, 3) * kernel
        feature_map = F.conv2d(image[None, None], kernel[None, None])[0, 0]
        whole = kernel.frac().abs().max() == 0 and image.frac().abs().max() == 0
        form = ".0f" if whole else ".1f"
        return beside(
            matrix(image, "image", form, framed=window),
            matrix(products, f"products; sum = {products.sum():{form}}", form),
            matrix(feature_map, "feature map", form, framed=framed(feature_map, 1)),
        )

    controls = [ipywidgets.HBox([filter_box, player])]
    return Interactive(controls, draw, "a filter steps over an image; its numbers can be edited")
