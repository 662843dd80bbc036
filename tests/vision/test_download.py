"""Images from a list of addresses, from a real server on this machine that misbehaves in every way."""

import io
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from drawn import noise, png
from PIL import Image

import coursekit as ck
from coursekit.vision import download


def encoded(form="JPEG", size=(48, 32), **options):
    file = io.BytesIO()
    Image.fromarray(noise(size[1], size[0], 3)).save(file, form, **options)
    return file.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera that tells"
    return encoded(exif=exif)


PHOTO = encoded()


ANSWERS = {  # by the beginning of a name: what is said the first, the second and so on, or a way to say nothing well
    "soon": lambda host, n: [(500, b"later"), (429, b"later"), (200, PHOTO)][min(n, 2)],
    "never": lambda host, n: (503, b""),
    "to_file": lambda host, n: (302, b"", {"Location": f"file://{host.secret}"}),
    "loop": lambda host, n: (302, b"", {"Location": f"/loop{n}"}),
    "moved": lambda host, n: (301, b"", {"Location": "/photo.jpg"}),
    "silent": lambda host, n: time.sleep(1),
    "drip": lambda host, n: (b"x", 0.05),
    "endless": lambda host, n: (bytes(100_000), 0),
    "cut": lambda host, n: (200, PHOTO, {"Content-Length": str(len(PHOTO) + (200 if n == 0 else 0))}),
    "photo": lambda host, n: (200, PHOTO),
}


class Handler(BaseHTTPRequestHandler):
    """Answers with the host's files and as `ANSWERS` says."""

    def do_GET(self):
        host, name = self.server, self.path.split("?")[0].split("/")[-1]
        times = host.asked.count(self.path)
        host.asked.append(self.path)
        known = next((answer for start, answer in ANSWERS.items() if name.startswith(start)), None)
        if name in host.files or not (known or host.strict):
            self.answer(200, host.files.get(name, PHOTO), {"Content-Type": host.says})
        elif known is None:
            self.answer(404, b"<html>no such page</html>")
        elif said := known(host, times):
            (self.answer if isinstance(said[0], int) else self.endless)(*said)

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def endless(self, part, pause):
        self.send_response(200)
        self.end_headers()
        for _ in range(2000):
            try:
                self.wfile.write(part)
            except OSError:  # the other side has hung up
                return
            time.sleep(pause)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def host(monkeypatch, tmp_path):
    monkeypatch.setattr(download, "PAUSE", 0.01)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked, server.files, server.strict, server.says = [], {}, True, "image/jpeg"
    server.secret = tmp_path / "secret.jpg"
    server.secret.write_bytes(PHOTO)
    server.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def one(host, tmp_path, name, **options):
    """What is said of one address: the file, or the reason."""
    report = ck.download_images([host.url + name], tmp_path / "got", **options)
    assert len(report.files) + len(report.failed) == 1
    return next(iter([*report.files.values(), *report.failed.values()]))


def left(folder):
    return sorted(file.name for file in folder.iterdir())


def test_what_comes_is_kept_as_it_came_and_the_rest_is_told(host, tmp_path):
    host.files = {"a.png": encoded("PNG"), "b.webp": encoded("WEBP"), "page.jpg": b"<!doctype html><p>log in</p>"}
    names = ["photo.jpg", "a.png", "b.webp", "gone.jpg", "page.jpg"]
    report = ck.download_images([host.url + name for name in names], tmp_path / "new" / "got")
    assert repr(report).splitlines()[0] == "3 of 5 downloaded; 2 failed"
    assert report.failed[host.url + "gone.jpg"] == "404 Not Found"
    assert report.failed[host.url + "page.jpg"] == "a web page, 28 bytes"
    assert all(f"  {address}: {reason}" in repr(report) for address, reason in report.failed.items())
    assert [report.files[host.url + name].suffix for name in names[:3]] == [".jpg", ".png", ".webp"]
    assert report.files[host.url + "photo.jpg"].read_bytes() == PHOTO
    assert sorted(ck.find_images(tmp_path / "new" / "got")) == sorted(report.files.values())


def test_the_ending_says_what_a_file_holds_not_what_it_is_called(host, tmp_path):
    host.files, host.says = {"photo.jpg": encoded("PNG")}, "text/html"
    assert one(host, tmp_path, "photo.jpg").suffix == ".png"


FAILS = {
    "gone": ("gone.jpg", "404 Not Found"), "later never": ("never.jpg", "503 Service Unavailable"),
    "to a file": ("to_file.jpg", "No connection adapters were found for 'file:"),
    "in a circle": ("loop", "Exceeded 10 redirects"), "silent": ("silent.jpg", "no answer in 0.3 seconds"),
    "slow": ("drip.jpg", "not there after 0.3 seconds"), "endless": ("endless.jpg", "larger than 300,000 bytes"),
    "text": ("text.jpg", "^no image of a format"), "empty": ("empty.jpg", "no image of a format that is read, 0 bytes"),
    "half a photograph": ("half.jpg", "truncated"), "a PNG of a header": ("head.png", "not a whole image"),
    "a drawing": ("drawing.svg", "no image of a format"), "PostScript": ("print.jpg", "no image of a format"),
    "too many pixels": ("bomb.png", "pixels"),
}  # fmt: skip


@pytest.mark.parametrize("name, reason", FAILS.values(), ids=FAILS.keys())
def test_an_address_that_gives_no_image_stops_nothing_and_leaves_nothing(host, tmp_path, name, reason):
    host.files = {
        "text.jpg": b"not a photograph", "empty.jpg": b"", "half.jpg": PHOTO[: len(PHOTO) // 2],
        "head.png": png(40, 30, 2), "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "print.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage", "bomb.png": png(30_000, 30_000, 1),
    }  # fmt: skip
    slow = name in ("silent.jpg", "drip.jpg")
    addresses = [host.url + name, host.url + "photo.jpg"]
    report = ck.download_images(addresses, tmp_path / "got", timeout=0.3 if slow else 20, largest=300_000)
    assert re.search(reason, report.failed[addresses[0]]), report
    assert [file.read_bytes() for file in report.files.values()] == [PHOTO]
    assert left(tmp_path / "got") == [report.files[addresses[1]].name]


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/a.jpg", "file:///etc/hostname", "a.jpg", "http://", "http://[",
                                     "data:image/png;base64,AA", "http://a b/c.jpg"])  # fmt: skip
def test_other_addresses_are_failures_too_and_ask_nobody(tmp_path, address):
    report = ck.download_images([address], tmp_path)
    assert list(report.failed) == [address] and report.failed[address] and left(tmp_path) == []


def test_nobody_there_is_said_in_words(host, tmp_path):
    host.shutdown()
    host.server_close()
    assert "Connection refused" in one(host, tmp_path, "photo.jpg") or "refused" in one(host, tmp_path, "photo.jpg")


@pytest.mark.parametrize("name, asked", [("soon.jpg", 3), ("cut.jpg", 2), ("gone.jpg", 1), ("never.jpg", 3)])
def test_what_may_pass_is_asked_for_again_and_nothing_else(host, tmp_path, name, asked):
    answer = one(host, tmp_path, name)
    assert len(host.asked) == asked
    assert name in ("gone.jpg", "never.jpg") or answer.read_bytes() == PHOTO


def test_a_server_says_when_to_come_back(host, tmp_path, monkeypatch):
    slept = []

    class Noted(threading.Event):
        def wait(self, seconds):
            slept.append(seconds)

    monkeypatch.setattr(download, "Event", Noted)
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.answer(429, b"", {"Retry-After": "7"}))
    assert one(host, tmp_path, "x.jpg") == "429 Too Many Requests" and slept == [7, 7]
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.answer(429, b"", {"Retry-After": "99999"}))
    one(host, tmp_path, "x.jpg")
    assert slept[2:] == [download.LONGEST_PAUSE] * 2
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.answer(429, b"", {"Retry-After": "9" * 5000}))
    assert one(host, tmp_path, "x.jpg") == "429 Too Many Requests"


def test_what_a_redirect_says_beside_its_address_is_not_read(host, tmp_path, monkeypatch):
    def redirect(self):
        self.send_response(302)
        self.send_header("Location", "/photo.jpg")
        self.end_headers()
        while "the other side listens":  # for ever, if all of it is read
            self.wfile.write(bytes(100_000))

    usual = Handler.do_GET
    monkeypatch.setattr(Handler, "do_GET", lambda self: redirect(self) if "big" in self.path else usual(self))
    monkeypatch.setattr(ThreadingHTTPServer, "handle_error", lambda *_: None)
    assert one(host, tmp_path, "big.jpg", largest=10_000).read_bytes() == PHOTO


def test_an_interrupt_asks_no_more(host, tmp_path, monkeypatch):
    def interrupted(results, *_):
        next(iter(results))
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "counted", interrupted)
    monkeypatch.setattr(download, "PAUSE", 30)  # that an attempt which goes on would wait
    names = ["photo.jpg", *(f"never_{i}.jpg" for i in range(3))]
    with pytest.raises(KeyboardInterrupt):
        ck.download_images([host.url + name for name in names], tmp_path, workers=4)
    assert len(host.asked) <= 4


def test_a_redirect_to_an_image_is_followed_and_named_by_the_address_given(host, tmp_path):
    file = one(host, tmp_path, "moved.jpg")
    assert file.name.startswith("moved-") and file.read_bytes() == PHOTO


def test_no_two_addresses_write_one_file_and_no_name_leads_outside(host, tmp_path):
    host.strict = False
    names = ["a.jpg", "A.jpg", "a.jpg?size=1", "a.jpg?size=2", "b/a.jpg", "..%2f..%2fx.jpg", "%2e%2e/%2e%2e/y.jpg",
             "CON.jpg", "nul", "%00.jpg", "größe.jpg", "猫.jpg", ".hidden.jpg", "a" * 300 + ".jpg", "a" * 301 + ".jpg",
             "a:b.jpg", "x.jpg%5c..%5cy", "a%20.", ""]  # fmt: skip
    folder = tmp_path / "deep" / "got"
    report = ck.download_images([host.url + name for name in names], folder)
    assert not report.failed and len(set(map(str.lower, left(folder)))) == len(names)
    for file in report.files.values():
        assert file.parent == folder and file.name.isascii() and len(file.name) < 70 and file.name[0] not in ".-"
        assert file.stem.split("-")[0].upper() + file.suffix != file.name.upper(), "no name that Windows reserves"
    assert left(tmp_path / "deep") == ["got"]


def test_a_second_call_asks_only_for_what_the_first_did_not_get(host, tmp_path):
    names = ["photo1.jpg", "photo2.jpg", "gone.jpg"]
    addresses = [host.url + name for name in names]
    first = ck.download_images(addresses, tmp_path / "got")
    times = {file: file.stat().st_mtime_ns for file in first.files.values()}
    host.asked.clear()
    host.files["gone.jpg"] = encoded("PNG")
    second = ck.download_images(addresses, tmp_path / "got")
    assert host.asked == ["/gone.jpg"] and not second.failed and len(second.files) == 3
    assert {file: file.stat().st_mtime_ns for file in first.files.values()} == times


def test_a_file_appears_only_when_it_is_whole(host, tmp_path, monkeypatch):
    """Whoever is stopped while writing leaves nothing that the next call would take for the image."""

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(download.Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            ck.download_images([host.url + "photo.jpg"], tmp_path / "got")
    assert not ck.ImageSource([host.secret]).unreadable() and left(tmp_path / "got") == []
    assert one(host, tmp_path, "photo.jpg").read_bytes() == PHOTO and len(left(tmp_path / "got")) == 1


def test_a_text_file_of_addresses(host, tmp_path):
    lines = ["\ufeff# mine", f"  {host.url}photo1.jpg ", "", f"{host.url}photo2.jpg", f"{host.url}photo1.jpg", "#x"]
    (tmp_path / "list.txt").write_text("\r\n".join(lines), encoding="utf-8")
    report = ck.download_images(tmp_path / "list.txt", tmp_path / "got")
    assert list(report.files) == [f"{host.url}photo1.jpg", f"{host.url}photo2.jpg"] and len(host.asked) == 2
    assert ck.download_images(str(tmp_path / "list.txt"), tmp_path / "got").files == report.files


@pytest.mark.parametrize("form, ending", [("JPEG", ".jpg"), ("PNG", ".png"), ("GIF", ".png"), ("BMP", ".jpg")])
def test_thumbnails(host, tmp_path, form, ending):
    host.files["photo.jpg"] = encoded(form)
    file = one(host, tmp_path, "photo.jpg", max_size=24)
    assert file.suffix == ending and ck.read_image(file).shape == (3, 16, 24)


def test_a_thumbnail_is_upright_tells_nothing_of_the_camera_and_is_never_larger(host, tmp_path):
    host.files["photo.jpg"] = turned()
    file = one(host, tmp_path, "photo.jpg", max_size=400)
    with Image.open(file) as image:
        assert image.size == (32, 48) and not image.getexif()


def test_without_a_size_the_orientation_is_left_to_read_image(host, tmp_path):
    host.files["photo.jpg"] = turned()
    file = one(host, tmp_path, "photo.jpg")
    assert file.read_bytes() == turned() and ck.read_image(file).shape == (3, 48, 32)


def test_many_are_asked_for_at_a_time(host, tmp_path, monkeypatch):
    """Four that each wait until all four are there."""
    barrier, answer = threading.Barrier(4, timeout=10), Handler.do_GET
    monkeypatch.setattr(Handler, "do_GET", lambda self: (barrier.wait(), answer(self)))
    addresses = [f"{host.url}photo{i}.jpg" for i in range(4)]
    assert len(ck.download_images(addresses, tmp_path / "got", workers=4).files) == 4


def test_a_long_list_of_failures_is_cut_short(tmp_path):
    report = ck.download_images([f"ftp://{i}" for i in range(25)], tmp_path)
    assert repr(report).endswith("... and 5 more, in .failed") and len(repr(report).splitlines()) == 22


WRONG = {
    "one address": (lambda f: ("http://a/b.jpg", f), FileNotFoundError, r"give one address as a list, \[address\]"),
    "no such list": (lambda f: (f / "no.txt", f), FileNotFoundError, "there is no file of addresses .*no.txt"),
    "nothing": (lambda f: (["", "# a"], f), ValueError, "the list has no address"),
    "numbers": (lambda f: ([1], f), ValueError, r"addresses are a list of texts, or a file of them; found \[1\]"),
    "a file": (lambda f: (["http://a"], f / "file"), ValueError, "images go into a folder, and .*file is a file"),
}


@pytest.mark.parametrize("make, error, words", WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_are_refused_in_words(tmp_path, make, error, words):
    (tmp_path / "file").write_bytes(b"\xff\xfe")
    with pytest.raises(error, match=words):
        ck.download_images(*make(tmp_path))


@pytest.mark.parametrize("options", [{"max_size": 0}, {"max_size": -1}, {"workers": 0}, {"largest": 0}, {"timeout": 0}])
def test_numbers_that_are_none_are_refused(tmp_path, options):
    with pytest.raises(ValueError, match=next(iter(options))):
        ck.download_images(["http://a"], tmp_path, **options)
