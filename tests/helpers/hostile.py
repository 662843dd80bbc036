"""Pictures made to hurt whoever decodes them: small files that say that they are huge, or hold more than they show."""

import io
import struct
import zlib

import numpy as np
from drawn import png, png_part
from photos import photo, saved
from PIL import Image

SIDE = 10**8


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


def png_says(columns, rows, color=0, bits=1, interlaced=0):
    """A PNG of one pixel whose header says another size."""
    head = struct.pack(">IIBBBBB", columns, rows, bits, color, 0, 0, interlaced)
    return png(1, 1, 1, 0, color, bits)[:8] + png_part(b"IHDR", head) + png(1, 1, 1, 0, color, bits)[33:]


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
    "1 x 10^8": lambda: png_says(1, SIDE),
    "10^8 x 1": lambda: png_says(SIDE, 1),
    "10^8 x 10^8": lambda: png_says(SIDE, SIDE),
    "interlaced": lambda: png_says(3, SIDE, interlaced=1),
    "sixteen bits": lambda: png_says(SIDE, 2, 2, 16),
    "jpeg of 65,500 x 1": lambda: flat(65_500, 1, "JPEG"),
    "jpeg of 1 x 65,500": lambda: flat(1, 65_500, "JPEG", progressive=True),
    "jpeg that says 65,535 x 65,535": lambda: jpeg_says(65_535, 65_535),
    "jpeg that says 8,000 x 6,000": lambda: jpeg_says(8_000, 6_000),
    "jpeg of 3,000 x 3,000 in many scans": lambda: many_scans(3_000, 3_000, 99),
    "jpeg of 900 x 900 in thousands of scans": lambda: many_scans(900, 900, 3_000),
    "gif of a huge screen": lambda: gif((65_535, 65_535), (1, 1)),
    "gif of a long screen": lambda: gif((60_000, 100), (1, 1)),
    "webp of 16,384 x 16,384": lambda: webp_says(16_384, 16_384),
    "webp of 16,384 x 1": lambda: flat(16_383, 1, "WEBP", lossless=True),
    "webp of 24 megapixels": lambda: webp_says(4_900, 4_900),
    "27 megapixels": lambda: png_says(5_200, 5_200, 2, 8),
    "a bomb as color profile": lambda: with_chunk(b"iCCP", b"x\0\0" + BOMB)[:-200],
    "a bomb as text": lambda: with_chunk(b"zTXt", b"x\0\0" + BOMB)[:-200],
    "a bomb as text of another language": lambda: with_chunk(b"iTXt", b"x\0\1\0\0\0" + BOMB)[:-200],
    "a picture of 24 megapixels cut off": lambda: flat(4_900, 4_900, "JPEG")[:-9_000] + b"\xff\xd9",
    "ten rows of 4,900": lambda: png(4_900, 4_900, 10),
}
# as large as is read
LARGE = {
    "25 megapixels": lambda: flat(5_000, 5_000, "PNG", "RGBA", compress_level=1),
    "24 megapixels, progressive": lambda: flat(4_900, 4_900, "JPEG", progressive=True, subsampling=0),
    "12 megapixels, lossless webp": lambda: flat(3_500, 3_500, "WEBP", "RGBA", lossless=True, method=0),
    "50 megapixels from a phone": lambda: flat(8_192, 6_144, "JPEG", exif=sideways()),
}
# large enough to be made small at once, or odd but whole: each is answered
ANSWERED = {
    "with opacity": lambda: flat(2_000, 1_500, "PNG", "RGBA"),
    "a palette": lambda: saved(Image.new("P", (2_000, 1_500)), "PNG", transparency=0),
    "grey with a color that is not seen": lambda: saved(Image.new("L", (2_000, 1_500)), "PNG", transparency=0),
    "black and white": lambda: flat(2_000, 1_500, "PNG", "1"),
    "lossless webp": lambda: flat(2_000, 1_500, "WEBP", "RGBA", lossless=True, method=0),
    "gif": lambda: flat(2_000, 1_500, "GIF", "P"),
    "16 bits": lambda: saved(Image.fromarray(np.zeros((1_500, 2_000), np.uint16)), "PNG"),
    "progressive": lambda: flat(2_000, 1_500, "JPEG", progressive=True, subsampling=0),
    "cmyk": lambda: flat(2_000, 1_500, "JPEG", "CMYK"),
    "interlaced": lambda: png(2_000, 1_500, 3_500, 0, interlaced=1),
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
