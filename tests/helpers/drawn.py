"""Tiny images, masks and points, drawn into a folder by Pillow for the tests."""

import struct
import zlib

import numpy as np
import torch
from PIL import Image

import coursekit as ck


def save(path, array, **options):
    """Write an array, (rows, columns) or (rows, columns, channels), as an image file; gives its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array, dtype=np.uint8)).save(path, **options)
    return path


def noise(rows=16, columns=16, channels=3, seed=0, low=0, high=256):
    """Random bytes, (rows, columns, channels); without the last axis for one channel."""
    shape = (rows, columns, channels) if channels > 1 else (rows, columns)
    return np.random.default_rng(seed).integers(low, high, shape, dtype=np.uint8)


def blob(rows, columns, row, column, reach=1):
    """A black image, (rows, columns, 3), with a white square around the pixel (row, column)."""
    image = np.zeros((rows, columns, 3), np.uint8)
    image[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = 255
    return image


def centre(image):
    """The middle of the light in a image, (rows, columns): x and y on the scale from -1 to 1."""
    weight = image.double() / image.double().sum()
    y = (2 * torch.arange(image.shape[0]) + 1) / image.shape[0] - 1
    x = (2 * torch.arange(image.shape[1]) + 1) / image.shape[1] - 1
    return torch.stack([(weight.sum(0) * x).sum(), (weight.sum(1) * y).sum()])


def classes(folder, n=8, size=16, channels=3, names=("dark", "light", "middle")):
    """n images of each class, which differ in brightness: dark_0.png, light_0.png, ..."""
    for i in range(n):
        for k, name in enumerate(names):
            save(folder / f"{name}_{i}.png", noise(size, size, channels, 100 * k + i, 80 * k, 80 * k + 60))
    return ck.ImageSource(folder, channels).labelled_by(ck.pattern_labels("(.+)_"))


def discs(folder, n=8, size=16):
    """Pictures, masks (1 in a disc, 2, void, on its rim, else 0) and the middles of the discs, in pixels."""
    generator = np.random.default_rng(1)
    middles = {}
    for i in range(n):
        x, y = generator.uniform(0.3, 0.7, 2) * size
        rows, columns = np.mgrid[:size, :size] + 0.5
        away = np.hypot(rows - y, columns - x)
        mask = np.where(away < size / 5, 1, np.where(away < size / 5 + 1, 2, 0))
        save(folder / "images" / f"{i}.png", noise(size, size, 3, i, 0, 60) + 180 * (mask == 1)[:, :, None])
        save(folder / "masks" / f"{i}.png", mask)
        middles[f"{i}.png"] = (x, y)
    return middles


def mask_source(folder, **options):
    """The discs with their masks."""
    labels = ck.mask_labels(lambda file: file.parents[1] / "masks" / file.name, ["ground", "disc", "rim"], "rim")
    return ck.ImageSource(folder / "images", **options).labelled_by(labels)


def point_source(folder, middles):
    """The discs with their middles."""
    return ck.ImageSource(folder / "images").labelled_by(ck.keypoint_labels(lambda file: middles[file.name]))


def multi_source(folder, n=8, size=16):
    """Pictures of any of three stripes, red, green and blue, none in the first; named after those they have."""
    for i in range(n):
        image = noise(size, size, 3, i, 0, 60)
        names = [name for bit, name in enumerate(("blue", "green", "red")) if i >> bit & 1]
        for name in names:
            image[:, :, ("red", "green", "blue").index(name)] += 150
        save(folder / f"{i}-{'+'.join(names)}.png", image)
    return ck.ImageSource(folder).labelled_by(lambda file: [s for s in file.stem.split("-")[1].split("+") if s])


def held(*stems):
    """A split that holds out the files of these names, whatever their ending."""
    return ck.by_function(lambda file: file.stem in stems)


def png_part(kind, data):
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, rows, value=255, color=2, bits=8, interlaced=0):
    """A PNG whose header says `height`, and which holds so many rows (PNG specification, sections 11.2 and 10.1)."""
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[color]
    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlaced)
    line = b"\0" + bytes([value]) * (-(-width * channels * bits // 8))
    palette = png_part(b"PLTE", bytes(range(256)) * 3) if color == 3 else b""
    data = zlib.compress(line * rows)
    return b"\x89PNG\r\n\x1a\n" + png_part(b"IHDR", head) + palette + png_part(b"IDAT", data) + png_part(b"IEND", b"")
