"""A trained model of pictures by itself: predicts one picture, and is saved for use without its training data."""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from . import resnet
from .bodies import Body, make_body
from .image_models import build
from .kinds import Categories, Kind, Masks, MultiLabels, Points
from .pictures import Resize, read_picture
from .storage import load_tensors, load_weights, save_tensors

KINDS = {kind.__name__: kind for kind in (Categories, MultiLabels, Masks, Points)}
Picture = str | Path | bytes | Tensor


@dataclass(frozen=True)
class Prediction:
    """What a model says of one picture.

    Attributes:
        text: the class; or the classes above one half; or the points.
        values: probabilities, float32 (classes,), or (classes, rows, columns) for masks; for points (points, 2): x and
            y in pixels of the picture as it was given.
        names: of the classes; empty for points.
    """

    text: str
    values: Tensor
    names: tuple[str, ...] = ()

    @property
    def probabilities(self) -> dict[str, float]:
        """Class name to probability, the largest first."""
        pairs = zip(self.names, self.values.tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    def __repr__(self) -> str:
        """The text, with the probability where one class was asked for."""
        single = self.names and self.values.dim() == 1 and self.text in self.names
        return f"{self.text} ({self.values.max():.0%})" if single else self.text


class Predictor:
    """Predicts pictures one by one, prepared exactly as in training.

    Args:
        model: from pictures, float (n, channels, rows, columns) on 0 to 1, to outputs.
        kind: what the outputs mean.
        resize: brings a picture to the model's size.
        channels: of the pictures.
        recipe: how to build the model again.

    Example:
        >>> predictor = learn.predictor()
        >>> predictor("my_cat.jpg")
        tabby (97%)

    Built in lesson 01.
    """

    def __init__(self, model: nn.Module, kind: Kind, resize: Resize, channels: int, recipe: dict) -> None:
        self.model, self.kind, self.resize, self.channels, self.recipe = model, kind, resize, channels, recipe

    def __call__(self, picture: Picture) -> Prediction:
        """Predict one picture: a file, a file's bytes, or a uint8 tensor (channels, rows, columns)."""
        return self.many([picture])[0]

    @torch.inference_mode()
    def many(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """Predict several pictures in one batch.

        Raises:
            ValueError: one of them cannot be read, or has another number of channels.
        """
        read = [self._read(picture) for picture in pictures]
        if not read:
            return []
        batch = torch.stack([self.resize(picture) for picture in read]).to(next(self.model.parameters()).device)
        self.model.eval()
        values = self.kind.probabilities(self.model(batch.float() / 255).float()).cpu()
        return [self._prediction(v, picture) for v, picture in zip(values, read, strict=True)]

    def _read(self, picture: Picture) -> Tensor:
        if isinstance(picture, Tensor):
            if picture.dtype != torch.uint8 or picture.dim() != 3 or len(picture) != self.channels:
                raise ValueError(
                    f"a picture as a tensor is uint8 of shape ({self.channels}, rows, columns); found "
                    f"{picture.dtype} of shape {tuple(picture.shape)}"
                )
            return picture
        return read_picture(io.BytesIO(picture) if isinstance(picture, bytes) else picture, self.channels)

    def _prediction(self, values: Tensor, picture: Tensor) -> Prediction:
        if isinstance(self.kind, Points):
            points = self.resize.back(values.reshape(-1, 2), *picture.shape[-2:])
            return Prediction(" ".join(f"({x:.0f}, {y:.0f})" for x, y in points.tolist()), points)
        best = values if isinstance(self.kind, MultiLabels) else values.argmax(0)
        return Prediction(self.kind.text(best), values, self.kind.names)

    def save(self, path: Path | str) -> Path:
        """Write all that is needed to one safetensors file, whole or not at all; gives the file's path."""
        notes = {
            "kind": type(self.kind).__name__, "labels": asdict(self.kind), "size": list(self.resize.size),
            "fit": self.resize.fit, "channels": self.channels, "recipe": self.recipe,
        }  # fmt: skip
        return save_tensors(path, self.model.state_dict(), {"predictor": notes})

    @classmethod
    def load(cls, path: Path | str, body: Body | None = None) -> "Predictor":
        """Read what `save` wrote.

        Args:
            path: of the file.
            body: the function that makes the model's body, where it is neither `ck.resnet_tiny` nor torchvision's.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is damaged, holds no predictor, or a body that is not known here.
        """
        weights, notes = load_tensors(path)
        if "predictor" not in notes:
            raise ValueError(f"{path} holds weights only; predictor.save(path) writes what load needs")
        notes = notes["predictor"]
        recipe = notes["recipe"]
        labels = {key: tuple(v) if isinstance(v, list) else v for key, v in notes["labels"].items()}
        kind = KINDS[notes["kind"]](**labels)
        made = make_body(body or _known_body(recipe["body"], path), notes["channels"], pretrained=False)
        statistics = (torch.tensor(recipe["mean"]), torch.tensor(recipe["std"]))
        model = build(recipe, made, kind, notes["channels"], tuple(recipe["size"]), statistics)
        load_weights(model, weights, str(path))
        return cls(model, kind, Resize(tuple(notes["size"]), notes["fit"]), notes["channels"], recipe)


def _known_body(name: str, path: Path | str) -> Body:
    """Our own body, or the name of one of torchvision's."""
    if name == "resnet_tiny":
        return resnet.resnet_tiny
    from torchvision import models

    if name not in models.list_models(module=models):
        raise ValueError(f"{path} was made with the body {name!r}, unknown here: give load(path, body=...)")
    return name
