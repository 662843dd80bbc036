"""Solutions to lesson 00, with the cases that an answer is tried on."""

import os
import tempfile
from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise
from coursekit.datasets import fetch


def spread(numbers):
    """The largest number minus the smallest."""
    return numbers[-1] - numbers[0]


def largest_minus_smallest(numbers):
    """The largest number minus the smallest, wherever they stand."""
    return max(numbers) - min(numbers)


def first_line(path):
    try:
        text = Path(path).read_text("utf-8")
    except FileNotFoundError:
        return "nothing there"
    return text.split("\n")[0]


def average(images):
    return images.mean(dim=(0, 1))


def _files():
    """Paths of no file, an empty one, and some with one line or more."""
    folder = Path(tempfile.gettempdir()) / f"coursekit-lesson-00-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    texts = {
        "missing.txt": None,
        "empty.txt": "",
        "one.txt": "only",
        "two.txt": "one\ntwo\n",
        "spaces.txt": "  two  \n",
        "late.txt": "\nsecond\n",
    }
    for name, text in texts.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return [(folder / name,) for name in texts]


def _again_spread(rng):
    numbers = rng.sample(range(1, 20), 5)
    question = (
        f"For the list {numbers}: by how much is `numbers[-1] - numbers[0]` less than "
        "the largest minus the smallest?"
    )
    return question, largest_minus_smallest(numbers) - spread(numbers)


def _again_order(rng):
    start, plus, times = rng.randint(1, 5), rng.randint(1, 5), rng.randint(2, 3)
    order = [1, *(rng.choice([2, 3]) for _ in range(3))]
    x = start
    for cell in order[1:]:
        x = x + plus if cell == 2 else x * times
    question = (
        f"Cell 1 is `x = {start}`, cell 2 `x = x + {plus}`, cell 3 `x = x * {times}`. You "
        f"run them in the order {order}. What is x?"
    )
    return question, x


def _again_glob(rng):
    pattern = rng.choice(["*_1*.txt", "1*_*.txt", "*1.txt", "*_1.*", "1*"])
    names = [f"{rng.randint(1, 20)}_{rng.randint(1, 12)}.txt" for _ in range(5)]
    found = sum(Path(name).match(pattern) for name in names)
    question = (
        f"How many of these names does the pattern `{pattern}` find: {', '.join(names)}?"
    )
    return question, found


def _again_first_line(rng):
    words = rng.sample(["cell", "kernel", "path", "tensor", "class"], 3)
    text = rng.choice(["\\n", " "]).join(words) + "\\n" + words[0]
    question = (
        f'A file holds the text "{text}". How many characters has its first line, without '
        "the line break?"
    )
    return question, len(text.split("\\n")[0])


def _again_average(rng):
    n, height, width, axis = (
        rng.randint(2, 9),
        rng.randint(2, 9),
        rng.randint(2, 9),
        rng.randint(0, 2),
    )
    shape = [n, height, width]
    question = (
        f"A tensor has the shape {tuple(shape)}. Which shape has its `.mean(dim={axis})`?"
    )
    return question, shape[:axis] + shape[axis + 1 :]


EXERCISES = {
    "break_spread": Exercise(
        largest_minus_smallest,
        (
            "Which two numbers of your list does the function look at, and which two "
            "should it look at?",
            "It is right where the smallest number comes first and the largest comes "
            "last. Not every list is in order.",
            "`a_list = [5, ...]`, with a smaller number for the dots",
        ),
        lambda: [
            ([1, 2, 5],),
            ([3],),
            ([2, 2, 2],),
            ([-4, 0, 7],),
            ([1, 9, 3, 10],),
            ([0.25, 0.5],),
        ],
        breaks=spread,
        answer=([3, 1],),
        difficulty=1,
        minutes=3,
        again=_again_spread,
    ),
    "first_line": Exercise(
        first_line,
        (
            "What is in this file, if it is there at all? What does your function do with "
            "a file that is not there, and with one that is empty?",
            "Reading a file that is not there raises an error with a name of its own. "
            "Catch that one error, and no other. The line break is `\\n`; spaces stay.",
            "`with open(path, encoding='utf-8') as file:`, and all of that inside a `try:`",
        ),
        _files,
        difficulty=2,
        minutes=10,
        again=_again_first_line,
    ),
    "run_order": Exercise(
        [1, 2, 3, 2],
        (
            "What is x after each cell of your order, from the first to the last? Is "
            "there an x already when the first one runs?",
            "Go backwards from 13. It is odd, so the last cell did not double it. What "
            "was x before?",
            "`order = [1, ..., 2]`: it begins with 1 and ends with 2",
        ),
        difficulty=1,
        minutes=5,
        again=_again_order,
    ),
    "ten_stars": Exercise(
        len(list((fetch("reviews", "sample") / "train" / "pos").glob("*_10.txt"))),
        (
            "Which files does your pattern find? Print the names of the first few: does "
            "each of them end in ten stars?",
            "`glob` with a pattern gives the files one after the other; `list` makes a "
            "list of them, and `len` counts it. The stars stand between `_` and `.txt`.",
            '`liked = ck.fetch("reviews", "sample") / "train" / "pos"`',
        ),
        difficulty=2,
        minutes=5,
        again=_again_glob,
    ),
    "average": Exercise(
        average,
        (
            "Which shape has your result, and which axes have gone? At one position by "
            "itself: of which numbers is this the mean?",
            "`mean` takes `dim`, the axis that goes away: here that of the images. One "
            "more axis, of length one, has to go as well.",
            "`mean = images.mean(dim=0)`, which has one axis too many",
        ),
        lambda: [
            (torch.arange(4.0).reshape(1, 1, 2, 2),),
            (torch.arange(12.0).reshape(2, 1, 2, 3) ** 2,),
            (torch.arange(12.0).reshape(3, 1, 2, 2) ** 2,),
        ],
        difficulty=2,
        minutes=10,
        again=_again_average,
    ),
}

DISCUSSION = """
Through the list, and by far. Measured with 100,000 numbers, the best of seven runs, one
thread:

| what | milliseconds |
|---|---|
| `for n in tensor: total += n` | 187 |
| the same, through `tensor.tolist()` | 3.9 |
| of which `tensor.tolist()` | 2.0 |
| `for n in tensor: pass` | 65 |
| `sum(tensor.tolist())`, once the list is there | 0.4 |
| `tensor.sum()` | 0.01 |

```python
tensor = torch.rand(100_000)
numbers = tensor.tolist()
%timeit -n 1 -r 7 sum(numbers)
```

A loop over a tensor gets no numbers. It gets 100,000 small tensors, each an object with a
shape, a type and a device: to make them takes 65 ms. Each `total += n` then adds two
tensors, and PyTorch asks for both what they are: the rest. `tolist` makes plain numbers in
one go.

So: no loop at all where PyTorch has a function for it; if a loop must be, through a list.
And time the parts, not only the whole: half of the 3.9 ms is `tolist` itself.

Look at the results as well. In the loop over the tensor `total` becomes a tensor of 32-bit
floats and is rounded at every step: here 49,929.207, where the sum in double precision is
49,929.312. The loop over the list adds in double precision. `tensor.sum()` adds in 32 bits
as well, but in pieces, and is off by less than 0.01.

What else to try: a loop over the NumPy array `tensor.numpy()` took 8 ms. Why is it between
the two? And what is faster for a tensor of ten numbers?
"""
