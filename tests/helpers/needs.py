"""What not every machine has: tests that need it are skipped elsewhere with the reason, and in CI fail instead."""

import os
import shutil

import pytest
from lab import READY

IN_CI = os.environ.get("COURSEKIT_CI") == "1"  # where nothing may be skipped
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
COMPILER = shutil.which("g++") or shutil.which("clang++")
JAVA = shutil.which("java")
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def _tool(there: str | None, reason: str) -> pytest.MarkDecorator:
    return pytest.mark.tools(bool(there), reason)


# `-m tools` selects these
needs_chromium = _tool(CHROMIUM, "no Chromium on this machine")
needs_compiler = _tool(COMPILER, "no C++ compiler, which torch.compile uses")
needs_java = _tool(JAVA, "no Java to run the W3C's checker")
needs_libreoffice = _tool(SOFFICE, "LibreOffice is not installed")
# what Windows has not; each says what that is
needs_make = pytest.mark.skipif(not shutil.which("make") or os.name == "nt", reason="no make, as on Windows")
needs_kill = pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that a process cannot catch")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process, as Windows cannot")
# `make test` makes it; pytest may be run without
needs_environment = pytest.mark.skipif(
    not READY.exists() and not IN_CI, reason="no .venv that make has made, so nothing that `make lab` could serve from"
)


def skip_without(item: pytest.Item) -> None:
    """Skip a test that is marked with a tool which is not there; in CI let it fail."""
    for there, reason in (mark.args for mark in item.iter_markers("tools")):
        if not there and not IN_CI:
            item.add_marker(pytest.mark.skip(reason=reason))
