"""Solutions to lesson 01, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw, stream


def label(name):
    return name.split("/")[-1].rsplit("_", 1)[0]


def fraction_kept(height, width):
    return min(height, width) / max(height, width)


def top3_error(outputs, targets):
    if (
        len(outputs) != len(targets)
        or outputs.shape[1] < 3
        or targets.max() >= outputs.shape[1]
    ):
        raise ValueError("one target for each sample, and at least three classes")
    among = (outputs.topk(3, dim=1).indices == targets[:, None]).any(dim=1)
    return 1 - among.float().mean()


def most_confused_pair(matrix):
    both = (matrix + matrix.T).triu(1)
    values = both.flatten().sort(descending=True).values
    if values[0] == values[1]:
        raise ValueError("two pairs are confused equally often, or none is")
    return divmod(int(both.argmax()), len(matrix))


def _classes(samples, classes, seed):
    return torch.randint(classes, (samples,), generator=stream(samples, classes, seed))


EXERCISES = {
    "label": Exercise(
        label,
        "what follows the last slash, of it what precedes the last underscore",
        lambda: [
            ("pug_1.jpg",),
            ("Tabby_17.jpg",),
            ("cairn_terrier_104.jpg",),
            ("images/beagle_8.jpg",),
            ("my_pets/Russian_Blue_23.jpg",),
        ],
    ),
    "fraction_kept": Exercise(
        fraction_kept,
        "the square's side is the shorter of the two; divide areas",
        lambda: [(4, 4), (1, 2), (6, 4), (100, 150), (375, 500)],
    ),
    "top3_error": Exercise(
        top3_error,
        "outputs.topk(3, dim=1).indices are three answers; is the target one of them?",
        lambda: [
            (torch.tensor([[1.0, 2, 3, 4]]), torch.tensor([0])),
            (torch.tensor([[1.0, 2, 3, 4]]), torch.tensor([1])),
            (draw(6, 5), _classes(6, 5, seed=1)),
            (draw(20, 12), _classes(20, 12, seed=2)),
        ],
    ),
    "most_confused_pair": Exercise(
        most_confused_pair,
        "add the matrix and its transpose, and take the largest above the diagonal",
        lambda: [
            (torch.tensor([[5, 1, 0], [0, 6, 0], [0, 0, 7]]),),
            (torch.tensor([[9, 0, 0], [4, 9, 0], [0, 0, 9]]),),
            (torch.tensor([[9, 3, 0, 2], [0, 9, 0, 0], [0, 0, 9, 0], [2, 0, 0, 9]]),),
            (torch.tensor([[20, 1, 4, 0], [3, 18, 0, 3], [1, 2, 19, 1], [0, 3, 2, 30]]),),
        ],
    ),
}
