"""Sales of the last six weeks, predicted from the features of lesson 12: coursekit beside gradient boosting.

The features are made by the lesson's own first cells, so that there is one place in which they are written.
"""

import argparse
import contextlib
import io
import os
from functools import partial
from pathlib import Path
from time import perf_counter

import matplotlib
import nbformat
import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingRegressor

import coursekit as ck

from .report import machine, spread, table, write

LESSONS = Path(__file__).parents[1] / "lessons"
SLOW = {"max_iter": 500, "learning_rate": 0.1, "early_stopping": False}
FAST = {"max_iter": 300, "learning_rate": 0.2, "early_stopping": False}


def features():
    """Training rows, held-out rows, and the names of categories and numbers, as the lesson makes them."""
    matplotlib.use("agg")
    made = {}
    lesson = nbformat.read(LESSONS / "12_entity_embeddings.ipynb", 4)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(LESSONS):
        for cell in lesson.cells:
            if cell.cell_type == "code":
                exec(cell.source, made)
            if "numbers" in made:
                return made["train"], made["valid"], made["names"], made["numbers"]
    raise SystemExit("lesson 12 no longer makes its features in its first cells")


def year_ago(train, valid, seed):
    """The mean of the same store, weekday and promotion in the same month of former years."""
    keys = ["Store", "DayOfWeek", "Promo", "Month"]
    means = train.groupby(keys).LogSales.mean().rename("guess").reset_index()
    found = ck.join(valid[keys], means, keys, missing="keep").guess
    return found.fillna(valid.Store.map(train.groupby("Store").LogSales.mean()))


def coursekit(train, valid, seed, names, numbers):
    torch.manual_seed(seed)
    data = ck.TableLoaders(
        train,
        valid,
        categorical=names,
        continuous=numbers,
        target="LogSales",
        batch_size=128 if len(train) < 1e5 else 512,
    )
    learn = ck.tabular_learner(
        data, dropout=0, embedding_dropout=0, optimizer_fn=partial(torch.optim.AdamW, weight_decay=0.2), progress=False
    )
    learn.fit_one_cycle(6, 1e-2)
    return learn.raw_outputs(valid)[:, 0]


def boosting(train, valid, seed, names, numbers, **settings):
    prep = ck.TablePrep(names, numbers).fit(train)
    rows = [np.concatenate([codes.numpy(), rest.numpy()], 1) for codes, rest in map(prep.transform, (train, valid))]
    few = [i for i, size in enumerate(prep.categories.values()) if size <= 255]
    model = HistGradientBoostingRegressor(categorical_features=few, random_state=seed, **settings)
    return model.fit(rows[0], train.LogSales).predict(rows[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    train, valid, names, numbers = features()
    columns = {"names": names, "numbers": numbers}
    contestants = {
        "1. the same month of former years": year_ago,
        "2. coursekit, entity embeddings": partial(coursekit, **columns),
        "3. boosting, scikit-learn's defaults": partial(boosting, **columns),
        "4. boosting, 500 trees at 0.1": partial(boosting, **columns, **SLOW),
        "5. boosting, 300 trees at 0.2": partial(boosting, **columns, **FAST),
    }
    truth, rows = torch.tensor(np.array(valid.LogSales)), []
    for name, predict in contestants.items():
        errors, times = [], []
        for seed in range(seeds):
            start = perf_counter()
            found = torch.tensor(np.asarray(predict(train, valid, seed)), dtype=torch.float64)
            times.append(perf_counter() - start)
            errors.append(ck.rmspe_of_logs(found, truth).item())
        rows.append([name, f"{np.mean(errors):.4f}", spread(errors, "{:.4f}"), spread(times, "{:.1f}")])
    which = "Rossmann" if os.environ.get("COURSEKIT_SIZE") == "full" else "the sample"
    told = f"{len(train):,} rows of {which} to train on, {len(valid):,} held out, {seeds} seeds."
    write("shops", f"{machine()}. {told}\n\n{table(['', 'mean RMSPE', 'RMSPE', 'seconds'], rows)}")


if __name__ == "__main__":
    main()
