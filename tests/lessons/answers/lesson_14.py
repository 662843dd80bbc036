"""Lesson 14, a language model: for each exercise, other right answers, and plausible wrong ones."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as F


def _by_laying_it_out(position, tokens, batch_size, seq_len):
    """Lay the batch rows out as a matrix of positions, and look for the one asked for."""
    length = (tokens - 1) // batch_size
    row, in_row = (torch.arange(batch_size * length).view(batch_size, -1) == position).nonzero()[0].tolist()
    return in_row // seq_len, row, in_row % seq_len


def _where(position, tokens, batch_size, seq_len, spare=1):
    row, in_row = divmod(position, (tokens - spare) // batch_size)
    return in_row // seq_len, row, in_row % seq_len


def _across(position, tokens, batch_size, seq_len):
    """As if the words were dealt out to the batch rows in turn, like cards."""
    in_row, row = divmod(position, batch_size)
    return in_row // seq_len, row, in_row % seq_len


def _from_counters(stream, first, second, weight):
    stream = stream.tolist()
    pairs, firsts = Counter(zip(stream, stream[1:], strict=False)), Counter(stream[:-1])
    alone = stream.count(second) / len(stream)
    return weight * pairs[first, second] / firsts[first] + (1 - weight) * alone if firsts[first] else alone


def _pair(stream, first, second):
    return ((stream[:-1] == first) & (stream[1:] == second)).sum().item()


def _by_loop(stream, first, second, weight):
    stream, came, followed = stream.tolist(), 0, 0
    for i in range(len(stream) - 1):
        if stream[i] == first:
            followed += 1
            came += stream[i + 1] == second
    alone = Fraction(stream.count(second), len(stream))
    return float(weight * Fraction(came, followed) + (1 - weight) * alone) if followed else float(alone)


def _by_table(stream, first, second, weight):
    """All pairs are counted, as in the lesson's picture."""
    size = max(stream.max().item(), first, second) + 1
    pairs = np.zeros((size, size))
    np.add.at(pairs, (stream[:-1].numpy(), stream[1:].numpy()), 1)
    alone = np.bincount(stream.numpy(), minlength=size) / len(stream)
    of_row = pairs[first].sum()
    return weight * pairs[first, second] / of_row + (1 - weight) * alone[second] if of_row else alone[second]


def _frequency(stream, word):
    return (stream == word).sum().item() / len(stream)


def _most_likely_first(chances, p):
    """Word by word, the likeliest first, until p is reached."""
    left, total = [0.0] * len(chances), 0.0
    for i in sorted(range(len(chances)), key=lambda i: -chances[i]):
        if total >= p:
            break
        left[i] = chances[i].item()
        total += left[i]
    return [value / total for value in left]


def _with_numpy(chances, p):
    chances = chances.numpy().astype(np.float64)
    order = np.argsort(-chances)
    count = int(np.searchsorted(np.cumsum(chances[order]), p)) + 1
    kept = np.isin(np.arange(len(chances)), order[:count])
    return np.where(kept, chances, 0) / chances[kept].sum()


def _by_logits(chances, p):
    """What the words that are likelier have together decides; the rest gets -inf before a softmax."""
    likelier = torch.stack([chances[chances > one].sum() for one in chances])
    return chances.log().masked_fill(likelier >= p, -torch.inf).softmax(0)


def _by_rank(chances, p):
    likeliest, order = torch.sort(chances.double(), descending=True)
    count = 1
    while likeliest[:count].sum() < p and count < len(chances):
        count += 1
    kept = F.one_hot(order[:count], len(chances)).sum(0)
    return kept * chances / (kept * chances).sum()


def _top(chances, p, enough=lambda total, one, p: total - one < p, sort=True, again=True):
    """With one thing wrong."""
    values, order = chances.sort(descending=True) if sort else (chances, torch.arange(len(chances)))
    kept = torch.where(enough(values.cumsum(0), values, p), values, 0)
    return torch.zeros_like(chances).scatter(0, order, kept / kept.sum() if again else kept)


def _left_in_order(chances, p):
    values = chances.sort(descending=True).values
    kept = torch.where(values.cumsum(0) - values < p, values, 0)
    return kept / kept.sum()


def _logit(gate):
    return math.log(gate) - math.log(1 - gate)


ANSWERS = {
    "14.perplexity_of_all": (
        [
            lambda each, tokens: each.double().pow(tokens / tokens.sum()).prod(),
            lambda each, tokens: each.log().repeat_interleave(tokens).mean().exp(),
            lambda each, tokens: math.exp(
                sum(n * math.log(p) for p, n in zip(each.tolist(), tokens.tolist(), strict=True)) / sum(tokens.tolist())
            ),
            lambda each, tokens: np.exp(np.average(np.log(each.numpy()), weights=tokens.numpy())),
            lambda each, tokens: 2 ** (torch.einsum("n,n->", each.log2(), tokens.float()) / tokens.sum()),
        ],
        [
            lambda each, tokens: each.mean(),
            lambda each, tokens: (each * tokens).sum() / tokens.sum(),
            lambda each, tokens: each.log().mean().exp(),
            lambda each, tokens: (each.log() * tokens).sum() / tokens.sum(),
            lambda each, tokens: each.prod(),
        ],
    ),
    "14.where_read": (
        [
            _by_laying_it_out,
            lambda *given: list(_where(*given)),
            lambda *given: torch.tensor(_where(*given)).tolist(),
            lambda position, tokens, batch_size, seq_len: np.array(
                [
                    position % ((tokens - 1) // batch_size) // seq_len,
                    position // ((tokens - 1) // batch_size),
                    position % ((tokens - 1) // batch_size) % seq_len,
                ]
            ),
        ],
        [
            _across,
            lambda *given: _where(*given, spare=0),  # the last row's last token has no following word
            lambda *given: _where(*given)[::-1],
            lambda *given: (_where(*given)[1], _where(*given)[0], _where(*given)[2]),
            lambda position, *others: _where(position + 1, *others),  # counted from 1
        ],
    ),
    "14.break_recited": (
        [
            (["very", "very", "dull"], ["very", "very", "very", "dull"]),
            ("aab", "aaab"),
            (["as", "dull", "as", "grey"], ["as", "dull", "as", "dull", "as", "grey"]),
            (torch.tensor([1, 2, 1, 3]), torch.tensor([1, 2, 1, 2, 1, 3])),
        ],
        [
            (["good", "film"], ["a", "good", "good", "film"]),  # it begins again with that word
            (["very", "very"], ["very", "very", "very", "dull"]),  # what repeats itself, but fits at once
            ("aab", "abab"),  # not there at all
            ("aab", "aabaab"),
            ([], ["a", "film"]),
            ("film",),
        ],
    ),
    "14.pair_probability": (
        [
            _from_counters,
            lambda s, a, b, weight: (
                weight * _pair(s, a, b) / n + (1 - weight) * _frequency(s, b)
                if (n := sum(s[:-1].tolist().count(w) for w in (a,)))
                else torch.tensor(_frequency(s, b))
            ),
            _by_loop,
            _by_table,
        ],
        [
            lambda s, a, b, weight: (
                weight * _pair(s, a, b) / (s[:-1] == a).sum().item() + (1 - weight) * _frequency(s, b)
                if _pair(s, a, b)
                else _frequency(s, b)
            ),
            lambda s, a, b, weight: (
                weight * _pair(s, a, b) / max((s == a).sum().item(), 1) + (1 - weight) * _frequency(s, b)
            ),
            lambda s, a, b, weight: (
                weight * _pair(s, a, b) / max((s[:-1] == a).sum().item(), 1) + (1 - weight) * _frequency(s, b)
            ),  # not in full
            lambda s, a, b, weight: weight * _pair(s, a, b) / (len(s) - 1) + (1 - weight) * _frequency(s, b),
            lambda s, a, b, weight: _from_counters(s, a, b, 1 - weight),
            lambda s, a, b, weight: _from_counters(s, a, b, 1.0),
            lambda s, a, b, weight: _from_counters(s, a, b, weight) if _pair(s, a, b) else _frequency(s, b),
        ],
    ),
    "14.top_p_of": (
        [_most_likely_first, _with_numpy, _by_logits, _by_rank],
        [
            lambda chances, p: _top(chances, p, lambda total, one, p: total <= p),  # stops before p is reached
            lambda chances, p: _top(chances, p, lambda total, one, p: total - one <= p),  # and here one too late
            lambda chances, p: _top(chances, p, lambda total, one, p: one >= 1 - p),  # a least probability
            lambda chances, p: _top(chances, p, sort=False),
            lambda chances, p: _top(chances, p, again=False),
            _left_in_order,
            lambda chances, p: chances,
        ],
    ),
    "14.before_the_sigmoid": (
        [
            lambda words, left: _logit(left ** (1 / words)),
            lambda words, left: torch.tensor(left).pow(1 / words).logit(),
            lambda words, left: -math.log(math.expm1(-math.log(left) / words)),
            lambda words, left: np.float64(_logit(math.exp(math.log(left) / words))),
        ],
        [
            lambda words, left: left ** (1 / words),  # the gate itself
            lambda words, left: _logit(left),
            lambda words, left: _logit(1 - (1 - left) / words),  # as if the same amount went each time
            lambda words, left: _logit(left**words),
            lambda words, left: _logit(left ** (1 / (words + 1))),
            lambda words, left: math.log(left) / words,
        ],
    ),
}
