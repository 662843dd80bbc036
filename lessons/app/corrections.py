"""What was answered wrongly, kept to train on."""

import csv
import io
import os
import secrets
import threading
from collections import Counter
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
        sizes = [file.stat().st_size for file in self.images.glob("*.png")]
        self.count, self.bytes, self.senders = len(sizes), sum(sizes), Counter()

    def add(self, image: Tensor, label: str, sender: str = "") -> str:
        """Keep an image, uint8 (channels, H, W); gives its file's name.

        Args:
            sender: an address; how many it has sent is remembered, and written nowhere.

        Raises:
            HTTPException: 507, there are enough, in number or bytes; 429, enough from this sender.
            OSError: the disk is full, say; then neither picture nor row is there.
        """
        name = f"{secrets.token_hex(16)}.png"
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow([name, label])
        small, file = to_pil_image(image), io.BytesIO()
        small.thumbnail((self.limits.side, self.limits.side))
        small.save(file, "PNG")
        size, limits = file.tell(), self.limits
        with self.lock:
            if self.senders[sender] >= limits.corrections_each:
                raise HTTPException(429, "Your address has sent as many corrections as one may.")
            if self.count >= limits.corrections or self.bytes + size > limits.kept_megabytes * 10**6:
                raise HTTPException(507, "No more corrections are kept: train with those that are there.")
            self._counted(1, size, sender)
        hidden = self.images / f".{name}"
        try:
            hidden.write_bytes(file.getbuffer())
            self._append(row.getvalue().encode())
            hidden.rename(self.images / name)
        except OSError:
            with self.lock:
                self._counted(-1, -size, sender)
            raise
        finally:
            hidden.unlink(missing_ok=True)
        return name

    def _counted(self, number: int, size: int, sender: str) -> None:
        self.count, self.bytes = self.count + number, self.bytes + size
        self.senders[sender] += number

    def _append(self, row: bytes) -> None:
        """One write at the file's end: whole, whatever other processes append."""
        file = os.open(self.table, os.O_WRONLY | os.O_APPEND)
        try:
            with self.lock:
                if os.write(file, row) < len(row):
                    raise OSError(f"the disk is full: {self.table} ends in half a row")
        finally:
            os.close(file)
