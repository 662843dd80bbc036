"""Where each data set comes from: `fetch` gives the folder of its sample, or of the full public set.

The samples lie in the course's `data/` folder, so nothing is downloaded unless `COURSEKIT_SIZE=full` asks for it. A
download is checked, goes on after an interruption, and is unpacked inside its folder only. Pooch checks the sums and
moves files into place; what is added here is resuming, and errors that say what to do.
"""

import difflib
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


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

    Used in lesson 00.
    """
    return Path(os.environ.get("COURSEKIT_HOME") or "~/.coursekit").expanduser()


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
        raise FileNotFoundError(
            f"the sample {folder} is missing: install coursekit anew, or run it from a whole clone of the course"
        )
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
        _make(folder)
        for item in downloads:
            if item.unpack and (folder / f".{item.name}.unpacked").exists():
                continue
            file = _get(item, folder)
            if item.unpack:
                unpack(file, folder)
                (folder / f".{item.name}.unpacked").touch()
    except PermissionError as error:
        raise PermissionError(
            f"cannot write in the data home ({error.filename or folder}): set COURSEKIT_HOME to a folder of your own"
        ) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # no permission; a file where a folder should be; a read-only disk
        raise PermissionError(error.errno, error.strerror, error.filename) from error


def _get(item: Download, folder: Path) -> Path:
    """The checked file: the one in the folder, else the one from the network."""
    target = folder / item.name
    checksum = None if _unchecked(target) else item.checksum or _recorded(target)
    if target.exists():
        _check_sum(target, checksum)
        return target
    source = _source(item, folder.name)
    try:
        _retrieve(source, None if _is_partial(checksum) else checksum, target)
    except PermissionError:
        raise
    except OSError as error:
        raise ConnectionError(
            f"could not download {source} ({str(error).splitlines()[0][:200]}).\n"
            f"Run again to go on where it stopped; or place the file by hand as {target}; "
            f"or set COURSEKIT_MIRROR to a folder or URL that holds {folder.name}/{item.name}"
        ) from error
    if _is_partial(checksum) and _first_mib(target) != checksum:
        target.unlink()
        raise ValueError(_wrong_sum(source, checksum))
    if item.checksum is None:
        _record(target)
    return target


def _recorded(target: Path) -> str | None:
    """The sum that the first download had, if there was one."""
    record = target.with_name(target.name + ".sha256")
    return "sha256:" + record.read_text(encoding="ascii").split()[0] if record.exists() else None


def _record(target: Path) -> None:
    """Keep the sum of a file for which none is published, in the form that `sha256sum --check` reads."""
    import pooch

    found = pooch.file_hash(str(target), alg="sha256")
    target.with_name(target.name + ".sha256").write_text(f"{found}  {target.name}\n", encoding="ascii")
    warnings.warn(
        f"no sum is published for {target.name}, so it could not be checked. Its SHA-256 is {found}; "
        "it was noted beside the file, and is checked from now on",
        stacklevel=2,
    )


def _retrieve(source: str, checksum: str | None, target: Path) -> None:
    import pooch

    pooch.get_logger().setLevel("WARNING")  # the progress bar says it all
    try:
        pooch.retrieve(source, checksum, fname=target.name, path=target.parent, downloader=_resuming)
    except OSError:  # among them requests' InvalidURL, which is a ValueError too
        raise
    except ValueError as error:  # pooch's word for a wrong sum; it has thrown the file away
        raise ValueError(_wrong_sum(source, checksum)) from error


def _wrong_sum(source: str, checksum: str) -> str:
    return (
        f"the file at {source} does not have the sum {checksum}: it changed, or was damaged on the way. "
        "Nothing was kept; run again, or choose another host with COURSEKIT_MIRROR"
    )


def _unchecked(target: Path) -> bool:
    """Whether the user vouches for the files (COURSEKIT_VERIFY=0), which is said aloud."""
    if os.environ.get("COURSEKIT_VERIFY") != "0":
        return False
    warnings.warn(f"COURSEKIT_VERIFY=0: the sum of {target} is not checked", stacklevel=2)
    return True


def _check_sum(file: Path, checksum: str | None) -> None:
    import pooch

    if checksum is None:
        return
    algorithm, _, expected = checksum.partition(":")
    found = _first_mib(file).partition(":")[2] if _is_partial(checksum) else pooch.file_hash(str(file), alg=algorithm)
    if found != expected:
        raise ValueError(
            f"{file} has the {algorithm} sum {found}, not {expected}: it is damaged or another file. "
            "Delete it and run again to download it, or vouch for it with COURSEKIT_VERIFY=0"
        )


def _is_partial(checksum: str | None) -> bool:
    return (checksum or "").startswith("first-mib:")


def _first_mib(file: Path) -> str:
    """The sum of the file's first MiB, with its length; see `Download`."""
    with file.open("rb") as content:
        return f"first-mib:{hashlib.md5(content.read(1 << 20)).hexdigest()}:{file.stat().st_size}"


def _source(item: Download, set_name: str) -> str:
    """The item's own URL, or where it lies on the mirror."""
    mirror = os.environ.get("COURSEKIT_MIRROR")
    return f"{mirror.rstrip('/')}/{set_name}/{item.name}" if mirror else item.url


def _resuming(url: str, output_file: str, pooch_: object) -> None:
    """A pooch downloader that keeps what has arrived in `NAME.part` and asks only for the rest."""
    # pooch gives a temporary name in the target's folder; the target's own name is the URL's last part
    part = Path(output_file).parent / (PurePosixPath(url).name + ".part")
    if "://" not in url:
        shutil.copyfile(url, part)
    else:
        _fetch_rest(url, part)
    part.replace(output_file)


def _fetch_rest(url: str, part: Path) -> None:
    """Download to the end, trying again after a broken connection; a plain answer such as 404 is final."""
    import requests

    for attempt in range(ATTEMPTS):
        try:
            _request(url, part)
            return
        except requests.HTTPError:
            raise
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            if attempt == ATTEMPTS - 1:
                raise


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
        resumed = answer.status_code == 206
        length = answer.headers.get("Content-Length")
        total = int(length) + (have if resumed else 0) if length else None
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(total=total, initial=have if resumed else 0, unit="B", unit_scale=True, desc=part.stem) as bar,
        ):
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
            raise ValueError(f"{archive} is damaged, and nothing was unpacked: {error}") from error
        entries = list(inside.iterdir())
        if clash := [entry.name for entry in entries if (folder / entry.name).exists()]:
            raise ValueError(f"{archive} would overwrite {clash[0]} in {folder}: move it away and run again")
        for entry in entries:
            entry.rename(folder / entry.name)


def _extract(archive: Path, inside: Path) -> None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            _check_names(archive, file.namelist(), inside)
            file.extractall(inside)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as file:
            _extract_tar(archive, file, inside)
    else:
        raise ValueError(f"{archive} is neither a zip nor a tar file")


def _extract_tar(archive: Path, file: tarfile.TarFile, inside: Path) -> None:
    """Unpack files, folders, and links that stay inside, and nothing that is neither."""
    _check_names(archive, file.getnames(), inside)
    if hasattr(tarfile, "data_filter"):
        try:
            file.extractall(inside, filter="data")
        except tarfile.FilterError as error:
            raise ValueError(f"{archive} is not safe to unpack, and nothing was: {error}") from error
        return
    # Python before 3.10.12 and 3.11.4 has no filters: the same rules, asked anew before each member
    file.chown = lambda *_: None  # files belong to whoever unpacks them
    for member in file:
        unpacked = member.isfile() or member.isdir() or member.issym() or member.islnk()
        if not unpacked or Path(member.linkname).is_absolute():
            raise ValueError(f"{archive} is not safe to unpack, and nothing was: {member.name!r} is no file or folder")
        folder = Path(member.name).parent if member.issym() else Path()
        _check_names(archive, [member.name, str(folder / member.linkname)], inside)
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        file.extract(member, inside)


def _check_names(archive: Path, names: list[str], inside: Path) -> None:
    for name in names:
        if not (inside / name).resolve().is_relative_to(inside.resolve()):
            raise ValueError(f"{archive} is not safe to unpack, and nothing was: {name!r} leads outside")
