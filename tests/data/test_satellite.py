"""The `satellite` sample: the layout of Kaggle's Planet data, labels that fit each other, the same bytes every time."""

import csv
from collections import Counter
from hashlib import sha256

import numpy as np
from lab import ROOT
from PIL import Image

from data.make import satellite

SATELLITE = ROOT / "data" / "satellite"
WEATHER = {"clear", "partly_cloudy", "cloudy", "haze"}
GROUND = {"primary", "agriculture", "water", "habitation", "road", "cultivation", "slash_burn", "conventional_mine"}
GROUND |= {"bare_ground", "artisinal_mine", "blooming", "selective_logging", "blow_down"}
FOREST_ONLY = ("blooming", "selective_logging", "blow_down", "cultivation", "slash_burn", "artisinal_mine")


def table(name):
    with (SATELLITE / name).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["image_name", "tags"]
    return {name: tags.split() for name, tags in rows[1:]}


TRAIN = table("train_v2.csv")


def test_the_tables_name_every_picture_once():
    for name, part, count in (("train_v2.csv", "train", 1000), ("sample_submission_v2.csv", "test", 150)):
        expected = [f"{part}_{i}" for i in range(count)]
        assert list(table(name)) == expected
        assert sorted(f.name for f in (SATELLITE / f"{part}-jpg").iterdir()) == sorted(f"{e}.jpg" for e in expected)


def test_the_truth_about_the_test_tiles_is_in_no_file():
    assert {f.name for f in SATELLITE.iterdir()} == {
        "train-jpg",
        "train_v2.csv",
        "test-jpg",
        "sample_submission_v2.csv",
    }
    assert len({tuple(tags) for tags in table("sample_submission_v2.csv").values()}) == 1


def test_seventeen_labels_none_twice_on_a_tile_and_none_too_rare():
    counts = Counter(tag for tags in TRAIN.values() for tag in tags)
    assert set(counts) == WEATHER | GROUND and len(counts) == 17
    assert all(len(set(tags)) == len(tags) for tags in TRAIN.values())
    assert min(counts.values()) >= 30 and max(counts, key=counts.get) == "primary"


def test_one_weather_a_tile_and_nothing_seen_through_cloud():
    assert all(len(WEATHER & set(tags)) == 1 for tags in TRAIN.values())
    assert all((set(tags) == {"cloudy"}) == ("cloudy" in tags) for tags in TRAIN.values())
    assert all(GROUND & set(tags) for tags in TRAIN.values() if "cloudy" not in tags)


def test_labels_that_go_together():
    for tags in TRAIN.values():
        assert "habitation" not in tags or {"road", "agriculture"} <= set(tags)
        assert "conventional_mine" not in tags or "road" in tags
        assert "artisinal_mine" not in tags or "water" in tags
        assert "primary" in tags or not set(FOREST_ONLY) & set(tags)


def test_every_tile_is_a_different_colour_picture_of_128_pixels():
    files = sorted(SATELLITE.glob("*-jpg/*.jpg"))
    for file in files:
        with Image.open(file) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (128, 128)), file.name
            image.load()
    assert len({sha256(file.read_bytes()).digest() for file in files}) == len(files) == 1150


def test_the_set_stays_small():
    assert sum(file.stat().st_size for file in SATELLITE.rglob("*.*") if file.is_file()) <= 4_000_000


def test_made_anew_the_bytes_are_the_same(tmp_path):
    satellite.main(tmp_path, {"train": 20, "test": 5})
    for part in ("train", "test"):
        made = sorted((tmp_path / f"{part}-jpg").iterdir())
        assert len(made) == {"train": 20, "test": 5}[part]
        assert all(file.read_bytes() == (SATELLITE / f"{part}-jpg" / file.name).read_bytes() for file in made)
    lines = (SATELLITE / "train_v2.csv").read_bytes().splitlines(keepends=True)
    assert (tmp_path / "train_v2.csv").read_bytes() == b"".join(lines[:21])


def test_a_tile_depends_on_its_own_seed_only():
    for index in (7, 999):
        image, tags = satellite.tile("train", index)
        again = satellite.tile("train", index)
        assert np.array_equal(image, again[0]) and tags == again[1] == TRAIN[f"train_{index}"]


def test_what_a_label_names_can_be_seen():
    """Whatever is added to a forest changes the picture where its label says that it shows, and little elsewhere."""
    for tag in sorted(GROUND - {"primary", "artisinal_mine"}):
        tags = {"primary", tag}
        plain, scene = (satellite.compose(np.random.default_rng(5), "clear", t) for t in ({"primary"}, tags))
        assert set(scene.shown) >= tags and satellite.visible(scene, tags)
        changed = np.abs(scene.picture - plain.picture).mean(2)
        shows = scene.shown[tag] > 0.5
        assert changed[shows].mean() > 0.08 > 0.05 > changed[scene.shown["primary"] > 0.95].mean(), tag


def test_a_label_hidden_by_clouds_is_noticed():
    scene = satellite.compose(np.random.default_rng(1), "clear", {"primary", "water"})
    assert satellite.visible(scene, {"primary", "water"})
    scene.paint("cloudy", np.ones((satellite.SIDE, satellite.SIDE)), np.ones(3))
    assert satellite.visible(scene, {"cloudy"}) and not satellite.visible(scene, {"water"})
    assert np.allclose(scene.picture, 1)


def test_no_direction_is_preferred():
    """The mean tile is as bright at one edge as at the others, and shades as often along rows as along columns."""
    pixels = np.stack([np.asarray(satellite.tile("train", i)[0], float).mean(2) for i in range(80)])
    down, right = (np.abs(np.diff(pixels, axis=axis)).mean((1, 2)) for axis in (1, 2))
    assert abs(np.log(down / right).mean()) < 4 * np.log(down / right).std() / np.sqrt(len(pixels))
