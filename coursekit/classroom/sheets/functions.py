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
    if isinstance(value, str) and any(map(str.isdigit, value)):
        raise ValueError(f"the text {value!r} where a number is needed: programs read it differently; write a number")
    if isinstance(value, (str, list)):
        raise FormulaError("#VALUE!")
    return float(value or 0)


def _rows(value: Value | Rows) -> Rows:
    return value if isinstance(value, list) else [[value]]


def numbers(arguments: Sequence[Value | Rows]) -> list[float]:
    """All numbers among the arguments; a rectangle's empty cells and texts are passed over."""
    found = _passed_over(arguments)
    if any(isinstance(x, bool) for x in found):
        raise ValueError("a truth value among numbers: Excel passes over it, others count 1; write 1*(A1>0)")
    return found


def _passed_over(arguments: Sequence[Value | Rows]) -> list[float | bool]:
    rectangles = [argument if isinstance(argument, list) else [[number(argument)]] for argument in arguments]
    return [x for rows in rectangles for row in rows for x in row if isinstance(x, (int, float))]


def _truths(arguments: Sequence[Value | Rows]) -> list[bool]:
    """What AND and OR look at; a rectangle's empty cells and texts are passed over. Nothing at all is #VALUE!."""
    if not (found := _passed_over(arguments)):
        raise FormulaError("#VALUE!")
    return [x != 0 for x in found]


def _sumproduct(*arguments: Value | Rows) -> float:
    rectangles = [_rows(rows) for rows in arguments]
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
        all_rows = [_rows(operand) for operand in operands]
        height, width = max(map(len, all_rows)), max(len(rows[0]) for rows in all_rows)
        if any(len(rows) not in (1, height) or len(rows[0]) not in (1, width) for rows in all_rows):
            raise FormulaError("#VALUE!")
        stretched = [[row * (width // len(row)) for row in rows] * (height // len(rows)) for rows in all_rows]
        return [list(map(do, *lines)) for lines in zip(*stretched, strict=True)]

    return on_rectangles


def _index(rows: Rows, row: Value, column: Value = None) -> Value:
    if column is None and len(rows) > 1 and len(rows[0]) > 1:
        raise ValueError("INDEX of a rectangle is known only with a row and a column")
    position = [int(number(row)), int(number(column)) if column is not None else 1]
    if len(rows) == 1 and column is None:  # in a single row the one position given is the column
        position.reverse()
    if not (1 <= position[0] <= len(rows) and 1 <= position[1] <= len(rows[0])):
        raise FormulaError("#REF!")
    return rows[position[0] - 1][position[1] - 1]


def _match(wanted: Value, rows: Rows, how: Value = 1) -> float:
    if how != 0:
        raise ValueError("MATCH is known only with 0, an exact match, as its third argument")
    if isinstance(wanted, str) and set(wanted) & set("*?~"):
        raise ValueError(f"MATCH of {wanted!r}: patterns are not known here")
    for position, x in enumerate((x for row in rows for x in row), 1):
        if x is not None and _equal(wanted, x):
            return position
    raise FormulaError("#N/A")


def _power(a: float, b: float) -> float:
    if a == b == 0:
        raise ValueError("0^0: Excel gives #NUM!, others 1")
    if (a == 0 and b < 0) or (a < 0 and not b.is_integer()):
        raise FormulaError("#NUM!")
    return a**b


def _close(a: float, b: float) -> bool:
    """Whether two numbers agree in about 15 digits, as LibreOffice compares them: 0.1 + 0.2 is 0.3."""
    return a == b or (abs(a - b) < min(abs(a), abs(b)) * 2**-48 and not (a.is_integer() and b.is_integer()))


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


def _on_numbers(do: Callable[..., float]) -> Callable[..., float]:
    return lambda *values: do(*map(number, values))


def _where_defined(do: Callable[..., float]) -> Callable[..., float]:
    """A function of `math`; outside of where it is defined it gives #NUM!."""

    def on_numbers(*values: Value) -> float:
        given = [number(value) for value in values]
        try:
            return do(*given)
        except ValueError:
            raise FormulaError("#NUM!") from None

    return on_numbers


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "ABS": _on_numbers(abs), "EXP": _on_numbers(math.exp), "MOD": _on_numbers(operator.mod),
    "LN": _where_defined(math.log), "LOG": _where_defined(lambda x, base=10.0: math.log(x, base)),
    "SQRT": _where_defined(math.sqrt),
    "AND": lambda *xs: all(_truths(xs)), "OR": lambda *xs: any(_truths(xs)),
    "MAX": lambda *xs: max(numbers(xs), default=0.0), "MIN": lambda *xs: min(numbers(xs), default=0.0),
    "SUM": lambda *xs: math.fsum(numbers(xs)), "AVERAGE": lambda *xs: math.fsum(found := numbers(xs)) / len(found),
    "PRODUCT": lambda *xs: math.prod(found) if (found := numbers(xs)) else 0.0,
    "SUMPRODUCT": _sumproduct, "INDEX": _index, "MATCH": _match,
}  # fmt: skip

AGGREGATES = {"AND", "AVERAGE", "MAX", "MIN", "OR", "PRODUCT", "SUM"}  # a reference to a cell is a rectangle to these

# Each operator between two values: how tightly it binds (a larger number is tighter), and what it does.
OPERATORS: dict[str, tuple[int, Callable[[Value, Value], Value]]] = {
    "=": (1, _equal), "<>": (1, lambda a, b: not _equal(a, b)),
    "<": (1, _less), ">=": (1, lambda a, b: not _less(a, b)),
    ">": (1, lambda a, b: _less(b, a)), "<=": (1, lambda a, b: not _less(b, a)),
    "&": (2, lambda a, b: _text(a) + _text(b)),
    "+": (3, _on_numbers(_sum)), "-": (3, _on_numbers(lambda a, b: _sum(a, -b))),
    "*": (4, _on_numbers(operator.mul)), "/": (4, _on_numbers(operator.truediv)), "^": (5, _on_numbers(_power)),
}  # fmt: skip
