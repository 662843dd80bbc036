"""Batches of images: read and brought to one size once, kept in memory where they fit, augmented by the batch."""

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils.data import Dataset, default_collate

from ..display import counted
from ..loaders import DatasetLoader, Loader, Loaders, TensorLoader
from ..targets import Prediction, TargetType
from .augment import Augment
from .cache import ImageCache
from .images import ImageLike, Resize, Size, read_image, read_mask, read_resized


class ImageDataset(Dataset):
    """Images and targets, one by one, read from disk and brought to one size.

    Args:
        files: the images' paths, or the images themselves, uint8 (channels, H, W).
        labels: one for each file; None gives targets of 0, for images without labels.
        target_type: what a label is.
        resize: brings image and target to one size.
        channels: of the images.
        cache: keeps on disk what was read, for the epochs to come; JPEGs are decoded smaller then, see `read_resized`,
            unless they have masks or keypoints.

    Attributes:
        targets: of all images; None for masks and keypoints, which depend on their images.
    """

    def __init__(
        self, files: Sequence[Path], labels: Sequence | None, target_type: TargetType, resize: Resize,
        channels: int = 3, cache: ImageCache | None = None,
    ) -> None:  # fmt: skip
        self.files, self.labels, self.resize, self.channels = list(files), labels, resize, channels
        self.cache = cache
        self.target_type, self.targets = target_type, torch.zeros(len(self.files), dtype=torch.int64)
        if labels is not None:
            self.targets = None if target_type.spatial else target_type.encode(labels)

    def __len__(self) -> int:
        """The number of images."""
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        """The image, uint8 (channels, H, W), and its target; a mask is uint8 (H, W).

        Raises:
            ValueError: an unreadable image, a mask that does not fit its image or names, a keypoint outside.
        """
        file, label = self.files[i], self.labels[i] if self.targets is None else None
        if self.cache is None or isinstance(file, Tensor):
            image, *target = self._resized(i)
        else:
            files = [file, label] if isinstance(label, (str, Path)) else [file]
            told = label.tolist() if isinstance(label, Tensor) else label
            settings = self.channels, self.resize.size, self.resize.fit, told and (told, self.target_type)
            image, *target = self.cache(files, settings, lambda: self._resized(i))
        return image, *(target or [self.targets[i]])

    def _resized(self, i: int) -> tuple[Tensor, ...]:
        """The image in its new size, with its mask or keypoints."""
        image = self.files[i]
        if self.targets is not None:
            smaller = self.cache is not None
            is_tensor = isinstance(image, Tensor)
            return (self.resize(image) if is_tensor else read_resized(image, self.channels, self.resize, smaller),)
        image = image if isinstance(image, Tensor) else read_image(image, self.channels)
        return (self._with_mask if self.target_type.spatial == "mask" else self._with_keypoints)(i, image)

    def _with_mask(self, i: int, image: Tensor) -> tuple[Tensor, Tensor]:
        from torchvision import tv_tensors

        file, count = self.labels[i], len(self.target_type.names)
        mask = read_mask(file, self.target_type.pixels)
        if mask.shape != image.shape[1:]:
            sizes = "{} x {} pixels, and its image has {} x {}".format(*mask.shape, *image.shape[1:])
            raise ValueError(f"the mask {file} has {sizes}: both must have one size")
        if (top := int(mask.max())) >= count:
            raise ValueError(f"the mask {file} holds the class number {top}, beside {count} names (0 to {count - 1})")
        image, mask = self.resize(image, tv_tensors.Mask(mask))
        return image, mask.as_subclass(Tensor)

    def _with_keypoints(self, i: int, image: Tensor) -> tuple[Tensor, Tensor]:
        from torchvision import tv_tensors

        (height, width), given, fit = image.shape[-2:], self.labels[i], self.resize.fit
        resized, moved = self.resize(image, tv_tensors.KeyPoints(given, canvas_size=(height, width)))
        scaled = 2 * moved.as_subclass(Tensor) / torch.tensor([resized.shape[2], resized.shape[1]]) - 1
        before = 2 * given / torch.tensor([width, height]) - 1
        if max(scaled.abs().max(), before.abs().max()) > 1 + 1e-5:
            found = f"{self.files[i]} has the keypoints {given.tolist()} (x, y), and one lies outside of what is left"
            raise ValueError(f"{found} of it ({width} wide, {height} high, {fit=}): look at it, or use fit='pad'")
        return resized, scaled.flatten()

    def in_memory(self) -> tuple[Tensor, Tensor]:
        """All images, uint8 (n, channels, H, W), and all targets; read by several threads."""
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            read = counted(pool.map(self.__getitem__, range(len(self))), len(self), "reading images")
            return tuple(default_collate(list(read)))


class ImageLoader:
    """Another loader's batches of uint8 images, as floats from 0 to 1, augmented on their device.

    Args:
        inner: gives batches of uint8 images and targets.
        target_type: what the targets are.
        augment: changes each batch; None leaves it.
        channels: of the images; 0: not said.

    Attributes:
        targets: of all images, where they are in memory.
        labelled: False for images without labels, whose targets are zeros.
    """

    def __init__(
        self, inner: Loader, target_type: TargetType, augment: Augment | None = None, channels: int = 0
    ) -> None:
        self.inner, self.target_type, self.augment, self.channels = inner, target_type, augment, channels
        self.labelled = getattr(getattr(inner, "dataset", None), "labels", ()) is not None
        self.samples, self.batch_size, self.device = inner.samples, inner.batch_size, inner.device
        self.targets = getattr(inner, "targets", None)

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.inner)

    def in_order(self) -> "ImageLoader":
        """The same images in their own order, as they are."""
        same = copy(self)
        same.inner, same.augment = self.inner.in_order(), None
        return same

    def config(self) -> dict[str, list]:
        """What the numbers stand for, as `ImageLoaders.config` says it; nothing where the channels were not said."""
        return images_config(self.target_type, self.channels) if self.channels else {}

    def images(self, indices: Sequence[int]) -> Tensor:
        """The images of these numbers, as they are, float (n, channels, H, W) on the CPU."""
        if isinstance(self.inner, TensorLoader):
            return self.inner.tensors[0][list(indices)].cpu() / 255
        return torch.stack([self.inner.dataset[i][0] for i in indices]) / 255

    def draw(self, indices: Sequence[int], titles: Sequence[str], alt: str, columns: int) -> None:
        """Draw the images of these numbers, each under its title."""
        from .plots import photographs

        photographs(self.images(indices), titles, alt, columns=columns, size=2.1)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of batches."""
        in_bytes = type(self.augment).__call__ is Augment.__call__  # it makes them floats itself, a few at a time
        for images, targets in self.inner:
            batch = images if in_bytes else images.float().div_(255)
            targets = targets.long() if self.target_type.spatial == "mask" else targets
            yield self.augment(batch, targets, self.target_type) if self.augment else (batch, targets)


class ImageLoaders(Loaders):
    """Training batches, augmented, and held-out batches, in order, of images of one size.

    Args:
        source: an `ImageSource`, labelled and split.
        size: height and width in pixels, or one number for a square.
        augment: changes training batches at random; None: not at all.
        batch_size: images in a training batch, see `Loaders`; validation uses twice as many.
        fit: how images come to that size: `"squish"`, `"crop"` or `"pad"`, see `Resize`.
        memory: keep all images in memory as bytes; None: if they take no more than a third of what is free.
            Those of other sets are kept on disk once they are read, see `cache.ImageCache`.
        workers: processes that read images which are not in memory; None: one fewer than the processors, at most 8.
        device: where to compute; None takes the best device here.

    Attributes:
        source, target_type, size, channels, resize, augment, memory: of the images.
        cache: the `ImageCache` of images that are not in memory; else None.

    Raises:
        ValueError: see `ImageDataset`; an image that is not in memory is looked at when its batch is made.

    Built in lesson 04.
    """

    of_samples: ClassVar[tuple[str, ...]] = ("device", "source", "augment")

    def __init__(
        self, source: Any, size: Size, *, augment: Augment | None = None, batch_size: int = 64, fit: str = "squish",
        memory: bool | None = None, workers: int | None = None, device: str | torch.device | None = None,
    ) -> None:  # fmt: skip
        import psutil

        if not hasattr(source, "target_type"):
            raise ValueError(f"a source is needed, an ImageSource with labels, split; found {source!r}")
        if augment is not None and not callable(augment):
            raise ValueError(f"augment is called with each batch: ck.Augment(), say, or None; found {augment!r}")
        self.resize = Resize(size, fit)
        self.source, self.target_type, self.channels = source, source.target_type, source.channels
        self.size, self.augment = self.resize.size, augment
        parts = [source.part(held_out) for held_out in (False, True)]
        self._warn_of_mirrors()
        taken = len(source) * self.size[0] * self.size[1] * (self.channels + (self.target_type.spatial == "mask"))
        self.memory = taken <= psutil.virtual_memory().available / 3 if memory is None else memory
        workers = min(8, (os.cpu_count() or 1) - 1) if workers is None else workers
        self.cache = None if self.memory else ImageCache()
        parts = [self._dataset(*part) for part in parts]
        parts = [part.in_memory() if self.memory else part for part in parts]
        super().__init__(*parts, batch_size=batch_size, device=device, workers=workers, target_type=self.target_type)
        self.train = ImageLoader(self.train, self.target_type, augment, self.channels)
        self.valid = ImageLoader(self.valid, self.target_type, None, self.channels)

    def _warn_of_mirrors(self) -> None:
        """Say where a mirror image may have another answer."""
        mirrored = isinstance(self.augment, Augment) and (self.augment.flip or self.augment.dihedral)
        if mirrored and not self.augment.mirrors(self.target_type):
            said = "images are not mirrored, since it was not said which keypoints change places then"
            warnings.warn(f"{said}: keypoint_labels(..., swap=[(0, 1)]), or swap=[] for none", stacklevel=3)
        sides = re.search(r"(?<![a-z])(left|right)(?![a-z])", "\n".join(self.target_type.names).lower())
        if mirrored and sides:
            said = f"images are mirrored, and so is what a class of the {sides[1]} means"
            warnings.warn(f"{said}: Augment(flip=False) leaves them as they are", stacklevel=3)

    def _dataset(self, files: Sequence[Path], labels: Sequence | None) -> ImageDataset:
        return ImageDataset(files, labels, self.target_type, self.resize, self.channels, self.cache)

    def _shapes(self) -> list[tuple[int, ...]]:
        return [(self.channels, *self.size)]

    def encode(self, x: object) -> tuple[Iterator[tuple[Tensor]], bool]:
        """Images as a person gives them, prepared like the held-out ones; see `encode_images`."""
        batches, single = encode_images(x, self.resize, self.channels, self.valid.batch_size)
        return ((images.to(self.device),) for images, _ in batches), single

    def config(self) -> dict[str, list]:
        """What the numbers stand for: classes and other targets, and channels."""
        return images_config(self.target_type, self.channels)

    def unlabelled(self, files: Sequence[Path | str] | Tensor) -> ImageLoader:
        """Batches, in order, of images without labels (the targets are zeros), prepared like the held-out ones.

        Used in lesson 04.
        """
        return self._further(image_list(files), None)

    def test(self, source: Any) -> ImageLoader:
        """Batches, in order, of further labelled images, prepared like the held-out ones, with the training's classes.

        Args:
            source: an `ImageSource` with labels; or a folder or a list of files, labelled as the training images were.

        Raises:
            ValueError: a label that the training data do not have, or labels of another type.
        """
        if not isinstance(source, type(self.source)):
            source = type(self.source)(source, self.channels)
        if source.labels is None:
            return self._further(source.files, self.source.labelling.normal(source.files))
        mine, theirs = self.target_type, source.target_type
        if type(mine) is not type(theirs) or ((mine.spatial or not mine.names) and mine != theirs):
            raise ValueError(f"the training's labels are {mine}, and these are {theirs}: label both in one way")
        return self._further(source.files, source.labels)

    def _further(self, files: Sequence[Path], labels: Sequence | None) -> ImageLoader:
        inner = DatasetLoader(self._dataset(files, labels), self.valid.batch_size, device=self.device)
        return ImageLoader(inner, self.target_type, None, self.channels)

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each channel over (at most 1,000 of) the training images, on 0 to 1.

        Built in lesson 01.
        """
        indices = range(0, self.train.samples, max(1, self.train.samples // 1000))
        pixels = (self.train.images([i])[0].flatten(1).double() for i in indices)
        mean, square = torch.stack([torch.stack([p.mean(1), p.square().mean(1)]) for p in pixels]).mean(0)
        return mean.float(), (square - mean.square()).clamp(min=0).sqrt().float()

    def show_batch(self, n: int = 8, columns: int = 4) -> None:
        """Draw the first images of a training batch with their labels, as the model gets them."""
        from .plots import show_batch

        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            images, targets = next(iter(self.train))
        show_batch(images[:n], targets[:n], self.target_type, columns)

    def results(self, inputs: list[tuple[Tensor, ...]], targets: Tensor, predictions: list[Prediction]) -> None:
        """Draw the images, what is true of them and what was said; see `Loaders.results`."""
        from .plots import show_results

        show_results(torch.stack([image for (image,) in inputs]), targets, predictions, self.target_type)


def image_list(images: Sequence[Path | str] | Tensor) -> list[Path] | list[Tensor]:
    """The paths of images, or the images of a tensor."""
    return list(images) if isinstance(images, Tensor) else [Path(image) for image in images]


def images_config(target_type: TargetType, channels: int) -> dict[str, list]:
    """What the numbers of images and targets stand for, as `storage.check_same` compares it."""
    words = {"names": "classes", "count": "keypoints", "columns": "numbers", "output_range": "output range"}
    said = {words.get(one.name, one.name): getattr(target_type, one.name) for one in fields(target_type) if one.compare}
    said = {name: list(value) if isinstance(value, tuple) else [value] for name, value in said.items()}
    return said | {"target types": [type(target_type).__name__], "channels": [channels]}


def encode_images(x: object, resize: Resize, channels: int, batch_size: int = 64) -> tuple[Iterator, bool]:
    """Images as a person gives them, read and prepared a batch at a time; and whether it was one alone.

    Args:
        x: what `read_image` takes; or a tensor (channels, H, W), uint8, or float from 0 to 1 that has the model's size
            already; or a list, or a tensor or array with one axis more, of several.
        resize, channels: as the model takes them.
        batch_size: images in a batch.

    Returns:
        Batches: images, float (n, channels, H, W) from 0 to 1 on the CPU, with the heights and widths they came in.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an image cannot be read, or a tensor has another shape or type.
    """
    several = isinstance(x, (list, tuple)) or getattr(x, "ndim", 3) == 4
    images = x if several else [x]

    def batches() -> Iterator[tuple[Tensor, list[tuple[int, int]]]]:
        for start in range(0, len(images), batch_size):
            pairs = [_prepared(image, resize, channels) for image in images[start : start + batch_size]]
            yield torch.stack([image for image, _ in pairs]), [size for _, size in pairs]

    return batches(), not several


def _prepared(image: ImageLike | Tensor, resize: Resize, channels: int) -> tuple[Tensor, tuple[int, int]]:
    """The image in the model's size, float from 0 to 1, and its height and width before."""
    image = image.detach().cpu() if isinstance(image, Tensor) else read_image(image, channels)
    if image.dtype == torch.uint8 and image.dim() == 3 and len(image) == channels:
        return resize(image).float() / 255, tuple(image.shape[1:])
    size = (channels, *resize.size)
    if image.is_floating_point() and image.shape == size and image.min() >= 0 and image.max() <= 1:
        return image.float(), resize.size
    needed = f"uint8 of shape ({channels}, H, W), or float from 0 to 1 of the model's own size, {size}"
    raise ValueError(f"an image as a tensor is {needed}; found {image.dtype} of shape {tuple(image.shape)}")
