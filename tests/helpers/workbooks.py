"""What is tested of every workbook, and what these tests share: a test file gives the inputs and a twin in PyTorch."""

import re
import shutil
import zipfile
from functools import partial
from pathlib import Path

import pytest
import torch
from lab import ROOT
from needs import needs_libreoffice

from coursekit.classroom import sheets

EXCEL = ROOT / "excel"
CLOSE = {"rtol": 0, "atol": 1e-6}


def inputs_of(path, names):
    return {name: sheets.read(path, name) for name in names}


def cells_of(path, names):
    book = sheets.load(path, formulas=True)
    areas = [area for name in names for area in sheets.find(book, name)]
    return {f"{sheet}!{sheets.address(row, column)}" for a in areas for row_ in a.rows for sheet, row, column in row_}


def texts_at(path, name):
    book = sheets.load(path)
    cells = [cell for area in sheets.find(book, name) for row in area.rows for cell in row]
    return [book[sheet].cell(row, column).value for sheet, row, column in cells]


def assert_equal(found, expected, **bounds):
    """Each name's numbers, one by one; the message says which name differs."""
    for name, tensor in expected.items():
        message = lambda text, name=name: f"{name}: {text}"  # noqa: E731
        torch.testing.assert_close(found[name], tensor.double(), **(bounds or CLOSE), msg=message)


def typed_in(path, sheet, changes, copy):
    """A copy of a workbook with other things typed in, and its old results still in it; sheets from 1.

    changes is {"C3": 7, "D5": "red", "E5": None}; None clears a cell.
    """
    part_name = f"xl/worksheets/sheet{sheet}.xml"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            for cell, value in changes.items() if name == part_name else ():
                filled = "" if value is None else f"<v>{value!r}</v>"
                kind, filled = (
                    (' t="inlineStr"', f"<is><t>{value}</t></is>") if isinstance(value, str) else ("", filled)
                )
                old_cell = rb'(<c r="%s"(?: s="\d+")?)[^>]*><v>[^<]+</v>' % cell.encode()
                part, count = re.subn(old_cell, rb"\g<1>%s>%s" % (kind.encode(), filled.encode()), part)
                assert count == 1, f"{cell} holds nothing that was typed in"
            new.writestr(name, part)
    return copy


def assert_bounded(path, bounds):
    """What may be typed into the cells of each name, {name: (least, most)}: others are refused with a message."""
    book = sheets.load(path)
    for name, expected in bounds.items():
        for area in sheets.find(book, name):
            rules = book[area.sheet].data_validations.dataValidation
            (rule,) = [rule for rule in rules if area.range in str(rule.sqref).split()]
            assert (rule.formula1, rule.formula2) == expected and rule.showErrorMessage, name


def recalculates(*makers):
    """Marks a test that looks at what LibreOffice makes of workbooks; each maker writes one to the path it is given.

    `recalculated` gives the test the paths. LibreOffice is started once for the workbooks of all such tests.
    """
    return lambda test: needs_libreoffice(pytest.mark.recalculates.with_args(*makers)(test))


def makers_of(item):
    """The makers that `recalculates` was given; without any, a test of a workbook's class gets a copy of its file."""
    makers = [maker for marker in item.iter_markers("recalculates") for maker in marker.args]
    return makers or [partial(shutil.copyfile, item.cls.path)]


def places_of(item, folder):
    """Where the workbooks of a test are, one for each of its makers."""
    name = re.sub(r"\W+", "-", item.nodeid)
    return [folder / f"{name}-{number}.xlsx" for number in range(len(makers_of(item)))]


class EveryWorkbook:
    """Tests of one workbook; a subclass in a test file says which, and what it should hold."""

    path: Path
    inputs: list[str]  # the names of what a reader may change; all else that has a name is a formula
    typed: list[str] = []  # the names of inputs that hold words; the others hold numbers
    texts: list[str] = []  # the names of formulas whose value is text; they have tests of their own
    sheets: list[str]
    charts = 0
    white: list[str] = []  # rectangles inside inputs that are not for changing

    @staticmethod
    def twin(inputs):
        """All that the workbook works out, from its inputs, in PyTorch: {name: tensor}."""
        raise NotImplementedError

    def changed(self, inputs):
        """Every input changed at once, to numbers that a reader could type in."""
        return {name: value + torch.rand_like(value) / 20 for name, value in inputs.items()}

    def test_every_formula_equals_pytorch(self):
        expected = self.twin(inputs_of(self.path, self.inputs))
        assert_equal({name: sheets.read(self.path, name) for name in expected}, expected)
        formulas = set(sheets.formulas_in(self.path))
        forgotten = formulas - cells_of(self.path, [*expected, *self.texts])
        assert formulas and not forgotten, f"compared with nothing: {sorted(forgotten)[:20]}"

    def test_the_formulas_are_live(self):
        """Every input changed at once, and worked out again: still what PyTorch gives."""
        torch.manual_seed(0)
        given = inputs_of(self.path, self.inputs)
        changed = {name: value.double() for name, value in self.changed(given).items()}
        expected = self.twin(given | changed)
        assert_equal(sheets.calculate(self.path, changed, list(expected)), expected)

    def test_nothing_but_formulas_and_numbers(self):
        names = zipfile.ZipFile(self.path).namelist()
        assert not [name for name in names if "vba" in name.lower() or "externalLink" in name or "activeX" in name]
        for book in (sheets.load(self.path), sheets.load(self.path, formulas=True)):
            cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
            assert not [cell.coordinate for cell in cells if cell.data_type == "e" or "#REF!" in str(cell.value)]
        assert not [text for text in sheets.formulas_in(self.path).values() if "[" in text or "http" in text]

    def test_every_name_is_an_input_or_a_formula(self):
        defined = {name for name in sheets.load(self.path).defined_names if not name.startswith("_xlnm")}
        outputs = set(self.twin(inputs_of(self.path, self.inputs))) | set(self.texts)
        expected = {*self.inputs, *self.typed} | outputs
        assert defined == expected, f"not in both: {defined ^ expected}"
        assert not set(sheets.formulas_in(self.path)) & cells_of(self.path, [*self.inputs, *self.typed])

    def test_sheets_and_charts(self):
        book = sheets.load(self.path)
        assert book.sheetnames == self.sheets, book.sheetnames
        charts = [name for name in zipfile.ZipFile(self.path).namelist() if re.match(r"xl/charts/chart\d+\.xml", name)]
        assert len(charts) == self.charts, charts

    def test_inputs_and_nothing_else_are_yellow(self):
        book = sheets.load(self.path)
        yellow = {
            f"{sheet.title}!{cell.coordinate}"
            for sheet in book
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None and cell.fill.fgColor.rgb == "FFFFF6CC"
        }
        given = cells_of(self.path, [*self.inputs, *self.typed])
        differ = yellow ^ (given - cells_of(self.path, self.white))
        assert not differ, sorted(differ)[:20]

    @recalculates()
    def test_libreoffice_gives_the_saved_values_again(self, recalculated):
        (copy,) = recalculated
        assert sheets.formulas_in(copy) == sheets.formulas_in(self.path)
        names = set(sheets.load(self.path).defined_names) - {*self.texts, *self.typed}
        saved = {name: sheets.read(self.path, name) for name in names if not name.startswith("_xlnm")}
        assert_equal({name: sheets.read(copy, name) for name in saved}, saved, rtol=0, atol=1e-12)
        for name in [*self.texts, *self.typed]:
            assert texts_at(copy, name) == texts_at(self.path, name), name
