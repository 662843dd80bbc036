"""The thin package behind the course Deep Learning, Cell by Cell.

`import coursekit as ck` gives every public name below, in the order in which the course meets them. The training loop
is loaded at once, a room (vision, text, ...) when one of its names is first used: the import costs little more than
PyTorch's own.
"""

# ruff: noqa: F401, I001 (imported to be given on, and in the order of the course)
import ast as _ast
import sys as _sys
from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from . import learner as _learner  # and with it what training needs
from .arguments import in_words as _in_words

if TYPE_CHECKING:  # read by editors; and below, to know where a name is
    from .datasets import fetch, home
    from .classroom.docs import doc, machine
    from .classroom.claims import claim, report
    from .classroom.exercises import check, progress
    from .classroom.review import review
    from .vision.images import Resize, find_images, read_digits, read_idx, read_image, read_mask
    from .vision.source import ImageSource, csv_labels, folder_labels, function_labels, keypoint_labels, list_labels
    from .vision.source import mask_labels, number_labels, pattern_labels, at_random, by_file_list, by_folder
    from .vision.source import by_function
    from .vision.loaders import ImageDataset, ImageLoader, ImageLoaders
    from .vision.augment import Augment, dihedral
    from .vision.backbones import ResidualBlock, resnet_cifar, resnet_tiny, without_head
    from .vision.models import ConcatPool, ImageNorm, SoftArgmax, UNet
    from .vision.learner import VisionLearner, precompute, unet_learner, vision_learner
    from .vision.predictor import Predictor
    from .vision.download import download_images
    from .vision.duplicates import difference_hash, near_duplicates
    from .losses import binary_cross_entropy, check_labels, cross_entropy, mean_absolute_error, mean_squared_error
    from .metrics import RunningMean, accuracy, accuracy_threshold, error_rate, f1, fbeta, keypoint_distance, mean_iou
    from .metrics import over_all, pixel_accuracy, r2, rmse, roc_auc
    from .targets import Categories, Keypoints, Masks, MultiLabels, Numbers, Prediction
    from .loaders import DatasetLoader, Loader, Loaders, TensorLoader, device
    from .learner import Learner, LRFinder, Summary, load
    from .interpret import Interpretation
    from .schedule import constant, cosine, one_cycle, restarts
    from .display import Progress
    from .callbacks import Checkpoint, CSVLogger, EarlyStopping, GradientAccumulation, GradientClipping, MixedPrecision
    from .callbacks import Recorder
    from .storage import is_first_process, load_tensors, save_tensors
    from .tabular.features import add_date_parts, add_elapsed, add_rolling, join
    from .tabular.prep import Categorify, Impute, Normalize, TablePrep
    from .tabular.learner import TableLearner, TableLoaders, TableModel, embedding_size, rmspe, rmspe_of_logs
    from .tabular.learner import tabular_learner
    from .tabular.collab import DeepRatings, DotProduct, RatingLearner, RatingLoaders, collab_learner
    from .text.files import Texts, read_texts
    from .text.tokens import detokenize, tokenize
    from .text.vocab import BytePairs, Vocab
    from .text.loaders import DocumentLoader, GPTLoaders, LanguageLoaders, SequenceLoader, TextLoaders, WindowLoader
    from .text.loaders import pad
    from .text.models import AWDLSTM, ActivationRegularization, Dropouts, LanguageModel, TextClassifier, locked_dropout
    from .text.learner import LanguageLearner, TextLearner, language_model_learner, language_tiny, perplexity
    from .text.learner import remap_vocabulary, text_classifier_learner, token_probabilities
    from .text.models import GPT, SelfAttention, Transformer, TransformerBlock, attention
    from .text.learner import GPTLearner, gpt_learner, gpt_tiny
    from .distributed import Distributed

__version__ = "1.0.0"
_LATER = {"plots": ".plots", "image_plots": ".vision.plots", "inside": ".vision.inside", "sheets": ".classroom.sheets"}
_LATER["widgets"] = ".classroom.widgets"
_SOURCE = _ast.parse(__spec__.loader.get_source(__name__))
_LISTED = next(part.body for part in _SOURCE.body if isinstance(part, _ast.If))
_MODULES = {name.name: f"{__name__}.{line.module}" for line in _LISTED for name in line.names}
__all__ = [*_MODULES, *_LATER]


def _give() -> None:
    """Make the public names of all modules that are loaded this module's own; each class speaks of wrong arguments."""
    for name in [name for name in _MODULES if name not in globals() and _MODULES[name] in _sys.modules]:
        made = getattr(_sys.modules[_MODULES[name]], name, None)  # None: of a module that is just being loaded
        if isinstance(made, type) and "__init__" in vars(made) and not getattr(made, "_is_protocol", False):
            _in_words(made)
        if made is not None:
            globals()[name] = made


def __getattr__(name: str) -> object:
    """Import the room of a public name when it is first asked for."""
    if name in _LATER:
        return _import_module(_LATER[name], __name__)
    room = _MODULES.get(name, f"{__name__}.{name}").split(".")[1]
    if f"{__name__}.{room}" not in {".".join(module.split(".")[:2]) for module in _MODULES.values()}:
        raise AttributeError(f"coursekit has no {name!r}; dir(coursekit) lists what it has")
    _import_module(f"{__name__}.{room}")
    _give()
    return globals()[name]


def __dir__() -> list[str]:
    """The public names, for tab completion."""
    return sorted(__all__)


_give()
