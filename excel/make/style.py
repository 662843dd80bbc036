"""How the workbooks look: titles, notes, labels, inputs in yellow, and heat for numbers."""

from collections.abc import Sequence

from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, DataBarRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from .cells import Area

# Orange above 0 and blue below: colour-blind readers can tell them apart, and black text is readable on both.
INK, GREY, BLUE, ORANGE, YELLOW, WHITE = "1F2A37", "6B7280", "67A9CF", "F4A24C", "FFF6CC", "FFFFFF"
FACE = "Calibri"
THIN, AMBER = Side(style="thin", color="D5D9DF"), Side(style="thin", color="D9A400")
CENTRE = Alignment(horizontal="center", vertical="center")
DECIMALS = {0: "0", 1: "0.0", 2: "0.00", 3: "0.000", 4: "0.0000", "scientific": "0E+00", "axis": '0;"refused";"–"',
            "wide": "[<0.01]0.0E+00;[<1000]0.000;0.0E+00"}  # fmt: skip


def page(
    sheet: Worksheet,
    title: str,
    subtitle: str,
    *,
    widths: dict[str, float],
    frozen: str,
    last: str,
    breaks: Sequence[int] = (),
) -> None:
    """Title and subtitle in A1 and A2, column widths, frozen panes.

    Printed up to column `last`, as wide as the page, with a new page after each row in `breaks`.
    """
    sheet["A1"], sheet["A2"] = title, subtitle
    sheet["A1"].font = Font(name=FACE, size=18, bold=True, color=INK)
    sheet["A2"].font = Font(name=FACE, size=11, color=GREY)
    sheet.row_dimensions[1].height, sheet.row_dimensions[2].height = 28, 18
    for column, width in widths.items():
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = frozen
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.print_area = f"A1:{last}{sheet.max_row}"
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.4, bottom=0.4, header=0, footer=0)
    for row in breaks:
        sheet.row_breaks.append(Break(id=row))


def note(sheet: Worksheet, row: int, heading: str, text: str, *, rows: int) -> None:
    """A heading in column A, and under it an explanation that may fill the next rows; empty lines part paragraphs."""
    sheet.cell(row, 1, heading).font = Font(name=FACE, size=12, bold=True, color=INK)
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    cell = sheet.cell(row + 1, 1, "\n\n".join(paragraphs))
    cell.font = Font(name=FACE, size=10, color=INK)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.merge_cells(start_row=row + 1, end_row=row + rows, start_column=1, end_column=1)


def label(
    sheet: Worksheet, row: int, column: int, text: str | int, *, bold: bool = False, centre: bool = False
) -> None:
    """A few words over or beside a block."""
    cell = sheet.cell(row, column, text)
    cell.font = Font(name=FACE, size=9, bold=bold, color=INK if bold else GREY)
    cell.alignment = Alignment(horizontal="center" if centre else None, vertical="center")


def numbers(sheet: Worksheet, area: Area, decimals: int | str, *, kind: str = "result", size: int = 9) -> Area:
    """Format an area of numbers; kind is "result", "input" (yellow), "padding" (light grey) or "copy" (grey)."""
    side, fill = (AMBER, YELLOW) if kind == "input" else (THIN, WHITE)
    ink = {"padding": "B0B6BF", "copy": GREY}.get(kind, INK)
    for _, row, column in (cell for cells in area.rows for cell in cells):
        cell = sheet.cell(row, column)
        cell.number_format, cell.alignment = DECIMALS[decimals], CENTRE
        cell.font = Font(name=FACE, size=size, color=ink)
        cell.fill = PatternFill("solid", fgColor=fill)
        cell.border = Border(left=side, right=side, top=side, bottom=side)
    return area


def heat(sheet: Worksheet, areas: Sequence[Area], bound: float, *, kind: str = "result") -> None:
    """Colour numbers on one fixed scale: blue at -bound, orange at bound, and at 0 the colour of the kind of cell."""
    middle = YELLOW if kind == "input" else WHITE
    rule = ColorScaleRule(
        start_type="num", start_value=-bound, start_color=BLUE, mid_type="num", mid_value=0, mid_color=middle,
        end_type="num", end_value=bound, end_color=ORANGE,
    )  # fmt: skip
    sheet.conditional_formatting.add(" ".join(area.range for area in areas), rule)


def bars(sheet: Worksheet, area: Area) -> None:
    """A bar in each cell, as long as its number between 0 and 1."""
    rule = DataBarRule("num", 0, "num", 1, color=ORANGE, minLength=0, maxLength=100)
    sheet.conditional_formatting.add(area.range, rule)


def when_equal(sheet: Worksheet, area: Area, text: str, colour: str) -> None:
    """Fill a cell with a colour while it shows this text."""
    rule = CellIsRule(operator="equal", formula=[f'"{text}"'], fill=PatternFill("solid", bgColor=colour))
    sheet.conditional_formatting.add(area.range, rule)


def when_below(sheet: Worksheet, area: Area, bound: str, colour: str) -> None:
    """Fill a cell with a colour while its number is below a bound: a number, a cell or a name."""
    rule = CellIsRule(operator="lessThan", formula=[bound], fill=PatternFill("solid", bgColor=colour))
    sheet.conditional_formatting.add(area.range, rule)


def frame(sheet: Worksheet, area: Area) -> None:
    """A darker line around a block."""
    dark = Side(style="thin", color=GREY)
    for _, row, column in (cell for cells in area.rows for cell in cells):
        cell, old = sheet.cell(row, column), sheet.cell(row, column).border
        cell.border = Border(
            left=dark if column == area.left else old.left, right=dark if column == area.right else old.right,
            top=dark if row == area.top else old.top, bottom=dark if row == area.bottom else old.bottom,
        )  # fmt: skip


def legend(sheet: Worksheet, places: Sequence[tuple[int, int]], *, blue: str = "below 0") -> None:
    """What the colours mean: a swatch at each of three (row, column) places, and its meaning to the right of it."""
    meanings = [(YELLOW, "input: change it"), (ORANGE, "above 0"), (BLUE, blue)]
    for (row, column), (colour, text) in zip(places, meanings, strict=True):
        sheet.cell(row, column).fill = PatternFill("solid", fgColor=colour)
        sheet.cell(row, column).border = Border(left=AMBER, right=AMBER, top=AMBER, bottom=AMBER)
        label(sheet, row, column + 1, f" {text}")


def sentence(sheet: Worksheet, cells: str, text: str) -> None:
    """Words in the cells of one row, up against the number that follows them."""
    first = sheet[cells.split(":")[0]]
    first.value = text
    first.font = Font(name=FACE, size=12, bold=True, color=INK)
    first.alignment = Alignment(horizontal="right", vertical="center")
    if ":" in cells:
        sheet.merge_cells(cells)
