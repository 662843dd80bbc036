"""From an upload's bytes to a picture, or to the reason why not."""

import io
import warnings

from fastapi import HTTPException, UploadFile
from PIL import Image
from torch import Tensor

import coursekit as ck
from coursekit.vision.images import check_pixels

from .limits import Limits

FORMATS = "send a JPEG, PNG, GIF or WebP file."
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def sniff(first: bytes) -> str | None:
    """The image format that a file's first 12 bytes tell, in Pillow's words; None for anything else."""
    starts = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "GIF": b"GIF8"}
    for name, start in starts.items():
        if first.startswith(start):
            return name
    return "WEBP" if first[:4] == b"RIFF" and first[8:12] == b"WEBP" else None


def decode(upload: UploadFile, channels: int, limits: Limits) -> Tensor:
    """The uploaded picture, uint8 (channels, H, W).

    Raises:
        HTTPException: 415, not a picture; 413, too many pixels, or a strip; 422, empty or damaged.
    """
    data = upload.file.read()
    said = (upload.content_type or "application/octet-stream").partition(";")[0].strip().lower()
    if not data:
        raise HTTPException(422, "The file is empty: choose a picture.")
    file_format = sniff(data[:12])
    if file_format is None:
        raise HTTPException(415, "This is not a picture that is read here: " + FORMATS)
    if not said.startswith("image/") and said != "application/octet-stream":
        raise HTTPException(415, f"The file is announced as {said[:40]!r}, not as a picture.")
    try:
        with Image.open(io.BytesIO(data), formats=[file_format]) as header:  # reads the header, and no pixels
            width, height = header.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        width = height = 10**6
    except Exception as error:  # a damaged file can end in any of Python's errors
        raise HTTPException(422, "The picture is damaged: its header cannot be read.") from error
    if width * height > limits.megapixels * 10**6:
        raise HTTPException(413, f"The picture has too many pixels: at most {limits.megapixels} million.")
    try:
        check_pixels(width, height)
    except ValueError as error:
        raise HTTPException(413, f"The picture is too large or too narrow: {error}.") from error
    try:
        return ck.read_image(io.BytesIO(data), channels)
    except ValueError as error:
        raise HTTPException(422, "The picture is cut off or damaged.") from error
