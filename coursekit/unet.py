"""A U-Net on any body: down by the body's stages, up again, and across from each size to the same size.

O. Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", 2015.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .resnet import convolution


class UpBlock(nn.Module):
    """Twice the size, joined with the features that crossed over, then two convolutions.

    Args:
        inputs: channels from below; `across`: channels of the crossing, 0 for none.
        outputs: channels that go out.
    """

    def __init__(self, inputs: int, across: int, outputs: int) -> None:
        super().__init__()
        self.across = across
        self.shrink = nn.Sequential(convolution(inputs, outputs, 1), nn.ReLU())
        self.convolutions = nn.Sequential(
            convolution(outputs + across, outputs), nn.ReLU(), convolution(outputs, outputs), nn.ReLU()
        )

    def forward(self, below: Tensor, side: Tensor) -> Tensor:
        """(n, inputs, r, c) and the crossing (n, across, rows, columns) to (n, outputs, rows, columns)."""
        up = F.interpolate(self.shrink(below), side.shape[-2:], mode="bilinear", align_corners=False)
        return self.convolutions(torch.cat([up, side], 1) if self.across else up)


class UNet(nn.Module):
    """A class for every pixel: (n, channels, rows, columns) to (n, outputs, rows, columns).

    Args:
        body: an `nn.Sequential` whose children shrink the picture step by step.
        channels: of the pictures.
        outputs: classes.
        crossings: False leaves the crossings out, to see what they are worth.
        thinnest: channels in the last, largest step.

    Raises:
        ValueError: the body is not a row of parts, or never shrinks the picture.

    Built in lesson 05.
    """

    def __init__(
        self, body: nn.Module, channels: int, outputs: int, crossings: bool = True, thinnest: int = 16
    ) -> None:
        super().__init__()
        if not isinstance(body, nn.Sequential):
            raise ValueError(f"a U-Net needs a body that is a row of parts, nn.Sequential; found {type(body).__name__}")
        self.down = body
        self.sides, widths = crossing_points(body, channels)
        up = []
        width = widths[-1]
        for side in reversed([channels, *widths[:-1]]):
            smaller = max(thinnest, width // 2)
            up.append(UpBlock(width, side if crossings else 0, smaller))
            width = smaller
        self.up = nn.ModuleList(up)
        self.last = nn.Conv2d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits for every pixel."""
        sides = [x]
        for i, part in enumerate(self.down):
            x = part(x)
            if i in self.sides:
                sides.append(x)
        for block, side in zip(self.up, reversed(sides), strict=True):
            x = block(x, side)
        return self.last(x)


@torch.no_grad()
def crossing_points(body: nn.Sequential, channels: int, size: int = 128) -> tuple[list[int], list[int]]:
    """The numbers of the children after which the size changes next, and the channels there; the last child's last."""
    body.eval()
    x, shapes = torch.zeros(1, channels, size, size), []
    for part in body:
        x = part(x)
        shapes.append(x.shape)
    before = [i for i in range(len(shapes) - 1) if shapes[i][-1] != shapes[i + 1][-1] and shapes[i][-1] != size]
    if shapes[-1][-1] == size:
        raise ValueError("this body never shrinks the picture: there is no way down, and none up")
    return before, [shapes[i][1] for i in before] + [shapes[-1][1]]
