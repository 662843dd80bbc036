"""Solutions to lesson 04, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise


def accuracy_of_no(counts, labels):
    if counts.dim() != 1 or not len(counts):
        raise ValueError("one count for each tile, and at least one tile")
    return 1 - counts.float().mean() / labels


def choose_threshold(probabilities, targets, thresholds):
    if probabilities.shape != targets.shape or not probabilities.numel():
        raise ValueError("probabilities and targets have one shape, and are not empty")

    def f2(threshold):
        given, true = probabilities > threshold, targets == 1
        right = 5 * (given & true).sum(1)
        total = right + 4 * (true & ~given).sum(1) + (given & ~true).sum(1)
        return torch.where(total == 0, 1.0, right / total.clamp(min=1)).mean().item()

    return max(sorted(thresholds), key=lambda threshold: round(f2(threshold), 6))


def undo(view, quarters, mirrored):
    if view.dim() < 2:
        raise ValueError("an image has a height and a width")
    return torch.rot90(view.flip(-1) if mirrored else view, -quarters, (-2, -1))


def submission_line(tile, probabilities, names, threshold):
    if len(probabilities) != len(names):
        raise ValueError("one probability for each name")
    given = [
        name for name, p in zip(names, probabilities.tolist(), strict=True) if p > threshold
    ]
    return f"{tile},{' '.join(given or [names[int(probabilities.argmax())]])}"


def _image(*shape):
    return torch.arange(float(torch.Size(shape).numel())).reshape(shape)


EXERCISES = {
    "accuracy_of_no": Exercise(
        accuracy_of_no,
        "each tile has `labels` entries; those of the labels on it are answered wrongly",
        lambda: [
            (torch.tensor([1]), 4),
            (torch.tensor([1, 3]), 4),
            (torch.tensor([2, 0, 5, 4]), 17),
        ],
    ),
    "choose_threshold": Exercise(
        choose_threshold,
        "F2 of each tile, then the mean of the tiles; try thresholds from low to high",
        lambda: [
            (torch.tensor([[0.9, 0.3]]), torch.tensor([[1.0, 0.0]]), [0.2, 0.5]),
            (torch.tensor([[0.9, 0.3]]), torch.tensor([[1.0, 1.0]]), [0.5, 0.2]),
            (torch.tensor([[0.9, 0.1]]), torch.tensor([[1.0, 0.0]]), [0.7, 0.5, 0.2]),
            (torch.tensor([[0.4, 0.2]]), torch.tensor([[0.0, 0.0]]), [0.1, 0.5]),
            (torch.tensor([[0.5, 0.2]]), torch.tensor([[1.0, 0.0]]), [0.3, 0.5]),
            (
                torch.tensor([[0.2, 0.1, 0.9], [0.2, 0.4, 0.9], [0.9, 0.6, 0.2]]),
                torch.tensor([[1.0, 1, 0], [1.0, 0, 1], [0.0, 0, 1]]),
                [0.25, 0.45, 0.65],
            ),
        ],
    ),
    "undo": Exercise(
        undo,
        "what was done last is undone first; to turn back is to turn by -quarters",
        lambda: [
            (_image(2, 2), 1, False),
            (_image(2, 2), 0, True),
            (_image(2, 2), 1, True),
            (_image(3, 3), 3, True),
            (_image(3, 4, 4), 2, False),
            (_image(1, 3, 5), 3, False),
        ],
    ),
    "submission_line": Exercise(
        submission_line,
        "join the names above the threshold with spaces; argmax finds the best one",
        lambda: [
            ("test_0", torch.tensor([0.9]), ["clear"], 0.5),
            ("test_1", torch.tensor([0.9, 0.1, 0.8]), ["clear", "haze", "road"], 0.5),
            ("test_2", torch.tensor([0.1, 0.4, 0.2]), ["clear", "haze", "road"], 0.5),
            ("file_3", torch.tensor([0.3, 0.2]), ["haze", "water"], 0.1),
        ],
    ),
}
