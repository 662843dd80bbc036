"""Solutions to lesson 19, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw

DISCUSSION = """
**How seldom may they talk?** Two models in one kernel, 1,280 digits, 200 steps of plain SGD
with 32 samples in each process and lr 0.1; after every k steps both take the mean of their
weights. Loss of that mean over all 1,280 digits and accuracy on the held-out ones, means of
three seeds:

| k | mixed: loss | accuracy | by digit: loss | accuracy |
|---|---|---|---|---|
| 1 | 0.471 | 0.896 | 0.470 | 0.896 |
| 5 | 0.473 | 0.896 | 0.501 | 0.898 |
| 20 | 0.474 | 0.895 | 0.601 | 0.894 |
| 50 | 0.474 | 0.895 | 0.696 | 0.886 |
| 200 | 0.484 | 0.892 | 1.232 | 0.783 |
| never | 0.486 | 0.893 | 3.778 | 0.490 |

```python
images, labels = (t[:1280] for t in train)
halves = [(labels < 5).nonzero()[:, 0], (labels >= 5).nonzero()[:, 0]]  # by digit
models = [network(), network()]
for step in range(1, 201):
    for model, half in zip(models, halves):
        own = half[torch.randint(len(half), (32,))]
        loss = F.cross_entropy(model(images[own]), labels[own])
        grads = torch.autograd.grad(loss, model.parameters())
        for parameter, grad in zip(model.parameters(), grads):
            parameter.data -= 0.1 * grad
    if step % k == 0:
        for a, b in zip(*(model.parameters() for model in models)):
            a.data = (a.data + b.data) / 2
            b.data = a.data.clone()
```

k = 1 is this lesson's training: with plain SGD, the mean of the weights after a step is the
step by the mean gradient. With mixed halves one message in 200 steps costs almost nothing.
But look at the last row: there each half is enough by itself, so this problem cannot show
what talking is worth. With half of the *digits* each, it shows: a process alone reads none
of the others, and one single mean at the end brings 49 % to 78 %. With k = 20 a twentieth
of the messages gives the accuracy of all, though not the loss.

This is *local SGD*; with data that may not leave their owners, *federated averaging* (B.
McMahan and others, 2017). Try Adam next.
"""


def undivided(world_size, speedup):
    if not 1 <= speedup <= world_size or world_size < 2:
        raise ValueError("several processes, and a speedup from 1 to their number")
    return (world_size / speedup - 1) / (world_size - 1)


def part_of(samples, rank, world_size):
    each, larger = divmod(samples, world_size)
    start = rank * each + min(rank, larger)
    return start, start + each + (rank < larger)


def whole_rmse(errors, counts):
    if len(errors) != len(counts) or not counts.sum():
        raise ValueError("a number of samples for each process, and a sample at least")
    return ((errors.square() * counts).sum() / counts.sum()).sqrt()


def synced(means, variances, counts):
    if means.shape != variances.shape or len(means) != len(counts) or not counts.sum():
        raise ValueError("a mean and a variance for each count, and a sample at least")
    fractions = (counts / counts.sum())[:, None]
    mean = (fractions * means).sum(0)
    return mean, (fractions * (variances + (means - mean).square())).sum(0)


def clipped_last(gradients, norm):
    if gradients.dim() != 2 or not norm > 0:
        raise ValueError("a gradient in each row, and a limit above 0")
    mean = gradients.mean(dim=0)
    return mean * (norm / mean.norm()).clamp(max=1)


def clipped_first(gradients, norm):
    """(N, n), gradients of N equal parts: their mean, shortened to `norm` if longer."""
    lengths = gradients.norm(dim=1, keepdim=True)
    return (gradients * (norm / lengths).clamp(max=1)).mean(dim=0)


def _ask_sent(random):
    n, size = random.choice([2, 4, 5, 8, 10]), random.choice([40, 80, 200, 400])
    question = f"{n} processes add up vectors of {size} million bytes around a ring"
    return f"{question}. How many million bytes does each of them send?", 2 * (
        n - 1
    ) * size / n


def _ask_speedup(random):
    n, fraction = random.choice([2, 3, 4, 9, 19]), random.choice([0.1, 0.2, 0.25, 0.5])
    question = (
        f"A fraction of {fraction} of the work cannot be divided. What is the speedup"
    )
    return f"{question} with {n} processes, if sending is free?", n / (
        1 + fraction * (n - 1)
    )


def _ask_larger(random):
    world_size, each = random.randint(3, 9), random.randint(4, 12)
    larger = random.randint(1, world_size - 1)
    question = f"{each * world_size + larger} samples go to {world_size} processes"
    return (
        f"{question}, in parts that differ by one at most. How many get one more?",
        larger,
    )


def _ask_squared(random):
    (a, b), (n, m) = random.sample(range(1, 10), 2), random.sample([10, 20, 30, 50], 2)
    question = (
        f"One process has a root mean squared error of {a} over {n} samples, another {b}"
    )
    value = (n * a**2 + m * b**2) / (n + m)
    return f"{question} over {m}. What is the mean squared error of all?", value


def _ask_spread(random):
    mean, apart, variance = (random.randint(low, 7) for low in (0, 1, 0))
    question = (
        f"Two equal parts have the means {mean} and {mean + 2 * apart}, and the variance"
    )
    return f"{question} {variance} each. What is the variance of all?", variance + apart**2


def _ask_factor(random):
    size, limit = random.randint(1, 5), random.choice([1, 2, 4])
    question = (
        f"Two equal parts have the gradients [{6 * size}, 0] and [0, {8 * size}]; the limit"
    )
    return (
        f"{question} is {limit}. By which factor is their mean multiplied, to clip it?",
        limit / (5 * size),
    )


def _rows(*rows):
    return torch.tensor(rows, dtype=torch.float32)


EXERCISES = {
    "ring_length": Exercise(
        16,
        hints=(
            "How much does each send in a ring of two? Of three? Where does it end?",
            "Each sends 2 (N − 1) / N of its vector, here 1.875 of it. Solve for N.",
            "`sent = 187.5 / 100  # which is 2 * (N - 1) / N`",
        ),
        tolerance=1e-6,
        difficulty=1,
        minutes=5,
        again=_ask_sent,
    ),
    "undivided": Exercise(
        undivided,
        hints=(
            "Put your fraction into T(N) = s + (1 − s) / N. Is 1 / T(N) the speedup?",
            "The speedup is 1 / (s + (1 − s) / N). Solve for s.",
            "`seconds = 1 / speedup  # is s + (1 - s) / world_size`",
        ),
        cases=lambda: [(2, 2.0), (2, 1.0), (16, 4.0), (4, 1.6), (8, 5.0)],
        difficulty=2,
        minutes=10,
        again=_ask_speedup,
    ),
    "part_of": Exercise(
        part_of,
        hints=(
            "How many samples do your parts hold together? Do they follow each other?",
            "Each gets samples // world_size, the first samples % world_size one more.",
            "`each, larger = divmod(samples, world_size)`",
        ),
        cases=lambda: [
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
        difficulty=3,
        minutes=15,
        again=_ask_larger,
    ),
    "whole_rmse": Exercise(
        whole_rmse,
        hints=(
            "What did each process divide by, and when did it take the root?",
            "Square for the means, times samples for the sums; the root comes last.",
            "`sums = errors.square() * counts`",
        ),
        cases=lambda: [
            (torch.tensor([1.0, 7.0]), torch.tensor([1, 1])),
            (torch.tensor([1.0, 2.0]), torch.tensor([3, 1])),
            (draw(4).abs(), torch.tensor([5, 2, 0, 9])),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_squared,
    ),
    "synced": Exercise(
        synced,
        hints=(
            "One sample each, 1 and 3: both variances are 0. And the variance of all?",
            "Each adds its variance and its mean's squared distance from the whole mean.",
            "`fractions = (counts / counts.sum())[:, None]`",
        ),
        cases=lambda: [
            (_rows([1], [3]), _rows([0], [0]), torch.tensor([1, 1])),
            (_rows([2], [2]), _rows([1], [3]), torch.tensor([1, 3])),
            (_rows([1], [5]), _rows([2], [1]), torch.tensor([3, 1])),
            (draw(3, 2), draw(3, 2, seed=1).square(), torch.tensor([5, 0, 2])),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_spread,
    ),
    "break_clipped": Exercise(
        clipped_last,
        breaks=clipped_first,
        answer=(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), 1.0),
        hints=(
            "Which lengths does it compare with `norm`? Which does its docstring name?",
            "It clips each part; the length that counts is that of their mean.",
            "`two_parts = torch.tensor([[3.0, 4.0], [0.0, 0.0]])`",
        ),
        cases=lambda: [
            (_rows([0.3, 0.4], [0, 0.1]), 1.0),
            (_rows([3, 4]), 1.0),
            (_rows([3, 4], [3, 4]), 1.0),
            (_rows([3, 4], [6, 8]), 1.0),
            (_rows([2], [-2]), 1.0),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_factor,
    ),
}
