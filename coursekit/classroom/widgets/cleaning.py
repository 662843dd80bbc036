"""A figure that changes labels: the samples with the highest losses, one by one, and a CSV of what was decided."""

import io
import os
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from numbers import Integral
from pathlib import Path

import ipywidgets
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from ...arguments import brief, fits, in_words
from ...interpret import Interpretation
from ...learner import Learner
from ...storage import write_whole
from ...targets import Categories
from ...vision.images import read_image
from ...vision.source import ImageSource
from .interactive import Interactive

DROP, COLUMNS, SIZE = "drop this image", ["file", "label", "was", "decision"], 320  # pixels an image is shown in


class Cleaner(Interactive):
    """Made by `cleaner`.

    Attributes:
        files: the images that are shown, the highest loss first.
        table: a row for each image of the source: `file` (below the folder that all lie in), `label` (empty if it was
            dropped), `was` (the label before) and `decision` ("kept", "relabelled", "dropped", or empty).
    """

    def __init__(self, source: ImageSource, losses: Sequence[float], order: Sequence[int], path: Path) -> None:
        self.path, self.order, self.losses, self._written = path, list(order), list(losses), None
        self.files, names = [source.files[i] for i in order], source.target_type.names
        folder = Path(os.path.commonpath([file.parent for file in source.files]))
        rows = [file.relative_to(folder).as_posix() for file in source.files]
        self.table = pd.DataFrame({"file": rows, "label": source.labels, "was": source.labels, "decision": ""})
        self._resume(names)
        self.number, self.status = 0, ipywidgets.HTML()
        self.choice = ipywidgets.RadioButtons(options=[*names, DROP], description="label")
        self.back, self.next = (ipywidgets.Button(description=words) for words in ("back", "confirm, next"))
        buttons = ipywidgets.HBox([self.back, self.next])
        what = f"the {len(self.order)} images with the highest losses, to be relabelled or dropped, into {path.name}"
        super().__init__([], self._drawn, what)
        self.children = [self.figure, self.choice, buttons, self.status, self.said]
        self.choice.observe(self._chosen, "value")
        self.back.on_click(lambda _: self.show(self.number - 1))
        self.next.on_click(lambda _: (self.decide(self.number, self.choice.value), self.show(self.number + 1)))
        undecided = [n for n, i in enumerate(self.order) if not self.table.decision[i]]
        self.show(undecided[0] if undecided else 0)

    def show(self, number: int) -> None:
        """Show the image of this number, from 0; beyond the last the last, before the first the first."""
        self.number = min(max(number, 0), len(self.order) - 1)
        self.choice.unobserve(self._chosen, "value")
        self.choice.value = self.table.label[self.order[self.number]] or DROP
        self.choice.observe(self._chosen, "value")
        self.redraw()

    def decide(self, number: int, label: str | None) -> None:
        """Say what the image of this number, from 0, is: a class; None drops it. The CSV is written at once.

        Raises:
            ValueError: no such number or class.
        """
        if not isinstance(number, int) or not 0 <= number < len(self.order):
            raise ValueError(f"the images that are shown have the numbers 0 to {len(self.order) - 1}; found {number!r}")
        if label not in (None, *self.choice.options):
            raise ValueError(f"a label is one of {', '.join(self.choice.options[:-1])}, or None; found {label!r}")
        row, label = self.order[number], "" if label in (None, DROP) else label
        decision = "kept" if label == self.table.was[row] else "relabelled" if label else "dropped"
        before = self.table.loc[row, ["label", "decision"]].tolist()
        self.table.loc[row, ["label", "decision"]] = label, decision
        try:
            self._write()
        except OSError as error:  # open in another program, say
            self.table.loc[row, ["label", "decision"]] = before
            self.status.value = f'<div role="alert">not written: {escape(str(error))}</div>'
            raise
        self.redraw()

    def _chosen(self, change: object) -> None:
        self.decide(self.number, self.choice.value)

    def _drawn(self) -> tuple[str, str]:
        """The image that is shown, and below it what is known of it; the same as a sentence."""
        row, file, problem = self.order[self.number], io.BytesIO(), ""
        try:
            image = Image.fromarray(read_image(self.files[self.number]).permute(1, 2, 0).numpy())
            image.thumbnail((SIZE, SIZE))
            image.save(file, "JPEG")
        except (ValueError, FileNotFoundError) as error:  # it can still be dropped
            problem = f"<div>{escape(str(error))}</div>"
        name, _, was, decision = self.table.loc[row]
        said = f"image {self.number + 1} of {len(self.order)}: {name}, labelled {was}"
        more = f"{said}; loss {self.losses[row]:.2f}; {decision or 'not decided'}"
        decided = int((self.table.decision[self.order] != "").sum())
        words = f"{decided} of {len(self.order)} decided, in {escape(str(self.path))}. Keys: Tab moves, Space chooses."
        self.status.value = f'<div role="status">{words}</div>'
        source = f'src="data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}" style="height:16em"'
        shown = problem or f'<img alt="{escape(said)}" {source}>'
        return f"{shown}<div>{escape(more)}</div>", more

    def _resume(self, names: Sequence[str]) -> None:
        """Take over what an earlier session decided."""
        if not self.path.exists():
            return
        try:
            old = pd.read_csv(self.path, dtype=str, keep_default_na=False).set_index("file")
            old = old.loc[[file for file in self.table.file if file in old.index], COLUMNS[1:]]
        except (ValueError, KeyError) as error:
            found = f"{self.path} is no list of this figure's, of the columns {', '.join(COLUMNS)} ({error})"
            raise ValueError(f"{found}: save it with commas, in UTF-8, or give another path") from error
        if old.empty or old.index.has_duplicates or not {*old.label} <= {*names, ""}:
            raise ValueError(f"{self.path} is of other images, or of other labels: give another path")
        rows = self.table.index[self.table.file.isin(old.index)]
        self.table.loc[rows, COLUMNS[1:]] = old.to_numpy()
        edited = self.table[(self.table.label != self.table.was) | (self.table.decision != "")]  # by hand, perhaps
        for row, label, was in zip(edited.index, edited.label, edited.was, strict=True):
            self.table.loc[row, "decision"] = "kept" if label == was else "relabelled" if label else "dropped"

    def _write(self) -> None:
        """Write the CSV, whole; what was there and is not this figure's own is kept under another name."""
        if self.path.exists() and self.path.read_bytes() != self._written:
            numbers = (n for n in range(1, 10**6) if not self.path.with_suffix(f".{n}.csv").exists())
            self.path.replace(self.path.with_suffix(f".{next(numbers)}.csv"))
        content = self.table.to_csv(index=False, lineterminator="\n").encode()
        write_whole(self.path, content)
        self._written = content


@in_words
def cleaner(
    losses: Learner | Interpretation | Tensor, source: ImageSource, path: Path | str = "cleaned.csv", n: int = 30
) -> Cleaner:
    """The images with the highest losses, one by one: keep the label, give another one or drop the image.

    Each decision is written at once into a CSV with a row for each image of the source: `file,label,was,decision`. A
    later call with the same path goes on where this one stopped, and keeps the file as it was under another name.

    Args:
        losses: a learner, of which all images are looked at, those that it trained on too; or an `Interpretation`, of
            the held-out ones; or a number for each image of the source.
        source: the labelled images.
        path: of the CSV.
        n: how many are shown.

    Raises:
        ValueError: images without files, labels that are not one name each, losses of other images, a folder that is
            not there, or a CSV that is none of this figure's or of other images.

    What the source reads anew, the images that were not dropped with their labels:

    >>> table = pd.read_csv("cleaned.csv", dtype=str, keep_default_na=False).query("decision != 'dropped'")
    >>> kept = ck.ImageSource([folder / file for file in table.file]).labelled_by(ck.list_labels([*table.label]))

    Used in lesson 24.
    """
    if not isinstance(source, ImageSource) or not isinstance(source.target_type, Categories):
        raise ValueError(f"labels are cleaned of images with one name each, .labelled_by(...); found {source!r:.80}")
    if not all(isinstance(file, Path) for file in source.files):
        raise ValueError("labels are cleaned of image files; these are the images of a tensor")
    if len({*source.files}) < len(source):
        raise ValueError("an image is in the source twice: a decision would be about one of its rows only")
    if not isinstance(n, Integral) or n < 1:
        raise ValueError(f"n is how many images are shown, at least one; found {n!r}")
    if not isinstance(path, (str, Path)) or not Path(path).parent.is_dir() or Path(path).is_dir():
        raise ValueError(f"the path of a CSV, in a folder that is there, is needed; found {path!r}")
    files, values = _losses(losses, source)
    index = {file: i for i, file in enumerate(source.files)}
    if len(files) != len(values) or not {*files} <= {*index}:
        raise ValueError(f"{len(values)} losses are not of these {len(source)} images: give those of a model of them")
    order = [index[files[i]] for i in values.argsort(descending=True).tolist()[:n]]
    by_image = dict(zip(files, values.tolist(), strict=True))
    return Cleaner(source, [by_image.get(file, 0.0) for file in source.files], order, Path(path))


def _losses(losses: Learner | Interpretation | Tensor, source: ImageSource) -> tuple[Sequence[Path], Tensor]:
    """Which images losses are of, and the losses."""
    if isinstance(losses, Learner):
        if not hasattr(losses.data, "source"):
            raise ValueError("this learner is not of images (a head on cached features, say): give the whole learner")
        parts = [Interpretation(losses, losses.data.train), Interpretation(losses)]
        files = [*losses.data.source.part(False)[0], *losses.data.source.part(True)[0]]
        return files, torch.cat([part.losses for part in parts])
    if isinstance(losses, Interpretation):
        return losses.files or (), losses.losses
    if fits(losses, Sequence):
        return source.files, torch.as_tensor(losses).flatten()
    raise ValueError(f"losses are a learner, an Interpretation or a number for each image; found {brief(losses)}")
