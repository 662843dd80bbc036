"""What stands where in a workbook: rectangles of cells, the names that stand for them, numbers, formulas."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache, lru_cache
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import torch
from torch import Tensor

from ...datasets import nearest
from .functions import FormulaError, Value

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


class Formula(NamedTuple):
    """A formula's text, the cells that show its results (several for an array formula only), and its kind."""

    text: str
    area: Area
    is_array: bool

    @property
    def address(self) -> str:
        """Of its first cell, where it is written."""
        return f"{self.area.sheet}!{address(self.area.top, self.area.left)}"

    def __str__(self) -> str:
        """As a spreadsheet shows it: an array formula in braces."""
        return f"{{{self.text}}}" if self.is_array else self.text


def address(row: int, column: int) -> str:
    """The address of a cell, both counted from 1: (4, 2) is "B4"."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column)}{row}"


_CELL = r"\$?([A-Z]{1,2}|[A-W][A-Z]{2}|X[A-E][A-Z]|XF[A-D])\$?[1-9]\d{0,6}"  # XFD is the last column


def is_address(text: str) -> bool:
    """Whether a spreadsheet takes this for cells ("B4", "$B$4:f9"), and so never for a name."""
    return bool(re.fullmatch(f"{_CELL}(:{_CELL})?", text.upper()))


def load(path: Path | str, *, formulas: bool = False) -> Any:
    """Open a workbook for reading; opened again unchanged, it costs nothing.

    Args:
        path: an .xlsx file.
        formulas: True for the formulas as text; False for the values that they had when last recalculated.

    Returns:
        An openpyxl workbook, shared between calls: do not change it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no workbook that openpyxl can read.

    Warns:
        UserWarning: a part (a pivot table, a chart, ...) is beyond openpyxl, and left out; or a number that a cell's
            format makes a date is none.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no workbook {path}; build the course's own with: make excel")
    return _load(path.resolve(), path.stat().st_mtime_ns, path.stat().st_size, formulas)


@lru_cache(maxsize=8)
def _load(path: Path, modified: int, size: int, formulas: bool) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", UserWarning)
        try:
            book = load_workbook(path, data_only=not formulas)
        except Exception as error:  # of any kind, from deep inside openpyxl
            try:
                book = load_workbook(_cells_only(path), data_only=not formulas, keep_links=False)
            except Exception:
                raise ValueError(f"{path.name} is no workbook that openpyxl can read: {error}; save as .xlsx") from None
            warnings.warn(f"only cells and names are read; openpyxl fails at others: {error!r:.300}", stacklevel=1)
    for words in [str(warning.message) for warning in said]:  # most are about decorations, which nothing here needs
        if re.search("only cells and names|Unable to read|marked as a date|cannot be located", words):
            warnings.warn(f"{path.name}: {words}", stacklevel=4)
    return book


def _cells_only(path: Path) -> BytesIO:
    """A copy of a workbook without formats, charts, pivot tables and whatever else may stand around cells and names."""
    with ZipFile(path) as whole, ZipFile(bare := BytesIO(), "w") as copy:
        for name in whole.namelist():
            part = whole.read(name)
            if "/worksheets/" in name:
                around = rb"(?s)(<worksheet\b[^>]*>).*?(<sheetData\b(?:[^>]*/>|.*</sheetData>)).*(</worksheet>)"
                part = re.sub(rb'(<c\b[^>]*) s="\d+"', rb"\1", re.sub(around, rb"\1\2\3", part))
            if not re.search("sheets/_rels/|docProps/|xl/theme|xl/styles", name):
                copy.writestr(name, re.sub(rb"(?s)<pivotCaches.*</pivotCaches>", b"", part))
    return bare


def contents(cell: Any) -> Value:
    """What a cell of openpyxl holds that has no formula; a date or a time as the number that stands for it."""
    from openpyxl.utils.datetime import to_excel

    value = cell.value
    if cell.data_type == "e":
        return FormulaError(value, f"{cell.parent.title}!{cell.coordinate}")
    if isinstance(value, (date, time, timedelta)):
        value = to_excel(value, cell.parent.parent.epoch)
    return float(value) if type(value) is int else value


def find(book: Any, reference: str) -> list[Area]:
    """The rectangles that a reference stands for.

    Args:
        book: an openpyxl workbook.
        reference: a name that the workbook defines ("conv1") or one of its sheets ("by hand!conv1"), or an address
            ("by hand!B4:F9").

    Returns:
        One area for an address, one or more for a name, in the order of the name's definition.

    Raises:
        ValueError: no such name or sheet, with the nearest ones that exist, or an address that is none.
    """
    sheet, mark, name = reference.rpartition("!")
    names = book[title_of(book, sheet)].defined_names if mark else book.defined_names
    if mark and (name not in names or is_address(name)):
        return [area_at(title_of(book, sheet), name)]
    if name not in names:
        advice = f"{nearest(reference, names)} An address has a sheet: 'by hand!B4:F9'."
        raise ValueError(f"the workbook has no name {reference!r}. {advice}")
    parts = names[name].destinations  # a quote in a sheet's name is still doubled there
    areas = [area_at(title_of(book, sheet.replace("''", "'")), cells) for sheet, cells in parts]
    if len({area.shape for area in areas}) != 1:
        found = ", ".join(map(str, areas)) or names[name].attr_text
        raise ValueError(f"the name {reference!r} does not stand for rectangles of one shape: {found}")
    return areas


def title_of(book: Any, sheet: str) -> str:
    """The title of a sheet that may be quoted, as in a formula."""
    if sheet[:1] == sheet[-1:] == "'":
        sheet = sheet[1:-1].replace("''", "'")
    titles = [sheet.title for sheet in book]
    if sheet not in titles:
        raise ValueError(f"the workbook has no sheet {sheet!r}. {nearest(sheet, titles)}")
    return sheet


@cache
def area_at(sheet: str, cells: str) -> Area:
    """The rectangle at an address on a sheet; B9:B4 is B4:B9."""
    from openpyxl.utils import range_boundaries

    if not is_address(cells):
        raise ValueError(f"{cells!r} is not an address; write one cell as 'B4', a rectangle as 'B4:F9'")
    left, top, right, bottom = range_boundaries(cells)
    return Area(sheet, min(top, bottom), min(left, right), max(top, bottom), max(left, right))


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
        value = contents(book[cell[0]].cell(*cell[1:]))
        if isinstance(value, (int, float)):
            return float(value)
        found = "is empty" if value is None else f"holds the text {value!r}"
        if isinstance(value, FormulaError):
            found = f"shows {value.code}"
        advice = "where a number was expected"
        if value is None and cell in formulas_of(load(path, formulas=True)):
            found, advice = "has a formula that was not yet calculated", "recalculate with: make excel"
        raise ValueError(f"{Path(path).name}, {Area(*cell, *cell[1:])} {found}; {advice}")

    return gather(find(book, reference), number)


def formulas_of(book: Any) -> dict[Cell, Formula]:
    """The formula of each cell that shows a result; all cells that an array formula fills have that one formula."""
    found = {}
    for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
        text, is_array = cell.value, not isinstance(cell.value, str)
        area = area_at(cell.parent.title, text.ref if is_array else cell.coordinate)
        if is_array:
            text = text.text if hasattr(text, "text") else f"=TABLE({text.r1},{text.r2})"  # so Excel shows What-If
        found |= dict.fromkeys(chain(*area.rows), Formula(text, area, is_array))
    return found


def formulas_in(path: Path | str) -> dict[str, str]:
    """Every formula of a workbook by its address: {"by hand!B4": "=MAX(0,C4)", ...}.

    An array formula stands once, at the first of the cells that it fills.

    Raises:
        FileNotFoundError: no such workbook.

    Used in lesson 02.
    """
    return {formula.address: formula.text for formula in formulas_of(load(path, formulas=True)).values()}
