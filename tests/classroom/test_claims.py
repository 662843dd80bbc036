"""Claims: those that hold are shown, those that do not stop the run, and what cannot be compared is refused."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import coursekit as ck
from coursekit.classroom.claims import Claim, ClaimError, Report, _equal

INF = math.inf
HOLDS = {
    "true": (True, {}, ""),
    "a true tensor": (torch.tensor([3.0]) > 2, {}, ""),
    "at least": (0.9, {"at_least": 0.9}, " (at least 0.9)"),
    "at most": (3, {"at_most": 3.5}, " (at most 3.5)"),
    "between": (torch.tensor(0.5), {"at_least": 0.4, "at_most": 0.6}, " (at least 0.4, at most 0.6)"),
    "equal": (torch.arange(3), {"equals": [0, 1, 2]}, " (equal exactly)"),
    "equal to zero": (0, {"equals": 0}, " (equal exactly)"),
    "equal infinities": (torch.tensor([INF, -INF]), {"equals": [INF, -INF]}, " (equal exactly)"),
    "nearly equal": ([1.0, 2.0], {"equals": torch.tensor([1.0, 2.01]), "within": 0.02}, " (equal to within 0.02)"),
    "equal nothings": (torch.empty(0), {"equals": torch.empty(0)}, " (equal exactly)"),
    "nothing equals an empty list": (torch.empty(0), {"equals": []}, " (equal exactly)"),
    "a double": (0.1, {"equals": torch.tensor(0.1, dtype=torch.float64), "within": 1e-9}, " (equal to within 1e-09)"),
    "a single, rounded": (0.1, {"equals": torch.tensor(0.1), "within": 2e-9}, " (equal to within 2e-09)"),
    "whole and broken": (torch.tensor([1, 2]), {"equals": np.array([1.0, 2.0])}, " (equal exactly)"),
    "half": (torch.tensor([0.5, 2.0]).half(), {"equals": [0.5, 2]}, " (equal exactly)"),
    "bfloat16": (torch.tensor([0.5, 2.0]).bfloat16(), {"equals": [0.5, 2]}, " (equal exactly)"),
    "large whole numbers": ([2**53 + 1, 10**30], {"equals": [2**53 + 1, 10**30]}, " (equal exactly)"),
    "large, nearly": (2**60 + 1, {"equals": float(2**60), "within": 1}, " (equal to within 1)"),
    "uint64": (np.array([2**64 - 1], dtype=np.uint64), {"equals": [2**64 - 1]}, " (equal exactly)"),
    "truth values": (torch.tensor([True, False]), {"equals": [True, False]}, " (equal exactly)"),
    "complex": (torch.tensor([1 + 2j]), {"equals": [1 + 2j]}, " (equal exactly)"),
    "conjugate": (torch.tensor([1 + 2j]).conj(), {"equals": [1 - 2j]}, " (equal exactly)"),
    "a list of tensors": ([torch.tensor(1.0), torch.tensor(2.0)], {"equals": (1, 2)}, " (equal exactly)"),
    "a Series": (pd.Series([1, 2], index=[5, 6]), {"equals": [1, 2]}, " (equal exactly)"),
    "wants a gradient": (torch.ones(2, requires_grad=True), {"equals": [1.0, 1.0]}, " (equal exactly)"),
    "NumPy's truth": (np.bool_(True), {}, ""),
    "an array of one truth": (np.array([True]), {}, ""),
    "infinite, at least": (INF, {"at_least": 0}, " (at least 0)"),
    "a large whole number, at least": (2**53 + 1, {"at_least": 2**53}, " (at least 9.0072e+15)"),
    "a single's bound": (0.1, {"at_most": torch.tensor(0.1)}, " (at most 0.1)"),
}


@pytest.mark.parametrize("value, bounds, shown", HOLDS.values(), ids=HOLDS.keys())
def test_a_claim_that_holds_is_shown(capsys, value, bounds, shown):
    assert ck.claim("it is so", value, **bounds) is None
    assert capsys.readouterr().out == f"✓ it is so{shown}\n"


FAILS = {
    "false": (False, {}, "it does not hold here"),
    "too small": (0.89, {"at_least": 0.9}, "at least 0.9; measured 0.89"),
    "too large": (4, {"at_most": 3.5}, "at most 3.5; measured 4"),
    "outside": (0.7, {"at_least": 0.4, "at_most": 0.6}, "measured 0.7"),
    "nan, at least": (math.nan, {"at_least": 0}, "measured nan"),
    "nan, at most": (math.nan, {"at_most": 0}, "measured nan"),
    "nan, equals": ([1.0, math.nan], {"equals": [1.0, math.nan], "within": 1e9}, "largest difference nan"),
    "infinite": (INF, {"equals": -INF, "within": 1e9}, "largest difference inf"),
    "not equal": ([1.0, 2.0], {"equals": [1.0, 2.5], "within": 0.1}, "equal to within 0.1; measured .* 0.5"),
    "another shape": ([1.0, 2.0], {"equals": 1.0}, r"shape \(\); measured shape \(2,\)"),
    "what would broadcast": (torch.ones(3, 1), {"equals": torch.ones(3)}, r"shape \(3,\); measured shape \(3, 1\)"),
    "one number in a list": ([1.0], {"equals": 1.0}, r"shape \(\); measured shape \(1,\)"),
    "something for nothing": ([1.0], {"equals": []}, r"shape \(0,\); measured shape \(1,\)"),
    "the next single": (1.00000001, {"equals": 1.0}, "largest difference 1e-08"),
    "beyond single precision": (16777217.0, {"equals": 16777216.0}, "largest difference 1"),
    "beyond single range": (1e39, {"equals": 1e40}, "largest difference 9e"),
    "a tolerance beyond single": (1.00000001, {"equals": 1.0, "within": 1e-9}, "largest difference 1e-08"),
    "a single is no double": (0.1, {"equals": torch.tensor(0.1)}, "largest difference 1.5e-09"),
    "whole numbers beyond doubles": (2**53 + 1, {"equals": 2**53}, "largest difference 1"),
    "int64 beyond doubles": (torch.tensor([2**53 + 1]), {"equals": torch.tensor([2**53])}, "largest difference 1"),
    "large among others": ([0.5, 2**53 + 1], {"equals": [0.5, float(2**53)]}, "largest difference 1"),
    "nan among large": ([math.nan, 2**60], {"equals": [1.0, 2**60]}, "largest difference nan"),
    "imaginary": (torch.tensor([1 + 2j]), {"equals": [1 + 3j]}, "largest difference 1"),
    "a real for a complex": (torch.tensor([1 + 2j]), {"equals": [1.0]}, "largest difference 2"),
    "truth values differ": ([True, False], {"equals": [True, True]}, "largest difference 1"),
    "ones for truth": (torch.tensor([1, 0]), {"equals": [True, False]}, "numbers where truth values are expected"),
    "truth for ones": (torch.tensor([True]), {"equals": [1.0]}, "truth values where numbers are expected"),
    "just below": (0.91999999, {"at_least": 0.92}, "at least 0.92; measured 0.91999999"),
    "beyond a whole bound": (2**53 + 1, {"at_most": 2**53}, "measured 9007199254740993"),
    "a single above its double": (torch.tensor(0.1), {"at_most": 0.1}, "measured 0.10000000149"),
    "NumPy's untruth": (np.bool_(False), {}, "it does not hold here"),
}


@pytest.mark.parametrize("value, bounds, message", FAILS.values(), ids=FAILS.keys())
def test_a_claim_that_does_not_hold_stops_the_run(capsys, value, bounds, message):
    with pytest.raises(ClaimError, match=f"✗ it is so: .*{message}"):
        ck.claim("it is so", value, **bounds)
    assert capsys.readouterr().out == "" and issubclass(ClaimError, AssertionError)


@pytest.mark.parametrize("value", [1, 0.5, torch.tensor(1.0), "yes", [True], torch.tensor([True, True])], ids=repr)
def test_a_claim_that_cannot_fail_is_refused(value):
    with pytest.raises(ValueError, match="needs True or False, or bounds"):
        ck.claim("it is so", value)


REFUSED = {
    "several numbers": ([1.0, 2.0], {"at_least": 0}, "needs one real number"),
    "no number": (torch.empty(0), {"at_least": 0}, "needs one real number"),
    "truth with a bound": (True, {"at_least": 0}, "needs one real number; found a truth value"),
    "a bound that is none": (1.0, {"at_least": "0"}, "needs one real number; found '0'"),
    "complex with a bound": (1 + 2j, {"at_least": 0}, "needs one real number"),
    "both": (1.0, {"at_least": 0, "equals": 1.0}, "make two claims of it"),
    "within alone": (1.0, {"at_least": 0, "within": 0.1}, "no equals"),
    "a negative tolerance": (1.0, {"equals": 1.0, "within": -1}, "tolerance of 0 or more"),
    "any tolerance": (1.0, {"equals": 2.0, "within": INF}, "a finite one"),
    "no tolerance": (1.0, {"equals": 2.0, "within": math.nan}, "tolerance of 0 or more"),
    "texts": ("a", {"equals": "a"}, "compares numbers or truth values; found str 'a'"),
    "ragged": ([[1], [1, 2]], {"equals": [1, 2]}, "compares numbers or truth values"),
    "nothing at all": (None, {"equals": 1}, "compares numbers or truth values; found NoneType"),
    "truth among numbers": ([True, 2], {"equals": [1, 2]}, "compares numbers or truth values"),
}


@pytest.mark.parametrize("value, bounds, message", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_compared_is_refused_in_words(value, bounds, message):
    with pytest.raises(ValueError, match=message):
        ck.claim("it is so", value, **bounds)


@given(st.lists(st.one_of(st.floats(), st.integers()), min_size=1, max_size=5), st.integers(0, 4), st.data())
def test_any_other_number_is_seen(numbers, place, data):
    """Whatever differs, by however little, is told; the same numbers are equal, but for NaN."""
    same = all(x == x for x in numbers)
    assert _equal("", list(numbers), list(numbers), 0.0)[0] == same
    place %= len(numbers)
    other = data.draw(st.one_of(st.floats(), st.integers()).filter(lambda x: x != numbers[place]))
    assert not _equal("", numbers, [*numbers[:place], other, *numbers[place + 1 :]], 0.0)[0]


def test_a_report_shows_its_name_and_keeps_its_value(capsys):
    ck.report("accuracy", torch.tensor(0.93359))
    assert capsys.readouterr().out == "▸ accuracy: 0.9336\n"
    assert repr(Report("accuracy", 0.9)) == "▸ accuracy" and "0.9" in Report("accuracy", 0.9)._repr_html_()


@pytest.mark.parametrize("value", [math.nan, INF, [1, 2], "0.9", True, None], ids=repr)
def test_a_report_needs_a_number(value):
    with pytest.raises(ValueError, match=r"report\('accuracy'\) needs"):
        ck.report("accuracy", value)


def test_a_claims_text_is_the_same_whatever_was_measured():
    one, other = (Claim("fast <enough>", "at most 3", measured) for measured in ("1.23", "2.34"))
    assert repr(one) == repr(other) == "✓ fast <enough> (at most 3)"
    assert "2.34" in other._repr_html_() and "&lt;enough&gt;" in other._repr_html_()


BEYOND = 10**400  # a whole number beyond all doubles
EXACT = {  # value, equals: which differ, if only where single or double precision sees nothing
    "whole numbers beyond 2**53": (2**53 + 1, 2**53),
    "in a list": ([1, 2**60 + 1], [1, 2**60]),
    "of NumPy": (np.array([2**62 + 1]), np.array([2**62])),
    "of 64 bits without sign": (np.array([2**64 - 1], dtype=np.uint64), 2.0**64 * np.ones(1)),
    "beyond all doubles": (BEYOND + 1, BEYOND),
    "long doubles": (np.longdouble(1) + np.finfo(np.longdouble).eps, np.longdouble(1)),
    "complex": (1 + 1e-12j, 1),
    "complex beside a large one": ([2**60, 1j], [2**60, 2j]),
    "mixed": ([1, 2.5, 2**60 + 1], [1, 2.5, 2**60]),
    "a double and a single": (0.1, torch.tensor(0.1)),
}


@pytest.mark.parametrize("value, other", EXACT.values(), ids=EXACT.keys())
def test_no_digit_is_lost_before_a_comparison(value, other):
    ck.claim("so", value, equals=value)
    ck.claim("so", other, equals=other)
    for one, two in ((value, other), (other, value)):
        with pytest.raises(ClaimError):
            ck.claim("so", one, equals=two)


def test_numbers_beyond_all_doubles_are_shown(capsys):
    ck.claim("large", BEYOND, at_least=1, at_most=BEYOND)
    assert capsys.readouterr().out == "✓ large (at least 1, at most 1.00000e+400)\n"
    with pytest.raises(ClaimError, match=r"largest difference 1.0e\+400"):
        ck.claim("large", BEYOND, equals=0)
    with pytest.raises(ValueError, match="needs a finite number"):
        ck.report("large", BEYOND)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
def test_lists_tuples_arrays_and_tensors_of_the_same_numbers_are_alike(numbers):
    forms = [numbers, tuple(numbers), np.array(numbers), torch.tensor(numbers, dtype=torch.float64)]
    for one in forms:
        for two in forms:
            ck.claim("alike", one, equals=two)
