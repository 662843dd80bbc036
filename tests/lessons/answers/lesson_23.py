"""Lesson 23: other right answers, and wrong ones to be found wrong."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def _level(k, steps):
    return math.cos(math.radians(86 * k / steps)) ** 2


def _by_search(ratio, steps):
    return next(k for k in range(1, steps + 1) if _level(k, steps) <= ratio * (1 - _level(k, steps)))


def _by_all_levels(ratio, steps):
    angles = torch.arange(1, steps + 1, dtype=torch.float64) * math.radians(86) / steps
    return int((angles.tan() ** -2 > ratio).sum()) + 1


def _by_level(ratio, steps):
    level = ratio / (1 + ratio)
    return math.ceil(math.acos(math.sqrt(level)) / math.radians(86) * steps)


def _by_numpy(ratio, steps):
    return int(np.ceil(np.degrees(np.arctan2(1, np.sqrt(ratio))) * steps / 86))


def _by_solve(x, v, level):
    a, b = level**0.5, (1 - level) ** 0.5
    both = torch.linalg.solve(torch.tensor([[a, b], [-b, a]]), torch.stack([x.flatten(), v.flatten()]))
    return both[0].reshape(x.shape), both[1].reshape(x.shape)


def _by_angle(x, v, level):
    angle = math.acos(math.sqrt(level))
    return [math.cos(angle) * x - math.sin(angle) * v, math.sin(angle) * x + math.cos(angle) * v]


def _by_numpy_velocity(x, v, level):
    x, v = x.double().numpy(), v.double().numpy()
    return np.sqrt(level) * x - np.sqrt(1 - level) * v, np.sqrt(1 - level) * x + np.sqrt(level) * v


def _one_from_the_other(x, v, level):
    """The noise from the clean image, where it can be; else from the velocity."""
    clean = level**0.5 * x - (1 - level) ** 0.5 * v
    if level == 1:
        return clean, v
    return clean, (x - level**0.5 * clean) / (1 - level) ** 0.5


def _by_lstsq(guided_noise, with_class, without):
    said, rest = (with_class - without).reshape(-1, 1), (guided_noise - without).reshape(-1, 1)
    return torch.linalg.lstsq(said, rest).solution[0, 0]


def _by_dot(guided_noise, with_class, without):
    said, rest = (with_class - without).flatten(), (guided_noise - without).flatten()
    return (rest @ said / (said @ said)).item()


def _by_numpy_scale(guided_noise, with_class, without):
    said, rest = (with_class - without).double().numpy(), (guided_noise - without).double().numpy()
    return float(np.sum(said * rest) / np.sum(said**2))


def _by_gradient(guided_noise, with_class, without):
    """Newton's step is exact: the loss is a parabola."""
    w = torch.zeros((), dtype=torch.float64, requires_grad=True)
    loss = (without + w * (with_class - without) - guided_noise).double().square().sum()
    (slope,) = torch.autograd.grad(loss, w, create_graph=True)
    (bend,) = torch.autograd.grad(slope, w)
    return (-slope / bend).item()


def _moved(one, down, right, fill=-1.0):
    new = torch.full_like(one, fill)
    height, width = one.shape
    new[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = one[
        max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return new


def _over_moves(moves, fill=-1.0, rolled=False, best=torch.amin):
    def answer(one, others):
        found = []
        for down, right in moves:
            new = one.roll((down, right), (0, 1)) if rolled else _moved(one, down, right, fill)
            found.append((others - new).square().sum(dim=(1, 2)).sqrt())
        return best(torch.stack(found), dim=0)

    return answer


NINE = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]


def _by_cdist(one, others):
    windows = F.unfold(F.pad(one, (1, 1, 1, 1), value=-1.0)[None, None], one.shape)[0].T
    return torch.cdist(others.flatten(1), windows, compute_mode="donot_use_mm_for_euclid_dist").min(dim=1).values


def _by_numpy_moves(one, others):
    framed = np.pad(one.numpy(), 1, constant_values=-1)
    h, w = one.shape
    found = [
        np.linalg.norm((others.numpy() - framed[r : r + h, c : c + w]).reshape(len(others), -1), axis=1)
        for r in range(3)
        for c in range(3)
    ]
    return np.min(found, axis=0)


def _image_by_image(one, others):
    found = []
    for other in others:
        found.append(min(float((other - _moved(one, *move)).norm()) for move in NINE))
    return found


def _moves_the_others(one, others):
    framed = F.pad(others, (1, 1, 1, 1), value=-1.0)
    h, w = one.shape
    return torch.stack(
        [(framed[:, r : r + h, c : c + w] - one).flatten(1).norm(dim=1) for r in range(3) for c in range(3)]
    ).amin(0)


def _by_bisection(p, level):
    def probability(x):
        scores = [-((x - s * level**0.5) ** 2) / (2 * (1 - level)) for s in (-1, 1)]
        return torch.tensor(scores, dtype=torch.float64).softmax(0)[1].item()

    low, high = -1e3, 1e3
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if probability(middle) < p else (low, middle)
    return low


def _by_logit(p, level):
    return torch.tensor(p, dtype=torch.float64).logit() * (1 - level) / (2 * level**0.5)


def _by_atanh(p, level):
    """The best guess is tanh(√ᾱ x / (1 − ᾱ)), and it is 2p − 1."""
    return math.atanh(2 * p - 1) * (1 - level) / math.sqrt(level)


def _by_numpy_value(p, level):
    return (np.log(p) - np.log1p(-p)) * (1 - level) / np.sqrt(4 * level)


ANSWERS = {
    "23.step_for": (
        [_by_search, _by_all_levels, _by_level, _by_numpy],
        [
            lambda ratio, steps: _by_level(ratio, steps) - 1,
            lambda ratio, steps: math.ceil(math.acos(math.sqrt(ratio / (1 + ratio))) / (math.pi / 2) * steps),
            lambda ratio, steps: round(math.degrees(math.atan(ratio**-0.5)) / 86 * steps),
            lambda ratio, steps: math.ceil(math.degrees(math.atan(1 / ratio)) / 86 * steps),
            lambda ratio, steps: math.ceil(math.degrees(math.acos(min(1.0, ratio**0.5))) / 86 * steps),
            lambda ratio, steps: math.degrees(math.atan(ratio**-0.5)) / 86 * steps,
        ],
    ),
    "23.from_velocity": (
        [_by_solve, _by_angle, _by_numpy_velocity, _one_from_the_other],
        [
            lambda x, v, level: tuple(reversed(_by_angle(x, v, level))),
            lambda x, v, level: (level**0.5 * x + (1 - level) ** 0.5 * v, (1 - level) ** 0.5 * x - level**0.5 * v),
            lambda x, v, level: (level * x - (1 - level) * v, (1 - level) * x + level * v),
            lambda x, v, level: ((x - (1 - level) ** 0.5 * v) / level**0.5, v),
            lambda x, v, level: level**0.5 * x - (1 - level) ** 0.5 * v,
        ],
    ),
    "23.break_clip": (
        [
            (torch.tensor([2.0]), torch.tensor([0.0]), 0.5, 0.6),
            (torch.tensor([-3.0, 0.1]), torch.tensor([0.0, 0.1]), 0.5, 0.9),
            (torch.tensor(1.9), torch.tensor(2.0), 0.1, 0.2),
            (torch.full((2, 2), 5.0), torch.tensor([[0.0, 1.0], [2.0, 3.0]]), 0.25, 0.5),
        ],
        [
            (torch.tensor([0.3]), torch.tensor([0.1]), 0.5, 0.8),
            (torch.tensor([5.0]), torch.tensor([0.0]), 0.5, 1.0),
            (torch.tensor([5.0]), torch.tensor([0.0]), 0.8, 0.5),
            (torch.tensor([5.0]), torch.tensor([0.0, 1.0]), 0.5, 0.8),
            (torch.tensor([5.0]), torch.tensor([0.0])),
        ],
    ),
    "23.which_scale": (
        [_by_lstsq, _by_dot, _by_numpy_scale, _by_gradient],
        [
            lambda g, c, u: ((g - u) / (c - u)).mean(),
            lambda g, c, u: (g - u).sum() / (c - u).sum(),
            lambda g, c, u: (g - u).norm() / (c - u).norm(),
            lambda g, c, u: _by_dot(g, c, u) - 1,
            lambda g, c, u: (g * (c - u)).sum() / (c - u).square().sum(),
            lambda g, c, u: ((g - u) * (c - u)).sum() / (g - u).square().sum(),
        ],
    ),
    "23.moved_distances": (
        [_by_cdist, _by_numpy_moves, _image_by_image, _over_moves(NINE)],
        [
            _moves_the_others,
            _over_moves([(0, 0)]),
            _over_moves([(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]),
            _over_moves(NINE, fill=0.0),
            _over_moves(NINE, rolled=True),
            _over_moves(NINE, best=torch.mean),
            lambda one, others: _over_moves(NINE)(one, others).min(),
            lambda one, others: _over_moves(NINE)(one, others).square(),
        ],
    ),
    "23.noisy_value": (
        [_by_bisection, _by_logit, _by_atanh, _by_numpy_value],
        [
            lambda p, level: (1 - level) / level**0.5 * math.log(p / (1 - p)),
            lambda p, level: (1 - level) ** 0.5 / (2 * level**0.5) * math.log(p / (1 - p)),
            lambda p, level: (1 - level) / (2 * level) * math.log(p / (1 - p)),
            lambda p, level: (1 - level) / (2 * level**0.5) * math.log(p),
            lambda p, level: -_by_atanh(p, level),
            lambda p, level: (2 * p - 1) * level**0.5,
        ],
    ),
}

EQUIVALENT = {
    "23.moved_distances": {
        "1 -> 2 (2)": "a frame that is wider on the right: no window reaches so far",
        "1 -> 2 (4)": "a frame that is wider below: no window reaches so far",
    },
}
