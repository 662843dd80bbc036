"""What went wrong and what a network sees, each against a count or a sum made otherwise."""

import math

import IPython.display
import matplotlib
import pytest
import torch
from drawn import classes, discs, mask_source, multi_source, point_source
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torch import nn
from torch.nn import functional as F

import coursekit as ck
from coursekit.targets import count_pairs
from coursekit.vision import inside
from coursekit.vision.backbones import convolution

matplotlib.use("Agg")


def tiny(pretrained=False):
    return nn.Sequential(nn.Sequential(convolution(3, 8, stride=2), nn.ReLU()), convolution(8, 16, stride=2))


def learner_of(kind, folder, **options):
    if kind == "category":
        source = classes(folder, 10, channels=options.pop("channels", 3), names=("a", "b", "c"))
    elif kind == "multi":
        source = multi_source(folder, 12)
    else:
        middles = discs(folder, 8)
        source = mask_source(folder) if kind == "masks" else point_source(folder, middles)
    data = source.split(ck.at_random(0.6)).loaders(16, batch_size=4, device="cpu", **options)
    make = ck.unet_learner if kind == "masks" else ck.vision_learner
    return make(data, tiny, pretrained=False, progress=False)


# Counts


def test_confusions_are_scikit_learns(tmp_path):
    learn = learner_of("category", tmp_path)
    found = ck.Interpretation(learn)
    outputs, targets = learn.predictions()
    matrix = confusion_matrix(targets, outputs.argmax(1), labels=range(3))
    assert found.confusion_matrix().tolist() == matrix.tolist() and matrix.trace() < 18
    names = "abc"
    wrong = {(names[r], names[c]): matrix[r, c] for r in range(3) for c in range(3) if r != c and matrix[r, c]}
    listed = found.most_confused()
    assert {(r, c): n for r, c, n in listed} == wrong
    assert [n for *_, n in listed] == sorted(wrong.values(), reverse=True)
    most = listed[0][2]
    assert found.most_confused(least=most) == [one for one in listed if one[2] == most]
    assert found.most_confused(least=100) == []
    pairs = {pair: wrong.get(pair, 0) + wrong.get(pair[::-1], 0) for pair in (("a", "b"), ("a", "c"), ("b", "c"))}
    assert {(a, b): n for a, b, n in found.most_confused_pairs()} == {pair: n for pair, n in pairs.items() if n}


def test_pairs_are_counted():
    true, given = torch.randint(4, (3, 50)), torch.randint(4, (3, 50))
    expected = [[int(((true == r) & (given == c)).sum()) for c in range(4)] for r in range(4)]
    assert count_pairs(true, given, 4).tolist() == expected


@pytest.mark.parametrize("threshold", [0.3, 0.5])
@pytest.mark.parametrize("kind", ["category", "multi"])
def test_scores_are_scikit_learns(tmp_path, kind, threshold):
    learn = learner_of(kind, tmp_path)
    outputs, targets = learn.predictions()
    given = outputs.argmax(1) if kind == "category" else outputs.sigmoid() > threshold
    expected = precision_recall_fscore_support(targets, given, labels=range(3), zero_division=math.nan)
    table = ck.Interpretation(learn).scores(threshold)
    assert list(table.columns) == ["precision", "recall", "F1", "count"] and table.index.name == "class"
    for column, numbers in zip(table, expected, strict=True):
        assert table[column].tolist() == pytest.approx(list(numbers), nan_ok=True)


def test_scores_of_masks_leave_void_out(tmp_path):
    learn = learner_of("masks", tmp_path)
    learn.fit(2, 0.02)
    outputs, targets = learn.predictions()
    found = ck.Interpretation(learn)
    given, counted = outputs.argmax(1), targets != 2
    table = found.scores()
    assert list(table.index) == ["ground", "disc"] and "IoU" in table
    for i, name in enumerate(table.index):
        true, said = (targets == i) & counted, (given == i) & counted
        both = (true & said).sum()
        assert table.loc[name, "IoU"] == pytest.approx((both / (true | said).sum()).item())
        assert table.loc[name, "recall"] == pytest.approx((both / true.sum()).item())
        assert table.loc[name, "count"] == true.sum()
    matrix = found.confusion_matrix()
    assert matrix.sum() == counted.sum() and (matrix[2] == 0).all()
    assert "rim" not in [true for true, *_ in found.most_confused()]
    assert torch.allclose(found.losses, learn.data.target_type.losses(outputs, targets), atol=1e-5)
    assert found.probabilities is None and found.targets is None


@pytest.mark.parametrize("kind", ["category", "multi", "masks", "points"])
def test_top_losses_are_the_largest_and_belong_to_their_files(tmp_path, kind):
    learn = learner_of(kind, tmp_path)
    found = ck.Interpretation(learn)
    values, rows = found.top_losses(3)
    assert values.tolist() == sorted(found.losses.tolist(), reverse=True)[:3] and len(found.files) == len(found.losses)
    outputs, targets = learn.predictions()
    for value, row in zip(values, rows, strict=True):
        image = learn.data.resize(ck.read_image(found.files[row]))[None] / 255
        learn.model.eval()
        again = learn.data.target_type.losses(
            learn.model(image), targets[row : row + 1]
        )  # with a graph: it must allow one
        assert again.item() == pytest.approx(value.item(), rel=1e-3, abs=1e-5)
    assert len(found.top_losses(1000)[1]) == len(found.files)


@pytest.mark.parametrize("memory", [True, False])
@pytest.mark.parametrize("kind", ["category", "multi", "masks", "points"])
def test_another_loader_is_looked_at_in_order_and_as_it_is(tmp_path, kind, memory):
    learn = learner_of(kind, tmp_path, augment=ck.dihedral(), memory=memory, workers=0)
    found = ck.Interpretation(learn, learn.data.train)
    assert len(found.losses) == learn.data.train.samples and found.files is None
    learn.model.eval()
    images = found.loader.images(range(len(found.losses)))
    targets = torch.cat([targets for _, targets in found.loader])
    again = learn.data.target_type.losses(learn.model(images), targets)
    assert again.tolist() == pytest.approx(found.losses.tolist(), rel=1e-3, abs=1e-5)
    if kind == "category":
        assert found.confusion_matrix().sum() == learn.data.train.samples
        files = learn.data.source.part(False)[0]
        assert found.targets.tolist() == [learn.data.target_type.names.index(file.name[0]) for file in files]


@pytest.mark.parametrize("kind", ["multi", "points"])
def test_what_has_no_confusions_says_so(tmp_path, kind):
    found = ck.Interpretation(learner_of(kind, tmp_path))
    for ask in (found.confusion_matrix, found.most_confused, found.most_confused_pairs, found.plot_confusion_matrix):
        with pytest.raises(ValueError, match="a confusion matrix needs one class each; these are"):
            ask()
    if kind == "points":
        with pytest.raises(ValueError, match="points have no classes to score"):
            found.scores()


@pytest.mark.parametrize("kind", ["category", "multi", "points"])
def test_the_worst_images_are_a_table_of_their_files(tmp_path, kind):
    learn = learner_of(kind, tmp_path)
    found = ck.Interpretation(learn)
    table, (losses, indices) = found.worst(3), found.top_losses(3)
    assert table.index.tolist() == indices and table.loss.tolist() == losses.tolist()
    assert table.file.tolist() == [found.files[i] for i in indices]
    if kind == "category":
        assert [path.name[0] for path in table.file] == table.target.tolist()
        assert table.predicted.tolist() == [learn.predict(path).label for path in table.file]
    assert "file" not in ck.Interpretation(learn, learn.data.train).worst(2)


def test_the_worst_masks_are_not_kept(tmp_path):
    with pytest.raises(ValueError, match="the predictions of masks are not kept: top_losses"):
        ck.Interpretation(learner_of("masks", tmp_path)).worst()


# Pictures


@pytest.fixture
def alts(monkeypatch):
    """The alternative texts of the figures that are shown."""
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda image: shown.append(image.alt))
    return shown


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["category", "multi", "masks", "points"])
def test_plots_give_alternative_texts(tmp_path, kind, alts):
    learn = learner_of(kind, tmp_path, augment=ck.Augment())
    found = ck.Interpretation(learn)
    learn.data.show_batch(3)
    assert alts[0].startswith("3 images of a training batch, ")
    if kind in ("category", "multi"):
        found.plot_top_losses(3)
        assert alts[1].startswith("The 3 held-out images with the largest losses: said ")
    else:
        with pytest.raises(ValueError, match="top losses are drawn for classes"):
            found.plot_top_losses()
    if kind in ("category", "masks"):
        found.plot_confusion_matrix()
        assert alts[-1].startswith("Confusion matrix of 3 classes")
    assert all(isinstance(alt, str) and len(alt) > 40 for alt in alts)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_any_number_of_channels_is_drawn(tmp_path, channels, alts):
    learner_of("category", tmp_path, channels=channels).data.show_batch(100, columns=3)
    assert len(alts) == 1


def test_bars_say_what_they_measure(alts, monkeypatch):
    labels = []
    monkeypatch.setattr(matplotlib.axes.Axes, "set_ylabel", lambda ax, label: labels.append(label))
    panels = {"before": torch.tensor([0.2, 0.8]), "after": torch.tensor([0.5, 0.5])}
    ck.plots.bars(panels, ["cat", "dog"], "Two bars each.", ylabel="probability")
    ck.plots.bars(panels, ["cat", "dog"], "Two bars each.")
    assert labels == ["probability", "value"] and len(alts) == 2


@pytest.mark.parametrize("channels", [1, 3])
def test_bytes_are_drawn_like_floats(channels, alts, monkeypatch):
    drawn = []
    monkeypatch.setattr(matplotlib.axes.Axes, "imshow", lambda ax, array, **options: drawn.append(array))
    images = torch.randint(256, (2, channels, 4, 4), dtype=torch.uint8)
    for given in (images, images / 255):
        ck.image_plots.photographs(given, ["one", "two"], "two images")
    assert len(drawn) == 4 and all((a == b).all() for a, b in zip(drawn[:2], drawn[2:], strict=True))


# What a network sees


def test_patches_hold_the_pattern_that_excites_a_channel():
    pattern = torch.tensor([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]])
    images = 0.1 * torch.rand(6, 1, 24, 24)
    places = {4: (2, 3), 1: (15, 20), 2: (8, 1)}
    for strength, (i, (row, column)) in zip((1.0, 0.8, 0.6), places.items(), strict=True):
        images[i, 0, row : row + 3, column : column + 3] = strength * pattern
    model = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, bias=False), nn.ReLU())
    with torch.no_grad():
        model[0].weight[1, 0] = pattern - 0.5
    patches = inside.top_patches(model, model[0], 1, images, n=3, patch_size=5)
    assert patches.shape == (3, 1, 5, 5)
    for patch, strength in zip(patches, (1.0, 0.8, 0.6), strict=True):
        found = F.conv2d(patch[None], pattern[None, None] - 0.5).max()
        assert found == pytest.approx(2.5 * strength)
    assert inside.top_patches(model, model[0], 0, images, n=100).shape == (6, 1, 16, 16)


def test_a_patch_of_the_receptive_fields_size_is_all_that_its_place_sees():
    torch.manual_seed(2)
    model = nn.Sequential(nn.Conv2d(1, 2, 3, 2, 1), nn.Conv2d(2, 2, 3, 2, 1))  # each place sees 7 x 7 pixels
    images = torch.rand(20, 1, 32, 32)
    strongest = model(images)[:, 1].flatten(1).max(1)
    first = strongest.values.argmax()
    row, column = divmod(int(strongest.indices[first]), 8)
    assert 0 < row < 7 and 0 < column < 7, "choose another seed: the place is at the border"
    (patch,) = inside.top_patches(model, model[1], 1, images, n=1, patch_size=7)
    assert torch.equal(patch, images[first, :, 4 * row - 3 : 4 * row + 4, 4 * column - 3 : 4 * column + 4])
    changed = torch.rand(1, 1, 32, 32)
    changed[0, :, 4 * row - 3 : 4 * row + 4, 4 * column - 3 : 4 * column + 4] = patch
    assert torch.allclose(model(changed)[0, 1, row, column], strongest.values[first])


def test_activations_leave_the_model_as_it_was():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout())
    before = model[1].running_mean.clone()
    found = inside.activations(model, model[0], torch.rand(4, 1, 8, 8))
    assert found.shape == (4, 2, 6, 6) and model.training and torch.equal(model[1].running_mean, before)
    assert not model[0]._forward_hooks
    with pytest.raises(ValueError, match="the model did not use that layer"):
        inside.activations(model, nn.Linear(2, 2), torch.rand(4, 1, 8, 8))


def test_saliency_is_the_gradient_and_zero_where_nothing_depends_on_the_pixel():
    model = nn.Sequential(nn.Flatten(), nn.Linear(2 * 4 * 5, 3))
    with torch.no_grad():
        model[1].weight.view(3, 2, 4, 5)[1, :, :2] = 0
    images = torch.rand(6, 2, 4, 5)
    found = inside.saliency(model, images, lambda outputs: outputs[:, 1])
    weight = model[1].weight.detach().view(3, 2, 4, 5)[1]
    assert torch.allclose(found, weight.abs().amax(0).expand(6, 4, 5)) and (found[:, :2] == 0).all()
    assert found[:, 2:].min() > 0 and not images.requires_grad and model[1].weight.grad is None


def test_the_mean_of_a_class_activation_map_is_the_output(tmp_path):
    learn = learner_of("category", tmp_path)
    images = learn.data.valid.images(range(4))
    classes_asked = torch.tensor([0, 2, 1, 0])
    last = learn.model[2][-1]
    maps = inside.class_activation_map(learn.model[:2], last, images, classes_asked)
    learn.model.eval()
    expected = learn.model(images)[torch.arange(4), classes_asked]
    assert maps.shape == (4, 4, 4)
    assert torch.allclose(maps.mean((1, 2)) + last.bias[classes_asked], expected, atol=1e-5)


def test_looking_leaves_each_part_in_its_mode():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    model.train()
    model[1].eval()
    modes, images = [m.training for m in model.modules()], torch.rand(4, 1, 8, 8)
    inside.activations(model, model[0], images)
    inside.top_patches(model, model[0], 0, images)
    inside.saliency(model, images, lambda outputs: outputs[:, 0])
    inside.class_activation_map(model[:2], model[4], images, torch.zeros(4, dtype=torch.int64))
    with pytest.raises(RuntimeError):
        inside.activations(model, model[0], torch.rand(4, 3, 8, 8))
    assert [m.training for m in model.modules()] == modes
