"""Where each data set comes from: `fetch` gives the folder of its sample, or of the full public set.

The samples lie in the repository's `data/` folder, so nothing is downloaded unless `COURSEKIT_SIZE=full` asks for it.
"""

import difflib
import gzip
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from .download import Download, download_all

SAMPLES = Path(__file__).parents[1] / "data"
_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_PETS = "https://www.robots.ox.ac.uk/~vgg/data/pets/data/"
_FASTAI = "https://s3.amazonaws.com/fast-ai-imagelocal/"


@dataclass(frozen=True)
class DataSet:
    """A sample folder in `data/`, and the public set that it stands for.

    Attributes:
        full_name: its folder in the data home.
        downloads: its files.
        inside: the folder in which its archive keeps everything.
        by_hand: where it must be fetched by hand: what to do; `needs` names what must then be in the folder.
    """

    full_name: str
    downloads: tuple[Download, ...] = ()
    inside: str = ""
    by_hand: str = ""
    needs: tuple[str, ...] = ()


# The MNIST sums are those that torchvision.datasets.MNIST checks.
DATASETS = {
    "digits": DataSet(
        "mnist",
        (
            Download(_MNIST + "train-images-idx3-ubyte.gz", "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            Download(_MNIST + "train-labels-idx1-ubyte.gz", "md5:d53e105ee54ea40749a09fcbcd1e9432"),
            Download(_MNIST + "t10k-images-idx3-ubyte.gz", "md5:9fb629c4189551a2d022fa330f9573f3"),
            Download(_MNIST + "t10k-labels-idx1-ubyte.gz", "md5:ec29112dd5afa0611ce80d1b7f02629c"),
        ),
    ),
    # The sums that torchvision.datasets.OxfordIIITPet checks.
    "pets": DataSet(
        "oxford-iiit-pet",
        (
            Download(_PETS + "images.tar.gz", "md5:5c4f3ee8e5d25df40f4fd59a7f44e54c", unpack=True),
            Download(_PETS + "annotations.tar.gz", "md5:95a8c909bbe2e81eed6a22bccdf3f68f", unpack=True),
        ),
    ),
    "satellite": DataSet(
        "planet",
        by_hand="Join the Kaggle competition planet-understanding-the-amazon-from-space, download its pictures "
        "(train-jpg, test-jpg) and train_v2.csv, and unpack them there",
        needs=("train-jpg", "train_v2.csv"),
    ),
    # The sums and lengths that fastai publishes for its copies.
    "streets": DataSet(
        "camvid",
        (Download(_FASTAI + "camvid.tgz", "first-mib:648371e4f3a833682afb39b08a3ce2aa:598913237", unpack=True),),
        inside="camvid",
    ),
    "faces": DataSet(
        "biwi_head_pose",
        (
            Download(
                _FASTAI + "biwi_head_pose.tgz", "first-mib:00f4ccf66e8cba184bc292fdc08fb237:452316199", unpack=True
            ),
        ),
        inside="biwi_head_pose",
    ),
    # Its publisher states no sum.
    "stores": DataSet("rossmann", (Download("http://files.fast.ai/part2/lesson14/rossmann.tgz", None, unpack=True),)),
    "movies": DataSet(
        "movielens",
        (
            Download(
                "https://files.grouplens.org/datasets/movielens/ml-latest-small.zip",
                "sha256:696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
                unpack=True,
            ),
        ),
        inside="ml-latest-small",
    ),
    "reviews": DataSet(
        "imdb",
        (
            Download(
                "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
                "sha256:c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
                unpack=True,
            ),
        ),
        inside="aclImdb",
    ),
}


def home() -> Path:
    """The folder for downloads and your progress: `COURSEKIT_HOME`, or `.coursekit` in your home folder.

    Used in lesson 00.
    """
    return Path(os.environ.get("COURSEKIT_HOME") or "~/.coursekit").expanduser()


def fetch(name: str, size: str | None = None) -> Path:
    """The folder that holds data set `name`.

    Args:
        name: a key of `coursekit.datasets.DATASETS`, such as `"digits"`.
        size: `"sample"` (ships with the course, no network) or `"full"` (the public set, downloaded once, checked,
            and kept in `home()`). None means what the variable `COURSEKIT_SIZE` says, and `"sample"` without it.

    Raises:
        ValueError: an unknown name or size, or a file whose checksum is wrong.
        FileNotFoundError: the sample is not where it should be, or a full set that needs an account is not there yet.
        ConnectionError: a download failed; the message says how to place the file by hand.
        PermissionError: `home()` cannot be written to.

    `COURSEKIT_MIRROR`, a folder or a URL that holds `mnist/train-images-idx3-ubyte.gz` and so on, replaces the public
    host. `COURSEKIT_VERIFY=0` takes files whose sums differ, with a warning.
    Used in lesson 00.
    """
    if name not in DATASETS:
        raise ValueError(f"no data set is called {name!r}. {_nearest(name, DATASETS)}")
    size = size or os.environ.get("COURSEKIT_SIZE") or "sample"
    if size not in ("sample", "full"):
        raise ValueError(f"the size of a data set is 'sample' or 'full', not {size!r} (argument or COURSEKIT_SIZE)")
    if size == "full":
        full = DATASETS[name]
        folder = home() / "data" / full.full_name
        if missing := [needed for needed in full.needs if not (folder / needed).exists()]:
            raise FileNotFoundError(
                f"the full set {name!r} must be fetched by hand. {full.by_hand}: {folder / missing[0]}"
            )
        download_all(full.downloads, folder)
        return folder / full.inside
    folder = SAMPLES / name
    if not folder.is_dir():
        raise FileNotFoundError(f"the sample {folder} is missing: coursekit runs from a clone of the course (make lab)")
    return folder


def _nearest(name: str, known: dict) -> str:
    close = difflib.get_close_matches(str(name), known, cutoff=0.4)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else f"There are: {', '.join(known)}."


def read_idx(path: Path | str) -> Tensor:
    """Read a file in the IDX format of MNIST, unpacked or as `.gz`.

    Args:
        path: the file's name without `.gz`.

    Returns:
        uint8 tensor with the shape that the file's header gives: (n, rows, columns) for pictures, (n,) for labels.

    Raises:
        FileNotFoundError: neither the file nor its `.gz` exists.
        ValueError: not an IDX file of unsigned bytes, or shorter or longer than its header says.

    Built in lesson 02.
    """
    path = Path(path)
    if path.exists():
        raw = path.read_bytes()
    elif (packed := path.with_name(path.name + ".gz")).exists():
        try:
            raw = gzip.decompress(packed.read_bytes())
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{packed} is not a whole gzip file ({error})") from error
    else:
        raise FileNotFoundError(f"neither {path} nor {path.name}.gz is there")
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes: it starts with {raw[:4]!r}")
    rank = raw[3]
    start = 4 + 4 * rank
    shape = struct.unpack(f">{rank}I", raw[4:start]) if len(raw) >= start else ()
    expected = start + torch.Size(shape).numel()
    if len(raw) != expected:
        raise ValueError(f"{path} should hold {expected} bytes for the shape {shape}; it holds {len(raw)}")
    if len(raw) == start:
        return torch.empty(shape, dtype=torch.uint8)
    return torch.frombuffer(bytearray(raw), dtype=torch.uint8, offset=start).reshape(shape)


def read_digits(folder: Path) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Read the `digits` sample or MNIST: the training pair and the held-out pair.

    Returns:
        `(pictures, labels), (pictures, labels)`; pictures are float32 of shape (n, 1, rows, columns), 0 for paper and
        1 for full ink; labels are int64 of shape (n,), 0 to 9.

    Built in lesson 02.
    """
    pairs = []
    for part in ("train", "t10k"):
        pictures = read_idx(folder / f"{part}-images-idx3-ubyte")
        labels = read_idx(folder / f"{part}-labels-idx1-ubyte")
        full_ink = 16 if pictures.shape[-1] == 8 else 255
        pairs.append((pictures.unsqueeze(1) / full_ink, labels.long()))
    return pairs[0], pairs[1]
