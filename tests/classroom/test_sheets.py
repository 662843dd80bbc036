"""coursekit.sheets: writing, reading, working out and showing worksheets; and every error."""

import shutil
import sys

import pytest
import torch
from openpyxl import Workbook
from workbooks import recalculates

from coursekit.classroom import sheets
from excel.make import cells
from excel.make.recalculate import recalculate


@pytest.fixture
def path(tmp_path):
    """A workbook of numbers only, and one formula that was never calculated."""
    book = Workbook()
    sheet = book.active
    sheet.title = "it's a sheet"
    cells.write(sheet, "B2", torch.tensor([[1.0, -2.5], [0.1, 4.0]]), name="weights")
    cells.write(sheet, "B5", torch.tensor([1, 2, 3]), name="counts")
    cells.write(sheet, "B7", 0.25, name="rate")
    cells.write_formulas(sheet, "E2", [["=SUM(weights)*rate"]], name="total")
    sheet["G2"] = "words"
    areas = [cells.write(sheet, cell, torch.eye(2) * k) for k, cell in enumerate(["B10", "E10", "H10"], 1)]
    cells.define_name(book, "stack", areas)
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def evaluate(tmp_path, formula, **cells):
    """The value of one formula in A1, with other cells given."""
    book = Workbook()
    book.active["A1"] = formula
    for cell, value in cells.items():
        book.active[cell] = value
    book.save(tmp_path / "formula.xlsx")
    return sheets.calculate(tmp_path / "formula.xlsx", {}, ["Sheet!A1"])["Sheet!A1"].item()


def test_round_trip(path):
    assert sheets.read(path, "weights").to(torch.float32).equal(torch.tensor([[1.0, -2.5], [0.1, 4.0]]))
    assert sheets.read(path, "counts").equal(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    assert sheets.read(path, "rate").shape == ()
    assert sheets.read(path, "stack").equal(torch.stack([torch.eye(2) * k for k in (1, 2, 3)]).double())
    assert sheets.read(path, "it's a sheet!C3").item() == 4.0
    assert sheets.read(path, "'it''s a sheet'!$B$2:$C$2").equal(torch.tensor([1.0, -2.5], dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.int64, torch.bool])
def test_every_number_survives(tmp_path, dtype):
    torch.manual_seed(0)
    values = (torch.randn(20, 5, dtype=torch.float64) * 100).to(dtype)
    book = Workbook()
    cells.write(book.active, "A1", values, name="values")
    book.save(tmp_path / "book.xlsx")
    assert sheets.read(tmp_path / "book.xlsx", "values").to(dtype).equal(values)


def test_float32_is_written_short():
    sheet = Workbook().active
    cells.write(sheet, "A1", torch.tensor([0.1], requires_grad=True))
    assert sheet["A1"].value == 0.1


def test_formulas_by_function(tmp_path):
    book = Workbook()
    area = cells.write_formulas(book.active, "B2", lambda i, j: f"={i}+{j}", (2, 3), name="sums")
    book.save(tmp_path / "book.xlsx")
    assert str(area) == "Sheet!B2:D3" and area.fixed == "$B$2:$D$3" and area.absolute == "'Sheet'!$B$2:$D$3"
    assert list(sheets.formulas_in(tmp_path / "book.xlsx").items())[-1] == ("Sheet!D3", "=1+2")


@pytest.mark.parametrize(
    ("values", "words"),
    [(torch.zeros(2, 2, 2), "shape"), (torch.zeros(0), "shape"), ([float("nan")], "nan"), ([float("inf")], "infinity")],
)
def test_write_refuses(values, words):
    with pytest.raises(ValueError, match=words):
        cells.write(Workbook().active, "A1", values)


def test_write_formulas_refuses():
    sheet = Workbook().active
    with pytest.raises(ValueError, match="'1\\+1'"):
        cells.write_formulas(sheet, "A1", [["1+1"]])
    with pytest.raises(ValueError, match="shape="):
        cells.write_formulas(sheet, "A1", lambda i, j: "=1")
    with pytest.raises(ValueError, match=r"\[1, 2\]"):
        cells.write_formulas(sheet, "A1", [["=1"], ["=1", "=2"]])


def test_names_are_not_overwritten():
    book = Workbook()
    cells.write(book.active, "A1", 1, name="taken")
    with pytest.raises(ValueError, match=r"'taken' already stands for 'Sheet'!\$A\$1"):
        cells.write(book.active, "A2", 2, name="taken")
    assert book.active["A2"].value is None
    with pytest.raises(ValueError, match="one shape"):
        cells.define_name(book, "mixed", [cells.Area("Sheet", 1, 1, 1, 1), cells.Area("Sheet", 1, 1, 2, 2)])


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("weihgts", "Did you mean 'weights'"),
        ("zzzzz", "There are: weights, counts"),
        ("its a sheet!B2", 'Did you mean "it\'s a sheet"'),
        ("it's a sheet!B2:", "not an address"),
        ("it's a sheet!A0", "not an address"),
        ("total", "not yet calculated.*make excel"),
        ("it's a sheet!G2", "'words'"),
        ("it's a sheet!B2:D2", "D2 is empty"),
    ],
)
def test_read_refuses(path, place, words):
    with pytest.raises(ValueError, match=words):
        sheets.read(path, place)


def test_a_missing_workbook(tmp_path):
    missing = tmp_path / "missing.xlsx"
    for use in [lambda: sheets.read(missing, "x"), lambda: sheets.calculate(missing, {}, []),
                lambda: sheets.show(missing, "x"), lambda: recalculate(missing)]:  # fmt: skip
        with pytest.raises(FileNotFoundError, match="missing.xlsx"):
            use()


def test_calculate_follows_its_inputs(path):
    found = sheets.calculate(path, {}, ["total", "weights"])
    assert found["total"].item() == pytest.approx(2.6 * 0.25) and found["weights"].shape == (2, 2)
    assert sheets.calculate(path, {"rate": 2, "weights": torch.ones(2, 2)}, ["total"])["total"].item() == 8.0
    assert sheets.calculate(path, {}, ["total"])["total"].item() == pytest.approx(2.6 * 0.25)


def test_calculate_sees_a_changed_file(path):
    before = sheets.calculate(path, {}, ["rate"])["rate"].item()
    book = Workbook()
    cells.write(book.active, "A1", 77, name="rate")
    book.save(path)
    assert (before, sheets.calculate(path, {}, ["rate"])["rate"].item()) == (0.25, 77.0)


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ({"rat": 1}, ["total"], "Did you mean 'rate'"),
        ({"weights": [1, 2, 3]}, ["total"], "4 cells, and 3 numbers"),
        ({"total": 1}, ["total"], "is no input.*SUM"),
        ({}, ["it's a sheet!G2"], "'words'"),
        ({}, ["it's a sheet!Z99"], "Z99 holds None"),
    ],
)
def test_calculate_refuses(path, inputs, outputs, words):
    with pytest.raises(ValueError, match=words):
        sheets.calculate(path, inputs, outputs)


FORMULAS = [
    ("=1+2*3", 7), ("=(1+2)*3", 9), ("=-2^2", 4), ("=2^3^2", 64), ("=10-4-3", 3), ("=12/2/3", 2), ("=50%*4", 2),
    ("=2*-3", -6), ("=1-1=0", 1), ("=2<>2", 0), ("=3>=3", 1), ("=1<0", 0), ('="a"&1="A1"', 1), ("=B9+1", 1),
    ("=SUM(B1:C2)", 10), ("=SUM(B1:C2,5)", 15), ("=AVERAGE(B1:C2)", 2.5), ("=MAX(0,-B1)", 0), ("=MIN(B1:C2)", 1),
    ("=PRODUCT(B1:C2)", 24), ("=SUMPRODUCT(B1:C2,B1:C2)", 30), ("=SUMPRODUCT(B1:B3,C1:C3)", 14), ("=SUM(B1:B3)", 4),
    ("=INDEX(B1:C2,2,1)", 3), ("=INDEX(B1:C1,2)", 2), ("=INDEX(B1:B2,2)", 3), ("=MATCH(3,B1:B2,0)", 2),
    ("=LN(EXP(2))", 2), ("=LOG(8,2)", 3), ("=LOG(100)", 2), ("=IF(B1=1,7,1/0)", 7), ("=IF(B1=2,7)", 0),
    ("=IFERROR(EXP(1000),5)", 5), ("=IFERROR(1/0,6)", 6), ("=IFERROR(3,6)", 3), ("=TRUE+1", 2), ("= 1 + 1 ", 2),
    ("='Sheet'!$B$2*10", 30), ("=.5+1.5E1", 15.5), ("=SQRT(B2+1)", 2), ("=ABS(-B2)+ABS(2)", 5), ("=MOD(7,3)", 1),
    ("=MOD(-7,3)", 2), ("=IF(AND(B1=1,C1>1),1,0)", 1), ("=IF(AND(B1=1,C1>2),1,0)", 0), ("=IF(OR(B1=2,C1>1),1,0)", 1),
    ("=IF(OR(B1=2,C1>2),1,0)", 0), ("=SUMPRODUCT((B1:C2-2)^2)", 6), ("=SUMPRODUCT(-B1:C1*B2:C2)", -11),
    ("=SUMPRODUCT(B1:C1*B1:B2)", 12), ("=SUMPRODUCT(1*(B1:C2>=C1))", 3), ("=SUMPRODUCT(B1:C2%,B1:C2)", 0.3),
    ("=SUMPRODUCT(B1:C2/MAX(B1:C2))", 2.5),
    # numbers, texts and empty cells compared
    ('=IF(1="1",1,0)', 0), ('=IF(1<>"1",1,0)', 1), ('=IF(Z9="",1,0)', 1), ("=IF(Z9=0,1,0)", 1), ('=IF(Z9="x",1,0)', 0),
    # 15 digits
    ("=IF(0.1+0.2=0.3,1,0)", 1), ("=IF(0.1+0.2>0.3,1,0)", 0), ("=IF(0.1+0.2<=0.3,1,0)", 1), ("=IF(1=1+4E-15,1,0)", 0),
    ("=IF(0.1+0.2-0.3=0,1,0)", 1), ("=IF(0=1E-300,1,0)", 0), ("=IF(1E15=1E15+1,1,0)", 0),
    # a cell that is empty or a text, alone, is passed over as it is in a rectangle
    ("=IF(AND(B1,Z9),1,0)", 1), ("=IF(AND(B3,TRUE),1,0)", 1), ("=IF(OR(B1:C2,B3),1,0)", 1), ("=SUM(B3,1)", 1),
    ("=AVERAGE(C1,Z9)", 2), ("=MIN(B1,Z9)", 1), ("=PRODUCT(Z9,3)", 3), ("=PRODUCT(Z8:Z9)", 0),
    ('=MATCH("TEXT",B1:B3,0)', 3), ("=MATCH(0.1+0.2,D1:D3,0)", 2),
]  # fmt: skip
CELLS = {"B1": 1, "C1": 2, "B2": 3, "C2": 4, "B3": "text", "C3": 9, "D2": 0.3, "E1": True, "E2": "1"}


def write_formulas(path):
    """One formula below the other in column H, beside the cells that they ask."""
    book = Workbook()
    for row, (formula, _) in enumerate(FORMULAS, 1):
        book.active.cell(row, 8).value = formula.replace("B9", "Z9")
    for cell, value in CELLS.items():
        book.active[cell] = value
    book.save(path)


@recalculates(write_formulas)
def test_formulas_give_what_libreoffice_gives(recalculated):
    found = sheets.read(recalculated[0], f"Sheet!H1:H{len(FORMULAS)}").tolist()
    assert found == pytest.approx([value for _, value in FORMULAS])


@pytest.mark.parametrize(("formula", "value"), FORMULAS)
def test_formulas_give_what_a_spreadsheet_gives(tmp_path, formula, value):
    assert evaluate(tmp_path, formula, **CELLS) == pytest.approx(value)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("=1/0", "A1 gives #DIV/0!"), ("=EXP(1000)", "#NUM!"), ("=LN(0)", "#NUM!"), ("=(-1)^0.5", "#NUM!"),
        ("=B3+1", "#VALUE!"), ("=B1:C2+1", "#VALUE!"), ("=SUMPRODUCT(B1:B2,B1:C1)", "#VALUE!"), ("=A1+1", "itself"),
        ("=INDEX(B1:C2,3,1)", "#REF!"), ("=MATCH(9,B1:B2,0)", "#N/A"), ("=MATCH(3,C2:C3)", "#N/A"),
       
        ("=OFFSET(B1,1,1)", "refused at 'OFFSET"), ("=1+", "refused at its end"), ("=SUM(1", "refused"),
        ("=SUMPRODUCT(B1:C2*B1:B3)", "2 x 2 and 3 x 1"), ("=SUMPRODUCT(B1:C2+1)+B1:C2", "#VALUE!"),
        ("=SQRT(-1)", "#NUM!"), ("=SUMPRODUCT(B1:C2>1)", r"1\*\("), ("=MOD(1,0)", "#DIV/0!"),
        ("=AND(Z9)", "#VALUE!"), ("=OR(Z8:Z9)", "#VALUE!"), ("=AND(B3)", "#VALUE!"), ("=AVERAGE(Z9)", "#DIV/0!"),
        ('=1<"a"', "ordered"), ('=IFERROR("a"<"b",5)', "ordered"), ("=E1=1", "Excel"), ("=SUM(E1,1)", "Excel"),
        ("=E2+1", "the text '1'"), ('=E1&""', "as a text"), ('=1E20&""', "as a text"), ("=0^0", "Excel"),
        ("=INDEX(B1:C2,1)", "row and a column"), ('=MATCH("te*",B1:B3,0)', "patterns"),
        ("={1,2}", "refused"), ("=#REF!+1", "#REF!"), ("=nobody", "nobody"),
    ],
)  # fmt: skip
def test_formulas_that_fail_say_so(tmp_path, formula, words):
    with pytest.raises(ValueError, match=words):
        evaluate(tmp_path, formula, **CELLS)


def test_a_chain_of_formulas_may_be_long(tmp_path):
    """As in a workbook that takes hundreds of training steps; Python's stack would end at a thousand calls."""
    chain = {f"A{row}": f"=(A{row + 1}+1)*1" for row in range(2, 2000)}
    assert evaluate(tmp_path, "=A2", **chain, A2000=1) == 1999
    with pytest.raises(ValueError, match="refers to itself"):
        evaluate(tmp_path, "=A2", **chain, A2000="=A3")
    with pytest.raises(ValueError, match="Sheet!A2000 gives #DIV/0!"):
        evaluate(tmp_path, "=A2", **chain, A2000="=1/0")


@pytest.mark.parametrize("depth", [6, 8, 12])
def test_a_chain_of_nested_formulas_may_be_long(tmp_path, depth):
    """Each formula needs so much of Python's stack that twenty of them fill it."""
    chain = {f"A{row}": "=" + "SUM((" * depth + f"A{row + 1}" + "+1)*1)" * depth for row in range(2, 60)}
    assert evaluate(tmp_path, "=A2", **chain, A60=1) == 1 + 58 * depth
    with pytest.raises(ValueError, match="refers to itself"):
        evaluate(tmp_path, "=A2", **chain, A60="=A3")


def test_a_formula_that_is_nested_too_deeply_says_so(tmp_path):
    nested = "=" + "SUM((" * 200 + "B1" + "+1)*1)" * 200
    with pytest.raises(ValueError, match="Sheet!A2: .* is nested too deeply"):
        evaluate(tmp_path, "=A2", A2=nested)
    assert "nested too deeply" in sheets.supported(tmp_path / "formula.xlsx")["Sheet!A2"]


def test_an_error_names_the_cell_where_it_arose(tmp_path):
    with pytest.raises(ValueError, match="Sheet!B2 gives #DIV/0!"):
        evaluate(tmp_path, "=B1+1", B1="=B2*2", B2="=1/0")


def test_show_as_text(path):
    assert repr(sheets.show(path, "weights")) == (
        "book.xlsx, weights (it's a sheet!B2:C3)\n      B      C\n2  1.00  -2.50\n3  0.10   4.00"
    )
    assert "\n5  1  2  3" in repr(sheets.show(path, "counts"))
    as_formulas = repr(sheets.show(path, "it's a sheet!E2:G2", formulas=True))
    assert as_formulas.endswith("\n2  =SUM(weights)*rate     words")
    assert repr(sheets.show(path, "stack")).count("\n\n") == 2


def test_minus_zero_is_shown_as_zero(tmp_path):
    book = Workbook()
    cells.write(book.active, "A1", [-0.001, 1.5])
    book.save(tmp_path / "book.xlsx")
    assert repr(sheets.show(tmp_path / "book.xlsx", "Sheet!A1:B1")).endswith("1  0.00  1.50")


def test_show_as_html(path):
    html = sheets.show(path, "weights")._repr_html_()
    assert html.count("<td") == 4 and html.count("<th ") == 5 and "<td" in html.split("-2.50")[0]
    assert "background:#e08214;color:#000" in html  # the largest number, in full orange
    assert "it&#x27;s a sheet" in html
    words = sheets.show(path, "it's a sheet!E2:G2", formulas=True)._repr_html_()
    assert "=SUM(weights)*rate" in words and words.count("<table") == 1
    assert sheets.show(path, "stack")._repr_html_().count("<table") == 3


def test_text_on_colour_is_readable(tmp_path):
    """At least 4.5 to 1, as WCAG asks, on every colour of the scale."""
    import re

    from coursekit.classroom.markup import luminance

    book = Workbook()
    cells.write(book.active, "A1", torch.linspace(-1, 1, 101))
    book.save(tmp_path / "book.xlsx")
    html = sheets.show(tmp_path / "book.xlsx", "Sheet!A1:CW1")._repr_html_()
    found = re.findall(r"background:#(\w\w)(\w\w)(\w\w);color:#(\w)", html)
    assert len(found) == 101
    for *channels, text in found:
        behind, front = luminance(bytes(int(c, 16) for c in channels)), 0.0 if text == "0" else 1.0
        assert (max(behind, front) + 0.05) / (min(behind, front) + 0.05) >= 4.5


def test_recalculate_without_libreoffice(path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    before = path.read_bytes()
    with pytest.raises(FileNotFoundError, match="apt-get install libreoffice"):
        recalculate(path)
    assert path.read_bytes() == before


def test_recalculate_that_fails_changes_nothing(path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: sys.executable)  # a program, but not that one
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="could not recalculate"):
        recalculate(path)
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == ["book.xlsx"]
