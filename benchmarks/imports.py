"""How long `import coursekit` takes beside `import torch`, in fresh processes that take turns."""

import subprocess
import sys

from .report import machine, spread, table, write

TIMES = 9
CODE = "from time import perf_counter as now; start = now(); import {}; print(now() - start)"


def seconds(module):
    return float(subprocess.check_output([sys.executable, "-c", CODE.format(module)], encoding="utf-8"))


def main():
    modules = ["torch", "coursekit"]
    pairs = [[seconds(module) for module in modules] for _ in range(TIMES + 1)][1:]  # the first fills the disk cache
    taken = dict(zip(modules, zip(*pairs, strict=True), strict=True))
    rows = []
    for module, times in taken.items():
        ratios = [own / torch for own, torch in zip(times, taken["torch"], strict=True)]
        least = min(times)
        row = [spread(times, "{:.2f}"), spread(ratios, "{:.2f}"), f"{least:.2f}", f"{least / min(taken['torch']):.2f}"]
        rows.append([f"`import {module}`", *row])
    heads = ["", "seconds", "times the first", "fastest", "times"]
    write("imports", f"{machine()}.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
