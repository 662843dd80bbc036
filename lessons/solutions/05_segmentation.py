"""Solutions to lesson 05, with the cases that an answer is tried on."""

from pathlib import PurePosixPath

import torch

from coursekit.classroom.exercises import Exercise, draw, stream


def mask_file(image_path):
    path = PurePosixPath(image_path)
    return str(path.parent.parent / "labels" / f"{path.stem}_P.png")


def iou_of(given, truth, number, ignore_index):
    if given.shape != truth.shape:
        raise ValueError("a true class for each given one")
    counted = truth != ignore_index
    said, true = (given == number) & counted, (truth == number) & counted
    return (said & true).sum() / (said | true).sum()


def mirrored(images, masks, chosen):
    if not (len(images) == len(masks) == len(chosen)) or (
        images.shape[2:] != masks.shape[1:]
    ):
        raise ValueError("a mask of the image's size, and a choice, for each image")
    images, masks = images.clone(), masks.clone()
    images[chosen], masks[chosen] = images[chosen].flip(-1), masks[chosen].flip(-1)
    return images, masks


def frequencies(masks, classes, ignore_index):
    if (masks == ignore_index).all() or masks.max() >= classes:
        raise ValueError("some pixel that is not ignored, and no class above the last")
    return (
        masks[masks != ignore_index].bincount(minlength=classes)
        / (masks != ignore_index).sum()
    )


def held_out_by(file_names, videos):
    return [name.rsplit("_", 1)[0] in videos for name in file_names]


def _classes(*shape, seed=0, below=4):
    return torch.randint(below, shape, generator=stream(shape, seed))


EXERCISES = {
    "mask_file": Exercise(
        mask_file,
        "pathlib's stem leaves out the last ending only; parent.parent is one folder up",
        lambda: [
            ("drive/images/v01_000030.jpg",),
            ("images/v01_000060.jpg",),
            ("/home/me/images/camvid/images/0001TP_006690.jpg",),
            ("a/images/v2.1_30.png",),
        ],
    ),
    "iou_of": Exercise(
        iou_of,
        "pixels that are and are called so, over pixels that are or are called so",
        lambda: [
            (torch.tensor([[1, 1]]), torch.tensor([[1, 0]]), 1, 3),
            (torch.tensor([[1, 1, 1]]), torch.tensor([[1, 1, 3]]), 1, 3),
            (torch.tensor([[1, 0]]), torch.tensor([[0, 0]]), 1, 3),
            (torch.tensor([[0, 0]]), torch.tensor([[1, 0]]), 1, 3),
            (torch.tensor([[0, 0]]), torch.tensor([[0, 0]]), 1, 3),
            (_classes(4, 5), _classes(4, 5, seed=1), 2, 0),
        ],
    ),
    "mirrored": Exercise(
        mirrored,
        "flip the last axis of both, for the chosen ones only, in copies",
        lambda: [
            (draw(1, 1, 1, 2), torch.tensor([[[0, 1]]]), torch.tensor([True])),
            (draw(2, 1, 1, 2), _classes(2, 1, 2), torch.tensor([True, False])),
            (draw(2, 3, 3, 3), _classes(2, 3, 3), torch.tensor([False, True])),
            (draw(3, 3, 2, 4), _classes(3, 2, 4), torch.tensor([True, False, True])),
        ],
    ),
    "frequencies": Exercise(
        frequencies,
        "bincount with minlength counts; divide by the pixels that are not ignored",
        lambda: [
            (torch.tensor([[[0, 1]]]), 2, 1),
            (torch.tensor([[[0, 0, 1]]]), 3, 2),
            (_classes(2, 3, 4), 6, 3),
        ],
    ),
    "held_out_by": Exercise(
        held_out_by,
        "the video is what stands before the last underscore, whole",
        lambda: [
            (["v04_000030.jpg", "v05_000030.jpg"], ["v04"]),
            (["v1_30.jpg", "v12_30.jpg", "v2_60.jpg"], ["v1", "v2"]),
            (["day_1_30.jpg", "day_2_30.jpg"], ["day_2"]),
        ],
    ),
}
