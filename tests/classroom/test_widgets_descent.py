"""The ball on a loss curve: its picture follows its sliders and is gradient descent; bad input is refused in words."""

import re

import pytest
import torch

from coursekit.classroom.widgets import ball_on_curve
from coursekit.classroom.widgets.curves import descend


def hills(w):
    return (w**2 - 4) ** 2 / 16 - 0.15 * w + 0.35


def sliders(widget):
    found, waiting = {}, list(widget.children)
    while waiting:
        control = waiting.pop()
        waiting += getattr(control, "children", ())
        if getattr(control, "description", ""):
            found[control.description] = control
    return found


@pytest.fixture
def widget():
    return ball_on_curve(hills, -4, 4, start=-3.2)


def ball(widget):
    return re.findall(r'<circle cx="(\S+)" cy="(\S+)" r="9"', widget.figure.value)


@pytest.mark.parametrize("name, value", [("start", 1.0), ("learning rate", 0.2), ("momentum", 0.9), ("step", 20)])
def test_each_slider_changes_the_picture(widget, name, value):
    sliders(widget)["step"].value = 8
    before = widget.figure.value
    sliders(widget)[name].value = value
    assert widget.figure.value != before and len(ball(widget)) == 1


def test_as_many_places_as_steps_and_one_ball(widget):
    sliders(widget)["step"].value = 12
    assert widget.figure.value.count('r="3.5"') == 13 and "step 12:" in widget.figure.value


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_path_is_that_of_torch_optim(momentum):
    w = torch.tensor(-3.2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.05, momentum=momentum)
    for place, height, slope in descend(hills, -3.2, 0.05, momentum, 40):
        optimizer.zero_grad()
        loss = hills(w)
        loss.backward()
        assert (place, height, slope) == pytest.approx((w.item(), loss.item(), w.grad.item()), abs=1e-9)
        optimizer.step()


def test_momentum_carries_it_into_the_deeper_valley():
    assert descend(hills, -3.2, 0.05, 0.0, 60)[-1][0] < 0 < descend(hills, -3.2, 0.05, 0.9, 60)[-1][0]


def test_a_ball_that_flies_off_is_said_to_and_drawn_without_error(widget):
    controls = sliders(widget)
    controls["learning rate"].value, controls["step"].value = 3.0, 60
    assert "has left the picture" in widget.figure.value
    assert "nan" not in widget.figure.value and "inf" not in widget.figure.value


def test_a_page_that_does_not_run_says_what_it_is(widget):
    assert "a ball on a loss curve" in repr(widget)


def test_bad_input_is_refused_in_words():
    with pytest.raises(ValueError, match="starts between -4 and 4.*start=7"):
        ball_on_curve(hills, -4, 4, start=7)
    with pytest.raises(ValueError, match="one finite number for each"):
        ball_on_curve(torch.log, -4, 4, start=1)
    with pytest.raises(ValueError, match=r"found the shape \(\)"):
        ball_on_curve(lambda w: w.sum(), -4, 4, start=0)
