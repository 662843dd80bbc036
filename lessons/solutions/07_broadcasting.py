"""Solutions to lesson 07, the cases an answer is tried on, and what each puzzle allows."""

from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, load_module, stream

only = load_module(Path(__file__).with_name("rules.py")).only


def volumes(a, b, c):
    return a[:, None, None] * b[:, None] * c


def contrast(x):
    assert (x.amin((1, 2)) < x.amax((1, 2))).all()
    return (x - x.amin((1, 2))[:, None, None]) / (x.amax((1, 2)) - x.amin((1, 2)))[
        :, None, None
    ]


def to_grey(images, weights):
    assert weights.shape == images.shape[1:2]
    return (images * weights[:, None, None]).sum(1)


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


def overlaps(a, b):
    assert a.shape[1] == b.shape[1] == 2
    return (
        torch.minimum(a[:, None, 1], b[:, 1]) - torch.maximum(a[:, None, 0], b[:, 0])
    ).clamp(min=0)


def running_sum(x):
    return (x * (torch.arange(len(x)) <= torch.arange(len(x))[:, None])).sum(1)


def positions(x):
    return (x[:, None] > x).sum(1)


def gather(x, index):
    assert len(x) == len(index)
    return x[torch.arange(len(x))[:, None], index]


def bincount(x, m):
    return (x == torch.arange(m)[:, None]).sum(1)


def scatter_add(values, index, m):
    assert len(values) == len(index)
    return (values * (index == torch.arange(m)[:, None])[:, :, None]).sum(1)


def pad_to(x, n):
    return (x * (torch.arange(len(x)) == torch.arange(n)[:, None])).sum(1)


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
    generator = stream(shape)
    return torch.randint(1, 10, shape, generator=generator).float()


def _rows(*rows):
    return torch.tensor(rows, dtype=torch.float32)


def _vector(*numbers):
    return torch.tensor(numbers, dtype=torch.float32)


EXERCISES = {
    "volumes": Exercise(
        volumes,
        "the result has three axes: on which of them must each of the three vectors lie?",
        lambda: [
            (_vector(2), _vector(3), _vector(5)),
            (_vector(1, 2), _vector(3, 4), _vector(5, 6)),
            (_numbers(2), _numbers(3), _numbers(4)),
        ],
        rule=only(),
    ),
    "contrast": Exercise(
        contrast,
        "amin((1, 2)) has the shape (n,); it needs two more axes before it meets (n, H, W)",
        lambda: [
            (_numbers(1, 1, 2),),
            (_numbers(2, 2, 2),),
            (_numbers(3, 3, 3),),
            (_numbers(2, 3, 4),),
        ],
        rule=only("amin", "amax"),
    ),
    "to_grey": Exercise(
        to_grey,
        "align (n, channels, H, W) and (channels,) from the right; then which axis goes?",
        lambda: [
            (_numbers(1, 1, 1, 1), _vector(2)),
            (_numbers(1, 2, 2, 2), _vector(1, 3)),
            (_numbers(2, 3, 4, 3), _vector(1, 5, 9)),
            (_numbers(2, 3, 2, 4), _vector(1, 5, 9)),
        ],
        rule=only("sum"),
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
    "overlaps": Exercise(
        overlaps,
        "from the later start to the earlier end, and 0 where that would be negative",
        lambda: [
            (_rows((0, 4)), _rows((1, 2))),
            (_rows((0, 4)), _rows((2, 6), (5, 7))),
            (_rows((0, 2), (3, 9)), _rows((1, 4), (2, 3))),
            (_rows((0, 4), (3, 9)), _rows((1, 2), (2, 6), (8, 9))),
        ],
        rule=only("maximum", "minimum", "clamp"),
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
    "gather": Exercise(
        gather,
        "x[rows, columns] takes two tensors of positions, and they are broadcast, too",
        lambda: [
            (_numbers(1, 1), torch.tensor([[0]])),
            (_numbers(1, 3), torch.tensor([[2, 0]])),
            (_numbers(2, 2), torch.tensor([[1, 0], [1, 1]])),
            (_numbers(2, 3), torch.tensor([[2, 0, 0, 1], [1, 1, 2, 0]])),
        ],
        rule=only(),
    ),
    "bincount": Exercise(
        bincount,
        "compare a column of all the numbers 0, 1, …, m - 1 with the row x",
        lambda: [
            (torch.tensor([0]), 1),
            (torch.tensor([1, 1]), 2),
            (torch.tensor([2, 0]), 4),
            (torch.tensor([3, 0, 1, 3, 3, 1]), 5),
        ],
        rule=only("sum"),
    ),
    "scatter_add": Exercise(
        scatter_add,
        "which rows go to row k? Compare index with 0, …, m - 1, as when you counted",
        lambda: [
            (_numbers(1, 1), torch.tensor([0]), 1),
            (_numbers(2, 1), torch.tensor([1, 1]), 2),
            (_numbers(2, 2), torch.tensor([1, 0]), 3),
            (_numbers(4, 2), torch.tensor([2, 0, 2, 3]), 5),
        ],
        rule=only("sum", "@"),
    ),
    "pad_to": Exercise(
        pad_to,
        "position j of the result is position j of x, if there is one: which i equals j?",
        lambda: [
            (_vector(3), 1),
            (_vector(3), 2),
            (_vector(3, 4), 1),
            (_vector(4, 2, 7), 5),
            (_vector(4, 2, 7), 2),
        ],
        rule=only("sum", "@"),
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
