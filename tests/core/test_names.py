"""The package as it is imported: light, and with every public name in its place; test_house.py looks at its rooms."""

import subprocess
import sys

import pytest

import coursekit as ck

HEAVY = ["pandas", "matplotlib", "openpyxl", "IPython", "pooch", "safetensors", "requests", "ipywidgets"]
HEAVY += ["accelerate", "tokenizers", "torchvision"]
ROOMS = ["vision", "tabular", "text", "classroom"]
FRESH = f"""
import sys
import coursekit as ck

def told():
    print([name for name in {[*HEAVY, "torch"]} + {[f"coursekit.{room}" for room in ROOMS]} if name in sys.modules])

told()
ck.tabular_learner
told()
ck.vision.backbones.make_backbone, ck.vision.predictor.Predictor
told()
import coursekit.classroom.sheets
told()
"""


@pytest.fixture(scope="module")
def fresh():
    """What a fresh Python says has been imported, by line."""
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, encoding="utf-8", check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_importing_it_loads_nothing_heavy_but_torch(fresh):
    assert fresh[0] == "['torch']"


def test_a_room_is_loaded_when_one_of_its_names_is_first_used(fresh):
    assert fresh[1] == "['torch', 'coursekit.tabular']"
    assert fresh[2] == "['torch', 'coursekit.vision', 'coursekit.tabular']"


def test_importing_worksheets_is_cheap(fresh):
    assert fresh[3] == "['torch', 'coursekit.vision', 'coursekit.tabular', 'coursekit.classroom']"


@pytest.mark.parametrize("module", ["vision.cache", "tabular.prep", "text.tokens", "classroom.markup"])
def test_a_room_is_whole_by_whichever_module_it_is_entered(module):
    room = module.split(".")[0]
    others = [other for other in dict.fromkeys(ck._MODULES.values()) if other.startswith(f"coursekit.{room}.")]
    code = f"import coursekit.{module}, sys; print([other for other in {others} if other not in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("room", ROOMS)
def test_classes_speak_of_wrong_arguments_however_their_room_was_loaded(room):
    code = f"import coursekit.{room}, coursekit as ck; [getattr(ck, name) for name in ck.__all__];"
    code += "print([n for n in ck.__all__ if isinstance(c := getattr(ck, n), type) and '__init__' in vars(c)"
    code += " and hasattr(vars(c)['__init__'], '__wrapped__') != (not getattr(c, '_is_protocol', False))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "[]\n"


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
