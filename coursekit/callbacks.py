"""What may happen around the training loop: recording, stopping, keeping, clipping, computing in fewer bits.

A callback is any object with some of the methods in `EVENTS`; each gets the learner, of which it may use what `Fit`
lists. `after_forward` comes when a batch's outputs are there, `before_backward` when its loss is, `after_backward` when
the gradients of a step are and the step is not yet taken. Callbacks are called in the order in which they are listed,
but for those with an attribute `order`: the lower, the earlier; it is 0 without one.
"""

import csv
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from .losses import loss_count
from .metrics import metric_name, said
from .storage import check_same, check_weights, check_whole, is_first_process, load_tensors, save_tensors, with_suffix

BATCH_EVENTS = ("before_batch", "after_forward", "before_backward", "after_backward", "after_batch")
EVENTS = ("before_fit", "before_epoch", *BATCH_EVENTS, "after_epoch", "after_fit")
FLUSH = 32  # batches between two readings of the losses from the device


class Fit(Protocol):
    """The learner, as callbacks use it.

    Attributes:
        data, model, network, metrics, optimizer, scaler, autocast: what is trained, and by what.
        epoch, epochs, batch, step, steps, samples: where the fit is, and how many samples the batch has.
        outputs, targets, loss: of the batch. `loss` has its graph in `before_backward`, where it may be replaced.
        recorder, epoch_results: what was measured so far, and in the latest validation.
        stop, takes_step, weight: what a callback may change: see `Learner`.
    """

    def __getattr__(self, name: str) -> Any:
        """One of these."""


Handler = Callable[[Fit], None]


def check_callbacks(callbacks: Sequence[object]) -> tuple[object, ...]:
    """The callbacks as a tuple.

    Raises:
        ValueError: no list, a class in place of an object, or an object with none of the methods in `EVENTS`.
    """
    if not isinstance(callbacks, (list, tuple)):
        raise ValueError(f"callbacks come as a list, such as [ck.MixedPrecision()]; found {callbacks!r}")
    for callback in callbacks:
        if isinstance(callback, type):
            raise ValueError(f"the callback {callback.__name__} is a class: give an object, {callback.__name__}(...)")
        if not any(hasattr(callback, event) for event in EVENTS):
            raise ValueError(f"the callback {callback!r} would never be called: it has none of {', '.join(EVENTS)}")
    return tuple(callbacks)


def find_handlers(callbacks: Sequence[object]) -> dict[str, list[Handler]]:
    """For each event, the methods of the callbacks that have one, in the callbacks' order.

    Built in lesson 09.
    """
    ordered = sorted(callbacks, key=lambda callback: getattr(callback, "order", 0))
    return {event: [getattr(c, event) for c in ordered if hasattr(c, event)] for event in EVENTS}


def call(handlers: Sequence[Handler], fit: Fit) -> None:
    """Call one after the other."""
    for handler in handlers:
        handler(fit)


def call_all(handlers: Sequence[Handler], fit: Fit) -> None:
    """Call all of them, even if one fails; then raise the first error."""
    errors = []
    for handler in handlers:
        try:
            handler(fit)
        except BaseException as error:
            errors.append(error)
    if errors:
        raise errors[0]


class Recorder:
    """Keeps the losses and learning rates of every batch, and a row for every epoch; stops a fit that is not finite.

    Attributes:
        losses: the training loss of each batch.
        lrs: the learning rates of each batch; one where all layer groups share it, else one for each group trained.
        epochs: a dictionary for each epoch: epoch, train_loss, valid_loss and metrics where data is held out, seconds.
        ends: how many batches were done at the end of each epoch.

    Built in lesson 09.
    """

    order = -100

    def __init__(self) -> None:
        self.before_fit()

    def before_fit(self, learn: Fit | None = None) -> None:
        """Start with nothing recorded."""
        self.losses: list[float] = []
        self.lrs: list[tuple[float, ...]] = []
        self.epochs: list[dict[str, float]] = []
        self.ends: list[int] = []
        self._pending: list[Tensor] = []

    def before_epoch(self, learn: Fit) -> None:
        """Note the time; forget batches of the epoch before."""
        self._pending, self._samples, self._started = [], [], perf_counter()

    def after_batch(self, learn: Fit) -> None:
        """Note the learning rate, and the loss, left on the device until there are `FLUSH` of them."""
        self._pending.append(learn.loss)
        self._samples.append(learn.samples)
        self.lrs.append(tuple([group["lr"] for group in learn.optimizer.param_groups]))
        if len(self._pending) == FLUSH:
            self._flush()

    def after_epoch(self, learn: Fit) -> None:
        """Add the epoch's row."""
        self._flush()
        self.ends.append(len(self.losses))
        losses = zip(self.losses[-len(self._samples) :], self._samples, strict=True)
        mean = sum(loss * n for loss, n in losses if n) / sum(self._samples)
        results = {"valid_loss" if name == "loss" else name: value for name, value in learn.epoch_results.items()}
        seconds = perf_counter() - self._started
        self.epochs.append({"epoch": learn.epoch, "train_loss": mean, **results, "seconds": seconds})

    def after_fit(self, learn: Fit) -> None:
        """Read what an epoch that was broken off has left."""
        self._read()

    def _read(self) -> None:
        pending, self._pending = self._pending, []
        if pending:
            self.losses += torch.stack(pending).float().tolist()

    def _flush(self) -> None:
        first = len(self.losses)
        self._read()
        for i, loss in enumerate(self.losses[first:], first):
            if not math.isfinite(loss):
                batch = i - (len(self.lrs) - len(self._samples)) + 1
                where = f"at batch {batch} of epoch {len(self.epochs) + 1}, at learning rate {max(self.lrs[i]):.1e}"
                advice = "with a lower learning rate; or look for infinite or missing values in the data"
                raise FloatingPointError(f"the loss became {loss} {where}: make the model anew, and train it {advice}")

    def plot_losses(self) -> None:
        """Draw the training loss batch by batch, and the validation loss at each epoch's end."""
        from .plots import plot_losses

        plot_losses(self.losses, self.epochs, self.ends)

    def plot_lr(self) -> None:
        """Draw the learning rate of each layer group batch by batch."""
        from .plots import plot_lr

        plot_lr(self.lrs)


class _Watching:
    """Looks after each epoch whether a value of the epochs' table is the best so far."""

    def __init__(self, monitor: str, higher_is_better: bool | None) -> None:
        self.monitor, self.higher_is_better = monitor, higher_is_better

    def find_direction(self, learn: Fit) -> None:
        """Find out what better means.

        Raises:
            ValueError: a metric does not say it, or there is no such value.
        """
        known = {"train_loss": False, "valid_loss": False}
        known |= {metric_name(metric): said(metric, "higher_is_better") for metric in learn.metrics}
        higher = known.get(self.monitor) if self.higher_is_better is None else self.higher_is_better
        if higher is None:
            there = f"this learner has {', '.join(known)}; for a metric of your own give higher_is_better=True or False"
            raise ValueError(f"{type(self).__name__} watches {self.monitor!r} and cannot know what is better: {there}")
        self.sign = 1 if higher else -1

    def waited(self, learn: Fit) -> int:
        """How many epochs ago the best one was; 0 if it is the latest."""
        best, waited = -math.inf, 0
        for row in learn.recorder.epochs:
            if self.monitor not in row:
                raise ValueError(f"{type(self).__name__} watches {self.monitor!r}; an epoch has only {', '.join(row)}")
            value = self.sign * row[self.monitor]
            best, waited = (value, 0) if value > best else (best, waited + 1)
        return waited


class EarlyStopping(_Watching):
    """Ends the fit when a value of the epochs' table has not improved for some epochs.

    Args:
        monitor: "valid_loss", "train_loss", or a metric's name.
        patience: the fit ends after so many epochs in a row without improvement, at least 1.
        higher_is_better: None: False for losses; for a metric what it says itself, as all those of coursekit do.

    Raises (when the fit starts):
        ValueError: a metric does not say it, so `higher_is_better` is needed; or there is no such value.

    Built in lesson 09.
    """

    order = 20  # after `Checkpoint`, which may bring epochs back

    def __init__(self, monitor: str = "valid_loss", patience: int = 2, higher_is_better: bool | None = None) -> None:
        super().__init__(monitor, higher_is_better)
        check_whole("patience, in epochs,", patience)
        self.patience = patience

    def before_fit(self, learn: Fit) -> None:
        """Find out what better means; look at the epochs that `Checkpoint` may have brought back."""
        self.find_direction(learn)
        self.after_epoch(learn)

    def after_epoch(self, learn: Fit) -> None:
        """Compare with the best epoch so far."""
        learn.stop = learn.stop or self.waited(learn) >= self.patience


class GradientClipping:
    """Scales all gradients down together when their common length exceeds `norm`.

    R. Pascanu et al., "On the difficulty of training recurrent neural networks", 2013. Built in lesson 09.
    """

    def __init__(self, norm: float = 1.0) -> None:
        if not isinstance(norm, (int, float)) or not norm > 0:
            raise ValueError(f"norm is the largest length that gradients may have, above 0; found {norm!r}")
        self.norm = norm

    def after_backward(self, learn: Fit) -> None:
        """Clip before the optimizer steps."""
        nn.utils.clip_grad_norm_(learn.model.parameters(), self.norm)


class GradientAccumulation:
    """Adds up the gradients of several batches before each step, for batches that do not fit in memory at once.

    The step is that of one batch with all their samples: each (of ignored classes: each pixel that counts) counts the
    same, and in a weighted loss by its weight. Batch norm sees each batch alone.

    Args:
        batches: to a step, at least 1; an epoch's last step may have fewer.

    Used in lesson 09.
    """

    order = -10  # before `GradientClipping`

    def __init__(self, batches: int) -> None:
        check_whole("the number of batches to a step", batches)
        self.batches, self.summed = batches, 0

    def before_batch(self, learn: Fit) -> None:
        """Weight the batch by what its loss is a mean over; say whether a step is taken after it."""
        learn.takes_step = (learn.batch + 1) % self.batches == 0 or learn.batch + 1 == len(learn.data.train)
        learn.weight = loss_count(learn.loss_fn, learn.targets)
        self.summed += learn.weight

    def after_backward(self, learn: Fit) -> None:
        """Divide by the sum of the weights."""
        for parameter in learn.model.parameters():
            if parameter.grad is not None:
                parameter.grad /= self.summed or 1
        self.summed = 0

    def after_fit(self, learn: Fit) -> None:
        """Back to a step after each batch."""
        learn.takes_step, learn.weight, self.summed = True, None, 0


class MixedPrecision:
    """Computes the model and the loss in 16 bits where that is safe, and keeps the weights in 32.

    Args:
        dtype: "bf16" (the range of float32, fewer digits) or "fp16" (more digits, a small range, so the loss is scaled
            up before the gradients are taken: P. Micikevicius et al., "Mixed precision training", 2018).

    Built in lesson 05.
    """

    order = -20  # before `Checkpoint`, which restores the scale

    def __init__(self, dtype: str = "bf16") -> None:
        types = {"bf16": torch.bfloat16, "fp16": torch.float16}
        if dtype not in types:
            raise ValueError(f"mixed precision computes in 'bf16' or 'fp16', not {dtype!r}")
        self.dtype = types[dtype]

    def before_fit(self, learn: Fit) -> None:
        """Switch the learner over."""
        kind = learn.data.device.type
        learn.autocast = partial(torch.autocast, kind, dtype=self.dtype)
        learn.scaler = torch.amp.GradScaler(kind, enabled=self.dtype == torch.float16)

    def after_fit(self, learn: Fit) -> None:
        """Back to 32 bits."""
        learn.autocast, learn.scaler = nullcontext, torch.amp.GradScaler(enabled=False)


class CSVLogger:
    """Writes the row of each epoch to a CSV file, as soon as it is there.

    Args:
        path: the file.
        append: add to a file that is there.

    Raises (when the fit starts):
        FileExistsError: there is such a file, and `append` was not asked for.

    Raises (after the first epoch):
        ValueError: the file that is there has other columns.

    Used in lesson 09.
    """

    order = 10

    def __init__(self, path: Path | str, append: bool = False) -> None:
        self.path, self.append = Path(path), append

    def before_fit(self, learn: Fit) -> None:
        """Refuse to overwrite."""
        if self.path.exists() and not self.append:
            raise FileExistsError(f"{self.path} is there already: append=True adds to it; or delete it")

    def after_epoch(self, learn: Fit) -> None:
        """Add a line; the first comes with a heading."""
        if is_first_process():
            row, is_new = learn.recorder.epochs[-1], not self.path.exists()
            if not is_new and (head := self.path.read_text(encoding="utf-8").partition("\n")[0]) != ",".join(row):
                raise ValueError(f"{self.path} has the columns {head}, and this fit {','.join(row)}: take another file")
            with self.path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([list(row), list(row.values())] if is_new else [list(row.values())])


class Checkpoint(_Watching):
    """Keeps a fit in a file: all that it needs to go on after its process was killed; or the best epoch's weights.

    Args:
        path: the file, replaced as a whole each time.
        resume: go on from the file if there is one. Call the same fit again: the result is that of one unbroken fit
            as far as its randomness comes from PyTorch's generators.
        keep: "last": each epoch, to go on from it; "best": the weights of the epoch whose `monitor` was best, which the
            model has after the fit, too.
        monitor, higher_is_better: see `EarlyStopping`.

    Raises (when the fit starts):
        ValueError: the file is of another model, other classes, or a fit of another length; or resume with "best".
        FileExistsError: there is such a file, and `resume` was not asked for.

    Built in lesson 09.
    """

    order = 10

    def __init__(
        self, path: Path | str, resume: bool = False, *, keep: str = "last", monitor: str = "valid_loss",
        higher_is_better: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(monitor, higher_is_better)
        if keep not in ("last", "best") or (resume and keep == "best"):
            raise ValueError(f'keep is "last", which resume=True can go on from, or "best"; found {keep!r}')
        self.path, self.resume, self.keep, self.best = Path(path), resume, keep, None

    def before_fit(self, learn: Fit) -> None:
        """Go on from the file, if that was asked for."""
        if self.keep == "best":
            self.find_direction(learn)
        if with_suffix(self.path).exists():
            if not self.resume:
                raise FileExistsError(f"{self.path} holds an earlier fit: resume=True goes on with it; or delete it")
            self._restore(learn, *load_tensors(self.path))

    def after_epoch(self, learn: Fit) -> None:
        """Replace the file."""
        tensors = {f"model.{name}": value for name, value in learn.model.state_dict().items()}
        if self.keep == "best":
            if self.waited(learn) == 0:
                self.best = {name: value.to("cpu", copy=True) for name, value in learn.model.state_dict().items()}
                save_tensors(self.path, tensors, {"epoch": learn.epoch, "config": learn.config()})
            return
        for i, state in learn.optimizer.state_dict()["state"].items():  # learning rates follow from the schedule
            tensors |= {f"optimizer.{i}.{name}": torch.as_tensor(value) for name, value in state.items()}
        tensors["random.cpu"] = torch.get_rng_state()
        if learn.data.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(learn.data.device)
        kept = {name: getattr(learn, name) for name in ("epoch", "step", "steps", "stop")}
        kept |= {name: getattr(learn.recorder, name) for name in ("losses", "lrs", "epochs", "ends")}
        kept |= {"scaler": learn.scaler.state_dict(), "trained": _trained(learn.model), "config": learn.config()}
        save_tensors(self.path, tensors, kept)

    def after_fit(self, learn: Fit) -> None:
        """Put the best epoch's weights back."""
        if self.best:  # held by each process: the first may still be writing the file
            learn.model.load_state_dict(self.best)
            self.best = None

    def _restore(self, learn: Fit, tensors: dict[str, Tensor], kept: dict) -> None:
        if kept.get("steps") != learn.steps:
            raise ValueError(f"{self.path} is from a fit of {kept.get('steps')} batches; this one has {learn.steps}")
        weights = _under("model.", tensors)
        check_weights(learn.model, weights, str(self.path))
        check_same(kept["config"], learn.config(), str(self.path))
        if kept["trained"] != _trained(learn.model):
            raise ValueError(f"in {self.path} other parameters were frozen: freeze the same ones, then go on")
        if bool(kept["scaler"]) != learn.scaler.is_enabled():
            raise ValueError(f"{self.path} and this fit differ in fp16: give both the same MixedPrecision, or none")
        learn.model.load_state_dict(weights)
        optimizer = learn.optimizer.state_dict()
        for key, value in _under("optimizer.", tensors).items():
            i, _, name = key.partition(".")
            optimizer["state"].setdefault(int(i), {})[name] = value
        learn.optimizer.load_state_dict(optimizer)
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], learn.data.device)
        learn.scaler.load_state_dict(kept["scaler"])
        learn.epoch, learn.step, learn.stop = kept["epoch"], kept["step"], kept["stop"]
        for name in ("losses", "epochs", "ends"):
            setattr(learn.recorder, name, kept[name])
        learn.recorder.lrs = list(map(tuple, kept["lrs"]))


def _trained(model: nn.Module) -> list[str]:
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
