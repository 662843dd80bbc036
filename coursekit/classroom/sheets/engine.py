"""A small spreadsheet engine: it works out a workbook's formulas in Python, for other inputs than the file holds.

A formula is parsed once, into a function of `values`, a dictionary from cells to their values. Asking for an output
then works backwards: the value of a cell is worked out when it is first looked up, and stays in the dictionary.
A formula with anything that `functions` does not know is refused, not guessed at.
"""

import inspect
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...datasets import nearest
from .functions import FUNCTIONS, OPERATORS, SIGNS, FormulaError, Function, Range, Value, lone, number, range_of, spread
from .reading import Area, Cell, Formula, area_at, contents, find, formulas_of, gather, is_address, load, title_of

DEEPEST = 25  # formulas under way at once; beyond that, each would wait on Python's own stack
Numbers = Tensor | Sequence | float
Work = Callable[[Mapping[Cell, Value], bool], Value | Range]  # of `values`, and whether a range may stand there


def calculate(path: Path | str, inputs: Mapping[str, Numbers], outputs: Sequence[str]) -> dict[str, Tensor]:
    """Work out a workbook's formulas in Python, with some inputs changed. The file stays as it is.

    Args:
        path: an .xlsx file. It is read and parsed once for all calls, until it changes.
        inputs: names or addresses to change, each with as many numbers as it has cells: {"digit": 7}.
        outputs: names or addresses to work out: ["logits", "probabilities"].

    Returns:
        For each output, float64 in the shape that `read` gives.

    Raises:
        FileNotFoundError: no such workbook.
        ValueError: no such name or address; an input of another size, that is not finite, or that is a formula; an
            output that is empty or a text; a formula that refers to itself, gives an error such as #DIV/0!, or needs
            something that `supported` names.

    Used in lesson 02.
    """
    workbook = _workbook(load(path, formulas=True))
    values = _Values(workbook)
    for reference, given in inputs.items():
        values.update(workbook.changed(reference, torch.as_tensor(given, dtype=torch.float64).flatten()))
    return {reference: gather(find(workbook.book, reference), values.number) for reference in outputs}


def supported(path: Path | str) -> dict[str, str]:
    """Look for formulas that `calculate` does not know, before anything is worked out.

    Returns:
        What is unknown, by the address of the formula: {"by hand!B4": "=OFFSET(A1,1,1) is refused at 'OFFSET(' ..."}.
        Empty if all are known. Cells that need none of these can be worked out in any case.

    Raises:
        FileNotFoundError: no such workbook.
    """
    workbook, unknown = _workbook(load(path, formulas=True)), {}
    for formula in dict.fromkeys(workbook.formulas.values()):
        try:
            workbook.work(formula)
        except ValueError as error:
            unknown[formula.address] = str(error)
        except RecursionError:
            unknown[formula.address] = str(_nested(formula))
    return unknown


class _Workbook:
    """The formulas of one workbook, each parsed when first needed."""

    def __init__(self, book: Any) -> None:
        self.book, self.formulas, self.parsed = book, formulas_of(book), {}
        cells = {(c.parent.title, c.row, c.column): c for sheet in book for row in sheet.iter_rows() for c in row}
        self.constants = {at: contents(cell) for at, cell in cells.items() if at not in self.formulas}
        self.names = {  # by the sheet where they are known, or "" for all; capitals make no difference
            (getattr(place, "title", ""), name.lower()): f"={defined.attr_text}"
            for place in (book, *book)
            for name, defined in place.defined_names.items()
        }

    def changed(self, reference: str, given: Tensor) -> dict[Cell, Value]:
        cells = [cell for area in find(self.book, reference) for row in area.rows for cell in row]
        if len(cells) != len(given):
            raise ValueError(f"the input {reference!r} has {len(cells)} cells, and {len(given)} numbers were given")
        if not given.isfinite().all():
            raise ValueError(f"a cell holds neither infinity nor nan, and what was given for {reference!r} has one")
        if formula := next(filter(None, map(self.formulas.get, cells)), None):
            raise ValueError(f"{reference!r} is no input: {formula.address} has the formula {formula}")
        return dict(zip(cells, given.tolist(), strict=True))

    def work(self, formula: Formula) -> Work:
        if formula not in self.parsed:
            self.parsed[formula] = _Parser(formula.text, formula, self, formula.is_array).whole()
        return self.parsed[formula]


_workbook = lru_cache(maxsize=4)(_Workbook)  # `load` gives the same book again until its file changes


class _TooDeep(Exception):
    """The formula that is to be worked out first, since too many wait for each other already."""


class _Refused(ValueError):
    """What is not known here, with the cell where it stands."""


class _Values(dict):
    """The value of each cell in one run: constants from the start, results of formulas when first looked up."""

    def __init__(self, workbook: _Workbook) -> None:
        super().__init__(workbook.constants)
        self.workbook, self.pending = workbook, []

    def __missing__(self, at: Cell) -> Value:
        if not (formula := self.workbook.formulas.get(at)):
            return None  # beyond what the sheet uses
        if formula in self.pending:
            raise _circular(formula)
        if len(self.pending) == DEEPEST:
            raise _TooDeep(formula)
        self.pending.append(formula)
        try:
            result = self.workbook.work(formula)(self, False)
            self.update(_shown(formula.area, result if formula.is_array else lone(result)))
        except _Refused:
            raise
        except ValueError as error:
            raise _Refused(f"{formula.address}: {error}") from None
        except RecursionError:  # with Python's whole stack for itself the formula may be no too deep one
            raise _TooDeep(formula) if len(self.pending) > 1 else _nested(formula) from None
        finally:
            self.pending.pop()
        return self[at]

    def number(self, at: Cell) -> float:
        """The number in a cell, through a chain of formulas of any length."""
        waiting = [at]
        while waiting:
            try:
                value = self[waiting[-1]]
                waiting.pop()
            except _TooDeep as deeper:
                if (first := deeper.args[0].area.rows[0][0]) in waiting:
                    raise _circular(deeper.args[0]) from None
                waiting.append(first)
        if value is None or isinstance(value, str):
            raise ValueError(f"{Area(*at, *at[1:])} holds {value!r}, where a number was expected")
        return number(value)


def _circular(formula: Formula) -> ValueError:
    return _Refused(f"the formula in {formula.address} refers to itself, directly or through others")


def _nested(formula: Formula) -> ValueError:
    return _Refused(f"{formula.address}: {formula} is nested too deeply, or its names stand for each other")


def _shown(area: Area, result: Value | Range) -> dict[Cell, Value]:
    """What the cells of a formula show: an empty one 0; a lone row or column is repeated, beyond others is #N/A."""
    shown, result = {}, range_of(result)
    height, width = result.shape
    for i, line in enumerate(area.rows):
        for j, at in enumerate(line):
            row, column = i * (height > 1), j * (width > 1)
            value = result[row, column] if row < height and column < width else FormulaError("#N/A")
            if isinstance(value, FormulaError):
                value = FormulaError(value.code, value.where or str(Area(*at, *at[1:])))
            shown[at] = 0.0 if value is None else value
    return shown


_signature = lru_cache(maxsize=None)(inspect.signature)

_CONSTANTS: dict[str, Callable[[str], Value]] = {
    "NUMBER": float,
    "TEXT": lambda text: text[1:-1].replace('""', '"'),
    "LOGICAL": lambda text: text.upper() == "TRUE",
    "ERROR": FormulaError,
}


class _Parser:
    """Precedence climbing over the tokens that openpyxl finds in one formula.

    `in_array`: whether operators take ranges element by element: in an array formula, and in any argument of SUMPRODUCT
    and its like. Elsewhere they take of a range the cell in their own row or column.
    """

    def __init__(self, text: str, formula: Formula, workbook: _Workbook, in_array: bool) -> None:
        from openpyxl.formula import Tokenizer
        from openpyxl.formula.tokenizer import TokenizerError

        try:
            self.tokens = deque(token for token in Tokenizer(text).items if token.type != "WHITE-SPACE")
        except TokenizerError as error:
            raise ValueError(f"{text} is refused: {error}") from None
        self.text, self.formula, self.workbook, self.in_array = text, formula, workbook, in_array
        self.open_ifs: dict[Work, Work] = {}  # IF without a third argument; the same for SUM, which passes over FALSE

    def whole(self) -> Work:
        node = self._expression()
        self._expect(not self.tokens)
        return node

    def _expect(self, known: object, advice: str = "") -> None:
        """Refuse the formula at the next token, unless that is known here."""
        if not known:
            what = repr(self.tokens[0].value) if self.tokens else "its end"
            raise ValueError(f"{self.text} is refused at {what}{advice}")

    def _next_is(self, *what: str) -> bool:
        """Whether the next token is of this type, or has this subtype."""
        return bool(self.tokens) and {self.tokens[0].type, self.tokens[0].subtype} >= {*what}

    def _take(self, *what: str) -> Any:
        """The next token if it is such a one, or else None."""
        return self.tokens.popleft() if self._next_is(*what) else None

    def _expression(self, tightness: int = 1) -> Work:
        """Operands joined by operators that bind at least this tightly; equals group from the left."""
        left = self._operand()
        while self._next_is("OPERATOR-INFIX"):
            sign = self.tokens[0].value
            self._expect(sign in OPERATORS)
            level, function = OPERATORS[sign]
            if level < tightness:
                break
            self._take()
            left = self._call(function, [left, self._expression(level + 1)])
        return left

    def _operand(self) -> Work:
        if sign := self._take("OPERATOR-PREFIX"):  # binds tighter than ^: in a spreadsheet -2^2 is 4
            return self._call(SIGNS[sign.value], [self._operand()])
        node = self._atom()
        while sign := self._take("OPERATOR-POSTFIX"):
            node = self._call(SIGNS[sign.value], [node])
        return node

    def _atom(self) -> Work:
        if token := self._take("OPERAND"):
            if token.subtype == "RANGE":
                return self._reference(token.value)
            value = _CONSTANTS[token.subtype](token.value)
            return lambda values, whole: value
        if self._next_is("PAREN", "OPEN"):
            return self._arguments()[0]
        self._expect(self._next_is("FUNC", "OPEN"))
        name = self.tokens[0].value[:-1].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")  # "SUM(" is one token
        self._expect(name in FUNCTIONS, ": no such function is known here")
        self._expect(name != "TRANSPOSE" or self.formula.is_array, ": Excel has it in array formulas only")
        function, around = FUNCTIONS[name], self.in_array
        self.in_array |= function.takes == "a"
        arguments = self._arguments()
        self.in_array = around
        try:
            _signature(function.do).bind(*arguments)
        except TypeError as error:
            raise ValueError(f"{self.text} is refused at {name!r}: {error}") from None
        if function.takes == "r" and name not in ("AND", "OR"):
            arguments = [self.open_ifs.get(argument, argument) for argument in arguments]
        node = self._call(function, arguments)
        if name == "IF" and len(arguments) == 2 and self.formula.is_array:
            self.open_ifs[node] = self._call(function, [*arguments, lambda values, whole: False if whole else ""])
        return node

    def _arguments(self) -> list[Work]:
        """What stands between the next token, an opening one, and its closing one."""
        arguments = [] if self._take("OPEN").value.upper() == "NA(" else [self._expression()]
        while self._take("SEP"):
            arguments.append(self._expression())
        self._expect(self._take("CLOSE"))
        return arguments

    def _call(self, function: Function, arguments: Sequence[Work]) -> Work:
        """A function or an operator of these arguments."""
        if function.takes == "b":
            return self._branch(function.do, arguments)
        count, in_array = len(arguments), self.in_array
        letters, do = function.letters(count), function.of(count, in_array)

        def work(values: Mapping[Cell, Value], whole: bool) -> Value | Range:
            result = do([self._taken(letter, one, values) for letter, one in zip(letters, arguments, strict=True)])
            return result if whole or in_array else lone(result)

        return work

    def _taken(self, letter: str, argument: Work, values: Mapping[Cell, Value]) -> Value | Range:
        """What a function gets of an argument, by its letter in `functions.Function.takes`."""
        found = argument(values, letter in "rRa")
        if letter == "R" and not (isinstance(found, Range) or self.formula.is_array):
            raise ValueError("a range that is no range of cells is known in array formulas only")
        return range_of(found) if letter == "R" else lone(found) if letter in "se" else found

    def _branch(self, choose: Callable[..., Any], arguments: Sequence[Work]) -> Work:
        """IF and IFERROR, which work out only what they need: `choose` gives a value or one of the arguments."""
        is_array, (first, *others) = self.formula.is_array, arguments

        def work(values: Mapping[Cell, Value], whole: bool) -> Value | Range:
            found = first(values, whole)
            if isinstance(found, Range) and found.size > 1:
                every = [found, *(other(values, False) for other in others)]
                if not is_array or len({cells.shape for cells in every if isinstance(cells, Range)}) > 1:
                    raise ValueError("IF and IFERROR of ranges are known in array formulas, and with one size, only")
                return spread(choose, range(len(every)), every)
            chosen = choose(lone(found), *others)
            result = chosen(values, whole) if callable(chosen) else chosen
            is_value = whole and not is_array and choose is not FUNCTIONS["IF"].do  # of IFERROR, to Excel
            if is_value and not isinstance(lone(result), (float, FormulaError)):
                raise ValueError("IFERROR gives no number where a range may stand: programs differ in this")
            return result

        return work

    def _reference(self, text: str) -> Work:
        """An address, or a name, which may stand for any formula."""
        from openpyxl.formula.translate import Translator

        names, here = self.workbook.names, self.formula.area
        sheet, mark, name = text.rpartition("!")
        home = title_of(self.workbook.book, sheet) if mark else here.sheet
        defined = names.get((home, name.lower())) or names.get((sheet, name.lower()))
        if is_address(name) and not defined:
            return self._cells(area_at(home, name))
        if is_address(name):
            raise ValueError(f"{self.text} is refused at {text!r}: a cell in Excel, a name of this workbook in others")
        if not defined:
            advice = nearest(name, self.workbook.book.defined_names)
            raise ValueError(f"{self.text} is refused at {text!r}: no cells, and no name of this workbook. {advice}")
        if defined.count("$") < 2:  # addresses without it count from the cell with the name
            defined = Translator(defined, "A1").translate_formula(row_delta=here.top - 1, col_delta=here.left - 1)
        if re.fullmatch(r"=('[^']+'|[^'!,]+)![$A-Z\d:]+", defined):  # most are plain addresses
            return self._reference(defined[1:])
        return _Parser(defined, self.formula, self.workbook, self.in_array).whole()

    def _cells(self, area: Area) -> Work:
        """The whole rectangle; or, where one value is wanted, of a row or column the cell beside the formula."""
        rows, here = area.rows, self.formula.area
        at = area.sheet, here.top if len(rows) > 1 else area.top, here.left if len(rows[0]) > 1 else area.left
        beside = 1 in area.shape and any(at in cells for cells in rows)
        always_whole = self.in_array and area.shape != (1, 1)

        def work(values: Mapping[Cell, Value], whole: bool) -> Value | Range:
            if whole or always_whole:
                return np.array([[values[one] for one in cells] for cells in rows], dtype=object)
            return values[at] if beside else FormulaError("#VALUE!")

        return work
