"""AWD-LSTM: a language model with dropout in five places, and a classifier on the same encoder; and a transformer.

S. Merity, N. S. Keskar and R. Socher, "Regularizing and optimizing LSTM language models", 2017;
J. Howard and S. Ruder, "Universal language model fine-tuning for text classification", 2018;
A. Vaswani et al., "Attention is all you need", 2017; A. Radford et al., "Language models are unsupervised multitask
learners" (GPT-2: layer norm before each part), 2019.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property

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


class Logits(Tensor):
    """The outputs of a linear layer, (n, size) to (n, words), computed when somebody looks at them.

    Of many words they are a training step's largest tensor by far, and their log-softmax and its gradients are as
    large. `F.cross_entropy` of them goes over a few rows at a time, by PyTorch's `linear_cross_entropy`. Everything
    else gets what the layer gave when it was called, with gradients unless its weights have changed since.
    """

    def __new__(cls, values: Tensor, layer: nn.Linear) -> "Logits":
        """Only the shape."""
        return values.detach().new_full((), torch.nan).expand(len(values), layer.out_features).as_subclass(cls)

    def __init__(self, values: Tensor, layer: nn.Linear) -> None:
        self.values, self.weights = values, (layer.weight, layer.bias)
        self.kept = [part.detach().clone() for part in self.weights]

    @cached_property
    def whole(self) -> Tensor:
        """All of them at once."""
        same = all(map(torch.equal, self.weights, self.kept))  # fused optimizers do not count as changes in `_version`
        with torch.enable_grad():
            return F.linear(self.values, *(self.weights if same else self.kept))

    @classmethod
    def __torch_function__(
        cls, function: Callable, types: Sequence[type], args: Sequence[object] = (), options: dict | None = None
    ) -> object:
        """What PyTorch calls in place of a function, or a method, that is given logits."""
        options = options or {}
        if function in OF_SHAPE:
            return super().__torch_function__(function, types, args, options)
        if function is F.cross_entropy and isinstance(args[0], cls):
            logits, targets, known = args[0], args[1], ("weight", "ignore_index", "reduction")
            usual = {name: value for name, value in options.items() if name not in known} == USUAL
            if usual and targets.dtype == torch.int64 and targets.dim() == 1 and "whole" not in vars(logits):
                weight, bias = logits.weights
                options = {name: options[name] for name in known} | {"linear_bias": bias, "options": CHUNKS}
                return F.linear_cross_entropy(logits.values, weight, targets, **options)
        return function(*looked_at(args), **{name: looked_at(value) for name, value in options.items()})


USUAL = {"size_average": None, "reduce": None, "label_smoothing": 0.0}
OF_SHAPE = {getattr(Tensor, name).__get__ for name in ("shape", "dtype", "device", "is_cuda")}
OF_SHAPE |= {Tensor.dim, Tensor.__len__}
if CHUNKS := getattr(nn, "LinearCrossEntropyOptions", None):  # PyTorch has it from 2.14 on
    CHUNKS = CHUNKS(batch_chunk_size=256, chunking_method=None, allow_retain_graph=True)


def looked_at(given: object) -> object:
    """What a function was given, logits in it computed."""
    if isinstance(given, (list, tuple)):
        return type(given)([looked_at(part) for part in given])
    return given.whole if isinstance(given, Logits) else given


class Decoder(nn.Linear):
    """A linear layer to one output for each word; of rows of values they are `Logits`, in training on a CPU."""

    def forward(self, values: Tensor) -> Tensor:
        """(..., size) to (..., words)."""
        trained = CHUNKS and self.training and torch.is_grad_enabled() and values.dim() == 2
        plain = values.device.type != "cpu" or torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling()
        return Logits(values, self) if trained and not plain else super().forward(values)


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
        self.decoder = Decoder(encoder.embedding.embedding_dim, encoder.embedding.num_embeddings)
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
        return self.decoder(dropped.flatten(0, 1))


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
        """The encoder's outputs, before dropout (n, tokens, size) and after it (..., size), to one number."""
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


@in_words
def attention(queries: Tensor, keys: Tensor, values: Tensor, causal: bool = False) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention: for each query the mean of the values, weighted by how well their keys fit.

    Args:
        queries: (..., q, size).
        keys: (..., k, size).
        values: (..., k, length).
        causal: the queries are the last q of k positions, and each looks at its own and at those before.

    Returns:
        (..., q, length), and the weights (..., q, k): each row adds up to 1.

    Raises:
        ValueError: keys of another length than the queries, not one value for each key, or more queries than keys
            where `causal`.

    A. Vaswani et al., 2017, section 3.2.1. Built in lesson 21.
    """
    q, k = queries.shape[-2], keys.shape[-2]
    if queries.shape[-1] != keys.shape[-1] or values.shape[-2] != k or (causal and q > k):
        shapes = [tuple(part.shape) for part in (queries, keys, values)]
        raise ValueError(
            "queries (..., q, size), keys (..., k, size) and values (..., k, length) belong together, and causal "
            f"attention has at most as many queries as keys; found {', '.join(map(str, shapes))}"
        )
    scores = queries @ keys.mT / keys.shape[-1] ** 0.5
    if causal:
        later = torch.ones(q, k, dtype=torch.bool, device=scores.device).triu(1 + k - q)
        scores = scores.masked_fill(later, -torch.inf)
    weights = scores.softmax(-1)
    return weights @ values, weights


Cache = tuple[Tensor, Tensor]  # keys and values of the tokens that were read, (n, heads, tokens, size / heads) each


class SelfAttention(nn.Module):
    """Multi-head self-attention: queries, keys and values are three linear maps of the same vectors.

    Args:
        size: of a token's vector.
        heads: that look side by side, each in size / heads of the numbers.
        causal: a token looks at itself and at the tokens before.
        dropout: of the attention weights.

    Raises:
        ValueError: a size or number of heads below 1, or a size that the heads do not divide.

    A. Vaswani et al., 2017, section 3.2.2. Built in lesson 21.
    """

    def __init__(self, size: int, heads: int, causal: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        at_least_one(size=size, heads=heads)
        if size % heads:
            raise ValueError(f"size is a multiple of heads; {heads} heads cannot share {size} numbers")
        self.heads, self.causal = heads, causal
        self.qkv, self.output, self.dropout = nn.Linear(size, 3 * size), nn.Linear(size, size), nn.Dropout(dropout)

    def forward(self, x: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """(n, tokens, size), and the cache of the tokens before, to (n, tokens, size) and the longer cache."""
        queries, keys, values = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1)
        )
        if cache:
            keys, values = (torch.cat(pair, dim=2) for pair in zip(cache, (keys, values), strict=True))
        mixed, weights = attention(queries, keys, values, self.causal)
        if self.training and self.dropout.p > 0:
            mixed = self.dropout(weights) @ values
        return self.output(mixed.transpose(1, 2).flatten(2)), (keys, values)


class TransformerBlock(nn.Module):
    """Self-attention, then an MLP on each token; each with a layer norm before it and a residual connection around it.

    Args:
        size, heads, causal: see `SelfAttention`.
        dropout: of the attention weights, and of what each of the two adds.

    Built in lesson 21.
    """

    def __init__(self, size: int, heads: int, causal: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.attention = SelfAttention(size, heads, causal, dropout)
        self.mlp = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size))
        self.attention_norm, self.mlp_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """(n, tokens, size), and the cache of the tokens before, to (n, tokens, size) and the longer cache."""
        added, cache = self.attention(self.attention_norm(x), cache)
        x = x + self.dropout(added)
        return x + self.dropout(self.mlp(self.mlp_norm(x))), cache


class Transformer(nn.Module):
    """Vectors of the tokens and of their positions, through a stack of blocks: the encoder of a GPT.

    Args:
        vocab_size: how many tokens there are.
        size: of a token's vector.
        heads, causal: see `SelfAttention`.
        layers: how many blocks.
        seq_len: how many positions there are.
        dropout: of the vectors, and in each block.

    Raises:
        ValueError: a size below 1, or heads that do not divide `size`.

    Built in lesson 21.
    """

    def __init__(
        self, vocab_size: int, size: int, heads: int, layers: int, seq_len: int, causal: bool = True,
        dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        at_least_one(vocab_size=vocab_size, layers=layers, seq_len=seq_len)
        self.embedding, self.positions = nn.Embedding(vocab_size, size), nn.Embedding(seq_len, size)
        self.blocks = nn.ModuleList(TransformerBlock(size, heads, causal, dropout) for _ in range(layers))
        self.dropout, self.norm = nn.Dropout(dropout), nn.LayerNorm(size)
        for vectors in (self.embedding, self.positions):
            nn.init.normal_(vectors.weight, std=0.02)

    def forward(self, tokens: Tensor, caches: list[Cache] | None = None) -> tuple[Tensor, list[Cache]]:
        """int64 (n, tokens), and the caches of the tokens before, to (n, tokens, size) and the longer caches.

        Raises:
            ValueError: more tokens, with those before, than there are positions.
        """
        start = caches[0][0].shape[2] if caches else 0
        end, room = start + tokens.shape[1], self.positions.num_embeddings
        if end > room:
            raise ValueError(f"the model has positions for {room} tokens; found {end}: read the last {room} of them")
        x = self.dropout(self.embedding(tokens) + self.positions.weight[start:end])
        longer = []
        for i, block in enumerate(self.blocks):
            x, cache = block(x, caches[i] if caches else None)
            longer.append(cache)
        return self.norm(x), longer


class GPT(nn.Module):
    """What comes next: a causal transformer, and a decoder whose weights are the tokens' vectors themselves.

    Starts as GPT-2 does: weights with deviation 0.02 at GPT-2's size of 768, and with 0.02 * sqrt(768 / size) at
    others, so that logits have the same spread; those of the layers that end a residual branch with that divided by
    sqrt(2 * layers); biases 0.

    A. Radford et al. (GPT-2), 2019; O. Press and L. Wolf, "Using the output embedding to improve language models",
    2017. Built in lesson 22.
    """

    def __init__(self, encoder: Transformer) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = nn.Linear(encoder.embedding.embedding_dim, encoder.embedding.num_embeddings, bias=False)
        self.decoder.weight = encoder.embedding.weight
        std = 0.02 * (768 / encoder.embedding.embedding_dim) ** 0.5
        ends = {part for block in encoder.blocks for part in (block.attention.output, block.mlp[2])}
        for part in encoder.modules():
            if isinstance(part, (nn.Linear, nn.Embedding)):
                nn.init.normal_(part.weight, std=std / (2 * len(encoder.blocks)) ** 0.5 if part in ends else std)
            if isinstance(part, nn.Linear):
                nn.init.zeros_(part.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """int64 (n, tokens) to logits for the token after each, (n * tokens, vocab_size), row after row."""
        return self.decoder(self.encoder(tokens)[0]).flatten(0, 1)
