"""What only a machine with a GPU can prove, in one run: tests, lessons 02, 05 and 14, and an epoch, compiled and not.

`make gpu` runs it, within 10 minutes, and keeps the run in `benchmarks/runs/gpu-DATE-MACHINE.json`. It needs no network
and installs nothing: `python -m benchmarks.gpu` from the course's folder works in any environment that has the packages
(`NEEDED` below; nbval is not among them). coursekit need not be installed, it is found in that folder. What is
missing is said by name. `torch.compile` needs a C compiler, too. Lessons' outputs are not compared, but what they claim
is to hold.

`--rehearse` plays it on a CPU as if that were a GPU, to know that this script works; its record goes to `build/gpu`.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import date
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEEDED = {
    "tests": [
        "torch",
        "torchvision",
        "numpy",
        "pandas",
        "PIL",
        "safetensors",
        "tqdm",
        "psutil",
        "pytest",
        "playwright",
    ],
    "lessons": ["matplotlib", "nbformat", "nbclient", "ipykernel", "ipywidgets", "tokenizers", "openpyxl"],
}
LESSONS = ("02", "05", "14")
PLAYED = ("hand_written", "coursekit", "coursekit_compiled")
LIMIT = 600  # seconds for all
CELL = 200  # seconds for a cell


def devices():
    """The names of the GPUs that PyTorch can use."""
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def lacking(rehearsal):
    """The packages that are not there; and a C compiler, without which a rehearsal compiles nothing."""
    missing = [name for names in NEEDED.values() for name in names if not find_spec(name)]
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        missing += [] if rehearsal else ["a C compiler (for torch.compile)"]
        os.environ["TORCHDYNAMO_DISABLE"] = "1"
    return missing


def tests(rehearsal, given):
    """The tests that are marked for a GPU, and their halves on the CPU; a test that is skipped counts as failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-o", "addopts="]
    command += ["--import-mode=importlib", "--confcutdir=tests", "tests/core/test_devices.py", "-k", given.tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", env=environment(), timeout=LIMIT)
    found = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout[-2000:])}
    wrong = done.returncode or not found.get("passed") or (found.get("skipped") and not rehearsal)
    return {"counts": found, "failures": [done.stdout[-2000:] + done.stderr[-2000:]] if wrong else []}


def environment():
    """This process's, with coursekit to be found, and the samples as data."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if name != "COURSEKIT_SIZE"}
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}


def lessons(_, given):
    """The lessons at sample size; what they claim is to hold."""
    from lessons.make.run import chosen

    ran = [lesson(path) for path in chosen(given.lessons)]
    failures = [f"{one['lesson']}: {one['failure']}" for one in ran if one["failure"]]
    return {"lessons": ran, "failures": failures}


def lesson(path):
    """One of them, in a fresh kernel; the file stays as it is."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook, failure, started = nbformat.read(path, 4), "", time.perf_counter()
    place = {"metadata": {"path": path.parent}}
    client = NotebookClient(notebook, kernel_name="python3", timeout=CELL, resources=place)
    client.extra_arguments = ["--IPKernelApp.log_level=40"]  # errors only
    for cell in notebook.cells:
        cell.update({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {})
    try:
        client.execute(env=environment())
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        failure = str(error).strip()[-1500:]
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    told = [output.get("metadata", {}).get("coursekit", {}) for output in outputs]
    return {
        "lesson": path.stem,
        "seconds": round(time.perf_counter() - started, 1),
        "figures": {one["report"]: one["value"] for one in told if "report" in one},
        "claims": [one for one in told if "claim" in one],
        "failure": failure,
    }


def epoch(_, given):
    """An epoch of benchmarks/epoch.py, by hand and with coursekit, as it comes and compiled."""
    from .epoch import check_alike, learned, play, seconds

    results = play(PLAYED, given.rounds, given.epochs)
    check_alike(results)
    base = seconds(results[PLAYED[0]])
    found = {}
    for name, rounds in results.items():
        times = seconds(rounds)
        ratios = sorted(own / other for own, other in zip(times, base, strict=True))
        loss, accuracy = learned(rounds)
        middle = {"seconds": sorted(times)[len(times) // 2], "times the first": ratios[len(ratios) // 2]}
        found[name] = {n: round(x, 5) for n, x in middle.items()} | {"held-out loss": loss, "accuracy": accuracy}
    return {"rounds": given.rounds, "epochs": given.epochs, "contestants": found, "failures": []}


def run(names, rehearsal, given):
    """All parts, each whatever became of the one before; the record."""
    from lessons.make import record

    started, parts = time.perf_counter(), {}
    for part in (tests, lessons, epoch):
        begun = time.perf_counter()
        try:
            found = part(rehearsal, given)
        except (AssertionError, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            found = {"failures": [f"{type(error).__name__}: {error}"[:2000]]}
        parts[part.__name__] = {"seconds": round(time.perf_counter() - begun, 1)} | found
        print(f"{part.__name__}: {parts[part.__name__]['seconds']} s, {len(found['failures'])} failures", flush=True)
    return {
        "command": "make gpu" + (" ARGS=--rehearse" if rehearsal else ""),
        "rehearsal": rehearsal,
        "devices": names,
        "parts": parts,
        "seconds": round(time.perf_counter() - started, 1),
        "date": date.today().isoformat(),
        "commit": record.commit(),
    } | record.here()


def keep(found, runs=None):
    """Write the record; a rehearsal's where no table is made from it."""
    from lessons.make import record

    folder = runs or (ROOT / "build" / "gpu" if found["rehearsal"] else record.RUNS)
    folder.mkdir(parents=True, exist_ok=True)
    path = record.free(folder, f"gpu-{found['date']}-{record.short(found['machine'])}")
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def arguments(words=None):
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rehearse", action="store_true", help="on a CPU, as if it were a GPU")
    parser.add_argument("--lessons", nargs="+", default=list(LESSONS), help="these lessons instead of 02, 05 and 14")
    parser.add_argument("--tests", default="", help="only tests whose names match, as pytest's -k takes it")
    parser.add_argument("--rounds", type=int, default=5, help="of the epoch benchmark")
    parser.add_argument("--epochs", type=int, default=4, help="timed epochs in a round")
    return parser.parse_args(words)


def main():
    given = arguments()
    if missing := lacking(given.rehearse):
        sys.exit(f"not run, since this environment lacks: {', '.join(missing)}")
    names = ["a stand-in for a GPU"] if given.rehearse else devices()
    if not names:
        sys.exit("there is no GPU here that PyTorch can use, so nothing was run; --rehearse plays it on the CPU")
    found = run(names, given.rehearse, given)
    path = keep(found)
    failures = [failure for part in found["parts"].values() for failure in part["failures"]]
    late = [f"it took {found['seconds']:.0f} s, more than {LIMIT}"] if found["seconds"] > LIMIT else []
    print(*failures, *late, f"{found['seconds']:.0f} s; kept in {path.relative_to(ROOT)}", sep="\n")
    sys.exit(bool(failures + late))


if __name__ == "__main__":
    main()
