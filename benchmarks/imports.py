"""How long `import coursekit` takes beside `import torch`, in fresh processes that take turns."""

import subprocess
import sys

from .report import machine, spread, table, write

TIMES = 9
CODE = "from time import perf_counter as now; start = now(); {}; print(now() - start)"
ROOMS = "import coursekit as ck; ck.vision, ck.tabular, ck.text, ck.classroom"
STATEMENTS = {"`import torch`": "import torch", "`import coursekit`": "import coursekit", "and all its rooms": ROOMS}


def seconds(statement):
    return float(subprocess.check_output([sys.executable, "-c", CODE.format(statement)], encoding="utf-8"))


def main():
    rounds = [[seconds(one) for one in STATEMENTS.values()] for _ in range(TIMES + 1)][1:]  # the first fills the cache
    taken = dict(zip(STATEMENTS, zip(*rounds, strict=True), strict=True))
    first, rows = taken["`import torch`"], []
    for name, times in taken.items():
        ratios = [own / torch for own, torch in zip(times, first, strict=True)]
        fastest = [f"{min(times):.2f}", f"{min(times) / min(first):.2f}"]
        rows.append([name, spread(times, "{:.2f}"), spread(ratios, "{:.2f}"), *fastest])
    heads = ["", "seconds", "times the first", "fastest", "times"]
    write("imports", f"{machine()}.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
