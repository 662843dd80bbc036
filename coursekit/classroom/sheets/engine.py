"""A small spreadsheet engine: it works out a workbook's formulas in Python, for other inputs than the file holds.

A formula is parsed once, into a function of `values`, a dictionary from cells to their values. Asking for an output
then works backwards: the value of a cell is worked out when it is first looked up, and stays in the dictionary.
A formula with anything that `functions` does not know is refused, not guessed at.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...datasets import nearest
from .functions import FUNCTIONS, OPERATORS, FormulaError, Function, Rows, Value, guarded, lone, number, rows_of, spread
from .reading import Area, Cell, address, area_of, contents, find, formulas_of, gather, is_address, load, title_of

DEEPEST = 25  # formulas under way at once; beyond that, each would wait on Python's own stack
Numbers = Tensor | Sequence | float
Work = Callable[[Mapping[Cell, Value]], Value | Rows]  # a formula, or a part of one, as a function of `values`


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
    for first in {formula.area.rows[0][0]: None for formula in workbook.formulas.values()}:
        try:
            workbook.work(first)
        except ValueError as error:
            unknown[_name(first)] = str(error)
    return unknown


class _Workbook:
    """The formulas of one workbook, each parsed when first needed."""

    def __init__(self, book: Any) -> None:
        self.book, self.formulas, self.parsed = book, formulas_of(book), {}
        cells = (cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None)
        found = {(cell.parent.title, cell.row, cell.column): cell for cell in cells}
        self.constants = {at: contents(cell) for at, cell in found.items() if at not in self.formulas}
        self.names = {  # by the sheet where they are known, or "" for all; capitals make no difference
            (getattr(place, "title", ""), name.lower()): defined.attr_text
            for place in (book, *book)
            for name, defined in place.defined_names.items()
        }

    def changed(self, reference: str, given: Tensor) -> dict[Cell, Value]:
        cells = [cell for area in find(self.book, reference) for row in area.rows for cell in row]
        if len(cells) != len(given):
            raise ValueError(f"the input {reference!r} has {len(cells)} cells, and {len(given)} numbers were given")
        if not given.isfinite().all():
            raise ValueError(f"a cell holds neither infinity nor nan, and what was given for {reference!r} has one")
        if formula := next((cell for cell in cells if cell in self.formulas), None):
            raise ValueError(f"{reference!r} is no input: {_name(formula)} has the formula {self.formulas[formula]}")
        return dict(zip(cells, given.tolist(), strict=True))

    def work(self, at: Cell) -> Work:
        if at not in self.parsed:
            formula = self.formulas[at]
            parser = _Parser(formula.text, at, self, in_array=formula.is_array)
            try:
                self.parsed[at] = parser.whole().value
            except RecursionError:
                raise ValueError(f"{formula} is nested too deeply, or its names stand for each other") from None
        return self.parsed[at]


_workbook = lru_cache(maxsize=4)(_Workbook)  # `load` gives the same book again until its file changes


class _TooDeep(Exception):
    """The cell that is to be worked out first, since too many formulas wait for each other already."""


class _Refused(ValueError):
    """What is not known here, with the cell where it stands."""


class _Values(dict):
    """The value of each cell in one run: constants from the start, results of formulas when first looked up."""

    def __init__(self, workbook: _Workbook) -> None:
        super().__init__(workbook.constants)
        self.workbook, self.pending = workbook, set()

    def __missing__(self, at: Cell) -> Value:
        if at not in self.workbook.formulas:
            return None  # beyond what the sheet uses
        area = self.workbook.formulas[at].area
        first = area.rows[0][0]
        if first in self.pending:
            raise _Refused(f"the formula in {_name(first)} refers to itself, directly or through others")
        if len(self.pending) == DEEPEST:
            raise _TooDeep(at)
        self.pending.add(first)
        try:
            result = self.workbook.work(first)(self)
            self.update(_filled(area, result if self.workbook.formulas[at].is_array else lone(result)))
        except _Refused:
            raise
        except ValueError as error:
            raise _Refused(f"{_name(first)}: {error}") from None
        finally:
            self.pending.remove(first)
        return self[at]

    def number(self, at: Cell) -> float:
        """The number in a cell, through a chain of formulas of any length."""
        waiting = [at]
        while waiting:
            try:
                value = self[waiting[-1]]
                waiting.pop()
            except _TooDeep as deeper:
                if deeper.args[0] in waiting:
                    at = deeper.args[0]
                    raise _Refused(f"the formula in {_name(at)} refers to itself, directly or through others") from None
                waiting.append(deeper.args[0])
        if value is None or isinstance(value, str):
            raise ValueError(f"{_name(at)} holds {value!r}, where a number was expected")
        return number(value)


def _name(at: Cell) -> str:
    return str(Area(*at, *at[1:]))


def _filled(area: Area, result: Value | Rows) -> dict[Cell, Value]:
    """What each cell of a formula shows: 0 for an empty cell; a lone row or column is repeated, and past others is #N/A."""
    found, rows = {}, rows_of(result)
    for i, cells in enumerate(area.rows):
        for j, cell in enumerate(cells):
            row, column = i * (len(rows) > 1), j * (len(rows[0]) > 1)
            inside = row < len(rows) and column < len(rows[0])
            value = rows[row][column] if inside else FormulaError("#N/A")
            if isinstance(value, FormulaError):
                value = FormulaError(value.code, value.where or _name(cell))
            found[cell] = 0.0 if value is None else value
    return found


class _Node(NamedTuple):
    """A part of a formula: how it is worked out where one value is wanted, and where a range may stand."""

    value: Work
    range: Work


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

    def __init__(self, formula: str, at: Cell, workbook: _Workbook, *, in_array: bool) -> None:
        from openpyxl.formula import Tokenizer
        from openpyxl.formula.tokenizer import TokenizerError

        try:
            self.tokens = [token for token in Tokenizer(formula).items if token.type != "WHITE-SPACE"]
        except TokenizerError as error:
            raise ValueError(f"{formula} is refused: {error}") from None
        self.formula, self.cell, self.workbook, self.at = formula, at, workbook, 0
        self.is_array = self.in_array = in_array

    def whole(self) -> _Node:
        node = self._expression()
        self._expect(self.at == len(self.tokens))
        return node

    def _expect(self, known: bool, advice: str = "") -> None:
        """Refuse the formula at the next token, unless that is known here."""
        if not known:
            what = repr(self.tokens[self.at].value) if self.at < len(self.tokens) else "its end"
            raise ValueError(f"{self.formula} is refused at {what}{advice}")

    def _next_is(self, *what: str) -> bool:
        """Whether the next token is of this type, or has this subtype."""
        return self.at < len(self.tokens) and {self.tokens[self.at].type, self.tokens[self.at].subtype} >= {*what}

    def _take(self) -> Any:
        self.at += 1
        return self.tokens[self.at - 1]

    def _expression(self, tightness: int = 1) -> _Node:
        """Operands joined by operators that bind at least this tightly; equals group from the left."""
        left = self._operand()
        while self._next_is("OPERATOR-INFIX"):
            sign = self.tokens[self.at].value
            self._expect(sign in OPERATORS)
            level, do = OPERATORS[sign]
            if level < tightness:
                break
            self._take()
            left = self._call(Function("v", do), [left, self._expression(level + 1)])
        return left

    def _operand(self) -> _Node:
        if self._next_is("OPERATOR-PREFIX"):  # binds tighter than ^: in a spreadsheet -2^2 is 4
            minus = self._take().value == "-"
            return self._call(Function("v", lambda x: -number(x) if minus else x), [self._operand()])
        node = self._atom()
        while self._next_is("OPERATOR-POSTFIX"):
            self._take()
            node = self._call(Function("v", lambda x: number(x) / 100), [node])
        return node

    def _atom(self) -> _Node:
        if self._next_is("OPERAND", "RANGE"):
            return self._reference(self._take().value)
        if self._next_is("OPERAND"):
            self._expect(self.tokens[self.at].subtype in _CONSTANTS)
            token = self._take()
            value = _CONSTANTS[token.subtype](token.value)
            return _Node(lambda values: value, lambda values: value)
        self._expect(self._next_is("FUNC", "OPEN") or self._next_is("PAREN", "OPEN"))
        if self._next_is("PAREN"):
            self._take()
            node = self._expression()
            self._expect(self._next_is("CLOSE"))
            self._take()
            return node
        return self._function()

    def _function(self) -> _Node:
        name = (
            self.tokens[self.at].value[:-1].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
        )  # "SUM(" is one token
        self._expect(name in FUNCTIONS, ": no such function is known here")
        self._expect(name != "TRANSPOSE" or self.is_array, ": in Excel it works in array formulas only")
        self._take()
        function, around = FUNCTIONS[name], self.in_array
        self.in_array |= function.takes == "a"
        arguments = [] if self._next_is("CLOSE") and not function.takes else [self._expression()]
        while self._next_is("SEP"):
            self._take()
            arguments.append(self._expression())
        self._expect(self._next_is("CLOSE"))
        try:
            inspect.signature(function.do).bind(*arguments)
        except TypeError as error:
            self._expect(False, f" of {name}: {error}")
        self._take()
        self.in_array = around
        return self._call(function, arguments)

    def _call(self, function: Function, arguments: Sequence[_Node]) -> _Node:
        """A function or an operator of these arguments."""
        takes, do = function
        if takes == "b":
            return _Node(self._branch(do, arguments, "value"), self._branch(do, arguments, "range"))
        kinds = takes.ljust(len(arguments), takes[-1:])[: len(arguments)]
        single = [place for place, kind in enumerate(kinds) if kind in "vs"]
        spreading = [place for place, kind in enumerate(kinds) if kind == "v"] if self.in_array else []
        given = [self._taken(kind, argument) for kind, argument in zip(kinds, arguments, strict=True)]
        do = guarded(do)

        def one(*values: Value | Rows) -> Value | Rows:
            for place in single:
                if isinstance(values[place], FormulaError):
                    return values[place]
            return do(*values)

        def work(values: Mapping[Cell, Value]) -> Value | Rows:
            return spread(one, [argument(values) for argument in given], spreading)

        return _Node(work if self.in_array or takes == "v" else lambda values: lone(work(values)), work)

    def _taken(self, kind: str, argument: _Node) -> Work:
        """What a function gets of an argument, by the letter of `functions.Function.takes`."""
        whole, value, is_array = argument.range, argument.value, self.is_array

        def reference(values: Mapping[Cell, Value]) -> Rows:
            if not (isinstance(found := whole(values), list) or is_array):
                raise ValueError("a search in what is no range of cells: programs differ in this")
            return rows_of(found)

        one = value if kind == "v" or not self.in_array else lambda values: lone(value(values))
        return one if kind in "vse" else reference if kind == "R" else whole

    def _branch(self, choose: Callable[..., Any], arguments: Sequence[_Node], wanted: str) -> Work:
        """IF and IFERROR, which work out only what they need: `choose` gives a value or one of the arguments."""
        first, *others = arguments
        is_array = self.is_array

        def work(values: Mapping[Cell, Value]) -> Value | Rows:
            found = first.value(values)
            if isinstance(found, list) and not is_array:
                raise ValueError("IF and IFERROR take a range element by element only in array formulas")
            if isinstance(found, list):
                every = [found, *(other.value(values) for other in others)]
                if len({(len(rows), len(rows[0])) for rows in every if isinstance(rows, list)}) > 1:
                    raise ValueError("IF and IFERROR are known with ranges of one size only: programs differ in others")
                return spread(choose, every, range(len(arguments)))
            chosen = choose(found, *others)
            return getattr(chosen, wanted)(values) if isinstance(chosen, _Node) else chosen

        return work

    def _reference(self, text: str) -> _Node:
        book, names = self.workbook.book, self.workbook.names
        sheet, mark, local = text.rpartition("!")
        home = title_of(book, sheet) if mark else self.cell[0]
        if is_address(local):
            return self._cells(area_of(book, home, local))
        defined = names.get((home, local.lower()), None if mark else names.get(("", local.lower())))
        if defined is None:
            find(book, text)  # says what there is
        return self._named(defined)

    def _named(self, defined: str) -> _Node:
        """What a name stands for, which may be any formula; its addresses without $ count from the cell with the name."""
        from openpyxl.formula.translate import Translator

        formula = Translator(f"={defined}", "A1").translate_formula(address(*self.cell[1:]))
        parser = _Parser(formula, self.cell, self.workbook, in_array=self.in_array)
        parser.is_array = self.is_array
        return parser.whole()

    def _cells(self, area: Area) -> _Node:
        rows, (_, row, column) = area.rows, self.cell
        if area.shape == (1, 1):
            at = rows[0][0]
            return _Node(lambda values: values[at], lambda values: [[values[at]]])

        def whole(values: Mapping[Cell, Value]) -> Rows:
            return [list(map(values.__getitem__, cells)) for cells in rows]

        if self.in_array:
            return _Node(whole, whole)
        at = area.sheet, row if area.shape[1] == 1 else area.top, column if area.shape[0] == 1 else area.left
        beside = 1 in area.shape and any(at in cells for cells in rows)
        return _Node(lambda values: values[at] if beside else FormulaError("#VALUE!"), whole)
