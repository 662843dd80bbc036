"""Lesson 21: other right answers, and wrong ones to be found wrong."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def _window_by_loop(n, width):
    return [[j <= i and i - j < width for j in range(n)] for i in range(n)]


def _window_by_triangles(n, width):
    ones = torch.ones(n, n)
    return (ones.tril() - ones.tril(-width)).bool()


def _window_by_numpy(n, width):
    return np.tri(n, dtype=bool) & ~np.tri(n, k=-width, dtype=bool)


def _window_by_two_comparisons(n, width):
    numbers = torch.arange(n)
    return (numbers[:, None] >= numbers) & (numbers[:, None] - width < numbers)


def _padded_by_loop(scores, lengths):
    weights = torch.zeros_like(scores)
    for i, length in enumerate(lengths.tolist()):
        weights[i, :, :length] = scores[i, :, :length].softmax(-1)
    return weights


def _padded_by_numpy(scores, lengths):
    real = np.arange(scores.shape[2]) < lengths.numpy()[:, None, None]
    values = np.where(real, scores.double().numpy(), -np.inf)
    powers = np.exp(values - values.max(2, keepdims=True))
    return powers / powers.sum(2, keepdims=True)


def _padded_by_where(scores, lengths):
    real = torch.arange(scores.shape[-1])[None, :] < lengths[:, None]
    return torch.where(real[:, None, :], scores, -torch.inf).softmax(-1)


def _padded_by_adding(scores, lengths):
    bias = torch.zeros(len(scores), 1, scores.shape[2])
    for i, length in enumerate(lengths):
        bias[i, :, length:] = float("-inf")
    return F.softmax(scores + bias, dim=-1)


def _padded_later(scores, lengths):
    weights = scores.softmax(2) * (torch.arange(scores.shape[2]) < lengths[:, None, None])
    return weights / weights.sum(2, keepdim=True)


def _padded_with(fill, dim=2):
    def answer(scores, lengths):
        return scores.masked_fill(torch.arange(scores.shape[2]) >= lengths[:, None, None], fill).softmax(dim)

    return answer


def _scores_by_ratio(weights):
    return (weights / weights[:, :1]).log()


def _scores_by_numpy(weights):
    with np.errstate(divide="ignore"):
        logs = np.log(weights.double().numpy())
    return logs - logs[:, [0]]


def _scores_by_loop(weights):
    def log(w):
        return math.log(w) if w > 0 else -math.inf

    return [[log(w) - log(row[0]) for w in row] for row in weights.tolist()]


def _size_by_trying(count):
    size = 1
    while 12 * size**2 + 13 * size < count:
        size += 1
    return size


def _parts_by_einsum(found, weight):
    return torch.einsum("htp,ohp->hto", found, weight.reshape(len(weight), len(found), -1))


def _parts_by_chunks(found, weight):
    return torch.stack([one @ columns.T for one, columns in zip(found, weight.chunk(len(found), dim=1), strict=True)])


def _parts_by_zeros(found, weight):
    heads, tokens, part = found.shape
    rows = []
    for head in range(heads):
        alone = torch.zeros_like(found)
        alone[head] = found[head]
        rows.append(alone.transpose(0, 1).reshape(tokens, heads * part) @ weight.T)
    return torch.stack(rows)


def _parts_by_numpy(found, weight):
    columns = weight.numpy().reshape(len(weight), len(found), -1)
    return np.stack([found[h].numpy() @ columns[:, h].T for h in range(len(found))])


def _turned_by_complex(pairs, angle):
    turns = torch.polar(torch.ones(len(pairs)), torch.arange(len(pairs)) * float(angle))
    return torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * turns)


def _turned_by_loop(pairs, angle):
    rows = []
    for t, (x, y) in enumerate(pairs.tolist()):
        c, s = math.cos(t * angle), math.sin(t * angle)
        rows.append([x * c - y * s, x * s + y * c])
    return rows


def _turned_by_matrices(pairs, angle):
    a = torch.arange(len(pairs)) * angle
    matrices = torch.stack([torch.stack([a.cos(), -a.sin()], 1), torch.stack([a.sin(), a.cos()], 1)], 1)
    return (matrices @ pairs[:, :, None])[:, :, 0]


def _turned_by_polar(pairs, angle):
    length, direction = pairs.norm(dim=1), torch.atan2(pairs[:, 1], pairs[:, 0])
    direction = direction + torch.arange(len(pairs)) * angle
    return torch.stack([length * direction.cos(), length * direction.sin()], 1)


def _turned_wrongly(angles, sign=1):
    def answer(pairs, angle):
        a = angles(len(pairs)) * angle
        x, y = pairs.T
        return torch.stack([x * a.cos() - sign * y * a.sin(), sign * x * a.sin() + y * a.cos()], 1)

    return answer


BREAKING = torch.tensor([[0.0, 200.0], [0.0, 0.0]])

ANSWERS = {
    "21.window_mask": (
        [_window_by_loop, _window_by_triangles, _window_by_numpy, _window_by_two_comparisons],
        [
            lambda n, width: torch.ones(n, n).tril().bool(),
            lambda n, width: torch.ones(n, n).triu(1 - width).bool(),
            lambda n, width: (torch.ones(n, n).tril() - torch.ones(n, n).tril(-width - 1)).bool(),
            lambda n, width: (torch.arange(n)[:, None] - torch.arange(n)).abs() < width,
            lambda n, width: torch.tensor(_window_by_loop(n, width)).T,
            lambda n, width: ~torch.tensor(_window_by_loop(n, width)),
        ],
    ),
    "21.padded_weights": (
        [_padded_by_loop, _padded_by_numpy, _padded_by_where, _padded_by_adding],
        [
            lambda scores, lengths: scores.softmax(2),
            lambda scores, lengths: scores.softmax(2) * (torch.arange(scores.shape[2]) < lengths[:, None, None]),
            *(_padded_later, _padded_with(0.0), _padded_with(-100.0), _padded_with(-torch.inf, 1)),
            lambda scores, lengths: scores.masked_fill(
                torch.arange(scores.shape[2]) > lengths[:, None, None], -torch.inf
            ).softmax(2),
        ],
    ),
    "21.break_masked_later": (
        [BREAKING, (BREAKING,), torch.tensor([[-150.0, 0.0], [0.0, 0.0]]), 1000 * torch.eye(4).flip(1)],
        [
            *(torch.zeros(2, 2), torch.zeros(2, 3), torch.tensor([[0, 200], [0, 0]]), BREAKING[0], torch.zeros(0, 0)),
            *(BREAKING.T.contiguous(), torch.tensor([[500.0]]), (BREAKING, BREAKING)),
            torch.tensor([[torch.inf, 0.0], [0.0, 0.0]]),
        ],
    ),
    "21.scores_of": (
        [_scores_by_ratio, _scores_by_numpy, _scores_by_loop, lambda weights: weights.log() - weights[:, 0:1].log()],
        [
            lambda weights: weights.log(),
            lambda weights: weights - weights[:, :1],
            lambda weights: weights.log() - weights.log().amax(1, keepdim=True),
            lambda weights: weights.log() - weights.log()[:, 0],
            lambda weights: (weights / weights[:, :1]).log2(),
            lambda weights: (weights / weights[:, :1]).log().clamp(min=-1e9),
            lambda weights: weights / weights[:, :1],
        ],
    ),
    "21.size_of_block": (
        [
            _size_by_trying,
            lambda count: round((-13 + math.sqrt(169 + 48 * count)) / 24),
            lambda count: next(s for s in range(1, count) if s * (12 * s + 13) == count),
            lambda count: int((count / 12) ** 0.5),
            lambda count: torch.tensor(_size_by_trying(count)),
        ],
        [
            lambda count: math.sqrt(count / 12),
            lambda count: round(math.sqrt(count / 12)),
            lambda count: round((-9 + math.sqrt(81 + 48 * count)) / 24) + 1,
            lambda count: round((-4 + math.sqrt(16 + 16 * count)) / 8),
            lambda count: count // 25,
        ],
    ),
    "21.parts_of_heads": (
        [_parts_by_einsum, _parts_by_chunks, _parts_by_zeros, _parts_by_numpy],
        [
            lambda found, weight: found.transpose(0, 1).flatten(1) @ weight.T,
            lambda found, weight: _parts_by_chunks(found, weight) / len(found),
            lambda found, weight: found @ weight.reshape(len(found), found.shape[2], -1),
            lambda found, weight: found @ weight.T.reshape(found.shape[2], len(found), -1).transpose(0, 1),
            lambda found, weight: _parts_by_chunks(found, weight).sum(0),
            lambda found, weight: _parts_by_chunks(found, weight).flip(0),
        ],
    ),
    "21.turned": (
        [_turned_by_complex, _turned_by_loop, _turned_by_matrices, _turned_by_polar],
        [
            _turned_wrongly(torch.arange, -1),
            _turned_wrongly(lambda n: torch.arange(n) + 1),
            _turned_wrongly(lambda n: torch.arange(n).flip(0)),
            _turned_wrongly(torch.ones),
            lambda pairs, angle: pairs,
            lambda pairs, angle: pairs * (torch.arange(len(pairs)) * angle).cos()[:, None],
        ],
    ),
}

EQUIVALENT = {
    "21.size_of_block": {
        "1 -> 0": "a size of 0 has no weights, and no count is 0",
        "0 -> -1": "the count grows with the size: there is one size at most",
    }
}
