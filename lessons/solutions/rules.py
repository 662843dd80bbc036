"""Whether an answer uses only what its exercise allows. It is read, not run.

`only` holds the puzzles of lesson 07 to a few means, `without` forbids a few by name.
"""

import ast
import dis
import inspect
import linecache
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType

BASICS = (
    "indexing, None, .unsqueeze, arithmetic, comparisons, len, .shape, torch.arange, "
    ".float() and the like"
)
_NAMES = {"torch", "len", "arange"}
_ATTRIBUTES = {
    "arange",
    "shape",
    "ndim",
    "unsqueeze",
    "float",
    "double",
    "long",
    "int",
    "bool",
    "to",
    "dtype",
}
_SYNTAX = """Name Attribute Constant Subscript Slice Tuple List Call keyword BinOp UnaryOp
    Compare operator unaryop Load Eq NotEq Lt LtE Gt GtE"""
_ALLOWED = tuple(getattr(ast, name) for name in _SYNTAX.split())
_WORDS = {
    **dict.fromkeys((ast.For, ast.While, ast.AsyncFor), "a loop"),
    **dict.fromkeys(
        (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp),
        "a loop (a comprehension)",
    ),
    **dict.fromkeys((ast.If, ast.IfExp, ast.Match), "an if"),
    **dict.fromkeys(
        (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr),
        "an assignment; give one expression",
    ),
    **dict.fromkeys((ast.And, ast.Or, ast.BoolOp), "`and` or `or` (of tensors: & and |)"),
    **dict.fromkeys((ast.Lambda, ast.FunctionDef), "a function of its own"),
}


def only(*extra: str) -> Callable[[Callable], str | None]:
    """The rule of a puzzle: one expression of `BASICS` and what is named here.

    Args:
        extra: further methods or functions by name, such as `"sum"`; `"@"` for the matrix
            product.

    Returns:
        a function that gives None for an answer that keeps the rule, and otherwise, in
        words, what breaks it. A `def` may hold a docstring and asserts beside its `return`.
    """
    allowed = ", ".join([BASICS, *(name if name == "@" else f".{name}" for name in extra)])

    def fault(answer: Callable, callers: tuple[Callable, ...] = ()) -> str | None:
        if (tree := _syntax(answer)) is None:
            return (
                "its source cannot be read here; write it in a cell, with a def of its own"
            )
        own = {  # an earlier answer may be called, if it keeps this rule, too
            name: fault(helper, (*callers, answer))
            for name, helper in _helpers(answer).items()
            if helper not in (*callers, answer)
        }
        return _extra_part(tree) or _forbidden(tree, set(extra), own)

    def broken(answer: Callable) -> str | None:
        return (found := fault(answer)) and f"{found}. Allowed: {allowed}"

    return broken


def without(*names: str) -> Callable[[Callable], str | None]:
    """The rule of an exercise that forbids functions or methods, by their names."""

    def broken(answer: Callable) -> str | None:
        used = [name for name in names if name in _used(answer, set())]
        return (
            f"it uses `{used[0]}`, which this exercise asks you to do without"
            if used
            else None
        )

    return broken


def _used(answer: Callable, seen: set[Callable]) -> set[str]:
    """The names that a function uses, and those that the functions it calls use."""
    answer = inspect.unwrap(answer)
    if answer in seen or not isinstance(answer, FunctionType):
        return {getattr(answer, "__name__", type(answer).__name__)}
    seen.add(answer)
    codes = [answer.__code__]
    for code in codes:
        codes += [part for part in code.co_consts if isinstance(part, CodeType)]
    names = {name for code in codes for name in code.co_names}
    known = [answer.__globals__[name] for name in names if name in answer.__globals__]
    called = [thing for thing in known if callable(thing)]
    return (names - _own(codes, answer.__globals__)).union(
        *(
            _used(thing, seen)
            if getattr(thing, "__globals__", None) is answer.__globals__
            else {getattr(thing, "__name__", type(thing).__name__)}
            for thing in called
        )
    )


def _own(codes: list[CodeType], around: dict[str, object]) -> set[str]:
    """The names of the same notebook's functions, which are read themselves."""
    steps = [step for code in codes for step in dis.get_instructions(code)]
    others = {
        step.argval for step in steps if step.opname not in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    return {
        step.argval
        for step in steps
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
        and step.argval not in others
        and getattr(around.get(step.argval), "__globals__", None) is around
    }


def _helpers(answer: Callable) -> dict[str, FunctionType]:
    """The student's own functions that an answer uses: those of the same notebook."""
    answer = inspect.unwrap(answer)
    around = answer.__globals__
    found = {name: around.get(name) for name in answer.__code__.co_names}
    return {
        name: thing
        for name, thing in found.items()
        if isinstance(thing, FunctionType) and thing.__globals__ is around
    }


def _syntax(answer: Callable) -> ast.FunctionDef | ast.Lambda | None:
    """A function's syntax tree; None where there is none, or two might be meant."""
    code = getattr(inspect.unwrap(answer), "__code__", None)
    if not isinstance(code, CodeType):
        return None
    for source in _sources(code):
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        found = [
            node
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.Lambda))
            and getattr(node, "name", "<lambda>") == code.co_name
            and _first_line(node) == code.co_firstlineno
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _sources(code: CodeType) -> Iterator[str]:
    """The file or cell that a function comes from; if it has none, as in a cell that
    begins with `%%time`, the cells that were run, the latest first."""
    if lines := linecache.getlines(code.co_filename):
        yield "".join(lines)
    elif "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
        for cell in reversed(shell.history_manager.input_hist_raw):
            first, _, body = cell.lstrip().partition("\n")
            yield shell.transform_cell(body) if first.startswith("%%") else ""


def _first_line(node: ast.FunctionDef | ast.Lambda) -> int:
    return min(
        [
            node.lineno,
            *(decorator.lineno for decorator in getattr(node, "decorator_list", [])),
        ]
    )


def _extra_part(tree: ast.FunctionDef | ast.Lambda) -> str | None:
    """What a function has besides arguments, a docstring, asserts and one return."""
    if (
        getattr(tree, "decorator_list", [])
        or tree.args.defaults
        or any(tree.args.kw_defaults)
    ):
        return "it has a decorator or a default argument"
    if isinstance(tree, ast.Lambda):
        return None
    for step in tree.body[:-1]:
        if not isinstance(step, ast.Assert) and not _is_docstring(step):
            found = _WORDS.get(type(step), "more than one return")
            return f"line {step.lineno - _first_line(tree) + 1} has {found}"
    last = tree.body[-1]
    return (
        None if isinstance(last, ast.Return) and last.value else "it must end with a return"
    )


def _is_docstring(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)


def _forbidden(
    tree: ast.FunctionDef | ast.Lambda, extra: set[str], own: dict[str, str | None]
) -> str | None:
    """The first thing in the answer's expression that is not allowed, and its line.

    Args:
        tree: the answer.
        extra: what the puzzle allows besides `BASICS`.
        own: the student's own functions, each with what is not allowed in it.
    """
    arguments = {
        argument.arg
        for argument in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)
    }
    answer = tree.body if isinstance(tree, ast.Lambda) else tree.body[-1].value
    for node in ast.walk(answer):
        used = None
        if isinstance(node, ast.Name) and node.id not in _NAMES | arguments:
            if node.id not in own:
                used = f"`{node.id}`"
            elif own[node.id]:
                used = f"`{node.id}`, of which {own[node.id]}"
        elif isinstance(node, ast.Attribute) and node.attr not in _ATTRIBUTES | extra:
            used = f"`.{node.attr}`"
        elif (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.MatMult)
            and "@" not in extra
        ):
            used = "`@`"
        elif not isinstance(node, _ALLOWED):
            used = _WORDS.get(type(node), f"`{type(node).__name__}`")
        if used:
            line = getattr(node, "lineno", answer.lineno) - _first_line(tree) + 1
            return f"line {line} uses {used}"
    return None
