"""What the course finds on this machine, and whether that is enough."""

import os
import platform
import shutil
import sys
from pathlib import Path

import torch

from .datasets import SAMPLES, home
from .devices import device

GIB = 1 << 30


class Machine:
    """What was found: rows of (what, found, whether it will do)."""

    def __init__(self, rows: list[tuple[str, str, bool]]) -> None:
        self.rows = rows

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
    memory = psutil.virtual_memory()
    store = _existing(home())
    free = shutil.disk_usage(store).free
    samples = sorted(path.name for path in SAMPLES.iterdir() if path.is_dir() and path.name != "make")
    return Machine(
        [
            ("Python", platform.python_version(), sys.version_info >= (3, 10)),
            ("PyTorch", torch.__version__, True),
            ("device", f"{chosen.type} ({name})", True),
            ("threads", f"{torch.get_num_threads()} on {os.cpu_count()} cores", True),
            ("memory", f"{memory.total / GIB:.0f} GiB, {memory.available / GIB:.0f} free", memory.available > 2 * GIB),
            ("samples", ", ".join(samples), bool(samples)),
            ("data home", f"{_short(home())}, {free / GIB:.0f} GiB free", os.access(store, os.W_OK) and free > GIB),
        ]
    )


def _short(path: Path) -> str:
    """The path, with ~ in place of the user's own folder."""
    own = Path(os.path.expanduser("~"))
    return f"~/{path.relative_to(own).as_posix()}" if path.is_relative_to(own) else str(path)


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return path if path.exists() else _existing(path.parent)
