"""Judge what students hand in, outside of the notebook that they hand in.

nbgrader runs a student's notebook and believes what its cells print: a notebook that patches `ck.check`, `assert`'s
helpers or IPython itself gives itself full marks. So the course's `nbgrader_config.py` puts two steps of this file in
the place of that run:

- `Restore` gives the submitted cells the metadata of the assignment: what is graded, and for how many points.
- `Judge` runs the code of the solution cells in a process of its own (`answering.py`), asks it for answers, and
  compares them here with what the reference gives. Nothing that a student wrote runs here.

Only what an answer needs is run: the statements of the lesson that define its names, and the student's own cells.
"""

import ast
import contextlib
import copy
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath

import psutil
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Int, Unicode

from coursekit.classroom.exercises import SOLUTIONS, Exercise, agree, judge, load_exercises

from . import variants
from .answering import decode, encode
from .editions import CHECK
from .slicing import READ, as_read, code_of, needed

ROOT = Path(__file__).parents[2]
ANSWER_LIMIT = 16 << 20  # bytes of one answer
START_LIMIT = 60.0  # seconds of a processor until torch is there
KINDS = (
    "image/png",
    "image/jpeg",
    "text/plain",
)  # of the outputs that a student's notebook brings along

# Everything is read-only but a small working folder in memory; no network; no other process is seen. The arguments:
# the working folder, how many folders to hide, those folders, and the command.
SHUT = """set -e
scratch=$1; count=$2; shift 2
mount -t tmpfs -o size=64m,mode=0777,nosuid,nodev tmpfs "$scratch"
cut -d' ' -f5 /proc/self/mountinfo | while read -r place; do
  [ "$place" = "$scratch" ] || mount -o remount,bind,ro "$place" 2>/dev/null || true
done
while [ "$count" -gt 0 ]; do
  mount -t tmpfs -o ro,mode=0755 tmpfs "$1"; shift; count=$((count - 1))
done
cd "$scratch"
exec "$@"
"""


class Stopped(Exception):
    """The student's process did not answer in time, or has ended."""


def walls() -> Iterator[tuple[str, list[str], list[str]]]:
    """Ways to shut a process in, the strongest first: in words, what comes before the shell, and before the command."""
    if sys.platform == "linux" and shutil.which("unshare") and shutil.which("setpriv"):
        apart = [
            "unshare",
            "--mount",
            "--net",
            "--ipc",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]
        less = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        if os.getuid() == 0:
            nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]
            yield "a namespace of its own, as nobody", apart, [*less, *nobody]
            yield "a namespace of its own, without rights", apart, less
        else:
            yield "a namespace of its own", [*apart, "--user", "--map-root-user"], less
    yield "a process of its own, with Python's audit events only", [], []


_WALL: list[tuple[str, list[str], list[str]]] = []  # the first that works here


class Sandbox:
    """A process for a student's code, shut in as well as this machine can; `wall` says how.

    Args:
        hidden: folders with answers in them, not to be seen from inside.
    """

    def __init__(self, hidden: list[Path]) -> None:
        exempt = [ROOT, Path(sys.prefix), Path(sys.executable)]
        self.hidden = [
            folder.resolve()
            for folder in hidden
            if folder.is_dir() and not any(_in(e, folder) for e in exempt)
        ]
        self.process = None

    def start(self) -> None:
        """Start the process anew.

        Raises:
            RuntimeError: it does not start in any way.
        """
        self.close()
        said = []
        for wall in list(_WALL) or walls():
            try:
                self._start(wall)
                if not _WALL:
                    _WALL.append(wall)
                return
            except (OSError, ValueError, Stopped) as error:
                said.append(f"{wall[0]}: {error}")
                self.close()
        raise RuntimeError(
            f"no process for students' code can be started here. {'; '.join(said)}"
        )

    def _start(self, wall: tuple[str, list[str], list[str]]) -> None:
        self.wall, before, inside = wall
        self.folder = Path(tempfile.mkdtemp(prefix="answers-")).resolve()
        self.folder.chmod(0o777)
        command = [sys.executable, "-m", "lessons.make.answering"]
        if before:
            hidden = [str(folder) for folder in self.hidden]
            shut = ["sh", "-c", SHUT, "sh", str(self.folder), str(len(hidden)), *hidden]
            command = [*before, "--", *shut, *inside, *command]
        kept = (
            "PATH",
            "LANG",
            "SYSTEMROOT",
            "SYSTEMDRIVE",
            "TEMP",
            "TMP",
            "NUMBER_OF_PROCESSORS",
        )
        around = {name: os.environ[name] for name in kept if name in os.environ}
        quiet = {
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "PYTHONPATH": str(ROOT),
        }
        here = dict.fromkeys(
            ("HOME", "COURSEKIT_HOME", "MPLCONFIGDIR", "USERPROFILE", "TMPDIR"),
            str(self.folder),
        )
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=around | quiet | here,
            start_new_session=True,
        )
        self.answers: queue.Queue = queue.Queue()
        threading.Thread(
            target=self._read, args=(self.process, self.answers), daemon=True
        ).start()
        outside = (
            [str(ROOT), tempfile.gettempdir(), os.path.expanduser("~")] if before else []
        )
        hello = {"hidden": [str(folder) for folder in self.hidden], "outside": outside}
        self.allow(START_LIMIT)
        found = self.ask(hello)
        if found.get("python") != sys.base_prefix:  # this one's is not to be read as nobody
            raise ValueError(f"it gets another Python, {found.get('python')}")
        if before and (found.get("writes") or found.get("sees")):
            raise ValueError(
                f"it can reach {(found.get('writes') or found.get('sees'))[0]}"
            )

    @staticmethod
    def _read(process: subprocess.Popen, answers: queue.Queue) -> None:
        """Hand on each line, None at the end; a line that is too long is one."""
        while line := process.stdout.readline(ANSWER_LIMIT):
            answers.put(line)
            if not line.endswith(b"\n"):
                break
        answers.put(None)

    def allow(self, seconds: float) -> None:
        """Let the answers from now on take so many seconds of a processor, and ten times as many by the clock."""
        self.until = self._used() + seconds, time.monotonic() + 10 * seconds

    def _used(self) -> float:
        """Seconds of a processor that the process and what it started have used."""
        used = 0.0
        with contextlib.suppress(psutil.Error, AttributeError):
            top = psutil.Process(self.process.pid)
            for one in (top, *top.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = one.cpu_times()
                    used += times.user + times.system
        return used

    def ask(self, question: dict) -> dict:
        """The answer to a question.

        Raises:
            Stopped: there is none in the time that was allowed; the process is gone then.
        """
        line, waits = None, 0.05
        with contextlib.suppress(OSError):
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            while True:
                try:
                    line = self.answers.get(timeout=waits)
                    break
                except queue.Empty:
                    waits = 0.5
                if self._used() > self.until[0] or time.monotonic() > self.until[1]:
                    self.close()
                    raise Stopped(
                        "it was stopped: it takes too long. Does a loop never end?"
                    )
        if line is None or not line.endswith(b"\n"):
            self.close()
            raise Stopped("its process has ended, or answered more than there is room for")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        return (
            answer if isinstance(answer, dict) else {"error": "its answer cannot be read"}
        )

    def close(self) -> None:
        """End the process, and all that it has started."""
        if self.process is None:
            return
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _in(place: Path, folder: Path) -> bool:
    return place.resolve().is_relative_to(folder.resolve())


# ---- the verdict


@dataclass
class Task:
    """What a test cell asks to be judged: it stands in the cell's hidden part."""

    exercise: str  # such as "03.softmax"
    answer: str  # the expression that was handed to `ck.check`
    seed: int
    variants: int

    @classmethod
    def of(cls, source: str) -> "Task":
        """The task of a test cell; a ValueError where it has none."""
        for step in ast.parse(source).body:
            if (
                isinstance(step, ast.Assign)
                and getattr(step.targets[0], "id", "") == "judged"
            ):
                return cls(**ast.literal_eval(step.value))
        raise ValueError("a test cell without a hidden part: make the class anew")


def verdict(
    task: Task, chunks: list[list[ast.stmt]], sandbox: Sandbox, seconds: float
) -> str | None:
    """None where the answer is right; else, in words, what is wrong.

    Args:
        task: what is judged.
        chunks: what is run before, see `needed`.
        sandbox: where that is run.
        seconds: that all of it may take.
    """
    exercise = _exercise(task.exercise)
    if exercise.cases and not exercise.breaks:
        _hidden(
            task.exercise, task.seed, task.variants
        )  # the class's time, not this student's
    if exercise.rule:  # what the rule is asked about is what is run
        chunks = [[step for step in steps if isinstance(step, READ)] for steps in chunks]
    try:
        if sandbox.process is None:
            sandbox.start()
        sandbox.allow(seconds)
        said = {}
        for steps in chunks:
            run = "\n".join(map(ast.unparse, steps))
            said = sandbox.ask({"run": run})
        reply = sandbox.ask({"answer": task.answer})
        if "error" in reply:
            return said.get("error") or reply["error"]
        if exercise.cases is None or exercise.breaks:
            return _of_value(task.exercise, reply)
        if not reply.get("function"):
            return "a function is asked for"
        return _of_function(exercise, task, sandbox) or _of_rule(
            exercise, chunks, task.answer
        )
    except Stopped as stopped:
        return str(stopped)


@cache
def _exercise(name: str) -> Exercise:
    lesson, _, short = name.partition(".")
    (file,) = SOLUTIONS.glob(f"{lesson}_*.py")
    return load_exercises(file)[short]


def _of_value(name: str, reply: dict) -> str | None:
    if reply.get("function"):
        return "a value is asked for; this is a function"
    try:
        found = decode(reply.get("value"))
    except Exception as error:  # whatever a forged answer leads to, it is no answer
        return f"its answer cannot be read: {type(error).__name__}"
    said = judge(name, found)
    return (
        None
        if said.state == "right"
        else f"{said.state}. {said.details.partition('Hint ')[0]}".strip()
    )


def _of_function(exercise: Exercise, task: Task, sandbox: Sandbox) -> str | None:
    for case in [*exercise.cases(), *_hidden(task.exercise, task.seed, task.variants)]:
        expected = exercise.solution(*copy.deepcopy(case))
        question = {"answer": task.answer, "arguments": encode(case)}
        shown = f"for      {case}\nexpected {expected}\n"
        try:
            reply = sandbox.ask(question)
        except Stopped as stopped:
            return f"{shown}but {stopped}"
        if "error" in reply:
            return f"{shown}but it raised {reply['error']}"
        try:
            found = decode(reply.get("value"))
            after = decode(reply.get("arguments"))
            right = agree(found, expected, exercise.tolerance)
            kept = isinstance(after, tuple) and all(
                agree(now, part, 0.0)
                for now, part in zip(after, case, strict=True)
                if not isinstance(part, PurePath)
            )
        except Exception as error:  # whatever a forged answer leads to, it is no answer
            return f"{shown}but its answer cannot be read: {type(error).__name__}"
        if not right:
            return f"{shown}got      {str(found)[:2000]}"
        if not kept:
            return f"{shown}the answer is right, but the function changed its input"
    return None


@cache
def _hidden(name: str, seed: int, count: int) -> list[tuple]:
    """The hidden variants of an exercise: drawn once for a whole class."""
    return variants.variants(_exercise(name), seed, count)


def _of_rule(exercise: Exercise, chunks: list[list[ast.stmt]], answer: str) -> str | None:
    if exercise.rule is None:
        return None
    function = as_read(chunks, answer)
    if function is None:
        return f"the results are right, but define {answer} once, by a def of its own: its rule is read from that"
    broken = exercise.rule(function)
    return broken and f"the results are right, but {broken}"


# ---- the two steps of nbgrader


class Restore(NbGraderPreprocessor):
    """Give the cells of a submission back the metadata of its assignment; take away outputs that may hold programs."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """See `Restore`; nbgrader calls it.

        Raises:
            ValueError: the submission is a link, perhaps to what its student may not read.
        """
        at, file = resources["nbgrader"], resources["metadata"]
        handed_in = Path(file["path"], f"{at['notebook']}.ipynb")
        if handed_in.is_symlink():
            raise ValueError(f"{handed_in} is a link to another file, which is not graded")
        with Gradebook(at["db_url"]) as gradebook:
            known = _assigned(gradebook.find_notebook(at["notebook"], at["assignment"]))
        nb = from_dict(json.loads(_written(json.dumps(nb, ensure_ascii=False))))
        place: dict[str, NotebookNode] = {}
        for cell in nb.cells:
            marks = cell.metadata.pop("nbgrader", None)
            name = marks.get("grade_id") if isinstance(marks, dict) else None
            if isinstance(name, str) and name in known:
                place[name] = (
                    cell  # of a cell that is there twice, the last counts, as in nbgrader
                )
            if cell.cell_type == "code":
                cell.outputs = [
                    kept for output in cell.outputs[:20] if (kept := _harmless(output))
                ]
        taken = {id(cell) for cell in place.values()}
        free = {_check(cell): cell for cell in nb.cells if id(cell) not in taken}
        for name, original in known.items():
            check = _check(
                original
            )  # of a cell without its metadata, it tells the exercise
            if name not in place and check and check in free:
                place[name] = free[check]
        before = -1
        for name, original in known.items():
            if name not in place:
                self.log.warning(
                    "Cell %s was missing from the submission; it is put back", name
                )
                place[name] = copy.deepcopy(original)
                nb.cells.insert(before + 1, place[name])
            place[name].metadata["nbgrader"] = copy.deepcopy(original.metadata["nbgrader"])
            before = next(
                number for number, cell in enumerate(nb.cells) if cell is place[name]
            )
        return nb, resources


def _check(cell: NotebookNode) -> str | None:
    """The exercise that a code cell checks, such as "softmax"; None if it checks none, or several."""
    found = CHECK.findall(cell.source) if cell.cell_type == "code" else []
    return found[0][1] if len(found) == 1 else None


def _written(text: str) -> str:
    """A text as a file can hold it: of half a character, as "\\ud800", a question mark is left."""
    return text.encode(errors="replace").decode()


def _assigned(notebook: object) -> dict[str, NotebookNode]:
    """The cells of an assignment as nbgrader has noted them, by name, in their order."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    cells = {}
    for cell in notebook.source_cells:
        marks = {
            "schema_version": 3,
            "grade_id": cell.name,
            "grade": cell.name in points,
            "task": False,
        }
        marks |= {
            "solution": cell.name in solutions,
            "locked": cell.locked,
            "cell_type": cell.cell_type,
        }
        marks |= {"checksum": cell.checksum} | (
            {"points": points[cell.name]} if cell.name in points else {}
        )
        made = {
            "cell_type": cell.cell_type,
            "source": cell.source,
            "metadata": {"nbgrader": marks},
        }
        code = {"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}
        cells[cell.name] = NotebookNode(
            NotebookNode(made | code, metadata=NotebookNode(made["metadata"]))
        )
    return cells


def _printed(text: str) -> NotebookNode:
    output = new_output("stream", name="stdout")
    output["text"] = text
    return output


def _harmless(output: NotebookNode) -> NotebookNode | None:
    """An output as text and pictures, shortened: a grader's browser opens it. None for what has neither."""
    if output.output_type == "stream":
        return _printed("".join(output.text)[:5000])
    if output.output_type in ("display_data", "execute_result"):
        data = {
            kind: value
            for kind, value in output.data.items()
            if kind in KINDS and len(value) < 1 << 20
        }
        data = {
            kind: value[:5000] if kind == "text/plain" else value
            for kind, value in data.items()
        }
        return new_output("display_data", data=data) if data else None
    return None


class Judge(NbGraderPreprocessor):
    """Judge each exercise of a submission in a process of its own, and write into its test cell what came out."""

    seconds = Int(20, help="of a processor that one exercise may take").tag(config=True)
    most = Int(
        180, help="seconds by the clock for one notebook; what is left then is wrong"
    ).tag(config=True)
    course = Unicode(
        "", help="the folder of the class, which students' code does not get to see"
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """See `Judge`; nbgrader calls it."""
        lesson = _lesson(resources["nbgrader"]["notebook"])
        marks = [cell.metadata.get("nbgrader", {}) for cell in nb.cells]
        cells = [
            code_of(
                "" if cell.cell_type != "code" or mark.get("grade") else cell.source,
                cell.source.strip() not in lesson,
            )
            for cell, mark in zip(nb.cells, marks, strict=True)
        ]
        places = {mark.get("grade_id"): number for number, mark in enumerate(marks)}
        until = time.monotonic() + self.most
        hidden = [
            Path(SOLUTIONS),
            ROOT / "lessons" / "solutions",
            ROOT / "tests" / "lessons",
            ROOT / ".git",
        ]
        sandbox = Sandbox([*hidden, *([Path(self.course)] if self.course else [])])
        try:
            for cell, mark in zip(nb.cells, marks, strict=True):
                if cell.cell_type != "code":
                    continue
                if not mark.get("grade"):
                    if cell.source.strip() in lesson:
                        cell.outputs = []  # the lesson's own: no news for who grades
                    continue
                task = Task.of(cell.source)
                left = min(self.seconds, until - time.monotonic())
                chunks = needed(
                    cells, places[mark["grade_id"].removesuffix("-test")], task.answer
                )
                wrong = (
                    verdict(task, chunks, sandbox, left)
                    if left > 0
                    else "all the time for a notebook is used up"
                )
                cell.outputs = [_said(wrong)]
        finally:
            sandbox.close()
        return nb, resources


def _lesson(notebook: str) -> set[str]:
    """The cells of the lesson, as they were handed out."""
    from .classes import handed_out

    return {
        cell.source.strip()
        for cell in handed_out(notebook).cells
        if cell.cell_type == "code"
    }


def _said(wrong: str | None) -> NotebookNode:
    if wrong is None:
        return _printed("right, for the cases of the exercise and for hidden ones\n")
    wrong = _written(wrong)
    return new_output(
        "error", ename="Wrong", evalue=wrong.splitlines()[0], traceback=wrong.splitlines()
    )
