"""Faults of vision that real users met, kind by kind: each once silent, and what is right instead.

The right values come from the definition (a mirror image, a mean, a path), from the file format's specification, or
from a peer: Pillow, NumPy, scikit-learn, torchvision.
"""

import io
import unicodedata
import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from drawn import blob, classes, discs, held, mask_source, noise, png, point_source, save
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from torch import nn

import coursekit as ck
from coursekit.vision.augment import dihedral_group, move_keypoints

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def tiny(channels=3, pretrained=False):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(channels, 4, 3, 2, 1), nn.ReLU())


def small_learner(data, make=None, **options):
    make = make or (ck.unet_learner if data.target_type.spatial == "mask" else ck.vision_learner)
    return make(data, tiny, pretrained=False, progress=False, **options)


# 1 Numbers compared without what they stand for


def named(folder, names, n=4, size=16):
    """n images of each class, one brightness each: the same for a name wherever it stands."""
    for name in names:
        for i in range(n):
            save(
                folder / name / f"{i}.png",
                noise(size, size, 3, i, 40 * (ord(name[0]) % 6), 40 * (ord(name[0]) % 6) + 40),
            )
    return ck.ImageSource(folder).labelled_by(ck.folder_labels())


@pytest.fixture
def pets(tmp_path):
    data = named(tmp_path / "train", ["cat", "dog", "fox"]).split(ck.at_random(0.3, seed=1)).loaders(16, device="cpu")
    return data, named(tmp_path / "test", ["dog", "fox"])


LOOKS = {
    "validate": lambda learn, loader: learn.validate(loader),
    "predictions": lambda learn, loader: learn.predictions(loader),
    "tta": lambda learn, loader: learn.tta(loader),
    "Interpretation": lambda learn, loader: ck.Interpretation(learn, loader),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
@pytest.mark.parametrize("part", ["train", "valid"])
def test_data_of_other_classes_are_refused(pets, look, part):
    data, other = pets
    data.augment = ck.Augment()
    learn, others = small_learner(data), other.split(ck.at_random(0.5)).loaders(16, device="cpu")
    with pytest.raises(ValueError, match=r"this loader was made for other classes: 2 there, 3 here.*data.test"):
        look(learn, getattr(others, part))
    with pytest.raises(ValueError, match="other classes"):
        learn.use(others)
    look(learn, getattr(data, part))


def test_other_tables_texts_and_plain_tensors_are_refused_alike():
    def data(names, n=6):
        torch.manual_seed(0)
        tensors = torch.randn(n, 4), torch.arange(n) % len(names)
        return ck.Loaders(tensors, tensors, device="cpu", target_type=ck.Categories(names))

    mine, theirs = data(("a", "b", "c")), data(("b", "c"))
    learn = ck.Learner(mine, nn.Linear(4, 3), progress=False)
    learn.validate(mine.train), learn.validate([*mine.valid])
    with pytest.raises(ValueError, match="this loader was made for other classes"):
        learn.validate(theirs.valid)


@pytest.mark.parametrize("channels", [1, 4])
def test_other_channels_are_refused(pets, channels, tmp_path):
    learn = small_learner(pets[0])
    other = ck.ImageSource(tmp_path / "train", channels).labelled_by(ck.folder_labels()).split(ck.at_random(0.3))
    with pytest.raises(ValueError, match="made for other channels"):
        learn.validate(other.loaders(16, device="cpu").valid)


@pytest.mark.parametrize("form", ["source", "folder", "files"])
def test_test_data_have_the_classes_of_the_training(pets, form, tmp_path):
    data, other = pets
    learn = small_learner(data, metrics=[ck.accuracy])
    given = {"source": other, "folder": tmp_path / "test", "files": list(other.files)}[form]
    loader = data.test(given)
    expected = [data.target_type.names.index(file.parent.name) for file in other.files]
    outputs, targets = learn.predictions(loader)
    assert targets.tolist() == expected and set(expected) == {1, 2}
    right = [p.label == file.parent.name for p, file in zip(learn.predict(list(other.files)), other.files, strict=True)]
    assert learn.validate(loader)["accuracy"] == pytest.approx(np.mean(right))
    assert ck.Interpretation(learn, loader).confusion_matrix().sum(1).tolist() == [0, 4, 4]


def test_test_data_of_one_class_or_of_an_unknown_one(pets, tmp_path):
    data, _ = pets
    one = save(tmp_path / "one" / "fox" / "a.png", noise())
    assert [t.tolist() for _, t in data.test([one])] == [[2]]
    wolf = save(tmp_path / "one" / "wolf" / "a.png", noise())
    with pytest.raises(ValueError, match="the label 'wolf' is none of the 3 classes of the training data"):
        data.test([wolf])
    masks = ck.ImageSource([one]).labelled_by(ck.mask_labels(lambda file: file, ["a", "b"]))
    with pytest.raises(ValueError, match="the training's labels are Categories.* label both in one way"):
        data.test(masks)


def test_test_data_with_masks_and_keypoints(tmp_path):
    middles = discs(tmp_path, 6)
    for source in (mask_source(tmp_path), point_source(tmp_path, middles)):
        data = source.split(held("0", "1")).loaders(16, device="cpu")
        _, targets = next(iter(data.test([*data.source.part(True)[0]])))
        assert torch.equal(targets, next(iter(data.valid))[1])


def test_images_without_labels_have_no_accuracy(pets, tmp_path):
    data, other = pets
    learn, loader = small_learner(data, metrics=[ck.accuracy]), data.unlabelled(other.files)
    assert learn.predictions(loader)[0].shape == (8, 3)
    with pytest.raises(ValueError, match=r"have no labels to compare with: predictions\(loader\)"):
        learn.validate(loader)
    with pytest.raises(ValueError, match="a loader of samples and labels is needed"):
        ck.Interpretation(learn, loader)


def test_whole_numbers_are_never_taken_for_floats(pets):
    data, _ = pets
    learn, file = small_learner(data), data.source.files[0]
    image = ck.read_image(file)
    expected = learn.predict(file).values
    for same in (image, image[None], image.permute(1, 2, 0).numpy(), image.float() / 255):
        found = learn.predict(same)
        assert torch.allclose((found[0] if isinstance(found, list) else found).values, expected, atol=1e-6)
    with pytest.raises(ValueError, match="floats from 0 to 1; found torch.uint8: divide by 255"):
        learn.predictions([(image[None], torch.zeros(1, dtype=torch.int64))])
    with pytest.raises(ValueError, match="float from 0 to 1"):
        learn.predict(image.float())


class WholeClassifier(nn.Sequential):
    """As torchvision's SqueezeNet: what ends it is no linear layer, but it knows its number of classes."""

    num_classes = 10


CLASSIFIERS = {
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(768, 10)),
    "softmax": lambda: nn.Sequential(nn.Flatten(), nn.Linear(768, 10), nn.Softmax(1)),
    "dropout": lambda: nn.Sequential(nn.Flatten(), nn.Linear(768, 10), nn.Dropout(0.1)),
    "convolution": lambda: WholeClassifier(nn.Conv2d(3, 10, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
}


@pytest.mark.parametrize("make", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_a_whole_classifier_is_no_backbone(pets, make):
    with pytest.raises(
        ValueError, match=r"10 outputs, as a whole classifier does: cut its end off with ck.without_head"
    ):
        ck.vision_learner(pets[0], make(), pretrained=False)


def test_features_without_maps_are_a_backbone(pets):
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(768, 10), nn.BatchNorm1d(10), nn.ReLU())
    assert small_learner(pets[0], lambda data, _, **options: ck.vision_learner(data, backbone, **options))


STATISTICS = {
    "0 to 255": (([123.7, 116.3, 103.5], [58.4, 57.1, 57.4]), "from 0 to 1"),
    "too few": (([0.5], [0.5]), "one number a channel"),
    "not a pair": ([0.5, 0.5, 0.5], "a pair"),
    "no width": (([0.5] * 3, [0.0] * 3), "above 0"),
}


@pytest.mark.parametrize("statistics, message", STATISTICS.values(), ids=STATISTICS.keys())
def test_statistics_are_told_on_the_scale_of_the_images(pets, statistics, message):
    with pytest.raises(ValueError, match=message):
        ck.vision_learner(pets[0], tiny, statistics=statistics)


def test_a_backbone_has_its_own_statistics(pets):
    own = [0.498, 0.4, 0.3], [0.502, 0.4, 0.3]
    learn = ck.vision_learner(pets[0], tiny, statistics=own, progress=False)
    assert torch.allclose(learn.model[0].mean.flatten(), torch.tensor(own[0]))
    assert torch.allclose(learn.model[0].std.flatten(), torch.tensor(own[1]))
    with pytest.raises(ValueError, match=r"Give statistics=\(mean, std\)"):
        ck.vision_learner(pets[0], tiny)


def confusion_of(learn, loader):
    outputs, targets = learn.predictions(loader)
    return outputs.argmax(1).flatten().numpy(), targets.flatten().numpy()


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_metrics_hear_of_the_ignored_class(tmp_path, batch_size):
    from sklearn.metrics import jaccard_score

    discs(tmp_path, 8)
    data = mask_source(tmp_path).split(held("0", "1", "2")).loaders(16, batch_size=batch_size, device="cpu")
    learn = small_learner(data, metrics=[ck.pixel_accuracy, ck.mean_iou])
    found, (given, true) = learn.validate(), confusion_of(learn, data.valid)
    counted = true != 2
    assert found["pixel_accuracy"] == pytest.approx((given == true)[counted].mean())
    expected = jaccard_score(true[counted], given[counted], labels=[0, 1], average="macro")
    assert found["mean_iou"] == pytest.approx(expected)
    table = ck.Interpretation(learn).scores()
    assert found["mean_iou"] == pytest.approx(table["IoU"].mean())


def test_what_was_said_of_the_ignored_class_stays(tmp_path):
    discs(tmp_path, 6)
    data = mask_source(tmp_path).split(held("0", "1")).loaders(16, device="cpu")
    other = partial(ck.pixel_accuracy, ignore_index=0)
    learn = small_learner(data, metrics=[other])
    given, true = confusion_of(learn, data.valid)
    assert learn.validate()["pixel_accuracy"] == pytest.approx((given == true)[true != 0].mean())


def test_a_model_of_ones_own_ignores_the_class_too(tmp_path):
    discs(tmp_path, 6)
    data = mask_source(tmp_path).split(held("0", "1")).loaders(16, device="cpu")
    learn = ck.Learner(data, nn.Conv2d(3, 3, 1), metrics=[ck.pixel_accuracy], progress=False)
    outputs, targets = learn.predictions()
    expected = nn.functional.cross_entropy(outputs, targets, ignore_index=2)
    assert learn.validate()["loss"] == pytest.approx(float(expected))


@quick
@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(2, 5))
def test_mean_iou_is_scikit_learns_for_every_batch_size(seed, batch_size, k):
    from sklearn.metrics import jaccard_score

    generator = torch.Generator().manual_seed(seed)
    outputs = torch.randn(5, k, 3, 2, generator=generator)
    targets = torch.randint(k, (5, 3, 2), generator=generator)
    mean = ck.RunningMean("iou")
    for part in zip(outputs.split(batch_size), targets.split(batch_size), strict=True):
        mean.add(ck.mean_iou(*part), 1)
    given, true = outputs.argmax(1).flatten(), targets.flatten()
    present = sorted({*given.tolist(), *true.tolist()})
    assert mean.value == pytest.approx(jaccard_score(true, given, labels=present, average="macro"))


@pytest.mark.parametrize("form", [int, np.int64, str], ids=["int", "numpy", "digits"])
def test_whole_numbers_are_classes_in_the_order_of_their_size(tmp_path, form):
    files = [save(tmp_path / f"{i}.png", noise(4, 4)) for i in range(12)]
    source = ck.ImageSource(files).labelled_by(ck.list_labels([form(i) for i in range(12)]))
    assert source.target_type.encode(source.labels).tolist() == [*range(12)]
    lists = ck.ImageSource(files).labelled_by(ck.list_labels([[str(i)] for i in range(12)]))
    assert torch.equal(lists.target_type.encode(lists.labels), torch.eye(12))
    assert ck.Categories.of(["b10", "b9", "a"]).names == ("a", "b10", "b9")
    assert ck.Categories.of([-1, -10, 3]).names == ("-10", "-1", "3")


# 4 A symmetry of the picture that is not one of the answer


def eyes(folder, n=24, size=32):
    """Faces, each with a bright left eye and a dim right one a little to its side; their places in pixels."""
    generator, places = np.random.default_rng(0), {}
    for i in range(n):
        x, y = generator.integers(8, 16, 2)
        image = blob(size, size, y, x, 2) | (blob(size, size, y, x + 10, 2) // 2)
        save(folder / f"{i}.png", image)
        places[f"{i}.png"] = [(x + 0.5, y + 0.5), (x + 10.5, y + 0.5)]
    return ck.ImageSource(folder), places


@quick
@given(st.integers(0, 7), st.lists(st.floats(-1, 1, width=32), min_size=6, max_size=6))
def test_a_swap_follows_every_symmetry_by_name(view, numbers):
    # the mirror image of a left eye is where the right eye of the mirrored face is: by the definition, names exchanged
    keypoints = torch.tensor([numbers])
    matrix = dihedral_group()[view : view + 1]
    plain = move_keypoints(keypoints, matrix).reshape(3, 2)
    swapped = move_keypoints(keypoints, matrix, [(0, 2)]).reshape(3, 2)
    assert torch.equal(swapped, plain[[2, 1, 0]] if view >= 4 else plain)
    back = move_keypoints(swapped.reshape(1, 6), torch.linalg.inv(matrix), [(0, 2)])
    assert torch.allclose(back, keypoints, atol=1e-6)


@pytest.mark.parametrize("augment", [ck.Augment(), ck.dihedral()], ids=["flip", "dihedral"])
def test_the_left_keypoint_stays_left_in_every_training_image(tmp_path, augment):
    source, places = eyes(tmp_path)
    labels = ck.keypoint_labels(lambda file: places[file.name], swap=[(0, 1)])
    still = replace(augment, rotate=0, perspective=0, zoom=1, brightness=0, contrast=0)
    data = source.labelled_by(labels).split(held("0", "1")).loaders(32, augment=still, batch_size=22, device="cpu")
    torch.manual_seed(1)
    images, targets = next(iter(data.train))
    left, right = targets.reshape(-1, 2, 2).unbind(1)
    if not augment.dihedral:
        assert (left[:, 0] < right[:, 0]).all()
    # after a mirror the left one is the face's other eye, so the bright blob is found under both names
    rows, columns = (((left.flip(1) + 1) / 2) * 32).long().unbind(1)
    bright = images[torch.arange(22), 0, rows.clamp(0, 31), columns.clamp(0, 31)] > 0.9
    assert 0 < bright.sum() < 22


@pytest.mark.parametrize("augment", [ck.Augment(), ck.dihedral()], ids=["flip", "dihedral"])
def test_several_keypoints_are_not_mirrored_unless_it_is_said_how(tmp_path, augment):
    source, places = eyes(tmp_path)
    source = source.labelled_by(ck.keypoint_labels(lambda file: places[file.name])).split(held("0", "1"))
    with pytest.warns(UserWarning, match=r"not mirrored.*swap=\[\(0, 1\)\]\), or swap=\[\] for none"):
        still = replace(augment, rotate=0, perspective=0, zoom=1, brightness=0, contrast=0)
        data = source.loaders(32, augment=still, batch_size=22, device="cpu")
    for _ in range(3):
        images, targets = next(iter(data.train))
        rows, columns = (((targets.reshape(-1, 2, 2)[:, 0].flip(1) + 1) / 2) * 32).long().clamp(0, 31).unbind(1)
        assert (images[torch.arange(22), 0, rows, columns] > 0.6).all()  # the first is always the bright one
    learn = small_learner(data)
    if augment.dihedral:  # four turns are left
        turns = [torch.rot90(next(iter(data.valid))[0], k, (2, 3)) for k in range(4)]
        assert len(turns) == 4 and learn.tta()[0].shape == (2, 4)
    else:
        with pytest.raises(ValueError, match="there is no other view to average"):
            learn.tta()


def test_one_keypoint_and_none_to_exchange_are_mirrored_without_a_word(tmp_path):
    source, places = eyes(tmp_path)
    one = ck.keypoint_labels(lambda file: places[file.name][0])
    none = ck.keypoint_labels(lambda file: places[file.name], swap=[])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for labels in (one, none):
            data = source.labelled_by(labels).split(held("0")).loaders(32, augment=ck.Augment(), device="cpu")
            assert data.augment.mirrors(data.target_type)


def test_tta_exchanges_the_keypoints_back(tmp_path):
    source, places = eyes(tmp_path)
    labels = ck.keypoint_labels(lambda file: places[file.name], swap=[(0, 1)])
    data = source.labelled_by(labels).split(held("0", "1")).loaders(32, augment=ck.Augment(), device="cpu")
    learn = small_learner(data)

    class Perfect(nn.Module):
        """Finds the two blobs and calls the left one on the picture 0, as in every training image."""

        def forward(self, x):
            found = []
            for image in x[:, 0]:
                across = torch.nonzero(image.amax(0) > 0.2).flatten().float() + 0.5
                down = (torch.nonzero(image.amax(1) > 0.2).flatten().float() + 0.5).mean() / 16 - 1
                middle = across.mean()
                left, right = across[across < middle].mean() / 16 - 1, across[across > middle].mean() / 16 - 1
                found.append(torch.stack([left, down, right, down]))
            return torch.stack(found)

    learn.model = learn.network = Perfect()
    values, targets = learn.tta()
    assert torch.allclose(values, targets, atol=1e-5)


WRONG_SWAPS = [[(0, 2)], [(0, 0)], [(0, 1), (1, 0)], [0, 1], "01", 3, [(0, 1, 2)], [(None, 1)]]


@pytest.mark.parametrize("swap", WRONG_SWAPS, ids=str)
def test_a_swap_is_pairs_of_keypoints(tmp_path, swap):
    source, places = eyes(tmp_path, 2)
    with pytest.raises(ValueError, match=r"swap says which keypoints change places: pairs of numbers from 0 to 1"):
        source.labelled_by(ck.keypoint_labels(lambda file: places[file.name], swap=swap))


def test_a_saved_model_keeps_its_pairs(tmp_path):
    source, places = eyes(tmp_path / "eyes", 6)
    labels = ck.keypoint_labels(lambda file: places[file.name], swap=[(0, 1)])
    data = source.labelled_by(labels).split(held("0")).loaders(32, device="cpu")
    learn = small_learner(data)
    again = ck.Predictor.load(learn.predictor().save(tmp_path / "model"))
    assert again.target_type == data.target_type and again.target_type.swap == ((0, 1),)
    assert torch.equal(again.predict(data.source.files[0]).values, learn.predict(data.source.files[0]).values)


def test_classes_of_left_and_right_are_told_when_mirrored(tmp_path):
    source = named(tmp_path, ["left_arrow", "right_arrow"]).split(ck.at_random(0.3))
    with pytest.warns(UserWarning, match="mirrored, and so is what a class of the left means.*flip=False"):
        source.loaders(16, augment=ck.Augment(), device="cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source.loaders(16, augment=ck.Augment(flip=False), device="cpu")
        named(tmp_path / "b", ["bright", "copyright"]).split(ck.at_random(0.3)).loaders(
            16, augment=ck.Augment(), device="cpu"
        )


def test_without_mirrored_training_there_is_no_mirrored_view(pets):
    for augment in (None, ck.Augment(flip=False)):
        learn = small_learner(pets[0])
        learn.data.augment = augment
        with pytest.raises(ValueError, match="there is no other view to average"):
            learn.tta()


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(
    "augment", [ck.Augment(p=1), ck.dihedral(p=1), ck.Augment(brightness=1, contrast=2, p=1)], ids=["a", "b", "c"]
)
def test_opacity_is_no_color(channels, augment):
    images = torch.rand(6, channels, 8, 8)
    images[:, -1] = 1.0
    changed, _ = augment(images, torch.zeros(6), ck.Categories(("a", "b")))
    assert torch.allclose(changed[:, -1], torch.ones(6, 8, 8)) and not torch.allclose(changed[:, 0], images[:, 0])


# 5 What is not named falls into training


def tree(folder, names):
    return [save(folder / name, noise(8, 8, seed=i)) for i, name in enumerate(names)]


SISTERS = {
    "a third": ["train/cat/1.png", "valid/cat/2.png", "test/cat/3.png", "train/dog/4.png"],
    "below each class": ["cat/train/1.png", "cat/valid/2.png", "cat/test/3.png", "dog/train/4.png"],
    "images beside": ["0.png", "train/cat/1.png", "valid/cat/2.png", "train/dog/4.png"],
    "classes beside": ["cat/1.png", "dog/2.png", "valid/cat/3.png"],
}


@pytest.mark.parametrize("names", SISTERS.values(), ids=SISTERS.keys())
def test_what_lies_beside_the_held_out_folder_is_not_trained_on_by_itself(tmp_path, names):
    files = tree(tmp_path, names)
    source = ck.ImageSource(files).labelled_by(
        ck.list_labels(["a", "b"] * (len(files) // 2) + ["a"] * (len(files) % 2))
    )
    with pytest.raises(ValueError, match="beside the folder 'valid' there are .*, and all would be trained on"):
        source.split(ck.by_folder("valid"))


def test_by_folder_where_it_is_clear(tmp_path):
    files = tree(tmp_path / "valid" / "set", ["train/cat/1.png", "valid/cat/2.png", "train/dog/valid.png"])
    assert ck.by_folder("valid")(files) == [False, True, False]
    files = tree(tmp_path / "b", ["train/cat/1.png", "valid/cat/2.png", "test/cat/3.png", "train/dog/4.png"])
    source = ck.ImageSource(files).where(lambda file: "test" not in file.parts).labelled_by(ck.list_labels(list("aab")))
    assert source.split(ck.by_folder("valid")).held_out == (False, True, False)
    files = tree(tmp_path / "c", ["1.png", "2.png", "valid/3.png"])
    assert ck.by_folder("valid")(files) == [False, False, True]


def test_a_class_only_in_the_held_out_part_is_told(tmp_path):
    files = tree(tmp_path, [f"{i}.png" for i in range(4)])
    for labels in (["a", "b", "a", "c"], [["a"], ["b"], ["a"], ["c"]], [1, 2, 1, 3]):
        source = ck.ImageSource(files).labelled_by(ck.list_labels(labels))
        with pytest.warns(UserWarning, match="1 classes are only in the held-out part, so not learned: '[c3]'"):
            source.split(held("3"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            source.split(held("2"))


def test_an_image_on_both_sides_is_refused(tmp_path):
    files = tree(tmp_path, ["0.png", "1.png"])
    source = ck.ImageSource([*files, files[0]]).labelled_by(ck.list_labels(list("aba")))
    with pytest.raises(ValueError, match="0.png is in the list of images twice, held out once and trained on once"):
        source.split(lambda files: [True, False, False])


def test_an_image_beside_the_class_folders_makes_no_class(tmp_path):
    tree(tmp_path, ["cover.png", "cat/1.png", "dog/2.png"])
    with pytest.raises(
        ValueError, match="1 of 3 images lie beside folders of classes, not in one, such as .*cover.png"
    ):
        ck.ImageSource(tmp_path).labelled_by(ck.folder_labels())
    tree(tmp_path / "deep", ["cat/2020/1.png", "cat/2.png", "dog/2021/3.png"])
    with pytest.raises(ValueError, match="lie beside folders of classes"):
        ck.ImageSource(tmp_path / "deep").labelled_by(ck.folder_labels(2))
    left = ck.ImageSource(tmp_path).where(lambda file: file.parent != tmp_path and "deep" not in file.parts)
    assert left.labelled_by(ck.folder_labels()).target_type.names == ("cat", "dog")


MASKS = {
    "in a folder of their own": ("images/{}.png", "masks/{}.png"),
    "with an addition": ("images/{}.jpg", "masks/{}_P.png"),
    "in one folder": ("all/{}.jpg", "all/{}_mask.png"),
    "beside two parts": ("train/{}.png", "trainannot/{}.png"),
}


@pytest.mark.parametrize("image, mask", MASKS.values(), ids=MASKS.keys())
@pytest.mark.parametrize("mode", ["L", "P"])
def test_masks_beside_images_are_no_images(tmp_path, image, mask, mode):
    for i in range(3):
        save(tmp_path / image.format(i), noise(8, 8, seed=i))
        path = save(tmp_path / mask.format(i), noise(8, 8, 1, i, 0, 3))
        if mode == "P":
            Image.open(path).convert("P").save(path)
    for labels in (ck.folder_labels(), ck.pattern_labels(r"(\d)"), lambda file: file.stem[0]):
        with pytest.raises(ValueError, match="3 of the 6 images look like masks of others, .* leave them out"):
            ck.ImageSource(tmp_path).labelled_by(labels)


def test_grey_images_of_classes_are_no_masks(tmp_path):
    for i in range(3):  # equal names in class folders, as in many data sets
        save(tmp_path / "cat" / f"{i}.png", noise(8, 8, seed=i))
        save(tmp_path / "dog" / f"{i}.png", noise(8, 8, 1 if i else 3, seed=i))
    assert ck.ImageSource(tmp_path).labelled_by(ck.folder_labels()).target_type.names == ("cat", "dog")


@pytest.mark.parametrize("name", ["pets", "satellite", "streets", "faces"])
@pytest.mark.filterwarnings("error")
def test_the_samples_are_read_without_a_word(name):
    assert ck.find_images(ck.fetch(name, "sample"))


def test_skipped_files_are_told(tmp_path):
    tree(tmp_path, ["1.png", "2.jfif", "3.jpe", "4.tga", "5.ppm", "6.avif", "7.pgm"])
    for name in ("a.heic", "b.HEIC", "c.jpg.part", "d", "notes.txt", "labels.csv", ".DS_Store"):
        (tmp_path / name).write_bytes(b"?")
    with pytest.warns(UserWarning, match=r"4 of 13 files in .* are left out.*\(2 .heic, 1 .part, 1 d\)"):
        assert len(ck.ImageSource(tmp_path)) == 7
    tree(tmp_path / "b", ["1.png"])
    (tmp_path / "b" / "labels.csv").write_text("a,b", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ck.find_images(tmp_path / "b")


NFC, NFD = "café", unicodedata.normalize("NFD", "café")


@pytest.mark.parametrize("forms", [(NFC, NFD), ("cat", "cat "), ("cat", "\ufeffcat"), ("a b", " a b\t")], ids=ascii)
def test_labels_that_read_alike_are_one_class(tmp_path, forms):
    files = tree(tmp_path, ["0.png", "1.png", "2.png"])
    one, other = forms
    for labels in ([one, other, "dog"], [[one], [other], ["dog"]]):
        source = ck.ImageSource(files).labelled_by(ck.list_labels(labels))
        assert source.target_type.names == tuple(sorted((one, "dog")))
        assert source.split(held("1")).loaders(8, device="cpu").target_type.outputs == 2


def test_folders_that_read_alike_are_one_class(tmp_path):
    tree(tmp_path, [f"{NFC}/0.png", f"{NFD}/1.png", "dog/2.png"])
    source = ck.ImageSource(tmp_path).labelled_by(ck.folder_labels())
    assert source.target_type.names == (NFC, "dog")
    assert ck.by_file_list([f"{NFC}/0.png"])(source.files).count(True) == 1


SPELT = {
    "plain": "{}", "ending": "{}.png", "folder": "cat/{}.png", "longer": "old/place/cat/{}.png", "space": " {}.png ",
    "windows": "C:\\old\\cat\\{}.png", "mark": "\ufeff{}.png", "dot": "./cat/{}.png", "absolute": "/data/x/cat/{}.png",
}  # fmt: skip


@pytest.fixture
def cats(tmp_path):
    return tree(tmp_path / "set", [f"cat/a {i}.png" for i in range(3)] + ["dog/b.png"])


@pytest.mark.parametrize("form", SPELT.values(), ids=SPELT.keys())
def test_one_spelling_finds_one_file_in_lists_and_tables(tmp_path, cats, form):
    names = [form.format(name) for name in ("a 0", "a 1", "a 2")]
    expected = [True, True, True, False]
    assert ck.by_file_list(names)(cats) == expected
    (tmp_path / "list.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    assert ck.by_file_list(tmp_path / "list.txt")(cats) == expected
    rows = [f"{name},k{i}" for i, name in enumerate([*names, "b"])]
    (tmp_path / "t.csv").write_text("file,label\n" + "\n".join(rows), encoding="utf-8")
    assert ck.csv_labels(tmp_path / "t.csv").of(cats) == ["k0", "k1", "k2", "k3"]


def test_equal_names_in_different_folders_are_told_apart(tmp_path):
    files = tree(tmp_path, ["cat/1.png", "dog/1.png", "dog/2.png"])
    assert ck.by_file_list(["dog/1.png"])(files) == [False, True, False]
    (tmp_path / "t.csv").write_text("file,label\ncat/1.png,c\ndog\\1,d\n2.png,e\n", encoding="utf-8")
    assert ck.csv_labels(tmp_path / "t.csv").of(files) == ["c", "d", "e"]
    with pytest.raises(ValueError, match=r"names '1.png', and several images are called so"):
        ck.by_file_list(["1.png"])(files)
    with pytest.raises(ValueError, match=r"the list names 'cat/2.png', and no such image is there"):
        ck.by_file_list(["cat/2.png"])(files)  # the folder is there, and holds none of that name
    with pytest.raises(ValueError, match=r"two names, 'dog/2' and '2.png', for the image"):
        (tmp_path / "t.csv").write_text("file,label\ncat/1.png,c\ndog/2,d\n2.png,e\n", encoding="utf-8")
        ck.csv_labels(tmp_path / "t.csv").of(files)


LISTS = {
    "an index": ("0,a 0.png\n1,a 2.png\n", True), "an index with a head": (",file\n0,a 0.png\n1,a 2.png\n", True),
    "semicolons": ("a 0.png;cat\na 2.png;cat\n", True), "tabs": ("cat\ta 0\ncat\ta 2\n", True),
    "spaces": ("b 1 1\n", False), "quotes": ('"a 0.png"\n"a 2.png"\n', True), "blank lines": ("\na 0\n\n a 2 \n", True),
}  # fmt: skip


@pytest.mark.parametrize("text, two", LISTS.values(), ids=LISTS.keys())
def test_a_list_may_have_columns(tmp_path, cats, text, two):
    (tmp_path / "list.txt").write_text(text, encoding="utf-8")
    expected = [True, False, True, False] if two else [False, False, False, True]
    assert ck.by_file_list(tmp_path / "list.txt")(cats) == expected


def test_a_line_that_names_two_images_or_none(tmp_path):
    files = tree(tmp_path, ["0.png", "1.png", "2.png"])
    (tmp_path / "list.txt").write_text("0,1.png\n1,2.png\n", encoding="utf-8")
    with pytest.raises(ValueError, match="has a line with the names of several images: '0,1.png'"):
        ck.by_file_list(tmp_path / "list.txt")(files)
    (tmp_path / "list.txt").write_text("1.png,x\n7.png,x\n", encoding="utf-8")
    with pytest.raises(ValueError, match="names '7.png,x', and no such image is there"):
        ck.by_file_list(tmp_path / "list.txt")(files)
    (tmp_path / "list.txt").write_text("1.png", encoding="utf-16")
    with pytest.raises(ValueError, match="is no text in UTF-8"):
        ck.by_file_list(tmp_path / "list.txt")


TABLES = {
    "an index": ",file,label\n0,{0},x\n1,{1},y\n2,{2},x\n",
    "an index without a head": "file,label\n0,{0},x\n1,{1},y\n2,{2},x\n",
    "semicolons": "file;label\n{0};x\n{1};y\n{2};x\n",
    "tabs": "file\tlabel\n{0}\tx\n{1}\ty\n{2}\tx\n",
    "spaces": "file , label\n{0} , x\n{1} , y \n{2} ,x\n",
    "a mark": "\ufefffile,label\n{0},x\n{1},y\n{2},x\n",
    "quotes": 'file,label\n"{0}","x"\n"{1}","y"\n"{2}","x"\n',
    "an index and semicolons": ";file;label\n0;{0};x\n1;{1};y\n2;{2};x\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES.keys())
@pytest.mark.parametrize("names", [("0", "1", "2"), ("1.png", "2.png", "0.png"), ("p q", "r", "s")], ids=str)
def test_tables_in_many_forms(tmp_path, text, names):
    files = [save(tmp_path / (name if name.endswith(".png") else f"{name}.png"), noise(4, 4)) for name in names]
    (tmp_path / "t.csv").write_text(text.format(*names), encoding="utf-8")
    assert ck.ImageSource(files).labelled_by(ck.csv_labels(tmp_path / "t.csv")).labels == ("x", "y", "x")
    assert ck.ImageSource(files).labelled_by(ck.csv_labels(tmp_path / "t.csv", label="label")).labels == ("x", "y", "x")


def test_the_label_is_never_the_file_itself(tmp_path):
    files = tree(tmp_path, ["a.png", "b.png"])
    (tmp_path / "t.csv").write_text("id,image,breed\n7,a,pug\n8,b,cat\n", encoding="utf-8")
    assert ck.csv_labels(tmp_path / "t.csv", file="image").of(files) == ["pug", "cat"]
    (tmp_path / "t.csv").write_text("breed,image\npug,a\ncat,b\n", encoding="utf-8")
    assert ck.csv_labels(tmp_path / "t.csv", label="breed").of(files) == ["pug", "cat"]
    assert ck.csv_labels(tmp_path / "t.csv", file="image").of(files) == ["pug", "cat"]
    (tmp_path / "t.csv").write_text("image\na\nb\n", encoding="utf-8")
    with pytest.raises(ValueError, match="has one column, 'image', for files and labels: two are needed"):
        ck.csv_labels(tmp_path / "t.csv")


# 6 Metadata decide about pixels


def upright(array, tag):
    """Pillow's own exif_transpose as the peer."""
    image, note = Image.fromarray(array), Image.Exif()
    note[0x0112] = tag
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=note)
    return np.array(ImageOps.exif_transpose(Image.open(buffer)))


FORMATS = {
    "PNG": {}, "TIFF": {}, "TIFF lzw": {"compression": "tiff_lzw"}, "TIFF deflate": {"compression": "tiff_deflate"},
    "WEBP": {"lossless": True}, "BMP": {}, "PPM": {}, "TGA": {}, "TGA rle": {"compression": "tga_rle"},
}  # fmt: skip


@quick
@given(st.sampled_from(sorted(FORMATS)), st.integers(1, 8), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_an_image_is_the_same_in_every_lossless_format_and_orientation(form, tag, height, width, seed):
    array = noise(height, width, seed=seed)
    note, buffer = Image.Exif(), io.BytesIO()
    note[0x0112] = tag
    turned = form.split()[0] in ("PNG", "TIFF", "WEBP")
    Image.fromarray(array).save(buffer, form.split()[0], **FORMATS[form], **({"exif": note} if turned else {}))
    expected = torch.from_numpy(upright(array, tag) if turned else array).permute(2, 0, 1)
    for source in (buffer.getvalue(), io.BytesIO(buffer.getvalue()), Image.open(io.BytesIO(buffer.getvalue()))):
        assert torch.equal(ck.read_image(source), expected)


@quick
@given(st.sampled_from(["L", "LA", "RGBA", "P", "RGB", "1", "I;16"]), st.sampled_from([1, 2, 3, 4]), st.integers(0, 99))
def test_a_grey_image_is_the_same_in_every_mode(mode, channels, seed):
    grey = noise(3, 4, 1, seed)
    if mode == "1":
        grey = (grey > 128).astype(np.uint8) * 255
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    expected = np.array(Image.fromarray(grey).convert({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]))
    found = ck.read_image(buffer.getvalue(), channels)
    assert torch.equal(found, torch.from_numpy(expected.reshape(3, 4, channels)).permute(2, 0, 1))


@quick
@given(st.integers(0, 99), st.sampled_from(["RGBA", "LA", "PA-like"]), st.sampled_from([1, 2, 3, 4]))
def test_hidden_colors_stay_hidden(seed, mode, channels):
    array = noise(4, 4, 4, seed)
    array[:, :, 3] = np.where(array[:, :, 3] < 128, 0, array[:, :, 3])
    if mode == "LA":
        array[:, :, :3] = array[:, :, :1]
    other = array.copy()
    other[array[:, :, 3] == 0, :3] = 77
    pair = [np.ascontiguousarray(a[:, :, [0, 3]]) for a in (array, other)] if mode == "LA" else [array, other]
    one, two = (ck.read_image(a, channels) for a in pair)
    assert torch.equal(one, two)
    if channels in (1, 3):  # the definition of compositing over white, to the rounding of 8 bits
        alpha = array[:, :, 3:] / 255
        white = torch.from_numpy(array[:, :, :3] * alpha + 255 * (1 - alpha)).permute(2, 0, 1)
        if channels == 3:
            assert (one - white).abs().max() <= 1
    else:
        assert torch.equal(one[-1], torch.from_numpy(array[:, :, 3]))


def test_transparent_grey_palette_and_colors_by_one_entry():
    for image, hidden in (
        (Image.fromarray(np.array([[5, 9]], np.uint8)), 5),
        (Image.fromarray(np.array([[[1, 2, 3], [9, 9, 9]]], np.uint8)), (1, 2, 3)),
        (Image.fromarray(np.array([[5, 9]], np.uint8)).convert("P"), 5),
    ):
        buffer = io.BytesIO()
        image.save(buffer, "PNG", transparency=hidden)
        assert ck.read_image(buffer.getvalue())[:, 0].tolist() == [[255, 9]] * 3
        assert ck.read_image(buffer.getvalue(), 4)[:, 0].tolist() == [[0, 9]] * 3 + [[0, 255]]


@pytest.mark.parametrize("color, bits", [(0, 8), (0, 1), (0, 16), (2, 8), (3, 8), (6, 8)])
def test_a_png_that_ends_early_is_refused(color, bits):
    for rows in (0, 1, 10, 99):
        with pytest.raises(ValueError, match="this is not a whole image"):
            ck.read_image(png(20, 100, rows, color=color, bits=bits))
    whole = ck.read_image(png(20, 100, 100, color=color, bits=bits), 1)
    assert whole.shape == (1, 100, 20) and len(whole.unique()) == 1
    assert ck.read_image(png(20, 100, 100, 0, color, bits)).shape == (3, 100, 20)  # black, but all there


def test_a_mask_that_ends_early_is_refused(tmp_path):
    (tmp_path / "mask.png").write_bytes(png(20, 100, 10, 1, 0))
    with pytest.raises(ValueError, match="mask.png is not a whole image .it ends before its last row"):
        ck.read_mask(tmp_path / "mask.png")
    (tmp_path / "mask.png").write_bytes(png(20, 100, 100, 0, 0))
    assert not ck.read_mask(tmp_path / "mask.png").any()


ENDLESS = {
    (1, 25_000_000): "a side",
    (25_000_000, 1): "a side",
    (50, 19_000): "200 times",
    (15_000, 15_000): "120 million",
}


@pytest.mark.parametrize("size", ENDLESS, ids=str)
@pytest.mark.parametrize("read", [ck.read_image, ck.read_mask], ids=["image", "mask"])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_size_is_refused_before_decoding(size, read, monkeypatch):
    file = png(*size, 0, color=0, bits=1)
    assert len(file) < 200
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="a side|exceeds limit"):
        read(file)


@pytest.mark.parametrize("shape", [(3, 2, 100_000), (1, 100_000, 1), (3, 10, 50_000)], ids=str)
def test_a_crop_of_a_strip_takes_no_memory(shape, monkeypatch):
    from torchvision.transforms.v2 import functional as F

    largest, resize = [], F.resize
    monkeypatch.setattr(F, "resize", lambda thing, size, *a, **k: largest.append(size) or resize(thing, size, *a, **k))
    image = torch.zeros(shape, dtype=torch.uint8)
    image[:, shape[1] // 2 :, shape[2] // 2 :] = 255
    found = ck.Resize(64, "crop")(image)
    assert found.shape == (shape[0], 64, 64) and max(map(max, largest)) <= 64 * 16
    assert found[:, -1, -1].ge(250).all() and (shape[2] == 1 or found[:, -1, 0].eq(0).all())


@quick
@given(st.integers(1, 60), st.integers(1, 3000), st.booleans(), st.sampled_from(["squish", "crop", "pad"]))
def test_keypoints_come_back_from_every_strip(short, long, upright, fit):
    height, width = (long, short) if upright else (short, long)
    resize = ck.Resize((16, 24), fit)
    from torchvision import tv_tensors

    point = torch.tensor([[width / 2, height / 2]])
    image = torch.zeros(1, height, width, dtype=torch.uint8)
    _, moved = resize(image, tv_tensors.KeyPoints(point, canvas_size=(height, width)))
    scaled = 2 * moved.as_subclass(torch.Tensor) / torch.tensor([24, 16]) - 1
    assert torch.allclose(resize.back(scaled, height, width), point, atol=0.01, rtol=1e-3)


LOSSY = {
    "JPEG": {}, "WEBP": {"lossless": True}, "WEBP lossy": {}, "AVIF": {}, "JPEG2000": {},
    "TIFF": {"compression": "jpeg"},
}  # fmt: skip


@pytest.mark.parametrize("form", LOSSY, ids=str)
def test_masks_come_in_formats_that_keep_numbers(tmp_path, form):
    path = tmp_path / "mask.png"  # whatever it is called
    Image.fromarray(noise(16, 16, 1, 0, 0, 3)).save(path, form.split()[0], **LOSSY[form])
    with pytest.raises(ValueError, match="which does not keep class numbers: save masks as PNG"):
        ck.read_mask(path)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "GIF", "PPM"])
def test_masks_in_lossless_formats(tmp_path, form):
    numbers = noise(7, 9, 1, 0, 0, 3)
    Image.fromarray(numbers).save(tmp_path / "mask", form)
    assert np.array_equal(ck.read_mask(tmp_path / "mask"), numbers)


ODD_NOTES = {0x829A: "no number", 0x8825: b"\0\1", 0x927C: bytes(300), 0x9003: 7, 0xA002: "wide", 0x010F: "ü" * 50}


@pytest.mark.parametrize("tag", ODD_NOTES, ids=hex)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.filterwarnings("ignore")
def test_odd_notes_are_nobodys_business(tag, form):
    note, buffer, array = Image.Exif(), io.BytesIO(), noise(4, 6)
    note[0x0112], note[tag] = 6, ODD_NOTES[tag]
    try:
        Image.fromarray(array).save(buffer, form, exif=note)
    except Exception:
        pytest.skip("Pillow does not write such a note")
    for cut in (None, 40):  # whole, and with notes that end in the middle
        notes = note.tobytes()[:cut]
        buffer = io.BytesIO()
        Image.fromarray(array).save(buffer, form, exif=notes)
        assert ck.read_image(buffer.getvalue()).shape in ((3, 6, 4), (3, 4, 6))


# 8 Looking changes what is learned


def learners(folder):
    middles = discs(folder / "discs", 9, 8)
    return {
        "classes": classes(folder / "classes", 3, 8),
        "masks": mask_source(folder / "discs"),
        "keypoints": point_source(folder / "discs", middles),
    }


def look(learn):
    """All that only looks, at all parts."""
    import matplotlib.pyplot as plt

    from coursekit import inside

    data = learn.data
    learn.validate(), learn.validate(data.train), learn.predictions(), learn.predictions(data.train)
    learn.tta(), learn.tta(data.train), ck.Interpretation(learn), ck.Interpretation(learn, data.train)
    data.show_batch(2), learn.summary(), learn.predict(data.source.files[0]), data.statistics(), repr(learn)
    learn.lr_find(batches=3)
    images = data.train.images([0, 1])
    inside.activations(learn.model, learn.model[0], images)
    inside.saliency(learn.model, images, lambda outputs: outputs.flatten(1)[:, 0])
    plt.close("all")


def weights_after(source, memory, workers, looks):
    data = source.loaders(8, augment=ck.Augment(), batch_size=3, memory=memory, workers=workers, device="cpu")
    learn = small_learner(data)
    learn.unfreeze()
    torch.manual_seed(5)
    for _ in range(2):
        if looks:
            look(learn)
        learn.fit(1, 1e-2)
    return torch.cat([p.detach().flatten() for p in learn.model.state_dict().values()])


@pytest.mark.parametrize("kind", ["classes", "masks", "keypoints"])
@pytest.mark.filterwarnings("ignore")
def test_looking_changes_no_bit_and_memory_and_workers_neither(tmp_path, kind):
    source = learners(tmp_path)[kind].split(ck.at_random(0.4))
    expected = weights_after(source, True, 0, False)
    for memory, workers, looks in ((True, 0, True), (False, 0, True), (False, 2, True), (False, 2, False)):
        assert torch.equal(weights_after(source, memory, workers, looks), expected), (memory, workers, looks)


def test_each_part_keeps_its_mode(pets):
    from coursekit import inside

    data, _ = pets
    learn = small_learner(data)
    learn.model.train()
    learn.model[1].eval()
    modes = [part.training for part in learn.model.modules()]
    images = data.train.images([0])
    inside.activations(learn.model, learn.model[1], images)
    inside.saliency(learn.model, images, lambda outputs: outputs[:, 0])
    inside.top_patches(learn.model, learn.model[1], 0, images, patch_size=4)
    learn.summary(), learn.lr_find(batches=2)
    assert [part.training for part in learn.model.modules()] == modes


# 11 Raw errors


def test_interpretation_says_what_it_needs(pets):
    data, _ = pets
    learn = small_learner(data)
    with pytest.raises(ValueError, match=r"these are Loaders, of two parts"):
        ck.Interpretation(learn, data)
    with pytest.raises(ValueError, match="a loader of samples and labels is needed"):
        ck.Interpretation(learn, [*data.valid])
    for wrong in (learn.model, data, None):
        with pytest.raises(ValueError, match="Interpretation looks at a learner and its data; found"):
            ck.Interpretation(wrong)


def test_what_masks_and_keypoints_do_not_have_is_told(tmp_path):
    middles = discs(tmp_path, 5, 16)
    for source in (mask_source(tmp_path), point_source(tmp_path, middles)):
        data = source.split(held("0")).loaders(16, device="cpu")
        learn = small_learner(data)
        with pytest.raises(ValueError, match=r"look at .values, of shape .*, and .label"):
            learn.predict(data.source.files[0]).probabilities  # noqa: B018
        with pytest.raises(ValueError, match="top losses are drawn for classes"):
            ck.Interpretation(learn).plot_top_losses()


@pytest.mark.parametrize("dropout", [[0.25, 0.5], "0.5", None, 1.0, -0.1, float("nan")], ids=str)
def test_dropout_is_one_number_or_one_for_each_layer(pets, dropout):
    with pytest.raises(ValueError, match="dropout is one number, at least 0 and below 1, or one for each .*; found"):
        ck.vision_learner(pets[0], tiny, pretrained=False, dropout=dropout)


def test_many_images_go_through_in_chunks(pets, monkeypatch):
    data, _ = pets
    learn, sizes = small_learner(data), []
    learn.model[0].register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    files = list(data.source.files) * 3
    found = learn.predictor().predict(files, batch_size=5)
    assert max(sizes) == 5 and sum(sizes) == len(files) == len(found)


@pytest.mark.parametrize("make", [ck.vision_learner, ck.unet_learner])
def test_a_learner_of_images_needs_images(make):
    plain = ck.Loaders((torch.randn(4, 2), torch.arange(4) % 2), device="cpu")
    for wrong in (plain, None, [1]):
        with pytest.raises(ValueError, match="learns from ImageLoaders; found"):
            make(wrong)


def test_wrong_inputs_are_told(pets):
    data, _ = pets
    for wrong in (None, [], data):
        with pytest.raises(ValueError, match="a source is needed, an ImageSource|say which images"):
            ck.ImageLoaders(wrong, 8) if wrong is not data else ck.ImageLoaders(ck.ImageSource(data.source.files), 8)
    for wrong in (None, 2.5, "1"):
        with pytest.raises(ValueError, match="a seed is a whole number; found"):
            ck.at_random(0.2, seed=wrong)
    for wrong in (None, 3, "resnet34"):
        with pytest.raises(ValueError, match="a model is needed, an nn.Module"):
            ck.without_head(wrong)
    with pytest.raises(ValueError, match="has no linear layer inside"):
        ck.without_head(nn.Sequential(nn.Conv2d(3, 4, 1)))
    for wrong in (0, -1, 2.5, None):
        with pytest.raises(ValueError, match="n is how many samples, at least one; found"):
            ck.Interpretation(small_learner(data)).top_losses(wrong)


ENCODERS = {
    "classifier": lambda: nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)),
    "flat": lambda: nn.Sequential(nn.Flatten(), nn.Linear(768, 10)),
    "empty": nn.Sequential,
}


@pytest.mark.parametrize("make", ENCODERS.values(), ids=ENCODERS.keys())
def test_a_whole_classifier_is_no_encoder(tmp_path, make):
    discs(tmp_path, 3)
    data = mask_source(tmp_path).split(held("0")).loaders(16, device="cpu")
    with pytest.raises(ValueError, match="this encoder gives no maps of features: cut .* with ck.without_head"):
        ck.unet_learner(data, make(), pretrained=False)


def test_masks_are_told_from_images_of_equal_names_in_class_folders(tmp_path):
    for folder in ("cat", "dog"):
        for i in range(3):
            save(tmp_path / folder / f"{i}.png", noise(8, 8, seed=i))
    source = ck.ImageSource(tmp_path).labelled_by(ck.folder_labels())
    assert source.target_type.names == ("cat", "dog")
    for form in ("{}_mask.png", "mask-{}.png"):
        masks = [save(tmp_path / "cat" / form.format(i), noise(8, 8, 1, i, 0, 3)) for i in range(3)]
        with pytest.raises(ValueError, match="3 of the 9 images look like masks"):
            ck.ImageSource(tmp_path).labelled_by(ck.folder_labels())
        for mask in masks:
            mask.unlink()


def test_by_folder_sees_what_is_in_another_branch(tmp_path):
    files = tree(tmp_path, ["images/train/cat/1.png", "images/valid/cat/2.png", "test/cat/3.png"])
    with pytest.raises(ValueError, match="there are 'test', 'train', and all would be trained on"):
        ck.by_folder("valid")(files)
    assert ck.by_folder("valid")(files[:2]) == [False, True]
    files = tree(tmp_path / "b", ["cat/train/1.png", "cat/valid/2.png", "dog/train/3.png"])
    assert ck.by_folder("valid")(files) == [False, True, False]


def test_a_word_is_no_list_of_names():
    for make in (lambda: ck.list_labels("abc"), lambda: ck.mask_labels(str, "abc")):
        with pytest.raises(ValueError, match=r"come as a list.* found str 'abc'"):
            make()


def test_a_gif_of_numbers_is_no_mask(tmp_path):
    Image.fromarray(np.array([[0, 5, 9]], np.uint8)).save(tmp_path / "mask.gif")
    with pytest.raises(ValueError, match="GIF with a palette, which does not keep class numbers"):
        ck.read_mask(tmp_path / "mask.gif")


def test_what_augments_is_called(pets):
    with pytest.raises(ValueError, match="augment is called with each batch"):
        pets[0].source.loaders(8, augment=True)
