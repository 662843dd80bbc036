"""What stands where in a workbook: rectangles of cells, the names that stand for them, numbers, formulas."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...datasets import nearest

Cell = tuple[str, int, int]  # sheet, row, column; rows and columns count from 1, as on the sheet


@dataclass(frozen=True)
class Area:
    """One rectangle of cells: its sheet, and its first and last row and column, counted from 1."""

    sheet: str
    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.bottom - self.top + 1, self.right - self.left + 1

    @property
    def rows(self) -> list[list[Cell]]:
        """The cells, row by row."""
        columns = range(self.left, self.right + 1)
        return [[(self.sheet, row, column) for column in columns] for row in range(self.top, self.bottom + 1)]

    @property
    def range(self) -> str:
        """The address without its sheet: "B4:F9", or "B4" for one cell."""
        first, last = address(self.top, self.left), address(self.bottom, self.right)
        return first if first == last else f"{first}:{last}"

    def __str__(self) -> str:
        """The address as `read` and `show` take it: by hand!B4:F9."""
        return f"{self.sheet}!{self.range}"


def address(row: int, column: int) -> str:
    """The address of a cell, both counted from 1: (4, 2) is "B4"."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column)}{row}"


def load(path: Path | str, *, formulas: bool = False) -> Any:
    """Open a workbook for reading; opened again unchanged, it costs nothing.

    Args:
        path: an .xlsx file.
        formulas: True for the formulas as text; False for the values that they had when last recalculated.

    Returns:
        An openpyxl workbook, shared between calls: do not change it.

    Raises:
        FileNotFoundError: no such file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no workbook {path}; build the course's own with: make excel")
    return _load(path.resolve(), path.stat().st_mtime_ns, path.stat().st_size, formulas)


@lru_cache(maxsize=8)
def _load(path: Path, modified: int, size: int, formulas: bool) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():  # openpyxl says which decorations it does not read; nothing here needs them
        warnings.simplefilter("ignore", UserWarning)
        return load_workbook(path, data_only=not formulas)


def find(book: Any, reference: str) -> list[Area]:
    """The rectangles that a reference stands for.

    Args:
        book: an openpyxl workbook.
        reference: a name that the workbook defines ("conv1"), or an address ("by hand!B4:F9").

    Returns:
        One area for an address, one or more for a name, in the order of the name's definition.

    Raises:
        ValueError: no such name or sheet, with the nearest ones that exist, or an address that is none.
    """
    if "!" in reference:
        return [_parse(book, *reference.rsplit("!", 1))]
    if reference not in book.defined_names:
        advice = f"{nearest(reference, book.defined_names)} An address has a sheet: 'by hand!B4:F9'."
        raise ValueError(f"the workbook has no name {reference!r}. {advice}")
    parts = book.defined_names[reference].destinations  # a quote in a sheet's name is still doubled there
    areas = [_parse(book, sheet.replace("''", "'"), cells) for sheet, cells in parts]
    if len({area.shape for area in areas}) != 1:
        found = ", ".join(map(str, areas))
        raise ValueError(f"the name {reference!r} does not stand for rectangles of one shape: {found}")
    return areas


def _parse(book: Any, sheet: str, cells: str) -> Area:
    from openpyxl.utils import range_boundaries

    if sheet[:1] == sheet[-1:] == "'":
        sheet = sheet[1:-1].replace("''", "'")
    if sheet not in book.sheetnames:
        raise ValueError(f"the workbook has no sheet {sheet!r}. {nearest(sheet, book.sheetnames)}")
    if not re.fullmatch(r"\$?[A-Z]{1,3}\$?[1-9]\d*(:\$?[A-Z]{1,3}\$?[1-9]\d*)?", cells):
        raise ValueError(f"{cells!r} is not an address; write one cell as 'B4', a rectangle as 'B4:F9'")
    left, top, right, bottom = range_boundaries(cells)
    (left, right), (top, bottom) = sorted((left, right)), sorted((top, bottom))  # B9:B4 is B4:B9
    return Area(sheet, top, left, bottom, right)


def gather(areas: list[Area], number: Callable[[Cell], float]) -> Tensor:
    """The numbers of the areas' cells, float64.

    Returns:
        0-d for one cell, 1-d for one row or one column, otherwise (rows, columns); several areas are stacked on a new
        first axis.
    """
    shape = [len(areas)] * (len(areas) > 1) + [length for length in areas[0].shape if length > 1]
    numbers = [number(cell) for area in areas for row in area.rows for cell in row]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


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


def _value(book: Any, cell: Cell) -> Any:
    return book[cell[0]].cell(*cell[1:]).value


def formulas_in(path: Path | str) -> dict[str, str]:
    """Every formula of a workbook by its address: {"by hand!B4": "=MAX(0,C4)", ...}.

    Raises:
        FileNotFoundError: no such workbook.

    Used in lesson 02.
    """
    sheets = load(path, formulas=True).worksheets
    cells = (cell for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.data_type == "f")
    return {f"{cell.parent.title}!{cell.coordinate}": cell.value for cell in cells}
