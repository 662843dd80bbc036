"""Lesson 16, what a network sees: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch.nn import functional as F


def _sizes_by_convolving(size, convolutions):
    x, left = torch.zeros(1, 1, size, size), []
    for kernel, stride, padding in convolutions:
        x = F.conv2d(x, torch.zeros(1, 1, kernel, kernel), stride=stride, padding=padding)
        left.append(x.shape[-1])
    return left


def _sizes_each_alone(size, convolutions):
    return [(size + 2 * p - k) // s + 1 for k, s, p in convolutions]


def _sizes_by_stride(size, convolutions):
    left = []
    for _, stride, _ in convolutions:
        size //= stride
        left.append(size)
    return left


def _sizes_one_sided(size, convolutions):
    left = []
    for kernel, stride, padding in convolutions:
        size = (size + padding - kernel) // stride + 1
        left.append(size)
    return left


def _residual(x, first, second, padding=1, between=F.relu, end=F.relu, skip=True):
    added = F.conv2d(between(F.conv2d(x, first, padding=padding)), second, padding=padding)
    return end(added + x) if skip else end(added)


def _inside(x, first, second):
    return x + F.relu(F.conv2d(F.relu(F.conv2d(x, first, padding=1)), second, padding=1))


def _strongest_by_loop(maps, channel, n):
    found = []
    for i, image in enumerate(maps):
        one = image[channel]
        row, column = (one == one.max()).nonzero()[0].tolist()
        found.append((one.max().item(), i, row, column))
    return [where for _, *where in sorted(found, reverse=True)[:n]]


def _strongest_anywhere(maps, channel, n):
    rows, columns = maps.shape[-2:]
    flat = maps[:, channel].flatten().topk(n).indices.tolist()
    return [(k // (rows * columns), k // columns % rows, k % columns) for k in flat]


def _strongest_transposed(maps, channel, n):
    largest, positions = maps[:, channel].flatten(1).max(1)
    rows = maps.shape[-2]
    return [(i, *divmod(int(positions[i]), rows)) for i in largest.topk(n).indices.tolist()]


def _strongest_unsorted(maps, channel, n):
    return sorted(_strongest_by_loop(maps, channel, n))


ANSWERS = {
    "16.sizes": (
        [_sizes_by_convolving],
        [_sizes_each_alone, _sizes_by_stride, _sizes_one_sided, lambda s, c: _sizes_by_convolving(s, c)[-1:]],
    ),
    "16.residual": (
        [
            lambda x, a, b: _residual(x, a, b),
            lambda x, a, b: (x + F.conv2d(F.conv2d(x, a, padding="same").clamp(min=0), b, padding="same")).clamp(min=0),
        ],
        [
            lambda x, a, b: _residual(x, a, b, skip=False),
            lambda x, a, b: _residual(x, a, b, between=lambda h: h),
            lambda x, a, b: _residual(x, a, b, end=lambda h: h),
            lambda x, a, b: _residual(x, b, a),
            lambda x, a, b: _residual(x, a, b, padding=0),
            _inside,
        ],
    ),
    "16.strongest": (
        [_strongest_by_loop],
        [
            _strongest_anywhere,
            _strongest_transposed,
            _strongest_unsorted,
            lambda maps, channel, n: _strongest_by_loop(maps, 0, n),
        ],
    ),
    "16.evidence_map": (
        [
            lambda f, w, b, k: torch.einsum("crk,c->rk", f, w[k]) + b[k],
            lambda f, w, b, k: torch.tensordot(w[k], f, dims=1) + b[k],
        ],
        [
            lambda f, w, b, k: torch.einsum("crk,c->rk", f, w[k]),
            lambda f, w, b, k: torch.einsum("crk,c->rk", f, w[k]) + b[k] / f[0].numel(),
            lambda f, w, b, k: torch.einsum("crk,c->rk", f, w[0]) + b[0],
            lambda f, w, b, k: f.mean(0) * w[k].sum() + b[k],
        ],
    ),
}
