"""Solutions to lesson 10, with the cases that an answer is tried on."""

from pathlib import Path

import torch
from torch.nn import functional as F

from coursekit.classroom.exercises import Exercise, draw, load_module

without = load_module(Path(__file__).with_name("rules.py")).without

DISCUSSION = """
**Ask a hundred times.** On the sample (200 digits, a tenth of them labelled wrongly, 150
steps, `network(p)`, 360 held-out digits, 100 answers each, means of three seeds) one finds:

| | p = 0.2 | p = 0.5 | p = 0.7 |
|---|---|---|---|
| other votes where the digit is read wrongly | 24 % | 36 % | 48 % |
| other votes where it is read rightly | 5 % | 9 % | 16 % |
| AUROC of the other votes | 0.839 | 0.883 | 0.912 |
| AUROC of 1 − largest probability, dropout off | 0.868 | 0.881 | 0.913 |
| errors: dropout off, mean of 100 | 16.4, 16.6 % | 13.4, 13.9 % | 14.1, 14.4 % |
| loss: dropout off, mean of 100 | 0.72, 0.63 | 0.55, 0.53 | 0.49, 0.61 |

"Other votes": the fraction of the 100 answers that differ from the answer with dropout off.
AUROC: how often a digit that is read wrongly looks more doubtful than one that is read
rightly (by chance: 0.5).

```python
model.eval()
once = model(held_out[0]).softmax(1)
model.train()  # the masks are on again
with torch.no_grad():
    many = torch.stack([model(held_out[0]).softmax(1) for _ in range(100)])
wrong = once.argmax(1) != held_out[1]
votes = (many.argmax(2) != once.argmax(1)).float().mean(0)
print(votes[wrong].mean(), votes[~wrong].mean())
print(F.nll_loss(once.log(), held_out[1]), F.nll_loss(many.mean(0).log(), held_out[1]))
```

So the scatter does say where the network is unsure: three to five times as many other votes
where it is wrong. But the cheap measure, one minus the largest probability of *one* answer,
says it at least as well, at a hundredth of the price. Without that baseline you would have
praised the hundred answers. And the mean of a hundred is not more often right. It has a
lower loss where the single answer is too sure of itself (p = 0.2: wrong labels were
memorised). At p = 0.7 the single answer is modest already, and the mean becomes too modest.

Try next: negatives of the digits, or digits turned by 90°. Does the scatter notice them?
"""


def normalised_maps(maps):
    if maps.dim() != 4:
        raise ValueError("(n, channels, H, W)")
    centred = maps - maps.mean((0, 2, 3), keepdim=True)
    variance = centred.square().mean((0, 2, 3), keepdim=True)
    return centred / (variance + 1e-5).sqrt()


def moved(image, down, right):
    if image.dim() != 2:
        raise ValueError("one image, (H, W)")
    height, width = image.shape
    padded = F.pad(image, (width, width, height, height))
    if abs(down) > height or abs(right) > width:
        raise ValueError("at most once over the whole image")
    return padded[height - down :, width - right :][:height, :width]


def moved_by_roll(image, down, right):
    """(H, W): the image, moved by whole pixels; 0 comes in, and what leaves is lost."""
    return image.roll((down, right), (0, 1))


def which_p(inputs, spread):
    if inputs.dim() != 1 or not inputs.any() or spread < 0:
        raise ValueError("a sum needs an input that is not 0")
    ratio = spread**2 / inputs.square().sum()
    return ratio / (1 + ratio)


def expected_largest(square, p):
    if square.dim() != 1 or (square < 0).any():
        raise ValueError("activations after ReLU, in one row")
    largest_first = square.sort(descending=True).values
    return (largest_first * (1 - p) * p ** torch.arange(len(square))).sum()


def one_layer(weight, bias, mean, variance, scale, centre):
    if {len(part) for part in (bias, mean, variance, scale, centre)} != {len(weight)}:
        raise ValueError("a number for each unit")
    factor = scale / (variance + 1e-5).sqrt()
    return weight * factor[:, None], (bias - mean) * factor + centre


def _image(*rows):
    return torch.tensor(rows, dtype=torch.float32)


def _numbers(*parts):
    return tuple(map(torch.tensor, parts))


def _layers(units, inputs):
    """Weight, bias, mean, variance, scale and centre for a case."""
    rows = [draw(units, seed=seed) for seed in range(1, 6)]
    rows[2] = rows[2].abs()
    return draw(units, inputs), *rows


def _ask_count(random):
    n, channels, height, width = (random.randint(2, 9) for _ in range(4))
    question = (
        f"Batch norm gets maps of shape ({n}, {channels}, {height}, {width}), in training"
    )
    return (
        f"{question}. Over how many numbers is each of its means taken?",
        n * height * width,
    )


def _ask_row(random):
    row, by = [random.randint(1, 9) for _ in range(5)], random.randint(1, 3)
    moved_row = row[by:] + [0] * by
    question = f"A row of an image holds {row}. It is moved to the left by {by}"
    return f"{question} and 0 comes in. What does it hold now?", moved_row


def _ask_spread(random):
    root, ratio = random.randint(2, 6), random.choice([2, 3])
    p, x = ratio**2 / (1 + ratio**2), random.randint(1, 5)
    question = (
        f"{root**2} inputs, each {x}, go through dropout with scaling, p = {p:g}, and are"
    )
    return f"{question} added up. What is the sum's standard deviation?", float(
        root * ratio * x
    )


def _ask_equal(random):
    n, x, p = random.randint(2, 4), random.randint(2, 9), random.choice([0.1, 0.2, 0.5])
    question = (
        f"A pooling square holds the number {x}, {n} times. Each is dropped with p = {p}"
    )
    return f"{question}, without scaling. What is the largest, on average?", x * (1 - p**n)


def _ask_output(random):
    weight, bias, mean, x = (random.randint(-5, 5) for _ in range(4))
    root, scale, centre = (
        random.choice([2, 4, 5]),
        random.randint(1, 3),
        random.randint(-3, 3),
    )
    question = (
        f"A linear layer: weight {weight}, bias {bias}. Then batch norm in evaluation mode:"
        f" mean {mean}, variance {root**2}, scale {scale}, centre {centre} (leave eps out)."
        f" What comes out for the input {x}?"
    )
    return question, scale * (weight * x + bias - mean) / root + centre


EXERCISES = {
    "normalised_maps": Exercise(
        normalised_maps,
        hints=(
            "How many means does your function take of these maps? How many should it?",
            "One mean and one variance a channel: over all images and positions together.",
            "`mean = maps.mean(dim=(0, 2, 3), keepdim=True)`",
        ),
        cases=lambda: [
            (torch.tensor([1.0, 3.0]).reshape(2, 1, 1, 1),),
            (torch.full((1, 1, 2, 2), 5.0),),
            (draw(2, 3, 2, 2),),
            (10 + 3 * draw(4, 2, 3, 3),),
            (0.003 * draw(2, 2, 2, 2),),
        ],
        tolerance=1e-4,
        rule=without("batch_norm", "BatchNorm2d"),
        difficulty=2,
        minutes=10,
        again=_ask_count,
    ),
    "break_moved": Exercise(
        moved,
        breaks=moved_by_roll,
        answer=(torch.tensor([[1.0]]), 1, 0),
        hints=(
            "Which pixels of your image leave it, and what comes in on the other side?",
            "With `roll` they come in again on the other side. When can one see that?",
            "`my_image = torch.tensor([[1.0, 0.0]])  # moved so that the 1 leaves`",
        ),
        cases=lambda: [
            (torch.zeros(2, 2), 1, 1),
            (_image([1, 2], [3, 4]), 0, 0),
            (_image([0, 0, 0], [0, 5, 0], [0, 0, 0]), 1, -1),
            (_image([0, 0], [3, 4]), -1, 0),
            (_image([0, 2]), 0, -1),
        ],
        difficulty=1,
        minutes=5,
        again=_ask_row,
    ),
    "which_p": Exercise(
        which_p,
        hints=(
            "One input, 1, and a spread of 1: which p is it, and what do you give?",
            "Each input x adds x² p / (1 − p) to the sum's variance. Find p / (1 − p).",
            "`ratio = spread**2 / inputs.square().sum()  # this is p / (1 - p)`",
        ),
        cases=lambda: [
            (torch.tensor([1.0]), 1.0),
            (torch.tensor([1.0]), 2.0),
            (torch.tensor([3.0, 4.0]), 10.0),
            (torch.tensor([-2.0, 1.0]), 0.5),
            (torch.tensor([0.0, 2.0]), 0.0),
            (draw(5), 0.7),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_spread,
    ),
    "expected_largest": Exercise(
        expected_largest,
        hints=(
            "Of 4 and 2, with p = 0.5: which four masks are there? What does each leave?",
            "A number is the largest left if it is kept and all larger ones are dropped.",
            "`largest_first = square.sort(descending=True).values`",
        ),
        cases=lambda: [
            (torch.tensor([4.0]), 0.5),
            (torch.tensor([4.0, 2.0]), 0.5),
            (torch.tensor([2.0, 4.0]), 0.25),
            (torch.tensor([1.0, 3.0, 3.0, 0.0]), 0.2),
            (torch.tensor([4.0, 2.0, 1.0, 0.0]), 0.0),
            (draw(9).abs(), 0.7),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_equal,
    ),
    "one_layer": Exercise(
        one_layer,
        hints=(
            "What do both layers together give for an input of zeros? And your one layer?",
            "In (Wx + b − mean) · scale / √(variance + eps) + centre: what multiplies x?",
            "`factor = scale / (variance + 1e-5).sqrt()  # one for each unit`",
        ),
        cases=lambda: [
            _numbers([[2.0]], [1.0], [3.0], [4.0], [1.0], [0.0]),
            _numbers([[1.0]], [0.0], [0.0], [1.0], [2.0], [5.0]),
            _numbers([[1.0]], [0.0], [0.0], [9e-5], [1.0], [0.0]),
            _layers(1, 2),
            _layers(2, 2),
        ],
        tolerance=1e-4,
        difficulty=3,
        minutes=15,
        again=_ask_output,
    ),
}
