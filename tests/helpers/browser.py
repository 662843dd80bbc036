"""A real browser for tests, folders served to it, and the screenshots that it leaves in build/screenshots."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from lab import ROOT
from needs import CHROMIUM

QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run", "--disable-gpu", "--disable-quic"]  # fmt: skip
SCREENSHOTS = ROOT / "build" / "screenshots"
MINUTE = 60_000  # milliseconds


@contextmanager
def launched() -> Iterator:
    """A browser without a window. While it is open, asyncio.run is refused in this thread."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def new_page(browser: object) -> Iterator:
    """A page that keeps what went wrong on it (`errors`), what its console complained of and the hosts it asked.

    It shares nothing with other pages: no cookies, no storage, no cache.
    """
    context = browser.new_context(viewport={"width": 1300, "height": 1400})
    page = context.new_page()
    page.errors, page.complaints, page.hosts = [], [], set()
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.complaints.append(f"{page.url}: {said.text}"))
    page.on("request", lambda request: page.hosts.add(urlsplit(request.url).netloc))
    yield page
    context.close()


def keep(page: object, name: str) -> None:
    """Save what the page shows."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder on a web server of this machine; gives its address, with a / at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
