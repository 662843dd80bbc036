"""The steps back to points: they are those of diffusion.xlsx, the controls change them, bad input is refused."""

import re

import pytest
import torch
from workbooks import EXCEL

from coursekit.classroom import sheets
from coursekit.classroom.widgets import denoise
from coursekit.classroom.widgets.diffusion import steps_back

PATH = EXCEL / "diffusion.xlsx"


@pytest.fixture(scope="module")
def points():
    return sheets.read(PATH, "points")


@pytest.fixture
def figure(points):
    return denoise(points)


def controls(figure):
    x, y, player = figure.children[:3]
    return x, y, player.children[1]


def radii(figure, color):
    return [float(r) for r in re.findall(rf'<circle [^>]*r="([\d.]+)" fill="{re.escape(color)}"', figure.figure.value)]


def test_the_steps_are_those_of_the_workbook(points):
    names = ["starts", "way_path", "way_weights", "way_denoised"]
    starts, path, weights, denoised = (sheets.read(PATH, name) for name in names)
    for i, start in enumerate(starts):
        steps = steps_back(points, start)
        assert [step.t for step in steps] == list(range(10, -1, -1))
        for found, expected in [
            ([step.position for step in steps], path[i]),
            ([step.weights for step in steps[:-1]], weights[i]),
            ([step.denoised for step in steps[:-1]], denoised[i]),
        ]:
            torch.testing.assert_close(torch.stack(found), expected, rtol=0, atol=1e-9)
        assert (steps[-1].position == steps[-1].denoised).all()


def test_each_control_changes_the_figure(figure):
    seen = {figure.figure.value}
    for control, value in zip(controls(figure), (1.0, -1.5, 6), strict=True):
        control.value = value
        seen.add(figure.figure.value)
    assert len(seen) == 4


def test_the_dots_are_the_weights_and_the_steps_taken(figure, points):
    from coursekit.display import BLUE, ORANGE

    x, y, step = controls(figure)
    for step.value in (0, 5, 10):
        now = steps_back(points, torch.tensor([x.value, y.value]))[step.value]
        expected = 3 + 14 * now.weights.sqrt()
        assert radii(figure, ORANGE) == pytest.approx(expected.tolist(), abs=0.01)
        assert len(radii(figure, BLUE)) == step.value + 1
        assert f"t = {10 - step.value}:" in figure.figure.value
        assert f"the largest weight {now.weights.max():.2f}" in figure.figure.value
    assert "This is the end." in figure.figure.value


@pytest.mark.parametrize("start", [(-2.0, -2.0), (-2.0, 2.0), (0.3, 0.0), (0.3, -2.0), (2.0, 0.0), (1.0, 2.0)], ids=str)
def test_a_start_ends_near_a_point(figure, points, start):
    for control, value in zip(controls(figure), start, strict=False):
        control.value = value
    controls(figure)[2].value = 10
    end = steps_back(points, torch.tensor(start))[-1].position
    assert (end - points).norm(dim=1).min() < 0.35, "between two neighbours at most"
    assert "nan" not in figure.figure.value and "inf" not in figure.figure.value


def test_a_start_on_the_axis_of_a_face_ends_between_the_eyes(points):
    """Both halves weigh the same, at every step."""
    end = steps_back(points, torch.tensor([0.0, 2.0]))[-1]
    assert abs(end.position[0]) < 1e-9 and end.weights[1] == pytest.approx(end.weights[3].item())


def test_it_has_names_of_axes_a_text_and_an_alternative(figure):
    html = figure.figure.value
    assert ">x</text>" in html and ">y</text>" in html
    assert 'role="status"' in figure.said.value and "t = 10: for the position" in figure.said.value
    assert 'aria-label="points, and a way to one of them after 0 steps of 10; t = 10: for the position' in html
    assert repr(figure).startswith("[Interactive figure: a start and ten steps back to points")


BAD = {
    "one row": torch.ones(1, 2), "three columns": torch.ones(5, 3), "flat": torch.ones(4),
    "nan": torch.tensor([[0.0, 1], [float("nan"), 2]]),
}  # fmt: skip


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_words(given):
    with pytest.raises(ValueError, match=r"finite numbers \(n, 2\), with n of 2 or more; found the shape"):
        denoise(given)
