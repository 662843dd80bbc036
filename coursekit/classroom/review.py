"""`review`: what was solved is asked again, in another form, after a day, a week and a month."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np

from ..arguments import in_words
from ..datasets import home, nearest
from ..display import BLUE, show
from .claims import as_array
from .exercises import SOLUTIONS, agree, load_exercises, note
from .markup import box, scrolled

WAITS = 1, 7, 30  # days, each from the answer before
AT_ONCE = 3  # questions, the longest due first
_FOLDED = re.compile(r"<details><summary>(\d+)\. (.+?)</summary>\s*(.+?)\s*</details>", re.S)


@dataclass
class Question:
    """Something to be asked again: a variant of an exercise (`value` is expected), or a folded question (`answer`)."""

    name: str
    text: str
    value: object
    answer: str
    tolerance: float
    answered: list[tuple[date, str]]

    @property
    def due(self) -> date | None:
        """The day from which it is to be asked; None after the last time."""
        return _due(self.answered)

    def __repr__(self) -> str:
        """The question, and how it is answered."""
        how = "answer" if not self.answer else "True or False"
        folded = "" if not self.answer else f"\n  think, then look: ck.review({self.name!r}); did you know it?"
        return f"{self.name}: {self.text}{folded}\n  ck.review({self.name!r}, {how})"


@dataclass
class Due:
    """What is to be asked again today."""

    questions: list[Question]
    waiting: int  # beyond those

    def __repr__(self) -> str:
        """The questions, each with how it is answered."""
        more = f"\n({self.waiting} more wait.)" if self.waiting else ""
        head = "From earlier lessons, to be answered again. Nothing depends on it, and it stays on this machine.\n\n"
        return head + "\n\n".join(map(repr, self.questions)) + more

    def _repr_html_(self) -> str:
        """The same; what is to be typed is monospaced and not broken."""
        lines = [
            scrolled(escape(line.strip())) if "ck.review(" in line else escape(line) for line in repr(self).splitlines()
        ]
        return box("\n".join(lines).replace("</div>\n", "</div>"), BLUE)


@in_words
def review(name: str | None = None, answer: object = None) -> None:
    """Ask what you solved again, in another form, after a day, a week and a month; without a name show what is due.

    Args:
        name: one of the questions shown: "03.hesitates" is a variant of that exercise, "03.q4" the fourth of the folded
            questions of lesson 03.
        answer: what the variant asks for: a number, several, or a text; without one the question is shown. To a folded
            question, which you judge yourself, True or False; without one its answer is shown.

    Raises:
        ValueError: nothing of that name was solved.

    Used in lesson 01.
    """
    questions = {question.name: question for question in _questions()}
    if name is None:
        due = [one for one in questions.values() if one.due and one.due <= date.today()]
        due.sort(key=lambda one: one.due)
        if due:
            show(Due(due[:AT_ONCE], len(due[AT_ONCE:])))
        return
    if name not in questions:
        raise ValueError(f"{name!r} is not among what you solved. {nearest(name, list(questions))}")
    one = questions[name]
    if answer is None:
        print(one.answer or one)
    elif one.answer and not isinstance(answer, bool):
        raise ValueError(f"say True if you knew it, or False; found {answer!r}")
    else:
        right = answer if one.answer else _same(answer, one)
        one.answered.append((date.today(), "right" if right else "again"))
        note(name, "".join(f"{day.isoformat()} {word}".rstrip() + "\n" for day, word in one.answered))
        was = "right" if right else "noted" if one.answer else f"it is {one.value!r}"
        print(f"{was}: {'that was the last time' if one.due is None else f'again on {one.due}'}")


def _same(answer: object, one: Question) -> bool:
    """Whether it is what is expected: of numbers three digits are enough, of texts spaces and capitals do not count."""
    if isinstance(one.value, str):
        return isinstance(answer, str) and answer.lower().split() == one.value.lower().split()
    largest = float(np.abs(as_array(one.value)).max())
    return agree(answer, one.value, max(one.tolerance, 5e-3 * min(largest, 1.0)))


def _questions() -> Iterator[Question]:
    """What may be asked: a variant of each exercise that is solved, and the folded questions of their lessons."""
    begun = set()
    with suppress(OSError):  # no home
        begun = {note.name[:2] for note in (home() / "progress").glob("[0-9][0-9].*")}
    for path in sorted(path for path in SOLUTIONS.glob("[0-9][0-9]_*.py") if path.stem[:2] in begun):
        number, exercises = path.stem[:2], load_exercises(path)
        noted = {name: _notes(f"{number}.{name}") for name in exercises}
        solved = {name: notes for name, notes in noted.items() if notes}
        for name, notes in solved.items():
            if again := exercises[name].again:
                text, value = again(Random(crc32(f"{number}.{name} {len(notes)}".encode())))
                yield Question(f"{number}.{name}", text, value, "", exercises[name].tolerance, notes)
        if solved:
            first = min(notes[0] for notes in solved.values())
            for place, text, answer in folded(SOLUTIONS.parent / f"{path.stem}.ipynb"):
                notes = _notes(name := f"{number}.q{place}") or [first]
                yield Question(name, text, None, answer, 0.0, notes)


def folded(lesson: Path) -> list[tuple[str, str, str]]:
    """The folded questions of a lesson: number, question, answer; none where it cannot be read."""
    from .lessons import read

    with suppress(OSError, ValueError):
        text = "\n".join(cell.source for cell in read(lesson).cells if cell.cell_type == "markdown")
        return _FOLDED.findall(text)
    return []


def _notes(name: str) -> list[tuple[date, str]]:
    """The days of one exercise or question, the first when it was solved; then "right" or "again" with each."""
    found = []
    with suppress(OSError, ValueError):  # never solved, or a damaged note: what can be read counts
        for line in (home() / "progress" / name).read_text(encoding="utf-8").splitlines():
            day, _, word = line.partition(" ")
            found.append((date.fromisoformat(day), word))
    return found


def _due(notes: list[tuple[date, str]]) -> date | None:
    """When it is to be asked: a day, a week, a month after the last answer, by how often that was right."""
    right = sum(word == "right" for _, word in notes)
    if right == len(WAITS):
        return None
    return notes[-1][0] + timedelta(1 if notes[-1][1] == "again" else WAITS[right])
