"""Downloads, from a real server on this machine that can be told to misbehave."""

import hashlib
import io
import os
import random
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import warnings
import zipfile
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import coursekit as ck
from coursekit import datasets
from coursekit.datasets import Download, download_all, unpack

CONTENT = random.Random(0).randbytes(700_000)  # more than two chunks
NAME = "train-images.gz"


class Host(ThreadingHTTPServer):
    """Serves `files`; metadata the ranges asked for and the bytes sent; hangs up after each of `cuts` bytes."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.files = {f"/mnist/{NAME}": CONTENT}
        self.ranges, self.sent, self.cuts = [], [], []
        self.understands_ranges, self.tells_length = True, True


class Handler(BaseHTTPRequestHandler):
    """Answers GET, with 206 and 416 as asked for."""

    def do_GET(self):
        host = self.server
        content, asked = host.files.get(self.path), self.headers.get("Range")
        host.ranges.append(asked)
        if content is None:
            return self.send_error(404)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and host.understands_ranges else 0
        if start and start >= len(content):
            return self.send_error(416)
        body = content[start:]
        self.send_response(206 if start else 200)
        if host.tells_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        body = body[: host.cuts.pop(0)] if host.cuts else body
        host.sent.append(len(body))
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def host():
    server = Host()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def item(host, content=CONTENT, name=NAME, **options):
    return Download(f"{host.url}/mnist/{name}", sha256(content), **options)


@pytest.fixture
def folder(own_home):
    return own_home / "data" / "mnist"


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# Whole downloads


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_good_file_is_fetched_once(host, folder, algorithm):
    wanted = Download(f"{host.url}/mnist/{NAME}", f"{algorithm}:{hashlib.new(algorithm, CONTENT).hexdigest()}")
    download_all((wanted,), folder)
    download_all((wanted,), folder)
    assert (folder / NAME).read_bytes() == CONTENT
    assert names(folder) == [NAME]
    assert host.ranges == [None]


@pytest.mark.parametrize("home", ["with spaces", "größe 数据"])
def test_any_folder_name_will_do(host, tmp_path, home):
    download_all((item(host),), tmp_path / home / "mnist")
    assert names(tmp_path / home / "mnist") == [NAME]


def test_fetch_full_downloads_what_the_sample_stands_for(host, folder, monkeypatch):
    monkeypatch.setattr(datasets, "FULL", {"digits": {"folder": "mnist", "downloads": [asdict(item(host))]}})
    assert ck.fetch("digits", "full") == folder
    monkeypatch.setenv("COURSEKIT_SIZE", "full")
    assert ck.fetch("digits") == folder
    assert ck.fetch("digits", "sample") == datasets.SAMPLES / "digits"
    assert (folder / NAME).read_bytes() == CONTENT


def test_a_wrong_sum_keeps_nothing(host, folder):
    with pytest.raises(ValueError, match=f"{host.url}/mnist/{NAME} does not have the sum sha256:"):
        download_all((item(host, b"other"),), folder)
    assert names(folder) == []


def test_404_is_final_and_says_where_the_file_belongs(host, folder):
    with pytest.raises(ConnectionError) as raised:
        download_all((item(host, name="absent.gz"),), folder)
    for part in (f"{host.url}/mnist/absent.gz", "404", str(folder / "absent.gz"), "COURSEKIT_MIRROR"):
        assert part in str(raised.value)
    assert host.ranges == [None] and names(folder) == []


def test_no_network_names_url_and_place(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/mnist/{NAME}"
    with pytest.raises(ConnectionError) as raised:
        download_all((Download(url, sha256(CONTENT)),), folder)
    for part in (url, f"place the file by hand as {folder / NAME}", f"holds mnist/{NAME}"):
        assert part in str(raised.value)


@pytest.mark.parametrize("mirror", ["http://:80", "gopher://host", "http://[::1"])
def test_a_mirror_that_is_no_address_is_not_called_a_wrong_sum(host, folder, monkeypatch, mirror):
    monkeypatch.setenv("COURSEKIT_MIRROR", mirror)
    with pytest.raises(ConnectionError, match="could not download " + mirror.replace("[", r"\[")):
        download_all((item(host),), folder)


# Interrupted downloads


def test_an_interrupted_download_goes_on_where_it_stopped(host, folder):
    host.cuts = [400_000]
    download_all((item(host),), folder)
    first, second = host.ranges
    have = int(second.removeprefix("bytes=").removesuffix("-"))
    assert first is None and 0 < have <= 400_000
    assert host.sent == [400_000, len(CONTENT) - have]
    assert (folder / NAME).read_bytes() == CONTENT


def test_the_next_call_goes_on_too(host, folder):
    host.cuts = [400_000, 0, 0]
    with pytest.raises(ConnectionError, match="Run again to go on where it stopped"):
        download_all((item(host),), folder)
    assert names(folder) == [f"{NAME}.part"]
    have = (folder / f"{NAME}.part").stat().st_size
    assert 0 < have <= 400_000
    host.ranges.clear()
    download_all((item(host),), folder)
    assert host.ranges == [f"bytes={have}-"] and host.sent[-1] == len(CONTENT) - have
    assert (folder / NAME).read_bytes() == CONTENT and names(folder) == [NAME]


def test_an_answer_always_cut_short_is_never_taken_for_the_file(host, folder):
    host.cuts = [1000] * datasets.ATTEMPTS
    with pytest.raises(ConnectionError):
        download_all((item(host),), folder)
    assert len(host.ranges) == datasets.ATTEMPTS and not (folder / NAME).exists()


def test_a_short_answer_without_a_length_has_the_wrong_sum(host, folder):
    host.tells_length, host.cuts = False, [1000]
    with pytest.raises(ValueError, match="does not have the sum"):
        download_all((item(host),), folder)
    assert names(folder) == []


def test_a_server_that_ignores_ranges_sends_all_of_it_again(host, folder):
    folder.mkdir(parents=True)
    (folder / f"{NAME}.part").write_bytes(CONTENT[:1000])
    host.understands_ranges = False
    download_all((item(host),), folder)
    assert host.ranges == ["bytes=1000-"] and (folder / NAME).read_bytes() == CONTENT


def test_416_means_that_everything_is_there(host, folder):
    folder.mkdir(parents=True)
    (folder / f"{NAME}.part").write_bytes(CONTENT)
    download_all((item(host),), folder)
    assert host.sent == [] and (folder / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("stale", [b"x" * 1000, CONTENT + b"more"], ids=["another file", "too much"])
def test_a_stale_part_is_thrown_away(host, folder, stale):
    folder.mkdir(parents=True)
    (folder / f"{NAME}.part").write_bytes(stale)
    with pytest.raises(ValueError, match="does not have the sum"):
        download_all((item(host),), folder)
    assert names(folder) == []
    download_all((item(host),), folder)
    assert (folder / NAME).read_bytes() == CONTENT


# Files placed by hand, mirrors, sums left unchecked


def test_a_good_file_placed_by_hand_needs_no_network(host, folder):
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(CONTENT)
    download_all((item(host),), folder)
    assert host.ranges == []


def test_a_wrong_file_placed_by_hand_is_refused_and_kept(host, folder):
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"mine")
    with pytest.raises(ValueError, match=f"{hashlib.sha256(b'mine').hexdigest()}, not .*Delete it"):
        download_all((item(host),), folder)
    assert (folder / NAME).read_bytes() == b"mine" and host.ranges == []


def test_verify_0_takes_a_wrong_file_and_says_so(host, folder, monkeypatch):
    monkeypatch.setenv("COURSEKIT_VERIFY", "0")
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"mine")
    with pytest.warns(UserWarning, match=f"sum of .*{NAME} is not checked"):
        download_all((item(host),), folder)
    assert (folder / NAME).read_bytes() == b"mine"


def test_verify_0_takes_a_changed_download(host, folder, monkeypatch):
    monkeypatch.setenv("COURSEKIT_VERIFY", "0")
    with pytest.warns(UserWarning, match="not checked"):
        download_all((item(host, b"other"),), folder)
    assert (folder / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("kind", ["folder", "url"])
def test_a_mirror_replaces_the_host(host, folder, tmp_path, monkeypatch, kind, slash):
    place = tmp_path / "mein spiegel" / "mnist" / NAME
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    monkeypatch.setenv("COURSEKIT_MIRROR", (str(place.parents[1]) if kind == "folder" else host.url) + slash)
    download_all((Download(f"http://public.invalid/{NAME}", sha256(CONTENT)),), folder)
    assert (folder / NAME).read_bytes() == place.read_bytes() == CONTENT
    assert host.ranges == ([] if kind == "folder" else [None])


def test_a_mirror_without_the_file_is_named(host, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_MIRROR", str(tmp_path))
    with pytest.raises(ConnectionError, match=str(tmp_path / "mnist" / NAME)):
        download_all((item(host),), folder)
    assert host.ranges == []


# Names, sizes, and a home that cannot be written to


@pytest.mark.parametrize("name, told", [("digit", "Did you mean 'digits'"), ("Digits", "'digits'"), ("?", "There are")])
def test_an_unknown_data_set_suggests_the_nearest(name, told):
    with pytest.raises(ValueError, match=told):
        ck.fetch(name)


@pytest.mark.parametrize("size", ["huge", "Full"])
def test_an_unknown_size_is_refused(size, monkeypatch):
    with pytest.raises(ValueError, match=f"'sample' or 'full', not '{size}'"):
        ck.fetch("digits", size)
    monkeypatch.setenv("COURSEKIT_SIZE", size)
    with pytest.raises(ValueError, match="COURSEKIT_SIZE"):
        ck.fetch("digits")


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_home_that_is_a_file_is_refused(tmp_path, monkeypatch, below):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "file" / below))
    with pytest.raises(PermissionError, match="set COURSEKIT_HOME to a folder of your own"):
        ck.fetch("digits", "full")


def test_a_home_that_may_not_be_made_is_refused(monkeypatch):
    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(PermissionError, match="cannot write in the data home .*COURSEKIT_HOME"):
        ck.fetch("digits", "full")


AS_ANOTHER_USER = """
import os, sys
import coursekit.datasets, pooch, requests, tqdm.auto
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
from pathlib import Path
for folder in sys.argv[3:]:
    item = coursekit.datasets.Download(sys.argv[1], sys.argv[2])
    coursekit.datasets.download_all((item,), Path(folder))
    print("served from", folder)
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="only Unix has users that a process can become")
def test_a_home_that_is_read_only_for_real(host):
    with tempfile.TemporaryDirectory() as home:  # pytest's own folders are closed to other users
        full, empty = Path(home) / "full", Path(home) / "empty"
        for folder in (full, empty):
            folder.mkdir()
        (full / NAME).write_bytes(CONTENT)
        for folder in (full, empty, Path(home)):
            folder.chmod(0o555)
        arguments = [item(host).url, item(host).checksum, str(full), str(empty)]
        run = subprocess.run([sys.executable, "-c", AS_ANOTHER_USER, *arguments], capture_output=True, encoding="utf-8")
        for folder in (Path(home), full, empty):
            folder.chmod(0o755)
        assert names(empty) == [] and names(full) == [NAME]
    assert run.stdout == f"served from {full}\n"
    assert "PermissionError: cannot write in the data home" in run.stderr and "COURSEKIT_HOME" in run.stderr


# Archives


def pack(kind, members):
    """An archive of (name, content) pairs; in a tar, content may be a member with its type and link name set."""
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as file:
            for name, content in members:
                file.writestr(name, content)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz") as file:
            for name, content in members:
                member = tarfile.TarInfo(name)
                if isinstance(content, bytes):
                    member.size = len(content)
                    file.addfile(member, io.BytesIO(content))
                else:
                    member.type, member.linkname = content
                    file.addfile(member)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_is_unpacked_once(host, folder, kind):
    host.files["/mnist/set"] = pack(kind, [("images/a b.txt", b"1"), ("images/deep/ü.txt", b"2"), ("train.csv", b"3")])
    wanted = item(host, host.files["/mnist/set"], "set", unpack=True)
    download_all((wanted,), folder)
    assert (folder / "images/deep/ü.txt").read_bytes() == b"2"
    before = names(folder)
    (folder / "set").unlink()  # to save space; what was in it stays
    download_all((wanted,), folder)
    assert names(folder) == [name for name in before if name != "set"] and host.ranges == [None]


@pytest.fixture(params=["with filters", "without"])
def filters(request, monkeypatch):
    """Python's tarfile as it is, and as it was before 3.10.12 and 3.11.4."""
    if request.param == "without":
        for name in ("data_filter", "FilterError"):
            monkeypatch.delattr(tarfile, name, raising=False)
        monkeypatch.setattr(tarfile.TarFile, "extractall", None)


def test_a_tar_file_keeps_its_links_and_who_may_run_what(tmp_path, filters):
    content = [("a/b.txt", b"1"), ("a/link", (tarfile.SYMTYPE, "../a/b.txt")), ("hard", (tarfile.LNKTYPE, "a/b.txt"))]
    (tmp_path / "archive").write_bytes(pack("tar", content))
    unpack(tmp_path / "archive", tmp_path)
    assert [(tmp_path / name).read_text(encoding="utf-8") for name in ("a/b.txt", "a/link", "hard")] == ["1", "1", "1"]
    assert (tmp_path / "a" / "b.txt").stat().st_mode & 0o777 == (0o644 if os.name == "posix" else 0o666)
    assert (tmp_path / "a" / "link").is_symlink()


OUTSIDE = {
    "parent": [("good.txt", b"1"), ("../evil.txt", b"2")],
    "deep parent": [("good.txt", b"1"), ("a/../../evil.txt", b"2")],
    "link": [("good.txt", b"1"), ("link", (tarfile.SYMTYPE, "../..")), ("link/evil.txt", b"2")],
    "absolute link": [("good.txt", b"1"), ("link", (tarfile.SYMTYPE, "/etc")), ("link/evil.txt", b"2")],
    "hard link": [("good.txt", b"1"), ("link", (tarfile.LNKTYPE, "../outside.txt"))],
    "link over a link": [("a", (tarfile.SYMTYPE, ".")), ("a/b", (tarfile.SYMTYPE, "..")), ("b/evil.txt", b"2")],
    "device": [("good.txt", b"1"), ("pipe", (tarfile.FIFOTYPE, ""))],
}
PAIRS = [("zip", "parent"), ("zip", "deep parent"), *(("tar", name) for name in OUTSIDE)]


@pytest.mark.parametrize("kind, members", PAIRS)
def test_an_archive_that_leads_outside_writes_nothing(tmp_path, filters, kind, members):
    folder = tmp_path / "in" / "mnist"
    folder.mkdir(parents=True)
    (folder / "archive").write_bytes(pack(kind, OUTSIDE[members]))
    (tmp_path / "in" / "outside.txt").write_text("old", encoding="utf-8")
    before = names(tmp_path)
    with pytest.raises(ValueError, match="not safe to unpack, and nothing was"):
        unpack(folder / "archive", folder)
    assert names(tmp_path) == before and (tmp_path / "in" / "outside.txt").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_absolute_name_never_lands_there(tmp_path, filters, kind):
    outside = tmp_path / "evil.txt"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "archive").write_bytes(pack(kind, [(str(outside), b"1")]))
    with pytest.raises(ValueError, match="not safe to unpack, and nothing was"):
        unpack(tmp_path / "in" / "archive", tmp_path / "in")
    assert not outside.exists() and names(tmp_path / "in") == ["archive"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_overwrites_nothing(tmp_path, kind):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "archive").write_bytes(pack(kind, [("another.txt", b"1"), ("mine.txt", b"2")]))
    with pytest.raises(ValueError, match="would overwrite mine.txt"):
        unpack(tmp_path / "archive", tmp_path)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine" and names(tmp_path) == ["archive", "mine.txt"]


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "archive").write_bytes(b"plain text")
    with pytest.raises(ValueError, match="neither a zip nor a tar"):
        unpack(tmp_path / "archive", tmp_path)
    assert names(tmp_path) == ["archive"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_damaged_archive_is_refused(tmp_path, kind):
    content = pack(kind, [("a.txt", CONTENT[:5000]), ("b.txt", CONTENT[5000:9000])])
    damaged = content[:1000] + b"\0" * 3000 + content[4000:] if kind == "zip" else content[:4000]
    (tmp_path / "archive").write_bytes(damaged)
    with pytest.raises(ValueError, match="damaged"):
        unpack(tmp_path / "archive", tmp_path)
    assert names(tmp_path) == ["archive"]


# Sums of a file's beginning


def partial(content):
    return f"first-mib:{hashlib.md5(content[: 1 << 20]).hexdigest()}:{len(content)}"


LONG = random.Random(1).randbytes((1 << 20) + 5)


def test_a_file_known_by_its_first_mib_and_length_is_fetched_and_kept(host, tmp_path):
    host.files[f"/mnist/{NAME}"] = LONG
    downloads = (Download(f"{host.url}/mnist/{NAME}", partial(LONG)),)
    download_all(downloads, tmp_path)
    download_all(downloads, tmp_path)
    assert (tmp_path / NAME).read_bytes() == LONG and len(host.ranges) == 1


@pytest.mark.parametrize("content", [b"x" + LONG[1:], LONG[:-1], LONG + b"x"], ids=["changed", "shorter", "longer"])
def test_a_file_with_another_beginning_or_length_is_refused(host, tmp_path, content):
    host.files[f"/mnist/{NAME}"] = content
    with pytest.raises(ValueError, match="does not have the sum first-mib:"):
        download_all((Download(f"{host.url}/mnist/{NAME}", partial(LONG)),), tmp_path)
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("content", [b"x" + LONG[1:], LONG[:-1]], ids=["changed", "shorter"])
def test_a_placed_file_with_another_beginning_or_length_is_refused_and_left(host, tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ValueError, match="it is damaged or another file"):
        download_all((Download(f"{host.url}/mnist/{NAME}", partial(LONG)),), tmp_path)
    assert (tmp_path / NAME).read_bytes() == content


# No sum published


def test_without_a_published_sum_the_first_is_said_kept_and_asked_for(host, folder):
    wanted = (Download(f"{host.url}/mnist/{NAME}", None),)
    found = hashlib.sha256(CONTENT).hexdigest()
    with pytest.warns(UserWarning, match=f"no sum is published for {NAME}.*{found}"):
        download_all(wanted, folder)
    assert (folder / f"{NAME}.sha256").read_text(encoding="utf-8") == f"{found}  {NAME}\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        download_all(wanted, folder)
    (folder / NAME).write_bytes(CONTENT + b"x")
    with pytest.raises(ValueError, match=f"not {found}: it is damaged or another file"):
        download_all(wanted, folder)


def test_a_second_download_must_have_the_sum_of_the_first(host, folder):
    wanted = (Download(f"{host.url}/mnist/{NAME}", None),)
    with pytest.warns(UserWarning, match="no sum is published"):
        download_all(wanted, folder)
    (folder / NAME).unlink()
    host.files[f"/mnist/{NAME}"] = CONTENT + b"changed"
    with pytest.raises(ValueError, match="does not have the sum sha256:"):
        download_all(wanted, folder)


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>log in", b"\n <HTML lang=en>", b"not an archive"])
def test_a_page_in_place_of_an_archive_is_not_kept(host, folder, page):
    wanted = (Download(f"{host.url}/mnist/set.tgz", None, unpack=True),)
    host.files["/mnist/set.tgz"] = page
    with pytest.raises(ValueError, match="is a web page, of a login perhaps|is neither a zip nor a tar file"):
        download_all(wanted, folder)
    assert list(folder.iterdir()) == []
    host.files["/mnist/set.tgz"] = tar_of({"a.txt": b"good"})
    with pytest.warns(UserWarning, match="no sum is published"):
        download_all(wanted, folder)
    assert (folder / "a.txt").read_bytes() == b"good" and (folder / "set.tgz.sha256").exists()


def test_a_page_in_place_of_a_file_is_not_kept(host, folder):
    host.files[f"/mnist/{NAME}"] = b"<html><body>Please log in"
    with pytest.raises(ValueError, match="is a web page, of a login perhaps"):
        download_all((Download(f"{host.url}/mnist/{NAME}", None),), folder)
    assert list(folder.iterdir()) == []


def test_a_good_archive_is_kept_where_something_is_in_its_way(host, folder):
    host.files["/mnist/set.tgz"] = tar_of({"a.txt": b"good"})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="would overwrite a.txt"):
        download_all((Download(f"{host.url}/mnist/set.tgz", None, unpack=True),), folder)
    assert (folder / "set.tgz").exists() and (folder / "a.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("form", ["file://{}", "~/mirror", "{}", "file://localhost{}"])
def test_a_mirror_is_a_folder_in_any_form(tmp_path, folder, monkeypatch, form):
    mirror = tmp_path / "mirror"
    (mirror / folder.name).mkdir(parents=True)
    (mirror / folder.name / NAME).write_bytes(CONTENT)
    monkeypatch.setenv("HOME", str(tmp_path)), monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("COURSEKIT_MIRROR", form.format(mirror))
    download_all((Download(f"http://public.invalid/{NAME}", sha256(CONTENT)),), folder)
    assert (folder / NAME).read_bytes() == CONTENT


# Whole sets


def tar_of(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize(
    "name, packed, found",
    [
        ("pets", {"images.tar.gz": {"images/Abyssinian_1.jpg": b"picture"},
                  "annotations.tar.gz": {"annotations/trainval.txt": b"list"}}, "images/Abyssinian_1.jpg"),
        ("streets", {"camvid.tgz": {"camvid/codes.txt": b"Sky"}}, "codes.txt"),
        ("faces", {"biwi_head_pose.tgz": {"biwi_head_pose/01/rgb.cal": b"1 0 0"}}, "01/rgb.cal"),
        ("movies", {"ml-latest-small.zip": {"ml-latest-small/ratings.csv": b"userId"}}, "ratings.csv"),
        ("reviews", {"aclImdb_v1.tar.gz": {"aclImdb/train/pos/0_9.txt": b"good"}}, "train/pos/0_9.txt"),
    ],
)  # fmt: skip
def test_the_full_sets_come_from_a_server_and_are_laid_out_like_the_samples(
    host, tmp_path, monkeypatch, name, packed, found
):
    folder = datasets.FULL[name]["folder"]
    host.files = {f"/{folder}/{archive}": tar_of(files) for archive, files in packed.items()}
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path))
    monkeypatch.setenv("COURSEKIT_MIRROR", host.url)
    with pytest.raises(ValueError, match="does not have the sum"):
        ck.fetch(name, "full")
    monkeypatch.setenv("COURSEKIT_VERIFY", "0")
    with pytest.warns(UserWarning, match="is not checked"):
        assert (ck.fetch(name, "full") / found).is_file()
    asked = len(host.ranges)
    assert (ck.fetch(name, "full") / found).is_file() and len(host.ranges) == asked


def test_planet_says_how_to_fetch_it_by_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="Join the Kaggle competition.*planet/train-jpg"):
        ck.fetch("satellite", "full")
    (tmp_path / "data/planet/train-jpg").mkdir(parents=True)
    (tmp_path / "data/planet/train_v2.csv").touch()
    assert ck.fetch("satellite", "full") == tmp_path / "data/planet"


def test_the_tables_of_shops_have_no_published_sum_and_are_fetched_all_the_same(host, tmp_path, monkeypatch):
    host.files = {"/rossmann/rossmann.tgz": tar_of({"train.csv": b"Store"})}
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path))
    monkeypatch.setenv("COURSEKIT_MIRROR", host.url)
    with pytest.warns(UserWarning, match="no sum is published for rossmann.tgz"):
        assert (ck.fetch("stores", "full") / "train.csv").read_bytes() == b"Store"
