"""Reviews made into token ids, and a language model trained on them: coursekit beside fastai, in one run.

The reviews are the sample's, or with COURSEKIT_SIZE=full the training half of IMDB (downloaded once). Both read each
text a second time after a warm-up; fastai splits with spaCy, in as many processes as there are cores.
"""

import argparse
import os
import warnings
from collections import Counter
from time import perf_counter

import torch

import coursekit as ck
from coursekit.text.vocab import TokenizedTexts

from .report import machine, spread, table, write

EMBEDDING, HIDDEN, LAYERS = 100, 256, 2
BATCH, SEQUENCE = 32, 70


def coursekit_ids(texts):
    split = TokenizedTexts(texts)  # as LanguageLoaders does
    return ck.Vocab.count(split, min_frequency=2).encode(split)


def fastai_ids(texts):
    from fastai.text.core import parallel_tokenize
    from fastai.text.data import Numericalize, make_vocab

    split = [tokens for _, tokens in sorted(parallel_tokenize(texts, n_workers=os.cpu_count()))]
    number = Numericalize(make_vocab(Counter(token for tokens in split for token in tokens), min_freq=2))
    return [number(tokens) for tokens in split]


def coursekit_model(texts, vocab):
    data = ck.LanguageLoaders(texts, vocab=vocab, batch_size=BATCH, seq_len=SEQUENCE)
    learn = ck.language_model_learner(data, EMBEDDING, HIDDEN, LAYERS, dropouts=ck.Dropouts())
    start = perf_counter()
    learn.fit(1, 1e-3)
    return data.train.samples / (perf_counter() - start)


def fastai_model(texts, vocab):
    from fastai.callback.rnn import rnn_cbs
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.losses import CrossEntropyLossFlat
    from fastai.text.data import LMDataLoader, TensorText
    from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_lm_config
    from fastai.text.models.core import get_language_model

    documents = vocab.encode(texts)
    loader = LMDataLoader([TensorText(one) for one in documents], bs=BATCH, seq_len=SEQUENCE, num_workers=0)
    config = awd_lstm_lm_config | {"emb_sz": EMBEDDING, "n_hid": HIDDEN, "n_layers": LAYERS}
    learn = Learner(
        DataLoaders(loader, loader, device=ck.device()),
        get_language_model(AWD_LSTM, len(vocab), config=config),
        loss_func=CrossEntropyLossFlat(),
        cbs=rnn_cbs(2.0, 1.0),
    )
    learn._do_epoch_validate = lambda *_: None  # coursekit has nothing to validate on either
    start = perf_counter()
    learn.fit(1, 1e-3)
    return (sum(map(len, documents)) - 1) // BATCH * BATCH / (perf_counter() - start)


def tokenising(texts, rounds):
    """Rows of the table: reviews a second, tokens a second, and how many times fastai's."""
    from fastai.text.core import WordTokenizer

    WordTokenizer()  # its import and the words of English belong to no round
    for make in (fastai_ids, coursekit_ids):
        make(texts[:200])
    makers = {"1. fastai, spaCy": fastai_ids, "2. coursekit": coursekit_ids}
    times, tokens = ({name: [] for name in makers} for _ in range(2))
    for _ in range(rounds):
        for name, make in makers.items():
            start = perf_counter()
            tokens[name] = sum(map(len, make(texts)))
            times[name].append(perf_counter() - start)
    base = times["1. fastai, spaCy"]
    return [
        [
            name,
            f"{tokens[name]:,}",
            spread([tokens[name] / second for second in times[name]], "{:,.0f}"),
            spread([other / own for own, other in zip(times[name], base, strict=True)], "{:.1f}"),
        ]
        for name in makers
    ]


def training(texts, rounds):
    """Rows of the table: tokens a second of one epoch, and how many times fastai's."""
    vocab = ck.Vocab.count(texts, min_frequency=2, max_size=8000)
    documents, kept = vocab.encode(texts), 0
    while kept < len(documents) and sum(map(len, documents[:kept])) < 150_000:
        kept += 50
    models = {"3. fastai, AWD-LSTM": fastai_model, "4. coursekit, AWD-LSTM": coursekit_model}
    speeds = {name: [] for name in models}
    for turn in range(rounds + 1):
        for name, train in models.items():
            torch.manual_seed(turn)
            speed = train(texts[: kept if turn else 20], vocab)
            if turn:  # the first warms up
                speeds[name].append(speed)
    base = speeds["3. fastai, AWD-LSTM"]
    return [
        [
            name,
            f"{sum(map(len, documents[:kept])):,}",
            spread(speeds[name], "{:,.0f}"),
            spread([own / other for own, other in zip(speeds[name], base, strict=True)], "{:.2f}"),
        ]
        for name in models
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore")  # of what fastai uses
    texts = ck.read_texts(ck.fetch("reviews") / "train").texts
    rows = tokenising(texts, rounds) + training(texts, rounds)
    which = "IMDB's training half" if os.environ.get("COURSEKIT_SIZE") == "full" else "the sample"
    heads = ["", "tokens", "tokens a second", "times fastai's"]
    write("texts", f"{machine()}. {len(texts):,} reviews of {which}, rounds: {rounds}.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
