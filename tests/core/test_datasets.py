"""The samples in `data/`: how they are read, that they are what the manifest says, and that they can be made anew."""

import gzip
import hashlib
import re
import struct
from pathlib import Path

import pytest
import torch

import coursekit as ck
from coursekit.datasets import SAMPLES
from data.make import digits, manifest

DIGITS = SAMPLES / "digits"


def idx(shape, content, kind=0x08):
    return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape) + content


# Reading IDX files


@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 2, 3), (0, 2, 3), (0,)])
@pytest.mark.parametrize("packed", [False, True])
def test_read_idx_gives_what_was_written(tmp_path, shape, packed):
    content = bytes(range(250, 256))[: torch.Size(shape).numel()]
    raw = idx(shape, content)
    (tmp_path / ("file.gz" if packed else "file")).write_bytes(gzip.compress(raw) if packed else raw)
    found = ck.read_idx(tmp_path / "file")
    assert found.dtype == torch.uint8 and found.shape == shape
    assert found.flatten().tolist() == list(content)


WHOLE = idx((2, 3), bytes(6))
BAD = {
    "nothing": (b"", "not an IDX file"),
    "another kind of file": (b"PK\3\4 zip", "not an IDX file"),
    "floats": (idx((2,), bytes(8), kind=0x0D), "not an IDX file of unsigned bytes"),
    "half a header": (WHOLE[:7], "it holds 7"),
    "too short": (WHOLE[:-1], r"should hold 18 bytes for the shape \(2, 3\); it holds 17"),
    "too long": (WHOLE + b"x", "it holds 19"),
}


@pytest.mark.parametrize("raw, message", BAD.values(), ids=BAD.keys())
def test_read_idx_says_what_is_wrong(tmp_path, raw, message):
    (tmp_path / "file").write_bytes(raw)
    with pytest.raises(ValueError, match=message):
        ck.read_idx(tmp_path / "file")


PACKED = gzip.compress(WHOLE)
DAMAGED = {"cut off": PACKED[:-9], "damaged": PACKED[:12] + b"damaged", "no gzip": b"no gzip", "empty": b""}


@pytest.mark.parametrize("raw", DAMAGED.values(), ids=DAMAGED.keys())
def test_read_idx_says_that_a_packed_file_is_damaged(tmp_path, raw):
    (tmp_path / "file.gz").write_bytes(raw)
    with pytest.raises(ValueError, match=r"file\.gz is not a whole gzip file|file is not an IDX file"):
        ck.read_idx(tmp_path / "file")


def test_read_idx_names_the_file_that_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither .*absent nor absent\.gz"):
        ck.read_idx(tmp_path / "absent")


# The digits


@pytest.mark.parametrize("part, rows", [(0, 1437), (1, 360)])
def test_the_digits_are_as_the_docstring_says(part, rows):
    pictures, labels = ck.read_digits(ck.fetch("digits"))[part]
    assert pictures.shape == (rows, 1, 8, 8) and pictures.dtype == torch.float32
    assert labels.shape == (rows,) and labels.dtype == torch.int64
    assert pictures.min() == 0 and pictures.max() == 1
    assert labels.unique().tolist() == list(range(10))
    assert labels.bincount().min() > rows / 20


def test_no_digit_is_in_both_parts_at_one_place():
    (train, _), (held_out, _) = ck.read_digits(DIGITS)
    assert len(train) + len(held_out) == 1797
    assert not (train[0] == held_out[0]).all()


def test_mnist_is_scaled_by_255(tmp_path):
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx((1, 28, 28), bytes([255]) * 784))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx((1,), b"\7"))
    (pictures, labels), _ = ck.read_digits(tmp_path)
    assert pictures.shape == (1, 1, 28, 28) and pictures.unique().tolist() == [1.0] and labels.tolist() == [7]


def test_a_sample_that_is_missing_says_to_clone(tmp_path, monkeypatch):
    monkeypatch.setattr("coursekit.datasets.SAMPLES", tmp_path)
    with pytest.raises(FileNotFoundError, match="install coursekit anew, or run it from a whole clone of the course"):
        ck.fetch("digits")


# What makes them


def test_the_digits_made_anew_are_the_same_bytes(tmp_path):
    digits.main(tmp_path / "anew")
    files = sorted(DIGITS.iterdir())
    assert [file.name for file in files] == sorted(file.name for file in (tmp_path / "anew").iterdir())
    for file in files:
        assert file.read_bytes() == (tmp_path / "anew" / file.name).read_bytes(), file.name


def sums(data=SAMPLES):
    """File name to sum, as `sha256sum` writes them."""
    lines = (data / "MANIFEST.sha256").read_text(encoding="utf-8").splitlines()
    return {name: total for total, name in (line.split("  ", 1) for line in lines)}


def is_own(file):
    """Whether the manifest leaves the file out: what makes the sets, what describes them, where the full ones are."""
    beside = ("make", "README.md", "full.json", "MANIFEST.sha256")
    return file.parts[0] in beside or any(part.startswith(".") for part in file.parts)


def test_the_manifest_lists_every_sample_file_with_its_sum():
    files = [file.relative_to(SAMPLES) for file in SAMPLES.rglob("*") if file.is_file()]
    listed = sums()
    assert sorted(listed) == sorted(file.as_posix() for file in files if not is_own(file))
    for name, total in listed.items():
        assert hashlib.sha256((SAMPLES / name).read_bytes()).hexdigest() == total, f"{name}: run make data"


def test_the_manifest_in_the_repository_is_what_its_script_writes(tmp_path):
    for name in sums():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    manifest.main(tmp_path)
    assert (tmp_path / "MANIFEST.sha256").read_bytes() == (SAMPLES / "MANIFEST.sha256").read_bytes()


def test_the_manifest_does_not_depend_on_the_order_of_the_files(tmp_path):
    odd = ["b/2", "b/10", "b.txt", "B/1", "ä ö/1", "a b/1", "a/1", "make/x", "README.md", ".hidden"]
    texts = []
    for run, order in enumerate((odd, odd[::-1])):
        for name in order:
            file = tmp_path / str(run) / Path(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name, encoding="utf-8")
        manifest.main(tmp_path / str(run))
        texts.append((tmp_path / str(run) / "MANIFEST.sha256").read_bytes())
    assert texts[0] == texts[1]
    assert list(sums(tmp_path / "0")) == ["B/1", "a b/1", "a/1", "b.txt", "b/10", "b/2", "ä ö/1"]


def test_the_datasheets_name_the_lessons_that_use_a_set():
    lessons = {path.stem[:2]: path.read_text(encoding="utf-8") for path in (SAMPLES.parent / "lessons").glob("*.ipynb")}
    sheets = re.split(r"^## ", (SAMPLES / "README.md").read_text(encoding="utf-8"), flags=re.M)[1:]
    for sheet in sheets:
        name = sheet.split()[0]
        using = {number for number, text in lessons.items() if f'ck.fetch(\\"{name}\\"' in text}
        said = set(re.findall(r"\d\d", re.search(r"used in \|(.*)\|", sheet)[1]))
        assert said == using or (name in ("resnet_tiny", "language_tiny", "gpt_tiny") and said), name


def test_the_samples_stay_small():
    assert sum(file.stat().st_size for file in SAMPLES.rglob("*") if file.is_file()) < 20_000_000
