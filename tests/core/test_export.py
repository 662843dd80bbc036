"""A learner in one file: what it keeps, what it cannot hold, and that a stranger's file runs nothing."""

from functools import partial

import pytest
import torch
from torch import nn

import coursekit as ck
from coursekit.storage import load_objects, save_objects

X, Y = torch.randn(20, 4), torch.arange(20) % 3
RUN = []


class Own(nn.Module):
    """A module that only its author has."""

    def __init__(self, act=None):
        super().__init__()
        self.linear, self.act = nn.Linear(4, 3), act

    def forward(self, x):
        return self.linear(x)


class Trap(nn.Module):
    """What would be noticed if it were made by a call."""

    def __init__(self):
        RUN.append("made")
        super().__init__()


def learner_of(model, data=None, **options):
    return ck.Learner(data or ck.Loaders((X, Y), (X, Y), device="cpu"), model, progress=False, **options)


def forged(path, described):
    """A file as a stranger may write it."""
    return ck.save_tensors(path, {}, {"object": described})


def of_class(name, **state):
    return {"object": 0, "class": name, "state": state}


HARMFUL = ["os.system", "builtins.eval", "builtins.exec", "subprocess.Popen", "pathlib.Path.touch", "posix.system",
           "coursekit.storage.os.system", "coursekit.storage.os", "coursekit.storage.write_whole",
           "coursekit.__main__.main", "coursekit.vision.nothing.Thing",
           "coursekit.vision.images.read_image", "coursekit.callbacks.CSVLogger", "coursekit.distributed.Distributed",
           "torch.load", "torch.serialization.load", "torch.hub.load", "torch.nn.modules.module.warnings.warn",
           "torch.nn.functional.boolean_dispatch", "torch.nn.functional.importlib", "pickle.loads"]  # fmt: skip


@pytest.mark.parametrize("name", HARMFUL)
def test_what_could_run_is_refused_by_name(tmp_path, name):
    last = name.rpartition(".")[-1]
    with pytest.raises(ValueError, match=rf"x.safetensors asks for {name}; .* ck.load\(path, trust=\[{last}\]\)"):
        ck.load(forged(tmp_path / "x", of_class("coursekit.learner.Learner", data={"name": name})))


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "subprocess.Popen", "pathlib.PosixPath", "io.FileIO"])
def test_nothing_but_modules_and_what_is_ours_is_made(tmp_path, name):
    with pytest.raises(ValueError, match=f"asks for {name}; only modules of torch.nn and torchvision"):
        ck.load(forged(tmp_path / "x", of_class(name)))


def test_nothing_is_called_when_a_file_is_read(tmp_path):
    trap = Trap()
    RUN.clear()
    path = save_objects(tmp_path / "x", trap)
    assert isinstance(load_objects(path, [Trap]), Trap) and RUN == []
    logger = forged(tmp_path / "y", of_class("coursekit.callbacks.CSVLogger", path="a.csv"))
    with pytest.raises(ValueError, match="holds a CSVLogger, and no learner: learn.export"):
        ck.load(logger)


def test_no_module_is_imported_because_a_file_says_so(tmp_path):
    import sys

    with pytest.raises(ValueError, match="asks for this.s"):
        ck.load(forged(tmp_path / "x", of_class("this.s")))
    assert "this" not in sys.modules


def test_a_class_of_ones_own_is_trusted_by_name(tmp_path):
    learn = learner_of(Own())
    path = learn.export(tmp_path / "model")
    with pytest.raises(ValueError, match=r"asks for .*test_export.Own; .*trust=\[Own\]"):
        ck.load(path)
    with pytest.raises(ValueError, match=r"asks for .*test_export.Own"):
        ck.load(path, trust=[Trap])
    again = ck.load(path, trust=[Own], device="cpu")
    assert torch.equal(again.raw_outputs(X), learn.raw_outputs(X)) and type(again.model) is Own
    with pytest.raises(ValueError, match="trust is a list of classes, such as .*; it holds 'Own'"):
        ck.load(path, trust=["Own"])
    with pytest.raises(ValueError, match=r"trust is a list of classes, such as .*; it holds Own\("):
        ck.load(path, trust=[learn.model])  # which is called as a function is, but is none


@pytest.mark.parametrize("act", [nn.functional.relu, nn.functional.gelu, partial(nn.LayerNorm, eps=1e-6), {"a", "b"}])
def test_functions_of_torch_partials_and_sets_are_kept(tmp_path, act):
    again = ck.load(learner_of(Own(act)).export(tmp_path / "model"), trust=[Own], device="cpu").model.act
    if isinstance(act, partial):
        assert (again.func, again.args, again.keywords) == (act.func, act.args, act.keywords)
    else:
        assert again == act


@pytest.mark.parametrize("act", [lambda x: x, torch.save, open, iter(())])
def test_what_no_file_can_hold_is_said_with_its_place(tmp_path, act):
    model = Own()
    model.inner = Own(act)
    with pytest.raises(ValueError, match=r"Learner.model.inner.act is a .*, which no file can hold"):
        learner_of(model).export(tmp_path / "model")
    assert not (tmp_path / "model.safetensors").exists()


def test_weights_that_two_layers_share_are_still_shared(tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    again = ck.load(learner_of(model).export(tmp_path / "model"), device="cpu").model
    assert again[1].weight is again[0].weight


def test_groups_and_what_is_frozen_are_kept(tmp_path):
    learn = learner_of(nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)))
    learn.freeze()
    again = ck.load(learn.export(tmp_path / "model"), device="cpu")
    assert [group is part for group, part in zip(again.groups, (again.model[0], again.model[2]), strict=True)]
    assert [p.requires_grad for p in again.model.parameters()] == [False, False, True, True]


def test_without_data_it_says_so_and_with_data_it_learns_on(tmp_path):
    again = ck.load(learner_of(nn.Linear(4, 3)).export(tmp_path / "model"), device="cpu")
    for use in (again.validate, again.show_results, lambda: again.fit(1), again.lr_find):
        with pytest.raises(ValueError, match=r"loaded without data: give it some by learn.use\(data\)"):
            use()
    assert "0 samples" in repr(again)
    again.use(ck.Loaders((X, Y), (X, Y), device="cpu"))
    again.progress = False
    before = again.validate()["loss"]
    again.fit(3, 1e-2)
    assert again.validate()["loss"] < before


def test_exporting_changes_nothing_and_the_same_file_comes_twice(tmp_path):
    learn = learner_of(nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)))
    state = torch.get_rng_state()
    one, two = learn.export(tmp_path / "one").read_bytes(), learn.export(tmp_path / "two").read_bytes()
    three = ck.load(tmp_path / "one", device="cpu").export(tmp_path / "three").read_bytes()
    assert one == two == three and torch.equal(state, torch.get_rng_state()) and len(learn.data.train) == 1


def test_numbers_are_told_by_their_loss(tmp_path):
    data = ck.Loaders((X, X[:, :2]), device="cpu")
    learn = learner_of(nn.Linear(4, 2), data, loss_fn=ck.mean_squared_error)
    again = ck.load(learn.export(tmp_path / "model"), device="cpu")
    assert again.loss_fn is ck.mean_squared_error and again.predict(X[0]).label == learn.predict(X[0]).label


def test_files_that_hold_no_learner(tmp_path):
    learn = learner_of(nn.Linear(4, 3))
    with pytest.raises(ValueError, match=r"weights.safetensors holds weights only.*learn.export\(path\) writes"):
        ck.load(learn.save(tmp_path / "weights"))
    with pytest.raises(FileNotFoundError, match="no saved model at"):
        ck.load(tmp_path / "gone")
    path = learn.export(tmp_path / "model")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        ck.load(path)
    for described in ({"same": 4}, {"tensor": 3}, {"tuple": 3}, {}, {"who": 1}, [1]):
        with pytest.raises(ValueError, match="is damaged, or of another version|holds a|no object"):
            ck.load(forged(tmp_path / "odd", described))
