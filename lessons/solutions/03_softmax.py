"""Solutions to lesson 03, with the cases that an answer is tried on."""

import math
from pathlib import Path

import torch
from torch.nn import functional as F

from coursekit.classroom.exercises import Exercise, draw, load_module

without = load_module(Path(__file__).with_name("rules.py")).without


def softmax_at(logits, temperature):
    return F.softmax(logits / temperature, dim=-1)


def log_sum_exp_all(x):
    return x.max() + (x - x.max()).exp().sum().log()


def losses(logits, labels):
    if len(logits) != len(labels):
        raise ValueError("one label for each sample")
    return -logits.log_softmax(dim=1)[torch.arange(len(labels)), labels]


def binary_losses(logits, targets):
    softplus = logits.clamp(min=0) + torch.log1p(
        (-logits.abs()).exp()
    )  # log(1 + exp(logits))
    return softplus - targets * logits


EXERCISES = {
    "softmax_at": Exercise(
        softmax_at,
        "divide by the temperature, subtract each row's largest; then exp over its sum",
        lambda: [
            (torch.tensor([0.0, 0.0]), 1.0),
            (torch.tensor([1.0, 3.0]), 2.0),
            (torch.tensor([1000.0, 1001.0]), 1.0),
            (torch.tensor([-1000.0, -1001.0]), 1.0),
            (torch.tensor([[0.0, -1.0], [1000.0, 0.0]]), 1.0),
            (torch.tensor([1000.0, 1001.0]), 0.5),
            (draw(5), 0.5),
            (draw(3, 4), 1.0),
            (torch.tensor([[0.0, 1.0], [1000.0, 1001.0]]), 1.0),
            (draw(2, 3, 4), 3.0),
        ],
        tolerance=2e-4,  # logits of 1001 have steps of 6e-5
    ),
    "log_sum_exp_all": Exercise(
        log_sum_exp_all,
        "take out the largest entry before exp, and add it after log",
        lambda: [
            (torch.tensor([1.0, 2.0]),),
            (torch.tensor([1000.0, 1000.0]),),
            (torch.tensor([-1000.0, -1000.0]),),
            (torch.tensor([0.0, 1000.0, 0.0]),),
            (torch.tensor(3.0),),
            (draw(2, 3),),
        ],
        rule=without("logsumexp"),
    ),
    "losses": Exercise(
        losses,
        "log-sum-exp of each row, minus the logit of the right class",
        lambda: [
            (torch.tensor([[1.0, 2.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, 500.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, 1.0], [110.0, 111.0]]), torch.tensor([0, 1])),
            (torch.tensor([[-1000.0, -1001.0]]), torch.tensor([0])),
            (draw(4, 3), torch.tensor([2, 0, 1, 1])),
        ],
        tolerance=2e-4,
        rule=without("cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss"),
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
            (torch.tensor([-1.0]), torch.tensor([1.0])),
            (torch.tensor([500.0]), torch.tensor([0.0])),
            (torch.tensor([-500.0]), torch.tensor([1.0])),
            (draw(2, 3), (draw(2, 3, seed=1) > 0).float()),
        ],
        rule=without(
            "softplus",
            "binary_cross_entropy_with_logits",
            "BCEWithLogitsLoss",
        ),
    ),
}
