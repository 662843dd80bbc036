"""Whether the answer to a puzzle uses only what the puzzle allows: its source is read, not run."""

import ast
import inspect
import linecache
from collections.abc import Callable
from types import CodeType

BASICS = "indexing, None, .unsqueeze, arithmetic, comparisons, len, .shape, torch.arange, .float() and the like"
_NAMES = {"torch", "len", "arange"}
_ATTRIBUTES = {"arange", "shape", "ndim", "unsqueeze", "float", "double", "long", "int", "bool"}
_ALLOWED = (
    *(ast.Name, ast.Attribute, ast.Constant, ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.Call, ast.keyword),
    *(ast.BinOp, ast.UnaryOp, ast.Compare, ast.operator, ast.unaryop, ast.Load),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)
_WORDS = {
    **dict.fromkeys((ast.For, ast.While, ast.AsyncFor), "a loop"),
    **dict.fromkeys((ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp), "a loop (a comprehension)"),
    **dict.fromkeys((ast.If, ast.IfExp, ast.Match), "an if"),
    **dict.fromkeys((ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr), "an assignment; give one expression"),
    **dict.fromkeys((ast.And, ast.Or, ast.BoolOp), "`and` or `or` (of tensors: & and |)"),
    **dict.fromkeys((ast.Lambda, ast.FunctionDef), "a function of its own"),
}


def only(*extra: str) -> Callable[[Callable], str | None]:
    """The rule of a puzzle: one expression of `BASICS` and what is named here.

    Args:
        extra: further methods or functions by name, such as `"sum"`; `"@"` for the matrix product.

    Returns:
        a function that gives None for an answer that keeps the rule, and otherwise, in words, what breaks it.
        A `def` may hold a docstring and asserts beside its one `return`.
    """
    allowed = ", ".join([BASICS, *(name if name == "@" else f".{name}" for name in extra)])

    def broken(answer: Callable) -> str | None:
        if (tree := _syntax(answer)) is None:
            return "its source cannot be read here; write it in a cell, with a def of its own"
        fault = _extra_part(tree) or _forbidden(tree, set(extra))
        return fault and f"{fault}. Allowed: {allowed}"

    return broken


def _syntax(answer: Callable) -> ast.FunctionDef | ast.Lambda | None:
    """The syntax tree of a function; None where there is none, or where two might be meant."""
    code = getattr(inspect.unwrap(answer), "__code__", None)
    if not isinstance(code, CodeType):
        return None
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:
        return None
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.Lambda))
        and getattr(node, "name", "<lambda>") == code.co_name
        and _first_line(node) == code.co_firstlineno
    ]
    return found[0] if len(found) == 1 else None


def _first_line(node: ast.FunctionDef | ast.Lambda) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


def _extra_part(tree: ast.FunctionDef | ast.Lambda) -> str | None:
    """What a function has besides arguments, a docstring, asserts and one return."""
    if getattr(tree, "decorator_list", []) or tree.args.defaults or any(tree.args.kw_defaults):
        return "it has a decorator or a default argument"
    if isinstance(tree, ast.Lambda):
        return None
    for step in tree.body[:-1]:
        if not isinstance(step, ast.Assert) and not _is_docstring(step):
            return f"line {step.lineno - _first_line(tree) + 1} has {_WORDS.get(type(step), 'more than one return')}"
    last = tree.body[-1]
    return None if isinstance(last, ast.Return) and last.value else "it must end with a return"


def _is_docstring(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)


def _forbidden(tree: ast.FunctionDef | ast.Lambda, extra: set[str]) -> str | None:
    """The first thing in the answer's expression that is not allowed, and the line of the function it stands in."""
    arguments = {argument.arg for argument in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)}
    answer = tree.body if isinstance(tree, ast.Lambda) else tree.body[-1].value
    for node in ast.walk(answer):
        used = None
        if isinstance(node, ast.Name) and node.id not in _NAMES | arguments:
            used = f"`{node.id}`"
        elif isinstance(node, ast.Attribute) and node.attr not in _ATTRIBUTES | extra:
            used = f"`.{node.attr}`"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and "@" not in extra:
            used = "`@`"
        elif not isinstance(node, _ALLOWED):
            used = _WORDS.get(type(node), f"`{type(node).__name__}`")
        if used:
            return f"line {getattr(node, 'lineno', answer.lineno) - _first_line(tree) + 1} uses {used}"
    return None
