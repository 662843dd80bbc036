"""The `stores` sample: the seven tables' layout, joins that lose nothing, the quirks, the truth, the same bytes."""

from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from lab import ROOT

from data.make import stores

FOLDER = ROOT / "data" / "stores"
DAYS = ["Open", "Promo", "StateHoliday", "SchoolHoliday"]
COLUMNS = {
    "train": ["Store", "DayOfWeek", "Date", "Sales", "Customers", *DAYS],
    "test": ["Id", "Store", "DayOfWeek", "Date", *DAYS],
    "store": ["Store", "StoreType", "Assortment", "CompetitionDistance", "CompetitionOpenSinceMonth"]
    + ["CompetitionOpenSinceYear", "Promo2", "Promo2SinceWeek", "Promo2SinceYear", "PromoInterval"],
    "store_states": ["Store", "State"],
    "state_names": ["StateName", "State"],
    "googletrend": ["file", "week", "trend"],
    "weather": ["file", "Date", "Max_TemperatureC", "Mean_TemperatureC", "Min_TemperatureC", "Max_Humidity"]
    + ["Mean_Humidity", "Min_Humidity", "Max_Wind_SpeedKm_h", "Mean_Wind_SpeedKm_h", "Max_Gust_SpeedKm_h"]
    + ["Precipitationmm", "CloudCover", "Events", "WindDirDegrees"],
}
TABLES = {name: pd.read_csv(FOLDER / f"{name}.csv", dtype={"StateHoliday": str}) for name in COLUMNS}
TRAIN, TEST, STORE, WEATHER, TREND = (TABLES[n] for n in ("train", "test", "store", "weather", "googletrend"))
STATES = TABLES["store_states"].set_index("Store").State
NAMES = TABLES["state_names"].set_index("State").StateName


@pytest.mark.parametrize("name", COLUMNS)
def test_the_columns_are_those_of_the_public_set(name):
    assert TABLES[name].columns.tolist() == COLUMNS[name]


def test_there_is_nothing_else_and_it_is_small():
    files = list(FOLDER.iterdir())
    assert {f.name for f in files} == {f"{name}.csv" for name in [*COLUMNS, "truth"]}
    assert sum(f.stat().st_size for f in files) <= 2_500_000
    assert all(b"\r" not in f.read_bytes() and f.read_bytes().endswith(b"\n") for f in files)


def test_sixty_stores_each_in_one_state_of_eight():
    assert STORE.Store.tolist() == STATES.index.tolist() == list(range(1, 61))
    assert STATES.nunique() == 8 and STATES.value_counts().min() >= 6 and "HB,NI" in set(STATES)
    assert set(STATES) <= set(NAMES.index) and NAMES["HB,NI"] == "Niedersachsen" and len(NAMES) == 16
    assert set(STORE.StoreType) == set("abcd") and set(STORE.Assortment) == set("abc")
    assert STORE.StoreType.value_counts().min() >= 8


def test_the_days_run_on_from_train_to_test_newest_first():
    for table, first, last in ((TRAIN, "2013-01-01", "2015-07-31"), (TEST, "2015-08-01", "2015-09-11")):
        dates = pd.to_datetime(table.Date)
        assert dates.is_monotonic_decreasing and (dates.min(), dates.max()) == (pd.Timestamp(first), pd.Timestamp(last))
        assert dates.nunique() == (dates.max() - dates.min()).days + 1
        assert (dates.dt.day_of_week + 1 == table.DayOfWeek).all()
        assert not table.duplicated(["Store", "Date"]).any()
    assert TEST.Id.tolist() == list(range(1, len(TEST) + 1)) and len(TEST) == 42 * 60


def test_nine_stores_have_no_rows_while_they_were_rebuilt():
    rows = TRAIN.groupby("Store").size()
    assert sorted(rows.unique()) == [942 - 184, 942] and (rows < 942).sum() == 9
    gone = TRAIN[TRAIN.Store.isin(rows.index[rows < 942])]
    assert not gone.Date.between("2014-07-01", "2014-12-31").any()


def test_closed_days_sell_nothing():
    closed = TRAIN[TRAIN.Open == 0]
    assert len(closed) > 5000 and (closed[["Sales", "Customers"]] == 0).all(axis=None)
    assert 1 <= ((TRAIN.Open == 1) & (TRAIN.Sales == 0)).sum() <= 5  # a failed till, as in the public set
    kind = STORE.set_index("Store").StoreType
    sundays = TRAIN[(TRAIN.DayOfWeek == 7) & (TRAIN.Open == 1)]
    assert set(sundays.Store.map(kind)) == {"b"} and len(sundays) > 800
    assert (TRAIN[TRAIN.Promo == 1].DayOfWeek <= 5).all()


def test_holidays_are_letters_and_close_stores_of_their_state():
    assert set(TRAIN.StateHoliday) == set("0abc") and set(TEST.StateHoliday) == {"0"}
    assert pd.read_csv(FOLDER / "test.csv").StateHoliday.dtype == np.int64  # read naively: numbers here, text in train
    assert not pd.api.types.is_numeric_dtype(pd.read_csv(FOLDER / "train.csv").StateHoliday)
    assert (TRAIN[TRAIN.StateHoliday != "0"].Open.mean()) < 0.1
    states = TRAIN.Store.map(STATES)
    assert (TRAIN.groupby([states, "Date"]).StateHoliday.nunique() == 1).all()
    letters = TRAIN.drop_duplicates(["Date", "StateHoliday"]).groupby("Date").StateHoliday.agg(set)
    assert letters["2014-12-25"] == {"c"} and letters["2014-04-18"] == {"b"} and letters["2014-11-01"] == {"0", "a"}


def test_what_is_missing_in_the_public_set_is_missing_here():
    assert 0.2 < STORE.CompetitionOpenSinceYear.isna().mean() < 0.4 and STORE.CompetitionDistance.isna().sum() == 1
    assert STORE.CompetitionOpenSinceMonth.isna().equals(STORE.CompetitionOpenSinceYear.isna())
    for column in ("Promo2SinceWeek", "Promo2SinceYear", "PromoInterval"):
        assert STORE[column].isna().equals(STORE.Promo2 == 0)
    assert set(STORE.PromoInterval.dropna()) == {"Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec"}
    assert TEST.Open.isna().sum() == 11 and TEST[TEST.Open.isna()].Store.nunique() == 1
    assert WEATHER.columns[WEATHER.isna().any()].tolist() == ["Max_Gust_SpeedKm_h", "CloudCover", "Events"]
    assert 0.05 < WEATHER.CloudCover.isna().mean() < 0.12 and not TRAIN.isna().any(axis=None)


def test_every_state_has_weather_on_every_day():
    days = pd.concat([TRAIN, TEST]).drop_duplicates("Date").Date
    asked = pd.MultiIndex.from_product([NAMES[STATES.unique()], days])
    assert (
        not WEATHER.duplicated(["file", "Date"]).any() and asked.isin(WEATHER.set_index(["file", "Date"]).index).all()
    )
    assert (WEATHER.Min_TemperatureC <= WEATHER.Mean_TemperatureC).all()
    assert (WEATHER.Mean_TemperatureC <= WEATHER.Max_TemperatureC).all()
    assert WEATHER.Mean_TemperatureC.between(-25, 35).all() and WEATHER.CloudCover.dropna().between(0, 8).all()


def test_every_state_and_the_country_have_a_trend_in_every_week():
    assert set(TREND.file) == {"Rossmann_DE", *("Rossmann_DE_" + s.split(",")[-1] for s in STATES.unique())}
    for _, rows in TREND.groupby("file"):
        begin, end = (pd.to_datetime(rows.week.str.split(" - ").str[i]) for i in (0, 1))
        assert begin.iloc[0] == pd.Timestamp("2012-12-02") and (begin.diff().dropna().dt.days == 7).all()
        assert ((end - begin).dt.days == 6).all() and end.iloc[-1] >= pd.Timestamp("2015-09-11")
    assert TREND.trend.between(0, 100).all() and TREND.trend.dtype == np.int64


def test_the_effects_that_were_built_in_show():
    sold = TRAIN[TRAIN.Sales > 0].assign(kind=TRAIN.Store.map(STORE.set_index("Store").StoreType))
    log = np.log(sold.Sales) - np.log(sold.Sales).groupby(sold.Store).transform("mean")
    plain = log[sold.Promo == 0].groupby([sold.kind, sold.DayOfWeek]).mean().unstack("DayOfWeek")
    assert (plain.loc[["b", "c"], 6] - plain.loc[["b", "c"], 2] > 0.25).all()
    assert plain.loc["d", 6] - plain.loc["d", 2] < -0.25
    gain = log.groupby([sold.Promo, sold.DayOfWeek]).mean()[1] - log.groupby([sold.Promo, sold.DayOfWeek]).mean()[0]
    assert gain[1] > gain[3] > gain[5] > 0.05
    summer = pd.to_datetime(sold.Date).dt.month.isin([7, 8])
    by_state = log[summer].groupby(sold.Store.map(STATES)).mean() - log[~summer].groupby(sold.Store.map(STATES)).mean()
    assert by_state[["SH", "HB,NI"]].min() > 0.1 > 0 > by_state[["BE", "HH"]].max()


def test_the_truth_of_the_days_to_come_goes_on_where_training_ends_and_stands_in_no_other_table():
    truth = pd.read_csv(FOLDER / "truth.csv")
    assert truth.columns.tolist() == ["Id", "Sales"] and truth.Id.tolist() == TEST.Id.tolist()
    assert not {"Sales", "Customers"} & set(TEST)
    assert (truth.Sales[TEST.Open == 0] == 0).all() and (truth.Sales[TEST.Open != 0] > 0).all()
    sold = TRAIN[(TRAIN.Sales > 0) & (TRAIN.Date >= "2015-06-20")]
    keys = ["Store", "DayOfWeek", "Promo"]
    usual = np.log(sold.Sales).groupby([sold[key] for key in keys]).mean().rename("usual")
    rows = TEST.assign(Sales=truth.Sales).join(usual, on=keys).query("Sales > 0").dropna(subset="usual")
    assert np.corrcoef(np.log(rows.Sales), rows.usual)[0, 1] > 0.85  # the same stores, as in the weeks before


def test_made_anew_every_byte_is_the_same(tmp_path):
    stores.main(tmp_path)
    for file in FOLDER.iterdir():
        assert sha256((tmp_path / file.name).read_bytes()).digest() == sha256(file.read_bytes()).digest(), file.name
