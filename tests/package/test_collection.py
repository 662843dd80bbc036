"""The same tests are found by every worker: `make test` ends with nothing run where two of them differ."""

import json
import os
import subprocess
import sys

from lab import ROOT

# A plugin of pytest: the clock goes wrong by three years, and the names of what is found are written to a file.
ELSEWHERE = """
import json, os, time
real, real_ns = time.time, time.time_ns
time.time = lambda: real() + 1e8
time.time_ns = lambda: real_ns() + 10**17

def pytest_collection_finish(session):
    with open(os.environ["FOUND"], "w", encoding="utf-8") as file:
        json.dump([item.nodeid for item in session.items], file)
"""
# nothing is as it is here: order in sets, language, letters, time zone, home
OTHER = {"PYTHONHASHSEED": "11", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Asia/Kathmandu"}


def found(folder, **settings):
    """The names of all tests, found by another process."""
    folder.mkdir()
    (folder / "elsewhere.py").write_text(ELSEWHERE, encoding="utf-8")
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    changed = {"PYTHONPATH": path, "FOUND": str(folder / "found.json"), "HOME": str(folder), **settings}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "elsewhere",
        "-p",
        "no:cacheprovider",
        "--assert=plain",
        "--collect-only",
    ]
    ran = subprocess.run(command, cwd=ROOT, env=kept | changed, capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return json.loads((folder / "found.json").read_text(encoding="utf-8"))


def test_it_is_found_the_same_at_another_time_in_another_language_and_order(tmp_path, pytestconfig):
    everything = {ROOT / part for part in pytestconfig.getini("testpaths")}
    whole = {(ROOT / argument).resolve() for argument in pytestconfig.args} == everything
    here = pytestconfig.all_names if whole else found(tmp_path / "here", PYTHONHASHSEED="7")
    there = found(tmp_path / "there", **OTHER)
    assert len(here) > 4000
    assert sorted(set(here) ^ set(there)) == []
    assert here == there
