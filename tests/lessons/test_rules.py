"""Puzzles: right answers that use only what is allowed are right, the same results by other means are not."""

import ast
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import torch

from coursekit.classroom import exercises
from coursekit.classroom.exercises import Exercise, judge

RULES = exercises.load_module(exercises.SOLUTIONS / "rules.py")
BASICS, only = RULES.BASICS, RULES.only
BROKEN = exercises.load_module(Path(__file__).parent / "answers" / "lesson_07.py").BROKEN
HELPER = torch.arange(3)


def puzzles() -> dict[str, Exercise]:
    """The exercises of lesson 07 that ask for one expression; a loop in the notebook says what each is to give."""
    asked = exercises.load_exercises(exercises.SOLUTIONS / "07_broadcasting.py")
    return {name: exercise for name, exercise in asked.items() if exercise.rule}


def test_there_are_sixteen_puzzles_each_with_a_loop_and_answers_that_break_its_rule():
    assert len(puzzles()) == 16 and set(BROKEN) == {f"07.{name}" for name in puzzles()} <= set(loops())


def loops() -> dict[str, Callable]:
    """The functions of lesson 07 whose names end in `_loop` and stand for a puzzle, as the notebook defines them."""
    found = {"torch": torch, "itertools": itertools}
    for cell in nbformat.read(exercises.SOLUTIONS.parent / "07_broadcasting.ipynb", 4).cells:
        for node in ast.parse(cell.source).body if cell.cell_type == "code" else ():
            if isinstance(node, ast.FunctionDef) and node.name.endswith("_loop"):
                exec(ast.unparse(node), found)
    return {f"07.{name.removesuffix('_loop')}": thing for name, thing in found.items() if name.endswith("_loop")}


def test_the_loop_above_each_puzzle_gives_what_its_solution_gives():
    given = loops()
    for name, puzzle in puzzles().items():
        for case in puzzle.cases():
            assert exercises.agree(given[f"07.{name}"](*case), puzzle.solution(*case), puzzle.tolerance), (name, case)


FORBIDDEN = {
    name: answers
    for number in ("02", "03", "08", "10")
    for name, answers in exercises.load_module(Path(__file__).parent / "answers" / f"lesson_{number}.py").BROKEN.items()
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_forbidden_function_is_refused_by_its_name(name):
    for answer in FORBIDDEN[name]:
        verdict = judge(name, answer)
        assert verdict.state == "not allowed", verdict
        assert re.fullmatch("the results are right, but it uses `\\w+`, which .* do without", verdict.details)


@pytest.mark.parametrize("name", BROKEN)
def test_right_results_by_other_means_are_refused_in_words(name):
    for answer in BROKEN[name]:
        verdict = judge(name, answer)
        assert verdict.state == "not allowed", answer
        assert verdict.details.startswith("the results are right, but ") and "Hint " not in verdict.details
        assert BASICS in verdict.details or "its source cannot be read" in verdict.details


def _with_docstring(x):
    """Give the squares."""
    assert x.ndim == 1, "a vector"
    return x[None, :] * x[..., None]


def _typed(x: torch.Tensor, *, n: int) -> torch.Tensor:
    return torch.arange(len(x), dtype=torch.float)[n:] >= -x.shape[0]


KEEPS = {
    "a lambda": lambda x: x + 1,
    "a docstring and an assert": _with_docstring,
    "types": _typed,
    "an extra method": lambda x: (x * (x > 0)).sum(1, keepdim=True),
    "an extra function": lambda x: torch.sum(x, dim=0),
}


@pytest.mark.parametrize("answer", KEEPS.values(), ids=KEEPS.keys())
def test_what_is_allowed_passes(answer):
    assert only("sum")(answer) is None


def _for_loop(x):
    for row in x:
        row + 1
    return x


def _while_loop(x):
    while len(x) > 3:
        pass
    return x


def _assigns(x):
    y = x + 1
    return y


def _branches(x):
    if len(x) > 1:
        return x
    return x


def _calls(x):
    """Call something else for its effect."""
    print(x)
    return x


def _no_value(x):
    return


def _no_return(x):
    pass


def _default(x, places=HELPER):
    return x + places


def _nested(x):
    def helper(y):
        return y.cumsum(0)

    return helper(x)


BREAKS = {
    "for": (_for_loop, "line 2 has a loop"),
    "while": (_while_loop, "line 2 has a loop"),
    "assignment": (_assigns, "line 2 has an assignment"),
    "if": (_branches, "line 2 has an if"),
    "a call for its effect": (_calls, "line 3 has more than one return"),
    "a function within": (_nested, "line 2 has a function of its own"),
    "a bare return": (_no_value, "it must end with a return"),
    "no return": (_no_return, "it must end with a return"),
    "a default": (_default, "a decorator or a default argument"),
    "a comprehension": (lambda x: [y for y in x], "line 1 uses a loop (a comprehension)"),
    "a conditional": (lambda x: x if len(x) else x, "line 1 uses an if"),
    "a lambda within": (lambda x: (lambda y: y)(x), "its source cannot be read"),
    "a walrus": (lambda x: (_y := x), "line 1 uses an assignment"),
    "and": (lambda x: x and x, "line 1 uses `and` or `or`"),
    "in": (lambda x: 1 in x, "line 1 uses `In`"),
    "a global name": (lambda x: x + HELPER, "line 1 uses `HELPER`"),
    "a builtin": (lambda x: sum(x), "line 1 uses `sum`"),
    "a method": (lambda x: x.cumsum(0), "line 1 uses `.cumsum`"),
    "a function of the library": (lambda x: torch.cumsum(x, 0), "line 1 uses `.cumsum`"),
    "the matrix product": (lambda x: x @ x, "line 1 uses `@`"),
    "on a later line": (
        lambda x: (
            x
            + x.flip(0)
        ),  # fmt: skip
        "line 3 uses `.flip`",
    ),
    "the library's own": (torch.cumsum, "its source cannot be read"),
    "a class": (torch.nn.ReLU(), "its source cannot be read"),
    "no file": (eval("lambda x: x"), "its source cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("answer, reason", BREAKS.values(), ids=BREAKS.keys())
def test_what_is_not_allowed_is_named(answer, reason):
    assert reason in only("sum")(answer)


def test_the_matrix_product_can_be_allowed():
    assert only("@")(lambda x: x @ x) is None


def test_a_refusal_lists_what_is_allowed():
    assert only("sum", "@")(lambda x: x.mean()).endswith(f"Allowed: {BASICS}, .sum, @")


def test_two_functions_on_one_line_are_not_confused():
    good, bad = (lambda x: x), (lambda x: x.flip(0))  # fmt: skip
    assert "a def of its own" in only()(good) and "a def of its own" in only()(bad)


def test_a_wrong_result_is_shown_before_a_broken_rule(monkeypatch):
    exercise = Exercise(lambda x: x + 1, ("?", "add one", ""), lambda: [(1,), (2,)], rule=only())
    monkeypatch.setattr(exercises, "_find", lambda name: exercise)
    assert judge("", lambda x: x.__neg__()).details.startswith("for      1\nexpected 2\ngot      -1")
    assert judge("", lambda x: x.__add__(1)).details.startswith("the results are right, but line 1 uses `.__add__`")
    assert judge("", lambda x: 1 + x).state == "right"
    assert judge("", lambda x: None).state == "not tried"
