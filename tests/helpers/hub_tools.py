"""What tests of the hub need: its files as modules, a port, and a Python that every account can reach."""

import os
import socket
import sys
from pathlib import Path

import pytest
from lab import ROOT

if sys.platform == "win32":
    pytest.skip("JupyterHub runs on Linux and macOS", allow_module_level=True)

HUB = ROOT / "hub"  # pytest finds its modules, see pyproject.toml
import accounts  # noqa: E402
import roster  # noqa: E402
import start  # noqa: E402

__all__ = ["HUB", "accounts", "apart", "free_port", "roster", "start"]

# Others may not look into some folder above this Python (root's home, say): in a namespace of its own that folder
# becomes an empty one, with nothing in it but what the tests use.
SHOW = """
set -e
hidden=$1 kept=$2 aside=$3; shift 3
mkdir -p "$aside"
mount --bind "$kept" "$aside"
mount -t tmpfs -o mode=755 none "$hidden"
mkdir -p "$kept"
mount --bind "$aside" "$kept"
exec "$@"
"""


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def apart(place: Path) -> list[str]:
    """How to begin a command so that other accounts can reach this Python; nothing where they can anyhow."""
    command = []
    for number, kept in enumerate(dict.fromkeys(map(os.path.realpath, (sys.base_prefix, ROOT, sys.prefix)))):
        above = [Path(kept), *Path(kept).parents]
        hidden = [folder for folder in above if not folder.stat().st_mode & 0o001]
        if hidden:
            command += ["sh", "-c", SHOW, "sh", str(hidden[-1]), kept, str(place / f"aside{number}")]
    return ["unshare", "--mount", *command] if command else []
