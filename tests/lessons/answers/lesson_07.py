"""Lesson 07, broadcasting: for each puzzle other right answers, and plausible wrong ones; one lambda a line.

`BROKEN` has answers whose results are right and which use what the puzzle does not allow.
"""

import numpy as np
import torch
from torch.nn import functional as F


def _by_hand(a, b, c):
    """Give each product of a number of `a`, one of `b` and one of `c`."""
    assert a.ndim == b.ndim == c.ndim == 1
    return a.unsqueeze(1).unsqueeze(2) * b.unsqueeze(1) * c.unsqueeze(0)


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


def _undone_by_loops(sums):
    """Give the means of the columns, and what is left of the rows."""
    b = [sum(column) / len(column) for column in sums.T.tolist()]
    a = [sum(row) / len(row) - sum(b) / len(b) for row in sums.tolist()]
    return a, b


ANSWERS = {
    "07.volumes": (
        [
            _by_hand,
            lambda a, b, c: a[..., None, None] * b[None, :, None] * c[None, None],
            lambda a, b, c: (a[:, None] * b)[:, :, None] * c,
            lambda a, b, c: c * b.unsqueeze(1) * a.unsqueeze(1).unsqueeze(2),
        ],
        [
            lambda a, b, c: a[:, None] * b[:, None] * c,
            lambda a, b, c: a * b[:, None] * c[:, None, None],
            lambda a, b, c: a[:, None, None] + b[:, None] * c,
            lambda a, b, c: a[:, None, None] * c[:, None] * b,
        ],
    ),
    "07.contrast": (
        [
            lambda x: (x - x.amin((1, 2), keepdim=True)) / (x.amax((1, 2), True) - x.amin((1, 2), True)),
            lambda x: (
                (x - x.amin(2).amin(1)[:, None, None])
                / (x.amax((-1, -2))[:, None, None] - x.amin((-1, -2))[:, None, None])
            ),
            lambda x: 1 - (x.amax((1, 2), True) - x) / (x.amax((1, 2), True) - x.amin((1, 2), True)),
            lambda x: ((x - x.amin((1, 2), True)) / (x.amax((1, 2), True) - x.amin((1, 2), True))).double(),
        ],
        [
            lambda x: (x - x.amin()) / (x.amax() - x.amin()),
            lambda x: (x - x.amin((1, 2))) / (x.amax((1, 2)) - x.amin((1, 2))),
            lambda x: (x - x.amin(2, True)) / (x.amax(2, True) - x.amin(2, True)),
            lambda x: (x - x.amin((1, 2), True)) / x.amax((1, 2), True),
        ],
    ),
    "07.to_grey": (
        [
            lambda images, weights: (images * weights[None, :, None, None]).sum(1),
            lambda images, weights: torch.sum(weights.unsqueeze(1).unsqueeze(2) * images, dim=-3),
            lambda images, weights: (images.double() * weights[None, :, None, None].double()).sum(dim=1),
            lambda images, weights: (images[:, :, :, :, None] * weights[:, None, None, None]).sum((1, 4)),
        ],
        [
            lambda images, weights: (images * weights).sum(1),
            lambda images, weights: (images * weights[:, None, None]).sum(),
            lambda images, weights: (images * weights[:, None]).sum(1),
            lambda images, weights: (images * weights[:, None, None]).sum(0),
            lambda images, weights: (images * weights[:, None, None]).sum(1) / weights.sum(),
        ],
    ),
    "07.chessboard": (
        [
            lambda rows, columns: torch.arange(rows)[:, None] % 2 != torch.arange(columns) % 2,
            lambda rows, columns: (torch.arange(columns) - torch.arange(rows)[:, None]) % 2 == 1,
            lambda rows, columns: ((torch.arange(rows).unsqueeze(1) + torch.arange(columns)) % 2).float(),
            lambda rows, columns: (torch.arange(rows)[:, None] - torch.arange(columns)) ** 2 % 2,
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
            lambda n: (torch.arange(n)[:, None] <= torch.arange(n)) & (torch.arange(n)[:, None] >= torch.arange(n)),
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
            lambda labels, classes: ~(labels[:, None] != torch.arange(classes)[None, :]),
            lambda labels, classes: (labels[..., None] - torch.arange(classes) == 0).long(),
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
            lambda x, lengths: x - x * (torch.arange(x.shape[1]) >= lengths[:, None]),
            lambda x, lengths: x.double() * ~(torch.arange(x.shape[1]) >= lengths[:, None]),
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
            lambda x: x[len(x) + ~torch.arange(len(x))],
            lambda x: x[torch.arange(-1, -1 - len(x), -1).long()],
        ],
        [
            lambda x: x[len(x) - torch.arange(len(x))],
            lambda x: x[-torch.arange(len(x))],
            lambda x: x[torch.arange(len(x) - 1, 0, -1)],
            lambda x: -x,
        ],
    ),
    "07.overlaps": (
        [
            lambda a, b: (torch.minimum(a[:, 1][:, None], b[:, 1]) - torch.maximum(a[:, 0][:, None], b[:, 0])).clamp(0),
            lambda a, b: (
                (torch.minimum(a[:, None, 1], b[None, :, 1]) - torch.maximum(b[None, :, 0], a[:, None, 0]))
                * (torch.minimum(a[:, None, 1], b[None, :, 1]) > torch.maximum(b[None, :, 0], a[:, None, 0]))
            ),
            lambda a, b: (torch.minimum(a[:, 1:], b[:, 1]) - torch.maximum(a[:, :1], b[:, 0])).clamp(min=0),
            lambda a, b: -(torch.maximum(a[:, :1], b[:, 0]) - torch.minimum(a[:, 1:], b[:, 1])).clamp(max=0),
        ],
        [
            lambda a, b: torch.minimum(a[:, None, 1], b[:, 1]) - torch.maximum(a[:, None, 0], b[:, 0]),
            lambda a, b: (torch.maximum(a[:, None, 1], b[:, 1]) - torch.minimum(a[:, None, 0], b[:, 0])).clamp(0),
            lambda a, b: (torch.minimum(a[:, 1], b[:, None, 1]) - torch.maximum(a[:, 0], b[:, None, 0])).clamp(0),
            lambda a, b: (a[:, None, 1] - b[:, 0]).clamp(0),
        ],
    ),
    "07.running_sum": (
        [
            lambda x: (torch.arange(len(x)) <= torch.arange(len(x))[:, None]).float() @ x,
            lambda x: (x[:, None] * (torch.arange(len(x))[:, None] <= torch.arange(len(x)))).sum(0),
            lambda x: (x * ~(torch.arange(len(x)) > torch.arange(len(x))[:, None])).sum(dim=-1),
            lambda x: x @ (torch.arange(len(x))[:, None] <= torch.arange(len(x))).to(x.dtype),
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
            lambda x: len(x) - (x[:, None] <= x).sum(1),
            lambda x: torch.sum(x < x.unsqueeze(1), dim=1).float(),
        ],
        [
            lambda x: (x[:, None] >= x).sum(1),
            lambda x: (x[:, None] < x).sum(1),
            lambda x: (x[:, None] > x).sum(),
            lambda x: x > x.sum() / len(x),
            lambda x: x.argsort(),
        ],
    ),
    "07.gather": (
        [
            lambda x, index: x[torch.arange(index.shape[0]).unsqueeze(1), index],
            lambda x, index: x[torch.arange(len(x))[:, None] + 0 * index, index],
            lambda x, index: x[torch.arange(len(index)).long()[:, None], index[:, :]],
            lambda x, index: x[:, index][torch.arange(len(x)), torch.arange(len(x))],
        ],
        [
            lambda x, index: x[:, index],
            lambda x, index: x[index, torch.arange(len(x))[:, None]],
            lambda x, index: x[torch.arange(len(x)), index[:, 0]],
            lambda x, index: index,
        ],
    ),
    "07.bincount": (
        [
            lambda x, m: (x[:, None] == torch.arange(m)).sum(0),
            lambda x, m: torch.sum(torch.arange(m).unsqueeze(1) == x, dim=1),
            lambda x, m: (torch.arange(m) == x[:, None]).float().sum(dim=0),
            lambda x, m: len(x) - (x != torch.arange(m)[:, None]).sum(1),
        ],
        [
            lambda x, m: (x == torch.arange(m)[:, None]).sum(0),
            lambda x, m: (x >= torch.arange(m)[:, None]).sum(1),
            lambda x, m: (x == torch.arange(m)[:, None]).sum(),
            lambda x, m: x == torch.arange(m)[:, None],
        ],
    ),
    "07.scatter_add": (
        [
            lambda values, index, m: (torch.arange(m)[:, None] == index).float() @ values,
            lambda values, index, m: ((index[:, None] == torch.arange(m))[:, :, None] * values[:, None]).sum(0),
            lambda values, index, m: (values * (index[:, None] == torch.arange(m)[:, None, None])).sum(1),
            lambda values, index, m: (torch.arange(m)[:, None] == index).double() @ values.double(),
        ],
        [
            lambda values, index, m: values[index],
            lambda values, index, m: values * (index == torch.arange(m)[:, None])[:, :, None],
            lambda values, index, m: (values * (index == torch.arange(m)[:, None])[:, :, None]).sum(),
            lambda values, index, m: (index == torch.arange(m)[:, None]).float(),
            lambda values, index, m: torch.zeros(m, values.shape[1]).index_put((index,), values),
        ],
    ),
    "07.pad_to": (
        [
            lambda x, n: (torch.arange(n)[:, None] == torch.arange(len(x))).float() @ x,
            lambda x, n: (x[:, None] * (torch.arange(len(x))[:, None] == torch.arange(n))).sum(0),
            lambda x, n: x @ (torch.arange(len(x))[:, None] == torch.arange(n)).float(),
            lambda x, n: x[torch.arange(n) % len(x)] * (torch.arange(n) < len(x)),
        ],
        [
            lambda x, n: x[:n],
            lambda x, n: x[torch.arange(n) % len(x)],
            lambda x, n: (x * (torch.arange(len(x)) == torch.arange(n)[:, None])).sum(),
            lambda x, n: (x * (torch.arange(len(x)) <= torch.arange(n)[:, None])).sum(1),
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
            lambda x, keep: (
                (
                    (keep * (torch.arange(len(x)) < torch.arange(len(x))[:, None])).sum(1)
                    == torch.arange(len(x))[:, None]
                ).float()
                @ (keep.float() * x)
            ),
            lambda x, keep: (
                (x.double() * keep)
                @ (
                    (keep * (torch.arange(len(x)) < torch.arange(len(x))[:, None])).sum(1)[:, None]
                    == torch.arange(len(x))
                ).double()
            ),
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
    "07.other_shape": (
        [[3, 1, 7, 1], (3, 1, 7, 1), torch.Size([3, 1, 7, 1]), torch.tensor([3, 1, 7, 1]), np.array([3, 1, 7, 1])],
        [[3, 5, 7, 4], [3, 7], [7, 1], [1, 3, 1, 7], [3, 1, 7, 4], [3, 5, 7, 1], 21, "3, 1, 7, 1, 1"],
    ),
    "07.undo_outer_sum": (
        [
            lambda t: (t.mean(1) - t.mean(), t.mean(0)),
            lambda t: [t[:, 0] - t[:, 0].mean(), t[0] - t[0, 0] + t[:, 0].mean()],
            _undone_by_loops,
            lambda t: (t.numpy()[:, -1] - t.numpy()[:, -1].mean(), t.numpy().mean(0)),
            lambda t: ((t - t.mean(0))[:, 0].double(), t.double().mean(0)),
        ],
        [
            lambda t: (t[:, 0], t[0]),
            lambda t: (t[:, 0] - t[0, 0], t[0]),
            lambda t: (t.mean(1), t.mean(0)),
            lambda t: (t.mean(0), t.mean(1) - t.mean()),
            lambda t: (t.mean(0) - t.mean(), t.mean(1)),
            lambda t: (t.mean(1) - t.mean(), t.mean(0) - t.mean()),
            lambda t: ((t.mean(1) - t.mean())[:, None], t.mean(0)),
        ],
    ),
    "07.break_mean": (
        [
            (torch.tensor([1.0, float("nan")]), torch.tensor([True, False])),
            (torch.tensor([torch.inf, 2.0, 3.0]), torch.tensor([False, True, True])),
            (torch.tensor([-torch.inf, 0.0]).double(), torch.tensor([False, True])),
            (torch.cat([torch.randn(50), torch.tensor([float("nan")])]), torch.arange(51) < 50),
            (torch.tensor([3e38, 3e38]), torch.tensor([True, True])),
        ],
        [
            (torch.tensor([1.0, 2.0]), torch.tensor([True, False])),
            (torch.tensor([1.0, 2.0]), torch.tensor([False, False])),
            (torch.tensor([1.0, float("nan")]), torch.tensor([True, True])),
            (torch.tensor([1.0, float("nan")]), torch.tensor([1, 0])),
            (torch.tensor([-1e30, 1e-30, 5.0]), torch.tensor([False, True, True])),
            torch.tensor([1.0, float("nan")]),
            ([1.0, float("nan")], [True, False]),
        ],
    ),
    "07.break_distance": (
        [
            (torch.tensor([10000.0]), torch.tensor([10001.0])),
            (torch.full((3,), 5000.0), torch.full((3,), 5000.5)),
            (torch.tensor([1e9, 1.0]).double(), torch.tensor([1e9, 3.0]).double()),
            (torch.tensor([300.0]).half(), torch.tensor([301.0]).half()),
            (torch.tensor([1e20]), torch.tensor([1e20])),
        ],
        [
            (torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])),
            (torch.tensor([1e6]), torch.tensor([0.0])),
            (torch.tensor([1e-6]), torch.tensor([1.1e-6])),
            (torch.tensor([1e30]), torch.tensor([0.0])),
            (torch.tensor([10000]), torch.tensor([10001])),
            (torch.tensor([[10000.0]]), torch.tensor([[10001.0]])),
            (torch.tensor([10000.0]), torch.tensor([10001.0, 1.0])),
        ],
    ),
}

BROKEN = {
    "07.volumes": [
        lambda a, b, c: torch.einsum("i,j,k->ijk", a, b, c),
        lambda a, b, c: a.reshape(-1, 1, 1) * torch.outer(b, c),
    ],
    "07.contrast": [
        lambda x: torch.stack([(image - image.min()) / (image.max() - image.min()) for image in x]),
        lambda x: (x - x.min(1, True)[0].min(2, True)[0]) / (x.amax((1, 2), True) - x.amin((1, 2), True)),
    ],
    "07.to_grey": [
        lambda images, weights: torch.einsum("ichw,c->ihw", images, weights),
        lambda images, weights: (images * weights.reshape(-1, 1, 1)).sum(1),
    ],
    "07.chessboard": [lambda rows, columns: torch.tensor([[(r + c) % 2 for c in range(columns)] for r in range(rows)])],
    "07.identity": [torch.eye, lambda n: torch.eye(n), _branching],
    "07.one_hot": [
        lambda labels, classes: F.one_hot(labels, classes),
        lambda labels, classes: torch.eye(classes)[labels],
    ],
    "07.cut_off": [lambda x, lengths: torch.where(torch.arange(x.shape[1]) < lengths[:, None], x, 0)],
    "07.backwards": [torch.Tensor.flipud, lambda x: x.flip(0), lambda x: torch.flip(x, (0,))],
    "07.overlaps": [
        lambda a, b: F.relu(torch.minimum(a[:, None, 1], b[:, 1]) - torch.maximum(a[:, None, 0], b[:, 0])),
        lambda a, b: torch.tensor([[max(0.0, min(p[1], q[1]) - max(p[0], q[0])) for q in b] for p in a]),
    ],
    "07.running_sum": [_looping, lambda x: x.cumsum(0), lambda x: torch.cumsum(x, dim=0)],
    "07.positions": [_in_two_lines, lambda x: x.argsort().argsort()],
    "07.gather": [lambda x, index: x.gather(1, index), lambda x, index: torch.take_along_dim(x, index, 1)],
    "07.bincount": [lambda x, m: torch.bincount(x, minlength=m), lambda x, m: F.one_hot(x, m).sum(0)],
    "07.scatter_add": [
        lambda values, index, m: torch.zeros(m, values.shape[1]).index_add(0, index, values),
        lambda values, index, m: F.one_hot(index, m).T.float() @ values,
    ],
    "07.pad_to": [lambda x, n: F.pad(x, (0, n - len(x))) if n > len(x) else x[:n]],
    "07.close_up": [lambda x, keep: F.pad(x[keep], (0, int((~keep).sum())))],
}

EQUIVALENT = {
    "07.chessboard": {
        "torch.arange(rows)[:, None] + torch.arange(columns) -> torch.arange(rows)[:, None] - torch.arange(columns)": (
            "r + c and r - c differ by 2c, which is even: the remainder by 2 is the same"
        )
    }
}
