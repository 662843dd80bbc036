"""Lesson 00, notebook basics: for each exercise, other right answers, and plausible wrong ones."""

import torch


def _first_line_or_error(path):
    with open(path, encoding="utf-8") as file:
        return file.readline().rstrip("\n")


def _first_line_stripped(path):
    return path.read_text(encoding="utf-8").split("\n")[0].strip() if path.exists() else "nothing there"


def _whole_file(path):
    return path.read_text(encoding="utf-8") if path.exists() else "nothing there"


ANSWERS = {
    "00.spread": (
        [lambda n: sorted(n)[-1] - sorted(n)[0]],
        [lambda n: n[-1] - n[0], lambda n: max(n), lambda n: abs(max(n)) - abs(min(n))],
    ),
    "00.size": ([91984], [1797 * 64, 91.984, "91984"]),
    "00.first_line": ([], [_first_line_or_error, _first_line_stripped, _whole_file, lambda path: "nothing there"]),
    "00.countdown": (
        [[10, 8, 6, 4, 2], torch.tensor([10.0, 8, 6, 4, 2])],
        [torch.arange(10, 2, -2), torch.arange(10, -1, -2), torch.arange(2, 11, 2)],
    ),
    "00.average": (
        [lambda p: p.sum(0).squeeze(0) / len(p)],
        [lambda p: p.mean(), lambda p: p.mean(0), lambda p: p.mean((1, 2, 3))],
    ),
}
