"""Lesson 22: other right answers, and wrong ones to be found wrong."""

import math

import numpy as np
import torch


def _spelt(i, merges):
    return chr(97 + i) if i < 26 else "".join(_spelt(j, merges) for j in merges[i - 26])


def _by_recursion(token_ids, merges):
    return "".join(_spelt(i, merges) for i in token_ids)


def _by_dictionary(token_ids, merges):
    known = dict(enumerate("abcdefghijklmnopqrstuvwxyz"))
    for i, (a, b) in enumerate(merges, 26):
        known[i] = known[a] + known[b]
    return "".join(map(known.get, token_ids))


def _by_replacing(token_ids, merges):
    """Undo the merges, the last one first."""
    ids = list(token_ids)
    for i in reversed(range(len(merges))):
        ids = [one for token in ids for one in (merges[i] if token == 26 + i else [token])]
    return bytes(97 + i for i in ids).decode()


def _by_stack(token_ids, merges):
    waiting, letters = list(reversed(token_ids)), []
    while waiting:
        if (token := waiting.pop()) < 26:
            letters.append("abcdefghijklmnopqrstuvwxyz"[token])
        else:
            waiting += reversed(merges[token - 26])
    return "".join(letters)


def _once_undone(token_ids, merges):
    """Only one level of merges."""
    return "".join(chr(97 + j) for i in token_ids for j in ([i] if i < 26 else merges[i - 26]))


def _by_loop(before, after, kept):
    values = (after - before).double().svd().S.tolist()
    total, held = sum(v * v for v in values), 0.0
    for rank, value in enumerate(values, 1):
        held += value * value
        if held >= (kept - 1e-6) * total:
            return rank
    return len(values)


def _by_numpy(before, after, kept):
    values = np.linalg.svd((after - before).double().numpy(), compute_uv=False) ** 2
    return int(np.argmax(np.cumsum(values) >= (kept - 1e-6) * values.sum())) + 1


def _by_eigenvalues(before, after, kept):
    change = (after - before).double()
    squares = torch.linalg.eigvalsh(change @ change.T).flip(0).clamp(min=0)
    return int((squares.cumsum(0) < (kept - 1e-6) * squares.sum()).sum()) + 1


def _by_approximation(before, after, kept):
    change = (after - before).double()
    u, s, v = torch.linalg.svd(change, full_matrices=False)
    for rank in range(1, len(s) + 1):
        left = change - u[:, :rank] * s[:rank] @ v[:rank]
        if left.square().sum() <= (1 - kept + 1e-6) * change.square().sum():
            return rank
    return len(s)


def _ranks(before, after, kept, power=2, change=True, ceiling=0):
    values = torch.linalg.svdvals((after - before if change else after).double()) ** power
    return int((values.cumsum(0) / values.sum() < kept - 1e-9).sum()) + 1 + ceiling


ANSWERS = {
    "22.break_longest_first": (
        [
            ("abc", [("b", "c"), ("a", "b")]),
            ("abc", [["b", "c"], ["a", "b"]]),
            ("aab", [("a", "b"), ("a", "a")]),
            ("lowest", [("w", "e"), ("l", "o"), ("lo", "w"), ("we", "s")]),
            ("abcd", [("b", "c"), ("c", "d"), ("a", "b"), ("ab", "c")]),
        ],
        [
            ("lower", [("l", "o"), ("lo", "w")]),
            ("abc", [("a", "b"), ("b", "c")]),
            ("", [("a", "b")]),
            ("abc", [("ab", "c")]),
            ("abc",),
        ],
    ),
    "22.break_nucleus": (
        [
            (torch.tensor([0.75, 0.25]), 0.5),
            (torch.tensor([1.0]), 0.9),
            (torch.tensor([0.2, 0.5, 0.3]), 0.6),
            (torch.tensor([0.1, 0.2, 0.3, 0.4]), 0.95),
        ],
        [
            (torch.tensor([0.75, 0.25]), 1.0),
            (torch.tensor([0.75, 0.25]), 0.75),
            (torch.tensor([0.5, 0.5]), 0.3),
            (torch.tensor([0.9, 0.3]), 0.5),
            (torch.tensor([0.75, 0.25]), 0.0),
        ],
    ),
    "22.text_of": (
        [_by_recursion, _by_dictionary, _by_replacing, _by_stack],
        [
            _once_undone,
            lambda token_ids, merges: "".join(chr(97 + i) for i in token_ids),
            lambda token_ids, merges: _by_recursion(token_ids[::-1], merges),
            lambda token_ids, merges: _by_recursion(token_ids, [(b, a) for a, b in merges]),
            lambda token_ids, merges: " ".join(_spelt(i, merges) for i in token_ids),
            lambda token_ids, merges: [_spelt(i, merges) for i in token_ids],
        ],
    ),
    "22.cache_bytes": (
        [
            lambda layers, size, heads, kv_heads, tokens, texts: 4 * layers * size * kv_heads * tokens * texts // heads,
            lambda *n: torch.zeros(2, n[0], n[5], n[3], n[4], n[1] // n[2], dtype=torch.float16, device="meta").nbytes,
            lambda *n: int(np.prod([2, 2, n[0], n[1] // n[2], n[3], n[4], n[5]])),
            lambda *n: sum(2 * 2 * n[1] // n[2] * n[3] for _ in range(n[0])) * (n[4] * n[5]),
        ],
        [
            lambda layers, size, heads, kv_heads, tokens, texts: 4 * layers * size * tokens * texts,
            lambda layers, size, heads, kv_heads, tokens, texts: 2 * layers * size * kv_heads * tokens * texts // heads,
            lambda layers, size, heads, kv_heads, tokens, texts: 4 * layers * size * kv_heads * tokens * texts,
            lambda layers, size, heads, kv_heads, tokens, texts: 4 * layers * size * kv_heads * tokens // heads,
            lambda layers, size, heads, kv_heads, tokens, texts: 4 * size * kv_heads * tokens * texts // heads,
            lambda layers, size, heads, kv_heads, tokens, texts: 8 * layers * size * kv_heads * tokens * texts // heads,
        ],
    ),
    "22.rank_needed": (
        [_by_loop, _by_numpy, _by_eigenvalues, _by_approximation],
        [
            lambda before, after, kept: _ranks(before, after, kept, power=1),
            lambda before, after, kept: _ranks(before, after, kept, change=False),
            lambda before, after, kept: _ranks(before, after, kept, ceiling=-1),
            lambda before, after, kept: _ranks(before, after, kept, ceiling=1),
            lambda before, after, kept: int(torch.linalg.matrix_rank(after - before)),
            lambda before, after, kept: math.ceil(kept * min(before.shape)),
        ],
    ),
    "22.bits_of": (
        [
            lambda losses, tokens, characters: float((losses * tokens).sum() / math.log(2) / characters.sum()),
            lambda losses, tokens, characters: (
                np.log2(np.exp(losses.numpy())) @ tokens.numpy() / characters.sum().item()
            ),
            lambda losses, tokens, characters: losses @ tokens.to(losses.dtype) / (characters.sum() * math.log(2)),
            lambda losses, tokens, characters: (
                sum(a * b / math.log(2) for a, b in zip(losses.tolist(), tokens.tolist(), strict=True))
                / sum(characters.tolist())
            ),
        ],
        [
            lambda losses, tokens, characters: (losses * tokens / characters).mean() / math.log(2),
            lambda losses, tokens, characters: (losses * tokens).sum() / characters.sum(),
            lambda losses, tokens, characters: losses.mean() / math.log(2) * tokens.sum() / characters.sum(),
            lambda losses, tokens, characters: losses.sum() / characters.sum() / math.log(2),
            lambda losses, tokens, characters: (losses * tokens).sum() / tokens.sum() / math.log(2),
            lambda losses, tokens, characters: (losses * characters).sum() / tokens.sum() / math.log(2),
        ],
    ),
    "22.fair_perplexity": (
        [
            lambda perplexity_a, tokens_a, tokens_b: math.exp(tokens_a * math.log(perplexity_a) / tokens_b),
            lambda perplexity_a, tokens_a, tokens_b: torch.tensor(perplexity_a).double().pow(tokens_a / tokens_b),
            lambda perplexity_a, tokens_a, tokens_b: 2 ** (np.log2(perplexity_a) * tokens_a / tokens_b),
            lambda perplexity_a, tokens_a, tokens_b: perplexity_a ** (1 / (tokens_b / tokens_a)),
        ],
        [
            lambda perplexity_a, tokens_a, tokens_b: perplexity_a,
            lambda perplexity_a, tokens_a, tokens_b: perplexity_a * tokens_a / tokens_b,
            lambda perplexity_a, tokens_a, tokens_b: perplexity_a ** (tokens_b / tokens_a),
            lambda perplexity_a, tokens_a, tokens_b: math.log(perplexity_a) * tokens_a / tokens_b,
            lambda perplexity_a, tokens_a, tokens_b: perplexity_a ** (tokens_a // tokens_b),
        ],
    ),
}

EQUIVALENT = {
    "22.cache_bytes": {
        "2 * 2 * layers * size // heads -> 2 * 2 * layers * size / heads": "heads divide the size, or it is refused",
    },
    "22.rank_needed": {
        "0 -> -1": "the singular values have one axis",
        "held < kept - 1e-06 -> held <= kept - 1e-06": "a sum is never exactly a millionth below",
    },
}
