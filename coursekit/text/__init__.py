"""Texts: tokens, vocabularies, language models, and classifiers that start from them."""

from . import files, learner, loaders, models, tokens, vocab  # noqa: F401 (a room is loaded whole)
