"""The data block: how images are labelled, held out and batched, and what is said when that cannot be done."""

import pickle
import re

import numpy as np
import pytest
import torch
from drawn import classes, discs, held, mask_source, multi_source, noise, point_source, save
from torch.nn import functional as F

import coursekit as ck
from coursekit.targets import Categories, Keypoints, Masks, MultiLabels

# Sources


@pytest.fixture
def files(tmp_path):
    """Six images: cats/a_0.png, cats/a_1.png, dogs/b_0.png ..."""
    for folder, name in (("cats", "a"), ("dogs", "b")):
        for i in range(3):
            save(tmp_path / folder / f"{name}_{i}.png", noise())
    return ck.find_images(tmp_path)


def test_a_source_is_a_folder_or_its_files_in_any_form(tmp_path, files):
    for where in (tmp_path, str(tmp_path), files, tuple(map(str, files)), (file for file in files)):
        assert ck.ImageSource(where).files == tuple(files)


def test_each_step_gives_a_new_source_and_says_what_it_has(files):
    source = ck.ImageSource(files)
    chosen = source.where(lambda file: not file.stem.endswith("2"))
    labelled = chosen.labelled_by(ck.folder_labels())
    split = labelled.split(ck.at_random(0.25))
    assert [repr(s)[12:-1] for s in (source, chosen, labelled, split)] == [
        "6 images", "4 images", "4 images, 2 classes", "4 images, 2 classes, 1 held out",
    ]  # fmt: skip
    assert len(source) == 6 and source.labels is None and labelled.held_out is None


def test_the_two_parts_are_all_images_with_their_labels(files):
    source = ck.ImageSource(files).labelled_by(ck.pattern_labels("(.)_")).split(ck.at_random(0.4))
    (train, train_labels), (valid, valid_labels) = source.part(False), source.part(True)
    assert sorted(train + valid) == files and len(valid) == 2
    assert [file.name[0] for file in train + valid] == train_labels + valid_labels


def test_steps_out_of_order_say_which_comes_first(files):
    source = ck.ImageSource(files)
    with pytest.raises(ValueError, match=r"label the images first: .labelled_by\(...\), then .split"):
        source.split(ck.at_random())
    for early in (source, source.labelled_by(ck.folder_labels())):
        with pytest.raises(ValueError, match=r"say which images are held out first: .split"):
            early.loaders(16)
    with pytest.raises(ValueError, match=r"where\(...\) comes before labelled_by"):
        source.labelled_by(ck.folder_labels()).where(lambda file: True)


def test_wrong_sources(tmp_path, files):
    with pytest.raises(ValueError, match="the list of images is empty"):
        ck.ImageSource([])
    with pytest.raises(ValueError, match="the condition holds for none of the 6 images, such as .*a_0.png"):
        ck.ImageSource(files).where(lambda file: False)
    with pytest.raises(ValueError, match="1, 2, 3 or 4 channels, not 5"):
        ck.ImageSource(files, channels=5)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        ck.ImageSource(tmp_path / "gone")


def test_unreadable_lists_every_damaged_file_with_its_reason(tmp_path, files):
    (tmp_path / "text.jpg").write_text("no image", encoding="utf-8")
    found = ck.ImageSource([*files, tmp_path / "text.jpg", tmp_path / "gone.png"]).unreadable()
    assert [path.name for path in found] == ["text.jpg", "gone.png"]
    assert "not a whole image" in found[tmp_path / "text.jpg"] and "no file" in found[tmp_path / "gone.png"]
    assert ck.ImageSource(files).unreadable() == {}


@pytest.mark.parametrize("options", [{"memory": True}, {"memory": False}, {"memory": False, "workers": 1}], ids=str)
def test_an_unreadable_image_is_named_when_its_batch_is_made(files, options):
    files[1].write_bytes(files[1].read_bytes()[:60])
    source = ck.ImageSource(files).labelled_by(ck.folder_labels()).split(held("b_0"))
    with pytest.raises(ValueError, match=r"a_1.png is not a whole image"):
        list(source.loaders(16, device="cpu", **options).train)


# Labels

LABELS = {
    "pattern": ck.pattern_labels(r"(.)_\d"),
    "folder": ck.folder_labels(),
    "function": ck.function_labels(lambda file: file.parent.name),
    "list": ck.list_labels(["cat"] * 3 + ["dog"] * 3),
    "any function": lambda file: file.name[0],
    "numbers": ck.list_labels(np.array([7, 7, 7, 11, 11, 11])),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
def test_five_ways_to_label(files, labels):
    source = ck.ImageSource(files).labelled_by(labels)
    assert isinstance(source.target_type, Categories) and source.target_type.outputs == 2
    targets = source.target_type.encode(source.labels)
    assert targets.dtype == torch.int64 and sorted(targets.tolist()) == [0, 0, 0, 1, 1, 1]
    assert [source.target_type.text(target) for target in targets] == [str(label) for label in source.labels]


def test_a_folder_further_up_gives_the_label(files):
    expected = files[0].parents[2].name
    assert ck.folder_labels(3).of(files[:1]) == [expected]


WRONG_LABELS = {
    "no match": (
        ck.pattern_labels(r"(a)_"),
        "3 of 6 images have no label: '\\(a\\)_' does not match the name of .*b_0.png",
    ),
    "an empty group": (
        ck.pattern_labels(r"(a)?_"),
        "3 of 6 images have no label: .* does not match the name of .*b_0.png",
    ),
    "None": (lambda f: None if f.stem == "b_1" else "x", "1 of 6 images has no label: the .* None for .*b_1.png"),
    "another length": (ck.list_labels(["cat", "dog"]), "there are 2 labels for 6 images"),
    "all of one class": (lambda file: "cat", "all 6 labels are 'cat': telling classes apart needs two"),
    "empty": (lambda file: "" if file.stem == "a_1" else "cat", "1 of 6 labels are empty"),
    "missing": (
        ck.list_labels(["cat"] * 5 + [float("nan")]),
        "a label is a name, or a list of names; found nan, a flo",
    ),
    "None in a list": (ck.list_labels(["cat"] * 5 + [None]), "found None, a NoneType"),
    "mixed": (
        ck.list_labels(["cat", ["dog"], *["cat"] * 4]),
        r"all names or all lists of names; found 'cat' beside \[",
    ),
    "no names": (ck.list_labels([[1, 2]] * 6), "classes are names; found 1"),
    "an empty name": (ck.list_labels([["cat", ""]] * 6), "classes are names; found ''"),
    "no labels at all": (lambda file: [], "none of the 6 samples has a label: look at the column or the separator"),
    "the list itself": (["cat"] * 6, r"say how to label: ck.list_labels\(...\), say; found a list"),
    "a level too far": (
        ck.folder_labels(40),
        "6 of 6 images have no label: there is no folder at level 40 of .*a_0.png",
    ),
}


@pytest.mark.parametrize("labels, message", WRONG_LABELS.values(), ids=WRONG_LABELS.keys())
def test_wrong_labels(files, labels, message):
    with pytest.raises(ValueError, match=message):
        ck.ImageSource(files).labelled_by(labels)


def test_a_pattern_needs_a_group_and_a_level_starts_at_one():
    with pytest.raises(ValueError, match=r"put round brackets around the part of 'a_' that is the label"):
        ck.pattern_labels("a_")
    with pytest.raises(ValueError, match="level 1 is the folder that the file is in; found 0"):
        ck.folder_labels(0)


# A CSV file

NAMES = ["a_0", "a_1", "a_2", "b_0", "b_1", "b_2"]


def csv(tmp_path, rows, head="file,label"):
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["{}", "{}.png", "some/where/{}.png"])
def test_csv_names_with_or_without_folder_and_ending(tmp_path, files, form):
    path = csv(tmp_path, [f"{form.format(name)},{name[0]} " for name in reversed(NAMES)])
    for labels in (ck.csv_labels(path), ck.csv_labels(str(path), file="file", label="label")):
        assert ck.ImageSource(files).labelled_by(labels).labels == tuple("aaabbb")


@pytest.mark.parametrize(
    "sep, rows", [(" ", ["x  y", " y", "", "x y z ", "z", "y x"]), (";", ["x;y", " y ", "", "x; y;z;", "z", "y ;x"])]
)
def test_csv_several_labels_with_spaces_between_or_none(tmp_path, files, sep, rows):
    path = csv(tmp_path, [f"{name},{row}" for name, row in zip(NAMES, rows, strict=True)])
    source = ck.ImageSource(files).labelled_by(ck.csv_labels(path, sep=sep))
    assert source.target_type == MultiLabels(("x", "y", "z"))
    expected = [[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0]]
    targets = source.target_type.encode(source.labels)
    assert targets.tolist() == expected and targets.dtype == torch.float32
    assert [source.target_type.text(t) for t in targets] == ["x y", "y", "", "x y z", "z", "x y"]


def test_csv_words_that_pandas_takes_for_missing_are_names(tmp_path, files):
    path = csv(tmp_path, [f"{name},{'NA' if name[0] == 'a' else 'null'}" for name in NAMES])
    assert ck.ImageSource(files).labelled_by(ck.csv_labels(path)).target_type.names == ("NA", "null")


ROWS = [f"{name},{name[0]}" for name in NAMES]
WRONG_CSV = {
    "a image without row": (ROWS[:4], {}, "2 of 6 images have no label: .*labels.csv does not list 'b_1.png'"),
    "a row without image": (
        [*ROWS, "d,d", "c,c"], {}, r"labels.csv names 'c', and no such image is there \(2 of 8 have none.* unused=True"
    ),
    "a row twice": ([*ROWS, "b_1,a"], {}, "labels.csv lists 'b_1' 2 times"),
    "no such column": (ROWS, {"label": "tags"}, "has no column 'tags'; it has 'file', 'label'"),
    "no such file column": (ROWS, {"file": "image"}, "has no column 'image'"),
    "only a head": ([], {}, "6 of 6 images have no label"),
    "an empty label": ([*ROWS[:5], "b_2,"], {}, "1 of 6 labels are empty"),
    "a blank label": ([*ROWS[:5], "b_2,  "], {}, "1 of 6 labels are empty"),
    "rows of two lengths": ([*ROWS[:5], "b_2,b,c,d"], {}, "labels.csv cannot be read as a CSV table .*line 7"),
}  # fmt: skip


@pytest.mark.parametrize("rows, options, message", WRONG_CSV.values(), ids=WRONG_CSV.keys())
def test_wrong_csv_files(tmp_path, files, rows, options, message):
    with pytest.raises(ValueError, match=message):
        ck.ImageSource(files).labelled_by(ck.csv_labels(csv(tmp_path, rows), **options))


def test_csv_files_that_are_no_table(tmp_path, files):
    path = tmp_path / "labels.csv"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="labels.csv cannot be read as a CSV table .No columns"):
        ck.csv_labels(path)
    path.write_bytes(b"file,label\nk\xf6ln,a\n")
    with pytest.raises(ValueError, match="labels.csv cannot be read as text in the encoding 'utf-8-sig' .*cp1252"):
        ck.csv_labels(path)
    with pytest.raises(ValueError, match="has one column, 'file:label', for files and labels: two are needed"):
        ck.csv_labels(csv(tmp_path, ["a:b"], "file:label"))
    with pytest.raises(ValueError, match="labels.csv has two columns of one name: 'file', 'label', 'label'"):
        ck.csv_labels(csv(tmp_path, ["a_0,a,a", "a_1,b,b"], "file,label,label "))
    with pytest.raises(FileNotFoundError, match=r"gone.csv"):
        ck.csv_labels(tmp_path / "gone.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", ",;\t", ids=["comma", "semicolon", "tab"])
def test_csv_files_of_spreadsheets(tmp_path, files, encoding, separator):
    rows = "".join(f"{name}{separator}{'Kätzchen' if name[0] == 'a' else 'Hündin'}\n" for name in NAMES)
    (tmp_path / "labels.csv").write_bytes(f"file{separator}label\n{rows}".encode(encoding))
    options = {} if encoding.startswith("utf-8") else {"encoding": encoding}
    labels = ck.csv_labels(tmp_path / "labels.csv", **options)
    assert ck.ImageSource(files).labelled_by(labels).labels == ("Kätzchen",) * 3 + ("Hündin",) * 3
    with pytest.raises(ValueError, match="in the encoding 'utf-9' .*: say which it has"):
        ck.csv_labels(tmp_path / "labels.csv", encoding="utf-9")


def test_csv_rows_without_image_can_be_allowed(tmp_path, files):
    path = csv(tmp_path, [*ROWS, "c,c"])
    assert ck.ImageSource(files).labelled_by(ck.csv_labels(path, unused=True)).target_type.names == ("a", "b")


def test_one_csv_row_labels_one_image(tmp_path, files):
    other = save(tmp_path / "more" / "b_1.jpg", noise())
    with pytest.raises(ValueError, match="names 'b_1', and several images are called so: .*b_1.png and .*b_1.j"):
        ck.ImageSource([*files, other]).labelled_by(ck.csv_labels(csv(tmp_path, ROWS)))


# Splits


def held_out(source, split):
    return [file.stem for file in source.labelled_by(ck.folder_labels()).split(split).part(True)[0]]


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.8])
def test_a_random_split_holds_out_its_share_and_the_same_each_time(share):
    names = [f"{i}.png" for i in range(50)]
    chosen = [ck.at_random(share, seed=seed)(names) for seed in (1, 1, 2)]
    assert [sum(each) for each in chosen] == [max(1, round(50 * share))] * 3
    assert chosen[0] == chosen[1] != chosen[2]


def test_ways_to_hold_out(tmp_path, files):
    source = ck.ImageSource(files)
    (tmp_path / "valid.txt").write_text("a_0.png\n\nsome/b_2\n", encoding="utf-8")
    expected = ["a_0", "b_2"]
    for names in (tmp_path / "valid.txt", str(tmp_path / "valid.txt"), expected, [files[0], files[5]], iter(expected)):
        assert held_out(source, ck.by_file_list(names)) == expected
    assert held_out(source, ck.by_folder("dogs")) == ["b_0", "b_1", "b_2"]
    assert held_out(source, ck.by_function(lambda file: file.stem in expected)) == expected
    assert held_out(source, lambda files: np.arange(6) == 3) == ["b_0"]


WRONG_SPLITS = {
    "a missing file": (
        ck.by_file_list(["a_0", "c_9"]),
        r"the list names 'c_9', and no such image is there \(1 of 2",
    ),
    "nothing in a folder": (ck.by_folder("valid"), "none of the 6 images is in a folder 'valid', such as .*a_0.png"),
    "nothing chosen": (ck.by_function(lambda file: False), "none of the 6 images is chosen by the function"),
    "all": (ck.by_function(lambda file: True), "all of the 6 images would be held out: choose another split"),
    "an empty list": (ck.by_file_list([]), "none of the 6 images would be held out"),
    "a number": (0.2, r"say how to split: ck.at_random\(0.2\), say; found 0.2"),
    "too short": (lambda files: [True, False], "True or False for each of the 6 images; found"),
    "row numbers": (lambda files: [0, 1, 2, 3, 4, 5], "True or False for each of the 6 images; found"),
}


@pytest.mark.parametrize("split, message", WRONG_SPLITS.values(), ids=WRONG_SPLITS.keys())
def test_wrong_splits(files, split, message):
    with pytest.raises(ValueError, match=message):
        ck.ImageSource(files).labelled_by(ck.folder_labels()).split(split)


@pytest.mark.parametrize("share", [0, 1, -0.1, 20, float("nan")])
def test_a_fraction_lies_between_0_and_1(share):
    with pytest.raises(ValueError, match="the fraction to hold out lies between 0 and 1; found"):
        ck.at_random(share)


def test_folders_to_train_and_to_validate_with_a_folder_for_each_class(tmp_path):
    names = [f"{part}/{name}/{i}.png" for part in ("train", "valid") for name in ("cat", "dog") for i in range(2)]
    for name in names:
        save(tmp_path / name, noise())
    source = ck.ImageSource(tmp_path).labelled_by(ck.folder_labels()).split(ck.by_folder("valid"))
    assert source.target_type == Categories(("cat", "dog"))
    for held_out, part in enumerate(("train", "valid")):
        files, labels = source.part(bool(held_out))
        assert [file.relative_to(tmp_path).as_posix() for file in files] == [n for n in names if n.startswith(part)]
        assert labels == ["cat", "cat", "dog", "dog"]


def test_a_listed_name_means_one_image(tmp_path, files):
    other = save(tmp_path / "birds" / "a_0.png", noise())
    source = ck.ImageSource([*files, other]).labelled_by(ck.folder_labels())
    with pytest.raises(ValueError, match="names 'a_0.png', and several images are called so: .*a_0.png and .*a_0.png"):
        source.split(ck.by_file_list(["b_0", "a_0.png"]))


def test_one_image_cannot_be_split(files):
    source = ck.ImageSource(files[:1]).labelled_by(ck.list_labels([["cat"]]))
    with pytest.raises(ValueError, match="there is only one image, .*a_0.png: it cannot be split in two"):
        source.split(ck.at_random(0.5))


# Masks and points


def test_masks_that_do_not_fit(tmp_path):
    discs(tmp_path, 3)
    source = mask_source(tmp_path).split(held("0"))
    mask = tmp_path / "masks" / "1.png"

    def message(array):
        save(mask, array)
        with pytest.raises(ValueError) as caught:
            source.loaders(8, device="cpu")
        return str(caught.value)

    assert re.search(r"1.png has 16 x 8 pixels, and its image has 16 x 16: both", message(np.zeros((16, 8))))
    assert re.search(r"has the mode RGB: one channel", message(noise()))
    assert re.search(r"1.png holds the class number 3, .* 3 names \(0 to 2\)", message(np.full((16, 16), 3)))
    save(mask, np.zeros((16, 16)))
    assert len(source.loaders(8, device="cpu").train.inner.tensors[0]) == 2


def test_missing_masks_are_counted_and_named(tmp_path):
    discs(tmp_path, 3)
    (tmp_path / "masks" / "2.png").unlink()
    with pytest.raises(FileNotFoundError, match="1 of 3 images has no mask: there is no .*masks.2.png for 2.png"):
        mask_source(tmp_path)
    with pytest.raises(FileNotFoundError, match="3 of 3 images have no mask"):
        ck.ImageSource(tmp_path / "images").labelled_by(ck.mask_labels(lambda file: None, ["a", "b"]))


@pytest.mark.parametrize(
    "names, void, message",
    [
        (["a", "b"], "c", "ignored='c' is none of the 2 names: a, b"),
        (["a", "b", "a"], None, "each once; found a, b, a"),
        (["a"], None, "two names of classes or more"),
        ([], None, "found none"),
    ],
)  # fmt: skip
def test_names_of_mask_classes(names, void, message):
    with pytest.raises(ValueError, match=message):
        ck.mask_labels(str, names, void)


WRONG_POINTS = {
    "not finite": ((3, float("nan")), r"images.1.png has the keypoints \[\[3.0, nan\]\]; needed: 1 of finite numbers"),
    "more": ([(3, 3), (4, 4)], r"1.png has the keypoints \[\[3.0, 3.0\], \[4.0, 4.0\]\]; needed: 1 of finite"),
    "none": ([], r"1.png has the keypoints \[\]; needed: 1 of finite numbers"),
    "three numbers": ((1, 2, 3), r"1.png has the keypoints \(1, 2, 3\); needed: \(x, y\), or a list of such pairs"),
    "None": (None, "1.png has the keypoints None; needed"),
    "text": ("3 4", "1.png has the keypoints '3 4'; needed"),
}


@pytest.mark.parametrize("point, message", WRONG_POINTS.values(), ids=WRONG_POINTS.keys())
def test_wrong_points(tmp_path, point, message):
    middles = discs(tmp_path, 3) | {"1.png": point}
    with pytest.raises(ValueError, match=message):
        point_source(tmp_path, middles)


@pytest.mark.parametrize("fit", ["squish", "crop", "pad"])
@pytest.mark.parametrize("point", [(-0.5, 3), (16.1, 3), (3, 17)], ids=str)
def test_points_outside_are_refused(tmp_path, point, fit):
    source = point_source(tmp_path, discs(tmp_path, 3) | {"1.png": point}).split(held("0"))
    with pytest.raises(
        ValueError, match=r"1.png has the keypoints .* and one lies outside .* \(16 wide, 16 high, fit="
    ):
        source.loaders((16, 24), fit=fit, device="cpu")


def test_a_point_that_is_cut_off_is_refused_and_one_on_the_edge_is_not(tmp_path):
    points = {"a.png": (37, 5), "b.png": (0, 0), "c.png": (18.5, 31)}
    for name in points:
        save(tmp_path / name, noise(31, 37))
    source = ck.ImageSource(tmp_path).labelled_by(ck.keypoint_labels(lambda file: points[file.name])).split(held("c"))
    for size in (16, 21, 37, (29, 13)):
        targets = source.loaders(size, device="cpu").train.inner.tensors[1]
        assert torch.allclose(targets, torch.tensor([[1.0, 10 / 31 - 1], [-1, -1]]), atol=1e-5)
        source.loaders(size, fit="pad", device="cpu")
    with pytest.raises(ValueError, match="use fit='pad'"):
        source.loaders(16, fit="crop", device="cpu")


# Loaders


def sources(tmp_path):
    middles = discs(tmp_path / "discs", 7)
    return {
        "category": classes(tmp_path / "classes", 3),
        "multi": multi_source(tmp_path / "stripes", 7),
        "masks": mask_source(tmp_path / "discs"),
        "points": point_source(tmp_path / "discs", middles),
    }


KINDS = ["category", "multi", "masks", "points"]
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@pytest.mark.parametrize("workers", [0, 2])
def test_from_memory_and_from_disk_the_batches_are_the_same(tmp_path, kind, workers):
    source = sources(tmp_path)[kind].split(ck.at_random(0.4))

    def batches(**options):
        data = source.loaders((8, 12), augment=ck.Augment(), batch_size=3, device="cpu", **options)
        assert data.memory is options["memory"] and data.valid.batch_size == 6
        return list(data.train), list(data.valid)

    train, valid = batches(memory=False, workers=workers)
    expected_train, expected = batches(memory=True)
    for found, wanted in zip(valid, expected, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))
    assert [len(targets) for _, targets in train] == [len(targets) for _, targets in expected_train]
    images = torch.cat([images for images, _ in train])
    assert images.shape[1:] == (3, 8, 12) and images.dtype == torch.float32
    assert 0 <= images.min() < images.max() <= 1


@each_kind
def test_a_training_epoch_has_every_image_beside_its_target(tmp_path, kind):
    source = sources(tmp_path)[kind].split(ck.at_random(0.4))
    data = source.loaders(16, batch_size=3, device="cpu")
    _, labels = source.part(False)
    images, targets = (torch.cat(parts) for parts in zip(*data.train, strict=True))
    stored, wanted = data.train.inner.tensors
    order = [int((stored == (255 * image).round()).flatten(1).all(1).nonzero()) for image in images]
    assert sorted(order) == list(range(len(labels))) and torch.equal(targets, wanted[order].to(targets.dtype))


def test_targets_have_the_types_that_their_losses_need(tmp_path):
    expected = {"category": torch.int64, "multi": torch.float32, "masks": torch.int64, "points": torch.float32}
    for kind, source in sources(tmp_path).items():
        _, targets = next(iter(source.split(ck.at_random(0.4)).loaders(8, batch_size=4, device="cpu").train))
        shape = {"category": (), "multi": (3,), "masks": (8, 8), "points": (2,)}[kind]
        assert targets.dtype == expected[kind] and targets.shape[1:] == shape


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_batches_have_the_channels_of_the_source(tmp_path, channels):
    source = classes(tmp_path, 2, channels=channels).split(ck.at_random(0.5))
    data = source.loaders(8, device="cpu")
    assert next(iter(data.train))[0].shape == (3, channels, 8, 8)
    assert [len(each) for each in data.statistics()] == [channels, channels]


@pytest.mark.parametrize("memory", [True, False])
def test_statistics_are_those_of_the_training_images(tmp_path, memory):
    data = classes(tmp_path, 4).split(ck.at_random(0.3)).loaders(16, device="cpu", memory=memory, workers=0)
    pixels = torch.cat([batch for batch, _ in data.train]).transpose(0, 1).flatten(1)
    mean, std = data.statistics()
    assert torch.allclose(mean, pixels.mean(1), atol=1e-5) and torch.allclose(std, pixels.std(1), atol=1e-3)


def test_statistics_of_black_images_are_zero_not_nan(tmp_path):
    for i in range(4):
        save(tmp_path / f"{'ab'[i % 2]}_{i}.png", np.full((8, 8), 77))
    source = ck.ImageSource(tmp_path).labelled_by(ck.pattern_labels("(.)_")).split(ck.at_random(0.5))
    mean, std = source.loaders(8, device="cpu").statistics()
    assert torch.allclose(mean, torch.full((3,), 77 / 255)) and (std < 1e-3).all()


def test_unlabelled_images_are_prepared_like_the_held_out_ones(tmp_path):
    source = classes(tmp_path, 4).split(ck.at_random(0.3))
    for memory in (True, False):
        data = source.loaders((8, 6), fit="crop", batch_size=1, device="cpu", memory=memory, workers=0)
        files, _ = source.part(True)
        loader = data.unlabelled(map(str, files))
        expected = torch.cat([images for images, _ in data.valid])
        found, targets = (torch.cat(parts) for parts in zip(*loader, strict=True))
        assert torch.equal(found, expected) and (targets == 0).all() and len(targets) == len(files)
        assert torch.equal(data.valid.images([2, 0]), expected[[2, 0]])
        assert torch.equal(loader.images([2, 0]), expected[[2, 0]])
    with pytest.raises(ValueError, match="the data set is empty"):
        data.unlabelled([])


def test_a_batch_size_beyond_the_data_gives_one_batch(tmp_path):
    data = classes(tmp_path, 2).split(ck.at_random(0.5)).loaders(8, batch_size=1000, device="cpu")
    assert len(data.train) == len(data.valid) == 1 and data.train.samples == 3
    with pytest.raises(ValueError, match="the batch size is 0"):
        classes(tmp_path, 2).split(ck.at_random(0.5)).loaders(8, batch_size=0, device="cpu")


@each_kind
def test_a_data_set_can_be_sent_to_a_process_that_starts_afresh(tmp_path, kind):
    data = sources(tmp_path)[kind].split(ck.at_random(0.4)).loaders(8, memory=False, device="cpu")
    dataset = data.train.inner.dataset
    again = pickle.loads(pickle.dumps(dataset))
    assert all(torch.equal(a, b) for a, b in zip(dataset[1], again[1], strict=True))


def test_reading_that_takes_long_says_how_far_it_is(tmp_path, monkeypatch):
    said, source = [], classes(tmp_path, 4).split(ck.at_random(0.25))
    view = type("View", (), {"update": lambda self, table: said.append(repr(table))})
    monkeypatch.setattr("coursekit.display._view", lambda below: view())
    source.loaders(8, device="cpu")
    assert said == [], "a few images take no time"
    for name in ("PATIENCE", "REDRAW"):
        monkeypatch.setattr(f"coursekit.display.{name}", 0.0)
    data = source.loaders(8, device="cpu")
    parts = [[f"reading images: {i + 1} of {n}" for i in range(1, n)] + [""] for n in (9, 3)]
    assert said == parts[0] + parts[1] and data.train.samples == 9


def test_a_image_set_is_kept_in_memory_only_if_it_takes_little_of_it(tmp_path, monkeypatch):
    source = classes(tmp_path, 2).split(ck.at_random(0.5))
    memory = type("Memory", (), {"available": 3 * 6 * 3 * 8 * 8})
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    assert source.loaders(8, device="cpu").memory and not source.loaders(9, device="cpu").memory


# What a label is: against the arithmetic


def test_losses_and_probabilities_of_each_kind():
    outputs, labels = torch.randn(4, 3), torch.tensor([0, 2, 1, 1])
    kind = Categories(("a", "b", "c"))
    expected = torch.stack([-F.log_softmax(row, 0)[label] for row, label in zip(outputs, labels, strict=True)])
    assert torch.allclose(kind.losses(outputs, labels), expected)
    assert torch.allclose(kind.loss_fn(outputs, labels), expected.mean())
    assert torch.allclose(kind.values(outputs), outputs.exp() / outputs.exp().sum(1, keepdim=True))

    kind, targets = MultiLabels(("a", "b", "c")), torch.tensor([[1.0, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]])
    p = 1 / (1 + (-outputs).exp())
    expected = -(targets * p.log() + (1 - targets) * (1 - p).log()).mean(1)
    assert torch.allclose(kind.losses(outputs, targets), expected, atol=1e-6)
    assert torch.allclose(kind.loss_fn(outputs, targets), expected.mean()) and torch.allclose(kind.values(outputs), p)
    assert [kind.text(row) for row in targets] == ["a", "a b", "", "a b c"]

    kind, points = Keypoints(2), torch.randn(3, 4)
    assert kind.outputs == 4 and torch.equal(kind.values(points), points)
    assert torch.allclose(kind.losses(points, 0 * points), (points**2).sum(1) / 4)
    assert torch.allclose(kind.loss_fn(points, 0 * points), (points**2).mean())
    assert kind.text(torch.tensor([0.5, -1, 0.123, 0])) == "(0.50, -1.00) (0.12, 0.00)"


def test_void_pixels_count_for_nothing():
    kind = Masks(("sky", "road", "void"), "void")
    outputs, targets = torch.randn(3, 3, 4, 5), torch.randint(3, (3, 4, 5))
    targets[2] = 2
    each = -F.log_softmax(outputs, 1).gather(1, targets[:, None])[:, 0]
    counted = targets != 2
    by_hand = [each[i][counted[i]].mean() for i in range(2)]
    assert torch.allclose(kind.losses(outputs, targets), torch.stack([*by_hand, torch.tensor(0.0)]))
    assert torch.allclose(kind.loss_fn(outputs, targets), each[counted].mean())
    assert torch.equal(kind.values(outputs), outputs.softmax(1))
    assert Masks(("sky", "road")).loss_fn is ck.cross_entropy and Masks(("sky", "road")).ignore_index == -100
    mask = torch.tensor([[0, 1, 1], [1, 2, 2]])
    assert kind.text(mask) == "road, void, sky" and kind.text(torch.ones(2, 2, dtype=torch.int64)) == "road"


def test_cross_entropy_without_any_pixel_is_nothing_and_moves_nothing():
    outputs = torch.randn(2, 3, 4, 4, requires_grad=True)
    loss = ck.cross_entropy(outputs, torch.full((2, 4, 4), 1), ignore_index=1)
    loss.backward()
    assert loss == 0 and (outputs.grad == 0).all()
    with pytest.raises(ValueError, match=r"target 7 of sample \(0, 0, 0\) is outside the 3 classes"):
        ck.cross_entropy(outputs, torch.full((2, 4, 4), 7), ignore_index=1)
    with pytest.raises(ValueError, match=r"need class numbers of shape \(2, 4, 4\)"):
        ck.cross_entropy(outputs, torch.zeros(2, 4, dtype=torch.int64), ignore_index=1)


def test_lists_spell_paths_in_many_ways(tmp_path):
    files = [save(tmp_path / name, noise()) for name in ("caf\u00e9.png", "b.png")]
    source = ck.ImageSource(files).labelled_by(ck.list_labels(["x", "y"]))
    for spelt in ("cafe\u0301.png", " caf\u00e9 ", "photos\\caf\u00e9.png"):
        assert source.split(ck.by_file_list([spelt])).held_out == (True, False)
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfb.png\n")
    assert source.split(ck.by_file_list(tmp_path / "list.txt")).held_out == (False, True)
    (tmp_path / "labels.csv").write_bytes("\ufefffile,label\ncafe\u0301,x\nb ,y\n".encode())
    assert ck.ImageSource(files).labelled_by(ck.csv_labels(tmp_path / "labels.csv", file="file")).labels == ("x", "y")


def test_by_folder_looks_below_what_the_images_share(tmp_path):
    for name in ("val/h/train/0.png", "val/h/val/1.png"):
        save(tmp_path / name, noise())
    source = ck.ImageSource(tmp_path / "val" / "h").labelled_by(ck.list_labels(["x", "y"]))
    assert source.split(ck.by_folder("val")).held_out == (False, True)
