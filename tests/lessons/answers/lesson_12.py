"""Lesson 12, entity embeddings: for each exercise, other right answers, and plausible wrong ones."""

from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as F


def _means_by_loop(matrix, codes):
    means = []
    for row in codes.tolist():
        found = [matrix[code] for code in row if code]
        means.append(torch.stack(found).mean(0) if found else matrix[0])
    return torch.stack(means)


def _means_by_product(matrix, codes):
    counts = F.one_hot(codes, len(matrix)).sum(1).to(matrix)
    counts[:, 0] = (counts[:, 1:].sum(1) == 0).to(matrix)
    return counts @ matrix / counts.sum(1, keepdim=True)


def _means_by_bag(matrix, codes):
    means = F.embedding_bag(codes, matrix, mode="mean", padding_idx=0)
    means[(codes == 0).all(1)] = matrix[0]
    return means


def _means_by_nan(matrix, codes):
    found = matrix.double()[codes].masked_fill((codes == 0)[..., None], torch.nan)
    return found.nanmean(1).where(codes.any(1, keepdim=True), matrix[0].double())


def _means_of_different(matrix, codes):
    sets = [sorted(set(row) - {0}) for row in codes.tolist()]
    return torch.stack([matrix[codes].mean(0) if codes else matrix[0] for codes in sets])


def _sums(matrix, codes):
    return (matrix[codes] * (codes != 0)[..., None]).sum(1)


def _by_least_squares(targets):
    ratios = 1 / targets.double().numpy()[:, None]
    return np.linalg.lstsq(ratios, np.ones(len(ratios)), rcond=None)[0][0]


def _by_search(targets):
    low, high = targets.min().item(), targets.max().item()

    def error(guess):
        return ((1 - guess / targets.double()) ** 2).sum().item()

    for _ in range(100):
        one, two = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, two) if error(one) < error(two) else (one, high)
    return low


def _by_a_loop(numbers):
    values = 1
    while (values + 1) * min(50, -(-(values + 1) // 2)) < numbers:
        values += 1
    return values


def _by_halves(numbers):
    """50 to a row if there are 99 rows or more; otherwise about the square of the rows over 2."""
    if numbers >= 99 * 50:
        return numbers // 50 - 1
    root = int((2 * numbers) ** 0.5)
    return next(rows for rows in range(root - 1, root + 2) if rows * ((rows + 1) // 2) == numbers) - 1


def _t(*rows):
    return torch.tensor(rows, dtype=torch.float32)


def _c(*codes):
    return torch.tensor(codes)


ANSWERS = {
    "12.mean_of_rows": (
        [_means_by_loop, _means_by_product, _means_by_bag, _means_by_nan],
        [
            lambda m, c: m[c].mean(1),
            _sums,
            lambda m, c: _sums(m, c) / c.shape[1],
            lambda m, c: _sums(m, c) / (c != 0).sum(1, keepdim=True).clamp(min=1),
            lambda m, c: _sums(m, c) / (c != 0).sum(1, keepdim=True),
            _means_of_different,
        ],
    ),
    "12.best_guess": (
        [
            lambda t: (1 / t).mean() / (1 / t**2).mean(),
            lambda t: (t * t**-2.0).sum() / (t**-2.0).sum(),
            lambda t: np.average(t.double().numpy(), weights=t.double().numpy() ** -2),
            _by_least_squares,
            _by_search,
        ],
        [
            lambda t: t.mean(),
            lambda t: t.median(),
            lambda t: t.log().mean().exp(),
            lambda t: 1 / (1 / t).mean(),
            lambda t: t.square().mean().sqrt(),
            lambda t: t.square().sum() / t.sum(),
        ],
    ),
    "12.values_behind": (
        [
            _by_a_loop,
            _by_halves,
            lambda numbers: {(n + 1) * min(50, (n + 2) // 2): n for n in range(1, 2000)}[numbers],
            lambda numbers: torch.tensor(_by_a_loop(numbers)),
            lambda numbers: float(np.searchsorted([n * min(50, (n + 1) // 2) for n in range(1, 2000)], numbers)),
        ],
        [
            lambda numbers: _by_a_loop(numbers) + 1,
            lambda numbers: round((2 * numbers) ** 0.5) - 1,
            lambda numbers: numbers // 50 - 1,
            lambda numbers: next(n for n in range(1, 2000) if n * min(50, (n + 1) // 2) >= numbers),
            lambda numbers: next(n for n in range(1, 2000) if (n + 1) * min(50, (n + 1) // 2) >= numbers),
        ],
    ),
    "12.rmspe_of_the_rest": (
        [0.39, torch.tensor(0.39), np.float64(0.1521) ** 0.5, Fraction(39, 100)],
        [0.33, 0.57, 0.1521, 0.12, 0.21, 0.15],
    ),
    "12.added_up": (
        [
            (_t([1], [1]), _c(0, 0), 1),
            (_t([1, 2], [3, 4], [5, 6]), _c(2, 0, 2), 3),
            (torch.tensor([[1, 2], [3, 4]]), _c(1, 1), 4),
            (_t([-1], [2], [3]).double(), _c(1, 1, 1), 2),
        ],
        [
            (_t([1]), _c(0), 1),
            (_t([1], [2]), _c(0, 1), 2),
            (_t([1, 2], [3, 4], [5, 6]), _c(2, 0, 1), 3),
            (_t([1], [2]), _c(2, 2), 2),
            (_t([1], [2]), _c(0), 2),
            _t([1], [1]),
        ],
    ),
    "12.choices": (
        [
            ("name", "neither", "number", "name", "number"),
            "name, neither, number, name, number",
            ["Name", "Neither", "Number", "Name", "Number"],
            np.array(["name", "neither", "number", "name", "number"]),
        ],
        [
            ["name"] * 5,
            ["number", "neither", "number", "name", "number"],
            ["name", "name", "number", "name", "number"],
            ["name", "neither", "number", "neither", "number"],
        ],
    ),
}

EQUIVALENT = {"12.values_behind": {"1 -> 0": "no values at all would be 1 number, and 1 is refused"}}
