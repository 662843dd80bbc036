"""Lesson 10, dropout: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch import nn
from torch.nn import functional as F


def _padded_shift(image, down, right):
    return F.pad(image, (right, -right, down, -down))


def _by_mean_and_variance(maps):
    mean = maps.mean((0, 2, 3), keepdim=True)
    variance = maps.var((0, 2, 3), keepdim=True, correction=0)
    return (maps - mean) / (variance + 1e-5).sqrt()


def _unbiased(maps):
    mean, variance = maps.mean((0, 2, 3), keepdim=True), maps.var((0, 2, 3), keepdim=True)
    return (maps - mean) / (variance + 1e-5).sqrt()


def _eps_outside_the_root(maps):
    spread = maps.std((0, 2, 3), keepdim=True, correction=0)
    return (maps - maps.mean((0, 2, 3), keepdim=True)) / (spread + 1e-5)


def _without_eps(maps):
    spread = maps.std((0, 2, 3), keepdim=True, correction=0)
    return (maps - maps.mean((0, 2, 3), keepdim=True)) / spread.clamp(min=1e-9)


def _each_position(maps):
    return (maps - maps.mean(0)) / (maps.var(0, correction=0) + 1e-5).sqrt()


ANSWERS = {
    "10.mean_and_variance": (
        [lambda x, p: (x, (x / (1 - p)) ** 2 * (1 - p) - x**2)],
        [
            lambda x, p: (x * (1 - p), x**2 * p * (1 - p)),
            lambda x, p: (x, x**2 * p * (1 - p)),
            lambda x, p: (x, x * p / (1 - p)),
            lambda x, p: (x, abs(x) * (p / (1 - p)) ** 0.5),
        ],
    ),
    "10.drop_channels": (
        [lambda maps, kept, p: torch.einsum("ncij,nc->ncij", maps, kept.float() / (1 - p))],
        [
            lambda maps, kept, p: maps * kept[:, :, None, None],
            lambda maps, kept, p: maps * kept[0][None, :, None, None] / (1 - p),
            lambda maps, kept, p: maps * kept[:, :1, None, None] / (1 - p),
        ],
    ),
    "10.shift": (
        [_padded_shift],
        [
            lambda image, down, right: image.roll((down, right), (0, 1)),
            lambda image, down, right: _padded_shift(image, -down, -right),
            lambda image, down, right: _padded_shift(image, right, down),
        ],
    ),
    "10.normalised_maps": (
        [lambda maps: nn.BatchNorm2d(maps.shape[1]).train()(maps).detach(), _by_mean_and_variance],
        [
            *(_unbiased, _each_position, _eps_outside_the_root, _without_eps),
            lambda maps: F.layer_norm(maps, maps.shape[1:]),
        ],
    ),
}
