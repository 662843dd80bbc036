"""Lesson 15, sentiment by fine-tuning: for each exercise, other right answers, and plausible wrong ones."""

import math
from collections import Counter
from itertools import accumulate

import numpy as np
import torch


def _both(first, n, second, m, last=1, largest=torch.maximum, weights=None):
    """With one thing wrong, if told."""
    a, b = first.view(3, -1), second.view(3, -1)
    w, v = weights or (n / (n + m), m / (n + m))
    return torch.cat([(a, b)[last][0], largest(a[1], b[1]), w * a[2] + v * b[2]])


def _both_by_numpy(first, n, second, m):
    a, b = first.double().numpy().reshape(3, -1), second.double().numpy().reshape(3, -1)
    return np.concatenate([b[0], np.maximum(a[1], b[1]), np.average([a[2], b[2]], axis=0, weights=[n, m])])


def _both_by_loop(first, n, second, m):
    a, b, size = first.tolist(), second.tolist(), len(first) // 3
    largest = [max(a[i], b[i]) for i in range(size, 2 * size)]
    return [*b[:size], *largest, *((n * a[i] + m * b[i]) / (n + m) for i in range(2 * size, 3 * size))]


def _both_laid_out(first, n, second, m):
    """Texts that have these pools: the mean in place of each output."""
    a, b = first.view(3, -1), second.view(3, -1)
    outputs = torch.cat([a[2].expand(n, -1), b[2].expand(m, -1)])
    return torch.cat([b[0], torch.stack([a[1], b[1]]).max(0).values, outputs.mean(0)])


def _marks(lengths, positions):
    """One text after another: does it still fit?"""
    sizes, longest = [], 0
    for length in lengths.sort(descending=True).values.tolist():
        if sizes and (sizes[-1] + 1) * longest <= positions:
            sizes[-1] += 1
        else:
            sizes, longest = [*sizes, 1], length
    return sizes


def _recursive(lengths, positions):
    if not len(lengths):
        return []
    order = torch.sort(lengths).values
    count = min(len(order), positions // int(order[-1]))
    return [count, *_recursive(order[: len(order) - count], positions)]


def _by_name(lengths, positions):
    """Number the batches, then count."""
    batch, room, of = -1, 0, []
    for length in sorted(lengths.tolist())[::-1]:
        if of.count(batch) == room:
            batch, room = batch + 1, positions // length
        of.append(batch)
    return list(Counter(of).values())


def _by_numpy(lengths, positions):
    left, sizes = -np.sort(-lengths.numpy()), []
    while left.size:
        sizes.append(min(left.size, int(positions // left[0])))
        left = left[sizes[-1] :]
    return np.array(sizes)


def _greedy(lengths, positions, order=lambda lengths: sorted(lengths, reverse=True), fits=None):
    """With one thing wrong."""
    sizes, batch = [], []
    for length in order(lengths.tolist()):
        if batch and not (fits or _within)([*batch, length], positions):
            sizes, batch = [*sizes, len(batch)], []
        batch.append(length)
    return [*sizes, len(batch)]


def _within(batch, positions):
    return len(batch) * max(batch) <= positions


def _counting_up(others, weight, least):
    times = 0
    while 1 / (1 + math.exp(-(others + times * weight))) < least:
        times += 1
    return times


def _tried_together(others, weight, least):
    sums = others + weight * torch.arange(200, dtype=torch.float64)
    return (sums.sigmoid() >= least).nonzero()[0, 0]


def _missing(others, least):
    return math.log(least / (1 - least)) - others


def _wins(one, other):
    return int(((one == 1) & (other == 0)).sum()), int(((other == 1) & (one == 0)).sum())


def _two_tails(one, other):
    a, b = _wins(one, other)
    tail = sum(math.comb(a + b, k) for k in range(min(a, b) + 1))
    return min(1.0, 2 * tail / 2 ** (a + b))


def _all_throws(one, other):
    """Coin by coin: how many ways there are to a difference."""
    a, b = _wins(one, other)
    ways = Counter({0: 1})
    for _ in range(a + b):
        ways = Counter({d: ways[d - 1] + ways[d + 1] for d in {*(d - 1 for d in ways), *(d + 1 for d in ways)}})
    return sum(n for d, n in ways.items() if abs(d) >= abs(a - b)) / 2 ** (a + b)


def _by_logs(one, other):
    a, b = _wins(one, other)
    n = torch.tensor(a + b, dtype=torch.float64)
    k = torch.arange(a + b + 1, dtype=torch.float64)
    logs = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1) - n * math.log(2)
    return logs.exp()[(2 * k - n).abs() >= abs(a - b)].sum()


def _by_pascal(one, other):
    a, b = _wins(one, other)
    row = [1]
    for _ in range(a + b):
        row = [1, *(left + right for left, right in zip(row, row[1:], strict=False)), 1]
    upper = list(accumulate(reversed(row)))[min(a, b)]
    return np.minimum(1, 2 * upper / sum(row))


ANSWERS = {
    "15.pooled_of_both": (
        [_both, _both_by_numpy, _both_by_loop, _both_laid_out],
        [
            lambda *given: _both(*given, weights=(0.5, 0.5)),  # both parts count alike
            lambda *given: _both(*given, last=0),
            lambda *given: _both(*given, largest=lambda a, b: b),
            lambda *given: _both(*given, largest=lambda a, b: torch.maximum(a.max(), b.max()).expand(len(a))),
            lambda *given: _both(*given, weights=(1.0, 1.0)),
            lambda first, n, second, m: (n * first + m * second) / (n + m),  # all three as means
        ],
    ),
    "15.break_largest": (
        [
            (torch.tensor([[[-1.0], [0.0]]]), torch.tensor([1])),
            (torch.full((2, 3, 2), -0.5), torch.tensor([3, 2])),
            (torch.tensor([[[1.0, -1.0], [2.0, -2.0], [5.0, 5.0]]]), torch.tensor([2])),  # one number of two
            (torch.tensor([[[-3], [-2], [8]]]), torch.tensor([2])),
        ],
        [
            (torch.tensor([[[-1.0], [-2.0]]]), torch.tensor([2])),  # nothing is padding
            (torch.tensor([[[-1.0], [2.0], [-3.0]]]), torch.tensor([2])),  # something is above 0
            (torch.tensor([[[0.0], [-2.0]]]), torch.tensor([1])),
            (torch.tensor([[[-1.0], [-2.0]]]), torch.tensor([0])),  # a text without a token
            (torch.tensor([[-1.0, -2.0]]), torch.tensor([1])),
            torch.tensor([[[-1.0], [0.0]]]),
        ],
    ),
    "15.batches_within": (
        [_marks, _recursive, _by_name, _by_numpy],
        [
            lambda lengths, positions: _greedy(lengths, positions, order=list),  # unsorted
            lambda lengths, positions: _greedy(lengths, positions, order=sorted),  # the shortest first
            lambda lengths, positions: _greedy(lengths, positions, fits=lambda batch, most: sum(batch) <= most),
            lambda lengths, positions: _greedy(
                lengths, positions, fits=lambda batch, most: len(batch) * max(batch) < most
            ),
            lambda lengths, positions: [len(part) for part in lengths.split(positions // int(lengths.max()))],
            lambda lengths, positions: _marks(lengths, positions)[:-1],  # the last one is forgotten
        ],
    ),
    "15.times_needed": (
        [
            _counting_up,
            _tried_together,
            lambda others, weight, least: max(0, -int(_missing(others, least) // -weight)),
            lambda others, weight, least: np.maximum(0, np.ceil((np.log(least) - np.log1p(-least) - others) / weight)),
        ],
        [
            lambda others, weight, least: math.ceil(_missing(others, least) / weight),  # less than not at all
            lambda others, weight, least: max(0, math.floor(_missing(others, least) / weight)),
            lambda others, weight, least: max(0, math.floor(_missing(others, least) / weight) + 1),
            lambda others, weight, least: max(0, math.ceil((least - others) / weight)),  # no logit
            lambda others, weight, least: max(0, math.ceil(_missing(0, least) / weight)),
            lambda others, weight, least: max(0.0, _missing(others, least) / weight),
        ],
    ),
    "15.by_luck": (
        [_two_tails, _all_throws, _by_logs, _by_pascal],
        [
            lambda one, other: _two_tails(one, other) / 2,  # to one side only
            lambda one, other: math.comb(sum(_wins(one, other)), min(_wins(one, other))) / 2 ** sum(_wins(one, other)),
            lambda one, other: (one != other).float().mean(),
            lambda one, other: abs(one.mean() - other.mean()),
            lambda one, other: (one == other).float().mean(),
            lambda one, other: _two_tails(one, torch.zeros_like(other)),  # all that one has right
        ],
    ),
}

EQUIVALENT = {"15.by_luck": {"1 -> 2": "n coins never show one side n + 1 times: math.comb gives 0 for that"}}
