"""From an upload's bytes to a picture, or to the reason why not."""

import io
import math
import warnings

from fastapi import HTTPException, UploadFile
from PIL import Image
from torch import Tensor

import coursekit as ck
from coursekit.vision.images import check_pixels, check_whole, scan_start

from .limits import Limits

FORMATS = "send a JPEG, PNG, GIF or WebP file."
PHONES = {
    "HEIC": "This is a HEIC photograph, which is not read here. "
    "iPhone: set Camera, Formats, Most Compatible, or export the picture as JPEG.",
    "AVIF": "This is an AVIF picture, which is not read here: save it as JPEG or PNG.",
}
LARGE = 2_000_000  # pixels; a larger picture is decoded alone, and made small before anything else
SMALL = 4_000_000  # pixels that are left of it at most: each of them takes up to thirty bytes on its way to a tensor
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class Large(Exception):
    """The picture is to be decoded where no other large one is."""


def sniff(first: bytes) -> str | None:
    """The image format that a file's first 64 bytes tell, in Pillow's words (or "HEIC"); None for anything else."""
    starts = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "GIF": b"GIF8"}
    for name, start in starts.items():
        if first.startswith(start):
            return name
    if first[4:8] == b"ftyp":  # then come the names of the format, of four letters each
        names = {first[at : at + 4] for at in range(8, min(len(first), int.from_bytes(first[:4], "big")), 4)}
        return (
            "AVIF" if names & {b"avif", b"avis"} else "HEIC" if names & {b"heic", b"heix", b"mif1", b"msf1"} else None
        )
    return "WEBP" if first[:4] == b"RIFF" and first[8:12] == b"WEBP" else None


def decode(upload: UploadFile, channels: int, limits: Limits, least: int | None = None, alone: bool = True) -> Tensor:
    """The uploaded picture, uint8 (channels, H, W).

    Args:
        least: a large picture is read at a half, third ... of its size, no side shorter than twice this if its pixels
            are not too many then; else `limits.side`.
        alone: whether no other large picture is decoded at the same time.

    Raises:
        Large: the picture is large, and not alone.
        HTTPException: 415, not a picture; 413, too many pixels, or a strip; 422, empty or damaged.
    """
    upload.file.seek(0)
    data = upload.file.read()
    said = (upload.content_type or "application/octet-stream").partition(";")[0].strip().lower()
    if not data:
        raise HTTPException(422, "The file is empty: choose a picture.")
    file_format = sniff(data[:64])
    if file_format is None or file_format in PHONES:
        raise HTTPException(415, PHONES.get(file_format, "This is not a picture that is read here: " + FORMATS))
    if not said.startswith("image/") and said != "application/octet-stream":
        raise HTTPException(415, f"The file is announced as {said[:40]!r}, not as a picture.")
    try:
        with Image.open(io.BytesIO(data), formats=[file_format]) as header:  # reads the header, and no pixels
            (width, height), most = header.size, most_pixels(header, data, limits)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        width, height, most = 10**6, 10**6, limits.megapixels * 10**6
    except Exception as error:  # a damaged file can end in any of Python's errors
        raise HTTPException(422, "The picture is damaged: its header cannot be read.") from error
    if width * height > most:
        raise HTTPException(413, f"The picture has too many pixels: at most {most / 10**6:g} million.")
    try:
        check_pixels(width, height)
    except ValueError as error:
        raise HTTPException(413, f"The picture is too large or too narrow: {error}.") from error
    large = width * height > LARGE
    if large and not alone:
        raise Large
    try:
        return ck.read_image(reduced(data, file_format, least or limits.side) if large else io.BytesIO(data), channels)
    except Exception as error:
        raise HTTPException(422, "The picture is cut off or damaged.") from error


def most_pixels(header: Image.Image, data: bytes, limits: Limits) -> int:
    """How many pixels a picture may have: more if it is a JPEG of one scan, read row by row; of many scans, fewer."""
    if header.format == "WEBP" or header.mode.startswith("I"):
        return limits.wide * 10**6
    if header.format not in ("JPEG", "MPO"):
        return limits.megapixels * 10**6
    if not header.info.get("progressive") and data[scan_start(data) + 4] == len(header.getbands()):
        return limits.photograph * 10**6
    return min(limits.megapixels * 10**6, limits.scans * 10**6 // data.count(b"\xff\xda"))


def reduced(data: bytes, file_format: str, least: int) -> Image.Image:
    """A picture at a half, third ... of its size, but no side shorter than twice `least`, so that it looks the same.

    A strip may become shorter, lest its other side fill the memory.

    Raises:
        OSError, ValueError: it is not whole.
    """
    with Image.open(io.BytesIO(data), formats=[file_format]) as image:
        wanted = [min(2 * least, side // too_many(image)) for side in image.size]
        _, box = image.draft(None, wanted) or (None, None)  # a JPEG is decoded at about this size
        image.load()
        check_whole(image, io.BytesIO(data))
        factor = max(min(image.size) // (2 * least), too_many(image))
        if image.mode in ("1", "P") or "transparency" in image.info:
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        if factor < 2 or image.mode not in ("L", "LA", "RGB", "RGBA", "CMYK"):
            return image
        sides = [round(side / factor) for side in image.size]
        return image.resize(sides, Image.Resampling.BOX, box)  # each of its pixels is a mean


def too_many(image: Image.Image) -> int:
    """By how much each side is to be divided until the picture has few pixels."""
    return math.ceil(math.sqrt(image.width * image.height / SMALL))


def whole_size(upload: UploadFile, image: Tensor) -> tuple[int, int]:
    """Height and width of the picture that was sent, upright; `image` is what `decode` made of it."""
    upload.file.seek(0)
    with Image.open(upload.file) as header:
        sides = header.size
    return tuple(sorted(sides, reverse=image.shape[-2] > image.shape[-1]))
