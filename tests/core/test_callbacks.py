"""Going on after an interruption, stopping early, clipping, computing in fewer bits."""

import math
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from needs import needs_kill
from torch import nn
from torch.utils.data import Dataset

import coursekit as ck
from coursekit.callbacks import EVENTS

# Going on after an interruption


class Stop:
    """Ends a fit the hard way at a step: with an exception, or with a signal that no process survives."""

    def __init__(self, step, how):
        self.step, self.how = step, how

    def after_backward(self, learn):
        if learn.step == self.step:
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise self.how


POWER_CUT = RuntimeError("the power failed")


class Items(Dataset):
    """Tensors item by item, so that batches come from PyTorch's own loader."""

    def __init__(self, *tensors):
        self.tensors = tensors

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, i):
        return tuple(tensor[i] for tensor in self.tensors)


def outcome(learn):
    """All that a fit leaves behind, but for the seconds that it took."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in learn.recorder.epochs]
    weights = {name: value.tolist() for name, value in learn.model.state_dict().items()}
    recorder = learn.recorder
    return weights, recorder.losses, recorder.lrs, recorder.ends, rows, learn.epoch, learn.step, learn.stop


def broken_and_resumed(make, fit, path, step, how=POWER_CUT):
    """The learner of a second attempt, after a first that stopped at a step."""
    with pytest.raises(type(how)):
        fit(make(), [ck.Checkpoint(path), Stop(step, how)])
    torch.manual_seed(99)  # another process would not be where this one is
    learn = make()
    fit(learn, [ck.Checkpoint(path, resume=True)])
    return learn


@pytest.mark.parametrize("how", [POWER_CUT, KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("step", [4, 10, 15], ids="at step {}".format)
def test_a_resumed_fit_is_the_unbroken_one(learner, tmp_path, step, how):
    def make():
        return learner(metrics=[ck.accuracy])

    def fit(learn, callbacks=()):
        learn.fit_one_cycle(4, (1e-3, 1e-2), callbacks=callbacks)

    unbroken = make()
    fit(unbroken)
    assert outcome(broken_and_resumed(make, fit, tmp_path / "fit", step, how)) == outcome(unbroken)


def test_it_is_with_every_optimizer_and_schedule(learner, tmp_path, optimizer, schedule):
    def make():
        return learner(optimizer_fn=optimizer)

    def fit(learn, callbacks=()):
        learn.fit(3, 0.01, schedule=schedule[0], callbacks=callbacks)

    unbroken = make()
    fit(unbroken)
    assert outcome(broken_and_resumed(make, fit, tmp_path / "fit", 6)) == outcome(unbroken)


@pytest.mark.parametrize("extra", ["bf16", "fp16", "frozen", "items", "nothing held out", "early stopping"])
def test_it_is_with_every_option(learner, rows, tmp_path, extra):
    options = {
        "bf16": {"callbacks": [ck.MixedPrecision("bf16")]},
        "fp16": {"callbacks": [ck.MixedPrecision("fp16")]},
        "items": {"train": Items(*rows[0]), "valid": Items(*rows[1])},
        "nothing held out": {"valid": None},
        "early stopping": {"callbacks": [ck.EarlyStopping("train_loss", patience=2, higher_is_better=True)]},
    }.get(extra, {})

    def make():
        learn = learner(**options)
        if extra == "frozen":
            learn.freeze()
        return learn

    def fit(learn, callbacks=()):
        learn.fit(5, 0.05, callbacks=callbacks)

    unbroken = make()
    fit(unbroken)
    assert len(unbroken.recorder.epochs) == (3 if extra == "early stopping" else 5)
    assert outcome(broken_and_resumed(make, fit, tmp_path / "fit", 9)) == outcome(unbroken)


@pytest.mark.parametrize("first", ["checkpoint", "stopping"])
def test_a_fit_that_stopped_early_stays_stopped(learner, tmp_path, first):
    def fit(learn):
        pair = [ck.Checkpoint(tmp_path / "fit", resume=True), ck.EarlyStopping("train_loss", 1, higher_is_better=True)]
        learn.fit(6, 0.05, callbacks=pair if first == "checkpoint" else pair[::-1])

    one, other = learner(), learner()
    fit(one)
    fit(other)
    assert outcome(other) == outcome(one) and len(one.recorder.epochs) == 2


def test_a_finished_fit_is_given_back_as_it_was(learner, tmp_path):
    one, other = learner(), learner(metrics=[ck.accuracy])
    for learn in (one, other):
        learn.fit(2, callbacks=[ck.Checkpoint(tmp_path / "fit", resume=True)])
    assert outcome(one) == outcome(other)


def test_a_resumed_fit_shows_the_epochs_before_it_too(learner, tmp_path, capsys):
    with pytest.raises(RuntimeError):
        learner().fit(3, callbacks=[ck.Checkpoint(tmp_path / "fit"), Stop(4, POWER_CUT)])
    learner(progress=True).fit(3, callbacks=[ck.Checkpoint(tmp_path / "fit", resume=True)])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["epoch", "1", "2", "3"]


@pytest.mark.parametrize("name", ["with spaces", "größe.v1", "deep/er/fit", "fit.safetensors"])
def test_any_file_name_will_do(learner, tmp_path, name):
    learner().fit(1, callbacks=[ck.Checkpoint(tmp_path / name)])
    learner().fit(1, callbacks=[ck.Checkpoint(str(tmp_path / name), resume=True)])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [tmp_path / (name if name.endswith(".safetensors") else name + ".safetensors")]


def test_an_earlier_fit_is_not_overwritten_unasked(learner, tmp_path):
    learner().fit(1, callbacks=[ck.Checkpoint(tmp_path / "fit")])
    before = (tmp_path / "fit.safetensors").read_bytes()
    with pytest.raises(FileExistsError, match="resume=True goes on with it"):
        learner().fit(1, callbacks=[ck.Checkpoint(tmp_path / "fit")])
    assert (tmp_path / "fit.safetensors").read_bytes() == before


OTHERS = {
    "another model": ({"model": nn.Linear(4, 3)}, 2, "another model's weights"),
    "another length": ({}, 3, "from a fit of 8 batches; this one has 12"),
    "another precision": ({"callbacks": [ck.MixedPrecision("fp16")]}, 2, "differ in fp16"),
}


@pytest.mark.parametrize("options, epochs, message", OTHERS.values(), ids=OTHERS.keys())
def test_the_checkpoint_of_another_fit_is_refused(learner, tmp_path, options, epochs, message):
    learner().fit(2, callbacks=[ck.Checkpoint(tmp_path / "fit")])
    learn = learner(**options)
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        learn.fit(epochs, callbacks=[ck.Checkpoint(tmp_path / "fit", resume=True)])
    assert all(torch.equal(value, before[name]) for name, value in learn.model.state_dict().items())
    assert not learn.scaler.is_enabled()


def test_the_checkpoint_of_a_frozen_fit_wants_the_same_layers_frozen(learner, tmp_path):
    frozen = learner()
    frozen.freeze()
    frozen.fit(2, callbacks=[ck.Checkpoint(tmp_path / "fit")])
    with pytest.raises(ValueError, match="freeze the same ones"):
        learner().fit(2, callbacks=[ck.Checkpoint(tmp_path / "fit", resume=True)])


def test_a_saved_model_is_no_checkpoint(learner, tmp_path):
    learner().save(tmp_path / "model")
    with pytest.raises(ValueError, match="from a fit of None batches"):
        learner().fit(2, callbacks=[ck.Checkpoint(tmp_path / "model", resume=True)])


def killed_fit(path, callbacks=()):
    """The fit of the process that is killed, and of the one that goes on."""
    torch.manual_seed(7)
    x, y = torch.randn(40, 4), torch.arange(40) % 3
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 3))
    data = ck.Loaders((x[:30], y[:30]), (x[30:], y[30:]), batch_size=8, device="cpu")
    learn = ck.Learner(data, model, metrics=[ck.accuracy], progress=False)
    learn.fit_one_cycle(4, 0.01, callbacks=[*callbacks, ck.Checkpoint(path, resume=True)])
    return learn


@needs_kill
def test_a_fit_goes_on_after_its_process_was_killed(tmp_path):
    code = f"import test_callbacks as t; t.killed_fit({str(tmp_path / 'fit')!r}, [t.Stop(10, 'kill')])"
    tests = Path(__file__).parents[1]
    places = os.pathsep.join(map(str, [tests / "helpers", tests.parent, *filter(None, [os.environ.get("PYTHONPATH")])]))
    # more threads round otherwise
    here = {"cwd": Path(__file__).parent, "env": os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": places}}
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, **here)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["fit.safetensors"]
    resumed = killed_fit(tmp_path / "fit")
    assert outcome(resumed) == outcome(killed_fit(tmp_path / "unbroken")) and resumed.step == 16


# Stopping early


@pytest.mark.parametrize(
    "monitor, higher, values, epochs",
    [
        ("valid_loss", None, [3, 2, 1, 2, 3, 0], 5),
        ("valid_loss", None, [3, 2, 2, 2, 0], 4),
        ("valid_loss", None, [math.nan, math.nan, 0], 2),
        ("valid_loss", None, [3, 2, 4, 1, 2, 0.5], 6),
        ("my_score", True, [1, 2, 3, 2, 1, 9], 5),
        ("my_score", False, [1, 2, 3, 2, 1], 3),
        ("accuracy", None, [1, 2, 3, 2, 1, 9], 5),
        ("error_rate", None, [3, 2, 1, 2, 3, 0], 5),
        ("error_rate", True, [3, 2, 1, 2, 3, 0], 3),
        ("valid_loss", None, [6, 5, 4, 3, 2, 1], 6),
    ],
)
def test_early_stopping_waits_as_long_as_it_is_told(learner, monitor, higher, values, epochs):
    class Replace:
        """Puts the values into the table of epochs, after the recorder and before the stopping."""

        def after_epoch(self, learn):
            learn.recorder.epochs[-1][monitor] = values[learn.epoch - 1]

    learn = learner(metrics=[ck.accuracy, ck.error_rate])
    learn.fit(len(values), callbacks=[Replace(), ck.EarlyStopping(monitor, patience=2, higher_is_better=higher)])
    assert len(learn.recorder.epochs) == epochs
    learn.fit(1)
    assert not learn.stop and len(learn.recorder.epochs) == 1


def test_early_stopping_names_what_an_epoch_has(learner):
    with pytest.raises(ValueError, match="watches 'acuracy'; an epoch has only epoch, train_loss, valid_loss, seconds"):
        learner().fit(2, callbacks=[ck.EarlyStopping("acuracy", higher_is_better=True)])


HIGHER = [ck.accuracy, ck.accuracy_threshold, ck.fbeta, ck.pixel_accuracy]
LOWER = [ck.error_rate, ck.keypoint_distance, ck.rmse, ck.rmspe, ck.rmspe_of_logs]
LOWER += [ck.cross_entropy, ck.binary_cross_entropy, ck.mean_squared_error]


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("metric", HIGHER + LOWER, ids=lambda metric: metric.__name__)
def test_early_stopping_knows_which_metrics_are_to_rise(learner, metric, wrapped):
    class Replace:
        """The value rises from epoch to epoch."""

        def after_epoch(self, learn):
            learn.recorder.epochs[-1][metric.__name__] = learn.epoch

    learn = learner()
    learn.metrics = (partial(metric) if wrapped else metric,)
    learn.data.valid = None  # so that it is never computed
    learn.fit(4, callbacks=[Replace(), ck.EarlyStopping(metric.__name__, patience=1)])
    assert len(learn.recorder.epochs) == (4 if metric in HIGHER else 2)


def test_early_stopping_does_not_guess_from_a_name(learner):
    def my_score_loss_error(outputs, targets):
        return outputs.mean()

    learn = learner(metrics=[my_score_loss_error, ck.accuracy])
    for monitor in ("my_score_loss_error", "acuracy"):
        message = f"watches '{monitor}' and cannot know what is better: this learner has train_loss, valid_loss, my_"
        with pytest.raises(ValueError, match=message + "score_loss_error, accuracy; .* give higher_is_better=True or"):
            learn.fit(1, callbacks=[ck.EarlyStopping(monitor)])
    learn.fit(1, callbacks=[ck.EarlyStopping("my_score_loss_error", higher_is_better=False)])
    my_score_loss_error.higher_is_better = True
    learn.fit(1, callbacks=[ck.EarlyStopping("my_score_loss_error")])


# Clipping, fewer bits, hooks


@pytest.mark.parametrize("norm, precision", [(0.01, []), (0.01, [ck.MixedPrecision("fp16")]), (1e6, [])])
def test_gradients_are_clipped_to_their_common_length(learner, norm, precision):
    lengths = []

    class Measure:
        def after_backward(self, learn):
            gradients = [p.grad.flatten() for p in learn.model.parameters()]
            lengths.append(torch.cat(gradients).norm().item())

    learner(callbacks=[*precision, Measure(), ck.GradientClipping(norm), Measure()]).fit(1)
    for before, after in zip(lengths[::2], lengths[1::2], strict=True):
        assert after == pytest.approx(min(norm, before), rel=1e-3) and 0.01 < before < 100


@pytest.mark.parametrize("name, dtype", [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_mixed_precision_is_on_in_the_fit_and_off_after_it(learner, rows, name, dtype):
    seen = set()
    learn = learner(callbacks=[ck.MixedPrecision(name)], metrics=[ck.accuracy])
    learn.model[0].register_forward_hook(lambda module, inputs, output: seen.add(output.dtype))
    learn.fit_one_cycle(10, 0.03)
    assert seen == {dtype}
    assert learn.recorder.epochs[-1]["train_loss"] < 0.8 * learn.recorder.epochs[0]["train_loss"]
    assert {p.dtype for p in learn.model.parameters()} == {torch.float32}
    seen.clear()
    learn.predictions(), learn.validate()
    assert seen == {torch.float32} and not learn.scaler.is_enabled()


def test_mixed_precision_is_off_after_a_fit_that_another_callback_refused(learner, capsys):
    class Refuse:
        def before_fit(self, learn):
            raise OSError("not now")

    learn = learner(progress=True, callbacks=[ck.MixedPrecision("fp16")])
    with pytest.raises(OSError, match="not now"):
        learn.fit(1, callbacks=[Refuse()])
    assert not learn.scaler.is_enabled() and learn.raw_outputs(torch.randn(2, 4)).dtype == torch.float32
    with learn.autocast():
        assert learn.model(torch.randn(2, 4)).dtype == torch.float32


def test_mixed_precision_knows_two_kinds():
    with pytest.raises(ValueError, match="'bf16' or 'fp16', not 'fp8'"):
        ck.MixedPrecision("fp8")


def test_every_after_fit_is_called_and_the_first_error_raised(learner):
    class Fails:
        def __init__(self, error):
            self.error, self.called = error, False

        def after_fit(self, learn):
            self.called = True
            raise self.error

    ends = [Fails(OSError("the disk is full")), Fails(RuntimeError("no line"))]
    learn = learner()
    with pytest.raises(OSError, match="the disk is full"):
        learn.fit(1, callbacks=[ends[0], ck.MixedPrecision("fp16"), ends[1]])
    assert ends[1].called and not learn.scaler.is_enabled()
    with learn.autocast():
        assert learn.model(torch.randn(2, 4)).dtype == torch.float32


class Misspelt:
    def after_bach(self, learn):
        """Never called."""


WRONG_CALLBACKS = {
    "a class": ([ck.MixedPrecision], r"the callback MixedPrecision is a class: give an object, MixedPrecision\("),
    "misspelt": ([Misspelt()], "Misspelt object .* would never be called: .* before_fit, .*after_batch, "),
    "nothing": ([None], "the callback None would never be called"),
    "a function": ([ck.one_cycle()], "would never be called"),
    "no list": (ck.MixedPrecision(), r"callbacks come as a list, such as \[ck.MixedPrecision\(\)\]; found .*Mixed"),
    "a name": ("stop", "callbacks come as a list, .*; found 'stop'"),
}


@pytest.mark.parametrize("callbacks, message", WRONG_CALLBACKS.values(), ids=WRONG_CALLBACKS.keys())
def test_what_is_no_callback_is_refused_in_words(learner, callbacks, message):
    with pytest.raises(ValueError, match=message):
        learner(callbacks=callbacks)
    with pytest.raises(ValueError, match=message):
        learner().fit(1, callbacks=callbacks)


def test_hooks_are_called_in_order(learner):
    called = []

    class Everything:
        def __getattr__(self, name):
            if name not in EVENTS:
                raise AttributeError(name)
            return lambda learn: called.append(name)

    learner(batch_size=25).fit(1, callbacks=[Everything()])
    batch = ["before_batch", "after_forward", "before_backward", "after_backward", "after_batch"]
    assert called == ["before_fit", "before_epoch", *batch, *batch, "after_epoch", "after_fit"]
