"""Print lessons to PDF, with their outputs and with all answers unfolded, by Chromium.

`python -m lessons.make.pdf` prints all to build/pdf, `... 02 03` those. The files are tagged: headings, tables and
the alternative texts of pictures are in them, and the headings are the outline.
"""

import os
import re
import shutil
import sys
import tempfile
from html import escape
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from . import slides
from .run import chosen

HERE = Path(__file__).parent
PDFS = HERE.parents[1] / "build" / "pdf"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
PLACES = (  # where macOS and Windows keep them, which is not on the PATH
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
FOOTER = """<div style="width:100%;font:8px sans-serif;padding:0 16mm;display:flex;
justify-content:space-between"><span>{}</span><span>
<span class="pageNumber"></span> / <span class="totalPages"></span></span></div>"""


def chromium() -> str:
    """Chromium or a browser made of it, on this machine; without one the program ends in words."""
    found = [shutil.which(name) for name in NAMES]
    found += [place for place in PLACES if Path(place).is_file()]
    if not any(found):
        sys.exit(
            "printing needs Chromium, Chrome or Edge, and none was found. Install one, or open"
            " the lesson's page on the site and let your own browser print it"
        )
    return next(filter(None, found))


def page_of(path: Path) -> str:
    """A lesson as the HTML that is printed; it loads print.css and tex-svg.js."""
    notebook = slides.read(path)
    notebook.metadata["title"] = slides.title(notebook)
    exporter = slides.exporter("print")
    html = exporter.from_notebook_node(notebook)[0]
    return re.sub(r"<details(?! open)", "<details open", html)


def make(numbers: list[str], folder: Path) -> list[Path]:
    """Print these lessons (all, if none is given) into a folder; gives the files."""
    paths = chosen(numbers)
    program, printed = chromium(), []
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as pages, sync_playwright() as playwright:
        for file in (slides.mathjax(), HERE / "print" / "print.css"):
            shutil.copy(file, pages)
        options = {"executable_path": program, "args": sandbox()}
        browser = playwright.chromium.launch(**options)
        for path in paths:
            page = Path(pages, f"{path.stem}.html")
            page.write_text(page_of(path), encoding="utf-8")
            printed.append(write(browser, page, folder / f"{path.stem}.pdf"))
        browser.close()
    return printed


def sandbox() -> list[str]:
    """The option without which Chromium does not start as root, in a container say."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--no-sandbox"] if root else []


def write(browser: Browser, page: Path, target: Path) -> Path:
    """Print one page, as soon as its formulas and pictures are drawn."""
    tab = browser.new_page()
    tab.goto(page.as_uri())
    tab.wait_for_selector("body[data-ready]", timeout=120_000)
    tab.pdf(
        path=target,
        prefer_css_page_size=True,
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER.format(escape(tab.title())),
        tagged=True,
        outline=True,
    )
    tab.close()
    return target


if __name__ == "__main__":
    for file in make(sys.argv[1:], PDFS):
        print(file.relative_to(PDFS.parents[1]))
