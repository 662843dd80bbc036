"""dropout.xlsx: every formula against PyTorch, and its masks against nn.Dropout."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from workbooks import CLOSE, EXCEL, EveryWorkbook, assert_bounded, assert_equal, inputs_of, recalculates, typed_in

from coursekit.classroom import sheets

PATH = EXCEL / "dropout.xlsx"
INPUTS = ["activations", "p", "draw", "several_draws", "used", "random_numbers"]
DRAWS = 200


def masks_of(inputs, *draws):
    """1 to keep and 0 to drop: (draws, 8, 8)."""
    rows = inputs["random_numbers"][torch.tensor(draws) - 1]
    return (rows >= inputs["p"]).double().reshape(-1, 8, 8)


def one_draw(inputs):
    x, p = inputs["activations"], inputs["p"]
    draw = int(inputs["draw"])
    (mask,) = masks_of(inputs, draw)
    pooled = {
        name: F.max_pool2d(value[None], 2)[0]
        for name, value in [("thinned", x * mask), ("training", x * mask / (1 - p)), ("evaluation", x)]
    }
    survived = (pooled["thinned"] == pooled["evaluation"]).double()
    return {f"{name}_pooled": value for name, value in pooled.items()} | {
        "drawn": inputs["random_numbers"][draw - 1].reshape(8, 8), "mask": mask, "thinned": x * mask,
        "training": x * mask / (1 - p), "evaluation": F.dropout(x, p.item(), training=False), "survived": survived,
        "thinned_total": (x * mask).sum(), "training_total": (x * mask).sum() / (1 - p), "evaluation_total": x.sum(),
        "kept": mask.mean(), "survived_fraction": survived.mean(),
    }  # fmt: skip


def twin(inputs):
    """All that the workbook works out, from its inputs."""
    x, p, used = inputs["activations"], inputs["p"], int(inputs["used"])
    masks = masks_of(inputs, *inputs["several_draws"].long().tolist())
    several = masks * x / (1 - p)
    shares = masks_of(inputs, *range(1, used + 1)).mean(0)
    mean = x * shares / (1 - p)
    totals = (masks_of(inputs, *range(1, DRAWS + 1)) * x).sum((1, 2)) / (1 - p)
    return one_draw(inputs) | {
        "several_masks": masks, "several_training": several, "several_pooled": F.max_pool2d(several, 2),
        "several_totals": several.sum((1, 2)), "several_goal": x.sum(), "activations_flat": x.flatten(),
        "kept_fraction": shares, "mean_map": mean, "goal_map": x, "difference": mean - x, "kept_mean": shares.mean(),
        "mean_total": mean.sum(), "goal_total": x.sum(), "typical": F.mse_loss(mean, x).sqrt(),
        "totals": totals, "means": totals.cumsum(0) / torch.arange(1, DRAWS + 1), "found_mean": totals.mean(),
        "expected_total": x.sum(), "expected_line": x.sum().expand(2), "found_variance": totals.var(correction=0),
        "expected_variance": p / (1 - p) * x.square().sum(),
    }  # fmt: skip


class TestWorkbook(EveryWorkbook):
    path, inputs, charts = PATH, INPUTS, 1
    sheets = ["one draw", "several draws", "mean of draws", "totals", "random numbers"]
    twin = staticmethod(twin)

    def changed(self, inputs):
        whole = {"draw": 7, "several_draws": [9, 200, 1, 33], "used": 90}
        changed = {name: torch.tensor(value) for name, value in whole.items()}
        return changed | {
            "p": torch.tensor(0.3), "activations": inputs["activations"] + torch.rand(8, 8) / 20,
            "random_numbers": torch.rand(DRAWS, 64, dtype=torch.float64),
        }  # fmt: skip


@pytest.fixture(scope="module")
def given():
    return inputs_of(PATH, INPUTS)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.75])
def test_with_the_mask_of_nn_dropout_it_gives_what_nn_dropout_gives(given, p):
    """The same luck for both: a random number of 0 where PyTorch dropped, and of 0.999 where it did not."""
    layer, x = nn.Dropout(p).train(), given["activations"]
    torch.manual_seed(4)
    kept = layer(torch.ones_like(x)) > 0
    torch.manual_seed(4)
    expected = layer(x)
    numbers = given["random_numbers"].clone()
    numbers[0] = kept.flatten() * 0.999
    found = sheets.calculate(PATH, {"p": p, "draw": 1, "random_numbers": numbers}, ["training", "evaluation"])
    assert_equal(found, {"training": expected, "evaluation": layer.eval()(x)})


def test_many_draws_of_nn_dropout_have_the_mean_and_variance_of_the_sheet(given):
    x = given["activations"]
    totals = F.dropout(x.expand(40_000, 8, 8), given["p"].item()).sum((1, 2))
    torch.testing.assert_close(totals.mean(), sheets.read(PATH, "expected_total"), rtol=0.01, atol=0)
    torch.testing.assert_close(totals.var(), sheets.read(PATH, "expected_variance"), rtol=0.05, atol=0)


def test_the_random_numbers_are_fair(given):
    """As many below each bound as there should be, in all and in each column; no draw twice."""
    numbers = given["random_numbers"]
    assert numbers.shape == (DRAWS, 64) and (numbers >= 0).all() and (numbers < 1).all()
    for bound in (0.1, 0.25, 0.5, 0.75, 0.9):
        below = (numbers < bound).double()
        assert abs(below.mean() - bound) < 0.015
        assert (below.mean(0) - bound).abs().max() < 0.16
    assert len(numbers.unique(dim=0)) == DRAWS


def test_what_the_words_say(given):
    """The map is the trained network's; more draws come closer; scaling keeps the total, thinning does not."""
    network = sheets.read(EXCEL / "convolution.xlsx", "conv2_relu")[4]
    torch.testing.assert_close(given["activations"], network, rtol=0, atol=0.0501)
    typical = [sheets.calculate(PATH, {"used": used}, ["typical"])["typical"].item() for used in (1, 4, 16, 64, DRAWS)]
    assert typical == sorted(typical, reverse=True) and 6 < typical[0] / typical[3] < 11
    expected = sheets.read(PATH, "expected_total")
    assert abs(sheets.read(PATH, "found_mean") / expected - 1) < 0.03
    assert abs(sheets.read(PATH, "found_variance") / sheets.read(PATH, "expected_variance") - 1) < 0.2
    assert abs(sheets.read(PATH, "thinned_total") / expected - 0.5) < 0.1
    assert 0 < sheets.read(PATH, "survived_fraction") < 1


def test_dropping_nothing_changes_nothing(given):
    found = sheets.calculate(PATH, {"p": 0}, ["mask", "training", "kept_fraction", "expected_variance", "difference"])
    assert (found["mask"] == 1).all() and found["training"].equal(given["activations"])
    assert (found["kept_fraction"] == 1).all() and found["expected_variance"] == 0
    torch.testing.assert_close(found["difference"], torch.zeros(8, 8).double(), **CLOSE)


def test_p_and_the_draws_have_bounds():
    assert_bounded(PATH, {"p": ("0", "0.95")} | dict.fromkeys(["draw", "several_draws", "used"], ("1", "200")))


@recalculates(partial(typed_in, PATH, 1, {"C3": 0.25, "L3": 42, "F9": 6.5}))
def test_libreoffice_follows_other_settings(recalculated):
    (copy,) = recalculated
    given = inputs_of(copy, INPUTS)
    assert given["p"] == 0.25 and given["draw"] == 42
    expected = twin(given)
    assert_equal({name: sheets.read(copy, name) for name in expected}, expected)
