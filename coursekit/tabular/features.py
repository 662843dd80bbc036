"""Features of tables: dates taken apart, days since and until events, rolling statistics, joins that lose no row.

Each function takes a pandas DataFrame and gives a new one with columns added, rows and their order as they were.
"""

from collections.abc import Sequence
from numbers import Number
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..arguments import in_words

if TYPE_CHECKING:
    import pandas as pd

DATE_PARTS = {"Year": "year", "Month": "month", "Day": "day", "Dayofweek": "day_of_week", "Dayofyear": "day_of_year"}
DATE_FLAGS = ("Is_month_start", "Is_month_end", "Is_quarter_start", "Is_quarter_end", "Is_year_start", "Is_year_end")
NOT_NUMBERS = "where that stands for a missing value, read the file with na_values=[...]"
STATISTICS = ("sum", "mean", "count")


def need_columns(table: "pd.DataFrame", columns: Sequence[str]) -> None:
    """Raise a ValueError if the table lacks one of the columns, or if they are no list."""
    if isinstance(columns, str):
        raise ValueError(f"columns come as a list, also a single one: [{columns!r}]")
    if missing := [column for column in columns if column not in table.columns]:
        raise ValueError(f"the table has no column {missing[0]!r}; it has {', '.join(map(repr, table.columns))}")


def add_columns(table: "pd.DataFrame", new: dict[str, object]) -> "pd.DataFrame":
    """The table with new columns; a ValueError where it has one of the name already."""
    if there := [name for name in new if name in table.columns]:
        raise ValueError(f"the table has a column {there[0]!r} already: drop or rename it first")
    return table.assign(**new)


def to_dates(table: "pd.DataFrame", column: str) -> "pd.Series":
    """The column as dates, in the local time of a time zone; text in one format, that of its first value.

    Raises:
        ValueError: the column holds numbers; a value is missing or no date, the first is shown with its row.
    """
    import pandas as pd

    need_columns(table, [column])
    if table[column].dtype == object or pd.api.types.is_numeric_dtype(table[column]):
        number = next((value for value in table[column].dropna() if isinstance(value, Number)), None)
        if number is not None:
            advice = f'as pd.to_datetime(table[{column!r}], format="%Y%m%d") does with 20150731'
            found = f"{column!r} holds numbers, such as {number}, and no dates"
            raise ValueError(f"{found}: bring them to dates first, {advice}")
    dates = pd.to_datetime(table[column], errors="coerce")
    if (wrong := dates.isna().to_numpy()).any():
        value, row = table[column][wrong].tolist()[0], table.index[wrong].tolist()[0]
        found = f"{wrong.sum()} of {len(table)} values of {column!r} are no dates, or of another format than the first"
        raise ValueError(f"{found}; found {value!r} in row {row!r}")
    return dates.dt.tz_localize(None)


def to_floats(table: "pd.DataFrame", column: str, advice: str = NOT_NUMBERS) -> np.ndarray:
    """The column as float64, missing values NaN.

    Raises:
        ValueError: a value is infinite or no number; it is shown, with the advice.
    """
    import pandas as pd

    values = table[column]
    if not pd.api.types.is_numeric_dtype(values) and values.notna().any():
        wrong = values[values.notna() & pd.to_numeric(values, errors="coerce").isna()]
        example = (wrong if len(wrong) else values.dropna()).iloc[0]
        raise ValueError(f"{column!r} holds {values.dtype}, such as {example!r}; numbers are needed: {advice}")
    values = values.to_numpy(dtype=float, na_value=np.nan, copy=True)
    if (infinite := np.isinf(values)).any():
        raise ValueError(f"{infinite.sum()} values of {column!r} are infinite, first in row {infinite.argmax()}")
    return values


@in_words
def add_date_parts(table: "pd.DataFrame", column: str) -> "pd.DataFrame":
    """What a model can use of a date: year, month, week, day, weekday, day of the year, and what begins or ends.

    Args:
        table: any.
        column: dates, or text that pandas can read as dates; a column `SalesDate` gives `SalesYear`, `SalesMonth` ...
            (the word Date is taken off), as integers, and `SalesIs_month_end` ... as booleans. Monday is weekday 0.

    Raises:
        ValueError: the column is missing, holds numbers, or a value is no date; a new column is there already.

    Built in lesson 11.
    """
    dates = to_dates(table, column).dt
    prefix = column.removesuffix("Date").removesuffix("date")
    new = {prefix + part: getattr(dates, attribute) for part, attribute in DATE_PARTS.items()}
    new[prefix + "Week"] = dates.isocalendar().week
    new = {name: values.astype("int64") for name, values in new.items()}
    return add_columns(table, new | {prefix + flag: getattr(dates, flag.lower()) for flag in DATE_FLAGS})


def _sorted(table: "pd.DataFrame", date: str, by: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows' order by group and date; and, in that order, the number of each row's group, and of its day."""
    import pandas as pd

    need_columns(table, [by])
    days = to_dates(table, date).to_numpy().astype("datetime64[D]").astype(np.int64)
    days -= days.min(initial=np.iinfo(np.int64).max)
    groups, _ = pd.factorize(table[by], use_na_sentinel=False)
    key = torch.from_numpy(groups * (days.max(initial=0) + 1) + days)
    order = key.argsort(stable=True).numpy()  # several times as fast as NumPy's
    return order, groups[order], days[order]


def _window(groups: np.ndarray, at: np.ndarray, days: int) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each row's window of days, and the one after its last; of rows sorted by group and day."""
    key = groups * (at.max(initial=0) + 2 * abs(days) + 2) + at  # groups far apart on one line of days
    low = np.searchsorted(key, key - (days - 1 if days > 0 else 0), "left")
    return low, np.searchsorted(key, key + (-days - 1 if days < 0 else 0), "right")


def _in_rows_of(table: "pd.DataFrame", order: np.ndarray, new: dict[str, np.ndarray]) -> "pd.DataFrame":
    """The table with new columns, whose values are given in the order `order` of its rows."""
    columns = {name: np.empty(len(order)) for name in new}
    for name, values in new.items():
        columns[name][order] = values
    return add_columns(table, columns)


@in_words
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
        ValueError: a column is missing, an event is told in text, a date is none, or a new column is there already.

    Built in lesson 11.
    """
    need_columns(table, events)
    order, groups, days = _sorted(table, date, by)
    counts = np.bincount(groups)
    first, last = ((counts.cumsum() - shift)[groups] for shift in (counts, 1))
    day = (np.diff(groups * (days.max(initial=0) + 1) + days, prepend=-1) != 0).cumsum() - 1  # of rows: which of all
    new = {}
    for event in events:
        happened = np.bincount(day, _happened(table, event)[order])[day] > 0  # in any row of the same group and day
        new["Since" + event] = _since(happened, first, days)
        new["Until" + event] = _since(happened[::-1], (len(days) - 1 - last)[::-1], -days[::-1])[::-1]
    return _in_rows_of(table, order, new)


def _happened(table: "pd.DataFrame", event: str) -> np.ndarray:
    """Whether the event happened, for each row; a ValueError where it is told in text, of which even "0" is not 0."""
    if (text := next((value for value in table[event].unique() if isinstance(value, str)), None)) is not None:
        advice = f"only you know which text says that it happened: make it boolean, as `table.{event} != '0'`"
        raise ValueError(f"the event {event!r} is told in text, such as {text!r}, and {advice}")
    return (table[event].notna() & table[event].ne(0)).to_numpy(dtype=bool, na_value=False)


def _since(happened: np.ndarray, first: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Days since the latest row at which it happened, no earlier than the row `first`; NaN without one."""
    latest = np.maximum.accumulate(np.where(happened, np.arange(len(days)), -1))
    since = (days - days[latest]).astype(float)
    since[latest < first] = np.nan
    return since


@in_words
def add_rolling(
    table: "pd.DataFrame", columns: Sequence[str], *, date: str, by: str, days: int | list[int], statistic: str = "mean"
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
        ValueError: a column is missing or holds no numbers, an infinite number, days 0, an unknown statistic, or a new
            column is there already.

    Built in lesson 11.
    """
    need_columns(table, columns)
    windows = np.atleast_1d(days).tolist()
    if 0 in windows or statistic not in STATISTICS:
        raise ValueError(f"a window has at least one day and a statistic of {STATISTICS}; found {days}, {statistic!r}")
    order, groups, at = _sorted(table, date, by)
    rows = [_window(groups, at, window) for window in windows]
    new = {}
    for column in columns:
        values = to_floats(table, column)[order]
        missing = np.isnan(values)
        values = ~missing if statistic == "count" else np.where(missing, 0, values)
        for window, (low, high) in zip(windows, rows, strict=True):
            name = f"{column}_{statistic}{abs(window)}{'ahead' if window < 0 else ''}"
            new[name] = _sums(values, low, high)
            if statistic == "mean":
                with np.errstate(invalid="ignore"):
                    new[name] /= _sums(~missing, low, high)
    return _in_rows_of(table, order, new)


def _sums(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The sums of `values[low:high]` for each low and high, as float64; each alone, so that no large value lingers."""
    return np.add.reduceat(np.append(values, 0).astype(float), np.stack([low, high], 1).ravel())[::2]


@in_words
def join(
    left: "pd.DataFrame", right: "pd.DataFrame", on: str | Sequence[str], missing: str = "error"
) -> "pd.DataFrame":
    """`left` with the columns of `right` added where `on` agrees; never a row more or fewer.

    It is pandas' `merge(how="left", validate="many_to_one")`, which also says what found no partner.

    Args:
        left: keeps its rows, their order and index.
        right: one row for each value of `on`.
        on: a column of both, or several. Missing values agree with nothing.
        missing: what to do for rows of `left` that `right` does not know: `"error"`, or `"keep"` (empty cells).

    Raises:
        ValueError: a column is missing or of other types in the two, `right` lists a value twice (which would multiply
            rows), both have another column of the same name, or a row finds no partner and `missing` is `"error"`.

    Built in lesson 11.
    """
    on = [on] if isinstance(on, str) else list(on)
    if missing not in ("error", "keep"):
        raise ValueError(f"missing is 'error' or 'keep'; found {missing!r}")
    need_columns(left, on)
    need_columns(right, on)
    if both := [column for column in right.columns if column in left.columns and column not in on]:
        raise ValueError(f"both tables have a column {both[0]!r}: rename or drop it in one of them")
    right = right.dropna(subset=on)
    try:
        joined = left.merge(right, how="left", on=on, validate="many_to_one", indicator="found in")
    except ValueError as error:  # pandas' own MergeError is one
        raise ValueError(_not_joined(left, right, on)) from error
    lonely = (joined.pop("found in") == "left_only").to_numpy()
    joined.index = left.index
    if missing == "error" and lonely.any():
        value = tuple(left.loc[lonely, on].iloc[0])
        found = f"{lonely.sum()} of {len(left)} rows find no partner, first {on} = {value}"
        raise ValueError(f"{found}; missing='keep' leaves their new cells empty")
    return joined


def _not_joined(left: "pd.DataFrame", right: "pd.DataFrame", on: list[str]) -> str:
    """Why pandas did not merge the two."""
    if (twice := right.duplicated(on)).any():
        value = tuple(right.loc[twice, on].iloc[0])
        return f"the right table lists {on} = {value} twice: the join would multiply rows"
    types = (", ".join(map(str, table[on].dtypes)) for table in (left, right))
    return f"{on} are of other types in the two tables ({' and '.join(types)}): bring them to one"
