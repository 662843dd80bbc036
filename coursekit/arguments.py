"""Arguments that do not fit, named in words: by type where that says it, else beside what came of them."""

import dis
import inspect
import re
from collections.abc import Callable, Sequence
from functools import wraps
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin


def in_words(function: Callable) -> Callable:
    """A function (or a class, when it is made) whose raw errors become a TypeError or ValueError that names arguments.

    Nothing is looked at before something failed, so a call costs no more. What was raised on purpose stays as it is.
    """
    if inspect.isclass(function):
        function.__init__ = in_words(function.__init__)
        return function

    @wraps(function)
    def called(*args: object, **options: object) -> object:
        try:
            return function(*args, **options)
        except (TypeError, AttributeError, LookupError, RuntimeError, ArithmeticError, ValueError) as error:
            if _on_purpose(error):
                raise
            try:
                bound = inspect.signature(function).bind(*args, **options)
            except TypeError:  # Python's own, of a missing or an unknown argument, names it
                raise error from None
            name, parameters = function.__qualname__.removesuffix(".__init__"), inspect.signature(function).parameters
            bound.arguments.pop("self", None)
            for what, value in bound.arguments.items():
                if not fits(value, parameters[what].annotation):
                    needed = re.sub(r"\b(?:\w+\.)+", "", inspect.formatannotation(parameters[what].annotation))
                    raise TypeError(f"{name}: {what} must be {needed}; found {brief(value)}") from error
            given = ", ".join(f"{what} = {brief(value)}" for what, value in bound.arguments.items())
            raise ValueError(f"{name} cannot work with {given}: {str(error) or type(error).__name__}") from error

    return called


def _on_purpose(error: Exception) -> bool:
    """Whether a `raise` of the course raised it."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    ours = Path(code.co_filename).is_relative_to(Path(__file__).parent)
    return ours and code.co_code[trace.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def fits(value: object, annotation: object) -> bool:
    """Whether a value is of an annotated type, as far as its outside tells."""
    origin, numbers = get_origin(annotation), {float: Real, int: Integral}
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in get_args(annotation))
    if isinstance(annotation, str):  # of a library that is imported when it is needed
        return annotation.split(".")[0] != "pd" or type(value).__name__ == annotation.split(".")[-1]
    made = origin or annotation
    if made is Sequence:
        return hasattr(value, "__len__") and hasattr(value, "__getitem__") and not isinstance(value, (str, bytes, dict))
    return not isinstance(made, type) or made in (object, Any) or isinstance(value, numbers.get(made, made))


def brief(value: object) -> str:
    """What a value is, in a few characters: a tensor's shape and dtype, the type and beginning of anything else."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__name__} of shape {tuple(value.shape)}, {value.dtype}"
    return f"{type(value).__name__} {value!r:.60}"
