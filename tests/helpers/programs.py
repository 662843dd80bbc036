"""The programs of lessons/make, as modules for tests."""

import importlib
from types import ModuleType


def tool(name: str) -> ModuleType:
    """The module lessons/make/NAME.py."""
    return importlib.import_module(f"lessons.make.{name}")
