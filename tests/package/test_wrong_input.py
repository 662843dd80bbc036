"""Every public function, given something else for each of its arguments, says in words which one and what it found.

`VALID` holds arguments with which each works. Each argument in turn is replaced by what it cannot be: the function
may take it after all, or raise a ValueError, TypeError or FileNotFoundError that it (or what it calls in coursekit)
raises on purpose, and whose message names the argument or what was found. Nothing raw comes from inside.
"""

import inspect
import linecache
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import coursekit as ck
from coursekit.arguments import brief
from coursekit.classroom.claims import ClaimError

X, Y = torch.randn(6, 4), torch.arange(6) % 3
LOGITS, ONES = torch.randn(6, 3), torch.eye(3).repeat(2, 1)
IMAGES = np.zeros((8, 8), dtype=np.uint8)
TABLE = pd.DataFrame({
    "Store": [1, 1, 2, 2], "Date": pd.date_range("2020-01-01", periods=4), "Promo": [0, 1, 0, 1],
    "Sales": [1.0, 2.0, 3.0, 4.0], "userId": [1, 2, 1, 2], "movieId": [1, 1, 2, 2], "rating": [1.0, 2.0, 3.0, 4.0],
})  # fmt: skip
TEXTS = ["one two three", "two three four", "three four five", "five six one"]


class Items(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        return X[index], Y[index]


def data():
    return ck.Loaders((X, Y), (X, Y), device="cpu")


def tables():
    return ck.TableLoaders(TABLE, TABLE, categorical=["Store"], continuous=["Promo"], target="Sales", device="cpu")


def ratings():
    return ck.RatingLoaders(TABLE, TABLE, device="cpu")


def texts():
    return ck.TextLoaders((TEXTS, ["a", "b", "a", "b"]), min_frequency=1, device="cpu")


def language():
    return ck.LanguageLoaders(TEXTS * 9, min_frequency=1, batch_size=2, seq_len=3, device="cpu")


def windows():
    return ck.GPTLoaders(TEXTS * 9, batch_size=2, seq_len=3, device="cpu")


def exported():
    return ck.Learner(data(), nn.Linear(4, 3)).export("whole")


def whole():
    return nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()), nn.Linear(4, 2))


def encoder():
    return ck.AWDLSTM(9, 4, 5, 1, ck.Dropouts())


LEARNER = {"data": data, "model": lambda: nn.Linear(4, 3), "loss_fn": ck.cross_entropy, "metrics": (),
           "optimizer_fn": torch.optim.AdamW, "callbacks": ()}  # fmt: skip
MADE = {"metrics": (), "callbacks": ()}
OUT, LABELS = {"outputs": LOGITS, "targets": Y}, {"outputs": LOGITS, "targets": ONES}
VALID = {
    "fetch": {"name": "digits", "size": "sample"}, "home": {}, "doc": {"thing": ck.fetch}, "machine": {},
    "claim": {"text": "so it is", "value": 1.0, "equals": 1.0, "within": 0.5},
    "report": {"name": "x", "value": 1.0}, "check": {"name": "03.hesitates", "attempt": None},
    "progress": {}, "review": {},
    "load": {"path": exported, "trust": (), "device": "cpu"},
    "restarts": {"cycles": 2, "multiplier": 1.5, "end": 0.1},
    "binary_cross_entropy": LABELS, "check_labels": {"targets": Y, "classes": 3, "ignore_index": -100},
    "cross_entropy": OUT | {"ignore_index": -100, "label_smoothing": 0.1}, "mean_squared_error": LABELS,
    "mean_absolute_error": LABELS,
    "RunningMean": {"name": "x", "finish": math.sqrt}, "accuracy": OUT | {"ignore_index": -100},
    "accuracy_threshold": LABELS | {"threshold": 0.5}, "error_rate": OUT, "f1": OUT | {"average": "macro"},
    "fbeta": LABELS | {"beta": 2.0, "threshold": 0.5}, "keypoint_distance":
    {"outputs": torch.rand(6, 2), "targets": torch.rand(6, 2), "aspect": 1.0}, "mean_iou": OUT, "over_all":
    {"metric": lambda outputs, targets: 0.0}, "pixel_accuracy": OUT, "r2": LABELS, "rmse": LABELS, "roc_auc": OUT,
    "Categories": {"names": ("a", "b")}, "Keypoints": {"count": 2, "swap": [(0, 1)]},
    "Masks": {"names": ("a", "b"), "ignored": "a", "pixels": ()}, "MultiLabels": {"names": ("a", "b")},
    "Numbers": {"columns": ("a",), "output_range": (0.0, 1.0), "loss": "mae"},
    "Prediction": {"label": "a", "values": torch.rand(2), "names": ("a", "b"), "columns": ()},
    "DatasetLoader": {"dataset": Items, "batch_size": 2, "device": torch.device("cpu"), "workers": 0},
    "Loaders": {"train": (X, Y), "valid": (X, Y), "batch_size": 2, "device": "cpu", "workers": 0,
                "target_type": ck.Categories(("a", "b", "c"))},
    "TensorLoader": {"tensors": (X, Y), "batch_size": 2, "device": torch.device("cpu")},
    "device": {"name": "cpu"}, "Learner": LEARNER, "LRFinder": {}, "Summary": {"model": lambda: nn.Linear(4, 3),
    "inputs": [X]}, "constant": {"fraction": 0.5}, "cosine": {"start": 0.0, "end": 1.0, "fraction": 0.5},
    "one_cycle": {"warmup": 0.25, "start": 0.04, "end": 1e-5, "momentum": (0.95, 0.85)}, "Progress": {},
    "Checkpoint": {"path": "x", "keep": "last", "monitor": "valid_loss"}, "CSVLogger": {"path": "x.csv"},
    "EarlyStopping": {"monitor": "valid_loss", "patience": 2}, "GradientAccumulation": {"batches": 2},
    "GradientClipping": {"norm": 1.0}, "MixedPrecision": {"dtype": "bf16"}, "Recorder": {}, "is_first_process": {},
    "load_tensors": {"path": lambda: ck.save_tensors(Path("saved"), {"x": X}, {})},
    "save_tensors": {"path": "saved", "tensors": {"x": X}, "metadata": {"a": 1}}, "Distributed": {},
}  # fmt: skip
VALID |= {
    "add_date_parts": {"table": TABLE, "column": "Date"},
    "add_elapsed": {"table": TABLE, "events": ["Promo"], "date": "Date", "by": "Store"},
    "add_rolling": {"table": TABLE, "columns": ["Sales"], "date": "Date", "by": "Store", "days": 2,
                    "statistic": "mean"},
    "join": {"left": TABLE[["Store"]].drop_duplicates(), "right": TABLE[["Store", "Sales"]].drop_duplicates("Store"),
             "on": "Store", "missing": "error"},
    "Categorify": {"columns": ["Store"]}, "Impute": {"columns": ["Sales"]}, "Normalize": {},
    "TablePrep": {"categorical": ["Store"], "continuous": ["Sales"]},
    "TableLoaders": {"train": TABLE, "valid": TABLE, "categorical": ["Store"], "continuous": ["Promo"],
                     "target": "Sales", "batch_size": 2, "device": "cpu"},
    "TableModel": {"categories": [3], "continuous": 1, "outputs": 1, "hidden": (4,), "dropout": 0.1,
                   "embedding_sizes": [2], "embedding_dropout": 0.1, "output_range": (0.0, 1.0)},
    "embedding_size": {"values": 5}, "rmspe": LABELS, "rmspe_of_logs": LABELS,
    "tabular_learner": {"data": tables, "hidden": (4,), "dropout": [0.1], "embedding_sizes": {"Store": 2}} | MADE,
    "DeepRatings": {"users": 3, "items": 3, "factors": 2, "output_range": (0.0, 1.0), "layers": (4,)},
    "DotProduct": {"users": 3, "items": 3, "factors": 2, "output_range": (0.0, 1.0), "mean": 0.5},
    "RatingLoaders": {"train": TABLE, "valid": TABLE, "user": "userId", "item": "movieId", "rating": "rating",
                      "batch_size": 2},
    "collab_learner": {"data": ratings, "factors": 2, "weight_decay": 0.3} | MADE,
    "read_texts": {"folder": lambda: ck.fetch("reviews") / "train", "labels": ("neg", "pos"), "encoding": "utf-8"},
    "detokenize": {"tokens": ["a", "b"]}, "tokenize": {"text": "a b"}, "Vocab": {"words": lambda: texts().vocab.words},
    "DocumentLoader": {"documents": [Y, Y], "targets": Y[:2], "batch_size": 2, "device": "cpu"},
    "LanguageLoaders": {"train": TEXTS * 9, "valid": TEXTS, "min_frequency": 1, "max_size": 100, "batch_size": 2,
                        "seq_len": 3, "device": "cpu"},
    "SequenceLoader": {"documents": [Y] * 9, "batch_size": 2, "seq_len": 3, "device": "cpu"},
    "TextLoaders": {"train": (TEXTS, ["a", "b", "a", "b"]), "valid": (TEXTS, ["a", "b", "a", "b"]), "min_frequency": 1,
                    "batch_size": 4, "device": "cpu"},
    "BytePairs": {"merges": ["a b", "ab c"]},
    "GPTLoaders": {"train": TEXTS * 9, "valid": TEXTS, "vocab_size": 300, "batch_size": 2, "seq_len": 3,
                   "device": "cpu"},
    "WindowLoader": {"documents": [Y] * 9, "batch_size": 2, "seq_len": 3, "device": "cpu"},
    "pad": {"documents": [Y, Y]},
    "AWDLSTM": {"vocab_size": 9, "embedding": 4, "hidden": 5, "layers": 1, "dropouts": ck.Dropouts()},
    "ActivationRegularization": {"alpha": 2.0, "beta": 1.0}, "Dropouts": {"embedding": 0.1, "output": 0.1},
    "LanguageModel": {"encoder": encoder}, "TextClassifier": {"encoder": encoder, "classes": 2, "dropout": 0.1},
    "locked_dropout": {"values": torch.rand(2, 3, 4), "p": 0.5, "training": True},
    "language_model_learner": {"data": language, "embedding": 4, "hidden": 5, "layers": 1} | MADE,
    "text_classifier_learner": {"data": texts, "embedding": 4, "hidden": 5, "layers": 1} | MADE,
    "perplexity": OUT, "remap_vocabulary": {"vectors": torch.rand(2, 3), "old": ["a", "b"], "new": ["b", "c"]},
    "token_probabilities": {"logits": torch.rand(4), "temperature": 1.0, "top_k": 2, "top_p": 0.9},
    "attention": {"queries": torch.rand(2, 3), "keys": torch.rand(4, 3), "values": torch.rand(4, 5), "causal": False},
    "SelfAttention": {"size": 4, "heads": 2, "causal": True, "dropout": 0.1},
    "TransformerBlock": {"size": 4, "heads": 2},
    "Transformer": {"vocab_size": 9, "size": 4, "heads": 2, "layers": 1, "seq_len": 3, "dropout": 0.1},
    "GPT": {"encoder": lambda: ck.Transformer(9, 4, 2, 1, 3)},
    "gpt_learner": {"data": windows, "size": 4, "heads": 2, "layers": 1, "seq_len": 3, "dropout": 0.1} | MADE,
    "Resize": {"size": 8, "fit": "squish"}, "find_images": {"folder": lambda: ck.fetch("pets")},
    "read_idx": {"path": lambda: next(ck.fetch("digits").glob("t*images*"))}, "read_digits":
    {"folder": lambda: ck.fetch("digits")}, "read_image": {"source": IMAGES, "channels": 1}, "read_mask":
    {"source": IMAGES, "pixels": [(0, 1)]},
    "ImageSource": {"where": lambda: ck.fetch("pets") / "images", "channels": 3},
    "csv_labels":
    {"path": lambda: ck.fetch("satellite") / "train_v2.csv", "encoding": "utf-8"}, "folder_labels": {"level": 1},
    "function_labels": {"function": lambda path: path.name}, "keypoint_labels": {"function": lambda path: [(1, 2)]},
    "number_labels": {"labels": lambda path: 1.0, "names": ["a"], "output_range": (0.0, 2.0), "loss": "mse"},
    "list_labels": {"labels": ["a", "b"]}, "mask_labels": {"function": lambda path: path, "names": ["a", "b"],
    "ignored": "a"}, "pattern_labels": {"pattern": "(.*)"}, "at_random": {"fraction": 0.2, "seed": 1},
    "by_file_list": {"names": ["a"]}, "by_folder": {"name": "valid"}, "by_function": {"held_out": lambda path: True},
    "Augment": {"rotate": 10.0, "zoom": 1.1, "shift": 0.0, "p": 0.75, "contrast": 0.2}, "dihedral": {},
    "ResidualBlock": {"inputs": 2, "outputs": 2, "stride": 1}, "resnet_tiny": {"channels": 3},
    "resnet_cifar": {"channels": 3},
    "download_images": {"addresses": ["nobody:"], "folder": "got", "max_size": 64, "timeout": 1.0, "largest": 1000,
                        "workers": 1},
    "difference_hash": {"image": torch.zeros(1, 8, 9)},
    "near_duplicates": {"source": lambda: ck.ImageSource(torch.zeros(2, 1, 8, 9, dtype=torch.uint8)), "threshold": 5},
    "without_head": {"model": whole, "head": "1"}, "ImageNorm": {"mean": torch.zeros(3), "std": torch.ones(3)},
    "UNet": {"encoder": lambda: ck.resnet_tiny(), "channels": 3, "outputs": 2},
}  # fmt: skip
# Made by others only, or by learners above, and not by hand
BY_OTHERS = {"Loader", "Texts", "ConcatPool", "SoftArgmax", "VisionLearner", "TableLearner", "RatingLearner",
             "LanguageLearner", "TextLearner", "ImageDataset", "ImageLoader", "ImageLoaders", "Predictor",
             "Interpretation", "vision_learner", "unet_learner", "precompute", "language_tiny", "GPTLearner",
             "gpt_tiny"}  # fmt: skip


def said(error):
    """Whether it was raised by a `raise` of the course, and not by something that went wrong there or elsewhere."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
    return Path(file).is_relative_to(Path(ck.__file__).parent) and "raise " in linecache.getline(file, line)


class Thing:
    """What no function is made for."""


WRONG = [Thing(), "no such thing", -3, 2.5, math.nan, [], {}, [Thing()], torch.empty(0), torch.rand(2, 3, 2).half(),
         np.array(["a"], dtype=object), (1, 2, 3, 4), Thing]  # fmt: skip


PUBLIC = {name: getattr(ck, name) for name in ck.__all__ if not inspect.ismodule(getattr(ck, name))}
ARGUMENTS = [(name, argument) for name, arguments in VALID.items() for argument in arguments]


def fresh(name, wrong=None):
    """The valid arguments of a function, those that are to be made anew each time made, but for the one that is wrong.

    A function without arguments, written here, makes one.
    """
    makes = {what: value for what, value in VALID[name].items() if getattr(value, "__module__", "") == __name__}
    makes = {what for what, value in makes.items() if inspect.isclass(value) or not inspect.signature(value).parameters}
    return {what: value() if what in makes else value for what, value in VALID[name].items() if what != wrong}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Files that a function may write go nowhere else."""
    monkeypatch.chdir(tmp_path)


def test_every_public_function_is_in_the_table():
    assert set(PUBLIC) == set(VALID) | BY_OTHERS and not set(VALID) & BY_OTHERS
    for name, arguments in VALID.items():
        assert set(arguments) <= set(inspect.signature(PUBLIC[name]).parameters), name


@pytest.mark.parametrize("name", VALID)
def test_the_table_is_right(name):
    PUBLIC[name](**fresh(name))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name, argument", ARGUMENTS, ids=map(".".join, ARGUMENTS))
def test_what_does_not_fit_is_named(name, argument):
    for wrong in WRONG:
        try:
            PUBLIC[name](**fresh(name, argument), **{argument: wrong})
        except (ValueError, TypeError, FileNotFoundError) as error:
            found = (argument, type(wrong).__name__, brief(wrong), repr(wrong)[:20], str(wrong))
            assert said(error) or any(word in str(error) for word in found), f"{wrong!r:.50}: {error!r}"
        except AssertionError as error:
            assert isinstance(error, ClaimError)


def test_a_call_that_goes_well_is_not_looked_at(monkeypatch):
    monkeypatch.setattr(inspect, "signature", None)
    assert ck.accuracy(LOGITS, LOGITS.argmax(1)) == 1
