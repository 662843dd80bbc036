"""What the scripts share that train a small network for a sheet."""

from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn

from coursekit.storage import write_whole


def fit(net: nn.Module, losses: Iterable[Tensor], steps: int, weight_decay: float) -> None:
    """A step for each loss, which is computed when it is asked for: AdamW, one-cycle learning rate up to 0.01.

    Then each weight is rounded to three decimals: short to read in a cell, and as accurate.
    """
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    for loss in losses:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    for parameter in net.parameters():
        parameter.data = parameter.data.mul(1000).round().div(1000)
    net.eval()


def save_weights(net: nn.Module, path: Path) -> None:
    """Write the weights, whole."""
    write_whole(path, save(net.state_dict()))
    print(f"weights written to {path.name}")
