"""The commands that the README promises: `make help` tells them all, `make lab` serves the lessons."""

import re
import subprocess
import sys
import urllib.request

import nbformat
import pytest
from lab import ROOT, serving
from needs import needs_environment, needs_make

from lessons.make import run


def test_the_readme_says_the_two_commands_first():
    first = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)[1]
    assert re.findall(r"^(make \w+)", first, re.M) == ["make lab", "make test"]


def test_ci_calls_the_readmes_test_command():
    run, bare = ((ROOT / ".ci" / name).read_text(encoding="utf-8") for name in ("run", "bare"))
    assert re.search(r"^\.ci/bare$", run, re.M) and 'make "${@:-test}"' in bare
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


@needs_make
def test_help_has_a_line_for_every_task():
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout
    tasks = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1].split()
    assert re.findall(r"^make ([\w-]+) +\S", said, re.M) == tasks


@needs_make
def test_a_python_that_is_too_old_is_refused_in_words(tmp_path):
    old = tmp_path / "python3"
    old.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "import sys; sys.version_info = (3, 9); $2"\n', encoding="utf-8"
    )
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "setup.py", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    ran = subprocess.run(["make", f"PYTHON={old}", "lint"], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert ran.returncode and "needs Python 3.10 or newer" in ran.stderr and not (tmp_path / ".venv").exists()


@needs_environment
def test_lab_serves_the_lessons_and_prints_the_address(tmp_path):
    with serving(tmp_path) as address, urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.status == 200 and "JupyterLab" in answer.read().decode()
        assert "/lab/tree/my_lessons/" in address and (ROOT / "my_lessons" / "00_notebook_basics.ipynb").is_file()


@pytest.mark.parametrize("size", ["sample", "full"])
def test_a_run_on_the_full_data_leaves_the_lesson_as_it_is(tmp_path, monkeypatch, size):
    lesson = tmp_path / "lessons" / "00_short.ipynb"
    lesson.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7", id="a")]), lesson)
    monkeypatch.setattr(run, "LESSONS", lesson.parent)
    monkeypatch.setattr(run, "FULL", tmp_path / "build" / "full")
    monkeypatch.setenv("COURSEKIT_SIZE", size)
    target, _ = run.run(lesson)
    assert target == (lesson if size == "sample" else tmp_path / "build" / "full" / lesson.name)
    assert "42" in target.read_text(encoding="utf-8") and ("42" in lesson.read_text(encoding="utf-8")) == (
        size == "sample"
    )
