"""What was solved comes back after a day, a week and a month, in another form."""

from datetime import date, timedelta

import pytest

import coursekit as ck
from coursekit.classroom import exercises, review

SOLUTIONS = """
from coursekit.classroom.exercises import Exercise

def again(random):
    n = random.randint(1, 10**6)
    return f"Twice {n}?", 2 * n

EXERCISES = {
    "twice": Exercise(lambda x: 2 * x, ("?", "b", "c"), lambda: [(1,)], again=again),
    "word": Exercise("a", ("?", "b", "c"), again=lambda random: (f"Say yes {random.random()}", "Yes sir")),
    "other": Exercise(1, ("?", "b", "c")),
}
"""
LESSON = """<details><summary>1. Why?</summary>

Because.
</details>

<details><summary>2. How?</summary>

So.
</details>"""


@pytest.fixture
def solved(own_home, tmp_path, monkeypatch):
    """Solves an exercise so many days ago; gives a function that says what is shown today."""
    import nbformat

    folder = tmp_path / "lessons" / "solutions"
    folder.mkdir(parents=True)
    (folder / "03_doubling.py").write_text(SOLUTIONS, encoding="utf-8")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(LESSON)])
    nbformat.write(notebook, tmp_path / "lessons" / "03_doubling.ipynb")
    monkeypatch.setattr(exercises, "SOLUTIONS", folder)
    monkeypatch.setattr(review, "SOLUTIONS", folder)

    def days_ago(days, name="twice"):
        note = own_home / "progress" / f"03.{name}"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{date.today() - timedelta(days)}\n", encoding="utf-8")

    return days_ago


def due(capsys):
    ck.review()
    return capsys.readouterr().out


def asked(text):
    return int(text.split("Twice ")[1].split("?")[0])


def test_nothing_is_said_where_nothing_is_due(solved, capsys):
    assert due(capsys) == ""
    solved(0)
    assert due(capsys) == ""


def test_a_variant_and_the_folded_questions_are_asked_after_a_day(solved, capsys):
    solved(1)
    text = due(capsys)
    assert "03.twice: Twice " in text and "03.q1: Why?" in text and "03.q2: How?" in text and "Because" not in text
    assert due(capsys) == text, "it asks the same until it is answered"


def test_a_right_answer_waits_a_week_then_a_month_and_then_is_done(solved, capsys, own_home):
    solved(1)
    for wait in (7, 30, None):
        ck.review("03.twice", 2 * asked(due(capsys)))
        out = capsys.readouterr().out
        if wait is None:
            assert out == "right: that was the last time\n"
            assert "03.twice" not in due(capsys)
            return
        assert out == f"right: again on {date.today() + timedelta(wait)}\n"
        note = own_home / "progress" / "03.twice"
        *rest, last = note.read_text(encoding="utf-8").splitlines()
        assert last == f"{date.today()} right"
        note.write_text("\n".join([*rest, f"{date.today() - timedelta(wait)} right"]) + "\n", encoding="utf-8")


def test_a_wrong_answer_is_shown_and_comes_back_tomorrow_with_other_numbers(solved, capsys, own_home):
    solved(40)
    first = asked(due(capsys))
    ck.review("03.twice", 1)
    assert capsys.readouterr().out == f"it is {2 * first}: again on {date.today() + timedelta(1)}\n"
    assert "03.twice" not in due(capsys)
    note = own_home / "progress" / "03.twice"
    note.write_text(
        note.read_text(encoding="utf-8").replace(str(date.today()), str(date.today() - timedelta(1))), encoding="utf-8"
    )
    assert asked(due(capsys)) != first


def test_a_folded_question_is_judged_by_oneself(solved, capsys):
    solved(2)
    ck.review("03.q1")
    assert capsys.readouterr().out == "Because.\n"
    with pytest.raises(ValueError, match="True if you knew it, or False; found 'yes'"):
        ck.review("03.q1", "yes")
    ck.review("03.q1", True)
    ck.review("03.q2", False)
    week, day = date.today() + timedelta(7), date.today() + timedelta(1)
    assert capsys.readouterr().out == f"right: again on {week}\nnoted: again on {day}\n"
    assert "03.q" not in due(capsys)


def test_without_an_answer_a_variant_is_shown_and_nothing_is_noted(solved, capsys, own_home):
    solved(1)
    before = (own_home / "progress" / "03.twice").read_text(encoding="utf-8")
    ck.review("03.twice")
    assert "03.twice: Twice " in capsys.readouterr().out
    assert (own_home / "progress" / "03.twice").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    "value, answer, right",
    [(0.001, 0.001002, True), (0.001, 0.0011, False), (33.3333, 33.3, True), (33.3333, 33.0, False), (7, 8, False),
     ([1.0, 0.5], (1, 0.5), True), ([1.0, 0.5], [0.5, 1.0], False), (2.0, "2", False)],
)  # fmt: skip
def test_three_digits_of_a_number_are_enough(value, answer, right):
    assert review._same(answer, review.Question("", "", value, "", 1e-5, [])) == right


def test_what_cannot_be_noted_is_said_and_answered_all_the_same(solved, capsys, monkeypatch):
    def full(path, content):
        raise OSError("disk full")

    solved(1)
    monkeypatch.setattr(exercises, "write_whole", full)
    ck.review("03.q1", True)
    assert capsys.readouterr().out == f"(not noted: disk full)\nright: again on {date.today() + timedelta(7)}\n"


def test_without_a_home_nothing_is_asked(monkeypatch, capsys):
    monkeypatch.delenv("COURSEKIT_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.expanduser", lambda path: (_ for _ in ()).throw(RuntimeError("no home")))
    assert due(capsys) == ""


def test_texts_are_compared_without_capitals_and_spaces(solved, capsys):
    solved(1, "word")
    ck.review("03.word", " yes  SIR ")
    assert capsys.readouterr().out.startswith("right")


def test_what_was_not_solved_is_not_asked_and_an_unknown_name_is_told(solved, capsys):
    solved(3, "other")  # has no variant
    assert "03.twice" not in due(capsys) and "03.other" not in due(capsys)
    with pytest.raises(ValueError, match="'03.twice' is not among what you solved"):
        ck.review("03.twice", 2)


def test_a_damaged_note_spoils_nothing(solved, capsys, own_home):
    solved(1)
    (own_home / "progress" / "03.word").write_bytes(b"\xff\xfe once")
    (own_home / "progress" / "03.q1").write_text("yesterday\n", encoding="utf-8")
    assert "03.twice" in due(capsys)


def test_solving_again_does_not_start_the_wait_anew(solved, capsys):
    solved(1)
    ck.check("03.twice", lambda x: 2 * x)
    capsys.readouterr()
    assert "03.twice" in due(capsys)


def test_at_most_three_are_shown_at_once(solved, capsys):
    for name in ("twice", "word"):
        solved(5, name)
    text = due(capsys)
    assert text.count("ck.review('03.") - text.count("did you know it") == 3 and "(1 more wait.)" in text
