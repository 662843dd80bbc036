"""Lesson 19, more machines: for each exercise, other right answers, and plausible wrong ones."""

from fractions import Fraction

import numpy as np
import torch


def _by_halving(world_size, speedup):
    low, high = 0.0, 1.0
    for _ in range(60):
        s = (low + high) / 2
        low, high = (s, high) if 1 / (s + (1 - s) / world_size) > speedup else (low, s)
    return low


def _dealt_out(samples, rank, world_size):
    """The samples one by one, to the processes in turn: so many does each get."""
    counts = [0] * world_size
    for sample in range(samples):
        counts[sample % world_size] += 1
    return [sum(counts[:rank]), sum(counts[: rank + 1])]


def _by_array_split(samples, rank, world_size):
    sizes = [len(part) for part in np.array_split(np.arange(samples), world_size)]
    ends = np.cumsum([0, *sizes])
    return np.array([ends[rank], ends[rank + 1]])


def _synced_by_squares(means, variances, counts):
    """The variance is the mean of the squares minus the square of the mean."""
    n = counts.double()
    sums, squares = n @ means.double(), n @ (variances + means**2).double()
    return sums / n.sum(), squares / n.sum() - (sums / n.sum()) ** 2


def _synced_by_samples(means, variances, counts):
    """Makes samples that have these means and variances: two a count, on both sides of the mean."""
    samples = [
        m + sign * v.sqrt()
        for m, v, n in zip(means.double(), variances.double(), counts, strict=True)
        for _ in range(n)
        for sign in (-1, 1)
    ]
    return torch.stack(samples).mean(0), torch.stack(samples).var(0, correction=0)


def _synced_one_by_one(means, variances, counts):
    """Chan's way: one part after the other joins."""
    n, mean, total = 0, torch.zeros_like(means[0]), torch.zeros_like(means[0])
    for m, v, count in zip(means, variances, counts.tolist(), strict=True):
        if count:
            gap = m - mean
            total = total + v * count + gap**2 * n * count / (n + count)
            mean, n = mean + gap * count / (n + count), n + count
    return [mean, total / n]


def _synced_by_numpy(means, variances, counts):
    mean = np.average(means, axis=0, weights=counts)
    return mean, np.average(variances + (means - mean) ** 2, axis=0, weights=counts)


def _weighted(values, counts):
    return (values * counts[:, None]).sum(0) / counts.sum()


ANSWERS = {
    "19.ring_length": ([16, 16.0, torch.tensor(16), np.int64(16), Fraction(16)], [8, 15, 17, 1.875, 32, 53.3333]),
    "19.undivided": (
        [
            _by_halving,
            lambda n, speedup: (n - speedup) / (speedup * (n - 1)),
            lambda n, speedup: torch.tensor((1 / speedup - 1 / n) / (1 - 1 / n)),
            lambda n, speedup: 1 - (1 - 1 / speedup) * n / (n - 1),
        ],
        [
            lambda n, speedup: 1 / speedup,
            lambda n, speedup: 1 - speedup / n,
            lambda n, speedup: (n - speedup) / (n - 1),
            lambda n, speedup: 1 / speedup - 1 / n,
            lambda n, speedup: (n / speedup - 1) / n,
            lambda n, speedup: 1 - (n - speedup) / (speedup * (n - 1)),
        ],
    ),
    "19.part_of": (
        [
            *(_dealt_out, _by_array_split),
            lambda samples, rank, n: tuple(sum((samples - j + n - 1) // n for j in range(r)) for r in (rank, rank + 1)),
            lambda samples, rank, n: torch.tensor([r * (samples // n) + min(r, samples % n) for r in (rank, rank + 1)]),
        ],
        [
            lambda samples, rank, n: (samples * rank // n, samples * (rank + 1) // n),
            lambda samples, rank, n: (rank * (samples // n), (rank + 1) * (samples // n)),
            lambda samples, rank, n: (rank * -(-samples // n), min(samples, (rank + 1) * -(-samples // n))),
            lambda samples, rank, n: (rank * (samples // n), samples if rank == n - 1 else (rank + 1) * (samples // n)),
            lambda samples, rank, n: (_dealt_out(samples, rank, n)[0], _dealt_out(samples, rank, n)[1] - 1),
        ],
    ),
    "19.whole_rmse": (
        [
            lambda e, counts: torch.sqrt((e**2 * counts / counts.sum()).sum()),
            lambda e, counts: (torch.einsum("i,i,i->", e, e, counts.float()) / counts.sum()) ** 0.5,
            lambda e, counts: np.sqrt(np.average(e.double().numpy() ** 2, weights=counts.numpy())),
            lambda e, counts: (e.repeat_interleave(counts).norm() / counts.sum().sqrt()).item(),
        ],
        [
            lambda e, counts: (e * counts).sum() / counts.sum(),
            lambda e, counts: e.square().mean().sqrt(),
            lambda e, counts: (e.square() * counts).sum() / counts.sum(),
            lambda e, counts: e.mean(),
            lambda e, counts: (e * counts).square().sum().sqrt() / counts.sum(),
        ],
    ),
    "19.synced": (
        [
            *(_synced_by_squares, _synced_by_samples, _synced_one_by_one),
            lambda m, v, n: _synced_by_numpy(m.numpy(), v.numpy(), n.numpy()),
        ],
        [
            lambda m, v, n: (m.mean(0), v.mean(0)),
            lambda m, v, n: (_weighted(m, n), _weighted(v, n)),
            lambda m, v, n: (_weighted(m, n), _weighted(v, n) + m.var(0, correction=0)),
            lambda m, v, n: (_weighted(m, n), _weighted(v.sqrt(), n) ** 2 + _weighted((m - _weighted(m, n)) ** 2, n)),
            lambda m, v, n: (_weighted(m, n), _weighted((m - _weighted(m, n)) ** 2, n)),
            lambda m, v, n: (_weighted(m, n), _weighted(v + m**2, n) - m.mean(0) ** 2),
            lambda m, v, n: (_weighted(m, n), _weighted(v + (m - _weighted(m, n)).abs(), n)),
        ],
    ),
    "19.break_clipped": (
        [
            (torch.tensor([[3.0, 4.0], [0.0, 0.0]]), 1.0),
            (torch.tensor([[2.0], [0.5]]), 1),
            (torch.tensor([[9.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), 2.0),
            (torch.tensor([[5.0, 0.0], [-5.0, 0.1]]), 1.0),
            (torch.tensor([[2.0], [-1.0]]), 1.5),
        ],
        [
            (torch.tensor([[0.3, 0.4], [0.0, 0.5]]), 1.0),
            (torch.tensor([[3.0, 4.0], [6.0, 8.0]]), 1.0),
            (torch.tensor([[2.0], [-2.0]]), 1.0),
            (torch.tensor([3.0, 4.0]), 1.0),
            (torch.tensor([[3.0, 4.0], [0.0, 0.0]]), 0.0),
            (torch.tensor([[3.0, 4.0]]), 1.0),
        ],
    ),
}

EQUIVALENT = {}
