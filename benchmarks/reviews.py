"""Praise or not: reviews told apart by counted words and pairs, and by a network that learned to read first.

The reviews are the sample's, or with COURSEKIT_SIZE=full the training half of IMDB (downloaded once); of both, a fifth
is held out. Everything on one core: under a minute, and half an hour.
"""

import os
import tempfile
from pathlib import Path
from time import perf_counter

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import coursekit as ck

from .report import in_16_bits, machine, table, write

FULL = os.environ.get("COURSEKIT_SIZE") == "full"
SIZES = {"embedding": 100, "hidden": 256, "layers": 2}
LONGEST = None if FULL else 400  # tokens that the network reads of a review to learn its label; None: all of them


def counted(train, valid):
    """scikit-learn: words and pairs that occur twice, weighted by tf-idf, and logistic regression."""
    columns = TfidfVectorizer(token_pattern=r"[\w']+|[!?.]", ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = make_pipeline(columns, LogisticRegression(C=30, max_iter=300)).fit(train.texts, train.labels)
    return model.predict(valid.texts)


def read_first(train, valid):
    """A language model reads the training texts, of the sample half; its encoder, with a new head, learns the labels.

    Of IMDB it learns them in 16 bits, where it may: that takes not much more than half the time.
    """
    clipping, texts = [ck.GradientClipping(0.5)], train.texts if FULL else train.texts[::2]
    words = ck.LanguageLoaders(texts, min_frequency=5, max_size=10_000, batch_size=32 if FULL else 16)
    language = ck.language_model_learner(words, **SIZES, dropouts=ck.Dropouts().times(0.2), callbacks=clipping)
    language.fit_one_cycle(1 if FULL else 2, 5e-3 if FULL else 8e-3)
    encoder = language.save_encoder(Path(tempfile.mkdtemp()) / "encoder")
    data = ck.TextLoaders((train.texts, train.labels), vocab=words.vocab, batch_size=32, max_length=LONGEST)
    dropouts = ck.Dropouts.for_classifier().times(0.6 if FULL else 0.5)
    faster = in_16_bits() if FULL else []
    learn = ck.text_classifier_learner(data, **SIZES, dropouts=dropouts, callbacks=clipping + faster)
    learn.load_encoder(encoder)
    learn.unfreeze()
    learn.fit_one_cycle(3 if FULL else 6, (2e-3, 8e-3))
    return [data.target_type.names[best] for best in learn.raw_outputs(valid.texts).argmax(1)]


CONTESTANTS = {"1. words and pairs, logistic regression": counted, "2. coursekit, read first, then told": read_first}


def main():
    torch.set_num_threads(1)
    reviews = ck.read_texts(ck.fetch("reviews") / "train")
    train, valid = reviews.split(len(reviews) // 5)
    rows = []
    for name, tell in CONTESTANTS.items():
        torch.manual_seed(0)
        start = perf_counter()
        right = [said == label for said, label in zip(tell(train, valid), valid.labels, strict=True)]
        rows.append([name, f"{sum(right) / len(right):.4f}", f"{perf_counter() - start:,.0f}"])
    which = "IMDB's training half" if FULL else "the sample"
    heads = ["", "right", "seconds"]
    write("reviews", f"{machine()}. {len(train):,} and {len(valid):,} reviews of {which}.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
