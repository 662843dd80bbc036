"""What was answered wrongly, kept to train on."""

import csv
import io
import os
import secrets
import threading
from pathlib import Path

from fastapi import HTTPException
from torch import Tensor
from torchvision.transforms.v2.functional import to_pil_image

from .limits import Limits


class Corrections:
    """Pictures and their right labels, as `ck.csv_labels` reads them: `images/` and `corrections.csv` in a folder.

    Pictures are kept under random names, upright, without what a camera writes about place and time. Nothing is ever
    overwritten. Should the program be killed between the row and its picture, the row is left without one:
    `ck.csv_labels(..., unused=True)` allows that.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self.limits, self.lock = Path(folder), limits, threading.Lock()
        self.images, self.table = self.folder / "images", self.folder / "corrections.csv"
        self.images.mkdir(parents=True, exist_ok=True)
        try:
            with self.table.open("x", encoding="utf-8") as file:  # "x": only if there is none
                file.write("file,label\n")
        except FileExistsError:
            pass
        self.count = len(list(self.images.glob("*.png")))

    def add(self, image: Tensor, label: str) -> str:
        """Keep an image, uint8 (channels, H, W); gives its file's name.

        Raises:
            HTTPException: 507, there are enough.
            OSError: the disk is full, say; then neither picture nor row is there.
        """
        name = f"{secrets.token_hex(16)}.png"
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow([name, label])
        with self.lock:
            if self.count >= self.limits.corrections:
                raise HTTPException(507, "No more corrections are kept: train with those that are there.")
            self.count += 1
        small = to_pil_image(image)
        small.thumbnail((self.limits.side, self.limits.side))
        hidden = self.images / f".{name}"
        try:
            with hidden.open("xb") as file:
                small.save(file, "PNG")
            self._append(row.getvalue().encode())
            hidden.rename(self.images / name)
        finally:
            hidden.unlink(missing_ok=True)
        return name

    def _append(self, row: bytes) -> None:
        """One write at the file's end: whole, whatever other processes append."""
        file = os.open(self.table, os.O_WRONLY | os.O_APPEND)
        try:
            with self.lock:
                if os.write(file, row) < len(row):
                    raise OSError(f"the disk is full: {self.table} ends in half a row")
        finally:
            os.close(file)
