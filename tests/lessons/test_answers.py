"""Each exercise's check accepts its solution and other right answers, and refuses plausible wrong ones."""

import importlib.util
import re
from pathlib import Path

import pytest

from coursekit.classroom.exercises import SOLUTIONS, judge, load_exercises

EXERCISES = {
    f"{path.stem[:2]}.{name}": exercise
    for path in sorted(SOLUTIONS.glob("[0-9][0-9]_*.py"))
    for name, exercise in load_exercises(path).items()
}


def _module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# exercise -> (other right answers, plausible wrong answers)
ANSWERS = {
    name: answers
    for path in sorted((Path(__file__).parent / "answers").glob("lesson_*.py"))
    for name, answers in _module(path).ANSWERS.items()
}


def test_every_exercise_has_answers_to_try():
    assert set(ANSWERS) == set(EXERCISES)
    for name, (_, wrong) in ANSWERS.items():
        assert len(wrong) >= 2, name


@pytest.mark.parametrize("name", EXERCISES)
def test_unsolved_is_not_tried(name):
    assert judge(name, None).state == "not tried"
    if EXERCISES[name].cases:
        assert judge(name, lambda *arguments: None).state == "not tried"


@pytest.mark.parametrize("name", EXERCISES)
def test_right_answers_are_right(name):
    for answer in [EXERCISES[name].solution, *ANSWERS[name][0]]:
        verdict = judge(name, answer)
        assert verdict.state == "right", verdict


@pytest.mark.parametrize("name", EXERCISES)
def test_wrong_answers_come_back_with_a_reason_and_a_hint(name):
    for answer in ANSWERS[name][1]:
        verdict = judge(name, answer)
        assert verdict.state == "wrong", (answer, verdict)
        form = re.search("(numbers|values) are right, but|are asked for", verdict.details)
        assert EXERCISES[name].hint in verdict.details or form
        if EXERCISES[name].cases:
            assert verdict.details.startswith("for "), "the input that shows it"


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_the_solutions_can_be_imported_alone(path):
    module = _module(path)
    assert module.__doc__ and module.EXERCISES
