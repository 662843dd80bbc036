"""Whole models of pictures: normalisation first, then a body, then a head for what is asked."""

import torch
from torch import Tensor, nn

from .bodies import features_of
from .kinds import Kind, Points
from .unet import UNet


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


def build(
    recipe: dict, body: nn.Module, kind: Kind, channels: int, size: tuple[int, int], statistics: tuple[Tensor, Tensor]
) -> nn.Sequential:
    """The whole model: normalisation, body and head, or normalisation and U-Net."""
    normalise = Normalise(*statistics)
    if recipe["model"] == "unet":
        return nn.Sequential(normalise, UNet(body, channels, kind.outputs, recipe["crossings"]))
    shape = features_of(body, channels, size)
    return nn.Sequential(normalise, body, head(shape, kind, recipe["dropout"]))


def head(shape: torch.Size, kind: Kind, dropout: float) -> nn.Sequential:
    """The last layers, from features of that shape to as many numbers as are asked for.

    Classes ask what is in the picture: each feature is averaged over all places. Points ask where it is: the places
    are kept, and the coordinates are held between -1 and 1.
    """
    if len(shape) == 1:
        first, features = [], shape[0]
    elif isinstance(kind, Points):
        first, features = [nn.AdaptiveAvgPool2d((4, 4)), nn.Flatten()], 16 * shape[0]
    else:
        first, features = [nn.AdaptiveAvgPool2d(1), nn.Flatten()], shape[0]
    last = [nn.Tanh()] if isinstance(kind, Points) else []
    return nn.Sequential(*first, nn.Dropout(dropout), nn.Linear(features, kind.outputs), *last)


def head_of(model: nn.Sequential) -> nn.Module:
    """What a model has beside its body: the head, or the way up of a U-Net."""
    return model[-1] if not isinstance(model[-1], UNet) else nn.ModuleList([model[-1].up, model[-1].last])
