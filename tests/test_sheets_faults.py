"""Formulas of other people's workbooks: what LibreOffice gives, or refused by name; never something else."""

import datetime
import re
import warnings

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from workbooks import recalculates

from coursekit.classroom import sheets
from coursekit.classroom.sheets.functions import FormulaError

COLUMNS = {
    "A": [1, 2, 3, 5, 8, 13],
    "B": [0.5, 0.25, 4.75, 0.25, -1.5, 2],
    "C": [3, None, "word", 7, 2, 1],
    "D": [-2, 4, -6, 8, 0, 3],
    "E": [datetime.date(2024, 2, 28), datetime.date(2024, 3, 1), datetime.datetime(2025, 1, 1, 12), 45000, 45001, 2],
    "F": [1, 2, "#N/A", 4, 5, 6],
    "G": ["red", "green", "Red", "blue", "green", None],
}
NAMES = {"rate": "Sheet!$B$2", "dt_1": "Sheet!$A$4", "block": "Sheet!$A$1:$B$2", "half": "1/2", "Both": "rate+dt_1"}


def fill(book):
    """The cells and names that the formulas of this file ask."""
    sheet = book.active
    for column, values in COLUMNS.items():
        for row, value in enumerate(values, 1):
            sheet[f"{column}{row}"] = value
    for name, text in NAMES.items():
        book.defined_names[name] = DefinedName(name, attr_text=text)
    return sheet


def write(path, formulas):
    """Plain formulas beside the cells that they ask, array formulas below; the cells of each, in order."""
    book = Workbook()
    sheet, places = fill(book), []
    for number, (formula, shape) in enumerate(formulas):
        if shape is None:
            place = f"{get_column_letter(10 + number // 6)}{number % 6 + 1}"
            sheet[place] = formula
        else:
            top, left = 10 + 4 * (number // 20), 1 + 4 * (number % 20)
            last = f"{get_column_letter(left + shape[1] - 1)}{top + shape[0] - 1}"
            place = f"{get_column_letter(left)}{top}:{last}"
            sheet[place.split(":")[0]] = ArrayFormula(place, formula)
        places.append([cell.coordinate for row in sheet[f"{place}:{place}" if shape is None else place] for cell in row])
    book.save(path)
    return places


def found_at(path, cell):
    """The number in a cell by the engine; "error"; a text in its quotes; or None where it was refused."""
    try:
        return sheets.calculate(path, {}, [f"Sheet!{cell}"])[f"Sheet!{cell}"].item()
    except FormulaError:
        return "error"
    except ValueError as error:
        text = re.search("holds (.*), where a number was expected", str(error))
        return text and text[1]


def shown_at(path, cell):
    """The same of what LibreOffice saved."""
    cell = sheets.load(path)["Sheet"][cell]
    if cell.data_type == "e":
        return "error"
    value = sheets.reading.contents(cell)
    return repr(value) if isinstance(value, str) else float(value or 0)


def differing(formulas, path, recalculated):
    """What the engine gives otherwise than LibreOffice does, and how many cells were not refused."""
    wrong, worked = [], 0
    for (formula, shape), cells in zip(formulas, write(path, formulas), strict=True):
        for cell in cells:
            ours, theirs = found_at(path, cell), shown_at(recalculated, cell)
            worked += ours is not None
            if isinstance(ours, float) and isinstance(theirs, float):
                theirs = pytest.approx(theirs, rel=1e-9, abs=1e-9)
            if ours not in (None, theirs):
                wrong.append(f"{cell} {'array ' * bool(shape)}{formula}: {ours}, LibreOffice {theirs}")
    return wrong, worked


CELL = st.builds("{}{}".format, st.sampled_from("AABBCDDEFG"), st.integers(1, 6))
LITERAL = st.sampled_from(["0", "1", "2", "3", "0.5", "10", "-1.5", "0.1", "8", '"red"', '"x"', "TRUE", "#N/A"])
COLUMN = st.sampled_from(["A1:A6", "B1:B6", "D1:D6", "$A$6:$A$1", "B6:B1", "C1:C6", "E1:E6"] * 3 + ["F1:F6", "G1:G6"])
SQUARE = st.sampled_from(["A1:B2", "block", "D4:B3", "A3:B4", "C1:D2", "Sheet!A5:B6"])
ROW = st.sampled_from(["A1:B1", "A4:D4", "D2:A2"])
COMPARE = st.sampled_from(["=", "<>", "<", ">", "<=", ">="])
ARITHMETIC = st.sampled_from("+-*/")
CRITERION = st.sampled_from(["2", "A3", '">1"', '"<=4.75"', '"<>3"', '"red"', '"<>green"', '"=0.25"', "B2", '"<0"'])


def call(names, *arguments):
    """A call of one of some functions."""
    return st.builds(lambda name, *xs: f"{name}({','.join(xs)})", st.sampled_from(names.split()), *arguments)


def grown(values):
    """What takes values and gives one, or in an array formula many."""
    return st.one_of(
        st.builds("{}{}{}".format, values, ARITHMETIC, values),
        st.builds("{}^{}".format, values, st.sampled_from(["2", "0.5", "-1"])),
        st.builds("({}{}{})*1".format, values, COMPARE, values),
        st.builds("-{}".format, values),
        st.builds("({})".format, values),
        call("ABS SQRT EXP LN TANH LOG10", values),
        call("ROUND", values, st.sampled_from(["0", "1", "-1", "2"])),
        call("MOD", values, values),
        call("POWER", values, st.sampled_from("23")),  # not 0: LibreOffice has #N/A to the power of 0 be 1
        st.builds("IF({}{}{},{},{})".format, values, COMPARE, values, values, values),
        call("IFERROR", values, values),
        call("SUM AVERAGE MAX MIN COUNT SUMSQ PRODUCT SUMPRODUCT", values),
        call("SUM MAX AND OR", COLUMN, values),
        call("SUMPRODUCT", COLUMN, COLUMN),
        st.builds("SUMPRODUCT({}*({}{}{}))".format, COLUMN, COLUMN, COMPARE, values),
        call("SUMXMY2", SQUARE, SQUARE),
        call("INDEX", st.one_of(COLUMN, SQUARE), st.sampled_from("123"), st.sampled_from("12")),
        call("MATCH", values, COLUMN, st.sampled_from(["0", "1"])),
        call("VLOOKUP", values, st.sampled_from(["A1:D6", "B1:D6", "A1:G6"]), st.sampled_from("123"), st.sampled_from(["FALSE", "TRUE", "0"])),
        call("HLOOKUP", values, st.sampled_from(["A1:D6", "B2:D6"]), st.sampled_from("123"), st.sampled_from(["FALSE", "0"])),
        call("COUNTIF SUMIF AVERAGEIF", COLUMN, CRITERION),
        call("SUMIF AVERAGEIF", COLUMN, CRITERION, COLUMN),
        call("RANK", CELL, COLUMN),
        call("RANK", CELL, COLUMN, st.sampled_from("01")),
        call("MMULT", st.one_of(SQUARE, ROW), SQUARE),
    )


ONE = st.recursive(st.one_of(CELL, CELL, LITERAL, st.sampled_from([*NAMES])), grown, max_leaves=6)
MANY = st.recursive(
    st.one_of(COLUMN, SQUARE, ROW, CELL, LITERAL),
    lambda values: st.one_of(grown(values), call("TRANSPOSE", values), call("MMULT", values, values)),
    max_leaves=6,
)
SHAPES = st.sampled_from([(1, 1), (1, 1), (2, 2), (3, 1), (1, 3), (3, 2)])
FORMULA = st.one_of(
    st.tuples(ONE, st.none()), st.tuples(MANY, st.none()), st.tuples(MANY, SHAPES), st.tuples(MANY, SHAPES)
)


def drawn(count):
    """The same formulas in every run."""
    formulas = {}

    @seed(16)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(FORMULA)
    def collect(drawn):
        formulas[f"={drawn[0]}", drawn[1]] = None

    collect()
    return list(formulas)
