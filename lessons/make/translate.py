"""A lesson's prose in a file for translators, and a translation put back; code is not touched.

`python -m lessons.make.translate out 03 lessons-de de` writes, or renews, the file
`lessons-de/03_softmax.po`: gettext's format, which Poedit, Weblate, OmegaT and others read.
`... into 03 lessons-de` writes the lesson in that language, `lessons-de/03_softmax.ipynb`.
"""

import argparse
import codecs
import hashlib
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, denormalize, read_po, write_po
from nbformat import NotebookNode

from coursekit import __version__
from coursekit.classroom.commands import print_anywhere
from coursekit.classroom.lessons import read
from coursekit.storage import write_whole

from .run import LESSONS, chosen

# headings that programs look for: the site's glossary, the template of lessons
KEPT = (
    "Your turn",
    "Questions",
    "On the full data",
    "Where this is in coursekit",
    "Words",
    "Further",
)
# what a translation repeats as it is: code, formulas, where links lead, tags of HTML
AS_IT_IS = re.compile(
    r"(`+)(?!`).+?(?<!`)\1(?!`)|\$\$.+?\$\$|\$[^$\n]+\$|(?<=\])\([^)\s]+\)|<!--.*?-->|</?\w[^>]*>",
    re.S,
)
FENCE = re.compile(r"\s*(?:> ?)*(```|~~~|\$\$)")
MARK = re.compile(r"\s*(?:> ?|#{1,6} (?:\d\d )?|[-*+] |\d+\. )*")
STARTS = re.compile(r"\s*(?:#{1,6} |[-*+] |\d+\. |\||> \s*(?:[-*+] |\d+\. |\|))")
# a line of a translator's file that is neither blank nor a comment
ENTRY = re.compile(r'(#~\s*)?(msgid |msgstr |)\s*("(?:[^"\\]|\\.)*")')
SUMS = ".translated.json"  # in the folder of a translation: the sum of each as written


@dataclass
class Piece:
    """A stretch of Markdown: what stands before it, and text to translate ("" if none)."""

    before: str
    text: str


@dataclass
class Report:
    """What a translation has, and what it lacks; places are cells, counted from 1."""

    pieces: int = 0
    translated: int = 0
    changed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """In words, a line for each place that somebody has to look at."""
        lines = [f"{self.translated} of {self.pieces} pieces are translated"]
        lines += [
            f"  has changed since, the original stands there: {w}" for w in self.changed
        ]
        lines += [f"  not taken, the original stands there: {why}" for why in self.refused]
        return "\n".join(lines)


def blocks(source: str) -> Iterator[str]:
    """Markdown in blocks that joined give it again: paragraphs, headings, items, rows, code.

    Blank lines are blocks too, and so is each run of lines between fences.
    """
    block, fence = [], ""
    for line in source.splitlines(keepends=True):
        found = FENCE.match(line)
        if fence:
            block.append(line)
            if found and found[1] == fence:
                yield "".join(block)
                block, fence = [], ""
            continue
        blank = not line.strip("> \t\n")
        after = block and (
            block[-1].lstrip("> ").startswith("#") or not block[-1].strip("> \t\n")
        )
        if block and (blank or found or after or STARTS.match(line)):
            yield "".join(block)
            block = []
        block.append(line)
        # a formula may begin and end on one line
        if found and line.count(found[1]) == 1:
            fence = found[1]
    if block:
        yield "".join(block)


def pieces(source: str) -> list[Piece]:
    """What there is to translate in a cell, each with all that stands before it.

    Joined, `before` and `text` by turns, they give the cell again.
    """
    found, before = [], ""
    for block in blocks(source):
        mark = MARK.match(block)[0]
        text = block[len(mark) :].rstrip()
        if is_prose(block, text):
            found.append(Piece(before + mark, text))
            before = block[len(mark) + len(text) :]
        else:
            before += block
    return [*found, Piece(before, "")] if before else found


def is_prose(block: str, text: str) -> bool:
    """Whether somebody can translate the text: words, and no heading for programs."""
    if FENCE.match(block) and "\n" in block.rstrip():
        return False
    if block.startswith("## ") and text in KEPT:
        return False
    return bool(re.search(r"[^\W\d_]", AS_IT_IS.sub("", text)))


def kept(text: str) -> Counter:
    """What a translation of the text has to keep, each as often as it is there."""
    found = Counter(match[0] for match in AS_IT_IS.finditer(text))
    if text.startswith("|"):
        found["|"] = AS_IT_IS.sub("", text).count("|")
    # half a code span, formula or link, or a picture that has become a link
    for sign in ("`", "$", "[", "]", "!["):
        found[sign] = AS_IT_IS.sub("", text).count(sign)
    return found


def fault(piece: Piece, text: str) -> str:
    """Why a translation of the piece cannot stand in its place; "" if it can."""
    if lost := kept(piece.text) - kept(text):
        return f"{next(iter(lost))!r} is missing in the translation"
    if more := kept(text) - kept(piece.text):
        return f"{next(iter(more))!r} is in the translation and not in the original"
    mark = piece.before[len(piece.before.rstrip("#>-*+.0123456789 \t")) :]
    original, now = pieces(mark + piece.text), pieces(mark + text)
    if len(now) != len(original) or now[0].before != original[0].before:
        return "the translation begins or ends a heading, an item or a paragraph"
    return ""


def prose(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode, list[Piece]]]:
    """The Markdown cells: their place, counted from 1, the cell, and its pieces."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            yield number, cell, pieces(cell.source)


def template(lesson: Path, language: str | None = None) -> Catalog:
    """All that there is to translate in a lesson, not yet translated.

    Args:
        lesson: the notebook.
        language: as gettext writes it, "de" or "pt_BR"; None if it is not known.

    Raises:
        ValueError: there is no such language, or the notebook is damaged.
    """
    try:
        locale = Locale.parse(language) if language else None
    except (ValueError, UnknownLocaleError) as error:
        wrong = f"{language!r} is no language as gettext writes it, such as de, pt_BR or zh"
        raise ValueError(wrong) from error
    catalog = Catalog(
        locale,
        project="Deep Learning, Cell by Cell",
        version=__version__,
        msgid_bugs_address="see site/translators.md",
        header_comment=f"# {lesson.name}, to be translated. Code, formulas and links stay.",
        fuzzy=False,
    )
    for number, cell, found in prose(read(lesson)):
        notes = cell.metadata.get("slideshow", {}).get("slide_type") == "notes"
        for piece in found:
            if piece.text:
                comments = ["for the instructor, not for students"] if notes else []
                place = [(lesson.name, number)]
                catalog.add(piece.text, locations=place, auto_comments=comments)
    return catalog


def decoded(content: bytes) -> str:
    """The text of a translator's file: UTF-8, else what its header says; a ValueError names the line."""
    content = content.removeprefix(codecs.BOM_UTF8)
    said = re.search(rb"charset=([\w.:-]+)", content)
    name = said[1].decode() if said else "utf-8"
    for encoding in ("utf-8", name):
        try:
            return "\n".join(re.split("\r\n?|\n", content.decode(encoding)))
        except UnicodeDecodeError as error:
            line = 1 + len(re.findall(rb"\r\n?|\n", content[: error.start]))
        except LookupError:
            pass  # no encoding has this name
    raise ValueError(
        f"line {line} is neither UTF-8 nor what its header says, {name}: save it as UTF-8"
    )


def check_lines(text: str) -> None:
    """Raise a ValueError that names the first line that is wrong; Babel would guess, and lose what does not fit."""
    last, firsts = "msgstr", {}
    kind, entry, start = "", [], 0  # of the msgid: obsolete or not, its texts, its line

    def close() -> None:
        """Note the entry's msgid; two translations of one would become one."""
        key = kind, "".join(part[1:-1] for part in entry)
        if entry and firsts.setdefault(key, start) != start:
            raise ValueError(
                f"line {start} has the msgid of line {firsts[key]} again: delete one of the two"
            )

    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or re.match("#(?!~)", line):
            continue
        found = ENTRY.fullmatch(line)
        if not found:
            raise ValueError(
                f"line {number} is neither a comment nor msgid or msgstr with a text in quotes: {line[:60]!r}"
            )
        word = found[2].strip()
        if word and word == last:
            raise ValueError(
                f"line {number} is a second {word}: between two, the other is missing"
            )
        if word == "msgid":
            close()
            kind, entry, start = found[1], [found[3]], number
        elif not word and last == "msgid":
            entry.append(found[3])
        last = word or last
    close()
    if last == "msgid":
        raise ValueError(f"line {start} is a msgid without its msgstr")


def load(file: Path) -> Catalog:
    """A translator's file; a ValueError names the line where it is damaged."""
    try:
        text = decoded(file.read_bytes())
        text = re.sub("^#~[|]", "#|", text, flags=re.M)  # what "#|" says of an obsolete one
        check_lines(text)
        catalog = read_po(io.StringIO(text), abort_invalid=True)
    except (PoFileError, UnknownLocaleError, ValueError) as error:
        why = str(error)
        if isinstance(error, PoFileError):  # a header, or a place, that is odd
            why = f"near line {error.lineno + 1}: {why.rpartition(' on ')[0]}"
        raise ValueError(
            f"{file} is no translation in gettext's format: {why}. Nothing was written"
        ) from error
    catalog.charset = "utf-8"
    for message in catalog:  # what "#|" says, the original before it changed
        previous = "\n".join(c[1:].strip() for c in message.user_comments if c[:1] == "|")
        message.user_comments = [c for c in message.user_comments if c[:1] != "|"]
        if previous.startswith("msgid "):
            message.previous_id = [denormalize(previous.removeprefix("msgid "))]
    return catalog


def renewed(old: Catalog, fresh: Catalog) -> Catalog:
    """The translations of `old` for the lesson as it is now.

    Where the original has changed a little, the translation stays and is marked "fuzzy",
    as gettext's tools do. What is in the lesson no more is kept among the obsolete, and
    comes back if the lesson has it again.
    """
    for key, message in list(old.obsolete.items()):
        if key not in old:
            old[message.id] = message
    old.obsolete.clear()
    before = {message.id: message.previous_id for message in old}
    old.update(fresh)
    for message in old:  # marked earlier, and not yet looked at
        if message.fuzzy and not message.previous_id:
            message.previous_id = before.get(message.id, [])
    return old


def text_of(catalog: Catalog) -> bytes:
    """The catalog as a file."""
    file = io.BytesIO()
    write_po(file, catalog, width=88, include_previous=True)
    return file.getvalue()


def out(lesson: Path, folder: Path, language: str | None = None) -> Path:
    """Write, or renew, the file in which a lesson is translated; nothing translated is lost.

    Args:
        lesson: the notebook.
        folder: where the file is, or is to be.
        language: needed the first time, such as "de".

    Returns:
        The file.

    Raises:
        ValueError: the language, the lesson or the file that is there cannot be read.
    """
    file = folder / f"{lesson.stem}.po"
    catalog = template(lesson, language)
    if file.exists():
        old = load(file)
        if not old.locale_identifier:
            old.locale = catalog.locale
        if language and str(old.locale) != str(catalog.locale):
            raise ValueError(f"{file} is in {old.locale}, not in {catalog.locale}")
        catalog = renewed(old, catalog)
    write_whole(file, text_of(catalog))
    return file


def translated(lesson: Path, catalog: Catalog) -> tuple[NotebookNode, Report]:
    """The lesson with what is translated in the catalog, and what it lacks."""
    notebook, report = read(lesson), Report()
    catalog = renewed(catalog, template(lesson))
    for number, cell, found in prose(notebook):
        parts = []
        for piece in found:
            parts += [piece.before, piece.text]
            message = catalog.get(piece.text) if piece.text else None
            report.pieces += message is not None
            if message is None or not message.string:
                continue
            place = f"cell {number}, {piece.text.splitlines()[0][:60]!r}"
            if message.fuzzy:
                report.changed.append(place)
            elif why := fault(piece, message.string):
                report.refused.append(f"{place}: {why}")
            else:
                parts[-1] = message.string
                report.translated += 1
        cell.source = "".join(parts)
    return notebook, report


def into(lesson: Path, folder: Path) -> tuple[Path, Report]:
    """Write a lesson as translated in the folder's file.

    Returns:
        The notebook, and what is translated in it.

    Raises:
        FileNotFoundError: there is no file with a translation.
        ValueError: it is damaged; or the notebook there was edited, and would be lost.
    """
    source, target = folder / f"{lesson.stem}.po", folder / lesson.name
    if not source.exists():
        first = f"python -m lessons.make.translate out {lesson.stem[:2]} {folder} LANGUAGE"
        raise FileNotFoundError(f"there is no {source}. First: {first}")
    notebook, report = translated(lesson, load(source))
    content = (nbformat.writes(notebook) + "\n").encode()
    sums = noted(folder)
    if target.exists() and digest(target.read_bytes()) not in (
        sums.get(target.name),
        digest(content),
    ):
        raise ValueError(
            f"{target} was not written by this program, or was edited since, and would be "
            f"lost. Move what is new in it to {source.name}, and the file away"
        )
    write_whole(target, content)
    write_whole(
        folder / SUMS, json.dumps(sums | {target.name: digest(content)}, indent=1).encode()
    )
    return target, report


def noted(folder: Path) -> dict[str, str]:
    """The sums of the notebooks that were written in the folder."""
    try:
        return dict(json.loads((folder / SUMS).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}  # then a notebook that differs counts as edited


def digest(content: bytes) -> str:
    """The sum of a file's content."""
    return hashlib.sha256(content).hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line asks for; what is wrong is said in a line."""
    parser = argparse.ArgumentParser("translate", description="Translate a lesson's prose.")
    parser.add_argument("way", choices=["out", "into"], help="to the translators, or back")
    parser.add_argument("lesson", help="its number, such as 03")
    parser.add_argument("folder", type=Path, help="of the translation, beside lessons/")
    parser.add_argument("language", nargs="?", help="such as de; needed for a new file")
    asked = parser.parse_args(arguments)
    print_anywhere()  # pieces of text are told, in any language
    (lesson,) = chosen([asked.lesson])
    try:
        if asked.folder.resolve() == LESSONS.resolve():
            raise ValueError(
                f"{asked.folder} holds the originals; a translation has its own"
            )
        if asked.way == "into":
            target, report = into(lesson, asked.folder)
            print(f"{target}: {report}")
        elif not asked.language and not (asked.folder / f"{lesson.stem}.po").exists():
            raise ValueError("say into which language, such as de: a new file names it")
        else:
            print(out(lesson, asked.folder, asked.language))
    except (OSError, ValueError) as error:
        sys.exit(f"translate: {error}")


if __name__ == "__main__":
    main()
