"""What may happen around the training loop: recording, stopping, keeping, clipping, computing in fewer bits.

A callback is any object with some of the methods in `coursekit.hooks.EVENTS`; each gets the learner.
"""

import math
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from .metrics import is_higher_better, metric_name
from .storage import check_weights, load_tensors, save_tensors, with_suffix

if TYPE_CHECKING:
    from .learner import Learner

FLUSH = 32  # batches between two readings of the losses from the device


class Recorder:
    """Keeps the losses and rates of every batch, and a row for every epoch; stops a fit whose loss is not finite.

    Attributes:
        losses: the training loss of each batch.
        rates: the learning rates of each batch; one where all layer groups share it, else one for each group trained.
        epochs: a dictionary for each epoch: epoch, train_loss, valid_loss and metrics where data is held out, seconds.
        ends: how many batches were done at the end of each epoch.

    Built in lesson 09.
    """

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.rates: list[tuple[float, ...]] = []
        self.epochs: list[dict[str, float]] = []
        self.ends: list[int] = []
        self.pending: list[torch.Tensor] = []

    def before_fit(self, learn: "Learner") -> None:
        """Start with nothing recorded."""
        self.__init__()
        self.started = perf_counter()

    def before_epoch(self, learn: "Learner") -> None:
        """Note the time; forget batches of the epoch before."""
        self.pending, self.rows, self.epoch_started = [], [], perf_counter()

    def after_batch(self, learn: "Learner") -> None:
        """Note the rate and the loss, left on the device until there are `FLUSH` of them."""
        self.pending.append(learn.loss)
        self.rows.append(learn.rows)
        self.rates.append(tuple([group["lr"] for group in learn.optimizer.param_groups]))
        if len(self.pending) == FLUSH:
            self._flush()

    def after_epoch(self, learn: "Learner") -> None:
        """Add the epoch's row."""
        self._flush()
        self.ends.append(len(self.losses))
        losses = self.losses[-len(self.rows) :]
        mean = sum(loss * rows for loss, rows in zip(losses, self.rows, strict=True)) / sum(self.rows)
        results = {"valid_loss" if name == "loss" else name: value for name, value in learn.epoch_results.items()}
        seconds = perf_counter() - self.epoch_started
        self.epochs.append({"epoch": learn.epoch, "train_loss": mean, **results, "seconds": seconds})

    def after_fit(self, learn: "Learner") -> None:
        """Read what an epoch that was broken off has left."""
        self._read()

    def _read(self) -> None:
        pending, self.pending = self.pending, []
        if pending:
            self.losses += torch.stack(pending).float().tolist()

    def _flush(self) -> None:
        first = len(self.losses)
        self._read()
        bad = [i for i in range(first, len(self.losses)) if not math.isfinite(self.losses[i])]
        if bad:
            batch = bad[0] - (len(self.rates) - len(self.rows)) + 1
            raise FloatingPointError(
                f"the loss became {self.losses[bad[0]]} at batch {batch} of epoch {len(self.epochs) + 1}, at learning "
                f"rate {max(self.rates[bad[0]]):.1e}. The weights are spoilt: make the model anew (or load it), and "
                "train with a lower rate, or look for infinite or missing values in the data"
            )

    def plot_losses(self) -> None:
        """Draw the training loss batch by batch, and the validation loss at each epoch's end."""
        from .plots import plot_losses

        plot_losses(self)

    def plot_lr(self) -> None:
        """Draw the learning rate of each layer group batch by batch."""
        from .plots import plot_lr

        plot_lr(self)


class EarlyStopping:
    """Ends the fit when a value of the epochs' table has not improved for some epochs.

    Args:
        monitor: "valid_loss", "train_loss", or a metric's name.
        patience: epochs without improvement that are put up with.
        higher_is_better: None: False for losses; for a metric what it says itself, as all those of coursekit do.

    Raises (when the fit starts):
        ValueError: a metric does not say it, so `higher_is_better` is needed; or there is no such value.

    Built in lesson 09.
    """

    def __init__(self, monitor: str = "valid_loss", patience: int = 2, higher_is_better: bool | None = None) -> None:
        self.monitor, self.patience, self.higher_is_better = monitor, patience, higher_is_better

    def before_fit(self, learn: "Learner") -> None:
        """Find out what better means; look at the epochs that `Checkpoint` may have brought back."""
        higher = self._ask(learn) if self.higher_is_better is None else self.higher_is_better
        self.sign = 1 if higher else -1
        self._look(learn)

    def _ask(self, learn: "Learner") -> bool:
        known = {"train_loss": False, "valid_loss": False}
        known |= {metric_name(metric): is_higher_better(metric) for metric in learn.metrics}
        if (higher := known.get(self.monitor)) is None:
            raise ValueError(
                f"early stopping watches {self.monitor!r} and cannot know what is better: this learner has "
                f"{', '.join(known)}; for a metric of your own give higher_is_better=True or False"
            )
        return higher

    def after_epoch(self, learn: "Learner") -> None:
        """Compare with the best epoch so far."""
        self._look(learn)

    def _look(self, learn: "Learner") -> None:
        best, waited = -math.inf, 0
        for row in learn.recorder.epochs:
            if self.monitor not in row:
                raise ValueError(f"early stopping watches {self.monitor!r}; an epoch has only {', '.join(row)}")
            value = self.sign * row[self.monitor]
            best, waited = (value, 0) if value > best else (best, waited + 1)
        learn.stop = learn.stop or waited > self.patience


class GradientClipping:
    """Scales all gradients down together when their common length exceeds `norm`.

    R. Pascanu et al., "On the difficulty of training recurrent neural networks", 2013. Built in lesson 09.
    """

    def __init__(self, norm: float = 1.0) -> None:
        self.norm = norm

    def after_backward(self, learn: "Learner") -> None:
        """Clip before the optimizer steps."""
        torch.nn.utils.clip_grad_norm_(learn.model.parameters(), self.norm)


class MixedPrecision:
    """Computes the model and the loss in 16 bits where that is safe, and keeps the weights in 32.

    Args:
        dtype: "bf16" (the range of float32, fewer digits) or "fp16" (more digits, a small range, so the loss is scaled
            up before the gradients are taken: P. Micikevicius et al., "Mixed precision training", 2018).

    Built in lesson 05.
    """

    def __init__(self, dtype: str = "bf16") -> None:
        types = {"bf16": torch.bfloat16, "fp16": torch.float16}
        if dtype not in types:
            raise ValueError(f"mixed precision computes in 'bf16' or 'fp16', not {dtype!r}")
        self.dtype = types[dtype]

    def before_fit(self, learn: "Learner") -> None:
        """Switch the learner over."""
        kind = learn.data.device.type
        learn.autocast = partial(torch.autocast, kind, dtype=self.dtype)
        learn.scaler = torch.amp.GradScaler(kind) if self.dtype == torch.float16 else None

    def after_fit(self, learn: "Learner") -> None:
        """Back to 32 bits."""
        learn.autocast, learn.scaler = nullcontext, None


class Checkpoint:
    """Keeps everything that a fit needs to go on after its process was killed, at the end of each epoch.

    Args:
        path: the file, replaced as a whole each time.
        resume: go on from the file if there is one. Call the same fit again: the result is that of one unbroken fit
            as far as its randomness comes from PyTorch's generators.

    Raises (when the fit starts):
        ValueError: the file belongs to another model or to a fit of another length.
        FileExistsError: there is such a file, and `resume` was not asked for.

    Built in lesson 09.
    """

    def __init__(self, path: Path | str, resume: bool = False) -> None:
        self.path, self.resume = Path(path), resume

    def before_fit(self, learn: "Learner") -> None:
        """Go on from the file, if that was asked for."""
        if not with_suffix(self.path).exists():
            return
        if not self.resume:
            raise FileExistsError(f"{self.path} holds an earlier fit: resume=True goes on with it; or delete it")
        tensors, notes = load_tensors(self.path)
        if notes.get("steps") != learn.steps:
            raise ValueError(f"{self.path} is from a fit of {notes.get('steps')} batches; this one has {learn.steps}")
        weights = _under("model.", tensors)
        check_weights(learn.model, weights, str(self.path))
        if notes["trained"] != _trained(learn.model):
            raise ValueError(f"in {self.path} other parameters were frozen: freeze the same ones, then go on")
        if bool(notes["scaler"]) != bool(learn.scaler):
            raise ValueError(f"{self.path} and this fit differ in fp16: list the same MixedPrecision before Checkpoint")
        learn.model.load_state_dict(weights)
        _restore_optimizer(learn.optimizer, _under("optimizer.", tensors))
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"])
        if learn.scaler:
            learn.scaler.load_state_dict(notes["scaler"])
        learn.epoch, learn.step, learn.stop = notes["epoch"], notes["step"], notes["stop"]
        learn.recorder.losses, learn.recorder.epochs = notes["losses"], notes["epochs"]
        learn.recorder.ends = notes["ends"]
        learn.recorder.rates = list(map(tuple, notes["rates"]))

    def after_epoch(self, learn: "Learner") -> None:
        """Replace the file."""
        tensors = {f"model.{name}": value for name, value in learn.model.state_dict().items()}
        tensors |= {f"optimizer.{name}": value for name, value in _optimizer_tensors(learn.optimizer).items()}
        tensors["random.cpu"] = torch.get_rng_state()
        if learn.data.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        notes = {name: getattr(learn, name) for name in ("epoch", "step", "steps", "stop")}
        notes |= {name: getattr(learn.recorder, name) for name in ("losses", "rates", "epochs", "ends")}
        notes |= {"scaler": learn.scaler.state_dict() if learn.scaler else {}, "trained": _trained(learn.model)}
        save_tensors(self.path, tensors, notes)


def _trained(model: torch.nn.Module) -> list[str]:
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The optimizer's memory, as `"parameter number.name"`; the rates and momenta follow from the schedule."""
    state = optimizer.state_dict()["state"]
    return {f"{i}.{name}": torch.as_tensor(value) for i, kept in state.items() for name, value in kept.items()}


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    state = optimizer.state_dict()
    for key, value in tensors.items():
        i, _, name = key.partition(".")
        state["state"].setdefault(int(i), {})[name] = value
    optimizer.load_state_dict(state)
