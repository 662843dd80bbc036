"""attention.xlsx: every formula against PyTorch, and its second sheet is ck.Transformer with the trained weights."""

from functools import partial

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F
from workbooks import (
    CLOSE,
    EXCEL,
    EveryWorkbook,
    assert_bounded,
    assert_equal,
    inputs_of,
    recalculates,
    texts_at,
    typed_in,
)

import coursekit as ck
from coursekit.classroom import sheets
from excel.make import train_attention
from excel.make.train_attention import HEADS, LAYERS, POSITIONS, SIZE, WEIGHTS, WORDS

PATH = EXCEL / "attention.xlsx"
PARAMETERS = list(train_attention.transformer().state_dict())  # their names in PyTorch are the workbook's names
HAND = ["vectors", "positions", "query_weights", "key_weights", "value_weights", "causal", "scaled"]
LATER = torch.ones(POSITIONS, POSITIONS).triu(1).bool()
LABELS = ["row_words", "column_words", "words_1", "words_2"]


def by_hand(inputs):
    """The first sheet; `ck.attention` always divides by √4, so queries that are not to be divided are doubled."""
    x = inputs["vectors"] + inputs["positions"]
    queries, keys, values = (F.linear(x, inputs[f"{kind}_weights"]) for kind in ("query", "key", "value"))
    asks, is_causal = queries * (1 if inputs["scaled"] else 2), bool(inputs["causal"])
    results, weights = ck.attention(asks, keys, values, causal=is_causal)
    scores = asks @ keys.T / 2
    seen = scores.masked_fill(LATER[:6, :6], -torch.inf) if is_causal else scores
    return {
        "hand_x": x, "hand_queries": queries, "hand_keys": keys, "hand_values": values, "hand_scores": scores,
        "hand_exps": (seen - seen.amax(1, keepdim=True)).exp(), "hand_weights": weights, "hand_results": results,
    }  # fmt: skip


def network(inputs):
    """The workbook's network: `ck.Transformer` with the parameters that its cells hold, float64."""
    net = train_attention.transformer().double().eval().requires_grad_(False)
    net.load_state_dict({name: inputs[name] for name in PARAMETERS})
    for module in net.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = inputs["eps"].item()
    return net


def ids_of(words):
    """The number of each word in the list, counted from 1; 0 for none, -1 for an unknown one."""
    return [0 if word in (None, 0) else WORDS.index(word) + 1 if word in WORDS else -1 for word in words]


def read_of(tokens):
    """How many words are read: those before the first that is missing or unknown."""
    return next((place for place, token in enumerate(tokens) if token < 1), POSITIONS)


def watched(net, x):
    """What each part of each block gives for x, (positions, size), by hooks, under the workbook's names."""
    found, handles = {}, []

    def keep(module, name, number):
        def hook(module, given, output):
            found[f"{name}_{number}"] = output[0] if torch.is_tensor(output) else output[0][0]
            if name == "attention_output":
                found[f"mixed_{number}"] = given[0][0].unflatten(-1, (HEADS, -1)).transpose(0, 1)

        handles.append(module.register_forward_hook(hook))

    for number, block in enumerate(net.blocks, 1):
        for name, module in [
            ("attention_norm", block.attention_norm), ("qkv", block.attention.qkv), ("mlp_norm", block.mlp_norm),
            ("attention_output", block.attention.output), ("hidden", block.mlp[0]), ("gelu", block.mlp[1]),
            ("mlp_output", block.mlp[2]), ("out", block),
        ]:  # fmt: skip
            keep(module, name, number)
        found[f"x_{number}"] = x[0]
        x, _ = block(x)
    for handle in handles:
        handle.remove()
    return found


def of_block(found, number):
    """All numbers of one block's sheet."""
    made = {name: found[f"{name}_{number}"] for name in ("attention_norm", "mlp_norm", "attention_output", "hidden",
            "gelu", "mlp_output", "out", "mixed", "x")}  # fmt: skip
    made["after_attention"] = made["x"] + made["attention_output"]
    for name, source in [("attention_norm", made["x"]), ("mlp_norm", made["after_attention"])]:
        made[f"{name}_mean"], made[f"{name}_variance"] = source.mean(1), source.var(1, correction=0)
    parts = found[f"qkv_{number}"].chunk(3, dim=-1)
    made |= dict(zip(("queries", "keys", "values"), parts, strict=True))
    queries, keys, values = (part.unflatten(-1, (HEADS, -1)).transpose(0, 1) for part in parts)
    mixed, made["head_weights"] = ck.attention(queries, keys, values, causal=True)
    torch.testing.assert_close(mixed, made["mixed"])
    made["scores"] = scores = queries @ keys.mT / (SIZE // HEADS) ** 0.5
    seen = scores.masked_fill(LATER, -torch.inf)
    made["masked_exps"] = (seen - seen.amax(-1, keepdim=True)).exp()
    return {f"{name}_{number}": value for name, value in made.items()}


def transformer(inputs, tokens):
    """The other sheets. A position without a word starts as zeros; nothing that is read looks at it."""
    net, count = network(inputs), read_of(tokens)
    used = (torch.arange(POSITIONS) < count).double()
    ids = (torch.tensor(tokens) - 1).clamp(min=0)
    x = (net.embedding(ids) + net.positions.weight) * used[:, None]
    found = watched(net, x[None])
    made = {name: value for k in range(LAYERS) for name, value in of_block(found, k + 1).items()}
    last = made[f"out_{LAYERS}"][max(count, 1) - 1]
    normed = net.norm(last)
    logits = net.embedding.weight @ normed
    probabilities = logits.softmax(0) * (count > 0)
    weights = torch.cat([made[f"head_weights_{k + 1}"] for k in range(LAYERS)])
    return made | {
        "tokens": torch.tensor(tokens), "used": used, "count": torch.tensor(count), "last_out": last,
        "last_place": torch.tensor(max(count, 1)), "last_mean": last.mean(), "last_normed": normed,
        "last_variance": last.var(correction=0), "logits": logits, "exps": (logits - logits.max()).exp(),
        "probabilities": probabilities, "best_probabilities": probabilities.topk(5).values,
        "attention_weights": weights * used[:, None],
    }  # fmt: skip


def twin(inputs):
    """All that the workbook works out; the words are those in the file, unless `word_in` gives their numbers."""
    typed = inputs.get("word_in")
    tokens = ids_of(texts_at(PATH, "word_in")) if typed is None else typed.int().tolist()
    return by_hand(inputs) | transformer(inputs, tokens)


class TestWorkbook(EveryWorkbook):
    path, inputs, typed = PATH, [*HAND, *PARAMETERS, "eps", "word_numbers"], ["word_in"]
    texts = ["verdict", "best_words", "words", *LABELS]
    sheets = ["by hand", "transformer", "block 1", "block 2", "vectors", "weights 1", "weights 2"]
    white = ["word_numbers"]
    twin = staticmethod(twin)

    def changed(self, inputs):
        given = {name: value for name, value in inputs.items() if name != "word_numbers"}
        return super().changed(given) | {
            "causal": torch.tensor(0), "scaled": torch.tensor(0), "word_in": torch.tensor([3, 25, 7, 30, 7, 29, 0, 0])
        }  # fmt: skip


@pytest.fixture(scope="module")
def trained():
    """The network in PyTorch with the weights of the file that training wrote, float64."""
    net = train_attention.transformer().double().eval().requires_grad_(False)
    net.load_state_dict(load_file(WEIGHTS))
    return net


def test_the_spreadsheet_is_the_network(trained):
    """Each parameter in the cells is the trained one, and tokens alone through ck.Transformer give its answer."""
    inputs = inputs_of(PATH, PARAMETERS)
    for name, value in load_file(WEIGHTS).items():
        assert inputs[name].float().equal(value.squeeze()), name
    assert texts_at(PATH, "words") == WORDS and sheets.read(PATH, "word_numbers").tolist() == list(range(1, 31))
    tokens = [token - 1 for token in ids_of(texts_at(PATH, "word_in")) if token]
    logits = train_attention.logits(trained, torch.tensor([tokens]))[0, -1]
    torch.testing.assert_close(sheets.read(PATH, "logits"), logits, **CLOSE)


TEXTS = {
    "red hat green car white ball green": "car", "red hat green boat white ball green": "boat",
    "red hat green car white ball red": "hat", "red hat red": "hat", "anna met ben . ben thanked": "anna",
    "anna met ben . anna thanked": "ben", "anna ben carl anna ben carl anna ben": "carl", "hugo gina hugo": "gina",
    "emma saw dora . dora called emma": ".",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_other_texts_are_read_as_by_pytorch(text, trained):
    tokens = ids_of(text.split())
    typed = tokens + [0] * (POSITIONS - len(tokens))
    found = sheets.calculate(PATH, {"word_in": typed}, ["probabilities", "attention_weights", "count"])
    expected = train_attention.logits(trained, torch.tensor([tokens]) - 1)[0, -1].softmax(0)
    torch.testing.assert_close(found["probabilities"], expected, **CLOSE)
    assert WORDS[found["probabilities"].argmax()] == TEXTS[text] and found["probabilities"].max() > 0.9
    rows = found["attention_weights"].sum(-1)
    torch.testing.assert_close(rows, (torch.arange(POSITIONS) < len(tokens)).double().expand(4, -1))


@pytest.mark.parametrize("typed, count", [([0] * 8, 0), ([3, 0, 5, 0, 0, 0, 0, 0], 1), ([1, 2, 99] + [4] * 5, 2)])
def test_gaps_and_unknown_numbers_end_the_text(typed, count):
    inputs = inputs_of(PATH, TestWorkbook.inputs)
    tokens = [token if token <= len(WORDS) else -1 for token in typed]
    expected = transformer(inputs, tokens)
    assert expected["count"] == count
    assert_equal(sheets.calculate(PATH, {"word_in": typed}, list(expected)), expected)


def test_training_reached_what_the_words_say(trained):
    """Words that follow from those before are found, in other texts, and where training never saw the pairs."""
    for kept_out in (False, True):
        tokens, sure = train_attention.texts(600, seed=11, kept_out=kept_out)
        assert sure.any() and train_attention.accuracy(trained, tokens, sure) >= 0.99


def test_the_pairs_of_the_sheet_were_kept_out_of_training():
    tokens, _ = train_attention.texts(6000, seed=train_attention.TEXTS_SEED)  # the first of those that it saw
    pairs = {(a, b) for text in tokens.tolist() for a, b in zip(text, text[1:], strict=False)}
    seen = {(WORDS[a], WORDS[b]) for a, b in pairs}
    assert not seen & {("red", "hat"), ("green", "car")} and ("white", "ball") in seen and ("red", "car") in seen


def test_the_heads_do_what_the_words_say():
    """Things look at the word before them; "green" then finds what stood behind "green"; "thanked" finds who thanks."""
    heads = sheets.read(PATH, "attention_weights")
    assert all(heads[0, place, place - 1] > 0.75 for place in (1, 3, 5)) and heads[3, 6, 3] > 0.8
    meeting = {"word_in": ids_of(["anna", "met", "ben", ".", "ben", "thanked"]) + [0, 0]}
    heads = sheets.calculate(PATH, meeting, ["attention_weights"])["attention_weights"]
    assert heads[2, 5, 4] > 0.9
    open_end = {"word_in": ids_of(["anna", "saw", "ben", ".", "anna"]) + [0, 0, 0]}
    found = sheets.calculate(PATH, open_end, ["probabilities"])["probabilities"]
    assert all(abs(found[WORDS.index(word)] - 1 / 3) < 0.05 for word in train_attention.THANKS)


def test_what_the_words_say_of_the_first_sheet():
    weights, results = sheets.read(PATH, "hand_weights"), sheets.read(PATH, "hand_results")
    assert round(weights[4, 1].item(), 2) == 0.84 and weights.triu(1).abs().max() == 0
    assert (results[4] - sheets.read(PATH, "hand_values")[1]).abs().max() < 0.3
    names = ["hand_weights", "hand_scores"]
    unmasked = sheets.calculate(PATH, {"causal": 0}, names)["hand_weights"][1]
    assert set(unmasked.topk(2).indices.tolist()) == {2, 5}
    large = sheets.calculate(PATH, {"scaled": 0}, names)
    torch.testing.assert_close(large["hand_scores"], 2 * sheets.read(PATH, "hand_scores"))
    assert (large["hand_weights"].amax(1)[1:] > weights.amax(1)[1:]).all()


def test_it_is_small_and_the_engine_knows_all_of_it():
    assert PATH.stat().st_size < 1_000_000 and WEIGHTS.stat().st_size < 200_000
    assert len(sheets.formulas_in(PATH)) <= 12_000 and sheets.supported(PATH) == {}


def test_settings_have_bounds():
    bounds = {"causal": ("0", "1"), "scaled": ("0", "1"), "eps": ("0.00000001", "1")}
    bounds |= dict.fromkeys(["vectors", "positions"], ("-10", "10"))
    assert_bounded(PATH, bounds | dict.fromkeys(HAND[2:5], ("-5", "5")))


def test_the_words_are_chosen_from_the_list():
    book = sheets.load(PATH)
    (area,), (words,) = sheets.find(book, "word_in"), sheets.find(book, "words")
    (rule,) = [r for r in book[area.sheet].data_validations.dataValidation if area.range in str(r.sqref)]
    assert rule.type == "list" and rule.formula1.replace("$", "").endswith(words.range) and not rule.showErrorMessage


EXPECTS = "After these words the network expects: "
TYPED = {
    ("red", "hat", "red", None, None, None, None, None): (f"{EXPECTS}hat", "hat"),
    ("Anna", 25, "ben", ".", "ben", 29, None, None): (f"{EXPECTS}anna", "anna"),
    ("anna", "ben", "carl", "anna", "ben", "carl", "anna", "ben"): (f"{EXPECTS}carl", "carl"),
    ("red", "horse", "red", None, None, None, None, None): ("Word 2 is not in the list of 30 words.", None),
    ("red", None, "red", None, None, None, None, None): ("Position 2 is empty", None),
    (None,) * 8: ("Type a first word", ""),
}


def typed(words, copy):
    """A copy of the workbook with other words in the yellow cells."""
    return typed_in(PATH, 2, {f"{column}5": word for column, word in zip("DEFGHIJK", words, strict=True)}, copy)


@recalculates(*(partial(typed, words) for words in TYPED))
def test_libreoffice_reads_what_is_typed(recalculated):
    """Words, numbers and empty cells; an unknown word gives a sentence, and no cell shows an error."""
    for copy, (words, (verdict, best)) in zip(recalculated, TYPED.items(), strict=True):
        tokens = [word if isinstance(word, int) else ids_of([word and word.lower()])[0] for word in words]
        expected = twin(inputs_of(copy, TestWorkbook.inputs) | {"word_in": torch.tensor(tokens)})
        assert_equal({name: sheets.read(copy, name) for name in expected}, expected)
        (shown,) = texts_at(copy, "verdict")
        assert shown.startswith(verdict), shown
        count = read_of(tokens)
        read = [WORDS[token - 1] for token in tokens[:count]] + [""] * (POSITIONS - count)
        for name in LABELS:
            found = [text or "" for text in texts_at(copy, name)]
            assert found == read * (len(found) // POSITIONS), name
        assert best is None or (texts_at(copy, "best_words")[0] or "") == best
        cells = [cell for sheet in sheets.load(copy) for row in sheet.iter_rows() for cell in row]
        assert not [cell.coordinate for cell in cells if cell.data_type == "e"]
