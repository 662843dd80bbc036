"""Batches: of tensors by one index operation, of any `torch` Dataset through PyTorch's `DataLoader`.

A batch is a tuple whose last entry is the target and whose others are the model's inputs, all on the device.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from .arguments import in_words
from .storage import ON_PURPOSE
from .targets import Numbers, Prediction, TargetType


@in_words
def device(name: str | torch.device | None = None) -> torch.device:
    """The device called `name`, or the best one here: an NVIDIA (or AMD) GPU, else Apple's, else the CPU.

    Raises:
        ValueError: the device was asked for by name and this machine has none.

    Built in lesson 09.
    """
    ready = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    chosen = torch.device(next(kind for kind in ready if ready[kind]) if name is None else name)
    if not ready.get(chosen.type, True):
        raise ValueError(f"this machine has no {chosen.type!r} device that PyTorch can use; leave the device out")
    return chosen


@runtime_checkable
class Loader(Protocol):
    """What a learner asks of batches, whatever they are made of.

    Attributes:
        samples: how many targets an epoch has.
        batch_size: samples in a batch; the last may have fewer.
        device: where the batches are.
    """

    samples: int
    batch_size: int
    device: torch.device

    def __len__(self) -> int:
        """The number of batches."""

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """One epoch of batches: the model's inputs, and last the targets."""

    def in_order(self) -> "Loader":
        """The same samples in their own order, as they are."""


class TensorLoader:
    """Batches from tensors in memory: one index operation a batch, on the device once where they fit.

    Args:
        tensors: the inputs and, last, the targets; all with the same first length n > 0.
        batch_size: samples in a batch. The last batch holds what is left; a size beyond n gives one batch of all.
        shuffle: draw a new order for each epoch, from PyTorch's global random generator. If one sample is left then,
            it joins the batch before it: batch norm cannot train on a sample alone.
        device: where the batches are to be.

    Raises:
        ValueError: no samples, tensors of different lengths, or a batch size below 1.

    Built in lesson 09.
    """

    def __init__(
        self, tensors: Sequence[Tensor], batch_size: int, shuffle: bool = False, device: torch.device | None = None
    ) -> None:
        tensors = tuple(to_tensor(tensor, "inputs and targets") for tensor in tensors)
        if len({tensor.shape[:1] for tensor in tensors}) != 1 or tensors[0].dim() == 0:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors) or "nothing"
            raise ValueError(f"inputs and targets must have the same number of samples; found the shapes {shapes}")
        self.samples, self.batch_size, self.shuffle = len(tensors[0]), batch_size, shuffle
        if self.samples == 0:
            raise ValueError("the data set is empty: there is nothing to make batches of")
        if not isinstance(batch_size, Integral) or batch_size < 1:
            raise ValueError(f"a batch needs at least one sample; the batch size is {batch_size!r}")
        whole, left = divmod(self.samples, batch_size)
        self.sizes = [batch_size] * whole + [left] * (left > 0)
        if shuffle and left == 1 and whole:
            self.sizes[-2:] = [batch_size + 1]
        self.device = _device(device)
        self.resident = True  # the CPU holds them already, and Apple's GPU shares its memory
        if self.device.type == "cuda":  # there they may take half of what is free
            self.resident = sum(tensor.nbytes for tensor in tensors) <= torch.cuda.mem_get_info(self.device)[0] // 2
        if self.resident:
            self.tensors = tuple(tensor.to(self.device) for tensor in tensors)
        else:  # in page-locked memory, from which a GPU can fetch while it computes
            self.tensors = tuple(tensor if tensor.is_cuda else tensor.pin_memory() for tensor in tensors)
        self.targets = self.tensors[-1]

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.sizes)

    def in_order(self) -> "TensorLoader":
        """The same samples in their own order."""
        return like(self, TensorLoader(self.tensors, self.batch_size, device=self.device)) if self.shuffle else self

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """One epoch of batches."""
        if self.shuffle:
            order = torch.randperm(self.samples).to(self.tensors[0].device)
            parts = order.split(self.sizes)  # index_select: half the time of tensor[rows] or less
            batches = (tuple(tensor.index_select(0, rows) for tensor in self.tensors) for rows in parts)
        else:
            batches = zip(*(tensor.split(self.batch_size) for tensor in self.tensors), strict=True)
        if not self.resident:
            return (_to_device(batch, self.device) for batch in batches)
        return batches if self.shuffle else (tuple(part.clone() for part in batch) for batch in batches)


class DatasetLoader:
    """Batches from any `torch` Dataset, made by PyTorch's `DataLoader` and moved to the device.

    Args:
        dataset: gives (inputs..., target) for an index, and has a length.
        batch_size: samples in a batch; a size beyond the data gives one batch of all.
        shuffle: draw a new order for each epoch; a lone last sample joins the batch before it, as in `TensorLoader`.
        device: where the batches are to be.
        workers: processes that load samples; 0 loads them in this one.

    Raises:
        ValueError: an empty data set, or a batch size below 1.

    Built in lesson 04.
    """

    def __init__(
        self, dataset: Dataset, batch_size: int, shuffle: bool = False, device: torch.device | None = None,
        workers: int = 0,
    ) -> None:  # fmt: skip
        self.dataset, self.samples, self.batch_size, self.shuffle = dataset, len(dataset), batch_size, shuffle
        self.device = _device(device)
        indices = _Indices([torch.arange(self.samples)], batch_size, shuffle, torch.device("cpu"))
        indices.seeds, dataset = workers > 0, _Seeded(dataset) if workers else dataset
        options = {"pin_memory": self.device.type == "cuda", "persistent_workers": workers > 0, "num_workers": workers}
        generator = torch.Generator().manual_seed(torch.initial_seed() % 2**63)  # looking draws nothing elsewhere
        self.loader = DataLoader(dataset, batch_sampler=indices, generator=generator, **options)

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.loader)

    def in_order(self) -> "DatasetLoader":
        """The same samples in their own order."""
        options = self.batch_size, False, self.device, self.loader.num_workers
        return like(self, DatasetLoader(self.dataset, *options)) if self.shuffle else self

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """One epoch of batches."""
        return (_to_device(batch, self.device) for batch in self.loader)


def like(loader: Loader, made: Loader) -> Loader:
    """The new loader, which stands for the same as another: classes and so on, where that was said."""
    if hasattr(loader, "config"):
        made.config = loader.config
    return made


class _Indices(TensorLoader):
    """The indices of each batch of an epoch, for PyTorch's `DataLoader`; drawn as `TensorLoader` draws them.

    Where other processes load the samples, a batch's seed comes first. It follows from the state of PyTorch's global
    generator, from which nothing is drawn: the same seed trains the same, whoever looked at the data before.
    """

    def __iter__(self) -> Iterator[list[int]]:
        state = hashlib.sha256(torch.get_rng_state().numpy()).digest()
        for number, (indices,) in enumerate(super().__iter__()):  # drawn once, however often PyTorch asks
            yield [int.from_bytes(state[:4], "big") + number] * self.seeds + indices.tolist()


class _Seeded(Dataset):
    """A data set in another process, which draws its random numbers from the seed of each batch."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitems__(self, keys: list[int]) -> list:
        seed, *indices = keys
        for use in (torch.manual_seed, random.seed, lambda seed: np.random.seed(seed % 2**32)):
            use(seed)
        whole = getattr(self.dataset, "__getitems__", None)
        return whole(indices) if whole else [self.dataset[index] for index in indices]


@dataclass
class NoSamples:
    """What stands where batches were: in the data of a learner that was loaded without them (see `ck.load`)."""

    batch_size: int
    shapes: list[tuple[int, ...]]
    device: torch.device | None = None
    samples: int = 0

    def __len__(self) -> int:
        """None."""
        return 0

    def in_order(self) -> "NoSamples":
        """The same."""
        return self

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Say that there are none."""
        raise ValueError("this learner was loaded without data: give it some by learn.use(data), or say which loader")


class Loaders:
    """Training batches (`train`, shuffled) and validation batches (`valid`, in order, or None).

    Args:
        train: a tuple of tensors (inputs..., targets), a `torch` Dataset, or a `Loader`.
        valid: held-out data of the same type, or None.
        batch_size: samples in a training batch (a lone last one joins the batch before it); validation, which keeps no
            gradients, uses twice as many.
        device: where to compute; None takes the best device here.
        workers: processes that load samples of a Dataset.
        target_type: what the targets are, see `coursekit.targets`; None where they are only tensors.

    Attributes:
        advice: what to do where a saved model was made for other classes, columns, words ...

    Example:
        >>> data = Loaders((torch.rand(10, 3), torch.arange(10)), batch_size=4)
        >>> [len(target) for _, target in data.train]
        [4, 4, 2]

    Used in lesson 02.
    """

    advice: ClassVar[str] = ON_PURPOSE
    of_samples: ClassVar[tuple[str, ...]] = ("device",)  # what `without_samples` leaves behind

    def __init__(
        self, train: "Source", valid: "Source | None" = None, *, batch_size: int = 64,
        device: str | torch.device | None = None, workers: int = 0, target_type: TargetType | None = None,
    ) -> None:  # fmt: skip
        self.device, self.target_type = _device(device), target_type
        self.train = _loader(train, batch_size, True, self.device, workers)
        self.valid = None if valid is None else _loader(valid, 2 * batch_size, False, self.device, workers)
        for part in (self.train, self.valid):
            if part is not None and not hasattr(part, "config"):
                part.config = self.config  # so that a learner of other data can tell

    def __repr__(self) -> str:
        """Samples and batches of both parts."""
        valid = f"{self.valid.samples} held-out samples" if self.valid else "nothing held out"
        batches = f"{self.train.samples} samples in {len(self.train)} batches"
        return f"{type(self).__name__}({', '.join([batches, valid, *self.described(), f'on {self.device}'])})"

    def described(self) -> list[str]:
        """What else there is to say of the data, in a few words each."""
        names = self.target_type.names if self.target_type else ()
        return [f"{len(names)} classes"] if names else []

    def encode(self, x: object) -> tuple[list[tuple[Tensor, ...]], bool]:
        """What a person gives to be predicted, as batches of the model's inputs; and whether it was one sample alone.

        Here tensors (or arrays) are given, shaped as one sample of the training data or as several; other loaders take
        what their data are made of.

        Raises:
            ValueError: another shape.
        """
        parts = [to_tensor(part, "a sample") for part in (x if isinstance(x, tuple) else (x,))]
        shapes = self._shapes()
        single = [tuple(part.shape) for part in parts] == shapes
        if not single and [tuple(part.shape[1:]) for part in parts] != shapes:
            found = ", ".join(str(tuple(part.shape)) for part in parts)
            raise ValueError(f"a sample has the shapes {shapes}, several have one axis more; found {found}")
        parts = [part[None] if single else part for part in parts]
        if len({len(part) for part in parts}) > 1:
            found = ", ".join(str(len(part)) for part in parts)
            raise ValueError(f"inputs must have the same number of samples; found {found}")
        batches = zip(*(part.split(2 * self.train.batch_size) for part in parts), strict=True)
        return [_to_device(batch, self.device) for batch in batches], single

    def _shapes(self) -> list[tuple[int, ...]]:
        """Of each input of one sample."""
        if isinstance(self.train, NoSamples):
            return self.train.shapes
        *inputs, _ = next(iter(self.train.in_order()))
        return [tuple(part.shape[1:]) for part in inputs]

    def further(self, inputs: Sequence[Tensor], targets: Tensor | None, ids: Sequence) -> TensorLoader:
        """Batches, in order, of further samples; without targets they are zeros, and nothing is compared with them.

        Args:
            inputs: prepared as the model takes them.
            targets: as in training, or None.
            ids: of the samples, for `Learner.prediction_table`.
        """
        known = torch.zeros(len(ids), 1) if targets is None else targets
        loader = TensorLoader((*inputs, known), 2 * self.train.batch_size, device=self.device)
        loader.labelled, loader.ids = targets is not None, ids
        return loader

    def without_samples(self) -> "Loaders":
        """What prepares inputs and names outputs, without any sample: all that a model needs to be used elsewhere."""
        bare = copy(self)
        vars(bare).update(dict.fromkeys(self.of_samples))
        bare.train, bare.valid = (NoSamples(times * self.train.batch_size, self._shapes()) for times in (1, 2))
        return bare

    def results(self, inputs: list[tuple[Tensor, ...]], targets: Tensor, predictions: list[Prediction]) -> object:
        """What `Learner.show_results` gives: a table, a row a sample (see `input_columns`); loaders of images draw it.

        A column of the inputs that is called as one of the results gets a space after its name.

        Args:
            inputs: of each sample the model's inputs, without the batch axis, on the CPU.
            targets: (n, ...), on the CPU.
            predictions: of each sample; coordinates and masks at the inputs' size.
        """
        import pandas as pd

        target_type = self.target_type or Numbers()
        true, said = [target_type.text(target) for target in targets], [p.label for p in predictions]
        if isinstance(target_type, Numbers) and targets.dim() == 2 == 1 + targets.shape[1]:  # one number each
            true, said = targets[:, 0].tolist(), [float(p.values) for p in predictions]
        table = {"target": true, "predicted": said}
        if all(p.values.dim() == 1 and p.label in p.names for p in predictions):
            table["probability"] = [float(p.values.max()) for p in predictions]
        rows = self.input_columns(inputs).items()
        return pd.DataFrame({f"{name} " if name in table else name: column for name, column in rows} | table)

    def input_columns(self, inputs: list[tuple[Tensor, ...]]) -> dict[object, Sequence]:
        """What went in, by the names that its columns have in `results`; none here, other loaders know their own."""
        return {}

    def config(self) -> dict[str, list]:
        """What the numbers stand for: the classes in their order; saved with a model, compared when it is loaded."""
        return {"classes": list(self.target_type.names)} if self.target_type else {}


Source = Sequence[Tensor] | Dataset | Loader
_device = device  # the arguments of this name hide the function


def _loader(source: Source, batch_size: int, shuffle: bool, device: torch.device, workers: int) -> Loader:
    if isinstance(source, Loader):
        return source
    source = source.tensors if isinstance(source, TensorDataset) else source
    is_dataset = isinstance(source, list) and isinstance(next(iter(source), None), tuple)
    if isinstance(source, (tuple, list)) and not is_dataset:  # as a list of pairs (input, target) is
        return TensorLoader(source, batch_size, shuffle, device)
    other = isinstance(source, (Tensor, str, dict)) or hasattr(source, "iloc")
    if other or not (hasattr(source, "__getitem__") and hasattr(source, "__len__")):
        needed = "a tuple of tensors (inputs..., targets), a Dataset with a length, or a Loader"
        raise ValueError(f"data must be {needed}; found {type(source).__name__}")
    return DatasetLoader(source, batch_size, shuffle, device, workers)


def _to_device(batch: Sequence[Tensor], device: torch.device) -> tuple[Tensor, ...]:
    if isinstance(batch, (tuple, list)) and batch and all(hasattr(part, "to") for part in batch):
        return tuple(tensor.to(device, non_blocking=True) for tensor in batch)
    found = [type(part).__name__ for part in batch] if isinstance(batch, (tuple, list)) else type(batch).__name__
    raise ValueError(f"a batch must be a tuple of tensors, the model's inputs and last the targets; found {found}")


def to_tensor(x: object, what: str) -> Tensor:
    """Numbers as a tensor; a ValueError that names `what` for anything else."""
    try:
        return torch.as_tensor(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{what} must be tensors, or arrays of numbers; found {type(x).__name__} ({error})") from error
