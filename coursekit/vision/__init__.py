"""Images: where they are, how they are labelled and split, and what learns from them."""

from . import augment, backbones, download, duplicates, images, learner, loaders, models, predictor, source  # noqa: F401 (a room is loaded whole)
