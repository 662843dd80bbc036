"""What stands in a workbook: its numbers as tensors, and its formulas."""

from pathlib import Path

from torch import Tensor

from .areas import Area, Cell, find, gather, load


def read(path: Path | str, reference: str) -> Tensor:
    """Read numbers of a workbook, as they were when it was last recalculated.

    Args:
        path: an .xlsx file.
        reference: a name that it defines ("conv1_weight"), or an address ("by hand!B4:F9").

    Returns:
        float64: 0-d for one cell, 1-d for one row or one column, otherwise (rows, columns). A name for several
        rectangles gives them stacked on a new first axis.

    Raises:
        FileNotFoundError: no such workbook.
        ValueError: no such name or address, or a cell that is empty, holds text or was not yet calculated.

    Used in lesson 02.
    """
    book = load(path)

    def number(cell: Cell) -> float:
        value = _value(book, cell)
        if isinstance(value, (int, float)):
            return float(value)
        found = "is empty" if value is None else f"holds the text {value!r}" if isinstance(value, str) else repr(value)
        advice = "where a number was expected"
        if value is None and _value(load(path, formulas=True), cell) is not None:
            found, advice = "has a formula that was not yet calculated", "recalculate with: make excel"
        raise ValueError(f"{Path(path).name}, {Area(*cell, *cell[1:])} {found}; {advice}")

    return gather(find(book, reference), number)


def _value(book: object, cell: Cell) -> object:
    sheet, row, column = cell
    return book[sheet].cell(row, column).value


def formulas_in(path: Path | str) -> dict[str, str]:
    """Every formula of a workbook by its address: {"by hand!B4": "=MAX(0,C4)", ...}.

    Raises:
        FileNotFoundError: no such workbook.

    Used in lesson 02.
    """
    sheets = load(path, formulas=True).worksheets
    cells = (cell for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.data_type == "f")
    return {f"{cell.parent.title}!{cell.coordinate}": cell.value for cell in cells}
