"""The lessons to hand out, and the lessons to teach from.

`python -m lessons.make.editions student DIR` writes a whole course to hand out: lessons
without outputs, speaker notes, and answers to the questions; samples, workbooks, the app,
`coursekit`, and START-HERE.md, which says how to begin on each system. Where DIR ends in
`.zip`, it becomes one file. The checks come along packed: nobody reads an answer by
accident. That is no secret; who unpacks them reads them. Marks come from `make class`.

`... instructor DIR` writes the lessons with outputs, notes and answers, and with a solution
after each exercise, and what they use: the workbooks and the app.
"""

import base64
import inspect
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import nbformat
from nbformat import NotebookNode

from coursekit.classroom.exercises import Exercise, load_module
from coursekit.classroom.lessons import read, unrun

from .run import LESSONS, chosen

ANSWER = re.compile(r"<details><summary>(.*?)</summary>.*?</details>", re.S)
OPEN = re.compile(r"^\*\*\d+\. Find out\b", re.M)  # the exercise without a check
PACKED = '''"""The checks of {0}, packed, so that nobody reads an answer by accident. This is no secret."""

import base64
import zlib

_TEXT = """
{1}
"""
exec(compile(zlib.decompress(base64.b85decode("".join(_TEXT.split()))), __file__, "exec"))
'''
HANDED = (
    "coursekit/**/*.py",
    "coursekit/**/*.json",
    "data/**/*",
    "setup.py",
    "pyproject.toml",
    "constraints.txt",
)
HANDED += ("environment.yml", "LICENSE*", "CITATION.cff")
START = """# Start here

**Deep Learning, Cell by Cell**: the course as your teacher hands it out. Unpack it, open a terminal in this folder, and
type what stands below for your system. You need Python 3.10 or newer. The first command after `venv` downloads PyTorch
and some other packages: once, and the only thing for which you need a network.

## Linux and macOS

```sh
python3 -m venv .venv
.venv/bin/python -m pip install -e .
.venv/bin/coursekit lab
```

## Windows

```bat
py -m venv .venv
.venv\\Scripts\\python -m pip install -e .
.venv\\Scripts\\coursekit lab
```

## conda

```sh
conda create --name course python=3.11
conda activate course
python -m pip install -e .
coursekit lab
```

## Colab

Upload the zip, here called `{name}.zip`, into the session's files. In the first cell of a lesson that is open in Colab:

```
!unzip -q /content/{name}.zip -d /content
%pip install -q -e /content/{name}
%cd /content/{name}/lessons
```

Restart the session when Colab asks for it, and run the third line again.

## How you work

`coursekit lab` makes copies of the lessons in `my_lessons/` and opens them. Work there. An exercise answers with *not
tried yet*, *right*, or *wrong* and the smallest input that shows it. `ck.progress()` shows what you have solved; it is
kept on your machine, for yourself, and no marks come from it.

## When there is a newer version

Unpack it over this folder and type `coursekit lab` again as above. Copies in `my_lessons/` that you have not edited
become new ones. Those that you have edited stay as they are, and it is said which lesson has changed.
"""
CHECK = re.compile(r'ck\.check\(\s*"(\d\d)\.(\w+)"')


def student(notebook: NotebookNode, _: ModuleType) -> NotebookNode:
    """The lesson as students get it: nothing has run, and nothing is given away."""
    for cell in unrun(notebook).cells:
        if cell.cell_type == "markdown":
            cell.source = ANSWER.sub(r"**\1**", cell.source)
    return notebook


def instructor(notebook: NotebookNode, solutions: ModuleType) -> NotebookNode:
    """The lesson with outputs, notes, and below each exercise what solves it."""
    below(notebook, solutions.EXERCISES, solution)
    return discussed(notebook, solutions.DISCUSSION)


def below(
    notebook: NotebookNode,
    exercises: dict[str, Exercise],
    make: Callable[[str, Exercise], NotebookNode],
) -> None:
    """Put a cell below each exercise's."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        names = CHECK.findall(cell.source) if cell.cell_type == "code" else []
        # lesson 00 shows what happens with a name that is not there
        cells += [make(name, exercises[name]) for _, name in names if name in exercises]
    notebook.cells = cells


def solution(name: str, exercise: Exercise) -> NotebookNode:
    """A cell that shows an exercise's hints and its solution."""
    shown = (
        inspect.getsource(exercise.solution)
        if callable(exercise.solution)
        else f"{name} = {exercise.solution!r}"
    )
    kind = "What is right" if exercise.breaks else "A solution"
    text = f"{hints(exercise)}\n\n> **{kind}.**\n\n```python\n{shown.rstrip()}\n```"
    return nbformat.v4.new_markdown_cell(
        text, id=f"solution-{name}", metadata={"tags": ["solution"]}
    )


def hints(exercise: Exercise) -> str:
    """The three hints, each folded into the one before."""
    text = ""
    for stage, hint in reversed(list(enumerate(exercise.hints, 1))):
        inner = f"{hint}\n\n{text}" if text else hint
        text = f"<details><summary>Hint {stage} of 3</summary>\n\n{inner}\n</details>"
    return text


def discussed(notebook: NotebookNode, discussion: str) -> NotebookNode:
    """The lesson with the discussion of its open exercise folded below that."""
    folded = f"<details><summary>A discussion</summary>\n\n{discussion.strip()}\n</details>"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and OPEN.search(cell.source):
            cell.source += f"\n\n{folded}"
    return notebook


def refuse(folder: Path) -> None:
    """Raise an error for a folder into which nothing can be written: it holds something, or what is copied."""
    for origin in (LESSONS, LESSONS.parent / "excel"):
        if folder.resolve().is_relative_to(origin.resolve()):
            raise ValueError(
                f"{folder} lies in {origin}, which is copied: give a folder elsewhere"
            )
    if folder.is_file() and folder.suffix == ".zip":
        raise FileExistsError(
            f"{folder} is there, and nothing is overwritten: give a new name"
        )
    if folder.is_file():
        raise NotADirectoryError(f"{folder} is a file: give a new folder")
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} is not empty, and nothing is overwritten: give a new folder"
        )


def write(edition: str, folder: Path) -> list[Path]:
    """Write an edition of all lessons.

    Args:
        edition: "student" or "instructor".
        folder: new or empty; gets `lessons/` with the app, and `excel/`, which they use, and
            for students the whole course. For students it may be a new file, ending in `.zip`.

    Returns:
        The notebooks.

    Raises:
        FileExistsError: the folder holds something, or there is such a file.
        NotADirectoryError: it is a file.
        ValueError: it lies among what is copied, or a lesson is damaged; nothing was written.
    """
    if edition == "student" and folder.suffix == ".zip":
        return zipped(folder)
    refuse(folder)
    notebooks = {lesson: read(lesson) for lesson in chosen([])}
    (folder / "lessons" / "app").mkdir(parents=True)
    (folder / "excel").mkdir()
    copied = ("lessons/app/*.py", "lessons/app/*.html", "lessons/app/Dockerfile")
    for pattern in (*copied, "excel/*.xlsx", *(HANDED if edition == "student" else ())):
        copy(pattern, folder)
    if edition == "student":
        handout(folder)
    written = []
    for lesson, notebook in notebooks.items():
        solutions = load_module(LESSONS / "solutions" / f"{lesson.stem}.py")
        make = {"student": student, "instructor": instructor}[edition]
        notebook = make(notebook, solutions)
        written.append(folder / "lessons" / lesson.name)
        written[-1].write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return written


def copy(pattern: str, folder: Path) -> None:
    """Copy files of the course to the same places in a folder."""
    for file in sorted(LESSONS.parent.glob(pattern)):
        place = file.relative_to(LESSONS.parent)
        if (
            file.is_file()
            and not {"__pycache__", "course"} & set(place.parts)
            and place.parts[:2] != ("data", "make")
        ):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / place)


def handout(folder: Path) -> None:
    """Write what makes lessons a course to hand out: where to start, and packed checks."""
    for name in ("START-HERE.md", "README.md"):  # pip asks for a README
        (folder / name).write_text(START.format(name=folder.name), encoding="utf-8")
    (folder / "lessons" / "solutions").mkdir()
    for file in sorted((LESSONS / "solutions").glob("*.py")):
        (folder / "lessons" / "solutions" / file.name).write_text(
            packed(file), encoding="utf-8"
        )


def packed(file: Path) -> str:
    """A Python file that does the same on every version of Python, and cannot be read at a glance."""
    text = base64.b85encode(zlib.compress(file.read_bytes(), 9)).decode("ascii")
    lines = "\n".join(text[i : i + 100] for i in range(0, len(text), 100))
    return PACKED.format(file.stem, lines)


def zipped(file: Path) -> list[Path]:
    """The students' edition as one file, whose only folder is named like it."""
    refuse(file)
    with tempfile.TemporaryDirectory() as scratch:
        written = write("student", Path(scratch) / file.stem)
        file.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(scratch).rglob("*")):
                archive.write(part, part.relative_to(scratch))
        return [
            Path(file.stem) / path.relative_to(Path(scratch) / file.stem)
            for path in written
        ]


def main() -> None:
    """Write what the command line asks for."""
    edition, *places = sys.argv[1:]
    if len(places) != 1 or not places[0]:
        sys.exit(f"say where to: make {edition} DIR=somewhere")
    try:
        written = write(edition, Path(places[0]).expanduser())
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    inside = places[0] if places[0].endswith(".zip") else f"{places[0]}/lessons"
    print(f"{len(written)} lessons in {inside}")


if __name__ == "__main__":
    main()
