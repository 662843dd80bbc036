"""The lessons to hand out, and the lessons to teach from.

`python -m lessons.make.editions student DIR` writes them without outputs, speaker notes,
and answers to the questions; `... instructor DIR` with all of these, and with a solution
after each exercise. Both take along what lessons use: the workbooks and the app.
"""

import inspect
import re
import shutil
import sys
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
            raise ValueError(f"{folder} lies in {origin}, which is copied: give a folder elsewhere")
    if folder.is_file():
        raise NotADirectoryError(f"{folder} is a file: give a new folder")
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty, and nothing is overwritten: give a new folder")


def write(edition: str, folder: Path) -> list[Path]:
    """Write an edition of all lessons.

    Args:
        edition: "student" or "instructor".
        folder: new or empty; gets `lessons/` with the app, and `excel/`, which they use.

    Returns:
        The notebooks.

    Raises:
        FileExistsError: the folder holds something.
        NotADirectoryError: it is a file.
        ValueError: it lies among what is copied, or a lesson is damaged; nothing was written.
    """
    refuse(folder)
    notebooks = {lesson: read(lesson) for lesson in chosen([])}
    (folder / "lessons" / "app").mkdir(parents=True)
    (folder / "excel").mkdir()
    copied = ("lessons/app/*.py", "lessons/app/*.html", "lessons/app/Dockerfile")
    for pattern in (*copied, "excel/*.xlsx"):
        for file in LESSONS.parent.glob(pattern):
            shutil.copyfile(file, folder / file.relative_to(LESSONS.parent))
    written = []
    for lesson, notebook in notebooks.items():
        solutions = load_module(LESSONS / "solutions" / f"{lesson.stem}.py")
        make = {"student": student, "instructor": instructor}[edition]
        notebook = make(notebook, solutions)
        written.append(folder / "lessons" / lesson.name)
        written[-1].write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return written


def main() -> None:
    """Write what the command line asks for."""
    edition, *places = sys.argv[1:]
    if len(places) != 1 or not places[0]:
        sys.exit(f"say where to: make {edition} DIR=somewhere")
    try:
        written = write(edition, Path(places[0]).expanduser())
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(f"{len(written)} lessons in {places[0]}/lessons")


if __name__ == "__main__":
    main()
