"""Which pictures are held out: each function here gives a split, `(files) -> [held out or not]`."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch

Split = Callable[[Sequence[Path]], list[bool]]


def at_random(share: float = 0.2, seed: int = 42) -> Split:
    """Hold out a share of the pictures, drawn at random; the same ones for the same seed and number of pictures.

    Raises:
        ValueError: the share is not between 0 and 1.

    Built in lesson 01.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share to hold out lies between 0 and 1; found {share}")

    def split(files: Sequence[Path]) -> list[bool]:
        chosen = torch.randperm(len(files), generator=torch.Generator().manual_seed(seed))
        held_out = set(chosen[: max(1, round(share * len(files)))].tolist())
        return [i in held_out for i in range(len(files))]

    return split


def by_folder(name: str = "valid") -> Split:
    """Hold out what lies in a folder of that name, at any depth.

    Built in lesson 01.
    """
    return by_function(lambda file: name in file.parent.parts, f"in a folder {name!r}")


def by_file_list(names: Path | str | Iterable[str]) -> Split:
    """Hold out the files named in a list, or in a text file with one name a line (with or without folder and ending).

    Raises:
        ValueError: a name that no picture has, or several.

    Built in lesson 05.
    """
    origin = f"the file {names}" if isinstance(names, (str, Path)) else "the list"
    lines = Path(names).read_text(encoding="utf-8").splitlines() if isinstance(names, (str, Path)) else names
    wanted = {Path(str(line).strip()).name for line in lines if str(line).strip()}

    def split(files: Sequence[Path]) -> list[bool]:
        held_out = [file.name in wanted or file.stem in wanted for file in files]
        if extra := sorted(wanted - {file.name for file in files} - {file.stem for file in files}):
            raise ValueError(
                f"{origin} names {extra[0]!r}, and no such picture is there "
                f"({len(extra)} of {len(wanted)} names have none)"
            )
        if sum(held_out) > len(wanted):
            found = Counter(file.name if file.name in wanted else file.stem for file in files)
            name = next(name for name in sorted(wanted) if found[name] > 1)
            raise ValueError(f"{origin} names {name!r}, and {found[name]} pictures are called so: use by_function")
        return held_out

    return split


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
            raise ValueError(f"none of the {len(files)} pictures is {words}, such as {files[0]}: nothing is held out")
        return chosen

    return split
