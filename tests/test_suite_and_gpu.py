"""`benchmarks/suite.py` says where the suite's time goes, `benchmarks/gpu.py` proves what needs a GPU."""

import importlib
import json
import os
import subprocess
import sys

import pytest
from lab import ROOT

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


@pytest.fixture
def benchmark(monkeypatch):
    """The module benchmarks/NAME.py."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module


def test_durations_become_seconds_by_file(benchmark):
    found = benchmark("suite").measured(PRINTED)
    assert found["outcome"] == "1 failed, 40 passed, 2 skipped" and found["seconds"] == 61.25
    assert found["lessons"] == {"01_short": 13.0} and found["files"] == {"test_a.py": 3.5, "test_b.py": 0.25}


@pytest.mark.parametrize("printed", ["", PRINTED.replace(" in 61.25s", ""), "40 passed in 61.25s"], ids=range(3))
def test_what_has_no_durations_is_refused(benchmark, printed):
    with pytest.raises(ValueError, match="needs --durations=0"):
        benchmark("suite").measured(printed)


def test_the_table_has_the_first_record_and_the_latest(benchmark, tmp_path):
    suite = benchmark("suite")
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


def test_the_readmes_table_is_made_from_records(benchmark):
    suite = benchmark("suite")
    every = suite.records()
    text = suite.compared(every[0], every[-1] if len(every) > 1 else None)
    assert text in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


def rehearsed(*words, **settings):
    command = [sys.executable, "benchmarks/gpu.py", *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TORCHDYNAMO_DISABLE": "1"} | settings
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)


def test_the_gpus_run_is_rehearsed_on_a_cpu():
    kept = set((ROOT / "benchmarks" / "runs").glob("gpu-*"))
    done = rehearsed("--rehearse", "--lessons", "00", "--tests", "ratings", "--rounds", "1", "--epochs", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set((ROOT / "benchmarks" / "runs").glob("gpu-*")) == kept
    path = ROOT / done.stdout.strip().splitlines()[-1].split("kept in ")[1]
    found = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    assert path.parent == ROOT / "build" / "gpu" and found["rehearsal"] and found["devices"] == ["a stand-in for a GPU"]
    tests, lessons, epoch = found["parts"].values()
    assert tests["counts"]["passed"] >= 1 and lessons["lessons"][0]["claims"] and not lessons["lessons"][0]["failure"]
    assert list(epoch["contestants"]) == ["hand_written", "coursekit", "coursekit_compiled"]
    assert all(one["seconds"] > 0 for one in epoch["contestants"].values())


def test_without_a_gpu_it_says_so_in_a_sentence(benchmark, monkeypatch, capsys):
    gpu = benchmark("gpu")
    monkeypatch.setattr("sys.argv", ["gpu.py"])
    monkeypatch.setattr(gpu, "devices", lambda: [])
    monkeypatch.setattr(gpu, "lacking", lambda rehearsal: [])
    with pytest.raises(SystemExit, match="there is no GPU here that PyTorch can use, so nothing was run"):
        gpu.main()


def test_what_is_missing_is_said_by_name(benchmark, monkeypatch):
    gpu = benchmark("gpu")
    monkeypatch.setattr("sys.argv", ["gpu.py", "--rehearse"])
    monkeypatch.setattr(gpu, "find_spec", lambda name: name not in ("nbclient", "pytest"))
    monkeypatch.setattr(gpu.shutil, "which", lambda name: None)
    monkeypatch.setenv("TORCHDYNAMO_DISABLE", "0")  # what `lacking` sets goes with the test
    assert gpu.lacking(rehearsal=False)[-1] == "a C compiler (for torch.compile)"
    with pytest.raises(SystemExit, match="this environment lacks: pytest, nbclient$"):
        gpu.main()


def test_a_part_that_fails_ends_with_1_and_is_in_the_record(benchmark, monkeypatch, tmp_path, capsys):
    gpu = benchmark("gpu")

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
