"""Features of tables, each against a slow loop that says the same plainly; joins that lose no row; bad input."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import add_date_parts, add_elapsed, add_rolling, join

DAYS = pd.date_range("2015-02-20", periods=40)
ROW = st.tuples(st.sampled_from("abc"), st.integers(0, 39), st.booleans(), st.one_of(st.none(), st.integers(-5, 5)))


def table(rows):
    shop, day, promo, sales = zip(*rows, strict=True) if rows else ((), (), (), ())
    dates = DAYS[list(day)] if rows else pd.DatetimeIndex([])
    index = [f"row {i}" for i in range(len(rows))]
    return pd.DataFrame({"Shop": shop, "Date": dates, "Promo": promo, "Sales": pd.array(sales, "Float64")}, index)


def slow_elapsed(rows):
    since, until = [], []
    for shop, day, *_ in rows:
        days = [d for s, d, promo, _ in rows if s == shop and promo]
        since.append(min((day - d for d in days if d <= day), default=math.nan))
        until.append(min((d - day for d in days if d >= day), default=math.nan))
    return since, until


@given(st.lists(ROW, max_size=30))
@settings(max_examples=60, deadline=None)
def test_elapsed_days_are_those_of_a_slow_loop(rows):
    found = add_elapsed(table(rows), ["Promo"], date="Date", by="Shop")
    since, until = slow_elapsed(rows)
    np.testing.assert_array_equal(found["SincePromo"], np.array(since, float))
    np.testing.assert_array_equal(found["UntilPromo"], np.array(until, float))


@given(st.lists(ROW, max_size=30), st.integers(1, 12), st.booleans(), st.sampled_from(["sum", "mean", "count"]))
@settings(max_examples=60, deadline=None)
def test_rolling_statistics_are_those_of_a_slow_loop(rows, days, ahead, statistic):
    expected = []
    for shop, day, *_ in rows:
        near = [v for s, d, _, v in rows if s == shop and v is not None and 0 <= (d - day if ahead else day - d) < days]
        mean = sum(near) / len(near) if near else math.nan
        expected.append({"sum": sum(near), "mean": mean, "count": len(near)}[statistic])
    window = -days if ahead else days
    found = add_rolling(table(rows), ["Sales"], date="Date", by="Shop", days=window, statistic=statistic)
    name = f"Sales_{statistic}{days}{'ahead' if ahead else ''}"
    np.testing.assert_allclose(found[name].to_numpy(float), np.array(expected, float), atol=1e-9)


@given(st.lists(ROW, max_size=20))
@settings(max_examples=20, deadline=None)
def test_several_windows_at_once_are_the_windows_one_by_one(rows):
    how = {"date": "Date", "by": "Shop", "statistic": "mean"}
    at_once = add_rolling(table(rows), ["Sales"], days=(2, -3), **how)
    one_by_one = add_rolling(add_rolling(table(rows), ["Sales"], days=2, **how), ["Sales"], days=-3, **how)
    pd.testing.assert_frame_equal(at_once, one_by_one)


@given(st.lists(ROW, min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_rows_order_index_and_the_given_table_stay(rows):
    given_table = table(rows)
    before = given_table.copy(deep=True)
    for found in (
        add_elapsed(given_table, ["Promo"], date="Date", by="Shop"),
        add_rolling(given_table, ["Sales"], date="Date", by="Shop", days=3),
        add_date_parts(given_table, "Date"),
        join(given_table, pd.DataFrame({"Shop": list("cba"), "City": ["x", "y", "z"]}), "Shop"),
    ):
        pd.testing.assert_frame_equal(found[list(before.columns)], before)
        pd.testing.assert_frame_equal(given_table, before)


def test_the_parts_of_a_date():
    dates = pd.DataFrame({"SaleDate": ["2015-07-31", "2016-01-01", "2016-02-29"]})
    found = add_date_parts(dates, "SaleDate")
    assert found["SaleYear"].tolist() == [2015, 2016, 2016]
    assert found["SaleWeek"].tolist() == [31, 53, 9]  # 1 January 2016 lies in the last week of 2015
    assert found["SaleDayofweek"].tolist() == [4, 4, 0]
    assert found["SaleDayofyear"].tolist() == [212, 1, 60]
    assert found["SaleIs_month_end"].tolist() == [True, False, True]
    assert found["SaleIs_year_start"].tolist() == [False, True, False]
    assert found["SaleYear"].dtype == "int64" and found["SaleIs_month_end"].dtype == bool


@pytest.mark.parametrize("values", [[0, 1, 0], [False, True, None], [0.0, 2.5, math.nan]], ids=repr)
def test_an_event_is_told_in_numbers_or_truth_values(values):
    found = add_elapsed(pd.DataFrame({"Shop": "a", "Date": DAYS[:3], "E": values}), ["E"], date="Date", by="Shop")
    np.testing.assert_array_equal(found["SinceE"], [math.nan, 0, 1])


def test_gaps_in_an_event_mean_that_it_did_not_happen():
    holidays = pd.DataFrame({"Shop": "a", "Date": DAYS[:3], "Holiday": [None, 1, None]})
    found = add_elapsed(holidays, ["Holiday"], date="Date", by="Shop")
    np.testing.assert_array_equal(found["SinceHoliday"], [math.nan, 0, 1])


def test_large_sums_of_one_group_do_not_reach_another():
    days = pd.date_range("2024-01-01", periods=4)
    sales = pd.DataFrame({"Shop": list("aaaabbbb"), "Date": [*days, *days], "Sales": [1e16] * 4 + [1.0] * 4})
    found = add_rolling(sales, ["Sales"], date="Date", by="Shop", days=2, statistic="sum")
    assert found["Sales_sum2"].tolist() == [1e16, 2e16, 2e16, 2e16, 1, 2, 2, 2]


def test_dates_of_one_format_are_read_by_it_and_those_of_a_time_zone_in_its_own_days():
    texts = pd.DataFrame({"Date": pd.Series(["30/04/2019", "01/05/2019", "02/05/2019"], dtype=object)})
    assert add_date_parts(texts, "Date")["Month"].tolist() == [4, 5, 5]
    late = pd.to_datetime(["2024-01-01 23:30", "2024-01-02 00:30"]).tz_localize("Europe/Berlin")
    found = add_elapsed(pd.DataFrame({"Shop": 1, "Date": late, "E": [1, 0]}), ["E"], date="Date", by="Shop")
    assert found["SinceE"].tolist() == [0, 1]


def parts(values, **options):
    found = add_date_parts(pd.DataFrame({"Date": pd.Series(values, **options)}), "Date")
    return list(zip(found["Month"], found["Day"], strict=True))


@pytest.mark.parametrize(
    "values",
    [
        ["30/04/2019", "01/05/2019"],
        ["04/30/2019", "05/01/2019"],
        ["2019-04-30", "2019-05-01"],
        ["2019/04/30", "2019/05/01"],
        ["20190430", "20190501"],
        [pd.Timestamp("2019-04-30").date(), pd.Timestamp("2019-05-01").date()],
        pd.Categorical(["2019-04-30", "2019-05-01"]),
        ["2019-04-30T23:30+02:00", "2019-05-01T00:30+02:00"],
    ],
    ids=str,
)
def test_a_column_of_dates_is_read_in_the_one_format_that_it_has(values, recwarn):
    assert parts(values) == [(4, 30), (5, 1)] and parts(list(values)[::-1]) == [(5, 1), (4, 30)]
    assert not recwarn


@given(st.lists(st.dates(), min_size=1, max_size=8), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d"]))
@settings(max_examples=80, deadline=None)
def test_text_is_read_as_it_was_written_or_refused(days, form):
    days = [day.replace(year=1990 + day.year % 40) for day in days if (day.month, day.day) != (2, 29)] or [
        date(2019, 4, 30)
    ]
    try:
        found = parts([day.strftime(form) for day in days])
    except ValueError as error:
        assert "can be read month first and day first" in str(error)
        assert form != "%Y-%m-%d" and all(day.day <= 12 for day in days)
    else:
        assert found == [(day.month, day.day) for day in days]


@given(st.lists(ROW, min_size=1, max_size=20), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_of_rows_and_columns_and_the_index_mean_nothing(rows, random):
    whole = table(rows)
    order = random.sample(range(len(rows)), len(rows))
    other = whole.iloc[order].set_axis(list(range(len(rows))))[random.sample(list(whole.columns), 4)]
    cities = pd.DataFrame({"City": ["x", "y", "z"], "Shop": list("cba")})
    for make in (
        lambda t: add_elapsed(t, ["Promo"], date="Date", by="Shop"),
        lambda t: add_rolling(t, ["Sales"], date="Date", by="Shop", days=3, statistic="sum"),
        lambda t: add_date_parts(t, "Date"),
        lambda t: join(t, cities.sample(frac=1, random_state=random.randrange(9)), "Shop"),
    ):
        here, there = make(whole), make(other)
        pd.testing.assert_frame_equal(here.iloc[order].set_axis(there.index)[list(there.columns)], there)


def test_columns_may_come_from_a_generator_and_have_numbers_for_names():
    events = pd.DataFrame({"Shop": "a", "Date": DAYS[:3], 0: [0, 1, 0]})
    found = add_elapsed(events, (name for name in [0]), date="Date", by="Shop")
    np.testing.assert_array_equal(found["Since0"], [math.nan, 0, 1])


def test_a_table_may_have_a_column_of_any_name_to_be_joined():
    left, right = pd.DataFrame({"Shop": [1, 2], "found in": 0}), pd.DataFrame({"Shop": [2, 1], "_merge": [4, 3]})
    assert join(left, right, "Shop").to_dict("list") == {"Shop": [1, 2], "found in": [0, 0], "_merge": [3, 4]}


def test_a_nullable_boolean_is_an_event():
    table = pd.DataFrame({"Shop": "a", "Date": DAYS[:3], "E": pd.array([None, True, False], "boolean")})
    found = add_elapsed(table, ["E"], date="Date", by="Shop")
    np.testing.assert_array_equal(found["SinceE"], [math.nan, 0, 1])


def test_join_keeps_the_rows_and_their_order_and_marks_what_is_missing():
    left = pd.DataFrame({"Shop": [3, 1, 2, 1]}, index=[9, 8, 7, 6])
    right = pd.DataFrame({"Shop": [1, 2], "City": ["x", "y"]})
    found = join(left, right, "Shop", missing="keep")
    assert found["City"].fillna("?").tolist() == ["?", "x", "y", "x"] and found.index.tolist() == [9, 8, 7, 6]


SHOPS = pd.DataFrame({"Shop": [1, 2], "Date": ["2015-01-01", "2015-01-02"], "Sales": [1.0, 2.0], "Note": ["a", "b"]})


def keys(*values):
    return pd.DataFrame({"k": pd.Series(values, dtype=object)})


BAD = {
    "dates that can be read in two ways": (
        lambda: parts(["01/05/2019", "02/05/2019"]), r"month first and day first: say which, .*format=\"%d/%m/%Y\""),
    "dates and text": (lambda: parts([DAYS[0], "02/03/2015"]), "holds mixed types, such as 2015-02-20 00:00:00"),
    "times, which are no dates": (lambda: parts(["10:30", "11:30"]), "'10:30', in no format that is known"),
    "two time zones": (
        lambda: parts(["2024-01-01T23:30+01:00", "2024-07-02T00:30+02:00"]), "several time zones: .*utc=True"),
    "dates with a gap": (lambda: parts(["2015-07-31", None]), "1 of 2 values of 'Date' are no dates"),
    "a row without group": (
        lambda: add_elapsed(SHOPS.assign(Note=["a", None]), ["Sales"], date="Date", by="Note"),
        "1 of 2 rows have no 'Note'"),
    "an event told in dates": (
        lambda: add_elapsed(SHOPS.assign(E=DAYS[:2]), ["E"], date="Date", by="Shop"), "'E' is told in dates"),
    "half a day": (
        lambda: add_rolling(SHOPS, ["Sales"], date="Date", by="Shop", days=2.5), "whole days.*found 2.5"),
    "days in text": (
        lambda: add_rolling(SHOPS, ["Sales"], date="Date", by="Shop", days="7D"), "whole days.*found '7D'"),
    "no window": (lambda: add_rolling(SHOPS, ["Sales"], date="Date", by="Shop", days=[]), r"whole days.*found \[\]"),
    "several groups": (
        lambda: add_elapsed(SHOPS, ["Sales"], date="Date", by=["Shop"]), r"no column \['Shop'\]"),
    "join of other types in objects": (
        lambda: join(keys(1, 2), keys("1", "2").assign(v=0), "k", missing="keep"), "'k' holds numbers and text"),
    "join of days and dates": (
        lambda: join(pd.DataFrame({"k": DAYS}), keys(*DAYS.date).assign(v=0), "k", missing="keep"),
        "other types in the two"),
    "join on nothing": (lambda: join(SHOPS, SHOPS, []), "`on` names a column"),
    "join of no table": (lambda: join(SHOPS, {"Shop": [1]}, "Shop"), "a table is a pandas DataFrame; found dict"),
    "join without partner": (lambda: join(SHOPS, SHOPS[["Shop"]].head(1).assign(City="x"), "Shop"), "1 of 2 rows"),
    "join that multiplies": (
        lambda: join(SHOPS, pd.DataFrame({"Shop": [1, 1, 2], "City": list("xyz")}), "Shop"), "would multiply rows"),
    "join of other types": (
        lambda: join(SHOPS, pd.DataFrame({"Shop": ["1", "2"], "City": ["x", "y"]}), "Shop"),
        "of other types in the two"),
    "join with a typo": (lambda: join(SHOPS, SHOPS[["Shop"]].assign(City="x"), "Shop", missing="raise"), "'raise'"),
    "join of missing keys": (
        lambda: join(SHOPS.assign(Note=[None, "b"]), pd.DataFrame({"Note": [None, "b"], "City": ["x", "y"]}), "Note"),
        "1 of 2 rows find no partner"),
    "a part that is there": (lambda: add_date_parts(SHOPS.assign(Year=1), "Date"), "has a column 'Year' already"),
    "an elapsed column that is there": (
        lambda: add_elapsed(SHOPS.assign(SinceSales=1), ["Sales"], date="Date", by="Shop"), "'SinceSales' already"),
    "a rolling column that is there": (
        lambda: add_rolling(SHOPS.assign(Sales_mean2=1), ["Sales"], date="Date", by="Shop", days=2), "'Sales_mean2'"),
    "columns that are no list": (
        lambda: add_elapsed(SHOPS, "Sales", date="Date", by="Shop"), r"also a single one: \['Sales'\]"),
    "dates in two formats": (
        lambda: add_date_parts(SHOPS.assign(Date=["30/04/2019", "2019-05-01"]), "Date"),
        "another format than the first"),
    "text among numbers": (
        lambda: add_rolling(SHOPS.assign(Note=["1", "?"]), ["Note"], date="Date", by="Shop", days=2), "such as '\\?'"),
    "join with a column of both": (lambda: join(SHOPS, SHOPS[["Shop", "Note"]], "Shop"), "have a column .Note."),
    "join without the column": (lambda: join(SHOPS, SHOPS[["Note"]], "Shop"), "no column 'Shop'; it has 'Note'"),
    "no such date column": (lambda: add_date_parts(SHOPS, "Day"), "no column 'Day'"),
    "a date that is none": (
        lambda: add_date_parts(SHOPS.assign(Date=["2015-01-01", "soon"]), "Date"), "1 of 2 .* 'soon' in row 1"),
    "a date that is missing": (lambda: add_date_parts(SHOPS.assign(Date=[None, "2015-01-01"]), "Date"), "no dates"),
    "whole numbers for dates": (
        lambda: add_date_parts(SHOPS.assign(Date=[20150731, 20150801]), "Date"),
        r"'Date' holds numbers, such as 20150731, .* pd.to_datetime\(table\['Date'\], format=\"%Y%m%d\"\)"),
    "numbers among texts for dates": (
        lambda: add_date_parts(SHOPS.assign(Date=["2015-07-31", 20150801]), "Date"), "such as 20150801"),
    "whole numbers for dates of events": (
        lambda: add_elapsed(SHOPS.assign(Date=[20150731, 20150801]), ["Sales"], date="Date", by="Shop"),
        "holds numbers"),
    "rolling text": (lambda: add_rolling(SHOPS, ["Note"], date="Date", by="Shop", days=2), "such as 'a'; numbers"),
    "rolling infinity": (
        lambda: add_rolling(SHOPS.assign(Sales=[1, math.inf]), ["Sales"], date="Date", by="Shop", days=2), "infinite"),
    "a window of no day": (lambda: add_rolling(SHOPS, ["Sales"], date="Date", by="Shop", days=0), "at least one day"),
    "no such statistic": (
        lambda: add_rolling(SHOPS, ["Sales"], date="Date", by="Shop", days=2, statistic="mode"), "'mode'"),
    "no such event": (lambda: add_elapsed(SHOPS, ["Promo"], date="Date", by="Shop"), "no column 'Promo'"),
    "an event in text": (
        lambda: add_elapsed(SHOPS.assign(StateHoliday=["0", "a"]), ["StateHoliday"], date="Date", by="Shop"),
        "'StateHoliday' is told in text, such as '0', .* `table.StateHoliday != '0'`"),
    "an event in text and numbers": (
        lambda: add_elapsed(SHOPS.assign(Holiday=[0, "a"]), ["Holiday"], date="Date", by="Shop"),
        "in text, such as 'a'"),
    "an event in text categories": (
        lambda: add_elapsed(SHOPS.astype({"Note": "category"}), ["Note"], date="Date", by="Shop"), "in text"),
    "no such group": (lambda: add_elapsed(SHOPS, ["Sales"], date="Date", by="City"), "no column 'City'"),
}  # fmt: skip


@pytest.mark.parametrize("act, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(act, message):
    with pytest.raises(ValueError, match=message):
        act()
