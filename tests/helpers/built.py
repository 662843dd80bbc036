"""What a lesson builds: which claims hold something made by hand against something imported, read from its code.

A claim compares two sides: `value` and `equals`, the two sides of `==`, or the two arguments of `torch.equal` and the
like. Each side is followed back through the assignments, functions and classes of the lesson to all that it rests on.
A claim holds a thing of coursekit if one side rests on the thing, and the other does not, but on work of the lesson's
own: a function, a class, arithmetic, a loop.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

SAME = {"equal", "allclose", "array_equal", "isclose", "equals"}
WORK = (ast.BinOp, ast.For, ast.While, ast.comprehension, ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.Compare)
TAG = re.compile(r"\b(Built|Used) in lesson (\d\d)\.")


@dataclass
class Rests:
    """What an expression rests on: names of coursekit's things and methods, and whether work is done there."""

    things: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    works: bool = False
    code: bool = False

    @classmethod
    def of(cls, node: ast.AST) -> "Rests":
        """What stands in a syntax tree itself."""
        rests = cls()
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute):
                rests.things.add(part.attr)
            elif isinstance(part, ast.Name):
                rests.names.add(part.id)
            rests.works |= isinstance(part, WORK)
        return rests

    def add(self, other: "Rests") -> None:
        """This and the other together."""
        self.things |= other.things
        self.names |= other.names
        self.works |= other.works


def cells(lesson: Path) -> list[tuple[ast.Module, list[str]]]:
    """The code cells as syntax trees, without the lines that only IPython understands, and what each says it builds."""
    found = []
    for cell in nbformat.read(lesson, 4).cells:
        if cell.cell_type == "code":
            tags = [tag.removeprefix("builds:") for tag in cell.metadata.get("tags", []) if tag.startswith("builds:")]
            found.append((ast.parse(re.sub(r"^\s*[%!].*$|^.*\w\?$", "", cell.source, flags=re.M)), tags))
    return found


def mentioned(lesson: Path) -> set[str]:
    """All attributes, `ck.name` and `thing.name`, in a lesson's code."""
    return {part.attr for tree, _ in cells(lesson) for part in ast.walk(tree) if isinstance(part, ast.Attribute)}


def bound(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a value, or changes in place."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for part in ast.walk(statement):
        if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, ast.Store):
            base = part.value
            while isinstance(base, (ast.Attribute, ast.Subscript)):
                base = base.value
            names |= {base.id} if isinstance(base, ast.Name) else set()
        called = part.func if isinstance(part, ast.Call) else None
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            names.add(called.value.id)  # a method may change its object
    return names


def followed(rests: Rests, known: dict[str, Rests], steps: int) -> Rests:
    """The same with what its names rest on, so many assignments back; functions and classes are looked into besides."""
    whole, names, seen = Rests(set(rests.things), set(), rests.works), set(rests.names), set()
    for step in range(steps + 1):
        waiting, names = names - seen, set()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in known or not (known[name].code or step < steps):
                continue
            seen.add(name)
            whole.things |= known[name].things
            whole.works |= known[name].works
            if known[name].code:
                waiting |= known[name].names
            else:
                names |= known[name].names
    return whole


def sides(call: ast.Call, assigned: dict[str, ast.expr]) -> list[tuple[ast.expr, ast.expr]]:
    """The pairs that a claim compares."""
    value = call.args[1] if len(call.args) > 1 else next(k.value for k in call.keywords if k.arg == "value")
    pairs = [(value, keyword.value) for keyword in call.keywords if keyword.arg == "equals"]
    if isinstance(value, ast.Name) and value.id in assigned:
        value = assigned[value.id]
    for part in ast.walk(value):
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], (ast.Eq, ast.Is)):
            pairs.append((part.left, part.comparators[0]))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in SAME:
            pairs.append((part.args[0], part.args[1]) if len(part.args) > 1 else (part.func.value, part.args[0]))
        elif isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and has_upper_bound(call):
            pairs.append((part.left, part.right))
    return pairs


def has_upper_bound(call: ast.Call) -> bool:
    return any(keyword.arg == "at_most" for keyword in call.keywords)


def held(lesson: Path) -> tuple[set[str], set[str]]:
    """What a lesson's cells say they build, by tags `builds:NAME`: what a claim of the cell holds, and the rest."""
    known, assigned, kept, told = {}, {}, set(), set()
    for tree, names in cells(lesson):
        found = set()
        told |= set(names)
        for statement in tree.body:
            for call in ast.walk(statement):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "ck.claim":
                    for pair in sides(call, assigned):
                        near = [followed(Rests.of(side), known, 1) for side in pair]
                        far = [followed(Rests.of(side), known, 3) for side in pair]
                        found |= far[0].things - near[1].things if far[1].works else set()
                        found |= far[1].things - near[0].things if far[0].works else set()
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                assigned[statement.targets[0].id] = statement.value
            rests = Rests.of(statement)
            for name in bound(statement):
                if isinstance(statement, (ast.Assign, ast.FunctionDef, ast.ClassDef)) and name not in rests.names:
                    known[name] = Rests(code=isinstance(statement, (ast.FunctionDef, ast.ClassDef)))
                known.setdefault(name, Rests()).add(rests)
        kept |= found & set(names)
    return kept, told - kept


def tags(folder: Path) -> list[tuple[str, str, str, str]]:
    """(module, name with its class, "Built" or "Used", lesson) of every docstring that names a lesson."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        module = file.relative_to(folder).with_suffix("").as_posix().replace("/", ".")

        def look(node: ast.AST, prefix: str, module: str = module) -> None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                    for kind, lesson in TAG.findall(ast.get_docstring(child) or ""):
                        found.append((module, prefix + child.name, kind, lesson))
                    look(child, f"{prefix}{child.name}.")

        look(ast.parse(file.read_text(encoding="utf-8")), "")
    return found
