"""Make the skeleton of a lesson: notebook, solutions, and answers to test these with.

`python -m lessons.make.new 20_attention "Attention by hand"`
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .record import marked
from .run import LESSONS, save

ROOT = LESSONS.parent
NAME = re.compile(r"(\d\d)_[a-z][a-z0-9_]*")
TITLE = """# {number} {title}

**At the end you can ... .**

Time: about 60 minutes. Builds on: lesson 00."""
TIMING = """> **For the instructor.** Timing plan (60 minutes): the picture 15,
> the formula 15, the library 15, exercises 15."""
NOTE = "> **For the instructor.** What to ask here, and what they will answer."
SECTIONS = {
    "The picture": "Before any formula: what goes in, what comes out. Ask for a guess.",
    "The formula": "The same by hand, with nothing but arithmetic.",
    "The library": "The same in one call, and a claim that both agree.",
}
CLAIM = """numbers = torch.tensor([1.0, 2.0, 3.0])
by_hand = (1.0 + 2.0 + 3.0) / 3
ck.claim("{name}: by hand = the library", by_hand, equals=numbers.mean())"""
EXERCISE = '''def exercise_{i}(x):
    """(n,): give twice each number, (n,)."""
    ...


ck.check("{number}.exercise_{i}", exercise_{i})'''
BREAK = '''def squares(x):
    """(n,): claims to give twice each number, (n,)."""
    return x**2


breaks_squares = None  # a tuple of arguments, such as (torch.tensor([1.0]),)

ck.check("{number}.exercise_{i}", breaks_squares)'''
VALUE = """half_of_eight = None

ck.check("{number}.exercise_{i}", half_of_eight)"""
FOLDED = """<details><summary>{i}. What ...?</summary>

Because ...
</details>"""
SOLUTIONS = '''"""Solutions to lesson {number}, with the cases to try an answer on."""

import torch

from coursekit.classroom.exercises import Exercise


def twice(x):
    return x.add(x)


def squares(x):
    return x**2


def again(random):
    n = random.randint(3, 9)
    return f"What is twice {{n}}?", 2 * n


EXERCISES = {{
    f"exercise_{{i}}": Exercise(
        twice,
        ("What do you get for 3?", "one multiplication", "`return 2 * x`"),
        lambda: [(torch.tensor([1.0]),), (torch.arange(3.0),)],
        difficulty=1,
        minutes=5,
        again=again,
    )
    for i in (1, 2)
}}
EXERCISES["exercise_3"] = Exercise(
    twice,
    ("Where do the two curves meet?", "two numbers are no answer", "`(torch.tensor(1.0),)`"),
    lambda: [(torch.tensor([0.0, 2.0]),)],
    breaks=squares,
    difficulty=1,
    minutes=5,
    again=again,
)
EXERCISES["exercise_4"] = Exercise(
    4, ("Twice what?", "divide", "`8 / 2`"), difficulty=1, minutes=5, again=again
)
DISCUSSION = """
What one finds, with figures that were measured, and how: which runs, how many seeds, on which
machine. First the plain answer to the question, so that somebody who tried can compare. Then
why it is so: one cause at a time, each beside the run that shows it, or called a guess where
no run does. Then what it means for somebody with other data, and where it does not hold. What
else could be tried comes last, with what one would expect. A short block of code may show how
it was measured; whoever copies it should get the same figures. It is folded below the exercise
in the instructor's edition and on the web site, and may be as long as a page, not longer.
"""
'''
ANSWERS = '''"""Lesson {number}: other right answers, and wrong ones to be found wrong."""

import torch

RIGHT = [lambda x: x + x, lambda x: x * 2.0, lambda x: 2 * x.double(), lambda x: x / 0.5]
WRONG = [lambda x: x, lambda x: x**2, lambda x: 2 * x.sum()]
BREAKS = [torch.tensor([1.0]), (torch.tensor(-1.0),), torch.ones(2), torch.tensor([[3.0]])]
ANSWERS = {{
    "{number}.exercise_1": (RIGHT, WRONG),
    "{number}.exercise_2": (RIGHT, WRONG),
    "{number}.exercise_3": (BREAKS, [torch.zeros(1), torch.tensor([2.0, 0.0])]),
    "{number}.exercise_4": ([4.0, torch.tensor(4), True + 3, 8 / 2], [2, 16]),
}}
'''


def skeleton(number: str, title: str) -> NotebookNode:
    """A lesson that has all that the template asks for, and says nothing yet."""
    cells = [
        _text(TITLE.format(number=number, title=title), "slide"),
        _text(TIMING, "notes"),
    ]
    cells.append(_code("import torch\n\nimport coursekit as ck", "skip"))
    for heading, words in SECTIONS.items():
        cells.append(_text(f"## {heading}\n\n{words}", "slide"))
        cells += [_code(CLAIM.format(name=heading)), _text(NOTE, "notes")]
    cells.append(_text("## Your turn", "slide"))
    asked = "...", "...", "Break it: ...", "Turn it round: ..."
    code = EXERCISE, EXERCISE, BREAK, VALUE
    for i, (title, cell) in enumerate(zip(asked, code, strict=True), 1):
        cells += [
            _text(f"**{i}. {title}** *Difficulty 1 of 5, 5 minutes.* What is asked."),
            _code(cell.format(i=i, number=number)),
        ]
    cells.append(
        _text("**5. Find out: ...** *Difficulty 2 of 5, 20 minutes, no check.* What?")
    )
    questions = "\n\n".join(FOLDED.format(i=i) for i in range(1, 7))
    cells.append(_text(f"## Questions\n\n{questions}", "slide"))
    cells.append(_text(f"## On the full data\n\n{marked(number)}", "slide"))
    cells.append(
        _text("## Where this is in coursekit\n\nWhich module, and a claim.", "slide")
    )
    cells.append(_code("ck.doc(ck.claim)"))
    cells.append(_text("## Words\n\n- *claim*: a sentence that a machine checks.", "slide"))
    cells.append(_text("## Further\n\n- Author, *Title* (year): what is in it.", "slide"))
    return nbformat.v4.new_notebook(cells=cells)


def _text(source: str, slide: str | None = None) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, metadata=_slide(slide))


def _code(source: str, slide: str | None = None) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata=_slide(slide))


def _slide(kind: str | None) -> dict:
    return {"slideshow": {"slide_type": kind}} if kind else {}


def make(name: str, title: str, root: Path = ROOT) -> list[Path]:
    """Write the notebook, its solutions and its answers.

    Args:
        name: such as "20_attention": two digits that no lesson has, and lower-case words.
        title: as in its first line.
        root: of the course.

    Returns:
        What was written.

    Raises:
        ValueError: the name has another form, the number is taken, or there is no title.
    """
    if not (found := NAME.fullmatch(name)) or not title.strip():
        raise ValueError(
            f'give a name like 20_attention and a title; found "{name}" and "{title}"'
        )
    number = found[1]
    if taken := sorted((root / "lessons").glob(f"{number}_*.ipynb")):
        raise ValueError(f"{number} is taken by {taken[0].name}")
    lesson = root / "lessons" / f"{name}.ipynb"
    solutions = root / "lessons" / "solutions" / f"{name}.py"
    answers = root / "tests" / "lessons" / "answers" / f"lesson_{number}.py"
    save(skeleton(number, title.strip()), lesson)
    solutions.write_text(SOLUTIONS.format(number=number), encoding="utf-8")
    answers.write_text(ANSWERS.format(number=number), encoding="utf-8")
    return [lesson, solutions, answers]


def main() -> None:
    """Make the lesson that the command line names."""
    try:
        written = make(*(sys.argv[1:] + ["", ""])[:2])
    except ValueError as error:
        sys.exit(f'{error}\nmake new NAME=20_attention TITLE="Attention by hand"')
    for path in written:
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
