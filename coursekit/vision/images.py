"""Image files as tensors: found, read, brought to one size together with their masks or keypoints."""

import gzip
import io
import operator
import os
import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ..arguments import in_words

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".jp2",
            ".tga", ".ppm", ".pgm", ".pbm", ".pnm")  # fmt: skip
COMPANIONS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml", ".md", ".rst", ".html", ".pdf", ".yaml", ".yml",
              ".mat", ".npy", ".npz", ".cal", ".bin", ".obj", ".py", ".ipynb", ".xlsx", ".parquet", ".db", ".zip",
              ".tar", ".gz")  # fmt: skip
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # channels to Pillow's name
FITS = ("squish", "crop", "pad")
LARGEST, MOST, LONGEST = 20_000, 120_000_000, 200  # pixels a side, in all, and to one; more are refused undecoded
REDUCED = 1.4  # a JPEG is decoded at a half, a quarter or an eighth if that is so many times what comes of it
LOSSY = ("JPEG", "MPO", "JPEG2000", "WEBP", "AVIF")  # formats that need not keep a mask's numbers
MORE = bytes(range(255)) * 2  # what no decoder reads behind a JPEG's last pixel
ORIENTATION = 0x0112  # the EXIF tag that says how a camera was held, from 1 to 8; what undoes the values from 2 on:
TURNS = dict(enumerate((Image.FLIP_LEFT_RIGHT, Image.ROTATE_180, Image.FLIP_TOP_BOTTOM, Image.TRANSPOSE,
             Image.ROTATE_270, Image.TRANSVERSE, Image.ROTATE_90), start=2))  # fmt: skip

Size = int | tuple[int, int]
ImageLike = str | Path | bytes | BinaryIO | Image.Image | np.ndarray


@in_words
def find_images(folder: Path | str) -> list[Path]:
    """The image files in a folder and the folders inside it, in order of their names.

    Hidden files and folders are left out; links are followed, to folders too. A warning counts other files that may be
    images (of endings that are not read, say), but not tables, texts and archives.

    Raises:
        FileNotFoundError: there is no such folder, or no image in it; the message says what is there.

    Built in lesson 01.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "a file; give several files as a list" if folder.exists() else "not there"
        raise FileNotFoundError(f"there is no folder {folder}: it is {what}")
    files = _visible_files(folder)
    # by parts, not as paths: these compare without regard to case on Windows, and a seed would split other files off
    images = sorted((file for file in files if file.suffix.lower() in SUFFIXES), key=lambda file: file.parts)
    if not images:
        others = ", ".join(sorted({file.suffix or file.name for file in files})[:5]) or "no files at all"
        raise FileNotFoundError(f"no image in {folder} (looked for {', '.join(SUFFIXES)}; found {others})")
    endings = (file.suffix.lower() or file.name for file in files)
    if odd := Counter(ending for ending in endings if ending not in (*SUFFIXES, *COMPANIONS)):
        few = ", ".join(f"{n} {ending}" for ending, n in odd.most_common(5))
        left = f"{odd.total()} of {len(files)} files in {folder} are left out, since their endings are not read"
        warnings.warn(f"{left} ({few}): save those that are images as PNG or JPEG", stacklevel=3)
    return images


def _visible_files(folder: Path) -> list[Path]:
    """The files in a folder and all folders below, hidden ones left out; a folder that links make endless, once."""
    files, seen = [], set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(parent))
        folders[:] = [f for f in folders if f[0] != "." and os.path.realpath(os.path.join(parent, f)) not in seen]
        files += [file for name in names if name[0] != "." and (file := Path(parent, name)).is_file()]
    return files


@in_words
def read_image(source: ImageLike, channels: int = 3) -> Tensor:
    """Read one image.

    Args:
        source: the path of a file that Pillow can read, an open file, or a file's bytes; or a Pillow image, or an array
            (H, W) or (H, W, C), uint8. A photograph is turned as its orientation tag says; of an animation the first
            image is read.
        channels: 1 (grey), 2 (grey, opacity), 3 (red, green, blue) or 4 (with opacity).

    Returns:
        uint8 of shape (channels, H, W), 0 to 255. Without opacity a transparent image lies on white; with it, what
        cannot be seen at all is black: two images that look alike are read alike.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a whole image, or larger than is read (20,000 pixels a side, 120 million in all, one side
            200 times the other), or its numbers have no known range (32 bits a pixel; of 16 bits the upper 8 are
            kept); or the number of channels is none of these.

    Built in lesson 01.
    """
    if channels not in MODES:
        raise ValueError(f"an image is read with 1, 2, 3 or 4 channels, not {channels}")
    return _read_image(source, channels).contiguous()


def read_resized(source: ImageLike, channels: int, resize: "Resize", smaller: bool = False) -> Tensor:
    """Read one image and bring it to its size: `resize(read_image(source, channels))`, in less time.

    Args:
        source: see `read_image`.
        channels: see `read_image`.
        resize: what brings it to its size.
        smaller: of a JPEG far larger than that decode a half, a quarter or an eighth of each side, at least 1.4 times
            as much as is left of it. For a photograph the values stay within 2 of 255 in the mean.
    """
    return resize(_read_image(source, channels, resize if smaller else None)).contiguous()


def _read_image(source: ImageLike, channels: int, resize: "Resize | None" = None) -> Tensor:
    """The pixels as Pillow has them, channels last in memory, which are resized faster; see `_read` for `resize`."""
    return _read(source, "file", lambda image, form: _to_tensor(_seen(_eight_bits(image, form), channels)), resize)


@in_words
def read_mask(source: ImageLike, pixels: Sequence[tuple] = ()) -> Tensor:
    """Read a mask: an image whose grey levels, or palette entries, are class numbers, or stand for them.

    Args:
        source: see `read_image`.
        pixels: pairs of a grey level (or palette entry), or of a color (red, green, blue), and its class number; none:
            the grey levels are the class numbers.

    Returns:
        uint8 of shape (H, W), class numbers.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: not a whole image, one with several channels where grey levels are asked for, or of a format that
            may change the numbers, as JPEG; or a pixel that none of the pairs is about.

    Built in lesson 05.
    """
    colors = any(isinstance(value, tuple) for value, _ in pixels)

    def convert(image: Image.Image, form: str | None) -> tuple[str, str | None, Tensor]:
        mask = _to_tensor(image.convert("RGB") if colors else image).contiguous()
        levels = _to_tensor(image.convert("L")) if form == "GIF" and not colors else mask  # a GIF may number each anew
        return image.mode, form if torch.equal(mask, levels) else "GIF with a palette", mask

    mode, form, mask = _read(source, "mask", convert)
    name = f"the mask {source}" if isinstance(source, (str, Path)) else "this mask"
    if form in (*LOSSY, "GIF with a palette"):
        raise ValueError(f"{name} is a {form}, which does not keep class numbers: save masks as PNG")
    if mode not in (("L", "P", "1", "RGB", "RGBA") if colors else ("L", "P", "1")):
        needed = "colors, 8 bits a channel, are" if colors else "one channel of class numbers, 8 bits each, is"
        raise ValueError(f"{name} has the mode {mode}: {needed} needed")
    if not pixels:
        return mask[0]
    weights = (65536, 256, 1) if colors else (1,)  # one number for each color

    def code(value: Sequence[int] | Tensor) -> int | Tensor:
        return sum(part * weight for part, weight in zip(value, weights, strict=True))

    number = {code(value if colors else (value,)): number for value, number in pixels}
    found, where = code(mask.long()).unique(return_inverse=True)
    if unknown := [each for each in found.tolist() if each not in number]:
        value = tuple(unknown[0] // weight % 256 for weight in weights) if colors else unknown[0]
        known = ", ".join(str(value) for value, _ in pixels[:20])
        raise ValueError(f"{name} holds the value {value}, which stands for no class; there are {known}")
    return torch.tensor([number[each] for each in found.tolist()], dtype=torch.uint8)[where]


def _read(
    source: ImageLike, what: str, convert: Callable[[Image.Image, str | None], object], resize: "Resize | None" = None
) -> object:
    """Open an image, turn it upright and convert it, with errors in words; a JPEG decoded smaller for `resize`."""
    is_path = isinstance(source, (str, Path))
    if not is_path and not isinstance(source, (bytes, Image.Image, np.ndarray)) and not hasattr(source, "read"):
        needed = "a path, an open file or its bytes, an array (H, W, C) or a Pillow image"
        raise ValueError(f"an image is {needed}; found {type(source).__name__}")
    try:
        if isinstance(source, np.ndarray):
            if source.ndim not in (2, 3):
                raise ValueError(f"an array is (H, W) or (H, W, C); found {source.shape}")
            source = Image.fromarray(source[:, :, 0] if source.shape[2:] == (1,) else source)
        source = io.BytesIO(source) if isinstance(source, bytes) else source
        is_open = isinstance(source, Image.Image)
        with nullcontext(source) if is_open else Image.open(source) as image:
            check_pixels(*image.size)
            (width, height), factor = image.size, 1
            if resize and not is_open:
                factor = _decode_smaller(image, resize)
            image.load()
            if not is_open:
                check_whole(image, source)
            compressed = image.info.get("compression")  # of a TIFF
            upright = _upright(image)
            if width % factor or height % factor:
                upright = resize.scaled(upright, height, width, factor)
            return convert(upright, "JPEG" if compressed == "jpeg" else image.format)
    except Exception as error:  # a damaged file can end in any of Python's errors
        if is_path and not Path(source).exists():
            raise FileNotFoundError(f"there is no {what} {source}") from error
        name = f"the {what} {source}" if is_path else "this"
        advice = "; ImageSource(...).unreadable() lists all such files" if is_path and what == "file" else ""
        raise ValueError(f"{name} is not a whole image ({error}){advice}") from error


def _decode_smaller(image: Image.Image, resize: "Resize") -> int:
    """Have an opened JPEG decoded at a half, a quarter or an eighth of its size, if it is large; gives 2, 4 or 8, or 1.

    If its size cannot be divided so, the last pixels are parts, see `Resize.scaled`; one that is turned is divided.
    """
    if image.format not in ("JPEG", "MPO"):
        return 1
    width, height = image.size
    most = max(1, min(resize.ratio(height, width), resize.ratio(width, height)) / REDUCED)
    factors = [n for n in (1, 2, 4, 8) if n <= most and (_turn(image) is None or not (width % n or height % n))]
    image.draft(None, (width // factors[-1], height // factors[-1]))
    return factors[-1]


def check_pixels(width: int, height: int) -> None:
    """Raise a ValueError if an image is larger than is read, or a strip; before decoding, which fills memory."""
    if max(width, height) > LARGEST or width * height > MOST or max(width, height) > LONGEST * min(width, height):
        limits = f"{LARGEST:,} a side are read, {MOST // 10**6} million in all, one side {LONGEST} times the other"
        raise ValueError(f"it has {width:,} x {height:,} pixels, and {limits} at most")


def check_whole(image: Image.Image, source: str | Path | BinaryIO) -> None:
    """Raise a ValueError if a PNG or a JPEG that has been decoded ends early: Pillow fills up the rest without a word.

    It fills with black, or with grey. So an image that ends like that (or comes in several scans) is decoded again: a
    PNG over white, a JPEG with bytes added at its end, which only a decoder that lacks some would read.

    Args:
        image: as Pillow opened it, and loaded.
        source: the file it was opened from.
    """
    if image.format not in ("PNG", "JPEG", "MPO"):
        return
    end = np.asarray(image.crop((0, max(0, image.height - 2), *image.size)))
    if image.format == "PNG":
        if end.reshape(len(end), -1).any(1).all():
            return
    elif not image.info.get("progressive") and not np.isin(end[-1, -1], (127, 128)).all():
        return
    else:
        with open(source, "rb") if isinstance(source, (str, Path)) else nullcontext(source) as file:
            file.seek(0)
            data = file.read()
        start = scan_start(data)
        last = max(range(215, 207, -1), key=lambda mark: data.rfind(bytes([255, mark]), start))  # restart marker
        more = MORE.join([b"", *(bytes([255, 208 + (last + after) % 8]) for after in range(1, 9)), b""])
        source = io.BytesIO(data[:start] + data[start:].replace(b"\xff\xd9", more + b"\xff\xd9"))
    with Image.open(source) as again:
        sizes = {n: (-(-again.width // n), -(-again.height // n)) for n in (8, 4, 2, 1)}  # a part of a pixel is one
        factor = next((n for n, size in sizes.items() if size == image.size), 1)  # by which it was decoded smaller
        again.draft(image.mode, (max(1, again.width // factor), max(1, again.height // factor)))
        if image.format == "PNG":
            again.im = Image.new(again.mode, again.size, 255).im
        for top in range(0, image.height, 64):  # a few rows at a time: a photograph takes much memory
            rows = (0, top, image.width, min(top + 64, image.height))
            if image.crop(rows).tobytes() != again.crop(rows).tobytes():
                raise ValueError("it ends before its last row")


def scan_start(data: bytes) -> int:
    """Where the first scan of a JPEG that Pillow can open starts (its SOS marker): what is before it has a length."""
    at = 2
    while data[at : at + 2] != b"\xff\xda":
        length = 1 if data[at + 1] in (0, 255) else 2 + struct.unpack_from(">H", data, at + 2)[0]
        at = data.index(b"\xff", at + length)
    return at


def _upright(image: Image.Image) -> Image.Image:
    """The image, turned as its orientation tag says; the rest of its metadata may be odd or damaged.

    It has been loaded: Pillow turns TIFF files by itself then, and drops their tag.
    """
    turn = _turn(image)
    return image if turn is None else image.transpose(turn)


def _turn(image: Image.Image) -> Image.Transpose | None:
    with suppress(Exception):
        return TURNS.get(image.getexif().get(ORIENTATION))
    return None


def _eight_bits(image: Image.Image, form: str | None) -> Image.Image:
    """A Pillow image whose channels hold 0 to 255 each; left to itself, Pillow makes all above 255 white."""
    if image.mode.startswith("I;16") or (image.mode == "I" and form in ("PNG", "PPM")):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"mode {image.mode}, 32 bits a pixel of unknown range: save it with 8 or 16 bits")
    return image


def _seen(image: Image.Image, channels: int) -> Image.Image:
    """The image with so many channels, and without the colors that full transparency hides."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white" if channels in (1, 3) else (0, 0, 0, 0))
        hidden = image.getchannel("A").point(lambda alpha: 255 * (alpha == 0))
        image = Image.alpha_composite(ground, image) if channels in (1, 3) else Image.composite(ground, image, hidden)
    return image.convert(MODES[channels])


def _to_tensor(image: Image.Image) -> Tensor:
    """A Pillow image as uint8 (channels, H, W)."""
    array = np.array(image, dtype=np.uint8)
    return torch.from_numpy(array.reshape(*array.shape[:2], -1)).permute(2, 0, 1)


def height_and_width(size: Size) -> tuple[int, int]:
    """The pair that a size stands for: one number is a square.

    Raises:
        ValueError: not one or two whole numbers above 0.
    """
    try:
        pair = tuple(map(operator.index, size if isinstance(size, (tuple, list)) else (size, size)))
    except TypeError:
        pair = ()
    if len(pair) != 2 or min(pair) < 1:
        raise ValueError(f"a size is a whole number of pixels, or a pair (height, width) of them; found {size!r}")
    return pair


class Resize:
    """Brings an image, and the mask or keypoints that belong to it, to one size.

    Args:
        size: height and width in pixels, or one number for a square.
        fit: `"squish"` changes the proportions, `"crop"` cuts off what is beyond, around the middle, `"pad"` keeps
            all and mirrors the borders into what is left.

    Example:
        >>> Resize((4, 6))(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
        torch.Size([3, 4, 6])

    Built in lesson 01.
    """

    def __init__(self, size: Size, fit: str = "squish") -> None:
        if not isinstance(fit, str) or fit not in FITS:
            raise ValueError(f"fit is one of {', '.join(FITS)}; found {fit!r}")
        self.size, self.fit = height_and_width(size), fit

    def __call__(self, image: Tensor, target: Tensor | None = None) -> object:
        """The image, (channels, H, W), in the new size; with a target, the pair.

        Args:
            image: uint8 or float.
            target: `tv_tensors.Mask`, whose pixels take the nearest one's class, or `tv_tensors.KeyPoints`.
        """
        from torchvision import tv_tensors

        if image.shape[-2:] == self.size:
            return image if target is None else (image, target)
        geometry = self._geometry(*image.shape[-2:])
        resized = self._fitted(tv_tensors.Image(image), *geometry).as_subclass(Tensor)
        return resized if target is None else (resized, self._fitted(target, *geometry))

    def back(self, keypoints: Tensor, height: int, width: int) -> Tensor:
        """Keypoints from the resized image's scale, -1 to 1, to pixels of an image of height x width.

        Args:
            keypoints: (n, 2), x and y.
        """
        (y, x, *taken), between, (top, left) = self._geometry(height, width)
        pixels = (keypoints + 1) / 2 * torch.tensor([self.size[1], self.size[0]]) - torch.tensor([left, top])
        return pixels * torch.tensor([taken[1] / between[1], taken[0] / between[0]]) + torch.tensor([x, y])

    def mask_back(self, values: Tensor, height: int, width: int) -> Tensor:
        """What is said of each pixel of the resized image, as class numbers of an image of height x width.

        Args:
            values: (classes, rows, columns), in the resized image's size.

        Returns:
            uint8 (height, width), each the class whose value, bilinear between pixels, is the largest; with
            `fit="crop"` fewer, those of the part that was not cut off.
        """
        (_, _, *taken), between, (top, left) = self._geometry(height, width)
        if self.fit == "pad":
            values = values[:, top : top + between[0], left : left + between[1]]
        scale = taken[0] / between[0], taken[1] / between[1]
        size = [min(most, max(1, round(n * by))) for n, by, most in zip(values.shape[1:], scale, taken, strict=True)]
        best = torch.full(size, -torch.inf)
        mask = torch.zeros(size, dtype=torch.uint8)
        for number, value in enumerate(values):  # one by one: a photograph times all classes may fill the memory
            value = functional.interpolate(value[None, None].float(), size, mode="bilinear", align_corners=False)[0, 0]
            mask[value > best] = number
            best = torch.maximum(best, value)
        return mask

    def ratio(self, height: int, width: int) -> float:
        """How many times larger an image of height x width is than what comes of it, on the side where it is less."""
        (_, _, *taken), between, _ = self._geometry(height, width)
        return min(have / wanted for have, wanted in zip(taken, between, strict=True))

    def scaled(self, image: Image.Image, height: int, width: int, factor: int) -> Image.Image:
        """An image that was decoded at a fraction of its size, scaled, but not yet cropped or padded.

        Args:
            image: with parts of pixels at its right and lower end, since its size could not be divided by `factor`.
            height: before it was divided, as `width`.
            factor: by which both were divided.
        """
        (top, left, *taken), between, _ = self._geometry(height, width)
        box = [edge / factor for edge in (left, top, left + taken[1], top + taken[0])]
        return image.resize(between[::-1], Image.Resampling.BILINEAR, box)

    def _geometry(self, height: int, width: int) -> tuple[tuple[int, ...], tuple[int, int], tuple[int, int]]:
        """What is taken of an image, its size when scaled, and where its upper left corner then lies.

        (top, left, height, width): all, except of a strip to be cropped, which would fill the memory when scaled whole;
        (height, width); and (y, x), negative if cut off.
        """
        (rows, columns), taken = self.size, (0, 0, height, width)
        if self.fit == "crop":
            kept = min(height, 8 * -(-width * rows // columns)), min(width, 8 * -(-height * columns // rows))
            taken = (height - kept[0]) // 2, (width - kept[1]) // 2, *kept
        scale = (max if self.fit == "crop" else min)(rows / taken[2], columns / taken[3])
        between = tuple(max(1, round(length * scale)) for length in taken[2:]) if self.fit != "squish" else self.size
        return taken, between, tuple(int((wanted - have) / 2) for wanted, have in zip(self.size, between, strict=True))

    def _fitted(self, thing: Tensor, taken: tuple, between: tuple, corner: tuple) -> Tensor:
        """An image, mask or keypoints: what is taken, scaled and then brought to size."""
        from torchvision import tv_tensors
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms.v2 import functional as F

        thing = F.crop(thing, *taken) if self.fit == "crop" else thing
        if isinstance(thing, tv_tensors.Mask):
            # torchvision's own way with masks takes the pixel up and left of the middle, away from the image's
            thing = tv_tensors.Mask(F.resize(tv_tensors.Image(thing), between, InterpolationMode.NEAREST_EXACT)[0])
        else:
            if isinstance(thing, tv_tensors.Image) and max(thing.shape[-2:]) > LONGEST * min(thing.shape[-2:]):
                thing = F.resize(thing, [min(pair) for pair in zip(thing.shape[-2:], between, strict=True)])  # a strip
            thing = F.resize(thing, between, antialias=True)
        if self.fit == "crop":
            return F.crop(thing, -corner[0], -corner[1], *self.size)
        if between == self.size:
            return thing
        bottom, right = (wanted - have - c for wanted, have, c in zip(self.size, between, corner, strict=True))
        mode = "symmetric" if all(2 * c <= have for c, have in zip((bottom, right), between, strict=True)) else "edge"
        mode = "constant" if isinstance(thing, tv_tensors.KeyPoints) else mode
        return F.pad(thing, [corner[1], corner[0], right, bottom], padding_mode=mode)


@in_words
def read_idx(path: Path | str) -> Tensor:
    """Read a file in the IDX format of MNIST, unpacked or as `.gz`.

    Args:
        path: the file's name without `.gz`.

    Returns:
        uint8 tensor with the shape that the file's header gives: (n, H, W) for images, (n,) for labels.

    Raises:
        FileNotFoundError: neither the file nor its `.gz` exists.
        ValueError: not an IDX file of unsigned bytes, or shorter or longer than its header says.

    Built in lesson 02.
    """
    path, packed = Path(path), Path(f"{path}.gz")
    if not path.exists() and not packed.exists():
        raise FileNotFoundError(f"neither {path} nor {packed.name} is there")
    try:
        raw = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{packed} is not a whole gzip file ({error})") from error
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes: it starts with {raw[:4]!r}")
    start = 4 + 4 * raw[3]
    shape = struct.unpack(f">{raw[3]}I", raw[4:start]) if len(raw) >= start else ()
    expected = start + torch.Size(shape).numel()
    if len(raw) != expected:
        raise ValueError(f"{path} should hold {expected} bytes for the shape {shape}; it holds {len(raw)}")
    return torch.from_numpy(np.frombuffer(raw, np.uint8)[start:].copy()).reshape(shape)


@in_words
def read_digits(folder: Path) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Read the `digits` sample or MNIST: the training pair and the held-out pair.

    Returns:
        `(images, labels), (images, labels)`; images are float32 of shape (n, 1, H, W), 0 for paper and 1 for full ink;
        labels are int64 of shape (n,), 0 to 9.

    Built in lesson 02.
    """
    pairs = []
    for part in ("train", "t10k"):
        images = read_idx(folder / f"{part}-images-idx3-ubyte")
        labels = read_idx(folder / f"{part}-labels-idx1-ubyte")
        full_ink = 16 if images.shape[-1] == 8 else 255
        pairs.append((images.unsqueeze(1) / full_ink, labels.long()))
    return pairs[0], pairs[1]
