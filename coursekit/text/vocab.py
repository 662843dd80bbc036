"""A vocabulary of tokens, and texts as its numbers.

A text's pieces, what stands between its spaces, are few different ones: 25,000 reviews of films have 5,800,000, of
which 265,000 differ. So each is split into tokens once, and only looked up wherever it occurs again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .storage import load_tensors
from .text_tokens import BEGINNING, MARKS, UNKNOWN, check_texts, detokenize, pieces, split


class _Places(dict):
    """Gives whatever is looked up for the first time the next free number."""

    def __missing__(self, key: str) -> int:
        self[key] = place = len(self)
        return place


class SplitTexts:
    """Texts as numbers of their pieces, and the tokens of each different piece.

    Raises:
        ValueError: `texts` is one text instead of several, or holds something that is no text.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        check_texts(texts)
        places = _Places()
        self.texts = [np.fromiter(map(places.__getitem__, pieces(text)), np.int32) for text in texts]
        self.tokens = [split(piece) for piece in places]

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self.texts)

    def count(self) -> dict[str, int]:
        """How often each token occurs; the mark of a text's beginning is not counted."""
        everything = np.concatenate([np.empty(0, np.int32), *self.texts])
        count: dict[str, int] = {}
        for tokens, times in zip(self.tokens, np.bincount(everything).tolist(), strict=True):
            for token in tokens:
                count[token] = count.get(token, 0) + times
        return count

    def numbers(self, number: Mapping[str, int]) -> list[Tensor]:
        """Each text as the numbers of its tokens, int64 (tokens,): first the beginning's; unknown words' is 0."""
        lengths = np.array([len(tokens) for tokens in self.tokens], np.int64)
        starts = lengths.cumsum() - lengths
        each = np.array([number.get(token, UNKNOWN) for tokens in self.tokens for token in tokens], np.int64)
        return [torch.from_numpy(_joined(each, starts[text], lengths[text])) for text in self.texts]


def _split(texts: Sequence[str] | SplitTexts) -> SplitTexts:
    return texts if isinstance(texts, SplitTexts) else SplitTexts(texts)


def _joined(values: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The beginning's number, then those parts of `values` that start there and are so long, one after the other."""
    ends = lengths.cumsum()
    joined = np.full(1 + lengths.sum(), BEGINNING, np.int64)
    joined[1:] = values[np.arange(lengths.sum()) + np.repeat(starts - ends + lengths, lengths)]
    return joined


@dataclass(frozen=True)
class Vocab:
    """The words that have numbers: those of `MARKS` first, then the most frequent first.

    Attributes:
        words: all of them; a word's number is its place.

    Raises:
        ValueError: the words do not begin with `MARKS`, or one is there twice.

    Built in lesson 14.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        """Look at the words."""
        if self.words[: len(MARKS)] != MARKS or len(set(self.words)) < len(self.words):
            raise ValueError(f"a vocabulary begins with {' '.join(MARKS)}, and has each word once: use Vocab.count")

    @classmethod
    def count(cls, texts: Sequence[str] | SplitTexts, min_frequency: int = 2, max_size: int = 60_000) -> "Vocab":
        """The words of the training texts; equally frequent ones in alphabetical order.

        Args:
            texts: the training texts only: what is held out must not be counted. `SplitTexts` of them can be
                numbered, too, without being split again.
            min_frequency: words that occur less often are left out.
            max_size: how many words there may be, the marks among them.

        Raises:
            ValueError: no word is frequent enough, or there is no room for any.
        """
        texts = _split(texts)
        found = {word: times for word, times in texts.count().items() if times >= min_frequency and word not in MARKS}
        if not found or max_size <= len(MARKS):
            raise ValueError(
                f"{len(found)} words occur {min_frequency} times or more in {len(texts)} texts, and the vocabulary has "
                f"room for {max_size - len(MARKS)}: give more text, a lower min_frequency or a larger max_size"
            )
        words = sorted(found, key=lambda word: (-found[word], word))
        return cls((*MARKS, *words[: max_size - len(MARKS)]))

    @classmethod
    def saved(cls, path: Path | str) -> "Vocab":
        """The vocabulary of a model or encoder that a learner of texts saved.

        Raises:
            ValueError: the file holds none.
        """
        notes = load_tensors(path)[1]
        if "vocab" not in notes:
            raise ValueError(f"{path} holds no vocabulary: it was not written by a learner of texts")
        return cls(tuple(notes["vocab"]))

    def __len__(self) -> int:
        """How many words there are."""
        return len(self.words)

    def __repr__(self) -> str:
        """The size and the first words."""
        return f"Vocab({len(self)} words: {' '.join(self.words[: len(MARKS) + 8])} ...)"

    @cached_property
    def number(self) -> dict[str, int]:
        """From word to number."""
        return {word: number for number, word in enumerate(self.words)}

    def numbers(self, texts: Sequence[str] | SplitTexts) -> list[Tensor]:
        """Each text's tokens as numbers, int64 (tokens,); an empty text is `xxbos` alone.

        Raises:
            ValueError: `texts` is one text instead of several, or holds something that is no text.
        """
        return _split(texts).numbers(self.number)

    def tokens(self, numbers: Iterable[int]) -> list[str]:
        """The words of these numbers."""
        return [self.words[number] for number in numbers]

    def text(self, numbers: Iterable[int]) -> str:
        """Readable text: marks carried out, punctuation where it belongs. Spaces may differ from the original's."""
        return detokenize(self.tokens(numbers))
