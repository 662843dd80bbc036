"""Batches: of tensors by one index operation, of any `torch` Dataset through PyTorch's `DataLoader`.

A batch is a tuple whose last entry is the target and whose others are the model's inputs, all on the device.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, RandomSampler, SequentialSampler, TensorDataset

from .devices import device as choose_device
from .devices import fits


class TensorLoader:
    """Batches from tensors in memory: one index operation a batch, on the device once where they fit.

    Args:
        tensors: the inputs and, last, the targets; all with the same first length n > 0.
        batch_size: rows in a batch. The last batch holds what is left; a size beyond n gives one batch of all rows.
        shuffle: draw a new order for each epoch, from PyTorch's global random generator. If one row is left then, it
            joins the batch before it: batch norm cannot train on a row alone.
        device: where the batches are to be.

    Raises:
        ValueError: no rows, tensors of different lengths, or a batch size below 1.

    Built in lesson 09.
    """

    def __init__(
        self, tensors: Sequence[Tensor], batch_size: int, shuffle: bool = False, device: torch.device | None = None
    ) -> None:
        tensors = tuple(torch.as_tensor(tensor) for tensor in tensors)
        if len({tensor.shape[:1] for tensor in tensors}) != 1 or tensors[0].dim() == 0:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors) or "nothing"
            raise ValueError(f"inputs and targets must have the same number of rows; found the shapes {shapes}")
        rows = len(tensors[0])
        _check_sizes(rows, batch_size)
        self.device = choose_device(device)
        self.resident = fits(tensors, self.device)
        self.tensors = tuple(tensor.to(self.device) for tensor in tensors) if self.resident else _pinned(tensors)
        self.rows, self.batch_size, self.shuffle = rows, batch_size, shuffle
        self.sizes = _batch_sizes(rows, batch_size, shuffle)

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.sizes)

    def in_order(self) -> "TensorLoader":
        """The same rows in their own order."""
        return TensorLoader(self.tensors, self.batch_size, device=self.device) if self.shuffle else self

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """One epoch of batches."""
        if not self.shuffle:
            return self._in_order()
        order = torch.randperm(self.rows)
        return self._indexed(order.to(self.tensors[0].device))

    def _in_order(self) -> Iterator[tuple[Tensor, ...]]:
        for batch in zip(*(tensor.split(self.batch_size) for tensor in self.tensors), strict=True):
            yield tuple(part.clone() for part in batch) if self.resident else _to_device(batch, self.device)

    def _indexed(self, order: Tensor) -> Iterator[tuple[Tensor, ...]]:
        for rows in order.split(self.sizes):
            batch = tuple(tensor[rows] for tensor in self.tensors)
            yield batch if self.resident else _to_device(batch, self.device)


class DatasetLoader:
    """Batches from any `torch` Dataset, made by PyTorch's `DataLoader` and moved to the device.

    Args:
        dataset: gives (inputs..., target) for an index, and has a length.
        batch_size: items in a batch; a size beyond the data gives one batch of all items.
        shuffle: draw a new order for each epoch; a lone last item joins the batch before it, as in `TensorLoader`.
        device: where the batches are to be.
        workers: processes that load items; 0 loads them in this one.

    Raises:
        ValueError: an empty data set, or a batch size below 1.

    Built in lesson 04.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        shuffle: bool = False,
        device: torch.device | None = None,
        workers: int = 0,
    ) -> None:
        _check_sizes(len(dataset), batch_size)
        self.device = choose_device(device)
        self.dataset, self.rows, self.batch_size, self.shuffle = dataset, len(dataset), batch_size, shuffle
        sampler = RandomSampler(dataset) if shuffle else SequentialSampler(dataset)
        self.loader = DataLoader(
            dataset,
            batch_sampler=_Batches(sampler, _batch_sizes(self.rows, batch_size, shuffle)),
            num_workers=workers,
            pin_memory=self.device.type == "cuda",
            persistent_workers=workers > 0,
        )

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.loader)

    def in_order(self) -> "DatasetLoader":
        """The same items in their own order."""
        workers = self.loader.num_workers
        return DatasetLoader(self.dataset, self.batch_size, False, self.device, workers) if self.shuffle else self

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """One epoch of batches."""
        return (_to_device(batch, self.device) for batch in self.loader)


class _Batches:
    """A sampler's numbers in batches of these sizes, for PyTorch's `DataLoader`."""

    def __init__(self, sampler: Iterable[int], sizes: Sequence[int]) -> None:
        self.sampler, self.sizes = sampler, sizes

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        return (list(islice(numbers, size)) for size in self.sizes)


Loader = TensorLoader | DatasetLoader
Source = Sequence[Tensor] | Dataset


class Loaders:
    """Training batches (`train`, shuffled) and validation batches (`valid`, in order, or None).

    Args:
        train: a tuple of tensors (inputs..., targets), or a `torch` Dataset.
        valid: held-out data of the same kind, or None.
        batch_size: rows in a training batch (a lone last row joins the batch before it); validation, which keeps no
            gradients, uses twice as many.
        device: where to compute; None takes the best device here.
        workers: processes that load items of a Dataset.

    Example:
        >>> data = Loaders((torch.rand(10, 3), torch.arange(10)), batch_size=4)
        >>> [len(target) for _, target in data.train]
        [4, 4, 2]

    Used in lesson 02.
    """

    def __init__(
        self,
        train: Source,
        valid: Source | None = None,
        *,
        batch_size: int = 64,
        device: str | torch.device | None = None,
        workers: int = 0,
    ) -> None:
        self.device = choose_device(device)
        self.train = _loader(train, batch_size, True, self.device, workers)
        self.valid = None if valid is None else _loader(valid, 2 * batch_size, False, self.device, workers)

    def __repr__(self) -> str:
        """Rows and batches of both parts."""
        valid = f"{self.valid.rows} held-out rows" if self.valid else "nothing held out"
        return f"Loaders({self.train.rows} rows in {len(self.train)} batches, {valid}, on {self.device})"


def _loader(source: Source, batch_size: int, shuffle: bool, device: torch.device, workers: int) -> Loader:
    if isinstance(source, TensorDataset):
        source = source.tensors
    if isinstance(source, (tuple, list)):
        return TensorLoader(source, batch_size, shuffle, device)
    return DatasetLoader(source, batch_size, shuffle, device, workers)


def _check_sizes(rows: int, batch_size: int) -> None:
    if rows == 0:
        raise ValueError("the data set is empty: there is nothing to make batches of")
    if batch_size < 1:
        raise ValueError(f"a batch needs at least one row; the batch size is {batch_size}")


def _batch_sizes(rows: int, batch_size: int, shuffle: bool) -> list[int]:
    """How many rows each batch has; of shuffled ones no last one has a single row, if there is another."""
    whole, left = divmod(rows, batch_size)
    if shuffle and left == 1 and whole:
        return [batch_size] * (whole - 1) + [batch_size + 1]
    return [batch_size] * whole + [left] * (left > 0)


def _pinned(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Page-locked copies, which a GPU can fetch while it computes."""
    return tuple(tensor if tensor.is_cuda else tensor.pin_memory() for tensor in tensors)


def _to_device(batch: Sequence[Tensor], device: torch.device) -> tuple[Tensor, ...]:
    return tuple(tensor.to(device, non_blocking=True) for tensor in batch)
