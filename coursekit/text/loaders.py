"""Batches of text: one long stream read in sequences, to learn the next word; whole texts, to tell their class."""

from collections.abc import Iterator, Sequence
from typing import ClassVar
from unicodedata import normalize

import torch
from torch import Tensor

from ..arguments import in_words
from ..loaders import Loaders, like
from ..loaders import device as choose_device
from ..targets import Categories
from .tokens import PADDING, at_least_one, check_texts, is_list
from .vocab import BytePairs, TokenizedTexts, Vocab

Device = str | torch.device | None
ADVICE = "give the data its words, vocab=ck.Vocab.saved(path); or start from its encoder: save_encoder, load_encoder"


class SequenceLoader:
    """All documents as one stream, cut into `batch_size` batch rows that are read side by side, a sequence at a time.

    A batch is (tokens, next tokens): int64 (batch_size, seq_len), each row going on where the batch before ended, and
    int64 (batch_size * seq_len,), row after row, each the token that follows. An epoch's sequences meet every token as
    a target once, but for the stream's first and the fewer than `batch_size` that are left over at its end.

    Args:
        documents: token ids, int64 (tokens,) each.
        batch_size: batch rows.
        seq_len: tokens read at a time, through which gradients flow (truncated backpropagation through time).
        shuffle: a new order of the documents for each epoch, and sequences that are up to a quarter longer or shorter,
            so that not always the same words meet at their ends; from PyTorch's global random generator.
        device: where the batches are to be.

    Raises:
        ValueError: batch_size or seq_len below 1, or too few tokens for one in each batch row.

    Attributes:
        samples: how many targets there are.

    Built in lesson 14.
    """

    def __init__(
        self, documents: list[Tensor], batch_size: int, seq_len: int = 70, shuffle: bool = False, device: Device = None
    ) -> None:
        at_least_one(batch_size=batch_size, seq_len=seq_len)
        tokens = sum(map(len, documents))
        self.length = (tokens - 1) // batch_size  # of a batch row
        if self.length < 1:
            found = f"{tokens} tokens in {len(documents)} documents are too few for {batch_size} batch rows"
            raise ValueError(f"{found}, which need {batch_size + 1}: give more text or a smaller batch_size")
        self.documents, self.batch_size, self.seq_len, self.shuffle = list(documents), batch_size, seq_len, shuffle
        self.device, self.samples = choose_device(device), self.length * batch_size

    def __len__(self) -> int:
        """The number of batches, the same in each epoch."""
        return max(1, round(self.length / self.seq_len))

    def in_order(self) -> "SequenceLoader":
        """The same documents in their own order, in sequences of one length."""
        return like(self, type(self)(self.documents, self.batch_size, self.seq_len, device=self.device))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of batches."""
        order = torch.randperm(len(self.documents)) if self.shuffle else torch.arange(len(self.documents))
        stream = torch.cat([self.documents[i] for i in order.tolist()]).to(self.device)
        rows, following = (stream[start : start + self.samples].view(self.batch_size, -1) for start in (0, 1))
        for start, end in self._sequences():
            yield rows[:, start:end].contiguous(), following[:, start:end].flatten()

    def _sequences(self) -> list[tuple[int, int]]:
        """Where each begins and ends: evenly spaced, then each cut moved at random by at most an eighth of one."""
        even = torch.linspace(0, self.length, len(self) + 1, dtype=torch.float64)
        if self.shuffle:
            even[1:-1] += (torch.rand(len(self) - 1) - 0.5) * (self.length / len(self)) / 4
        cuts = even.round().long().tolist()
        return list(zip(cuts, cuts[1:], strict=False))


class WindowLoader(SequenceLoader):
    """The stream cut into windows of `seq_len` tokens that are read each by itself: for a model without a state.

    A batch is one window of each batch row; with `shuffle` documents and windows come in a new order for each epoch.
    The last windows of the rows may be shorter.

    Args:
        documents, batch_size, seq_len, shuffle, device: see `SequenceLoader`.

    Raises:
        ValueError: see `SequenceLoader`.

    Built in lesson 22.
    """

    def __len__(self) -> int:
        """The number of batches, the same in each epoch."""
        return -(-self.length // self.seq_len)

    def _sequences(self) -> list[tuple[int, int]]:
        starts = torch.arange(0, self.length, self.seq_len)
        starts = starts[torch.randperm(len(starts))] if self.shuffle else starts
        return [(start, min(start + self.seq_len, self.length)) for start in starts.tolist()]


class DocumentLoader:
    """Whole documents of similar length together, each padded with `xxpad` at its end to the longest of its batch.

    A batch is (tokens, targets): int64 (n, longest) and (n,). Batches have `batch_size` documents or a few less, as
    evenly as that goes.

    Args:
        documents: token ids, int64 (tokens,) each.
        targets: int64 (documents,).
        batch_size: documents in a batch, at most.
        shuffle: lengths are taken for up to a tenth longer or shorter before sorting, and the batches come in a random
            order, anew for each epoch. Otherwise the longest come first.
        device: where the batches are to be.

    Attributes:
        order, ids: without shuffling, the index of each sample's document.

    Raises:
        ValueError: no documents, an empty one, not one target each, or a batch size below 1.

    Built in lesson 15.
    """

    def __init__(
        self, documents: list[Tensor], targets: Tensor, batch_size: int, shuffle: bool = False, device: Device = None
    ) -> None:
        at_least_one(batch_size=batch_size, documents=len(documents))
        if len(targets) != len(documents):
            raise ValueError(f"there are {len(documents)} documents and {len(targets)} targets: each needs one")
        self.lengths = torch.tensor([len(document) for document in documents])
        if (empty := (self.lengths == 0).nonzero()).numel():
            raise ValueError(f"document {int(empty[0])} has no token: even an empty text has xxbos; see Vocab.encode")
        self.documents, self.targets, self.shuffle = list(documents), targets, shuffle
        self.samples, self.batch_size, self.device = len(documents), batch_size, choose_device(device)
        self.order = self.lengths.argsort(descending=True, stable=True)
        self.ids = None if shuffle else self.order.tolist()

    def __len__(self) -> int:
        """The number of batches."""
        return -(-self.samples // self.batch_size)

    def in_order(self) -> "DocumentLoader":
        """The same documents, the longest first; see `order`."""
        return like(self, DocumentLoader(self.documents, self.targets, self.batch_size, device=self.device))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of batches."""
        order, turns = self.order, torch.arange(len(self))
        if self.shuffle:
            order = (self.lengths * (0.9 + 0.2 * torch.rand(self.samples))).argsort(descending=True)
            turns = torch.randperm(len(self))
        batches = order.tensor_split(len(self))
        for turn in turns.tolist():
            tokens = pad([self.documents[i] for i in batches[turn].tolist()])
            yield tokens.to(self.device), self.targets[batches[turn]].to(self.device)


@in_words
def pad(documents: Sequence[Tensor]) -> Tensor:
    """Documents as rows of one tensor, int64 (documents, longest), filled up with `xxpad` at their ends.

    Built in lesson 15.
    """
    return torch.nn.utils.rnn.pad_sequence(list(documents), batch_first=True, padding_value=PADDING)


class _OfTexts(Loaders):
    """What loaders of texts share."""

    advice: ClassVar[str] = ADVICE
    vocab: Vocab | BytePairs

    def input_columns(self, inputs: list[tuple[Tensor, ...]]) -> dict[object, Sequence]:
        """The texts as the model reads them."""
        return {"text": [self.vocab.decode(ids.tolist()) for (ids,) in inputs]}


class _Streams(_OfTexts):
    """What loaders share of which each token that has a next one is a sample."""

    loader: ClassVar[type[SequenceLoader]] = SequenceLoader
    tokens: ClassVar[str] = "words"

    def __init__(
        self, train: list[Tensor], valid: Sequence[str] | None, vocab: Vocab | BytePairs, batch_size: int, seq_len: int,
        device: Device,
    ) -> None:  # fmt: skip
        self.vocab, self.seq_len = vocab, seq_len
        train = self.loader(train, batch_size, seq_len, True, device)
        if valid is not None:
            valid = self.loader(vocab.encode(valid), batch_size, seq_len, False, device)
        super().__init__(train, valid, device=device, target_type=Categories(vocab.words))

    def described(self) -> list[str]:
        """Batch rows and tokens."""
        return [f"{self.train.batch_size} batch rows", f"{len(self.vocab)} {self.tokens}"]

    def encode(self, x: str | Sequence[str]) -> tuple[list[tuple[Tensor, ...]], bool]:
        """A text, or several, as batches of one: token ids, int64 (1, tokens)."""
        texts, single = as_texts(x)
        return [(ids[None].to(self.device),) for ids in self.vocab.encode(texts)], single

    def config(self) -> dict[str, list]:
        """The vocabulary."""
        return self.vocab.config()


class LanguageLoaders(_Streams):
    """Sequences of texts, to learn the next word; each token that has a next one is a sample.

    Args:
        train: the training texts.
        valid: held-out texts, or None; read in order, in sequences of one length.
        vocab: the words; None counts those of the training texts.
        min_frequency, max_size: of the vocabulary to be counted, see `Vocab.count`.
        batch_size, seq_len: see `SequenceLoader`; the same for both parts. Held-out figures depend on `batch_size` a
            little, since each batch row begins somewhere in the stream with nothing read yet: compare at the same one.
        device: where to compute; None takes the best device here.

    Attributes:
        vocab: the words.

    Used in lesson 14.
    """

    def __init__(
        self, train: Sequence[str], valid: Sequence[str] | None = None, *, vocab: Vocab | None = None,
        min_frequency: int = 2, max_size: int = 60_000, batch_size: int = 64, seq_len: int = 70, device: Device = None,
    ) -> None:  # fmt: skip
        texts = TokenizedTexts(train)
        check_vocab(vocab)
        vocab = vocab or Vocab.count(texts, min_frequency, max_size)
        super().__init__(vocab.encode(texts), valid, vocab, batch_size, seq_len, device)


class GPTLoaders(_Streams):
    """Windows of texts, to learn the next token from those before it in the window; for `gpt_learner`.

    Args:
        train: the training texts.
        valid: held-out texts, or None. Each window begins with nothing read, so that held-out figures depend on
            `seq_len`, and on `batch_size` a little: compare at the same ones.
        vocab: the tokens; None trains `BytePairs` on the training texts.
        vocab_size: how many tokens those may be.
        batch_size, seq_len: see `WindowLoader`; the same for both parts.
        device: where to compute; None takes the best device here.

    Attributes:
        vocab: the tokens.

    Used in lesson 22.
    """

    advice: ClassVar[str] = "give the data its byte pairs, vocab=ck.BytePairs.saved(path)"
    loader: ClassVar[type[SequenceLoader]] = WindowLoader
    tokens: ClassVar[str] = "tokens"

    def __init__(
        self, train: Sequence[str], valid: Sequence[str] | None = None, *, vocab: BytePairs | None = None,
        vocab_size: int = 1024, batch_size: int = 32, seq_len: int = 128, device: Device = None,
    ) -> None:  # fmt: skip
        check_vocab(vocab, BytePairs)
        vocab = vocab or BytePairs.train(train, vocab_size)
        super().__init__(vocab.encode(train), valid, vocab, batch_size, seq_len, device)

    def encode(self, x: str | Sequence[str]) -> tuple[list[tuple[Tensor, ...]], bool]:
        """A text, or several, as batches of one: the last `seq_len` token ids, int64 (1, tokens)."""
        batches, single = super().encode(x)
        return [(tokens[:, -self.seq_len :],) for (tokens,) in batches], single


class TextLoaders(_OfTexts):
    """Whole texts and their classes.

    Args:
        train: (texts, labels) for training; labels are names.
        valid: (texts, labels) held out, or None.
        vocab: the words; None counts those of the training texts. Give that of a language model to use its encoder.
        min_frequency, max_size: of the vocabulary to be counted, see `Vocab.count`.
        batch_size: texts in a training batch, at least 3 since batch norm needs several; validation uses twice as many.
        max_length: longer texts are truncated after so many tokens; None truncates nothing.
        device: where to compute; None takes the best device here.

    Attributes:
        vocab: the words.
        truncated: how many texts were truncated, in both parts together; `repr` says it too.

    Raises:
        ValueError: no pair of texts and labels, or of different number; a missing label; fewer than two classes, a
            held-out label that no training text has, a batch size below 3.

    Used in lesson 15.
    """

    def __init__(
        self, train: tuple[Sequence[str], Sequence[str]], valid: tuple[Sequence[str], Sequence[str]] | None = None, *,
        vocab: Vocab | None = None, min_frequency: int = 2, max_size: int = 60_000, batch_size: int = 64,
        max_length: int | None = None, device: Device = None,
    ) -> None:  # fmt: skip
        check_vocab(vocab)
        labels = [_labels(part) for part in (train, valid) if part is not None]
        if batch_size < 3 or len(train[0]) < 2:
            raise ValueError(f"batch norm needs several texts; found {len(train[0])} in batches of {batch_size}")
        at_least_one(batch_size=batch_size, max_length=1 if max_length is None else max_length)
        texts = TokenizedTexts(train[0])
        self.vocab, self.max_length = vocab or Vocab.count(texts, min_frequency, max_size), max_length
        self.truncated, target_type = 0, Categories.of(labels[0])
        train = DocumentLoader(self._documents(texts), target_type.encode(labels[0]), batch_size, True, device)
        if valid is not None:
            documents, targets = self._documents(valid[0]), target_type.encode(labels[1])
            valid = DocumentLoader(documents, targets, 2 * batch_size, False, device)
        super().__init__(train, valid, device=device, target_type=target_type)

    def _documents(self, texts: Sequence[str] | TokenizedTexts) -> list[Tensor]:
        """The texts' token ids as the model gets them; counts those that are truncated."""
        documents, longest = self.vocab.encode(texts), self.max_length
        self.truncated += sum(longest is not None and len(ids) > longest for ids in documents)
        return [ids[:longest] for ids in documents]

    def test(self, texts: Sequence[str], labels: Sequence[object] | None = None) -> DocumentLoader:
        """Batches, the longest first, of further texts; with their labels they can be validated."""
        named = self.target_type.encode(_labels((texts, labels))) if labels is not None else torch.zeros(len(texts))
        documents = [ids[: self.max_length] for ids in self.vocab.encode(texts)]
        loader = DocumentLoader(documents, named, 2 * self.train.batch_size, device=self.device)
        loader.labelled = labels is not None
        return loader

    def described(self) -> list[str]:
        """What was truncated; classes and words."""
        cut = [f"{self.truncated} truncated to {self.max_length} tokens"] if self.truncated else []
        return [*cut, *super().described(), f"{len(self.vocab)} words"]

    def encode(self, x: str | Sequence[str]) -> tuple[list[tuple[Tensor, ...]], bool]:
        """A text, or several, as batches of padded token ids, int64 (n, longest)."""
        texts, single = as_texts(x)
        documents, size = [ids[: self.max_length] for ids in self.vocab.encode(texts)], 2 * self.train.batch_size
        return [(pad(documents[i : i + size]).to(self.device),) for i in range(0, len(documents), size)], single

    def config(self) -> dict[str, list]:
        """The classes and the vocabulary."""
        return super().config() | self.vocab.config()


def _labels(part: tuple[Sequence[str], Sequence[str]]) -> list[str]:
    """The labels of (texts, labels), as text; 1 and 1.0 are one label.

    Raises:
        ValueError: no such pair, no list of labels, or one is missing or neither text nor number.
    """
    if not isinstance(part, tuple) or len(part) != 2:
        raise ValueError(f"give a tuple of two lists, (texts, labels); found a {type(part).__name__}")
    check_texts(part[0])
    if not is_list(part[1]):
        raise ValueError(f"labels come as a list, one for each text; found a {type(part[1]).__name__}")
    labels = part[1].tolist() if hasattr(part[1], "tolist") else list(part[1])
    labels = [label.item() if hasattr(label, "item") else label for label in labels]  # numbers of NumPy's
    for i, label in enumerate(labels):
        if not isinstance(label, (str, int, float)) or label != label:
            raise ValueError(f"a label is a name or a number; that of text number {i} is {label!r}: leave the text out")
    if 2 < len(set(labels)) == len(labels) and len(set(part[0])) < len(labels):
        raise ValueError("all labels differ, and the texts do not: give (texts, labels), in this order")
    whole = [isinstance(label, float) and label.is_integer() for label in labels]
    labels = (str(int(label) if one else label) for label, one in zip(labels, whole, strict=True))
    return [normalize("NFC", label).strip() for label in labels]


def check_vocab(vocab: Vocab | BytePairs | None, needed: type = Vocab) -> None:
    """Raise a ValueError unless it is a vocabulary of the sort that is needed, or None."""
    if not isinstance(vocab, needed | None):
        name = needed.__name__
        raise ValueError(f"vocab is a ck.{name}, such as {name}.saved(path); found a {type(vocab).__name__}")


def as_texts(x: str | Sequence[str]) -> tuple[list[str], bool]:
    """What is given to be predicted as a list of texts, and whether it was one alone.

    Raises:
        ValueError: none, or something that is no text.
    """
    texts = [x] if isinstance(x, str) else x
    check_texts(texts)
    if not len(texts):
        raise ValueError("there are no texts to predict")
    return list(texts), isinstance(x, str)
