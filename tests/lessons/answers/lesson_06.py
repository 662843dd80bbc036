"""Lesson 06, finding a point: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch.nn import functional as F


def _one_by_one(points, camera):
    rows = [camera @ point for point in points]
    return torch.stack([row[:2] / row[2] for row in rows])


def _two_steps(points, left, top, width, height):
    x, y = points[:, 0] - left, points[:, 1] - top
    return torch.stack([x / width - 0.5, y / height - 0.5], 1) * 2


def _point_by_point(points, swap):
    partner = {a: b for pair in swap for a, b in (pair, pair[::-1])}
    parts = [points[:, 2 * i : 2 * i + 2] * torch.tensor([-1.0, 1.0]) for i in range(points.shape[1] // 2)]
    return torch.cat([parts[partner.get(i, i)] for i in range(len(parts))], 1)


def _unmoved(points, swap):
    """Exchanged, and not mirrored."""
    return torch.where(torch.arange(points.shape[1]) % 2 == 0, -1.0, 1.0) * _point_by_point(points, swap)


def _first_pair(points, swap):
    return _point_by_point(points, swap[:1])


def _bright(pick=None, start=1.0, per=2.0):
    """A soft-argmax with a way to weight, and a way to number the positions."""

    def where_bright(map_):
        height, width = map_.shape
        weights = pick(map_) if pick else map_.flatten().softmax(0).reshape(height, width)
        x = (per * torch.arange(width) + start) / width - 1
        y = (per * torch.arange(height) + start) / height - 1
        return torch.stack([(weights * x).sum(), (weights * y[:, None]).sum()])

    return where_bright


def _hardest(map_):
    return (map_ == map_.max()).float() / (map_ == map_.max()).sum()


def _edge_to_edge(map_):
    height, width = map_.shape
    weights = map_.flatten().softmax(0).reshape(height, width)
    x, y = torch.linspace(-1, 1, width), torch.linspace(-1, 1, height)
    return torch.stack([(weights.sum(0) * x).sum(), (weights.sum(1) * y).sum()])


def _row_first(map_):
    return _bright()(map_).flip(0)


ANSWERS = {
    "06.project": (
        [_one_by_one],
        [
            lambda p, c: (p @ c.T)[:, :2],
            lambda p, c: (p @ c)[:, :2] / p[:, 2:],
            lambda p, c: c[0, 0] * p[:, :2] / p[:, 2:],
            lambda p, c: c[0, 0] * p[:, :2] / p[:, 2:] + c[:2, 2],
            lambda p, c: (p @ c.T / p[:, 2:]).flip(1)[:, 1:],
        ],
    ),
    "06.scaled_in_crop": (
        [_two_steps],
        [
            lambda p, left, top, w, h: 2 * p / torch.tensor([w, h]) - 1,
            lambda p, left, top, w, h: (p - torch.tensor([left, top])) / torch.tensor([w, h]),
            lambda p, left, top, w, h: 2 * (p - torch.tensor([left, top])) / torch.tensor([h, w]) - 1,
            lambda p, left, top, w, h: (2 * (p - torch.tensor([left, top])) / torch.tensor([w, h]) - 1).clamp(-1, 1),
        ],
    ),
    "06.mirrored_points": (
        [_point_by_point],
        [
            lambda p, swap: _point_by_point(p, []),
            _unmoved,
            _first_pair,
            lambda p, swap: p.reshape(len(p), -1, 2).flip(1).flatten(1) * (1 - 2 * (torch.arange(p.shape[1]) % 2 == 0)),
            lambda p, swap: -_unmoved(p, swap),
        ],
    ),
    "06.pixels_off": (
        [
            lambda a, t, w, h: F.pairwise_distance(
                a * torch.tensor([w, h]) / 2, t * torch.tensor([w, h]) / 2, eps=0
            ).mean()
        ],
        [
            lambda a, t, w, h: ((a - t) * torch.tensor([w, h])).norm(dim=1).mean(),
            lambda a, t, w, h: (a - t).norm(dim=1).mean() * w / 2,
            lambda a, t, w, h: ((a - t) * torch.tensor([w, h]) / 2).norm(dim=1).sum(),
            lambda a, t, w, h: ((a - t) * torch.tensor([w, h]) / 2).abs().mean(),
            lambda a, t, w, h: ((a - t) * torch.tensor([w, h]) / 2).norm(dim=1).square().mean().sqrt(),
        ],
    ),
    "06.where_bright": (
        [_bright()],
        [
            _edge_to_edge,
            _row_first,
            _bright(_hardest),
            _bright(lambda m: m / m.sum()),
            _bright(lambda m: m.softmax(1)),
            _bright(start=0.0),
        ],
    ),
}
