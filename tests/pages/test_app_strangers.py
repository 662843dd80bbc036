"""Lesson 18's web app against strangers: what hostile pictures cost, connections that never end, other sites' pages."""

import io
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hostile
import httpx
import numpy as np
import psutil
import pytest
import torch
from fastapi import HTTPException, UploadFile
from photos import photo, saved
from PIL import Image
from starlette.datastructures import Headers
from web import Corrections, Limits, command, guard, own_memory, served, server, uploads

import coursekit as ck

GOOD = saved(photo())
LIMITS = Limits(header_seconds=2, seconds=3, connections=20, per_address=8, at_once=16)


def upload(data, kind="image/png"):
    return UploadFile(io.BytesIO(data), headers=Headers({"content-type": kind}))


# --- pictures ---


def test_hostile_and_large_pictures_all_at_once_cost_little_memory(predictor, tmp_path):
    made = {name: make() for name, make in (hostile.REFUSED | hostile.LARGE).items()}
    assert len(hostile.REFUSED) >= 20
    with (
        command(tmp_path, "--model", str(predictor.save(tmp_path / "mine"))) as (address, _),
        ThreadPoolExecutor(8) as pool,
    ):
        client = httpx.Client(base_url=address, timeout=120)

        def ask(data):
            return client.post("/predict", files={"file": ("a.png", data, "image/png")})

        assert ask(GOOD).status_code == 200
        process = next(
            one for one in psutil.process_iter(["cmdline"]) if str(tmp_path / "mine") in str(one.info["cmdline"])
        )
        rest, peak = own_memory(process), 0
        answers = {name: pool.submit(ask, data) for name, data in made.items()}
        while not all(answer.done() for answer in answers.values()):
            peak = max(peak, own_memory(process))
            time.sleep(0.02)
        kernel = Path(f"/proc/{process.pid}/status")  # Linux remembers the highest itself
        if kernel.exists():
            highest = 1024 * int(re.search(r"VmHWM:\s+(\d+)", kernel.read_text(encoding="utf-8"))[1])
            peak = max(peak, highest - process.memory_info().shared)
        for name, answer in answers.items():
            found = answer.result()
            if name in hostile.LARGE:
                assert found.status_code == 200, (name, found.text)
            else:
                assert found.status_code in (413, 422) and set(found.json()) == {"detail"}, (name, found.text)
        assert ask(GOOD).status_code == 200
    assert peak - rest < 300e6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("sides", [(3_600, 3_600), (19_000, 600), (300, 18_000), (3_900, 2_000)], ids=str)
def test_whatever_is_read_of_a_large_picture_is_small_before_it_becomes_a_tensor(sides, kind):
    if kind == "WEBP" and max(sides) > 16_000:
        sides = tuple(min(side, 16_000) for side in sides)
    data = hostile.flat(*sides, kind, **({"method": 0} if kind == "WEBP" else {}))
    for least in (64, 512, 1024, 4096):  # a model's size; a correction's
        found = uploads.decode(upload(data), 3, Limits(), least)
        assert found.shape[1] * found.shape[2] <= 1.1 * uploads.SMALL


def test_small_pictures_do_not_wait_for_large_ones(predictor, tmp_path, monkeypatch):
    reading, go_on, reduced, inside = threading.Event(), threading.Event(), uploads.reduced, []

    def waits(*arguments):
        inside.append(1)
        reading.set()
        assert len(inside) == 1 and go_on.wait(60)
        inside.pop()
        return reduced(*arguments)

    monkeypatch.setattr(uploads, "reduced", waits)
    large = saved(photo(1800, 1200))
    app = server.create_app(predictor, tmp_path)
    with served(app) as address, ThreadPoolExecutor(8) as pool:

        def ask(data):
            return httpx.post(
                f"{address}/predict", files={"file": ("a.png", data, "image/png")}, timeout=60
            ).status_code

        answers = [pool.submit(ask, large) for _ in range(6)]
        try:
            assert reading.wait(60)
            assert [ask(GOOD) for _ in range(3)] == [200] * 3
            assert not any(answer.done() for answer in answers)
        finally:
            go_on.set()
        assert [answer.result() for answer in answers] == [200] * 6


def test_a_phones_photograph_is_read_small_and_upright():
    data = hostile.LARGE["50 megapixels from a phone"]()
    found = uploads.decode(upload(data), 3, Limits(), 64)
    assert found.shape == (3, 171, 128) and uploads.whole_size(upload(data), found) == (8192, 6144)


@pytest.mark.parametrize("what", hostile.ANSWERED)
def test_a_picture_that_is_odd_but_whole_is_read_as_it_looks(what):
    data = hostile.ANSWERED[what]()
    found = uploads.decode(upload(data), 3, Limits(), 64)
    with Image.open(io.BytesIO(data)) as header:
        sides = set(header.size)
    whole = uploads.whole_size(upload(data), found)
    assert set(whole) == sides and min(found.shape[-2:]) >= min(64, *sides)
    assert found.shape[-1] / found.shape[-2] == pytest.approx(whole[1] / whole[0], rel=0.02)
    assert max(found.shape[-2:]) < 2_000 or what == "16 bits"


def test_a_large_photograph_is_read_at_a_fraction_of_its_size_and_looks_the_same():
    small = photo(300, 200)
    for kind in ("JPEG", "PNG"):
        data = saved(small.resize((2400, 1600), Image.Resampling.BICUBIC), kind)
        found = uploads.decode(upload(data), 3, Limits(), 64)
        assert found.shape[-2:] in ((134, 200), (200, 300), (133, 200))
        resize = ck.Resize((64, 96))
        assert (resize(found).float() - resize(ck.read_image(data)).float()).abs().mean() < 2


def test_points_on_a_large_photograph_are_where_they_are_on_it(predictor):
    asked = server.Model(predictor)
    exif = hostile.sideways()
    _, size = asked.picture(upload(saved(photo(1800, 1200), "JPEG", exif=exif)), Limits())
    assert size == (1800, 1200)  # height and width, upright
    assert asked.picture(upload(saved(photo(1800, 1200))), Limits())[1] == (1200, 1800)
    assert asked.picture(upload(saved(photo(60, 40))), Limits())[1] == (40, 60)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (b"heic\0\0\0\0mif1heic", "HEIC.*Most Compatible"), (b"mif1\0\0\0\0mif1heic", "HEIC.*JPEG"),
        (b"avif\0\0\0\0mif1avif", "AVIF"), (b"mif1\0\0\0\0avifmif1", "AVIF"),
        (b"isom\0\0\0\0isommp42", "not a picture"),
    ],
)  # fmt: skip
def test_what_a_phone_sends_is_refused_with_a_way_out(names, words):
    data = (8 + len(names)).to_bytes(4, "big") + b"ftyp" + names + b"\0" * 200
    with pytest.raises(HTTPException, match=words) as caught:
        uploads.decode(upload(data, "image/heic"), 3, Limits())
    assert caught.value.status_code == 415


@pytest.mark.parametrize("kind", [{}, {"progressive": True}, {"restart_marker_rows": 2}, {"subsampling": 0}], ids=str)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_ends_early_is_refused_though_its_end_is_marked(kind, mode, tmp_path):
    data = saved(photo(400, 300).convert(mode), "JPEG", **kind)
    for part in (0.3, 0.6, 0.9):
        cut = data[: int(part * len(data))] + b"\xff\xd9"
        (tmp_path / "cut.jpg").write_bytes(cut)
        for source in (cut, io.BytesIO(cut), tmp_path / "cut.jpg"):
            with pytest.raises(ValueError, match="not a whole image .it ends before its last row"):
                ck.read_image(source)
        with pytest.raises(HTTPException) as caught:
            uploads.decode(upload(cut), 3, Limits())
        assert caught.value.status_code == 422


def test_a_jpeg_that_ends_before_a_restart_marker_is_refused():
    data = saved(photo(200, 150), "JPEG", restart_marker_rows=1)
    marks = [found.start() for found in re.finditer(b"\xff[\xd0-\xd7]", data)]
    assert len(marks) == 9  # of the ten rows of blocks, each but the last ends with one
    for at in marks:
        with pytest.raises(ValueError, match="it ends before its last row"):
            ck.read_image(data[:at] + b"\xff\xd9")
    ck.read_image(data)


def test_a_jpeg_that_ends_grey_is_whole():
    image = np.full((200, 300, 3), 128, np.uint8)
    image[:48] = np.asarray(photo(300, 48))
    thumbnail = b"Exif\0\0" + saved(photo(), "JPEG")  # a picture in the picture, with an end of its own
    for options in ({}, {"progressive": True}, {"exif": thumbnail}, {"comment": b"\xff\xd9\xff\xda"}):
        for after in (b"", b"\0" * 99, saved(photo(), "JPEG")):  # what phones put behind
            data = saved(Image.fromarray(image), "JPEG", quality=95, subsampling=0, **options) + after
            assert (ck.read_image(data)[:, 60:].float() - 128).abs().max() <= 2


@pytest.mark.parametrize("fit", ck.vision.images.FITS)
@pytest.mark.parametrize("shape", [(3, 400_000, 1), (3, 1, 400_000)], ids=str)
def test_a_strip_never_becomes_larger_than_it_is(fit, shape, monkeypatch):
    from torchvision.transforms.v2 import functional

    resize, sizes = functional.resize, []

    def noted(image, size, *rest, **options):
        sizes.append((tuple(image.shape), size))
        return resize(image, size, *rest, **options)

    monkeypatch.setattr(functional, "resize", noted)
    image = torch.arange(400_000).div(400_000 / 256).byte().repeat(3).reshape(shape)
    small = ck.Resize((48, 64), fit)(image)
    assert small.shape == (3, 48, 64) and sizes
    for before, (rows, columns) in sizes:  # PyTorch changes the columns first, then the rows
        assert before[-2] * columns <= max(400_000, 100 * 48 * 64) and rows * columns <= 100 * 48 * 64
    if fit == "squish":
        shades = small[0].float().mean(1 if shape[1] == 400_000 else 0)
        assert (shades.diff() >= 0).all() and shades[-1] - shades[0] > 230


# --- connections ---


@pytest.fixture(scope="module")
def site(predictor, tmp_path_factory):
    """The app as the command serves it, with smaller limits; gives its port and its uvicorn server's settings."""
    hosts = server.names("127.0.0.1", ["pets.example.org"])
    app = server.create_app(predictor, tmp_path_factory.mktemp("kept"), LIMITS, hosts=hosts)
    with served(app, server.settings(app, LIMITS, proxy="127.0.0.9")) as address:
        yield int(address.rpartition(":")[2])


def another_address():
    """Of this computer, from which one may ask; macOS has no second one unless it is made."""
    with socket.socket() as line:
        try:
            line.bind(("127.0.0.2", 0))
        except OSError:
            return None
    return "127.0.0.2"


def line(port, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), 30, (source, 0))


def request(body=b"", *headers, length=None, path="/predict", method="POST", host="127.0.0.1"):
    head = [f"{method} {path} HTTP/1.1", f"host: {host}", "content-type: multipart/form-data; boundary=x", *headers]
    head.append(f"content-length: {len(body) if length is None else length}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def form(data, name=b"file"):
    about = b'--x\r\ncontent-disposition: form-data; name="' + name + b'"; filename="a.png"\r\n'
    return about + b"content-type: image/png\r\n\r\n" + data + b"\r\n--x--\r\n"


def reply(opened):
    """An answer's status and body, or None where the server hangs up without."""
    data = b""
    try:
        while not (whole := re.search(rb"content-length: (\d+)\r\n.*?\r\n\r\n(.*)", data, re.S)) or (
            len(whole[2]) < int(whole[1])
        ):
            piece = opened.recv(65536)
            if not piece:
                break
            data += piece
    except ConnectionError:
        pass
    return (int(data.split()[1]), data.partition(b"\r\n\r\n")[2]) if data else None


def asked(port, sent, source="127.0.0.1"):
    with line(port, source) as opened:
        opened.sendall(sent)
        return reply(opened)


def settled(port):
    """Wait until the server has forgotten earlier connections."""
    for _ in range(600):
        found = asked(port, request(form(GOOD)))
        if found and found[0] == 200:
            return
        time.sleep(0.02)
    raise AssertionError("an address stays shut out")


def test_half_sent_headers_shut_out_nobody_and_are_given_up(site):
    settled(site)
    slow = []
    for _ in range(60):
        slow.append(line(site))
        slow[-1].sendall(b"POST /predict HTTP/1.1\r\nhost: 127")
    if source := another_address():
        assert asked(site, request(form(GOOD)), source)[0] == 200
    ended = [reply(one) for one in slow]
    statuses = [found and found[0] for found in ended]
    assert set(statuses) <= {408, 429, None} and statuses.count(408) <= LIMITS.connections  # None: reset while it wrote
    assert 408 in statuses and all(list(json.loads(found[1])) == ["detail"] for found in ended if found)
    for one in slow:
        one.close()
    settled(site)


def test_slow_uploads_of_one_address_shut_out_nobody_else(site):
    settled(site)
    slow = [line(site) for _ in range(LIMITS.per_address + 3)]
    for one in slow:
        one.sendall(request(form(GOOD)[:60], length=1000))
    statuses = [reply(one)[0] for one in slow[LIMITS.per_address :]]
    assert statuses == [429] * 3
    if source := another_address():
        assert asked(site, request(form(GOOD)), source)[0] == 200
    assert [reply(one)[0] for one in slow[: LIMITS.per_address]] == [408] * LIMITS.per_address
    for one in slow:
        one.close()
    settled(site)


def test_a_header_that_drips_and_a_line_that_says_nothing_are_ended(site):
    settled(site)
    with line(site) as idle, line(site) as drip:
        try:
            for _ in range(100):
                drip.sendall(b"x")
                time.sleep(0.1)
            raise AssertionError("it still waits")
        except ConnectionError:
            pass
        assert reply(idle) is None


def test_an_answer_that_nobody_takes_is_ended(site):
    settled(site)
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened.connect(("127.0.0.1", site))
        opened.sendall(request(method="GET", path="/static/swagger-ui-bundle.js") * 8)
        time.sleep(LIMITS.seconds + 2)  # nothing can be waited for: the server only stops writing
        opened.settimeout(10)
        size = 0
        try:
            while piece := opened.recv(1 << 20):
                size += len(piece)
        except ConnectionError:
            pass
    whole = 8 * int(httpx.head(f"http://127.0.0.1:{site}/static/swagger-ui-bundle.js").headers["content-length"])
    assert size < whole


def test_one_connection_answers_several_requests_in_their_order(site):
    settled(site)
    with line(site) as opened:
        opened.sendall(request(form(GOOD)) * 2 + request(b"", "connection: close", method="GET", path="/health"))
        data = b"".join(iter(lambda: opened.recv(65536), b""))
    assert data.count(b"HTTP/1.1 200 OK") == 3 and data.rindex(b'"status"') > data.rindex(b'"classes"')


@pytest.mark.parametrize("length", ["-1", "ten", "1e3", "9" * 300, "5, 6", "+5", "0x10", "5\r\ncontent-length: 6"])
def test_a_length_that_is_none_is_refused(site, length):
    status, body = asked(site, request(form(GOOD), length=length))
    assert status == 400 and list(json.loads(body)) == ["detail"]


@pytest.mark.parametrize("length", ["-1", "ten", "1e3", "9" * 300, "٣", ""])
def test_a_length_that_is_none_is_refused_behind_any_server(predictor, tmp_path, length):
    gate = guard.Guard(None, Limits())
    scope = {"method": "POST", "headers": [(b"content-length", length.encode("utf-8"))]}
    assert gate._problem(scope, "").status_code in (400, 413)


def test_pieces_and_a_client_that_waits_to_be_told_are_answered(site):
    body = form(GOOD)
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 99]), body[i : i + 99]) for i in range(0, len(body), 99))
    chunked = request(body, "transfer-encoding: chunked").replace(b"content-length", b"x-length").split(b"\r\n\r\n")[0]
    assert asked(site, chunked + b"\r\n\r\n" + pieces + b"0\r\n\r\n")[0] == 200
    assert asked(site, chunked + b"\r\n\r\nzz\r\nhello")[0] == 400
    with line(site) as opened:
        opened.sendall(request(b"", "expect: 100-continue", length=len(body)))
        assert opened.recv(100).startswith(b"HTTP/1.1 100")
        opened.sendall(body)
        assert reply(opened)[0] == 200
    assert asked(site, request(b"", "expect: 100-continue", length=10**9))[0] == 413


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\0\0no HTTP\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 200_000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 400),
        (request(form(GOOD), "content-type: multipart/form-data; boundary=x; charset=punycode"), 415),
        (request(form(GOOD, b"n" * 1_000_000)), 400),
        (request(b"--x\r\nx-a: " + b"b" * 1_000_000 + b"\r\n\r\n\r\n--x--\r\n"), 400),
        (request(b"--x\r\n" + b"x: y\r\n" * 100_000 + b"\r\n\r\n--x--\r\n"), 400),
        (request(form(b"b").replace(b"--x--\r\n", b"") * 5_000 + b"--x--\r\n"), 400),
        (request(method="GET", path="/nothing"), 404),
        (request(method="PUT"), 405),
    ],
    ids=range(12),
)
def test_odd_requests_are_refused_in_a_sentence(site, sent, status):
    found, body = asked(site, sent)
    sentence = json.loads(body)
    assert found == status and list(sentence) == ["detail"] and re.fullmatch(r"[A-Z].+\.", sentence["detail"]), body


# --- names and other sites' pages ---


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("localhost:8000", 200), ("LOCALHOST.", 200), ("[::1]:8000", 200),
        (socket.gethostname(), 200), ("pets.example.org", 200), ("evil.example", 400), ("127.0.0.1.evil.example", 400),
        ("pets.example.org.evil", 400),
        ("93.184.216.34", 400), ("user@localhost", 400), ("localhost/", 400), ("localhost:99999", 400), ("", 400),
    ],
)  # fmt: skip
def test_the_app_answers_to_its_own_names_only(site, host, status):
    assert asked(site, request(method="GET", path="/health", host=host))[0] == status
    assert asked(site, request(form(GOOD), host=host))[0] == status


def test_in_the_whole_network_it_answers_to_any_address_but_to_no_strange_name():
    for host in ("0.0.0.0", "::"):
        names = server.names(host)
        assert all(guard.is_ours(name, names) for name in ("192.168.1.7:8000", "[fe80::1]:80", "localhost"))
        assert not guard.is_ours("evil.example", names)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 200),  # no browser
        (["origin: http://127.0.0.1"], 200), (["origin: https://127.0.0.1"], 200), (["origin: null"], 403),
        (["origin: http://127.0.0.1:9999"], 403), (["origin: http://evil.example"], 403), (["origin: "], 403),
        (["origin: file://127.0.0.1"], 403), (["sec-fetch-site: same-origin", "origin: null"], 200),
        (["sec-fetch-site: cross-site", "origin: http://127.0.0.1"], 403), (["sec-fetch-site: odd"], 403),
    ],
    ids=str,
)  # fmt: skip
def test_another_sites_page_may_not_send_from_an_old_browser_either(site, headers, status):
    assert asked(site, request(form(GOOD), *headers))[0] == status


def test_the_proxy_is_believed_and_nobody_else(predictor, tmp_path):
    seen = []

    async def app(scope, receive, send):
        seen.append(guard.address(scope))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    for proxy, expected in ((None, "127.0.0.1"), ("127.0.0.1", "9.9.9.9"), ("127.0.0.7", "127.0.0.1")):
        settings = server.settings(app, Limits(), proxy=proxy)
        settings.lifespan = "off"
        with served(app, settings) as address:
            httpx.get(address, headers={"x-forwarded-for": "1.1.1.1, 9.9.9.9"})
        assert seen.pop() == expected


def test_a_computers_many_addresses_count_as_one():
    def of(host):
        return guard.address({"client": (host, 1)})

    assert of("2001:db8::1") == of("2001:db8::ffff") != of("2001:db8:0:1::1")
    assert of("10.0.0.1") != of("10.0.0.2") and of("testclient") == "testclient" and guard.address({}) == ""


def test_every_answer_comes_with_the_headers(site):
    for path in ("/", "/health", "/nothing", "/static/swagger-ui.css"):
        found = httpx.get(f"http://127.0.0.1:{site}{path}").headers
        assert (
            found["x-content-type-options"] == "nosniff"
            and "frame-ancestors 'none'" in found["content-security-policy"]
        )
        assert found["x-frame-options"] == "DENY" and "server" not in found
        assert "unsafe" not in found["content-security-policy"]


# --- corrections ---


def test_corrections_have_an_end_in_bytes_across_restarts(predictor, tmp_path):
    noise = torch.randint(256, (3, 600, 600), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    kept = 0
    for _ in range(4):  # the app is started four times
        log = Corrections(tmp_path, Limits(kept_megabytes=3))
        try:
            log.add(noise, "pug", "1.2.3.4")
            kept += 1
        except HTTPException as refused:
            assert refused.status_code == 507
    sizes = [file.stat().st_size for file in (tmp_path / "images").iterdir()]
    assert kept == len(sizes) == 2 and sum(sizes) <= 3e6
    assert len((tmp_path / "corrections.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_one_address_cannot_fill_the_corrections(predictor, tmp_path):
    log = Corrections(tmp_path, Limits(corrections_each=2))
    picture = ck.read_image(GOOD)
    for sender, statuses in (("a", [201, 201, 429]), ("b", [201])):
        for status in statuses:
            try:
                log.add(picture, "pug", sender)
                found = 201
            except HTTPException as refused:
                found = refused.status_code
            assert found == status
    assert log.count == 3 and log.bytes == sum(file.stat().st_size for file in (tmp_path / "images").iterdir())


def test_a_correction_that_the_disk_refuses_counts_for_nothing(tmp_path, monkeypatch):
    log = Corrections(tmp_path, Limits())

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(log, "_append", full)
    with pytest.raises(OSError, match="no space"):
        log.add(ck.read_image(GOOD), "pug", "a")
    assert (log.count, log.bytes, log.senders["a"], list((tmp_path / "images").iterdir())) == (0, 0, 0, [])
