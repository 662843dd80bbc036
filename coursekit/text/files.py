"""Texts in files, one each, in folders that say what they are: the layout of the Large Movie Review Dataset."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..arguments import in_words
from .tokens import is_list


@dataclass(frozen=True)
class Texts:
    """Texts with their labels and files, all of one length. Empty texts are kept; `repr` says how many there are.

    Attributes:
        texts: what the files hold.
        labels: the folder of each.
        files: where each was read.
    """

    texts: list[str]
    labels: list[str]
    files: list[Path]

    def __post_init__(self) -> None:
        """Look at the lengths."""
        if len({len(self.texts), len(self.labels), len(self.files)}) > 1:
            found = f"found {len(self.texts)}, {len(self.labels)} and {len(self.files)}"
            raise ValueError(f"each text has a label and a file; {found}")

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self.texts)

    def __repr__(self) -> str:
        """How many of each label, and how many are empty."""
        counts = ", ".join(f"{n} {label}" for label, n in sorted(Counter(self.labels).items()))
        empty = sum(not text.strip() for text in self.texts)
        return f"Texts({counts}{f'; {empty} of them empty' if empty else ''})"

    def take(self, indices: Sequence[int]) -> "Texts":
        """The texts at these indices."""
        return Texts(*([column[i] for i in indices] for column in (self.texts, self.labels, self.files)))

    def split(self, held_out: int, seed: int = 42) -> tuple["Texts", "Texts"]:
        """Two parts, for training and held out, drawn at random; the same ones for the same seed and length.

        Args:
            held_out: how many texts the second part has.

        Raises:
            ValueError: nothing would be left for one of them.
        """
        if not isinstance(held_out, int) or not 0 < held_out < len(self):
            raise ValueError(f"{held_out} of {len(self)} texts cannot be held out: both parts need some, whole ones")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed)).tolist()
        return self.take(order[held_out:]), self.take(order[:held_out])


@in_words
def read_texts(folder: Path | str, labels: Sequence[str] = ("neg", "pos"), encoding: str = "utf-8-sig") -> Texts:
    """Read `folder/label/*.txt` for each label, in the order of the labels and of the files' names.

    Args:
        folder: such as `aclImdb/train`.
        labels: subfolders; `("unsup",)` for the texts of unknown label.
        encoding: of the files, as Python names it: "latin-1", say. Without one it is UTF-8, with or without a mark.

    Warns of other files in a subfolder, hidden ones aside: they are left out.

    Raises:
        FileNotFoundError: a subfolder is not there, or holds no such file.
        ValueError: a file has another encoding, it is named; no such encoding; labels that are no list, or one twice.

    Used in lesson 14.
    """
    folder, files = Path(folder), []
    if not is_list(labels) or len(set(labels)) < len(labels):
        raise ValueError(f"labels are a list of different subfolders; found {labels!r}")
    for label in labels:
        there = [file for file in (folder / label).glob("*") if not file.name.startswith(".")]
        there.sort(key=lambda file: file.name)  # as paths they compare without regard to case on Windows
        found = [file for file in there if file.suffix == ".txt"]
        if not found:
            there = ", ".join(sorted(path.name for path in folder.glob("*") if path.is_dir())) or "no folder"
            raise FileNotFoundError(f"there are no texts {folder / label}/*.txt; {folder} holds {there}")
        if len(found) < len(there):
            other = next(file for file in there if file not in found)
            warnings.warn(f"{len(there) - len(found)} files are no .txt and left out, such as {other}", stacklevel=2)
        files += found
    return Texts([_read(file, encoding) for file in files], [file.parent.name for file in files], files)


def _read(file: Path, encoding: str) -> str:
    try:
        return file.read_text(encoding=encoding)
    except UnicodeDecodeError as error:
        name = "UTF-8" if encoding == "utf-8-sig" else encoding
        found = f"{file} is not {name} (byte {error.start} is {error.object[error.start]:#04x})"
        raise ValueError(f"{found}: save it as UTF-8, or give its own encoding, such as 'latin-1'") from error
    except LookupError as error:
        known = "'utf-8', 'latin-1', 'cp1252' ..."
        raise ValueError(f"Python knows no encoding {encoding!r}; there are {known}") from error
