"""Solutions to lesson 05, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, stream


def held_out_by(file_names, videos):
    if not all("_" in name for name in file_names):
        raise ValueError("a video, an underscore, a frame")
    return [name.rsplit("_", 1)[0] in videos for name in file_names]


def shrunk(mask):
    """A mask (H, W) at half the size: of each 2 x 2 pixels the middle number."""
    squares = mask.unfold(0, 2, 2).unfold(1, 2, 2).flatten(2)
    return squares.median(dim=2).values


def most_frequent(mask):
    if mask.dim() != 2 or mask.is_floating_point() or not mask.numel():
        raise ValueError("a mask (H, W) of whole numbers")
    if mask.shape[0] % 2 or mask.shape[1] % 2 or (mask < 0).any():
        raise ValueError("an even height and width, and class numbers from 0")
    squares = mask.unfold(0, 2, 2).unfold(1, 2, 2).flatten(2)
    equal_pairs = (squares[..., None] == squares[..., None, :]).sum(dim=(-1, -2))
    if ((equal_pairs == 4) | (equal_pairs == 8)).any():  # four classes, or two and two
        raise ValueError("two classes that are equally frequent in one square")
    return squares.mode(dim=2).values


def ious_of_table(table):
    if table.dim() != 2 or table.shape[0] != table.shape[1]:
        raise ValueError("a row and a column for each class")
    right = table.diagonal()
    return right / (table.sum(dim=0) + table.sum(dim=1) - right)


def possible_heights(rows, halvings):
    if rows < 1 or halvings < 0:
        raise ValueError("at least one row, and no fewer than no halvings")
    smallest = largest = rows
    for _ in range(halvings):
        smallest, largest = 2 * smallest - 1, 2 * largest
    return smallest, largest


def class_weights(masks, classes, ignore_index):
    counted = masks[masks != ignore_index]
    if not len(counted) or counted.max() >= classes:
        raise ValueError("some pixel that is not ignored, and no class above the last")
    counts = counted.bincount(minlength=classes)
    each = (
        len(counted) / (counts > 0).sum()
    )  # pixels that a class would have, if all had the same
    return torch.where(counts > 0, each / counts, 0.0)


def _classes(*shape, seed=0, below=4):
    return torch.randint(below, shape, generator=stream(shape, seed))


def _held_out(random):
    names = [f"day_{random.randint(1, 3)}_{30 * k}.jpg" for k in range(1, 6)]
    videos = [f"day_{k}" for k in random.sample((1, 2, 3), 2)]
    asked = (
        f"Held out are the videos {videos}. How many of these files are left for the "
        f"training? {names}"
    )
    return asked, sum(not held for held in held_out_by(names, videos))


def _middle(random):
    low, middle, high = sorted(random.sample(range(12), 3))
    square = random.sample([low, middle, high, high], 4)
    asked = (
        f"A square of 2 × 2 pixels has the class numbers {square}. Give two numbers, as a "
        "list: what "
        "torch.median makes of them (the lower of the two in the middle), and the class "
        "that is most frequent."
    )
    return asked, [middle, high]


def _iou(random):
    both, said, true = random.randint(2, 6), random.randint(1, 6), random.randint(1, 6)
    asked = (
        f"The network calls {both + said} pixels a car. {both + true} pixels are a car. "
        f"{both} pixels are both. "
        "What is the IoU of the class car?"
    )
    return asked, both / (both + said + true)


def _widths(random):
    columns, halvings = random.randint(2, 9), random.randint(2, 5)
    asked = (
        f"A map has {columns} columns. Before it the width was halved {halvings} times, "
        "each time rounded up. "
        "How many different widths can the picture have had?"
    )
    smallest, largest = possible_heights(columns, halvings)
    return asked, largest - smallest + 1


def _weight(random):
    pixels, times = 10 * random.randint(1, 5), random.choice((3, 4, 9))
    asked = (
        f"Of all counted pixels {pixels} are people, and {pixels * times} are road; there "
        "is nothing else. Both "
        "classes are to have the same total weight, and the mean weight of a pixel is to "
        "be 1. Give the weight of people."
    )
    return asked, (1 + times) / 2


EXERCISES = {
    "held_out_by": Exercise(
        held_out_by,
        hints=(
            "From which video does your function think that the file in this case comes, "
            "and what made it think so?",
            "A frame's number holds no underscore. So the video is all that stands before "
            "the last underscore, whole.",
            "`video = name.rsplit('_', 1)[0]`",
        ),
        cases=lambda: [
            (["v04_000030.jpg", "v05_000030.jpg"], ["v04"]),
            (["v1_30.jpg", "v12_30.jpg", "v2_60.jpg"], ["v1", "v2"]),
            (["v12_30.jpg", "v2_60.jpg"], ["v12", "v22"]),
            (["day_1_30.jpg", "day_2_30.jpg", "day_30.jpg"], ["day_2"]),
            (["a_b_c_30.jpg", "a_b_30.jpg"], ["a_b_c", "a"]),
        ],
        difficulty=2,
        minutes=10,
        again=_held_out,
    ),
    "break_shrunk": Exercise(
        most_frequent,
        breaks=shrunk,
        answer=(torch.tensor([[0, 1], [2, 2]]),),
        hints=(
            "Write the four numbers of your square in order. Where among them do the "
            "equal ones stand?",
            "The middle number is right as long as the most frequent class lies in the "
            "middle of the order. Let it lie at one end.",
            "`mask_to_break = torch.tensor([[0, 1], [..., ...]])`",
        ),
        cases=lambda: [
            (torch.tensor([[0, 1], [1, 1]]),),
            (torch.tensor([[0, 1], [1, 2]]),),
            (torch.tensor([[0, 0], [1, 2]]),),
            (torch.tensor([[4, 4, 7, 9], [4, 4, 7, 7]]),),
        ],
        difficulty=2,
        minutes=10,
        again=_middle,
    ),
    "ious_of_table": Exercise(
        ious_of_table,
        hints=(
            "Take one class. Which cells of the table hold pixels that are this class, "
            "and which hold pixels that are called so?",
            "A row's sum is what is this class, a column's sum is what is called so. "
            "Their cell in common is counted twice.",
            "`both = table.diagonal()`",
        ),
        cases=lambda: [
            (torch.tensor([[3, 0], [0, 2]]),),
            (torch.tensor([[3, 1], [2, 4]]),),
            (torch.tensor([[4, 0, 2], [1, 0, 0], [0, 0, 3]]),),  # 1 is never said
            (torch.tensor([[4, 1, 2], [0, 0, 0], [0, 0, 3]]),),  # 1 is never true
            (torch.tensor([[4, 0, 2], [0, 0, 0], [1, 0, 3]]),),  # 1 is neither
            (_classes(4, 4, below=50),),
        ],
        difficulty=3,
        minutes=15,
        again=_iou,
    ),
    "possible_heights": Exercise(
        possible_heights,
        hints=(
            "Take your two heights, and halve them on paper. Do you come to the rows, and "
            "does one row more or less, too?",
            "Go back one stage at a time. 8 rows can come from 15 or from 16. From what "
            "can these two come?",
            "`smallest, largest = 2 * rows - 1, 2 * rows  # one stage back`",
        ),
        cases=lambda: [
            (8, 1),
            (8, 0),
            (1, 1),
            (4, 2),
            (5, 3),
            (4, 4),
        ],
        difficulty=3,
        minutes=15,
        again=_widths,
    ),
    "class_weights": Exercise(
        class_weights,
        hints=(
            "Multiply each of your weights by its class's pixels. Are the products the "
            "same? What is their sum, and what should it be?",
            "All weights × pixels together are the number of counted pixels. Each class "
            "that occurs has the same part of it.",
            "`counts = masks[masks != ignore_index].bincount(minlength=classes)`",
        ),
        cases=lambda: [
            (torch.tensor([[[0, 1]]]), 2, 255),
            (torch.tensor([[[0, 0, 0, 1]]]), 2, 255),
            (torch.tensor([[[0, 0, 0, 1, 2, 2]]]), 3, 2),
            (torch.tensor([[[1, 1, 1, 1, 3, 0]]]), 5, 0),
            (_classes(2, 2, 2), 6, 3),
        ],
        difficulty=3,
        minutes=15,
        again=_weight,
    ),
}

DISCUSSION = """Measured at half size, with `made()` of the lesson, 4 epochs unless another
number is given.
Each cell holds the results of seeds 0 and 1:

| change | accuracy | IoU of pedestrians | IoU of bicyclists | mean IoU |
|---|---|---|---|---|
| none | 0.915, 0.917 | 0.00, 0.00 | 0.00, 0.00 | 0.45, 0.45 |
| 8 epochs | 0.928, 0.931 | 0.00, 0.00 | 0.06, 0.10 | 0.51, 0.55 |
| class weights | 0.860, 0.868 | 0.12, 0.09 | 0.07, 0.08 | 0.53, 0.54 |
| their square roots | 0.910, 0.912 | 0.11, 0.03 | 0.09, 0.14 | 0.54, 0.55 |

Without a change the network never says "pedestrian" at all, and its accuracy hides that.
Twice the epochs cost twice the time and make *everything else* better. Weights cost no
time. The full ones (17 for a pedestrian's pixel, 0.25 for the road's) cost five points of
accuracy: the network now finds 46 % and 41 % of the pedestrians' pixels (recall), but of
what it calls a pedestrian only 14 % and 10 % is one (precision). It says "person" too
often, because a missed person costs seventy times as much as a missed piece of road. The
square roots of the weights cost half a point, and the mean IoU is as high.

So there is no free choice. Which error is worse, a missed person or a car that brakes for a
tree? That is no question for the optimiser. Note how far the two seeds are apart: two are
too few to say which of the last two rows is better.

```python
masks = torch.stack([ck.read_mask(file).long() for file in by_video.part(False)[1]])
mine = class_weights(masks, len(names), ignore_index)
loss_fn = partial(F.cross_entropy, weight=mine.sqrt(), ignore_index=ignore_index)
learn = ck.unet_learner(data, loss_fn=loss_fn, metrics=[accuracy], optimizer_fn=adamw)
```

Try next: larger pictures, in which a person has four times as many pixels; crops around
people.
"""
