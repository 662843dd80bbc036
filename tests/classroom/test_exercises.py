"""Exercises: not tried, right, or wrong with the smallest input that shows it; and what is kept of them."""

import math
import re
import signal
import subprocess
import sys
import time
from _thread import interrupt_main
from contextlib import suppress
from itertools import chain, combinations, product
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import coursekit as ck
from coursekit.classroom import exercises
from coursekit.classroom.exercises import agree, judge, load_exercises


def kind(value):
    """A name for a test's value; its own text may hold an address, another one in each process of the run."""
    return type(value).__name__


SOLUTIONS = """
import torch
from coursekit.classroom.exercises import Exercise

def rows_to_shares(x):
    return x / x.sum(1, keepdim=True)

def share_right(outputs, targets):
    assert len(outputs) == len(targets)
    return (outputs.argmax(1) == targets).float().mean()

def attend(scores, mask):
    assert scores.shape == mask.shape and scores.shape[0] == scores.shape[1]
    return scores.masked_fill(mask, -torch.inf).softmax(1)

def generator():
    return torch.Generator().manual_seed(0)

def hints(idea):
    return "What do you get?", idea, "`return`"

def zeroed(x):
    return x * (x < 0)

def endless(x):
    while x == 7:
        pass
    return x

EXERCISES = {
    "shares": Exercise(rows_to_shares, hints("divide by the sum of each row"), lambda: [
        (torch.rand(4, 5, generator=generator()) + 0.1,), (torch.ones(2, 3),)]),
    "right": Exercise(share_right, hints("count the rows"), lambda: [
        (torch.randn(6, 4, generator=generator()), torch.tensor([0, 1, 2, 3, 0, 1]))]),
    "attend": Exercise(attend, hints("mask before the softmax"), lambda: [
        (torch.randn(4, 4, generator=generator()), torch.ones(4, 4).triu(1).bool())]),
    "words": Exercise(lambda text: text.split(), hints("split at spaces"), lambda: [("a",), ("a b",), ("a b  c",)]),
    "nothing": Exercise(lambda x: None, hints("give nothing back"), lambda: [(1,)]),
    "truth": Exercise(lambda x: x > 0, hints("compare"), lambda: [(1,), (-1,)]),
    "answer": Exercise(42, hints("multiply six by seven")),
    "pair": Exercise((torch.tensor([1.0, 2.0]), 3), hints("a tensor and a number")),
    "letters": Exercise("bd", hints("think of each")),
    "two": Exercise(["yes", "no"], hints("think of both")),
    "counted": Exercise(lambda words, numbers: len(words) + sum(numbers), hints("add"), lambda: [
        (["a", "b", "c"], [1, 2, 3, 4])]),
    "ratio": Exercise(lambda a, b: a.sum() / b.sum(), hints("divide"), lambda: [
        (torch.tensor([0.0, 1.0, 5.0]), torch.tensor([0.0, 2.0, 3.0]))]),
    "listed": Exercise(lambda n: list(range(n)), hints("count"), lambda: [(2,), (3,)]),
    "breaks": Exercise(lambda x: x.clamp(max=0), hints("add"), lambda: [(torch.tensor([0.0, -1.0]),)], breaks=zeroed),
    "raises": Exercise(lambda x: 1 / x, hints("add"), lambda: [(2.0,)], breaks=lambda x: 1 // 0 if x == 3 else 1 / x),
    "endless": Exercise(lambda x: x, hints("add"), lambda: [(2,)], breaks=endless),
    "letter": Exercise(len, hints("add"), lambda: [("a",)], breaks=lambda text: text.count("a")),
    "ruled": Exercise(lambda x: x + 1, hints("add"), lambda: [(1,)], rule=lambda answer: "it adds"),
}
"""


@pytest.fixture(autouse=True)
def solutions(tmp_path, monkeypatch):
    folder = tmp_path / "solutions"
    folder.mkdir()
    (folder / "03_sharing.py").write_text(SOLUTIONS, encoding="utf-8")
    (folder / "10_later.py").write_text(
        "from coursekit.classroom.exercises import Exercise\nEXERCISES = {'one': Exercise(1, ('', '', ''))}",
        encoding="utf-8",
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
        state = "not allowed" if name == "ruled" else "right"
        assert exercise.breaks or judge(f"03.{name}", exercise.solution).state == state, name


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
    assert verdict.state == "wrong" and verdict.details.endswith(f"Hint 1 of 3: {exercise.hints[0]}")
    shown = next(t for t in tried if verdict.details.startswith(f"for      {exercises._shown(t)}\n"))
    smallest = min(
        sum(argument.numel() for argument in part)
        for case in exercise.cases()
        for part in every_part(case)
        if (expected := exercise.solution(*part)).isfinite().all()
        and not agree(attempt(*part), expected, exercise.tolerance)
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
    assert repr(judge("03.answer", 41)) == "✗ 03.answer: wrong\n41 is not it.\nHint 1 of 3: What do you get?"
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
    assert "\nbut your function gives None: is a return missing?\nHint 1 of 3: What do you get?" in verdict.details


@pytest.mark.parametrize("error", [ValueError("no such axis"), RecursionError("too deep"), AssertionError()], ids=repr)
def test_an_exception_is_the_answer_that_is_shown(error):
    verdict = judge("03.shares", raises(error))
    assert verdict.state == "wrong" and f"but it raised {type(error).__name__}: {error}" in verdict.details
    assert "for      tensor([[" in verdict.details and verdict.details.count("0.") + verdict.details.count("1.") <= 3


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
    first, *more, last, every = repr(ck.progress()).splitlines()
    assert first.startswith("03_sharing    2 of 18  ○ shares  ○ right") and last == "10_later       0 of 1  ○ one"
    names = " ".join([first, *more])
    assert "✓ words" in names and "✓ answer" in names and "○ pair" in names and every == "all           2 of 19"
    assert max(map(len, [first, *more])) <= 100 and all(line.startswith(" " * 23) for line in more)
    html = ck.progress()._repr_html_()
    assert ElementTree.fromstring(html.replace("&ensp;", " ")).find("table") is not None, "well formed"
    assert '<span style="white-space:nowrap">✓ words</span>' in html and "overflow-x:auto" in html and "2 of 19" in html


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


PROFILED = """
import cProfile
from coursekit.classroom.exercises import judge
profiler = cProfile.Profile()
for name, answer in (("03.hesitates", 5), ("03.entropy_of", lambda x: x), ("03.binary_losses", lambda z, t: z)):
    profiler.enable()
    judge(name, answer)
    profiler.disable()
print("ended")"""


def test_checks_under_a_profiler_end():
    """In Python 3.11 an exception that was taken back before it arrived kept a profiled thread busy for ever."""
    done = subprocess.run([sys.executable, "-c", PROFILED], capture_output=True, timeout=60)
    assert b"ended" in done.stdout, done.stderr


def test_nothing_arrives_after_the_limit():
    def run():
        for _ in range(300):
            pass

    for seconds in np.linspace(0, 2e-3, 300):
        with suppress(exercises._TimeUp):
            exercises._within(seconds, run)
    for _ in range(1000):
        pass  # it would arrive here


def test_a_limit_that_comes_again_and_again_stops_nothing_else(monkeypatch):
    """What follows the attempt takes its time, and is not interrupted."""
    monkeypatch.setattr(exercises.Thread, "join", lambda self: time.sleep(1.2))
    with pytest.raises(exercises._TimeUp):
        exercises._within(0.1, lambda: time.sleep(0.3) or [n for n in range(9)])


def test_the_keyboard_stops_an_attempt_as_before():
    with pytest.raises(KeyboardInterrupt):
        exercises._within(60, lambda: interrupt_main() or [n for n in range(9)])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_hints_come_one_after_the_other_and_begin_anew_once_it_is_right(capsys):
    def said(attempt):
        ck.check("03.answer", attempt)
        return capsys.readouterr().out.splitlines()[-1]

    stages = ["Hint 1 of 3: What do you get?", "Hint 2 of 3: multiply six by seven", "Hint 3 of 3: `return`"]
    assert [said(n) for n in range(4)] == [*stages, stages[2]]
    assert said(None).endswith("not tried yet") and said(41) == stages[2]
    assert said(42).endswith("right") and said(41) == stages[0]


def test_an_answer_in_another_form_costs_no_hint(capsys):
    for attempt in (lambda x: (x / x.sum(1, keepdim=True)).flatten(), lambda x: x / x.sum(0)):
        ck.check("03.shares", attempt)
    first, second = capsys.readouterr().out.split("✗")[1:]
    assert "Hint" not in first and "Hint 1 of 3" in second


def test_an_input_that_breaks_the_function_is_right():
    verdict = judge("03.raises", 3)
    assert verdict.state == "right" and "but it raised ZeroDivisionError" in verdict.details
    assert verdict.details.endswith("Nothing of it can be left out: well found.")


def test_a_part_that_is_enough_is_shown():
    verdict = judge("03.breaks", torch.tensor([1.0, 2.0, -0.0, math.inf]))
    assert verdict.state == "right" and "A part of it is enough: tensor([inf])" in verdict.details


def test_of_a_text_that_breaks_it_a_part_is_shown_too():
    verdict = judge("03.letter", "banana")
    assert verdict.state == "right" and verdict.details.endswith("A part of it is enough: 'b'")


def test_an_input_on_which_both_agree_is_wrong_and_says_so():
    verdict = judge("03.breaks", (torch.tensor([1.0, -2.0]),))
    assert verdict.state == "wrong"
    assert verdict.details.endswith("it is right: tensor([ 0., -2.])\nHint 1 of 3: What do you get?")


@pytest.mark.parametrize("attempt", [0, "three", (1, 2)], ids=str)
def test_an_input_that_the_right_function_refuses_breaks_nothing(attempt):
    verdict = judge("03.raises", attempt)
    assert verdict.state == "wrong" and "there is no right answer to compare with: " in verdict.details


def test_an_input_without_a_finite_answer_breaks_nothing():
    assert "give one with a finite answer" in judge("03.breaks", torch.tensor([math.nan])).details


def test_an_input_on_which_it_never_ends_is_right(monkeypatch):
    monkeypatch.setattr(exercises, "SECONDS", 0.2)
    verdict = judge("03.endless", 7)
    assert verdict.state == "right" and verdict.details.endswith("but it never ends")


def test_nothing_given_is_not_tried_where_an_input_is_asked_for():
    assert judge("03.breaks", None).state == "not tried"


def test_a_home_that_cannot_be_written_does_not_spoil_the_verdict(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "file"))
    ck.check("03.answer", 42)
    noted, verdict = capsys.readouterr().out.splitlines()
    assert noted.startswith("(not noted: ") and verdict == "✓ 03.answer: right"
    assert "0 of 18" in repr(ck.progress())


ALIKE = {
    "dictionaries": ({"a": torch.tensor([1.0]), "b": 0.1 + 0.2}, {"a": [1.0], "b": 0.3}),
    "texts of NumPy": (["a", "b"], np.array(["a", "b"])),
    "an array of texts": (np.array(["a", "b"]), ["a", "b"]),
}
UNLIKE = {
    "another key": ({"b": 1}, {"a": 1}),
    "another value": ({"a": torch.tensor([1.0])}, {"a": torch.tensor([2.0])}),
    "an imaginary part": (1 + 1j, 1.0),
    "beyond all doubles": (10**400, 1.0),
    "near an exact count": (1372401 + 13, 1372401),
    "other texts": (np.array(["a", "c"]), np.array(["a", "b"])),
    "no dictionary": ([1], {"a": 1}),
}


@pytest.mark.parametrize("found, expected", ALIKE.values(), ids=ALIKE.keys())
def test_answers_of_other_forms_are_the_same(found, expected):
    assert agree(found, expected, 1e-5)


@pytest.mark.parametrize("found, expected", UNLIKE.values(), ids=UNLIKE.keys())
def test_answers_that_only_look_alike_are_told_apart(found, expected):
    assert not agree(found, expected, 1e-5)


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False)), min_size=1, max_size=5))
def test_a_verdict_does_not_depend_on_the_form(numbers):
    forms = [numbers, tuple(numbers)] + [np.array(numbers)] * all(isinstance(n, float) for n in numbers)
    assert all(agree(one, two, 0.0) for one in forms for two in forms)


def test_without_a_home_folder_the_verdict_stays(monkeypatch, capsys):
    def nobody(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("COURSEKIT_HOME")
    monkeypatch.setattr("pathlib.Path.expanduser", nobody)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    ck.check("03.answer", 42)
    shown = capsys.readouterr().out
    assert "right" in shown and "set COURSEKIT_HOME to a folder of your own" in shown
    assert not ck.machine().ready and "set COURSEKIT_HOME" in repr(ck.machine())
    with pytest.raises(FileNotFoundError, match="this user has no home folder: set COURSEKIT_HOME"):
        ck.home()


def test_warnings_and_exits_of_an_attempt_are_shown_once(capsys):
    def attempt(*_):
        print("a warning", file=sys.stderr)
        raise SystemExit(1)

    assert "it raised SystemExit" in judge("03.shares", attempt).details
    assert capsys.readouterr().err.count("a warning") == 1
