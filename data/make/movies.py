"""Simulate the `movies` sample: ratings of films that nobody made, in the four files of MovieLens latest-small.

A rating is a mean, the film's quality, the user's mood, and three products: a property of the film times the user's
taste for it; then noise, and the nearest half star. The truth about the films is written to truth.csv.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import movies_titles
from .movies_titles import Rng

TARGET = Path(__file__).parents[1] / "movies"
SEED, FILMS, USERS, RATINGS = 1994, 500, 300, 18_000
NO_GENRE = "(no genres listed)"
PROPERTIES = ("action_quiet", "new_old", "blockbuster_arthouse")


@dataclass(frozen=True)
class Tastes:
    """How a rating comes about, in stars; properties and tastes have mean 0, properties a deviation of 1."""

    mean: float = 3.2
    tastes: tuple[float, ...] = (0.66, 0.38, 0.25)  # deviation of the users' tastes for each property
    mood: float = 0.36  # deviation of the users' means
    quality: float = 0.38  # deviation of the films' qualities
    noise: float = 0.66
    choice: float = 0.55  # how strongly users choose what they will like, for each star
    fame: float = 1.25  # deviation of the films' fame, a logarithm: it makes the long tail


TASTES = Tastes()
GENRES = {  # genre: (share of films, action against quiet, blockbuster against art-house)
    "Drama": (0.42, -0.8, -0.5),
    "Comedy": (0.36, -0.3, 0.3),
    "Thriller": (0.19, 0.9, 0.1),
    "Action": (0.18, 1.7, 0.4),
    "Romance": (0.16, -0.9, 0.2),
    "Adventure": (0.13, 1.0, 0.5),
    "Crime": (0.12, 0.6, -0.3),
    "Sci-Fi": (0.10, 0.8, 0.3),
    "Horror": (0.10, 0.6, -0.1),
    "Fantasy": (0.08, 0.3, 0.6),
    "Children": (0.07, -0.2, 0.9),
    "Animation": (0.06, 0.1, 0.8),
    "Mystery": (0.06, -0.1, -0.3),
    "Documentary": (0.05, -1.2, -1.2),
    "War": (0.04, 1.0, -0.4),
    "Musical": (0.04, -0.7, 0.4),
    "Western": (0.03, 0.7, -0.3),
    "Film-Noir": (0.02, -0.2, -1.0),
}
TAGS = (  # for a low value of each property, for a high one
    (("slow", "quiet", "long looks", "thoughtful"), ("explosions", "car chase", "loud", "non-stop")),
    (("black and white", "old-fashioned", "a classic"), ("modern", "digital effects", "recent")),
    (("festival winner", "subtitles", "strange ending"), ("popcorn", "sequel wanted", "family evening")),
)


@dataclass(frozen=True)
class Films:
    """What is known of the films, in the order of their numbers."""

    number: np.ndarray
    title: list[str]
    genres: list[str]
    year: np.ndarray
    properties: np.ndarray  # (films, 3)
    quality: np.ndarray
    fame: np.ndarray


def scaled(values: np.ndarray) -> np.ndarray:
    """Mean 0 and deviation 1 in each column."""
    return (values - values.mean(0)) / values.std(0)


def draw_genres(rng: Rng) -> list[list[str]]:
    """One to four genres for each film, the main one first; three films have none."""
    names, chances = list(GENRES), np.array([share for share, *_ in GENRES.values()])
    counts = rng.choice([1, 2, 3, 4], FILMS, p=[0.3, 0.38, 0.24, 0.08])
    genres = [list(rng.choice(names, n, replace=False, p=chances / chances.sum())) for n in counts]
    for film in rng.choice(FILMS, 3, replace=False):
        genres[film] = []
    return genres


def draw_films(rng: Rng) -> Films:
    """The films, with their true properties: half by genre and year, half their own."""
    genres = draw_genres(rng)
    year = (2017 - np.floor(rng.gamma(1.5, 13, FILMS))).clip(1931).astype(int)
    year[["Film-Noir" in g for g in genres]] = rng.integers(1941, 1959, FILMS)[["Film-Noir" in g for g in genres]]
    by_genre = np.array([np.mean([GENRES[g][1:] for g in film] or [(0, 0)], 0) for film in genres])
    known = scaled(np.column_stack([by_genre[:, 0], year, by_genre[:, 1] - 0.25 * by_genre[:, 0]]))
    properties = scaled(0.72 * known + 0.70 * rng.standard_normal((FILMS, 3)))
    quality = TASTES.quality * scaled(rng.standard_normal(FILMS))
    fame = TASTES.fame * rng.standard_normal(FILMS) + 1.0 * quality + 0.3 * properties[:, 2]
    number = np.cumsum(1 + np.floor(rng.gamma(0.6, 30, FILMS))).astype(int)
    invented = movies_titles.titles(rng, [film[0] if film else "Drama" for film in genres])
    listed = ["|".join(sorted(film)) or NO_GENRE for film in genres]
    return Films(
        number, [f"{t} ({y})" for t, y in zip(invented, year, strict=True)], listed, year, properties, quality, fame
    )


def counts_by_user(rng: Rng) -> np.ndarray:
    """How many films each user rates: at least 20, a few very many; together RATINGS."""
    share = np.exp(rng.normal(0, 0.85, USERS)).clip(max=6)
    counts = 20 + np.floor(share / share.sum() * (RATINGS - 20 * USERS)).astype(int)
    counts[np.argsort(-share)[: RATINGS - counts.sum()]] += 1
    return counts


def draw_ratings(rng: Rng, films: Films) -> list[tuple[int, int, float, int]]:
    """Rows (user, film, stars, seconds since 1970): users rate known films, rather those that they like."""
    joined = rng.integers(850_000_000, 1_530_000_000, USERS)
    tastes = np.array(TASTES.tastes) * scaled(rng.standard_normal((USERS, 3)))
    mood = TASTES.mood * scaled(rng.standard_normal(USERS))
    liking = mood[:, None] + films.quality + tastes @ films.properties.T
    rows = []
    for user, count in enumerate(counts_by_user(rng)):
        wish = films.fame + TASTES.choice * liking[user] + rng.gumbel(size=FILMS)
        wish[films.year > 1969 + joined[user] // 31_556_952] = -np.inf
        seen = np.sort(np.argsort(-wish, kind="stable")[:count])
        stars = TASTES.mean + liking[user, seen] + TASTES.noise * rng.standard_normal(count)
        stars = (np.round(2 * stars) / 2).clip(0.5, 5)
        seconds = joined[user] + np.cumsum(rng.integers(2, 90, count))
        seconds = rng.permutation(seconds)
        rows += [(user + 1, film, star, second) for film, star, second in zip(seen, stars, seconds, strict=True)]
    return rows


def draw_tags(rng: Rng, rows: list[tuple[int, int, float, int]], films: Films) -> list[tuple[int, int, str, int]]:
    """Every eighth user writes a word about some of the films, fitting one of its properties."""
    tags = []
    for user, film, _, second in rows:
        if user % 8 or rng.random() > 0.2:
            continue
        which = rng.choice(3, p=[0.5, 0.25, 0.25])
        words = TAGS[which][int(films.properties[film, which] + 0.5 * rng.standard_normal() > 0)]
        tags.append((user, film, str(rng.choice(words)), second + rng.integers(5, 60)))
    return tags


def write(path: Path, header: str, rows: Iterable[Iterable]) -> None:
    """Write a table; values with a comma get quotes."""
    cells = ([f'"{value}"' if "," in str(value) else str(value) for value in row] for row in rows)
    path.write_bytes("".join(f"{line}\n" for line in (header, *map(",".join, cells))).encode())


def main(target: Path = TARGET) -> None:
    """Draw films, users and ratings; write the four files, and the truth about the films."""
    rng = np.random.default_rng(SEED)
    films = draw_films(rng)
    ratings = draw_ratings(rng, films)
    tags = draw_tags(rng, ratings, films)
    number = films.number
    no_link = set(rng.choice(FILMS, 4, replace=False).tolist())
    links = [(n, 99_000_000 + 7 * n, "" if i in no_link else 90_000_000 + 11 * n) for i, n in enumerate(number)]
    truth = np.column_stack([films.properties, films.quality])
    target.mkdir(parents=True, exist_ok=True)
    write(target / "ratings.csv", "userId,movieId,rating,timestamp", ((u, number[f], s, t) for u, f, s, t in ratings))
    write(target / "movies.csv", "movieId,title,genres", zip(number, films.title, films.genres, strict=True))
    write(target / "tags.csv", "userId,movieId,tag,timestamp", ((u, number[f], w, t) for u, f, w, t in tags))
    write(target / "links.csv", "movieId,imdbId,tmdbId", links)
    rows = ((n, *(f"{value:.3f}" for value in row)) for n, row in zip(number, truth, strict=True))
    write(target / "truth.csv", ",".join(("movieId", *PROPERTIES, "quality")), rows)


if __name__ == "__main__":
    main()
