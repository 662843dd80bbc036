"""The lessons as files: copies of them to work in, and a run from top to bottom that is compared with what is saved."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from warnings import catch_warnings, simplefilter

import nbformat
from nbformat import NotebookNode

from ..datasets import course
from ..storage import write_whole

LESSONS = course() / "lessons"
SUMS = ".copies.json"  # in the folder of copies: the sums of each as it was given
ADDED = ("trusted", "collapsed", "scrolled", "execution", "editable", "vscode")  # to a cell's metadata, by editors
# What nbformat says of a broken file
DAMAGED = (ValueError, KeyError, AttributeError, TypeError, RecursionError, nbformat.ValidationError)


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

    A lesson counts as edited when its cells are no longer those that were given: one has another source, type or
    attachment, is new, gone or moved. What JupyterLab writes when it opens, runs and saves a lesson is no edit:
    outputs, metadata, the order of keys, empty cells. So a lesson that has only been run is renewed, and its outputs
    go. Of the app's files the text counts, whatever its line endings. A workbook that a spreadsheet program has saved
    counts as edited, even if no cell was: the program writes all of it anew.

    A page that shows a lesson while it is renewed does not lose what was typed there: JupyterLab asks before it saves
    over a file that has changed.

    Args:
        mine: the folder of copies, such as `my_lessons`.
        lessons: where the originals are.

    Returns:
        What there is to say: edited copies whose original has changed since, what is damaged or cannot be read.
    """
    mine.mkdir(parents=True, exist_ok=True)
    notes, said = _noted(mine), []
    for original, name in _files(mine, lessons):
        copy, known = mine / name, notes.get(name, [])
        advice = f"reset {name[:2]}" if copy.suffix == ".ipynb" else "delete it, or move it away"
        try:
            given, fresh = _fresh(original)
            news = not copy.exists() or _sum(given) not in known[-1:]
            copy.parent.mkdir(parents=True, exist_ok=True)
            old = copy.read_bytes() if news and (copy.exists() or copy.is_symlink()) else None
        except (ValueError, OSError) as error:
            said.append(f"{error}; it was left out")
            continue
        if not news:
            continue  # edited or not
        if old is None or _sums(old, copy.suffix, given) & {*_sums(given, copy.suffix, given), *known}:
            _copy(given, fresh, mine, name)
        elif copy.suffix == ".ipynb" and _notebook(old) is None:
            said.append(f"{name} is damaged: JupyterLab cannot open it. It is kept. For a fresh one: {advice}")
        else:
            said.append(f"{name} has changed in the course; your edited copy is kept. For the new one: {advice}")
    return list(dict.fromkeys(said))


def reset(number: str, mine: Path, lessons: Path = LESSONS) -> tuple[Path, Path | None]:
    """Give a fresh copy of one lesson.

    Returns:
        The copy; and where the former one is now, None if there was none.
    """
    (lesson,) = chosen([number], lessons)
    copy, (given, fresh) = mine / lesson.name, _fresh(lesson)
    aside = mine / f"{copy.stem}.{datetime.now():%Y-%m-%d_%H%M%S_%f}.ipynb"
    old = copy.rename(aside) if copy.exists() or copy.is_symlink() else None  # be it to a disk that is not there now
    _copy(given, fresh, mine, copy.name)
    return copy, old


def _files(mine: Path, lessons: Path) -> Iterator[tuple[Path, str]]:
    """All that is copied, and to where, as seen from the folder of copies."""
    yield from ((lesson, lesson.name) for lesson in chosen(lessons=lessons))
    app = (file for file in sorted((lessons / "app").glob("*")) if file.suffix in (".py", ".html"))
    yield from ((file, f"app/{file.name}") for file in app)
    if mine.resolve().parent != lessons.resolve().parent:
        yield from ((book, f"../excel/{book.name}") for book in sorted((lessons.parent / "excel").glob("*.xlsx")))


def _fresh(original: Path) -> tuple[bytes, bytes]:
    """A file of the course as it is given, the same on every machine; and as JupyterLab on this one would save it."""
    stat = original.stat()
    return _read(original, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=200)  # a hub asks for each student anew
def _read(original: Path, *_: int) -> tuple[bytes, bytes]:
    if original.suffix != ".ipynb":
        return (original.read_bytes(),) * 2
    given = _written(notebook := unrun(read(original)))
    notebook.metadata |= _kernel()
    return given, _written(notebook)


@cache
def _kernel() -> dict:
    """What JupyterLab notes in a notebook of the kernel that runs it; nothing where there is none yet."""
    try:
        from ipykernel.ipkernel import IPythonKernel
        from jupyter_client.kernelspec import NoSuchKernel, get_kernel_spec
    except ImportError:
        return {}
    with suppress(NoSuchKernel):
        spec = {"display_name": get_kernel_spec("python3").display_name, "language": "python", "name": "python3"}
        return {"kernelspec": spec, "language_info": IPythonKernel.language_info}
    return {}


def _written(notebook: NotebookNode) -> bytes:
    return (nbformat.writes(notebook) + "\n").encode(errors="surrogatepass")


def _copy(given: bytes, fresh: bytes, mine: Path, name: str) -> None:
    """Write a copy, and note what was given."""
    write_whole(mine / name, fresh)
    notes = _noted(mine)
    new = _sums(given, Path(name).suffix, given) - {last := _sum(given)}
    notes[name] = [*(known for known in notes.get(name, []) if known not in new | {last}), *sorted(new), last]
    write_whole(mine / SUMS, json.dumps(notes, indent=1).encode())


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=200)
def _sums(content: bytes, suffix: str, given: bytes) -> frozenset[str]:
    """The sums by which a file is known again: of its bytes, and of what counts as an edit if it changes."""
    if suffix in (".py", ".html"):
        text = _lines(content.decode("latin-1")).encode("latin-1")  # whatever bytes
        return frozenset({_sum(content), "text:" + _sum(text)})
    if suffix != ".ipynb" or (notebook := _notebook(content)) is None:
        return frozenset({_sum(content)})
    notebook.cells = [cell for cell in notebook.cells if cell.source.strip() or cell.get("attachments")]
    cells = [(cell.cell_type, _lines(cell.source), cell.get("attachments") or {}) for cell in notebook.cells]
    # and as it was given, without what JupyterLab has added: editions before 1.0 noted the sum of all bytes
    as_given = _notebook(given)
    notebook.metadata, notebook.nbformat_minor = as_given.metadata, as_given.nbformat_minor
    tags = {cell.id: cell.metadata for cell in as_given.cells}
    for cell in notebook.cells:
        own = {name: value for name, value in cell.metadata.items() if name not in ADDED}
        cell.metadata = tags.get(cell.get("id"), own)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    cells_sum = "cells:" + _sum(json.dumps(cells, sort_keys=True).encode())
    return frozenset({_sum(content), cells_sum, _sum(_written(notebook))})


def _lines(text: str) -> str:
    """A text with the line ends of Unix."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _notebook(content: bytes) -> NotebookNode | None:
    """A notebook from its bytes; None where they are damaged."""
    try:
        with catch_warnings():
            simplefilter("ignore")  # cells without ids
            notebook = nbformat.reads(content.decode("utf-8-sig"), 4)
        for cell in notebook.cells:  # all that is asked of it is there
            cell.cell_type, cell.metadata.items(), cell.source.strip(), hash(cell.get("id"))
        return notebook
    except DAMAGED:
        return None


def _noted(mine: Path) -> dict[str, list[str]]:
    """The sums of each copy as it was given, edition by edition; the last is that of the last edition's bytes."""
    try:
        notes = dict(json.loads((mine / SUMS).read_text(encoding="utf-8-sig")))
        return {name: [sums] if isinstance(sums, str) else list(map(str, sums)) for name, sums in notes.items()}
    except (FileNotFoundError, ValueError, TypeError, RecursionError):
        return {}  # without notes a copy that differs from its lesson counts as edited
    except OSError as error:
        raise ValueError(f"{error}. Move it away: copies that differ from their lesson will count as edited") from error


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
    Of a lesson without outputs, as students get it, it is only seen whether a cell fails.
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
    found, was_run = [], any(cell.outputs for cell in _code(saved))
    for i, (old, new) in enumerate(zip(_code(saved), _code(ran), strict=True), 1):
        before, now = _texts(old), _texts(new)
        if was_run and before != now and "nbval-ignore-output" not in old.metadata.get("tags", []):
            found.append(f"code cell {i} gives\n{now}\nin place of\n{before}")
    return found


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _texts(cell: NotebookNode) -> str:
    """What a cell printed, then what it showed, as text."""
    printed = "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
    return "\n".join([printed, *(output.data.get("text/plain", "") for output in cell.outputs if "data" in output)])
