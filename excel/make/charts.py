"""Charts in a workbook: curves and points over two number axes."""

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.chart import Reference, ScatterChart, Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.worksheet.worksheet import Worksheet

from .cells import Area
from .style import INK


@dataclass(frozen=True)
class Curve:
    """One line, or the points alone, through the numbers of two areas of one column each; `size` is of a point."""

    title: str
    x: Area
    y: Area
    colour: str
    points: bool = False
    dashed: bool = False
    size: int = 5


@dataclass(frozen=True)
class Axis:
    """One axis: its name, its ends (found by the program where None), how its numbers look, and its kind."""

    title: str
    low: float | None = None
    high: float | None = None
    decimals: str = "General"
    log: bool = False


def scatter(
    sheet: Worksheet,
    cell: str,
    title: str,
    x: Axis,
    y: Axis,
    curves: Sequence[Curve],
    *,
    height: float = 9.6,
    width: float = 17.0,
) -> None:
    """Draw curves, with the chart's upper left corner at a cell; height and width in centimetres."""
    chart = ScatterChart()
    chart.style, chart.scatterStyle = 2, "lineMarker"
    chart.title = _text(title, 1300)
    chart.width, chart.height = width, height
    chart.legend.position = "b"
    for axis, wanted in ((chart.x_axis, x), (chart.y_axis, y)):
        axis.title = _text(wanted.title, 1000)
        axis.delete, axis.tickLblPos, axis.crosses = False, "low", "min"
        axis.number_format, axis.numFmt.sourceLinked = wanted.decimals, False
        axis.scaling.min, axis.scaling.max, axis.scaling.logBase = wanted.low, wanted.high, 10 if wanted.log else None
        axis.majorGridlines.spPr = GraphicalProperties()
        axis.majorGridlines.spPr.line.solidFill = "E5E7EB"
    for curve in curves:
        chart.series.append(_series(sheet, curve))
    sheet.add_chart(chart, cell)


def _text(words: str, size: int) -> Title:
    """A title in hundredths of a point."""
    font = CharacterProperties(sz=size, b=True, solidFill=INK)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=font), r=[RegularTextRun(rPr=font, t=words)])
    return Title(tx=Text(rich=RichText(p=[paragraph])), overlay=False)


def _series(sheet: Worksheet, curve: Curve) -> Series:
    def reference(area: Area) -> Reference:
        return Reference(sheet.parent[area.sheet], area.left, area.top, area.right, area.bottom)

    series = Series(reference(curve.y), reference(curve.x), title=curve.title)
    series.smooth = False
    series.marker.symbol = "circle" if curve.points else "none"
    if curve.points:
        series.marker.size = curve.size
        series.marker.spPr = GraphicalProperties(solidFill=curve.colour)
        series.marker.spPr.line.solidFill = curve.colour
        series.graphicalProperties.line.noFill = True
    else:
        series.graphicalProperties.line.solidFill = curve.colour
        series.graphicalProperties.line.width = 22000
        series.graphicalProperties.line.dashStyle = "dash" if curve.dashed else "solid"
    return series
