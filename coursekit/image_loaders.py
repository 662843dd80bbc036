"""Batches of pictures: read and brought to one size once, kept in memory where they fit, augmented by the batch."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import Dataset

from .augment import Augment
from .kinds import Categories, Kind, Masks, MultiLabels
from .loaders import DatasetLoader, Loader, Loaders, TensorLoader
from .pictures import Resize, Size, read_mask, read_picture

if TYPE_CHECKING:
    from .sources import ImageSource


class PictureDataset(Dataset):
    """Pictures and targets, one by one, read from disk and brought to one size.

    Args:
        files: the pictures' paths.
        labels: one for each file; None gives targets of 0, for pictures without labels.
        kind: what a label is.
        resize: brings picture and target to one size.
        channels: of the pictures.
    """

    def __init__(
        self, files: Sequence[Path], labels: Sequence | None, kind: Kind, resize: Resize, channels: int = 3
    ) -> None:
        self.files, self.labels, self.kind, self.resize, self.channels = list(files), labels, kind, resize, channels
        whole = isinstance(kind, (Categories, MultiLabels)) and labels is not None
        self.targets = kind.targets(labels) if whole else None

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        """The picture, uint8 (channels, rows, columns), and its target.

        Raises:
            ValueError: an unreadable picture, a mask that does not fit its picture or names, a point outside.
        """
        picture = read_picture(self.files[i], self.channels)
        if self.labels is None:
            return self.resize(picture), torch.tensor(0)
        if self.targets is not None:
            return self.resize(picture), self.targets[i]
        if isinstance(self.kind, Masks):
            return self._with_mask(i, picture)
        return self._with_points(i, picture)

    def _with_mask(self, i: int, picture: Tensor) -> tuple[Tensor, Tensor]:
        from torchvision import tv_tensors

        mask = read_mask(self.labels[i])
        if mask.shape != picture.shape[1:]:
            raise ValueError(
                f"the mask {self.labels[i]} has {mask.shape[0]} x {mask.shape[1]} pixels, and its picture "
                f"{self.files[i].name} {picture.shape[1]} x {picture.shape[2]}: both must have one size"
            )
        if (top := int(mask.max())) >= len(self.kind.names):
            raise ValueError(
                f"the mask {self.labels[i]} holds the class number {top}, and there are {len(self.kind.names)} names "
                f"(0 to {len(self.kind.names) - 1})"
            )
        picture, mask = self.resize(picture, tv_tensors.Mask(mask))
        return picture, mask.as_subclass(Tensor)

    def _with_points(self, i: int, picture: Tensor) -> tuple[Tensor, Tensor]:
        from torchvision import tv_tensors

        points = tv_tensors.KeyPoints(self.labels[i], canvas_size=picture.shape[-2:])
        resized, moved = self.resize(picture, points)
        rows, columns = resized.shape[-2:]
        scaled = 2 * moved.as_subclass(Tensor) / torch.tensor([columns, rows]) - 1
        before = 2 * self.labels[i] / torch.tensor([picture.shape[2], picture.shape[1]]) - 1
        if max(scaled.abs().max(), before.abs().max()) > 1 + 1e-5:
            raise ValueError(
                f"{self.files[i]} has the points {self.labels[i].tolist()} (x, y), and one lies outside of what is "
                f"left of the picture ({picture.shape[2]} wide, {picture.shape[1]} high, fit={self.resize.fit!r}): "
                "look at the points, or use fit='squish' or 'pad'"
            )
        return resized, scaled.flatten()

    def in_memory(self) -> tuple[Tensor, Tensor]:
        """All pictures, uint8 (n, channels, rows, columns), and all targets; read by several threads."""
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            pictures, targets = zip(*pool.map(self.__getitem__, range(len(self))), strict=True)
        return torch.stack(pictures), torch.stack(targets)


class PictureLoader:
    """Another loader's batches of uint8 pictures, as floats from 0 to 1, augmented on their device.

    Args:
        inner: gives batches of uint8 pictures and targets.
        kind: what the targets are.
        augment: changes each batch; None leaves it.
    """

    def __init__(self, inner: Loader, kind: Kind, augment: Augment | None = None) -> None:
        self.inner, self.kind, self.augment = inner, kind, augment
        self.rows, self.batch_size, self.device = inner.rows, inner.batch_size, inner.device

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.inner)

    def in_order(self) -> "PictureLoader":
        """The same pictures in their own order, as they are."""
        return PictureLoader(self.inner.in_order(), self.kind)

    def pictures(self, rows: Sequence[int]) -> Tensor:
        """The pictures of these row numbers, as they are, float (n, channels, rows, columns) on the CPU."""
        if isinstance(self.inner, TensorLoader):
            return self.inner.tensors[0][list(rows)].cpu() / 255
        return torch.stack([self.inner.dataset[i][0] for i in rows]) / 255

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of batches."""
        for pictures, targets in self.inner:
            batch = pictures.float() / 255
            targets = targets.long() if isinstance(self.kind, Masks) else targets
            yield self.augment(batch, targets, self.kind) if self.augment else (batch, targets)


class ImageLoaders(Loaders):
    """Training batches, augmented, and held-out batches, in order, of pictures of one size.

    Args:
        source: labelled and split.
        size: rows and columns in pixels, or one number for a square.
        augment: changes training batches at random; None: not at all.
        batch_size: pictures in a training batch, see `Loaders`; validation uses twice as many.
        fit: how pictures come to that size: `"squish"`, `"crop"` or `"pad"`, see `Resize`.
        memory: keep all pictures in memory as bytes; None: if they take no more than a third of what is free.
        workers: processes that read pictures which are not in memory; None: one fewer than the processors, at most 8.
        device: where to compute; None takes the best device here.

    Attributes:
        source, kind, size, channels, fit: of the pictures.

    Raises:
        ValueError: see `PictureDataset`; a picture that is not in memory is looked at when its batch is made.

    Built in lesson 04.
    """

    def __init__(
        self,
        source: "ImageSource",
        size: Size,
        *,
        augment: Augment | None = None,
        batch_size: int = 64,
        fit: str = "squish",
        memory: bool | None = None,
        workers: int | None = None,
        device: str | torch.device | None = None,
    ) -> None:
        self.resize = Resize(size, fit)
        self.source, self.kind, self.channels = source, source.kind, source.channels
        self.size, self.augment = self.resize.size, augment
        parts = [self._dataset(*source.part(held_out)) for held_out in (False, True)]
        self.memory = self._fits(len(source)) if memory is None else memory
        self.workers = 0 if self.memory else _workers(workers)
        super().__init__(
            *((part.in_memory() if self.memory else part) for part in parts),
            batch_size=batch_size, device=device, workers=self.workers,
        )  # fmt: skip
        self.train = PictureLoader(self.train, self.kind, augment)
        self.valid = PictureLoader(self.valid, self.kind)

    def _dataset(self, files: Sequence[Path], labels: Sequence | None) -> PictureDataset:
        return PictureDataset(files, labels, self.kind, self.resize, self.channels)

    def _fits(self, pictures: int) -> bool:
        import psutil

        bytes_each = self.size[0] * self.size[1] * (self.channels + isinstance(self.kind, Masks))
        return pictures * bytes_each <= psutil.virtual_memory().available / 3

    def unlabelled(self, files: Sequence[Path | str]) -> PictureLoader:
        """Batches, in order, of pictures without labels (the targets are zeros), prepared like the held-out ones.

        Used in lesson 04.
        """
        dataset = self._dataset([Path(file) for file in files], None)
        return PictureLoader(DatasetLoader(dataset, self.valid.batch_size, device=self.device), self.kind)

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each channel over (at most 1,000 of) the training pictures, on 0 to 1.

        Built in lesson 01.
        """
        rows = range(0, self.train.rows, max(1, self.train.rows // 1000))
        means = torch.zeros(2, self.channels, dtype=torch.float64)  # of the pixels, and of their squares
        for row in rows:
            pixels = self.train.pictures([row])[0].flatten(1).double()
            means += torch.stack([pixels.mean(1), pixels.square().mean(1)]) / len(rows)
        return means[0].float(), (means[1] - means[0].square()).clamp(min=0).sqrt().float()

    def show_batch(self, n: int = 8, columns: int = 4) -> None:
        """Draw the first pictures of a training batch with their labels, as the model gets them."""
        from .plots_pictures import show_batch

        show_batch(self, n, columns)


def _workers(asked: int | None) -> int:
    return max(0, min(8, (os.cpu_count() or 1) - 1)) if asked is None else asked
