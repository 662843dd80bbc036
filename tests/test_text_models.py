"""AWD-LSTM does what its parts say: a step by hand, dropouts in place, state carried, pieces like the whole."""

import pytest
import torch
from coursekit.text_tokens import PADDING
from torch import nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

import coursekit as ck

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
    before, after = model.activations
    assert torch.equal(before, after) == (place != "output")


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


def test_activation_regularization_by_hand_and_only_in_training():
    model, x, targets = ck.LanguageModel(encoder(ck.Dropouts(0, 0, 0, 0, 0.5))), tokens(), tokens(1, 33)[0]
    loss, outputs = ck.ActivationRegularization(model, 3.0, 2.0), model(x)
    values, dropped = model.activations
    changes = (values[:, 1:] - values[:, :-1]).square().mean()
    expected = F.cross_entropy(outputs, targets) + 3 * dropped.square().mean() + 2 * changes
    assert torch.allclose(loss(outputs, targets), expected)
    outputs = model(x[:, :1])
    assert loss(outputs, targets[:3]).isfinite(), "a strip of one token has no change"
    outputs = model.eval()(x)
    assert torch.equal(loss(outputs, targets), F.cross_entropy(outputs, targets))


# The classifier


def documents(*lengths):
    return ck.pad([tokens(1, length)[0] for length in lengths])


def test_the_pools_are_last_largest_and_mean_of_the_real_tokens():
    model = ck.TextClassifier(encoder(), 2).eval()
    pooled = model.pooled(documents(11, 4, 1))
    for row, length in zip(pooled, (11, 4, 1), strict=True):
        values = by_hand(model.encoder, tokens(1, length))[0]
        assert torch.allclose(row, torch.cat([values[-1], values.amax(0), values.mean(0)]), atol=1e-6)


@pytest.mark.parametrize("strip, remembered", [(1, 100), (4, 100), (4, 5), (11, 5), (50, 50)])
def test_pieces_give_the_same_outputs_and_gradients_as_the_whole(strip, remembered):
    x = documents(11, 4, 9)
    results = []
    for options in ({"strip": 100}, {"strip": strip, "remembered": remembered}):
        model = ck.TextClassifier(encoder(), 2, dropout=0, **options)
        outputs = model.pooled(x)
        outputs.square().sum().backward()
        results.append([outputs, *(p.grad for p in model.encoder.parameters())])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(*results, strict=True))


def test_what_is_computed_twice_has_the_same_dropouts_twice():
    model = ck.TextClassifier(encoder(ck.Dropouts.for_classifier()), 2, strip=4, remembered=5)
    x, results = documents(11, 4, 9), []
    for remembered in (5, 100):
        model.remembered = remembered
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
    model = ck.TextClassifier(ck.AWDLSTM(WORDS, 20, 30, 2, NONE), 2, strip=70, remembered=350)
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
