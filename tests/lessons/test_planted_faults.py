"""The lab of lesson 20: which faults its anonymous runs have is what its solutions say."""

import ast
import random

import nbformat

from coursekit.classroom.exercises import SOLUTIONS, load_exercises

NAME = "20_when_it_does_not_learn"
SOURCES = [c.source for c in nbformat.read(SOLUTIONS.parent / f"{NAME}.ipynb", 4).cells if c.cell_type == "code"]


def assigned(name):
    """What the lesson assigns to a name, of code that needs nothing but `random`."""
    namespace = {"random": random}
    for source in SOURCES:
        for node in ast.parse(source).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(getattr(target, "id", "") in ("FAULTS", name) for target in targets):
                exec(compile(ast.Module([node], []), NAME, "exec"), namespace)
    return namespace[name]


def test_the_solutions_name_the_planted_faults():
    exercises, faults = load_exercises(SOLUTIONS / f"{NAME}.py"), assigned("FAULTS")
    assert len(set(faults)) == 12
    assert exercises["twelve_runs"].solution == assigned("planted")
    first, second = assigned("pairs")[:2], assigned("pairs")[2:]
    assert exercises["two_at_once"].solution == [*sorted(first), *sorted(second)]


def test_every_fault_stands_in_the_script_and_in_the_table():
    notebook = nbformat.read(SOLUTIONS.parent / f"{NAME}.ipynb", 4)
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    for fault in assigned("FAULTS"):
        assert f"\n| `{fault}` | " in text
        assert any(f'"{fault}" in faults' in source or f'"{fault}" not in faults' in source for source in SOURCES)
