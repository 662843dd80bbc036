"""A lesson in a real JupyterLab in a real browser: it runs without error, is presented, and its figures answer."""

import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pandas as pd
import pytest
from browser import MINUTE, keep
from lab import ROOT, serving
from needs import needs_chromium, needs_environment
from pictures import words_of

from coursekit.classroom.lessons import renew

pytestmark = [needs_chromium, needs_environment]

# lesson -> how a key on the first slider changes its figure
WIDGETS = {"02_convolution": "products; sum = 5", "03_softmax": "softmax: one of them"}
# every figure to play with, as the benchmark makes them, and an exercise tried twice, in a notebook of their own
FIGURES = ["02 filter_stepper", "03 softmax_sliders", "04 threshold_slider", "07 shape_matcher", "07 product_stepper",
           "08 ball_on_curve", "10 dropout_map", "20 layer_spread", "23 denoise"]  # fmt: skip
BEGINNING = """import os
os.environ["COURSEKIT_HOME"] = {home!r}
import coursekit as ck
from benchmarks.widgets import figures
shown = figures()"""
CLEANING = """import coursekit as ck, torch
files = sorted((ck.fetch("own", "sample") / "images").rglob("*_0[12].jpg"))
source = ck.ImageSource(files).labelled_by(ck.folder_labels())
ck.widgets.cleaner(torch.arange(6.0), source, "cleaned.csv")"""
ANSWERS = {
    "wrong": 'ck.check("03.binary_losses", lambda z, t: z.exp() - t * z)',
    "right": 'ck.check("03.binary_losses", lambda z, t: z.clamp(min=0) + (-z.abs()).exp().log1p() - t * z)',
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder with the copies on which JupyterLab runs, so that nothing a test does is saved in the lessons."""
    return tmp_path_factory.mktemp("course")


@pytest.fixture(scope="module")
def address(course):
    """JupyterLab on copies of the lessons, and on notebooks of the tests' own."""
    folder = course
    for name in ("lessons", "excel"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copytree(ROOT / "benchmarks", folder / "lessons" / "benchmarks", ignore=shutil.ignore_patterns("runs"))
    sources = [
        BEGINNING.format(home=str(folder / "home")),
        *(f"shown[{name!r}]" for name in FIGURES),
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in [*sources, *ANSWERS.values()]]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "lessons" / "figures.ipynb")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CLEANING)], metadata=kernel)
    nbformat.write(notebook, folder / "lessons" / "cleaning.ipynb")
    with serving(folder, f"--ServerApp.root_dir={folder}") as address:
        yield address


def run_all(page, address, lesson, run=True):
    """Open a lesson and run all of its cells, in a workspace of its own: others open the tests' notebooks again."""
    parts, workspace = urlsplit(address), lesson.split("/")[-1]
    page.goto(f"http://{parts.netloc}/lab/workspaces/{workspace}/tree/lessons/{lesson}.ipynb?{parts.query}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=MINUTE)
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle", timeout=MINUTE)
    if not run:
        return
    page.click("text=Run >> nth=0")
    page.click(".lm-Menu-itemLabel >> text=Run All Cells >> nth=0")  # of the menu: lesson 00 speaks of it


def all_is_well(page):
    """No cell failed, nothing went wrong on the page, and it asked no other host."""
    assert not page.query_selector_all('[data-mime-type="application/vnd.jupyter.error"]')
    assert not page.errors
    assert all(host.startswith("127.0.0.1:") for host in page.hosts if host), page.hosts


@pytest.mark.parametrize("lesson", WIDGETS)
def test_a_lesson_runs_and_its_figure_answers(address, page, lesson):
    run_all(page, address, lesson)
    # attached, not visible: JupyterLab leaves out what is far from the part of the page that is seen
    figure = page.wait_for_selector(
        ".jp-OutputArea-output .widget-vbox .widget-html-content", state="attached", timeout=4 * MINUTE
    )
    figure.scroll_into_view_if_needed()
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle", timeout=2 * MINUTE)
    before = figure.inner_text()
    assert WIDGETS[lesson] in " ".join(before.split())
    told = words_of(ROOT / "lessons" / f"{lesson}.ipynb")
    page.wait_for_function(f"{ALTS}.filter(text => text).length >= {len(told)}", timeout=MINUTE)
    assert page.evaluate(ALTS) == told
    page.query_selector(".widget-vbox .noUi-handle").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("([figure, before]) => figure.innerText != before", arg=[figure, before], timeout=MINUTE)
    all_is_well(page)


REGION = ".widget-html-content[aria-live=polite]"
ALTS = "[...document.querySelectorAll('.jp-OutputArea-output img')].map(image => image.alt)"


def test_pictures_say_what_they_show_where_a_lesson_is_only_opened(address, page):
    lesson = "09_training_loop"
    parts, told = urlsplit(address), words_of(ROOT / "lessons" / f"{lesson}.ipynb")
    page.goto(f"http://{parts.netloc}/lab/workspaces/{lesson}/tree/lessons/{lesson}.ipynb?{parts.query}")
    page.wait_for_function(f"{ALTS}.filter(text => text).length >= {len(told)}", timeout=MINUTE)
    assert page.evaluate(ALTS) == told
    all_is_well(page)


def controls_have_names(figure, name):
    """Each control of a figure has a name, and a slider says its value as its readout does."""
    for role in ("slider", "button", "combobox", "spinbutton", "textbox"):
        controls = figure.get_by_role(role)
        named = figure.get_by_role(role, name=re.compile(r"\w"))
        assert named.count() == controls.count(), f"{name}: {role} without a name"
    sliders = figure.get_by_role("slider").all()
    assert sliders, name
    for slider in sliders:
        value = slider.get_attribute("aria-valuetext")
        assert re.fullmatch(r"[−-]?\d+(\.\d{1,4})?(e[−-]?\d+)?", value), f"{name}: {value}"


def test_every_figure_answers_and_an_exercise_is_checked(address, page):
    run_all(page, address, "figures")
    cell = "document.querySelectorAll('.jp-Notebook .jp-CodeCell')[{}]"
    last = cell.format(len(FIGURES) + len(ANSWERS))
    page.wait_for_function(f"{last}.innerText.includes('✓ 03.binary_losses: right')", timeout=2 * MINUTE)
    assert "✗ 03.binary_losses: wrong" in page.evaluate(f"{cell.format(len(FIGURES) + 1)}.innerText")
    for number, name in enumerate(FIGURES, 1):
        html = f"[...{cell.format(number)}.querySelectorAll('.widget-html-content')].map(e => e.innerHTML).join()"
        page.wait_for_function(f"{html}.length > 0", timeout=MINUTE)
        before = page.evaluate(html)
        within = page.query_selector_all(".jp-Notebook .jp-CodeCell")[number]
        within.scroll_into_view_if_needed()
        figure = page.locator(".jp-Notebook .jp-CodeCell").nth(number).locator(".widget-vbox >> nth=0")
        controls_have_names(figure, name)
        told = figure.locator(REGION).text_content()
        if name == "07 shape_matcher":  # whose slider is at its end
            within.query_selector(".widget-text input").fill("7, 5")
        else:
            within.query_selector(".noUi-handle").focus()
            page.keyboard.press("ArrowRight")
        page.wait_for_function("([html, before]) => eval(html) != before", arg=[html, before], timeout=MINUTE)
        changed = f"told => {cell.format(number)}.querySelector('{REGION}').textContent != told"
        page.wait_for_function(changed, arg=told, timeout=MINUTE)  # the element stays: only then is it announced
        keep(page, f"figure_{name.replace(' ', '_')}")
    all_is_well(page)


def decisions(course):
    """What the cleaner's CSV says of each image that was decided."""
    table = pd.read_csv(course / "lessons" / "cleaned.csv", keep_default_na=False).set_index("file")
    return table[table.decision != ""].label.to_dict()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_labels_are_cleaned_by_mouse_and_by_keyboard(course, address, page):
    run_all(page, address, "cleaning")
    status = "document.querySelector('.jp-OutputArea-output [role=status]')?.innerText.startsWith('{} of 6')"
    page.wait_for_function(status.format(0), timeout=2 * MINUTE)
    assert page.get_by_alt_text("image 1 of 6: vase/vase_02.jpg, labelled vase").is_visible()
    page.get_by_label("jug", exact=True).click()
    page.wait_for_function(status.format(1), timeout=MINUTE)
    assert decisions(course) == {"vase/vase_02.jpg": "jug"}
    keep(page, "cleaner")
    press(page, *["Tab"] * 4, "Space")  # over the other labels and "back", to the button that confirms
    page.get_by_alt_text("image 2 of 6: vase/vase_01.jpg, labelled vase").wait_for(timeout=MINUTE)
    press(page, *["Shift+Tab"] * 2, "Space")  # back to what drops the image
    page.wait_for_function(status.format(2), timeout=MINUTE)
    assert decisions(course) == {"vase/vase_02.jpg": "jug", "vase/vase_01.jpg": ""}
    all_is_well(page)


def test_the_link_of_lesson_00_downloads_the_file_that_the_lesson_wrote(address, page):
    run_all(page, address, "00_notebook_basics")
    link = page.wait_for_selector(".jp-OutputArea-output a[download]", state="attached", timeout=4 * MINUTE)
    link.scroll_into_view_if_needed()
    with page.expect_download(timeout=MINUTE) as waiting:
        page.click(".jp-OutputArea-output a[download]")
    assert waiting.value.suggested_filename == "digits.csv"
    lines = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "digit,images,fraction" and [line.split(",")[0] for line in lines[1:]] == list("0123456789")
    all_is_well(page)


def first_edition(lesson, title):
    """A small lesson with all that JupyterLab writes into one: outputs of several kinds, a figure to play with."""
    sources = ["6 * 7", "print(7 * 11 * 13)", "from ipywidgets import IntSlider\nIntSlider()", "# yours\n..."]
    cells = [nbformat.v4.new_markdown_cell(f"# {title}"), *map(nbformat.v4.new_code_cell, sources)]
    cells[3].metadata = {"tags": ["figure"], "jupyter": {"source_hidden": True}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells), lesson)


def save(page):
    """Save the notebook, and wait until JupyterLab says that it has."""
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".jp-mod-current:not(.jp-mod-dirty)", timeout=MINUTE)
    page.wait_for_selector("text=Saving completed", timeout=MINUTE)


def test_a_copy_that_was_opened_run_and_saved_is_renewed_and_an_edited_one_is_kept(course, address, page):
    originals, mine = course / "course" / "lessons", course / "lessons" / "my_lessons"
    originals.mkdir(parents=True)
    names = ["00_opened", "01_ran", "02_edited"]
    for name in names:
        first_edition(originals / f"{name}.ipynb", "First edition")
    assert renew(mine, originals) == []
    given = {name: (mine / f"{name}.ipynb").read_bytes() for name in names}
    for name in names:
        run_all(page, address, f"my_lessons/{name}", run=name != "00_opened")
        if name != "00_opened":
            page.wait_for_selector(".jp-OutputArea-output .widget-slider", timeout=MINUTE)
        if name == "02_edited":
            page.click(".jp-CodeCell .cm-content >> nth=-1")
            page.keyboard.press("Control+End")
            page.keyboard.type(" + 1")
        save(page)
    saved = {name: (mine / f"{name}.ipynb").read_bytes() for name in names}
    assert saved["00_opened"] == given["00_opened"], "a fresh copy is as JupyterLab writes it"
    assert saved["01_ran"] != given["01_ran"] and b"1001" in saved["01_ran"], "it was saved with its outputs"
    for name in names:
        first_edition(originals / f"{name}.ipynb", "Second edition")
    (told,) = renew(mine, originals)
    assert told.startswith("02_edited.ipynb has changed in the course; your edited copy is kept")
    assert (mine / "02_edited.ipynb").read_bytes() == saved["02_edited"] and b"... + 1" in saved["02_edited"]
    for name in names[:2]:
        assert nbformat.read(mine / f"{name}.ipynb", 4).cells[0].source == "# Second edition"
    assert not page.errors


LIVE = "print(6 * 7 * 11); import torch, coursekit as ck; ck.widgets.product_stepper(torch.eye(2), torch.eye(2))"


def test_a_lesson_is_presented_live_in_jupyterlab_its_cells_run_and_its_figures_answer(address, page):
    parts = urlsplit(address)
    page.goto(f"http://{parts.netloc}/rise/lessons/02_convolution.ipynb?{parts.query}")
    page.wait_for_selector(".reveal section.present", timeout=MINUTE)
    page.wait_for_timeout(3000)  # the slides arrange themselves
    for _ in range(2):
        page.keyboard.press("Space")
    page.click("section.present .jp-CodeCell .cm-content >> nth=0", timeout=MINUTE)
    page.keyboard.press("Control+a")
    page.keyboard.type(LIVE)
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("section.present .jp-OutputArea-output >> text=462", timeout=MINUTE)
    figure = page.wait_for_selector("section.present .widget-html-content:has(table)", timeout=MINUTE)
    before = figure.inner_html()
    slider = page.query_selector("section.present .noUi-target").bounding_box()
    page.mouse.click(slider["x"] + 100, slider["y"] + slider["height"] / 2)  # keys would move the slides
    page.wait_for_function("([f, before]) => f.innerHTML != before", arg=[figure, before], timeout=MINUTE)
    keep(page, "slides_live")
    assert not page.errors and all(host.startswith("127.0.0.1:") for host in page.hosts if host), page.hosts
