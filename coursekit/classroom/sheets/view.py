"""A part of a worksheet in a notebook: a coloured grid of numbers under the sheet's own row and column names."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from .heat import cell_style
from .sheet_areas import Area, find, load

_TABLE = "border-collapse:collapse;font:12px monospace;margin:4px 12px 4px 0;display:inline-table;color:#000"
_CELL = "border:1px solid #ccc;padding:2px 6px;text-align:right;"
_HEAD = "border:1px solid #ccc;padding:2px 6px;text-align:center;background:#eee;color:#333;font-weight:normal"


@dataclass(frozen=True)
class Grid:
    """One rectangle of a worksheet, ready to be shown."""

    area: Area
    values: list[list[float | str | bool | None]]
    decimals: int

    @property
    def columns(self) -> list[str]:
        """Column letters."""
        from openpyxl.utils import get_column_letter

        return [get_column_letter(column) for column in range(self.area.left, self.area.right + 1)]

    @property
    def texts(self) -> list[list[str]]:
        """What each cell shows: whole numbers as such when all are, otherwise all with the same decimals."""
        numbers = [x for row in self.values for x in row if _is_number(x)]
        decimals = 0 if all(float(x).is_integer() for x in numbers) else self.decimals
        return [[_text(x, decimals) for x in row] for row in self.values]

    def plain(self) -> str:
        """The grid as aligned text."""
        heads = ["", *(str(row) for row in range(self.area.top, self.area.bottom + 1))]
        rows = [self.columns, *self.texts]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        margin = max(map(len, heads))
        lines = [
            head.rjust(margin) + "".join("  " + text.rjust(width) for text, width in zip(row, widths, strict=True))
            for head, row in zip(heads, rows, strict=True)
        ]
        return "\n".join(line.rstrip() for line in lines)

    def html(self, scale: float) -> str:
        """The grid as an HTML table, its colours strongest where a number is as far from 0 as `scale`."""
        head = "".join(f'<th scope="col" style="{_HEAD}">{letter}</th>' for letter in ["", *self.columns])
        body = []
        for row, (values, texts) in enumerate(zip(self.values, self.texts, strict=True), self.area.top):
            cells = "".join(
                f'<td style="{_CELL}{_colours(value, scale)}">{escape(text)}</td>'
                for value, text in zip(values, texts, strict=True)
            )
            body.append(f'<tr><th scope="row" style="{_HEAD}">{row}</th>{cells}</tr>')
        return f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


@dataclass(frozen=True)
class View:
    """Grids under one caption: as text in a terminal, as coloured tables in a notebook."""

    caption: str
    grids: list[Grid]

    def __repr__(self) -> str:
        """Aligned text, the same on every machine."""
        return "\n".join([self.caption, *("\n" * bool(i) + grid.plain() for i, grid in enumerate(self.grids))])

    def _repr_html_(self) -> str:
        numbers = [abs(x) for grid in self.grids for row in grid.values for x in row if _is_number(x)]
        tables = "".join(grid.html(max(numbers, default=0.0)) for grid in self.grids)
        return f'<div><div style="font-weight:bold">{escape(self.caption)}</div>{tables}</div>'


def show(path: Path | str, place: str, *, formulas: bool = False, decimals: int = 2) -> View:
    """Show a part of a workbook in a notebook, as it looks in the sheet.

    Args:
        path: an .xlsx file.
        place: a name that it defines ("conv1"), or an address ("by hand!B4:F9"). All rectangles of a name are shown.
        formulas: show the formulas instead of the numbers they gave when last recalculated.
        decimals: digits after the point, unless all numbers are whole.

    Returns:
        An object that notebooks display: orange above 0, blue below, one scale for all of it.

    Raises:
        FileNotFoundError: no such workbook.
        ValueError: no such place.

    Used in lesson 02.
    """
    book = load(path, formulas=formulas)
    areas = find(book, place)
    grids = []
    for area in areas:
        values = [[book[sheet].cell(row, column).value for sheet, row, column in cells] for cells in area.rows]
        grids.append(Grid(area, values, decimals))
    where = str(areas[0]) if "!" in place else f"{place} ({', '.join(map(str, areas[:3]))}{', ...' * (len(areas) > 3)})"
    return View(f"{Path(path).name}, {where}", grids)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: float | str | bool | None, decimals: int) -> str:
    if not _is_number(value):
        return "" if value is None else str(value).upper() if isinstance(value, bool) else str(value)
    return f"{round(value, decimals) + 0.0:.{decimals}f}"  # + 0.0 turns -0 into 0


def _colours(value: float | str | bool | None, scale: float) -> str:
    return cell_style(value, scale) if _is_number(value) else "text-align:left;background:#fff;color:#000"
