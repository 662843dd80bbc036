"""Streets, pixel by pixel: a U-Net from random weights, within half an hour of two cores.

The streets are the sample's, or with COURSEKIT_SIZE=full CamVid, trained and judged at lesson 05's sizes: at half
size, then at full. By looking at the frames held out nothing was chosen.
"""

import os
from functools import partial
from time import perf_counter

import torch
from torch import nn

import coursekit as ck
from coursekit.vision.backbones import convolution

from .report import in_16_bits, machine, table, write

FULL = os.environ.get("COURSEKIT_SIZE") == "full"
HALF, WHOLE = ((180, 240), (360, 480)) if FULL else ((60, 80), (120, 160))
EPOCHS, RATES = ((44, 11) if FULL else (2, 1)), (3e-3, 2e-3)
WIDTHS = (32, 48, 96, 192, 256, 256)
MOVED = ck.Augment(rotate=5, zoom=1.6, shift=0.1, perspective=0.1, brightness=0.15, contrast=0.3)


def encoder(channels):
    """Down to a sixteenth of what comes in, with two blocks there."""
    strides = 1, 2, 2, 2, 1
    blocks = [ck.ResidualBlock(*sizes) for sizes in zip(WIDTHS, WIDTHS[1:], strides, strict=False)]
    return nn.Sequential(nn.Sequential(convolution(channels, WIDTHS[0], stride=2), nn.ReLU()), *blocks)


def network(classes, statistics):
    """A U-Net of every 2 x 2 pixels at once, as 12 channels; so many times 4 classes come out, unpacked again."""
    unet = ck.UNet(encoder(12), 12, 4 * classes, thinnest=24)
    return nn.Sequential(ck.ImageNorm(*statistics), nn.PixelUnshuffle(2), unet, nn.PixelShuffle(2))


def streets():
    """The pictures with their masks; the videos that the list names held out."""
    path = ck.fetch("streets")
    names = (path / "codes.txt").read_text(encoding="utf-8").split()
    masks = ck.mask_labels(lambda file: path / "labels" / f"{file.stem}_P.png", names, ignored="Void")
    return ck.ImageSource(path / "images").labelled_by(masks).split(ck.by_file_list(path / "valid.txt"))


def trained(source):
    """The learner at full size, after both trainings."""
    torch.manual_seed(0)
    adamw = partial(torch.optim.AdamW, weight_decay=0.05)
    model = None
    for size, epochs, rate in zip((HALF, WHOLE), EPOCHS, RATES, strict=True):
        data = source.loaders(size, augment=MOVED, batch_size=4)
        model = model or network(len(data.target_type.names), data.statistics())
        options = {
            "metrics": [ck.pixel_accuracy],
            "optimizer_fn": adamw,
            "callbacks": in_16_bits(),
            "channels_last": True,
        }
        learn = ck.VisionLearner(data, model, data.target_type.loss_fn, **options)
        learn.fit_one_cycle(epochs, rate)
    return learn


def main():
    source = streets()
    start = perf_counter()
    learn = trained(source)
    seconds = perf_counter() - start
    once = learn.recorder.epochs[-1]["pixel_accuracy"]
    probabilities, truth = learn.tta()
    right, counted = ck.pixel_accuracy(probabilities, truth, learn.data.target_type.ignore_index)
    both = perf_counter() - start
    rows = [
        [f"coursekit, {EPOCHS[0]} epochs at half size, {EPOCHS[1]} at full", f"{once:.4f}", f"{seconds:,.0f}"],
        ["the same, with the mirror image", f"{right / counted:.4f}", f"{both:,.0f}"],
    ]
    kept, held_out = (len(source.part(part)[0]) for part in (False, True))
    which = "CamVid" if FULL else "the sample"
    about = f"{kept} frames of {which}, {held_out} held out, {WHOLE[1]} x {WHOLE[0]} pixels"
    about += ", computed in 16 bits" * bool(in_16_bits())
    write("streets", f"{machine()}. {about}.\n\n{table(['', 'right', 'seconds'], rows)}")


if __name__ == "__main__":
    main()
