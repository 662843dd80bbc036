"""Batches of text: one long stream read in strips, to learn the next word; whole documents, to tell their class."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from .devices import device as choose_device
from .kinds import Categories
from .loaders import Loaders
from .text_tokens import PADDING
from .text_vocab import SplitTexts, Vocab


class StripLoader:
    """All documents as one stream, cut into `batch_size` columns that are read side by side, a strip at a time.

    A batch is (tokens, next tokens): int64 (batch_size, strip), each row going on where the batch before ended, and
    int64 (batch_size * strip,), row after row, each the token that follows. The strips of an epoch meet every token as
    a target once, but for the stream's first and the fewer than `batch_size` that are left over at its end.

    Args:
        documents: int64 (tokens,) each.
        batch_size: columns.
        strip: tokens read at a time.
        shuffle: a new order of the documents for each epoch, and strips that are up to a quarter longer or shorter,
            so that not always the same words meet at their ends; from PyTorch's global random generator.
        device: where the batches are to be.

    Raises:
        ValueError: batch_size or strip below 1, or too few tokens for one in each column.

    Attributes:
        rows: how many targets there are.

    Built in lesson 14.
    """

    def __init__(
        self,
        documents: Sequence[Tensor],
        batch_size: int,
        strip: int = 70,
        shuffle: bool = False,
        device: torch.device | None = None,
    ) -> None:
        _at_least_one(batch_size=batch_size, strip=strip)
        tokens = sum(map(len, documents))
        self.length = (tokens - 1) // batch_size  # of a column
        if self.length < 1:
            raise ValueError(
                f"{tokens} tokens in {len(documents)} documents are too few for {batch_size} columns, which need "
                f"{batch_size + 1}: give more text or a smaller batch_size"
            )
        self.documents, self.batch_size, self.strip, self.shuffle = list(documents), batch_size, strip, shuffle
        self.device, self.rows = choose_device(device), self.length * batch_size

    def __len__(self) -> int:
        """The number of batches, the same in each epoch."""
        return max(1, round(self.length / self.strip))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of batches."""
        order = torch.randperm(len(self.documents)) if self.shuffle else torch.arange(len(self.documents))
        stream = torch.cat([self.documents[i] for i in order.tolist()]).to(self.device)
        columns, following = (stream[start : start + self.rows].view(self.batch_size, -1) for start in (0, 1))
        cuts = self._cuts()
        for start, end in zip(cuts, cuts[1:], strict=False):
            yield columns[:, start:end].contiguous(), following[:, start:end].flatten()

    def _cuts(self) -> list[int]:
        """Where strips begin, and the end: evenly spaced, then each moved at random by at most an eighth of a strip."""
        even = torch.linspace(0, self.length, len(self) + 1, dtype=torch.float64)
        if self.shuffle:
            even[1:-1] += (torch.rand(len(self) - 1) - 0.5) * (self.length / len(self)) / 4
        return even.round().long().tolist()


class DocumentLoader:
    """Whole documents of alike length together, each padded with `xxpad` at its end to the longest of its batch.

    A batch is (tokens, targets): int64 (n, longest) and (n,). Batches have `batch_size` documents or a few less, as
    evenly as that goes.

    Args:
        documents: int64 (tokens,) each.
        targets: int64 (documents,).
        batch_size: documents in a batch, at most.
        shuffle: lengths are taken for up to a tenth longer or shorter before sorting, and the batches come in a random
            order, anew for each epoch. Otherwise the longest come first.
        device: where the batches are to be.

    Attributes:
        order: for batches without shuffling, the place of each row's document among the documents.

    Raises:
        ValueError: no documents, an empty one, not one target each, or a batch size below 1.

    Built in lesson 15.
    """

    def __init__(
        self,
        documents: Sequence[Tensor],
        targets: Tensor,
        batch_size: int,
        shuffle: bool = False,
        device: torch.device | None = None,
    ) -> None:
        _at_least_one(batch_size=batch_size, documents=len(documents))
        if len(targets) != len(documents):
            raise ValueError(f"there are {len(documents)} documents and {len(targets)} targets: each needs one")
        self.lengths = torch.tensor([len(document) for document in documents])
        if (empty := (self.lengths == 0).nonzero()).numel():
            raise ValueError(f"document {int(empty[0])} has no token: even an empty text has xxbos; see Vocab.numbers")
        self.documents, self.targets, self.shuffle = list(documents), targets, shuffle
        self.rows, self.batch_size, self.device = len(documents), batch_size, choose_device(device)
        self.order = self.lengths.argsort(descending=True, stable=True)

    def __len__(self) -> int:
        """The number of batches."""
        return -(-self.rows // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of batches."""
        order, turns = self.order, torch.arange(len(self))
        if self.shuffle:
            order = (self.lengths * (0.9 + 0.2 * torch.rand(self.rows))).argsort(descending=True)
            turns = torch.randperm(len(self))
        batches = order.tensor_split(len(self))
        for turn in turns.tolist():
            rows = batches[turn]
            tokens = pad([self.documents[row] for row in rows.tolist()])
            yield tokens.to(self.device), self.targets[rows].to(self.device)


def pad(documents: Sequence[Tensor]) -> Tensor:
    """Documents as rows of one tensor, int64 (documents, longest), filled up with `xxpad` at their ends.

    Built in lesson 15.
    """
    return torch.nn.utils.rnn.pad_sequence(list(documents), batch_first=True, padding_value=PADDING)


class LanguageLoaders(Loaders):
    """Strips of texts, to learn the next word.

    Args:
        train: the training texts.
        valid: held-out texts, or None; read in order, in strips of one length.
        vocab: the words; None counts those of the training texts.
        min_frequency, max_size: of the vocabulary to be counted, see `Vocab.count`.
        batch_size, strip: see `StripLoader`; the same for both parts.
        device: where to compute; None takes the best device here.

    Attributes:
        vocab: the words.

    Used in lesson 14.
    """

    def __init__(
        self,
        train: Sequence[str],
        valid: Sequence[str] | None = None,
        *,
        vocab: Vocab | None = None,
        min_frequency: int = 2,
        max_size: int = 60_000,
        batch_size: int = 64,
        strip: int = 70,
        device: str | torch.device | None = None,
    ) -> None:
        texts, self.device = SplitTexts(train), choose_device(device)
        self.vocab = vocab or Vocab.count(texts, min_frequency, max_size)
        self.train = StripLoader(self.vocab.numbers(texts), batch_size, strip, True, self.device)
        numbers = None if valid is None else self.vocab.numbers(valid)
        self.valid = None if numbers is None else StripLoader(numbers, batch_size, strip, False, self.device)

    def __repr__(self) -> str:
        """Tokens and batches of both parts."""
        valid = f"{self.valid.rows} held out" if self.valid else "nothing held out"
        return (
            f"LanguageLoaders({self.train.rows} tokens in {len(self.train)} batches of {self.train.batch_size} columns"
            f", {valid}, {len(self.vocab)} words, on {self.device})"
        )


class TextLoaders(Loaders):
    """Whole texts and their classes.

    Args:
        train: (texts, labels) for training; labels are names.
        valid: (texts, labels) held out, or None.
        vocab: the words; None counts those of the training texts. Give that of a language model to use its encoder.
        min_frequency, max_size: of the vocabulary to be counted, see `Vocab.count`.
        batch_size: texts in a training batch, at least 3 since batch norm needs several; validation uses twice as many.
        max_length: longer texts are cut after so many tokens; None cuts nothing.
        device: where to compute; None takes the best device here.

    Attributes:
        vocab: the words.
        kind: the classes.
        cut: how many texts were cut, in both parts together; `repr` says it too.

    Raises:
        ValueError: texts and labels of different number, fewer than two classes, a held-out label that no training
            text has, a batch size below 3.

    Used in lesson 15.
    """

    def __init__(
        self,
        train: tuple[Sequence[str], Sequence[str]],
        valid: tuple[Sequence[str], Sequence[str]] | None = None,
        *,
        vocab: Vocab | None = None,
        min_frequency: int = 2,
        max_size: int = 60_000,
        batch_size: int = 64,
        max_length: int | None = None,
        device: str | torch.device | None = None,
    ) -> None:
        if batch_size < 3 or len(train[0]) < 2:
            raise ValueError(f"batch norm needs several texts; found {len(train[0])} in batches of {batch_size}")
        _at_least_one(max_length=1 if max_length is None else max_length)
        texts, self.device = SplitTexts(train[0]), choose_device(device)
        self.vocab = vocab or Vocab.count(texts, min_frequency, max_size)
        self.kind, self.max_length, self.cut = Categories.of(train[1]), max_length, 0
        self.train = self._loader(texts, train[1], batch_size, True)
        self.valid = None if valid is None else self._loader(*valid, 2 * batch_size, False)

    def _loader(
        self, texts: Sequence[str] | SplitTexts, labels: Sequence[str], batch_size: int, shuffle: bool
    ) -> DocumentLoader:
        if unknown := sorted(set(map(str, labels)) - set(self.kind.names)):
            raise ValueError(f"held-out texts have the label {unknown[0]!r}, which no training text has")
        documents, cut = self.documents(texts)
        self.cut += cut
        return DocumentLoader(documents, self.kind.targets(labels), batch_size, shuffle, self.device)

    def documents(self, texts: Sequence[str] | SplitTexts) -> tuple[list[Tensor], int]:
        """The texts' numbers as the model gets them, and how many of them were cut."""
        numbers = self.vocab.numbers(texts)
        if self.max_length is None:
            return numbers, 0
        return [one[: self.max_length] for one in numbers], sum(len(one) > self.max_length for one in numbers)

    def __repr__(self) -> str:
        """Texts and batches of both parts, and what was cut."""
        valid = f"{self.valid.rows} held out" if self.valid else "nothing held out"
        cut = f", {self.cut} cut to {self.max_length} tokens" if self.cut else ""
        return (
            f"TextLoaders({self.train.rows} texts in {len(self.train)} batches, {valid}{cut}, "
            f"{len(self.kind.names)} classes, {len(self.vocab)} words, on {self.device})"
        )


def _at_least_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1; found {number}")
