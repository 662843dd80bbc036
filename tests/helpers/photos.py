"""Pictures as people upload them, made of noise: all that lesson 18's app should answer."""

import io
import struct
import zlib

import torch
from PIL import Image


def photo(columns=60, rows=40):
    generator = torch.Generator().manual_seed(columns)
    pixels = torch.randint(0, 256, (rows // 4, columns // 4, 3), generator=generator, dtype=torch.uint8)
    return Image.fromarray(pixels.numpy()).resize((columns, rows))


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6  # lie the picture on its side
    exif[0x010F] = "a camera that tells"
    return saved(photo(), "JPEG", exif=exif)


def see_through():
    image = photo().quantize(16)
    image.info["transparency"] = 3
    return saved(image)


def sixteen_bits():
    grey = torch.arange(64 * 48).reshape(48, 64) * 20
    return saved(Image.fromarray(grey.numpy().astype("uint16")))


def header(columns, rows):
    """A PNG of a few bytes that says that it is large."""
    body = b"IHDR" + struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    end = b"IEND"
    chunks = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunks + struct.pack(">I", 0) + end + struct.pack(">I", zlib.crc32(end))


GOOD = {
    "jpeg": lambda: saved(photo(), "JPEG"),
    "png": lambda: saved(photo()),
    "webp": lambda: saved(photo(), "WEBP"),
    "animated gif": lambda: saved(photo(), "GIF", save_all=True, append_images=[photo(60, 44), photo(64, 40)]),
    "animated webp": lambda: saved(photo(), "WEBP", save_all=True, append_images=[photo().rotate(180)]),
    "cmyk": lambda: saved(photo().convert("CMYK"), "JPEG"),
    "16 bits": sixteen_bits,
    "palette, transparent": see_through,
    "grey": lambda: saved(photo().convert("L"), "JPEG"),
    "black and white": lambda: saved(photo().convert("1")),
    "opacity": lambda: saved(photo().convert("RGBA")),
    "turned by a note": turned,
    "one pixel": lambda: saved(photo(4, 4).resize((1, 1))),
}
