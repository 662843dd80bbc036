"""A trained model by itself: it predicts a image as its learner did, and is the same after it was saved and read."""

import io

import numpy as np
import pytest
import torch
from drawn import classes, discs, mask_source, multi_source, noise, point_source, save
from PIL import Image
from torch import nn

import coursekit as ck
from coursekit.vision.backbones import convolution


def other_body(pretrained=False):
    return nn.Sequential(convolution(3, 8, stride=2), nn.ReLU())


def learner_of(kind, folder, body=ck.resnet_tiny, channels=3, **options):
    """A learner of little images, trained a little."""
    if kind == "category":
        source = classes(folder, 4, 20, channels)
    elif kind == "multi":
        source = multi_source(folder, 8, 20)
    else:
        middles = discs(folder, 8, 20)
        source = mask_source(folder) if kind == "masks" else point_source(folder, middles)
    data = source.split(ck.at_random(0.3)).loaders(**({"size": 16, "batch_size": 4, "device": "cpu"} | options))
    make = ck.unet_learner if kind == "masks" else ck.vision_learner
    learn = make(data, body, pretrained=False, progress=False)
    learn.fit(1, 1e-2)
    return learn


KINDS = ["category", "multi", "masks", "points"]
each_kind = pytest.mark.parametrize("kind", KINDS)


def same(one, other):
    """Two predictions, but for rounding: the order of the channels in memory is not saved."""
    return one.label == other.label and torch.allclose(one.values, other.values, atol=1e-5)


def expected_values(learn):
    """Probabilities, or points in pixels of the 20 x 20 images, of the held-out images."""
    outputs, _ = learn.predictions()
    values = learn.data.target_type.values(outputs)
    return (values.reshape(len(values), -1, 2) + 1) * 10 if isinstance(learn.data.target_type, ck.Keypoints) else values


@each_kind
def test_it_predicts_the_held_out_images_as_the_learner_does(tmp_path, kind):
    learn = learner_of(kind, tmp_path)
    predictor, expected = learn.predictor(), expected_values(learn)
    files, _ = learn.data.source.part(True)
    many = predictor.predict(files)
    for file, together, values in zip(files, many, expected, strict=True):
        alone = predictor.predict(file)
        assert torch.allclose(alone.values, values, atol=1e-5) and torch.allclose(together.values, values, atol=1e-5)
        for form in (str(file), file.read_bytes(), io.BytesIO(file.read_bytes()), ck.read_image(file)):
            assert (
                torch.equal(predictor.predict(form).values, alone.values)
                and predictor.predict(form).label == alone.label
            )
    assert predictor.predict([]) == []


@each_kind
def test_saved_and_read_it_predicts_the_same(tmp_path, kind):
    learn = learner_of(kind, tmp_path, fit="pad", size=(16, 24))
    predictor, image = learn.predictor(), learn.data.source.files[0]
    path = predictor.save(tmp_path / "out" / "model")
    assert path == tmp_path / "out" / "model.safetensors"
    again = ck.Predictor.load(path)
    assert same(again.predict(image), predictor.predict(image))
    assert repr(again.predict(image)) == repr(predictor.predict(image)) and again.target_type == predictor.target_type
    assert again.save(tmp_path / "twice").read_bytes() == path.read_bytes()


def test_saved_after_training_at_another_size(tmp_path):
    learn = learner_of("category", tmp_path)
    learn.use(learn.data.source.loaders(32, batch_size=4, device="cpu"))
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    assert again.resize.size == (32, 32)
    assert same(again.predict(learn.data.source.files[0]), learn.predictor().predict(learn.data.source.files[0]))


@pytest.mark.parametrize("channels", [1, 4])
def test_saved_with_other_channels(tmp_path, channels):
    learn = learner_of("category", tmp_path, channels=channels)
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    file = learn.data.source.files[0]
    assert same(again.predict(file), learn.predictor().predict(file)) and again.channels == channels


def test_what_a_prediction_says(tmp_path):
    found = ck.Prediction("cat", torch.tensor([0.03, 0.97]), ("dog", "cat"))
    assert repr(found) == "cat (97%)" and list(found.probabilities) == ["cat", "dog"]
    assert found.probabilities["cat"] == pytest.approx(0.97)
    assert repr(ck.Prediction("", torch.tensor([0.1, 0.2]), ("a", "b"))) == ""
    assert repr(ck.Prediction("(3, 4)", torch.tensor([[3.0, 4.0]]))) == "(3, 4)"


@pytest.mark.parametrize("fit", ["squish", "pad"])
@pytest.mark.parametrize("shape", [(20, 20), (30, 50), (41, 23)], ids=str)
def test_points_are_pixels_of_the_image_as_it_was_given(tmp_path, fit, shape):
    learn = learner_of("points", tmp_path, fit=fit)
    predictor = learn.predictor()
    predictor.model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2))
    nn.init.zeros_(predictor.model[1].weight)
    predictor.model[1].bias.data = torch.tensor([0.0, 0.0])
    found = predictor.predict(torch.zeros(3, *shape, dtype=torch.uint8))
    assert found.values[0] == pytest.approx([shape[1] / 2, shape[0] / 2], abs=max(shape) / 16)
    if fit == "squish":
        predictor.model[1].bias.data = torch.tensor([0.5, -0.5])
        x, y = predictor.predict(torch.zeros(3, *shape, dtype=torch.uint8)).values[0].tolist()
        assert (x, y) == (pytest.approx(0.75 * shape[1]), pytest.approx(0.25 * shape[0]))


def test_a_predictor_draws_no_random_numbers_and_keeps_dropout_off(tmp_path):
    learn = learner_of("category", tmp_path)
    learn.model.train()
    state = torch.get_rng_state()
    file = learn.data.source.files[0]
    assert torch.equal(learn.predictor().predict(file).values, learn.predictor().predict(file).values)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    return learner_of("category", tmp_path_factory.mktemp("images")).predictor()


WRONG = {
    "floats of another size": (
        torch.rand(3, 8, 8),
        r"uint8 of shape \(3, H, W\), .*found torch.float32 of shape \(3, 8, 8\)",
    ),
    "floats beyond 1": (torch.full((3, 16, 16), 255.0), r"or float from 0 to 1 of the model's own size, \(3, 16, 16\)"),
    "one channel": (torch.zeros(1, 8, 8, dtype=torch.uint8), r"found torch.uint8 of shape \(1, 8, 8\)"),
    "five axes": (torch.zeros(1, 1, 3, 8, 8, dtype=torch.uint8), r"of shape \(1, 1, 3, 8, 8\)"),
    "no image": (b"text", "this is not a whole image"),
    "nothing": (None, "an image is a path, an open file .*; found NoneType"),
    "an array of floats": (np.random.rand(8, 8, 3), "this is not a whole image .*Cannot handle this data type"),
}


@pytest.mark.parametrize("image, message", WRONG.values(), ids=WRONG.keys())
def test_wrong_images(predictor, image, message):
    with pytest.raises(ValueError, match=message):
        predictor.predict(image)


def test_a_missing_image_is_named(predictor, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*gone.png"):
        predictor.predict([save(tmp_path / "a.png", noise()), tmp_path / "gone.png"])


def test_files_that_hold_no_predictor(tmp_path):
    learn = learner_of("category", tmp_path)
    with pytest.raises(ValueError, match=r"weights.safetensors holds weights only.*learn.export\(path\) writes"):
        ck.Predictor.load(learn.save(tmp_path / "weights"))
    with pytest.raises(FileNotFoundError, match="no saved model at"):
        ck.Predictor.load(tmp_path / "gone")
    path = learn.predictor().save(tmp_path / "model")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        ck.Predictor.load(path)


class Body(nn.Sequential):
    """A backbone whose class only its author has."""


def test_a_body_of_ones_own_is_saved_and_its_class_given_again(tmp_path):
    learn = learner_of("category", tmp_path, other_body)
    file = learn.data.source.files[0]
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    assert same(again.predict(file), learn.predictor().predict(file))
    learn = learner_of("category", tmp_path, lambda pretrained: Body(convolution(3, 8, stride=2), nn.ReLU()))
    path = learn.predictor().save(tmp_path / "own")
    with pytest.raises(ValueError, match=r"asks for .*Body; .* ck.load\(path, trust=\[Body\]\)"):
        ck.Predictor.load(path)
    assert same(ck.Predictor.load(path, [Body]).predict(file), learn.predictor().predict(file))


def test_a_body_of_torchvision_is_found_by_its_name(tmp_path):
    learn = learner_of("category", tmp_path, "squeezenet1_1", size=32)
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    file = learn.data.source.files[0]
    assert same(again.predict(file), learn.predictor().predict(file))


@each_kind
def test_the_learner_predicts_all_that_a_person_may_give(tmp_path, kind):
    learn = learner_of(kind, tmp_path)
    files = learn.data.source.files[:3]
    expected = learn.predictor().predict(list(files))
    tensors = [ck.read_image(file) for file in files]
    arrays = [np.array(Image.open(file)) for file in files]
    for one in (files[0], str(files[0]), files[0].read_bytes(), Image.open(files[0]), arrays[0], tensors[0]):
        found = learn.predict(one)
        assert isinstance(found, ck.Prediction) and torch.allclose(found.values, expected[0].values, atol=1e-5)
    several = (
        list(files),
        tuple(files),
        torch.stack(tensors),
        np.stack(arrays),
        tensors,
        [files[0], arrays[1], tensors[2]],
    )
    for many in several:
        found = learn.predict(many)
        assert len(found) == 3 and all(map(same, found, expected))
    prepared = torch.stack([learn.data.resize(tensor) for tensor in tensors]) / 255
    for found in (learn.predict(prepared), learn.predict(list(prepared))):
        if kind == "points":  # in pixels of the image as it was given, which has the model's size here
            assert torch.allclose(found[0].values * 20 / 16, expected[0].values, atol=1e-4)
        else:
            assert all(map(same, found, expected))
    outputs = learn.raw_outputs(list(files))
    assert torch.allclose(
        learn.data.target_type.values(outputs), learn.data.target_type.values(learn.raw_outputs(prepared))
    )
    assert learn.predict([]) == []


def test_many_images_go_through_the_model_a_chunk_at_a_time(tmp_path):
    learn = learner_of("category", tmp_path)
    sizes, predictor = [], learn.predictor()
    predictor.model.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    found = predictor.predict([learn.data.source.files[0]] * 7, batch_size=3)
    assert sizes == [3, 3, 1] and len(found) == 7


def test_a_grey_array_and_one_with_an_axis_of_one(tmp_path):
    learn = learner_of("category", tmp_path)
    grey = noise(20, 20, 1)
    expected = learn.predict(np.repeat(grey[:, :, None], 3, 2)).values
    for array in (grey, grey[:, :, None]):
        assert torch.allclose(learn.predict(array).values, expected, atol=1e-6)
