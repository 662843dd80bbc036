"""Files that are whole or not there at all, and that hold nothing but numbers and text."""

import ast
import json
import os
import pickle
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from needs import needs_kill
from torch import nn

import coursekit as ck

TENSORS = {
    "float": torch.randn(3, 4),
    "16 bits": torch.randn(5).bfloat16(),
    "whole": torch.arange(6).reshape(2, 3),
    "truth": torch.tensor([True, False]),
    "one number": torch.tensor(2.5),
    "nothing": torch.empty(0, 3),
    "strided": torch.arange(12.0).reshape(3, 4).T[1:],
    "ü": torch.ones(1, requires_grad=True),
}
PACKAGE = Path(ck.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
NOTES = {"words": ["ü", "数"], "rate": 1e-3, "nested": {"a": None, "b": [1, 2.5, True]}, "line": "a\nb"}


def test_tensors_and_metadata_come_back_as_they_were(tmp_path):
    shared = torch.randn(4)
    tensors = TENSORS | {"shared": shared, "shared too": shared, "part": shared[1:]}
    path = ck.save_tensors(tmp_path / "new" / "file", tensors, NOTES)
    found, metadata = ck.load_tensors(tmp_path / "new" / "file")
    assert path == tmp_path / "new" / "file.safetensors" and metadata == NOTES and found.keys() == tensors.keys()
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype and torch.equal(found[name], value.detach()), name


@pytest.mark.parametrize("name", ["v1.2", "a b", "größe", "m.safetensors"])
def test_any_file_name_will_do(tmp_path, name):
    path = ck.save_tensors(str(tmp_path / name), TENSORS, {})
    assert path.suffix == ".safetensors" and path.name.startswith(name.removesuffix(".safetensors"))
    assert ck.load_tensors(path)[0].keys() == ck.load_tensors(tmp_path / name)[0].keys() == TENSORS.keys()


def test_others_may_read_the_file_as_any_other(tmp_path):
    (tmp_path / "plain").touch()
    path = ck.save_tensors(tmp_path / "model", TENSORS, {})
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


# Interrupted on the way


def failing(where, error):
    """A patch that makes writing fail: (object, name, replacement)."""

    def fail(*_, **__):
        raise error

    return {"replacing": (Path, "replace", fail), "to disk": (os, "fsync", fail)}[where]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("where", ["replacing", "to disk"])
@pytest.mark.parametrize("old", [True, False])
def test_a_failed_save_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, where, error, old):
    path = tmp_path / "model.safetensors"
    before = ck.save_tensors(path, TENSORS, NOTES).read_bytes() if old else None
    with monkeypatch.context() as patch, pytest.raises(type(error)):
        patch.setattr(*failing(where, error))
        ck.save_tensors(path, {"other": torch.zeros(3)}, {})
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"] * old
    assert not old or path.read_bytes() == before


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists the files that are mapped")
def test_what_was_loaded_does_not_keep_the_file_open(tmp_path):
    """On Windows a file that is mapped into memory cannot be replaced: loading would forbid the next save."""
    path = ck.save_tensors(tmp_path / "model", {"large": torch.ones(1 << 20)}, {})
    loaded, _ = ck.load_tensors(path)
    assert str(path) not in Path("/proc/self/maps").read_text(encoding="utf-8") and loaded["large"].sum() == 1 << 20


def test_metadata_that_json_cannot_hold_change_nothing(tmp_path):
    before = ck.save_tensors(tmp_path / "model", TENSORS, NOTES).read_bytes()
    with pytest.raises(TypeError, match="not JSON serializable"):
        ck.save_tensors(tmp_path / "model", TENSORS, {"model": nn.Linear(1, 1)})
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]
    assert (tmp_path / "model.safetensors").read_bytes() == before


KILLED = """
import os, signal, sys, torch
from coursekit import save_tensors
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
save_tensors(sys.argv[1], {"other": torch.zeros(1000)}, {})
"""


@needs_kill
def test_a_process_killed_while_saving_leaves_the_old_file(tmp_path):
    path = ck.save_tensors(tmp_path / "model", TENSORS, NOTES)
    before = path.read_bytes()
    run = subprocess.run([sys.executable, "-c", KILLED, str(path)], capture_output=True)
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert path.read_bytes() == before and ck.load_tensors(path)[1] == NOTES
    ck.save_tensors(path, {"other": torch.zeros(3)}, {})
    assert ck.load_tensors(path)[0].keys() == {"other"}


def test_a_folder_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PermissionError, match=str(tmp_path)):
        ck.save_tensors(tmp_path / "model", TENSORS, {})


# Files that are not whole, or not ours


def test_a_missing_file_names_those_beside_it(tmp_path):
    for name in ("b", "a"):
        ck.save_tensors(tmp_path / name, TENSORS, {})
    with pytest.raises(
        FileNotFoundError, match=r"no saved model at .*c.safetensors; .* holds a.safetensors, b.safetens"
    ):
        ck.load_tensors(tmp_path / "c")
    with pytest.raises(FileNotFoundError, match="holds none"):
        ck.load_tensors(tmp_path / "nowhere" / "c")


@pytest.mark.parametrize("keep", [0, 4, 100, -1], ids="{} bytes kept".format)
def test_a_file_that_is_not_whole_is_refused(tmp_path, keep):
    path = ck.save_tensors(tmp_path / "model", TENSORS, NOTES)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="model.safetensors is not a whole safetensors file"):
        ck.load_tensors(path)


def test_a_file_of_another_program_has_no_metadata(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(2)}, tmp_path / "theirs.safetensors")
    assert ck.load_tensors(tmp_path / "theirs")[1] == {}


# Nothing pickled


class Trap:
    """Whoever unpickles it creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("dump", [pickle.dump, torch.save], ids=["pickle", "torch.save"])
def test_a_pickle_is_refused_without_being_run(tmp_path, learner, dump):
    with (tmp_path / "model.safetensors").open("wb") as file:
        dump(Trap(tmp_path / "sprung"), file)
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        learner().load(tmp_path / "model")
    assert not (tmp_path / "sprung").exists()


def test_a_saved_file_is_a_length_json_and_numbers(tmp_path):
    raw = ck.save_tensors(tmp_path / "model", {"w": torch.ones(2)}, NOTES).read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    assert header["w"] == {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    assert json.loads(header["__metadata__"]["metadata"]) == NOTES and len(raw) == 8 + size + 8


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_module_can_unpickle(file):
    words = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            words |= {name.name.split(".")[0] for name in node.names} | {getattr(node, "module", None)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            words.add(f"{node.value.id}.{node.attr}")
    unsafe = {"pickle", "dill", "joblib", "shelve", "marshal", "torch.load", "torch.save", "np.load", "pd.read_pickle"}
    assert words & unsafe == set()
