"""Train the transformer of attention.xlsx on a small made language; writes attention.safetensors beside this file.

Run it only to change the network: `python -m excel.make.train_attention`. The weights are committed, so that
`make excel` gives the same workbook on every machine. One thread, about a minute; on one machine the same weights each
time.
"""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

import coursekit as ck

from .training import fit, save_weights

WEIGHTS = Path(__file__).parent / "attention.safetensors"
NAMES = ["anna", "ben", "carl", "dora", "emma", "finn", "gina", "hugo"]
COLOURS = ["black", "blue", "brown", "green", "pink", "red", "white", "yellow"]
THINGS = ["ball", "boat", "book", "car", "cup", "hat", "kite", "lamp"]
MEETS, THANKS = ["met", "saw"], ["called", "helped", "thanked"]
WORDS = [*NAMES, *COLOURS, *THINGS, *MEETS, *THANKS, "."]
SIZE, HEADS, LAYERS, POSITIONS = 16, 2, 2, 8
TEXTS_SEED = 1
SEED = 0  # one in whose heads the way of the words is plain to see; others get there less plainly, or more slowly


def transformer() -> ck.Transformer:
    """The network; its logits are its outputs times the vectors of the words (tied weights): see `logits`."""
    return ck.Transformer(len(WORDS), SIZE, HEADS, LAYERS, POSITIONS)


def logits(net: ck.Transformer, tokens: Tensor) -> Tensor:
    """int64 (n, tokens) to logits for the word after each, (n, tokens, words)."""
    return net(tokens)[0] @ net.embedding.weight.T


def texts(count: int, seed: int, kept_out: bool = False) -> tuple[Tensor, Tensor]:
    """Texts of nine words: things, meetings and turns, as often one as another.

    Args:
        count: how many.
        seed: of what is drawn.
        kept_out: only texts of things, and all pairs in them are among those that training never saw: see `_things`.

    Returns:
        Token ids, int64 (count, 9); and which words follow from those before, bool (count, 9).
    """
    draw = torch.Generator().manual_seed(seed)
    kinds = [partial(_things, kept_out=True)] if kept_out else [_things, _meeting, _turns]
    made = [kinds[i % len(kinds)](draw) for i in range(count)]
    ids = {word: number for number, word in enumerate(WORDS)}
    return torch.tensor([[ids[word] for word in words] for words, _ in made]), torch.tensor([sure for _, sure in made])


def _some(words: list[str], count: int, draw: torch.Generator) -> list[str]:
    """So many different ones of these words."""
    return [words[i] for i in torch.randperm(len(words), generator=draw)[:count].tolist()]


def _things(draw: torch.Generator, kept_out: bool = False) -> tuple[list[str], list[bool]]:
    """Two or three things, each with a colour of its own, again and again: "red ball blue car red ball blue".

    Eight pairs are kept out of training: black ball, blue boat, and so on down the two lists.
    """
    while True:
        count = _two_or_three(draw)
        colours, things = _some(COLOURS, count, draw), _some(THINGS, count, draw)
        order = torch.randint(count, (5,), generator=draw).tolist()
        is_kept_out = {COLOURS.index(colours[i]) == THINGS.index(things[i]) for i in order[:4]}  # the ninth is a colour
        if is_kept_out == {kept_out}:
            break
    words = [word for i in order for word in (colours[i], things[i])]
    sure = [known for place, i in enumerate(order) for known in (False, i in order[:place])]
    return words[:9], sure[:9]


def _meeting(draw: torch.Generator) -> tuple[list[str], list[bool]]:
    """Two people, and each sentence is about both: "anna met ben . ben thanked anna . ben"."""
    one, other = _some(NAMES, 2, draw)
    who, whom = _some([one, other], 2, draw)
    words = [one, *_some(MEETS, 1, draw), other, ".", who, *_some(THANKS, 1, draw), whom, "."]
    words += _some([one, other], 1, draw)
    return words, [False, False, False, True, False, False, True, True, False]


def _turns(draw: torch.Generator) -> tuple[list[str], list[bool]]:
    """Two or three people take turns: "anna ben carl anna ben carl anna ben carl"."""
    people = _some(NAMES, _two_or_three(draw), draw)
    return [people[i % len(people)] for i in range(9)], [i > 2 for i in range(9)]


def _two_or_three(draw: torch.Generator) -> int:
    return 2 + int(torch.rand((), generator=draw) < 0.5)


def accuracy(net: ck.Transformer, tokens: Tensor, sure: Tensor) -> float:
    """Fraction of the words that follow from those before which the network finds the most probable."""
    with torch.no_grad():
        right = logits(net, tokens[:, :-1]).argmax(-1) == tokens[:, 1:]
    return right[sure[:, 1:]].double().mean().item()


def train(seed: int = SEED, steps: int = 2000, batch_size: int = 256) -> ck.Transformer:
    """By cross-entropy on every next word."""
    torch.manual_seed(seed)
    net = transformer()
    tokens, _ = texts(30_000, TEXTS_SEED)
    batches = (tokens[torch.randint(len(tokens), (batch_size,))] for _ in range(steps))
    losses = (F.cross_entropy(logits(net, b[:, :-1]).flatten(0, 1), b[:, 1:].flatten()) for b in batches)
    fit(net, losses, steps, weight_decay=0.1)
    return net


def main() -> None:
    """Train, report the accuracy on other texts, save."""
    torch.set_num_threads(1)
    net = train()
    for words, kept_out in [("other texts", False), ("pairs never seen", True)]:
        print(
            f"{words}: {accuracy(net, *texts(3000, seed=2, kept_out=kept_out)):.2%} of the words that follow are right"
        )
    save_weights(net, WEIGHTS)


if __name__ == "__main__":
    main()
