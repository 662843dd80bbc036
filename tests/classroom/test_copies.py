"""The copies of the lessons that students work in: renewed where untouched, never overwritten, never lost."""

import hashlib
import json
import shutil

import nbformat
import pytest

from coursekit.classroom import lessons


@pytest.fixture
def course(tmp_path):
    """Two small lessons of its own, and the folder to work in."""
    lessons = tmp_path / "course" / "lessons"
    (lessons / "app").mkdir(parents=True)
    for name in ("00_basics", "02_convolution"):
        write(lessons / f"{name}.ipynb", f"{name}, first edition")
    (lessons / "app" / "server.py").write_text("first edition", encoding="utf-8")
    (tmp_path / "course" / "excel").mkdir()
    (tmp_path / "course" / "excel" / "book.xlsx").write_bytes(b"first edition")
    return lessons, tmp_path / "my" / "my_lessons"


def write(path, text):
    cells = [nbformat.v4.new_markdown_cell(text, id="text"), nbformat.v4.new_code_cell("6 * 7", id="sum")]
    cells[1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "42"}, execution_count=1)]
    note = nbformat.v4.new_markdown_cell("Timing plan", id="note", metadata={"slideshow": {"slide_type": "notes"}})
    nbformat.write(nbformat.v4.new_notebook(cells=[*cells, note]), path)


def first(path):
    return nbformat.read(path, 4).cells[0].source


def test_a_copy_has_not_run_and_has_no_notes_for_the_instructor(course):
    originals, mine = course
    assert lessons.renew(mine, originals) == []
    cells = nbformat.read(mine / "02_convolution.ipynb", 4).cells
    assert [cell.source for cell in cells] == ["02_convolution, first edition", "6 * 7"] and cells[1].outputs == []
    assert (mine / "app" / "server.py").read_text(encoding="utf-8") == "first edition"
    assert (mine.parent / "excel" / "book.xlsx").read_bytes() == b"first edition"


def test_in_the_course_itself_workbooks_are_not_copied(course):
    originals, _ = course
    lessons.renew(originals.parent / "my_lessons", originals)
    assert "../excel/book.xlsx" not in (originals.parent / "my_lessons" / lessons.SUMS).read_text(encoding="utf-8")


def test_an_update_reaches_the_untouched_copies_and_no_edited_one(course):
    originals, mine = course
    assert lessons.renew(mine, originals) == [] and lessons.renew(mine, originals) == []
    write(mine / "02_convolution.ipynb", "my own answers")
    (mine.parent / "excel" / "book.xlsx").write_bytes(b"my numbers")
    assert lessons.renew(mine, originals) == []
    for lesson in originals.glob("*.ipynb"):
        write(lesson, "second edition")
    (originals / "app" / "server.py").write_text("second edition", encoding="utf-8")
    (originals.parent / "excel" / "book.xlsx").write_bytes(b"second edition")
    told = lessons.renew(mine, originals)
    assert len(told) == 2 and told[0].startswith("02_convolution.ipynb has changed in the course")
    assert "reset 02" in told[0] and "../excel/book.xlsx" in told[1] and "delete it" in told[1]
    assert first(mine / "00_basics.ipynb") == "second edition"
    assert first(mine / "02_convolution.ipynb") == "my own answers"
    assert (mine / "app" / "server.py").read_text(encoding="utf-8") == "second edition"
    assert (mine.parent / "excel" / "book.xlsx").read_bytes() == b"my numbers"


def test_a_reset_keeps_what_was_there(course):
    originals, mine = course
    lessons.renew(mine, originals)
    for answers in ("my own answers", "my second try"):
        write(mine / "02_convolution.ipynb", answers)
        fresh, old = lessons.reset("02", mine, originals)
        assert first(fresh) == "02_convolution, first edition" and first(old) == answers
    kept = [first(path) for path in mine.glob("02_convolution.*.ipynb")]
    assert sorted(kept) == ["my own answers", "my second try"]
    assert lessons.renew(mine, originals) == []


DEEP = "[" * 100_000


@pytest.mark.parametrize("notes", ["[1, 2", "[1, 2]", '"a"', None, DEEP], ids=["cut", "list", "text", "none", "deep"])
def test_copies_whose_origin_is_not_known_are_kept_if_they_differ(course, notes):
    originals, mine = course
    lessons.renew(mine, originals)
    (mine / lessons.SUMS).unlink()
    if notes:
        (mine / lessons.SUMS).write_text(notes, encoding="utf-8")
    write(mine / "00_basics.ipynb", "my own answers")
    (told,) = lessons.renew(mine, originals)
    assert told.startswith("00_basics.ipynb") and first(mine / "00_basics.ipynb") == "my own answers"
    write(originals / "02_convolution.ipynb", "second edition")
    lessons.renew(mine, originals)
    assert first(mine / "02_convolution.ipynb") == "second edition", "it was like the lesson, and is noted again"


def test_a_damaged_lesson_is_named_and_the_others_are_copied(course):
    originals, mine = course
    text = (originals / "00_basics.ipynb").read_text(encoding="utf-8")
    for broken in ("<<<<<<< HEAD\n" + text, "", "{}", "[]"):
        (originals / "00_basics.ipynb").write_text(broken, encoding="utf-8")
        (told,) = lessons.renew(mine, originals)
        assert "00_basics.ipynb is damaged" in told and (mine / "02_convolution.ipynb").exists()


def test_copies_made_before_an_interruption_are_known(course, monkeypatch):
    originals, mine = course
    whole = lessons.write_whole

    def interrupted(path, content):
        if path.name == "02_convolution.ipynb":
            raise KeyboardInterrupt
        whole(path, content)

    monkeypatch.setattr(lessons, "write_whole", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lessons.renew(mine, originals)
    monkeypatch.undo()
    write(originals / "00_basics.ipynb", "second edition")
    assert lessons.renew(mine, originals) == [] and first(mine / "00_basics.ipynb") == "second edition"


BROKEN = ["<<<<<<< HEAD\n", "", "{}", "[]", "null", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}']


@pytest.mark.parametrize("broken", BROKEN)
def test_a_damaged_lesson_is_named_wherever_it_is_read(course, broken):
    originals, mine = course
    lesson = originals / "00_basics.ipynb"
    lesson.write_text(broken, encoding="utf-8")
    with pytest.raises(ValueError, match="00_basics.ipynb is damaged"):
        lessons.read(lesson)
    with pytest.raises(ValueError, match="00_basics.ipynb is damaged"):
        lessons.reset("00", mine, originals)
    (said,) = lessons.rerun(lesson)
    assert "00_basics.ipynb is damaged" in said


# What a program may change in a copy that its reader did not edit: the notebook, then the text that is written


def ran(notebook):
    """Run all cells: outputs, numbers, metadata, and the empty cell that JupyterLab adds below the last one."""
    code = next(cell for cell in notebook.cells if cell.cell_type != "markdown")
    code.outputs = [
        nbformat.v4.new_output("display_data", {"text/plain": "42"}),
        nbformat.v4.new_output("error", ename="E", evalue=""),
    ]
    code.execution_count, code.metadata = 7, {"trusted": True, "collapsed": True, "scrolled": False, "execution": {}}
    notebook.metadata = {"kernelspec": {"name": "other", "display_name": "Other"}, "widgets": {"state": {}}}
    notebook.cells.append(nbformat.v4.new_code_cell(""))


def with_other_ids(notebook):
    for number, cell in enumerate(notebook.cells):
        cell.id = f"other{number}"


def without_ids(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]


def folded(notebook):
    notebook.cells[1].metadata = {"jupyter": {"source_hidden": True, "outputs_hidden": True}, "tags": ["mine"]}


def in_one_piece(text):
    """Sources as strings and not lists of lines, keys in another order, other indents, no line end at the end."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return json.dumps(dict(reversed(notebook.items())), indent=4, ensure_ascii=True)


def of_windows(text):
    return text.replace("\n", "\r\n").replace("\\n", "\\r\\n")


def marked(text):
    return "\ufeff" + text


NO_EDITS = [ran, with_other_ids, without_ids, folded, in_one_piece, of_windows, marked]


def added(notebook):
    notebook.cells.append(nbformat.v4.new_markdown_cell("My notes", metadata={"slideshow": {"slide_type": "notes"}}))


def removed(notebook):
    del notebook.cells[0]


def moved(notebook):
    notebook.cells.reverse()


def cleared(notebook):
    notebook.cells[1].source = ""


def one_space_more(notebook):
    notebook.cells[1].source += " "


def to_text(notebook):
    notebook.cells[1] = nbformat.v4.new_raw_cell(notebook.cells[1].source)


def with_an_image(notebook):
    notebook.cells[0].attachments = {"mine.png": {"image/png": "iVBORw0KGgo="}}


EDITS = [added, removed, moved, cleared, one_space_more, to_text, with_an_image]


def change(path, how):
    """Change a copy: its notebook, or the text of its file."""
    text = path.read_text(encoding="utf-8")
    if how in (in_one_piece, of_windows, marked):
        text = how(text)
    else:
        how(notebook := nbformat.reads(text, 4))
        text = json.dumps(notebook, indent=1)  # as it is: nbformat would bring it into order
    path.write_text(text, encoding="utf-8", newline="")


def second_edition(originals, mine):
    for lesson in originals.glob("*.ipynb"):
        write(lesson, "second edition")
    return lessons.renew(mine, originals)


def noted_as_before(mine, originals):
    """The notes of editions before 1.0: the sum of all bytes, which were the same on every machine."""
    sums = {}
    for copy in mine.glob("*.ipynb"):
        given = nbformat.writes(lessons.unrun(nbformat.read(originals / copy.name, 4))) + "\n"
        copy.write_text(given, encoding="utf-8", newline="")
        sums[copy.name] = hashlib.sha256(given.encode()).hexdigest()
    (mine / lessons.SUMS).write_text(json.dumps(sums), encoding="utf-8")


@pytest.mark.filterwarnings("ignore:Cell is missing an id")  # that the lesson in this test has no ids is meant
@pytest.mark.parametrize(
    "how, before",
    [(how, False) for how in NO_EDITS]
    # an older edition's note is of all bytes: in those, cells have the names that they were given
    + [(how, True) for how in NO_EDITS if how not in (with_other_ids, without_ids)],
    ids=lambda one: {True: "noted by an older edition", False: "noted today"}.get(one) or one.__name__,
)
def test_what_programs_write_into_a_copy_is_no_edit(course, how, before):
    originals, mine = course
    lessons.renew(mine, originals)
    if before:
        noted_as_before(mine, originals)
    change(mine / "00_basics.ipynb", how)
    assert second_edition(originals, mine) == []
    assert first(mine / "00_basics.ipynb") == "second edition"
    assert nbformat.read(mine / "00_basics.ipynb", 4).cells[1].outputs == []


@pytest.mark.parametrize("before", [False, True], ids=["noted today", "noted by an older edition"])
@pytest.mark.parametrize("how", EDITS, ids=lambda how: how.__name__)
def test_an_edit_is_kept_even_if_it_was_run_and_saved(course, how, before):
    originals, mine = course
    lessons.renew(mine, originals)
    if before:
        noted_as_before(mine, originals)
    copy = mine / "00_basics.ipynb"
    change(copy, how)
    change(copy, ran)
    content = copy.read_bytes()
    (told,) = second_edition(originals, mine)
    assert told.startswith("00_basics.ipynb has changed in the course; your edited copy is kept") and "reset 00" in told
    assert copy.read_bytes() == content
    assert len(lessons.renew(mine, originals)) == 1, "it is said until the copy is fresh"
    lessons.reset("00", mine, originals)
    assert lessons.renew(mine, originals) == [] and first(copy) == "second edition"


def test_a_copy_of_an_older_edition_that_comes_back_is_known(course):
    """JupyterLab restores a checkpoint, or a page that was open all the time saves what it shows."""
    originals, mine = course
    lessons.renew(mine, originals)
    old = (mine / "00_basics.ipynb").read_bytes()
    assert second_edition(originals, mine) == []
    (mine / "00_basics.ipynb").write_bytes(old)
    change(mine / "00_basics.ipynb", ran)
    write(originals / "00_basics.ipynb", "third edition")
    assert lessons.renew(mine, originals) == [] and first(mine / "00_basics.ipynb") == "third edition"


CELL = '{"cells": [{"cell_type": "code", "metadata": {}, "source": "", %s}], "metadata": {}, "nbformat": 4}'
DAMAGED = ["", "{", "null", "<<<<<<< HEAD", '{"cells": [{}], "nbformat": 4}', DEEP,
           "\ud800".encode(errors="surrogatepass"),
           *(CELL % part for part in ('"source": 5', '"metadata": []', '"id": []', '"source": null'))]  # fmt: skip


@pytest.mark.parametrize("broken", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_copy_is_kept_and_named(course, broken):
    originals, mine = course
    lessons.renew(mine, originals)
    content = broken if isinstance(broken, bytes) else broken.encode()
    (mine / "00_basics.ipynb").write_bytes(content)
    (told,) = second_edition(originals, mine)
    assert told.startswith("00_basics.ipynb is damaged") and "reset 00" in told
    assert (mine / "00_basics.ipynb").read_bytes() == content
    assert first(mine / "02_convolution.ipynb") == "second edition"


def test_half_a_character_in_a_copy_is_an_edit_and_stops_nothing(course):
    originals, mine = course
    lessons.renew(mine, originals)
    copy = mine / "00_basics.ipynb"
    content = json.loads(copy.read_text(encoding="utf-8"))
    content["cells"][0]["source"] = "\ud800"
    copy.write_text(json.dumps(content), encoding="utf-8")
    (told,) = second_edition(originals, mine)
    assert "your edited copy is kept" in told and "\\ud800" in copy.read_text(encoding="utf-8")
    assert first(mine / "02_convolution.ipynb") == "second edition"


def test_a_folder_in_the_place_of_a_copy_stops_nothing(course):
    originals, mine = course
    (mine / "00_basics.ipynb").mkdir(parents=True)
    (told,) = lessons.renew(mine, originals)
    assert "00_basics.ipynb" in told and first(mine / "02_convolution.ipynb") == "02_convolution, first edition"


@pytest.mark.parametrize("name", ["my_lessons/app", "excel"])
def test_a_file_in_the_place_of_a_folder_stops_nothing(course, name):
    originals, mine = course
    (originals.parent / "excel" / "second.xlsx").write_bytes(b"first edition")
    (mine.parent / name).parent.mkdir(parents=True)
    (mine.parent / name).write_text("mine", encoding="utf-8")
    (told,) = lessons.renew(mine, originals)
    assert str(mine.parent / name) in told.replace("/my_lessons/..", "") and (mine.parent / name).is_file()
    assert first(mine / "02_convolution.ipynb") == "02_convolution, first edition"


@pytest.mark.parametrize("target", ["gone.ipynb", "00_basics.ipynb"], ids=["broken", "in a circle"])
def test_a_link_that_leads_nowhere_now_is_kept(course, target):
    originals, mine = course
    lessons.renew(mine, originals)
    copy = mine / "00_basics.ipynb"
    copy.unlink()
    try:
        copy.symlink_to(target)
    except OSError:
        return  # Windows lets nobody make one
    (told,) = lessons.renew(mine, originals)
    assert "00_basics.ipynb" in told and told.endswith("it was left out") and copy.is_symlink()
    copy, aside = lessons.reset("00", mine, originals)
    assert aside.is_symlink() and first(copy) == "00_basics, first edition"


def test_a_folder_in_the_place_of_the_notes_is_named_and_nothing_is_touched(course):
    originals, mine = course
    lessons.renew(mine, originals)
    (mine / lessons.SUMS).unlink()
    (mine / lessons.SUMS).mkdir()
    write(originals / "02_convolution.ipynb", "second edition")
    with pytest.raises(ValueError, match=r"\.copies\.json.*Move it away: copies that differ"):
        lessons.renew(mine, originals)
    assert first(mine / "02_convolution.ipynb") == "02_convolution, first edition"


def test_notes_that_an_editor_has_saved_are_read(course):
    originals, mine = course
    lessons.renew(mine, originals)
    notes = (mine / lessons.SUMS).read_text(encoding="utf-8")
    (mine / lessons.SUMS).write_text(notes, encoding="utf-8-sig")
    write(originals / "02_convolution.ipynb", "second edition")
    assert lessons.renew(mine, originals) == [] and first(mine / "02_convolution.ipynb") == "second edition"


def test_line_endings_of_the_apps_files_are_no_edit_and_any_byte_of_a_workbook_is_one(course):
    originals, mine = course
    server, book = originals / "app" / "server.py", originals.parent / "excel" / "book.xlsx"
    server.write_bytes(b"first\nedition\n")
    lessons.renew(mine, originals)
    (mine / "app" / "server.py").write_bytes(b"first\r\nedition\r\n")
    shutil.copy(book, mine.parent / "excel" / "book.xlsx")
    server.write_bytes(b"second edition\n")
    book.write_bytes(b"second edition")
    assert lessons.renew(mine, originals) == []
    assert (mine / "app" / "server.py").read_bytes() == b"second edition\n"
    (mine / "app" / "server.py").write_bytes(b"mine\n")
    (mine.parent / "excel" / "book.xlsx").write_bytes(b"second edition, saved by another program")
    server.write_bytes(b"third edition\n")
    book.write_bytes(b"third edition")
    assert len(lessons.renew(mine, originals)) == 2
    assert (mine / "app" / "server.py").read_bytes() == b"mine\n"


def test_a_correction_of_tags_alone_reaches_untouched_copies(course):
    originals, mine = course
    lessons.renew(mine, originals)
    change(originals / "00_basics.ipynb", folded)
    assert lessons.renew(mine, originals) == []
    assert nbformat.read(mine / "00_basics.ipynb", 4).cells[1].metadata.tags == ["mine"]
    change(mine / "00_basics.ipynb", ran)
    ran_copy = (mine / "00_basics.ipynb").read_bytes()
    assert lessons.renew(mine, originals) == []
    assert (mine / "00_basics.ipynb").read_bytes() == ran_copy, "nothing new: the outputs stay"


def test_without_jupyter_copies_are_given_all_the_same(course, monkeypatch):
    originals, mine = course
    monkeypatch.setattr(lessons, "_kernel", dict)
    lessons.renew(mine, originals)
    monkeypatch.undo()
    assert second_edition(originals, mine) == [] and first(mine / "00_basics.ipynb") == "second edition"
