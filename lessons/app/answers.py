"""What a model is asked, and how its answer is told as JSON, whatever it was trained to say."""

import base64
import colorsys
import io
import json
import math

import torch
from fastapi import HTTPException, UploadFile
from PIL import Image
from pydantic import BaseModel
from torch import Tensor

import coursekit as ck
from coursekit.targets import Categories, Keypoints, Masks, Numbers, Prediction
from coursekit.vision.source import normal

from .limits import Limits
from .uploads import decode, whole_size

TAKES = {ck.TextLoaders: "text", ck.TableLoaders: "row", ck.RatingLoaders: "row"}
Question = tuple[object, tuple[int, int]]  # a text, a row or an image in the model's size; an image's own height, width


def no_number(text: str) -> float:
    """What JSON does not know, and Python's `json` reads: NaN, Infinity.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{text[:40]} is no number")


def finite(text: str) -> float:
    """A number, as 1e999 is none.

    Raises:
        ValueError: it is too large.
    """
    return float(text) if math.isfinite(float(text)) else no_number(text)


class Class(BaseModel):
    """A class and how sure the model is of it, 0 to 1."""

    label: str
    probability: float


class Mask(BaseModel):
    """A class for every pixel: a PNG in colors, as a data URL, and where it lies on the picture that was sent."""

    png: str
    box: list[float]  # left, top, right, bottom, in pixels
    colors: dict[str, str]  # of each class that is there


class Answer(BaseModel):
    """The answer in words, and its parts, of which there are those that the model knows."""

    label: str
    classes: list[Class] = []  # with their probabilities, the most probable first
    numbers: dict[str, float] = {}
    points: list[tuple[float, float]] = []  # x and y in pixels of the picture that was sent
    mask: Mask | None = None


class Model:
    """What `ck.load` or `ck.Predictor.load` gave, as the app asks it: many questions, one forward pass.

    Attributes:
        takes: "picture", "text", or "row": a table's or a rating's, as JSON.
        target_type: what it says: classes, masks ...
        corrects: whether a wrong answer can be put right with the name of a class.

    Raises:
        ValueError: a language model, or something else.
    """

    def __init__(self, model: ck.Predictor | ck.Learner) -> None:
        if isinstance(model, ck.VisionLearner):
            model = model.predictor()
        data = getattr(model, "data", None)
        takes = [kind for loaders, kind in TAKES.items() if isinstance(data, loaders)]
        if not takes and not hasattr(model, "resize"):
            served = "the app serves learners that answer about images, texts, tables and ratings"
            does = ", which writes on" if hasattr(model, "generate") else ""
            raise ValueError(f"{served}; this is a {type(model).__name__}{does}")
        self.model, self.takes = model, takes[0] if takes else "picture"
        self.target_type = data.target_type if takes else model.target_type
        self.corrects = self.takes == "picture" and isinstance(self.target_type, Categories)

    def picture(self, upload: UploadFile, limits: Limits, alone: bool = True) -> Question:
        """An uploaded picture, made small before it waits; see `uploads.decode` for what is refused."""
        image = decode(upload, self.model.channels, limits, max(self.model.resize.size), alone)
        return self.model.resize(image), whole_size(upload, image)

    def text(self, text: str, limits: Limits) -> Question:
        """A text, or a row as JSON.

        Raises:
            HTTPException: 413, too long; 422, empty, or a row that is none or lacks a column.
        """
        if len(text) > limits.characters:
            raise HTTPException(413, f"The text is too long: at most {limits.characters:,} characters are read.")
        if not text.strip():
            raise HTTPException(422, "The text is empty: write something.")
        if self.takes == "text":
            return text, (0, 0)
        try:
            row = json.loads(text, parse_constant=no_number, parse_float=finite)
            self.model.data.encode(row if isinstance(row, dict) else text)
        except (ValueError, OverflowError, RecursionError) as error:
            why = str(error)[:300]  # which may quote what was sent
            raise HTTPException(422, f"This is no row as JSON, a name and a value for each column: {why}") from error
        return row, (0, 0)

    def class_called(self, name: str) -> str:
        """The name of a class, however its accents are spelt.

        Raises:
            HTTPException: 422, there is none.
        """
        label, names = normal(name), self.target_type.names
        if label not in names:
            raise HTTPException(422, f"No class is called {label[:40]!r}; there are {', '.join(names)}.")
        return label

    def answer(self, questions: list[Question]) -> list[Answer]:
        """An answer to each."""
        said = self.model.predict([what for what, _ in questions])
        return [self._told(one, *question) for one, question in zip(said, questions, strict=True)]

    def _told(self, said: Prediction, what: object, size: tuple[int, int]) -> Answer:
        if isinstance(self.target_type, Numbers):
            return Answer(label=said.label, numbers=said.numbers)
        if isinstance(self.target_type, Keypoints):  # of the small image, to the one that was sent
            scale = torch.tensor([what.shape[-1], what.shape[-2]])
            points = self.model.resize.back(2 * said.values / scale - 1, *size)
            words = " ".join(f"({x:.0f}, {y:.0f})" for x, y in points.tolist())
            return Answer(label=words, points=points.tolist())
        if isinstance(self.target_type, Masks):
            return Answer(label=said.label, mask=self._mask(said.values.argmax(0), size))
        classes = [Class(label=label, probability=p) for label, p in said.probabilities.items()]
        return Answer(label=said.label, classes=classes)

    def _mask(self, numbers: Tensor, size: tuple[int, int]) -> Mask:
        """Class numbers (rows, columns) of the small image as a picture, and where it lies on the one that was sent."""
        hues = [colorsys.hsv_to_rgb(0.618 * i % 1, 0.8, 0.95 - 0.3 * (i % 2)) for i in range(256)]
        palette = [round(255 * part) for hue in hues for part in hue]
        picture, file = Image.fromarray(numbers.byte().numpy()), io.BytesIO()
        picture.putpalette(palette)
        picture.save(file, "PNG")
        there = numbers.unique().tolist()
        names = self.target_type.names
        return Mask(
            png="data:image/png;base64," + base64.b64encode(file.getvalue()).decode(),
            box=self.model.resize.back(torch.tensor([[-1.0, -1.0], [1.0, 1.0]]), *size).flatten().tolist(),
            colors={names[i]: "#" + bytes(palette[3 * i : 3 * i + 3]).hex() for i in there},
        )
