"""Images from a list of addresses: those that are images are kept, and of each other one the reason is said."""

import io
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from numbers import Integral, Real
from pathlib import Path
from threading import Event
from urllib.parse import unquote, urljoin, urlsplit

from PIL import Image, UnidentifiedImageError

from ..arguments import fits, in_words
from ..display import counted
from ..storage import write_whole
from .images import read_image

ATTEMPTS, PAUSE, LONGEST_PAUSE = 3, 0.5, 30  # tries of an address, and seconds between them: the first, the longest
PASSING = (429, 500, 502, 503, 504)  # what a server says when it may answer later
REDIRECTS, CHUNK = 10, 1 << 16  # redirects followed of an address; bytes read at a time
ENDINGS = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif"}
FORMATS = [form for form in ENDINGS if form != "MPO"]  # a JPEG of several images, and opened as one
HEADERS = {"User-Agent": "coursekit (images for a course)", "Accept": "image/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Downloads:
    """What became of each address.

    Attributes:
        files: address to file, of those that are there, those of an earlier call among them.
        failed: address to reason, of the others.
    """

    files: dict[str, Path]
    failed: dict[str, str]

    def __repr__(self) -> str:
        """How many there are, and of the first twenty others the reason."""
        lines = [f"{len(self.files)} of {len(self.files) + len(self.failed)} downloaded; {len(self.failed)} failed"]
        lines += [f"  {address}: {reason}" for address, reason in list(self.failed.items())[:20]]
        return "\n".join(lines + [f"  ... and {len(self.failed) - 20} more, in .failed"] * (len(self.failed) > 20))


@in_words
def download_images(
    addresses: Sequence[str] | Path | str, folder: Path | str, *, max_size: int | None = None, timeout: float = 20,
    largest: int = 20_000_000, workers: int = 8,
) -> Downloads:  # fmt: skip
    """Download images into a folder; what is no image, or does not come, is left out, and the reason said.

    Args:
        addresses: of http or https; or a text file of them, one a line. Empty ones, those that begin with # and
            repetitions are left out.
        folder: made if it is not there. A file's name is made of its address, so that a second call asks only for
            what the first did not get; its ending says what it holds. A file appears only when it is whole.
        max_size: pixels of the longer side: a larger image is made smaller. All are then saved upright and without
            what the camera noted, as PNG what came as PNG or GIF, the rest as JPEG. None: each file as it came.
        timeout: seconds that a server may be silent, and in which an image must be there.
        largest: bytes of an answer; what is longer is left.
        workers: addresses at a time.

    Returns:
        Files and failures by address; it prints as "41 of 48 downloaded; 7 failed", and why.

    Raises:
        FileNotFoundError: there is no such list of addresses.
        ValueError: the list has no address, or holds other things than texts; the folder is a file; a number of
            pixels, seconds, bytes or workers that is none.

    An answer that may be another one later (429, 500, 502, 503, 504, a broken connection) is asked for three times.
    Used in lesson 24.
    """
    wanted = _addresses(addresses)
    numbers = {"max_size": max_size or 1, "largest": largest, "workers": workers}
    if max_size == 0 or not all(isinstance(n, Integral) and n > 0 for n in numbers.values()):
        found = f"{max_size=}, {largest=}, {workers=}"
        raise ValueError(f"pixels, bytes and workers are whole numbers above 0 (max_size may be None); found {found}")
    if not isinstance(timeout, Real) or not 0 < timeout < float("inf"):
        raise ValueError(f"timeout is a number of seconds above 0; found {timeout!r}")
    folder = Path(folder)
    if file := next((part for part in (folder, *folder.parents) if part.exists() and not part.is_dir()), None):
        raise ValueError(f"images go into a folder, and {file} is a file")
    folder.mkdir(parents=True, exist_ok=True)
    there = {file.stem: file for file in folder.iterdir() if file.suffix in ENDINGS.values()}
    pool, stop = ThreadPoolExecutor(int(workers)), Event()

    def get(address: str) -> Path | str:
        stem = _stem(address)
        return there.get(stem) or _get(address, folder / stem, max_size, timeout, largest, stop)

    try:
        results = list(counted(pool.map(get, wanted), len(wanted), "downloading images"))
    finally:  # an interrupt ends it with the images that are on their way
        stop.set()
        pool.shutdown(cancel_futures=True)
    pairs = list(zip(wanted, results, strict=True))
    files = {address: found for address, found in pairs if isinstance(found, Path)}
    return Downloads(files, {address: found for address, found in pairs if address not in files})


def _addresses(given: Sequence[str] | Path | str) -> list[str]:
    """The addresses of a list or of a text file, each once."""
    if isinstance(given, (str, Path)):
        if not Path(given).is_file():
            advice = "; give one address as a list, [address]" if "://" in str(given) else ""
            raise FileNotFoundError(f"there is no file of addresses {given}{advice}")
        try:
            given = Path(given).read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise ValueError(f"{given} is no text in UTF-8 ({error}): save it so") from error
    if not fits(given, Sequence) or not all(isinstance(one, str) for one in given):
        raise ValueError(f"addresses are a list of texts, or a file of them; found {given!r:.80}")
    wanted = [one for one in dict.fromkeys(map(str.strip, given)) if one and one[0] != "#"]
    if not wanted:
        raise ValueError("the list has no address: each line holds one, and those that begin with # are left out")
    return wanted


def _stem(address: str) -> str:
    """A file's name without its ending: what can be read of the address, and a sum by which no two are called alike."""
    try:
        name = Path(unquote(urlsplit(address).path)).stem
    except ValueError:
        name = ""
    readable = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:40]
    return f"{readable or 'image'}-{sha256(address.encode('utf-8', 'replace')).hexdigest()[:16]}"


def _get(
    address: str, target: Path, max_size: int | None, timeout: float, largest: int, stop: Event
) -> Path | str:  # fmt: skip
    """Download one image to `target`, with the ending that its content has; what went wrong instead, in words."""
    import requests
    import urllib3

    for attempt in range(ATTEMPTS):
        try:
            content = _request(address, timeout, largest)
            break
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError, _Refused) as error:
            answer = getattr(error, "response", None)
            broken = (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError)
            passes = isinstance(error, broken) if answer is None else answer.status_code in PASSING
            if not passes or attempt == ATTEMPTS - 1 or stop.is_set():
                return _reason(error, timeout)
            asked = "" if answer is None else answer.headers.get("Retry-After", "")
        wanted = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
        if stop.wait(min(max(PAUSE * 2**attempt, wanted), LONGEST_PAUSE)):
            return "interrupted"
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            form = image.format
        pixels = read_image(content)  # all of it: a header alone, or a name, may lie
    except UnidentifiedImageError:
        page = re.match(rb"\s*<(!doctype )?html", content[:200], re.I)
        return f"{'a web page' if page else 'no image of a format that is read'}, {len(content):,} bytes"
    except Exception as error:  # a damaged image can end in any of Python's errors
        return f"{str(error).removeprefix('this is ')[:150]}, {len(content):,} bytes"
    if max_size:
        form = "PNG" if form in ("PNG", "GIF") else "JPEG"
        small, file = Image.fromarray(pixels.permute(1, 2, 0).numpy()), io.BytesIO()
        small.thumbnail((max_size, max_size))
        small.save(file, form, **({"quality": 90} if form == "JPEG" else {}))
        content = file.getvalue()
    write_whole(saved := target.with_name(target.name + ENDINGS[form]), content)
    return saved


def _reason(error: Exception, timeout: float) -> str:
    """What a failed request says, without the names of classes."""
    import requests
    import urllib3

    answer = getattr(error, "response", None)
    if answer is not None and not answer.ok:
        return f"{answer.status_code} {answer.reason}"
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return f"no answer in {timeout:g} seconds"
    inner = getattr(error.args[0], "reason", error) if error.args else error
    return str(inner).split("): ", 1)[-1][:200] or type(error).__name__


class _Refused(Exception):
    """An answer that is not taken."""


def _request(address: str, timeout: float, largest: int) -> bytes:
    """The bytes of an answer that comes within the time and the size allowed."""
    import requests

    if urlsplit(address).scheme.lower() not in ("http", "https"):
        raise _Refused("the address is not of http or https")
    until, content = time.monotonic() + timeout, b""
    with requests.Session() as session:  # knows http and https only, also where a redirect leads elsewhere
        follow, session.get_redirect_target = session.get_redirect_target, lambda answer: None
        for _ in range(REDIRECTS + 1):  # by hand: `requests` reads all that a redirect says beside its address
            with session.get(address, headers=HEADERS, stream=True, timeout=timeout) as answer:
                answer.raise_for_status()
                if not (target := follow(answer)):
                    while chunk := answer.raw.read1(CHUNK, decode_content=True):  # what is there, without waiting
                        content += chunk
                        if len(content) > largest:
                            raise _Refused(f"larger than {largest:,} bytes")
                        if time.monotonic() > until:
                            raise _Refused(f"not there after {timeout:g} seconds")
                    return content
            address = urljoin(address, target)
            if time.monotonic() > until:
                raise _Refused(f"not there after {timeout:g} seconds")
    raise _Refused(f"Exceeded {REDIRECTS} redirects.")
