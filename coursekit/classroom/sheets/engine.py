"""A small spreadsheet engine: it works out a workbook's formulas in Python, for other inputs than the file holds.

A formula is parsed once, into a function of `values`, a dictionary from cells to their values. Asking for an output
then works backwards: the value of a cell is worked out when it is first looked up, and stays in the dictionary.
A formula with anything that `functions` does not know is refused, not guessed at.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .functions import AGGREGATES, FUNCTIONS, OPERATORS, FormulaError, Rows, Value, elementwise, number
from .reading import Area, Cell, find, gather, load

DEEPEST = 25  # formulas under way at once; beyond that, each would wait on Python's own stack
Numbers = Tensor | Sequence | float
Node = Callable[[Mapping[Cell, Value]], Value | Rows]  # a formula, or a part of one, as a function of `values`


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
        ValueError: no such name or address; an input of another size, or one that is a formula; an output that is empty
            or a text; a formula that refers to itself, gives an error such as #DIV/0!, or needs a function not known.

    Used in lesson 02.
    """
    workbook = _workbook(load(path, formulas=True))
    values = _Values(workbook)
    for reference, given in inputs.items():
        values.update(workbook.changed(reference, torch.as_tensor(given, dtype=torch.float64).flatten().tolist()))
    return {reference: gather(find(workbook.book, reference), values.number) for reference in outputs}


class _Workbook:
    """The formulas of one workbook, each parsed when first needed."""

    def __init__(self, book: Any) -> None:
        cells = {(c.parent.title, c.row, c.column): c for sheet in book for row in sheet.iter_rows() for c in row}
        self.book, self.nodes = book, {}
        self.formulas = {at: c.value for at, c in cells.items() if c.data_type == "f"}
        self.constants = {at: c.value for at, c in cells.items() if c.data_type != "f"}

    def changed(self, reference: str, given: list[float]) -> dict[Cell, Value]:
        cells = [cell for area in find(self.book, reference) for row in area.rows for cell in row]
        if len(cells) != len(given):
            raise ValueError(f"the input {reference!r} has {len(cells)} cells, and {len(given)} numbers were given")
        if formula := next((cell for cell in cells if cell in self.formulas), None):
            raise ValueError(f"{reference!r} is no input: {_name(formula)} has the formula {self.formulas[formula]}")
        return dict(zip(cells, given, strict=True))

    def node(self, at: Cell) -> Node:
        if at not in self.nodes:
            self.nodes[at] = _Parser(self.formulas[at], at[0], self.book).whole()
        return self.nodes[at]


_workbook = lru_cache(maxsize=4)(_Workbook)  # `load` gives the same book again until its file changes


class _TooDeep(Exception):
    """The cell that is to be worked out first, since too many formulas wait for each other already."""


class _Values(dict):
    """The value of each cell in one run: constants from the start, results of formulas when first looked up."""

    def __init__(self, workbook: _Workbook) -> None:
        super().__init__(workbook.constants)
        self.workbook, self.pending = workbook, set()

    def __missing__(self, at: Cell) -> Value:
        if at not in self.workbook.formulas:
            return None  # beyond what the sheet uses
        if at in self.pending:
            raise _circular(at)
        if len(self.pending) == DEEPEST:
            raise _TooDeep(at)
        self.pending.add(at)
        try:
            value = self.workbook.node(at)(self)
        except FormulaError as error:
            raise FormulaError(error.code, error.where or _name(at)) from None
        finally:
            self.pending.remove(at)
        self[at] = 0.0 if value is None else value  # a formula that refers to an empty cell shows 0
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
                    raise _circular(deeper.args[0]) from None
                waiting.append(deeper.args[0])
        if value is None or isinstance(value, str):
            raise ValueError(f"{_name(at)} holds {value!r}, where a number was expected")
        return float(value)


_CONSTANTS: dict[str, Callable[[str], Value]] = {
    "NUMBER": float,
    "TEXT": lambda text: text[1:-1].replace('""', '"'),
    "LOGICAL": lambda text: text.upper() == "TRUE",
}


def _circular(at: Cell) -> ValueError:
    return ValueError(f"the formula in {_name(at)} refers to itself, directly or through others")


def _name(at: Cell) -> str:
    return str(Area(*at, *at[1:]))


class _Parser:
    """Precedence climbing over the tokens that openpyxl finds in one formula."""

    def __init__(self, formula: str, sheet: str, book: Any) -> None:
        from openpyxl.formula import Tokenizer

        self.tokens = [token for token in Tokenizer(formula).items if token.type != "WHITE-SPACE"]
        self.formula, self.sheet, self.book, self.at = formula, sheet, book, 0
        self.on_rectangles = False  # inside SUMPRODUCT: there, operators take rectangles, element by element

    def whole(self) -> Node:
        node = self._expression()
        self._expect(self.at == len(self.tokens))
        return node

    def _expect(self, known: bool) -> None:
        """Refuse the formula at the next token, unless that is known here."""
        if not known:
            what = repr(self.tokens[self.at].value) if self.at < len(self.tokens) else "its end"
            names = ", ".join([*FUNCTIONS, *_BRANCHES])
            raise ValueError(f"{self.formula} on sheet {self.sheet!r} is refused at {what}; functions known: {names}")

    def _next_is(self, *what: str) -> bool:
        """Whether the next token is of this type, or has this subtype."""
        return self.at < len(self.tokens) and {self.tokens[self.at].type, self.tokens[self.at].subtype} >= {*what}

    def _take(self) -> Any:
        self.at += 1
        return self.tokens[self.at - 1]

    def _expression(self, tightness: int = 1) -> Node:
        """Operands joined by operators that bind at least this tightly; equals group from the left."""
        left = self._operand()
        while self._next_is("OPERATOR-INFIX") and OPERATORS[self.tokens[self.at].value][0] >= tightness:
            level, do = OPERATORS[self._take().value]
            left = self._apply(do, left, self._expression(level + 1))
        return left

    def _operand(self) -> Node:
        if self._next_is("OPERATOR-PREFIX"):  # binds tighter than ^: in a spreadsheet -2^2 is 4
            sign = -1 if self._take().value == "-" else 1
            return self._apply(lambda x: sign * number(x), self._operand())
        node = self._atom()
        while self._next_is("OPERATOR-POSTFIX"):
            self._take()
            node = self._apply(lambda x: number(x) / 100, node)
        return node

    def _apply(self, operator: Callable[..., Value], *operands: Node) -> Node:
        return _call(elementwise(operator) if self.on_rectangles else operator, operands)

    def _atom(self) -> Node:
        if self._next_is("OPERAND", "RANGE"):
            return self._reference(self._take().value)
        if self._next_is("OPERAND"):
            return self._constant()
        self._expect(self._next_is("FUNC", "OPEN") or self._next_is("PAREN", "OPEN"))
        name = self.tokens[self.at].value[:-1].upper()  # "SUM(" is one token
        self._expect(name in ("", *_BRANCHES, *FUNCTIONS))
        self._take()
        around, self.on_rectangles = self.on_rectangles, name == "SUMPRODUCT" or (not name and self.on_rectangles)
        arguments = [self._argument(name in AGGREGATES)]
        while self._next_is("SEP"):
            self._take()
            arguments.append(self._argument(name in AGGREGATES))
        self._expect(self._next_is("CLOSE"))
        self._take()
        self.on_rectangles = around
        if name in FUNCTIONS:
            return _call(FUNCTIONS[name], arguments)
        return _BRANCHES[name](*arguments) if name else arguments[0]

    def _argument(self, rectangle: bool) -> Node:
        """One argument; with `rectangle`, a lone reference to a cell is a rectangle of one."""
        start = self.at
        node = self._expression()
        if rectangle and self.at == start + 1 and self.tokens[start].subtype == "RANGE":
            return lambda values: found if isinstance(found := node(values), list) else [[found]]
        return node

    def _constant(self) -> Node:
        token = self.tokens[self.at]
        self._expect(token.subtype in _CONSTANTS)
        value = _CONSTANTS[self._take().subtype](token.value)
        return lambda values: value

    def _reference(self, text: str) -> Node:
        is_name = text in self.book.defined_names
        areas = find(self.book, text if is_name or "!" in text else f"{self.sheet}!{text}")
        if len(areas) > 1:
            raise ValueError(f"{self.formula}: the name {text!r} stands for several rectangles, not for one")
        rows = areas[0].rows
        if areas[0].shape == (1, 1):
            return lambda values: values[rows[0][0]]
        return lambda values: [list(map(values.__getitem__, row)) for row in rows]


def _call(do: Callable[..., Value | Rows], arguments: Sequence[Node]) -> Node:
    def node(values: Mapping[Cell, Value]) -> Value | Rows:
        try:
            return do(*[argument(values) for argument in arguments])
        except OverflowError:
            raise FormulaError("#NUM!") from None
        except ZeroDivisionError:
            raise FormulaError("#DIV/0!") from None

    return node


def _if(condition: Node, yes: Node, no: Node = lambda values: False) -> Node:
    return lambda values: yes(values) if number(condition(values)) else no(values)


def _if_error(value: Node, instead: Node) -> Node:
    def node(values: Mapping[Cell, Value]) -> Value | Rows:
        try:
            return value(values)
        except FormulaError:
            return instead(values)

    return node


_BRANCHES = {"IF": _if, "IFERROR": _if_error}  # these work out only the arguments that they need
