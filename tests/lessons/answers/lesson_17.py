"""Lesson 17, trees: for each exercise, other right answers, and plausible wrong ones."""

import torch


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


def _between_equal_values(values, targets):
    order = values.argsort(stable=True)
    v, t = values[order], targets[order]
    losses = [_squares(t[:i]) + _squares(t[i:]) for i in range(1, len(v))]
    i = losses.index(min(losses))
    return (v[i] + v[i + 1]) / 2


ANSWERS = {
    "17.best_threshold_of": (
        [lambda v, t: _split(v, t, lambda a, b: _squares(a) + _squares(b))],
        [
            _at_a_value,
            lambda v, t: _split(v, t, lambda a, b: _squares(a) / len(a) + _squares(b) / len(b)),
            lambda v, t: _split(v, t, lambda a, b: -(a.mean() - b.mean()).abs()),
            lambda v, t: v.median(),
            _between_equal_values,
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
    "17.group_importance": (
        [lambda x, y, w, g, o: _permuted(x, y, w, g, o) - (x @ w - y).square().mean()],
        [
            lambda x, y, w, g, o: _permuted(x, y, w, g, o),
            lambda x, y, w, g, o: (x @ w - y).square().mean() - _permuted(x, y, w, g, o),
            lambda x, y, w, g, o: _permuted(x, y, w, g[:1], o) - (x @ w - y).square().mean(),
            lambda x, y, w, g, o: (x[o] @ w - y).square().mean() - (x @ w - y).square().mean(),
        ],
    ),
    "17.changing": (
        ["ce"],
        ["c", "e", "ace", "abcde"],
    ),
}
