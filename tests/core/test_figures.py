"""A figure is that of all samples, whatever the batch size and the order; an estimate says how sure it is."""

import random
from functools import partial

import numpy as np
import pytest
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import coursekit as ck

torch.manual_seed(11)
X = torch.randn(23, 4)
CLASSES = torch.randint(3, (23,))
IGNORED = torch.where(torch.arange(23) % 5 < 2, -100, CLASSES)
WIDE = torch.randint(3, (23, 5, 6))
VOID = torch.where(torch.rand(23, 5, 6) < 0.4, 2, WIDE)
VOID[:4] = 2  # whole samples that count for nothing


class Same(nn.Module):
    """Logits that are given: the answers are known."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.weight * x


def macro_f1(outputs, targets):
    """From the definition: 2 right / (given + true), averaged over the classes that are given or true."""
    given, scores = outputs.argmax(1), []
    for c in set(given.tolist()) | set(targets.tolist()):
        right = ((given == c) & (targets == c)).sum().item()
        scores.append(2 * right / ((given == c).sum() + (targets == c).sum()).item())
    return sum(scores) / len(scores)


@ck.over_all
def f1_by_hand(outputs, targets):
    return macro_f1(outputs, targets)


LOGITS, PIXELS = torch.randn(23, 3), torch.randn(23, 3, 5, 6)
ONES, COLUMNS = (torch.rand(23, 3) < 0.4).float(), torch.randn(23, 2)
ONES[:2] = torch.tensor([[1.0, 1, 1], [0, 0, 0]])
counted, seen = IGNORED != -100, VOID != 2
weight = torch.tensor([1.0, 9.0, 3.0])
everything = [weight[CLASSES], F.cross_entropy(LOGITS, CLASSES, reduction="none")]
RIGHT = {  # outputs, targets, loss, metric, the figure over all samples at once from its definition
    "classes": (LOGITS, CLASSES, ck.cross_entropy, ck.accuracy, (LOGITS.argmax(1) == CLASSES).double().mean()),
    "errors": (LOGITS, IGNORED, ck.cross_entropy, ck.error_rate,
               (LOGITS.argmax(1) != IGNORED)[counted].double().mean()),
    "ignored": (LOGITS, IGNORED, ck.cross_entropy, ck.accuracy,
                (LOGITS.argmax(1) == IGNORED)[counted].double().mean()),
    "void": (PIXELS, VOID, partial(ck.cross_entropy, ignore_index=2), partial(ck.accuracy, ignore_index=2),
             (PIXELS.argmax(1) == VOID)[seen].double().mean()),
    "F1": (LOGITS, CLASSES, nn.CrossEntropyLoss(weight=weight), ck.f1, macro_f1(LOGITS, CLASSES)),
    "a student's F1": (LOGITS, CLASSES, ck.cross_entropy, f1_by_hand, macro_f1(LOGITS, CLASSES)),
    "R2": (COLUMNS, ONES[:, :2], ck.mean_squared_error, ck.r2,
           (1 - (COLUMNS - ONES[:, :2]).square().sum(0) / (ONES[:, :2] - ONES[:, :2].mean(0)).square().sum(0)).mean()),
    "AUC": (LOGITS, ONES, ck.binary_cross_entropy, ck.roc_auc,
            sum(((LOGITS[ONES[:, c] == 1, c][:, None] > LOGITS[ONES[:, c] == 0, c]).double().mean()) for c in range(3))
            / 3),
    "root": (COLUMNS, ONES[:, :2], ck.mean_squared_error, ck.rmse, (COLUMNS - ONES[:, :2]).square().mean().sqrt()),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
@settings(max_examples=12, deadline=None)
@given(size=st.integers(1, 30), seed=st.integers(0, 99))
def test_a_figure_is_the_same_for_every_batch_size_and_order(name, size, seed):
    outputs, targets, loss, metric, right = RIGHT[name]
    order = torch.randperm(23, generator=torch.Generator().manual_seed(seed))
    data = ck.Loaders((outputs, targets), (outputs[order], targets[order]), batch_size=max(size, 2), device="cpu")
    learn = ck.Learner(data, Same(), loss, [metric], progress=False)
    found = learn.validate(ck.TensorLoader((outputs[order], targets[order]), size, device=torch.device("cpu")))
    whole = loss(outputs, targets).item()
    assert found["loss"] == pytest.approx(whole, rel=1e-5)
    assert list(found.values())[1] == pytest.approx(float(right), rel=1e-5, abs=1e-7)


def test_class_weights_are_what_the_mean_is_divided_by():
    factors, losses = everything
    assert nn.CrossEntropyLoss(weight=weight)(LOGITS, CLASSES).item() == pytest.approx(
        ((factors * losses).sum() / factors.sum()).item(), rel=1e-5
    )


def test_metrics_over_all_samples_are_those_of_scikit_learn():
    score = sklearn.metrics.roc_auc_score
    probabilities = LOGITS.softmax(1)
    assert ck.roc_auc(LOGITS, CLASSES) == pytest.approx(score(CLASSES, probabilities, multi_class="ovr"), abs=1e-6)
    two, binary = LOGITS[:, :2], (CLASSES > 0).long()
    assert ck.roc_auc(two, binary) == pytest.approx(score(binary, two[:, 1] - two[:, 0]))
    assert ck.f1(LOGITS, IGNORED) == pytest.approx(macro_f1(LOGITS[counted], IGNORED[counted]))
    assert ck.f1(two[:, :1], binary[:, None].float(), average="binary") == pytest.approx(
        sklearn.metrics.f1_score(binary, two[:, 0] > 0)
    )
    with pytest.raises(ValueError, match="of some class all samples or none are"):
        ck.roc_auc(LOGITS, CLASSES.clamp(max=1))
    with pytest.raises(ValueError, match="needs two; found 1"):
        ck.r2(COLUMNS[:1], COLUMNS[:1])


def test_a_metric_over_all_samples_is_in_the_table_of_epochs_in_its_place(learner):
    learn = learner(metrics=[ck.f1, ck.accuracy], callbacks=[ck.EarlyStopping("f1")])
    learn.fit(1)
    assert list(learn.recorder.epochs[0]) == ["epoch", "train_loss", "valid_loss", "f1", "accuracy", "seconds"]
    assert learn.recorder.epochs[0]["f1"] == pytest.approx(ck.f1(*learn.predictions()))


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_a_loss_that_is_no_mean_is_refused(learner, reduction):
    for loss in (nn.CrossEntropyLoss(reduction=reduction), partial(F.cross_entropy, reduction=reduction)):
        with pytest.raises(ValueError, match=f"loss_fn must be .* mean over the batch.*reduction='{reduction}'"):
            learner(loss_fn=loss)


def test_doubles_are_added_up_as_doubles():
    mean = ck.RunningMean("x")
    for value in (1.0, 1e-12):
        mean.add(torch.tensor(value, dtype=torch.float64), 1)
    assert mean.value == (1.0 + 1e-12) / 2


# The learning-rate finder: from losses whose fall is known


def search(losses, lowest=1e-6):
    found = ck.LRFinder()
    for i, loss in enumerate(losses):
        found.add(lowest * 1e7 ** (i / 99), loss)
    return found


FALL = [2.4 - 1.4 * i / 29 for i in range(30)]


@pytest.mark.parametrize("first", [2.6, 2.4, 2.0, 5.0])
def test_the_suggestion_is_where_the_loss_falls_and_not_the_first_batch(first):
    found = search([first] + [2.4] * 49 + FALL)
    assert 3e-3 <= found.suggestion <= 1e-6 * 1e7 ** (79 / 99)


@pytest.mark.parametrize("losses", [[2.4] * 80, [2.6] + [2.4] * 99, [9.0] + [2.4] * 99, [1.0, 2.0, 3.0, 4.0], [2.4]])
def test_where_nothing_falls_there_is_no_suggestion(losses):
    found = search(losses)
    assert found.suggestion is None and "no clear fall" in repr(found)


def test_noise_is_no_fall_and_a_fall_is_found_in_noise():
    rng = random.Random(0)
    noise = [[2.4 + rng.gauss(0, 0.2) for _ in range(80)] for _ in range(200)]
    assert sum(search(losses).suggestion is not None for losses in noise) <= 4
    falls = [search([a + b - 2.4 for a, b in zip(losses, [2.4] * 50 + FALL, strict=True)]) for losses in noise]
    assert all(found.suggestion is not None and found.suggestion >= 1e-3 for found in falls)


def test_a_suggestion_scales_with_nothing_but_the_learning_rates():
    found = search([2.6] + [2.4] * 49 + FALL)
    assert search([1000 * loss + 7 for loss in found.losses]).suggestion == found.suggestion


def test_a_search_without_a_fall_trains_nothing_and_is_drawn(learner, monkeypatch):
    drawn = []
    monkeypatch.setattr("coursekit.plots.finish", drawn.append)
    found = search([2.4] * 80)
    found.plot()
    assert drawn[0].endswith("no clear fall.")
    with pytest.raises(ValueError, match=r"no clear fall.*: look at its plot\(\), and give a learning rate"):
        learner().fit(1, found)
    assert repr(ck.LRFinder()) == "LRFinder(nothing tried yet)" and ck.LRFinder().suggestion is None


# Parts of a learner that are none


PARTS = {
    "data": ((X, CLASSES), TypeError, "data must be Loaders; found tuple"),
    "model": (nn.Linear, TypeError, "model must be Module; found type <class"),
    "loss_fn": (nn.CrossEntropyLoss, ValueError, "loss_fn must be a function .*, say, not its class; found <class"),
    "optimizer_fn": (torch.optim.SGD([nn.Parameter(X)]), ValueError, "optimizer_fn is called with parameter groups"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_something_else_is_named(name):
    given = {"data": ck.Loaders((X, CLASSES), device="cpu"), "model": nn.Linear(4, 3)} | {name: PARTS[name][0]}
    with pytest.raises(PARTS[name][1], match=PARTS[name][2]):
        ck.Learner(**given)


def test_lbfgs_is_refused_in_words(learner):
    with pytest.raises(ValueError, match=r"one step a batch \(LBFGS takes several\); it gave LBFGS"):
        learner(optimizer_fn=torch.optim.LBFGS).fit(1)


class Given(torch.utils.data.Dataset):
    def __init__(self, item):
        self.item = item

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return self.item


@pytest.mark.parametrize("item, found", [({"x": X[0]}, "dict"), (X[0], "Tensor"), ((X[0], "a"), "'tuple'")], ids=str)
def test_a_batch_that_is_no_tuple_of_tensors_is_named(item, found):
    learn = ck.Learner(ck.Loaders(Given(item), device="cpu"), nn.Linear(4, 3), progress=False)
    with pytest.raises(ValueError, match=f"a batch must be a tuple of tensors.*; found .*{found}"):
        learn.fit(1)


def test_a_mean_binary_cross_entropy_of_nothing_is_no_number():
    assert ck.binary_cross_entropy(torch.empty(0, 3), torch.empty(0, 3)).isnan()  # as PyTorch's


@pytest.mark.parametrize("beta", [0.7, 0.9])
def test_a_first_beta_that_is_asked_for_is_kept(learner, beta):
    used = []
    note = type("Note", (), {"after_batch": lambda self, learn: used.append(learn.optimizer.param_groups[0]["betas"])})
    learner(optimizer_fn=partial(torch.optim.AdamW, betas=(beta, 0.999)), callbacks=[note()]).fit_one_cycle(1)
    assert set(used) == {(beta, 0.999)}


def test_metadata_may_hold_numbers_of_numpy_and_pytorch(learner, tmp_path):
    learn = learner()
    path = learn.save(tmp_path / "model", acc=np.float32(0.5), n=np.int64(3), loss=torch.tensor(0.25))
    kept = learn.load(path)
    assert (kept["acc"], kept["n"], kept["loss"]) == (0.5, 3, 0.25)
    with pytest.raises(ValueError, match="metadata called 'config' would replace the learner's own"):
        learn.save(tmp_path / "model", config={})
