"""What makes a notebook a lesson: claims that can fail, exercises that are judged, documentation that names lessons."""

import inspect
import math
import re
import subprocess
import sys
from itertools import chain, combinations, product

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import coursekit as ck
from coursekit.classroom.claims import Claim, ClaimError, Report, _equal
from coursekit.classroom.exercises import agree, judge, load_exercises


def kind(value):
    """A name for a test's value; its own text may hold an address, another one in each process of the run."""
    return type(value).__name__


# Claims

INF = math.inf
HOLDS = {
    "true": (True, {}, ""),
    "a true tensor": (torch.tensor([3.0]) > 2, {}, ""),
    "at least": (0.9, {"at_least": 0.9}, " (at least 0.9)"),
    "at most": (3, {"at_most": 3.5}, " (at most 3.5)"),
    "between": (torch.tensor(0.5), {"at_least": 0.4, "at_most": 0.6}, " (at least 0.4, at most 0.6)"),
    "equal": (torch.arange(3), {"equals": [0, 1, 2]}, " (equal exactly)"),
    "equal to zero": (0, {"equals": 0}, " (equal exactly)"),
    "equal infinities": (torch.tensor([INF, -INF]), {"equals": [INF, -INF]}, " (equal exactly)"),
    "nearly equal": ([1.0, 2.0], {"equals": torch.tensor([1.0, 2.01]), "within": 0.02}, " (equal to within 0.02)"),
    "equal nothings": (torch.empty(0), {"equals": torch.empty(0)}, " (equal exactly)"),
    "nothing equals an empty list": (torch.empty(0), {"equals": []}, " (equal exactly)"),
    "a double": (0.1, {"equals": torch.tensor(0.1, dtype=torch.float64), "within": 1e-9}, " (equal to within 1e-09)"),
    "a single, rounded": (0.1, {"equals": torch.tensor(0.1), "within": 2e-9}, " (equal to within 2e-09)"),
    "whole and broken": (torch.tensor([1, 2]), {"equals": np.array([1.0, 2.0])}, " (equal exactly)"),
    "half": (torch.tensor([0.5, 2.0]).half(), {"equals": [0.5, 2]}, " (equal exactly)"),
    "bfloat16": (torch.tensor([0.5, 2.0]).bfloat16(), {"equals": [0.5, 2]}, " (equal exactly)"),
    "large whole numbers": ([2**53 + 1, 10**30], {"equals": [2**53 + 1, 10**30]}, " (equal exactly)"),
    "large, nearly": (2**60 + 1, {"equals": float(2**60), "within": 1}, " (equal to within 1)"),
    "uint64": (np.array([2**64 - 1], dtype=np.uint64), {"equals": [2**64 - 1]}, " (equal exactly)"),
    "truth values": (torch.tensor([True, False]), {"equals": [True, False]}, " (equal exactly)"),
    "complex": (torch.tensor([1 + 2j]), {"equals": [1 + 2j]}, " (equal exactly)"),
    "conjugate": (torch.tensor([1 + 2j]).conj(), {"equals": [1 - 2j]}, " (equal exactly)"),
    "a list of tensors": ([torch.tensor(1.0), torch.tensor(2.0)], {"equals": (1, 2)}, " (equal exactly)"),
    "a Series": (pd.Series([1, 2], index=[5, 6]), {"equals": [1, 2]}, " (equal exactly)"),
    "wants a gradient": (torch.ones(2, requires_grad=True), {"equals": [1.0, 1.0]}, " (equal exactly)"),
    "NumPy's truth": (np.bool_(True), {}, ""),
    "an array of one truth": (np.array([True]), {}, ""),
    "infinite, at least": (INF, {"at_least": 0}, " (at least 0)"),
    "a large whole number, at least": (2**53 + 1, {"at_least": 2**53}, " (at least 9.0072e+15)"),
    "a single's bound": (0.1, {"at_most": torch.tensor(0.1)}, " (at most 0.1)"),
}


@pytest.mark.parametrize("value, bounds, shown", HOLDS.values(), ids=HOLDS.keys())
def test_a_claim_that_holds_is_shown(capsys, value, bounds, shown):
    assert ck.claim("it is so", value, **bounds) is None
    assert capsys.readouterr().out == f"✓ it is so{shown}\n"


FAILS = {
    "false": (False, {}, "it does not hold here"),
    "too small": (0.89, {"at_least": 0.9}, "at least 0.9; measured 0.89"),
    "too large": (4, {"at_most": 3.5}, "at most 3.5; measured 4"),
    "outside": (0.7, {"at_least": 0.4, "at_most": 0.6}, "measured 0.7"),
    "nan, at least": (math.nan, {"at_least": 0}, "measured nan"),
    "nan, at most": (math.nan, {"at_most": 0}, "measured nan"),
    "nan, equals": ([1.0, math.nan], {"equals": [1.0, math.nan], "within": 1e9}, "largest difference nan"),
    "infinite": (INF, {"equals": -INF, "within": 1e9}, "largest difference inf"),
    "not equal": ([1.0, 2.0], {"equals": [1.0, 2.5], "within": 0.1}, "equal to within 0.1; measured .* 0.5"),
    "another shape": ([1.0, 2.0], {"equals": 1.0}, r"shape \(\); measured shape \(2,\)"),
    "what would broadcast": (torch.ones(3, 1), {"equals": torch.ones(3)}, r"shape \(3,\); measured shape \(3, 1\)"),
    "one number in a list": ([1.0], {"equals": 1.0}, r"shape \(\); measured shape \(1,\)"),
    "something for nothing": ([1.0], {"equals": []}, r"shape \(0,\); measured shape \(1,\)"),
    "the next single": (1.00000001, {"equals": 1.0}, "largest difference 1e-08"),
    "beyond single precision": (16777217.0, {"equals": 16777216.0}, "largest difference 1"),
    "beyond single range": (1e39, {"equals": 1e40}, "largest difference 9e"),
    "a tolerance beyond single": (1.00000001, {"equals": 1.0, "within": 1e-9}, "largest difference 1e-08"),
    "a single is no double": (0.1, {"equals": torch.tensor(0.1)}, "largest difference 1.5e-09"),
    "whole numbers beyond doubles": (2**53 + 1, {"equals": 2**53}, "largest difference 1"),
    "int64 beyond doubles": (torch.tensor([2**53 + 1]), {"equals": torch.tensor([2**53])}, "largest difference 1"),
    "large among others": ([0.5, 2**53 + 1], {"equals": [0.5, float(2**53)]}, "largest difference 1"),
    "nan among large": ([math.nan, 2**60], {"equals": [1.0, 2**60]}, "largest difference nan"),
    "imaginary": (torch.tensor([1 + 2j]), {"equals": [1 + 3j]}, "largest difference 1"),
    "a real for a complex": (torch.tensor([1 + 2j]), {"equals": [1.0]}, "largest difference 2"),
    "truth values differ": ([True, False], {"equals": [True, True]}, "largest difference 1"),
    "ones for truth": (torch.tensor([1, 0]), {"equals": [True, False]}, "numbers where truth values are expected"),
    "truth for ones": (torch.tensor([True]), {"equals": [1.0]}, "truth values where numbers are expected"),
    "just below": (0.91999999, {"at_least": 0.92}, "at least 0.92; measured 0.91999999"),
    "beyond a whole bound": (2**53 + 1, {"at_most": 2**53}, "measured 9007199254740993"),
    "a single above its double": (torch.tensor(0.1), {"at_most": 0.1}, "measured 0.10000000149"),
    "NumPy's untruth": (np.bool_(False), {}, "it does not hold here"),
}


@pytest.mark.parametrize("value, bounds, message", FAILS.values(), ids=FAILS.keys())
def test_a_claim_that_does_not_hold_stops_the_run(capsys, value, bounds, message):
    with pytest.raises(ClaimError, match=f"✗ it is so: .*{message}"):
        ck.claim("it is so", value, **bounds)
    assert capsys.readouterr().out == "" and issubclass(ClaimError, AssertionError)


@pytest.mark.parametrize("value", [1, 0.5, torch.tensor(1.0), "yes", [True], torch.tensor([True, True])], ids=repr)
def test_a_claim_that_cannot_fail_is_refused(value):
    with pytest.raises(ValueError, match="needs True or False, or bounds"):
        ck.claim("it is so", value)


REFUSED = {
    "several numbers": ([1.0, 2.0], {"at_least": 0}, "needs one real number"),
    "no number": (torch.empty(0), {"at_least": 0}, "needs one real number"),
    "truth with a bound": (True, {"at_least": 0}, "needs one real number; found a truth value"),
    "a bound that is none": (1.0, {"at_least": "0"}, "needs one real number; found '0'"),
    "complex with a bound": (1 + 2j, {"at_least": 0}, "needs one real number"),
    "both": (1.0, {"at_least": 0, "equals": 1.0}, "make two claims of it"),
    "within alone": (1.0, {"at_least": 0, "within": 0.1}, "no equals"),
    "a negative tolerance": (1.0, {"equals": 1.0, "within": -1}, "tolerance of 0 or more"),
    "any tolerance": (1.0, {"equals": 2.0, "within": INF}, "a finite one"),
    "no tolerance": (1.0, {"equals": 2.0, "within": math.nan}, "tolerance of 0 or more"),
    "texts": ("a", {"equals": "a"}, "compares numbers or truth values; found str 'a'"),
    "ragged": ([[1], [1, 2]], {"equals": [1, 2]}, "compares numbers or truth values"),
    "nothing at all": (None, {"equals": 1}, "compares numbers or truth values; found NoneType"),
    "truth among numbers": ([True, 2], {"equals": [1, 2]}, "compares numbers or truth values"),
}


@pytest.mark.parametrize("value, bounds, message", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_compared_is_refused_in_words(value, bounds, message):
    with pytest.raises(ValueError, match=message):
        ck.claim("it is so", value, **bounds)


@given(st.lists(st.one_of(st.floats(), st.integers()), min_size=1, max_size=5), st.integers(0, 4), st.data())
def test_any_other_number_is_seen(numbers, place, data):
    """Whatever differs, by however little, is told; the same numbers are equal, but for NaN."""
    same = all(x == x for x in numbers)
    assert _equal("", list(numbers), list(numbers), 0.0)[0] == same
    place %= len(numbers)
    other = data.draw(st.one_of(st.floats(), st.integers()).filter(lambda x: x != numbers[place]))
    assert not _equal("", numbers, [*numbers[:place], other, *numbers[place + 1 :]], 0.0)[0]


def test_a_report_shows_its_name_and_keeps_its_value(capsys):
    ck.report("accuracy", torch.tensor(0.93359))
    assert capsys.readouterr().out == "▸ accuracy: 0.9336\n"
    assert repr(Report("accuracy", 0.9)) == "▸ accuracy" and "0.9" in Report("accuracy", 0.9)._repr_html_()


@pytest.mark.parametrize("value", [math.nan, INF, [1, 2], "0.9", True, None], ids=repr)
def test_a_report_needs_a_number(value):
    with pytest.raises(ValueError, match=r"report\('accuracy'\) needs"):
        ck.report("accuracy", value)


def test_a_claims_text_is_the_same_whatever_was_measured():
    one, other = (Claim("fast <enough>", "at most 3", measured) for measured in ("1.23", "2.34"))
    assert repr(one) == repr(other) == "✓ fast <enough> (at most 3)"
    assert "2.34" in other._repr_html_() and "&lt;enough&gt;" in other._repr_html_()


# Exercises

SOLUTIONS = """
import torch
from coursekit.classroom.exercises import Exercise

def rows_to_shares(x):
    return x / x.sum(1, keepdim=True)

def share_right(outputs, targets):
    return (outputs.argmax(1) == targets).float().mean()

def attend(scores, mask):
    assert scores.shape == mask.shape and scores.shape[0] == scores.shape[1]
    return scores.masked_fill(mask, -torch.inf).softmax(1)

def generator():
    return torch.Generator().manual_seed(0)

EXERCISES = {
    "shares": Exercise(rows_to_shares, "divide by the sum of each row", lambda: [
        (torch.rand(4, 5, generator=generator()) + 0.1,), (torch.ones(2, 3),)]),
    "right": Exercise(share_right, "count the rows", lambda: [
        (torch.randn(6, 4, generator=generator()), torch.tensor([0, 1, 2, 3, 0, 1]))]),
    "attend": Exercise(attend, "mask before the softmax", lambda: [
        (torch.randn(4, 4, generator=generator()), torch.ones(4, 4).triu(1).bool())]),
    "words": Exercise(lambda text: text.split(), "split at spaces", lambda: [("a",), ("a b",), ("a b  c",)]),
    "nothing": Exercise(lambda x: None, "give nothing back", lambda: [(1,)]),
    "truth": Exercise(lambda x: x > 0, "compare", lambda: [(1,), (-1,)]),
    "answer": Exercise(42, "multiply six by seven"),
    "pair": Exercise((torch.tensor([1.0, 2.0]), 3), "a tensor and a number"),
}
"""


@pytest.fixture(autouse=True)
def solutions(tmp_path, monkeypatch):
    folder = tmp_path / "solutions"
    folder.mkdir()
    (folder / "03_sharing.py").write_text(SOLUTIONS, encoding="utf-8")
    (folder / "10_later.py").write_text(
        "from coursekit.classroom.exercises import Exercise\nEXERCISES = {'one': Exercise(1, '')}", encoding="utf-8"
    )
    monkeypatch.setattr("coursekit.classroom.exercises.SOLUTIONS", folder)
    return load_exercises(folder / "03_sharing.py")


def only_words(x):
    """What it is to do."""
    ...


def only_pass(x):
    """What it is to do."""
    pass


def forgets(x):
    _ = x / x.sum(1, keepdim=True)


def forgets_sometimes(x):
    if len(x) == 4:
        return x / x.sum(1, keepdim=True)


def raises(error):
    def attempt(*_):
        raise error

    return attempt


@pytest.mark.parametrize("attempt", [None, ..., only_words, only_pass, raises(NotImplementedError())], ids=kind)
def test_an_exercise_not_tried(own_home, capsys, attempt):
    ck.check("03.shares", attempt)
    assert capsys.readouterr().out == "○ 03.shares: not tried yet\n" and not own_home.exists()


RIGHT = {
    "shares": lambda x: x.double() / x.double().sum(-1, keepdim=True),
    "right": lambda outputs, targets: (
        sum(o.argmax() == t for o, t in zip(outputs, targets, strict=True)) / len(targets)
    ),
    "attend": lambda scores, mask: torch.where(mask, -1e9, scores).softmax(-1),
    "words": str.split,
    "nothing": lambda x: None,
    "truth": lambda x: torch.tensor(x) > 0,
    "answer": torch.tensor(42),
    "pair": [[1, 2], 3.0],
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_of_another_kind(capsys, name):
    if name == "pair":
        RIGHT[name] = [torch.tensor([1, 2]), 3.0]
    ck.check(f"03.{name}", RIGHT[name])
    assert capsys.readouterr().out == f"✓ 03.{name}: right\n"


def test_every_solution_is_right(solutions):
    for name, exercise in solutions.items():
        assert judge(f"03.{name}", exercise.solution).state == "right", name


WRONG = {
    "another axis": ("shares", lambda x: x / x.sum(0)),
    "all at once": ("shares", lambda x: x / x.sum()),
    "not at all": ("shares", lambda x: x),
    "one row only": ("shares", lambda x: x[:1] / x[:1].sum()),
    "a sum": ("right", lambda outputs, targets: (outputs.argmax(1) == targets).sum()),
    "the other way": ("right", lambda outputs, targets: (outputs.argmax(1) != targets).float().mean()),
    "no mask": ("attend", lambda scores, mask: scores.softmax(1)),
    "mask afterwards": ("attend", lambda scores, mask: scores.softmax(1).masked_fill(mask, 0)),
}


def every_part(case):
    """The case and every smaller one that leaves out rows, columns, ... together wherever the lengths agree."""
    lengths = sorted({n for argument in case for n in argument.shape})

    def kept(n):
        return chain.from_iterable(combinations(range(n), k + 1) for k in range(n))

    for choice in product(*map(kept, lengths)):
        keep = dict(zip(lengths, map(torch.tensor, choice), strict=True))
        part = list(case)
        for i, argument in enumerate(case):
            for axis, n in enumerate(argument.shape):
                part[i] = part[i].index_select(axis, keep[n])
        yield tuple(part)


@pytest.mark.parametrize("name, attempt", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_answer_comes_with_the_smallest_input_that_shows_it(solutions, name, attempt):
    exercise, tried = solutions[name], []

    def noted(*arguments):
        tried.append(arguments)
        return attempt(*arguments)

    verdict = judge(f"03.{name}", noted)
    assert verdict.state == "wrong" and verdict.details.endswith(f"Hint: {exercise.hint}")
    shown = tried[-1]  # the verdict is made of the last call
    smallest = min(
        sum(argument.numel() for argument in part)
        for case in exercise.cases()
        for part in every_part(case)
        if not agree(attempt(*part), exercise.solution(*part), exercise.tolerance)
    )
    assert sum(argument.numel() for argument in shown) == smallest
    numbers = [float(n) for n in re.findall(r"-?\d+\.\d+|-?\d+", verdict.details.split("expected")[0])]
    assert len(numbers) >= sum(a.numel() for a in shown if a.dtype != torch.bool)
    assert "got" in verdict.details and str(smallest)


SAME = {
    "a list for a tensor": ([1.0, 2.0], torch.tensor([1.0, 2.0])),
    "an array for a list": (np.array([1, 2]), [1, 2]),
    "a tensor for a list": (torch.tensor([1, 2]), [1, 2]),
    "a Series for a list": (pd.Series([1.0, 2.0]), [1.0, 2.0]),
    "a list for a tuple": ([1, 2.0], (1, 2.0)),
    "a double for a single": (torch.tensor([0.1], dtype=torch.float64), torch.tensor([0.1])),
    "ones for truth values": ([1, 0], torch.tensor([True, False])),
    "nan": ([math.nan], torch.tensor([math.nan])),
    "a pair in an array": (np.array([[1.0, 2.0], [3.0, 4.0]]), (torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))),
    "a tensor of texts' lengths": (np.int64(3), 3),
}
OTHER = {
    "a count": (1372401 + 13, 1372401),
    "a count in a tensor": (torch.tensor([1372388.0]), torch.tensor([1372401])),
    "beyond single precision": (1 + 1e-4, 1.0),
    "one in a list": ([1.0], 1.0),
    "a column": (torch.ones(3, 1), torch.ones(3)),
    "shorter": ([1], [1, 2]),
    "a text": ("1", 1),
    "texts": (np.array(["a"]), ["b"]),
    "infinite": ([math.inf], torch.tensor([-math.inf])),
}


@pytest.mark.parametrize("found, expected", SAME.values(), ids=SAME.keys())
def test_the_form_of_an_answer_does_not_matter(found, expected):
    assert agree(found, expected, 1e-5)


@pytest.mark.parametrize("found, expected", OTHER.values(), ids=OTHER.keys())
def test_another_answer_is_told_apart(found, expected):
    assert not agree(found, expected, 1e-5)


def test_a_wrong_value_is_shown():
    assert repr(judge("03.answer", 41)) == "✗ 03.answer: wrong\n41 is not it.\nHint: multiply six by seven"
    assert "a function is asked for; this is 3" in repr(judge("03.shares", 3))


@pytest.mark.parametrize(
    "answer", ["no", torch.tensor([True, False]), torch.ones(2), None, [1], {}, object()], ids=kind
)
@pytest.mark.parametrize("name", ["truth", "words", "shares"])
def test_an_answer_of_a_strange_kind_is_wrong_and_no_accident(name, answer):
    assert judge(f"03.{name}", lambda *_: answer).state == "wrong"


@pytest.mark.parametrize("attempt", [forgets, forgets_sometimes], ids=lambda attempt: attempt.__name__)
def test_a_forgotten_return_is_told(attempt):
    verdict = judge("03.shares", attempt)
    assert verdict.state == "wrong" and verdict.details.startswith("for      tensor([[")
    assert "\nbut your function gives None: is a return missing?\nHint: divide by the sum" in verdict.details


@pytest.mark.parametrize("error", [ValueError("no such axis"), RecursionError("too deep"), AssertionError()], ids=repr)
def test_an_exception_is_the_answer_that_is_shown(error):
    verdict = judge("03.shares", raises(error))
    assert verdict.state == "wrong" and f"but it raised {type(error).__name__}: {error}" in verdict.details
    assert "for     tensor([[" in verdict.details and verdict.details.count("0.") + verdict.details.count("1.") <= 3


def test_a_function_of_other_arguments_is_told_what_it_was_called_with():
    assert "but it raised TypeError" in judge("03.shares", lambda: None).details


@pytest.mark.parametrize(
    "change", [lambda x: x.div_(x.sum(1, keepdim=True)), lambda x: (x / x.sum(1, True), x.zero_())[0]]
)
def test_a_function_that_changes_its_input_is_told(change):
    verdict = judge("03.shares", change)
    assert verdict.state == "wrong" and "the answer is right, but the function changed its input" in verdict.details


@pytest.mark.parametrize(
    "name, message",
    [
        ("03.share", "lesson 03 has no exercise 'share'. Did you mean '03.shares'"),
        ("03.xyz", "Did you mean '03."),
        ("04.shares", "belongs to no lesson"),
        ("03", "exercises are named like '03.softmax'"),
        ("shares", "exercises are named like '03.softmax'"),
        ("", "exercises are named like '03.softmax'"),
    ],
)
def test_an_unknown_exercise_suggests_the_nearest(name, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ck.check(name, None)


def test_solved_exercises_are_remembered(own_home, capsys):
    ck.check("03.answer", 42)
    ck.check("03.words", str.split)
    ck.check("03.pair", 0)
    assert sorted(file.name for file in (own_home / "progress").iterdir()) == ["03.answer", "03.words"]
    assert [file.name for file in own_home.iterdir()] == ["progress"]
    first, second = repr(ck.progress()).splitlines()
    assert first.startswith("03_sharing 2 of 8 ") and "✓ words" in first and "✓ answer" in first
    assert "○ pair" in first and second == "10_later   0 of 1   ○ one"


def test_kernels_that_note_at_the_same_time_lose_nothing(own_home):
    code = "import sys, coursekit.classroom.exercises as e; [e._remember(f'03.{sys.argv[1]}{i}') for i in range(20)]"
    processes = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("a", "b")]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(list((own_home / "progress").iterdir())) == 40


def test_what_an_attempt_prints_is_seen_once(capsys):
    def attempt(x):
        print("here")
        return x / x.sum(0)

    ck.check("03.shares", attempt)
    assert capsys.readouterr().out.count("here") == 1
    ck.check("03.shares", lambda x: (print("here"), x / x.sum(1, True))[1])
    assert "here" not in capsys.readouterr().out


def test_a_home_that_cannot_be_written_does_not_spoil_the_verdict(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "file"))
    ck.check("03.answer", 42)
    noted, verdict = capsys.readouterr().out.splitlines()
    assert noted.startswith("(right, but not noted") and verdict == "✓ 03.answer: right"
    assert "0 of 8" in repr(ck.progress())


# Documentation

PUBLIC = {name: getattr(ck, name) for name in ck.__all__ if not inspect.ismodule(getattr(ck, name))}


@pytest.mark.parametrize("thing", PUBLIC.values(), ids=PUBLIC.keys())
def test_every_public_name_says_in_which_lesson_it_is_built(thing):
    doc = ck.doc(thing)
    assert re.fullmatch(r"(Built by hand|First used) in lesson [01]\d\.", doc.lesson or "none")
    assert repr(doc).endswith(f"\n\n{doc.lesson}") and f"<b>{doc.lesson}</b>" in doc._repr_html_()
    assert " in lesson " not in doc.text


def functions(thing):
    """The function itself, or the class's own public methods and how it is made."""
    if not inspect.isclass(thing):
        return [thing]
    methods = [m.fget if isinstance(m, property) else m for m in vars(thing).values()]
    return [
        m for m in methods if inspect.isfunction(m) and (not m.__name__.startswith("_") or m.__name__ == "__init__")
    ]


@pytest.mark.parametrize("thing", PUBLIC.values(), ids=PUBLIC.keys())
def test_every_public_function_has_types_and_a_docstring(thing):
    for function in functions(thing):
        signature = inspect.signature(function)
        untyped = [n for n, p in signature.parameters.items() if n != "self" and p.annotation is p.empty]
        assert untyped == [] and signature.return_annotation is not signature.empty, function.__qualname__
        assert inspect.getdoc(function) or function.__name__ == "__init__", function.__qualname__


def test_doc_shows_signature_and_text():
    text = repr(ck.doc(ck.fetch))
    assert text.startswith("coursekit.datasets.fetch(name: str, size: str | None = None) -> Path\n\nThe folder")
    assert repr(ck.doc(ck.Learner)).startswith("class coursekit.learner.Learner(data: ")
    assert ck.doc(torch.nn.Linear).lesson is None and "Applies" in repr(ck.doc(torch.nn.Linear))
    assert "fit(self, epochs" in ck.doc(ck.Learner.fit).title


@pytest.mark.parametrize("thing", [3, lambda: None, "text"], ids=kind)
def test_doc_wants_something_documented(thing):
    with pytest.raises(ValueError, match="has no docstring: give a function or class itself"):
        ck.doc(thing)


def test_doc_gives_default_functions_by_name():
    shown = repr(ck.doc(ck.Learner)) + repr(ck.doc(ck.Learner.fit))
    assert "= cross_entropy" in shown and "= constant" in shown and " at 0x" not in shown
