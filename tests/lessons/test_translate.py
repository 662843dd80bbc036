"""A lesson's prose as translators get it, and back: nothing but what was translated changes, and nothing is lost."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache

import nbformat
import pytest
from lab import ROOT

from coursekit.classroom.lessons import chosen, read
from lessons.make import translate

LESSONS = chosen(lessons=ROOT / "lessons")
CODE, NOTES = "x = `1`  # not prose", {"slideshow": {"slide_type": "notes"}}
CELLS = [
    "# 07 A title\n\n**At the end you can read.**\n\nTime: about 5 minutes. Builds on: nothing.",
    "## The picture\nSee `mean` of $x^2$ in [lesson 03](03_softmax.ipynb).\n\n- one item,\n  that goes on\n"
    "- another\n\n1. first",
    "| what | how |\n|---|---:|\n| an LSTM | 3 |\n\n```python\nprint('no')\n\nas = 1\n```\n\n$$\na = b\n$$\n\nThe end.",
    "> **For the instructor.** Ask first.\n>\n> - then wait",
    "<details><summary>1. Why?</summary>\n\nBecause.\n\n</details>",
    "## Words\n\n- *mean*: the sum by the count.\n- *mode*: what is there most often.",
]


def lesson(folder, sources=CELLS):
    cells = [nbformat.v4.new_markdown_cell(source, id=f"text{i}") for i, source in enumerate(sources)]
    cells.insert(1, nbformat.v4.new_code_cell(CODE, id="code"))
    path = folder / "lessons" / "07_short.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def fill(file, **translations):
    """Translate pieces by their first word."""
    catalog = translate.load(file)
    for word, text in translations.items():
        (message,) = [m for m in catalog if m.id and m.id.startswith(word.replace("_", " "))]
        message.string = text
        message.flags.discard("fuzzy")
    file.write_bytes(translate.text_of(catalog))


def sources(path):
    return [cell.source for cell in nbformat.read(path, 4).cells]


# Out


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_piece_of_every_lesson_translated_by_itself_gives_the_lesson_again(path, tmp_path):
    """Through the file: so all of it can be translated, and what stands between the pieces is kept."""
    file = translate.out(path, tmp_path, "de")
    catalog = translate.load(file)
    for message in catalog:
        message.string = message.id if message.id else message.string
    file.write_bytes(translate.text_of(catalog))
    target, report = translate.into(path, tmp_path)
    assert target.read_bytes() == path.read_bytes()
    assert report.translated == report.pieces > 50 and not (report.changed or report.refused)


def test_what_is_given_to_translators_is_prose_without_its_marks(tmp_path):
    catalog = translate.template(lesson(tmp_path), "pt_BR")
    assert [message.id for message in catalog if message.id] == [
        "A title", "**At the end you can read.**", "Time: about 5 minutes. Builds on: nothing.",
        "The picture", "See `mean` of $x^2$ in [lesson 03](03_softmax.ipynb).", "one item,\n  that goes on", "another",
        "first", "| what | how |", "| an LSTM | 3 |", "The end.", "**For the instructor.** Ask first.", "then wait",
        "<details><summary>1. Why?</summary>", "Because.", "*mean*: the sum by the count.",
        "*mode*: what is there most often.",
    ]  # fmt: skip
    assert "Language: pt_BR" in translate.text_of(catalog).decode()


def test_headings_that_programs_look_for_are_those_of_every_lesson():
    @cache
    def headings(path):
        return set(re.findall(r"^## (.+)$", "\n".join(c.source for c in read(path).cells if "outputs" not in c), re.M))

    assert set.intersection(*map(headings, LESSONS)) == set(translate.KEPT)


ODD = ["", "\n", "a", "a\n", "\n\na\n \nb  ", "```\na\n", "> ```\n> a\n> ```\n> b", "$$x$$\nb",
       "- a\n\n\n  - b\n# c\nd\r\ne", "| a |\n| b |", "~~~\n```\n~~~\na"]  # fmt: skip


@pytest.mark.parametrize("source", ODD)
def test_pieces_joined_are_the_cell_whatever_it_is(source):
    assert "".join(piece.before + piece.text for piece in translate.pieces(source)) == source
    assert "".join(translate.blocks(source)) == source


# Into


def test_what_is_translated_lands_and_all_else_stays(tmp_path):
    path = lesson(tmp_path)
    file = translate.out(path, tmp_path / "de", "de")
    see = "In [Lektion 03](03_softmax.ipynb) ist $x^2$ mit `mean`."
    fill(file, A_title="Ein Titel", one="ein Stück", See=see)
    target, report = translate.into(path, tmp_path / "de")
    before, now = sources(path), sources(target)
    assert now[0] == before[0].replace("A title", "Ein Titel") and now[1] == CODE
    assert now[2] == (
        "## The picture\nIn [Lektion 03](03_softmax.ipynb) ist $x^2$ mit `mean`.\n\n- ein Stück\n- another\n\n1. first"
    )
    assert now[3:] == before[3:] and str(report) == "3 of 17 pieces are translated"
    cells = nbformat.read(target, 4).cells
    assert [(c.id, c.cell_type, c.metadata) for c in cells] == [
        (c.id, c.cell_type, c.metadata) for c in read(path).cells
    ]


@pytest.mark.parametrize(
    "word, text, why",
    [
        ("See", "In [Lektion 03](03_softmax.ipynb) ist $x^2$.", "'`mean`' is missing"),
        ("See", "[Lektion](04_other.ipynb): `mean`, $x^2$", "'(03_softmax.ipynb)' is missing"),
        ("See", "[Lektion](03_softmax.ipynb): `mean`, $x^2$, `std`", "'`std`' is in the translation and not"),
        ("| an", "| ein LSTM, 3 |", "'|' is missing"),
        ("A title", "Ein Titel\n\nund mehr", "begins or ends a heading, an item or a paragraph"),
        ("another", "# anderes", "begins or ends"),
        ("another", "zwei\n- drei", "begins or ends"),
        ("<details>", "<summary>1. Warum?</summary>", "'<details>' is missing"),
    ],
)
def test_a_translation_that_would_break_the_page_is_told_and_not_taken(tmp_path, word, text, why):
    path = lesson(tmp_path)
    file = translate.out(path, tmp_path / "de", "de")
    fill(file, **{word: text})
    target, report = translate.into(path, tmp_path / "de")
    assert target.read_bytes() == path.read_bytes() and report.translated == 0
    (told,) = report.refused
    assert why in told and re.match(r"cell \d, '", told)
    assert text.splitlines()[-1] in file.read_text(encoding="utf-8"), "it stays in the file"


# The original changes


def test_what_has_changed_is_told_and_its_translation_waits_to_be_looked_at(tmp_path):
    path, folder = lesson(tmp_path), tmp_path / "de"
    file = translate.out(path, folder, "de")
    fill(file, A_title="Ein Titel", Time="Dauer: 5 Minuten. Baut auf nichts auf.")
    lesson(tmp_path, [CELLS[0].replace("5 minutes", "6 minutes"), *CELLS[1:]])
    for _ in range(2):  # told before the file is renewed, and after
        target, report = translate.into(path, folder)
        assert report.changed == ["cell 1, 'Time: about 6 minutes. Builds on: nothing.'"] and report.translated == 1
        assert "Time: about 6 minutes" in sources(target)[0] and "# 07 Ein Titel" in sources(target)[0]
        translate.out(path, folder)
        said = file.read_text(encoding="utf-8")
        assert "#, fuzzy" in said and '#| msgid "Time: about 5 minutes. Builds on: nothing."' in said
        assert 'msgstr "Dauer: 5 Minuten. Baut auf nichts auf."' in said
    fill(file, Time="Dauer: 6 Minuten. Baut auf nichts auf.")
    assert translate.into(path, folder)[1].translated == 2


def test_no_translation_is_ever_lost(tmp_path):
    """Whatever happens to the original, each translated text is in the file; what comes back has it again."""
    path, folder = lesson(tmp_path), tmp_path / "de"
    file = translate.out(path, folder, "de")
    catalog = translate.load(file)
    texts = {}
    for number, message in enumerate(m for m in catalog if m.id):
        texts[message.id] = message.string = f"{message.id} ({number})"
        message.user_comments = ["seen by Emmy"] if number == 3 else []
    file.write_bytes(translate.text_of(catalog))
    changes = [
        CELLS[:2],
        [],
        [cell.replace("another", "others") for cell in CELLS],
        CELLS[::-1],
        ["Other words."],
        CELLS,
    ]
    for number, changed in enumerate(changes):
        translate.out(lesson(tmp_path, changed), folder)
        catalog = translate.load(file)
        there = {m.string for m in [*catalog, *catalog.obsolete.values()]}
        assert set(texts.values()) <= there, number
    assert {m.id: m.string for m in catalog if m.id} == texts
    assert all(m.previous_id for m in catalog if m.id and m.fuzzy), "they say what they were a translation of"
    assert "# seen by Emmy" in file.read_text(encoding="utf-8")


def test_it_is_told_on_any_console(tmp_path):
    """What is told has the lesson's own signs in it; a file on Windows may know 256 signs, and not these."""
    path = chosen(["21"], ROOT / "lessons")[0]
    file = translate.out(path, tmp_path, "de")
    catalog = translate.load(file)
    odd = [message for message in catalog if message.id and "√" in message.id.splitlines()[0][:60]]
    for message in odd:
        message.string = "`nothing`"
    file.write_bytes(translate.text_of(catalog))
    ran = subprocess.run(
        [sys.executable, "-m", "lessons.make.translate", "into", "21", str(tmp_path)],
        capture_output=True, cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert odd and ran.returncode == 0 and ran.stdout.count(b"not taken") == len(odd), ran.stderr


# What is wrong is said


def test_what_somebody_edited_is_not_overwritten(tmp_path):
    path, folder = lesson(tmp_path), tmp_path / "de"
    file = translate.out(path, folder, "de")
    target, _ = translate.into(path, folder)
    fill(file, A_title="Ein Titel")
    translate.into(path, folder)  # as it was written: it may be written anew
    edited = target.read_bytes().replace(b"Ein Titel", b"Mein Titel")
    target.write_bytes(edited)
    with pytest.raises(ValueError, match=r"07_short.ipynb was not written by this program, or was edited since"):
        translate.into(path, folder)
    assert target.read_bytes() == edited


def test_wrong_input_ends_in_a_sentence(tmp_path, monkeypatch, capsys):
    path = lesson(tmp_path)
    monkeypatch.setattr(translate, "chosen", lambda numbers: [path])
    monkeypatch.setattr(translate, "LESSONS", path.parent)
    folder = str(tmp_path / "de")

    def said(*arguments):
        with pytest.raises(SystemExit) as ended:
            translate.main(arguments)
        return str(ended.value)

    assert "say into which language, such as de" in said("out", "07", folder)
    assert "'klingonisch' is no language as gettext writes it" in said("out", "07", folder, "klingonisch")
    assert "there is no" in said("into", "07", folder) and "First: python -m" in said("into", "07", folder)
    assert "holds the originals" in said("into", "07", str(path.parent))
    translate.main(["out", "07", folder, "de"])
    assert "is in de, not in fr" in said("out", "07", folder, "fr")
    translate.main(["into", "07", folder])
    assert capsys.readouterr().out.endswith("0 of 17 pieces are translated\n")
    file = tmp_path / "de" / "07_short.po"
    whole = file.read_bytes()
    for damage in (whole + b'\nmsgid "half\n', whole.replace(b"A title", b"\xff"), b"PK\x03\x04"):
        file.write_bytes(damage)
        assert "is no translation in gettext's format" in said("out", "07", folder)
        assert file.read_bytes() == damage, "it is not overwritten"
    shutil.rmtree(tmp_path / "de")


TITLE = 'msgid "A title"\nmsgstr "Ein Tütel"'
LINES = {  # what stands there instead, and what is said of it
    "cut": ('msgid "A title"', r"line \d+ is a second msgid"),
    "no msgid": ('msgstr "Ein Titel"', "line 18 is a second msgstr"),
    "twice": (TITLE + '\n\nmsgid "A "\n"title"\nmsgstr "Zwei"', "line 21 has the msgid of line 18 again"),
    "without quotes": (TITLE.replace('"Ein Tütel"', "Ein Tütel"), "line 19 is neither a comment nor .*: 'msgstr Ein"),
    "half a quote": (TITLE[:-1], "line 19 is neither a comment"),
    "a quote inside": (TITLE.replace("Ein ", 'Ein "'), "line 19 is neither a comment"),
    "plural": (TITLE.replace("msgstr", 'msgid_plural "Titles"\nmsgstr[0]'), "line 19 is neither .*: 'msgid_plural"),
    "context": ('msgctxt "c"\n' + TITLE, "line 18 is neither a comment"),
    "half merged": (TITLE.replace("msgstr", "<<<<<<< HEAD\nmsgstr"), "line 19 is neither .*: '<<<<<<< HEAD'"),
    "other encoding": (TITLE.encode("latin-1"), "line 19 is neither UTF-8 nor what its header says, utf-8"),
}


def half(tmp_path):
    """A lesson, and the file of its translation with its title in German."""
    path = lesson(tmp_path)
    file = translate.out(path, tmp_path / "de", "de")
    fill(file, A_title="Ein Tütel")
    assert TITLE in file.read_text(encoding="utf-8")
    return path, file


@pytest.mark.parametrize("name", LINES)
def test_a_damaged_line_is_named_and_nothing_is_guessed(tmp_path, name):
    """gettext's readers guess, each another thing: a text comes to stand for another, or is gone."""
    path, file = half(tmp_path)
    line, said = LINES[name]
    damaged = file.read_bytes().replace(TITLE.encode(), line if isinstance(line, bytes) else line.encode())
    file.write_bytes(damaged)
    for way in (translate.out, translate.into):
        with pytest.raises(ValueError, match=said):
            way(path, file.parent)
        assert file.read_bytes() == damaged and len(list(file.parent.iterdir())) == 1


SAVED = {
    "with a mark of its bytes' order": lambda text: text.encode("utf-8-sig"),
    "on Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "on an old Mac": lambda text: text.replace("\n", "\r").encode(),
    "in Latin-1": lambda text: text.replace("charset=utf-8", "charset=iso-8859-1").encode("latin-1"),
    "in UTF-8, whatever it says": lambda text: text.replace("charset=utf-8", "charset=iso-8859-1").encode(),
    "from a template": lambda text: text.replace("charset=utf-8", "charset=CHARSET").encode(),
    "with what an obsolete one was": lambda text: text + '\n#~| msgid "Old"\n#~ msgid "Older"\n#~ msgstr "Alt"\n',
}


@pytest.mark.parametrize("how", SAVED)
def test_a_file_may_be_saved_by_any_editor(tmp_path, how):
    path, file = half(tmp_path)
    saved = SAVED[how](file.read_text(encoding="utf-8"))
    file.write_bytes(saved if isinstance(saved, bytes) else saved.encode())
    target, report = translate.into(path, file.parent)
    assert report.translated == 1 and "# 07 Ein Tütel" in sources(target)[0]
    translate.out(lesson(tmp_path, [*CELLS, "√ and ∈ too."]), file.parent)
    renewed = file.read_text(encoding="utf-8")
    assert TITLE in renewed and 'msgid "√ and ∈ too."' in renewed and "charset=utf-8" in renewed


def test_a_language_that_is_not_known_stays_in_its_file(tmp_path):
    path, file = half(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace("Language: de", "Language: xx"), encoding="utf-8")
    translate.out(path, file.parent)
    assert '"Language: xx\\n"' in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("lost, sign", [("`mean` von $x^2$ in [03](03_softmax.ipynb) und `x", "`"),
                                        ("`mean` von $x^2$ in [03](03_softmax.ipynb) und $x", "$"),
                                        ("`mean` von $x^2$ in 03](03_softmax.ipynb)", "["),
                                        ("`mean von $x^2$ in [03](03_softmax.ipynb)", "`mean`")])  # fmt: skip
def test_half_a_code_span_formula_or_link_is_not_taken(lost, sign):
    (piece,) = translate.pieces("See `mean` of $x^2$ in [lesson 03](03_softmax.ipynb).")
    assert repr(sign) in translate.fault(piece, lost)


def test_a_picture_stays_a_picture():
    (piece,) = translate.pieces("Look: ![a cat](cat.png)")
    assert translate.fault(piece, "Siehe: ![eine Katze](cat.png)") == ""
    assert "'!['" in translate.fault(piece, "Siehe: [eine Katze](cat.png)")
