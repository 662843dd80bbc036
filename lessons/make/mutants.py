"""Mutation testing of the exercises: a check is to refuse each solution that a machine has damaged.

`python -m lessons.make.mutants` prints for each exercise how many mutants of its solution
the cases refuse, and those that pass; `... mutants 03` for one lesson. A mutant is the
solution with one thing changed: a comparison, an operator, a constant, an axis, a branch
taken always or never, a step left out (clone, abs, clamp, sort ...), its neighbour in place
of a function (max for min). Guards are left alone: a solution refuses with them what no
case may hold. Those mutants that no input can tell from the solution stand, each with the
argument, in `EQUIVALENT` of `tests/lessons/answers/lesson_NN.py`.
"""

import ast
import copy
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from coursekit.classroom.exercises import (
    SECONDS,
    Exercise,
    _fault,
    _TimeUp,
    _within,
    load_exercises,
    load_module,
)

from .run import LESSONS, chosen

ANSWERS = LESSONS.parent / "tests" / "lessons" / "answers"
COMPARED = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}
OPERATORS = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult, ast.FloorDiv],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
}
LEFT_OUT = re.findall(
    r"\w+",
    "abs clone clamp sort sorted float double long int bool round sqrt exp log flatten reversed "
    "contiguous floor ceil t flip unique lower strip tolist item keepdim cumsum clamp_min",
)
NEIGHBOURS = [
    ("max", "min"),
    ("amax", "amin"),
    ("argmax", "argmin"),
    ("sum", "mean"),
    ("any", "all"),
    ("floor", "ceil"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("var", "std"),
    ("softmax", "log_softmax"),
    ("startswith", "endswith"),
]
INSTEAD = dict(NEIGHBOURS) | {b: a for a, b in NEIGHBOURS}
INSTEAD |= {"median": "mean", "quantile": "nanquantile", "append": "extend"}


@dataclass
class Mutant:
    """A solution with one thing changed; `change` says what, `source` is all of it."""

    change: str
    source: str


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """All that a node may become."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in COMPARED[type(node.ops[0])]:
            yield ast.Compare(node.left, [other()], node.comparators)
    elif isinstance(node, (ast.BinOp, ast.BoolOp)):
        for other in OPERATORS.get(type(node.op), ()):
            yield _with(node, op=other())
    elif isinstance(node, ast.UnaryOp) and isinstance(
        node.op, (ast.USub, ast.Not, ast.Invert)
    ):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from (ast.Constant(value) for value in _other_values(node.value))
    elif isinstance(node, (ast.If, ast.IfExp)):
        for always in (True, False):
            yield _with(node, test=ast.Constant(always))
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)


def _with(node: ast.AST, **fields: ast.AST) -> ast.AST:
    return type(node)(**(dict(ast.iter_fields(node)) | fields))


def _other_values(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (value + 1, value - 1)
        if value == -1:  # an axis
            yield 0
    elif isinstance(value, str) and value:
        yield value + "x"


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    method = isinstance(node.func, ast.Attribute)
    name = node.func.attr if method else getattr(node.func, "id", "")
    is_module = method and isinstance(node.func.value, ast.Name)
    is_module = is_module and node.func.value.id in ("torch", "math", "np", "F", "re", "pd")
    if name in LEFT_OUT:
        without = node.args[0] if is_module or not method else node.func.value
        if not isinstance(without, (ast.Starred, ast.GeneratorExp)):
            yield without
    if name in INSTEAD:
        func = copy.copy(node.func)
        setattr(func, "attr" if method else "id", INSTEAD[name])
        yield ast.Call(func, node.args, node.keywords)
    for keyword in node.keywords:  # an axis, a dtype, a limit that is not given
        rest = [other for other in node.keywords if other is not keyword]
        yield ast.Call(node.func, node.args, rest)


def _is_guard(node: ast.AST) -> bool:
    """Whether it only refuses: `if ...: raise`, or an assert."""
    only_raises = isinstance(node, ast.If) and not node.orelse
    return isinstance(node, ast.Assert) or (
        only_raises and all(isinstance(step, ast.Raise) for step in node.body)
    )


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Where something can be put in place of a node: parent, field, position in a list."""
    for field, value in ast.iter_fields(node):
        for i, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            left = not isinstance(child, ast.AST) or _is_guard(child) or is_text
            if not left and field not in ("decorator_list", "annotation", "returns"):
                yield node, field, i
                yield from _places(child)


def mutants(function: Callable) -> list[Mutant]:
    """The function's mutants, without those that come out alike."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    if not isinstance(tree.body[0], ast.FunctionDef):
        return []
    original, found = ast.unparse(tree), {}
    for parent, field, i in list(_places(tree.body[0])):
        held = getattr(parent, field)
        node = held if i is None else held[i]
        for other in changes(node):
            _put(parent, field, i, other)
            source = ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree)))
            _put(parent, field, i, node)
            if source != original:
                change = f"{_shown(node)} -> {_shown(other)}"
                found.setdefault(source, Mutant(change, source))
    counts = {}
    for mutant in found.values():  # the same change in two places
        counts[mutant.change] = counts.get(mutant.change, 0) + 1
        if counts[mutant.change] > 1:
            mutant.change += f" ({counts[mutant.change]})"
    return list(found.values())


def _put(parent: ast.AST, field: str, i: int | None, node: ast.AST) -> None:
    if i is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[i] = node


def _shown(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split("\n")[0]


def is_refused(exercise: Exercise, mutant: Mutant) -> bool:
    """Whether some case tells it from the solution."""
    namespace = dict(inspect.unwrap(exercise.solution).__globals__)
    exec(compile(mutant.source, "<mutant>", "exec"), namespace)
    damaged = namespace[exercise.solution.__name__]
    try:
        return _within(
            SECONDS,
            lambda: any(_fault(exercise, damaged, case) for case in exercise.cases()),
        )
    except _TimeUp:  # a loop without an end
        return True


@dataclass
class Share:
    """How many mutants of an exercise there are, and which of them pass unexplained."""

    name: str
    made: int
    equivalent: int
    passed: list[str]

    @property
    def refused(self) -> float:
        """The fraction that is refused or argued to be equivalent."""
        return 1 - len(self.passed) / self.made if self.made else 1.0


def shares(path: Path) -> list[Share]:
    """What became of the mutants of a lesson's exercises that have cases and a solution.

    Raises:
        ValueError: an argument for a mutant that is refused, or that there is not.
    """
    argued = getattr(load_module(ANSWERS / f"lesson_{path.stem[:2]}.py"), "EQUIVALENT", {})
    found = []
    for short, exercise in load_exercises(path).items():
        name = f"{path.stem[:2]}.{short}"
        if not exercise.cases or exercise.breaks:
            continue
        made = mutants(exercise.solution)
        alive = [one.change for one in made if not is_refused(exercise, one)]
        arguments = argued.get(name, {})
        if idle := [change for change in arguments if change not in alive]:
            raise ValueError(
                f"{name}: {idle[0]!r} needs no argument: it is refused or gone"
            )
        passed = [change for change in alive if change not in arguments]
        found.append(Share(name, len(made), len(arguments), passed))
    return found


def main() -> None:
    """Print the report of the lessons named on the command line."""
    every = []
    for lesson in chosen(sys.argv[1:]):
        path = LESSONS / "solutions" / f"{lesson.stem}.py"
        for one in shares(path):
            every.append(one)
            said = f"{one.refused:4.0%} of {one.made:3}, {one.equivalent} equivalent"
            print(f"{one.name:<40} {said}", *one.passed, sep="\n    ", flush=True)
    made = sum(one.made for one in every)
    passed = sum(len(one.passed) for one in every)
    if made:
        print(f"{1 - passed / made:.1%} of {made} mutants refused or equivalent")


if __name__ == "__main__":
    main()
