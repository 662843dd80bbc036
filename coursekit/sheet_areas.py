"""Where things are in a workbook: rectangles of cells, and the names that stand for them."""

import difflib
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

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

    @property
    def fixed(self) -> str:
        """The address that stays as it is when a formula is copied: $B$4:$F$9."""
        return re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", self.range)

    @property
    def absolute(self) -> str:
        """The address that means the same on every sheet: 'by hand'!$B$4:$F$9."""
        quoted = self.sheet.replace("'", "''")
        return f"'{quoted}'!{self.fixed}"

    def window(self, row: int, column: int, shape: tuple[int, int]) -> "Area":
        """The rectangle of this (rows, columns) whose first cell is at (row, column) of this one, counted from 0."""
        top, left = self.top + row, self.left + column
        return Area(self.sheet, top, left, top + shape[0] - 1, left + shape[1] - 1)

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
    stat = path.stat()
    return _load(path.resolve(), stat.st_mtime_ns, stat.st_size, formulas)


@lru_cache(maxsize=4)
def _load(path: Path, modified: int, size: int, formulas: bool) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():  # openpyxl says which decorations it does not read; nothing here needs them
        warnings.simplefilter("ignore", UserWarning)
        return load_workbook(path, data_only=not formulas)


def find(book: Any, place: str) -> list[Area]:
    """The rectangles that a place stands for.

    Args:
        book: an openpyxl workbook.
        place: a name that the workbook defines ("conv1"), or an address ("by hand!B4:F9").

    Returns:
        One area for an address, one or more for a name, in the order of the name's definition.

    Raises:
        ValueError: no such name or sheet, with the nearest ones that exist, or an address that is none.
    """
    if "!" in place:
        return [_parse(book, *place.rsplit("!", 1))]
    if place not in book.defined_names:
        raise ValueError(
            f"the workbook has no name {place!r}. {_nearest(place, list(book.defined_names))} "
            "An address has a sheet: 'by hand!B4:F9'."
        )
    parts = book.defined_names[place].destinations  # a quote in a sheet's name is still doubled there
    areas = [_parse(book, sheet.replace("''", "'"), cells) for sheet, cells in parts]
    if len({area.shape for area in areas}) != 1:
        raise ValueError(f"the name {place!r} does not stand for rectangles of one shape: {[str(a) for a in areas]}")
    return areas


def _parse(book: Any, sheet: str, cells: str) -> Area:
    from openpyxl.utils import range_boundaries

    if sheet[:1] == sheet[-1:] == "'":
        sheet = sheet[1:-1].replace("''", "'")
    if sheet not in book.sheetnames:
        raise ValueError(f"the workbook has no sheet {sheet!r}. {_nearest(sheet, book.sheetnames)}")
    if not re.fullmatch(r"\$?[A-Z]{1,3}\$?[1-9]\d*(:\$?[A-Z]{1,3}\$?[1-9]\d*)?", cells):
        raise ValueError(f"{cells!r} is not an address; write one cell as 'B4', a rectangle as 'B4:F9'")
    left, top, right, bottom = range_boundaries(cells)
    return Area(sheet, top, left, bottom, right)


def _nearest(wrong: str, known: list[str]) -> str:
    close = difflib.get_close_matches(wrong, known, cutoff=0.5)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else f"It has: {', '.join(known)}."


def gather(areas: list[Area], number: Callable[[Cell], float]) -> Tensor:
    """The numbers of the areas' cells, float64.

    Returns:
        0-d for one cell, 1-d for one row or one column, otherwise (rows, columns); several areas are stacked on a new
        first axis.
    """
    shape = [len(areas)] * (len(areas) > 1) + [length for length in areas[0].shape if length > 1]
    numbers = [number(cell) for area in areas for row in area.rows for cell in row]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)
