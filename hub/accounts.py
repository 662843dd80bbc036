"""An account of this machine for each student, and the limits of what it may take.

The accounts are the class's own: members of the group `cell-by-cell`, with a home folder in HUB_HOME, no password and
no login shell. An account that is anything else is never touched, and nobody gets it.

    python hub/accounts.py delete ada emmy     deletes their accounts; what they wrote moves to HUB_HOME/removed
"""

import argparse
import asyncio
import ctypes
import grp
import os
import pwd
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import psutil
from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Integer

GROUP = "cell-by-cell"
NO_NEW_PRIVILEGES = 38  # prctl(2): from here on no program gets more rights than its user has: sudo, su, crontab
SYSTEMD = Path("/run/systemd/system")  # there when systemd runs the machine
# what systemd holds a student's server to, beside memory, processors and /tmp
UNIT = {
    "TasksMax": "512",
    "MemorySwapMax": "0",
    "ProtectSystem": "strict",
    "ProtectProc": "invisible",
    "ProtectKernelTunables": "yes",
    "ProtectControlGroups": "yes",
    "RestrictSUIDSGID": "yes",
    "UMask": "0077",
    "LimitCORE": "0",
}

# What a student's account finds: whether the course runs, and whether it can change any of it.
LOOK = """
import os, sys
import coursekit, ipykernel, jupyterhub.singleuser
from coursekit.datasets import course
open_to_all = []
tops = course(), os.path.dirname(coursekit.__file__), sys.prefix, *sys.argv[1:]
for top in {os.path.realpath(path) for path in tops}:
    above = [top]
    while above[-1] != "/":
        above.append(os.path.dirname(above[-1]))
    found = [path for path in above[1:] if os.access(path, os.W_OK) and not os.stat(path).st_mode & 0o1000]
    for folder, _, files in os.walk(top):
        found += [p for p in (folder, *(os.path.join(folder, f) for f in files)) if os.access(p, os.W_OK)]
    # but for uv's lock in an environment, this one or that of the benchmarks, which nothing reads
    open_to_all += [p for p in found if p[-6:] != "/.lock" or not os.path.exists(p[:-5] + "pyvenv.cfg")]
print(*open_to_all[:3], sep="\\n")
"""
COPY = """
import sys
from pathlib import Path
from coursekit.classroom.lessons import renew
print(*renew(Path(sys.argv[1])), sep="\\n")
"""


def account(name: str) -> pwd.struct_passwd | None:
    """What the machine knows of an account, None if there is none."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def foreign(name: str, home: Path) -> bool:
    """Whether there is such an account, or such a group, that is not of the class in this folder."""
    found = account(name)
    try:
        group = grp.getgrnam(name)
    except KeyError:
        group = None
    if found is None:
        return group is not None
    try:
        ours = name in grp.getgrnam(GROUP).gr_mem
    except KeyError:
        ours = False
    return not ours or found.pw_uid == 0 or Path(found.pw_dir) != home / "users" / name


def make(name: str, home: Path) -> pwd.struct_passwd:
    """See to it that a student has an account, and a folder that nobody else can look into.

    Raises:
        ValueError: the account, or the folder, is somebody else's; or it could not be made.
    """
    if foreign(name, home):
        raise ValueError(
            f"{name!r} is an account or a group of this machine that is not the class's; choose another name"
        )
    folder = home / "users" / name
    if account(name) is None:
        _run("groupadd", "--force", "--system", GROUP)
        who = ("--comment", "student", "--groups", GROUP, "--user-group", "--shell", _no_shell())
        _run("useradd", "--home-dir", str(folder), "--no-create-home", *who, name)
    found = pwd.getpwnam(name)
    for path in (folder, home / "run" / str(found.pw_uid)):
        if not path.exists() and not path.is_symlink():
            path.mkdir(0o700)
            os.chown(path, found.pw_uid, found.pw_gid)
        if path.lstat().st_uid != found.pw_uid:
            raise ValueError(f"{path} is not {name}'s; if it should be: chown -R {name}: {path}")
        path.chmod(0o700)
    return found


def delete(name: str, home: Path) -> Path:
    """Delete a student's account and end what runs of it; the folder is kept, unreadable to others.

    Returns:
        Where the folder is now.

    Raises:
        ValueError: there is no such account of the class.
    """
    if account(name) is None or foreign(name, home):
        raise ValueError(f"{name!r} is not an account of this class")
    found = pwd.getpwnam(name)
    end_all(found.pw_uid)
    removed = home / "removed"
    removed.mkdir(0o700, exist_ok=True)
    aside = removed / f"{name}-{time.strftime('%Y-%m-%d_%H%M%S')}"
    Path(found.pw_dir).rename(aside)
    for folder, _, files in os.walk(aside):  # the number may become another account's
        for path in (folder, *(os.path.join(folder, file) for file in files)):
            os.chown(path, 0, 0, follow_symlinks=False)
    shutil.rmtree(home / "run" / str(found.pw_uid), ignore_errors=True)
    _run("userdel", name)
    return aside


def end_all(uid: int) -> None:
    """End every process of an account, also those that it left in the background."""
    for _ in range(50):
        running = [p for p in psutil.process_iter(["uids", "status"]) if p.info["uids"] and p.info["uids"].real == uid]
        running = [p for p in running if p.info["status"] != psutil.STATUS_ZOMBIE]
        if not running:
            return
        for process in running:
            _kill(process)
        psutil.wait_procs(running, timeout=0.2)
    raise ValueError(f"processes of the account number {uid} do not end: {[process.pid for process in running]}")


def _kill(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return  # it has ended by itself


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(
            f"there is no {command[0]} on this machine: separate accounts need a Linux with shadow's tools"
        ) from None
    except subprocess.CalledProcessError as error:
        raise ValueError(f"{' '.join(command)} failed: {error.stderr.strip()}") from error


def _no_shell() -> str:
    return shutil.which("nologin", path="/usr/sbin:/sbin:/usr/bin:/bin") or "/bin/false"


def limits(memory: int | None, processes: int) -> Callable[[], None]:
    """What to call between fork and exec: the kernel's limits of a process, and no way to more rights.

    Args:
        memory: bytes that a process may have for its data (what allocates more gets a MemoryError).
        processes: how many processes and threads the account may have.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def limit() -> None:
        os.umask(0o077)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        if prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")

    return limit


def as_student(found: pwd.struct_passwd, memory: int | None = None, processes: int = 512) -> dict[str, object]:
    """How a program is started with a student's rights and limits, and not in their folder.

    There `python -c` would import what they wrote, a random.py say, in place of Python's own.
    """
    environment = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "PYTHONPATH") if key in os.environ}
    rights = {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": [], "cwd": "/"}
    return rights | {"env": environment | {"HOME": found.pw_dir}, "preexec_fn": limits(memory, processes)}


def look(found: pwd.struct_passwd, also: Path) -> str:
    """What is wrong for a student with where the course and its environment lie; nothing if all is well.

    Args:
        found: a student's account.
        also: one more folder that students must not be able to change.
    """
    where = (
        "put both in a folder that everybody can read and only root can write, /opt/cell-by-cell say (hub/README.md)"
    )
    command = [sys.executable, "-c", LOOK, str(also)]
    try:
        ran = subprocess.run(command, capture_output=True, encoding="utf-8", **as_student(found))
    except (PermissionError, FileNotFoundError) as error:
        return f"students' accounts cannot reach {os.path.realpath(error.filename)}; {where}"
    if ran.returncode:
        return f"the course does not run in students' accounts: {ran.stderr.strip().splitlines()[-1]}; {where}"
    if ran.stdout.strip():
        return f"students' accounts can change {', '.join(ran.stdout.splitlines())}; {where}"
    return ""


def prepare(names: Iterable[str], home: Path, recipe: Path) -> None:
    """See to it that each in the roster has an account, and that students can run the course and not change it.

    Args:
        names: the roster's.
        home: where the class is kept.
        recipe: the folder of the hub's own files.

    Raises:
        ValueError: what is wrong, and with whom.
    """
    made = [make(name, home) for name in names]
    if wrong := look(made[0], recipe):
        raise ValueError(wrong)
    how = "by systemd" if SYSTEMD.exists() else "by the kernel's limits of a process, and by looking each second"
    print(f"Each of {len(made)} students has an account of this machine; limits hold {how}.", file=sys.stderr)


async def before_start(spawner: object, home: Path) -> None:
    """Before somebody's server starts: an account, if the roster has grown since, and copies of the lessons."""
    folder = home / "users" / spawner.user.name
    if os.getuid() == 0:
        found = make(spawner.user.name, home)
        spawner.environment["JUPYTER_RUNTIME_DIR"] = str(home / "run" / str(found.pw_uid))
    await give_copies(spawner, folder)


async def give_copies(spawner: object, folder: Path) -> None:
    """Before somebody's server starts: what is missing of the lessons and workbooks, written with their rights alone.

    Written by root, a link that a student laid there could lead it to any file of the machine.
    """
    rights = {}
    if os.getuid() == 0:
        rights = as_student(pwd.getpwnam(spawner.user.name), spawner.mem_limit)
    command, pipe = [sys.executable, "-c", COPY, str(folder / "my_lessons")], subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, **rights)
    try:
        said, wrong = await asyncio.wait_for(process.communicate(), 120)
    except asyncio.TimeoutError:
        process.kill()
        said, wrong = b"", b"nothing after two minutes"
    for line in filter(None, said.decode(errors="replace").splitlines()):
        spawner.log.info("%s: %r", spawner.user.name, line)
    if process.returncode != 0:  # the server starts all the same: its owner may put it right, a full disk say
        spawner.log.error("%s: no copies: %r", spawner.user.name, wrong.decode(errors="replace")[-500:])


class AccountSpawner(LocalProcessSpawner):
    """A server with the rights of its student's account, where there is no systemd to start and limit it.

    Each process gets `mem_limit` from the kernel. All of an account together are looked at each second: above the limit
    the largest is killed. When a server ends, all that its account still runs ends with it.
    """

    max_processes = Integer(512, help="processes and threads an account may have").tag(config=True)
    watched: dict[int, "AccountSpawner"] = {}
    watcher: asyncio.Task | None = None

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """What the new process does before it is the server."""
        limit, become = limits(self.mem_limit, self.max_processes), super().make_preexec_fn(name)

        def prepare() -> None:
            os.nice(5)  # the hub and its proxy come first
            limit()
            become()

        return prepare

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """The account's environment; terminals need a shell, though nobody can log in by it."""
        return super().user_env(env) | {"SHELL": shutil.which("bash") or "/bin/sh"}

    async def start(self) -> tuple[str, int]:
        """Start the server, and watch over what its account takes."""
        address = await super().start()
        self._watch_over()
        return address

    async def poll(self) -> int | None:
        """None while the server runs, maybe since an earlier hub; else its status, and nothing else of it runs."""
        ran, status = self.pid, await super().poll()
        if ran and status is None:
            self._watch_over()
        elif ran:
            uid = pwd.getpwnam(self.user.name).pw_uid
            AccountSpawner.watched.pop(uid, None)
            await asyncio.to_thread(end_all, uid)
        return status

    def _watch_over(self) -> None:
        AccountSpawner.watched[pwd.getpwnam(self.user.name).pw_uid] = self
        if AccountSpawner.watcher is None or AccountSpawner.watcher.done():
            AccountSpawner.watcher = asyncio.create_task(_watch(AccountSpawner.watched))


async def _watch(watched: dict[int, AccountSpawner]) -> None:
    while watched:
        await asyncio.sleep(1)
        allowed = {uid: spawner.mem_limit for uid, spawner in watched.items() if spawner.mem_limit}
        for uid, taken, largest in await asyncio.to_thread(lambda these=allowed: list(too_much(these))):
            if uid in watched:
                log, name = watched[uid].log, watched[uid].user.name
                log.warning("%s takes %d MB of memory; ending process %d", name, taken >> 20, largest.pid)
                _kill(largest)


def too_much(allowed: dict[int, int]) -> Iterator[tuple[int, int, psutil.Process]]:
    """Which accounts take more memory than allowed: the number, the bytes, and the largest process.

    Pages that processes share are counted once, divided among them (PSS).
    """
    running = defaultdict(list)
    for process in psutil.process_iter(["uids", "memory_info"]):
        if process.info["uids"] and process.info["uids"].real in allowed and process.info["memory_info"]:
            running[process.info["uids"].real].append(process)
    for uid, processes in running.items():
        if sum(process.info["memory_info"].rss for process in processes) <= allowed[uid]:
            continue
        sizes = {}
        for process in processes:
            try:
                sizes[process] = process.memory_full_info().pss
            except psutil.Error:
                continue  # it has ended
        if sum(sizes.values()) > allowed[uid]:
            yield uid, sum(sizes.values()), max(sizes, key=sizes.get)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; ends with a message where something is wrong."""
    from roster import home, read

    parser = argparse.ArgumentParser(prog="accounts.py", description="the accounts of the class")
    parser.add_argument("task", choices=["delete"])
    parser.add_argument("names", nargs="+")
    chosen = parser.parse_args(arguments)
    for name in chosen.names:
        try:
            if name in read(home() / "hub" / "roster.csv"):
                raise ValueError(f"{name!r} is in the roster; first: roster.py remove {name}")
            print(f"{name}: what it wrote is in {delete(name, home())}")
        except (ValueError, OSError) as error:
            sys.exit(f"{name}: nothing was deleted: {error}")


if __name__ == "__main__":
    main()
