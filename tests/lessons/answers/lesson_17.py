"""Lesson 17, trees: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch.nn import functional as F


def _split(values, targets, measure):
    """The threshold whose two sides measure least."""
    distinct = values.unique()
    middles = (distinct[1:] + distinct[:-1]) / 2
    scores = torch.stack([measure(targets[values <= t], targets[values > t]) for t in middles])
    return middles[scores.argmin()]


def _squares(side):
    return (side - side.mean()).square().sum()


def _at_a_value(values, targets):
    middle = _split(values, targets, lambda a, b: _squares(a) + _squares(b))
    return values[values <= middle].max()


def _permuted(x, y, weights, columns, order):
    permuted = x.clone()
    permuted[:, columns] = x[order][:, columns]
    return (permuted @ weights - y).square().mean()


def _walk(tree, row, note, found):
    while "column" in tree:
        after = tree["left"] if row[tree["column"]] <= tree["threshold"] else tree["right"]
        note(found, tree["column"], tree["mean"], after["mean"])
        tree = after
    return found


def _add(found, column, before, after):
    found[column] += after - before


def _overwrite(found, column, before, after):
    found[column] = after - before


def _backwards(found, column, before, after):
    found[column] += before - after


def _recursive(tree, row):
    if "column" not in tree:
        return torch.zeros(len(row))
    below = tree["left"] if row[tree["column"]] <= tree["threshold"] else tree["right"]
    own = F.one_hot(torch.tensor(tree["column"]), len(row)) * (below["mean"] - tree["mean"])
    return own + _recursive(below, row)


def _strictly(tree, row):
    found = torch.zeros(len(row))
    while "column" in tree:
        after = tree["left"] if row[tree["column"]] < tree["threshold"] else tree["right"]
        found[tree["column"]] += after["mean"] - tree["mean"]
        tree = after
    return found


ANSWERS = {
    "17.impurity": (
        [
            lambda labels, n: F.one_hot(labels, n).float().var(0, correction=0).sum(),
            lambda labels, n: (labels[:, None] != labels).float().mean(),
        ],
        [
            lambda labels, n: (F.one_hot(labels, n).float().mean(0) ** 2).sum(),
            lambda labels, n: 1 - F.one_hot(labels, n).float().mean(0).max(),
            lambda labels, n: 1 - labels.unique(return_counts=True)[1].float().square().sum() / n**2,
            lambda labels, n: torch.tensor(1 - 1 / n),
        ],
    ),
    "17.best_threshold_of": (
        [lambda v, t: _split(v, t, lambda a, b: _squares(a) + _squares(b))],
        [
            _at_a_value,
            lambda v, t: _split(v, t, lambda a, b: _squares(a) / len(a) + _squares(b) / len(b)),
            lambda v, t: _split(v, t, lambda a, b: -(a.mean() - b.mean()).abs()),
            lambda v, t: v.median(),
        ],
    ),
    "17.left_out": (
        [
            lambda rows, n: torch.ones(len(rows), n).scatter(1, rows, 0.0).bool(),
            lambda rows, n: (rows[:, None] != torch.arange(n)[:, None]).all(2),
        ],
        [
            lambda rows, n: (rows[:, :, None] == torch.arange(n)).any(1),
            lambda rows, n: (rows[:, :, None] != torch.arange(n)).any(1),
            lambda rows, n: ~(rows[:, :, None] == torch.arange(n)).any(1)[:1],
        ],
    ),
    "17.out_of_bag_average": (
        [lambda p, u: torch.where(u, p, torch.nan).nanmean(0)],
        [
            lambda p, u: p.mean(0),
            lambda p, u: (p * u).mean(0),
            lambda p, u: (p * ~u).sum(0) / (~u).sum(0),
            lambda p, u: (p * u).sum(0) / u.sum(0).clamp(min=1),
        ],
    ),
    "17.group_importance": (
        [lambda x, y, w, g, o: _permuted(x, y, w, g, o) - (x @ w - y).square().mean()],
        [
            lambda x, y, w, g, o: _permuted(x, y, w, g, o),
            lambda x, y, w, g, o: (x @ w - y).square().mean() - _permuted(x, y, w, g, o),
            lambda x, y, w, g, o: _permuted(x, y, w, g[:1], o) - (x @ w - y).square().mean(),
            lambda x, y, w, g, o: (x[o] @ w - y).square().mean() - (x @ w - y).square().mean(),
        ],
    ),
    "17.contributions": (
        [_recursive, lambda tree, row: _walk(tree, row, _add, torch.zeros(len(row)))],
        [
            lambda tree, row: _walk(tree, row, _overwrite, torch.zeros(len(row))),
            lambda tree, row: _walk(tree, row, _backwards, torch.zeros(len(row))),
            lambda tree, row: _walk(tree, row, _add, torch.full((len(row),), tree["mean"].item())),
            _strictly,
        ],
    ),
    "17.changing": (
        ["ce"],
        ["c", "e", "ace", "abcde"],
    ),
}
