"""Whole models of images: normalization first, then a backbone and a head for what is asked; or a U-Net.

O. Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", 2015.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..targets import MultiLabels, TargetType
from .backbones import Statistics, convolution, features_shape

MAPS = 16  # in the head for keypoints


class ImageNorm(nn.Module):
    """Subtracts a mean and divides by a standard deviation, channel by channel: the model's first layer.

    Args:
        mean, std: one number a channel, on the images' scale from 0 to 1.

    Built in lesson 01.
    """

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean)[:, None, None])
        self.register_buffer("std", torch.as_tensor(std)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Float (n, channels, H, W), 0 to 1, the same shape.

        Raises:
            ValueError: whole numbers, which would be taken for far too bright.
        """
        if not x.is_floating_point():
            raise ValueError(f"a model takes images as floats from 0 to 1; found {x.dtype}: divide by 255")
        return (x - self.mean) / self.std


class ConcatPool(nn.Module):
    """Concat pooling: each feature's mean over all positions, and its largest value anywhere, side by side.

    Built in lesson 04.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(n, features, H, W) to (n, 2 * features)."""
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


class SoftArgmax(nn.Module):
    """For each map of features the position where it is bright: softmax over the positions, then their mean.

    S. Levine and others, "End-to-end training of deep visuomotor policies", 2016, section 5.

    Built in lesson 06.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(n, maps, H, W) to (n, 2 * maps): x, y, x, y ...; -1 and 1 are the image's edges."""
        height, width = x.shape[-2:]
        weights = x.flatten(2).softmax(2).unflatten(2, (height, width))
        down = (2 * torch.arange(height, device=x.device) + 1) / height - 1
        across = (2 * torch.arange(width, device=x.device) + 1) / width - 1
        positions = [(weights.sum(2) * across).sum(2), (weights.sum(3) * down).sum(2)]
        return torch.stack(positions, 2).flatten(1)


def head(shape: torch.Size, target_type: TargetType, dropout: float = 0.25) -> nn.Sequential:
    """The last layers, from features of that shape to as many numbers as are asked for.

    One class asks what the image is: each feature is averaged over all positions. Several labels ask whether something
    is anywhere, however small: its largest value counts too. Keypoints ask where: each of 16 mixed maps gives a
    position, the coordinates are made from these, without dropout, and held between -1 and 1.
    """
    last = [nn.Tanh()] if target_type.spatial == "keypoints" else []
    if last and len(shape) > 1:
        positions = [nn.Conv2d(shape[0], MAPS, 1), SoftArgmax()]
        return nn.Sequential(*positions, nn.Linear(2 * MAPS, target_type.outputs), *last)
    pool, features = [nn.AdaptiveAvgPool2d(1), nn.Flatten()], shape[0]
    if len(shape) == 1:
        pool = []
    elif isinstance(target_type, MultiLabels):
        pool, features = [ConcatPool()], 2 * shape[0]
    return nn.Sequential(*pool, nn.Dropout(dropout), nn.Linear(features, target_type.outputs), *last)


class UpBlock(nn.Module):
    """Twice the size (upsampling), joined with the features of a skip connection, then two convolutions.

    Args:
        inputs: channels from below.
        skip: channels of the skip connection, 0 for none.
        outputs: channels that go out.
    """

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.skip = skip
        self.shrink = nn.Sequential(convolution(inputs, outputs, 1), nn.ReLU())
        first = convolution(outputs + skip, outputs)
        self.convolutions = nn.Sequential(first, nn.ReLU(), convolution(outputs, outputs), nn.ReLU())

    def forward(self, below: Tensor, skipped: Tensor) -> Tensor:
        """(n, inputs, h, w) and the skip connection (n, skip, H, W) to (n, outputs, H, W)."""
        up = F.interpolate(self.shrink(below), skipped.shape[-2:], mode="bilinear", align_corners=False)
        return self.convolutions(torch.cat([up, skipped], 1) if self.skip else up)


class UNet(nn.Module):
    """A class for every pixel: (n, channels, H, W) to (n, outputs, H, W).

    Down by the encoder's stages, up again by the decoder, with a skip connection from each size to the same size.

    Args:
        encoder: an `nn.Sequential` whose children shrink the image step by step.
        channels: of the images.
        outputs: classes.
        skip_connections: False leaves them out, to see what they are worth.
        thinnest: channels in the decoder's last, largest step.

    Raises:
        ValueError: the encoder is not a row of parts that give maps of features, or never shrinks the image.

    Built in lesson 05.
    """

    def __init__(
        self, encoder: nn.Module, channels: int, outputs: int, skip_connections: bool = True, thinnest: int = 16
    ) -> None:
        super().__init__()
        if not isinstance(encoder, nn.Sequential):
            raise ValueError(f"a U-Net's encoder is a row of parts, nn.Sequential; found {type(encoder).__name__}")
        self.encoder = encoder
        self.skips, widths = skip_stages(encoder, channels)
        blocks, width = [], widths[-1]
        for skip in reversed([channels, *widths[:-1]]):
            smaller = max(thinnest, width // 2)
            blocks.append(UpBlock(width, skip if skip_connections else 0, smaller))
            width = smaller
        self.decoder = nn.ModuleList(blocks)
        self.head = nn.Conv2d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits for every pixel."""
        skipped = [x]
        for i, stage in enumerate(self.encoder):
            x = stage(x)
            if i in self.skips:
                skipped.append(x)
        for block, features in zip(self.decoder, reversed(skipped), strict=True):
            x = block(x, features)
        return self.head(x)


@torch.no_grad()
def skip_stages(encoder: nn.Sequential, channels: int, size: int = 128) -> tuple[list[int], list[int]]:
    """The numbers of the children after which the size changes next, and the channels there; the last child's last."""
    encoder.eval()
    x, shapes = torch.zeros(1, channels, size, size), []
    for stage in encoder:
        x = stage(x) if x.dim() == 4 else x
        shapes.append(x.shape)
    if x.dim() < 4 or not shapes:
        raise ValueError("this encoder gives no maps of features: cut a classifier's end off with ck.without_head")
    before = [i for i in range(len(shapes) - 1) if shapes[i][-1] != shapes[i + 1][-1] and shapes[i][-1] != size]
    if shapes[-1][-1] == size:
        raise ValueError("this encoder never shrinks the image: there is no way down, and none up")
    return before, [shapes[i][1] for i in before] + [shapes[-1][1]]


def build_model(
    backbone: nn.Module, target_type: TargetType, channels: int, size: tuple[int, int], statistics: Statistics,
    **options: float,
) -> nn.Sequential:  # fmt: skip
    """The whole model: normalization, backbone and head; or, for masks, normalization and U-Net.

    Args:
        backbone, channels, size: from images (n, channels, H, W) to features; of a U-Net the encoder.
        target_type: decides what follows.
        statistics: for `ImageNorm`.
        options: `dropout` of the head, `skip_connections` of the U-Net.
    """
    if target_type.spatial == "mask":
        return nn.Sequential(ImageNorm(*statistics), UNet(backbone, channels, target_type.outputs, **options))
    last = head(features_shape(backbone, channels, size), target_type, **options)
    return nn.Sequential(ImageNorm(*statistics), backbone, last)
