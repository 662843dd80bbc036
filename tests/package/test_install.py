"""What is installed: the course alone, and PyTorch built for what the machine has, from the index that is named."""

import ast
import re
import shutil
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
import pytest
from lab import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from wheels import empty, index, run, without_pips_settings

from lessons.make.front_door import dependencies

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
UV = Path(sys.executable).with_name("uv")
OWN = {"coursekit", "app"}  # lesson 18's app lies beside the lesson
LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))
PROGRAMS = [*(ROOT / "lessons" / "app").glob("*.py"), *(ROOT / "lessons" / "solutions").glob("*.py")]
PROGRAMS += (ROOT / "coursekit").rglob("*.py")


def code(path):
    """A program's text; of a notebook the cells without the lines that only IPython understands."""
    if path.suffix == ".py":
        return path.read_text(encoding="utf-8")
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    return re.sub(r"^\s*[%!].*$|^.*\w\?$", "", "\n".join(cells), flags=re.M)


def imported(path):
    for node in ast.walk(ast.parse(code(path))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
        yield from (name.split(".")[0] for name in names)


# what a package that is listed brings, and stands for: FastAPI is a layer on Starlette, nbconvert draws with Pygments
BROUGHT = {"fastapi": {"starlette"}, "nbconvert": {"pygments"}, "jupyterlab": {"traitlets"}}


def with_brought(names):
    return set(names).union(*(BROUGHT.get(name, set()) for name in names))


def test_what_lessons_and_their_app_import_is_in_the_default_install():
    listed = with_brought({canonicalize_name(Requirement(line).name) for line in dependencies()})
    brings = packages_distributions()
    missing = {
        (path.name, module)
        for path in [*LESSONS, *PROGRAMS]
        for module in set(imported(path)) - set(sys.stdlib_module_names) - OWN
        if not listed & {canonicalize_name(name) for name in brings.get(module, [])}
    }
    assert missing == set() and len(LESSONS) >= 25


def test_only_lessons_and_what_opens_and_runs_them_are_installed_by_default():
    tools = {
        "sphinx",
        "jupyterhub",
        "nbgrader",
        "pytest",
        "playwright",
        "fastapi-offline",
        "jupyterlab-rise",
        "nbconvert",
    }
    assert not tools & {Requirement(line).name for line in dependencies()}


MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# task, the extra that it adds, the module that it runs
TASKS = re.findall(
    r"^([a-z-]+): \$\((?:READY\)|WITH\)(\w+)) ##.*\n(?:\t.*\n)*?\t.*-m ((?:lessons|excel)\.[\w.]+)", MAKEFILE, re.M
)


def brought(extra):
    """The packages of an extra, and of those that it names."""
    for requirement in (Requirement(line) for line in EXTRAS.get(extra, [])):
        if requirement.name == "coursekit":
            for other in requirement.extras:
                yield from brought(other)
        else:
            yield canonicalize_name(requirement.name)


def parts_of(module, seen):
    """The files of the authors' tools that a module rests on, itself among them."""
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if module in seen or not path.is_file():
        return
    seen.add(module)
    yield path
    package = module.rsplit(".", 1)[0]
    for node in ast.walk(ast.parse(code(path))):
        if isinstance(node, ast.ImportFrom):
            near = ".".join(filter(None, [package if node.level else "", node.module]))
            for name in [near, *(f"{near}.{alias.name}" for alias in node.names)]:
                yield from parts_of(name, seen)


@pytest.mark.parametrize("task, extra, module", TASKS)
def test_a_task_of_make_adds_what_its_program_imports(task, extra, module):
    known = {canonicalize_name(Requirement(line).name) for line in dependencies()} | set(brought(extra))
    known = with_brought(known)
    tools = {"lessons", "excel", "data", "benchmarks", "coursekit"}
    brings = packages_distributions()
    wanted = (
        {name for path in parts_of(module, set()) for name in imported(path)} - set(sys.stdlib_module_names) - tools
    )
    assert {name for name in wanted if not known & {canonicalize_name(dist) for dist in brings.get(name, [])}} == set()


def test_the_tasks_are_found():
    assert len(TASKS) >= 9 and {"site", ""} <= {extra for _, extra, _ in TASKS}


# --- PyTorch for what the machine has ---

BACKEND = """
import zipfile

def build_editable(folder, *_):
    with zipfile.ZipFile(folder + "/tiny-1-py3-none-any.whl", "w") as wheel:
        for name, text in {
            "METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n"
            "Requires-Dist: torch\\nRequires-Dist: torchvision",
            "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
            "RECORD": "tiny-1.dist-info/METADATA,,\\ntiny-1.dist-info/WHEEL,,\\ntiny-1.dist-info/RECORD,,\\n",
        }.items():
            wheel.writestr("tiny-1.dist-info/" + name, text)
    return "tiny-1-py3-none-any.whl"
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1"
dependencies = ["torch", "torchvision"]
"""
# a Python whose environments have no pip, which takes seconds to make
QUICK = """#!/bin/sh
[ "$1" = -m ] && exec "{python}" -m venv --without-pip .venv
exec "{python}" "$@"
"""


@pytest.fixture
def tiny(tmp_path):
    """A project that needs PyTorch and no more, with the course's Makefile."""
    folder = tmp_path / "tiny"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "lessons" / "make" / "labextensions").mkdir(parents=True)
    for name in ("Makefile", "lessons/make/jupyterlab.json"):
        shutil.copyfile(ROOT / name, folder / name)
    texts = {
        "backend.py": BACKEND,
        "pyproject.toml": PROJECT,
        "setup.py": "",
        "python": QUICK.format(python=sys.executable),
    }
    texts |= {"constraints.txt": "torch==2.15.0\ntorchvision==0.29.2\n", ".venv/bin/jupyter": "#!/bin/sh\n"}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("python", ".venv/bin/jupyter"):
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.skipif(
    sys.platform != "linux", reason="PyTorch has builds with and without CUDA of one version for Linux alone"
)
@pytest.mark.skipif(not UV.exists(), reason="no uv beside this Python; `make test` brings it")
@pytest.mark.parametrize(
    "more, settings, build",
    [
        (False, ["HAS_GPU="], ""),
        (False, ["HAS_GPU=yes"], ""),
        (True, ["HAS_GPU="], "+cpu"),
        (True, ["HAS_GPU=yes"], "+cu130"),
    ],
)
def test_pytorch_is_the_build_for_this_machine_where_an_index_offers_it(tiny, tmp_path, more, settings, build):
    names = {"torch": "2.15.0", "torchvision": "0.29.2"}
    (tmp_path / "usual").mkdir()
    (tmp_path / "more").mkdir()
    usual = [empty(name, version, tmp_path / "usual") for name, version in names.items()]
    builds = [empty(n, v + of, tmp_path / "more") for n, v in names.items() for of in ("+cpu", "+cu130")]
    with index(tmp_path / "a", usual) as (address, _), index(tmp_path / "b", builds) as (other, asked):
        given = without_pips_settings(UV_DEFAULT_INDEX=address, UV_CACHE_DIR=tmp_path / "cache", MAKEFLAGS="")
        chosen = [f"TORCH_INDEX={other}"] if more else []
        make = ["make", ".venv/ready", f"UV={UV}", f"PYTHON={tiny / 'python'}", *settings, *chosen]
        run(*make, cwd=tiny, env=given)
        run(*make, cwd=tiny, env=given)  # nothing to do
    found = run(
        tiny / ".venv/bin/python",
        "-c",
        "from importlib.metadata import version as v; print(v('torch'), v('torchvision'))",
    )
    assert found.split() == [version + build for version in names.values()]
    assert bool(asked) == more and (tiny / ".venv" / "ready").exists()
