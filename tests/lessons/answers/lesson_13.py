"""Lesson 13, collaborative filtering: for each exercise, other right answers, and plausible wrong ones."""

import torch


def _gradient_by_autograd(users, films, stars):
    users, known = users.clone().requires_grad_(), ~stars.isnan()
    ((users @ films.T)[known] - stars[known]).square().mean().backward()
    return users.grad


def _errors(users, films, stars):
    return torch.where(stars.isnan(), 0, users @ films.T - stars)


ANSWERS = {
    "13.dot_products": (
        [
            lambda users, films, pairs: (users @ films.T)[pairs[:, 0], pairs[:, 1]],
            lambda users, films, pairs: torch.einsum("nk,nk->n", users[pairs[:, 0]], films[pairs[:, 1]]),
        ],
        [
            lambda users, films, pairs: users[pairs[:, 0]] * films[pairs[:, 1]],
            lambda users, films, pairs: users[pairs[:, 0]] @ films[pairs[:, 1]].T,
            lambda users, films, pairs: (users[pairs[:, 1]] * films[pairs[:, 0]]).sum(1),
            lambda users, films, pairs: (users[pairs[:, 0]] * films[pairs[:, 1]]).mean(1),
        ],
    ),
    "13.user_gradient": (
        [
            lambda u, f, s: torch.einsum("uf,fk->uk", 2 * _errors(u, f, s) / (~s.isnan()).sum(), f),
            lambda u, f, s: (2 * _errors(u, f, s)[:, :, None] * f).sum(1) / s.isfinite().sum(),
        ],
        [
            lambda u, f, s: 2 * _errors(u, f, s) @ f,  # no mean
            lambda u, f, s: 2 * _errors(u, f, s) @ f / s.numel(),  # a mean over the holes too
            lambda u, f, s: _errors(u, f, s) @ f / s.isfinite().sum(),  # no 2
            lambda u, f, s: 2 * (u @ f.T - s.nan_to_num()) @ f / s.isfinite().sum(),  # holes as ratings of 0
            lambda u, f, s: -2 * _errors(u, f, s) @ f / s.isfinite().sum(),
        ],
    ),
    "13.scores_of": (
        [
            lambda r, low, high: ((r - low) / (high - low)).logit(),
            lambda r, low, high: (r - low).log() - (high - r).log(),
        ],
        [
            lambda r, low, high: (r / high).logit(),
            lambda r, low, high: (r - low) / (high - low),
            lambda r, low, high: low + (high - low) * r.sigmoid(),
            lambda r, low, high: ((high - r) / (high - low)).logit(),
        ],
    ),
    "13.rmse_of_all": (
        [
            lambda each, sizes: (each.square() @ sizes.float() / sizes.sum()).sqrt(),
            lambda each, sizes: each.repeat_interleave(sizes).square().mean().sqrt(),
        ],
        [
            lambda each, sizes: each.mean(),
            lambda each, sizes: (each * sizes).sum() / sizes.sum(),
            lambda each, sizes: (each**2).mean().sqrt(),
            lambda each, sizes: (each**2 * sizes).sum() / sizes.sum(),
        ],
    ),
    "13.careful_bias": (
        [
            lambda rest, strength: torch.cat([rest, torch.zeros(1)]).sum() / (rest.numel() + strength),
            lambda rest, strength: torch.linalg.solve(torch.tensor([[len(rest) + strength]]), rest.sum()[None])[0],
        ],
        [
            lambda rest, strength: rest.mean(),
            lambda rest, strength: rest.sum() / strength,
            lambda rest, strength: rest.mean() / (1 + strength),
            lambda rest, strength: rest.sum() / (len(rest) + 2 * strength),
        ],
    ),
    "13.weights_in_all": (
        [1202 * 20 + 1202 + 1, torch.tensor(25243)],
        [1200 * 20, 1200 * 21 + 1, 1202 * 20 + 1, 1202 * 21, 1000 * 200],
    ),
}

BROKEN = {"13.user_gradient": [_gradient_by_autograd]}
