"""Lesson 09, the training loop: for each exercise, other right answers, and plausible wrong ones."""

import importlib.util
from pathlib import Path

_PATH = Path(__file__).parents[3] / "lessons" / "solutions" / "09_training_loop.py"
_SPEC = importlib.util.spec_from_file_location("solutions_09", _PATH)
_SOLUTIONS = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_SOLUTIONS)
played = _SOLUTIONS.played


class ByEpoch:
    """Adds up the batches and samples at the end of each epoch."""

    def before_fit(self, learn):
        self.batches = self.samples = 0

    def after_epoch(self, learn):
        self.batches += len(learn.data.train)
        self.samples += learn.data.train.samples


class NeverReset:
    batches = samples = 0

    def after_batch(self, learn):
        self.batches += 1
        self.samples += learn.samples


class ResetEachEpoch:
    def before_epoch(self, learn):
        self.batches = self.samples = 0

    def after_batch(self, learn):
        self.batches += 1
        self.samples += learn.samples


class FullBatches:
    """Takes every batch for a whole one."""

    def before_fit(self, learn):
        self.batches = self.samples = 0

    def after_batch(self, learn):
        self.batches += 1
        self.samples += learn.data.train.batch_size


def _stops(worse, limit):
    """A stopping rule from `worse(loss, best)` and `limit(waited, patience)`."""

    def stops_after(losses, patience):
        best, waited = float("inf"), 0
        for epoch, loss in enumerate(losses.tolist(), start=1):
            waited = waited + 1 if worse(loss, best) else 0
            best = min(best, loss)
            if limit(waited, patience):
                return epoch
        return len(losses)

    return stops_after


def _in_all(losses, patience):
    """Counts the epochs that were no better, in a row or not."""
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(losses.tolist(), start=1):
        best, waited = (loss, waited) if loss < best else (best, waited + 1)
        if waited >= patience:
            return epoch
    return len(losses)


def _than_the_last(losses, patience):
    waited = 0
    for epoch in range(1, len(losses)):
        waited = waited + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if waited >= patience:
            return epoch + 1
    return len(losses)


def _since_best(losses, patience):
    for epoch in range(1, len(losses) + 1):
        if epoch - 1 - int(losses[:epoch].argmin()) >= patience:
            return epoch
    return len(losses)


def _loop_of_falls(lrs, smoothed):
    lrs, smoothed = lrs.tolist(), smoothed.tolist()
    lowest = smoothed.index(min(smoothed))
    if smoothed[0] - smoothed[lowest] < 1:
        return 0
    return max((smoothed[i] - smoothed[i + 1], lrs[i]) for i in range(lowest))[1]


def _below_half(lrs, smoothed):
    lowest = smoothed.argmin()
    if smoothed[lowest] >= smoothed[0] / 2:
        return 0
    return lrs[(smoothed[:lowest] - smoothed[1 : lowest + 1]).argmax()]


def _never_at_exactly_one(lrs, smoothed):
    if smoothed[0] - smoothed.min() <= 1:
        return 0
    return _loop_of_falls(lrs, smoothed)


def _steepest_anywhere(lrs, smoothed):
    if smoothed[0] - smoothed.min() < 1:
        return 0
    return lrs[(smoothed[:-1] - smoothed[1:]).argmax()]


ANSWERS = {
    "09.counter": (
        [played(ByEpoch)],
        [played(NeverReset), played(ResetEachEpoch), played(FullBatches)],
    ),
    "09.straight": (
        [lambda f, w: min(f / w, (1 - f) / (1 - w))],
        [
            lambda f, w: f / w if f < w else 1 - f,
            lambda f, w: f if f < w else 1 - f,
            lambda f, w: min(f / w, 1.0),
            lambda f, w: f / w if f < w else 1 - (f - w) / w,
        ],
    ),
    "09.stops_after": (
        [_since_best, _stops(lambda loss, best: loss >= best, lambda waited, patience: waited >= patience)],
        [
            _stops(lambda loss, best: loss >= best, lambda waited, patience: waited > patience),
            _stops(lambda loss, best: loss > best, lambda waited, patience: waited >= patience),
            _in_all,
            _than_the_last,
        ],
    ),
    "09.lr_to_take": (
        [_loop_of_falls],
        [
            lambda lrs, smoothed: lrs[smoothed.argmin()],
            _steepest_anywhere,
            _never_at_exactly_one,
            lambda lrs, smoothed: lrs[(smoothed[:-1] - smoothed[1:]).argmax() + 1],
            _below_half,
            lambda lrs, smoothed: lrs[(smoothed[:-1] - smoothed[1:]).argmin()],
        ],
    ),
}
