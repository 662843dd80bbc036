"""Let LibreOffice work out every formula of a workbook."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from coursekit.storage import write_whole

# LibreOffice trusts the values that a file carries, unless told to work them out again (0 is "always").
_ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""


def recalculate(*paths: Path | str) -> None:
    """Work out every formula of the workbooks anew with LibreOffice, and save the values in them.

    Each file is replaced in one step, after all have been converted: a failure leaves them as they were.

    Raises:
        FileNotFoundError: no such workbook, or LibreOffice is not installed.
        RuntimeError: LibreOffice failed; with what it said.
    """
    for path in paths:
        if not Path(path).exists():
            raise FileNotFoundError(f"there is no workbook {path} to recalculate")
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        raise FileNotFoundError(
            "recalculating a workbook needs LibreOffice, and there is no soffice on the PATH. Install it: "
            "apt-get install libreoffice-calc (Debian, Ubuntu), brew install --cask libreoffice (macOS)"
        )
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / f"{number}.xlsx" for number in range(len(paths))]  # their own names may coincide
        for path, copy in zip(paths, copies, strict=True):
            shutil.copyfile(path, copy)
        for path, result in zip(paths, _convert(soffice, copies, Path(folder)), strict=True):
            write_whole(Path(path), result.read_bytes())


def _convert(soffice: str, copies: Sequence[Path], folder: Path) -> list[Path]:
    profile = folder / "profile"  # of its own, so that an open LibreOffice, or a second run, is not in the way
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_RECALCULATE, encoding="utf-8")
    command = [soffice, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
    command += ["--outdir", str(folder / "out"), *map(str, copies)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=600)
    converted = [folder / "out" / copy.name for copy in copies]
    if done.returncode or not all(path.exists() for path in converted):
        raise RuntimeError(f"LibreOffice could not recalculate: {done.stderr.strip() or done.stdout.strip()}")
    return converted
