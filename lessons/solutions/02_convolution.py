"""Solutions to lesson 02, with the cases that an answer is tried on."""

from pathlib import Path

import torch
from torch.nn import functional as F

from coursekit.classroom.exercises import Exercise, load_module, stream

without = load_module(Path(__file__).with_name("rules.py")).without


def mean_last(map_):
    if not map_.is_floating_point() or not map_.isfinite().all() or not map_.numel():
        raise ValueError("a map (H, W) of finite numbers with a point, such as 1.0")
    if map_.shape[0] % 2 or map_.shape[1] % 2:
        raise ValueError("both sides are even")
    return F.avg_pool2d(map_.clamp(min=0)[None], 2)[0]


def mean_first(map_):
    """The mean of each 2 x 2 square, then ReLU: that saves three ReLUs of four."""
    height, width = map_.shape
    means = map_.reshape(height // 2, 2, width // 2, 2).mean(dim=(1, 3))
    return means.clamp(min=0)


def map_size(size, kernel, padding, stride):
    if not 1 <= kernel <= size + 2 * padding:
        raise ValueError("a filter that fits into the padded picture")
    return (size + 2 * padding - kernel) // stride + 1


def pool_with_rest(map_):
    if not map_.numel() or not map_.isfinite().all():
        raise ValueError("a map (H, W) of finite numbers, with one at least")
    return F.max_pool2d(map_[None], 2, ceil_mode=True)[0]


def pool_to_the_edge(map_):
    """The largest number of each 2 x 2 square; an odd side gets one line of padding."""
    height, width = map_.shape
    even = F.pad(map_, (0, width % 2, 0, height % 2))
    return even.reshape((height + 1) // 2, 2, (width + 1) // 2, 2).amax(dim=(1, 3))


def convolve_any(stack, weights, stride):
    if len(stack) != len(weights) or any(
        one < other for one, other in zip(stack.shape, weights.shape, strict=True)
    ):
        raise ValueError("one slice for each map, and none larger than it")
    windows = stack.unfold(1, weights.shape[1], stride).unfold(2, weights.shape[2], stride)
    return torch.einsum("crkhw,chw->rk", windows, weights)


def receptive_field(layers):
    pixels = 1
    for kernel, stride in reversed(layers):
        pixels = (pixels - 1) * stride + kernel
    return pixels


def merged(first, second):
    if first.shape != (3, 3) or second.shape != (3, 3):
        raise ValueError("two filters of 3 x 3")
    result = torch.zeros(5, 5)
    for row in range(3):
        for column in range(3):
            result[row : row + 3, column : column + 3] += first[row, column] * second
    return result


def _random(*shape, seed=0):
    return torch.randint(-9, 10, shape, generator=stream(shape, seed)).float()


def _single(row, column):
    weights = torch.zeros(3, 3)
    weights[row, column] = 1
    return weights


def _again_shift(random):
    row, column = random.choice([(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0), (2, 2)])
    return (
        f"A 3 x 3 filter is 0, but for a 1 in row {row} and column {column} (counted from "
        "0). With padding 1: by how many pixels does the picture move down, and by how "
        "many to the right? Two numbers; minus is up, or left."
    ), [1 - row, 1 - column]


def _again_break_order(random):
    four = [4 * random.randint(-5, 5) for _ in range(3)] + [4 * random.randint(1, 5)]
    return (
        f"The four numbers of a square are {four}. What is the mean of their ReLUs, and "
        "what is the ReLU of their mean? Two numbers."
    ), [sum(max(0, n) for n in four) / 4, max(0, sum(four) / 4)]


def _again_map_size(random):
    kernel, stride, out = (
        random.choice([3, 5, 7]),
        random.choice([2, 3]),
        random.randint(4, 9),
    )
    return (
        f"With a kernel of {kernel}, padding {kernel // 2} and stride {stride} the map has "
        f"{out} rows. How many rows has the picture at least?"
    ), (out - 1) * stride + kernel - 2 * (kernel // 2)


def _again_filters(random):
    channels, filters = random.choice([3, 5, 6, 10]), random.choice([4, 10, 20])
    kernel = random.choice([1, 2, 5])
    return (
        f"{filters} filters of {kernel} x {kernel} over {channels} maps, each with a bias: "
        "how many weights and biases are these together?"
    ), filters * (channels * kernel**2 + 1)


def _again_break_pool(random):
    side = random.choice([5, 7, 9, 11, 13])
    return (
        f"A map of {side} x {side} goes through max pooling with squares of 2 x 2. How "
        "many numbers come out if what is left over at the end is kept? And if not? Two "
        "numbers."
    ), [((side + 1) // 2) ** 2, (side // 2) ** 2]


def _again_convolve(random):
    channels, kernel, side = random.choice([2, 3, 4]), 3, random.choice([5, 6, 7, 12])
    return (
        f"One filter of {channels} x {kernel} x {kernel} goes over maps of {side} x "
        f"{side}, with stride 1 and without padding. How many products does it make in all?"
    ), channels * kernel**2 * (side - kernel + 1) ** 2


def _again_receptive_field(random):
    layers = random.randint(3, 12)
    return (
        f"How many 3 x 3 convolutions in a row, all of stride 1, make one activation "
        f"depend on {2 * layers + 1} x {2 * layers + 1} pixels?"
    ), layers


def _again_merged(random):
    a, b, c = (
        random.choice([-2, -1, 2, 3]),
        random.choice([1, 2, -1]),
        random.choice([2, -1]),
    )
    return (
        f"A sequence goes through the filter [1, {a}], and the result through [{b}, {c}]. "
        "Which single filter does the same? Three numbers."
    ), [b, a * b + c, a * c]


EXERCISES = {
    "shift": Exercise(
        _single(0, 0),
        hints=(
            "Lay your filter on one position, by pencil. Which pixel comes out there?",
            "The picture moves down and right if each position takes the pixel that lies "
            "above and to the left of it.",
            "`shift_filter = torch.zeros(3, 3)`",
        ),
        difficulty=1,
        minutes=5,
        again=_again_shift,
    ),
    "break_order": Exercise(
        mean_last,
        breaks=mean_first,
        answer=(torch.tensor([[-1.0, 1.0], [0.0, 0.0]]),),
        hints=(
            (
                "For your square, what are the two numbers that are compared, before and "
                "after?"
            ),
            "ReLU and the mean may change places as long as all four have the same sign.",
            "`square_that_differs = torch.tensor([[-1.0, ...], [..., ...]])`",
        ),
        cases=lambda: [
            (torch.tensor([[1.0, 2.0], [3.0, 4.0]]),),
            (torch.tensor([[-1.0, -2.0], [-3.0, -4.0]]),),
            (torch.zeros(2, 2),),
            (torch.tensor([[1.0, 2.0, -1.0, -1.0], [0.0, 4.0, -5.0, 0.0]]),),
        ],
        difficulty=1,
        minutes=5,
        again=_again_break_order,
    ),
    "map_size": Exercise(
        map_size,
        hints=(
            "Draw this side as a row of boxes, padding included. Where does the filter "
            "stand first, and where last?",
            "How far can the filter move from its first position? How many strides fit "
            "into that? And the first position counts, too.",
            "`room = size + 2 * padding - kernel`",
        ),
        cases=lambda: [
            (8, 3, 0, 1),
            (8, 3, 1, 1),
            (8, 3, 1, 2),
            (7, 3, 0, 2),
            (28, 5, 2, 1),
            (10, 4, 0, 3),
            (3, 3, 0, 1),
            (9, 2, 3, 4),
        ],
        difficulty=2,
        minutes=10,
        again=_again_map_size,
    ),
    "filters": Exercise(
        16,
        hints=(
            "How many weights would such a layer have with two filters?",
            "With c maps in there are 2c filters, and each has 9c weights and a bias: "
            "2c · (9c + 1). Try c = 1, 2, 3 and so on.",
            "`[2 * c for c in range(1, 100) if 2 * c * (...) == 1168]`",
        ),
        difficulty=2,
        minutes=5,
        again=_again_filters,
    ),
    "break_pool": Exercise(
        pool_with_rest,
        breaks=pool_to_the_edge,
        answer=(torch.tensor([[-1.0]]),),
        hints=(
            "Which squares of your map hold padding, and which number comes out of each of "
            "these?",
            "The padding is 0. It comes out as the largest of a square only where all that "
            "is really there lies below 0.",
            "`map_that_breaks_it = torch.tensor([[..., ..., -1.0]])`",
        ),
        cases=lambda: [
            (torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),),
            (torch.tensor([[-1.0, -2.0], [-3.0, -4.0]]),),
            (torch.zeros(3, 3),),
            (torch.tensor([[-1.0, -2.0, 3.0], [-4.0, -5.0, -6.0]]),),
        ],
        difficulty=2,
        minutes=10,
        again=_again_break_pool,
    ),
    "convolve_any": Exercise(
        convolve_any,
        hints=(
            "How many rows and columns should the result have here, and at which row of "
            "the stack does its second row begin?",
            "Loop over the positions of the result. Position (r, c) lies at (r * stride, "
            "c * stride) of the maps; multiply all channels at once and add up everything.",
            "`rows = (stack.shape[1] - weights.shape[1]) // stride + 1`",
        ),
        cases=lambda: [
            (_random(1, 1, 1), _random(1, 1, 1, seed=1), 1),
            (_random(1, 2, 2), _random(1, 2, 2, seed=1), 1),
            (_random(1, 3, 3), _random(1, 1, 1), 2),
            (_random(2, 2, 4), _random(2, 1, 3), 1),
            (_random(1, 4, 3), _random(1, 2, 1), 2),
            (_random(2, 4, 5), _random(2, 1, 2), 3),
        ],
        rule=without("conv2d", "Conv2d", "conv_transpose2d"),
        difficulty=3,
        minutes=20,
        again=_again_convolve,
    ),
    "receptive_field": Exercise(
        receptive_field,
        hints=(
            "Start from one number at the end. Onto how many numbers of the layer before "
            "it does its filter lie, and how far apart do two neighbours stand there?",
            "Go backwards. n numbers in a row of one layer need (n - 1) * stride + kernel "
            "numbers of the layer before it.",
            "`for kernel, stride in reversed(layers):`",
        ),
        cases=lambda: [
            ([(1, 1)],),
            ([(3, 1)],),
            ([(3, 1), (3, 1)],),
            ([(2, 2), (2, 2)],),
            ([(1, 2), (3, 1)],),
            ([(3, 1), (2, 2), (3, 1)],),
            ([(5, 3), (3, 2), (2, 2), (4, 1)],),
        ],
        difficulty=3,
        minutes=15,
        again=_again_receptive_field,
    ),
    "merged": Exercise(
        merged,
        hints=(
            "Let `first` have a single 1 and `second` be all different, as here. Convolve "
            "a picture twice, by pencil: which pixel gets which weight in the end?",
            "The weight first[i, j] meets second[k, l] at the pixel (i + k, j + l). Add "
            "the products that meet at the same pixel.",
            "`both = torch.zeros(5, 5)`",
        ),
        cases=lambda: [
            (_single(1, 1), _random(3, 3)),
            (_random(3, 3), _single(1, 1)),
            (_single(0, 0), _single(0, 1)),
            (_single(2, 1), _random(3, 3)),
            (_random(3, 3), _random(3, 3, seed=1)),
            (_random(3, 3, seed=2), _random(3, 3, seed=3)),
        ],
        difficulty=4,
        minutes=25,
        again=_again_merged,
    ),
}

DISCUSSION = """
Measured on the sample with the code below, 20 epochs as in the lesson; means of the seeds
42, 1 and 2.

| trained on | as it is | 1 down or up | 1 right or left | 2 right or left |
|---|---|---|---|---|
| the digits | 0.99 | 0.53 | 0.60 | 0.20 |
| also moved by 1, as many steps | 0.98 | 0.93 | 0.95 | 0.50 |

A step to the right or left loses less than a hundredth of the ink, and still four answers
in ten become wrong. (Down or up 12 % of the ink leaves the picture, too.) The
convolutions are not to blame: the maps move with the picture. Max pooling forgives a pixel
only within its square of 2 × 2. And then comes the dense layer, with a weight of its own
for each position: for it, a moved digit is a new picture. (On 8 × 8 pixels one pixel is an
eighth of the side. In MNIST it is a twenty-eighth.)

Two cures. Show moved digits in training (*data augmentation*, lesson 04): it costs 0.01 on
unmoved ones. Or take the positions away, with the largest number of each whole map
in place of pooling and flattening. Measured: 0.91 unmoved, 0.88 moved by one to the right
or left. Such a network no longer knows where the parts of a digit are.

```python
def moved(images, down, right):
    height, width = images.shape[-2:]
    framed = F.pad(images, (2, 2, 2, 2))  # empty paper on all sides
    rows = slice(2 - down, 2 - down + height)
    return framed[..., rows, 2 - right : 2 - right + width]


steps = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]
more = torch.cat([moved(train[0], *step) for step in steps])
for images, y, epochs in ((*train, 20), (more, train[1].repeat(5), 4)):
    torch.manual_seed(42)
    data_moved = ck.Loaders((images, y), test, batch_size=64)
    other = ck.Learner(data_moved, network(8, [(4, 8)]), progress=False)
    other.fit_one_cycle(epochs, 1e-2)
    for step in [*steps, (0, 2), (0, -2)]:
        right = ck.accuracy(other.raw_outputs(moved(test[0], *step)), test[1])
        print(step, f"{right:.3f}")
```
"""
