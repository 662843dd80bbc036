"""AWD-LSTM does what its parts say: a step by hand, dropouts in place, state carried, pieces like the whole."""

import pickle
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

import coursekit as ck
from coursekit.text.models import Decoder, Logits
from coursekit.text.tokens import PADDING

WORDS, SIZE, HIDDEN = 30, 5, 7
NONE = ck.Dropouts(0, 0, 0, 0, 0)


def encoder(dropouts=NONE, layers=2, words=WORDS):
    torch.manual_seed(0)
    return ck.AWDLSTM(words, SIZE, HIDDEN, layers, dropouts)


def tokens(n=3, length=11, words=WORDS):
    return torch.randint(3, words, (n, length), generator=torch.Generator().manual_seed(1))


def step(rnn, x, h, c):
    """One LSTM step by hand: (n, inputs), (n, size), (n, size) to the new h and c."""
    gates = x @ rnn.weight_ih_l0.T + rnn.bias_ih_l0 + h @ rnn.weight_hh_l0.T + rnn.bias_hh_l0
    enter, forget, new, leave = gates.chunk(4, dim=1)
    c = forget.sigmoid() * c + enter.sigmoid() * new.tanh()
    return leave.sigmoid() * c.tanh(), c


def by_hand(model, x):
    values = model.embedding.weight[x]
    for rnn in model.rnns:
        h = c = torch.zeros(len(x), rnn.hidden_size)
        outputs = []
        for t in range(x.shape[1]):
            h, c = step(rnn, values[:, t], h, c)
            outputs.append(h)
        values = torch.stack(outputs, 1)
    return values


def test_one_step_by_hand_is_nn_lstm():
    rnn, x, h, c = nn.LSTM(4, 6), torch.randn(3, 4), torch.randn(3, 6), torch.randn(3, 6)
    _, (new_h, new_c) = rnn(x[None], (h[None], c[None]))
    for mine, theirs in zip(step(rnn, x, h, c), (new_h[0], new_c[0]), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("training", [False, True])
def test_the_encoder_is_lookups_through_lstms(layers, training):
    model, x = encoder(layers=layers).train(training), tokens()
    assert torch.allclose(model(x)[0], by_hand(model, x), atol=1e-6)


def test_weight_drop_is_an_lstm_with_some_weights_at_zero():
    model, x = encoder(ck.Dropouts(0, 0, 0.5, 0, 0), layers=1), tokens()
    torch.manual_seed(5)
    values, _ = model(x)
    torch.manual_seed(5)
    kept = F.dropout(model.rnns[0].weight_hh_l0, 0.5)
    assert 0 < (kept == 0).sum() < kept.numel()
    values.sum().backward()
    gradient = model.rnns[0].weight_hh_l0.grad.clone()
    dropped = encoder(layers=1)
    with torch.no_grad():
        dropped.rnns[0].weight_hh_l0.copy_(kept)
    assert torch.allclose(values, by_hand(dropped, x), atol=1e-6)
    assert (gradient[kept == 0] == 0).all() and (gradient[kept != 0] != 0).all()
    assert torch.equal(model.rnns[0].weight_hh_l0, encoder(layers=1).rnns[0].weight_hh_l0), (
        "the weights themselves stay"
    )


def test_embedding_dropout_takes_a_word_away_wherever_it_stands():
    model, x = encoder(ck.Dropouts(0.5, 0, 0, 0, 0)), tokens(8, 40)
    vectors = model._vectors(x)
    gone = (vectors == 0).all(-1)
    assert 0.2 < gone.float().mean() < 0.8
    for word in x.unique():
        assert gone[x == word].unique().numel() == 1
    assert torch.allclose(vectors[~gone], 2 * model.embedding.weight[x][~gone])


def test_locked_dropout_has_one_mask_for_all_tokens():
    values = ck.locked_dropout(torch.ones(50, 20, 30), 0.4, True)
    assert torch.equal(values, values[:1].expand_as(values)) and not torch.equal(values[:, 0], values[:, 1])
    assert values.unique().tolist() == pytest.approx([0, 1 / 0.6]) and 0.3 < (values == 0).float().mean() < 0.5
    assert torch.equal(ck.locked_dropout(values, 0.4, False), values)


@pytest.mark.parametrize("place", ["embedding", "input", "weight", "hidden", "output"])
def test_each_dropout_changes_training_and_only_training(place):
    plain, model = (ck.LanguageModel(encoder(d)) for d in (NONE, ck.Dropouts(**(vars(NONE) | {place: 0.5}))))
    model.load_state_dict(plain.state_dict())
    x = tokens()
    assert torch.equal(model.eval()(x), plain.eval()(x))
    assert not torch.allclose(model.train()(x), plain.train()(x))


def test_dropouts_are_probabilities_and_scale_together():
    assert ck.Dropouts(0.1, 0.2, 0.3, 0.4, 0.5).times(0.5).hidden == 0.2
    for wrong in (1.0, -0.1):
        with pytest.raises(ValueError, match=f"a probability from 0 to below 1; found {wrong}"):
            ck.Dropouts(hidden=wrong)


# The language model


def test_the_decoder_is_the_embedding():
    model = ck.LanguageModel(encoder())
    assert model.decoder.weight is model.encoder.embedding.weight
    values, _ = model.encoder(tokens())
    assert torch.allclose(model(tokens()), values.flatten(0, 1) @ model.encoder.embedding.weight.T, atol=1e-6)
    names = [name for name, _ in model.named_parameters()]
    assert names.count("encoder.embedding.weight") == 1 and "decoder.weight" not in names


@pytest.mark.parametrize("training", [False, True])
def test_strips_one_after_another_are_the_whole(training):
    model, x = ck.LanguageModel(encoder()).train(training), tokens()
    whole = model(x).view(3, 11, WORDS)
    model.train(training)
    parts = [model(part).view(3, -1, WORDS) for part in x.split([4, 1, 6], 1)]
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-6)


def test_the_state_is_forgotten_by_a_change_of_mode_and_by_other_rows():
    model, x = ck.LanguageModel(encoder()).eval(), tokens()
    first = model(x)
    assert not torch.allclose(model(x), first)
    for forget in (model.eval, model.train, lambda: model(tokens(5))):
        forget()
        assert torch.allclose(model(x), first)


def test_no_gradient_flows_to_the_batch_before():
    model, x = ck.LanguageModel(encoder()), tokens()
    model(x)
    assert not any(part.requires_grad for layer in model.state for part in layer)
    model(x).sum().backward()
    model(x).sum().backward()


def plain_decoder(model):
    """The same language model with an ordinary linear layer."""
    model.decoder.__class__ = nn.Linear
    return model


def loss_and_gradients(loss_fn, change=lambda model: model, train=None):
    """Of 301 tokens, more than a chunk and no whole number of them, with the same dropouts every time."""
    model = change(ck.LanguageModel(encoder(ck.Dropouts())))
    nn.init.normal_(model.decoder.bias)
    for part in model.parameters():
        part.requires_grad_(train is None or part is train(model))
    targets = tokens(7, 43).roll(1).flatten()
    targets[::5] = PADDING
    torch.manual_seed(4)
    loss = loss_fn(model(tokens(7, 43)), targets)
    loss.backward()
    return [loss.detach(), *(part.grad for part in model.parameters() if part.requires_grad)]


WEIGHTED = partial(F.cross_entropy, weight=torch.linspace(0.5, 2, WORDS))


@pytest.mark.parametrize(
    "loss_fn",
    [
        ck.cross_entropy, F.cross_entropy, nn.CrossEntropyLoss(reduction="sum"), WEIGHTED,
        partial(ck.cross_entropy, ignore_index=PADDING), partial(ck.cross_entropy, label_smoothing=0.1),
        lambda outputs, targets: F.cross_entropy(outputs, targets, reduction="none").square().mean(),
        lambda outputs, targets: F.nll_loss(outputs.log_softmax(1), targets),
        lambda outputs, targets: ck.cross_entropy(outputs, F.one_hot(targets, WORDS).float()),
        lambda outputs, targets: ck.cross_entropy(outputs, targets) + outputs.square().mean(),
        lambda outputs, targets: outputs.square().mean() + ck.cross_entropy(outputs, targets),
        lambda outputs, targets: ck.cross_entropy(torch.cat([outputs, outputs[:3]]), torch.cat([targets, targets[:3]])),
    ],
)  # fmt: skip
def test_any_loss_and_its_gradients_are_those_of_a_linear_layer(loss_fn):
    results = [loss_and_gradients(loss_fn, change) for change in (plain_decoder, lambda model: model)]
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(*results, strict=True))


@pytest.mark.parametrize(
    "train", [lambda m: m.decoder.bias, lambda m: m.decoder.weight, lambda m: m.encoder.rnns[0].bias_hh_l0]
)
def test_so_are_those_of_one_part_alone(train):
    results = [loss_and_gradients(ck.cross_entropy, c, train) for c in (plain_decoder, lambda model: model)]
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(*results, strict=True))


def test_a_loss_can_be_differentiated_twice_over_the_same_graph():
    model = ck.LanguageModel(encoder())
    loss = ck.cross_entropy(model(tokens()), tokens().flatten())
    loss.backward(retain_graph=True)
    once = model.decoder.weight.grad.clone()
    (loss * 2).backward()
    assert torch.allclose(model.decoder.weight.grad, 3 * once, atol=1e-6)


def test_logits_are_the_layers_outputs_even_after_its_weights_changed():
    torch.manual_seed(0)
    layer, values = Decoder(SIZE, WORDS), torch.randn(9, SIZE, requires_grad=True)
    expected = F.linear(values, layer.weight, layer.bias)
    logits, late = layer(values), layer(values)
    assert type(logits) is Logits and isinstance(logits, torch.Tensor) and logits.shape == (9, WORDS)
    assert (len(logits), logits.dim(), logits.dtype, logits.is_cuda) == (9, 2, torch.float32, False)
    assert "whole" not in vars(logits), "none of these is worth a product"
    assert torch.equal(logits, expected) and torch.equal(logits.argmax(1), expected.argmax(1))
    assert repr(logits.detach()) == repr(expected.detach())
    assert all(torch.equal(a, b) for a, b in zip(logits.split(4), expected.split(4), strict=True))
    assert type(pickle.loads(pickle.dumps(logits.detach()))) is torch.Tensor
    logits.square().sum().backward()
    assert values.grad is not None
    torch.optim.AdamW(layer.parameters(), 0.1, fused=True).step()
    assert not torch.allclose(layer(values), expected) and torch.equal(late, expected)


def test_logits_are_deferred_in_training_alone_and_in_32_bits():
    layer, values = Decoder(SIZE, WORDS), torch.randn(9, SIZE)
    assert type(layer(values[None])) is type(layer(values[0])) is type(layer.eval()(values)) is torch.Tensor
    layer.train()
    with torch.no_grad():
        assert type(layer(values)) is torch.Tensor
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(values).dtype is torch.bfloat16 and type(layer(values)) is torch.Tensor
    assert type(layer(values)) is Logits


@pytest.mark.parametrize("wrong", [WORDS, -3])
def test_a_target_that_is_no_word_is_named(wrong):
    targets = tokens().flatten()
    targets[4] = wrong
    with pytest.raises(ValueError, match=f"target {wrong} of sample 4 is outside the {WORDS} classes"):
        ck.cross_entropy(ck.LanguageModel(encoder())(tokens()), targets)
    with pytest.raises(ValueError, match="need class numbers of shape"):
        ck.cross_entropy(ck.LanguageModel(encoder())(tokens()), targets[1:])


def test_a_training_step_never_holds_all_logits():
    words, x = 20_000, tokens(16, 40, 20_000)
    model = ck.LanguageModel(encoder(words=words))
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        ck.cross_entropy(model(x), x.flatten()).backward()
    largest = max(event.cpu_memory_usage for event in seen.events())
    assert words * 256 * 4 * 0.9 < largest < words * x.numel() * 4 / 2


class Asks:
    """A callback that looks at the outputs, from an event on, and may make them part of the loss."""

    order = 10

    def __init__(self, events, weight=0.0):
        self.seen, self.weight = [], weight
        for event in events:
            setattr(self, event, self.look)

    def look(self, learn):
        self.seen.append(learn.outputs.detach().clone())
        if self.weight:
            learn.loss = learn.loss + self.weight * learn.outputs.square().mean()


BOTH = ("after_forward", "after_batch")


@pytest.mark.parametrize(
    "asks", [((), 0), (BOTH, 0), (BOTH[1:], 0), (["before_backward"], 0.1), (["after_backward"], 0)]
)
def test_a_fit_is_that_of_a_linear_layer_whoever_looks_at_the_outputs(asks):
    texts, results = ["one two three four five six seven"] * 40, []
    data = ck.LanguageLoaders(texts, texts[:9], batch_size=20, seq_len=6, device="cpu")
    for change in (plain_decoder, lambda model: model):
        torch.manual_seed(0)
        model = change(ck.LanguageModel(ck.AWDLSTM(len(data.vocab), 5, 7, 2, ck.Dropouts())))
        looking = Asks(*asks)
        callbacks = [ck.ActivationRegularization(), ck.GradientClipping(0.5), *([looking] if asks[0] else [])]
        learn = ck.Learner(data, model, metrics=[ck.perplexity], callbacks=callbacks, progress=False)
        learn.fit(2, 1e-2)
        results.append([torch.tensor(learn.recorder.losses), *model.parameters(), *looking.seen])
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(*results, strict=True))
    assert len(looking.seen) == len(asks[0]) * len(learn.recorder.losses)


def test_a_compiled_fits_trial_and_a_search_leave_what_was_read_as_it_was(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)
    texts, losses = ["one two three four five six seven"] * 40, []
    data = ck.LanguageLoaders(texts, batch_size=4, seq_len=6, device="cpu")
    for options in ({}, {"compile": True}):
        torch.manual_seed(0)
        model = ck.LanguageModel(ck.AWDLSTM(len(data.vocab), 5, 7, 2, ck.Dropouts()))
        learn = ck.Learner(data, model, progress=False, **options)
        learn.fit(1, 1e-2)
        losses.append(learn.recorder.losses)
        read = model.state
        learn.lr_find(batches=3)
        assert model.state is read
    assert len(losses[0]) > 3 and losses[1] == pytest.approx(losses[0], abs=1e-5)


def fitted_losses(alpha, beta, epochs=1, seq_len=6, **options):
    """The training losses of a fit that changes next to nothing, and the learner."""
    texts = ["one two three four five six seven"] * 8
    data = ck.LanguageLoaders(texts, texts[:4], batch_size=2, seq_len=seq_len, device="cpu")
    torch.manual_seed(0)
    learn = ck.language_model_learner(data, 5, 7, 2, alpha=alpha, beta=beta, progress=False, **options)
    torch.manual_seed(1)
    learn.fit(epochs, 1e-12)
    return learn.recorder.losses, learn


def test_the_penalty_by_hand():
    outputs, dropped = torch.randn(3, 11, 5), torch.randn(3, 11, 5)
    changes = (outputs[:, 1:] - outputs[:, :-1]).square().mean()
    penalty = ck.ActivationRegularization(3.0, 2.0).penalty
    assert torch.allclose(penalty(outputs, dropped), 3 * dropped.square().mean() + 2 * changes)
    one = penalty(outputs[:, :1], dropped[:, :1])
    assert torch.allclose(one, 3 * dropped[:, :1].square().mean()), "a sequence of one token has no change"


def test_activation_regularization_adds_what_the_batch_gave_and_leaves_no_hook():
    class Note:
        order = 10

        def before_fit(self, learn):
            self.seen = []
            encoder, decoder = learn.model.encoder, learn.model.decoder
            self.handles = [
                encoder.register_forward_hook(lambda m, i, o: self.seen.append([o[0].detach(), None])),
                decoder.register_forward_pre_hook(lambda m, i: self.seen[-1].__setitem__(1, i[0].detach())),
            ]

        def before_epoch(self, learn):
            self.seen.clear()

        def after_batch(self, learn):
            self.trained = list(self.seen)

        def after_fit(self, learn):
            for handle in self.handles:
                handle.remove()

    note = Note()
    plain, _ = fitted_losses(0, 0)
    priced, learn = fitted_losses(3.0, 2.0, callbacks=[note])
    for before, after, (outputs, dropped) in zip(plain, priced, note.trained, strict=True):
        penalty = 3 * dropped.square().mean() + 2 * outputs.diff(dim=1).square().mean()
        assert after - before == pytest.approx(penalty.item(), abs=1e-6) and penalty > 0
        assert not torch.equal(outputs, dropped), "the output dropout lies between"
    assert not learn.model.encoder._forward_hooks and not learn.model.decoder._forward_pre_hooks
    assert [type(c).__name__ for c in learn.callbacks] == ["ActivationRegularization", "Note"]


# The classifier


def documents(*lengths):
    return ck.pad([tokens(1, length)[0] for length in lengths])


def test_the_pools_are_last_largest_and_mean_of_the_real_tokens():
    model = ck.TextClassifier(encoder(), 2).eval()
    pooled = model.pooled(documents(11, 4, 1))
    for row, length in zip(pooled, (11, 4, 1), strict=True):
        values = by_hand(model.encoder, tokens(1, length))[0]
        assert torch.allclose(row, torch.cat([values[-1], values.amax(0), values.mean(0)]), atol=1e-6)


@pytest.mark.parametrize("seq_len, checkpoint_above", [(1, 100), (4, 100), (4, 5), (11, 5), (50, 50)])
def test_pieces_give_the_same_outputs_and_gradients_as_the_whole(seq_len, checkpoint_above):
    x = documents(11, 4, 9)
    results = []
    for options in ({"seq_len": 100}, {"seq_len": seq_len, "checkpoint_above": checkpoint_above}):
        model = ck.TextClassifier(encoder(), 2, dropout=0, **options)
        outputs = model.pooled(x)
        outputs.square().sum().backward()
        results.append([outputs, *(p.grad for p in model.encoder.parameters())])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(*results, strict=True))


def test_what_is_computed_twice_has_the_same_dropouts_twice():
    model = ck.TextClassifier(encoder(ck.Dropouts.for_classifier()), 2, seq_len=4, checkpoint_above=5)
    x, results = documents(11, 4, 9), []
    for checkpoint_above in (5, 100):
        model.checkpoint_above = checkpoint_above
        model.zero_grad()
        torch.manual_seed(3)
        outputs = model.pooled(x)
        outputs.square().sum().backward()
        results.append([outputs.detach(), *(p.grad.clone() for p in model.encoder.parameters())])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(*results, strict=True))


def held(model, x):
    """Bytes that are there after the forward pass and were not before."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        outputs = model(x)
    assert outputs.isfinite().all()
    return sum(event.self_cpu_memory_usage for event in seen.key_averages())


def test_memory_hardly_grows_with_the_length_of_a_document():
    model = ck.TextClassifier(ck.AWDLSTM(WORDS, 20, 30, 2, NONE), 2, seq_len=70, checkpoint_above=350)
    short, long = (documents(length, length, length) for length in (350, 3500))
    all_outputs = 3500 * 3 * (20 + 30) * 4
    assert held(model, short) > all_outputs / 10
    assert held(model, long) < held(model, short) / 2
    with torch.no_grad():
        assert held(model, long) < all_outputs / 10


def test_a_very_long_document_can_be_learned_from():
    model = ck.TextClassifier(encoder(ck.Dropouts.for_classifier()), 2)
    model(documents(3000, 5, 1)).sum().backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in model.encoder.parameters())


def test_padding_changes_nothing():
    model = ck.TextClassifier(encoder(), 2).eval()
    x = documents(9, 5)
    wider = F.pad(x, (0, 100), value=PADDING)
    assert torch.allclose(model(x), model(wider), atol=1e-6)
