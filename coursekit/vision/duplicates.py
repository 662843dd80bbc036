"""Pictures that are nearly the same, found by a hash of how they look."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from ..arguments import in_words
from ..display import counted
from .images import read_image
from .source import ImageSource

if TYPE_CHECKING:
    import pandas as pd

ROWS, COLUMNS, CHUNK = 8, 9, 1000  # of the small image that is hashed; and how many hashes are compared at a time
FEW = 20  # times that sorting, or comparing two hashes alone, takes longer than comparing two of a chunk


@in_words
def difference_hash(image: Tensor) -> Tensor:
    """64 bits that say how an image looks: in 8 rows, from left to right, whether it becomes brighter.

    Args:
        image: uint8 or float, (1, H, W), grey.

    Returns:
        bool (64,). The same image smaller, brighter or saved anew has the same bits, all but a few.

    Source: N. Krawetz, "Kind of Like That", 2013. Built in lesson 24.
    """
    if image.dim() != 3 or len(image) != 1 or not image.numel():
        raise ValueError(f"a difference hash is of one grey image, (1, H, W); found {tuple(image.shape)}")
    small = functional.interpolate(image[None].double(), (ROWS, COLUMNS), mode="area")[0, 0]  # exact where it is flat
    return (small[:, 1:] > small[:, :-1]).flatten()


@in_words
def near_duplicates(source: ImageSource | Sequence[Path], threshold: int = 5) -> "pd.DataFrame":
    """Pairs of images that look nearly the same, by the difference hash of each (see `difference_hash`).

    Args:
        source: the images; once it is split, the table says on which side each image is.
        threshold: pairs are listed in whose hashes at most so many of the 64 bits differ. Images that have nothing to
            do with each other differ in about 32; images of one colour all have the same hash.

    Returns:
        One row a pair, the most alike first: `file` and `other`, the paths (of a tensor's images their numbers);
        `part` and `other_part`, "train" or "valid", "" where nothing is split; `distance`, the bits that differ.

    Raises:
        ValueError: an image cannot be read, see `ImageSource.unreadable`; a threshold below 0 or above 64.

    Only those pairs are compared whose hashes agree in enough of their bits to be near (see `_near`): the work grows
    little faster than the number of images, but with each pair where most look alike or the threshold is large.

    Used in lesson 24.
    """
    import pandas as pd

    if not isinstance(threshold, Integral) or not 0 <= threshold <= ROWS * (COLUMNS - 1):
        raise ValueError(f"the threshold is a number of bits, 0 to 64; found {threshold!r}")
    source = source if isinstance(source, ImageSource) else ImageSource(source)
    with ThreadPoolExecutor() as pool:
        hashes = torch.stack(list(counted(pool.map(_hash, source.files), len(source), "reading images")))
    pairs = _near(hashes, threshold)
    pairs = (_near_of_all(hashes, threshold) if pairs is None else pairs).unique(dim=0).tolist()
    names = [file if isinstance(file, Path) else i for i, file in enumerate(source.files)]
    parts = [("train", "valid")[out] for out in source.held_out] if source.held_out else [""] * len(source)
    rows = [(names[i], names[j], parts[i], parts[j], n) for n, i, j in pairs]
    return pd.DataFrame(rows, columns=["file", "other", "part", "other_part", "distance"])


def _near(hashes: Tensor, threshold: int) -> Tensor | None:
    """Rows (distance, i, j), i < j, of the pairs of hashes in which at most `threshold` bits differ, some repeated.

    Of `threshold + k` bands of the bits, each differing bit spoils one, so that near hashes agree in k whole bands. So
    for each k of the bands the hashes are sorted by the bits in them, and compared where these are equal. The smallest
    k will do that makes such keys as long as a number of one of the hashes. None: to compare all pairs is less work.

    Source: G. S. Manku, A. Jain and A. Das Sarma, "Detecting near-duplicates for web crawling", 2007, section 3.
    """
    count, (images, bits) = 0, hashes.shape
    length = math.log2(max(2, images))
    k = max(1, math.ceil(length * threshold / (bits - length)))
    bands, found = threshold + k, [torch.empty(0, 3, dtype=torch.int64)]
    if math.comb(bands, k) > images / FEW:
        return None
    for chosen in combinations(range(bands), k):
        columns = [column for band in chosen for column in range(band, bits, bands)]
        key, order = (hashes[:, columns].long() << torch.arange(len(columns))).sum(1).sort(stable=True)
        count += sum(n * (n - 1) // 2 for n in key.unique_consecutive(return_counts=True)[1].tolist())
        if count > images**2 / FEW:
            return None
        at, apart = torch.arange(images), 1
        while len(at := at[: (at < images - apart).sum()]) and len(at := at[key[at] == key[at + apart]]):
            i, j = order[at], order[at + apart]
            distances = _distances(hashes, i, j)
            found.append(torch.stack([distances, i, j], 1)[distances <= threshold])
            apart += 1
    return torch.cat(found)


def _distances(hashes: Tensor, i: Tensor, j: Tensor) -> Tensor:
    """In how many bits the hashes of each pair differ."""
    return (hashes[i] != hashes[j]).sum(1)


def _near_of_all(hashes: Tensor, threshold: int) -> Tensor:
    """As `_near` gives them, by comparing each pair, a chunk at a time."""
    signs, found = 2 * hashes.float() - 1, []  # bits as -1 and 1, whose products count those that agree
    for start in range(0, len(signs), CHUNK):
        distances = (64 - signs[start : start + CHUNK] @ signs.T) / 2
        i, j = (distances <= threshold).triu(start + 1).nonzero(as_tuple=True)
        found.append(torch.stack([distances[i, j].long(), start + i, j], 1))
    return torch.cat(found)


def _hash(file: Path | Tensor) -> Tensor:
    grey = file.double().sum(0, keepdim=True) if isinstance(file, Tensor) else read_image(file, 1)  # exact: no division
    return difference_hash(grey)
