"""Each exercise's check accepts its solution and other right answers, and refuses plausible wrong ones."""

import copy
import importlib.util
import re
from itertools import combinations, islice
from pathlib import Path
from random import Random

import pytest
import torch

from coursekit.classroom.exercises import SOLUTIONS, _one_slice_less, _ordinary, judge, load_exercises

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
    for name, (right, wrong) in ANSWERS.items():
        assert len(right) >= 4 and len(wrong) >= 2, name


@pytest.mark.parametrize("name", EXERCISES)
def test_unsolved_is_not_tried(name):
    assert judge(name, None).state == "not tried"
    if EXERCISES[name].cases and not EXERCISES[name].breaks:
        assert judge(name, lambda *arguments: None).state == "not tried"


@pytest.mark.parametrize("name", EXERCISES)
def test_right_answers_are_right(name):
    own = [] if EXERCISES[name].breaks else [EXERCISES[name].solution]
    for answer in [*own, *ANSWERS[name][0]]:
        verdict = judge(name, answer)
        assert verdict.state == "right", verdict


@pytest.mark.parametrize("name", EXERCISES)
def test_wrong_answers_come_back_with_a_reason_and_a_hint(name):
    for answer in ANSWERS[name][1]:
        verdict = judge(name, answer)
        assert verdict.state == "wrong", (answer, verdict)
        form = re.search("(numbers|values) are right, but|(are|is) asked for", verdict.details)
        assert f"\nHint 1 of 3: {EXERCISES[name].hints[0]}" in verdict.details or form
        if EXERCISES[name].cases:
            assert verdict.details.startswith("for "), "the input that shows it"


STRANGE = [0, -1.5, "x", b"x", [], (), {}, {"a": 1}, [None], object(), torch.zeros(0), torch.tensor(float("nan")), len]
STRANGE += [lambda *arguments: arguments, lambda: 1, lambda *arguments: object(), type, Exception, (object(), None)]
MODEL = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Sequential(torch.nn.Flatten()))
STRANGE += [MODEL, lambda *arguments: MODEL, lambda *arguments: [MODEL, [1, [2]]]]


@pytest.mark.parametrize("name", EXERCISES)
def test_whatever_is_given_there_is_a_verdict(name):
    for strange in STRANGE:
        verdict = judge(name, strange)
        assert verdict.state == "wrong" and verdict.details, strange


def _smaller(case):
    """The case and all that the judge may make of it by leaving out slices, two steps deep."""
    yield case
    for smaller in _one_slice_less(case):
        yield from [smaller, *_one_slice_less(smaller)]


@pytest.mark.parametrize("name", [name for name, one in EXERCISES.items() if one.cases and not one.breaks])
def test_the_reference_is_ordinary_in_its_domain_and_refuses_the_rest(name):
    """What a smaller case gives is finite, or a case of the exercise gives the like, or the reference refuses it."""
    exercise = EXERCISES[name]
    allowed = any(not _ordinary(exercise.solution(*copy.deepcopy(case))) for case in exercise.cases())
    for case in exercise.cases():
        for smaller in islice(_smaller(case), 400):
            try:
                given = exercise.solution(*copy.deepcopy(smaller))
            except Exception:
                continue
            assert allowed or _ordinary(given), smaller


@pytest.mark.parametrize("name", [name for name, exercise in EXERCISES.items() if exercise.cases])
def test_no_two_tensors_of_a_case_hold_the_same_numbers(name):
    """Neither the same, nor moved by a constant, nor the one's signs."""
    for case in EXERCISES[name].cases():
        tensors = [
            a.flatten().double().nan_to_num() for a in case if isinstance(a, torch.Tensor) and len(a.unique()) > 2
        ]
        for one, other in combinations(tensors, 2):
            n = min(len(one), len(other))
            related = torch.corrcoef(torch.stack([one[:n], other[:n]]))[0, 1].abs() if n > 3 else torch.zeros(())
            assert related < 0.99, case


@pytest.mark.parametrize("name", EXERCISES)
def test_hints_come_in_three_stages_and_a_variant_asks_something_else_each_time(name):
    exercise = EXERCISES[name]
    assert (
        len(exercise.hints) == len(set(exercise.hints)) == 3 and "?" in exercise.hints[0] and "`" in exercise.hints[2]
    )
    assert exercise.difficulty in range(1, 6) and 1 <= exercise.minutes <= 60
    asked = dict(exercise.again(Random(seed)) for seed in range(12))
    assert len(asked) >= 3 and all(value is not None for value in asked.values())
    assert exercise.again(Random(0)) == exercise.again(Random(0))


@pytest.mark.parametrize("name", [name for name, exercise in EXERCISES.items() if exercise.breaks])
def test_what_is_to_be_broken_is_right_for_the_tempting_inputs(name):
    cases = EXERCISES[name].cases()
    assert cases
    for case in cases:
        verdict = judge(name, case)
        assert verdict.state == "wrong" and "\nit is right: " in verdict.details, verdict


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_the_solutions_can_be_imported_alone(path):
    module = _module(path)
    assert module.__doc__ and module.EXERCISES and len(module.DISCUSSION.split()) >= 100
