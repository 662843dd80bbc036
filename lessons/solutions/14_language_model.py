"""Solutions to lesson 14, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw


def perplexity_of_all(each, tokens):
    if each.shape != tokens.shape or each.dim() != 1 or not len(each):
        raise ValueError("one number of tokens for each perplexity")
    if (each < 1).any() or (tokens < 1).any():
        raise ValueError("a perplexity is at least 1, and a text has tokens")
    return ((each.log() * tokens).sum() / tokens.sum()).exp()


def where_read(position, tokens, batch_size, seq_len):
    if (
        min(tokens - 1, batch_size, seq_len) < 1
        or (length := (tokens - 1) // batch_size) < 1
    ):
        raise ValueError(
            "each batch row needs a token to read, and a sequence one at least"
        )
    if not 0 <= position < batch_size * length:
        raise ValueError("a token that is read")
    row, in_row = divmod(position, length)
    sequence, within = divmod(in_row, seq_len)
    return sequence, row, within


def chances(logits, temperature, k):
    if logits.dim() != 1 or not 1 <= k <= len(logits) or temperature <= 0:
        raise ValueError("between one logit and all, and a temperature above 0")
    if len(logits.unique()) < len(logits):
        raise ValueError("logits that are all different")
    kept = logits >= logits.topk(k).values[-1]
    return torch.where(kept, logits / temperature, -torch.inf).softmax(dim=0)


def pair_probability(stream, first, second, weight):
    if stream.dim() != 1 or not len(stream) or not 0 <= weight <= 1:
        raise ValueError("a stream, and a weight from 0 to 1")
    alone = (stream == second).sum().item() / len(stream)
    followed = (stream[:-1] == first).sum().item()
    if not followed:
        return alone
    together = ((stream[:-1] == first) & (stream[1:] == second)).sum().item()
    return weight * together / followed + (1 - weight) * alone


EXERCISES = {
    "perplexity_of_all": Exercise(
        perplexity_of_all,
        "log gives the mean of -log p of each; weight by tokens, take the mean; exp last",
        lambda: [
            (torch.tensor([4.0]), torch.tensor([10])),
            (torch.tensor([2.0, 8.0]), torch.tensor([1, 1])),
            (torch.tensor([2.0, 16.0]), torch.tensor([3, 1])),
            (torch.tensor([20.0, 35.0, 5.0]), torch.tensor([100, 250, 40])),
        ],
        tolerance=1e-4,
    ),
    "where_read": Exercise(
        where_read,
        "a batch row has (tokens - 1) // batch_size tokens, as the last needs a follower; "
        "divmod by that gives the row and the position in it; divmod that by seq_len",
        lambda: [
            (0, 3, 1, 2),
            (1, 3, 1, 1),
            (1, 5, 2, 3),
            (2, 5, 2, 3),
            (3, 6, 2, 2),
            (9, 26, 4, 3),
            (9, 26, 4, 4),
            (23, 25, 4, 4),
            (40, 101, 3, 7),
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
            (draw(6), 0.7, 3),
        ],
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
            (torch.tensor([1, 2, 1, 3]), 1, 1, 0.8),  # a pair never seen: still mixed
            (torch.tensor([4, 4, 4, 5]), 4, 4, 0.25),
        ],
    ),
}
