"""What runs elsewhere: workflows, forms, the container, line endings on Windows; checked here as far as can be.

Nothing here has run on GitHub, macOS or Windows. The schemas are those that check-jsonschema carries: none of
pre-commit's nor of the development container's, so these two are read by what is known of them.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import nullcontext, suppress

import pytest
import yaml
from lab import ROOT
from needs import needs_make

import coursekit as ck
from coursekit.classroom import commands
from coursekit.classroom.lessons import chosen

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
SETTINGS = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
FILES = {
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.github-issue-forms": FORMS,
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def workflow(name):
    """A workflow; PyYAML follows YAML 1.1, in which the key `on` is true."""
    found = yaml.safe_load(text(f".github/workflows/{name}.yml"))
    return found | {"on": found[True]}


JOBS = {f"{file.stem}: {name}": job for file in WORKFLOWS for name, job in workflow(file.stem)["jobs"].items()}


def runs(job):
    """The shell lines of a job's steps."""
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


# Against the schemas


def check(schema, *files):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=os.environ | {"NO_COLOR": "1"})


@pytest.mark.parametrize("schema", FILES)
def test_each_file_is_what_its_schema_asks(schema):
    assert FILES[schema]
    done = check(schema, *FILES[schema])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "schema, name, good, bad",
    [
        ("vendor.github-workflows", ".github/workflows/tests.yml", "runs-on: macos-15", "run-on: macos-15"),
        ("custom.github-workflows-require-timeout", ".github/workflows/site.yml", "timeout-minutes: 45", "name: site"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/1_number.yml", "type: textarea", "type: text"),
    ],
)
def test_the_schemas_refuse_what_is_wrong(tmp_path, schema, name, good, bad):
    (tmp_path / "wrong.yml").write_text(text(name).replace(good, bad, 1), encoding="utf-8")
    assert good in text(name) and check(schema, tmp_path / "wrong.yml").returncode == 1


# What GitHub may do


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_reads_and_a_job_says_what_else_it_may(file):
    found = workflow(file.stem)
    assert found["permissions"] == {"contents": "read"} and "group" in found["concurrency"]
    more = {name: job["permissions"] for name, job in found["jobs"].items() if "permissions" in job}
    asked = {"site": {"publish": {"pages": "write", "id-token": "write"}}, "release": {"wheel": {"contents": "write"}}}
    assert more == asked.get(file.stem, {})
    assert "pull_request_target" not in found["on"], "it would hand these rights to anybody's pull request"


@pytest.mark.parametrize("job", JOBS)
def test_actions_are_pinned_to_a_major_version_and_are_githubs_own(job):
    used = [step["uses"] for step in JOBS[job]["steps"] if "uses" in step]
    assert [name for name in used if not re.fullmatch(r"actions/[\w-]+@v\d+", name)] == []


@pytest.mark.parametrize("job", JOBS)
def test_no_text_of_others_is_put_into_a_shell_line(job):
    """A branch may have a command for a name: shells get such texts as variables."""
    assert [line for line in runs(job) if "${{" in line] == []


def test_the_site_and_the_release_are_made_of_what_the_tag_names():
    assert workflow("release")["on"] == {"push": {"tags": ["v*"]}}
    assert workflow("site")["on"]["push"] == {"branches": ["main"], "tags": ["v*"]}
    assert {"push", "pull_request"} <= workflow("tests")["on"].keys()


def test_the_pythons_are_the_oldest_the_newest_and_the_one_in_conda():
    pythons = JOBS["tests: linux"]["strategy"]["matrix"]["python"]
    oldest = re.search(r'requires-python = ">=([\d.]+)"', text("pyproject.toml"))[1]
    conda = re.search(r"python=([\d.]+)", text("environment.yml"))[1]
    assert pythons[0] == oldest and conda in pythons and pythons == sorted(pythons, key=lambda v: int(v[2:]))


# What the lines ask for


def test_on_linux_and_macos_the_readmes_own_commands_run():
    tasks = re.search(r"^\.PHONY: (.*)$", text("Makefile"), re.M)[1].split()
    lines = [line for job in ("tests: linux", "tests: tools", "tests: macos", "site: build") for line in runs(job)]
    made = [shlex.split(line)[1] for line in lines if line.startswith("make ")]
    assert set(made) == {"lint", "test", "rehearse", "site"} <= set(tasks)
    assert "make test" in runs("tests: linux") and "make test" in runs("tests: macos")
    rest = [line for line in lines if not line.startswith("make ")]
    assert all(line.startswith("sudo apt-get ") for line in rest)


def test_where_the_tools_are_the_same_runs_as_in_ci_here():
    (step,) = [step for step in JOBS["tests: tools"]["steps"] if step.get("run", "").startswith("make test")]
    here = re.search(r"^(COURSEKIT_CI)=(1) (make test .*)$", text(".ci/run"), re.M)
    assert step["run"] == here[3] and step["env"] == {here[1]: here[2]}


def test_powershell_gets_one_plain_command_a_step():
    """It goes on after a command that failed, unless it is the last one; and knows no `VAR=1 command`, `&&` of old."""
    for line in runs("tests: windows"):
        assert "\n" not in line and not re.search(r"&&|\|\||[|;<>`$'\\]|^\w+=", line), line
        assert shlex.split(line)[0] in ("python", "coursekit")


def windows(start):
    """The line of the Windows job that starts so."""
    (line,) = [line for line in runs("tests: windows") if line.startswith(start)]
    return line


def coursekit(line, capsys):
    """What the course's command prints, in this process."""
    with suppress(SystemExit) if shlex.split(line)[1] == "check" else nullcontext():
        commands.main(shlex.split(line)[1:])
    return capsys.readouterr().out


def test_windows_is_asked_for_every_lesson_but_the_one_that_copies_processes(capsys):
    numbers = shlex.split(windows("coursekit check"))[2:]
    assert numbers == [path.stem[:2] for path in chosen() if path.stem[:2] != "19"]
    assert "On Windows a process cannot be copied" in text("lessons/19_more_machines.ipynb")
    said = coursekit(windows("coursekit check").replace(" ".join(numbers), "00"), capsys)
    assert said.startswith("00_") and said.rstrip().endswith("as saved"), said


def test_windows_finds_the_course(capsys):
    assert str(ROOT / "lessons") in coursekit(windows("coursekit where"), capsys)


def test_windows_runs_the_tests_as_make_does():
    line = windows("python -m pytest")
    made = re.search(r"-m pytest (.*?) \$\(ROOM", text("Makefile"))[1]
    words = line.split(made + " ")[1].split()
    rooms = {folder.name for folder in (ROOT / "tests").iterdir() if list(folder.glob("test_*.py"))}
    left = rooms - {word.removeprefix("tests/") for word in words}
    assert left == {"pages", "lessons", "package"} and all((ROOT / word).is_dir() for word in words)
    short = line.replace(" ".join(words), "tests/classroom/test_commands.py -k help_has_a_line").replace("auto", "1")
    command = [sys.executable, *shlex.split(short)[1:]]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, env=os.environ | SETTINGS)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr


def test_windows_installs_what_is_there(tmp_path):
    """pip takes the line; of the packages it asks no index here."""
    for name in ("pyproject.toml", "setup.py", "README.md", "constraints.txt", "LICENSE", "LICENSE-CC-BY-4.0"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "coursekit", tmp_path / "coursekit", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("lessons/app", "lessons/solutions", "data", "excel"):
        (tmp_path / name).mkdir(parents=True)
    words = shlex.split(windows("python -m pip install"))
    options = ["--dry-run", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, *words[1:4], *options, *words[4:]]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert done.returncode == 0 and f"Would install coursekit-{ck.__version__}" in done.stdout, done.stderr
    assert words[-1] == ".[test]"


def test_the_release_is_the_tags_own_wheel_with_what_the_changelog_says(tmp_path):
    lines = runs("release: wheel")
    assert lines[0] == "python -m pip wheel --no-deps --wheel-dir dist ."
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / f"coursekit-{ck.__version__}-py3-none-any.whl").touch()
    shutil.copyfile(ROOT / "CHANGELOG.md", tmp_path / "CHANGELOG.md")
    bash = shutil.which("bash") or pytest.skip("no bash, which GitHub's Linux has")
    for tag, fits in ((f"v{ck.__version__}", True), ("v0.0.9", False)):
        ran = subprocess.run([bash, "-e", "-c", lines[1]], cwd=tmp_path, env=os.environ | {"TAG": tag})
        assert (ran.returncode == 0) == fits
        subprocess.run([bash, "-e", "-c", lines[2]], cwd=tmp_path, env=os.environ | {"TAG": tag}, check=True)
        notes = (tmp_path / "dist" / "notes.md").read_text(encoding="utf-8")
        assert bool(notes.strip()) == fits and "## " not in notes
        assert not fits or notes.strip() == section(ck.__version__)


# The version


def section(version):
    """What the changelog says of a version."""
    return re.search(rf"^## {re.escape(version)} .*?\n(.*?)(?=^## |\Z)", text("CHANGELOG.md"), re.M | re.S)[1].strip()


def test_the_version_is_the_same_wherever_it_stands():
    cited = yaml.safe_load(text("CITATION.cff"))
    heads = re.findall(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)$", text("CHANGELOG.md"), re.M)
    assert (ck.__version__, cited["version"]) == (heads[0][0],) * 2
    assert str(cited["date-released"]) == heads[0][1] and section(ck.__version__)
    numbers = [tuple(map(int, version.split("."))) for version, _ in heads]
    dates = [date for _, date in heads]
    assert numbers == sorted(set(numbers), reverse=True) and dates == sorted(dates, reverse=True)
    assert len(heads) == text("CHANGELOG.md").count("\n## "), "each section has a version and a date"


def test_errata_say_when_where_what_and_what_is_right():
    rows = re.findall(r"^\| (\d{4}-\d\d-\d\d) \|(.*)\|$", text("site/errata.md"), re.M)
    assert len(rows) == text("site/errata.md").count("\n| ") - 1 >= 15
    assert [date for date, _ in rows] == sorted((date for date, _ in rows), reverse=True)
    assert all(
        len(cells) == 3 and all(cell.strip() for cell in cells) for cells in (row.split(" | ") for _, row in rows)
    )


# Forms


def test_a_number_that_differs_is_asked_for_with_all_that_is_needed(capsys):
    number, cell = (yaml.safe_load(form.read_text(encoding="utf-8")) for form in FORMS)
    required = [field["id"] for field in number["body"] if field.get("validations", {}).get("required")]
    assert {"lesson", "cell", "expected", "got", "machine"} <= set(required)
    (machine,) = [field for field in number["body"] if field.get("id") == "machine"]
    command = re.search(r"`(.+?)`", machine["attributes"]["description"])[1]
    assert command == "print(ck.machine())" and "not understand" in cell["name"]
    exec(command, {"ck": ck})
    said = capsys.readouterr().out
    assert "PyTorch" in said and "Python" in said


def test_forms_promise_no_address_that_is_not_there():
    """`make front-door` knows the addresses; without it no link may be dead."""
    for file in [*FORMS, GITHUB / "ISSUE_TEMPLATE" / "config.yml"]:
        assert "](" not in file.read_text(encoding="utf-8"), file.name


# Containers and hooks


def test_the_container_is_made_by_the_courses_own_commands():
    found = json.loads(text(".devcontainer/devcontainer.json"))
    target = found["postCreateCommand"].removeprefix("make ")
    assert target == ".venv/with-test" and "WITH := .venv/with-" in text("Makefile")
    conda = re.search(r"python=([\d.]+)", text("environment.yml"))[1]
    assert re.fullmatch(rf"python:{re.escape(conda)}(-\w+)?", found["image"])
    assert found["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"].endswith("/.venv/bin/python")


@needs_make
def test_make_knows_what_the_container_asks_for():
    command = json.loads(text(".devcontainer/devcontainer.json"))["postCreateCommand"]
    done = subprocess.run(shlex.split(f"{command} --dry-run"), cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_pre_commit_runs_the_same_ruff_as_make_lint():
    (repository,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    pinned = re.search(r"^ruff==\S+", text("constraints.txt"), re.M)[0]
    assert repository["repo"] == "local", "nothing is fetched from elsewhere than pip's index"
    assert [hook["additional_dependencies"] for hook in repository["hooks"]] == [[pinned], [pinned]]
    lint = re.search(r"^lint:.*\n\t@(.*)$", text("Makefile"), re.M)[1]
    assert re.findall(r"ruff (check|format)", lint) == [hook["entry"].split()[1] for hook in repository["hooks"]]


# Windows' line endings


@pytest.fixture(scope="module")
def windows_clone(tmp_path_factory):
    """What git gives on Windows: its installer sets core.autocrlf."""
    folder = tmp_path_factory.mktemp("windows") / "clone"
    command = ["git", "clone", "--quiet", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", str(ROOT), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)  # Windows may hold on to a file of git's


def test_a_clone_on_windows_has_the_same_bytes(windows_clone):
    said = subprocess.check_output(["git", "ls-files", "--eol"], cwd=windows_clone, encoding="utf-8")
    assert len(said.splitlines()) > 1000
    assert [line for line in said.splitlines() if "w/crlf" in line or "w/mixed" in line] == []
    status = subprocess.check_output(["git", "status", "--porcelain"], cwd=windows_clone, encoding="utf-8")
    assert status == "", "git takes nothing for changed"


def test_the_sums_of_the_samples_hold_there(windows_clone):
    lines = (windows_clone / "data" / "MANIFEST.sha256").read_text(encoding="utf-8").splitlines()
    for line in lines:
        total, name = line.split("  ", 1)
        assert hashlib.sha256((windows_clone / "data" / name).read_bytes()).hexdigest() == total, name


def test_without_the_attributes_they_would_not(tmp_path):
    """That the two tests above can fail: the same settings, without .gitattributes."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.txt").write_bytes(b"a\nb\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run([*git, *words], cwd=tmp_path / "one", check=True, capture_output=True)
    clone = ["git", "clone", "-q", "-c", "core.autocrlf=true", "one", "two"]
    subprocess.run(clone, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "two" / "a.txt").read_bytes() == b"a\r\nb\r\n"


def test_names_of_files_can_be_written_on_every_system():
    """Windows and macOS tell no capitals; Windows keeps some names and signs for itself, and paths short."""
    said = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, encoding="utf-8")
    names = [name for name in said.split("\0") if name]
    folded = {}
    for name in names:
        folded.setdefault(name.casefold(), []).append(name)
        parts = name.split("/")
        assert not re.search(r'[<>:"|?*\\\x00-\x1f]', name) and len(name) < 130, name
        assert not [p for p in parts if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[. ]", p)], name
    assert [same for same in folded.values() if len(same) > 1] == []
