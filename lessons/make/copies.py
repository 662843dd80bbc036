"""Copies of the lessons to work in, so that an update of the course meets nobody's edits.

Nothing has run in them, so that there is something to guess, and the notes for the
instructor are left out.

`python lessons/make/copies.py` makes those that are missing in `my_lessons/` and renews
those that nobody touched; `... reset 02` gives a fresh copy and keeps the old one.
"""

import hashlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path

import nbformat
from run import LESSONS, chosen

MINE = LESSONS.parent / "my_lessons"
NOTES = (
    ".copies.json"  # for each copy two sums: of the lesson it was made from, and its own
)


def renew(mine: Path = MINE) -> list[str]:
    """Copy what is missing, renew what was not edited, keep what was.

    Returns:
        The names of edited copies whose lesson has changed since.
    """
    mine.mkdir(exist_ok=True)
    notes, behind = _noted(mine), []
    for lesson in chosen([]):
        copy = mine / lesson.name
        known = notes.get(copy.name, [None, None])
        if copy.exists() and known[0] == _sum(lesson):
            continue
        if not copy.exists() or _sum(copy) == known[1]:
            notes[copy.name] = _copy(lesson, copy)
        else:
            behind.append(copy.name)
    _note(mine, notes)
    return behind


def reset(number: str, mine: Path = MINE) -> tuple[Path, Path | None]:
    """Give a fresh copy of one lesson.

    Returns:
        The copy; and where the former one is now, None if there was none.
    """
    (lesson,) = chosen([number])
    mine.mkdir(exist_ok=True)
    copy, old = mine / lesson.name, None
    if copy.exists():
        old = _free(mine, f"{copy.stem}.{datetime.now():%Y-%m-%d_%H%M%S}")
        os.rename(copy, old)
    _note(mine, _noted(mine) | {copy.name: _copy(lesson, copy)})
    return copy, old


def _free(mine: Path, stem: str) -> Path:
    """A path in the folder that nothing has yet."""
    names = (f"{stem}{'' if i == 0 else f'_{i}'}.ipynb" for i in range(1000))
    return next(mine / name for name in names if not (mine / name).exists())


def unrun(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The lesson without what its cells gave, and without the notes for the instructor."""
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.metadata.get("slideshow", {}).get("slide_type") != "notes"
    ]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _copy(lesson: Path, copy: Path) -> list[str]:
    """Write a copy whole or not at all; give the sums to be noted."""
    scratch = copy.with_suffix(".saving")
    scratch.write_text(
        nbformat.writes(unrun(nbformat.read(lesson, 4))) + "\n", encoding="utf-8"
    )
    os.replace(scratch, copy)
    return [_sum(lesson), _sum(copy)]


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _noted(mine: Path) -> dict[str, list[str]]:
    file = mine / NOTES
    if not file.exists():
        return {}
    try:
        notes = dict(json.loads(file.read_text(encoding="utf-8")))
        return {name: [origin, given] for name, (origin, given) in notes.items()}
    except (ValueError, TypeError):  # without notes every copy counts as edited
        print(f"{file} is damaged: all copies are kept as they are")
        return {}


def _note(mine: Path, notes: dict[str, list[str]]) -> None:
    scratch = mine / f"{NOTES}.saving"
    scratch.write_text(json.dumps(notes, indent=1), encoding="utf-8")
    os.replace(scratch, mine / NOTES)


def main() -> None:
    """What the command line asks for."""
    if sys.argv[1:2] != ["reset"]:
        for name in renew():
            fresh = f"make reset LESSON={name[:2]} gives a fresh one"
            print(f"{MINE.name}/{name}: the lesson has changed; your copy is kept. {fresh}")
    elif len(sys.argv) != 3:
        sys.exit("say which lesson: make reset LESSON=02")
    else:
        copy, old = reset(sys.argv[2])
        kept = f"; your former one is {old.name} beside it" if old else ""
        print(f"{MINE.name}/{copy.name} is fresh{kept}")


if __name__ == "__main__":
    main()
