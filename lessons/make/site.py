"""Build the course as a web site in build/site, from the notebooks as they were last executed.

It lays out in build/pages what Sphinx reads, by the same relative paths as in the repository, so that links between
lessons, workbooks and pages need no change. `python -m lessons.make.site FOLDER` builds in FOLDER/site.
"""

import inspect
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from openpyxl import load_workbook
from sphinx.cmd.build import main as sphinx

import coursekit
from coursekit.classroom.exercises import Exercise, load_module

from . import editions, slides
from .front_door import Addresses

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "site"
BUILD = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"
PAGES, SITE = BUILD / "pages", BUILD / "site"

MODULE = """
## coursekit.{0}

```{{eval-rst}}
.. automodule:: coursekit.{0}
   :members:
```

<details><summary>The source of coursekit.{0}</summary>

```{{literalinclude}} /files/{0}.txt
```

</details>
"""


def write(name: str, text: str) -> None:
    """Write a page, unless it says so already: Sphinx reads again what is newer."""
    page = PAGES / name
    page.parent.mkdir(parents=True, exist_ok=True)
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def copy(source: Path, name: str) -> None:
    """Copy a file with its date."""
    page = PAGES / name
    page.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, page)


def lessons() -> list[Path]:
    """The notebooks, in teaching order."""
    return sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))


def title(path: Path) -> str:
    """A lesson's title, with its number."""
    return slides.title(nbformat.read(path, as_version=4))


def page_of(path: Path) -> NotebookNode:
    """A lesson as its page needs it: without the speaker's notes, and with what can be downloaded."""
    notebook = slides.read(path)
    # a lexer that knows `fetch?` and `!ls`
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    notebook.cells = [
        c
        for c in notebook.cells
        if c.metadata.get("slideshow", {}).get("slide_type") != "notes"
    ]
    books = sorted(
        set(
            re.findall(
                r"excel/(\w+\.xlsx)", "\n".join(cell.source for cell in notebook.cells)
            )
        )
    )
    links = [f"- {{download}}`The notebook </files/{path.name}>`"]
    links += [f"- {{download}}`The workbook {book} </excel/{book}>`" for book in books]
    links += [f'- <a href="../slides/{path.stem}.html">The slides</a>']
    elsewhere = Addresses.load().links(path.name)
    links += [f"- [Open in {place}]({address})" for place, address in elsewhere.items()]
    files = new_markdown_cell(
        "\n".join(["```{rst-class} lesson-files", "```", *links]), id="files"
    )
    notebook.cells.insert(1, files)
    solutions = load_module(ROOT / "lessons" / "solutions" / f"{path.stem}.py")
    editions.below(notebook, solutions.EXERCISES, folded_hints)
    return editions.discussed(notebook, solutions.DISCUSSION)


def folded_hints(name: str, exercise: Exercise, _: list[str]) -> NotebookNode:
    """A cell with an exercise's three hints."""
    return new_markdown_cell(editions.hints(exercise), id=f"hints-{name}")


def workbooks() -> str:
    """The page of the workbooks: each with its sheets, and the lessons that use it."""
    users = {path: path.read_text(encoding="utf-8") for path in lessons()}
    parts = [
        "# Workbooks",
        "Live formulas, no macros: open them in Excel or LibreOffice, type other numbers into the yellow cells, and "
        "watch. Each agrees with PyTorch to 1e-6.",
    ]
    for path in sorted((ROOT / "excel").glob("*.xlsx")):
        book = load_workbook(path, read_only=True)
        used = [
            f"[{title(p)}](lessons/{p.name})"
            for p, text in users.items()
            if f"excel/{path.name}" in text
        ]
        parts += [
            f"## {path.name}",
            f"{{download}}`Download {path.name} </excel/{path.name}>`",
        ]
        parts += ["Used in " + ", ".join(used) + "."] if used else []
        parts += ["\n".join(f"- *{sheet.title}*: {sheet['A1'].value}" for sheet in book)]
    return "\n\n".join(parts) + "\n"


def decks() -> str:
    """The page that leads to the slides."""
    lines = [f'- <a href="slides/{path.stem}.html">{title(path)}</a>' for path in lessons()]
    keys = "Space goes on, the arrows move, `s` opens the speaker's notes, `o` the overview, `f` the full screen."
    return "\n\n".join(
        [
            "# Slides",
            "Each lesson as a deck, with its outputs and a timing plan. " + keys,
            "\n".join(lines),
        ]
    )


def words(path: Path) -> dict[str, str]:
    """The terms that a lesson lists under "Words", each with its sentence."""
    cells = [
        c.source
        for c in nbformat.read(path, as_version=4).cells
        if c.cell_type == "markdown"
    ]
    section = re.search(r"^## Words\n(.*?)(?=^## |\Z)", "\n".join(cells), re.M | re.S)
    return dict(re.findall(r"^- \*([^*]+)\*: (.+)$", section[1], re.M)) if section else {}


def glossary() -> str:
    """The page of all terms: what the first lesson says of it, and links to every lesson that lists it."""
    found: dict[str, list[tuple[str, Path]]] = {}
    for path in lessons():
        for term, text in words(path).items():
            found.setdefault(term, []).append((text, path))
    entries = []
    for term in sorted(found, key=str.casefold):
        links = ", ".join(
            f"[{path.name[:2]}](lessons/{path.name})" for _, path in found[term]
        )
        entries.append(f"{term}\n  {found[term][0][0]} Lesson {links}.\n")
    intro = "The field's words, as the lessons introduce them; the numbers lead to the lessons that use them."
    return (
        "\n\n".join(["# Glossary", intro, "```{glossary}\n" + "\n".join(entries) + "```"])
        + "\n"
    )


def summary(thing: object) -> str:
    """The first paragraph of what documents a function, class or module, on one line, as Markdown."""
    text = inspect.getdoc(thing) if callable(thing) or inspect.ismodule(thing) else ""
    return " ".join((text or "").split("\n\n")[0].split()).replace("|", r"\|")


def home(name: str) -> str:
    """The module that a name of `import coursekit as ck` comes from, without "coursekit."; a module is its own."""
    thing = getattr(coursekit, name)
    return (thing.__name__ if inspect.ismodule(thing) else thing.__module__).removeprefix(
        "coursekit."
    )


def names_in(modules: list[str]) -> list[str]:
    """Rows of a table: the public names that these modules define, each linked, with its summary."""
    rows = []
    for name in coursekit.__all__:
        if home(name) in modules:
            thing = getattr(coursekit, name)
            module = inspect.ismodule(thing)
            kind, target = (
                ("mod", home(name)) if module else ("obj", f"{home(name)}.{name}")
            )
            rows.append(
                f"| {{py:{kind}}}`ck.{name} <coursekit.{target}>` | {summary(thing)} |"
            )
    return rows


def rooms() -> dict[str, list[str]]:
    """The package's modules by room, that is, by folder; what lies in the package itself is its core."""
    package, found = ROOT / "coursekit", {"core": []}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts and parts[-1] != "__main__":
            room = parts[0] if (package / parts[0]).is_dir() else "core"
            found.setdefault(room, []).append(".".join(parts))
    return found


def source_of(module: str) -> Path:
    """The file of a module, such as "vision.images"."""
    path = (ROOT / "coursekit").joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def reference() -> None:
    """A page for each room of the package, and one that lists the names of `import coursekit as ck`."""
    index = [
        "# The package",
        "`import coursekit as ck` gives every name below. The source is folded under each part.",
    ]
    for room, modules in rooms().items():
        page = [f"# {room.capitalize()}", *map(MODULE.format, modules)]
        write(f"reference/{room}.md", "\n".join(page))
        for module in modules:
            copy(source_of(module), f"files/{module}.txt")
        rows = names_in(modules)
        index += [
            f"## [{room.capitalize()}]({room}.md)",
            "\n".join(["| name | what it is |", "|---|---|", *rows]) if rows else "",
        ]
    index.append("```{toctree}\n:hidden:\n\n" + "\n".join(rooms()) + "\n```")
    write("reference/index.md", "\n\n".join(index) + "\n")


def lay_out() -> None:
    """Everything that Sphinx reads, in build/pages."""
    for path in lessons():
        write(f"lessons/{path.name}", nbformat.writes(page_of(path)))
        copy(path, f"files/{path.name}")
    for path in (ROOT / "excel").glob("*.xlsx"):
        copy(path, f"excel/{path.name}")
    copy(SOURCES / "index.md", "index.md")
    for name in (
        "CHANGELOG.md",
        "site/errata.md",
        "site/translators.md",
        "site/teach.md",
        "site/gpu.md",
    ):
        copy(ROOT / name, name)
    copy(ROOT / "README.md", "README.md")
    copy(ROOT / "data" / "README.md", "data.md")
    copy(ROOT / "benchmarks" / "README.md", "benchmarks.md")
    write("workbooks.md", workbooks())
    write("slides.md", decks())
    write("glossary.md", glossary())
    reference()


def main() -> None:
    """Lay out the pages, let Sphinx build them, and put the slides beside them."""
    lay_out()
    options = [
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-d",
        str(BUILD / "doctrees"),
        "-c",
        str(SOURCES),
    ]
    if failed := sphinx([*options, str(PAGES), str(SITE)]):
        sys.exit(failed)
    slides.make([], SITE / "slides")
    print(SITE / "index.html")


if __name__ == "__main__":
    main()
