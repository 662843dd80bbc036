"""Solutions to lesson 12, with the cases that an answer is tried on."""

from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, draw, load_module

without = load_module(Path(__file__).with_name("rules.py")).without


def joined(matrices, codes, numbers):
    if len(matrices) != codes.shape[1] or len(codes) != len(numbers):
        raise ValueError(
            "one matrix for each column of codes, one row of numbers for each row of codes"
        )
    found = [matrix[codes[:, i]] for i, matrix in enumerate(matrices)]
    return torch.cat([*found, numbers], dim=1)


def embedding_gradient(arriving, codes, values):
    if len(arriving) != len(codes) or (
        codes.numel() and not 0 <= codes.min() <= codes.max() < values
    ):
        raise ValueError("one code below `values` for each row of gradients")
    return torch.zeros(values, arriving.shape[1]).index_add(0, codes, arriving)


def weights_in(values):
    if any(n < 1 for n in values):
        raise ValueError("a category has at least one value")
    return sum((n + 1) * min(50, (n + 2) // 2) for n in values)


def root_mean_squared_percentage_error(predictions, targets):
    if (
        predictions.shape != targets.shape
        or predictions.ndim != 1
        or not (targets != 0).any()
    ):
        raise ValueError("two vectors of one length, with a target that is not 0")
    predictions, targets = predictions[targets != 0], targets[targets != 0]
    return ((targets - predictions) / targets).square().mean().sqrt()


def nearest_rows(vectors):
    if vectors.ndim != 2 or len(vectors) < 2:
        raise ValueError("at least two rows")
    apart = (vectors[:, None] - vectors[None]).square().sum(-1)
    return apart.fill_diagonal_(float("inf")).argmin(1)


EXERCISES = {
    "joined": Exercise(
        joined,
        "matrix[codes[:, i]] is a block of columns; torch.cat joins blocks at dim=1",
        lambda: [
            (
                [torch.tensor([[0.0], [1.0]])],
                torch.tensor([[1], [0]]),
                torch.tensor([[5.0], [6.0]]),
            ),
            ([draw(3, 2), draw(4, 1)], torch.tensor([[2, 0], [0, 3]]), draw(2, 1)),
            (
                [draw(3, 2), draw(5, 3)],
                torch.tensor([[1, 4], [1, 2], [0, 0]]),
                draw(3, 2),
            ),
        ],
    ),
    "embedding_gradient": Exercise(
        embedding_gradient,
        "a row looked up twice adds up both: index_add, or one_hot.T @ gradients",
        lambda: [
            (torch.tensor([[1.0]]), torch.tensor([0]), 2),
            (torch.tensor([[1.0], [2.0]]), torch.tensor([1, 1]), 2),
            (draw(4, 3), torch.tensor([2, 0, 2, 2]), 5),
        ],
    ),
    "weights_in": Exercise(
        weights_in,
        "one row more than values; size: half the rows, rounded up, at most 50",
        lambda: [
            ([1],),
            ([7],),
            ([8],),
            ([60, 7],),
            ([99],),
            ([100],),
            ([1115, 7, 12, 3],),
        ],
    ),
    "root_mean_squared_percentage_error": Exercise(
        root_mean_squared_percentage_error,
        "divide by the target, not the prediction; drop zeros first; mean, then root",
        lambda: [
            (torch.tensor([2.0]), torch.tensor([1.0])),
            (torch.tensor([1.0, 1.0]), torch.tensor([0.0, 2.0])),
            (torch.tensor([90.0, 140.0, 3.0]), torch.tensor([100.0, 200.0, 0.0])),
        ],
        rule=without("rmspe", "rmspe_of_logs"),
    ),
    "nearest_rows": Exercise(
        nearest_rows,
        "all distances by broadcasting; then infinity on the diagonal",
        lambda: [
            (torch.tensor([[0.0], [1.0]]),),
            (torch.tensor([[0.0, 0.0], [3.0, 0.0], [2.0, 2.5]]),),
            (draw(6, 3) * torch.tensor([[1.0], [4.0], [1.0], [4.0], [1.0], [1.0]]),),
        ],
    ),
    "choices": Exercise(
        ["name", "neither", "number", "name", "number"],
        "few values: name; a new value each time: neither; values in between: number",
    ),
}
