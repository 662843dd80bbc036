"""Execute lessons from a fresh kernel and save their outputs, unless a cell fails.

`python lessons/make/run.py` runs all, `python lessons/make/run.py 02 03` those. With
COURSEKIT_SIZE=full, which takes the public data, the lessons stay as they are: what came
out is saved in build/full.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

LESSONS = Path(__file__).parents[1]
FULL = LESSONS.parent / "build" / "full"
LIMIT = 1 << 20  # bytes a saved notebook may have


def chosen(numbers: list[str]) -> list[Path]:
    """The notebooks whose numbers are given, or all."""
    every = sorted(LESSONS.glob("[0-9][0-9]_*.ipynb"))
    known = [path.stem[:2] for path in every]
    if unknown := set(numbers) - set(known):
        sys.exit(f"no lesson {min(unknown)!r}; there are {', '.join(known)}")
    return [path for path in every if not numbers or path.stem[:2] in numbers]


def run(path: Path) -> tuple[Path, float]:
    """Execute one lesson and save it; give where, and the seconds that took."""
    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    place = {"metadata": {"path": LESSONS}}
    full = os.environ.get("COURSEKIT_SIZE") == "full"
    limit = None if full else 300  # seconds that a cell may take
    client = NotebookClient(notebook, kernel_name="python3", timeout=limit, resources=place)
    client.extra_arguments = ["--IPKernelApp.log_level=40"]  # errors only
    client.execute()
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
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".saving")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)


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
