"""Pre-train `coursekit.resnet_tiny` on drawn pictures; writes `data/resnet_tiny/weights.safetensors`.

Many questions are asked at once of each picture of shapes and textures (`shapes.TASKS`, and what lies in each of 8 x 8
cells), so that the network learns shape, texture, colour, detail and place. Drawn creatures join them at the end
(`creatures.py`), as animals are among what ImageNet's networks have seen. Takes about a quarter of an hour on one CPU
core:

    python -m data.make.weights.resnet_tiny

The pictures and all random choices are seeded; another machine rounds differently, so that its weights differ a little.
"""

import argparse
import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit.schedule import one_cycle
from coursekit.storage import save_tensors
from coursekit.vision.augment import Augment
from coursekit.vision.backbones import WIDTHS, resnet_tiny

from . import creatures, shapes
from .shapes import CELL_TASKS, TASKS, UNKNOWN, draw

TARGET = Path(__file__).parents[2] / "resnet_tiny" / "weights.safetensors"
HELD_OUT, BATCH, CELL = 2000, 64, 8
CREATURES, HELD_OUT_CREATURES = 4000, 300
SHARE = 6.0  # of the creatures' loss, which is the sum of five questions, beside that of shapes, of some thirty
MIRRORED = [list(TASKS).index(name) for name in TASKS if name.endswith("direction")]
SIZES = [list(TASKS).index(name) for name in TASKS if name.endswith("size")]
WEIGHTS = dict.fromkeys(CELL_TASKS, 3.0) | dict.fromkeys(("shape", "texture", "outer layout", "inner layout"), 2.0)
TRAINED_ON = (
    "drawn pictures, 64 x 64 RGB, of 18 geometric shapes with 17 textures, 13 colours and small parts on grounds of "
    "one to three regions; and drawn creatures of random features, none of the twelve breeds of pets and none that "
    "differs from one in a single feature; no faces, streets or land"
)


in_bfloat16 = torch.autocast("cpu", torch.bfloat16)  # faster on recent processors; weights and losses stay float32


class Questions(nn.Module):
    """The backbone with a head for every question; only the backbone is kept.

    Args:
        backbone: `resnet_tiny`.
        mean, std: of the training pictures' channels, (3,), on the scale 0 to 1.
    """

    def __init__(self, backbone: nn.Sequential, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.backbone = backbone
        self.register_buffer("mean", mean[:, None, None])
        self.register_buffer("std", std[:, None, None])
        self.answers = nn.Linear(WIDTHS[-1], sum(TASKS.values()) + len(shapes.SHAPES))
        cell_answers = sum(CELL_TASKS.values())
        self.near, self.wide = (nn.Conv2d(width, cell_answers, 1) for width in WIDTHS[-2:])
        self.creatures = nn.Linear(WIDTHS[-1], sum(creatures.COUNTS))

    def normal(self, pictures: Tensor) -> Tensor:
        """Pictures as the backbone takes them."""
        return ((pictures - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    @in_bfloat16
    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 3, rows, columns), 0 to 1, to answers about the whole (n, ...) and about cells (n, ..., 8, 8)."""
        *stages, last = self.backbone
        near = self.normal(pictures)
        for stage in stages:
            near = stage(near)
        wide = last(near)
        return self.answers(wide.mean((2, 3))), self.near(near) + F.interpolate(self.wide(wide), near.shape[2:])

    @in_bfloat16
    def of_creatures(self, pictures: Tensor) -> list[Tensor]:
        """(n, 3, rows, columns), 0 to 1, to answers (n, values) for each of `creatures.ASKED`."""
        return list(self.creatures(self.backbone(self.normal(pictures)).mean((2, 3))).split(creatures.COUNTS, 1))


def split_answers(whole: Tensor, cells: Tensor) -> dict[str, Tensor]:
    """The answers by name: (n, classes) or, for cells, (n, classes, rows, columns)."""
    named = dict(zip([*TASKS, "present"], whole.split([*TASKS.values(), len(shapes.SHAPES)], 1), strict=True))
    return named | dict(zip(CELL_TASKS, cells.split(list(CELL_TASKS.values()), 1), strict=True))


def split_targets(whole: Tensor, cells: Tensor) -> dict[str, Tensor]:
    """The targets by the same names, (n,) or, for cells, (n, rows, columns)."""
    named = dict(zip(TASKS, whole[:, : len(TASKS)].long().unbind(1), strict=True))
    return (
        named | {"present": whole[:, len(TASKS) :].float()} | dict(zip(CELL_TASKS, cells.long().unbind(1), strict=True))
    )


def total_loss(answers: dict[str, Tensor], targets: dict[str, Tensor], names: Iterable[str]) -> Tensor:
    """The sum over questions of cross-entropy, as a share of what guessing costs, times WEIGHTS."""
    total = torch.zeros(())
    for name in names:
        if name == "present":
            total = total + 3 * F.binary_cross_entropy_with_logits(answers[name], targets[name])
            continue
        asked = (targets[name] != UNKNOWN).sum().clamp(min=1)
        loss = F.cross_entropy(answers[name].float(), targets[name], ignore_index=UNKNOWN, reduction="sum")
        total = total + loss / asked / math.log(answers[name].shape[1]) * WEIGHTS.get(name, 1.0)
    return total


def augment(pictures: Tensor, whole: Tensor, cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Zoom, shift and mirror a batch with what is said of its cells; change its light and colours.

    Args:
        pictures: uint8 (n, 3, rows, columns).
        whole, cells: targets, as `shapes.draw` gives them.

    Returns:
        Pictures as float32, 0 to 1, and both targets.
    """
    n = len(pictures)
    zoom, mirror = 0.7 * 1.65 ** torch.rand(n), torch.rand(n) < 0.5
    matrix = torch.zeros(n, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = torch.where(mirror, -zoom, zoom), zoom
    matrix[:, :, 2] = (torch.rand(n, 2) - 0.5) * 0.3
    pictures = relight(moved(pictures.float() / 255, matrix, "bilinear"))
    cells, whole = moved(cells.float(), matrix, "nearest").short(), whole.clone()
    whole[:, MIRRORED] = turned_over(whole[:, MIRRORED], mirror[:, None])
    cells[:, -1] = turned_over(cells[:, -1], mirror[:, None, None])
    whole[:, SIZES] = torch.where(((zoom - 1).abs() > 0.1)[:, None], UNKNOWN, whole[:, SIZES].long()).short()
    return pictures, whole, cells


def moved(maps: Tensor, matrix: Tensor, mode: str) -> Tensor:
    """Pictures or cells under an affine map (n, 2, 3); what lies beyond the border is mirrored in."""
    grid = F.affine_grid(matrix, list(maps.shape), align_corners=False)
    return F.grid_sample(maps, grid, mode, "reflection", align_corners=False)


def turned_over(directions: Tensor, mirror: Tensor) -> Tensor:
    """Classes of directions in a mirror."""
    return torch.where(mirror & (directions >= 0), -directions % shapes.DIRECTIONS, directions)


def relight(pictures: Tensor) -> Tensor:
    """Paler or stronger colours, more or less light, a tint; (n, 3, rows, columns), 0 to 1."""
    n = len(pictures)
    grey = pictures.mean(1, keepdim=True)
    pictures = grey + (pictures - grey) * (0.5 + 0.6 * torch.rand(n, 1, 1, 1))
    gain = 1 + (torch.rand(n, 1, 1, 1) - 0.5) * 0.6 + (torch.rand(n, 3, 1, 1) - 0.5) * 0.25
    return (pictures * gain + (torch.rand(n, 1, 1, 1) - 0.5) * 0.15).clamp(0, 1)


def window(pictures: Tensor, cells: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """A part of every picture, `size` pixels a side, and its cells; the same place in the whole batch."""
    row, column = torch.randint((pictures.shape[-1] - size) // CELL + 1, (2,)).tolist()
    count = size // CELL
    pixels = pictures[:, :, row * CELL : row * CELL + size, column * CELL : column * CELL + size]
    return pixels, cells[:, :, row : row + count, column : column + count]


@torch.inference_mode()
def held_out_accuracy(model: Questions, pictures: Tensor, whole: Tensor, cells: Tensor) -> dict[str, float]:
    """For each question, the share of right answers on pictures that were not trained on."""
    model.eval()
    parts = [split_answers(*model(part.float() / 255)) for part in pictures.split(200)]
    answers = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    right = {}
    for name, truth in split_targets(whole, cells).items():
        if name == "present":
            correct = (answers[name] > 0) == (truth > 0.5)
        else:
            correct = (answers[name].argmax(1) == truth)[truth != UNKNOWN]
        right[name] = round(correct.float().mean().item(), 4)
    return right


@torch.inference_mode()
def creature_accuracy(model: Questions, pictures: Tensor, answers: Tensor) -> dict[str, float]:
    """For each feature of creatures that were not trained on, the share of right answers."""
    model.eval()
    pairs = zip(creatures.ASKED, model.of_creatures(pictures / 255), answers.unbind(1), strict=True)
    return {name: round((output.argmax(1) == truth).float().mean().item(), 4) for name, output, truth in pairs}


def batches(count: int) -> Iterator[Tensor]:
    """Row numbers, BATCH at a time, every row once before any comes again; without end."""
    while True:
        yield from torch.randperm(count)[: count // BATCH * BATCH].split(BATCH)


def shape_losses(model: Questions, drawn: tuple[Tensor, Tensor, Tensor], size: int) -> Iterator[Tensor]:
    """The loss on batch after batch of windows, `size` pixels a side; of small windows only the cells are asked."""
    pictures, whole, cells = drawn
    names = [*TASKS, "present", *CELL_TASKS] if size == pictures.shape[-1] else [*CELL_TASKS]
    for rows in batches(len(pictures)):
        part, part_cells = window(pictures[rows], cells[rows], size)
        inputs, *targets = augment(part, whole[rows], part_cells)
        yield total_loss(split_answers(*model(inputs)), split_targets(*targets), names)


def creature_losses(model: Questions, drawn: tuple[Tensor, Tensor]) -> Iterator[Tensor]:
    """The loss on batch after batch of creatures: like `total_loss`, for what is asked of them."""
    pictures, answers = drawn
    moves = Augment()
    for rows in batches(len(pictures)):
        moved_pictures, _ = moves(pictures[rows].float() / 255, answers[rows], creatures.TARGET_TYPE)
        outputs = model.of_creatures(moved_pictures)
        pairs = zip(outputs, answers[rows].unbind(1), strict=True)
        yield sum(F.cross_entropy(output.float(), target) / math.log(output.shape[1]) for output, target in pairs)


def train(model: Questions, losses: Iterator[Tensor], steps: int, rate: float) -> None:
    """One-cycle AdamW, one step for each of the next `steps` losses."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    schedule, started, running = one_cycle(0.2), time.perf_counter(), 0.0
    model.train()
    for step in range(steps):
        share, momentum = schedule(step / steps)
        optimizer.param_groups[0].update(lr=rate * share, betas=(momentum, 0.99))
        loss = next(losses)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item()
        if step % 100 == 99:
            print(f"step {step + 1}: loss {running / 100:.3f}, {time.perf_counter() - started:.0f} s", flush=True)
            running = 0.0


def pretrain(count: int, epochs: tuple[int, int, int], seed: int, target: Path, rate: float = 6e-3) -> None:
    """Draw everything, train on windows, on whole pictures, then on creatures too; write the backbone."""
    started = time.perf_counter()
    torch.manual_seed(seed)
    drawn, beasts = draw(count, seed=seed), creatures.draw(CREATURES)
    print(f"{count} pictures and {CREATURES} creatures drawn in {time.perf_counter() - started:.0f} s", flush=True)
    sample = drawn[0][:4000].float() / 255
    mean, std = sample.mean((0, 2, 3)), sample.std((0, 2, 3))
    model = Questions(resnet_tiny(), mean, std).to(memory_format=torch.channels_last)
    windows, whole, both = epochs
    train(model, shape_losses(model, drawn, 32), windows * (count // BATCH), rate)
    train(model, shape_losses(model, drawn, 64), whole * (count // BATCH), rate)
    pairs = zip(shape_losses(model, drawn, 64), creature_losses(model, beasts), strict=True)
    train(model, (shapes_loss + SHARE * loss for shapes_loss, loss in pairs), both * (CREATURES // BATCH), rate)
    accuracy = held_out_accuracy(model, *draw(HELD_OUT, seed=seed + 1_000_000))
    of_creatures = creature_accuracy(model, *creatures.draw(HELD_OUT_CREATURES, first=CREATURES))
    metadata = {
        "trained on": TRAINED_ON,
        "pictures": count,
        "creatures": CREATURES,
        "epochs": list(epochs),
        "seed": seed,
        "minutes": round((time.perf_counter() - started) / 60, 1),
        "held-out accuracy": accuracy,
        "held-out accuracy, creatures": of_creatures,
        "mean": mean.tolist(),
        "std": std.tolist(),
    }
    save_tensors(target, model.backbone.state_dict(), metadata)
    print(accuracy, of_creatures, flush=True)


def main() -> None:
    """Read the options."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", type=int, default=14_000)
    options.add_argument(
        "--epochs", type=int, nargs=3, default=(10, 8, 14), help="on windows of 32 pixels, on all 64, with creatures"
    )
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--target", type=Path, default=TARGET)
    chosen = options.parse_args()
    pretrain(chosen.pictures, tuple(chosen.epochs), chosen.seed, chosen.target)


if __name__ == "__main__":
    main()
