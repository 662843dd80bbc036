"""A trained model by itself: it predicts a picture as its learner did, and is the same after it was saved and read."""

import io

import pytest
import torch
from coursekit.resnet import convolution
from drawn import classes, discs, mask_source, multi_source, noise, point_source, save
from PIL import Image
from torch import nn

import coursekit as ck


def other_body(pretrained=False):
    return nn.Sequential(convolution(3, 8, stride=2), nn.ReLU())


def learner_of(kind, folder, body=ck.resnet_tiny, channels=3, **options):
    """A learner of little pictures, trained a little."""
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
    return one.text == other.text and torch.allclose(one.values, other.values, atol=1e-5)


def expected_values(learn):
    """Probabilities, or points in pixels of the 20 x 20 pictures, of the held-out pictures."""
    outputs, _ = learn.predictions()
    values = learn.data.kind.probabilities(outputs)
    return (values.reshape(len(values), -1, 2) + 1) * 10 if isinstance(learn.data.kind, ck.kinds.Points) else values


@each_kind
def test_it_predicts_the_held_out_pictures_as_the_learner_does(tmp_path, kind):
    learn = learner_of(kind, tmp_path)
    predictor, expected = learn.predictor(), expected_values(learn)
    files, _ = learn.data.source.part(True)
    many = predictor.many(files)
    for file, together, values in zip(files, many, expected, strict=True):
        alone = predictor(file)
        assert torch.allclose(alone.values, values, atol=1e-5) and torch.allclose(together.values, values, atol=1e-5)
        for form in (str(file), file.read_bytes(), io.BytesIO(file.read_bytes()), ck.read_picture(file)):
            assert torch.equal(predictor(form).values, alone.values) and predictor(form).text == alone.text
    assert predictor.many([]) == []


@each_kind
def test_saved_and_read_it_predicts_the_same(tmp_path, kind):
    learn = learner_of(kind, tmp_path, fit="pad", size=(16, 24))
    predictor, picture = learn.predictor(), learn.data.source.files[0]
    path = predictor.save(tmp_path / "out" / "model")
    assert path == tmp_path / "out" / "model.safetensors"
    again = ck.Predictor.load(path)
    assert same(again(picture), predictor(picture))
    assert repr(again(picture)) == repr(predictor(picture)) and again.kind == predictor.kind
    assert again.save(tmp_path / "twice").read_bytes() == path.read_bytes()


def test_saved_after_training_at_another_size(tmp_path):
    learn = learner_of("category", tmp_path)
    learn.use(learn.data.source.loaders(32, batch_size=4, device="cpu"))
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    assert again.resize.size == (32, 32)
    assert same(again(learn.data.source.files[0]), learn.predictor()(learn.data.source.files[0]))


@pytest.mark.parametrize("channels", [1, 4])
def test_saved_with_other_channels(tmp_path, channels):
    learn = learner_of("category", tmp_path, channels=channels)
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    file = learn.data.source.files[0]
    assert same(again(file), learn.predictor()(file)) and again.channels == channels


def test_what_a_prediction_says(tmp_path):
    found = ck.predictor.Prediction("cat", torch.tensor([0.03, 0.97]), ("dog", "cat"))
    assert repr(found) == "cat (97%)" and list(found.probabilities) == ["cat", "dog"]
    assert found.probabilities["cat"] == pytest.approx(0.97)
    assert repr(ck.predictor.Prediction("", torch.tensor([0.1, 0.2]), ("a", "b"))) == ""
    assert repr(ck.predictor.Prediction("(3, 4)", torch.tensor([[3.0, 4.0]]))) == "(3, 4)"


@pytest.mark.parametrize("fit", ["squish", "pad"])
@pytest.mark.parametrize("shape", [(20, 20), (30, 50), (41, 23)], ids=str)
def test_points_are_pixels_of_the_picture_as_it_was_given(tmp_path, fit, shape):
    learn = learner_of("points", tmp_path, fit=fit)
    predictor = learn.predictor()
    predictor.model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2))
    nn.init.zeros_(predictor.model[1].weight)
    predictor.model[1].bias.data = torch.tensor([0.0, 0.0])
    found = predictor(torch.zeros(3, *shape, dtype=torch.uint8))
    assert found.values[0] == pytest.approx([shape[1] / 2, shape[0] / 2], abs=max(shape) / 16)
    if fit == "squish":
        predictor.model[1].bias.data = torch.tensor([0.5, -0.5])
        x, y = predictor(torch.zeros(3, *shape, dtype=torch.uint8)).values[0].tolist()
        assert (x, y) == (pytest.approx(0.75 * shape[1]), pytest.approx(0.25 * shape[0]))


def test_a_predictor_draws_no_random_numbers_and_keeps_dropout_off(tmp_path):
    learn = learner_of("category", tmp_path)
    learn.model.train()
    state = torch.get_rng_state()
    file = learn.data.source.files[0]
    assert torch.equal(learn.predictor()(file).values, learn.predictor()(file).values)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    return learner_of("category", tmp_path_factory.mktemp("pictures")).predictor()


WRONG = {
    "floats": (torch.rand(3, 8, 8), r"uint8 of shape \(3, rows, columns\); found torch.float32 of shape \(3, 8, 8\)"),
    "one channel": (torch.zeros(1, 8, 8, dtype=torch.uint8), r"found torch.uint8 of shape \(1, 8, 8\)"),
    "a batch": (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), r"of shape \(1, 3, 8, 8\)"),
    "no picture": (b"text", "this is not a whole picture"),
    "nothing": (None, "a picture is a file's path or an open file; found NoneType"),
    "Pillow's": (Image.new("RGB", (8, 8)), "a file's path or an open file; found Image"),
}


@pytest.mark.parametrize("picture, message", WRONG.values(), ids=WRONG.keys())
def test_wrong_pictures(predictor, picture, message):
    with pytest.raises(ValueError, match=message):
        predictor(picture)


def test_a_missing_picture_is_named(predictor, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*gone.png"):
        predictor.many([save(tmp_path / "a.png", noise()), tmp_path / "gone.png"])


def test_files_that_hold_no_predictor(tmp_path):
    learn = learner_of("category", tmp_path)
    with pytest.raises(ValueError, match=r"weights.safetensors holds weights only; predictor.save\(path\) writes"):
        ck.Predictor.load(learn.save(tmp_path / "weights"))
    with pytest.raises(FileNotFoundError, match="no saved model at"):
        ck.Predictor.load(tmp_path / "gone")
    path = learn.predictor().save(tmp_path / "model")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        ck.Predictor.load(path)


def test_a_body_of_ones_own_is_given_again(tmp_path):
    learn = learner_of("category", tmp_path, other_body)
    path, file = learn.predictor().save(tmp_path / "model"), learn.data.source.files[0]
    with pytest.raises(ValueError, match=r"made with the body 'other_body', unknown here: give load\(path, body=...\)"):
        ck.Predictor.load(path)
    again = ck.Predictor.load(path, other_body)
    assert same(again(file), learn.predictor()(file))
    with pytest.raises(ValueError, match="holds another model's weights"):
        ck.Predictor.load(path, ck.resnet_tiny)


def test_a_body_of_torchvision_is_found_by_its_name(tmp_path):
    learn = learner_of("category", tmp_path, "squeezenet1_1", size=32)
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    file = learn.data.source.files[0]
    assert same(again(file), learn.predictor()(file))
