"""The thin package behind the course Deep Learning, Cell by Cell.

`import coursekit as ck` gives every public name below. What a lesson seldom needs (plots, worksheets, widgets) is
loaded when first used, so that the import costs little more than PyTorch's own.
"""

from importlib import import_module as _import_module

from .callbacks import Checkpoint, EarlyStopping, GradientClipping, MixedPrecision, Recorder
from .claims import claim
from .datasets import fetch, home, read_digits, read_idx
from .devices import device
from .docs import doc
from .exercises import check, progress
from .learner import Learner
from .loaders import DatasetLoader, Loaders, TensorLoader
from .losses import binary_cross_entropy, check_labels, cross_entropy, mean_squared_error
from .machine import machine
from .metrics import RunningMean, accuracy, error_rate
from .progressbar import Progress
from .schedule import RateSearch, constant, cosine, one_cycle
from .storage import load_tensors, save_tensors
from .summary import Summary

__version__ = "0.1.0"
__all__ = [
    "Checkpoint",
    "DatasetLoader",
    "EarlyStopping",
    "GradientClipping",
    "Learner",
    "Loaders",
    "MixedPrecision",
    "Progress",
    "RateSearch",
    "Recorder",
    "RunningMean",
    "Summary",
    "TensorLoader",
    "accuracy",
    "binary_cross_entropy",
    "check",
    "check_labels",
    "claim",
    "constant",
    "cosine",
    "cross_entropy",
    "device",
    "doc",
    "error_rate",
    "fetch",
    "home",
    "load_tensors",
    "machine",
    "mean_squared_error",
    "one_cycle",
    "plots",
    "progress",
    "read_digits",
    "read_idx",
    "save_tensors",
    "sheets",
    "widgets",
]

_LATER = ("plots", "sheets", "widgets")


def __getattr__(name: str) -> object:
    """Import a module of `_LATER` when it is first asked for."""
    if name in _LATER:
        return _import_module(f".{name}", __name__)
    raise AttributeError(f"coursekit has no {name!r}; dir(coursekit) lists what it has")


def __dir__() -> list[str]:
    """The public names, for tab completion."""
    return sorted(__all__)
