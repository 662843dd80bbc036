"""Looking at a learner changes no bit of what it learns next, whatever the learner is made of."""

import copy
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import Dataset

import coursekit as ck

torch.manual_seed(7)
X = torch.randn(21, 4)
Y = (X @ torch.randn(4, 3)).argmax(1)


class Noisy(Dataset):
    """Samples that are augmented by every generator there is."""

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        noise = torch.randn(4) + np.random.rand() + random.random()
        return X[index] + 0.1 * noise, self.target(index)

    def target(self, index):
        return Y[index]


class NoisyLabels(Noisy):
    def target(self, index):
        return nn.functional.one_hot(Y[index], 3).float()


class Remembers(nn.Module):
    """Buffers of every kind: kept in place or replaced, saved or not; a part that somebody put into eval mode."""

    def __init__(self):
        super().__init__()
        self.norm, self.dropout, self.quiet = nn.BatchNorm1d(4), nn.Dropout(0.3), nn.Dropout(0.5).eval()
        self.last = nn.Linear(4, 3)
        self.register_buffer("seen", torch.zeros(()), persistent=False)
        self.register_buffer("state", torch.zeros(3), persistent=False)

    def forward(self, x):
        outputs = self.last(self.dropout(self.norm(x))) + 0.1 * self.state
        if self.training:
            self.seen += 1
            self.state = outputs.detach().mean(0)
        return outputs * (1 + 0.01 * self.seen)


def small():
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.2), nn.Linear(6, 3))


def as_labels(y):
    return nn.functional.one_hot(y, 3).float()


TASKS = {  # by name: targets, the loss, metrics, a Dataset that gives the same
    "classes": (Y, ck.cross_entropy, [ck.accuracy, ck.f1], Noisy),
    "labels": (as_labels(Y), ck.binary_cross_entropy, [ck.fbeta, ck.roc_auc], NoisyLabels),
    "numbers": (as_labels(Y), ck.mean_squared_error, [ck.rmse, ck.r2], NoisyLabels),
}
SOURCES = ("tensors", "data set")
LOOKS = {
    "validate": lambda learn: learn.validate(),
    "validate the training data": lambda learn: learn.validate(learn.data.train),
    "predictions": lambda learn: learn.predictions(),
    "predictions of the training data": lambda learn: learn.predictions(learn.data.train),
    "show results": lambda learn: learn.show_results(30),
    "a table of predictions": lambda learn: learn.prediction_table(),
    "interpretation": lambda learn: ck.Interpretation(learn) if learn.loss_fn is ck.cross_entropy else None,
    "predict": lambda learn: learn.predict(X[:3]),
    "raw outputs": lambda learn: learn.raw_outputs(X[0]),
    "summary": lambda learn: learn.summary(),
    "lr_find": lambda learn: learn.lr_find(batches=4),
    "repr": repr,
}


def made(task, source, model, options):
    targets, loss, metrics, dataset = TASKS[task]
    part = (X, targets) if source == "tensors" else dataset()
    data = ck.Loaders(part, part, batch_size=8, device="cpu", workers=2 * (source == "workers"))
    torch.manual_seed(5)
    learn = ck.Learner(data, model(), loss, metrics, progress=False, **options)
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    return learn


def trained(task, source, model, options, looks):
    """All that a fit is, after a fit and these looks."""
    learn = made(task, source, model, options)
    learn.fit(1, 0.01)
    state, modes = copy.deepcopy(dict(learn.model.named_buffers())), [m.training for m in learn.model.modules()]
    for look in looks:
        LOOKS[look](learn)
        modes = [m.training for m in learn.model.modules()] if look not in ("lr_find", "summary", "repr") else modes
        assert modes == [m.training for m in learn.model.modules()], f"{look} changed the mode of a part"
        assert all(torch.equal(b, state[name]) for name, b in learn.model.named_buffers()), f"{look} changed a buffer"
    learn.fit(1, 0.01)
    return [*learn.model.state_dict().values(), torch.tensor(learn.recorder.losses), torch.get_rng_state()]


unseen = {}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(list(TASKS)), st.sampled_from(SOURCES), st.sampled_from([small, Remembers]),
    st.sampled_from([(), ("bf16",)]), st.lists(st.sampled_from(list(LOOKS)), min_size=1, max_size=3),
)  # fmt: skip
def test_looking_changes_no_bit_of_the_next_fit(task, source, model, extra, looks):
    options = {"callbacks": [ck.MixedPrecision()] if "bf16" in extra else []}
    key = (task, source, model, extra)
    if key not in unseen:
        unseen[key] = trained(task, source, model, options, [])
    for one, other in zip(unseen[key], trained(task, source, model, options, looks), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("source", [*SOURCES, "workers"])
def test_one_look_after_the_other(source):
    looks = list(LOOKS) if source != "workers" else ["validate", "validate the training data", "summary"]
    one, other = (trained("classes", source, Remembers, {}, said) for said in ([], looks))
    assert all(map(torch.equal, one, other))


@pytest.mark.parametrize("source", [*SOURCES, "workers"])
def test_the_same_seed_trains_the_same_whatever_was_drawn_before(source):
    def fitted(before):
        learn = made("classes", source, small, {})
        first = copy.deepcopy(learn.model.state_dict())
        learn.fit(before, 0.01)
        learn.model.load_state_dict(first)
        random.seed(2), np.random.seed(2), torch.manual_seed(2)
        learn.fit(1, 0.01)
        return learn.recorder.losses

    assert fitted(1) == fitted(2)


def test_a_look_that_fails_leaves_the_generators_alone():
    def fails(outputs, targets):
        raise ArithmeticError

    learn = made("classes", "tensors", small, {})
    learn.metrics = (fails,)
    before = torch.get_rng_state()
    try:
        learn.validate(learn.data.train)
    except ArithmeticError as error:
        kept = SimpleNamespace(error=error)  # with all frames, as a notebook keeps it
    assert torch.equal(torch.get_rng_state(), before) and kept.error
    torch.manual_seed(9)
    after = torch.get_rng_state()
    del kept
    assert torch.equal(torch.get_rng_state(), after)
