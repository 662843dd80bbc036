"""Lessons to hand out and to teach from."""

import ast
import inspect
import linecache
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import nbformat
import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager
from lab import ROOT

from coursekit.classroom.exercises import judge, load_exercises, load_module
from lessons.make import classes, editions

LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))


def text(notebook, kinds=("code", "markdown")):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type in kinds)


def notes(notebook):
    return [c for c in notebook.cells if c.metadata.get("slideshow", {}).get("slide_type") == "notes"]


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    """The students' zip, unpacked, and the Python of an environment that has what it needs, and not the clone."""
    folder = tmp_path_factory.mktemp("handed")
    editions.write("student", folder / "course.zip")
    with zipfile.ZipFile(folder / "course.zip") as archive:
        archive.extractall(folder)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "environment")
    python = folder / "environment" / ("Scripts" if os.name == "nt" else "bin") / Path(sys.executable).name
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # a folder that a .pth file names is searched, and its own .pth files (the clone's among them) are not read
    (site / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, "-e", folder / "course")
    return folder / "course", python


def run(*command, **options):
    around = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(list(map(str, command)), capture_output=True, encoding="utf-8", env=around, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_students_get_the_lesson_but_nothing_is_given_away(handed):
    folder, _ = handed
    written = sorted((folder / "lessons").glob("*.ipynb"))
    assert [path.name for path in written] == [path.name for path in LESSONS]
    for path, lesson in zip(written, LESSONS, strict=True):
        given, whole = nbformat.read(path, 4), nbformat.read(lesson, 4)
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in given.cells), path
        assert not notes(given) and "<details>" not in text(given), path
        questions = re.findall(r"<summary>(.*?)</summary>", text(whole), re.S)
        assert all(f"**{question}**" in text(given) for question in questions), path
        assert text(given, ("code",)) == text(whole, ("code",)), path
    assert (folder / "excel" / "softmax.xlsx").is_file()  # lesson 03 reads ../excel/softmax.xlsx


RUNS = """
import coursekit, nbformat
from pathlib import Path
from coursekit.classroom import exercises, lessons
assert Path(coursekit.__file__).parents[1] == Path.cwd().parent and lessons.LESSONS == Path.cwd()
lesson = lessons.read(Path("00_notebook_basics.ipynb"))
lessons.execute(lesson, Path.cwd())
print(sum(len(cell.get("outputs", [])) for cell in lesson.cells) > 20)
print(exercises.judge("00.average", lambda images: images.mean((0, 1))).state)
print(exercises.judge("00.average", lambda images: images.mean(0)).state)
print(exercises.judge("07.identity", lambda n: exercises.torch.eye(n)).state)
"""


def test_the_handout_runs_without_the_clone_and_its_checks_answer(handed):
    folder, python = handed
    assert run(python, "-c", RUNS, cwd=folder / "lessons").split() == ["True", "right", "wrong", "not", "allowed"]


def test_the_handout_is_whole_says_where_to_start_and_gives_no_answer_away(handed):
    folder, _ = handed
    start = (folder / "START-HERE.md").read_text(encoding="utf-8")
    for system in ("Linux and macOS", "Windows", "conda", "Colab", "newer version", "for yourself"):
        assert system in start
    assert "/content/course.zip" in start and "\\Scripts\\coursekit lab" in start
    assert (folder / "data" / "digits").is_dir() and (folder / "excel" / "softmax.xlsx").is_file()
    assert not (folder / "data" / "make").exists() and (folder / "lessons" / "app" / "page.html").is_file()
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted((folder / "lessons").rglob("*.*"))
        if path.suffix in (".py", ".ipynb")
    ]
    for solutions in sorted((ROOT / "lessons" / "solutions").glob("[0-9]*.py")):
        module = load_module(solutions)
        own = (ROOT / "lessons" / f"{solutions.stem}.ipynb").read_text(encoding="utf-8")  # what the lesson itself says
        for exercise in module.EXERCISES.values():
            if callable(exercise.solution) and not exercise.breaks:
                body = inspect.getsource(exercise.solution).splitlines()[-1].strip()
                assert len(body) < 40 or body in own or not any(body in text for text in texts), body
        lines = [line for line in module.DISCUSSION.splitlines() if len(line) > 40 and line not in own]
        assert len(lines) > 5 and not any(line in text for line in lines for text in texts), solutions


def test_instructors_get_all_of_it_with_a_solution_after_each_exercise(for_instructors):
    for path, lesson in zip(for_instructors, LESSONS, strict=True):
        whole = nbformat.read(path, 4)
        assert len(notes(whole)) == len(notes(nbformat.read(lesson, 4))) >= 3, path
        assert any(cell.get("outputs") for cell in whole.cells), path
        exercises = load_exercises(ROOT / "lessons" / "solutions" / f"{lesson.stem}.py")
        names = [i for i, cell in enumerate(whole.cells) if "solution" in cell.metadata.get("tags", [])]
        assert len(names) == len(exercises), path
        for number, (name, exercise) in zip(names, exercises.items(), strict=True):
            assert f"{lesson.stem[:2]}.{name}" in whole.cells[number - 1].source, path
            assert all(hint in whole.cells[number].source for hint in exercise.hints), path


@pytest.fixture(scope="module")
def for_instructors(tmp_path_factory):
    return editions.write("instructor", tmp_path_factory.mktemp("editions") / "class")


KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def run_cell(source, place, namespace):
    """Run code as a cell is run: its source can be read, as rules do."""
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    exec(compile(source, place, "exec"), namespace)


def definitions(cell):
    """What a cell imports and defines, and the numbers and texts that it gives a name: all that costs no time."""
    for step in ast.parse(TransformerManager().transform_cell(cell)).body:
        plain = isinstance(step, ast.Assign) and isinstance(step.targets[0], ast.Name)
        if isinstance(step, KEPT) or plain and isinstance(step.value, ast.Constant):
            yield ast.unparse(step)


def shown_solutions(lesson):
    """Of each exercise of an instructor's lesson: name, what it hands to the check, the shown code, the cells above."""
    above = []
    for cell in nbformat.read(lesson, 4).cells:
        if cell.cell_type == "code":
            above.append(cell.source)
        elif "solution" in cell.metadata.get("tags", []):
            name = f"{lesson.stem[:2]}.{cell.id.removeprefix('solution-')}"
            codes = re.findall(r"> \*\*(.*?)\.\*\*\n\n```python\n(.*?)\n```", cell.source, re.S)
            yield name, editions.asked(above[-1], name[3:]), dict(codes), list(above)


@pytest.mark.parametrize("number", range(len(LESSONS)), ids=[path.stem for path in LESSONS])
def test_each_solution_that_is_shown_runs_in_the_lesson_and_keeps_its_exercises_rule(for_instructors, number, capsys):
    namespace, looked_at = {"__name__": "__main__"}, 0
    exercises = load_exercises(ROOT / "lessons" / "solutions" / f"{LESSONS[number].stem}.py")
    if "twelve_runs" in exercises:  # what lesson 20 drew, and its exercise looks up
        namespace["secret"] = {letter: [fault] for letter, fault in exercises["twelve_runs"].answer.items()}
    done = 0
    for name, answer, codes, above in shown_solutions(for_instructors[number]):
        for cell in above[looked_at:]:
            if not re.search(r"^[%!]%|\?$|SyntaxError", cell, re.M):  # lesson 00 shows what is not Python
                for step in definitions(cell):
                    with suppress(NameError, ModuleNotFoundError):  # it needs what takes time; a solution may not
                        run_cell(step, f"<{name} {len(namespace)}>", namespace)
        looked_at = len(above)
        for kind, code in reversed(codes.items()):
            run_cell(code, f"<{name}, {kind}>", namespace)
        verdict = judge(name, eval(answer, namespace))
        assert verdict.state == "right", (verdict, codes)
        assert "raise ValueError" not in codes["A solution"] and len(codes["A solution"].splitlines()) < 40
        assert set(codes) == {"A solution", *(["What is right"] if exercises[name[3:]].breaks else [])}
        done += 1
    assert done == len(exercises)


def test_a_value_is_written_as_code_that_gives_it():
    for value in (
        torch.tensor([0.1, torch.inf, -torch.inf]), torch.tensor([[1.5]], dtype=torch.float64), torch.tensor([True]),
        torch.tensor([1, 2]), torch.tensor(2, dtype=torch.int32), 0.1, "a", [1, (2, "b")], (1, torch.ones(2, 2)),
    ):  # fmt: skip
        again = eval(editions.literal(value), {"torch": torch})
        assert repr(again) == repr(value)
        assert not isinstance(value, torch.Tensor) or again.dtype == value.dtype
    assert editions.literal((3,)) == "3" and "nan" in editions.literal(torch.tensor(torch.nan))


def test_a_folder_that_holds_something_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "marks.txt").write_text("Ada: 1.0", encoding="utf-8")
    for folder, message in (
        (tmp_path, "is not empty"), ("", "make student DIR=somewhere"),
        (tmp_path / "marks.txt", "marks.txt is a file: give a new folder"),
        (tmp_path / "marks.txt" / "new", "marks.txt is a file: give a new folder elsewhere"),
        (tmp_path / "marks.txt" / "new.zip", "marks.txt is a file"), ("--help", "make student DIR=somewhere"),
        ("~nobody-of-this-name/new", "nobody here has this home"),
    ):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["editions.py", "student", str(folder)])
        with pytest.raises(SystemExit, match=message):
            editions.main()
    assert [path.name for path in tmp_path.iterdir()] == ["marks.txt"]


@pytest.mark.parametrize("inside", ["lessons/handout", "lessons/app/deep/er", "excel/out", "data/out", "coursekit/x/y"])
def test_a_folder_among_what_is_copied_is_refused(inside):
    folder = editions.LESSONS.parent / inside
    with pytest.raises(ValueError, match="which is copied: give a folder elsewhere"):
        editions.write("student", folder)
    assert not folder.exists()


def test_only_what_students_get_becomes_a_zip_and_none_is_overwritten(tmp_path):
    (tmp_path / "there.ZIP").mkdir()
    with suppress(OSError):  # Windows lets nobody make one
        (tmp_path / "link.zip").symlink_to("nowhere")
        (tmp_path / "link").symlink_to("nowhere")
    there = sorted(path.name for path in tmp_path.iterdir())
    for name in there:
        with pytest.raises(FileExistsError, match=f"{name} is there, and nothing is overwritten"):
            editions.write("student", tmp_path / name)
    for write in (partial(editions.write, "instructor"), partial(classes.write, numbers=["03"])):
        with pytest.raises(ValueError, match="new.zip would be a folder: only what `make student` writes"):
            write(tmp_path / "new.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == there
    assert not list((tmp_path / "there.ZIP").iterdir())


def test_a_damaged_lesson_is_named_before_anything_is_written(tmp_path, monkeypatch):
    broken = tmp_path / "02_broken.ipynb"
    broken.write_text("<<<<<<< HEAD", encoding="utf-8")
    monkeypatch.setattr(editions, "chosen", lambda numbers: [broken])
    with pytest.raises(ValueError, match="02_broken.ipynb is damaged"):
        editions.write("student", tmp_path / "out")
    assert not (tmp_path / "out").exists()
