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
from functools import partial, wraps
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
Range = np.ndarray  # of a rectangle of cells: Values, (rows, columns)


def guarded(do: Callable[..., Value | Range]) -> Callable[..., Value | Range]:
    """The same function, which gives as a value what a spreadsheet shows as an error."""

    def gives(*arguments: Value | Range) -> Value | Range:
        try:
            result = do(*arguments)
        except FormulaError as error:
            return FormulaError(error.code, error.where)
        except ArithmeticError as error:
            return FormulaError("#DIV/0!" if isinstance(error, ZeroDivisionError) else "#NUM!")
        return FormulaError("#NUM!") if isinstance(result, float) and not math.isfinite(result) else result

    return gives


def spread(do: Callable[..., Value | Range], positions: Sequence[int], given: Sequence[Value | Range]) -> Value | Range:
    """Call a function that takes single values at these positions for each element of the ranges that stand there.

    A single value, row or column is stretched to the size of the others.
    """
    ranges = [given[position] for position in positions if isinstance(given[position], Range)]
    if not ranges:
        return do(*given)
    try:
        np.broadcast_shapes(*(cells.shape for cells in ranges))
    except ValueError:
        shapes = " and ".join("{} x {}".format(*cells.shape) for cells in ranges)
        raise ValueError(f"rectangles of {shapes} cells: Excel fills up with #N/A, others leave out") from None
    as_they_are = set(range(len(given))) - set(positions)
    return np.vectorize(lambda *values: lone(do(*values)), otypes=[object], excluded=as_they_are)(*given)


def lone(value: Value | Range) -> Value:
    """The value in a range of one cell; more are refused."""
    if isinstance(value, Range) and value.size > 1:
        raise ValueError(f"{len(value)} x {len(value[0])} values where one is needed: enter it as an array formula")
    return value.item() if isinstance(value, Range) else value


def number(value: Value | Range) -> float:
    """A cell's value as a number: an empty cell counts as 0; a text is #VALUE!."""
    if isinstance(value, FormulaError):
        raise FormulaError(value.code, value.where)
    if isinstance(value, str) and any(map(str.isdigit, value)):
        raise ValueError(f"the text {value!r} where a number is needed: programs read it differently; write a number")
    if isinstance(value, str):
        raise FormulaError("#VALUE!")
    return float(value or 0)


def range_of(value: Value | Range) -> Range:
    """A range; a single value is one of one cell."""
    return np.atleast_2d(np.asarray(value, dtype=object))


def numbers(*arguments: Value | Range, truths: bool = False) -> list[float | bool]:
    """All numbers among the arguments (with `truths`, truth values too); a range's other cells are passed over."""
    found = list(chain(*(cells.flat if isinstance(cells, Range) else [number(cells)] for cells in arguments)))
    kinds = set(map(type, found))
    if FormulaError in kinds:
        number(next(x for x in found if isinstance(x, FormulaError)))
    if bool in kinds and not truths:
        raise ValueError("a truth value among numbers: Excel passes over it, others count 1; write 1*(A1>0)")
    return found if kinds == {float} else [x for x in found if isinstance(x, (float, bool))]


def _truths(arguments: Sequence[Value | Range]) -> list[bool]:
    """What AND and OR look at; a range's empty cells and texts are passed over. Nothing at all is #VALUE!."""
    if not (found := numbers(*arguments, truths=True)):
        raise FormulaError("#VALUE!")
    return [x != 0 for x in found]


def _count(*arguments: Value | Range) -> float:
    cells = list(chain(*(range_of(x).flat for x in arguments)))
    if bool in set(map(type, cells)) or any(isinstance(x, str) for x in arguments):
        raise ValueError("COUNT of a truth value, or of a text that is in no cell: programs differ in this")
    return float(sum(isinstance(x, float) for x in cells))


def _side_by_side(code: str, arguments: Sequence[Value | Range]) -> Range:
    """The cells of ranges of one size, those at the same place in one row; ranges of several sizes give an error."""
    ranges = list(map(range_of, arguments))
    if len({cells.shape for cells in ranges}) > 1:
        raise FormulaError(code)
    return np.stack(ranges, -1).reshape(-1, len(ranges))


def _sumproduct(*arguments: Value | Range) -> float:
    cells = _side_by_side("#VALUE!", arguments)
    kinds = set(map(type, cells.flat))
    if FormulaError in kinds and {str, type(None)} & kinds:
        raise ValueError("an error beside a text or an empty cell: Excel shows the error, others may pass it over")
    if kinds != {float}:
        numbers(cells)  # refuses what is none, but for texts and empty cells, which count 0
        cells = [[x if isinstance(x, float) else 0.0 for x in factors] for factors in cells]
    return math.fsum(map(math.prod, cells))


def _sumxmy2(left: Value | Range, right: Value | Range) -> float:
    pairs = _side_by_side("#N/A", [left, right])
    if any(isinstance(x, str) or (x is None and any(pair)) for pair in pairs for x in pair):
        raise ValueError("SUMXMY2 of a text, or of an empty cell and another number than 0: programs differ in this")
    numbers(pairs)  # passes on errors, refuses truth values
    return math.fsum(((a or 0.0) - (b or 0.0)) ** 2 for a, b in pairs)


def _mmult(left: Value | Range, right: Value | Range) -> Range:
    left, right = range_of(left), range_of(right)
    for x in (*left.flat, *right.flat):
        if not isinstance(x, float):
            raise ValueError(f"MMULT of {x!r}, which is no number: programs differ in this")
    if left.shape[1] != len(right):
        raise FormulaError("#VALUE!")
    if abs(left).max() * abs(right).max() * len(right) > 1e308:
        raise FormulaError("#NUM!")
    return left @ right


def _index(cells: Range, row: Value, column: Value = None) -> Range:
    if column is None and min(cells.shape) > 1:
        raise ValueError("INDEX of a rectangle is known only with a row and a column")
    at = [int(number(row)), int(number(column)) if column is not None else 1]
    if len(cells) == 1 and column is None:  # in a single row the one position given is the column
        at.reverse()
    if min(at) < 0:
        raise FormulaError("#VALUE!")
    if at[0] > len(cells) or at[1] > len(cells[0]):
        raise FormulaError("#REF!")
    return cells[tuple(slice(x - 1, x) if x else slice(None) for x in at)]  # 0 stands for all


def _position(wanted: Value, cells: Sequence[Value], exact: bool) -> int:
    """Where a value is among cells, from 0; if not `exact`, where the last number is that is not more than it."""
    if wanted is None or (isinstance(wanted, str) and set(wanted) & set("*?~")):
        raise ValueError(f"a search for {wanted!r}: neither patterns nor empty cells are known here")
    if exact:
        known = (not (x is None or isinstance(x, FormulaError)) and _difference(wanted, x) == 0 for x in cells)
        found = next((place for place, equal in enumerate(known) if equal), -1)
    elif {type(wanted), *map(type, cells)} != {float} or any(b < a for a, b in pairwise(cells)):
        raise ValueError("a search that is not for an exact match is known only in sorted numbers")
    else:
        found = sum(not _less(wanted, x) for x in cells) - 1
    if found < 0:
        raise FormulaError("#N/A")
    return found


def _match(wanted: Value, cells: Range, how: Value = 1.0) -> float:
    if how not in (0, 1):
        raise ValueError("MATCH is known with 0, an exact match, or 1 as its third argument")
    if min(cells.shape) > 1:
        raise FormulaError("#N/A")
    return _position(wanted, cells.ravel().tolist(), how == 0) + 1.0


def _vlookup(wanted: Value, cells: Range, column: Value, near: Value = True) -> Value:
    place = int(number(column))
    if not 1 <= place <= len(cells[0]):
        raise FormulaError("#REF!" if place > 0 else "#VALUE!")
    return cells[_position(wanted, cells[:, 0].tolist(), not number(near)), place - 1]


def _xlookup(wanted: Value, where: Range, results: Range, missing: Value = NOT_FOUND) -> Value | Range:
    down = len(where[0]) == 1
    if min(where.shape) > 1 or where.size != results.shape[0 if down else 1]:
        raise FormulaError("#VALUE!")
    found = guarded(_position)(wanted, where.ravel().tolist(), True)
    if isinstance(found, FormulaError):
        return missing
    return results[[found]] if down else results[:, [found]]


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
        return OPERATORS[sign][1].do(x, operand) if isinstance(x, type(operand)) else sign == "<>"

    return test


def _chosen(cells: Range, wanted: Value, results: Range | None = None) -> list[float]:
    """The numbers that SUMIF and AVERAGEIF add up."""
    results, meets = cells if results is None else results, np.vectorize(_criterion(wanted), otypes=[bool])
    if results.shape != cells.shape:
        raise ValueError("a criterion's range and the range to add up are known only with one shape")
    return numbers(results[meets(cells)])


def _rank(x: Value, cells: Range, ascending: Value = False) -> float:
    found, x, sign = numbers(cells), number(x), 1 if number(ascending) else -1
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
    if a < 0 and not b.is_integer() and round(1 / b) % 2 and _close(b, 1 / round(1 / b)):
        raise ValueError(f"{a}^{b}, an odd root of a negative number: programs differ in this")
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


def _difference(a: Value, b: Value) -> float:
    """How much more one value is than another, 0 if they are equal; nan for a text that another value does not equal.

    An empty cell is 0, FALSE or "", as what it is compared with.
    """
    a, b = type(b)() if a is None else a, type(a)() if b is None else b
    if isinstance(a, str) or isinstance(b, str):
        return 0.0 if type(a) is type(b) and a.lower() == b.lower() else math.nan
    if isinstance(a, bool) != isinstance(b, bool):
        raise ValueError("a truth value beside a number: in Excel TRUE is more than any number, in others it is 1")
    return _sum(number(a), -number(b))


def _less(a: Value, b: Value) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        raise ValueError("how a text and another value are ordered is not known here: compare numbers, or use = or <>")
    return _difference(a, b) < 0


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


def _angle(x: float) -> float:
    if abs(x) >= 2**27:
        raise ValueError("the cosine or sine of 2^27 or more: an error to Excel, a number to others")
    return x


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
    do: Callable[..., Value | Range]

    def letters(self, count: int) -> str:
        """The letters of so many arguments."""
        return self.takes.ljust(count, self.takes[-1:] or "v")[:count]

    def of(self, count: int, in_array: bool) -> Callable[[Sequence[Value | Range]], Value | Range]:
        """The same for a list of so many arguments; an error where one value is taken is the result itself."""
        kinds = self.letters(count)
        single = [place for place, kind in enumerate(kinds) if kind in "vs"]
        spreading = [place for place, kind in enumerate(kinds) if kind == "v" and in_array]

        def one(*given: Value | Range) -> Value | Range:
            for place in single:
                if isinstance(given[place], FormulaError):
                    return given[place]
            return self.do(*given)

        return partial(spread, guarded(one), spreading)


_FUNCTIONS: dict[str, dict[str, Callable[..., Value | Range]]] = {
    "v": {name: _on_numbers(do) for name, do in {
        "ABS": lambda x: abs(x), "MOD": _mod, "POWER": _power, "ROUND": _round, "TANH": lambda x: math.tanh(x),
        "COS": lambda x: math.cos(_angle(x)), "SIN": lambda x: math.sin(_angle(x)),
        "RADIANS": lambda x: math.radians(x),
        "EXP": lambda x: math.exp(x), "SQRT": lambda x: math.sqrt(x) if x >= 0 else math.nan,
        "LN": lambda x: math.log(x) if x > 0 else math.nan, "LOG10": lambda x: math.log10(x) if x > 0 else math.nan,
        "LOG": lambda x, base=10.0: math.log(x, base) if min(x, base) > 0 else math.nan,
    }.items()},
    "r": {
        "AND": lambda *xs: all(_truths(xs)), "OR": lambda *xs: any(_truths(xs)), "COUNT": _count,
        "MAX": lambda *xs: max(numbers(*xs), default=0.0), "MIN": lambda *xs: min(numbers(*xs), default=0.0),
        "SUM": lambda *xs: math.fsum(numbers(*xs)), "SUMSQ": lambda *xs: math.fsum(x * x for x in numbers(*xs)),
        "AVERAGE": lambda *xs: math.fsum(found := numbers(*xs)) / len(found),
        "PRODUCT": lambda *xs: math.prod(found) if (found := numbers(*xs)) else 0.0,
        "TRANSPOSE": lambda cells: range_of(cells).T,
    },
    "a": {"SUMPRODUCT": _sumproduct, "SUMXMY2": _sumxmy2, "MMULT": _mmult},
    "Rs": {"INDEX": _index},
    "vRs": {"MATCH": _match, "VLOOKUP": _vlookup, "RANK": _rank, "RANK.EQ": _rank,
        "HLOOKUP": lambda wanted, cells, row, near=True: _vlookup(wanted, cells.T, row, near)},
    "vRRe": {"XLOOKUP": _xlookup},
    "Rv": {"COUNTIF": lambda cells, wanted: float(sum(map(_criterion(wanted), cells.flat)))},
    "RvR": {
        "SUMIF": lambda cells, wanted, results=None: math.fsum(_chosen(cells, wanted, results)),
        "AVERAGEIF": lambda cells, wanted, results=None: math.fsum(x := _chosen(cells, wanted, results)) / len(x),
    },
    "b": {"IF": _if, "IFERROR": lambda value, instead: instead if isinstance(value, FormulaError) else value},
    "": {"NA": lambda: FormulaError("#N/A")},
}  # fmt: skip
FUNCTIONS = {name: Function(takes, do) for takes, group in _FUNCTIONS.items() for name, do in group.items()}

# Each operator between two values; a later line binds tighter.
_OPERATORS: list[dict[str, Callable[[Value, Value], Value]]] = [
    {"=": lambda a, b: _difference(a, b) == 0, "<>": lambda a, b: _difference(a, b) != 0, "<": _less,
     ">": lambda a, b: _less(b, a), "<=": lambda a, b: not _less(b, a), ">=": lambda a, b: not _less(a, b)},
    {"&": lambda a, b: _text(a) + _text(b)},
    {"+": _on_numbers(_sum), "-": _on_numbers(lambda a, b: _sum(a, -b))},
    {"*": _on_numbers(operator.mul), "/": _on_numbers(operator.truediv)},
    {"^": _on_numbers(_power)},
]  # fmt: skip
_SIGNS = {"+": lambda x: x, "-": lambda x: -number(x), "%": lambda x: number(x) / 100}  # before a value, or behind it
SIGNS = {sign: Function("v", do) for sign, do in _SIGNS.items()}
OPERATORS = {sign: (level, Function("v", do)) for level, line in enumerate(_OPERATORS, 1) for sign, do in line.items()}
