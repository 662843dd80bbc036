"""Picture files as tensors: found, read, brought to one size together with their masks or points."""

import gzip
import operator
import os
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL import Image
    from torchvision import tv_tensors

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # channels to Pillow's name
FITS = ("squish", "crop", "pad")

Size = int | tuple[int, int]


def find_pictures(folder: Path | str) -> list[Path]:
    """The picture files in a folder and the folders inside it, in order of their names.

    Hidden files and folders are left out; links are followed, to folders too.

    Raises:
        FileNotFoundError: there is no such folder, or no picture in it; the message says what is there.

    Built in lesson 01.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "a file; give several files as a list" if folder.exists() else "not there"
        raise FileNotFoundError(f"there is no folder {folder}: it is {what}")
    files = _visible_files(folder)
    pictures = sorted(file for file in files if file.suffix.lower() in SUFFIXES)
    if not pictures:
        others = ", ".join(sorted({file.suffix or file.name for file in files})[:5]) or "no files at all"
        raise FileNotFoundError(f"no picture in {folder} (looked for {', '.join(SUFFIXES)}; found {others})")
    return pictures


def _visible_files(folder: Path) -> list[Path]:
    """The files in a folder and all folders below, hidden ones left out; a folder that links make endless, once."""
    files, seen = [], set()
    for place, folders, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(place))
        folders[:] = [
            name for name in folders if name[0] != "." and os.path.realpath(os.path.join(place, name)) not in seen
        ]
        files += [Path(place, name) for name in names if name[0] != "."]
    return [file for file in files if file.is_file()]


def read_picture(path: Path | str | BinaryIO, channels: int = 3) -> Tensor:
    """Read one picture file.

    Args:
        path: a file that Pillow can read, or one that is open; a photograph's note on which side is up is obeyed.
        channels: 1 (grey), 2 (grey, opacity), 3 (red, green, blue) or 4 (with opacity).

    Returns:
        uint8 of shape (channels, rows, columns), 0 to 255.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a whole picture, or its numbers have no known range (32 bits a pixel; of 16 bits
            the upper 8 are kept), or the number of channels is none of these.

    Built in lesson 01.
    """
    from PIL import Image, ImageOps

    if not isinstance(path, (str, Path)) and not hasattr(path, "read"):
        raise ValueError(f"a picture is a file's path or an open file; found {type(path).__name__}")
    if channels not in MODES:
        raise ValueError(f"a picture is read with 1, 2, 3 or 4 channels, not {channels}")
    try:
        with Image.open(path) as picture:
            picture = _eight_bits(ImageOps.exif_transpose(picture), picture.format)
            return _to_tensor(picture.convert(MODES[channels]))
    except Exception as error:  # a damaged file can end in any of Python's errors
        if not isinstance(path, (str, Path)):
            raise ValueError(f"this is not a whole picture ({error})") from error
        if not Path(path).exists():
            raise FileNotFoundError(f"there is no file {path}") from error
        raise ValueError(
            f"{path} is not a whole picture ({error}); ImageSource(...).unreadable() lists all such files"
        ) from error


def read_mask(path: Path | str) -> Tensor:
    """Read a mask: a picture file whose grey levels, or palette entries, are class numbers.

    Returns:
        uint8 of shape (rows, columns).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: not a whole picture, or one with several channels.

    Built in lesson 05.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            mode, mask = picture.mode, _to_tensor(ImageOps.exif_transpose(picture))[0]
    except Exception as error:  # a damaged file can end in any of Python's errors
        if not Path(path).exists():
            raise FileNotFoundError(f"there is no mask {path}") from error
        raise ValueError(f"the mask {path} is not a whole picture ({error})") from error
    if mode not in ("L", "P", "1"):
        raise ValueError(f"the mask {path} has the mode {mode}: one channel of class numbers, 8 bits each, is needed")
    return mask


def _eight_bits(picture: "Image.Image", kind: str | None) -> "Image.Image":
    """A Pillow picture whose channels hold 0 to 255 each; left to itself, Pillow makes all above 255 white."""
    import numpy as np
    from PIL import Image

    if picture.mode.startswith("I;16") or (picture.mode == "I" and kind == "PNG"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise ValueError(f"mode {picture.mode}, 32 bits a pixel of unknown range: save it with 8 or 16 bits")
    if picture.mode == "P" and "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture


def _to_tensor(picture: object) -> Tensor:
    """A Pillow picture as uint8 (channels, rows, columns)."""
    import numpy as np

    array = np.array(picture, dtype=np.uint8)
    return torch.from_numpy(array.reshape(*array.shape[:2], -1)).permute(2, 0, 1).contiguous()


def rows_and_columns(size: Size) -> tuple[int, int]:
    """The pair that a size stands for: one number is a square.

    Raises:
        ValueError: not one or two whole numbers above 0.
    """
    try:
        pair = tuple(map(operator.index, size if isinstance(size, (tuple, list)) else (size, size)))
    except TypeError:
        pair = ()
    if len(pair) != 2 or min(pair) < 1:
        raise ValueError(f"a size is a whole number of pixels, or a pair (rows, columns) of them; found {size!r}")
    return pair


class Resize:
    """Brings a picture, and the mask or points that belong to it, to one size.

    Args:
        size: rows and columns in pixels, or one number for a square.
        fit: `"squish"` changes the proportions, `"crop"` cuts off what is beyond, around the middle, `"pad"` keeps
            all and mirrors the borders into what is left.

    Example:
        >>> Resize((4, 6))(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
        torch.Size([3, 4, 6])

    Built in lesson 01.
    """

    def __init__(self, size: Size, fit: str = "squish") -> None:
        if fit not in FITS:
            raise ValueError(f"fit is one of {', '.join(FITS)}; found {fit!r}")
        self.size, self.fit = rows_and_columns(size), fit

    def __call__(self, picture: Tensor, target: "tv_tensors.TVTensor | None" = None) -> object:
        """The picture, (channels, rows, columns), in the new size; with a target, the pair.

        Args:
            target: `tv_tensors.Mask`, whose pixels take the nearest one's class, or `tv_tensors.KeyPoints`.
        """
        from torchvision import tv_tensors

        between = self._between(*picture.shape[-2:])
        resized = self._fitted(tv_tensors.Image(picture), between).as_subclass(Tensor)
        return resized if target is None else (resized, self._fitted(target, between))

    def back(self, points: Tensor, rows: int, columns: int) -> Tensor:
        """Points from the resized picture's scale, -1 to 1, to pixels of a picture of rows x columns.

        Args:
            points: (n, 2), x and y.
        """
        between = self._between(rows, columns)
        top, left = self._corner(between)
        pixels = (points + 1) / 2 * torch.tensor([self.size[1], self.size[0]]) - torch.tensor([left, top])
        return pixels * torch.tensor([columns / between[1], rows / between[0]])

    def _between(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns to which a picture is scaled, before its borders are cut off or filled."""
        if self.fit == "squish":
            return self.size
        choose = max if self.fit == "crop" else min
        scale = choose(self.size[0] / rows, self.size[1] / columns)
        return max(1, round(rows * scale)), max(1, round(columns * scale))

    def _corner(self, between: tuple[int, int]) -> tuple[int, int]:
        """Where the scaled picture's upper left corner lies in the final one, (row, column); negative if cut off."""
        return tuple(int((wanted - have) / 2) for wanted, have in zip(self.size, between, strict=True))

    def _fitted(self, thing: "tv_tensors.TVTensor", between: tuple[int, int]) -> "tv_tensors.TVTensor":
        """A picture, mask or points, scaled and then brought to size."""
        from torchvision import tv_tensors
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms.v2 import functional as F

        if isinstance(thing, tv_tensors.Mask):
            # torchvision's own way with masks takes the pixel up and left of the middle, away from the picture's
            scaled = F.resize(tv_tensors.Image(thing), between, InterpolationMode.NEAREST_EXACT)
            thing = tv_tensors.Mask(scaled[0])
        else:
            thing = F.resize(thing, between, antialias=True)
        top, left = self._corner(between)
        if self.fit == "crop":
            return F.crop(thing, -top, -left, *self.size)
        bottom, right = (wanted - have - c for wanted, have, c in zip(self.size, between, (top, left), strict=True))
        mode = "symmetric" if all(2 * c <= have for c, have in zip((bottom, right), between, strict=True)) else "edge"
        mode = "constant" if isinstance(thing, tv_tensors.KeyPoints) else mode
        return F.pad(thing, [left, top, right, bottom], padding_mode=mode)


def read_idx(path: Path | str) -> Tensor:
    """Read a file in the IDX format of MNIST, unpacked or as `.gz`.

    Args:
        path: the file's name without `.gz`.

    Returns:
        uint8 tensor with the shape that the file's header gives: (n, rows, columns) for pictures, (n,) for labels.

    Raises:
        FileNotFoundError: neither the file nor its `.gz` exists.
        ValueError: not an IDX file of unsigned bytes, or shorter or longer than its header says.

    Built in lesson 02.
    """
    path = Path(path)
    if path.exists():
        raw = path.read_bytes()
    elif (packed := path.with_name(path.name + ".gz")).exists():
        try:
            raw = gzip.decompress(packed.read_bytes())
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{packed} is not a whole gzip file ({error})") from error
    else:
        raise FileNotFoundError(f"neither {path} nor {path.name}.gz is there")
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes: it starts with {raw[:4]!r}")
    rank = raw[3]
    start = 4 + 4 * rank
    shape = struct.unpack(f">{rank}I", raw[4:start]) if len(raw) >= start else ()
    expected = start + torch.Size(shape).numel()
    if len(raw) != expected:
        raise ValueError(f"{path} should hold {expected} bytes for the shape {shape}; it holds {len(raw)}")
    if len(raw) == start:
        return torch.empty(shape, dtype=torch.uint8)
    return torch.frombuffer(bytearray(raw), dtype=torch.uint8, offset=start).reshape(shape)


def read_digits(folder: Path) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Read the `digits` sample or MNIST: the training pair and the held-out pair.

    Returns:
        `(pictures, labels), (pictures, labels)`; pictures are float32 of shape (n, 1, rows, columns), 0 for paper and
        1 for full ink; labels are int64 of shape (n,), 0 to 9.

    Built in lesson 02.
    """
    pairs = []
    for part in ("train", "t10k"):
        pictures = read_idx(folder / f"{part}-images-idx3-ubyte")
        labels = read_idx(folder / f"{part}-labels-idx1-ubyte")
        full_ink = 16 if pictures.shape[-1] == 8 else 255
        pairs.append((pictures.unsqueeze(1) / full_ink, labels.long()))
    return pairs[0], pairs[1]
