"""Bodies of image models, which turn pictures into features: ours, or a classifier of torchvision without its end."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Body = str | Callable[..., nn.Module]
# the statistics of the pictures that torchvision's weights were trained with
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def make_body(body: Body, channels: int, pretrained: bool) -> nn.Module:
    """The body, a module from (n, channels, rows, columns) to features.

    Args:
        body: `ck.resnet_tiny`; or the name of a torchvision classifier, such as "resnet34"; or a function called with
            `pretrained=` that gives a module.
        channels: of the pictures. With fewer or more than three the first layer of a pre-trained body is adapted.
        pretrained: with weights. torchvision downloads its own on first use.

    Raises:
        ValueError: torchvision has no classifier of that name; or the body is a module itself, not a function.
    """
    if isinstance(body, nn.Module):
        raise ValueError(
            f"give a function that makes a body, called with pretrained=...; found a {type(body).__name__}"
        )
    made = _torchvision_body(body, pretrained) if isinstance(body, str) else body(pretrained=pretrained)
    if channels != 3:
        adapt_channels(made, channels)
    return made


def body_name(body: Body) -> str:
    """The name under which an exported model remembers its body."""
    return body if isinstance(body, str) else getattr(body, "__name__", type(body).__name__)


def pretrained_statistics(
    body: nn.Module, channels: int, own: Callable[[], tuple[Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the channels of the pictures that a body's weights were trained on.

    A module of the body says so by an attribute `statistics` (mean, std), which `ck.resnet_tiny` gives to its stem: it
    stays there when later stages are left out. Where no module does, they are ImageNet's. Grey gets the mean of the
    three channels' figures, as its filters are the sum of theirs; two channels get the first two.

    Args:
        body: with its weights.
        channels: of the pictures; `own` gives the figures of those beyond the third, which the weights do not know.
    """
    told = [module.statistics for module in body.modules() if isinstance(getattr(module, "statistics", None), tuple)]
    mean, std = (torch.as_tensor(figures) for figures in (told[0] if told else IMAGENET))
    if channels == 1:
        return mean.mean(0, keepdim=True), std.mean(0, keepdim=True)
    if channels > len(mean):
        mean, std = (torch.cat([known, all_[len(known) :]]) for known, all_ in zip((mean, std), own(), strict=True))
    return mean[:channels], std[:channels]


def _torchvision_body(name: str, pretrained: bool) -> nn.Module:
    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        raise ValueError(f"torchvision has no classifier {name!r}; it has {', '.join(known[:4])} ... ({len(known)})")
    extra = {"init_weights": not pretrained} if name in ("googlenet", "inception_v3") else {}
    model = models.get_model(name, weights="DEFAULT" if pretrained else None, **extra)
    if hasattr(model, "aux_logits"):  # further outputs half-way, which only training from nothing needs
        model.aux_logits = False
        for part in {"aux1", "aux2", "AuxLogits"} & {part for part, _ in model.named_children()}:
            setattr(model, part, None)
    return without_head(model)


def without_head(model: nn.Module) -> nn.Module:
    """A classifier without what follows its features: pictures to maps of features, or (n, features) without maps.

    Three ways to build one are known: with a part called `features` (VGG, DenseNet, MobileNet, EfficientNet,
    ConvNeXt), a row of parts that ends in average pooling and a linear layer (ResNet, ResNeXt, RegNet), and any other,
    whose last linear layer is taken out (vision transformers; Swin, whose features have the channels last).
    """
    if isinstance(getattr(model, "features", None), nn.Module) and not hasattr(model, "permute"):
        return model.features
    children = dict(model.named_children())
    if list(children)[-2:] == ["avgpool", "fc"]:
        return nn.Sequential(*list(children.values())[:-2])
    last = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]
    owner, _, attribute = last.rpartition(".")
    setattr(model.get_submodule(owner), attribute, nn.Identity())
    return model


def adapt_channels(body: nn.Module, channels: int) -> None:
    """Let the first convolution take another number of channels, and keep what its filters know.

    A fourth channel gets slices of zeros, so that it changes nothing before training; two channels keep two slices,
    made larger by 3/2; a grey picture gets the sum of the three, as if each colour were the same grey.

    Built in lesson 02.
    """
    name, first = next((n, m) for n, m in body.named_modules() if isinstance(m, nn.Conv2d))
    kept = first.weight.detach()
    if channels == 1:
        weight = kept.sum(1, keepdim=True)
    elif channels < first.in_channels:
        weight = kept[:, :channels] * first.in_channels / channels
    else:
        weight = torch.cat([kept, kept.new_zeros(len(kept), channels - first.in_channels, *kept.shape[2:])], 1)
    new = nn.Conv2d(
        channels, first.out_channels, first.kernel_size, first.stride, first.padding, first.dilation,
        bias=first.bias is not None, padding_mode=first.padding_mode,
    )  # fmt: skip
    new.weight = nn.Parameter(weight.contiguous())
    if first.bias is not None:
        new.bias = first.bias
    owner, _, attribute = name.rpartition(".")
    setattr(body.get_submodule(owner), attribute, new)


@torch.no_grad()
def features_of(body: nn.Module, channels: int, size: tuple[int, int]) -> torch.Size:
    """The shape of the features of one picture of that size, without the batch axis.

    Raises:
        ValueError: the body cannot take such pictures.
    """
    body.eval()
    try:
        return body(torch.zeros(1, channels, *size)).shape[1:]
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"this body cannot take pictures of {channels} channels, {size[0]} x {size[1]} pixels ({error}): "
            "choose another size or body"
        ) from error


def halves(body: nn.Module) -> list[nn.Module]:
    """The body in two layer groups, early and late, for lower rates in the early one; one group if it cannot be cut."""
    parts = [part for part in body.children() if any(True for _ in part.parameters())]
    if not isinstance(body, nn.Sequential) or len(parts) < 2:
        return [body]
    middle = (len(parts) + 1) // 2
    return [nn.ModuleList(parts[:middle]), nn.ModuleList(parts[middle:])]
