"""Solutions to lesson 20, with the cases that an answer is tried on."""

import math
from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, draw, load_module

without = load_module(Path(__file__).with_name("rules.py")).without

DISCUSSION = """
**What does one batch show?** Without dropout, 100 steps on the first 16 training images,
the last loss (mean of the last ten steps), three seeds:

| loss | faults |
|---|---|
| below 0.01 | healthy, `eval`, `leak`, `shuffled`, `integers`, `scale` |
| 1.54 to 1.58, and falling towards 1.46 | `softmax` |
| 0.7 to 3.7 | `zero_grad` |
| 2.0 to 2.4 | `shapes`, `dead`, `axis`, `lr`, `frozen` |

```python
for name in FAULTS:
    torch.manual_seed(0)
    (pixels, digits), _ = [prepare(*part, [name]) for part in load([name])]
    if name == "shuffled":
        digits = digits[torch.randperm(len(digits))]
    model = build([name])
    model[3].p = 0.0  # no dropout
    rows = train_lab(model, pixels[:16], digits[:16], [name], steps=100)
    print(name, rows[-10:, 0].mean())
```

The line is sharp. What reaches 0 has its fault in the *data* or in the *measuring*; what
does not has it in the *loss*, the *network* or the *optimiser*. One minute on one batch
says in which half of the script to look. `axis` has a floor of its own.
Along the batch the probabilities of one digit add up to 1. About 8 of the 64 images in a
batch show that digit, so that each can have 1/8 at best, a loss of log(8) = 2.08.

The check has a blind side that is easy to overlook. `scale` is the fastest of all on one
batch. It hurts in a deeper network, or with a learning rate that was found for other
inputs. And `dead` ends near 2.08, the loss of the frequencies in this batch, and not at
log(10): it holds 16 digits of 8 classes. Know the first loss of *your* batch.

A thirteenth fault that passes all checks: validation images that went through another
preparation than those in use (another program that scales them, another order of the
colours); labels of which one in twenty is wrong; an augmentation that turns a 6 into a 9.
None of them shows in a loss. Each shows when you look at single samples: at those with the
highest loss (lesson 01), and at a few from the place where the network will be used.
"""


def first_loss(targets):
    if targets.dim() != 1 or not len(targets) or targets.is_floating_point():
        raise ValueError("class numbers in one row, one at least")
    counts = targets.unique(return_counts=True)[1]
    return (counts * (len(targets) / counts).log()).sum() / len(targets)


def how_many_classes(floor):
    if not 0.3 < floor < 20:
        raise ValueError("a task has two classes or more")
    return round(math.exp(floor + 1) - math.e) + 1


def kaiming_right(weight):
    if weight.dim() < 2 or not weight.numel():
        raise ValueError("outputs, inputs, and the axes of a kernel")
    return (2 / weight[0].numel()) ** 0.5


def kaiming_std(weight):
    """A layer's weights, outputs first: the standard deviation that Kaiming gives them."""
    return (2 / weight.shape[1]) ** 0.5


def group_norm(x, groups):
    if x.dim() != 2 or groups < 1 or x.shape[1] % groups or not x.numel():
        raise ValueError("features in equal groups")
    parts = x.reshape(len(x), groups, -1)
    centred = parts - parts.mean(dim=2, keepdim=True)
    variance = centred.square().mean(dim=2, keepdim=True)
    return (centred / (variance + 1e-5).sqrt()).reshape(x.shape)


def _ask_axis(random):
    batch, classes = random.choice([16, 32, 128, 256]), random.choice([5, 10, 37])
    question = f"{classes} classes, batches of {batch}, and a log-softmax along the batch"
    return f"{question}. What is the loss before the first step?", math.log(batch)


def _ask_ratio(random):
    n, power = random.choice([3, 12, 27, 48, 75, 300]), random.choice([2, 3, 4])
    question = (
        f"The weights of an nn.Linear of {n} inputs have a standard deviation of "
        f"1/sqrt(3 * {n}). Each is moved by 1e-{power}"
    )
    return f"{question}. What is the update-to-weight ratio?", 10**-power * (3 * n) ** 0.5


def _ask_frequencies(random):
    many = random.choice([2, 4, 8, 16])
    question = (
        f"{many} classes are equally frequent, and none of {random.randint(2, 9)} others "
        "ever occurs. The network starts with the frequencies"
    )
    return f"{question}. What is its loss?", math.log(many)


def _ask_floor(random):
    classes = random.choice([2, 3, 5, 20, 37, 100])
    question = f"Softmax twice, {classes} classes: below which loss does it not go?"
    return question, math.log(math.e + classes - 1) - 1


def _ask_gain(random):
    layers, factor = random.choice([2, 3, 4]), random.choice([2, 3, 5])
    question = (
        f"Through {layers} linear layers without biases the standard deviation grows from "
        f"1 to {factor**layers}. The weights' standard deviation is gain/√n"
    )
    return f"{question}. What is the gain?", float(factor)


def _ask_means(random):
    n, groups, each = random.randint(2, 9), random.randint(2, 5), random.randint(2, 6)
    question = f"Group norm: {n} samples, {groups * each} features in {groups} groups"
    return f"{question}. How many means does it take in all?", n * groups


PLANTED = [
    *("integers", "frozen", "zero_grad", "shuffled", "softmax", "dead"),
    *("scale", "lr", "axis", "shapes", "eval", "leak"),
]

EXERCISES = {
    "twelve_runs": Exercise(
        PLANTED,
        answer=dict(zip("ABCDEFGHIJKL", PLANTED, strict=True)),
        hints=(
            "In which column does a run that is left differ most from a healthy one?",
            "Go by the columns, from left to right: inputs, zeros, first loss, then "
            "gradient and update together. Two runs train like a healthy one. Their fault "
            "is in the measuring: see the last column, and the gap of the accuracies.",
            '`"F": "dead"`, since all is zero behind its ReLU',
        ),
        difficulty=3,
        minutes=25,
        again=_ask_axis,
    ),
    "two_at_once": Exercise(
        ["eval", "softmax", "axis", "lr"],
        hints=(
            "Which columns of M and of N are not those of a healthy run?",
            "One of each pair is in the loss. Then look for what is left to explain: "
            "another answer the second time, and steps that are too short.",
            "`four_names = ['eval', ...]`: M answers otherwise when it is asked twice",
        ),
        difficulty=3,
        minutes=10,
        again=_ask_ratio,
    ),
    "first_loss": Exercise(
        first_loss,
        hints=(
            "What does your function give if all labels are the same? And if two differ?",
            "Each label of a class with the frequency p costs −log p. Take the mean over "
            "all labels. Classes that never occur cost nothing.",
            "`counts = targets.unique(return_counts=True)[1]`",
        ),
        cases=lambda: [
            (torch.tensor([3]),),
            (torch.tensor([0, 1]),),
            (torch.tensor([2, 2, 2, 0]),),
            (torch.tensor([5, 1, 5, 1, 5, 7]),),
            (torch.arange(10),),
            ((draw(40) * 3).round().long().abs(),),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_frequencies,
    ),
    "how_many_classes": Exercise(
        how_many_classes,
        hints=(
            "What do you get for a floor of 1.461, and how many classes has that task?",
            "The floor is log(e + C − 1) − 1. Solve that for C.",
            "`total = math.exp(floor + 1)  # this is e + C - 1`",
        ),
        cases=lambda: [
            (math.log(math.e + 9) - 1,),
            (math.log(math.e + 1) - 1,),
            (math.log(math.e + 2) - 1,),
            (1.4612,),
            (3.6254,),
            (math.log(math.e + 999) - 1,),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_floor,
    ),
    "break_kaiming": Exercise(
        kaiming_right,
        breaks=kaiming_std,
        answer=(torch.tensor([[[0.0, 0.0]]]),),
        hints=(
            "How many products does one sum of a convolution have?",
            "One for each channel and each position of the filter. `shape[1]` counts only "
            "the channels.",
            "`wrong_for = torch.zeros(1, 1, 1, ...)`, with two positions in the filter",
        ),
        cases=lambda: [
            (torch.zeros(3, 4),),
            (torch.zeros(4, 3),),
            (torch.zeros(2, 2),),
            (torch.zeros(1, 1, 1, 1),),
            (torch.zeros(8, 3, 1, 1),),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_gain,
    ),
    "group_norm": Exercise(
        group_norm,
        hints=(
            "Of a row 1, 3, 10, 30 in two groups: which numbers have a mean in common?",
            "Give the features an axis for the groups, normalise along the last axis, and "
            "take the shape back.",
            "`parts = x.reshape(len(x), groups, -1)`",
        ),
        cases=lambda: [
            (torch.tensor([[1.0, 3.0]]), 1),
            (torch.tensor([[1.0, 3.0, 10.0, 30.0]]), 2),
            (torch.tensor([[1.0, 2.0, 3.0]]), 3),
            (draw(3, 6), 2),
            (5 + 2 * draw(2, 6), 3),
            (0.003 * draw(2, 4), 2),
            (draw(4, 4), 1),
        ],
        tolerance=1e-4,
        rule=without("group_norm", "GroupNorm"),
        difficulty=3,
        minutes=15,
        again=_ask_means,
    ),
}
