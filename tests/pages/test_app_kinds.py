"""Lesson 18's web app with every sort of learner: what is asked of it, and what it answers, as JSON and on the page."""

import base64
import io
import json
import sys
from fnmatch import fnmatch
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest
import torch
from drawn import classes, discs, mask_source, multi_source, point_source
from fastapi.testclient import TestClient
from markup import errors_in
from needs import needs_chromium, needs_java
from photos import saved
from PIL import Image
from web import ROOT, Limits, served, server

import coursekit as ck
from coursekit.classroom import commands

TEXTS, SIGNS = ["One two three.", "Two three four!", "three four five", "five six one"] * 6, ["good", "bad"] * 12


def of_images(source, make=ck.vision_learner, **options):
    data = source.split(ck.at_random(0.3)).loaders(size=16, batch_size=4, device="cpu", **options)
    return make(data, pretrained=False, progress=False)


def of_table():
    table = pd.DataFrame({"Store": [1, 2, 3, 1] * 8, "Far": [1.0, 4.0, 7.5, 2.0] * 8})
    table["Sales"] = 1000.0 * table["Store"] + table.index
    data = ck.TableLoaders(table, categorical=["Store"], continuous=["Far"], target="Sales", device="cpu")
    return ck.tabular_learner(data, progress=False)


def of_ratings():
    ratings = pd.DataFrame({"userId": [1, 2, 3] * 4, "movieId": list("xxyyzzxyxyzz"), "rating": [1.0, 2, 5, 4] * 3})
    return ck.collab_learner(ck.RatingLoaders(ratings, device="cpu"), 4, progress=False)


@pytest.fixture(scope="module")
def learners(tmp_path_factory):
    """Not trained, and each read from the file that it was exported to."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("learners")
    centres = discs(folder / "discs", 8, 20)
    numbers = classes(folder / "numbers", 4, 20, 3).labelled_by(ck.number_labels(lambda file: len(file.name)))
    text = ck.text_classifier_learner(
        ck.TextLoaders((TEXTS, SIGNS), min_frequency=1, device="cpu"), 8, 8, 2, progress=False
    )
    made = {
        "labels": of_images(multi_source(folder / "labels")),
        "mask": of_images(mask_source(folder / "discs"), ck.unet_learner),
        "cropped mask": of_images(mask_source(folder / "discs"), ck.unet_learner, fit="crop"),
        "keypoint": of_images(point_source(folder / "discs", centres)), "numbers": of_images(numbers),
        "text": text, "table": of_table(), "ratings": of_ratings(),
    }  # fmt: skip
    return {name: ck.load(learn.export(folder / f"{name}.safetensors"), device="cpu") for name, learn in made.items()}


@pytest.fixture
def ask(learners, tmp_path):
    """Asks one of them; a text as it is, a picture as a file."""
    opened = []

    def ask(name, question, **limits):
        client = TestClient(server.create_app(learners[name], tmp_path / "kept", Limits(**limits)))
        opened.append(client.__enter__())
        if isinstance(question, str):
            return client.post("/predict", data={"text": question})
        return client.post("/predict", files={"file": ("a.png", question, "image/png")})

    yield ask
    for client in opened:
        client.__exit__()


PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 60, 3), np.uint8))
WIDE = saved(PICTURE)


def test_several_labels(ask, learners):
    expected, answer = learners["labels"].predict(WIDE), ask("labels", WIDE).json()
    assert set(answer) == {"label", "classes"} and answer["label"] == expected.label
    assert {one["label"]: pytest.approx(one["probability"], abs=1e-5) for one in answer["classes"]} == (
        expected.probabilities
    )
    assert len(expected.probabilities) == 3


def test_numbers_and_keypoints_are_those_of_the_picture_that_was_sent(ask, learners):
    answer = ask("numbers", WIDE).json()
    assert set(answer) == {"label", "numbers"}
    assert answer["numbers"] == pytest.approx(learners["numbers"].predict(WIDE).numbers, rel=1e-5)
    found = ask("keypoint", WIDE).json()
    assert set(found) == {"label", "points"}
    expected = learners["keypoint"].predict(WIDE)
    assert torch.allclose(torch.tensor(found["points"]), expected.values, atol=1e-3)
    assert found["label"] == expected.label and found["points"][0][0] > 16  # wider than the model's size


@pytest.mark.parametrize(("name", "box"), [("mask", [0, 0, 60, 30]), ("cropped mask", [15, 0, 45, 30])])
def test_a_mask_is_a_picture_in_colors_and_says_where_it_lies(ask, learners, name, box):
    answer = ask(name, WIDE).json()
    assert set(answer) == {"label", "mask"} and answer["mask"]["box"] == pytest.approx(box, abs=0.01)
    kind, _, data = answer["mask"]["png"].partition(",")
    colors = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
    assert kind == "data:image/png;base64" and colors.shape == (16, 16, 3)
    learner = learners[name]
    numbers = learner.predict(WIDE).values.argmax(0).numpy()
    for number in np.unique(numbers):
        hexed = answer["mask"]["colors"][learner.data.target_type.names[number]]
        assert (colors[numbers == number] == list(bytes.fromhex(hexed[1:]))).all()
    assert len(set(answer["mask"]["colors"].values())) == len(np.unique(numbers))


def test_a_text_and_a_row(ask, learners):
    answer = ask("text", "Two three four!").json()
    expected = learners["text"].predict("Two three four!")
    assert answer["label"] == expected.label and len(answer["classes"]) == 2
    assert answer["classes"][0]["probability"] == pytest.approx(float(expected.values.max()), abs=1e-5)
    for name, row in (("table", {"Store": 2, "Far": 3.5}), ("ratings", {"userId": 9, "movieId": "z"})):
        numbers = ask(name, json.dumps(row)).json()["numbers"]
        assert numbers == pytest.approx(learners[name].predict(row).numbers, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "question", "status", "words"),
    [
        ("text", "  ", 422, "empty"),
        ("text", "a" * 51, 413, "at most 50 characters"),
        ("table", "{no json", 422, "no row as JSON"),
        ("table", "[1, 2]", 422, "no row as JSON"),
        ("table", '{"Store": 2}', 422, "Far"),
        ("table", '{"Store": "two", "Far": 1}', 422, "Store"),
        ("table", '{"Store": 2, "Far": NaN}', 422, "NaN is no number"),
        ("table", '{"Store": 2, "Far": 1e999}', 422, "1e999 is no number"),
        ("table", '{"Store": 2, "Far": 1e99}', 422, "Far"),
        ("table", '{"Store": 2, "Far": %s}' % ("9" * 400), 422, "no row as JSON"),
        ("table", '{"Store": 2, "Far": %s}' % ("9" * 5_000), 422, "no row as JSON"),
        ("table", '{"Store": 2, "Far": %s}' % ("[" * 3_000), 422, "no row as JSON"),
        ("table", '{"Store": "\\ud800", "Far": 1}', 422, "Store"),
        ("table", '{"\\ud800": 1}', 422, "Far"),
        ("text", WIDE, 422, "'text'"),
        ("labels", "a text", 415, "multipart"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(ask, name, question, status, words):
    response = ask(name, question, characters=50 if name == "text" else 9_000)
    sentence = response.json()["detail"]
    assert response.status_code == status and words in sentence and len(sentence) < 400


def test_one_bad_row_does_not_spoil_its_neighbours_answers(learners, tmp_path):
    asked = server.Model(learners["table"])
    rows = [{"Store": 1, "Far": 2.0}, {"Store": 99, "Far": None}]
    answers = asked.answer([asked.text(json.dumps(row), Limits()) for row in rows])
    for row, answer in zip(rows, answers, strict=True):
        assert answer.numbers == pytest.approx(learners["table"].predict(row).numbers, rel=1e-5)


def test_a_language_model_is_not_served(tmp_path, capsys):
    language = ck.language_model_learner(ck.LanguageLoaders(TEXTS, min_frequency=1, device="cpu"), 8, 8, 1)
    for learn in (language, ck.gpt_tiny(progress=False)):
        words = f"this is a {type(learn).__name__}, which writes on"
        with pytest.raises(ValueError, match=words):
            server.create_app(learn, tmp_path)
        with pytest.raises(SystemExit):
            server.main(["--model", str(learn.export(tmp_path / "model.safetensors"))])
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["labels", "mask", "text", "table"])
@needs_java
def test_the_page_of_each_is_valid_html(learners, tmp_path, name):
    app = server.create_app(learners[name], tmp_path, title="A < B?")
    page = tmp_path / "page.html"
    page.write_text(TestClient(app).get("/").text, encoding="utf-8")
    assert errors_in([page]) == []


def test_the_page_asks_for_what_the_model_takes(learners, tmp_path):
    fields = {"labels": "file", "mask": "file", "text": "text", "table": "row", "ratings": "row"}
    for name, field in fields.items():
        app = server.create_app(learners[name], tmp_path / name, title="A < B?")
        page, paths = TestClient(app).get("/").text, app.openapi()["paths"]
        assert [other for other in ("file", "text", "row") if f'id="{other}"' in page] == [field]
        assert "<h1>A &lt; B?</h1>" in page and 'id="correct"' not in page and "<!--" not in page
        assert "/corrections" not in paths and not (tmp_path / name).exists()


@needs_chromium
def test_in_a_browser_the_answer_is_drawn_or_written(browser, learners, tmp_path):
    for name in ("mask", "keypoint", "text"):
        with served(server.create_app(learners[name], tmp_path, title="What is it?")) as address:
            page = browser.new_page(viewport={"width": 1000, "height": 800})
            complaints = []
            page.on("pageerror", lambda error, all=complaints: all.append(str(error)))
            page.on("console", lambda said, all=complaints: all.append(said.text) if said.type == "error" else 0)
            page.goto(address)
            if name == "text":
                page.fill("#text", "Two three four!")
            else:
                page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": WIDE})
            page.click("#ask button")
            page.wait_for_selector("#classes tr")
            if name != "text":
                page.wait_for_selector("#drawn:visible")
                size = "[at('drawn').width, at('drawn').height]"
                assert page.evaluate(size) == [60, 30]
                drawn = "Array.from(at('drawn').getContext('2d').getImageData(0, 0, 60, 30).data)"
                shown = np.array(page.evaluate(drawn)).reshape(30, 60, 4)[..., :3]
                rows, columns = np.nonzero(np.abs(shown - np.asarray(PICTURE, int)).max(-1) > 40)
                if name == "mask":
                    assert len(rows) > 0.4 * 30 * 60
                else:
                    point = learners[name].predict(WIDE).values[0].tolist()
                    assert len(rows) < 60 and np.hypot(columns.mean() - point[0], rows.mean() - point[1]) < 2
            assert complaints == [] and page.inner_text("#said") != "Looking …"
            page.close()


def test_the_dockerfile_asks_for_what_there_is(monkeypatch, capsys):
    lines = (ROOT / "lessons" / "app" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    words = {line.split()[0]: line for line in lines if line and line[0] not in "# "}
    assert {"FROM", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "CMD"} <= set(words)
    command = json.loads(words["CMD"].removeprefix("CMD "))
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit):  # the options are known; the model is not in this folder
        commands.main()
    assert "model.safetensors" in capsys.readouterr().err
    run = next(line for line in lines if "pip install" in line)
    assert (ROOT / run.split("--constraint ")[1].split()[0]).is_file() and run.endswith(" .")
    assert f"127.0.0.1:{words['EXPOSE'].split()[1]}/health" in words["HEALTHCHECK"]


def test_the_dockerfiles_sources_are_there_and_not_left_out():
    folder = ROOT / "lessons" / "app"
    lines = [
        line for line in (folder / "Dockerfile").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    left_out = (folder / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in left_out if line and line[0] != "#"]
    needed = ["pyproject.toml", "setup.py", "constraints.txt", "README.md", "LICENSE", "coursekit/__init__.py",
              "lessons/18_web_app.ipynb", "lessons/app/page.html", "data/README.md", "model.safetensors"]  # fmt: skip
    for name in needed:
        assert (ROOT / name).exists() or name == "model.safetensors"
        parts = [str(part) for part in (PurePosixPath(name), *PurePosixPath(name).parents)]
        assert not any(fnmatch(part, pattern.removeprefix("**/")) for part in parts for pattern in patterns), name
    for line in lines:
        command, *words = line.split()
        assert command in ("FROM", "RUN", "WORKDIR", "COPY", "ARG", "USER", "EXPOSE", "HEALTHCHECK", "CMD"), line
        if command == "COPY":
            assert all((ROOT / source).exists() for source in words[:-1])
    at = [line.split()[0] for line in lines]
    assert at.index("COPY") < at.index("USER") < at.index("CMD") and "USER root" not in lines
    script = json.loads(lines[-1].removeprefix("CMD "))[0]
    assert f'\n{script} = "coursekit.' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
