"""The commands that the README promises: `make help` tells them all, `make lab` serves the lessons."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READY = ROOT / ".venv" / "ready"


def test_the_readme_says_the_two_commands_first():
    first = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)[1]
    assert re.findall(r"^(make \w+)", first, re.M) == ["make lab", "make test"]


def test_ci_calls_the_readmes_test_command():
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text(), re.M)


def test_help_has_a_line_for_every_task():
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tasks = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    assert re.findall(r"^make (\w+) +\S", said, re.M) == tasks


def test_a_python_that_is_too_old_is_refused_in_words(tmp_path):
    old = tmp_path / "python3"
    old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 9); $2"\n')
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    ran = subprocess.run(["make", f"PYTHON={old}", "lint"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode and "needs Python 3.10 or newer" in ran.stderr and not (tmp_path / ".venv").exists()


@pytest.mark.skipif(not READY.exists(), reason="not run by `make test`, so there may be no .venv to serve from")
def test_lab_serves_the_lessons_and_prints_the_address(tmp_path):
    log = tmp_path / "log"
    with log.open("w") as out:
        options = "ARGS=--no-browser --port 0"
        environment = os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path), "BROWSER": "none"}
        lab = subprocess.Popen(["make", "lab", options], cwd=ROOT, stdout=out, stderr=out, env=environment,
                               start_new_session=True)  # fmt: skip
    try:
        address = _address(lab, log)
        with urllib.request.urlopen(address, timeout=20) as answer:
            assert answer.status == 200 and "JupyterLab" in answer.read().decode()
        assert "/lab/tree/lessons/" in address
    finally:
        os.killpg(lab.pid, signal.SIGTERM)
        lab.wait(20)


def _address(lab: subprocess.Popen, log: Path) -> str:
    """The address with its token, once the server has printed it."""
    for _ in range(600):
        if found := re.search(r"http://127\.0\.0\.1:\d+/\S*token=\w+", log.read_text()):
            return found[0]
        assert lab.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"no address after a minute: {log.read_text()}")
