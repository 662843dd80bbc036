"""Learners of images that are tensors already, with any number of channels, and a network for small ones."""

import numpy as np
import pytest
import torch
from drawn import classes
from torch import nn

import coursekit as ck


def made(n=40, channels=3, size=32, seed=0):
    """Dark and bright images, uint8, and which they are."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    noise = torch.randint(0, 100, (n, channels, size, size), generator=generator)
    return (noise + 150 * labels[:, None, None, None]).to(torch.uint8), labels


def loaders(images, labels, size=32, **options):
    source = ck.ImageSource(images).labelled_by(ck.list_labels(labels)).split(ck.at_random(0.25))
    return source.loaders(size, **({"batch_size": 8, "device": "cpu"} | options))


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_a_learner_from_tensors_of_any_number_of_channels(channels):
    images, labels = made(channels=channels)
    data = loaders(images, labels)
    assert data.channels == channels and data.target_type.names == ("0", "1")
    assert [data.train.samples, data.valid.samples] == [30, 10]
    own = (torch.full((3,), 0.5), torch.tensor([0.2, 0.25, 0.3]))
    learn = ck.vision_learner(data, metrics=[ck.accuracy], statistics=own, progress=False)
    own_std = [own[1].mean()] if channels == 1 else [*own[1], *data.statistics()[1][3:]]
    assert torch.allclose(learn.model[0].std.flatten(), torch.stack(own_std)), "those that it knows are kept"
    learn.fit_one_cycle(6, 0.02)
    assert learn.validate()["accuracy"] == 1
    assert [p.label for p in learn.predict(images[:4])] == ["0", "1", "0", "1"]
    assert learn.data.test(ck.ImageSource(images).labelled_by(ck.list_labels(labels))).samples == 40
    assert torch.equal(learn.predictions(data.unlabelled(images[:4]))[0], learn.raw_outputs(images[:4]))
    found = ck.Interpretation(learn)
    assert int(found.confusion_matrix().trace()) == 10


@pytest.mark.parametrize(
    "options", [{"memory": True}, {"memory": False, "workers": 0}, {"memory": False, "workers": 1}]
)
def test_tensors_give_the_batches_that_their_files_give(tmp_path, options):
    source = classes(tmp_path, 4).split(ck.at_random(0.25))
    images = torch.stack([ck.read_image(file) for file in source.files])
    given = ck.ImageSource(images).labelled_by(ck.list_labels(source.labels)).split(ck.at_random(0.25))
    for size in (16, 12):
        found, expected = (each.loaders(size, batch_size=4, device="cpu", **options) for each in (given, source))
        for a, b in zip(found.valid, expected.valid, strict=True):
            assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
        assert found.config() == expected.config() and found.statistics()[0].equal(expected.statistics()[0])


def test_tensors_may_have_numbers_too():
    images, labels = made()
    source = ck.ImageSource(images).labelled_by(ck.number_labels(ck.list_labels(10.0 * labels), "brightness"))
    data = source.split(ck.at_random(0.25)).loaders(32, device="cpu")
    assert data.train.targets.shape == (30, 1) and {*data.train.targets.flatten().tolist()} == {0, 10}


@pytest.mark.parametrize(
    "images, found",
    [
        (torch.rand(4, 3, 8, 8), r"found torch.float32 of shape \(4, 3, 8, 8\)"),
        (torch.zeros(4, 8, 8, dtype=torch.uint8), r"found torch.uint8 of shape \(4, 8, 8\)"),
    ],
)
def test_wrong_tensors(images, found):
    with pytest.raises(ValueError, match=rf"uint8, 0 to 255, of shape \(n, channels, H, W\); {found}"):
        ck.ImageSource(images)
    with pytest.raises(ValueError, match="the list of images is empty"):
        ck.ImageSource(torch.zeros(0, 3, 8, 8, dtype=torch.uint8))


@pytest.mark.parametrize("labels", [torch.tensor([3, 10, 3]), np.array([3, 10, 3]), [3, 10, 3]], ids=type)
def test_class_numbers_in_any_form(labels):
    source = ck.ImageSource(made(3)[0]).labelled_by(ck.list_labels(labels))
    assert source.labels == (3, 10, 3) and source.target_type.names == ("3", "10")


def test_the_network_for_small_images_looks_at_each_pixel_before_it_halves():
    net = ck.resnet_cifar()
    sizes = []
    for part in net.modules():
        if isinstance(part, nn.Conv2d):
            part.register_forward_hook(lambda part, inputs, output: sizes.append(output.shape[-1]))
    assert net(torch.rand(2, 3, 32, 32)).shape == (2, 128, 4, 4)
    assert sizes == [32, 16, 8, 8, 8, 4, 4], "the convolution, then the two of the block behind the pooling"
    assert ck.resnet_cifar(channels=6)(torch.rand(2, 6, 64, 48)).shape == (2, 128, 8, 6)
    with pytest.raises(ValueError, match="there are no weights for resnet_cifar: say pretrained=False"):
        ck.vision_learner(loaders(*made()), ck.resnet_cifar)


def test_the_network_for_small_images_is_saved_by_name(tmp_path):
    images, labels = made()
    learn = ck.vision_learner(loaders(images, labels), "resnet_cifar", pretrained=False, progress=False)
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    assert torch.allclose(again.predict(images[0]).values, learn.predict(images[0]).values, atol=1e-5)
