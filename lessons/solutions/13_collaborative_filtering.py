"""Solutions to lesson 13, with the cases that an answer is tried on."""

from pathlib import Path

import torch

from coursekit.classroom.exercises import Exercise, draw, load_module

without = load_module(Path(__file__).with_name("rules.py")).without


def dot_products(users, films, pairs):
    if users.shape[1] != films.shape[1] or pairs.shape[1:] != (2,):
        raise ValueError("vectors of one length, and pairs")
    if (
        len(pairs)
        and not ((pairs >= 0) & (pairs < torch.tensor([len(users), len(films)]))).all()
    ):
        raise ValueError("a row that does not exist")
    return (users[pairs[:, 0]] * films[pairs[:, 1]]).sum(dim=1)


def user_gradient(users, films, stars):
    if stars.shape != (len(users), len(films)) or users.shape[1] != films.shape[1]:
        raise ValueError("a row for each user, a column for each film")
    known = ~stars.isnan()
    if not known.any():
        raise ValueError("no rating at all")
    errors = torch.where(known, users @ films.T - stars, 0)
    return 2 * errors @ films / known.sum()


def scores_of(ratings, low, high):
    if not low < high or not ((ratings > low) & (ratings < high)).all():
        raise ValueError("ratings lie between low and high")
    fraction = (ratings - low) / (high - low)
    return (fraction / (1 - fraction)).log()


def rmse_of_all(each, sizes):
    if each.shape != sizes.shape or not len(each) or (sizes < 1).any() or (each < 0).any():
        raise ValueError("one size for each batch")
    return ((each**2 * sizes).sum() / sizes.sum()).sqrt()


def careful_bias(rest, strength):
    if strength <= 0 or rest.dim() != 1:
        raise ValueError("a positive strength")
    return rest.sum() / (len(rest) + strength)


HOLE = float("nan")

EXERCISES = {
    "dot_products": Exercise(
        dot_products,
        "look up rows of users and of films, multiply number by number, sum each row",
        lambda: [
            (torch.tensor([[2.0]]), torch.tensor([[3.0], [5.0]]), torch.tensor([[0, 1]])),
            (
                torch.tensor([[1.0, 2.0]]),
                torch.tensor([[3.0, 4.0]]),
                torch.tensor([[0, 0]]),
            ),
            (
                draw(3, 2),
                draw(3, 2, seed=1),
                torch.tensor([[0, 2], [2, 0], [1, 1], [0, 2]]),
            ),
            (draw(4, 3), draw(2, 3), torch.tensor([[3, 1], [0, 0]])),
        ],
    ),
    "user_gradient": Exercise(
        user_gradient,
        "holes have error 0; 2 times errors @ films, divided by how many are known",
        lambda: [
            (torch.tensor([[1.0]]), torch.tensor([[2.0]]), torch.tensor([[5.0]])),
            (
                torch.tensor([[1.0]]),
                torch.tensor([[2.0], [3.0]]),
                torch.tensor([[5.0, HOLE]]),
            ),
            (
                draw(2, 2),
                draw(3, 2),
                torch.tensor([[4.0, HOLE, 1.0], [2.0, 3.0, HOLE]]),
            ),
        ],
        rule=without("backward", "grad"),
    ),
    "scores_of": Exercise(
        scores_of,
        "p is the fraction of the way from low to high; then log(p / (1 - p))",
        lambda: [
            (torch.tensor([3.0]), 1.0, 5.0),
            (torch.tensor([5.0]), 0.0, 5.5),
            (torch.tensor([0.5, 2.0, 5.0]), 0.05, 5.45),
        ],
        tolerance=1e-4,
    ),
    "rmse_of_all": Exercise(
        rmse_of_all,
        "square each, weight by its size, take the mean, and the root last",
        lambda: [
            (torch.tensor([2.0]), torch.tensor([4])),
            (torch.tensor([1.0, 3.0]), torch.tensor([2, 2])),
            (torch.tensor([1.0, 2.0]), torch.tensor([3, 1])),
            (torch.tensor([0.8, 0.7, 1.5]), torch.tensor([64, 64, 10])),
        ],
    ),
    "careful_bias": Exercise(
        careful_bias,
        "set the derivative -2 · sum(rest - b) + 2 · strength · b to 0, and solve for b",
        lambda: [
            (torch.tensor([1.0]), 1.0),
            (torch.tensor([2.0, 1.0]), 4.0),
            (torch.tensor([]), 2.0),
            (draw(5), 0.5),
        ],
    ),
    "weights_in_all": Exercise(
        (1001 + 201) * 21 + 1,
        "each of 1,001 + 201 rows has 20 factors and a bias; and there is one mean",
    ),
}
