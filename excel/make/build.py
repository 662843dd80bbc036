"""Build every workbook: `python excel/make/build.py`, or `make excel`. LibreOffice works out the values."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import convolution
import softmax
from openpyxl.workbook import Workbook

from coursekit.sheets import recalculate

EXCEL = Path(__file__).parents[1]
BOOKS: dict[str, Callable[[], Workbook]] = {"convolution.xlsx": convolution.build, "softmax.xlsx": softmax.build}


def contents(path: Path) -> dict[str, bytes]:
    """The parts of a workbook, without what differs at every saving: the time, and the random names of data bars."""
    with ZipFile(path) as parts:
        names = [name for name in parts.namelist() if name != "docProps/core.xml"]
        return {name: re.sub(rb"\{[0-9A-F-]{36}\}", b"", parts.read(name)) for name in names}


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
