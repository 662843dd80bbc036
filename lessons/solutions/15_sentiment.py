"""Solutions to lesson 15, with the cases that an answer is tried on."""

import math

import torch

from coursekit.classroom.exercises import Exercise, draw, stream


def pooled_of_both(first, n_first, second, n_second):
    if first.shape != second.shape or first.dim() != 1 or len(first) % 3:
        raise ValueError("three numbers for each output, of both parts")
    if n_first < 1 or n_second < 1:
        raise ValueError("a token at least in each part")
    _, largest, mean = first.chunk(3)
    last, other_largest, other_mean = second.chunk(3)
    total = n_first * mean + n_second * other_mean
    return torch.cat(
        [last, torch.maximum(largest, other_largest), total / (n_first + n_second)]
    )


def largest_of_each(values, lengths):
    """(n, tokens, size), padded at the end, and (n,) lengths: give (n, size)."""
    real = torch.arange(values.shape[1]) < lengths[:, None]
    return (values * real[:, :, None]).amax(dim=1)


def largest_of_tokens(values, lengths):
    if values.dim() != 3 or lengths.shape != values.shape[:1] or not len(lengths):
        raise ValueError("values of three axes, and a length for each text")
    if (lengths < 1).any() or (lengths > values.shape[1]).any():
        raise ValueError("each length from 1 to the number of tokens")
    rows = zip(values, lengths.tolist(), strict=True)
    return torch.stack([row[:length].amax(dim=0) for row, length in rows])


def batches_within(lengths, positions):
    if lengths.dim() != 1 or (lengths < 1).any() or (lengths > positions).any():
        raise ValueError("lengths from 1 to the number of positions")
    left, sizes = lengths.sort(descending=True).values, []
    while len(left):
        batch = left[: positions // left[0]]
        sizes.append(len(batch))
        left = left[len(batch) :]
    return sizes


def times_needed(others, weight, least):
    if weight <= 0 or not 0 < least < 1:
        raise ValueError("a weight above 0, and a probability between 0 and 1")
    missing = math.log(least / (1 - least)) - others
    return max(0, math.ceil(missing / weight))


def by_luck(one, other):
    if one.shape != other.shape or not {*one.tolist(), *other.tolist()} <= {0, 1}:
        raise ValueError("0 or 1 for each review")
    winners = (one - other)[one != other]  # 1 or -1
    n, uneven = len(winners), abs(winners.sum())
    as_uneven = [wins for wins in range(n + 1) if abs(wins - (n - wins)) >= uneven]
    return sum(math.comb(n, wins) for wins in as_uneven) / 2**n


def pooled_again(random):
    n, m = random.choice([(10, 30), (20, 30), (40, 10)])
    first, whole = random.choice([1, 2, 3]), random.choice([4, 5])
    return (
        f"A text of {n + m} tokens has the mean {whole}, its first {n} tokens have "
        f"{first}. What is the mean of the rest?",
        ((n + m) * whole - n * first) / m,
    )


def largest_again(random):
    values = [random.randint(-9, 5) for _ in range(4)]
    length = random.choice([2, 3])
    return (
        f"A row of outputs is {values}, and only the first {length} are of tokens. `real` "
        "is 1 for tokens and 0 for padding. What does `(values * real).amax()` give?",
        max([*values[:length], 0]),
    )


def batches_again(random):
    lengths = sorted((random.randint(2, 9) for _ in range(6)), reverse=True)
    return (
        f"Texts have the lengths {lengths}. They go into two batches of three, in this "
        "order. How many positions are padding?",
        sum(3 * part[0] - sum(part) for part in (lengths[:3], lengths[3:])),
    )


def times_again(random):
    times, others = random.choice([2, 3, 4, 5]), random.choice([1.5, 2.0, 3.0])
    return (
        f"All other words of a text and the bias add up to -{others}. One word occurs "
        f"{times} times, and the probability of praise is 0.5. What is its weight?",
        others / times,
    )


def luck_again(random):
    n = random.choice([4, 5, 6, 8])
    return (
        f"On {n} reviews only one of two networks is right, and it is always the same one. "
        "How probable is that (for one of them or the other) if neither is better?",
        2 / 2**n,
    )


EXERCISES = {
    "pooled_of_both": Exercise(
        pooled_of_both,
        (
            "Which of the three can be read off one part alone? For which does it matter "
            "how long the parts are?",
            "The last output is that of the second part. The largest is the larger of "
            "two. A mean times its number of tokens is a sum; sums can be added, and "
            "then divided once.",
            "`_, largest, mean = first.chunk(3)`",
        ),
        lambda: [
            (torch.tensor([1.0, 2.0, 1.5]), 2, torch.tensor([0.0, 1.0, 0.5]), 2),
            (torch.tensor([1.0, 2.0, 1.5]), 1, torch.tensor([-3.0, 5.0, 0.5]), 3),
            (draw(6), 5, draw(6, seed=1), 2),
            (draw(12), 70, draw(12, seed=1), 11),
        ],
        difficulty=2,
        minutes=10,
        again=pooled_again,
    ),
    "break_largest": Exercise(
        largest_of_tokens,
        (
            "Among which numbers does `amax` look for the largest in your text, and which "
            "of them belong to tokens?",
            "The padding is 0, and takes part. That does no harm as long as one real "
            "value is above 0.",
            "`values = torch.tensor([[[-1.0], [0.0]]])`",
        ),
        lambda: [
            (torch.ones(1, 2, 1), torch.tensor([2])),
            (torch.tensor([[[-1.0], [-2.0]]]), torch.tensor([2])),
            (torch.tensor([[[1.0], [9.0]]]), torch.tensor([1])),
            (torch.tensor([[[-1.0], [3.0], [-4.0]]]), torch.tensor([2])),
            (torch.tensor([[[-5.0], [0.0], [7.0]]]), torch.tensor([2])),
            (draw(3, 5, 2).abs(), torch.tensor([5, 1, 3])),
        ],
        difficulty=2,
        minutes=8,
        breaks=largest_of_each,
        answer=(torch.tensor([[[-1.0], [0.0]]]), torch.tensor([1])),
        again=largest_again,
    ),
    "batches_within": Exercise(
        batches_within,
        (
            "How many positions has your first batch, counted with its padding?",
            "The first text of a batch is its longest, so it alone decides how many fit: "
            "positions // its length. Cut these off, and go on with the rest.",
            "`left = lengths.sort(descending=True).values`",
        ),
        lambda: [
            (torch.tensor([3]), 3),
            (torch.tensor([2, 2, 2]), 4),
            (torch.tensor([1, 4, 2]), 4),
            (torch.tensor([5, 1, 1, 1, 1]), 8),
            (torch.tensor([9, 2, 7, 2, 4, 3, 1, 1]), 12),
            (torch.randint(1, 60, (15,), generator=stream("lengths")), 120),
        ],
        difficulty=3,
        minutes=12,
        again=batches_again,
    ),
    "times_needed": Exercise(
        times_needed,
        (
            "Which sum has the sigmoid `least`? How much of it is there already?",
            "The sum must be log(least / (1 - least)). What is missing, divided by the "
            "weight, is rounded up; it may be that nothing is missing.",
            "`missing = math.log(least / (1 - least)) - others`",
        ),
        lambda: [
            (-1.0, 0.5, 0.5),
            (-2.0, 0.75, 0.5),
            (1.0, 0.5, 0.5),
            (0.0, 0.3, 0.9),
            (-3.0, 0.4, 0.2),
            (2.5, 0.1, 0.99),
        ],
        difficulty=2,
        minutes=8,
        again=times_again,
    ),
    "by_luck": Exercise(
        by_luck,
        (
            "On how many reviews does just one of the two answer rightly, and who wins "
            "how many of them?",
            "Only the reviews with one winner count, say n. Of the 2 ** n ways in which "
            "n coins can fall, count those whose two sides differ by as much as here, or "
            "by more. math.comb(n, k) says in how many ways one side comes k times.",
            "`winners = (one - other)[one != other]`",
        ),
        lambda: [
            (torch.tensor([1.0]), torch.tensor([0.0])),
            (torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])),
            (torch.tensor([1.0, 1.0, 1.0, 0.0]), torch.tensor([0.0, 0.0, 1.0, 0.0])),
            (
                torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0]),
                torch.tensor([1.0, 1.0, 1.0, 0.0, 1.0]),
            ),
            (torch.tensor([1.0, 0.0, 1.0]), torch.tensor([1.0, 0.0, 1.0])),
            (torch.tensor([1.0, 1, 1, 1, 0, 1, 0]), torch.tensor([0.0, 0, 0, 0, 1, 1, 0])),
        ],
        difficulty=4,
        minutes=20,
        again=luck_again,
    ),
}

DISCUSSION = """
Accuracy on the 600 test reviews, plain / negated, the mean of three shuffles. `tuned` had
200 labels, `best` 1,000, and the counted words and pairs all of them:

| order | tuned | best | words and pairs |
|---|---|---|---|
| as it is | 0.98 / 0.95 | 1.00 / 0.99 | 0.97 / 0.90 |
| sentences shuffled | 0.91 / 0.85 | 0.90 / 0.89 | 0.98 / 0.90 |
| words of each sentence shuffled | 0.85 / 0.41 | 0.80 / 0.44 | 0.83 / 0.67 |
| all words shuffled | 0.59 / 0.45 | 0.50 / 0.47 | 0.80 / 0.60 |

Both networks read the order within a sentence. Without it the words of blame and praise
are all that is left, so negated reviews come out on the wrong side, worse than by a coin.
With all words shuffled they do worse than counting: no text that they ever read looked
like that.

The surprise is the second row: which sentence comes first should not matter, and for
counting it does not. Now shuffle all sentences *except the last*: `tuned` is right on 95
reviews of 100, `best` on 98. Or move the last one to the front, so that another opinion
ends the text: 95 and 98 again. So the order hardly matters, but the end does. The likely
reason: reviews begin with the plot and end with opinions, and a third of the pooled
numbers is the last output. If a sentence of the plot comes last, that third says little.

```python
def within(text, random):
    sentences = [part.split() for part in re.findall("[^.!?]+", text)]
    for words in sentences:
        random.shuffle(words)
    return ". ".join(map(" ".join, sentences)) + "."
```

Try next: put one sentence of the plot behind each review. Does `best` change its mind?
Then train with sentences shuffled. (Two figures that differ by one or two percent may be
luck: ask exercise 5.)
"""
