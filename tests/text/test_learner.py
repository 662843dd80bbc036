"""Learners of texts: they learn what was built in, write it, carry it to other words, and are saved with words."""

import math

import pytest
import torch
from torch import nn

import coursekit as ck
from coursekit.text.tokens import SPECIAL_TOKENS as MARKS

NAMES, THINGS = ["Anna", "Ben", "Carla", "David"], ["film", "play", "book", "song"]


def sentences(n, seed):
    """Texts in which the third word tells the last: who loves is glad, who hates is sad."""
    pick = torch.Generator().manual_seed(seed)
    texts, labels = [], []
    for a, b, c in torch.randint(4, (n, 3), generator=pick).tolist():
        good = c % 2
        texts.append(f"{NAMES[a]} {'loves' if good else 'hates'} the {THINGS[b]} and is {'glad' if good else 'sad'}.")
        labels.append("pos" if good else "neg")
    return texts, labels


TRAIN, VALID = sentences(300, 0), sentences(60, 1)
SIZES = dict(embedding=16, hidden=24, layers=2)
NONE = ck.Dropouts(0, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def language():
    torch.manual_seed(0)
    data = ck.LanguageLoaders(TRAIN[0], VALID[0], batch_size=4, seq_len=20, device="cpu")
    learner = ck.language_model_learner(
        data, **SIZES, dropouts=NONE, metrics=[ck.perplexity, ck.accuracy], progress=False,
        callbacks=[ck.GradientClipping(0.5)],
    )  # fmt: skip
    learner.fit_one_cycle(14, 2e-2)
    return learner


@pytest.fixture
def encoder(language, tmp_path):
    return language.save_encoder(tmp_path / "encoder")


def classifier(words=None, train=TRAIN, valid=VALID, **options):
    data = ck.TextLoaders(train, valid, vocab=words, batch_size=10, device="cpu")
    options = SIZES | {"dropouts": ck.Dropouts.for_classifier().times(0.2), "progress": False} | options
    return ck.text_classifier_learner(data, **options)


def test_it_learns_the_language(language):
    """In a sentence of ten tokens a name and a thing are drawn freely from four, love or hate from two."""
    results = language.validate()
    per_token = math.log(4 * 4 * 2) / 10
    assert results["loss"] < 1.6 * per_token and results["accuracy"] > 0.7
    assert results["perplexity"] == pytest.approx(math.exp(results["loss"]))


def test_perplexity_is_exp_of_the_mean_over_all_tokens_not_a_mean_of_exps():
    outputs, targets = torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 4, 0])
    mean = ck.RunningMean("perplexity", finish=ck.perplexity.finish)
    for part in (slice(0, 1), slice(1, 6)):
        mean.add(ck.perplexity.averaged(outputs[part], targets[part]), len(targets[part]))
    assert mean.value == pytest.approx(float(ck.perplexity(outputs, targets)))
    assert ck.perplexity(torch.zeros(3, 7), torch.tensor([0, 1, 2])) == pytest.approx(7)
    endless = ck.RunningMean("perplexity", finish=ck.perplexity.finish)
    endless.add(torch.tensor(1e4), 1)
    assert endless.value == math.inf


def test_validation_twice_gives_the_same_and_does_not_disturb_training(language):
    assert language.validate() == language.validate()
    assert language.validate(language.data.train).keys() == {"loss", "perplexity", "accuracy"}


def test_the_training_loss_has_the_price_of_activations_and_the_validation_loss_has_not():
    data = ck.LanguageLoaders(TRAIN[0][:40], VALID[0][:20], batch_size=2, device="cpu")
    learners = [ck.language_model_learner(data, **SIZES, alpha=alpha, beta=0, progress=False) for alpha in (0, 1e4)]
    learners[1].model.load_state_dict(learners[0].model.state_dict())
    assert learners[0].validate() == learners[1].validate()
    for learner in learners:
        torch.manual_seed(0)
        learner.fit(1, 1e-9)
    assert learners[1].recorder.losses[0] > learners[0].recorder.losses[0] + 1


# Writing


def test_what_it_writes_follows_the_language(language):
    right = 0
    for seed in range(20):
        text = language.generate("Anna loves the" if seed % 2 else "Ben hates the", 4, temperature=0.5, seed=seed)
        right += text.endswith("and is glad" if seed % 2 else "and is sad")
        right += text.split()[3] in THINGS
    assert right >= 38


def test_a_seed_gives_the_same_text_and_leaves_the_global_generator_alone(language):
    state = torch.get_rng_state()
    assert language.generate("Anna", 30, seed=1) == language.generate("Anna", 30, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert len({language.generate("Anna", 30, seed=seed) for seed in range(5)}) > 1
    assert len({language.generate("Anna", 30) for _ in range(5)}) > 1


def test_one_choice_or_a_low_temperature_takes_the_likeliest(language):
    greedy = {language.generate("Anna loves", 12, top_k=1, seed=seed) for seed in range(4)}
    assert len(greedy) == 1 and {language.generate("Anna loves", 12, temperature=1e-4, seed=3)} == greedy


def test_generation_token_by_token_is_the_model_on_the_whole(language):
    text = language.generate("Anna loves", 6, top_k=1)
    numbers = language.data.vocab.encode([text])[0]
    language.model.eval()
    said = language.model(numbers[None]).argmax(1)
    language.model.eval()
    read = len(language.data.vocab.encode(["Anna loves"])[0])
    assert torch.equal(said[read - 1 : -1], numbers[read:])


def test_softened_by_hand():
    scores = torch.tensor([1.0, 3.0, 2.0, -1.0])
    assert torch.allclose(ck.token_probabilities(scores, 1.0, None), scores.softmax(0))
    assert torch.allclose(ck.token_probabilities(scores, 0.5, None), (2 * scores).softmax(0))
    two = ck.token_probabilities(scores, 1.0, 2)
    assert torch.allclose(two, torch.tensor([0, math.e, 1, 0]) / (math.e + 1))
    assert torch.equal(ck.token_probabilities(scores, 1.0, 9), scores.softmax(0))


def test_an_unknown_prompt_is_kept_and_read_as_unknown(language):
    text = language.generate("Zebediah quaffs", 8, seed=0)
    assert text.startswith("Zebediah quaffs ") and "xx" not in text
    vocab = language.data.vocab
    assert vocab.tokens(vocab.encode(["Zebediah quaffs"])[0].tolist()) == ["xxbos", "xxmaj", "xxunk", "xxunk"]


def test_a_prediction_is_the_likeliest_next_word(language):
    found = language.predict("Anna loves the film and is")
    assert found.label == "glad" and found.probabilities["glad"] > 0.5
    several = language.predict(["Anna loves the film and is", "Ben hates the film and is"])
    assert [p.label for p in several] == ["glad", "sad"]
    assert language.raw_outputs("Anna").shape == (1, len(language.data.vocab))


@pytest.mark.parametrize(
    "given, message", [(3, "a list of texts"), ([3], "a text is a str"), ([], "no texts to predict")]
)
def test_what_is_no_text_is_not_predicted(language, given, message):
    for learner in (language, classifier(language.data.vocab)):
        with pytest.raises(ValueError, match=message):
            learner.predict(given)


def test_an_empty_prompt_begins_a_text(language):
    assert language.generate("", 3, seed=2).split()[0] in NAMES


@pytest.mark.parametrize("options", [{"temperature": 0}, {"temperature": -1.0}, {"top_k": 0}, {"tokens": 0}], ids=str)
def test_what_cannot_be_drawn_is_refused(language, options):
    with pytest.raises(ValueError, match=r"temperature is above 0 and top_k at least 1|tokens must be at least 1"):
        language.generate("Anna", **options)


# Carrying over


def test_known_words_keep_their_vectors_and_new_ones_get_the_mean():
    vectors = torch.randn(10, 3)
    old = [*MARKS, "good", "bad"]
    carried, known = ck.remap_vocabulary(vectors, old, [*MARKS, "bad", "new", "good", "newer"])
    assert known == 10 and torch.equal(carried[[8, 10]], vectors[[9, 8]]) and torch.equal(carried[:8], vectors[:8])
    assert torch.allclose(carried[9], vectors.mean(0)) and torch.equal(carried[9], carried[11])
    with pytest.raises(ValueError, match="a vocabulary of 10 words does not fit 4 vectors"):
        ck.remap_vocabulary(vectors[:4], old, old)
    with pytest.raises(ValueError, match="none of the 9 words is among the 10 that have vectors"):
        ck.remap_vocabulary(vectors, old, [*MARKS, "gut"])


def test_an_encoder_carries_over_to_a_changed_vocabulary(language, encoder):
    texts = [text.replace("Anna", "Zoe") for text in TRAIN[0]]
    learner = classifier(train=(texts, TRAIN[1]))
    before = learner.model.head[2].weight.clone()
    old, new = language.data.vocab, learner.data.vocab
    assert learner.load_encoder(encoder) == len(set(old.words) & set(new.words)) < len(new)
    vectors, theirs = learner.model.encoder.embedding.weight, language.model.encoder.embedding.weight
    assert torch.equal(vectors[new.token_to_id["glad"]], theirs[old.token_to_id["glad"]])
    assert torch.allclose(vectors[new.token_to_id["zoe"]], theirs.mean(0))
    assert torch.equal(learner.model.encoder.rnns[1].weight_hh_l0, language.model.encoder.rnns[1].weight_hh_l0)
    assert torch.equal(learner.model.head[2].weight, before)


def test_a_language_model_can_go_on_with_other_words(language, encoder):
    data = ck.LanguageLoaders([*TRAIN[0], "Zoe reads Zoe"], batch_size=8, min_frequency=1, device="cpu")
    learner = ck.language_model_learner(data, **SIZES, progress=False)
    learner.load_encoder(encoder)
    assert learner.model.decoder.weight is learner.model.encoder.embedding.weight
    assert learner.validate(data.train)["loss"] < 2.5 < math.log(len(data.vocab))


def test_a_classifier_from_an_encoder_learns_by_gradual_unfreezing(language, encoder):
    torch.manual_seed(0)
    learner = classifier(language.data.vocab, metrics=[ck.accuracy])
    learner.load_encoder(encoder)
    assert [type(group).__name__ for group in learner.groups] == ["Embedding", "LSTM", "LSTM", "Sequential"]
    learner.freeze()
    vectors, last = (learner.model.encoder.embedding.weight.clone(), learner.model.encoder.rnns[1].weight_hh_l0.clone())
    learner.fit_one_cycle(1, 1e-2)
    assert torch.equal(last, learner.model.encoder.rnns[1].weight_hh_l0)
    learner.unfreeze_last(2)
    learner.fit_one_cycle(2, (1e-3, 1e-2))
    assert torch.equal(vectors, learner.model.encoder.embedding.weight)
    assert not torch.equal(last, learner.model.encoder.rnns[1].weight_hh_l0)
    learner.unfreeze()
    learner.fit_one_cycle(2, (1e-3, 1e-2))
    assert not torch.equal(vectors, learner.model.encoder.embedding.weight)
    assert learner.validate()["accuracy"] > 0.9
    assert learner.predict("Ben loves the play and is glad.").label == "pos"
    with pytest.raises(ValueError, match="has 4 layer groups; 5 of them cannot be trained"):
        learner.unfreeze_last(5)


def test_predictions_come_in_the_order_of_the_texts(language):
    learner = classifier(language.data.vocab)
    texts = ["Anna", "", "Ben loves the play and is glad. " * 3, "sad"] * 12
    together = learner.raw_outputs(texts).softmax(1)
    assert together.shape == (48, 2) and torch.allclose(together.sum(1), torch.ones(48))
    for i in range(4):
        assert torch.allclose(learner.raw_outputs([texts[i]]).softmax(1)[0], together[i], atol=1e-6)
    found = learner.predict(texts[2])
    assert found.probabilities == pytest.approx(dict(zip(("neg", "pos"), together[2].tolist(), strict=True)), abs=1e-6)
    assert found.label == max(found.probabilities, key=found.probabilities.get)
    assert [p.label for p in learner.predict(texts)] == [("neg", "pos")[i] for i in together.argmax(1)]


def test_the_worst_texts_and_the_results_are_tables_of_texts(language):
    learner = classifier(language.data.vocab)
    learner.fit(1)
    texts, labels = VALID
    probabilities = [learner.predict(text).probabilities for text in texts]
    losses = [-math.log(one[label]) for one, label in zip(probabilities, labels, strict=True)]
    found = ck.Interpretation(learner)
    table = found.worst(3)
    assert table.loss.tolist() == pytest.approx(sorted(losses, reverse=True)[:3], rel=1e-3, abs=1e-4)
    assert table.loss.tolist() == pytest.approx([losses[i] for i in table.index], rel=1e-3, abs=1e-4)
    assert table.target.tolist() == [labels[i] for i in table.index]
    read = [learner.data.vocab.decode(learner.data.vocab.encode([texts[i]])[0].tolist()) for i in table.index]
    assert table.text.tolist() == read
    right = sum(max(one, key=one.get) == label for one, label in zip(probabilities, labels, strict=True))
    assert found.confusion_matrix().trace() == right and found.confusion_matrix().sum() == len(texts)
    assert list(learner.show_results(4).columns) == ["text", "target", "predicted", "probability"]
    with pytest.raises(ValueError, match="a language model has no samples but its tokens"):
        ck.Interpretation(language)


def test_further_texts_are_validated_and_handed_in_in_their_own_order(language):
    learner = classifier(language.data.vocab)
    texts, labels = VALID
    assert learner.validate(learner.data.test(texts, labels)) == pytest.approx(learner.validate())
    table = learner.prediction_table(learner.data.test(texts)).sort_index()
    for row, prediction in zip(table.to_dict("records"), learner.predict(texts), strict=True):
        assert row == pytest.approx(prediction.probabilities, abs=1e-5)
    with pytest.raises(ValueError, match="these samples have no labels"):
        learner.validate(learner.data.test(texts))


def test_results_of_a_language_model_are_texts_and_what_follows(language):
    tokens, targets = next(iter(language.data.valid))
    shown, length = language.show_results(2), tokens.shape[1]
    vocab = language.data.vocab
    two = [len(tokens) // 4, 3 * len(tokens) // 4]  # the middle of each half
    assert shown.text.tolist() == [vocab.decode(row.tolist()) for row in tokens[two]]
    assert shown.target.tolist() == vocab.tokens(targets[length - 1 :: length][two].tolist())
    assert shown.predicted.tolist() == vocab.tokens(
        language.predictions([(tokens, targets)])[0][length - 1 :: length][two].argmax(1).tolist()
    )


def test_the_rate_finder_and_the_summary_work_and_leave_the_model_alone(language):
    before = language.model.encoder.rnns[0].weight_hh_l0.clone()
    search = language.lr_find(batches=20)
    assert len(search.losses) > 5 and torch.equal(before, language.model.encoder.rnns[0].weight_hh_l0)
    assert "LSTM" in repr(language.summary()) and "Embedding" in repr(classifier(language.data.vocab).summary())


def test_the_layer_groups_hold_everything(language):
    for learner in (language, classifier(language.data.vocab)):
        inside = {p for group in learner.groups for p in group.parameters()}
        assert inside == set(learner.model.parameters())
    assert isinstance(language.groups[-1], nn.ModuleList) and len(language.groups) == 3


# What looking says, and leaves alone


@pytest.mark.parametrize("make", ["classifier", "language"])
def test_looking_changes_nothing_of_the_next_fit(make, tmp_path):
    def fits(look):
        torch.manual_seed(0)
        if make == "classifier":
            learner = classifier()
        else:
            data = ck.LanguageLoaders(TRAIN[0], VALID[0], batch_size=4, seq_len=20, device="cpu")
            learner = ck.language_model_learner(data, **SIZES, progress=False)
        learner.fit(1)
        if look:
            learner.validate(), learner.predictions(), learner.predict(VALID[0][:3]), learner.summary(), repr(learner)
            learner.lr_find(batches=5), learner.raw_outputs("Anna"), learner.save_encoder(tmp_path / "encoder")
            if make == "language":
                learner.generate("Anna", 5, seed=0)
        learner.fit(1)
        return learner.raw_outputs(VALID[0][:5])

    assert torch.equal(fits(False), fits(True))


def test_a_classifiers_validation_figure_is_the_same_for_every_batch_size_and_order(language):
    learner = classifier(language.data.vocab, metrics=[ck.accuracy])
    expected, (texts, labels) = learner.validate(), VALID
    for batch_size in (3, 7, 200):
        data = ck.TextLoaders(TRAIN, (texts[::-1], labels[::-1]), vocab=language.data.vocab, batch_size=batch_size)
        assert learner.validate(data.valid) == pytest.approx(expected, rel=1e-5)


def test_a_language_models_validation_figure_is_the_same_for_every_length_of_sequence(language):
    for seq_len in (1, 7, 1000):
        words = language.data.vocab
        data = ck.LanguageLoaders(TRAIN[0], VALID[0], vocab=words, batch_size=4, seq_len=seq_len, device="cpu")
        assert language.validate(data.valid) == pytest.approx(language.validate(), rel=1e-4)


def test_predictions_of_a_language_model_are_those_that_validation_counts(language):
    """Its memory goes on from batch to batch, there as here."""
    outputs, targets = language.predictions()
    assert ck.cross_entropy(outputs, targets).item() == pytest.approx(language.validate()["loss"], rel=1e-5)
    assert torch.equal(language.predictions()[0], outputs)


def test_texts_of_other_classes_or_words_are_not_judged(language):
    words, (texts, labels) = language.data.vocab, VALID
    learner = classifier(words)
    for other, message in {
        ck.TextLoaders((texts, [f"not {label}" for label in labels]), vocab=words, device="cpu"): "classes: 2 there",
        ck.TextLoaders((texts, labels), device="cpu"): "vocabulary",
    }.items():
        for look in (learner.validate, learner.predictions):
            with pytest.raises(ValueError, match=f"this loader was made for other {message}"):
                look(other.train)
        with pytest.raises(ValueError, match=f"data was made for other {message}"):
            learner.use(other)


def test_a_fit_is_not_resumed_with_other_classes(language, tmp_path):
    words, (texts, labels) = language.data.vocab, TRAIN
    classifier(words).fit(1, callbacks=[ck.Checkpoint(tmp_path / "fit")])
    other = classifier(words, (texts, [f"not {label}" for label in labels]), valid=None)
    with pytest.raises(ValueError, match="made for other classes"):
        other.fit(1, callbacks=[ck.Checkpoint(tmp_path / "fit", resume=True)])


@pytest.mark.parametrize(
    "act, message",
    [
        (
            lambda data: ck.text_classifier_learner(data),
            "text_classifier_learner learns from TextLoaders; found Language",
        ),
        (lambda data: ck.language_model_learner(classifier().data), "learns from LanguageLoaders; found TextLoaders"),
        (lambda data: ck.language_model_learner(data, dropouts=[0.1]), r"dropouts are ck.Dropouts.*found \[0.1\]"),
        (lambda data: classifier(dropouts=0.5), "dropouts are ck.Dropouts.*found 0.5"),
        (lambda data: ck.language_model_learner(data, layers=0), "layers must be at least 1; found 0"),
        (lambda data: ck.Dropouts("0.1"), "a dropout is a probability.*found '0.1'"),
        (lambda data: ck.token_probabilities(torch.ones(3), math.inf), "temperature is above 0.*found inf"),
        (lambda data: ck.token_probabilities(torch.ones(3), 1.0, 1.5), "top_k at least 1; found 1.0 and 1.5"),
        (lambda data: classifier().unfreeze_last(1.5), "1.5 of them cannot be trained"),
    ],
    ids=[
        "words for classes",
        "classes for words",
        "a list",
        "a number",
        "no layer",
        "text",
        "hot",
        "half a k",
        "half a group",
    ],
)
def test_bad_input_is_refused_in_words(language, act, message):
    with pytest.raises(ValueError, match=message):
        act(language.data)


# Files


def test_weights_and_words_are_saved_together(language, tmp_path):
    file = language.save(tmp_path / "model", epochs=6)
    assert ck.Vocab.saved(file) == language.data.vocab
    data = ck.LanguageLoaders(VALID[0], vocab=ck.Vocab.saved(file), batch_size=4, device="cpu")
    other = ck.language_model_learner(data, **SIZES, progress=False)
    assert other.load(file)["epochs"] == 6
    assert other.generate("Anna", 20, seed=0) == language.generate("Anna", 20, seed=0)


def test_a_vocabulary_that_does_not_fit_the_weights_is_refused(language, tmp_path):
    file = language.save(tmp_path / "model")
    data = ck.LanguageLoaders(["a b c a b c"], vocab=None, batch_size=1, device="cpu")
    other = ck.language_model_learner(data, **SIZES, progress=False)
    before = other.model.decoder.bias.clone()
    with pytest.raises(
        ValueError,
        match=rf"made for other vocabulary: {len(language.data.vocab)} there, 11 here, different from number 8",
    ):
        other.load(file)
    assert torch.equal(before, other.model.decoder.bias)


def test_weights_for_other_classes_are_refused(language, tmp_path):
    words, (texts, labels) = language.data.vocab, TRAIN
    file = classifier(words).save(tmp_path / "model")
    other = classifier(words, (texts, [f"not {label}" for label in labels]), valid=None)
    before = other.model.head[-1].weight.clone()
    with pytest.raises(ValueError, match="model.safetensors was made for other classes: 2 there, 2 here"):
        other.load(file)
    assert torch.equal(before, other.model.head[-1].weight)
    classifier(words).load(file)
    with pytest.raises(ValueError, match="data was made for other vocabulary"):
        language.use(ck.LanguageLoaders(["a b c a b c"], batch_size=1, device="cpu"))


def test_files_that_hold_no_such_thing_are_refused_and_nothing_is_changed(language, encoder, tmp_path):
    whole, bare = language.save(tmp_path / "whole"), ck.save_tensors(tmp_path / "bare", {"a": torch.ones(1)}, {})
    learner = classifier(language.data.vocab, hidden=25)
    before = learner.model.encoder.embedding.weight.clone()
    for file, message in {
        whole: "whole.safetensors holds no encoder: write one with save_encoder",
        encoder: r"another model's weights: 'rnns.0.weight_ih_l0' has shape \(96, 16\) in the file and \(100, 16\)",
    }.items():
        with pytest.raises(ValueError, match=message):
            learner.load_encoder(file)
    with pytest.raises(ValueError, match="bare.* holds no vocabulary"):
        ck.Vocab.saved(bare)
    assert torch.equal(before, learner.model.encoder.embedding.weight)
