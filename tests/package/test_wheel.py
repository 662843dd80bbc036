"""The wheel, in an environment without the clone: what it holds, and its command run in an empty folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from lab import ROOT

NOT_THE_COURSE = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.egg-info", "my_*")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "LICENSE-CC-BY-4.0")


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8", **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("coursekit", "lessons", "data", "excel"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=NOT_THE_COURSE)
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / "source" / name)
    options = ("--no-build-isolation", "--no-deps", "--disable-pip-version-check", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", "wheel", *options, folder / "source")
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An environment that has the wheel, and all else from this one; gives its folder of programs."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / Path(sys.executable).name
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # a folder that a .pth file names is searched, and its own .pth files (the clone's among them) are not read
    (site / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    return programs


def command(environment, folder, *arguments):
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    variables |= {"COURSEKIT_HOME": str(folder / "home")}
    return run(environment / "coursekit", *arguments, cwd=folder, env=variables)


def test_it_holds_lessons_solutions_samples_and_workbooks_and_nothing_for_authors(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    course = {name.removeprefix("coursekit/course/") for name in names if name.startswith("coursekit/course/")}
    for pattern in (
        "lessons/*.ipynb",
        "lessons/solutions/*.py",
        "lessons/app/*.py",
        "lessons/app/*.html",
        "lessons/app/Dockerfile",
        "excel/*.xlsx",
    ):
        assert {file.relative_to(ROOT).as_posix() for file in ROOT.glob(pattern)} <= course, pattern
    sums = (ROOT / "data" / "MANIFEST.sha256").read_text(encoding="utf-8").splitlines()
    assert {"data/" + line.split(None, 1)[1] for line in sums} <= course
    shared = {name.partition(".data/data/")[2] for name in names}
    for source, target in (("labextensions", "labextensions"), ("nbconvert", "nbconvert/templates")):
        files = [file for file in (ROOT / "lessons" / "make" / source).rglob("*") if file.is_file()]
        there = {
            f"share/jupyter/{target}/{file.relative_to(ROOT / 'lessons' / 'make' / source).as_posix()}"
            for file in files
        }
        assert files and there <= shared, "what Jupyter takes from any package"
    assert not [name for name in names if "/make/" in name or "tests/" in name]
    assert wheel.stat().st_size < 30 << 20


def test_the_course_is_found_where_it_was_installed(environment, tmp_path):
    said = command(environment, tmp_path, "where")
    assert str(environment.parent) in said and str(ROOT) not in said


def test_a_lesson_runs_there(environment, tmp_path):
    assert command(environment, tmp_path, "check", "02").rstrip().endswith("as saved")
    assert [path.name for path in tmp_path.iterdir()] in ([], ["home"])
