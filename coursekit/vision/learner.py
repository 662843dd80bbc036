"""Learners of images: a backbone that knows how to see, a head for what is asked."""

import torch
from torch import Tensor, nn

from ..arguments import in_words
from ..learner import Learner, with_learner_options
from ..targets import Prediction
from .augment import dihedral_group, move_images, move_targets
from .backbones import Backbone, Statistics, halves, make_backbone, resnet_tiny
from .loaders import ImageLoader, ImageLoaders
from .models import build_model
from .predictor import Predictor


class VisionLearner(Learner):
    """A `Learner` of images; made by `vision_learner` or `unet_learner`.

    Attributes:
        model_config: what `predictor` writes down to build the same model again.
    """

    model_config: dict[str, object]

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
        return Predictor(self.model, self.data.target_type, self.data.resize, self.data.channels, self.model_config)

    def predict(self, x: object) -> Prediction | list[Prediction]:
        """What the model says of one image, or of several; see `Predictor.predict`."""
        return self.predictor().predict(x, self.data.valid.batch_size)


@with_learner_options
@in_words
def vision_learner(
    data: ImageLoaders, backbone: Backbone = resnet_tiny, *, pretrained: bool = True,
    statistics: Statistics | None = None, dropout: float = 0.25, **options: object,
) -> VisionLearner:  # fmt: skip
    """A learner for one class, several classes or keypoints an image; what the labels are decides head and loss.

    Args:
        data: see `ImageLoaders`.
        backbone: `ck.resnet_tiny`; the name of a torchvision classifier ("resnet34"); a function that makes a backbone,
            called with `pretrained=`; or the module itself, from images to features: see `ck.without_head`.
        pretrained: start from the backbone's weights, frozen: `unfreeze()` trains them too.
        statistics: mean and standard deviation of each channel, from 0 to 1, by which images are normalized. None:
            those that the backbone was trained with (ours and torchvision's know them); without weights, the data's.
        dropout: before the last layer.
        options: of `Learner`, such as `metrics`.

    Raises:
        ValueError: the labels are masks, which need `unet_learner`; a pretrained backbone does not know its statistics;
            statistics, or a dropout, that are none.

    Used in lesson 01.
    """
    return _learner(data, backbone, pretrained, statistics, {"dropout": dropout}, options)


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
    if not isinstance(data, ImageLoaders):
        raise ValueError(f"data of images are needed, as source.loaders(size) gives; found {type(data).__name__}")
    masks = data.target_type.spatial == "mask"
    if masks == ("dropout" in config):
        needed = f"a U-Net gives a class for every pixel; these labels are {type(data.target_type).__name__}"
        raise ValueError("the labels are masks, a class for every pixel: use ck.unet_learner" if masks else needed)
    if not isinstance(dropout := config.get("dropout", 0.0), (int, float)) or not 0 <= dropout < 1:
        raise ValueError(f"dropout is one number, at least 0 and below 1; found {dropout!r}")
    made = make_backbone(backbone, data.channels, pretrained)
    if statistics is None:
        statistics = next((part.statistics for part in made.modules() if hasattr(part, "statistics")), None)
    if statistics is None and pretrained:
        advice = "Give statistics=(mean, std), a number a channel each, from 0 to 1; or pretrained=False"
        raise ValueError(f"by which mean and standard deviation were this backbone's images normalized? {advice}")
    mean, std = data.statistics() if statistics is None else _for_channels(statistics, data)
    model = build_model(made, data.target_type, data.channels, data.size, (mean, std.clamp(min=1e-3)), **config)
    rest = nn.ModuleList([part for part in (model[-1] if masks else model).children() if part is not made])
    usual = {"loss_fn": data.target_type.loss_fn, "groups": [*halves(made), rest], "channels_last": True}
    learn = VisionLearner(data, model, **(usual | options))
    name = backbone if isinstance(backbone, str) else getattr(backbone, "__name__", type(backbone).__name__)
    learn.model_config = {"backbone": name} | config
    if pretrained:
        learn.freeze()
    return learn


def _for_channels(statistics: Statistics, data: ImageLoaders) -> Statistics:
    """Statistics for the data's channels: one has the mean of all, as it has the sum of their filters (see
    `backbones.adapt_channels`); of those beyond the known ones the data's own are taken."""
    try:
        known = [torch.as_tensor(numbers, dtype=torch.float32).flatten() for numbers in statistics]
        (mean, std), enough = known, min(3, data.channels)
        good = len(mean) == len(std) >= enough and (mean >= 0).all() and (mean <= 1).all() and (std > 0).all()
    except (TypeError, ValueError):
        good = False
    if not good:
        needed = "a pair (mean, std), one number a channel each, on the images' scale from 0 to 1, the std above 0"
        raise ValueError(f"statistics are {needed}; found {statistics}")
    if data.channels == 1:
        return tuple(numbers.mean(0, keepdim=True) for numbers in known)
    own = data.statistics() if data.channels > len(known[0]) else known
    return tuple(torch.cat([a, b[len(a) :]])[: data.channels] for a, b in zip(known, own, strict=True))
