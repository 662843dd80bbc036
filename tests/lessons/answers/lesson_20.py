"""Lesson 20: other right answers, and wrong ones to be found wrong."""

import math
from collections import Counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def _forms(*words):
    """A list of names in other forms."""
    return [tuple(words), np.array(words), ", ".join(words), " ".join(words).upper(), [w.title() for w in words]]


def _swapped(*words):
    return [words[1], words[0], *words[2:]]


TWELVE = ["integers", "frozen", "zero_grad", "shuffled", "softmax", "dead"]
TWELVE += ["scale", "lr", "axis", "shapes", "eval", "leak"]
FOUR = ["eval", "softmax", "axis", "lr"]


def _by_counter(targets):
    counts = Counter(targets.tolist())
    return -sum(c / len(targets) * math.log(c / len(targets)) for c in counts.values())


def _by_bincount(targets):
    p = torch.bincount(targets).double() / len(targets)
    return torch.special.entr(p).sum()


def _by_cross_entropy(targets):
    logits = torch.bincount(targets).double().log()
    return F.cross_entropy(logits.expand(len(targets), -1), targets)


def _by_numpy(targets):
    _, index, counts = np.unique(targets.numpy(), return_inverse=True, return_counts=True)
    return float(np.mean(-np.log(counts[index.reshape(-1)] / counts.sum())))


def _by_trying(floor):
    return min(range(2, 5000), key=lambda c: abs(math.log(math.e + c - 1) - 1 - floor))


def _by_bisection(floor):
    low, high = 1.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if math.log(math.e + middle - 1) - 1 < floor else (low, middle)
    return round(low)


def _by_layer_norm(x, groups):
    parts = x.view(len(x), groups, -1)
    return F.layer_norm(parts, parts.shape[2:]).flatten(1)


def _group_by_group(x, groups):
    done = []
    for part in x.chunk(groups, dim=1):
        centred = part - part.mean(1, keepdim=True)
        done.append(centred * (part.var(1, correction=0, keepdim=True) + 1e-5).rsqrt())
    return torch.cat(done, dim=1)


def _groups_by_numpy(x, groups):
    parts = x.double().numpy().reshape(len(x), groups, -1)
    normal = (parts - parts.mean(2, keepdims=True)) / np.sqrt(parts.var(2, keepdims=True) + 1e-5)
    return normal.reshape(x.shape)


def _by_batch_norm(x, groups):
    """A column for each group of each sample."""
    columns = x.reshape(len(x) * groups, -1).T
    if len(columns) == 1:
        return torch.zeros_like(x)
    return F.batch_norm(columns, None, None, training=True).T.reshape(x.shape)


def _grouped(normal, interleaved=False):
    """A wrong answer from what it does to the groups, (n, groups, features of each)."""

    def answer(x, groups):
        parts = x.reshape(len(x), -1, groups).mT if interleaved else x.reshape(len(x), groups, -1)
        given = normal(parts)
        return (given.mT if interleaved else given).reshape(x.shape)

    return answer


def _plain(parts, dim=2, eps=1e-5):
    return (parts - parts.mean(dim, keepdim=True)) / (parts.var(dim, correction=0, keepdim=True) + eps).sqrt()


def _unbiased(parts):
    centred = parts - parts.mean(2, keepdim=True)
    return centred / (centred.square().sum(2, keepdim=True) / max(parts.shape[2] - 1, 1) + 1e-5).sqrt()


ANSWERS = {
    "20.twelve_runs": (
        _forms(*TWELVE),
        [_swapped(*TWELVE), sorted(TWELVE), TWELVE[:11], [*TWELVE[:11], "softmax"], "integers", dict.fromkeys(TWELVE)],
    ),
    "20.two_at_once": (
        _forms(*FOUR),
        [
            ["axis", "lr", "eval", "softmax"],
            ["softmax", "eval", "axis", "lr"],
            ["eval", "softmax"],
            [*FOUR[:3], "frozen"],
        ],
    ),
    "20.first_loss": (
        [_by_counter, _by_bincount, _by_cross_entropy, _by_numpy],
        [
            lambda targets: math.log(len(targets.unique())),
            lambda targets: math.log(int(targets.max()) + 1),
            lambda targets: -(targets.bincount() / len(targets)).log().mean(),
            lambda targets: torch.special.entr(targets.unique(return_counts=True)[1] / len(targets)).mean(),
            lambda targets: torch.special.entr(targets.bincount() / len(targets)).sum() / math.log(2),
            lambda targets: -(targets.bincount().max() / len(targets)).log(),
        ],
    ),
    "20.how_many_classes": (
        [
            *(_by_trying, _by_bisection),
            lambda floor: int(math.e * (math.exp(floor) - 1) + 1.5),
            lambda floor: torch.tensor(floor + 1).exp().sub(math.e).add(1).round().long(),
            lambda floor: np.rint(np.exp(floor + 1) - np.e + 1).astype(int),
        ],
        [
            lambda floor: round(math.exp(floor)),
            lambda floor: round(math.exp(floor + 1)),
            lambda floor: round(math.exp(floor + 1) - math.e),
            lambda floor: int(math.exp(floor + 1) - math.e),
            lambda floor: math.exp(floor + 1) - math.e + 1.1,
            lambda floor: 10,
        ],
    ),
    "20.break_kaiming": (
        [
            torch.zeros(1, 1, 2),
            (torch.zeros(1, 1, 1, 2),),
            nn.Conv2d(3, 8, 3).weight.detach(),
            torch.ones(2, 3, 5, 1),
            torch.zeros(4, 2, 1, 1, 3),
        ],
        [torch.zeros(3, 4), torch.zeros(16, 8, 1, 1), torch.zeros(5), torch.zeros(0, 3, 2, 2), (torch.zeros(2, 2), 1)],
    ),
    "20.group_norm": (
        [_by_layer_norm, _group_by_group, _groups_by_numpy, _by_batch_norm],
        [
            lambda x, groups: F.layer_norm(x, x.shape[1:]),
            lambda x, groups: _plain(x, 0),
            lambda x, groups: F.layer_norm(x.reshape(len(x), -1, groups), (groups,)).reshape(x.shape),
            _grouped(_plain, interleaved=True),
            _grouped(lambda parts: _plain(parts, 1)),
            _grouped(lambda parts: _plain(parts, (0, 2))),
            _grouped(lambda parts: _plain(parts, eps=0) if parts.shape[2] > 1 else parts * 0),
            _grouped(lambda parts: parts - parts.mean(2, keepdim=True)),
            _grouped(_unbiased),
        ],
    ),
}

EQUIVALENT = {}
