"""The small GPT that ships: its file is whole and described, it writes at once, it knows its language, it learns on."""

from functools import cache

import pytest
import torch

import coursekit as ck
from coursekit import load_tensors
from coursekit.text.learner import GPT_TINY, GPT_WEIGHTS
from data.make.weights import gpt_tiny

HELD_OUT = gpt_tiny.review_texts("test")[::60]


@cache
def shipped():
    """The learner, without data."""
    return ck.gpt_tiny(progress=False)


def test_the_file_fills_the_model_and_is_small():
    weights, metadata = load_tensors(GPT_WEIGHTS)
    own = shipped().model.state_dict()
    assert own.keys() - weights.keys() == {"decoder.weight"} and weights.keys() <= own.keys()
    assert all(torch.equal(weight.float(), own[name]) for name, weight in weights.items())
    assert all(weight.dtype == torch.float16 and weight.isfinite().all() for weight in weights.values())
    assert {weight.dtype for weight in own.values()} == {torch.float32}
    assert shipped().model.decoder.weight is shipped().model.encoder.embedding.weight
    assert GPT_WEIGHTS.stat().st_size < 2_000_000 and len(shipped().data.vocab) == gpt_tiny.VOCAB_SIZE
    assert {"trained on", "python", "texts", "tokens", "epochs", "seed", "minutes"} <= metadata.keys()
    assert "PSF" in metadata["trained on"] or "Python Software Foundation License" in metadata["trained on"]


def test_it_writes_at_once_without_data(tmp_path):
    said = shipped().generate("The film", 40, seed=0)
    assert said.startswith("The film") and said == ck.gpt_tiny().generate("The film", 40, seed=0)
    assert said != ck.gpt_tiny(pretrained=False).generate("The film", 40, seed=0)
    again = ck.load(shipped().export(tmp_path / "whole"), device="cpu")
    assert again.generate("The film", 40, seed=0) == said
    with pytest.raises(ValueError, match="loaded without data"):
        shipped().fit(1)


def test_it_knows_its_language_as_well_as_its_metadata_say():
    noted = load_tensors(GPT_WEIGHTS)[1]["bits per character, test reviews"]
    assert gpt_tiny.bits_per_character(shipped(), HELD_OUT) == pytest.approx(noted, rel=0.1)
    assert noted < 0.75 * gpt_tiny.bits_per_character(ck.gpt_tiny(pretrained=False), HELD_OUT)


def test_none_of_its_training_texts_is_held_out():
    assert not set(gpt_tiny.review_texts("train")) & set(gpt_tiny.review_texts("test"))


def test_it_learns_on_with_its_own_byte_pairs():
    texts = [f"Question: {a} + {b}? Answer: {a + b}\n" for a in range(9) for b in range(9)]
    data = ck.GPTLoaders(texts, texts, vocab=shipped().data.vocab, batch_size=8, seq_len=32, device="cpu")
    learn = ck.gpt_tiny(data, progress=False)
    before = learn.validate()["loss"]
    learn.fit(1, 1e-3)
    assert learn.validate()["loss"] < before / 2
    other = ck.gpt_tiny(progress=False)
    other.use(data)
    assert other.validate()["loss"] == pytest.approx(before, rel=1e-5)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: ck.gpt_tiny(ck.GPTLoaders(["abc abc"], batch_size=1, device="cpu")), "other byte pairs.*gpt_tiny"),
        (lambda: ck.gpt_tiny(size=64), "another model's weights: .*shape"),
        (lambda: ck.gpt_tiny(ck.Vocab.count(["a a"])), "learns from GPTLoaders; found Vocab"),
    ],
    ids=["words", "size", "no data"],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_script_runs_again(tmp_path, monkeypatch):
    monkeypatch.setattr(gpt_tiny, "GPT_TINY", GPT_TINY | {"size": 8, "layers": 1})
    threads = torch.get_num_threads()
    gpt_tiny.pretrain(0.01, 1, 3, tmp_path / "again")
    torch.set_num_threads(threads)
    weights, metadata = load_tensors(tmp_path / "again")
    assert metadata["texts"] == [24, 1] and {weight.dtype for weight in weights.values()} == {torch.float16}
    assert len(ck.BytePairs.saved(tmp_path / "again")) == gpt_tiny.VOCAB_SIZE
