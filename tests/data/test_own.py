"""The `own` sample: what lesson 24 is to find in it is there, the truth says so, and the bytes are the same."""

import csv
from collections import Counter
from functools import cache

import pytest
import torch
from lab import ROOT
from PIL import Image

import coursekit as ck
from data.make import own

OWN = ROOT / "data" / "own"
with (OWN / "truth.csv").open(newline="", encoding="utf-8") as file:
    TRUTH = {row["file"]: row for row in csv.DictReader(file)}
FAULTS = {"unreadable": 4, "near-duplicate": 8, "wrong label": 10, "border": 1, "on its side": 1}


def faulty(fault):
    return {file for file, row in TRUTH.items() if row["fault"] == fault}


def name(file):
    return file.relative_to(OWN / "images").as_posix()


@cache
def readable():
    source = ck.ImageSource(OWN / "images")
    broken = source.unreadable()
    return source.where(lambda file: file not in broken), broken


def test_the_truth_names_every_file_once_and_its_fault():
    found = {name(file) for file in (OWN / "images").rglob("*.*")}
    assert found == set(TRUTH) and len(TRUTH) == 180
    assert Counter(row["fault"] for row in TRUTH.values() if row["fault"]) == FAULTS
    for file, row in TRUTH.items():
        assert (row["class"] != file.split("/")[0]) == (row["fault"] == "wrong label"), file
        assert (row["twin"] != "") == (row["fault"] == "near-duplicate"), file
        assert row["twin"] == "" or TRUTH[row["twin"]]["fault"] == "" and row["twin"].split("/")[0] == row["class"]


def test_exactly_the_unreadable_files_are_unreadable_each_in_its_own_way():
    _, broken = readable()
    assert {name(file) for file in broken} == faulty("unreadable")
    starts = sorted(file.read_bytes()[:4] for file in broken)
    assert starts == [b"", b"<!DO", b"\x89PNG", b"\xff\xd8\xff\xe0"]
    with Image.open(OWN / "images" / "cup" / "cup_17.jpg") as image, pytest.raises(OSError, match="truncated"):
        image.load()


def test_the_rest_are_small_colour_pictures_and_the_set_stays_small():
    source, _ = readable()
    sizes = {file: ck.read_image(file).shape for file in source.files}
    assert len(source) == 176 and all(shape[0] == 3 for shape in sizes.values())
    large = {name(file) for file, shape in sizes.items() if max(shape) > 140}
    assert large == faulty("border") and min(min(shape[1:]) for shape in sizes.values()) >= 70
    assert sum(file.stat().st_size for file in OWN.rglob("*.*")) <= 1_500_000


def test_the_usual_split_has_the_near_duplicates_on_both_sides_and_the_hash_finds_them():
    split = readable()[0].labelled_by(ck.folder_labels()).split(ck.at_random(0.2))
    pairs = ck.near_duplicates(split, 3)
    found = {frozenset((name(pair.file), name(pair.other))) for pair in pairs.itertuples()}
    assert found == {frozenset((file, TRUTH[file]["twin"])) for file in faulty("near-duplicate")}
    assert (pairs.part != pairs.other_part).all() and sum(split.held_out) == 35


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nine_of_ten_wrong_labels_are_among_the_first_thirty_by_loss(seed):
    """What lesson 24 claims: of a head on cached features, after ten epochs."""
    data = readable()[0].labelled_by(ck.folder_labels()).split(ck.at_random(0.2)).loaders(64, batch_size=32)
    torch.manual_seed(seed)
    learn = ck.vision_learner(data, progress=False)
    features = ck.precompute(data, learn.model[:-1])
    ck.Learner(features, learn.model[-1], data.target_type.loss_fn, progress=False).fit_one_cycle(10, 0.01)
    figure = ck.widgets.cleaner(learn, data.source, n=30)
    assert len({name(file) for file in figure.files} & faulty("wrong label")) >= 9


def test_drawn_anew_the_bytes_are_the_same(tmp_path):
    numbers = (5, 8, 17, 26, 30, 33, 44, 51)  # each sort of fault among them
    own.main(tmp_path, numbers)
    assert (tmp_path / "truth.csv").read_bytes() == (OWN / "truth.csv").read_bytes()
    drawn = [file for file in sorted((tmp_path / "images").rglob("*.*")) if file.is_file()]
    assert len(drawn) == 3 * len(numbers)
    faults = Counter(TRUTH[file.relative_to(tmp_path / "images").as_posix()]["fault"] for file in drawn)
    assert {*faults} == {"", *FAULTS}
    for file in drawn:
        assert file.read_bytes() == (OWN / "images" / file.relative_to(tmp_path / "images")).read_bytes(), file.name
