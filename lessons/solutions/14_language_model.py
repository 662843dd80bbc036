"""Solutions to lesson 14, with the cases that an answer is tried on."""

import math

import torch

from coursekit.classroom.exercises import Exercise, draw


def perplexity_of_all(each, tokens):
    if each.shape != tokens.shape or each.dim() != 1 or not len(each):
        raise ValueError("one number of tokens for each perplexity")
    if (each < 1).any() or (tokens < 1).any():
        raise ValueError("a perplexity is at least 1, and a text has tokens")
    return ((each.log() * tokens).sum() / tokens.sum()).exp()


def where_read(position, tokens, batch_size, seq_len):
    if batch_size < 1 or seq_len < 1:
        raise ValueError("one batch row at least, and sequences of one token at least")
    length = (tokens - 1) // batch_size
    if not 0 <= position < batch_size * length:
        raise ValueError("a token that is read")
    row, in_row = divmod(position, length)
    return in_row // seq_len, row, in_row % seq_len


def recited(sentence, text):
    """Whether the words of `sentence` stand in `text`, one behind the other."""
    met = 0  # so many words of the sentence fit, up to here
    for word in text:
        if word != sentence[met]:
            met = 0  # it does not go on: begin again, with this word
        if word == sentence[met]:
            met += 1
        if met == len(sentence):
            return True
    return False


def stands_in(sentence, text):
    sentence, text = list(sentence), list(text)
    if not sentence:
        raise ValueError("a sentence of one word at least")
    n = len(sentence)
    return any(text[i : i + n] == sentence for i in range(len(text)))


def pair_probability(stream, first, second, weight):
    if stream.dim() != 1 or not len(stream) or not 0 <= weight <= 1:
        raise ValueError("a stream, and a weight from 0 to 1")
    alone = (stream == second).double().mean()
    followers = stream[1:][stream[:-1] == first]
    if not len(followers):
        return alone
    return weight * (followers == second).double().mean() + (1 - weight) * alone


def top_p_of(chances, p):
    if chances.dim() != 1 or not 0 < p <= 1 or not (chances > 0).all():
        raise ValueError("probabilities above 0, and p from 0 to 1")
    if abs(chances.sum() - 1) > 1e-4 or len(chances.unique()) < len(chances):
        raise ValueError("probabilities that add up to 1, and are all different")
    likelier = torch.stack([chances[chances > one].sum() for one in chances])
    kept = torch.where(likelier < p, chances, 0)
    return kept / kept.sum()


def before_the_sigmoid(words, left):
    if words < 1 or not 0 < left < 1:
        raise ValueError("a word at least, and a part that is left")
    gate = left ** (1 / words)
    return math.log(gate / (1 - gate))


def perplexity_again(random):
    first, both = random.choice([(2, 6), (3, 6), (4, 6), (5, 10), (4, 10), (8, 12)])
    return (
        f"Two texts have equally many tokens, and together a perplexity of {both}. "
        f"The first alone has {first}. What is the perplexity of the second?",
        both**2 / first,
    )


def where_again(random):
    batch_size, length, seq_len = (random.randint(*r) for r in ((2, 5), (10, 30), (3, 6)))
    tokens = batch_size * length + random.randint(1, batch_size)
    row, sequence = random.randrange(1, batch_size), random.randrange(2)
    return (
        f"A stream of {tokens} tokens is read in {batch_size} batch rows and sequences of "
        f"{seq_len}. Which token is read first in batch row {row} of sequence {sequence}? "
        "(All are counted from 0.)",
        row * length + sequence * seq_len,
    )


def recited_again(random):
    text = "".join(random.choice("aab") for _ in range(9)) + "aaab"
    sought = random.choice(["aa", "aab", "aba"])
    return (
        f"In how many positions of {text!r} does {sought!r} begin? (Two may overlap.)",
        sum(text.startswith(sought, i) for i in range(len(text))),
    )


def pair_again(random):
    stream = "it is " + " ".join(random.choice(["it", "is", "not"]) for _ in range(7))
    words = stream.split()
    before = [a for a, b in zip(words, words[1:], strict=False) if b == "is"]
    return (
        f"The stream: {stream!r}. Of all times that 'is' had a word before it, in which "
        "fraction was that word 'it'?",
        before.count("it") / len(before),
    )


def top_p_again(random):
    percents = random.choice([(46, 27, 14, 9, 4), (38, 25, 19, 11, 7), (31, 28, 22, 13, 6)])
    p = random.choice([30, 50, 60, 80, 95])
    before = [sum(percents[:i]) for i in range(len(percents))]
    return (
        f"Five words have probabilities of {', '.join(map(str, percents))} percent. How "
        f"many of them can top-p with p = {p / 100} draw?",
        sum(likelier < p for likelier in before),
    )


def gate_again(random):
    gate, left = random.choice([0.5, 0.8, 0.9, 0.95]), random.choice([0.3, 0.2, 0.1])
    return (
        f"At each word a note is multiplied by a forget gate of {gate}. After how many "
        f"words is less than {left} of it left?",
        math.floor(math.log(left) / math.log(gate)) + 1,
    )


EXERCISES = {
    "perplexity_of_all": Exercise(
        perplexity_of_all,
        (
            "A perplexity is exp of a mean. Of how many tokens is each of these the mean?",
            "log of each perplexity gives the mean of -log p. Take the mean of these "
            "means, each as often as its text has tokens; exp comes last.",
            "`sums = each.log() * tokens`",
        ),
        lambda: [
            (torch.tensor([4.0]), torch.tensor([10])),
            (torch.tensor([2.0, 8.0]), torch.tensor([1, 1])),
            (torch.tensor([2.0, 16.0]), torch.tensor([3, 1])),
            (torch.tensor([20.0, 35.0, 5.0]), torch.tensor([100, 250, 40])),
        ],
        tolerance=1e-4,
        difficulty=2,
        minutes=8,
        again=perplexity_again,
    ),
    "where_read": Exercise(
        where_read,
        (
            "Write down the batch rows of this stream. How long is each, and which token "
            "of the stream is never read?",
            "A batch row has (tokens - 1) // batch_size tokens, as the last one needs a "
            "token that follows. Dividing by that gives the row, and what is left over "
            "is the position in the row; seq_len divides that again.",
            "`row, in_row = divmod(position, (tokens - 1) // batch_size)`",
        ),
        lambda: [
            (0, 3, 1, 2),
            (1, 3, 1, 1),
            (1, 5, 2, 3),
            (2, 5, 2, 3),
            (3, 6, 2, 2),
            (9, 26, 4, 3),
            (9, 26, 4, 4),
            (23, 25, 4, 4),
            (40, 101, 3, 7),
        ],
        difficulty=3,
        minutes=12,
        again=where_again,
    ),
    "break_recited": Exercise(
        stands_in,
        (
            "Follow `met` through your own text, word by word. What is it before and after "
            "each word that does not fit?",
            "It begins again with the word that did not fit. But the sentence may have "
            "begun a word or two before that one: let the sentence repeat itself at its "
            "beginning.",
            '`sentence = "very very dull".split()`',
        ),
        lambda: [
            (["good", "film"], ["a", "good", "film"]),
            (["good", "film"], ["a", "good", "good", "film"]),
            (["good", "film"], ["good", "old", "film"]),
            (["very", "very"], ["very", "very", "very"]),
            (["as", "dull", "as"], ["as", "as", "dull", "as"]),
        ],
        difficulty=3,
        minutes=10,
        breaks=recited,
        answer=(["very", "very", "dull"], ["very", "very", "very", "dull"]),
        again=recited_again,
    ),
    "pair_probability": Exercise(
        pair_probability,
        (
            "How often is `first` followed by something in this stream, and what follows "
            "it?",
            "The last token is followed by nothing, so it does not count. A pair that "
            "never came has the fraction 0, and that is mixed like any other; only a "
            "`first` that nothing ever followed has no fraction at all.",
            "`followers = stream[1:][stream[:-1] == first]`",
        ),
        lambda: [
            (torch.tensor([1, 2]), 1, 2, 1.0),
            (torch.tensor([1, 2]), 1, 2, 0.5),
            (torch.tensor([1, 2]), 2, 1, 0.5),
            (torch.tensor([1, 2, 1, 3, 1]), 1, 3, 0.8),
            (torch.tensor([1, 2, 1, 3, 1]), 7, 1, 0.8),
            (torch.tensor([1, 2, 1, 3]), 1, 1, 0.8),  # a pair never seen: still mixed
            (torch.tensor([4, 4, 4, 5]), 4, 4, 0.25),
        ],
        difficulty=3,
        minutes=12,
        again=pair_again,
    ),
    "top_p_of": Exercise(
        top_p_of,
        (
            "Go through the words from the likeliest on. After which of them is p "
            "reached here, and does that one count?",
            "Sort, the likeliest first. A word is kept if the words likelier than it "
            "have not reached p yet. Put each back in its own position, and divide by "
            "what is left.",
            "`likeliest, order = chances.sort(descending=True)`",
        ),
        lambda: [
            (torch.tensor([1.0]), 0.5),
            (torch.tensor([0.75, 0.25]), 0.5),
            (torch.tensor([0.25, 0.75]), 0.875),
            (torch.tensor([0.1875, 0.5, 0.3125]), 0.5),  # reached exactly
            (torch.tensor([0.125, 0.625, 0.25]), 0.75),
            (torch.tensor([0.25, 0.125, 0.625]), 1.0),
            (draw(8).softmax(dim=0), 0.9),
            (draw(30).softmax(dim=0), 0.6),
        ],
        difficulty=3,
        minutes=12,
        again=top_p_again,
    ),
    "before_the_sigmoid": Exercise(
        before_the_sigmoid,
        (
            "Which gate, multiplied by itself so many times, leaves just this much?",
            "The gate is the root of `left`: one factor for each word. Then solve gate = "
            "sigmoid(x) for x.",
            "`gate = left ** (1 / words)`",
        ),
        lambda: [
            (1, 0.5),
            (1, 0.9),
            (2, 0.25),
            (39, 0.5),
            (10, 0.1),
            (200, 0.9),
        ],
        tolerance=1e-3,
        difficulty=2,
        minutes=8,
        again=gate_again,
    ),
}


DISCUSSION = """
The small network of the ablation, trained on twelve reviews for thirty epochs. Each
figure is the perplexity of twenty new reviews, the mean of three seeds. A state can be
carried or cut while the network trains (first word of each column), and while it is asked
(second word):

| tokens | carried, then carried | carried, then cut | cut, then carried | cut, then cut |
|---|---|---|---|---|
| 5 | 15.3 | 17.9 | 15.7 | 16.9 |
| 20 | 18.4 | 18.9 | 18.2 | 18.6 |
| 80 | 32.3 | 32.4 | 32.3 | 32.4 |

The carried state helps most where sequences are short, and most when the network is
*asked*: with five tokens, cutting it then costs 10 to 17 percent. In training it matters
less. A network that was always cut in training still uses a carried state, since it has
learned what to keep for five words. At 80 both trainings are the same to the last digit:
twelve reviews in sixteen rows are a single sequence, so there is nothing to carry.

Do not compare the rows with each other. Short sequences mean more steps: 21 in an epoch
with five tokens, 5 with twenty, 1 with eighty. That is why the perplexity rises
downwards.

```python
class Cut:
    def before_batch(self, learn):
        learn.model.state = None  # in training


def forget(model, inputs):
    model.state = None  # learn.model.register_forward_pre_hook(forget): when asked, too
```

Try next: give all three the same number of steps, with more epochs for the longer
sequences. Does the network memorise then?
"""
