"""Lesson 00, notebook basics: for each exercise, other right answers, and plausible wrong ones."""

from pathlib import Path

import numpy as np
import torch


def _first_line_by_asking(path):
    return path.read_text(encoding="utf-8").partition("\n")[0] if path.exists() else "nothing there"


def _first_line_by_open(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\n")
    except FileNotFoundError:
        return "nothing there"


def _first_line_by_loop(path):
    if not Path(path).is_file():
        return "nothing there"
    with open(path, encoding="utf-8") as file:
        for line in file:
            return line.removesuffix("\n")
    return ""


def _first_line_by_bytes(path):
    try:
        lines = Path(path).read_bytes().decode().splitlines()
    except OSError:
        return "nothing there"
    return lines[0] if lines else ""


def _first_line_or_error(path):
    with open(path, encoding="utf-8") as file:
        return file.readline().rstrip("\n")


def _first_line_stripped(path):
    return path.read_text(encoding="utf-8").split("\n")[0].strip() if path.exists() else "nothing there"


def _whole_file(path):
    return path.read_text(encoding="utf-8") if path.exists() else "nothing there"


def _first_line_with_its_end(path):
    if not path.exists():
        return "nothing there"
    with open(path, encoding="utf-8") as file:
        return file.readline()


def _empty_is_nothing(path):
    return (_first_line_by_asking(path) if path.exists() else "") or "nothing there"


def _first_full_line(path):
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else ["nothing there"]
    return next((line for line in lines if line), "")


def _average_by_loop(images):
    total = torch.zeros(images.shape[2:], dtype=torch.double)
    for image in images:
        total += image[0]
    return total / len(images)


def _average_as_list(images):
    n, _, height, width = images.shape
    return [[sum(images[i, 0, r, c].item() for i in range(n)) / n for c in range(width)] for r in range(height)]


ANSWERS = {
    "00.break_spread": (
        [[3, 1], [1, 5, 2], ([5, 4, 3],), [0, -1.5], [2, 1, 2], torch.tensor([4, 1, 9, 2])],
        [[1, 2, 5], [7], [1, 9, 3, 10], [2, 2], [], "321", 5, (3, 1)],
    ),
    "00.first_line": (
        [_first_line_by_asking, _first_line_by_open, _first_line_by_loop, _first_line_by_bytes],
        [
            _first_line_or_error,
            _first_line_stripped,
            _whole_file,
            lambda path: "nothing there",
            _first_line_with_its_end,
            _empty_is_nothing,
            _first_full_line,
        ],
    ),
    "00.run_order": (
        [(1, 2, 3, 2), torch.tensor([1, 2, 3, 2]), np.array([1, 2, 3, 2]), [1.0, 2.0, 3.0, 2.0]],
        [
            [1, 2, 3],  # x is 10
            [2, 3, 2],  # x is not known after a restart
            [1, 2, 2, 3],  # the same cells, x is 16
            [1, 3, 2, 2],
            [1, 1, 2, 3, 2],  # 13, but after five cells
            [2, 3, 2, 1],  # backwards
            13,
            "1232",
        ],
    ),
    "00.ten_stars": (
        [105, 105.0, torch.tensor(105), np.int64(105)],
        [
            500,  # all that liked it
            136,  # nine stars
            len(list((Path(__file__).parents[3] / "data/reviews/train/pos").glob("*10*.txt"))),  # also in the number
            len(list((Path(__file__).parents[3] / "data/reviews").rglob("*_10.txt"))),  # the test set, too
            "105",
        ],
    ),
    "00.average": (
        [
            lambda p: p.sum(0).squeeze(0) / len(p),
            lambda p: p.mean(dim=0)[0],
            lambda p: p.numpy().mean(axis=0).squeeze(),
            lambda p: torch.einsum("nchw->hw", p.double()) / p.shape[0],
            _average_by_loop,
            _average_as_list,
        ],
        [
            lambda p: p.mean(),
            lambda p: p.mean(0),  # an axis too many
            lambda p: p.mean((1, 2, 3)),  # a number for each image
            lambda p: p.sum((0, 1)),
            lambda p: p[0, 0],  # the first image
            lambda p: p.median(dim=0).values[0],
            lambda p: p.mean(dim=(0, 2, 3)),
        ],
    ),
}
