"""What figures to play with are made of: controls above HTML that is drawn anew, and matrices as coloured tables."""

from collections.abc import Callable
from html import escape

import ipywidgets
from torch import Tensor

from .heat import cell_style

_CELL = "width:2.4em;height:1.9em;text-align:center;font:12px monospace;border:1px solid #ddd;padding:0"


class Interactive(ipywidgets.VBox):
    """Controls above a figure of HTML, which is drawn anew whenever a control moves.

    Args:
        controls: the widgets to move.
        draw: gives the figure's HTML from the controls' values; without arguments.
        what: what the figure is, for readers of a page on which it does not run.
    """

    def __init__(self, controls: list[ipywidgets.Widget], draw: Callable[[], str], what: str) -> None:
        self.figure = ipywidgets.HTML()
        self.draw, self.what = draw, what
        super().__init__([*controls, self.figure])
        for control in _leaves(controls):
            control.observe(self.redraw, "value")
        self.redraw()

    def redraw(self, change: object = None) -> None:
        """Draw the figure from the controls' present values."""
        self.figure.value = self.draw()

    def __repr__(self) -> str:
        """A line for pages on which the widget does not run."""
        return f"[Interactive figure: {self.what}. Run this cell in JupyterLab to play with it.]"

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/plain": repr(self)}


def _leaves(controls: list[ipywidgets.Widget]) -> list[ipywidgets.Widget]:
    return [leaf for c in controls for leaf in (_leaves(list(c.children)) if hasattr(c, "children") else [c])]


def table(values: Tensor, caption: str, *, decimals: int = 0, window: tuple[int, int, int] | None = None) -> str:
    """A matrix as an HTML table in the course's colours, a square window of it framed.

    Args:
        values: (rows, columns).
        caption: above it.
        decimals: digits after the point.
        window: (first row, first column, side) of the frame.
    """
    scale = 1.4 * max(values.abs().max().item(), 1e-9)
    rows = []
    for i, row in enumerate(values.tolist()):
        cells = []
        for j, value in enumerate(row):
            framed = window and 0 <= i - window[0] < window[2] and 0 <= j - window[1] < window[2]
            frame = ";outline:3px solid #000;outline-offset:-3px" if framed else ""
            text = f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")  # + 0.0 turns -0 into 0
            cells.append(f'<td style="{_CELL};{cell_style(value, scale)}{frame}">{text}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = f'<caption style="caption-side:top;color:inherit;padding:2px;white-space:nowrap">{escape(caption)}</caption>'
    return f'<table style="border-collapse:collapse;margin:0 1.5em 0 0">{head}{"".join(rows)}</table>'


def beside(*parts: str) -> str:
    """Pieces of HTML next to each other, wrapped where the page is narrow."""
    return f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start;margin-top:0.6em">{"".join(parts)}</div>'
