"""Pictures that are nearly the same, found by a hash of how they look."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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

    Each pair is compared, in chunks: 10,000 images in a few seconds, once they are read. Used in lesson 24.
    """
    import pandas as pd

    if not isinstance(threshold, Integral) or not 0 <= threshold <= ROWS * (COLUMNS - 1):
        raise ValueError(f"the threshold is a number of bits, 0 to 64; found {threshold!r}")
    source = source if isinstance(source, ImageSource) else ImageSource(source)
    with ThreadPoolExecutor() as pool:
        hashes = torch.stack(list(counted(pool.map(_hash, source.files), len(source), "reading images")))
    signs, pairs = 2 * hashes.float() - 1, []  # bits as -1 and 1, whose products count those that agree
    for start in range(0, len(signs), CHUNK):
        distances = (64 - signs[start : start + CHUNK] @ signs.T) / 2
        close = (distances <= threshold).triu(start + 1).nonzero()
        found = distances[close[:, 0], close[:, 1]].int().tolist()
        pairs += [(n, start + i, j) for n, (i, j) in zip(found, close.tolist(), strict=True)]
    names = [file if isinstance(file, Path) else i for i, file in enumerate(source.files)]
    parts = [("train", "valid")[out] for out in source.held_out] if source.held_out else [""] * len(source)
    rows = [(names[i], names[j], parts[i], parts[j], n) for n, i, j in sorted(pairs)]
    return pd.DataFrame(rows, columns=["file", "other", "part", "other_part", "distance"])


def _hash(file: Path | Tensor) -> Tensor:
    grey = file.double().sum(0, keepdim=True) if isinstance(file, Tensor) else read_image(file, 1)  # exact: no division
    return difference_hash(grey)
