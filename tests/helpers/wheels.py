"""The course's wheel, and a package index on localhost for tests."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote

from lab import ROOT

NOT_THE_COURSE = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.egg-info", "my_*")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "LICENSE-CC-BY-4.0")


def run(*command: object, **options: object) -> str:
    """Run a command, which must succeed; gives what it printed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8", **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path) -> None:
    """Build the course's wheel in a folder, from a copy of what it is made of."""
    for name in ("coursekit", "lessons", "data", "excel"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=NOT_THE_COURSE)
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / "source" / name)
    options = ("--no-build-isolation", "--no-deps", "--disable-pip-version-check", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", "wheel", *options, folder / "source")


def repack(name: str, folder: Path) -> Path:
    """A wheel of a package that is installed here, pure Python, as its index has it."""
    found = distribution(name)
    path = folder / f"{name.replace('-', '_')}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in found.files:
            if ".." not in file.parts and file.suffix != ".pyc" and file.name not in ("INSTALLER", "REQUESTED"):
                wheel.write(file.locate(), str(file))
    return path


def empty(name: str, version: str, folder: Path) -> Path:
    """A wheel of that name and version with nothing in it."""
    path, home = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{home}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{home}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{home}/RECORD", f"{home}/METADATA,,\n{home}/WHEEL,,\n{home}/RECORD,,\n")
    return path


def without_pips_settings(**more: object) -> dict[str, str]:
    """This process's environment, in which pip and uv know no index but one that is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"} | {k: str(v) for k, v in more.items()}


@contextmanager
def index(folder: Path, wheels: list[Path]) -> Iterator[tuple[str, list[str]]]:
    """Serve wheels as a package index; gives its address, and the paths that it is asked for."""
    asked: list[str] = []
    for wheel in wheels:
        place = folder / "simple" / wheel.name.split("-")[0].replace("_", "-")
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel, place / wheel.name)
        links = [f'<a href="{quote(file.name)}">{file.name}</a>' for file in sorted(place.glob("*.whl"))]
        (place / "index.html").write_text("<!DOCTYPE html><html><body>" + "".join(links), encoding="utf-8")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple/", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)
