"""Image files a second, read and brought to one size: torchvision, fastai, and coursekit for sets larger than memory.

All read the same JPEGs, squish them to squares and give shuffled float batches. coursekit reads them in its first epoch
with an empty cache, and in later ones from what it kept on disk.
"""

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from fastai.vision.all import ImageDataLoaders, Resize
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

import coursekit as ck
from coursekit.vision.cache import clear_cache

from .report import machine, spread, table, write

IMAGES, WIDTH, HEIGHT, SIZE, BATCH, ROUNDS, WORKERS = 1000, 640, 480, 128, 64, 5, (0, 2)


def draw(folder):
    """JPEGs of two classes, structures of all sizes in each; each is one of twenty, moved."""
    generator, drawn = np.random.default_rng(0), []
    for _ in range(20):
        image = np.full((HEIGHT, WIDTH, 3), 128, np.float32)
        for side in (4, 10, 40, 160, 640):
            grid = generator.integers(0, 256, (side * HEIGHT // WIDTH, side, 3), dtype=np.uint8)
            grown = Image.fromarray(grid).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            image += (np.asarray(grown, np.float32) - 128) * 1.2 / side**0.3
        drawn.append(image.clip(0, 255).astype(np.uint8))
    for i in range(IMAGES):
        file = folder / ("one", "other")[i % 2] / f"{i}.jpg"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(np.roll(drawn[i % 20], generator.integers(0, HEIGHT, 2), (0, 1))).save(file, quality=90)


def torchvision(folder, workers):
    changes = v2.Compose([v2.Resize((SIZE, SIZE)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    files = ImageFolder(folder, changes)
    return DataLoader(files, BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0)


def fastai(folder, workers):
    options = {"item_tfms": Resize(SIZE, "squish"), "bs": BATCH, "num_workers": workers, "device": "cpu"}
    data = ImageDataLoaders.from_folder(folder, valid_pct=1 / IMAGES, **options)
    return data.train.new(drop_last=False)


def coursekit(folder, workers):
    source = ck.ImageSource(folder).labelled_by(ck.folder_labels()).split(ck.at_random(1 / IMAGES))
    return source.loaders(SIZE, batch_size=BATCH, memory=False, workers=workers, device="cpu").train


def images_a_second(batches):
    start = perf_counter()
    count = 0
    for images, *_ in batches:
        assert images.shape[1:] == (3, SIZE, SIZE) and images.is_floating_point() and 0.5 < images.max() <= 1
        count += len(images)
    assert count >= IMAGES - 1
    return count / (perf_counter() - start)


def first_epoch(batches):
    clear_cache()
    return images_a_second(batches)


def contestants(folder):
    """By name, what measures an epoch; an epoch from the cache comes after one that filled it."""
    found = {}
    for workers in WORKERS:
        own = coursekit(folder, workers)
        found |= {
            f"1. torchvision, {workers} workers": partial(images_a_second, torchvision(folder, workers)),
            f"2. fastai, {workers} workers": partial(images_a_second, fastai(folder, workers)),
            f"3. coursekit, {workers} workers, first epoch": partial(first_epoch, own),
            f"4. coursekit, {workers} workers, later epochs": partial(images_a_second, own),
        }
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["COURSEKIT_HOME"] = f"{scratch}/home"
        (folder := Path(scratch, "images")).mkdir()
        draw(folder)
        taking_part = contestants(folder)
        speeds = {name: [] for name in taking_part}
        for turn in range(rounds + 1):
            for name, measure in taking_part.items():
                speed = measure()
                if turn:  # the first round warms up, and starts the workers
                    speeds[name].append(speed)
    rows = []
    for name, found in speeds.items():
        base = speeds[next(other for other in speeds if other.split(", ")[1] == name.split(", ")[1])]
        ratios = [own / first for own, first in zip(found, base, strict=True)]
        rows.append([name, spread(found, "{:,.0f}"), spread(ratios, "{:.2f}")])
    heads = ["", "images a second", "times torchvision's"]
    write("loading", f"{machine()}.\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
