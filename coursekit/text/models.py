"""AWD-LSTM: a language model with dropout in five places, and a classifier on the same encoder.

S. Merity, N. S. Keskar and R. Socher, "Regularizing and optimizing LSTM language models", 2017;
J. Howard and S. Ruder, "Universal language model fine-tuning for text classification", 2018.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from ..arguments import in_words
from ..callbacks import Fit
from .tokens import PADDING, at_least_one

State = list[tuple[Tensor, Tensor]]  # for each layer its hidden state and its cell state, (1, n, size) each


@dataclass(frozen=True)
class Dropouts:
    """The five dropouts of AWD-LSTM, as probabilities; these are ULMFiT's for a language model.

    Attributes:
        embedding: a word's whole vector, for the batch.
        input: activations that enter the first layer.
        weight: weights from the hidden state to the next one (DropConnect).
        hidden: activations that go from layer to layer.
        output: activations that leave the last layer.

    Used in lesson 14.
    """

    embedding: float = 0.02
    input: float = 0.25
    weight: float = 0.2
    hidden: float = 0.15
    output: float = 0.1

    def __post_init__(self) -> None:
        """Look at them."""
        if wrong := [p for p in astuple(self) if not isinstance(p, (int, float)) or not 0 <= p < 1]:
            raise ValueError(f"a dropout is a probability from 0 to below 1; found {wrong[0]!r}")

    def times(self, factor: float) -> "Dropouts":
        """All of them larger or smaller by a factor."""
        return Dropouts(*(p * factor for p in astuple(self)))

    @classmethod
    def for_classifier(cls) -> "Dropouts":
        """ULMFiT's for a classifier."""
        return cls(0.05, 0.4, 0.5, 0.3, 0.4)


@in_words
def locked_dropout(values: Tensor, p: float, training: bool) -> Tensor:
    """Dropout with one mask for all tokens of a row; (tokens, n, size) to the same shape.

    Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in recurrent networks", 2016.
    Built in lesson 14.
    """
    if not training or p == 0:
        return values
    return values * F.dropout(values.new_ones(1, *values.shape[1:]), p)


class AWDLSTM(nn.Module):
    """The encoder: vectors of the words, through layers of LSTM.

    Args:
        vocab_size: how many words there are.
        embedding: length of a word's vector, and of the last layer's output.
        hidden: size of the layers before the last.
        layers: how many.
        dropouts: see `Dropouts`; `output` is left to what comes after.

    Raises:
        ValueError: a size below 1, or dropouts that are no `Dropouts`.

    Built in lesson 14.
    """

    def __init__(self, vocab_size: int, embedding: int, hidden: int, layers: int, dropouts: Dropouts) -> None:
        super().__init__()
        at_least_one(embedding=embedding, hidden=hidden, layers=layers)
        if not isinstance(dropouts, Dropouts):
            raise ValueError(f"dropouts are ck.Dropouts, such as Dropouts(output=0.4); found {dropouts!r}")
        sizes = [embedding, *[hidden] * (layers - 1), embedding]
        self.embedding = nn.Embedding(vocab_size, embedding)
        bound = 2 / embedding**0.5  # the published 0.1 for vectors of 400
        nn.init.uniform_(self.embedding.weight, -bound, bound)
        self.rnns = nn.ModuleList(nn.LSTM(inputs, outputs) for inputs, outputs in zip(sizes, sizes[1:], strict=False))
        self.dropouts = dropouts

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """int64 (n, tokens) and the state so far (None: zeros) to (n, tokens, embedding) and the new state."""
        values = locked_dropout(self._vectors(tokens.T), self.dropouts.input, self.training)
        states = []
        for i, rnn in enumerate(self.rnns):
            if i > 0:
                values = locked_dropout(values, self.dropouts.hidden, self.training)
            values, new = self._layer(rnn, values, state[i] if state else None)
            states.append(new)
        return values.transpose(0, 1), states

    def _vectors(self, tokens: Tensor) -> Tensor:
        vectors, p = self.embedding(tokens), self.dropouts.embedding
        if not self.training or p == 0:
            return vectors
        kept = F.dropout(vectors.new_ones(self.embedding.num_embeddings, 1), p)
        return vectors * F.embedding(tokens, kept)

    def _layer(self, rnn: nn.LSTM, values: Tensor, state: tuple | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        if not self.training or self.dropouts.weight == 0:
            return rnn(values, state)
        weights = dict(rnn.named_parameters())
        weights["weight_hh_l0"] = F.dropout(rnn.weight_hh_l0, self.dropouts.weight)
        return functional_call(rnn, weights, (values, state))


class LanguageModel(nn.Module):
    """What comes next: the encoder, and a decoder whose weights are the words' vectors themselves, if `tied`.

    Sequences of one text after another: the state that a batch ends with is where the next one begins. `train()` and
    `eval()` forget it, so each epoch and each validation starts anew; so does a batch with another number of rows. No
    gradient flows from one batch to the batch before (truncated backpropagation through time).

    O. Press and L. Wolf, "Using the output embedding to improve language models", 2017. Built in lesson 14.
    """

    def __init__(self, encoder: AWDLSTM, tied: bool = True) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = nn.Linear(encoder.embedding.embedding_dim, encoder.embedding.num_embeddings)
        if tied:
            self.decoder.weight = encoder.embedding.weight
        nn.init.zeros_(self.decoder.bias)
        self.state: State | None = None

    def train(self, mode: bool = True) -> "LanguageModel":
        """Training or evaluation mode; the state is forgotten."""
        self.state = None
        return super().train(mode)

    def forward(self, tokens: Tensor) -> Tensor:
        """int64 (n, tokens) to logits for the token after each, (n * tokens, words), row after row."""
        if self.state and self.state[0][0].shape[1] != len(tokens):
            self.state = None
        values, state = self.encoder(tokens, self.state)
        self.state = [(h.detach(), c.detach()) for h, c in state]
        dropped = locked_dropout(values.transpose(0, 1), self.encoder.dropouts.output, self.training).transpose(0, 1)
        return self.decoder(dropped).flatten(0, 1)


class ActivationRegularization:
    """A callback that adds to the training loss a penalty on large outputs of the encoder and on their changes.

    S. Merity, B. McCann and R. Socher, "Revisiting activation regularization for language RNNs", 2017.

    Args:
        alpha: times the mean of the squared outputs, after dropout.
        beta: times the mean of the squared changes between neighboring tokens, before dropout.

    Built in lesson 14.
    """

    def __init__(self, alpha: float = 2.0, beta: float = 1.0) -> None:
        self.alpha, self.beta, self.handles = alpha, beta, []

    def before_fit(self, learn: Fit) -> None:
        """Watch what leaves the encoder, and what enters the decoder."""
        encoder, decoder = learn.model.encoder, learn.model.decoder
        self.handles = [
            encoder.register_forward_hook(lambda module, inputs, outputs: setattr(self, "outputs", outputs[0])),
            decoder.register_forward_pre_hook(lambda module, inputs: setattr(self, "dropped", inputs[0])),
        ]

    def before_backward(self, learn: Fit) -> None:
        """Add the penalty to the batch's loss."""
        learn.loss = learn.loss + self.penalty(self.outputs, self.dropped)

    def penalty(self, outputs: Tensor, dropped: Tensor) -> Tensor:
        """The encoder's outputs (n, tokens, size), before and after dropout, to one number."""
        changes = outputs.float().diff(dim=1).square()
        change = changes.mean() if changes.numel() else 0.0  # a single token has none
        return self.alpha * dropped.float().square().mean() + self.beta * change

    def after_fit(self, learn: Fit) -> None:
        """Watch no longer, and hold nothing."""
        for handle in self.handles:
            handle.remove()
        self.handles, self.outputs, self.dropped = [], None, None


class TextClassifier(nn.Module):
    """The encoder reads a whole text; its last, largest and mean outputs (concat pooling) go through two linear layers.

    The text is read in pieces, the state carried on, so that memory does not grow with its length: without gradients
    one piece is held at a time; with gradients, of texts of more than `checkpoint_above` tokens each piece is computed
    again in the backward pass instead of being held (gradient checkpointing). Nothing is left out, and padding
    counts for nothing.

    Args:
        encoder: see `AWDLSTM`.
        classes: how many.
        hidden: width of the layer between.
        dropout: before the last layer; before the one between it is the encoder's `output`.
        seq_len: tokens of a piece.
        checkpoint_above: tokens of a row up to which all activations are held.

    Built in lesson 15.
    """

    def __init__(
        self, encoder: AWDLSTM, classes: int, hidden: int = 50, dropout: float = 0.1, seq_len: int = 70,
        checkpoint_above: int = 1400,
    ) -> None:  # fmt: skip
        super().__init__()
        size = 3 * encoder.embedding.embedding_dim
        self.encoder, self.seq_len, self.checkpoint_above = encoder, seq_len, checkpoint_above
        self.head = nn.Sequential(
            nn.BatchNorm1d(size), nn.Dropout(encoder.dropouts.output), nn.Linear(size, hidden), nn.ReLU(),
            nn.BatchNorm1d(hidden), nn.Dropout(dropout), nn.Linear(hidden, classes),
        )  # fmt: skip

    def forward(self, tokens: Tensor) -> Tensor:
        """int64 (n, tokens), padded at the end, to logits (n, classes)."""
        return self.head(self.pooled(tokens))

    def pooled(self, tokens: Tensor) -> Tensor:
        """int64 (n, tokens) to (n, 3 * embedding): last, largest and mean output over each row's real tokens."""
        zeros = self.encoder.embedding.weight.new_zeros(len(tokens), self.encoder.embedding.embedding_dim)
        state, pools = None, (zeros, zeros - torch.inf, zeros)
        again = torch.is_grad_enabled() and tokens.shape[1] > self.checkpoint_above
        for piece in tokens.split(self.seq_len, dim=1):
            if again:
                state, pools = checkpoint(self._read, piece, state, pools, use_reentrant=False)
            else:
                state, pools = self._read(piece, state, pools)
        last, largest, total = pools
        return torch.cat([last, largest, total / (tokens != PADDING).sum(1, keepdim=True)], dim=1)

    def _read(self, piece: Tensor, state: State | None, pools: Sequence[Tensor]) -> tuple[State, tuple[Tensor, ...]]:
        """Go on with a piece; pools are the last, largest and summed outputs so far, (n, embedding) each."""
        last, largest, total = pools
        values, state = self.encoder(piece, state)
        real = (piece != PADDING)[:, :, None]
        count = real.sum(1)  # the real tokens of a row come first
        ends = values[torch.arange(len(piece), device=piece.device), (count[:, 0] - 1).clamp(min=0)]
        largest = torch.maximum(largest, values.masked_fill(~real, -torch.inf).amax(1))
        return state, (torch.where(count > 0, ends, last), largest, total + (values * real).sum(1))
