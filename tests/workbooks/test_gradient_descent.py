"""gradient_descent.xlsx: every row of every optimiser against torch.optim."""

from functools import partial

import pytest
import torch
from workbooks import CLOSE, EXCEL, EveryWorkbook, assert_equal, inputs_of, recalculates, typed_in

from coursekit.classroom import sheets

PATH = EXCEL / "gradient_descent.xlsx"
STEPS, EVERY = 120, 20
SETTINGS = {
    "sgd": ["sgd_lr"], "momentum": ["momentum_lr", "momentum_beta"],
    "rmsprop": ["rmsprop_lr", "rmsprop_alpha", "rmsprop_eps"],
    "adam": ["adam_lr", "adam_beta1", "adam_beta2", "adam_eps"],
}  # fmt: skip
INPUTS = ["xs", "ys", "start_a", "start_b", "shown", *(name for names in SETTINGS.values() for name in names)]


def optimiser(name, weights, inputs):
    """The one of torch.optim that the sheet shows, with the sheet's settings."""
    rate, *more = (inputs[setting].item() for setting in SETTINGS[name])
    if name == "sgd":
        return torch.optim.SGD([weights], lr=rate)
    if name == "momentum":
        return torch.optim.SGD([weights], lr=rate, momentum=more[0])
    if name == "rmsprop":
        return torch.optim.RMSprop([weights], lr=rate, alpha=more[0], eps=more[1])
    return torch.optim.Adam([weights], lr=rate, betas=tuple(more[:2]), eps=more[2])


def state(name, memory, inputs, number):
    """What the optimiser holds after a step, by the names of the sheet."""
    if name == "momentum":
        return {"velocity": memory["momentum_buffer"]}
    if name == "rmsprop":
        return {"square": memory["square_avg"]}
    if name == "adam":
        mean, square = memory["exp_avg"], memory["exp_avg_sq"]
        left = [1 - inputs[beta] ** number for beta in ("adam_beta1", "adam_beta2")]
        return {"mean": mean, "square": square, "mean_hat": mean / left[0], "square_hat": square / left[1]}
    return {}


def train(name, inputs):
    """One row a step, as autograd and torch.optim take it: {name: (steps, ...)}."""
    xs, ys = inputs["xs"], inputs["ys"]
    weights = torch.stack([inputs["start_a"], inputs["start_b"]]).requires_grad_()
    optim, rows = optimiser(name, weights, inputs), []

    def line(x):
        return weights[0] * x + weights[1]

    def mean_loss():
        return torch.nn.functional.mse_loss(line(xs), ys).detach()

    start = weights.detach().clone(), mean_loss()
    for number in range(1, STEPS + 1):
        i = (number - 1) % len(xs)
        before, prediction = weights.detach().clone(), line(xs[i])
        loss = torch.nn.functional.mse_loss(prediction, ys[i])
        optim.zero_grad()
        loss.backward()
        optim.step()
        after = weights.detach().clone()
        row = {"number": torch.tensor(number), "point": torch.tensor(i + 1), "point_x": xs[i], "point_y": ys[i],
               "weights": before, "prediction": prediction, "error": prediction - ys[i], "loss": loss,
               "gradient": weights.grad, "step": after - before, "after": after, "mean_loss": mean_loss()}  # fmt: skip
        row |= state(name, optim.state[weights], inputs, number)
        rows.append({key: value.detach().clone() for key, value in row.items()})
    columns = {key: torch.stack([row[key] for row in rows]) for key in rows[0]}
    for key, first in zip(("after", "mean_loss"), start, strict=True):
        columns[key] = torch.cat([first[None], columns[key]])
    return {f"{name}_{key}": value for key, value in columns.items()}


def twin(inputs):
    """All that the workbook works out, from its inputs."""
    found, xs, ys = {}, inputs["xs"], inputs["ys"]
    for name in SETTINGS:
        found |= train(name, inputs)
    best = torch.linalg.lstsq(torch.stack([xs, torch.ones_like(xs)], 1), ys[:, None]).solution[:, 0]
    at, ends = int(inputs["shown"]), torch.stack([xs.min(), xs.max()])
    shown = torch.stack([found[f"{name}_after"][at] for name in SETTINGS])
    lines = [a * ends + b for a, b in [*shown, best]]
    return found | {
        "best_a": best[0], "best_b": best[1], "best_loss": (best[0] * xs + best[1] - ys).square().mean(),
        "shown_weights": shown, "shown_loss": torch.stack([found[f"{name}_mean_loss"][at] for name in SETTINGS]),
        "losses": torch.stack([found[f"{name}_mean_loss"][::EVERY] for name in SETTINGS], 1),
        "line_ends": torch.stack([ends, *lines], 1),
    }  # fmt: skip


def other(inputs):
    """Every input changed, within what the optimisers take."""
    changed = {name: value * (1 - torch.rand_like(value) / 20) for name, value in inputs.items()}
    return changed | {"shown": torch.tensor(77)}


class TestWorkbook(EveryWorkbook):
    path, inputs, charts = PATH, INPUTS, 3
    sheets = ["overview", "SGD", "momentum", "RMSprop", "Adam"]
    twin = staticmethod(twin)

    def changed(self, inputs):
        return other(inputs)


@pytest.fixture(scope="module")
def found():
    return twin(inputs_of(PATH, INPUTS))


def test_what_the_words_say(found):
    """The notes compare the optimisers, with the settings that the workbook comes with."""
    last = {name: found[f"{name}_mean_loss"][-1] for name in SETTINGS}
    assert 3 * last["momentum"] < last["sgd"] and 3 * last["adam"] < last["sgd"]
    assert all(loss < 0.05 * found["sgd_mean_loss"][0] for loss in last.values())
    assert (found["sgd_mean_loss"][1:] > found["sgd_mean_loss"][:-1]).any()
    assert found["sgd_mean_loss"][1] < 0.25 * found["sgd_mean_loss"][0]  # into the valley with the first step
    rate = sheets.read(PATH, "adam_lr")
    torch.testing.assert_close(found["adam_step"][0].abs(), rate.expand(2), rtol=1e-6, atol=0)
    assert (found["rmsprop_step"][0].abs() > 3 * sheets.read(PATH, "rmsprop_lr")).all()
    signs = found["momentum_velocity"].sign()
    assert (signs.amin(0) < 0).all() and (signs.amax(0) > 0).all()


@pytest.mark.parametrize(("rate", "words"), [(0.002, "too slow"), (0.2, "never arrives")])
def test_other_rates_do_what_the_words_say(rate, words):
    loss = sheets.calculate(PATH, {"sgd_lr": rate}, ["sgd_mean_loss"])["sgd_mean_loss"]
    assert loss[-1] > 2 * sheets.read(PATH, "sgd_mean_loss")[-1], words


def test_a_memory_of_nothing_is_plain_sgd():
    rate = sheets.read(PATH, "sgd_lr")
    plain = sheets.calculate(PATH, {"momentum_beta": 0, "momentum_lr": rate}, ["momentum_after", "sgd_after"])
    torch.testing.assert_close(plain["momentum_after"], plain["sgd_after"], **CLOSE)


@recalculates(partial(typed_in, PATH, 1, {"H6": 0.03, "I7": 0.8, "J9": 0.99, "I12": 2.5, "J12": 7}))
def test_libreoffice_follows_other_settings(recalculated):
    (copy,) = recalculated
    given = inputs_of(copy, INPUTS)
    assert given["sgd_lr"] == 0.03 and given["shown"] == 7
    expected = twin(given)
    assert_equal({name: sheets.read(copy, name) for name in expected}, expected)
