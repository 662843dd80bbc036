"""Lesson 06, finding a point: for each exercise, other right answers, and plausible wrong ones."""

from fractions import Fraction

import numpy as np
import pandas as pd
import torch

from coursekit.vision.augment import move_keypoints


def _two_steps(points, left, top, width, height):
    x, y = points[:, 0] - left, points[:, 1] - top
    return torch.stack([x / width - 0.5, y / height - 0.5], 1) * 2


def _crop_loop(points, left, top, width, height):
    return [[2 * (x - left) / width - 1, 2 * (y - top) / height - 1] for x, y in points.tolist()]


def _crop_from_the_middle(points, left, top, width, height):
    middle = np.array([left + width / 2, top + height / 2])
    return (points.double().numpy() - middle) / np.array([width / 2, height / 2])


def _crop_pandas(points, left, top, width, height):
    table = pd.DataFrame(points.numpy(), columns=["x", "y"])
    return table.sub([left, top]).div([width, height]).mul(2).sub(1).to_numpy()


def _back_by_inverse(keypoints, depths, camera):
    whole = torch.cat([keypoints, torch.ones(len(keypoints), 1)], 1)
    return (torch.linalg.inv(camera.double()) @ whole.double().T).T * depths[:, None]


def _back_by_solving(keypoints, depths, camera):
    scaled = torch.cat([keypoints, torch.ones(len(keypoints), 1)], 1) * depths[:, None]
    return torch.linalg.solve(camera, scaled.T).T


def _back_by_loop(keypoints, depths, camera):
    (fx, _, cx), (_, fy, cy), _ = camera.tolist()
    rows = zip(keypoints.tolist(), depths.tolist(), strict=True)
    return [((column - cx) * z / fx, (row - cy) * z / fy, z) for (column, row), z in rows]


def _back_numpy(keypoints, depths, camera):
    points, z, k = keypoints.numpy(), depths.numpy(), camera.numpy()
    return np.column_stack([(points[:, 0] - k[0, 2]) / k[0, 0] * z, (points[:, 1] - k[1, 2]) / k[1, 1] * z, z])


def _back(keypoints, depths, camera, middle=True, focal=None, far=True):
    points = keypoints - camera[:2, 2] * middle
    points = points / (camera.diagonal()[:2] if focal is None else focal(camera))
    return torch.cat([points * (depths[:, None] if far else 1), depths[:, None]], 1)


def _point_by_point(points, swap):
    partner = {a: b for pair in swap for a, b in (pair, pair[::-1])}
    parts = [points[:, 2 * i : 2 * i + 2] * torch.tensor([-1.0, 1.0]) for i in range(points.shape[1] // 2)]
    return torch.cat([parts[partner.get(i, i)] for i in range(len(parts))], 1)


def _columns_swapped(points, swap):
    moved = points.clone()
    moved[:, ::2] = -moved[:, ::2]
    for a, b in swap:
        here, there = [2 * a, 2 * a + 1, 2 * b, 2 * b + 1], [2 * b, 2 * b + 1, 2 * a, 2 * a + 1]
        moved[:, here] = moved[:, there]
    return moved


def _mirrored_numpy(points, swap):
    moved = points.numpy().astype(float).reshape(len(points), -1, 2)
    moved[..., 0] *= -1
    for pair in swap:
        moved[:, list(pair)] = moved[:, list(pair)[::-1]]
    return moved.reshape(len(points), -1)


def _by_matrix(points, swap):
    k = points.shape[1] // 2
    matrix = torch.eye(2 * k)
    for a, b in swap:
        one, other = slice(2 * a, 2 * a + 2), slice(2 * b, 2 * b + 2)
        matrix[one, one] = matrix[other, other] = 0
        matrix[one, other] = matrix[other, one] = torch.eye(2)
    return points @ matrix * torch.tensor([-1.0, 1.0] * k)


def _mirror_by_augment(points, swap):
    """The package moves keypoints, and leaves their names."""
    flip = torch.diag(torch.tensor([-1.0, 1, 1])).expand(len(points), 3, 3)
    return move_keypoints(points, flip)


def _unmoved(points, swap):
    """Exchanged, and not mirrored."""
    return torch.where(torch.arange(points.shape[1]) % 2 == 0, -1.0, 1.0) * _point_by_point(points, swap)


def _first_pair(points, swap):
    return _point_by_point(points, swap[:1])


def _spread(weigh=None, start=1.0, at_mean=True, root=True, both=False):
    """A deviation with a way to weight, a way to number the positions, and a middle."""

    def spread(map_):
        height, width = map_.shape
        weights = weigh(map_) if weigh else map_.flatten().softmax(0).reshape(height, width)
        x = ((2 * torch.arange(width) + start) / width - 1).expand(height, width)
        y = ((2 * torch.arange(height) + start) / height - 1)[:, None].expand(height, width)
        found = []
        for at in (x, y):
            mean = (weights * at).sum() if at_mean else 0
            found.append((weights * (at - mean) ** 2).sum())
        found = torch.stack(found)
        return found.sum().sqrt() if both else found.sqrt() if root else found

    return spread


def _spread_einsum(map_):
    height, width = map_.shape
    weights = map_.double().exp() / map_.double().exp().sum()
    x = torch.linspace(-1 + 1 / width, 1 - 1 / width, width, dtype=torch.double)
    y = torch.linspace(-1 + 1 / height, 1 - 1 / height, height, dtype=torch.double)
    of_x = torch.einsum("hw,w->", weights, x**2) - torch.einsum("hw,w->", weights, x) ** 2
    of_y = torch.einsum("hw,h->", weights, y**2) - torch.einsum("hw,h->", weights, y) ** 2
    return torch.stack([of_x, of_y]).clamp(min=0).sqrt()


def _spread_numpy(map_):
    weights = np.exp(map_.numpy().astype(float))
    weights /= weights.sum()
    found = []
    for axis, n in ((0, map_.shape[1]), (1, map_.shape[0])):
        at, along = (2 * np.arange(n) + 1) / n - 1, weights.sum(axis)
        found.append(np.sqrt(np.average((at - np.average(at, weights=along)) ** 2, weights=along)))
    return np.array(found)


def _spread_loop(map_):
    rows = [[torch.exp(value).item() for value in row] for row in map_.double()]
    total, (height, width) = sum(map(sum, rows)), map_.shape
    found = []
    for axis in (1, 0):
        cells = [
            (rows[r][c] / total, (2 * (c, r)[axis == 0] + 1) / (width, height)[axis == 0] - 1)
            for r in range(height)
            for c in range(width)
        ]
        mean = sum(w * at for w, at in cells)
        found.append(sum(w * (at - mean) ** 2 for w, at in cells) ** 0.5)
    return found


def _edge_to_edge(map_):
    """The first column's middle at -1, the last one's at 1."""
    return _spread()(map_) * torch.tensor([n / max(n - 1, 1) for n in (map_.shape[1], map_.shape[0])])


def _of_columns_alone(map_):
    return _spread(lambda m: m.softmax(1) / len(m))(map_)


ANSWERS = {
    "06.break_degrees": (
        [(350.0, 10.0), (0, 181), (torch.tensor(90.0), torch.tensor(300.0)), (Fraction(1, 2), 359.0)],
        [
            (10.0, 30.0),
            (0.0, 180.0),
            (270.0, 90.0),
            (180.0, 359.0),
            (0.0, 360.0),  # 360 is 0: outside the domain
            (-170.0, 170.0),
            (350.0,),
            350.0,
        ],
    ),
    "06.scaled_in_crop": (
        [_two_steps, _crop_loop, _crop_from_the_middle, _crop_pandas],
        [
            lambda p, left, top, w, h: 2 * p / torch.tensor([w, h]) - 1,
            lambda p, left, top, w, h: (p - torch.tensor([left, top])) / torch.tensor([w, h]),
            lambda p, left, top, w, h: 2 * (p - torch.tensor([left, top])) / torch.tensor([h, w]) - 1,
            lambda p, left, top, w, h: 2 * (p - torch.tensor([top, left])) / torch.tensor([w, h]) - 1,
            lambda p, left, top, w, h: 2 * p / torch.tensor([w, h]) - 1 - torch.tensor([left, top]),
            lambda p, left, top, w, h: (2 * (p - torch.tensor([left, top])) / torch.tensor([w, h]) - 1).clamp(-1, 1),
        ],
    ),
    "06.in_millimetres": (
        [_back_by_inverse, _back_by_solving, _back_by_loop, _back_numpy],
        [
            lambda p, z, c: _back(p, z, c, middle=False),
            lambda p, z, c: _back(p, z, c, far=False),
            lambda p, z, c: _back(p, z, c, focal=lambda c: c[0, 0]),
            lambda p, z, c: _back(p, z, c)[:, :2],
            lambda p, z, c: torch.cat([p, z[:, None]], 1) @ c.T,
            lambda p, z, c: torch.cat([p, z[:, None]], 1) @ torch.linalg.inv(c).T,
            lambda p, z, c: torch.cat([p, torch.ones(len(p), 1)], 1) @ torch.linalg.inv(c) * z[:, None],
        ],
    ),
    "06.mirrored_points": (
        [_point_by_point, _columns_swapped, _mirrored_numpy, _by_matrix],
        [
            lambda p, swap: _point_by_point(p, []),
            _mirror_by_augment,
            _unmoved,
            _first_pair,
            lambda p, swap: p.reshape(len(p), -1, 2).flip(1).flatten(1) * (1 - 2 * (torch.arange(p.shape[1]) % 2 == 0)),
            lambda p, swap: -_unmoved(p, swap),
        ],
    ),
    "06.how_unsure": (
        [_spread(), _spread_einsum, _spread_numpy, _spread_loop],
        [
            _spread(root=False),  # the variance
            _spread(at_mean=False),  # around the middle of the map
            _spread(both=True),
            lambda m: _spread()(m).flip(0),
            _of_columns_alone,
            _edge_to_edge,
            _spread(lambda m: m / m.sum()),
            _spread(lambda m: torch.ones_like(m) / m.numel()),
            lambda m: torch.stack([m.softmax(1).std(correction=0), m.softmax(0).std(correction=0)]),
            lambda m: _spread()(m) * torch.tensor([m.shape[1], m.shape[0]]) / 2,  # in cells
        ],
    ),
}

EQUIVALENT = {
    "06.mirrored_points": {
        "keypoints.reshape(len(keypoints), -1, 2) * torch.tensor([-1.0, 1]) -> "
        "keypoints.reshape(len(keypoints), -1, 2) / torch.tensor([-1.0, 1])": "to divide by 1 or -1 is to multiply",
    },
    "06.how_unsure": {"0 -> -1": "what is flat has one axis: the first is the last"},
}
