"""A number as an image's label, or several: read, learned in any unit, held in a range, and said with its name."""

import numpy as np
import pytest
import torch
from drawn import noise, save
from torch import nn
from torch.nn import functional as F

import coursekit as ck
from coursekit.vision.models import OutputScale

RED, BLUE = np.random.default_rng(0).uniform(0, 1, (2, 120))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images that are as red and as blue as their numbers say: 0.png, 1.png ..."""
    folder = tmp_path_factory.mktemp("numbers")
    for i, (red, blue) in enumerate(zip(RED, BLUE, strict=True)):
        image = noise(16, 16, 3, i, 0, 60).astype(int) + (180 * np.array([red, 0, blue])).astype(int)
        save(folder / f"{i}.png", image)
    return folder


def red(file):
    return RED[int(file.stem)]


def loaders(folder, labels, **options):
    source = ck.ImageSource(folder).labelled_by(ck.number_labels(labels, **options)).split(ck.at_random(0.25))
    return source.loaders(16, batch_size=16, device="cpu")


def learner(data, seed=0, **options):
    torch.manual_seed(seed)
    return ck.vision_learner(data, **({"progress": False, "metrics": [ck.rmse, ck.r2]} | options))


# Labels


@pytest.mark.parametrize("label", [7, "7", "7.0", np.float32(7), torch.tensor(7.0), [7], (7,), np.array([7])], ids=repr)
def test_a_number_may_be_given_in_many_ways(folder, label):
    source = ck.ImageSource(folder).labelled_by(ck.number_labels(lambda file: label))
    assert source.target_type == ck.Numbers(("number",)) and repr(source) == "ImageSource(120 images, 1 numbers)"
    assert torch.equal(source.target_type.encode(source.labels), torch.full((120, 1), 7.0))


def test_other_ways_to_label_give_numbers_too(folder, tmp_path):
    source = ck.ImageSource(folder)
    by_name = source.labelled_by(ck.number_labels(ck.pattern_labels(r"(\d+)\.png")))
    rows = "\n".join(f"{file.name};{file.stem}.5" for file in source.files)
    (tmp_path / "ages.csv").write_text(f"file;age\n{rows}\n", encoding="utf-8")
    by_table = source.labelled_by(ck.number_labels(ck.csv_labels(tmp_path / "ages.csv"), "age"))
    for labelled, more in ((by_name, 0), (by_table, 0.5)):
        assert torch.equal(torch.cat(labelled.labels), torch.tensor([int(f.stem) + more for f in source.files]))
    assert by_table.target_type.columns == ("age",)


def test_several_numbers_have_names(folder):
    source = ck.ImageSource(folder)
    unnamed = source.labelled_by(ck.number_labels(lambda file: (1, 2)))
    assert unnamed.target_type.columns == ("number 1", "number 2") and repr(unnamed).endswith("images, 2 numbers)")
    assert source.labelled_by(ck.number_labels(lambda file: (1, 2), ["a", "b"])).target_type.columns == ("a", "b")


WRONG = {
    "a word": ((lambda file: "seven",), {}, "has the label 'seven'; needed: a number, or several"),
    "not finite": ((lambda file: float("nan"),), {}, "has the label nan; needed: 1 of finite numbers"),
    "none": ((lambda file: [],), {}, r"has the label \[\]; needed: at least one of finite numbers"),
    "missing": ((lambda file: None,), {}, "120 of 120 images have no label"),
    "another count": (
        (lambda file: [1] * (1 + (file.stem == "5")),),
        {},
        r"5.png has the label \[1, 1\]; needed: 1 of",
    ),
    "other names": ((lambda file: 1, ["a", "b"]), {}, "has the label 1; needed: 2 of finite numbers"),
    "a name twice": ((lambda file: (1, 2), ["a", "a"]), {}, r"each once; found \('a', 'a'\)"),
    "beyond": ((lambda file: 3,), {"output_range": (0, 2)}, r"label 3, outside output_range=\(0, 2\): make it wider"),
    "no range": ((lambda file: 3,), {"output_range": (2, 0)}, r"a pair \(low, high\), low < high; found \(2, 0\)"),
    "another loss": ((lambda file: 3,), {"loss": "huber"}, "the loss of numbers is 'mse' or 'mae'; found 'huber'"),
}


@pytest.mark.parametrize("arguments, options, message", WRONG.values(), ids=WRONG.keys())
def test_wrong_numbers(folder, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        ck.ImageSource(folder).labelled_by(ck.number_labels(*arguments, **options))


# What is learned


@pytest.mark.parametrize("loss, function", [("mse", F.mse_loss), ("mae", F.l1_loss)])
def test_the_loss_is_the_one_asked_for_in_the_targets_unit(folder, loss, function):
    learn = learner(loaders(folder, lambda file: 50 * red(file), loss=loss))
    outputs, targets = learn.predictions()
    assert learn.validate()["loss"] == pytest.approx(function(outputs, targets).item(), rel=1e-5)
    each = learn.data.target_type.losses(outputs, targets)
    assert each.shape == (30,) and each.mean().item() == pytest.approx(function(outputs, targets).item(), rel=1e-5)
    assert targets.shape == (30, 1) and targets.dtype == torch.float32


@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_unit_of_the_target_does_not_matter(folder, seed, loss):
    """The errors are the same, but for what float32 rounds of y + 1e6 (to 1/16, where the deviation is 12)."""

    def errors(factor, constant, **options):
        learn = learner(loaders(folder, lambda file: factor * 40 * red(file) + constant, loss=loss, **options), seed)
        first = learn.validate()["rmse"] / factor
        learn.fit_one_cycle(5, 0.03)
        return first, learn.validate()["rmse"] / factor

    first, last = errors(1, 0)
    assert last < 0.8 * first
    for factor, constant, within in ((1000, 0, 1e-4), (0.001, 0, 1e-4), (1, 1e6, 0.02)):
        assert errors(factor, constant) == (pytest.approx(first, rel=within), pytest.approx(last, rel=within))


def test_training_starts_at_the_mean_of_the_training_targets(folder):
    data = loaders(folder, lambda file: (40 * red(file) + 300, 1e-3 * BLUE[int(file.stem)]))
    learn = learner(data)
    nn.init.zeros_(learn.model[-1][-2].weight), nn.init.zeros_(learn.model[-1][-2].bias)
    mean = torch.stack(data.source.part(False)[1]).mean(0)
    assert torch.allclose(learn.predictions()[0], mean.expand(30, 2))
    bounded = learner(loaders(folder, lambda file: 40 * red(file) + 300, output_range=(250, 400)))
    nn.init.zeros_(bounded.model[-1][-2].weight), nn.init.zeros_(bounded.model[-1][-2].bias)
    assert torch.allclose(bounded.predictions()[0], mean[:1].expand(30, 1))


def test_gradients_are_those_between_numbers_of_deviation_one():
    x, y = torch.randn(50, 2, requires_grad=True), torch.randn(50, 2) * torch.tensor([1000.0, 0.01]) + 7
    scale = OutputScale(ck.Numbers(("a", "b")))
    scale.fit(y)
    mean, deviation = y.mean(0), y.std(0, correction=0)
    assert torch.allclose(scale(x), mean + deviation * x, rtol=1e-5)
    found = torch.autograd.grad(F.mse_loss(scale(x), y), x)[0]
    assert torch.allclose(found, torch.autograd.grad(F.mse_loss(x, (y - mean) / deviation), x)[0], rtol=1e-3, atol=1e-7)
    absolute = OutputScale(ck.Numbers(("a", "b"), loss="mae"))
    absolute.fit(y)
    found = torch.autograd.grad(F.l1_loss(absolute(x), y), x)[0]
    assert torch.allclose(found, torch.autograd.grad(F.l1_loss(x, (y - mean) / deviation), x)[0])


def test_outputs_stay_within_their_range(folder):
    learn = learner(loaders(folder, lambda file: 40 * red(file), output_range=(-5, 45)))
    nn.init.constant_(learn.model[-1][-2].weight, 90)
    outputs, _ = learn.predictions()
    assert outputs.min() >= -5 and outputs.max() <= 45 and outputs.max() > 44
    assert learn.data.config()["output range"] == [-5, 45]


def test_targets_that_are_all_alike_are_learned(folder):
    learn = learner(loaders(folder, lambda file: 3))
    learn.fit_one_cycle(2, 0.01)
    assert learn.validate()["rmse"] < 1


def test_two_numbers_are_learned_and_said_by_name(folder, tmp_path):
    data = loaders(folder, lambda file: (20 + 60 * red(file), 1e5 * BLUE[int(file.stem)]), names=["age", "income"])
    learn = learner(data, pretrained=False)
    learn.fit_one_cycle(8, 0.02)
    outputs, targets = learn.predictions()
    assert (1 - (outputs - targets).square().mean(0) / targets.var(0) > 0.8).all()
    file = learn.data.source.part(True)[0][0]
    found = learn.predict(file)
    age, income = outputs[0].tolist()
    assert found.numbers == {"age": pytest.approx(age, rel=1e-3), "income": pytest.approx(income, rel=1e-3)}
    assert found.label == f"age {age:.4g}, income {income:,.0f}" == repr(found)
    with pytest.raises(ValueError, match="there is no one probability a class here"):
        _ = found.probabilities
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    assert again.target_type == data.target_type and torch.allclose(again.predict(file).values, found.values, rtol=1e-5)


def test_one_number_is_said_alone():
    kind = ck.Numbers(("age",))
    assert [kind.text(torch.tensor([n])) for n in (31.25, 1234.5, 250_000.0, -0.00012)] == [
        "31.25", "1234", "250,000", "-0.00012",
    ]  # fmt: skip
    assert ck.Numbers().text(torch.tensor([1.0, 2.0])) == "1, 2", "of tensors without names"
    with pytest.raises(ValueError, match=r"no numbers with names are predicted here: .* of shape \(2,\)"):
        _ = ck.Prediction("a", torch.rand(2), ("a", "b")).numbers


def test_data_with_other_numbers_are_refused(folder):
    learn = learner(loaders(folder, red, names="redness"))
    with pytest.raises(ValueError, match=r"data was made for other numbers: .*\['number'\] there, \['redness'\] here"):
        learn.use(loaders(folder, red))
    other = ck.ImageSource(folder).labelled_by(ck.number_labels(red, "blueness"))
    with pytest.raises(ValueError, match="the training's labels are Numbers.*and these are"):
        learn.data.test(other)
    assert learn.data.test(folder).samples == 120
