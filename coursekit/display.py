"""Showing things: as HTML in a notebook and as text elsewhere; the progress of a fit as a live table."""

import sys
from html import escape
from time import monotonic
from typing import Any

from .storage import is_first_process

REDRAW = 0.1  # seconds between two drawings of the progress, at least
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

    order, view = 100, None

    def before_fit(self, learn: Any) -> None:
        """Choose the place and draw the empty table."""
        if is_first_process():
            self.view = _NotebookView() if in_notebook() else _TerminalView()
        self.next = 0.0

    def after_batch(self, learn: Any) -> None:
        """Redraw, but not more often than ten times a second."""
        now = monotonic()
        if self.view and now >= self.next:
            self.next = now + REDRAW
            done = f"epoch {learn.epoch + 1} of {learn.epochs}: batch {learn.batch + 1} of {len(learn.data.train)}"
            self.view.bar(done, learn.step / learn.steps, learn.recorder.epochs)

    def after_epoch(self, learn: Any) -> None:
        """Add the epoch's row."""
        if self.view:
            self.view.row(learn.recorder.epochs)

    def after_fit(self, learn: Any) -> None:
        """Take the bar away; the table stays."""
        if self.view:  # none if another callback refused the fit
            self.view.close(learn.recorder.epochs)


def cells(row: dict[str, float]) -> list[str]:
    """An epoch's numbers as text: the epoch whole, seconds as minutes:seconds, the rest with four decimals."""
    shown = {
        "epoch": lambda value: str(int(value)),
        "seconds": lambda value: f"{int(value) // 60}:{int(value) % 60:02d}",
    }
    return [shown.get(name, "{:.4f}".format)(value) for name, value in row.items()]


def heading(row: dict[str, float]) -> list[str]:
    """Column titles for `cells`."""
    return ["time" if name == "seconds" else name.replace("_", " ") for name in row]


def aligned(line: list[str]) -> str:
    """A line of the table as text."""
    return "  ".join(f"{cell:>10}" for cell in line)


class EpochTable:
    """The epochs so far, as HTML in a notebook and as text elsewhere; a line below says what is going on."""

    def __init__(self, epochs: list[dict[str, float]], below: str = "", done: float = 0.0) -> None:
        self.epochs, self.below, self.done = epochs, below, done

    def __repr__(self) -> str:
        """The table as aligned text."""
        lines = [heading(self.epochs[0]), *map(cells, self.epochs)] if self.epochs else []
        return "\n".join([*map(aligned, lines)] + [self.below] * bool(self.below))

    def _repr_html_(self) -> str:
        style = 'style="text-align:right;padding:0.2em 1em;font-variant-numeric:tabular-nums"'
        html = ""
        if self.epochs:
            head = "".join(f'<th scope="col" {style}>{escape(cell)}</th>' for cell in heading(self.epochs[0]))
            rows = ("".join(f"<td {style}>{cell}</td>" for cell in cells(row)) for row in self.epochs)
            body = "".join(f"<tr>{row}</tr>" for row in rows)
            html = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        if self.below:
            bar = f'<progress value="{self.done:.3f}" max="1" aria-label="fraction of the training done"></progress>'
            html += f"<div>{bar} {escape(self.below)}</div>"
        return html


class _NotebookView:
    def __init__(self) -> None:
        from IPython.display import display

        self.handle = display(EpochTable([], "starting"), display_id=True)

    def bar(self, text: str, done: float, epochs: list[dict[str, float]]) -> None:
        self.handle.update(EpochTable(epochs, text, done))

    def row(self, epochs: list[dict[str, float]]) -> None:
        self.handle.update(EpochTable(epochs))

    close = row


class _TerminalView:
    def __init__(self) -> None:
        from tqdm import tqdm

        form = "{desc} |{bar:20}| {elapsed}"
        self.line = tqdm(total=1.0, leave=False, bar_format=form, disable=not sys.stderr.isatty())
        self.titled = False

    def bar(self, text: str, done: float, epochs: list[dict[str, float]]) -> None:
        self.line.n = done
        self.line.set_description_str(text)

    def row(self, epochs: list[dict[str, float]]) -> None:
        for line in ([] if self.titled else [heading(epochs[-1])]) + [cells(epochs[-1])]:
            self.line.write(aligned(line))
        self.titled = True

    def close(self, epochs: list[dict[str, float]]) -> None:
        self.line.close()
