"""Solutions to lesson 16, with the cases that an answer is tried on."""

import torch
from torch.nn import functional as F

from coursekit.classroom.exercises import Exercise, draw, stream


def sizes(size, convolutions):
    left = []
    for kernel, stride, padding in convolutions:
        size = (size + 2 * padding - kernel) // stride + 1
        left.append(size)
    return left


def residual(x, first, second):
    channels = x.shape[1]
    for filters in (first, second):
        if filters.shape != (channels, channels, 3, 3):
            raise ValueError("as many filters as channels, each of 3 x 3")
    added = F.conv2d(F.relu(F.conv2d(x, first, padding=1)), second, padding=1)
    return F.relu(x + added)


def strongest(maps, channel, n):
    if not 0 <= channel < maps.shape[1] or n > len(maps):
        raise ValueError("no such channel, or fewer images than asked for")
    largest, positions = maps[:, channel].flatten(1).max(1)
    columns = maps.shape[-1]
    return [
        (i, int(positions[i]) // columns, int(positions[i]) % columns)
        for i in largest.topk(n).indices.tolist()
    ]


def evidence_map(features, weight, bias, k):
    if len(features) != weight.shape[1] or len(weight) != len(bias):
        raise ValueError("a weight for each feature, a bias for each class")
    return (features * weight[k][:, None, None]).sum(0) + bias[k]


def _order(*shape):
    """All different, so that the largest is never two."""
    count = torch.Size(shape).numel()
    mixed = torch.randperm(count, generator=stream(shape, 1))
    return mixed.reshape(shape).float() - count // 3


EXERCISES = {
    "sizes": Exercise(
        sizes,
        "in strides, how far can the filter move over the padded image? Go on with that",
        lambda: [
            (8, [(3, 1, 0)]),
            (8, [(3, 1, 1)]),
            (8, [(3, 2, 1)]),
            (7, [(3, 2, 1), (3, 2, 1)]),
            (8, []),
            (96, [(3, 2, 1), (3, 1, 1), (3, 2, 1)]),
            (224, [(7, 2, 3), (3, 2, 1), (1, 1, 0)]),
        ],
    ),
    "residual": Exercise(
        residual,
        "x goes into the first convolution, and is added after the second, before ReLU",
        lambda: [
            (draw(1, 1, 2, 2), draw(1, 1, 3, 3), draw(1, 1, 3, 3, seed=1)),
            (draw(1, 1, 3, 4), torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3)),
            (draw(2, 3, 4, 5), draw(3, 3, 3, 3), draw(3, 3, 3, 3, seed=1)),
        ],
        tolerance=1e-4,
    ),
    "strongest": Exercise(
        strongest,
        "the largest of each map, then topk over the images; divmod for row and column",
        lambda: [
            (_order(1, 1, 1, 1), 0, 1),
            (_order(2, 1, 2, 2), 0, 1),
            (_order(3, 2, 2, 3), 1, 3),
            (_order(6, 3, 4, 5), 2, 4),
        ],
    ),
    "evidence_map": Exercise(
        evidence_map,
        "weight the features and add them up; what must you add at each position "
        "so that the mean grows by the bias?",
        lambda: [
            (draw(1, 1, 1), draw(1, 1), draw(1), 0),
            (draw(2, 2, 3), draw(3, 2), draw(3), 1),
            (draw(4, 3, 2), draw(4, 4), draw(4), 3),
        ],
    ),
}
