"""Solutions to lesson 13, with the cases that an answer is tried on."""

import math

import torch

from coursekit.classroom.exercises import Exercise, draw


def biases_as_factors(P, Q, b, c):
    if P.shape[1:] != Q.shape[1:] or b.shape != P.shape[:1] or c.shape != Q.shape[:1]:
        raise ValueError("vectors of one length, and a bias for each")
    users = torch.cat([P, b[:, None], torch.ones(len(P), 1)], dim=1)
    films = torch.cat([Q, torch.ones(len(Q), 1), c[:, None]], dim=1)
    return users, films


def most_similar(vectors, film):
    """(films, factors), a row number: the other row with the most similar direction."""
    alike = vectors @ vectors[film]
    alike[film] = -torch.inf  # not itself
    return alike.argmax()


def most_similar_by_cosine(vectors, film):
    if vectors.dim() != 2 or len(vectors) < 2 or not vectors.any(dim=1).all():
        raise ValueError("at least two vectors, and none of zeros only")
    directions = vectors / vectors.norm(dim=1, keepdim=True)
    alike = directions @ directions[film]
    alike[film] = -torch.inf
    first, second = alike.topk(2).values
    if first - second < 1e-3:
        raise ValueError("one film that is more similar than all others")
    return alike.argmax()


def film_for_all(predicted, seen):
    if predicted.shape != seen.shape or predicted.dim() != 2 or not len(predicted):
        raise ValueError("for each person and film a number, and whether it was seen")
    least = predicted.amin(dim=0).masked_fill(seen.any(dim=0), -torch.inf)
    if (least == least.max()).sum() != 1:
        raise ValueError("one film that is better than all others")
    return least.argmax()


def careful_bias(rest, strength):
    if strength <= 0 or rest.dim() != 1:
        raise ValueError("a positive strength")
    return rest.sum() / (len(rest) + strength)


def taste_and_bias(film_vectors, rest, strength):
    if film_vectors.dim() != 2 or rest.shape != film_vectors.shape[:1] or strength <= 0:
        raise ValueError("a row and a number for each film, and a positive strength")
    x = torch.cat([film_vectors, torch.ones(len(rest), 1)], dim=1)
    return torch.linalg.solve(x.T @ x + strength * torch.eye(x.shape[1]), x.T @ rest)


def widening_for(highest_score):
    if highest_score <= 0:
        raise ValueError("a positive score")
    return 1 / (math.exp(highest_score) - 1)


def factors_again(random):
    mean, user, p, q, film = (random.choice([-2, -1, 1, 2]) / 2 for _ in range(5))
    return (
        f"The mean is {mean + 3}, a user's bias {user}, her only factor {p}, the film's "
        f"factor {q}. The prediction is {mean + 3 + user + p * q + film}. What is the "
        "film's bias?",
        film,
    )


def similar_again(random):
    other, cosine = random.choice(
        [((6, 8), 1), ((-6, -8), -1), ((-8, 6), 0), ((4, 3), 0.96), ((-3, 4), 0.28)]
    )
    return (
        f"A film has the vector [3, 4], another {list(other)}. What is the cosine of the "
        "angle between them?",
        cosine,
    )


def evening_again(random):
    while True:
        rows = [[random.randint(1, 9) / 2 for _ in range(3)] for _ in range(2)]
        sums = [a + b for a, b in zip(*rows, strict=True)]
        if sums.count(max(sums)) == 1:
            best = sums.index(max(sums))
            return (
                f"Two people are expected to give three films {rows[0]} and {rows[1]} "
                "stars. They watch the one with the highest mean. How many stars does the "
                "less happy of the two give it?",
                min(row[best] for row in rows),
            )


def bias_again(random):
    strength, (least, times) = (
        random.choice([2, 3, 5]),
        random.choice([(0.75, 3), (0.9, 9)]),
    )
    return (
        "Each of n ratings of a film is one star above the mean. Its bias b is the number "
        f"for which n · (1 − b)² + {strength} · b² is smallest. How many ratings are "
        f"needed for a bias of {least}?",
        strength * times,
    )


def taste_again(random):
    factor, given, strength = (
        random.choice([2, 3]),
        random.choice([3, 4, 6]),
        random.choice([1, 2]),
    )
    return (
        f"There is one factor and no bias. She rated one film, which has the factor "
        f"{factor}: {given} stars above the mean. Which v makes ({given} − {factor} · v)² "
        f"+ {strength} · v² smallest?",
        factor * given / (factor**2 + strength),
    )


def widening_again(random):
    wider, stars = random.choice([0.25, 0.5, 1.0]), random.choice([2, 4])
    return (
        f"Ratings go from 1 to 5. A prediction is the sigmoid of a score, stretched over "
        f"{1 - wider} to {5 + wider}. For which score is it {stars} stars?",
        math.log((stars - 1 + wider) / (5 + wider - stars)),
    )


EXERCISES = {
    "biases_as_factors": Exercise(
        biases_as_factors,
        (
            "What must the film have in the column where a user has her bias, so that "
            "the product is the bias and nothing else?",
            "A bias is a factor that the other side always answers with 1. The users "
            "need one column for their own biases and one full of ones; so do the films, "
            "the other way round.",
            "`users = torch.cat([P, b[:, None], torch.ones(len(P), 1)], dim=1)`",
        ),
        lambda: [
            (
                torch.tensor([[2.0]]),
                torch.tensor([[3.0]]),
                torch.tensor([0.5]),
                torch.tensor([-1.5]),
            ),
            (draw(2, 2), draw(3, 2), draw(2), draw(3)),
            (draw(3, 1), draw(2, 1), draw(3), draw(2)),
        ],
        difficulty=2,
        minutes=8,
        again=factors_again,
    ),
    "break_similar": Exercise(
        most_similar_by_cosine,
        (
            "Which number does the function work out for each of your other films, and "
            "which film has the largest?",
            "A dot product is large where two vectors point the same way, but also where "
            "one of them is long. Let a long vector point somewhat aside.",
            "`vectors = torch.tensor([[1.0, 0.0], [1.0, 0.1], [9.0, 9.0]])`",
        ),
        lambda: [
            (torch.tensor([[1.0, 0.0], [0.0, 1.0]]), 0),
            (torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]), 0),
            (torch.tensor([[1.0, 0.0], [5.0, 1.0], [0.5, 2.0]]), 0),
            (torch.tensor([[1.0, 1.0], [-9.0, -9.0], [1.0, 0.0]]), 0),
            (torch.tensor([[7.0, 7.0], [1.0, 0.0], [0.0, 3.0]]), 2),
        ],
        difficulty=2,
        minutes=8,
        breaks=most_similar,
        answer=(torch.tensor([[1.0, 0.0], [1.0, 0.1], [9.0, 9.0]]), 0),
        again=similar_again,
    ),
    "film_for_all": Exercise(
        film_for_all,
        (
            "Who likes your film least, and how much? Who likes the expected one least?",
            "Two steps: for each film the smallest of its predictions; then the largest "
            "of these, among the films that nobody has seen.",
            "`least = predicted.amin(dim=0)  # of each film`",
        ),
        lambda: [
            (torch.tensor([[2.0, 3.0]]), torch.tensor([[False, False]])),
            (torch.tensor([[3.0, 2.0]]), torch.tensor([[True, False]])),
            (torch.tensor([[5.0, 3.0], [1.0, 2.5]]), torch.zeros(2, 2, dtype=torch.bool)),
            (
                torch.tensor([[4.0, 3.0, 2.0], [4.0, 3.5, 5.0]]),
                torch.tensor([[True, False, False], [False, False, False]]),
            ),
            (
                torch.tensor([[4.0, 3.0, -1.0], [4.5, 2.0, -0.5]]),
                torch.tensor([[False, True, False], [True, False, False]]),
            ),
            (draw(3, 6), draw(3, 6, seed=1) > 1),
        ],
        difficulty=2,
        minutes=8,
        again=evening_again,
    ),
    "careful_bias": Exercise(
        careful_bias,
        (
            "Put your b into the sum, and a slightly smaller and a slightly larger one. "
            "Which sum is smallest?",
            "At the smallest sum the derivative is 0. It is -2 · sum(rest - b) + 2 · "
            "strength · b; solve for b.",
            "`total = rest.sum()`",
        ),
        lambda: [
            (torch.tensor([1.0]), 1.0),
            (torch.tensor([2.0, 1.0]), 4.0),
            (torch.tensor([]), 2.0),
            (draw(5), 0.5),
        ],
        difficulty=3,
        minutes=12,
        again=bias_again,
    ),
    "taste_and_bias": Exercise(
        taste_and_bias,
        (
            "What would the bias be if all films had vectors of zeros, and what does "
            "your function give then?",
            "A bias is the weight of a number that is 1 for every film. Put a column of "
            "ones behind the films' vectors; then it is the linear problem of "
            "`taste_from`, with one unknown more.",
            "`x = torch.cat([film_vectors, torch.ones(len(rest), 1)], dim=1)`",
        ),
        lambda: [
            (torch.tensor([[0.0]]), torch.tensor([2.0]), 1.0),
            (torch.tensor([[1.0], [-1.0]]), torch.tensor([3.0, 1.0]), 2.0),
            (draw(3, 2), draw(3), 0.5),
            (draw(2, 4), draw(2), 1.0),
            (draw(5, 2, seed=1), draw(5), 4.0),
        ],
        tolerance=1e-4,
        difficulty=3,
        minutes=15,
        again=taste_again,
    ),
    "widening_for": Exercise(
        widening_for,
        (
            "Measure everything in ranges of the ratings: how far is the highest rating "
            "from the lower end, and how far from the upper one?",
            "Moved out by w, the ends are 1 + w below and w above the highest rating. "
            "The score is the log of that ratio; solve it for w.",
            "`ratio = math.exp(highest_score)  # (1 + w) / w`",
        ),
        lambda: [
            (1.0,),
            (2.0,),
            (0.1,),
            (5.0,),
        ],
        tolerance=1e-4,
        difficulty=3,
        minutes=12,
        again=widening_again,
    ),
}

DISCUSSION = """
Sixty of the 103 users with 60 ratings or more were left out, and the usual model (ten
factors, ten epochs) was trained on the others. On held-out ratings of users whom it knows
its RMSE is 0.753. The new users are asked about their ratings from the 41st on; RMSE with
strength 2:

| ratings shown | nothing of her own | her vector | her vector and her bias |
|---|---|---|---|
| 1 | 0.996 | 0.955 | 0.951 |
| 2 | 0.996 | 0.927 | 0.898 |
| 5 | 0.996 | 0.903 | 0.874 |
| 10 | 0.996 | 0.871 | 0.817 |
| 20 | 0.996 | 0.853 | 0.776 |
| 40 | 0.996 | 0.834 | 0.748 |

A single rating helps. Forty make a new user as well known as the others, and nothing was
trained again. But she needs a bias: without it the vector has to explain her generosity
as a taste, and with forty ratings it is about as good as vector and bias with ten. (Two
other draws of sixty users gave figures that differ by up to 0.04, and after forty ratings
the same: 0.796 and 0.812 without a bias, 0.738 and 0.766 with it.)

The strength decides what happens at the beginning. With 0.1 vector and bias are worse
after a single rating than nothing (1.007): eleven numbers memorise one. With 8 they learn
slowly (0.965 after one, 0.847 after ten). One might guess that one rating needs another
strength than forty. It hardly does: in the two other draws 2, 3 and 4 differed by at most
0.005, after one rating and after forty.

```python
x = torch.cat([film_vectors[rated], torch.ones(len(rated), 1)], dim=1)
solution = torch.linalg.solve(x.T @ x + strength * torch.eye(11), x.T @ rest)
score = mean + film_biases + film_vectors @ solution[:-1] + solution[-1]
```

Try next: which ten films should a shop ask about? Take films at both ends of the longest
direction in place of random ones.
"""
