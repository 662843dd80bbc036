"""`Learner`: a model, its data and a loss, and the training loop that brings them together.

The loop is the one that lesson 09 derives. Callbacks are plain objects: whichever of the methods in
`coursekit.hooks.EVENTS` one has is called with the learner at that moment. They are looked up once for each fit.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .callbacks import Recorder
from .finder import search_rate
from .groups import Rate, batch_norm_explained, default_groups, parameter_groups, train_mode
from .hooks import Hook, call, call_all, check_callbacks, find_hooks
from .loaders import Loader, Loaders, TensorLoader
from .losses import check_labels, cross_entropy
from .metrics import Metric, RunningMean, check_metrics, metric_name
from .progressbar import Progress
from .schedule import RateSearch, Schedule, constant, one_cycle
from .storage import load_tensors, load_weights, save_tensors
from .summary import Summary


class Learner:
    """Trains a model on data, and says how well it does on held-out data.

    Args:
        data: the batches, `Loaders`; the model is moved to their device.
        model: called with a batch's inputs.
        loss: `(outputs, targets) -> one number`; `ck.cross_entropy` unless said otherwise.
        metrics: see `coursekit.metrics`.
        optimizer: called with parameter groups, gives a `torch.optim` optimizer; anew for each fit.
        groups: the model's layer groups, first to last, for lower rates in earlier layers and for `freeze`.
            By default the children of an `nn.Sequential` that have parameters; any other model is one group.
        callbacks: used in every fit.
        progress: show progress.
        channels_last: keep pictures as rows x columns x channels in memory, which some GPUs compute faster.
        compile: run the model through `torch.compile`.

    Attributes:
        epoch, epochs, batch, step, steps: where the running fit is. `step` counts batches from 0 over all its epochs.
        loss: the latest batch's training loss, a tensor without gradient.
        recorder: losses, rates and the table of epochs of the latest fit.
        stop: set to True by a callback to end the fit after this epoch.

    Raises:
        ValueError: callbacks or metrics that cannot be called; two metrics of one name.

    Built in lesson 09.
    """

    def __init__(
        self,
        data: Loaders,
        model: nn.Module,
        loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
        metrics: Sequence[Metric] = (),
        *,
        optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.AdamW,
        groups: Sequence[nn.Module] | None = None,
        callbacks: Sequence[object] = (),
        progress: bool = True,
        channels_last: bool = False,
        compile: bool = False,
    ) -> None:
        self.data, self.loss_function, self.metrics = data, loss, check_metrics(metrics)
        self.model = model.to(data.device)
        if channels_last:
            self.model.to(memory_format=torch.channels_last)
        self.forward = torch.compile(self.model) if compile else self.model
        self.make_optimizer, self.callbacks, self.progress = optimizer, check_callbacks(callbacks), progress
        self.groups = list(groups) if groups else default_groups(model)
        self.autocast: Callable[[], AbstractContextManager] = nullcontext
        self.scaler: torch.amp.GradScaler | None = None
        self.recorder = Recorder()
        self.epoch_results: dict[str, float] = {}
        self.optimizer: torch.optim.Optimizer | None = None
        self.loss, self.stop, self.processes = None, False, None  # or the `Distributed` that several train by
        self.epoch = self.epochs = self.batch = self.step = self.steps = 0

    # Training

    def fit(
        self, epochs: int, rate: Rate = 1e-3, *, schedule: Schedule = constant, callbacks: Sequence[object] = ()
    ) -> None:
        """Train for a number of epochs.

        Args:
            epochs: passes over the training data, at least 1.
            rate: the largest learning rate; a pair (first, last) spreads over the layer groups by equal factors.
            schedule: see `coursekit.schedule`.
            callbacks: for this fit only, beside the learner's own.

        Raises:
            ValueError: epochs below 1, nothing left to train, labels that do not fit the model, an object that is no
                callback, or a batch of one row where batch norm needs several.
            FloatingPointError: the loss became infinite or NaN; the message says at which batch and rate.
        """
        if epochs < 1 or epochs % 1:
            raise ValueError(f"a whole number of epochs is needed, at least one; found {epochs}")
        self.optimizer = self.new_optimizer(rate)
        self.epoch, self.epochs, self.step, self.stop = 0, epochs, 0, False
        self.steps = epochs * len(self.data.train)
        shown = [Progress()] if self.progress else []
        hooks = find_hooks([self.recorder, *self.callbacks, *check_callbacks(callbacks), *shown])
        try:
            call(hooks["before_fit"], self)
            while self.epoch < epochs and not self.stop:
                call(hooks["before_epoch"], self)
                with batch_norm_explained(self.data.train):
                    self._train_epoch(schedule, hooks)
                self.epoch_results = self.validate() if self.data.valid else {}
                self.epoch += 1
                call(hooks["after_epoch"], self)
        finally:
            call_all(hooks["after_fit"], self)

    def fit_one_cycle(
        self, epochs: int, rate: Rate = 1e-2, *, warmup: float = 0.25, callbacks: Sequence[object] = ()
    ) -> None:
        """Train with a rate that rises to `rate` during the share `warmup` of the training, then falls; see `fit`."""
        self.fit(epochs, rate, schedule=one_cycle(warmup), callbacks=callbacks)

    def _train_epoch(self, schedule: Schedule, hooks: dict[str, list[Hook]]) -> None:
        train_mode(self.model)
        before_batch, after_backward, after_batch = hooks["before_batch"], hooks["after_backward"], hooks["after_batch"]
        optimizer, scaler = self.optimizer, self.scaler
        batches = self.processes.part(self.data.train, self.model) if self.processes else self.data.train
        for batch, (*inputs, targets) in enumerate(batches):
            self.batch = batch
            self.set_rates(*schedule(self.step / self.steps))
            for hook in before_batch:
                hook(self)
            with self.autocast():
                outputs = self.forward(*inputs)
                if self.step == 0:
                    self._check_labels(outputs)
                loss = self.loss_function(outputs, targets)
            self.loss, self.rows = loss.detach(), len(targets)
            optimizer.zero_grad()
            if scaler is None:
                loss.backward()
            else:
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)
            for hook in after_backward:
                hook(self)
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
                scaler.update()
            self.step += 1
            for hook in after_batch:
                hook(self)

    def new_optimizer(self, rate: Rate) -> torch.optim.Optimizer:
        """An optimizer of what is trained, at these rates."""
        return self.make_optimizer(parameter_groups(self.model, self.groups, rate))

    def set_rates(self, share: float, momentum: float | None) -> None:
        """Give each group this share of its top rate, and the momentum where one is said."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["top_rate"] * share
            if momentum is not None:
                if "betas" in group:
                    group["betas"] = (momentum, group["betas"][1])
                elif "momentum" in group:
                    group["momentum"] = momentum

    def _check_labels(self, outputs: Tensor) -> None:
        """On a GPU a wrong label ends the process, so look at all of them before the first loss."""
        train = self.data.train
        if outputs.is_cuda and self.loss_function is cross_entropy and isinstance(train, TensorLoader):
            check_labels(train.tensors[-1], outputs.shape[1])

    # The learning-rate finder

    def lr_find(self, lowest: float = 1e-6, highest: float = 10.0, batches: int = 100) -> RateSearch:
        """Raise the rate from batch to batch and watch the loss; the model is as before afterwards.

        L. N. Smith, "Cyclical learning rates", 2017, section 3.3. Goes over the data as often as it takes, so that a
        handful of rows is enough; stops early when the loss has grown fourfold.

        Returns:
            The search: `.suggestion` is a rate, `.plot()` draws it.

        Built in lesson 09.
        """
        return search_rate(self, lowest, highest, batches)

    def randomness_kept(self) -> AbstractContextManager:
        """Inside it random numbers may be drawn; afterwards PyTorch's generators are as they were."""
        return torch.random.fork_rng([self.data.device] if self.data.device.type == "cuda" else [])

    # Looking at the model

    @torch.no_grad()
    def predictions(self, loader: Loader | None = None) -> tuple[Tensor, Tensor]:
        """The model's raw outputs, float32, and the targets for all rows of held-out data (or of another loader).

        Both are on the CPU, in the loader's order.
        """
        self.model.eval()
        outputs, all_targets = [], []
        for *inputs, targets in self._held_out(loader):
            with self.autocast():
                outputs.append(self.forward(*inputs).float().cpu())
            all_targets.append(targets.cpu())
        return torch.cat(outputs), torch.cat(all_targets)

    def _held_out(self, loader: Loader | None) -> Loader:
        if (loader := loader or self.data.valid) is None:
            raise ValueError("nothing was held out: give Loaders a second, held-out part, or validate a loader")
        return loader

    @torch.inference_mode()
    def validate(self, loader: Loader | None = None) -> dict[str, float]:
        """Mean loss and metrics over held-out rows (or another loader), each row counting the same.

        Returns:
            `{"loss": ..., "accuracy": ...}`, the metrics under their functions' names.
        """
        loader = self._held_out(loader)
        functions = {"loss": self.loss_function} | {metric_name(metric): metric for metric in self.metrics}
        means = {n: RunningMean(n, finish=getattr(f, "finish", None)) for n, f in functions.items()}
        self.model.eval()
        for *inputs, targets in self.processes.part(loader) if self.processes else loader:
            with self.autocast():
                outputs = self.forward(*inputs)
                for name, function in functions.items():
                    means[name].add(getattr(function, "averaged", function)(outputs, targets), len(targets))
        if self.processes:
            self.processes.add_up(means.values())
        return {name: mean.value for name, mean in means.items()}

    @torch.inference_mode()
    def predict(self, *inputs: Tensor) -> Tensor:
        """The model's raw outputs (logits, say) for a batch of inputs of any length, float32 on the CPU.

        Args:
            inputs: what the model takes, each with the batch as its first axis; for one item give `item[None]`.
        """
        if len(rows := {len(tensor) for tensor in inputs}) != 1:
            raise ValueError(f"give all of the model's inputs, with the same number of rows; found {sorted(rows)}")
        self.model.eval()
        size = 2 * self.data.train.batch_size
        outputs = []
        for batch in zip(*(tensor.split(size) for tensor in inputs), strict=True):
            with self.autocast():
                outputs.append(self.forward(*(tensor.to(self.data.device) for tensor in batch)).float().cpu())
        return torch.cat(outputs)

    def summary(self) -> Summary:
        """The layers, the shape that comes out of each, and what it has to learn; shown as a table."""
        with self.randomness_kept():
            *inputs, _ = next(iter(self.data.train))
        return Summary(self.model, inputs)

    # Changing what it works with

    def use(self, data: Loaders) -> None:
        """Go on with other data: more of it, or the same pictures at another size (progressive resizing)."""
        if data.device != self.data.device:
            self.model.to(data.device)
        self.data = data

    def save(self, path: Path | str, **notes: Any) -> Path:
        """Write the weights, and notes, to one safetensors file, whole or not at all; gives the file's path."""
        return save_tensors(path, self.model.state_dict(), {"model": type(self.model).__name__} | notes)

    def load(self, path: Path | str) -> dict:
        """Read weights that `save` wrote; gives the notes. Another model's or other classes' raise a ValueError."""
        weights, notes = load_tensors(path)
        self.check_notes(notes, str(path))
        load_weights(self.model, weights, str(path))
        return notes

    def check_notes(self, notes: dict, origin: str) -> None:
        """Raise a ValueError if the notes of a file say that its weights are not for this learner. Here any are."""

    def freeze(self) -> None:
        """Train only the last layer group; batch norms in the others keep their statistics."""
        if len(self.groups) < 2:
            raise ValueError("the model is one layer group: freezing would leave nothing to train; give groups=[...]")
        for group in self.groups[:-1]:
            group.requires_grad_(False)
        self.groups[-1].requires_grad_(True)

    def unfreeze(self) -> None:
        """Train all layer groups."""
        for group in self.groups:
            group.requires_grad_(True)
