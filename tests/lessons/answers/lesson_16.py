"""Lesson 16, what a network sees: for each exercise, other right answers, and plausible wrong ones."""

from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as F


def _cam_einsum(maps, gradients):
    return torch.einsum("nchw,nc->nhw", maps, gradients.mean((2, 3))).clamp(min=0)


def _cam_loop(maps, gradients):
    found = torch.zeros(len(maps), *maps.shape[2:], dtype=torch.double)
    for i in range(len(maps)):
        for map_, gradient in zip(maps[i], gradients[i], strict=True):
            found[i] += map_ * gradient.mean().item()
    found[found < 0] = 0
    return found


def _cam_numpy(maps, gradients):
    weights = gradients.numpy().mean(axis=(2, 3))[:, :, None, None]
    return np.maximum((maps.numpy() * weights).sum(axis=1), 0)


def _cam_conv(maps, gradients):
    """As a 1 x 1 convolution, one image at a time."""
    weights = F.adaptive_avg_pool2d(gradients, 1)
    return torch.cat([F.conv2d(m[None], w[None]).relu()[0] for m, w in zip(maps, weights, strict=True)])


def _game(point, inside=lambda low, at, high: low <= at <= high):
    """The pointing game, with a way to find the point (x, y) of a map."""

    def game(maps, boxes, size):
        hits = 0
        for map_, (left, top, right, bottom) in zip(maps, boxes.tolist(), strict=True):
            x, y = point(map_, size)
            hits += inside(left, x, right) and inside(top, y, bottom)
        return hits / len(maps)

    return game


def _tile(map_, size, half=0.5, by=1):
    row, column = divmod(int(map_.argmax()), map_.shape[by])
    return (column + half) * size / map_.shape[1], (row + half) * size / map_.shape[0]


def _by_nonzero(map_, size):
    ((row, column),) = (map_ == map_.max()).nonzero().tolist()
    return (2 * column + 1) * size / (2 * map_.shape[1]), (2 * row + 1) * size / (2 * map_.shape[0])


def _enlarged(maps, boxes, size):
    """Each cell's middle in a table, and the largest cell's read from it."""
    n, height, width = maps.shape
    y, x = torch.meshgrid(
        (torch.arange(height) + 0.5) * size / height, (torch.arange(width) + 0.5) * size / width, indexing="ij"
    )
    middles = torch.stack([x, y], -1).reshape(-1, 2)[maps.reshape(n, -1).argmax(-1)]
    return ((middles >= boxes[:, :2]) & (middles <= boxes[:, 2:])).all(1).double().mean()


def _game_numpy(maps, boxes, size):
    n, height, width = maps.shape
    rows, columns = np.unravel_index(maps.numpy().reshape(n, -1).argmax(1), (height, width))
    at = np.stack([(columns + 0.5) * size / width, (rows + 0.5) * size / height], 1)
    box = boxes.numpy()
    return np.mean(np.all((box[:, :2] <= at) & (at <= box[:, 2:]), axis=1))


def _largest_inside(maps, boxes, size):
    """Whether most of the map's sum is inside: another test."""
    heat = F.interpolate(maps[:, None], size=(int(size), int(size)))[:, 0].relu()
    hits = 0
    for one, (left, top, right, bottom) in zip(heat, boxes.int().tolist(), strict=True):
        hits += one[top:bottom, left:right].sum() > one.sum() / 2
    return hits / len(maps)


def _seen_by_field(position, convolutions):
    """The field's size as in the lesson, and where its first pixel lies."""
    field, step, start = 1, 1, 0
    for kernel, stride, padding in convolutions:
        start -= padding * step
        field, step = field + (kernel - 1) * step, step * stride
    return [start + position * step, start + position * step + field - 1]


def _seen_recursively(position, convolutions):
    if not convolutions:
        return position, position
    *before, (kernel, stride, padding) = convolutions
    start = position * stride - padding
    return _seen_recursively(start, before)[0], _seen_recursively(start + kernel - 1, before)[1]


def _seen_as_sets(position, convolutions):
    seen = {position}
    for kernel, stride, padding in convolutions[::-1]:
        seen = {i * stride - padding + k for i in seen for k in range(kernel)}
    return min(seen), max(seen)


def _seen_by_gradient(position, convolutions):
    """Numbers go through real convolutions, and the gradient says which of them counted."""
    margin = 64  # so far out the picture is continued by zeros, which count, too
    x = torch.zeros(1, 1, 256, requires_grad=True)
    y, origin = x, margin
    for kernel, stride, padding in convolutions:
        begin = (origin - padding) % stride
        y = F.conv1d(y[..., begin:], torch.ones(1, 1, kernel), stride=stride)
        origin = (origin - padding - begin) // stride
    (gradient,) = torch.autograd.grad(y[0, 0, origin + position], x)
    seen = gradient[0, 0].nonzero()[:, 0] - margin
    return torch.stack([seen.min(), seen.max()])


def _seen(position, convolutions, back=True, padded=True, within=False, extra=1):
    first = last = position
    for kernel, stride, padding in convolutions[:: -1 if back else 1]:
        first = first * stride - padding * padded
        last = last * stride - padding * padded + kernel - extra
    return (max(first, 0), last) if within else (first, last)


def _seen_around(position, convolutions):
    """The field around the step's multiple, as if the padding were always half of the kernel."""
    field, step = 1, 1
    for kernel, stride, _ in convolutions:
        field, step = field + (kernel - 1) * step, step * stride
    return position * step - field // 2, position * step + field // 2


ANSWERS = {
    "16.block_derivative": (
        [
            10 ** (1 / 16) - 1,
            0.155,
            torch.tensor(10.0).log().div(16).expm1(),
            np.float64(np.power(10, 0.0625) - 1),
            Fraction(1548, 10_000),
        ],
        [10 ** (1 / 16), 10 / 16, 9 / 16, 0.1 ** (1 / 16), 10 ** (1 / 15) - 1, 10 ** (1 / 32) - 1],
    ),
    "16.break_brightest": (
        [
            torch.tensor([[0.0, 0.0, 1.0]]),
            (torch.tensor([[0.0], [1.0]]),),
            torch.arange(6.0).reshape(2, 3),
            (torch.tensor([[0, 0, 9], [1, 2, 3]]),),
        ],
        [
            torch.eye(2)[:1],  # (1, 2), and the largest comes first
            torch.tensor([[0.0, 1.0], [2.0, 3.0]]),
            (torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]),),  # not square, and still right
            torch.zeros(2, 3),  # no largest number
            torch.tensor([0.0, 1.0]),
            torch.rand(1, 2, 3),
        ],
    ),
    "16.grad_cam": (
        [_cam_einsum, _cam_loop, _cam_numpy, _cam_conv],
        [
            lambda m, g: torch.einsum("nchw,nc->nhw", m, g.mean((2, 3))),  # without the ReLU
            lambda m, g: (m * g).sum(1).relu(),  # input times gradient
            lambda m, g: torch.einsum("nchw,nc->nhw", m, g.sum((2, 3))).relu(),
            lambda m, g: torch.einsum("nchw,nc->nhw", m, g.amax((2, 3))).relu(),
            lambda m, g: torch.einsum("nchw,nc->nhw", g, m.mean((2, 3))).relu(),
            lambda m, g: torch.einsum("nchw,nc->nchw", m, g.mean((2, 3))).relu().sum(1),
            lambda m, g: torch.einsum("nchw,nc->nhw", m, g.mean((2, 3)).abs()).relu(),
            lambda m, g: _cam_einsum(m, g) / m.shape[1],
        ],
    ),
    "16.pointing_game": (
        [_game(_tile), _game(_by_nonzero), _enlarged, _game_numpy],
        [
            _game(lambda m, size: _tile(m, size, half=0)),  # the tile's corner
            _game(lambda m, size: _tile(m, size)[::-1]),
            _game(lambda m, size: _tile(m, size, by=0)),
            _game(lambda m, size: _tile(m, 1)),  # in no pixels
            _game(lambda m, size: _tile(m.abs(), size)),
            _game(_tile, inside=lambda low, at, high: low < at < high),
            _game(_tile, inside=lambda low, at, high: low <= at < high),
            lambda m, boxes, size: _game(_tile)(m, boxes, size) * len(m),
            _largest_inside,
        ],
    ),
    "16.pixels_seen": (
        [_seen_by_field, _seen_recursively, _seen_as_sets, _seen_by_gradient],
        [
            lambda i, c: _seen(i, c, back=False),
            lambda i, c: _seen(i, c, padded=False),
            lambda i, c: _seen(i, c, within=True),
            lambda i, c: _seen(i, c, extra=0),
            _seen_around,
            lambda i, c: _seen_as_sets(i, c)[1] - _seen_as_sets(i, c)[0] + 1,  # how many
            lambda i, c: tuple(sorted(_seen_as_sets(0, c))),
        ],
    ),
}
