"""The course's public addresses: what is written, what is refused, and a lesson opened where the course is missing."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
import yaml
from lab import ROOT
from needs import needs_environment
from packaging.requirements import Requirement
from wheels import index, repack, run, without_pips_settings

import coursekit
from lessons.make import front_door, site
from lessons.make.front_door import Addresses, checked

GITHUB = Addresses(repository="https://github.com/ada/course", tag="v1.0")
LESSONS = ["00_notebook_basics.ipynb", "03_softmax.ipynb"]  # two stand for all
KEPT = ("README.md", "CITATION.cff", "pyproject.toml", "site/addresses.json")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """What the front door reads and writes, elsewhere."""
    monkeypatch.setattr(front_door, "chosen", lambda _: [ROOT / "lessons" / name for name in LESSONS])
    for name in KEPT:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what is written ---


def test_badges_addresses_and_notebooks_are_written_and_a_second_run_changes_nothing(course):
    changed = front_door.write(GITHUB, course)
    assert len(changed) == 3 + len(LESSONS)
    readme = (course / "README.md").read_text(encoding="utf-8")
    for place in ("colab.research.google.com/github/ada/course/blob", "github.com/ada/course/blob"):
        assert all(f"{place}/v1.0/online/{name})" in readme for name in LESSONS)
    assert "(https://mybinder.org/v2/gh/ada/course/v1.0?urlpath=lab/tree/my_lessons/03_softmax.ipynb)" in readme
    wheel = f"releases/download/v1.0/coursekit-{coursekit.__version__}-py3-none-any.whl"
    assert f'py -m pip install "coursekit @ https://github.com/ada/course/{wheel}"' in readme
    assert "repository-code: https://github.com/ada/course\n" in (course / "CITATION.cff").read_text(encoding="utf-8")
    assert Addresses.load(course).issues == "https://github.com/ada/course/issues"
    before = contents(course)
    assert front_door.write(GITHUB, course) == [] and contents(course) == before


def test_what_lay_around_the_marks_stays(course):
    def outside(text):
        return re.sub(r"(?s)<!-- (front door[^>]*) -->.*?<!-- /\1 -->", "", text)

    before = (course / "README.md").read_text(encoding="utf-8")
    front_door.write(GITHUB, course)
    assert outside((course / "README.md").read_text(encoding="utf-8")) == outside(before)


def test_a_release_keeps_the_addresses_given_before_and_another_repository_does_not(course):
    front_door.write(Addresses("https://github.com/ada/course", "v1.0", site="https://ada.example.org/c/"), course)
    front_door.write(Addresses("https://github.com/ada/course/", "v1.1"), course)
    assert Addresses.load(course).site == "https://ada.example.org/c" and Addresses.load(course).tag == "v1.1"
    readme = (course / "README.md").read_text(encoding="utf-8")
    assert "course/blob/v1.1/" in readme and "course/blob/v1.0/" not in readme
    front_door.write(Addresses("https://codeberg.org/eve/course.git", "v1.1"), course)
    known = Addresses.load(course)
    assert (known.site, known.discussions, known.repository) == ("", "", "https://codeberg.org/eve/course")
    readme = (course / "README.md").read_text(encoding="utf-8")
    assert (
        "colab" not in readme
        and "ada/course" not in readme
        and "v2/git/https%3A%2F%2Fcodeberg.org%2Feve%2Fcourse/v1.1" in readme
    )


def test_a_lessons_page_opens_it_elsewhere_once_there_is_an_address(monkeypatch):
    lesson = ROOT / "lessons" / LESSONS[1]

    def files():
        (cell,) = [cell.source for cell in site.page_of(lesson).cells if cell.id == "files"]
        return cell

    monkeypatch.setattr(site.Addresses, "load", lambda: checked(GITHUB))
    assert all(
        f"- [Open in {place}]({link})\n" in files() + "\n" for place, link in checked(GITHUB).links(lesson.name).items()
    )
    monkeypatch.setattr(site.Addresses, "load", Addresses)
    assert "Open in" not in files()


def test_without_it_nothing_leads_to_an_address_that_is_not_there():
    known = Addresses.load(ROOT)
    assert known.repository or (known == Addresses() and known.links("03_softmax.ipynb") == {})
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert known.repository or not re.search(r"badge\w*\.svg|colab\.research|mybinder\.org|kaggle\.com", readme)


# --- what is refused ---

ODD = ["", "github.com/a/b", "http://github.com/a/b", "git@github.com:a/b.git", "https://", "https://github.com",
       "https://github.com/a", "https://github.com/a/b/tree/main", "https://a:b@github.com/a/b", "https://host/a b",
       "https://github.com/a/b?x=1", "https://github.com/a/b#c", 'https://github.com/a/"b', "https://github.com/../b",
       "https://localhost/a/b", "file:///a/b", "https://github.com:port/a/b",
       "https://github.com/a/.git", "https://www.github.com/a/b", "https://.github.com/a/b", "https://git..org/a/b",
       "https://github.com/a/b)\n[x](y"]  # fmt: skip


@pytest.mark.parametrize("number", range(len(ODD)))
def test_what_is_no_repositorys_address_is_refused(course, number):
    before = contents(course)
    with pytest.raises(ValueError, match="REPO="):
        front_door.write(Addresses(repository=ODD[number], tag="v1.0"), course)
    assert contents(course) == before


@pytest.mark.parametrize(
    "tag", ["", "v 1", "v1/..", "../v1", "-v1", "v1;ls", "v1`ls`", "$(ls)", "v1\n", "é", "a..b", "v1."]
)
def test_a_tag_with_odd_characters_is_refused(course, tag):
    with pytest.raises(ValueError, match="TAG="):
        front_door.write(Addresses(repository=GITHUB.repository, tag=tag), course)
    assert not (course / "online").exists()


@pytest.mark.parametrize("name", ["issues", "discussions", "site", "package"])
def test_other_addresses_are_held_to_the_same(name):
    with pytest.raises(ValueError, match=f"{name.upper()}='ftp"):
        checked(Addresses(GITHUB.repository, "v1.0", **{name: "ftp://example.org/x"}))


def test_a_readme_without_marks_is_left_alone(course):
    (course / "README.md").write_text("# Mine\n", encoding="utf-8")
    before = contents(course)
    with pytest.raises(ValueError, match="no marks <!-- front door -->"):
        front_door.write(GITHUB, course)
    assert contents(course) == before


def test_a_readme_whose_marks_are_there_twice_is_left_alone(course):
    """The second would go on telling the old address."""
    readme = (course / "README.md").read_text(encoding="utf-8")
    (course / "README.md").write_text(readme + readme, encoding="utf-8")
    before = contents(course)
    with pytest.raises(ValueError, match="the mark <!-- front door --> is there twice"):
        front_door.write(GITHUB, course)
    assert contents(course) == before


DAMAGE = [("site/addresses.json", content) for content in (b'{"repository": 1', b'{"home": ""}', b"[]", b"\xff")]
DAMAGE += [("README.md", b"\xff"), ("CITATION.cff", b"\xff")]


@pytest.mark.parametrize("number", range(len(DAMAGE)))
def test_a_damaged_file_is_named_and_nothing_is_written(course, number):
    name, content = DAMAGE[number]
    (course / name).write_bytes(content)
    before = contents(course)
    with pytest.raises(ValueError, match=re.escape(str(course / name))):
        front_door.write(GITHUB, course)
    assert contents(course) == before


ABSTRACTS = ["abstract: short\n", "abstract: >-\n  over several\n  lines\n", ""]


@pytest.mark.parametrize("number", range(len(ABSTRACTS)))
@pytest.mark.parametrize("end", ["\n", "", "\nurl: https://old.example.org"], ids=["line", "no line", "an address"])
def test_a_citation_names_the_repository_whatever_stands_in_it(number, end):
    text = "title: A course\n" + ABSTRACTS[number] + "license: MIT" + end
    now = yaml.safe_load(front_door.citation(text, GITHUB))
    before = {key: value for key, value in yaml.safe_load(text).items() if key != "url"}
    assert now == before | {"repository-code": GITHUB.repository}
    assert front_door.citation(front_door.citation(text, GITHUB), GITHUB) == front_door.citation(text, GITHUB)


def test_what_was_interrupted_is_finished_by_the_next_run(course, monkeypatch):
    written = []

    def write_whole(path, content):
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(path.write_bytes(content))

    with monkeypatch.context() as patch:
        patch.setattr(front_door, "write_whole", write_whole)
        with pytest.raises(KeyboardInterrupt):
            front_door.write(GITHUB, course)
    assert len(front_door.write(GITHUB, course)) == len(LESSONS)
    assert front_door.write(GITHUB, course) == []


@needs_environment
def test_the_command_asks_for_what_it_needs():
    with pytest.raises(SystemExit, match="make front-door REPO=https://github.com/OWNER/NAME TAG=v1.0.0"):
        front_door.main([])
    ran = subprocess.run(
        ["make", "front-door", "REPO=http://x.org/a", "TAG=v1;ls"], cwd=ROOT, capture_output=True, encoding="utf-8",
        env={name: value for name, value in os.environ.items() if name != "MAKEFLAGS"},
    )  # fmt: skip
    assert ran.returncode and "REPO='http://x.org/a' is no address" in ran.stderr


# --- a lesson opened where the course is missing ---


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A Python as on Colab: it has PyTorch and Jupyter, but neither the course nor pooch, which the course needs."""
    folder = tmp_path_factory.mktemp("elsewhere") / "environment"
    run(sys.executable, "-m", "venv", folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools")  # an old one; the one from here is found
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    others = folder / "others"  # a folder that a .pth file names is searched, too
    others.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match(r"__editable__|coursekit|pooch|pip\b|.*\.pth$|__pycache__", path.name):
            (others / path.name).symlink_to(path, target_is_directory=path.is_dir())
    (packages / "others.pth").write_text(str(others), encoding="utf-8")
    return python


RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
notebook.cells = notebook.cells[: int(sys.argv[2]) or None]
nbclient.NotebookClient(notebook, timeout=300, allow_errors=True, kernel_name="python3").execute()
nbformat.write(notebook, "ran.ipynb")
"""


def ran(python, folder, address, name="03_softmax.ipynb", cells=0):
    """The outputs of a lesson of the edition, run in an empty folder; each cell's as one text."""
    front_door.write_whole(folder / name, front_door.elsewhere(ROOT / "lessons" / name, checked(BY_INDEX)))
    settings = without_pips_settings(PIP_INDEX_URL=address, PIP_NO_CACHE_DIR="1", COURSEKIT_HOME=folder / "home")
    run(python, "-c", RUN, name, cells, cwd=folder, env=settings)
    notebook = nbformat.read(folder / "ran.ipynb", 4)
    assert notebook.cells[0].id == "front-door"
    return [json.dumps(cell.get("outputs", [])) for cell in notebook.cells[: cells or None]]


BY_INDEX = Addresses(GITHUB.repository, GITHUB.tag, package="index")


def test_a_lesson_installs_the_course_where_it_is_missing_and_the_second_time_nothing(elsewhere, wheel, tmp_path):
    with index(tmp_path / "index", [wheel, repack("pooch", tmp_path)]) as (address, asked):
        for folder in (tmp_path / "first", tmp_path / "second"):
            folder.mkdir()
            asked.clear()
            shown = ran(elsewhere, folder, address, cells=0 if folder.name == "first" else 1)
            assert not [text for text in shown if '"output_type": "error"' in text]
            assert "device" in shown[0] and "PyTorch" in shown[0]
            fetched = sorted({path.rsplit("/")[-1] for path in asked if path.endswith(".whl")})
            if folder.name == "first":
                assert fetched == sorted([wheel.name, next(tmp_path.glob("pooch*.whl")).name])
                assert "Installing the course" in shown[0]
            else:
                assert asked == [] and "Installing" not in shown[0]
            assert (folder / "excel" / "softmax.xlsx").is_file() and (folder / "my_lessons" / "app").is_dir()


def test_where_nothing_can_be_installed_the_cell_says_what_is_missing(elsewhere, tmp_path):
    # not in the clone, where pip would find the clone's own coursekit and leave it
    run(elsewhere, "-m", "pip", "uninstall", "--quiet", "--yes", "coursekit", "pooch", cwd=tmp_path)
    (tmp_path / "coursekit").mkdir()  # a folder of that name, such as a clone, is no package
    (tmp_path / "index" / "simple").mkdir(parents=True)
    with index(tmp_path / "index", []) as (address, asked):
        (shown,) = ran(elsewhere, tmp_path, address, cells=1)
    said = next(output["evalue"] for output in json.loads(shown) if output["output_type"] == "error")
    assert said.startswith("Not installed: pooch, coursekit. What pip said stands above. Is there a network?"), said
    assert asked


def test_the_release_that_pip_is_sent_to_holds_the_wheel_by_its_name(wheel):
    asked = Requirement(checked(GITHUB).requirement)
    assert (
        asked.name == "coursekit" and asked.url == f"https://github.com/ada/course/releases/download/v1.0/{wheel.name}"
    )


def test_a_notebook_elsewhere_installs_all_that_the_package_needs_but_what_runs_it():
    needs = {Requirement(line).name for line in front_door.dependencies()}
    cell = front_door.first_cell(checked(GITHUB)).source
    named = set(re.search(r'NEEDS = """(.*?)"""', cell, re.S)[1].split())
    assert needs - named == {"jupyterlab", "ipykernel", "ipython"} and not named - needs
    line = next(line for line in cell.splitlines() if "%pip install --quiet a" in line)
    assert {Requirement(text).name for text in re.findall(r'(?<=[ "])[\w-]+[^ "]*', line.split("--quiet")[1])} == named
