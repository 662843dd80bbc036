"""Showing things: as HTML in a notebook and as text elsewhere; the progress of a fit as a live table."""

import math
import sys
from collections.abc import Iterable, Iterator
from html import escape
from time import monotonic
from typing import Any

from .storage import is_first_process

REDRAW = 0.1  # seconds between two drawings of the progress, at least
PATIENCE = 10.0  # seconds after which something that takes its time says how far it is
# M. Okabe and K. Ito's colours, which colour-blind readers can tell apart
BLUE, ORANGE, GREEN, RED, SKY, PINK = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7"
BELOW, ABOVE = "#2166ac", "#e08214"  # of numbers: white at zero, blue below, orange above


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this code."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def show(thing: object, **metadata: object) -> None:
    """Display an object as its HTML in a notebook, with metadata for those who read the file; print it elsewhere."""
    if in_notebook():
        from IPython.display import display

        display(thing, metadata=metadata)
    else:
        print(thing)


class Progress:
    """Shows how far a fit is and what each epoch gave. Part of every `Learner` unless `progress=False`.

    Of several processes (lesson 19) only the first shows anything.

    Used in lesson 09.
    """

    order, view, next, next_row = 100, None, 0.0, 0.0

    def before_fit(self, learn: Any) -> None:
        """Choose the place and draw the empty table."""
        self.view = _view("starting") if is_first_process() else None

    def after_batch(self, learn: Any) -> None:
        """Redraw, but not more often than ten times a second."""
        now = monotonic()
        if self.view and now >= self.next:
            self.next = now + REDRAW
            done = f"epoch {learn.epoch + 1} of {learn.epochs}: batch {learn.batch + 1} of {len(learn.data.train)}"
            self.view.update(EpochTable(learn.recorder.epochs, done, learn.step / learn.steps))

    def after_epoch(self, learn: Any) -> None:
        """Add the epoch's row; those of quick epochs come several at a time, since all rows are drawn anew."""
        now = monotonic()
        if self.view and now >= self.next_row:
            self.next_row = now + REDRAW
            self.view.update(EpochTable(learn.recorder.epochs))

    def after_fit(self, learn: Any) -> None:
        """Take the bar away; the table stays."""
        if self.view:
            self.view.update(EpochTable(learn.recorder.epochs))
        if isinstance(self.view, _Terminal):
            self.view.bar.close()


def _view(below: str) -> Any:
    """A place for a table that is drawn anew, with `update`."""
    if not in_notebook():
        return _Terminal()
    from IPython.display import display

    return display(EpochTable([], below), display_id=True)


def counted(items: Iterable, total: int, what: str) -> Iterator:
    """The items as they come; where they take longer than a few seconds, a bar below says how many have come."""
    view, drawn = None, math.inf  # libraries that are loaded with the first item do not count
    for done, item in enumerate(items, 1):
        if (now := monotonic()) >= drawn and is_first_process():
            drawn, below = now + REDRAW, f"{what}: {done:,} of {total:,}"
            view = view or _view(below)
            view.update(EpochTable([], below, done / total))
        drawn = min(drawn, now + PATIENCE)
        yield item
    if isinstance(view, _Terminal):
        view.bar.close()
    elif view:
        view.update(EpochTable([]))


class _Terminal:
    """Does what IPython's display handle does: each row is printed once, and below them a bar is drawn anew."""

    def __init__(self) -> None:
        from tqdm import tqdm

        form = "{desc} |{bar:20}| {elapsed}"
        self.bar = tqdm(total=1.0, leave=False, bar_format=form, disable=not sys.stderr.isatty())
        self.printed = 0

    def update(self, table: "EpochTable") -> None:
        lines = table.lines()
        for line in lines[self.printed :]:
            self.bar.write(line)
        self.printed = len(lines)
        if table.below:
            self.bar.n = table.done
            self.bar.set_description_str(table.below)


class EpochTable:
    """The epochs so far, as HTML in a notebook and as text elsewhere; a line below says what is going on."""

    def __init__(self, epochs: list[dict[str, float]], below: str = "", done: float = 0.0) -> None:
        heading = [["time" if name == "seconds" else name.replace("_", " ") for name in row] for row in epochs[:1]]
        self.rows = heading + [[_cell(name, value) for name, value in row.items()] for row in epochs]
        self.below, self.done = below, done

    def lines(self) -> list[str]:
        """The rows as aligned text."""
        return ["  ".join(f"{cell:>10}" for cell in row) for row in self.rows]

    def __repr__(self) -> str:
        """The table as text."""
        return "\n".join(self.lines() + [self.below] * bool(self.below))

    def _repr_html_(self) -> str:
        style = 'style="text-align:right;padding:0.2em 1em;font-variant-numeric:tabular-nums"'
        html = ""
        if self.rows:
            head = "".join(f'<th scope="col" {style}>{escape(cell)}</th>' for cell in self.rows[0])
            rows = ("".join(f"<td {style}>{cell}</td>" for cell in row) for row in self.rows[1:])
            body = "".join(f"<tr>{row}</tr>" for row in rows)
            html = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
            html = f'<table aria-label="the epochs of the training">{html}</table>'
        if self.below:
            bar = f'<progress value="{self.done:.3f}" max="1" aria-label="fraction of the training done"></progress>'
            html += f"<div>{bar} {escape(self.below)}</div>"
        return html


def _cell(name: str, value: float) -> str:
    """The epoch whole, seconds as minutes:seconds, the rest with four decimals."""
    if name == "epoch":
        return str(value)
    return f"{int(value) // 60}:{int(value) % 60:02d}" if name == "seconds" else f"{value:.4f}"
