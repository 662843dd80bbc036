"""Solutions to lesson 09, with the cases that an answer is tried on."""

import math

import torch
from torch import nn

import coursekit as ck
from coursekit.classroom.exercises import Exercise, draw

DISCUSSION = """
On the 1,437 samples `few`, medians of the seeds 0 to 7: the suggestion, and the training
loss after three epochs of one-cycle up to a multiple of it.

| batch | steps in 3 epochs | suggestion | × 0.3 | × 1 | × 3 | × 10 |
|---|---|---|---|---|---|---|
| 4 | 1,080 | 0.028 | 0.076 | **0.043** | 0.136 | 2.305 |
| 16 | 270 | 0.025 | 0.161 | 0.069 | **0.057** | 0.415 |
| 64 | 69 | 0.017 | 0.795 | 0.200 | **0.101** | 0.111 |
| 256 | 18 | 0.014 | 2.024 | 1.175 | **0.312** | 0.519 |
| 1,024 | 6 | 0.013 | 2.222 | 2.043 | **1.428** | 1.486 |

```python
for size in (4, 16, 64, 256, 1024):
    for multiple in (0.3, 1, 3, 10):
        batched = ck.Loaders(few, batch_size=size)
        learn = ck.Learner(batched, network(1), progress=False)
        suggestion = learn.lr_find().suggestion
        learn.fit_one_cycle(3, multiple * suggestion)
        last = learn.validate(ck.TensorLoader(few, 2048))["loss"]
        print(f"{size} {suggestion:.3f} {multiple} {last:.3f}")
```

The suggestion gets *lower* as the batches grow. The best multiple goes the other way: 1
with batches of 4, 3 with large ones. (One seed can mislead. With 1,024 the losses at × 10
lie between 0.95 and 1.78, so 3 and 10 are equal there; with 4, one of eight seeds ended at
0.41 at × 1, the others at 0.04 to 0.05.) The finder takes a hundred steps, whatever the
batch; an AdamW step is about as long as the learning rate, whether its gradient comes from
4 samples or from 1,024. So it finds the learning rate at which a hundred steps get
somewhere. How many steps your training will have, it cannot know. With six of them each
must be longer; with a thousand, shorter and less noisy ones end lower.

So take the suggestion as the right order of magnitude, and try 3 times as much when the fit
is short. Larger batches ended higher here, for want of steps: compare at equal steps before
you blame the batch size.

Try next: `torch.optim.SGD`, whose steps do depend on the gradient's size.
"""


class Counter:
    def before_fit(self, learn):
        self.batches = self.samples = 0

    def after_batch(self, learn):
        self.batches += 1
        self.samples += learn.samples


def played(make):
    """What a callback of this class counts in the second of two fits."""

    def play(samples, batch_size, epochs):
        counter, part = make(), (torch.zeros(samples, 2), torch.zeros(samples).long())
        loaders = ck.Loaders(part, batch_size=batch_size, device="cpu")
        with torch.random.fork_rng([]):  # the random numbers that follow stay the same
            options = {"callbacks": [counter], "progress": False}
            learn = ck.Learner(loaders, nn.Linear(2, 3), **options)
            learn.fit(1)
            learn.fit(epochs)
        return counter.batches, counter.samples

    handlers = [name for name in dir(make) if name.startswith(("before_", "after_"))]
    return play if handlers else None


def counted(samples, batch_size, epochs):
    """What `played(Counter)` gives, by arithmetic."""
    if samples % batch_size == 1:
        raise ValueError("a last batch of one sample is joined to another")
    return epochs * math.ceil(samples / batch_size), epochs * samples


def when_reached(factor):
    if not 1 / 25 < factor < 1:
        raise ValueError("a factor that one-cycle passes twice")

    def passed(start, end):
        return math.acos(2 * (factor - end) / (start - end) - 1) / math.pi

    return 0.25 * passed(1 / 25, 1.0), 0.25 + 0.75 * passed(1.0, 1e-5)


def fastest_lr(curvatures):
    if curvatures.dim() != 1 or (curvatures <= 0).any():
        raise ValueError("curvatures of valleys, above 0")
    return 2 / (curvatures.min() + curvatures.max())


def largest_scale(gradients):
    if not 1e-9 < gradients.abs().max() < 1e9:
        raise ValueError("gradients of ordinary size, not all 0")
    scale = 2.0**50
    while (gradients * scale).half().isinf().any():
        scale = scale / 2
    return scale


def right_end(losses, patience):
    losses = torch.as_tensor(losses)
    if losses.dim() != 1 or losses.isnan().any() or patience < 1:
        raise ValueError("a loss for each epoch, and a patience of at least 1")
    for epoch in range(1, len(losses) + 1):
        if epoch - 1 - losses[:epoch].argmin() >= patience:
            return epoch
    return len(losses)


def ends_after(losses, patience):
    """(epochs,): how many epochs are run until `patience` in a row brought no new best."""
    waited = 0
    for epoch in range(1, len(losses)):
        waited = 0 if losses[epoch] < losses[epoch - 1] else waited + 1
        if waited == patience:
            return epoch + 1
    return len(losses)


def _ask_calls(random):
    batch_size, epochs = random.choice([16, 32, 64]), random.randint(2, 4)
    samples = random.randint(2, 9) * batch_size + random.choice([0, 2, 5, 8, 12])
    question = f"A fit has {epochs} epochs of {samples} samples in batches of {batch_size}"
    return f"{question}. How often is `after_batch` called?", epochs * -(
        -samples // batch_size
    )


def _ask_factor(random):
    top, third = random.randint(2, 9) / 10, random.randint(0, 2)
    words, left = [("a third", 0.75), ("a half", 0.5), ("two thirds", 0.25)][third]
    question = f"A learning rate falls from {top} to 0 along half a cosine wave"
    return f"{question}. What is it after {words} of the way?", top * left


def _ask_limit(random):
    curvatures = random.sample(range(2, 13), 3)
    question = (
        f"Three directions have the curvatures {curvatures}. Above which learning rate does"
    )
    return f"{question} gradient descent diverge?", 2 / max(curvatures)


def _ask_least_scale(random):
    power = random.randint(26, 34)
    question = (
        f"A gradient is 2**-{power}; the least number of fp16 is 2**-24. Which is the least"
    )
    return f"{question} power of two that keeps it, as the loss's scale?", 2 ** (power - 24)


def _ask_end(random):
    patience, losses = random.randint(2, 3), random.sample(range(10, 40), 7)
    question = (
        f"Seven epochs would have the held-out losses {losses}; patience is {patience}"
    )
    return f"{question}. After how many epochs does the fit end?", right_end(
        losses, patience
    )


def _losses(*values):
    return torch.tensor(values, dtype=torch.float32)


EXERCISES = {
    "counter": Exercise(
        counted,
        answer=Counter,
        hints=(
            "Which of your handlers comes first in the second fit, and what does it do?",
            "Set both to 0 when a fit begins; after each batch add 1, and its samples.",
            "`def before_fit(self, learn):`, and in it `self.batches = self.samples = 0`",
        ),
        cases=lambda: [(8, 4, 1), (10, 4, 2), (3, 64, 3)],
        difficulty=2,
        minutes=10,
        again=_ask_calls,
    ),
    "break_ends_after": Exercise(
        right_end,
        breaks=ends_after,
        answer=(torch.tensor([1.0, 3.0, 2.0, 4.0]), 2),
        hints=(
            "After each of your epochs: which loss is the best yet, and what is `waited`?",
            "A loss that is better than the last one need not be a new best.",
            "`first_losses = [1.0, 3.0, 2.0]  # go on from here, with a patience of 2`",
        ),
        cases=lambda: [
            (_losses(3, 2, 1), 1),
            (_losses(1, 3, 2, 4), 1),
            (_losses(1, 3, 2), 2),
            (_losses(1, 2, 3, 4), 2),
            (_losses(3, 1, 2, 1.5), 5),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_end,
    ),
    "when_reached": Exercise(
        when_reached,
        hints=(
            "Put your two fractions into `one_cycle`. What does it give for each?",
            "Solve cosine(start, end, fraction) = factor for the fraction, by arc cosine.",
            "`rising = math.acos(2 * (factor - 1.0) / (1 / 25 - 1.0) - 1) / math.pi`",
        ),
        cases=lambda: [(0.52,), (0.1,), (0.3,), (0.9,), (0.05,)],
        tolerance=1e-4,
        difficulty=3,
        minutes=15,
        again=_ask_factor,
    ),
    "fastest_lr": Exercise(
        fastest_lr,
        hints=(
            "With your lr, what is |1 − lr·c| for the flattest? And for the sharpest?",
            "The flattest gets faster with lr, the sharpest slower. Where do they meet?",
            "`flat, sharp = curvatures.min(), curvatures.max()`",
        ),
        cases=lambda: [
            (torch.tensor([2.0]),),
            (torch.tensor([1.0, 3.0]),),
            (torch.tensor([4.0, 1.0]),),
            (torch.tensor([1.0, 2.0, 9.0]),),
            (torch.tensor([0.01, 1.0, 1.0, 1.0]),),
            (draw(5).abs(),),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_limit,
    ),
    "largest_scale": Exercise(
        largest_scale,
        hints=(
            "What are the gradients times your scale, in `.half()`? And times twice that?",
            "Only the gradient that is largest, up or down, decides; fp16 ends at 65504.",
            "`room = 65504 / gradients.abs().max()  # now the power of two below it`",
        ),
        cases=lambda: [
            (torch.tensor([1.0]),),
            (torch.tensor([-5.0, 2.0]),),
            (torch.tensor([0.5, 0.0, -2e-5]),),
            (torch.tensor([1e5, -2e4]),),
            (torch.tensor([0.0, 1e-6]),),
            (torch.tensor([65504.0]),),
            (1e-4 * draw(6),),
        ],
        tolerance=1e-9,
        difficulty=3,
        minutes=15,
        again=_ask_least_scale,
    ),
}
