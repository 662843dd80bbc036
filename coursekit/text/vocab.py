"""A vocabulary of tokens, words or byte pairs, and texts as their ids.

A text's pieces, what stands between its spaces, are few different ones: 25,000 reviews of films have 5,800,000, of
which 265,000 differ. So each is taken apart into tokens once, and only looked up wherever it occurs again.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from ..storage import load_tensors
from .tokens import BEGINNING, SPECIAL_TOKENS, UNKNOWN, at_least_one, check_texts, detokenize, pieces, tokens_of

if TYPE_CHECKING:
    import tokenizers


class TokenizedTexts:
    """Texts as numbers of their pieces, and the tokens of each different piece.

    Raises:
        ValueError: `texts` is one text instead of several, or holds something that is no text.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        check_texts(texts)
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__  # what is looked up for the first time gets the next free number
        self.texts = [np.fromiter(map(numbers.__getitem__, pieces(text)), np.int32) for text in texts]
        self.tokens = [tokens_of(piece) for piece in numbers]

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self.texts)

    def count(self) -> dict[str, int]:
        """How often each token occurs; that of a text's beginning is not counted."""
        everything = np.concatenate([np.empty(0, np.int32), *self.texts])
        count: dict[str, int] = {}
        for tokens, times in zip(self.tokens, np.bincount(everything).tolist(), strict=True):
            for token in tokens:
                count[token] = count.get(token, 0) + times
        return count

    def encode(self, token_to_id: Mapping[str, int]) -> list[Tensor]:
        """Each text as its tokens' ids, int64 (tokens,): first the beginning's; unknown words' is 0."""
        lengths = np.array([len(tokens) for tokens in self.tokens], np.int64)
        starts = lengths.cumsum() - lengths
        ids = np.array([token_to_id.get(token, UNKNOWN) for tokens in self.tokens for token in tokens], np.int64)
        return [torch.from_numpy(_joined(ids, starts[text], lengths[text])) for text in self.texts]


def _tokenized(texts: Sequence[str] | TokenizedTexts) -> TokenizedTexts:
    return texts if isinstance(texts, TokenizedTexts) else TokenizedTexts(texts)


def _joined(ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The beginning's id, then those parts of `ids` that start there and are so long, one after the other."""
    ends = lengths.cumsum()
    joined = np.full(1 + lengths.sum(), BEGINNING, np.int64)
    joined[1:] = ids[np.arange(lengths.sum()) + np.repeat(starts - ends + lengths, lengths)]
    return joined


class _Tokens:
    """What vocabularies share: tokens that have ids."""

    words: tuple[str, ...]
    saved_as: ClassVar[str]

    @classmethod
    def saved(cls, path: Path | str) -> "_Tokens":
        """The vocabulary of a model or encoder that a learner of texts saved.

        Raises:
            ValueError: the file holds none of this sort.
        """
        config = load_tensors(path)[1].get("config", {})
        if cls.saved_as not in config:
            advice = "give what a learner of such texts saved; of an exported one take ck.load(path).data.vocab"
            raise ValueError(f"{path} holds no {cls.saved_as}: {advice}")
        return cls(config[cls.saved_as])

    def __len__(self) -> int:
        """How many tokens there are."""
        return len(self.words)

    @cached_property
    def token_to_id(self) -> dict[str, int]:
        """From token to token id."""
        return {word: i for i, word in enumerate(self.words)}

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The tokens of these token ids.

        Raises:
            ValueError: one is no whole number from 0 to the last.
        """
        try:
            found = [index(i) for i in ids]
        except TypeError as error:
            raise ValueError(f"token ids are whole numbers, one after the other ({error})") from error
        if wrong := [i for i in found if not 0 <= i < len(self)]:
            raise ValueError(f"{wrong[0]} is the token id of no word: they go from 0 to {len(self) - 1}")
        return [self.words[i] for i in found]


@dataclass(frozen=True)
class Vocab(_Tokens):
    """The words that have token ids: those of `SPECIAL_TOKENS` first, then the most frequent first.

    Attributes:
        words: all of them; a word's token id is its position.

    Raises:
        ValueError: the words do not begin with `SPECIAL_TOKENS`, or one is there twice or no text.

    Built in lesson 14.
    """

    words: tuple[str, ...]
    saved_as: ClassVar[str] = "vocabulary"

    def __post_init__(self) -> None:
        """Look at the words."""
        check_texts(self.words)
        object.__setattr__(self, "words", tuple(self.words))
        if self.words[: len(SPECIAL_TOKENS)] != SPECIAL_TOKENS:
            raise ValueError(f"a vocabulary begins with {' '.join(SPECIAL_TOKENS)}: Vocab.count makes one of texts")
        if len(self.token_to_id) < len(self.words):
            twice = next(word for i, word in enumerate(self.words) if self.token_to_id[word] != i)
            raise ValueError(f"a vocabulary has each word once; {twice!r} is there more often")

    @classmethod
    def count(cls, texts: Sequence[str] | TokenizedTexts, min_frequency: int = 2, max_size: int = 60_000) -> "Vocab":
        """The words of the training texts; equally frequent ones in alphabetical order.

        Args:
            texts: the training texts only: what is held out must not be counted. `TokenizedTexts` of them can be
                encoded, too, without being taken apart again.
            min_frequency: words that occur less often are left out.
            max_size: how many words there may be, the special tokens among them.

        Raises:
            ValueError: no word is frequent enough, or there is no room for any.
        """
        at_least_one(min_frequency=min_frequency, max_size=max_size)
        texts, special = _tokenized(texts), len(SPECIAL_TOKENS)
        found = {w: times for w, times in texts.count().items() if times >= min_frequency and w not in SPECIAL_TOKENS}
        if not found or max_size <= special:
            occur = f"{len(found)} words occur {min_frequency} times or more in {len(texts)} texts"
            room = f"the vocabulary has room for {max_size - special}"
            raise ValueError(f"{occur}, and {room}: give more text, a lower min_frequency or a larger max_size")
        words = sorted(found, key=lambda word: (-found[word], word))
        return cls((*SPECIAL_TOKENS, *words[: max_size - special]))

    def config(self) -> dict[str, list]:
        """What token ids stand for, as data and files say it."""
        return {"vocabulary": list(self.words)}

    def __repr__(self) -> str:
        """The size and the first words."""
        return f"Vocab({len(self)} words: {' '.join(self.words[: len(SPECIAL_TOKENS) + 8])} ...)"

    def encode(self, texts: Sequence[str] | TokenizedTexts) -> list[Tensor]:
        """Each text as token ids, int64 (tokens,); an empty text is `xxbos` alone.

        Raises:
            ValueError: `texts` is one text instead of several, or holds something that is no text.
        """
        return _tokenized(texts).encode(self.token_to_id)

    def decode(self, ids: Iterable[int]) -> str:
        """Readable text: special tokens carried out, punctuation where it belongs; spaces may be others than before."""
        return detokenize(self.tokens(ids))


END_OF_TEXT = "<|endoftext|>"  # the token with id 0: a document begins, and the one before is over


@dataclass(frozen=True)
class BytePairs(_Tokens):
    """Byte-pair encoding: single bytes, and pairs of tokens that became tokens, the most frequent pair first.

    Hugging Face `tokenizers` does the work, with GPT-2's rules: text is cut into words, each with the space before it,
    and no token reaches from one word into the next. Every text can be written in such tokens, and comes back as it
    was. A token is spelt with a character for each byte, as GPT-2 does: `Ġ` is a space, `Ċ` a line break.

    P. Gage, "A new algorithm for data compression", 1994; R. Sennrich, B. Haddow and A. Birch, "Neural machine
    translation of rare words with subword units", 2016; of bytes: A. Radford et al. (GPT-2), 2019.

    Attributes:
        merges: the pairs in the order in which they were merged, two tokens each: `"Ġ t"`.

    Raises:
        ValueError: a merge is no pair of tokens that are there by then.

    Built in lesson 22.
    """

    merges: tuple[str, ...] = ()
    saved_as: ClassVar[str] = "byte pairs"

    def __post_init__(self) -> None:
        """Look at the merges."""
        check_texts(self.merges)
        object.__setattr__(self, "merges", tuple(self.merges))
        known = set(_bytes())
        for merge in self.merges:
            if not {*(pair := merge.split(" "))} <= known or len(pair) != 2:
                raise ValueError(f"a merge is two tokens, such as 'Ġ t', each a byte or merged before; found {merge!r}")
            known.add("".join(pair))

    @classmethod
    def train(cls, texts: Sequence[str], max_size: int = 1024, min_frequency: int = 2) -> "BytePairs":
        """Merge the most frequent pair of the texts' tokens, again and again.

        Args:
            texts: the training texts only.
            max_size: how many tokens there may be, the 257 that are there from the start among them.
            min_frequency: pairs that occur less often are not merged.

        Raises:
            ValueError: `max_size` below 257, or texts that are none.
        """
        from tokenizers import trainers

        check_texts(texts)
        at_least_one(max_size=max_size, min_frequency=min_frequency)
        if max_size < (least := len(cls().words)):
            raise ValueError(f"{END_OF_TEXT} and the 256 bytes are {least} tokens; max_size={max_size} has no room")
        tokenizer, options = _byte_pair_tokenizer({}, []), {"initial_alphabet": _bytes(), "show_progress": False}
        trainer = trainers.BpeTrainer(vocab_size=max_size - 1, min_frequency=min_frequency, **options)
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tuple(" ".join(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All tokens: `<|endoftext|>`, the 256 bytes, then those of the merges; a token's id is its position."""
        return tuple(dict.fromkeys([END_OF_TEXT, *_bytes(), *(merge.replace(" ", "") for merge in self.merges)]))

    @cached_property
    def _tokenizer(self) -> "tokenizers.Tokenizer":
        return _byte_pair_tokenizer(self.token_to_id, [tuple(merge.split(" ")) for merge in self.merges])

    def config(self) -> dict[str, list]:
        """What token ids stand for, as data and files say it."""
        return {self.saved_as: list(self.merges)}

    def __repr__(self) -> str:
        """The size and the first and last merges."""
        return f"BytePairs({len(self)} tokens: {END_OF_TEXT}, 256 bytes, {', '.join(self.words[257:263])} ...)"

    def encode(self, texts: Sequence[str]) -> list[Tensor]:
        """Each text as token ids, int64 (tokens,): first that of `<|endoftext|>`, which no text itself can give.

        Raises:
            ValueError: `texts` is one text instead of several, or holds something that is no text.
        """
        check_texts(texts)
        return [torch.tensor([0, *found.ids]) for found in self._tokenizer.encode_batch(list(texts))]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids, without an `<|endoftext|>` at its beginning; bytes that are no character give �."""
        found = self.tokens(ids)
        return self._tokenizer.decoder.decode(found[found[:1] == [END_OF_TEXT] :])


@cache
def _bytes() -> list[str]:
    """The spelling of each byte."""
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())


def _byte_pair_tokenizer(token_to_id: dict[str, int], merges: list[tuple[str, str]]) -> "tokenizers.Tokenizer":
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    tokenizer = Tokenizer(models.BPE(token_to_id, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
