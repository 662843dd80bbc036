"""Backbones, which turn images into features: a small residual network of ours, a classifier of torchvision without its
end, or any other module.

`resnet_tiny` has five stages, each seeing the image at half the size of the one before: K. He et al., "Deep residual
learning for image recognition", 2015, with a quarter of ResNet-18's channels and one block a stage. Its 0.3 million
weights are few enough to train on two CPU cores.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor, nn

from ..arguments import in_words
from ..datasets import SAMPLES, nearest
from ..learner import default_groups
from ..storage import load_tensors, load_weights

Backbone = str | nn.Module | Callable[..., nn.Module]
Statistics = tuple[Tensor, Tensor]  # mean and standard deviation of each channel, on the scale from 0 to 1
WIDTHS = (16, 32, 64, 128)
WEIGHTS = SAMPLES / "resnet_tiny" / "weights.safetensors"


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution and batch norm; the image keeps its size, or loses a factor `stride`."""
    kernels = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(kernels, nn.BatchNorm2d(outputs))


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to the input: what they learn is the difference (the residual).

    Args:
        inputs, outputs: channels that come in and go out.
        stride: 2 halves height and width.

    Built in lesson 16.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        first = convolution(inputs, outputs, stride=stride)
        self.convolutions = nn.Sequential(first, nn.ReLU(), convolution(outputs, outputs))
        same = stride == 1 and inputs == outputs
        self.skip = nn.Identity() if same else convolution(inputs, outputs, 1, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, H, W) to (n, outputs, H / stride, W / stride)."""
        return self.relu(self.convolutions(x) + self.skip(x))


@in_words
def resnet_cifar(channels: int = 3, pretrained: bool = False) -> nn.Sequential:
    """A backbone for images of 32 to 64 pixels: (n, channels, H, W) to (n, 128, H / 8, W / 8).

    Where the first convolution halves the image already, little of 32 pixels is left to see. Here it keeps the size,
    as in networks for CIFAR-10 (D. Page, "How to train your ResNet", 2018, whose layout this is, but smaller). Its
    three children each end in max pooling; the second and third add a residual block: 32, 64 and 128 channels.

    Args:
        channels: of the images.
        pretrained: there are no weights.

    Raises:
        ValueError: weights are asked for.
    """
    if pretrained:
        raise ValueError("there are no weights for resnet_cifar: say pretrained=False, or take resnet_tiny")
    widths, stages = WIDTHS[1:], []
    for inputs, outputs in zip((channels, *widths), widths, strict=False):
        block = [ResidualBlock(outputs, outputs)] if stages else []
        stages.append(nn.Sequential(convolution(inputs, outputs), nn.ReLU(), nn.MaxPool2d(2), *block))
    return nn.Sequential(*stages)


@in_words
def resnet_tiny(channels: int = 3, pretrained: bool = False) -> nn.Sequential:
    """The backbone, without a head: (n, channels, H, W) to (n, 128, H / 16, W / 16).

    Its five children are the stem (half size, 16 channels) and four stages (16, 32, 64 and 128 channels).

    Args:
        channels: of the images.
        pretrained: with the weights that ship in `data/resnet_tiny`; needs three channels.

    Built in lesson 16.
    """
    stages = [nn.Sequential(convolution(channels, WIDTHS[0], stride=2), nn.ReLU())]
    for i, (inputs, outputs) in enumerate(zip(WIDTHS[:1] + WIDTHS, WIDTHS, strict=False)):
        stages.append(ResidualBlock(inputs, outputs, stride=2 if i else 1))
    backbone = nn.Sequential(*stages)
    if pretrained:
        weights, metadata = load_tensors(WEIGHTS)
        load_weights(backbone, weights, str(WEIGHTS))
        stages[0].statistics = metadata["mean"], metadata["std"]  # with the stem, which also backbone[:-1] has
    return backbone


def make_backbone(backbone: Backbone, channels: int, pretrained: bool) -> nn.Module:
    """The backbone, a module from (n, channels, H, W) to features, (n, features, h, w) or (n, features).

    Args:
        backbone: the name of a torchvision classifier, such as "resnet34"; or a function called with `pretrained=` that
            gives a module, such as `ck.resnet_tiny`; or the module itself.
        channels: of the images. A first convolution that takes another number is adapted, see `adapt_channels`.
        pretrained: with weights. torchvision downloads its own on first use.

    Raises:
        ValueError: torchvision has no classifier of that name.
    """
    if isinstance(backbone, str):
        ours = {made.__name__: made for made in (resnet_tiny, resnet_cifar)}
        backbone = ours.get(backbone) or partial(_torchvision_backbone, backbone)
    made = backbone if isinstance(backbone, nn.Module) else backbone(pretrained=pretrained)
    adapt_channels(made, channels)
    return made


def _torchvision_backbone(name: str, pretrained: bool) -> nn.Module:
    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        advice = f"{nearest(name, known)} Of your own give the function or module: backbone=..., not its name"
        raise ValueError(f"neither coursekit nor torchvision has a backbone {name!r}. {advice}")
    extra = {"init_weights": not pretrained} if name in ("googlenet", "inception_v3") else {}
    model = models.get_model(name, weights="DEFAULT" if pretrained else None, **extra)
    if hasattr(model, "aux_logits"):  # further outputs half-way, which only training from nothing needs
        model.aux_logits = False
        for part in {"aux1", "aux2", "AuxLogits"} & {part for part, _ in model.named_children()}:
            setattr(model, part, None)
    made = without_head(model)
    if pretrained:
        preset = models.get_model_weights(name).DEFAULT.transforms()
        made.statistics = preset.mean, preset.std
    return made


@in_words
def without_head(model: nn.Module, head: str | None = None) -> nn.Module:
    """A classifier without what follows its features: images to maps of features, or to (n, features) without maps.

    Args:
        model: taken apart: it has no head afterwards.
        head: the name of the part that the features go into, "classifier" or "net.fc", say, as `model.named_modules()`
            gives it. None: it is looked for. Three ways to build a classifier are known: with a part called `features`
            (VGG, DenseNet, MobileNet, EfficientNet, ConvNeXt), a row of parts that ends in average pooling and a linear
            layer (ResNet, ResNeXt, RegNet), and any other, whose last linear layer is taken out (vision transformers;
            Swin, whose features have the channels last).

    Raises:
        ValueError: it has no part of that name, or no linear layer inside.
    """
    if not isinstance(model, nn.Module):
        raise ValueError(f"a model is needed, an nn.Module; found {type(model).__name__}")
    names = {name: module for name, module in model.named_modules() if name}
    if head is None:
        if isinstance(getattr(model, "features", None), nn.Module) and not hasattr(model, "permute"):
            return model.features
        children = dict(model.named_children())
        if list(children)[-2:] == ["avgpool", "fc"]:
            return nn.Sequential(*list(children.values())[:-2])
        head = next((name for name in reversed(names) if isinstance(names[name], nn.Linear)), None)
        if head is None:
            advice = f"say which part the features go into, head=, one of {', '.join(names) or 'none'}"
            raise ValueError(f"this {type(model).__name__} has no linear layer inside: {advice}")
    if head not in names:
        raise ValueError(f"this {type(model).__name__} has no part {head!r}. {nearest(str(head), list(names))}")
    owner, _, last = head.rpartition(".")
    setattr(model.get_submodule(owner), last, nn.Identity())
    return model


def adapt_channels(backbone: nn.Module, channels: int) -> None:
    """Let the first convolution, if there is one, take that number of channels, and keep what its filters know.

    A fourth channel gets slices of zeros, so that it changes nothing before training; two channels keep two slices,
    made larger by 3/2; a grey image gets the sum of the three, as if each color were the same grey.

    Built in lesson 02.
    """
    first = next((part for part in backbone.modules() if isinstance(part, nn.Conv2d)), None)
    if first is None or first.in_channels == channels:
        return
    kept = first.weight.detach()
    if channels == 1:
        weight = kept.sum(1, keepdim=True)
    elif channels < first.in_channels:
        weight = kept[:, :channels] * first.in_channels / channels
    else:
        weight = torch.cat([kept, kept.new_zeros(len(kept), channels - first.in_channels, *kept.shape[2:])], 1)
    first.in_channels, first.weight = channels, nn.Parameter(weight.contiguous())


@torch.no_grad()
def features_shape(backbone: nn.Module, channels: int, size: tuple[int, int]) -> torch.Size:
    """The shape of the features of one image of that size, without the batch axis.

    Raises:
        ValueError: the backbone cannot take such images, is a whole classifier, or gives something else.
    """
    backbone.eval()
    after = (nn.Dropout, nn.Flatten, nn.Softmax, nn.LogSoftmax, nn.Sigmoid)  # without_head leaves an Identity
    used: list[nn.Module] = []  # in the order of use, which need not be that of their names
    with ExitStack() as hooks:
        for part in backbone.modules():
            if not list(part.children()) and not isinstance(part, after):
                hooks.enter_context(part.register_forward_hook(lambda part, *_: used.append(part)))
        try:
            device = next((p.device for p in backbone.parameters()), None)
            features = backbone(torch.zeros(1, channels, *size, device=device))
        except (RuntimeError, AssertionError) as error:
            given = f"images of {channels} channels, {size[0]} x {size[1]} pixels"
            raise ValueError(f"this backbone cannot take {given} ({error}): choose another size or backbone") from error
    if not isinstance(features, Tensor) or features.dim() not in (2, 4):
        found = f"the shape {tuple(features.shape)}" if isinstance(features, Tensor) else type(features).__name__
        needed = "a backbone gives features, (n, features, h, w) or (n, features)"
        raise ValueError(f"{needed}; this one gives {found}: put a module after it that does")
    shape, last = features.shape[1:], used[-1] if used else None
    whole = isinstance(last, nn.Linear) and last.out_features == shape[0]
    if len(shape) == 1 and (whole or getattr(backbone, "num_classes", None) == shape[0]):
        found = f"this backbone ends in a {'linear ' * whole}layer of {shape[0]} outputs, as a whole classifier does"
        raise ValueError(f"{found}: cut its end off with ck.without_head(model)")
    return shape


def halves(backbone: nn.Module) -> list[nn.Module]:
    """The backbone in two layer groups, early and late, for lower learning rates in the early one; one if it is one."""
    parts = default_groups(backbone)
    middle = (len(parts) + 1) // 2
    return [nn.ModuleList(half) for half in (parts[:middle], parts[middle:]) if half]
