"""Whole models of pictures: normalisation first, then a body, then a head for what is asked."""

import torch
from torch import Tensor, nn

from .bodies import features_of
from .kinds import Kind, MultiLabels, Points
from .unet import UNet

MAPS = 16  # in the head for points


class Normalise(nn.Module):
    """Subtracts a mean and divides by a standard deviation, channel by channel: the model's first layer.

    Args:
        mean, std: one number a channel, on the pictures' scale from 0 to 1.

    Built in lesson 01.
    """

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean)[:, None, None])
        self.register_buffer("std", torch.as_tensor(std)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, rows, columns), the same shape."""
        return (x - self.mean) / self.std


class MeanAndLargest(nn.Module):
    """Each feature's mean over all places, and its largest value anywhere, side by side.

    Built in lesson 04.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(n, features, rows, columns) to (n, 2 * features)."""
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


def build(
    recipe: dict, body: nn.Module, kind: Kind, channels: int, size: tuple[int, int], statistics: tuple[Tensor, Tensor]
) -> nn.Sequential:
    """The whole model: normalisation, body and head, or normalisation and U-Net."""
    normalise = Normalise(*statistics)
    if recipe["model"] == "unet":
        return nn.Sequential(normalise, UNet(body, channels, kind.outputs, recipe["crossings"]))
    shape = features_of(body, channels, size)
    return nn.Sequential(normalise, body, head(shape, kind, recipe["dropout"]))


class MeanPlaces(nn.Module):
    """For each map of features the place where it is bright: softmax over the places, then their mean (soft argmax).

    S. Levine and others, "End-to-end training of deep visuomotor policies", 2016, section 5.

    Built in lesson 06.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(n, maps, rows, columns) to (n, 2 * maps): x, y, x, y ...; -1 and 1 are the picture's edges."""
        rows, columns = x.shape[-2:]
        shares = x.flatten(2).softmax(2).unflatten(2, (rows, columns))
        down = (2 * torch.arange(rows, device=x.device) + 1) / rows - 1
        across = (2 * torch.arange(columns, device=x.device) + 1) / columns - 1
        places = [(shares.sum(2) * across).sum(2), (shares.sum(3) * down).sum(2)]
        return torch.stack(places, 2).flatten(1)


def head(shape: torch.Size, kind: Kind, dropout: float) -> nn.Sequential:
    """The last layers, from features of that shape to as many numbers as are asked for.

    One class asks what the picture is: each feature is averaged over all places. Several labels ask whether something
    is anywhere, however small: its largest value counts too. Points ask where: each of 16 mixed maps gives a place,
    the coordinates are made from these places, without dropout, and held between -1 and 1.
    """
    if len(shape) == 1:
        first, features = [], shape[0]
    elif isinstance(kind, Points):
        places = [nn.Conv2d(shape[0], MAPS, 1), MeanPlaces()]
        return nn.Sequential(*places, nn.Linear(2 * MAPS, kind.outputs), nn.Tanh())
    elif isinstance(kind, MultiLabels):
        first, features = [MeanAndLargest()], 2 * shape[0]
    else:
        first, features = [nn.AdaptiveAvgPool2d(1), nn.Flatten()], shape[0]
    last = [nn.Tanh()] if isinstance(kind, Points) else []
    return nn.Sequential(*first, nn.Dropout(dropout), nn.Linear(features, kind.outputs), *last)


def head_of(model: nn.Sequential) -> nn.Module:
    """What a model has beside its body: the head, or the way up of a U-Net."""
    return model[-1] if not isinstance(model[-1], UNet) else nn.ModuleList([model[-1].up, model[-1].last])
