"""An epoch of a small network in coursekit, in loops by hand and in six other libraries, measured in one run.

Each contestant has a process and a terminal of its own, in which it draws its progress. They take turns, and a ratio
compares two contestants of the same round, so that what else the machine does hits all alike.
"""

import argparse
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from statistics import median
from threading import Thread

from .contestants import CONTESTANTS
from .report import machine, spread, table, write
from .targets import judged

NAMES = {
    "hand_written": "1. a loop by hand, index batches",
    "hand_written_dataloader": "2. a loop by hand, `DataLoader`",
    "limit": "3. the limit",
    "coursekit": "4. coursekit",
    "fastai": "5. fastai",
    "lightning": "6. Lightning",
    "skorch": "7. skorch",
    "keras": "8. Keras on PyTorch",
    "ignite": "9. Ignite",
    "trainer": "10. Hugging Face's `Trainer`",
}
BASE, OURS = "hand_written", "coursekit"
SILENT = ("limit",)  # draws no progress
ROOT = Path(__file__).parents[1]


class Runner:
    """A contestant's process, which waits until it is asked for some epochs."""

    def __init__(self, name):
        self.name, self.drawn = name, 0
        terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))  # rows, columns
        answers, answering = os.pipe()
        command = [sys.executable, "-m", "benchmarks.contestants", name, str(answering)]
        pipes = dict(stdin=subprocess.PIPE, stdout=inside, stderr=inside, pass_fds=[answering])
        self.process = subprocess.Popen(
            command, **pipes, encoding="utf-8", cwd=ROOT, env=os.environ | {"TERM": "xterm"}
        )
        os.close(inside)
        os.close(answering)
        self.answers = os.fdopen(answers, encoding="utf-8")
        Thread(target=self._watch, args=[terminal], daemon=True).start()

    def _watch(self, terminal):
        """Read the terminal, or its process would wait for somebody to; count what returns to the start of a line."""
        self.screen = b""  # the end of it, for errors
        try:
            while text := os.read(terminal, 65536):
                self.drawn += text.count(b"\r") - text.count(b"\r\n")
                self.screen = (self.screen + text)[-4000:]
        except OSError:
            pass  # the process has ended

    def run(self, epochs):
        before = self.drawn
        print(epochs, file=self.process.stdin, flush=True)
        line = self.answers.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended:\n{self.screen.decode(errors='replace')}")
        return json.loads(line) | {"drawn": (self.drawn - before) / epochs}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def play(names, rounds, epochs):
    """Results of all rounds by contestant; a first round warms up and is left out."""
    runners = [Runner(name) for name in names]
    results = {name: [] for name in names}
    for i in range(rounds + 1):
        for runner in runners if i % 2 else runners[::-1]:
            result = runner.run(epochs + 1)
            check(runner.name, result)
            if i > 0:
                results[runner.name].append(result)
        print(f"round {i} of {rounds}: " + status(runners, results), file=sys.stderr)
    for runner in runners:
        runner.close()
    return results


def status(runners, results):
    if not results[runners[0].name]:
        return "warmed up"
    return ", ".join(f"{r.name} {median(results[r.name][-1]['seconds']):.3f} s" for r in runners)


def check(name, result):
    """Raise an AssertionError unless the contestant trained, validated what it trained and drew its progress."""
    for said, true in zip(result["said"], result["true"], strict=True):
        assert abs(said - true) < 1e-3, f"{name} reports {said} where its model gives {true}"
    assert name in SILENT or result["drawn"] >= 1, f"{name} drew no progress"


def check_alike(results):
    """All must learn the same: held-out loss within 10% of the hand-written loop's, accuracy within 0.03."""
    loss, accuracy = learned(results[BASE])
    for name, rounds in results.items():
        its_loss, its_accuracy = learned(rounds)
        alike = abs(its_loss / loss - 1) < 0.1 and abs(its_accuracy - accuracy) < 0.03 and its_accuracy > 0.7
        assert alike, (
            f"{name} learned something else: {its_loss:.3f}, {its_accuracy:.3f} beside {loss:.3f}, {accuracy:.3f}"
        )


def learned(rounds):
    return [median(values) for values in zip(*(result["true"] for result in rounds), strict=True)]


def seconds(rounds):
    """Each round's time of an epoch, the median of its epochs."""
    return [median(result["seconds"]) for result in rounds]


def rows(results):
    base, ours = seconds(results[BASE]), seconds(results[OURS])
    fastest_base = min(min(result["seconds"]) for result in results[BASE])
    for name, rounds in results.items():
        times = seconds(rounds)
        ratios, of_ours = ([own / other for own, other in zip(times, others, strict=True)] for others in (base, ours))
        fastest = min(min(result["seconds"]) for result in rounds)
        loss, accuracy = learned(rounds)
        yield [
            NAMES[name],
            spread(times, "{:.3f}"),
            spread(ratios, "{:.2f}"),
            spread(of_ours, "{:.2f}"),
            f"{fastest:.3f}",
            f"{fastest / fastest_base:.3f}",
            f"{loss:.3f}",
            f"{accuracy:.3f}",
            f"{median(result['drawn'] for result in rounds):,.0f}",
        ]


def main():
    names = [contestant.__name__ for contestant in CONTESTANTS]
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5, help="interleaved rounds, beside one that warms up")
    arguments.add_argument("--epochs", type=int, default=4, help="timed epochs in a round, beside one that warms up")
    arguments.add_argument(
        "--only", nargs="*", choices=names, help="these beside the first and coursekit; writes nothing"
    )
    given = arguments.parse_args()
    chosen = [name for name in names if name in (BASE, OURS) or given.only is None or name in given.only]
    load = os.getloadavg()[0]
    results = play(chosen, given.rounds, given.epochs)
    check_alike(results)
    ratios = ["times the first", "times coursekit"]
    heads = ["", "seconds an epoch", *ratios, "fastest", "times", "held-out loss", "accuracy", "redraws"]
    text = f"{machine()}; load before the start {load:.1f}.\n\n{table(heads, rows(results))}"
    print(judged("epoch", text)) if given.only is not None else write("epoch", text)


if __name__ == "__main__":
    main()
