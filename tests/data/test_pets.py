"""The `pets` sample: what readers of Oxford-IIIT Pet expect, two confusable pairs, the same bytes every time."""

import hashlib
from collections import Counter
from dataclasses import fields
from itertools import combinations

from lab import ROOT
from PIL import Image
from torchvision.datasets import OxfordIIITPet

from data.make import pets

PETS = ROOT / "data" / "pets"
PARTS = {"list": range(1, 61), "trainval": range(1, 51), "test": range(51, 61)}


def rows(part):
    lines = (PETS / "annotations" / f"{part}.txt").read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if not line.startswith("#")]


def test_each_list_names_every_picture_of_its_part_once():
    for part, numbers in PARTS.items():
        named = [row[0] for row in rows(part)]
        assert named == [f"{breed.name}_{number}" for breed in pets.BREEDS for number in numbers]
    assert {file.name for file in (PETS / "images").iterdir()} == {f"{row[0]}.jpg" for row in rows("list")}


def test_only_the_list_of_all_has_comments():
    for part in PARTS:
        text = (PETS / "annotations" / f"{part}.txt").read_text(encoding="utf-8")
        assert text.startswith("#") == (part == "list") and text.endswith("\n")


def test_a_name_gives_class_species_and_breed():
    seen = {}
    for name, *ids in (row for part in PARTS for row in rows(part)):
        breed, (class_id, species, breed_id) = name.rsplit("_", 1)[0], map(int, ids)
        assert species == (1 if breed[0].isupper() else 2)
        assert seen.setdefault(breed, (class_id, species, breed_id)) == (class_id, species, breed_id)
    assert sorted(x[0] for x in seen.values()) == list(range(1, 13))
    for species in (1, 2):
        assert sorted(x[2] for x in seen.values() if x[1] == species) == list(range(1, 7))
    assert sorted(seen, key=str.lower) == sorted(seen, key=lambda breed: seen[breed][0])


def test_labels_are_balanced():
    for part, numbers in PARTS.items():
        assert set(Counter(row[1] for row in rows(part)).values()) == {len(numbers)}


def test_720_small_rgb_pictures_of_several_sizes_no_two_alike():
    sizes, sums = Counter(), set()
    files = sorted((PETS / "images").iterdir())
    for file in files:
        with Image.open(file) as picture:
            picture.load()
            assert picture.format == "JPEG" and picture.mode == "RGB" and all(100 <= n <= 150 for n in picture.size)
            sizes["wide" if picture.width > picture.height else "high"] += 1
            sums.add(hashlib.sha256(picture.tobytes()).digest())
    assert len(files) == len(sums) == 720 and min(sizes.values()) > 240
    assert sum(file.stat().st_size for file in PETS.rglob("*.*")) <= 3_000_000


def test_torchvision_reads_it(tmp_path):
    (tmp_path / "oxford-iiit-pet").symlink_to(PETS, target_is_directory=True)
    pets = OxfordIIITPet(tmp_path, "test", target_types=["category", "binary-category"])
    assert len(pets) == 120 and pets[0][1] == (0, 1) and pets.classes[1] == "Cairn Terrier"


def test_drawn_anew_the_bytes_are_the_same(tmp_path):
    pets.main(tmp_path, numbers=(3, 51))
    for part in ("trainval", "test"):
        lines = (PETS / "annotations" / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.split()[0].endswith(("_3", "_51"))]
        assert (tmp_path / "annotations" / f"{part}.txt").read_text(encoding="utf-8").splitlines() == kept
    drawn = sorted((tmp_path / "images").iterdir())
    assert len(drawn) == 24
    for file in drawn:
        assert file.read_bytes() == (PETS / "images" / file.name).read_bytes(), file.name


def test_two_pairs_differ_in_one_feature_and_all_others_in_three_or_more():
    def differing(a, b):
        return [f.name for f in fields(a) if f.name != "name" and getattr(a, f.name) != getattr(b, f.name)]

    found = {}
    for a, b in combinations(pets.BREEDS, 2):
        features = differing(a, b)
        if len(features) < 3:
            found[frozenset((a.name, b.name))] = features
    assert set(found) == {frozenset(pair) for pair in pets.PAIRS}
    assert sorted(found.values()) == [["ears"], ["pattern"]]
