"""Images brought to one size, kept on disk: those of a set that does not fit in memory are decoded once."""

import hashlib
import math
import os
import shutil
import warnings
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from torch import Tensor
from torch.utils.data import get_worker_info

from ..datasets import home
from ..storage import write_whole


def cache_folder() -> Path:
    """Where images are kept: `cache/images` in `coursekit.datasets.home()`."""
    return home() / "cache" / "images"


def cache_limit() -> int:
    """How many bytes the images may take: the gigabytes that `COURSEKIT_CACHE` says, 10 without it; 0: none are kept.

    Raises:
        ValueError: no such number.
    """
    given = os.environ.get("COURSEKIT_CACHE") or "10"
    try:
        gigabytes = float(given)
    except ValueError:
        gigabytes = math.nan
    if not 0 <= gigabytes < math.inf:
        raise ValueError(f"COURSEKIT_CACHE is a number of gigabytes, 0 for none; found {given!r}")
    return int(gigabytes * 1e9)


def clear_cache() -> int:
    """Remove all images that are kept; gives how many bytes they took."""
    folder = cache_folder()
    size = sum(size for _, size, _ in _entries(folder))
    shutil.rmtree(folder, ignore_errors=True)
    return size


class ImageCache:
    """Keeps on disk what was made of files, until these change; several processes may use it at once.

    Each entry is a file, written whole or not at all, with a sum of its bytes: a damaged one is made anew. Past the
    limit those go that were not used for longest. The entries also leave as much of the disk free as they take. Where
    nothing can be written, nothing is kept, and a warning says so once.

    Args:
        limit: in bytes; None: see `cache_limit`.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = cache_limit() if limit is None else limit
        self.folder, self.written = None, self.limit  # bytes since the entries were last counted: count at first
        if self.limit:
            try:
                self.folder = cache_folder()
                write_whole(self.folder / f"{os.getpid()}.test", b"")
                (self.folder / f"{os.getpid()}.test").unlink(missing_ok=True)
            except OSError as error:
                self._give_up(error)

    def __call__(
        self, files: Sequence[Path | str], settings: object, make: Callable[[], tuple[Tensor, ...]]
    ) -> tuple[Tensor, ...]:
        """The tensors that `make()` gives, or gave before for the same files and settings.

        Args:
            files: on whose paths, sizes and times of change the tensors depend.
            settings: what else they depend on; its text (`repr`) tells it from others.
            make: makes the tensors.
        """
        from safetensors.torch import save

        try:
            stats = [(os.path.abspath(file), os.stat(file).st_size, os.stat(file).st_mtime_ns) for file in files]
        except OSError:
            return make()  # which says what is wrong
        if self.folder is None:
            return make()
        name = hashlib.sha256(repr((stats, settings)).encode("utf-8", "surrogatepass")).hexdigest()
        path = self.folder / name[:2] / name
        if (found := _read(path)) is None:
            found = make()
            self._write(path, save({str(i): tensor.contiguous() for i, tensor in enumerate(found)}))
        return found

    def _write(self, path: Path, content: bytes) -> None:
        try:
            if self.written > self.limit / 64:
                self._make_room()
            write_whole(path, _sum(content) + content, durable=False)
            self.written += len(content)
        except OSError as error:
            self._give_up(error)

    def _make_room(self) -> None:
        """Remove what was not used for longest, if there is too much: until a tenth of what may be there is free."""
        entries = sorted(_entries(self.folder))
        total, self.written = sum(size for _, size, _ in entries), 0
        self.folder.mkdir(parents=True, exist_ok=True)  # it may have been cleared meanwhile
        most = min(self.limit, (total + shutil.disk_usage(self.folder).free) // 2)
        room = 0.9 * most if total > most else total
        for _, size, path in entries:
            if total <= room:
                break
            total -= size
            with suppress(OSError):  # another process was faster, or (on Windows) is reading it
                os.unlink(path)

    def _give_up(self, error: OSError) -> None:
        """Keep nothing from now on; of several processes that load images one says so."""
        self.folder, worker = None, get_worker_info()
        if worker is None or worker.id == 0:
            advice = "set COURSEKIT_HOME to a folder of your own with room, or COURSEKIT_CACHE=0 to do without"
            said = f"images are decoded anew in each epoch, none is kept on disk ({error})"
            warnings.warn(f"{said}: {advice}", stacklevel=2)


def _sum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big")


def _read(path: Path) -> tuple[Tensor, ...] | None:
    """An entry's tensors, the entry marked as used now; None if it is not there, or not whole."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = path.read_bytes()
        if content[:4] != _sum(content[4:]):
            return None
        os.utime(path)
        tensors = load(content[4:])
        return tuple(tensors[str(i)] for i in range(len(tensors)))
    except (OSError, SafetensorError):
        return None


def _entries(folder: Path) -> list[tuple[float, int, str]]:
    """When each file in the cache's folders was last used, its bytes and its path."""
    found = []
    for parent, _, names in os.walk(folder):
        for path in (os.path.join(parent, name) for name in names):
            with suppress(OSError):  # another process removed it
                found.append(((stat := os.stat(path)).st_mtime, stat.st_size, path))
    return found
