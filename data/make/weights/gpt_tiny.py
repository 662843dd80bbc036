"""Pre-train the small GPT `coursekit.gpt_tiny`; writes `data/gpt_tiny/weights.safetensors`.

It reads the training reviews of `reviews`, without their labels, and the language reference that every Python brings
for its `help()` (`pydoc_data.topics`; another version of Python has another text), and learns to say what comes next.
Its byte pairs are trained on the same texts. Takes about seven minutes on one CPU core:

    OMP_NUM_THREADS=1 python -m data.make.weights.gpt_tiny

All random choices are seeded; another machine rounds differently, so that its weights differ a little.
"""

import argparse
import math
import platform
import time
from pathlib import Path
from pydoc_data.topics import topics

import torch

import coursekit as ck
from coursekit.storage import save_tensors
from coursekit.text.learner import GPT_TINY

from .. import reviews

TARGET = Path(__file__).parents[2] / "gpt_tiny" / "weights.safetensors"
EPOCHS, LR, VOCAB_SIZE = 5, 3e-3, 1024
TRAINED_ON = (
    "the 2,400 training reviews of the sample set reviews, composed by a grammar, without their labels; and Python's "
    "language reference (pydoc_data.topics; Python Software Foundation License), whose version is in these metadata"
)


def review_texts(part: str) -> list[str]:
    """The texts of a part of the sample set."""
    return [file.read_text(encoding="utf-8") for file in sorted(reviews.TARGET.glob(f"{part}/*/*.txt"))]


def reference() -> list[str]:
    """Python's language reference, a text for each topic of `help()`."""
    return [topics[name] for name in sorted(topics)]


def bits_per_character(learn: ck.GPTLearner, texts: list[str]) -> float:
    """How many bits the model needs for a character of texts that it has not seen: the mean, in windows."""
    data = ck.GPTLoaders(texts, texts, vocab=learn.data.vocab, batch_size=16, device=learn.data.device)
    tokens = sum(map(len, learn.data.vocab.encode(texts)))
    return learn.validate(data.valid)["loss"] / math.log(2) * tokens / sum(map(len, texts))


class Report:
    """Prints the loss and a few words now and then."""

    def after_batch(self, learner: ck.GPTLearner) -> None:
        """Every 100 batches."""
        if learner.step % 100 == 0:
            said = learner.generate("The film", 30, seed=0)
            print(
                f"{learner.step} of {learner.steps}: {float(learner.loss):.3f}, {time.process_time():.0f} s: {said!r}",
                flush=True,
            )


def pretrain(fraction: float, epochs: int, seed: int, target: Path) -> None:
    """Read, train, measure on the sample's test reviews, write."""
    torch.set_num_threads(1)
    parts = [texts[: math.ceil(fraction * len(texts))] for texts in (review_texts("train"), reference())]
    texts, held_out = [*parts[0], *parts[1]], review_texts("test")[:: round(1 / fraction)]
    torch.manual_seed(seed)
    data = ck.GPTLoaders(texts, vocab_size=VOCAB_SIZE, batch_size=16, seq_len=GPT_TINY["seq_len"], device="cpu")
    print(data, f"{time.process_time():.0f} s", flush=True)
    callbacks = [ck.GradientClipping(1.0), Report()]
    learn = ck.gpt_learner(data, **GPT_TINY, progress=False, callbacks=callbacks)
    learn.fit_one_cycle(epochs, LR, warmup=0.1)
    metadata = {
        "trained on": TRAINED_ON,
        "python": platform.python_version(),
        "texts": [len(part) for part in parts],
        "tokens": data.train.samples * epochs,
        "epochs": epochs,
        "lr": LR,
        "seed": seed,
        "minutes": round(time.process_time() / 60, 1),
        "bits per character, test reviews": round(bits_per_character(learn, held_out), 4),
    }
    print(metadata, flush=True)
    weights = {name: value.half() for name, value in learn.model.state_dict().items() if name != "decoder.weight"}
    save_tensors(target, weights, metadata | {"config": learn.data.config()})


def main() -> None:
    """Read the options."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--fraction", type=float, default=1.0, help="of the texts")
    options.add_argument("--epochs", type=int, default=EPOCHS)
    options.add_argument("--seed", type=int, default=22)
    options.add_argument("--target", type=Path, default=TARGET)
    chosen = options.parse_args()
    pretrain(chosen.fraction, chosen.epochs, chosen.seed, chosen.target)


if __name__ == "__main__":
    main()
