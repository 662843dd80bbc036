"""Give the course its public addresses: `make front-door REPO=https://... TAG=v1.0.0`.

It writes, and a second run with the same addresses changes nothing:

- `site/addresses.json`: where the course lives, and where issues and discussions go. The site reads it.
- `online/`: the lessons for notebooks that run elsewhere. The first cell of each installs the package where it is
  missing, fetches what lessons use, and says what GPU there is.
- `README.md`, between its marks, and `CITATION.cff`: badges and links.

Commit what it wrote, tag the commit, and put the wheel where `package` says: no link works before.
"""

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
from nbformat import NotebookNode

import coursekit
from benchmarks.report import between
from coursekit.classroom.lessons import read, unrun
from coursekit.storage import write_whole

from .run import chosen

ROOT = Path(__file__).parents[2]
ONLINE = "online"
ADDRESSES = "site/addresses.json"
# who reads a notebook in a browser has these already, and newer ones could break what runs it
THERE = {"jupyterlab", "ipykernel", "ipython"}
BADGES = {
    "Colab": ("Open in Colab", "https://colab.research.google.com/assets/colab-badge.svg"),
    "Kaggle": ("Open in Kaggle", "https://kaggle.com/static/images/open-in-kaggle.svg"),
    "Binder": ("Launch Binder", "https://mybinder.org/badge_logo.svg"),
}
FIRST = '''\
# Where the course is missing (Colab, Kaggle, a rented machine), this cell installs it; where it is there, nothing.
import importlib
import os
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

NEEDS = """
{needs}
"""


def missing():
    """The names of the packages that are not installed here."""
    importlib.invalidate_caches()
    others = [name for name in NEEDS.split() if not any(distributions(name=name))]
    found = find_spec("coursekit")  # a mere folder of that name, a clone's, has no origin
    return others + ["coursekit"] * (getattr(found, "origin", None) is None)


if missing():
    print("Installing the course, once on this machine ...")
    %pip install --quiet {requirements}
    %pip install --quiet --no-deps "{package}"
    if missing():
        raise RuntimeError(
            "Not installed: " + ", ".join(missing()) + ". What pip said stands above. Is there a network? "
            "On Kaggle it is switched on in the panel at the right. Then run this cell again."
        )

import coursekit as ck
from coursekit.classroom.lessons import renew

if not Path("app/server.py").exists():  # then this notebook stands alone: fetch what lessons use
    print(*renew(Path("my_lessons")), sep="\\n")
    os.chdir("my_lessons")
ck.machine()  # its row "device" says whether there is a GPU'''


@dataclass(frozen=True)
class Addresses:
    """Where the course lives; "" where that is not known yet.

    `repository` and `tag` are what `git clone` and `git checkout` take. `package` is what pip installs: "" for the
    wheel of the release, "index" for this version from the reader's package index, or an address.
    """

    repository: str = ""
    tag: str = ""
    package: str = ""
    issues: str = ""
    discussions: str = ""
    site: str = ""

    @classmethod
    def load(cls, root: Path = ROOT) -> "Addresses":
        """As they were written last; a ValueError names the file if it is damaged."""
        try:
            return cls(**json.loads(text_of(root / ADDRESSES)))
        except (ValueError, TypeError) as error:
            back = f"git checkout {ADDRESSES}"
            raise ValueError(
                f"{root / ADDRESSES} is damaged ({error}). As it was committed: {back}"
            ) from error

    @property
    def on_github(self) -> bool:
        """Whether Colab and Kaggle can read it: they take notebooks from there alone."""
        return urlsplit(self.repository).hostname == "github.com"

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        version = coursekit.__version__
        if self.package == "index":
            return f"coursekit=={version}"
        wheel = f"{self.repository}/releases/download/{self.tag}/coursekit-{version}-py3-none-any.whl"
        return f"coursekit @ {self.package or wheel}"

    def links(self, notebook: str) -> dict[str, str]:
        """By place, the address that opens a lesson there; nothing before the course has an address.

        Args:
            notebook: the file's name, such as "03_softmax.ipynb".
        """
        if not self.repository:
            return {}
        path = urlsplit(self.repository).path.strip("/")
        blob = f"{path}/blob/{self.tag}/{ONLINE}/{notebook}"
        source = (
            f"gh/{path}" if self.on_github else f"git/{quote(self.repository, safe='')}"
        )
        found = {
            "Colab": f"https://colab.research.google.com/github/{blob}",
            "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/{blob}",
        }
        found = found if self.on_github else {}
        return found | {
            "Binder": f"https://mybinder.org/v2/{source}/{self.tag}?urlpath=lab/tree/my_lessons/{notebook}"
        }


def text_of(path: Path) -> str:
    """What a file says; a ValueError names it if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 ({error}): save it as UTF-8") from error


def https(name: str, address: str) -> str:
    """The address without a last slash; a ValueError if it is none of the web, or has parts that do not belong."""
    wrong = f"{name}={address!r} is no address such as https://github.com/somebody/course"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{wrong}: {error}") from error
    host, path = r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?", r"(/[A-Za-z0-9._~-]+)*/?"
    if not re.fullmatch(f"https://{host}{path}", address) or port == 0 or "/.." in address:
        raise ValueError(wrong)
    return address.rstrip("/")


def checked(given: Addresses, before: Addresses = Addresses()) -> Addresses:
    """The addresses to write: those given; else as before, if it is the same repository; else GitHub's own.

    Raises:
        ValueError: an address that is not https, or a tag with odd characters.
    """
    repository = https("REPO", given.repository).removesuffix(".git").rstrip("/")
    if not urlsplit(repository).path.strip("/"):
        raise ValueError(f"REPO={given.repository!r} names a host, and no repository there")
    if (
        not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?", given.tag)
        or ".." in given.tag
    ):
        raise ValueError(
            f"TAG={given.tag!r} is no tag such as v1.0.0: letters, digits, '.', '-' and '_'"
        )
    now = replace(given, repository=repository)
    host = urlsplit(repository).hostname
    owner_and_name = urlsplit(repository).path.count("/") == 2
    if host == "www.github.com" or (now.on_github and not owner_and_name):
        raise ValueError(
            f"REPO={given.repository!r} is no repository: https://github.com/OWNER/NAME"
        )
    known = before if before.repository == repository else Addresses()
    usual = Addresses(
        issues=f"{repository}/issues",
        discussions=f"{repository}/discussions" if now.on_github else "",
    )
    for name in ("package", "issues", "discussions", "site"):
        value = getattr(now, name) or getattr(known, name) or getattr(usual, name)
        if value and (name, value) != ("package", "index"):
            value = https(name.upper(), value)
        now = replace(now, **{name: value})
    return now


def dependencies(root: Path = ROOT) -> list[str]:
    """What the package needs to run, as pip takes it, from pyproject.toml."""
    listed = (root / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[.*?\n(.*?)^\]", listed, re.M | re.S)[1]
    return re.findall(r'^ +"([^"]+)"', block, re.M)


def first_cell(addresses: Addresses, root: Path = ROOT) -> NotebookNode:
    """The cell that installs the package where it is missing."""
    wanted = {re.match(r"[\w.-]+", line)[0]: line for line in dependencies(root)}
    wanted = {name: line for name, line in wanted.items() if name not in THERE}
    quoted = " ".join(
        line if line == name else f'"{line}"' for name, line in wanted.items()
    )
    needs = textwrap.fill(" ".join(wanted), 88)
    source = FIRST.format(needs=needs, requirements=quoted, package=addresses.requirement)
    metadata = {"slideshow": {"slide_type": "skip"}, "tags": ["front-door"]}
    return nbformat.v4.new_code_cell(source, id="front-door", metadata=metadata)


def elsewhere(lesson: Path, addresses: Addresses, root: Path = ROOT) -> bytes:
    """A lesson for elsewhere: the cell that installs, then the lesson, not yet run."""
    notebook = unrun(read(lesson))
    notebook.cells.insert(0, first_cell(addresses, root))
    return (nbformat.writes(notebook) + "\n").encode()


def readme(text: str, addresses: Addresses, root: Path = ROOT) -> str:
    """The README with badges, the command without a clone, and a line of links for each place."""
    names = [lesson.name for lesson in chosen([])]
    badges = [
        f"[![{BADGES[place][0]}]({BADGES[place][1]})]({link})"
        for place, link in addresses.links(names[0]).items()
    ]
    workflows = (
        sorted((root / ".github" / "workflows").glob("*.yml"))
        if addresses.on_github
        else []
    )
    for file in workflows:
        address = f"{addresses.repository}/actions/workflows/{file.name}"
        badges.append(f"[![{file.stem}]({address}/badge.svg)]({address})")
    says = {
        "the web site": addresses.site,
        "issues": addresses.issues,
        "discussions": addresses.discussions,
    }
    links = ", ".join(f"[{name}]({address})" for name, address in says.items() if address)
    lines = [
        f"{place}: "
        + " ".join(f"[{name[:2]}]({addresses.links(name)[place]})" for name in names)
        for place in addresses.links(names[0])
    ]
    text = between(text, "front door", " ".join(badges) + f"\n\nSee also: {links}.\n")
    text = between(
        text,
        "front door: pip",
        f'Without a clone: `py -m pip install "{addresses.requirement}"`.\n',
    )
    return between(text, "front door: lessons", "\n\n".join(lines) + "\n")


def citation(text: str, addresses: Addresses) -> str:
    """CITATION.cff with the repository and the site, as its last lines."""
    text = re.sub(r"^(url|repository-code):.*\n?", "", text, flags=re.M)
    last = {"url": addresses.site, "repository-code": addresses.repository}
    return "\n".join(
        [text.rstrip(), *(f"{key}: {value}" for key, value in last.items() if value), ""]
    )


def write(given: Addresses, root: Path = ROOT) -> list[Path]:
    """Write everything, or nothing if an address is refused.

    Args:
        given: the addresses that the command names.
        root: the course's folder.

    Returns:
        The files that changed.

    Raises:
        ValueError: an address is refused (see `checked`), or the README has lost its marks.
    """
    addresses = checked(given, Addresses.load(root))
    files = {
        ADDRESSES: json.dumps(asdict(addresses), indent=1) + "\n",
        "README.md": readme(text_of(root / "README.md"), addresses, root),
        "CITATION.cff": citation(text_of(root / "CITATION.cff"), addresses),
    }
    contents = {name: text.encode() for name, text in files.items()}
    for lesson in chosen([]):
        contents[f"{ONLINE}/{lesson.name}"] = elsewhere(lesson, addresses, root)
    changed = []
    for name, content in contents.items():
        path = root / name
        if not path.exists() or path.read_bytes() != content:
            write_whole(path, content)
            changed.append(path)
    for old in (root / ONLINE).glob(
        "[0-9][0-9]_*.ipynb"
    ):  # of a lesson that has another name now
        if f"{ONLINE}/{old.name}" not in contents:
            old.unlink()
            changed.append(old)
    return changed


def main(arguments: Sequence[str] | None = None) -> None:
    """Write what the command line asks for, and say what is left to do."""
    parser = argparse.ArgumentParser(
        "front_door", description="Give the course its public addresses."
    )
    for option, what in {
        "repo": "the repository's address, https://...",
        "tag": "the tag that readers get, such as v1.0.0",
        "package": 'what pip installs: "index", or an address; else the wheel of the release',
        "issues": "where faults are reported; else the repository's issues",
        "discussions": "where questions are asked; else GitHub's discussions",
        "site": "where the web site is published",
    }.items():
        parser.add_argument(f"--{option}", default="", help=what)
    asked = vars(parser.parse_args(arguments))
    if not (asked["repo"] and asked["tag"]):
        sys.exit(
            "say where the course lives: make front-door REPO=https://github.com/OWNER/NAME TAG=v1.0.0"
        )
    try:
        changed = write(Addresses(repository=asked.pop("repo"), **asked))
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    addresses = Addresses.load()
    width = max(len(field.name) for field in fields(addresses))
    print(
        "\n".join(
            f"{name:<{width}}  {value or '-'}" for name, value in asdict(addresses).items()
        )
    )
    print(
        f"{len(changed)} files changed. Now commit them, tag the commit {addresses.tag}, and push both."
    )
    if not addresses.package:
        print(
            "The workflow `release` makes the wheel of a tag and attaches it. Elsewhere: "
            f"{Path(sys.executable).name} -m pip wheel --no-deps --wheel-dir dist ."
        )
        if addresses.tag != f"v{coursekit.__version__}":
            print(
                f"That workflow refuses {addresses.tag}: of this version it takes v{coursekit.__version__} alone."
            )


if __name__ == "__main__":
    main()
