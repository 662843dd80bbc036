"""Lesson 13, collaborative filtering: for each exercise, other right answers, and plausible wrong ones."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import torch


def _with_room(P, Q, b, c):
    """Fill in what is known, column by column."""
    users, films = (torch.ones(len(part), part.shape[1] + 2) for part in (P, Q))
    users[:, :-2], films[:, :-2] = P, Q
    users[:, -2], films[:, -1] = b, c
    return [users, films]


def _with_numpy(P, Q, b, c):
    ones = np.ones(len(P)), np.ones(len(Q))
    return np.column_stack([P, b, ones[0]]), np.column_stack([Q, ones[1], c])


def _row_by_row(P, Q, b, c):
    users = [[*p, bias, 1.0] for p, bias in zip(P.tolist(), b.tolist(), strict=True)]
    return users, [[*q, 1.0, bias] for q, bias in zip(Q.tolist(), c.tolist(), strict=True)]


def _side_by_side(P, Q, b, c, order=(0, 1, 2), fill=1.0):
    users, films = [P, b[:, None], torch.full((len(P), 1), fill)], [Q, torch.full((len(Q), 1), fill), c[:, None]]
    return torch.cat([users[i] for i in order], 1), torch.cat([films[i] for i in order], 1)


def _liked_least(predicted, seen):
    """Film by film: what the one who likes it least gives, if nobody has seen it."""
    left = {}
    for film, (stars, known) in enumerate(zip(predicted.T.tolist(), seen.T.tolist(), strict=True)):
        if not any(known):
            left[film] = min(stars)
    return left


def _film_sorted(predicted, seen):
    return [film for _, film in sorted((least, film) for film, least in _liked_least(predicted, seen).items())][-1]


def _with_ones(vectors, last=True):
    ones = torch.ones(len(vectors), 1, dtype=vectors.dtype)
    return torch.cat([vectors, ones] if last else [ones, vectors], 1)


def _solved(x, rest, strength, kept=1.0):
    keep = torch.eye(x.shape[1], dtype=x.dtype)
    keep[-1, -1] = kept
    return torch.linalg.solve(x.T @ x + strength * keep, x.T @ rest)


def _by_least_squares(vectors, rest, strength):
    """Each weight is one more film, which should give 0."""
    x = _with_ones(vectors).double().numpy()
    size = x.shape[1]
    more = np.vstack([x, np.sqrt(strength) * np.eye(size)])
    return np.linalg.lstsq(more, np.concatenate([rest.double().numpy(), np.zeros(size)]), rcond=None)[0]


def _through_the_films(vectors, rest, strength):
    """The other form of ridge regression: one unknown for each film."""
    x = _with_ones(vectors).double()
    return x.T @ torch.linalg.inv(x @ x.T + strength * torch.eye(len(x), dtype=x.dtype)) @ rest.double()


def _by_loops(vectors, rest, strength):
    """The derivative for each unknown is 0: one equation each, added up film by film."""
    rows = [[*row, 1.0] for row in vectors.tolist()]
    size = range(len(rows[0]))
    left = [[sum(row[i] * row[j] for row in rows) + strength * (i == j) for j in size] for i in size]
    right = [sum(row[i] * given for row, given in zip(rows, rest.tolist(), strict=True)) for i in size]
    return np.linalg.solve(left, right)


def _one_after_the_other(vectors, rest, strength):
    """The vector as in the lesson, the bias from what is left."""
    taste = torch.linalg.solve(vectors.T @ vectors + strength * torch.eye(vectors.shape[1]), vectors.T @ rest)
    left = rest - vectors @ taste
    return torch.cat([taste, left.sum()[None] / (len(rest) + strength)])


def _by_bisection(score):
    low, high = 1e-9, 1e9
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if math.log((1 + middle) / middle) > score else (low, middle)
    return low


def _from_sigmoid(score):
    p = torch.tensor(float(score), dtype=torch.float64).sigmoid()
    return (1 - p) / (2 * p - 1)


ANSWERS = {
    "13.biases_as_factors": (
        [_with_room, _with_numpy, _row_by_row, _side_by_side],
        [
            lambda P, Q, b, c: _side_by_side(P, Q, b, c, (0, 2, 1)),  # the films' column first
            lambda P, Q, b, c: _side_by_side(P, Q, b, c, (1, 2, 0)),  # in front of the factors
            lambda P, Q, b, c: _side_by_side(P, Q, b, c, fill=0.0),
            lambda P, Q, b, c: (torch.cat([P, b[:, None]], 1), torch.cat([Q, c[:, None]], 1)),  # b times c
            lambda P, Q, b, c: (P + b[:, None], Q + c[:, None]),
        ],
    ),
    "13.break_similar": (
        [
            (torch.tensor([[1.0, 0.0], [1.0, 0.1], [9.0, 9.0]]), 0),
            (torch.tensor([[0.0, 2.0], [3.0, 3.0], [0.0, 1.0]]), 0),
            (torch.tensor([[-5.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.5, 0.5, 1.0], [-9.0, 20.0, 0.0]]), 1),
            (torch.tensor([[-1.0, -0.1], [-3.0, 4.0], [-0.1, 2.0], [-1.0, 0.0]], dtype=torch.float64), 3),
        ],
        [
            (torch.tensor([[1.0, 0.0], [0.0, 1.0]]), 0),  # there is only one other
            (torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), 0),  # all of one length
            (torch.tensor([[1.0], [2.0], [3.0]]), 0),  # all in one direction
            (torch.tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0]]), 0),  # both as near
            (torch.tensor([[1.0, 0.0], [0.0, 0.0], [-1.0, 1.0]]), 0),  # no direction
            torch.tensor([[1.0, 0.0], [1.0, 0.1], [9.0, 9.0]]),
        ],
    ),
    "13.film_for_all": (
        [
            _film_sorted,
            lambda predicted, seen: max((left := _liked_least(predicted, seen)), key=left.get),
            lambda predicted, seen: torch.where(seen, -torch.inf, predicted).min(dim=0).values.argmax(),
            lambda predicted, seen: np.where(seen.any(0), -np.inf, predicted.numpy().min(axis=0)).argmax(),
            lambda predicted, seen: (
                pd.DataFrame(predicted.double().numpy()).loc[:, ~seen.any(0).numpy()].min().idxmax()
            ),
        ],
        [
            lambda predicted, seen: predicted.amin(0).argmax(),  # also what was seen
            lambda predicted, seen: predicted.amin(0).masked_fill(seen.all(0), -torch.inf).argmax(),
            lambda predicted, seen: predicted.mean(0).masked_fill(seen.any(0), -torch.inf).argmax(),
            lambda predicted, seen: predicted.amax(0).masked_fill(seen.any(0), -torch.inf).argmax(),
            lambda predicted, seen: (predicted.amin(0) * ~seen.any(0)).argmax(),  # 0 is more than a negative one
            lambda predicted, seen: predicted.amin(0).masked_fill(seen.any(0), -torch.inf).max(),
        ],
    ),
    "13.careful_bias": (
        [
            lambda rest, strength: torch.cat([rest, torch.zeros(1)]).sum() / (rest.numel() + strength),
            lambda rest, strength: torch.linalg.solve(torch.tensor([[len(rest) + strength]]), rest.sum()[None])[0],
            lambda rest, strength: sum(rest.tolist()) / (len(rest) + strength),
            lambda rest, strength: pd.Series(rest.numpy(), dtype=float).sum() / (len(rest) + strength),
            lambda rest, strength: rest.mean() / (1 + strength / len(rest)) if len(rest) else 0.0,
        ],
        [
            lambda rest, strength: rest.mean(),
            lambda rest, strength: rest.sum() / strength,
            lambda rest, strength: rest.mean() / (1 + strength),
            lambda rest, strength: rest.sum() / (len(rest) + 2 * strength),
            lambda rest, strength: rest.mean() / (1 + strength / len(rest)) if len(rest) else rest.mean(),
        ],
    ),
    "13.taste_and_bias": (
        [
            lambda vectors, rest, strength: _solved(_with_ones(vectors).double(), rest.double(), strength).tolist(),
            _by_least_squares,
            _through_the_films,
            _by_loops,
        ],
        [
            lambda v, rest, strength: _solved(_with_ones(v), rest, strength, kept=0.01),  # the bias hardly kept small
            lambda v, rest, strength: _solved(_with_ones(v, last=False), rest, strength),  # the bias first
            _one_after_the_other,
            lambda v, rest, strength: _solved(_with_ones(v), rest, strength / len(rest)),  # the mean, not the sum
            lambda v, rest, strength: _solved(_with_ones(v), rest, strength)[:-1],  # the taste alone
            lambda v, rest, strength: _solved(_with_ones(v), rest, strength**2),
        ],
    ),
    "13.widening_for": (
        [
            _by_bisection,
            _from_sigmoid,
            lambda score: 1 / math.expm1(score),
            lambda score: torch.tensor(score).exp().sub(1).reciprocal(),
            lambda score: float(1 / (Fraction(math.exp(score)) - 1)),
        ],
        [
            lambda score: 1 / math.exp(score),  # as if only the upper end moved
            lambda score: 1 - 1 / (1 + math.exp(-score)),  # how far the sigmoid is from 1
            lambda score: math.exp(score) - 1,
            lambda score: 1 / (math.exp(score) + 1),
            lambda score: 1 / score,
            lambda score: 0.1,
        ],
    ),
}
