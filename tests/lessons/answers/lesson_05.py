"""Lesson 05, segmentation: for each exercise, other right answers, and plausible wrong ones."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F


def _videos_by_regex(names, videos):
    import re

    return [re.fullmatch(r"(.+)_[^_]+", name)[1] in set(videos) for name in names]


def _iou_loop(table):
    found = []
    for c in range(len(table)):
        either = table[c].sum() + table[:, c].sum() - table[c, c]
        found.append(float(table[c, c]) / float(either) if either else math.nan)
    return found


def _iou_from_dice(table):
    t = table.double().numpy()
    with np.errstate(invalid="ignore"):
        dice = 2 * np.diag(t) / (t.sum(0) + t.sum(1))
    return dice / (2 - dice)


def _iou_one_against_all(table):
    """From a list of single pixels, as the lesson's pictures have them."""
    truth, said = np.indices(table.shape).reshape(2, -1).repeat(table.flatten().numpy(), axis=1)
    found = []
    for c in range(len(table)):
        either = ((truth == c) | (said == c)).sum()
        found.append(((truth == c) & (said == c)).sum() / either if either else np.nan)
    return np.array(found)


def _heights_by_trying(rows, halvings):
    fit = []
    for height in range(1, rows * 2**halvings + 2):
        left = height
        for _ in range(halvings):
            left = -(-left // 2)
        if left == rows:
            fit.append(height)
    return min(fit), max(fit)


def _heights_back(rows, halvings):
    if halvings == 0:
        return rows, rows
    low, high = _heights_back(rows, halvings - 1)
    return 2 * low - 1, 2 * high


def _weights_loop(masks, classes, ignore_index):
    counts = Counter(masks.flatten().tolist())
    counts.pop(ignore_index, None)
    total = sum(counts.values())
    return [total / (len(counts) * counts[c]) if counts[c] else 0.0 for c in range(classes)]


def _weights_normalised(masks, classes, ignore_index):
    counts = torch.stack([((masks == c) & (masks != ignore_index)).sum() for c in range(classes)]).double()
    weights = torch.where(counts > 0, 1 / counts, 0)
    return weights * counts.sum() / (weights * counts).sum()


def _weights_pandas(masks, classes, ignore_index):
    counts = pd.Series(masks.flatten().numpy()).value_counts().drop(ignore_index, errors="ignore")
    return (counts.mean() / counts).reindex(range(classes), fill_value=0.0)


def _weights_one_hot(masks, classes, ignore_index):
    counts = F.one_hot(masks[masks != ignore_index], classes).sum(0)
    return torch.nan_to_num(counts[counts > 0].double().mean() / counts, posinf=0.0)


def _inverse(masks, classes, ignore_index):
    counts = masks[masks != ignore_index].bincount(minlength=classes)
    return torch.where(counts > 0, 1 / counts, 0)


ANSWERS = {
    "05.held_out_by": (
        [
            lambda names, videos: [
                any(name.startswith(f"{v}_") and name.count("_") == v.count("_") + 1 for v in videos) for name in names
            ],
            lambda names, videos: np.array(["_".join(name.split("_")[:-1]) in videos for name in names]),
            lambda names, videos: tuple(name[: name.rindex("_")] in videos for name in names),
            lambda names, videos: pd.Series(names).str.rpartition("_")[0].isin(videos),
            lambda names, videos: torch.tensor([name.rpartition("_")[0] in videos for name in names]),
            _videos_by_regex,
        ],
        [
            lambda names, videos: [any(name.startswith(v) for v in videos) for name in names],
            lambda names, videos: [any(name.startswith(f"{v}_") for v in videos) for name in names],
            lambda names, videos: [name.split("_")[0] in videos for name in names],
            lambda names, videos: [name.rsplit("_", 1)[0] not in videos for name in names],
            lambda names, videos: [any(name.rsplit("_", 1)[0] in v for v in videos) for name in names],
            lambda names, videos: [name for name in names if name.rsplit("_", 1)[0] in videos],
        ],
    ),
    "05.break_shrunk": (
        [
            torch.tensor([[0, 1], [2, 2]]),
            (torch.tensor([[5, 5], [1, 0]]),),
            torch.tensor([[1, 9, 0, 0], [9, 8, 0, 0]]),
            (torch.tensor([[3, 0], [2, 3]], dtype=torch.uint8),),
        ],
        [
            torch.tensor([[0, 1], [1, 2]]),
            torch.tensor([[0, 0], [1, 2]]),  # a mean would be wrong here
            (torch.tensor([[7, 7], [7, 7]]),),
            torch.tensor([[0, 1], [1, 1]]),
            torch.tensor([[0, 0], [1, 1]]),  # equally frequent
            torch.tensor([[0, 1], [2, 3]]),
            torch.tensor([[0, 1, 2], [2, 1, 0]]),  # an odd width
            torch.tensor([[0, 1, 2, 2]]),
        ],
    ),
    "05.ious_of_table": (
        [_iou_loop, _iou_from_dice, _iou_one_against_all, lambda t: t.diag() / (t + t.T).sum(0).sub(t.diag())],
        [
            lambda t: t.diag() / t.sum(1),  # recall
            lambda t: t.diag() / t.sum(0),  # precision
            lambda t: 2 * t.diag() / (t.sum(0) + t.sum(1)),  # Dice
            lambda t: t.diag() / (t.sum(0) + t.sum(1)),
            lambda t: t.diag() / t.sum(),
            lambda t: torch.nan_to_num(t.diag() / (t.sum(0) + t.sum(1) - t.diag())),
            lambda t: torch.where(t.sum(1) > 0, t.diag() / (t.sum(0) + t.sum(1) - t.diag()), torch.nan),
            lambda t: torch.where(t.sum(0) > 0, t.diag() / (t.sum(0) + t.sum(1) - t.diag()), torch.nan),
            lambda t: (t.diag() / (t.sum(0) + t.sum(1) - t.diag())).mean(),
        ],
    ),
    "05.possible_heights": (
        [
            _heights_by_trying,
            _heights_back,
            lambda rows, halvings: [(rows - 1) * 2**halvings + 1, rows * 2**halvings],
            lambda rows, halvings: torch.tensor([rows * 2**halvings - 2**halvings + 1, rows << halvings]),
            lambda rows, halvings: np.array([math.floor((rows - 1) * 2.0**halvings) + 1, rows * 2.0**halvings]),
        ],
        [
            lambda rows, halvings: (rows * 2**halvings, rows * 2**halvings),
            lambda rows, halvings: (rows * 2**halvings, (rows + 1) * 2**halvings - 1),  # rounded down
            lambda rows, halvings: (2 * rows - 1, 2 * rows),
            lambda rows, halvings: (rows * 2**halvings - 1, rows * 2**halvings),
            lambda rows, halvings: (rows * 2**halvings - halvings, rows * 2**halvings),
            lambda rows, halvings: ((rows - 1) * 2**halvings, rows * 2**halvings),
        ],
    ),
    "05.class_weights": (
        [_weights_loop, _weights_normalised, _weights_pandas, _weights_one_hot],
        [
            _inverse,
            lambda m, n, v: _inverse(m, n, v) / _inverse(m, n, v).sum(),  # weights of sum 1
            lambda m, n, v: _inverse(m, n, v) * (m != v).sum(),  # each class weighs as much as all pixels
            lambda m, n, v: _inverse(m, n, v) * (m != v).sum() / n,  # classes that are not there counted
            lambda m, n, v: torch.tensor(_weights_loop(m, n, v)) * m.numel() / (m != v).sum(),  # ignored ones counted
            lambda m, n, v: (m != v).sum() / m[m != v].bincount(minlength=n),  # infinite
            lambda m, n, v: m[m != v].bincount(minlength=n) / (m != v).sum(),  # the fractions
        ],
    ),
}
