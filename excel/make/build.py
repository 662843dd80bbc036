"""Build every workbook: `make excel`. LibreOffice works out the values."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

from openpyxl.workbook import Workbook

from . import (
    broadcasting,
    collaborative_filtering,
    convolution,
    diffusion,
    dropout,
    embeddings,
    gradient_descent,
    initialisation,
    softmax,
)
from .recalculate import recalculate

EXCEL = Path(__file__).parents[1]
BOOKS: dict[str, Callable[[], Workbook]] = {
    "broadcasting.xlsx": broadcasting.build,
    "collaborative_filtering.xlsx": collaborative_filtering.build,
    "convolution.xlsx": convolution.build,
    "diffusion.xlsx": diffusion.build,
    "dropout.xlsx": dropout.build,
    "embeddings.xlsx": embeddings.build,
    "gradient_descent.xlsx": gradient_descent.build,
    "initialisation.xlsx": initialisation.build,
    "softmax.xlsx": softmax.build,
}


# LibreOffice draws these at random: names of data bars, and numbers of a chart's axes.
RANDOM = re.compile(rb'\{[0-9A-F-]{36}\}|(?<=<c:axId val=")\d+|(?<=<c:crossAx val=")\d+')


def contents(path: Path) -> dict[str, bytes]:
    """The parts of a workbook, without what differs at every saving: the time, and what is drawn at random."""
    with ZipFile(path) as parts:
        names = [name for name in parts.namelist() if name != "docProps/core.xml"]
        return {name: RANDOM.sub(b"", parts.read(name)) for name in names}


def main() -> None:
    """Build each workbook under a temporary name, recalculate, and put those that differ in their places."""
    temporary = {EXCEL / name: EXCEL / f"new_{name}" for name in BOOKS}
    try:
        for (path, new), build in zip(temporary.items(), BOOKS.values(), strict=True):
            print(f"building {path.name}")
            book = build()
            book.properties.creator, book.properties.title = "Deep Learning, Cell by Cell", path.stem
            book.save(new)
        recalculate(*temporary.values())
        for path, new in temporary.items():
            same = path.exists() and contents(path) == contents(new)
            print(f"{path.name}: {'unchanged' if same else 'written'}")
            if not same:
                os.replace(new, path)
    finally:
        for new in temporary.values():
            new.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
