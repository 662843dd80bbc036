"""Lesson 03, softmax: for each exercise, other right answers, and plausible wrong ones."""

import math
from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as F


def _logits_row_by_row(probabilities, temperature):
    rows = probabilities.double().reshape(-1, probabilities.shape[-1]).tolist()
    logs = [[temperature * math.log(p) for p in row] for row in rows]
    centred = [[z - sum(row) / len(row) for z in row] for row in logs]
    return torch.tensor(centred).reshape(probabilities.shape)


def _logits_by_numpy(probabilities, temperature):
    logs = np.log(probabilities.numpy().astype(float)) * temperature
    return logs - logs.mean(-1, keepdims=True)


def _entropy_by_categorical(logits):
    return torch.distributions.Categorical(logits=logits).entropy()


def _entropy_by_parts(logits):
    return logits.logsumexp(-1) - (logits.softmax(-1) * logits).sum(-1)


def _smoothed_by_targets(logits, labels, smoothing):
    classes = logits.shape[1]
    targets = (1 - smoothing) * F.one_hot(labels, classes) + smoothing / classes
    return -(targets * logits.log_softmax(1)).sum(1)


def _smoothed_by_a_loop(logits, labels, smoothing):
    losses = []
    for row, label in zip(logits.double(), labels.tolist(), strict=True):
        targets = torch.full_like(row, smoothing / len(row))
        targets[label] += 1 - smoothing
        losses.append((targets @ (row.logsumexp(0) - row)).item())
    return losses


def _smoothed_by_einsum(logits, labels, smoothing):
    targets = torch.full_like(logits, smoothing / logits.shape[1])
    targets[torch.arange(len(labels)), labels] += 1 - smoothing
    return -torch.einsum("nc,nc->n", targets, torch.log_softmax(logits, 1))


def _smoothed_by_gather(logits, labels, smoothing):
    costs = logits.logsumexp(1, keepdim=True) - logits
    return torch.lerp(costs.gather(1, labels[:, None])[:, 0], costs.mean(1), smoothing)


def _shared_by_the_others(logits, labels, smoothing):
    classes = logits.shape[1]
    targets = torch.full_like(logits, smoothing / (classes - 1))
    targets[torch.arange(len(labels)), labels] = 1 - smoothing
    return -(targets * logits.log_softmax(1)).sum(1)


def _one_and_some(logits, labels, smoothing):
    targets = torch.full_like(logits, smoothing / logits.shape[1])
    targets[torch.arange(len(labels)), labels] = 1 - smoothing
    return -(targets * logits.log_softmax(1)).sum(1)


def _smoothed_probabilities(logits, labels, smoothing):
    smooth = (1 - smoothing) * logits.softmax(1) + smoothing / logits.shape[1]
    return -smooth[torch.arange(len(labels)), labels].log()


def _smoothed_in_two_steps(logits, labels, smoothing):
    logs = logits.softmax(1).log()
    return -(1 - smoothing) * logs[torch.arange(len(labels)), labels] - smoothing * logs.mean(1)


def _binary_by_where(logits, targets):
    positive = logits + torch.log1p((-logits.clamp(min=0)).exp())
    negative = torch.log1p(logits.clamp(max=0).exp())
    return torch.where(logits > 0, positive, negative) - targets * logits


def _binary_by_a_loop(logits, targets):
    pairs = zip(logits.flatten().tolist(), targets.flatten().tolist(), strict=True)
    losses = [max(z, 0) + math.log1p(math.exp(-abs(z))) - t * z for z, t in pairs]
    return torch.tensor(losses).reshape(logits.shape)


def _halved(top):
    """Search for the temperature by halving; `top` gives the largest probability."""

    def temperature(logits, wanted):
        low, high = 0.0, 1.0
        while top(logits, high) > wanted:
            high *= 2
        while high - low > 1e-6 * high:
            middle = (low + high) / 2
            low, high = (middle, high) if top(logits, middle) > wanted else (low, middle)
        return high

    return temperature


def _by_newton(logits, wanted):
    gaps, cold = (logits - logits.max()).double(), torch.tensor(1e-6, dtype=torch.double)
    for _ in range(200):  # the sum of exp(cold * gap) is to be 1 / wanted
        exps = (cold * gaps).exp()
        cold = cold + (exps.sum() - 1 / wanted) / -(gaps * exps).sum()
    return 1 / cold


def _on_a_fine_grid(logits, wanted):
    grid = torch.logspace(-2, 4, 60_000, dtype=torch.double)
    top = (logits.double() / grid[:, None]).softmax(1).amax(1)
    return grid[(top - wanted).abs().argmin()]


def _on_a_coarse_grid(logits, wanted):
    grid = torch.arange(1, 200) / 10
    top = (logits / grid[:, None]).softmax(1).amax(1)
    return grid[(top - wanted).abs().argmin()]


def _on_a_short_grid(logits, wanted):
    grid = torch.logspace(-1, 1, 60_000, dtype=torch.double)
    top = (logits.double() / grid[:, None]).softmax(1).amax(1)
    return grid[(top - wanted).abs().argmin()]


def _of_the_first_two(logits, wanted):
    first, second = logits.topk(2).values
    return (first - second) / math.log(wanted / (1 - wanted))


def _without_a_shift(logits, wanted):
    return _halved(lambda z, t: ((z / t).exp() / (z / t).exp().sum()).max().item())(logits, wanted)


ANSWERS = {
    "03.choices": (
        [
            ("softmax", "sigmoid", "softmax", "sigmoid"),
            ["Softmax", "Sigmoid", "softmax", "sigmoid"],
            "softmax, sigmoid, softmax, sigmoid",
            np.array(["softmax", "sigmoid", "softmax", "sigmoid"]),
        ],
        [["softmax"] * 4, ["sigmoid"] * 4, "softmax", ["sigmoid", "softmax"] * 2, ["softmax", "sigmoid"] * 3],
    ),
    "03.hesitates": (
        [5, 5.0, torch.tensor(5), math.exp(1.609), np.float32(4.9978), Fraction(5)],
        [1.609, 4, 0.2, 1 / 37, 37 / 5, math.log(5), 2**1.609],
    ),
    "03.break_softmax": (
        [
            torch.tensor([[0.0, 0.0], [1000.0, 1000.0]]),
            (torch.tensor([[1.0, 2.0], [500.0, 4.0]]),),
            torch.tensor([[-300.0], [300.0]]),
            torch.tensor([[0.0, 1.0], [1.0, 0.0], [200.0, 0.0]]),
            torch.tensor([[0.0, -1.0], [100.0, 0.0]]),
        ],
        [
            torch.tensor([[1000.0, 1001.0]]),
            torch.tensor([[-1000.0, -1000.0], [-1000.0, -1001.0]]),
            torch.tensor([[0.0, 1000.0], [1000.0, 0.0]]),
            torch.tensor([[0.0, 0.0], [50.0, 0.0]]),
            torch.tensor([[0.0, float("inf")]]),
            torch.tensor([[float("nan"), 0.0], [1000.0, 0.0]]),
            torch.zeros(0, 3),
        ],
    ),
    "03.logits_of": (
        [
            _logits_row_by_row,
            _logits_by_numpy,
            lambda p, t: t * p.log() - (t * p.log()).mean(-1, keepdim=True),
            lambda p, t: t * (p / p.log().mean(-1, keepdim=True).exp()).log(),
            lambda p, t: t * (p.log2() - p.log2().mean(-1, keepdim=True)) / math.log2(math.e),
        ],
        [
            lambda p, t: p.log() - p.log().mean(-1, keepdim=True),
            lambda p, t: (p.log() - p.log().mean(-1, keepdim=True)) / t,
            lambda p, t: t * p.log(),
            lambda p, t: t * (p.log() - p.log().mean()),
            lambda p, t: t * (p.log() - p.log().mean(0)),
            lambda p, t: t * (p.log() - p.log().amax(-1, keepdim=True)),
            lambda p, t: t * p.logit(),
            lambda p, t: t * ((p + 1e-6).log() - (p + 1e-6).log().mean(-1, keepdim=True)),
        ],
    ),
    "03.break_loss": (
        [
            (torch.tensor([[0.0, 1000.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, 17.0]]), torch.tensor([0])),
            (torch.tensor([[1.0, 2.0], [-50.0, 0.0]]), torch.tensor([1, 0])),
            (torch.tensor([[30.0, 0.0, 30.0]]), torch.tensor([1])),
            (torch.tensor([[0.0, -20.0]]), torch.tensor([1])),
        ],
        [
            (torch.tensor([[0.0, 0.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, 1000.0]]), torch.tensor([1])),
            (torch.tensor([[0.0, 15.0]]), torch.tensor([0])),
            (torch.tensor([[1000.0, 1000.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, float("inf")]]), torch.tensor([0])),
            (torch.tensor([[0.0, 1000.0]]), torch.tensor([0, 1])),
            (torch.tensor([[0.0, 1000.0]]), torch.tensor([2])),
        ],
    ),
    "03.entropy_of": (
        [
            _entropy_by_categorical,
            _entropy_by_parts,
            lambda z: torch.special.entr(z.softmax(-1)).sum(-1),
            lambda z: -torch.einsum("...c,...c->...", z.softmax(-1), z.log_softmax(-1)),
            lambda z: -(z.softmax(-1) * z.softmax(-1).clamp(min=1e-30).log()).sum(-1),
            lambda z: F.cross_entropy(
                z.reshape(-1, z.shape[-1]), z.reshape(-1, z.shape[-1]).softmax(-1), reduction="none"
            ).reshape(z.shape[:-1]),
            lambda z: (-z.double().log_softmax(-1).exp() * z.double().log_softmax(-1)).sum(-1).tolist(),
        ],
        [
            lambda z: -(z.softmax(-1) * z.softmax(-1).log()).sum(-1),
            lambda z: -(z.softmax(-1) * z.log_softmax(-1)).mean(-1),
            lambda z: -(z.softmax(-1) * z.log_softmax(-1)).sum(),
            lambda z: -(z.softmax(-1) * z.log_softmax(-1)).sum(-1) / math.log(2),
            lambda z: -(z.softmax(0) * z.log_softmax(0)).sum(0),
            lambda z: (z.softmax(-1) * z.log_softmax(-1)).sum(-1),
            lambda z: -z.log_softmax(-1).sum(-1),
            lambda z: -(z.softmax(-1) * z).sum(-1),
        ],
    ),
    "03.smoothed_losses": (
        [_smoothed_by_targets, _smoothed_by_a_loop, _smoothed_by_einsum, _smoothed_by_gather],
        [
            _shared_by_the_others,
            _one_and_some,
            _smoothed_probabilities,
            _smoothed_in_two_steps,
            lambda z, y, s: -z.log_softmax(1)[torch.arange(len(y)), y],
            lambda z, y, s: _smoothed_by_targets(z, y, s).mean(),
            lambda z, y, s: (1 - s) * -z.log_softmax(1)[torch.arange(len(y)), y],
            lambda z, y, s: _smoothed_by_targets(z, y, s) + s * z.log_softmax(1).mean(1) - s * z.log_softmax(1).sum(1),
        ],
    ),
    "03.binary_losses": (
        [
            lambda z, t: torch.log1p((-z.abs()).exp()) + z.clamp(min=0) - t * z,
            lambda z, t: torch.logaddexp(torch.zeros_like(z), z) - t * z,
            lambda z, t: -(t * F.logsigmoid(z) + (1 - t) * F.logsigmoid(-z)),
            _binary_by_where,
            _binary_by_a_loop,
        ],
        [
            lambda z, t: -(t * z.sigmoid().log() + (1 - t) * (1 - z.sigmoid()).log()),
            lambda z, t: F.binary_cross_entropy_with_logits(z, t),
            lambda z, t: F.softplus(z),
            lambda z, t: torch.where((z < 0) & (t == 1) & (z > -9), 0.0, F.softplus(z) - t * z),
            lambda z, t: z.exp().log1p() - t * z,
            lambda z, t: F.binary_cross_entropy(z.sigmoid(), t, reduction="none"),
        ],
    ),
    "03.temperature_for": (
        [
            _halved(lambda z, t: (z.double() / t).softmax(0).max().item()),
            _halved(lambda z, t: 1 / ((z - z.max()) / t).exp().sum().item()),
            _by_newton,
            _on_a_fine_grid,
        ],
        [
            _on_a_coarse_grid,
            _on_a_short_grid,
            _of_the_first_two,
            _without_a_shift,
            lambda z, w: 1 / _by_newton(z, w),
            lambda z, w: _by_newton(z, 1 - w) if w > 1 / 2 else 1.0,
            lambda z, w: z.softmax(0).max() / w,
            lambda z, w: (z.max() - z.min()) / math.log(w / (1 - w)) if w != 0.5 else 1.0,
        ],
    ),
}

BROKEN = {
    "03.smoothed_losses": [
        lambda z, y, s: F.cross_entropy(z, y, reduction="none", label_smoothing=s),
        lambda z, y, s: torch.nn.CrossEntropyLoss(reduction="none", label_smoothing=s)(z, y),
        lambda z, y, s: (1 - s) * F.nll_loss(z.log_softmax(1), y, reduction="none") - s * z.log_softmax(1).mean(1),
    ],
    "03.binary_losses": [
        lambda z, t: F.binary_cross_entropy_with_logits(z, t, reduction="none"),
        lambda z, t: F.softplus(z) - t * z,
    ],
}

EQUIVALENT = {
    "03.temperature_for": {
        "(logits - logits.max()).tolist() -> logits - logits.max()": "the same numbers, as tensors: only slower",
        "1000000.0 -> 1000001.0": "the interval that is halved 40 times begins elsewhere",
        "1000000.0 -> 999999.0": "the interval that is halved 40 times begins elsewhere",
        "40 -> 41": "20 halvings are enough for the three digits that are asked for",
        "40 -> 39": "20 halvings are enough for the three digits that are asked for",
        "1 / sum((math.exp(gap / middle) for gap in gaps)) > wanted -> "
        "1 / sum((math.exp(gap / middle) for gap in gaps)) >= wanted": "where they are equal, either half holds it",
    },
}
