"""Every lesson follows the template; what a run must show is tested by nbval, which executes them all."""

import ast
import dis
import json
import os
import re
from pathlib import Path
from types import CodeType

import nbformat
import pytest
from nbformat import NotebookNode

from coursekit.classroom.exercises import load_exercises
from lessons.make import record, site

LESSONS = Path(__file__).parents[2] / "lessons"
PATHS = sorted(LESSONS.glob("[0-9][0-9]_*.ipynb"))
HEADINGS = ["Your turn", "Questions", "On the full data", "Where this is in coursekit", "Words", "Further"]
LONGEST_CELL, LONGEST_LINE, LARGEST_FILE = 25, 92, 1 << 20
MOST_CELLS, MOST_WORDS = 100, 4500


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def notebook(path) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def cells(notebook, kind) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def plain(source: str) -> str:
    """Code without the lines that only IPython understands."""
    return "\n".join(line for line in source.splitlines() if not re.match(r"\s*[%!]|.*\w\?$", line))


def test_there_are_lessons():
    assert {"00", "02", "03"} <= {path.stem[:2] for path in PATHS}


def test_the_title_promises_and_says_what_it_takes(path, notebook):
    first = notebook.cells[0].source
    assert first.startswith(f"# {path.stem[:2]} ")
    assert re.search(r"^\*\*At the end you can .*\.\*\*$", first, re.M | re.S), "the promise is one bold sentence"
    assert re.search(r"^Time: about \d+ minutes\. Builds on: ", first, re.M)


def test_a_lesson_is_no_longer_than_a_lecture(notebook):
    """Words that a student reads: without the instructor's notes and the folded answers."""
    read = [
        c.source for c in cells(notebook, "markdown") if c.metadata.get("slideshow", {}).get("slide_type") != "notes"
    ]
    assert len(re.sub(r"<details>.*?</details>", "", "\n".join(read), flags=re.S).split()) <= MOST_WORDS
    assert len(notebook.cells) <= MOST_CELLS


MEASURES = re.compile(
    r"\.(fit|fit_one_cycle|fine_tune|validate|predict|predictions|prediction_table|tta|raw_outputs)\("
)


def test_what_a_trained_model_says_is_not_compared_with_what_another_machine_gave(notebook):
    """Two correct machines round differently, and one day a figure lies between two of the printed ones."""
    for cell in cells(notebook, "code"):
        if MEASURES.search(cell.source) and "nbval-ignore-output" not in cell.metadata.get("tags", []):
            said = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
            # what claims, checks and reports say begins with a mark, and `ck.doc` with a name
            said = [text for text in said if not re.match(r"[✓✗○▸]|Figure: |coursekit\.", text)]
            assert not re.search(r"\d\.\d", "\n".join(said)), cell.source


def test_the_last_headings_are_those_of_the_template_in_their_order(notebook):
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert headings[-len(HEADINGS) :] == HEADINGS
    assert len(headings) >= len(HEADINGS) + 3


def test_code_cells_are_short(notebook):
    for cell in cells(notebook, "code"):
        lines = cell.source.splitlines()
        assert len(lines) <= LONGEST_CELL, cell.source
        assert max(map(len, lines)) <= LONGEST_LINE, cell.source
        assert not cell.source.rstrip().endswith(";"), "nbval compares the value anyway; end with what gives None"


def test_every_code_cell_was_run_in_order_and_without_error(notebook):
    code = cells(notebook, "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in code for output in cell.outputs if output.get("name") == "stderr"]


def test_every_picture_has_a_text_for_those_who_cannot_see_it(notebook):
    pictures = [o for cell in cells(notebook, "code") for o in cell.outputs if "image/png" in o.get("data", {})]
    for picture in pictures:
        assert 20 < len(picture.metadata["image/png"]["alt"]) <= 400


def test_at_least_four_exercises_each_unsolved_and_known(path, notebook):
    code = "\n".join(cell.source for cell in cells(notebook, "code"))
    asked = re.findall(r'ck\.check\("(\d\d)\.(\w+)"', code)
    solutions = load_exercises(LESSONS / "solutions" / f"{path.stem}.py")
    assert len(asked) >= 4 and {number for number, _ in asked} == {path.stem[:2]}
    assert [name for _, name in asked] == list(solutions)
    given = [o for cell in cells(notebook, "code") if "ck.check(" in cell.source for o in cell.outputs]
    shown = [str(o) for o in given if "image/png" not in o.get("data", {})]
    assert len(shown) == len(asked) and all("not tried yet" in text for text in shown)


def test_there_are_claims_and_each_shows_its_line(notebook):
    claims = [cell for cell in cells(notebook, "code") if "ck.claim(" in cell.source]
    assert len(claims) >= 2
    for cell in claims:
        assert "✓" in str(cell.outputs) or "✗" in str(cell.outputs), cell.source


def test_six_to_ten_questions_with_folded_answers(notebook):
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    folded = re.findall(r"<details><summary>(\d+)\. .*?</summary>\n\n.+?\n</details>", text, re.S)
    assert 6 <= len(folded) <= 10
    assert folded == [str(i + 1) for i in range(len(folded))]


def test_the_table_on_the_full_data_is_made_from_recorded_runs(path, notebook):
    number = path.stem[:2]
    section = next(c.source for c in cells(notebook, "markdown") if "## On the full data" in c.source)
    if record.START not in section:
        assert number not in record.published() and "|" not in section, "a table is made by `make full`, not typed"
        return
    assert record.marked(number) in section, f"run: python -m lessons.make.record tables {number}"
    prose = section.replace(record.marked(number), "")
    sourced = [line for line in prose.splitlines() if not re.match(r"\[\d\] ", line)]
    typed = re.findall(r"\d+(?:\.\d+)? ?%|\d+\.\d+", "\n".join(sourced))
    assert typed == [], "a measured figure comes from a run, by ck.report"


def test_a_lesson_with_a_recorded_run_reports_figures(path, notebook):
    code = "\n".join(cell.source for cell in cells(notebook, "code"))
    for run in record.records(path.stem[:2]):
        assert run["figures"] and all(f'ck.report("{name}"' in code for name in run["figures"]), run["date"]


def test_it_can_be_presented(notebook):
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in notebook.cells]
    assert kinds.count("slide") >= 8 and kinds.count("notes") >= 3
    assert "iming plan" in next(cell.source for cell in notebook.cells if kind_of(cell) == "notes")


def kind_of(cell) -> str | None:
    return cell.metadata.get("slideshow", {}).get("slide_type")


def test_only_outputs_that_depend_on_the_machine_are_left_uncompared(notebook):
    ignored = [cell for cell in cells(notebook, "code") if "nbval-ignore-output" in cell.metadata.get("tags", [])]
    assert len(ignored) <= len(cells(notebook, "code")) / 3
    for cell in ignored:
        assert "ck.claim(" not in cell.source and "ck.check(" not in cell.source, "a claim's line is always compared"


def test_functions_in_lessons_say_what_they_do(notebook):
    for cell in cells(notebook, "code"):
        for node in ast.walk(ast.parse(plain(cell.source))):
            if isinstance(node, ast.FunctionDef) and not node.decorator_list:
                assert ast.get_docstring(node), f"{node.name} has no docstring"


def names(source: str) -> tuple[set[str], set[str]]:
    """The names of the notebook that a cell reads, and those that it gives a value; an import means the same again."""
    reads, writes = set(), set()
    imports = [node for node in ast.walk(ast.parse(plain(source))) if isinstance(node, (ast.Import, ast.ImportFrom))]
    imported = {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}

    def look(code: CodeType, top: bool) -> None:
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"):
                reads.add(step.argval)
            elif top and step.opname == "STORE_NAME":
                writes.add(step.argval)
        for inner in code.co_consts:
            if isinstance(inner, CodeType):
                look(inner, False)

    look(compile(plain(source), "cell", "exec"), True)
    return reads, writes - imported


def alone(cell) -> str:
    """The cell's code; of a recipe, which runs by itself elsewhere, without the imports that it repeats."""
    is_recipe = "recipe" in cell.metadata.get("tags", [])
    return re.sub(r"^(import|from) .*$", "", cell.source, flags=re.M) if is_recipe else cell.source


def test_a_cell_that_only_reads_can_be_run_again_at_the_end(notebook):
    """What it reads is not given another meaning by a later cell."""
    found, clashes = [names(alone(cell)) for cell in cells(notebook, "code")], {}
    for number, (reads, writes) in enumerate(found):
        before, after = found[:number], found[number + 1 :]
        if any(writes & later_reads - later_writes for later_reads, later_writes in after):
            continue  # others go on from what it makes
        known = set().union(*(w for _, w in before))
        anew = set().union(*(w for _, w in after))
        if overwritten := (reads - writes) & known & anew:
            clashes[number + 1] = overwritten
    assert clashes == {}, "these code cells, counted from 1, read names that later cells overwrite"


def test_no_output_names_a_place_on_the_machine_that_ran_it(notebook):
    outputs = [json.dumps(o) for cell in cells(notebook, "code") for o in cell.outputs if "image/png" not in str(o)]
    place = r"(?<![\w.])/(?:tmp|root|home|Users|private|var|mnt)/[\w.-]+|[A-Z]:\\\\"
    found = [path for text in outputs for path in re.findall(place, text)]
    homes = {str(LESSONS.parent), os.path.expanduser("~")} - {"/", "~"}  # of a user without one
    assert found == [] and not [text for text in outputs if any(home in text for home in homes)]


def test_the_file_is_small(path):
    assert path.stat().st_size < LARGEST_FILE


def test_links_to_other_files_lead_somewhere(notebook):
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (LESSONS / target).exists(), target
    for workbook in re.findall(r"excel/(\w+\.xlsx)", text):
        assert (LESSONS.parent / "excel" / workbook).exists(), workbook


def test_the_readme_lists_it_with_its_title_and_time(path, notebook):
    first = notebook.cells[0].source
    title, minutes = re.search(r"^# \d\d (.+)$", first, re.M)[1], re.search(r"Time: about (\d+) minutes", first)[1]
    readme = (LESSONS.parent / "README.md").read_text(encoding="utf-8")
    assert f"| {path.stem[:2]} | [{title}](lessons/{path.name}) | {minutes} min |" in readme


def test_no_lesson_that_is_there_is_announced(notebook):
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    announced = re.findall(r"lesson (\d\d)\b[^.\n]*\(to come\)", text)
    assert not {path.stem[:2] for path in PATHS}.intersection(announced)


def test_the_first_lesson_shows_the_course_as_it_is():
    """Its outputs that depend on the machine are not compared, but what the course holds must be in them."""
    shown = "\n".join(str(cell.outputs) for cell in cells(nbformat.read(PATHS[0], 4), "code"))
    workbooks = [path.name for path in (LESSONS.parent / "excel").glob("*.xlsx")]
    assert [name for name in [*workbooks, *(path.stem for path in PATHS)] if name not in shown] == []


# The field's words that no lesson said before its second edition; the glossary is made of the lessons' lists.
TO_BE_MET = """
hyperparameter, backbone, skip connection, hidden state, cell state, truncated backpropagation through time,
vanishing gradient, exploding gradient, computational graph, imputation, ensemble, keypoint, upsampling, data
augmentation, special token, MLP, neuron, attention, self-supervised learning, ground truth, cross-validation,
baseline, ablation, encoder, decoder, logit, inference, checkpoint, early stopping, regularisation, generalisation,
class imbalance, calibration"""


def test_words_are_listed_in_order_and_stand_in_italics_where_the_lesson_introduces_them(path, notebook):
    listed = site.words(path)
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    section = re.search(r"^## Words\n(.*?)(?=^## )", text, re.M | re.S)[1]
    assert len(listed) == section.strip().count("\n") + 1 >= 1, "one line a term: - *term*: a sentence."
    assert list(listed) == sorted(listed, key=str.casefold)
    before = text[: text.index("## Words")].casefold()
    unsaid = [term for term in listed if re.sub(r" \(.*|s$", "", term.casefold()) not in re.sub(r"\s+", " ", before)]
    assert not unsaid, "listed, but the lesson does not say them"


def test_every_term_of_the_field_is_met():
    met = {term: path for path in PATHS for term in site.words(path)}
    asked = " ".join(TO_BE_MET.split()).split(", ")
    assert not [term for term in asked if term not in met]
    for term in asked:
        texts = [c.source for p in PATHS if term in site.words(p) for c in cells(nbformat.read(p, 4), "markdown")]
        said = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", "\n".join(t for t in texts if not t.startswith("## Words")))
        stem = term.casefold().removesuffix(" learning")
        assert any(stem in re.sub(r"\s+", " ", s).casefold() for s in said), f"{term!r} stands in italics in no lesson"
