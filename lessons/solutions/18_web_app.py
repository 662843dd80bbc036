"""Solutions to lesson 18, with the cases that an answer is tried on."""

import math

from coursekit.classroom.exercises import Exercise


def without_dots(name):
    """The name without any "../", which would lead out of the folder."""
    return name.replace("../", "")


def never_upwards(name):
    """The name without any "../", even if one appears where another was taken out."""
    if not isinstance(name, str):
        raise ValueError("a name is a text")
    while "../" in name:
        name = name.replace("../", "")
    return name


def percentile(times, fraction):
    return sorted(times)[math.ceil(fraction * len(times)) - 1]


def batches(arrivals, moment, largest):
    sizes, until = [], -math.inf
    for time in arrivals:
        if time > until or sizes[-1] == largest:
            sizes.append(0)
            until = time + moment
        sizes[-1] += 1
    return sizes


def places(patience, pass_time, batch):
    return max(0, patience // pass_time - 1) * batch


def sure_enough(confidences, right, goal):
    if len(confidences) != len(right):
        raise ValueError("one truth value for each confidence")

    def fraction_right(threshold):
        answered = [right[i] for i, sure in enumerate(confidences) if sure >= threshold]
        return sum(answered) / len(answered)

    reached = [one for one in confidences if fraction_right(one) >= goal]
    if not reached:
        raise ValueError("no threshold reaches the goal")
    return min(reached)


def _again_name(rng):
    name = rng.choice(["....//", "..././", "a/../", ".....//", "../../"]) + rng.choice(
        ["cat.png", "etc/passwd", "b.gif"]
    )
    return f'`"{name}".replace("../", "")`: what does it give?', name.replace("../", "")


def _again_percentile(rng):
    times, of_100 = rng.sample(range(10, 99), 8), rng.choice([25, 50, 75])
    question = f"Eight answers took {times} ms. What is p{of_100}, as one of these times?"
    return question, percentile(times, of_100 / 100)


def _again_batches(rng):
    arrivals = sorted(rng.sample(range(0, 30), 6))
    moment, largest = rng.randint(5, 9), rng.randint(2, 4)
    question = (
        f"Requests come at {arrivals} ms. The first of a batch waits {moment} ms for "
        f"others, the end included; at most {largest} fit. How many batches are there?"
    )
    return question, len(batches(arrivals, moment, largest))


def _again_places(rng):
    pass_time, batch, before = (
        rng.choice([20, 50, 80]),
        rng.choice([8, 16, 32]),
        rng.randint(1, 5),
    )
    place = before * batch + rng.randint(1, batch)
    question = (
        f"A pass takes {pass_time} ms and answers up to {batch}. One has just begun, and "
        f"you get place {place} in the queue. After how many milliseconds do you have "
        "your answer?"
    )
    return question, pass_time * (before + 2)


def _again_sure(rng):
    sure = sorted(rng.sample(range(40, 100), 6))
    right = [rng.random() < 0.6 for _ in sure[:-2]] + [True, True]
    threshold = rng.choice(sure[1:4])
    answered = [ok for one, ok in zip(sure, right, strict=True) if one >= threshold]
    pairs = ", ".join(
        f"{one} % ({'right' if ok else 'wrong'})"
        for one, ok in zip(sure, right, strict=True)
    )
    question = (
        f"Six answers and how sure they were: {pairs}. An app keeps quiet below "
        f"{threshold} %. Which fraction of the answers that it gives is right?"
    )
    return question, sum(answered) / len(answered)


EXERCISES = {
    "break_name": Exercise(
        never_upwards,
        (
            "What is left of your name when each `../` is taken out once, from left to "
            "right? Can what is left have one again?",
            "When a part is taken out, its left and its right neighbour come together. "
            "Put a `../` in the middle of another one.",
            '`inside = "../"  # now ".." before it, and "/cat.png" behind it`',
        ),
        lambda: [
            ("../../../etc/passwd",),
            ("cat.png",),
            ("..",),
            ("..\\..\\cat.png",),
            ("pets/../cat.png",),
            (".../cat.png",),
            ("..//cat.png",),
            ("....\\\\cat.png",),
        ],
        breaks=without_dots,
        answer=("....//etc/passwd",),
        difficulty=2,
        minutes=5,
        again=_again_name,
    ),
    "percentile": Exercise(
        percentile,
        (
            "How many of the times are no longer than your answer, and is that enough? "
            "Would a smaller one of the times do?",
            "Sort the times. The k-th smallest will do if k is at least `fraction` of how "
            "many there are: round k up, and mind that Python counts from 0.",
            "`ordered, k = sorted(times), math.ceil(fraction * len(times))`",
        ),
        lambda: [
            ([3.0], 0.99),
            ([2.0, 1.0], 0.5),
            ([2.0, 1.0], 0.75),
            ([4.0, 2.0, 1.0, 3.0], 1.0),
            ([5.0, 1.0, 4.0, 2.0], 0.25),
            ([7.0, 7.0, 1.0], 0.5),
            ([float((7 * i) % 20) for i in range(20)], 0.9),
        ],
        difficulty=2,
        minutes=10,
        again=_again_percentile,
    ),
    "batches": Exercise(
        batches,
        (
            "Who is the first of each batch here, until when does it wait, and who comes "
            "in time?",
            "Keep the time until which the present batch is open, and the sizes so far. A "
            "request that comes too late, or finds the batch full, opens a new one.",
            "`sizes, until = [], float('-inf')`",
        ),
        lambda: [
            ([0.0], 1.0, 4),
            ([0.0, 5.0], 1.0, 4),
            ([0.0, 1.0], 1.0, 4),
            ([0.0, 0.5, 1.5], 1.0, 4),
            ([0.0, 0.0, 0.0], 1.0, 2),
            ([0.0, 0.75, 1.5, 2.25], 1.0, 8),
            ([], 1.0, 4),
            ([2.0, 2.25, 3.0], 0.5, 1),
            ([0.0, 0.25, 0.5, 0.75, 1.0, 3.0, 3.0], 1.0, 3),
        ],
        difficulty=3,
        minutes=15,
        again=_again_batches,
    ),
    "places": Exercise(
        places,
        (
            "Who has the last place of your queue? How many passes does this one wait "
            "for, the running one and its own included?",
            "In `patience` there is time for so many whole passes. One of them is the "
            "pass that runs already; each of the others takes `batch` from the queue. No "
            "number of places is negative.",
            "`passes = patience // pass_time`",
        ),
        lambda: [
            (200, 100, 32),
            (400, 100, 32),
            (250, 100, 8),
            (199, 100, 32),
            (50, 100, 32),
            (1000, 70, 1),
            (30, 10, 5),
        ],
        difficulty=3,
        minutes=10,
        again=_again_places,
    ),
    "sure_enough": Exercise(
        sure_enough,
        (
            "Which answers are given with your threshold here, and which fraction of "
            "these is right? Would a lower threshold do, too?",
            "Only the confidences themselves can be the threshold. Try each: keep the "
            "answers that are at least as confident, and see whether enough of them are "
            "right. Enough may be right again below a threshold where they are not.",
            "`for threshold in sorted(confidences):`",
        ),
        lambda: [
            ([0.5], [True], 1.0),
            ([0.5, 0.75], [False, True], 1.0),
            ([0.5, 0.75], [False, True], 0.5),
            ([0.75, 0.5], [True, True], 0.9),
            ([0.75, 0.75, 0.5], [True, False, True], 0.625),
            ([0.9, 0.8, 0.7, 0.6], [True, False, True, True], 0.75),
            ([0.3, 0.9, 0.6, 0.8, 0.7], [False, True, False, True, False], 0.6),
            ([0.9, 0.95, 0.4, 0.5], [False, True, True, False], 0.5),
            ([0.2, 0.4, 0.6], [False, False, True], 0.25),
            ([0.9, 0.75, 0.75, 0.5], [True, True, False, False], 1.0),
        ],
        difficulty=4,
        minutes=20,
        again=_again_sure,
    ),
}

DISCUSSION = """
Measured on the sample: the first network trained anew with five seeds, then four epochs
each time from the same weights. Errors on the 180 pictures of `kept_apart`, in per cent:

| seed | before | with the corrections (34 to 43) | without | as many ordinary ones |
|---|---|---|---|---|
| 0 | 19.4 | 12.2 | 14.4 | 17.2 |
| 1 | 14.4 | 16.1 | 13.9 | 17.2 |
| 2 | 22.2 | 12.8 | 12.8 | 16.1 |
| 3 | 15.6 | 10.6 | 16.1 | 15.6 |
| 4 | 21.1 | 16.7 | 15.0 | 16.1 |
| mean | 18.5 | 13.7 | 14.4 | 16.4 |

```python
def four_more_epochs(learn, weights, extra, seed):
    learn.model.load_state_dict(weights)  # a clone of each tensor, taken before
    source = ck.ImageSource([*extra, *ordinary[::2], *kept_apart])
    source = source.labelled_by(lambda file: right[file])
    source = source.split(ck.by_file_list([file.name for file in kept_apart]))
    torch.manual_seed(seed + 1)
    learn.use(source.loaders(size=size, augment=ck.Augment(), batch_size=32))
    learn.fit_one_cycle(4, lrs)
    return errors(learn.predictor(), kept_apart)
```

Most of the gain came from four more epochs. With and without the corrections differ by 0.8
points in the mean, and by 2 to 6 points from seed to seed, in both directions: from five
seeds nobody can say that the corrections helped other pictures. With seed 0 alone one would
have said so, with seed 4 the opposite. One picture of the 180 is 0.6 points.

The corrected pictures themselves are another matter: 17 % of them are still wrong with
them, 63 % without. They were learned, and that is all that is certain.

The last column has as many steps as the second. It is the worse one in four of five seeds,
so corrected pictures may be worth more than ordinary ones that were trained on before; but
it is also worse than no extra pictures at all, which is a sign of luck.

What else to try: ten seeds; corrections of several weeks; a paired test (which pictures
changed sides?).
"""
