"""Lesson 12, entity embeddings: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch.nn import functional as F


def _overwriting(arriving, codes, values):
    result = torch.zeros(values, arriving.shape[1])
    result[codes] = arriving
    return result


def _relative_error(predictions, targets):
    return (targets - predictions) / targets


ANSWERS = {
    "12.joined": (
        [lambda ms, c, x: torch.cat([F.embedding(c[:, i], m) for i, m in enumerate(ms)] + [x], 1)],
        [
            lambda ms, c, x: torch.cat([m[c[:, i]] for i, m in enumerate(ms)], 1),
            lambda ms, c, x: torch.cat([x] + [m[c[:, i]] for i, m in enumerate(ms)], 1),
            lambda ms, c, x: torch.cat([m[c[:, 0]] for m in ms] + [x], 1),
            lambda ms, c, x: torch.cat([c.float(), x], 1),
        ],
    ),
    "12.embedding_gradient": (
        [
            lambda g, c, n: F.one_hot(c, n).float().T @ g,
            lambda g, c, n: torch.stack([g[c == k].sum(0) for k in range(n)]),
        ],
        [
            _overwriting,
            lambda g, c, n: torch.stack([g[c == k].mean(0) if (c == k).any() else g[0] * 0 for k in range(n)]),
            lambda g, c, n: g[c],
        ],
    ),
    "12.weights_in": (
        [lambda values: sum((n + 1) * min(50, -(-(n + 1) // 2)) for n in values)],
        [
            lambda values: sum(n * min(50, (n + 1) // 2) for n in values),
            lambda values: sum((n + 1) * ((n + 2) // 2) for n in values),
            lambda values: sum((n + 1) * min(50, (n + 1) // 2) for n in values),
            lambda values: sum(min(50, (n + 2) // 2) for n in values),
        ],
    ),
    "12.root_mean_squared_percentage_error": (
        [lambda p, t: (_relative_error(p, t)[t != 0] ** 2).mean() ** 0.5],
        [
            lambda p, t: _relative_error(p, t).square().mean().sqrt(),
            lambda p, t: _relative_error(t[t != 0], p[t != 0]).square().mean().sqrt(),
            lambda p, t: _relative_error(p, t)[t != 0].abs().mean(),
            lambda p, t: (_relative_error(p, t)[t != 0].square().sum() / len(t)).sqrt(),
        ],
    ),
    "12.nearest_rows": (
        [lambda v: torch.cdist(v, v).topk(2, largest=False).indices[:, 1]],
        [
            lambda v: torch.cdist(v, v).argmin(1),
            lambda v: torch.cdist(v, v).argmax(1),
            lambda v: (v @ v.T).fill_diagonal_(-1e9).argmax(1),
        ],
    ),
    "12.choices": (
        [("name", "neither", "number", "name", "number")],
        [["name"] * 5, ["number", "neither", "number", "name", "number"], ["name", "name", "number", "name", "number"]],
    ),
}
