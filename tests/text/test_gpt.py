"""Byte pairs give any text back; windows meet every token once; a GPT says the same with its cache and without."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import coursekit as ck

TEXTS = [f"{who} {what} the {thing}.\n" for who in ("Anna", "Ben") for what in ("loves", "hates") for thing in
         ("film", "play", "book", "song")] * 6  # fmt: skip
PAIRS = ck.BytePairs.train(TEXTS, 280)
ANY = st.one_of(st.text(), st.lists(st.sampled_from([" ", "Anna", "loves", "\n\n", "😀", "👩‍🚀", "é", "<|endoftext|>",
                                                     "Ġ", "\x00", "'s", "  "])).map("".join))  # fmt: skip


def loaders(train=TEXTS, valid=TEXTS[:9], **options):
    return ck.GPTLoaders(train, valid, **{"vocab": PAIRS, "batch_size": 4, "seq_len": 12, "device": "cpu"} | options)


def learner(data=None, **options):
    torch.manual_seed(0)
    return ck.gpt_learner(data or loaders(), 16, 2, 2, progress=False, **options)


@pytest.fixture(scope="module")
def trained():
    made = learner(metrics=[ck.perplexity], callbacks=[ck.GradientClipping(1.0)])
    made.fit_one_cycle(6, 2e-2)
    return made


# Byte pairs


def test_each_merge_is_the_most_frequent_pair_of_its_time():
    text = "low lower lowest new newer newest wide wider widest"
    words = [[*word] for word in text.replace(" ", " Ġ").split(" ")]
    merges = ck.BytePairs.train([text] * 2, 257 + 12).merges
    assert len(merges) == 12
    for merge in merges:
        counts, pair = Counter(pair for word in words for pair in pairwise(word)), merge.split(" ")
        assert counts[tuple(pair)] == max(counts.values())
        for word in words:
            for i in range(len(word) - 1):
                if word[i : i + 2] == pair:
                    word[i : i + 2] = ["".join(pair)]
    pairs = ck.BytePairs(merges)
    assert pairs.tokens(pairs.encode([text])[0])[1:] == [token for word in words for token in word]


@given(ANY)
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back_as_it_was(text):
    for pairs in (PAIRS, ck.BytePairs()):
        ids = pairs.encode([text])[0]
        assert ids.dtype == torch.int64 and ids[0] == 0 and 0 not in ids[1:]
        assert pairs.decode(ids.tolist()) == pairs.decode(ids[1:]) == text
    assert len(ids) == 1 + len(text.encode()), "without merges a token is a byte"


def test_frequent_words_are_one_token_and_no_token_crosses_words():
    assert PAIRS.tokens(PAIRS.encode(["Anna loves"])[0]) == ["<|endoftext|>", "Anna", "Ġloves"]
    assert len(PAIRS) == 280 == len(set(PAIRS.words)) and PAIRS.words[0] == "<|endoftext|>"
    assert not [word for word in PAIRS.words if "Ġ" in word[1:]]
    assert PAIRS.decode([0, 5, 0]).endswith("<|endoftext|>")
    assert PAIRS.decode(PAIRS.encode(["é"])[0][:2]) == "\ufffd"


def test_training_again_gives_the_same_and_the_file_keeps_it(tmp_path, trained):
    assert ck.BytePairs.train(TEXTS, 280) == PAIRS
    assert ck.BytePairs.saved(trained.save(tmp_path / "gpt")) == PAIRS
    assert len(ck.BytePairs.train(["abc"], 300)) == 257, "nothing occurs twice"
    with pytest.raises(ValueError, match="holds no vocabulary"):
        ck.Vocab.saved(tmp_path / "gpt")


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: ck.BytePairs(["a b", "ab c", "x ya"]), "a merge is two tokens.*found 'x ya'"),
        (lambda: ck.BytePairs(["a"]), "found 'a'"),
        (lambda: ck.BytePairs("a b"), "give a list of texts"),
        (lambda: ck.BytePairs.train(TEXTS, 256), "257 tokens; max_size=256 has no room"),
        (lambda: ck.BytePairs.train("text"), "give a list of texts"),
        (lambda: PAIRS.encode(["\ud800"]), "no UTF-8"),
        (lambda: PAIRS.decode([280]), "280 is the token id of no word"),
        (lambda: loaders(vocab=ck.Vocab.count(TEXTS)), "vocab is a ck.BytePairs.*found a Vocab"),
        (lambda: ck.LanguageLoaders(TEXTS, vocab=PAIRS), "vocab is a ck.Vocab.*found a BytePairs"),
        (lambda: ck.language_model_learner(loaders()), "learns from LanguageLoaders; found GPTLoaders"),
        (lambda: ck.gpt_learner(ck.LanguageLoaders(TEXTS)), "learns from GPTLoaders; found LanguageLoaders"),
        (lambda: learner(loaders(seq_len=13), seq_len=12).fit(1), "windows have 13 tokens, the model positions for 12"),
    ],
    ids=range(12),
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Windows


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(1, 5), st.integers(1, 9), st.booleans())
@settings(max_examples=100, deadline=None)
def test_windows_hold_each_token_once_and_no_more_than_they_may(lengths, batch_size, seq_len, shuffle):
    documents = list(torch.arange(1, sum(lengths) + 1).split(lengths))
    if sum(lengths) <= batch_size:
        return
    loader = ck.WindowLoader(documents, batch_size, seq_len, shuffle, torch.device("cpu"))
    batches = list(loader)
    assert len(batches) == len(loader) and all(tokens.shape[1] <= seq_len for tokens, _ in batches)
    tokens = torch.cat([tokens.flatten() for tokens, _ in batches]).tolist()
    targets = torch.cat([targets for _, targets in batches]).tolist()
    assert len(set(targets)) == len(targets) == loader.samples and sum(lengths) - loader.samples <= batch_size
    if not shuffle:
        assert [token + 1 for token in tokens] == targets
    ordered = list(loader.in_order())
    assert type(loader.in_order()) is ck.WindowLoader and (shuffle or torch.equal(ordered[0][0], batches[0][0]))


def test_windows_come_in_another_order_each_epoch():
    loader = loaders().train
    torch.manual_seed(0)
    assert not torch.equal(next(iter(loader))[0], next(iter(loader))[0])


# The model


def test_it_starts_as_gpt_2_does_and_shares_the_vectors():
    torch.manual_seed(0)
    model = ck.GPT(ck.Transformer(300, 64, 4, 8, 16))
    assert model.decoder.weight is model.encoder.embedding.weight
    block = model.encoder.blocks[3]
    expected = 0.02 * 12**0.5  # 64 is a twelfth of GPT-2's 768
    for part, deviation in (
        (block.attention.qkv, expected), (block.mlp[0], expected), (model.decoder, expected),
        (block.mlp[2], expected / 4), (block.attention.output, expected / 4),
    ):  # fmt: skip
        assert float(part.weight.detach().std()) == pytest.approx(deviation, rel=0.05)
        assert part.bias is None or not part.bias.any()
    logits = model(torch.arange(32).view(2, 16)).detach()
    assert logits.shape == (32, 300)
    assert ck.cross_entropy(logits, torch.arange(100, 132)) == pytest.approx(math.log(300), abs=0.4), (
        "it knows nothing yet"
    )


def test_it_learns_the_language(trained):
    results = trained.validate()
    assert 1.4 < results["perplexity"] < 2, results
    assert trained.predict("Anna loves").label == "Ġthe"
    assert [one.label for one in trained.predict(["Anna loves", "Ben hates the film"])] == ["Ġthe", "."]


def test_layer_groups_hold_everything_and_the_last_is_the_decoders(trained):
    made = learner()
    assert {p for group in made.groups for p in group.parameters()} == set(made.model.parameters())
    made.freeze()
    assert made.model.decoder.weight.requires_grad and not made.model.encoder.blocks[1].mlp[0].weight.requires_grad


# Writing


@pytest.mark.parametrize("prompt", ["", "Anna", "Ben hates the film.\n" * 4])
@pytest.mark.parametrize("tokens", [1, 11, 40])
def test_the_cache_changes_nothing_also_beyond_the_positions(prompt, tokens):
    made = learner()  # untrained, so that it seldom says that the text is over
    said = [made.generate(prompt, tokens, seed=3, cache=cache) for cache in (True, False)]
    assert said[0] == said[1] and said[0].startswith(prompt)


def test_beyond_its_positions_it_goes_on_from_the_latest_half():
    made, read = learner(), []
    made.model.encoder.register_forward_hook(lambda module, inputs, outputs: read.append(inputs[0][0].tolist()))
    made.generate("Anna loves the film.", 30, seed=1, cache=False)
    assert {len(tokens) for tokens in read} <= {*range(6, 13)}
    assert all(after[: len(before)] == before or before[-5:] == after[:5] for before, after in pairwise(read))
    whole = len(read)
    made.generate("Anna loves the film.", 30, seed=1)
    lengths = [len(tokens) for tokens in read[whole:]]
    assert len(lengths) == whole and lengths[0] == 8 and {*lengths[1:]} == {1, 6}, "with the cache it reads what is new"


def test_a_prompt_that_is_too_long_is_read_from_its_end(trained):
    long = "Ben hates the song.\n" * 9 + "Anna loves"
    assert trained.generate(long, 3, top_k=1) == long + trained.generate("\nAnna loves", 3, top_k=1)[11:]
    assert trained.predict(long).label == "Ġthe"


def test_it_stops_where_the_text_is_over(trained):
    said = trained.generate("Anna loves the film.", 50, top_k=1)
    assert said == "Anna loves the film.\n"


def test_a_seed_gives_the_same_text_and_leaves_the_generator_and_the_mode_alone(trained):
    state, _ = torch.get_rng_state(), trained.model.train()
    assert trained.generate("Ben", 9, seed=1) == trained.generate("Ben", 9, seed=1)
    assert torch.equal(state, torch.get_rng_state()) and trained.model.training
    assert len({trained.generate("Ben", 9) for _ in range(9)}) > 1


def test_the_nucleus_by_hand():
    logits = torch.tensor([0.1, 0.4, 0.3, 0.2]).log()
    for top_p, kept in {0.3: [1], 0.41: [1, 2], 0.69: [1, 2], 0.71: [1, 2, 3], 1.0: [0, 1, 2, 3]}.items():
        found = ck.token_probabilities(logits, top_p=top_p)
        assert found.nonzero().flatten().tolist() == kept
        assert torch.allclose(found[kept], logits.exp()[kept] / logits.exp()[kept].sum())
    assert ck.token_probabilities(logits, top_k=3, top_p=0.75).nonzero().flatten().tolist() == [1, 2]
    assert torch.equal(ck.token_probabilities(logits, 0.1, top_p=0.9), torch.tensor([0.0, 1, 0, 0]))


@pytest.mark.parametrize("top_p", [0, -1, 1.1, math.nan])
def test_a_nucleus_of_nothing_is_refused(top_p, trained):
    for make in (lambda: ck.token_probabilities(torch.rand(4), top_p=top_p), lambda: trained.generate(top_p=top_p)):
        with pytest.raises(ValueError, match="top_p is a probability above 0"):
            make()


# Files


def test_weights_and_byte_pairs_are_saved_together(trained, tmp_path):
    file = trained.save(tmp_path / "gpt", epochs=6)
    other = learner(loaders(vocab=ck.BytePairs.saved(file)))
    assert other.load(file)["epochs"] == 6
    assert other.generate("Anna", 9, seed=0) == trained.generate("Anna", 9, seed=0)
    stranger = learner(loaders(vocab=ck.BytePairs.train(["xyz xyz"], 280)))
    with pytest.raises(ValueError, match="made for other byte pairs: 23 there, .*BytePairs.saved"):
        stranger.load(file)
    with pytest.raises(ValueError, match="made for other byte pairs"):
        trained.use(stranger.data)


def test_exported_it_writes_as_before_and_can_be_trained_on(trained, tmp_path):
    again = ck.load(trained.export(tmp_path / "whole"), device="cpu")
    assert type(again) is ck.GPTLearner and again.data.vocab == PAIRS
    assert again.generate("Anna", 9, seed=0) == trained.generate("Anna", 9, seed=0)
    assert again.model.decoder.weight is again.model.encoder.embedding.weight
    again.use(loaders())
    assert again.validate() == pytest.approx({"loss": trained.validate()["loss"]})


def test_its_results_are_texts_and_what_follows(trained):
    shown = trained.show_results(2)
    assert list(shown.columns) == ["text", "target", "predicted", "probability"]
    assert "loves the" in shown.text[0] or "hates the" in shown.text[0]


@pytest.mark.parametrize("logits", [torch.tensor([torch.nan, 1.0]), torch.tensor([torch.inf, 1.0])])
def test_logits_of_a_diverged_training_are_refused(logits):
    with pytest.raises(ValueError, match="has the training diverged"):
        ck.token_probabilities(logits)


@pytest.mark.parametrize("top_k", [True, 0, 1.5])
def test_a_number_of_tokens_that_is_none_is_refused(top_k):
    with pytest.raises(ValueError, match="top_k at least 1"):
        ck.token_probabilities(torch.rand(4), top_k=top_k)
    assert (ck.token_probabilities(torch.rand(4), top_k=np.int64(2)) > 0).sum() == 2
