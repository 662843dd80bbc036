"""Lesson 01, the first image classifier: for each exercise, other right answers, and plausible wrong ones."""

import re
from pathlib import Path

import torch


def _pair_by_loop(matrix):
    pairs = [(r, c) for r in range(len(matrix)) for c in range(r + 1, len(matrix))]
    return max(pairs, key=lambda pair: int(matrix[pair] + matrix[pair[::-1]]))


def _one_direction(matrix):
    matrix = matrix.clone().fill_diagonal_(0)
    return tuple(sorted(divmod(int(matrix.argmax()), len(matrix))))


ANSWERS = {
    "01.label": (
        [
            lambda name: Path(name).stem.rsplit("_", 1)[0],
            lambda name: re.search(r"([^/]+)_[0-9]+", name)[1],
        ],
        [
            lambda name: name.split("_")[0],
            lambda name: name.rsplit("_", 1)[0],
            lambda name: name.split("/")[-1].split("_")[0],
            lambda name: Path(name).stem,
        ],
    ),
    "01.fraction_kept": (
        [lambda h, w: min(h, w) ** 2 / (h * w), lambda h, w: min(h / w, w / h)],
        [lambda h, w: h / w, lambda h, w: h * h / (h * w), lambda h, w: (min(h, w) / max(h, w)) ** 2, max],
    ),
    "01.top3_error": (
        [lambda z, y: ((z > z[torch.arange(len(y)), y][:, None]).sum(1) >= 3).float().mean()],
        [
            lambda z, y: (z.argmax(1) != y).float().mean(),
            lambda z, y: (z.topk(3, 1).indices == y[:, None]).any(1).float().mean(),
            lambda z, y: (z.topk(3, 1).indices != y[:, None]).float().mean(),
        ],
    ),
    "01.most_confused_pair": (
        [_pair_by_loop],
        [
            _one_direction,
            lambda m: tuple(sorted(divmod(int(m.argmax()), len(m)))),
            lambda m: tuple(reversed(_pair_by_loop(m))),
        ],
    ),
}
