"""The decks: complete, in need of no other host, and in a real browser legible, to be moved through and annotated."""

import re
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from browser import MINUTE, keep
from bs4 import BeautifulSoup
from lab import ROOT
from needs import needs_chromium
from PIL import Image

from lessons.make import slides

PATHS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))
DECKS = ["02_convolution", "08_sgd"]  # figures, worksheets, no formula; formulas, and the most slides


@pytest.fixture(scope="module")
def decks(once):
    """The decks of all lessons, built once in a run."""
    return once("slides", lambda folder: slides.make([], folder))


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
    assert [link["href"] for link in page.select("li a")] == [f"{path.stem}.html" for path in PATHS]


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


def opened(page, deck, query="", width=1280, height=720):
    """A deck in a browser, laid out."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(deck.as_uri() + query)
    page.wait_for_function("window.Reveal?.isReady()", timeout=MINUTE)
    return page


# text that a phone cuts off or shows too small; only code, what was printed and tables may be moved sideways
ON_A_PHONE = """() => {
  const wrong = [], boxes = ".input, .output, .words pre, .words table, mjx-container";
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`${document.documentElement.scrollWidth} wide`);
  for (const part of document.querySelectorAll(".slides *")) {
    if (part.closest("aside.notes, mjx-container *") || part.parentElement.closest(boxes)) continue;
    const right = part.getBoundingClientRect().right;
    if (right > innerWidth + 1) wrong.push(`cut off: ${part.textContent.trim().slice(0, 60)}`);
    if (part.matches("section") && part.ariaHidden) wrong.push("hidden from a screen reader");
  }
  const texts = document.createTreeWalker(document.querySelector(".slides"), NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const part = text.parentElement;
    if (!text.data.trim() || part.closest("aside.notes, mjx-container") || !part.checkVisibility()) continue;
    const size = parseFloat(getComputedStyle(part).fontSize) * (part.currentCSSZoom ?? 1);
    if (size < 14) wrong.push(`${size} pixels: ${text.data.slice(0, 40)}`);
  }
  return wrong;
}"""


@needs_chromium
def test_no_page_of_any_deck_scrolls_or_parts_what_belongs_together_and_a_phone_shows_it_all(decks, page):
    laws = Path(__file__).with_name("deck_laws.js").read_text(encoding="utf-8")
    wrong = {}
    for path in PATHS:
        opened(page, decks / f"{path.stem}.html")
        found = page.evaluate(laws)
        assert found["pages"] > 30 and found["shown"] > 100, path.stem
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_function("document.documentElement.matches('.flow')")
        wrong[path.stem] = found["wrong"] + page.evaluate(ON_A_PHONE)
        if path.stem in DECKS:
            keep(page, f"slides_{path.stem}_phone")
    assert {name: texts for name, texts in wrong.items() if texts} == {}
    assert (page.errors, page.complaints, page.hosts) == ([], [], {""})


# a deck with everything that is hard to share out
TALL = "\n\n".join(f'def f{i}(x):\n    """Number {i}."""\n    return x + {i}' for i in range(20))
HEAD = "<tr><th></th>" + "".join(f"<th>column_with_a_name_{i}</th>" for i in range(16)) + "</tr>"
ROWS = "".join(f"<tr><th>r{i}</th>" + f"<td>{i}.5</td>" * 16 + "</tr>" for i in range(40))
ANSWER = (
    "<details><summary>1. Why?</summary>\n\n"
    + "\n\n".join(f"Because of {i}. " * 40 for i in range(12))
    + "\n\n</details>"
)


@pytest.fixture
def hard(tmp_path):
    """The deck of a lesson in which code, a table, printed text, an answer and a figure are each too much."""
    v4 = nbformat.v4
    picture = BytesIO()
    Image.new("RGB", (600, 1600), "white").save(picture, "PNG")
    data = {"image/png": b64encode(picture.getvalue()).decode(), "text/plain": "a figure"}
    outputs = [
        v4.new_output("stream", text="".join(f"line {i}\n" for i in range(80))),
        v4.new_output("display_data", {"text/html": f"<table><thead>{HEAD}</thead><tbody>{ROWS}</tbody></table>"}),
        v4.new_output("display_data", data, metadata={"image/png": {"alt": "A tall white strip, nothing else."}}),
    ]
    cells = [
        v4.new_markdown_cell("# 97 Hard\n\nTime.", metadata={"slideshow": {"slide_type": "slide"}}),
        v4.new_markdown_cell("## Too much\n\nWhat does it print?", metadata={"slideshow": {"slide_type": "slide"}}),
        v4.new_code_cell("print(1)", outputs=[v4.new_output("stream", text="1\n")]),
        v4.new_markdown_cell("One, that is.\n\nHere is all of it:"),
        v4.new_code_cell(TALL, outputs=outputs),
        v4.new_markdown_cell(ANSWER + "\n\n" + "\n".join(f"{i}. A step of many, the {i}th." for i in range(1, 40))),
    ]
    path = tmp_path / "97_hard.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), path)
    slides.copy_libraries(tmp_path / "lib")
    return slides.build(path, tmp_path)


@needs_chromium
def test_what_is_too_much_for_a_page_is_shared_out_and_nothing_is_lost(hard, page):
    opened(page, hard)
    found = page.evaluate(Path(__file__).with_name("deck_laws.js").read_text(encoding="utf-8"))
    wrong = [text for text in found["wrong"] if not text.startswith("a figure is too small")]  # 1,600 pixels high
    assert wrong == [] and found["pages"] > 10
    said = "selector => [...document.querySelectorAll(selector)].map((part) => part.textContent).join('\\n')"
    code = page.evaluate(said, ".input pre")
    assert [code.count(f"return x + {i}\n") for i in range(19)] == [1] * 19
    printed = page.evaluate(said, ".output pre").split()
    assert printed == ["1", *(word for i in range(80) for word in ("line", str(i)))]
    tables = (
        "[...document.querySelectorAll('.output table')].map((table) => [...table.rows].map((r) => r.cells.length))"
    )
    assert all(len(set(rows)) == 1 for rows in page.evaluate(tables))
    assert len(page.query_selector_all(".output td")) == 40 * 16
    assert all(
        page.evaluate(
            "[...document.querySelectorAll('.output table')].map((t) => t.querySelectorAll('thead th').length > 1)"
        )
    )
    answers = page.evaluate("[...document.querySelectorAll('details')].map((one) => one.innerText.split('\\n')[0])")
    assert answers[0].startswith("1. Why? (1/") and len(answers) > 1
    numbers = page.evaluate(
        "[...document.querySelectorAll('ol')].flatMap((l) => [...l.children].map((_, i) => l.start + i))"
    )
    assert numbers == list(range(1, 40))
    again = page.evaluate("[...document.querySelectorAll('.again')].map((line) => line.textContent)")
    assert again == [f"Too much ({i}/{len(again) + 1})" for i in range(2, len(again) + 2)]


@needs_chromium
def test_the_question_comes_before_the_answer(hard, page):
    opened(page, hard)
    page.keyboard.press("Space")
    seen = "document.querySelector('section.present section.present').innerText"
    held = "section.present section.present .fragment:not(.visible)"
    hidden = f"[...document.querySelectorAll('{held}')].map((part) => part.textContent)"
    assert "What does it print?" in page.evaluate(seen)
    assert page.evaluate(hidden)[0].strip() == "1" and "One, that is" in page.evaluate(hidden)[1]
    page.keyboard.press("Space")
    assert page.evaluate(hidden) == [] and page.evaluate("Reveal.getIndices()")["v"] == 0
    page.keyboard.press("Space")
    assert page.evaluate("Reveal.getIndices()")["v"] == 1


# the least contrast between text and what is behind it (WCAG 2.2), of all texts of a deck
CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const channels = (colors) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colors) => channels(colors).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const poor = new Map();
  for (const part of document.querySelectorAll(".slides *, .theme, .slide-number *")) {
    const written = [...part.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!written || part.closest("aside.notes, mjx-container")) continue;
    const behind = [];
    for (let box = part; box; box = box.parentElement) behind.unshift(getComputedStyle(box).backgroundColor);
    const [a, b] = [light([...behind, getComputedStyle(part).color]), light(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.set(`${part.tagName}.${part.className} ${part.textContent.trim().slice(0, 30)}`, ratio);
  }
  return [...poor];
}"""


@needs_chromium
@pytest.mark.parametrize("name", DECKS)
def test_a_deck_can_be_read_in_light_and_in_dark(decks, page, name):
    paper = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    opened(page, decks / f"{name}.html")
    seen = {"dark": page.evaluate(paper)}
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("d")
    seen["light"] = page.evaluate(paper)
    assert seen["light"] != seen["dark"] and page.evaluate(CONTRAST) == []
    opened(page, decks / f"{name}.html", "#/3")
    assert page.evaluate(paper) == seen["light"], "what was chosen is remembered"
    page.focus(".theme")
    assert page.evaluate("getComputedStyle(document.querySelector('.theme')).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate(paper) == seen["dark"] and page.evaluate("Reveal.getIndices().h") == 3
    keep(page, f"slides_{name}_dark")


@needs_chromium
def test_answers_unfold_by_the_keyboard_and_stand_open_in_print(decks, page):
    opened(page, decks / "08_sgd.html")
    answers = page.evaluate("[...document.querySelectorAll('details')].length")
    assert answers >= 6 and not page.query_selector("details[open]")
    page.evaluate(
        "(({h, v}) => Reveal.slide(h, v))(Reveal.getIndices(document.querySelector('details').closest('section')))"
    )
    page.focus("section.present section.present summary")
    page.keyboard.press("Space")
    assert page.is_visible("section.present section.present details[open] > :nth-child(2)")
    pages = page.evaluate("Reveal.getTotalSlides()")
    opened(page, decks / "08_sgd.html", "?print-pdf")
    page.wait_for_function("document.querySelectorAll('.pdf-page').length")
    sheets = "[...document.querySelectorAll('.pdf-page')].map((sheet) => [sheet.clientHeight, sheet.scrollHeight])"
    sizes = page.evaluate(sheets)
    assert len(sizes) == pages and all(inside <= height for height, inside in sizes)
    assert len(page.query_selector_all("details[open]")) == answers
    sheets = re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))
    assert len(sheets) == pages


@needs_chromium
@pytest.mark.parametrize("name", DECKS)
def test_a_deck_moves_without_a_network_or_a_server(decks, page, name):
    opened(page, decks / f"{name}.html")
    place = "(({h, v}) => [h, v])(Reveal.getIndices())"
    assert page.evaluate(place) == [0, 0]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(place) == [1, 0]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(place)[1] == 1 and "(2/" in page.inner_text("section.present section.present .again")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(place)[0] == 0
    places = page.evaluate("Reveal.getSlides().map((slide) => Reveal.getIndices(slide))")
    for i, at in enumerate(places):
        if i % 6 == 0:
            page.evaluate("({h, v}) => Reveal.slide(h, v)", at)
            keep(page, f"slides_{name}_{i + 1:03d}")
    first = "[...document.querySelector('.slides > section').children]"
    assert all(page.evaluate(f"{first}.map((slide) => slide.querySelector('aside.notes') !== null)"))
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
