"""Solutions to lesson 09, with the cases that an answer is tried on."""

import torch
from torch import nn

import coursekit as ck
from coursekit.classroom.exercises import Exercise


class Counter:
    def before_fit(self, learn):
        self.batches = self.samples = 0

    def after_batch(self, learn):
        self.batches += 1
        self.samples += learn.samples


def played(make):
    """What a callback of this class counts in the second of two fits."""

    def play(samples, batch_size, epochs):
        counter, part = make(), (torch.zeros(samples, 2), torch.zeros(samples).long())
        loaders = ck.Loaders(part, batch_size=batch_size, device="cpu")
        learn = ck.Learner(loaders, nn.Linear(2, 3), callbacks=[counter], progress=False)
        learn.fit(1)
        learn.fit(epochs)
        return counter.batches, counter.samples

    handlers = [name for name in dir(make) if name.startswith(("before_", "after_"))]
    return play if handlers else None


def straight(fraction, warmup):
    if fraction < warmup:
        return fraction / warmup
    return (1 - fraction) / (1 - warmup)


def stops_after(losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(losses.tolist(), start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited >= patience:
            return epoch
    return len(losses)


def lr_to_take(lrs, smoothed):
    if lrs.shape != smoothed.shape:
        raise ValueError("one learning rate for each loss")
    lowest = smoothed.argmin()
    if smoothed[0] - smoothed[lowest] < 1:
        return 0.0
    falls = smoothed[:lowest] - smoothed[1 : lowest + 1]
    return lrs[falls.argmax()].item()


EXERCISES = {
    "counter": Exercise(
        played(Counter),
        "set both to 0 in before_fit; in after_batch add 1, and learn.samples",
        lambda: [(8, 4, 1), (8, 4, 2), (10, 4, 1), (3, 64, 3)],
    ),
    "straight": Exercise(
        straight,
        "while it rises: fraction / warmup; then: what is left / (1 - warmup)",
        lambda: [
            (0.0, 0.5),
            (0.25, 0.5),
            (0.5, 0.5),
            (1.0, 0.5),
            (0.1, 0.2),
            (0.4, 0.2),
            (0.9, 0.7),
        ],
    ),
    "stops_after": Exercise(
        stops_after,
        "count the epochs since the best; end when the count reaches the patience",
        lambda: [
            (torch.tensor([1.0]), 1),
            (torch.tensor([1.0, 2.0]), 1),
            (torch.tensor([1.0, 1.0, 0.5]), 1),
            (torch.tensor([3.0, 2.0, 1.0]), 2),
            (torch.tensor([3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 1.1, 0.5]), 2),
            (torch.tensor([3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 1.1, 0.5]), 4),
        ],
    ),
    "lr_to_take": Exercise(
        lr_to_take,
        "only the part before the lowest loss counts; of its falls take the largest",
        lambda: [
            (torch.tensor([0.1, 0.2]), torch.tensor([2.0, 0.5])),
            (torch.tensor([0.1, 0.2]), torch.tensor([2.0, 1.0])),
            (torch.tensor([0.1, 0.2]), torch.tensor([2.0, 3.0])),
            (torch.tensor([0.1, 0.2]), torch.tensor([0.5, 0.2])),
            (torch.tensor([0.1, 0.2, 0.4]), torch.tensor([2.0, 1.9, 0.5])),
            (torch.tensor([0.1, 0.2, 0.4, 0.8]), torch.tensor([2.0, 1.0, 0.9, 5.0])),
            (
                torch.tensor([0.1, 0.2, 0.4, 0.8, 1.6]),
                torch.tensor([2.0, 1.0, 0.9, 5.0, 1.0]),
            ),
        ],
    ),
}
