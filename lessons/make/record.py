"""Runs on the full data, recorded, and the tables in the lessons that are made from them.

`python -m lessons.make.record full 05 [NOTE]` runs lesson 05 at full size, writes
`benchmarks/runs/05-DATE-MACHINE.json`, and renews the lesson's table; `... tables` renews
those of all lessons. What a lesson hands to `ck.report` is what its run keeps; what others
published stands in `benchmarks/published.json`. Nobody types a figure into a table.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import nbformat
from nbformat import NotebookNode

import coursekit as ck
from coursekit import datasets

from .run import FULL, LESSONS, chosen, run

BENCHMARKS = LESSONS.parent / "benchmarks"
RUNS = BENCHMARKS / "runs"
START, END = "<!-- runs -->", "<!-- /runs -->"
HEAD = "| data | command | machine | time | result | published |\n|---|---|---|---|---|---|"


def record(lesson: Path, note: str, runs: Path = RUNS) -> Path:
    """Run a lesson on the full data, and write down what came out.

    Args:
        lesson: the notebook.
        note: what is to be known of the data, where they are not those of the public host.
        runs: the folder for the record.

    Returns:
        The record's path.
    """
    os.environ["COURSEKIT_SIZE"] = "full"
    target, seconds = run(lesson)
    notebook = nbformat.read(target, 4)
    told = [
        output.metadata["coursekit"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "coursekit" in output.get("metadata", {})
    ]
    record = {
        "lesson": lesson.stem,
        "command": f"make full LESSON={lesson.stem[:2]}",
        "note": note,
        "data": [used(name) for name in data_sets(notebook)],
        "figures": {one["report"]: one["value"] for one in told if "report" in one},
        "claims": [one for one in told if "claim" in one],
        "seconds": round(seconds, 1),
        "date": date.today().isoformat(),
        "commit": commit(),
    } | here()
    runs.mkdir(parents=True, exist_ok=True)
    path = free(runs, f"{lesson.stem[:2]}-{record['date']}-{short(record['machine'])}")
    path.write_text(
        json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return path


def data_sets(notebook: NotebookNode) -> list[str]:
    """The names of the sets that a lesson fetches."""
    code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    return sorted(set(re.findall(r'ck\.fetch\("(\w+)"', code)))


def used(name: str) -> dict:
    """Which files of a set there are: how many, how large, and one sum over all of them."""
    folder = ck.fetch(name, "full")
    total, size, files = hashlib.sha256(), 0, 0
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        if any(part.startswith(".") for part in file.relative_to(folder).parts):
            continue
        content = file.read_bytes()
        total.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        total.update(hashlib.sha256(content).digest())
        size, files = size + len(content), files + 1
    full = datasets.FULL[name]["folder"]
    return {"set": full, "files": files, "bytes": size, "sha256": total.hexdigest()}


def here() -> dict:
    """The machine, and what it computes with."""
    import torch

    device = ck.device()
    named = torch.cuda.get_device_name() if device.type == "cuda" else processor()
    return {
        "machine": f"{named}, {os.cpu_count()} cores",
        "device": device.type,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
    }


def processor() -> str:
    """The processor's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    found = re.search(r"^model name\s*: (.+)$", text, re.M)
    return found[1].strip() if found else platform.processor() or platform.machine()


def commit() -> str:
    """The commit that was run, and whether the tree differed from it."""
    if not shutil.which("git"):
        return "unknown"
    show = ["git", "describe", "--always", "--abbrev=12", "--dirty"]
    done = subprocess.run(show, cwd=LESSONS, capture_output=True, encoding="utf-8")
    return done.stdout.strip() or "unknown"


def short(machine: str) -> str:
    """A machine's name for a file."""
    return re.sub(r"[^a-z0-9]+", "-", machine.lower()).strip("-")


def free(folder: Path, stem: str) -> Path:
    """A path in the folder that no other record has."""
    names = (f"{stem}{'' if i == 0 else f'-{i + 1}'}.json" for i in range(1000))
    return next(folder / name for name in names if not (folder / name).exists())


def records(number: str, runs: Path = RUNS) -> list[dict]:
    """The recorded runs of a lesson, the newest first."""
    texts = [path.read_text(encoding="utf-8") for path in runs.glob(f"{number}-*.json")]
    return sorted(map(json.loads, texts), key=lambda one: one["date"], reverse=True)


def published() -> dict[str, dict[str, str]]:
    """By lesson: the full data, and what others reached with them."""
    file = BENCHMARKS / "published.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def table(number: str, runs: Path = RUNS) -> str:
    """The table of a lesson: the newest run of each machine and each copy of the data.

    A lesson without a run has one row that says so.
    """
    known = published().get(number, {"data": "full set", "published": "–"})
    rows = {}
    for one in records(number, runs):
        key = (one["note"], one["machine"], one["device"])
        rows.setdefault(key, row(one, known))
    empty = [known["data"], f"`make full LESSON={number}`", "–", "not run", "–"]
    lines = [" | ".join([*cells, known["published"]]) for cells in rows.values() or [empty]]
    return "\n".join([HEAD, *(f"| {line} |" for line in lines)])


def marked(number: str, runs: Path = RUNS) -> str:
    """A lesson's table between its marks."""
    return f"{START}\n\n{table(number, runs)}\n\n{END}"


def row(one: dict, known: dict) -> list[str]:
    """A run's cells, but for the last."""
    note = f" ({one['note']})" if one["note"] else ""
    figures = "; ".join(f"{name} {number(x)}" for name, x in one["figures"].items())
    device = "no GPU" if one["device"] == "cpu" else one["device"]
    machine = f"{one['machine']}, {device}; {one['date']}"
    data, command, time = (
        known["data"] + note,
        f"`{one['command']}`",
        duration(one["seconds"]),
    )
    return [data, command, machine, time, figures]


def number(value: float) -> str:
    """A figure with four digits, whole where it is."""
    return f"{value:,.0f}" if value == int(value) else f"{value:.4g}"


def duration(seconds: float) -> str:
    """Such as "5 min 14 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def renew(lesson: Path) -> bool:
    """Write the lesson's table anew between its marks; say whether it changed."""
    notebook = nbformat.read(lesson, 4)
    changed = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and START in cell.source:
            before, rest = cell.source.split(START)
            after = rest.split(END)[1]
            new = f"{before}{marked(lesson.stem[:2])}{after}"
            changed, cell.source = changed or new != cell.source, new
    if changed:
        text = nbformat.writes(notebook) + "\n"
        scratch = lesson.with_suffix(".saving")
        scratch.write_text(text, encoding="utf-8")
        os.replace(scratch, lesson)
    return changed


def main() -> None:
    """What the command line asks for."""
    task, *rest = sys.argv[1:]
    if task == "tables":
        for lesson in chosen(rest):
            if renew(lesson):
                print(f"{lesson.name}: the table is new")
    elif task == "full" and rest and rest[0]:
        (lesson,) = chosen(rest[:1])
        path = record(lesson, " ".join(rest[1:]).strip())
        renew(lesson)
        print(f"{path.relative_to(LESSONS.parent)}; the notebook is in {FULL}")
    else:
        sys.exit("say which lesson: make full LESSON=05")


if __name__ == "__main__":
    main()
