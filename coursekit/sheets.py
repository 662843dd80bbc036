"""Tensors to worksheet cells and formulas, and back.

A *place* in a workbook is a name that it defines ("conv1_weight") or an address ("by hand!B4:F9"). A name may stand for
several rectangles of one shape, so a stack of feature maps, spread over a sheet to be seen, is still one name.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .sheet_areas import Area, Cell, address, find, gather, load
from .sheet_eval import calculate
from .sheet_view import show

__all__ = ["Area", "address", "calculate", "define_name", "find", "formulas_in", "load", "read", "recalculate", "show",
           "write", "write_formulas"]  # fmt: skip

# LibreOffice trusts the values that a file carries, unless told to work them out again (0 is "always").
_ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""


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
    """Define a name for one or more areas of one shape, in the order in which `read` will stack them.

    Raises:
        ValueError: the name is taken, or the areas' shapes differ.
    """
    from openpyxl.workbook.defined_name import DefinedName

    if name in book.defined_names:
        raise ValueError(f"the name {name!r} already stands for {book.defined_names[name].attr_text}")
    if len({area.shape for area in areas}) != 1:
        raise ValueError(f"one name, one shape; {name!r} was given {sorted({area.shape for area in areas})}")
    book.defined_names[name] = DefinedName(name, attr_text=",".join(area.absolute for area in areas))


def read(path: Path | str, place: str) -> Tensor:
    """Read the numbers at a place of a workbook, as they were when it was last recalculated.

    Args:
        path: an .xlsx file.
        place: a name that it defines ("conv1_weight"), or an address ("by hand!B4:F9").

    Returns:
        float64: 0-d for one cell, 1-d for one row or one column, otherwise (rows, columns). A name for several
        rectangles gives them stacked on a new first axis.

    Raises:
        FileNotFoundError: no such workbook.
        ValueError: no such place, or a cell of it that is empty, holds text or was not yet calculated.

    Used in lesson 02.
    """
    book = load(path)

    def number(cell: Cell) -> float:
        sheet, row, column = cell
        value = book[sheet].cell(row, column).value
        where = f"{Path(path).name}, {Area(sheet, row, column, row, column)}"
        if value is None and load(path, formulas=True)[sheet].cell(row, column).value is not None:
            raise ValueError(f"{where} has a formula that was not yet calculated; recalculate with: make excel")
        if value is None:
            raise ValueError(f"{where} is empty, where a number was expected")
        if isinstance(value, str):
            raise ValueError(f"{where} holds the text {value!r}, where a number was expected")
        return float(value)

    return gather(find(book, place), number)


def formulas_in(path: Path | str) -> dict[str, str]:
    """Every formula of a workbook by its address: {"by hand!B4": "=MAX(0,C4)", ...}.

    Raises:
        FileNotFoundError: no such workbook.

    Used in lesson 02.
    """
    sheets = load(path, formulas=True).worksheets
    cells = (cell for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.data_type == "f")
    return {f"{cell.parent.title}!{cell.coordinate}": cell.value for cell in cells}


def recalculate(*paths: Path | str) -> None:
    """Work out every formula of the workbooks anew with LibreOffice, and save the values in them.

    Each file is replaced in one step, after all have been converted: a failure leaves them as they were.

    Raises:
        FileNotFoundError: no such workbook, or LibreOffice is not installed.
        RuntimeError: LibreOffice failed; with what it said.
    """
    for path in paths:
        if not Path(path).exists():
            raise FileNotFoundError(f"there is no workbook {path} to recalculate")
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        raise FileNotFoundError(
            "recalculating a workbook needs LibreOffice, and there is no soffice on the PATH. Install it: "
            "apt-get install libreoffice-calc (Debian, Ubuntu), brew install --cask libreoffice (macOS)"
        )
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / f"{number}.xlsx" for number in range(len(paths))]  # their own names may coincide
        for path, copy in zip(paths, copies, strict=True):
            shutil.copyfile(path, copy)
        converted = _convert(soffice, copies, Path(folder))
        for path, result in zip(paths, converted, strict=True):
            temporary = Path(path).with_suffix(".tmp")
            shutil.copyfile(result, temporary)
            os.replace(temporary, path)


def _convert(soffice: str, copies: Sequence[Path], folder: Path) -> list[Path]:
    profile = folder / "profile"  # of its own, so that an open LibreOffice, or a second run, is not in the way
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_RECALCULATE)
    command = [soffice, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
    done = subprocess.run([*command, "--outdir", folder / "out", *copies], capture_output=True, text=True, timeout=600)
    converted = [folder / "out" / copy.name for copy in copies]
    if done.returncode or not all(path.exists() for path in converted):
        raise RuntimeError(f"LibreOffice could not recalculate: {done.stderr.strip() or done.stdout.strip()}")
    return converted
