"""Learners of images: a backbone that knows how to see, a head for what is asked."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..arguments import in_words
from ..learner import Learner, evaluating, with_learner_options
from ..loaders import Loaders
from ..targets import Numbers, Prediction
from .augment import dihedral_group, move_images, move_targets
from .backbones import Backbone, Statistics, features_shape, halves, make_backbone, resnet_tiny
from .loaders import ImageLoader, ImageLoaders
from .models import ImageNorm, build_model
from .predictor import Predictor


class VisionLearner(Learner):
    """A `Learner` of images; made by `vision_learner` or `unet_learner`."""

    def tta(self, loader: ImageLoader | None = None) -> tuple[Tensor, Tensor]:
        """Test-time augmentation: each image is predicted in several views, and the predictions are averaged.

        The views are the dihedral group where the training data were augmented by it, otherwise the image and its
        mirror image. Masks and keypoints are moved back before they are averaged.

        Args:
            loader: None takes the held-out images.

        Returns:
            The mean probabilities (keypoints: coordinates), one row an image, and the targets; on the CPU.

        Raises:
            ValueError: the training images were never mirrored or turned, by `augment=ck.Augment(flip=True)` or
                `ck.dihedral()`; or the loader is of other classes.

        Built in lesson 04.
        """
        loader, augment = self._held_out(loader), self.data.augment
        mirrors = augment is not None and augment.mirrors(self.data.target_type)
        if not (augment and (augment.dihedral or mirrors)):
            raise ValueError(f"there is no other view to average: the training images were not mirrored ({augment=})")
        views = dihedral_group()[: 8 if mirrors else 4] if augment.dihedral else dihedral_group()[[0, 4]]
        means, all_targets = [], []
        with self.looking():
            for images, targets in loader:
                means.append(sum(self._view(images, view) for view in views) / len(views))
                all_targets.append(targets)
        return torch.cat(means).cpu(), torch.cat(all_targets).cpu()

    def _view(self, images: Tensor, view: Tensor) -> Tensor:
        """What is said of the images in one view, moved back to where it belongs."""
        matrices, target_type = view.to(images.device).expand(len(images), 3, 3), self.data.target_type
        values = target_type.values(self._outputs(move_images(images, matrices)))
        return move_targets(values, torch.linalg.inv(matrices), target_type)

    def predictor(self) -> Predictor:
        """The trained model by itself, to be saved for use without its training data.

        Built in lesson 01.
        """
        return Predictor(self)

    def predict(self, x: object) -> Prediction | list[Prediction]:
        """What the model says of one image, or of several; see `Predictor.predict`."""
        return self.predictor().predict(x, self.data.valid.batch_size)


@with_learner_options
@in_words
def vision_learner(
    data: ImageLoaders, backbone: Backbone = resnet_tiny, *, pretrained: bool = True,
    statistics: Statistics | None = None, dropout: float | Sequence[float] = 0.25, hidden: Sequence[int] = (),
    **options: object,
) -> VisionLearner:  # fmt: skip
    """A learner for one class, several classes, keypoints or numbers an image: the labels decide head and loss.

    Args:
        data: see `ImageLoaders`.
        backbone: `ck.resnet_tiny`; the name of a torchvision classifier ("resnet34"); a function that makes a backbone,
            called with `pretrained=`; or the module itself, from images to features: see `ck.without_head`.
        pretrained: start from the backbone's weights, frozen: `unfreeze()` trains them too.
        statistics: mean and standard deviation of each channel, from 0 to 1, by which images are normalized. None:
            those that the backbone was trained with (ours and torchvision's know them); without weights, the data's.
        dropout: before each linear layer of the head; one number for all, or a list, a number each: [0.25, 0.5].
        hidden: widths of linear layers before the last, each with ReLU and batch norm: [512].
        options: of `Learner`, such as `metrics`.

    Raises:
        ValueError: the labels are masks, which need `unet_learner`; a pretrained backbone does not know its statistics;
            statistics, dropout or widths that are none.

    Used in lesson 01.
    """
    return _learner(data, backbone, pretrained, statistics, {"dropout": dropout, "hidden": hidden}, options)


@in_words
def precompute(data: ImageLoaders, backbone: Backbone) -> Loaders:
    """Cached features: what a frozen backbone makes of all images, so that a head can be trained without it.

    Args:
        data: see `ImageLoaders`. The training images are taken as they are: augmentation would change nothing, since
            each image goes through the backbone once.
        backbone: a learner's model without its head, `learn.model[:-1]`; or any other backbone, normalized as
            `vision_learner` would: its name, a function or a module.

    Returns:
        Batches of features, (n, features, h, w), and the targets of the images, in memory.

    Raises:
        ValueError: the labels are masks, whose U-Net takes features from every stage; or a whole classifier.

    The head is a part of the learner's model, so that what it learned is there at once:

    >>> learn = ck.vision_learner(data)
    >>> features = ck.precompute(data, learn.model[:-1])
    >>> head = ck.Learner(features, learn.model[-1], data.target_type.loss_fn)
    >>> head.fit_one_cycle(5)
    >>> learn.validate()

    Built in lesson 01.
    """
    if not isinstance(data, ImageLoaders) or data.target_type.spatial == "mask":
        what = "labels that are masks" if isinstance(data, ImageLoaders) else type(data).__name__
        raise ValueError(f"features are kept of images whose model has a head after its backbone; found {what}")
    if not (isinstance(backbone, nn.Module) and any(isinstance(part, ImageNorm) for part in backbone.modules())):
        statistics, backbone = _with_statistics(data, backbone, True, None)
        backbone = nn.Sequential(ImageNorm(*statistics), backbone)
    if data.augment is not None:
        warnings.warn("features are kept of the images as they are: nothing is augmented", stacklevel=3)
    parts = []
    with evaluating(backbone.to(data.device)), torch.no_grad():
        features_shape(backbone, data.channels, data.size)
        for loader in (data.train, data.valid):
            batches = [(backbone(images).cpu(), targets.cpu()) for images, targets in loader.in_order()]
            parts.append(tuple(map(torch.cat, zip(*batches, strict=True))))
    return Loaders(*parts, batch_size=data.train.batch_size, device=data.device, target_type=data.target_type)


@with_learner_options
@in_words
def unet_learner(
    data: ImageLoaders, encoder: Backbone = resnet_tiny, *, pretrained: bool = True,
    statistics: Statistics | None = None, skip_connections: bool = True, **options: object,
) -> VisionLearner:  # fmt: skip
    """A learner for a class for every pixel, by a U-Net.

    Args:
        data: see `ImageLoaders`; the labels are masks.
        encoder, pretrained, statistics: see `vision_learner`, whose backbone is the encoder here.
        skip_connections: False leaves them out, for comparison.
        options: of `Learner`, such as `metrics`.

    Raises:
        ValueError: see `vision_learner`; the labels are no masks.

    Used in lesson 05.
    """
    return _learner(data, encoder, pretrained, statistics, {"skip_connections": skip_connections}, options)


def _learner(
    data: ImageLoaders, backbone: Backbone, pretrained: bool, statistics: Statistics | None, config: dict, options: dict
) -> VisionLearner:
    masks = data.target_type.spatial == "mask"
    if masks == ("dropout" in config):
        needed = f"a U-Net gives a class for every pixel; these labels are {type(data.target_type).__name__}"
        raise ValueError("the labels are masks, a class for every pixel: use ck.unet_learner" if masks else needed)
    statistics, made = _with_statistics(data, backbone, pretrained, statistics)
    model = build_model(made, data.target_type, data.channels, data.size, statistics, **config)
    if isinstance(data.target_type, Numbers):
        model[-1][-1].fit(data.target_type.encode(data.source.part(False)[1]))
    rest = nn.ModuleList([part for part in (model[-1] if masks else model).children() if part is not made])
    usual = {"loss_fn": data.target_type.loss_fn, "groups": [*halves(made), rest], "channels_last": True}
    learn = VisionLearner(data, model, **(usual | options))
    if pretrained:
        learn.freeze()
    return learn


def _with_statistics(
    data: ImageLoaders, backbone: Backbone, pretrained: bool, statistics: Statistics | None
) -> tuple[Statistics, nn.Module]:
    """The backbone, and by what its images are normalized."""
    made = make_backbone(backbone, data.channels, pretrained)
    if statistics is None:
        statistics = next((part.statistics for part in made.modules() if hasattr(part, "statistics")), None)
    if statistics is None and pretrained:
        advice = "Give statistics=(mean, std), a number a channel each, from 0 to 1; or pretrained=False"
        raise ValueError(f"by which mean and standard deviation were this backbone's images normalized? {advice}")
    mean, std = data.statistics() if statistics is None else _for_channels(statistics, data)
    return (mean, std.clamp(min=1e-3)), made


def _for_channels(statistics: Statistics, data: ImageLoaders) -> Statistics:
    """Statistics for the data's channels: one has the mean of all, as it has the sum of their filters (see
    `backbones.adapt_channels`); of those beyond the known ones the data's own are taken."""
    try:
        known = [torch.as_tensor(numbers, dtype=torch.float32).flatten() for numbers in statistics]
        (mean, std), enough = known, min(3, data.channels)
        good = len(mean) == len(std) >= enough and mean.min() >= 0 and std.min() > 0 and max(mean.max(), std.max()) <= 1
    except (TypeError, ValueError):
        good = False
    if not good:
        needed = "a pair (mean, std), one number a channel each, on the images' scale from 0 to 1, the std above 0"
        raise ValueError(f"statistics are {needed}; found {statistics}")
    if data.channels == 1:
        return tuple(numbers.mean(0, keepdim=True) for numbers in known)
    own = data.statistics() if data.channels > len(known[0]) else known
    return tuple(torch.cat([a, b[len(a) :]])[: data.channels] for a, b in zip(known, own, strict=True))
