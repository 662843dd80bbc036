"""Lesson 18's web app: right answers, in batches; each bad input refused by name; corrections to train on."""

import asyncio
import io
import json
import queue
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
import torch
from fastapi import FastAPI
from fastapi.testclient import TestClient
from markup import errors_in
from needs import needs_java
from photos import GOOD, header, photo, saved, turned
from PIL import Image
from web import ROOT, Batcher, Corrections, Limits, command, guard, own_memory, pages, problems, served, server, uploads

import coursekit as ck

# as it is where the app runs; pytest sets the filters back before each test
pytestmark = pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
create_app = server.create_app
PETS = sorted((ROOT / "data" / "pets" / "images").glob("*.jpg"))
PAGE = pages.PAGE.read_text(encoding="utf-8")


@pytest.fixture
def client(predictor, tmp_path):
    with TestClient(create_app(predictor, tmp_path / "kept"), raise_server_exceptions=False) as client:
        yield client


# what is sent -> (bytes, announced type, status, words of the sentence)
BAD = {
    "empty": (lambda: b"", "image/png", 422, "empty"),
    "text called .png": (lambda: b"I am a cat, believe me. " * 9, "image/png", 415, "not a picture"),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 415, "not a picture"),
    "pdf": (lambda: b"%PDF-1.7\n", "application/pdf", 415, "not a picture"),
    "postscript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "image/png", 415, "not a picture"),
    "tiff": (lambda: saved(photo(), "TIFF"), "image/tiff", 415, "not a picture"),
    "a picture announced as text": (lambda: saved(photo()), "text/plain", 415, "announced as 'text/plain'"),
    "cut off jpeg": (lambda: saved(photo(), "JPEG")[:700], "image/jpeg", 422, "cut off"),
    "cut off png": (lambda: saved(photo())[:-200], "image/png", 422, "cut off"),
    "cut off webp": (lambda: saved(photo(), "WEBP")[:-90], "image/webp", 422, "cut off|header"),
    "cut off gif": (lambda: saved(photo(), "GIF")[:200], "image/gif", 422, "cut off|header"),
    "first bytes only": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "image/png", 422, "damaged"),
    "100 megapixels, small file": (lambda: saved(Image.new("1", (10_000, 10_000))), "image/png", 413, "pixels"),
    "a header of 30 megapixels": (lambda: header(6_000, 5_000), "image/png", 413, "25 million"),
    "a header of 10 gigapixels": (lambda: header(100_000, 100_000), "image/png", 413, "pixels"),
}


def ask(client, data, name="pet.png", kind="image/png"):
    return client.post("/predict", files={"file": (name, data, kind)})


@pytest.mark.parametrize("what", GOOD)
def test_the_answer_is_the_predictors(client, predictor, what):
    data = GOOD[what]()
    response = ask(client, data)
    assert response.status_code == 200, response.text
    expected, found = predictor.predict(data), response.json()
    assert found["label"] == expected.label == found["classes"][0]["label"]
    assert {one["label"] for one in found["classes"]} == set(predictor.target_type.names)
    for one in found["classes"]:
        assert one["probability"] == pytest.approx(expected.probabilities[one["label"]], abs=1e-6)


def test_a_picture_on_its_side_is_turned_before_it_is_answered(client, predictor):
    flat = saved(Image.open(io.BytesIO(turned())), "PNG")  # the same pixels without the note
    assert not torch.allclose(predictor.predict(flat).values, predictor.predict(turned()).values)


@pytest.mark.parametrize("what", BAD)
def test_each_bad_input_gets_its_own_refusal(client, what):
    make, kind, status, words = BAD[what]
    for path, fields in (("/predict", {}), ("/corrections", {"label": "beagle"})):
        response = client.post(path, files={"file": ("cat.png", make(), kind)}, data=fields)
        assert (response.status_code, list(response.json())) == (status, ["detail"]), response.text
        sentence = response.json()["detail"]
        assert re.search(words, sentence) and re.fullmatch(r"[A-Z].+\.", sentence), sentence
    assert client.get("/health").json()["forward_passes"] == 0


def test_too_many_pixels_are_refused_before_they_are_decoded(client, monkeypatch):
    monkeypatch.setattr(ck, "read_image", lambda *_: pytest.fail("decoded"))
    for make, _, status, words in BAD.values():
        if words == "pixels":
            data = make()
            assert len(data) < 20_000
            assert ask(client, data).status_code == status == 413


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({}, 415, "multipart/form-data"),
        ({"json": {"file": "cat.png"}}, 415, "multipart/form-data"),
        ({"content": b"\x89PNG", "headers": {"content-type": "image/png"}}, 415, "multipart/form-data"),
        ({"data": {"file": "cat.png"}}, 415, "multipart/form-data"),
        ({"files": {"picture": ("cat.png", b"x")}}, 422, "'file'"),
        ({"files": {"file": (None, "a text, no file")}}, 422, "'file'"),
        ({"files": {"file": ("", b"")}}, 422, "file"),
        ({"content": b"abc", "headers": {"content-type": "multipart/form-data"}}, 400, "boundary"),
        ({"content": b"--x\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 4, ""),
    ],
)
def test_a_request_without_a_file_is_refused_in_words(client, options, status, words):
    response = client.post("/predict", **options)
    assert str(response.status_code).startswith(str(status)), response.text
    assert words in response.json()["detail"]


@pytest.mark.parametrize("name", ["../../../evil.png", "..\\evil.png", "/etc/passwd", "a\0b.png", "con.png", "é" * 400])
def test_the_name_of_a_file_leads_nowhere(client, tmp_path, name):
    before = set(tmp_path.rglob("*"))
    data = saved(photo())
    response = client.post("/corrections", files={"file": (name, data, "image/png")}, data={"label": "pug"})
    assert response.status_code == 201, response.text
    kept = response.json()["file"]
    assert re.fullmatch(r"[0-9a-f]{32}\.png", kept)
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "kept" / "images" / kept}
    assert ask(client, data, name=name).status_code == 200


# --- size, time and number ---


def talk(app, pieces, headers=(), ends=True):
    """Send a request's pieces to an ASGI app; gives the answer's status and how many were taken before it began.

    After the last piece the request ends, or, if it does not, nothing comes any more.
    """
    taken, begun, status = 0, None, None

    async def receive():
        nonlocal taken
        piece = next(pieces, None)
        if piece is None and not ends:
            await asyncio.sleep(60)
        taken += 1
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message):
        nonlocal begun, status
        if message["type"] == "http.response.start":
            begun, status = taken, message["status"]

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/predict",
        "raw_path": b"/predict", "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 9),
        "server": ("127.0.0.1", 8000), "headers": [(b"content-type", b"multipart/form-data; boundary=x"), *headers],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return status, begun


START = b'--x\r\ncontent-disposition: form-data; name="file"; filename="cat.png"\r\ncontent-type: image/png\r\n\r\n'


def test_a_large_upload_is_refused_while_it_comes_in(client):
    pieces = iter([START, *[b"\0" * 10**6] * 50])
    assert talk(client.app, pieces) == (413, 21)


def test_a_large_upload_that_says_so_is_refused_unread(client):
    pieces = iter([START, *[b"\0" * 10**6] * 50])
    assert talk(client.app, pieces, [(b"content-length", b"50000000")]) == (413, 0)


def test_a_body_that_never_comes_is_given_up(predictor, tmp_path, monkeypatch):
    monkeypatch.setattr(guard.Body.discard, "__defaults__", (0.2,))  # how long it reads on
    with TestClient(create_app(predictor, tmp_path, Limits(seconds=0.2))) as client:
        start = time.monotonic()
        status, _ = talk(client.app, iter([START]), ends=False)
        assert status == 408 and time.monotonic() - start < 20


@pytest.mark.parametrize("announced", [True, False])
def test_a_large_upload_costs_no_memory_and_its_sender_reads_why(predictor, tmp_path, announced):
    chunk, process = b"\0" * 10**6, psutil.Process()
    with served(create_app(predictor, tmp_path)) as address:
        before, peak = own_memory(process), 0

        def body():
            nonlocal peak
            yield START
            for _ in range(50):
                peak = max(peak, own_memory(process))
                yield chunk

        headers = {"content-type": "multipart/form-data; boundary=x"}
        if announced:
            headers["content-length"] = str(len(START) + 50 * len(chunk))
        response = httpx.post(f"{address}/predict", content=body(), headers=headers, timeout=30)
        assert response.status_code == 413 and "20 MB" in response.json()["detail"]
        assert peak - before < 25e6
        assert ask(httpx.Client(base_url=address), saved(photo())).status_code == 200


class Slow:
    """A predictor that waits to be allowed to answer."""

    def __init__(self, predictor):
        self.predictor, self.go, self.batches = predictor, threading.Event(), []

    def __getattr__(self, name):
        return getattr(self.predictor, name)

    def predict(self, pictures):
        self.go.wait(20)
        self.batches.append(len(pictures))
        return self.predictor.predict(pictures)


def until(condition):
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within ten seconds")


def test_one_request_too_many_is_told_to_come_again(predictor, tmp_path):
    slow, data = Slow(predictor), saved(photo())
    with served(create_app(slow, tmp_path, Limits(at_once=3))) as address, ThreadPoolExecutor(3) as pool:
        inside = [pool.submit(ask, httpx.Client(base_url=address, timeout=30), data) for _ in range(3)]
        until(lambda: ask(httpx.Client(base_url=address), b"").status_code == 503)
        refused = ask(httpx.Client(base_url=address), data)
        assert refused.status_code == 503 and refused.headers["retry-after"] == "1"
        assert refused.json() == {"detail": problems.BUSY}
        assert httpx.get(f"{address}/health").status_code == 200  # it can be asked all the same
        slow.go.set()
        assert [future.result().status_code for future in inside] == [200] * 3
        assert ask(httpx.Client(base_url=address), data).status_code == 200


def test_a_failure_inside_is_an_answer_too_and_the_next_one_is_right(predictor, tmp_path, monkeypatch):
    with TestClient(create_app(predictor, tmp_path), raise_server_exceptions=False) as client:
        batcher = client.app.state.batcher
        right = batcher.answer
        batcher.answer = lambda pictures: 1 / 0
        response = ask(client, saved(photo()))
        assert response.status_code == 500 and "not your picture's fault" in response.json()["detail"]
        batcher.answer = right
        assert ask(client, saved(photo())).status_code == 200


# --- batches ---


def test_simultaneous_requests_share_forward_passes_and_get_the_same_answers(predictor, tmp_path):
    slow, files = Slow(predictor), [file.read_bytes() for file in PETS[:40]]
    with served(create_app(slow, tmp_path)) as address, ThreadPoolExecutor(40) as pool:
        client = httpx.Client(base_url=address, timeout=60)
        futures = [pool.submit(ask, client, data) for data in files]
        time.sleep(0.5)
        slow.go.set()
        together = [future.result().json() for future in futures]
        health = client.get("/health").json()
    assert sum(slow.batches) == 40 == health["answered"] and health["waiting"] == 0
    assert len(slow.batches) == health["forward_passes"] <= 5 and max(slow.batches) <= Limits().batch
    for data, answer in zip(files, together, strict=True):
        expected = predictor.predict(data).probabilities
        for one in answer["classes"]:
            assert one["probability"] == pytest.approx(expected[one["label"]], abs=1e-5)


def test_a_batcher_answers_each_with_its_own_and_outlives_errors_and_those_who_left():
    go, seen = threading.Event(), []

    def answer(questions):
        go.wait(10)
        seen.append(list(questions))
        return [10 // one for one in questions]

    batcher = Batcher(answer, Limits(batch=4, at_once=5, moment=0.05))
    first = batcher.ask(1)
    until(lambda: batcher.waiting.empty())
    time.sleep(0.1)  # its moment is over, and it is being answered
    others = [batcher.ask(one) for one in (2, 5, 10)]
    left = batcher.ask(0)
    last = batcher.ask(3)
    with pytest.raises(queue.Full):
        batcher.ask(4)
    assert left.cancel()
    go.set()
    assert [future.result(5) for future in (first, *others, last)] == [10, 5, 2, 1, 3]
    assert seen == [[1], [2, 5, 10, 3]] and (batcher.answered, batcher.passes) == (5, 2)
    wrong, too = batcher.ask(0), batcher.ask(1)
    for future in (wrong, too):
        assert isinstance(future.exception(5), ZeroDivisionError)
    rest = batcher.ask(7)
    batcher.stop()
    assert rest.result(0) == 1 and not batcher.thread.is_alive()


def test_one_alone_waits_only_a_moment():
    batcher = Batcher(lambda questions: questions, Limits())
    start = time.perf_counter()
    for one in range(20):
        assert batcher.ask(one).result(5) == one
    assert time.perf_counter() - start < 5
    batcher.stop()


# --- corrections ---


def test_corrections_are_a_training_set(client, predictor, tmp_path):
    labels = list(predictor.target_type.names)
    sent = {}
    for i, file in enumerate(PETS[:12]):
        files, label = {"file": (file.name, file.read_bytes(), "image/jpeg")}, labels[i % len(labels)]
        response = client.post("/corrections", files=files, data={"label": label})
        assert response.status_code == 201 and response.json()["label"] == label
        sent[response.json()["file"]] = (file, label)
    source = ck.ImageSource(tmp_path / "kept" / "images")
    source = source.labelled_by(ck.csv_labels(tmp_path / "kept" / "corrections.csv"))
    assert len(source) == 12
    for file, label in zip(source.files, source.labels, strict=True):
        original, right = sent[file.name]
        assert label == right and torch.equal(ck.read_image(file), ck.read_image(original))


def test_corrections_at_the_same_time_are_all_kept(predictor, tmp_path):
    log = [Corrections(tmp_path, Limits()) for _ in range(4)]  # as if by four processes
    picture = ck.read_image(PETS[0])
    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(lambda i: log[i % 4].add(picture, f"label, {i}"), range(80)))
    source = ck.ImageSource(tmp_path / "images").labelled_by(ck.csv_labels(tmp_path / "corrections.csv"))
    found = {file.name: label for file, label in zip(source.files, source.labels, strict=True)}
    assert found == {name: f"label, {i}" for i, name in enumerate(names)}
    assert (tmp_path / "corrections.csv").read_text(encoding="utf-8").startswith("file,label\n")


def test_a_kept_picture_is_upright_small_and_without_notes(client, tmp_path):
    for data in (turned(), saved(photo(3000, 1500), "JPEG")):
        files = {"file": ("pet.jpg", data, "image/jpeg")}
        name = client.post("/corrections", files=files, data={"label": "pug"}).json()["file"]
        with Image.open(tmp_path / "kept" / "images" / name) as kept:
            assert kept.size in ((40, 60), (1024, 512)) and not kept.getexif() and kept.info == {}


@pytest.mark.parametrize("label", ["", "hamster", "=1+1", "pug\nx.png,beagle", "Pug", "x" * 5000])
def test_only_known_classes_are_right_labels(client, tmp_path, label):
    response = client.post("/corrections", files={"file": ("a.png", saved(photo()))}, data={"label": label})
    assert response.status_code == 422 and len(response.json()["detail"]) < 400
    assert (tmp_path / "kept" / "corrections.csv").read_text(encoding="utf-8") == "file,label\n"
    assert list((tmp_path / "kept" / "images").iterdir()) == []


def test_what_was_kept_is_never_overwritten_and_has_an_end(predictor, tmp_path):
    for turn in range(3):  # the app is started three times
        with TestClient(create_app(predictor, tmp_path, Limits(corrections=2))) as client:
            files = {"file": ("a.png", saved(photo()))}
            status = client.post("/corrections", files=files, data={"label": "pug"}).status_code
            assert status == (201 if turn < 2 else 507)
    assert len((tmp_path / "corrections.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert len(list((tmp_path / "images").iterdir())) == 2


def test_a_picture_that_cannot_be_kept_leaves_no_row(tmp_path, monkeypatch):
    log = Corrections(tmp_path, Limits())

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="no space"):
        log.add(ck.read_image(PETS[0]), "pug")
    assert (tmp_path / "corrections.csv").read_text(encoding="utf-8") == "file,label\n"
    assert list((tmp_path / "images").iterdir()) == []


# --- pages and headers ---


def test_another_sites_page_may_not_send(client):
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        files = {"file": ("a.png", saved(photo()), "image/png")}
        assert client.post("/predict", files=files, headers={"sec-fetch-site": site}).status_code == status


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_come_with_a_policy_and_name_no_other_host(client, path):
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", response.text))
    assert addresses <= {"http://www.w3.org"}  # a name of SVG, not an address
    for path in re.findall(r'(?:src|href)="(static/[^"]+)"', response.text):
        assert client.get(path).status_code == 200


@needs_java
def test_the_page_is_valid_html(tmp_path):
    (tmp_path / "docs.html").write_text(pages.NO_SWAGGER.format(title="Which?"), encoding="utf-8")
    assert errors_in([pages.PAGE, tmp_path / "docs.html"]) == []


def test_without_swagger_ui_the_app_serves_and_says_what_brings_it(monkeypatch):
    monkeypatch.setattr(pages, "OFFLINE", None)
    app = FastAPI(title="Which <one>?", docs_url=None)
    pages.add_pages(app)
    with TestClient(app) as client:
        assert client.get("/").status_code == 200 and client.get("/openapi.json").status_code == 200
        said = client.get("/docs")
    assert "pip install fastapi-offline" in said.text and "Which &lt;one&gt;?" in said.text
    assert "default-src 'none'" in said.headers["content-security-policy"]


def test_the_page_has_no_script_in_its_tags():
    assert not re.search(r"\son\w+=|javascript:|innerHTML|\sstyle=", PAGE)


def test_the_api_describes_itself(client):
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) == {"/predict", "/corrections", "/health"}
    answers = described["paths"]["/predict"]["post"]["responses"]
    assert set(answers) == {"200", "400", "403", "408", "413", "415", "422", "429", "503"}
    schema = answers["422"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Problem"}


def test_health_tells_when_the_model_is_gone(client):
    assert client.get("/health").json() == {"status": "ok", "answered": 0, "forward_passes": 0, "waiting": 0}
    client.app.state.batcher.stop()
    response = client.get("/health")
    assert response.status_code == 503 and response.json()["status"] == "failing"


def test_other_paths_and_methods_are_refused(client):
    assert client.get("/nothing").status_code == client.post("/nothing", content=b"x").status_code == 404
    assert client.get("/predict").status_code == client.post("/").status_code == 405
    assert client.get("/static/../server.py").status_code == 404


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF89a", "GIF"),
        (b"RIFF\x10\0\0\0WEBP", "WEBP"),
        (b"RIFF\x10\0\0\0WAVE", None),
        (b"", None),
        (b"PNG", None),
    ],
)
def test_the_first_bytes_tell(first, kind):
    assert uploads.sniff(first) == kind


def test_the_guard_lets_the_rest_pass():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(guard.Guard(app, Limits())({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


# --- its files ---


def test_its_modules_are_a_few_pages_and_import_in_one_direction():
    order = ["limits", "problems", "uploads", "answers", "batches", "corrections", "guard", "connections"]
    order += ["pages", "server"]
    files = {file.stem: file for file in (ROOT / "lessons" / "app").glob("*.py") if file.stem != "__init__"}
    assert set(files) == set(order)
    for name, file in files.items():
        text = file.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300, name
        imported = re.findall(r"^from app\.(\w+) import", text, re.M)
        assert text.count("from app") + text.count("import app") == len(imported), f"{name}: imports of another form"
        assert all(order.index(other) < order.index(name) for other in imported), name


# --- the command ---


def test_the_command_serves_a_saved_model(predictor, tmp_path):
    model = predictor.save(tmp_path / "mine")
    with command(tmp_path, "--model", str(model), "--corrections", str(tmp_path / "here")) as (address, log):
        answer = httpx.post(f"{address}/predict", files={"file": PETS[5].read_bytes()}).json()
        files = {"file": PETS[5].read_bytes()}
        kept = httpx.post(f"{address}/corrections", files=files, data={"label": "pug"}).json()["file"]
    assert answer["label"] == predictor.predict(PETS[5]).label
    assert (tmp_path / "here" / "images" / kept).exists() and "training" not in log.read_text(encoding="utf-8")
    assert "corrections are kept in" in log.read_text(encoding="utf-8")


def test_without_a_model_the_command_trains_one_and_says_so(tmp_path, capsys):
    with command(tmp_path) as (address, log):
        assert "training lesson 01's classifier" in log.read_text(encoding="utf-8")
        health = httpx.get(f"{address}/health").json()
        right = sum(
            httpx.post(f"{address}/predict", files={"file": file.read_bytes()}).json()["label"]
            == file.stem.rsplit("_", 1)[0]
            for file in PETS[::15]
        )
    assert health["status"] == "ok" and right >= 34  # of 48
    capsys.readouterr()
    again = server.trained(tmp_path / "app" / "pets.safetensors")
    assert again.predict(PETS[0]).label and "training" not in capsys.readouterr().out


def test_a_wrong_model_is_refused_in_words(tmp_path, monkeypatch, capsys):
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"nonsense")
    for model, words in ((wrong, "not a whole safetensors file"), (tmp_path / "none", "no saved model")):
        monkeypatch.setattr(sys, "argv", ["server.py", "--model", str(model)])
        with pytest.raises(SystemExit) as ended:
            server.main()
        assert ended.value.code == 2 and words in capsys.readouterr().err


def test_answers_are_json_that_any_language_reads(client):
    text = ask(client, saved(photo())).text
    assert "NaN" not in text and sum(one["probability"] for one in json.loads(text)["classes"]) == pytest.approx(1)
