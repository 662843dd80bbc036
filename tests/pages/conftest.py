"""What the tests of the web app share."""

import pytest
import torch
from lab import ROOT

import coursekit as ck

PETS = sorted((ROOT / "data" / "pets" / "images").glob("*.jpg"))


@pytest.fixture(scope="module")
def predictor():
    """Not trained, so its answers are arbitrary, and differ from picture to picture all the same."""
    torch.manual_seed(0)
    pets = ck.ImageSource(PETS[::20]).labelled_by(ck.pattern_labels(r"(.+)_")).split(ck.at_random(0.25, seed=1))
    return ck.vision_learner(pets.loaders(size=64, batch_size=8), progress=False).predictor()
