"""What a network sees: the pictures that excite a channel, and the pixels that a decision rests on."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def activations(model: nn.Module, layer: nn.Module, pictures: Tensor) -> Tensor:
    """What comes out of a layer inside the model for a batch of pictures.

    Args:
        layer: one of the model's modules.
        pictures: what the model takes, (n, channels, rows, columns).

    Raises:
        ValueError: the layer was not used.

    Built in lesson 16.
    """
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(pictures)
    finally:
        handle.remove()
        model.train(training)
    if not kept:
        raise ValueError("the model did not use that layer: choose one of model.modules()")
    return kept[-1]


def exciting_patches(
    model: nn.Module, layer: nn.Module, channel: int, pictures: Tensor, *, n: int = 9, reach: int = 16
) -> Tensor:
    """The patches of the pictures at which a channel of a layer is largest, the strongest first, one from a picture.

    A place on the map is taken to look at the pixel whose number is its own times the step between places, as it does
    after layers with odd kernels, padded by half; so with `reach` the receptive field a patch is what the place sees.

    Args:
        layer: gives maps, (n, channels, r, c).
        pictures: float (m, channels, rows, columns).
        n: patches.
        reach: rows and columns of a patch, in pixels.

    Returns:
        (n, channels, reach, reach).

    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", 2014. Built in lesson 16.
    """
    maps = activations(model, layer, pictures)[:, channel]
    strongest, places = maps.flatten(1).max(1)
    rows, columns = pictures.shape[-2:]
    patches = []
    for i in strongest.topk(min(n, len(pictures))).indices.tolist():
        row, column = divmod(int(places[i]), maps.shape[-1])
        top = _start(row * rows / maps.shape[-2] + 0.5, reach, rows)
        left = _start(column * columns / maps.shape[-1] + 0.5, reach, columns)
        patches.append(pictures[i, :, top : top + reach, left : left + reach])
    return torch.stack(patches)


def _start(middle: float, reach: int, length: int) -> int:
    """Where a stretch of `reach` around the middle begins, so that it stays inside."""
    return int(min(max(middle - reach / 2, 0), max(length - reach, 0)))


def saliency(model: nn.Module, pictures: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
    """How much each pixel would change the score: the size of the gradient, its largest over the channels.

    Args:
        pictures: float (n, channels, rows, columns).
        score: from the model's outputs to one number a picture, such as `lambda outputs: outputs[:, 3]`.

    Returns:
        (n, rows, columns), at least 0.

    K. Simonyan et al., "Deep inside convolutional networks", 2014. Built in lesson 16.
    """
    model.eval()
    pictures = pictures.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(score(model(pictures)).sum(), pictures)
    return gradient.abs().amax(1)


def class_activation_map(body: nn.Module, last: nn.Linear, pictures: Tensor, classes: Tensor) -> Tensor:
    """Where in the picture the evidence for a class lies: the features, each weighted as the last layer weights it.

    Args:
        body: pictures to features (n, features, r, c), which the head averages over the places.
        last: the linear layer that follows.
        pictures: float (n, channels, rows, columns).
        classes: int64 (n,).

    Returns:
        (n, r, c). The mean over the places, plus the bias, is the class's output.

    B. Zhou et al., "Learning deep features for discriminative localization", 2016. Built in lesson 16.
    """
    body.eval()
    with torch.no_grad():
        return torch.einsum("nfrc,nf->nrc", body(pictures), last.weight[classes])
