"""Lesson 04, many labels: for each exercise, other right answers, and plausible wrong ones."""

import torch


def _f2(given, true):
    right = 5 * (given & true).sum(-1)
    total = right + 4 * (true & ~given).sum(-1) + (given & ~true).sum(-1)
    return torch.where(total > 0, right / total, 1.0)


def _choose(probabilities, targets, thresholds):
    best = None
    for threshold in sorted(thresholds):
        found = _f2(probabilities > threshold, targets > 0.5).mean()
        if best is None or found > best[0] + 1e-6:
            best = found, threshold
    return best[1]


def _over_all_entries(probabilities, targets, thresholds):
    return max(sorted(thresholds), key=lambda t: _f2((probabilities > t).flatten(), (targets == 1).flatten()))


def _best_accuracy(probabilities, targets, thresholds):
    return max(sorted(thresholds), key=lambda t: ((probabilities > t) == (targets == 1)).float().mean())


def _first_in_the_list(probabilities, targets, thresholds):
    return max(thresholds, key=lambda t: _f2(probabilities > t, targets == 1).mean())


def _line(tile, probabilities, names, threshold):
    chosen = torch.where(probabilities > threshold)[0].tolist() or [int(probabilities.argmax())]
    return tile + "," + " ".join(names[i] for i in chosen)


def _line_may_be_empty(tile, probabilities, names, threshold):
    return tile + "," + " ".join(n for n, p in zip(names, probabilities, strict=True) if p > threshold)


ANSWERS = {
    "04.accuracy_of_no": (
        [lambda counts, labels: (1 - counts / labels).mean(), lambda c, n: float((n - c).sum()) / (n * len(c))],
        [
            lambda counts, labels: counts.float().mean() / labels,
            lambda counts, labels: (counts == 0).float().mean(),
            lambda counts, labels: 1 - counts.sum() / labels,
        ],
    ),
    "04.choose_threshold": (
        [_choose],
        [
            _over_all_entries,
            _best_accuracy,
            _first_in_the_list,
            lambda p, t, thresholds: min(thresholds),
        ],
    ),
    "04.undo": (
        [
            lambda view, quarters, mirrored: torch.rot90(view.flip(-1) if mirrored else view, 4 - quarters, (-2, -1)),
            lambda view, quarters, mirrored: (
                torch.rot90(view, quarters, (-2, -1)).flip(-1) if mirrored else torch.rot90(view, quarters, (-1, -2))
            ),
        ],
        [
            lambda view, quarters, mirrored: torch.rot90(view, -quarters, (-2, -1)),
            lambda view, quarters, mirrored: torch.rot90(view.flip(-1) if mirrored else view, quarters, (-2, -1)),
            lambda view, quarters, mirrored: (
                torch.rot90(view, -quarters, (-2, -1)).flip(-1) if mirrored else torch.rot90(view, -quarters, (-2, -1))
            ),
        ],
    ),
    "04.submission_line": (
        [_line],
        [
            _line_may_be_empty,
            lambda tile, p, names, threshold: f"{tile},{names[int(p.argmax())]}",
            lambda tile, p, names, threshold: _line(tile, p, names, threshold).replace(" ", ","),
            lambda tile, p, names, threshold: _line(tile, p, names, 0.5),
        ],
    ),
}
