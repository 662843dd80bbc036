"""`check`: whether an exercise is right, and if not, the smallest input that shows it; `progress`: what is solved.

The exercises of lesson NN are the dictionary `EXERCISES` in `lessons/solutions/NN_name.py`.
"""

import copy
import dis
import importlib.util
import inspect
import linecache
import re
import signal
import sys
import traceback
from _thread import interrupt_main
from ast import literal_eval
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from html import escape
from io import StringIO
from itertools import chain, combinations, groupby, islice, repeat
from pathlib import Path
from random import Random
from threading import Event, Thread, current_thread, main_thread
from types import FrameType, ModuleType
from typing import Any
from unittest.mock import patch
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from ..arguments import in_words
from ..datasets import course, home, nearest
from ..display import GREEN, ORANGE, RED, show
from ..storage import write_whole
from .claims import as_array
from .markup import box, scrolled, text_table

SOLUTIONS = course() / "lessons" / "solutions"
_STATES = {
    "not tried": ("○", "#999999"),
    "right": ("✓", GREEN),
    "wrong": ("✗", RED),
    "not allowed": ("✗", ORANGE),
}
_LABELS = ("for      ", "expected ", "got      ")


@dataclass(frozen=True)
class Exercise:
    """What `check` needs to know of an exercise.

    Args:
        solution: the reference: a function, or the value itself where a value is asked for.
        hints: a question about what went wrong, the idea, the first line: shown one after the other, by attempt.
        cases: for a function: gives the argument tuples to try it on, simple ones first.
        tolerance: how far a number may be off, absolute and relative.
        rule: for a function: gives, in words, what it uses that the exercise does not allow, or None; see
            `lessons/solutions/rules.py`.
        breaks: where the answer is an input, a tuple of arguments: the wrong function that it is to break.
        answer: what is shown to solve it, where that is not the reference: such an input, say.
        difficulty: 1 to 5.
        minutes: that it takes a reader of the course.
        again: gives, for a `random.Random`, a variant for `review`: a question, and its value.
    """

    solution: object
    hints: tuple[str, str, str]
    cases: Callable[[], list[tuple]] | None = None
    tolerance: float = 1e-5
    rule: Callable[[Callable], str | None] | None = None
    breaks: Callable | None = None
    answer: object = None
    difficulty: int = 0
    minutes: int = 0
    again: Callable[[Random], tuple[str, object]] | None = None


def stream(*key: object) -> torch.Generator:
    """A stream of random numbers of its own for each key: a shape and a seed, say; the same in every run."""
    return torch.Generator().manual_seed(crc32(repr(key).encode()))


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers for a case; tensors of one shape in one case need different seeds."""
    return torch.randn(shape, generator=stream(shape, seed))


@dataclass
class Verdict:
    """What became of an attempt: `state` is "not tried", "right", "wrong" or "not allowed"; `details` says why."""

    name: str
    state: str
    details: str = ""

    def __repr__(self) -> str:
        """Mark, name, state, and the details below."""
        return "\n".join([self._head(), *(line for line, _ in self._lines())])

    def _repr_html_(self) -> str:
        """The same, monospaced: numbers stand in columns and scroll where they are wide, sentences are wrapped."""
        parts = [f"<b>{escape(self._head())}</b>"]
        for numbers, lines in groupby(self._lines(), key=lambda line: line[1]):
            text = escape("\n".join(line for line, _ in lines))
            parts.append(scrolled(text) if numbers else f'<div style="white-space:pre-wrap">{text}</div>')
        return box(f'<div style="font-family:monospace;line-height:1.4">{"".join(parts)}</div>', _STATES[self.state][1])

    def _head(self) -> str:
        words = "not tried yet" if self.state == "not tried" else self.state
        return f"{_STATES[self.state][0]} {self.name}: {words}"

    def _lines(self) -> Iterator[tuple[str, bool]]:
        """The lines of the details, and whether each is of numbers; those that go on below a label are moved there."""
        numbers = False
        for line in self.details.splitlines():
            labelled = line.startswith(_LABELS)
            numbers = labelled or numbers and line[:1] in ("", " ")
            yield (" " * 9 * (line[:1] == " ") + re.sub("^ (?! )", "", line) if numbers else line), numbers


@in_words
def check(name: str, attempt: object) -> None:
    """Show whether an exercise is not tried yet, right, or wrong; the right ones are noted for `progress`.

    An answer that takes too long is stopped, whatever it waits for, and what it prints is cut where there is too much.
    Not held are a single long call into a library, memory that the machine gives but does not have, threads that an
    answer leaves behind, and what ends the process at once, such as `os._exit`.

    Args:
        name: lesson and exercise, as in `"03.softmax"`.
        attempt: your function, or your value. None, `...`, and a function with nothing in it count as not tried.

    Raises:
        ValueError: there is no such exercise; the nearest name is told.

    Used in lesson 00.
    """
    verdict = judge(name, attempt, stage := _WRONG[name] + 1)
    if verdict.state == "right":
        _remember(name)
    _WRONG[name] = min(stage, 2) if "\nHint " in verdict.details else _WRONG[name] * (verdict.state != "right")
    show(verdict)


_WRONG: Counter[str] = Counter()  # attempts at each exercise that got a hint, 2 at most, since it was last right


def judge(name: str, attempt: object, stage: int = 1) -> Verdict:
    """The verdict on an attempt, without showing or noting it; `stage` is the hint's number. See `check`."""
    exercise = _find(name)
    hint = f"\nHint {stage} of 3: {exercise.hints[stage - 1]}"
    if attempt is None or attempt is ...:
        return Verdict(name, "not tried")

    def judged() -> tuple[str, str]:
        if exercise.breaks:
            return _broken_by(exercise, attempt, hint)
        if exercise.cases is None:
            return _value_fault(exercise, attempt, hint)
        if not callable(attempt):
            return "wrong", f"a function is asked for; this is {_shown(attempt)}"
        return _function_fault(exercise, attempt, hint)

    try:
        return Verdict(name, *_within(3 * SECONDS, judged))
    except _TimeUp:  # neither in the attempt nor in what is judged: in what it gave
        return Verdict(name, "wrong", f"looking at your answer was stopped after {3 * SECONDS:g} seconds: does it end?")


SECONDS = 10.0  # that the cases of one check may take
_NO_STEPS = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}  # to give None, and nothing else


class _TimeUp(BaseException):
    """An attempt takes too long; no `except Exception` of its own may catch it."""


def _within(seconds: float, run: Callable[[], Any]) -> Any:
    """What `run` returns; `_TimeUp` where it takes longer, raised inside of it and nowhere else.

    It arrives between two steps of Python, and on Linux and macOS also where these wait: in `time.sleep`, for a lock, a
    thread or an input. A single call of a library that computes long is not cut short, and only the main thread, in
    which a notebook's cells run, is watched.
    """
    if current_thread() is not main_thread() or (before := signal.getsignal(signal.SIGINT)) is None:
        return run()
    late, done, tracing = Event(), Event(), sys.gettrace()

    def watch() -> None:
        for wait in chain([seconds], repeat(0.1)):
            if done.wait(wait):
                return
            late.set()
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(main_thread().ident, signal.SIGINT)  # wakes it, too
            else:
                interrupt_main()

    watcher = Thread(target=watch, daemon=True)
    signal.signal(signal.SIGINT, _stopper(run, late, before))
    watcher.start()
    try:
        return run()
    finally:
        done.set()
        sys.settrace(tracing)
        watcher.join()
        signal.signal(signal.SIGINT, before)  # what is due is handed to the stopper first, which lets it pass


def _stopper(run: Callable, late: Event, before: Any) -> Callable[[int, FrameType | None], None]:
    """A handler of the signal: raises `_TimeUp` in what `run` calls if it is late, and hands on what is another's."""

    def again(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            raise _TimeUp
        return again

    def stop(number: int, frame: FrameType | None) -> None:
        inside = []
        while frame and frame.f_code is not run.__code__:
            inside += [frame] if frame.f_globals is not globals() else []
            frame = frame.f_back
        if frame and late.is_set():
            sys.settrace(lambda *_: None)
            for one in inside:  # where it is caught it comes again with the next line
                one.f_trace = again
            raise _TimeUp
        if callable(before) and not late.is_set():  # the keyboard's own
            before(number, frame)

    return stop


def _function_fault(exercise: Exercise, attempt: Callable, hint: str) -> tuple[str, str]:
    """The state and the details for an exercise that asks for a function."""
    tried, results = [], []

    def judge_all() -> None:
        for case in exercise.cases():
            tried.append(case)
            results.append(_fault(exercise, attempt, case))

    try:
        _within(SECONDS, judge_all)
    except _TimeUp:
        if not any(results):
            late = f"your function was stopped after {SECONDS:g} seconds: does a loop never end?"
            return "wrong", f"for      {_shown(tried[-1])}\n{late}"
    faults = [fault for fault in results if fault]
    if faults and len(faults) == len(results) and all(fault.kind == "not tried" for fault in faults):
        return "not tried", ""
    if faults:
        worst = [fault for fault in faults if fault.kind != "form"] or faults
        shown = _smallest(exercise, attempt, worst)
        _print_again(shown.printed)
        return "wrong", shown.text + hint * (shown.kind != "form")
    if exercise.rule and (broken := exercise.rule(attempt)):
        return "not allowed", f"the results are right, but {broken}"
    return "right", ""


def _broken_by(exercise: Exercise, attempt: object, hint: str) -> tuple[str, str]:
    """The state and the details for an exercise that asks for an input on which a wrong function fails."""
    case = attempt if isinstance(attempt, tuple) else (attempt,)
    try:
        expected = exercise.solution(*copy.deepcopy(case))
    except Exception as error:  # whatever the right function raises, it takes other inputs
        takes = f"give a tuple for {inspect.signature(exercise.breaks)}, such as {_shown(exercise.cases()[0])}"
        why = error if isinstance(error, ValueError) else takes
        return "wrong", f"for      {_shown(case)}\nthere is no right answer to compare with: {why}{hint}"
    if not _ordinary(expected):
        return "wrong", f"for      {_shown(case)}\nexpected {_shown(expected)}\ngive one with a finite answer{hint}"
    try:
        fault = _within(SECONDS, lambda: _fault(exercise, exercise.breaks, case))
    except _TimeUp:
        return "right", f"for      {_shown(case)}\nexpected {_shown(expected)}\nbut it never ends"
    if fault is None:
        return "wrong", f"for      {_shown(case)}\nit is right: {_shown(expected)}{hint}"
    smallest = _smallest(exercise, exercise.breaks, [fault])
    if smallest.rank() < fault.rank():
        return "right", f"{fault.text}\nA part of it is enough: {_shown(smallest.case)}"
    return "right", f"{fault.text}\nNothing of it can be left out: well found."


def _value_fault(exercise: Exercise, found: object, hint: str) -> tuple[str, str]:
    """The state and the details for an exercise that asks for a value."""
    expected = exercise.solution
    if isinstance(expected, str) or isinstance(expected, list) and all(isinstance(word, str) for word in expected):
        if (given := _words(found)) is None:
            such = "letters are" if isinstance(expected, str) else f"{len(expected)} words are"
            return "wrong", f"{such} asked for; this is {_shown(found)}"
        same = sorted("".join(given)) == sorted(expected) if isinstance(expected, str) else given == expected
        return ("right", "") if same else ("wrong", f"{_shown(found)} is not it.{hint}")
    if agree(found, expected, exercise.tolerance):
        return "right", ""
    return "wrong", _form(found, expected, exercise.tolerance) or f"{_shown(found)} is not it.{hint}"


def _words(found: object) -> list[str] | None:
    """Words or letters, in small ones, however they were given: "BE", "b, e", ["b", "e"]; None for anything else."""
    found = re.findall(r"\w+", found) if isinstance(found, str) else getattr(found, "tolist", lambda: found)()
    texts = isinstance(found, (list, tuple, set)) and all(isinstance(word, str) for word in found)
    return [word.strip().lower() for word in found] if texts else None


@dataclass
class _Fault:
    """What is wrong with an answer for one case; `kind` is "not tried", "form" or "wrong"."""

    case: tuple
    text: str
    kind: str
    ordinary: int  # 2: neither answer has NaN or infinity; 1: the expected one has not; 0
    printed: Any  # what the attempt wrote and displayed, to be shown once

    def rank(self) -> tuple[int, int]:
        """Lower is easier to look at: ordinary, and few numbers, characters, items."""
        sizes = (a.numel() if isinstance(a, Tensor) else len(a) if hasattr(a, "__len__") else 1 for a in self.case)
        return -self.ordinary, sum(sizes)


def _fault(exercise: Exercise, attempt: Callable, case: tuple) -> _Fault | None:
    """What is wrong with the attempt's answer for one case; None if nothing is."""
    from IPython.utils.capture import capture_output

    expected, given = exercise.solution(*copy.deepcopy(case)), copy.deepcopy(case)
    found, error, kind = None, None, "wrong"
    with capture_output() as printed, patch("builtins.input", _no_input):
        _cap(sys.stdout), _cap(sys.stderr)
        try:
            found = attempt(*given)
        except (KeyboardInterrupt, _TimeUp):
            raise
        except BaseException as raised:  # whatever a student's code raises is the answer to show
            error = raised
    digits = _digits(found, expected)
    if error is not None:
        text = f"but it raised {type(error).__name__}: {_brief(str(error))}{_own_line(error, attempt)}"
        kind = "not tried" if _says_untried(error, attempt) else "wrong"
    elif found is None and expected is not None:
        text = "but your function gives None: is a return missing?"
        kind = "not tried" if _nothing_in(attempt) else "wrong"
    elif not agree(found, expected, exercise.tolerance):
        text = f"got      {_shown(found, digits)}"
        if form := _form(found, expected, exercise.tolerance):
            text, kind = f"{text}\n{form}", "form"
    elif not agree(given, case, 0.0):
        text = f"the answer is right, but the function changed its input to {_shown(given)}"
    else:
        return None
    text = f"for      {_shown(case)}\nexpected {_shown(expected, digits)}\n{text}"
    return _Fault(case, text, kind, _ordinary(expected) * (1 + _ordinary(found)), printed)


PRINTED = 5000  # characters of what an attempt prints that are shown, of each stream; and as much of a value
DISPLAYED = 20  # outputs


def _no_input(*_: object) -> None:
    raise RuntimeError("a function gets what it needs as arguments, and asks nobody: take input() out")


def _cap(stream: StringIO) -> None:
    """Let a stream take so much, and no more: an endless loop may print."""
    write = stream.write

    def some(text: str) -> int:
        if (room := PRINTED - stream.tell()) > 0:
            write(text if len(text) <= room else f"{text[:room]}\n(more was printed, and is left out)\n")
        return len(text)

    stream.write = some


def _print_again(printed: Any) -> None:
    """Show what an attempt wrote and displayed."""
    sys.stdout.write(printed.stdout)
    sys.stderr.write(printed.stderr)
    for output in printed.outputs[:DISPLAYED]:
        output.display()


def _own_line(error: BaseException, attempt: Callable) -> str:
    """The last line of the student's own code that an error came through; nothing where there is none to see."""
    file = getattr(getattr(inspect.unwrap(attempt), "__code__", None), "co_filename", None)
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        line = linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()
        if line and frame.f_code.co_filename == file:
            return f"\nin your line {number}: {line}"
    return ""


def _brief(text: str) -> str:
    return text if len(text) <= PRINTED else f"{text[:PRINTED]} ..."


def _says_untried(error: BaseException, attempt: Callable) -> bool:
    """Whether the attempt itself has a `raise NotImplementedError` that was met; torch raises it, too."""
    last, code = error.__traceback__, getattr(inspect.unwrap(attempt), "__code__", None)
    while last.tb_next:
        last = last.tb_next
    raises = last.tb_frame.f_code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    return isinstance(error, NotImplementedError) and raises and last.tb_frame.f_code is code


def _nothing_in(attempt: Callable) -> bool:
    """Whether a function's body is still its docstring, `...` or `pass`."""
    code = getattr(attempt, "__code__", None)
    return code is not None and {step.opname for step in dis.get_instructions(code)} <= _NO_STEPS


def _form(found: object, expected: object, tolerance: float) -> str | None:
    """How an answer with the right values has to be given, in words; None if its values are wrong, too."""
    given, wanted = as_array(found), as_array(expected)
    if given is not None and wanted is not None and given.size == wanted.size and given.shape != wanted.shape:
        shapes = ["one number, without axes" if not a.shape else f"of shape {a.shape}" for a in (given, wanted)]
        right = agree(given.reshape(-1), wanted.reshape(-1), tolerance)
        return f"the numbers are right, but this is {shapes[0]}; asked for is {shapes[1]}" if right else None
    asked = "text" if isinstance(expected, str) else "a list" if isinstance(expected, (list, tuple)) else "a number"
    # an iterator may have no end
    for turned in (str, lambda given: list(islice(given, len(expected) + 1)), literal_eval):
        with suppress(Exception):  # of another kind altogether
            if agree(turned(found), expected, tolerance):
                return f"the values are right, but in a {type(found).__name__}; give {asked}"
    return None


def agree(found: object, expected: object, tolerance: float) -> bool:
    """Whether two answers are the same: shapes and lengths exactly, NaN equal to NaN.

    Whole numbers and truth values are compared exactly (True is 1), floats in double precision to the tolerance, which
    is absolute and relative. A list, a tuple, an array, a Series and a tensor that hold the same are the same answer;
    of dictionaries the values are compared so.
    """
    if isinstance(expected, dict):
        same = isinstance(found, dict) and found.keys() == expected.keys()
        return same and all(agree(found[key], expected[key], tolerance) for key in expected)
    if hasattr(expected, "tolist") and as_array(expected) is None:  # texts, say
        expected = expected.tolist()
    if isinstance(expected, (tuple, list)):
        found = found.tolist() if hasattr(found, "tolist") and not isinstance(found, type) else found
        if not isinstance(found, (tuple, list)) or len(found) != len(expected):
            return False
        return all(agree(f, e, tolerance) for f, e in zip(found, expected, strict=True))
    if (wanted := as_array(expected)) is not None and not isinstance(expected, bool):
        given = as_array(found)
        if given is None or given.shape != wanted.shape:
            return False
        if wanted.dtype.kind in "biuO":
            return np.array_equal(given, wanted)
        try:
            given = given.astype(float) if given.dtype.kind == "O" else given
        except OverflowError:  # a whole number beyond all doubles
            return False
        return np.allclose(given, wanted, tolerance, tolerance, equal_nan=True)
    with suppress(Exception):  # a tensor or an array where something else is expected, or a class of the student's
        return bool(found == expected)
    return False


def _smallest(exercise: Exercise, attempt: Callable, faults: list[_Fault]) -> _Fault:
    """Of these and all smaller cases of the same kind that were found the easiest one: slices are left out."""
    found = list(faults)

    def look() -> None:
        for fault in faults:
            while fault := next(_smaller(exercise, attempt, fault), None):
                found.append(fault)

    with suppress(_TimeUp):
        _within(min(SECONDS, 1.0), look)
    return min(found, key=_Fault.rank)


def _smaller(exercise: Exercise, attempt: Callable, fault: _Fault) -> Iterator[_Fault]:
    """The same fault with one slice less, in a case that the reference accepts and that is not less ordinary."""
    for case in _one_slice_less(fault.case):
        with suppress(Exception):  # the reference refuses this input (shapes that do not fit, say): not a case
            smaller = _fault(exercise, attempt, case)
            if smaller and smaller.kind == fault.kind and smaller.ordinary >= fault.ordinary:
                yield smaller


def _one_slice_less(case: tuple) -> Iterator[tuple]:
    """The case without one slice of an axis, list or text, or without the same slice of several of one length."""
    shapes = [a.shape if isinstance(a, Tensor) else [len(a)] if isinstance(a, (list, str)) else [] for a in case]
    axes = [(i, axis, n) for i, shape in enumerate(shapes) for axis, n in enumerate(shape)]
    for length in sorted({n for _, _, n in axes if n > 1}, reverse=True):
        together = [(i, axis) for i, axis, n in axes if n == length]
        for chosen in chain.from_iterable(combinations(together, k + 1) for k in range(len(together))):
            for drop in reversed(range(length)):
                keep, smaller = [j for j in range(length) if j != drop], list(case)
                for i, axis in chosen:
                    if isinstance(one := smaller[i], Tensor):
                        smaller[i] = one.index_select(axis, torch.tensor(keep))
                    else:
                        kept = [one[j] for j in keep]
                        smaller[i] = "".join(kept) if isinstance(one, str) else kept
                yield tuple(smaller)


def _ordinary(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_ordinary, value))
    array = as_array(value)
    return array is None or array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _digits(found: object, expected: object) -> int:
    """How many digits after the point show where two answers differ; 4 at least."""
    if isinstance(expected, (tuple, list)) and isinstance(found, (tuple, list)):
        return max(map(_digits, found, expected), default=4)
    given, wanted = as_array(found), as_array(expected)
    if given is None or wanted is None or given.shape != wanted.shape or wanted.dtype.kind != "f":
        return 4
    with np.errstate(all="ignore"), suppress(TypeError, OverflowError):
        gaps = np.abs(given.astype(float) - wanted) / np.maximum(np.abs(wanted), 1)
        widest = np.max(gaps, where=np.isfinite(gaps), initial=0)
        return int(np.clip(1 - np.floor(np.log10(widest)), 4, 17)) if widest else 4
    return 4


def _shown(value: object, digits: int = 4) -> str:
    if isinstance(value, tuple):
        parts = [_shown(part, digits) for part in value]
        return (",\n " if "\n" in "".join(parts) else ", ").join(parts)
    whole = isinstance(value, Tensor) and not value.is_floating_point()
    printed = torch._tensor_str.printoptions(precision=0 if whole else digits, linewidth=100, threshold=60)
    try:
        with printed, np.printoptions(precision=max(digits, 8)):
            text = str(value) if isinstance(value, Tensor) else repr(value)
    except Exception as error:  # of a class of the student's
        text = f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    return re.sub(r"\n(?=\S)", "\n ", _brief(text))


def _find(name: str) -> Exercise:
    lesson, _, short = name.partition(".")
    if not (files := sorted(SOLUTIONS.glob(f"{lesson}_*.py"))) or not short:
        raise ValueError(f"exercises are named like '03.softmax'; {name!r} belongs to no lesson in {SOLUTIONS}")
    exercises = load_exercises(files[0])
    if short not in exercises:
        known = [f"{lesson}.{short}" for short in exercises]
        raise ValueError(f"lesson {lesson} has no exercise {short!r}. {nearest(name, known)}")
    return exercises[short]


def load_exercises(path: Path) -> dict[str, Exercise]:
    """The exercises of one solutions file, by name without the lesson's number."""
    return load_module(path).EXERCISES


def load_module(path: Path) -> ModuleType:
    """A Python file of the course, wherever the course lies, as a module."""
    spec = importlib.util.spec_from_file_location(f"coursekit_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Solved:
    """Which exercises of each lesson are solved."""

    lessons: dict[str, dict[str, bool]]

    def __repr__(self) -> str:
        """A lesson below the other, in 100 columns; and the total."""
        text, width = [], max(map(len, [*self.lessons, "all"]))
        for name, count, marks in self._counted():
            head, line = f"{name:<{width}} {count:>10}  ", ""
            for mark in marks:
                if len(head) + len(line) + len(mark) + 2 > 100:
                    text.append(head + line)
                    head, line = " " * len(head), ""
                line += f"  {mark}" if line else mark
            text.append((head + line).rstrip())
        return "\n".join(text)

    def _repr_html_(self) -> str:
        """A table that scrolls within itself where the page is narrow; no name is broken."""
        head = ("lesson", "solved", "exercises (✓ solved, ○ not yet)")
        return text_table(head, ((name, count, "  ".join(marks)) for name, count, marks in self._counted()))

    def _counted(self) -> Iterator[tuple[str, str, list[str]]]:
        """Each lesson's name, how many of its exercises are solved, and all of these, marked; last, the total."""
        for lesson, solved in self.lessons.items():
            marks = [f"{'✓' if done else '○'} {name}" for name, done in solved.items()]
            yield lesson, f"{sum(solved.values())} of {len(solved)}", marks
        every = [done for solved in self.lessons.values() for done in solved.values()]
        yield "all", f"{sum(every)} of {len(every)}", []


def progress() -> Solved:
    """The exercises of each lesson, those you have solved ticked; kept in `progress`, a folder in `coursekit.home()`.

    It is for you alone, to see where you are, and no proof of anything: these are files that anyone can write. What is
    to be graded is handed in (see `make class`).

    Used in lesson 00.
    """
    solved, kept = {}, home() / "progress"
    for path in sorted(SOLUTIONS.glob("[0-9][0-9]_*.py")):
        solved[path.stem] = {name: (kept / f"{path.stem[:2]}.{name}").exists() for name in load_exercises(path)}
    return Solved(solved)


def _remember(name: str) -> None:
    """Note an exercise as solved, in a file of its own, with the first day on which it was."""
    with suppress(OSError):  # no home, say: `note` will say so
        if (home() / "progress" / name).exists():
            return
    note(name, f"{date.today().isoformat()}\n")


def note(name: str, text: str) -> None:
    """Write what is to be noted; that it cannot be written is said, and spoils no verdict."""
    try:
        write_whole(home() / "progress" / name, text.encode())
    except OSError as error:
        print(f"(not noted: {error})")
