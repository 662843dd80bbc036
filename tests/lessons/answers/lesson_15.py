"""Lesson 15, sentiment by fine-tuning: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch.nn import functional as F


def _bag_by_loop(ids, size):
    found = [0] * size
    for i in ids.tolist():
        found[i] += 1
    return torch.tensor(found)


def _pool_with_mask(values, lengths):
    real = (torch.arange(values.shape[1]) < lengths[:, None])[:, :, None]
    last = values[torch.arange(len(values)), lengths - 1]
    largest = values.masked_fill(~real, -torch.inf).amax(1)
    return torch.cat([last, largest, (values * real).sum(1) / lengths[:, None]], 1)


def _pool(values, lengths, last=True, cut=True, mean=True):
    """With one thing wrong."""
    n, longest = values.shape[:2]
    real = (torch.arange(longest) < lengths[:, None])[:, :, None] if cut else torch.ones(n, longest, 1).bool()
    end = values[torch.arange(n), lengths - 1] if last else values[:, -1]
    middle = (values * real).sum(1) / (lengths[:, None] if mean else longest)
    return torch.cat([end, values.masked_fill(~real, 0).amax(1), middle], 1)


def _cells(lengths, size):
    return torch.stack([batch.max() * len(batch) for batch in lengths.split(size)]).sum()


def _remapped(vectors, old, new, fill):
    return torch.stack([vectors[old.index(word)] if word in old else fill for word in new])


ANSWERS = {
    "15.bag": (
        [
            _bag_by_loop,
            lambda ids, size: F.one_hot(ids, size).sum(0),
            lambda ids, size: torch.zeros(size).index_add(0, ids, torch.ones(len(ids))),
        ],
        [
            lambda ids, size: (torch.bincount(ids, minlength=size) > 0).long(),  # there or not
            lambda ids, size: torch.bincount(ids),  # too short
            lambda ids, size: torch.bincount(ids, minlength=size) / len(ids),
            lambda ids, size: F.one_hot(ids, size).amax(0),
        ],
    ),
    "15.pool": (
        [
            _pool_with_mask,
            lambda v, n: torch.stack(
                [torch.cat([r[k - 1], r[:k].max(0).values, r[:k].sum(0) / k]) for r, k in zip(v, n, strict=True)]
            ),
        ],
        [
            lambda v, n: _pool(v, n, last=False),
            lambda v, n: _pool(v, n, cut=False),
            lambda v, n: _pool(v, n, mean=False),
            _pool,  # padding as 0 among the largest
            lambda v, n: torch.cat([v[:, -1], v.amax(1), v.mean(1)], 1),
        ],
    ),
    "15.padding": (
        [
            lambda lengths, size: (_cells(lengths, size) - lengths.sum()) / _cells(lengths, size),
            lambda lengths, size: torch.tensor(
                sum(int((b.max() - b).sum()) for b in lengths.split(size)) / int(_cells(lengths, size))
            ),
        ],
        [
            lambda lengths, size: lengths.sum() / _cells(lengths, size),
            lambda lengths, size: 1 - lengths.sum() / (len(lengths) * lengths.max()),
            lambda lengths, size: _cells(lengths, size) - lengths.sum(),
            lambda lengths, size: torch.stack([1 - b.sum() / (len(b) * b.max()) for b in lengths.split(size)]).mean(),
        ],
    ),
    "15.learning_rates": (
        [
            lambda first, last, groups: torch.tensor(
                [first * (last / first) ** (i / (groups - 1)) for i in range(groups)]
            ),
            lambda first, last, groups: (
                torch.linspace(0, 1, groups).mul(torch.tensor(last / first).log()).exp() * first
            ),
        ],
        [
            lambda first, last, groups: torch.linspace(first, last, groups),
            lambda first, last, groups: first * (last / first) ** (torch.arange(groups) / groups),
            lambda first, last, groups: last * (first / last) ** (torch.arange(groups) / (groups - 1)),
            lambda first, last, groups: first * 2.6 ** torch.arange(groups),
        ],
    ),
    "15.remapped": (
        [
            lambda v, old, new: _remapped(v, old, new, v.sum(0) / len(old)),
            lambda v, old, new: torch.cat([v, v.mean(0)[None]])[
                [dict(zip(old, range(len(old)), strict=True)).get(word, len(old)) for word in new]
            ],
        ],
        [
            lambda v, old, new: _remapped(v, old, new, torch.zeros(v.shape[1])),
            lambda v, old, new: _remapped(v, old, new, v[0]),
            lambda v, old, new: v[: len(new)],
            lambda v, old, new: v.mean(0).repeat(len(new), 1),
        ],
    ),
    "15.head_weights": (
        [768 + 19_250 + 100 + 102, torch.tensor(20_220)],
        [19_352, 128 * 50 + 50 + 102, 19_250, 384 * 50 + 50 * 2, 20_020],
    ),
}
