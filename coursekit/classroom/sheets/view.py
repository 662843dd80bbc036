"""A part of a worksheet in a notebook: a coloured grid of numbers under the sheet's own row and column names."""

from dataclasses import dataclass
from html import escape
from itertools import chain
from pathlib import Path

from ...arguments import in_words
from ..markup import beside, cell, cell_style, number, table
from .reading import Area, address, find, formulas_of, load

_HEAD = "background:#eee;color:#333;font-weight:normal"
_PLAIN = "text-align:left;background:#fff;color:#000"  # of what is no number


@dataclass(frozen=True)
class View:
    """Rectangles of worksheets under one caption: as text in a terminal, as coloured tables in a notebook.

    Attributes:
        caption: above them.
        areas: where they are.
        values: of their cells, for each area row by row: numbers, texts, truth values, None.
        decimals: digits after the point, where not all numbers of an area are whole.
    """

    caption: str
    areas: list[Area]
    values: list[list[list[object]]]
    decimals: int

    def _tables(self) -> list[list[list[str]]]:
        """Each area's cells as text, with the sheet's names of columns above and of rows at the left."""
        tables = []
        for area, values in zip(self.areas, self.values, strict=True):
            whole = all(float(x).is_integer() for x in chain(*values) if _is_number(x))
            form = f".{0 if whole else self.decimals}f"
            head = ["", *(address(0, column).rstrip("0") for column in range(area.left, area.right + 1))]
            rows = [[str(row), *(_text(x, form) for x in line)] for row, line in enumerate(values, area.top)]
            tables.append([head, *rows])
        return tables

    def __repr__(self) -> str:
        """Aligned text, the same on every machine."""
        tables = []
        for rows in self._tables():
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            tables.append("\n".join("  ".join(map(str.rjust, row, widths)).rstrip() for row in rows))
        return f"{self.caption}\n" + "\n\n".join(tables)

    def _repr_html_(self) -> str:
        scale = max((abs(x) for rows in self.values for x in chain(*rows) if _is_number(x)), default=0.0)
        tables = []
        for (head, *rows), values in zip(self._tables(), self.values, strict=True):
            lines = [[cell(text, _HEAD, 'th scope="col"') for text in head]]
            for (row, *texts), line in zip(rows, values, strict=True):
                styles = (cell_style(x, scale) if _is_number(x) else _PLAIN for x in line)
                lines.append([cell(row, _HEAD, 'th scope="row"'), *map(cell, texts, styles)])
            tables.append(table(lines, label=self.caption))
        return f"<div><b>{escape(self.caption)}</b>{beside(*tables)}</div>"


@in_words
def show(path: Path | str, reference: str, *, formulas: bool = False, decimals: int = 2) -> View:
    """Show a part of a workbook in a notebook, as it looks in the sheet.

    Args:
        path: an .xlsx file.
        reference: a name that it defines ("conv1"), or an address ("by hand!B4:F9"). All rectangles of a name are
            shown.
        formulas: show the formulas instead of the numbers they gave when last recalculated.
        decimals: digits after the point, unless all numbers are whole.

    Returns:
        An object that notebooks display: orange above 0, blue below, one scale for all of it.

    Raises:
        FileNotFoundError: no such workbook.
        ValueError: no such name or address.

    Used in lesson 02.
    """
    book = load(path, formulas=formulas)
    areas = find(book, reference)
    shown = formulas_of(book) if formulas else {}  # an array formula is that of all cells that it fills
    values = [
        [[shown.get(at) or book[at[0]].cell(*at[1:]).value for at in line] for line in area.rows] for area in areas
    ]
    where = str(areas[0])
    if "!" not in reference:
        where = f"{reference} ({', '.join(map(str, areas[:3]))}{', ...' * (len(areas) > 3)})"
    return View(f"{Path(path).name}, {where}", areas, values, decimals)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: object, form: str) -> str:
    if _is_number(value):
        return number(value, form)
    return "" if value is None else str(value).upper() if isinstance(value, bool) else str(value)
