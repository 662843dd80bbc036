"""The command line: each command, what it says when something is wrong, and the copies that it works on."""

import os
import subprocess
import sys

import nbformat
import pytest

from coursekit.classroom import commands, lessons


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to stand in."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """A command may set what its process needs; the next test begins without."""
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")  # so that it is put back as it was
    monkeypatch.delenv("OMP_WAIT_POLICY")


def lesson(folder, *codes, tags=()):
    """A lesson of these cells as saved: each shows 42, printed or as its value."""
    cells = []
    for i, code in enumerate(codes):
        out = ["stream", "execute_result"]["print" not in code]
        given = {"name": "stdout", "text": "42\n"} if out == "stream" else {"data": {"text/plain": "42"}}
        cells.append(nbformat.v4.new_code_cell(code, id=f"cell{i}", metadata={"tags": list(tags)}))
        cells[-1].outputs = [nbformat.v4.new_output(out, **given)]
    folder.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "00_short.ipynb")
    return folder / "00_short.ipynb"


def test_a_lesson_that_gives_what_is_saved_passes(tmp_path):
    assert lessons.rerun(lesson(tmp_path / "lessons", "6 * 7", "print(42)", "import os; len(os.getcwd()) and 42")) == []


def test_what_differs_is_told_cell_by_cell(tmp_path):
    path = lesson(tmp_path / "lessons", "6 * 7", "print(43)", "6 * 8")
    assert [told.split()[:3] for told in lessons.rerun(path)] == [["code", "cell", "2"], ["code", "cell", "3"]]
    assert lessons.rerun(path)[0] == "code cell 2 gives\n43\n\nin place of\n42\n"


def test_a_cell_whose_output_depends_on_the_machine_is_not_compared(tmp_path):
    assert lessons.rerun(lesson(tmp_path / "lessons", "print(43)", tags=["nbval-ignore-output"])) == []


@pytest.mark.parametrize("code, told", [("print(43)", 0), ("1 / 0", 1)])
def test_a_lesson_that_is_handed_out_without_outputs_has_only_to_run(tmp_path, code, told):
    path = lesson(tmp_path / "lessons", "6 * 7", code)
    nbformat.write(lessons.unrun(lessons.read(path)), path)
    assert len(lessons.rerun(path)) == told


def test_a_cell_that_fails_is_told(tmp_path):
    assert lessons.rerun(lesson(tmp_path / "lessons", "6 * 7", "1 / 0")) == [
        "code cell 2 fails with ZeroDivisionError: division by zero"
    ]


def test_check_runs_the_lessons_and_fails_if_one_does(tmp_path, monkeypatch, capsys, here):
    path = lesson(tmp_path / "lessons", "6 * 7")
    monkeypatch.setattr(lessons, "chosen", lambda *_, **__: [path])
    with pytest.raises(SystemExit) as ended:
        commands.main(["check"])
    assert ended.value.code == 0 and capsys.readouterr().out.rstrip().endswith("as saved")
    lesson(tmp_path / "lessons", "6 * 8")
    with pytest.raises(SystemExit, match="1 lessons failed"):
        commands.main(["check"])
    assert list(here.iterdir()) == [], "it runs somewhere else"


def test_help_has_a_line_for_each_command(capsys):
    for arguments in ([], ["help"], ["--help"]):
        commands.main(arguments)
        said = capsys.readouterr().out
        assert [line.split()[1] for line in said.splitlines()] == list(commands.TASKS)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["rset", "02"], "no command 'rset'. Did you mean 'reset'"),
        (["reset"], "no lesson ''; there are 00, 01"),
        (["reset", "97"], "no lesson '97'; there are 00, 01"),
        (["check", "97"], "no lesson '97'; there are 00, 01"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(here, arguments, message):
    with pytest.raises(SystemExit, match=message):
        commands.main(arguments)


def test_lab_opens_copies_in_the_current_folder(here, monkeypatch):
    called = []
    monkeypatch.setattr(os, "execv", lambda program, command: called.append(command))
    monkeypatch.setattr(subprocess, "call", lambda command: called.append(command) or 0)
    for folder in (here, here / "my_lessons"):  # also from within
        monkeypatch.chdir(folder)
        with pytest.raises(SystemExit):
            commands.main(["lab", "--no-browser", "--port", "8899"])
        assert called[-1][:3] == [sys.executable, "-m", "jupyterlab"] and os.getcwd() == str(here)
        assert called[-1][-3:] == ["--no-browser", "--port", "8899"]
        assert ("--allow-root" in called[-1]) == (hasattr(os, "geteuid") and os.geteuid() == 0)
        assert "--LabApp.default_url=/lab/tree/my_lessons/00_notebook_basics.ipynb" in called[-1]
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"  # for the kernels that JupyterLab starts
    copies = sorted(path.name for path in (here / "my_lessons").glob("*.ipynb"))
    assert copies == [path.name for path in lessons.chosen()]
    assert (here / "excel" / "softmax.xlsx").exists() and (here / "my_lessons" / "app" / "server.py").exists()


def test_lab_opens_a_folder_whose_name_an_address_must_spell(here, monkeypatch):
    called = []
    monkeypatch.setattr(os, "execv", lambda program, command: called.append(command))
    monkeypatch.setattr(subprocess, "call", lambda command: called.append(command) or 0)
    commands.main(["reset", "00"])
    (here / "my_lessons").rename(here / "week #1 of 2")
    monkeypatch.chdir(here / "week #1 of 2")
    with pytest.raises(SystemExit):
        commands.main(["lab"])
    assert "--LabApp.default_url=/lab/tree/week%20%231%20of%202/00_notebook_basics.ipynb" in called[-1]


def test_reset_progress_and_where(here, capsys):
    commands.main(["reset", "02"])
    assert (here / "my_lessons" / "02_convolution.ipynb").exists() and " is fresh" in capsys.readouterr().out
    commands.main(["reset", "02"])
    assert "your former one is 02_convolution.2" in capsys.readouterr().out
    commands.main(["progress"])
    assert "02_convolution" in capsys.readouterr().out
    commands.main(["where"])
    said = dict(line.split(None, 1) for line in capsys.readouterr().out.replace("your copies", "copies").splitlines())
    assert said["copies"] == str(here / "my_lessons") and said["lessons"] == str(lessons.LESSONS)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-8", "cp1252:replace"])
def test_signs_that_a_console_cannot_take_become_plain_ones(here, own_home, encoding):
    """A file or pipe on Windows has one of some 256 signs a letter; what the user asked for holds."""
    (own_home / "progress").mkdir(parents=True)
    (own_home / "progress" / "00.average").write_text("2026-11-29\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "coursekit", "progress"],
        capture_output=True, cwd=here, env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    done, open_ = {"utf-8": "✓○", "cp1252:replace": "??"}.get(encoding, ("[x]", "[ ]"))
    said = ran.stdout.decode(encoding.split(":")[0])
    assert f"{done} average" in said and f"{open_} run_order" in said


def test_what_goes_wrong_is_said_there_too(here):
    command = [sys.executable, "-m", "coursekit", "check", "✗→猫"]
    ran = subprocess.run(command, capture_output=True, cwd=here, env=os.environ | {"PYTHONIOENCODING": "cp1252"})
    assert ran.returncode == 1 and b"no lesson '[!]->?'" in ran.stderr, ran.stderr


def test_python_m_coursekit_is_the_same(here):
    ran = subprocess.run([sys.executable, "-m", "coursekit", "where"], capture_output=True, encoding="utf-8", cwd=here)
    assert ran.returncode == 0 and str(lessons.LESSONS) in ran.stdout


def test_the_app_that_is_served_is_the_courses(here):
    ran = subprocess.run(
        [sys.executable, "-m", "coursekit", "app", "--help"], capture_output=True, encoding="utf-8", cwd=here
    )
    assert ran.returncode == 0 and "--corrections" in ran.stdout, ran.stderr
