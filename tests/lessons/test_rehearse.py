"""`make rehearse`: every full-size path runs on stand-ins, and what does not is told."""

import nbformat
import pytest

from lessons.make import rehearse

START = (
    'import os\nimport coursekit as ck\nfull = os.environ.get("COURSEKIT_SIZE") == "full"\npath = ck.fetch("digits")'
)
GOOD = [
    START,
    'ck.claim("measured: recorded only", 0.1, at_least=0.5)\nck.claim("true", True)',
    "(x, y), test = ck.read_digits(path)\nassert x.shape[1:] == (1, 28, 28)",
    "from torch import nn\n"
    "learn = ck.Learner(ck.Loaders((x, y), test), nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), progress=False)\n"
    "learn.fit(20)\n"
    "assert len(learn.recorder.epochs) == 1 and len(learn.recorder.losses) == 50",
    "learn = ck.Learner(ck.Loaders((x[:99], y[:99])), learn.model, progress=False)\n"
    "learn.fit(7)\n"
    'ck.claim("a short training runs whole", len(learn.recorder.losses), equals=14)',
    'body = ck.vision.backbones.make_backbone("squeezenet1_1", 3, True)\n'
    'ck.claim("weights are there, and nothing was downloaded", sum(p.numel() for p in body.parameters()) > 1e5)',
    "import urllib.request\n"
    "try:\n"
    '    urllib.request.urlopen("http://example.org")\n'
    "except OSError as error:\n"
    '    ck.claim("no network", "a rehearsal has no network" in str(error))',
    "from IPython.utils.capture import capture_output\n"
    "try:\n"
    "    with capture_output():\n"
    '        ck.claim("only tried", 0.1, at_least=0.5)\n'
    "    failed = False\n"
    "except AssertionError:\n"
    "    failed = True\n"
    'ck.claim("tried claims raise as ever", failed)',
    'ck.report("a figure", 0.5)',
]
BAD = [
    START.replace(' == "full"', ' == "other"'),
    "1 / 0",
    'ck.claim("false", False)',
    "ck.report('nan', float('nan'))",
]
DEAD = [START, "os._exit(1)", "1 + 1"]


def lesson(folder, name, cells):
    """A lesson that has run before, elsewhere."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{i}", execution_count=i + 1) for i, source in enumerate(cells)]
    title = nbformat.v4.new_markdown_cell("# A title", id="title")
    path = folder / f"{name}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[title, *cells]), path)
    return path


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What came of a lesson that runs, and of one that does not."""
    folder = tmp_path_factory.mktemp("rehearsed")
    lessons = [lesson(folder, "00_good", GOOD), lesson(folder, "01_bad", BAD), lesson(folder, "02_dead", DEAD)]
    found = rehearse.rehearse_all(lessons, folder / "kept")
    assert [file.stem for file in sorted((folder / "kept").iterdir())] == ["00_good", "01_bad", "02_dead"]
    return found


def test_a_lesson_that_runs_passes(results):
    good = results[0]
    assert good.failures == [] and good.ran == good.cells == len(GOOD)
    assert (good.held, good.recorded) == (5, 1) and good.seconds > 0 and good.cpu > 0


def test_every_cell_that_fails_is_told_by_its_number(results):
    bad = results[1]
    assert bad.cells == len(BAD) and bad.ran == 1
    assert [one.partition(":")[0] for one in bad.failures] == [
        "[2] ZeroDivisionError",
        "[3] ClaimError",
        "[4] ValueError",
        "before the first or after the last cell RuntimeError",
    ]
    assert "the lesson went its sample's way" in bad.failures[-1]


@pytest.mark.parametrize("failed", [False, True])
def test_a_failure_ends_with_1(results, monkeypatch, capsys, failed):
    monkeypatch.setattr("sys.argv", ["rehearse.py"])
    monkeypatch.setattr(rehearse, "rehearse_all", lambda lessons: results[:2] if failed else results[:1])
    with pytest.raises(SystemExit) as ended:
        rehearse.main()
    said = capsys.readouterr().out
    assert ended.value.code == failed and ("[2] ZeroDivisionError: division by zero" in said) == failed
    assert ("1 of 2 passed" if failed else "1 of 1 passed") in said


def test_a_kernel_that_ends_is_told(results):
    dead = results[2]
    assert len(dead.failures) == 1 and dead.failures[0].startswith("[2] the run ended here: ") and dead.ran == 1


def test_lessons_without_a_full_path_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["rehearse.py", "00"])
    monkeypatch.setattr(rehearse, "chosen", lambda numbers: [lesson(tmp_path, "00_none", ["1"])])
    with pytest.raises(SystemExit, match="no full path in lesson 00"):
        rehearse.main()
