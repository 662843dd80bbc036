"""The process in which a student's code runs while it is graded: it is asked, and answers in plain data.

`grading.Sandbox` starts it. It never sees what is right: no reference, no expected value. Whatever the code in here
patches or claims, it can only give answers, and another process compares them. One line of JSON is a question, one is
an answer.
"""

import base64
import contextlib
import json
import os
import re
import sys
from collections.abc import Callable
from numbers import Real
from pathlib import Path, PurePath

import numpy as np
import torch

MEMORY = 6 << 30  # bytes of memory that it may write to, torch included
FILE = 32 << 20  # bytes of its largest file
WRITES = re.compile(
    r"os\.(remove|rename|rmdir|mkdir|link|symlink|truncate|chmod|chown|utime|setxattr|removexattr)|shutil\..*"
)
REFUSED = re.compile(
    r"os\.(system|exec|fork|forkpty|posix_spawn|spawn|startfile\S*|kill|killpg|putenv)|subprocess\..*|socket\..*"
    r"|ctypes\.dlopen|ctypes\.dlsym(/handle)?|urllib\..*|winreg\..*|signal\.pthread_kill|pty\.spawn"
)


class Unknown:
    """What cannot travel as data: its type's name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        """As `<a generator>`."""
        return f"<{self.kind}>"


def encode(value: object) -> object:
    """A value as JSON can hold it; objects of unknown types become their type's name."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return _numbers(value)
    if isinstance(value, PurePath):
        text = Path(value).read_text("utf-8") if Path(value).is_file() else None
        return {"path": [value.name, text]}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    for kind in (list, tuple, set):
        if isinstance(value, kind):
            return {kind.__name__: [encode(item) for item in value]}
    if hasattr(value, "tolist") and not isinstance(value, type):  # of pandas
        return encode(value.tolist())
    if isinstance(value, Real):
        return float(value)  # a fraction
    return (
        encode(list(value))
        if isinstance(value, range)
        else {"unknown": type(value).__name__}
    )


def _numbers(value: torch.Tensor | np.ndarray | np.generic) -> object:
    """A tensor or an array: its type, its shape, its bytes; a list where it does not hold numbers."""
    kind = "array"
    if isinstance(value, torch.Tensor):
        kind, value = "tensor", value.detach().cpu().resolve_conj()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, np.generic) or value.dtype.kind not in "biuf":
        return encode(value.item() if isinstance(value, np.generic) else value.tolist())
    data = base64.b64encode(value.tobytes()).decode("ascii")
    return {kind: [value.dtype.str, list(value.shape), data]}


def decode(
    value: object,
    path: Callable[[str, str | None], object] = lambda name, text: PurePath(name),
) -> object:
    """The value again; `path` gives what stands for a file with a name and a text, or None where there is no file."""
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind in ("list", "tuple", "set"):
        return {"list": list, "tuple": tuple, "set": set}[kind](
            decode(item, path) for item in held
        )
    if kind == "dict":
        return {decode(key, path): decode(item, path) for key, item in held}
    if kind in ("array", "tensor"):
        dtype, shape, data = held
        if np.dtype(dtype).kind not in "biuf":
            raise ValueError(f"an array of {dtype}")
        array = np.frombuffer(base64.b64decode(data), np.dtype(dtype)).reshape(shape).copy()
        return torch.from_numpy(array) if kind == "tensor" else array
    if kind == "path":
        return path(*held)
    return Unknown(str(held)[:100])


def written(name: str, text: str | None) -> Path:
    """A file of a case, in the working folder."""
    file = Path(PurePath(name).name)
    if text is None:
        file.unlink(missing_ok=True)
    else:
        file.write_text(text, encoding="utf-8", newline="")
    return file


def limit() -> None:
    """Limit memory and files, where the system can."""
    with contextlib.suppress(ImportError):
        import resource

        for what, most in (("DATA", MEMORY), ("FSIZE", FILE), ("CORE", 0)):
            with contextlib.suppress(ValueError, OSError, AttributeError):
                resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))


def guard(hidden: list[str]) -> None:
    """Refuse, by Python's audit events, what no exercise needs: programs, sockets, writing and reading elsewhere.

    This stops what is written in Python, on any system. It is no wall: code in C passes it. The wall is what
    `grading.Sandbox` puts around the process.
    """
    here, real, fspath, sep = os.path.realpath("."), os.path.realpath, os.fsdecode, os.sep
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    refused, writes, nowhere = REFUSED.fullmatch, WRITES.fullmatch, os.devnull
    closed = [real(folder) for folder in hidden]

    def lies_in(file: object, folders: list[str]) -> bool:
        if not isinstance(file, (str, bytes, os.PathLike)):
            return False
        place = real(fspath(file))
        return any(place == folder or place.startswith(folder + sep) for folder in folders)

    def opens(file: object, mode: object, flags: int) -> bool:
        """Whether a file is opened that may be: to be read, or in the working folder."""
        to_write = (
            isinstance(mode, str)
            and any(letter in mode for letter in "wax+")
            or flags & writing
        )
        return not lies_in(file, closed) and (
            isinstance(file, int) or not to_write or lies_in(file, [here, nowhere])
        )

    def allowed(event: str, given: tuple) -> bool:
        if event == "open":
            return given[0] is None or opens(*given)
        if event in ("os.listdir", "os.scandir"):
            return not lies_in(given[0], closed)
        if writes(event):
            return all(
                lies_in(part, [here])
                for part in given[:2]
                if isinstance(part, (str, bytes))
            )
        return not refused(event)

    def hook(event: str, given: tuple) -> None:
        if not allowed(event, given):
            raise PermissionError(f"{event} is not there while an answer is graded")

    sys.addaudithook(hook)


class _Quiet:
    """Stands for `get_ipython()`, and for what shows things."""

    def __getattr__(self, name: str) -> Callable:
        return lambda *arguments, **options: None


def answer(question: dict, around: dict) -> dict:
    """What the question asks for: to run a piece of code, give a value, or call a function."""
    try:
        if "run" in question:
            exec(compile(question["run"], "<answer>", "exec"), around)
            return {}
        found = eval(question["answer"], around)
        if "arguments" not in question:
            return {"function": True} if callable(found) else {"value": encode(found)}
        if not callable(found):
            return {"value": encode(found), "function": False}
        given = decode(question["arguments"], written)
        return {"value": encode(found(*given)), "arguments": encode(given)}
    except (
        BaseException
    ) as error:  # SystemExit and KeyboardInterrupt too: whatever is raised is the answer
        return {"error": f"{type(error).__name__}: {error}"[:2000]}


def main() -> None:
    """Answer until nobody asks any more."""
    asked = os.fdopen(os.dup(0), "rb")
    said = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # whatever is printed goes nowhere
        os.dup2(nowhere, stream)
    import matplotlib

    matplotlib.use("agg")
    import coursekit as ck

    ck.check = lambda *arguments: (
        None
    )  # it would look for the solutions, which are not here
    ck.progress = ck.claim = ck.check
    torch.set_num_threads(1)
    hidden = json.loads(asked.readline())
    limit()
    here = {
        "python": sys.base_prefix,
        "writes": [place for place in (*hidden["outside"],) if os.access(place, os.W_OK)],
        "sees": [
            place
            for place in hidden["hidden"]
            if os.path.isdir(place) and os.listdir(place)
        ],
    }
    guard(hidden["hidden"])
    around = {
        "__name__": "__main__",
        "get_ipython": _Quiet,
        "display": lambda *arguments, **options: None,
    }
    reply, loads, dumps, write, flush = here, json.loads, json.dumps, said.write, said.flush
    while True:
        write(dumps(reply).encode() + b"\n")
        flush()
        line = asked.readline()
        if not line:
            return
        reply = answer(loads(line), around)


if __name__ == "__main__":
    main()
