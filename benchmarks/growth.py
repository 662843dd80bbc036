"""How cost grows: seconds and memory of what the course uses, over three decades of size, and the exponents fitted.

Each size of each case has a process of its own, which makes its data, does the work a few times, and gives the least
time and the most memory that it took beyond what was imported. Seconds are those that the processor worked, so that
other programs on the machine disturb them little; where other processes do the work, those on the wall.

The exponent is the slope of a line of least squares through the logarithms of sizes and seconds, on the upper half of
the sizes: n log n gives about 1.1 there. A run is kept in `benchmarks/runs`; `--tables` writes the README's table from
the latest one. It needs Linux or macOS.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import Dataset

import coursekit as ck
from coursekit.text.vocab import TokenizedTexts
from lessons.make import record

from .report import table, write

ENOUGH = 1.0  # seconds of a size's repetitions, of which there are at most REPEATS
REPEATS = 3


def network(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 20), nn.ReLU(), nn.Linear(20, outputs))


def epoch(loader):
    for _ in loader:
        pass


def fit(epochs, samples):
    """So many epochs of a small network, progress and metrics on."""
    train = torch.randn(samples, 20), torch.randint(0, 10, (samples,))
    learn = ck.Learner(ck.Loaders(train, train), network(20, 10), ck.cross_entropy, [ck.accuracy])
    return lambda: learn.fit(epochs)


def days(rows, groups):
    """A table of so many rows, days of groups, shuffled, with one event."""
    each = max(1, rows // groups)
    frame = pd.DataFrame({"Store": np.arange(rows) // each, "Date": pd.Timestamp("2013-01-01")})
    frame["Date"] += pd.to_timedelta(np.arange(rows) % each, "D")
    frame["Promo"] = np.random.default_rng(0).random(rows) < 0.1
    return frame.sample(frac=1, random_state=0, ignore_index=True)


def elapsed(rows, groups):
    frame = days(rows, groups)
    return lambda: ck.add_elapsed(frame, ["Promo"], date="Date", by="Store")


def rolling(rows, groups):
    frame = days(rows, groups)
    return lambda: ck.add_rolling(frame, ["Promo"], date="Date", by="Store", days=[7, -7])


def prepared(rows, categories, categorical=3, continuous=3):
    """A table's preparation, learned and used; columns of so many categories, and of numbers."""
    draw = np.random.default_rng(0)
    names, numbers = [f"c{i}" for i in range(categorical)], [f"x{i}" for i in range(continuous)]
    columns = {name: draw.integers(0, categories, rows) for name in names}
    frame = pd.DataFrame(columns | {name: draw.random(rows) for name in numbers})
    return lambda: ck.TablePrep(names, numbers).fit_transform(frame)


def ratings(users):
    """An epoch of a collaborative filter, 20 ratings a user."""
    draw, rows = np.random.default_rng(0), 20 * users
    frame = pd.DataFrame({"userId": np.arange(rows) % users, "movieId": draw.integers(0, 100, rows)})
    data = ck.RatingLoaders(frame.assign(rating=draw.integers(1, 6, rows).astype(float)))
    learn = ck.collab_learner(data, 50)
    return lambda: learn.fit(1)


def listed(images):
    """Files listed, labelled by their folders and split; 10 in each folder, called the same in all of them."""
    folder = Path(tempfile.mkdtemp())
    for i in range(images):
        file = folder / f"class{i // 10}" / f"{i % 10}.jpg"
        file.parent.mkdir(exist_ok=True)
        file.touch()
    files = ck.ImageSource(folder)
    return lambda: ck.ImageSource(folder) and files.labelled_by(ck.folder_labels()).split(ck.at_random(0.2))


def images(count, side):
    return torch.randint(0, 256, (count, 1, side, side), dtype=torch.uint8)


def duplicates(count):
    source = ck.ImageSource(images(count, 9))
    return lambda: ck.near_duplicates(source)


def image_batches(count):
    labels = torch.arange(count) % 2
    source = ck.ImageSource(images(count, 16)).labelled_by(ck.list_labels(labels)).split(ck.at_random(0.2))
    data = source.loaders(16, augment=ck.Augment(), memory=True)
    return lambda: epoch(data.train)


def texts(tokens):
    """Texts of 200 words, which occur as often as words do: the second half as often as the first, and so on."""
    words = [f"w{rank}" for rank in np.random.default_rng(0).zipf(1.2, tokens)]
    return [" ".join(words[start : start + 200]) for start in range(0, tokens, 200)]


def numbered(tokens):
    def work():
        split = TokenizedTexts(given)
        ck.Vocab.count(split).encode(split)

    given = texts(tokens)
    return work


def byte_pairs(tokens):
    given = texts(tokens)
    return lambda: ck.BytePairs.train(given).encode(given)


def sequences(tokens):
    documents = list(torch.randint(0, 1000, (tokens,)).split(200))
    data = ck.SequenceLoader(documents, 64, shuffle=True)
    return lambda: epoch(data)


def measured(classes):
    """Loss and metrics of a batch of 64 samples."""
    outputs, targets = torch.randn(64, classes), torch.randint(0, classes, (64,))
    return lambda: [f(outputs, targets) for f in (ck.cross_entropy, ck.accuracy, ck.error_rate)]


def confused(classes):
    """Three held-out samples a class, looked at, and the classes that are taken for others."""
    held_out = torch.randn(3 * classes, 20), torch.arange(classes).repeat(3)
    names = ck.Categories(tuple(f"c{i}" for i in range(classes)))
    learn = ck.Learner(ck.Loaders(held_out, held_out, target_type=names), network(20, classes), progress=False)
    return lambda: ck.Interpretation(learn).most_confused()


class Items(Dataset):
    """Samples that each take some work."""

    def __len__(self):
        return 2000

    def __getitem__(self, i):
        return torch.full((3, 32, 32), float(i)).sqrt(), i


def workers(count):
    """An epoch of 2,000 samples, made by processes that are there already."""
    multiprocessing.set_start_method(None, force=True)  # the system's own, not the one that started this process
    data = ck.DatasetLoader(Items(), 64, workers=count)
    epoch(data)
    return lambda: epoch(data)


def steps(first, last, by=10**0.5):
    """Sizes from the first to the last, each so many times the one before."""
    return [round(first * by**i) for i in range(1 + round(np.log(last / first) / np.log(by)))]


@dataclass(frozen=True)
class Case:
    """What is measured: `make(size)` gives the work.

    `power` is the exponent that it may have, give or take what `targets.py` allows; more than 1 needs a reason, `why`.
    """

    what: str
    grows: str
    make: Callable[[int], Callable[[], object]]
    sizes: list[int]
    power: int = 1
    why: str = ""
    clock: Callable[[], float] = process_time


CASES = {
    "tensor_loader": Case("epoch of a `TensorLoader`", "rows", lambda n: bind(epoch, ck.TensorLoader(
        (torch.randn(n, 20), torch.arange(n)), 64, shuffle=True)), steps(1e3, 1e6)),
    "learner": Case("`Learner.fit`, an epoch", "rows", lambda n: fit(1, n), steps(1e2, 1e5)),
    "epochs": Case("`Learner.fit`, one batch each", "epochs", lambda n: fit(n, 8), steps(3, 3e3)),
    "elapsed": Case("`add_elapsed`", "rows", lambda n: elapsed(n, n // 1000), steps(1e3, 1e6)),
    "rolling": Case("`add_rolling`", "rows", lambda n: rolling(n, n // 1000), steps(1e3, 1e6)),
    "prep": Case("`TablePrep`", "rows", lambda n: prepared(n, 100), steps(1e3, 1e6)),
    "columns": Case("`TablePrep`", "columns", lambda n: prepared(100, 5, n // 2, n // 2), steps(10, 1e4)),
    "categories": Case("`TablePrep`", "categories", lambda n: prepared(2 * n, n, 1, 0), steps(1e3, 1e6)),
    "ratings": Case("an epoch of `collab_learner`", "users", ratings, steps(10, 1e4), 2,
                    "AdamW moves and decays every vector at every batch"),
    "groups": Case("`add_elapsed`, 10 days each", "groups", lambda n: elapsed(10 * n, n), steps(1e2, 1e5)),
    "windows": Case("`add_rolling`, 10 days each", "groups", lambda n: rolling(10 * n, n), steps(1e2, 1e5)),
    "listing": Case("`ImageSource`, labelled and split", "images", listed, steps(30, 3e4)),
    "duplicates": Case("`near_duplicates`", "images", duplicates, steps(30, 3e4)),
    "image_loader": Case("epoch of `ImageLoaders`, augmented", "images", image_batches, steps(100, 1e5)),
    "tokens": Case("texts split, counted, numbered", "tokens", numbered, steps(1e3, 1e6)),
    "byte_pairs": Case("`BytePairs` trained and used", "tokens", byte_pairs, steps(1e3, 1e6)),
    "sequences": Case("epoch of a `SequenceLoader`", "tokens", sequences, steps(1e4, 1e7)),
    "classes": Case("loss and metrics of a batch", "classes", measured, steps(10, 1e4)),
    "confusion": Case("`Interpretation`, most confused", "classes", confused, steps(3, 3e3), 2,
                      "a confusion matrix has so many entries"),
    "workers": Case("epoch of a `DatasetLoader`", "workers", workers, steps(1, 8, 2), clock=perf_counter),
    "connections": Case("lesson 18's web app, an answer to each", "connections", None, steps(1, 64, 4)),
}  # fmt: skip


def bind(work, *given):
    return lambda: work(*given)


def measure(name, size, place):
    """Least seconds of a few repetitions, and MB at the most beyond what was there before; files go to `place`."""
    tempfile.tempdir = place
    torch.manual_seed(0)
    before, times, clock = peak(), [], CASES[name].clock
    work = CASES[name].make(size)
    while len(times) < REPEATS and sum(times) < ENOUGH:
        start = clock()
        with redirect_stdout(StringIO()):
            work()
        times.append(clock() - start)
    return min(times), peak() - before


def connected(sizes):
    """Seconds in which so many connections get an answer each, and MB that the server has grown by since it started."""
    from .app_load import PETS, load, request, served

    requests, found = [request(file) for file in PETS], []
    with served(32) as (port, process):
        asyncio.run(load(port, 1, 1, requests))  # warms up
        before = process.memory_info().rss
        for connections in sizes:
            times, wrong = asyncio.run(load(port, connections, 2, requests))
            if wrong:
                raise SystemExit(f"the web app answered {wrong[0]} to {connections} connections")
            found.append((2 * connections / len(times), (process.memory_info().rss - before) / 1e6))
    return found


def peak():
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def fitted(sizes, seconds):
    """The exponent on the upper half of the sizes, the last four, and its standard error."""
    x, y = np.log(sizes[-4:]), np.log(seconds[-4:])
    slope, level = np.polyfit(x, y, 1)
    rest = y - level - slope * x
    error = np.sqrt((rest**2).sum() / (len(x) - 2) / ((x - x.mean()) ** 2).sum())
    return float(slope), float(error)


def ran(names):
    """Each case's sizes, seconds and MB."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["coursekit", "lessons.make.record", "pandas", "tokenizers", "torchvision", "tqdm"])
    found = {}
    with tempfile.TemporaryDirectory() as place, ProcessPoolExecutor(1, context, max_tasks_per_child=1) as pool:
        for name in names:
            sizes, start = CASES[name].sizes, perf_counter()
            if name == "connections":
                results = connected(sizes)
            else:
                results = [pool.submit(measure, name, size, place).result() for size in sizes]
            seconds, memory = map(list, zip(*results, strict=True))
            found[name] = {"sizes": sizes, "seconds": seconds, "MB": memory}
            slope, error = fitted(sizes, seconds)
            print(f"{name:<14} {slope:.2f} ± {error:.2f}, {perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def keep(found, note, runs=record.RUNS):
    """Write a record; give its path."""
    started = datetime.now().isoformat()
    whole = {"command": "python -m benchmarks.growth", "note": note, "cases": found}
    whole |= {"date": started[:10], "started": started, "commit": record.commit()} | record.here()
    path = record.free(runs, f"growth-{started[:10]}-{record.short(whole['machine'])}")
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def latest(runs=record.RUNS):
    """The latest recorded run; None without one."""
    texts = [path.read_text(encoding="utf-8") for path in runs.glob("growth-*.json")]
    return max(map(json.loads, texts), key=lambda one: one["started"], default=None)


def told(one):
    """The README's text of a run."""
    heads = ["", "grows", "from", "to", "seconds there", "MB there", "exponent", "of", "why"]
    note = f"; {one['note']}" if one["note"] else ""
    with_what = f"{one['threads']} threads, PyTorch {one['torch']}, Python {one['python']}, {one['system']}"
    rows = [row(name, found) for name, found in one["cases"].items()]
    return f"{one['date']}, {one['commit']}: {one['machine']}, {with_what}{note}.\n\n{table(heads, rows)}"


def row(name, found):
    """A case's cells."""
    case, sizes = CASES[name], found["sizes"]
    exponent = "{:.2f} ± {:.2f}".format(*fitted(sizes, found["seconds"]))
    ends = f"{sizes[0]:,}", f"{sizes[-1]:,}", f"{found['seconds'][-1]:.3g}", f"{found['MB'][-1]:,.0f}"
    return [case.what, case.grows, *ends, exponent, str(case.power), case.why]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", choices=CASES, help="these cases; nothing is written")
    parser.add_argument("--note", default="", help="what is to be known of the machine")
    parser.add_argument("--tables", action="store_true", help="only write the README's table anew")
    given = parser.parse_args()
    if given.only is not None:
        found = ran(given.only)
        print(table(["case", "sizes", "seconds", "MB"], [
            [name, *(" ".join(f"{x:.3g}" for x in one[part]) for part in ("sizes", "seconds", "MB"))]
            for name, one in found.items()
        ]))  # fmt: skip
        return
    if not given.tables:
        print(keep(ran(CASES), given.note))
    if not (one := latest()):
        sys.exit("no run is recorded yet")
    write("growth", told(one))


if __name__ == "__main__":
    main()
