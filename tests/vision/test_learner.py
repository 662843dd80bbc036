"""Learners of images: what is built for which labels, what is frozen, and that each kind can be learnt."""

import math
from functools import partial

import pytest
import torch
from drawn import classes, discs, held, mask_source, multi_source, point_source
from sklearn.metrics import accuracy_score, fbeta_score
from torch import nn

import coursekit as ck
from coursekit.targets import Categories, Keypoints
from coursekit.vision.augment import dihedral_group
from coursekit.vision.backbones import WEIGHTS, adapt_channels, convolution, features_shape, make_backbone


def tiny(pretrained=False):
    """A body of two steps, each half the size of the one before."""
    return nn.Sequential(
        nn.Sequential(convolution(3, 8, stride=2), nn.ReLU()), nn.Sequential(convolution(8, 16, stride=2), nn.ReLU())
    )


OPTIONS = {"pretrained": False, "progress": False}


def loaders(source, size=16, **options):
    return source.split(ck.at_random(0.25)).loaders(size, **({"batch_size": 8, "device": "cpu"} | options))


def sources(tmp_path, n=8):
    middles = discs(tmp_path / "discs", n)
    return {
        "category": lambda: classes(tmp_path / "classes", n // 2),
        "multi": lambda: multi_source(tmp_path / "stripes", n),
        "masks": lambda: mask_source(tmp_path / "discs"),
        "points": lambda: point_source(tmp_path / "discs", middles),
    }


def learner_of(kind, tmp_path, body=tiny, **options):
    data = loaders(sources(tmp_path)[kind](), **options)
    return (ck.unet_learner if kind == "masks" else ck.vision_learner)(data, body, **OPTIONS)


KINDS = ["category", "multi", "masks", "points"]
each_kind = pytest.mark.parametrize("kind", KINDS)

# What is built


@each_kind
def test_the_labels_decide_loss_and_outputs(tmp_path, kind):
    learn = learner_of(kind, tmp_path)
    outputs, targets = learn.predictions()
    n = len(targets)
    shape = {"category": (n, 3), "multi": (n, 3), "masks": (n, 3, 16, 16), "points": (n, 2)}[kind]
    assert outputs.shape == shape
    loss = {
        "category": ck.cross_entropy,
        "multi": ck.binary_cross_entropy,
        "masks": partial(ck.cross_entropy, ignore_index=2),
        "points": ck.mean_squared_error,
    }[kind]
    batches = [(learn.model(x), y) for x, y in learn.data.valid]
    expected = sum(loss(x, y) * len(y) for x, y in batches) / n
    assert learn.validate()["loss"] == pytest.approx(expected.item(), rel=1e-4)
    if kind == "points":
        assert outputs.abs().max() <= 1


def test_masks_need_a_unet_and_other_labels_a_head(tmp_path):
    with pytest.raises(ValueError, match="the labels are masks, a class for every pixel: use ck.unet_learner"):
        ck.vision_learner(loaders(sources(tmp_path)["masks"]()), tiny, **OPTIONS)
    with pytest.raises(ValueError, match="a U-Net gives a class for every pixel; these labels are Categories"):
        ck.unet_learner(loaders(sources(tmp_path)["category"]()), tiny, **OPTIONS)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("body", [ck.resnet_tiny, "resnet18"], ids=["ours", "torchvision's"])
def test_any_number_of_channels_from_files_to_predictions(tmp_path, channels, body):
    data = loaders(classes(tmp_path, 3, channels=channels))
    learn = ck.vision_learner(data, body, **OPTIONS)
    learn.fit(1, 1e-3)
    assert learn.predictions()[0].shape == (2, 3)
    mean, std = data.statistics()
    assert torch.equal(learn.model[0].mean.flatten(), mean) and torch.equal(learn.model[0].std.flatten(), std)
    x = torch.rand(2, channels, 4, 4)
    assert torch.allclose(learn.model[0](x), (x - mean[:, None, None]) / std[:, None, None])


NETS = ["squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5", "googlenet"]


@pytest.mark.parametrize("name", NETS)
def test_bodies_of_torchvision_by_name(tmp_path, name):
    learn = ck.vision_learner(loaders(classes(tmp_path, 2), 32, batch_size=2), name, **OPTIONS)
    learn.fit(1, 1e-4)
    assert learn.predictions()[0].shape == (2, 3)


def test_a_body_with_the_channels_last_is_taken_whole():
    from torchvision.models import SwinTransformer

    from coursekit.vision.backbones import without_head

    swin = SwinTransformer([4, 4], 8, [1, 1], [1, 1], [4, 4])
    assert features_shape(without_head(swin), 3, (32, 32)) == (16,), "one number a feature, none a place"


WRONG_BODIES = {
    "unknown": ("resnet19", "neither coursekit nor torchvision has a backbone 'resnet19'. Did you mean 'resnet18'"),
    "a whole classifier": (
        nn.Sequential(tiny(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
        r"ends in a linear layer of 10 outputs, as a whole classifier does: cut its end off with ck.without_head",
    ),
    "too deep": ("alexnet", "this backbone cannot take images of 3 channels, 16 x 16 pixels .*too small"),
}


@pytest.mark.parametrize("body, message", WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
def test_wrong_bodies(tmp_path, body, message):
    with pytest.raises(ValueError, match=message):
        ck.vision_learner(loaders(classes(tmp_path, 2)), body, **OPTIONS)


class Classifier(nn.Module):
    """A whole classifier whose parts are named in another order than they are used."""

    def __init__(self, outputs=10):
        super().__init__()
        self.answer = nn.Linear(8, outputs)
        self.middle = nn.Linear(6, 8)
        self.see = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Linear(14, 14))  # 14 columns of 16

    def forward(self, x):
        return self.answer(self.middle(self.see(x).mean((2, 3))).relu()).softmax(1)


class Gives(nn.Module):
    """A backbone whose features come in another form."""

    def __init__(self, form):
        super().__init__()
        self.convolution, self.form = nn.Conv2d(3, 8, 4, 4), form

    def forward(self, x):
        return self.form(self.convolution(x))


FORMS = {
    "a dictionary": (lambda x: {"last": x}, "this one gives dict: put a module after it"),
    "a sequence": (lambda x: x.flatten(2).transpose(1, 2), r"this one gives the shape \(1, 16, 8\): put a module"),
}


@pytest.mark.parametrize("form, message", FORMS.values(), ids=FORMS.keys())
def test_features_in_other_forms_are_refused(tmp_path, form, message):
    with pytest.raises(ValueError, match=rf"\(n, features, h, w\) or \(n, features\); {message}"):
        ck.vision_learner(loaders(classes(tmp_path, 2)), Gives(form), **OPTIONS)


def test_a_whole_classifier_is_known_by_what_is_used_last_and_cut_where_it_is_said(tmp_path):
    data, known = loaders(classes(tmp_path, 2)), Classifier()
    with pytest.raises(ValueError, match="ends in a linear layer of 10 outputs, as a whole classifier does"):
        ck.vision_learner(data, known, **OPTIONS)
    torch.save(known.state_dict(), tmp_path / "weights.pt")  # from anywhere
    model = Classifier()
    model.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    backbone = ck.without_head(model, "answer")
    learn = ck.vision_learner(data, backbone, statistics=([0.5] * 3, [0.25] * 3), progress=False)
    x = torch.rand(2, 3, 16, 16)
    expected = known.middle(known.see((x - 0.5) / 0.25).mean((2, 3))).relu().softmax(1)
    assert torch.allclose(learn.model[:-1](x), expected, atol=1e-6) and learn.model[-1][-1].in_features == 8
    assert not any(p.requires_grad for p in backbone.parameters())
    learn.unfreeze()
    learn.fit(1, 1e-2)
    assert not torch.equal(backbone.middle.weight, known.middle.weight)
    for wrong in ("fc", "see.7", ""):
        with pytest.raises(ValueError, match=f"this Classifier has no part '{wrong}'"):
            ck.without_head(Classifier(), wrong)


def test_a_fourth_channel_changes_nothing_before_training_and_something_after():
    body, wider = (make_backbone(ck.resnet_tiny, 3, False) for _ in range(2))
    wider.load_state_dict(body.state_dict())
    adapt_channels(wider, 4)
    x = torch.rand(2, 4, 16, 16)
    body.eval(), wider.eval()
    assert torch.allclose(wider(x), body(x[:, :3]), atol=1e-6)
    wider(x).sum().backward()
    weight = wider[0][0][0].weight
    assert weight.shape[1] == 4 and weight.requires_grad and weight.grad[:, 3].abs().sum() > 0


def test_fewer_channels_keep_what_the_filters_know():
    grey, two = nn.Sequential(nn.Conv2d(3, 5, 3, dilation=2)), nn.Sequential(nn.Conv2d(3, 5, 3))
    kept, weight, bias = two[0].weight.clone(), grey[0].weight.clone(), grey[0].bias.clone()
    adapt_channels(grey, 1)
    x = torch.rand(2, 1, 9, 9)
    expected = nn.functional.conv2d(x.expand(2, 3, 9, 9), weight, bias, dilation=2)
    assert torch.allclose(grey(x), expected, atol=1e-6)
    adapt_channels(two, 2)
    assert torch.allclose(two[0].weight, 1.5 * kept[:, :2])


# Heads


def parts(head):
    return [(type(part).__name__, getattr(part, "p", getattr(part, "out_features", None))) for part in head]


def test_hidden_layers_of_a_head_and_a_dropout_before_each_linear_layer(tmp_path):
    data = loaders(sources(tmp_path)["category"]())
    learn = ck.vision_learner(data, tiny, **OPTIONS, dropout=[0.1, 0.2, 0.5], hidden=[32, 8])
    assert parts(learn.model[-1])[2:] == [
        ("Dropout", 0.1), ("Linear", 32), ("ReLU", None), ("BatchNorm1d", None),
        ("Dropout", 0.2), ("Linear", 8), ("ReLU", None), ("BatchNorm1d", None),
        ("Dropout", 0.5), ("Linear", 3),
    ]  # fmt: skip
    learn.fit(1, 1e-3)
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    file = data.source.files[0]
    assert torch.allclose(again.predict(file).values, learn.predict(file).values, atol=1e-5)
    one = ck.vision_learner(data, tiny, **OPTIONS, dropout=0.3, hidden=[32])
    assert [p for name, p in parts(one.model[-1]) if name == "Dropout"] == [0.3, 0.3]
    assert parts(ck.vision_learner(data, tiny, **OPTIONS).model[-1])[2:] == [("Dropout", 0.25), ("Linear", 3)]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"dropout": [0.25, 0.5]}, r"or one for each of the 1 linear layers; found \[0.25, 0.5\]"),
        ({"dropout": [0.5], "hidden": [32]}, r"or one for each of the 2 linear layers; found \[0.5\]"),
        ({"dropout": [0.5, 1.0], "hidden": [32]}, "at least 0 and below 1"),
        ({"hidden": 32}, r"widths of the hidden layers, such as \[512\]; found 32"),
        ({"hidden": [0]}, r"such as \[512\]; found \[0\]"),
    ],
)
def test_wrong_heads(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        ck.vision_learner(loaders(sources(tmp_path)["category"]()), tiny, **OPTIONS, **options)


def test_keypoints_are_read_off_maps_without_hidden_layers(tmp_path):
    with pytest.raises(ValueError, match="keypoints are read off maps of features, without hidden layers"):
        ck.vision_learner(loaders(sources(tmp_path)["points"]()), tiny, **OPTIONS, hidden=[32])


# U-Net


@pytest.mark.parametrize("skip_connections", [True, False])
@pytest.mark.parametrize("size", [(16, 16), (17, 23), (31, 9)], ids=str)
def test_a_unet_gives_every_pixel_of_any_size(skip_connections, size):
    net = ck.UNet(ck.resnet_tiny(), 3, 5, skip_connections).eval()
    x = torch.rand(2, 3, *size)
    assert net(x).shape == (2, 5, *size)
    widths = [block.skip for block in net.decoder]
    assert widths == ([64, 32, 16, 3] if skip_connections else [0] * 4)


def test_without_skip_connections_the_unet_sees_the_image_only_through_its_body():
    for skip_connections in (True, False):
        net = ck.UNet(tiny(), 3, 2, skip_connections).eval()
        with torch.no_grad():
            for parameter in net.encoder.parameters():
                parameter.zero_()
        x = torch.rand(2, 3, 16, 16)
        assert torch.allclose(net(x)[0], net(x)[1]) is not skip_connections


@pytest.mark.parametrize(
    "body, message",
    [
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1)), "this encoder never shrinks the image"),
        (nn.Conv2d(3, 4, 3, stride=2), "a U-Net's encoder is a row of parts, nn.Sequential; found Conv2d"),
    ],
)
def test_bodies_that_make_no_unet(body, message):
    with pytest.raises(ValueError, match=message):
        ck.UNet(body, 3, 2)


# Training


def test_the_shipped_weights_start_frozen_with_the_statistics_they_were_trained_with(tmp_path):
    data = loaders(classes(tmp_path, 5))
    learn = ck.vision_learner(data, progress=False)
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    learn.fit(2, 0.1)
    changed = {name for name, value in learn.model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"2.3.weight", "2.3.bias"}, "neither weights nor batch-norm statistics of the body"
    assert not torch.equal(learn.model[0].mean.flatten(), data.statistics()[0])
    learn.unfreeze()
    learn.fit(1, (1e-3, 1e-2))
    assert not torch.equal(learn.model[1][0][0][1].running_mean, before["1.0.0.1.running_mean"])
    assert ck.vision_learner(data, **OPTIONS).model[1][0][0][0].weight.requires_grad


def test_rates_reach_early_and_late_layers_and_the_head(tmp_path):
    learn = learner_of("category", tmp_path)
    learn.fit(1, (1e-4, 1e-2))
    assert learn.recorder.lrs[0] == pytest.approx((1e-4, 1e-3, 1e-2))
    groups = [{id(p) for p in group["params"]} for group in learn.optimizer.param_groups]
    parts = (learn.model[1][0], learn.model[1][1], learn.model[2])
    assert groups == [{id(p) for p in part.parameters()} for part in parts]


def test_the_groups_of_a_unet_leave_nothing_out(tmp_path):
    learn = learner_of("masks", tmp_path)
    learn.fit(1, (1e-4, 1e-2))
    count = sum(len(group["params"]) for group in learn.optimizer.param_groups)
    assert count == len(list(learn.model.parameters())) and len(learn.groups) == 3


@each_kind
def test_a_handful_of_images_is_learnt_by_heart(tmp_path, kind):
    source = sources(tmp_path)[kind]().split(held("dark_0", "0", "0-"))
    data = source.loaders(16, batch_size=16, device="cpu")
    options = OPTIONS if kind == "masks" else OPTIONS | {"dropout": 0.0}
    learn = (ck.unet_learner if kind == "masks" else ck.vision_learner)(data, tiny, **options)
    learn.fit_one_cycle(60, 0.03)
    outputs, targets = learn.predictions(data.train)
    if kind == "category":
        assert (outputs.argmax(1) == targets).all()
    elif kind == "multi":
        assert ((outputs > 0) == (targets > 0.5)).all()
    elif kind == "masks":
        assert ((outputs.argmax(1) == targets) | (targets == 2)).double().mean() > 0.98
    else:
        assert ck.keypoint_distance(outputs, targets) < 0.03


def test_training_goes_on_with_larger_images(tmp_path):
    source = classes(tmp_path, 6).split(ck.at_random(0.25))
    learn = ck.vision_learner(source.loaders(8, batch_size=8, device="cpu"), tiny, **OPTIONS)
    learn.fit_one_cycle(6, 0.02)
    small = learn.validate()["loss"]
    weights = learn.model[2][3].weight.clone()
    learn.use(source.loaders((16, 20), batch_size=8, device="cpu"))
    learn.fit_one_cycle(6, 0.02)
    assert learn.validate()["loss"] < small and not torch.equal(weights, learn.model[2][3].weight)
    assert learn.predictor().resize.size == (16, 20)


def test_other_classes_or_channels_are_refused(tmp_path):
    learn = ck.vision_learner(loaders(classes(tmp_path / "a", 2)), tiny, **OPTIONS)
    other = loaders(classes(tmp_path / "b", 2, names=("light", "dark", "none")))
    with pytest.raises(ValueError, match=r"data was made for other classes: 3 there, 3 here, .*'none'"):
        learn.use(other)
    with pytest.raises(ValueError, match=r"data was made for other channels: .*\[1\] there, \[3\] here"):
        learn.use(loaders(classes(tmp_path / "c", 2, channels=1)))
    several = classes(tmp_path / "d", 2).labelled_by(lambda file: [file.stem.split("_")[0]])
    with pytest.raises(ValueError, match=r"data was made for other target types: .*\['MultiLabels'\] there"):
        learn.use(loaders(several))


@pytest.mark.parametrize("memory", [True, False])
def test_one_image_left_over_is_trained_with_the_batch_before_it(tmp_path, memory):
    source = classes(tmp_path, 3).split(held("dark_0", "dark_1"))
    data = source.loaders(16, batch_size=3, device="cpu", memory=memory, workers=0)
    assert data.train.samples == 7 and [len(targets) for _, targets in data.train] == [3, 4]
    learn = ck.vision_learner(data, ck.resnet_tiny, **OPTIONS)
    learn.lr_find(batches=6)
    learn.fit(1)


def test_weights_for_other_classes_are_refused(tmp_path):
    def made(folder, names):
        return ck.vision_learner(loaders(classes(tmp_path / folder, 2, names=names)), tiny, **OPTIONS)

    learn, other = made("a", ("blue", "red")), made("b", ("alpha", "beta"))
    saved, before = learn.save(tmp_path / "colours", epochs=3), other.model[2][3].weight.clone()
    assert made("c", ("blue", "red")).load(saved)["epochs"] == 3
    with pytest.raises(ValueError, match=r"other classes: .*\['blue', 'red'\] there, \['alpha', 'beta'\] here"):
        other.load(saved)
    with pytest.raises(ValueError, match=r"predictor.safetensors holds a whole learner, .*: ck.load\(path\) reads it"):
        other.load(learn.predictor().save(tmp_path / "predictor"))
    assert torch.equal(before, other.model[2][3].weight)
    silent = ck.save_tensors(tmp_path / "silent", learn.model.state_dict(), {"model": "Sequential"})
    with pytest.raises(ValueError, match="0 there, 2 here.*on purpose, use learn.model.load_state_dict"):
        other.load(silent)
    assert torch.equal(before, other.model[2][3].weight)
    other.model.load_state_dict(ck.load_tensors(silent)[0])
    assert not torch.equal(before, other.model[2][3].weight)


def test_a_batch_of_one_image_is_explained_where_batch_norm_cannot_take_it(tmp_path):
    data = classes(tmp_path, 3).split(held("dark_0", "dark_1")).loaders(16, batch_size=1, device="cpu")
    learn = ck.vision_learner(data, ck.resnet_tiny, **OPTIONS)
    for train in (lambda: learn.fit(1), lambda: learn.lr_find(batches=6)):
        with pytest.raises(ValueError, match="7 samples in batches of 1; choose a larger batch_size"):
            train()
    learn.freeze()
    learn.fit(1)


def test_lr_find_leaves_model_and_random_numbers_as_they_were(tmp_path):
    learn = learner_of("category", tmp_path, augment=ck.Augment())
    learn.fit(1)
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    state, modes = torch.get_rng_state(), [m.training for m in learn.model.modules()]
    assert all(map(math.isfinite, learn.lr_find(batches=10).losses))
    assert all(torch.equal(value, before[name]) for name, value in learn.model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state) and [m.training for m in learn.model.modules()] == modes


# Test-time augmentation


@each_kind
@pytest.mark.parametrize("symmetries", [True, False])
def test_tta_is_the_mean_over_the_views(tmp_path, kind, symmetries):
    learn = learner_of(kind, tmp_path, augment=ck.dihedral() if symmetries else ck.Augment())
    found, targets = learn.tta()
    assert not found.requires_grad and torch.equal(targets, learn.predictions()[1])
    learn.model.eval()
    images = torch.cat([images for images, _ in learn.data.valid])
    views = [(turns, mirror) for mirror in (False, True) for turns in (range(4) if symmetries else [0])]
    total = 0
    for turns, mirror in views:
        seen = torch.rot90(images.flip(-1) if mirror else images, turns, (-2, -1))
        with torch.no_grad():
            p = learn.data.target_type.values(learn.model(seen))
        if kind == "masks":
            p = torch.rot90(p, -turns, (-2, -1))
            p = p.flip(-1) if mirror else p
        elif kind == "points":
            for _ in range(turns):  # back by a quarter turn clockwise
                p = torch.stack([-p[:, 1], p[:, 0]], 1)
            p = p * torch.tensor([-1, 1]) if mirror else p
        total = total + p
    assert torch.allclose(found, total / len(views), atol=1e-4)
    assert len(dihedral_group()) == 8


@pytest.mark.parametrize("augment", [None, ck.Augment(flip=False)], ids=str)
def test_tta_has_no_view_where_nothing_was_mirrored(tmp_path, augment):
    learn = learner_of("points", tmp_path, augment=augment)
    with pytest.raises(ValueError, match="no other view to average.*flip=False" if augment else "augment=None"):
        learn.tta()


def test_tta_of_a_model_that_finds_the_light_finds_it(tmp_path):
    class Brightest(nn.Module):
        def forward(self, x):
            weight = x.mean(1).clamp(min=0.5) - 0.5
            weight = weight / weight.sum((1, 2), keepdim=True)
            place = (2 * torch.arange(16.0) + 1) / 16 - 1
            return torch.stack([(weight.sum(1) * place).sum(1), (weight.sum(2) * place).sum(1)], 1)

    learn = learner_of("points", tmp_path, augment=ck.dihedral())
    learn.model = learn.network = Brightest()
    found, targets = learn.tta(learn.data.valid)
    assert (found - targets).abs().max() < 0.1 and torch.allclose(found, learn.predictions()[0], atol=1e-4)


# Metrics


@pytest.mark.parametrize("threshold", [0.2, 0.5])
def test_metrics_of_many_labels_are_scikit_learns(threshold):
    outputs, targets = torch.randn(40, 5), (torch.rand(40, 5) < 0.4).float()
    outputs[0], targets[0], targets[1] = -9, 0, 0
    given = outputs.sigmoid() > threshold
    for beta in (0.5, 1.0, 2.0):
        expected = fbeta_score(targets, given, beta=beta, average="samples", zero_division=1)
        assert ck.fbeta(outputs, targets, beta, threshold).item() == pytest.approx(expected, abs=1e-6)
    expected = accuracy_score(targets.flatten(), given.flatten())
    assert ck.accuracy_threshold(outputs, targets, threshold).item() == pytest.approx(expected, abs=1e-6)


def test_pixel_accuracy_counts_pixels_not_batches(tmp_path):
    source = mask_source(tmp_path) if discs(tmp_path, 9) else None
    data = source.split(ck.at_random(0.6)).loaders(16, batch_size=2, device="cpu")
    learn = ck.unet_learner(data, tiny, metrics=[partial(ck.pixel_accuracy, ignore_index=2)], **OPTIONS)
    outputs, targets = learn.predictions()
    counted = targets != 2
    assert len(data.valid) == 2 and 0 < counted.double().mean() < 1
    expected = (outputs.argmax(1) == targets)[counted].double().mean().item()
    assert learn.validate()["pixel_accuracy"] == pytest.approx(expected, abs=1e-6)
    right, count = ck.pixel_accuracy(outputs, torch.full_like(targets, 2), ignore_index=2)
    assert right == count == 0


def test_keypoint_distance_is_a_share_of_the_width():
    targets = torch.tensor([[0.0, 0, 1, 1], [-1, -1, 0.5, 0]])
    outputs = targets + torch.tensor([0.06, 0.08, 0, 0])
    assert ck.keypoint_distance(outputs, targets).item() == pytest.approx(0.05 / 2)
    apart = (math.hypot(0.03, 0.04 * 0.75)) / 2
    assert ck.keypoint_distance(outputs, targets, aspect=0.75).item() == pytest.approx(apart)


def test_kinds_are_told_apart_by_value():
    assert Categories(("a", "b")) == Categories(("a", "b")) != Categories(("b", "a")) and Keypoints(1) != Keypoints(2)


# Statistics and backbones


def shipped():
    metadata = ck.load_tensors(WEIGHTS)[1]
    return torch.tensor(metadata["mean"]), torch.tensor(metadata["std"])


def norm_of(learn):
    return learn.model[0].mean.flatten(), learn.model[0].std.flatten()


def without_last_stage(pretrained):
    return ck.resnet_tiny(pretrained=pretrained)[:-1]


@pytest.mark.parametrize("backbone", [ck.resnet_tiny, "resnet_tiny", without_last_stage], ids=["whole", "name", "cut"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_pretrained_backbone_keeps_its_statistics(tmp_path, backbone, channels):
    data = loaders(classes(tmp_path, 4, channels=channels))
    own = data.statistics()
    learn = ck.vision_learner(data, backbone, progress=False)
    for found, known, others in zip(norm_of(learn), shipped(), own, strict=True):
        more = torch.cat([known, others.clamp(min=1e-3)[3:]])[:channels]
        expected = known.mean()[None] if channels == 1 else more
        assert torch.allclose(found, expected)
    untrained = ck.vision_learner(data, backbone, **OPTIONS)
    assert torch.allclose(norm_of(untrained)[0], own[0])


def test_statistics_may_be_given(tmp_path):
    data = loaders(classes(tmp_path, 4))
    for given in (([0.1, 0.2, 0.3], [1, 0.5, 0.25]), (torch.tensor([0.1, 0.2, 0.3]), torch.tensor([1.0, 0.5, 0.25]))):
        for pretrained in (True, False):
            learn = ck.vision_learner(data, pretrained=pretrained, statistics=given, progress=False)
            assert norm_of(learn)[0].tolist() == pytest.approx([0.1, 0.2, 0.3])
            assert norm_of(learn)[1].tolist() == [1, 0.5, 0.25]


def test_a_pretrained_backbone_of_unknown_statistics_is_asked_for_them(tmp_path):
    data = loaders(classes(tmp_path, 4))
    with pytest.raises(ValueError, match=r"by which mean and standard deviation .* statistics=\(mean, std\)"):
        ck.vision_learner(data, tiny)
    assert (
        ck.vision_learner(data, tiny, statistics=([0.5] * 3, [0.5] * 3)).model[0].mean.flatten().tolist() == [0.5] * 3
    )


def test_torchvisions_statistics_are_those_of_the_weights(tmp_path, monkeypatch):
    from torchvision import models

    real = models.get_model
    monkeypatch.setattr(models, "get_model", lambda name, weights=None, **more: real(name, weights=None, **more))
    made = make_backbone("efficientnet_v2_l", 3, True)
    assert made.statistics == ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
    assert make_backbone("squeezenet1_1", 3, True).statistics[0] == [0.485, 0.456, 0.406]


@pytest.mark.parametrize("channels", [3, 4])
def test_a_module_is_a_backbone_as_it_is(tmp_path, channels):
    data = loaders(classes(tmp_path, 4, channels=channels))
    module = tiny()
    learn = ck.vision_learner(data, module, **OPTIONS)
    assert learn.model[1] is module and learn.data.channels == channels
    learn.fit(1, 1e-3)
    path = learn.predictor().save(tmp_path / "model")
    again = ck.Predictor.load(path)
    file = data.source.files[0]
    assert torch.allclose(again.predict(file).values, learn.predict(file).values, atol=1e-5)


def test_a_classifier_without_its_end_is_a_backbone(tmp_path):
    from torchvision.models import resnet18

    data = loaders(classes(tmp_path, 4), 32)
    learn = ck.vision_learner(data, ck.without_head(resnet18()), **OPTIONS)
    learn.fit(1, 1e-3)
    assert learn.model[2][3].in_features == 512
    with pytest.raises(ValueError, match="linear layer of 1000 outputs"):
        ck.vision_learner(data, lambda pretrained: resnet18(), **OPTIONS)


def test_the_signatures_name_the_options_of_a_learner(tmp_path):
    import inspect

    for make in (ck.vision_learner, ck.unet_learner):
        assert {"metrics", "callbacks", "loss_fn", "statistics"} <= set(inspect.signature(make).parameters)
    assert "batch_size" in inspect.signature(ck.ImageSource.loaders).parameters
    assert list(inspect.signature(classes(tmp_path, 2).loaders).parameters)[0] == "size"


@pytest.mark.parametrize("memory", [True, False])
def test_the_targets_of_training_images_are_there_to_be_checked(tmp_path, memory):
    data = loaders(classes(tmp_path, 4), memory=memory, workers=0)
    assert (data.train.targets is not None) == memory
    if memory:
        assert torch.equal(data.train.targets, data.train.inner.tensors[1])
