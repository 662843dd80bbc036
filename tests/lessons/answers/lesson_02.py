"""Lesson 02, convolution: for each exercise, other right answers, and plausible wrong ones."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def _one_at(row, column, size=3):
    weights = torch.zeros(size, size)
    weights[row, column] = 1
    return weights


def _convolve_by_einsum(stack, weights, stride):
    windows = stack.unfold(1, weights.shape[1], stride).unfold(2, weights.shape[2], stride)
    return torch.einsum("crkhw,chw->rk", windows, weights)


def _convolve_by_loops(stack, weights, stride):
    _, height, width = weights.shape
    rows = range(0, stack.shape[1] - height + 1, stride)
    columns = range(0, stack.shape[2] - width + 1, stride)
    return torch.tensor([[(stack[:, r : r + height, c : c + width] * weights).sum() for c in columns] for r in rows])


def _convolve_by_shifts(stack, weights, stride):
    _, height, width = weights.shape
    rows, columns = stack.shape[1] - height + 1, stack.shape[2] - width + 1
    whole = torch.zeros(rows, columns)
    for r in range(height):
        for c in range(width):
            whole += torch.tensordot(weights[:, r, c], stack[:, r : r + rows, c : c + columns], 1)
    return whole[::stride, ::stride]


def _convolve_by_numpy(stack, weights, stride):
    windows = np.lib.stride_tricks.sliding_window_view(stack.numpy(), tuple(weights.shape))[0]
    return (windows[::stride, ::stride] * weights.numpy()).sum((2, 3, 4))


def _conv2d(stack, weights, stride=1, **options):
    return F.conv2d(stack[None], weights[None], stride=stride, **options)[0, 0]


def _fields_forward(layers):
    pixels, apart = 1, 1
    for kernel, stride in layers:
        pixels += (kernel - 1) * apart
        apart *= stride
    return pixels


def _fields_by_sets(layers):
    seen = {0}
    for kernel, stride in layers[::-1]:
        seen = {place * stride + k for place in seen for k in range(kernel)}
    return max(seen) + 1


def _fields_recursively(layers):
    if not layers:
        return 1
    *before, (kernel, stride) = layers
    return _fields_recursively(before) + (kernel - 1) * math.prod(step for _, step in before)


def _fields_by_gradient(layers):
    pixels = torch.ones(1, 1, 200, requires_grad=True)
    x = pixels
    for kernel, stride in layers:
        x = F.conv1d(x, torch.ones(1, 1, kernel), stride=stride)
    (gradient,) = torch.autograd.grad(x[0, 0, 0], pixels)
    return int(gradient.nonzero().max()) + 1


def _stride_too_soon(layers):
    pixels, apart = 1, 1
    for kernel, stride in layers:
        apart *= stride
        pixels += (kernel - 1) * apart
    return pixels


def _merged_by_loops(first, second):
    both = [[0.0] * 5 for _ in range(5)]
    for i in range(3):
        for j in range(3):
            for k in range(3):
                for m in range(3):
                    both[i + k][j + m] += float(first[i, j] * second[k, m])
    return torch.tensor(both)


def _merged_by_conv2d(first, second):
    return F.conv2d(F.pad(first, (2, 2, 2, 2))[None, None], second.flip(0, 1)[None, None])[0, 0]


def _merged_by_fourier(first, second):
    return torch.fft.irfft2(torch.fft.rfft2(first, (5, 5)) * torch.fft.rfft2(second, (5, 5)), (5, 5))


def _merged_by_impulses(first, second):
    pictures = torch.eye(25).reshape(25, 1, 5, 5)
    return F.conv2d(F.conv2d(pictures, first[None, None]), second[None, None]).reshape(5, 5)


ANSWERS = {
    "02.shift": (
        [
            _one_at(0, 0),
            [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
            np.outer([1, 0, 0], [1, 0, 0]),
            F.pad(torch.ones(1, 1), (0, 2, 0, 2)),
            torch.eye(3) * torch.tensor([1, 0, 0]),
        ],
        [
            _one_at(2, 2),
            _one_at(1, 1),
            _one_at(0, 2),
            _one_at(1, 0) + _one_at(0, 1),
            _one_at(1, 0),
            torch.eye(3),
            torch.full((3, 3), 1 / 9),
            _one_at(0, 0).flatten(),
        ],
    ),
    "02.break_order": (
        [
            torch.tensor([[-1.0, 1.0], [0.0, 0.0]]),
            (torch.tensor([[-3.0, 2.0], [4.0, 5.0]]),),
            torch.tensor([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, -4.0]]),
            torch.tensor([[5.0, -100.0], [5.0, 5.0]]),
        ],
        [
            torch.ones(2, 2),
            -torch.ones(2, 2),
            torch.zeros(4, 4),
            torch.tensor([[1.0, 2.0, -3.0, -4.0], [1.0, 2.0, -3.0, -4.0]]),
            torch.tensor([[-1.0, 1.0, 2.0]]),
            torch.tensor([-1.0, 1.0]),
            torch.tensor([[float("nan"), 1.0], [1.0, -1.0]]),
            torch.tensor([[-1, 1], [0, 0]]),  # whole numbers have no mean
        ],
    ),
    "02.map_size": (
        [
            lambda s, k, p, t: len(range(0, s + 2 * p - k + 1, t)),
            lambda s, k, p, t: math.floor((s + 2 * p - k) / t) + 1,
            lambda s, k, p, t: math.ceil((s + 2 * p - k + 1) / t),
            lambda s, k, p, t: F.conv1d(torch.zeros(1, 1, s), torch.zeros(1, 1, k), padding=p, stride=t).shape[-1],
            lambda s, k, p, t: torch.zeros(s + 2 * p).unfold(0, k, t).shape[0],
        ],
        [
            lambda s, k, p, t: (s + 2 * p - k) / t + 1,
            lambda s, k, p, t: (s + p - k) // t + 1,
            lambda s, k, p, t: (s - k + 1) // t + 2 * p,
            lambda s, k, p, t: (s + 2 * p) // t,
            lambda s, k, p, t: (s + 2 * p - k + 1) // t,
            lambda s, k, p, t: s // t,
            lambda s, k, p, t: round((s + 2 * p - k) / t) + 1,
        ],
    ),
    "02.filters": (
        [16, 16.0, torch.tensor(16), np.int64(16), 2 * 8],
        [8, 1168 / 9, 128, 12, 1168 // 10, [16, 8], 18],
    ),
    "02.break_pool": (
        [
            torch.tensor([[-1.0]]),
            (torch.tensor([[-1.0, -2.0, -3.0], [-4.0, -5.0, -6.0]]),),
            torch.tensor([[1.0, 2.0, -3.0]]),
            torch.full((3, 3), -1.0),
            torch.tensor([[5.0, 5.0], [5.0, 5.0], [-1.0, -1.0]]),
        ],
        [
            torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
            torch.tensor([[-1.0, -2.0], [-3.0, -4.0]]),
            torch.tensor([[-1.0, -2.0, 3.0], [-1.0, -2.0, 0.0]]),
            torch.tensor([[1.0, -2.0, 3.0]]),
            torch.tensor([[-float("inf")]]),
            torch.zeros(0, 3),
            torch.tensor([-1.0, -2.0]),
        ],
    ),
    "02.convolve_any": (
        [
            _convolve_by_einsum,
            _convolve_by_loops,
            _convolve_by_shifts,
            _convolve_by_numpy,
            lambda s, w, t: sum(_convolve_by_loops(a[None], b[None], t) for a, b in zip(s, w, strict=True)).double(),
        ],
        [
            lambda s, w, t: _conv2d(s, w.flip(1, 2), t),
            lambda s, w, t: _conv2d(s[:1], w[:1], t),
            lambda s, w, t: _conv2d(s, w, t, padding=1),
            lambda s, w, t: _conv2d(s, w),
            lambda s, w, t: _conv2d(s, w)[: (s.shape[1] - w.shape[1]) // t + 1, : (s.shape[2] - w.shape[2]) // t + 1],
            lambda s, w, t: _conv2d(s[:, ::t, ::t], w),
            lambda s, w, t: _conv2d(s, w, (t, 1))[:, : (s.shape[2] - w.shape[2]) // t + 1],
            lambda s, w, t: _conv2d(s.sum(0, keepdim=True), w.sum(0, keepdim=True), t),
        ],
    ),
    "02.receptive_field": (
        [_fields_forward, _fields_by_sets, _fields_recursively, _fields_by_gradient],
        [
            _stride_too_soon,
            lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers),
            lambda layers: sum(kernel for kernel, _ in layers),
            lambda layers: math.prod(kernel for kernel, _ in layers),
            lambda layers: _fields_forward(layers[::-1]),
            lambda layers: _fields_forward(layers) ** 2,
            lambda layers: 1 + sum((kernel - 1) * stride for kernel, stride in layers),
        ],
    ),
    "02.merged": (
        [
            _merged_by_loops,
            _merged_by_conv2d,
            _merged_by_fourier,
            _merged_by_impulses,
            lambda a, b: F.conv_transpose2d(a[None, None], b[None, None])[0, 0],
            lambda a, b: _merged_by_loops(b, a).tolist(),
        ],
        [
            lambda a, b: F.conv2d(F.pad(a, (2, 2, 2, 2))[None, None], b[None, None])[0, 0],
            lambda a, b: _merged_by_conv2d(a, b).flip(0, 1),
            lambda a, b: _merged_by_conv2d(a, b.T),
            lambda a, b: F.pad(a, (1, 1, 1, 1)) + F.pad(b, (1, 1, 1, 1)),
            lambda a, b: F.pad(a * b, (1, 1, 1, 1)),
            lambda a, b: F.pad(a @ b, (1, 1, 1, 1)),
            lambda a, b: torch.kron(a, b)[:5, :5],
            lambda a, b: F.conv2d(a[None, None], b[None, None], padding=1)[0, 0],
        ],
    ),
}


def _helper(stack, weights, stride):
    return F.conv2d(stack[None], weights[None], stride=stride)


def _convolve_by_a_helper(stack, weights, stride):
    return _helper(stack, weights, stride)[0, 0]


BROKEN = {
    "02.convolve_any": [lambda s, w, t: F.conv2d(s[None], w[None], stride=t)[0, 0], _convolve_by_a_helper],
}
