"""The four questions of the data block: where the pictures are, how each is labelled, which are held out, and how
they become batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .kinds import Kind
from .labels import Labels, function_labels
from .pictures import MODES, Size, find_pictures, read_picture
from .splits import Split

if TYPE_CHECKING:
    from .image_loaders import ImageLoaders


@dataclass(frozen=True, init=False)
class ImageSource:
    """Pictures, and step by step what is known of them. Each step gives a new source and leaves the old as it was.

    Args:
        where: a folder, searched with the folders in it; or the files themselves.
        channels: 1 (grey), 2 (grey, opacity), 3 (colours) or 4 (colours, opacity).

    Attributes:
        files: the pictures' paths.
        labels: one for each file, once labelled.
        kind: what a label is, see `coursekit.kinds`; None before.
        held_out: one bool for each file, once split.

    Raises:
        FileNotFoundError: no such folder, or no picture in it.
        ValueError: an empty list, or another number of channels.

    Example:
        >>> path = ck.fetch("pets")
        >>> pets = ck.ImageSource(path / "images").labelled_by(ck.pattern_labels(r"(.+)_")).split(ck.at_random(0.2))
        >>> data = pets.loaders(size=64)

    Used in lesson 01.
    """

    files: tuple[Path, ...]
    channels: int = 3
    labels: tuple | None = None
    kind: Kind | None = None
    held_out: tuple[bool, ...] | None = None

    def __init__(self, where: Path | str | Sequence[Path | str], channels: int = 3) -> None:
        files = find_pictures(where) if isinstance(where, (str, Path)) else [Path(file) for file in where]
        if not files:
            raise ValueError("the list of pictures is empty")
        if channels not in MODES:
            raise ValueError(f"a picture is read with 1, 2, 3 or 4 channels, not {channels}")
        for name, value in {"files": tuple(files), "channels": channels}.items():
            object.__setattr__(self, name, value)

    def _with(self, **changes: object) -> "ImageSource":
        new = ImageSource(changes.pop("files", self.files), self.channels)
        for name, value in ({"labels": self.labels, "kind": self.kind, "held_out": self.held_out} | changes).items():
            object.__setattr__(new, name, value)
        return new

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.files)

    def __repr__(self) -> str:
        """How many pictures, classes and held-out pictures."""
        parts = [f"{len(self)} pictures"]
        if self.kind is not None:
            names = getattr(self.kind, "names", None)
            parts.append(f"{len(names)} classes" if names else f"{self.kind.outputs // 2} points")
        if self.held_out is not None:
            parts.append(f"{sum(self.held_out)} held out")
        return f"ImageSource({', '.join(parts)})"

    def where(self, condition: Callable[[Path], bool]) -> "ImageSource":
        """Only the pictures for whose path the condition holds; comes before labels.

        Raises:
            ValueError: it holds for none, or the pictures are labelled already.
        """
        if self.labels is not None:
            raise ValueError("choose pictures first, then label them: where(...) comes before labelled_by(...)")
        files = [file for file in self.files if condition(file)]
        if not files:
            raise ValueError(f"the condition holds for none of the {len(self)} pictures, such as {self.files[0]}")
        return self._with(files=files)

    def labelled_by(self, labels: Labels | Callable[[Path], str]) -> "ImageSource":
        """The pictures with their labels.

        Args:
            labels: one of the `..._labels` functions, or a function from a path to a name or a list of names.
        """
        if not isinstance(labels, Labels) and not callable(labels):
            raise ValueError(f"say how to label: ck.list_labels(...), say; found a {type(labels).__name__}")
        labels = labels if isinstance(labels, Labels) else function_labels(labels)
        found = labels.of(self.files)
        return self._with(labels=tuple(found), kind=labels.kind(found))

    def split(self, split: Split) -> "ImageSource":
        """The pictures, some of them held out for validation.

        Raises:
            ValueError: not yet labelled, nothing is left to train on, or nothing is held out; the split is no function,
                or does not say True or False for each picture.
        """
        if not callable(split):
            raise ValueError(f"say how to split: ck.at_random(0.2), say; found {split!r}")
        if self.labels is None:
            raise ValueError("label the pictures first: .labelled_by(...), then .split(...)")
        if len(self) < 2:
            raise ValueError(f"there is only one picture, {self.files[0]}: it cannot be split in two parts")
        held_out = tuple(split(self.files))
        if len(held_out) != len(self) or not {*held_out} <= {False, True}:
            raise ValueError(
                f"a split says True or False for each of the {len(self)} pictures; found {held_out[:5]} ..."
            )
        if all(held_out) or not any(held_out):
            part = "all" if all(held_out) else "none"
            raise ValueError(f"{part} of the {len(self)} pictures would be held out: choose another split")
        return self._with(held_out=held_out)

    def loaders(self, size: Size, **options: object) -> "ImageLoaders":
        """Batches of pictures of one size; see `coursekit.image_loaders.ImageLoaders` for the options."""
        from .image_loaders import ImageLoaders

        return ImageLoaders(self, size, **options)

    def part(self, held_out: bool) -> tuple[list[Path], list]:
        """Files and labels of the held-out part, or of the other.

        Raises:
            ValueError: not yet split.
        """
        if self.held_out is None:
            raise ValueError("say which pictures are held out first: .split(ck.at_random(0.2)), say")
        rows = [i for i, out in enumerate(self.held_out) if out == held_out]
        return [self.files[i] for i in rows], [self.labels[i] for i in rows]

    def unreadable(self) -> dict[Path, str]:
        """The files that cannot be read as pictures, each with the reason; reads all, which takes a while."""
        problems = {}
        for file in self.files:
            try:
                read_picture(file, self.channels)
            except (ValueError, FileNotFoundError) as error:
                problems[file] = str(error)
        return problems
