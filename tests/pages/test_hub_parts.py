"""The parts of the hub by themselves: roster, delay, what is settled before the start, and the proxy."""

import asyncio
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest
from hub_tools import HUB, accounts, free_port, roster, start
from tornado.web import HTTPError
from traitlets.config import PyFileConfigLoader

LONG_AGO = 10_000


@pytest.fixture
def file(tmp_path):
    return tmp_path / "hub" / "roster.csv"


def add(file, **names):
    roster.add(file, names, lambda name: False)


# the roster
def test_the_roster_keeps_no_password_and_is_its_owners_alone(file):
    add(file, ada="gradient-descent", emmy="gradient-descent")
    kept = roster.read(file)
    assert kept["ada"] != kept["emmy"] and "gradient" not in file.read_text(encoding="utf-8")
    assert roster.fits("gradient-descent", kept["ada"]) and not roster.fits("gradient-descend", kept["ada"])
    assert file.stat().st_mode & 0o777 == 0o600
    roster.reset(file, ["ada"])
    assert file.stat().st_mode & 0o777 == 0o600 and roster.read(file)["emmy"] == kept["emmy"]
    assert not roster.fits("gradient-descent", roster.read(file)["ada"])
    roster.remove(file, ["emmy"])
    assert list(roster.read(file)) == ["ada"] and [p.name for p in file.parent.iterdir() if "roster.csv" in p.name] == [
        "roster.csv"
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda file: add(file, new="password-1", ada="password-2"),
        lambda file: roster.add(file, {"new": "password-1", "root": "password-2"}, lambda name: name == "root"),
        lambda file: roster.remove(file, ["ada", "nobody"]),
        lambda file: roster.reset(file, ["ada", "nobody"]),
    ],
    ids=["a name twice", "an account of the machine", "remove", "reset"],
)
def test_all_or_nothing_is_changed(file, change):
    add(file, ada="gradient-descent")
    before = file.read_bytes()
    with pytest.raises(ValueError, match="ada|root|nobody"):
        change(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "line", ["ada", "ada,", "ada,12:34", "Ada," + "0" * 161, ",", "ada," + "0" * 32 + ":" + "0" * 127, "\udcff"]
)
def test_a_damaged_roster_is_named_and_lets_nobody_in(file, line):
    file.parent.mkdir()
    file.write_text(line + "\n", encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ValueError, match="line 1 of"):
        roster.read(file)


def test_names_come_from_a_table_with_or_without_passwords(tmp_path):
    table = tmp_path / "names.csv"
    table.write_bytes("\ufeffname,password\r\nada,my-own-password\r\n\r\n emmy \r\n".encode())
    names = roster.read_names(table)
    assert names["ada"] == "my-own-password" and list(names) == ["ada", "emmy"] and len(names["emmy"]) == 14


@pytest.mark.parametrize(
    "text", ["Ada", "root:x", "../emmy", "1ada", "ada b", "a" * 32, "jos\u00e9", "ada\nada", "ada,short", "", "name\n"]
)
def test_what_cannot_be_a_name_is_refused(tmp_path, text):
    table = tmp_path / "names.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="name|twice|password"):
        roster.read_names(table)


@pytest.mark.parametrize(
    "text", ["username,password\nada", "ada,password", 'ada,"open quote\nemmy\nsofia', "ada,pass\x01word1"]
)
def test_a_password_that_is_none_is_refused(tmp_path, text):
    table = tmp_path / "names.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="the password of"):
        roster.read_names(table)


@pytest.mark.parametrize("content", ["j\xf6rg\n".encode("latin-1"), b"x" * 200_000], ids=["latin-1", "no table"])
def test_what_is_no_table_of_names_is_named(tmp_path, content):
    table = tmp_path / "names.csv"
    table.write_bytes(content)
    with pytest.raises(ValueError, match=r"names\.csv is not a table in UTF-8"):
        roster.read_names(table)


def test_an_account_of_the_machine_is_never_the_classs(tmp_path):
    assert accounts.foreign("root", tmp_path) and accounts.foreign("daemon", tmp_path)
    assert not accounts.foreign("zz-there-is-no-such", tmp_path)
    with pytest.raises(ValueError, match="not the class's"):
        accounts.make("daemon", tmp_path)
    with pytest.raises(ValueError, match="not an account of this class"):
        accounts.delete("daemon", tmp_path)


# the delay
def test_the_delay_grows_is_bounded_and_is_forgotten():
    clock = SimpleNamespace(now=LONG_AGO)
    delay = roster.Delay(10, 1, 60, now=lambda: clock.now)
    for _ in range(20):
        clock.now += delay.seconds("ada")
        assert delay.seconds("ada") == 0
        delay.add("ada")
    assert clock.now == LONG_AGO + 1 + 2 + 4 + 8 + 16 + 32 + 60 * 4
    assert delay.seconds("ada") == 60 and delay.seconds("emmy") == 0
    clock.now += delay.FORGOTTEN + 1
    assert delay.seconds("ada") == 0
    delay.add("ada")
    assert delay.seconds("ada") == 0


def test_many_made_up_names_do_not_fill_the_memory():
    clock = SimpleNamespace(now=LONG_AGO)
    delay = roster.Delay(10, 1, 60, now=lambda: clock.now)
    for number in range(3 * delay.MOST):
        clock.now += 1
        delay.add(f"name{number}")
    assert len(delay.wrong) <= delay.MOST + 2


def tries(authenticator, name, password, address="10.0.0.1", at_once=1):
    """What so many tries at the same time give: a name, None, or 429."""

    async def one():
        handler = SimpleNamespace(request=SimpleNamespace(remote_ip=address))
        try:
            return await authenticator.authenticate(handler, {"username": name, "password": password})
        except HTTPError as error:
            return error.status_code

    async def every():
        return await asyncio.gather(*(one() for _ in range(at_once)))

    return asyncio.run(every())


@pytest.fixture
def authenticator(file, monkeypatch):
    monkeypatch.setattr(roster, "COST", {"n": 2, "r": 8, "p": 1})
    add(file, ada="gradient-descent", emmy="back-propagation")
    return roster.RosterAuthenticator(roster=str(file), first_delay=0.2)


def test_guessing_side_by_side_gains_nothing(authenticator):
    given = tries(authenticator, "ada", "wrong", at_once=30)
    assert given.count(None) == 11 and given.count(429) == 19  # ten, and one that waited
    assert tries(authenticator, "ada", "gradient-descent", "10.0.0.2") == ["ada"]  # after a short wait


def test_wrong_passwords_for_many_names_are_counted_by_address(authenticator):
    for number in range(10):
        assert tries(authenticator, f"name{number}", "wrong") == [None]
    assert authenticator.by_address.seconds("10.0.0.1") > 0
    begun = time.monotonic()
    assert tries(authenticator, "emmy", "back-propagation") == ["emmy"]
    assert time.monotonic() - begun >= 0.1  # the rest of the delay
    assert authenticator.by_address.seconds("10.0.0.2") == 0


def test_a_long_delay_is_said_and_not_sat_out(authenticator):
    for _ in range(20):
        authenticator.by_name.add("ada")
    assert tries(authenticator, "ada", "gradient-descent") == [429]
    assert tries(authenticator, "emmy", "back-propagation") == ["emmy"]


@pytest.mark.parametrize("name", ["root", "ada/", "ada\n", "-", "", "a" * 10_000, "\u0430da"])
def test_a_name_that_is_not_in_the_roster_is_refused_whatever_it_is(authenticator, name):
    assert tries(authenticator, name, "gradient-descent") == [None]


def test_a_name_in_capitals_is_the_same_name(authenticator):
    assert tries(authenticator, "ADA", "gradient-descent") == ["ada"]


def test_unknown_names_are_compared_like_known_ones(authenticator, monkeypatch):
    looked = []
    monkeypatch.setattr(roster, "fits", lambda password, kept: looked.append(len(kept)))
    tries(authenticator, "ada", "wrong")
    tries(authenticator, "nobody", "wrong")
    assert looked == [161, 161]


# before the start
def test_root_without_accounts_and_others_without_trust_are_refused(tmp_path):
    with pytest.raises(ValueError, match="every server would be root's"):
        start.lay_out(tmp_path / "class", separate=True, trusting=True)
    with pytest.raises(ValueError, match=r"can read, change and delete[\s\S]*HUB_TRUST=1"):
        start.lay_out(tmp_path / "class", separate=False, trusting=False)
    assert not (tmp_path / "class").exists()


@pytest.mark.parametrize(
    ("setting", "wrong", "says"),
    [
        *(("HUB_MEMORY", wrong, "3G or 2500M") for wrong in ("banana", "3GB", "-1", "2000", "nanG", "100M")),
        *(("HUB_ADDRESS", wrong, "such as http://127") for wrong in ("127.0.0.1:8000", "localhost", "http://",
          "http://127.0.0.1:99999", "http://127.0.0.1:x", "ftp://127.0.0.1:80", "http://[::1", "http://127.0.0.1:0")),
        *(("HUB_CPUS", wrong, "not a number") for wrong in ("banana", "0", "-1", "nan")),
        *(("HUB_IDLE", wrong, "not a whole number") for wrong in ("banana", "0", "-1", "1.5")),
        ("HUB_TRUST", "yes", "neither 1"),
        ("HUB_ADMIN_ACCESS", "true", "neither 1"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_and_the_hub_does_not_start(tmp_path, monkeypatch, setting, wrong, says):
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "class"))
    monkeypatch.setenv(setting, wrong)
    with pytest.raises(SystemExit) as ended:
        PyFileConfigLoader("jupyterhub_config.py", path=str(HUB)).load_config()
    said = str(ended.value)
    assert f"{setting}={wrong}" in said and says in said and "\n" not in said
    assert not (tmp_path / "class").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("mode", [0o777, 0o700], ids=oct)
def test_a_class_lies_where_others_may_pass_and_only_root_can_change_or_move_it(monkeypatch, mode):
    monkeypatch.setattr(os, "umask", lambda _: None)
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(mode)
        home = Path(above).resolve() / "class"
        home.mkdir()
        home.chmod(0o711)
        with pytest.raises(ValueError, match=rf"{home.parent} must be root's.* choose another"):
            start.lay_out(home, separate=True, trusting=False)
        assert not list(home.iterdir())


def test_two_hubs_do_not_share_a_folder_nor_ports(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(start, "HELD", [])
    umask = os.umask(0o022)
    try:
        for each in ("one", "two"):
            start.lay_out(tmp_path / each, separate=False, trusting=True)
        assert capsys.readouterr().err.count("accounts are not separated") == 2
        with pytest.raises(ValueError, match="another hub uses"):
            start.lay_out(tmp_path / "one", separate=False, trusting=True)
    finally:
        os.umask(umask)
    for file in start.HELD:
        file.close()
    assert (tmp_path / "one" / "hub").stat().st_mode & 0o777 == 0o700
    one, two = (start.ports(tmp_path / each / "hub" / "ports", None) for each in ("one", "two"))
    assert len({*one, *two}) == 4
    assert start.ports(tmp_path / "one" / "hub" / "ports", None) == one  # servers of before a crash still find it
    assert start.ports(tmp_path / "none", "8001,8002") == (8001, 8002)
    for wrong in ("8001", "8001,8001", "a,b", "0,1", "1,70000"):
        with pytest.raises(ValueError, match="not two ports"):
            start.ports(tmp_path / "none", wrong)


def test_an_address_of_another_is_refused_unless_the_last_hub_was_killed(tmp_path):
    before = tmp_path / "proxy.pid"
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = urlsplit(f"http://127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(ValueError, match=f"HUB_ADDRESS={taken.geturl()} cannot be listened to"):
            start.must_be_free(taken, before)
        before.touch()
        start.must_be_free(taken, before)
    before.unlink()
    start.must_be_free(taken, before)


def test_a_hub_that_was_killed_gets_its_ports_again(tmp_path):
    kept = tmp_path / "ports"
    before = start.ports(kept, None)
    with socket.create_server(("127.0.0.1", before[0])) as hub:
        server = socket.create_connection(hub.getsockname())
        hub.accept()[0].close()  # from its side, as when it is killed
    server.close()
    assert start.ports(kept, None) == before
    with socket.create_server(("127.0.0.1", before[0])):
        assert start.ports(kept, None)[0] != before[0]


@pytest.mark.parametrize(
    ("password", "names", "admins", "separate", "says"),
    [
        ("gradient-descent", {}, [], True, "a password each"),
        ("gradient-descent", {"ada": ""}, [], False, "there is a roster"),
        ("gradient-descent", {}, ["ada"], False, "as an administrator"),
        ("short", {}, [], False, "8 characters"),
        ("", {}, [], True, "roster is empty"),
        ("", {}, [], False, "HUB_PASSWORD="),
        ("", {"ada": ""}, ["emmy"], True, "'emmy', who is not"),
    ],
    ids=["strangers", "both", "admin", "short", "empty", "neither", "unknown admin"],
)
def test_who_may_come_in_is_clear_or_it_does_not_start(password, names, admins, separate, says):
    with pytest.raises(ValueError, match=says):
        start.one_password(password, names, admins, separate)


def test_one_password_for_all_lets_every_name_in(monkeypatch):
    monkeypatch.setattr(roster, "COST", {"n": 2, "r": 8, "p": 1})
    shared = start.one_password("gradient-descent", {}, [], separate=False)
    authenticator = roster.RosterAuthenticator(shared=shared)
    assert tries(authenticator, "anybody", "gradient-descent") == ["anybody"]
    assert tries(authenticator, "..", "gradient-descent") == tries(authenticator, "anybody", "wrong") == [None]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    now = datetime.now(timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    files = [tmp_path_factory.mktemp("tls") / name for name in ("cert.pem", "key.pem")]
    files[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return tuple(map(str, files))


def test_certificates_by_two_settings(certificate, tmp_path, capsys):
    cert, key = certificate
    secure, plain = urlsplit("https://0.0.0.0:8443"), urlsplit("http://127.0.0.1:8000")
    assert start.certificate(cert, key, secure) == certificate and start.certificate(None, None, plain) == ("", "")
    assert not capsys.readouterr().err
    start.certificate(None, None, urlsplit("http://0.0.0.0:8000"))
    assert "unencrypted" in capsys.readouterr().err
    for wrong in ((cert, None, secure), (None, key, secure), (cert, key, plain), (None, None, secure),
                  (cert, cert, secure), (str(tmp_path / "none"), key, secure)):  # fmt: skip
        with pytest.raises(ValueError, match="HUB_CERT|HUB_KEY"):
            start.certificate(*wrong)


class Slow(http.server.BaseHTTPRequestHandler):
    """Answers when so many have asked, with what the proxy told it."""

    together = threading.Barrier(30)

    def do_GET(self):
        self.together.wait(60)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({key.lower(): value for key, value in self.headers.items()}).encode())

    def log_message(self, *_):
        pass


def test_the_proxy_speaks_https_to_a_whole_class_at_once(certificate):
    cert, key = certificate
    port, api, target = free_port(), free_port(), http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    target.daemon_threads = True
    threading.Thread(target=target.serve_forever, daemon=True).start()
    where = ["--ip", "127.0.0.1", "--port", str(port), "--api-ip", "127.0.0.1", "--api-port", str(api)]
    command = [
        sys.executable,
        str(HUB / "proxy.py"),
        *where,
        "--error-target",
        "http://127.0.0.1:1",
        "--log-level",
        "INFO",
    ]
    environment = os.environ | {"CONFIGPROXY_AUTH_TOKEN": "secret"}
    proxy = subprocess.Popen(
        [*command, "--ssl-cert", cert, "--ssl-key", key], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        route, told = f"http://127.0.0.1:{api}/api/routes/", {"target": f"http://127.0.0.1:{target.server_port}"}
        for _ in range(600):
            try:
                assert httpx.post(route, json=told).status_code == 403  # without the token
                break
            except httpx.ConnectError:
                assert proxy.poll() is None
                time.sleep(0.1)
        assert httpx.post(route, json=told, headers={"Authorization": "token secret"}).status_code == 201
        trusted = ssl.create_default_context(cafile=cert)
        claims = {"X-Forwarded-For": "10.9.9.9", "X-Real-Ip": "10.9.9.9", "X-Scheme": "http"}
        with httpx.Client(verify=trusted, timeout=60, headers=claims) as browser, ThreadPoolExecutor(30) as together:
            answers = list(together.map(browser.get, [f"https://localhost:{port}/"] * 30))
        for answer in answers:
            assert answer.json()["x-scheme"] == "https"  # so cookies are kept to HTTPS
            assert answer.json()["x-forwarded-for"].endswith(",127.0.0.1")
            assert answer.json()["x-real-ip"] == "127.0.0.1"  # what the hub counts by
    finally:
        proxy.terminate()
        proxy.wait(20)
        target.shutdown()
        target.server_close()


# where no systemd runs the machine
def test_a_server_of_an_earlier_hub_is_watched_too(monkeypatch):
    async def runs(_):
        return None

    async def wait(_):
        await asyncio.sleep(60)

    async def both():
        spawner = accounts.AccountSpawner(user=SimpleNamespace(name="root", id=1))
        spawner.pid = 1
        assert await spawner.poll() is None
        assert list(accounts.AccountSpawner.watched) == [0] and not accounts.AccountSpawner.watcher.done()

    monkeypatch.setattr(accounts.LocalProcessSpawner, "poll", runs)
    monkeypatch.setattr(accounts, "_watch", wait)
    monkeypatch.setattr(accounts.AccountSpawner, "watched", {})
    monkeypatch.setattr(accounts.AccountSpawner, "watcher", None)
    asyncio.run(both())


# where systemd runs the machine
def test_with_systemd_its_spawner_is_told_all_limits_by_names_it_knows(tmp_path, monkeypatch):
    systemdspawner = pytest.importorskip("systemdspawner")
    monkeypatch.setattr(accounts, "SYSTEMD", tmp_path)
    monkeypatch.setattr(accounts, "prepare", lambda *_: None)
    monkeypatch.setattr(start, "lay_out", lambda *_: (tmp_path / "hub").mkdir())
    monkeypatch.setenv("HUB_ADDRESS", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    monkeypatch.setattr(roster, "read", lambda _: {"ada": ""})
    config = PyFileConfigLoader("jupyterhub_config.py", path=str(HUB)).load_config()
    told = config.SystemdSpawner
    assert config.JupyterHub.spawner_class == "systemd" and not set(told) - set(
        systemdspawner.SystemdSpawner.class_traits()
    )
    spawner = systemdspawner.SystemdSpawner(config=config, user=SimpleNamespace(name="ada", id=1))
    assert spawner.mem_limit == 3 * 2**30 and spawner.cpu_limit == 2 and spawner.isolate_tmp
    assert [spawner._expand_user_vars(path) for path in spawner.readwrite_paths] == [
        f"{tmp_path.resolve()}/users/ada",
        f"{tmp_path.resolve()}/run",
    ]
    assert {"TasksMax", "ProtectSystem", "ProtectProc"} <= set(spawner.unit_extra_properties)
