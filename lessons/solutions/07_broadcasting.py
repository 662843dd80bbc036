"""Solutions to lesson 07, the cases an answer is tried on, and what each puzzle allows."""

from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, load_module

only = load_module(Path(__file__).with_name("rules.py")).only


def every_product(a, b):
    return a[:, None] * b


def normalize_rows(x):
    return x / x.sum(1)[:, None]


def by_channel(images, mean, std):
    assert mean.shape == std.shape == images.shape[1:2]
    return (images - mean[:, None, None]) / std[:, None, None]


def chessboard(rows, columns):
    return (torch.arange(rows)[:, None] + torch.arange(columns)) % 2


def identity(n):
    return torch.arange(n)[:, None] == torch.arange(n)


def one_hot(labels, classes):
    return labels[:, None] == torch.arange(classes)


def cut_off(x, lengths):
    assert len(x) == len(lengths)
    return x * (torch.arange(x.shape[1]) < lengths[:, None])


def backwards(x):
    return x[len(x) - 1 - torch.arange(len(x))]


def distances(a, b):
    assert a.shape[1] == b.shape[1]
    return ((a[:, None] - b) ** 2).sum(2)


def running_sum(x):
    return (x * (torch.arange(len(x)) <= torch.arange(len(x))[:, None])).sum(1)


def positions(x):
    return (x[:, None] > x).sum(1)


def close_up(x, keep):
    assert x.shape == keep.shape
    return (
        x
        * keep
        * (
            torch.arange(len(x))[:, None]
            == (keep * (torch.arange(len(x)) < torch.arange(len(x))[:, None])).sum(1)
        )
    ).sum(1)


def _numbers(*shape):
    """Whole numbers from 1 to 9, so that a counterexample is easy to read."""
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randint(1, 10, shape, generator=generator).float()


def _vector(*numbers):
    return torch.tensor(numbers, dtype=torch.float32)


EXERCISES = {
    "every_product": Exercise(
        every_product,
        "one of the two must become a column: which one's numbers run down the rows?",
        lambda: [
            (_vector(2), _vector(3)),
            (_vector(1, 2), _vector(3, 4)),
            (_numbers(3), _numbers(4)),
        ],
        rule=only(),
    ),
    "normalize_rows": Exercise(
        normalize_rows,
        "the sums have the shape (rows,), which lies across the columns like a row",
        lambda: [
            (_numbers(1, 2),),
            (_numbers(2, 2),),
            (_numbers(3, 3),),
            (_numbers(2, 4),),
        ],
        rule=only("sum", "T"),
    ),
    "by_channel": Exercise(
        by_channel,
        "align (n, channels, H, W) and (channels,) from the right",
        lambda: [
            (_numbers(1, 1, 1, 1), _vector(1), _vector(2)),
            (_numbers(1, 2, 2, 2), _vector(1, 2), _vector(2, 4)),
            (_numbers(2, 3, 4, 3), _vector(1, 5, 9), _vector(2, 4, 8)),
            (_numbers(2, 3, 2, 4), _vector(1, 5, 9), _vector(2, 4, 8)),
        ],
        rule=only(),
    ),
    "chessboard": Exercise(
        chessboard,
        "each step down or to the right changes the colour: look at row + column",
        lambda: [(1, 1), (1, 2), (2, 1), (2, 2), (3, 5), (4, 4)],
        rule=only(),
    ),
    "identity": Exercise(
        identity,
        "where is the number of the row equal to the number of the column?",
        lambda: [(1,), (2,), (3,), (5,)],
        rule=only(),
    ),
    "one_hot": Exercise(
        one_hot,
        "compare a column of labels with the row 0, 1, 2, … of all classes",
        lambda: [
            (torch.tensor([0]), 1),
            (torch.tensor([1]), 3),
            (torch.tensor([2, 0, 2]), 3),
            (torch.tensor([1, 3, 0]), 5),
        ],
        rule=only(),
    ),
    "cut_off": Exercise(
        cut_off,
        "in each row keep the columns whose number is less than that row's length",
        lambda: [
            (_numbers(1, 1), torch.tensor([1])),
            (_numbers(1, 3), torch.tensor([2])),
            (_numbers(3, 3), torch.tensor([0, 3, 1])),
            (_numbers(2, 4), torch.tensor([3, 1])),
        ],
        rule=only(),
    ),
    "backwards": Exercise(
        backwards,
        "x[positions] with a tensor of positions: the last one first",
        lambda: [
            (_vector(5),),
            (_vector(1, 2),),
            (_vector(1, 2, 3),),
            (_vector(5, 1, 4, 1, 3),),
        ],
        rule=only(),
    ),
    "distances": Exercise(
        distances,
        "make (n, 1, d) of the first, let it meet (m, d), and add up along the axis d",
        lambda: [
            (_numbers(1, 1), _numbers(1, 1) + 1),
            (_numbers(1, 2), _numbers(3, 2)),
            (_numbers(3, 2), _numbers(3, 2) + 1),
            (_numbers(2, 3), _numbers(4, 3)),
        ],
        rule=only("sum", "@", "T"),
    ),
    "running_sum": Exercise(
        running_sum,
        "position i adds up all numbers not after i: think of a triangle of ones",
        lambda: [
            (_vector(3),),
            (_vector(1, 2),),
            (_vector(2, 5, 1),),
            (_vector(4, -1, 2, 2, 7),),
        ],
        rule=only("sum", "@"),
    ),
    "positions": Exercise(
        positions,
        "how many numbers are smaller than this one?",
        lambda: [
            (_vector(7),),
            (_vector(1, 2),),
            (_vector(3, 1, 2),),
            (_vector(20, 40, 10, 30, 50),),
        ],
        rule=only("sum"),
    ),
    "close_up": Exercise(
        close_up,
        "how many kept ones stand before position i? That is the new position of x[i]",
        lambda: [
            (_vector(3), torch.tensor([True])),
            (_vector(3), torch.tensor([False])),
            (_vector(3, 4), torch.tensor([False, True])),
            (_vector(3, 1, 2), torch.tensor([True, False, True])),
            (_vector(5, 8, 6, 2, 9), torch.tensor([False, True, True, False, True])),
        ],
        rule=only("sum", "@"),
    ),
}
