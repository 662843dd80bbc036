"""Learners for pictures: a body that knows how to see, a head for what is asked."""

import torch
from torch import Tensor

from .augment import eight_symmetries, move_pictures, move_points
from .bodies import Body, body_name, halves, make_body, pretrained_statistics
from .image_loaders import ImageLoaders, PictureLoader
from .image_models import build, head_of
from .kinds import Masks, Points
from .learner import Learner
from .predictor import Predictor
from .resnet import resnet_tiny
from .storage import MadeFor


class VisionLearner(MadeFor, Learner):
    """A `Learner` of pictures; made by `vision_learner` or `unet_learner`.

    Attributes:
        recipe: what `predictor` writes down to build the same model again.
    """

    recipe: dict

    def tta(self, loader: PictureLoader | None = None) -> tuple[Tensor, Tensor]:
        """Test-time augmentation: each picture is predicted in several views, and the predictions are averaged.

        The views are the eight symmetries where the training data were augmented by them, otherwise the picture and
        its mirror image. Masks and points are moved back before they are averaged.

        Args:
            loader: None takes the held-out pictures.

        Returns:
            The mean probabilities (points: coordinates), one row a picture, and the targets; on the CPU.

        Raises:
            ValueError: the training data were augmented, but never mirrored (`flip=False`).

        Built in lesson 04.
        """
        loader, augment, views = loader or self.data.valid, self.data.augment, eight_symmetries()
        if augment and not (augment.symmetries or augment.flip):
            raise ValueError("there is no other view to average: the training pictures were not mirrored (flip=False)")
        if not (augment and augment.symmetries):
            views = views[[0, 4]]
        self.model.eval()
        means, all_targets = [], []
        with torch.no_grad():
            for pictures, targets in loader:
                means.append(sum(self._view(pictures, view) for view in views) / len(views))
                all_targets.append(targets)
        return torch.cat(means).cpu(), torch.cat(all_targets).cpu()

    def _view(self, pictures: Tensor, view: Tensor) -> Tensor:
        """The probabilities of the pictures in one view, moved back to where they belong."""
        matrices = view.to(pictures.device).expand(len(pictures), 3, 3)
        with self.autocast():
            outputs = self.forward(move_pictures(pictures, matrices)).float()
        found = self.data.kind.probabilities(outputs)
        if isinstance(self.data.kind, Masks):
            return move_pictures(found, torch.linalg.inv(matrices))
        return move_points(found, torch.linalg.inv(matrices)) if isinstance(self.data.kind, Points) else found

    def use(self, data: ImageLoaders) -> None:
        """Go on with other data: more of it, or the same pictures at another size (progressive resizing).

        Raises:
            ValueError: other classes, or another number of channels, than the model was made for.
        """
        for name, new, old in (("labels", data.kind, self.data.kind), ("channels", data.channels, self.data.channels)):
            if new != old:
                raise ValueError(f"the model was made for the {name} {old}; these data have {new}")
        super().use(data)

    def check_notes(self, notes: dict, origin: str) -> None:
        """Raise a ValueError if the file was made for other classes; what `predictor` saves names them elsewhere."""
        labels = notes.get("predictor", {}).get("labels", {})
        super().check_notes({"made_for": {"classes": labels["names"]} if "names" in labels else {}} | notes, origin)

    def predictor(self) -> Predictor:
        """The trained model by itself, to predict one picture, and to be saved for use without its training data.

        Built in lesson 01.
        """
        return Predictor(self.model, self.data.kind, self.data.resize, self.data.channels, self.recipe)


def vision_learner(
    data: ImageLoaders, body: Body = resnet_tiny, *, pretrained: bool = True, dropout: float = 0.25, **options: object
) -> VisionLearner:
    """A learner for one class, several classes or points for each picture; what the labels are decides head and loss.

    Args:
        data: see `ImageLoaders`.
        body: `ck.resnet_tiny`, the name of a torchvision classifier ("resnet34"), or a function that makes a body.
        pretrained: start from the body's weights, frozen: `unfreeze()` trains them too. Pictures are then normalised by
            the statistics that belong to these weights, see `bodies.pretrained_statistics`; otherwise by their own.
        dropout: before the last layer.
        options: of `Learner`, such as `metrics`.

    Raises:
        ValueError: the labels are masks, which need `unet_learner`.

    Used in lesson 01.
    """
    if isinstance(data.kind, Masks):
        raise ValueError("the labels are masks, a class for every pixel: use ck.unet_learner")
    recipe = {"model": "head", "body": body_name(body), "dropout": dropout}
    return _learner(data, body, pretrained, recipe, options)


def unet_learner(
    data: ImageLoaders,
    body: Body = resnet_tiny,
    *,
    pretrained: bool = True,
    crossings: bool = True,
    **options: object,
) -> VisionLearner:
    """A learner for a class for every pixel, by a U-Net on the body.

    Args:
        data: see `ImageLoaders`; the labels are masks.
        body, pretrained: see `vision_learner`.
        crossings: False leaves out the U-Net's crossings, for comparison.
        options: of `Learner`, such as `metrics`.

    Used in lesson 05.
    """
    if not isinstance(data.kind, Masks):
        raise ValueError(f"a U-Net gives a class for every pixel; these labels are {type(data.kind).__name__}")
    return _learner(data, body, pretrained, {"model": "unet", "body": body_name(body), "crossings": crossings}, options)


def _learner(data: ImageLoaders, body: Body, pretrained: bool, recipe: dict, options: dict) -> VisionLearner:
    made = make_body(body, data.channels, pretrained)
    mean, std = pretrained_statistics(made, data.channels, data.statistics) if pretrained else data.statistics()
    model = build(recipe, made, data.kind, data.channels, data.size, (mean, std.clamp(min=1e-3)))
    groups = [*halves(made), head_of(model)]
    learner = VisionLearner(data, model, **{"loss": data.kind.loss, "groups": groups, "channels_last": True} | options)
    learner.recipe = recipe | {"size": list(data.size), "mean": mean.tolist(), "std": std.tolist()}
    if pretrained:
        learner.freeze()
    return learner
