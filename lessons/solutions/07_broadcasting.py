"""Solutions to lesson 07, the cases an answer is tried on, and what each puzzle allows."""

from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, draw, load_module, stream

only = load_module(Path(__file__).with_name("rules.py")).only


def volumes(a, b, c):
    return a[:, None, None] * b[:, None] * c


def contrast(x):
    assert (x.amin((1, 2)) < x.amax((1, 2))).all()
    return (x - x.amin((1, 2))[:, None, None]) / (x.amax((1, 2)) - x.amin((1, 2)))[
        :, None, None
    ]


def to_grey(images, weights):
    assert weights.shape == images.shape[1:2]
    return (images * weights[:, None, None]).sum(1)


def chessboard(rows, columns):
    return (torch.arange(rows)[:, None] + torch.arange(columns)) % 2


def identity(n):
    return torch.arange(n)[:, None] == torch.arange(n)


def one_hot(labels, classes):
    return labels[:, None] == torch.arange(classes)


def cut_off(x, lengths):
    assert len(x) == len(lengths)
    return x * (torch.arange(x.shape[1]) < lengths[:, None])


def backwards(x):
    return x[len(x) - 1 - torch.arange(len(x))]


def overlaps(a, b):
    assert a.shape[1] == b.shape[1] == 2
    return (
        torch.minimum(a[:, None, 1], b[:, 1]) - torch.maximum(a[:, None, 0], b[:, 0])
    ).clamp(min=0)


def running_sum(x):
    return (x * (torch.arange(len(x)) <= torch.arange(len(x))[:, None])).sum(1)


def positions(x):
    return (x[:, None] > x).sum(1)


def gather(x, index):
    assert len(x) == len(index)
    return x[torch.arange(len(x))[:, None], index]


def bincount(x, m):
    return (x == torch.arange(m)[:, None]).sum(1)


def scatter_add(values, index, m):
    assert len(values) == len(index)
    return (values * (index == torch.arange(m)[:, None])[:, :, None]).sum(1)


def pad_to(x, n):
    return (x * (torch.arange(len(x)) == torch.arange(n)[:, None])).sum(1)


def close_up(x, keep):
    assert x.shape == keep.shape
    return (
        x
        * keep
        * (
            torch.arange(len(x))[:, None]
            == (keep * (torch.arange(len(x)) < torch.arange(len(x))[:, None])).sum(1)
        )
    ).sum(1)


def undo_outer_sum(sums):
    b = sums.mean(0)
    a = sums[:, 0] - b[0]
    if not torch.allclose(a[:, None] + b, sums, 1e-4, 1e-4):
        raise ValueError("no outer sum: the rows differ by more than a number each")
    return a, b


def masked_mean(x, keep):
    """(n,), (n,) of True and False: the mean of the numbers that are kept."""
    return (x * keep).sum() / keep.sum()


def mean_of_kept(x, keep):
    if x.ndim != 1 or x.shape != keep.shape or keep.dtype != torch.bool or not keep.any():
        raise ValueError("give (n,) and (n,) of True and False, with at least one True")
    return x[keep].double().mean()


def quick_distance(a, b):
    """(d,), (d,): the squared distance of two vectors."""
    return (a**2).sum() + (b**2).sum() - 2 * a @ b


def squared_distance(a, b):
    if (
        a.ndim != 1
        or a.shape != b.shape
        or not (a.is_floating_point() and b.dtype == a.dtype)
    ):
        raise ValueError("give two vectors of one length and one dtype, float")
    return ((a - b) ** 2).sum()


def _numbers(*shape):
    """Whole numbers from 1 to 9, so that a counterexample is easy to read."""
    generator = stream(shape)
    return torch.randint(1, 10, shape, generator=generator).float()


def _rows(*rows):
    return torch.tensor(rows, dtype=torch.float32)


def _vector(*numbers):
    return torch.tensor(numbers, dtype=torch.float32)


def _volumes_again(random):
    n, m, k = random.sample(range(2, 9), 3)
    asked = f"`a` is ({n},), `b` is ({m},), `c` is ({k},)."
    return f"{asked} The shape of `a * b[:, None] * c[:, None, None]`?", [k, m, n]


def _contrast_again(random):
    low, width, share = (
        random.randint(-5, 5),
        random.choice((4, 5, 8)),
        random.randint(1, 3),
    )
    asked = f"An image goes from {low} to {low + width}. After the stretch to 0 and 1"
    return f"{asked}, what is the pixel that was {low + share}?", share / width


def _to_grey_again(random):
    n, channels, height, width = random.sample(range(2, 10), 4)
    asked = f"`images` is ({n}, {height}, {width}, {channels}), channels last; `weights` is"
    asked += f" ({channels},). The shape of `(images * weights).sum(-1)`?"
    return asked, [n, height, width]


def _chessboard_again(random):
    rows, columns = random.randint(3, 9), random.randint(3, 9)
    asked = (
        f"A {rows} × {columns} chessboard has a 0 in its top left corner. How many ones?"
    )
    return asked, rows * columns // 2


def _identity_again(random):
    n = random.randint(4, 12)
    return f"How many numbers does `arange({n})[:, None] >= arange({n})` say True for?", (
        n * (n + 1) // 2
    )


def _one_hot_again(random):
    labels = [random.randrange(4) for _ in range(5)]
    counts = [labels.count(k) for k in range(4)]
    return f"`one_hot(labels, 4).sum(0)` for labels {labels}?", counts


def _cut_off_again(random):
    lengths = [random.randint(0, 4) for _ in range(4)]
    asked = f"Four rows of four ones, cut off after {lengths}. The sum of each column?"
    return asked, [sum(length > column for length in lengths) for column in range(4)]


def _backwards_again(random):
    x = random.sample(range(10), 4)
    return f"x holds {x}. What is `x[torch.arange(4) - 1]`?", [x[-1], *x[:-1]]


def _overlaps_again(random):
    start, length, shift = random.randint(0, 9), random.randint(3, 9), random.randint(1, 12)
    end = start + length
    asked = f"Two intervals, {start} to {end} and {start + shift} to {end + shift}."
    return f"{asked} How long is the part that at least one covers?", length + min(
        shift, length
    )


def _running_sum_again(random):
    x = [random.randint(-3, 9) for _ in range(4)]
    sums = [sum(x[: i + 1]) for i in range(4)]
    return f"The running sums are {sums}. What were the numbers?", x


def _positions_again(random):
    positions = random.sample(range(4), 4)
    asked = (
        f"Of 10, 20, 30 and 40, in some order, the positions after sorting are {positions}"
    )
    return f"{asked}. What is the order?", [10 * (k + 1) for k in positions]


def _gather_again(random):
    picked = random.sample(range(1, 10), 3)
    order = random.sample(range(3), 3)
    x = [picked[order.index(k)] for k in range(3)]
    asked = f"`x` is [{x}], and `x.gather(1, index)` is [{picked}]. Row 0 of `index`?"
    return asked, order


def _bincount_again(random):
    counts = [random.randint(0, 3) for _ in range(4)]
    numbers = [k for k, count in enumerate(counts) for _ in range(count)]
    return f"0, 1, 2 and 3 occur {counts} times. What is the sum of all numbers?", sum(
        numbers
    )


def _scatter_add_again(random):
    amounts = random.sample(range(1, 10), 4)
    shop = [random.randrange(3) for _ in range(4)]
    kept = [0, 0, 0]
    for k, amount in zip(shop, amounts, strict=True):
        kept[k] = amount  # the last one wins
    asked = f"`t` is zeros(3), `shop` {shop}, amounts {amounts}. After `t[shop] = amounts`"
    return f"{asked}, where the last one wins, what is t?", kept


def _pad_to_again(random):
    m, n = random.sample(range(2, 10), 2)
    asked = f"How many are True in `torch.arange({m}) == torch.arange({n})[:, None]`?"
    return asked, min(m, n)


def _close_up_again(random):
    keep = [random.random() < 0.6 for _ in range(6)] + [True]
    asked = f"`keep` is {keep}. The kept numbers move to the front, in their order."
    return f"{asked} To which position, from 0, does the last one go?", sum(keep[:-1])


def _other_shape_again(random):
    n, m, k, i = random.sample(range(2, 8), 4)
    asked = f"`a` is ({n}, 1, {m}), `a + b` is ({k}, {n}, {i}, {m})."
    return f"{asked} How many numbers has `b` at least?", k * i


def _undo_outer_sum_again(random):
    a, b = random.sample(range(1, 9), 3), random.sample(range(1, 9), 2)
    table = [[x * y for y in b] for x in a]
    asked = f"`a[:, None] * b` is {table}, and `b` begins with {b[0]}."
    return f"{asked} What is `a`?", a


def _break_mean_again(random):
    x, keep = random.sample(range(1, 20), 4), random.sample([True, True, False, False], 4)
    asked = f"x is {x}, keep is {keep}. `(x * keep).mean()` is not the mean of the kept"
    return f"{asked} numbers. What is it?", sum(
        n for n, kept in zip(x, keep, strict=True) if kept
    ) / 4


def _break_distance_again(random):
    a = random.choice([n for n in range(106, 140) if n % 5 not in (0, 2)])
    b = a - 2  # neither ends in 5, so nothing lies half-way between two roundings

    def rounded(number):
        return float(f"{number:.3e}")

    found = rounded(rounded(a * a) + rounded(b * b)) - rounded(2 * rounded(a * b))
    asked = "A calculator rounds each result to 4 significant digits. What does it give for"
    return f"{asked} a² + b² − 2·(a·b), a = {a} and b = {b}?", rounded(found)


EXERCISES = {
    "volumes": Exercise(
        volumes,
        (
            "Which shape has your result, and which has the expected one?",
            "the result has three axes: give each of the three vectors one of them",
            "`return a[:, None, None] * ...`",
        ),
        lambda: [
            (_vector(2), _vector(3), _vector(5)),
            (_vector(1, 2), _vector(3, 4), _vector(5, 6)),
            (_numbers(2), _numbers(3), _numbers(4)),
        ],
        rule=only(),
        difficulty=1,
        minutes=5,
        again=_volumes_again,
    ),
    "contrast": Exercise(
        contrast,
        (
            "What is the smallest number of each of your images, and what is the largest?",
            "amin((1, 2)) has the shape (n,); it needs two more axes to meet (n, H, W)",
            "`return (x - x.amin((1, 2))[:, None, None]) / ...`",
        ),
        lambda: [
            (_numbers(1, 1, 2),),
            (_numbers(2, 2, 2),),
            (_numbers(3, 3, 3),),
            (_numbers(2, 3, 4),),
        ],
        rule=only("amin", "amax"),
        difficulty=2,
        minutes=10,
        again=_contrast_again,
    ),
    "to_grey": Exercise(
        to_grey,
        (
            "With which axis of the images does the only axis of the weights meet?",
            "align (n, channels, H, W) and (channels,) from the right; then one axis goes",
            "`return (images * weights[:, None, None]).sum(...)`",
        ),
        lambda: [
            (_numbers(1, 1, 1, 1), _vector(2)),
            (_numbers(1, 2, 2, 2), _vector(1, 3)),
            (_numbers(2, 3, 4, 3), _vector(1, 5, 9)),
            (_numbers(2, 3, 2, 4), _vector(1, 5, 9)),
        ],
        rule=only("sum"),
        difficulty=2,
        minutes=10,
        again=_to_grey_again,
    ),
    "chessboard": Exercise(
        chessboard,
        (
            "Which numbers has your second row, and how should it differ from the first?",
            "each step down or to the right changes the colour: look at row + column",
            "`return (torch.arange(rows)[:, None] + ...) % ...`",
        ),
        lambda: [(1, 1), (1, 2), (2, 1), (2, 2), (3, 5), (4, 4)],
        rule=only(),
        difficulty=1,
        minutes=5,
        again=_chessboard_again,
    ),
    "identity": Exercise(
        identity,
        (
            "In which column is the one of row 0, of row 1, of row 2?",
            "compare the number of the row with the number of the column",
            "`return torch.arange(n)[:, None] == ...`",
        ),
        lambda: [(1,), (2,), (3,), (5,)],
        rule=only(),
        difficulty=1,
        minutes=5,
        again=_identity_again,
    ),
    "one_hot": Exercise(
        one_hot,
        (
            "How many rows and columns should come out, and where do yours come from?",
            "compare a column of labels with the row 0, 1, 2, … of all classes",
            "`return labels[:, None] == ...`",
        ),
        lambda: [
            (torch.tensor([0]), 1),
            (torch.tensor([1]), 3),
            (torch.tensor([2, 0, 2]), 3),
            (torch.tensor([1, 3, 0]), 5),
        ],
        rule=only(),
        difficulty=2,
        minutes=5,
        again=_one_hot_again,
    ),
    "cut_off": Exercise(
        cut_off,
        (
            "A row of length 2: which numbers of its columns should be kept?",
            "keep the columns whose number is less than the length of that row",
            "`return x * (torch.arange(x.shape[1]) < ...)`",
        ),
        lambda: [
            (_numbers(1, 1), torch.tensor([1])),
            (_numbers(1, 3), torch.tensor([2])),
            (_numbers(3, 3), torch.tensor([0, 3, 1])),
            (_numbers(2, 4), torch.tensor([3, 1])),
        ],
        rule=only(),
        difficulty=2,
        minutes=10,
        again=_cut_off_again,
    ),
    "backwards": Exercise(
        backwards,
        (
            "At which position of x is the number that should come first?",
            "x[positions] with a tensor of positions: the last one first, down to 0",
            "`return x[len(x) - 1 - ...]`",
        ),
        lambda: [
            (_vector(5),),
            (_vector(1, 2),),
            (_vector(1, 2, 3),),
            (_vector(5, 1, 4, 1, 3),),
        ],
        rule=only(),
        difficulty=2,
        minutes=5,
        again=_backwards_again,
    ),
    "overlaps": Exercise(
        overlaps,
        (
            "Where do the two intervals of the failing case begin to overlap, and end?",
            "from the later start to the earlier end, and 0 where that would be negative",
            "`return (torch.minimum(a[:, None, 1], b[:, 1]) - ...).clamp(min=0)`",
        ),
        lambda: [
            (_rows((0, 4)), _rows((1, 2))),
            (_rows((0, 4)), _rows((2, 6), (5, 7))),
            (_rows((0, 2), (3, 9)), _rows((1, 4), (2, 3))),
            (_rows((0, 4), (3, 9)), _rows((1, 2), (2, 6), (8, 9))),
        ],
        rule=only("maximum", "minimum", "clamp"),
        difficulty=3,
        minutes=15,
        again=_overlaps_again,
    ),
    "running_sum": Exercise(
        running_sum,
        (
            "Which numbers of x are added up at each position of the failing case?",
            "position i adds up all numbers not after i: think of a triangle of ones",
            "`return (x * (torch.arange(len(x)) <= ...)).sum(1)`",
        ),
        lambda: [
            (_vector(3),),
            (_vector(1, 2),),
            (_vector(2, 5, 1),),
            (_vector(4, -1, 2, 2, 7),),
        ],
        rule=only("sum", "@"),
        difficulty=3,
        minutes=10,
        again=_running_sum_again,
    ),
    "positions": Exercise(
        positions,
        (
            "What does the position of a number in the sorted list say about the others?",
            "how many numbers are smaller than this one?",
            "`return (x[:, None] > ...).sum(...)`",
        ),
        lambda: [
            (_vector(7),),
            (_vector(1, 2),),
            (_vector(3, 1, 2),),
            (_vector(20, 40, 10, 30, 50),),
        ],
        rule=only("sum"),
        difficulty=3,
        minutes=10,
        again=_positions_again,
    ),
    "gather": Exercise(
        gather,
        (
            "From which row of x should each row of the result come?",
            "x[rows, columns] takes two tensors of positions, and they are broadcast, too",
            "`return x[torch.arange(len(x))[:, None], ...]`",
        ),
        lambda: [
            (_numbers(1, 1), torch.tensor([[0]])),
            (_numbers(1, 3), torch.tensor([[2, 0]])),
            (_numbers(2, 2), torch.tensor([[1, 0], [1, 1]])),
            (_numbers(2, 3), torch.tensor([[2, 0, 0, 1], [1, 1, 2, 0]])),
        ],
        rule=only(),
        difficulty=3,
        minutes=10,
        again=_gather_again,
    ),
    "bincount": Exercise(
        bincount,
        (
            "How long should the result be, and which number does each position count?",
            "compare a column of all the numbers 0, 1, …, m - 1 with the row x",
            "`return (x == torch.arange(m)[:, None]).sum(...)`",
        ),
        lambda: [
            (torch.tensor([0]), 1),
            (torch.tensor([1, 1]), 2),
            (torch.tensor([2, 0]), 4),
            (torch.tensor([3, 0, 1, 3, 3, 1]), 5),
        ],
        rule=only("sum"),
        difficulty=3,
        minutes=10,
        again=_bincount_again,
    ),
    "scatter_add": Exercise(
        scatter_add,
        (
            "Which rows of values should be added up in row 0 of the failing case?",
            "which rows go to row k? Compare index with 0, …, m - 1, as when you counted",
            "`return (values * (index == torch.arange(m)[:, None])[...]).sum(1)`",
        ),
        lambda: [
            (_numbers(1, 1), torch.tensor([0]), 1),
            (_numbers(2, 1), torch.tensor([1, 1]), 2),
            (_numbers(2, 2), torch.tensor([1, 0]), 3),
            (_numbers(4, 2), torch.tensor([2, 0, 2, 3]), 5),
        ],
        rule=only("sum", "@"),
        difficulty=4,
        minutes=15,
        again=_scatter_add_again,
    ),
    "pad_to": Exercise(
        pad_to,
        (
            "How long are x and the result, and which position of x does each one take?",
            "position j of the result is position j of x, where there is one: i == j",
            "`return (x * (torch.arange(len(x)) == ...)).sum(1)`",
        ),
        lambda: [
            (_vector(3), 1),
            (_vector(3), 2),
            (_vector(3, 4), 1),
            (_vector(4, 2, 7), 5),
            (_vector(4, 2, 7), 2),
        ],
        rule=only("sum", "@"),
        difficulty=3,
        minutes=10,
        again=_pad_to_again,
    ),
    "close_up": Exercise(
        close_up,
        (
            "To which position does each number that is kept go, and why just there?",
            "how many kept ones stand before position i? That is the new position of x[i]",
            "`return (x * keep * (torch.arange(len(x))[:, None] == ...)).sum(1)`",
        ),
        lambda: [
            (_vector(3), torch.tensor([True])),
            (_vector(3), torch.tensor([False])),
            (_vector(3, 4), torch.tensor([False, True])),
            (_vector(3, 1, 2), torch.tensor([True, False, True])),
            (_vector(5, 8, 6, 2, 9), torch.tensor([False, True, True, False, True])),
        ],
        rule=only("sum", "@"),
        difficulty=5,
        minutes=30,
        again=_close_up_again,
    ),
    "other_shape": Exercise(
        [3, 1, 7, 1],
        (
            "Which shape do a and your b give, by the three rules?",
            "align both from the right: where a has the result's length, b needs only a 1",
            "`shape_of_b = [3, ...]`",
        ),
        difficulty=2,
        minutes=5,
        again=_other_shape_again,
    ),
    "undo_outer_sum": Exercise(
        undo_outer_sum,
        (
            "What do the numbers of your a add up to? Does a[:, None] + b give the table?",
            "what is left of a[:, None] if you take the mean over the rows?",
            "`b = sums.mean(0)`",
        ),
        lambda: [
            (_rows((2, 5), (4, 7)),),
            (_rows((2, 5, -1)),),
            (_rows((1, 2, 4), (0, 1, 3), (8, 9, 11), (3, 4, 6)),),
            (draw(3)[:, None] + draw(5),),
        ],
        difficulty=3,
        minutes=10,
        again=_undo_outer_sum_again,
    ),
    "break_mean": Exercise(
        mean_of_kept,
        (
            "What does False make of each number of your x, when it is multiplied?",
            "there are numbers that are not 0 after they were multiplied by 0",
            "`breaks_mean = (torch.tensor([1.0, ...]), torch.tensor([True, False]))`",
        ),
        lambda: [
            (_vector(1, 2, 6), torch.tensor([True, False, True])),
            (_vector(1e30, -3), torch.tensor([False, True])),
            (_vector(0, 0), torch.tensor([True, True])),
            (_vector(-5), torch.tensor([True])),
        ],
        breaks=masked_mean,
        answer=(torch.tensor([1.0, torch.nan]), torch.tensor([True, False])),
        difficulty=3,
        minutes=10,
        again=_break_mean_again,
    ),
    "break_distance": Exercise(
        squared_distance,
        (
            "How large are a² and b² for your vectors, and how large is their distance?",
            "a float32 keeps about seven digits: what remains of a small difference of "
            "two large squares?",
            "`breaks_distance = (torch.tensor([10000.0]), torch.tensor([...]))`",
        ),
        lambda: [
            (_vector(1, 2), _vector(3, 5)),
            (_vector(1000), _vector(-1000)),
            (_vector(30.5), _vector(30.25)),
            (_vector(1e6, 0), _vector(0, 0)),
        ],
        tolerance=1e-2,
        breaks=quick_distance,
        answer=(torch.tensor([10000.0]), torch.tensor([10001.0])),
        difficulty=4,
        minutes=15,
        again=_break_distance_again,
    ),
}

DISCUSSION = """
On two cores of an AMD EPYC, on which other programs were at work too, the times in µs, each
the best of many:

| numbers | add, 1 core | add, 2 cores | sine, 1 core | sine, 2 cores |
|---|---|---|---|---|
| 1,024 | 1.8 | 1.8 | 3.2 | 5.3 |
| 8,192 | 2.8 | 2.8 | 15.9 | 15.7 |
| 32,768 | 7.1 | 7.2 | 52.5 | 32.3 |
| 131,072 | 25.1 | 22.4 | 255 | 143 |
| 262,144 | 47.6 | 36.7 | 418 | (disturbed) |

```python
def both(action, times=1000):
    return [1e6 * fastest(action, times, threads) for threads in (1, 2)]


for k in range(8, 19):
    one, other = torch.rand(2, 2**k)
    print(2**k, both(lambda: torch.add(one, other)), both(one.sin))
```

So an addition pays from about 100,000 numbers on, and even then little: 1.3 times at
262,144. PyTorch does not divide an addition of up to 32,768 numbers at all, so the times
are the same there. Just above that the second core costs as much as it brings: it has to be
woken, and waited for, and that takes microseconds, in which one core adds thousands of
numbers.

A sine costs ten times as much as an addition. It gains at 16,384 numbers already, and 1.8
times at 131,072. What costs more for each number is worth dividing earlier. An addition
also waits for memory, which both cores share.

Look once at the mean instead of the least time while another program runs. A call on two
cores is as slow as the slower of them. At 524,288 numbers even the best of sixty additions
took 8 ms on two cores here, and 0.1 ms on one.

What else to try: a matrix product (from which size on?), and `torch.add(one, other,
out=total)`, which asks for no memory.
"""
