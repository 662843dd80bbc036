"""initialisation.xlsx: every formula against PyTorch, the gradients against autograd, both norms against torch.nn."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from workbooks import (
    EXCEL,
    EveryWorkbook,
    assert_bounded,
    assert_equal,
    inputs_of,
    recalculates,
    texts_at,
    typed_in,
)

from coursekit.classroom import sheets

PATH = EXCEL / "initialisation.xlsx"
NONE, TANH, RELU = 1, 2, 3
VERDICTS = ["verdict", "gradient_verdict"]
INPUTS = ["gain", "activation", "samples", "last_gradient", "normal_numbers", "n", "weight_spread", "inputs_as",
          "inputs", "unit_weights", "table", "added", "scale", "shift", "eps"]  # fmt: skip


def spreads(tensors):
    return torch.stack([tensor.std(correction=0) for tensor in tensors])[:, None].detach()


def twenty_layers(inputs):
    """nn.Linear with the sheet's weights, layer after layer, and the gradients by autograd."""
    activation = {NONE: nn.Identity, TANH: nn.Tanh, RELU: nn.ReLU}[int(inputs["activation"])]()
    kept, sums = [inputs["samples"].clone().requires_grad_()], []
    for normal in inputs["normal_numbers"]:
        layer = nn.Linear(10, 10, bias=False, dtype=torch.float64)
        layer.weight.data = inputs["gain"] / math.sqrt(10) * normal
        sums.append(layer(kept[-1]))
        kept.append(activation(sums[-1].clone()))
    gradients = torch.autograd.grad(kept[-1], [*kept, *sums], inputs["last_gradient"])
    of_kept, of_sums = gradients[: len(kept)], gradients[len(kept) :]
    factor = inputs["gain"] * (math.sqrt(0.5) if inputs["activation"] == RELU else 1)
    return {
        "sums": torch.stack(sums).detach(), "activations": torch.stack(kept[1:]).detach(),
        "gradients": torch.stack(of_kept[:-1]), "sum_gradients": torch.stack(of_sums), "spread": spreads(kept),
        "gradient_spread": spreads(of_kept), "rule": factor ** torch.arange(21)[:, None],
    }  # fmt: skip


def one_layer(inputs):
    n, inputs_as = int(inputs["n"]), int(inputs["inputs_as"])
    x = inputs["inputs"] if inputs_as == 1 else inputs["inputs"].relu()
    layer = nn.Linear(n, 24, bias=False, dtype=torch.float64)
    layer.weight.data = inputs["weight_spread"] * inputs["unit_weights"][:, :n]
    sums = layer(x[:, :n]).detach()
    variance, square = layer.weight.data.var(correction=0), x[:, :n].square().mean()
    rule, measured = n * variance * square, sums.var(correction=0)
    return {
        "used_inputs": nn.functional.pad(x[:, :n], (0, 64 - n)), "layer_sums": sums, "weight_variance": variance,
        "input_square": square, "ruled": rule, "measured": measured, "ratio": measured / rule,
        "sum_spread": sums.std(correction=0), "keeps": torch.tensor(inputs_as / n).sqrt(),
    }  # fmt: skip


def normalisation(inputs):
    """Both layers of torch.nn, in training, with the sheet's γ, β and ε."""
    changed = inputs["table"].clone()
    changed[0, 0] += inputs["added"]
    found = {"changed": changed}
    for name, axis, kind in [("feature", 0, nn.BatchNorm1d), ("sample", 1, nn.LayerNorm)]:
        found[f"{name}_mean"] = changed.mean(axis, keepdim=True)
        found[f"{name}_variance"] = changed.var(axis, correction=0, keepdim=True)
        layer = kind(5, eps=inputs["eps"].item(), dtype=torch.float64).train()
        layer.weight.data, layer.bias.data = inputs["scale"].clone(), inputs["shift"].clone()
        after, before = layer(changed).detach(), layer(inputs["table"]).detach()
        name = "batch_norm" if axis == 0 else "layer_norm"
        found |= {name: after, f"{name}_before": before, f"{name}_difference": after - before}
    return found


def twin(inputs):
    """All that the workbook works out, from its inputs."""
    found = twenty_layers(inputs) | one_layer(inputs) | normalisation(inputs)
    return {name: value.reshape(sheets.read(PATH, name).shape) for name, value in found.items()}


def spreads_at(gain, activation):
    """Spread after the last layer, and of the gradient back at the samples."""
    found = sheets.calculate(PATH, {"gain": gain, "activation": activation}, ["spread", "gradient_spread"])
    return found["spread"].flatten(), found["gradient_spread"].flatten()


class TestWorkbook(EveryWorkbook):
    path, inputs, texts, charts = PATH, INPUTS, VERDICTS, 1
    sheets = ["twenty layers", "one layer", "normalisation", "activations", "normal numbers", "numbers of one layer"]
    twin = staticmethod(twin)

    def changed(self, inputs):
        changed = super().changed(inputs) | {"gain": torch.tensor(1.3), "weight_spread": torch.tensor(0.3)}
        whole = {"activation": TANH, "n": 37, "inputs_as": 2}
        return changed | {name: torch.tensor(value) for name, value in whole.items()}


@pytest.mark.parametrize("gain, activation", [(0.1, NONE), (2, TANH), (5, TANH), (math.sqrt(2), RELU), (0.5, RELU)])
def test_it_is_autograd_at_any_gain(gain, activation):
    """In relation to their size: where the spread has died out, all numbers are tiny."""
    settings = {"gain": gain, "activation": activation}
    given = {name: torch.tensor(value, dtype=torch.float64) for name, value in settings.items()}
    expected = twenty_layers(inputs_of(PATH, INPUTS) | given)
    found = sheets.calculate(PATH, settings, ["spread", "gradient_spread"])
    for name, tensor in found.items():
        torch.testing.assert_close(tensor.flatten(), expected[name].flatten(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("gain, activation", [(1, NONE), (0.5, NONE), (2, NONE), (math.sqrt(2), RELU)])
def test_the_spread_stays_within_a_factor_of_two_of_the_rule(gain, activation):
    names = ["spread", "gradient_spread", "rule"]
    found = sheets.calculate(PATH, {"gain": gain, "activation": activation}, names)
    for ratio in (found["spread"] / found["rule"], found["gradient_spread"] / found["rule"].flip(0)):
        assert 0.5 < ratio.min() <= ratio.max() < 2
    if activation == NONE:  # a millionth, and a million
        torch.testing.assert_close(found["spread"][-1].item(), {1: 1.0, 0.5: 1e-6, 2: 1e6}[gain], rtol=0.2, atol=0)


def test_what_the_words_say_of_activations():
    relu, _ = spreads_at(1, RELU)
    assert relu[-1] < 0.002
    (shrinks, _), (stays, _), (held, grows) = (spreads_at(gain, TANH) for gain in (1, 1.667, 2))
    assert 0.15 < shrinks[-1] < 0.16 and (abs(stays[1:] - 0.65) < 0.1).all()
    assert held[1:].max() < 1 and grows[0] > 5


def test_the_normal_numbers_are_normal():
    """Mean and spread, how many lie within one and two standard deviations; no unit twice."""
    for name in ("normal_numbers", "inputs", "unit_weights"):
        numbers = sheets.read(PATH, name)
        assert abs(numbers.mean()) < 0.05 and abs(numbers.std() - 1) < 0.03
        for bound, fraction in [(1, 0.683), (2, 0.954)]:
            assert abs((numbers.abs() < bound).double().mean() - fraction) < 0.03
        units = numbers.flatten(0, -2)
        assert len(units.unique(dim=0)) == len(units)
    for name in ("samples", "last_gradient"):
        numbers = sheets.read(PATH, name)
        assert abs(numbers.mean()) < 0.01 and abs(numbers.std(correction=0) - 1) < 0.01


@pytest.mark.parametrize("n", [1, 2, 4, 9, 16, 25, 36, 64])
@pytest.mark.parametrize("inputs_as", [1, 2])
def test_the_variance_of_a_sum_follows_the_rule(n, inputs_as):
    names = ["ratio", "input_square", "weight_variance", "keeps"]
    found = sheets.calculate(PATH, {"n": n, "inputs_as": inputs_as}, names)
    assert abs(found["ratio"] - 1) < 0.1
    spread = found["keeps"].item()
    torch.testing.assert_close(spread, math.sqrt(inputs_as / n))
    kept = sheets.calculate(PATH, {"n": n, "inputs_as": inputs_as, "weight_spread": spread}, ["measured"])["measured"]
    if n >= 16:  # before, few numbers decide
        assert abs(found["input_square"] * inputs_as - 1) < 0.15 and abs(kept - 1) < 0.25


def test_batch_norm_depends_on_the_neighbours_and_layer_norm_does_not():
    names = ["batch_norm_difference", "layer_norm_difference"]
    batch, layer = (sheets.read(PATH, name).abs() > 0.01 for name in names)
    assert batch[:, 0].all() and not batch[:, 1:].any()
    assert layer[0].all() and not layer[1:].any()
    found = sheets.calculate(PATH, {"added": 0}, names)
    assert all((difference == 0).all() for difference in found.values())


def test_it_is_small():
    assert PATH.stat().st_size < 1_000_000 and len(sheets.formulas_in(PATH)) <= 12_000


def test_settings_have_bounds():
    bounds = {"gain": ("0.1", "5"), "activation": ("1", "3"), "n": ("1", "64"), "weight_spread": ("0.001", "10"),
              "inputs_as": ("1", "2"), "eps": ("0.00000001", "1")}  # fmt: skip
    assert_bounded(PATH, bounds | dict.fromkeys(["table", "added", "scale", "shift"], ("-100", "100")))


GAINS = {0.5: "dies out", 1.0: "stays between 0.1 and 10", 2.0: "explodes"}


@recalculates(*(partial(typed_in, PATH, 1, {"C3": gain, "I3": 1}) for gain in GAINS))
def test_the_words_beside_the_chart_follow_the_gain(recalculated):
    for copy, word in zip(recalculated, GAINS.values(), strict=True):
        assert [texts_at(copy, name) for name in VERDICTS] == [[word], [word]]
    assert [texts_at(PATH, name) for name in VERDICTS] == [[GAINS[1.0]], [GAINS[1.0]]]


@recalculates(
    partial(typed_in, PATH, 1, {"C3": 1.4, "I3": 3}),
    partial(typed_in, PATH, 2, {"C3": 5, "K3": 0.4, "S3": 2}),
    partial(typed_in, PATH, 3, {"C3": -1.5, "E8": 4.25}),
)
def test_libreoffice_follows_other_settings(recalculated):
    for copy in recalculated:
        expected = twin(inputs_of(copy, INPUTS))
        assert_equal({name: sheets.read(copy, name) for name in expected}, expected)
