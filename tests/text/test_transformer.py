"""The transformer is PyTorch's own with the same weights; it looks at nothing later, and its cache changes nothing."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import coursekit as ck

SIZE, HEADS = 24, 4


def block(causal=True):
    torch.manual_seed(0)
    made = ck.TransformerBlock(SIZE, HEADS, causal).double()
    for norm in (made.attention_norm, made.mlp_norm):  # as a trained one
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    return made


def vectors(n=3, tokens=7):
    return torch.randn(n, tokens, SIZE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def transformer(**options):
    torch.manual_seed(0)
    return ck.Transformer(50, SIZE, HEADS, 2, 16, **options).double().eval()


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("q", [7, 3, 1])
def test_attention_is_pytorchs(causal, q):
    keys, values, queries = vectors(), vectors()[..., :5], vectors(tokens=q)
    mask = torch.ones(q, 7, dtype=torch.bool).tril(7 - q) if causal else None
    found, weights = ck.attention(queries, keys, values, causal)
    torch.testing.assert_close(found, F.scaled_dot_product_attention(queries, keys, values, mask))
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, q, dtype=torch.float64))


@pytest.mark.parametrize("shapes", [((2, 3), (4, 5), (4, 3)), ((2, 3), (4, 3), (5, 3)), ((5, 3), (4, 3), (4, 3))])
def test_attention_refuses_what_does_not_belong_together(shapes):
    with pytest.raises(ValueError, match=r"found \(\d, 3\), \(4, \d\), \(\d, 3\)"):
        ck.attention(*map(torch.rand, shapes), causal=True)


@pytest.mark.parametrize("causal", [True, False])
def test_self_attention_is_pytorchs(causal):
    mine = block(causal).attention
    theirs = nn.MultiheadAttention(SIZE, HEADS, batch_first=True, dtype=torch.float64)
    named = {"in_proj_": mine.qkv, "out_proj.": mine.output}
    theirs.load_state_dict(
        {f"{name}{kind}": getattr(part, kind) for name, part in named.items() for kind in ("weight", "bias")}
    )
    x, mask = vectors(), torch.ones(7, 7, dtype=torch.bool).triu(1) if causal else None
    torch.testing.assert_close(mine(x)[0], theirs(x, x, x, attn_mask=mask)[0])


@pytest.mark.parametrize("causal", [True, False])
def test_a_block_is_pytorchs(causal):
    mine = block(causal)
    theirs = nn.TransformerEncoderLayer(
        SIZE, HEADS, 4 * SIZE, 0.0, "gelu", batch_first=True, norm_first=True, dtype=torch.float64
    )
    named = {
        "self_attn.in_proj_": mine.attention.qkv, "self_attn.out_proj.": mine.attention.output, "linear1.": mine.mlp[0],
        "linear2.": mine.mlp[2], "norm1.": mine.attention_norm, "norm2.": mine.mlp_norm,
    }  # fmt: skip
    theirs.load_state_dict(
        {f"{name}{kind}": getattr(part, kind) for name, part in named.items() for kind in ("weight", "bias")}
    )
    x, mask = vectors(), torch.ones(7, 7, dtype=torch.bool).triu(1) if causal else None
    torch.testing.assert_close(mine(x)[0], theirs(x, src_mask=mask))


def test_later_tokens_change_nothing_before():
    tokens = torch.arange(20).view(2, 10)
    changed = tokens.clone()
    changed[:, 6:] += 7
    for causal in (True, False):
        found, other = (transformer(causal=causal)(t)[0] for t in (tokens, changed))
        assert torch.equal(found[:, :6], other[:, :6]) is causal


@pytest.mark.parametrize("pieces", [[1] * 9, [4, 5], [8, 1]])
def test_the_cache_changes_nothing(pieces):
    model, tokens = transformer(), torch.arange(18).view(2, 9)
    caches, found = None, []
    for piece in tokens.split(pieces, dim=1):
        values, caches = model(piece, caches)
        found.append(values)
    torch.testing.assert_close(torch.cat(found, 1), model(tokens)[0])


def test_more_tokens_than_positions_are_refused():
    model = transformer()
    _, caches = model(torch.zeros(1, 10, dtype=torch.int64))
    with pytest.raises(ValueError, match="positions for 16 tokens; found 17"):
        model(torch.zeros(1, 7, dtype=torch.int64), caches)


def test_heads_share_the_size():
    with pytest.raises(ValueError, match="5 heads cannot share 24 numbers"):
        ck.SelfAttention(24, 5)


def test_dropout_is_only_for_training():
    model = transformer(dropout=0.5)
    tokens = torch.arange(9)[None]
    assert torch.equal(model(tokens)[0], model(tokens)[0])
    model.train()
    assert not torch.equal(model(tokens)[0], model(tokens)[0])
