"""Tensors and formulas into worksheets, under names."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from coursekit.classroom import sheets
from coursekit.classroom.sheets import address
from coursekit.classroom.sheets.reading import is_address

__all__ = ["Area", "address", "define_name", "named", "write", "write_formulas"]


class Area(sheets.Area):
    """One rectangle of cells, with what a formula needs to point at it."""

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


def named(book: Any, name: str) -> Area:
    """The first area that a name of the workbook stands for."""
    area = sheets.find(book, name)[0]
    return Area(area.sheet, area.top, area.left, area.bottom, area.right)


def write(sheet: Any, top_left: str, values: Tensor | Sequence | float, *, name: str | None = None) -> Area:
    """Write numbers into a worksheet.

    Args:
        sheet: an openpyxl worksheet.
        top_left: address of the first cell, "B4".
        values: 0-d (one cell), 1-d (one row) or 2-d, any dtype of real numbers. A float32 is written as the shortest
            decimal that is still the same float32: 0.1, not 0.10000000149.
        name: a name to define for what was written.

    Returns:
        The area written.

    Raises:
        ValueError: more than two axes, no elements, a number that is not finite, or a name that is taken.
    """
    tensor = torch.as_tensor(values).detach().cpu()
    if tensor.ndim > 2 or not tensor.numel():
        raise ValueError(f"a rectangle of cells has rows and columns; the shape {tuple(tensor.shape)} is not one")
    if not tensor.isfinite().all():
        raise ValueError("a cell holds neither infinity nor nan, and the values have one")
    if tensor.dtype == torch.bool:
        tensor = tensor.int()
    if tensor.is_floating_point() and tensor.dtype != torch.float64:
        tensor = torch.from_numpy(tensor.float().numpy().astype(str).astype("float64"))
    return _fill(sheet, top_left, torch.atleast_2d(tensor).tolist(), name)


def write_formulas(
    sheet: Any,
    top_left: str,
    formulas: Sequence[Sequence[str]] | Callable[[int, int], str],
    shape: tuple[int, int] | None = None,
    *,
    name: str | None = None,
) -> Area:
    """Write formulas into a worksheet.

    Args:
        sheet: an openpyxl worksheet.
        top_left: address of the first cell, "B4".
        formulas: rows of strings that start with "="; or a function of (row, column), counted from 0, with `shape`.
        shape: (rows, columns), for a function.
        name: a name to define for what was written.

    Returns:
        The area written.

    Raises:
        ValueError: a string that is no formula, rows of unequal length, a function without shape, a name that is taken.
    """
    if callable(formulas):
        if shape is None:
            raise ValueError("give shape=(rows, columns) with a function of (row, column)")
        formulas = [[formulas(row, column) for column in range(shape[1])] for row in range(shape[0])]
    if len({len(row) for row in formulas}) != 1 or not formulas[0]:
        raise ValueError(f"rows of formulas must have one length; these have {[len(row) for row in formulas]}")
    for text in (text for row in formulas for text in row):
        if not str(text).startswith("="):
            raise ValueError(f"a formula is a string that starts with '=', and {text!r} is not")
    return _fill(sheet, top_left, formulas, name)


def _fill(sheet: Any, top_left: str, rows: Sequence[Sequence], name: str | None) -> Area:
    first = sheet[top_left]
    last = first.offset(len(rows) - 1, len(rows[0]) - 1)
    area = Area(sheet.title, first.row, first.column, last.row, last.column)
    if name:
        define_name(sheet.parent, name, [area])
    for row, values in enumerate(rows, first.row):
        for column, value in enumerate(values, first.column):
            sheet.cell(row, column).value = value
    return area


def define_name(book: Any, name: str, areas: Sequence[Area]) -> None:
    """Define a name for one or more areas of one shape, in the order in which `sheets.read` will stack them.

    Raises:
        ValueError: the name is taken (capitals make no difference), the areas' shapes differ, or a spreadsheet would
            not take it for a name, but for an address or an expression.
    """
    from openpyxl.workbook.defined_name import DefinedName

    if is_address(name) or re.fullmatch(r"[Rr][0-9]*[Cc][0-9]*|[RrCc][0-9]*", name):
        raise ValueError(f"a spreadsheet takes {name!r} for the address of a cell: choose another name")
    if not re.fullmatch(r"[^\W\d][\w.]*", name) or name.lower() in ("true", "false"):
        raise ValueError(f"{name!r} is no name: it starts with a letter or _, and has letters, digits, _ and . only")
    if taken := next((known for known in book.defined_names if known.lower() == name.lower()), None):
        raise ValueError(f"the name {taken!r} already stands for {book.defined_names[taken].attr_text}")
    if len({area.shape for area in areas}) != 1:
        raise ValueError(f"one name, one shape; {name!r} was given {sorted({area.shape for area in areas})}")
    book.defined_names[name] = DefinedName(name, attr_text=",".join(area.absolute for area in areas))
