"""Lesson 14, a language model: for each exercise, other right answers, and plausible wrong ones."""

from collections import Counter

import torch


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


def _frequency(stream, word):
    return (stream == word).sum().item() / len(stream)


def _of_largest(logits, temperature, k):
    found = torch.zeros_like(logits)
    kept = logits.topk(k)
    found[kept.indices] = (kept.values / temperature).softmax(0)
    return found


def _by_hand(logits, temperature, k):
    chances = (logits / temperature).softmax(0)
    chances[chances < chances.sort(descending=True).values[k - 1]] = 0
    return chances / chances.sum()


def _not_normalised(logits, temperature, k):
    chances = (logits / temperature).softmax(0)
    chances[logits.argsort(descending=True)[k:]] = 0
    return chances


ANSWERS = {
    "14.perplexity_of_all": (
        [
            lambda each, tokens: each.double().pow(tokens / tokens.sum()).prod(),
            lambda each, tokens: each.log().repeat_interleave(tokens).mean().exp(),
        ],
        [
            lambda each, tokens: each.mean(),
            lambda each, tokens: (each * tokens).sum() / tokens.sum(),
            lambda each, tokens: each.log().mean().exp(),
            lambda each, tokens: (each.log() * tokens).sum() / tokens.sum(),
        ],
    ),
    "14.where_read": (
        [_by_laying_it_out, lambda *given: list(_where(*given)), lambda *given: torch.tensor(_where(*given)).tolist()],
        [
            _across,
            lambda *given: _where(*given, spare=0),  # the last row's last token has no following word
            lambda *given: _where(*given)[::-1],
            lambda *given: (_where(*given)[1], _where(*given)[0], _where(*given)[2]),
            lambda position, *others: _where(position + 1, *others),  # counted from 1
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
    "14.chances": (
        [_of_largest, _by_hand],
        [
            lambda logits, temperature, k: (logits / temperature).softmax(0),
            lambda logits, temperature, k: _of_largest(logits, 1 / temperature, k),
            lambda logits, temperature, k: _of_largest(logits, 1.0, k),
            lambda logits, temperature, k: (logits.topk(k).values / temperature).softmax(0),
            _not_normalised,
        ],
    ),
}
