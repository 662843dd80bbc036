"""Lesson 01, the first image classifier: for each exercise, other right answers, and plausible wrong ones."""

import math
from fractions import Fraction
from itertools import count

import numpy as np
import torch


def _statistics_by_loop(black, white):
    means, stds = [], []
    for b, w in zip(black.tolist(), white.tolist(), strict=True):
        stds.append(1 / (w - b))
        means.append(-b / (w - b))
    return means, stds


def _statistics_solved(black, white):
    ones = torch.ones(len(black))
    equations = torch.stack([torch.stack([black, ones], 1), torch.stack([white, ones], 1)], 1).double()
    right = torch.tensor([0.0, 1.0]).double().expand(len(black), 2)[..., None]
    std, mean = torch.linalg.solve(equations, right)[..., 0].T  # pixel = output * std + mean
    return torch.stack([mean, std])


def _top3_by_loop(outputs, targets):
    wrong = 0
    for row, target in zip(outputs.tolist(), targets.tolist(), strict=True):
        wrong += target not in sorted(range(len(row)), key=lambda i: row[i])[-3:]
    return wrong / len(targets)


def _top3_by_rank(outputs, targets):
    own = outputs.gather(1, targets[:, None])
    return ((outputs > own).sum(1) >= 3).double().mean()


def _precision_by_loop(matrix):
    found = []
    for c in range(len(matrix)):
        given = sum(matrix[r][c].item() for r in range(len(matrix)))
        found.append(matrix[c][c].item() / given if given else 0)
    return found


def _precision_numpy(matrix):
    counts = matrix.numpy().astype(float)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.diag(counts) / counts.sum(axis=0))


def _epochs_by_loop(backbone, head, factor):
    n = 1
    while n * (backbone + head) < factor * (backbone + n * head):
        n += 1
    return n


ANSWERS = {
    "01.break_pattern": (
        ["Saint-Bernard_3.jpg", "great dane_12.jpg", ("Müsli_1.jpg",), "cat2_7.jpg", "2_3.jpg"],
        [
            "pug_1.jpg",
            "pug_Tabby_1.jpg",  # many underscores are no problem
            "images/pug.jpg",  # no number: outside the domain
            "PUG_007.jpg",
            "_1.jpg",
        ],
    ),
    "01.whose_statistics": (
        [
            lambda b, w: (b / (b - w), 1 / (w - b)),
            _statistics_by_loop,
            _statistics_solved,
            lambda b, w: [(-b / (w - b)).numpy(), (1 / (w - b)).numpy()],
        ],
        [
            lambda b, w: (1 / (w - b), -b / (w - b)),  # in the other order
            lambda b, w: (b / (w - b), 1 / (w - b)),  # the sign
            lambda b, w: ((b + w) / 2, w - b),  # of the outputs, not of the pixels
            lambda b, w: (-b, w - b),
            lambda b, w: (-b / (w - b), 1 / (w + b)),
            lambda b, w: (-b[:1] / (w - b)[:1], 1 / (w - b)[:1]),  # one for all channels
        ],
    ),
    "01.top3_error": (
        [
            lambda z, y: ((z > z[torch.arange(len(y)), y][:, None]).sum(1) >= 3).float().mean(),
            _top3_by_loop,
            _top3_by_rank,
            lambda z, y: np.mean([t not in np.argsort(-r)[:3] for r, t in zip(z.numpy(), y.numpy(), strict=True)]),
        ],
        [
            lambda z, y: (z.argmax(1) != y).float().mean(),
            lambda z, y: (z.topk(3, 1).indices == y[:, None]).any(1).float().mean(),
            lambda z, y: (z.topk(3, 1).indices != y[:, None]).float().mean(),
            lambda z, y: (z.topk(2, 1).indices != y[:, None]).all(1).float().mean(),
            lambda z, y: (z.topk(3, 1, largest=False).indices != y[:, None]).all(1).float().mean(),
            lambda z, y: (z.argsort(1)[:, :3] == y[:, None]).any(1).float().mean(),
        ],
    ),
    "01.precision_of": (
        [
            _precision_by_loop,
            _precision_numpy,
            lambda m: torch.einsum("ii->i", m) / torch.einsum("ij->j", m).clamp(min=1),
            lambda m: (m.double() / m.sum(0).double()).nan_to_num().diagonal(),
            lambda m: tuple(float(m[i, i]) / max(float(m[:, i].sum()), 1) for i in range(len(m))),
        ],
        [
            lambda m: m.diagonal() / m.sum(1).clamp(min=1),  # recall: of the true ones, along the row
            lambda m: m.diagonal() / m.sum(),
            lambda m: m.diagonal() / m.sum(0),  # nan where nothing was given
            lambda m: 1 - m.diagonal() / m.sum(0).clamp(min=1),
            lambda m: m.diagonal().sum() / m.sum(),  # one number for all: the accuracy
            lambda m: m.diagonal() / (m.sum(0) + 1),
        ],
    ),
    "01.enough_epochs": (
        [
            _epochs_by_loop,
            lambda b, h, f: math.ceil(Fraction(f * b, b + h - f * h)),
            lambda b, h, f: next(n for n in count(1) if n * (b + h) >= f * (b + n * h)),
            lambda b, h, f: torch.tensor(f * b / (b + h - f * h), dtype=torch.double).ceil(),
        ],
        [
            lambda b, h, f: math.floor(Fraction(f * b, b + h - f * h)),  # rounded down
            lambda b, h, f: math.floor(Fraction(f * b, b + h - f * h)) + 1,  # more than the factor
            lambda b, h, f: f,  # the head costs nothing
            lambda b, h, f: math.ceil(f * b / (b + h)),  # the cached epochs forgotten
            lambda b, h, f: math.ceil(f * b / b),
            lambda b, h, f: round(f * b / (b + h - f * h)),
        ],
    ),
}
