"""Solutions to lesson 08, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise


def line_gradient(x, y, a, b):
    if x.shape != y.shape:
        raise ValueError("one y for each x")
    error = a * x + b - y
    return torch.stack([(2 * error * x).mean(), (2 * error).mean()])


def leaky_backward(x, slopes, leak):
    if x.shape != slopes.shape:
        raise ValueError("one slope for each x")
    return torch.where(x > 0, slopes, leak * slopes)


def linear_backward(x, weight, slopes):
    if slopes.shape != (x.shape[0], weight.shape[0]):
        raise ValueError("one slope for each row and output")
    return slopes @ weight, slopes.T @ x, slopes.sum(dim=0)


def momentum_step(weights, speeds, slopes, rate, momentum):
    if not weights.shape == speeds.shape == slopes.shape:
        raise ValueError("one speed and one slope for each weight")
    speeds = momentum * speeds + slopes
    return weights - rate * speeds, speeds


def hat(x):
    return torch.relu(x) - 2 * torch.relu(x - 1) + torch.relu(x - 2)


def _random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


EXERCISES = {
    "line_gradient": Exercise(
        line_gradient,
        "the mean over the points of 2 · error · x for a, and of 2 · error for b",
        lambda: [
            (torch.tensor([2.0]), torch.tensor([5.0]), 3.0, 1.0),
            (torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0]), 1.0, 0.0),
            (_random(4), _random(1, 4)[0], 0.5, -1.0),
        ],
    ),
    "limit": Exercise(
        0.2,
        "a step turns w into (1 - 10 · rate) · w; when is that no nearer to 0 than w?",
    ),
    "leaky_backward": Exercise(
        leaky_backward,
        "the sign of x decides: above zero slopes pass unchanged, elsewhere times the leak",
        lambda: [
            (torch.tensor([3.0, -3.0]), torch.tensor([2.0, 2.0]), 0.1),
            (torch.tensor([0.0]), torch.tensor([1.0]), 0.1),
            (torch.tensor([5.0, -5.0]), torch.tensor([-1.0, -1.0]), 0.2),
            (_random(2, 3), _random(3, 2).reshape(2, 3), 0.01),
        ],
    ),
    "linear_backward": Exercise(
        linear_backward,
        "add up over the axis that the result lacks: outputs for x, rows for the others",
        lambda: [
            (torch.tensor([[2.0]]), torch.tensor([[3.0]]), torch.tensor([[1.0]])),
            (_random(1, 3), _random(2, 3), _random(1, 2)),
            (_random(4, 3), _random(2, 3), _random(4, 2)),
            (_random(3, 3), _random(3, 3) + 1, _random(3, 3) - 1),
        ],
    ),
    "momentum_step": Exercise(
        momentum_step,
        "first speed = momentum · speed + slope; then weight - rate · the new speed",
        lambda: [
            (torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([3.0]), 0.1, 0.5),
            (torch.tensor([1.0]), torch.tensor([0.0]), torch.tensor([3.0]), 0.1, 0.9),
            (_random(2, 2), _random(2, 2) + 1, _random(2, 2) - 1, 0.01, 0.9),
        ],
    ),
    "hat": Exercise(
        hat,
        "a ReLU from 0 rises by 1; at 1 the line bends down by 2, and at 2 it levels out",
        lambda: [
            (torch.tensor([0.5]),),
            (torch.tensor([1.5]),),
            (torch.tensor([-1.0, 0.0, 1.0, 2.0, 3.0]),),
            (_random(2, 3) + 1,),
        ],
    ),
    "first_change": Exercise(
        0.01,
        "corrected, the mean is the slope itself, and the root of the mean square its size",
    ),
}
