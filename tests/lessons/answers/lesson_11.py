"""Lesson 11, features of tables: for each exercise, other right answers, and plausible wrong ones."""

from collections import Counter

import torch


def _join_by_counting(left, right):
    count = Counter(right)
    return sum(count[key] for key in left), sum(1 for key in left if not count[key])


def _since_by_loop(happened, days):
    last, since = None, []
    for now, day in zip(happened.tolist(), days.tolist(), strict=True):
        last = day if now else last
        since.append(float("nan") if last is None else float(day - last))
    return torch.tensor(since)


def _rows_since(happened, days):
    return _since_by_loop(happened, torch.arange(len(days)))


def _since_without_nan(happened, days):
    return _since_by_loop(happened, days).nan_to_num(0.0)


def _until(happened, days):
    return _since_by_loop(happened.flip(0), -days.flip(0)).flip(0)


def _mean_by_totals(values, window):
    total = torch.cat([torch.zeros(1), values.cumsum(0)])
    end = torch.arange(1, len(values) + 1)
    start = (end - window).clamp(min=0)
    return (total[end] - total[start]) / (end - start)


def _mean_always_by_window(values, window):
    total = torch.cat([torch.zeros(1), values.cumsum(0)])
    end = torch.arange(1, len(values) + 1)
    return (total[end] - total[(end - window).clamp(min=0)]) / window


def _mean_without_today(values, window):
    parts = [values[max(0, i - window) : i] for i in range(len(values))]
    return torch.stack([part.mean() if len(part) else torch.tensor(0.0) for part in parts])


def _mean_so_far(values, window):
    return values.cumsum(0) / torch.arange(1, len(values) + 1)


def _since_not_day_0(happened, days):
    latest = torch.where(happened, days, 0).cummax(0).values
    return torch.where(latest > 0, (days - latest).float(), torch.nan)


ANSWERS = {
    "11.join_counts": (
        [_join_by_counting],
        [
            lambda left, right: (len(left), 0),
            lambda left, right: (_join_by_counting(left, right)[0], len(set(left) - set(right))),
            lambda left, right: (_join_by_counting(sorted(set(left)), right)[0], sum(k not in right for k in left)),
            lambda left, right: (sum(key in right for key in left), sum(key not in right for key in left)),
            lambda left, right: (max(len(left), len(right)), len(set(left) - set(right))),
            lambda left, right: (_join_by_counting(left, right)[0], sum(key not in left for key in right)),
        ],
    ),
    "11.days_since": ([_since_by_loop], [_rows_since, _since_without_nan, _until, _since_not_day_0]),
    "11.rolling_mean": ([_mean_by_totals], [_mean_always_by_window, _mean_without_today, _mean_so_far]),
    "11.leaks": (["be", "BE", "b, e", ["b", "e"], {"e", "b"}], ["e", "b", "bef", "bce", "bde", 2, ["b", 5]]),
}
