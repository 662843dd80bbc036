"""A class on one machine, run for real: a hub, people with a password each, and what they can do to each other.

As root each has an account of their own, as strangers need it. As another user the hub serves people who trust each
other, and the tests of what separates strangers are skipped.
"""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import nbformat
import psutil
import pytest
from hub_tools import HUB, accounts, apart, free_port
from lab import ROOT
from websocket import create_connection

from coursekit.classroom.lessons import unrun

CONFIG = HUB / "jupyterhub_config.py"
SEPARATE = hasattr(os, "getuid") and os.getuid() == 0 and sys.platform == "linux" and bool(shutil.which("useradd"))
separate = pytest.mark.skipif(not SEPARATE, reason="needs root on Linux, to make an account for each student")
PREFIX = f"zz{os.getpid()}-"  # no account of this machine begins so
ADA, EMMY, SOFIA, TEACHER, GUEST = NAMES = [PREFIX + name for name in ("ada", "emmy", "sofia", "teacher", "guest")]
LESSON, EDITED = "00_notebook_basics.ipynb", "01_image_classifier.ipynb"
MEMORY, IDLE = 1_500, 8  # megabytes, seconds


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that students' accounts can pass through; afterwards it and the accounts are gone, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="hub"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for name in NAMES if SEPARATE else ():
            if found := accounts.account(name):
                accounts.end_all(found.pw_uid)
                subprocess.run(["userdel", name], check=True)
        if SEPARATE:  # fails, and should, where another class on this machine has members in it
            subprocess.run(["groupdel", accounts.GROUP], check=False, capture_output=True)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def passwords(place):
    """The roster, made as the README says; everybody's password, from the sheet that the command prints."""
    table = place / "names.csv"
    table.write_text("\n".join(["name", *NAMES]), encoding="utf-8")
    return dict(line.split() for line in task(place, "add", str(table)).stdout.splitlines())


def task(place: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run `roster.py` for the class."""
    command = [sys.executable, str(HUB / "roster.py"), *arguments]
    environment = os.environ | {"HUB_HOME": str(place / "class")}
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=60)


@contextmanager
def hub(place: Path) -> Iterator[str]:
    """The recipe as a process of its own; gives its address."""
    address = f"http://127.0.0.1:{free_port()}"
    settings = {"HUB_HOME": str(place / "class"), "HUB_ADDRESS": address, "HUB_ADMINS": TEACHER, "HUB_IDLE": str(IDLE),
                "HUB_MEMORY": f"{MEMORY}M", "PYTHONPATH": str(ROOT)}  # fmt: skip
    settings |= {} if SEPARATE else {"HUB_TRUST": "1"}
    command = [*(apart(place) if SEPARATE else []), sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)]
    log = place / "hub.log"
    with log.open("a", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, cwd=place, env=os.environ | settings, stdout=out, stderr=out, start_new_session=True
        )
    try:
        for _ in range(1800):
            if "JupyterHub is now running" in log.read_text(encoding="utf-8"):
                break
            assert process.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(180)  # a server that has just started may take a minute to stop


class Person:
    """Somebody at a browser of their own, which is closed when the hub stops."""

    browsers = ExitStack()

    def __init__(self, address: str, name: str, password: str):
        self.name, self.address = name, address
        browser = httpx.Client(base_url=address, follow_redirects=True, timeout=60, verify=False)  # nothing to verify
        self.browser = self.browsers.enter_context(browser)
        self.browser.get("/hub/login")
        form = {"username": name, "password": password, "_xsrf": self.token("/hub/")}
        self.answer = self.browser.post("/hub/login", data=form)

    def token(self, path: str) -> str:
        return next(c.value for c in self.browser.cookies.jar if c.name == "_xsrf" and c.path == path)

    def wait_for_server(self):
        """Wait until the own server answers; asking it takes the person through the hub's permission page."""
        self.browser.get("/hub/spawn")
        for _ in range(600):
            page = self.browser.get(f"/user/{self.name}/lab")
            if page.status_code == 200 and page.url.path.startswith(f"/user/{self.name}/lab"):
                return page
            time.sleep(0.2)
        raise AssertionError(f"{self.name}'s server did not start")

    def ask(self, method: str, path: str, **content) -> httpx.Response:
        headers = {"X-XSRFToken": self.token(f"/user/{self.name}/")}
        return self.browser.request(method, f"/user/{self.name}/api/{path}", headers=headers, **content)

    def kernel(self):
        """A new kernel, and a connection to it."""
        kernel = self.ask("POST", "kernels", json={"name": "python3"}).json()["id"]
        cookies = "; ".join(f"{c.name}={c.value}" for c in self.browser.cookies.jar)
        where = f"{self.address.replace('http', 'ws')}/user/{self.name}/api/kernels/{kernel}/channels"
        return kernel, create_connection(where, timeout=120, header=[f"Cookie: {cookies}"])

    def run(self, code: str) -> str:
        """What the code prints in a new kernel."""
        kernel, socket = self.kernel()
        header = {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "1", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        socket.send(json.dumps(message))
        printed = ""
        while True:
            answer = json.loads(socket.recv())
            if answer["msg_type"] in ("stream", "error"):
                printed += answer["content"].get("text") or "\n".join(answer["content"]["traceback"])
            over = answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle"
            if over and answer["parent_header"].get("msg_id") == "1":
                break
        socket.close()
        self.ask("DELETE", f"kernels/{kernel}")
        return printed

    def hub(self, method: str, path: str) -> httpx.Response:
        """Ask the hub, as its pages do."""
        headers = {"X-XSRFToken": self.token("/hub/"), "Referer": f"{self.address}/hub/home"}
        return self.browser.request(method, f"/hub/api/{path}", headers=headers)


@pytest.fixture(scope="module")
def address(place, passwords):
    with hub(place) as address, Person.browsers:
        yield address


@pytest.fixture(scope="module")
def people(address, passwords):
    """Three people who have logged in, all their servers started at once."""
    people = [Person(address, name, passwords[name]) for name in (ADA, EMMY, SOFIA)]
    for person in people:
        person.browser.get("/hub/spawn")
    for person in people:
        person.wait_for_server()
    return people


@pytest.fixture(scope="module")
def teacher(address, passwords):
    return Person(address, TEACHER, passwords[TEACHER])


def home_of(place: Path, name: str) -> Path:
    return place / "class" / "users" / name


def processes_of(name: str) -> list[psutil.Process]:
    uid = pwd.getpwnam(name).pw_uid
    return [process for process in psutil.process_iter(["uids"]) if process.info["uids"].real == uid]


def wait_until_stopped(person: Person, asked_by: Person) -> None:
    for _ in range(600):
        if not asked_by.hub("GET", f"users/{person.name}").json()["servers"]:
            return
        time.sleep(0.1)
    raise AssertionError(f"the server of {person.name} did not stop")


def test_a_wrong_password_and_names_that_are_not_in_the_roster_are_refused(address, passwords):
    assert Person(address, ADA, "not the password").answer.status_code == 403
    for name in ("..", "root"):
        assert Person(address, name, passwords[ADA]).answer.status_code == 403, name


def test_three_people_each_open_a_copy_of_their_own(people):
    lesson = unrun(nbformat.read(ROOT / "lessons" / LESSON, 4))
    for person in people:
        opened = person.ask("GET", f"contents/my_lessons/{LESSON}").json()["content"]
        assert [cell["source"] for cell in opened["cells"]] == [cell.source for cell in lesson.cells]
        there = {entry["name"] for entry in person.ask("GET", "contents/my_lessons").json()["content"]}
        assert there == {"app"} | {path.name for path in (ROOT / "lessons").glob("[0-9][0-9]_*.ipynb")}
        workbooks = person.ask("GET", "contents/excel").json()["content"]
        assert "softmax.xlsx" in {entry["name"] for entry in workbooks}


def test_a_cell_runs_in_each_persons_own_kernel_and_folder(people, place):
    for person in people:
        printed = person.run("import os; print(os.environ['HOME'], os.environ['OMP_NUM_THREADS'])")
        assert printed.split() == [str(home_of(place, person.name)), "1"]


def test_the_courses_environment_is_there(people, place):
    code = "import coursekit as ck; ck.check('03.hesitates', 5); ck.fetch('digits'); print(ck.home())"
    printed = people[0].run(code)
    assert str(home_of(place, ADA) / ".coursekit") in printed
    assert (home_of(place, ADA) / ".coursekit" / "progress" / "03.hesitates").exists()
    assert not (home_of(place, EMMY) / ".coursekit" / "progress").exists()


def edit(ada):
    """Change a lesson's title."""
    file = ada.ask("GET", f"contents/my_lessons/{EDITED}").json()
    file["content"]["cells"][0]["source"] = "# Ada was here"
    body = {"type": "notebook", "format": "json", "content": file["content"]}
    assert ada.ask("PUT", f"contents/my_lessons/{EDITED}", json=body).status_code == 200


def test_one_persons_edit_is_not_seen_by_the_others(people):
    ada, others = people[0], people[1:]
    edit(ada)
    for person in others:
        assert "Ada was here" not in person.ask("GET", f"contents/my_lessons/{EDITED}").text
    assert "Ada was here" not in (ROOT / "lessons" / EDITED).read_text(encoding="utf-8")


def test_nobody_comes_into_another_persons_server(people):
    ada, emmy = people[:2]
    answer = ada.browser.get(f"/user/{emmy.name}/api/contents/my_lessons")
    assert answer.status_code in (403, 404) or not re.match(rf"/user/{EMMY}/api", answer.url.path)
    assert "00_notebook_basics" not in answer.text


def denied(person: Person, doings: list[str]) -> None:
    """Let the person try; each doing must end with an error of rights, and with nothing else."""
    code = f"""
for doing in {doings!r}:
    try:
        exec(doing)
        print("DID", doing)
    except (PermissionError, OSError) as error:
        if error.errno not in (1, 13, 30):
            print("OTHER", doing, error)
"""
    assert person.run(code + "\nprint('tried')").split("\n") == ["tried", ""]


@separate
def test_nobody_reads_or_writes_the_files_of_others_or_of_the_hub(people, place):
    theirs = home_of(place, EMMY)
    files = [theirs / "my_lessons" / LESSON, *(place / "class" / "hub").iterdir()]
    assert {"cookie_secret", "hub.sqlite", "roster.csv"} <= {file.name for file in files}
    folders = [theirs, theirs / "my_lessons", theirs.parent, place / "class", place / "class" / "hub"]
    folders.append(place / "class" / "run" / str(pwd.getpwnam(EMMY).pw_uid))
    doings = [f"open({str(file)!r}).read()" for file in files] + [f"open({str(file)!r}, 'a')" for file in files]
    doings += [f"open({str(folder / 'new')!r}, 'w')" for folder in folders]
    doings += [f"import os; os.listdir({str(folder)!r})" for folder in folders if folder != place / "class"]
    doings += [f"import os; os.chmod({str(folder)!r}, 0o777)" for folder in folders]
    denied(people[0], doings)


@separate
def test_nobody_changes_the_course_or_what_others_run(people):
    import coursekit

    doings = []
    for folder in (Path(coursekit.__file__).parent, ROOT / "lessons", HUB, Path(nbformat.__file__).parent):
        file = next(path for path in folder.glob("*.*") if path.is_file())
        doings += [f"open({str(folder / 'new.py')!r}, 'w')", f"open({str(file)!r}, 'a')"]
    other = processes_of(EMMY)[0].pid
    denied(people[0], [*doings, f"import os; os.kill({other}, 0)", f"open('/proc/{other}/environ').read()"])
    printed = people[0].run("print(*[line for line in open('/proc/self/status') if 'NoNewPrivs' in line])")
    assert printed.split() == ["NoNewPrivs:", "1"]


@separate
def test_every_port_is_this_machines_alone_and_kernels_have_none(people, address):
    code = """
import psutil
from ipykernel.connect import get_connection_info
print([c.laddr.port for c in psutil.Process().net_connections("inet") if c.status == "LISTEN"])
print([get_ipython().kernel.iopub_thread._pipe_port])  # takes what child processes print, if they know a secret
print(get_connection_info(unpack=True)["transport"])
"""
    listening, takes, transport = people[0].run(code).split("\n")[:3]
    assert listening in (takes, "[]") and transport == "ipc"
    hubs = [p for p in psutil.process_iter(["cmdline"]) if str(HUB) in " ".join(p.info["cmdline"] or [])]
    listening = {c.laddr for p in hubs for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert len(listening) == 3 + len(people) and {where.ip for where in listening} == {"127.0.0.1"}


@separate
def test_a_process_of_one_gets_nothing_from_the_servers_of_the_others(people):
    (port,) = {c.laddr.port for p in processes_of(EMMY) for c in p.net_connections("inet") if c.status == "LISTEN"}
    code = f"""
import json, os, urllib.error, urllib.request
for where in ("http://127.0.0.1:{port}/user/{EMMY}/api/contents", os.environ["JUPYTERHUB_API_URL"] + "/users"):
    for headers in ({{}}, {{"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}}):
        try:
            print(urllib.request.urlopen(urllib.request.Request(where, headers=headers)).read())
        except urllib.error.HTTPError as error:
            print(error.code)
"""
    assert people[0].run(code).split() == ["403", "403", "403", "403"]


@separate
def test_who_takes_too_much_memory_is_stopped_and_the_others_go_on(people):
    ada, emmy = people[:2]
    asks = "import resource; print(resource.getrlimit(resource.RLIMIT_NPROC))"
    printed = emmy.run(f"{asks}\nx = bytearray({MEMORY} * 2**20)")
    assert printed.startswith("(512, 512)") and "MemoryError" in printed
    code = f"""
import subprocess, sys
take = "import sys; x = b'1' * ({MEMORY // 2} * 2**20); print('has it', flush=True); sys.stdin.read()"
three = [subprocess.Popen([sys.executable, "-c", take], stdin=-1, stdout=-1) for _ in range(3)]
for process in three:
    process.stdout.readline()
first = next(p for p in iter(lambda: three[0], None) if any(q.poll() is not None for q in three))
print([p.poll() for p in three if p.poll() is not None][0])
for process in three:
    process.kill()
"""
    assert emmy.run(code).strip() == "-9"
    assert ada.run("print(6 * 7)").strip() == "42"


def test_reading_is_not_use(people):
    sofia = people[2]
    used = sofia.ask("GET", "status").json()["last_activity"]
    for path in ("kernels", "sessions", "terminals", "contents/my_lessons", f"contents/my_lessons/{LESSON}"):
        assert sofia.ask("GET", path).status_code == 200
    assert sofia.ask("GET", "status").json()["last_activity"] == used
    assert sofia.ask("POST", "contents", json={"type": "file"}).status_code == 201
    assert sofia.ask("GET", "status").json()["last_activity"] > used


def test_a_kernel_ends_although_its_tab_is_open(people):
    sofia = people[2]
    kernel, socket = sofia.kernel()
    assert [each["id"] for each in sofia.ask("GET", "kernels").json()] == [kernel]
    for _ in range(600):
        if not sofia.ask("GET", "kernels").json():
            break
        assert socket.connected
        time.sleep(0.1)
    else:
        raise AssertionError("the kernel of an open tab runs on")
    socket.close()


def test_after_the_next_login_an_edited_copy_is_still_there_and_nothing_else(people, address, passwords, place):
    ada = people[0]
    edit(ada)
    trap = place / "trap"  # what the hub writes must not be written here, whatever links ada lays
    trap.mkdir(mode=0o700)
    leave = "import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True)"
    ada.run("open('random.py', 'w').write('raise SystemExit(3)')")  # must not keep the server away
    ada.run(f"{leave}; import os; os.rename('excel', 'mine'); os.symlink({str(trap)!r}, 'excel')" if SEPARATE else "1")
    assert ada.hub("DELETE", f"users/{ADA}/server").status_code in (202, 204)
    wait_until_stopped(ada, ada)
    if SEPARATE:
        assert {process.status() for process in processes_of(ADA)} <= {psutil.STATUS_ZOMBIE}
    again = Person(address, ADA, passwords[ADA])
    again.wait_for_server()
    people[0] = again  # the browser of before is logged out
    assert "Ada was here" in again.ask("GET", f"contents/my_lessons/{EDITED}").text
    assert not list(trap.iterdir())


def test_a_teacher_sees_and_stops_servers_and_opens_none(people, teacher):
    ada, sofia = people[0], people[2]
    assert teacher.browser.get("/hub/admin").status_code == 200
    assert {NAMES[0], NAMES[2]} <= {user["name"] for user in teacher.hub("GET", "users").json()}
    answer = teacher.browser.get(f"/user/{SOFIA}/api/contents/my_lessons")
    assert answer.status_code == 403 and LESSON not in answer.text
    assert teacher.hub("DELETE", f"users/{SOFIA}/server").status_code in (202, 204)
    wait_until_stopped(sofia, teacher)
    assert ada.browser.get("/hub/admin").status_code == 403
    assert ada.hub("DELETE", f"users/{EMMY}/server").status_code in (403, 404)


def test_who_leaves_the_roster_cannot_log_in_and_who_joins_can(address, passwords, place):
    assert Person(address, GUEST, passwords[GUEST]).answer.status_code == 200
    assert task(place, "remove", GUEST).returncode == 0
    assert Person(address, GUEST, passwords[GUEST]).answer.status_code == 403
    table = place / "late.csv"
    table.write_text(f"{GUEST},another-password\n", encoding="utf-8")
    assert task(place, "add", str(table)).stdout.split() == [GUEST, "another-password"]
    assert Person(address, GUEST, "another-password").answer.status_code == 200


def test_the_eleventh_wrong_password_waits(address, passwords):
    for _ in range(10):
        assert Person(address, EMMY, "not it").answer.status_code == 403
    begun = time.monotonic()
    assert Person(address, EMMY, "not it").answer.status_code == 403
    assert time.monotonic() - begun >= 1
    assert Person(address, EMMY, passwords[EMMY]).answer.status_code == 200  # after two more seconds
