"""Rehearse the full-size path of each lesson that has one, on stand-ins, without a network.

`python -m lessons.make.rehearse` takes all lessons, `... rehearse 01` one: each with
COURSEKIT_SIZE=full on what `stand_ins.py` makes in a temporary data home, two at a time,
changed as `rehearsal.py` says. Every cell is to run. Claims with bounds are recorded, all
others are to hold. What ran is left in `build/rehearsal`; the lessons stay as they are.
"""

import os
import re
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from . import stand_ins
from .record import data_sets
from .run import LESSONS, chosen, save

try:
    import resource
except ImportError:  # Windows has nothing that counts what children used
    resource = None

KEPT = LESSONS.parent / "build" / "rehearsal"
TOGETHER = 2  # lessons at a time
LIMIT = 900  # seconds that a cell may take, on a busy machine
BEFORE = "from lessons.make import rehearsal\n\nrehearsal.start()"
AFTER = "rehearsal.finish(globals())"


@dataclass
class Result:
    """How a rehearsal went."""

    lesson: str
    seconds: float
    cpu: float  # seconds too
    cells: int
    ran: int
    held: int  # claims
    recorded: int
    failures: list[str] = field(default_factory=list)


def has_full_path(lesson: Path) -> bool:
    """Whether it fetches data, and not only a sample."""
    return bool(re.search(r"ck\.fetch\(\"\w+\"\)", code_of(nbformat.read(lesson, 4))))


def code_of(notebook: NotebookNode) -> str:
    """All code of a lesson."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def rehearse(lesson: Path, home: Path, kept: Path = KEPT) -> Result:
    """Run one lesson in the data home; after a cell that fails the next one runs too."""
    notebook = nbformat.read(lesson, 4)
    for cell in notebook.cells:  # what an earlier run left says nothing of this one
        cell.update({"outputs": [], "execution_count": None} if "outputs" in cell else {})
    own = home / f"home-{lesson.stem[:2]}"  # its progress is its own
    own.mkdir()
    (own / "data").symlink_to(home / "data")
    notebook.cells.insert(0, nbformat.v4.new_code_cell(BEFORE))
    notebook.cells.append(nbformat.v4.new_code_cell(AFTER))
    settings = {
        "COURSEKIT_SIZE": "full",
        "COURSEKIT_VERIFY": "0",
        "COURSEKIT_HOME": str(own),
        "PYTHONPATH": os.pathsep.join(
            [str(LESSONS.parent), os.environ.get("PYTHONPATH", "")]
        ),
    }
    threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=LIMIT,
        allow_errors=True,
        resources={"metadata": {"path": LESSONS}},
    )
    client.extra_arguments = ["--IPKernelApp.log_level=40"]  # errors only
    begun = []  # the cells, as the notebook with the one in front numbers them
    client.on_cell_execute = lambda cell, cell_index: begun.append(cell_index)
    started, cpu = time.perf_counter(), cpu_seconds()
    stopped = {}
    try:
        client.execute(env=os.environ | settings | threads)
    except (CellTimeoutError, DeadKernelError) as error:
        stopped = {
            begun[-1] - 1: f"the run ended here: {str(error).strip().splitlines()[0]}"
        }
    spent = time.perf_counter() - started, cpu_seconds() - cpu
    result = judged(lesson.stem, spent, notebook, stopped)
    save(notebook, kept / lesson.name)
    return result


def cpu_seconds() -> float:
    """What the processors did for the kernels that this process started and that ended; nan where nobody counts."""
    if resource is None:
        return float("nan")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def judged(lesson: str, spent: tuple, notebook: NotebookNode, stopped: dict) -> Result:
    """Count what ran and what was claimed; cells are numbered as in the lesson, from 0."""
    result = Result(lesson, *spent, 0, 0, 0, 0)
    for number, cell in enumerate(notebook.cells, -1):
        if cell.cell_type != "code":
            continue
        told = [out.get("metadata", {}).get("coursekit", {}) for out in cell.outputs]
        result.held += sum("claim" in one for one in told)
        result.recorded += sum("recorded" in one for one in told)
        errors = [out for out in cell.outputs if out.output_type == "error"]
        wrong = [f"{out.ename}: {out.evalue}".strip().splitlines()[0] for out in errors]
        wrong += [stopped[number]] if number in stopped else []
        own = 0 <= number < len(notebook.cells) - 2
        result.cells += own
        result.ran += own and bool(cell.execution_count) and not wrong
        where = f"[{number}]" if own else "before the first or after the last cell"
        result.failures += [f"{where} {what}" for what in wrong]
    return result


def table(results: list[Result]) -> str:
    """One line a lesson."""
    line = "{:<28} {:>7} {:>6} {:>9} {:>5} {:>8}  {}"
    heads = ["lesson", "seconds", "of CPU", "cells", "held", "recorded", "first failure"]
    lines = [line.format(*heads)]
    for one in results:
        cells = f"{one.ran} of {one.cells}"
        first = one.failures[0] if one.failures else "–"
        times = f"{one.seconds:.0f}", f"{one.cpu:.0f}"
        lines.append(line.format(one.lesson, *times, cells, one.held, one.recorded, first))
    return "\n".join(lines)


def rehearse_all(lessons: list[Path], kept: Path = KEPT) -> list[Result]:
    """Rehearse lessons side by side, those with the large body first; results by number."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        home = Path(folder)
        read = {lesson: nbformat.read(lesson, 4) for lesson in sorted(lessons)}
        stand_ins.make(
            home, sorted({name for one in read.values() for name in data_sets(one)})
        )
        slow_first = sorted(read, key=lambda one: "resnet34" not in code_of(read[one]))
        with ProcessPoolExecutor(TOGETHER, mp_context=get_context("spawn")) as pool:
            jobs = [pool.submit(rehearse, lesson, home, kept) for lesson in slow_first]
            results = []
            for job in jobs:
                results.append(job.result())
                print(f"{results[-1].lesson}: {results[-1].seconds:.0f} s", flush=True)
    return sorted(results, key=lambda one: one.lesson)


def main() -> None:
    """Rehearse the lessons named on the command line, or all; exit 1 if one failed."""
    started = time.perf_counter()
    lessons = [lesson for lesson in chosen(sys.argv[1:]) if has_full_path(lesson)]
    if not lessons:
        sys.exit(f"no full path in lesson {', '.join(sys.argv[1:])}: it fetches no data")
    results = rehearse_all(lessons)
    print(table(results))
    for one in results:
        for failure in one.failures[1:]:
            print(f"{one.lesson}, also: {failure}")
    failed = sum(bool(one.failures) for one in results)
    seconds = time.perf_counter() - started
    print(f"{len(results) - failed} of {len(results)} passed, {seconds:.0f} s")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
