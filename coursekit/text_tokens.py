"""From text to numbers and back: words and marks, split by Hugging Face `tokenizers`, and a vocabulary of them.

A word is written small; what capitals and repetition said is kept as a mark before it:

- the beginning: `xxbos`
- `Great film`: `xxmaj great film` (no mark for a single letter, as in `I`, nor for scripts other than Latin)
- `AWFUL`: `xxup awful`
- `!!!!`: `xxrep 4 !` (three or more of one character; digits excepted)
- `very very very`: `xxwrep 3 very` (three or more of one word)
- a line break, `<br />`, or several together: `xxnl`
- `didn't`, `it's`: `did n't`, `it 's`
- a word outside the vocabulary: `xxunk`
- what fills up a row of numbers: `xxpad`
- a mark's own name, such as `xxpad`, in the text: `xx pad`
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .storage import load_tensors

if TYPE_CHECKING:
    import tokenizers

UNKNOWN, PADDING, BEGINNING = 0, 1, 2
MARKS = ("xxunk", "xxpad", "xxbos", "xxnl", "xxmaj", "xxup", "xxrep", "xxwrep")  # the first words of any vocabulary
TOGETHER = 2000  # texts that are numbered at once

_TOKEN = r"\w+(?:'t\b)?|'(?:s|re|ve|ll|d|m)\b|[^\w\s]"
_NOT = re.compile(r"[nN]'[tT]\b")
_OWN_NAME = re.compile(rf"xx(?={'|'.join(mark[2:] for mark in MARKS)})")
_SAME_WORD = re.compile(r" (\w+) \1 \1\b(?: \1\b)*")
_SAME_CHARACTER = re.compile(r"(.)\1\1+")
_CAPITAL = re.compile(r"[A-ZÀ-Þ](?<!\w.)\w+")  # at the beginning of a word: no part of a word is before it


def mark(text: str) -> str:
    """The text in small letters, with the marks in it as words; see the list above.

    Built in lesson 14.
    """
    text = " " + unicodedata.normalize("NFC", text).replace("<br />", "\n").replace("<br>", "\n").replace("’", "'")
    text = _NOT.sub(" n't", text)
    if "xx" in (lowered := text.lower()) and _OWN_NAME.search(lowered):
        text = _OWN_NAME.sub("xx ", lowered)
    text = _SAME_WORD.sub(_mark_same_words, text)
    text = _SAME_CHARACTER.sub(_mark_same_characters, text)
    text = _CAPITAL.sub(_mark_capitals, text)
    return "xxbos" + re.sub(r"\n\s*", " xxnl ", text).lower()


def _mark_same_words(found: re.Match) -> str:
    return f" xxwrep {len(found[0].split())} {found[1]}"


def _mark_same_characters(found: re.Match) -> str:
    if found[1].isspace() or found[1].isdecimal():
        return found[0]
    return f" xxrep {len(found[0])} {found[1]} "


def _mark_capitals(found: re.Match) -> str:
    word = found[0]
    if word.isupper():
        return "xxup " + word
    return "xxmaj " + word if word[0].isupper() else word


def _splitter() -> "tokenizers.pre_tokenizers.PreTokenizer":
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(_TOKEN), behavior="removed", invert=True)


def marked(texts: Sequence[str]) -> list[str]:
    """Each of the texts through `mark`.

    Raises:
        ValueError: `texts` is one text instead of several, or holds something that is no text.
    """
    check_texts(texts)
    return [mark(text) for text in texts]


def tokenize(text: str) -> list[str]:
    """A text's tokens.

    Example:
        >>> tokenize("I did NOT like it!!!")
        ['xxbos', 'i', 'did', 'xxup', 'not', 'like', 'it', 'xxrep', '3', '!']

    Built in lesson 14.
    """
    return [token for token, _ in _splitter().pre_tokenize_str(marked([text])[0])]


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
    def count(cls, texts: Sequence[str], min_frequency: int = 2, max_size: int = 60_000) -> "Vocab":
        """The words of the training texts; equally frequent ones in alphabetical order.

        Args:
            texts: the training texts only: what is held out must not be counted.
            min_frequency: words that occur less often are left out.
            max_size: how many words there may be, the marks among them.

        Raises:
            ValueError: no word is frequent enough, or there is no room for any.
        """
        return cls.count_marked(marked(texts), min_frequency, max_size)

    @classmethod
    def count_marked(cls, texts: Sequence[str], min_frequency: int, max_size: int) -> "Vocab":
        """As `count`, of texts that went through `mark` already."""
        from tokenizers import Tokenizer, models, trainers

        counter = Tokenizer(models.WordLevel())
        counter.pre_tokenizer = _splitter()
        trainer = trainers.WordLevelTrainer(vocab_size=2**31, min_frequency=min_frequency, show_progress=False)
        counter.train_from_iterator(texts, trainer)
        found = counter.get_vocab()
        words = [word for word in sorted(found, key=found.get) if word not in MARKS]
        if not words or max_size <= len(MARKS):
            raise ValueError(
                f"{len(words)} words occur {min_frequency} times or more in {len(texts)} texts, and the vocabulary has "
                f"room for {max_size - len(MARKS)}: give more text, a lower min_frequency or a larger max_size"
            )
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

    @cached_property
    def _numbering(self) -> "tokenizers.Tokenizer":
        from tokenizers import Tokenizer, models

        numbering = Tokenizer(models.WordLevel(self.number, unk_token=MARKS[UNKNOWN]))
        numbering.pre_tokenizer = _splitter()
        return numbering

    def numbers(self, texts: Sequence[str]) -> list[Tensor]:
        """Each text's tokens as numbers, int64 (tokens,); an empty text is `xxbos` alone.

        Raises:
            ValueError: `texts` is one text instead of several, or holds something that is no text.
        """
        return self.numbers_marked(marked(texts))

    def numbers_marked(self, texts: Sequence[str]) -> list[Tensor]:
        """As `numbers`, of texts that went through `mark` already."""
        found = []
        for start in range(0, len(texts), TOGETHER):
            together = self._numbering.encode_batch_fast(texts[start : start + TOGETHER])
            found += [torch.tensor(one.ids) for one in together]
        return found

    def tokens(self, numbers: Iterable[int]) -> list[str]:
        """The words of these numbers."""
        return [self.words[number] for number in numbers]

    def text(self, numbers: Iterable[int]) -> str:
        """Readable text: marks carried out, punctuation where it belongs. Spaces may differ from the original's."""
        return detokenize(self.tokens(numbers))


def detokenize(tokens: Sequence[str]) -> str:
    """Tokens as readable text; a mark that nothing fitting follows is left out.

    Built in lesson 14.
    """
    words, waiting = [], iter(tokens)
    for token in waiting:
        words.append(_carried_out(token, waiting) if token in MARKS[1:] else "I" if token == "i" else token)
    text = re.sub(r" *\n *", "\n", " ".join(filter(None, words)))
    text = re.sub(r" ([,.!?;:)\]}%]|(?:n't|'(?:s|re|ve|ll|d|m))\b)", r"\1", text)
    return re.sub(r'" ([^"\n]*?) "', r'"\1"', re.sub(r"([(\[{]) ", r"\1", text)).strip()


def _carried_out(token: str, waiting: Iterable[str]) -> str:
    """What a mark and the tokens that belong to it say."""
    if token == "xxpad":
        return ""
    if token in ("xxbos", "xxnl"):
        return "\n\n" if token == "xxbos" else "\n"
    times = next(waiting, "") if token in ("xxrep", "xxwrep") else ""
    word = next(waiting, "")
    if word in MARKS:
        return word if word == MARKS[UNKNOWN] else _carried_out(word, waiting)
    if token in ("xxmaj", "xxup"):
        return word.capitalize() if token == "xxmaj" else word.upper()
    many = int(times) if times.isdecimal() and len(times) < 4 else 1
    return (" " if token == "xxwrep" else "").join([word] * many)


def check_texts(texts: Sequence[str]) -> None:
    """Raise a ValueError where one text stands for several, or something is no text that UTF-8 can hold."""
    if isinstance(texts, str):
        raise ValueError("give a list of texts, also for a single one: [text]")
    if wrong := [i for i, text in enumerate(texts) if not isinstance(text, str)]:
        raise ValueError(f"a text is a str; number {wrong[0]} is {texts[wrong[0]]!r}: leave it out, or give '' for it")
    for i, text in enumerate(texts):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"text number {i} is no UTF-8 ({error}): read its file with its own encoding") from error
