"""Sets that do not fit in memory: JPEGs decoded no larger than needed, and images kept on disk between epochs."""

import errno
import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import classes, discs, mask_source, noise, point_source, save
from PIL import Image, ImageDraw

import coursekit as ck
from coursekit.classroom import commands
from coursekit.vision import cache, images
from coursekit.vision.cache import ImageCache, cache_folder
from coursekit.vision.images import read_resized

FACTORS = {(640, 480): 2, (641, 483): 2, (1200, 902): 4, (1801, 1333): 4, (500, 375): 2, (200, 150): 1}


def photograph(width, height, seed=0):
    """Something like a photograph, (height, width, 3): of coarse structures more than of fine ones, with edges."""
    generator = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = np.inf
    phases = np.exp(2j * np.pi * generator.random((3, *frequency.shape)))
    values = np.fft.irfft2(phases / frequency**1.2, s=(height, width))
    image = Image.fromarray((128 + 45 * values / values.std()).clip(0, 255).astype(np.uint8).transpose(1, 2, 0).copy())
    for _ in range(8):
        x, y, a, b = (int(n) for n in generator.integers(0, [width, height, width // 3, height // 3]))
        ImageDraw.Draw(image).rectangle((x, y, x + a, y + b), tuple(map(int, generator.integers(0, 256, 3))))
    return image


def jpeg(image, **options):
    content = io.BytesIO()
    image.save(content, "JPEG", **{"quality": 90} | options)
    return content.getvalue()


def decoded(monkeypatch):
    """The sizes, from now on, in which images are decoded."""
    sizes = []
    monkeypatch.setattr(images, "check_whole", lambda image, source: sizes.append(image.size))
    return sizes


# Decoded smaller


@pytest.mark.parametrize("fit", ["squish", "crop", "pad"])
@pytest.mark.parametrize("size", FACTORS, ids=str)
def test_a_large_jpeg_is_decoded_smaller_and_looks_the_same(size, fit, monkeypatch):
    content, resize = jpeg(photograph(*size)), ck.Resize(128, fit)
    whole = resize(ck.read_image(content)).float()
    sizes = decoded(monkeypatch)
    found = read_resized(content, 3, resize, smaller=True)
    assert found.shape == (3, 128, 128) and found.dtype == torch.uint8
    factor = FACTORS[size]
    if fit != "pad":  # which makes less of an image
        assert sizes == [(-(-size[0] // factor), -(-size[1] // factor))]
    apart = (found.float() - whole).abs()
    assert apart.mean() < 2 and apart.flatten().quantile(0.99) < 8
    assert factor > 1 or torch.equal(found, whole.byte())


@pytest.mark.parametrize("tag", range(1, 9))
@pytest.mark.parametrize("size", [(640, 480), (481, 641)], ids=str)
def test_it_is_turned_upright(tag, size):
    exif = Image.Exif()
    exif[0x0112] = tag
    content = jpeg(photograph(*size), exif=exif)
    for fit in ("squish", "crop"):
        resize = ck.Resize((96, 120), fit)
        found = read_resized(content, 3, resize, smaller=True).float()
        assert (found - resize(ck.read_image(content)).float()).abs().mean() < 2


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_any_mode_gives_any_number_of_channels(mode, channels):
    content, resize = jpeg(photograph(640, 480).convert(mode)), ck.Resize(100)
    found = read_resized(content, channels, resize, smaller=True)
    assert found.shape == (channels, 100, 100)
    assert (found.float() - resize(ck.read_image(content, channels)).float()).abs().mean() < 2


@pytest.mark.parametrize("size", [(640, 480), (643, 485)], ids=str)
@pytest.mark.parametrize("progressive", [False, True])
def test_one_that_ends_early_is_still_refused(size, progressive):
    whole = jpeg(photograph(*size), progressive=progressive)
    grey = jpeg(Image.new("RGB", size, (128, 128, 128)), progressive=progressive)
    for content in (whole, grey):
        assert read_resized(content, 3, ck.Resize(96), smaller=True).shape == (3, 96, 96)
    for part in (0.4, 0.9):
        with pytest.raises(ValueError, match="is not a whole image"):
            read_resized(whole[: int(len(whole) * part)] + b"\xff\xd9", 3, ck.Resize(96), smaller=True)


def test_limits_are_asked_before_anything_is_decoded(monkeypatch):
    content = jpeg(Image.new("L", (4100, 20)))
    monkeypatch.setattr(Image.Image, "draft", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="4,100 x 20 pixels, and 20,000 a side are read"):
        read_resized(content, 3, ck.Resize(4), smaller=True)


@pytest.mark.parametrize("form, smaller", [("PNG", True), ("JPEG", False)])
@pytest.mark.parametrize("fit", ["squish", "crop", "pad"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_else_it_is_what_reading_and_resizing_give(form, smaller, fit, mode):
    content = io.BytesIO()
    photograph(640, 481).convert(mode).save(content, form)
    resize = ck.Resize((64, 81), fit)
    for channels in (1, 2, 3, 4):
        found = read_resized(content.getvalue(), channels, resize, smaller)
        assert torch.equal(found, resize(ck.read_image(content.getvalue(), channels))) and found.is_contiguous()


# Kept on disk


@pytest.fixture
def made():
    """A function that makes tensors of a file, and counts how often it does."""

    def make(file):
        made.count += 1
        return torch.from_numpy(np.frombuffer(Path(file).read_bytes(), np.uint8).copy()), torch.tensor([0.5, -1.0])

    make.count = 0
    made = make
    return make


def entries():
    return sorted(path for path in cache_folder().rglob("*") if path.is_file())


def ask(cached, make, file, settings=("settings",)):
    found = cached([file], settings, lambda: make(file))
    assert found[0].tolist() == list(Path(file).read_bytes()) and found[1].tolist() == [0.5, -1.0]


@pytest.fixture
def file(tmp_path):
    (tmp_path / "ü 猫.bin").write_bytes(bytes(range(200)))
    return tmp_path / "ü 猫.bin"


def test_what_was_made_once_is_found_again(file, made, monkeypatch):
    cached = ImageCache(10**6)
    for _ in range(3):
        ask(cached, made, file)
    assert made.count == 1 and len(entries()) == 1
    ask(ImageCache(10**6), made, file)  # as after a restart
    monkeypatch.chdir(file.parent)
    ask(cached, made, file.name)  # the same, by a relative path
    assert made.count == 1
    ask(cached, made, file, ("other settings",))
    assert made.count == 2 and len(entries()) == 2


def test_a_changed_file_is_made_anew(file, made):
    cached = ImageCache(10**6)
    ask(cached, made, file)
    stat = os.stat(file)
    file.write_bytes(bytes(200))  # of the same size
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1000))
    ask(cached, made, file)
    file.write_bytes(bytes(100))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1000))  # and time
    ask(cached, made, file)
    assert made.count == 3


@pytest.mark.parametrize(
    "damage", [lambda c: b"", lambda c: c[:3], lambda c: c[:-1], lambda c: c[:-9] + b"!" + c[-8:], lambda c: c[4:]]
)
def test_a_damaged_entry_is_made_anew(file, made, damage):
    cached = ImageCache(10**6)
    ask(cached, made, file)
    (entry,) = entries()
    content = entry.read_bytes()
    entry.write_bytes(damage(content))
    ask(cached, made, file)
    assert made.count == 2 and entries() == [entry] and entry.read_bytes() == content
    ask(cached, made, file)
    assert made.count == 2


def test_an_entry_with_a_right_sum_that_is_nothing_is_made_anew(file, made):
    cached = ImageCache(10**6)
    ask(cached, made, file)
    (entry,) = entries()
    entry.write_bytes(cache._sum(b"nothing") + b"nothing")
    ask(cached, made, file)
    assert made.count == 2


def test_past_the_limit_what_was_not_used_for_longest_goes(tmp_path, made):
    files = [tmp_path / f"{i}.bin" for i in range(10)]
    for file in files:
        file.write_bytes(bytes(1000))
    cached = ImageCache(7000)  # of entries with some 1,150 bytes
    for i, file in enumerate(files[:5]):
        before = {*entries()}
        ask(cached, made, file)
        (entry,) = {*entries()} - before
        os.utime(entry, (1e9 + i, 1e9 + i))
    ask(cached, made, files[0])  # used: the newest now
    assert made.count == 5
    for file in files[5:]:
        ask(cached, made, file)
        assert sum(entry.stat().st_size for entry in entries()) <= 7000 + 1200
    before = made.count
    ask(cached, made, files[0])
    assert made.count == before, "kept, though made first"
    assert len(entries()) < 7


def test_as_much_of_the_disk_is_left_free_as_is_taken(tmp_path, made, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1000}))
    cached = ImageCache(10**6)
    for i in range(5):
        (tmp_path / f"{i}.bin").write_bytes(bytes(1000))
        cached.written = 10**6  # look each time
        ask(cached, made, tmp_path / f"{i}.bin")
    assert len(entries()) <= 2


def one_warning(caught):
    (warning,) = [str(each.message) for each in caught if "decoded anew" in str(each.message)]
    assert "COURSEKIT_HOME" in warning and "COURSEKIT_CACHE=0" in warning
    return warning


def test_a_full_disk_means_no_cache_and_one_warning(tmp_path, made, monkeypatch):
    cached = ImageCache(10**6)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache, "write_whole", full)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(3):
            (tmp_path / f"{i}.bin").write_bytes(bytes(10))
            ask(cached, made, tmp_path / f"{i}.bin")
    assert "No space left" in one_warning(caught) and made.count == 3 and entries() == []


def test_a_home_that_cannot_be_written_means_no_cache_and_one_warning(tmp_path, made, monkeypatch):
    (tmp_path / "home is a file").write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "home is a file"))
    source = classes(tmp_path / "images", 3).split(ck.at_random(0.4))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = source.loaders(8, memory=False, workers=0, device="cpu")
        for _ in range(2):
            assert sum(len(batch) for part in (data.train, data.valid) for batch, _ in part) == 9
    one_warning(caught)


def test_a_file_that_is_gone_is_told_as_without_a_cache(tmp_path):
    source = classes(tmp_path, 3).split(ck.at_random(0.4))
    data = source.loaders(8, memory=False, workers=0, device="cpu")
    data.train.inner.dataset.files[0].unlink()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        list(data.train)


WRITER = """
import sys, torch
from coursekit.vision.cache import ImageCache
cached, files = ImageCache(30_000), sys.argv[1:]
for turn in range(30):
    for file in files:
        (found,) = cached([file], "same", lambda: (torch.full((1000,), int(file[-5]), dtype=torch.uint8),))
        assert found.tolist() == [int(file[-5])] * 1000, file
"""


def test_several_processes_read_and_write_at_once(tmp_path, own_home):
    files = [tmp_path / f"{i}.bin" for i in range(8)]
    for file in files:
        file.write_bytes(b"")
    command = [sys.executable, "-W", "error", "-c", WRITER, *map(str, files)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate(timeout=120)[1].decode() for process in running] == [""] * 3
    assert len(entries()) == 8 and not [path for path in entries() if path.name.startswith(".")]


# In an epoch


@pytest.mark.parametrize("workers", [0, 2])
def test_images_are_read_in_the_first_epoch_only(tmp_path, workers, monkeypatch):
    for i in range(12):
        save(tmp_path / f"{'ab'[i % 2]}_{i}.jpg", np.asarray(photograph(300, 240, i)))
    source = ck.ImageSource(tmp_path).labelled_by(ck.pattern_labels("(.)_")).split(ck.at_random(0.25))
    options = {"memory": False, "workers": workers, "batch_size": 3, "device": "cpu"}
    first = source.loaders(64, **options)
    ready = source.loaders(64, memory=True, device="cpu")
    for part in ("train", "valid"):
        found, whole = (dict(enumerate(getattr(data, part).in_order())) for data in (first, ready))
        images_found, images_whole = (torch.cat([batch for batch, _ in each.values()]) for each in (found, whole))
        assert (images_found - images_whole).abs().mean() < 2 / 255
    assert len(entries()) == 12
    before = [entry.read_bytes() for entry in entries()]
    monkeypatch.setattr(images, "_read", lambda *_: pytest.fail("read anew"))
    again = source.loaders(64, **options)
    for part in ("train", "valid"):
        (one, _), (two, _) = (next(iter(getattr(data, part).in_order())) for data in (first, again))
        assert torch.equal(one, two)
    assert [entry.read_bytes() for entry in entries()] == before


@pytest.mark.parametrize("kind", ["mask", "point"])
def test_masks_and_keypoints_are_kept_with_their_images_and_stay_exact(tmp_path, kind, monkeypatch):
    middles = discs(tmp_path)
    source = mask_source(tmp_path) if kind == "mask" else point_source(tmp_path, middles)
    source = source.split(ck.at_random(0.4))
    whole = source.loaders(12, device="cpu")
    assert entries() == [], "images in memory are not kept on disk"
    for _ in range(2):
        data = source.loaders(12, memory=False, workers=0, device="cpu")
        for part in (data.valid, data.train.in_order()):
            expected = whole.valid if part is data.valid else whole.train.in_order()
            for found, right in zip(part, expected, strict=True):
                assert all(torch.equal(*pair) for pair in zip(found, right, strict=True))
                assert found[1].dtype == right[1].dtype
        monkeypatch.setattr(images, "_read", lambda *_: pytest.fail("read anew"))
    assert len(entries()) == len(source)


def test_a_changed_mask_or_other_keypoints_are_read_anew(tmp_path):
    middles = discs(tmp_path)
    read = lambda source: source.split(ck.at_random(0.4)).loaders(  # noqa: E731
        16, memory=False, workers=0, device="cpu"
    ).valid.inner.dataset[0]  # fmt: skip
    _, mask = read(mask_source(tmp_path))
    file = mask_source(tmp_path).split(ck.at_random(0.4)).part(True)[1][0]
    save(file, np.zeros((16, 16)))
    assert mask.any() and not read(mask_source(tmp_path))[1].any()
    _, point = read(point_source(tmp_path, middles))
    _, moved = read(point_source(tmp_path, {name: (x + 1e-4, y) for name, (x, y) in middles.items()}))
    assert 0 < (moved - point).abs().max() < 1e-3


def test_images_in_a_tensor_are_not_kept(tmp_path):
    pixels = torch.randint(256, (8, 3, 16, 16), dtype=torch.uint8)
    source = ck.ImageSource(pixels).labelled_by(ck.list_labels(list("abababab"))).split(ck.at_random(0.5))
    assert len(list(source.loaders(8, memory=False, workers=0, device="cpu").train)) and entries() == []


@pytest.mark.parametrize("given", ["0", "0.0"])
def test_none_are_kept_where_the_setting_says_so(tmp_path, given, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", given)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = classes(tmp_path, 3).split(ck.at_random(0.4)).loaders(8, memory=False, workers=0, device="cpu")
        assert len(list(data.train)) and not cache_folder().exists()


@pytest.mark.parametrize("given", ["many", "-1", "nan", "inf", "1,5"])
def test_a_setting_that_is_no_number_of_gigabytes_is_refused(tmp_path, given, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", given)
    source = classes(tmp_path, 3).split(ck.at_random(0.4))
    assert source.loaders(8, device="cpu").memory, "not asked where the images are in memory"
    with pytest.raises(ValueError, match=f"COURSEKIT_CACHE is a number of gigabytes, 0 for none; found '{given}'"):
        source.loaders(8, memory=False, device="cpu")


def test_the_command_clear_removes_them(file, made, capsys):
    commands.main(["clear"])
    assert capsys.readouterr().out.startswith("0.0 MB of images are removed")
    cached = ImageCache(10**6)
    ask(cached, made, file)
    noise_file = save(file.parent / "noise.png", noise(600, 600))
    ask(cached, made, noise_file)
    commands.main(["clear"])
    assert capsys.readouterr().out.startswith("1.1 MB of images are removed") and entries() == []
    ask(cached, made, file)
    assert made.count == 3 and len(entries()) == 1
