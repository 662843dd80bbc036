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


def moved(vectors, codes, moves):
    """(rows, k), (n,) whole numbers, (n, k): give the vectors after the step."""
    vectors = vectors.clone()
    vectors[codes] += moves
    return vectors


def moved_by_all(vectors, codes, moves):
    if moves.shape != (len(codes), *vectors.shape[1:]):
        raise ValueError("a row of moves for each code")
    return vectors.index_add(0, codes, moves)


def rmse_of_all(each, sizes):
    if each.shape != sizes.shape or not len(each) or (sizes < 1).any() or (each < 0).any():
        raise ValueError("one size for each batch")
    return ((each**2 * sizes).sum() / sizes.sum()).sqrt()


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


def moved_again(random):
    codes = [random.randrange(5) for _ in range(random.randint(5, 8))]
    return (
        "`vectors` is torch.zeros(5). What do its numbers add up to after "
        f"`vectors[torch.tensor({codes})] += 1`?",
        len(set(codes)),
    )


def rmse_again(random):
    one, both, other = random.choice([(1, 5, 7), (7, 13, 17), (2, 10, 14), (7, 17, 23)])
    return (
        f"Two batches have equally many ratings. The RMSE of the first is {one / 10}, that "
        f"of both together {both / 10}. What is the RMSE of the second?",
        other / 10,
    )


def bias_again(random):
    strength, (least, times) = (
        random.choice([2, 3, 5]),
        random.choice([(0.75, 3), (0.9, 9)]),
    )
    return (
        "All ratings of a film are one star above the mean, and the careful bias has "
        f"strength {strength}. How many ratings are needed for a bias of {least}?",
        strength * times,
    )


def taste_again(random):
    factor, given, strength = (
        random.choice([2, 3]),
        random.choice([3, 4, 6]),
        random.choice([1, 2]),
    )
    return (
        "There is one factor and no bias. She rated one film, which has the factor "
        f"{factor}, and the rest is {given}. Which factor does she get with strength "
        f"{strength}?",
        factor * given / (factor**2 + strength),
    )


def widening_again(random):
    wider, stars = random.choice([0.25, 0.5, 1.0]), random.choice([2, 4])
    return (
        f"Ratings go from 1 to 5, the sigmoid from {1 - wider} to {5 + wider}. Which score "
        f"gives {stars} stars?",
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
    "break_moved": Exercise(
        moved_by_all,
        (
            "When your input is read, how often is each row of `vectors` written to?",
            "`vectors[codes] += moves` reads all rows, adds, and then writes all rows "
            "back. If two moves want the same row, the second one to write does not know "
            "of the first.",
            "`codes = torch.tensor([0, 0])`",
        ),
        lambda: [
            (torch.zeros(3, 1), torch.tensor([2]), torch.ones(1, 1)),
            (draw(3, 2), torch.tensor([2, 0]), draw(2, 2)),
            (draw(4, 2), torch.tensor([3, 1, 0, 2]), draw(4, 2, seed=1)),
            (draw(3, 2), torch.tensor([1, 1]), torch.zeros(2, 2)),
            (draw(2, 2), torch.tensor([], dtype=torch.int64), torch.zeros(0, 2)),
        ],
        difficulty=2,
        minutes=8,
        breaks=moved,
        again=moved_again,
    ),
    "rmse_of_all": Exercise(
        rmse_of_all,
        (
            "What is the sum of all squared errors of the first batch, and what of the "
            "second?",
            "A root cannot be averaged, but the squares below it can: square each RMSE, "
            "take the mean in which each batch counts by its size, and the root last.",
            "`squares = each**2 * sizes`",
        ),
        lambda: [
            (torch.tensor([2.0]), torch.tensor([4])),
            (torch.tensor([1.0, 3.0]), torch.tensor([2, 2])),
            (torch.tensor([1.0, 2.0]), torch.tensor([3, 1])),
            (torch.tensor([0.8, 0.7, 1.5]), torch.tensor([64, 64, 10])),
        ],
        difficulty=2,
        minutes=6,
        again=rmse_again,
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
as a taste, and with forty ratings it is worse than vector and bias with ten.

The strength decides what happens at the beginning. With 0.1 vector and bias are worse
after a single rating than nothing (1.007): eleven numbers memorise one. With 8 they learn
slowly (0.965 after one, 0.847 after ten). The best strength for one rating is not the
best for forty.

```python
x = torch.cat([film_vectors[rated], torch.ones(len(rated), 1)], dim=1)
solution = torch.linalg.solve(x.T @ x + strength * torch.eye(11), x.T @ rest)
score = mean + film_biases + film_vectors @ solution[:-1] + solution[-1]
```

Try next: which ten films should a shop ask about? Take films at both ends of the longest
direction in place of random ones.
"""
