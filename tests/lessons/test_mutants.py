"""Checks refuse what a machine damaged: the mutants of each solution, and what the lesson itself defines."""

import ast
import inspect

import nbformat
import pytest

from coursekit.classroom.exercises import SOLUTIONS, judge, load_exercises
from lessons.make import mutants
from lessons.make.mutants import Mutant, Share

LESSONS = sorted(SOLUTIONS.glob("[0-9][0-9]_*.py"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_mutants_are_refused_or_argued_to_be_equivalent(path):
    found = mutants.shares(path)
    made, passed = sum(one.made for one in found), [f"{one.name}: {text}" for one in found for text in one.passed]
    assert made > 5 and len(passed) <= 0.02 * made, passed


def clipped(values, low, axis):
    """What is mutated below."""
    if low < 0:
        raise ValueError("not below zero")
    return values.clamp(low).sum(dim=axis) if low else abs(values) - 1


def test_mutants_change_one_thing_each_and_leave_guards_alone():
    made = mutants.mutants(clipped)
    assert {one.change for one in made} == {
        "values.clamp(low).sum(dim=axis) if low else abs(values) - 1 -> "
        "values.clamp(low).sum(dim=axis) if True else abs(values) - 1",
        "values.clamp(low).sum(dim=axis) if low else abs(values) - 1 -> "
        "values.clamp(low).sum(dim=axis) if False else abs(values) - 1",
        "values.clamp(low) -> values",
        "values.clamp(low).sum(dim=axis) -> values.clamp(low).mean(dim=axis)",
        "values.clamp(low).sum(dim=axis) -> values.clamp(low).sum()",
        "abs(values) - 1 -> abs(values) + 1",
        "abs(values) -> values",
        "1 -> 2",
        "1 -> 0",
    }
    assert all("not below zero" in one.source for one in made)


def test_an_argument_for_a_mutant_that_is_refused_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "lesson_03.py").write_text('EQUIVALENT = {"03.binary_losses": {"x -> y": "none"}}', encoding="utf-8")
    monkeypatch.setattr(mutants, "ANSWERS", tmp_path)
    monkeypatch.setattr(
        mutants, "load_exercises", lambda path: {"binary_losses": load_exercises(LESSONS[3])["binary_losses"]}
    )
    with pytest.raises(ValueError, match="'x -> y' needs no argument"):
        mutants.shares(LESSONS[3])


def test_an_endless_mutant_counts_as_refused(monkeypatch):
    monkeypatch.setattr(mutants, "SECONDS", 0.2)
    exercise = load_exercises(LESSONS[3])["binary_losses"]
    source = "def binary_losses(logits, targets):\n    while True:\n        pass"
    assert mutants.is_refused(exercise, Mutant("never ends", source))
    assert Share("03.x", 4, 1, ["a -> b"]).refused == 0.75


def defined_above(path):
    """The functions that a lesson's cells before "Your turn" define, with imports and plain values around them."""
    namespace = {"__name__": "lesson"}
    for cell in nbformat.read(SOLUTIONS.parent / f"{path.stem}.ipynb", 4).cells:
        if cell.cell_type == "markdown" and "## Your turn" in cell.source:
            break
        if cell.cell_type == "code" and not cell.source.startswith("%%"):
            lines = [line for line in cell.source.splitlines() if line[:1] not in "!%" and line[-1:] != "?"]
            for node in filter(is_plain, ast.parse("\n".join(lines)).body):
                define(node, namespace)
    return [thing for thing in namespace.values() if getattr(thing, "__module__", "") == "lesson"]


def is_plain(node):
    """Whether it only defines or imports something, or gives a name a plain value."""
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Name) and isinstance(node.value, (ast.Constant, ast.Lambda))
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef))


def define(node, namespace):
    """Run a definition; a name that it needs and that a cell computes is None."""
    while True:
        try:
            return exec(compile(ast.Module([node], []), "lesson", "exec"), namespace)
        except NameError as error:
            namespace[error.name] = None
        except (ImportError, AttributeError, TypeError):
            return None  # the app beside the lessons, or what is made of such a None


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_function_of_the_lesson_is_an_answer(path):
    exercises = {name: one for name, one in load_exercises(path).items() if one.cases and not one.breaks}
    defined = [thing for thing in defined_above(path) if inspect.isfunction(thing)]
    assert defined
    copies = [
        f"{function.__name__} solves {name}"
        for function in defined
        for name in exercises
        if judge(f"{path.stem[:2]}.{name}", function).state in ("right", "not allowed")
    ]
    assert copies == []
