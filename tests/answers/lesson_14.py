"""Lesson 14, a language model: for each exercise, other right answers, and plausible wrong ones."""

from collections import Counter

import torch


def _by_loops(stream, columns, strip):
    length, found = (len(stream) - 1) // columns, []
    for start in range(0, length, strip):
        end = min(start + strip, length)
        read = torch.stack([stream[c * length + start : c * length + end] for c in range(columns)])
        targets = torch.stack([stream[c * length + start + 1 : c * length + end + 1] for c in range(columns)])
        found.append([read, targets])
    return found


def _batches(stream, columns, strip, rows, upright=False, shift=1):
    read, targets = (stream[s : s + rows] for s in (0, shift))
    if upright:
        read, targets = (part.view(-1, columns).T for part in (read, targets))
    else:
        read, targets = (part.view(columns, -1) for part in (read, targets))
    return list(zip(read.split(strip, 1), targets.split(strip, 1), strict=True))


def _rows(stream, columns):
    return (len(stream) - 1) // columns * columns


def _by_rolling(stream, columns, strip):
    """Targets that begin anew in each column: the last of a column is the column's first."""
    read = stream[: _rows(stream, columns)].view(columns, -1)
    return list(zip(read.split(strip, 1), read.roll(-1, 1).split(strip, 1), strict=True))


def _count(texts):
    return Counter(word for text in texts for word in text)


def _sorted_twice(texts, least):
    counts = _count(texts)
    return [w for w in sorted(sorted(counts), key=counts.get, reverse=True) if counts[w] >= least]


def _from_counters(stream, first, second, share):
    stream = stream.tolist()
    pairs, firsts = Counter(zip(stream, stream[1:], strict=False)), Counter(stream[:-1])
    alone = stream.count(second) / len(stream)
    return share * pairs[first, second] / firsts[first] + (1 - share) * alone if firsts[first] else alone


def _pair(stream, first, second):
    return ((stream[:-1] == first) & (stream[1:] == second)).sum().item()


def _share(stream, word):
    return (stream == word).sum().item() / len(stream)


def _of_largest(scores, temperature, k):
    found = torch.zeros_like(scores)
    kept = scores.topk(k)
    found[kept.indices] = (kept.values / temperature).softmax(0)
    return found


def _by_hand(scores, temperature, k):
    chances = (scores / temperature).softmax(0)
    chances[chances < chances.sort(descending=True).values[k - 1]] = 0
    return chances / chances.sum()


def _not_shared_again(scores, temperature, k):
    chances = (scores / temperature).softmax(0)
    chances[scores.argsort(descending=True)[k:]] = 0
    return chances


def _clipped_by_torch(first, second, norm):
    both = [torch.nn.Parameter(torch.zeros_like(part)) for part in (first, second)]
    for parameter, part in zip(both, (first, second), strict=True):
        parameter.grad = part.clone()
    torch.nn.utils.clip_grad_norm_(both, norm)
    return [parameter.grad for parameter in both]


def _length(*parts):
    return torch.cat([part.flatten() for part in parts]).norm()


def _gates(keep, write, new, show, c):
    c = keep * c + write * new
    return show * c.tanh(), c


ANSWERS = {
    "14.batches_of": (
        [_by_loops, lambda s, columns, strip: _batches(s, columns, strip, _rows(s, columns))],
        [
            lambda s, columns, strip: _batches(s, columns, strip, _rows(s, columns), upright=True),
            lambda s, columns, strip: _batches(s, columns, strip, _rows(s, columns), shift=0),
            _by_rolling,
            lambda s, columns, strip: _batches(s, columns, strip, _rows(s, columns))[:-1],
            lambda s, columns, strip: [(y, x) for x, y in _batches(s, columns, strip, _rows(s, columns))],
            lambda s, columns, strip: [(x.T, y.T) for x, y in _batches(s, columns, strip, _rows(s, columns))],
        ],
    ),
    "14.frequent_words": (
        [
            _sorted_twice,
            lambda texts, least: [
                w for w, n in sorted(_count(texts).items(), key=lambda p: (-p[1], p[0])) if n >= least
            ],
        ],
        [
            lambda texts, least: [w for w, n in _count(texts).most_common() if n >= least],  # ties as they came
            lambda texts, least: [w for w in _sorted_twice(texts, 1) if _count(texts)[w] > least],
            lambda texts, least: sorted(w for w, n in _count(texts).items() if n >= least),
            lambda texts, least: _sorted_twice(texts, least)[::-1],
            lambda texts, least: _sorted_twice([set(text) for text in texts], least),  # once a text
        ],
    ),
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
    "14.pair_probability": (
        [
            _from_counters,
            lambda s, a, b, share: (
                share * _pair(s, a, b) / n + (1 - share) * _share(s, b)
                if (n := sum(s[:-1].tolist().count(w) for w in (a,)))
                else torch.tensor(_share(s, b))
            ),
        ],
        [
            lambda s, a, b, share: share * _pair(s, a, b) / max((s == a).sum().item(), 1) + (1 - share) * _share(s, b),
            lambda s, a, b, share: (
                share * _pair(s, a, b) / max((s[:-1] == a).sum().item(), 1) + (1 - share) * _share(s, b)
            ),  # not in full
            lambda s, a, b, share: share * _pair(s, a, b) / (len(s) - 1) + (1 - share) * _share(s, b),
            lambda s, a, b, share: _from_counters(s, a, b, 1 - share),
            lambda s, a, b, share: _from_counters(s, a, b, 1.0),
        ],
    ),
    "14.chances": (
        [_of_largest, _by_hand],
        [
            lambda scores, temperature, k: (scores / temperature).softmax(0),
            lambda scores, temperature, k: _of_largest(scores, 1 / temperature, k),
            lambda scores, temperature, k: _of_largest(scores, 1.0, k),
            lambda scores, temperature, k: (scores.topk(k).values / temperature).softmax(0),
            _not_shared_again,
        ],
    ),
    "14.clipped": (
        [
            _clipped_by_torch,
            lambda a, b, norm: tuple(part * (norm / _length(a, b).clamp(min=norm)) for part in (a, b)),
        ],
        [
            lambda a, b, norm: (a.clamp(-norm, norm), b.clamp(-norm, norm)),
            lambda a, b, norm: tuple(part * (norm / _length(part).clamp(min=norm)) for part in (a, b)),
            lambda a, b, norm: tuple(part * (norm / _length(a, b).clamp(min=1e-9)) for part in (a, b)),
            lambda a, b, norm: tuple(part / _length(a, b).clamp(min=norm) for part in (a, b)),
        ],
    ),
    "14.gates": (
        [
            lambda w, k, n, s, c: list(_gates(k.sigmoid(), w.sigmoid(), n.tanh(), s.sigmoid(), c)),
            lambda w, k, n, s, c: _gates(1 / (1 + (-k).exp()), 1 / (1 + (-w).exp()), n.tanh(), s.sigmoid(), c),
        ],
        [
            lambda w, k, n, s, c: _gates(w.sigmoid(), k.sigmoid(), n.tanh(), s.sigmoid(), c),
            lambda w, k, n, s, c: _gates(k.sigmoid(), w.sigmoid(), n.sigmoid(), s.sigmoid(), c),
            lambda w, k, n, s, c: _gates(k.sigmoid(), w.sigmoid(), n.tanh(), s.sigmoid(), c)[::-1],
            lambda w, k, n, s, c: _gates(k, w, n, s, c),
            lambda w, k, n, s, c: (
                s.sigmoid() * c.tanh(),
                _gates(k.sigmoid(), w.sigmoid(), n.tanh(), s.sigmoid(), c)[1],
            ),
        ],
    ),
    "14.weights_in_all": (
        [10_000 * 101 + 800 * 302 + 400 * 302, torch.tensor(1_372_400)],
        [
            10_000 * 201 + 800 * 302 + 400 * 302,  # not tied
            10_000 * 100 + 800 * 302 + 400 * 302,  # no bias in the decoder
            10_000 * 101 + 800 * 301 + 400 * 301,  # one bias for each gate
            10_000 * 101 + 200 * 302 + 100 * 302,
        ],
    ),
}
