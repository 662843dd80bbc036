"""Sheet "by hand" of convolution.xlsx: two filters that you could have written, and all that follows from them."""

from collections.abc import Sequence

import torch
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from torch import Tensor

from . import style
from .cells import Area, address, define_name, write, write_formulas
from .words import BY_HAND

TOP_EDGE = [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]
LEFT_EDGE = [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
BAR = [[[1, 1, 1], [0, 0, 0], [-1, -1, -1]], [[0, 0, 0], [0, 0, 0], [0, 0, 0]]]  # a slice for each map of layer 1
CORNER = [[[0, 1, 1], [0, 0, 0], [0, 0, 0]], [[0, 0, -1], [1, 0, -1], [1, 0, -1]]]
DENSE = [[[1, 1, 1], [0, 0, 0], [-1, -1, -1]], [[2, 0, -1], [1, 0, -1], [0, 0, -1]]]
FIRST, SECOND, THIRD = 3, 7, 16  # columns C, G and P, where blocks start
LAYER_1, LAYER_2, POOL, DENSE_ROW = (17, 27), (38, 47), 57, 63  # rows where they start


def build(book: Workbook, picture: Tensor) -> None:
    """Add the sheet; picture is (8, 8), whole numbers from 0 (paper) to 16 (ink)."""
    sheet = book.create_sheet("by hand")
    pixels = _picture(sheet, picture)
    first = _layer_1(sheet, pixels)
    second = _layer_2(sheet, first)
    _dense(sheet, _pool(sheet, second))
    columns = {get_column_letter(column): 5.0 for column in range(FIRST, 25)}
    style.page(
        sheet, "Convolution by hand", "Change a yellow number, and watch what follows. White numbers are formulas.",
        widths={"A": 52, "B": 2.5} | columns, frozen="A4", last="X", breaks=[LAYER_2[0] - 1],
    )  # fmt: skip


def _picture(sheet: Worksheet, picture: Tensor) -> Area:
    style.note(sheet, 4, *BY_HAND["picture"], rows=8)
    area = write(sheet, "C5", torch.nn.functional.pad(picture.long(), (1, 1, 1, 1)), name="hand_picture")
    style.numbers(sheet, area, 0, kind="padding")
    inner = style.numbers(sheet, area.window(1, 1, (8, 8)), 0, kind="input")
    style.label(sheet, 4, FIRST, "picture, with a ring of zeros", bold=True)
    style.heat(sheet, [inner], 16, kind="input")
    style.legend(sheet, [(row, THIRD) for row in (5, 6, 7)])
    return area


def _filters(sheet: Worksheet, row: int, slices: Sequence[Sequence]) -> list[Area]:
    """The slices of one filter, under each other."""
    areas = [write(sheet, address(row + 4 * i, FIRST), values) for i, values in enumerate(slices)]
    for area in areas:
        style.numbers(sheet, area, 0, kind="input")
    style.heat(sheet, areas, 1, kind="input")
    return areas


def _convolve(
    sheet: Worksheet, row: int, maps: Sequence[Area], filters: Sequence[Area], size: int
) -> tuple[Area, Area]:
    """The (size, size) sums of products of one filter's slices with the maps, and their ReLU beside them."""

    def products(i: int, j: int) -> str:
        pairs = zip(maps, filters, strict=True)
        return "=" + "+".join(f"SUMPRODUCT({m.window(i, j, (3, 3)).range},{f.fixed})" for m, f in pairs)

    sums = write_formulas(sheet, address(row, SECOND), products, (size, size))
    relu = write_formulas(
        sheet, address(row, THIRD), lambda i, j: f"=MAX(0,{sums.window(i, j, (1, 1)).range})", (size, size)
    )
    for area, text in [(sums, "sum of products"), (relu, "ReLU: max(0, x)")]:
        style.numbers(sheet, area, 0)
        style.label(sheet, row - 1, area.left, text)
    style.heat(sheet, [sums, relu], 50 * len(maps))
    return sums, relu


def _layer_1(sheet: Worksheet, pixels: Area) -> list[Area]:
    done = []
    for row, name, values in zip(LAYER_1, ("top edge", "left edge"), (TOP_EDGE, LEFT_EDGE), strict=True):
        style.note(sheet, row, *BY_HAND[name], rows=9)
        style.label(sheet, row, FIRST, name, bold=True)
        filters = _filters(sheet, row + 1, [values])
        done.append((filters, *_convolve(sheet, row + 1, [pixels], filters, 8)))
    book = sheet.parent
    define_name(book, "hand_weight1", [filters[0] for filters, _, _ in done])
    define_name(book, "hand_sums1", [sums for _, sums, _ in done])
    define_name(book, "hand_maps1", [relu for _, _, relu in done])
    return [relu for _, _, relu in done]


def _layer_2(sheet: Worksheet, maps: Sequence[Area]) -> list[Area]:
    done = []
    for row, name, slices in zip(LAYER_2, ("bar", "corner"), (BAR, CORNER), strict=True):
        style.note(sheet, row, *BY_HAND[name], rows=8)
        style.label(sheet, row, FIRST, name, bold=True)
        filters = _filters(sheet, row + 1, slices)
        done.append((filters, *_convolve(sheet, row + 1, maps, filters, 6)))
    book = sheet.parent
    define_name(book, "hand_weight2", [area for filters, _, _ in done for area in filters])
    define_name(book, "hand_sums2", [sums for _, sums, _ in done])
    define_name(book, "hand_maps2", [relu for _, _, relu in done])
    return [relu for _, _, relu in done]


def _pool(sheet: Worksheet, maps: Sequence[Area]) -> list[Area]:
    style.note(sheet, POOL, *BY_HAND["pool"], rows=4)
    pooled = []
    for source, column, name in zip(maps, (FIRST, SECOND), ("bar", "corner"), strict=True):

        def largest(i: int, j: int, source: Area = source) -> str:
            return f"=MAX({source.window(2 * i, 2 * j, (2, 2)).range})"

        pooled.append(style.numbers(sheet, write_formulas(sheet, address(POOL + 1, column), largest, (3, 3)), 0))
        style.label(sheet, POOL, column, name, bold=True)
    style.heat(sheet, pooled, 100)
    define_name(sheet.parent, "hand_pooled", pooled)
    return pooled


def _dense(sheet: Worksheet, pooled: Sequence[Area]) -> None:
    style.note(sheet, DENSE_ROW, *BY_HAND["dense"], rows=6)
    weights = [
        style.numbers(sheet, write(sheet, address(DENSE_ROW + 1, area.left), values), 0, kind="input")
        for area, values in zip(pooled, DENSE, strict=True)
    ]
    style.heat(sheet, weights, 2, kind="input")
    style.label(sheet, DENSE_ROW, FIRST, "weights", bold=True)
    bias = style.numbers(sheet, write(sheet, address(DENSE_ROW + 1, 11), 10, name="hand_dense_bias"), 0, kind="input")
    style.label(sheet, DENSE_ROW, 11, "bias")
    products = [f"SUMPRODUCT({area.range},{w.range})" for area, w in zip(pooled, weights, strict=True)]
    formula = f"={'+'.join(products)}+{bias.range}"
    output = write_formulas(sheet, address(DENSE_ROW + 1, 13), [[formula]], name="hand_output")
    style.numbers(sheet, output, 0, size=11)
    style.heat(sheet, [output], 500)
    style.label(sheet, DENSE_ROW, 13, "output", bold=True)
    define_name(sheet.parent, "hand_dense_weight", weights)
