"""What a network sees: the images that activate a channel most, and the pixels that a decision rests on.

Each function looks with the model in evaluation mode, and leaves every part of it in the mode that it was in.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..arguments import in_words
from ..learner import evaluating


@in_words
def activations(model: nn.Module, layer: nn.Module, images: Tensor) -> Tensor:
    """What comes out of a layer inside the model for a batch of images.

    Args:
        model: is called with the images.
        layer: one of the model's modules; of several calls the last counts.
        images: what the model takes, (n, channels, H, W).

    Returns:
        The layer's output, without gradient: (n, C, h, w) for a convolution.

    Raises:
        ValueError: the layer was not used.

    Built in lesson 16.
    """
    kept = []
    hook = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    with hook, evaluating(model), torch.no_grad():
        model(images)
    if not kept:
        raise ValueError("the model did not use that layer: choose one of model.modules()")
    return kept[-1]


@in_words
def top_patches(
    model: nn.Module, layer: nn.Module, channel: int, images: Tensor, *, n: int = 9, patch_size: int = 16
) -> Tensor:
    """The maximally activating patches of a channel: where it is largest, the strongest first, one from an image.

    A patch is centered on the position of the largest value, taken back to pixels by the ratio of the image's size to
    the map's. With `patch_size` the receptive field, and odd kernels padded by half, it is all that the value sees.

    Args:
        model: is called with the images.
        layer: one of its modules, which gives maps (m, C, h, w).
        channel: of the layer, from 0.
        images: float (m, channels, H, W).
        n: how many patches; no more than there are images.
        patch_size: height and width of a patch, in pixels.

    Returns:
        (n, channels, patch_size, patch_size).

    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", 2014. Built in lesson 16.
    """
    maps = activations(model, layer, images)[:, channel]
    strongest, positions = maps.flatten(1).max(1)
    height, width = images.shape[-2:]
    patches = []
    for i in strongest.topk(min(n, len(images))).indices.tolist():
        row, column = divmod(int(positions[i]), maps.shape[-1])
        top = _start(row * height / maps.shape[-2] + 0.5, patch_size, height)
        left = _start(column * width / maps.shape[-1] + 0.5, patch_size, width)
        patches.append(images[i, :, top : top + patch_size, left : left + patch_size])
    return torch.stack(patches)


def _start(middle: float, stretch: int, length: int) -> int:
    """Where a stretch around the middle begins, so that it stays inside the length."""
    return int(min(max(middle - stretch / 2, 0), max(length - stretch, 0)))


@in_words
def saliency(model: nn.Module, images: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
    """How much each pixel would change the score: the gradient's absolute value, the largest over the channels.

    Args:
        model: is called with the images.
        images: float (n, channels, H, W).
        score: from the model's outputs to one number an image, such as `lambda outputs: outputs[:, 3]`.

    Returns:
        (n, H, W), at least 0.

    K. Simonyan et al., "Deep inside convolutional networks", 2014. Built in lesson 16.
    """
    images = images.detach().clone().requires_grad_(True)
    with evaluating(model):
        (gradient,) = torch.autograd.grad(score(model(images)).sum(), images)
    return gradient.abs().amax(1)


@in_words
def class_activation_map(backbone: nn.Module, last: nn.Linear, images: Tensor, classes: Tensor) -> Tensor:
    """Where in the image the evidence for a class lies: the features, each weighted as the last layer weights it.

    Args:
        backbone: images to features (n, features, h, w), which the head averages over the positions.
        last: the linear layer that follows.
        images: float (n, channels, H, W).
        classes: int64 (n,).

    Returns:
        (n, h, w). The mean over the positions, plus the bias, is the class's output.

    B. Zhou et al., "Learning deep features for discriminative localization", 2016. Built in lesson 16.
    """
    with evaluating(backbone), torch.no_grad():
        return torch.einsum("nfhw,nf->nhw", backbone(images), last.weight[classes])
