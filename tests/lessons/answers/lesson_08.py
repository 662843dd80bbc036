"""Lesson 08, SGD: for each exercise, other right answers, and plausible wrong ones."""

from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as F


def _parabola_by_autograd(x, y, weights):
    w = weights.clone().requires_grad_()
    F.mse_loss(w[0] * x**2 + w[1] * x + w[2], y).backward()
    return w.grad


def _parabola_by_loop(x, y, weights):
    sums = [0.0, 0.0, 0.0]
    for one, goal in zip(x.tolist(), y.tolist(), strict=True):
        powers = one**2, one, 1
        error = sum(w * p for w, p in zip(weights.tolist(), powers, strict=True)) - goal
        sums = [s + 2 * error * p / len(x) for s, p in zip(sums, powers, strict=True)]
    return sums


def _linear_by_autograd(x, weight, gradients):
    parts = x.clone().requires_grad_(), weight.clone().requires_grad_(), torch.zeros(len(weight), requires_grad=True)
    return torch.autograd.grad(F.linear(*parts), parts, gradients)


def _linear_by_broadcasting(x, weight, gradients):
    return (
        (gradients[:, :, None] * weight).sum(1),
        (gradients[:, :, None] * x[:, None]).sum(0),
        gradients.sum(0),
    )


def _linear_in_numpy(x, weight, gradients):
    g = gradients.double().numpy()
    return g @ weight.double().numpy(), g.T @ x.double().numpy(), g.sum(axis=0)


def _linear_by_loop(x, weight, gradients):
    by_x, by_weight = torch.zeros(x.shape), torch.zeros(weight.shape)
    for row, sample, gradient in zip(by_x, x, gradients, strict=True):
        for o, slope in enumerate(gradient):
            row += slope * weight[o]
            by_weight[o] += slope * sample
    return by_x, by_weight, sum(gradients)


def _floor_by_steps(w1, slope1, w2, slope2):
    """The floor lies where the line through both slopes is 0; one step from w1 must end there."""
    floor = (w1 * slope2 - w2 * slope1) / (slope2 - slope1)
    return (w1 - floor) / slope1


ANSWERS = {
    "08.parabola_gradient": (
        [
            _parabola_by_autograd,
            _parabola_by_loop,
            lambda x, y, w: 2 * (torch.stack([x**2, x, x**0]) * ((w[0] * x + w[1]) * x + w[2] - y)).mean(1),
            lambda x, y, w: 2 * torch.vander(x, 3).T.double() @ (torch.vander(x, 3) @ w - y).double() / len(x),
        ],
        [
            lambda x, y, w: torch.stack([((w[0] * x**2 + w[1] * x + w[2] - y) * p).mean() for p in (x**2, x, x**0)]),
            lambda x, y, w: torch.stack([2 * ((w[0] * x**2 + w[1] * x + w[2] - y) * p).sum() for p in (x**2, x, x**0)]),
            lambda x, y, w: torch.stack(
                [2 * ((y - w[0] * x**2 - w[1] * x - w[2]) * p).mean() for p in (x**2, x, x**0)]
            ),
            lambda x, y, w: torch.stack(
                [2 * ((w[0] * x**2 + w[1] * x + w[2] - y) * p).mean() for p in (2 * x, x**0, 0 * x)]
            ),
            lambda x, y, w: torch.stack(
                [2 * ((w[0] * x**2 + w[1] * x + w[2] - y) * p).mean() for p in (x**0, x, x**2)]
            ),
        ],
    ),
    "08.linear_backward": (
        [
            _linear_by_broadcasting,
            lambda x, w, s: [s @ w, torch.einsum("no,ni->oi", s, x), s.sum(0)],
            _linear_in_numpy,
            _linear_by_loop,
        ],
        [
            lambda x, w, s: (s @ w, x.T @ s, s.sum(0)),
            lambda x, w, s: (s @ w, s.T @ x, s.mean(0)),
            lambda x, w, s: (s @ w, s.T @ x / len(x), s.sum(0)),
            lambda x, w, s: (s @ w, s.T @ x, s),
            lambda x, w, s: (s @ w, s.T @ x, s.sum(1)),
            lambda x, w, s: (s.T @ x, s @ w, s.sum(0)),
        ],
    ),
    "08.hat": (
        [
            lambda x: (1 - (x - 1).abs()).clamp(min=0),
            lambda x: torch.minimum(x, 2 - x).clamp(min=0),
            lambda x: torch.where(x < 1, x, 2 - x).clamp(0, 1).double(),
            lambda x: np.interp(x.numpy(), [0, 1, 2], [0, 1, 0]),
        ],
        [
            lambda x: F.relu(x) - F.relu(x - 1) + F.relu(x - 2),
            lambda x: F.relu(x) - 2 * F.relu(x - 1),
            lambda x: F.relu(x) - F.relu(x - 2),
            lambda x: F.relu(x) - F.relu(x - 1),
            lambda x: 1 - (x - 1).abs(),
            lambda x: F.relu(x) - 2 * F.relu(x - 1) + F.relu(x - 2).sum(),
        ],
    ),
    "08.first_change": (
        [1e-2, torch.tensor(0.01), np.float64(0.01), Fraction(1, 100)],
        [10.0, 1.0, 0.1, 0.001, 0.009, -0.01],
    ),
    "08.momentum_of_four": (
        [3 / 4, torch.tensor(0.75), np.float32(0.75), Fraction(3, 4)],
        [0.25, 4, 0.8, 0.9, 0.5, 3],
    ),
    "08.lr_to_the_floor": (
        [
            lambda w1, s1, w2, s2: 1 / ((s2 - s1) / (w2 - w1)),
            lambda w1, s1, w2, s2: (w1 - w2) / (s1 - s2),
            _floor_by_steps,
            lambda w1, s1, w2, s2: torch.tensor(w2 - w1).double() / torch.tensor(s2 - s1).double(),
            lambda w1, s1, w2, s2: np.divide(w2 - w1, s2 - s1),
        ],
        [
            lambda w1, s1, w2, s2: (s2 - s1) / (w2 - w1),
            lambda w1, s1, w2, s2: 2 * (w2 - w1) / (s2 - s1),
            lambda w1, s1, w2, s2: (w2 - w1) / (s2 + s1),
            lambda w1, s1, w2, s2: abs(w2 - w1) / (s2 - s1),
            lambda w1, s1, w2, s2: w1 / s1,
            lambda w1, s1, w2, s2: (w1 * s2 - w2 * s1) / (s2 - s1),
        ],
    ),
    "08.break_batches": (
        [
            (torch.tensor([1.0, 2.0, 6.0]), 2),
            (torch.tensor([0.0, 0.0, 0.0, 1.0]).double(), 3),
            (torch.arange(100.0), 64),
            (torch.linspace(-1, 1, 7) ** 2 + torch.arange(7.0), 4),
        ],
        [
            (torch.tensor([1.0, 2.0]), 1),
            (torch.tensor([1.0, 2.0, 3.0, 7.0]), 2),
            (torch.tensor([5.0, 5.0, 5.0]), 2),
            (torch.tensor([1.0, 2.0, 6.0]), 5),
            (torch.tensor([1, 2, 6]), 2),
            (torch.tensor([1.0, 2.0, 6.0]), 0),
            torch.tensor([1.0, 2.0, 6.0]),
            (torch.tensor([1.0, 2.0, 1.5]), 2),
        ],
    ),
    "08.break_leaky": (
        [
            (torch.tensor([1.0]), 2.0),
            (torch.tensor(3.0), 1.5),
            (torch.tensor([[-1.0, 4.0]]).double(), torch.tensor(10.0).double()),
            (torch.linspace(-1, 1, 9), 100),
        ],
        [
            (torch.tensor([-1.0, 2.0]), 0.1),
            (torch.tensor([-1.0, 2.0]), 1),
            (torch.tensor([-1.0, -2.0]), 0.999),
            (torch.tensor([0.0]), 2.0),
            (torch.tensor([1.0]), -2.0),
            (torch.tensor([2]), 2.0),
            (torch.tensor([-torch.inf, 1.0]), 2.0),
            torch.tensor([1.0]),
        ],
    ),
}

BROKEN = {"08.linear_backward": [_linear_by_autograd]}
