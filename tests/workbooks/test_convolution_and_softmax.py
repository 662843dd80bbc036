"""convolution.xlsx and softmax.xlsx: every formula against PyTorch, in Python for all digits, and in LibreOffice."""

from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from workbooks import CLOSE, EXCEL, EveryWorkbook, inputs_of, recalculates, texts_at, typed_in

from coursekit.classroom import sheets

CONVOLUTION, SOFTMAX = EXCEL / "convolution.xlsx", EXCEL / "softmax.xlsx"

# What a reader may change, by name; all else that has a name is a formula.
INPUTS = {
    CONVOLUTION: ["hand_picture", "hand_weight1", "hand_weight2", "hand_dense_weight", "hand_dense_bias", "digit",
                  "digits_pixels", "digits_label", "conv1_weight", "conv1_bias", "conv2_weight", "conv2_bias",
                  "dense_weight", "dense_bias"],
    SOFTMAX: ["logits", "temperature", "large_logits", "case_logits", "ce_logits", "ce_targets", "bce_logits",
              "bce_targets", "log_pairs", "exp_pairs", "base_probabilities"],
}  # fmt: skip


def network(inputs):
    """The trained sheet's network in PyTorch, float64."""
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(),
        nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10),
    ).double().requires_grad_(False)  # fmt: skip
    for layer, name in [(0, "conv1"), (2, "conv2"), (6, "dense")]:
        net[layer].weight.copy_(inputs[f"{name}_weight"].reshape(net[layer].weight.shape))
        net[layer].bias.copy_(inputs[f"{name}_bias"])
    return net


def by_hand(inputs):
    sums1 = F.conv2d(inputs["hand_picture"][None, None], inputs["hand_weight1"][:, None])
    sums2 = F.conv2d(sums1.relu(), inputs["hand_weight2"].reshape(2, 2, 3, 3))
    pooled = F.max_pool2d(sums2.relu(), 2)
    output = F.linear(pooled.flatten(), inputs["hand_dense_weight"].flatten(), inputs["hand_dense_bias"])
    return {
        "hand_sums1": sums1[0], "hand_maps1": sums1[0].relu(), "hand_sums2": sums2[0], "hand_maps2": sums2[0].relu(),
        "hand_pooled": pooled[0], "hand_output": output,
    }  # fmt: skip


def convolution(inputs):
    """All that convolution.xlsx works out, from its inputs."""
    row = int(inputs["digit"]) - 1
    picture = inputs["digits_pixels"][row].reshape(8, 8) / 16
    net = network(inputs)
    steps = [picture[None, None]]
    for layer in net:
        steps.append(layer(steps[-1]))
    logits = steps[-1][0]
    exps = (logits - logits.max()).exp()
    return by_hand(inputs) | {
        "picture": picture, "conv1": steps[1][0], "conv1_relu": steps[2][0], "conv2": steps[3][0],
        "conv2_relu": steps[4][0], "pooled": steps[5][0], "logits": logits, "logits_max": logits.max(),
        "shifted": logits - logits.max(), "exps": exps, "exps_sum": exps.sum(), "softmax": logits.softmax(0),
        "probabilities": logits.softmax(0), "prediction": logits.argmax(), "label": inputs["digits_label"][row],
    }  # fmt: skip


def shares(prefix, exponents):
    one = torch.tensor(1.0)
    return {
        f"{prefix}exps": exponents.exp(), f"{prefix}exps_sum": exponents.exp().sum(),
        f"{prefix}probabilities": exponents.softmax(0), f"{prefix}probabilities_sum": one,
    }  # fmt: skip


def softmax_sheets(inputs):
    logits, large, cases = inputs["logits"], inputs["large_logits"], inputs["case_logits"]
    shifted, moved = logits - logits.max(), large - large.max()
    scaled = shifted / inputs["temperature"]
    found = shares("", logits) | shares("safe_", shifted) | shares("scaled_", scaled) | shares("large_", moved)
    return found | {
        "logits_max": logits.max(), "shifted": shifted, "scaled": scaled, "large_shifted": moved,
        "case_exps": (cases - cases.amax(1, keepdim=True)).exp(), "case_softmax": cases.softmax(1),
        "case_sigmoid": cases.sigmoid(), "case_softmax_sum": torch.ones(3), "case_sigmoid_sum": cases.sigmoid().sum(1),
    }  # fmt: skip


def losses(inputs):
    logits, targets = inputs["ce_logits"], inputs["ce_targets"].long()
    each, mean = F.cross_entropy(logits, targets, reduction="none"), F.cross_entropy(logits, targets)
    one_hot = F.one_hot(targets, 3).double()
    labels = inputs["bce_logits"], inputs["bce_targets"]
    binary = F.binary_cross_entropy_with_logits(*labels, reduction="none")
    return {
        "ce_logsumexp": logits.logsumexp(1), "ce_log_softmax": logits.log_softmax(1), "ce_by_class": each,
        "ce_mean_by_class": mean, "ce_one_hot": one_hot, "ce_mean_by_one_hot": F.cross_entropy(logits, one_hot),
        "ce_by_one_hot": F.cross_entropy(logits, one_hot, reduction="none"),
        "bce_sigmoid": labels[0].sigmoid(), "bce_losses": binary, "bce_safe_losses": binary,
        "bce_mean": F.binary_cross_entropy_with_logits(*labels), "bce_safe_mean": binary.mean(),
    }  # fmt: skip


def logs(inputs):
    (a, b), (x, y), p = inputs["log_pairs"].T, inputs["exp_pairs"].T, inputs["base_probabilities"]
    two, ten = (torch.log(torch.full_like(p, base)) for base in (2, 10))
    return {
        "log_product": a * b, "log_of_product": (a * b).log(), "log_of_a": a.log(), "log_of_b": b.log(),
        "log_sum": (a * b).log(), "log_ratio": a / b, "log_of_ratio": (a / b).log(), "log_difference": (a / b).log(),
        "exp_of_sum": (x + y).exp(), "exp_product": (x + y).exp(), "base_e": -p.log(), "base_two": -p.log2(),
        "base_ten": -p.log10(), "base_ratio_two": 1 / two, "base_ratio_ten": 1 / ten,
    }  # fmt: skip


def softmax(inputs):
    """All that softmax.xlsx works out, from its inputs."""
    return softmax_sheets(inputs) | losses(inputs) | logs(inputs)


class TestConvolution(EveryWorkbook):
    path, inputs, texts = CONVOLUTION, INPUTS[CONVOLUTION], ["verdict"]
    sheets = ["by hand", "trained network", "digits"]
    white = [f"by hand!{ring}" for ring in ("C5:L5", "C14:L14", "C6:C13", "L6:L13")]  # of zeros, around the picture
    twin = staticmethod(convolution)

    def changed(self, inputs):
        given = {name: value for name, value in inputs.items() if name != "digits_label"}
        return super().changed(given) | {"digit": torch.tensor(40)}


class TestSoftmax(EveryWorkbook):
    path, inputs, texts = SOFTMAX, INPUTS[SOFTMAX], ["large_naive"]
    sheets = ["softmax", "softmax or sigmoid", "cross-entropy", "binary cross-entropy", "exp and log"]
    twin = staticmethod(softmax)

    def changed(self, inputs):
        return super().changed(inputs) | {"ce_targets": torch.tensor([2, 1, 0, 0])}


def test_no_workbook_is_left_out():
    """Each workbook has a class of tests in one of the test files."""
    tested = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    books = [path.name for path in EXCEL.glob("*.xlsx") if not path.name.startswith(("new_", ".~"))]
    assert books and all(f'EXCEL / "{name}"' in tested for name in books), books


@pytest.fixture(scope="module")
def held_out():
    """The digits of the workbook, (n, 1, 8, 8) between 0 and 1, and their labels."""
    pixels, labels = sheets.read(CONVOLUTION, "digits_pixels"), sheets.read(CONVOLUTION, "digits_label")
    return pixels.reshape(-1, 1, 8, 8) / 16, labels.long()


def test_all_digits_equal_pytorch(held_out):
    images, labels = held_out
    probabilities = network(inputs_of(CONVOLUTION, INPUTS[CONVOLUTION]))(images).softmax(1)
    assert len(images) >= 60
    for number in range(1, len(images) + 1):
        found = sheets.calculate(CONVOLUTION, {"digit": number}, ["probabilities", "prediction", "label"])
        torch.testing.assert_close(found["probabilities"], probabilities[number - 1], **CLOSE)
        assert found["prediction"].item() == probabilities[number - 1].argmax()
        assert found["label"].item() == labels[number - 1]


def test_the_digits_are_the_first_held_out_ones_and_nearly_all_are_read(held_out):
    from coursekit.vision.images import read_digits

    images, labels = held_out
    _, (pictures, truth) = read_digits(EXCEL.parent / "data" / "digits")
    assert images.float().equal(pictures[: len(images)]) and labels.equal(truth[: len(labels)])
    net = network(inputs_of(CONVOLUTION, INPUTS[CONVOLUTION]))
    for x, y in [(images, labels), (pictures.double(), truth)]:
        assert (net(x).argmax(1) == y).double().mean() >= 0.95


def test_every_map_of_the_network_is_alive(held_out):
    net = network(inputs_of(CONVOLUTION, INPUTS[CONVOLUTION]))
    assert (net[:2](held_out[0]).amax((0, 2, 3)) > 0).all() and (net[:4](held_out[0]).amax((0, 2, 3)) > 0).all()


def test_texts():
    (verdict,) = texts_at(CONVOLUTION, "verdict")
    assert verdict == "right" and sheets.read(CONVOLUTION, "prediction") == sheets.read(CONVOLUTION, "label")
    assert sheets.read(SOFTMAX, "large_logits").exp().isinf().all()
    assert texts_at(SOFTMAX, "large_naive") == ["overflow"] * 5
    small = sheets.calculate(SOFTMAX, {"large_logits": [1, 2, 3, 4, 5]}, ["large_naive"])["large_naive"]
    torch.testing.assert_close(small, torch.arange(1.0, 6).double().exp())


def test_the_digit_cell_takes_only_the_digits_there_are(held_out):
    book = sheets.load(CONVOLUTION)
    (area,) = sheets.find(book, "digit")
    (rule,) = [v for v in book[area.sheet].data_validations.dataValidation if area.range in str(v.sqref)]
    assert (rule.type, rule.operator, rule.formula1, rule.formula2) == ("whole", "between", "1", str(len(held_out[0])))
    assert rule.showErrorMessage and str(len(held_out[0])) in rule.error
    with pytest.raises(ValueError, match="#REF!"):
        sheets.calculate(CONVOLUTION, {"digit": len(held_out[0]) + 1}, ["prediction"])


LAST = 100  # the number of digits in the workbook
NUMBERS = [1, 2, 11, 25, 49, 60, 83, LAST]


@recalculates(*(partial(typed_in, CONVOLUTION, 2, {"C3": number}) for number in NUMBERS))
def test_libreoffice_reads_digits_as_pytorch_does(recalculated, held_out):
    assert len(held_out[0]) == LAST
    probabilities = network(inputs_of(CONVOLUTION, INPUTS[CONVOLUTION]))(held_out[0]).softmax(1)
    for number, copy in zip(NUMBERS, recalculated, strict=True):
        torch.testing.assert_close(sheets.read(copy, "probabilities"), probabilities[number - 1], **CLOSE)
        right = probabilities[number - 1].argmax() == held_out[1][number - 1]
        assert texts_at(copy, "verdict") == ["right" if right else "wrong"]
    assert any(texts_at(copy, "verdict") == ["wrong"] for copy in recalculated)
