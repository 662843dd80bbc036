"""Formulas of other people's workbooks: what LibreOffice gives, or refused by name; never something else."""

import datetime
import re
import zipfile
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from workbooks import recalculates

from coursekit.classroom import sheets
from coursekit.classroom.sheets.functions import FormulaError
from excel.make import cells

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
    for number, (formula, shape, *_) in enumerate(formulas):
        if shape is None:
            place = f"{get_column_letter(10 + number // 6)}{number % 6 + 1}"
            sheet[place] = formula
        else:
            top, left = 10 + 4 * (number // 20), 1 + 4 * (number % 20)
            last = f"{get_column_letter(left + shape[1] - 1)}{top + shape[0] - 1}"
            place = f"{get_column_letter(left)}{top}:{last}"
            sheet[place.split(":")[0]] = ArrayFormula(place, formula)
        places.append(
            [cell.coordinate for row in sheet[f"{place}:{place}" if shape is None else place] for cell in row]
        )
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
    for (formula, shape), places in zip(formulas, write(path, formulas), strict=True):
        for place in places:
            ours, theirs = found_at(path, place), shown_at(recalculated, place)
            worked += ours is not None
            if isinstance(ours, float) and isinstance(theirs, float):
                theirs = pytest.approx(theirs, rel=1e-9, abs=1e-9)
            if ours not in (None, theirs):
                wrong.append(f"{place} {'array ' * bool(shape)}{formula}: {ours}, LibreOffice {theirs}")
    return wrong, worked


CELL = st.builds("{}{}".format, st.sampled_from("AABBCDDEFG"), st.integers(1, 6))
LITERAL = st.sampled_from(["0", "1", "2", "3", "0.5", "10", "-1.5", "0.1", "8", '"red"', '"x"', "TRUE", "#N/A"])
COLUMN = st.sampled_from(["A1:A6", "B1:B6", "D1:D6", "$A$6:$A$1", "B6:B1", "C1:C6", "E1:E6"] * 3 + ["F1:F6", "G1:G6"])
SQUARE = st.sampled_from(["A1:B2", "block", "D4:B3", "A3:B4", "C1:D2", "Sheet!A5:B6"])
ROW = st.sampled_from(["A1:B1", "A4:D4", "D2:A2"])
EXACT = st.sampled_from(["FALSE", "0", "TRUE"])
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
        call("ABS SQRT EXP LN TANH LOG10 COS SIN RADIANS", values),
        call("ROUND", values, st.sampled_from(["0", "1", "-1", "2"])),
        call("MOD", values, values),
        call("POWER", values, st.sampled_from("23")),  # not 0: LibreOffice has #N/A to the power of 0 be 1
        st.builds("IF({}{}{},{},{})".format, values, COMPARE, values, values, values),
        st.builds("{}(IF({}{}{},{}))".format, st.sampled_from(["SUM", "MIN"]), values, COMPARE, values, values),
        call("IFERROR", values, values),
        call("SUM AVERAGE MIN COUNT SUMSQ SUMPRODUCT", values),
        call("MAX", COLUMN, COLUMN),  # not of results: LibreOffice's MAX passes over #N/A there, and MIN does not
        call("SUM AND OR", COLUMN, values),
        call("SUMPRODUCT", COLUMN, COLUMN),
        st.builds("SUMPRODUCT({}*({}{}{}))".format, COLUMN, COLUMN, COMPARE, values),
        call("SUMXMY2", SQUARE, SQUARE),
        call("INDEX", st.one_of(COLUMN, SQUARE), st.sampled_from("123"), st.sampled_from("12")),
        call("MATCH", values, COLUMN, st.sampled_from(["0", "1"])),
        call(
            "VLOOKUP",
            values,
            st.sampled_from(["A1:D6", "B1:D6", "A1:G6"]),
            st.sampled_from("123"),
            st.sampled_from(["FALSE", "TRUE", "0"]),
        ),
        call(
            "HLOOKUP",
            values,
            st.sampled_from(["A1:D6", "B2:D6"]),
            st.sampled_from("123"),
            st.sampled_from(["FALSE", "0"]),
        ),
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


@cache
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


@recalculates(lambda path: write(path, drawn(400)))
def test_random_formulas_give_what_libreoffice_gives_or_are_refused(tmp_path, recalculated):
    wrong, worked = differing(drawn(400), tmp_path / "random.xlsx", recalculated[0])
    assert not wrong, "\n".join(wrong)
    assert worked > 300


# Formulas with what they give, worked out by hand: of one cell, and array formulas, whose results fill a rectangle.
GIVEN = [
    ("=SUM(A6:A1)", None, [32]),  # a range from its last cell to its first
    ("=MAX(E1:E2)-MIN(E1:E2)", None, [2]),  # 28 February to 1 March in a leap year
    ("=E1", None, [45350]),  # days since 30 December 1899, ECMA-376 part 1, 18.17.4.1
    ("=E3-E4", None, [658.5]), ("=SUM(F1:F3)", None, ["error"]), ("=IFERROR(SUM(F1:F3),-1)", None, [-1]),
    ("=IFERROR(F3,-1)", None, [-1]), ("=COUNT(F1:F6)", None, [5]), ("=SUMIF(A1:A6,\">2\",D1:D6)", None, [5]),
    ("=AVERAGEIF(G1:G6,\"red\",A1:A6)", None, [2]), ("=COUNTIF(G1:G6,\"<>green\")", None, [4]),
    ("=COUNTIF(A1:A6,3)", None, [1]), ("=SUMIF(A1:A6,\"<=2\")", None, [3]), ("=VLOOKUP(5,A1:D6,4,FALSE)", None, [8]),
    ("=VLOOKUP(7,A1:B6,2)", None, [0.25]), ("=HLOOKUP(0.5,A1:D6,4,0)", None, [0.25]),
    ("=VLOOKUP(4,A1:D6,2,FALSE)", None, ["error"]), ("=MATCH(6,A1:A6)", None, [4]), ("=RANK(A2,A1:A6)", None, [5]),
    ("=RANK(A2,A1:A6,1)", None, [2]), ("=RANK(B2,B1:B6)", None, [4]), ("=ROUND(2.675,2)", None, [2.68]),
    ("=ROUND(-2.5,0)", None, [-3]), ("=ROUND(1234,-2)", None, [1200]), ("=POWER(2,10)", None, [1024]),
    ("=TANH(0.5)", None, [0.46211715726000973]), ("=SUMSQ(A1:A3)", None, [14]), ("=SUMXMY2(A1:A3,D1:D3)", None, [94]),
    ("=MOD(1,0.1)", None, [0]), ("=LOG10(1000)", None, [3]), ("=rate+dt_1", None, [5.25]),
    ("=RATE+Both*half", None, [2.875]), ("=SUM(block)", None, [3.75]), ("=+G1&G2", None, ["'redgreen'"]),
    ("=1E308*10", None, ["error"]), ("=SUM((G1),2)", None, [2]), ("=SUM(INDEX(A1:D6,0,1))", None, [32]),
    ("=SUM(IF(TRUE,C1:C6))", None, [13]), ("=SUMPRODUCT(SQRT(A1:A3^2)*B1:B3)", None, [15.25]),
    ("=SUMPRODUCT(ABS(D1:D6))", None, [23]), ("=SUM(MMULT(A1:B2,A1:B2))", None, [6.1875]),
    ("=A1:A6*10", None, [130]),  # the cell in the formula's own row, the last of six
    ("=COS(RADIANS(60))", None, [0.5]), ("=SIN(RADIANS(30))", None, [0.5]),
    ("=SUM(A1:A3*B1:B3)", (1, 1), [15.25]), ("=SUM(EXP(D5:D5))", (1, 1), [1]),
    ("=MAX(ABS(D1:D6-A1:A6))", (1, 1), [10]), ("=A1:A3*10", (3, 1), [10, 20, 30]),
    ("=TRANSPOSE(A1:B2)", (2, 2), [1, 2, 0.5, 0.25]), ("=MMULT(A1:B2,A1:B2)", (2, 2), [2, 0.625, 2.5, 1.0625]),
    ("=A1:B2+A1:B1", (2, 2), [2, 1, 3, 0.75]), ("=A1:A2", (2, 2), [1, 1, 2, 2]), ("=A1:A2", (3, 1), [1, 2, "error"]),
    ("=7", (2, 2), [7] * 4), ("=MMULT(TRANSPOSE(A1:A3),B1:B3)", (1, 1), [15.25]),
    ("=IF(D1:D3>0,D1:D3,0)", (3, 1), [0, 4, 0]), ("=IFERROR(F1:F4,0)", (4, 1), [1, 2, 0, 4]),
    ("=1/F1:F3", (3, 1), [1, 0.5, "error"]), ("=SUM(IF(G1:G5=\"green\",A1:A5,0))", (1, 1), [10]),
    ("=VLOOKUP(A1:A3,A1:B6,2,FALSE)", (3, 1), [0.5, 0.25, 4.75]),
    ("=SUM(IFERROR(F3,A1:A3))", (1, 1), [6]), ("=SUM(IFERROR(1/0,5),1)", None, [6]),
    ("=MIN(IF(G1:G5=\"green\",A1:A5))", (1, 1), [2]), ("=AVERAGE(IF(G1:G5=\"green\",A1:A5))", (1, 1), [5]),
    ("=COUNT(IF(G1:G5=\"green\",A1:A5))", (1, 1), [2]), ("=SUMXMY2(C1:C2,D4:D5)", None, [25]),
    ("=SQRT(SUMXMY2(C1:C2,D4:D5)/COUNT(C1:C2))", (1, 1), [5]), ("=IF(D5=\"\",0,MMULT(A4:B4,A1:A2))", (1, 1), [5.5]),
    ("=EXP(A1:A2)/SUM(EXP(A1:A2))", (2, 1), [0.2689414213699951, 0.7310585786300049]),
    ("=NA()", None, ["error"]), ("=IFERROR(A1+NA(),3)", None, [3]),
]  # fmt: skip


@recalculates(lambda path: write(path, GIVEN))
def test_libreoffice_gives_what_was_worked_out_by_hand(tmp_path, recalculated):
    for (formula, shape, expected), places in zip(GIVEN, write(tmp_path / "given.xlsx", GIVEN), strict=True):
        shown = [shown_at(recalculated[0], place) for place in places]
        assert all(map(close, shown, expected)), (formula, shape, shown)


def test_formulas_give_what_was_worked_out_by_hand(tmp_path):
    for (formula, shape, expected), places in zip(GIVEN, write(tmp_path / "given.xlsx", GIVEN), strict=True):
        found = [found_at(tmp_path / "given.xlsx", place) for place in places]
        assert all(map(close, found, expected)), (formula, shape, found)


# LibreOffice 7.4 has no XLOOKUP: these are from Microsoft's page of the function.
XLOOKUPS = [
    ("=_xlfn.XLOOKUP(5,A1:A6,D1:D6)", None, [8]), ("=_xlfn.XLOOKUP(4,A1:A6,D1:D6)", None, ["error"]),
    ("=_xlfn.XLOOKUP(4,A1:A6,D1:D6,-1)", None, [-1]), ("=_xlfn.XLOOKUP(0.5,A1:D1,A4:D4)", None, [0.25]),
    ("=_xlfn.XLOOKUP(5,A1:A6,A1:D6)", (1, 4), [5, 0.25, 7, 8]),
    ("=_xlfn.XLOOKUP(A1:A3,A1:A6,D1:D6)", (3, 1), [-2, 4, -6]),
]  # fmt: skip


def test_xlookup(tmp_path):
    for (formula, shape, expected), places in zip(XLOOKUPS, write(tmp_path / "x.xlsx", XLOOKUPS), strict=True):
        assert [found_at(tmp_path / "x.xlsx", place) for place in places] == expected, (formula, shape)


# Where programs differ, or what is not known here; IFERROR must not take it for an error of the sheet.
REFUSED = {
    "OFFSET(A1,1,0)": "OFFSET", "RAND()": "RAND", "_xlfn.ANCHORARRAY(A1)": "ANCHORARRAY", "A1#": "#",
    "SUM(A:A)": "A:A", "_xlfn._xlws.FILTER(A1:A6,A1:A6>1)": "FILTER", "_xlfn.LET(_xlpm.x,1,_xlpm.x)": "LET",
    "Table1[x]": "Table1", "SQRT(1,2)": "SQRT", "[1]Other!A1": "Other", "nobody": "nobody", "(A1,A2)": "','",
    "{1,2}": "{", "SUMPRODUCT(A1:A3*B1:B2)": "3 x 1 and 2 x 1", "SUMPRODUCT(IF(A1:A3>1,A1:A3,0))": "array formula",
    "SUM(TRANSPOSE(A1:A3))": "TRANSPOSE", "MATCH(3,A1:A6*1,0)": "array formula", "COUNTIF(G1:G6,\"r*\")": "criterion",
    "COUNTIF(F1:F6,\">1\")": "criterion", "VLOOKUP(\"r*\",G1:G6,1,0)": "patterns", "VLOOKUP(1,B1:D6,2)": "sorted",
    "RANK(4,A1:A6)": "RANK", "SUMXMY2(A1:A3,C1:C3)": "SUMXMY2", "MMULT(C1:D2,A1:B2)": "MMULT",
    "ROUND(2.4999999999999996,0)": "ROUND", "MOD(0.3,0.1)": "MOD", "POWER(2,-2000)": "too small",
    "COS(2^27)": "2^27", "SIN(-2^27)": "2^27",
    "MMULT(A1:B2,A1:B2)+1": "2 x 2 values", "SUMIF(A1:A6,1,B1:B3)": "one shape", "COUNT(\"3\")": "COUNT",
    "SUMPRODUCT(C1:C6,F1:F6)": "error beside", "POWER(-8,1/3)": "odd root", "SUM(A1;A2)": "';'",
}  # fmt: skip


@pytest.mark.parametrize("formula", REFUSED)
def test_what_is_refused_is_no_error_of_the_sheet(tmp_path, formula):
    write(tmp_path / "book.xlsx", [(f"=IFERROR({formula},5)", None)])
    with pytest.raises(ValueError, match=re.escape(REFUSED[formula])) as refused:
        sheets.calculate(tmp_path / "book.xlsx", {}, ["Sheet!J1"])
    assert not isinstance(refused.value, FormulaError) and "Sheet!J1" in str(refused.value)


def close(found, expected):
    return found == (expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-12, abs=1e-12))


def test_supported_says_what_and_where_and_the_rest_works(tmp_path):
    path = tmp_path / "book.xlsx"
    write(path, [("=OFFSET(A1,1,0)", None), ("=A1*2", None), ("=J1+1", None), ("=RAND()*A1:A2", (2, 1))])
    unknown = sheets.supported(path)
    assert list(unknown) == ["Sheet!J1", "Sheet!M10"]
    assert "OFFSET" in unknown["Sheet!J1"] and "RAND" in unknown["Sheet!M10"]
    assert found_at(path, "J2") == 2 and found_at(path, "J3") is None and found_at(path, "M11") is None
    write(path, GIVEN)
    assert sheets.supported(path) == {}


def saved(tmp_path, **contents):
    book = Workbook()
    for place, value in contents.items():
        book.active[place] = value
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def test_spilled_cells_are_formulas_not_the_numbers_saved_in_them(tmp_path):
    path = saved(tmp_path, A1=ArrayFormula("A1:A3", "=B1:B3*10"), A2=777, A3=777, B1=1, B2=2, B3=3, C1="=SUM(A1:A3)")
    found = sheets.calculate(path, {"Sheet!B2": 5}, ["Sheet!A1:A3", "Sheet!C1"])
    assert found["Sheet!A1:A3"].tolist() == [10, 50, 30] and found["Sheet!C1"] == 90
    with pytest.raises(ValueError, match=r"no input: Sheet!A1 has the formula \{=B1:B3\*10\}"):
        sheets.calculate(path, {"Sheet!A2": 5}, ["Sheet!C1"])
    assert sheets.formulas_in(path) == {"Sheet!A1": "=B1:B3*10", "Sheet!C1": "=SUM(A1:A3)"}
    assert repr(sheets.show(path, "Sheet!A1:A3", formulas=True)).count("{=B1:B3*10}") == 3
    with pytest.raises(ValueError, match="not yet calculated"):
        sheets.read(saved(tmp_path, A1=ArrayFormula("A1:A3", "=B1:B3*10")), "Sheet!A2")


def test_a_what_if_table_is_refused_by_name(tmp_path):
    path = saved(tmp_path, A1=DataTableFormula(ref="A1:A2", r1="B1"), A2=99, B1=1)
    assert "TABLE(B1" in sheets.supported(path)["Sheet!A1"] and found_at(path, "A2") is None


def test_a_date_is_a_number_and_an_error_none(tmp_path):
    path = saved(tmp_path, A1=datetime.date(2024, 2, 29), A2=datetime.time(18), A3="#N/A")
    assert sheets.read(path, "Sheet!A1:A2").tolist() == [45351, 0.75]
    with pytest.raises(ValueError, match="A3 shows #N/A"):
        sheets.read(path, "Sheet!A3")
    with pytest.raises(ValueError, match="Sheet!A3 gives #N/A"):
        sheets.calculate(path, {}, ["Sheet!A3"])


def named(tmp_path, formula, at="A1", **names):
    book = Workbook()
    for place, value in {"B1": 3, "B2": 4, "B3": 9, "W1": 7, at: formula}.items():
        book.active[place] = value
    for name, text in names.items():
        (book.active if name.startswith("own") else book).defined_names[name.removeprefix("own_")] = DefinedName(
            name.removeprefix("own_"), attr_text=text
        )
    book.save(tmp_path / "book.xlsx")
    return found_at(tmp_path / "book.xlsx", at)


def test_names_stand_for_what_a_spreadsheet_takes_them_for(tmp_path):
    """As LibreOffice does; but it takes w1 for the name, where Excel takes it for the cell W1."""
    assert named(tmp_path, "=w1*2", w1="Sheet!$B$1") is None
    assert named(tmp_path, "=Rate*2", rate="Sheet!$B$1") == 6
    assert named(tmp_path, "=rate*2", rate="Sheet!$B$1", own_rate="Sheet!$B$2") == 8  # the sheet's own comes first
    assert sheets.read(tmp_path / "book.xlsx", "Sheet!rate") == 4 and sheets.read(tmp_path / "book.xlsx", "rate") == 3
    assert named(tmp_path, "=beside*2", at="A3", beside="Sheet!B1") == 18  # without $ it moves with the formula
    assert named(tmp_path, "=k*2", k="0.25") == 0.5
    assert named(tmp_path, "=loop*2", loop="loop+1") is None
    assert named(tmp_path, "=two*2", two="Sheet!$B$1,Sheet!$B$2") is None


@pytest.mark.parametrize("name", ["w1", "b1", "x1", "XFD1048576", "R1C1", "dt-1", "2x", "a b", "true", "Taken"])
def test_names_that_a_formula_reads_otherwise_are_not_defined(name):
    book = Workbook()
    cells.write(book.active, "A1", 1, name="taken")
    with pytest.raises(ValueError, match="(?i)" + name):
        cells.define_name(book, name, [cells.Area("Sheet", 1, 1, 1, 1)])
    for fine in ("dt_1", "w_1", "xfe1", "größe", "lr.rate"):
        cells.define_name(book, fine, [cells.Area("Sheet", 1, 1, 1, 1)])


def with_part(tmp_path, **parts):
    """A workbook with a chart; some of its parts are edited, each by a function of bytes."""
    book = Workbook()
    sheet, chart = book.active, BarChart()
    sheet["A1"], sheet["A2"], sheet["A3"] = 2, "=A1*rate", datetime.date(2024, 2, 29)
    book.defined_names["rate"] = DefinedName("rate", attr_text="Sheet!$A$1")
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=2))
    sheet.add_chart(chart, "C1")
    book.save(tmp_path / "whole.xlsx")
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole, zipfile.ZipFile(tmp_path / "book.xlsx", "w") as edited:
        for name in whole.namelist():
            edit = parts.get(name.split("/")[-1].split(".")[0], bytes)
            edited.writestr(name, edit(whole.read(name)))
        edited.writestr("xl/pivotTables/pivot1.xml", b"<pivotTableDefinition/>")
    return tmp_path / "book.xlsx"


ODD = b'<dataValidations><dataValidation type="odd"/></dataValidations>'


def pivot(part):
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/pivotTable"
    line = b'<Relationship Id="rId9" Type="%s" Target="/xl/pivotTables/pivot1.xml"/></Relationships>' % kind
    return part.replace(b"</Relationships>", line)


@pytest.mark.parametrize(
    "parts",
    [
        {"sheet1": lambda part: part.replace(b"</sheetData>", b"</sheetData>" + ODD)},
        {"drawing1": lambda part: b"<broken>"},
        {"chart1": lambda part: b"<broken>"},
        {"styles": lambda part: b"<broken>"},
        {"core": lambda part: b"<broken>"},
    ],
)  # fmt: skip
def test_parts_that_openpyxl_cannot_read_are_left_out_with_a_word(tmp_path, parts):
    path = with_part(tmp_path, **parts)
    with pytest.warns(UserWarning, match="book.xlsx: only cells and names are read"):
        assert sheets.calculate(path, {"Sheet!A1": 3}, ["Sheet!A2"])["Sheet!A2"] == 9
    with pytest.warns(UserWarning, match="only cells"):
        assert sheets.read(path, "Sheet!A3") == 45351


def test_a_pivot_table_beyond_openpyxl(tmp_path):
    path = with_part(tmp_path)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, part in parts.items():
            new.writestr(name, pivot(part) if name.endswith("sheet1.xml.rels") else part)
    with pytest.warns(UserWarning, match="only cells and names are read"):
        assert sheets.calculate(path, {}, ["Sheet!A2"])["Sheet!A2"] == 4


def test_what_is_no_workbook_says_so(tmp_path):
    for name, content in {"text.xlsx": b"hello", "old.xls": b"hello"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is no workbook"):
            sheets.load(tmp_path / name)


def test_inputs_are_finite(tmp_path):
    with pytest.raises(ValueError, match="'Sheet!A1' has one"):
        sheets.calculate(saved(tmp_path, A1=1, A2="=A1"), {"Sheet!A1": float("nan")}, ["Sheet!A2"])
