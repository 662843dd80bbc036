"""Tokens say all of a text but its spaces, numbers say all of the tokens but rare words, and files are read whole."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import coursekit as ck
from coursekit.text.tokens import BEGINNING, PADDING, UNKNOWN, pieces
from coursekit.text.tokens import SPECIAL_TOKENS as MARKS
from coursekit.text.tokens import with_special_tokens as mark

# What the marks are for, and anything else
PIECES = [
    "Good", "NOT", "a", "I", "don't", "It’s", "!!!!", "so", "...", "<br />", "xxpad", "XXUNK", "1000", "naïve", "É",
    "Élan", "iPhone", "(", ")", "_x_", "ß", "日本", "xxxx", "'", '"', "so so so", "no no no no", "\n\n",
]  # fmt: skip
MANY = st.lists(st.sampled_from(PIECES))
TEXTS = st.one_of(st.text(), MANY.map(" ".join), MANY.map("".join))

SPELLED = {
    "I did NOT like it!!!": "i did xxup not like it xxrep 3 !",
    "Great, GREAT film": "xxmaj great , xxup great film",
    "very very very very dull": "xxwrep 4 very dull",
    "one<br /><br />two\n\n three": "one xxnl two xxnl three",
    "He didn't; it's DON'T": "xxmaj he did n't ; it 's xxup do n't",
    "can’t won't": "ca n't wo n't",
    "sooo 1000000": "s xxrep 3 o 1000000",
    "iPhone USA Élan": "iphone xxup usa xxmaj élan",
    "a xxpad XXBOS b": "a xx pad xx bos b",
    "cafe\u0301": "café",
    "": "",
    " \n ": "xxnl",
    "word": "word",
}


@pytest.mark.parametrize("text, tokens", SPELLED.items())
def test_the_table_of_marks(text, tokens):
    assert ck.tokenize(text) == ["xxbos", *tokens.split()]


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_nothing_but_spaces_is_lost(text):
    """Every token stands in the marked pieces, in order, and only spaces are between them."""
    tokens = ck.tokenize(text)
    assert tokens[0] == "xxbos" and "xxbos" not in tokens[1:]
    assert "".join(mark(piece).replace(" ", "") for piece in pieces(text)) == "".join(tokens[1:])
    assert "xxpad" not in tokens and "xxunk" not in tokens, "a text cannot pretend to be padding"


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_capitals_and_repetition_can_be_read_back(text):
    assert isinstance(ck.detokenize(ck.tokenize(text)), str)


BACK = ["I did NOT like it!!! Really: very very very dull.", 'He said "no" (twice), didn\'t he?', "One\nTwo 50%"]


@pytest.mark.parametrize("text", BACK)
def test_ordinary_text_comes_back_as_it_was(text):
    assert ck.detokenize(ck.tokenize(text)) == text


@given(st.lists(st.sampled_from([*MARKS, "good", "3", "!", "1" * 9])))
@settings(max_examples=100, deadline=None)
def test_any_tokens_can_be_read(tokens):
    """A model may say marks in an order that no text has."""
    text = ck.detokenize(tokens)
    assert not any(name in text for name in MARKS[1:]) and len(text) < 4 + 1000 * 6 * len(tokens)


def test_marks_in_a_row_may_be_many():
    """As a model with random weights says them; one that called itself for each would fill Python's stack."""
    assert ck.detokenize(["xxmaj", "xxrep", "3"] * 5_000 + ["xxup", "good"]) == "GOOD"


@given(st.lists(TEXTS, min_size=1), st.integers(1, 3), st.integers(9, 30), st.lists(TEXTS))
@settings(max_examples=80, deadline=None)
def test_a_vocabulary_is_the_most_frequent_training_words(training, least, most, later):
    count = Counter(token for text in training for token in ck.tokenize(text) if token not in MARKS)
    ranked = sorted((word for word in count if count[word] >= least), key=lambda word: (-count[word], word.encode()))
    if not ranked:
        with pytest.raises(ValueError, match=f"0 words occur {least} times or more"):
            ck.Vocab.count(training, least, most)
        return
    vocab = ck.Vocab.count(training, least, most)
    assert list(vocab.words) == [*MARKS, *ranked][:most]
    for text, numbers in zip(training + later, vocab.encode(training + later), strict=True):
        tokens = ck.tokenize(text)
        assert vocab.tokens(numbers.tolist()) == [token if token in vocab.words else "xxunk" for token in tokens]
        assert (
            numbers[0] == BEGINNING
            and PADDING not in numbers
            and (UNKNOWN in numbers) == bool(set(tokens) - set(vocab.words))
        )


def test_empty_and_one_word_texts_are_kept():
    vocab = ck.Vocab.count(["good good", ""])
    assert [numbers.tolist() for numbers in vocab.encode(["", "good", "bad"])] == [[2], [2, 8], [2, 0]]
    assert vocab.encode([]) == [] and vocab.decode([2, 8]) == "good"


def test_a_vocabulary_may_be_made_of_a_list():
    assert ck.Vocab([*MARKS, "a"]) == ck.Vocab((*MARKS, "a"))


def test_many_texts_are_numbered_in_order():
    texts = [f"word {i}" for i in range(4500)]
    vocab = ck.Vocab.count(texts, 1)
    assert [vocab.tokens(numbers.tolist())[2] for numbers in vocab.encode(texts)] == [str(i) for i in range(4500)]


@pytest.mark.parametrize("ids", [torch.tensor([8, 9]), np.array([8, 9]), (8, 9), iter([8, 9])], ids=type)
def test_ids_may_come_as_a_tensor_an_array_or_one_by_one(ids):
    assert ck.Vocab((*MARKS, "a", "b")).tokens(ids) == ["a", "b"]


SMALL = ck.Vocab((*MARKS, "a", "b"))
BAD = {
    "an id below 0": (lambda: SMALL.decode([-1]), "-1 is the token id of no word: they go from 0 to 9"),
    "an id beyond the last": (lambda: SMALL.decode([3, 10]), "10 is the token id of no word"),
    "half an id": (lambda: SMALL.decode([2.5]), "token ids are whole numbers, one after the other"),
    "one id": (lambda: SMALL.decode(8), "token ids are whole numbers, one after the other"),
    "rows of ids": (lambda: SMALL.decode(torch.zeros(2, 3).long()), "token ids are whole numbers, one after the other"),
    "text for ids": (lambda: SMALL.decode("a b"), "token ids are whole numbers, one after the other"),
    "text for tokens": (lambda: ck.detokenize("xxmaj good"), "tokens come as a list.*found the text 'xxmaj good'"),
    "a dictionary": (lambda: ck.Vocab.count({"a a": 1}), "give a list of texts.*found a dict"),
    "a set": (lambda: ck.Vocab.count({"a a"}), "give a list of texts.*found a set"),
    "a table": (lambda: ck.Vocab.count(pd.DataFrame({"a a": ["b"]})), "give a list of texts.*found a DataFrame"),
    "bytes": (lambda: ck.Vocab.count(b"a a"), "give a list of texts.*found a bytes"),
    "a series with a gap": (
        lambda: ck.Vocab.count(pd.Series(["a a", None], index=[7, 8])),
        "number 1 is (nan|None): leave",
    ),
    "a frequency in text": (lambda: ck.Vocab.count(["a a"], "2"), "min_frequency must be at least 1; found '2'"),
    "no list of words": (lambda: ck.Vocab("xxunk"), "found a str"),
    "a word that is none": (lambda: ck.Vocab([*MARKS, 3]), "number 8 is 3"),
    "which word twice": (lambda: ck.Vocab([*MARKS, "a", "b", "a"]), "each word once; 'a' is there more often"),
    "one text": (lambda: ck.Vocab.count("a text"), r"give a list of texts, also for a single one: \[text\]"),
    "a generator": (lambda: ck.Vocab.count(text for text in ["a a"]), "found a generator"),
    "no text": (lambda: ck.Vocab.count(["a a", None]), "number 1 is None: leave it out"),
    "half a character": (lambda: ck.tokenize("a \ud800"), "text number 0 is no UTF-8"),
    "no words": (lambda: ck.Vocab.count(["", ""]), "0 words occur 2 times or more in 2 texts"),
    "no room": (lambda: ck.Vocab.count(["a a"], 1, 8), "room for 0"),
    "words without marks": (lambda: ck.Vocab(("a", "b")), "begins with xxunk xxpad"),
    "a word twice": (lambda: ck.Vocab((*MARKS, "a", "a")), "each word once"),
}


@pytest.mark.parametrize("act, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(act, message):
    with pytest.raises(ValueError, match=message):
        act()


# Files


@pytest.fixture
def reviews(tmp_path):
    """The folders of aclImdb, with its other files."""
    for label, texts in {"neg": ["dull", ""], "pos": ["Good!", "größer", " \n"], "unsup": ["perhaps"]}.items():
        (tmp_path / "train" / label).mkdir(parents=True)
        for i, text in enumerate(texts):
            (tmp_path / "train" / label / f"{i}_7.txt").write_text(text, encoding="utf-8")
    (tmp_path / "train" / "urls_pos.txt").write_text("http://", encoding="utf-8")
    return tmp_path / "train"


def test_reviews_are_read_with_label_and_file(reviews):
    texts = ck.read_texts(reviews)
    assert texts.texts == ["dull", "", "Good!", "größer", " \n"] and texts.labels == ["neg"] * 2 + ["pos"] * 3
    assert [file.relative_to(reviews).as_posix() for file in texts.files[1:3]] == ["neg/1_7.txt", "pos/0_7.txt"]
    assert repr(texts) == "Texts(2 neg, 3 pos; 2 of them empty)" and len(texts) == 5
    assert ck.read_texts(reviews, ["unsup"]).texts == ["perhaps"]


def test_a_split_takes_each_text_once_and_the_same_again(reviews):
    texts = ck.read_texts(reviews)
    train, valid = texts.split(2)
    assert len(valid) == 2 and sorted(train.files + valid.files) == sorted(texts.files)
    assert texts.split(2)[1] == valid and any(texts.split(2, seed)[1] != valid for seed in range(5))
    for held_out in (0, 5):
        with pytest.raises(ValueError, match=f"{held_out} of 5 texts cannot be held out"):
            texts.split(held_out)


def test_a_file_that_is_not_utf8_is_named(reviews):
    (reviews / "pos" / "9_9.txt").write_bytes("größer".encode("latin-1"))
    with pytest.raises(ValueError, match=r"9_9.txt is not UTF-8 \(byte 2 is 0xf6\): save it as UTF-8"):
        ck.read_texts(reviews)
    read = ck.read_texts(reviews, encoding="latin-1")
    assert len(read) == 6 and "\xf6" in read.texts[[file.name for file in read.files].index("9_9.txt")]
    with pytest.raises(ValueError, match="Python knows no encoding 'latin-x'; there are"):
        ck.read_texts(reviews, encoding="latin-x")


def test_a_byte_order_mark_is_no_word(reviews):
    (reviews / "unsup" / "1_0.txt").write_bytes(b"\xef\xbb\xbfgood")
    assert ck.read_texts(reviews, ["unsup"]).texts == ["perhaps", "good"]


def test_other_files_are_left_out_with_a_word_and_hidden_ones_without(reviews, recwarn):
    (reviews / "pos" / ".DS_Store").write_bytes(b"")
    assert len(ck.read_texts(reviews)) == 5 and not recwarn
    (reviews / "pos" / "notes.TXT").write_text("?", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"1 files are no .txt and left out, such as .*notes.TXT"):
        assert len(ck.read_texts(reviews)) == 5
    (reviews / "pos" / "0_first.md").write_text("?", encoding="utf-8")  # before all others in the alphabet
    with pytest.warns(UserWarning, match=r"2 files are no .txt and left out"):
        assert len(ck.read_texts(reviews)) == 5


def test_texts_lie_in_the_same_order_where_paths_compare_without_case(reviews, without_case):
    for name in ("b.txt", "A.txt", "C.txt"):
        (reviews / "unsup" / name).write_text("perhaps", encoding="utf-8")
    names = [file.name for file in ck.read_texts(reviews, ["unsup"]).files]
    assert names == sorted(names) and names.index("C.txt") < names.index("b.txt")


def test_labels_are_a_list_and_texts_have_one_each(reviews):
    for labels in ("neg", ["neg", "neg"], {"neg", "pos"}):
        with pytest.raises(ValueError, match="labels are a list of different subfolders; found"):
            ck.read_texts(reviews, labels)
    with pytest.raises(ValueError, match="each text has a label and a file; found 2, 1 and 0"):
        ck.Texts(["a", "b"], ["neg"], [])
    with pytest.raises(ValueError, match=r"0.2 of 5 texts cannot be held out.*whole ones"):
        ck.read_texts(reviews).split(0.2)


def test_a_folder_that_is_not_there_is_named_beside_those_that_are(reviews):
    with pytest.raises(FileNotFoundError, match=r"no texts .*positive/\*.txt; .*train holds neg, pos, unsup"):
        ck.read_texts(reviews, ["positive"])
    with pytest.raises(FileNotFoundError, match="holds no folder"):
        ck.read_texts(reviews / "neg")
