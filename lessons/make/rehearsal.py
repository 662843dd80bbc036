"""What `rehearse.py` changes in a lesson's kernel at its start, and asks at its end.

Each training of pictures and texts is one epoch of a few small batches. One of rows in
memory (digits, tables, ratings) runs whole if it is short. Weights that torchvision would
download are random, nothing is downloaded, and claims with bounds, which are about quality,
are recorded: all others stop the run.
"""

import copy
import io
import itertools
import os
import socket
import sys
from collections.abc import Callable, Iterator
from functools import wraps

import torch

import coursekit as ck
from coursekit.classroom.claims import Claim, _between
from coursekit.display import show
from coursekit.loaders import TensorLoader

BATCHES, ROWS = 2, 8  # of pictures and of texts, in a training
SHORT, CUT = 1000, 50  # batches of rows in memory: of a training that runs whole; of others
SEARCHED = 10  # batches of a rate search of pictures or texts


class Few:
    """A loader's first batches, and of each the first rows; else the loader itself."""

    def __init__(self, loader: object, batches: int, rows: int | None) -> None:
        self.loader, self.batches, self.kept = loader, batches, rows

    def __getattr__(self, name: str) -> object:
        """Whatever else it is asked for."""
        return getattr(self.loader, name)

    def __len__(self) -> int:
        """The number of batches."""
        return min(self.batches, len(self.loader))

    def __iter__(self) -> Iterator[tuple]:
        """An epoch."""
        for batch in itertools.islice(self.loader, self.batches):
            rows = len(batch[0])
            yield tuple(first_of(part, rows, self.kept) for part in batch)


def first_of(part: torch.Tensor, rows: int, kept: int | None) -> torch.Tensor:
    """What belongs to the first rows; a strip of text has several targets a row."""
    return part.unflatten(0, (rows, -1))[:kept].flatten(0, 1)


def few(data: object, batches: int, rows: int | None) -> object:
    """The same data, with few batches in both parts."""
    fewer = copy.copy(data)
    fewer.train = Few(data.train, batches, rows)
    fewer.valid = data.valid and Few(data.valid, batches, rows)
    return fewer


def shorten_trainings() -> None:
    """Let `fit`, and all that rests on it, and `lr_find` take few batches."""
    whole_fit, whole_find = ck.Learner.fit, ck.Learner.lr_find

    @wraps(whole_fit)
    def fit(learn: ck.Learner, epochs: int, *args: object, **kwargs: object) -> None:
        in_memory = type(learn.data.train) is TensorLoader
        if in_memory and epochs * len(learn.data.train) <= SHORT:
            return whole_fit(learn, epochs, *args, **kwargs)
        fewer = few(learn.data, *((CUT, None) if in_memory else (BATCHES, ROWS)))
        with_data(learn, fewer, lambda: whole_fit(learn, min(epochs, 1), *args, **kwargs))

    @wraps(whole_find)
    def lr_find(
        learn: ck.Learner, lowest: float = 1e-6, highest: float = 10.0, batches: int = 100
    ) -> object:
        if type(learn.data.train) is TensorLoader:
            return whole_find(learn, lowest, highest, batches)
        fewer = few(learn.data, SEARCHED, ROWS)
        batches = min(batches, SEARCHED)
        return with_data(learn, fewer, lambda: whole_find(learn, lowest, highest, batches))

    ck.Learner.fit, ck.Learner.lr_find = fit, lr_find


def with_data(learn: ck.Learner, data: object, action: Callable[[], object]) -> object:
    """Do something while the learner has other data."""
    own, learn.data = learn.data, data
    try:
        return action()
    finally:
        if learn.data is data:
            learn.data = own


def randomise_backbones() -> None:
    """Where torchvision would download weights, give it those of a fresh network.

    Its batch norms have seen a batch of noise, so that numbers stay of a common size.
    """
    from torchvision import models

    def fresh(weights: models.WeightsEnum, *args: object, **kwargs: object) -> dict:
        name = next(
            name
            for name in models.list_models()
            if models.get_model_weights(name) is type(weights)
        )
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            model = models.get_model(name, weights=None).train()
            for part in model.modules():
                if isinstance(part, torch.nn.BatchNorm2d):
                    part.momentum = None  # the mean of all batches: of this one
            model(torch.randn(4, 3, 96, 96))
        return model.state_dict()

    models.WeightsEnum.get_state_dict = fresh


def refuse_network() -> None:
    """No connection but to this machine."""
    look_up, connect = socket.getaddrinfo, socket.socket.connect
    here = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", socket.gethostname()}

    def getaddrinfo(host: object, *args: object, **kwargs: object) -> list:
        if (host.decode() if isinstance(host, bytes) else host) not in here:
            raise ConnectionRefusedError(
                f"a rehearsal has no network; {host!r} was asked for"
            )
        return look_up(host, *args, **kwargs)

    def only_here(own: socket.socket, address: object) -> None:
        if own.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in here:
            raise ConnectionRefusedError(
                f"a rehearsal has no network; {address[0]!r} was asked for"
            )
        connect(own, address)

    socket.getaddrinfo, socket.socket.connect = getaddrinfo, only_here


class Recorded(Claim):
    """A claim with bounds: what was measured, and no verdict."""

    def __repr__(self) -> str:
        """The claim, its bounds and the number."""
        return f"◦ {self.text} ({self.bounds}): measured {self.measured}"

    def _repr_html_(self) -> None:
        return None


def record_bounded_claims() -> None:
    """Claims with bounds say what they measured, and stop nothing."""
    enforced = ck.claim

    @wraps(enforced)
    def claim(text: str, value: object, **asked: object) -> None:
        low, high = asked.get("at_least"), asked.get("at_most")
        tried = isinstance(sys.stdout, io.StringIO)  # what it shows is caught: no claim yet
        if tried or asked.get("equals") is not None or (low is None and high is None):
            return enforced(text, value, **asked)
        held, bounds, measured = _between(text, value, low, high)
        kept = {"recorded": text, "asked": bounds, "measured": measured, "held": bool(held)}
        show(Recorded(text, bounds, measured), coursekit=kept)

    ck.claim = claim


def start() -> None:
    """All of it; and one thread, since lessons run side by side."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    refuse_network()
    randomise_backbones()
    shorten_trainings()
    record_bounded_claims()


def finish(names: dict) -> None:
    """Refuse a lesson that took the way of its sample after all.

    Raises:
        RuntimeError: it has a variable called `full`, and that is not True.
    """
    if names.get("full") not in (None, True):
        raise RuntimeError(
            f"`full` is {names['full']!r}: the lesson went its sample's way. Stand-ins "
            'are small, so let it ask os.environ.get("COURSEKIT_SIZE") == "full"'
        )
