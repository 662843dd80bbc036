"""What test_distributed.py runs in several processes: `torchrun together.py FOLDER`."""

import json
import sys
from functools import partial
from pathlib import Path
from unittest import mock

import torch
from torch import nn

import coursekit as ck
from coursekit.metrics import after_mean

ROWS, VALID, BATCH = 203, 65, 21  # 14 rows are left for the last batch, and one of 65 for the last of valid


def data(rows=ROWS, valid=VALID, batch_size=BATCH, classes=3):
    """The same task in each process, as drawn from a seed of its own."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(ROWS + VALID, 4, generator=generator)
    y = (x @ torch.randn(4, classes, generator=generator)).argmax(1)
    return ck.Loaders((x[:rows], y[:rows]), (x[ROWS:][:valid], y[ROWS:][:valid]), batch_size=batch_size, device="cpu")


def learner(loaders, *callbacks, norm=False, dropout=0.0, **options):
    """A small network with metrics of all three kinds: of samples, a pair, and a root of a mean."""
    torch.manual_seed(2)
    middle = (nn.BatchNorm1d(8), nn.Dropout(dropout)) if norm or dropout else ()
    model = nn.Sequential(nn.Linear(4, 8), *middle, nn.ReLU(), nn.Linear(8, 3))
    metrics = [ck.accuracy, fraction_of_ones, distance]
    learn = ck.Learner(loaders, model, metrics=metrics, callbacks=callbacks, **options)
    torch.manual_seed(3)
    return learn


def fraction_of_ones(outputs, targets):
    """A metric that counts something other than samples."""
    chosen = targets == 1
    return (chosen & (outputs.argmax(1) == 1)).sum(), chosen.sum()


def _squares(outputs, targets):
    return (outputs.argmax(1) - targets).float().square().mean()


@after_mean(_squares, lambda mean: mean**0.5)
def distance(outputs, targets):
    """A metric that is the root of a mean."""
    return _squares(outputs, targets).sqrt()


def fit(learn, epochs=5):
    """Fifty steps; what came of it, as numbers."""
    learn.fit_one_cycle(epochs, 0.02)
    return {
        "weights": [p.flatten().tolist() for p in learn.model.state_dict().values()],
        "losses": learn.recorder.losses,
        "epochs": [{k: v for k, v in row.items() if k != "seconds"} for row in learn.recorder.epochs],
    }


class Seen:
    """Notes how many samples this process got of each batch, and dropout's random state."""

    def __init__(self, together):
        self.together, self.taken, self.random = together, [], []

    def before_batch(self, learn):
        self.taken.append(round(self.together.weight * self.together.samples))
        self.random.append(torch.get_rng_state()[:32].tolist())


def trained(folder, together):
    """All that is to be the same as in one process, in one go."""
    found = {"plain": fit(learner(data(), together, ck.GradientClipping(0.5)))}
    seen = Seen(together)
    found["accumulated"] = fit(learner(data(), together, ck.GradientAccumulation(3)), epochs=2)
    found["best"] = fit(learner(data(), together, ck.Checkpoint(folder / "best", keep="best")))
    with mock.patch("torch.compile", partial(torch.compile, backend="eager")):  # which asks for no C++ compiler
        found["compiled"] = fit(learner(data(), together, compile=True))
    found["few rows"] = fit(learner(data(rows=3, valid=1, batch_size=1), together, seen), epochs=2)
    found["taken"] = seen.taken
    seen = Seen(together)
    normed = learner(data(), together, seen, ck.Checkpoint(folder / "fit"), norm=True, dropout=0.5)
    found["norm"] = fit(normed, epochs=2)
    found["random"] = seen.random
    found["restored"] = [normed.processes is None, type(normed.network).__name__]
    normed.save(folder / f"saved_{together.rank}")
    try:
        fit(learner(data(rows=ROWS - together.rank), together))
    except ValueError as error:
        found["refused"] = str(error)
    return found


def failing(together):
    """One process meets an error in the middle of training, where the other waits for it."""

    class Fails:
        def before_batch(self, learn):
            if learn.step == 3 and together.rank == 1:
                raise ValueError("the picture cat_17.png cannot be read")

    fit(learner(data(), together, Fails()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    together = ck.Distributed(cpu=True)
    found = trained(folder, together)
    (folder / f"found_{together.rank}.json").write_text(json.dumps(found), encoding="utf-8")
    failing(together)
