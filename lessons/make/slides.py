"""Make a deck of slides of each lesson, with its outputs and the speaker's notes.

`python -m lessons.make.slides` makes all in build/slides, `... 02 03` those.
"""

import re
import shutil
import sys
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from .run import chosen

HERE = Path(__file__).parent
DECKS = HERE.parents[1] / "build" / "slides"
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides: Deep Learning, Cell by Cell</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="lib/reset.css">
<link rel="stylesheet" href="lib/deck.css"><script src="lib/theme.js"></script></head>
<body><main class="decks"><h1>Slides</h1>
<p>Space goes on, the arrows move in all directions, <kbd>s</kbd> opens the speaker's notes,
<kbd>o</kbd> the overview, <kbd>f</kbd> the full screen, <kbd>d</kbd> light or dark,
<kbd>?</kbd> the rest. Add <code>?print-pdf</code> to the address of a deck to print it page by page.</p>
<ul>
{}
</ul></main></body></html>
"""


def package_file(package: str, *path: str) -> Path:
    """A file that an installed package brings."""
    return Path(find_spec(package).submodule_search_locations[0]).joinpath(*path)


def mathjax() -> Path:
    """MathJax in one file, fonts included."""
    return package_file("sphinx-mathjax-offline", "static", "mathjax", "tex-svg.js")


def copy_libraries(folder: Path) -> None:
    """What every deck loads: reveal.js with its speaker's view, MathJax, style, script."""
    folder.mkdir(parents=True, exist_ok=True)
    reveal = package_file("sphinx_revealjs", "_static", "revealjs")
    parts = [reveal / "dist" / name for name in ("reset.css", "reveal.css", "reveal.js")]
    for file in (
        *parts,
        reveal / "plugin" / "notes" / "notes.js",
        mathjax(),
        *(HERE / "deck" / name for name in ("deck.css", "deck.js", "theme.js")),
    ):
        shutil.copy(file, folder)
    light, dark = (
        HtmlFormatter(style=f"a11y-high-contrast-{tone}") for tone in ("light", "dark")
    )
    styles = [
        light.get_style_defs(".highlight"),
        dark.get_style_defs('[data-theme="dark"] .highlight'),
    ]
    (folder / "code.css").write_text("\n".join(styles), encoding="utf-8")


def title(notebook: NotebookNode) -> str:
    """What the first line of a lesson says."""
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


def with_scopes(table: re.Match) -> str:
    """One of pandas' tables whose headings say what they are of: of columns, or of a row."""
    head, end, body = table[0].replace(' border="1"', "").partition("</thead>")
    head, body = (
        head.replace("<th>", '<th scope="col">'),
        body.replace("<th>", '<th scope="row">'),
    )
    return head + end + body


def read(path: Path) -> NotebookNode:
    """A lesson for a page on which nothing runs: no live widgets; HTML that is valid."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        if data.pop("application/vnd.jupyter.widget-view+json", None):
            said = data["text/plain"]
            words = (
                said
                if said.startswith("[")
                else "[Interactive figure: run this cell in JupyterLab.]"
            )
            data["text/html"] = f"<p><em>{escape(words)}</em></p>"
        if "text/html" in data:  # pandas writes old HTML; files of a run are not here
            table = re.sub(r"<style scoped>.*?</style>", "", data["text/html"], flags=re.S)
            table = re.sub(r"<a [^>]*download>(.*?)</a>", r"<em>\1</em>", table)
            data["text/html"] = re.sub(
                r'<table border="1" class="dataframe">.*?</table>',
                with_scopes,
                table,
                flags=re.S,
            )
    return notebook


class Decks(SlidesExporter):
    """Writes decks as the template says, which leaves nothing to be added.

    SlidesExporter itself would read each deck again, to look for pictures without a text
    and for the cells of JupyterLab.
    """

    def from_notebook_node(
        self, notebook: NotebookNode, resources: dict | None = None, **options: object
    ) -> tuple[str, dict]:
        """The deck of a notebook, and what nbconvert notes beside it."""
        python = Highlight2HTML(pygments_lexer="python", parent=self)
        self.register_filter("highlight_code", python)
        known = self._init_resources(resources)
        return TemplateExporter.from_notebook_node(self, notebook, known, **options)


@cache
def exporter(template: str = "deck") -> Decks:
    """One for all lessons, by its template's name: it takes a while to make."""
    return Decks(
        config=Config(CSSHTMLHeaderPreprocessor={"style": "a11y-high-contrast-light"}),
        template_name=template,
        extra_template_basedirs=[str(HERE)],
        extra_template_paths=[str(HERE)],  # where one template finds another
        exclude_anchor_links=True,
        optimistic_validation=True,  # checks a notebook once, not after each step
    )


def build(path: Path, folder: Path) -> Path:
    """Write one lesson's deck."""
    notebook = read(path)
    notebook.metadata["title"] = title(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb", r"](\1.html", cell.source)
    deck = folder / f"{path.stem}.html"
    deck.write_text(exporter().from_notebook_node(notebook)[0], encoding="utf-8")
    return deck


def write_index(folder: Path) -> None:
    """A page that lists the decks that are there."""
    decks = sorted(folder.glob("[0-9][0-9]_*.html"))
    titles = [
        re.search(r"<title>(.*): slides</title>", deck.read_text(encoding="utf-8"))[1]
        for deck in decks
    ]
    lines = [
        f'<li><a href="{escape(deck.name)}">{name}</a></li>'
        for deck, name in zip(decks, titles, strict=True)
    ]
    (folder / "index.html").write_text(INDEX.format("\n".join(lines)), encoding="utf-8")


def make(numbers: list[str], folder: Path) -> None:
    """Make the decks of these lessons (of all, if none is given), and a page with links."""
    paths = chosen(numbers)
    copy_libraries(folder / "lib")
    for path in paths:
        build(path, folder)
    write_index(folder)


if __name__ == "__main__":
    make(sys.argv[1:], DECKS)
    print("build/slides/index.html")
