"""A class for nbgrader: assignments from the lessons, to hand out, collect and grade.

`python -m lessons.make.classes DIR 03 07` writes into a new folder DIR `nbgrader_config.py` and, for each lesson,
`source/03_softmax/03_softmax.ipynb`. Without numbers it takes every lesson. The commands are in `site/teach.md`.

What becomes of a lesson:

- It stays whole: students read, run and solve in one notebook, as in the course. Grading runs only what an answer
  needs (see `grading.py`), so that a whole lesson costs no more than a sheet of its exercises.
- The cell of an exercise is a solution cell; what is right stands between BEGIN SOLUTION and END SOLUTION.
- Below it stands a locked test cell, worth the exercise's difficulty, 1 to 5, in points: all of them or none. It shows
  the exercise's first cases; its hidden part says what is judged, with which seed.
- Below the open exercise stands a cell to write in, worth its difficulty, which a person grades. The discussion is in
  the instructor's version only.

`ck.check` and `ck.progress` are for oneself. Marks come from here.
"""

import json
import re
import secrets
import shlex
import shutil
import sys
from pathlib import Path
from types import ModuleType

import nbformat
from nbformat import NotebookNode

from coursekit.classroom.exercises import Exercise, load_module
from coursekit.classroom.lessons import read

from .editions import CHECK, OPEN, Shown, asked, destination, refuse, student
from .run import LESSONS, chosen
from .variants import literal

VARIANTS = 12  # hidden ones of each exercise that asks for a function
SHOWN = 2  # cases in a visible test
POINTS = re.compile(r"Difficulty (\d) of 5")

CONFIG = '''"""How nbgrader grades this class. Written by `make class`; run nbgrader's commands in this folder.

Students' code is judged in a process of its own, outside of the notebook; see lessons/make/grading.py of the course.
"""

import os
import sys

COURSE = {root!r}  # the clone of the course that grades
if not os.path.isfile(os.path.join(COURSE, "lessons", "make", "grading.py")):
    raise SystemExit(f"the course is no longer in {{COURSE}}: say in nbgrader_config.py where its clone is")
sys.path.insert(0, COURSE)
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")  # nbgrader calls alembic

from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    DeduplicateIds,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from lessons.make.grading import Judge, Restore

c = get_config()
c.CourseDirectory.course_id = {course!r}
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.ClearSolutions.code_stub = {{"python": "# your answer"}}
c.ClearSolutions.text_stub = "*Your answer*"
c.Autograde.sanitize_preprocessors = [
    Restore, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata
]
c.Autograde.autograde_preprocessors = [
    Judge, LimitOutput, SaveAutoGrades, AssignLatePenalties, SanitizeHTML, CheckCellMetadata
]
c.Judge.course = c.CourseDirectory.root
c.Judge.seconds = 20  # of a processor that one exercise may take
c.Judge.most = 1200  # seconds by the clock that one notebook may take
c.SanitizeHTML.enabled = True  # what a student writes into a text is not run by who reads it
'''


def assignment(lesson: Path) -> NotebookNode:
    """The instructor's version of a lesson as an assignment, with solutions and hidden parts.

    Raises:
        ValueError: the lesson is damaged.
    """
    solutions = load_module(LESSONS / "solutions" / f"{lesson.stem}.py")
    notebook, shown, cells = student(read(lesson), solutions), Shown(solutions), []
    for cell in notebook.cells:
        cell.source = cell.source.replace("../excel/", "excel/")
        cells.append(cell)
        if cell.cell_type == "markdown" and OPEN.search(cell.source):
            cells.append(open_answer(lesson.stem[:2], cell.source, solutions.DISCUSSION))
        for number, name in CHECK.findall(cell.source) if cell.cell_type == "code" else ():
            if (
                name in solutions.EXERCISES
            ):  # lesson 00 shows what happens with a name that is not there
                exercise = solutions.EXERCISES[name]
                answer = asked(cell.source, name)
                cells.append(test(f"{number}.{name}", answer, exercise))
                solve(cell, f"{number}.{name}", answer, exercise, shown)
    notebook.cells = cells
    return notebook


def handed_out(stem: str) -> NotebookNode:
    """The lesson's own cells, as an assignment has them."""
    (lesson,) = (path for path in chosen([]) if path.stem == stem)
    notebook = student(read(lesson), ModuleType("solutions"))
    for cell in notebook.cells:
        cell.source = cell.source.replace("../excel/", "excel/")
    return notebook


def marks(name: str, kind: str, **more: object) -> dict:
    """The metadata of nbgrader for a cell."""
    fixed = {"schema_version": 3, "task": False, "grade_id": name, "cell_type": kind}
    return {
        "nbgrader": {**fixed, "grade": False, "solution": False, "locked": False, **more}
    }


def grade_id(name: str) -> str:
    """The name of an exercise's solution cell; that of its test cell has `-test` behind it."""
    return "exercise-" + name.replace(".", "-")


def solve(
    cell: NotebookNode, name: str, answer: str, exercise: Exercise, shown: Shown
) -> None:
    """Make an exercise's cell the solution cell, with what is right before its check."""
    cell.metadata.update(marks(grade_id(name), "code", solution=True))
    before, check, after = cell.source.partition("ck.check(")
    right = shown.answer(exercise, answer, [])
    cell.source = f"{before}### BEGIN SOLUTION\n{right}\n### END SOLUTION\n{check}{after}"


def test(name: str, answer: str, exercise: Exercise) -> NotebookNode:
    """An exercise's locked test cell: a few cases to be read, and what is judged when it is graded."""
    hidden = {
        "exercise": name,
        "answer": answer,
        "seed": secrets.randbelow(1 << 31),
        "variants": VARIANTS,
    }
    text = [
        *visible(answer, exercise),
        "### BEGIN HIDDEN TESTS",
        f"judged = {hidden!r}",
        "raise RuntimeError('graded outside of this kernel: run autograde where nbgrader_config.py lies')",
        "### END HIDDEN TESTS",
    ]
    metadata = marks(
        f"{grade_id(name)}-test",
        "code",
        grade=True,
        locked=True,
        points=exercise.difficulty,
    )
    return nbformat.v4.new_code_cell(
        "\n".join(text), id=f"test-{name.replace('.', '-')}", metadata=metadata
    )


def visible(answer: str, exercise: Exercise) -> list[str]:
    """The lines of a test that students see: the first cases, with what is right for them."""
    points = f"{exercise.difficulty} point{'s' * (exercise.difficulty != 1)}"
    if exercise.breaks or exercise.cases is None:
        return [f"# {points}, for the answer that `ck.check` calls right."]
    lines = []
    for case in exercise.cases():
        given, right = literal(case), literal(exercise.solution(*case))
        if given and right and len(given) + len(right) < 300 and len(lines) < 2 * SHOWN:
            lines += [
                f"found = {answer}(*{given})",
                f"assert agree(found, {right}, {exercise.tolerance}), found",
            ]
    head = [f"# {points}: for these cases, and for others when it is graded."]
    return (
        [*head, "import torch", "from coursekit.classroom.exercises import agree", *lines]
        if lines
        else head
    )


def open_answer(number: str, question: str, discussion: str) -> NotebookNode:
    """The cell to write in for the open exercise, which a person grades; the discussion is its rubric."""
    points = int(POINTS.search(question)[1])
    head = f"**Your findings** ({points} points, read by a person). Keep the cells with your experiment above this one."
    text = f"{head}\n\n### BEGIN SOLUTION\n{discussion.strip()}\n### END SOLUTION"
    metadata = marks(f"open-{number}", "markdown", grade=True, solution=True, points=points)
    return nbformat.v4.new_markdown_cell(text, id=f"open-{number}", metadata=metadata)


def write(folder: Path, numbers: list[str]) -> list[Path]:
    """Write a class.

    Args:
        folder: new or empty.
        numbers: of lessons, such as "03"; none means all.

    Returns:
        The notebooks.

    Raises:
        FileExistsError: the folder holds something.
        NotADirectoryError: it is a file.
        ValueError: it lies in a folder of the course, or a lesson is damaged; nothing was written.
    """
    refuse(folder)
    notebooks = {lesson: assignment(lesson) for lesson in chosen(numbers)}
    folder.mkdir(parents=True, exist_ok=True)
    course = re.sub(r"\W+", "-", folder.resolve().name)
    config = CONFIG.format(root=str(LESSONS.parent), course=course)
    (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
    written = []
    for lesson, notebook in notebooks.items():
        place = folder / "source" / lesson.stem
        place.mkdir(parents=True)
        text = json.dumps([cell.source for cell in notebook.cells])
        for book in sorted(set(re.findall(r"excel/(\w+\.xlsx)", text))):
            (place / "excel").mkdir(exist_ok=True)
            shutil.copyfile(LESSONS.parent / "excel" / book, place / "excel" / book)
        if "app/" in text:
            (place / "app").mkdir()
            for file in sorted((LESSONS / "app").iterdir()):
                if file.is_file():
                    shutil.copyfile(file, place / "app" / file.name)
        written.append(place / lesson.name)
        written[-1].write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return written


def main() -> None:
    """Write what the command line asks for."""
    try:
        folder = destination("class", *sys.argv[1:2])
        written = write(folder, sys.argv[2:])
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(f"{len(written)} assignments in {folder / 'source'}")
    print(
        f"next: cd {shlex.quote(str(folder))} && python -m nbgrader generate_assignment {written[0].stem}"
    )


if __name__ == "__main__":
    main()
