"""Checks refuse what a machine damaged: the mutants of each solution, and what the lesson itself defines."""

import ast
from contextlib import suppress

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
    (tmp_path / "lesson_03.py").write_text('EQUIVALENT = {"03.losses": {"x -> y": "none"}}', encoding="utf-8")
    monkeypatch.setattr(mutants, "ANSWERS", tmp_path)
    monkeypatch.setattr(mutants, "load_exercises", lambda path: {"losses": load_exercises(LESSONS[3])["binary_losses"]})
    with pytest.raises(ValueError, match="'x -> y' needs no argument"):
        mutants.shares(LESSONS[3])


def test_an_endless_mutant_counts_as_refused(monkeypatch):
    monkeypatch.setattr(mutants, "SECONDS", 0.2)
    exercise = load_exercises(LESSONS[3])["binary_losses"]
    source = "def binary_losses(logits, targets):\n    while True:\n        pass"
    assert mutants.is_refused(exercise, Mutant("never ends", source))
    assert Share("03.x", 4, 1, ["a -> b"]).refused == 0.75


def defined_above(path):
    """What a lesson's cells before "Your turn" define: functions, with imports and plain values around them."""
    namespace = {}
    for cell in nbformat.read(SOLUTIONS.parent / f"{path.stem}.ipynb", 4).cells:
        if cell.cell_type == "markdown" and "## Your turn" in cell.source:
            break
        if cell.cell_type != "code" or cell.source.startswith("%%"):
            continue
        for node in ast.parse(
            "\n".join(x for x in cell.source.splitlines() if x[:1] not in "!%" and x[-1:] != "?")
        ).body:
            plain = isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef))
            if plain or isinstance(node, ast.Assign) and isinstance(node.value, (ast.Constant, ast.Lambda)):
                with suppress(NameError, ImportError):  # of what a cell computes, or of the app beside the lessons
                    exec(compile(ast.Module([node], []), path.stem, "exec"), namespace)
    own = [thing for thing in namespace.values() if getattr(thing, "__module__", "") == "builtins"]
    return [thing for thing in own if type(thing).__name__ == "function"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_function_of_the_lesson_is_an_answer(path):
    exercises = {name: one for name, one in load_exercises(path).items() if one.cases and not one.breaks}
    copies = [
        f"{function.__name__} solves {name}"
        for function in defined_above(path)
        for name in exercises
        if judge(f"{path.stem[:2]}.{name}", function).state in ("right", "not allowed")
    ]
    assert copies == []
