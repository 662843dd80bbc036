"""Pictures a second, augmented: coursekit by the batch, torchvision's transforms item by item, in one run.

Both start from the same decoded uint8 pictures in memory and end with float batches; both flip, rotate, zoom and
change perspective, brightness and contrast, each with the same probabilities and strengths.
"""

import argparse
from time import perf_counter

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

import coursekit as ck

from .report import machine, spread, table, write

PICTURES, BATCH, ROUNDS = 512, 64, 5
CLASSES = ck.Categories(("one", "other"))
ITEM_BY_ITEM = v2.Compose(
    [
        v2.RandomHorizontalFlip(0.5),
        v2.RandomApply([v2.RandomAffine(10, scale=(1.0, 1.1), interpolation=v2.InterpolationMode.BILINEAR)], 0.75),
        v2.RandomPerspective(0.2, 0.75),
        v2.RandomApply([v2.ColorJitter(brightness=0.2, contrast=0.2)], 0.75),
        v2.ToDtype(torch.float32, scale=True),
    ]
)


class Items(Dataset):
    """Pictures in memory, each transformed by itself."""

    def __init__(self, pictures, targets):
        self.pictures, self.targets = pictures, targets

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        return ITEM_BY_ITEM(self.pictures[i]), self.targets[i]


def contestants(size, workers):
    """Name to an iterable of batches."""
    pictures = torch.randint(0, 256, (PICTURES, 3, size, size), dtype=torch.uint8)
    targets = torch.randint(0, 2, (PICTURES,))
    items = Items(pictures, targets)
    inner = ck.TensorLoader((pictures, targets), BATCH, shuffle=True, device="cpu")
    return {
        "1. torchvision, item by item": DataLoader(items, BATCH, shuffle=True),
        f"2. the same, {workers} processes": DataLoader(
            items, BATCH, shuffle=True, num_workers=workers, persistent_workers=True
        ),
        "3. coursekit, by the batch": ck.ImageLoader(inner, CLASSES, ck.Augment()),
    }


def pictures_a_second(batches):
    start = perf_counter()
    count = sum(len(pictures) for pictures, _ in batches)
    assert count == PICTURES
    return count / (perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    rows = []
    for size in (64, 128):
        taking_part = contestants(size, workers=torch.get_num_threads())
        speeds = {name: [] for name in taking_part}
        for turn in range(rounds + 1):
            for name, batches in taking_part.items():
                speed = pictures_a_second(batches)
                if turn:  # the first round warms up
                    speeds[name].append(speed)
        base = speeds["1. torchvision, item by item"]
        for name, found in speeds.items():
            ratios = [own / first for own, first in zip(found, base, strict=True)]
            rows.append([f"{size} x {size}", name, spread(found, "{:,.0f}"), spread(ratios, "{:.2f}")])
    heads = ["pixels", "", "pictures a second", "times the first"]
    write("pictures", f"{machine()}.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
