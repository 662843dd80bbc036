"""Solutions to lesson 16, with the cases that an answer is tried on."""

import math

import torch

from coursekit.classroom.exercises import Exercise, draw, stream


def brightest(map_):
    """Where a map (h, w) is largest: row and column."""
    return divmod(int(map_.argmax()), map_.shape[0])


def row_and_column(map_):
    if map_.dim() != 2 or (map_ == map_.max()).sum() != 1:
        raise ValueError("a map (h, w) with one largest number")
    return divmod(int(map_.argmax()), map_.shape[1])


def grad_cam(maps, gradients):
    if maps.dim() != 4 or maps.shape != gradients.shape:
        raise ValueError("maps (n, c, h, w), and a gradient for each of their numbers")
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    return (maps * weights).sum(dim=1).relu()


def pointing_game(maps, boxes, size):
    if maps.dim() != 3 or boxes.shape != (len(maps), 4) or size <= 0:
        raise ValueError("maps (n, h, w), a box for each, and the image's size")
    flat = maps.flatten(1)
    if ((flat == flat.amax(dim=1, keepdim=True)).sum(dim=1) != 1).any():
        raise ValueError("one largest number in each map")
    rows, columns = flat.argmax(dim=1) // maps.shape[2], flat.argmax(dim=1) % maps.shape[2]
    x = (columns + 0.5) * size / maps.shape[2]
    y = (rows + 0.5) * size / maps.shape[1]
    left, top, right, bottom = boxes.T
    inside = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
    return inside.float().mean()


def pixels_seen(position, convolutions):
    first = last = position
    for kernel, stride, padding in reversed(convolutions):
        first = first * stride - padding
        last = last * stride - padding + kernel - 1
    return first, last


def _order(*shape, seed=1):
    """All different, so that the largest is never two."""
    count = torch.Size(shape).numel()
    mixed = torch.randperm(count, generator=stream(shape, seed))
    return mixed.reshape(shape).float() - count // 3


def _blocks_until(random):
    derivative, times = (
        random.choice((0.1, 0.25, 0.5, 1.0)),
        random.choice((10, 50, 100, 1000)),
    )
    asked = (
        f"In each residual block of a tower f'(x) = {derivative}. How many blocks must "
        "there be, at least, for the gradient to become more than "
        f"{times} times as large on its way back through all of them?"
    )
    return asked, math.ceil(math.log(times) / math.log(1 + derivative))


def _flat_position(random):
    height, width = random.sample(range(2, 8), 2)
    row, column = random.randrange(height), random.randrange(width)
    asked = (
        f"A map has {height} rows and {width} columns. Its largest number is in row "
        f"{row}, column {column}, both "
        "counted from 0. What does `map_.argmax()` give?"
    )
    return asked, row * width + column


def _grad_cam_of_two(random):
    weights = [random.randint(1, 4), -random.randint(1, 4)]
    numbers = [random.randint(1, 5), random.randint(1, 5)]
    asked = (
        f"The gradients with respect to two maps have the means {weights[0]} and "
        f"{weights[1]}. At one position the maps "
        f"hold {numbers[0]} and {numbers[1]}. Which number does Grad-CAM give there?"
    )
    return asked, max(0, weights[0] * numbers[0] + weights[1] * numbers[1])


def _middle_of_a_tile(random):
    cells, tile = random.randint(4, 8), random.choice((8, 16, 32))
    row, column = random.sample(range(cells), 2)
    asked = (
        f"A map of {cells} × {cells} cells lies over a picture of {cells * tile} × "
        f"{cells * tile} pixels. At which x "
        f"and y, in pixels, is the middle of the cell in row {row}, column {column}, "
        "counted from 0? Give a list."
    )
    return asked, [(column + 0.5) * tile, (row + 0.5) * tile]


def _first_and_last(random):
    position = random.randint(5, 15)
    convolutions = [
        (random.choice((3, 5)), random.choice((1, 2)), random.choice((0, 1)))
        for _ in range(2)
    ]
    (k, s, p), (k2, s2, p2) = convolutions
    asked = (
        f"A convolution (kernel size {k}, stride {s}, padding {p}) is followed by one "
        f"with kernel size {k2}, stride "
        f"{s2}, padding {p2}. Which pixels, first and last along a side, does number "
        f"{position} of the second one's output see? (All are counted from 0.) Give a list."
    )
    return asked, list(pixels_seen(position, convolutions))


EXERCISES = {
    "block_derivative": Exercise(
        10 ** (1 / 16) - 1,
        hints=(
            "Multiply your factor by itself, sixteen times in all. What comes out?",
            "Each block multiplies the gradient by 1 + d, and sixteen of them by the 16th "
            "power of that.",
            "`factor = 10 ** (1 / 16)  # of each block`",
        ),
        tolerance=1e-3,
        difficulty=2,
        minutes=5,
        again=_blocks_until,
    ),
    "break_brightest": Exercise(
        row_and_column,
        breaks=brightest,
        answer=(torch.tensor([[0.0, 0.0, 1.0]]),),
        hints=(
            "Count the cells of your map row by row, from 0: which number has the largest? "
            "Which row and column does the function make of it?",
            "A row has as many cells as there are columns, so one must divide by their "
            "number. On which maps does it not matter that it divides by another?",
            "`map_to_break = torch.zeros(1, 3)  # and now one cell that is larger`",
        ),
        cases=lambda: [
            (torch.tensor([[0.0, 1.0], [0.0, 0.0]]),),
            (torch.tensor([[5.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),),
            (torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]),),
            (_order(4, 4),),
        ],
        difficulty=2,
        minutes=10,
        again=_flat_position,
    ),
    "grad_cam": Exercise(
        grad_cam,
        hints=(
            "How many weights does one map get in your function, and of which numbers is "
            "each of them made?",
            "One weight a map: the mean of its gradient over all positions. Then a "
            "weighted sum; negative sums become 0.",
            "`weights = gradients.mean((2, 3), keepdim=True)`",
        ),
        cases=lambda: [
            (torch.tensor([[[[2.0]]]]), torch.tensor([[[[3.0]]]])),
            (torch.tensor([[[[2.0]]]]), torch.tensor([[[[-3.0]]]])),
            (torch.tensor([[[[1.0, 2.0]]]]), torch.tensor([[[[3.0, 1.0]]]])),
            (draw(2, 2, 2, 3), draw(2, 2, 2, 3, seed=1)),
        ],
        difficulty=3,
        minutes=15,
        again=_grad_cam_of_two,
    ),
    "pointing_game": Exercise(
        pointing_game,
        hints=(
            "Draw this map's cells over the picture. Where is the middle of the largest "
            "one, in pixels, and where is the box?",
            "A cell is `size / w` pixels wide, and its middle is half a cell further than "
            "its left edge. The same downwards.",
            "`row, column = maps.flatten(1).argmax(1) // maps.shape[2], "
            "maps.flatten(1).argmax(1) % maps.shape[2]`",
        ),
        cases=lambda: [
            (torch.tensor([[[0.0, 1.0]]]), torch.tensor([[4.0, 0.0, 8.0, 8.0]]), 8),
            (torch.tensor([[[0.0, 1.0]]]), torch.tensor([[0.0, 0.0, 4.0, 8.0]]), 8),
            (torch.tensor([[[0.0], [1.0]]]), torch.tensor([[0.0, 0.0, 8.0, 5.0]]), 8),
            *[
                (torch.tensor([[[0.0, 1.0], [-1.0, 0.5]]]), torch.tensor([box]), 16)
                for box in (  # around the middle at (12, 4), on its borders, and beside it
                    [11.0, 3.0, 13.0, 5.0],
                    [12.0, 3.0, 13.0, 5.0],
                    [11.0, 4.0, 13.0, 5.0],
                    [11.0, 3.0, 12.0, 5.0],
                    [11.0, 3.0, 13.0, 4.0],
                    [12.5, 3.0, 13.0, 5.0],
                    [11.0, 4.5, 13.0, 5.0],
                    [11.0, 3.0, 11.5, 5.0],
                    [11.0, 3.0, 13.0, 3.5],
                )
            ],
            (
                torch.tensor([[[0.0, 3.0, 1.0]], [[0.0, 1.0, 2.0]], [[-1.0, -2.0, -3.0]]]),
                torch.tensor(
                    [[0.0, 0.0, 5.0, 12.0], [7.0, 0.0, 11.0, 12.0], [1.0, 5.0, 3.0, 7.0]]
                ),
                12,
            ),
            (
                torch.tensor([[[0.0, 1.0], [-1.0, 0.5]]]),
                torch.tensor([[7.2, 2.2, 8.0, 3.0]]),
                10,
            ),
            (
                _order(3, 2, 5),
                torch.tensor(
                    [[0.0, 0.0, 20.0, 20.0], [0.0, 0.0, 10.0, 20.0], [7.0, 0.0, 20.0, 9.0]]
                ),
                20,
            ),
        ],
        difficulty=3,
        minutes=15,
        again=_middle_of_a_tile,
    ),
    "pixels_seen": Exercise(
        pixels_seen,
        hints=(
            "Take the last convolution alone: with which number of its input does it "
            "begin for this position, and with which does it end?",
            "Go back from the last convolution to the first. Of a range of outputs, the "
            "first one's window begins it and the last one's window ends it.",
            "`for kernel, stride, padding in reversed(convolutions):`",
        ),
        cases=lambda: [
            (5, [(3, 1, 0)]),
            (5, [(3, 1, 1)]),
            (0, [(3, 1, 1)]),
            (5, [(3, 2, 1)]),
            (5, [(1, 2, 0)]),
            (5, []),
            (4, [(3, 2, 1), (3, 1, 1)]),
            (4, [(3, 1, 1), (3, 2, 1)]),
            (3, [(7, 2, 3), (3, 2, 1), (3, 1, 1)]),
        ],
        difficulty=4,
        minutes=25,
        again=_first_and_last,
    ),
}

DISCUSSION = """```python
def smooth(model, images, classes, noise, copies=20):
    # the mean saliency of several copies of each image, each with other noise
    torch.manual_seed(0)
    maps = 0
    for _ in range(copies):
        noisy = images + noise * torch.randn_like(images)
        maps = maps + saliency(model, noisy, classes)
    return maps / copies
```

The agreement of the trained network's maps with three others, measured with the lesson's
`agreement`. All networks get the same noise; pixels go from 0 to 1:

| noise | relative | random weights | edges |
|---|---|---|---|
| none | 0.91 | 0.35 | 0.72 |
| 0.05 | 0.90 | 0.44 | 0.63 |
| 0.2 | 0.93 | 0.61 | 0.53 |

Draw them: the maps become calmer. But the agreement with random weights goes *up*, from
0.35 to 0.61, while that with the relative hardly moves. So
by the sanity check the prettier maps say *less* about what was learned.

Why? The noise wipes out the fine differences of the picture, and the average over 20 copies
keeps what all copies have in common. The agreement with the picture's edges falls: less of
the map comes from fine detail. What remains must be shared by trained and random networks.
One candidate is the architecture: pixels in the middle lie in more receptive fields than
those at the border. (A guess: it was not measured here. To test it, correlate each map with
the distance from the border.)

What it means: "less noisy" and "more true" are two claims, and only the first can be seen.
Compare with a baseline: here the distance between the relative and the random weights was
0.56 without noise and is 0.32 with much of it.

Try next: the occlusion test with the tile that the smooth map finds most salient. Does the
probability fall further?
"""
