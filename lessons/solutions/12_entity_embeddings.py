"""Solutions to lesson 12, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw


def mean_of_rows(matrix, codes):
    if (
        codes.ndim != 2
        or not len(matrix)
        or not 0 <= codes.min() <= codes.max() < len(matrix)
    ):
        raise ValueError("(n, m) codes of rows that the matrix has")
    given = (codes != 0)[:, :, None]
    total, number = (matrix[codes] * given).sum(dim=1), given.sum(dim=1)
    return torch.where(number > 0, total / number, matrix[0])


def best_guess(targets):
    if targets.ndim != 1 or not len(targets) or targets.min() <= 0:
        raise ValueError("at least one target, and all above 0")
    weights = 1 / targets
    return weights.sum() / weights.square().sum()


def values_behind(numbers):
    if numbers < 2:
        raise ValueError("a category has at least one value, so its matrix two rows")
    (values,) = [n for n in range(1, numbers) if (n + 1) * min(50, (n + 2) // 2) == numbers]
    return values


def gradient_of(arriving, codes, values):
    if (
        arriving.ndim != 2
        or codes.shape != arriving.shape[:1]
        or codes.dtype != torch.int64
    ):
        raise ValueError("a whole number for each row of gradients")
    if not arriving.numel() or not 0 <= codes.min() <= codes.max() < values:
        raise ValueError("at least one gradient, and codes from 0 to below `values`")
    return arriving.new_zeros(values, arriving.shape[1]).index_add(0, codes, arriving)


def added_up(arriving, codes, values):
    """(n, size), (n,) whole numbers below `values` -> (values, size)."""
    gradient = arriving.new_zeros(values, arriving.shape[1])
    gradient[codes] += arriving
    return gradient


def _another_list(random):
    rows = [[random.randrange(-5, 10), random.randrange(-5, 10)] for _ in range(4)]
    codes = random.sample([0, 0, *random.choices([1, 2, 3], k=2)], 4)
    return (
        f"The rows of an embedding are {rows}, row 0 first. A list has the codes "
        f"{codes}, where 0 is no entry. Which two numbers stand for the list, by the "
        "mean?",
        mean_of_rows(torch.tensor(rows), torch.tensor([codes]))[0].tolist(),
    )


def _another_group(random):
    small, times = random.choice([10, 20, 50, 100]), random.choice([2, 3, 4, 5])
    return (
        f"One store sold {small}, another {times * small}. Which single guess for both has "
        "the least RMSPE?",
        small * times * (times + 1) / (times**2 + 1),
    )


def _another_matrix(random):
    values = random.choice([3, 7, 12, 20, 40, 150, 400])
    return (
        f"A category has {values} values in training. Its embedding has one row more, for "
        "the unseen; a row has half as many numbers as there are rows, rounded up, and at "
        "most 50. How many numbers is that in all?",
        (values + 1) * min(50, (values + 2) // 2),
    )


def _another_batch(random):
    rows, more = random.choice([100, 200, 300]), random.choice([100, 200])
    one, other = random.choice([0.1, 0.2]), random.choice([0.3, 0.4])
    return (
        f"Over {rows} rows the RMSPE is {one}, over {more} others {other}. What is it "
        f"over all {rows + more}?",
        ((rows * one**2 + more * other**2) / (rows + more)) ** 0.5,
    )


def _another_gradient(random):
    codes = random.choices(range(3), k=4)
    arriving = [random.randrange(1, 10) for _ in codes]
    return (
        f"Rows of one number are looked up by the codes {codes}, and the gradients "
        f"{arriving} arrive. What are the gradients of the matrix's rows 0, 1 and 2?",
        [
            sum(a for a, code in zip(arriving, codes, strict=True) if code == k)
            for k in range(3)
        ],
    )


COLUMNS = {
    "the weekday": "name",
    "the temperature": "number",
    "the number of the invoice": "neither",
    "the day, counted from the first one on": "number",
    "the brand, one of 300": "name",
    "the customer's telephone number": "neither",
    "the postal region, one of 95": "name",
    "the distance in kilometres": "number",
}


def _another_column(random):
    column = random.choice(list(COLUMNS))
    return (
        "A million sales are known, and the next days are to be predicted. What is this "
        f"column best given as, 'number', 'name' or 'neither': {column}?",
        COLUMNS[column],
    )


EXERCISES = {
    "mean_of_rows": Exercise(
        mean_of_rows,
        hints=(
            "Which of these codes are articles, and how many are they? By how many do "
            "you divide?",
            "Look up all codes, set the rows of the zeros to 0, add up, and divide by "
            "the number of codes that are not 0. Then see to the lists where that number "
            "is 0.",
            "`given = codes != 0`",
        ),
        cases=lambda: [
            (torch.tensor([[9.0], [1.0], [3.0]]), torch.tensor([[1, 2]])),
            (torch.tensor([[9.0], [1.0], [3.0]]), torch.tensor([[2, 0]])),
            (torch.tensor([[9.0], [1.0], [4.0]]), torch.tensor([[1, 1, 2]])),
            (torch.tensor([[9.0, 4.0], [1.0, 3.0]]), torch.tensor([[0, 0]])),
            (draw(4, 2), torch.tensor([[3, 1, 0], [0, 0, 0], [0, 2, 0]])),
            (draw(5, 3), torch.tensor([[0, 4, 4], [1, 2, 3]])),
        ],
        difficulty=3,
        minutes=10,
        again=_another_list,
    ),
    "best_guess": Exercise(
        best_guess,
        hints=(
            "What is the RMSPE of your guess? And of one that is one percent smaller, or "
            "larger?",
            "Square and add up (y − c)/y = 1 − c/y over all rows. That is a parabola in "
            "c; at its lowest point the derivative is 0.",
            "`weights = 1 / targets`",
        ),
        cases=lambda: [
            (torch.tensor([3.0]),),
            (torch.tensor([100.0, 200.0]),),
            (torch.tensor([1.0, 1.0, 4.0]),),
            (torch.tensor([2.0, 5.0, 3.0, 10.0]),),
            (1 + draw(6).abs(),),
        ],
        tolerance=1e-4,
        difficulty=4,
        minutes=15,
        again=_another_group,
    ),
    "values_behind": Exercise(
        values_behind,
        hints=(
            "How many rows has the matrix with your number of values, how long is each, "
            "and how many numbers is that?",
            "The number of rows is one more than that of the values; each row has half "
            "as many numbers as there are rows, rounded up, and at most 50. Try the "
            "values 1, 2, 3 and so on.",
            "`for values in range(1, numbers):`",
        ),
        cases=lambda: [
            (2,),
            (6,),
            (8,),
            (15,),
            (496,),
            (1891,),
            (4950,),
            (5000,),
            (5050,),
            (6550,),
        ],
        difficulty=3,
        minutes=10,
        again=_another_matrix,
    ),
    "rmspe_of_the_rest": Exercise(
        0.39,
        hints=(
            "If the rest had your RMSPE, what would that of all 400 rows be, with the "
            "root last?",
            "A squared RMSPE times its number of rows is a sum of squares. Sums can be "
            "subtracted.",
            "`squares = 400 * 0.21**2 - 300 * 0.09**2`",
        ),
        tolerance=1e-3,
        difficulty=2,
        minutes=6,
        again=_another_batch,
    ),
    "added_up": Exercise(
        gradient_of,
        hints=(
            "Which rows of the matrix get a gradient for your codes, and how many "
            "gradients does each of them get?",
            "`gradient[codes] += arriving` reads all rows first, adds, and then writes "
            "them back one by one. What is left if a row is written twice?",
            "`codes = torch.tensor([0, 0])`",
        ),
        cases=lambda: [
            (torch.tensor([[1.0, 2.0]]), torch.tensor([0]), 3),
            (torch.tensor([[1.0], [2.0]]), torch.tensor([1, 0]), 2),
            (draw(3, 2), torch.tensor([3, 0, 2]), 5),
        ],
        breaks=added_up,
        answer=(torch.tensor([[1.0], [1.0]]), torch.tensor([0, 0]), 1),
        difficulty=2,
        minutes=8,
        again=_another_gradient,
    ),
    "choices": Exercise(
        ["name", "neither", "number", "name", "number"],
        hints=(
            "For each column: how many different values has it, how many rows has each, "
            "and does a value between two others mean something?",
            "Few values with many rows each: a name. A new value each time: neither. "
            "Values in between that mean something: a number.",
            '`choices = ["name", ...]  # the month has twelve values`',
        ),
        difficulty=2,
        minutes=5,
        again=_another_column,
    ),
}

DISCUSSION = """
**With all rows nobody gains much.** RMSPE on the held-out weeks, one run each:

| | one-hot or codes | trained rows |
|---|---|---|
| linear model, all 44,352 rows | 0.237 | 0.236 |
| boosting, all rows | 0.095 | 0.104 |
| linear model, 500 rows (mean of three draws) | 0.295 | 0.242 |
| boosting, 500 rows | 0.267 | 0.202 |
| boosting, 2,000 rows | 0.146 | 0.133 |

```python
def trained_rows(codes, numbers):
    tables = [each.weight.detach().cpu() for each in learn.model.embeddings]
    found = [table[codes[:, i]] for i, table in enumerate(tables)]
    return torch.cat([*found, numbers, torch.ones(len(numbers), 1)], dim=1).double()
```

**The linear model.** A trained row is one-hot times the matrix $E$. So a weight vector $w$
on the rows does the same as the weights $E w$ on one-hot: whatever this model can say, the
one-hot model can say as well. On its training rows it can only be worse (0.194 against
0.193, in logarithms). What the network knows of Saturday *and* type b is not in the rows,
but in the layers behind them.

**The trees.** With enough rows, a code is better for them: a few questions "at most?" pick
out one store. Among the 31 numbers of a store they must search for what tells it from
others, in four times the time (42 seconds against 11).

**With few rows it turns round.** In 500 rows a store occurs eight times. A code says
nothing of the other stores; a trained row says "this one is like those". These rows were
learned from 44,352 rows, and that knowledge is what is handed over: *transfer learning*. So
reuse embeddings where the new task has little data. To be fair, learn them from other
stores, or from an earlier year, and try again.
"""
