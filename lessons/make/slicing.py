"""Which code an answer needs, and what a function is by its source: a student's code is read here, and not run."""

import ast
import builtins
import contextlib
import importlib
import linecache
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType

from IPython.core.inputtransformer2 import TransformerManager


@dataclass
class Code:
    """A cell's code: its statements, and whether the student wrote it, so that it is run as a whole."""

    source: str
    own: bool
    statements: list[ast.stmt]


def code_of(source: str, own: bool) -> Code:
    """A cell as statements, without magics and checks; a cell with a mistake in its syntax has one that says so."""
    first, _, rest = source.lstrip().partition("\n")
    if first.startswith(("%%time", "%%capture")):
        source = rest
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Code(
            source, own, [ast.parse(f"raise SyntaxError({str(error)[:200]!r})").body[0]]
        )
    return Code(
        source,
        own,
        [
            step
            for step in tree.body
            if not _calls(step, ("check", "get_ipython", "progress"))
        ],
    )


def _calls(step: ast.stmt, names: tuple[str, ...]) -> bool:
    """Whether a statement is a call of one of these, and nothing else."""
    call = step.value if isinstance(step, ast.Expr) else None
    while isinstance(call, (ast.Call, ast.Attribute)):
        if isinstance(call, ast.Attribute) and call.attr in names:
            return True
        call = call.func if isinstance(call, ast.Call) else call.value
    return isinstance(call, ast.Name) and call.id in names


def names_of(step: ast.AST) -> tuple[set[str], set[str]]:
    """What a statement binds or changes at the top level, and what it uses."""
    table = symtable.symtable(ast.unparse(step), "<answer>", "exec")
    binds = {
        s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()
    }
    uses = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    uses |= _used_inside(step)
    for part in ast.walk(step):  # x[0] = 1, x.name = 1
        if isinstance(part, (ast.Subscript, ast.Attribute)) and isinstance(
            part.ctx, (ast.Store, ast.Del)
        ):
            root = part
            while isinstance(root, (ast.Subscript, ast.Attribute)):
                root = root.value
            binds |= {root.id} if isinstance(root, ast.Name) else set()
    return binds, uses - set(dir(builtins))


def needed(cells: list[Code], at: int, answer: str) -> list[list[ast.stmt]]:
    """The statements that the answer in cell `at` needs, by cell: those that bind or change what it uses.

    Of the student's own cells also those that call a method of such a name, as `names.append("x")`, and imports of all.
    What a function uses may come later than the function, as in a notebook, where it is looked up when it is called.
    """
    late, found = set(names_of(ast.parse(answer).body[0])[1]), None
    while found != late:
        found = set(late)
        chosen = _chosen(cells, at, found, late)
    return chosen


def _chosen(
    cells: list[Code], at: int, wanted: set[str], late: set[str]
) -> list[list[ast.stmt]]:
    """What binds or changes names that are wanted at the end of cell `at`; adds to `late` what functions use."""
    chosen: list[list[ast.stmt]] = []
    for number in range(at, -1, -1):
        cell, steps = cells[number], []
        for step in reversed(cell.statements):
            binds, uses = names_of(step)
            broken = number == at and isinstance(
                step, ast.Raise
            )  # a mistake in its syntax, to be told
            changes = cell.own and (_methods_of(step) & wanted or _imports_all(step))
            if binds & wanted or broken or changes:
                steps.insert(0, step)
                wanted = (wanted - (binds - uses) if _defines(step) else wanted) | uses
                late |= _used_inside(step)
        if steps:
            chosen.append(steps)
    return chosen[::-1]


def _outside_functions(step: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement that run when it does."""
    yield step
    if not isinstance(step, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        for part in ast.iter_child_nodes(step):
            yield from _outside_functions(part)


def _methods_of(step: ast.stmt) -> set[str]:
    """The names of which a statement calls a method and does nothing with what it gives, also in a loop."""
    calls = (
        part.value.func
        for part in _outside_functions(step)
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call)
    )
    owners = (call.value for call in calls if isinstance(call, ast.Attribute))
    return {owner.id for owner in owners if isinstance(owner, ast.Name)}


def _imports_all(step: ast.stmt) -> bool:
    return isinstance(step, ast.ImportFrom) and step.names[0].name == "*"


def _used_inside(step: ast.stmt) -> set[str]:
    """What the functions and classes of a statement use of the names around."""
    used, tables = (
        set(),
        symtable.symtable(ast.unparse(step), "<answer>", "exec").get_children(),
    )
    for inner in tables:
        used |= {s.get_name() for s in inner.get_symbols() if s.is_global()}
        tables.extend(inner.get_children())
    return used - set(dir(builtins))


def _defines(step: ast.stmt) -> bool:
    """Whether what stood under the statement's names before does not matter any more."""
    simple = isinstance(step, ast.Assign) and all(
        isinstance(target, ast.Name) for target in step.targets
    )
    return simple or isinstance(
        step, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    )


LIBRARIES = {
    "torch",
    "torchvision",
    "numpy",
    "math",
    "coursekit",
    "pandas",
    "itertools",
    "functools",
    "collections",
}
LIBRARIES |= {
    "re",
    "random",
    "statistics",
    "operator",
    "string",
    "pathlib",
    "sklearn",
    "scipy",
    "typing",
}
READ = (
    ast.FunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
)


def as_read(chunks: list[list[ast.stmt]], name: str) -> FunctionType | None:
    """The function as its source says, never called; None where the source does not say which one it is."""
    around: dict[str, object] = {"__builtins__": builtins}
    for number, steps in enumerate(chunks):
        source = "\n".join(map(ast.unparse, steps)) + "\n"
        file = f"<graded answer {id(chunks)} {number}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        try:
            whole = compile(source, file, "exec")
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            return None
        codes = {
            (part.co_name, part.co_firstlineno): part
            for part in whole.co_consts
            if isinstance(part, CodeType)
        }
        for step in tree.body:
            _bind(step, codes, around)
    found = around.get(name)
    return found if isinstance(found, FunctionType) else None


def _bind(
    step: ast.stmt, codes: dict[tuple[str, int], CodeType], around: dict[str, object]
) -> None:
    """Bind what a statement binds, as far as that is seen without running it."""
    if isinstance(step, ast.FunctionDef):
        first = min([step.lineno, *(decorator.lineno for decorator in step.decorator_list)])
        around[step.name] = FunctionType(codes[step.name, first], around)
    elif isinstance(step, ast.Import):
        for alias in step.names:
            module = _library(alias.name)
            around[alias.asname or alias.name.partition(".")[0]] = (
                module if alias.asname else _library(alias.name.partition(".")[0])
            )
    elif isinstance(step, ast.ImportFrom):
        module = _library(step.module or "")
        for alias in step.names:
            around[alias.asname or alias.name] = getattr(module, alias.name, None)
    elif isinstance(step, ast.Assign) and all(
        isinstance(target, ast.Name) for target in step.targets
    ):
        value = step.value
        if isinstance(value, ast.Lambda):
            found = FunctionType(codes["<lambda>", value.lineno], around)
        else:
            found = _looked_up(value, around)
        around.update((target.id, found) for target in step.targets)
    else:
        with contextlib.suppress(SyntaxError):
            around.update(dict.fromkeys(names_of(step)[0]))


def _library(name: str) -> object:
    """A module of those that lessons use; no other is imported here."""
    if name.partition(".")[0] not in LIBRARIES:
        return None
    with contextlib.suppress(ImportError):
        return importlib.import_module(name)
    return None


def _looked_up(value: ast.expr, around: dict[str, object]) -> object:
    """What a name, or a dotted one, stands for; None for all else."""
    if isinstance(value, ast.Name):
        return around.get(value.id)
    if (
        isinstance(value, ast.Attribute)
        and (owner := _looked_up(value.value, around)) is not None
    ):
        return getattr(owner, value.attr, None)
    return None
