"""Workbook convolution.xlsx: a convolution by hand, and a trained network in live formulas."""

from openpyxl.workbook import Workbook
from safetensors.torch import load_file

from coursekit.vision.images import read_idx

from . import by_hand, trained
from .train_digits import DIGITS, WEIGHTS

HELD_OUT = 100  # digits in the workbook: the first ones of the held-out part, as they come


def build() -> Workbook:
    """The workbook, its formulas not yet calculated."""
    digits = read_idx(DIGITS / "t10k-images-idx3-ubyte")[:HELD_OUT]
    labels = read_idx(DIGITS / "t10k-labels-idx1-ubyte")[:HELD_OUT]
    book = Workbook()
    book.remove(book.active)
    by_hand.build(book, digits[trained.FIRST_DIGIT - 1])
    trained.build(book, load_file(WEIGHTS), digits, labels)
    return book
