"""Workbook broadcasting.xlsx: two ranges, the rule, and the result; and what is built from it."""

from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from . import style
from .blocks import SUBTITLE, Formula, at, row_of, stacked, validate
from .cells import Area, address, define_name, write, write_formulas
from .words_broadcasting import BROADCASTING

MATRIX = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
ROW, COLUMN = [10, 20, 30, 40], [100, 200, 300]
OUTER_COLUMN, OUTER_ROW = [1, 2, 3], [1, 2, 3, 4]
# Two irises of each of three species: R. A. Fisher, 1936.
FLOWERS = [
    [5.1, 3.5, 14],
    [4.9, 3.0, 14],
    [7.0, 3.2, 47],
    [6.4, 3.2, 45],
    [6.3, 3.3, 60],
    [5.8, 2.7, 51],
]
LEFT, RIGHT = [[1, 2, 0, -1], [0, 1, 3, 2], [2, -1, 1, 0]], [[1, 2], [0, -1], [3, 1], [2, 4]]
VECTOR = [1, 0, -1, 2]
SHAPE_A, SHAPE_B = [8, 1, 6, 1, 0], [7, 1, 5, 0, 0]
AXES, REFUSED = 5, -1
PLACES = [3, 9, 15, 21]  # where the blocks beside each other start


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    book = Workbook()
    book.remove(book.active)
    _two_ranges(book.create_sheet("two ranges"))
    _shapes(book.create_sheet("shapes"))
    _columns(book.create_sheet("normalising columns"))
    _product(book.create_sheet("matrix product"))
    return book


def _head(sheet: Worksheet, area: Area, heading: str) -> Area:
    style.label(sheet, area.top - 1, area.left, heading, bold=True)
    return area


def _given(
    sheet: Worksheet, row: int, place: int, heading: str, values: list, name: str | None, decimals: int = 0
) -> Area:
    """A block of inputs; place counts the blocks beside each other."""
    area = write(sheet, address(row, PLACES[place]), values, name=name)
    return _head(sheet, style.numbers(sheet, area, decimals, kind="input", size=10), heading)


def _found(
    sheet: Worksheet,
    row: int,
    place: int,
    heading: str,
    formula: Formula,
    shape: tuple[int, int],
    name: str | None = None,
    *,
    decimals: int = 0,
    kind: str = "result",
) -> Area:
    """A block of formulas."""
    area = write_formulas(sheet, address(row, PLACES[place]), formula, shape, name=name)
    return _head(sheet, style.numbers(sheet, area, decimals, kind=kind, size=10), heading)


def _both(first: Area, second: Area, sign: str) -> Formula:
    """Cell by cell: first sign second."""
    return lambda i, j: f"={at(first, i, j)}{sign}{at(second, i, j)}"


def _stretched(area: Area) -> Formula:
    """A number, a row or a column, used again wherever it has only one to give."""
    rows, columns = area.shape
    return lambda i, j: f"={at(area, i % rows, j % columns)}"


def _page(sheet: Worksheet, title: str, last: int, width: float = 6.5) -> None:
    columns = {get_column_letter(column): width for column in range(PLACES[0], last + 1)}
    columns |= {get_column_letter(place - 1): 3.0 for place in PLACES[1:] if place < last}
    style.page(
        sheet, title, SUBTITLE, widths={"A": 56, "B": 2.5} | columns, frozen="A4", last=get_column_letter(last)
    )  # fmt: skip
    sheet.page_setup.fitToHeight = 1


def _two_ranges(sheet: Worksheet) -> None:
    for row, block, rows in [(4, "scalar", 5), (10, "row", 6), (17, "column", 8), (26, "outer", 5), (32, "results", 5)]:
        style.note(sheet, row, *BROADCASTING[block], rows=rows)
    number = _given(sheet, 6, 0, "number, shape ()", 10, "scalar")
    vector = _given(sheet, 6, 1, "row, shape (4)", ROW, "vector")
    wide = _found(sheet, 6, 2, "the number, stretched", _stretched(number), (1, 4), "scalar_stretched", kind="copy")
    found = [_found(sheet, 6, 3, "number + row", _both(wide, vector, "+"), (1, 4), "scalar_result")]
    for row, kind, values, shape in [(12, "row", ROW, "(4)"), (19, "column", stacked(COLUMN), "(3, 1)")]:
        matrix = _given(sheet, row, 0, "matrix, shape (3, 4)", MATRIX, f"{kind}_matrix")
        other = _given(sheet, row, 1, f"{kind}, shape {shape}", values, f"{kind}_vector")
        wide = _found(
            sheet, row, 2, f"the {kind}, stretched", _stretched(other), (3, 4), f"{kind}_stretched", kind="copy"
        )
        found.append(_found(sheet, row, 3, f"matrix + {kind}", _both(matrix, wide, "+"), (3, 4), f"{kind}_result"))
    style.heat(sheet, found, 400)
    column = _given(sheet, 28, 0, "column, shape (3, 1)", stacked(OUTER_COLUMN), "outer_column")
    row = _given(sheet, 28, 1, "row, shape (4)", OUTER_ROW, "outer_row")
    high = _found(
        sheet, 28, 2, "the column, stretched", _stretched(column), (3, 4), "outer_column_stretched", kind="copy"
    )
    wide = _found(sheet, 28, 3, "the row, stretched", _stretched(row), (3, 4), "outer_row_stretched", kind="copy")
    outer = [
        _found(sheet, 34, 1, "column × row", _both(high, wide, "*"), (3, 4), "outer_product"),
        _found(sheet, 34, 2, "column + row", _both(high, wide, "+"), (3, 4), "outer_sum"),
        _found(
            sheet, 34, 3, "column > row",
            lambda i, j: f"=IF({at(high, i, j)}>{at(wide, i, j)},1,0)", (3, 4), "outer_larger",
        ),
    ]  # fmt: skip
    style.heat(sheet, outer, 15)
    style.legend(sheet, [(34, PLACES[0]), (35, PLACES[0]), (36, PLACES[0])])
    _page(sheet, "Broadcasting: two ranges and the result", 24)


def _shapes(sheet: Worksheet) -> None:
    notes = [(4, "typed", 7), (12, "aligned", 3), (16, "filled", 3), (20, "compared", 5), (26, "try", 9)]
    for row, block, rows in notes:
        style.note(sheet, row, *BROADCASTING[block], rows=rows)
    positions = style.numbers(sheet, write(sheet, "D4", [list(range(1, AXES + 1))]), 0, kind="copy")
    style.label(sheet, 4, 3, "axis, from the left")
    typed = []
    for row, name, values in [(5, "A", SHAPE_A), (6, "B", SHAPE_B)]:
        area = write(sheet, f"D{row}", values, name=f"shape_{name.lower()}")
        typed.append(style.numbers(sheet, area, "axis", kind="input", size=11))
        style.label(sheet, row, 3, f"shape {name}", bold=True)
        validate(sheet, area, "whole", "between", "0", "100000", "The length of an axis, or 0 for no axis.")
    counts, gaps = [], []
    for k, area in enumerate(typed):
        count = write_formulas(sheet, f"J{5 + k}", [[f"=SUMPRODUCT(1*({area.range}>0))"]], name=f"axes_{'ab'[k]}")
        gap = write_formulas(
            sheet, f"K{5 + k}", [[f"={count.range}-SUMPRODUCT(({area.range}>0)*({positions.range}<={count.range}))"]],
            name=f"gaps_{'ab'[k]}",
        )  # fmt: skip
        counts.append(style.numbers(sheet, count, 0, size=10))
        gaps.append(style.numbers(sheet, gap, 0, size=10))
    for column, text in [(10, "axes"), (11, "gaps")]:
        style.label(sheet, 4, column, text, centre=True)

    def step(row: int, what: str, formula: Formula) -> list[Area]:
        """The next form of both shapes; formula takes the shape's number and the axis."""
        areas = []
        for k in range(2):
            area = write_formulas(
                sheet, f"D{row + k}", lambda _, j, k=k: formula(k, j), (1, AXES), name=f"shape_{'ab'[k]}_{what}"
            )
            areas.append(style.numbers(sheet, area, "axis", size=11))
            style.label(sheet, row + k, 3, f"shape {'AB'[k]}", bold=True)
        return areas

    def align(k: int, j: int) -> str:
        before = f"({AXES}-{counts[k].fixed})"  # empty places on the left
        return f"=IF({j + 1}>{before},INDEX({typed[k].fixed},1,{j + 1}-{before}),0)"

    aligned = step(13, "aligned", align)
    filled = step(
        17, "filled",
        lambda k, j: f"=IF(AND({at(aligned[k], 0, j)}=0,{at(aligned[1 - k], 0, j)}>0),1,{at(aligned[k], 0, j)})",
    )  # fmt: skip
    _compare(sheet, aligned, filled, gaps)
    widths = {"A": 56, "B": 2.5, "C": 17, "I": 3} | dict.fromkeys("DEFGH", 13.0) | dict.fromkeys("JK", 7.0)
    style.page(sheet, "Do two shapes fit?", SUBTITLE, widths=widths, frozen="A4", last="K")
    sheet.page_setup.fitToHeight = 1


def _compare(sheet: Worksheet, aligned: list[Area], filled: list[Area], gaps: list[Area]) -> None:
    """Axis by axis: what happens to it, and the result; then the verdict in words."""

    def result(_: int, j: int) -> str:
        a, b = at(filled[0], 0, j), at(filled[1], 0, j)
        return f"=IF({a}={b},{a},IF({a}=1,{b},IF({b}=1,{a},{REFUSED})))"

    def reason(_: int, j: int) -> str:
        a, b = at(filled[0], 0, j), at(filled[1], 0, j)
        text = f'IF({a}={b},"equal",IF({a}=1,"A is stretched",IF({b}=1,"B is stretched","refused")))'
        return f'=IF({a}+{b}=0,"",{text})'

    found = style.numbers(sheet, write_formulas(sheet, "D22", result, (1, AXES), name="shape_result"), "axis", size=11)
    reasons = style.numbers(sheet, write_formulas(sheet, "D21", reason, (1, AXES), name="shape_reasons"), 0, size=9)
    for row, text in [(21, "each axis"), (22, "the result"), (23, "numbers in it"), (24, "in words")]:
        style.label(sheet, row, 3, text, bold=True)
    for colour, text in [(style.ORANGE, "refused"), (style.YELLOW, "A is stretched"), (style.YELLOW, "B is stretched")]:
        style.when_equal(sheet, reasons, text, colour)
    style.when_below(sheet, found, "0", style.ORANGE)
    fits = f"AND(MIN({found.range})>=0,{gaps[0].range}+{gaps[1].range}=0)"
    lengths = "*".join(f"IF({at(found, 0, j)}=0,1,{at(found, 0, j)})" for j in range(AXES))
    size = write_formulas(sheet, "D23", [[f"=IF({fits},{lengths},0)"]], name="shape_size")
    style.numbers(sheet, size, 0, size=11)

    last = at(found, 0, AXES - 1)
    shown = "&".join(f'IF({at(found, 0, j)}=0,"",{at(found, 0, j)}&" × ")' for j in range(AXES - 1))
    fitting = f'IF({last}=0,"They fit: two single numbers.","They fit: "&{shown}&{last}&".")'
    refused = '""'
    for j in range(AXES):  # the rightmost one is named, since shapes are compared from the right
        a, b = at(filled[0], 0, j), at(filled[1], 0, j)
        words = f'"Refused: "&{a}&" and "&{b}&" differ, and neither is 1. It is axis -{AXES - j}."'
        refused = f"IF({at(found, 0, j)}<0,{words},{refused})"
    gap = '"Type the lengths from the left, without a gap."'
    verdict = f"=IF({gaps[0].range}+{gaps[1].range}>0,{gap},IF(MIN({found.range})<0,{refused},{fitting}))"
    area = style.numbers(sheet, write_formulas(sheet, "D24", [[verdict]], name="shape_verdict"), 0, size=11)
    sheet.merge_cells(area.window(0, 0, (1, AXES)).range)


def _columns(sheet: Worksheet) -> None:
    notes = [(4, "table", 9), (15, "centred", 5), (25, "normal", 7), (37, "other axis", 7)]
    for row, block, rows in notes:
        style.note(sheet, row, *BROADCASTING[block], rows=rows)
    shape = (len(FLOWERS), len(FLOWERS[0]))
    table = _given(sheet, 6, 0, "table, shape (6, 3)", FLOWERS, "table", 1)

    def measure(of: Area, row: int, name: str) -> tuple[Area, Area]:
        """The means and the standard deviations of the columns, a row each."""
        column = [of.window(0, j, (shape[0], 1)).range for j in range(shape[1])]
        mean = write_formulas(sheet, address(row, of.left), [[f"=AVERAGE({c})" for c in column]], name=f"{name}_mean")
        squares = [f"=SQRT(SUMPRODUCT(({c}-{at(mean, 0, j)})^2)/{shape[0]})" for j, c in enumerate(column)]
        deviation = write_formulas(sheet, address(row + 1, of.left), [squares], name=f"{name}_std")
        for area, text in [(mean, "mean"), (deviation, "standard deviation")]:
            style.numbers(sheet, area, 3, size=10)
            style.label(sheet, area.top, area.right + 1, f" {text}")
        return mean, deviation

    mean, deviation = measure(table, 13, "table")

    def over_rows(row: int, source: Area, by: Area, heading: str, sign: str, name: str) -> Area:
        """Both operands, the row stretched, and the result."""
        wide = _found(
            sheet, row, 1, "the row, stretched", _stretched(by), shape, f"{name}_stretched", decimals=3, kind="copy"
        )
        return _found(sheet, row, 2, heading, _both(source, wide, sign), shape, name, decimals=3)

    centred = over_rows(17, table, mean, "table - means", "-", "table_centred")
    normal = over_rows(27, centred, deviation, "divided by deviations", "/", "table_normal")
    measure(normal, 34, "table_normal")

    row_means = _found(
        sheet, 39, 0, "mean of each row, (6, 1)",
        lambda i, _: f"=AVERAGE({row_of(table, i)})", (shape[0], 1), "table_row_mean", decimals=3,
    )  # fmt: skip
    wide = _found(
        sheet, 39, 1, "the column, stretched", _stretched(row_means), shape, "table_row_stretched", decimals=3,
        kind="copy",
    )  # fmt: skip
    rows = _found(sheet, 39, 2, "table - means", _both(table, wide, "-"), shape, "table_row_centred", decimals=3)
    style.heat(sheet, [centred, rows], 40)
    style.heat(sheet, [normal], 2)
    _page(sheet, "Normalising columns", 19, 8.5)


def _product(sheet: Worksheet) -> None:
    notes = [(4, "matrix vector", 5), (11, "matrix matrix", 6), (19, "more rows", 9), (33, "product", 3)]
    for row, block, rows in notes:
        style.note(sheet, row, *BROADCASTING[block], rows=rows)
    matrix = _given(sheet, 6, 0, "matrix, shape (3, 4)", LEFT, "mv_matrix")
    vector = _given(sheet, 6, 1, "vector, shape (4)", VECTOR, "mv_vector")
    products = _found(
        sheet, 6, 2, "matrix × vector, stretched", lambda i, j: f"={at(matrix, i, j)}*{at(vector, 0, j)}", (3, 4),
        "mv_products",
    )  # fmt: skip
    result = _found(sheet, 6, 3, "sum of each row", lambda i, _: f"=SUM({row_of(products, i)})", (3, 1), "mv_result")

    left = _given(sheet, 13, 0, "left, shape (3, 4)", LEFT, "mm_left")
    right = _given(sheet, 13, 1, "right, shape (4, 2)", RIGHT, "mm_right")
    found: dict[str, list[Area]] = {}
    for k in range(3):
        row = 13 + 7 * k
        column = _found(
            sheet, row, 2, f"row {k + 1} of left, as a column", lambda i, _, k=k: f"={at(left, k, i)}", (4, 1)
        )
        wide = write_formulas(sheet, address(row, PLACES[2] + 2), _stretched(column), (4, 2))
        style.numbers(sheet, wide, 0, kind="copy", size=10)
        cube = _found(sheet, row, 3, "times right", _both(wide, right, "*"), (4, 2))
        sums = [[f"=SUM({cube.window(0, j, (4, 1)).range})" for j in range(2)]]
        total = style.numbers(sheet, write_formulas(sheet, address(row + 4, PLACES[3]), sums), 0, size=10)
        style.label(sheet, row + 4, PLACES[3] + 2, " sums", bold=True)
        style.frame(sheet, total)
        for name, area in [("columns", column), ("stretched", wide), ("products", cube), ("sums", total)]:
            found.setdefault(f"mm_{name}", []).append(area)
    for name, areas in found.items():
        define_name(sheet.parent, name, areas)
    sums = found["mm_sums"]
    outcome = _found(
        sheet, 34, 3, "left @ right, shape (3, 2)", lambda i, j: f"={at(sums[i], 0, j)}", (3, 2), "mm_result"
    )  # fmt: skip
    style.heat(sheet, [products, result, outcome, *found["mm_products"], *sums], 12)
    _page(sheet, "A matrix product from broadcasting", 24)
