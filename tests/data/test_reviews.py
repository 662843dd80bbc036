"""The `reviews` sample: aclImdb's layout, labels that follow from the patterns, no leak, the same bytes every time."""

import csv
import re
from collections import Counter

from lab import ROOT

from data.make import reviews, reviews_grammar, reviews_plots, reviews_words

FOLDER = ROOT / "data" / "reviews"
SIZES = {"train/pos": 500, "train/neg": 500, "train/unsup": 1400, "test/pos": 300, "test/neg": 300}
with (FOLDER / "truth.csv").open(encoding="utf-8", newline="") as opened:
    TRUTH = list(csv.DictReader(opened))
TEXTS = {row["file"]: (FOLDER / row["file"]).read_text(encoding="utf-8") for row in TRUTH}
CUE = re.compile(
    r"\b(not|never|nobody|no one|hardly|far from|anything but|by no means|nothing|in vain|without success|without"
    r"|less|no|in no way|[Dd]on't|isn't|can't|won't|neither|No|Not|called it|makes it look|instead of|rather than)\b"
)


def sentences(part):
    parts = (re.split(r"(?<=[.!?]) |<br /><br />", text) for file, text in TEXTS.items() if file.startswith(part))
    return [sentence for part in parts for sentence in part]


def patterns(*kinds):
    table = reviews_grammar.PATTERNS
    return [text for kind in kinds for variants in table[kind].values() for text in variants]


def choices(text):
    """Every text that the square brackets of a pattern allow."""
    match = re.search(r"\[([^\[\]]*)\]", text)
    if not match:
        return [text]
    return [t for part in match[1].split("|") for t in choices(text[: match.start()] + part + text[match.end() :])]


def polar(text):
    """How many words of a pleased, of a displeased reviewer a text holds."""
    sides = reviews_words.lexicon()
    return [len(re.findall(rf"\b({'|'.join(sorted(side, key=len, reverse=True))})\b", text, re.I)) for side in sides]


def test_the_folders_and_names_are_those_of_the_public_set():
    files = {f.relative_to(FOLDER).as_posix() for f in FOLDER.rglob("*") if f.is_file()}
    assert files == {*TEXTS, "truth.csv"}
    for part, size in SIZES.items():
        stars = {}
        for file in (f for f in files if f.startswith(part)):
            number, star = re.fullmatch(rf"{part}/(\d+)_(\d+)\.txt", file).groups()
            stars[int(number)] = int(star)
        assert sorted(stars) == list(range(size))
        allowed = {"pos": {7, 8, 9, 10}, "neg": {1, 2, 3, 4}, "unsup": {0}}[part.split("/")[1]]
        assert set(stars.values()) == allowed


def test_labels_and_negation_are_balanced_and_agree_with_the_folders():
    assert list(TRUTH[0]) == ["file", "label", "negated", "patterns"]
    assert all(row["label"] in row["file"] for row in TRUTH if "unsup" not in row["file"])
    counts = Counter((row["file"].split("/")[1], row["file"][:5], row["label"], row["negated"]) for row in TRUTH)
    assert {counts["unsup", "train", label, negated] for label in ("pos", "neg") for negated in ("yes", "no")} == {350}
    for part, quarter in (("train", 250), ("test/", 150)):
        assert {counts[side, part, side, yes] for side in ("pos", "neg") for yes in ("yes", "no")} == {quarter}


def test_it_is_small_and_lengths_have_a_long_tail():
    assert sum(f.stat().st_size for f in FOLDER.rglob("*") if f.is_file()) <= 2_500_000
    lengths = sorted(len(text.split()) for text in TEXTS.values())
    assert lengths[0] >= 30 and lengths[-1] > 400 and sum(n > 300 for n in lengths) < 100
    assert 80 <= lengths[len(lengths) // 2] <= 120


def test_it_looks_like_the_real_thing():
    everything = "\n".join(TEXTS.values())
    for found, least in (("<br /><br />", 600), ("!!!", 200), ("sooo", 50), ("VERY", 20), (" teh ", 50)):
        assert everything.count(found) >= least, found
    assert not re.search(r"[{}\[\]|]|  | [,.]|\ba [aeio](?!ne)", everything)
    assert not any(text != text.strip() or "\n" in text for text in TEXTS.values())


def test_words_of_the_two_sides_are_different_and_neutral_sentences_have_none():
    good, bad = reviews_words.lexicon()
    assert not good & bad
    plots = reviews_plots
    neutral = [*plots.OPENINGS, *plots.ABOUTS, *plots.PLOTS, *plots.ASIDES, *plots.GRAMMAR.values()]
    neutral += [text for genre in plots.GENRES.values() for text in genre]
    assert [text for text in neutral if polar(text) != [0, 0]] == []


def test_the_patterns_keep_what_their_kind_promises():
    for text in (c for pattern in patterns("plain", "trap") for c in choices(pattern)):
        assert "{!" not in text and "{=" in text, text
    for text in (c for pattern in patterns("negation") for c in choices(pattern)):
        assert "{!" in text and CUE.search(text), text
        assert "{=" not in text or "not {!adj}: {it} {is} {=adj}" in text, text
    for text in (c for pattern in patterns("contrast") for c in choices(pattern)):
        assert "{!" in text and ("{=" in text or re.search(r"\bnot \{!", text)), text
    assert all(re.search(r"\b(n|N)(ot|ever|obody|othing|o|annot)\b|cannot", t) for t in patterns("trap"))


def test_the_words_of_a_plain_review_tell_its_label_and_those_of_a_negated_one_mislead():
    wrong = []
    for row in TRUTH:
        good, bad = polar(TEXTS[row["file"]])
        if ((good > bad) == (row["label"] == "pos")) != (row["negated"] == "no"):
            wrong.append(row["file"])
    assert len(wrong) <= 0.01 * len(TRUTH), wrong  # names of films and typed words may hold one by chance


def test_every_pattern_is_used_and_named_in_the_truth():
    table = reviews_grammar.PATTERNS
    names = Counter(name for row in TRUTH for name in row["patterns"].split())
    assert set(names) == {f"{kind}.{name}" for kind in table for name in table[kind]}
    assert min(names.values()) >= 50


def test_no_review_is_there_twice_and_few_sentences_of_test_stand_in_train():
    assert len(set(TEXTS.values())) == len(TEXTS)
    known, asked = set(sentences("train")), sentences("test")
    assert sum(sentence in known for sentence in asked) < 0.25 * len(asked)


def test_films_of_test_are_not_those_of_train():
    films = [film["title"] for film in reviews.draw_films(reviews.np.random.default_rng(reviews.SEED), 480)]
    assert len(set(films)) == 480 == sum(reviews.FILMS.values())
    long = [title for title in films[:320] if len(title.split()) > 3]
    test = " ".join(text for file, text in TEXTS.items() if file.startswith("test"))
    assert sum(title in test for title in long) <= 0.25 * len(long)  # of other films that an aside names


def test_made_anew_every_byte_is_the_same(tmp_path):
    reviews.main(tmp_path)
    made = {f.relative_to(tmp_path): f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    assert made == {f.relative_to(FOLDER): f.read_bytes() for f in FOLDER.rglob("*") if f.is_file()}


def test_a_part_can_be_made_alone(tmp_path):
    reviews.main(tmp_path, {"test/neg": 5})
    files = list((tmp_path / "test" / "neg").iterdir())
    assert len(files) == 5 and all(f.read_bytes() == (FOLDER / "test" / "neg" / f.name).read_bytes() for f in files)
