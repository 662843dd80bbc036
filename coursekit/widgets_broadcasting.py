"""Figures of lesson 07 to play with: two shapes that meet, and a matrix product cell by cell."""

import re
from html import escape

import ipywidgets
import torch
from torch import Tensor

from .heat import cell_style
from .interactive import Interactive

_AXES = 6  # more would not fit beside each other
_CELL = "min-width:2.6em;height:1.9em;text-align:center;font:13px monospace;border:1px solid #ddd;padding:0 0.3em"
_HEAD = '<td style="text-align:right;padding-right:0.8em;white-space:nowrap">'
_DIFFER = "differ, no 1"
_BLANK, _OWN, _FILLED, _REFUSED = "#ffffff", "#e8eef4", "#fce7c8", "#f6cdb5"


def result_shape(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of what comes out when two shapes meet in an elementwise operation.

    Args:
        first, second: shapes of any lengths; () is the shape of a single number.

    Raises:
        ValueError: on some axis, counted from the right, the lengths differ and neither is 1.

    Built in lesson 07.
    """
    rank = max(len(first), len(second))
    lengths = []
    for axis, (one, other) in enumerate(zip(_filled(first, rank), _filled(second, rank), strict=True)):
        if one != other and 1 not in (one, other):
            raise ValueError(f"axis {rank - axis} from the right: {one} and {other} differ, and neither is 1")
        lengths.append(other if one == 1 else one)
    return tuple(lengths)


def _filled(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(shape)) + tuple(shape)


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
    boxes = [
        ipywidgets.Text(text, description=name, continuous_update=True, tooltip=f"{name} shape, such as 3, 1")
        for name, text in (("first", first), ("second", second))
    ]
    looked = ipywidgets.IntSlider(_AXES, 0, _AXES, description="axes seen", continuous_update=True)

    def draw() -> str:
        try:
            shapes = [parse_shape(box.value) for box in boxes]
        except ValueError as error:
            return f'<p style="background:{_REFUSED};color:#000;padding:0.4em">{escape(str(error))}</p>'
        return _aligned(*shapes, looked.value)

    what = "two shapes typed in, aligned from the right, filled in axis by axis or refused with the reason"
    return Interactive([ipywidgets.HBox(boxes), looked], draw, what)


def _aligned(first: tuple[int, ...], second: tuple[int, ...], looked: int) -> str:
    """A table of two shapes and of the result as far as `looked` axes, and a sentence below."""
    rank = max(len(first), len(second))
    columns, refused = [], ""
    for place in range(1, rank + 1):  # from the right
        lengths = [shape[-place] if place <= len(shape) else None for shape in (first, second)]
        if place > looked or refused:
            columns.append([str(place), *_plain(lengths), _cell("·", _BLANK), ""])
            continue
        columns.append([str(place), *_compared(lengths)])
        if columns[-1][-1] == _DIFFER:
            one, other = (length or 0 for length in lengths)
            refused = f"Refused: on axis {place} from the right, {one} and {other} differ, and neither is 1."
    if refused:
        verdict = refused
    elif looked < rank:
        verdict = "Move the slider to see the next axis."
    else:
        verdict = f"The result has the shape {result_shape(first, second)}."
    rows = []
    for number, name in enumerate(("axis from the right", "first", "second", "result", "because")):
        cells = "".join(c[number] if "<td" in c[number] else _words(c[number]) for c in reversed(columns))
        rows.append(f"<tr>{_HEAD}{name}</td>{cells}</tr>")
    return f'<table style="border-collapse:collapse;margin-top:0.6em">{"".join(rows)}</table><p>{escape(verdict)}</p>'


def _compared(lengths: list[int | None]) -> list[str]:
    """The cells of one axis that was looked at: both lengths, the result's, and why; None is a missing axis."""
    one, other = (1 if length is None else length for length in lengths)
    if one != other and 1 not in (one, other):
        return [_cell(str(one), _REFUSED), _cell(str(other), _REFUSED), _cell("✗", _REFUSED), _DIFFER]
    result = other if one == 1 else one
    cells = []
    for length in lengths:
        repeated = f" → {result}" if length in (None, 1) and result != 1 else ""
        text = "(1)" if length is None else str(length)
        cells.append(_cell(text + repeated, _FILLED if length is None or repeated else _OWN))
    reasons = ["missing: 1"] if None in lengths else []
    if result != 1 and (None in lengths or 1 in lengths):
        reasons.append("repeated" if reasons else "1 is repeated")
    return [*cells, _cell(str(result), _OWN), ", ".join(reasons) or "equal"]


def _plain(lengths: list[int | None]) -> list[str]:
    return [_cell("" if length is None else str(length), _BLANK) for length in lengths]


def _cell(text: str, colour: str) -> str:
    return f'<td style="{_CELL};background:{colour};color:#000">{text}</td>'


def _words(text: str) -> str:
    return f'<td style="text-align:center;font-size:11px;padding:0 0.6em">{escape(text)}</td>'


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
        raise ValueError(
            f"a matrix product needs (n, k) and (k, m); these are {tuple(first.shape)} and {tuple(second.shape)}"
        )
    columns = second.shape[1]
    last = len(first) * columns - 1
    place = ipywidgets.IntSlider(0, 0, last, description="cell", continuous_update=True)
    play = ipywidgets.Play(max=last, interval=900, description="cell by cell")
    ipywidgets.jslink((play, "value"), (place, "value"))

    def draw() -> str:
        i, j = divmod(place.value, columns)
        pairs = zip(first[i].tolist(), second[:, j].tolist(), strict=True)
        terms = " + ".join(f"{_number(a)} × {_number(b)}" for a, b in pairs)
        total = (first[i] * second[:, j]).sum()
        result = (first[:, :, None] * second).sum(1)
        known = torch.arange(result.numel()).reshape(result.shape) <= place.value
        row_i = torch.arange(len(first))[:, None] == i
        column_j = torch.arange(columns) == j
        parts = (
            _matrix(first, "first", row_i.expand(first.shape)),
            _matrix(second, "second", column_j.expand(second.shape)),
            _matrix(result, "result", row_i & column_j, known),
        )
        sentence = f"row {i} of the first, column {j} of the second: {terms} = <b>{_number(total.item())}</b>"
        figure = (
            f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start;margin-top:0.6em">{"".join(parts)}</div>'
        )
        return f"{figure}<p>{sentence}</p>"

    return Interactive([ipywidgets.HBox([play, place])], draw, "a matrix product, cell by cell")


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _matrix(values: Tensor, caption: str, framed: Tensor, known: Tensor | None = None) -> str:
    """A matrix as an HTML table: `framed` cells with a frame, cells that are not `known` left empty."""
    scale = 1.4 * max(values.abs().max().item(), 1e-9)
    rows = []
    for i, row in enumerate(values.tolist()):
        cells = []
        for j, value in enumerate(row):
            shown = known is None or bool(known[i, j])
            frame = ";outline:3px solid #000;outline-offset:-3px" if framed[i, j] else ""
            style = cell_style(value if shown else 0, scale)
            cells.append(f'<td style="{_CELL};{style}{frame}">{_number(value) if shown else ""}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = f'<caption style="caption-side:top;color:inherit;padding:2px">{escape(caption)}</caption>'
    return f'<table style="border-collapse:collapse;margin:0 1.5em 0 0">{head}{"".join(rows)}</table>'
