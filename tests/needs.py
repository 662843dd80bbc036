"""What not every machine has: tests that need it are skipped elsewhere with the reason, and in CI fail instead."""

import os
import shutil

import pytest
from lab import READY

IN_CI = os.environ.get("COURSEKIT_CI") == "1"  # where nothing may be skipped
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
JAVA = shutil.which("java")
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def _needs(there: object, reason: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not there and not IN_CI, reason=reason)


needs_chromium = _needs(CHROMIUM, "no Chromium on this machine")
needs_java = _needs(JAVA, "no Java to run the W3C's checker")
needs_libreoffice = _needs(SOFFICE, "LibreOffice is not installed")
# `make test` makes it; pytest may be run without
needs_environment = _needs(READY.exists(), "no .venv that make has made, so nothing that `make lab` could serve from")
