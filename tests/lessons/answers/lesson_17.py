"""Lesson 17, trees: for each exercise, other right answers, and plausible wrong ones."""

import math
from fractions import Fraction

import numpy as np
import torch


def _split(values, targets, measure):
    """The threshold whose two sides measure least."""
    distinct = values.unique()
    middles = (distinct[1:] + distinct[:-1]) / 2
    scores = torch.stack([measure(targets[values <= t], targets[values > t]) for t in middles])
    return middles[scores.argmin()]


def _squares(side):
    return (side - side.mean()).square().sum()


def _distances(side):
    return (side - side.quantile(0.5)).abs().sum()


def _by_numpy(values, targets):
    v, t = values.double().numpy(), targets.double().numpy()
    best = (math.inf, None)
    for low, high in zip(np.unique(v), np.unique(v)[1:], strict=False):
        sides = t[v <= low], t[v > low]
        best = min(best, (sum(np.abs(s - np.median(s)).sum() for s in sides), (low + high) / 2))
    return best[1]


def _by_sorting(values, targets):
    order = values.argsort()
    v, t = values[order].tolist(), targets[order]
    losses = {}
    for i in range(1, len(v)):
        if v[i] != v[i - 1]:
            losses[(v[i] + v[i - 1]) / 2] = sum((s - s.median()).abs().sum().item() for s in (t[:i], t[i:]))
    return torch.tensor(min(losses, key=losses.get))


def _by_masks(values, targets):
    """All splits at once: the medians of both sides by nanquantile."""
    distinct = values.unique()
    middles = (distinct[1:] + distinct[:-1]) / 2
    left = values[:, None] <= middles
    sides = [torch.where(mask, targets[:, None], torch.nan) for mask in (left, ~left)]
    return middles[sum((s - s.nanmedian(0).values).abs().nansum(0) for s in sides).argmin()]


def _at_a_value(values, targets):
    middle = _split(values, targets, lambda a, b: _distances(a) + _distances(b))
    return values[values <= middle].max()


def _between_equal_values(values, targets):
    order = values.argsort(stable=True)
    v, t = values[order], targets[order]
    losses = [_distances(t[:i]) + _distances(t[i:]) for i in range(1, len(v))]
    i = losses.index(min(losses))
    return (v[i] + v[i + 1]) / 2


def _by_any(resamples, n):
    out = ~(resamples[:, :, None] == torch.arange(n)).any(1)
    return int(out.cumsum(0).bool().all(1).nonzero()[0]) + 1


def _by_first_tree_without(resamples, n):
    out = torch.ones(len(resamples), n, dtype=torch.bool).scatter(1, resamples, False)
    return out.int().argmax(0).max() + 1


def _by_recounting(resamples, n):
    for trees in range(1, len(resamples) + 1):
        times = [sum(row in drawn for drawn in resamples[:trees].tolist()) for row in range(n)]
        if max(times) < trees:
            return trees


def _by_numpy_counts(resamples, n):
    counts = np.stack([np.bincount(rows, minlength=n) for rows in resamples.numpy()])
    return np.argmax(np.minimum.accumulate(counts).max(1) == 0) + 1


def _until_every_row_was_drawn(resamples, n):
    seen = set()
    for trees, rows in enumerate(resamples.tolist(), 1):
        seen |= set(rows)
        if len(seen) == n:
            return trees
    return len(resamples)


def _until_one_row_was_out(resamples, n):
    return next(trees for trees, rows in enumerate(resamples.tolist(), 1) if len(set(rows)) < n)


def _draw_by_draw(n, fraction):
    missing, draws = 1.0, 0
    while missing > fraction:
        missing, draws = missing * (1 - 1 / n), draws + 1
    return draws


def _by_trying(n, fraction):
    draws = torch.arange(100_000).double()
    return ((1 - 1 / n) ** draws <= fraction).nonzero()[0, 0]


def _by_exact_fractions(n, fraction):
    missing, draws = Fraction(1), 0
    while missing > Fraction(fraction):
        missing, draws = missing * Fraction(n - 1, n), draws + 1
    return draws


def _t(*numbers):
    return torch.tensor(numbers, dtype=torch.float32)


ANSWERS = {
    "17.best_threshold_of": (
        [
            lambda v, t: _split(v, t, lambda a, b: _distances(a) + _distances(b)),
            _by_numpy,
            _by_sorting,
            _by_masks,
        ],
        [
            _at_a_value,
            lambda v, t: _split(v, t, lambda a, b: _squares(a) + _squares(b)),
            lambda v, t: _split(v, t, lambda a, b: (a - a.mean()).abs().sum() + (b - b.mean()).abs().sum()),
            lambda v, t: _split(v, t, lambda a, b: _distances(a) / len(a) + _distances(b) / len(b)),
            lambda v, t: _split(v, t, lambda a, b: -(a.median() - b.median()).abs()),
            lambda v, t: v.median(),
            _between_equal_values,
        ],
    ),
    "17.trees_for_all": (
        [_by_any, _by_first_tree_without, _by_recounting, _by_numpy_counts],
        [
            _until_every_row_was_drawn,
            _until_one_row_was_out,
            lambda rows, n: len(rows),
            lambda rows, n: _by_any(rows, n) - 1,
            lambda rows, n: int((~(rows[:, :, None] == torch.arange(n)).any(1)).all(0).sum()) + 1,
        ],
    ),
    "17.draws_needed": (
        [
            _draw_by_draw,
            _by_trying,
            _by_exact_fractions,
            lambda n, f: np.ceil(np.log(f) / np.log((n - 1) / n)),
            lambda n, f: next(k for k in range(10**6) if ((n - 1) / n) ** k <= f),
        ],
        [
            lambda n, f: math.floor(math.log(f) / math.log(1 - 1 / n)),
            lambda n, f: math.ceil(-n * math.log(f)),
            lambda n, f: math.ceil(n * (1 - f)),
            lambda n, f: math.log(f) / math.log(1 - 1 / n),
            lambda n, f: math.ceil(math.log(1 - f) / math.log(1 - 1 / n)),
        ],
    ),
    "17.same_splits": (
        [
            (_t(1, 1), _t(1, 2)),
            (_t(1, 2), _t(2, 1)),
            (torch.tensor([1, 2, 3]), torch.tensor([-1, -2, -3])),
            (torch.tensor([0.0, 5.0, 5.0]).double(), torch.tensor([0.0, 5.0, 6.0]).double()),
            (_t(-2, -1, 3), _t(4, 4, 9)),
        ],
        [
            (_t(1, 2), _t(1, 3)),
            (_t(1, 2, 3), _t(2, 1, 3)),
            (_t(1, 2, 3), _t(1, 4, 9)),
            (_t(1, 2), _t(1, 2, 3)),
            (_t(1, math.nan), _t(1, 2)),
        ],
    ),
    "17.enough_trees": (
        [40, 40.0, torch.tensor(40), np.int64(40), Fraction(40)],
        [8, 10, 36, 39, 41, 50, 80],
    ),
}

EQUIVALENT = {}
