"""A lesson in a real JupyterLab in a real browser: it runs without error, and its figures answer."""

import shutil
from urllib.parse import urlsplit

import pytest
from browser import CHROMIUM, IN_CI, MINUTE
from lab import READY, ROOT, serving

pytestmark = pytest.mark.skipif(not (CHROMIUM and READY.exists()) and not IN_CI, reason="no Chromium on this machine")

# lesson -> how a key on the first slider changes its figure
WIDGETS = {"02_convolution": "products; sum = 5", "03_softmax": "softmax: one of them"}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """JupyterLab on copies, so that nothing a test does is saved in the lessons."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("lessons", "excel"):
        shutil.copytree(ROOT / name, folder / name)
    with serving(folder, f"--ServerApp.root_dir={folder}") as address:
        yield address


@pytest.mark.parametrize("lesson", WIDGETS)
def test_a_lesson_runs_and_its_figure_answers(address, page, lesson):
    parts = urlsplit(address)
    page.goto(f"http://{parts.netloc}/lab/tree/lessons/{lesson}.ipynb?{parts.query}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=MINUTE)
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle", timeout=MINUTE)
    page.click("text=Run >> nth=0")
    page.click("text=Run All Cells >> nth=0")
    # attached, not visible: JupyterLab leaves out what is far from the part of the page that is seen
    figure = page.wait_for_selector(
        ".jp-OutputArea-output .widget-vbox .widget-html-content", state="attached", timeout=4 * MINUTE
    )
    figure.scroll_into_view_if_needed()
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle", timeout=2 * MINUTE)
    assert not page.query_selector_all('[data-mime-type="application/vnd.jupyter.error"]')
    before = figure.inner_text()
    assert WIDGETS[lesson] in " ".join(before.split())
    page.query_selector(".widget-vbox .noUi-handle").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("([figure, before]) => figure.innerText != before", arg=[figure, before], timeout=MINUTE)
    assert not page.errors
    assert all(host.startswith("127.0.0.1:") for host in page.hosts if host), page.hosts
