"""Build the course as a web site in build/site, from the notebooks as they were last executed.

It lays out in build/pages what Sphinx reads, by the same relative paths as in the repository, so that links between
lessons, workbooks and pages need no change. `python site/build.py FOLDER` builds in FOLDER/site.
"""

import ast
import inspect
import re
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from openpyxl import load_workbook
from sphinx.cmd.build import main as sphinx

import coursekit

HERE = Path(__file__).parent
ROOT = HERE.parent
BUILD = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"
PAGES, SITE = BUILD / "pages", BUILD / "site"

sys.path.insert(0, str(ROOT / "lessons" / "make"))
import slides  # noqa: E402

# The package's modules, as a reader meets them. What fits nowhere is listed under the last.
GROUPS = {
    "Data": "datasets download sources labels kinds splits pictures augment loaders image_loaders",
    "Losses and metrics": "losses metrics",
    "Training": "learner callbacks schedule finder groups progressbar summary storage devices distributed",
    "Pictures": "vision image_models resnet bodies unet predictor",
    "Tables and ratings": "tabular table* collab",
    "Text": "text*",
    "Looking inside": "interpret inside plots*",
    "Worksheets": "sheet*",
    "Lessons": "claims docs exercises interactive widget* notebook machine rules heat *",
}

MODULE = """
## coursekit.{0}

```{{eval-rst}}
.. automodule:: coursekit.{0}
   :members:
```

<details><summary>The source of coursekit.{0}</summary>

```{{literalinclude}} /files/{0}.py
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
    notebook.cells = [c for c in notebook.cells if c.metadata.get("slideshow", {}).get("slide_type") != "notes"]
    books = sorted(set(re.findall(r"excel/(\w+\.xlsx)", "\n".join(cell.source for cell in notebook.cells))))
    links = [f"- {{download}}`The notebook </files/{path.name}>`"]
    links += [f"- {{download}}`The workbook {book} </excel/{book}>`" for book in books]
    links += [f'- <a href="../slides/{path.stem}.html">The slides</a>']
    files = new_markdown_cell("\n".join(["```{rst-class} lesson-files", "```", *links]), id="files")
    notebook.cells.insert(1, files)
    return notebook


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
        used = [f"[{title(p)}](lessons/{p.name})" for p, text in users.items() if f"excel/{path.name}" in text]
        parts += [f"## {path.name}", f"{{download}}`Download {path.name} </excel/{path.name}>`"]
        parts += ["Used in " + ", ".join(used) + "."] if used else []
        parts += ["\n".join(f"- *{sheet.title}*: {sheet['A1'].value}" for sheet in book)]
    return "\n\n".join(parts) + "\n"


def decks() -> str:
    """The page that leads to the slides."""
    lines = [f'- <a href="slides/{path.stem}.html">{title(path)}</a>' for path in lessons()]
    keys = "Space goes on, the arrows move, `s` opens the speaker's notes, `o` the overview, `f` the full screen."
    return "\n\n".join(
        ["# Slides", "Each lesson as a deck, with its outputs and a timing plan. " + keys, "\n".join(lines)]
    )


def summary(thing: object) -> str:
    """The first paragraph of what documents a function, class or module, on one line, as Markdown."""
    text = inspect.getdoc(thing) if callable(thing) or inspect.ismodule(thing) else ""
    return " ".join((text or "").split("\n\n")[0].split()).replace("|", r"\|")


def homes() -> dict[str, str]:
    """The module that each name of `import coursekit as ck` comes from."""
    tree = ast.parse((ROOT / "coursekit" / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
    given = {alias.name: node.module for node in imports for alias in node.names}
    return {name: given.get(name, name) for name in coursekit.__all__}  # a module is its own


def names_in(modules: list[str]) -> list[str]:
    """Rows of a table: the public names that these modules define, each linked, with its summary."""
    rows = []
    for name, home in homes().items():
        if home in modules:
            thing = getattr(coursekit, name)
            kind, target = ("mod", home) if inspect.ismodule(thing) else ("obj", f"{home}.{name}")
            rows.append(f"| {{py:{kind}}}`ck.{name} <coursekit.{target}>` | {summary(thing)} |")
    return rows


def reference() -> None:
    """A page for each group of modules, and one that lists the names of `import coursekit as ck`."""
    left = sorted(file.stem for file in (ROOT / "coursekit").glob("*.py") if file.stem != "__init__")
    index = [
        "# The package",
        "`import coursekit as ck` gives every name below. All of it is short: the source is folded under each part.",
    ]
    pages = []
    for group, patterns in GROUPS.items():
        here = list(dict.fromkeys(m for pattern in patterns.split() for m in left if fnmatch(m, pattern)))
        left = [module for module in left if module not in here]
        pages.append(group.lower().replace(" ", "_"))
        write(f"reference/{pages[-1]}.md", "\n".join([f"# {group}", *map(MODULE.format, here)]))
        for module in here:
            copy(ROOT / "coursekit" / f"{module}.py", f"files/{module}.py")
        rows = names_in(here)
        index += [
            f"## [{group}]({pages[-1]}.md)",
            "\n".join(["| name | what it is |", "|---|---|", *rows]) if rows else "",
        ]
    index.append("```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```")
    write("reference/index.md", "\n\n".join(index) + "\n")


def lay_out() -> None:
    """Everything that Sphinx reads, in build/pages."""
    for path in lessons():
        write(f"lessons/{path.name}", nbformat.writes(page_of(path)))
        copy(path, f"files/{path.name}")
    for path in (ROOT / "excel").glob("*.xlsx"):
        copy(path, f"excel/{path.name}")
    copy(HERE / "index.md", "index.md")
    copy(ROOT / "README.md", "README.md")
    copy(ROOT / "data" / "README.md", "data.md")
    copy(ROOT / "benchmarks" / "README.md", "benchmarks.md")
    write("workbooks.md", workbooks())
    write("slides.md", decks())
    reference()


def main() -> None:
    """Lay out the pages, let Sphinx build them, and put the slides beside them."""
    lay_out()
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(BUILD / "doctrees"), "-c", str(HERE)]
    if failed := sphinx([*options, str(PAGES), str(SITE)]):
        sys.exit(failed)
    slides.make([], SITE / "slides")
    print(SITE / "index.html")


if __name__ == "__main__":
    main()
