"""Lesson 19, more machines: for each exercise, other right answers, and plausible wrong ones."""

import torch

ANSWERS = {
    "19.part_of": (
        [
            lambda rows, i, n: (
                -(-rows * 0) + sum((rows - j + n - 1) // n for j in range(i)),
                sum((rows - j + n - 1) // n for j in range(i + 1)),
            ),
            lambda rows, i, n: (
                -(-rows * i // n) if not rows % n else i * (rows // n) + min(i, rows % n),
                (i + 1) * (rows // n) + min(i + 1, rows % n),
            ),
        ],
        [
            lambda rows, i, n: (rows * i // n, rows * (i + 1) // n),
            lambda rows, i, n: (i * (rows // n), (i + 1) * (rows // n)),
            lambda rows, i, n: (i * -(-rows // n), min(rows, (i + 1) * -(-rows // n))),
            lambda rows, i, n: (i * (rows // n), rows if i == n - 1 else (i + 1) * (rows // n)),
        ],
    ),
    "19.whole_gradient": (
        [
            lambda g, rows: (g.nan_to_num() * (rows / rows.sum())[:, None]).sum(0),
            lambda g, rows: (rows[rows > 0] / rows.sum()) @ g[rows > 0],
        ],
        [
            lambda g, rows: g.mean(0),
            lambda g, rows: (g * rows[:, None]).sum(0) / rows.sum(),
            lambda g, rows: g.nanmean(0),
            lambda g, rows: (g.nan_to_num() * rows[:, None]).mean(0),
        ],
    ),
    "19.whole_rmse": (
        [lambda e, rows: torch.sqrt((e**2 * rows / rows.sum()).sum())],
        [
            lambda e, rows: (e * rows).sum() / rows.sum(),
            lambda e, rows: e.square().mean().sqrt(),
            lambda e, rows: (e.square() * rows).sum() / rows.sum(),
            lambda e, rows: e.mean(),
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
