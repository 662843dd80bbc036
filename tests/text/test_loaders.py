"""Strips meet every token once and in order; documents come whole, sorted and padded; what does not fit is said."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import coursekit as ck
from coursekit.text.tokens import PADDING

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


def numbered(lengths):
    """Documents in which no two tokens are the same: 1, 2, 3 ..."""
    return list(torch.arange(1, sum(lengths) + 1).split(lengths))


@given(LENGTHS, st.integers(1, 9), st.integers(1, 20), st.booleans(), st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_no_token_is_lost_or_repeated(lengths, columns, strip, shuffle, seed):
    documents = numbered(lengths)
    if sum(lengths) <= columns:
        with pytest.raises(ValueError, match=f"{sum(lengths)} tokens in {len(lengths)} documents are too few for"):
            ck.SequenceLoader(documents, columns, strip, shuffle, torch.device("cpu"))
        return
    loader = ck.SequenceLoader(documents, columns, strip, shuffle, torch.device("cpu"))
    torch.manual_seed(seed)
    batches = list(loader)
    assert len(batches) == len(loader) and sum(len(targets) for _, targets in batches) == loader.samples
    tokens = torch.cat([tokens for tokens, _ in batches], 1)
    targets = torch.cat([targets.view(columns, -1) for _, targets in batches], 1)
    assert all(part.shape[1] > 0 and len(target) == part.numel() for part, target in batches)
    # read column after column, the tokens are the stream, and the targets the stream one token later
    stream, following = tokens.flatten(), targets.flatten()
    assert torch.equal(stream[1:], following[:-1])
    whole = torch.cat([stream, following[-1:]])
    assert sum(lengths) - len(whole) < columns and len(set(whole.tolist())) == len(whole)
    after = {int(a): int(b) for document in documents for a, b in zip(document, document[1:], strict=False)}
    ends = {int(document[-1]) for document in documents}
    assert all(after.get(int(a), int(b)) == int(b) for a, b in zip(whole, whole[1:], strict=False))
    assert all(int(a) in after or int(a) in ends for a in whole)
    if not shuffle:
        assert torch.equal(whole, torch.arange(1, len(whole) + 1))


def test_a_row_goes_on_where_the_batch_before_ended():
    loader = ck.SequenceLoader([torch.arange(101)], 4, 6, shuffle=True, device=torch.device("cpu"))
    batches = list(loader)
    for (before, _), (after, _) in zip(batches, batches[1:], strict=False):
        assert torch.equal(before[:, -1] + 1, after[:, 0])


def test_strips_vary_only_in_training_and_never_by_more_than_a_quarter():
    documents = [torch.arange(10) for _ in range(701)]
    torch.manual_seed(0)
    train, valid = (ck.SequenceLoader(documents, 7, 20, shuffle, torch.device("cpu")) for shuffle in (True, False))
    lengths = [[tokens.shape[1] for tokens, _ in loader] for loader in (train, train, valid)]
    assert lengths[0] != lengths[1] and set(lengths[2]) <= {20, 21}
    assert 14 <= min(lengths[0]) < 18 and 22 < max(lengths[0]) <= 26 and len(lengths[0]) == len(train)


def test_documents_come_in_another_order_each_epoch_and_again_with_the_seed():
    loader = ck.SequenceLoader(numbered([5] * 20), 2, 10, shuffle=True, device=torch.device("cpu"))
    first, second = (torch.cat([tokens for tokens, _ in loader], 1) for _ in range(2))
    torch.manual_seed(0)
    again = torch.cat([tokens for tokens, _ in loader], 1)
    assert not torch.equal(first, second) and torch.equal(first, again)


# Whole documents


@given(LENGTHS, st.integers(1, 8), st.booleans())
@settings(max_examples=100, deadline=None)
def test_each_document_comes_once_whole_with_its_target(lengths, batch_size, shuffle):
    documents = [document + PADDING for document in numbered(lengths)]
    targets = torch.arange(len(documents))
    loader = ck.DocumentLoader(documents, targets, batch_size, shuffle, torch.device("cpu"))
    batches = list(loader)
    sizes = [len(target) for _, target in batches]
    assert len(sizes) == len(loader) and max(sizes) <= batch_size and max(sizes) - min(sizes) <= 1
    for tokens, target in batches:
        longest = max(len(documents[i]) for i in target.tolist())
        assert tokens.shape == (len(target), longest)
        for row, i in zip(tokens, target.tolist(), strict=True):
            kept = row != PADDING
            assert torch.equal(row[kept], documents[i]) and kept[: kept.sum()].all(), "padding only at the end"
    met = torch.cat([target for _, target in batches])
    assert sorted(met.tolist()) == targets.tolist()
    if not shuffle:
        assert torch.equal(met, loader.order)
        assert [len(documents[i]) for i in met.tolist()] == sorted(map(len, documents), reverse=True)


def test_lengths_in_a_batch_are_alike_though_shuffled():
    lengths = torch.randint(10, 500, (400,), generator=torch.Generator().manual_seed(0)).tolist()
    loader = ck.DocumentLoader(numbered(lengths), torch.zeros(400), 16, True, torch.device("cpu"))
    orders = []
    for _ in range(2):
        batches = [tokens for tokens, _ in loader]
        orders.append([tokens.shape[1] for tokens in batches])
        padded = sum(int((tokens == 0).sum() + (tokens == PADDING).sum()) for tokens in batches)
        assert padded < 0.2 * sum(lengths)
    assert orders[0] != orders[1] and orders[0] != sorted(orders[0], reverse=True)


def test_both_are_loaders_and_come_in_order():
    for loader in (
        ck.SequenceLoader(numbered([9] * 5), 2, 4, True, "cpu"),
        ck.DocumentLoader(numbered([3, 9, 5]), torch.arange(3), 2, True, "cpu"),
    ):
        assert isinstance(loader, ck.Loader)
        first, again = (torch.cat([target for _, target in loader.in_order()]) for _ in range(2))
        assert torch.equal(first, again) and len(first) == loader.samples
        if isinstance(loader, ck.DocumentLoader):
            assert first.tolist() == loader.in_order().order.tolist() == [1, 2, 0]


# Both from texts

TEXTS = ["good film good cast"] * 6 + ["dull film dull cast dull"] * 6
LABELS = ["pos"] * 6 + ["neg"] * 6


def test_language_loaders_count_training_words_only():
    data = ck.LanguageLoaders(TEXTS, ["splendid good splendid"], batch_size=2, seq_len=7, device="cpu")
    assert data.vocab.words[8:] == ("dull", "cast", "film", "good")
    tokens, targets = next(iter(data.valid))
    assert data.vocab.tokens(tokens.flatten().tolist()) == ["xxbos", "xxunk"], "the text is xxbos xxunk good xxunk"
    assert data.vocab.tokens(targets.tolist()) == ["xxunk", "good"]
    assert repr(data) == "LanguageLoaders(64 samples in 5 batches, 2 held-out samples, 2 batch rows, 12 words, on cpu)"
    assert "nothing held out" in repr(ck.LanguageLoaders(TEXTS, vocab=data.vocab, batch_size=2, device="cpu"))


def test_text_loaders_cut_only_when_told_and_say_so():
    data = ck.TextLoaders((TEXTS, LABELS), (["good", ""], ["pos", "neg"]), batch_size=4, device="cpu")
    assert data.truncated == 0 and data.target_type.names == ("neg", "pos")
    assert [target.tolist() for _, target in data.valid] == [[1, 0]], "an empty text is kept"
    assert repr(data) == "TextLoaders(12 samples in 3 batches, 2 held-out samples, 2 classes, 12 words, on cpu)"
    cut = ck.TextLoaders((TEXTS, LABELS), batch_size=4, max_length=5, device="cpu")
    assert cut.truncated == 6 and "6 truncated to 5 tokens" in repr(cut) and next(iter(cut.train))[0].shape[1] == 5


CPU = dict(device="cpu")


@pytest.mark.parametrize(
    "labels, names",
    [
        (np.array([1, 0] * 6), ("0", "1")),
        (torch.tensor([1, 0] * 6), ("0", "1")),
        ([1.0, 0.0] * 6, ("0", "1")),
        ([np.int64(1), np.float32(0)] * 6, ("0", "1")),
        ([True, False] * 6, ("False", "True")),
        (pd.Series(["cafe\u0301", "bar"] * 6, index=range(5, 17)), ("bar", "caf\u00e9")),
    ],
    ids=["array", "tensor", "floats", "numbers of NumPy's", "truths", "series"],
)
def test_labels_may_come_as_lists_arrays_tensors_or_series(labels, names):
    texts = pd.Series(TEXTS, index=range(7, 19))
    data = ck.TextLoaders((texts, labels), (TEXTS, [0, 1] * 6 if names == ("0", "1") else labels), batch_size=4, **CPU)
    assert data.target_type.names == names
    assert sorted(torch.cat([target for _, target in data.valid]).tolist()) == [0] * 6 + [1] * 6


def text_loaders(labels, **options):
    return ck.TextLoaders((TEXTS, labels), **CPU | options)


BAD = {
    "a label that is missing": (lambda: text_loaders([*LABELS[1:], math.nan]), "that of text number 11 is nan: leave"),
    "a label that is None": (lambda: text_loaders([None, *LABELS[1:]]), "that of text number 0 is None: leave"),
    "a label that is NA": (lambda: text_loaders(pd.array([*LABELS[1:], pd.NA])), "number 11 is <NA>: leave"),
    "a held-out label that is missing": (
        lambda: ck.TextLoaders((TEXTS, LABELS), (TEXTS, [None, *LABELS[1:]]), **CPU), "number 0 is None"),
    "labels in one text": (lambda: text_loaders("aabbaabbaabb"), "labels come as a list.*found a str"),
    "labels that are drawn": (lambda: text_loaders(label for label in LABELS), "labels come as a list.* a generator"),
    "texts that are drawn": (
        lambda: ck.TextLoaders(((text for text in TEXTS), LABELS), **CPU), "give a list of texts.* a generator"),
    "texts in no order": (lambda: ck.TextLoaders((set(TEXTS), LABELS), **CPU), "give a list of texts.* a set"),
    "labels, then texts": (
        lambda: ck.TextLoaders((LABELS, [f"text {i}" for i in range(12)]), **CPU), "all labels differ.*in this order"),
    "texts without labels held out": (lambda: ck.TextLoaders((TEXTS, LABELS), TEXTS, **CPU), "a tuple of two lists"),
    "labels where none are needed": (
        lambda: ck.LanguageLoaders((TEXTS, LABELS), **CPU), r"number 0 is \['good film good cast'.* \[...\]: leave"),
    "one text": (lambda: ck.LanguageLoaders("a text", **CPU), "give a list of texts"),
    "a list for a vocabulary": (lambda: text_loaders(LABELS, vocab=["good"]), "vocab is a ck.Vocab.*found a list"),
    "half a text in a batch": (lambda: text_loaders(LABELS, batch_size=4.5), "4.5, where a whole number is needed"),
    "shorter than a batch": (lambda: ck.LanguageLoaders(TEXTS, batch_size=90, **CPU), "66 tokens .* need 91: give"),
    "nothing to hold out": (lambda: ck.LanguageLoaders(TEXTS, [], batch_size=2, **CPU), "0 tokens in 0 documents"),
    "no sequence": (lambda: ck.LanguageLoaders(TEXTS, seq_len=0, **CPU), "seq_len must be at least 1; found 0"),
    "no columns": (lambda: ck.LanguageLoaders(TEXTS, batch_size=0, **CPU), "batch_size must be at least 1; found 0"),
    "no texts": (lambda: ck.LanguageLoaders([], **CPU), "0 words occur"),
    "one class": (lambda: ck.TextLoaders((TEXTS, ["pos"] * 12), **CPU), "labels are 'pos'"),
    "another class": (lambda: ck.TextLoaders((TEXTS, LABELS), (["a"], ["odd"]), **CPU),
        "the label 'odd' is none of the 2 classes"),
    "fewer labels": (lambda: ck.TextLoaders((TEXTS, LABELS[1:]), **CPU), "12 documents and 11 targets"),
    "batches of one": (lambda: ck.TextLoaders((TEXTS, LABELS), batch_size=1, **CPU), "needs several texts; found 12"),
    "pairs in a list": (lambda: ck.TextLoaders(list(zip(TEXTS, LABELS, strict=True)), **CPU),
        "give a tuple of two lists"),
    "no length": (lambda: ck.TextLoaders((TEXTS, LABELS), max_length=0, **CPU), "max_length must be at least 1"),
    "nothing held out": (lambda: ck.TextLoaders((TEXTS, LABELS), ([], []), **CPU), "documents must be at least 1"),
    "a document of nothing": (
        lambda: ck.DocumentLoader([torch.ones(0)], torch.zeros(1), 1, device="cpu"), "document 0 has no token"),
}  # fmt: skip


@pytest.mark.parametrize("act, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(act, message):
    with pytest.raises(ValueError, match=message):
        act()
