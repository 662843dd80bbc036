"""Learners of ratings: they find made tastes, say what they do with unseen users, and refuse ratings out of range."""

import numpy as np
import pandas as pd
import pytest
import torch

import coursekit as ck
from coursekit import DotProduct, RatingLoaders, collab_learner

RANGE = (0.5, 5.0)


@pytest.fixture(scope="module")
def ratings():
    """60 users who like one of two kinds of 40 films, and films that differ in how good they are."""
    random = np.random.default_rng(0)
    taste, kind, good = random.normal(size=60), random.choice([-1, 1], 40), random.normal(scale=0.4, size=40)
    user, film = (place.ravel() for place in np.meshgrid(range(60), range(40), indexing="ij"))
    score = 3 + taste[user] * kind[film] + good[film] + random.normal(scale=0.2, size=user.size)
    table = pd.DataFrame({"userId": user + 100, "movieId": film + 7, "rating": (score * 2).round().clip(1, 10) / 2})
    return table.sample(frac=1, random_state=0, ignore_index=True), kind


@pytest.fixture(scope="module")
def learner(ratings):
    table, _ = ratings
    torch.manual_seed(0)
    data = RatingLoaders(table[:2000], table[2000:], rating_range=RANGE)
    learner = collab_learner(data, factors=2, progress=False)
    learner.fit_one_cycle(8, 3e-2)
    return learner


def test_it_does_better_than_the_means_of_users_and_films(ratings, learner):
    table, _ = ratings
    train, valid = table[:2000], table[2000:]
    guess = valid.movieId.map(train.groupby("movieId").rating.mean()) + valid.userId.map(
        train.groupby("userId").rating.mean()
    )
    baseline = ((guess - train.rating.mean() - valid.rating) ** 2).mean()
    assert learner.validate()["loss"] < 0.3 * baseline


def test_a_factor_is_the_kind_of_film_that_was_built_in(ratings, learner):
    _, kind = ratings
    table = learner.item_table().sort_index()
    assert max(abs(np.corrcoef(table[f"factor {i}"], kind)[0, 1]) for i in range(2)) > 0.9


def test_films_of_one_kind_are_nearest(ratings, learner):
    _, kind = ratings
    for film in (7, 15, 30):
        assert all(kind[other - 7] == kind[film - 7] for other, _ in learner.nearest(film, 4))


def test_titles_stand_in_the_table(learner):
    assert "A film" in learner.item_table({7: "A film"}).index


def test_an_unseen_user_is_predicted_from_the_film_alone(learner):
    unseen = pd.DataFrame({"userId": [1, 2], "movieId": [7, 7]})
    one, other = learner.raw_outputs(unseen)[:, 0].tolist()
    model = learner.model
    low, high = model.output_range
    alone = low + (high - low) * torch.sigmoid(model.item_bias.weight[1, 0] + model.bias)
    assert one == other == pytest.approx(alone.item(), abs=1e-5)
    both = learner.predict({"userId": 1, "movieId": 1})
    assert RANGE[0] < float(both.values) < RANGE[1]


def test_the_model_begins_at_the_mean_and_is_the_formula():
    torch.manual_seed(0)
    model = DotProduct(5, 6, 3, (0.0, 5.5), mean=3.5)
    assert model(torch.tensor([[0, 0]])).item() == pytest.approx(3.5, abs=1e-5)
    pair = torch.tensor([[2, 4]])
    score = model.user_factors.weight[2] @ model.item_factors.weight[4] + model.bias
    score += model.user_bias.weight[2, 0] + model.item_bias.weight[4, 0]
    assert model(pair).item() == pytest.approx(5.5 * score.sigmoid().item(), abs=1e-6)


def test_the_deeper_net_learns_too(ratings):
    table, _ = ratings
    torch.manual_seed(0)
    learner = collab_learner(
        RatingLoaders(table[:2000], table[2000:], rating_range=RANGE), 4, layers=(32,), progress=False
    )
    learner.fit_one_cycle(15, 2e-2)
    assert learner.validate()["loss"] < table.rating.var() / 4
    unseen = learner.model.user_factors.weight[0], learner.model.item_factors.weight[0]
    assert not any(vector.any() for vector in unseen), "the unseen have the mean vector, not one that nothing trained"


def test_weights_for_other_users_films_or_ranges_are_refused(learner, ratings, tmp_path):
    table, _ = ratings
    file, users = learner.save(tmp_path / "ratings", epochs=8), table.userId.nunique()

    def made(table, **options):
        return collab_learner(RatingLoaders(table, rating_range=RANGE), factors=2, progress=False, **options)

    again = made(table[:2000])
    assert again.load(file)["epochs"] == 8
    assert torch.equal(again.raw_outputs(table[2000:]), learner.raw_outputs(table[2000:]))
    for other, message in {
        made(
            table.replace({"movieId": {7: 99}})
        ): r"other items: 40 .* number 0 on \(\[7, 8, 9\] there, \[8, 9, 10\] h",
        made(
            table.assign(userId=table.userId + 1)
        ): rf"other users: {users} there, {users} here, different from number 0",
        made(table, output_range=(0, 6)): r"other output range: .* here, .*\[0.0.*, 5.4.*\] there, \[0.0, 6.0\]",
    }.items():
        before = other.model.item_factors.weight.clone()
        with pytest.raises(ValueError, match=f"ratings.safetensors was made for {message}"):
            other.load(file)
        assert torch.equal(before, other.model.item_factors.weight)


def frame(**changes):
    return pd.DataFrame({"userId": [1, 2], "movieId": [3, 4], "rating": [1.0, 5.0]} | changes)


@pytest.mark.parametrize("layers", [None, (50,)], ids=["dot product", "deeper net"])
def test_new_users_are_predicted_about_as_well_as_by_the_films_means(ratings, layers):
    """Nothing is known of them but the film, so nothing can do much better, and nothing should do worse."""
    table, _ = ratings
    known, new = table[table.userId < 145], table[table.userId >= 145]
    torch.manual_seed(0)
    learner = collab_learner(RatingLoaders(known, rating_range=RANGE, device="cpu"), 4, layers=layers, progress=False)
    learner.fit_one_cycle(8, 1e-2)
    found = learner.raw_outputs(new)[:, 0].numpy()
    films = new.movieId.map(known.groupby("movieId").rating.mean())
    error, by_films = ((np.mean((guess - new.rating) ** 2)) ** 0.5 for guess in (found, films))
    assert error < 1.05 * by_films and np.corrcoef(found, films)[0, 1] > 0.8


def test_the_validation_figure_is_the_same_for_every_batch_size_and_order(ratings, learner):
    table, _ = ratings
    for batch_size, part in ((1, table[2000:]), (7, table[2000:].sample(frac=1, random_state=0)), (999, table[2000:])):
        data = RatingLoaders(table[:2000], part, rating_range=RANGE, batch_size=batch_size)
        assert learner.validate(data.valid) == pytest.approx(learner.validate(), rel=1e-5)


def test_looking_changes_nothing_of_the_next_fit(ratings):
    table, _ = ratings

    def fits(look):
        torch.manual_seed(0)
        learner = collab_learner(RatingLoaders(table[:300], table[300:400], rating_range=RANGE), 3, progress=False)
        learner.fit(1)
        if look:
            learner.validate(), learner.predictions(), learner.predict(table[:3]), learner.summary(), repr(learner)
            learner.lr_find(batches=5), learner.item_table(), learner.nearest(7)
        learner.fit(1)
        return learner.raw_outputs(table)

    assert torch.equal(fits(False), fits(True))


def test_ratings_of_other_films_are_not_judged(ratings, learner):
    table, _ = ratings
    other = RatingLoaders(table.assign(movieId=table.movieId + 1), table, rating_range=RANGE)
    for look in (learner.validate, learner.predictions):
        with pytest.raises(ValueError, match="this loader was made for other items"):
            look(other.valid)
    with pytest.raises(
        ValueError, match=r"'userId' held values such as 100 in training and '100' here \(numbers, text\)"
    ):
        learner.predict({"userId": "100", "movieId": 7})


BAD = {
    "a rating of nobody": (
        lambda: RatingLoaders(frame(userId=[1, None])), "1 of 2 ratings have no 'userId' or 'movieId'"),
    "a held-out rating of nothing": (
        lambda: RatingLoaders(frame(), frame(movieId=[None, 3])), "1 of 2 ratings have no 'userId' or 'movieId'"),
    "outputs that do not reach": (
        lambda: collab_learner(RatingLoaders(frame()), output_range=(0, 1)),
        "do not reach all training targets, 1 to 5"),
    "another learner's data": (
        lambda: collab_learner(ck.Loaders((torch.ones(3), torch.ones(3)))), "learns from RatingLoaders; found Loaders"),
    "no table": (lambda: RatingLoaders([1, 2]), "a table is a pandas DataFrame; found list"),
    "a rating outside the range": (
        lambda: RatingLoaders(frame(rating=[1, 9]), rating_range=RANGE), "first 9.0 in row 1"),
    "a held-out rating outside": (lambda: RatingLoaders(frame(), frame(rating=[0, 1])), "first 0.0 in row 0"),
    "a rating that is missing": (lambda: RatingLoaders(frame(rating=[1, None]), rating_range=RANGE), "first nan"),
    "text": (lambda: RatingLoaders(frame(rating=["good", "bad"]), rating_range=RANGE), "such as 'good'; numbers"),
    "ratings that are all the same": (lambda: RatingLoaders(frame(rating=[4, 4])), "ratings from 4.0 to 4.0 leave"),
    "a range the wrong way round": (lambda: RatingLoaders(frame(), rating_range=(5, 1)), "ratings from 5 to 1 leave"),
    "text, and no range": (lambda: RatingLoaders(frame(rating=["good", "bad"])), "such as 'good'; numbers"),
    "no such column": (lambda: RatingLoaders(frame(), user="reader"), "no column 'reader'"),
}  # fmt: skip


def test_ratings_that_are_all_the_same_can_be_learned_where_a_range_is_given():
    learner = collab_learner(RatingLoaders(frame(rating=[5, 5]), rating_range=RANGE), factors=2, progress=False)
    learner.fit(1)
    assert learner.raw_outputs(frame()).isfinite().all()


@pytest.mark.parametrize("act, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(act, message):
    with pytest.raises(ValueError, match=message):
        act()


def shrunken_means(train, valid):
    """The mean, and the shrunken deviations of items and users from it, with the constants 25 and 10.

    Y. Koren, "Factor in the neighbors", 2010, section 2.1.
    """
    mean = train.rating.mean()
    off = (train.rating - mean).groupby(train.movieId)
    items = off.sum() / (25 + off.size())
    rest = (train.rating - mean - train.movieId.map(items)).groupby(train.userId)
    users = rest.sum() / (10 + rest.size())
    guess = mean + valid.movieId.map(items).fillna(0) + valid.userId.map(users).fillna(0)
    return ((guess - valid.rating) ** 2).mean() ** 0.5


@pytest.mark.parametrize("seed", range(3))
def test_as_it_is_made_it_beats_shrunken_means_and_less_decay(seed):
    ratings = pd.read_csv(ck.fetch("movies", "sample") / "ratings.csv").sample(frac=1, random_state=seed)
    train, valid = ratings[1000:], ratings[:1000]
    data, errors = RatingLoaders(train, valid, rating_range=RANGE, device="cpu"), []
    for options in ({}, {"weight_decay": 0.01}):
        torch.manual_seed(seed)
        learner = collab_learner(data, metrics=[ck.rmse], progress=False, **options)
        learner.fit_one_cycle(5, 5e-3)
        errors.append(learner.validate()["rmse"])
    assert errors[0] < 0.95 * shrunken_means(train, valid) and errors[0] < errors[1]


def test_an_optimizer_that_is_given_keeps_its_own_decay(ratings):
    learner = collab_learner(RatingLoaders(ratings[0], rating_range=RANGE), optimizer_fn=torch.optim.Adam)
    assert learner.new_optimizer(1.0).defaults["weight_decay"] == 0
    with pytest.raises(ValueError, match="weight_decay is a number, at least 0; found -1"):
        collab_learner(learner.data, weight_decay=-1)


def test_further_ratings_are_validated_and_results_are_a_table_with_names(ratings, learner):
    rows = ratings[0][2000:2040].assign(userId=[5, *ratings[0].userId[2001:2040]])
    expected = ((learner.raw_outputs(rows)[:, 0].numpy() - rows.rating) ** 2).mean()
    assert learner.validate(learner.data.test(rows))["loss"] == pytest.approx(expected, rel=1e-5)
    table = learner.prediction_table(learner.data.test(rows[["userId", "movieId"]]))
    assert table.index.equals(rows.index) and np.allclose(table.rating, learner.raw_outputs(rows)[:, 0])
    other = collab_learner(RatingLoaders(ratings[0][:2000], rows, rating_range=RANGE), factors=2, progress=False)
    other.model.load_state_dict(learner.model.state_dict())
    shown = other.show_results(40)
    assert shown.userId[0] is None and shown.userId[1:].tolist() == rows.userId[1:].tolist()
    assert shown.movieId.tolist() == rows.movieId.tolist() and shown.target.tolist() == rows.rating.tolist()
    assert np.allclose(shown.predicted, learner.raw_outputs(rows)[:, 0], atol=1e-6)


def test_a_pair_or_a_table_is_predicted(ratings, learner):
    table, _ = ratings
    single, several = learner.predict({"userId": 100, "movieId": 7}), learner.predict(table[:3])
    raw = learner.raw_outputs(table[:3])
    assert raw.shape == (3, 1) and [p.values.item() for p in several] == raw[:, 0].tolist()
    assert RANGE[0] < single.values.item() < RANGE[1] and single.label == f"{single.values.item():.4g}"
    pairs = learner.predict([(100, 7), {"userId": 100, "movieId": 7}])
    assert (
        [p.values.item() for p in pairs] == [learner.predict((100, 7)).values.item()] * 2 == [single.values.item()] * 2
    )
    for wrong, found in (([1, 2], "int"), ((1, 2, 3), "tuple"), ([], "list"), (7, "int")):
        needed = rf"give a DataFrame, or one row as a dictionary, or \(userId, movieId\), .*; found {found}"
        with pytest.raises(ValueError, match=needed):
            learner.predict(wrong)


def test_nothing_is_said_of_a_film_without_a_rating(learner):
    with pytest.raises(ValueError, match="999 has no rating in training.*cold start"):
        learner.nearest(999)


def test_ratings_beyond_the_outputs_are_not_gone_on_with():
    ratings = pd.DataFrame({"userId": [1, 2] * 9, "movieId": [1, 2, 3] * 6, "rating": [1, 2, 3, 4, 5, 5] * 3})
    learn = ck.collab_learner(ck.RatingLoaders(ratings, device="cpu"), 2, progress=False)
    with pytest.raises(ValueError, match="do not reach all training targets"):
        learn.use(ck.RatingLoaders(ratings.assign(rating=2 * ratings.rating), device="cpu"))
    with pytest.raises(ValueError, match="names are a dictionary"):
        learn.item_table(["a"])
