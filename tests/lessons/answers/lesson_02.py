"""Lesson 02, convolution: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch import nn
from torch.nn import functional as F


def _pool_with_rest(map_, size):
    return F.max_pool2d(map_[None], size, ceil_mode=True)[0]


def _relu_in_place(x):
    x[x < 0] = 0
    return x


def _convolve_by_windows(stack, weights):
    windows = stack.unfold(1, weights.shape[1], 1).unfold(2, weights.shape[2], 1)
    return torch.einsum("crkhw,chw->rk", windows, weights)


def _helper(stack, weights):
    return F.conv2d(stack[None], weights[None])


def _convolve_by_a_helper(stack, weights):
    return _helper(stack, weights)[0, 0]


ANSWERS = {
    "02.relu": (
        [lambda x: (x + x.abs()) / 2, lambda x: x * (x > 0), lambda x: torch.maximum(x, torch.zeros(()))],
        [
            torch.abs,
            _relu_in_place,
            lambda x: x.clamp(max=0),
            lambda x: x[x > 0],
            lambda x: x * (x > 0.3),
            lambda x: x * (x >= 1),
        ],
    ),
    "02.map_size": (
        [lambda s, k, p, t: len(range(0, s + 2 * p - k + 1, t))],
        [
            lambda s, k, p, t: (s + 2 * p - k) / t + 1,
            lambda s, k, p, t: (s + p - k) // t + 1,
            lambda s, k, p, t: (s - k + 1) // t + 2 * p,
            lambda s, k, p, t: (s + 2 * p) // t,
        ],
    ),
    "02.blur": (
        [torch.ones(3, 3) / 9, [[1 / 9] * 3] * 3],
        [torch.ones(3, 3), torch.full((3, 3), 1 / 8), torch.ones(9) / 9, torch.full((3, 3), 0.1)],
    ),
    "02.count_weights": (
        [lambda c, f, k: c * f * k**2 + f],
        [lambda c, f, k: c * f * k * k, lambda c, f, k: f * k * k + f, lambda c, f, k: f * c * (k * k + 1)],
    ),
    "02.convolve_any": (
        [_convolve_by_windows],
        [
            lambda s, w: F.conv2d(s[None], w.flip(1, 2)[None])[0, 0],
            lambda s, w: F.conv2d(s[:1, None], w[:1, None])[0, 0],
            lambda s, w: F.conv2d(s[None], w[None], padding=1)[0, 0],
        ],
    ),
    "02.pool_any": (
        [lambda m, s: F.max_pool2d(m[None], s)[0]],
        [
            _pool_with_rest,
            lambda m, s: F.max_pool2d(m.clamp(min=0)[None], s)[0],
            lambda m, s: F.max_pool2d(m[None], s, stride=1)[0],
            lambda m, s: F.avg_pool2d(m[None], s)[0],
        ],
    ),
}

BROKEN = {
    "02.relu": [F.relu, torch.relu, nn.ReLU(), lambda x: torch.where(x > 0, x, 0), lambda x: F.relu(x)],
    "02.convolve_any": [lambda s, w: F.conv2d(s[None], w[None])[0, 0], _convolve_by_a_helper],
}
