"""Go on with the body that `resnet_tiny.py` wrote, on drawn creatures that are none of the breeds of `data/pets`.

ImageNet, on which the usual bodies are trained, holds 118 breeds of dogs. Ours sees animals too: creatures whose ears,
head, coat, pattern, eyes, muzzle and fur are mixed at random, drawn like the pets. A mixture that is one of the twelve
breeds, or differs from one in a single feature, is left out. The network is asked for five of the seven features,
never for a breed, nor for ears and pattern: these two are what the pairs of breeds differ in that lesson 01 finds hard,
and are left for it to learn. Takes about four minutes on one CPU core:

    python data/make/weights/creatures.py
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.augment import Augment
from coursekit.kinds import Categories
from coursekit.resnet import WIDTHS, resnet_tiny
from coursekit.schedule import one_cycle
from coursekit.storage import load_tensors, load_weights, save_tensors

sys.path.insert(0, str(Path(__file__).parents[1]))  # where pets.py is
from pets import BREEDS, Breed, picture

TARGET = Path(__file__).parents[2] / "resnet_tiny" / "weights.safetensors"
FEATURES = ("ears", "head", "coat", "pattern", "eyes", "muzzle", "fur")
ASKED = ("head", "coat", "eyes", "muzzle", "fur")
CREATURES, HELD_OUT, EPOCHS, BATCH, SIZE, SEED = 4200, 200, 12, 64, 64, 99


def features(breed: Breed) -> tuple[str, ...]:
    """What a breed, or a creature, is made of."""
    return tuple(getattr(breed, name) for name in FEATURES)


KIND = Categories(ASKED)  # names, which do not move with a picture
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


class Features(nn.Module):
    """The body with an answer for each feature asked; only the body is kept."""

    def __init__(self, body: nn.Sequential, notes: dict) -> None:
        super().__init__()
        self.body, self.answers = body, nn.Linear(WIDTHS[-1], sum(COUNTS))
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(notes[name])[:, None, None])

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Float (n, 3, rows, columns), 0 to 1, to logits (n, values) for each feature."""
        normal = ((pictures - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        return list(self.answers(self.body(normal).mean((2, 3))).split(COUNTS, 1))


def train(model: Features, pictures: Tensor, answers: Tensor, rate: float = 6e-3) -> None:
    """One-cycle AdamW."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    schedule, augment, batches = one_cycle(0.2), Augment(), len(pictures) // BATCH
    for epoch in range(EPOCHS):
        model.train()
        for batch, rows in enumerate(torch.randperm(len(pictures))[: batches * BATCH].split(BATCH)):
            share, momentum = schedule((epoch * batches + batch) / (EPOCHS * batches))
            optimizer.param_groups[0].update(lr=rate * share, betas=(momentum, 0.99))
            moved, _ = augment(pictures[rows].float() / 255, answers[rows], KIND)
            outputs = model(moved)
            loss = sum(F.cross_entropy(o, t) for o, t in zip(outputs, answers[rows].unbind(1), strict=True))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.2f}", flush=True)


@torch.inference_mode()
def accuracy(model: Features, pictures: Tensor, answers: Tensor) -> dict[str, float]:
    """For each feature the share of right answers."""
    model.eval()
    right = [(o.argmax(1) == t).float().mean() for o, t in zip(model(pictures / 255), answers.unbind(1), strict=True)]
    return {name: round(share.item(), 4) for name, share in zip(ASKED, right, strict=True)}


def main(start: Path = TARGET, target: Path = TARGET) -> None:
    """Read the body at `start`, train, and write it with what was noted of it."""
    weights, notes = load_tensors(start)
    if "then trained on" in notes:
        raise ValueError(f"{start} has seen the creatures already: run resnet_tiny.py first, which starts from nothing")
    began = time.perf_counter()
    pictures, answers = draw(CREATURES)
    torch.manual_seed(SEED)
    body = resnet_tiny()
    load_weights(body, weights, str(start))
    model = Features(body, notes).to(memory_format=torch.channels_last)
    train(model, pictures[HELD_OUT:], answers[HELD_OUT:])
    notes |= {
        "then trained on": f"{CREATURES - HELD_OUT} drawn creatures of random features, {EPOCHS} epochs; none of the "
        "twelve breeds of pets, and none that differs from one in a single feature",
        "held-out accuracy, creatures": accuracy(model, pictures[:HELD_OUT], answers[:HELD_OUT]),
        "minutes, creatures": round((time.perf_counter() - began) / 60, 1),
    }
    save_tensors(target, body.state_dict(), notes)
    print(notes["held-out accuracy, creatures"])


if __name__ == "__main__":
    main()
