"""`doc`: what a function takes, gives and means, and the lesson that builds it; `machine`: what it all runs on."""

import inspect
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

import torch

from ..arguments import in_words
from ..datasets import SAMPLES, home
from ..loaders import device

_GIB = 1 << 30


@dataclass
class Doc:
    """A signature, a docstring and a lesson, as text and as HTML."""

    title: str
    text: str
    lesson: str | None

    def __repr__(self) -> str:
        """Everything as text."""
        return f"{self.title}\n\n{self.text}" + (f"\n\n{self.lesson}" if self.lesson else "")

    def _repr_html_(self) -> str:
        where = f"<p><b>{self.lesson}</b></p>" if self.lesson else ""
        return f"<p><code>{escape(self.title)}</code></p><pre>{escape(self.text)}</pre>{where}"


@in_words
def doc(thing: object) -> Doc:
    """The signature and docstring of a function or class, and the lesson in which the course builds it.

    Args:
        thing: a function, class or method of `coursekit` (or of any library; then no lesson is named).

    Raises:
        ValueError: it has no docstring.

    Used in lesson 00.
    """
    text, name = inspect.getdoc(thing), getattr(thing, "__qualname__", None)
    if not text or name is None:
        raise ValueError(f"{thing!r} has no docstring: give a function or class itself, as in ck.doc(ck.fetch)")
    text, lesson = _without_lesson(text)
    try:
        signature = _in_words(str(inspect.signature(thing)))
    except (ValueError, TypeError):  # some functions written in C have none
        signature = "(...)"
    return Doc(f"{'class ' * inspect.isclass(thing)}{getattr(thing, '__module__', '')}.{name}{signature}", text, lesson)


def _in_words(signature: str) -> str:
    """A signature with types, and defaults that are functions or classes, by their names alone.

    An address differs from run to run, and the module of a class from one Python to the next (`pathlib._local.Path`).
    """
    signature = re.sub(r"<(?:function|class) '?([\w.]+)'?(?: at 0x\w+)?>", r"\1", signature)
    parts = re.split(r"""('[^']*'|"[^"]*")""", signature)  # texts stay as they are
    return "".join(part if i % 2 else re.sub(r"\b(?:[A-Za-z_]\w*\.)+", "", part) for i, part in enumerate(parts))


def _without_lesson(text: str) -> tuple[str, str | None]:
    """The docstring without its "Built in lesson NN." (or "Used in ..."), and that as a sentence."""
    found = re.search(r"\s*\b(Built|Used) in lesson (\d\d)\.", text)
    if not found:
        return text, None
    sentence = f"{'Built by hand' if found[1] == 'Built' else 'First used'} in lesson {found[2]}."
    return (text[: found.start()] + text[found.end() :]).strip(), sentence


@dataclass
class Machine:
    """What was found: rows of (what, found, whether it will do)."""

    rows: list[tuple[str, str, bool]]

    @property
    def ready(self) -> bool:
        """Whether all that lessons need is there."""
        return all(fine for _, _, fine in self.rows)

    def __repr__(self) -> str:
        """One line for each, and what it comes to."""
        lines = [f"{'✓' if fine else '✗'} {what:<12} {found}" for what, found, fine in self.rows]
        return "\n".join([*lines, "Ready for every lesson." if self.ready else "Look at the lines marked ✗."])


def machine() -> Machine:
    """Look at Python, PyTorch, the device, threads, memory, the samples and the data home.

    Used in lesson 00.
    """
    import psutil

    chosen = device()
    name = torch.cuda.get_device_name() if chosen.type == "cuda" else platform.processor() or platform.machine()
    memory, data_home = psutil.virtual_memory(), ("data home", *_data_home())
    samples = sorted(path.name for path in SAMPLES.iterdir() if path.is_dir() and path.name != "make")
    rows = [
        ("Python", platform.python_version(), sys.version_info >= (3, 10)),
        ("PyTorch", torch.__version__, True),
        ("device", f"{chosen.type} ({name})", True),
        ("threads", f"{torch.get_num_threads()} on {os.cpu_count()} cores", True),
        ("memory", f"{memory.total / _GIB:.0f} GiB, {memory.available / _GIB:.0f} free", memory.available > 2 * _GIB),
        ("samples", ", ".join(samples), bool(samples)),
        data_home,
    ]
    return Machine(rows)


def _data_home() -> tuple[str, bool]:
    """Where it is and how much room there is; whether it can be used."""
    try:
        folder = home().absolute()
    except FileNotFoundError as error:
        return str(error), False
    store = next(path for path in (folder, *folder.parents) if path.exists())
    room = shutil.disk_usage(store).free
    return f"{_short(home())}, {room / _GIB:.0f} GiB free", os.access(store, os.W_OK) and room > _GIB


def _short(path: Path) -> str:
    """The path, with ~ in place of the user's own folder."""
    own = Path(os.path.expanduser("~"))  # which stays ~ where there is none
    return f"~/{path.relative_to(own).as_posix()}" if path.is_relative_to(own) else str(path)
