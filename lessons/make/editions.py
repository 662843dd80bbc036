"""The lessons to hand out, and the lessons to teach from.

`python -m lessons.make.editions student DIR` writes a whole course to hand out: lessons
without outputs, speaker notes, and answers to the questions; samples, workbooks, the app,
`coursekit`, and START-HERE.md, which says how to begin on each system. Where DIR ends in
`.zip`, it becomes one file. The checks come along packed: nobody reads an answer by
accident. That is no secret; who unpacks them reads them. Marks come from `make class`.

`... instructor DIR` writes the lessons with outputs, notes and answers, and with a solution
after each exercise, and what they use: the workbooks and the app.
"""

import ast
import base64
import builtins
import os
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import torch
from IPython.core.inputtransformer2 import TransformerManager
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
.venv/bin/python -m pip install -c constraints.txt -e .
.venv/bin/coursekit lab
```

## Windows

```bat
py -m venv .venv
.venv\\Scripts\\python -m pip install -c constraints.txt -e .
.venv\\Scripts\\coursekit lab
```

## conda

```sh
conda create --name course python=3.11
conda activate course
python -m pip install -c constraints.txt -e .
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
    shown = Shown(solutions)
    below(notebook, solutions.EXERCISES, shown.solution)
    return discussed(notebook, solutions.DISCUSSION)


def below(
    notebook: NotebookNode,
    exercises: dict[str, Exercise],
    make: Callable[[str, Exercise, list[str]], NotebookNode],
) -> None:
    """Put a cell below each exercise's.

    Args:
        notebook: the lesson.
        exercises: those of the lesson, by name.
        make: gives that cell for a name, an exercise, and the code of all cells so far.
    """
    cells, code = [], []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type != "code":
            continue
        code.append(cell.source)
        # lesson 00 shows what happens with a name that is not there
        for _, name in CHECK.findall(cell.source):
            cells += [make(name, exercises[name], code)] if name in exercises else []
    notebook.cells = cells


class Shown:
    """A lesson's solutions as code that runs in the lesson below their exercises.

    What such code uses and the cells above do not have comes with it, from the file of
    solutions: imports, functions, constants. The lines with which a solution refuses other
    inputs are for the checker, and left out.
    """

    def __init__(self, solutions: ModuleType) -> None:
        self.lines = Path(solutions.__file__).read_text(encoding="utf-8").splitlines()
        self.steps = {}  # by the names that they define
        for step in ast.parse("\n".join(self.lines)).body:
            for name in defined(step):
                self.steps[name] = step

    def solution(self, name: str, exercise: Exercise, above: list[str]) -> NotebookNode:
        """A cell that shows an exercise's hints and its solution."""
        blocks = {"A solution": self.answer(exercise, asked(above[-1], name), above)}
        if exercise.breaks:
            blocks["What is right"] = self.code(exercise.solution, "", above)
        shown = "\n\n".join(
            f"> **{kind}.**\n\n```python\n{code}\n```" for kind, code in blocks.items()
        )
        return nbformat.v4.new_markdown_cell(
            f"{hints(exercise)}\n\n{shown}",
            id=f"solution-{name}",
            metadata={"tags": ["solution"]},
        )

    def answer(self, exercise: Exercise, place: str, above: list[str]) -> str:
        """Code that gives the right answer to what is asked, `filters` or `still_left(suspects)` say."""
        right = exercise.solution if exercise.answer is None else exercise.answer
        return self.code(right, place.split("(")[-1].strip(")"), above)

    def code(self, answer: object, name: str, above: list[str]) -> str:
        """A function or class with what it needs, or an assignment of a value to a name."""
        if not callable(answer):
            return f"{name} = {literal(answer)}"
        known = {*vars(builtins), *chain.from_iterable(map(names_of, above))}
        needed, imports, parts = [answer.__name__], set(), []
        for own in needed:  # grows
            used = {n.id for n in ast.walk(self.steps[own]) if isinstance(n, ast.Name)}
            for other in sorted(used & self.steps.keys() - known - {*needed}):
                if isinstance(self.steps[other], (ast.Import, ast.ImportFrom)):
                    imports.add(imported(self.steps[other], other))
                else:
                    needed.append(other)
        for step in dict.fromkeys(self.steps.values()):  # in the order of the file
            if any(self.steps[own] is step for own in needed):
                parts.append(self.source(step))
        return "\n\n\n".join(["\n".join(sorted(imports, key=by_kind)), *parts]).strip()

    def source(self, step: ast.stmt) -> str:
        """The lines of one step, without those that only refuse an input."""
        first = min(
            [step.lineno, *(one.lineno for one in getattr(step, "decorator_list", []))]
        )
        left_out = {
            number
            for part in getattr(step, "body", [])
            if refuses(part)
            for number in range(part.lineno, part.end_lineno + 1)
        }
        left_out |= {
            n + 1 for n in left_out if not self.lines[n].strip()
        }  # and the blank one below
        kept = [n for n in range(first, step.end_lineno + 1) if n not in left_out]
        return "\n".join(self.lines[number - 1] for number in kept)


def asked(cell: str, name: str) -> str:
    """What an exercise's cell hands to `ck.check`: the name of an answer, mostly."""
    for node in ast.walk(ast.parse(cell)):
        if isinstance(node, ast.Call) and len(node.args) == 2:
            first, second = node.args
            if isinstance(first, ast.Constant) and str(first.value)[3:] == name:
                return ast.unparse(second)
    raise ValueError(f"no ck.check of {name} with an answer in {cell!r}")


@cache
def names_of(cell: str) -> set[str]:
    """The names that a code cell defines; those of IPython's own commands are left out."""
    try:
        tree = ast.parse(TransformerManager().transform_cell(cell))
    except SyntaxError:  # which lesson 00 shows
        return set()
    return {name for step in tree.body for name in defined(step)}


def defined(step: ast.stmt) -> list[str]:
    """The names that one step defines, or several inside of it, in a loop say."""
    if isinstance(step, (ast.FunctionDef, ast.ClassDef)):
        return [step.name]
    if isinstance(step, (ast.Import, ast.ImportFrom)):
        return [(one.asname or one.name).split(".")[0] for one in step.names]
    inner = chain.from_iterable(map(defined, getattr(step, "body", [])))
    own = [*getattr(step, "targets", []), getattr(step, "target", None)]
    own += [one.optional_vars for one in getattr(step, "items", [])]
    nodes = (node for part in own if part for node in ast.walk(part))
    stored = (
        n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )
    return [*inner, *stored]


def imported(step: ast.Import | ast.ImportFrom, name: str) -> str:
    """The import of one name of several."""
    names = [one for one in step.names if (one.asname or one.name).split(".")[0] == name]
    if isinstance(step, ast.Import):
        return ast.unparse(ast.Import(names))
    return ast.unparse(ast.ImportFrom(step.module, names, step.level))


def by_kind(line: str) -> tuple[bool, str]:
    """The order of imports: `import ...` first, then `from ... import ...`."""
    return line.startswith("from "), line


def refuses(step: ast.stmt) -> bool:
    """Whether a step of a function does nothing but raise a ValueError for some inputs."""
    alone = isinstance(step, ast.If) and len(step.body) == 1 and not step.orelse
    return alone and isinstance(step.body[0], ast.Raise) and "ValueError" in ast.dump(step)


def literal(value: object) -> str:
    """A value as Python code for which torch is there; of a tuple of one thing, that."""
    if isinstance(value, tuple):
        parts = ", ".join(map(literal, value))
        return parts if len(value) == 1 else f"({parts})"
    if isinstance(value, torch.Tensor):
        kind = "" if value.dtype in (torch.float, torch.long, torch.bool) else value.dtype
        numbers = value.tolist()
        if (
            value.is_floating_point()
        ):  # as few digits as tell them apart: 0.1, not 0.10000000149
            short = [float(str(number)) for number in value.numpy().ravel()]
            numbers = np.array(short).reshape(value.shape).tolist()
        text = re.sub(r"\b(inf|nan)\b", r"torch.\1", repr(numbers))
        return f"torch.tensor({text}{f', dtype={kind}' if kind else ''})"
    return repr(value)


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


def destination(task: str, *places: str) -> Path:
    """The folder that a command names; a ValueError if it names none, several, or an option."""
    if len(places) != 1 or not places[0] or places[0].startswith("-"):
        raise ValueError(f"say where to: make {task} DIR=somewhere")
    try:
        return Path(places[0]).expanduser()
    except RuntimeError as error:  # ~somebody
        raise ValueError(
            f"{places[0]}: nobody here has this home. Write it in full"
        ) from error


def refuse(folder: Path, zipped: bool = False) -> None:
    """Raise an error for a folder into which nothing can be written: it holds something, or what is copied.

    Args:
        folder: to be written.
        zipped: whether it becomes a file, ending in `.zip`.
    """
    # all of it: what lies there would be handed out with the next edition, solutions too
    for name in (
        "lessons",
        "excel",
        *{pattern.split("/")[0] for pattern in HANDED if "/" in pattern},
    ):
        origin = LESSONS.parent / name
        if folder.resolve().is_relative_to(origin.resolve()):
            raise ValueError(
                f"{folder} lies in {origin}, which is copied: give a folder elsewhere"
            )
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{above} is a file: give a new folder elsewhere")
    is_zip = folder.suffix.lower() == ".zip"
    if os.path.lexists(folder) and (is_zip or not folder.exists()):
        raise FileExistsError(
            f"{folder} is there, and nothing is overwritten: give a new name"
        )
    if is_zip and not zipped:
        raise ValueError(
            f"{folder} would be a folder: only what `make student` writes becomes one file. Give another name"
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
    if edition == "student" and folder.suffix.lower() == ".zip":
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
    refuse(file, zipped=True)
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
    try:
        folder = destination(edition, *places)
        written = write(edition, folder)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    inside = folder if folder.suffix.lower() == ".zip" else folder / "lessons"
    print(f"{len(written)} lessons in {inside}")


if __name__ == "__main__":
    main()
