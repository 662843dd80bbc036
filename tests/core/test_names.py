"""The package as it is imported: light, and with every public name in its place; test_house.py looks at its rooms."""

import subprocess
import sys

import pytest

import coursekit as ck

HEAVY = ["pandas", "matplotlib", "openpyxl", "IPython", "pooch", "safetensors", "requests", "ipywidgets"]
HEAVY += ["accelerate", "tokenizers", "torchvision"]


@pytest.fixture(scope="module")
def fresh():
    """What a fresh Python says has been imported: by the package, then by its worksheets."""
    told = f"print([name for name in {[*HEAVY, 'torch']} if name in sys.modules])"
    code = f"import sys, coursekit; {told}; import coursekit.classroom.sheets; {told}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)


def test_importing_it_loads_nothing_heavy_but_torch(fresh):
    assert fresh.stdout.splitlines()[0] == "['torch']" and fresh.stderr == ""


def test_importing_worksheets_is_cheap(fresh):
    assert fresh.stdout.splitlines()[1] == "['torch']"


@pytest.mark.parametrize("name", ck.__all__)
def test_every_public_name_is_there(name):
    assert getattr(ck, name) is not None and name in dir(ck)


def test_public_names_are_said_once_and_are_complete():
    assert len(ck.__all__) == len(set(ck.__all__)) and sorted(ck.__all__) == dir(ck)
    assert ck.__all__[:2] == ["fetch", "home"], "in the order in which the course meets them"
    star = {}
    exec("from coursekit import *", star)
    assert star.keys() - {"__builtins__"} == set(ck.__all__)


def test_another_name_is_refused_in_words():
    with pytest.raises(AttributeError, match=r"coursekit has no 'Lerner'; dir\(coursekit\)"):
        _ = ck.Lerner
