"""The figure of dropout over a map: its controls change it, its numbers are true, bad input is refused in words."""

import re

import ipywidgets
import pytest
import torch

from coursekit.classroom.widgets import dropout_map
from coursekit.classroom.widgets.matrices import _MASKS as MASKS


@pytest.fixture
def figure():
    return dropout_map(torch.arange(36.0).reshape(6, 6))


def controls(figure):
    chance, mask, another = figure.children[0].children
    return chance, mask, another


def captions(figure):
    return re.findall(r"<caption[^>]*>([^<]+)</caption>", figure.figure.value)


def means(figure):
    found = re.search(r"not scaled ([\d.]+), scaled ([\d.]+); without dropout ([\d.]+)\.", figure.figure.value)
    return [float(number) for number in found.groups()]


def test_each_control_changes_the_figure(figure):
    chance, mask, another = controls(figure)
    seen = {figure.figure.value}
    chance.value = 0.8
    seen.add(figure.figure.value)
    mask.value = 7
    seen.add(figure.figure.value)
    another.click()
    seen.add(figure.figure.value)
    assert mask.value == 8 and len(seen) == 4


def test_the_button_comes_round_to_the_first_mask(figure):
    _, mask, another = controls(figure)
    mask.value = MASKS - 1
    another.click()
    assert mask.value == 0


def test_with_p_0_nothing_is_dropped(figure):
    controls(figure)[0].value = 0
    assert means(figure) == [17.5, 17.5, 17.5]
    assert captions(figure)[-1] == "pooled after dropping: 9 of 9 as before"


@pytest.mark.parametrize("p", [0.25, 0.5, 0.75])
def test_the_scaled_mean_stays_and_the_other_falls(figure, p):
    controls(figure)[0].value = p
    plain, scaled, without = means(figure)
    assert plain == pytest.approx((1 - p) * without, rel=0.05)
    assert scaled == pytest.approx(without, rel=0.05)
    assert scaled == pytest.approx(plain / (1 - p), abs=0.03)


def test_it_says_what_it_is_where_it_does_not_run(figure):
    assert repr(figure).startswith("[Interactive figure: dropout over an activation map")
    assert all(
        isinstance(w, (ipywidgets.FloatSlider, ipywidgets.IntSlider, ipywidgets.Button)) for w in controls(figure)
    )


BAD = {
    "no matrix": (torch.zeros(6), "shape \\(6,\\)"),
    "odd": (torch.zeros(5, 6), "both even.*\\(5, 6\\)"),
    "too large": (torch.zeros(26, 26), "from 2 to 12.*\\(26, 26\\)"),
    "whole numbers": (torch.zeros(4, 4, dtype=torch.int64), "int64: use .float"),
}


@pytest.mark.parametrize("activations, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(activations, message):
    with pytest.raises(ValueError, match=message):
        dropout_map(activations)
