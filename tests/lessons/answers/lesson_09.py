"""Lesson 09, the training loop: for each exercise, other right answers, and plausible wrong ones."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import torch

_PATH = Path(__file__).parents[3] / "lessons" / "solutions" / "09_training_loop.py"
_SPEC = importlib.util.spec_from_file_location("solutions_09", _PATH)
_SOLUTIONS = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_SOLUTIONS)
Counter, played = _SOLUTIONS.Counter, _SOLUTIONS.played
played(Counter)(2, 2, 1)  # a first fit imports much of torch: not in the ten seconds of a check


class ByEpoch:
    """Adds up the batches and samples at the end of each epoch."""

    def before_fit(self, learn):
        self.batches = self.samples = 0

    def after_epoch(self, learn):
        self.batches += len(learn.data.train)
        self.samples += learn.data.train.samples


class NeverReset:
    batches = samples = 0

    def after_batch(self, learn):
        self.batches += 1
        self.samples += learn.samples


class ResetEachEpoch:
    def before_epoch(self, learn):
        self.batches = self.samples = 0

    def after_batch(self, learn):
        self.batches += 1
        self.samples += learn.samples


class FullBatches:
    """Takes every batch for a whole one."""

    def before_fit(self, learn):
        self.batches = self.samples = 0

    def after_batch(self, learn):
        self.batches += 1
        self.samples += learn.data.train.batch_size


class ByList:
    """Keeps the samples of each batch, and counts at the end of the fit."""

    def before_fit(self, learn):
        self.seen = []

    def after_batch(self, learn):
        self.seen += [learn.samples]

    def after_fit(self, learn):
        self.batches, self.samples = len(self.seen), sum(self.seen)


class ByOutputs:
    """Counts what the model gave, and takes the number of batches from the learner."""

    def before_fit(self, learn):
        self.samples = 0

    def after_forward(self, learn):
        self.samples += len(learn.outputs)

    def after_fit(self, learn):
        self.batches = learn.step


class OnlyPlanned:
    """Multiplies the batches by the batch size."""

    def before_fit(self, learn):
        self.batches = learn.steps
        self.samples = learn.steps * learn.data.train.batch_size


class AtBoth:
    """Counts every batch twice: when it begins and when it ends."""

    def before_fit(self, learn):
        self.batches = self.samples = 0

    def before_batch(self, learn):
        self.batches += 1
        self.samples += learn.samples

    after_batch = before_batch


def _cycle(fraction):
    """One-cycle's factor."""
    if fraction < 0.25:
        return 1 / 25 + (1 - 1 / 25) * math.sin(math.pi / 2 * fraction / 0.25) ** 2
    return 1 + (1e-5 - 1) * math.sin(math.pi / 2 * (fraction - 0.25) / 0.75) ** 2


def _by_halving(factor):
    found = []
    for low, high in ((0.0, 0.25), (1.0, 0.25)):  # from where it is low to where it is high
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if _cycle(middle) < factor else (low, middle)
        found.append(low)
    return found


def _by_a_grid(factor):
    fractions = np.linspace(0, 1, 200_001)
    factors = np.where(
        fractions < 0.25,
        1 + (1 / 25 - 1) * (1 + np.cos(np.pi * fractions / 0.25)) / 2,
        1e-5 + (1 - 1e-5) * (1 + np.cos(np.pi * (fractions - 0.25) / 0.75)) / 2,
    )
    above = fractions[factors >= factor]
    return np.array([above[0], above[-1]])


def _by_torch(factor):
    start, end = torch.tensor([[1 / 25, 1.0], [1.0, 1e-5]], dtype=torch.float64).T
    passed = torch.acos(1 - 2 * (factor - start) / (end - start)) / torch.pi
    return passed * torch.tensor([0.25, 0.75]) + torch.tensor([0, 0.25])


def _by_sine(factor):
    rise = 2 / math.pi * math.asin(((factor - 0.04) / 0.96) ** 0.5)
    fall = 2 / math.pi * math.asin(((1 - factor) / (1 - 1e-5)) ** 0.5)
    return rise / 4, 0.25 + 0.75 * fall


def _by_trying(curvatures):
    """Ternary search for the learning rate of the least worst factor."""
    low, high = 0.0, 2 / curvatures.max().item()
    for _ in range(100):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        worst = [max(abs(1 - lr * c) for c in curvatures.tolist()) for lr in (a, b)]
        low, high = (low, b) if worst[0] < worst[1] else (a, high)
    return (low + high) / 2


def _by_pairs(curvatures):
    """Of all learning rates at which two directions are equally fast, the best."""
    c = curvatures.double()
    lrs = (2 / (c[:, None] + c)).flatten()
    return lrs[(1 - lrs[:, None] * c).abs().amax(1).argmin()]


def _doubling(gradients):
    scale = 2.0**-30
    while (2 * scale * gradients).abs().max() <= 65504:
        scale *= 2
    return scale


def _by_frexp(gradients):
    exponent = math.frexp(65504 / max(abs(g) for g in gradients.tolist()))[1]
    return 2 ** (exponent - 1)


ANSWERS = {
    "09.counter": (
        [played(Counter), played(ByEpoch), played(ByList), played(ByOutputs)],
        [played(NeverReset), played(ResetEachEpoch), played(FullBatches), played(OnlyPlanned), played(AtBoth)],
    ),
    "09.when_reached": (
        [_by_halving, _by_a_grid, _by_torch, _by_sine],
        [
            lambda f: ((f - 1 / 25) / (1 - 1 / 25) / 4, 1 - 0.75 * f),  # straight lines
            lambda f: (_by_sine(f)[0], _by_sine(f)[1] - 0.25),
            lambda f: _by_sine(f)[::-1],
            lambda f: (0.25 - _by_sine(f)[0], 1.25 - _by_sine(f)[1]),  # the waves turned round
            lambda f: (math.acos(1 - 2 * f) / math.pi / 4, _by_sine(f)[1]),  # from 0
            lambda f: tuple(math.degrees(math.pi * part) for part in _by_sine(f)),
            lambda f: _by_sine(f)[0],
        ],
    ),
    "09.fastest_lr": (
        [
            *(_by_trying, _by_pairs),
            lambda c: 1 / np.mean([c.numpy().min(), c.numpy().max()]),
            lambda c: 2 / (sorted(c.tolist())[0] + sorted(c.tolist())[-1]),
        ],
        [
            lambda c: 1 / c.max(),
            lambda c: 2 / c.max(),
            lambda c: 1 / c.mean(),
            lambda c: 2 / c.sum(),
            lambda c: 1 / c.min(),
            lambda c: 2 / (c[0] + c[-1]),
            lambda c: 1 / (c.min() * c.max()).sqrt(),
            lambda c: 1 / c.median(),
        ],
    ),
    "09.largest_scale": (
        [
            *(_doubling, _by_frexp),
            lambda g: 2 ** torch.floor(torch.log2(65504 / g.abs().max())),
            lambda g: next(2.0**k for k in range(60, -60, -1) if (g * 2.0**k).half().isfinite().all()),
        ],
        [
            lambda g: 2 ** math.floor(math.log2(65504 / g.max())) if g.max() > 0 else 65536.0,
            lambda g: 65504 / g.abs().max(),
            lambda g: 2 ** math.ceil(math.log2(65504 / g.abs().max())),
            lambda g: 2 ** round(math.log2(65504 / g.abs().max())),
            lambda g: max(1.0, _by_frexp(g)),
            lambda g: min(65536.0, _by_frexp(g)),
            lambda g: _by_frexp(g[g != 0].abs().min()[None]),
            lambda g: 10.0 ** math.floor(math.log10(65504 / g.abs().max())),
            lambda g: 2 ** math.floor(math.log2(65504 / g.abs().sum())),
        ],
    ),
    "09.break_ends_after": (
        [
            (torch.tensor([1.0, 3.0, 2.0, 4.0]), 2),
            ([1.0, 3.0, 2.0, 4.0], 2),
            (torch.tensor([0.9, 0.5, 0.8, 0.7, 0.6, 0.55]), 3),
            (torch.tensor([1, 5, 4, 3, 2]), 2),
            (torch.tensor([2.0, 1.0, 3.0, 2.5, 2.75, 2.6, 0.5]), 3),
        ],
        [
            (torch.tensor([1.0, 3.0, 2.0, 4.0]), 1),
            (torch.tensor([3.0, 2.0, 1.0]), 2),
            (torch.tensor([1.0, 3.0, 2.0]), 2),
            (torch.tensor([1.0, 1.0, 1.0, 1.0]), 2),
            (torch.tensor([1.0, 3.0, 2.0, 4.0]), 0),
            (torch.tensor([[1.0, 3.0, 2.0, 4.0]]), 2),
        ],
    ),
}

EQUIVALENT = {
    "09.largest_scale": {
        "50 -> 51": "a search that begins one power of two higher ends at the same one",
        "50 -> 49": "2**49 is still above any scale: the domain's gradients reach 1e-9, or more",
    },
}
