"""Solutions to lesson 15, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw


def bag(ids, size):
    if ids.dim() != 1 or len(ids) and not (0 <= ids.min() <= ids.max() < size):
        raise ValueError("token ids, below the size of the vocabulary")
    return torch.bincount(ids, minlength=size)


def pool(values, lengths):
    if (
        len(values) != len(lengths)
        or not ((lengths > 0) & (lengths <= values.shape[1])).all()
    ):
        raise ValueError("one length for each row, at least 1")
    rows = [row[:length] for row, length in zip(values, lengths.tolist(), strict=True)]
    return torch.stack([torch.cat([r[-1], r.amax(dim=0), r.mean(dim=0)]) for r in rows])


def padding(lengths, size):
    if size < 1 or not len(lengths) or (lengths < 1).any():
        raise ValueError("lengths of at least 1, in batches of at least 1")
    batches = lengths.split(size)
    cells = sum(len(batch) * batch.max() for batch in batches)
    return 1 - lengths.sum() / cells


def learning_rates(first, last, groups):
    if first <= 0 or last <= 0 or groups < 2:
        raise ValueError("two positive learning rates, for two groups or more")
    return first * (last / first) ** (torch.arange(groups) / (groups - 1))


def remapped(vectors, old, new):
    if len(vectors) != len(old) or not old:
        raise ValueError("one vector for each old word")
    mean = vectors.mean(dim=0)
    return torch.stack([vectors[old.index(word)] if word in old else mean for word in new])


EXERCISES = {
    "bag": Exercise(
        bag,
        "start with zeros, and add 1 at each token id; one that comes twice counts 2",
        lambda: [
            (torch.tensor([1]), 3),
            (torch.tensor([2, 0, 2]), 3),
            (torch.tensor([4, 4, 4, 1]), 6),
        ],
    ),
    "pool": Exercise(
        pool,
        "cut each row to its length first; then last, largest and mean, side by side",
        lambda: [
            (torch.tensor([[[1.0], [2.0]]]), torch.tensor([2])),
            (torch.tensor([[[1.0], [9.0]]]), torch.tensor([1])),
            (torch.tensor([[[-1.0], [-2.0], [0.0]]]), torch.tensor([2])),
            (draw(3, 5, 2), torch.tensor([5, 1, 3])),
        ],
    ),
    "padding": Exercise(
        padding,
        "a batch has as many cells as texts times its longest; which hold no token?",
        lambda: [
            (torch.tensor([2, 1]), 2),
            (torch.tensor([3, 1, 4, 1]), 2),
            (torch.tensor([4, 3, 1, 1, 7]), 2),
            (torch.tensor([5, 5, 5]), 4),
        ],
    ),
    "learning_rates": Exercise(
        learning_rates,
        "the factor from group to group is (last / first) ** (1 / (groups - 1))",
        lambda: [
            (1.0, 100.0, 3),
            (1e-3, 1e-2, 2),
            (2e-4, 5e-3, 5),
            (0.01, 0.01, 4),
        ],
        tolerance=1e-4,
    ),
    "remapped": Exercise(
        remapped,
        "look each new word up among the old; one that is not there gets the mean of all",
        lambda: [
            (torch.tensor([[1.0]]), ["a"], ["a"]),
            (torch.tensor([[1.0], [3.0]]), ["a", "b"], ["b", "a"]),
            (torch.tensor([[1.0, 0.0], [3.0, 2.0]]), ["a", "b"], ["c"]),
            (draw(4, 3), ["a", "b", "c", "d"], ["d", "x", "a", "y"]),
        ],
    ),
    "head_weights": Exercise(
        2 * 384 + (384 * 50 + 50) + 2 * 50 + (50 * 2 + 2),
        "batch norm: a scale and a shift for each of 3 · 128 inputs; then 384 · 50 + 50",
    ),
}
