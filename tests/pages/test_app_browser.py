"""Lesson 18's page in a real browser: by keyboard, on a phone, in the dark, without JavaScript, and when refused."""

import pytest
from browser import SCREENSHOTS
from needs import needs_chromium
from photos import GOOD, header, photo, saved, turned
from web import ROOT, served, server

import coursekit as ck

pytestmark = needs_chromium
PET = sorted((ROOT / "data" / "pets" / "images").glob("Tabby_*.jpg"))[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def address(home, predictor):
    """The app on a real server; test_app.py starts it by its command."""
    with served(server.create_app(predictor, home / "app" / "corrections")) as address:
        yield address


@pytest.fixture
def opened(browser, address):
    """Opens the page, or another one; keeps what the browser complained of and the hosts it asked, and checks both."""
    pages = []

    def open_page(path="/", **options):
        page = browser.new_context(viewport={"width": 1100, "height": 900}, **options).new_page()
        page.complaints, page.hosts = [], set()
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else 0)
        page.on("request", lambda request: page.hosts.add(request.url.split("/")[2]))
        page.on("filechooser", lambda chooser: None)  # from now on, choosers are for the test to answer
        page.goto(address + path)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        refused = "Failed to load resource: the server responded with a status of 4"  # an answer that a test asked for
        assert [said for said in page.complaints if not said.startswith(refused)] == []
        assert {host for host in page.hosts if host} == {address.split("/")[2]}
        page.context.close()


def keep(page, name):
    """A picture of the page, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"app_{name}.png", full_page=True)


def choose(page, data, name="pet.png", kind="image/png"):
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.textContent")


def test_by_keyboard_from_the_picture_to_the_correction(opened, home, predictor):
    page = opened()
    page.keyboard.press("Tab")
    assert focused(page) == "file"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(PET)
    page.wait_for_function("document.getElementById('picture').naturalWidth > 0")
    page.keyboard.press("Tab")
    assert focused(page) == "Which pet is it?"
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer:visible")
    answer = predictor.predict(PET)
    assert page.inner_text("#said").startswith(answer.label.replace("_", " ") + ", ")
    names = [name.replace("_", " ") for name in answer.probabilities]
    assert page.locator("#classes th").all_inner_texts() == names
    widths = [box["width"] for box in (bar.bounding_box() for bar in page.locator(".bar").all())]
    assert widths == sorted(widths, reverse=True) and widths[0] > widths[-1]
    keep(page, "answer")
    page.keyboard.press("Tab")
    assert focused(page) == "label"
    right = "pug" if answer.label == "Tabby" else "Tabby"
    page.keyboard.type(right)  # letters choose from the list
    page.keyboard.press("Tab")
    assert focused(page) == "Send the correction"
    page.keyboard.press("Enter")
    page.wait_for_selector("#thanks:not(:empty)")
    assert page.inner_text("#thanks") == f"Thank you. It was kept as {right}."
    keep(page, "corrected")
    kept = home / "app" / "corrections"
    files = ck.find_images(kept / "images")
    assert ck.csv_labels(kept / "corrections.csv").of(files) == [right]
    assert ck.read_image(files[0]).equal(ck.read_image(PET))


def test_what_a_screen_reader_is_told(opened):
    page = opened()
    assert page.get_by_label("A picture").get_attribute("id") == "file"
    assert page.locator("#said").get_attribute("aria-live") == "polite"
    assert page.locator("#error").get_attribute("role") == "alert"
    choose(page, saved(photo()))
    page.get_by_role("button", name="Which pet is it?").click()
    page.get_by_role("region", name="The answer").wait_for()
    assert page.get_by_role("table", name="How sure the network is of each").is_visible()
    assert page.get_by_label("Was this wrong?").get_attribute("id") == "label"
    assert page.get_by_role("img", name="The picture that you chose.").is_visible()


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("cat.png", lambda: b"no picture at all", "not a picture that is read here"),
        ("cut.jpg", lambda: saved(photo(), "JPEG")[:700], "cut off or damaged"),
        ("empty.png", lambda: b"", "empty"),
        ("bomb.png", lambda: header(20_000, 20_000), "too many pixels: at most 25 million"),
        ("large.png", lambda: saved(photo()) + b"\0" * 20_000_000, "too large: at most 20 MB"),
        ("<img src=x onerror=alert(1)>.png", lambda: b"x" * 40, "not a picture"),
    ],
)
def test_a_refusal_is_a_sentence_on_the_page(opened, tmp_path, name, make, words):
    page = opened()
    choose(page, saved(photo()))
    page.click("#ask button")
    page.wait_for_selector("#answer:visible")
    data = make()
    if len(data) > 1_000_000:  # Playwright takes seconds to hand over what is not a file
        (tmp_path / name).write_bytes(data)
        page.set_input_files("#file", tmp_path / name)
    else:
        choose(page, data, name)
    assert page.is_hidden("#answer")  # it was about another picture
    page.click("#ask button")
    page.wait_for_selector("#error:not(:empty)")
    assert words in page.inner_text("#error") and page.inner_text("#said") == ""
    if name.startswith("cut"):
        keep(page, "refused")
    choose(page, saved(photo()))
    page.click("#ask button")
    page.wait_for_selector("#answer:visible")
    assert page.inner_text("#error") == ""


def test_without_a_picture_nothing_is_sent(opened):
    page = opened()
    page.click("#ask button")
    assert page.evaluate("document.getElementById('file').validity.valueMissing")
    assert page.inner_text("#said") == page.inner_text("#error") == ""


def test_a_server_that_does_not_answer_is_said_so(opened):
    page = opened()
    page.route("**/predict", lambda route: route.abort())
    choose(page, saved(photo()))
    page.click("#ask button")
    page.wait_for_selector("#error:not(:empty)")
    assert "does not answer" in page.inner_text("#error")
    page.complaints[:] = [said for said in page.complaints if "ERR_FAILED" not in said]


def test_an_answer_that_comes_late_is_not_shown_with_another_picture(opened):
    page = opened()
    waiting = []
    page.route("**/predict", lambda route: waiting.append(route))
    choose(page, saved(photo()))
    page.click("#ask button")
    for _ in range(100):
        if waiting:
            break
        page.wait_for_timeout(50)
    choose(page, saved(photo(80, 80)), "other.png")
    waiting[0].continue_()
    page.wait_for_timeout(1500)
    assert page.is_hidden("#answer") and page.inner_text("#said") == ""


@pytest.mark.parametrize("what", GOOD)
def test_what_is_chosen_is_shown(opened, what):
    page = opened()
    choose(page, GOOD[what](), "pet", "image/png")
    page.wait_for_function("document.getElementById('picture').naturalWidth > 0")


def test_on_a_phone_it_fits_and_can_be_touched(opened):
    page = opened()
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.set_input_files("#file", PET)
        page.click("#ask button")
        page.wait_for_selector("#answer:visible")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for thing in ("#file", "#ask button", "#label", "#correct button"):
            box = page.locator(thing).bounding_box()
            assert box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= width
    keep(page, "phone")


def contrast(page, element):
    """The contrast of a text with what is behind it, as WCAG 2 defines it."""
    return page.evaluate(
        """element => {
            const channels = colour => colour.match(/[\\d.]+/g).map(Number);
            const light = colour => channels(colour).slice(0, 3).map(c => c / 255)
                .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
            let behind = element;
            while (channels(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
            const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(light);
            return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        }""",
        element,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_light_and_dark(opened, scheme):
    page = opened(color_scheme=scheme)
    page.set_input_files("#file", PET)
    page.click("#ask button")
    page.wait_for_selector("#answer:visible")
    page.select_option("#label", "pug" if page.inner_text("#said").startswith("Tabby") else "Tabby")
    page.click("#correct button")
    page.wait_for_selector("#thanks:not(:empty)")
    keep(page, scheme)
    for thing in (
        "h1",
        ".quiet",
        "label",
        "button",
        "button.second",
        "select",
        "#said",
        "th",
        "caption",
        "#thanks",
        "a",
    ):
        assert contrast(page, page.locator(thing).first.element_handle()) >= 4.5, thing
    choose(page, b"x" * 20)
    page.click("#ask button")
    page.wait_for_selector("#error:not(:empty)")
    assert contrast(page, page.locator("#error").element_handle()) >= 4.5


def test_without_javascript_the_answer_comes_as_json(opened):
    page = opened(java_script_enabled=False)
    page.set_input_files("#file", PET)
    page.click("#ask button")
    page.wait_for_url("**/predict")
    assert '"label"' in page.content()


def test_a_photograph_on_its_side_is_shown_upright(opened):
    page = opened()
    choose(page, turned(), "photo.jpg", "image/jpeg")
    page.wait_for_function("document.getElementById('picture').naturalWidth > 0")
    assert page.evaluate("(p => [p.naturalWidth, p.naturalHeight])(document.getElementById('picture'))") == [40, 60]


def test_the_apis_page_comes_from_here_and_can_be_tried(opened):
    page = opened("/docs")
    page.click("text=/predict")
    page.click("text=Try it out")
    page.set_input_files("input[type=file]", PET)
    page.click("text=Execute")
    page.wait_for_selector(".live-responses-table .response-col_status:has-text('200')")
    keep(page, "api")
