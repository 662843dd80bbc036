"""The command line: `coursekit lab`, `coursekit check 02`, and so on; also as `python -m coursekit`."""

import codecs
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from types import ModuleType
from urllib.parse import quote

from ..datasets import course, home, nearest


def lab(*options: str) -> None:
    """open your copies of the lessons in JupyterLab; options such as --no-browser --port 8899 are passed on"""
    from .lessons import renew

    mine = _mine()
    for line in renew(mine):
        print(f"{mine.name}: {line}")
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    first = f"--LabApp.default_url=/lab/tree/{quote(mine.name)}/00_notebook_basics.ipynb"
    command = [sys.executable, "-m", "jupyterlab", first, *as_root, *options]
    os.chdir(mine.parent)
    if os.name == "posix":
        os.execv(command[0], command)
    sys.exit(subprocess.call(command))


def reset(number: str = "", *_: str) -> None:
    """give a fresh copy of a lesson, as in: reset 02; yours is kept beside it"""
    from . import lessons

    copy, old = lessons.reset(number, _mine())
    print(f"{copy} is fresh" + (f"; your former one is {old.name} beside it" if old else ""))


def progress(*_: str) -> None:
    """show the exercises of each lesson, those you have solved ticked"""
    from . import exercises

    print(exercises.progress())


def app(*options: str) -> None:
    """serve lesson 18's pet classifier, or your model: --model FILE; all options: app --help"""
    sys.modules["app"] = ModuleType("app")
    sys.modules["app"].__path__ = [str(course() / "lessons" / "app")]
    importlib.import_module("app.server").main(options)


def check(*numbers: str) -> None:
    """run lessons from top to bottom, as in: check 02 03, or all of them: check; says what differs from the saved"""
    from .lessons import chosen, rerun

    failed = 0
    for lesson in chosen(numbers):
        started = perf_counter()
        found = rerun(lesson) or ["as saved"]
        failed += found != ["as saved"]
        print(f"{lesson.stem:<28} {perf_counter() - started:5.1f} s ", "\n\n".join(found), flush=True)
    sys.exit(f"{failed} lessons failed" if failed else 0)


def where(*_: str) -> None:
    """show where things are: the course, its lessons, data and workbooks, your copies, your data home"""
    parts = {name: course() / name for name in ("lessons", "data", "excel")}
    for name, folder in {"course": course(), **parts, "your copies": _mine(), "data home": home()}.items():
        print(f"{name:<12} {folder}{'' if folder.exists() else '  (not there yet)'}")


def clear(*_: str) -> None:
    """remove the images that are kept on disk for sets larger than the memory; they are decoded anew when needed"""
    from ..vision import cache

    print(f"{cache.clear_cache() / 1e6:,.1f} MB of images are removed from {cache.cache_folder()}")


def _mine() -> Path:
    """The folder of copies: my_lessons in the current folder, or this one if it is such a folder."""
    return Path.cwd() if Path(".copies.json").exists() else Path.cwd() / "my_lessons"


# In place of signs that a terminal, a file or a pipe cannot take: on Windows these may know 256, and not ours
PLAIN = {"✓": "[x]", "○": "[ ]", "✗": "[!]", "▸": ">", "−": "-", "–": "-", "→": "->", "·": "-"}


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What to write in place of signs that cannot be written; one that has no likeness becomes a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def print_anywhere() -> None:
    """Let this process print whatever its console, or the file that it writes to, can take; see `PLAIN`."""
    codecs.register_error("coursekit", _plain)
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", None) in ("strict", "backslashreplace"):  # a console, a file or a pipe
            stream.reconfigure(errors="coursekit")


TASKS: dict[str, Callable[..., None]] = {f.__name__: f for f in (lab, reset, progress, app, check, where, clear)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line asks for; what goes wrong is said in a line."""
    # threads that wait for work by spinning slow each other down many times over when the cores are shared
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    print_anywhere()
    task, *rest = (sys.argv[1:] if arguments is None else arguments) or ["help"]
    try:
        if task in ("help", "-h", "--help"):
            print("\n".join(f"coursekit {name:<9} {do.__doc__}" for name, do in TASKS.items()))
        elif task in TASKS:
            TASKS[task](*rest)
        else:
            sys.exit(f"there is no command {task!r}. {nearest(task, TASKS)}")
    except (OSError, ValueError) as error:
        sys.exit(f"coursekit {task}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
