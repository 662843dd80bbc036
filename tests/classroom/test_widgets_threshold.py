"""The figure of the threshold: its numbers are those of scikit-learn, its controls change it, bad input is refused."""

import re

import pytest
import torch
from sklearn.metrics import fbeta_score, precision_score, recall_score

from coursekit.classroom.widgets import threshold_slider

NAMES = ("clear", "road", "water")


@pytest.fixture
def data():
    torch.manual_seed(0)
    targets = (torch.rand(200, 3) < torch.tensor([0.8, 0.3, 0.1])).float()
    return (torch.randn(200, 3) + 2 * targets - 1).sigmoid(), targets


@pytest.fixture
def figure(data):
    return threshold_slider(*data, NAMES)


def controls(figure):
    return figure.children[0].children


def numbers(figure):
    rows = re.findall(r"bold[^>]*>(\w+)</th><td[^>]*>([\d.a-n]+)</td>", figure.figure.value)
    return {name: float(value) for name, value in rows}


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.83])
def test_its_numbers_are_scikit_learns(figure, data, threshold):
    slider, choice = controls(figure)
    slider.value = threshold
    given, true = (data[0] > threshold).numpy(), data[1].numpy()
    options = dict(average="micro", zero_division=0)
    expected = {"precision": precision_score(true, given, **options), "recall": recall_score(true, given, **options)}
    expected["F2"] = fbeta_score(true, given, beta=2, average="samples", zero_division=1)
    assert numbers(figure) == pytest.approx(expected, abs=6e-4)
    choice.value = "road"
    expected = {"precision": precision_score(true[:, 1], given[:, 1]), "recall": recall_score(true[:, 1], given[:, 1])}
    expected["F2"] = fbeta_score(true[:, 1], given[:, 1], beta=2)
    assert numbers(figure) == pytest.approx(expected, abs=6e-4)


def test_each_control_changes_the_figure(figure):
    slider, choice = controls(figure)
    seen = {figure.figure.value}
    slider.value = 0.2
    seen.add(figure.figure.value)
    choice.value = "water"
    seen.add(figure.figure.value)
    assert len(seen) == 3


def test_the_best_threshold_it_names_is_the_best(figure, data):
    best = float(re.search(r"at ([\d.]+)\.</p>", figure.figure.value)[1])
    scores = {t / 100: fbeta_score(data[1].numpy(), (data[0] > t / 100).numpy(), beta=2, average="samples",
                                   zero_division=1) for t in range(1, 100)}  # fmt: skip
    assert scores[best] == pytest.approx(max(scores.values()), abs=1e-6)


def test_a_label_that_is_never_given_has_no_precision_and_is_drawn_all_the_same(data):
    figure = threshold_slider(torch.full((4, 1), 0.3), torch.ones(4, 1), ("only",))
    controls(figure)[0].value = 0.6
    assert "nan" in figure.figure.value and "NaN" not in figure.figure.value and numbers(figure)["recall"] == 0


@pytest.mark.parametrize("rows", [0, 3])
def test_bad_input_is_refused_in_words(rows):
    with pytest.raises(ValueError, match=r"must both have the shape \(n, 3\), with n of 1"):
        threshold_slider(torch.rand(rows, 3), torch.rand(rows, 3 if rows == 0 else 2), NAMES)
