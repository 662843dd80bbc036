"""Pictures made to hurt whoever decodes them: small files that say that they are huge, or hold more than they show."""

import io
import struct
import zlib

import numpy as np
from drawn import png, png_part
from photos import photo, saved
from PIL import Image

SIDE = 10**8


def noisy(columns, rows, kind, **options):
    """A picture of some size that does not compress well, made of one small piece many times over."""
    piece = np.random.default_rng(0).integers(0, 256, (500, 500, 3), np.uint8)
    image = np.tile(piece, (-(-rows // 500), -(-columns // 500), 1))[:rows, :columns]
    return saved(Image.fromarray(image), kind, **options)


def flat(columns, rows, kind, mode="RGB", **options):
    return saved(Image.new(mode, (columns, rows)), kind, **options)


def jpeg_says(columns, rows, data=None):
    """A JPEG whose header says another size."""
    data = bytearray(data or saved(photo(), "JPEG"))
    at = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in (0xC0, 0xC2))
    data[at + 5 : at + 9] = struct.pack(">HH", rows, columns)
    return bytes(data)


def many_scans(columns, rows, copies):
    """A progressive JPEG whose last scan comes many times."""
    data = flat(columns, rows, "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * copies + data[-2:]


def gif(screen, frame, frames=1):
    """A GIF of a screen's size, with a frame's size, black, so many times."""
    small = flat(*frame, "GIF", "P")
    first = small.index(b",")  # the descriptor of the image, behind the palette
    return small[:6] + struct.pack("<HH", *screen) + small[10:first] + small[first:-1] * frames + b";"


def webp_says(columns, rows):
    """A lossless WebP of a few bytes that says that it is large."""
    bits = (columns - 1) | (rows - 1) << 14
    body = b"VP8L" + struct.pack("<I", 25) + b"\x2f" + struct.pack("<I", bits) + b"\0" * 21
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def with_chunk(name, content):
    """A small PNG with another chunk behind its header."""
    data = saved(photo())
    return data[:33] + png_part(name, content) + data[33:]


BOMB = zlib.compress(bytes(50_000_000), 9)
# of one side up to 10 ** 8, and of other sizes that nobody can use; each is refused
REFUSED = {
    "1 x 25,000,000": lambda: png(1, 25_000_000, 25_000_000, 0, 0, 1),
    "25,000,000 x 1": lambda: png(25_000_000, 1, 1, 0, 0, 1),
    "1 x 10^8": lambda: png(1, SIDE, 1, 0, 0, 1),
    "10^8 x 1": lambda: png(SIDE, 1, 0, 0, 0, 1),
    "10^8 x 10^8": lambda: png(SIDE, 1, 0, 0, 0, 1)[:20] + struct.pack(">I", SIDE) + b"\1\0\0\0\0" + b"\0" * 99,
    "interlaced": lambda: png(3, SIDE, 1, 0, 0, 1, 1),
    "sixteen bits": lambda: png(SIDE, 2, 0, 0, 2, 16),
    "jpeg of 65,500 x 1": lambda: flat(65_500, 1, "JPEG"),
    "jpeg of 1 x 65,500": lambda: flat(1, 65_500, "JPEG", progressive=True),
    "jpeg that says 65,535 x 65,535": lambda: jpeg_says(65_535, 65_535),
    "jpeg that says 8,000 x 6,000": lambda: jpeg_says(8_000, 6_000),
    "jpeg of 4,900 x 4,900 in many scans": lambda: many_scans(4_900, 4_900, 60),
    "jpeg of 900 x 900 in thousands of scans": lambda: many_scans(900, 900, 3_000),
    "gif of a huge screen": lambda: gif((65_535, 65_535), (1, 1)),
    "gif of a long screen": lambda: gif((60_000, 100), (1, 1)),
    "webp of 16,384 x 16,384": lambda: webp_says(16_384, 16_384),
    "webp of 16,384 x 1": lambda: flat(16_383, 1, "WEBP", lossless=True),
    "webp of 24 megapixels": lambda: flat(4_900, 4_900, "WEBP", "RGBA", lossless=True),
    "27 megapixels, black": lambda: flat(5_200, 5_200, "PNG"),
    "a bomb as color profile": lambda: with_chunk(b"iCCP", b"x\0\0" + BOMB)[:-200],
    "a bomb as text": lambda: with_chunk(b"zTXt", b"x\0\0" + BOMB)[:-200],
    "a bomb as text of another language": lambda: with_chunk(b"iTXt", b"x\0\1\0\0\0" + BOMB)[:-200],
    "a picture of 24 megapixels cut off": lambda: noisy(4_900, 4_900, "JPEG", quality=30)[:-5000] + b"\xff\xd9",
    "ten rows of 4,900": lambda: png(4_900, 4_900, 10),
}
# as large as is read, or odd but whole: each is answered
ANSWERED = {
    "25 megapixels": lambda: flat(5_000, 5_000, "PNG", "RGBA"),
    "25 megapixels in a palette": lambda: saved(Image.new("P", (5_000, 5_000)), "PNG", transparency=0),
    "12 megapixels, lossless webp": lambda: flat(3_500, 3_500, "WEBP", "RGBA", lossless=True),
    "gif of 24 megapixels": lambda: flat(4_900, 4_900, "GIF", "P"),
    "12 megapixels of 16 bits": lambda: saved(Image.fromarray(np.zeros((3_500, 3_500), np.uint16)), "PNG"),
    "24 megapixels, progressive": lambda: flat(4_900, 4_900, "JPEG", progressive=True, subsampling=0),
    "24 megapixels, cmyk": lambda: flat(4_900, 4_900, "JPEG", "CMYK"),
    "24 megapixels, interlaced": lambda: png(4_900, 4_900, 9_999, 0, interlaced=1),
    "50 megapixels from a phone": lambda: flat(8_192, 6_144, "JPEG", exif=sideways()),
    "a gif of thousands of frames": lambda: gif((500, 500), (500, 500), 5_000),
    "a file that is two formats": lambda: saved(photo(), "PNG") + saved(photo(), "JPEG"),
}


def sideways():
    """EXIF data that lay a picture on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


def animated(frames, kind):
    """A picture that moves, of many frames."""
    file = io.BytesIO()
    images = [Image.new("RGB", (64, 64), (i % 256, i // 256, 9)) for i in range(frames)]
    images[0].save(file, kind, save_all=True, append_images=images[1:])
    return file.getvalue()


ANSWERED |= {
    "an animated png": lambda: animated(1_000, "PNG"),
    "an animated webp": lambda: animated(1_000, "WEBP"),
}
