"""What cannot be used is refused in words: wrong types, empty inputs, NaN, from a folder to a prediction."""

import math

import numpy as np
import pytest
import torch
from drawn import classes, noise, save

import coursekit as ck

WRONG = [None, -1, 2.5, math.nan, "no/such", b"", [], {}, object(), [None], np.zeros((2, 2)), torch.zeros(0)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    source = classes(folder / "images", 3, 8).split(ck.at_random(0.4, seed=1))
    data = source.loaders(8, device="cpu", batch_size=3)
    learn = ck.vision_learner(data, pretrained=False, progress=False)
    (folder / "t.csv").write_text("a,b\nx,y\n", encoding="utf-8")
    return {
        "file": save(folder / "a.png", noise(8, 8)),
        "source": source,
        "data": data,
        "learn": learn,
        "folder": folder,
    }


STEPS = {  # what is asked for, by its name in the message
    "size": (lambda m, x: ck.Resize(x), "a size is"),
    "fit": (lambda m, x: ck.Resize(8, x), "fit is one of"),
    "image": (lambda m, x: ck.read_image(x), "image|file"),
    "mask": (lambda m, x: ck.read_mask(x), "image|mask"),
    "labels": (lambda m, x: m["source"].labelled_by(x), "say how to label"),
    "split": (lambda m, x: m["source"].split(x), "say how to split"),
    "fraction": (lambda m, x: ck.at_random(x), "fraction"),
    "seed": (lambda m, x: ck.at_random(0.2, seed=2.0 if x == -1 else x) if not hasattr(x, "shape") else None, "seed"),
    "source": (lambda m, x: ck.ImageLoaders(x, 8), "a source is needed"),
    "data": (lambda m, x: ck.vision_learner(x), "learns from ImageLoaders"),
    "features": (lambda m, x: ck.precompute(x, "resnet_tiny"), "features are kept of images"),
    "backbone": (lambda m, x: ck.precompute(m["data"], x), "backbone"),
    "hidden": (lambda m, x: ck.vision_learner(m["data"], hidden=7 if isinstance(x, list) else x), "hidden"),
    "dropout": (lambda m, x: ck.vision_learner(m["data"], dropout=x), "dropout"),
    "masks": (lambda m, x: ck.unet_learner(x), "learns from ImageLoaders"),
    "learner": (lambda m, x: ck.Interpretation(x), "a learner and its data"),
    "model": (lambda m, x: ck.without_head(x), "a model is needed"),
    "swap": (lambda m, x: ck.Keypoints(2, x if x not in (None, [], {}, b"") else 7), "swap says which keypoints"),
}


@pytest.mark.parametrize("ask, named", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("x", WRONG, ids=lambda x: type(x).__name__)
def test_what_cannot_be_used_is_refused_in_words(made, ask, named, x):
    if isinstance(x, (np.ndarray, torch.Tensor)) and named in ("swap says which keypoints", "seed"):
        pytest.skip("compared with lists above")
    with pytest.raises((ValueError, TypeError, FileNotFoundError), match=named):
        ask(made, x)


PREDICTED = [
    None,
    3,
    2.5,
    "no/such.png",
    b"",
    b"text",
    [None],
    np.zeros((0, 0)),
    torch.zeros(3, 8, 8).double() * math.nan,
]


@pytest.mark.parametrize("x", PREDICTED, ids=lambda x: type(x).__name__)
def test_what_is_no_image_is_not_predicted(made, x):
    with pytest.raises((ValueError, FileNotFoundError), match="image|file"):
        made["learn"].predict(x)
