"""The package's shape: flat, small, imported in one direction, light to import, and every public name there."""

import ast
import subprocess
import sys
from fnmatch import fnmatch
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import coursekit as ck

FOLDER = Path(ck.__file__).parent
MODULES = {file.stem: file for file in sorted(FOLDER.glob("*.py")) if file.stem != "__init__"}

# The table of the design: a lower row imports only from rows above (and from its own, without a circle).
ROWS = (
    ("devices", "download", "heat", "notebook", "storage"),
    ("datasets",),
    ("metrics", "losses"),
    ("pictures", "kinds", "labels", "splits", "sources", "augment", "loaders", "image_loaders"),
    ("groups", "schedule", "finder", "progressbar", "summary", "hooks", "callbacks", "distributed", "learner"),
    ("resnet", "bodies", "unet", "image_models", "predictor", "vision", "table*", "tabular", "text*", "collab"),
    ("interpret", "inside", "plots*"),
    ("sheet*",),
    ("claims", "docs", "exercises", "machine", "rules", "interactive", "widget*"),
)


def row(module):
    found = [i for i, names in enumerate(ROWS) if any(fnmatch(module, name) for name in names)]
    assert found, f"say in ROWS, and in the table of the design, where {module} belongs"
    return found[0]


def is_for_types_only(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(node, at_start_only):
    """The modules of the package that a syntax tree imports; those for type hints alone left out."""
    names = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom) and (child.level or (child.module or "").startswith("coursekit")):
            module = (child.module or "").removeprefix("coursekit").removeprefix(".")
            names |= {module.split(".")[0]} if module else {alias.name for alias in child.names}
        elif isinstance(child, ast.Import):
            names |= {alias.name.split(".")[1] for alias in child.names if alias.name.startswith("coursekit.")}
        elif not is_for_types_only(child) and not (at_start_only and isinstance(child, (ast.FunctionDef, ast.Lambda))):
            names |= imported(child, at_start_only)
    return names


@cache
def graph(at_start_only):
    trees = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in MODULES.items()}
    return {name: imported(tree, at_start_only) for name, tree in trees.items()}


def test_imports_go_in_one_direction():
    wrong = [(m, other) for m, others in graph(True).items() for other in others if row(other) > row(m)]
    assert wrong == []


def test_there_is_no_circle_even_among_what_loads_later():
    order = list(TopologicalSorter(graph(False)).static_order())  # raises CycleError
    assert set(order) == set(MODULES), "something imports a module that does not exist"
    assert "plots" in graph(False)["schedule"] and "plots" not in graph(True)["schedule"]


def test_only_the_package_itself_knows_the_package():
    for name, others in graph(False).items():
        assert "" not in others and "coursekit" not in others, name


@pytest.mark.parametrize("file", [*MODULES.values(), FOLDER / "__init__.py"], ids=lambda file: file.name)
def test_a_module_is_a_few_pages(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300


def test_the_package_is_flat():
    below = [path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert below == []


HEAVY = ["pandas", "matplotlib", "openpyxl", "IPython", "pooch", "safetensors", "requests", "ipywidgets"]
HEAVY += ["accelerate", "tokenizers", "torchvision"]


@pytest.fixture(scope="module")
def fresh():
    """What a fresh Python says has been imported: by the package, then by `coursekit.sheets`."""
    told = f"print([name for name in {[*HEAVY, 'torch']} if name in sys.modules])"
    code = f"import sys, coursekit; {told}; import coursekit.sheets; {told}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)


def test_importing_it_loads_nothing_heavy_but_torch(fresh):
    assert fresh.stdout.splitlines()[0] == "['torch']" and fresh.stderr == ""


def test_importing_worksheets_is_cheap(fresh):
    assert fresh.stdout.splitlines()[1] == "['torch']"


@pytest.mark.parametrize("name", ck.__all__)
def test_every_public_name_is_there(name):
    assert getattr(ck, name) is not None and name in dir(ck)


def test_public_names_are_in_order_and_complete():
    assert ck.__all__ == sorted(ck.__all__) == dir(ck)
    star = {}
    exec("from coursekit import *", star)
    assert star.keys() - {"__builtins__"} == set(ck.__all__)


def test_another_name_is_refused_in_words():
    with pytest.raises(AttributeError, match=r"coursekit has no 'Lerner'; dir\(coursekit\)"):
        _ = ck.Lerner
