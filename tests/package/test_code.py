"""All Python of the course: files and processes are opened with an encoding, and nothing is put on the module path."""

import ast
import subprocess

import pytest
from lab import ROOT

NOT_FILES = {"Image", "PILImage", "webbrowser", "tarfile", "zipfile", "os"}  # whose `open` opens no text


def committed():
    """What git knows, or would add: files of this clone, none of an environment."""
    said = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"], cwd=ROOT, encoding="utf-8"
    )
    return [ROOT / name for name in said.splitlines() if (ROOT / name).is_file()]


FILES = committed()
TREES = {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in FILES}


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def opens_text_as_the_machine_does(call):
    """Whether a call reads or writes text in whatever encoding is usual on the machine."""
    called, given = call.func, {keyword.arg: keyword.value for keyword in call.keywords}
    name = getattr(called, "id", getattr(called, "attr", ""))
    if "encoding" in given:
        return False
    if name in ("read_text", "write_text"):
        return len(call.args) <= (name == "write_text")
    if name in ("open", "fdopen", "NamedTemporaryFile", "TemporaryFile"):
        if isinstance(called, ast.Attribute) and name == "open" and getattr(called.value, "id", "") in NOT_FILES:
            return False
        first = 0 if "Temporary" in name or (isinstance(called, ast.Attribute) and name == "open") else 1
        mode = given.get("mode") or (call.args[first] if len(call.args) > first else None)
        modes = [part.value for part in ast.walk(mode) if isinstance(part, ast.Constant)] if mode else []
        binary = [text for text in modes if isinstance(text, str) and "b" in text]
        return not binary and not ("Temporary" in name and mode is None)
    return name != "new_output" and ("text" in given or "universal_newlines" in given)  # a cell's output is no file


@pytest.mark.parametrize("name", TREES)
def test_text_is_opened_with_an_encoding(name):
    assert [ast.unparse(call) for call in calls(TREES[name]) if opens_text_as_the_machine_does(call)] == []


OPENED = {
    "open(path)": True, "open(path, 'w')": True, "open(path, 'rb')": False, "open(path, encoding='utf-8')": False,
    "path.open()": True, "path.open('ab' if more else 'wb')": False, "path.open('w')": True, "Image.open(path)": False,
    "path.read_text()": True, "path.read_text('utf-8')": False, "path.write_text(text)": True,
    "path.write_text(text, encoding='utf-8')": False, "os.fdopen(number)": True, "os.fdopen(number, 'wb')": False,
    "subprocess.run(words, text=True)": True, "subprocess.run(words, encoding='utf-8')": False,
    "subprocess.run(words)": False, "NamedTemporaryFile()": False, "NamedTemporaryFile('w')": True,
}  # fmt: skip


@pytest.mark.parametrize("code, found", OPENED.items(), ids=OPENED.keys())
def test_what_opens_text_is_seen(code, found):
    assert opens_text_as_the_machine_does(ast.parse(code, mode="eval").body) == found


def test_nothing_is_put_on_the_path_that_modules_are_found_on():
    """What is imported is a package, or lies where pytest's `pythonpath` says; see pyproject.toml.

    But for the hub's settings: JupyterHub runs that file, wherever it lies, and its parts lie beside it.
    """
    touched = [
        f"{name}:{part.lineno}: {ast.unparse(part)}"
        for name, tree in TREES.items()
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute)
        and name != "hub/jupyterhub_config.py"
        and (ast.unparse(part) == "sys.path" or part.attr in ("syspath_prepend", "addsitedir"))
    ]
    assert touched == []


@pytest.mark.parametrize("name", TREES)
def test_folders_are_not_asked_for_by_a_slash(name):
    """Before Python 3.11 `glob("*/")` gives files, too."""
    globs = [call for call in calls(TREES[name]) if getattr(call.func, "attr", "") in ("glob", "rglob") and call.args]
    asked = [call.args[0].value for call in globs if isinstance(call.args[0], ast.Constant)]
    assert [pattern for pattern in asked if pattern.endswith("/")] == []
