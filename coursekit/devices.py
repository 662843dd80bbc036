"""Where the arithmetic happens: the best device this machine has, what fits on it, and in which process."""

import torch
from torch import Tensor


def device(name: str | torch.device | None = None) -> torch.device:
    """The device called `name`, or the best one here: an NVIDIA (or AMD) GPU, else Apple's, else the CPU.

    Raises:
        ValueError: the device was asked for by name and this machine has none.

    Built in lesson 09.
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    chosen = torch.device(name)
    ready = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    if not ready.get(chosen.type, lambda: True)():
        raise ValueError(f"this machine has no {chosen.type!r} device that PyTorch can use; leave the device out")
    return chosen


def fits(tensors: tuple[Tensor, ...], where: torch.device) -> bool:
    """Whether the tensors may live on the device for good: already there, or no more than half of its free memory."""
    if where.type == "cuda":
        free, _ = torch.cuda.mem_get_info(where)
        return sum(tensor.nbytes for tensor in tensors) <= free // 2
    return True  # the CPU holds them already, and Apple's GPU shares its memory


def first_process() -> bool:
    """Whether this process writes files and shows progress: it works alone, or is the first of several.

    Built in lesson 19.
    """
    distributed = torch.distributed
    return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0
