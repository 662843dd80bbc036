"""Near-duplicates: the hash is the one of its definition, copies are found on both sides, strangers are not."""

import numpy as np
import pytest
import torch
from drawn import noise, save
from PIL import Image

import coursekit as ck


def scene(seed):
    """A smooth picture, as photographs are: noise of a few cells made larger."""
    return Image.fromarray(noise(7, 7, 3, seed)).resize((120, 90), Image.Resampling.BICUBIC)


def by_loops(grey):
    """The difference hash of a (rows, columns) array whose sides are multiples of 8 and 9, pixel by pixel."""
    rows, columns = grey.shape[0] // 8, grey.shape[1] // 9
    cells = grey.reshape(8, rows, 9, columns).mean((1, 3))
    return [bool(cells[r, c + 1] > cells[r, c]) for r in range(8) for c in range(8)]


@pytest.mark.parametrize("shape", [(8, 9), (80, 90), (24, 45)])
def test_the_hash_is_the_one_of_its_definition(shape):
    grey = noise(*shape, 1, seed=3)
    found = ck.difference_hash(torch.from_numpy(grey)[None])
    assert found.dtype == torch.bool and found.tolist() == by_loops(grey.astype(float))
    assert torch.equal(found, ck.difference_hash(torch.from_numpy(grey)[None].float() / 255))


COPIES = {
    "the same": lambda image: image, "smaller": lambda image: image.resize((61, 47)),
    "brighter": lambda image: image.point(lambda level: min(255, 20 + level * 0.8)),
    "a little cut off": lambda image: image.crop((1, 1, 119, 90)),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for seed in range(6):
        scene(seed).save(save(tmp_path / f"{seed}.png", noise()))
    return tmp_path


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_a_copy_is_found_and_no_stranger(folder, copy):
    copy(scene(2)).save(folder / "copy.jpg", quality=60)
    pairs = ck.near_duplicates(ck.ImageSource(folder))
    assert list(pairs.columns) == ["file", "other", "part", "other_part", "distance"]
    assert pairs[["file", "other"]].values.tolist() == [[folder / "2.png", folder / "copy.jpg"]]
    assert pairs.distance[0] <= 5 and pairs.part[0] == pairs.other_part[0] == ""
    assert len(ck.near_duplicates(ck.ImageSource(folder), 64)) == 21


def test_it_says_on_which_side_each_is(folder):
    scene(2).save(folder / "copy.jpg")
    source = ck.ImageSource(folder).labelled_by(lambda file: "odd" if file.stem in "135copy" else "even")
    pairs = ck.near_duplicates(source.split(ck.by_function(lambda file: file.suffix == ".jpg")))
    assert pairs[["part", "other_part"]].values.tolist() == [["train", "valid"]]


def test_a_list_of_files_will_do_and_a_tensors_images_are_numbered(folder):
    files = [folder / "1.png", folder / "0.png"]
    assert ck.near_duplicates(files, 64)[["file", "other"]].values.tolist() == [files]
    images = torch.stack([ck.read_image(file) for file in files] * 2)
    pairs = ck.near_duplicates(ck.ImageSource(images), 0)
    assert pairs[["file", "other", "distance"]].values.tolist() == [[0, 2, 0], [1, 3, 0]]


def test_all_pairs_are_compared_across_chunks(monkeypatch):
    monkeypatch.setattr("coursekit.vision.duplicates.CHUNK", 7)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (30, 1, 8, 9), dtype=torch.uint8, generator=generator)
    images[29], images[13] = images[0], images[12]
    hashes = np.array([by_loops(image[0].numpy().astype(float)) for image in images])
    distances = (hashes[:, None] != hashes[None]).sum(2)
    expected = sorted((distances[i, j], i, j) for i in range(30) for j in range(i + 1, 30) if distances[i, j] <= 24)
    pairs = ck.near_duplicates(ck.ImageSource(images), 24)
    assert [(n, i, j) for i, j, n in pairs[["file", "other", "distance"]].values.tolist()] == expected
    assert expected[:2] == [(0, 0, 29), (0, 12, 13)] and len(expected) > 10


def test_an_unreadable_image_is_named(folder):
    (folder / "9.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"9.png is not a whole image.*unreadable\(\)"):
        ck.near_duplicates(ck.ImageSource(folder))


@pytest.mark.parametrize("threshold", [-1, 65, 2.5, "5"])
def test_another_threshold_is_refused(folder, threshold):
    with pytest.raises(ValueError, match="a number of bits, 0 to 64; found"):
        ck.near_duplicates(ck.ImageSource(folder), threshold)


@pytest.mark.parametrize("shape", [(3, 8, 8), (8, 9), (1, 0, 4), (1, 1, 8, 9)])
def test_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"of one grey image, \(1, H, W\); found"):
        ck.difference_hash(torch.zeros(shape))


PLAIN = {
    "a large white one": torch.full((1, 3000, 4000), 255, dtype=torch.uint8), "fractions": torch.full((1, 50, 70), 0.3),
}  # fmt: skip


@pytest.mark.parametrize("image", PLAIN.values(), ids=PLAIN.keys())
def test_an_image_of_one_colour_becomes_brighter_nowhere(image):
    assert not ck.difference_hash(image).any()


def test_a_large_photograph_with_a_plain_ground_is_its_small_copy():
    large, small = (torch.full((1, 30 * n, 40 * n), 255, dtype=torch.uint8) for n in (100, 10))
    for image in (large, small):
        height, width = image.shape[1:]
        image[:, height * 4 // 10 : height * 6 // 10, width * 3 // 8 : width * 23 // 40] = 40
    assert torch.equal(ck.difference_hash(large), ck.difference_hash(small))


def test_a_colour_that_is_no_fraction_of_a_byte_is_plain_too():
    colour = torch.tensor([10, 20, 20], dtype=torch.uint8)[:, None, None].expand(2, 3, 50, 50)
    assert ck.near_duplicates(ck.ImageSource(colour)).distance.tolist() == [0]
