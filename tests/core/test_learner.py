"""The training loop against the same loop written by hand, and what a learner says about a model."""

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from needs import needs_compiler
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

import coursekit as ck


def plain_fit(model, batches, epochs, optimizer, schedule=lambda fraction: (1.0, None), lr=0.01):
    """The loop as anybody would write it; `batches` is called for each epoch's (inputs, targets) pairs."""
    torch.manual_seed(3)
    optimizer = optimizer(model.parameters(), lr=lr, fused=True)
    steps, step = epochs * sum(1 for _ in batches(draw=False)), 0
    for _ in range(epochs):
        model.train()
        for x, y in batches():
            fraction, momentum = schedule(step / steps)
            for group in optimizer.param_groups:
                group["lr"] = lr * fraction
                if momentum is not None and "betas" in group:
                    group["betas"] = (momentum, group["betas"][1])
                elif momentum is not None:
                    group["momentum"] = momentum
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    return model


def shuffled(x, y, batch_size=16):
    def batches(draw=True):
        order = torch.randperm(len(x)) if draw else torch.arange(len(x))
        return ((x[part], y[part]) for part in order.split(batch_size))

    return batches


def assert_same(found, expected):
    """Two models with the same weights and statistics, bit for bit."""
    found, expected = found.state_dict(), expected.state_dict()
    assert found.keys() == expected.keys()
    assert [name for name in found if not torch.equal(found[name], expected[name])] == []


# Training


def test_fit_is_the_plain_loop_bit_for_bit(learner, rows, new_model, optimizer, schedule):
    ours, by_hand = schedule
    learn = learner(optimizer_fn=optimizer)
    learn.fit(3, 0.01, schedule=ours)
    assert_same(learn.model, plain_fit(new_model(), shuffled(*rows[0]), 3, optimizer, by_hand))


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-6), (torch.float64, 1e-13)], ids=["32", "64"])
def test_a_fused_optimizer_is_the_plain_one(learner, new_model, optimizer, dtype, bound):
    """A hundred steps from the same gradients: in a training each rounding changes all gradients after it."""
    made = [optimizer, partial(optimizer, fused=False)]
    ours, plain = (learner(new_model().to(dtype), optimizer_fn=make) for make in made)
    steps, plain_steps = ours.new_optimizer(0.01), plain.new_optimizer(0.01)
    assert steps.defaults["fused"] and not plain_steps.defaults["fused"]
    for _ in range(100):
        for p, q in zip(ours.model.parameters(), plain.model.parameters(), strict=True):
            p.grad = torch.randn(p.shape, dtype=dtype)
            q.grad = p.grad.clone()
        steps.step()
        plain_steps.step()
    for p, q in zip(ours.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.allclose(p, q, rtol=bound, atol=bound)


def test_a_fused_optimizer_learns_what_the_plain_one_does(learner, optimizer):
    losses = []
    for make in (optimizer, partial(optimizer, fused=False)):
        learn = learner(optimizer_fn=make)
        learn.fit(25, 0.01)
        losses.append(learn.recorder.losses)
    assert losses[0] == pytest.approx(losses[1], abs=1e-4) and len(losses[0]) == 100


class Own(torch.optim.SGD):
    """An optimizer of somebody's own, whose step is not that of SGD."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)


@pytest.mark.parametrize(
    "make",
    [
        partial(torch.optim.AdamW, fused=False), partial(torch.optim.AdamW, foreach=True), Own, torch.optim.RMSprop,
        partial(torch.optim.Adam, differentiable=True), lambda groups: torch.optim.SGD(groups, lr=0.1),
    ],
    ids=["said", "foreach", "own", "without", "differentiable", "lambda"],
)  # fmt: skip
def test_where_no_fused_optimizer_is_asked_for_or_there_is_none_it_stays_as_it_is(learner, make):
    learn = learner(optimizer_fn=make)
    made = learn.new_optimizer(0.01)
    assert not made.defaults.get("fused") and [group["max_lr"] for group in made.param_groups] == [0.01]


def test_sparse_gradients_are_stepped_by_the_plain_optimizer():
    model = nn.Sequential(nn.Embedding(5, 3, sparse=True), nn.Flatten(), nn.Linear(3, 2))
    data = ck.Loaders((torch.arange(5)[:, None], torch.arange(5) % 2), batch_size=2, device="cpu")
    learn = ck.Learner(data, model, optimizer_fn=torch.optim.SGD, progress=False)
    learn.fit(1, 0.1)
    assert not learn.optimizer.defaults["fused"]


def test_fit_one_cycle_is_fit_with_one_cycle(learner):
    one, other = learner(), learner()
    one.fit_one_cycle(2, 0.02, warmup=0.4)
    torch.manual_seed(3)
    other.fit(2, 0.02, schedule=ck.one_cycle(0.4))
    assert_same(one.model, other.model)
    assert max(one.recorder.lrs)[0] <= 0.02 and one.recorder.lrs == other.recorder.lrs


def test_one_cycle_asks_an_optimizer_for_nothing_but_parameter_groups(learner):
    learn = learner(optimizer_fn=lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9))
    used = []
    note = SimpleNamespace(before_batch=lambda learn: used.append(learn.optimizer.param_groups[0]["momentum"]))
    learn.fit_one_cycle(2, 0.02, callbacks=[note])
    assert max(learn.recorder.lrs)[0] <= 0.02 and min(used) < 0.9 < max(used)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_data_set_trains_as_the_same_tensors_do(learner, rows, new_model, workers):
    data = TensorDataset(*rows[0])

    class Wrapped(torch.utils.data.Dataset):
        __len__, __getitem__ = data.__len__, data.__getitem__

    expected = plain_fit(new_model(), shuffled(*rows[0]), 3, torch.optim.AdamW)
    learn = learner(train=Wrapped(), valid=None)
    learn.data = ck.Loaders(Wrapped(), batch_size=16, device="cpu", workers=workers)
    torch.manual_seed(3)
    learn.fit(3, 0.01)
    assert_same(learn.model, expected)


def test_fit_twice_trains_on_with_a_new_optimizer_and_a_new_record(learner, rows, new_model):
    learn = learner()
    learn.fit(2, 0.01)
    torch.manual_seed(3)
    learn.fit(1, 0.01)
    model = plain_fit(new_model(), shuffled(*rows[0]), 2, torch.optim.AdamW)
    assert_same(learn.model, plain_fit(model, shuffled(*rows[0]), 1, torch.optim.AdamW))
    assert len(learn.recorder.epochs) == 1 and len(learn.recorder.losses) == 4 and learn.epoch == 1


def test_a_fit_learns(learner):
    learn = learner(metrics=[ck.accuracy])
    learn.fit_one_cycle(15, 0.03)
    first, last = learn.recorder.epochs[0], learn.recorder.epochs[-1]
    assert last["train_loss"] < 0.6 * first["train_loss"] and last["accuracy"] > 0.75


def test_the_record_has_each_batch_and_each_epoch(learner):
    learn = learner(metrics=[ck.accuracy, ck.error_rate])
    learn.fit(3, 0.01)
    record = learn.recorder
    assert len(record.losses) == len(record.lrs) == 12
    assert [list(row) for row in record.epochs] == 3 * [
        ["epoch", "train_loss", "valid_loss", "accuracy", "error_rate", "seconds"]
    ]
    assert [row["epoch"] for row in record.epochs] == [1, 2, 3]
    first_epoch = sum(loss * n for loss, n in zip(record.losses, [16, 16, 16, 2], strict=False)) / 50
    assert record.epochs[0]["train_loss"] == pytest.approx(first_epoch)
    assert record.epochs[-1]["valid_loss"] == learn.validate()["loss"]


def test_nothing_held_out_leaves_the_validation_columns_out(learner):
    learn = learner(valid=None, metrics=[ck.accuracy])
    learn.fit(1)
    assert list(learn.recorder.epochs[0]) == ["epoch", "train_loss", "seconds"]
    with pytest.raises(ValueError, match="nothing was held out"):
        learn.validate()
    assert learn.validate(learn.data.train).keys() == {"loss", "accuracy"}


def test_progress_writes_a_heading_and_a_line_an_epoch(learner, capsys):
    learner(progress=True, metrics=[ck.accuracy]).fit(2)
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["epoch", "train", "loss", "valid", "loss", "accuracy", "time"]
    assert [line.split()[0] for line in lines] == ["1", "2"]


def test_ctrl_c_ends_the_fit_and_the_learner_goes_on_working(learner):
    class Stop:
        def after_batch(self, learn):
            if learn.step == 6:
                raise KeyboardInterrupt

    learn = learner(progress=True, callbacks=[ck.MixedPrecision()])
    with pytest.raises(KeyboardInterrupt):
        learn.fit(3, callbacks=[Stop()])
    assert len(learn.recorder.epochs) == 1
    assert learn.raw_outputs(torch.randn(2, 4)).dtype == torch.float32
    learn.fit(1)
    assert len(learn.recorder.epochs) == 1 and len(learn.recorder.losses) == 4


@pytest.mark.parametrize("step, epochs", [(6, 1), (4, 0), (9, 2)])
def test_the_record_of_a_broken_fit_has_every_batch(learner, step, epochs):
    class Stop:
        def after_batch(self, learn):
            if learn.step == step:
                raise KeyboardInterrupt

    whole, broken = learner(), learner()
    whole.fit(3)
    torch.manual_seed(3)
    with pytest.raises(KeyboardInterrupt):
        broken.fit(3, callbacks=[Stop()])
    assert whole.recorder.ends == [4, 8, 12] and broken.recorder.ends == [4, 8, 12][:epochs]
    assert broken.recorder.losses == whole.recorder.losses[:step] and len(broken.recorder.lrs) == step


def test_validation_is_drawn_at_the_end_of_its_epoch(learner, monkeypatch):
    drawn = {}
    monkeypatch.setattr(Axes, "plot", lambda ax, *values, label, **style: drawn.update({label: values}))
    monkeypatch.setattr(Axes, "legend", lambda ax: None)

    class Stop:
        def after_batch(self, learn):
            if learn.step == 11:
                raise KeyboardInterrupt

    learn = learner()
    with pytest.raises(KeyboardInterrupt):
        learn.fit(3, callbacks=[Stop()])
    learn.recorder.plot_losses()
    assert list(drawn["validation"][0]) == [4, 8] and len(drawn["training, each batch"][0]) == 11


@pytest.mark.parametrize("n, batch_size", [(65, 64), (9, 4)])
def test_batch_norm_trains_though_a_row_is_left_over(learner, n, batch_size):
    learn = learner(train=(torch.randn(n, 4), torch.arange(n) % 3), batch_size=batch_size)
    learn.fit(1)
    learn.lr_find()
    assert len(learn.recorder.losses) == n // batch_size


@pytest.mark.parametrize("n, batch_size", [(1, 64), (2, 1)])
def test_a_row_alone_is_explained_where_batch_norm_cannot_take_it(learner, n, batch_size):
    learn = learner(train=(torch.randn(n, 4), torch.arange(n) % 3), batch_size=batch_size)
    message = f"held one sample, and batch norm needs several: there are {n} samples in batches of {batch_size}; choose"
    for train in (lambda: learn.fit(1), learn.lr_find):
        with pytest.raises(ValueError, match=message):
            train()


def test_several_inputs(rows):
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(1, 3), nn.Linear(3, 3)

        def forward(self, left, right):
            return self.left(left) + self.right(right)

    (x, y), _ = rows
    data = ck.Loaders((x[:, :1], x[:, 1:], y), (x[:, :1], x[:, 1:], y), batch_size=16, device="cpu")
    learn = ck.Learner(data, Both(), metrics=[ck.accuracy], progress=False)
    learn.lr_find(batches=20)
    learn.fit_one_cycle(20, 0.1)
    assert learn.recorder.epochs[-1]["accuracy"] > 0.8
    assert torch.equal(
        learn.raw_outputs((x[:, :1], x[:, 1:])).argmax(1) == y, learn.model(x[:, :1], x[:, 1:]).argmax(1) == y
    )
    assert learn.summary().total == 18


# Options for speed


def small_images(**options):
    """A learner with dropout and batch norm, whose epoch ends in an odd batch."""
    torch.manual_seed(0)
    layers = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(36, 3)
    x, y = torch.randn(30, 2, 5, 5), torch.arange(30) % 3
    data = ck.Loaders((x, y), (x, y), batch_size=8, device="cpu")
    return ck.Learner(data, nn.Sequential(*layers), progress=False, optimizer_fn=torch.optim.SGD, **options)


def assert_learned_alike(one, other):
    for name, tensor in one.model.state_dict().items():
        assert torch.allclose(tensor, other.model.state_dict()[name], atol=1e-5), name
    assert one.recorder.losses == pytest.approx(other.recorder.losses, abs=1e-5)


def compiled_by(monkeypatch, backend):
    """Let `torch.compile` use a backend that needs no C++ compiler; gives the shapes of what was compiled."""
    compile, shapes = torch.compile, []

    def noted(function, **options):
        made = compile(function, backend=backend, dynamic=False)

        def called(model, loss_fn, inputs, targets):
            shapes.append(tuple(inputs[0].shape))
            return made(model, loss_fn, inputs, targets)

        return called

    monkeypatch.setattr(torch, "compile", noted)
    return shapes


def train_in_every_way(learn, path):
    """All that a compiled learner must survive."""
    torch.manual_seed(1)
    learn.fit(2, 0.01)
    assert learn.lr_find(batches=4)
    learn.freeze()
    learn.fit_one_cycle(1, 0.01)
    learn.unfreeze()
    learn.save(path / "saved")
    learn.load(path / "saved")
    learn.fit(1, 0.01, callbacks=[ck.MixedPrecision(), ck.GradientClipping(1.0)])
    learn.fit(1, 0.01, callbacks=[ck.GradientAccumulation(2)])
    learn.export(path / "exported")
    sample = torch.ones(2, 5, 5)
    assert torch.allclose(ck.load(path / "exported", device="cpu").raw_outputs(sample), learn.raw_outputs(sample))
    learn.fit(2, 0.01)


def test_channels_last_changes_nothing_else():
    ours, plain = small_images(channels_last=True), small_images()
    for learn in (ours, plain):
        torch.manual_seed(1)
        learn.fit(2, 0.01)
    assert_learned_alike(ours, plain)


@needs_compiler
def test_compiled_training_gives_what_the_plain_one_gives(tmp_path):
    """By the default backend, and with all that may happen between two fits."""
    ours, plain = small_images(compile=True), small_images()
    for learn in (ours, plain):
        train_in_every_way(learn, tmp_path / str(learn.compile))
        assert learn.compiled is None or learn.compiled.tried and not learn.compiled.failed
    assert_learned_alike(ours, plain)


def test_whole_batches_are_compiled_and_odd_ones_are_not(monkeypatch, tmp_path):
    shapes = compiled_by(monkeypatch, "eager")
    ours, plain = small_images(compile=True), small_images()
    train_in_every_way(ours, tmp_path / "ours")
    train_in_every_way(plain, tmp_path / "plain")
    assert_learned_alike(ours, plain)
    assert set(shapes) == {(8, 2, 5, 5)}
    # fits of 2, 1, 1 and 2 epochs, each with a trial; of 4 batches an epoch the last is odd, and a fit's first is plain
    assert len(shapes) == (1 + 5) + (1 + 2) + (1 + 2) + (1 + 5)


def test_a_callback_that_looks_into_the_step_gets_the_plain_one(monkeypatch):
    shapes, seen = compiled_by(monkeypatch, "eager"), []
    for event in ck.callbacks.EVENTS:
        note = SimpleNamespace(**{event: lambda learn: seen.append(learn.loss)})
        learn = small_images(compile=True, callbacks=[note])
        learn.fit(1, 0.01)
        assert bool(shapes) == (event not in ("after_forward", "before_backward")), event
        shapes.clear()
    assert seen


def test_a_trial_that_fails_halfway_leaves_no_gradient(monkeypatch):
    def halfway(function, **options):
        def called(*given):
            function(*given)[1].backward()
            raise RuntimeError("no memory")

        return called

    ours, plain = small_images(compile=True), small_images()
    torch.manual_seed(1)
    plain.fit(1, 0.01)
    monkeypatch.setattr(torch, "compile", halfway)
    torch.manual_seed(1)
    with pytest.warns(UserWarning, match="no memory"):
        ours.fit(1, 0.01)
    assert_same(ours.model, plain.model)


def broken(graph, inputs):
    raise RuntimeError("no compiler for this")


def wrong(graph, inputs):
    return lambda *values: [out * 1.5 if isinstance(out, torch.Tensor) else out for out in graph(*values)]


@pytest.mark.parametrize(("backend", "said"), [(broken, "no compiler for this"), (wrong, "another loss")])
def test_what_does_not_compile_is_trained_plainly_with_one_warning_a_fit(monkeypatch, backend, said):
    compiled_by(monkeypatch, backend)
    ours, plain = small_images(compile=True), small_images()
    torch.manual_seed(1)
    plain.fit(2, 0.01)
    torch.manual_seed(1)
    with pytest.warns(UserWarning, match=f"compile=True has no effect in this fit.*{said}") as warned:
        ours.fit(2, 0.01)
    assert len(warned) == 1
    assert_same(ours.model, plain.model)
    assert ours.recorder.losses == plain.recorder.losses


# Layer groups


def test_a_pair_of_rates_spreads_over_the_groups_by_equal_factors(learner):
    learn = learner()
    learn.fit(1, (1e-4, 1e-2))
    assert learn.recorder.lrs[0] == pytest.approx((1e-4, 1e-3, 1e-2))
    learn.fit(1, np.float32(0.25))  # as a search of one's own may find it
    assert learn.recorder.lrs[0] == (0.25,)
    learn.fit_one_cycle(2, (1e-4, 1e-2))
    for rates in learn.recorder.lrs:
        assert rates[2] / rates[1] == pytest.approx(10) and rates[1] / rates[0] == pytest.approx(10)


def test_rates_of_groups_are_those_of_an_optimizer_with_groups(learner, rows, new_model):
    model, learn = new_model(), learner(optimizer_fn=torch.optim.Adam)
    learn.fit(2, (0.001, 0.1))
    rates = zip(model, (0.001, 0.01, 0.1), strict=True)
    groups = [{"params": list(child.parameters()), "lr": rate} for child, rate in rates]
    torch.manual_seed(3)
    optimizer = torch.optim.Adam(groups, fused=True)
    for _ in range(2):
        for x, y in shuffled(*rows[0])():
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert_same(learn.model, model)


@pytest.mark.parametrize("rate", [(1e-4, 1e-2), [1e-4, 1e-2]])
def test_a_model_of_one_group_takes_the_last_rate_of_a_pair(learner, rate):
    learn = learner(nn.Linear(4, 3))
    learn.fit(1, rate)
    assert learn.recorder.lrs[0] == (1e-2,)


def test_weights_shared_by_two_groups_are_trained_once(learner, rows):
    shared = nn.Linear(4, 4)
    model = nn.Sequential(shared, nn.Tanh(), shared, nn.Linear(4, 3))
    learn = learner(model)
    learn.fit(1, (1e-3, 1e-2))
    assert [len(group["params"]) for group in learn.optimizer.param_groups] == [2, 2]


def test_groups_that_leave_a_layer_out_are_refused(learner):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3))
    learn = learner(model, groups=[model[1]])
    with pytest.raises(ValueError, match="'0.weight' is in none of the layer groups"):
        learn.fit(1)
    model[0].requires_grad_(False)
    learn.fit(1)


def test_a_sequential_with_parameters_of_its_own_is_one_group(learner):
    class Shifted(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Linear(4, 4), nn.Linear(4, 3))
            self.shift = nn.Parameter(torch.zeros(3))

        def forward(self, x):
            return super().forward(x) + self.shift

    learn = learner(Shifted())
    learn.fit(1)
    assert len(learn.groups) == 1 and learn.model.shift.abs().min() > 0


def test_freeze_trains_only_the_last_group_and_keeps_batch_statistics(learner):
    learn = learner()
    learn.freeze()
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    learn.fit(2, 0.1)
    changed = [name for name, value in learn.model.state_dict().items() if not torch.equal(value, before[name])]
    assert changed == ["2.2.weight", "2.2.bias"]
    learn.unfreeze()
    learn.fit(1, 0.1)
    assert all(not torch.equal(value, before[name]) for name, value in learn.model.state_dict().items())
    assert len(learn.optimizer.param_groups) == 1, "one rate, one group"
    learn.fit(1, (0.01, 0.1))
    assert len(learn.optimizer.param_groups) == 3


@pytest.mark.parametrize("frozen", [False, True])
def test_batch_norm_without_weights_follows_the_part_it_is_in(learner, frozen):
    body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8, affine=False))
    learn = learner(nn.Sequential(body, nn.Linear(8, 3)))
    if frozen:
        learn.freeze()
    learn.fit(1)
    assert (body[1].num_batches_tracked == 0) == frozen and (body[1].running_mean == 0).all() == frozen


def test_freeze_needs_two_groups(learner):
    with pytest.raises(ValueError, match="one layer group"):
        learner(nn.Linear(4, 3)).freeze()


def norms(model):
    return [part for part in model.modules() if isinstance(part, nn.BatchNorm1d)]


def with_norms():
    torch.manual_seed(5)
    norms = nn.Sequential(nn.BatchNorm1d(8), nn.BatchNorm1d(8, affine=False))
    return nn.Sequential(nn.Linear(4, 8), norms, nn.ReLU(), nn.Linear(8, 3))


def test_unfrozen_without_batch_norm_all_else_is_trained_as_with_norms_that_are_constants(learner, rows):
    """The peer: a plain loop over the same network, whose batch norms are in evaluation mode and not optimized."""
    learn = learner(with_norms())
    learn.fit(1, 0.1)
    learn.unfreeze(batch_norm=False)
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    peer = with_norms()
    peer.load_state_dict(before)
    trained = [p for part in (peer[0], peer[3]) for p in part.parameters()]
    optimizer = torch.optim.AdamW(trained, lr=0.05)
    torch.manual_seed(3)
    for _ in range(2):
        peer.train()
        for part in norms(peer):
            part.eval()
        for x, y in ck.Loaders(*rows, batch_size=16, device="cpu").train:
            optimizer.zero_grad()
            ck.cross_entropy(peer(x), y).backward()
            optimizer.step()
    torch.manual_seed(3)
    learn.fit(2, 0.05)
    for name, value in peer.state_dict().items():
        assert torch.allclose(value, learn.model.state_dict()[name], atol=1e-6), name
    changed = {name for name, value in learn.model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"0.weight", "0.bias", "3.weight", "3.bias"}


def test_batch_norms_stay_as_they_are_after_save_load_export_and_a_search(learner, tmp_path):
    learn = learner(with_norms())
    learn.unfreeze(batch_norm=False)
    learn.load(learn.save(tmp_path / "weights"))
    learn.lr_find(batches=5)
    again = ck.load(learn.export(tmp_path / "whole"), device="cpu")
    again.use(learn.data)
    again.progress = False
    for one in (learn, again):
        one.fit(1, 0.1)
        assert all(part.num_batches_tracked == 0 and (part.running_mean == 0).all() for part in norms(one.model))
        assert (norms(one.model)[0].weight == 1).all()
    learn.unfreeze()
    learn.fit(1, 0.1)
    assert all(part.num_batches_tracked == 4 for part in norms(learn.model))
    assert not (norms(learn.model)[0].weight == 1).all()


def test_freezing_ends_it(learner):
    learn = learner(with_norms())
    learn.unfreeze(batch_norm=False)
    learn.freeze()
    assert learn.batch_norm and [p.requires_grad for p in norms(learn.model)[0].parameters()] == [False, False]
    learn.unfreeze()
    assert all(p.requires_grad for p in learn.model.parameters())


def test_fine_tune_trains_the_head_and_then_all_as_fastai_does(learner):
    """Its figures: the head at lr, rising for 0.99 of the fit; then all, the last at lr / 2, the first at lr / 200."""
    one, other = learner(), learner()
    torch.manual_seed(3)
    one.fine_tune(3, 0.1, frozen_epochs=2)
    torch.manual_seed(3)
    other.freeze()
    other.fit_one_cycle(2, 0.1, warmup=0.99)
    other.unfreeze()
    other.fit_one_cycle(3, slice(0.1 / 200, 0.1 / 2))
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name
    assert len(one.recorder.epochs) == 3 and one.batch_norm


def test_fine_tune_takes_what_lr_find_gave_and_keeps_batch_norms_if_asked(learner):
    learn = learner(with_norms())
    found, falling = ck.LRFinder(), [3.0] * 20 + [3 - i / 10 for i in range(20)] + [9.0] * 5
    for i, loss in enumerate(falling):
        found.add(1e-4 * 1.2**i, loss)
    learn.fine_tune(1, found, batch_norm=False)
    first, last = (group["max_lr"] for group in (learn.optimizer.param_groups[0], learn.optimizer.param_groups[-1]))
    assert (first, last) == (pytest.approx(found.suggestion / 200), pytest.approx(found.suggestion / 2))
    assert all(part.num_batches_tracked == 0 for part in norms(learn.model))
    with pytest.raises(ValueError, match="one layer group"):
        learner(nn.Linear(4, 3)).fine_tune(1)
    with pytest.raises(ValueError, match="the number of epochs is a whole number, at least one; found 0"):
        learner().fine_tune(1, frozen_epochs=0)


@pytest.mark.parametrize("cycles, multiplier, epochs, end", [(3, 2, 7, 0.0), (4, 1, 4, 0.1), (1, 1, 5, 0.0)])
def test_restarts_are_pytorchs(learner, cycles, multiplier, epochs, end):
    learn = learner(optimizer_fn=torch.optim.SGD)
    learn.fit(epochs, 0.1, schedule=ck.restarts(cycles, multiplier, end))
    batches = len(learn.data.train)
    first = (
        epochs * batches * (multiplier - 1) // (multiplier**cycles - 1)
        if multiplier > 1
        else epochs * batches // cycles
    )
    peer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    their = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(peer, first, multiplier, eta_min=0.1 * end)
    expected = []
    for _ in range(epochs * batches):
        expected.append(peer.param_groups[0]["lr"])
        peer.step()
        their.step()
    assert [lr for (lr,) in learn.recorder.lrs] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("wrong", [(0,), (2.5,), (2, 0.5), (2, 1, 1.0), (2, 1, -0.1)])
def test_restarts_that_are_none(wrong):
    with pytest.raises(ValueError, match="cycles is a whole number from 1, multiplier at least 1, end a fraction"):
        ck.restarts(*wrong)


# The learning-rate finder


@pytest.mark.parametrize("trained", [False, True])
def test_lr_find_leaves_everything_as_it_was(learner, trained):
    learn = learner()
    if trained:
        learn.fit(1)
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    random_state, mode = torch.get_rng_state(), learn.model.training
    learn.lr_find()
    assert all(torch.equal(value, before[name]) for name, value in learn.model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state) and learn.model.training == mode
    assert all(p.grad is None for p in learn.model.parameters())


def test_lr_find_works_on_ten_items(learner, rows):
    (x, y), _ = rows
    search = learner(nn.Linear(4, 3), train=(x[:10], y[:10]), valid=None, batch_size=64).lr_find()
    assert 1e-6 <= search.suggestion <= 10 and math.isfinite(search.suggestion)
    assert len(search.lrs) == len(search.losses) == len(search.smoothed) > 50
    assert search.lrs == sorted(search.lrs) and search.lrs[0] == 1e-6


def test_the_suggestion_trains_the_digits():
    train, valid = ck.read_digits(ck.fetch("digits"))
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 50), nn.ReLU(), nn.Linear(50, 10))
    learn = ck.Learner(ck.Loaders(train, valid, device="cpu"), model, metrics=[ck.accuracy], progress=False)
    rate = learn.lr_find().suggestion
    assert 1e-3 <= rate <= 0.5
    learn.fit_one_cycle(3, rate)
    assert learn.recorder.epochs[-1]["accuracy"] > 0.9


def test_lr_find_stops_early_when_the_loss_grows(learner):
    search = learner(optimizer_fn=torch.optim.SGD).lr_find(highest=1e4)
    assert len(search.lrs) < 100 and "suggestion=" in repr(search)
    assert search.suggestion < search.lrs[-1]


# Looking at a model


def test_metrics_count_every_row_once(learner, rows):
    def fraction_of_first(outputs, targets):
        """Fraction of samples right among those of class 0: over fewer than all rows."""
        chosen = targets == 0
        return (outputs.argmax(1)[chosen] == 0).sum(), chosen.sum()

    learn = learner(metrics=[ck.accuracy, ck.error_rate, fraction_of_first], batch_size=4)  # 8 + 8 + 8 + 6 held out
    found = learn.validate()
    x, y = rows[1]
    outputs = learn.raw_outputs(x)
    first = y == 0
    assert found["loss"] == pytest.approx(F.cross_entropy(outputs, y).item(), rel=1e-5)
    assert found["accuracy"] == pytest.approx((outputs.argmax(1) == y).double().mean().item())
    assert found["error_rate"] == pytest.approx(1 - found["accuracy"])
    assert found["fraction_of_first"] == pytest.approx((outputs.argmax(1)[first] == 0).double().mean().item())
    assert 0 < first.sum() < 30


class Half(nn.Module):
    """Half of its first input; something to learn, that nothing changes."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return self.weight * x


def test_roots_are_taken_of_the_mean_over_all_rows():
    x = torch.tensor([[1.0], [8.0], [2.0], [0.0], [100.0]])
    y = torch.tensor([[1.0], [2.0], [0.0], [4.0], [50.0]])
    data = ck.Loaders((x, y), (x, y), batch_size=2, device="cpu")
    learn = ck.Learner(data, Half(), loss_fn=ck.mean_squared_error, metrics=[ck.rmse, ck.rmspe], progress=False)
    found = learn.validate()
    assert found["rmse"] == pytest.approx(math.sqrt((0.25 + 4 + 1 + 16 + 0) / 5))
    assert found["rmspe"] == pytest.approx(math.sqrt((0.25 + 1 + 1 + 0) / 4))  # the target 0 is left out
    assert ck.rmse(x / 2, y).item() == pytest.approx(found["rmse"])
    assert ck.rmspe(x / 2, y).item() == pytest.approx(found["rmspe"])


def test_the_percentage_error_of_logarithms_is_that_of_the_numbers():
    torch.manual_seed(0)
    outputs, targets = 10 * torch.rand(2, 30, 1) + 1
    assert ck.rmspe_of_logs(outputs.log(), targets.log()).item() == pytest.approx(ck.rmspe(outputs, targets).item())
    total, count = ck.rmspe_of_logs.averaged(outputs.log(), targets.log())
    assert math.sqrt(total / count) == pytest.approx(ck.rmspe(outputs, targets).item()) and count == 30


@pytest.mark.parametrize("metric", [ck.rmse, ck.rmspe, ck.rmspe_of_logs])
def test_columns_against_rows_are_refused_and_not_broadcast(metric):
    with pytest.raises(ValueError, match="must have one shape"):
        metric(torch.ones(4, 1), torch.ones(4))


def test_a_mean_over_no_rows_at_all_is_not_a_number():
    mean = ck.RunningMean("share")
    assert math.isnan(mean.value)
    mean.add((torch.tensor(0), torch.tensor(0)), 5)
    assert math.isnan(mean.value)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_a_mean_of_short_numbers_stays_exact(dtype):
    mean = ck.RunningMean("value")
    for _ in range(1000):
        mean.add(torch.tensor(0.5, dtype=dtype), 100)
    assert mean.value == 0.5


@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 100])
def test_raw_outputs_take_any_number_of_samples(learner, n):
    learn, x = learner(), torch.randn(100, 4)[:n]
    found = learn.raw_outputs(x)
    learn.model.eval()
    assert found.shape == (n, 3) and found.dtype == torch.float32 and not found.requires_grad
    assert torch.allclose(found, learn.model(x), atol=1e-6)


WRONG_INPUTS = {
    "none": (), "two": (torch.randn(3, 4), torch.randn(3, 4)), "too wide": torch.randn(3, 5), 
    "an axis more": torch.randn(2, 3, 4),
}  # fmt: skip


@pytest.mark.parametrize("x", WRONG_INPUTS.values(), ids=WRONG_INPUTS.keys())
def test_what_is_shaped_as_no_sample_is_refused(learner, x):
    with pytest.raises(ValueError, match=r"a sample has the shapes \[\(4,\)\], several have one axis more; found"):
        learner().predict(x)


def test_inputs_of_different_lengths_are_refused(rows):
    (x, y), _ = rows
    learn = ck.Learner(ck.Loaders((x, x, y), device="cpu"), nn.Bilinear(4, 4, 3), progress=False)
    with pytest.raises(ValueError, match="same number of samples; found 3, 5"):
        learn.predict((x[:3], x[:5]))


def test_raw_outputs_take_a_strided_tensor(learner):
    learn, x = learner(), torch.randn(4, 6)
    assert torch.allclose(learn.raw_outputs(x.T), learn.raw_outputs(x.T.contiguous()))


def test_predict_gives_a_label_and_probabilities_for_one_sample_or_several(learner, rows):
    learn, (x, _) = learner(), rows[1]
    expected = learn.raw_outputs(x).softmax(1)
    several, one = learn.predict(x), learn.predict(x[0])
    assert len(several) == 30 and one.label == several[0].label == str(int(expected[0].argmax()))
    assert torch.allclose(torch.stack([found.values for found in several]), expected)
    assert one.probabilities == pytest.approx(dict(zip("012", expected[0].tolist(), strict=True)))
    assert list(one.probabilities)[0] == one.label and learn.predict(x[:0]) == []
    assert learn.predict(x[0].numpy()).label == one.label


def test_predict_names_the_classes_where_the_data_do(rows):
    data = ck.Loaders(*rows, device="cpu", target_type=ck.Categories(("ant", "bee", "wasp")))
    learn = ck.Learner(data, nn.Linear(4, 3), progress=False)
    found = learn.predict(rows[1][0][0])
    assert found.label in data.target_type.names and repr(found) == f"{found.label} ({found.values.max():.0%})"


def test_predict_gives_numbers_where_the_loss_is_of_numbers(rows):
    data = ck.Loaders((rows[0][0], rows[0][0]), device="cpu")
    learn = ck.Learner(data, nn.Identity(), ck.mean_squared_error, progress=False)
    found = learn.predict(torch.tensor([1.0, 2.0, 3.0, 4.5]))
    assert found.label == "1, 2, 3, 4.5" and found.names == ()
    with pytest.raises(ValueError, match=r"no one probability a class here: look at .values, of shape \(4,\)"):
        _ = found.probabilities


def test_summary_lists_the_layers_and_draws_no_random_number(learner):
    learn = learner()
    learn.freeze()
    state = torch.get_rng_state()
    summary = learn.summary()
    assert torch.equal(torch.get_rng_state(), state)
    assert [row[:3] for row in summary.rows] == [
        ("0", "Linear", (16, 8)),
        ("1", "BatchNorm1d", (16, 8)),
        ("2.0", "ReLU", (16, 8)),
        ("2.1", "Dropout", (16, 8)),
        ("2.2", "Linear", (16, 3)),
    ]
    assert (summary.total, summary.trained) == (40 + 16 + 27, 27)
    assert "83 parameters, 27 of them trained" in repr(summary)
    assert not any(module._forward_hooks for module in learn.model.modules())


def test_looking_at_a_model_does_not_change_what_it_learns(learner):
    plain, watched = learner(), learner()
    plain.fit(1)
    torch.manual_seed(3)
    watched.summary(), watched.validate(), watched.predict(torch.randn(0, 4)), watched.lr_find()
    watched.predictions(), repr(watched)
    torch.manual_seed(3)
    watched.fit(1)
    assert_same(plain.model, watched.model)


def test_save_and_load_round_trip(learner, tmp_path):
    one, other = learner(), learner(nn.Sequential(*learner().model))
    one.fit(1)
    path = one.save(tmp_path / "a model", epochs=1, words=["ü"])
    assert path == tmp_path / "a model.safetensors"
    assert other.load(tmp_path / "a model") == {"model": "Sequential", "config": {}, "epochs": 1, "words": ["ü"]}
    assert_same(one.model, other.model)
