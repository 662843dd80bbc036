"""What the training rows teach is applied to any later table: categories, gaps, scale; and it survives JSON."""

import json
import math
import re
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import coursekit as ck
from coursekit import Categorify, Impute, Normalize, TablePrep

NUMBERS = st.one_of(st.none(), st.floats(-1e6, 1e6, width=32))
CATEGORIES = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "é"]))


def column(values, name="x"):
    return pd.DataFrame({name: pd.Series(values, dtype=object if any(isinstance(v, str) for v in values) else float)})


@given(st.lists(CATEGORIES, min_size=1).filter(any), st.lists(CATEGORIES, min_size=1))
@settings(max_examples=60, deadline=None)
def test_a_category_is_its_place_among_the_training_values_and_0_for_what_is_new(training, later):
    levels = sorted({value for value in training if value})
    numbers = Categorify(["x"]).fit(column(training)).transform(column(later))
    assert numbers[:, 0].tolist() == [levels.index(value) + 1 if value in levels else 0 for value in later]


@given(st.lists(NUMBERS, min_size=1).filter(lambda v: any(x is not None for x in v)), st.lists(NUMBERS, min_size=1))
@settings(max_examples=60, deadline=None)
def test_gaps_get_the_training_median_and_a_flag_where_training_had_gaps(training, later):
    filled, flags = Impute(["x"]).fit(column(training)).transform(column(later))
    median = float(np.median([value for value in training if value is not None]))
    assert filled[:, 0].tolist() == [median if value is None else value for value in later]
    assert flags.shape == (len(later), int(None in training))
    if None in training:
        assert flags[:, 0].tolist() == [int(value is None) for value in later]


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=50))
@settings(max_examples=60, deadline=None)
def test_normalised_training_rows_have_mean_0_and_deviation_1_or_are_constant(values):
    rows = torch.tensor(values, dtype=torch.float64)[:, None]
    found = Normalize().fit_transform(rows).double()
    assert abs(found.mean()) < 1e-3
    deviation = float(found.std(correction=0))
    assert deviation == pytest.approx(1, abs=1e-3) or float(rows.std(correction=0)) <= 1e-6 * float(rows.abs().max())


def test_means_keep_their_digits():
    seconds = (
        1_600_000_000 + torch.arange(5, dtype=torch.float64)[:, None]
    )  # of the clock: more digits than float32 has
    expected = torch.tensor([-2.0, -1, 0, 1, 2])[:, None] / math.sqrt(2)  # (x - mean) / deviation
    assert torch.allclose(Normalize().fit_transform(seconds), expected, atol=1e-6)


def shops():
    return pd.DataFrame(
        {
            "Shop": [1, 2, 1, 3],
            "Type": ["a", None, "b", "a"],
            "Sales": [5.0, np.nan, 7.0, 9.0],
            "Area": [10, 20, 30, 40],
        }
    )


def saved_again(prep):
    with tempfile.TemporaryDirectory() as folder:
        return TablePrep.saved(ck.save_tensors(Path(folder) / "t", {"x": torch.ones(1)}, {"prep": prep.config()}))


def test_all_three_steps_together_survive_json():
    prep = TablePrep(["Shop", "Type"], ["Sales", "Area"]).fit(shops())
    again = saved_again(prep)
    later = shops().assign(Shop=[3, 4, 1, 2], Sales=[np.nan, 1, 2, 3])
    for own, other in zip(prep.transform(later), again.transform(later), strict=True):
        assert torch.equal(own, other)
    categories, continuous = prep.transform(later)
    assert categories.tolist() == [[3, 1, 1], [0, 0, 0], [1, 2, 0], [2, 1, 0]]  # shop, type, gap in Sales
    assert prep.categories == {"Shop": 4, "Type": 3, "Sales_missing": 2}
    assert continuous.dtype == torch.float32 and continuous[0, 0] == pytest.approx(0, abs=1e-6)  # 7 is median and mean


def test_nothing_is_learned_from_later_tables():
    prep = TablePrep(["Shop"], ["Area"]).fit(shops())
    before = json.dumps(prep.config())
    prep.transform(shops().assign(Shop=[7, 8, 9, 10], Area=[1e6, 2, 3, 4]))
    assert json.dumps(prep.config()) == before


def test_whole_numbers_that_became_floats_for_a_gap_are_the_same_categories():
    prep = Categorify(["Shop"]).fit(shops())
    assert prep.transform(pd.DataFrame({"Shop": [2.0, np.nan]}))[:, 0].tolist() == [2, 0]


@pytest.mark.parametrize(
    "values",
    [
        pd.cut(pd.Series([3.0, 15.0, np.nan, 3.5]), [0, 10, 20]),
        pd.to_datetime(pd.Series(["2024-05-01", "2024-05-02", None, "2024-05-01"])),
        pd.Series([1.5, 2.5, np.nan, 1.5]).astype("category"),
        pd.Series([True, False, None, True], dtype=object).map({True: False, False: True}),
        pd.Series([1, 2, None, 1], dtype="Int64"),
        pd.Series(["a", "b", None, "a"], dtype="string"),
    ],
    ids=["intervals", "dates", "categories", "truths", "whole numbers with gaps", "text"],
)
def test_every_type_of_category_is_known_again(values):
    table = pd.DataFrame({"Kind": values})
    categorify = Categorify(["Kind"]).fit(table)
    assert categorify.transform(table)[:, 0].tolist() == [1, 2, 0, 1]
    again = Categorify(["Kind"], json.loads(json.dumps(categorify.levels)))
    assert again.transform(table.tail(3))[:, 0].tolist() == [2, 0, 1]
    assert again.transform(table.head(0)).shape == (0, 1)


def test_nothing_is_transformed_before_it_is_fitted():
    for step in (Categorify(["Shop"]), Impute(["Area"]), TablePrep(["Shop"], ["Area"])):
        with pytest.raises(ValueError, match=r"nothing was learned of .* yet: call fit"):
            step.transform(shops())


def test_imputation_is_that_of_scikit_learn():
    from sklearn.impute import SimpleImputer

    filled, flags = Impute(["Sales", "Area"]).fit_transform(shops())
    theirs = SimpleImputer(strategy="median", add_indicator=True).fit_transform(shops()[["Sales", "Area"]])
    np.testing.assert_array_equal(np.hstack([filled, flags]), theirs)


def test_columns_with_numbers_for_names_are_saved():
    table = shops().set_axis([0, 1, 2, 3], axis=1)
    prep = TablePrep([0, 1], [2, 3]).fit(table)
    for own, other in zip(prep.transform(table), saved_again(prep).transform(table), strict=True):
        assert torch.equal(own, other)


DAYS = pd.to_datetime(["2024-05-01", "2024-05-02", "2024-05-01"])
SAME = {
    "dates as objects": (DAYS, pd.Series(list(DAYS), dtype=object)),
    "dates in other units": (DAYS, DAYS.astype("datetime64[s]")),
    "days of Python": (DAYS, [day.date() for day in DAYS]),
    "days of Python in training": ([day.date() for day in DAYS], DAYS),
    "one moment in two time zones": (DAYS.tz_localize("UTC"), DAYS.tz_localize("UTC").tz_convert("Asia/Tokyo")),
    "32 and 64 bits": (np.array([0.1, 0.7, 0.1], np.float32), [0.1, 0.7, 0.1]),
    "64 and 32 bits": ([0.1, 0.7, 0.1], pd.array([0.1, 0.7, 0.1], "Float32")),
    "whole numbers and floats": ([1, 2, 1], [1.0, 2.0, 1.0]),
    "decimals": ([Decimal("0.5"), Decimal(1), Decimal("0.5")], [0.5, 1.0, 0.5]),
    "categories of pandas": (pd.Categorical(["a", "b", "a"], ["b", "a", "unused"]), ["a", "b", "a"]),
    "text in the other form of Unicode": (["cafe\u0301", "the", "cafe\u0301"], ["caf\u00e9", "the", "caf\u00e9"]),
}


@pytest.mark.parametrize("training, later", SAME.values(), ids=SAME.keys())
def test_equal_values_are_one_category_whatever_their_type(training, later):
    prep = TablePrep(["x"], []).fit(pd.DataFrame({"x": training}))
    for again in (prep, saved_again(prep)):
        assert again.transform(pd.DataFrame({"x": later}))[0][:, 0].tolist() == [1, 2, 1]
        assert again.transform(pd.DataFrame({"x": training}))[0][:, 0].tolist() == [1, 2, 1]


TEXT = ["2024-05-01", "2024-05-02", "2024-05-01"]
OTHER = {
    "dates, then text": (DAYS, TEXT, "(dates, text)"),
    "text, then dates": (TEXT, DAYS, "(text, dates)"),
    "dates, then whole numbers": (DAYS, [20240501] * 3, "(dates, numbers)"),
    "dates, then those of a time zone": (DAYS, DAYS.tz_localize("UTC"), "(dates, dates with a time zone)"),
    "numbers, then text": ([1, 2, 1], ["1", "2", "1"], "(numbers, text)"),
    "truths, then text": ([True, False, True], ["True", "False", "True"], "(numbers, text)"),
    "spans, then text": (DAYS - DAYS[0], ["0 days", "1 days", "0 days"], "(timedelta64, text)"),
    "intervals, then text": (pd.cut([1, 9, 1], [0, 5, 10]), ["(0, 5]", "(5, 10]", "(0, 5]"], "(interval, text)"),
    "some text among numbers": ([1, 2, 1], [1, "2", 1], "mixes types (int, str)"),
}


@pytest.mark.parametrize("training, later, message", OTHER.values(), ids=OTHER.keys())
def test_values_of_another_type_are_refused_and_not_unknown(training, later, message):
    prep = TablePrep(["x"], []).fit(pd.DataFrame({"x": training}))
    for again in (prep, saved_again(prep)):
        with pytest.raises(ValueError, match=f"column 'x' .*{re.escape(message)}.*: bring "):
            again.transform(pd.DataFrame({"x": later}))


@given(
    st.lists(st.tuples(CATEGORIES, st.integers(0, 3), NUMBERS), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_order_of_rows_and_columns_and_the_index_mean_nothing(rows, random):
    table = pd.DataFrame(rows, columns=["Type", "Shop", "Sales"]).astype({"Type": object, "Sales": float})
    table.loc[len(table)] = ["a", 1, 0.5]
    order = random.sample(range(len(table)), len(table))
    other = table.iloc[order].set_axis([f"row {i}" for i in order]).assign(Unused=1)
    other = other[random.sample(list(other.columns), 4)]
    here, there = (TablePrep(["Type", "Shop"], ["Sales"]).fit(t) for t in (table, other))
    for own, theirs in zip(here.transform(table), there.transform(other), strict=True):
        assert torch.allclose(own[order], theirs, atol=1e-6)


BAD = {
    "a category called as a flag": (
        lambda: TablePrep(["Sales_missing"], ["Sales"]).fit(shops().assign(Sales_missing="x")), "X_missing: rename it"),
    "a name that JSON cannot hold": (lambda: TablePrep([("a", "b")], []), "text or a whole number"),
    "a name in place of the categories": (lambda: TablePrep("Shop", []), r"also a single one: \['Shop'\]"),
    "a name in place of the numbers": (lambda: TablePrep([], "Sales"), r"also a single one: \['Sales'\]"),
    "no table": (lambda: TablePrep(["Shop"], []).fit({"Shop": [1]}), "a table is a pandas DataFrame; found dict"),
    "two columns of one name": (
        lambda: TablePrep(["Shop"], []).fit(pd.concat([shops(), shops()], axis=1)), "has 2 columns 'Shop'"),
    "lists for categories": (lambda: Categorify(["x"]).fit(pd.DataFrame({"x": [[1], [2]]})), r"mixes types \(list\)"),
    "long numbers that a gap made floats": (
        lambda: Categorify(["x"]).fit(pd.DataFrame({"x": [2**53 + 1, None]})), "no room for all its digits"),
    "numbers that are text": (
        lambda: Impute(["x"]).fit(pd.DataFrame({"x": ["1", "2"]})), "'1'; numbers are needed: pd.to_numeric reads"),
    "one that is no number among them": (
        lambda: Impute(["x"]).fit(pd.DataFrame({"x": ["1", "2", "?", "4"]})), r"such as '\?'; .*na_values"),
    "complex numbers": (lambda: Impute(["x"]).fit(pd.DataFrame({"x": [1j]})), "holds complex"),
    "dates for numbers": (lambda: Impute(["x"]).fit(pd.DataFrame({"x": DAYS})), "holds dates"),
    "a name in place of a list": (lambda: Categorify("Shop").fit(shops()), "come as a list"),
    "a column that is missing": (lambda: TablePrep(["City"], []).fit(shops()), "no column 'City'"),
    "a category that is all empty": (
        lambda: TablePrep(["Type"], []).fit(shops().assign(Type=None)), "'Type' is empty in all 4"),
    "numbers that are all empty": (
        lambda: TablePrep([], ["Sales"]).fit(shops().assign(Sales=np.nan)), "'Sales' is empty in all 4"),
    "infinite": (
        lambda: TablePrep([], ["Area"]).fit(shops().assign(Area=[1, 2, math.inf, 4])), "infinite, first in row"),
    "mixed types": (lambda: TablePrep(["Type"], []).fit(shops().assign(Type=["a", 1, "b", 2])), "mixes types"),
    "text for numbers": (lambda: TablePrep([], ["Type"]).fit(shops()), "such as 'a'; numbers are needed"),
    "text where numbers were": (
        lambda: TablePrep(["Shop"], []).fit(shops()).transform(shops().assign(Shop=list("abcd"))),
        "1 in training and 'a'"),
    "a later column missing": (
        lambda: TablePrep(["Shop"], []).fit(shops()).transform(shops()[["Area"]]), "no column 'Shop'"),
    "given twice": (lambda: TablePrep(["Area"], ["Area"]).fit(shops()), "'Area' is given twice"),
    "no rows": (lambda: TablePrep(["Shop"], []).fit(shops().head(0)), "0 training rows"),
    "no columns": (lambda: TablePrep([], []).fit(shops()), "0 columns"),
}  # fmt: skip


@pytest.mark.parametrize("act, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(act, message):
    with pytest.raises(ValueError, match=message):
        act()
