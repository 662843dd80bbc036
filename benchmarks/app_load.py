"""Lesson 18's web app under load: 64 connections that ask again as soon as they are answered.

The server is a process of its own, on this machine; so the asking, which also takes time, shares its cores.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import torch

import coursekit as ck

from .report import machine, table, write

ROOT = Path(__file__).parents[1]
PETS = sorted((ck.fetch("pets", "sample") / "images").glob("*.jpg"))
GROWTH = 20  # MB that the server may take more after the run than before it: what its allocator keeps


def serve(batch):
    """Serve an untrained classifier, which costs as much as a trained one, with batches of at most `batch`."""
    import uvicorn

    from lessons.app.limits import Limits
    from lessons.app.server import create_app

    torch.manual_seed(0)
    pets = ck.ImageSource(PETS[::20]).labelled_by(ck.pattern_labels(r"(.+)_")).split(ck.at_random(0.25, seed=1))
    predictor = ck.vision_learner(pets.loaders(size=64, batch_size=8), progress=False).predictor()
    for size in range(1, batch + 1):  # PyTorch keeps something for each size that it meets, 60 MB for 32 of them
        predictor.predict(PETS[:size])
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(predictor, folder, Limits(batch=batch))
        uvicorn.run(app, port=0, access_log=False)


def request(file):
    """The bytes of a request that uploads a picture."""
    head = f'--x\r\ncontent-disposition: form-data; name="file"; filename="{file.name}"\r\ncontent-type: image/jpeg'
    body = head.encode() + b"\r\n\r\n" + file.read_bytes() + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    start = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return start.encode() + body


async def load(port, connections, seconds, requests):
    """Ask until the time is over; gives the seconds that each answer took, and what was not answered rightly."""
    times, wrong = [], []
    until = time.perf_counter() + seconds

    async def visitor(number):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < until:
            start = time.perf_counter()
            writer.write(requests[(number + len(times)) % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            answer = await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
            times.append(time.perf_counter() - start)
            if not head.startswith(b"HTTP/1.1 200") or not json.loads(answer)["label"]:
                wrong.append(answer)
        writer.close()

    await asyncio.gather(*(visitor(number) for number in range(connections)))
    return sorted(times), wrong


def health(port):
    """What the server says of itself."""
    with urlopen(f"http://127.0.0.1:{port}/health") as answer:
        return json.load(answer)


@contextmanager
def served(batch):
    """The app in a process of its own: its port, and that process."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as log:
        run = [sys.executable, "-m", "benchmarks.app_load", "--serve", str(batch)]
        process = subprocess.Popen(run, cwd=ROOT, stdout=log, stderr=log, env=environment)
        try:
            while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", Path(log.name).read_text(encoding="utf-8"))):
                if process.poll() is not None:
                    raise SystemExit(Path(log.name).read_text(encoding="utf-8"))
                time.sleep(0.1)
            yield int(found[1]), psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def measure(batch, connections, seconds):
    """One row of the table."""
    requests = [request(file) for file in PETS]
    with served(batch) as (port, process):
        asyncio.run(load(port, connections, seconds / 3, requests))  # warms up
        before, counts = process.memory_info().rss, health(port)
        times, wrong = asyncio.run(load(port, connections, seconds, requests))
        after, counted = process.memory_info().rss, health(port)
    grown = (after - before) / 1e6
    if wrong or grown > GROWTH or counted["answered"] - counts["answered"] != len(times):
        raise SystemExit(f"{len(wrong)} of {len(times)} wrong ({wrong[:1]}); {grown:.1f} MB more; {counted}")
    passes = counted["forward_passes"] - counts["forward_passes"]
    p50, p99 = (times[int(share * len(times))] for share in (0.5, 0.99))
    return [
        "one picture a pass" if batch == 1 else f"up to {batch} a pass",
        f"{len(times):,}", f"{len(times) / seconds:,.0f}", f"{len(times) / passes:.1f}",
        f"{1000 * p50:.0f}", f"{1000 * p99:.0f}", f"{len(wrong)}", f"{grown:+.1f}",
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        return serve(chosen.serve)
    rows = [measure(batch, chosen.connections, chosen.seconds) for batch in (1, 32)]
    heads = ["", "answers", "a second", "pictures a pass", "p50, ms", "p99, ms", "errors", "MB grown"]
    about = f"{machine()}; {chosen.connections} connections, {chosen.seconds:.0f} s each."
    write("app_load", f"{about}\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
