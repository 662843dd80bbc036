"""Execute lessons from a fresh kernel and save their outputs, unless a cell fails.

`python -m lessons.make.run` runs all, `python -m lessons.make.run 02 03` those. With
COURSEKIT_SIZE=full, which takes the public data, the lessons stay as they are: what came
out is saved in build/full.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError

from coursekit.classroom import lessons
from coursekit.storage import write_whole

LESSONS = Path(__file__).parents[1]
FULL = LESSONS.parent / "build" / "full"
LIMIT = 1 << 20  # bytes a saved notebook may have


def chosen(numbers: list[str]) -> list[Path]:
    """The notebooks whose numbers are given, or all; another number ends the program."""
    try:
        return lessons.chosen(numbers, LESSONS)
    except ValueError as error:
        sys.exit(str(error))


def run(path: Path) -> tuple[Path, float]:
    """Execute one lesson and save it; give where, and the seconds that took."""
    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    full = os.environ.get("COURSEKIT_SIZE") == "full"
    lessons.execute(notebook, LESSONS, None if full else 300)
    seconds = time.perf_counter() - started
    target = FULL / path.name if full else path
    save(notebook, target)
    return target, seconds


def save(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write the notebook without what differs from run to run for no reason."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.pop("widgets", None)  # states of widgets, under random names
    notebook.metadata["language_info"] = {"name": "python"}
    text = nbformat.writes(notebook) + "\n"
    if len(text.encode()) > LIMIT and path.parent == LESSONS:
        sys.exit(f"{path.name} would be over {LIMIT:,} bytes: make its pictures smaller")
    write_whole(path, text.encode())


def main() -> None:
    """Run the lessons named on the command line."""
    for path in chosen(sys.argv[1:]):
        try:
            target, seconds = run(path)
            print(f"{path.stem:<28} {seconds:5.1f} s, saved in {target.parent}", flush=True)
        except CellExecutionError as error:
            sys.exit(f"{path.stem} failed, and was not saved:\n{error}")


if __name__ == "__main__":
    main()
