"""Copies of the lessons to work in, so that an update of the course meets nobody's edits.

`python lessons/make/copies.py` makes those that are missing in `my_lessons/` and renews
those that nobody touched; `... reset 02` gives a fresh copy and keeps the old one.
"""

import hashlib
import json
import os
import shutil
import sys
from datetime import datetime
from pathlib import Path

from run import LESSONS, chosen

MINE = LESSONS.parent / "my_lessons"
NOTES = ".copies.json"  # for each copy the sum of the lesson that it was made from


def renew(mine: Path = MINE) -> list[str]:
    """Copy what is missing, renew what was not edited, keep what was.

    Returns:
        The names of edited copies whose lesson has changed since.
    """
    mine.mkdir(exist_ok=True)
    made_from, behind = _noted(mine), []
    for lesson in chosen([]):
        copy = mine / lesson.name
        if not copy.exists() or _sum(copy) == made_from.get(copy.name):
            _copy(lesson, copy)
            made_from[copy.name] = _sum(lesson)
        elif made_from.get(copy.name) != _sum(lesson):
            behind.append(copy.name)
    _note(mine, made_from)
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
    _copy(lesson, copy)
    _note(mine, _noted(mine) | {copy.name: _sum(lesson)})
    return copy, old


def _free(mine: Path, stem: str) -> Path:
    """A path in the folder that nothing has yet."""
    names = (f"{stem}{'' if i == 0 else f'_{i}'}.ipynb" for i in range(1000))
    return next(mine / name for name in names if not (mine / name).exists())


def _copy(lesson: Path, copy: Path) -> None:
    """Write a copy whole or not at all."""
    scratch = copy.with_suffix(".saving")
    shutil.copyfile(lesson, scratch)
    os.replace(scratch, copy)


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _noted(mine: Path) -> dict[str, str]:
    file = mine / NOTES
    if not file.exists():
        return {}
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError):  # without notes every copy counts as edited
        print(f"{file} is damaged: all copies are kept as they are")
        return {}


def _note(mine: Path, made_from: dict[str, str]) -> None:
    scratch = mine / f"{NOTES}.saving"
    scratch.write_text(json.dumps(made_from, indent=1), encoding="utf-8")
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
