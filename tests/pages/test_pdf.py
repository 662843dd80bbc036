"""Lessons on paper and as exported pages: pictures with their words, answers unfolded, tagged and numbered."""

import re
import zlib

import pytest
from bs4 import BeautifulSoup
from lab import ROOT
from nbconvert import HTMLExporter
from needs import needs_chromium
from pictures import words_of

from lessons.make import pdf

LESSON = "03_softmax"
PATH = ROOT / "lessons" / f"{LESSON}.ipynb"


def inside(file):
    """The bytes of a PDF with its streams of objects unpacked."""
    raw = file.read_bytes()
    parts = [raw]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.S):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:  # a picture's own format
            continue
    return b"\n".join(parts)


@needs_chromium
def test_a_printed_lesson_is_tagged_has_an_outline_and_the_words_of_each_picture(tmp_path):
    (file,) = pdf.make(["03"], tmp_path)
    assert file == tmp_path / f"{LESSON}.pdf"
    found = inside(file)
    for part in (b"/StructTreeRoot", b"/Outlines", b"/MarkInfo"):
        assert part in found, part
    assert found.count(b"/Alt") >= len(words_of(PATH)) > 5
    assert found.count(b"/MediaBox") > 10 or len(re.findall(rb"/Type\s*/Page\b", found)) > 10


def test_what_is_printed_has_every_answer_open_and_no_notes():
    page = BeautifulSoup(pdf.page_of(PATH), "html.parser")
    assert [image["alt"] for image in page("img")] == words_of(PATH)
    assert len(page("details")) > 5 and all(answer.has_attr("open") for answer in page("details"))
    assert "iming plan" not in page.get_text() and "softmax" in page.title.string.lower()


def test_without_a_browser_it_is_said_in_words(monkeypatch, tmp_path):
    monkeypatch.setattr(pdf, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="needs Chromium, Chrome or Edge, and none was found"):
        pdf.make(["03"], tmp_path / "pdf")
    with pytest.raises(SystemExit, match="no lesson '97'"):
        pdf.make(["97"], tmp_path / "pdf")
    assert not (tmp_path / "pdf").exists()


@pytest.mark.parametrize("lesson", [LESSON, "19_more_machines"])
def test_an_exported_page_has_the_words_of_each_picture(lesson):
    exporter = HTMLExporter(template_name="coursekit", extra_template_basedirs=[str(ROOT / "lessons/make/nbconvert")])
    html, _ = exporter.from_filename(str(ROOT / "lessons" / f"{lesson}.ipynb"))
    page = BeautifulSoup(html, "html.parser")
    assert [image["alt"] for image in page.select(".jp-RenderedImage img")] == words_of(
        ROOT / "lessons" / f"{lesson}.ipynb"
    )
    assert "details::details-content" in html
