"""Solutions to lesson 03, with the cases that an answer is tried on."""

import math
from pathlib import Path

import torch
from torch.nn import functional as F

from coursekit.classroom.exercises import Exercise, draw, load_module

without = load_module(Path(__file__).with_name("rules.py")).without


def safe_rows(logits):
    if not logits.numel() or not logits.isfinite().all():
        raise ValueError("finite logits, and at least one")
    return F.softmax(logits, dim=-1)


def batch_softmax(logits):
    """Safe softmax of each row: the largest logit is subtracted first."""
    positive = (logits - logits.max()).exp()
    return positive / positive.sum(dim=-1, keepdim=True)


def logits_of(probabilities, temperature):
    if (probabilities.sum(-1) - 1).abs().max() > 1e-4 or (probabilities <= 0).any():
        raise ValueError("probabilities above 0 that sum to 1")
    scaled = probabilities.log() * temperature
    return scaled - scaled.mean(dim=-1, keepdim=True)


def entropy_of(logits):
    logs = F.log_softmax(logits, dim=-1)
    return -(logs.exp() * logs).sum(dim=-1)


def exact_losses(logits, labels):
    if len(logits) != len(labels) or not logits.isfinite().all():
        raise ValueError("finite logits, and one label for each row")
    return F.cross_entropy(logits, labels, reduction="none")


def clipped_losses(logits, labels):
    """Cross-entropy of each sample; no probability is below 1e-7, so never log(0)."""
    probabilities = F.softmax(logits, dim=-1).clamp(min=1e-7)
    return -probabilities[torch.arange(len(labels)), labels].log()


def smoothed_losses(logits, labels, smoothing):
    if len(logits) != len(labels):
        raise ValueError("one label for each sample")
    losses = logits.logsumexp(dim=1, keepdim=True) - logits
    of_labels = losses[torch.arange(len(labels)), labels]
    return (1 - smoothing) * of_labels + smoothing * losses.mean(dim=1)


def binary_losses(logits, targets):
    softplus = logits.clamp(min=0) + torch.log1p(
        (-logits.abs()).exp()
    )  # log(1 + exp(logits))
    return softplus - targets * logits


def temperature_for(logits, wanted):
    if not 1 / len(logits) < wanted < 1 / (logits == logits.max()).sum():
        raise ValueError("a probability that the largest logit can get")
    gaps = (logits - logits.max()).tolist()
    low, high = 1e-3, 1e6
    for _ in range(40):
        middle = math.sqrt(low * high)
        if 1 / sum(math.exp(gap / middle) for gap in gaps) > wanted:
            low = middle
        else:
            high = middle
    return low


_TASKS = {
    "the species of the one bird in a picture": "softmax",
    "all species of birds that a recording has": "sigmoid",
    "the topics of a newspaper article": "sigmoid",
    "the language that a text is written in": "softmax",
    "the next move in a game of chess": "softmax",
    "what a customer may like besides this book": "sigmoid",
    "which of nine defects a welded seam has, if any": "sigmoid",
    "the digit of a house number's first position": "softmax",
}


def _again_choices(random):
    task = random.choice(sorted(_TASKS))
    return f"Softmax or sigmoid for: {task}?", _TASKS[task]


def _again_hesitates(random):
    left = random.choice([2, 3, 4, 6, 7, 8, 9, 11])
    return (
        f"A network gives equal probabilities to {left} of 100 classes and nothing to the "
        "others. The right class is one of the few. What is its loss? Three decimals."
    ), math.log(left)


def _again_break_softmax(random):
    high = 4 * random.randint(20, 60)
    return (
        f"Somebody subtracts the mean, not the largest, before `exp`. The logits are "
        f"0, 0, 0 and {high}. What is the largest number that goes into `exp`?"
    ), 0.75 * high


def _again_logits_of(random):
    times, temperature = random.choice([2, 3, 4, 9]), random.choice([0.5, 2, 3])
    return (
        f"At temperature {temperature}, class A is {times} times as probable as class B. "
        "By how much is A's logit larger than B's? Three decimals."
    ), temperature * math.log(times)


def _again_entropy(random):
    halves = random.randint(2, 5)
    pieces = [2**-i for i in range(1, halves + 1)] + [2**-halves]
    given = ", ".join(f"1/{round(1 / p)}" for p in pieces)
    return (
        f"The probabilities of {halves + 1} classes are {given}. What is their entropy in "
        "bits, the sum of −p · log₂(p)?"
    ), sum(p * -math.log2(p) for p in pieces)


def _again_break_loss(random):
    digits = random.choice([3, 4, 5, 6, 8, 9, 10, 12])  # 7 is the lesson's
    return (
        f"A loss clips its probabilities: none is below 1e-{digits}. What is the largest "
        "loss that one sample can have? Three decimals."
    ), digits * math.log(10)


def _again_smoothed(random):
    classes, smoothing = random.choice([4, 5, 10, 20]), random.choice([0.1, 0.2, 0.4])
    return (
        f"{classes} classes, label smoothing {smoothing}: what is the target of the right "
        "class?"
    ), 1 - smoothing + smoothing / classes


def _again_binary(random):
    logit, target = random.choice([-1, 1]) * random.randint(30, 90), random.randint(0, 1)
    return (
        f"The logit is {logit}, the target is {target}. What is the binary cross-entropy, "
        "to three decimals? (In your head.)"
    ), float(max(logit, 0) - target * logit)


def _again_temperature(random):
    gap, times = random.choice([1, 2, 3, 5]), random.choice([2, 4, 10, 50])
    return (
        f"Two logits differ by {gap}. At which temperature is the larger one {times} times "
        "as probable as the other? Three decimals."
    ), gap / math.log(times)


EXERCISES = {
    "choices": Exercise(
        ["softmax", "sigmoid", "softmax", "sigmoid"],
        hints=(
            "For each of the four: can the right answer be two things at once, or none?",
            "Exactly one answer: softmax. Any number of answers, none included: sigmoid.",
            '`choices = ["softmax", ...]`: one breed for each pet.',
        ),
        difficulty=1,
        minutes=5,
        again=_again_choices,
    ),
    "hesitates": Exercise(
        5.0,
        hints=(
            "What would the loss be with two breeds left? With three?",
            (
                "With k breeds left each has the probability 1/k; the loss is minus its "
                "log. Undo the log."
            ),
            "`hesitates = math.exp(...)`, after `import math`",
        ),
        tolerance=1e-3,
        difficulty=1,
        minutes=5,
        again=_again_hesitates,
    ),
    "break_softmax": Exercise(
        safe_rows,
        breaks=batch_softmax,
        answer=(torch.tensor([[0.0, 0.0], [1000.0, 1000.0]]),),
        hints=(
            "After the subtraction, what is the largest number in each row of your batch?",
            (
                "The largest of the whole batch is the largest of one row only. What can "
                "be left of another row after `exp`?"
            ),
            "`batch_that_breaks_it = torch.tensor([[0.0, 0.0], [..., ...]])`",
        ),
        cases=lambda: [
            (torch.tensor([[1000.0, 1001.0]]),),
            (torch.tensor([[-1000.0, -1001.0]]),),
            (torch.tensor([[0.0, 1000.0]]),),
            (torch.tensor([[1.0, 2.0], [3.0, 5.0]]),),
            (torch.tensor([[1000.0, 0.0], [0.0, 1000.0]]),),
        ],
        difficulty=2,
        minutes=10,
        again=_again_break_softmax,
    ),
    "logits_of": Exercise(
        logits_of,
        hints=(
            (
                "Send your answer through softmax at this temperature: do the "
                "probabilities come back? And what is the mean of each row?"
            ),
            (
                "`log` undoes `exp`; the division by the sum has only moved all logits of "
                "a row by one number. Undo the temperature, then subtract the row's mean."
            ),
            "`scaled = temperature * probabilities.log()`",
        ),
        cases=lambda: [
            (torch.tensor([0.5, 0.5]), 1.0),
            (torch.tensor([0.2, 0.8]), 1.0),
            (torch.tensor([0.2, 0.8]), 2.0),
            (torch.tensor([0.7, 0.2, 0.1]), 0.5),
            (torch.tensor([[0.5, 0.5], [0.2, 0.8]]), 1.0),
            (torch.tensor([1e-30, 1.0]), 1.0),
            (draw(3, 4).softmax(-1), 0.5),
            (draw(2, 3, 4).softmax(-1), 3.0),
        ],
        tolerance=1e-4,
        difficulty=2,
        minutes=10,
        again=_again_logits_of,
    ),
    "break_loss": Exercise(
        exact_losses,
        breaks=clipped_losses,
        answer=(torch.tensor([[0.0, 1000.0]]), torch.tensor([0])),
        hints=(
            "What is the largest loss that this function can ever give?",
            (
                "The clipped probability is 1e-7 at least, so the loss is 16.1 at most. "
                "How sure must a network be of a wrong class to deserve more?"
            ),
            "`sample_that_breaks_it = (torch.tensor([[0.0, ...]]), torch.tensor([0]))`",
        ),
        cases=lambda: [
            (torch.tensor([[0.0, 0.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, 1000.0]]), torch.tensor([1])),
            (torch.tensor([[1000.0, 1001.0]]), torch.tensor([0])),
            (torch.tensor([[0.0, 10.0]]), torch.tensor([0])),
            (torch.tensor([[-1000.0, -1000.0]]), torch.tensor([1])),
        ],
        difficulty=2,
        minutes=10,
        again=_again_break_loss,
    ),
    "entropy_of": Exercise(
        entropy_of,
        hints=(
            "Print the probabilities and their logs for this input. What is their product?",
            (
                "A probability can be rounded to 0, and 0 times minus infinity is not a "
                "number. Never take the log of a softmax."
            ),
            "`logs = F.log_softmax(logits, dim=-1)`",
        ),
        cases=lambda: [
            (torch.tensor([0.0, 0.0]),),
            (torch.tensor([1.0, 3.0]),),
            (torch.tensor([0.0, 0.0, 0.0]),),
            (torch.tensor([[0.0, 0.0], [1.0, 3.0]]),),
            (torch.tensor([0.0, 1000.0]),),
            (torch.tensor([-1000.0, -1001.0]),),
            (torch.tensor([1000.0, 1000.0, 0.0]),),
            (draw(2, 3, 4),),
        ],
        tolerance=1e-4,
        difficulty=3,
        minutes=15,
        again=_again_entropy,
    ),
    "smoothed_losses": Exercise(
        smoothed_losses,
        hints=(
            "Write down the row of targets for this sample. Does it sum to 1?",
            (
                "The loss is minus the sum of target times log-probability. Every class "
                "gets smoothing / classes, the right one 1 - smoothing besides."
            ),
            "`logs = F.log_softmax(logits, dim=1)`",
        ),
        cases=lambda: [
            (torch.tensor([[0.0, 0.0]]), torch.tensor([0]), 0.0),
            (torch.tensor([[1.0, 2.0]]), torch.tensor([0]), 0.0),
            (torch.tensor([[1.0, 2.0]]), torch.tensor([1]), 0.5),
            (torch.tensor([[1.0, 2.0, 4.0]]), torch.tensor([0]), 0.3),
            (torch.tensor([[0.0, 500.0]]), torch.tensor([0]), 0.2),
            (torch.tensor([[0.0, 1.0], [110.0, 113.0]]), torch.tensor([0, 1]), 0.1),
            (draw(4, 3), torch.tensor([2, 0, 1, 1]), 0.1),
        ],
        tolerance=1e-4,
        rule=without("cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss"),
        difficulty=3,
        minutes=15,
        again=_again_smoothed,
    ),
    "binary_losses": Exercise(
        binary_losses,
        hints=(
            "Which number goes into `exp` for this logit, and what comes out?",
            (
                "`exp` of a positive number can overflow, `exp(-|z|)` cannot. Both "
                "formulas of the text equal log(1 + exp(z)): choose by the sign of z."
            ),
            "`small = torch.log1p((-logits.abs()).exp())`",
        ),
        cases=lambda: [
            (torch.tensor([0.0]), torch.tensor([1.0])),
            (torch.tensor([1.0]), torch.tensor([0.0])),
            (torch.tensor([-1.0]), torch.tensor([1.0])),
            (torch.tensor([-1.0]), torch.tensor([0.0])),
            (torch.tensor([2.0]), torch.tensor([1.0])),
            (torch.tensor([500.0]), torch.tensor([0.0])),
            (torch.tensor([-500.0]), torch.tensor([1.0])),
            (draw(2, 3), (draw(2, 3, seed=1) > 0).float()),
        ],
        rule=without(
            "softplus",
            "binary_cross_entropy_with_logits",
            "BCEWithLogitsLoss",
        ),
        difficulty=3,
        minutes=15,
        again=_again_binary,
    ),
    "temperature_for": Exercise(
        temperature_for,
        hints=(
            (
                "Divide the logits by your temperature and take the softmax. Is the "
                "largest probability above or below the one that is wanted?"
            ),
            (
                "There is no formula for three logits or more. But the largest "
                "probability falls whenever the temperature rises, so you can search: "
                "halve the interval that holds the answer, again and again."
            ),
            "`low, high = 1e-3, 1e6`",
        ),
        cases=lambda: [
            (torch.tensor([1.0, 0.0]), 0.9),
            (torch.tensor([0.0, 2.0]), 0.9),
            (torch.tensor([3.0, 2.0]), 0.6),
            (torch.tensor([2.0, 1.0, 0.0]), 0.8),
            (torch.tensor([-5.0, -5.5, -9.0]), 0.5),
            (torch.tensor([1.3, 3.1, -1.0, 0.2, 2.0]), 0.3),
            (torch.tensor([0.0, 1000.0, 0.0]), 0.5),
            (5 * draw(10), 0.9),
        ],
        tolerance=1e-3,
        difficulty=4,
        minutes=25,
        again=_again_temperature,
    ),
}

DISCUSSION = """
Measured on the sample with `calibrated` below, from seeds 1 to 3. The temperature was
chosen on every other held-out digit; all else was measured on the remaining ones. *Sure* is
the mean of the largest probability. An arrow stands between before and after.

| training | accuracy | sure | temperature | loss |
|---|---|---|---|---|
| 5 epochs, all digits | 0.87 to 0.92 | 0.71 → 0.90 | 0.42 to 0.46 | 0.49 → 0.37 |
| 300 epochs, 200 digits | 0.83 to 0.84 | 0.91 → 0.85 | 1.41 to 1.48 | 0.62 → 0.54 |

The first network is **not sure enough**: it is right on nine of ten, and says 0.7. After
five epochs its logits are still small. The second one has memorised its 200 digits, yet
training still rewards larger logits. On new digits it is **too sure**. One number,
chosen on 180 digits, repairs both. The accuracy never moves: divided by a positive number,
the largest logit stays the largest.

So "networks are too sure" is no law. It is what happens when a network fits its training
data nearly perfectly, and goes on training.

```python
def calibrated(part, epochs, seed):
    torch.manual_seed(seed)
    data = (part, test)
    learn = trained(small_network(pixels), ck.cross_entropy, data, epochs)
    logits, y = learn.raw_outputs(test[0]), test[1]
    grid = torch.logspace(-1, 1, 201)
    losses = torch.stack([F.cross_entropy(logits[::2] / t, y[::2]) for t in grid])
    for t in (torch.tensor(1.0), grid[losses.argmin()]):
        sure, answer = (logits[1::2] / t).softmax(dim=1).max(dim=1)
        right = (answer == y[1::2]).float()
        loss = F.cross_entropy(logits[1::2] / t, y[1::2])
        print(f"{t:.2f} {right.mean():.3f} {sure.mean():.3f} {loss:.3f}")


for seed in (1, 2, 3):
    calibrated(train, 5, seed)
    calibrated((train[0][:200], train[1][:200]), 300, seed)
```

Try next: train the second network with label smoothing (exercise 7). Does it still need a
temperature?
"""
