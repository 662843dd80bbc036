"""What spreadsheet functions and operators do, in Python: the part of them that workbooks of this field use.

A value is a number, a text, a truth value, None (an empty cell) or a `FormulaError`, which is passed on like any other
value. Where Excel and LibreOffice differ, or what they do is not known here, a plain ValueError says so, and nothing
catches it: not even IFERROR. In four corners Excel is followed though LibreOffice 7.4 differs: an error among results
of an array is one to MAX (and to SUM, if it is the only one), #N/A^0 is #N/A, AND and OR pass over texts among such
results, and a range beside MMULT in a plain formula is the cell in the formula's own row.
"""

import math
import operator
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np


class FormulaError(ValueError):
    """What a spreadsheet shows as #DIV/0!, #N/A, #NUM!, #REF! or #VALUE!: `code`, and the cell where it arose."""

    def __init__(self, code: str, where: str = "") -> None:
        """Keep the code and the cell's address, which is not yet known where a function fails."""
        super().__init__(f"{where} gives {code}" if where else code)
        self.code, self.where = code, where


NOT_FOUND = FormulaError("#N/A")
Value = float | str | bool | None | FormulaError  # of one cell; None is an empty one
Rows = list[list[Value]]  # of a range


def guarded(do: Callable[..., Value | Rows], places: Sequence[int] = ()) -> Callable[..., Value | Rows]:
    """The same function, which gives as a value what a spreadsheet shows as an error, also one at these `places`."""

    def gives(*arguments: Value | Rows) -> Value | Rows:
        for place in places:
            if isinstance(arguments[place], FormulaError):
                return arguments[place]
        try:
            result = do(*arguments)
        except FormulaError as error:
            return FormulaError(error.code, error.where)
        except ZeroDivisionError:
            return FormulaError("#DIV/0!")
        except OverflowError:
            return FormulaError("#NUM!")
        return FormulaError("#NUM!") if isinstance(result, float) and not math.isfinite(result) else result

    return gives


def spread(do: Callable[..., Value | Rows], arguments: Sequence[Value | Rows], places: Sequence[int]) -> Value | Rows:
    """Call a function that takes single values at these places for each element of the rectangles that stand there.

    A single value, row or column is stretched to the size of the others.
    """
    if not any(isinstance(arguments[place], list) for place in places):
        return do(*arguments)

    def one(*values: Value) -> Value:
        given = dict(zip(places, values, strict=True))
        return lone(do(*(given.get(place, argument) for place, argument in enumerate(arguments))))

    arrays = [np.array(arguments[place], dtype=object) for place in places]
    try:
        arrays = np.broadcast_arrays(*arrays)
    except ValueError:
        shapes = " and ".join("{} x {}".format(*array.shape) for array in arrays if array.ndim)
        raise ValueError(f"rectangles of {shapes} cells: Excel fills up with #N/A, others leave out") from None
    return [list(map(one, *rows)) for rows in zip(*(array.tolist() for array in arrays), strict=True)]


def lone(value: Value | Rows) -> Value:
    """The value in a rectangle of one; more are refused."""
    if isinstance(value, list) and (len(value) > 1 or len(value[0]) > 1):
        raise ValueError(f"{len(value)} x {len(value[0])} values where one is needed: enter it as an array formula")
    return value[0][0] if isinstance(value, list) else value


def number(value: Value | Rows) -> float:
    """A cell's value as a number: an empty cell counts as 0; a text is #VALUE!."""
    if isinstance(value, FormulaError):
        raise FormulaError(value.code, value.where)
    if isinstance(value, str) and any(map(str.isdigit, value)):
        raise ValueError(f"the text {value!r} where a number is needed: programs read it differently; write a number")
    if isinstance(value, str):
        raise FormulaError("#VALUE!")
    return float(value or 0)


def rows_of(value: Value | Rows) -> Rows:
    """A range; a single value is one of one cell."""
    return value if isinstance(value, list) else [[value]]


def numbers(*arguments: Value | Rows, truths: bool = False) -> list[float | bool]:
    """All numbers among the arguments (with `truths`, truth values too); a range's other cells are passed over."""
    ranges = [argument if isinstance(argument, list) else [[number(argument)]] for argument in arguments]
    found = [x for rows in ranges for row in rows for x in row]
    kinds = set(map(type, found))
    if FormulaError in kinds:
        number(next(x for x in found if isinstance(x, FormulaError)))
    if bool in kinds and not truths:
        raise ValueError("a truth value among numbers: Excel passes over it, others count 1; write 1*(A1>0)")
    return found if kinds == {float} else [x for x in found if isinstance(x, (float, bool))]


def _truths(arguments: Sequence[Value | Rows]) -> list[bool]:
    """What AND and OR look at; a range's empty cells and texts are passed over. Nothing at all is #VALUE!."""
    if not (found := numbers(*arguments, truths=True)):
        raise FormulaError("#VALUE!")
    return [x != 0 for x in found]


def _count(*arguments: Value | Rows) -> float:
    cells = list(chain(*chain(*map(rows_of, arguments))))
    if bool in set(map(type, cells)) or any(isinstance(x, str) for x in arguments):
        raise ValueError("COUNT of a truth value, or of a text that is in no cell: programs differ in this")
    return float(sum(isinstance(x, float) for x in cells))


def _side_by_side(code: str, arguments: Sequence[Value | Rows]) -> list[tuple[Value, ...]]:
    """The cells of ranges of one size that stand at the same place; ranges of several sizes give an error."""
    ranges = list(map(rows_of, arguments))
    if len({(len(rows), len(rows[0])) for rows in ranges}) != 1:
        raise FormulaError(code)
    return list(zip(*(chain(*rows) for rows in ranges), strict=True))


def _sumproduct(*arguments: Value | Rows) -> float:
    cells = _side_by_side("#VALUE!", arguments)
    kinds = set(map(type, chain(*cells)))
    if FormulaError in kinds and {str, type(None)} & kinds:
        raise ValueError("an error beside a text or an empty cell: Excel shows the error, others may pass it over")
    if kinds != {float}:
        numbers(cells)  # refuses what is none, but for texts and empty cells, which count 0
        cells = [[x if isinstance(x, float) else 0.0 for x in factors] for factors in cells]
    return math.fsum(map(math.prod, cells))


def _sumxmy2(left: Value | Rows, right: Value | Rows) -> float:
    pairs = _side_by_side("#N/A", [left, right])
    if any(isinstance(x, str) or (x is None and any(pair)) for pair in pairs for x in pair):
        raise ValueError("SUMXMY2 of a text, or of an empty cell and another number than 0: programs differ in this")
    numbers(pairs)  # passes on errors, refuses truth values
    return math.fsum(((a or 0.0) - (b or 0.0)) ** 2 for a, b in pairs)


def _mmult(left: Value | Rows, right: Value | Rows) -> Rows:
    for x in chain(*rows_of(left), *rows_of(right)):
        if not isinstance(x, float):
            raise ValueError(f"MMULT of {x!r}, which is no number: programs differ in this")
    left, right = np.array(rows_of(left)), np.array(rows_of(right))
    if left.shape[1] != right.shape[0]:
        raise FormulaError("#VALUE!")
    if abs(left).max() * abs(right).max() * len(right) > 1e308:
        raise FormulaError("#NUM!")
    return (left @ right).tolist()


def _transpose(rows: Value | Rows) -> Rows:
    return list(map(list, zip(*rows_of(rows), strict=True)))


def _index(rows: Rows, row: Value, column: Value = None) -> Rows:
    if column is None and len(rows) > 1 and len(rows[0]) > 1:
        raise ValueError("INDEX of a rectangle is known only with a row and a column")
    at = [int(number(row)), int(number(column)) if column is not None else 1]
    if len(rows) == 1 and column is None:  # in a single row the one position given is the column
        at.reverse()
    if min(at) < 0:
        raise FormulaError("#VALUE!")
    if at[0] > len(rows) or at[1] > len(rows[0]):
        raise FormulaError("#REF!")
    (top, bottom), (left, right) = ((x - 1, x) if x else (0, None) for x in at)  # 0 stands for all
    return [cells[left:right] for cells in rows[top:bottom]]


def _position(wanted: Value, cells: Sequence[Value], exact: bool) -> int:
    """Where a value is among cells, from 0; if not `exact`, where the last number is that is not more than it."""
    if wanted is None or (isinstance(wanted, str) and set(wanted) & set("*?~")):
        raise ValueError(f"a search for {wanted!r}: neither patterns nor empty cells are known here")
    if exact:
        known = (not (x is None or isinstance(x, FormulaError)) and _equal(wanted, x) for x in cells)
        found = next((place for place, equal in enumerate(known) if equal), -1)
    elif {type(wanted), *map(type, cells)} != {float} or any(b < a for a, b in pairwise(cells)):
        raise ValueError("a search that is not for an exact match is known only in sorted numbers")
    else:
        found = sum(not _less(wanted, x) for x in cells) - 1
    if found < 0:
        raise FormulaError("#N/A")
    return found


def _match(wanted: Value, rows: Rows, how: Value = 1.0) -> float:
    if how not in (0, 1):
        raise ValueError("MATCH is known with 0, an exact match, or 1 as its third argument")
    if len(rows) > 1 and len(rows[0]) > 1:
        raise FormulaError("#N/A")
    return _position(wanted, list(chain(*rows)), how == 0) + 1.0


def _vlookup(wanted: Value, rows: Rows, column: Value, near: Value = True) -> Value:
    place = int(number(column))
    if not 1 <= place <= len(rows[0]):
        raise FormulaError("#REF!" if place > 0 else "#VALUE!")
    return rows[_position(wanted, [row[0] for row in rows], not number(near))][place - 1]


def _xlookup(wanted: Value, where: Rows, results: Rows, missing: Value = NOT_FOUND) -> Value | Rows:
    cells, down = list(chain(*where)), len(where[0]) == 1
    if min(len(where), len(where[0])) > 1 or len(cells) != len(results if down else results[0]):
        raise FormulaError("#VALUE!")
    found = guarded(_position)(wanted, cells, True)
    if isinstance(found, FormulaError):
        return missing
    return [results[found]] if down else [[row[found]] for row in results]


def _criterion(wanted: Value) -> Callable[[Value], bool]:
    """What SUMIF and its like look for, as a test of one cell: 5, ">=5", "word" or "<>word"."""
    found = re.fullmatch("(<>|<=|>=|=|<|>|)(.*)", wanted, re.DOTALL) if isinstance(wanted, str) else ["", "=", wanted]
    sign, operand = found[1] or "=", found[2]
    if isinstance(operand, str) and re.fullmatch(r"[-+]?\d+(\.\d+)?", operand):
        operand = float(operand)
    is_word = isinstance(operand, str) and re.fullmatch(r"(?!true$|false$)[^\d*?~]+", operand, re.IGNORECASE)
    if not isinstance(operand, float) and not (is_word and sign in ("=", "<>")):
        raise ValueError(f"the criterion {wanted!r} is not known: compare with a number, or a word with = or <>")

    def test(x: Value) -> bool:
        if isinstance(x, (bool, FormulaError)) or (isinstance(x, str) and not is_word and any(map(str.isdigit, x))):
            raise ValueError(f"whether {x!r} meets the criterion {wanted!r}: programs differ in this")
        return OPERATORS[sign][1](x, operand) if isinstance(x, type(operand)) else sign == "<>"

    return test


def _chosen(rows: Rows, wanted: Value, results: Rows | None = None) -> list[float]:
    """The numbers that SUMIF and AVERAGEIF add up."""
    results, test = results or rows, _criterion(wanted)
    if (len(results), len(results[0])) != (len(rows), len(rows[0])):
        raise ValueError("a criterion's range and the range to add up are known only with one shape")
    return numbers([[y for x, y in zip(chain(*rows), chain(*results), strict=True) if test(x)]])


def _rank(x: Value, rows: Rows, ascending: Value = False) -> float:
    found, x, sign = numbers(rows), number(x), 1 if number(ascending) else -1
    if x not in found:
        raise ValueError(f"RANK of {x!r}, which is not among the numbers: #N/A in Excel, a place in others")
    return 1.0 + sum(sign * other < sign * x for other in found)


def _round(x: float, digits: float) -> float:
    """To so many decimals, a half away from 0; of the decimal number that a sheet shows, so that 2.675 gives 2.68."""
    digits = min(int(digits), 300)
    if abs(x) * 10.0**digits >= 1e15:
        return x  # has no more digits than that
    step = Decimal(1).scaleb(-digits)
    found = {(Decimal(text) / step).quantize(Decimal(1), ROUND_HALF_UP) * step for text in (repr(x), f"{x:.15g}")}
    if len(found) > 1:
        raise ValueError(f"ROUND of {x!r}, a half only in its first 15 digits: programs differ in this")
    return float(found.pop())


def _mod(a: float, b: float) -> float:
    times = a / b
    if not times.is_integer() and _close(times, float(round(times))):
        raise ValueError(f"MOD of {a!r} and {b!r}, which leave a rest only by rounding: programs differ in this")
    return _sum(a, -b * math.floor(times))


def _power(a: float, b: float) -> float:
    if a == b == 0:
        raise ValueError("0^0: Excel gives #NUM!, others 1")
    if (a == 0 and b < 0) or (a < 0 and not b.is_integer()):
        raise FormulaError("#NUM!")
    if a and not (a**b):
        raise ValueError(f"{a}^{b} is too small for a number: 0 in Excel, #NUM! in others")
    return a**b


def _close(a: float, b: float) -> bool:
    """Whether two numbers agree in about 15 digits, as LibreOffice compares them: 0.1 + 0.2 is 0.3."""
    return a == b or (abs(a - b) < min(abs(a), abs(b)) * 2**-48 and not (a.is_integer() and b.is_integer()))


def _sum(a: float, b: float) -> float:
    """The sum, as LibreOffice gives it: 0 where only what was lost in rounding is left."""
    return 0.0 if _close(a, -b) else a + b


def _sides(a: Value, b: Value) -> tuple[Value, Value]:
    """Both sides of a comparison; an empty cell is 0, FALSE or "", as what it is compared with."""
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
    """A function of numbers; where it is not defined it gives nan, which becomes #NUM!."""
    return wraps(do)(lambda *values: do(*map(number, values)))


def _if(condition: Value, yes: Value, no: Value = False) -> Value:
    holds = guarded(number)(condition)
    return holds if isinstance(holds, FormulaError) else yes if holds else no


class Function(NamedTuple):
    """What a function or an operator does, and what it takes: a letter for each argument, the last for all that follow.

    Where v stands it takes one value, so in array formulas it is called for each element; where s or e stands, it takes
    one value even there, with e an error like any other. r and R are ranges, R of cells only unless it is in an array
    formula; a may be a range of results in any formula. With b it chooses one of its arguments.
    """

    takes: str
    do: Callable[..., Value | Rows]


_FUNCTIONS: dict[str, dict[str, Callable[..., Value | Rows]]] = {
    "v": {name: _on_numbers(do) for name, do in {
        "ABS": lambda x: abs(x), "MOD": _mod, "POWER": _power, "ROUND": _round, "TANH": lambda x: math.tanh(x),
        "EXP": lambda x: math.exp(x), "SQRT": lambda x: math.sqrt(x) if x >= 0 else math.nan,
        "LN": lambda x: math.log(x) if x > 0 else math.nan, "LOG10": lambda x: math.log10(x) if x > 0 else math.nan,
        "LOG": lambda x, base=10.0: math.log(x, base) if min(x, base) > 0 else math.nan,
    }.items()},
    "r": {
        "AND": lambda *xs: all(_truths(xs)), "OR": lambda *xs: any(_truths(xs)), "COUNT": _count,
        "MAX": lambda *xs: max(numbers(*xs), default=0.0), "MIN": lambda *xs: min(numbers(*xs), default=0.0),
        "SUM": lambda *xs: math.fsum(numbers(*xs)), "SUMSQ": lambda *xs: math.fsum(x * x for x in numbers(*xs)),
        "AVERAGE": lambda *xs: math.fsum(found := numbers(*xs)) / len(found),
        "PRODUCT": lambda *xs: math.prod(found) if (found := numbers(*xs)) else 0.0, "TRANSPOSE": _transpose,
    },
    "a": {"SUMPRODUCT": _sumproduct, "SUMXMY2": _sumxmy2, "MMULT": _mmult},
    "Rs": {"INDEX": _index},
    "vRs": {"MATCH": _match, "VLOOKUP": _vlookup, "RANK": _rank, "RANK.EQ": _rank,
        "HLOOKUP": lambda wanted, rows, row, near=True: _vlookup(wanted, _transpose(rows), row, near),},
    "vRRe": {"XLOOKUP": _xlookup},
    "Rv": {"COUNTIF": lambda rows, wanted: float(sum(map(_criterion(wanted), chain(*rows))))},
    "RvR": {
        "SUMIF": lambda rows, wanted, results=None: math.fsum(_chosen(rows, wanted, results)),
        "AVERAGEIF": lambda rows, wanted, results=None: math.fsum(x := _chosen(rows, wanted, results)) / len(x),
    },
    "b": {"IF": _if, "IFERROR": lambda value, instead: instead if isinstance(value, FormulaError) else value},
    "": {"NA": lambda: FormulaError("#N/A")},
}  # fmt: skip
FUNCTIONS = {name: Function(takes, do) for takes, group in _FUNCTIONS.items() for name, do in group.items()}

# Each operator between two values; a later line binds tighter.
_OPERATORS: list[dict[str, Callable[[Value, Value], Value]]] = [
    {"=": _equal, "<>": lambda a, b: not _equal(a, b), "<": _less, ">=": lambda a, b: not _less(a, b),
     ">": lambda a, b: _less(b, a), "<=": lambda a, b: not _less(b, a)},
    {"&": lambda a, b: _text(a) + _text(b)},
    {"+": _on_numbers(_sum), "-": _on_numbers(lambda a, b: _sum(a, -b))},
    {"*": _on_numbers(operator.mul), "/": _on_numbers(operator.truediv)},
    {"^": _on_numbers(_power)},
]  # fmt: skip
OPERATORS = {sign: (level, do) for level, group in enumerate(_OPERATORS, 1) for sign, do in group.items()}
