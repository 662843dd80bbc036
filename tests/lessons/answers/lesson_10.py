"""Lesson 10, dropout: for each exercise, other right answers, and plausible wrong ones."""

import itertools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def _by_mean_and_variance(maps):
    mean = maps.mean((0, 2, 3), keepdim=True)
    variance = maps.var((0, 2, 3), keepdim=True, correction=0)
    return (maps - mean) / (variance + 1e-5).sqrt()


def _channel_by_channel(maps):
    given = torch.empty_like(maps)
    for channel in range(maps.shape[1]):
        values = maps[:, channel].double()
        given[:, channel] = (values - values.mean()) / (((values - values.mean()) ** 2).mean() + 1e-5) ** 0.5
    return given


def _by_numpy(maps):
    rows = maps.numpy().swapaxes(0, 1).reshape(maps.shape[1], -1)
    rows = (rows - rows.mean(1, keepdims=True)) / np.sqrt(rows.var(1, keepdims=True) + 1e-5)
    return rows.reshape(maps.shape[1], maps.shape[0], *maps.shape[2:]).swapaxes(0, 1)


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


def _over_all_masks(square, p):
    total = 0.0
    for mask in itertools.product([0, 1], repeat=len(square)):
        probability = (1 - p) ** sum(mask) * p ** (len(mask) - sum(mask))
        total += probability * max(kept * x for kept, x in zip(mask, square.tolist(), strict=True))
    return total


def _from_the_smallest(square, p):
    expected = 0.0
    for x in sorted(square.tolist()):
        expected = (1 - p) * x + p * expected
    return expected


def _by_layers_of_the_distribution(square, p):
    ordered = np.sort(square.double().numpy())
    steps = np.diff(ordered, prepend=0)  # the largest exceeds a level if any number above it is kept
    return sum(step * (1 - p ** (len(ordered) - i)) for i, step in enumerate(steps))


def _p_by_trying(inputs, spread):
    low, high = 0.0, 1.0
    for _ in range(60):
        p = (low + high) / 2
        found = sum(x**2 * p / (1 - p) for x in inputs.tolist()) ** 0.5
        low, high = (p, high) if found < spread else (low, p)
    return low


def _by_two_calls(weight, bias, mean, variance, scale, centre):
    """The layers' answers to zeros and to unit vectors say what they do."""

    def both(x):
        return F.batch_norm(F.linear(x, weight, bias), mean, variance, scale, centre)

    at_zero = both(torch.zeros(1, weight.shape[1]))[0]
    return (both(torch.eye(weight.shape[1])) - at_zero).T, at_zero


def _unit_by_unit(weight, bias, mean, variance, scale, centre):
    rows, biases = [], []
    for row, b, m, v, s, c in zip(weight, bias, mean, variance, scale, centre, strict=True):
        factor = s / torch.sqrt(v + 1e-5)
        rows.append(row * factor)
        biases.append((b - m) * factor + c)
    return torch.stack(rows), torch.stack(biases)


def _by_a_diagonal(weight, bias, mean, variance, scale, centre):
    factors = torch.diag(scale.double() * (variance.double() + 1e-5).rsqrt())
    return [factors @ weight.double(), factors @ (bias - mean).double() + centre]


def _layer(factor=None, shift=None, turned=False):
    """A wrong layer from its factor and its bias; each given (bias, mean, variance, scale, centre[, factor])."""
    factor = factor or (lambda b, m, v, s, c: s / (v + 1e-5).sqrt())
    shift = shift or (lambda b, m, v, s, c, f: (b - m) * f + c)

    def one_layer(weight, *rest):
        f = factor(*rest)
        scaled = weight * f if turned and weight.shape[1] == len(f) else weight * f[:, None]
        return scaled, shift(*rest, f)

    return one_layer


ANSWERS = {
    "10.normalised_maps": (
        [
            lambda maps: (m := maps - maps.mean((0, 2, 3), True)) / (m.pow(2).mean((0, 2, 3), True) + 1e-5) ** 0.5,
            *(_by_mean_and_variance, _channel_by_channel, _by_numpy),
        ],
        [
            *(_unbiased, _each_position, _eps_outside_the_root, _without_eps),
            lambda maps: F.layer_norm(maps, maps.shape[1:]),
            lambda maps: F.instance_norm(maps) if maps[0, 0].numel() > 1 else maps * 0,
        ],
    ),
    "10.break_moved": (
        [
            (torch.tensor([[1.0]]), 1, 0),
            (torch.tensor([[1.0, 0.0]]), 0, -1),
            (torch.ones(2, 3), -1, 2),
            (torch.arange(1.0, 10).reshape(3, 3), 0, 1),
            (torch.tensor([[1, 2], [3, 4]]), 2, 0),
        ],
        [
            (torch.ones(2, 3), 0, 0),
            (F.pad(torch.ones(2, 2), (1, 1, 1, 1)), 1, -1),
            (torch.tensor([[0.0, 7.0]]), 0, -1),
            (torch.ones(4), 1, 0),
            (torch.zeros(3, 3), 2, 1),
        ],
    ),
    "10.which_p": (
        [
            _p_by_trying,
            lambda inputs, spread: 1 - 1 / (1 + spread**2 / (inputs @ inputs)),
            lambda inputs, spread: spread**2 / (spread**2 + float(np.sum(inputs.numpy().astype(float) ** 2))),
            lambda inputs, spread: (spread / torch.hypot(torch.tensor(spread), inputs.norm())) ** 2,
        ],
        [
            lambda inputs, spread: spread**2 / inputs.square().sum(),
            lambda inputs, spread: spread / (spread + inputs.norm()),
            lambda inputs, spread: spread**2 / (spread**2 + inputs.sum() ** 2),
            lambda inputs, spread: inputs.square().sum() / (spread**2 + inputs.square().sum()),
            lambda inputs, spread: spread**2 / (spread**2 + inputs.square().mean()),
            lambda inputs, spread: 0.5 - (0.25 - spread**2 / inputs.square().sum()).clamp(min=0).sqrt(),
        ],
    ),
    "10.expected_largest": (
        [
            *(_over_all_masks, _from_the_smallest, _by_layers_of_the_distribution),
            lambda square, p: torch.einsum(
                "i,i->", torch.sort(-square)[0].neg(), (1 - p) * torch.tensor([p**i for i in range(len(square))])
            ),
        ],
        [
            lambda square, p: (1 - p) * square.max(),
            lambda square, p: (1 - p ** len(square)) * square.max(),
            lambda square, p: (square * (1 - p) * p ** torch.arange(len(square))).sum(),
            lambda square, p: (square.sort().values * (1 - p) * p ** torch.arange(len(square))).sum(),
            lambda square, p: (square.sort(descending=True).values * p * (1 - p) ** torch.arange(len(square))).sum(),
            lambda square, p: (square.sort(descending=True).values * p ** torch.arange(len(square))).sum(),
            lambda square, p: (1 - p) * square.sum(),
        ],
    ),
    "10.one_layer": (
        [
            *(_by_two_calls, _unit_by_unit, _by_a_diagonal),
            lambda w, b, m, v, s, c: (
                torch.einsum("ui,u->ui", w, s * (v + 1e-5) ** -0.5),
                (b - m) * s * (v + 1e-5) ** -0.5 + c,
            ),
        ],
        [
            _layer(factor=lambda b, m, v, s, c: s / v.sqrt()),
            _layer(factor=lambda b, m, v, s, c: s / (v.sqrt() + 1e-5)),
            _layer(factor=lambda b, m, v, s, c: s / (v + 1e-5)),
            _layer(factor=lambda b, m, v, s, c: 1 / (v + 1e-5).sqrt()),
            _layer(shift=lambda b, m, v, s, c, f: b - m * f + c),
            _layer(shift=lambda b, m, v, s, c, f: b * f - m + c),
            _layer(shift=lambda b, m, v, s, c, f: (b - m + c) * f),
            _layer(shift=lambda b, m, v, s, c, f: b * f + c),
            _layer(turned=True),
        ],
    ),
}

EQUIVALENT = {}

BROKEN = {
    "10.normalised_maps": [
        lambda maps: nn.BatchNorm2d(maps.shape[1]).train()(maps).detach(),
        lambda maps: F.batch_norm(maps, None, None, training=True),
    ]
}
