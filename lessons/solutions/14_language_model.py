"""Solutions to lesson 14, with the cases that an answer is tried on."""

from collections import Counter

import torch

from coursekit.exercises import Exercise


def batches_of(stream, columns, strip):
    rows = (len(stream) - 1) // columns * columns
    if rows < columns or strip < 1:
        raise ValueError("each column needs a token to read, and a strip one at least")
    read, following = (stream[start : start + rows].view(columns, -1) for start in (0, 1))
    return list(zip(read.split(strip, dim=1), following.split(strip, dim=1), strict=True))


def frequent_words(texts, min_frequency):
    counts = Counter(word for text in texts for word in text)
    often = [word for word in counts if counts[word] >= min_frequency]
    return sorted(often, key=lambda word: (-counts[word], word))


def perplexity_of_all(each, tokens):
    if each.shape != tokens.shape or each.dim() != 1 or not len(each):
        raise ValueError("one number of tokens for each perplexity")
    if (each < 1).any() or (tokens < 1).any():
        raise ValueError("a perplexity is at least 1, and a text has tokens")
    return ((each.log() * tokens).sum() / tokens.sum()).exp()


def pair_probability(stream, first, second, share):
    if stream.dim() != 1 or not len(stream) or not 0 <= share <= 1:
        raise ValueError("a stream, and a share from 0 to 1")
    alone = (stream == second).sum().item() / len(stream)
    followed = (stream[:-1] == first).sum().item()
    if not followed:
        return alone
    together = ((stream[:-1] == first) & (stream[1:] == second)).sum().item()
    return share * together / followed + (1 - share) * alone


def chances(scores, temperature, k):
    if scores.dim() != 1 or not 1 <= k <= len(scores) or temperature <= 0:
        raise ValueError("between one score and all, and a temperature above 0")
    if len(scores.unique()) < len(scores):
        raise ValueError("scores that are all different")
    kept = scores >= scores.topk(k).values[-1]
    return torch.where(kept, scores / temperature, -torch.inf).softmax(dim=0)


def clipped(first, second, norm):
    if norm <= 0:
        raise ValueError("a positive length")
    length = (first.square().sum() + second.square().sum()).sqrt()
    factor = min(1.0, norm / length.item()) if length > 0 else 1.0
    return first * factor, second * factor


def gates(write, keep, new, show, c):
    if len({part.shape for part in (write, keep, new, show, c)}) > 1:
        raise ValueError("five tensors of one shape")
    after = keep.sigmoid() * c + write.sigmoid() * new.tanh()
    return show.sigmoid() * after.tanh(), after


def _random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape) + seed))


WORDS = 10_000 * (100 + 1)  # vectors, used twice, and the decoder's biases
FIRST, SECOND = 4 * 200 * (100 + 200 + 2), 4 * 100 * (200 + 100 + 2)

EXERCISES = {
    "batches_of": Exercise(
        batches_of,
        "keep (n - 1) // columns * columns tokens, view them as (columns, -1), split "
        "along the second axis; the targets start one token later",
        lambda: [
            (torch.tensor([5, 6, 7]), 1, 2),
            (torch.arange(5), 2, 2),
            (torch.arange(7), 2, 2),
            (torch.arange(26), 4, 4),
            (torch.tensor([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]), 3, 5),
        ],
    ),
    "frequent_words": Exercise(
        frequent_words,
        "count with Counter; keep those that occur often enough; sort by (-count, word)",
        lambda: [
            ([["a"]], 1),
            ([["b", "a"]], 1),
            ([["film", "a", "film"], ["the", "film", "a", "the"]], 2),
            ([["x", "y", "y"], [], ["z", "z", "y", "x"]], 1),
            ([["dull"], ["film"]], 2),
        ],
    ),
    "perplexity_of_all": Exercise(
        perplexity_of_all,
        "log gives the mean of -log p of each; weigh by tokens, take the mean; exp last",
        lambda: [
            (torch.tensor([4.0]), torch.tensor([10])),
            (torch.tensor([2.0, 8.0]), torch.tensor([1, 1])),
            (torch.tensor([2.0, 16.0]), torch.tensor([3, 1])),
            (torch.tensor([20.0, 35.0, 5.0]), torch.tensor([100, 250, 40])),
        ],
        tolerance=1e-4,
    ),
    "pair_probability": Exercise(
        pair_probability,
        "the last token of the stream is followed by nothing: count `first` in stream[:-1]",
        lambda: [
            (torch.tensor([1, 2]), 1, 2, 1.0),
            (torch.tensor([1, 2]), 1, 2, 0.5),
            (torch.tensor([1, 2]), 2, 1, 0.5),
            (torch.tensor([1, 2, 1, 3, 1]), 1, 3, 0.8),
            (torch.tensor([1, 2, 1, 3, 1]), 7, 1, 0.8),
            (torch.tensor([4, 4, 4, 5]), 4, 4, 0.25),
        ],
    ),
    "chances": Exercise(
        chances,
        "what is not among the k largest becomes -inf; divide by the temperature; softmax",
        lambda: [
            (torch.tensor([0.0, 1.0]), 1.0, 2),
            (torch.tensor([0.0, 1.0]), 0.5, 2),
            (torch.tensor([2.0, -1.0, 1.0]), 1.0, 2),
            (torch.tensor([2.0, -1.0, 1.0]), 2.0, 1),
            (_random(6), 0.7, 3),
        ],
    ),
    "clipped": Exercise(
        clipped,
        "one length for both together, the root of the sum of all squares; shorten only "
        "what is too long",
        lambda: [
            (torch.tensor([3.0]), torch.tensor([4.0]), 1.0),
            (torch.tensor([0.3]), torch.tensor([0.4]), 1.0),
            (torch.tensor([[3.0, -1.0], [0.0, 2.0]]), torch.tensor([1.0]), 2.0),
            (torch.tensor([0.0]), torch.tensor([0.0, 0.0]), 1.0),
        ],
    ),
    "gates": Exercise(
        gates,
        "sigmoid for the three gates, tanh for the new note; first the memory, then what "
        "is shown of it",
        lambda: [
            (torch.zeros(1), torch.zeros(1), torch.zeros(1), torch.zeros(1), torch.ones(1)),
            tuple(_random(1, seed=i) for i in range(5)),
            tuple(_random(2, 3, seed=i) * 2 for i in range(5)),
        ],
    ),
    "weights_in_all": Exercise(
        WORDS + FIRST + SECOND,
        "the words' vectors once, a bias for each word; an LSTM layer has "
        "4 · size · (inputs + size + 2) weights",
    ),
}
