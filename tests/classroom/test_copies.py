"""The copies of the lessons that students work in: renewed where untouched, never overwritten, never lost."""

import nbformat
import pytest

from coursekit.classroom import lessons


@pytest.fixture
def course(tmp_path):
    """Two small lessons of its own, and the folder to work in."""
    lessons = tmp_path / "course" / "lessons"
    (lessons / "app").mkdir(parents=True)
    for name in ("00_basics", "02_convolution"):
        write(lessons / f"{name}.ipynb", f"{name}, first edition")
    (lessons / "app" / "server.py").write_text("first edition", encoding="utf-8")
    (tmp_path / "course" / "excel").mkdir()
    (tmp_path / "course" / "excel" / "book.xlsx").write_bytes(b"first edition")
    return lessons, tmp_path / "my" / "my_lessons"


def write(path, text):
    cells = [nbformat.v4.new_markdown_cell(text, id="text"), nbformat.v4.new_code_cell("6 * 7", id="sum")]
    cells[1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "42"}, execution_count=1)]
    note = nbformat.v4.new_markdown_cell("Timing plan", id="note", metadata={"slideshow": {"slide_type": "notes"}})
    nbformat.write(nbformat.v4.new_notebook(cells=[*cells, note]), path)


def first(path):
    return nbformat.read(path, 4).cells[0].source


def test_a_copy_has_not_run_and_has_no_notes_for_the_instructor(course):
    originals, mine = course
    assert lessons.renew(mine, originals) == []
    cells = nbformat.read(mine / "02_convolution.ipynb", 4).cells
    assert [cell.source for cell in cells] == ["02_convolution, first edition", "6 * 7"] and cells[1].outputs == []
    assert (mine / "app" / "server.py").read_text(encoding="utf-8") == "first edition"
    assert (mine.parent / "excel" / "book.xlsx").read_bytes() == b"first edition"


def test_in_the_course_itself_workbooks_are_not_copied(course):
    originals, _ = course
    lessons.renew(originals.parent / "my_lessons", originals)
    assert "../excel/book.xlsx" not in (originals.parent / "my_lessons" / lessons.SUMS).read_text(encoding="utf-8")


def test_an_update_reaches_the_untouched_copies_and_no_edited_one(course):
    originals, mine = course
    assert lessons.renew(mine, originals) == [] and lessons.renew(mine, originals) == []
    write(mine / "02_convolution.ipynb", "my own answers")
    (mine.parent / "excel" / "book.xlsx").write_bytes(b"my numbers")
    assert lessons.renew(mine, originals) == []
    for lesson in originals.glob("*.ipynb"):
        write(lesson, "second edition")
    (originals / "app" / "server.py").write_text("second edition", encoding="utf-8")
    (originals.parent / "excel" / "book.xlsx").write_bytes(b"second edition")
    told = lessons.renew(mine, originals)
    assert len(told) == 2 and told[0].startswith("02_convolution.ipynb has changed in the course")
    assert "reset 02" in told[0] and "../excel/book.xlsx" in told[1] and "delete it" in told[1]
    assert first(mine / "00_basics.ipynb") == "second edition"
    assert first(mine / "02_convolution.ipynb") == "my own answers"
    assert (mine / "app" / "server.py").read_text(encoding="utf-8") == "second edition"
    assert (mine.parent / "excel" / "book.xlsx").read_bytes() == b"my numbers"


def test_a_reset_keeps_what_was_there(course):
    originals, mine = course
    lessons.renew(mine, originals)
    for answers in ("my own answers", "my second try"):
        write(mine / "02_convolution.ipynb", answers)
        fresh, old = lessons.reset("02", mine, originals)
        assert first(fresh) == "02_convolution, first edition" and first(old) == answers
    kept = [first(path) for path in mine.glob("02_convolution.*.ipynb")]
    assert sorted(kept) == ["my own answers", "my second try"]
    assert lessons.renew(mine, originals) == []


@pytest.mark.parametrize("notes", ["[1, 2", "[1, 2]", '"a"', None])
def test_copies_whose_origin_is_not_known_are_kept_if_they_differ(course, notes):
    originals, mine = course
    lessons.renew(mine, originals)
    (mine / lessons.SUMS).unlink()
    if notes:
        (mine / lessons.SUMS).write_text(notes, encoding="utf-8")
    write(mine / "00_basics.ipynb", "my own answers")
    (told,) = lessons.renew(mine, originals)
    assert told.startswith("00_basics.ipynb") and first(mine / "00_basics.ipynb") == "my own answers"
    write(originals / "02_convolution.ipynb", "second edition")
    lessons.renew(mine, originals)
    assert first(mine / "02_convolution.ipynb") == "second edition", "it was like the lesson, and is noted again"


def test_a_damaged_lesson_is_named_and_the_others_are_copied(course):
    originals, mine = course
    text = (originals / "00_basics.ipynb").read_text(encoding="utf-8")
    for broken in ("<<<<<<< HEAD\n" + text, "", "{}", "[]"):
        (originals / "00_basics.ipynb").write_text(broken, encoding="utf-8")
        (told,) = lessons.renew(mine, originals)
        assert "00_basics.ipynb is damaged" in told and (mine / "02_convolution.ipynb").exists()


def test_copies_made_before_an_interruption_are_known(course, monkeypatch):
    originals, mine = course
    whole = lessons.write_whole

    def interrupted(path, content):
        if path.name == "02_convolution.ipynb":
            raise KeyboardInterrupt
        whole(path, content)

    monkeypatch.setattr(lessons, "write_whole", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lessons.renew(mine, originals)
    monkeypatch.undo()
    write(originals / "00_basics.ipynb", "second edition")
    assert lessons.renew(mine, originals) == [] and first(mine / "00_basics.ipynb") == "second edition"


BROKEN = ["<<<<<<< HEAD\n", "", "{}", "[]", "null", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}']


@pytest.mark.parametrize("broken", BROKEN)
def test_a_damaged_lesson_is_named_wherever_it_is_read(course, broken):
    originals, mine = course
    lesson = originals / "00_basics.ipynb"
    lesson.write_text(broken, encoding="utf-8")
    with pytest.raises(ValueError, match="00_basics.ipynb is damaged"):
        lessons.read(lesson)
    with pytest.raises(ValueError, match="00_basics.ipynb is damaged"):
        lessons.reset("00", mine, originals)
    (said,) = lessons.rerun(lesson)
    assert "00_basics.ipynb is damaged" in said
