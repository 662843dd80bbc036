"""A trained model of images by itself: predicts images, and is saved for use without its training data."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..learner import Learner, load
from ..targets import Prediction, predictions
from .loaders import ImageLoaders, encode_images


class Predictor:
    """Predicts images prepared exactly as in training; made by `learn.predictor()` or `Predictor.load`.

    Args:
        learner: of images; its data may be left behind (see `ck.load`).

    Attributes:
        model: from images, float (n, channels, H, W) on 0 to 1, to outputs.
        target_type: what the outputs mean.
        resize: brings an image to the model's size.
        channels: of the images.

    Example:
        >>> predictor = learn.predictor()
        >>> predictor.predict("my_cat.jpg")
        tabby (97%)

    Built in lesson 01.
    """

    def __init__(self, learner: Learner) -> None:
        if not isinstance(data := learner.data, ImageLoaders):
            raise ValueError(f"a predictor of images needs their learner; this one's data are {type(data).__name__}")
        self.learner, self.model, self.target_type = learner, learner.model, data.target_type
        self.resize, self.channels = data.resize, data.channels

    @torch.inference_mode()
    def predict(self, x: object, batch_size: int = 64) -> Prediction | list[Prediction]:
        """What the model says of one image, or of several.

        Args:
            x: a path, an open file, a file's bytes, a Pillow image, an array (H, W) or (H, W, C), uint8; a tensor
                (channels, H, W), uint8, or float from 0 to 1 that has the model's size already; or a list, or a tensor
                or array with one axis more, of several.
            batch_size: of several, how many go through the model at once.

        Returns:
            A prediction with a label and probabilities; of keypoints the coordinates, in pixels of the image as it was
            given; of masks also the `mask` of the image as it was given. A list of them for several images.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: an image cannot be read, or a tensor has another shape or type.
        """
        batches, single = encode_images(x, self.resize, self.channels, batch_size)
        device, found = next(self.model.parameters()).device, []
        self.model.eval()
        for images, sizes in batches:
            values = self.target_type.values(self.model(images.to(device)).float()).cpu()
            if self.target_type.spatial == "keypoints":
                values = [self.resize.back(v.reshape(-1, 2), *size) for v, size in zip(values, sizes, strict=True)]
            answers = predictions(self.target_type, values)
            if self.target_type.spatial == "mask":
                masks = [self.resize.mask_back(v, *size) for v, size in zip(values, sizes, strict=True)]
                pairs = zip(answers, masks, strict=True)
                answers = [replace(answer, label=self.target_type.text(mask), mask=mask) for answer, mask in pairs]
            found += answers
        return found[0] if single else found

    def save(self, path: Path | str) -> Path:
        """Write all that is needed to one safetensors file, whole or not at all; it is `learn.export(path)`."""
        return self.learner.export(path)

    @classmethod
    def load(cls, path: Path | str, trust: Sequence[type] = ()) -> "Predictor":
        """Read what `save` or `learn.export` wrote; see `ck.load`."""
        return cls(load(path, trust=trust, device="cpu"))
