"""The stand-ins of the public data sets: laid out as those are, as the course and others read them."""

import hashlib
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from torchvision.datasets import OxfordIIITPet

import coursekit as ck
from coursekit.datasets import FULL
from lessons.make import stand_ins


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("stand_ins")
    stand_ins.make(home)
    return home


@pytest.fixture
def folder(made, monkeypatch):
    """The folder of a set, as a lesson gets it; any download would fail."""
    monkeypatch.setenv("COURSEKIT_HOME", str(made))
    monkeypatch.setenv("COURSEKIT_SIZE", "full")
    monkeypatch.setenv("COURSEKIT_MIRROR", str(made / "nowhere"))
    monkeypatch.setenv("COURSEKIT_VERIFY", "0")
    return ck.fetch


def test_there_is_one_for_every_set():
    assert set(stand_ins.MAKERS) == set(FULL)


@pytest.mark.filterwarnings("ignore:COURSEKIT_VERIFY")
def test_digits_are_read_as_mnist(folder):
    (pictures, labels), (others, _) = ck.read_digits(folder("digits"))
    assert pictures.shape == (len(labels), 1, 28, 28) and others.shape[1:] == (1, 28, 28)
    assert len(pictures) >= 4000 and pictures.max() <= 1 and labels.unique().tolist() == list(range(10))
    assert {file.suffix for file in folder("digits").iterdir()} == {".gz"}


def test_pets_are_read_by_torchvision_too(folder, made):
    parts = [OxfordIIITPet(made / "data", part) for part in ("trainval", "test")]
    listed = [
        line
        for line in (folder("pets") / "annotations/list.txt").read_text(encoding="utf-8").splitlines()
        if line[0] != "#"
    ]
    assert all(len(part.classes) == 37 for part in parts) and sum(map(len, parts)) == len(listed)
    names = {file.name for file in (folder("pets") / "images").glob("*.jpg")}
    assert len(names) == len(listed) + 1  # one picture is in no list, as 41 of the real ones
    for line in listed:
        name, number, species, breed = line.split()
        assert f"{name}.jpg" in names and 1 <= int(number) <= 37 and name[0].isupper() == (species == "1")
        assert 1 <= int(breed) <= (12 if species == "1" else 25)


def test_some_pets_are_no_rgb_and_some_no_jpeg(folder):
    kinds = set()
    for file in ck.find_images(folder("pets") / "images"):
        with Image.open(file) as picture:
            kinds.add((picture.format, picture.mode))
            assert max(picture.size) <= 500 and min(picture.size) >= 300
        assert ck.read_image(file).shape[0] == 3
    assert kinds == {("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("GIF", "P")}


def test_trimaps_have_three_values_and_their_pictures_size(folder):
    for file in sorted((folder("pets") / "annotations/trimaps").glob("[!.]*.png"))[::10]:
        mask = ck.read_mask(file)
        assert mask.unique().tolist() == [1, 2, 3]
        assert mask.shape == ck.read_image(folder("pets") / "images" / f"{file.stem}.jpg").shape[1:]


def test_tiles_have_planets_size_and_labels(folder):
    path = folder("satellite")
    source = ck.ImageSource(path / "train-jpg").labelled_by(ck.csv_labels(path / "train_v2.csv", sep=" "))
    assert source.target_type.outputs == 17 and ck.read_image(source.files[0]).shape == (3, 256, 256)
    example = pd.read_csv(path / "sample_submission_v2.csv")
    assert list(example) == ["image_name", "tags"]
    assert {file.stem for file in (path / "test-jpg").iterdir()} == {*example.image_name}


def test_streets_have_camvids_size_and_classes(folder):
    path = folder("streets")
    names, held_out = ((path / f"{name}.txt").read_text(encoding="utf-8").split() for name in ("codes", "valid"))
    files = ck.find_images(path / "images")
    assert len(names) == 32 and "Void" in names and 0 < len(held_out) < len(files)
    assert {*held_out} < {file.name for file in files} and {file.suffix for file in files} == {".png"}
    for file in files[::12]:
        mask = ck.read_mask(path / "labels" / f"{file.stem}_P.png")
        assert ck.read_image(file).shape == (3, 720, 960) and mask.shape == (720, 960)
        assert mask.max() < 32 and len(mask.unique()) > 3


def test_faces_have_biwis_frames_and_cameras(folder):
    path = folder("faces")
    assert sorted(one.name for one in path.iterdir() if one.is_dir()) == [f"{i:02}" for i in range(1, 25)]
    camera = np.genfromtxt(path / "01" / "rgb.cal", skip_footer=6)
    assert camera.shape == (3, 3) and camera[2].tolist() == [0, 0, 1]
    for file in ck.find_images(path)[::20]:
        pose = np.genfromtxt(file.with_name(file.name.replace("rgb.jpg", "pose.txt")))
        x, y, z = camera @ pose[3]
        assert pose.shape == (4, 3) and 0 < x / z < 640 and 0 < y / z < 480
        assert ck.read_image(file).shape == (3, 480, 640) and re.fullmatch(r"frame_\d{5}_rgb.jpg", file.name)


def test_stores_have_rossmanns_tables_and_columns(folder):
    path = folder("stores")
    tables = {file.stem: pd.read_csv(file, dtype={"StateHoliday": str}) for file in path.glob("*.csv")}
    sample = {file.stem: list(pd.read_csv(file)) for file in (ck.datasets.SAMPLES / "stores").glob("*.csv")}
    assert "truth" not in tables and sample.pop("truth")
    assert {name: list(table) for name, table in tables.items() if name in sample and name != "weather"} == {
        name: columns for name, columns in sample.items() if name != "weather"
    }
    assert len(tables["weather"].columns) == 24 and {*sample["weather"]} < {*tables["weather"]}
    assert tables["train"].Store.nunique() == len(tables["store"]) == len(tables["store_states"]) == 1115
    assert tables["train"].Date.is_monotonic_decreasing and {*tables["train"].StateHoliday} == {*"0abc"}
    assert (path / "train.csv").read_text(encoding="utf-8").startswith('"Store","DayOfWeek",')


def test_movies_have_movielens_counts(folder):
    tables = {name: pd.read_csv(folder("movies") / f"{name}.csv") for name in ("ratings", "movies", "links", "tags")}
    ratings, films = tables["ratings"], tables["movies"]
    assert ratings.userId.nunique() == ratings.userId.max() == 610 and len(films) == len(tables["links"]) == 9742
    assert films.movieId.is_unique and films.movieId.max() == 193_609 and {*ratings.movieId} < {*films.movieId}
    assert not ratings.duplicated(["userId", "movieId"]).any() and ratings.rating.between(0.5, 5).all()


def test_reviews_lie_in_imdbs_folders(folder):
    path = folder("reviews")
    for part, stars in (("pos", range(7, 11)), ("neg", range(1, 5)), ("unsup", [0])):
        for side in ("train", "test") if part != "unsup" else ("train",):
            texts = ck.read_texts(path / side, (part,))
            assert len(texts) >= 200 and {int(file.stem.split("_")[1]) for file in texts.files} <= {*stars}
            assert len((path / side / f"urls_{part}.txt").read_text(encoding="utf-8").splitlines()) == len(texts)


def test_the_same_seed_makes_the_same_files(made, tmp_path):
    stand_ins.make(tmp_path, ["movies", "satellite", "digits"])
    files = [file.relative_to(tmp_path) for file in sorted(tmp_path.rglob("*")) if file.is_file()]
    sums = [[hashlib.sha256((home / file).read_bytes()).digest() for file in files] for home in (tmp_path, made)]
    assert len(files) > 200 and sums[0] == sums[1]


def test_own_images_are_of_three_classes_and_some_are_none(folder):
    source = ck.ImageSource(folder("own") / "images")
    broken = source.unreadable()
    assert len(source) == 180 and len(broken) == 4 and not (folder("own") / "truth.csv").exists()
    source = source.where(lambda file: file not in broken).labelled_by(ck.folder_labels())
    assert source.target_type.names == ("cup", "jug", "vase")
