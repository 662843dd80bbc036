"""The figures of lesson 07: what is typed or moved changes what is drawn, and bad input is refused in words."""

import itertools
import re
from html import unescape

import pytest
import torch

from coursekit.classroom.widgets.matrices import parse_shape, product_stepper, result_shape, shape_matcher


def text(figure):
    """What a reader sees of the figure."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", figure.figure.value)).split())


def rows(figure):
    """The figure's table row by row."""
    found = re.findall(r"<tr>(.*?)</tr>", figure.figure.value, re.S)
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.S)]
        for row in found
    ]


# Shapes

SHAPES = [shape for rank in range(4) for shape in itertools.product((0, 1, 2, 3), repeat=rank)]


@pytest.mark.parametrize("first", SHAPES, ids=str)
def test_the_rules_are_those_of_pytorch(first):
    for second in SHAPES:
        try:
            expected = (torch.empty(first) + torch.empty(second)).shape
        except RuntimeError:
            with pytest.raises(ValueError, match="from the right: . and . differ, and neither is 1"):
                result_shape(first, second)
        else:
            assert result_shape(first, second) == expected


TYPED = {"": (), " () ": (), "5": (5,), "5,": (5,), "(3, 1)": (3, 1), "[8,1,6]": (8, 1, 6), "0, 2": (0, 2)}


@pytest.mark.parametrize("typed, shape", TYPED.items(), ids=map(repr, TYPED))
def test_shapes_as_people_type_them(typed, shape):
    assert parse_shape(typed) == shape


@pytest.mark.parametrize("typed", ["3 1", "3,,1", ",", "-1, 2", "3, x", "2.5", "3; 1", "<b>", "99999"])
def test_what_is_no_shape_is_refused_in_words(typed):
    with pytest.raises(ValueError, match="is not a shape: type whole numbers with commas between them"):
        parse_shape(typed)
    figure = shape_matcher(typed, "3")
    assert "is not a shape" in text(figure) and "<b>" not in figure.figure.value
    figure.children[0].children[0].value = "2, 3"
    assert text(figure).endswith("The result has the shape (2, 3).")


def test_more_axes_than_there_is_room_for_are_refused():
    assert "has 7 axes; this figure has room for 6" in text(shape_matcher("1, 1, 1, 1, 1, 1, 1", ""))


def test_two_shapes_that_fit():
    figure = shape_matcher("8, 1, 6, 1", "7, 1, 5")
    assert rows(figure) == [
        ["axis from the right", "4", "3", "2", "1"],
        ["first", "8", "1 → 7", "6", "1 → 5"],
        ["second", "(1) → 8", "7", "1 → 6", "5"],
        ["result", "8", "7", "6", "5"],
        ["because", "missing: 1, repeated", "1 is repeated", "1 is repeated", "1 is repeated"],
    ]
    assert text(figure).endswith("The result has the shape (8, 7, 6, 5).")


def test_the_axes_are_filled_in_one_after_the_other():
    figure = shape_matcher("3, 4", "4")
    slider = figure.children[1]
    seen = []
    for slider.value in (0, 1, 2):
        seen.append((rows(figure)[3][1:], text(figure).endswith("Move the slider to see the next axis.")))
    assert seen == [(["·", "·"], True), (["·", "4"], True), (["3", "4"], False)]


def test_a_pair_that_does_not_fit_is_refused_with_the_axis():
    figure = shape_matcher("5, 3, 4", "2, 4")
    assert text(figure).endswith("Refused: on axis 2 from the right, 3 and 2 differ, and neither is 1.")
    assert rows(figure)[3] == ["result", "·", "✗", "4"]
    assert rows(figure)[4] == ["because", "", "differ, no 1", "equal"]


ENDS = {
    ("", ""): "The result has the shape ().",
    ("4", ""): "The result has the shape (4,).",
    ("0, 3", "1"): "The result has the shape (0, 3).",
    ("0", "2"): "0 and 2 differ, and neither is 1.",
}


@pytest.mark.parametrize("shapes, end", ENDS.items(), ids=str)
def test_scalars_vectors_and_nothing(shapes, end):
    assert text(shape_matcher(*shapes)).endswith(end)


# Products


def test_each_cell_of_the_product_is_shown_with_its_sum():
    torch.manual_seed(0)
    a, b = torch.randint(-9, 10, (3, 4)).float(), torch.randint(-9, 10, (4, 2)).float()
    figure = product_stepper(a, b)
    slider = figure.children[0].children[1]
    for slider.value in range(6):
        i, j = divmod(slider.value, 2)
        drawn = text(figure)
        assert f"row {i} of the first, column {j} of the second:" in drawn
        assert drawn.endswith(f"= {(a @ b)[i, j]:g}".replace("-", "−"))
        result = [cell for row in rows(figure)[-3:] for cell in row]
        expected = [f"{value:g}".replace("-", "−") for value in (a @ b).flatten().tolist()]
        assert result == [*expected[: slider.value + 1], *[""] * (5 - slider.value)]
        assert figure.figure.value.count("outline:3px") == 4 + 4 + 1, "a row, a column, a cell"


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,))], ids=str)
def test_matrices_that_do_not_fit_are_refused_in_words(shapes):
    with pytest.raises(ValueError, match=r"needs \(n, k\) and \(k, m\); these are"):
        product_stepper(*map(torch.ones, shapes))


# Both


@pytest.mark.parametrize("figure", [shape_matcher(), product_stepper(torch.ones(4, 3), torch.ones(3, 5))], ids=repr)
def test_the_figures_say_what_they_are(figure):
    assert repr(figure).startswith("[Interactive figure: ")
