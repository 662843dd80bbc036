"""A small residual network: five stages, each seeing the picture at half the size of the one before.

K. He et al., "Deep residual learning for image recognition", 2015, with a quarter of ResNet-18's channels and one
block a stage: 0.3 million weights, small enough to train on two CPU cores.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from .storage import load_tensors, load_weights

WIDTHS = (16, 32, 64, 128)
WEIGHTS = Path(__file__).parents[1] / "data" / "resnet_tiny" / "weights.safetensors"


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution and batch norm; the picture keeps its size, or loses a factor `stride`."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to the input: what they learn is the difference.

    Args:
        inputs: channels that come in; `outputs`: channels that go out.
        stride: 2 halves rows and columns.

    Built in lesson 16.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            convolution(inputs, outputs, stride=stride), nn.ReLU(), convolution(outputs, outputs)
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, rows, columns) to (n, outputs, rows / stride, columns / stride)."""
        return self.relu(self.convolutions(x) + self.shortcut(x))


def resnet_tiny(channels: int = 3, pretrained: bool = False) -> nn.Sequential:
    """The body, without a head: (n, channels, rows, columns) to (n, 128, rows / 16, columns / 16).

    Its five children are the stem (half size, 16 channels) and four stages (16, 32, 64 and 128 channels).

    Args:
        channels: of the pictures.
        pretrained: with the weights that ship in `data/resnet_tiny`; needs three channels. The stem's attribute
            `statistics` then holds mean and standard deviation of the pictures that they were trained on.

    Built in lesson 16.
    """
    stages = [nn.Sequential(convolution(channels, WIDTHS[0], stride=2), nn.ReLU())]
    for i, (inputs, outputs) in enumerate(zip(WIDTHS[:1] + WIDTHS, WIDTHS, strict=False)):
        stages.append(ResidualBlock(inputs, outputs, stride=2 if i else 1))
    body = nn.Sequential(*stages)
    if pretrained:
        weights, notes = load_tensors(WEIGHTS)
        load_weights(body, weights, str(WEIGHTS))
        body[0].statistics = (torch.tensor(notes["mean"]), torch.tensor(notes["std"]))
    return body
