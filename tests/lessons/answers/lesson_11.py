"""Lesson 11, features of tables: for each exercise, other right answers, and plausible wrong ones."""

from collections import Counter

import numpy as np
import pandas as pd
import torch


def _join_by_counting(left, right):
    count = Counter(right)
    return sum(count[key] for key in left), sum(1 for key in left if not count[key])


def _join_by_pandas(left, right):
    joined = pd.DataFrame({"key": left}).merge(pd.DataFrame({"key": right}), how="left", indicator=True)
    alone = (joined["_merge"] == "left_only").sum()
    return len(joined) - alone, alone


def _join_by_loops(left, right):
    rows, alone = 0, 0
    for key in left:
        partners = [other for other in right if other == key]
        rows += len(partners)
        alone += not partners
    return [rows, alone]


def _join_by_numpy(left, right):
    equal = np.array(left)[:, None] == np.array(right)
    return np.array([equal.sum(), (~equal.any(1)).sum()])


def _begins(happened):
    return happened & ~torch.cat([torch.tensor([False]), happened[:-1]])


def _since_by_loop(happened, days):
    last, since = None, []
    for now, day in zip(happened.tolist(), days.tolist(), strict=True):
        last = day if now else last
        since.append(float("nan") if last is None else float(day - last))
    return torch.tensor(since)


def _began_by_loop(happened, days):
    return _since_by_loop(_begins(happened), days)


def _began_by_cummax(happened, days):
    latest = torch.where(_begins(happened), torch.arange(len(days)), -1).cummax(0).values
    return torch.where(latest >= 0, (days - days[latest]).double(), torch.nan)


def _began_by_pandas(happened, days):
    now, day = pd.Series(happened.numpy()), pd.Series(days.numpy())
    begins = now & ~now.shift(fill_value=False)
    return day - day.where(begins).ffill()


def _began_by_numpy(happened, days):
    begins = np.diff(happened.numpy().astype(int), prepend=0) == 1
    day = days.numpy()
    return [
        float(d - day[: i + 1][begins[: i + 1]][-1]) if begins[: i + 1].any() else np.nan for i, d in enumerate(day)
    ]


def _began_by_rows(happened, days):
    return _began_by_loop(happened, torch.arange(len(days)))


def _until_the_next(happened, days):
    return _began_by_loop(happened.flip(0), -days.flip(0)).flip(0)


def _not_from_day_0(happened, days):
    latest = torch.where(_begins(happened), days, 0).cummax(0).values
    return torch.where(latest > 0, (days - latest).float(), torch.nan)


def _first_row_begins_nothing(happened, days):
    begins = torch.cat([torch.tensor([False]), happened[1:] & ~happened[:-1]])
    return _since_by_loop(begins, days)


def _begins_by_day(happened, days):
    before = torch.cat([torch.tensor([False]), happened[:-1] & (days.diff() == 1)])
    return _since_by_loop(happened & ~before, days)


def _values_by_differences(sums, window):
    values = torch.zeros(len(sums), dtype=torch.float64)
    for i, total in enumerate(sums.double()):
        values[i] = total - (sums[i - 1] if i else 0) + (values[i - window] if i >= window else 0)
    return values


def _values_by_solving(sums, window):
    age = torch.arange(len(sums))[:, None] - torch.arange(len(sums))
    return torch.linalg.solve(((age >= 0) & (age < window)).double(), sums.double())


def _values_by_totals(sums, window):
    """Running totals first: today's is the sum plus the total `window` days ago."""
    totals = []
    for i, each in enumerate(sums.tolist()):
        totals.append(each + (totals[i - window] if i >= window else 0))
    return np.diff(totals, prepend=0)


def _values_by_appending(sums, window):
    values = []
    for each in sums.tolist():
        known = values[-(window - 1) :] if window > 1 else []
        values.append(each - sum(known))
    return values


def _values_of_full_windows(sums, window):
    values = sums.clone()
    for i in range(window, len(sums)):
        values[i] = sums[i] - sums[i - 1] + values[i - window]
    return values


def _t(*numbers):
    return torch.tensor(numbers, dtype=torch.float32)


NAN = torch.nan

ANSWERS = {
    "11.join_counts": (
        [_join_by_counting, _join_by_pandas, _join_by_loops, _join_by_numpy],
        [
            lambda left, right: (len(left), 0),
            lambda left, right: (_join_by_counting(left, right)[0], len(set(left) - set(right))),
            lambda left, right: (_join_by_counting(sorted(set(left)), right)[0], sum(k not in right for k in left)),
            lambda left, right: (sum(key in right for key in left), sum(key not in right for key in left)),
            lambda left, right: (max(len(left), len(right)), len(set(left) - set(right))),
            lambda left, right: (_join_by_counting(left, right)[0], sum(key not in left for key in right)),
        ],
    ),
    "11.days_since": (
        [_began_by_loop, _began_by_cummax, _began_by_pandas, _began_by_numpy],
        [
            _since_by_loop,
            _began_by_rows,
            lambda happened, days: _began_by_loop(happened, days).nan_to_num(0.0),
            _until_the_next,
            _not_from_day_0,
            _first_row_begins_nothing,
            _begins_by_day,
        ],
    ),
    "11.daily_values": (
        [_values_by_differences, _values_by_solving, _values_by_totals, _values_by_appending],
        [
            _values_of_full_windows,
            lambda sums, window: torch.cat([sums[:1], sums.diff()]),
            lambda sums, window: sums / window,
            lambda sums, window: torch.cat([sums[:window], sums[window:] - sums[:-window]]),
            lambda sums, window: _values_by_solving(sums, window + 1),
        ],
    ),
    "11.fill_and_flag": (
        [
            (_t(5.0),),
            _t(1, 2, 3),
            (_t(1, 2, 2, 3, NAN),),
            torch.tensor([NAN, 4.0, NAN]).double(),
            (_t(7, 7, NAN),),
        ],
        [
            (_t(1, 2, NAN),),
            _t(1, NAN, NAN, 3),
            (_t(4, 1, 2, 9),),
            (_t(NAN, NAN),),
            ([1.0, 2.0, 3.0],),
            (_t(1), _t(2)),
        ],
    ),
    "11.leaks": (["be", "BE", "b, e", ["b", "e"], {"e", "b"}], ["e", "b", "bef", "bce", "bde", 2, ["b", 5]]),
}

EQUIVALENT = {"11.days_since": {"0 -> -1": "a vector has one axis: the first is also the last"}}
