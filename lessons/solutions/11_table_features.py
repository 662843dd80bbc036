"""Solutions to lesson 11, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw


def join_counts(left, right):
    return sum(right.count(key) for key in left), sum(key not in right for key in left)


def days_since(happened, days):
    if happened.shape != days.shape or not len(days) or (days.diff() <= 0).any():
        raise ValueError("one day for each row, growing, and at least one row")
    before = torch.cat([torch.tensor([False]), happened[:-1]])
    latest = torch.where(happened & ~before, days, -torch.inf).cummax(0).values
    since = days - latest
    return since.masked_fill(since.isinf(), torch.nan)


def daily_values(sums, window):
    if window < 1 or sums.ndim != 1 or not len(sums):
        raise ValueError("a window of at least one day, and at least one sum")
    values = []
    for day, total in enumerate(sums):
        values.append(total - sum(values[max(0, day - window + 1) :]))
    return torch.stack(values)


def filled_and_flagged(values):
    missing = values.isnan()
    if values.ndim != 1 or missing.all():
        raise ValueError("one column with at least one value")
    return torch.where(missing, values.nanquantile(0.5), values), missing.int()


def fill_and_flag(values):
    """(n,) with NaN: the values with the median in place of NaN, and the flags."""
    median = values.nanquantile(0.5)
    filled = torch.where(values.isnan(), median, values)
    return filled, (filled == median).int()


def _another_join(random):
    left, right = (random.choices("ABCD", k=4) for _ in range(2))
    return (
        f"The keys on the left are {', '.join(left)}, on the right {', '.join(right)}. "
        'How many rows does left.merge(right, how="left") have?',
        sum(max(1, right.count(key)) for key in left),
    )


def _another_promotion(random):
    days = sorted(random.sample(range(1, 20), 6))
    happened = [random.random() < 0.5 for _ in days]
    happened[random.randrange(3)] = True
    marked = [day for day, now in zip(days, happened, strict=True) if now]
    since = days_since(torch.tensor(happened), torch.tensor(days))
    return (
        f"A store has rows for the days {days}. There is a promotion on the days "
        f"{marked}. At the last row, how many days ago did the last promotion begin? (It "
        "begins where the row before has none.)",
        int(since[-1]),
    )


def _another_sum(random):
    values = [random.randrange(1, 10) for _ in range(6)]
    sums = [sum(values[max(0, day - 2) : day + 1]) for day in range(6)]
    return (
        f"The sums of the last three days (at the start, of the days so far) are {sums}. "
        "How much was sold on the last day?",
        values[-1],
    )


def _another_median(random):
    values = random.sample(range(1, 30), random.choice([3, 4, 5]))
    with_holes = [*values, "empty"]
    random.shuffle(with_holes)
    return (
        f"A column holds {', '.join(map(str, with_holes))}. What does imputation by the "
        "median put into the empty cell?",
        torch.tensor(values).double().quantile(0.5).item(),
    )


KNOWN = [
    "the weekday",
    "the store's sales 14 days earlier",
    "whether a promotion is planned",
    "the days since the last public holiday",
    "the store's mean sales of last year",
    "the distance to the nearest competitor",
]
UNKNOWN = [
    "the sales of the day before",
    "how many customers came",
    "the mean sales of the last three days",
    "whether something was sold out in the evening",
    "how much was returned",
]


def _another_leak(random):
    leaks = random.sample(UNKNOWN, random.choice([1, 2]))
    columns = leaks + random.sample(KNOWN, 4 - len(leaks))
    random.shuffle(columns)
    listed = "; ".join(
        f"({letter}) {name}" for letter, name in zip("abcd", columns, strict=True)
    )
    return (
        "In the evening you predict the sales of each of the next 14 days. Which of these "
        f"columns of such a day leak? {listed}. Give the letters as one text, such as "
        "'bd'.",
        "".join(
            letter for letter, name in zip("abcd", columns, strict=True) if name in leaks
        ),
    )


EXERCISES = {
    "join_counts": Exercise(
        join_counts,
        hints=(
            "Write the two lists below each other. Which rows on the right belong to the "
            "first row on the left, and how many are they?",
            "A row on the left appears as often as its key stands on the right: perhaps "
            "never. Go through the left list, row by row.",
            "`rows = sum(right.count(key) for key in left)`",
        ),
        cases=lambda: [
            ([1], [1]),
            ([1], [2]),
            ([1], [1, 1]),
            ([2, 2], [1]),
            ([1, 2, 2], [1, 1, 1]),
            ([1, 1], [1]),
            ([1, 1, 2, 3], [1, 2, 3]),
            ([1, 1, 2, 3], [1, 2, 3, 1]),
            ([1, 1, 2, 3], [1, 3]),
            (["BE", "NI"], ["BE ", "HB,NI"]),
        ],
        difficulty=2,
        minutes=8,
        again=_another_join,
    ),
    "days_since": Exercise(
        days_since,
        hints=(
            "In which rows does a promotion begin here, and on which days? What does "
            "your function give in a row that is not the first of its promotion?",
            "First mark the rows in which one begins: there is one, and in the row "
            "before there was none. Then carry the day of the latest mark forward, and "
            "subtract.",
            "`before = torch.cat([torch.tensor([False]), happened[:-1]])`",
        ),
        cases=lambda: [
            (torch.tensor([True, False, False]), torch.tensor([1, 2, 3])),
            (torch.tensor([False, True, False]), torch.tensor([1, 2, 3])),
            (torch.tensor([True, True, True]), torch.tensor([1, 2, 4])),
            (torch.tensor([True, False]), torch.tensor([0, 1])),
            (torch.tensor([False, False]), torch.tensor([5, 6])),
            (torch.tensor([True, False, True, False]), torch.tensor([1, 2, 3, 10])),
            (
                torch.tensor([False, True, True, False, False, True, True, False]),
                torch.tensor([3, 4, 9, 11, 12, 20, 21, 30]),
            ),
        ],
        difficulty=3,
        minutes=12,
        again=_another_promotion,
    ),
    "daily_values": Exercise(
        daily_values,
        hints=(
            "Take the first day's value as known. How does the second day's sum differ "
            "from it? And from which day on does a value drop out of the sum?",
            "Go from day to day. A sum holds this day's value and those of the `window` "
            "− 1 days before, which you know by now.",
            "`values = []  # then, for each day: its sum minus the sum of the last values`",
        ),
        cases=lambda: [
            (torch.tensor([2.0, 3.0]), 1),
            (torch.tensor([2.0, 5.0]), 2),
            (torch.tensor([4.0, 4.0, 2.0, 8.0]), 2),
            (torch.tensor([4.0, 4.0, 6.0, 8.0, 9.0]), 3),
            (torch.tensor([2.0, 6.0, 7.0]), 7),
            (draw(7), 3),
        ],
        tolerance=1e-4,
        difficulty=3,
        minutes=12,
        again=_another_sum,
    ),
    "fill_and_flag": Exercise(
        filled_and_flagged,
        hints=(
            "Which rows of your column are empty, and which ones does the function flag?",
            "It flags what is equal to the median. Think of a column in which the median "
            "is one of the values.",
            "`median = 2.0  # now a column that has this median, and holds it`",
        ),
        cases=lambda: [
            (torch.tensor([1.0, 2.0]),),
            (torch.tensor([1.0, torch.nan, 2.0]),),
            (torch.tensor([5.0, torch.nan, 1.0, torch.nan]),),
            (torch.tensor([3.0, 1.0, 9.0, torch.nan, 7.0]),),
        ],
        breaks=fill_and_flag,
        answer=(torch.tensor([5.0]),),
        difficulty=2,
        minutes=8,
        again=_another_median,
    ),
    "leaks": Exercise(
        "be",
        hints=(
            "Take the last of the 42 days. Which of your letters would you know today? "
            "And which of those that you left out would you not know?",
            "Ask of each column when its newest part is known. What is planned or lies "
            "far enough back may be used.",
            '`leaks = "..."  # among them the column with the seven days just before`',
        ),
        difficulty=2,
        minutes=6,
        again=_another_leak,
    ),
}

DISCUSSION = """
**It does not help, and often harms.** RMSPE in the six weeks after each of the four days,
and its mean:

| | four days | mean |
|---|---|---|
| no old mean | 0.089, 0.097, 0.098, 0.116 | 0.100 |
| `mean_six_weeks_ago` | 0.092, 0.096, 0.101, 0.131 | 0.105 |
| the same, open days only | 0.095, 0.096, 0.102, 0.121 | 0.104 |
| open days of a whole year, 42 days old | 0.086, 0.095, 0.100, 0.118 | 0.100 |

```python
table = features.assign(OldMean=mean_six_weeks_ago(features))
table = table[(table["Open"] == 1) & (table["Sales"] > 0)]
for today in todays[1:]:
    after = table["Date"].between(today, today + six_weeks, inclusive="left")
    print(error_on(table[after], *fit_trees(table[table["Date"] < today], ["OldMean"])))
```

**Why not?** The trees know each store by its category, and so its level of sales. A mean of
four weeks tells the level again, with noise: there may be two weeks of promotion in it, or
Christmas.

Without `Store` the error should jump. It rises to 0.116 only (with the old mean: 0.134). A
second column gives the store away: the 60 stores have 52 different values of
`CompetitionDistance`. Take out the competition's columns as well, and the error is 0.225.
*Now* the old mean is worth much: 0.144 with four weeks of open days, and 0.114 with a whole
year.

**What it means.** A feature has no worth of its own. It is worth what the others do not say
yet. That is why you measure with and without it, beside all the others, on several days.
And an old mean *is* the feature to have where stores will come that no training row knows.

**To go on:** the mean of the same weekday; or hold out whole stores, and compare again.
"""
