"""Solutions to lesson 00, with the cases that an answer is tried on."""

import os
import tempfile
from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise
from coursekit.datasets import fetch


def spread(numbers):
    return max(numbers) - min(numbers)


def first_line(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\n")
    except FileNotFoundError:
        return "nothing there"


def average(images):
    return images.mean(dim=0)[0]


def _files():
    """Paths of a file with two lines, one with one, an empty one, and none."""
    folder = Path(tempfile.gettempdir()) / f"coursekit-lesson-00-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    for name, text in (
        ("two.txt", "one\ntwo\n"),
        ("one.txt", "only"),
        ("empty.txt", ""),
        ("spaces.txt", "  two  \n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return [
        (folder / name,)
        for name in ("missing.txt", "empty.txt", "one.txt", "two.txt", "spaces.txt")
    ]


EXERCISES = {
    "spread": Exercise(
        spread,
        "max and min both take a list",
        lambda: [([3],), ([1, 5],), ([-2, -7, -4],), ([0.5, 0.25, 0.75],)],
    ),
    "size": Exercise(
        (fetch("digits", "sample") / "train-images-idx3-ubyte").stat().st_size,
        'ck.fetch("digits", "sample") is its folder; .stat().st_size of a Path says bytes',
    ),
    "first_line": Exercise(
        first_line,
        "try: open and readline; except FileNotFoundError: the other answer",
        _files,
    ),
    "countdown": Exercise(
        torch.arange(10, 0, -2),
        "arange(start, end, step): the end is left out, the step is negative",
    ),
    "average": Exercise(
        average,
        "mean(dim=0) takes the mean over the images; one axis of length one is left",
        lambda: [
            (torch.arange(4.0).reshape(1, 1, 2, 2),),
            (torch.arange(12.0).reshape(2, 1, 2, 3) ** 2,),
        ],
    ),
}
