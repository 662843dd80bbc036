"""The words of a lesson's pictures, as its file has them."""

from collections.abc import Sequence
from pathlib import Path

import nbformat


def words_of(path: Path, without: Sequence[str] = ()) -> list[str]:
    """What the pictures show, in the order in which they stand there, without those of some sorts of slides."""
    cells = nbformat.read(path, as_version=4).cells
    seen = [cell for cell in cells if cell.metadata.get("slideshow", {}).get("slide_type") not in without]
    outputs = [output for cell in seen for output in cell.get("outputs", [])]
    return [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
