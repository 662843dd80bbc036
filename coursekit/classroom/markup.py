"""Pieces of HTML that the classroom shows: numbers as coloured cells in tables, boxes, things beside each other."""

from collections.abc import Iterable
from html import escape

from torch import Tensor

from ..display import ABOVE, BELOW

_CELL = "min-width:2.4em;height:1.9em;text-align:center;font:12px monospace;border:1px solid #ddd;padding:0 0.2em"
Mask = Tensor | None


def cell_style(value: float, scale: float) -> str:
    """CSS of a cell that holds `value`: orange above 0, blue below, strongest at `scale`; text that can be read."""
    fraction = min(abs(value) / scale, 1.0) if scale else 0.0
    end = bytes.fromhex((ABOVE if value > 0 else BELOW)[1:])
    color = bytes(round(255 + (channel - 255) * fraction) for channel in end)
    text = "#000" if luminance(color) > 0.18 else "#fff"  # at 0.18 black and white contrast equally (WCAG)
    return f"background:#{color.hex()};color:{text}"


def luminance(color: bytes) -> float:
    """Relative luminance of an sRGB color, its three channels from 0 to 255: 0 to 1 (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in color)]
    return sum(weight * x for weight, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def number(value: float, form: str) -> str:
    """A number as text, by a format such as ".2f"; what rounds to zero has no sign."""
    text = format(value, form)
    return text if float(text) else text.lstrip("-")


def cell(text: str, style: str = "", tag: str = "td") -> str:
    """One cell of a table; `tag` may be a heading's, such as 'th scope="row"'."""
    return f'<{tag} style="{_CELL};{style}">{escape(text)}</{tag.split()[0]}>'


def table(rows: Iterable[Iterable[str]], caption: str = "", label: str = "") -> str:
    """A table of rows of cells; its caption is above it, or a label says to readers who cannot see what it is."""
    title = f'<caption style="caption-side:top;color:inherit;white-space:nowrap">{escape(caption)}</caption>'
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    body = (title if caption else "") + body
    named = f'aria-label="{escape(label)}" ' if label else ""
    return f'<table {named}style="border-collapse:collapse;margin:4px 1.5em 4px 0">{body}</table>'


def matrix(values: Tensor, caption: str, form: str = ".0f", framed: Mask = None, known: Mask = None) -> str:
    """A matrix as a table in the course's colours.

    Args:
        values: (rows, columns).
        caption: above it.
        form: how numbers are written, such as ".2f".
        framed: bool, (rows, columns): cells with a frame.
        known: bool, (rows, columns): the others are left empty.
    """
    scale = 1.4 * max(values.abs().max().item(), 1e-9)

    def one(i: int, j: int, value: float) -> str:
        shown = known is None or bool(known[i, j])
        frame = ";outline:3px solid #000;outline-offset:-3px" if framed is not None and framed[i, j] else ""
        text = number(value, form).replace("-", "−") if shown else ""
        return cell(text, cell_style(value if shown else 0, scale) + frame)

    return table(([one(i, j, value) for j, value in enumerate(row)] for i, row in enumerate(values.tolist())), caption)


def beside(*parts: str) -> str:
    """Pieces of HTML next to each other, wrapped where the page is narrow."""
    return f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start;margin-top:0.6em">{"".join(parts)}</div>'


def scrolled(text: str) -> str:
    """Escaped text whose columns are to stay below each other: it is not wrapped, and scrolls within itself."""
    return f'<div style="font-family:monospace;white-space:pre;overflow-x:auto" tabindex="0">{text}</div>'


def text_table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A plain table of texts, which scrolls within itself; words that two spaces set apart are wrapped, none is broken.

    Args:
        head: the columns' names.
        lines: the rows; the first cell of each is its name.
    """
    style = 'style="text-align:left;vertical-align:top;padding:0.2em 1em 0.2em 0"'

    def one(text: str, tag: str) -> str:
        words = (f'<span style="white-space:nowrap">{escape(word)}</span>' for word in text.split("  "))
        return f"<{tag} {style}>{'&ensp; '.join(words)}</{tag.split()[0]}>"

    top = "".join(one(text, 'th scope="col"') for text in head)
    cells = (one(name, 'th scope="row"') + "".join(one(text, "td") for text in rest) for name, *rest in lines)
    rows = "".join(f"<tr>{line}</tr>" for line in cells)
    style_of_all = "border-collapse:collapse;min-width:42em"  # on a telephone it is scrolled, and its rows stay low
    table = f'<table style="{style_of_all}"><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div style="overflow-x:auto;max-width:100%" tabindex="0">{table}</div>'


def box(html: str, color: str) -> str:
    """HTML with a coloured line at its left."""
    style = f"border-left:4px solid {color};padding:0.3em 0.8em;margin:0.3em 0;white-space:pre-wrap"
    return f'<div style="{style}">{html}</div>'
