"""The recipe for a class, run for real: a hub on this machine, three people, each in copies of their own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import nbformat
import pytest
from lab import ROOT
from websocket import create_connection

from coursekit.classroom.lessons import unrun

CONFIG = ROOT / "hub" / "jupyterhub_config.py"
JUPYTERHUB = [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)]
PASSWORD, NAMES = "gradient-descent", ["ada", "emmy", "sofia"]
LESSON, EDITED = "00_notebook_basics.ipynb", "01_image_classifier.ipynb"


def three_free_ports() -> int:
    """The first of three ports in a row that nobody uses."""
    for first in range(20000 + os.getpid() % 20000, 60000, 7):
        try:
            for port in range(first, first + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
    raise AssertionError("no free ports")


@contextmanager
def hub(folder: Path) -> Iterator[str]:
    """The recipe as a process of its own; gives its address."""
    address = f"http://127.0.0.1:{three_free_ports()}"
    settings = {"HUB_HOME": str(folder / "class"), "HUB_ADDRESS": address, "HUB_PASSWORD": PASSWORD}
    log = folder / "hub.log"
    with log.open("a", encoding="utf-8") as out:
        process = subprocess.Popen(
            JUPYTERHUB, cwd=folder, env=os.environ | settings, stdout=out, stderr=out, start_new_session=True
        )
    try:
        for _ in range(1200):
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

    def __init__(self, address: str, name: str, password: str = PASSWORD):
        self.name, self.address = name, address
        browser = httpx.Client(base_url=address, follow_redirects=True, timeout=60)
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

    def run(self, code: str) -> str:
        """What the code prints in a new kernel."""
        kernel = self.ask("POST", "kernels", json={"name": "python3"}).json()["id"]
        cookies = "; ".join(f"{c.name}={c.value}" for c in self.browser.cookies.jar)
        where = f"{self.address.replace('http', 'ws')}/user/{self.name}/api/kernels/{kernel}/channels"
        socket = create_connection(where, timeout=120, header=[f"Cookie: {cookies}"])
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


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def address(place):
    with hub(place) as address, Person.browsers:
        yield address


@pytest.fixture(scope="module")
def people(address):
    """Three people who have logged in, all their servers started at once."""
    people = [Person(address, name) for name in NAMES]
    for person in people:
        person.browser.get("/hub/spawn")
    for person in people:
        person.wait_for_server()
    return people


def test_without_a_password_it_does_not_start(tmp_path):
    settings = {k: v for k, v in os.environ.items() if k != "HUB_PASSWORD"} | {"HUB_HOME": str(tmp_path)}
    ran = subprocess.run(JUPYTERHUB, cwd=tmp_path, env=settings, capture_output=True, encoding="utf-8", timeout=60)
    assert ran.returncode and "HUB_PASSWORD=... make hub" in ran.stderr


def test_a_wrong_password_and_a_name_that_is_a_path_are_refused(address):
    assert Person(address, "ada", "not the password").answer.status_code == 403
    assert Person(address, "..").answer.status_code == 403


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
        assert printed.split() == [str(place / "class" / "users" / person.name), "1"]


def test_the_courses_environment_is_there(people, place):
    code = "import coursekit as ck; ck.check('03.hesitates', 5); ck.fetch('digits'); print(ck.home())"
    printed = people[0].run(code)
    assert str(place / "class" / "users" / "ada" / ".coursekit") in printed
    assert (place / "class" / "users" / "ada" / ".coursekit" / "progress" / "03.hesitates").exists()
    assert not (place / "class" / "users" / "emmy" / ".coursekit" / "progress").exists()


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
    assert answer.status_code in (403, 404) or not re.match(r"/user/emmy/api", answer.url.path)
    assert "00_notebook_basics" not in answer.text


def test_an_edited_copy_is_still_there_after_the_next_login(people, address):
    ada = people[0]
    edit(ada)
    headers = {"X-XSRFToken": ada.token("/hub/"), "Referer": f"{address}/hub/home"}
    assert ada.browser.delete("/hub/api/users/ada/server", headers=headers).status_code in (202, 204)
    for _ in range(300):
        if not ada.browser.get("/hub/api/users/ada", headers=headers).json()["servers"]:
            break
        time.sleep(0.1)
    again = Person(address, "ada")
    again.wait_for_server()
    people[0] = again  # the browser of before is logged out
    assert "Ada was here" in again.ask("GET", f"contents/my_lessons/{EDITED}").text
