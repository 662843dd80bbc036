"""Days since and until events, and how many in a week: coursekit beside fastai's `add_elapsed_times`, in one run."""

import argparse
import warnings
from time import perf_counter

import numpy as np
import pandas as pd

import coursekit as ck

from .report import machine, spread, table, write

EVENTS = ["Promo", "StateHoliday", "SchoolHoliday"]


def shops(rows):
    """A table like Rossmann's: 1,000 days of each shop, shuffled, and three events."""
    random = np.random.default_rng(0)
    count = rows // 1000
    days = pd.date_range("2013-01-01", periods=1000)
    frame = pd.DataFrame({"Store": np.repeat(np.arange(count), 1000), "Date": np.tile(days, count)})
    for event, share in zip(EVENTS, (0.4, 0.03, 0.2), strict=True):
        frame[event] = random.random(len(frame)) < share
    return frame.sample(frac=1, random_state=0, ignore_index=True)


def coursekit(frame):
    """All that fastai's function adds: days since and until, and how many events in the week before and after."""
    frame = ck.add_rolling(frame, EVENTS, date="Date", by="Store", days=(7, -7), statistic="sum")
    return ck.add_elapsed(frame, EVENTS, date="Date", by="Store")


def fastai(frame):
    from fastai.tabular.core import add_elapsed_times

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, on what fastai uses
        return add_elapsed_times(frame, EVENTS, date_field="Date", base_field="Store")


def agree(ours, theirs):
    """Whether both found the same days since and until, where fastai's table, in its own order, knows any."""
    theirs = theirs.set_index(["Store", "Date"]).sort_index()
    ours = ours.set_index(["Store", "Date"]).sort_index()
    for event in EVENTS:
        for mine, name, sign in (("Since", "After", 1), ("Until", "Before", -1)):
            known = ours[mine + event].notna().to_numpy()
            if not np.array_equal(ours[mine + event][known], sign * theirs[name + event][known]):
                return False
        for mine, name in (("sum7", "bw"), ("sum7ahead", "fw")):
            if not np.allclose(ours[f"{event}_{mine}"], theirs[f"{event}_{name}"]):
                return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    for add in (fastai, coursekit):
        add(shops(2000))  # imports, and warms up
    frame, times, found = shops(chosen.rows), {"1. fastai": [], "2. coursekit": []}, {}
    for _ in range(chosen.rounds):
        for name, add in zip(times, (fastai, coursekit), strict=True):
            copy = frame.copy()
            start = perf_counter()
            found[name] = add(copy)
            times[name].append(perf_counter() - start)
    if not agree(found["2. coursekit"], found["1. fastai"]):
        raise SystemExit("the two do not find the same days")
    rows = [
        [
            name,
            spread(seconds, "{:.2f}"),
            spread([theirs / own for own, theirs in zip(seconds, times["1. fastai"], strict=True)], "{:.0f}"),
        ]
        for name, seconds in times.items()
    ]
    heads = ["", "seconds", "times as fast"]
    write("elapsed", f"{machine()}. {chosen.rows:,} rows, {len(EVENTS)} events.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
