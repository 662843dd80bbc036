"""The web site: complete, valid, without a broken link, in need of no other host, and in a real browser usable."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from browser import MINUTE, keep, served
from lab import ROOT
from markup import errors_in
from needs import needs_chromium, needs_java
from pictures import words_of

BOOKS = sorted((ROOT / "excel").glob("*.xlsx"))
WITHOUT_TEXT = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """What a test asks of a page: its links and anchors, what it loads, its headings, its pictures, its text."""

    def __init__(self, file):
        super().__init__()
        self.anchors, self.links, self.loads, self.headings, self.pictures = set(), [], [], [], []
        self.inside, self.text = [], []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes.get("id"), attributes.get("name")} - {None}
        target = attributes.get("src") or attributes.get("href")
        loads = "src" in attributes or (tag == "link" and attributes["rel"] in ("stylesheet", "icon"))
        if target:
            (self.loads if loads else self.links).append(target)
        if re.fullmatch("h[1-6]", tag) and "aside" not in self.inside:
            self.headings.append(int(tag[1]))
        if tag == "img":
            self.pictures.append(attributes)
        if tag not in WITHOUT_TEXT:
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self.inside):
            self.text.append(data)


@pytest.fixture(scope="module")
def site(once):
    """The whole site, built once in a run as `make site` does; it fails on a warning."""

    def build(folder):
        command = [sys.executable, "-m", "lessons.make.site", folder]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
        assert ran.returncode == 0, ran.stdout + ran.stderr

    return once("site", build) / "site"


@pytest.fixture(scope="module")
def pages(site):
    return {file: Page(file) for file in site.rglob("*.html")}


@pytest.fixture(scope="module")
def lessons(site):
    """The notebooks as they were when the site was built."""
    found = sorted((site.parent / "pages" / "files").glob("[0-9][0-9]_*.ipynb"))
    assert len(found) >= 15 and {path.name for path in found} <= {path.name for path in (ROOT / "lessons").iterdir()}
    return found


def lead(pages, file, target):
    """The file and the anchor that a link on a page leads to."""
    parts = urlsplit(target)
    return (file.parent / unquote(parts.path)).resolve() if parts.path else file, unquote(parts.fragment)


def test_every_link_within_the_site_leads_somewhere(site, pages):
    broken, checked, elsewhere = [], 0, defaultdict(list)
    for file, page in pages.items():
        for target in page.links + page.loads:
            if re.match(r"[a-z]+:", target):
                elsewhere[target].append(str(file.relative_to(site)))
                continue
            goal, anchor = lead(pages, file, target)
            checked += 1
            slide = file.parent.name == "slides" and anchor.startswith("/")
            if not goal.is_file() or (anchor and not slide and anchor not in pages[goal].anchors):
                broken.append(f"{file.relative_to(site)}: {target}")
    assert not broken and checked > 2000
    links = {link: sorted(set(on)) for link, on in sorted(elsewhere.items()) if link.startswith("http")}
    (ROOT / "build").mkdir(exist_ok=True)
    listed = ROOT / "build" / "external_links.json"  # nobody is asked
    listed.write_text(json.dumps(links, indent=1), encoding="utf-8")


def test_nothing_is_loaded_from_another_host(site, pages):
    for file, page in pages.items():
        assert all(load.startswith("data:") or not urlsplit(load).netloc for load in page.loads), file
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_every_page_has_one_title_and_its_headings_in_order(site, pages):
    for file, page in pages.items():
        if file.parent.name == "slides" and file.name != "index.html":
            continue  # slides stand side by side
        assert page.headings.count(1) == (file.name != "search.html"), file  # which has one when a script has run
        for before, after in zip(page.headings, page.headings[1:], strict=False):
            assert after <= before + 1, f"{file.relative_to(site)}: h{after} below h{before}"


def test_every_picture_says_what_it_shows(site, pages, lessons):
    shown = 0
    for path in lessons:
        told = words_of(path)
        assert [picture.get("alt") for picture in pages[site / "lessons" / f"{path.stem}.html"].pictures] == told
        deck = [picture.get("alt") for picture in pages[site / "slides" / f"{path.stem}.html"].pictures]
        assert deck == words_of(path, without=("skip",))
        shown += len(told)
    assert shown >= 300
    for file, page in pages.items():
        for picture in page.pictures:
            assert len(picture.get("alt", "")) > 20, f"{file.relative_to(site)}: {picture.get('src', '')[:80]}"


def test_tables_say_what_their_headings_are_of(site):
    tables = 0
    for file in site.glob("lessons/*.html"):
        for table in re.findall(r"<table.*?</table>", file.read_text(encoding="utf-8"), re.S):
            if "dataframe" in table or "aria-label" in table:
                tables += 1
                assert "<th>" not in table, f"{file.name}: {table[:300]}"
    assert tables > 60


@needs_java
def test_the_html_is_valid(site):
    files = [file for file in site.rglob("*.html") if file.parent.name != "slides"]
    files += [site / "slides" / name for name in ("index.html", "08_sgd.html")]  # all decks are made alike
    assert errors_in(files) == []


def test_every_lesson_is_there_without_the_speakers_notes(site, pages, lessons):
    listed = Page(site / "index.html").links
    for path in lessons:
        file = site / "lessons" / f"{path.stem}.html"
        page = pages[file]
        assert re.search(r'<meta name="description" content="[^"]{40,}">', file.read_text(encoding="utf-8")), file
        assert f"lessons/{path.stem}.html" in listed
        assert f"../slides/{path.stem}.html" in page.links
        text = "".join(page.text)
        assert "iming plan" not in text and "For the instructor" not in text
        assert len(re.findall(r"✓|✗", text)) >= 2, "claims are shown"
        assert text.count("[Interactive figure") == path.read_text(encoding="utf-8").count("jupyter.widget-view+json")


def test_lessons_follow_each_other(site, pages, lessons):
    for before, after in zip(lessons, lessons[1:], strict=False):
        assert pages[site / "lessons" / f"{before.stem}.html"].links.count(f"{after.stem}.html") >= 2  # contents, next
        assert pages[site / "lessons" / f"{after.stem}.html"].links.count(f"{before.stem}.html") >= 2


def test_workbooks_and_notebooks_are_there_to_download(site, pages, lessons):
    here = pages[site / "workbooks.html"]
    for book in BOOKS:
        (link,) = {link for link in here.links if link.endswith(f"/{book.name}")}
        assert (site / link).read_bytes() == book.read_bytes()
    for path in lessons:
        (link,) = [link for link in pages[site / f"lessons/{path.stem}.html"].links if link.endswith(".ipynb")]
        assert (site / "lessons" / link).resolve().read_bytes() == path.read_bytes()


def test_what_a_lesson_builds_leads_to_that_lesson(site, pages, lessons):
    reference = [page for file, page in pages.items() if file.parent.name == "reference"]
    there = {path.stem[:2]: f"../lessons/{path.stem}.html" for path in lessons}
    for file in (ROOT / "coursekit").rglob("[a-z]*.py"):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for number in re.findall(r"(?:Built|Used) in lesson (\d\d)\.", file.read_text(encoding="utf-8")):
            home = [page for page in reference if f"module-{module}" in page.anchors]
            assert len(home) == 1, module
            assert number not in there or there[number] in home[0].links
    import coursekit

    index = "".join(pages[site / "reference" / "index.html"].text)
    assert all(f"ck.{name}" in index for name in coursekit.__all__)


@needs_chromium
def test_every_page_opens_without_an_error_and_without_another_host(site, pages, page):
    page.set_viewport_size({"width": 1280, "height": 900})
    with served(site) as address:
        for file in pages:
            if file.parent.name != "slides":  # see test_slides
                page.goto(address + str(file.relative_to(site)))
        page.goto(f"{address}lessons/08_sgd.html")
        page.wait_for_selector("mjx-container svg", timeout=MINUTE)
        assert not page.query_selector("mjx-merror")
    assert (page.errors, page.complaints, page.hosts) == ([], [], {urlsplit(address).netloc})


@needs_chromium
def test_search_finds_a_word(site, page):
    with served(site) as address:
        page.goto(address)
        page.fill(".sidebar-search", "momentum")
        page.press(".sidebar-search", "Enter")
        page.wait_for_selector(".search li a", timeout=MINUTE)
        page.wait_for_function("document.querySelector('.search .context')", timeout=MINUTE)  # what stands around it
        found = [link.get_attribute("href") for link in page.query_selector_all(".search li a")]
        keep(page, "site_search")
    assert any("08_sgd" in link for link in found)
    assert (page.errors, page.complaints, page.hosts) == ([], [], {urlsplit(address).netloc})


SHOTS = {
    "home": "index.html",
    "lesson": "lessons/03_softmax.html",
    "network": "lessons/02_convolution.html",
    "package": "reference/index.html",
    "core": "reference/core.html",
    "workbooks": "workbooks.html",
    "data": "data.html",
}


@needs_chromium
def test_light_and_dark_by_a_click(site, page):
    page.set_viewport_size({"width": 1280, "height": 900})
    paper = "getComputedStyle(document.body).backgroundColor"
    with served(site) as address:
        page.goto(address)
        seen = {}
        for _ in range(3):
            page.click(".theme-toggle-content .theme-toggle")
            seen[page.get_attribute("body", "data-theme")] = page.evaluate(paper)
        assert set(seen) == {"light", "dark", "auto"} and seen["light"] != seen["dark"]
        for theme in ("light", "dark"):
            page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
            for name, where in SHOTS.items():
                page.goto(address + where)
                assert page.evaluate(paper) == seen[theme]
                keep(page, f"site_{name}_{theme}")


@needs_chromium
def test_it_fits_a_phone_and_answers_unfold(site, page):
    page.set_viewport_size({"width": 390, "height": 844})
    with served(site) as address:
        for name, where in SHOTS.items():
            page.goto(address + where)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, where
            keep(page, f"site_{name}_phone")
        page.goto(f"{address}lessons/03_softmax.html")
        assert not page.is_visible("details p >> nth=0")
        page.click("details summary >> nth=0")
        assert page.is_visible("details p >> nth=0")
        keep(page, "site_answer_phone")


@needs_chromium
def test_on_paper_answers_are_open_and_what_leads_around_is_gone(site, page):
    page.goto((site / "lessons" / "03_softmax.html").as_uri())
    answers = page.locator("article details")
    assert answers.count() > 5 and not page.is_visible("details p >> nth=0")
    page.emulate_media(media="print")
    folded = (
        "[...document.querySelectorAll('article details')].filter(part => !part.lastElementChild.checkVisibility())"
    )
    assert page.evaluate(f"{folded}.length") == 0, "without a script"
    for part in (".sidebar-drawer", ".toc-drawer", ".related-pages", ".lesson-files"):
        assert not page.is_visible(f"{part} >> nth=0"), part
    assert page.locator("article img >> nth=0").bounding_box()["x"] >= 0
    keep(page, "site_print")
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("article details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("article details[open]").count() == 0
    alts = page.evaluate("[...document.querySelectorAll('article img')].map(image => image.alt)")
    assert alts == words_of(ROOT / "lessons" / "03_softmax.ipynb")


@needs_chromium
def test_code_is_copied_by_a_click(site, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with served(site) as address:
        page.goto(f"{address}lessons/03_softmax.html")
        page.hover("div.cell_input >> nth=0")
        page.click("div.cell_input button.copybtn >> nth=0")
        assert page.evaluate("navigator.clipboard.readText()").startswith("import torch\n")


@needs_chromium
def test_it_can_be_read_from_a_folder_without_a_server(site, page):
    page.goto((site / "lessons" / "03_softmax.html").as_uri())
    page.wait_for_selector("mjx-container svg", timeout=MINUTE)
    assert (page.errors, page.complaints, page.hosts) == ([], [], {""})
