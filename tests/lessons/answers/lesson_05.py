"""Lesson 05, segmentation: for each exercise, other right answers, and plausible wrong ones."""

import math
from pathlib import Path

import torch


def _mirror(images, masks, chosen, axis=-1, both=True, everywhere=False):
    images, masks = images.clone(), masks.clone()
    for i, one in enumerate(chosen):
        if one or everywhere:
            images[i] = images[i].flip(axis)
            masks[i] = masks[i].flip(axis) if both else masks[i]
    return images, masks


def _in_place(images, masks, chosen):
    images[chosen], masks[chosen] = images[chosen].flip(-1), masks[chosen].flip(-1)
    return images, masks


def _iou(given, truth, number, ignore_index):
    both = either = 0
    for g, t in zip(given.flatten().tolist(), truth.flatten().tolist(), strict=True):
        if t != ignore_index:
            both, either = both + (g == t == number), either + (number in (g, t))
    return both / either if either else math.nan


ANSWERS = {
    "05.mask_file": (
        [lambda p: "/".join(p.split("/")[:-2] + ["labels", p.split("/")[-1].rsplit(".", 1)[0] + "_P.png"])],
        [
            lambda p: p.replace("images", "labels").replace(".jpg", "_P.png"),
            lambda p: p.replace("/images/", "/labels/").rsplit(".", 1)[0] + "_P.png",
            lambda p: str(Path(p).parent / "labels" / f"{Path(p).stem}_P.png"),
            lambda p: str(Path(p).parent.parent / "labels" / f"{Path(p).name.split('.')[0]}_P.png"),
        ],
    ),
    "05.iou_of": (
        [_iou],
        [
            lambda g, t, n, v: ((g == n) & (t == n)).sum() / ((g == n) | (t == n)).sum(),
            lambda g, t, n, v: (g == t)[t == n].float().mean(),
            lambda g, t, n, v: ((g == n) & (t == n) & (t != v)).sum() / (t != v).sum(),
            lambda g, t, n, v: _iou(g, t, n, v) if n in g or n in t else 0.0,
            lambda g, t, n, v: _iou(g, t, n, v) if n in t else torch.nan,
            lambda g, t, n, v: _iou(g, t, n, v) if n in g else torch.nan,
        ],
    ),
    "05.mirrored": (
        [_mirror],
        [
            lambda p, m, c: _mirror(p, m, c, both=False),
            lambda p, m, c: _mirror(p, m, c, axis=-2),
            lambda p, m, c: _mirror(p, m, c, everywhere=True),
            _in_place,
        ],
    ),
    "05.frequencies": (
        [lambda m, n, v: torch.tensor([((m == i) & (m != v)).sum() / (m != v).sum() for i in range(n)])],
        [
            lambda m, n, v: m.flatten().bincount(minlength=n) / m.numel(),
            lambda m, n, v: m[m != v].bincount(minlength=n) / m.numel(),
            lambda m, n, v: m[m != v].bincount() / (m != v).sum(),
        ],
    ),
    "05.held_out_by": (
        [lambda names, videos: [any(name.startswith(f"{v}_") for v in videos) for name in names]],
        [
            lambda names, videos: [any(name.startswith(v) for v in videos) for name in names],
            lambda names, videos: [name.split("_")[0] in videos for name in names],
            lambda names, videos: [name.rsplit("_", 1)[0] not in videos for name in names],
        ],
    ),
}
