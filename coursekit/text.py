"""Learners of texts: a language model that says what comes next, and a classifier that starts from its encoder.

J. Howard and S. Ruder, "Universal language model fine-tuning for text classification", 2018.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from .learner import Learner
from .losses import cross_entropy, lower_is_better
from .metrics import after_mean
from .text_loaders import DocumentLoader, LanguageLoaders, TextLoaders
from .text_models import (
    AWDLSTM,
    ActivationRegularization,
    Dropouts,
    LanguageModel,
    TextClassifier,
)
from .text_tokens import BEGINNING, PADDING, UNKNOWN, detokenize, tokenize
from .text_transfer import Transfer, load_language_model, softened

TINY = {"embedding": 128, "hidden": 128, "layers": 1}  # the sizes of `language_tiny`
WEIGHTS = Path(__file__).parents[1] / "data" / "language_tiny" / "weights.safetensors"


@lower_is_better
@after_mean(cross_entropy, lambda mean: torch.tensor(mean, dtype=torch.float64).exp().item())
def perplexity(outputs: Tensor, targets: Tensor) -> Tensor:
    """exp of the mean cross-entropy: among how many words, equally likely, the model would be as unsure.

    Over an epoch the cross-entropy of all tokens is averaged, and exp taken last.

    Args:
        outputs: (tokens, words) logits.
        targets: (tokens,) int64.

    Built in lesson 14.
    """
    return cross_entropy(outputs, targets).exp()


class LanguageLearner(Transfer, Learner):
    """A `Learner` of a language model; made by `language_model_learner`."""

    @torch.inference_mode()
    def generate(
        self,
        prompt: str = "",
        words: int = 40,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int | None = None,
    ) -> str:
        """The prompt, and what the model goes on to say, token by token drawn at random.

        Words of the prompt that the vocabulary lacks are read as `xxunk`, and stand in the answer as they are. The
        model says neither `xxunk` nor `xxpad`, and does not begin another text.

        Args:
            prompt: may be empty: the beginning of a text.
            words: how many tokens to add; punctuation and marks count.
            temperature, top_k: see `softened`.
            seed: the same one gives the same text; None draws from PyTorch's global random generator.

        Raises:
            ValueError: words or top_k below 1, or a temperature that is not positive.

        Built in lesson 14.
        """
        if words < 1:
            raise ValueError(f"words must be at least 1; found {words}")
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        self.model.eval()
        read, state, said = self.data.vocab.numbers([prompt])[0], None, []
        for _ in range(words):
            values, state = self.model.encoder(read[None].to(self.data.device), state)
            scores = self.model.decoder(values[0, -1]).float().cpu()
            scores[[UNKNOWN, PADDING, BEGINNING]] = -torch.inf
            read = torch.multinomial(softened(scores, temperature, top_k), 1, generator=generator)
            said.append(int(read))
        return detokenize(tokenize(prompt) + self.data.vocab.tokens(said))


def language_model_learner(
    data: LanguageLoaders,
    embedding: int = 128,
    hidden: int = 256,
    layers: int = 2,
    *,
    dropouts: Dropouts = Dropouts(),  # noqa: B008 (frozen)
    alpha: float = 2.0,
    beta: float = 1.0,
    tied: bool = True,
    **options: object,
) -> LanguageLearner:
    """A learner that predicts the next word, an AWD-LSTM. ULMFiT's sizes are 400, 1152 and 3 layers.

    Layer groups: each LSTM, then the words' vectors with the decoder that shares them.

    Args:
        data: see `LanguageLoaders`.
        embedding, hidden, layers, dropouts: see `AWDLSTM`.
        alpha, beta: see `ActivationRegularization`; both count in the training loss, not in the validation loss.
        tied: the decoder's weights are the words' vectors; see `LanguageModel`.
        options: of `Learner`, such as `metrics` and `callbacks`.

    Used in lesson 14.
    """
    model = LanguageModel(AWDLSTM(len(data.vocab), embedding, hidden, layers, dropouts), tied)
    groups = [*model.encoder.rnns, nn.ModuleList([model.encoder.embedding, model.decoder])]
    loss = ActivationRegularization(model, alpha, beta)
    return LanguageLearner(data, model, **{"loss": loss, "groups": groups} | options)


def language_tiny(data: LanguageLoaders, *, pretrained: bool = True, **options: object) -> LanguageLearner:
    """The small language model that ships in `data/language_tiny`, for the words of `data`; its sizes are `TINY`.

    It has read composed reviews of films: words that it does not know start from the mean of those that it knows. Its
    decoder has vectors of its own: tied to the words' vectors, words that fit in the same places, such as "dull" and
    "lovely", became alike.

    Args:
        data: see `LanguageLoaders`.
        pretrained: False: as at the start of its training.
        options: of `language_model_learner`; no dropout and no price on activations unless asked for.

    Raises:
        ValueError: none of the words is known, or other sizes were asked for.

    Used in lesson 15.
    """
    plain = {"dropouts": Dropouts().times(0), "alpha": 0.0, "beta": 0.0, "tied": False}
    learner = language_model_learner(data, **TINY | plain | options)
    if pretrained:
        load_language_model(learner.model, WEIGHTS, data.vocab.words)
    else:
        nn.init.normal_(learner.model.encoder.embedding.weight, std=0.5)
    return learner


class TextLearner(Transfer, Learner):
    """A `Learner` of a classifier of texts; made by `text_classifier_learner`."""

    def predict_texts(self, texts: Sequence[str]) -> Tensor:
        """The probability of each class for each text, float32 (texts, classes), in the texts' order."""
        documents, _ = self.data.documents(texts)
        targets = torch.zeros(len(documents), dtype=torch.int64)
        loader = DocumentLoader(documents, targets, 2 * self.data.train.batch_size, device=self.data.device)
        probabilities = torch.empty(len(documents), self.data.kind.outputs)
        probabilities[loader.order] = self.predictions(loader)[0].softmax(1)
        return probabilities

    def predict_text(self, text: str) -> tuple[str, dict[str, float]]:
        """The likeliest class of a text, and the probability of each."""
        probabilities = self.predict_texts([text])[0].tolist()
        each = dict(zip(self.data.kind.names, probabilities, strict=True))
        return max(each, key=each.get), each


def text_classifier_learner(
    data: TextLoaders,
    embedding: int = 128,
    hidden: int = 256,
    layers: int = 2,
    *,
    dropouts: Dropouts | None = None,
    **options: object,
) -> TextLearner:
    """A learner that tells a text's class; `load_encoder` lets it start from a language model of the same sizes.

    Layer groups, for `unfreeze_last` and for a pair of rates: the words' vectors, each LSTM, the head.

    Args:
        data: see `TextLoaders`.
        embedding, hidden, layers: see `AWDLSTM`.
        dropouts: None: `Dropouts.for_classifier()`; `output` is used in the head.
        options: of `Learner`, such as `metrics`.

    Used in lesson 15.
    """
    encoder = AWDLSTM(len(data.vocab), embedding, hidden, layers, dropouts or Dropouts.for_classifier())
    model = TextClassifier(encoder, data.kind.outputs)
    groups = [encoder.embedding, *encoder.rnns, model.head]
    return TextLearner(data, model, **{"loss": cross_entropy, "groups": groups} | options)
