"""Solutions to lesson 19, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw


def part_of(samples, rank, world_size):
    each, larger = divmod(samples, world_size)
    start = rank * each + min(rank, larger)
    return start, start + each + (rank < larger)


def whole_gradient(gradients, counts):
    if (
        len(gradients) != len(counts)
        or not counts.sum()
        or gradients[counts > 0].isnan().any()
    ):
        raise ValueError("a number of samples for each process, and a sample at least")
    return (gradients[counts > 0] * counts[counts > 0, None]).sum(0) / counts.sum()


def whole_rmse(errors, counts):
    if len(errors) != len(counts) or not counts.sum():
        raise ValueError("a number of samples for each process, and a sample at least")
    return ((errors.square() * counts).sum() / counts.sum()).sqrt()


def times_as_fast(world_size, fraction):
    return 1 / (fraction + (1 - fraction) / world_size)


def waiting(batches):
    return (batches > batches.min()).sum()


EXERCISES = {
    "megabytes": Exercise(
        150.0,
        "2 (N - 1) / N of the vector, and the vector has 100 million bytes",
        tolerance=1e-6,
    ),
    "times_as_fast": Exercise(
        times_as_fast,
        "alone takes 1; N of them take the fraction, plus the rest divided by N",
        lambda: [(1, 0.5), (2, 0.0), (2, 0.5), (8, 0.1), (1000, 0.05)],
    ),
    "waiting": Exercise(
        waiting,
        "all that have more batches than the one that has fewest",
        lambda: [
            (torch.tensor([3, 3]),),
            (torch.tensor([3, 2]),),
            (torch.tensor([5, 4, 4, 7]),),
        ],
    ),
    "part_of": Exercise(
        part_of,
        "divmod(samples, world_size) says how many each gets, and how many get one more",
        lambda: [
            (4, 0, 2),
            (4, 1, 2),
            (5, 0, 2),
            (5, 1, 2),
            (1, 1, 2),
            (10, 2, 4),
            (11, 3, 4),
            (7, 6, 8),
            (7, 7, 8),
        ],
    ),
    "whole_rmse": Exercise(
        whole_rmse,
        "square to get the means back, weight them by samples, take the root last",
        lambda: [
            (torch.tensor([1.0, 7.0]), torch.tensor([1, 1])),
            (torch.tensor([1.0, 2.0]), torch.tensor([3, 1])),
            (draw(4).abs(), torch.tensor([5, 2, 0, 9])),
        ],
    ),
    "whole_gradient": Exercise(
        whole_gradient,
        "each counts as often as it has samples; NaN times 0 is NaN, so leave those out",
        lambda: [
            (torch.tensor([[1.0], [3.0]]), torch.tensor([2, 2])),
            (torch.tensor([[1.0], [3.0]]), torch.tensor([3, 1])),
            (draw(3, 4), torch.tensor([5, 1, 2])),
            (torch.tensor([[1.0, 2.0], [torch.nan, torch.nan]]), torch.tensor([4, 0])),
        ],
    ),
}
