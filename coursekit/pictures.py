"""Picture files as tensors: found, read, brought to one size together with their masks or points."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torchvision import tv_tensors

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # channels to Pillow's name
FITS = ("squish", "crop", "pad")

Size = int | tuple[int, int]


def find_pictures(folder: Path | str) -> list[Path]:
    """The picture files in a folder and the folders inside it, in order of their names; hidden ones left out.

    Raises:
        FileNotFoundError: there is no such folder, or no picture in it; the message says what is there.

    Built in lesson 01.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    files = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")]
    pictures = sorted(file for file in files if file.suffix.lower() in SUFFIXES)
    if not pictures:
        others = ", ".join(sorted({file.suffix or file.name for file in files})[:5]) or "no files at all"
        raise FileNotFoundError(f"no picture in {folder} (looked for {', '.join(SUFFIXES)}; found {others})")
    return pictures


def read_picture(path: Path | str | BinaryIO, channels: int = 3) -> Tensor:
    """Read one picture file.

    Args:
        path: a file that Pillow can read, or one that is open; a photograph's note on which side is up is obeyed.
        channels: 1 (grey), 2 (grey, opacity), 3 (red, green, blue) or 4 (with opacity).

    Returns:
        uint8 of shape (channels, rows, columns), 0 to 255.

    Raises:
        ValueError: the file is not a whole picture, or the number of channels is none of these.

    Built in lesson 01.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if channels not in MODES:
        raise ValueError(f"a picture is read with 1, 2, 3 or 4 channels, not {channels}")
    try:
        with Image.open(path) as picture:
            picture = ImageOps.exif_transpose(picture).convert(MODES[channels])
            return _to_tensor(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
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
        ValueError: not a whole picture, or one with several channels.

    Built in lesson 05.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            if picture.mode not in ("L", "P", "1"):
                raise ValueError(f"the mask {path} has the mode {picture.mode}: one channel of class numbers is needed")
            return _to_tensor(picture)[0]
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        if not Path(path).exists():
            raise FileNotFoundError(f"there is no mask {path}") from error
        raise ValueError(f"the mask {path} is not a whole picture ({error})") from error


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
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or not all(isinstance(n, int) and n > 0 for n in pair):
        raise ValueError(f"a size is a number of pixels, or a pair (rows, columns); found {size!r}")
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
        """The picture, (channels, rows, columns), in the new size; with a target, the pair."""
        from torchvision import tv_tensors
        from torchvision.transforms import v2

        inputs = [tv_tensors.Image(picture)] + ([] if target is None else [target])
        rows, columns = picture.shape[-2:]
        if self.fit == "squish":
            steps = [v2.Resize(self.size, antialias=True)]
        else:
            choose = max if self.fit == "crop" else min
            scale = choose(self.size[0] / rows, self.size[1] / columns)
            between = (max(1, round(rows * scale)), max(1, round(columns * scale)))
            steps = [v2.Resize(between, antialias=True), self._to_size(between)]
        for step in steps:
            inputs = step(*inputs) if len(inputs) > 1 else [step(*inputs)]
        picture = inputs[0].as_subclass(Tensor)
        return picture if target is None else (picture, inputs[1])

    def back(self, points: Tensor, rows: int, columns: int) -> Tensor:
        """Points from the resized picture's scale, -1 to 1, to pixels of a picture of rows x columns.

        Args:
            points: (n, 2), x and y.
        """
        scale = [wanted / have for wanted, have in zip(self.size, (rows, columns), strict=True)]
        if self.fit != "squish":
            scale = [max(scale) if self.fit == "crop" else min(scale)] * 2
        reach = torch.tensor([self.size[1] / scale[1], self.size[0] / scale[0]])
        return (points * reach + torch.tensor([columns, rows])) / 2

    def _to_size(self, between: Sequence[int]) -> object:
        from torchvision.transforms import v2

        if self.fit == "crop":
            return v2.CenterCrop(self.size)
        missing = [wanted - have for wanted, have in zip(self.size, between, strict=True)]
        top, left = missing[0] // 2, missing[1] // 2
        mode = "symmetric" if all(m <= have for m, have in zip(missing, between, strict=True)) else "edge"
        return v2.Pad([left, top, missing[1] - left, missing[0] - top], padding_mode=mode)
