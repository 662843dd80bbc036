"""Features of tables: dates taken apart, days since and until events, running statistics, joins that lose no row.

Each function takes a pandas DataFrame and gives a new one with columns added, rows and their order as they were.
"""

from collections.abc import Sequence
from numbers import Number
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    import pandas as pd

DATE_PARTS = {"Year": "year", "Month": "month", "Day": "day", "Dayofweek": "day_of_week", "Dayofyear": "day_of_year"}
DATE_FLAGS = ("Is_month_start", "Is_month_end", "Is_quarter_start", "Is_quarter_end", "Is_year_start", "Is_year_end")
STATISTICS = ("sum", "mean", "count")


def need_columns(table: "pd.DataFrame", columns: Sequence[str]) -> None:
    """Raise a ValueError if the table lacks one of the columns."""
    if missing := [column for column in columns if column not in table.columns]:
        raise ValueError(f"the table has no column {missing[0]!r}; it has {', '.join(map(repr, table.columns))}")


def to_dates(table: "pd.DataFrame", column: str) -> "pd.Series":
    """The column as dates.

    Raises:
        ValueError: the column holds numbers; a value is missing or no date, the first is shown with its row.
    """
    import pandas as pd

    need_columns(table, [column])
    plain = table[column].dtype == object
    if plain or pd.api.types.is_numeric_dtype(table[column]):
        number = next((value for value in table[column].dropna() if isinstance(value, Number)), None)
        if number is not None:
            raise ValueError(
                f"{column!r} holds numbers, such as {number}, and no dates: bring them to dates first, as "
                f'pd.to_datetime(table[{column!r}], format="%Y%m%d") does with 20150731'
            )
    dates = pd.to_datetime(table[column], errors="coerce", format="mixed" if plain else None)
    if (wrong := dates.isna()).any():
        row, value = table.index[wrong].tolist()[0], table[column][wrong].tolist()[0]
        raise ValueError(
            f"{wrong.sum()} of {len(table)} values of {column!r} are no dates, first {value!r} in row {row!r}"
        )
    return dates


def add_date_parts(table: "pd.DataFrame", column: str) -> "pd.DataFrame":
    """What a model can use of a date: year, month, week, day, weekday, day of the year, and what begins or ends.

    Args:
        table: any.
        column: dates, or text that pandas can read as dates; a column `SalesDate` gives `SalesYear`, `SalesMonth` ...
            (the word Date is taken off), as integers, and `SalesIs_month_end` ... as booleans. Monday is weekday 0.

    Raises:
        ValueError: the column is missing, holds numbers, or a value is no date.

    Built in lesson 11.
    """
    dates = to_dates(table, column).dt
    prefix = column.removesuffix("Date").removesuffix("date")
    new = {prefix + part: getattr(dates, attribute) for part, attribute in DATE_PARTS.items()}
    new[prefix + "Week"] = dates.isocalendar().week
    new = {name: values.astype("int64") for name, values in new.items()}
    return table.assign(**new, **{prefix + flag: getattr(dates, flag.lower()) for flag in DATE_FLAGS})


def _order(table: "pd.DataFrame", date: str, by: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows' order by group and date; and, in that order, the first row of each row's group, and the day numbers."""
    import pandas as pd

    need_columns(table, [by])
    days = to_dates(table, date).to_numpy().astype("datetime64[D]").astype(np.int64)
    groups, _ = pd.factorize(table[by], use_na_sentinel=False)
    key = groups * (np.ptp(days) + 1) + days - days.min() if len(days) else groups
    order = torch.from_numpy(key).argsort(stable=True).numpy()  # several times as fast as NumPy's
    groups = groups[order]
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else np.zeros(0, np.int64)
    first = np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
    return order, first, days[order]


def add_elapsed(table: "pd.DataFrame", events: Sequence[str], *, date: str, by: str) -> "pd.DataFrame":
    """Days since each event last happened, and until it next will, within each group.

    Args:
        table: one row a group and date, in any order.
        events: columns of numbers or truth values: all but 0, False and missing ones say that it happened on that day.
        date: the column of dates.
        by: the column of groups: shops, say. A date that stands twice in a group counts as one day.

    Returns:
        The table with float columns `SinceEVENT` and `UntilEVENT`: 0 on the day itself; NaN before the first, after
        the last. `Until` looks into the future: use it for events that are known beforehand, as holidays are.

    Raises:
        ValueError: a column is missing, an event is told in text, or a date is none.

    Built in lesson 11.
    """
    need_columns(table, events)
    for event in events:
        _refuse_text(table, event)
    order, first, days = _order(table, date, by)
    groups_end = _ends(first)
    new = {}
    for event in events:
        happened = _any_that_day((table[event].fillna(0).to_numpy() != 0)[order], first, days)
        new["Since" + event] = _since(happened, first, days)
        new["Until" + event] = _since(happened[::-1], (len(days) - 1 - groups_end)[::-1], -days[::-1])[::-1]
    return _with_columns(table, new, order)


def _refuse_text(table: "pd.DataFrame", event: str) -> None:
    """Raise a ValueError if the column of an event holds text, of which even "0" is not 0."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(table[event]):
        return
    if (text := next((value for value in table[event] if isinstance(value, str)), None)) is not None:
        raise ValueError(
            f"the event {event!r} is told in text, such as {text!r}, and only you know which text says that it "
            f"happened: make it boolean, as `table.{event} != '0'`"
        )


def _with_columns(table: "pd.DataFrame", new: dict[str, np.ndarray], order: np.ndarray) -> "pd.DataFrame":
    """The table with new columns, whose values are given in the order `order` of its rows."""
    columns = {name: np.empty(len(order)) for name in new}
    for name, values in new.items():
        columns[name][order] = values
    return table.assign(**columns)


def _ends(first: np.ndarray) -> np.ndarray:
    """The last row of each row's group, from the first."""
    if not len(first):
        return first
    starts = np.flatnonzero(first == np.arange(len(first)))
    ends = np.r_[starts[1:], len(first)] - 1
    return np.repeat(ends, np.diff(np.r_[starts, len(first)]))


def _any_that_day(happened: np.ndarray, first: np.ndarray, days: np.ndarray) -> np.ndarray:
    """For each row, whether it happened in any row of the same group and day."""
    if not len(days):
        return happened
    new_day = np.r_[True, (first[1:] != first[:-1]) | (days[1:] != days[:-1])]
    return np.logical_or.reduceat(happened, np.flatnonzero(new_day))[new_day.cumsum() - 1]


def _since(happened: np.ndarray, first: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Days since the latest row at which it happened, no earlier than the row `first`; NaN without one."""
    latest = np.maximum.accumulate(np.where(happened, np.arange(len(days)), -1))
    since = (days - days[latest]).astype(float)
    since[latest < first] = np.nan
    return since


def add_rolling(
    table: "pd.DataFrame",
    columns: Sequence[str],
    *,
    date: str,
    by: str,
    days: int | Sequence[int],
    statistic: str = "mean",
) -> "pd.DataFrame":
    """A statistic of the latest days up to and with each row's, within each group.

    Args:
        table: one row a group and date, in any order.
        columns: of numbers; missing ones are left out.
        date, by: see `add_elapsed`.
        days: the window's length, this day included; negative looks ahead, from this day on. Or several windows.
        statistic: `"sum"`, `"mean"` (NaN where the window holds no number) or `"count"`.

    Returns:
        The table with float columns `COLUMN_mean7`, or `COLUMN_mean7ahead` for negative days.

    Raises:
        ValueError: a column is missing or holds no numbers, an infinite number, days 0, or an unknown statistic.

    Built in lesson 11.
    """
    need_columns(table, columns)
    windows = np.atleast_1d(days).tolist()
    if 0 in windows or statistic not in STATISTICS:
        raise ValueError(f"a window has at least one day and a statistic of {STATISTICS}; found {days}, {statistic!r}")
    order, first, at = _order(table, date, by)
    rows = [_window_rows(first, at, window) for window in windows]
    new = {}
    for column in columns:
        values = numbers(table, column)[order]
        missing = np.isnan(values)
        values = ~missing if statistic == "count" else np.where(missing, 0, values)
        for window, (low, high) in zip(windows, rows, strict=True):
            name = f"{column}_{statistic}{abs(window)}{'ahead' if window < 0 else ''}"
            new[name] = _window_sums(values, low, high)
            if statistic == "mean":
                with np.errstate(invalid="ignore"):
                    new[name] /= _window_sums(~missing, low, high)
    return _with_columns(table, new, order)


def _window_rows(first: np.ndarray, at: np.ndarray, days: int) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each row's window of days, and the one after its last."""
    key = first * (int(np.ptp(at)) + 2 * abs(days) + 2) + at if len(at) else at  # groups far apart on one line of days
    low = np.searchsorted(key, key - (days - 1 if days > 0 else 0), "left")
    return low, np.searchsorted(key, key + (-days - 1 if days < 0 else 0), "right")


def _window_sums(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The sums of `values[low:high]` for each low and high, as float64."""
    sums = np.zeros(len(values) + 1)
    np.cumsum(values, out=sums[1:])
    return sums[high] - sums[low]


def numbers(table: "pd.DataFrame", column: str) -> np.ndarray:
    """The column as float64, missing ones NaN."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(table[column]):
        example = next((v for v in table[column] if isinstance(v, str)), None)
        raise ValueError(f"the column {column!r} holds {table[column].dtype}, such as {example!r}; numbers are needed")
    values = table[column].to_numpy(dtype=float, na_value=np.nan, copy=True)
    if np.isinf(values).any():
        raise ValueError(
            f"{np.isinf(values).sum()} values of {column!r} are infinite, first in row {np.isinf(values).argmax()}"
        )
    return values


def join(
    left: "pd.DataFrame", right: "pd.DataFrame", on: str | Sequence[str], missing: str = "error"
) -> "pd.DataFrame":
    """`left` with the columns of `right` added where `on` agrees; never a row more or fewer.

    Args:
        left: keeps its rows, their order and index.
        right: one row for each value of `on`.
        on: a column of both, or several.
        missing: what to do for rows of `left` that `right` does not know: `"error"`, or `"keep"` (empty cells).

    Raises:
        ValueError: a column is missing, `right` lists a value twice (which would multiply rows), both have another
            column of the same name, or a row finds no partner and `missing` is `"error"`.

    Built in lesson 11.
    """
    on = [on] if isinstance(on, str) else list(on)
    need_columns(left, on)
    need_columns(right, on)
    if (twice := right.duplicated(on)).any():
        value = tuple(right.loc[twice, on].iloc[0])
        raise ValueError(f"the right table lists {on} = {value} twice: the join would multiply rows")
    if both := [column for column in right.columns if column in left.columns and column not in on]:
        raise ValueError(f"both tables have a column {both[0]!r}: rename or drop it in one of them")
    joined = left.merge(right, how="left", on=on, indicator="_from")
    lonely = (joined.pop("_from") == "left_only").to_numpy()
    joined.index = left.index
    if missing == "error" and lonely.any():
        value = tuple(left.loc[lonely, on].iloc[0])
        raise ValueError(
            f"{lonely.sum()} of {len(left)} rows find no partner, first {on} = {value}; missing='keep' leaves their "
            "new cells empty"
        )
    return joined
