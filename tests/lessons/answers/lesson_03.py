"""Lesson 03, softmax: for each exercise, other right answers, and plausible wrong ones."""

import torch
from torch.nn import functional as F


def _naive_softmax(logits, temperature):
    exps = (logits / temperature).exp()
    return exps / exps.sum(-1, keepdim=True)


ANSWERS = {
    "03.softmax_at": (
        [lambda z, t: (z / t).log_softmax(-1).exp()],
        [
            _naive_softmax,
            lambda z, t: _naive_softmax(z - z.max(), t),
            lambda z, t: _naive_softmax(z - z.amax(-1, keepdim=True).clamp(min=0), t),
            lambda z, t: _naive_softmax(z - z.mean(-1, keepdim=True), t),
            lambda z, t: _naive_softmax(z - z.amax(-1, keepdim=True) * t, t),
            lambda z, t: F.softmax(z * t, -1),
            lambda z, t: F.softmax(z / t, 0),
        ],
    ),
    "03.log_sum_exp_all": (
        [lambda x: x.max() + (x - x.max()).exp().sum().log()],
        [lambda x: x.exp().sum().log(), lambda x: x.logsumexp(-1), lambda x: x.sum()]
        + [lambda x: (x - x.mean()).exp().sum().log() + x.mean(), lambda x: (x - 1000).exp().sum().log() + 1000],
    ),
    "03.losses": (
        [lambda z, y: z.logsumexp(1) - z[torch.arange(len(y)), y]],
        [
            lambda z, y: F.cross_entropy(z, y),
            lambda z, y: -z.softmax(1)[torch.arange(len(y)), y].log(),
            lambda z, y: z.log_softmax(1)[torch.arange(len(y)), y],
        ],
    ),
    "03.ignorant_loss": ([2.485, 2.4849, torch.tensor(12.0).log()], [2.303, 1 / 12, -2.485, 3.585]),
    "03.choices": ([("softmax", "sigmoid", "softmax", "sigmoid")], [["softmax"] * 4, ["sigmoid"] * 4, "softmax"]),
    "03.binary_losses": (
        [lambda z, t: torch.log1p((-z.abs()).exp()) + z.clamp(min=0) - t * z],
        [
            lambda z, t: -(t * z.sigmoid().log() + (1 - t) * (1 - z.sigmoid()).log()),
            lambda z, t: F.binary_cross_entropy_with_logits(z, t),
            lambda z, t: F.softplus(z),
            lambda z, t: torch.where((z < 0) & (t == 1) & (z > -9), 0.0, F.softplus(z) - t * z),
        ],
    ),
}

BROKEN = {
    "03.log_sum_exp_all": [lambda x: x.flatten().logsumexp(0), lambda x: torch.logsumexp(x.flatten(), 0)],
    "03.losses": [lambda z, y: F.cross_entropy(z, y, reduction="none")],
    "03.binary_losses": [
        lambda z, t: F.binary_cross_entropy_with_logits(z, t, reduction="none"),
        lambda z, t: F.softplus(z) - t * z,
    ],
}
