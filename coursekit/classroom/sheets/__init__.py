"""Worksheets in a notebook: their numbers as tensors, their formulas worked out for other inputs, shown as they look.

A *reference* is a name that a workbook defines ("conv1_weight") or an address ("by hand!B4:F9"). A name may stand for
several rectangles of one shape, so a stack of feature maps, spread over a sheet to be seen, is still one name.
"""

# ruff: noqa: F401 (imported to be given on)
from .engine import calculate, supported
from .reading import Area, address, find, formulas_in, load, read
from .view import show
