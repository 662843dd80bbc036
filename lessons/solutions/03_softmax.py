"""Solutions to lesson 03, with the cases that an answer is tried on."""

import math

import torch
from torch.nn import functional as F

from coursekit.classroom.exercises import Exercise


def softmax_at(logits, temperature):
    return F.softmax(logits / temperature, dim=-1)


def log_sum_exp_all(x):
    return x.flatten().logsumexp(dim=0)


def losses(logits, labels):
    if len(logits) != len(labels):
        raise ValueError("one label for each sample")
    return F.cross_entropy(logits, labels, reduction="none")


def binary_losses(logits, targets):
    softplus = logits.clamp(min=0) + torch.log1p(
        (-logits.abs()).exp()
    )  # log(1 + exp(logits))
    return softplus - targets * logits


def _random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


EXERCISES = {
    "softmax_at": Exercise(
        softmax_at,
        "divide by the temperature, subtract each row's largest; then exp over its sum",
        lambda: [
            (torch.tensor([0.0, 0.0]), 1.0),
            (torch.tensor([1.0, 3.0]), 2.0),
            (torch.tensor([1000.0, 1001.0]), 1.0),
            (_random(5), 0.5),
            (_random(3, 4), 1.0),
            (torch.tensor([[0.0, 1.0], [1000.0, 1001.0]]), 1.0),
            (_random(2, 3, 4), 3.0),
        ],
    ),
    "log_sum_exp_all": Exercise(
        log_sum_exp_all,
        "take out the largest entry before exp, and add it after log",
        lambda: [
            (torch.tensor([1.0, 2.0]),),
            (torch.tensor([1000.0, 1000.0]),),
            (_random(2, 3),),
        ],
    ),
    "losses": Exercise(
        losses,
        "log-sum-exp of each row, minus the logit of the right class",
        lambda: [
            (torch.tensor([[1.0, 2.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, 500.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, 1.0], [110.0, 111.0]]), torch.tensor([0, 1])),
            (_random(4, 3), torch.tensor([2, 0, 1, 1])),
        ],
    ),
    "ignorant_loss": Exercise(
        math.log(12), "each breed gets the same probability; minus its log", tolerance=2e-4
    ),
    "choices": Exercise(
        ["softmax", "sigmoid", "softmax", "sigmoid"],
        "exactly one answer: softmax. Any number of answers, none included: sigmoid",
    ),
    "binary_losses": Exercise(
        binary_losses,
        "never take exp of a positive number; exp(-|z|) is always safe",
        lambda: [
            (torch.tensor([0.0]), torch.tensor([1.0])),
            (torch.tensor([1.0]), torch.tensor([0.0])),
            (torch.tensor([500.0]), torch.tensor([0.0])),
            (torch.tensor([-500.0]), torch.tensor([1.0])),
            (_random(2, 3), (_random(3, 2).reshape(2, 3) > 0).float()),
        ],
    ),
}
