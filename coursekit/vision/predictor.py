"""A trained model of images by itself: predicts images, and is saved for use without its training data."""

from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from ..storage import load_tensors, load_weights, save_tensors
from ..targets import Categories, Keypoints, Masks, MultiLabels, Numbers, Prediction, TargetType, predictions
from .backbones import Backbone, make_backbone
from .images import Resize
from .loaders import encode_images, images_config
from .models import build_model

TARGET_TYPES = {made.__name__: made for made in (Categories, MultiLabels, Masks, Keypoints, Numbers)}


class Predictor:
    """Predicts images prepared exactly as in training; made by `learn.predictor()` or `Predictor.load`.

    Args:
        model: from images, float (n, channels, H, W) on 0 to 1, to outputs.
        target_type: what the outputs mean.
        resize: brings an image to the model's size.
        channels: of the images.
        config: how to build the model again: its backbone's name, and options of `build_model`.

    Example:
        >>> predictor = learn.predictor()
        >>> predictor.predict("my_cat.jpg")
        tabby (97%)

    Built in lesson 01.
    """

    def __init__(
        self, model: nn.Module, target_type: TargetType, resize: Resize, channels: int, config: dict[str, object]
    ) -> None:
        self.model, self.target_type, self.resize = model, target_type, resize
        self.channels, self.config = channels, config

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
        """Write all that is needed to one safetensors file, whole or not at all; gives the file's path."""
        metadata = {
            "target type": type(self.target_type).__name__, "targets": asdict(self.target_type),
            "size": list(self.resize.size), "fit": self.resize.fit, "channels": self.channels, "model": self.config,
        }  # fmt: skip
        config = images_config(self.target_type, self.channels)
        return save_tensors(path, self.model.state_dict(), {"predictor": metadata, "config": config})

    @classmethod
    def load(cls, path: Path | str, backbone: Backbone | None = None) -> "Predictor":
        """Read what `save` wrote.

        Args:
            path: of the file.
            backbone: the module, or the function that makes it, where it is neither `ck.resnet_tiny` nor torchvision's.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is damaged, holds no predictor, or a backbone that is not known here.
        """
        weights, metadata = load_tensors(path)
        if "predictor" not in metadata:
            raise ValueError(f"{path} holds weights only; predictor.save(path) writes what load needs")
        kept = metadata["predictor"]
        fields = {name: tuple(value) if isinstance(value, list) else value for name, value in kept["targets"].items()}
        target_type, channels = TARGET_TYPES[kept["target type"]](**fields), kept["channels"]
        resize = Resize(tuple(kept["size"]), kept["fit"])
        options = {name: value for name, value in kept["model"].items() if name != "backbone"}
        made = make_backbone(backbone or kept["model"]["backbone"], channels, pretrained=False)
        statistics = torch.zeros(channels), torch.ones(channels)  # those of the file come with the weights
        model = build_model(made, target_type, channels, resize.size, statistics, **options)
        load_weights(model, weights, str(path))
        return cls(model, target_type, resize, channels, kept["model"])
