"""How nbval compares a lesson: text exactly; pictures by being there, and by their size in pixels."""

import base64
import struct

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

# Not compared: what is drawn anew on every machine. HTML repeats the text beside it, with measured values and times.
DRAWN_ANEW = ("text/html", "application/vnd.jupyter.widget-view+json")
PNG = "iVBORw0KGgo"  # the first bytes of any PNG file, in base64


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Compare pictures, which nbval leaves out by itself."""
    if isinstance(collector, IPyNbFile):
        left_out = [kind for kind in collector.skip_compare if kind != "image/png"]
        collector.skip_compare = (*left_out, *DRAWN_ANEW)


def picture_size(encoded: str) -> str:
    """Width x height of a base64 PNG, each to the nearest 16 pixels: fonts differ a little between machines."""
    width, height = struct.unpack(">II", base64.b64decode(encoded)[16:24])
    return f"PNG, about {16 * round(width / 16)} x {16 * round(height / 16)} pixels"


_sanitize = IPyNbCell.sanitize


def _sizes_for_pictures(self: IPyNbCell, output: object) -> object:
    if isinstance(output, str) and output.startswith(PNG):
        return picture_size(output)
    return _sanitize(self, output)


IPyNbCell.sanitize = _sizes_for_pictures
