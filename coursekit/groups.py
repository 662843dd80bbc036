"""Layer groups: the parts of a model that may learn at different rates, or not at all."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from .loaders import Loader

Rate = float | tuple[float, float]  # one for all layer groups, or the first group's and the last's


def default_groups(model: nn.Module) -> list[nn.Module]:
    """The children of an `nn.Sequential` that have parameters; any other model is one group."""
    if isinstance(model, nn.Sequential) and not list(model.parameters(recurse=False)):
        return [child for child in model if any(True for _ in child.parameters())] or [model]
    return [model]


def trained_parameters(model: nn.Module, groups: Sequence[nn.Module]) -> list[list[nn.Parameter]]:
    """The parameters of each group that are not frozen; one that two groups share counts for the first.

    Raises:
        ValueError: all are frozen, or one belongs to no group.
    """
    seen = set()
    parts = []
    for group in groups:
        parts.append([p for p in group.parameters() if p.requires_grad and p not in seen])
        seen.update(parts[-1])
    if outside := [name for name, p in model.named_parameters() if p.requires_grad and p not in seen]:
        raise ValueError(f"{outside[0]!r} is in none of the layer groups, so it would not be trained: add it to one")
    if not seen:
        raise ValueError("every parameter is frozen: there is nothing to train; call unfreeze() or freeze()")
    return parts


def parameter_groups(model: nn.Module, groups: Sequence[nn.Module], rate: Rate) -> list[dict]:
    """What a `torch.optim` optimizer takes: the trained parameters with their rates, `lr`, kept as `top_rate` as well.

    Neighbouring layer groups with the same rate become one: a step over few groups is faster.

    Built in lesson 09.
    """
    merged: list[dict] = []
    for part, top in zip(trained_parameters(model, groups), spread(rate, len(groups)), strict=True):
        if merged and merged[-1]["top_rate"] == top:
            merged[-1]["params"] += part
        elif part:
            merged.append({"params": part, "lr": top, "top_rate": top})
    return merged


def spread(rate: Rate, groups: int) -> list[float]:
    """One rate for each layer group: the same, or from a first to a last by equal factors."""
    rates = tuple(rate) if isinstance(rate, (tuple, list)) else (rate, rate)
    if len(rates) != 2 or not all(math.isfinite(r) and r > 0 for r in rates):
        raise ValueError(f"a learning rate is a positive number, or a pair of them; found {rate}")
    first, last = rates
    return [last if groups == 1 else first * (last / first) ** (i / (groups - 1)) for i in range(groups)]


def train_mode(model: nn.Module) -> None:
    """Training mode, but batch norms in frozen parts keep the statistics they have."""
    model.train()
    for part in model.modules():
        if _frozen(part):
            for module in part.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()


@contextmanager
def batch_norm_explained(train: Loader) -> Iterator[None]:
    """Inside it, say in our words what batch norm says of a training batch of one row."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise ValueError(
            f"a training batch held one row, and batch norm needs several: there are {train.rows} rows in batches of "
            f"{train.batch_size}; choose a larger batch_size, or give more rows"
        ) from error


def _frozen(part: nn.Module) -> bool:
    """Whether the part has parameters and none of them is trained."""
    parameters = list(part.parameters())
    return bool(parameters) and not any(p.requires_grad for p in parameters)
