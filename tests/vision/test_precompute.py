"""Cached features: a head that is trained on them says what the whole network says, and is back in it at once."""

from time import perf_counter

import pytest
import torch
from drawn import classes, discs, mask_source, multi_source, point_source
from torch import nn

import coursekit as ck


def loaders(source, size=32, **options):
    return source.split(ck.at_random(0.25)).loaders(size, **({"batch_size": 8, "device": "cpu"} | options))


SOURCES = {
    "classes": lambda folder: classes(folder, 8),
    "labels": lambda folder: multi_source(folder, 16),
    "keypoints": lambda folder: point_source(folder, discs(folder, 16)),
    "numbers": lambda folder: classes(folder, 8).labelled_by(ck.number_labels(lambda file: int(file.stem[-1]))),
}


@pytest.mark.parametrize("backbone", [ck.resnet_tiny, "resnet18"], ids=["ours", "torchvision's"])
@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES.keys())
def test_a_head_on_cached_features_says_what_the_whole_network_says(tmp_path, make, backbone):
    data = loaders(make(tmp_path))
    learn = ck.vision_learner(data, backbone, pretrained=backbone is ck.resnet_tiny, progress=False)
    features = ck.precompute(data, learn.model[:-1])
    head = ck.Learner(features, learn.model[-1], data.target_type.loss_fn, progress=False)
    before = learn.predictions()[0]
    head.fit_one_cycle(3, 0.03)
    (found, targets), (expected, true) = head.predictions(), learn.predictions()
    assert torch.allclose(found, expected, atol=1e-5) and torch.equal(targets, true)
    assert not torch.allclose(before, expected, atol=1e-2), "what the head learned is in the whole learner"
    assert head.validate()["loss"] == pytest.approx(learn.validate()["loss"], rel=1e-5)


def test_it_trains_the_head_as_the_whole_network_would(tmp_path):
    """The same steps: a frozen backbone gives the same features each time, and the head starts the same."""
    data, weights = loaders(classes(tmp_path, 8)), []
    for cached in (True, False):
        torch.manual_seed(0)
        learn = ck.vision_learner(data, dropout=0.0, progress=False)
        used = learn
        if cached:
            used = ck.Learner(ck.precompute(data, learn.model[:-1]), learn.model[-1], progress=False)
        torch.manual_seed(1)
        used.fit_one_cycle(2, 0.01)
        weights.append(learn.model[-1][-1].weight.detach())
    assert torch.allclose(*weights, atol=1e-4)


@pytest.mark.parametrize(
    "backbone", [ck.resnet_tiny, "resnet_tiny", ck.resnet_tiny(pretrained=True)], ids=["function", "name", "module"]
)
def test_a_backbone_alone_gets_its_normalization(tmp_path, backbone):
    data = loaders(classes(tmp_path, 4))
    learn = ck.vision_learner(data, progress=False)
    expected = ck.precompute(data, learn.model[:-1])
    found = ck.precompute(data, backbone)
    for part in ("train", "valid"):
        (a, b), (c, d) = (getattr(each, part).tensors for each in (found, expected))
        assert torch.allclose(a, c, atol=1e-5) and torch.equal(b, d) and a.shape[1:] == (128, 2, 2)
    assert found.target_type == data.target_type and found.train.batch_size == 8


def test_the_images_are_taken_in_order_and_as_they_are(tmp_path):
    data = loaders(classes(tmp_path, 4), augment=ck.Augment())
    learn = ck.vision_learner(data, progress=False)
    modes, state = [part.training for part in learn.model.modules()], torch.get_rng_state()
    with pytest.warns(UserWarning, match="features are kept of the images as they are: nothing is augmented"):
        features = ck.precompute(data, learn.model[:-1])
    assert [part.training for part in learn.model.modules()] == modes and torch.equal(torch.get_rng_state(), state)
    learn.model.eval()
    images = data.train.images(range(data.train.samples))
    assert torch.allclose(features.train.tensors[0], learn.model[:-1](images), atol=1e-5)
    assert torch.equal(features.train.tensors[1], data.train.targets)


def test_an_epoch_on_cached_features_is_at_least_five_times_faster(tmp_path):
    data = loaders(classes(tmp_path, 60), 64, batch_size=32)
    learn = ck.vision_learner(data, progress=False)
    head = ck.Learner(ck.precompute(data, learn.model[:-1]), learn.model[-1], progress=False)

    def seconds(learner):
        learner.fit(1, 1e-3)
        start = perf_counter()
        learner.fit(2, 1e-3)
        return perf_counter() - start

    assert 5 * seconds(head) < seconds(learn)


def test_what_gives_no_features_is_refused(tmp_path):
    discs(tmp_path / "discs", 8)
    masks = loaders(mask_source(tmp_path / "discs"))
    with pytest.raises(
        ValueError, match="features are kept of images whose model has a head .*; found labels that are"
    ):
        ck.precompute(masks, ck.resnet_tiny)
    data = loaders(classes(tmp_path / "classes", 4))
    learn = ck.vision_learner(data, progress=False)
    with pytest.raises(ValueError, match="ends in a linear layer of 3 outputs, as a whole classifier does"):
        ck.precompute(data, learn.model)
    with pytest.raises(ValueError, match="by which mean and standard deviation were this backbone's images"):
        ck.precompute(data, nn.Sequential(nn.Conv2d(3, 4, 3)))
