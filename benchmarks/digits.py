"""Handwritten digits read by a small network, in minutes on two cores.

The digits are the sample's, or with COURSEKIT_SIZE=full MNIST (downloaded once), with its own 10,000 held
out. By looking at these nothing was chosen: the network is as large as the time allows.
"""

import os
from time import perf_counter

import torch
from torch import nn

import coursekit as ck

from .report import machine, table, write

FULL = os.environ.get("COURSEKIT_SIZE") == "full"
EPOCHS = 12
MOVED = ck.Augment(flip=False, rotate=8, zoom=1.1, shift=0.08, perspective=0.05, brightness=0, contrast=0, p=1.0)


def layers(inputs, outputs, size=3):
    return nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()


def network(classes):
    """28 x 28 pixels to 14 x 14, 7 x 7 and one; about nine million products an image."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        *layers(32, 48), nn.MaxPool2d(2), *layers(48, 96), *layers(96, 96),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, classes),
    )  # fmt: skip


def batches(images, labels, batch_size, augment=None):
    """The digits as bytes, augmented or not."""
    digits = ck.Categories(tuple(map(str, range(10))))
    inner = ck.TensorLoader(((images * 255).round().byte(), labels), batch_size, shuffle=augment is not None)
    return ck.ImageLoader(inner, digits, augment)


def main():
    train, valid = ck.read_digits(ck.fetch("digits"))
    torch.manual_seed(0)
    start = perf_counter()
    data = ck.Loaders(batches(*train, 128, MOVED), batches(*valid, 500))
    learn = ck.Learner(data, network(10), metrics=[ck.accuracy], channels_last=True)
    learn.fit_one_cycle(EPOCHS, 5e-3)
    seconds = perf_counter() - start
    right = learn.recorder.epochs[-1]["accuracy"]
    which = "MNIST" if FULL else "the sample"
    rows = [[f"coursekit, {EPOCHS} epochs", f"{right:.4f}", f"{seconds:,.0f}"]]
    about = f"{len(train[1]):,} digits of {which}, {len(valid[1]):,} held out"
    write("digits", f"{machine()}. {about}.\n\n{table(['', 'right', 'seconds'], rows)}")


if __name__ == "__main__":
    main()
