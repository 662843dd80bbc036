"""Lesson 19, more machines: for each exercise, other right answers, and plausible wrong ones."""

import torch

ANSWERS = {
    "19.part_of": (
        [
            lambda samples, rank, n: (
                -(-samples * 0) + sum((samples - j + n - 1) // n for j in range(rank)),
                sum((samples - j + n - 1) // n for j in range(rank + 1)),
            ),
            lambda samples, rank, n: (
                -(-samples * rank // n) if not samples % n else rank * (samples // n) + min(rank, samples % n),
                (rank + 1) * (samples // n) + min(rank + 1, samples % n),
            ),
        ],
        [
            lambda samples, rank, n: (samples * rank // n, samples * (rank + 1) // n),
            lambda samples, rank, n: (rank * (samples // n), (rank + 1) * (samples // n)),
            lambda samples, rank, n: (rank * -(-samples // n), min(samples, (rank + 1) * -(-samples // n))),
            lambda samples, rank, n: (rank * (samples // n), samples if rank == n - 1 else (rank + 1) * (samples // n)),
        ],
    ),
    "19.whole_gradient": (
        [
            lambda g, counts: (g.nan_to_num() * (counts / counts.sum())[:, None]).sum(0),
            lambda g, counts: (counts[counts > 0] / counts.sum()) @ g[counts > 0],
        ],
        [
            lambda g, counts: g.mean(0),
            lambda g, counts: (g * counts[:, None]).sum(0) / counts.sum(),
            lambda g, counts: g.nanmean(0),
            lambda g, counts: (g.nan_to_num() * counts[:, None]).mean(0),
        ],
    ),
    "19.whole_rmse": (
        [lambda e, counts: torch.sqrt((e**2 * counts / counts.sum()).sum())],
        [
            lambda e, counts: (e * counts).sum() / counts.sum(),
            lambda e, counts: e.square().mean().sqrt(),
            lambda e, counts: (e.square() * counts).sum() / counts.sum(),
            lambda e, counts: e.mean(),
        ],
    ),
    "19.megabytes": ([150, torch.tensor(150.0)], [200, 75, 37.5, 600, 300]),
    "19.times_as_fast": (
        [lambda n, s: n / (n * s + 1 - s)],
        [lambda n, s: n * (1 - s), lambda n, s: 1 / (s / n + 1 - s), lambda n, s: 1 / s if s else n, lambda n, s: n],
    ),
    "19.waiting": (
        [lambda b: (b != b.min()).sum(), lambda b: len(b) - (b == b.min()).sum()],
        [
            lambda b: (b < b.max()).sum(),
            lambda b: (b == b.max()).sum(),
            lambda b: b.max() - b.min(),
            lambda b: len(b) - 1,
        ],
    ),
}
