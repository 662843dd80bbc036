"""The language model that ships: its file is whole and described, it knows what its texts mean, it fits any words."""

import math
from functools import cache

import pytest
import torch
from lab import ROOT
from torch import nn

import coursekit as ck
from coursekit import load_tensors
from coursekit.text.learner import TINY, WEIGHTS
from data.make.weights import language_tiny

REVIEWS = ROOT / "data" / "reviews"


@cache
def shipped():
    """The notes."""
    metadata = load_tensors(WEIGHTS)[1]
    return metadata | {"vocab": metadata["config"]["vocabulary"]}


@cache
def texts(part, each):
    """The first texts of both labels."""
    read = ck.read_texts(REVIEWS / part)
    rows = [i for label in ("neg", "pos") for i in [j for j, it in enumerate(read.labels) if it == label][:each]]
    return read.take(rows)


def learner(words=None, pretrained=True, **options):
    """A learner of the language model, for words of its own or those that it was trained with."""
    vocab = words or ck.Vocab(tuple(shipped()["vocab"]))
    data = ck.LanguageLoaders(texts("test", 10).texts, vocab=vocab, batch_size=4, device="cpu")
    return ck.language_tiny(data, pretrained=pretrained, progress=False, **options)


def test_the_file_fills_the_model_and_is_small():
    weights, _ = load_tensors(WEIGHTS)
    own = learner().model.state_dict()
    assert weights.keys() == own.keys()
    assert all(torch.equal(weights[name].float(), own[name]) and own[name].dtype == torch.float32 for name in own)
    assert all(value.dtype == torch.float16 and value.isfinite().all() for value in weights.values())
    assert WEIGHTS.stat().st_size <= 4_000_000


def test_the_notes_tell_how_it_was_made():
    notes = shipped()
    assert {"trained on", "texts", "plan", "tokens", "seed", "minutes", "vocab"} <= notes.keys()
    assert len(notes["trained on"]) > 50 and sum(notes["texts"]) > 10_000 and notes["minutes"] > 1
    assert 1 < notes["perplexity, test reviews"] < 10 and 0.5 < notes["expected sides, test reviews"] <= 1


def test_none_of_its_texts_stands_in_the_sample():
    composed = language_tiny.compose(0.01, shipped()["seed"])
    assert [len(set(part)) for part in composed] == [round(0.01 * count) for _, count, _, _ in language_tiny.PLAN]
    assert not {text for part in composed for text in part} & set(language_tiny.sample_texts())


def test_it_knows_the_language_and_which_opinions_go_together():
    language, held_out = learner(), texts("test", 50).texts
    loader = ck.LanguageLoaders(held_out, held_out, vocab=language.data.vocab, batch_size=8, device="cpu").valid
    assert math.exp(language.validate(loader)["loss"]) < 1.25 * shipped()["perplexity, test reviews"]
    assert language_tiny.expected_sides(language, held_out) > 0.6
    assert abs(language_tiny.expected_sides(learner(pretrained=False), held_out) - 0.5) < 0.1


def features(encoder, documents):
    """The mean output over each text, normalised, (n, 128)."""
    with torch.inference_mode():
        means = torch.stack([encoder.eval()(document[None])[0][0].mean(0) for document in documents])
    return (means - means.mean(0)) / (means.std(0) + 1e-6)


def test_two_hundred_labels_and_a_linear_layer_find_the_sentiment_in_it_and_not_in_random_weights():
    found = {}
    for pretrained in (True, False):
        language, right = learner(pretrained=pretrained), []
        train, test = ((part.texts, torch.tensor([label == "pos" for label in part.labels])) for part in PARTS())
        x, x_test = (features(language.model.encoder, language.data.vocab.encode(part[0])) for part in (train, test))
        weights = torch.linalg.solve(x.T @ x + 100 * torch.eye(x.shape[1]), x.T @ (2.0 * train[1] - 1))
        right = (x_test @ weights > 0) == test[1]
        found[pretrained] = right.float().mean().item()
    assert found[True] > found[False] + 0.1, found


def PARTS():
    """200 reviews to fit to, 200 others."""
    return texts("train", 100), texts("test", 100)


def test_it_fits_other_words_and_new_ones_get_the_mean():
    words = ck.Vocab.count(["film story dull quux", "film story dull quux"], min_frequency=2)
    model, known = learner(words).model, ck.Vocab(tuple(shipped()["vocab"]))
    whole = learner(known).model
    for here, there in (
        (model.encoder.embedding.weight, whole.encoder.embedding.weight),
        (model.decoder.weight, whole.decoder.weight),
        (model.decoder.bias, whole.decoder.bias),
    ):
        assert torch.equal(here[words.token_to_id["dull"]], there[known.token_to_id["dull"]])
        assert torch.allclose(here[words.token_to_id["quux"]], there.mean(0))


def test_words_of_another_language_are_refused():
    words = ck.Vocab.count(["quux frobnitz", "quux frobnitz"], min_frequency=2)
    with pytest.raises(ValueError, match="another language"):
        learner(words)


@pytest.mark.parametrize("size", [{"embedding": 64}, {"hidden": 64, "layers": 2}, {"tied": True, "layers": 3}], ids=str)
def test_other_sizes_are_refused_and_named(size):
    with pytest.raises(ValueError, match=r"another model's weights: .*(shape|not in the file)"):
        learner(**size)


def test_its_encoder_goes_into_a_classifier(tmp_path):
    language = learner()
    file = language.save_encoder(tmp_path / "encoder")
    part = texts("train", 10)
    data = ck.TextLoaders((part.texts, part.labels), vocab=language.data.vocab, batch_size=5, device="cpu")
    classifier = ck.text_classifier_learner(data, **TINY, progress=False)
    assert classifier.load_encoder(file) == len(language.data.vocab)
    ours, theirs = classifier.model.encoder, language.model.encoder
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_the_decoder_is_its_own_and_is_trained():
    language = learner()
    assert language.model.decoder.weight is not language.model.encoder.embedding.weight
    before = language.model.decoder.weight.clone()
    language.fit(1, 1e-3)
    assert not torch.equal(before, language.model.decoder.weight)
    assert isinstance(language.model.decoder, nn.Linear)


def test_the_script_runs_again(tmp_path, monkeypatch):
    monkeypatch.setattr(language_tiny, "HELD_OUT", texts("test", 5).texts)
    threads = torch.get_num_threads()
    language_tiny.pretrain(0.002, 3, tmp_path / "again")
    torch.set_num_threads(threads)
    weights, notes = load_tensors(tmp_path / "again")
    assert len(notes["texts"]) == len(language_tiny.PLAN) and {value.dtype for value in weights.values()} == {
        torch.float16
    }
