"""How nbval compares a lesson: text exactly; pictures by being there, and by about the same size.

And in which order several workers take the files.
"""

import base64
import os
import struct

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

# Not compared: what is drawn anew on every machine. HTML repeats the text beside it, with measured values and times.
DRAWN_ANEW = ("text/html", "application/vnd.jupyter.widget-view+json")
PNG = "iVBORw0KGgo"  # the first bytes of any PNG file, in base64
FIGURE = "Figure: "  # begins the words for a figure, which may hold measured values, see `coursekit.plots.Described`
# Files of tests that take about a minute: with the lessons they come first, and the many short ones fill up the end.
LONG = ("test_site.py", "test_lab.py", "test_hub.py", "test_app.py", "test_app_browser.py", "test_slides.py")


def pytest_configure(config: pytest.Config) -> None:
    """Where tests run, leave it to this process to warn of files opened without an encoding (see `make test`).

    Kernels and programs that tests start would show such warnings of other people's packages.
    """
    if "PYTEST_XDIST_WORKER" in os.environ or not getattr(config.option, "numprocesses", None):
        os.environ.pop("PYTHONWARNDEFAULTENCODING", None)


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Compare pictures, which nbval leaves out by itself."""
    if isinstance(collector, IPyNbFile):
        left_out = [kind for kind in collector.skip_compare if kind != "image/png"]
        collector.skip_compare = (*left_out, *DRAWN_ANEW)


class PictureSize(str):
    """A picture's width x height in pixels; equal to a size that differs by at most 24 pixels.

    Fonts differ a little between machines, and so do the numbers that are drawn.
    """

    def __new__(cls, encoded: str) -> "PictureSize":
        """From a PNG file in base64."""
        sides = struct.unpack(">II", base64.b64decode(encoded)[16:24])
        size = super().__new__(cls, "PNG of {} x {} pixels".format(*sides))
        size.sides = sides
        return size

    def __eq__(self, other: object) -> bool:
        """Whether the other is about as large."""
        if not isinstance(other, PictureSize):
            return False
        return all(abs(a - b) <= 24 for a, b in zip(self.sides, other.sides, strict=True))

    def __ne__(self, other: object) -> bool:
        """Text has its own idea of this."""
        return not self == other

    __hash__ = None


_sanitize = IPyNbCell.sanitize


def _sizes_for_pictures(self: IPyNbCell, output: object) -> object:
    if isinstance(output, str) and output.startswith(PNG):
        return PictureSize(output)
    if isinstance(output, str) and output.startswith(FIGURE):
        return FIGURE
    return _sanitize(self, output)


IPyNbCell.sanitize = _sizes_for_pictures


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the names of all tests that were found; where several workers share them, put the long files first."""
    config.all_names = [item.nodeid for item in items]
    if odd := [name for name in config.all_names if " at 0x" in name]:
        raise pytest.UsageError(f"a test is named after a place in memory, which differs from run to run: {odd[0]}")
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = {name: number for number, name in enumerate(LONG)}
        items.sort(key=lambda item: place.get(item.path.name, len(LONG) + (item.path.suffix != ".ipynb")))
