"""The wheel, in an environment without the clone: what it holds, and its command run in an empty folder."""

import os
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path

import pytest
from lab import ROOT, address
from wheels import run


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
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--ignore-installed",
        wheel,
    )
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


@pytest.mark.parametrize("user", ["this", "ordinary"])
def test_lab_opens_there_in_a_folder_with_any_name(environment, tmp_path, user):
    """In a folder with a space and a sign that addresses give a meaning to; as root, too, where that is who tests."""
    ordinary = {"user": 65534, "group": 65534, "extra_groups": []} if user == "ordinary" else {}
    if ordinary and os.geteuid() != 0:
        pytest.skip("only root can become another user; this user is an ordinary one")
    folder = tmp_path / "my work #1"
    folder.mkdir()
    for place in (tmp_path, *tmp_path.parents, *environment.parents[:1]):  # that user must get in
        if ordinary and place != Path(place.anchor) and place.stat().st_uid == os.geteuid() and place != Path("/tmp"):
            place.chmod(place.stat().st_mode | 0o055)
    log = folder / "lab.log"
    if ordinary:
        os.chown(folder, 65534, 65534)
        try:
            python = environment / Path(sys.executable).name
            subprocess.run([python, "-c", "import torch"], check=True, capture_output=True, cwd=folder, **ordinary)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("this Python lies where other users may not read")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "XDG"))}
    variables |= {"HOME": str(folder), "COURSEKIT_HOME": str(folder / "home")}
    command = [environment / "coursekit", "lab", "--no-browser", "--port", "0"]
    with log.open("w", encoding="utf-8") as out:
        lab = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, env=variables, **ordinary)
    try:
        said = address(lab, log, r"http://127\.0\.0\.1:\d+/\S*token=\w+", seconds=300)
        with urllib.request.urlopen(said, timeout=60) as answer:
            assert answer.status == 200 and "JupyterLab" in answer.read().decode()
        assert (folder / "my_lessons" / "00_notebook_basics.ipynb").is_file()
    finally:
        lab.terminate()
        lab.wait(60)


def test_a_lesson_runs_there(environment, tmp_path):
    assert command(environment, tmp_path, "check", "02").rstrip().endswith("as saved")
    assert [path.name for path in tmp_path.iterdir()] in ([], ["home"])
