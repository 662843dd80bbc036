"""Worksheets in a notebook: their numbers as tensors, their formulas worked out for other inputs, shown as they look.

A *reference* is a name that a workbook defines ("conv1_weight") or an address ("by hand!B4:F9"). A name may stand for
several rectangles of one shape, so a stack of feature maps, spread over a sheet to be seen, is still one name.
"""

from .areas import Area, address, find, load
from .engine import calculate
from .reading import formulas_in, read
from .view import show

__all__ = ["Area", "address", "calculate", "find", "formulas_in", "load", "read", "show"]
