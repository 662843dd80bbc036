"""diffusion.xlsx: every formula against PyTorch, and the denoiser against the gradient of log p by autograd."""

import math
from functools import partial

import pytest
import torch
from torch import distributions
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

PATH = EXCEL / "diffusion.xlsx"
EYES = torch.arange(12) < 4
WORDS = ["way_class_word", "guided_class_word", "unguided_word"]
INPUTS = ["shown", "turn", "noise_scale", "last_angle", "points", "drawn_noise", "position_x", "position_y", "at_t",
          "starts", "asked_class", "guidance_scale"]  # fmt: skip


@pytest.fixture(scope="module")
def given():
    return inputs_of(PATH, INPUTS)


def schedule(inputs):
    """ᾱ at t = 0 to 10, and the factors of the point and of the noise."""
    alpha_bar = torch.cos(torch.deg2rad(inputs["last_angle"].double() * torch.arange(11) / 10)).square()
    return alpha_bar, alpha_bar.sqrt(), (1 - alpha_bar).sqrt()


def denoise(x, t, inputs, among=None):
    """Weights (n, 12), denoised points and predicted noise (n, 2) of positions (n, 2), by softmax over `among`."""
    _, signal, noise = (values[t] for values in schedule(inputs))
    points = inputs["points"].double()
    scores = -torch.cdist(x, signal * points, compute_mode="donot_use_mm_for_euclid_dist").square() / (2 * noise**2)
    weights = (scores if among is None else scores.masked_fill(~among, -torch.inf)).softmax(1)
    denoised = weights @ points
    return weights, denoised, (x - signal * denoised) / noise


def forward(inputs):
    alpha_bar, signal, noise = schedule(inputs)
    turn = torch.deg2rad(inputs["turn"].double())
    matrix = torch.stack([torch.stack([turn.cos(), turn.sin()]), torch.stack([-turn.sin(), turn.cos()])])
    used = inputs["noise_scale"] * inputs["drawn_noise"] @ matrix
    noised = signal[:, None, None] * inputs["points"] + noise[:, None, None] * used  # (11, 12, 2)
    return {
        "angle": inputs["last_angle"] * torch.arange(11)[:, None] / 10, "alpha_bar": alpha_bar, "signal_part": signal,
        "noise_part": noise, "snr": (alpha_bar / (1 - alpha_bar))[1:], "used_noise": used,
        "noised_x": noised[..., 0].T, "noised_y": noised[..., 1].T, "shown_points": noised[int(inputs["shown"])],
        "spread": noised.var(1, correction=0).mean(1).sqrt(),
    }  # fmt: skip


def denoiser(inputs):
    _, signal, noise = schedule(inputs)
    t, x = int(inputs["at_t"]), torch.stack([inputs["position_x"], inputs["position_y"]]).double()[None]
    weights, denoised, predicted = denoise(x, t, inputs)
    apart = (x - signal[t] * inputs["points"]).square().sum(1)
    scores = -apart / (2 * noise[t] ** 2)
    by_t = [denoise(x, t, inputs) for t in range(1, 11)]
    powers = (scores - scores.max()).exp()
    return {
        "shrunk": signal[t] * inputs["points"], "apart": apart, "scores": scores, "powers": powers,
        "powers_sum": powers.sum(), "point_weights": weights, "denoiser_signal": signal[t],
        "denoiser_noise": noise[t], "denoised": denoised, "predicted_noise": predicted, "again": x,
        "one_step_back": signal[t - 1] * denoised + noise[t - 1] * predicted,
        "weights_by_t": torch.cat([weights for weights, _, _ in by_t]).T,
        "denoised_by_t": torch.cat([denoised for _, denoised, _ in by_t]).T,
        "distances_by_t": (x[0] - signal[1:, None, None] * inputs["points"]).square().sum(-1).T,
    }  # fmt: skip


def way(inputs, prefix, among=None, scale=0.0):
    """Ten DDIM steps from every start, as the sheets lay them out: (starts, steps, ...)."""
    _, signal, noise = schedule(inputs)
    points, path, rows = inputs["points"].double(), [inputs["starts"].double()], []
    for t in range(10, 0, -1):
        x = path[-1]
        weights, plain, predicted = denoise(x, t, inputs)
        row = {"weights": weights, "largest": weights.amax(1), "denoised": plain}
        if among is not None:
            class_weights, of_class, _ = denoise(x, t, inputs, among)
            denoised = plain + scale * (of_class - plain)
            row |= {"class_weights": class_weights, "plain_denoised": plain, "class_denoised": of_class,
                    "denoised": denoised}  # fmt: skip
            del row["largest"]
            predicted = (x - signal[t] * denoised) / noise[t]
        rows.append(row | {"predicted": predicted})
        path.append(signal[t - 1] * row["denoised"] + noise[t - 1] * predicted)
    found = {key: torch.stack([row[key] for row in rows], 1) for key in rows[0]}
    found["path"], count = torch.stack(path, 1), len(path[0])
    shrunk = signal.flip(0)[:, None, None] * points
    distances = (found["path"][:, :, None] - shrunk).square().sum(-1)

    def total(distances):
        return (-(distances - distances.amin(2, keepdim=True)) / (2 * noise[1:].flip(0)[:, None] ** 2)).exp().sum(2)

    found |= {"distances": distances, "smallest": distances.amin(2), "total": total(distances[:, :-1]),
              "signal": signal.flip(0).repeat(count, 1), "noise": noise.flip(0).repeat(count, 1),
              "end": path[-1], "nearest": distances[:, -1].argmin(1) + 1,
              "distance": distances[:, -1].amin(1).sqrt()}  # fmt: skip
    if among is not None:
        within = distances[:, :-1, among]
        found |= {"class_smallest": within.amin(2), "class_total": total(within), "starts": path[0]}
    return {f"{prefix}{key}": value for key, value in found.items()}


def twin(inputs):
    """All that the workbook works out, from its inputs."""
    among = EYES if inputs["asked_class"] == 1 else ~EYES
    found = forward(inputs) | denoiser(inputs) | way(inputs, "way_")
    found |= way(inputs, "guided_", among, inputs["guidance_scale"])
    found["of_class"] = among[found["guided_nearest"] - 1].sum()
    return {name: value.reshape(sheets.read(PATH, name).shape) for name, value in found.items()}


class TestWorkbook(EveryWorkbook):
    path, inputs, texts, charts = PATH, INPUTS, WORDS, 6
    sheets = ["forward", "denoiser", "ten steps back", "guidance"]
    twin = staticmethod(twin)

    def changed(self, inputs):
        new = {"shown": 7, "turn": 130.0, "noise_scale": 0.8, "last_angle": 80.0, "at_t": 2, "asked_class": 2}
        new = {name: torch.tensor(value) for name, value in new.items()}
        return super().changed(inputs) | new | {"guidance_scale": torch.tensor(2.5)}


@pytest.mark.parametrize("t", range(1, 11))
def test_the_denoiser_is_tweedies_formula(given, t):
    """x₀ = (x + (1 - ᾱ) · gradient of log p(x)) / √ᾱ, where p is a mixture of normal distributions."""
    _, signal, noise = (values[t] for values in schedule(given))
    x = torch.tensor([[0.6, -0.2], [-1.0, 1.3], [3.0, -4.0]], dtype=torch.float64, requires_grad=True)
    normal = distributions.Independent(distributions.Normal(signal * given["points"], noise), 1)
    mixture = distributions.MixtureSameFamily(distributions.Categorical(torch.ones(12).double()), normal)
    (gradient,) = torch.autograd.grad(mixture.log_prob(x).sum(), x)
    for place, expected in zip(x.detach(), (x + noise**2 * gradient).detach() / signal, strict=True):
        settings = {"position_x": place[0], "position_y": place[1], "at_t": t}
        found = sheets.calculate(PATH, settings, ["denoised", "predicted_noise", "again"])
        torch.testing.assert_close(found["denoised"].flatten(), expected, rtol=0, atol=1e-9)
        torch.testing.assert_close(found["again"].flatten(), place, rtol=0, atol=1e-9)


def test_no_other_guess_has_a_smaller_squared_error(given):
    """Among pairs of point and noise that land at nearly one position, the sheet's guess is the mean of the points."""
    _, signal, noise = (values[4] for values in schedule(given))
    generator = torch.Generator().manual_seed(0)
    points = given["points"][torch.randint(12, (400_000,), generator=generator)]
    x = signal * points + noise * torch.randn(points.shape, generator=generator, dtype=torch.float64)
    there = points[(x - torch.tensor([0.6, -0.2])).norm(dim=1) < 0.1]
    assert len(there) > 1000
    torch.testing.assert_close(there.mean(0), sheets.read(PATH, "denoised").flatten(), rtol=0, atol=0.08)


@pytest.mark.parametrize("settings", [
    {"last_angle": 10, "position_x": 5, "position_y": -5, "at_t": 1}, {"last_angle": 89, "at_t": 10},
    {"last_angle": 10, "asked_class": 2, "guidance_scale": 10},
    {"starts": [[5, 5], [-5, 5], [5, -5], [-5, -5], [0, 0]]},
], ids=["narrow", "wide", "narrow and far", "corners"])  # fmt: skip
def test_nothing_overflows_at_the_ends_of_what_may_be_typed(given, settings):
    new = {name: torch.as_tensor(value, dtype=torch.float64) for name, value in settings.items()}
    expected = twin(given | new)
    found = sheets.calculate(PATH, new, list(expected))
    for name, values in expected.items():
        torch.testing.assert_close(
            found[name], values.double(), rtol=1e-6, atol=1e-6, msg=lambda m, n=name: f"{n}: {m}"
        )


def test_what_the_words_say_of_noise(given):
    found = forward(given)
    snr, spread = found["snr"], found["spread"]
    assert snr[0] > 40 and snr[-1] < 0.01 and snr[4] > 1 > snr[5]
    assert (abs(spread - 1) < 0.02).all()
    assert abs(given["points"].mean(0)).max() < 1e-9 and abs(given["drawn_noise"].mean(0)).max() < 0.01
    assert abs(given["drawn_noise"].std(0, correction=0) - 1).max() < 0.01
    ended = sheets.calculate(PATH, {"last_angle": 60}, ["alpha_bar"])["alpha_bar"].flatten()
    assert ended[-1].item() == pytest.approx(0.25)
    still = sheets.calculate(PATH, {"noise_scale": 0, "shown": 10}, ["shown_points"])["shown_points"]
    assert still.norm(dim=1).max() < 0.13


def test_what_the_words_say_of_the_weights():
    weights, denoised = (sheets.read(PATH, name) for name in ("weights_by_t", "denoised_by_t"))
    torch.testing.assert_close(weights.sum(0), torch.ones(10).double())
    assert weights[:, 0].sort().values[-2:].sum() > 0.99 and abs(weights[:, -1] - 1 / 12).max() < 0.01
    assert denoised[:, -1].norm() < 0.1
    weights, guesses = sheets.read(PATH, "way_largest"), sheets.read(PATH, "way_denoised")
    assert weights.shape[:2] == (5, 10) and (weights[:, 0] < 0.11).all() and (guesses[:, 0].norm(dim=-1) < 0.15).all()
    assert (weights[:, :6] < 0.5).all() and (weights[:, -1] > 0.7).all()
    assert (sheets.read(PATH, "way_distance") < 0.2).all()


WANTED = [(1, 1, EYES), (1, 3, EYES), (2, 1, ~EYES), (2, 5, ~EYES)]


@pytest.mark.parametrize("asked, scale, among", WANTED, ids=["eyes 1", "eyes 3", "mouth 1", "mouth 5"])
def test_guidance_ends_at_the_class(asked, scale, among):
    settings = {"asked_class": asked, "guidance_scale": scale}
    found = sheets.calculate(PATH, settings, ["of_class", "guided_nearest", "guided_path", "guided_class_weights"])
    nearest = set(found["guided_nearest"].flatten().int().tolist())
    assert found["of_class"] == 5 and (found["guided_class_weights"][..., ~among] == 0).all()
    if asked == 1:
        assert nearest <= {2, 4} if scale == 3 else nearest & {2, 4} and nearest & {1, 3}
    assert (found["guided_path"][..., 1].min() < -2) == (scale == 5)  # far below the mouth


def test_guidance_of_0_and_of_1_are_the_two_denoisers(given):
    for scale, name in [(0, "plain"), (1, "class")]:
        found = sheets.calculate(PATH, {"guidance_scale": scale}, ["guided_denoised", f"guided_{name}_denoised"])
        torch.testing.assert_close(*found.values(), rtol=0, atol=1e-12)
    found = sheets.calculate(PATH, {"guidance_scale": 0, "asked_class": 2}, ["guided_path", "way_path"])
    torch.testing.assert_close(*found.values(), rtol=0, atol=1e-9)


def test_the_share_of_eyes_among_many_ends(given):
    """4 of 12 points are eyes, and about a third of many random starts end there."""
    starts = torch.randn(3000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    nearest = way(given | {"starts": starts}, "")["nearest"]
    assert abs(EYES[nearest - 1].double().mean() - 1 / 3) < 0.04


def test_it_is_small():
    assert PATH.stat().st_size < 500_000 and len(sheets.formulas_in(PATH)) < 6_000


def test_settings_have_bounds():
    places = dict.fromkeys(["position_x", "position_y", "starts"], ("-5", "5"))
    assert_bounded(PATH, places | {
        "shown": ("0", "10"), "turn": ("0", "360"), "noise_scale": ("0", "1"), "last_angle": ("10", "89"),
        "points": ("-3", "3"), "drawn_noise": ("-4", "4"), "at_t": ("1", "10"), "asked_class": ("1", "2"),
        "guidance_scale": ("0", "10"),
    })  # fmt: skip


@recalculates(
    partial(typed_in, PATH, 1, {"C3": 9, "H3": 45, "N3": 0.5, "F5": 70, "E37": -1.1}),
    partial(typed_in, PATH, 2, {"C3": -1.5, "F3": 1.25, "J3": 1}),
    partial(typed_in, PATH, 3, {"D6": 1.5, "E10": -2.5}),
    partial(typed_in, PATH, 4, {"C3": 2, "H3": 3.5}),
)
def test_libreoffice_follows_other_settings(recalculated):
    for copy in recalculated:
        given = inputs_of(copy, INPUTS)
        expected = twin(given)
        assert_equal({name: sheets.read(copy, name) for name in expected}, expected)
        for name, prefix in zip(WORDS, ["way", "guided", "way"], strict=True):
            words = ["eye" if nearest <= 4 else "mouth" for nearest in expected[f"{prefix}_nearest"].flatten()]
            assert texts_at(copy, name) == words
    assert math.isclose(inputs_of(recalculated[3], INPUTS)["guidance_scale"], 3.5)


def test_the_words_beside_the_ends():
    for name, prefix in zip(WORDS, ["way", "guided", "way"], strict=True):
        nearest = sheets.read(PATH, f"{prefix}_nearest").flatten().tolist()
        assert texts_at(PATH, name) == ["eye" if point <= 4 else "mouth" for point in nearest]
