"""Lesson 08, SGD: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch.nn import functional as F


def _by_autograd(x, y, a, b):
    w = torch.tensor([a, b], requires_grad=True)
    F.mse_loss(w[0] * x + w[1], y).backward()
    return w.grad


def _linear_by_autograd(x, weight, gradients):
    parts = x.clone().requires_grad_(), weight.clone().requires_grad_(), torch.zeros(len(weight), requires_grad=True)
    return torch.autograd.grad(F.linear(*parts), parts, gradients)


def _linear_by_broadcasting(x, weight, gradients):
    return (
        (gradients[:, :, None] * weight).sum(1),
        (gradients[:, :, None] * x[:, None]).sum(0),
        gradients.sum(0),
    )


def _changes_its_input(weights, velocities, gradients, lr, momentum):
    velocities *= momentum
    velocities += gradients
    return weights - lr * velocities, velocities


ANSWERS = {
    "08.line_gradient": (
        [_by_autograd, lambda x, y, a, b: 2 * torch.stack([x, torch.ones_like(x)]) @ (a * x + b - y) / len(x)],
        [
            lambda x, y, a, b: torch.stack([((a * x + b - y) * x).mean(), (a * x + b - y).mean()]),
            lambda x, y, a, b: torch.stack([(2 * (a * x + b - y) * x).sum(), (2 * (a * x + b - y)).sum()]),
            lambda x, y, a, b: torch.stack([(2 * (y - a * x - b) * x).mean(), (2 * (y - a * x - b)).mean()]),
        ],
    ),
    "08.limit": ([1 / 5, torch.tensor(0.2)], [0.1, 0.4, 5, 10]),
    "08.leaky_backward": (
        [lambda x, s, leak: s * ((x > 0) + leak * (x <= 0)), lambda x, s, leak: s.where(x > 0, s * leak)],
        [
            lambda x, s, leak: F.leaky_relu(s, leak),
            lambda x, s, leak: s * (x > 0),
            lambda x, s, leak: torch.where(x >= 0, s, leak * s),
            lambda x, s, leak: torch.where(x > 0, x, leak * x),
        ],
    ),
    "08.linear_backward": (
        [_linear_by_broadcasting, lambda x, w, s: [s @ w, torch.einsum("no,ni->oi", s, x), s.sum(0)]],
        [
            lambda x, w, s: (s @ w, x.T @ s, s.sum(0)),
            lambda x, w, s: (s @ w, s.T @ x, s.mean(0)),
            lambda x, w, s: (s @ w, s.T @ x / len(x), s.sum(0)),
            lambda x, w, s: (s @ w, s.T @ x, s),
        ],
    ),
    "08.momentum_step": (
        [lambda w, v, s, lr, m: (w - lr * m * v - lr * s, m * v + s)],
        [
            lambda w, v, s, lr, m: (w - lr * v, m * v + s),
            lambda w, v, s, lr, m: (w - lr * (m * v + (1 - m) * s), m * v + (1 - m) * s),
            lambda w, v, s, lr, m: (w - lr * s, m * v + s),
            _changes_its_input,
        ],
    ),
    "08.hat": (
        [lambda x: (1 - (x - 1).abs()).clamp(min=0), lambda x: torch.minimum(x, 2 - x).clamp(min=0)],
        [
            lambda x: F.relu(x) - F.relu(x - 1) + F.relu(x - 2),
            lambda x: F.relu(x) - 2 * F.relu(x - 1),
            lambda x: F.relu(x) - F.relu(x - 2),
        ],
    ),
    "08.first_change": ([1e-2, torch.tensor(0.01)], [10.0, 1.0, 0.1, 0.001]),
}

BROKEN = {"08.linear_backward": [_linear_by_autograd]}
