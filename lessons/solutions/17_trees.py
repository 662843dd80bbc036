"""Solutions to lesson 17, with the cases that an answer is tried on."""

import math
from itertools import pairwise

import torch

from coursekit.classroom.exercises import Exercise, draw


def best_threshold_of(values, targets):
    distinct = values.unique()
    if values.shape != targets.shape or len(distinct) < 2:
        raise ValueError("one target for each value, and at least two different values")
    left_over = {}
    for low, high in pairwise(distinct):
        sides = targets[values < high], targets[values >= high]
        distances = [(side - side.median()).abs().sum() for side in sides]
        left_over[(low + high) / 2] = sum(distances)
    best, *others = sorted(left_over, key=left_over.get)
    if others and left_over[others[0]] - left_over[best] < 1e-3:
        raise ValueError("one threshold that is better than all others")
    return best


def trees_for_all(resamples, n):
    if resamples.ndim != 2 or not 0 <= resamples.min() <= resamples.max() < n:
        raise ValueError("(trees, draws) of row numbers below n")
    drawn = [set(rows) for rows in resamples.tolist()]
    if set.intersection(*drawn):
        raise ValueError("resamples of which each row is left out at least once")
    always_drawn, trees = set(range(n)), 0
    while always_drawn:
        always_drawn &= drawn[trees]
        trees += 1
    return trees


def draws_needed(n, fraction):
    if n < 2 or not 0 < fraction < 1:
        raise ValueError("at least two rows, and a fraction between 0 and 1")
    draws = math.log(fraction) / math.log(1 - 1 / n)
    if n > 2 and abs(draws - round(draws)) < 1e-6:
        raise ValueError("a fraction that no number of draws gives exactly")
    return math.ceil(draws)


def same_splits(a, b):
    if a.shape != b.shape or a.ndim != 1 or not (a.isfinite() & b.isfinite()).all():
        raise ValueError("two columns of finite numbers, (n,) and (n,)")
    ranks_a, ranks_b = (column.unique(return_inverse=True)[1] for column in (a, b))
    return torch.equal(ranks_a, ranks_b) or torch.equal(ranks_a.max() - ranks_a, ranks_b)


def same_order(a, b):
    """Whether two columns, (n,) and (n,), divide the rows in the same ways."""
    return torch.equal(a.argsort(stable=True), b.argsort(stable=True))


def _another_threshold(random):
    """Four small values and targets with one best threshold."""
    while True:
        values = sorted(random.sample(range(10), 4))
        targets = [random.choice([0, 1, 2, 7, 20]) for _ in values]
        try:
            best = best_threshold_of(torch.tensor(values), torch.tensor(targets))
        except ValueError:
            continue
        question = (
            f"The values {values} have the targets {targets}. At which threshold is the "
            "sum of the absolute distances from the medians of the two sides least? (A "
            "threshold is the middle of two neighbouring values.)"
        )
        return question, float(best)


def _another_bag(random):
    while True:
        drawn = [sorted(random.choices(range(4), k=4)) for _ in range(5)]
        try:
            trees = trees_for_all(torch.tensor(drawn), 4)
        except ValueError:
            continue
        if trees > 1:
            listed = ", ".join(map(str, drawn))
            return (
                f"Of four rows, 0 to 3, five trees drew {listed}. With how many trees, "
                "from the first one on, has each row been left out at least once?",
                trees,
            )


def _another_missing(random):
    n = random.choice([2, 3, 4, 5, 10])
    draws = random.choice([2, 3])
    return (
        f"From {n} rows {draws} draws are made, with replacement. What is the expected "
        "fraction of rows that are missing?",
        (1 - 1 / n) ** draws,
    )


def _another_column(random):
    column = random.choices(range(-3, 4), k=6)
    return (
        f"A column holds {column}. In how many ways can a tree divide these six rows in "
        "two groups by one question about it?",
        len(set(column)) - 1,
    )


def _another_forest(random):
    rho, trees = random.choice([0.1, 0.25, 0.4, 0.5]), random.choice([2, 4, 5, 10])
    return (
        f"A single tree has a squared error of 1. The errors of {trees} such trees have a "
        f"correlation of {rho}. What is the squared error of their average?",
        rho + (1 - rho) / trees,
    )


EXERCISES = {
    "best_threshold_of": Exercise(
        best_threshold_of,
        hints=(
            "For each threshold that comes into question: what are the two medians, and "
            "how much is left on each side? Is there a threshold between two equal "
            "values?",
            "Go through the middles of neighbouring different values. For each, add up "
            "|target − median| over the left side, and over the right side. Take the "
            "least.",
            "`distinct = values.unique()  # sorted, each value once`",
        ),
        cases=lambda: [
            (torch.tensor([1.0, 2.0]), torch.tensor([0.0, 1.0])),
            (torch.tensor([3.0, 1.0, 2.0]), torch.tensor([5.0, 0.0, 0.5])),
            (torch.tensor([1.0, 1.0, 4.0, 2.0]), torch.tensor([0.0, 2.0, 9.0, 8.0])),
            (torch.tensor([1.0, 1, 2, 3]), torch.tensor([0.0, 9, 9, 8])),
            (torch.tensor([1.0, 2, 3, 4, 5, 6]), torch.tensor([1.0, 1, 1, 3, 3, 30])),
            (torch.tensor([0.0, 1, 2, 3, 10]), torch.tensor([0.0, 0, 0, 4, 5])),
            (torch.tensor([-2.0, -1, 0, 1, 2, 3]), torch.tensor([-1.0, 0, 9, 1, 8, 12])),
            (torch.tensor([0.0, 1, 2, 3, 4, 5]), torch.tensor([9.0, 0, 1, 0, 6, 7])),
            (draw(6), draw(2, 3).flatten()),
        ],
        difficulty=3,
        minutes=15,
        again=_another_threshold,
    ),
    "trees_for_all": Exercise(
        trees_for_all,
        hints=(
            "Which rows has the first tree left out? Which are still missing after the "
            "second?",
            "Keep the rows that every tree so far has drawn. Each tree can only make "
            "them fewer. When there are none left, count the trees.",
            "`always_drawn = set(range(n))`",
        ),
        cases=lambda: [
            (torch.tensor([[0, 0], [1, 1]]), 2),
            (torch.tensor([[1, 1], [1, 0], [0, 0]]), 2),
            (torch.tensor([[0, 0], [1, 2]]), 3),
            (torch.tensor([[0, 1, 1], [1, 2, 2], [0, 0, 1], [0, 2, 0]]), 3),
            (torch.tensor([[3, 0, 2, 1], [3, 3, 1, 1], [0, 3, 0, 2], [2, 2, 0, 1]]), 4),
            (torch.tensor([[0, 0], [0, 2], [1, 2]]), 4),
            (torch.tensor([[0], [0], [1], [0]]), 2),
        ],
        difficulty=3,
        minutes=10,
        again=_another_bag,
    ),
    "draws_needed": Exercise(
        draws_needed,
        hints=(
            "With your number of draws, which fraction is expected to be missing? And with "
            "one draw fewer?",
            "One draw misses a row with probability 1 − 1/n. Multiply by that, draw by "
            "draw, until the product is no larger than the fraction; or use logarithms.",
            "`missing, draws = 1.0, 0`",
        ),
        cases=lambda: [
            (2, 0.5),
            (2, 0.3),
            (2, 0.25),
            (3, 0.5),
            (10, 0.95),
            (50, 0.2),
            (400, 0.3679),
            (400, 0.1),
        ],
        difficulty=2,
        minutes=10,
        again=_another_missing,
    ),
    "same_splits": Exercise(
        same_splits,
        hints=(
            "Write down every way in which a tree can divide your rows by the first "
            "column, and by the second. Are the lists the same?",
            "An order tells which value comes first. What else counts: between which "
            "rows is there no threshold at all? And what happens if a column is turned "
            "round?",
            "`first = torch.tensor([1.0, 1.0])  # it divides nothing; and the second?`",
        ),
        cases=lambda: [
            (torch.tensor([1.0, 2.0]), torch.tensor([5.0, 7.0])),
            (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 3.0, 2.0])),
            (torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0.0, 1.0, 2.0])),
            (torch.tensor([2.0, 2.0, 3.0]), torch.tensor([8.0, 8.0, 9.0])),
            (torch.tensor([-2.0, 1.0, 3.0]), torch.tensor([4.0, 1.0, 9.0])),
        ],
        breaks=same_order,
        answer=(torch.tensor([1.0, 1.0]), torch.tensor([1.0, 2.0])),
        difficulty=3,
        minutes=10,
        again=_another_column,
    ),
    "enough_trees": Exercise(
        40,
        hints=(
            "How large is the squared error of infinitely many trees, for s² = 1? And of "
            "your number of trees? Divide.",
            "ρ + (1 − ρ)/T must be at most 1.1 times ρ. Solve that for T.",
            "`rho = 0.2  # and (1 - rho) / enough_trees must be at most 0.1 * rho`",
        ),
        difficulty=2,
        minutes=8,
        again=_another_forest,
    ),
}

DISCUSSION = """
**Half and half is not better here.** Boosting alone has an RMSPE of 0.0952, the forest
0.1076, and the mean of their predictions 0.0959: a little worse than boosting. With a
quarter of the forest and three quarters of boosting it is 0.0940. (But that weight was
chosen on the rows that measure it: the result flatters.)

```python
f, b = (torch.tensor(model.predict(X_held)) for model in (forest, boosted))
print([rmspe(w * f + (1 - w) * b) for w in (0, 0.25, 0.5, 1)])
a, b = f - Y_held, b - Y_held
ratio = (a.square().mean() / b.square().mean()).sqrt()  # 1.13
rho = (a * b).mean() / (a.square().mean() * b.square().mean()).sqrt()  # 0.80
```

**Why?** Draw the four fields of products, as in the lesson. If the better model has a
squared error of 1, and the other one's errors are $r$ times as large, the mean has $(1 + 2
\\rho r + r^2)/4$. That is less than 1 when $r^2 + 2 \\rho r < 3$. Here it is 1.28 + 1.80 =
3.08, just too much. So two things count: the errors should not be alike, **and the worse
model must not be much worse.** Equal models ($r = 1$) gain whenever $\\rho < 1$.

The rule foretells the other pairs. Two forests with seeds 0 and 1 are equally good, but
their errors have a correlation of 0.93: 0.1077 and 0.1076 become 0.1056, a gain of 2
percent. The network of lesson 12 (0.0883) and boosting have 0.77 and $r$ = 1.08: the sum is
2.8, and their mean, 0.0865, is better than either. One tree with ten rows in a leaf is far
worse than boosting (0.151): their mean is 0.111, although their errors are the least alike
of all, with a correlation of 0.65.

**To go on:** find the best weight on the six weeks *before* the held-out ones, and measure
it once on these.
"""
