"""Solutions to lesson 08, with the cases that an answer is tried on."""

from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, draw, load_module

without = load_module(Path(__file__).with_name("rules.py")).without


def parabola_gradient(x, y, weights):
    if x.ndim != 1 or x.shape != y.shape or weights.shape != (3,):
        raise ValueError("one y for each x, and three weights")
    a, b, c = weights
    error = a * x**2 + b * x + c - y
    return 2 * torch.stack([(error * x**2).mean(), (error * x).mean(), error.mean()])


def linear_backward(x, weight, gradients):
    if gradients.shape != (x.shape[0], weight.shape[0]):
        raise ValueError("one gradient for each sample and output")
    return gradients @ weight, gradients.T @ x, gradients.sum(dim=0)


def hat(x):
    return torch.relu(x) - 2 * torch.relu(x - 1) + torch.relu(x - 2)


def lr_to_the_floor(w1, slope1, w2, slope2):
    if (w2 - w1) * (slope2 - slope1) <= 0:
        raise ValueError("two different weights of a parabola that opens upwards")
    return (w2 - w1) / (slope2 - slope1)


def mean_by_batches(x, size):
    """(n,) and the size of a batch: the mean of x."""
    return torch.stack([batch.mean() for batch in x.split(size)]).mean()


def mean_of_all(x, size):
    if not (x.ndim == 1 and len(x) and x.is_floating_point()):
        raise ValueError("x is (n,), of floats")
    if not (isinstance(size, int) and size > 0):
        raise ValueError("the size of a batch is a whole number, 1 or more")
    return x.double().mean()


def short_leaky(x, leak):
    """A tensor and a number above 0: x above zero, leak times x elsewhere."""
    return torch.maximum(x, leak * x)


def leaky(x, leak):
    if not (x.is_floating_point() and leak > 0):
        raise ValueError("x holds floats, and leak is a number above 0")
    return torch.where(x > 0, x, leak * x)


def _parabola_again(random):
    x, error, sign = random.randint(2, 5), random.randint(1, 4), random.choice([1, -1])
    way = "high" if sign > 0 else "low"
    asked = f"At the only point, x = {x}, the parabola ax² + bx + c is {error} too {way}."
    return f"{asked} The derivative of the squared error by a?", 2 * sign * error * x**2


def _linear_again(random):
    samples, inputs, outputs = random.sample(range(2, 65), 3)
    asked = f"A batch is ({samples}, {inputs}), the weight ({outputs}, {inputs}). How many"
    return f"{asked} products are added up in each entry of the weight's gradient?", samples


def _hat_again(random):
    top, over = random.randint(3, 9), random.randint(1, 2)
    asked = f"relu(x) − 2·relu(x − {top}) + relu(x − {2 * top}): which value at"
    return f"{asked} x = {top + over}?", top - over


def _adam_again(random):
    alpha, root = random.choice([(0.99, 0.1), (0.96, 0.2), (0.75, 0.5), (0.91, 0.3)])
    lr, gradient = random.choice([0.1, 0.2, 0.3]), random.randint(2, 99)
    asked = (
        f"RMSprop begins at 0 and keeps {alpha} of its mean square; nothing is corrected."
    )
    asked = f"{asked} The learning rate is {lr}, the first gradient {gradient}."
    return f"{asked} How long is the first step?", lr / root


def _momentum_again(random):
    momentum, times = random.choice(
        [(0.5, 2), (0.8, 5), (0.9, 10), (0.95, 20), (0.99, 100)]
    )
    asked = (
        f"The gradient stays the same. With momentum {momentum}, how many times as long as"
    )
    return f"{asked} SGD's is a step in the long run?", times


def _floor_again(random):
    c, floor = random.choice([2, 4, 5, 8, 10]), random.randint(1, 9)
    asked = (
        f"A loss is {c}·(w − {floor})². Beyond which learning rate does gradient descent"
    )
    return f"{asked} diverge?", 1 / c


def _batches_again(random):
    x = [random.randint(-4, 4) * 2 for _ in range(2)] + [random.randint(6, 9)]
    asked = f"x is {x}, in batches of 2. What is the mean of the means of the batches?"
    return asked, ((x[0] + x[1]) / 2 + x[2]) / 2


def _leaky_again(random):
    layers, x = random.randint(2, 3), random.randint(2, 9)
    asked = f"{layers} leaky ReLUs with leak 0.1, one behind the other. What becomes of"
    return f"{asked} −{1000 * x}?", -(10 ** (3 - layers)) * x


EXERCISES = {
    "parabola_gradient": Exercise(
        parabola_gradient,
        (
            "What happens to the error of one point when a rises by 1, and how fast?",
            "the error rises by x² with a, by x with b, by 1 with c; else as for a line",
            "`error = weights[0] * x**2 + weights[1] * x + weights[2] - y`",
        ),
        lambda: [
            (torch.tensor([2.0]), torch.tensor([5.0]), torch.tensor([1.0, 3.0, 2.0])),
            (
                torch.tensor([0.0, 3.0]),
                torch.tensor([1.0, -1.0]),
                torch.tensor([1.0, 0.0, 1.0]),
            ),
            (draw(5), draw(1, 5)[0], draw(3)),
        ],
        difficulty=2,
        minutes=10,
        again=_parabola_again,
    ),
    "linear_backward": Exercise(
        linear_backward,
        (
            "Which shape must each of the three have, and over which axis is nothing left?",
            "add up over the axis that the result lacks: outputs for x, else samples",
            "`return gradients @ weight, ...`",
        ),
        lambda: [
            (torch.tensor([[2.0]]), torch.tensor([[3.0]]), torch.tensor([[1.0]])),
            (draw(1, 3), draw(2, 3), draw(1, 2)),
            (draw(4, 3), draw(2, 3), draw(4, 2)),
            (draw(3, 3), draw(3, 3, seed=1), draw(3, 3, seed=2)),
        ],
        rule=without("backward", "grad"),
        difficulty=4,
        minutes=15,
        again=_linear_again,
    ),
    "hat": Exercise(
        hat,
        (
            "How steep is your sum left of 0, up to 1, up to 2, and behind 2?",
            "a ReLU from 0 rises by 1; at 1 the line bends by -2, and at 2 it levels out",
            "`return torch.relu(x) - ...`",
        ),
        lambda: [
            (torch.tensor(0.5),),
            (torch.tensor([1.5]),),
            (torch.tensor([-1.0, 0.0, 1.0, 2.0, 3.0]),),
            (draw(2, 3) + 1,),
        ],
        difficulty=3,
        minutes=10,
        again=_hat_again,
    ),
    "first_change": Exercise(
        0.01,
        (
            "Would a gradient of 1 have given another step?",
            "corrected, the mean is the gradient, and the root of the mean square its size",
            "`fair_mean, fair_square = 1000, 1000**2`",
        ),
        difficulty=2,
        minutes=5,
        again=_adam_again,
    ),
    "momentum_of_four": Exercise(
        0.75,
        (
            "With your momentum and gradients of 1: at which velocity does it stay?",
            "in the long run the velocity no longer changes: v = momentum · v + gradient",
            "`velocity, gradient = 4, 1`",
        ),
        difficulty=3,
        minutes=10,
        again=_momentum_again,
    ),
    "lr_to_the_floor": Exercise(
        lr_to_the_floor,
        (
            "Where does one step with your learning rate take w1? What is the slope there?",
            "the slope of a parabola is a straight line: by how much does it rise with w, "
            "and at which distance from w1 is it 0?",
            "`curvature = (slope2 - slope1) / (w2 - w1)`",
        ),
        lambda: [
            (0.0, -2.0, 1.0, 2.0),
            (3.0, 6.0, 1.0, -2.0),
            (-4.0, -3.0, 1.0, -0.5),
            (10.0, 1.0, 30.0, 7.0),
        ],
        difficulty=3,
        minutes=15,
        again=_floor_again,
    ),
    "break_batches": Exercise(
        mean_of_all,
        (
            "How many numbers are in each batch of yours, the last one included?",
            "every batch counts the same in the mean of means: when is that unfair?",
            "`breaks_batches = (torch.tensor([0.0, 0.0, 3.0]), ...)`",
        ),
        lambda: [
            (torch.tensor([1.0, 2.0, 3.0, 6.0]), 2),
            (torch.tensor([1.0, 2.0, 6.0]), 3),
            (torch.tensor([1.0, 2.0, 6.0]), 1),
            (torch.tensor([4.0, 4.0, 4.0]), 2),
            (torch.tensor([1.0, 9.0]), 64),
        ],
        breaks=mean_by_batches,
        answer=(torch.tensor([1.0, 2.0, 6.0]), 2),
        difficulty=2,
        minutes=5,
        again=_batches_again,
    ),
    "break_leaky": Exercise(
        leaky,
        (
            "Which of x and leak · x is the larger, if x is 1, and if x is -1?",
            "it needs leak · x to be the smaller one above zero: for which leaks is it?",
            "`breaks_leaky = (torch.tensor([1.0]), ...)`",
        ),
        lambda: [
            (torch.tensor([-1.0, 2.0]), 0.1),
            (torch.tensor([1.0, 0.0, -3.0]), 1.0),
            (torch.tensor([5.0, -1e-3]), 1e-6),
            (torch.tensor([0.0]), 3.0),
        ],
        breaks=short_leaky,
        answer=(torch.tensor([1.0]), 2.0),
        difficulty=3,
        minutes=10,
        again=_leaky_again,
    ),
}

DISCUSSION = """
Forty ReLUs, 601 points from 0 to 6, all in each step, double precision; the lesson's Adam,
3,000 steps with a learning rate of 0.01, then 2,000 with 0.001. Each time the distance from
`shape`, for three seeds where there is chance:

| start | largest, 0 to 6 | root mean square | at t = 12 |
|---|---|---|---|
| built by hand, not trained | 0.011 | 0.0045 | 11.4 |
| random weights, as `nn.Linear` has them | 0.185 to 0.188 | 0.069 to 0.072 | 7.3 to 9.9 |
| random bends, spread from 0 to 6 | 0.077 to 0.106 | 0.009 to 0.016 | 11.5 to 12.1 |
| built by hand, 3,000 steps at 0.001 or less | 0.007 | 0.0018 | 11.2 |

```python
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 1)).double()
for steps, lr in ((3000, 1e-2), (2000, 1e-3)):
    adam = Adam(list(net.parameters()), lr)
    for _ in range(steps):
        adam.zero_grad()
        ((net(t[:, None])[:, 0] - shape(t)) ** 2).mean().backward()
        adam.step()
print((net(t[:, None])[:, 0] - shape(t)).abs().max())
```

So the learned ones are worse, seventeen times. Better weights exist: the last row has some.
Training does not find them. A ReLU bends the curve at -bias/weight. With the usual start
(the first seed) only 23 of the 40 bends lie between 0 and 6, and 24 after training. The
others bend nothing there. Spread the bends, and the largest error is about half as large.
Start from the ramps, and Adam improves them. Where the weights start decides what is found.

Outside of the interval none is of any use: there the sum is a straight line.

What else to try: 400 ReLUs; a sine for the ReLU, which does not end in a straight line.
"""
