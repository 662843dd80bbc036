"""Compose the `reviews` sample: reviews of films that nobody made, in the folders of the Large Movie Review Dataset.

A review has a verdict. Its opinions agree with the verdict, word by word or turned round by negation and contrast;
the rest of it (plot, names, asides) has no opinion. What is in each file is written to truth.csv.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from . import movies_titles
from .reviews_grammar import PATTERNS
from .reviews_plots import ABOUTS, ASIDES, GENRES, MEN, OPENINGS, PLOTS, SURNAMES, WOMEN
from .reviews_writer import Writer

Rng = np.random.Generator
TARGET = Path(__file__).parents[1] / "reviews"
SEED, FILMS = 2011, {"train": 320, "test": 160}
SIZES = {"train/pos": 500, "train/neg": 500, "train/unsup": 1400, "test/pos": 300, "test/neg": 300}
# of each kind of opinion: its chance in a plain review, in a negated one
CHANCES = {"plain": (0.66, 0.16), "trap": (0.14, 0.0), "negation": (0.10, 0.56), "contrast": (0.10, 0.28)}
STARS = {  # (pleased, negated): stars from which one is drawn
    (True, False): (8, 9, 9, 10, 10),
    (True, True): (7, 7, 8, 8, 9),
    (False, False): (1, 1, 1, 2, 2),
    (False, True): (2, 3, 3, 4, 4),
}
LONG = 0.015  # share of very long reviews
LEADS = ("honestly, ", "well, ", "and ", "so, ")
LEADS_OF_STATEMENTS = (*LEADS, "to me, ", "for what it is worth, ", "I must say that ", "in my view ")
LED = ("in short", "granted", "[my advice", "all in all", "please", "[don't")  # patterns that take no lead
TYPOS = {"the": "teh", "with": "wiht", "because": "becuase", "their": "thier", "until": "untill", "which": "wich"}
TYPOS |= {"don't": "dont", "isn't": "isnt", "can't": "cant", "I": "i", "beginning": "begining", "minutes": "minuts"}
TYPOS |= {"and": "adn", "that": "taht", "evening": "evenning", "cinema": "cinma", "before": "befor"}
AN = re.compile(r"\b([Aa]) (?=[aeiouAEIO](?!ne-))")
START = re.compile(r"(^|[.!?] )([a-z])")


def named(rng: Rng, surname: str) -> tuple[str, str, str, str]:
    """First name of a part, full name of its actor, and the pronouns."""
    names, he, his = ((WOMEN, "she", "her"), (MEN, "he", "his"))[rng.integers(2)]
    first, actor = rng.choice(names.split(), 2, replace=False)
    return str(first), f"{actor} {surname}", he, his


def draw_films(rng: Rng, count: int) -> list[dict[str, str]]:
    """Films as the slots of the grammar know them: title, people, and the words of the genre."""
    films: dict[str, dict[str, str]] = {}
    while len(films) < count:
        genre = str(rng.choice([*GENRES]))
        title = movies_titles.invent(rng, genre)
        surnames = rng.choice(SURNAMES.split(), 3, replace=False)
        (hero, actor, he, his), (second, actor2, he2, _), (_, director, _, _) = (named(rng, s) for s in surnames)
        kind, who, goal, trouble, scene = GENRES[genre]
        film = {"title": title, "hero": hero, "actor": actor, "he": he, "his": his, "He": he.capitalize()}
        film |= {"second": second, "actor2": actor2, "he2": he2, "director": director, "kind": kind}
        if hero != second:
            films[title] = film | {"who": who, "goal": goal, "trouble": trouble, "scene": scene}
    for film, other in zip(films.values(), reversed(films), strict=True):
        film["other"] = other
    return list(films.values())


def opinion(writer: Writer, negated: bool) -> tuple[str, str]:
    """One opinion, and the name of its pattern."""
    kinds = list(CHANCES)
    kind = kinds[writer.rng.choice(len(kinds), p=[CHANCES[k][negated] for k in kinds])]
    name = writer.new(list(PATTERNS[kind]))
    pattern = writer.new(PATTERNS[kind][name])
    text = writer.opinion(pattern)
    if writer.rng.random() < 0.22 and not pattern.startswith(LED):
        text = writer.new(LEADS_OF_STATEMENTS if pattern.startswith("{subj}") else LEADS) + text
    if text.endswith(".") and writer.rng.random() < 0.12:
        text = text[:-1] + writer.pick(["!", "!", "!!", "!!!"])
    return (text.upper() if writer.rng.random() < 0.01 else text), f"{kind}.{name}"


def outline(rng: Rng) -> tuple[int, int, int]:
    """How many opinions, sentences of plot and asides a review has; a few reviews are very long."""
    if rng.random() < LONG:
        return int(rng.integers(18, 24)), int(rng.integers(9, 12)), int(rng.integers(5, 9))
    return int(rng.integers(5, 10)), int(rng.integers(0, 2)), int(rng.integers(0, 2))


def compose(writer: Writer, negated: bool) -> tuple[str, list[str]]:
    """The text of a review, and the patterns of its opinions."""
    rng = writer.rng
    opinions, plots, asides = outline(rng)
    facts = [writer.fill(writer.new(OPENINGS))] if rng.random() < 0.45 else []
    facts += [writer.fill(writer.new(ABOUTS))] if plots or rng.random() < 0.5 else []
    facts += [writer.fill(writer.new(PLOTS)) for _ in range(plots)]
    said, patterns = zip(*(opinion(writer, negated) for _ in range(opinions)), strict=True)
    judged = list(said)
    for _ in range(asides):
        judged.insert(int(rng.integers(len(judged))), writer.fill(writer.new(ASIDES)))
    if rng.random() < 0.25:
        facts, judged = judged[:1] + facts, judged[1:]
    gap = "<br /><br />" if rng.random() < 0.35 else " "
    return gap.join(polish(rng, " ".join(part)) for part in (facts, judged) if part), list(patterns)


def polish(rng: Rng, text: str) -> str:
    """Capitals, articles and single spaces put right; then a few typos put in."""
    text = AN.sub(r"\1n ", re.sub(" +", " ", text).replace(" ,", ","))
    text = START.sub(lambda found: found[1] + found[2].upper(), text)
    words = [TYPOS[word] if word in TYPOS and rng.random() < 0.02 else word for word in text.split(" ")]
    return " ".join(words)


def review(seed: tuple[int, ...], pleased: bool, negated: bool, films: list[dict[str, str]]) -> tuple[str, list[str]]:
    """A review as wished: in a negated one most polar words are of the other side, in a plain one of the own side."""
    rng = np.random.default_rng(seed)
    while True:
        writer = Writer(rng, pleased, films[rng.integers(len(films))])
        text, patterns = compose(writer, negated)
        own, other = writer.sides.count(1), writer.sides.count(-1)
        if own != other and (other > own) == negated:
            return text, patterns


def part(name: str, films: list[dict[str, str]], size: int) -> Iterator[tuple[str, str, str, int, list[str]]]:
    """The reviews of a folder: (path, text, label, negated, patterns); half of them are negated."""
    for i in range(size):
        seed = (SEED, list(SIZES).index(name), i)
        pleased, negated = name.endswith("pos") or (name.endswith("unsup") and i % 2 == 0), i % 4 in (1, 2)
        text, patterns = review(seed, pleased, negated, films)
        stars = STARS[pleased, negated][np.random.default_rng((*seed, 1)).integers(5)]
        yield (
            f"{name}/{i}_{0 if name.endswith('unsup') else stars}.txt",
            text,
            ["neg", "pos"][pleased],
            negated,
            patterns,
        )


def main(target: Path = TARGET, sizes: dict[str, int] | None = None) -> None:
    """Write every review, and truth.csv; `sizes` may ask for fewer reviews of each folder."""
    rng = np.random.default_rng(SEED)
    films = draw_films(rng, sum(FILMS.values()))
    films_of = {"train": films[: FILMS["train"]], "test": films[FILMS["train"] :]}
    rows = ["file,label,negated,patterns"]
    for name, size in (sizes or SIZES).items():
        (target / name).mkdir(parents=True, exist_ok=True)
        for path, text, label, negated, patterns in part(name, films_of[name.split("/")[0]], size):
            (target / path).write_bytes(text.encode())
            rows.append(f"{path},{label},{'yes' if negated else 'no'},{' '.join(patterns)}")
    (target / "truth.csv").write_bytes("".join(f"{row}\n" for row in rows).encode())


if __name__ == "__main__":
    main()
