"""The figure of attention: it shows the chosen word's row, for every head; bad input is refused in words."""

import re

import pytest
import torch

from coursekit.classroom.widgets import attention

WORDS = ["the", "<b>", "slept"]
HEADS = torch.tensor([[[1.0, 0, 0], [0.25, 0.75, 0], [0.1, 0.6, 0.3]], [[1, 0, 0], [1, 0, 0], [0, 0, 1]]])


def numbers(figure):
    """The weights that are drawn, a row for each head."""
    rows = re.findall(r"<tr>(.*?)</tr>", figure.figure.value)[1:]
    return [[float(text) for text in re.findall(r">(\d\.\d\d)</td>", row)] for row in rows]


@pytest.mark.parametrize("word", range(3))
def test_it_shows_the_row_of_the_chosen_word_for_every_head(word):
    figure = attention(WORDS, HEADS)
    figure.children[0].value = word
    assert numbers(figure) == [pytest.approx(rows[word].tolist()) for rows in HEADS]
    assert f"word {word + 1}, " in figure.figure.value


def test_one_map_needs_no_heads_and_starts_at_the_last_word():
    figure = attention(WORDS, HEADS[0].double().requires_grad_())
    assert numbers(figure) == [pytest.approx([0.1, 0.6, 0.3])]
    assert "weight: most at “&lt;b&gt;” (0.60)" in figure.figure.value


def test_words_that_occur_twice_are_two_words():
    figure = attention(["a", "a"], torch.eye(2))
    figure.children[0].value = 0
    assert numbers(figure) == [[1, 0]]


def test_words_are_no_html_and_the_figure_has_a_text_where_it_does_not_run():
    figure = attention(WORDS, HEADS)
    assert "<b>" not in figure.figure.value and "looks at: head 1: most at" in figure.said.value
    assert repr(figure).startswith("[Interactive figure: a sentence; choose a word")


BAD = {
    "no words": ([], torch.zeros(0, 0), "1 to 60 words; found 0"),
    "too many": (["a"] * 61, torch.eye(61), "1 to 60 words; found 61"),
    "other shape": (WORDS, torch.eye(4), r"weights of 3 words .* found \(4, 4\)"),
    "no heads": (WORDS, torch.zeros(0, 3, 3), r"found \(0, 3, 3\)"),
    "scores": (WORDS, 2 * torch.eye(3), "row sums from 2 to 2: give what comes out of the softmax"),
    "negative": (WORDS, torch.tensor([[2.0, -1, 0]] * 3), "found -1 as the least weight"),
}


@pytest.mark.parametrize("words, weights, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words(words, weights, message):
    with pytest.raises(ValueError, match=message):
        attention(words, weights)
