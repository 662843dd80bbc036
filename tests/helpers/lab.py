"""A real JupyterLab for tests, started the way a reader starts it."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
READY = ROOT / ".venv" / "ready"  # there when `make` made the environment


@contextmanager
def serving(folder: Path, options: str = "") -> Iterator[str]:
    """Run `make lab` without a browser, its log and settings in `folder`; gives the address with its token."""
    log = folder / "lab.log"
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        '{"windowingMode": "none"}', encoding="utf-8"
    )  # keep cells in the page that are scrolled out of sight
    places = {"JUPYTER_CONFIG_DIR": folder, "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
              "JUPYTERLAB_SETTINGS_DIR": folder / "settings"}  # fmt: skip
    environment = os.environ | {name: str(place) for name, place in places.items()}
    command = ["make", "lab", f"ARGS=--no-browser --port 0 {options}"]
    with log.open("w", encoding="utf-8") as out:
        lab = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env=environment, start_new_session=True)
    try:
        yield address(lab, log, r"http://127\.0\.0\.1:\d+/\S*token=\w+")
    finally:
        with suppress(ProcessLookupError):  # it did not start: the log says why
            os.killpg(lab.pid, signal.SIGTERM)
        lab.wait(20)


def address(process: subprocess.Popen, log: Path, pattern: str, seconds: int = 60) -> str:
    """The address that a server prints into its log, as soon as something listens there: some print it before."""
    for _ in range(10 * seconds):
        if (found := re.search(pattern, log.read_text(encoding="utf-8"))) and _listens(found[0]):
            return found[0]
        assert process.poll() is None, log.read_text(encoding="utf-8")
        time.sleep(0.1)
    raise AssertionError(f"no address after {seconds} seconds: {log.read_text(encoding='utf-8')}")


def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=5).close()
    except OSError:
        return False
    return True
