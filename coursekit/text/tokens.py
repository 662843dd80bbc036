"""From text to tokens, words and special tokens, and back; Hugging Face `tokenizers` does the splitting.

A word is written small; what capitals and repetition said is kept as a special token before it:

- the beginning: `xxbos`
- `Great film`: `xxmaj great film` (none for a single letter, as in `I`, nor for scripts other than Latin)
- `AWFUL`: `xxup awful`
- `!!!!`: `xxrep 4 !` (three or more of one character; digits excepted)
- `very very very`: `xxwrep 3 very` (three or more of one word)
- a line break, `<br />`, or several together: `xxnl`
- `didn't`, `it's`: `did n't`, `it 's`
- a word outside the vocabulary: `xxunk`
- what fills up a row of token ids (padding): `xxpad`
- a special token's own name, such as `xxpad`, in the text: `xx pad`
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache
from itertools import islice
from operator import eq
from textwrap import shorten
from typing import TYPE_CHECKING

from ..arguments import in_words

if TYPE_CHECKING:
    import tokenizers

UNKNOWN, PADDING, BEGINNING = 0, 1, 2  # token ids
# the first words of any vocabulary
SPECIAL_TOKENS = ("xxunk", "xxpad", "xxbos", "xxnl", "xxmaj", "xxup", "xxrep", "xxwrep")

_TOKEN = r"\w+(?:'t\b)?|'(?:s|re|ve|ll|d|m)\b|[^\w\s]"
_NOT = re.compile(r"[nN]'[tT]\b")
_OWN_NAME = re.compile(rf"xx(?={'|'.join(token[2:] for token in SPECIAL_TOKENS)})")
_LINE_BREAK = re.compile(r"\n\s*")
_SAME_WORD = re.compile(r" (\w+) \1 \1\b(?!')(?: \1\b(?!'))*")
_SAME_CHARACTER = re.compile(r"(.)\1\1+")
_CAPITAL = re.compile(r"[A-ZÀ-Þ](?<!\w.)\w+")  # at the beginning of a word: no part of a word is before it


@in_words
def tokenize(text: str) -> list[str]:
    """A text's tokens.

    Example:
        >>> tokenize("I did NOT like it!!!")
        ['xxbos', 'i', 'did', 'xxup', 'not', 'like', 'it', 'xxrep', '3', '!']

    Raises:
        ValueError: it is no text.

    Built in lesson 14.
    """
    check_texts([text])
    return [SPECIAL_TOKENS[BEGINNING], *(token for piece in pieces(text) for token in tokens_of(piece))]


def pieces(text: str) -> list[str]:
    """What stands between the text's spaces, with the special tokens that concern more than one piece."""
    text = unicodedata.normalize("NFC", text).replace("<br />", "\n").replace("<br>", "\n").replace("’", "'")
    if "xx" in (lowered := text.lower()) and _OWN_NAME.search(lowered):
        text = _OWN_NAME.sub("xx ", lowered)
    text = _LINE_BREAK.sub(" xxnl ", text)
    found = text.split()
    if any(map(eq, found, islice(found, 1, None))):  # fast: the search for repeated words is not
        found = _SAME_WORD.sub(_mark_same_words, " " + text).split()
    return found


def tokens_of(piece: str) -> list[str]:
    """The tokens of one of a text's pieces."""
    return [token for token, _ in _splitter().pre_tokenize_str(with_special_tokens(piece))]


def with_special_tokens(piece: str) -> str:
    """The piece in small letters, with spaces where a word is parted, and with its special tokens as words."""
    piece = _NOT.sub(" n't", piece)
    piece = _SAME_CHARACTER.sub(_mark_same_characters, piece)
    return _CAPITAL.sub(_mark_capitals, piece).lower()


def _mark_same_words(found: re.Match) -> str:
    return f" xxwrep {len(found[0].split())} {found[1]}"


def _mark_same_characters(found: re.Match) -> str:
    return found[0] if found[1].isdecimal() else f" xxrep {len(found[0])} {found[1]} "


def _mark_capitals(found: re.Match) -> str:
    word = found[0]
    if word.isupper():
        return "xxup " + word
    return "xxmaj " + word if word[0].isupper() else word


@cache
def _splitter() -> "tokenizers.pre_tokenizers.PreTokenizer":
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(_TOKEN), behavior="removed", invert=True)


@in_words
def detokenize(tokens: Sequence[str]) -> str:
    """Tokens as readable text; a special token that nothing fitting follows is left out.

    Raises:
        ValueError: the tokens are one text instead of a list.

    Built in lesson 14.
    """
    if isinstance(tokens, str):
        raise ValueError(f"tokens come as a list, as tokenize gives them; found the text {shorten(tokens, 60)!r}")
    words, waiting = [], iter(tokens)
    for token in waiting:
        words.append(_carried_out(token, waiting) if token in SPECIAL_TOKENS[1:] else "I" if token == "i" else token)
    text = re.sub(r" *\n *", "\n", " ".join(filter(None, words)))
    text = re.sub(r" ([,.!?;:)\]}%]|(?:n't|'(?:s|re|ve|ll|d|m))\b)", r"\1", text)
    return re.sub(r'" ([^"\n]*?) "', r'"\1"', re.sub(r"([(\[{]) ", r"\1", text)).strip()


def _carried_out(token: str, waiting: Iterable[str]) -> str:
    """What a special token and the tokens that belong to it say."""
    word = token
    while word in SPECIAL_TOKENS[1:]:
        token = word
        if token in ("xxpad", "xxbos", "xxnl"):
            return {"xxpad": "", "xxbos": "\n\n", "xxnl": "\n"}[token]
        times, word = next(waiting, "") if token in ("xxrep", "xxwrep") else "", next(waiting, "")
    if word == SPECIAL_TOKENS[UNKNOWN]:
        return word
    if token in ("xxmaj", "xxup"):
        return word.capitalize() if token == "xxmaj" else word.upper()
    many = int(times) if times.isdecimal() and len(times) < 4 else 1
    return (" " if token == "xxwrep" else "").join([word] * many)


def check_texts(texts: Sequence[str]) -> None:
    """Raise a ValueError where one text stands for several, or something is no text that UTF-8 can hold."""
    if not is_list(texts):
        raise ValueError(f"give a list of texts, also for a single one: [text]; found a {type(texts).__name__}")
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            found = f"a text is a str; number {i} is {shorten(repr(text), 60)}"
            raise ValueError(f"{found}: leave it out, or give '' for it")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"text number {i} is no UTF-8 ({error}): read its file with its own encoding") from error


def is_list(x: object) -> bool:
    """Whether it holds things in an order, one after the other: a list, a tuple, an array, a pandas Series."""
    # a DataFrame would give its columns' names
    unordered = isinstance(x, (str, bytes, Mapping, Set)) or hasattr(x, "columns")
    return hasattr(x, "__len__") and hasattr(x, "__iter__") and not unordered


def at_least_one(**sizes: int) -> None:
    """Raise a ValueError where one is no whole number from 1 on; it is called by its name."""
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"{name} must be at least 1; found {size!r}, where a whole number is needed")
