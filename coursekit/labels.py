"""How each picture is labelled: by a pattern, its folder, a CSV file, a function, a list; with a mask; with points."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import torch

from .kinds import Categories, Kind, Masks, MultiLabels, Points


@dataclass(frozen=True)
class Labels:
    """A way to label: `of(files)` gives one label for each file, `kind(labels)` what a label is."""

    of: Callable[[Sequence[Path]], list]
    kind: Callable[[list], Kind]


def names_kind(labels: list) -> Kind:
    """Categories for labels that are names (or whole numbers, taken as names), multi-labels for lists of names.

    Raises:
        ValueError: labels of another type, or of both types.
    """
    single = [isinstance(label, (str, Integral)) for label in labels]
    for label, one in zip(labels, single, strict=True):
        if not one and not isinstance(label, (list, tuple, set, frozenset)):
            raise ValueError(f"a label is a name, or a list of names; found {label!r}, a {type(label).__name__}")
    if any(single) and not all(single):
        one, several = labels[single.index(True)], labels[single.index(False)]
        raise ValueError(f"labels are all names or all lists of names; found {one!r} beside {several!r}")
    return Categories.of(labels) if all(single) else MultiLabels.of(labels)


def function_labels(function: Callable[[Path], str | Sequence[str]]) -> Labels:
    """The label is what the function gives for the file's path: a name, or a list of names.

    Built in lesson 01.
    """

    def of(files: Sequence[Path]) -> list:
        labels = [function(file) for file in files]
        if missing := [file for file, label in zip(files, labels, strict=True) if label is None]:
            raise ValueError(f"{_count(missing, files)} no label: the function gives None for {missing[0]}")
        return labels

    return Labels(of, names_kind)


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

    def of(files: Sequence[Path]) -> list[str]:
        found = [expression.search(file.name) for file in files]
        if missing := [file for file, match in zip(files, found, strict=True) if match is None or match[1] is None]:
            raise ValueError(f"{_count(missing, files)} no label: {pattern!r} does not match {missing[0].name!r}")
        return [match.group(1) for match in found]

    return Labels(of, names_kind)


def folder_labels(level: int = 1) -> Labels:
    """The label is the name of the folder that the file is in (level 1), or of the one above that (2) and so on.

    Built in lesson 01.
    """
    if level < 1:
        raise ValueError(f"level 1 is the folder that the file is in; found {level}")

    def name(file: Path) -> str:
        if len(file.parts) <= level:
            raise ValueError(f"{file} has no folder at level {level}")
        return file.parents[level - 1].name

    return function_labels(name)


def list_labels(labels: Sequence[str] | Sequence[Sequence[str]]) -> Labels:
    """The labels themselves, in the order of the source's files.

    Used in lesson 01.
    """
    labels = list(labels)

    def of(files: Sequence[Path]) -> list:
        if len(labels) != len(files):
            raise ValueError(f"there are {len(labels)} labels for {len(files)} pictures")
        return labels

    return Labels(of, names_kind)


def csv_labels(
    path: Path | str,
    *,
    file: str | None = None,
    label: str | None = None,
    sep: str | None = None,
    unused: bool = False,
) -> Labels:
    """The labels stand in a CSV file, beside the pictures' names.

    Args:
        path: of the file.
        file: the column of names, with or without folder and ending; by default the first.
        label: the column of labels; by default the second.
        sep: what separates several labels of one picture, which may have none; None: one label each.
        unused: whether rows without a picture are allowed.

    Raises:
        ValueError: not a table, a column is missing, a name stands there twice, a picture has no row, a row has no
            picture, or several.

    Built in lesson 04.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:  # empty, rows of several lengths, not UTF-8
        raise ValueError(f"{path} cannot be read as a CSV table ({error})") from error
    columns = [file or table.columns[0], label or (list(table.columns[1:2]) or ["label"])[0]]
    if missing := [column for column in columns if column not in table.columns]:
        raise ValueError(f"{path} has no column {missing[0]!r}; it has {', '.join(map(repr, table.columns))}")
    names = [Path(name).name for name in table[columns[0]]]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"{path} lists {twice[0]!r} {Counter(names)[twice[0]]} times")
    rows = dict(zip(names, table[columns[1]], strict=True))

    def of(files: Sequence[Path]) -> list:
        found = [f.name if f.name in rows else f.stem for f in files]
        if missing := [f for f, name in zip(files, found, strict=True) if name not in rows]:
            raise ValueError(f"{_count(missing, files)} no label: {path} does not list {missing[0].name!r}")
        if not unused and (extra := sorted(rows.keys() - set(found))):
            raise ValueError(
                f"{path} lists {extra[0]!r}, and no such picture is there ({len(extra)} of {len(rows)} rows are "
                "without a picture); csv_labels(..., unused=True) allows that"
            )
        if twice := [name for name, times in Counter(found).items() if times > 1]:
            same = " and ".join(str(f) for f, name in zip(files, found, strict=True) if name == twice[0])
            raise ValueError(f"{path} lists {twice[0]!r} once, and several pictures are called so: {same}")
        return [_names(rows[name], sep) if sep else rows[name].strip() for name in found]

    return Labels(of, MultiLabels.of if sep else Categories.of)


def _names(text: str, sep: str) -> list[str]:
    """The names in a row, without the spaces around them."""
    return [name.strip() for name in text.split(sep) if name.strip()]


def mask_labels(function: Callable[[Path], Path | str], names: Sequence[str], void: str | None = None) -> Labels:
    """Each picture's label is a mask file, whose grey levels are class numbers.

    Args:
        function: from a picture's path to its mask's.
        names: of the classes, in the order of their numbers.
        void: the name of the class that counts for nothing in losses and metrics.

    Raises:
        ValueError: fewer than two names, one of them twice, or `void` is none of them.
        FileNotFoundError: a mask is not there.

    Built in lesson 05.
    """
    names = tuple(names)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"a mask needs two names of classes or more, each once; found {', '.join(names) or 'none'}")
    if void is not None and void not in names:
        raise ValueError(f"void={void!r} is none of the {len(names)} names: {', '.join(names)}")

    def of(files: Sequence[Path]) -> list[Path]:
        masks = [Path(function(file) or "") for file in files]
        if missing := [i for i, mask in enumerate(masks) if not mask.is_file()]:
            raise FileNotFoundError(
                f"{_count(missing, files)} no mask: there is no {masks[missing[0]]} for {files[missing[0]].name}"
            )
        return masks

    return Labels(of, lambda labels: Masks(names, void))


def point_labels(function: Callable[[Path], Sequence]) -> Labels:
    """Each picture's label is one point, or several, in pixels of the picture as `read_picture` gives it.

    Args:
        function: from a picture's path to (x, y), or to a sequence of them, the same number for each picture; x counts
            from the left edge, y from the upper edge.

    Raises:
        ValueError: not pairs of finite numbers, or not equally many for each picture.

    Built in lesson 06.
    """

    def of(files: Sequence[Path]) -> list[torch.Tensor]:
        points = []
        for file in files:
            given = function(file)
            try:
                points.append(torch.as_tensor(given, dtype=torch.float32).reshape(-1, 2))
            except (TypeError, ValueError, RuntimeError) as error:
                raise ValueError(f"{file} has the points {given!r}; needed: (x, y), or a list of such pairs") from error
            if not len(points[-1]) or len(points[-1]) != len(points[0]) or not points[-1].isfinite().all():
                needed = f"{len(points[0]) or 'at least one'} of finite numbers, as for the first picture"
                raise ValueError(f"{file} has the points {points[-1].tolist()}; needed: {needed}")
        return points

    return Labels(of, lambda labels: Points(len(labels[0])))


def _count(missing: Sequence[Path], files: Sequence[Path]) -> str:
    return f"{len(missing)} of {len(files)} pictures {'has' if len(missing) == 1 else 'have'}"
