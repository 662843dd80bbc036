"""What learners of texts share: models saved with their words, and encoders that carry over to other words."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import torch
from torch import Tensor, nn

from .storage import MadeFor, check_weights, load_tensors, load_weights, save_tensors
from .text_tokens import MARKS
from .text_vocab import Vocab


def carry_over(vectors: Tensor, old: Sequence[str], new: Sequence[str]) -> tuple[Tensor, int]:
    """The vectors (old words, size) for new words: known words keep theirs, the others get the mean of all.

    Returns:
        (new words, size), and how many of the new words were known.

    Raises:
        ValueError: not one vector for each old word, or no word but the marks is known.

    Built in lesson 15.
    """
    if len(vectors) != len(old):
        raise ValueError(f"a vocabulary of {len(old)} words does not fit {len(vectors)} vectors: each needs one")
    place = {word: i for i, word in enumerate(old)}
    known = [i for i, word in enumerate(new) if word in place]
    if not any(new[i] not in MARKS for i in known):
        raise ValueError(f"none of the {len(new)} words is among the {len(old)} that have vectors: another language?")
    carried = vectors.mean(0).repeat(len(new), *[1] * (vectors.dim() - 1))
    carried[known] = vectors[[place[new[i]] for i in known]]
    return carried, len(known)


def load_language_model(model: nn.Module, path: Path | str, words: Sequence[str]) -> int:
    """Read a saved language model whose decoder is not tied into `model`, which is for other words: see `carry_over`.

    Returns:
        How many of the words it knew.

    Raises:
        ValueError: the file holds another model, or none of the words. The model was not changed then.
    """
    weights, notes = load_tensors(path)
    weights, known = {name: value.float() for name, value in weights.items()}, 0
    for name in {"encoder.embedding.weight", "decoder.weight", "decoder.bias"} & weights.keys():
        weights[name], known = carry_over(weights[name], notes["vocab"], words)
    load_weights(model, weights, str(path))
    return known


class Transfer(MadeFor):
    """Saving and loading of models of texts together with their words; part of `LanguageLearner`, `TextLearner`."""

    def save(self, path: Path | str, **notes: object) -> Path:
        """Write the weights and the vocabulary to one safetensors file; see `Learner.save`."""
        return super().save(path, **notes | {"vocab": list(self.data.vocab.words)})

    def check_notes(self, notes: dict, origin: str) -> None:
        """Raise a ValueError if the file was made with another vocabulary, or for other classes."""
        there, here = notes.get("vocab", []), list(self.data.vocab.words)
        if there != here:
            first = next(i for i, (a, b) in enumerate(zip_longest(there, here)) if a != b)
            raise ValueError(
                f"{origin} was made with another vocabulary ({len(there)} words there, {len(here)} here; different "
                f"from number {first} on): give the data vocab=ck.Vocab.saved(path), or carry the encoder over with "
                "save_encoder and load_encoder"
            )
        super().check_notes(notes, origin)

    def save_encoder(self, path: Path | str) -> Path:
        """Write the encoder and the vocabulary, for `load_encoder`."""
        return save_tensors(path, self.model.encoder.state_dict(), {"vocab": list(self.data.vocab.words)})

    def load_encoder(self, path: Path | str) -> int:
        """Take over the encoder that another learner saved; words that it does not know start from the mean vector.

        Returns:
            How many of this vocabulary's words it knew.

        Raises:
            ValueError: the file holds no encoder, one of other sizes, or none of the words. Nothing was changed then.
        """
        weights, _ = load_tensors(path)
        if "embedding.weight" not in weights:
            raise ValueError(f"{path} holds no encoder: write one with save_encoder (save writes a whole model)")
        words = Vocab.saved(path).words
        weights["embedding.weight"], known = carry_over(weights["embedding.weight"], words, self.data.vocab.words)
        check_weights(self.model.encoder, weights, str(path))
        self.model.encoder.load_state_dict(weights)
        return known

    def unfreeze_last(self, groups: int) -> None:
        """Train only so many of the layer groups, from the last; for gradual unfreezing.

        Raises:
            ValueError: none, or more than there are.
        """
        if not 1 <= groups <= len(self.groups):
            raise ValueError(f"the model has {len(self.groups)} layer groups; {groups} of them cannot be trained")
        self.model.requires_grad_(False)
        for group in self.groups[-groups:]:
            group.requires_grad_(True)


def softened(scores: Tensor, temperature: float, top_k: int | None) -> Tensor:
    """Probabilities of the next token: softmax(scores / temperature), of the `top_k` largest scores only.

    Args:
        scores: (words,).
        temperature: below 1 the likely becomes likelier, above 1 all become more alike.
        top_k: None keeps all.

    Raises:
        ValueError: a temperature that is not positive, or top_k below 1.

    Built in lesson 14.
    """
    if not temperature > 0 or (top_k is not None and top_k < 1):
        raise ValueError(f"temperature is above 0 and top_k at least 1; found {temperature} and {top_k}")
    if top_k is not None and top_k < len(scores):
        kept = scores.topk(top_k)
        scores = torch.full_like(scores, -torch.inf).scatter(0, kept.indices, kept.values)
    return (scores / temperature).softmax(0)
