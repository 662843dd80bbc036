"""Where each data set comes from: `fetch` gives the folder of its sample, or of the full public set.

The samples lie in the course's `data/` folder, so nothing is downloaded unless `COURSEKIT_SIZE=full` asks for it. A
download is checked, goes on after an interruption, and is unpacked inside its folder only.
"""

import difflib
import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .arguments import in_words


def course() -> Path:
    """The folder with `lessons`, `data` and `excel`: a clone's root, or what a wheel brings inside the package."""
    installed = Path(__file__).parent / "course"
    return installed if installed.is_dir() else Path(__file__).parents[1]


SAMPLES = course() / "data"
# By sample: the full public set's folder in the data home, its files, and in which folder its archive keeps everything;
# or how it is fetched by hand, and what must then be there. Sums are what torchvision, fastai and the publishers state.
FULL = json.loads((SAMPLES / "full.json").read_text(encoding="utf-8"))
ATTEMPTS = 3
CHUNK = 1 << 18  # bytes read from the network at a time


@dataclass(frozen=True)
class Download:
    """One file of a public data set: its URL, its sum, and whether to unpack it.

    The sum is `"md5:..."` or `"sha256:..."` of the whole file; or `"first-mib:MD5:BYTES"`, the MD5 of the file's first
    MiB and the file's length, where its publisher states no other; or None where none is published: then the first
    download's SHA-256 is said, kept in `NAME.sha256`, and asked of the file from then on.
    """

    url: str
    checksum: str | None
    unpack: bool = False

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return PurePosixPath(self.url).name


def home() -> Path:
    """The folder for downloads and your progress: `COURSEKIT_HOME`, or `.coursekit` in your home folder.

    Raises:
        FileNotFoundError: neither is there.

    Used in lesson 00.
    """
    try:
        return Path(os.environ.get("COURSEKIT_HOME") or "~/.coursekit").expanduser()
    except RuntimeError as error:
        raise FileNotFoundError("this user has no home folder: set COURSEKIT_HOME to a folder of your own") from error


@in_words
def fetch(name: str, size: str | None = None) -> Path:
    """The folder that holds data set `name`.

    Args:
        name: a key of `coursekit.datasets.FULL`, such as `"digits"`.
        size: `"sample"` (ships with the course, no network) or `"full"` (the public set, downloaded once, checked,
            and kept in `home()`). None means what the variable `COURSEKIT_SIZE` says, and `"sample"` without it.

    Raises:
        ValueError: an unknown name or size, or a file whose checksum is wrong.
        FileNotFoundError: the sample is not where it should be, or a full set that needs an account is not there yet.
        ConnectionError: a download failed; the message says how to place the file by hand.
        PermissionError: `home()` cannot be written to.

    `COURSEKIT_MIRROR`, a folder or a URL that holds `mnist/train-images-idx3-ubyte.gz` and so on, replaces the public
    host. `COURSEKIT_VERIFY=0` takes files whose sums differ, with a warning.
    Used in lesson 00.
    """
    if name not in FULL:
        raise ValueError(f"no data set is called {name!r}. {nearest(name, FULL)}")
    size = size or os.environ.get("COURSEKIT_SIZE") or "sample"
    if size not in ("sample", "full"):
        raise ValueError(f"the size of a data set is 'sample' or 'full', not {size!r} (argument or COURSEKIT_SIZE)")
    if size == "full":
        full = FULL[name]
        folder = home() / "data" / full["folder"]
        if missing := [needed for needed in full.get("needs", []) if not (folder / needed).exists()]:
            by_hand = f"{full['by_hand']}: {folder / missing[0]}"
            raise FileNotFoundError(f"the full set {name!r} must be fetched by hand. {by_hand}")
        download_all([Download(**item) for item in full.get("downloads", [])], folder)
        return folder / full.get("inside", "")
    folder = SAMPLES / name
    if not folder.is_dir():
        advice = "install coursekit anew, or run it from a whole clone of the course"
        raise FileNotFoundError(f"the sample {folder} is missing: {advice}")
    return folder


def nearest(name: str, known: Iterable[str]) -> str:
    """Which known name was meant, as a sentence."""
    close = difflib.get_close_matches(str(name), known, cutoff=0.4)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else f"There are: {', '.join(known)}."


def download_all(downloads: Sequence[Download], folder: Path) -> None:
    """Make sure that every file is in `folder`, downloaded, checked and (where asked) unpacked.

    Raises:
        ValueError: a file has the wrong sum. A file that was already there is left as it is.
        ConnectionError: a download failed; what arrived is kept, and the next call goes on from there.
        PermissionError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for item in downloads:
            unpacked = folder / f".{item.name}.unpacked"
            if not (item.unpack and unpacked.exists()):
                is_new, file = not (folder / item.name).exists(), _get(item, folder)
                try:
                    if _is_page(file):
                        raise ValueError(f"{file} is a web page, of a login perhaps, and not the data: delete it")
                    if item.unpack:
                        unpack(file, folder)
                        unpacked.touch()
                except ValueError as error:
                    if is_new and item.checksum is None and not isinstance(error, _Clash):
                        file.unlink()  # the next run asks for it anew
                    raise
                if item.checksum is None:
                    _record(file)
    except ConnectionError:
        raise
    except OSError as error:  # no permission; a file where a folder should be; a read-only disk, or a full one
        advice = "set COURSEKIT_HOME to a folder of your own"
        raise PermissionError(f"cannot write in the data home ({error}): {advice}") from error


def _get(item: Download, folder: Path) -> Path:
    """The checked file: the one in the folder, else the one from the network."""
    target, part, record = (folder / f"{item.name}{end}" for end in ("", ".part", ".sha256"))
    checksum, is_new = item.checksum, not target.exists()
    if checksum is None and record.exists():
        checksum = "sha256:" + record.read_text(encoding="ascii").split()[0]
    if os.environ.get("COURSEKIT_VERIFY") == "0":
        checksum = None
        warnings.warn(f"COURSEKIT_VERIFY=0: the sum of {target} is not checked", stacklevel=2)
    mirror = _folder_or_url(os.environ.get("COURSEKIT_MIRROR", ""))
    source = f"{mirror.rstrip('/')}/{folder.name}/{item.name}" if mirror else item.url
    if is_new:
        _retrieve(source, part, target)
    algorithm, _, expected = (checksum or "").partition(":")
    if checksum and (found := _sum(part if is_new else target, algorithm)) != expected:
        if not is_new:
            advice = "it is damaged or another file. Delete it and run again, or vouch for it with COURSEKIT_VERIFY=0"
            raise ValueError(f"{target} has the {algorithm} sum {found}, not {expected}: {advice}")
        part.unlink()
        advice = "it changed, or was damaged on the way. Run again, or choose another host with COURSEKIT_MIRROR"
        raise ValueError(f"the file at {source} does not have the sum {checksum}: {advice}")
    if is_new:
        part.replace(target)
    return target


class _Clash(ValueError):
    """An archive holds what is there already."""


def _is_page(file: Path) -> bool:
    """Whether a file that is called something else is HTML."""
    with file.open("rb") as content:
        return re.match(rb"\s*<(!doctype )?html", content.read(200), re.I) is not None


def _record(target: Path) -> None:
    """Keep the sum of a file for which none is published, in the form that `sha256sum --check` reads."""
    record = target.with_name(f"{target.name}.sha256")
    if record.exists():
        return
    found = _sum(target, "sha256")
    record.write_text(f"{found}  {target.name}\n", encoding="ascii")
    said = f"no sum is published for {target.name}, so it could not be checked. Its SHA-256 is {found}"
    warnings.warn(f"{said}; it was noted beside the file, and is checked from now on", stacklevel=2)


def _folder_or_url(mirror: str) -> str:
    """A mirror as it is, but for `file://` and `~`, which are folders."""
    if mirror.startswith("file:"):
        return url2pathname(urlsplit(mirror).path)
    return os.path.expanduser(mirror)


def _sum(file: Path, algorithm: str) -> str:
    """The file's sum; "first-mib" is the MD5 of its first MiB, with its length, see `Download`."""
    import pooch

    if algorithm != "first-mib":
        return pooch.file_hash(str(file), alg=algorithm)
    with file.open("rb") as content:
        return f"{hashlib.md5(content.read(1 << 20)).hexdigest()}:{file.stat().st_size}"


def _retrieve(source: str, part: Path, target: Path) -> None:
    """Copy or download to the end, trying again after a broken connection; a plain answer such as 404 is final."""
    import requests

    try:
        for attempt in range(ATTEMPTS):
            try:
                _request(source, part) if "://" in source else shutil.copyfile(source, part)
                return
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                if attempt == ATTEMPTS - 1:
                    raise
    except PermissionError:
        raise
    except OSError as error:  # among them all of requests' own
        raise ConnectionError(
            f"could not download {source} ({str(error).splitlines()[0][:200]}).\n"
            f"Run again to go on where it stopped; or place the file by hand as {target}; "
            f"or set COURSEKIT_MIRROR to a folder or URL that holds {target.parent.name}/{target.name}"
        ) from error


def _request(url: str, part: Path) -> None:
    """One request for the bytes that `part` lacks, appended as they arrive."""
    import requests
    from tqdm.auto import tqdm

    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=30) as answer:
        if have and answer.status_code == 416:  # nothing left to send; the sum decides whether it is whole
            return
        answer.raise_for_status()
        have = have if answer.status_code == 206 else 0  # a server that knows no ranges sends all of it again
        length = answer.headers.get("Content-Length")
        total = int(length) + have if length else None
        bar = tqdm(initial=have, total=total, unit="B", unit_scale=True, desc=part.stem)
        with part.open("ab" if have else "wb") as file, bar:
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a `.zip` or tar file into `folder`, whole or not at all.

    Raises:
        ValueError: a member would land outside `folder`, exists there already, or the format is unknown.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacking-") as scratch:
        inside = Path(scratch)
        try:
            _extract(archive, inside)
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
            raise ValueError(f"{archive} is damaged or not safe, and nothing was unpacked: {error}") from error
        entries = list(inside.iterdir())
        if clash := [entry.name for entry in entries if (folder / entry.name).exists()]:
            raise _Clash(f"{archive} would overwrite {clash[0]} in {folder}: move it away and run again")
        for entry in entries:
            entry.rename(folder / entry.name)


def _extract(archive: Path, inside: Path) -> None:
    """Unpack files, folders, and links that stay inside; another member ends it."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            _check_names(archive, file.namelist(), inside)
            file.extractall(inside)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as file:
            # before 3.10.12 and 3.11.4 Python has no such filter: what it asks is asked here, before each member
            file.extraction_filter = getattr(tarfile, "data_filter", None)
            file.chown = lambda *_: None  # files belong to whoever unpacks them
            for member in file:
                link = Path(member.name).parent / member.linkname if member.issym() else Path(member.linkname)
                _check_names(archive, [member.name, str(link)], inside)
                if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
                    raise ValueError(f"{archive} is not safe to unpack, and nothing was: {member.name!r} is no file")
                member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
                file.extract(member, inside)
    else:
        raise ValueError(f"{archive} is neither a zip nor a tar file")


def _check_names(archive: Path, names: list[str], inside: Path) -> None:
    for name in names:
        if not (inside / name).resolve().is_relative_to(inside.resolve()):
            raise ValueError(f"{archive} is not safe to unpack, and nothing was: {name!r} leads outside")
