"""A figure to play with that is made of words: what each of them looks at."""

from collections.abc import Sequence
from html import escape

import ipywidgets
import torch
from torch import Tensor

from ...arguments import in_words
from ..markup import cell, cell_style, table
from .interactive import Interactive


@in_words
def attention(words: Sequence[str], weights: Tensor) -> Interactive:
    """A sentence of which one word is chosen: how much it looks at each word, head by head.

    Args:
        words: of the sentence, 1 to 60.
        weights: float, (words, words), or (heads, words, words) for several heads: a row is what a word looks at, and
            adds up to 1.

    Raises:
        ValueError: no words or too many, weights of another shape, or rows that do not add up to 1.

    Used in lesson 21.
    """
    words, shape = list(words), tuple(weights.shape)
    if not 1 <= len(words) <= 60:
        raise ValueError(f"the figure shows 1 to 60 words; found {len(words)}")
    if len(shape) not in (2, 3) or shape[-2:] != (len(words), len(words)) or not weights.numel():
        raise ValueError(f"weights of {len(words)} words are (words, words) or (heads, words, words); found {shape}")
    maps = weights.detach().double().cpu().reshape(-1, len(words), len(words))
    if not torch.allclose(maps.sum(-1), torch.ones(maps.shape[:2], dtype=maps.dtype), atol=1e-4) or maps.min() < 0:
        raise ValueError(
            f"in each row the weights are 0 or more and add up to 1; found {maps.min():.3g} as the least weight and "
            f"row sums from {maps.sum(-1).min():.3g} to {maps.sum(-1).max():.3g}: give what comes out of the softmax"
        )
    named = [(f"{i} {word}", i - 1) for i, word in enumerate(words, 1)]
    chosen = ipywidgets.Dropdown(options=named, value=len(words) - 1, description="word")

    def draw() -> tuple[str, str]:
        rows = [[cell(""), *(cell(word, tag='th scope="col"') for word in words)]]
        said = []
        for head, one in enumerate(maps, 1):
            name, row = f"head {head}" if len(maps) > 1 else "weight", one[chosen.value].tolist()
            numbers = (cell(f"{weight:.2f}", cell_style(weight, 1.4)) for weight in row)
            rows.append([cell(name, tag='th scope="row"'), *numbers])
            most = max(range(len(row)), key=row.__getitem__)
            said.append(f"{name}: most at “{words[most]}” ({row[most]:.2f})")
        caption = f"word {chosen.value + 1}, “{words[chosen.value]}”, looks at"
        text = f"{caption}: {'; '.join(said)}"
        return f'<div style="overflow-x:auto">{table(rows, caption)}</div><div>{escape(text)}</div>', text

    return Interactive([chosen], draw, "a sentence; choose a word and see how much it looks at each word")
