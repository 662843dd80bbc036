"""The sample `streets`: CamVid's layout, masks that fit their pictures, whole videos held out, made anew the same."""

import numpy as np
import pytest
from PIL import Image

from coursekit.datasets import SAMPLES
from data.make import streets

STREETS = SAMPLES / "streets"
CLASSES = ["Sky", "Building", "Pole", "Road", "Pavement", "Tree", "SignSymbol", "Fence", "Car", "Pedestrian"]
CLASSES += ["Bicyclist", "Void"]


def lines(name):
    return (STREETS / name).read_text(encoding="utf-8").split()


@pytest.fixture(scope="module")
def masks():
    return {file.name[:-6]: np.asarray(Image.open(file)) for file in sorted((STREETS / "labels").glob("*_P.png"))}


def test_the_folder_is_laid_out_as_camvid(masks):
    assert sorted(file.name for file in STREETS.iterdir()) == ["codes.txt", "images", "labels", "valid.txt"]
    assert lines("codes.txt") == CLASSES
    assert sorted(masks) == sorted(file.stem for file in (STREETS / "images").iterdir()) and len(masks) == 192
    assert len(list((STREETS / "labels").iterdir())) == 192


def test_there_are_sixteen_videos_of_twelve_frames(masks):
    for video in range(1, 17):
        assert [f"v{video:02d}_{30 * t:06d}" in masks for t in range(14)] == [False] + [True] * 12 + [False]


def test_every_picture_has_a_mask_of_its_size(masks):
    for name, mask in masks.items():
        picture = Image.open(STREETS / "images" / f"{name}.jpg")
        assert picture.size == (160, 120) and picture.mode == "RGB"
        assert mask.shape == (120, 160) and mask.dtype == np.uint8 and mask.max() < len(CLASSES)


def test_whole_videos_are_held_out(masks):
    held_out = [name.removesuffix(".jpg") for name in lines("valid.txt")]
    assert len(set(held_out)) == len(held_out) == 48 and set(held_out) <= set(masks)
    videos = {name.split("_")[0] for name in held_out}
    assert len(videos) == 4
    assert {name for name in masks if name.split("_")[0] in videos} == set(held_out)


def test_every_class_is_in_both_parts_and_little_is_void(masks):
    held_out = {name.removesuffix(".jpg") for name in lines("valid.txt")}
    for part in (held_out, set(masks) - held_out):
        shares = np.bincount(np.concatenate([masks[name].ravel() for name in part]), minlength=12)
        shares = shares / shares.sum()
        assert shares.min() > 0.003, dict(zip(CLASSES, shares, strict=True))
        assert shares[CLASSES.index("Road")] > 0.2 and 0.02 < shares[CLASSES.index("Void")] < 0.05


def test_a_frame_resembles_the_next_of_its_video_and_no_other_video(masks):
    """This is why a random split leaks."""
    small = {n: np.asarray(Image.open(STREETS / "images" / f"{n}.jpg").resize((20, 15)), float) for n in masks}
    own = [np.abs(small[f"v{v:02d}_000150"] - small[f"v{v:02d}_000180"]).mean() for v in range(1, 17)]
    others = [
        np.abs(small[f"v{v:02d}_000150"] - small[f"v{w:02d}_000150"]).mean() for v in range(1, 17) for w in range(1, v)
    ]
    assert np.median(own) < 0.5 * np.median(others)
    assert np.mean(own) < min(np.mean(others), np.quantile(others, 0.1))


@pytest.mark.parametrize("video", [2, 11])
def test_a_video_made_anew_is_the_same_bytes(tmp_path, video):
    streets.main(tmp_path, [video])
    files = [file for file in sorted(tmp_path.rglob("*")) if file.is_file()]
    assert len(files) == 2 * 12 + 2
    for file in files:
        assert file.read_bytes() == (STREETS / file.relative_to(tmp_path)).read_bytes(), file.name
