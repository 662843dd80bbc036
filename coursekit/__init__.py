"""The thin package behind the course Deep Learning, Cell by Cell.

`import coursekit as ck` gives every public name below. What a lesson seldom needs (plots, worksheets, widgets) is
loaded when first used, so that the import costs little more than PyTorch's own.
"""

from importlib import import_module as _import_module

from .augment import Augment, dihedral
from .callbacks import Checkpoint, EarlyStopping, GradientClipping, MixedPrecision, Recorder
from .claims import claim, report
from .collab import DeepRatings, DotProduct, RatingLoaders, collab_learner
from .datasets import fetch, home, read_digits, read_idx
from .devices import device, first_process
from .distributed import Distributed
from .docs import doc
from .exercises import check, progress
from .image_loaders import ImageLoaders
from .interpret import Interpretation
from .labels import csv_labels, folder_labels, function_labels, list_labels, mask_labels, pattern_labels, point_labels
from .learner import Learner
from .loaders import DatasetLoader, Loaders, TensorLoader
from .losses import binary_cross_entropy, check_labels, cross_entropy, cross_entropy_without, mean_squared_error
from .machine import machine
from .metrics import (
    RunningMean,
    accuracy,
    accuracy_threshold,
    error_rate,
    fbeta,
    pixel_accuracy,
    point_distance,
    rmse,
    rmspe,
    rmspe_of_logs,
)
from .pictures import Resize, find_pictures, read_mask, read_picture
from .predictor import Predictor
from .progressbar import Progress
from .resnet import resnet_tiny
from .schedule import RateSearch, constant, cosine, one_cycle
from .sources import ImageSource
from .splits import at_random, by_file_list, by_folder, by_function
from .storage import load_tensors, save_tensors
from .summary import Summary
from .table_prep import Categorify, FillMissing, Normalize, TablePrep
from .tables import add_date_parts, add_elapsed, add_rolling, join
from .tabular import TableLoaders, TableModel, embedding_size, tabular_learner
from .text import language_model_learner, language_tiny, perplexity, text_classifier_learner
from .text_files import read_texts
from .text_loaders import DocumentLoader, LanguageLoaders, StripLoader, TextLoaders, pad
from .text_models import AWDLSTM, ActivationRegularization, Dropouts, LanguageModel, TextClassifier, locked_dropout
from .text_tokens import detokenize, tokenize
from .text_transfer import carry_over, softened
from .text_vocab import Vocab
from .unet import UNet
from .vision import unet_learner, vision_learner

__version__ = "0.1.0"
__all__ = [
    "AWDLSTM",
    "ActivationRegularization",
    "Augment",
    "Categorify",
    "Checkpoint",
    "DatasetLoader",
    "DeepRatings",
    "Distributed",
    "DocumentLoader",
    "DotProduct",
    "Dropouts",
    "EarlyStopping",
    "FillMissing",
    "GradientClipping",
    "ImageLoaders",
    "ImageSource",
    "Interpretation",
    "LanguageLoaders",
    "LanguageModel",
    "Learner",
    "Loaders",
    "MixedPrecision",
    "Normalize",
    "Predictor",
    "Progress",
    "RateSearch",
    "RatingLoaders",
    "Recorder",
    "Resize",
    "RunningMean",
    "StripLoader",
    "Summary",
    "TableLoaders",
    "TableModel",
    "TablePrep",
    "TensorLoader",
    "TextClassifier",
    "TextLoaders",
    "UNet",
    "Vocab",
    "accuracy",
    "accuracy_threshold",
    "add_date_parts",
    "add_elapsed",
    "add_rolling",
    "at_random",
    "binary_cross_entropy",
    "by_file_list",
    "by_folder",
    "by_function",
    "carry_over",
    "check",
    "check_labels",
    "claim",
    "collab_learner",
    "constant",
    "cosine",
    "cross_entropy",
    "cross_entropy_without",
    "csv_labels",
    "detokenize",
    "device",
    "dihedral",
    "doc",
    "embedding_size",
    "error_rate",
    "fbeta",
    "fetch",
    "find_pictures",
    "first_process",
    "folder_labels",
    "function_labels",
    "home",
    "inside",
    "join",
    "language_model_learner",
    "language_tiny",
    "list_labels",
    "load_tensors",
    "locked_dropout",
    "machine",
    "mask_labels",
    "mean_squared_error",
    "one_cycle",
    "pad",
    "pattern_labels",
    "perplexity",
    "pixel_accuracy",
    "plots",
    "plots_pictures",
    "point_distance",
    "point_labels",
    "progress",
    "read_digits",
    "read_idx",
    "read_mask",
    "read_picture",
    "read_texts",
    "report",
    "resnet_tiny",
    "rmse",
    "rmspe",
    "rmspe_of_logs",
    "save_tensors",
    "sheets",
    "softened",
    "tabular_learner",
    "text_classifier_learner",
    "tokenize",
    "unet_learner",
    "vision_learner",
    "widgets",
]

_LATER = ("inside", "plots", "plots_pictures", "sheets", "widgets")


def __getattr__(name: str) -> object:
    """Import a module of `_LATER` when it is first asked for."""
    if name in _LATER:
        return _import_module(f".{name}", __name__)
    raise AttributeError(f"coursekit has no {name!r}; dir(coursekit) lists what it has")


def __dir__() -> list[str]:
    """The public names, for tab completion."""
    return sorted(__all__)
