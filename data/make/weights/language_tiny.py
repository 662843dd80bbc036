"""Pre-train the language model `coursekit.language_tiny`; writes `data/language_tiny/weights.safetensors`.

It reads texts that the grammar of `reviews` composes with other seeds, without labels, and learns to say what comes
next. Their order matters (`PLAN`): first it learns the language; then texts of plain opinions, with cell states that
last longer, let it find that the opinions of a text agree; then more and more of them are turned round by negation and
contrast; whole reviews come last. From whole reviews alone it learned the grammar, in six million words, and not what
they mean. No text stands in the sample: the script looks. Takes about eleven minutes on one CPU core:

    OMP_NUM_THREADS=1 python -m data.make.weights.language_tiny

All random choices are seeded; another machine rounds differently, so that its weights differ a little.
"""

import argparse
import math
import time
from pathlib import Path

import torch
from torch import Tensor

import coursekit as ck
from coursekit.storage import save_tensors

from .. import reviews, reviews_words
from ..reviews_writer import Writer

TARGET = Path(__file__).parents[2] / "language_tiny" / "weights.safetensors"
FILMS, START = 3000, 25  # tokens of a text that are read before its opinion words are asked for
PLAN = (  # what is read: kind of text, how many, how often, largest learning rate
    ("light", 12_000, 2, 5e-3),
    ("whole", 20_000, 1, 5e-3),
    ("mixed", 12_000, 2, 6e-3),
    ("plain", 9_000, 1, 6e-3),
    ("light", 12_000, 2, 4e-3),
    ("mixed", 12_000, 3, 4e-3),
    ("whole", 9_000, 1, 3e-3),
)
TURNED = {"plain": None, "light": 0.0, "mixed": 0.5}  # the chance that an opinion is as in a negated review
TRAINED_ON = (
    "texts in English composed by the grammar of the sample set reviews with other seeds and about other films, "
    "without labels: texts of plain opinions, of opinions of which a fifth or more than half are turned round by "
    "negation or contrast, and whole reviews, half of them negated. None of the sample's texts"
)


def opinions(seed: tuple[int, ...], pleased: bool, films: list[dict[str, str]], turned: float | None) -> str:
    """A text of opinions only: all plain (None); else like those of plain reviews, or, by chance, of negated ones."""
    rng = reviews.np.random.default_rng(seed)
    writer = Writer(rng, pleased, films[rng.integers(len(films))])
    return reviews.polish(rng, " ".join(opinion(writer, turned) for _ in range(rng.integers(6, 12))))


def opinion(writer: Writer, turned: float | None) -> str:
    """One opinion, drawn again until it is as wished."""
    while True:
        text, pattern = reviews.opinion(writer, turned is not None and bool(writer.rng.random() < turned))
        if turned is not None or pattern.startswith("plain"):
            return text


def compose(fraction: float, seed: int) -> list[list[str]]:
    """The texts of each part of the plan, or a fraction; half of each are pleased, half of the reviews negated."""
    films, parts = reviews.draw_films(reviews.np.random.default_rng(seed), FILMS), []
    for part, (kind, count, _, _) in enumerate(PLAN):
        seeds = [((seed, part, i), i % 2 == 0) for i in range(round(fraction * count))]
        if kind == "whole":
            parts.append([reviews.review(s, pleased, s[-1] % 4 in (1, 2), films)[0] for s, pleased in seeds])
        else:
            parts.append([opinions(s, pleased, films, TURNED[kind]) for s, pleased in seeds])
    return parts


def remember(learn: ck.Learner) -> None:
    """Let half of the cell states last longer: forget gates nearer to 1."""
    rnn = learn.model.encoder.rnns[0]
    with torch.no_grad():
        rnn.bias_ih_l0[rnn.hidden_size : rnn.hidden_size * 3 // 2] += 2


def sample_texts(part: str = "*/*") -> list[str]:
    """The texts of the sample set."""
    return [file.read_text(encoding="utf-8") for file in sorted(reviews.TARGET.glob(f"{part}/*.txt"))]


@torch.inference_mode()
def expected_sides(learn: ck.Learner, texts: list[str]) -> float:
    """Among the opinion words of texts, how many are of the side that the model held for likelier.

    The first words of each text are left out: nothing is known there.
    """
    ids, sides = learn.data.vocab.token_to_id, torch.zeros(2, len(learn.data.vocab), dtype=torch.bool)
    for side, words in zip(sides, reviews_words.lexicon(), strict=True):
        side[[ids[word] for word in words if word in ids]] = True
    learn.model.eval()
    right: list[Tensor] = []
    for document in learn.data.vocab.encode(texts):
        values, _ = learn.model.encoder(document[None])
        chances = learn.model.decoder(values[0, START:-1]).softmax(1)
        targets = document[START + 1 :]
        asked = sides[:, targets].any(0)
        likelier = (chances @ sides.T.float()).argmax(1)
        right.append(sides[likelier, targets][asked])
    return torch.cat(right).float().mean().item()


class Report:
    """Prints the loss now and then."""

    def after_batch(self, learner: ck.Learner) -> None:
        """Every 250 batches."""
        if learner.step % 250 == 0:
            loss, cpu, sides = float(learner.loss), time.process_time(), expected_sides(learner, HELD_OUT[::10])
            learner.model.train()
            print(f"{learner.step} of {learner.steps}: loss {loss:.3f}, sides {sides:.2f}, {cpu:.0f} s", flush=True)


HELD_OUT = sample_texts("test/*")


def pretrain(fraction: float, seed: int, target: Path) -> None:
    """Compose, look for overlap, train, measure on the sample's test reviews, write."""
    torch.set_num_threads(1)
    parts = compose(fraction, seed)
    if shared := set(sample_texts()) & {text for part in parts for text in part}:
        raise SystemExit(f"{len(shared)} of the texts stand in the sample: choose another seed")
    vocab = ck.Vocab.count([text for part in parts for text in part], min_frequency=4)
    datas = [ck.LanguageLoaders(part, HELD_OUT, vocab=vocab, batch_size=16, device="cpu") for part in parts]
    tokens = sum(data.train.samples * epochs for data, (_, _, epochs, _) in zip(datas, PLAN, strict=True))
    print(f"{len(vocab)} words, {tokens:,} tokens to read, {time.process_time():.0f} s", flush=True)
    torch.manual_seed(seed)
    learn = ck.language_tiny(datas[0], pretrained=False, progress=False, callbacks=[ck.GradientClipping(1.0), Report()])
    for data, (kind, _, epochs, lr) in zip(datas, PLAN, strict=True):
        if kind == "plain":
            remember(learn)
        learn.use(data)
        learn.fit_one_cycle(epochs, lr, warmup=0.1)
        write(learn, {"texts": [len(part) for part in parts], "tokens": tokens, "seed": seed}, target)


def write(learn: ck.Learner, metadata: dict, target: Path) -> None:
    """The weights, with metadata on how they were made and how well they do on the sample's test reviews."""
    metadata |= {
        "trained on": TRAINED_ON,
        "plan": [list(part) for part in PLAN],
        "minutes": round(time.process_time() / 60, 1),
        "perplexity, test reviews": round(math.exp(learn.validate()["loss"]), 3),
        "expected sides, test reviews": round(expected_sides(learn, HELD_OUT), 4),
    }
    print(metadata, flush=True)
    weights = {name: value.half() for name, value in learn.model.state_dict().items()}
    save_tensors(target, weights, metadata | {"config": learn.data.config()})


def main() -> None:
    """Read the options."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--fraction", type=float, default=1.0, help="of the texts")
    options.add_argument("--seed", type=int, default=20_110)
    options.add_argument("--target", type=Path, default=TARGET)
    chosen = options.parse_args()
    pretrain(chosen.fraction, chosen.seed, chosen.target)


if __name__ == "__main__":
    main()
