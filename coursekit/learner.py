"""`Learner`: a model, its data and a loss, and the training loop that brings them together.

The loop is the one that lesson 09 derives. Callbacks are plain objects: whichever of the methods in
`coursekit.callbacks.EVENTS` one has is called with the learner at that moment. They are looked up once for each fit.
"""

import math
import random
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import wraps
from inspect import Parameter, signature
from itertools import chain, islice, repeat
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Union

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .arguments import in_words
from .callbacks import BATCH_EVENTS, Handler, Recorder, call, call_all, check_callbacks, find_handlers
from .display import Progress
from .loaders import Loader, Loaders
from .loaders import device as best_device
from .losses import binary_cross_entropy, check_labels, check_probabilities, cross_entropy, loss_count, with_ignored
from .metrics import Metric, RunningMean, check_metrics, metric_name, of_batch, said
from .schedule import Schedule, constant, one_cycle
from .storage import check_same, check_whole, load_objects, load_tensors, load_weights, save_objects, save_tensors
from .targets import Categories, Numbers, Prediction, TargetType, predictions

if TYPE_CHECKING:
    import pandas as pd

Loss = Callable[[Tensor, Tensor], Tensor]
LearningRate = Union[float, tuple[float, float], slice, "LRFinder"]


class Learner:
    """Trains a model on data, and says how well it does on held-out data.

    Args:
        data: the batches, `Loaders`; the model is moved to their device.
        model: called with a batch's inputs.
        loss_fn: `(outputs, targets) -> one number`; `ck.cross_entropy` unless said otherwise.
        metrics: see `coursekit.metrics`.
        optimizer_fn: called with parameter groups, gives a `torch.optim` optimizer; anew for each fit. Where PyTorch
            has a fused one it is taken, unless `fused` or `foreach` was said, as in `partial(AdamW, fused=False)`.
        groups: the model's layer groups, first to last, for lower learning rates in earlier layers and for `freeze`.
            By default the children of an `nn.Sequential` that have parameters; any other model is one group.
        callbacks: used in every fit.
        progress: show progress.
        channels_last: keep images as H x W x channels in memory, which GPUs and processors often compute faster.
        compile: train through `torch.compile`, on an NVIDIA GPU by CUDA graphs: outputs, loss and gradients of batches
            that are shaped as the fit's first, unless a callback has `after_forward` or `before_backward`, or gradients
            are accumulated. Each fit tries it on a batch first; where it fails, or gives something else, a warning
            says so and the fit goes the plain way. It pays for large networks and batches, mostly on a GPU.

    Attributes:
        network: what is called in training: the model itself, or shared by several processes.
        epoch, epochs, batch, step, steps: where the running fit is. `step` counts batches from 0 over all its epochs.
        outputs, targets: the latest batch's.
        loss: the latest batch's training loss; outside `before_backward` a tensor without gradient.
        recorder: losses, learning rates and the table of epochs of the latest fit.
        batch_norm: False after `unfreeze(batch_norm=False)`: batch norms stay as they are in training.
        takes_step, weight: set by `GradientAccumulation`: whether the optimizer steps after this batch, and what the
            loss is multiplied by before its gradients are taken.
        stop: set to True by a callback to end the fit after this epoch.

    Raises:
        TypeError: data or a model that are something else (a class in place of an object, say).
        ValueError: a loss or an optimizer that is, a loss that is no mean, callbacks or metrics that cannot be called,
            two metrics of one name.

    Built in lesson 09.
    """

    def __init__(
        self, data: Loaders, model: nn.Module, loss_fn: Loss = cross_entropy, metrics: Sequence[Metric] = (), *,
        optimizer_fn: Callable[..., torch.optim.Optimizer] = torch.optim.AdamW,
        groups: Sequence[nn.Module] | None = None, callbacks: Sequence[object] = (), progress: bool = True,
        channels_last: bool = False, compile: bool = False,
    ) -> None:  # fmt: skip
        check_parts(loss_fn, optimizer_fn)
        self.data, self.loss_fn = data, with_ignored(loss_fn, data.target_type)
        self.metrics = tuple(with_ignored(metric, data.target_type) for metric in check_metrics(metrics))
        self.model, self.channels_last = model.to(data.device), channels_last
        if channels_last:
            self.model.to(memory_format=torch.channels_last)
        self.network, self.compile, self.compiled = self.model, compile, None
        self.optimizer_fn, self.callbacks, self.progress = optimizer_fn, check_callbacks(callbacks), progress
        self.groups = list(groups) if groups else default_groups(model)
        self.autocast: Callable[[], AbstractContextManager] = nullcontext
        self.scaler = torch.amp.GradScaler(enabled=False)
        self.recorder = Recorder()
        self.epoch_results: dict[str, float] = {}
        self.optimizer: torch.optim.Optimizer | None = None
        self.outputs, self.targets, self.loss, self.samples, self.stop = None, None, None, 0, False
        self.takes_step, self.weight, self.batch_norm = True, None, True
        self.processes = None  # or the `Distributed` by which several train
        self.epoch = self.epochs = self.batch = self.step = self.steps = 0

    def __repr__(self) -> str:
        """Model, data, loss, parameters, and what is frozen."""
        total, trained = count_parameters(self.model)
        frozen = sum(not any(p.requires_grad for p in group.parameters()) for group in self.groups)
        metrics = ", ".join(map(metric_name, self.metrics)) or "none"
        return (
            f"{type(self).__name__} of a {type(self.model).__name__}: {total:,} parameters, {trained:,} trained; "
            f"{len(self.groups)} layer groups, {frozen} frozen\ndata: {self.data!r}\n"
            f"loss: {metric_name(self.loss_fn)}; metrics: {metrics}; optimizer: {metric_name(self.optimizer_fn)}"
        )

    # Training

    def fit(
        self, epochs: int, lr: LearningRate = 1e-3, *, schedule: Schedule = constant, callbacks: Sequence[object] = ()
    ) -> None:
        """Train for a number of epochs.

        Args:
            epochs: passes over the training data, at least 1.
            lr: the largest learning rate; a pair (first, last) or slice(first, last) spreads over the layer groups by
                equal factors; what `lr_find` gave stands for its suggestion.
            schedule: see `coursekit.schedule`.
            callbacks: for this fit only, beside the learner's own.

        Raises:
            ValueError: epochs below 1, nothing left to train, labels that do not fit the model, an object that is no
                callback, or a batch of one sample where batch norm needs several.
            FloatingPointError: the loss became infinite or NaN; the message says at which batch and learning rate.
        """
        check_whole("the number of epochs", epochs)
        if not callable(schedule):
            raise ValueError(f"schedule is a function, such as ck.one_cycle(); found {schedule!r}")
        self.optimizer = self.new_optimizer(lr)
        self.optimizer.zero_grad()
        self.compiled = CompiledStep(self.data.device) if self.compile else None
        self.epoch, self.epochs, self.step, self.stop = 0, epochs, 0, False
        self.steps = epochs * len(self.data.train)
        shown = [Progress()] if self.progress else []
        handlers = find_handlers([self.recorder, *self.callbacks, *check_callbacks(callbacks), *shown])
        try:
            call(handlers["before_fit"], self)
            while self.epoch < epochs and not self.stop:
                call(handlers["before_epoch"], self)
                with explained(self.data.train):
                    self._train_epoch(schedule, handlers)
                self.epoch_results = self.validate() if self.data.valid else {}
                self.epoch += 1
                call(handlers["after_epoch"], self)
        finally:
            call_all(handlers["after_fit"], self)

    def fit_one_cycle(
        self, epochs: int, max_lr: LearningRate = 1e-2, *, warmup: float = 0.25, callbacks: Sequence[object] = ()
    ) -> None:
        """Train with a learning rate that rises to `max_lr` during the fraction `warmup` of the training, then falls.

        The momentum falls from 0.95 to 0.85 while the learning rate rises, and rises after: Adam's first beta, unless
        `optimizer_fn` asks for one, or the momentum of SGD. See `fit`.
        """
        optimizer = self.optimizer_fn([{"params": [nn.Parameter(torch.zeros(1))], "lr": 1.0}])
        usual = signature(type(optimizer)).parameters.get("betas")
        asked_for = usual and usual.default not in (Parameter.empty, optimizer.defaults.get("betas"))
        asked_for = asked_for or "betas" in getattr(self.optimizer_fn, "keywords", {})
        momentum = None if asked_for else (0.95, 0.85)
        self.fit(epochs, max_lr, schedule=one_cycle(warmup, momentum=momentum), callbacks=callbacks)

    def fine_tune(
        self, epochs: int, lr: LearningRate = 2e-3, frozen_epochs: int = 1, *, batch_norm: bool = True,
        callbacks: Sequence[object] = (),
    ) -> None:  # fmt: skip
        """Train the last layer group alone (a new head, say), then all: the usual way to use pretrained weights.

        The head is trained at `lr`, which rises to its end; then all at half of it, the first layer group at a
        hundredth of that. These are the steps and figures of fastai's `fine_tune` (J. Howard and S. Gugger, "fastai: a
        layered API for deep learning", 2020).

        Args:
            epochs: with all layer groups.
            lr: one learning rate, such as `lr_find` suggests for the head.
            frozen_epochs: with the last layer group alone, before.
            batch_norm: see `unfreeze`.
            callbacks: of both fits.

        Raises:
            ValueError: the model is one layer group; see `fit`.
        """
        for count in (epochs, frozen_epochs):
            check_whole("the number of epochs", count)
        (top,) = spread(lr, 1)
        self.freeze()
        self.fit_one_cycle(frozen_epochs, top, warmup=0.99, callbacks=callbacks)
        self.unfreeze(batch_norm)
        self.fit_one_cycle(epochs, (top / 200, top / 2), callbacks=callbacks)

    def _train_epoch(self, schedule: Schedule, handlers: dict[str, list[Handler]]) -> None:
        train_mode(self.model, self.batch_norm)
        before_batch, after_forward, before_backward, after_backward, after_batch = map(handlers.get, BATCH_EVENTS)
        optimizer, scaler = self.optimizer, self.scaler
        plain = self.compiled is None or self.processes or after_forward or before_backward
        batches = self.processes.part(self.data.train, self.model) if self.processes else self.data.train
        for self.batch, (*inputs, targets) in enumerate(batches):
            self.samples, self.targets = len(targets), targets
            self.set_lr(*schedule(self.step / self.steps))
            call(before_batch, self)
            with self.autocast():
                if plain or not (compiled := self.compiled(self, inputs, targets)):
                    self.outputs = self.network(*inputs)
                    call(after_forward, self)
                    if self.step == 0:
                        self._check_labels(self.outputs)
                    self.loss = self.loss_fn(self.outputs, targets)
                    call(before_backward, self)
                else:
                    self.outputs, self.loss = compiled
            scaler.scale(self.loss if self.weight is None else self.loss * self.weight).backward()
            self.loss = self.loss.detach()
            if self.takes_step:
                scaler.unscale_(optimizer)
                call(after_backward, self)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
            self.step += 1
            call(after_batch, self)

    def new_optimizer(self, lr: LearningRate) -> torch.optim.Optimizer:
        """An optimizer of what is trained, at these learning rates."""
        optimizer = fused(self.optimizer_fn, self.model, parameter_groups(self.model, self.groups, lr))
        if not isinstance(optimizer, torch.optim.Optimizer) or isinstance(optimizer, torch.optim.LBFGS):
            needed = "give an optimizer that takes one step a batch (LBFGS takes several)"
            raise ValueError(f"optimizer_fn must {needed}; it gave {type(optimizer).__name__}")
        return optimizer

    def set_lr(self, fraction: float, momentum: float | None) -> None:
        """Give each group this fraction of its largest learning rate, and the momentum where one is said."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["max_lr"] * fraction
            if momentum is not None:
                if "betas" in group:
                    group["betas"] = (momentum, group["betas"][1])
                elif "momentum" in group:
                    group["momentum"] = momentum

    def _check_labels(self, outputs: Tensor) -> None:
        """On a GPU a wrong label ends the process or counts unseen, so look at all of them before the first loss."""
        targets = getattr(self.data.train, "targets", None)  # of all samples, where they are in memory
        if outputs.is_cuda and self.loss_fn is cross_entropy and targets is not None:
            check_labels(targets, outputs.shape[1])
        unseen = outputs.device.type != "cpu" and self.loss_fn is binary_cross_entropy
        if targets is not None and (unseen or isinstance(self.loss_fn, nn.BCEWithLogitsLoss)):
            check_probabilities(targets)

    def lr_find(self, lowest: float = 1e-6, highest: float = 10.0, batches: int = 100) -> "LRFinder":
        """Raise the learning rate from batch to batch and watch the loss; the model is as before afterwards.

        L. N. Smith, "Cyclical learning rates", 2017, section 3.3. Goes over the data as often as it takes, so that a
        handful of samples is enough; stops early when the loss has grown fourfold.

        Returns:
            What was seen: `.suggestion` is a learning rate, `.plot()` draws the losses.

        Raises:
            ValueError: not 0 < lowest < highest, or fewer than two batches.
            FloatingPointError: the loss is not finite before any training.

        Built in lesson 09.
        """
        numbers = all(isinstance(number, Real) for number in (lowest, highest, batches))
        if not (numbers and 0 < lowest < highest < math.inf and batches > 1 and batches % 1 == 0):
            given = f"{lowest}, {highest}, {batches}"
            raise ValueError(f"a search needs 0 < lowest < highest and two batches; found {given}")
        found = LRFinder()
        with self.model_kept(), explained(self.data.train), self.randomness_kept():
            self.optimizer = self.new_optimizer(1.0)
            train_mode(self.model, self.batch_norm)
            endless = chain.from_iterable(repeat(self.data.train))
            for i, (*inputs, targets) in enumerate(islice(endless, batches)):
                lr = lowest * (highest / lowest) ** (i / (batches - 1))
                self.set_lr(lr, None)
                loss = self.loss_fn(self.network(*inputs), targets)
                if found.add(lr, loss.item()):
                    break
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            self.optimizer.zero_grad()
        if not found.losses:
            raise FloatingPointError("the loss is not finite before any training: look at the data and the model")
        return found

    @contextmanager
    def randomness_kept(self) -> Iterator[None]:
        """Inside it random numbers may be drawn; afterwards PyTorch's, NumPy's, Python's generators are as before."""
        python, numpy = random.getstate(), np.random.get_state()
        try:
            with torch.random.fork_rng([self.data.device] if self.data.device.type == "cuda" else []):
                yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)

    @contextmanager
    def model_kept(self) -> Iterator[None]:
        """Inside it the model may be trained; afterwards weights, buffers, and the mode of each part are as before."""
        kept = [(t, t.detach().clone()) for t in [*self.model.parameters(), *self.model.buffers()]]
        # some put new buffers in place, or keep more: a language model what it has read
        attributes = [(own, dict(own)) for part in self.model.modules() for own in (vars(part), part._buffers)]
        try:
            with evaluating(self.model):
                yield
        finally:
            for own, old in attributes:
                own.update(old)
            with torch.no_grad():
                for tensor, old in kept:
                    tensor.copy_(old)

    # Answers

    def predictions(self, loader: Iterable[tuple[Tensor, ...]] | None = None) -> tuple[Tensor, Tensor]:
        """The model's raw outputs, float32, and the targets for all samples of held-out data (or of another loader).

        Args:
            loader: None takes the held-out data; anything that gives batches will do, `[(images, labels)]` as well.

        Returns:
            Both on the CPU, in the loader's order.
        """
        outputs, all_targets = [], []
        with self.looking():
            for *inputs, targets in self._held_out(loader):
                outputs.append(self._outputs(*inputs).cpu())
                all_targets.append(targets.cpu())
        return torch.cat(outputs), torch.cat(all_targets)

    def _held_out(self, loader: Loader | None) -> Loader:
        if (loader := self.data.valid if loader is None else loader) is None:
            raise ValueError("nothing was held out: give Loaders a second, held-out part, or validate a loader")
        if isinstance(loader, Loaders):
            raise ValueError("these are Loaders, of two parts: say which, as in validate(data.valid)")
        if not hasattr(loader, "__iter__") or isinstance(loader, (str, bytes)):
            raise ValueError(f"a loader gives batches, as data.valid does; found {type(loader).__name__}")
        if loader is not self.data.valid and (theirs := getattr(loader, "config", dict)()):
            check_same(theirs, self.data.config(), "this loader", "give data with the same; of images: data.test(...)")
        return loader

    @contextmanager
    def looking(self) -> Iterator[None]:
        """From here on the model is in evaluation mode; afterwards all generators are as before."""
        self.model.eval()
        with self.randomness_kept(), explained(self.data.train):
            yield

    @torch.no_grad()
    def _outputs(self, *inputs: Tensor) -> Tensor:
        with self.autocast():
            return self.network(*inputs).float()

    def predict(self, x: object) -> Prediction | list[Prediction]:
        """What the model says of one sample, or of several.

        Args:
            x: what the data are made of: for images a path, bytes, a PIL image, an array or a tensor; for tables a row
                (a dictionary) or a DataFrame; for texts a text; for plain tensors one shaped as a sample. Or several.

        Returns:
            A prediction with a label and probabilities (or values); a list of them for several samples.

        Raises:
            ValueError: it cannot be read as the data are.
        """
        outputs, single = self._answers(x)
        found = self._said(outputs)
        return found[0] if single else found

    def _said(self, outputs: Tensor) -> list[Prediction]:
        """What raw outputs mean, a prediction for each sample."""
        target_type = self.target_type(outputs)
        return predictions(target_type, target_type.values(outputs))

    def target_type(self, outputs: Tensor) -> TargetType:
        """What raw outputs mean: as the data say; of plain tensors classes without names, or numbers."""
        if self.data.target_type is None and self.loss_fn is cross_entropy and outputs.dim() == 2:
            return Categories(tuple(map(str, range(outputs.shape[1]))))
        return self.data.target_type or Numbers()

    def prediction_table(self, loader: Loader | None = None) -> "pd.DataFrame":
        """The predictions of held-out data (or of another loader's samples) as a plain table, to be handed in.

        One row a sample, in the loader's order; its index is the samples' own, where the loader knows it (as those of
        `data.test(...)` do). Of classes there is a column each, with the probabilities; of numbers one each.

        Example:
            >>> table = learn.prediction_table(data.test(rows))
            >>> table.to_csv("submission.csv", index_label="id")

        Raises:
            ValueError: the model predicts masks, which fill no row of a table.
        """
        import pandas as pd

        loader = self._held_out(loader)
        outputs, _ = self.predictions(loader)
        target_type = self.target_type(outputs)
        if (values := target_type.values(outputs)).dim() != 2:
            raise ValueError("a mask fills no row of a table: look at predict(...) or predictions(loader)")
        names = target_type.names or getattr(target_type, "columns", ())
        names = names if len(names) == values.shape[1] else range(values.shape[1])
        return pd.DataFrame(values.numpy(), getattr(loader, "ids", None), list(names))

    def show_results(self, n: int = 8) -> object:
        """Held-out samples, evenly spread: what went in, what is true, what the model says; training is not touched.

        Args:
            n: how many; of a language model, texts of a batch, each with the token that follows it.

        Returns:
            What `Loaders.results` of the data makes of them: images are drawn, everything else is a DataFrame.

        Raises:
            ValueError: nothing was held out, or n below 1.
        """
        check_whole("the number of samples to show", n)
        rows, targets, said, seen, loader = [], [], [], 0, self._held_out(None)
        with evaluating(self.model), self.looking():
            for *inputs, true in loader:
                each = len(true) // len(inputs[0])  # targets of one sample: of several, as for text, the last counts
                shown = min(int(n), count := loader.samples if each == 1 else len(inputs[0]))
                spread_out = torch.arange(1, 2 * shown, 2, device=true.device) * count // (2 * shown) - seen
                here = spread_out[(spread_out >= 0) & (spread_out < len(inputs[0]))]
                seen += len(inputs[0])
                if len(here):
                    inputs = [part[here] for part in inputs]
                    rows += zip(*(part.cpu() for part in inputs), strict=True)
                    targets.append(true[each - 1 :: each][here].cpu())
                    said += self._said(self._outputs(*inputs)[each - 1 :: each].cpu())
                if len(rows) == shown:
                    break
        return self.data.results(rows, torch.cat(targets), said)

    def _answers(self, x: object) -> tuple[Tensor, bool]:
        """The model's raw outputs for what `predict` takes, and whether it was one sample alone."""
        with self.looking():
            batches, single = self.data.encode(x)
            return torch.cat([self._outputs(*batch).cpu() for batch in batches]), single

    def raw_outputs(self, x: object) -> Tensor:
        """The model's raw outputs (logits, say), float32 on the CPU, for what `predict` takes; one row a sample."""
        return self._answers(x)[0]

    @torch.inference_mode()
    def validate(self, loader: Loader | None = None) -> dict[str, float]:
        """Mean loss and metrics over held-out samples (or another loader's), each counting the same.

        Totals and counts are added up over the batches and divided once, so that the batch size does not matter; a
        metric over all samples (see `ck.over_all`) gets the outputs and targets of all batches at once.

        Returns:
            `{"loss": ..., "accuracy": ...}`, the metrics under their functions' names.
        """
        loader = self._held_out(loader)
        if not getattr(loader, "labelled", True):
            raise ValueError("these samples have no labels to compare with: predictions(loader) gives the outputs")
        by_batch = [metric for metric in self.metrics if not said(metric, "over_all")]
        means = [(of_batch(f), RunningMean(metric_name(f), said(f, "finish"))) for f in by_batch]
        loss, kept = RunningMean("loss"), []
        with self.looking():
            for *inputs, targets in self.processes.part(loader) if self.processes else loader:
                with self.autocast():
                    outputs = self.network(*inputs)
                    loss.add(self.loss_fn(outputs, targets), loss_count(self.loss_fn, targets))
                    for metric, mean in means:
                        mean.add(metric(outputs, targets), len(targets))
                if len(means) < len(self.metrics):
                    kept.append((outputs.float().cpu(), targets.cpu()))
        if self.processes:
            self.processes.all_reduce_means([loss, *(mean for _, mean in means)])
            kept = self.processes.gather(kept)
        found = {mean.name: mean.value for mean in [loss, *(mean for _, mean in means)]}
        everything = [torch.cat(parts) for parts in zip(*kept, strict=True)]
        found |= {metric_name(f): float(f(*everything)) for f in self.metrics if said(f, "over_all")}
        return {name: found[name] for name in ["loss", *map(metric_name, self.metrics)]}

    def summary(self) -> "Summary":
        """The layers, the shape that comes out of each, and what it has to learn; shown as a table."""
        with self.randomness_kept(), explained(self.data.train):
            *inputs, _ = next(iter(self.data.train))
            return Summary(self.model, inputs)

    # Changing what it works with

    def use(self, data: Loaders) -> None:
        """Go on with other data: more of it, or the same images at another size (progressive resizing).

        Raises:
            ValueError: their numbers stand for something else: other classes, columns, users ...
        """
        if not isinstance(data, Loaders):
            raise ValueError(f"data to go on with are Loaders; found {type(data).__name__}")
        check_same(data.config(), self.data.config(), "data", "give data with the same")
        if data.device != self.data.device:
            self.model.to(data.device)
        self.data = data

    def config(self) -> dict[str, list]:
        """What the model's numbers stand for: the data's classes and so on, and the range of what comes out."""
        bounds = getattr(self.model, "output_range", None)
        return self.data.config() | ({"output range": list(map(float, bounds))} if bounds else {})

    def save(self, path: Path | str, **metadata: object) -> Path:
        """Write the weights, what they stand for, and metadata, to one safetensors file, whole or not at all."""
        if taken := {"model", "config"} & metadata.keys():
            raise ValueError(f"metadata called {taken.pop()!r} would replace the learner's own: give another name")
        config = {"model": type(self.model).__name__, "config": self.config()}
        return save_tensors(path, self.model.state_dict(), config | metadata)

    def load(self, path: Path | str) -> dict:
        """Read weights that `save` wrote; gives the metadata.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: they are another model's, or for other classes, columns, users ...; or `export` wrote the file.
        """
        weights, metadata = load_tensors(path)
        if "object" in metadata:
            raise ValueError(f"{path} holds a whole learner, as learn.export writes it: ck.load(path) reads it")
        check_same(metadata.get("config", {}), self.config(), str(path), self.data.advice)
        load_weights(self.model, weights, str(path))
        return metadata

    def export(self, path: Path | str) -> Path:
        """Write all that it takes to predict to one safetensors file, for `ck.load`: the model, what prepares its
        inputs and names its outputs; not the data, nor metrics, callbacks, the optimizer.

        A loss function of your own is left out, too: there the loaded learner has that of its targets.

        Returns:
            The file's path.

        Raises:
            ValueError: the model holds something that is no module and no plain data, such as a function of your own.
        """
        bare, loss_fn = type(self).__new__(type(self)), getattr(self.loss_fn, "func", self.loss_fn)
        ours = getattr(loss_fn, "__module__", None) == cross_entropy.__module__
        with self.looking():  # a data set may draw random numbers when it is asked for a sample's shape
            data = self.data.without_samples()
        vars(bare).update(
            data=data, model=self.model, groups=self.groups,
            loss_fn=self.loss_fn if ours else None, channels_last=self.channels_last, batch_norm=self.batch_norm,
        )  # fmt: skip
        return save_objects(path, bare)

    def freeze(self) -> None:
        """Train only the last layer group; batch norms in the others keep their statistics."""
        if len(self.groups) < 2:
            raise ValueError("the model is one layer group: freezing would leave nothing to train; give groups=[...]")
        self._train_last(1)

    def unfreeze(self, batch_norm: bool = True) -> None:
        """Train all layer groups.

        Args:
            batch_norm: False leaves out all batch norms: neither their weights nor their statistics change from here
                on, until `freeze` or `unfreeze` is called again. It is meant for data like those that a pretrained
                network has its statistics from, or for batches too small to have good ones.
        """
        self._train_last(len(self.groups), batch_norm)

    def _train_last(self, groups: int, batch_norm: bool = True) -> None:
        """Train so many of the layer groups, from the last, with their batch norms or without."""
        self.batch_norm = batch_norm
        for i, group in enumerate(self.groups, groups - len(self.groups)):
            group.requires_grad_(i >= 0)
        if not batch_norm:
            for part in filter(is_batch_norm, self.model.modules()):
                part.requires_grad_(False)


@in_words
def load(path: Path | str, *, trust: Sequence[type] = (), device: str | torch.device | None = None) -> Learner:
    """The learner that `learn.export` wrote, without its data: it predicts as it did, in any process, on any machine.

    Nothing in the file is run: it holds numbers, and the names of classes. Those of torch.nn, torchvision and coursekit
    are made without being called; any other is refused by name. So a file from a stranger may be loaded.

    Args:
        path: of the file.
        trust: classes beside those, such as an `nn.Module` of your own that the model has.
        device: where to compute; None takes the best device here.

    Returns:
        A learner of the same type. To train or validate, give it data: `learn.use(data)`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, was written by `save`, or asks for a class that is not known.
    """
    if wrong := [thing for thing in trust if not hasattr(thing, "__qualname__")]:
        raise ValueError(f"trust is a list of classes, such as [MyModel]; it holds {wrong[0]!r:.60}")
    bare = load_objects(path, trust)
    if not isinstance(bare, Learner):
        raise ValueError(f"{path} holds a {type(bare).__name__}, and no learner: learn.export(path) writes one")
    data, target_type = bare.data, bare.data.target_type
    data.device = data.train.device = data.valid.device = best_device(device)
    loss_fn = bare.loss_fn or (target_type or Numbers()).loss_fn
    batch_norm = bare.batch_norm
    bare.__init__(data, bare.model, loss_fn, groups=bare.groups, channels_last=bare.channels_last)
    bare.batch_norm = batch_norm
    return bare


def with_learner_options(make: Callable) -> Callable:
    """A function that makes a learner, its `**options` spelt out in its signature: those of `Learner`.

    A ValueError of it says where it is given another learner's data.
    """

    @wraps(make)
    def checked(data: Loaders, *args: object, **options: object) -> Learner:
        if not isinstance(data, needed := make.__annotations__["data"]):
            raise ValueError(f"{make.__name__} learns from {needed.__name__}; found {type(data).__name__}")
        return make(data, *args, **options)

    own = dict(signature(make).parameters)
    own.pop("options")
    passed_on = list(signature(Learner).parameters.values())[2:]  # after data and model
    more = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in passed_on if p.name not in own]
    checked.__signature__ = signature(make).replace(parameters=[*own.values(), *more])
    return checked


def check_parts(loss_fn: object, optimizer_fn: object) -> None:
    """Raise a ValueError if the loss is none, or no mean, or the optimizer is no function of parameter groups."""
    options = getattr(loss_fn, "keywords", getattr(loss_fn, "__dict__", {}))
    if not callable(loss_fn) or isinstance(loss_fn, type) or (options.get("reduction") or "mean") != "mean":
        needed = "a function (outputs, targets) -> mean over the batch; nn.CrossEntropyLoss(), say, not its class"
        raise ValueError(f"loss_fn must be {needed}; found {loss_fn!r:.100}, reduction={options.get('reduction')!r}")
    if not callable(optimizer_fn):
        needed = "optimizer_fn is called with parameter groups: give torch.optim.AdamW"
        raise ValueError(f"{needed}; found {optimizer_fn!r:.60}")


class CompiledStep:
    """A training batch's outputs and loss through `torch.compile`, and so its gradients.

    It gives None where the plain way is due: for a fit's first batch, in which labels are checked and lazy parameters
    made; for batches of another shape, such as an epoch's odd last one, which would be compiled anew; and once the
    trial has failed.
    """

    def __init__(self, device: torch.device) -> None:
        self.graphs = device.type == "cuda"  # replayed as a whole: what comes out lies in memory that is used again
        options = {"fallback_random": True} | ({"triton.cudagraphs": True} if self.graphs else {})
        self.step = torch.compile(outputs_and_loss, dynamic=False, options=options)
        self.shapes: list[torch.Size] | None = None
        self.tried = self.failed = False

    def __call__(self, learn: Learner, inputs: Sequence[Tensor], targets: Tensor) -> tuple[Tensor, Tensor] | None:
        """The outputs, without gradient, and the loss; or None."""
        shapes = [part.shape for part in (*inputs, targets)]
        self.shapes = self.shapes or shapes
        if learn.step == 0 or shapes != self.shapes or learn.weight is not None or self.failed:
            return None
        if not self.tried:
            self.tried, self.failed = True, not self._agrees(learn, inputs, targets)
            learn.optimizer.zero_grad()  # of what the trial left, be it broken off halfway
            return self(learn, inputs, targets)
        torch.compiler.cudagraph_mark_step_begin()
        outputs, loss = self.step(learn.model, learn.loss_fn, inputs, targets)
        return (outputs.clone(), loss.clone()) if self.graphs else (outputs, loss)

    def _agrees(self, learn: Learner, inputs: Sequence[Tensor], targets: Tensor) -> bool:
        """Whether it gives the loss and the gradients that the plain way gives; afterwards all is as before."""
        expected = self._trial(outputs_and_loss, learn, inputs, targets)
        try:
            found = self._trial(self.step, learn, inputs, targets)
        except Exception as error:  # whatever a compiler may say of somebody's model and machine
            reason = f"torch.compile failed with {type(error).__name__}: {' '.join(str(error).split()):.200}"
        else:
            if torch.linalg.vector_norm(found - expected) <= 0.02 * torch.linalg.vector_norm(expected) + 1e-6:
                return True
            reason = "torch.compile gives another loss or other gradients"
        warnings.warn(f"compile=True has no effect in this fit, which goes the plain way: {reason}", stacklevel=5)
        return False

    def _trial(self, step: Callable, learn: Learner, inputs: Sequence[Tensor], targets: Tensor) -> Tensor:
        """The loss and all gradients, in one row."""
        with learn.model_kept(), learn.randomness_kept():
            train_mode(learn.model, learn.batch_norm)
            learn.optimizer.zero_grad()
            _, loss = step(learn.model, learn.loss_fn, inputs, targets)
            loss.backward()
            gradients = [p.grad.flatten().float() for p in learn.model.parameters() if p.grad is not None]
            return torch.cat([loss.detach()[None].float(), *gradients])


def outputs_and_loss(
    model: nn.Module, loss_fn: Loss, inputs: Sequence[Tensor], targets: Tensor
) -> tuple[Tensor, Tensor]:
    """The outputs, without gradient, and the loss."""
    outputs = model(*inputs)
    return outputs.detach(), loss_fn(outputs, targets)


# Layer groups: the parts of a model that may learn at different rates, or not at all


def default_groups(model: nn.Module) -> list[nn.Module]:
    """The children of an `nn.Sequential` that have parameters; any other model is one group."""
    parts = model if isinstance(model, nn.Sequential) and not list(model.parameters(recurse=False)) else []
    return [part for part in parts if list(part.parameters())] or [model]


def parameter_groups(model: nn.Module, groups: Sequence[nn.Module], lr: LearningRate) -> list[dict]:
    """What a `torch.optim` optimizer takes: the trained parameters with their learning rates, kept as `max_lr` as well.

    Neighbouring layer groups with the same learning rate become one: a step over few groups is faster. A parameter that
    two groups share counts for the first.

    Raises:
        ValueError: all parameters are frozen, or one belongs to no group.

    Built in lesson 09.
    """
    merged: list[dict] = []
    seen: set[nn.Parameter] = set()
    for group, top in zip(groups, spread(lr, len(groups)), strict=True):
        trained = [p for p in group.parameters() if p.requires_grad and p not in seen]
        seen.update(trained)
        if merged and merged[-1]["max_lr"] == top:
            merged[-1]["params"] += trained
        elif trained:
            merged.append({"params": trained, "lr": top, "max_lr": top})
    if outside := [name for name, p in model.named_parameters() if p.requires_grad and p not in seen]:
        raise ValueError(f"{outside[0]!r} is in none of the layer groups, so it would not be trained: add it to one")
    if not merged:
        raise ValueError("every parameter is frozen: there is nothing to train; call unfreeze() or freeze()")
    return merged


def fused(make: Callable[..., torch.optim.Optimizer], model: nn.Module, groups: list[dict]) -> torch.optim.Optimizer:
    """The optimizer; where PyTorch has it and nobody said otherwise, with the whole step of all parameters at once.

    That is the same arithmetic in fewer passes over memory, and rounds differently in the last digits.
    """
    try:
        options = signature(make).parameters
    except ValueError:  # of what is written in C
        options = {}
    open_question = all(name in options and options[name].default is None for name in ("fused", "foreach"))
    if open_question and not any(getattr(part, "sparse", False) for part in model.modules()):
        try:
            return make([dict(group) for group in groups], fused=True)  # it changes what it is given
        except RuntimeError:  # not for this device, this dtype, or beside another option
            pass
    return make(groups)


def spread(lr: LearningRate, groups: int) -> list[float]:
    """One learning rate for each layer group: the same, or from a first to a last by equal factors."""
    given = lr.suggestion if isinstance(lr, LRFinder) else lr
    if isinstance(lr, LRFinder) and given is None:
        raise ValueError(f"{lr}: look at its plot(), and give a learning rate")
    given = (given.start, given.stop) if isinstance(given, slice) else given
    pair = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
    if len(pair) != 2 or not all(isinstance(r, Real) and math.isfinite(r) and r > 0 for r in pair):
        raise ValueError(f"a learning rate is a positive number, or a pair or slice of them; found {lr}")
    first, last = map(float, pair)
    return [last if groups == 1 else first * (last / first) ** (i / (groups - 1)) for i in range(groups)]


def is_batch_norm(module: nn.Module) -> bool:
    """Whether it normalizes by the batch, and keeps statistics of the batches that it saw."""
    return isinstance(module, _BatchNorm)


def train_mode(model: nn.Module, batch_norm: bool = True) -> None:
    """Training mode, but batch norms in frozen parts keep their statistics; all of them without `batch_norm`."""
    model.train()
    for part in model.modules():
        parameters = list(part.parameters())
        if not batch_norm or parameters and not any(p.requires_grad for p in parameters):
            for module in filter(is_batch_norm, part.modules()):
                module.eval()


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Inside it the model starts in evaluation mode; afterwards each of its parts is in the mode it was in."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


@contextmanager
def explained(train: Loader) -> Iterator[None]:
    """Inside it, say in our words what PyTorch says of inputs of another dtype, and of a training batch of one."""
    try:
        yield
    except (RuntimeError, IndexError) as error:
        if isinstance(error, IndexError) and "out of range in self" in str(error):
            raise ValueError("the inputs hold a number that the model's nn.Embedding has no row for") from error
        if not re.search("dtype|(scalar|output) type|be the same|_c(uda|pu).* not implemented for", str(error)):
            raise
        advice = "convert the inputs (or targets), most often with .float() or .astype('float32')"
        raise ValueError(f"inputs and model differ in their dtype ({error}): {advice}") from error
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        found = f"there are {train.samples} samples in batches of {train.batch_size}"
        advice = f"{found}; choose a larger batch_size, or give more samples"
        raise ValueError(f"a training batch held one sample, and batch norm needs several: {advice}") from error


# Looking


@dataclass
class LRFinder:
    """What `Learner.lr_find` saw: the loss after each batch while the learning rate grew.

    Attributes:
        lrs: learning rates tried, in increasing order.
        losses: the training loss at each.
        smoothed: the losses averaged over their recent past, heaviest on the latest.

    Built in lesson 09.
    """

    lrs: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    smoothed: list[float] = field(default_factory=list)
    _average: float = 0.0

    def add(self, lr: float, loss: float) -> bool:
        """Record one batch; True when the loss has blown up and the search should stop."""
        if not math.isfinite(loss):
            return True
        self.lrs.append(lr)
        self.losses.append(loss)
        self._average = 0.8 * self._average + 0.2 * loss
        self.smoothed.append(self._average / (1 - 0.8 ** len(self.losses)))
        return self.smoothed[-1] > 4 * min(self.smoothed) and len(self.losses) > 5

    @property
    def suggestion(self) -> float | None:
        """Where the smoothed loss falls fastest, a good `max_lr` for `fit_one_cycle`; None if there is no clear fall.

        The first tenth of the batches is left out: there the average rests on few. The fall to the lowest point is
        clear if it exceeds twice the noise of a loss, which is what neighbouring losses differ by (the root of half
        their mean squared difference). It is fastest where the next tenth of the batches brings it down most.
        """
        smoothed, tenth = self.smoothed, max(len(self.smoothed) // 10, 1)
        if len(smoothed) < 3:
            return None
        lowest = min(range(tenth, len(smoothed)), key=smoothed.__getitem__)
        steps = [b - a for a, b in zip(self.losses[:lowest], self.losses[1 : lowest + 1], strict=True)]
        noise = math.sqrt(sum(step**2 for step in steps) / len(steps) / 2)
        if smoothed[tenth] - smoothed[lowest] <= 2 * noise + 1e-6 * abs(smoothed[lowest]):  # rounding is no fall
            return None
        falls = [smoothed[i] - smoothed[min(i + tenth, lowest)] for i in range(tenth, lowest)]
        return self.lrs[tenth + falls.index(max(falls))]

    def plot(self) -> None:
        """Draw the loss against the learning rate, with the suggestion marked."""
        from .plots import plot_lr_find

        plot_lr_find(self.lrs, self.losses, self.smoothed, self.suggestion)

    def __repr__(self) -> str:
        """The suggestion and the range that was tried."""
        if not self.lrs:
            return "LRFinder(nothing tried yet)"
        tried = f"from {self.lrs[0]:.0e} to {self.lrs[-1]:.0e} in {len(self.lrs)} batches"
        found = "no clear fall" if self.suggestion is None else f"suggestion={self.suggestion:.1e}"
        return f"LRFinder({found}, {tried})"


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """How many numbers a model has to learn, and how many of them are not frozen."""
    numbers = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, _ in numbers), sum(n for n, trained in numbers if trained)


class Summary:
    """One row for each layer that is used: name, type, output shape (batch axis first), parameters of its own.

    The parameters of the rows add up to the total: a part that has some beside its layers' has a row, too, and those
    that several layers share count once.

    Attributes:
        rows: (name, type, output shape, parameters, whether they are trained).
        total, trained: numbers of parameters.

    Built in lesson 02.
    """

    def __init__(self, model: nn.Module, inputs: list[Tensor]) -> None:
        self.total, self.trained = count_parameters(model)
        self.rows: list[tuple[str, str, tuple[int, ...], int, bool]] = []
        names = {part: name or "(model)" for name, part in model.named_modules()}
        parts = [part for part in names if not list(part.children()) or list(part.parameters(recurse=False))]
        shapes: dict[nn.Module, tuple[int, ...]] = {}

        def note(part: nn.Module, inputs: object, output: object) -> None:
            shapes[part] = tuple(output.shape) if isinstance(output, Tensor) else ()

        with ExitStack() as hooks, evaluating(model), torch.inference_mode():
            for part in parts:
                hooks.enter_context(part.register_forward_hook(note))
            model(*inputs)
        unused = [part for part in parts if part not in shapes and list(part.parameters())]
        counted: set[nn.Parameter] = set()
        for part in [*shapes, *unused]:
            own = [p for p in part.parameters(recurse=False) if p not in counted]
            counted.update(own)
            trained, count = any(p.requires_grad for p in own), sum(p.numel() for p in own)
            self.rows.append((names[part], type(part).__name__, shapes.get(part, ()), count, trained))

    def __repr__(self) -> str:
        """The table."""
        cells = [("layer", "type", "output shape", "parameters", "trained")]
        for name, kind, shape, count, trained in self.rows:
            learns = ("yes" if trained else "no") if count else ""
            cells.append((name, kind, " × ".join(map(str, shape)), f"{count:,}", learns))
        a, b, c, d, _ = (max(len(row[i]) for row in cells) for i in range(5))
        lines = [f"{r[0]:<{a}}  {r[1]:<{b}}  {r[2]:>{c}}  {r[3]:>{d}}  {r[4]}".rstrip() for r in cells]
        rule = "-" * max(map(len, lines))
        total = f"{self.total:,} parameters, {self.trained:,} of them trained"
        return "\n".join([lines[0], rule, *lines[1:], rule, total])
