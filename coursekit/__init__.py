"""The thin package behind the course Deep Learning, Cell by Cell.

`import coursekit as ck` gives every public name below, in the order in which the course meets them. What a lesson
seldom needs (plots, worksheets, widgets) is loaded when first used: the import costs little more than PyTorch's own.
"""

# ruff: noqa: F401, I001 (imported to be given on, and in the order of the course)
from importlib import import_module as _import_module
from types import ModuleType as _ModuleType

from .datasets import fetch, home
from .classroom.claims import claim, report
from .classroom.exercises import check, progress
from .classroom.docs import doc, machine
from .loaders import DatasetLoader, Loader, Loaders, TensorLoader, device
from .losses import binary_cross_entropy, check_labels, cross_entropy, mean_squared_error
from .metrics import RunningMean, accuracy, accuracy_threshold, error_rate, fbeta, keypoint_distance, pixel_accuracy
from .metrics import rmse, rmspe, rmspe_of_logs
from .targets import Categories, Keypoints, Masks, MultiLabels, Numbers, Prediction
from .learner import Learner, LRFinder, Summary
from .callbacks import Checkpoint, CSVLogger, EarlyStopping, GradientAccumulation, GradientClipping, MixedPrecision
from .callbacks import Recorder
from .display import Progress
from .schedule import constant, cosine, one_cycle
from .storage import is_first_process, load_tensors, save_tensors
from .distributed import Distributed

__version__ = "0.2.0"
_LATER = {"plots": ".plots", "sheets": ".classroom.sheets", "widgets": ".classroom.widgets"}
__all__ = [name for name, value in globals().items() if not (name[0] == "_" or isinstance(value, _ModuleType))]
__all__ += _LATER


def __getattr__(name: str) -> object:
    """Import a module of `_LATER` when it is first asked for."""
    if name in _LATER:
        return _import_module(_LATER[name], __name__)
    raise AttributeError(f"coursekit has no {name!r}; dir(coursekit) lists what it has")


def __dir__() -> list[str]:
    """The public names, for tab completion."""
    return sorted(__all__)
