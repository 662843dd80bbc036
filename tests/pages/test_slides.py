"""The decks: complete, in need of no other host, and in a real browser legible, to be moved through and annotated."""

import re

import nbformat
import pytest
from browser import MINUTE, keep
from bs4 import BeautifulSoup
from lab import ROOT
from needs import needs_chromium

from lessons.make import slides

PATHS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))
DECKS = ["02_convolution", "08_sgd"]  # figures, worksheets, no formula; formulas, and the most slides


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    slides.make([name[:2] for name in DECKS], folder)
    return folder


def lesson(name):
    return nbformat.read(ROOT / "lessons" / f"{name}.ipynb", as_version=4)


def kind(cell):
    return cell.metadata.get("slideshow", {}).get("slide_type")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_timing_plan_adds_up_to_the_lessons_time(path):
    notebook = lesson(path.stem)
    minutes = int(re.search(r"^Time: about (\d+) minutes", notebook.cells[0].source, re.M)[1])
    notes = next(cell.source for cell in notebook.cells if kind(cell) == "notes")
    said, plan = re.search(r"Timing plan \((\d+) minutes.*?\): (.*?)\.(?:\s|$)", notes, re.S).groups()
    parts = [int(part) for part in re.findall(r"\s(\d+)(?=[,;]| in class|$)", plan)]
    assert len(parts) >= 4 and sum(parts) == int(said) == minutes, parts


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_has_the_outputs_and_the_notes_and_loads_only_what_lies_beside_it(decks, name):
    page = BeautifulSoup((decks / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    shown = [cell for cell in lesson(name).cells if kind(cell) != "skip"]
    outputs = [output for cell in shown for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert [image["alt"] for image in page("img")] == [p.metadata["image/png"]["alt"] for p in pictures]
    assert len(page.select("div.output")) == len(outputs)
    assert len(page.select("aside.notes")) == sum(kind(cell) == "notes" for cell in shown)
    assert page.html["lang"] == "en" and page.title.string == f"{slides.title(lesson(name))}: slides"
    loaded = [tag.get("src") or tag.get("href") for tag in page(["script", "img", "link", "iframe"])]
    for target in filter(None, loaded):
        assert target.startswith("data:") or (decks / target).is_file(), target
    for style in decks.glob("lib/*.css"):
        assert not re.search(r"@import|url\((?!['\"]?data:)", style.read_text(encoding="utf-8")), style.name


def test_the_index_leads_to_every_deck_that_is_there(decks):
    page = BeautifulSoup((decks / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert [link["href"] for link in page.select("li a")] == [f"{name}.html" for name in DECKS]


def test_a_folded_cell_shows_what_it_draws_and_not_its_code(tmp_path):
    v4 = nbformat.v4
    shown = [v4.new_output("stream", **{"text": f"{name} speaks"}) for name in ("open", "folded")]
    code = [v4.new_code_cell("print(1)", outputs=shown[:1])]
    code += [v4.new_code_cell("print(2)", outputs=shown[1:], metadata={"tags": ["hide-input"]})]
    path = tmp_path / "14_folded.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("# 14 Folded"), *code]), path)
    page = BeautifulSoup(slides.build(path, tmp_path).read_text(encoding="utf-8"), "html.parser")
    assert [part.get_text().strip() for part in page.select("div.input")] == ["print(1)"]
    assert [part.get_text().strip() for part in page.select("div.output")] == ["open speaks", "folded speaks"]


def test_an_unknown_lesson_is_refused_in_words(tmp_path):
    with pytest.raises(SystemExit, match="no lesson '97'"):
        slides.make(["97"], tmp_path)


# what does not fit on the slide that is shown: [too high, too wide], and how many pieces are on it
OVERFLOW = """() => {
  const slide = Reveal.getCurrentSlide();
  const wide = [slide, ...slide.querySelectorAll("*")].filter(
    (part) => getComputedStyle(part).overflowX == "auto" && part.scrollWidth > part.clientWidth + 1);
  return [slide.scrollHeight > slide.clientHeight + 1, wide.length > 0, pieces(slide).length];
}"""


@needs_chromium
@pytest.mark.parametrize("name", DECKS)
def test_a_deck_is_legible_and_moves_without_a_network_or_a_server(decks, page, name):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto((decks / f"{name}.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady()", timeout=MINUTE)
    place = "(({h, v}) => [h, v])(Reveal.getIndices())"
    assert page.evaluate(place) == [0, 0]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(place) == [1, 0]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(place)[1] == 1 and page.inner_text("section.present section.present .again")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(place)[0] == 0
    places = page.evaluate("Reveal.getSlides().map((slide) => Reveal.getIndices(slide))")
    scrolled = 0
    for i, at in enumerate(places):
        page.evaluate("({h, v}) => Reveal.slide(h, v)", at)
        high, wide, pieces = page.evaluate(OVERFLOW)
        assert not high or pieces == 1, f"slide {i + 1} is too full"
        scrolled += high or wide
        if i % 6 == 0:
            keep(page, f"slides_{name}_{i + 1:03d}")
    assert len(places) > 30 and scrolled <= 2
    code = "[...document.querySelectorAll('.reveal pre')]"
    smallest = f"Math.min(...{code}.map((part) => parseFloat(getComputedStyle(part).fontSize)))"
    assert page.evaluate(smallest) >= 16
    formulas = sum(cell.source.count("$") // 2 for cell in lesson(name).cells if cell.cell_type == "markdown")
    drawn = page.evaluate("document.querySelectorAll('mjx-container svg').length")
    assert bool(drawn) == bool(formulas) and not page.query_selector("mjx-merror")
    assert (page.errors, page.complaints, page.hosts) == ([], [], {""})


@needs_chromium
def test_s_opens_the_speakers_notes(decks, page):
    page.goto((decks / f"{DECKS[0]}.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady()", timeout=MINUTE)
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    notes = opened.value
    notes.wait_for_function("document.querySelector('.speaker-controls-notes')?.innerText.includes('iming plan')")
    notes.wait_for_timeout(1500)  # the two slides beside the notes draw themselves
    keep(notes, "slides_speaker")
    assert (page.errors, page.hosts) == ([], {""})
