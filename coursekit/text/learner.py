"""Learners of texts: a language model that says what comes next, and a classifier that starts from its encoder.

J. Howard and S. Ruder, "Universal language model fine-tuning for text classification", 2018.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from ..arguments import in_words
from ..datasets import SAMPLES
from ..learner import Learner, evaluating, with_learner_options
from ..losses import cross_entropy, lower_is_better
from ..metrics import after_mean
from ..storage import load_tensors, load_weights, save_tensors
from .loaders import LanguageLoaders, TextLoaders, as_texts
from .models import AWDLSTM, ActivationRegularization, Dropouts, LanguageModel, TextClassifier
from .tokens import BEGINNING, PADDING, SPECIAL_TOKENS, UNKNOWN, at_least_one, detokenize, tokenize
from .vocab import Vocab

TINY = {"embedding": 128, "hidden": 128, "layers": 1}  # the sizes of `language_tiny`
WEIGHTS = SAMPLES / "language_tiny" / "weights.safetensors"


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
def token_probabilities(logits: Tensor, temperature: float = 1.0, top_k: int | None = None) -> Tensor:
    """Probabilities of the next token: softmax(logits / temperature), of the `top_k` largest logits only.

    Args:
        logits: (words,).
        temperature: below 1 the likely becomes likelier, above 1 all become more alike.
        top_k: None keeps all.

    Raises:
        ValueError: a temperature that is not positive or not finite, or top_k below 1.

    Built in lesson 14.
    """
    if not 0 < temperature < math.inf or (top_k is not None and (not isinstance(top_k, int) or top_k < 1)):
        raise ValueError(f"temperature is above 0 and top_k at least 1; found {temperature} and {top_k}")
    if top_k is not None and top_k < len(logits):
        kept = logits.topk(top_k)
        logits = torch.full_like(logits, -torch.inf).scatter(0, kept.indices, kept.values)
    return (logits / temperature).softmax(0)


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


class LanguageLearner(_Encoded, Learner):
    """A `Learner` of a language model; made by `language_model_learner`. `predict(text)` says the next token."""

    def _answers(self, x: str | Sequence[str]) -> tuple[Tensor, bool]:
        """The logits of what follows each text, (texts, words), and whether it was one text alone."""
        batches, single = self.data.encode(x)
        return torch.cat([self.predictions([(*batch, batch[0])])[0][-1:] for batch in batches]), single

    @torch.inference_mode()
    def generate(
        self, prompt: str = "", tokens: int = 40, *, temperature: float = 1.0, top_k: int | None = None,
        seed: int | None = None,
    ) -> str:  # fmt: skip
        """The prompt, and what the model goes on to say, token by token drawn at random.

        Words of the prompt that the vocabulary lacks are read as `xxunk`, and stand in the answer as they are. The
        model says neither `xxunk` nor `xxpad`, and does not begin another text.

        Args:
            prompt: may be empty: the beginning of a text.
            tokens: how many to add; punctuation and special tokens count.
            temperature, top_k: see `token_probabilities`.
            seed: the same one gives the same text; None draws from PyTorch's global random generator.

        Raises:
            ValueError: tokens or top_k below 1, or a temperature that is not positive.

        Built in lesson 14.
        """
        at_least_one(tokens=tokens)
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        read, state, said = self.data.vocab.encode([prompt])[0], None, []
        with evaluating(self.model):
            for _ in range(tokens):
                values, state = self.model.encoder(read[None].to(self.data.device), state)
                logits = self.model.decoder(values[0, -1]).float().cpu()
                logits[[UNKNOWN, PADDING, BEGINNING]] = -torch.inf
                read = torch.multinomial(token_probabilities(logits, temperature, top_k), 1, generator=generator)
                said.append(int(read))
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
