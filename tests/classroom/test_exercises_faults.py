"""Exercises: what an untried, a badly formed, a forbidden and an endless answer are told; and which case is shown."""

import itertools
import re
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
import torch

import coursekit as ck
from coursekit.classroom import exercises
from coursekit.classroom.exercises import draw, judge, stream

from .test_exercises import solutions  # noqa: F401, a fixture


def by_torch(x):
    return (x > 0) @ (x > 0).T  # NotImplementedError: "addmm_impl_cpu_" not implemented for 'Bool'


def by_module(x):
    return torch.nn.Module()(x)


def in_part(x):
    if len(x) == 2:
        raise NotImplementedError("two rows")
    return x / x.sum(1, keepdim=True)


@pytest.mark.parametrize("attempt", [by_torch, by_module, in_part], ids=lambda attempt: attempt.__name__)
def test_an_answer_with_code_in_it_is_tried(attempt):
    verdict = judge("03.shares", attempt)
    assert verdict.state == "wrong" and "it raised NotImplementedError" in verdict.details


@pytest.mark.parametrize("answer", ["bd", "BD", "b, d", "db", ["b", "d"], ("D", "b"), {"b", "d"}], ids=type)
def test_letters_in_any_form_are_right(answer):
    assert judge("03.letters", answer).state == "right" and judge("03.two", ("Yes", "no ")).state == "right"
    assert judge("03.two", np.array(["yes", "no"])).state == "right"
    assert judge("03.two", "yes, no").state == "right" and judge("03.two", ["no", "yes"]).state == "wrong"


def test_other_letters_and_other_things_are_wrong():
    assert judge("03.letters", "b").details == "'b' is not it.\nHint 1 of 3: What do you get?"
    assert judge("03.letters", "bdd").state == "wrong"
    assert judge("03.letters", 3).details == "letters are asked for; this is 3"
    assert judge("03.two", {"a": 1}).details == "2 words are asked for; this is {'a': 1}"


def right(outputs, targets):
    return (outputs.argmax(1) == targets).float().mean()


FORMS = {
    "a column": ("right", lambda o, t: right(o, t)[None, None], "of shape (1, 1); asked for is one number"),
    "a list of one": ("right", lambda o, t: [right(o, t)], "of shape (1,); asked for is one number, without axes"),
    "flat": ("shares", lambda x: (x / x.sum(1, True)).flatten(), "asked for is of shape (1, 1)"),
    "a text": ("counted", lambda words, numbers: str(len(words) + sum(numbers)), "in a str; give a number"),
    "a map": ("listed", lambda n: map(int, range(n)), "in a map; give a list"),
}


@pytest.mark.parametrize("name, attempt, words", FORMS.values(), ids=FORMS.keys())
def test_a_wrong_form_is_told_without_the_hint(name, attempt, words):
    details = judge(f"03.{name}", attempt).details
    assert words in details and "are right, but" in details and "Hint" not in details


def test_a_wrong_value_of_a_wrong_form_takes_the_hint():
    assert judge("03.shares", lambda x: x.flatten()).details.endswith("Hint 1 of 3: What do you get?")
    assert judge("03.pair", [[1.0, 2.0], [3]]).state == "wrong"
    assert judge("03.answer", [[42]]).details.startswith("the numbers are right, but this is of shape (1, 1)")
    assert judge("03.answer", "42").details == "the values are right, but in a str; give a number"


def test_a_broken_rule_is_no_wrong_answer(capsys):
    ck.check("03.ruled", lambda x: x + 1)
    assert capsys.readouterr().out == "✗ 03.ruled: not allowed\nthe results are right, but it adds\n"


@pytest.mark.parametrize("off", [3e-5, 3e-4, 1e-3, 0.2])
def test_as_many_digits_as_show_the_difference(off):
    details = judge("03.shares", lambda x: x / x.sum(1, True) + off).details
    expected, got = (float(line.split("tensor")[1].strip("([])")) for line in details.splitlines()[1:3])
    assert got - expected == pytest.approx(off, rel=0.5)


def test_numbers_that_print_alike_are_shown_apart():
    large = torch.tensor([1001.0, 1002.0])
    assert exercises._digits(large + 0.02, large) == exercises._digits([1, large + 0.02], (1.0, large)) == 6
    assert exercises._shown(large, 6) != exercises._shown(large + 0.02, 6)
    assert exercises._digits("a", 1.0) == exercises._digits(large, large) == exercises._digits(large[:1], large) == 4


def test_lists_shrink_too():
    details = judge("03.counted", lambda words, numbers: len(words) - sum(numbers)).details
    assert details.startswith("for      ['a'], [1]\nexpected 2\ngot      0\n")


def test_a_case_with_an_ordinary_answer_is_shown():
    """0 / 0 and 1 / 0 show the mistake, too, in fewer numbers than its idea needs."""
    details = judge("03.ratio", lambda a, b: (a / b).sum()).details
    assert "nan" not in details and "inf" not in details
    refused = judge("03.attend", lambda scores, mask: scores.masked_fill(mask, 0).softmax(1)).details
    assert "nan" not in refused.splitlines()[1]


def test_the_smallest_of_all_failing_cases_is_shown():
    assert judge("03.shares", lambda x: x * 0).details.startswith("for      tensor([[")
    assert judge("03.listed", lambda n: []).details.startswith("for      2\n")


def test_an_endless_loop_is_stopped(monkeypatch):
    def endless(x):
        while True:
            pass

    def stubborn(x):
        while True:
            try:
                len("")
            except:  # noqa: E722, as a student writes it
                continue

    monkeypatch.setattr(exercises, "SECONDS", 0.2)
    before, start = signal.getsignal(signal.SIGINT), time.monotonic()
    for attempt in (endless, stubborn):
        verdict = judge("03.shares", attempt)
        assert verdict.state == "wrong" and verdict.details.startswith("for      tensor([[")
        assert verdict.details.endswith("your function was stopped after 0.2 seconds: does a loop never end?")
    assert time.monotonic() - start < 20 and signal.getsignal(signal.SIGINT) is before
    assert threading.active_count() == 1 or all("watch" not in thread.name for thread in threading.enumerate())
    assert judge("03.words", str.split).state == "right"  # nothing is due any more


class EndlessToCompare:
    def __eq__(self, other):
        while True:
            pass


class EndlessAsArray:
    def __array__(self, *_, **__):
        while True:
            time.sleep(1)


class EndlessToShow:
    def __repr__(self):
        while True:
            pass


def counted(n):
    while True:
        yield n
        n += 1


def asleep(x):
    time.sleep(1000)


def asleep_whatever_comes(x):
    while True:
        try:
            time.sleep(1)
        except BaseException:
            continue


def waiting_for_a_lock(x):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def waiting_for_a_thread(x):
    thread = threading.Thread(target=lambda: time.sleep(1000), daemon=True)
    thread.start()
    thread.join()


def busy_to_the_end(x):
    try:
        time.sleep(1000)
    finally:
        while True:
            len("")


def printing(x):
    while True:
        print("here", x)


ENDLESS = {
    **{f.__name__: ("words", f) for f in (asleep, asleep_whatever_comes, waiting_for_a_lock, waiting_for_a_thread)},
    **{f.__name__: ("listed", f) for f in (busy_to_the_end, printing)},
    "EndlessToShow": ("words", lambda x: EndlessToShow()), "EndlessToCompare": ("truth", lambda x: EndlessToCompare()),
    "EndlessAsArray": ("counted", lambda *_: EndlessAsArray()),
    "a value to compare": ("letters", EndlessToShow()), "a value as an array": ("answer", EndlessAsArray()),
    "an input": ("breaks", EndlessToShow()),
}  # fmt: skip


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="on Windows what sleeps is not woken")
@pytest.mark.parametrize("name, attempt", ENDLESS.values(), ids=ENDLESS.keys())
def test_whatever_never_ends_is_stopped_with_a_sentence(monkeypatch, capsys, name, attempt):
    monkeypatch.setattr(exercises, "SECONDS", 0.2)
    verdict = judge(f"03.{name}", attempt)
    assert verdict.state == "wrong" and re.search(r"was stopped after 0\.[26] seconds: does", verdict.details), verdict
    assert len(capsys.readouterr().out) < 10_000 and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert judge("03.words", str.split).state == "right"


@pytest.mark.parametrize("given", [lambda n: counted(0), lambda n: itertools.count(), lambda n: itertools.cycle("a")])
def test_an_iterator_without_an_end_is_looked_at_as_far_as_is_asked(given):
    assert judge("03.listed", given).state == "wrong"
    assert "in a range_iterator; give a list" in judge("03.listed", lambda n: iter(range(n))).details


def flood(n):
    for i in range(20_000):
        print("line", i)
    return -n


def test_of_a_flood_the_beginning_is_shown(capsys):
    assert judge("03.listed", flood).state == "wrong"
    said = capsys.readouterr().out
    assert said.startswith("line 0\nline 1\n") and "(more was printed, and is left out)" in said
    assert len(said) < 7000
    output = Mock()
    exercises._print_again(SimpleNamespace(stdout="", stderr="", outputs=[output] * 100))
    assert output.display.call_count == exercises.DISPLAYED


class Strange(BaseException):
    pass


class Refuses:
    def __eq__(self, other):
        raise KeyError("no")

    def __repr__(self):
        raise OSError("no")


def without_end(n):
    return without_end(n + 1)


def of_another_kind(n):
    raise Strange("not an Exception")


RAISED = {
    "recursion": (without_end, "it raised RecursionError"),
    "memory": (lambda n: [0] * 10**15, "it raised MemoryError"),
    "exit": (lambda n: sys.exit(3), "it raised SystemExit: 3"),
    "of another kind": (of_another_kind, "it raised Strange: not an Exception"),
    "input": (lambda n: [int(input("n?"))], "as arguments, and asks nobody: take input() out"),
    "not to be shown": (lambda n: Refuses(), "got      <Refuses, whose repr raises OSError>"),
    "a long message": (lambda n: int("9" * 4000 + "x"), "invalid literal"),
    "a long value": (lambda n: list(range(10**4)), "got      [0, 1, 2"),
}


@pytest.mark.parametrize("attempt, words", RAISED.values(), ids=RAISED.keys())
def test_whatever_is_raised_is_told_in_words(attempt, words):
    verdict = judge("03.listed", attempt)
    assert verdict.state == "wrong" and words in verdict.details and len(verdict.details) < 11_000


def fails_below(x):
    return helper(x)


def helper(x):
    return torch.ones(2) @ torch.ones(3) + x  # fails inside of torch


def test_an_error_shows_the_students_own_line():
    details = judge("03.shares", fails_below).details
    line = helper.__code__.co_firstlineno + 1
    assert f"\nin your line {line}: return torch.ones(2) @ torch.ones(3) + x  # fails inside of torch\n" in details
    cell = "import torch, coursekit as ck\ndef shares(x):\n    y = x.sum(1)\n    return x[99]\n"
    shown = in_a_notebook(cell + "ck.check('03.entropy_of', shares)")
    assert "in your line 3: y = x.sum(1)" in shown or "in your line 4: return x[99]" in shown, shown
    assert "exercises.py" not in shown


def test_numbers_stand_below_each_other_in_text_and_in_html():
    verdict = judge("03.attend", lambda scores, mask: torch.zeros(2, 2) + 0.5 * scores.sum())
    rows = [line for line in repr(verdict).splitlines() if "[" in line]
    assert len(rows) >= 3 and len({line.index("[") for line in rows if line.strip()[0] == "["}) <= 2
    assert all(line.startswith(("for      ", "expected ", "got      ", " " * 9)) for line in rows)
    html = judge("03.shares", lambda x: x / x.sum())._repr_html_()
    assert "03.shares: wrong" in html and "Hint 1 of 3" in html
    scrolls = re.findall(r'white-space:pre;overflow-x:auto" tabindex="0">(.*?)</div>', html, re.S)
    assert len(scrolls) == 1 and "expected " in scrolls[0] and "Hint" not in scrolls[0]


def test_several_arguments_stand_below_each_other_where_one_needs_lines():
    text = exercises._shown((torch.ones(2, 2), 3))
    assert text == "tensor([[1., 1.],\n        [1., 1.]]),\n 3"
    verdict = exercises.Verdict("03.a", "wrong", f"for      {text}\nexpected 1\nHint 1 of 3: why?")
    assert repr(verdict).splitlines() == [
        "✗ 03.a: wrong",
        "for      tensor([[1., 1.],",
        "                 [1., 1.]]),",
        "         3",
        "expected 1",
        "Hint 1 of 3: why?",
    ]


def test_an_endless_loop_for_smaller_cases_only_shows_the_failing_case(monkeypatch):
    def attempt(x):
        while x.numel() < 6:
            pass
        return x

    monkeypatch.setattr(exercises, "SECONDS", 0.3)
    assert judge("03.shares", attempt).details.startswith("for      tensor([[1., 1., 1.],\n")


def test_a_thread_of_its_own_is_judged_too():
    verdicts = []
    thread = threading.Thread(target=lambda: verdicts.append(judge("03.words", str.split)))
    thread.start()
    thread.join(20)
    assert verdicts[0].state == "right"


SHELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def run(cell):
    shell.run_cell(cell, store_history=True).raise_error()
"""


def in_a_notebook(*cells):
    """What these cells print, one after the other, in a shell of IPython."""
    code = SHELL + "".join(f"run({cell!r})\n" for cell in cells)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_cells_with_magics_and_earlier_answers():
    identity = "def identity(n):\n    return torch.arange(n)[:, None] == torch.arange(n)\n"
    one_hot = "def one_hot(labels, classes):\n    return {}(classes)[labels]\nck.check('07.one_hot', one_hot)"
    positions = "def positions(x):\n    return x.argsort().argsort()\nck.check('07.positions', positions)"
    relu = "def my_relu(z, t):\n    display('seen')\n    return z\nck.check('03.binary_losses', my_relu)"
    shown = in_a_notebook(
        "import torch, coursekit as ck\nfrom IPython.display import display",
        f"%%time\n{identity}ck.check('07.identity', identity)",
        f"!echo\n%time\n{one_hot.format('identity')}",
        f"%%time\n!echo\n{positions}",
        f"def eye(n):\n    return torch.eye(n)\n{one_hot.format('eye')}",
        f"%%time\n{relu}",
    )
    for line in (
        "✓ 07.identity: right",
        "✓ 07.one_hot: right",
        "✗ 07.positions: not allowed\nthe results are right, but line 2 uses `.argsort`",
        "the results are right, but line 2 uses `eye`, of which line 2 uses `.eye`",
    ):
        assert line in shown, shown
    assert shown.count("'seen'") == 1


def test_streams_of_their_own():
    assert not torch.equal(draw(2, 3).flatten(), draw(3, 2).flatten())
    assert not torch.equal(draw(2, 3), draw(2, 3, seed=1)) and torch.equal(draw(2, 3), draw(2, 3))
    draw(7)
    assert torch.equal(torch.rand(3, generator=stream(3)), torch.rand(3, generator=stream(3)))
