"""The thin package behind the course Deep Learning, Cell by Cell.

`import coursekit as ck` gives every public name below, in the order in which the course meets them. What a lesson
seldom needs (plots, worksheets, widgets) is loaded when first used: the import costs little more than PyTorch's own.
"""

# ruff: noqa: F401, I001 (imported to be given on, and in the order of the course)
from importlib import import_module as _import_module
from types import ModuleType as _ModuleType

from .arguments import in_words as _in_words
from .datasets import fetch, home
from .classroom.docs import doc, machine
from .classroom.claims import claim, report
from .classroom.exercises import check, progress
from .classroom.review import review
from .vision.images import Resize, find_images, read_digits, read_idx, read_image, read_mask
from .vision.source import ImageSource, csv_labels, folder_labels, function_labels, keypoint_labels, list_labels
from .vision.source import mask_labels, number_labels, pattern_labels, at_random, by_file_list, by_folder, by_function
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
from .text.loaders import DocumentLoader, GPTLoaders, LanguageLoaders, SequenceLoader, TextLoaders, WindowLoader, pad
from .text.models import AWDLSTM, ActivationRegularization, Dropouts, LanguageModel, TextClassifier, locked_dropout
from .text.learner import LanguageLearner, TextLearner, language_model_learner, language_tiny, perplexity
from .text.learner import remap_vocabulary, text_classifier_learner, token_probabilities
from .text.models import GPT, SelfAttention, Transformer, TransformerBlock, attention
from .text.learner import GPTLearner, gpt_learner, gpt_tiny
from .distributed import Distributed

__version__ = "1.0.0"
_LATER = {"plots": ".plots", "image_plots": ".vision.plots", "inside": ".vision.inside", "sheets": ".classroom.sheets"}
_LATER["widgets"] = ".classroom.widgets"
__all__ = [name for name, value in globals().items() if not (name[0] == "_" or isinstance(value, _ModuleType))]
for _made in [globals()[name] for name in __all__]:
    if isinstance(_made, type) and "__init__" in vars(_made) and not getattr(_made, "_is_protocol", False):
        _in_words(_made)
__all__ += _LATER


def __getattr__(name: str) -> object:
    """Import a module of `_LATER` when it is first asked for."""
    if name in _LATER:
        return _import_module(_LATER[name], __name__)
    raise AttributeError(f"coursekit has no {name!r}; dir(coursekit) lists what it has")


def __dir__() -> list[str]:
    """The public names, for tab completion."""
    return sorted(__all__)
