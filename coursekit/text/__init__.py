"""Texts: tokens, vocabularies, language models, and classifiers that start from them."""
