"""The lessons as files: copies of them to work in, and a run from top to bottom that is compared with what is saved."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbformat import NotebookNode

from ..datasets import course
from ..storage import write_whole

LESSONS = course() / "lessons"
SUMS = ".copies.json"  # in the folder of copies: the sum of each as it was given
# What nbformat says of a broken file
DAMAGED = (ValueError, KeyError, AttributeError, TypeError, nbformat.ValidationError)


def chosen(numbers: Sequence[str] = (), lessons: Path = LESSONS) -> list[Path]:
    """The notebooks whose numbers are given, such as "02", or all; a ValueError if there is no such lesson."""
    every = sorted(lessons.glob("[0-9][0-9]_*.ipynb"))
    if unknown := sorted(set(numbers) - {path.stem[:2] for path in every}):
        raise ValueError(f"no lesson {unknown[0]!r}; there are {', '.join(path.stem[:2] for path in every)}")
    return [path for path in every if not numbers or path.stem[:2] in numbers]


def read(lesson: Path) -> NotebookNode:
    """A notebook; a ValueError that names it where it is damaged: half merged, say."""
    try:
        notebook = nbformat.read(lesson, 4)
        unrun(deepcopy(notebook))  # all that the course asks of it is there
        return notebook
    except DAMAGED as error:
        said = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{lesson} is damaged ({said[:100]})") from error


def unrun(lesson: NotebookNode) -> NotebookNode:
    """The lesson without what its cells gave, and without the notes for the instructor."""
    lesson.cells = [c for c in lesson.cells if c.metadata.get("slideshow", {}).get("slide_type") != "notes"]
    for cell in lesson.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return lesson


def renew(mine: Path, lessons: Path = LESSONS) -> list[str]:
    """Copy lessons, and the app and workbooks that they use; renew copies that nobody edited, and keep the others.

    Nothing has run in the copies, so that there is something to guess. Workbooks go beside the folder, where lessons
    look for them.

    Args:
        mine: the folder of copies, such as `my_lessons`.
        lessons: where the originals are.

    Returns:
        What there is to say: edited copies whose original has changed since, originals that are damaged.
    """
    notes, said = _noted(mine), []
    for original, name in _files(mine, lessons):
        copy = mine / name
        try:
            fresh = _fresh(original)
        except (ValueError, OSError) as error:
            said.append(f"{error}; it was left out")
            continue
        if copy.exists() and notes.get(name) == _sum(fresh):
            continue  # nothing new, edited or not
        if not copy.exists() or _sum(copy.read_bytes()) in (_sum(fresh), notes.get(name)):
            _copy(fresh, mine, name)
        else:
            advice = f"reset {name[:2]}" if copy.suffix == ".ipynb" else "delete it"
            said.append(f"{name} has changed in the course; your edited copy is kept. For the new one: {advice}")
    return said


def reset(number: str, mine: Path, lessons: Path = LESSONS) -> tuple[Path, Path | None]:
    """Give a fresh copy of one lesson.

    Returns:
        The copy; and where the former one is now, None if there was none.
    """
    (lesson,) = chosen([number], lessons)
    copy, fresh = mine / lesson.name, _fresh(lesson)
    aside = mine / f"{copy.stem}.{datetime.now():%Y-%m-%d_%H%M%S_%f}.ipynb"
    old = copy.rename(aside) if copy.exists() else None
    _copy(fresh, mine, copy.name)
    return copy, old


def _files(mine: Path, lessons: Path) -> Iterator[tuple[Path, str]]:
    """All that is copied, and to where, as seen from the folder of copies."""
    yield from ((lesson, lesson.name) for lesson in chosen(lessons=lessons))
    app = (file for file in sorted((lessons / "app").glob("*")) if file.suffix in (".py", ".html"))
    yield from ((file, f"app/{file.name}") for file in app)
    if mine.resolve().parent != lessons.resolve().parent:
        yield from ((book, f"../excel/{book.name}") for book in sorted((lessons.parent / "excel").glob("*.xlsx")))


def _fresh(original: Path) -> bytes:
    if original.suffix != ".ipynb":
        return original.read_bytes()
    return (nbformat.writes(unrun(read(original))) + "\n").encode()


def _copy(fresh: bytes, mine: Path, name: str) -> None:
    """Write a copy, and note what was given."""
    write_whole(mine / name, fresh)
    write_whole(mine / SUMS, json.dumps(_noted(mine) | {name: _sum(fresh)}, indent=1).encode())


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _noted(mine: Path) -> dict[str, str]:
    try:
        return dict(json.loads((mine / SUMS).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}  # without notes a copy that differs from its lesson counts as edited


def execute(notebook: NotebookNode, folder: Path, seconds: int | None = 300) -> None:
    """Run a notebook from a fresh kernel that works in a folder; a cell may take so many seconds.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    from nbclient import NotebookClient

    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, kernel_name="python3", timeout=seconds, resources=place)
    client.extra_arguments = ["--IPKernelApp.log_level=40"]  # errors only
    client.execute()


def rerun(lesson: Path) -> list[str]:
    """Run a fresh copy of a lesson somewhere else; in words, the cell that fails, or those that give something else.

    Not compared are pictures, HTML, and cells with the tag `nbval-ignore-output`: their output may differ by machine.
    """
    from nbclient.exceptions import CellExecutionError

    try:
        saved, ran = read(lesson), unrun(read(lesson))
    except ValueError as error:
        return [str(error)]
    with TemporaryDirectory() as scratch:
        renew(Path(scratch) / "my_lessons", lesson.parent)
        try:
            execute(ran, Path(scratch) / "my_lessons")
        except CellExecutionError as error:
            failed = next(i for i, cell in enumerate(_code(ran), 1) if any("ename" in o for o in cell.outputs))
            return [f"code cell {failed} fails with {error.ename}: {error.evalue}"]
    found = []
    for i, (old, new) in enumerate(zip(_code(saved), _code(ran), strict=True), 1):
        before, now = _texts(old), _texts(new)
        if before != now and "nbval-ignore-output" not in old.metadata.get("tags", []):
            found.append(f"code cell {i} gives\n{now}\nin place of\n{before}")
    return found


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _texts(cell: NotebookNode) -> str:
    """What a cell printed, then what it showed, as text."""
    printed = "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
    return "\n".join([printed, *(output.data.get("text/plain", "") for output in cell.outputs if "data" in output)])
