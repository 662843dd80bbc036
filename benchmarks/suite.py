"""Where the suite's time goes: seconds of each lesson and each test file, recorded, and beside the first record.

`python -m benchmarks.suite` runs `make test` and records it; `... FILE` takes what `make test
ARGS=--durations=0` printed on this machine into a file; `... --tables` writes the README's table anew. Seconds
are those of setup, call and teardown together; the workers' start and what takes less than 5 ms a step are not in them.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

from lessons.make import record  # it has the machine, the commit and the folder of all recorded runs

from .report import table, write

ROOT = Path(__file__).parents[1]

COMMAND = ["make", "test", "ARGS=--durations=0"]
STEP = re.compile(r"^\s*([\d.]+)s (?:setup|call|teardown)\s+(\S+?)::", re.M)
END = re.compile(r"^=*\s*((?:\d+ \w+(?:, )?)+) in ([\d.]+)s", re.M)
SMALL = 1.0  # seconds under which files share a row


def measured(printed):
    """Seconds by lesson and by test file, and how the suite ended, from what pytest printed.

    Raises:
        ValueError: these are no durations, or the suite did not come to its end.
    """
    ends, steps = END.findall(printed), STEP.findall(printed)
    if not ends or not steps:
        raise ValueError("no durations, or no end of the suite, in what pytest printed: it needs --durations=0")
    seconds = Counter()
    for time, file in steps:
        seconds[file] += float(time)
    rounded = {file: round(time, 2) for file, time in sorted(seconds.items())}
    lessons = {Path(file).stem: time for file, time in rounded.items() if file.endswith(".ipynb")}
    files = {file.removeprefix("tests/"): time for file, time in rounded.items() if file.endswith(".py")}
    outcome, total = ends[-1]
    return {"outcome": outcome, "seconds": float(total), "lessons": lessons, "files": files}


def ran():
    """Run the suite, show what it prints, and give it; whether it passed is in it."""
    process = subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    lines = []
    for line in process.stdout:
        lines.append(line)
        print(line, end="", flush=True)
    process.wait()
    return "".join(lines)


def keep(found, note, commit, started, runs=record.RUNS):
    """Write a record; give its path."""
    whole = {"command": " ".join(COMMAND), "note": note, **found, "date": started[:10], "started": started}
    whole |= {"commit": commit} | record.here()
    runs.mkdir(parents=True, exist_ok=True)
    path = record.free(runs, f"suite-{started[:10]}-{record.short(whole['machine'])}")
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def records(runs=record.RUNS):
    """All recorded runs, the oldest first."""
    texts = [path.read_text(encoding="utf-8") for path in runs.glob("suite-*.json")]
    return sorted(map(json.loads, texts), key=lambda one: one["started"])


def compared(before, after):
    """The README's text: the first record, and the latest beside it, or nothing where there is only one."""
    both = [one for one in (before, after) if one]
    rows = [["**all, on the wall**", *(f"{one['seconds']:.0f}" for one in both)]]
    for part, what in (("lessons", "lessons"), ("files", "test files")):
        names = sorted({name for one in both for name in one[part]})
        large = [name for name in names if max(one[part].get(name, 0) for one in both) >= SMALL]
        small = [name for name in names if name not in large]
        rows.append(row(f"**{what}, one after the other**", both, part, names))
        rows += [row(f"`{name}`", both, part, [name]) for name in large]
        rows += [row(f"{len(small)} other {what}", both, part, small)] if small else []
    heads = ["seconds", *(f"{one['date']}, {one['commit']}" for one in both)]
    lines = [f"- {one['date']}, {one['commit']}: {said(one)}." for one in both]
    return "\n".join(lines) + f"\n\n{table(heads, rows)}"


def row(what, both, part, names):
    """The seconds of these together, in each record."""
    return [what, *(f"{sum(one[part].get(name, 0) for name in names):.1f}" for one in both)]


def said(one):
    """A record's circumstances in a line."""
    note = f"; {one['note']}" if one["note"] else ""
    return f"{one['outcome']}; {one['machine']}, PyTorch {one['torch']}, Python {one['python']}, {one['system']}{note}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("file", nargs="?", type=Path, help="what pytest printed; none: run the suite")
    arguments.add_argument("--note", default="", help="what is to be known of the machine")
    arguments.add_argument("--commit", help="the commit that FILE is of")
    arguments.add_argument("--started", help="when the run of FILE began, such as 2026-11-28T15:41:01")
    arguments.add_argument("--tables", action="store_true", help="only write the README's table anew")
    given = arguments.parse_args()
    if given.file and not (given.commit and given.started):
        arguments.error("a file does not say when it was made, nor of what: give --started and --commit too")
    if not given.tables:
        started = given.started or datetime.now().isoformat(timespec="seconds")
        commit = given.commit or record.commit()
        printed = given.file.read_text(encoding="utf-8") if given.file else ran()
        print(keep(measured(printed), given.note, commit, started))
    if not (every := records()):
        sys.exit("no run of the suite is recorded yet")
    write("suite", compared(every[0], every[-1] if len(every) > 1 else None))


if __name__ == "__main__":
    main()
