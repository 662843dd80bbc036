"""What several test files share: a data home of their own, a fixed seed, a small classification task."""

import math
import os
import shutil
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
import wheels
from browser import launched, new_page
from filelock import FileLock
from needs import skip_without
from torch import nn
from workbooks import makers_of, places_of

import coursekit as ck
from excel.make.recalculate import recalculate


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """No test reads or writes the user's data home, nor depends on the user's settings."""
    for name in ("SIZE", "MIRROR", "VERIFY", "CACHE"):
        monkeypatch.delenv(f"COURSEKIT_{name}", raising=False)
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def recursion_limit():
    """Each test has Python's own: one that is interrupted within Hypothesis leaves a higher one behind."""
    before = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(before)


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Models this small gain nothing from a second thread, and lose much to it on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture
def without_case(monkeypatch):
    """Paths that compare as those of Windows do."""
    monkeypatch.setattr(type(Path()), "__lt__", lambda one, other: str(one).lower() < str(other).lower())
    assert Path("dog") < Path("Emu")


@pytest.fixture(scope="module")
def browser():
    """A real browser for the tests of one file."""
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser):
    """A page of its own in that browser (see `browser.new_page`)."""
    with new_page(browser) as page:
        yield page


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Lets the workers of one run share what takes long to make: `once(name, make)` gives the folder with it.

    The first that asks makes it, the others wait. The folder is gone with the run's other temporary files.
    """
    base = tmp_path_factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def shared(name, make):
        folder = base / name
        with FileLock(base / f"{name}.lock"):
            if not (folder / "made").exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed
                folder.mkdir()
                make(folder)
                (folder / "made").touch()
        return folder

    return shared


@pytest.fixture(scope="session")
def wheel(once):
    """The course's wheel, built once in a run."""
    (found,) = once("wheel", wheels.build).glob("*.whl")
    return found


@pytest.fixture(scope="session")
def workbooks(request, once):
    """The folder with the workbooks of all tests that are marked by `workbooks.recalculates`."""
    marked = [item for item in request.session.items if item.get_closest_marker("recalculates")]

    def make(folder):
        places = []
        for item in marked:
            for place, maker in zip(places_of(item, folder), makers_of(item), strict=True):
                maker(place)
                places.append(place)
        recalculate(*places)

    return once("workbooks", make)


@pytest.fixture
def recalculated(request, workbooks):
    """What LibreOffice made of the workbooks that a test is marked with, see `workbooks.recalculates`."""
    return places_of(request.node, workbooks)


def pytest_itemcollected(item):
    skip_without(item)


def pytest_configure(config):
    config.addinivalue_line("markers", "tools(there, reason): needs LibreOffice, Chromium or Java, see needs.py")
    config.addinivalue_line("markers", "recalculates(*makers): what LibreOffice makes of workbooks, see workbooks.py")


@pytest.fixture(scope="session")
def rows():
    """50 rows of 4 numbers in 3 classes, and 30 to hold out: both leave a short last batch at a batch size of 16."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(80, 4, generator=generator)
    y = (x @ torch.randn(4, 3, generator=generator)).argmax(1)
    return (x[:50], y[:50]), (x[50:], y[50:])


def small_model():
    """Three layer groups, with what makes a run depend on more than its weights: batch norm and dropout."""
    torch.manual_seed(2)
    last = nn.Sequential(nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), last)


@pytest.fixture
def learner(rows):
    """Makes learners of `rows`, always from the same weights and the same random state."""

    def make(model=None, train=rows[0], valid=rows[1], batch_size=16, **options):
        data = ck.Loaders(train, valid, batch_size=batch_size, device="cpu")
        learn = ck.Learner(data, model or small_model(), **({"progress": False} | options))
        torch.manual_seed(3)
        return learn

    return make


@pytest.fixture
def new_model():
    return small_model


def hand_one_cycle(share, warmup=0.25):
    """The one-cycle schedule anew: share of the top rate, and momentum, after a share of the training."""

    def between(start, end, part):
        return end + (start - end) * (1 + math.cos(math.pi * part)) / 2

    if share < warmup:
        return between(1 / 25, 1.0, share / warmup), between(0.95, 0.85, share / warmup)
    share = (share - warmup) / (1 - warmup)
    return between(1.0, 1e-5, share), between(0.85, 0.95, share)


OPTIMIZERS = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
}
SCHEDULES = {"constant": (ck.constant, lambda share: (1.0, None)), "one_cycle": (ck.one_cycle(), hand_one_cycle)}


def pytest_generate_tests(metafunc):
    """`optimizer` and `schedule` run over all of them; a schedule comes with its hand-written twin."""
    for name, choices in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, choices.values(), ids=choices.keys())
