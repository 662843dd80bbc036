"""Lesson 07, broadcasting: for each puzzle other right answers, and plausible wrong ones; one lambda a line.

`BROKEN` has answers whose results are right and which use what the puzzle does not allow.
"""

import torch
from torch.nn import functional as F


def _by_hand(a, b):
    """Give each product of a number of `a` with a number of `b`."""
    assert a.ndim == b.ndim == 1
    return a.unsqueeze(1) * b.unsqueeze(0)


def _looping(x):
    total = []
    for i in range(len(x)):
        total.append(x[: i + 1].sum())
    return torch.stack(total)


def _in_two_lines(x):
    smaller = x[:, None] > x
    return smaller.sum(1)


def _branching(n):
    if n == 1:
        return torch.ones(1, 1)
    return torch.arange(n)[:, None] == torch.arange(n)


ANSWERS = {
    "07.every_product": (
        [
            _by_hand,
            lambda a, b: a[..., None] * b[None, ...],
            lambda a, b: b * a[:, None],
        ],
        [
            lambda a, b: a * b[:, None],
            lambda a, b: a * b,
            lambda a, b: a[:, None] + b,
            lambda a, b: (a * b).sum(),
        ],
    ),
    "07.normalize_rows": (
        [
            lambda x: x / x.sum(dim=1, keepdim=True),
            lambda x: (x.T / x.sum(1)).T,
            lambda x: x / x.sum(-1).unsqueeze(1),
        ],
        [
            lambda x: x / x.sum(1),
            lambda x: x / x.sum(0),
            lambda x: x / x.sum(),
            lambda x: x / x.sum(1)[None],
        ],
    ),
    "07.by_channel": (
        [
            lambda images, mean, std: (images - mean[None, :, None, None]) / std[None, :, None, None],
            lambda images, mean, std: images / std[:, None, None] - (mean / std)[:, None, None],
        ],
        [
            lambda images, mean, std: (images - mean) / std,
            lambda images, mean, std: (images - mean[:, None]) / std[:, None],
            lambda images, mean, std: images - mean[:, None, None] / std[:, None, None],
            lambda images, mean, std: (images - mean[:, None, None]) * std[:, None, None],
        ],
    ),
    "07.chessboard": (
        [
            lambda rows, columns: torch.arange(rows)[:, None] % 2 != torch.arange(columns) % 2,
            lambda rows, columns: (torch.arange(columns) - torch.arange(rows)[:, None]) % 2 == 1,
        ],
        [
            lambda rows, columns: (torch.arange(rows)[:, None] * torch.arange(columns)) % 2,
            lambda rows, columns: (torch.arange(columns)[:, None] + torch.arange(rows)) % 2,
            lambda rows, columns: (torch.arange(rows)[:, None] + torch.arange(columns) + 1) % 2,
            lambda rows, columns: torch.arange(rows)[:, None] % 2 * torch.arange(columns),
        ],
    ),
    "07.identity": (
        [
            lambda n: torch.arange(n) == torch.arange(n).unsqueeze(1),
            lambda n: (torch.arange(n * n) % (n + 1) == 0)[torch.arange(n)[:, None] * n + torch.arange(n)],
            lambda n: ((torch.arange(n)[:, None] - torch.arange(n)) ** 2 < 1).float(),
        ],
        [
            lambda n: torch.arange(n) == torch.arange(n),
            lambda n: torch.arange(n)[:, None] >= torch.arange(n),
            lambda n: torch.arange(n)[:, None] == n - 1 - torch.arange(n),
            lambda n: torch.arange(n)[:, None] != torch.arange(n),
        ],
    ),
    "07.one_hot": (
        [
            lambda labels, classes: torch.arange(classes) == labels.unsqueeze(1),
            lambda labels, classes: (torch.arange(classes)[:, None] == torch.arange(classes))[labels].float(),
        ],
        [
            lambda labels, classes: labels == torch.arange(classes)[:, None],
            lambda labels, classes: labels[:, None] >= torch.arange(classes),
            lambda labels, classes: labels[:, None] == torch.arange(classes) + 1,
            lambda labels, classes: labels[:, None] == torch.arange(len(labels)),
        ],
    ),
    "07.cut_off": (
        [
            lambda x, lengths: x * (lengths[:, None] > torch.arange(x.shape[-1])),
            lambda x, lengths: x * (torch.arange(x.shape[1])[None] + 1 <= lengths.unsqueeze(1)).float(),
        ],
        [
            lambda x, lengths: x * (torch.arange(x.shape[1]) <= lengths[:, None]),
            lambda x, lengths: x * (torch.arange(x.shape[1]) < lengths),
            lambda x, lengths: x * (torch.arange(x.shape[1]) >= lengths[:, None]),
            lambda x, lengths: x * (torch.arange(len(x)) < lengths[:, None]),
        ],
    ),
    "07.backwards": (
        [
            lambda x: x[torch.arange(len(x) - 1, -1, -1)],
            lambda x: x[-1 - torch.arange(x.shape[0])],
        ],
        [
            lambda x: x[len(x) - torch.arange(len(x))],
            lambda x: x[-torch.arange(len(x))],
            lambda x: x[torch.arange(len(x) - 1, 0, -1)],
            lambda x: -x,
        ],
    ),
    "07.distances": (
        [
            lambda a, b: ((a[:, None, :] - b[None, :, :]) * (a[:, None, :] - b[None, :, :])).sum(-1),
            lambda a, b: (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T,
        ],
        [
            lambda a, b: ((a - b[:, None]) ** 2).sum(2),
            lambda a, b: ((a - b) ** 2).sum(1),
            lambda a, b: (a[:, None] - b).sum(2) ** 2,
            lambda a, b: ((a[:, None] - b) ** 2).sum(1),
            lambda a, b: ((a[:, None] - b) ** 2).sum(2) ** 0.5,
        ],
    ),
    "07.running_sum": (
        [
            lambda x: (torch.arange(len(x)) <= torch.arange(len(x))[:, None]).float() @ x,
            lambda x: (x[:, None] * (torch.arange(len(x))[:, None] <= torch.arange(len(x)))).sum(0),
        ],
        [
            lambda x: (x * (torch.arange(len(x)) < torch.arange(len(x))[:, None])).sum(1),
            lambda x: (x * (torch.arange(len(x)) >= torch.arange(len(x))[:, None])).sum(1),
            lambda x: x * (torch.arange(len(x)) + 1),
            lambda x: x.sum(),
            lambda x: x[:, None] * (torch.arange(len(x)) <= torch.arange(len(x))[:, None]),
        ],
    ),
    "07.positions": (
        [
            lambda x: (x < x[:, None]).sum(-1),
            lambda x: (x >= x[:, None]).sum(0) - 1,
        ],
        [
            lambda x: (x[:, None] >= x).sum(1),
            lambda x: (x[:, None] < x).sum(1),
            lambda x: (x[:, None] > x).sum(),
            lambda x: x > x.sum() / len(x),
            lambda x: x.argsort(),
        ],
    ),
    "07.close_up": (
        [
            lambda x, keep: (
                (
                    torch.arange(len(x))[:, None]
                    == (keep[:, None] * (torch.arange(len(x))[:, None] < torch.arange(len(x)))).sum(0)
                ).float()
                @ (x * keep)
            ),
            lambda x, keep: (
                (x * keep)[:, None]
                * (
                    (keep * (torch.arange(len(x)) <= torch.arange(len(x))[:, None])).sum(1)[:, None] - 1
                    == torch.arange(len(x))
                )
            ).sum(0),
        ],
        [
            lambda x, keep: x * keep,
            lambda x, keep: x[keep],
            lambda x, keep: x[(~keep).sort(stable=True).indices],
            lambda x, keep: (
                x
                * (
                    torch.arange(len(x))[:, None]
                    == (keep * (torch.arange(len(x)) < torch.arange(len(x))[:, None])).sum(1)
                )
            ).sum(1),
        ],
    ),
}

BROKEN = {
    "07.every_product": [torch.outer, lambda a, b: torch.outer(a, b), lambda a, b: a[:, None] @ b[None]],
    "07.normalize_rows": [lambda x: F.normalize(x, p=1, dim=1), lambda x: torch.stack([row / row.sum() for row in x])],
    "07.by_channel": [lambda images, mean, std: (images - mean.reshape(-1, 1, 1)) / std.reshape(-1, 1, 1)],
    "07.chessboard": [lambda rows, columns: torch.tensor([[(r + c) % 2 for c in range(columns)] for r in range(rows)])],
    "07.identity": [torch.eye, lambda n: torch.eye(n), _branching],
    "07.one_hot": [
        lambda labels, classes: F.one_hot(labels, classes),
        lambda labels, classes: torch.eye(classes)[labels],
    ],
    "07.cut_off": [lambda x, lengths: torch.where(torch.arange(x.shape[1]) < lengths[:, None], x, 0)],
    "07.backwards": [torch.Tensor.flipud, lambda x: x.flip(0), lambda x: torch.flip(x, (0,))],
    "07.distances": [lambda a, b: torch.cdist(a, b) ** 2, lambda a, b: (a[:, None] - b).square().sum(2)],
    "07.running_sum": [_looping, lambda x: x.cumsum(0), lambda x: torch.cumsum(x, dim=0)],
    "07.positions": [_in_two_lines, lambda x: x.argsort().argsort()],
    "07.close_up": [lambda x, keep: F.pad(x[keep], (0, int((~keep).sum())))],
}
