"""The spread through the layers: its numbers are those of torch.nn, its controls change it, bad input is refused."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from torch import nn

from coursekit.classroom.widgets import layer_spread
from coursekit.classroom.widgets.curves import spread_by_layer

MODULES = {"none": nn.Identity, "tanh": nn.Tanh, "ReLU": nn.ReLU}


@pytest.fixture
def figure():
    return layer_spread()


def controls(figure):
    gain, row, _ = figure.children
    return gain, *row.children


def told(figure):
    """Layer, standard deviation and verdict, as the words below the figure say them."""
    layer, spread, verdict = re.search(r"after layer (\d+) .*<b>([^<]+)</b>: it ([^<]+)", figure.figure.value).groups()
    return int(layer), float(spread.replace("−", "-")), verdict


def drawn(figure):
    """The standard deviation at each dot, read back from its position and the axis's own numbers."""
    svg = ElementTree.fromstring(re.search("<svg.*</svg>", figure.figure.value)[0])
    ticks = [text for text in svg.iter("text") if text.get("text-anchor") == "end"]
    (low, bottom), _, (high, top) = [(float(t[0].text.replace("−", "-")), float(t.get("y")) - 4) for t in ticks]
    assert all(tick.text == "10" for tick in ticks)
    heights = [float(dot.get("cy")) for dot in svg.iter("circle")]
    return [10 ** (low + (bottom - y) / (bottom - top) * (high - low)) for y in heights]


@pytest.mark.parametrize("norm", [False, True], ids=["plain", "layer norm"])
@pytest.mark.parametrize("activation", MODULES)
def test_the_numbers_are_those_of_torch_nn(activation, norm):
    torch.manual_seed(0)
    x, weights = torch.randn(50, 12, dtype=torch.float64), torch.randn(5, 12, 12, dtype=torch.float64) / 3
    modules, expected, values = [], [x.std(correction=0).item()], x
    for weight in weights:
        layer = nn.Linear(12, 12, bias=False, dtype=torch.float64)
        layer.weight.data = weight
        between = nn.LayerNorm(12, dtype=torch.float64) if norm else nn.Identity()
        modules.append(nn.Sequential(layer, between, MODULES[activation]()))
        values = modules[-1](values)
        expected.append(values.std(correction=0).item())
    assert spread_by_layer(x, weights, activation, norm) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("activation", MODULES)
@pytest.mark.parametrize("gain", [0.5, 1.41, 2.5])
def test_what_is_drawn_is_what_is_told(figure, gain, activation):
    slider, choice, _ = controls(figure)
    slider.value, choice.value = gain, activation
    layer, spread, _ = told(figure)
    dots = drawn(figure)
    assert layer == 20 and len(dots) == 21
    assert dots[0] == pytest.approx(1, rel=0.05) and dots[-1] == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize(
    "gain, activation, between, least, most, verdict",
    [
        (1.0, "none", "none", 0.5, 2, "stays"),
        (0.5, "none", "none", 0.5**21, 0.5**19, "dies out"),
        (2.0, "none", "none", 2**19, 2**21, "explodes"),
        (1.0, "ReLU", "none", 0.5**11, 0.5**9, "dies out"),
        (1.41, "ReLU", "none", 0.5, 2, "stays"),
        (1.0, "tanh", "none", 0.1, 0.3, "stays"),
        (2.5, "tanh", "none", 0.6, 1, "stays"),
        *((gain, "none", "layer norm", 0.99, 1.01, "stays") for gain in (0.5, 1.0, 2.5)),
        *((gain, "ReLU", "layer norm", 0.5, 0.7, "stays") for gain in (0.5, 1.0, 2.5)),
    ],
)
def test_the_spread_does_what_the_lesson_says(figure, gain, activation, between, least, most, verdict):
    for control, value in zip(controls(figure), (gain, activation, between), strict=True):
        control.value = value
    _, spread, said = told(figure)
    assert least < spread < most and said.startswith(verdict)


def test_each_control_changes_the_figure(figure):
    seen = {figure.figure.value}
    for control, value in zip(controls(figure), (1.5, "tanh", "layer norm"), strict=True):
        control.value = value
        seen.add(figure.figure.value)
    assert len(seen) == 4


def test_the_same_network_at_every_draw(figure):
    before, (gain, *_) = figure.figure.value, controls(figure)
    gain.value = 2.0
    gain.value = 1.0
    assert figure.figure.value == before == layer_spread().figure.value


def test_it_has_names_of_axes_a_text_and_an_alternative(figure):
    html = figure.figure.value
    assert ">layer</text>" in html and ">standard deviation (log axis)</text>" in html
    assert re.search(
        r'role="img" aria-label="standard deviation of the activations by layer, log axis: from 1 to', html
    )
    assert 'role="status"' in figure.said.value and "after layer 20" in figure.said.value
    assert repr(figure).startswith("[Interactive figure: the standard deviation of the activations by layer")


def test_layers_that_give_nothing_are_told_and_drawn_without_error():
    figure = layer_spread(width=2, layers=50)
    controls(figure)[1].value = "ReLU"
    assert told(figure) == (50, 0, "dies out") and 1 < len(drawn(figure)) < 51
    assert "nan" not in figure.figure.value and "inf" not in figure.figure.value


BAD = {
    "width": ({"width": 1}, "width is a whole number from 2 to 256; found 1"),
    "layers": ({"layers": 0}, "layers is a whole number from 1 to 50; found 0"),
    "samples": ({"samples": 1000}, "samples is a whole number from 2 to 256; found 1000"),
    "half": ({"width": 2.5}, "width is .*found 2.5"),
    "truth": ({"layers": True}, "layers is .*found True"),
    "text": ({"samples": "many"}, "samples is .*found 'many'"),
}


@pytest.mark.parametrize("given, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(given, message):
    with pytest.raises(ValueError, match=message):
        layer_spread(**given)
