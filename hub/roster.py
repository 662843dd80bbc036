"""The class's roster: who may log in, each with a password of their own; and the delay after wrong passwords.

As a command, by the user that runs the hub, with the same HUB_HOME:

    python hub/roster.py add names.csv       a name a line; prints each name's new password, once, on standard output
    python hub/roster.py reset ada emmy      new passwords for these
    python hub/roster.py remove ada          ada can log in no more; her folder and her account stay (see README.md)
    python hub/roster.py list                the names

The second column of `names.csv`, where there is one, is a password of your choice. The roster holds no password, only
what scrypt makes of it. Only its owner can read it. The hub reads it at each login: no restart is needed.

The authenticator is our own, and short. NativeAuthenticator, the well-kept one with passwords, is made for people who
sign up; a list that a teacher hands out, and a delay by address, are not among what its page names.
"""

import argparse
import asyncio
import csv
import hashlib
import hmac
import os
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from jupyterhub.auth import Authenticator
from tornado import web
from traitlets import Float, Integer, Unicode

NAME = "[a-z][a-z0-9-]{0,30}"  # it becomes an account, a folder, and a part of addresses
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another
COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB of memory and about 50 ms a guess
LONGEST = 1000  # characters of a password that are looked at


def home() -> Path:
    """Where the class is kept: HUB_HOME; without it /srv/cell-by-cell for root, ~/cell-by-cell-class for others."""
    usual = "/srv/cell-by-cell" if hasattr(os, "getuid") and os.getuid() == 0 else "~/cell-by-cell-class"
    return Path(os.environ.get("HUB_HOME") or usual).expanduser().resolve()


def new_password() -> str:
    """Twelve letters and digits in three groups: 59 random bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def hashed(password: str) -> str:
    """What the roster keeps of a password: a salt, and what scrypt makes of both."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_scrypt(password, salt).hex()}"


def fits(password: str, kept: str) -> bool:
    """Whether it is the password of which this was kept; takes the same time for any."""
    salt, key = (bytes.fromhex(part) for part in kept.split(":"))
    return hmac.compare_digest(_scrypt(password, salt), key)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password[:LONGEST].encode(), salt=salt, **COST)


def read(file: Path) -> dict[str, str]:
    """The roster: to each name what is kept of its password; empty where there is no file.

    Raises:
        ValueError: a line is not a name and a hash; it is named.
    """
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    for number, line in enumerate(lines, 1):
        name, _, kept = line.partition(",")
        if not re.fullmatch(NAME, name) or not re.fullmatch("[0-9a-f]{32}:[0-9a-f]{128}", kept) or name in found:
            raise ValueError(f"line {number} of {file} is not a new name and what `roster.py add` writes beside it")
        found[name] = kept
    return found


@contextmanager
def changing(file: Path) -> Iterator[dict[str, str]]:
    """The roster, to change: written whole when all went well, unreadable to others; one change at a time."""
    import fcntl

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (file.parent / ".roster.lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        roster = read(file)
        yield roster
        scratch = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.writelines(f"{name},{kept}\n" for name, kept in roster.items())
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(file)


def read_names(file: Path) -> dict[str, str]:
    """New names from a table, each with its password: the second column, or a generated one.

    Raises:
        ValueError: a name that cannot be an account's, a name twice, a short password, nothing in it.
    """
    found = {}
    with file.open(encoding="utf-8-sig", newline="") as table:
        for row in _rows(table):
            name, password = [*(cell.strip() for cell in row), "", ""][:2]
            if not name or (name, found) == ("name", {}):
                continue  # an empty line; the heading
            if not re.fullmatch(NAME, name):
                raise ValueError(
                    f"{name!r} cannot be a name: small letters a-z, digits, hyphens, a letter first, 31 at most"
                )
            if name in found:
                raise ValueError(f"{name!r} stands twice in {file}")
            if password and len(password) < 8:
                raise ValueError(f"the password of {name!r} is shorter than 8 characters")
            if password in ("password", name):  # or a heading that begins otherwise
                raise ValueError(f"the password of {name!r} is {password!r}; a heading begins with the word name")
            if not password.isprintable():  # lines after a quotation mark that nothing closes
                raise ValueError(f"the password of {name!r} goes over several lines, or cannot be typed")
            found[name] = password or new_password()
    if not found:
        raise ValueError(f"no names in {file}: one a line")
    return found


def _rows(table: TextIO) -> Iterator[list[str]]:
    try:
        yield from csv.reader(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{table.name} is not a table in UTF-8 ({error}); save it as CSV UTF-8") from error


def add(file: Path, names: dict[str, str], taken: Callable[[str], bool]) -> None:
    """Take up names with their passwords, all or none.

    Args:
        file: the roster.
        names: each name's password.
        taken: whether a name is an account of this machine that is not the class's.

    Raises:
        ValueError: a name is in the roster, or taken.
    """
    with changing(file) as roster:
        for name in names:
            if name in roster:
                raise ValueError(f"{name!r} is in the roster; for a new password: roster.py reset {name}")
            if taken(name):
                raise ValueError(f"{name!r} is an account of this machine that is not the class's; choose another name")
        roster.update((name, hashed(password)) for name, password in names.items())


def reset(file: Path, names: Sequence[str]) -> dict[str, str]:
    """New passwords for names in the roster; gives them. A ValueError if one is not in it."""
    new = {name: new_password() for name in names}
    with changing(file) as roster:
        for name in names:
            _must_be_in(name, roster)
            roster[name] = hashed(new[name])
    return new


def remove(file: Path, names: Sequence[str]) -> None:
    """Take names out of the roster. A ValueError if one is not in it."""
    with changing(file) as roster:
        for name in names:
            _must_be_in(name, roster)
            del roster[name]


def _must_be_in(name: str, roster: dict[str, str]) -> None:
    if name not in roster:
        raise ValueError(f"{name!r} is not in the roster; it has {', '.join(sorted(roster)) or 'no names'}")


class Delay:
    """How long the next try has to wait: not at all for ten wrong ones, then 1, 2, 4, ... seconds after each.

    A count is forgotten after a quarter of an hour without a wrong password.

    Args:
        free: wrong passwords before the first delay.
        first: seconds of the first delay.
        longest: seconds of the longest.
        now: a clock.
    """

    FORGOTTEN, MOST = 900, 20_000

    def __init__(self, free: int, first: float, longest: float, now: Callable[[], float] = time.monotonic):
        self.free, self.first, self.longest, self.now = free, first, longest, now
        self.wrong: dict[str, tuple[int, float]] = {}  # to each key how many, and when the last

    def seconds(self, key: str) -> float:
        """How long a try with this key has to wait from now on."""
        count, last = self.wrong.get(key, (0, 0.0))
        if count < self.free or self.now() - last > self.FORGOTTEN:
            return 0
        whole = min(self.first * 2 ** min(count - self.free, 30), self.longest)
        return max(0, last + whole - self.now())

    def add(self, key: str) -> None:
        """A password came that is taken for wrong until it is found right."""
        now = self.now()
        if len(self.wrong) > self.MOST:
            self.wrong = {key: kept for key, kept in self.wrong.items() if now - kept[1] < self.FORGOTTEN}
        count, last = self.wrong.get(key, (0, now))
        self.wrong[key] = (count + 1 if now - last < self.FORGOTTEN else 1, now)

    def take_back(self, key: str, every: bool = False) -> None:
        """It was right: one wrong one fewer, or none at all."""
        count, last = self.wrong.pop(key, (0, 0.0))
        if count > 1 and not every:
            self.wrong[key] = (count - 1, last)


class RosterAuthenticator(Authenticator):
    """Lets in who is in the roster, with their own password; a name that is in it no more loses its login at once.

    Wrong passwords are counted by name, and by address: a classroom often has one address for all, so there the delay
    stays short. A short delay is waited for; a long one, or a second try beside one that waits, is turned away with
    status 429: guessing side by side gains nothing. Names that are not there take as long as those that are.
    """

    WAITED_FOR, SEATS = 5, 10  # seconds; how many from one address wait at the same time

    roster = Unicode(help="the roster's file").tag(config=True)
    shared = Unicode(help="what is kept of one password for every name, in place of a roster").tag(config=True)
    free_tries = Integer(10, help="wrong passwords before the first delay").tag(config=True)
    first_delay = Float(1, help="seconds of the first delay; each further one is twice as long").tag(config=True)
    longest_delay = Float(60, help="seconds of the longest").tag(config=True)

    def __init__(self, **settings: object):
        super().__init__(**settings)
        self.allow_all = True  # who is in is looked up in the roster
        self.by_name = Delay(self.free_tries, self.first_delay, self.longest_delay)
        self.by_address = Delay(self.free_tries, self.first_delay, min(self.longest_delay, self.WAITED_FOR))
        self.waiting = Counter()
        self.pool = ThreadPoolExecutor(2)  # so many passwords are looked at side by side; others go on meanwhile
        self.nobody = hashed(secrets.token_hex())

    def kept(self, name: str) -> str | None:
        """What is kept of a name's password, None if it may not come in."""
        return self.shared or read(Path(self.roster)).get(name)

    def check_allowed(self, username: str, authentication: object = None) -> bool:
        """Whether the name may come in at all."""
        return self.kept(username) is not None

    async def authenticate(self, handler: web.RequestHandler, data: dict) -> str | None:
        """The name, if its password is right; waits after wrong ones."""
        name, password = data.get("username", "").lower(), data.get("password", "")
        if not re.fullmatch(NAME, name):
            name = "-"  # counted together
        address = handler.request.remote_ip
        await self.wait(name, address)
        self.by_name.add(name)
        self.by_address.add(address)
        kept = self.kept(name)
        right = await asyncio.wrap_future(self.pool.submit(fits, password, kept or self.nobody))
        if not (kept and right) or name == "-":
            return None
        self.by_name.take_back(name, every=True)
        self.by_address.take_back(address)
        return name

    async def wait(self, name: str, address: str) -> None:
        """Wait while there is a delay for the name or the address; a 429 where that is long, or others wait already."""
        seconds = max(self.by_name.seconds(name), self.by_address.seconds(address))
        if not seconds:
            return
        keys = [("name", name), ("address", address)]
        if seconds > self.WAITED_FOR or self.waiting[keys[0]] or self.waiting[keys[1]] >= self.SEATS:
            self.log.warning("too many wrong passwords: name %s, address %s", name, address)
            raise web.HTTPError(429, f"Too many wrong passwords. Try again in {int(seconds) + 1} seconds.")
        self.waiting.update(keys)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.waiting.subtract(keys)
            self.waiting += Counter()  # keeps those above nought

    async def refresh_user(self, user: object, handler: object = None) -> bool:
        """Whether somebody who has logged in is still in the roster."""
        return self.kept(user.name) is not None


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; ends with a message where something is wrong, and then has changed nothing."""
    from accounts import foreign

    parser = argparse.ArgumentParser(prog="roster.py", description="the class's names and passwords")
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("add", help="take up the names in a table; prints their passwords").add_argument(
        "table", type=Path
    )
    for task, what in (("reset", "new passwords; prints them"), ("remove", "no login any more")):
        tasks.add_parser(task, help=what).add_argument("names", nargs="+")
    tasks.add_parser("list", help="the names")
    chosen, file, new = parser.parse_args(arguments), home() / "hub" / "roster.csv", {}
    try:
        if chosen.task == "add":
            new = read_names(chosen.table)
            add(file, new, lambda name: foreign(name, home()))
        elif chosen.task == "reset":
            new = reset(file, chosen.names)
        elif chosen.task == "remove":
            remove(file, chosen.names)
            print("removed; a server of theirs that runs: stop it on the administrator's page", file=sys.stderr)
        else:
            print(*sorted(read(file)), sep="\n")
    except (ValueError, OSError) as error:
        sys.exit(f"nothing was changed: {error}")
    for name, password in new.items():
        print(f"{name}  {password}")


if __name__ == "__main__":
    main()
