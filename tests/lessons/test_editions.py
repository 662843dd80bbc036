"""Lessons to hand out and to teach from."""

import re
import sys

import nbformat
import pytest
from lab import ROOT

from coursekit.classroom.exercises import load_exercises
from lessons.make import editions

LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))


def text(notebook, kinds=("code", "markdown")):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type in kinds)


def notes(notebook):
    return [c for c in notebook.cells if c.metadata.get("slideshow", {}).get("slide_type") == "notes"]


def test_students_get_the_lesson_but_nothing_is_given_away(tmp_path):
    written = editions.write("student", tmp_path / "handed out")
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
    for path, lesson in zip(editions.write("instructor", tmp_path / "class"), LESSONS, strict=True):
        whole = nbformat.read(path, 4)
        assert len(notes(whole)) == len(notes(nbformat.read(lesson, 4))) >= 3, path
        assert any(cell.get("outputs") for cell in whole.cells), path
        exercises = load_exercises(ROOT / "lessons" / "solutions" / f"{lesson.stem}.py")
        names = [i for i, cell in enumerate(whole.cells) if "solution" in cell.metadata.get("tags", [])]
        assert len(names) == len(exercises), path
        for number, (name, exercise) in zip(names, exercises.items(), strict=True):
            assert f"{lesson.stem[:2]}.{name}" in whole.cells[number - 1].source, path
            assert all(hint in whole.cells[number].source for hint in exercise.hints), path


def test_a_folder_that_holds_something_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "marks.txt").write_text("Ada: 1.0", encoding="utf-8")
    for folder, message in (
        (tmp_path, "is not empty"), ("", "make student DIR=somewhere"),
        (tmp_path / "marks.txt", "marks.txt is a file: give a new folder"),
        (tmp_path / "marks.txt" / "new", "Not a directory"),
    ):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["editions.py", "student", str(folder)])
        with pytest.raises(SystemExit, match=message):
            editions.main()
    assert [path.name for path in tmp_path.iterdir()] == ["marks.txt"]


@pytest.mark.parametrize("inside", ["lessons/handout", "lessons/app/deep/er", "excel/out"])
def test_a_folder_among_what_is_copied_is_refused(inside):
    folder = editions.LESSONS.parent / inside
    with pytest.raises(ValueError, match="which is copied: give a folder elsewhere"):
        editions.write("student", folder)
    assert not folder.exists()


def test_a_damaged_lesson_is_named_before_anything_is_written(tmp_path, monkeypatch):
    broken = tmp_path / "02_broken.ipynb"
    broken.write_text("<<<<<<< HEAD", encoding="utf-8")
    monkeypatch.setattr(editions, "chosen", lambda numbers: [broken])
    with pytest.raises(ValueError, match="02_broken.ipynb is damaged"):
        editions.write("student", tmp_path / "out")
    assert not (tmp_path / "out").exists()
