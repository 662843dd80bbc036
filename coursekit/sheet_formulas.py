"""What spreadsheet functions and operators do, in Python: the small part of them that the course's workbooks use."""

import math
import operator
from collections.abc import Callable, Sequence

Value = float | str | bool | None  # of one cell; None is an empty one
Rows = list[list[Value]]  # of a rectangle


class FormulaError(ValueError):
    """What a spreadsheet shows as #DIV/0!, #N/A, #NUM!, #REF! or #VALUE!: `code`, and the cell where it arose."""

    def __init__(self, code: str, where: str = "") -> None:
        """Keep the code and the cell's address, which is not yet known where a function fails."""
        super().__init__(f"{where} gives {code}" if where else code)
        self.code, self.where = code, where


def number(value: Value | Rows) -> float:
    """A cell's value as a number: an empty cell counts as 0; a text, or a whole rectangle, is #VALUE!."""
    if value is None:
        return 0.0
    if isinstance(value, str) and any(map(str.isdigit, value)):
        raise ValueError(
            f"the text {value!r} where a number is needed: programs differ in what they read; write a number"
        )
    if isinstance(value, (str, list)):
        raise FormulaError("#VALUE!")
    return float(value)


def numbers(arguments: Sequence[Value | Rows]) -> list[float]:
    """All numbers among the arguments; a rectangle's empty cells and texts are passed over."""
    found = []
    for argument in arguments:
        if isinstance(argument, list):
            found += [x for row in argument for x in row if isinstance(x, (int, float))]
            if any(isinstance(x, bool) for row in argument for x in row):
                raise ValueError("a truth value among numbers: Excel passes over it, others count 1; write 1*(A1>0)")
        else:
            found.append(number(argument))
    return found


def _truths(arguments: Sequence[Value | Rows]) -> list[bool]:
    """What AND and OR look at; a rectangle's empty cells and texts are passed over. Nothing at all is #VALUE!."""
    rectangles = [argument if isinstance(argument, list) else [[number(argument)]] for argument in arguments]
    found = [x != 0 for rows in rectangles for row in rows for x in row if isinstance(x, (int, float))]
    if not found:
        raise FormulaError("#VALUE!")
    return found


def _average(*arguments: Value | Rows) -> float:
    found = numbers(arguments)
    return divide(math.fsum(found), len(found))


def _sumproduct(*arguments: Value | Rows) -> float:
    rectangles = [rows if isinstance(rows, list) else [[rows]] for rows in arguments]
    if len({(len(rows), len(rows[0])) for rows in rectangles}) != 1:
        raise FormulaError("#VALUE!")
    return math.fsum(map(math.prod, zip(*map(_factors, rectangles), strict=True)))


def _factors(rows: Rows) -> list[float]:
    """All numbers of a rectangle, 0 for its texts and empty cells."""
    found = [x for row in rows for x in row]
    kinds = set(map(type, found))
    if bool in kinds:
        raise ValueError("SUMPRODUCT of comparisons: Excel counts TRUE as 0 there, others as 1; write 1*(A1:A9>0)")
    return found if kinds <= {int, float} else [x if isinstance(x, (int, float)) else 0.0 for x in found]


def elementwise(do: Callable[..., Value]) -> Callable[..., Value | Rows]:
    """An operator for rectangles: a single value, row or column is stretched to the other's size, or it is #VALUE!."""

    def on_rectangles(*operands: Value | Rows) -> Value | Rows:
        if not any(isinstance(operand, list) for operand in operands):
            return do(*operands)
        all_rows = [operand if isinstance(operand, list) else [[operand]] for operand in operands]
        height, width = max(map(len, all_rows)), max(len(rows[0]) for rows in all_rows)
        if any(len(rows) not in (1, height) or len(rows[0]) not in (1, width) for rows in all_rows):
            raise FormulaError("#VALUE!")
        return [
            [do(*[rows[i % len(rows)][j % len(rows[0])] for rows in all_rows]) for j in range(width)]
            for i in range(height)
        ]

    return on_rectangles


def _index(rows: Rows, row: Value, column: Value = None) -> Value:
    if column is None and len(rows) > 1 and len(rows[0]) > 1:
        raise ValueError("INDEX of a rectangle is known only with a row and a column")
    position = [int(number(row)), int(number(column)) if column is not None else 1]
    if len(rows) == 1 and column is None:  # in a single row the one position given is the column
        position = [1, position[0]]
    if not (1 <= position[0] <= len(rows) and 1 <= position[1] <= len(rows[0])):
        raise FormulaError("#REF!")
    return rows[position[0] - 1][position[1] - 1]


def _match(wanted: Value, rows: Rows, kind: Value = 1) -> float:
    if kind != 0:
        raise ValueError("MATCH is known only with 0, an exact match, as its third argument")
    if isinstance(wanted, str) and set(wanted) & set("*?~"):
        raise ValueError(f"MATCH of {wanted!r}: patterns are not known here")
    values = [x for row in rows for x in row]
    found = next((place for place, x in enumerate(values, 1) if x is not None and _equal(wanted, x)), None)
    if found is None:
        raise FormulaError("#N/A")
    return found


def _log(value: Value, base: Value = 10) -> float:
    if number(value) <= 0 or number(base) <= 0:
        raise FormulaError("#NUM!")
    return divide(math.log(number(value)), math.log(number(base)))


def divide(a: float, b: float) -> float:
    """The quotient a / b, or #DIV/0!."""
    if b == 0:
        raise FormulaError("#DIV/0!")
    return a / b


def _power(a: float, b: float) -> float:
    if a == b == 0:
        raise ValueError("0^0: Excel gives #NUM!, others 1")
    if (a == 0 and b < 0) or (a < 0 and not b.is_integer()):
        raise FormulaError("#NUM!")
    return a**b


def _root(value: Value) -> float:
    if number(value) < 0:
        raise FormulaError("#NUM!")
    return math.sqrt(number(value))


def _remainder(value: Value, divisor: Value) -> float:
    if number(divisor) == 0:
        raise FormulaError("#DIV/0!")
    return number(value) % number(divisor)


def _close(a: float, b: float) -> bool:
    """Whether two numbers agree in about 15 digits, as LibreOffice compares them: 0.1 + 0.2 is 0.3."""
    if a == b:
        return True
    return abs(a - b) < min(abs(a), abs(b)) * 2**-48 and not (a.is_integer() and b.is_integer())


def _sum(a: float, b: float) -> float:
    """The sum, as LibreOffice gives it: 0 where only what was lost in rounding is left."""
    return 0.0 if _close(a, -b) else a + b


def _sides(a: Value | Rows, b: Value | Rows) -> tuple[Value, Value]:
    """Both sides of a comparison; an empty cell is 0, FALSE or "", as what it is compared with."""
    if isinstance(a, list) or isinstance(b, list):
        raise FormulaError("#VALUE!")
    a, b = type(b)() if a is None else a, type(a)() if b is None else b
    if isinstance(a, bool) != isinstance(b, bool) and not isinstance(a, str) and not isinstance(b, str):
        raise ValueError("a truth value beside a number: in Excel TRUE is more than any number, in others it is 1")
    return a, b


def _equal(a: Value, b: Value) -> bool:
    a, b = _sides(a, b)
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a.lower() == b.lower()
    return _close(number(a), number(b))


def _less(a: Value, b: Value) -> bool:
    a, b = _sides(a, b)
    if isinstance(a, str) or isinstance(b, str):
        raise ValueError("how a text and another value are ordered is not known here: compare numbers, or use = or <>")
    return number(a) < number(b) and not _close(number(a), number(b))


def _text(value: Value) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    text = f"{number(value):.15g}"
    if isinstance(value, bool) or "e" in text:
        raise ValueError(f"{value!r} as a text: programs differ in how they write it")
    return text


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "ABS": lambda x: abs(number(x)),
    "AND": lambda *xs: all(_truths(xs)),
    "AVERAGE": _average,
    "EXP": lambda x: math.exp(number(x)),
    "INDEX": _index,
    "LN": lambda x: _log(x, math.e),
    "LOG": _log,
    "MATCH": _match,
    "MAX": lambda *xs: max(numbers(xs), default=0.0),
    "MIN": lambda *xs: min(numbers(xs), default=0.0),
    "MOD": _remainder,
    "OR": lambda *xs: any(_truths(xs)),
    "PRODUCT": lambda *xs: math.prod(found) if (found := numbers(xs)) else 0.0,
    "SQRT": _root,
    "SUM": lambda *xs: math.fsum(numbers(xs)),
    "SUMPRODUCT": _sumproduct,
}

AGGREGATES = {"AND", "AVERAGE", "MAX", "MIN", "OR", "PRODUCT", "SUM"}  # a reference to a cell is a rectangle to these


def _on_numbers(do: Callable[[float, float], float]) -> Callable[[Value, Value], float]:
    return lambda a, b: do(number(a), number(b))


# Each operator between two values: how tightly it binds (a larger number is tighter), and what it does.
OPERATORS: dict[str, tuple[int, Callable[[Value, Value], Value]]] = {
    "=": (1, _equal),
    "<>": (1, lambda a, b: not _equal(a, b)),
    "<": (1, _less),
    ">": (1, lambda a, b: _less(b, a)),
    "<=": (1, lambda a, b: not _less(b, a)),
    ">=": (1, lambda a, b: not _less(a, b)),
    "&": (2, lambda a, b: _text(a) + _text(b)),
    "+": (3, _on_numbers(_sum)),
    "-": (3, _on_numbers(lambda a, b: _sum(a, -b))),
    "*": (4, _on_numbers(operator.mul)),
    "/": (4, _on_numbers(divide)),
    "^": (5, _on_numbers(_power)),
}
