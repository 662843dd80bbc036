"""Solutions to lesson 10, with the cases that an answer is tried on."""

import torch
from torch.nn import functional as F

from coursekit.classroom.exercises import Exercise, draw, stream


def mean_and_variance(x, p):
    return x, x**2 * p / (1 - p)


def drop_channels(maps, kept, p):
    if maps.shape[:2] != kept.shape:
        raise ValueError("one entry of the mask for each channel of each image")
    return maps * kept[:, :, None, None] / (1 - p)


def shift(image, down, right):
    height, width = image.shape
    moved = torch.zeros_like(image)
    taken = image[
        max(0, -down) : max(0, height - down), max(0, -right) : max(0, width - right)
    ]
    top, left = max(0, down), max(0, right)
    moved[top : top + taken.shape[0], left : left + taken.shape[1]] = taken
    return moved


def normalised_maps(maps):
    if maps.dim() != 4:
        raise ValueError("(n, channels, H, W)")
    return F.batch_norm(maps, None, None, training=True, eps=1e-5)


def _mask(*shape):
    return torch.rand(shape, generator=stream(shape)) >= 0.5


EXERCISES = {
    "mean_and_variance": Exercise(
        mean_and_variance,
        "x / (1 - p) has probability 1 - p, and 0 has probability p; weight both",
        lambda: [(1.0, 0.5), (2.0, 0.5), (1.0, 0.2), (3.0, 0.9), (-2.0, 0.25), (1.0, 0.0)],
    ),
    "drop_channels": Exercise(
        drop_channels,
        "give the mask two axes of length one at its end, so that it fits height and width",
        lambda: [
            (torch.ones(1, 2, 1, 1), torch.tensor([[True, False]]), 0.5),
            (draw(2, 2, 2, 2), torch.tensor([[True, False], [False, True]]), 0.2),
            (draw(3, 4, 2, 3), _mask(3, 4), 0.5),
        ],
    ),
    "shift": Exercise(
        shift,
        "what leaves the image is gone, and paper (0) comes in on the other side",
        lambda: [
            (torch.tensor([[1.0, 2.0]]), 0, 1),
            (torch.tensor([[1.0], [2.0]]), -1, 0),
            (torch.arange(1.0, 10).reshape(3, 3), 1, -1),
            (torch.arange(1.0, 13).reshape(3, 4), 0, 0),
            (torch.arange(1.0, 13).reshape(3, 4), -2, 3),
        ],
    ),
    "normalised_maps": Exercise(
        normalised_maps,
        "mean and variance over axes 0, 2 and 3 together; correction=0",
        lambda: [
            (torch.tensor([1.0, 3.0]).reshape(2, 1, 1, 1),),
            (torch.full((1, 1, 2, 2), 5.0),),
            (draw(2, 3, 2, 2),),
            (10 + 3 * draw(4, 2, 3, 3),),
            (0.003 * draw(2, 2, 2, 2),),
        ],
        tolerance=1e-4,
    ),
}
