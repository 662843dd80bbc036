"""A class of three, graded by nbgrader itself: who is right, who is half right, and who attacks the grading."""

import ast
import copy
import csv
import importlib.util
import os
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
from lab import ROOT

from coursekit.classroom.exercises import SOLUTIONS, agree, load_exercises, load_module
from lessons.make import classes, grading
from lessons.make.slicing import as_read, code_of, needed
from lessons.make.variants import literal, variants

LESSON = "07_broadcasting"  # twenty exercises
POINTS = sum(exercise.difficulty for exercise in load_exercises(SOLUTIONS / f"{LESSON}.py").values())
# Inputs on which the functions that are to be broken fail
BROKEN = {
    "break_mean": "breaks_mean = (torch.tensor([1.0, float('nan')]), torch.tensor([True, False]))",
    "break_distance": "breaks_distance = (torch.tensor([10000.0]), torch.tensor([10000.1]))",
}
# What a hostile student writes into the cells of exercises, and leaves the answer wrong
ATTACKS = {
    "volumes": """
        while True:
            volumes = 1
    """,
    "contrast": "contrast = __import__('sys').exit(0)",
    "to_grey": "to_grey = __import__('os')._exit(0)",
    "chessboard": """
        def chessboard(*a):
            import coursekit as ck, coursekit.classroom.exercises as e, lessons.make.answering as here
            e.judge = e.agree = ck.check = here.encode = lambda *a, **k: True
            return True
    """,
    "identity": """
        torch.allclose = torch.equal = torch.Tensor.__eq__ = lambda *a, **k: True
        identity = lambda n: torch.zeros(1)
    """,
    "one_hot": """
        def one_hot(*a):
            import builtins
            builtins.all = builtins.bool = builtins.isinstance = lambda *a: True
            return 1
    """,
    "cut_off": """
        class Same:
            shape = property(lambda self: Same())
            def __eq__(self, other): return True
            def __bool__(self): return True
        cut_off = lambda *a: Same()
    """,
    "backwards": """
        def backwards(x):
            while True:
                try:
                    while True: pass
                except BaseException: pass
    """,
    "overlaps": """
        def overlaps(a, b):
            print('x' * 200_000_000)
            return 'x' * 20_000_000
    """,
    "running_sum": """
        def running_sum(x):
            import os
            for _ in range(6): os.fork()
            return x
    """,
    "positions": """
        def positions(x):
            open({outside!r}, 'w').write('was here')
            return x
    """,
    "gather": """
        def gather(x, i):
            import ctypes
            ctypes.CDLL(None).system(('touch ' + {outside!r}).encode())
            return x
    """,
    "bincount": """
        from coursekit.classroom.exercises import load_exercises
        from pathlib import Path
        bincount = load_exercises(Path({solutions!r}))['bincount'].solution
    """,
    "scatter_add": """
        def scatter_add(*a):
            import os
            for fd in range(3, 20):
                try: os.write(fd, b'{{}}\\n' * 50)
                except OSError: pass
    """,
    "pad_to": """
        def pad_to(x, n):
            raise KeyboardInterrupt
    """,
    "close_up": """
        def close_up(x, keep):
            import numpy as np
            np.allclose = np.array_equal = lambda *a, **k: True
            return 0
    """,
    "other_shape": """
        other_shape = []
        for _ in range(100000): other_shape = [other_shape]
    """,
    "undo_outer_sum": "undo_outer_sum = lambda x: [bytearray(1 << 40)]",
    "break_mean": """
        class E(tuple):
            def __len__(self): raise SystemExit
        breaks_mean = E()
    """,
    "break_distance": "breaks_distance = (torch.zeros(1).expand(1 << 40), torch.zeros(1))",
}


def nbgrader(folder: Path, *arguments: str, right: bool = True) -> str:
    """What a command of nbgrader prints."""
    around = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HOME": str(folder)}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    ran = subprocess.run(command, cwd=folder, env=around, capture_output=True, text=True, encoding="utf-8", timeout=580)
    assert (ran.returncode == 0) is right, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def answers_of(path: Path) -> dict:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ANSWERS


def solution_cells(notebook) -> dict:
    """The cells to be solved, by exercise."""
    found = {}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution") and cell.cell_type == "code":
            found[marks.grade_id.partition("-")[2].partition("-")[2]] = cell
    return found


def hand_in(folder: Path, student: str, change) -> None:
    """Submit the release, changed."""
    notebook = nbformat.read(folder / "release" / LESSON / f"{LESSON}.ipynb", 4)
    change(notebook)
    place = folder / "submitted" / student / LESSON
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{LESSON}.ipynb")


def before_check(cell, text: str) -> None:
    before, check, after = cell.source.partition("ck.check(")
    cell.source = f"{before}{text}\n{check}{after}"


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """A class whose assignment was released, handed in by three, graded, and given back."""
    folder = tmp_path_factory.mktemp("school") / "class"
    classes.write(folder, ["07"])
    with (folder / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write("c.Judge.seconds = 2\n")
    nbgrader(folder, "generate_assignment", LESSON)
    outside = folder.parent / "outside.txt"

    def right(notebook, but=()):
        source = nbformat.read(folder / "source" / LESSON / f"{LESSON}.ipynb", 4)
        solved = solution_cells(source)
        for name, cell in solution_cells(notebook).items():
            if name not in but:
                cell.source = solved[name].source.replace("### BEGIN SOLUTION", BROKEN.get(name, ""))

    def half(notebook):
        names = list(solution_cells(notebook))
        right(notebook, names[::2])
        wrong = answers_of(ROOT / "tests" / "lessons" / "answers" / "lesson_07.py")["07.other_shape"][1][0]
        before_check(solution_cells(notebook)["volumes"], "def volumes(a, b, c):\n    return a")
        before_check(solution_cells(notebook)["other_shape"], f"other_shape = {literal(wrong)}")

    def hostile(notebook):
        for name, cell in solution_cells(notebook).items():
            text = textwrap.dedent(ATTACKS[name]).format(
                outside=str(outside), solutions=str(SOLUTIONS / f"{LESSON}.py")
            )
            cell.source = text
        for number, cell in enumerate(cell for cell in notebook.cells if "nbgrader" in cell.metadata):
            if cell.metadata.nbgrader.get("grade") and cell.cell_type == "code":
                cell.metadata.nbgrader.points = 1000
                cell.source = "judged = {'exercise': '07.volumes', 'answer': '1'}\n1000.0"
                cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "1000.0"})]
                if number % 3 == 1:
                    cell.metadata.nbgrader.grade_id = "claimed"
                    cell.metadata.nbgrader.solution = True
        notebook.cells = [
            c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "exercise-07-gather-test"
        ]
        notebook.cells.append(nbformat.v4.new_markdown_cell("<script>alert('here')</script>"))

    hand_in(folder, "right", right)
    hand_in(folder, "half", half)
    hand_in(folder, "hostile", hostile)
    nbgrader(folder, "autograde", LESSON)
    nbgrader(folder, "generate_feedback", LESSON)
    nbgrader(folder, "export")
    return folder


def marks_of(folder: Path) -> dict:
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}


def graded(folder: Path, student: str) -> dict:
    """What stands below each exercise: None where it is right, else the reason."""
    notebook = nbformat.read(folder / "autograded" / student / LESSON / f"{LESSON}.ipynb", 4)
    found = {}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade") and cell.cell_type == "code":
            name = marks.grade_id.removeprefix("exercise-07-").removesuffix("-test")
            errors = [output for output in cell.outputs if output.output_type == "error"]
            found[name] = "\n".join(errors[0].traceback) if errors else None
    return found


def test_three_students_are_graded_right_and_the_hostile_one_is_stopped(school):
    marks, exercises = marks_of(school), load_exercises(SOLUTIONS / f"{LESSON}.py")
    assert len(exercises) == 20
    assert graded(school, "right") == dict.fromkeys(exercises)
    assert marks["right"] == POINTS
    half = graded(school, "half")
    assert [name for name, wrong in half.items() if wrong] == list(exercises)[::2]
    assert marks["half"] == sum(exercises[name].difficulty for name in list(exercises)[1::2])
    assert all(graded(school, "hostile").values()) and len(graded(school, "hostile")) == 20
    assert marks["hostile"] == 0
    assert not (school.parent / "outside.txt").exists()


def test_feedback_says_why_and_runs_nothing_of_a_students(school):
    page = (school / "feedback" / "half" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "expected" in page and "volumes" in page
    hostile = (school / "feedback" / "hostile" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "<script>alert('here')" not in hostile


def test_what_is_released_gives_nothing_away(school):
    text = (school / "release" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    module = load_module(SOLUTIONS / f"{LESSON}.py")
    assert "HIDDEN" not in text and "SOLUTION" not in text and "judged" not in text and "'seed'" not in text
    own = (ROOT / "lessons" / f"{LESSON}.ipynb").read_text(encoding="utf-8")  # what the lesson itself says
    lines = [line for line in module.DISCUSSION.splitlines() if len(line) > 40 and line not in own]
    assert len(lines) > 5 and not any(line in text for line in lines)
    cells = solution_cells(nbformat.reads(text, 4))
    given = nbformat.read(ROOT / "lessons" / f"{LESSON}.ipynb", 4)
    for name, cell in cells.items():
        (own,) = (c.source for c in given.cells if f'ck.check("07.{name}"' in c.source)
        assert cell.source == own.replace("ck.check(", "# your answer\nck.check("), name
    source = (school / "source" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert "BEGIN HIDDEN TESTS" in source and "minimum(" in source and "BEGIN SOLUTION" in source


def restored(school, change, place=None):
    """A submission of right answers, changed, as `Restore` gives it on."""
    notebook = nbformat.read(school / "release" / LESSON / f"{LESSON}.ipynb", 4)
    for name, cell in solution_cells(notebook).items():
        cell.source += f"\n# of {name}"
    change(notebook)
    at = {"db_url": f"sqlite:///{school / 'gradebook.db'}", "notebook": LESSON, "assignment": LESSON}
    return grading.Restore().preprocess(notebook, {"nbgrader": at, "metadata": {"path": str(place or school)}})[0]


def test_an_answer_whose_metadata_are_lost_or_forged_keeps_its_place(school):
    def strip(notebook):
        for number, cell in enumerate(notebook.cells):
            cell.metadata = {"nbgrader": [1, {"grade_id": "another"}, "x"][number % 3]} if number % 2 else {}

    found = solution_cells(restored(school, strip))
    assert len(found) == 20 and all(cell.source.endswith(f"# of {name}") for name, cell in found.items())


def test_half_a_character_keeps_nobody_from_marks(school):
    def half(notebook):
        notebook.metadata["title"] = notebook.cells[0].source = "\ud800"
        solution_cells(notebook)["volumes"].source = "volumes = '\ud800'"

    found = restored(school, half)
    nbformat.writes(found).encode()
    assert solution_cells(found)["volumes"].source == "volumes = '?'"
    nbformat.writes(nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_code_cell(outputs=[grading._said("got \ud800")])
    ])).encode()  # fmt: skip


def test_a_link_to_what_a_student_may_not_read_is_not_graded(school, tmp_path):
    try:
        (tmp_path / f"{LESSON}.ipynb").symlink_to(school / "source" / LESSON / f"{LESSON}.ipynb")
    except OSError:
        return  # Windows lets nobody make one
    with pytest.raises(ValueError, match="is a link to another file"):
        restored(school, lambda notebook: None, tmp_path)


def test_the_next_command_is_one_to_paste_whatever_the_folders_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["classes", str(tmp_path / "Ada's class"), "03"])
    classes.main()
    said = capsys.readouterr().out.partition("next: ")[2]
    assert shlex.split(said)[:3] == ["cd", str(tmp_path / "Ada's class"), "&&"]


@pytest.mark.parametrize("place", ["", "--help", "-h"])
def test_an_option_is_no_folder(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["classes", place])
    with pytest.raises(SystemExit, match="say where to"):
        classes.main()
    assert not list(tmp_path.iterdir())


def test_a_notebook_that_is_none_does_not_keep_the_others_from_their_marks(school):
    place = school / "submitted" / "broken" / LESSON
    place.mkdir(parents=True)
    (place / f"{LESSON}.ipynb").write_text("<<<<<<< HEAD", encoding="utf-8")
    nbgrader(school, "autograde", LESSON, "--student", "broken", right=False)
    assert marks_of(school)["right"] == POINTS


WALLS = list(grading.walls())


@pytest.mark.parametrize("wall", WALLS, ids=[wall[0] for wall in WALLS])
def test_a_students_process_reaches_nothing_outside_or_does_not_start(wall, tmp_path, monkeypatch):
    """By Python nothing is reached anywhere; and where the system shuts it in, not by a call into C either."""
    monkeypatch.setattr(grading, "_WALL", [wall])
    (tmp_path / "marks.txt").write_text("Ada 1.0", encoding="utf-8")
    sandbox = grading.Sandbox([SOLUTIONS, tmp_path])
    try:
        try:
            sandbox.start()
        except RuntimeError as error:  # not on this machine: it is told, and the next is taken
            assert wall[1] and f"{wall[0]}: " in str(error)
            return
        sandbox.allow(20)
        solutions, other = str(SOLUTIONS / f"{LESSON}.py"), str(tmp_path.parent / "new.txt")
        for attack in (
            f"open({solutions!r}).read()", f"__import__('os').listdir({str(tmp_path)!r})",
            f"open({other!r}, 'w')", f"__import__('os').mkdir({other!r})", "__import__('os').fork()",
            "__import__('socket').create_connection(('127.0.0.1', 80))", "__import__('ctypes').CDLL(None)",
            "__import__('subprocess').run(['ls'])", f"__import__('shutil').rmtree({str(tmp_path)!r})",
        ):  # fmt: skip
            reply = sandbox.ask({"answer": attack})
            assert "PermissionError" in reply["error"], (attack, reply)
        assert sandbox.ask({"answer": "open('mine.txt', 'w').write('x')"}) == {"value": 1}
        assert (tmp_path / "marks.txt").exists() and not Path(other).exists()
        if wall[1]:
            assert sandbox.ask({"run": "import os as real"}) == {}
            # the system's own answer, below the audit events: a file system that cannot be written to, and no network
            assert sandbox.ask({"answer": f"real.access({str(tmp_path.parent)!r}, real.W_OK)"}) == {"value": False}
            assert sandbox.ask({"answer": f"real.path.exists({solutions!r})"}) == {"value": False}
            assert sandbox.ask({"answer": "'eth' in open('/proc/net/dev').read()"}) == {"value": False}
    finally:
        sandbox.close()


@pytest.mark.parametrize("name", ["19.part_of", "03.logits_of", "01.top3_error", "07.positions"])
def test_hidden_variants_are_new_and_right_answers_are_right_for_them(name):
    exercise = load_exercises(next(SOLUTIONS.glob(f"{name[:2]}_*.py")))[name[3:]]
    drawn = variants(exercise, seed=7, count=12)
    assert len(drawn) >= 8 and len({repr(case) for case in drawn}) == len(drawn)
    assert not {repr(case) for case in drawn} & {repr(case) for case in exercise.cases()}
    assert repr(drawn) == repr(variants(exercise, 7, 12)) != repr(variants(exercise, 8, 12))
    right = answers_of(ROOT / "tests" / "lessons" / "answers" / f"lesson_{name[:2]}.py")[name][0]
    for answer in right:
        for case in drawn:
            assert agree(answer(*copy.deepcopy(case)), exercise.solution(*copy.deepcopy(case)), exercise.tolerance), (
                case
            )


def test_an_answer_needs_what_defines_it_and_nothing_else():
    texts = [
        "import math\nheavy = 1 / 0",
        "def helper(x):\n    return math.sqrt(x)",
        "1 / 0\ndef answer(x):\n    return helper(x)",
    ]
    found = needed([code_of(text, True) for text in texts], 2, "answer")
    assert [[type(step).__name__ for step in steps] for steps in found] == [
        ["Import"],
        ["FunctionDef"],
        ["FunctionDef"],
    ]


STYLES = {
    "a helper below": ["def answer(x):\n    return double(x)\ndef double(x):\n    return 2 * x"],
    "an import below": ["def double(x):\n    return k.prod((2, x))", "import math as k", "answer = double"],
    "a list filled in a loop": [
        "steps = []", "for s in [abs]:\n    steps.append(s)", "def answer(x):\n    return 2 * steps[0](x)",
    ],
    "an import of all": ["from math import *", "def answer(x):\n    return prod((2, x))"],
    "a name that is bound anew below": ["factor = 1", "def answer(x):\n    return factor * x\nfactor = 2"],
    "a class": ["class Double:\n    def __call__(self, x):\n        return factor * x\nanswer = Double()\nfactor = 2"],
    "a closure": ["def make(by):\n    return lambda x: by * x * one\none = 1", "answer = make(2)"],
    "a lambda of several": ["a, answer = 1, lambda x: 2 * x"],
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_an_answer_may_be_written_as_notebooks_allow(style):
    cells = [code_of(text, True) for text in ["1 / 0", *STYLES[style], "answer(1) / 0"]]
    around = {}
    for steps in needed(cells, len(cells) - 1, "answer"):
        exec("\n".join(map(ast.unparse, steps)), around)
    assert around["answer"](21) == 42


@pytest.mark.parametrize(
    ("body", "helper", "allowed"),
    [
        ("softplus(z)", "def softplus(x):\n    return torch.log1p((-x.abs()).exp()) + x.clamp(min=0)", True),
        ("F.softplus(z)", "def softplus(x):\n    return torch.log1p((-x.abs()).exp()) + x.clamp(min=0)", False),
        ("softplus(z)", "def softplus(x):\n    return F.softplus(x)", False),
        ("softplus(z)", "from torch.nn.functional import softplus", False),
    ],
)
def test_a_helper_of_ones_own_may_have_a_forbidden_name(body, helper, allowed):
    exercise = load_exercises(SOLUTIONS / "03_softmax.py")["binary_losses"]
    source = f"import torch\nimport torch.nn.functional as F\n{helper}\n"
    source += f"def binary_losses(z, t):\n    return {body} - t * z"
    chunks = needed([code_of(source, True)], 0, "binary_losses")
    assert (exercise.rule(as_read(chunks, "binary_losses")) is None) is allowed


def test_a_rule_is_read_from_the_source_that_is_run():
    exercise = load_exercises(SOLUTIONS / "03_softmax.py")["binary_losses"]
    for source, allowed in (
        ("def binary_losses(z, t):\n    return z.clamp(min=0) - t * z + torch.log1p((-z.abs()).exp())", True),
        ("from torch.nn.functional import binary_cross_entropy_with_logits as quick\n"
         "def binary_losses(z, t):\n    return quick(z, t, reduction='none')", False),
        ("quick = torch.nn.functional.binary_cross_entropy_with_logits\n"
         "def binary_losses(z, t):\n    return quick(z, t, reduction='none')", False),
    ):  # fmt: skip
        chunks = needed([code_of(f"import torch\n{source}", True)], 0, "binary_losses")
        assert (exercise.rule(as_read(chunks, "binary_losses")) is None) is allowed, source
    assert as_read(needed([code_of("answer = [len][0]", True)], 0, "answer"), "answer") is None
