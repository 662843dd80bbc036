"""What is settled before the hub starts: folders, who may come in, certificates, ports. What is wrong ends it."""

import errno
import os
import re
import socket
import ssl
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO
from urllib.parse import SplitResult, urlsplit

import roster

LONGEST_HOME = 44  # characters: kernels' sockets lie below it, and a socket's path has 107 at most
LEAST_MEMORY = 500  # megabytes: with fewer no server starts
HELD: list[TextIO] = []  # files that stay open, and so locked, as long as the hub runs
TRUSTING = """\
All servers of this hub run as {user}: accounts are not separated. Whoever logs in can read, change and delete the files
of all others and yours, and change the course for all. That is right only for people who trust each other.
For strangers: run it as root (hub/README.md)."""


def lay_out(home: Path, separate: bool, trusting: bool) -> None:
    """Refuse what is not safe; make the class's folders; see that no other hub uses them.

    Args:
        home: where the class is kept.
        separate: whether the hub runs as root, and each student has an account.
        trusting: whether it was said that people trust each other.

    Raises:
        ValueError: root and trusting; neither; the folder is another hub's, or cannot be used.
    """
    import fcntl
    import getpass

    if separate and trusting:
        raise ValueError("as root every server would be root's: run it as another user, or without HUB_TRUST")
    if not separate and not trusting:
        raise ValueError(TRUSTING.format(user=getpass.getuser()) + " For a class that does: HUB_TRUST=1")
    if separate and len(str(home)) > LONGEST_HOME:
        raise ValueError(f"HUB_HOME={home} is longer than {LONGEST_HOME} characters: sockets could not be made in it")
    os.umask(0o077)  # the hub's database and keys
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o711 if separate else 0o700)
    if separate:
        _only_root_changes(home)
    for folder, mode in (("hub", 0o700), ("users", 0o711), ("run", 0o711)):
        (home / folder).mkdir(exist_ok=True)
        (home / folder).chmod(mode)
    lock = (home / "hub" / "lock").open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ValueError(f"another hub uses {home}; choose another HUB_HOME and HUB_ADDRESS for this one") from None
    HELD.append(lock)
    for file in (home / "hub").iterdir():
        file.chmod(0o600)
    if trusting:
        print(TRUSTING.format(user=getpass.getuser()), file=sys.stderr)


def _only_root_changes(home: Path) -> None:
    """Refuse a folder that somebody else could change, or take away from where it lies."""
    for folder in (home, *home.parents):
        found = folder.stat()
        others_write = found.st_mode & 0o022 and (folder == home or not found.st_mode & 0o1000)
        if found.st_uid or others_write or not found.st_mode & 0o001:
            ours = folder == home and (home / "hub").is_dir()
            way = f"chown root: {home}; chmod 711 {home}" if ours else "choose another HUB_HOME"
            raise ValueError(f"HUB_HOME={home}: {folder} must be root's, others may pass and not write; {way}")


def one_password(password: str, names: dict[str, str], admins: Iterable[str], separate: bool) -> str:
    """What is kept of the password for all, where there is one; "" where each has their own.

    Raises:
        ValueError: nobody could log in; a password that is for all and should not be; an unknown administrator.
    """
    if password and separate:
        raise ValueError("strangers have a password each: leave HUB_PASSWORD out, and make a roster (hub/README.md)")
    if password and names:
        raise ValueError("there is a roster; leave HUB_PASSWORD out, or take the names out of the roster")
    if password and admins:
        raise ValueError("with one password for all anybody could log in as an administrator: make a roster")
    if password and len(password) < 8:
        raise ValueError("the class's password must have 8 characters at least: HUB_PASSWORD=... make hub")
    if not password and not names:
        other = "" if separate else ", or one password for all: HUB_PASSWORD=... make hub"
        raise ValueError(f"the roster is empty; make one: python hub/roster.py add names.csv{other}")
    if unknown := sorted(set(admins) - set(names)):
        raise ValueError(f"HUB_ADMINS has {unknown[0]!r}, who is not in the roster")
    return roster.hashed(password) if password else ""


def certificate(cert: str | None, key: str | None, address: SplitResult) -> tuple[str, str]:
    """The files for HTTPS, or twice nothing; a warning where passwords would travel unencrypted.

    Raises:
        ValueError: one is missing, unreadable, or does not fit the other; or the address says otherwise.
    """
    if bool(cert) != bool(key):
        raise ValueError(f"{'HUB_CERT' if cert else 'HUB_KEY'} is given alone; HTTPS needs HUB_CERT and HUB_KEY")
    if bool(cert) != (address.scheme == "https"):
        both = "with HUB_CERT and HUB_KEY the address begins with https, and only then"
        raise ValueError(f"HUB_ADDRESS={address.geturl()}: {both}")
    if cert:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"HUB_CERT={cert} and HUB_KEY={key} cannot be used: {error}") from error
    elif address.hostname not in ("127.0.0.1", "localhost", "::1"):
        print(
            "Passwords travel unencrypted: no HUB_CERT and HUB_KEY, and it listens to other machines.", file=sys.stderr
        )
    return cert or "", key or ""


def ports(kept: Path, chosen: str | None) -> tuple[int, int]:
    """Two ports by which hub and proxy talk on this machine: the chosen ones, those of last time, or free ones.

    Raises:
        ValueError: what was chosen are not two different ports.
    """
    if chosen:
        found = re.fullmatch(r"(\d{1,5}),(\d{1,5})", chosen)
        if not found or found[1] == found[2] or not all(0 < int(port) < 65536 for port in found.groups()):
            raise ValueError(f"HUB_PORTS={chosen} are not two ports, such as 8001,8002")
        return int(found[1]), int(found[2])
    before = re.fullmatch(r"(\d+),(\d+)", kept.read_text(encoding="utf-8")) if kept.exists() else None
    with socket.socket() as first, socket.socket() as second:
        for number, probe in enumerate((first, second), 1):
            try:  # the hub that was killed left connections, which hold the port for a minute against others only
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, bool(before))
                probe.bind(("127.0.0.1", int(before[number]) if before else 0))
            except OSError:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, False)
                probe.bind(("127.0.0.1", 0))
        both = first.getsockname()[1], second.getsockname()[1]
    kept.write_text(f"{both[0]},{both[1]}", encoding="utf-8")
    return both


def listens(given: str | None) -> SplitResult:
    """Where the hub listens.

    Raises:
        ValueError: it is not http or https, a name or number of a machine, and a port that there can be.
    """
    try:
        address = urlsplit(given or "http://127.0.0.1:8000")
        if address.scheme in ("http", "https") and address.hostname and address.port != 0:
            return address
    except ValueError:  # the port, or brackets
        pass
    raise ValueError(f"HUB_ADDRESS={given} is not an address such as http://127.0.0.1:8000 or https://0.0.0.0:443")


def must_be_free(address: SplitResult, before: Path) -> None:
    """Refuse an address that is another's; the proxy of a hub that was killed may hold it, and is ended later.

    Args:
        address: where the hub listens.
        before: the file with that proxy's number; gone where the hub ended well.
    """
    port = address.port or {"http": 80, "https": 443}[address.scheme]
    family = socket.AF_INET6 if ":" in address.hostname else socket.AF_INET
    try:
        socket.create_server((address.hostname, port), family=family).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE or not before.exists():
            raise ValueError(f"HUB_ADDRESS={address.geturl()} cannot be listened to: {error.strerror}") from error


def memory(given: str | None) -> str:
    """What a student may take at once.

    Raises:
        ValueError: it is not a number with a unit, or a kernel would not start with it.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([MG])", given := given or "3G")
    if not found or float(found[1]) * {"M": 1, "G": 1000}[found[2]] < LEAST_MEMORY:
        raise ValueError(f"HUB_MEMORY={given} is not a size such as 3G or 2500M, and {LEAST_MEMORY}M at least")
    return given


def yes(setting: str) -> bool:
    """Whether a setting is 1; a ValueError where it is something else than 1, 0 or nothing."""
    given = os.environ.get(setting) or "0"
    if given not in ("0", "1"):
        raise ValueError(f"{setting}={given} is neither 1 (yes) nor 0 (no)")
    return given == "1"


def positive(setting: str, usual: float) -> float:
    """A setting that is a number above nought, such as 0.5, or the usual one; a ValueError where it is not."""
    given = os.environ.get(setting) or str(usual)
    if not re.fullmatch(r"\d+(\.\d+)?", given) or not float(given):
        raise ValueError(f"{setting}={given} is not a number above nought, such as 2 or 0.5")
    return float(given)


def whole_number(setting: str, usual: int) -> int:
    """A setting that is a number above nought, or the usual one; a ValueError where it is something else."""
    given = os.environ.get(setting) or str(usual)
    if not given.isdecimal() or not int(given):
        raise ValueError(f"{setting}={given} is not a whole number above nought")
    return int(given)
