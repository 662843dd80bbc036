"""The tables judge themselves; `suite.py` says where the suite's time goes, `gpu.py` proves what needs a GPU."""

import json
import os

import nbformat
import pytest
from lab import ROOT

from benchmarks import epoch, gpu, report, suite, targets
from lessons.make import run

PRINTED = """
============================= slowest durations ==============================
12.50s call     lessons/01_short.ipynb::Cell 3
2.25s setup    tests/test_a.py::test_one[x-1]
1.25s call     tests/test_a.py::test_one[x-1]
0.50s call     lessons/01_short.ipynb::Cell 4
0.25s teardown tests/test_b.py::test_two
=========================== short test summary info ===========================
1 failed, 40 passed, 2 skipped in 61.25s (0:01:01)
"""


def test_durations_become_seconds_by_file():
    found = suite.measured(PRINTED)
    assert found["outcome"] == "1 failed, 40 passed, 2 skipped" and found["seconds"] == 61.25
    assert found["lessons"] == {"01_short": 13.0} and found["files"] == {"test_a.py": 3.5, "test_b.py": 0.25}


@pytest.mark.parametrize("printed", ["", PRINTED.replace(" in 61.25s", ""), "40 passed in 61.25s"], ids=range(3))
def test_what_has_no_durations_is_refused(printed):
    with pytest.raises(ValueError, match="needs --durations=0"):
        suite.measured(printed)


def test_the_table_has_the_first_record_and_the_latest(tmp_path):
    for i, faster in enumerate((1, 5, 2)):
        found = suite.measured(PRINTED)
        found["seconds"] /= faster
        found["lessons"]["01_short"] /= faster
        suite.keep(found, "", f"commit{i}", f"2026-11-0{9 - i if i else 1}T10:00:00", tmp_path)
    first, *_, latest = suite.records(tmp_path)
    assert (first["commit"], latest["commit"]) == ("commit0", "commit1")
    lines = suite.compared(first, latest).splitlines()
    assert "| seconds | 2026-11-01, commit0 | 2026-11-08, commit1 |" in lines
    assert "| `01_short` | 13.0 | 2.6 |" in lines and "| 1 other test files | 0.2 | 0.2 |" in lines
    assert "| **all, on the wall** | 61 | 12 |" in lines
    assert "| seconds | 2026-11-01, commit0 |" in suite.compared(first, None)


def test_the_readmes_table_is_made_from_records():
    every = suite.records()
    text = suite.compared(every[0], every[-1] if len(every) > 1 else None)
    assert text in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


def test_the_gpus_run_is_rehearsed_on_a_cpu(monkeypatch, tmp_path):
    lesson = tmp_path / "02_short.ipynb"
    code = 'import coursekit as ck\nck.claim("so it is", 2, at_least=1)\nck.report("a figure", 0.5)'
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code, id="a")]), lesson)
    before = lesson.read_bytes()
    monkeypatch.setattr(run, "chosen", lambda numbers: [lesson])
    monkeypatch.setattr(gpu, "ROOT", tmp_path)  # where the record goes
    monkeypatch.setattr(gpu, "environment", lambda: os.environ | {"PYTHONPATH": str(ROOT)})
    monkeypatch.setenv("TORCHDYNAMO_DISABLE", "1")  # to compile takes long, and needs a compiler
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name in ("tests", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    words = ["gpu.py", "--rehearse", "--tests", "ratings and cpu", "--rounds", "1", "--epochs", "2"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        gpu.main()
    (path,) = (tmp_path / "build" / "gpu").iterdir()
    found = json.loads(path.read_text(encoding="utf-8"))
    tests, lessons, epoch = found["parts"].values()
    assert ended.value.code == 0, found
    assert found["rehearsal"] and found["devices"] == ["a stand-in for a GPU"] and "--rehearse" in found["command"]
    assert tests["counts"]["passed"] >= 1 and lesson.read_bytes() == before
    (one,) = lessons["lessons"]
    assert one["figures"] == {"a figure": 0.5} and len(one["claims"]) == 1 and not one["failure"]
    assert list(epoch["contestants"]) == ["hand_written", "coursekit", "coursekit_compiled"]
    assert all(one["seconds"] > 0 for one in epoch["contestants"].values())


def test_a_lesson_that_fails_says_where(monkeypatch, tmp_path):
    lesson = tmp_path / "02_bad.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0", id="a")]), lesson)
    assert "ZeroDivisionError" in gpu.lesson(lesson)["failure"]


def test_without_a_gpu_it_says_so_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gpu.py"])
    monkeypatch.setattr(gpu, "devices", lambda: [])
    monkeypatch.setattr(gpu, "lacking", lambda rehearsal: [])
    with pytest.raises(SystemExit, match="there is no GPU here that PyTorch can use, so nothing was run"):
        gpu.main()


def test_what_is_missing_is_said_by_name(monkeypatch):
    monkeypatch.setattr("sys.argv", ["gpu.py", "--rehearse"])
    monkeypatch.setattr(gpu, "find_spec", lambda name: name not in ("nbclient", "pytest"))
    monkeypatch.setattr(gpu.shutil, "which", lambda name: None)
    monkeypatch.setenv("TORCHDYNAMO_DISABLE", "0")  # what `lacking` sets goes with the test
    assert gpu.lacking(rehearsal=False)[-1] == "a C compiler (for torch.compile)"
    with pytest.raises(SystemExit, match="this environment lacks: pytest, nbclient$"):
        gpu.main()


def test_a_part_that_fails_ends_with_1_and_is_in_the_record(monkeypatch, tmp_path, capsys):

    def lessons(*_):
        raise RuntimeError("no kernel")

    for name, part in (
        ("tests", lambda *_: {"failures": []}),
        ("lessons", lessons),
        ("epoch", lambda *_: {"failures": []}),
    ):
        part.__name__ = name
        monkeypatch.setattr(gpu, name, part)
    monkeypatch.setattr("sys.argv", ["gpu.py", "--rehearse"])
    monkeypatch.setattr(gpu, "keep", lambda found: kept.append(found) or ROOT / "build" / "x")
    kept = []
    with pytest.raises(SystemExit) as ended:
        gpu.main()
    assert ended.value.code == 1 and "RuntimeError: no kernel" in capsys.readouterr().out
    assert kept[0]["parts"]["lessons"]["failures"] == ["RuntimeError: no kernel"]


README = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", targets.TARGETS)
def test_every_verdict_in_the_readme_follows_from_its_table(name):
    text = report.inside(README, name)
    assert targets.judged(name, text) == text.rstrip()


def test_no_target_is_typed_beside_the_tables():
    prose = README
    for name in targets.TARGETS:
        prose = report.between(prose, name, "")
    assert not [line for line in prose.splitlines() if line.startswith(("Target", "- ")) or " met: " in line]


@pytest.mark.parametrize("ratio, verdict", [("0.80", "met: 0.80 of"), ("0.81", "missed: 0.81 of")])
def test_a_table_meets_its_bounds_or_misses_them(ratio, verdict):
    heads = ["", "times the first", "times coursekit"]
    rows = [
        ["1. a loop by hand, index batches", "1.00 (1.00 to 1.00)", "1.25 (1.20 to 1.30)"],
        ["3. the limit", "0.70 (0.70 to 0.70)", "0.80 (0.70 to 0.99)"],
        ["4. coursekit", f"{ratio} (0.10 to 9.00)", "1.00 (1.00 to 1.00)"],
        ["2. a loop by hand, `DataLoader`", "1.50 (1.50 to 1.50)", "1.90 (1.90 to 1.90)"],
        ["7. skorch", "2.00 (2.00 to 2.00)", "2.40 (2.00 to 3.00)"],
        ["6. Lightning", "4.00 (4.00 to 4.00)", "1,002.50 (5.00 to 5.00)"],
    ]
    lines = targets.judged("epoch", f"a machine\n\n{report.table(heads, rows)}").splitlines()
    assert f"- coursekit / the loop by hand with index batches: {verdict} at most 0.80." in lines
    assert "- coursekit / the limit: missed: 1.25 of at most 1.15." in lines
    assert "- Lightning / coursekit: met: 1002.50 of at least 2.50." in lines
    why = "a loop by hand with the same `DataLoader` has 1.90"
    assert f"- skorch / coursekit: missed: 2.40 of at least 2.50; {why}." in lines
    assert "- Ignite / coursekit: not measured; at least 2.50." in lines


def test_of_several_rows_the_worst_counts():
    found = {0: "7.5 (5 to 9)", 2: "3.9 (1 to 4)"}
    rows = [[f"4. coursekit, {n} workers, later epochs", ratio] for n, ratio in found.items()]
    text = report.table(["", "times torchvision's"], rows)
    assert "missed: 3.90 of at least 4.00" in targets.judged("loading", text)


def test_of_several_sizes_the_last_is_compared():
    found = {"64": ("1.5", "7.5"), "128": ("1.6", "8.0 (7 to 9)")}
    names = "2. the same, 2 processes", "3. coursekit, by the batch"
    rows = [[size, name, ratio] for size, both in found.items() for name, ratio in zip(names, both, strict=True)]
    text = report.table(["pixels", "", "times the first"], rows)
    assert "met: 5.00 of at least 4.00" in targets.judged("pictures", text)


def test_a_target_that_is_about_other_data_is_not_judged():
    text = f"100 ratings of the sample\n\n{report.table(['', 'mean RMSE'], [[f'2. {targets.FACTORS}', '0.9']])}"
    assert "not measured; at most 0.8500 on MovieLens latest-small" in targets.judged("ratings", text)


def test_every_peer_of_the_epoch_has_its_target():
    libraries = [name.partition(". ")[2] for name in epoch.NAMES.values()]
    ours = ("a loop by hand, index batches", "a loop by hand, `DataLoader`", "the limit", "coursekit")
    assert libraries == [*ours, *targets.PEERS]
    assert list(epoch.NAMES) == [contestant.__name__ for contestant in epoch.CONTESTANTS]
