"""Lessons to hand out and to teach from, and the copies that students work in."""

import re
import sys

import nbformat
import pytest
from lab import ROOT
from tools import tool

from coursekit.classroom import lessons

MAKE = ROOT / "lessons" / "make"
LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))


def text(notebook, kinds=("code", "markdown")):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type in kinds)


def notes(notebook):
    return [c for c in notebook.cells if c.metadata.get("slideshow", {}).get("slide_type") == "notes"]


def test_students_get_the_lesson_but_nothing_is_given_away(tmp_path):
    written = tool("editions").write("student", tmp_path / "handed out")
    assert [path.name for path in written] == [path.name for path in LESSONS]
    for path, lesson in zip(written, LESSONS, strict=True):
        given, whole = nbformat.read(path, 4), nbformat.read(lesson, 4)
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in given.cells), path
        assert not notes(given) and "<details>" not in text(given), path
        questions = re.findall(r"<summary>(.*?)</summary>", text(whole), re.S)
        assert all(f"**{question}**" in text(given) for question in questions), path
        assert text(given, ("code",)) == text(whole, ("code",)), path
    assert {path.parent.name for path in (tmp_path / "handed out").rglob("*.py")} == {"app"}
    assert (tmp_path / "handed out" / "excel" / "softmax.xlsx").is_file()  # lesson 03 reads ../excel/softmax.xlsx


def test_instructors_get_all_of_it_with_a_solution_after_each_exercise(tmp_path):
    from coursekit.classroom.exercises import load_exercises

    for path, lesson in zip(tool("editions").write("instructor", tmp_path / "class"), LESSONS, strict=True):
        whole = nbformat.read(path, 4)
        assert len(notes(whole)) == len(notes(nbformat.read(lesson, 4))) >= 3, path
        assert any(cell.get("outputs") for cell in whole.cells), path
        exercises = load_exercises(ROOT / "lessons" / "solutions" / f"{lesson.stem}.py")
        names = [i for i, cell in enumerate(whole.cells) if "solution" in cell.metadata.get("tags", [])]
        assert len(names) == len(exercises), path
        for number, (name, exercise) in zip(names, exercises.items(), strict=True):
            assert f"{lesson.stem[:2]}.{name}" in whole.cells[number - 1].source, path
            assert exercise.hint in whole.cells[number].source, path


def test_a_folder_that_holds_something_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "marks.txt").write_text("Ada: 1.0")
    for folder, message in (
        (tmp_path, "is not empty"), ("", "make student DIR=somewhere"),
        (tmp_path / "marks.txt", "marks.txt is a file: give a new folder"),
        (tmp_path / "marks.txt" / "new", "Not a directory"),
    ):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["editions.py", "student", str(folder)])
        with pytest.raises(SystemExit, match=message):
            tool("editions").main()
    assert [path.name for path in tmp_path.iterdir()] == ["marks.txt"]


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
    assert "../excel/book.xlsx" not in (originals.parent / "my_lessons" / lessons.NOTES).read_text(encoding="utf-8")


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
    (mine / lessons.NOTES).unlink()
    if notes:
        (mine / lessons.NOTES).write_text(notes, encoding="utf-8")
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
