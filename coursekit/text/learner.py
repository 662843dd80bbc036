"""Learners of texts: language models that say what comes next, and a classifier that starts from an encoder.

J. Howard and S. Ruder, "Universal language model fine-tuning for text classification", 2018;
A. Radford et al., "Language models are unsupervised multitask learners" (GPT-2), 2019.
"""

import math
from collections.abc import Callable, Sequence
from numbers import Integral
from pathlib import Path

import torch
from torch import Tensor, nn

from ..arguments import in_words
from ..datasets import SAMPLES
from ..learner import Learner, evaluating, with_learner_options
from ..loaders import device as choose_device
from ..losses import cross_entropy, lower_is_better
from ..metrics import after_mean
from ..storage import check_same, load_tensors, load_weights, save_tensors
from .loaders import GPTLoaders, LanguageLoaders, TextLoaders, as_texts
from .models import AWDLSTM, GPT, ActivationRegularization, Dropouts, LanguageModel, TextClassifier, Transformer
from .tokens import BEGINNING, PADDING, SPECIAL_TOKENS, UNKNOWN, at_least_one, detokenize, tokenize
from .vocab import END_OF_TEXT, BytePairs, Vocab

TINY = {"embedding": 128, "hidden": 128, "layers": 1}  # the sizes of `language_tiny`
WEIGHTS = SAMPLES / "language_tiny" / "weights.safetensors"
GPT_TINY = {"size": 128, "heads": 4, "layers": 4, "seq_len": 128}  # the sizes of `gpt_tiny`
GPT_WEIGHTS = SAMPLES / "gpt_tiny" / "weights.safetensors"


@lower_is_better
@after_mean(cross_entropy, lambda mean: torch.tensor(mean, dtype=torch.float64).exp().item())
@in_words
def perplexity(outputs: Tensor, targets: Tensor) -> Tensor:
    """exp of the mean cross-entropy: among how many words, equally likely, the model would be as unsure.

    Over an epoch the cross-entropy of all tokens is averaged, and exp taken last.

    Args:
        outputs: (tokens, words) logits.
        targets: (tokens,) int64.

    Built in lesson 14.
    """
    return cross_entropy(outputs, targets).exp()


@in_words
def token_probabilities(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """Probabilities of the next token: softmax(logits / temperature), of the likeliest tokens only.

    Args:
        logits: (words,).
        temperature: below 1 the likely becomes likelier, above 1 all become more alike.
        top_k: keeps so many; None keeps all.
        top_p: of those keeps the fewest whose probabilities add up to `top_p` at least (nucleus sampling; A. Holtzman
            et al., "The curious case of neural text degeneration", 2020); None keeps all.

    Raises:
        ValueError: a temperature that is not positive or not finite, top_k below 1, top_p not above 0 and up to 1, or
            logits that are not finite.

    Built in lesson 14.
    """
    whole = isinstance(top_k, Integral) and not isinstance(top_k, bool)
    if not 0 < temperature < math.inf or (top_k is not None and (not whole or top_k < 1)):
        raise ValueError(f"temperature is above 0 and top_k at least 1; found {temperature} and {top_k}")
    if top_k is not None and top_k < len(logits):
        kept = logits.topk(int(top_k))
        logits = torch.full_like(logits, -torch.inf).scatter(0, kept.indices, kept.values)
    probabilities = (logits / temperature).softmax(0)
    if probabilities.isnan().any():
        raise ValueError("the logits are not finite, or the temperature is too low: has the training diverged?")
    if top_p is None:
        return probabilities
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p is a probability above 0, at most 1; found {top_p}")
    ordered, order = probabilities.sort(descending=True)
    ordered[ordered.cumsum(0) - ordered >= top_p] = 0  # those before it are enough; nothing is before the first
    return torch.empty_like(ordered).scatter(0, order, ordered / ordered.sum())


@in_words
def remap_vocabulary(vectors: Tensor, old: Sequence[str], new: Sequence[str]) -> tuple[Tensor, int]:
    """The vectors (old words, size) for new words: known words keep theirs, the others get the mean of all.

    Returns:
        (new words, size), and how many of the new words were known.

    Raises:
        ValueError: not one vector for each old word, or no word but the special tokens is known.

    Built in lesson 15.
    """
    if len(vectors) != len(old):
        raise ValueError(f"a vocabulary of {len(old)} words does not fit {len(vectors)} vectors: each needs one")
    ids = {word: i for i, word in enumerate(old)}
    known = [i for i, word in enumerate(new) if word in ids]
    if not any(new[i] not in SPECIAL_TOKENS for i in known):
        raise ValueError(f"none of the {len(new)} words is among the {len(old)} that have vectors: another language?")
    mapped = vectors.mean(0).repeat(len(new), *[1] * (vectors.dim() - 1))
    mapped[known] = vectors[[ids[new[i]] for i in known]]
    return mapped, len(known)


def _load_remapped(part: nn.Module, path: Path | str, names: Sequence[str], vocab: Vocab) -> int:
    """Read saved weights, those of `names` remapped to other words; gives how many of the words were known."""
    weights, _ = load_tensors(path)
    if any(name not in weights for name in names):
        raise ValueError(f"{path} holds no encoder: write one with save_encoder (save writes a whole model)")
    old, known = Vocab.saved(path).words, 0
    for name in names:
        weights[name], known = remap_vocabulary(weights[name].float(), old, vocab.words)
    load_weights(part, weights, str(path))
    return known


class _Encoded:
    """What learners share whose model has an encoder: it goes from one to the other; and gradual unfreezing."""

    def save_encoder(self, path: Path | str) -> Path:
        """Write the encoder and the vocabulary, for `load_encoder`."""
        return save_tensors(path, self.model.encoder.state_dict(), {"config": self.data.vocab.config()})

    def load_encoder(self, path: Path | str) -> int:
        """Take over the encoder that another learner saved; words that it does not know start from the mean vector.

        Returns:
            How many of this vocabulary's words it knew.

        Raises:
            ValueError: the file holds no encoder, one of other sizes, or none of the words. Nothing was changed then.
        """
        return _load_remapped(self.model.encoder, path, ["embedding.weight"], self.data.vocab)

    def unfreeze_last(self, groups: int) -> None:
        """Train only so many of the layer groups, from the last; for gradual unfreezing.

        Raises:
            ValueError: none, or more than there are.
        """
        if groups not in range(1, len(self.groups) + 1):
            raise ValueError(f"the model has {len(self.groups)} layer groups; {groups} of them cannot be trained")
        self._train_last(groups)


Step = Callable[[Tensor, object], tuple[Tensor, object]]  # tokens (1, n) and a state to vectors (1, n, size), a state


class _NextTokens:
    """What learners share whose model says the next token."""

    def _answers(self, x: str | Sequence[str]) -> tuple[Tensor, bool]:
        """The logits of what follows each text, (texts, words), and whether it was one text alone."""
        batches, single = self.data.encode(x)
        return torch.cat([self.predictions([(*batch, batch[0])])[0][-1:] for batch in batches]), single

    @torch.inference_mode()
    def _said_next(
        self, read: Tensor, step: Step, tokens: int, seed: int | None, never: Sequence[int] = (), end: int = -1,
        **chosen: float | None,
    ) -> list[int]:  # fmt: skip
        """The ids of tokens drawn one after the other, up to `end`; `step` reads what is new, and keeps a state."""
        at_least_one(tokens=tokens)
        generator, state, said = None if seed is None else torch.Generator().manual_seed(seed), None, []
        with evaluating(self.model):
            for _ in range(tokens):
                values, state = step(read[None].to(self.data.device), state)
                logits = self.model.decoder(values[0, -1]).float().cpu()
                logits[list(never)] = -torch.inf
                read = torch.multinomial(token_probabilities(logits, **chosen), 1, generator=generator)
                if read == end:
                    break
                said.append(int(read))
        return said


class LanguageLearner(_NextTokens, _Encoded, Learner):
    """A `Learner` of a language model; made by `language_model_learner`. `predict(text)` says the next token."""

    def generate(
        self, prompt: str = "", tokens: int = 40, *, temperature: float = 1.0, top_k: int | None = None,
        top_p: float | None = None, seed: int | None = None,
    ) -> str:  # fmt: skip
        """The prompt, and what the model goes on to say, token by token drawn at random.

        Words of the prompt that the vocabulary lacks are read as `xxunk`, and stand in the answer as they are. The
        model says neither `xxunk` nor `xxpad`, and does not begin another text.

        Args:
            prompt: may be empty: the beginning of a text.
            tokens: how many to add; punctuation and special tokens count.
            temperature, top_k, top_p: see `token_probabilities`.
            seed: the same one gives the same text; None draws from PyTorch's global random generator.

        Raises:
            ValueError: tokens or top_k below 1, a temperature that is not positive, or top_p not above 0 and up to 1.

        Built in lesson 14.
        """
        read, chosen = self.data.vocab.encode([prompt])[0], {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        said = self._said_next(read, self.model.encoder, tokens, seed, [UNKNOWN, PADDING, BEGINNING], **chosen)
        return detokenize(tokenize(prompt) + self.data.vocab.tokens(said))


@with_learner_options
@in_words
def language_model_learner(
    data: LanguageLoaders, embedding: int = 128, hidden: int = 256, layers: int = 2, *,
    dropouts: Dropouts = Dropouts(), alpha: float = 2.0, beta: float = 1.0, tied: bool = True,  # noqa: B008 (frozen)
    **options: object,
) -> LanguageLearner:  # fmt: skip
    """A learner that predicts the next word, an AWD-LSTM. ULMFiT's sizes are 400, 1152 and 3 layers.

    Layer groups: each LSTM, then the words' vectors with the decoder that shares them.

    Args:
        data: see `LanguageLoaders`.
        embedding, hidden, layers, dropouts: see `AWDLSTM`.
        alpha, beta: see `ActivationRegularization`, a callback; both count in the training loss, not in the validation
            loss. 0 and 0 leave it out.
        tied: the decoder's weights are the words' vectors; see `LanguageModel`.
        options: of `Learner`, such as `metrics` and `callbacks`.

    Used in lesson 14.
    """
    model = LanguageModel(AWDLSTM(len(data.vocab), embedding, hidden, layers, dropouts), tied)
    usual = {"groups": [*model.encoder.rnns, nn.ModuleList([model.encoder.embedding, model.decoder])]}
    if alpha or beta:
        options["callbacks"] = [ActivationRegularization(alpha, beta), *options.get("callbacks", ())]
    return LanguageLearner(data, model, **usual | options)


@with_learner_options
@in_words
def language_tiny(data: LanguageLoaders, *, pretrained: bool = True, **options: object) -> LanguageLearner:
    """The small language model that ships in `data/language_tiny`, for the words of `data`; its sizes are `TINY`.

    It has read composed reviews of films, not general English: no model of general English ships with the course, nor
    could one be made from its data. Words that it does not know start from the mean of those that it knows. Its
    decoder has vectors of its own: tied to the words' vectors, words that fit in the same contexts, such as "dull" and
    "lovely", became alike.

    Args:
        data: see `LanguageLoaders`.
        pretrained: False: as at the start of its training.
        options: of `language_model_learner`; no dropout and no penalty on activations unless asked for.

    Raises:
        ValueError: none of the words is known, or other sizes were asked for.

    Used in lesson 15.
    """
    plain = {"dropouts": Dropouts().times(0), "alpha": 0.0, "beta": 0.0, "tied": False}
    learner = language_model_learner(data, **TINY | plain | options)
    if pretrained:
        names = ["encoder.embedding.weight", "decoder.weight", "decoder.bias"]
        _load_remapped(learner.model, WEIGHTS, names, data.vocab)
    else:
        nn.init.normal_(learner.model.encoder.embedding.weight, std=0.5)
    return learner


class GPTLearner(_NextTokens, Learner):
    """A `Learner` of a GPT; made by `gpt_learner`. `predict(text)` says the next token."""

    def generate(
        self, prompt: str = "", tokens: int = 40, *, temperature: float = 1.0, top_k: int | None = None,
        top_p: float | None = None, seed: int | None = None, cache: bool = True,
    ) -> str:  # fmt: skip
        """The prompt, and what the model goes on to say, token by token drawn at random, to the end of the text.

        The model has positions for `seq_len` tokens, and of a longer prompt it reads the last. Whenever the text
        outgrows them, it goes on from the latest half of so many tokens, and has forgotten what was before.

        A token holds the space before its word, so that a prompt should not end in one.

        Args:
            prompt: may be empty: the beginning of a text.
            tokens: how many to add at most.
            temperature, top_k, top_p: see `token_probabilities`.
            seed: the same one gives the same text; None draws from PyTorch's global random generator.
            cache: keep the keys and values of what was read (KV cache). False reads all of it anew for each token,
                and gives the same text.

        Raises:
            ValueError: tokens or top_k below 1, a temperature that is not positive, or top_p not above 0 and up to 1.

        Built in lesson 22.
        """
        room = self.model.encoder.positions.num_embeddings

        def step(read: Tensor, state: tuple | None) -> tuple[Tensor, tuple]:
            text, caches = state or (read[:, :0], None)
            text = torch.cat([text, read], dim=1)
            if text.shape[1] > room:
                text, caches = text[:, -((room + 1) // 2) :], None
            values, caches = self.model.encoder(read if caches else text, caches)
            return values, (text, caches if cache else None)

        read, chosen = self.data.vocab.encode([prompt])[0], {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        said = self._said_next(read[-room:], step, tokens, seed, end=self.data.vocab.token_to_id[END_OF_TEXT], **chosen)
        return prompt + self.data.vocab.decode(said)


@with_learner_options
@in_words
def gpt_learner(
    data: GPTLoaders, size: int = 128, heads: int = 4, layers: int = 4, *, seq_len: int | None = None,
    dropout: float = 0.0, **options: object,
) -> GPTLearner:  # fmt: skip
    """A learner that predicts the next token, a GPT of the size that is asked for; GPT-2's smallest has 768, 12, 12.

    Layer groups: each block, then the tokens' and positions' vectors with the last norm and the decoder that shares
    the tokens' vectors. AdamW's weight decay, 0.01, acts on all of them, norms and biases too: small as it is here, it
    can be left so; give an `optimizer_fn` for another.

    Args:
        data: see `GPTLoaders`.
        size, heads, layers, dropout: see `Transformer`.
        seq_len: how many positions the model has; None: as the data's.
        options: of `Learner`, such as `metrics` and `callbacks`.

    Raises:
        ValueError: fewer positions than the data's windows have tokens, or sizes that do not fit; see `Transformer`.

    Used in lesson 22.
    """
    seq_len = data.seq_len if seq_len is None else seq_len
    if isinstance(seq_len, Integral) and 1 <= seq_len < data.seq_len:
        advice = f"give GPTLoaders seq_len={seq_len}, or fewer"
        raise ValueError(f"the data's windows have {data.seq_len} tokens, the model positions for {seq_len}: {advice}")
    encoder = Transformer(len(data.vocab), size, heads, layers, seq_len, dropout=dropout)
    last = nn.ModuleList([encoder.norm, encoder.embedding, encoder.positions])
    return GPTLearner(data, GPT(encoder), **{"groups": [*encoder.blocks, last]} | options)


@in_words
def gpt_tiny(data: GPTLoaders | None = None, *, pretrained: bool = True, **options: object) -> GPTLearner:
    """The small GPT that ships in `data/gpt_tiny`; its sizes are `GPT_TINY`. It can `generate` at once, without data.

    It has read composed reviews of films, and Python's language reference. `learn.data.vocab` has its byte pairs; to
    train it on, give data with the same: `GPTLoaders(texts, vocab=...)`, here or to `learn.use`.

    Args:
        data: None: none; see `GPTLoaders`.
        pretrained: False: as at the start of its training.
        options: of `gpt_learner`.

    Raises:
        ValueError: the data have other byte pairs, or other sizes are asked for.

    Used in lesson 22.
    """
    if data is None:
        data = GPTLoaders(["none"], vocab=BytePairs.saved(GPT_WEIGHTS), batch_size=1, device="cpu").without_samples()
        data.device = data.train.device = data.valid.device = choose_device()
    learner = gpt_learner(data, **GPT_TINY | options)
    weights, metadata = load_tensors(GPT_WEIGHTS)
    advice = "give the data its byte pairs, vocab=ck.gpt_tiny().data.vocab"
    check_same(metadata["config"], learner.config(), "gpt_tiny", advice)
    if pretrained:
        weights["decoder.weight"] = weights["encoder.embedding.weight"]  # in the file once
        load_weights(learner.model, {name: weight.float() for name, weight in weights.items()}, str(GPT_WEIGHTS))
    return learner


class TextLearner(_Encoded, Learner):
    """A `Learner` of a classifier of texts; made by `text_classifier_learner`."""

    def _answers(self, x: str | Sequence[str]) -> tuple[Tensor, bool]:
        """The logits (texts, classes), and whether it was one text alone; those of similar length are read together."""
        texts, single = as_texts(x)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        outputs, _ = super()._answers([texts[i] for i in order])
        return outputs[torch.tensor(order).argsort()], single


@with_learner_options
@in_words
def text_classifier_learner(
    data: TextLoaders, embedding: int = 128, hidden: int = 256, layers: int = 2, *, dropouts: Dropouts | None = None,
    **options: object,
) -> TextLearner:  # fmt: skip
    """A learner that tells a text's class; `load_encoder` lets it start from a language model of the same sizes.

    Layer groups, for `unfreeze_last` and for a pair of learning rates: the words' vectors, each LSTM, the head.

    Args:
        data: see `TextLoaders`.
        embedding, hidden, layers: see `AWDLSTM`.
        dropouts: None: `Dropouts.for_classifier()`; `output` is used in the head.
        options: of `Learner`, such as `metrics`.

    Used in lesson 15.
    """
    encoder = AWDLSTM(len(data.vocab), embedding, hidden, layers, dropouts or Dropouts.for_classifier())
    model = TextClassifier(encoder, data.target_type.outputs)
    usual = {"groups": [encoder.embedding, *encoder.rnns, model.head]}
    return TextLearner(data, model, **usual | options)
