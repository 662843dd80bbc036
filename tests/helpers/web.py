"""Lesson 18's web app for tests: in a thread of the test's own process, or by its command."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import uvicorn
from lab import ROOT, address

from lessons.app import guard, pages, problems, server, uploads
from lessons.app.batches import Batcher
from lessons.app.corrections import Corrections
from lessons.app.limits import Limits

__all__ = [
    "ROOT", "Batcher", "Corrections", "Limits", "command", "guard", "own_memory", "pages", "problems", "served",
    "server", "uploads",
]  # fmt: skip


@contextmanager
def served(app: object, settings: uvicorn.Config | None = None) -> Iterator[str]:
    """A real server on a free port, with the command's settings if they are given; gives its address."""
    running = uvicorn.Server(settings or uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(20)


@contextmanager
def command(folder: Path, *options: str) -> Iterator[tuple[str, Path]]:
    """The command as a process of its own, with `folder` as its home; gives its address and its log."""
    log = folder / "app.log"
    environment = os.environ | {"COURSEKIT_HOME": str(folder), "OMP_NUM_THREADS": "1"}
    with log.open("w", encoding="utf-8") as out:
        run = [sys.executable, "-m", "coursekit", "app", "--port", "0", *options]
        process = subprocess.Popen(run, cwd=folder, stdout=out, stderr=out, env=environment)
    try:
        yield address(process, log, r"http://127\.0\.0\.1:\d+", seconds=300), log
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def own_memory(process: psutil.Process) -> int:
    """Bytes in memory, without pages of libraries, which come and go with what else the machine does (Linux tells)."""
    found = process.memory_info()
    return found.rss - getattr(found, "shared", 0)
