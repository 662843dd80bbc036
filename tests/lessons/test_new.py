"""`make new`: the skeleton of a lesson passes the template's own tests before anything is written in it."""

import os
import shutil
import subprocess
import sys

import pytest
from lab import ROOT

from lessons.make import new


def run(course, *command):
    environment = os.environ | {"PYTHONPATH": str(course), "COURSEKIT_HOME": str(course / "home")}
    return subprocess.run(
        [sys.executable, *command], cwd=course, env=environment, capture_output=True, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of one's own with the package, the tools and the template's tests, and no lesson."""
    course = tmp_path_factory.mktemp("course")
    for folder in ("lessons/solutions", "tests/lessons/answers", "excel"):
        (course / folder).mkdir(parents=True)
    (course / "data").mkdir()
    shutil.copyfile(ROOT / "data" / "full.json", course / "data" / "full.json")  # coursekit reads it
    shutil.copytree(ROOT / "coursekit", course / "coursekit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "lessons" / "make", course / "lessons" / "make")
    shutil.copytree(ROOT / "benchmarks", course / "benchmarks", ignore=shutil.ignore_patterns("runs", "__pycache__"))
    for name in ("test_template.py", "test_answers.py"):
        shutil.copyfile(ROOT / "tests" / "lessons" / name, course / "tests" / "lessons" / name)
    return course


def test_a_new_lesson_follows_the_template(course):
    made = run(course, "-m", "lessons.make.new", "20_attention", "Attention by hand")
    assert made.returncode == 0, made.stderr
    assert len(made.stdout.split()) == 3 and all((course / path).is_file() for path in made.stdout.split())
    (course / "README.md").write_text(
        "| 20 | [Attention by hand](lessons/20_attention.ipynb) | 60 min | | |", encoding="utf-8"
    )
    ran = run(course, "-m", "lessons.make.run", "20")
    assert ran.returncode == 0, ran.stderr
    of_all = ("test_there_are_lessons", "test_the_first_lesson_shows_the_course_as_it_is",
              "test_every_term_of_the_field_is_met")  # fmt: skip
    left_out = [part for name in of_all for part in ("--deselect", f"tests/lessons/test_template.py::{name}")]
    tested = run(course, "-m", "pytest", "-p", "no:cacheprovider", "-q", "tests", *left_out)
    assert tested.returncode == 0, tested.stdout


@pytest.mark.parametrize(
    "name, title, message",
    [
        ("20_again", "Again", "20 is taken by 20_attention.ipynb"),
        ("Attention", "Attention", "a name like 20_attention"),
        ("21_titles", " ", "and a title"),
        ("", "", "a name like 20_attention"),
    ],
)
def test_what_cannot_be_a_lesson_is_refused_in_words(tmp_path, name, title, message):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "20_attention.ipynb").touch()
    with pytest.raises(ValueError, match=message):
        new.make(name, title, tmp_path)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
