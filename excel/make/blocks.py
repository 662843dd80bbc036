"""What sheets are put together from: blocks of inputs or results under a heading, names of rows, rules for inputs."""

from collections.abc import Callable, Sequence

from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from . import style
from .cells import Area, address, write, write_formulas

SUBTITLE = "Change a yellow number, and watch what follows. White numbers are formulas."
Formula = Callable[[int, int], str]  # of row and column in the block, counted from 0


def page(sheet: Worksheet, title: str, last: str, *, notes: float = 56, columns: str = "CDEFGHIJ") -> None:
    """Title, subtitle and widths of a sheet with notes in column A; printed up to column `last` on one page."""
    widths = {"A": notes, "B": 2.5} | dict.fromkeys(columns, 11.0)
    style.page(sheet, title, SUBTITLE, widths=widths, frozen="A4", last=last)
    sheet.page_setup.fitToHeight = 1


def inputs(
    sheet: Worksheet, cell: str, heading: str, values: Sequence | float, name: str | None, decimals: int | str = 1
) -> Area:
    """A block of inputs with a heading above it."""
    area = style.numbers(sheet, write(sheet, cell, values, name=name), decimals, kind="input", size=10)
    style.label(sheet, area.top - 1, area.left, heading, bold=True)
    return area


def setting(sheet: Worksheet, cells: str, text: str, cell: str, value: float, name: str, decimals: int) -> Area:
    """One input in row 3, which stays in view, with words before it."""
    style.sentence(sheet, cells, text)
    sheet.row_dimensions[3].height = 22
    return style.numbers(sheet, write(sheet, cell, value, name=name), decimals, kind="input", size=12)


def results(
    sheet: Worksheet,
    cell: str,
    heading: str,
    formula: Formula,
    shape: tuple[int, int] = (1, 1),
    name: str | None = None,
    decimals: int | str = 4,
) -> Area:
    """A block of formulas with a heading above it."""
    area = style.numbers(sheet, write_formulas(sheet, cell, formula, shape, name=name), decimals, size=10)
    style.label(sheet, area.top - 1, area.left, heading, bold=True)
    return area


def total_under(sheet: Worksheet, area: Area, function: str, name: str | None = None) -> Area:
    """One formula under a column: its sum, mean or maximum."""
    cell = address(area.bottom + 1, area.left)
    return style.numbers(sheet, write_formulas(sheet, cell, [[f"={function}({area.range})"]], name=name), 4, size=10)


def at(area: Area, row: int, column: int = 0) -> str:
    """The address of one cell of an area, counted from 0."""
    return area.window(row, column, (1, 1)).range


def row_of(area: Area, row: int) -> str:
    """The range of one row of an area, counted from 0."""
    return area.window(row, 0, (1, area.shape[1])).range


def stacked(values: Sequence[float]) -> list[list[float]]:
    """Numbers under each other."""
    return [[value] for value in values]


def row_names(sheet: Worksheet, top: int, names: Sequence[str], *more: str, left: int = 3) -> None:
    """Names of rows, in column C unless told otherwise."""
    for offset, text in enumerate([*names, *more]):
        style.label(sheet, top + offset, left, text)


def validate(sheet: Worksheet, area: Area, kind: str, operator: str, low: str, high: str | None, message: str) -> None:
    """Let the reader type only what a rule allows; otherwise a message says what."""
    rule = DataValidation(type=kind, operator=operator, formula1=low, formula2=high, allow_blank=False)
    rule.errorTitle, rule.error, rule.showErrorMessage = "Not possible here", message, True
    rule.add(area.range)
    sheet.add_data_validation(rule)
