"""Solutions to lesson 11, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise


def join_counts(left, right):
    return sum(right.count(key) for key in left), sum(key not in right for key in left)


def days_since(happened, days):
    if len(happened) != len(days):
        raise ValueError("one day for each row")
    if not len(days):
        return torch.zeros(0)
    position = torch.where(happened, torch.arange(len(days)), -1)
    latest = position.cummax(0).values
    since = (days - days[latest]).float()
    return torch.where(latest >= 0, since, torch.nan)


def rolling_mean(values, window):
    if window < 1 or not len(values):
        raise ValueError("a window of at least one day, and at least one value")
    windows = [values[max(0, i + 1 - window) : i + 1] for i in range(len(values))]
    return torch.stack([part.mean() for part in windows])


EXERCISES = {
    "join_counts": Exercise(
        join_counts,
        "each left row appears as often as its key stands on the right",
        lambda: [
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
    ),
    "days_since": Exercise(
        days_since,
        "carry the position of the latest event forward, look up its day, subtract",
        lambda: [
            (torch.tensor([True, False, False]), torch.tensor([1, 2, 3])),
            (torch.tensor([False, True, False]), torch.tensor([1, 2, 3])),
            (torch.tensor([True, False, True, False]), torch.tensor([1, 2, 3, 10])),
            (torch.tensor([True, False]), torch.tensor([0, 1])),
            (torch.tensor([False, False]), torch.tensor([5, 6])),
            (
                torch.tensor([True, False, False, True, False]),
                torch.tensor([3, 4, 9, 11, 30]),
            ),
        ],
    ),
    "rolling_mean": Exercise(
        rolling_mean,
        "total up to today minus total `window` days earlier, over the days there are",
        lambda: [
            (torch.tensor([1.0, 3.0]), 1),
            (torch.tensor([1.0, 3.0]), 2),
            (torch.tensor([4.0, 0.0, 2.0, 6.0]), 2),
            (torch.tensor([4.0, 0.0, 2.0, 6.0, 1.0]), 3),
            (torch.tensor([2.0, 4.0]), 7),
        ],
    ),
    "leaks": Exercise(
        "be",
        "for the last of the 42 days: which of them would you know today?",
    ),
}
