"""Features of tables: dates taken apart, days since and until events, rolling statistics, joins that lose no row.

Each function takes a pandas DataFrame and gives a new one with columns added, rows and their order as they were.
"""

import math
import re
import warnings
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from numbers import Number
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..arguments import in_words

if TYPE_CHECKING:
    import pandas as pd

DATE_PARTS = {"Year": "year", "Month": "month", "Day": "day", "Dayofweek": "day_of_week", "Dayofyear": "day_of_year"}
DATE_FLAGS = ("Is_month_start", "Is_month_end", "Is_quarter_start", "Is_quarter_end", "Is_year_start", "Is_year_end")
DATES = ("datetime64", "datetime", "date")
VALUE_TYPES = {"string": "text", "mixed": "mixed types", "mixed-integer": "mixed types"} | dict.fromkeys(DATES, "dates")
VALUE_TYPES |= dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal", "boolean"), "numbers")
NOT_NUMBERS = "where that stands for a missing value, read the file with na_values=[...]"
STATISTICS = ("sum", "mean", "count")


def need_columns(table: "pd.DataFrame", columns: Iterable[str]) -> list:
    """The columns as a list; a ValueError if the table lacks one or has two of its name, or if they are no list."""
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"a table is a pandas DataFrame; found {type(table).__name__}")
    counts = Counter(table.columns)
    for column in (columns := as_list(columns)):
        if (there := counts[column] if isinstance(column, Hashable) else 0) != 1:
            found = f"the table has {there or 'no'} column{'s' * (there > 1)} {column!r}"
            raise ValueError(f"{found}; it has {', '.join(map(repr, table.columns))}")
    return columns


def as_list(columns: Iterable[str]) -> list:
    """The columns as a list; a ValueError if a name alone is given."""
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise ValueError(f"columns come as a list, also a single one: [{columns!r}]")
    return list(columns)


def value_type(values: "pd.Series | pd.Index") -> str:
    """What a column holds, missing values aside: "numbers", "text", "dates" ..., "mixed types", or "empty".

    Numbers are all types of them and truth values; dates with a time zone are another type than those without. It is
    pandas' `infer_dtype`, put more coarsely: values of one type can be equal.
    """
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.dtype.categories.dtype)
    found = pd.api.types.infer_dtype(values, skipna=True)
    zoned = found in DATES and getattr(next(iter(values.dropna()[:1]), None), "tzinfo", None)
    return "dates with a time zone" if zoned else VALUE_TYPES.get(found, found)


def add_columns(table: "pd.DataFrame", new: dict[str, object]) -> "pd.DataFrame":
    """The table with new columns; a ValueError where it has one of the name already."""
    if there := [name for name in new if name in table.columns]:
        raise ValueError(f"the table has a column {there[0]!r} already: drop or rename it first")
    return table.assign(**new)


def _example(values: "pd.Series", of_type: type) -> object:
    """The first value of this type, or else the first that is there."""
    there = values.dropna().tolist()
    return next((value for value in there if isinstance(value, of_type)), there[0])


def to_dates(table: "pd.DataFrame", column: str) -> "pd.Series":
    """The column as dates, in the local time of its time zone; text in the one format that all of it fits.

    Raises:
        ValueError: the column holds numbers or mixes types; a value is missing or no date, the first is shown with its
            row; text that can be read day first and month first, or in no format that pandas knows.
    """
    import pandas as pd

    need_columns(table, [column])
    values, held = table[column], value_type(table[column])
    if held in ("numbers", "mixed types"):
        advice = f'as pd.to_datetime(table[{column!r}], format="%Y%m%d") does with 20150731'
        found = f"{column!r} holds {held}, such as {_example(values, Number)}, and not dates alone"
        raise ValueError(f"{found}: bring them to dates first, {advice}")
    dates = _read_dates(values, column) if held == "text" else pd.to_datetime(values, errors="coerce")
    if (wrong := dates.isna().to_numpy()).any():
        value, row = values[wrong].tolist()[0], table.index[wrong].tolist()[0]
        found = f"{wrong.sum()} of {len(table)} values of {column!r} are no dates, or of another format than the first"
        raise ValueError(f"{found}; found {value!r} in row {row!r}")
    return dates.dt.tz_localize(None)


def _read_dates(texts: "pd.Series", column: str) -> "pd.Series":
    """Text as dates, NaT where it is none; day first or month first, whichever fits all of it."""
    import pandas as pd

    first, how = texts.dropna().iloc[0], f"pd.to_datetime(table[{column!r}], "
    orders = (False,) if re.match(r"\s*\d{4}", first) else (False, True)  # after a year comes the month
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Parsing dates in")
            warnings.filterwarnings("error", "Could not infer format")  # pandas would guess each value on its own
            read = [pd.to_datetime(texts, errors="coerce", dayfirst=day_first) for day_first in orders]
    except (UserWarning, ValueError) as error:
        found = f"{column!r} holds text, such as {first!r}, in no format that is known, or in several time zones"
        raise ValueError(f"{found}: say how to read it, {how}format=...) or {how}utc=True)") from error
    whole = [dates for dates in read if dates.notna().all()] or read[:1]
    if not whole[0].equals(whole[-1]):
        found = f"the dates of {column!r}, such as {first!r}, can be read month first and day first"
        raise ValueError(f'{found}: say which, {how}format="%d/%m/%Y") or "%m/%d/%Y"')
    return whole[0]


def check_digits(values: Iterable[object], column: str) -> None:
    """Raise a ValueError where whole numbers are floats so large that they are no longer told apart."""
    if large := [value for value in values if isinstance(value, float) and 2**53 <= abs(value) < float("inf")]:
        found = f"the column {column!r} holds {large[0]:.0f} as a float, which has no room for all its digits"
        raise ValueError(f'{found}: read the file with dtype={{{column!r}: "Int64"}}, or as text')


def to_floats(table: "pd.DataFrame", column: str, advice: str = NOT_NUMBERS) -> np.ndarray:
    """The column as float64, missing values NaN.

    Raises:
        ValueError: a value is no number, which is shown, with the advice; or infinite, or too large for float32.
    """
    import pandas as pd

    values = table[column]
    if (held := value_type(values)) not in ("numbers", "empty"):
        wrong = values[values.notna() & pd.to_numeric(values.astype(object), errors="coerce").isna()]
        advice = advice if len(wrong) else f"pd.to_numeric reads them from text; {advice}"
        example = (wrong if len(wrong) else values.dropna()).iloc[0]
        raise ValueError(f"{column!r} holds {held}, such as {example!r}; numbers are needed: {advice}")
    values = values.to_numpy(dtype=float, na_value=np.nan, copy=True)
    if (large := np.abs(values) > np.finfo(np.float32).max).any():
        found = f"{large.sum()} values of {column!r} are infinite, first in row {large.argmax()}"
        raise ValueError(f"{found}, or too large for float32: leave them out, or take another unit")
    return values


@in_words
def add_date_parts(table: "pd.DataFrame", column: str) -> "pd.DataFrame":
    """What a model can use of a date: year, month, week, day, weekday, day of the year, and what begins or ends.

    Args:
        table: any.
        column: dates, or text that pandas can read as dates; a column `SalesDate` gives `SalesYear`, `SalesMonth` ...
            (the word Date is taken off), as integers, and `SalesIs_month_end` ... as booleans. Monday is weekday 0.

    Raises:
        ValueError: the column is missing, holds numbers, or a value is no date; text that can be read day first and
            month first; a new column is there already.

    Built in lesson 11.
    """
    dates = to_dates(table, column).dt
    prefix = str(column).removesuffix("Date").removesuffix("date")
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
    groups, found = pd.factorize(table[by])
    check_digits(found, by)
    if none := int((groups < 0).sum()):
        raise ValueError(f"{none} of {len(table)} rows have no {by!r}, so they are of no group: leave them out")
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
    back = order.argsort()
    return add_columns(table, {name: values[back] for name, values in new.items()})


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
        ValueError: a column is missing, an event is told in text or dates, a date is none, a row has no group, or a new
            column is there already.

    Built in lesson 11.
    """
    events = need_columns(table, events)
    order, groups, days = _sorted(table, date, by)
    counts = np.bincount(groups)
    first, last = ((counts.cumsum() - shift)[groups] for shift in (counts, 1))
    day = (np.diff(groups * (days.max(initial=0) + 1) + days, prepend=-1) != 0).cumsum() - 1  # of rows: which of all
    new = {}
    for event in events:
        happened = np.bincount(day, _happened(table, event)[order])[day] > 0  # in any row of the same group and day
        new[f"Since{event}"] = _since(happened, first, days)
        new[f"Until{event}"] = _since(happened[::-1], (len(days) - 1 - last)[::-1], -days[::-1])[::-1]
    return _in_rows_of(table, order, new)


def _happened(table: "pd.DataFrame", event: str) -> np.ndarray:
    """Whether the event happened, for each row; a ValueError where it is told in text, of which even "0" is not 0."""
    if (held := value_type(table[event])) not in ("numbers", "empty"):
        example = _example(table[event], str)
        found = f"the event {event!r} is told in {'text' if isinstance(example, str) else held}, such as {example!r}"
        advice = f"only you know which of it says that it happened: make it boolean, as `table.{event} != '0'`"
        raise ValueError(f"{found}, and {advice}")
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
        ValueError: a column is missing or holds no numbers, an infinite number, no whole days, an unknown statistic, a
            row has no group, or a new column is there already.

    Built in lesson 11.
    """
    columns, windows = need_columns(table, columns), np.atleast_1d(days).tolist()
    if not windows or statistic not in STATISTICS or not all(isinstance(n, int) and n for n in windows):
        needed = f"a window has at least one day, whole days, and a statistic of {STATISTICS}"
        raise ValueError(f"{needed}; found {days!r}, {statistic!r}")
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
    """The sums of `values[low:high]` for each low and high, as float64; each alone, so that no large value lingers.

    Where large values of a window cancel, it is added up exactly.
    """
    values, edges = np.append(values, 0).astype(float), np.stack([low, high], 1).ravel()
    sums, sizes = (np.add.reduceat(each, edges)[::2] for each in (values, np.abs(values)))
    for i in np.flatnonzero(sizes > 1e6 * np.abs(sums)):
        sums[i] = math.fsum(values[low[i] : high[i]])
    return sums


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
    on = list(on) if isinstance(on, (list, tuple)) else [on]
    if missing not in ("error", "keep") or not on:
        raise ValueError(f"missing is 'error' or 'keep', and `on` names a column; found {missing!r} and {on}")
    need_columns(left, on)
    need_columns(right, on)
    if both := [column for column in right.columns if column in left.columns and column not in on]:
        raise ValueError(f"both tables have a column {both[0]!r}: rename or drop it in one of them")
    right, found_in = right.dropna(subset=on), "found in" + "".join(map(str, [*left.columns, *right.columns]))
    if (twice := right.duplicated(on)).any():
        value = tuple(right.loc[twice, on].iloc[0])
        raise ValueError(f"the right table lists {on} = {value} twice: the join would multiply rows")
    for column, table in [(column, table) for column in on for table in (left, right)]:
        check_digits(table[column].unique(), column)
    types = {column: {value_type(left[column]), value_type(right[column])} - {"empty"} for column in on}
    try:
        if wrong := [column for column in on if len(types[column]) > 1]:
            raise ValueError(f"{wrong[0]!r} holds {' and '.join(sorted(types[wrong[0]]))}")
        joined = left.merge(right, how="left", on=on, indicator=found_in)
    except ValueError as error:
        raise ValueError(f"{on} are of other types in the two tables: bring them to one ({error})") from error
    lonely = (joined.pop(found_in) == "left_only").to_numpy()
    joined.index = left.index
    if missing == "error" and lonely.any():
        value = tuple(left.loc[lonely, on].iloc[0])
        found = f"{lonely.sum()} of {len(left)} rows find no partner, first {on} = {value}"
        raise ValueError(f"{found}; missing='keep' leaves their new cells empty")
    return joined
