"""Four times as much takes about four times the work: steps are counted, no time is measured."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import coursekit as ck
from benchmarks import growth, report, targets
from coursekit import display
from coursekit.vision import duplicates


def counted(monkeypatch, owner, name, size=lambda *_: 1):
    """A list to which each call of `owner.name` adds its size."""
    calls, whole = [], getattr(owner, name)

    def call(*given, **options):
        calls.append(size(*given))
        return whole(*given, **options)

    monkeypatch.setattr(owner, name, call)
    return calls


def times_as_many(calls, work, size):
    """How many times as many steps four times the size takes."""
    done = []
    for n in (size, 4 * size):
        calls.clear()
        work(n)
        done.append(sum(calls))
    assert done[0] > 0
    return done[1] / done[0]


def test_folders_whose_images_are_called_the_same(monkeypatch):
    def label(folders):
        files = [Path(f"class{i}", f"{name}.jpg") for i in range(folders) for name in ("0", "1", "0_1")]
        ck.ImageSource(files).labelled_by(ck.folder_labels())

    assert times_as_many(counted(monkeypatch, Path, "with_suffix"), label, 50) < 5


class Name(str):
    """A column's name that counts how often it is compared."""

    __slots__ = ()
    compared = []
    __hash__ = str.__hash__

    def __eq__(self, other):
        self.compared.append(1)
        return str.__eq__(self, other)


def test_tables_with_many_columns():
    def prepare(columns):
        names = [Name(f"x{i}") for i in range(columns)]
        table = pd.DataFrame(np.random.default_rng(0).random((3, columns)), columns=names)
        ck.TablePrep([], list(map(Name, names))).fit_transform(table)

    assert times_as_many(Name.compared, prepare, 50) < 5


def hashes(images, seed=0):
    """Hashes that have nothing to do with each other, but for a tenth that are near others."""
    draw = torch.Generator().manual_seed(seed)
    found = torch.rand(images, 64, generator=draw) > 0.5
    copies = found[: images // 10]
    found[-len(copies) :] = copies ^ (torch.rand(copies.shape, generator=draw) < 0.05)
    return found


def test_few_pairs_of_hashes_are_compared(monkeypatch):
    compared = counted(monkeypatch, duplicates, "_distances", lambda hashes, i, j: len(i))
    every = counted(monkeypatch, duplicates, "_near_of_all")
    images = torch.randint(0, 256, (4_000, 1, 8, 9), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    work = {n: ck.ImageSource(images[:n]) for n in (1_000, 4_000)}
    assert times_as_many(compared, lambda n: ck.near_duplicates(work[n]), 1_000) < 5
    assert sum(compared) < 4_000 * 4_000 / 2 / 50 and not every


@pytest.mark.parametrize("threshold", [0, 1, 3, 5, 8])
@pytest.mark.parametrize("images", [1_000, 1_700, 3_001])
def test_no_near_pair_is_missed(images, threshold):
    found, all_of_them = (near(hashes(images), threshold) for near in (duplicates._near, duplicates._near_of_all))
    assert torch.equal(found.unique(dim=0), all_of_them.unique(dim=0)) and len(all_of_them) > 0


@pytest.mark.parametrize(
    "alike, threshold", [(hashes(1_000), 20), (hashes(30), 5), (torch.zeros(2_000, 64, dtype=torch.bool), 5)]
)
def test_where_many_are_alike_each_pair_is_compared(alike, threshold):
    assert duplicates._near(alike, threshold) is None


def test_confusions_are_counted_once_however_many_batches(monkeypatch):
    rows = torch.randn(40, 4), torch.arange(40) % 3
    data = ck.Loaders(rows, rows, batch_size=2, target_type=ck.Categories(("a", "b", "c")))
    calls = counted(monkeypatch, ck.Categories, "confusion")
    found = ck.Interpretation(ck.Learner(data, nn.Linear(4, 3)))
    assert len(calls) == 1 and found.confusion_matrix().sum() == 40


def test_a_fit_of_many_quick_epochs_draws_its_table_a_few_times(monkeypatch, capsys):
    rows = torch.randn(4, 4), torch.arange(4) % 3
    learn = ck.Learner(ck.Loaders(rows, rows), nn.Linear(4, 3))
    monkeypatch.setattr(display, "monotonic", lambda: 1.0)
    assert times_as_many(counted(monkeypatch, display, "_cell"), learn.fit, 10) < 5
    assert capsys.readouterr().out.count("\n") == 1 + 10 + 1 + 40  # each epoch's row is there in the end


def test_slow_epochs_are_shown_as_they_end(monkeypatch, capsys):
    clock, shown = iter(range(1000)), []

    class Look:
        order = 101  # after the progress

        def after_epoch(self, learn):
            shown.append(capsys.readouterr().out.count("\n"))

    rows = torch.randn(4, 4), torch.arange(4) % 3
    learn = ck.Learner(ck.Loaders(rows, rows), nn.Linear(4, 3), callbacks=[Look()])
    monkeypatch.setattr(display, "monotonic", lambda: float(next(clock)))
    learn.fit(3)
    assert shown == [2, 1, 1]


# The script


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_exponent_is_that_of_the_upper_half(power):
    sizes = growth.steps(10, 1e4)
    seconds = [0.5 if size < 300 else 1e-6 * size**power for size in sizes]
    assert len(sizes) == 7 and growth.fitted(sizes, seconds) == pytest.approx((power, 0), abs=1e-9)
    slope, error = growth.fitted(sizes, [s * (1.2 if i % 2 else 1) for i, s in enumerate(seconds)])
    assert abs(slope - power) < 2 * error < 0.5


@pytest.mark.parametrize("name", sorted(growth.CASES.keys() - {"connections", "workers"}))
def test_every_case_can_be_measured(name, tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "REPEATS", 1)
    monkeypatch.setattr(growth.tempfile, "tempdir", None)  # what `measure` sets goes with the test
    seconds, memory = growth.measure(name, growth.CASES[name].sizes[1], str(tmp_path))
    assert seconds > 0 and memory >= 0


def test_a_case_above_n_log_n_says_why():
    assert [name for name, case in growth.CASES.items() if (case.power > 1) != bool(case.why)] == []


def test_the_table_is_made_from_the_record_and_judged(tmp_path):
    def found(name, power):
        sizes = growth.CASES[name].sizes
        return {"sizes": sizes, "seconds": [1e-6 * size**power for size in sizes], "MB": [1.0 for _ in sizes]}

    growth.keep({"columns": found("columns", 1.2), "confusion": found("confusion", 1.9)}, "quiet", tmp_path)
    text = growth.told(growth.latest(tmp_path))
    assert "| `TablePrep` | columns | 10 | 10,000 | 0.0631 | 1 | 1.20 ± 0.00 | 1 |  |" in text.splitlines()
    (line,) = targets.judged("growth", text).splitlines()[-1:]
    assert line.endswith(": met: 0.20 of at most 0.25.")
    growth.keep({"columns": found("columns", 1.4)}, "", tmp_path)
    assert "missed: 0.40 of at most 0.25" in targets.judged("growth", growth.told(growth.latest(tmp_path)))


def test_the_readmes_table_is_that_of_the_latest_record():
    one = growth.latest()
    text = report.inside(report.README.read_text(encoding="utf-8"), "growth")
    assert (growth.told(one) if one else "") in text
