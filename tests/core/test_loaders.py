"""Batches: every row once an epoch, inputs beside their targets, whatever the data comes as."""

import os
import subprocess
import sys

import pytest
import torch
from lab import ROOT
from needs import needs_fork
from torch.utils.data import Dataset, TensorDataset

import coursekit as ck

TRAINS = """
import multiprocessing, sys

import torch
from torch.utils.data import TensorDataset

import coursekit as ck

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    torch.manual_seed(1)
    rows = TensorDataset(torch.randn(40, 3), torch.arange(40) % 2)
    data = ck.Loaders(rows, rows, batch_size=8, workers=2, device="cpu")
    learn = ck.Learner(data, torch.nn.Linear(3, 2), progress=False)
    learn.fit(2, 0.1)
    print(learn.model.weight.tolist(), learn.validate())
"""


class Squares(Dataset):
    """Ten numbers and their squares."""

    def __len__(self):
        return 10

    def __getitem__(self, i):
        return torch.tensor([float(i)]), i * i


X = torch.arange(10.0)[:, None]
Y = torch.arange(10) ** 2
SOURCES = {
    "tuple": (X, Y),
    "list": [X, Y],
    "lists of numbers": (X.tolist(), Y.tolist()),
    "arrays": (X.numpy(), Y.numpy()),
    "tensor data set": TensorDataset(X, Y),
    "data set": Squares(),
    "non-contiguous": (torch.stack([X, X], dim=2)[:, :, 1], Y.repeat_interleave(2)[::2]),
}


@pytest.fixture(params=SOURCES.values(), ids=SOURCES.keys())
def source(request):
    return request.param


def test_every_row_comes_once_beside_its_target(source):
    data = ck.Loaders(source, source, batch_size=3, device="cpu")
    for part, sizes in ((data.train, [3, 3, 4]), (data.valid, [6, 4])):
        batches = list(part)
        assert [len(y) for _, y in batches] == sizes and len(part) == len(sizes) and part.samples == 10
        x, y = (torch.cat(parts) for parts in zip(*batches, strict=True))
        assert torch.equal(x[:, 0] ** 2, y.float()) and torch.equal(x[:, 0].sort().values, X[:, 0])
    assert torch.equal(torch.cat([x for x, _ in data.valid]), X)


def test_the_order_is_drawn_anew_each_epoch_and_follows_the_seed(source):
    train = ck.Loaders(source, batch_size=4, device="cpu").train

    def order():
        return torch.cat([y for _, y in train]).tolist()

    torch.manual_seed(5)
    first, second = order(), order()
    assert first != second
    torch.manual_seed(5)
    assert [order(), order()] == [first, second]


@pytest.mark.parametrize("size", [10, 11, 1000])
def test_a_batch_size_beyond_the_data_gives_one_batch(source, size):
    data = ck.Loaders(source, batch_size=size, device="cpu")
    assert [len(y) for _, y in data.train] == [10] and len(data.train) == 1


@pytest.mark.parametrize(
    "size, train, valid",
    [(1, 10 * [1], 5 * [2]), (3, [3, 3, 4], [6, 4]), (4, [4, 4, 2], [8, 2]), (9, [10], [10]), (10, [10], [10])],
)
def test_a_lone_last_row_joins_the_batch_before_it_in_training(source, size, train, valid):
    data = ck.Loaders(source, source, batch_size=size, device="cpu")
    for part, sizes in ((data.train, train), (data.valid, valid)):
        assert [len(y) for _, y in part] == sizes and len(part) == len(sizes)
    rows = [X[:1], Y[:1]]
    assert [len(y) for _, y in ck.Loaders(rows, batch_size=size, device="cpu").train] == [1], "there is no other row"


def test_one_row_left_over_in_validation_stays_alone():
    assert [len(y) for _, y in ck.TensorLoader((X, Y), 3, device="cpu")] == [3, 3, 3, 1]


def test_the_rows_of_a_shuffled_loader_can_be_had_in_order(source):
    train = ck.Loaders(source, batch_size=3, device="cpu").train
    assert torch.equal(torch.cat([x for x, _ in train.in_order()]), X)
    assert train.shuffle, "the loader itself is as it was"


def test_many_inputs_stay_together():
    a, b, y = torch.randn(7, 2), torch.randn(7, 3), torch.arange(7)
    for left, right, target in ck.Loaders((a, b, y), batch_size=2, device="cpu").train:
        assert torch.equal(left, a[target]) and torch.equal(right, b[target])


def test_items_can_be_loaded_by_other_processes():
    data = ck.Loaders(Squares(), batch_size=4, device="cpu", workers=1)
    assert sorted(torch.cat([y for _, y in data.train]).tolist()) == Y.tolist()


@pytest.mark.parametrize("part", ["train", "valid"])
def test_a_model_that_changes_its_batch_does_not_change_the_data(part):
    x, y = X.clone(), Y.clone()
    for batch, _ in getattr(ck.Loaders((x, y), (x, y), batch_size=3, device="cpu"), part):
        batch.zero_()
    assert torch.equal(x, X) and torch.equal(y, Y)


def test_what_it_says_about_itself():
    held_out = ck.Loaders((X, Y), (X[:4], Y[:4]), batch_size=3, device="cpu")
    assert repr(held_out) == "Loaders(10 samples in 3 batches, 4 held-out samples, on cpu)"
    assert repr(ck.Loaders((X, Y), device="cpu")) == "Loaders(10 samples in 1 batches, nothing held out, on cpu)"


def test_the_device_is_the_best_one_unless_it_is_named():
    assert ck.Loaders((X, Y)).device == ck.device()
    assert ck.device("cpu") == torch.device("cpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="no 'cuda' device"):
            ck.Loaders((X, Y), device="cuda")


@needs_fork
def test_it_trains_the_same_however_processes_start(tmp_path):
    """Linux forks; Windows and macOS spawn."""
    program = tmp_path / "trains.py"
    program.write_text(TRAINS, encoding="utf-8")
    commands = [[sys.executable, str(program), method] for method in ("fork", "spawn")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    found = [subprocess.run(c, capture_output=True, encoding="utf-8", env=environment) for c in commands]
    assert not any(done.returncode for done in found), [done.stderr for done in found]
    assert found[0].stdout == found[1].stdout != ""
