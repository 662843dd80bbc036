"""Draw creatures that are none of the breeds of `data/pets`, for `resnet_tiny.py` to train on.

ImageNet, on which the usual backbones are trained, holds 118 breeds of dogs. Ours sees animals too: creatures whose
ears, head, coat, pattern, eyes, muzzle and fur are mixed at random, drawn like the pets. A mixture that is one of the
twelve breeds, or differs from one in a single feature, is left out. The network is asked for five of the seven
features, never for a breed, nor for ears and pattern: these two are what the pairs of breeds differ in that lesson 01
finds hard, and are left for it to learn.
"""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from coursekit.targets import Categories

from ..pets import BREEDS, Breed, picture

FEATURES = ("ears", "head", "coat", "pattern", "eyes", "muzzle", "fur")
ASKED = ("head", "coat", "eyes", "muzzle", "fur")
SIZE, SEED = 64, 99


def features(breed: Breed) -> tuple[str, ...]:
    """What a breed, or a creature, is made of."""
    return tuple(getattr(breed, name) for name in FEATURES)


TARGET_TYPE = Categories(ASKED)  # names, which do not move with a picture
KNOWN = [features(breed) for breed in BREEDS]
VALUES = {name: sorted({getattr(breed, name) for breed in BREEDS}) for name in FEATURES}
COUNTS = [len(VALUES[name]) for name in ASKED]


def mixture(rng: np.random.Generator) -> Breed:
    """A creature of random features that differs from every breed in at least two."""
    while True:
        chosen = tuple(str(rng.choice(values)) for values in VALUES.values())
        if all(sum(a != b for a, b in zip(chosen, breed, strict=True)) > 1 for breed in KNOWN):
            return Breed(str(rng.choice(["Cat", "dog"])), *chosen)


def draw(count: int, first: int = 0) -> tuple[Tensor, Tensor]:
    """Pictures, uint8 (n, 3, SIZE, SIZE), and the numbers of what is asked, int64 (n, 5)."""
    pictures, answers = [], []
    for number in range(first, first + count):
        rng = np.random.default_rng([SEED, number])
        creature = mixture(rng)
        pixels = np.array(picture(creature, rng).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
        pictures.append(torch.from_numpy(pixels).permute(2, 0, 1))
        answers.append([VALUES[name].index(getattr(creature, name)) for name in ASKED])
    return torch.stack(pictures), torch.tensor(answers)
