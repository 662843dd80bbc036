"""Solutions to lesson 23, with the cases that an answer is tried on."""

import math

import torch
from torch.nn import functional as F

from coursekit.classroom.exercises import Exercise, draw

DISCUSSION = """
**Which steps can be left out?** Six steps, w = 2, means over three seeds of 300 digits
(`nearest`: the distance to the nearest training digit, in usual ones):

| times | read as asked | nearest | variety |
|---|---|---|---|
| fifty equal steps, for comparison | 1.00 | 1.03 | 0.83 |
| six equal steps of time | 1.00 | 1.00 | 0.76 |
| more of them early: 1 − (k/6)² | 1.00 | 1.00 | 0.74 |
| more of them late: (1 − k/6)² | 1.00 | 1.03 | 0.77 |
| equal steps of alpha bar | 1.00 | 1.01 | 0.76 |
| nothing between 1 and 0.5 | 1.00 | 1.10 | 0.77 |
| nothing between 0.5 and 0 | 1.00 | 1.06 | 0.76 |
| noise at t = 0.5, six steps from there | 0.98 | 1.48 | 0.87 |

```python
def along(times, start, w=2.0):
    x = start
    for now, then in zip(times[:-1], times[1:], strict=True):
        with_class = predict_noise(x, now, asked)
        without = predict_noise(x, now, torch.full_like(asked, NO_CLASS))
        noise = without + w * (with_class - without)
        guess = (x - (1 - alpha_bar(now)).sqrt() * noise) / alpha_bar(now).sqrt()
        x = ddim_step(x, guess.clamp(-1, 1), now, then)
    return x
```

Where the six steps lie matters little, if there is one at t = 1 and the last one ends at 0.
For digits of 8 × 8 pixels any of them can be left out; with fewer steps variety falls, in
every row. What cannot be done is to *start* in the middle: at t = 0.5 the network expects
half of the image's variance, and the noise has none of it. It takes noise for strokes. The
reader hardly notices that (0.98), and variety even rises. The distance notices.

Early steps decide what the digit is and where it lies: take the guess at t = 0.9 for two
starts, and they are two different blurs. Late steps decide how sharp the strokes are. After
a jump from 0.5 to 0 the digit is the network's guess at t = 0.5: a mean over all digits
that are still possible, so it is a little soft. On large images, whose fine detail is most
of what one sees, the late steps are worth more than here.
"""


def step_for(ratio, steps):
    if not ratio > 0 or steps < 1 or steps % 1:
        raise ValueError("a positive ratio, and a whole number of steps")
    angle = math.degrees(math.atan(ratio**-0.5))
    if angle > 86:
        raise ValueError("the last step must reach the ratio")
    return math.ceil(angle / 86 * steps)


def from_velocity(x, v, level):
    if not 0 <= level <= 1 or x.shape != v.shape or not x.numel():
        raise ValueError("two tensors of one shape, and alpha bar from 0 to 1")
    signal, rest = level**0.5, (1 - level) ** 0.5
    return signal * x - rest * v, rest * x + signal * v


def clipped_right(x, noise, now, then):
    if not 0 < now < then <= 1:
        raise ValueError("alpha bar grows on the way back: 0 < now < then, at most 1")
    if x.shape != noise.shape or not x.numel() or not x.is_floating_point():
        raise ValueError("x and noise are two tensors of floats, of one shape")
    guess = ((x - (1 - now) ** 0.5 * noise) / now**0.5).clamp(-1, 1)
    noise = (x - now**0.5 * guess) / (1 - now) ** 0.5
    return then**0.5 * guess + (1 - then) ** 0.5 * noise


def clipped_step(x, noise, now, then):
    """One step of DDIM, whose result is kept within -1 and 1."""
    guess = (x - (1 - now) ** 0.5 * noise) / now**0.5
    return (then**0.5 * guess + (1 - then) ** 0.5 * noise).clamp(-1, 1)


def which_scale(guided_noise, with_class, without):
    if guided_noise.shape != with_class.shape or with_class.shape != without.shape:
        raise ValueError("three tensors of one shape")
    said = with_class - without
    if not said.any():
        raise ValueError("the class must make a difference")
    return ((guided_noise - without) * said).sum() / said.square().sum()


def moved_distances(one, others):
    if (
        one.dim() != 2
        or not one.numel()
        or not len(others)
        or others.shape[1:] != one.shape
    ):
        raise ValueError("an image and known images of its size")
    (height, width), framed = one.shape, F.pad(one, (1, 1, 1, 1), value=-1.0)
    moved = [
        framed[top : top + height, left : left + width]
        for top in range(3)
        for left in range(3)
    ]
    apart = others[:, None] - torch.stack(moved)  # (n, 9, height, width)
    return apart.square().sum(dim=(2, 3)).sqrt().amin(dim=1)


def noisy_value(p, level):
    if not 0 < p < 1 or not 0 < level < 1:
        raise ValueError("a probability and an alpha bar between 0 and 1")
    return (1 - level) / (2 * level**0.5) * math.log(p / (1 - p))


def _ask_ratio(random):
    angle = random.choice([10, 20, 30, 40, 45, 50, 60, 70, 80])
    question = f"The square root of alpha bar is cos({angle}°)"
    ratio = math.tan(math.radians(angle)) ** -2
    return f"{question}. What is the signal-to-noise ratio?", ratio


def _ask_velocity(random):
    x, v = random.randint(-9, 9) / 10, random.randint(1, 9) / 10
    signal, rest = random.choice([(0.6, 0.8), (0.8, 0.6)])
    question = f"alpha bar is {signal**2:.2f}, x_t is {x}, the velocity {v}"
    return f"{question}. What is the clean value x_0?", signal * x - rest * v


def _ask_guess(random):
    x, noise = random.randint(5, 19) / 10, random.randint(1, 9) / 10
    question = f"alpha bar is 0.64, x_t is {x}, the predicted noise {noise}. Values lie "
    guess = (x - 0.6 * noise) / 0.8
    return f"{question}from -1 to 1. What is the guess after clipping?", min(guess, 1.0)


def _ask_guided(random):
    without, said = random.randint(-5, 5) / 10, random.randint(1, 5) / 10
    scale = random.choice([0, 1, 1.5, 2, 3])
    question = f"Without the class the noise is {without}, with it {without + said:.1f}"
    guided = without + scale * said
    return f"{question}. What is the guided noise for w = {scale}?", guided


def _ask_moved(random):
    dots = random.choice([1, 2, 3, 4, 5, 8])
    question = (
        f"An image is paper (-1) with {dots} dots of ink (1), each one pixel, far from "
        "each other and from the border. It is moved by one pixel"
    )
    return f"{question}. How far is it from where it was?", math.sqrt(8 * dots)


def _ask_weight(random):
    x, level = random.randint(-9, 9) / 10, random.choice([0.2, 0.36, 0.5, 0.64, 0.81])
    question = f"Two points, -1 and 1, and alpha bar is {level}. The noisy value is {x}"
    weight = 1 / (1 + math.exp(-2 * level**0.5 * x / (1 - level)))
    return f"{question}. How probable is it that it was 1?", weight


def _few():
    """An image of 3 x 3 whose one dot has moved, and one that is another."""
    paper = -torch.ones(2, 3, 3)
    paper[0, 1, 2] = paper[1, 0, 0] = 1.0
    one = -torch.ones(3, 3)
    one[1, 1] = 1.0
    return one, paper


EXERCISES = {
    "step_for": Exercise(
        step_for,
        hints=(
            "What is the ratio at your step, and at the one before it?",
            "cos²/sin² of the angle is the ratio, so its tangent is 1/√ratio. Then ask how "
            "many steps of 86°/steps it takes, and round up.",
            "`angle = math.degrees(math.atan(ratio**-0.5))`",
        ),
        cases=lambda: [
            (1.0, 10),
            (0.01, 10),
            (100.0, 50),
            (3.0, 200),
            (1.0, 1000),
            (0.005, 1000),
            (1e6, 7),
            (0.2, 1),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_ratio,
    ),
    "from_velocity": Exercise(
        from_velocity,
        hints=(
            "With your x_0 and your noise: do both formulas, that of x_t and that of v, "
            "give what was given?",
            "Two equations, two unknowns. Multiply the one by √ᾱ, the other by √(1 − ᾱ), "
            "and subtract: since ᾱ + (1 − ᾱ) = 1 nothing has to be divided.",
            "`clean = level**0.5 * x - (1 - level) ** 0.5 * v`",
        ),
        cases=lambda: [
            (torch.tensor([0.5]), torch.tensor([2.0]), 0.36),
            (torch.tensor([0.5]), torch.tensor([2.0]), 1.0),
            (torch.tensor([0.5]), torch.tensor([2.0]), 0.0),
            (draw(2, 3), draw(2, 3, seed=1), 0.7),
            (draw(4, seed=2), draw(4, seed=3), 0.005),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_velocity,
    ),
    "break_clip": Exercise(
        clipped_right,
        breaks=clipped_step,
        answer=(torch.tensor([2.0]), torch.tensor([0.0]), 0.5, 0.6),
        hints=(
            "When is the guess clipped, and when is the result? Can one happen without the "
            "other?",
            "Choose x so large that the guess is above 1. Or so that the guess is within "
            "−1 and 1, and the noise takes the result out of it.",
            "`input_that_breaks_it = (torch.tensor([2.0]), torch.tensor([...]), 0.5, 0.6)`",
        ),
        cases=lambda: [
            (torch.tensor([0.3]), torch.tensor([0.1]), 0.5, 0.8),
            (torch.tensor([0.0]), torch.tensor([0.0]), 0.1, 0.2),
            (torch.tensor([2.0]), torch.tensor([0.5]), 0.5, 1.0),
            (torch.tensor([[0.2, -0.4]]), torch.tensor([[0.1, 0.3]]), 0.9, 0.95),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_guess,
    ),
    "which_scale": Exercise(
        which_scale,
        hints=(
            "What do you give where the class changes two numbers, one of them little?",
            "The rest, guided − without, is to be w times (with − without). The best w is "
            "the sum of the products of the two, divided by the sum of the squares of the "
            "second: lesson 08's line through 0.",
            "`said = with_class - without`",
        ),
        cases=lambda: [
            (torch.tensor([2.0]), torch.tensor([1.0]), torch.tensor([0.0])),
            (torch.tensor([0.5, 0.5]), torch.tensor([1.0, 3.0]), torch.tensor([0.5, 0.5])),
            (torch.tensor([3.0, 1.0]), torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.2])),
            (draw(2, 3), draw(2, 3, seed=1), draw(2, 3, seed=2)),
            (3 * draw(8, seed=3), draw(8, seed=4), 0.1 * draw(8, seed=5)),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_guided,
    ),
    "moved_distances": Exercise(
        moved_distances,
        hints=(
            "What does your function give for a dot that moved by one pixel? And for a dot "
            "in the corner that moves out?",
            "Put a frame of paper around the image. Each window of the old size is the "
            "image, moved. Nine windows, nine distances, and of these the smallest.",
            "`framed = F.pad(one, (1, 1, 1, 1), value=-1.0)`",
        ),
        cases=lambda: [
            _few(),
            (torch.tensor([[1.0, -1.0]]), torch.tensor([[[-1.0, -1.0]], [[1.0, 1.0]]])),
            (torch.tensor([[0.5], [1.0]]), torch.tensor([[[1.0], [-0.5]]])),
            (draw(3, 4), draw(2, 3, 4, seed=1)),
            (draw(4, 2, seed=2), draw(3, 4, 2, seed=3)),
        ],
        difficulty=4,
        minutes=20,
        again=_ask_moved,
    ),
    "noisy_value": Exercise(
        noisy_value,
        hints=(
            "What x do you get for p = 0.5? And does x change its sign with p → 1 − p?",
            "The difference of the two scores is 2√ᾱ x / (1 − ᾱ), and it must be the "
            "log-odds log(p / (1 − p)).",
            "`odds = math.log(p / (1 - p))`",
        ),
        cases=lambda: [
            (0.5, 0.5),
            (0.75, 0.5),
            (0.25, 0.5),
            (0.9, 0.36),
            (0.9, 0.9),
            (0.999, 0.01),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_weight,
    ),
}
