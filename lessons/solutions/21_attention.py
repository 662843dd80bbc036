"""Solutions to lesson 21, with the cases that an answer is tried on."""

import math

import torch

from coursekit.classroom.exercises import Exercise, draw

DISCUSSION = """
**Which head does what?** On the three trained readers of the lesson (60 steps each), names
repeated of the 300 in the exam, after heads were set to zero:

| set to zero | model 1 | model 2 | model 3 |
|---|---|---|---|
| nothing | 1.00 | 1.00 | 1.00 |
| the one head that is missed most | 0.92 | 0.94 | 0.98 |
| the two that are missed most | 0.37 | 0.51 | 0.77 |
| all but the best head of block 1 | 0.64 | 0.72 | 0.65 |
| all four heads of block 1 | 0.02 | 0.04 | 0.07 |
| all four heads of block 2 | 0.07 | 0.46 | 0.58 |

```python
def without(model, block, heads):
    def cut(layer, x):
        found = x[0].clone()
        for h in heads:
            found[..., 8 * h : 8 * h + 8] = 0
        return (found,)
    layer = model.encoder.blocks[block].attention.output
    hook = layer.register_forward_pre_hook(cut)
    right = names_right(model)
    hook.remove()
    return right
```

The plain answer: block 1 fetches the name. Without it all three guess (1 in 20). But any
single head can go, in every model: the others have the name, too. So "I removed it and
nothing happened" does not prove that a head is useless (lesson 14 found the same of its
five dropouts). Two heads together are missed.

Is the head that looks most at the name missed most? In model 3 yes: head 4 of block 1. In
model 2 it is head 3, which gives the name a weight of 0.09, and not head 4 with 0.59. In
model 1 no head of either block gives the name more than 0.12, and it answers as well.
A small weight can be made up for by large values, and by the layers behind.

Block 2 surprises. Its heads look at the name no more than at anything else, and one by one
nobody misses any. All four together are missed, in model 1 badly. A guess: they add
something that is the same for every sentence, on which the decoder has come to rely. To
test it, put the mean over all sentences in place of the zeros (*mean ablation*).

Figures in other models will differ, and other seeds give other tables. What stays is how to
ask: take away, measure, and take away several at once.
"""


def window_mask(n, width):
    if n < 1 or width < 1:
        raise ValueError("one token at least, and a window of one at least")
    back = torch.arange(n)[:, None] - torch.arange(n)
    return (back >= 0) & (back < width)


def padded_weights(scores, lengths):
    n, _, k = scores.shape
    if lengths.shape != (n,) or lengths.min() < 1 or lengths.max() > k:
        raise ValueError("a length for each text, from 1 to k")
    padding = torch.arange(k) >= lengths[:, None, None]
    return scores.masked_fill(padding, -torch.inf).softmax(dim=2)


def masked_before(scores):
    if scores.dim() != 2 or scores.shape[0] != scores.shape[1] or not scores.numel():
        raise ValueError("a square table of scores, such as torch.zeros(2, 2)")
    if not scores.is_floating_point():
        raise ValueError("scores with a decimal point, such as torch.zeros(2, 2)")
    later = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, -torch.inf).softmax(dim=1)


def masked_later(scores):
    """(n, n) scores: causal weights, masked after the softmax."""
    weights = scores.softmax(dim=1).tril()
    return weights / weights.sum(dim=1, keepdim=True)


def scores_of(weights):
    rows = weights.sum(dim=1)
    if (weights < 0).any() or (weights[:, 0] == 0).any() or ((rows - 1).abs() > 1e-4).any():
        raise ValueError("weights of 0 or more, rows with the sum 1, no first one of 0")
    logs = weights.log()
    return logs - logs[:, :1]


def size_of_block(count):
    found = [size for size in range(1, count) if 12 * size**2 + 13 * size == count]
    if not found:
        raise ValueError("no block has so many weights")
    return found[0]


def parts_of_heads(found, weight):
    heads, _, part = found.shape
    if weight.dim() != 2 or weight.shape[1] != heads * part:
        raise ValueError("a column of the weight for each number of each head")
    columns = weight.T.reshape(heads, part, -1)
    return found @ columns


def turned(pairs, angle):
    if pairs.dim() != 2 or pairs.shape[1] != 2:
        raise ValueError("pairs of numbers, (tokens, 2)")
    angles = torch.arange(len(pairs)) * angle
    cos, sin = angles.cos(), angles.sin()
    x, y = pairs.T
    return torch.stack([x * cos - y * sin, x * sin + y * cos], dim=1)


def _ask_window(random):
    n, width = random.randint(6, 40), random.randint(2, 5)
    question = f"{n} tokens, a causal sliding window of {width}: how many pairs may look"
    return f"{question} (True in the mask)?", sum(min(i + 1, width) for i in range(n))


def _ask_padded(random):
    length, k = random.choice([2, 4, 5, 8]), random.randint(9, 20)
    question = (
        f"All scores are equal, a text has {length} tokens and {k - length} of padding"
    )
    return f"{question}. What is the weight of its first token?", 1 / length


def _ask_causal(random):
    n = random.choice([3, 5, 10, 20])
    question = f"A causal mask, {n} tokens, all scores 0. Which weight has the first token"
    return f"{question} in the last row?", 1 / n


def _ask_scores(random):
    ratio = random.choice([2, 3, 5, 10])
    question = f"A weight is {ratio} times as large as another one of its row"
    return f"{question}. By how much is its score higher?", math.log(ratio)


def _ask_size(random):
    size = random.choice([8, 16, 32, 48, 64])
    question = f"A block has the size {size}. How many weights and biases does its MLP have"
    return f"{question}, without the layer norm?", 8 * size**2 + 5 * size


def _ask_heads(random):
    heads, part = random.choice([2, 3, 4, 8]), random.choice([4, 8, 16])
    question = f"{heads} heads of {part} numbers each. By which number are scores divided"
    return f"{question}?", part**0.5


def _ask_turned(random):
    t, s = random.randint(5, 9), random.randint(0, 4)
    question = (
        f"All vectors are (1, 0), and token t is turned by t · π/12. What is the dot "
        f"product of tokens {t} and {s}"
    )
    return f"{question}?", math.cos((t - s) * math.pi / 12)


EXERCISES = {
    "window_mask": Exercise(
        window_mask,
        hints=(
            "In your mask, at how many tokens may the last one look? And the first?",
            "Take the number of the row minus the number of the column: how far back that "
            "is. It must be 0 or more, and less than `width`.",
            "`back = torch.arange(n)[:, None] - torch.arange(n)`",
        ),
        cases=lambda: [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (3, 7), (7, 4)],
        difficulty=2,
        minutes=8,
        again=_ask_window,
    ),
    "padded_weights": Exercise(
        padded_weights,
        hints=(
            "What weight has the padding in your answer, and what is the sum of a row?",
            "Compare the numbers of the keys with the length of each text, as a table that "
            "broadcasts against (n, q, k). Where there is padding, the score is −∞.",
            "`padding = torch.arange(k) >= lengths[:, None, None]`",
        ),
        cases=lambda: [
            (torch.zeros(1, 1, 2), torch.tensor([1])),
            (torch.zeros(2, 1, 3), torch.tensor([3, 2])),
            (draw(2, 3, 4), torch.tensor([1, 4])),
            (draw(3, 2, 3), torch.tensor([2, 3, 1])),
            (draw(2, 2, 2, seed=1) - 300, torch.tensor([1, 2])),
            (torch.tensor([[[0.0, 1.0, 200.0]]]), torch.tensor([2])),
        ],
        difficulty=2,
        minutes=12,
        again=_ask_padded,
    ),
    "break_masked_later": Exercise(
        masked_before,
        breaks=masked_later,
        answer=(torch.tensor([[0.0, 200.0], [0.0, 0.0]]),),
        hints=(
            "What is left of a row if nearly all of its weight is on a later word?",
            "Softmax gives 0 to a score that is about 104 below the largest one (in single "
            "precision). If the largest one is a *later* word, 0 / 0 is left.",
            "`scores_that_break = torch.tensor([[0.0, ...], [0.0, 0.0]])`",
        ),
        cases=lambda: [
            (torch.zeros(2, 2),),
            (torch.tensor([[0.0, 50.0], [0.0, 0.0]]),),
            (torch.tensor([[500.0, 0.0], [0.0, 0.0]]),),
            (draw(3, 3),),
        ],
        difficulty=3,
        minutes=12,
        again=_ask_causal,
    ),
    "scores_of": Exercise(
        scores_of,
        hints=(
            "What are the scores of the weights 0.25, 0.75? Their difference is log 3.",
            "The log of the weights is right up to a number for each row. Take away the "
            "first of each row.",
            "`logs = weights.log()`",
        ),
        cases=lambda: [
            (torch.tensor([[0.5, 0.5]]),),
            (torch.tensor([[0.25, 0.75]]),),
            (torch.tensor([[1.0, 0.0], [0.8, 0.2]]),),
            (torch.tensor([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]]),),
            (draw(3, 5).softmax(dim=1),),
        ],
        difficulty=2,
        minutes=8,
        again=_ask_scores,
    ),
    "size_of_block": Exercise(
        size_of_block,
        hints=(
            "A block of size 1: how many weights, and how many biases, has each part?",
            "12 size² + 13 size: 4 size² + 4 size for attention, 8 size² + 5 size for the "
            "MLP, 4 size for the layer norms. Solve that for the size, or try sizes.",
            "`size = 1`, and then as long as `12 * size**2 + 13 * size < count` ...",
        ),
        cases=lambda: [(12 * s**2 + 13 * s,) for s in (1, 2, 3, 12, 13, 32, 64, 768)],
        difficulty=3,
        minutes=12,
        again=_ask_size,
    ),
    "parts_of_heads": Exercise(
        parts_of_heads,
        hints=(
            "Which columns of the weight meet the numbers of the first head?",
            "The first `part` columns belong to the first head, the next ones to the "
            "second. Each head is multiplied by its own columns.",
            "`columns = weight.T.reshape(heads, part, -1)`",
        ),
        cases=lambda: [
            (torch.tensor([[[1.0]], [[2.0]]]), torch.tensor([[3.0, 10.0]])),
            (torch.tensor([[[1.0, 2.0]]]), torch.tensor([[1.0, 0.0], [5.0, 1.0]])),
            (draw(2, 3, 2), draw(4, 4)),
            (draw(3, 2, 2, seed=1), draw(5, 6, seed=2)),
            (draw(2, 2, 3, seed=3), draw(6, 6, seed=4)),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_heads,
    ),
    "turned": Exercise(
        turned,
        hints=(
            "Where does (1, 0) point after a quarter turn, counter-clockwise?",
            "Each token has its own angle: 0, angle, 2 · angle ... Take the cos and the "
            "sin of all of them at once.",
            "`angles = torch.arange(len(pairs)) * angle`",
        ),
        cases=lambda: [
            (torch.tensor([[1.0, 0.0]]), 1.0),
            (torch.tensor([[1.0, 0.0], [1.0, 0.0]]), math.pi / 2),
            (torch.tensor([[0.0, 1.0], [0.0, 1.0], [3.0, 0.0]]), math.pi / 6),
            (draw(5, 2), 0.3),
            (draw(4, 2, seed=1), -1.1),
        ],
        difficulty=3,
        minutes=15,
        again=_ask_turned,
    ),
}
