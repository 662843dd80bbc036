"""The `movies` sample: MovieLens' layout, the known truth in it, the same bytes every time."""

from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from lab import ROOT

from data.make import movies

FOLDER = ROOT / "data" / "movies"
COLUMNS = {
    "ratings": ["userId", "movieId", "rating", "timestamp"],
    "movies": ["movieId", "title", "genres"],
    "tags": ["userId", "movieId", "tag", "timestamp"],
    "links": ["movieId", "imdbId", "tmdbId"],
    "truth": ["movieId", "action_quiet", "new_old", "blockbuster_arthouse", "quality"],
}
TABLES = {name: pd.read_csv(FOLDER / f"{name}.csv") for name in COLUMNS}
RATINGS, MOVIES, TAGS, LINKS, TRUTH = TABLES.values()
GENRES = {"Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"}
GENRES |= {"Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_columns_are_movielens_own(name):
    assert TABLES[name].columns.tolist() == COLUMNS[name]


def test_there_is_nothing_else_and_it_is_small():
    files = list(FOLDER.iterdir())
    assert {f.name for f in files} == {f"{name}.csv" for name in COLUMNS}
    assert sum(f.stat().st_size for f in files) <= 1_000_000
    assert all(b"\r" not in f.read_bytes() and f.read_bytes().endswith(b"\n") for f in files)


def test_ratings_are_half_stars_of_listed_films_one_for_each_pair():
    assert len(RATINGS) == 18_000 and set(RATINGS.rating) == set(np.arange(1, 11) / 2)
    assert RATINGS.movieId.isin(MOVIES.movieId).all() and RATINGS.userId.unique().tolist() == list(range(1, 301))
    assert not RATINGS.duplicated(["userId", "movieId"]).any()
    assert RATINGS.equals(RATINGS.sort_values(["userId", "movieId"]))


def test_few_films_are_rated_often_many_seldom_and_some_never():
    counts = RATINGS.groupby("movieId").size()
    assert counts.max() > 200 and (counts == 1).sum() >= 5 and counts.median() < 0.6 * counts.mean()
    assert 10 <= len(MOVIES) - len(counts) <= 50
    assert RATINGS.groupby("userId").size().between(20, 300).all()


def test_films_have_numbers_with_gaps_titles_with_years_and_genres():
    assert len(MOVIES) == 500 and MOVIES.movieId.is_monotonic_increasing and MOVIES.movieId.is_unique
    assert MOVIES.movieId.max() > 5000 and MOVIES.title.is_unique
    assert MOVIES.title.str.fullmatch(r".+ \((19[3-9]\d|20[01]\d)\)").all()
    assert MOVIES.title.str.contains(r", The \(").sum() > 50 and not MOVIES.title.str.match("(The|A|An) ").any()
    assert (MOVIES.genres == "(no genres listed)").sum() == 3
    assert set("|".join(MOVIES.genres[MOVIES.genres != "(no genres listed)"]).split("|")) == GENRES


def test_links_and_truth_name_every_film_and_tags_rated_ones():
    assert LINKS.movieId.tolist() == TRUTH.movieId.tolist() == MOVIES.movieId.tolist()
    assert LINKS.tmdbId.isna().sum() == 4 and LINKS.imdbId.min() >= 99_000_000
    tagged = TAGS.merge(RATINGS, on=["userId", "movieId"], suffixes=("", "_rating"))
    assert 200 < len(TAGS) == len(tagged) and (tagged.timestamp > tagged.timestamp_rating).all()


def test_nobody_rates_a_film_before_its_year():
    year = MOVIES.set_index("movieId").title.str[-5:-1].astype(int)
    assert (pd.to_datetime(RATINGS.timestamp, unit="s").dt.year >= RATINGS.movieId.map(year)).all()


def test_the_truth_shows_in_genres_years_and_ratings():
    truth = TRUTH.set_index("movieId")
    assert abs(truth.mean()).max() < 0.01 and abs(truth.iloc[:, :3].std() - 1).max() < 0.01
    genres = MOVIES.set_index("movieId").genres
    action, romance = (truth.action_quiet[genres.str.contains(word)].mean() for word in ("Action", "Romance"))
    assert action > 0.7 and romance < -0.3
    assert np.corrcoef(truth.new_old, MOVIES.title.str[-5:-1].astype(int))[0, 1] > 0.6
    means = RATINGS.groupby("movieId").rating.agg(["mean", "size"]).query("size >= 20")
    assert np.corrcoef(means["mean"], truth.quality[means.index])[0, 1] > 0.7
    users = [rows for _, rows in RATINGS.groupby("userId") if len(rows) >= 60]
    slopes = [np.polyfit(truth.action_quiet[rows.movieId], rows.rating, 1)[0] for rows in users]
    assert np.std(slopes) > 0.4  # users differ in what they want


def test_made_anew_every_byte_is_the_same(tmp_path):
    movies.main(tmp_path)
    for file in FOLDER.iterdir():
        assert sha256((tmp_path / file.name).read_bytes()).digest() == sha256(file.read_bytes()).digest(), file.name
