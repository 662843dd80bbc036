"""Solutions to lesson 22, with the cases that an answer is tried on."""

import math

import torch

from coursekit.classroom.exercises import Exercise, draw

DISCUSSION = """
**Numbers, and another language.** The vocabulary of the lesson was made from 1,100 reviews,
in which years, minutes and prices are rare or written as words. So nearly all numbers fall
into single digits, and the few merges that hold digits cut numbers in an irregular way: one
year may be two tokens, the next one four.

```python
for number in (7, 12, 90, 1999, 2000):
    ids = vocab.encode([f" {number}"])[0][1:]
    print(number, vocab.tokens(ids.tolist()))
lengths = [len(vocab.encode([f" {n}"])[0]) - 1 for n in range(1, 2001)]
print(Counter(lengths))
```

A model that adds must first find out which digit stands for tens. If every number is cut
into single digits, the place of a digit is its distance from the end. If pieces have one,
two or three digits by chance, the model has to learn each piece as a word of its own. Some
models therefore cut numbers into single digits, or into groups of three from the right,
before any merge. (GPT-2's expression does not.)

Another language pays twice. Its frequent words were never merged, so a sentence has
several times as many tokens; and letters outside ASCII are two or three bytes each, so
that a Greek or Hindi text can have more tokens than letters. The same window holds less
text, the same price buys less, and each sentence takes longer. Train the vocabulary on both
texts together, in equal parts, and much of the gap closes. The English text pays for it:
some of its merges make room. Which mixture is fair is not a technical question. Say which
texts you took, and how many tokens a sentence has in each language.
"""


def _merge(tokens, pair):
    done = []
    for token in tokens:
        if done and (done[-1], token) == pair:
            done[-1] += token
        else:
            done.append(token)
    return done


def in_order(word, merges):
    if not isinstance(word, str) or not word:
        raise ValueError("a word of one letter at least")
    known, pairs = set(), [tuple(pair) for pair in merges]
    for pair in pairs:
        if len(pair) != 2 or not all(isinstance(one, str) and one for one in pair):
            raise ValueError("a merge is a pair of tokens, such as ('l', 'o')")
        if any(len(one) > 1 and one not in known for one in pair):
            raise ValueError("a merge joins letters, or tokens that were merged before it")
        if "".join(pair) in known:
            raise ValueError("each merge makes a token that was not there before")
        known.add("".join(pair))
    tokens = list(word)
    for pair in pairs:
        tokens = _merge(tokens, pair)
    return tokens


def longest_first(word, merges):
    """The tokens of a word: from the left, always the longest that there is."""
    known, tokens = {a + b for a, b in merges}, []
    while word:
        fits = [n for n in range(1, len(word) + 1) if n == 1 or word[:n] in known]
        tokens.append(word[: fits[-1]])
        word = word[fits[-1] :]
    return tokens


def nucleus(chances, p):
    if chances.dim() != 1 or not len(chances) or not chances.is_floating_point():
        raise ValueError("probabilities in one row")
    if not 0 < p <= 1 or chances.min() < 0 or abs(chances.sum().item() - 1) > 1e-4:
        raise ValueError("probabilities that add up to 1, and 0 < p <= 1")
    if len(chances.unique()) < len(chances):
        raise ValueError("no two of the probabilities are equal")
    ordered, order = chances.sort(descending=True)
    ordered[ordered.cumsum(0) - ordered >= p] = 0
    return torch.zeros_like(chances).scatter(0, order, ordered / ordered.sum())


def small_nucleus(chances, p):
    """(tokens,) probabilities: those that are kept, adding up to 1 again."""
    ordered, order = chances.sort(descending=True)
    ordered[ordered.cumsum(0) > p] = 0
    return torch.zeros_like(chances).scatter(0, order, ordered / ordered.sum())


def text_of(token_ids, merges):
    if not token_ids or any(not 0 <= i < 26 + len(merges) for i in token_ids):
        raise ValueError("ids of letters and of merges, one at least")
    if any(not 0 <= i < 26 + n for n, pair in enumerate(merges) for i in pair):
        raise ValueError("a merge joins tokens that are there by then")
    spelt = [chr(ord("a") + i) for i in range(26)]
    for first, second in merges:
        spelt.append(spelt[first] + spelt[second])
    return "".join(spelt[i] for i in token_ids)


def cache_bytes(layers, size, heads, kv_heads, tokens, texts):
    if min(layers, size, heads, kv_heads, tokens, texts) < 1:
        raise ValueError("one of each at least")
    if size % heads or heads % kv_heads:
        raise ValueError("heads share the size, and groups of heads a key")
    return 2 * 2 * layers * size // heads * kv_heads * tokens * texts


def rank_needed(before, after, kept):
    if before.dim() != 2 or before.shape != after.shape or not before.numel():
        raise ValueError("two matrices of one shape")
    if not 0 < kept <= 1 or before.equal(after):
        raise ValueError("a fraction above 0 of some change")
    squares = torch.linalg.svdvals(after - before).square()
    held = squares.cumsum(0) / squares.sum()
    return (held < kept - 1e-6).sum() + 1


def bits_of(losses, tokens, characters):
    if losses.dim() != 1 or not losses.shape == tokens.shape == characters.shape:
        raise ValueError("one of each for each text")
    if not len(losses) or min(tokens.min(), characters.min()) < 1 or losses.min() < 0:
        raise ValueError("texts of one token and one character at least")
    return (losses * tokens).sum() / characters.sum() / math.log(2)


def fair_perplexity(perplexity_a, tokens_a, tokens_b):
    if perplexity_a < 1 or min(tokens_a, tokens_b) < 1:
        raise ValueError("a perplexity of 1 at least, and tokens")
    return perplexity_a ** (tokens_a / tokens_b)


def _ask_merge(random):
    word = random.choice(["banana", "mississippi", "abababa", "cocoa", "tomatoto"])
    pair = random.choice([("a", "n"), ("s", "i"), ("a", "b"), ("c", "o"), ("t", "o")])
    left = len(_merge(list(word), pair))
    return f"After the merge {pair}, how many tokens has {word!r}?", left


def _ask_nucleus(random):
    percents = random.choice([(45, 28, 14, 9, 4), (37, 26, 19, 11, 7), (32, 27, 22, 13, 6)])
    p = random.choice([30, 50, 64, 80, 95])
    kept = next(n for n in range(1, 6) if sum(percents[:n]) >= p)
    question = f"The probabilities are {percents} percent, and p is {p} percent"
    return f"{question}. How many tokens does top-p keep?", kept


def _ask_size(random):
    merges, letters = random.choice([100, 744, 1000, 3840]), random.choice([26, 256])
    question = f"{letters} single tokens, {merges} merges, each of which makes a new token"
    return f"{question}. How many numbers are in the vectors, 64 for each?", 64 * (
        letters + merges
    )


def _ask_cache(random):
    layers, size, tokens = (random.choice(c) for c in ([2, 12], [64, 768], [100, 1000]))
    question = f"{layers} layers of width {size}, {tokens} tokens, every head its own key"
    return (
        f"{question}. How many numbers does the KV cache hold?",
        2 * layers * size * tokens,
    )


def _ask_lora(random):
    inputs, outputs, r = (random.choice(c) for c in ([64, 256], [64, 192, 512], [2, 4, 8]))
    question = f"A linear layer from {inputs} to {outputs} numbers, LoRA of rank {r}"
    return f"{question}. How many weights are trained?", r * (inputs + outputs)


def _ask_bits(random):
    each, bits = random.choice([2, 4, 5]), random.choice([1, 2, 3, 6])
    question = f"A token has {each} characters on average, and costs {bits} bits"
    return f"{question}. How many bits per character?", bits / each


def _ask_perplexity(random):
    root, power = random.choice([2, 3, 5]), random.choice([2, 3])
    question = (
        f"One model has perplexity {root} on 1000 tokens of a text. Another one cuts the "
        f"text into {1000 * power} tokens"
    )
    return f"{question}. Which perplexity is as good?", float(root ** (1 / power))


EXERCISES = {
    "break_longest_first": Exercise(
        in_order,
        breaks=longest_first,
        answer=("abc", [("b", "c"), ("a", "b")]),
        hints=(
            "Which tokens do both give for your word? Could a letter belong to two pairs?",
            "Let a letter stand between two others that it can be merged with. The earlier "
            "merge should be the one on the right.",
            '`word_and_merges = ("abc", [("b", "c"), ...])`',
        ),
        cases=lambda: [
            ("lower", [("l", "o"), ("lo", "w")]),
            ("abc", [("a", "b"), ("b", "c")]),
            ("newer", [("e", "r"), ("n", "e")]),
            ("aaaa", [("a", "a"), ("aa", "aa")]),
            ("xyz", []),
        ],
        difficulty=3,
        minutes=12,
        again=_ask_merge,
    ),
    "break_nucleus": Exercise(
        nucleus,
        breaks=small_nucleus,
        answer=(torch.tensor([0.75, 0.25]), 0.5),
        hints=(
            "Which sums does your row have from the largest on? Is p one of them?",
            "The token that crosses p must stay. It is lost if p lies between two sums.",
            "`chances_and_p = (torch.tensor([0.75, 0.25]), ...)`",
        ),
        cases=lambda: [
            (torch.tensor([0.75, 0.25]), 1.0),
            (torch.tensor([0.25, 0.75]), 0.75),
            (torch.tensor([0.5, 0.125, 0.375]), 0.875),
            (torch.tensor([1.0]), 1.0),
        ],
        difficulty=2,
        minutes=8,
        again=_ask_nucleus,
    ),
    "text_of": Exercise(
        text_of,
        hints=(
            "What does your function give for the id 26, and for a merge of two merges?",
            "Spell each token once, in the order of the merges: a merge joins two that are "
            "spelt already. Then look up the ids.",
            "`spelt = [chr(ord('a') + i) for i in range(26)]`",
        ),
        cases=lambda: [
            ([5, 8, 11, 12], []),
            ([26], [(0, 1)]),
            ([1, 26, 0], [(13, 0)]),
            ([26, 27], [(11, 14), (26, 22)]),
            ([27, 28, 25], [(18, 18), (8, 26), (27, 27)]),
        ],
        difficulty=3,
        minutes=12,
        again=_ask_size,
    ),
    "cache_bytes": Exercise(
        cache_bytes,
        hints=(
            "For one layer, one head, one token and one text: how many numbers are kept?",
            "A key and a value, each of size / heads numbers, for each kv_head, in each "
            "layer, for each token of each text.",
            "`numbers = 2 * (size // heads) * kv_heads`",
        ),
        cases=lambda: [
            (1, 4, 1, 1, 1, 1),
            (2, 64, 4, 4, 32, 1),
            (12, 768, 12, 12, 1024, 1),
            (32, 4096, 32, 8, 2000, 16),
            (3, 6, 6, 2, 5, 7),
        ],
        difficulty=2,
        minutes=10,
        again=_ask_cache,
    ),
    "rank_needed": Exercise(
        rank_needed,
        hints=(
            "What is the rank of a change that is the same in every row?",
            "The squares of the singular values add up to the sum of all squares. Add them "
            "up from the largest on, until the fraction is reached.",
            "`squares = torch.linalg.svdvals(after - before).square()`",
        ),
        cases=lambda: [
            (torch.zeros(2, 2), torch.tensor([[1.0, 1.0], [1.0, 1.0]]), 1.0),
            (torch.zeros(3, 3), torch.diag(torch.tensor([3.0, 2.0, 1.0])), 0.6),
            (torch.eye(3), torch.eye(3) + torch.diag(torch.tensor([0.0, 2.0, 1.0])), 0.9),
            (draw(5, 4), draw(5, 4, seed=1), 0.8),
            (draw(4, 6), draw(4, 6, seed=2), 0.99),
            (torch.zeros(2, 3), torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]), 0.8),
        ],
        difficulty=3,
        minutes=12,
        again=_ask_lora,
    ),
    "bits_of": Exercise(
        bits_of,
        hints=(
            "What do you get for two texts, one much longer than the other?",
            "Add up the loss of all tokens, in bits (divide by log 2), then divide once by "
            "all characters.",
            "`nats = (losses * tokens).sum()`",
        ),
        cases=lambda: [
            (torch.tensor([math.log(2)]), torch.tensor([10]), torch.tensor([10])),
            (torch.tensor([1.5]), torch.tensor([10]), torch.tensor([40])),
            (torch.tensor([1.0, 3.0]), torch.tensor([90, 10]), torch.tensor([300, 20])),
            (draw(5).abs(), torch.arange(3, 8), torch.tensor([11, 9, 30, 14, 21])),
        ],
        difficulty=2,
        minutes=8,
        again=_ask_bits,
    ),
    "fair_perplexity": Exercise(
        fair_perplexity,
        hints=(
            "What must come out if both cut the text in the same way? And if B has twice "
            "as many tokens?",
            "Both give the whole text the same probability: tokens times log perplexity is "
            "the same for both.",
            "`nats = tokens_a * math.log(perplexity_a)`",
        ),
        cases=lambda: [
            (16.0, 100, 100),
            (16.0, 100, 200),
            (3.0, 200, 100),
            (27.5, 1200, 5700),
            (1.0, 10, 30),
        ],
        difficulty=3,
        minutes=10,
        again=_ask_perplexity,
    ),
}
