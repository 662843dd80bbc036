"""The programs of lessons/make, as modules for tests."""

import importlib
import sys
from types import ModuleType

from lab import ROOT


def tool(name: str) -> ModuleType:
    """The module lessons/make/NAME.py."""
    folder = str(ROOT / "lessons" / "make")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)
