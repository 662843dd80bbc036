"""Brothers of known faults: counts in accumulated gradients, what loaders stand for, sums, probabilities."""

from functools import partial

import pytest
import torch
from torch import nn

import coursekit as ck
from coursekit.losses import loss_count, with_ignored
from coursekit.targets import Masks

INPUTS = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
TARGETS = torch.tensor([0, 2, 2, 2, 1, 0, -100, 1, 2, 0, 0, 1])
LOSSES = [
    ck.cross_entropy,
    partial(ck.cross_entropy, ignore_index=2),
    nn.CrossEntropyLoss(weight=torch.tensor([1.0, 9, 2])),
]


@pytest.mark.parametrize("loss_fn", LOSSES)
def test_accumulated_gradients_are_those_of_one_batch_whatever_counts(loss_fn):
    def trained(batch_size, batches):
        torch.manual_seed(1)
        rows = TARGETS >= 0 if loss_fn is LOSSES[1] else slice(None)  # that loss ignores 2 in place of -100
        loader = ck.TensorLoader((INPUTS[rows], TARGETS[rows]), batch_size, device="cpu")
        data, sgd = ck.Loaders(loader, device="cpu"), partial(torch.optim.SGD, lr=0.1)
        learn = ck.Learner(data, nn.Linear(4, 3), loss_fn, optimizer_fn=sgd, progress=False)
        learn.fit(1, 0.1, callbacks=[ck.GradientAccumulation(batches)])
        return learn.model.weight.detach()

    assert torch.allclose(trained(4, 3), trained(12, 1), atol=1e-6)


def test_the_ignored_class_is_told_to_losses_with_other_options_and_to_pytorchs():
    void = Masks(("a", "b", "void"), "void")
    for loss_fn in (partial(ck.cross_entropy, label_smoothing=0.1), nn.CrossEntropyLoss(), nn.CrossEntropyLoss()):
        assert loss_count(with_ignored(loss_fn, void), torch.tensor([0, 2, 1, 2])) == 2
    given = nn.CrossEntropyLoss(ignore_index=0)
    assert with_ignored(given, void) is given and LOSSES[2].ignore_index == -100


def test_a_loader_in_order_stands_for_the_same():
    def named(*names):
        return ck.Loaders((INPUTS, TARGETS.clamp(0)), device="cpu", target_type=ck.Categories(names))

    learn = ck.Learner(named("a", "b", "c"), nn.Linear(4, 3), progress=False)
    with pytest.raises(ValueError, match="made for other classes"):
        learn.validate(named("b", "c", "d").train.in_order())
    assert learn.validate(named("a", "b", "c").train.in_order())


def test_a_mean_over_many_batches_keeps_its_digits():
    mean = ck.RunningMean("loss")
    for _ in range(50_000):
        mean.add(torch.tensor(0.1), 64)
    assert mean.value == pytest.approx(0.1, rel=1e-7)


@pytest.mark.parametrize("targets", [[[2.0, -1]], [[0.3, 0.3]], [[float("nan"), 1]]])
def test_targets_that_are_no_probabilities_of_classes_are_refused(targets):
    with pytest.raises(ValueError, match="probabilit"):
        ck.cross_entropy(torch.zeros(1, 2), torch.tensor(targets))


@pytest.mark.parametrize("look", ["validate", "predictions", "use"])
@pytest.mark.parametrize("wrong", [3, "abc", object()])
def test_what_is_no_data_is_named(look, wrong):
    learn = ck.Learner(ck.Loaders((INPUTS, TARGETS.clamp(0)), device="cpu"), nn.Linear(4, 3), progress=False)
    with pytest.raises(ValueError, match=f"found {type(wrong).__name__}"):
        getattr(learn, look)(wrong)


def test_pairs_are_samples_and_tables_are_none():
    pairs = ck.Loaders([(torch.ones(2), 0), (torch.zeros(2), 1), (torch.ones(2), 1)], device="cpu")
    assert pairs.train.samples == 3
    with pytest.raises(ValueError, match="found DataFrame"):
        ck.Loaders(pytest.importorskip("pandas").DataFrame({"x": [1]}), device="cpu")


def test_rows_are_appended_under_their_own_columns(tmp_path):
    def fit(metrics=()):
        data = ck.Loaders((INPUTS, TARGETS.clamp(0)), (INPUTS, TARGETS.clamp(0)), device="cpu")
        learn = ck.Learner(data, nn.Linear(4, 3), metrics=metrics, progress=False)
        learn.fit(1, callbacks=[ck.CSVLogger(tmp_path / "log.csv", append=True)])

    fit()
    fit()
    with pytest.raises(ValueError, match="has the columns epoch,train_loss,valid_loss,seconds, and this fit"):
        fit([ck.accuracy])


@pytest.mark.parametrize("targets, said", [(torch.ones(12, 3).long(), "dtype"), (torch.full((12, 3), 2.0), "0 or 1")])
def test_targets_of_pytorchs_binary_cross_entropy_are_looked_at(targets, said):
    data = ck.Loaders((INPUTS, targets), device="cpu")
    with pytest.raises(ValueError, match=said):
        ck.Learner(data, nn.Linear(4, 3), nn.BCEWithLogitsLoss(), progress=False).fit(1)
