"""Train the network of the workbook's second sheet; writes digit_net.safetensors beside this file.

Run it only to change the network: `python -m excel.make.train_digits`. The weights are committed, so that `make excel`
gives the same workbook on every machine.
"""

import os
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from coursekit.vision.images import read_digits

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
    """A plain loop: cross-entropy, AdamW, one-cycle learning rate."""
    torch.manual_seed(1)  # one with which no filter ends up dead: a map of zeros would teach the reader nothing
    net = digit_net()
    (inputs, labels), _ = read_digits(DIGITS)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=0.05)
    batches = -(-len(inputs) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=epochs * batches)
    for _ in range(epochs):
        for index in torch.randperm(len(inputs)).split(batch_size):
            loss = F.cross_entropy(net(inputs[index]), labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    for parameter in net.parameters():  # three decimals: short to read in a cell, and as accurate
        parameter.data = parameter.data.mul(1000).round().div(1000)
    return net.eval()


def main() -> None:
    """Train, report the accuracy on the held-out digits, save."""
    net = train()
    _, (inputs, labels) = read_digits(DIGITS)
    with torch.no_grad():
        accuracy = (net(inputs).argmax(1) == labels).double().mean().item()
    temporary = WEIGHTS.with_suffix(".tmp")
    save_file(net.state_dict(), temporary)
    os.replace(temporary, WEIGHTS)
    print(f"{accuracy:.1%} of {len(labels)} held-out digits right; weights written to {WEIGHTS.name}")


if __name__ == "__main__":
    main()
