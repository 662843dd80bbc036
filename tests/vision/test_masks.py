"""Masks whose grey levels or colors stand for classes, and masks that are predicted in an image's own size."""

import numpy as np
import pytest
import torch
from drawn import mask_source, noise, save
from PIL import Image
from torch import nn

import coursekit as ck

COLORS = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 255], [224, 224, 192]])


@pytest.fixture
def numbers(tmp_path):
    """Six images, and for each the class numbers, 0 to 3, of its pixels, (16, 20)."""
    arrays = [np.random.default_rng(i).integers(0, 4, (16, 20)) for i in range(6)]
    for i in range(6):
        save(tmp_path / "images" / f"{i}.png", noise(16, 20, 3, i))
    return arrays


def source(tmp_path, names, ignored=None):
    labels = ck.mask_labels(lambda file: tmp_path / "masks" / file.name, names, ignored)
    return ck.ImageSource(tmp_path / "images").labelled_by(labels)


def read(source):
    """All targets, in the order of the files."""
    data = source.split(lambda files: [i == 5 for i in range(6)]).loaders((16, 20), device="cpu")
    return torch.cat([data.train.inner.tensors[1], data.valid.inner.tensors[1]])


NAMES = ("ground", "road", "car", "rim")
GREYS = (0, 128, 129, 255)


def test_grey_levels_stand_for_classes(tmp_path, numbers):
    for i, array in enumerate(numbers):
        save(tmp_path / "masks" / f"{i}.png", np.array(GREYS)[array])
    labelled = source(tmp_path, dict(zip(GREYS, NAMES, strict=True)), "rim")
    assert labelled.target_type.names == NAMES and labelled.target_type.ignore_index == 3
    assert torch.equal(read(labelled), torch.tensor(np.stack(numbers), dtype=torch.uint8))


@pytest.mark.parametrize("form", ["RGB", "RGBA", "P"])
def test_colors_stand_for_classes(tmp_path, numbers, form):
    for i, array in enumerate(numbers):
        path = save(tmp_path / "masks" / f"{i}.png", array if form == "P" else COLORS[array])
        image = Image.open(path)
        if form == "P":
            image.putpalette(COLORS.astype(np.uint8).tobytes())
        image.convert(form).save(path)
    labelled = source(tmp_path, {tuple(color): name for color, name in zip(COLORS.tolist(), NAMES, strict=True)})
    assert torch.equal(read(labelled), torch.tensor(np.stack(numbers), dtype=torch.uint8))
    assert ck.read_mask(tmp_path / "masks" / "0.png", labelled.target_type.pixels).tolist() == numbers[0].tolist()


def test_several_values_may_stand_for_one_class(tmp_path, numbers):
    for i, array in enumerate(numbers):
        save(tmp_path / "masks" / f"{i}.png", array)
    labelled = source(tmp_path, {0: "ground", 1: "car", 2: "car", 3: "ground"})
    assert labelled.target_type.names == ("ground", "car")
    assert torch.equal(read(labelled), torch.tensor(np.stack([(a % 3 > 0).astype(int) for a in numbers])).byte())


@pytest.mark.parametrize("names", [NAMES[:3], dict(enumerate(NAMES[:3]))], ids=["listed", "mapped"])
def test_a_value_may_count_for_nothing(tmp_path, numbers, names):
    for i, array in enumerate(numbers):
        save(tmp_path / "masks" / f"{i}.png", np.array([0, 1, 2, 255])[array])
    labelled = source(tmp_path, names, 255)
    kind = labelled.target_type
    assert kind.names == ("ground", "road", "car", "ignored") and kind.ignored == "ignored"
    targets = read(labelled).long()
    assert torch.equal(targets, torch.tensor(np.stack(numbers)))
    outputs = torch.randn(6, 4, 16, 20)
    counted = targets != 3
    expected = -outputs.log_softmax(1).gather(1, targets[:, None])[:, 0][counted].mean()
    assert torch.allclose(kind.loss_fn(outputs, targets), expected)


WRONG = {
    "a grey level": ({0: "a", 1: "b"}, None, r"0.png holds the value 2, which stands for no class; there are 0, 1"),
    "a color": ({(0, 0, 0): "a", (1, 1, 1): "b"}, None, r"0.png holds the value \(2, 2, 2\), which stands for no"),
    "both": ({0: "a", (1, 1, 1): "b"}, None, "all grey levels, 0 to 255, or all colors .*; found 0, "),
    "beyond a byte": ({0: "a", 256: "b"}, None, "all grey levels, 0 to 255, .*; found 0, 256"),
    "a name for a level": ({"a": 0, "b": 1}, None, "all grey levels, 0 to 255, .*; found a, b"),
    "a class that is ignored": ({0: "a", 1: "b"}, 1, "ignored=1 stands for 'b': give that name, or another value"),
    "a level for colors": ({(0, 0, 0): "a", (1, 1, 1): "b"}, 255, "all grey levels, 0 to 255, or all colors"),
    "another name": ({0: "a", 1: "b"}, "c", "ignored='c' is none of the 2 names: a, b"),
    "one class": ({0: "a", 1: "a"}, None, "two names of classes or more, each once; found a"),
}  # fmt: skip


@pytest.mark.parametrize("names, ignored, message", WRONG.values(), ids=WRONG.keys())
def test_wrong_mappings(tmp_path, numbers, names, ignored, message):
    for i, array in enumerate(numbers):
        save(tmp_path / "masks" / f"{i}.png", array)
    with pytest.raises(ValueError, match=message):
        read(source(tmp_path, names, ignored))


def test_colors_in_a_format_that_changes_them_are_refused(tmp_path, numbers):
    save(tmp_path / "mask.jpg", COLORS[numbers[0]])
    with pytest.raises(ValueError, match="is a JPEG, which does not keep class numbers"):
        ck.read_mask(tmp_path / "mask.jpg", [((0, 0, 0), 0)])


# Predicted


class Halves(nn.Module):
    """Says that the left half of any image is ground (0), the right one disc (1), and never rim (2)."""

    def __init__(self, column=0.5):
        super().__init__()
        self.column = nn.Parameter(torch.tensor(column))

    def forward(self, x):
        right = (torch.arange(x.shape[3]) + 0.5) / x.shape[3] > self.column
        values = torch.stack([~right, right, torch.zeros_like(right)]).float() * 9
        return values[:, None, :].expand(3, x.shape[2], x.shape[3]).expand(len(x), -1, -1, -1)


def predictor(tmp_path, fit, size):
    from drawn import discs

    discs(tmp_path, 4)
    data = mask_source(tmp_path).split(ck.at_random(0.5)).loaders(size, fit=fit, device="cpu")
    learn = ck.unet_learner(data, progress=False)
    learn.model = Halves()
    return learn


@pytest.mark.parametrize("shape", [(60, 80), (41, 23), (7, 90), (16, 16)], ids=str)
@pytest.mark.parametrize("fit", ["squish", "pad"])
def test_a_predicted_mask_has_the_images_own_size(tmp_path, fit, shape):
    learn = predictor(tmp_path, fit, (16, 24))
    image = noise(*shape)
    found = learn.predict(image)
    assert found.mask.dtype == torch.uint8 and found.mask.shape == shape and found.values.shape == (3, 16, 24)
    expected = (torch.arange(shape[1]) + 0.5) / shape[1] > 0.5
    between = shape[1] / 24 if fit == "squish" else max(shape[0] / 16, shape[1] / 24)
    wrong = (found.mask != expected).sum(1)
    assert wrong.max() <= between / 2 + 1, "no farther off than half a pixel of the model's"
    several = learn.predict([image, noise(5, 9)])
    assert torch.equal(several[0].mask, found.mask) and several[1].mask.shape == (5, 9)
    assert found.label in ("ground, disc", "disc, ground")


def test_of_a_cropped_image_the_part_that_was_seen_has_a_mask(tmp_path):
    """A square of 40 x 80 pixels is 40 x 40, its middle."""
    found = predictor(tmp_path, "crop", (16, 16)).predict(noise(40, 80))
    assert found.mask.shape == (40, 40) and (found.mask[:, :19] == 0).all() and (found.mask[:, 21:] == 1).all()


def test_a_mask_of_the_same_size_is_the_largest_value(tmp_path):
    resize, values = ck.Resize((9, 7)), torch.rand(4, 9, 7)
    assert torch.equal(resize.mask_back(values, 9, 7), values.argmax(0).byte())
    up = nn.functional.interpolate(values[None], (30, 20), mode="bilinear", align_corners=False)[0]
    assert torch.equal(resize.mask_back(values, 30, 20), up.argmax(0).byte())
    assert ck.Prediction("cat", torch.tensor([0.5, 0.5]), ("cat", "dog")).mask is None


def test_a_mapping_goes_into_the_saved_file(tmp_path, numbers):
    for i, array in enumerate(numbers):
        save(tmp_path / "masks" / f"{i}.png", np.array(GREYS)[array])
    data = (
        source(tmp_path, dict(zip(GREYS, NAMES, strict=True)), "rim").split(ck.at_random(0.5)).loaders(16, device="cpu")
    )
    learn = ck.unet_learner(data, pretrained=False, progress=False)
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    image = data.source.files[0]
    assert again.target_type == data.target_type and torch.equal(again.predict(image).mask, learn.predict(image).mask)
