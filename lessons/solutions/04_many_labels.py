"""Solutions to lesson 04, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise


def f2_by_tile(given, true):
    right = (given & true).sum(1)
    if given.shape != true.shape or (right == 0).any():
        raise ValueError("two tensors of one shape, and a right label on each tile")
    return (5 * right / (4 * true.sum(1) + given.sum(1))).mean()


def f2_of_means(given, true):
    """Mean F2 of the tiles; given and true are bool, (tiles, labels)."""
    right = (given & true).sum(1)
    precision = (right / given.sum(1)).mean()
    recall = (right / true.sum(1)).mean()
    return 5 * precision * recall / (4 * precision + recall)


def threshold_each(probabilities, targets, thresholds):
    true = targets == 1
    if probabilities.shape != targets.shape or not true.any(0).all():
        raise ValueError("two tensors of one shape, and each label is on some tile")
    best = []
    for label in range(true.shape[1]):
        wanted, f2 = true[:, label], {}
        for threshold in sorted(thresholds):
            given = probabilities[:, label] > threshold
            # F2 but for the factor 5: right + missed = wanted, and right + extra = given
            f2[threshold] = (given & wanted).sum() / (4 * wanted.sum() + given.sum())
        best.append(max(f2, key=f2.get))
    return best


def undo(view, quarters, mirrored):
    if view.dim() < 2:
        raise ValueError("an image has a height and a width")
    return torch.rot90(view.flip(-1) if mirrored else view, -quarters, (-2, -1))


def submission_line(tile, probabilities, names, threshold):
    if len(probabilities) != len(names):
        raise ValueError("one probability for each name")
    given = [name for i, name in enumerate(names) if probabilities[i] > threshold]
    return f"{tile},{' '.join(given or [names[probabilities.argmax()]])}"


def _image(*shape):
    return torch.arange(float(torch.Size(shape).numel())).reshape(shape)


def _column(*numbers):
    return torch.tensor(numbers)[:, None]


def _bools(*rows):
    return torch.tensor(rows).bool()


def _again_per_tile(random):
    labels, tiles = random.choice([5, 8, 10, 20]), random.choice([2, 4, 5])
    ones = random.randint(tiles, 2 * tiles)
    return (
        f"{tiles} tiles have {ones} labels together; there are {labels} different labels. "
        "What is the accuracy of a network that says no to everything?"
    ), 1 - ones / (tiles * labels)


def _again_break_f2(random):
    right, missed, extra = (random.randint(1, 5) for _ in range(3))
    return (
        f"Labels of one tile: found {right}, missed {missed}, given but not there {extra}. "
        "What are precision, recall and F2? Three numbers, three decimals."
    ), [
        right / (right + extra),
        right / (right + missed),
        5 * right / (5 * right + 4 * missed + extra),
    ]


def _again_threshold_each(random):
    percents = random.sample(range(5, 95, 10), 6)
    true, cut = [True] + [random.random() < 0.5 for _ in range(5)], 40
    sure = ", ".join(
        f"0.{p:02}" + " (there)" * t for p, t in zip(percents, true, strict=True)
    )
    found = sum(p > cut and t for p, t in zip(percents, true, strict=True))
    return (
        f"A label's probabilities on six tiles: {sure}. What is its recall at a threshold "
        "of 0.4? Three decimals."
    ), found / sum(true)


def _again_undo(random):
    quarters = random.randint(1, 3)
    return (
        f"A tile is first mirrored (`.flip(-1)`), then turned to the left by {quarters} "
        "quarter turns. The same view comes out if it is first turned to the left, then "
        "mirrored. By how many quarter turns is it turned then, 0 to 3?"
    ), 4 - quarters


def _again_submission_line(random):
    names = ["clear", "primary", "road", "water"]
    percents = random.sample(range(10, 99), 4)
    given = [n for n, p in zip(names, percents, strict=True) if p > 60]
    best = names[percents.index(max(percents))]
    sure = ", ".join(f"{n} 0.{p}" for n, p in zip(names, percents, strict=True))
    return (
        f"The threshold is 0.6; if nothing is above it, the most probable label is given. "
        f"Which labels does this tile get? One text, with spaces, in this order: {sure}"
    ), " ".join(given or [best])


EXERCISES = {
    "per_tile": Exercise(
        3.4,
        hints=(
            "Of the 17 entries of a tile, how many are right if all answers are no?",
            "The wrong entries are the labels that are there. What fraction of 17 is it?",
            "`labels_per_tile = 17 * ...`",
        ),
        tolerance=1e-4,
        difficulty=1,
        minutes=5,
        again=_again_per_tile,
    ),
    "undo": Exercise(
        undo,
        hints=(
            "Give the corners of this image names, turn and mirror it on paper. Which step "
            "was done last?",
            "What was done last is undone first. Mirroring undoes itself; a turn is undone "
            "by a turn in the other direction.",
            "`view = view.flip(-1) if mirrored else view`",
        ),
        cases=lambda: [
            (_image(2, 2), 1, False),
            (_image(2, 2), 0, True),
            (_image(2, 2), 1, True),
            (_image(3, 3), 3, True),
            (_image(3, 4, 4), 2, False),
            (_image(1, 3, 5), 3, False),
            (_image(2, 3, 2), 1, True),
        ],
        difficulty=2,
        minutes=10,
        again=_again_undo,
    ),
    "submission_line": Exercise(
        submission_line,
        hints=(
            "Which labels are above the threshold here? What should stand in the line if "
            "none is?",
            "Collect the names above the threshold and join them with spaces. If there are "
            "none, take the name at the position of the largest probability.",
            "`given = [name for name, p in zip(names, probabilities) if p > threshold]`",
        ),
        cases=lambda: [
            ("test_0", torch.tensor([0.9]), ["clear"], 0.5),
            ("test_1", torch.tensor([0.9, 0.1, 0.8]), ["clear", "haze", "road"], 0.5),
            ("test_2", torch.tensor([0.1, 0.4, 0.2]), ["clear", "haze", "road"], 0.5),
            ("file_3", torch.tensor([0.3, 0.2]), ["haze", "water"], 0.1),
            ("test_4", torch.tensor([0.5, 0.6, 0.9]), ["haze", "road", "water"], 0.5),
        ],
        difficulty=2,
        minutes=10,
        again=_again_submission_line,
    ),
    "break_f2": Exercise(
        f2_by_tile,
        breaks=f2_of_means,
        answer=(
            torch.tensor([[True, False], [True, True]]),
            torch.tensor([[True, True], [True, False]]),
        ),
        hints=(
            "What are the precision and the recall of each of your tiles?",
            "With one tile, or where precision equals recall on every tile, both ways "
            "agree. Take a tile with few labels given, and one with many.",
            "`given = torch.tensor([[1, 0], [1, 1]]).bool()`",
        ),
        cases=lambda: [
            (_bools([1, 0]), _bools([1, 1])),
            (_bools([1, 0], [0, 1]), _bools([1, 1], [1, 1])),
            (_bools([1, 0, 1], [1, 0, 0]), _bools([1, 0, 1], [1, 0, 0])),
            (_bools([1, 1, 0], [1, 0, 0]), _bools([1, 0, 1], [1, 0, 0])),
        ],
        difficulty=3,
        minutes=15,
        again=_again_break_f2,
    ),
    "threshold_each": Exercise(
        threshold_each,
        hints=(
            "Take the first label alone. At each threshold: on which tiles is it given, "
            "and on which of them is it there?",
            "F2 as in the lesson, but counted down the tiles, for one label at a time: sum "
            "over axis 0. Go through the thresholds from low to high, and change your mind "
            "only for a better one.",
            "`given = probabilities[:, label] > threshold`",
        ),
        cases=lambda: [
            (torch.tensor([[0.9], [0.3]]), torch.tensor([[1.0], [0.0]]), [0.2, 0.5]),
            (torch.tensor([[0.9], [0.3]]), torch.tensor([[1.0], [1.0]]), [0.5, 0.2]),
            (torch.tensor([[0.9], [0.1]]), torch.tensor([[1.0], [0.0]]), [0.7, 0.5, 0.2]),
            (torch.tensor([[0.5], [0.25]]), torch.tensor([[1.0], [0.0]]), [0.5, 0.25]),
            (
                torch.tensor([[0.9, 0.2], [0.3, 0.8], [0.4, 0.6]]),
                torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]),
                [0.1, 0.5, 0.7],
            ),
            # one label more is found for 7 extra ones (worth it), or for 9 (not)
            (_column(0.9, 0.3, *[0.5] * 7), _column(1.0, 1.0, *[0.0] * 7), [0.2, 0.7]),
            (_column(0.9, 0.3, *[0.5] * 9), _column(1.0, 1.0, *[0.0] * 9), [0.2, 0.7]),
        ],
        difficulty=3,
        minutes=20,
        again=_again_threshold_each,
    ),
}

DISCUSSION = """
Measured on the sample with the code below: for each of three seeds the small pictures once,
then both ways on from the same weights. F2 at a threshold of one half, and the loss, on the
held-out tiles at the last size.

| seed | frozen anew: F2 | loss | all layers at once: F2 | loss |
|---|---|---|---|---|
| 0 | 0.894 | 0.097 | 0.906 | 0.087 |
| 1 | 0.885 | 0.105 | 0.906 | 0.091 |
| 2 | 0.906 | 0.100 | 0.909 | 0.094 |

It is not lower: for each seed F2 is a little higher and the loss lower. So here the epoch
for the head alone is an epoch that the backbone misses. The usual reason for it
is a **new** head: its first, large gradients could damage pretrained layers. At a new size
the head is not new. It only sees wider roads.

Three things to keep in mind. The number of epochs is equal, not the time: an epoch for the
head alone is cheaper. Three seeds on 250 held-out tiles show a direction,
not its size: F2 gained about 0.003 to 0.021. And this backbone, pretrained on drawn
shapes, has little to lose; one from ImageNet may have more.

```python
def both_ways(seed):
    torch.manual_seed(seed)
    learn = ck.vision_learner(data, ck.resnet_tiny)
    learn.fit_one_cycle(1, 1e-2)
    learn.unfreeze()
    learn.fit_one_cycle(6, (3e-3, 8e-3))
    start = learn.save(results / "both-ways")
    for anew in (True, False):
        learn.load(start)
        torch.manual_seed(seed + 1)
        for side, epochs in ((48, 2), (64, 3)):
            learn.use(source.loaders(side, augment=ck.dihedral(), batch_size=16))
            if anew:
                learn.freeze()
                learn.fit_one_cycle(1, 1e-2)
            learn.unfreeze()
            learn.fit_one_cycle(epochs if anew else epochs + 1, (4e-3, 8e-3))
        logits, rows = learn.predictions()
        print(seed, anew, ck.fbeta(logits, rows, beta=2, threshold=0.5))
        print(ck.binary_cross_entropy(logits, rows))
```
"""
