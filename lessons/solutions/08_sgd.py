"""Solutions to lesson 08, with the cases that an answer is tried on."""

from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, draw, load_module

without = load_module(Path(__file__).with_name("rules.py")).without


def line_gradient(x, y, a, b):
    if x.shape != y.shape:
        raise ValueError("one y for each x")
    error = a * x + b - y
    return torch.stack([(2 * error * x).mean(), (2 * error).mean()])


def leaky_backward(x, gradients, leak):
    if x.shape != gradients.shape:
        raise ValueError("one gradient for each x")
    return torch.where(x > 0, gradients, leak * gradients)


def linear_backward(x, weight, gradients):
    if gradients.shape != (x.shape[0], weight.shape[0]):
        raise ValueError("one gradient for each sample and output")
    return gradients @ weight, gradients.T @ x, gradients.sum(dim=0)


def momentum_step(weights, velocities, gradients, lr, momentum):
    if not weights.shape == velocities.shape == gradients.shape:
        raise ValueError("one velocity and one gradient for each weight")
    velocities = momentum * velocities + gradients
    return weights - lr * velocities, velocities


def hat(x):
    return torch.relu(x) - 2 * torch.relu(x - 1) + torch.relu(x - 2)


EXERCISES = {
    "line_gradient": Exercise(
        line_gradient,
        "the mean over the points of 2 · error · x for a, and of 2 · error for b",
        lambda: [
            (torch.tensor([2.0]), torch.tensor([5.0]), 3.0, 1.0),
            (torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0]), 1.0, 0.0),
            (draw(4), draw(1, 4)[0], 0.5, -1.0),
        ],
    ),
    "limit": Exercise(
        0.2,
        "a step turns w into (1 - 10 · lr) · w; when is that no nearer to 0 than w?",
    ),
    "leaky_backward": Exercise(
        leaky_backward,
        "where x is above zero gradients pass unchanged, elsewhere times the leak",
        lambda: [
            (torch.tensor([3.0, -3.0]), torch.tensor([2.0, 2.0]), 0.1),
            (torch.tensor(-3.0), torch.tensor(2.0), 0.1),
            (torch.tensor([0.0]), torch.tensor([1.0]), 0.1),
            (torch.tensor([5.0, -5.0]), torch.tensor([-1.0, -1.0]), 0.2),
            (draw(2, 3), draw(2, 3, seed=1), 0.01),
        ],
    ),
    "linear_backward": Exercise(
        linear_backward,
        "add up over the axis that the result lacks: outputs for x, samples for the others",
        lambda: [
            (torch.tensor([[2.0]]), torch.tensor([[3.0]]), torch.tensor([[1.0]])),
            (draw(1, 3), draw(2, 3), draw(1, 2)),
            (draw(4, 3), draw(2, 3), draw(4, 2)),
            (draw(3, 3), draw(3, 3, seed=1), draw(3, 3, seed=2)),
        ],
        rule=without("backward", "grad"),
    ),
    "momentum_step": Exercise(
        momentum_step,
        "first v = momentum · v + gradient (v: the velocity); then weight - lr · v",
        lambda: [
            (torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([3.0]), 0.1, 0.5),
            (torch.tensor([1.0]), torch.tensor([0.0]), torch.tensor([3.0]), 0.1, 0.9),
            (draw(2, 2), draw(2, 2, seed=1), draw(2, 2, seed=2), 0.01, 0.9),
        ],
    ),
    "hat": Exercise(
        hat,
        "a ReLU from 0 rises by 1; at 1 the line bends down by 2, and at 2 it levels out",
        lambda: [
            (torch.tensor([0.5]),),
            (torch.tensor([1.5]),),
            (torch.tensor([-1.0, 0.0, 1.0, 2.0, 3.0]),),
            (draw(2, 3) + 1,),
        ],
    ),
    "first_change": Exercise(
        0.01,
        "corrected, the mean is the gradient, and the root of the mean square is its size",
    ),
}
