"""The questions of the data block: where the images are, how each is labelled, and which are held out.

A way to label is a `Labels`; a way to split is a function `(files) -> [held out or not]`.
"""

import io
import os
import re
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from inspect import signature
from itertools import chain, islice
from numbers import Integral, Real
from pathlib import Path

import torch
from PIL import Image

from ..arguments import brief, fits, in_words
from ..display import counted
from ..targets import Categories, Keypoints, Masks, MultiLabels, Numbers, TargetType
from .images import LOSSY, MODES, Size, find_images, read_image
from .loaders import ImageLoaders, image_list

Split = Callable[[Sequence[Path]], list[bool]]


@dataclass(frozen=True)
class Labels:
    """A way to label: `of(files)` gives one label for each file, `target_type(labels)` what a label is."""

    of: Callable[[Sequence[Path]], list]
    target_type: Callable[[list], TargetType]

    def normal(self, files: Sequence[Path]) -> tuple:
        """The labels, names in one form: those that read alike are one class."""
        return tuple(map(_normal_label, self.of(files)))


class ImageSource:
    """Images, and step by step what is known of them. Each step gives a new source and leaves the old as it was.

    Args:
        where: a folder, searched with the folders in it; or the files themselves; or the images, a uint8 tensor
            (n, channels, H, W).
        channels: 1 (grey), 2 (grey, opacity), 3 (colors) or 4 (colors, opacity); of a tensor as many as it has.

    Attributes:
        files: the images' paths; of a tensor its images.
        labels: one for each file, once labelled.
        target_type: what a label is, see `coursekit.targets`; None before.
        held_out: one bool for each file, once split.
        labelling: the `Labels` that gave them, once labelled.

    Raises:
        FileNotFoundError: no such folder, or no image in it.
        ValueError: an empty list, another number of channels, or a tensor of another shape or type.

    Example:
        >>> path = ck.fetch("pets")
        >>> pets = ck.ImageSource(path / "images").labelled_by(ck.pattern_labels(r"(.+)_")).split(ck.at_random(0.2))
        >>> data = pets.loaders(size=64)

    Used in lesson 01.
    """

    def __init__(self, where: Path | str | Sequence[Path | str] | torch.Tensor, channels: int = 3) -> None:
        is_tensor = isinstance(where, torch.Tensor)
        if is_tensor and (where.dtype != torch.uint8 or where.dim() != 4):
            found = f"{where.dtype} of shape {tuple(where.shape)}"
            raise ValueError(f"images in a tensor are uint8, 0 to 255, of shape (n, channels, H, W); found {found}")
        files = find_images(where) if isinstance(where, (str, Path)) else image_list(where)
        if not files:
            raise ValueError("the list of images is empty")
        channels = len(files[0]) if is_tensor else channels
        if channels not in MODES and not is_tensor:
            raise ValueError(f"an image is read with 1, 2, 3 or 4 channels, not {channels}")
        self.files, self.channels = tuple(files), channels
        self.labels = self.target_type = self.held_out = self.labelling = None

    def _with(self, **changes: object) -> "ImageSource":
        new = copy(self)
        vars(new).update(changes)
        return new

    def __len__(self) -> int:
        """The number of images."""
        return len(self.files)

    def __repr__(self) -> str:
        """How many images, classes and held-out images."""
        parts, target_type = [f"{len(self)} images"], self.target_type
        if target_type:
            what = "classes" if target_type.names else target_type.spatial or "numbers"
            parts.append(f"{target_type.outputs // (1 + (what == 'keypoints'))} {what}")
        parts += [f"{sum(self.held_out)} held out"] if self.held_out else []
        return f"ImageSource({', '.join(parts)})"

    def where(self, condition: Callable[[Path], bool]) -> "ImageSource":
        """Only the images for whose path the condition holds; comes before labels.

        Raises:
            ValueError: it holds for none, or the images are labelled already.
        """
        if self.labels is not None:
            raise ValueError("choose images first, then label them: where(...) comes before labelled_by(...)")
        files = tuple(file for file in self.files if condition(file))
        if not files:
            raise ValueError(f"the condition holds for none of the {len(self)} images, such as {self.files[0]}")
        return self._with(files=files)

    def labelled_by(self, labels: Labels | Callable[[Path], str]) -> "ImageSource":
        """The images with their labels.

        Args:
            labels: one of the `..._labels` functions, or a function from a path to a name or a list of names.

        Raises:
            ValueError: neither; or an image has no label, or the labels do not go together; or some of the images are
                masks of others.
        """
        if not isinstance(labels, Labels) and not callable(labels):
            raise ValueError(f"say how to label: ck.list_labels(...), say; found a {type(labels).__name__}")
        labels = labels if isinstance(labels, Labels) else function_labels(labels)
        _refuse_masks([file for file in self.files if isinstance(file, Path)])
        found = labels.normal(self.files)
        return self._with(labels=found, target_type=labels.target_type(found), labelling=labels)

    def split(self, split: Split) -> "ImageSource":
        """The images, some of them held out for validation.

        Raises:
            ValueError: not yet labelled, nothing is left to train on, or nothing is held out; the split is no function,
                or does not say True or False for each image, or not the same for one that is there twice.
        """
        if not callable(split):
            raise ValueError(f"say how to split: ck.at_random(0.2), say; found {split!r}")
        if self.labels is None:
            raise ValueError("label the images first: .labelled_by(...), then .split(...)")
        if len(self) < 2:
            raise ValueError(f"there is only one image, {self.files[0]}: it cannot be split in two parts")
        held_out = tuple(split(self.files))
        if len(held_out) != len(self) or not {*held_out} <= {False, True}:
            raise ValueError(f"a split says True or False for each of the {len(self)} images; found {held_out[:5]} ...")
        if all(held_out) or not any(held_out):
            part = "all" if all(held_out) else "none"
            raise ValueError(f"{part} of the {len(self)} images would be held out: choose another split")
        new = self._with(held_out=held_out)
        train, labels = new.part(False)
        if twice := {*train} & {*new.part(True)[0]}:
            raise ValueError(f"{min(twice)} is in the list of images twice, held out once and trained on once")
        if not self.target_type.spatial:
            learned = {str(name) for label in labels for name in (label if isinstance(label, list) else [label])}
            if only := [repr(name) for name in self.target_type.names if name not in learned]:
                few = ", ".join(only[:5])
                warnings.warn(f"{len(only)} classes are only in the held-out part, so not learned: {few}", stacklevel=2)
        return new

    def loaders(self, size: Size, **options: object) -> ImageLoaders:
        """Batches of images of one size; see `ImageLoaders` for the options."""
        return ImageLoaders(self, size, **options)

    loaders.__signature__ = signature(ImageLoaders)

    def part(self, held_out: bool) -> tuple[list[Path], list]:
        """Files and labels of the held-out part, or of the other.

        Raises:
            ValueError: not yet split.
        """
        if self.held_out is None:
            raise ValueError("say which images are held out first: .split(ck.at_random(0.2)), say")
        chosen = [i for i, out in enumerate(self.held_out) if out == held_out]
        return [self.files[i] for i in chosen], [self.labels[i] for i in chosen]

    def unreadable(self) -> dict[Path, str]:
        """The files that cannot be read as images, each with the reason; reads all, by several threads.

        >>> broken = source.unreadable()
        >>> source = source.where(lambda file: file not in broken)
        """

        def problem(file: Path | torch.Tensor) -> str | None:
            try:
                read_image(file, self.channels) if isinstance(file, Path) else None
            except (ValueError, FileNotFoundError) as error:
                return str(error).partition("; ImageSource")[0]

        with ThreadPoolExecutor() as pool:
            found = list(counted(pool.map(problem, self.files), len(self), "reading images"))
        return {file: words for file, words in zip(self.files, found, strict=True) if words}


def _normal_label(label: object) -> object:
    if isinstance(label, (list, tuple, set, frozenset)):
        return [_normal_label(one) for one in label]
    return normal(label) if isinstance(label, str) else label


def _refuse_masks(files: Sequence[Path]) -> None:
    """Raise a ValueError if a folder has masks of other images: named as these or with an addition (a_mask, mask-a), of
    the same size, with one channel where these have colors, and in no format that changes numbers."""
    stems, pairs = defaultdict(dict), defaultdict(list)  # by name and folder, since many folders may have one name
    for file in files:
        stems[file.stem].setdefault(file.parent, file)
    for file in files:
        parts = [(file.stem.rpartition(mark)[0], file.stem.partition(mark)[2]) for mark in "_-"]
        known = [stems[name] for name in (file.stem, *chain(*parts)) if name in stems]
        twins = [twin for named in known for twin in (named.get(file.parent), *islice(named.values(), 2)) if twin]
        twins = [twin for twin in twins if twin.with_suffix("") != file.with_suffix("")]
        for added in {twin.stem != file.stem for twin in twins}:  # equal names in folders of classes are no additions
            one = [twin for twin in twins if (twin.stem != file.stem) == added]
            pairs[file.parent, added].append((file, min(one, key=lambda twin: twin.parent != file.parent)))
    for (mask, image), *more in pairs.values():
        if all(_is_mask(*pair) for pair in [(mask, image), *more[:4]]):
            found = f"{1 + len(more)} of the {len(files)} images look like masks of others, {mask} of {image}"
            raise ValueError(f"{found}: leave them out, by .where(...) before labelling")


def _is_mask(file: Path, twin: Path) -> bool:
    with suppress(Exception), Image.open(file) as mask, Image.open(twin) as image:  # damaged ones are told when read
        modes = mask.mode in ("1", "L", "P") and image.mode in ("RGB", "RGBA", "CMYK", "YCbCr")
        return modes and mask.size == image.size and mask.format not in LOSSY
    return False


# Ways to label


def names_type(labels: list) -> TargetType:
    """Categories for labels that are names (or whole numbers, taken as names), multi-labels for lists of names.

    Raises:
        ValueError: labels of another type, or of both types.
    """
    first = {isinstance(label, list): label for label in reversed(labels)}
    for label in labels:
        if not isinstance(label, (str, Integral, list)):
            raise ValueError(f"a label is a name, or a list of names; found {label!r}, a {type(label).__name__}")
    if len(first) > 1:
        raise ValueError(f"labels are all names or all lists of names; found {first[False]!r} beside {first[True]!r}")
    return MultiLabels.of(labels) if True in first else Categories.of(labels)


@in_words
def function_labels(function: Callable[[Path], object], words: str = "the function gives None for") -> Labels:
    """The label is what the function gives for the file's path: a name, or a list of names.

    Args:
        function: called with each file's path.
        words: say in errors, before a file's name, that it has no label.

    Built in lesson 01.
    """

    def of(files: Sequence[Path]) -> list:
        labels = [function(file) for file in files]
        if missing := [file for file, label in zip(files, labels, strict=True) if label is None]:
            raise ValueError(f"{_count(missing, files)} no label: {words} {missing[0]}")
        return labels

    return Labels(of, names_type)


@in_words
def pattern_labels(pattern: str) -> Labels:
    """The label is the first group of a regular expression, searched in the file's name.

    Example:
        >>> pattern_labels(r"(.+)_[0-9]+").of([Path("images/silver_tabby_17.jpg")])
        ['silver_tabby']

    Built in lesson 01.
    """
    expression = re.compile(pattern)
    if expression.groups < 1:
        raise ValueError(f"put round brackets around the part of {pattern!r} that is the label")

    def label(file: Path) -> str | None:
        match = expression.search(file.name)
        return match and match[1]

    return function_labels(label, f"{pattern!r} does not match the name of")


@in_words
def folder_labels(level: int = 1) -> Labels:
    """The label is the name of the folder that the file is in (level 1), or of the one above that (2) and so on.

    Labelling raises a ValueError where one such folder holds another, as when an image lies beside the class folders.

    Built in lesson 01.
    """
    if level < 1:
        raise ValueError(f"level 1 is the folder that the file is in; found {level}")

    words = f"there is no folder at level {level} of"
    named = function_labels(lambda file: file.parents[level - 1].name if len(file.parts) > level else None, words)

    def of(files: Sequence[Path]) -> list:
        labels = named.of(files)
        above = {folder for file in files for folder in file.parents[level:]}
        if odd := [file for file in files if file.parents[level - 1] in above]:
            beside = f"{len(odd)} of {len(files)} images lie beside folders of classes, not in one, such as {odd[0]}"
            raise ValueError(f"{beside}: move them, or leave them out before labelling, .where(...)")
        return labels

    return Labels(of, names_type)


@in_words
def list_labels(labels: Sequence[str] | Sequence[Sequence[str]] | torch.Tensor) -> Labels:
    """The labels themselves, in the order of the source's files; also a tensor of class numbers.

    Used in lesson 01.
    """
    if not fits(labels, Sequence):
        raise ValueError(f"labels come as a list, one for each image; found {brief(labels)}")
    labels = labels.tolist() if hasattr(labels, "tolist") else list(labels)  # of a tensor or an array

    def of(files: Sequence[Path]) -> list:
        if len(labels) != len(files):
            raise ValueError(f"there are {len(labels)} labels for {len(files)} images")
        return labels

    return Labels(of, names_type)


@in_words
def csv_labels(
    path: Path | str, *, file: str | None = None, label: str | None = None, sep: str | None = None,
    unused: bool = False, encoding: str = "utf-8-sig",
) -> Labels:  # fmt: skip
    """The labels stand in a CSV file, beside the images' names.

    Args:
        path: of the file, its columns separated by commas, semicolons or tabs.
        file: the column of names, with or without folder and ending; by default the first. A column without a name, as
            an index has, is left out.
        label: the column of labels; by default the one after.
        sep: what separates several labels of one image, which may have none; None: one label each.
        unused: whether names without an image are allowed.
        encoding: of the file: UTF-8 unless said otherwise, such as "cp1252" or "utf-16", as spreadsheets may write.

    Raises:
        ValueError: not a table, or in another encoding, a column is missing, a name stands there twice, an image is not
            listed, a name has no image, or several.

    Built in lesson 04.
    """
    import pandas as pd

    try:
        text = Path(path).read_text(encoding=encoding)
        head = text.partition("\n")[0]
        separator = next((one for one in "\t;" if one in head and "," not in head), ",")
        table = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False).rename(columns=normal)
    except (UnicodeError, LookupError) as error:
        advice = 'say which it has, encoding="cp1252" or "utf-16", say, or save it as UTF-8'
        raise ValueError(f"{path} cannot be read as text in the encoding {encoding!r} ({error}): {advice}") from error
    except ValueError as error:  # empty, rows of several lengths
        raise ValueError(f"{path} cannot be read as a CSV table ({error})") from error
    columns = [column for column in table.columns if not column.startswith("Unnamed: ")]  # without an index's
    if len({*columns}) < len(columns):
        raise ValueError(f"{path} has two columns of one name: {', '.join(map(repr, columns))}")
    if missing := [column for column in (file, label) if column not in (None, *columns)]:
        raise ValueError(f"{path} has no column {missing[0]!r}; it has {', '.join(map(repr, columns))}")
    file = file or next((column for column in columns if column != label), None)
    label = label or next(iter(columns[columns.index(file) + 1 :] + columns[: columns.index(file)]), None)
    if label in (file, None):
        raise ValueError(f"{path} has one column, {file!r}, for files and labels: two are needed")
    table = table.set_index(table[file].map(normal))[label]
    if len(twice := table.index[table.index.duplicated()]):
        raise ValueError(f"{path} lists {twice[0]!r} {(table.index == twice[0]).sum()} times")

    def of(files: Sequence[Path]) -> list:
        found = _listed(files, table.index, f"the file {path}", unused)
        if missing := [file for file in files if file not in found]:
            raise ValueError(f"{_count(missing, files)} no label: {path} does not list {missing[0].name!r}")
        given = table[[found[file] for file in files]].tolist()
        return [[name for name in text.split(sep) if name.strip()] for text in given] if sep else given

    return Labels(of, MultiLabels.of if sep else Categories.of)


@in_words
def mask_labels(
    function: Callable[[Path], Path | str], names: Sequence[str] | dict, ignored: str | int | tuple | None = None
) -> Labels:
    """Each image's label is a mask file, whose grey levels are class numbers, or stand for classes as its colors may.

    Args:
        function: from an image's path to its mask's.
        names: of the classes, in the order of their numbers; or what stands for which class: grey levels (or palette
            entries), `{0: "road", 128: "tree"}`, or colors (red, green, blue), `{(128, 0, 0): "car"}`. Several may
            stand for one class.
        ignored: what counts for nothing in losses and metrics: the name of a class, or a grey level or color that
            stands for none: 255, say.

    Raises:
        ValueError: fewer than two names, one of them twice in a list, or `ignored` is none of them; a mapping of other
            things.
        FileNotFoundError: a mask is not there.

    Built in lesson 05.
    """
    if not fits(names, Sequence | dict):
        raise ValueError(f"names of classes come as a list, or a dictionary; found {brief(names)}")
    mapping = dict(names) if isinstance(names, dict) else {}
    listed = list(mapping.values() or names)
    if not (ignored is None or isinstance(ignored, str)):
        mapping, value = mapping or dict(enumerate(listed)), tuple(ignored) if isinstance(ignored, list) else ignored
        if value in mapping:
            raise ValueError(f"ignored={value!r} stands for {mapping[value]!r}: give that name, or another value")
        mapping[value] = ignored = "ignored"
        listed.append(ignored)
    values = [value if isinstance(value, tuple) else (value,) for value in mapping]
    if {*map(len, values)} not in (set(), {1}, {3}) or not all(n in range(256) for value in values for n in value):
        needed = "all grey levels, 0 to 255, or all colors (red, green, blue), 0 to 255 each"
        raise ValueError(f"what stands for a class in a mask are {needed}; found {', '.join(map(str, mapping))}")
    names = tuple(dict.fromkeys(listed)) if isinstance(names, dict) else tuple(listed)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"a mask needs two names of classes or more, each once; found {', '.join(names) or 'none'}")
    if ignored is not None and ignored not in names:
        raise ValueError(f"ignored={ignored!r} is none of the {len(names)} names: {', '.join(names)}")
    pixels = tuple((value, names.index(name)) for value, name in mapping.items())

    def of(files: Sequence[Path]) -> list[Path]:
        masks = [Path(function(file) or "") for file in files]
        if gone := [f"{mask} for {file.name}" for mask, file in zip(masks, files, strict=True) if not mask.is_file()]:
            raise FileNotFoundError(f"{_count(gone, files)} no mask: there is no {gone[0]}")
        return masks

    return Labels(of, lambda labels: Masks(names, ignored, pixels))


@in_words
def keypoint_labels(function: Callable[[Path], Sequence], swap: Sequence[tuple[int, int]] | None = None) -> Labels:
    """Each image's label is one keypoint, or several, in pixels of the image as `read_image` gives it.

    Args:
        function: from an image's path to (x, y), or to a sequence of them, the same number for each image; x counts
            from the left edge, y from the upper edge.
        swap: the pairs of keypoints, by number, that change places in a mirror image: `[(0, 1)]` for left and right
            eye; `[]` if none do. None: several keypoints are not mirrored, neither in training nor by `tta`.

    Raises:
        ValueError: not pairs of finite numbers, or not equally many for each image; a swap of keypoints that are none.

    Built in lesson 06.
    """

    def of(files: Sequence[Path]) -> list[torch.Tensor]:
        keypoints = []
        for file in files:
            given = function(file)
            try:
                latest = torch.as_tensor(given, dtype=torch.float32).reshape(-1, 2)
            except (TypeError, ValueError, RuntimeError) as error:
                needed = "(x, y), or a list of such pairs"
                raise ValueError(f"{file} has the keypoints {given!r}; needed: {needed}") from error
            keypoints.append(latest)
            if not 0 < len(latest) == len(keypoints[0]) or not latest.isfinite().all():
                needed = f"{len(keypoints[0]) or 'at least one'} of finite numbers, as for the first image"
                raise ValueError(f"{file} has the keypoints {latest.tolist()}; needed: {needed}")
        return keypoints

    return Labels(of, lambda labels: Keypoints(len(labels[0]), swap))


@in_words
def number_labels(
    labels: Labels | Callable[[Path], float | Sequence[float]], names: str | Sequence[str] | None = None, *,
    output_range: tuple[float, float] | None = None, loss: str = "mse",
) -> Labels:  # fmt: skip
    """Each image's label is a number, an age, say, or several.

    Args:
        labels: from an image's path to a number, or to a sequence of them, the same number for each image; or another
            way to label whose labels read as numbers, such as `csv_labels(path, label="age")`.
        names: of the numbers, or of the one, for predictions; None: "number", or "number 1", "number 2" and so on.
        output_range: (low, high), between which a sigmoid holds the model's outputs. The ends are not reached: take a
            little more than the labels have.
        loss: "mse", the mean squared error, or "mae", the mean absolute error.

    Raises:
        ValueError: not finite numbers, or not equally many for each image, or as there are names; a label outside the
            range.

    Built in lesson 06.
    """
    given = labels if isinstance(labels, Labels) else function_labels(labels)
    columns = (names,) if isinstance(names, str) else tuple(names or ())
    Numbers(columns, output_range, loss)
    if len({*columns}) < len(columns) or not all(isinstance(name, str) for name in columns):
        raise ValueError(f"numbers have names, each once; found {columns}")

    def of(files: Sequence[Path]) -> list[torch.Tensor]:
        numbers = []
        for file, label in zip(files, given.of(files), strict=True):
            try:
                several = isinstance(label, (list, tuple)) or getattr(label, "ndim", 0)
                latest = torch.tensor([float(one) for one in (label if several else [label])])
            except (TypeError, ValueError) as error:
                raise ValueError(f"{file} has the label {label!r}; needed: a number, or several") from error
            numbers.append(latest)
            if not 0 < len(latest) == len(columns or numbers[0]) or not latest.isfinite().all():
                needed = f"{len(columns or numbers[0]) or 'at least one'} of finite numbers, as for the others"
                raise ValueError(f"{file} has the label {label!r}; needed: {needed}")
            if output_range and not output_range[0] <= latest.min() <= latest.max() <= output_range[1]:
                raise ValueError(f"{file} has the label {label!r}, outside output_range={output_range}: make it wider")
        return numbers

    def target_type(found: list[torch.Tensor]) -> Numbers:
        several = [f"number {i + 1}" for i in range(len(found[0]))] if len(found[0]) > 1 else ["number"]
        return Numbers(columns or tuple(several), output_range, loss)

    return Labels(of, target_type)


def _count(missing: Sequence, files: Sequence[Path]) -> str:
    return f"{len(missing)} of {len(files)} images {'has' if len(missing) == 1 else 'have'}"


def normal(text: object) -> str:
    """A name in one form, however it is spelt: no spaces or byte-order mark around it, Unicode's form NFC."""
    return unicodedata.normalize("NFC", re.sub(r"^[\s\ufeff]+|[\s\ufeff]+$", "", str(text)))


def _parts(path: object) -> tuple[str, ...]:
    """The folders and the name of a path, also of Windows', each in its normal form."""
    return tuple(normal(part) for part in normal(path).replace("\\", "/").split("/") if part not in ("", "."))


def _finder(files: Sequence[Path], origin: str) -> Callable[[str], Path | None]:
    """A function that finds which file a list means: whose path ends as the listed one does, for the longest stretch.

    It is named with or without its ending and folders. Where the next folder that was listed is there, beside the
    file's own, and has no such file, none is meant. The function raises a ValueError where several files are as good.

    Args:
        files: that may be meant.
        origin: of the names, for errors.
    """
    ends, folders = defaultdict(list), set()
    for file in dict.fromkeys(files):
        parts = _parts(file)
        folders.update(parts[:i] for i in range(1, len(parts)))
        for last in {parts[-1], normal(file.stem)}:
            for i in range(len(parts)):
                ends[(*parts[i:-1], last)].append((file, parts[:i]))

    def find(name: str) -> Path | None:
        wanted = _parts(name)
        for i in range(len(wanted)):
            if found := ends.get(wanted[i:]):
                (file, above), *more = found
                if more:
                    several = f"several images are called so: {file} and {more[0][0]}"
                    raise ValueError(f"{origin} names {normal(name)!r}, and {several}")
                return None if i and above and (*above[:-1], wanted[i - 1]) in folders else file
        return None

    return find


def _listed(files: Sequence[Path], names: Collection, origin: str, unused: bool | None = None) -> dict[Path, str]:
    """The listed name of each file that has one.

    Raises:
        ValueError: a name that several files have; a name without a file, or two of one file, unless `unused`; None: it
            cannot be asked for, and two names do no harm.
    """
    find, found, extra = _finder(files, origin), {}, []
    for name in names:
        if (file := find(name)) is None:
            extra.append(name)
        elif found.setdefault(file, name) != name and unused is not None:
            raise ValueError(f"{origin} has two names, {found[file]!r} and {name!r}, for the image {file}")
    if extra and not unused:
        advice = "" if unused is None else "; csv_labels(..., unused=True) allows that"
        missing = f"no such image is there ({len(extra)} of {len(names)} have none)"
        raise ValueError(f"{origin} names {min(extra)!r}, and {missing}{advice}")
    return found


# Ways to split


@in_words
def at_random(fraction: float = 0.2, seed: int = 42) -> Split:
    """Hold out a fraction of the images, drawn at random; the same ones for the same seed and number of images.

    Raises:
        ValueError: the fraction is not between 0 and 1.

    Built in lesson 01.
    """
    if not isinstance(fraction, Real) or not 0 < fraction < 1:
        raise ValueError(f"the fraction to hold out lies between 0 and 1; found {fraction}")
    if not isinstance(seed, Integral):
        raise ValueError(f"a seed is a whole number; found {seed!r}")

    def split(files: Sequence[Path]) -> list[bool]:
        chosen = torch.randperm(len(files), generator=torch.Generator().manual_seed(int(seed)))
        held_out = set(chosen[: max(1, round(fraction * len(files)))].tolist())
        return [i in held_out for i in range(len(files))]

    return split


@in_words
def by_folder(name: str = "valid") -> Split:
    """Hold out what lies in a folder of that name, at any depth below the folder that holds all images.

    Raises:
        ValueError: beside that folder there is more than one other, such as `train` and `test`.

    Built in lesson 01.
    """

    def split(files: Sequence[Path]) -> list[bool]:
        root = Path(os.path.commonpath([file.parent for file in files]))

        def named(file: Path) -> list[Path]:
            return [folder for folder in file.parents if folder.name == name and root in folder.parents]

        held_out = by_function(named, f"in a folder {name!r}")(files)
        around = {folder.parent for file in files for folder in named(file)}
        rest = [file for file, out in zip(files, held_out, strict=True) if not out]
        parts = [(part, part == file) for file in rest for part in (file, *file.parents[:-1]) if part.parent in around]
        known = {part.name for part, _ in parts}
        for file in rest:  # of another branch of folders
            if not (around & {*file.parents} or known & {*file.parts}):
                parts.append((next(part for part in (file, *file.parents) if part.parent == root), file.parent == root))
        if len(beside := sorted({"images" if is_file else repr(part.name) for part, is_file in parts})) > 1:
            there = f"there are {', '.join(beside)}, and all would be trained on: leave out what is not for training"
            raise ValueError(f"beside the folder {name!r} {there}, by .where(...) before labelling, or ck.by_function")
        return held_out

    return split


@in_words
def by_file_list(names: Path | str | Iterable[str]) -> Split:
    """Hold out the files named in a list, or in a text file with one name a line (with or without folder and ending).

    A line may have further columns beside the name, separated by commas, semicolons, tabs or spaces, and the first line
    the columns' names.

    Raises:
        ValueError: a name that no image has, or several; a line with the names of several images.

    Built in lesson 05.
    """
    is_file = isinstance(names, (str, Path))
    origin = f"the file {names}" if is_file else "the list"
    try:
        lines = Path(names).read_text(encoding="utf-8-sig").splitlines() if is_file else names
    except UnicodeDecodeError as error:
        raise ValueError(f"{names} is no text in UTF-8 ({error}): save it so") from error
    wanted = list(filter(None, dict.fromkeys(map(normal, lines))))

    def split(files: Sequence[Path]) -> list[bool]:
        found = _listed(files, _names_alone(wanted, files, origin) if is_file else wanted, origin)
        return [file in found for file in files]

    return split


def _names_alone(lines: list[str], files: Sequence[Path], origin: str) -> list[str]:
    """What names an image in each line: all of it, or one of its columns; without a first line of columns' names."""
    find, names = _finder(files, origin), []
    for i, line in enumerate(lines):
        ways = [line], *(re.split(marks, line) for marks in (r"[,;\t]", r"\s+"))
        found = next(filter(None, ([one for text in way if find(one := text.strip('" '))] for way in ways)), [])
        if len(set(map(find, found))) > 1:
            raise ValueError(f"{origin} has a line with the names of several images: {line!r}")
        names += found[:1] or [line] * (i > 0 or len(ways[1]) == 1)
    return names


@in_words
def by_function(held_out: Callable[[Path], bool], words: str = "chosen by the function") -> Split:
    """Hold out the files for which the function gives True: by person, by video, by date.

    Args:
        held_out: called with each file's path.
        words: says in errors which files those are.

    Built in lesson 06.
    """

    def split(files: Sequence[Path]) -> list[bool]:
        chosen = [bool(held_out(file)) for file in files]
        if not any(chosen):
            raise ValueError(f"none of the {len(files)} images is {words}, such as {files[0]}: nothing is held out")
        return chosen

    return split
