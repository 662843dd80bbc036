"""What the training rows teach is applied to any later table: categories, gaps, scale; and it survives JSON."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from coursekit.table_prep import Categorify, FillMissing, Normalize, TablePrep
from hypothesis import given, settings
from hypothesis import strategies as st

NUMBERS = st.one_of(st.none(), st.floats(-1e6, 1e6, width=32))
CATEGORIES = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "é"]))


def column(values, name="x"):
    return pd.DataFrame({name: pd.Series(values, dtype=object if any(isinstance(v, str) for v in values) else float)})


@given(st.lists(CATEGORIES, min_size=1).filter(any), st.lists(CATEGORIES, min_size=1))
@settings(max_examples=60, deadline=None)
def test_a_category_is_its_place_among_the_training_values_and_0_for_strangers(training, later):
    levels = sorted({value for value in training if value})
    numbers = Categorify.fit(column(training), ["x"]).apply(column(later))
    assert numbers[:, 0].tolist() == [levels.index(value) + 1 if value in levels else 0 for value in later]


@given(st.lists(NUMBERS, min_size=1).filter(lambda v: any(x is not None for x in v)), st.lists(NUMBERS, min_size=1))
@settings(max_examples=60, deadline=None)
def test_gaps_get_the_training_median_and_a_flag_where_training_had_gaps(training, later):
    filled, flags = FillMissing.fit(column(training), ["x"]).apply(column(later))
    median = float(np.median([value for value in training if value is not None]))
    assert filled[:, 0].tolist() == [median if value is None else value for value in later]
    assert flags.shape == (len(later), int(None in training))
    if None in training:
        assert flags[:, 0].tolist() == [int(value is None) for value in later]


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=50))
@settings(max_examples=60, deadline=None)
def test_normalised_training_rows_have_mean_0_and_deviation_1_or_are_constant(values):
    rows = torch.tensor(values, dtype=torch.float64)[:, None]
    found = Normalize.fit(rows).apply(rows).double()
    assert abs(found.mean()) < 1e-3
    deviation = float(found.std(correction=0))
    assert deviation == pytest.approx(1, abs=1e-3) or float(rows.std(correction=0)) <= 1e-6 * float(rows.abs().max())


def shops():
    return pd.DataFrame(
        {
            "Shop": [1, 2, 1, 3],
            "Type": ["a", None, "b", "a"],
            "Sales": [5.0, np.nan, 7.0, 9.0],
            "Area": [10, 20, 30, 40],
        }
    )


def test_all_three_steps_together_survive_json():
    prep = TablePrep.fit(shops(), ["Shop", "Type"], ["Sales", "Area"])
    again = TablePrep.from_notes(json.loads(json.dumps(prep.notes())))
    later = shops().assign(Shop=[3, 4, 1, 2], Sales=[np.nan, 1, 2, 3])
    for own, other in zip(prep.apply(later), again.apply(later), strict=True):
        assert torch.equal(own, other)
    categories, continuous = prep.apply(later)
    assert categories.tolist() == [[3, 1, 1], [0, 0, 0], [1, 2, 0], [2, 1, 0]]  # shop, type, gap in Sales
    assert prep.categories == {"Shop": 4, "Type": 3, "Sales_missing": 2}
    assert continuous.dtype == torch.float32 and continuous[0, 0] == pytest.approx(0, abs=1e-6)  # 7 is median and mean


def test_nothing_is_learned_from_later_tables():
    prep = TablePrep.fit(shops(), ["Shop"], ["Area"])
    before = json.dumps(prep.notes())
    prep.apply(shops().assign(Shop=[7, 8, 9, 10], Area=[1e6, 2, 3, 4]))
    assert json.dumps(prep.notes()) == before


def test_whole_numbers_that_became_floats_for_a_gap_are_the_same_categories():
    prep = Categorify.fit(shops(), ["Shop"])
    assert prep.apply(pd.DataFrame({"Shop": [2.0, np.nan]}))[:, 0].tolist() == [2, 0]


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
    categorify = Categorify.fit(table, ["Kind"])
    assert categorify.apply(table)[:, 0].tolist() == [1, 2, 0, 1]
    again = Categorify(json.loads(json.dumps(categorify.levels)))
    assert again.apply(table.tail(3))[:, 0].tolist() == [2, 0, 1]
    assert again.apply(table.head(0)).shape == (0, 1)


BAD = {
    "a column that is missing": (lambda: TablePrep.fit(shops(), ["City"], []), "no column 'City'"),
    "a category that is all empty": (
        lambda: TablePrep.fit(shops().assign(Type=None), ["Type"], []), "'Type' is empty in all 4"),
    "numbers that are all empty": (
        lambda: TablePrep.fit(shops().assign(Sales=np.nan), [], ["Sales"]), "'Sales' is empty in all 4"),
    "infinite": (
        lambda: TablePrep.fit(shops().assign(Area=[1, 2, math.inf, 4]), [], ["Area"]), "infinite, first in row"),
    "mixed types": (lambda: TablePrep.fit(shops().assign(Type=["a", 1, "b", 2]), ["Type"], []), "mixes types"),
    "text for numbers": (lambda: TablePrep.fit(shops(), [], ["Type"]), "such as 'a'; numbers are needed"),
    "text where numbers were": (
        lambda: TablePrep.fit(shops(), ["Shop"], []).apply(shops().assign(Shop=list("abcd"))), "1 in training and 'a'"),
    "a later column missing": (
        lambda: TablePrep.fit(shops(), ["Shop"], []).apply(shops()[["Area"]]), "no column 'Shop'"),
    "given twice": (lambda: TablePrep.fit(shops(), ["Area"], ["Area"]), "'Area' is given twice"),
    "no rows": (lambda: TablePrep.fit(shops().head(0), ["Shop"], []), "0 training rows"),
    "no columns": (lambda: TablePrep.fit(shops(), [], []), "0 columns"),
}  # fmt: skip


@pytest.mark.parametrize("act, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(act, message):
    with pytest.raises(ValueError, match=message):
        act()
