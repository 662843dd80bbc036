"""Solutions to lesson 17, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw


def best_threshold_of(values, targets):
    if values.shape != targets.shape or len(values.unique()) < 2:
        raise ValueError("one target for each value, and at least two different values")
    distinct = values.unique()
    thresholds = (distinct[1:] + distinct[:-1]) / 2
    left = (values[:, None] <= thresholds).to(targets)
    right = 1 - left
    kept = (targets @ left) ** 2 / left.sum(0) + (targets @ right) ** 2 / right.sum(0)
    if len(kept) > 1 and kept.topk(2).values.diff().abs() < 1e-4 * kept.max():
        raise ValueError("one threshold that is better than all others")
    return thresholds[kept.argmax()]


def left_out(resamples, n):
    if resamples.ndim != 2 or not 0 <= resamples.min() <= resamples.max() < n:
        raise ValueError("(trees, draws) of row numbers below n")
    return ~(resamples[:, :, None] == torch.arange(n)).any(1)


def group_importance(x, y, weights, group, order):
    if x.shape != (len(y), len(weights)) or sorted(order.tolist()) != list(range(len(y))):
        raise ValueError("(n, d), (n,), (d,), and an order of all n rows")
    permuted = x.clone()
    for column in group:
        permuted[:, column] = x[order, column]
    before, after = ((each @ weights - y).square().mean() for each in (x, permuted))
    return after - before


EXERCISES = {
    "best_threshold_of": Exercise(
        best_threshold_of,
        "try the middle between any two neighbouring different values; add up both sides",
        lambda: [
            (torch.tensor([1.0, 2.0]), torch.tensor([0.0, 1.0])),
            (torch.tensor([3.0, 1.0, 2.0]), torch.tensor([5.0, 0.0, 0.5])),
            (torch.tensor([1.0, 1.0, 4.0, 2.0]), torch.tensor([0.0, 2.0, 9.0, 8.0])),
            (torch.tensor([1.0, 1, 2, 3]), torch.tensor([0.0, 9, 9, 8])),
            (torch.tensor([0.0, 1, 2, 3, 10]), torch.tensor([0.0, 0, 0, 1, 9])),
            (torch.tensor([0.0, 1, 2, 3, 4]), torch.tensor([3.0, 2, 6, 2, 1])),
            (draw(9), draw(3, 3).flatten()),
        ],
    ),
    "left_out": Exercise(
        left_out,
        "compare (trees, draws, 1) with torch.arange(n); any over the draws; not",
        lambda: [
            (torch.tensor([[0, 0]]), 2),
            (torch.tensor([[1, 2, 1], [0, 1, 2]]), 3),
            (torch.tensor([[3, 3], [0, 4], [2, 1]]), 5),
        ],
    ),
    "group_importance": Exercise(
        group_importance,
        "one order for all columns of the group; error after minus error before",
        lambda: [
            (
                torch.tensor([[1.0], [3.0]]),
                torch.tensor([1.0, 3.0]),
                torch.tensor([1.0]),
                [0],
                torch.tensor([1, 0]),
            ),
            (draw(4, 3), draw(4), draw(3), [0, 2], torch.tensor([2, 0, 3, 1])),
            (draw(5, 2), draw(5), draw(2), [1], torch.tensor([4, 0, 1, 3, 2])),
        ],
    ),
    "changing": Exercise(
        "ce",
        "what counts: does the order of the rows stay, and which of them are equal?",
    ),
}
