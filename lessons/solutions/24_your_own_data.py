"""Solutions to lesson 24, with the cases that an answer is tried on."""

import math
import re
from urllib.parse import urlsplit

import torch

from coursekit.classroom.exercises import Exercise, draw

DISCUSSION = """
**Which errors would you accept?** There is no right answer, but there is a way to find
yours. Write down for each pair of classes what happens after the mistake: who notices it,
when, and what it costs to undo. A cup that is filed under jugs is found again next week. A
mushroom that is filed under the edible ones is not.

Then the numbers. For the sample: 176 readable files, of which eight are twins; 30 looked
at, ten labels changed; an error of about 14 %, with an interval of about ± 5 points on 168
images. A helper who sorted in a hurry was wrong in 6 %. So the network would be a bad
*replacement* and a good *assistant*: it can sort those of which it is sure, and show the
rest to a person.

What you are likely to meet in a folder of your own:

- collecting takes an hour, sorting half an hour, training a minute;
- twins, and now and then a file that cannot be read;
- labels that you change, and others that are *undecidable*. Those are the
  interesting ones: the classes were never defined. Is a mug a cup? Decide it, write it on
  the model card, and sort again;
- an interval that is wider than you hoped. With 60 images and 6 mistakes it reaches from
  5 % to 20 %.

And the line that is hard to write. "Acceptable for a first sorting that a person looks
through. Not for deciding alone about anything that cannot be undone." The one who says so
should be somebody who bears the cost of a mistake, and not the one who built the model. If
the people who are judged by a model have no say in what counts as an acceptable error, that
is a fault of the project, whatever its accuracy. Ask also for whom: the mean error can be
fine, and one group can carry nearly all of the mistakes.
"""


def safe_name(address):
    if not isinstance(address, str) or not re.match(r"https?://[^/?#]+/", address):
        raise ValueError("an address of http or https, with a path")
    name = urlsplit(address).path.rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9.]+", "_", name).strip("._") or "image"


def groups_of(n, pairs):
    if n < 1 or not all(0 <= one < n for pair in pairs for one in pair):
        raise ValueError("pairs of numbers from 0 to n - 1")
    group = list(range(n))
    for a, b in pairs:
        low, high = sorted((group[a], group[b]))
        group = [low if one == high else one for one in group]
    return group


def same_picture(one, other):
    if any(image.shape != (2, 3) or not image.isfinite().all() for image in (one, other)):
        raise ValueError("two images of 2 rows of 3 pixels, all of them finite")
    one, other = (image.double() - image.double().mean() for image in (one, other))
    scale = (one * other).sum() / one.square().sum().clamp(min=1e-12)
    near = bool((other - scale * one).norm() <= 1e-6 * other.norm())
    return near and bool(scale > 0 or not one.any() and not other.any())


def look_alike(one, other):
    """Two tensors (2, 3): whether they have the same difference hash."""
    return bool(torch.equal(one[:, 1:] > one[:, :-1], other[:, 1:] > other[:, :-1]))


def interval(wrong, n):
    if n < 1 or not 0 <= wrong <= n:
        raise ValueError("from 0 to n of n, one at least")
    z, m = 1.96, wrong / n
    half = z * math.sqrt(m * (1 - m) / n + z * z / (4 * n * n))
    middle = m + z * z / (2 * n)
    return [(middle + side * half) / (1 + z * z / n) for side in (-1, 1)]


def equal_count_error(confidence, right, bins):
    n = len(confidence)
    if confidence.dim() != 1 or not n or right.shape != confidence.shape:
        raise ValueError("a confidence for each answer, and whether it is right")
    if bins < 1 or n % bins or len(confidence.unique()) < n:
        raise ValueError("parts of equal size, and no confidence twice")
    order = confidence.argsort()
    parts = [values[order].double().reshape(bins, -1) for values in (confidence, right)]
    return (parts[0].mean(dim=1) - parts[1].mean(dim=1)).abs().mean()


def accuracy_of(counts, confidence, gap):
    if not counts.dim() == confidence.dim() == gap.dim() == 1 or (counts < 0).any():
        raise ValueError("a count, a confidence and a gap for each bin")
    right = confidence - gap
    if not counts.sum() or right.min() < -1e-6 or right.max() > 1 + 1e-6:
        raise ValueError("in no bin can fewer than none or more than all be right")
    return (counts * right).sum() / counts.sum()


def cheapest(p, miss, waste, look):
    if p.dim() != 1 or p.min() < 0 or p.max() > 1 or min(miss, waste, look) < 0:
        raise ValueError("probabilities in one row, and costs")
    costs = torch.stack([p * miss, (1 - p) * waste, torch.full_like(p, look)])
    return costs.argmin(dim=0)


def _ask_name(random):
    folder, size = random.choice(["img", "a/b", "2026"]), random.randint(2, 99)
    name = random.choice(["red", "old", "tall"])
    question = f"What is the safe name of http://a.org/{folder}/{name} (jug).png?w={size}"
    return f"{question}, as text?", f"{name}_jug_.png"


def _ask_groups(random):
    n, chain = random.randint(8, 20), random.randint(3, 6)
    question = f"{n} images; each of the first {chain} is a twin of the next one"
    return f"{question}. How many groups are there?", n - chain


def _ask_hash(random):
    rows, columns = random.randint(2, 9), random.randint(3, 9)
    question = f"Images of {rows} rows of {columns} pixels"
    return f"{question}: how many bits has a difference hash?", rows * (columns - 1)


def _ask_interval(random):
    n = random.choice([20, 30, 50, 100])
    question = f"0 of {n} are wrong. What is the upper end of Wilson's interval (z = 1.96)?"
    return question, interval(0, n)[1]


def _ask_bins(random):
    sure, hits = random.choice([0.7, 0.8, 0.9]), random.randint(1, 6)
    question = f"All of 10 answers have a confidence near {sure}, and {hits} are right"
    return f"{question}. One bin: what is the calibration error?", abs(sure - hits / 10)


def _ask_accuracy(random):
    many, few = random.choice([60, 80]), random.choice([10, 20, 30])
    right = (many * 0.9 + few * 0.5) / (many + few)
    question = f"{many} answers with confidence 0.95 and gap 0.05, {few} with 0.6 and 0.1"
    return f"{question}. What is the accuracy?", right


def _ask_cost(random):
    wrong, ask = random.choice([4, 5, 10, 20]), random.choice([1, 2])
    question = f"A wrong answer costs {wrong}, asking a person costs {ask}"
    return f"{question}. Below which probability should the model ask?", 1 - ask / wrong


EXERCISES = {
    "safe_name": Exercise(
        safe_name,
        hints=(
            "Which part of that address is the path, and where does it end?",
            "Cut off what follows the first ? or #, then take what follows the last /. "
            "Only then replace characters, a whole run at a time.",
            "`path = re.split('[?#]', address)[0]`",
        ),
        cases=lambda: [
            ("http://a.org/cup.jpg",),
            ("http://a.org/x/my cup.jpg?size=2",),
            ("http://a.org/a--b  c.png",),
            ("https://a.org/",),
            ("http://a.org/old/?name=cup.jpg",),
            ("http://a.org/cup.jpg?from=/home/x.png",),
            ("http://a.org/cup.jpg#part/2",),
            ("http://a.org/jug.png#top?x",),
            ("http://a.org/.hidden",),
            ("http://a.org/%2e%2e_",),
            ("http://a.org/-_.",),
            ("http://a.org/tasse-groß.JPG",),
            ("http://a.org/x/Vase_12__3.webp",),
            ("http://a.org/Zz/AzZ09.a",),
            ("http://a.org/..cup..",),
            ("http://a.org/xylophones/box",),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_name,
    ),
    "groups_of": Exercise(
        groups_of,
        hints=(
            "Which images are connected with that one, also through others?",
            "Begin with a group of its own for each image. A pair joins two whole groups, "
            "not two images: everybody in the one with the larger number gets the smaller.",
            "`group = list(range(n))`",
        ),
        cases=lambda: [
            (2, [(0, 1)]),
            (3, []),
            (1, []),
            (3, [(2, 1)]),
            (4, [(0, 3), (3, 2)]),
            (4, [(2, 3), (0, 3)]),
            (6, [(0, 3), (3, 5)]),
            (6, [(4, 5), (2, 3), (3, 4), (1, 2)]),
            (5, [(3, 4), (4, 3), (3, 4)]),
            (7, [(5, 6), (1, 2), (2, 6), (0, 4)]),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_groups,
    ),
    "break_hash": Exercise(
        same_picture,
        breaks=look_alike,
        answer=(
            torch.tensor([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
            torch.tensor([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0]]),
        ),
        hints=(
            "The hash asks: brighter or not? By how much is not in it. What else is not?",
            "Each row is compared with itself only. And it asks only for an order, so a "
            "small step and a large one give the same bit.",
            "`wrong_for = torch.tensor([[0.0, 1.0, 2.0], [...]]), ...`",
        ),
        cases=lambda: [
            (torch.zeros(2, 3), torch.ones(2, 3)),
            (torch.arange(6.0).reshape(2, 3), torch.arange(6.0).reshape(2, 3).flip(1)),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_hash,
    ),
    "interval": Exercise(
        interval,
        hints=(
            "At the ends both sides of the condition are equal. Is that so for yours?",
            "With = in place of ≤ it is a quadratic equation for p. Its two solutions are "
            "the ends.",
            "`a, b, c = 1 + 1.96**2 / n, -(2 * m + 1.96**2 / n), m * m`",
        ),
        cases=lambda: [(0, 35), (5, 10), (4, 35), (35, 35), (1, 1), (13, 100), (20, 1000)],
        difficulty=3,
        minutes=15,
        again=_ask_interval,
    ),
    "equal_count_error": Exercise(
        equal_count_error,
        hints=(
            "Which answers lie together in a bin, and what is the gap of each bin?",
            "Sort both by the confidence, and cut both at the same positions. A gap is one "
            "number for each bin; its sign is lost before the mean is taken.",
            "`order = confidence.argsort()`",
        ),
        cases=lambda: [
            (torch.tensor([0.9]), torch.tensor([False]), 1),
            (torch.tensor([0.9, 0.6]), torch.tensor([True, False]), 2),
            (
                torch.tensor([0.9, 0.6, 0.8, 0.7]),
                torch.tensor([True, False, False, True]),
                2,
            ),
            (torch.tensor([0.5, 0.9]), torch.tensor([True, True]), 1),
            (draw(12).sigmoid(), draw(12, seed=1) > 0, 3),
            (draw(12).sigmoid(), draw(12, seed=2) > 0, 4),
            (draw(20, seed=3).sigmoid(), draw(20, seed=4) > 0.5, 20),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_bins,
    ),
    "accuracy_of": Exercise(
        accuracy_of,
        hints=(
            "How many answers of that bin are right?",
            "From the confidence and the gap you get the fraction that is right in each "
            "bin. A bin with many answers counts for more.",
            "`right = confidence - gap`",
        ),
        cases=lambda: [
            (torch.tensor([10]), torch.tensor([0.9]), torch.tensor([0.1])),
            (torch.tensor([10, 30]), torch.tensor([0.6, 0.9]), torch.tensor([0.1, 0.1])),
            (torch.tensor([10, 30]), torch.tensor([0.6, 0.9]), torch.tensor([-0.2, 0.3])),
            (
                torch.tensor([5, 0, 45]),
                torch.tensor([0.2, 0.5, 1.0]),
                torch.tensor([0.1, 0.0, 0.04]),
            ),
            (torch.tensor([1, 2, 3]), torch.tensor([0.3, 0.6, 0.8]), torch.zeros(3)),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_accuracy,
    ),
    "cheapest": Exercise(
        cheapest,
        hints=(
            "What does each of the three choices cost on average, for that probability?",
            "To pass costs only if the part is faulty, to throw away only if it is good. "
            "The look costs the same for each. Then take the smallest of the three.",
            "`costs = torch.stack([p * miss, ...])`",
        ),
        cases=lambda: [
            (torch.tensor([0.0, 0.5, 1.0]), 10.0, 4.0, 1.0),
            (torch.tensor([0.25, 0.75]), 1.0, 1.0, 5.0),
            (torch.tensor([0.5]), 2.0, 2.0, 1.0),
            (torch.tensor([0.5]), 4.0, 2.0, 1.0),
            (torch.tensor([0.0, 0.0625, 0.25, 0.5, 0.9375, 1.0]), 20.0, 8.0, 2.0),
            (torch.tensor([0.5, 0.25]), 8.0, 8.0, 0.0),
            (draw(12).sigmoid(), 7.0, 3.0, 1.0),
            (draw(12, seed=1).sigmoid(), 3.0, 7.0, 1.5),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_cost,
    ),
}
