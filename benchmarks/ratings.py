"""Ratings that were held out, predicted by coursekit, fastai and Cornac; each trained on the same ratings, in one run.

The films are the sample's, or with COURSEKIT_SIZE=full MovieLens latest-small (downloaded once).
"""

import argparse
import os
from functools import partial
from time import perf_counter

import numpy as np
import pandas as pd
import torch

import coursekit as ck

from .report import machine, spread, table, write

FACTORS, EPOCHS, BATCH = 50, 5, 64  # fastai's batch size
DECAY = partial(torch.optim.AdamW, weight_decay=0.3)
COLUMNS = ("userId", "movieId", "rating")


def means(train, valid):
    """The mean of all, and by how much each user, and then each film, lies above it."""
    middle = train.rating.mean()
    users = (train.rating - middle).groupby(train.userId).mean()
    films = (train.rating - middle - train.userId.map(users)).groupby(train.movieId).mean()
    return middle + valid.userId.map(users).fillna(0) + valid.movieId.map(films).fillna(0)


def coursekit(train, valid):
    data = ck.RatingLoaders(train, valid, batch_size=BATCH, rating_range=(0.5, 5.0))
    learn = ck.collab_learner(data, FACTORS, optimizer_fn=DECAY, metrics=[ck.rmse])
    learn.fit_one_cycle(EPOCHS, 5e-3)
    return learn.raw_outputs(valid)[:, 0]


def fastai(train, valid):
    from fastai.collab import TabularCollab, collab_learner
    from fastai.data.block import TransformBlock
    from fastai.tabular.core import Categorify

    both = pd.concat([train, valid], ignore_index=True)
    splits = list(range(len(train))), list(range(len(train), len(both)))
    table = TabularCollab(
        both, [Categorify], list(COLUMNS[:2]), y_names=[COLUMNS[2]], y_block=TransformBlock(), splits=splits
    )
    learn = collab_learner(table.dataloaders(bs=BATCH), n_factors=FACTORS, y_range=(0, 5.5))
    learn.fit_one_cycle(EPOCHS, 5e-3, wd=0.1)
    return learn.get_preds()[0].flatten()


def cornac(train, valid):
    from cornac.data import Dataset
    from cornac.models import MF

    known = Dataset.from_uir(train[list(COLUMNS)].itertuples(index=False, name=None))
    model = MF(k=FACTORS, max_iter=30, learning_rate=0.01, lambda_reg=0.05, use_bias=True, seed=1).fit(known)
    users, films = (
        valid[column].map(numbers).to_numpy()
        for column, numbers in zip(COLUMNS[:2], (known.uid_map, known.iid_map), strict=True)
    )
    user, film = np.isnan(users), np.isnan(films)
    users, films = np.nan_to_num(users).astype(int), np.nan_to_num(films).astype(int)
    product = (model.u_factors[users] * model.i_factors[films]).sum(1)
    return (
        model.global_mean
        + np.where(user, 0, model.u_biases[users])
        + np.where(film, 0, model.i_biases[films])
        + np.where(user | film, 0, product)
    )


CONTESTANTS = {
    "1. means of user and film": means,
    f"2. coursekit, {FACTORS} factors, {EPOCHS} epochs": coursekit,
    f"3. fastai, {FACTORS} factors, {EPOCHS} epochs": fastai,
    f"4. Cornac's matrix factorisation, {FACTORS} factors, 30 epochs": cornac,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    ratings = pd.read_csv(ck.fetch("movies") / "ratings.csv")
    errors, times = ({name: [] for name in CONTESTANTS} for _ in range(2))
    for seed in range(seeds):
        mixed = ratings.sample(frac=1, random_state=seed, ignore_index=True)
        valid, train = mixed[: len(mixed) // 10].copy(), mixed[len(mixed) // 10 :].copy()
        for name, predict in CONTESTANTS.items():
            torch.manual_seed(seed)
            start = perf_counter()
            found = np.asarray(predict(train, valid), dtype=float)
            times[name].append(perf_counter() - start)
            errors[name].append(float(np.sqrt(np.mean((found - valid.rating) ** 2))))
    base = times[f"3. fastai, {FACTORS} factors, {EPOCHS} epochs"]
    rows = [
        [
            name,
            f"{np.mean(errors[name]):.4f}",
            spread(errors[name], "{:.4f}"),
            spread(times[name], "{:.2f}"),
            spread([own / other for own, other in zip(times[name], base, strict=True)], "{:.2f}"),
        ]
        for name in CONTESTANTS
    ]
    which = "MovieLens latest-small" if os.environ.get("COURSEKIT_SIZE") == "full" else "the sample"
    heads = ["", "mean RMSE", "RMSE", "seconds", "times fastai's"]
    write("ratings", f"{machine()}. {len(ratings):,} ratings of {which}, {seeds} splits.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
