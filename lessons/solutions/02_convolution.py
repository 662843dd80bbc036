"""Solutions to lesson 02, with the cases that an answer is tried on."""

from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, load_module, stream

without = load_module(Path(__file__).with_name("rules.py")).without


def relu(x):
    return x.clamp(min=0)


def map_size(size, kernel, padding, stride):
    if not 1 <= kernel <= size + 2 * padding:
        raise ValueError("a filter that fits into the padded picture")
    return (size + 2 * padding - kernel) // stride + 1


def count_weights(channels, filters, kernel):
    return filters * (channels * kernel * kernel + 1)


def convolve_any(stack, weights):
    channels, height, width = weights.shape
    if len(stack) != channels or height > stack.shape[1] or width > stack.shape[2]:
        raise ValueError("one slice for each map, and none larger than it")
    rows, columns = stack.shape[1] - height + 1, stack.shape[2] - width + 1
    result = torch.zeros(rows, columns)
    for row in range(rows):
        for column in range(columns):
            result[row, column] = (
                stack[:, row : row + height, column : column + width] * weights
            ).sum()
    return result


def pool_any(map_, size):
    height, width = map_.shape[0] // size, map_.shape[1] // size
    if not height or not width:
        raise ValueError("the square is larger than the map")
    return (
        map_[: height * size, : width * size]
        .reshape(height, size, width, size)
        .amax(dim=(1, 3))
    )


def _random(*shape, seed=0):
    return torch.randint(-9, 10, shape, generator=stream(shape, seed)).float()


EXERCISES = {
    "relu": Exercise(
        relu,
        "x.clamp, torch.maximum, or x times a tensor of True and False: one line each",
        lambda: (
            [(torch.tensor(v),) for v in (1.0, -1.0, [0.0], [0.25], [-0.25])]
            + [(_random(5),), (_random(2, 3) / 4,), (_random(2, 3, 4),)]
        ),
        rule=without("where", "relu", "relu_", "ReLU"),
    ),
    "map_size": Exercise(
        map_size,
        "how far can the filter move, how many strides is that, and the start counts too",
        lambda: [
            (8, 3, 0, 1),
            (8, 3, 1, 1),
            (8, 3, 1, 2),
            (7, 3, 0, 2),
            (28, 5, 2, 1),
            (10, 4, 0, 3),
            (3, 3, 0, 1),
        ],
    ),
    "blur": Exercise(
        torch.full((3, 3), 1 / 9),
        "a mean is a sum in which each of the nine counts equally: what weight has each?",
    ),
    "count_weights": Exercise(
        count_weights,
        "one filter has a kernel x kernel slice for each channel, and one bias",
        lambda: [(1, 1, 1), (1, 4, 3), (4, 8, 3), (3, 64, 7)],
    ),
    "convolve_any": Exercise(
        convolve_any,
        "take all channels at once: stack[:, row : row + height, column : column + width]",
        lambda: [
            (_random(1, 1, 1), _random(1, 1, 1, seed=1)),
            (_random(1, 3, 3), _random(1, 2, 2)),
            (_random(2, 4, 4), _random(2, 3, 3)),
            (_random(3, 5, 7), _random(3, 2, 4)),
        ],
        rule=without("conv2d", "Conv2d"),
    ),
    "pool_any": Exercise(
        pool_any,
        "cut off the rest, reshape to (height, size, width, size), maximum over two axes",
        lambda: [
            (_random(1, 1), 1),
            (_random(2, 2), 2),
            (torch.tensor([[-3.0, -1.0], [-4.0, -2.0]]), 2),
            (_random(4, 6), 2),
            (_random(6, 6), 3),
            (_random(5, 7), 2),
        ],
    ),
}
