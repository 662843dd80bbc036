"""Figures to play with that are made of matrices: a filter's steps, shapes that meet, a product, dropout."""

import re
from html import escape
from itertools import zip_longest

import ipywidgets
import torch
from torch import Tensor
from torch.nn import functional as F

from ...display import RED
from ..markup import beside, box, cell, matrix, number, table
from .interactive import Interactive, stepper

_AXES = 6  # more would not fit beside each other
_BLANK, _OWN, _FILLED, _REFUSED = (f"background:{c};color:#000" for c in ("#ffffff", "#e8eef4", "#fce7c8", "#f6cdb5"))
_WORDS = "border:none;font-family:inherit;padding:0 0.6em"
_MASKS = 1000


def filter_stepper(image: Tensor, weights: Tensor) -> Interactive:
    """A 3 x 3 filter stepping over an image: the patch, the nine products, their sum, and the feature map.

    Args:
        image: (H, W), float.
        weights: (3, 3), float; can be edited in the figure.

    Used in lesson 02.
    """
    width = image.shape[1] - 2
    position, player = stepper((image.shape[0] - 2) * width - 1, "position", 500)
    small, unseen = ipywidgets.Layout(width="4.5em"), {"description_width": "0px"}
    entries = [
        ipywidgets.FloatText(
            weight, layout=small, step=1, style=unseen, description=f"filter, row {i // 3 + 1}, column {i % 3 + 1}"
        )
        for i, weight in enumerate(weights.flatten().tolist())
    ]
    filter_box = ipywidgets.GridBox(entries, layout=ipywidgets.Layout(grid_template_columns="repeat(3, 4.9em)"))

    def framed(values: Tensor, side: int) -> Tensor:
        row, column = divmod(position.value, width)
        frame = torch.zeros_like(values, dtype=torch.bool)
        frame[row : row + side, column : column + side] = True
        return frame

    def draw() -> tuple[str, str]:
        kernel = torch.tensor([entry.value for entry in entries]).reshape(3, 3)
        window = framed(image, 3)
        products = image[window].reshape(3, 3) * kernel
        features = F.conv2d(image[None, None], kernel[None, None])[0, 0]
        form = ".1f" if kernel.frac().any() or image.frac().any() else ".0f"
        whole, told = matrix(image, "image", form, window), f"products; sum = {products.sum():{form}}"
        row, column = divmod(position.value, width)
        where = f"rows {row} to {row + 2}, columns {column} to {column + 2} of the image"
        parts = whole, matrix(products, told, form), matrix(features, "feature map", form, framed(features, 1))
        return beside(*parts), f"{where}: the sum of the products is {number(products.sum().item(), form)}"

    controls = [ipywidgets.HBox([filter_box, player])]
    return Interactive(controls, draw, "a filter steps over an image; its numbers can be edited")


def result_shape(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of what comes out when two shapes meet in an elementwise operation.

    Args:
        first, second: shapes of any lengths; () is the shape of a single number.

    Raises:
        ValueError: on some axis, counted from the right, the lengths differ and neither is 1.

    Built in lesson 07.
    """
    lengths = []
    for axis, (one, other) in enumerate(zip_longest(first[::-1], second[::-1], fillvalue=1), 1):
        if one != other and 1 not in (one, other):
            raise ValueError(f"axis {axis} from the right: {one} and {other} differ, and neither is 1")
        lengths.insert(0, other if one == 1 else one)
    return tuple(lengths)


def parse_shape(text: str) -> tuple[int, ...]:
    """A shape from what somebody typed: whole numbers with commas between them, brackets or not; nothing gives ().

    Raises:
        ValueError: it is something else, or has more axes than fit into the figure.
    """
    parts = [part.strip() for part in text.strip().strip("()[]").split(",")]
    if parts[-1] == "":  # "3," is how Python writes a shape of one axis
        parts.pop()
    if not all(re.fullmatch(r"[0-9]{1,4}", part) for part in parts):
        raise ValueError(f"{text!r} is not a shape: type whole numbers with commas between them, such as 3, 1")
    if len(parts) > _AXES:
        raise ValueError(f"{text!r} has {len(parts)} axes; this figure has room for {_AXES}")
    return tuple(map(int, parts))


def shape_matcher(first: str = "8, 1, 6, 1", second: str = "7, 1, 5") -> Interactive:
    """Two shapes to type in, aligned from the right and filled in axis by axis, or refused with the reason.

    Args:
        first, second: what is typed in at first.

    Used in lesson 07.
    """
    typed = {"first": first, "second": second}.items()
    boxes = [ipywidgets.Text(text, description=name, tooltip=f"{name} shape, such as 3, 1") for name, text in typed]
    seen = ipywidgets.IntSlider(_AXES, 0, _AXES, description="axes seen")

    def draw() -> tuple[str, str]:
        try:
            return _aligned([parse_shape(one.value) for one in boxes], seen.value)
        except ValueError as error:
            return box(escape(str(error)), RED), str(error)

    what = "two shapes typed in, aligned from the right, filled in axis by axis or refused with the reason"
    return Interactive([ipywidgets.HBox(boxes), seen], draw, what)


def _aligned(shapes: list[tuple[int, ...]], seen: int) -> tuple[str, str]:
    """A table of two shapes and of the result as far as `seen` axes, a sentence below; and the sentence."""
    pairs = list(zip_longest(*(shape[::-1] for shape in shapes)))  # None where an axis is missing
    heads, verdict = ("axis from the right", "first", "second", "result", "because"), ""
    columns = [[cell(text, _WORDS, 'th scope="row"') for text in heads]]
    for axis, lengths in enumerate(pairs, 1):
        filled = [1 if length is None else length for length in lengths]
        if axis > seen or verdict:
            texts = ["" if length is None else str(length) for length in lengths]
            below = [*(cell(text, _BLANK) for text in texts), cell("·", _BLANK), cell("", _WORDS)]
        elif filled[0] != filled[1] and 1 not in filled:
            verdict = f"Refused: on axis {axis} from the right, {filled[0]} and {filled[1]} differ, and neither is 1."
            below = [*(cell(text, _REFUSED) for text in (*map(str, filled), "✗")), cell("differ, no 1", _WORDS)]
        else:
            below = _compared(lengths, max(filled) if 0 not in filled else 0)
        columns.insert(1, [cell(str(axis), _WORDS, 'th scope="col"'), *below])
    if not verdict and seen < len(pairs):
        verdict = "Move the slider to see the next axis."
    verdict = verdict or f"The result has the shape {result_shape(*shapes)}."
    return table(zip(*columns, strict=True), "the two shapes, axis by axis") + f"<p>{verdict}</p>", verdict


def _compared(lengths: tuple[int | None, ...], result: int) -> list[str]:
    """The cells of one axis whose lengths fit: both, the result's, and why; None is a missing axis."""
    cells = []
    for length in lengths:
        repeated = f" → {result}" if length in (None, 1) and result != 1 else ""
        text = "(1)" if length is None else str(length)
        cells.append(cell(text + repeated, _FILLED if length is None or repeated else _OWN))
    reasons = ["missing: 1"] if None in lengths else []
    if result != 1 and (None in lengths or 1 in lengths):
        reasons.append("repeated" if reasons else "1 is repeated")
    return [*cells, cell(str(result), _OWN), cell(", ".join(reasons) or "equal", _WORDS)]


def product_stepper(first: Tensor, second: Tensor) -> Interactive:
    """A matrix product cell by cell: a row and a column, their products, the sum, and the result so far known.

    Args:
        first: (n, k).
        second: (k, m).

    Raises:
        ValueError: the shapes do not fit; told in words.

    Used in lesson 07.
    """
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[0]:
        found = f"{tuple(first.shape)} and {tuple(second.shape)}"
        raise ValueError(f"a matrix product needs (n, k) and (k, m); these are {found}")
    result = (first[:, :, None] * second).sum(1)
    order = torch.arange(result.numel()).reshape(result.shape)
    position, player = stepper(result.numel() - 1, "cell", 900)

    def draw() -> tuple[str, str]:
        i, j = divmod(position.value, result.shape[1])
        pairs = zip(first[i].tolist(), second[:, j].tolist(), strict=True)
        terms = " + ".join(f"{number(a, '.4g')} × {number(b, '.4g')}" for a, b in pairs)
        row, column = torch.arange(len(first))[:, None] == i, torch.arange(result.shape[1]) == j
        shown = [matrix(first, "first", ".4g", framed=row.expand(first.shape))]
        shown += [matrix(second, "second", ".4g", framed=column.expand(second.shape))]
        shown += [matrix(result, "result", ".4g", framed=row & column, known=order <= position.value)]
        said = f"row {i} of the first, column {j} of the second: {terms} = {number(result[i, j].item(), '.4g')}"
        return beside(*shown) + f"<p>{said.replace('-', '−')}</p>", said

    return Interactive([player], draw, "a matrix product, cell by cell")


def dropout_map(activations: Tensor) -> Interactive:
    """Dropout over one activation map: what is left, the same scaled, what pooling makes of it, and the means.

    Args:
        activations: (H, W), both even, float; small enough to be read as numbers (at most 12 x 12).

    Raises:
        ValueError: not such a map.

    Used in lesson 10.
    """
    shape = tuple(activations.shape)
    if len(shape) != 2 or any(side % 2 or not 2 <= side <= 12 for side in shape):
        raise ValueError(f"the figure shows a map (H, W), both even, from 2 to 12; this has the shape {shape}")
    if not activations.is_floating_point():
        raise ValueError(f"activations are floating-point numbers; these are {activations.dtype}: use .float()")
    p_slider = ipywidgets.FloatSlider(0.5, min=0, max=0.95, step=0.05, description="p")
    mask = ipywidgets.IntSlider(0, min=0, max=_MASKS - 1, description="mask")
    another = ipywidgets.Button(description="New mask", tooltip="draw another random mask")
    another.on_click(lambda _: setattr(mask, "value", (mask.value + 1) % _MASKS))
    mean = activations.mean()
    draws = torch.rand(_MASKS, *shape, generator=torch.Generator().manual_seed(0))  # kept where the draw is at least p

    def draw() -> tuple[str, str]:
        p = p_slider.value
        left = activations * (draws >= p)  # (masks, H, W)
        one, factor = left[mask.value], 1 / (1 - p)
        pooled, pooled_before = (F.max_pool2d(map_[None], 2)[0] for map_ in (one, activations))
        same = int((pooled == pooled_before).sum())
        maps = [matrix(activations, f"activations: mean {mean:.2f}")]
        maps += [matrix(one, f"p = {p:.2f}, not scaled: mean {one.mean():.2f}")]
        maps += [matrix(one * factor, f"times {factor:.2f}: mean {one.mean() * factor:.2f}")]
        after = matrix(pooled, f"pooled after dropping: {same} of {pooled.numel()} as before")
        means = f"not scaled {left.mean():.2f}, scaled {left.mean() * factor:.2f}; without dropout {mean:.2f}."
        words = f"<p><b>Mean over {_MASKS:,} masks: {means}</b></p>"
        pooled_maps = beside(matrix(pooled_before, "pooled, nothing dropped"), after)
        return beside(*maps) + words + pooled_maps, f"p {p:.2f}, mask {mask.value}: mean over {_MASKS:,} masks {means}"

    controls = [ipywidgets.HBox([p_slider, mask, another])]
    return Interactive(controls, draw, "dropout over an activation map, with sliders for p and for the mask")
