"""Train the network of the workbook's second sheet; writes digit_net.safetensors beside this file.

Run it only to change the network: `python -m excel.make.train_digits`. The weights are committed, so that `make excel`
gives the same workbook on every machine.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from coursekit.vision.images import read_digits

from .training import fit, save_weights

HERE = Path(__file__).parent
DIGITS = HERE.parents[1] / "data" / "digits"
WEIGHTS = HERE / "digit_net.safetensors"


def digit_net() -> nn.Sequential:
    """The network: inputs (n, 1, 8, 8), logits (n, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(),
        nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10),
    )  # fmt: skip


def train(epochs: int = 30, batch_size: int = 64) -> nn.Sequential:
    """By cross-entropy on the training digits."""
    torch.manual_seed(1)  # one with which no filter ends up dead: a map of zeros would teach the reader nothing
    net = digit_net()
    (inputs, labels), _ = read_digits(DIGITS)
    batches = (batch for _ in range(epochs) for batch in torch.randperm(len(inputs)).split(batch_size))
    losses = (F.cross_entropy(net(inputs[batch]), labels[batch]) for batch in batches)
    fit(net, losses, epochs * -(-len(inputs) // batch_size), weight_decay=0.05)
    return net


def main() -> None:
    """Train, report the accuracy on the held-out digits, save."""
    net = train()
    _, (inputs, labels) = read_digits(DIGITS)
    with torch.no_grad():
        accuracy = (net(inputs).argmax(1) == labels).double().mean().item()
    print(f"{accuracy:.1%} of {len(labels)} held-out digits right")
    save_weights(net, WEIGHTS)


if __name__ == "__main__":
    main()
