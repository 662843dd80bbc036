"""Lesson 04, many labels: for each exercise, other right answers, and plausible wrong ones."""

from fractions import Fraction

import numpy as np
import pandas as pd
import torch


def _f2(given, true, axis):
    right = 5 * (given & true).sum(axis)
    total = right + 4 * (true & ~given).sum(axis) + (given & ~true).sum(axis)
    return right / total


def _each(score):
    """The lowest of the best thresholds for each label; `score` is of one label's tiles."""

    def best(probabilities, targets, thresholds):
        chosen = []
        for column, true in zip(probabilities.T, targets.T == 1, strict=True):
            found = None
            for threshold in sorted(thresholds):
                value = float(score(column > threshold, true))
                if found is None or value > found[0] + 1e-6:
                    found = value, threshold
            chosen.append(found[1])
        return chosen

    return best


def _each_at_once(probabilities, targets, thresholds):
    ordered = sorted(thresholds)
    given = probabilities[None] > torch.tensor(ordered)[:, None, None]
    return [ordered[i] for i in _f2(given, (targets == 1)[None].expand_as(given), 1).argmax(0)]


def _each_by_pandas(probabilities, targets, thresholds):
    tables = {t: _f2(probabilities > t, targets > 0.5, 0).tolist() for t in sorted(thresholds)}
    return pd.DataFrame(tables).idxmax(axis=1).to_numpy()


def _each_by_numpy(probabilities, targets, thresholds):
    ordered, p, y = np.sort(thresholds), probabilities.numpy()[:, :, None], targets.numpy()[:, :, None] == 1
    given = p > ordered.astype(np.float32)
    scores = 5 * (given & y).sum(0) / (4 * y.sum(0) + given.sum(0))
    return torch.tensor(ordered[scores.argmax(1)])


def _by_tile(probabilities, targets, thresholds):
    found = max(sorted(thresholds), key=lambda t: _f2(probabilities > t, targets == 1, 1).nan_to_num(1).mean().item())
    return [found] * targets.shape[1]


def _first_in_the_list(probabilities, targets, thresholds):
    given = [_f2(probabilities > t, targets == 1, 0) for t in thresholds]
    return [thresholds[i] for i in torch.stack(given).argmax(0)]


def _the_highest(probabilities, targets, thresholds):
    return _first_in_the_list(probabilities, targets, sorted(thresholds, reverse=True))


def _or_equal(probabilities, targets, thresholds):
    return _first_in_the_list(probabilities + 1e-6, targets, sorted(thresholds))


def _f1(given, true):
    return 2 * (given & true).sum() / (given.sum() + true.sum())


def _right(given, true):
    return (given == true).float().mean()


def _precision(given, true):
    return (given & true).sum() / given.sum().clamp(min=1)


def _recall(given, true):
    return (given & true).sum() / true.sum()


def _line(tile, probabilities, names, threshold):
    chosen = torch.where(probabilities > threshold)[0].tolist() or [int(probabilities.argmax())]
    return tile + "," + " ".join(names[i] for i in chosen)


def _line_by_a_loop(tile, probabilities, names, threshold):
    text = ""
    for name, p in zip(names, probabilities, strict=True):
        if p > threshold:
            text += " " + name
    if not text:
        text = names[probabilities.tolist().index(max(probabilities.tolist()))]
    return f"{tile},{text.strip()}"


def _line_by_pandas(tile, probabilities, names, threshold):
    sure = pd.Series(probabilities.numpy(), index=names)
    given = sure[sure > threshold]
    return ",".join([tile, " ".join(given.index if len(given) else [sure.idxmax()])])


def _line_by_a_lower_threshold(tile, probabilities, names, threshold):
    cut = min(threshold, max(probabilities.tolist()) - 1e-6)
    return f"{tile}," + " ".join(np.array(names)[(probabilities > cut).numpy()])


def _line_may_be_empty(tile, probabilities, names, threshold):
    return tile + "," + " ".join(n for n, p in zip(names, probabilities, strict=True) if p > threshold)


def _line_by_probability(tile, probabilities, names, threshold):
    order = [i for i in probabilities.argsort(descending=True).tolist() if probabilities[i] > threshold]
    return tile + "," + " ".join(names[i] for i in order or [int(probabilities.argmax())])


def _bools(*rows):
    return torch.tensor(rows).bool()


def _undo_in_steps(view, quarters, mirrored):
    image = view.flip(-1) if mirrored else view
    for _ in range(4 - quarters):
        image = image.transpose(-2, -1).flip(-2)  # a quarter turn
    return image


def _undo_by_numpy(view, quarters, mirrored):
    array = view.numpy()[..., ::-1] if mirrored else view.numpy()
    return np.rot90(array, -quarters, (-2, -1))


ANSWERS = {
    "04.per_tile": (
        [3.4, 17 * 0.2, Fraction(17, 5), torch.tensor(3.4), np.float32(3.4), 17 * (1 - 0.8)],
        [13.6, 0.2, 3, 4, 17 / 0.8, 1 / 17, 0.8],
    ),
    "04.break_f2": (
        [
            (_bools([1, 0], [1, 1]), _bools([1, 1], [1, 0])),
            (_bools([1, 0, 0, 0], [1, 1, 1, 1]), _bools([1, 1, 1, 1], [1, 0, 0, 0])),
            (_bools([1, 0, 0], [1, 1, 1], [1, 1, 1]), _bools([1, 1, 1], [1, 1, 1], [0, 1, 0])),
            (_bools([1, 1], [1, 0]), _bools([1, 1], [1, 1])),
        ],
        [
            (_bools([1, 0]), _bools([1, 1])),
            (_bools([1, 0], [1, 0]), _bools([1, 1], [1, 1])),
            (_bools([1, 0, 1], [1, 1, 0]), _bools([1, 0, 1], [0, 1, 1])),
            (_bools([1, 0], [0, 0]), _bools([1, 1], [1, 1])),
            (_bools([1, 0]), _bools([0, 1])),
            (_bools([1, 0], [1, 1]), _bools([1, 1])),
            (torch.tensor([[0.9, 0.1]]), torch.tensor([[1.0, 0.0]])),
        ],
    ),
    "04.undo": (
        [
            lambda view, quarters, mirrored: torch.rot90(view.flip(-1) if mirrored else view, 4 - quarters, (-2, -1)),
            lambda view, quarters, mirrored: (
                torch.rot90(view, quarters, (-2, -1)).flip(-1) if mirrored else torch.rot90(view, quarters, (-1, -2))
            ),
            _undo_in_steps,
            lambda *given: _undo_by_numpy(*given).copy(),
        ],
        [
            lambda view, quarters, mirrored: torch.rot90(view, -quarters, (-2, -1)),
            lambda view, quarters, mirrored: torch.rot90(view.flip(-1) if mirrored else view, quarters, (-2, -1)),
            lambda view, quarters, mirrored: (
                torch.rot90(view, -quarters, (-2, -1)).flip(-1) if mirrored else torch.rot90(view, -quarters, (-2, -1))
            ),
            lambda view, quarters, mirrored: torch.rot90(view.flip(-2) if mirrored else view, -quarters, (-2, -1)),
            lambda view, quarters, mirrored: torch.rot90(view.flip(-1) if mirrored else view, -quarters),
        ],
    ),
    "04.submission_line": (
        [_line, _line_by_a_loop, _line_by_pandas, _line_by_a_lower_threshold],
        [
            _line_may_be_empty,
            _line_by_probability,
            lambda tile, p, names, threshold: f"{tile},{names[int(p.argmax())]}",
            lambda tile, p, names, threshold: _line(tile, p, names, threshold).replace(" ", ","),
            lambda tile, p, names, threshold: _line(tile, p, names, 0.5),
            lambda tile, p, names, threshold: _line(tile, p, names, threshold) + " ",
            lambda tile, p, names, threshold: _line(tile, p + 1e-6, names, threshold),
        ],
    ),
    "04.threshold_each": (
        [
            _each(lambda given, true: 5 * (given & true).sum() / (4 * true.sum() + given.sum())),
            _each_at_once,
            _each_by_pandas,
            _each_by_numpy,
            lambda *given: tuple(_each(lambda g, t: _f2(g, t, 0))(*given)),
        ],
        [
            _by_tile,
            _first_in_the_list,
            _the_highest,
            _or_equal,
            _each(_f1),
            _each(_right),
            _each(_precision),
            _each(_recall),
            lambda p, y, thresholds: [min(thresholds)] * y.shape[1],
            lambda p, y, thresholds: _each(lambda g, t: _f2(g, t, 0))(p, y, thresholds)[0],
        ],
    ),
}
