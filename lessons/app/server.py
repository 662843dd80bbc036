"""The pet classifier as a web app: a page to upload a picture, a JSON answer, and a log of what was wrong.

`make app` runs it; `make app ARGS="--model FILE --port 8000"` serves another classifier that was saved with
`learn.predictor().save(FILE)`. The page is in page.html, beside this file. Lesson 18 reads both.
"""

import argparse
import asyncio
import base64
import csv
import hashlib
import io
import logging
import os
import queue
import re
import secrets
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import fastapi_offline  # brings Swagger UI, so that the API's page needs no other host
import uvicorn
from fastapi import FastAPI, File, Form, HTTPException, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from PIL import Image
from pydantic import BaseModel
from torch import Tensor
from torchvision.transforms.v2.functional import to_pil_image

import coursekit as ck
from coursekit.kinds import Categories

PAGE = Path(__file__).with_name("page.html")
SWAGGER = Path(fastapi_offline.__file__).with_name("static")
# No script or style but those whose sums are named, no other host, no frame around the page.
POLICY = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' {styles}; img-src 'self' blob: data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {b"x-content-type-options": b"nosniff", b"referrer-policy": b"no-referrer"}
KINDS = "send a JPEG, PNG, GIF or WebP file."
BUSY = "Too many pictures at once: please try again in a moment."
logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a stranger's broken form is no news
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Limits:
    """What one request may cost, and how many there may be at once."""

    megabytes: int = 10  # of a request's body
    megapixels: int = 25  # of a picture; decoded, each pixel takes three bytes, several times over
    seconds: float = 30  # to send the body
    at_once: int = 128  # requests under way; one more is told to come again
    readers: int = 2  # pictures decoded at the same time
    batch: int = 32  # pictures in one forward pass
    moment: float = 0.005  # seconds to wait for others to share it
    side: int = 1024  # pixels, of a picture that is kept
    corrections: int = 10_000  # pictures that are kept


class Class(BaseModel):
    """A class and how sure the model is of it, 0 to 1."""

    label: str
    probability: float


class Answer(BaseModel):
    """The most probable label, and all classes, the most probable first."""

    label: str
    classes: list[Class]


class Kept(BaseModel):
    """The name under which a corrected picture was kept, and its right label."""

    file: str
    label: str


class Problem(BaseModel):
    """What was wrong with a request, in a sentence."""

    detail: str


REFUSALS = {status: {"model": Problem} for status in (400, 403, 408, 413, 415, 422, 503)}
Picture = Annotated[UploadFile, File(description="A JPEG, PNG, GIF or WebP file.")]


# --- from bytes to a picture ------------------------------------------------------------------------------------------


def sniff(first: bytes) -> str | None:
    """The kind of picture that a file's first 12 bytes tell, in Pillow's words; None for anything else."""
    starts = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "GIF": b"GIF8"}
    for kind, start in starts.items():
        if first.startswith(start):
            return kind
    return "WEBP" if first[:4] == b"RIFF" and first[8:12] == b"WEBP" else None


def decode(upload: UploadFile, channels: int, limits: Limits) -> Tensor:
    """The uploaded picture, uint8 (channels, rows, columns).

    Raises:
        HTTPException: 415, not a picture; 413, too many pixels; 422, empty or damaged.
    """
    data = upload.file.read()
    said = (upload.content_type or "application/octet-stream").partition(";")[0].strip().lower()
    if not data:
        raise HTTPException(422, "The file is empty: choose a picture.")
    kind = sniff(data[:12])
    if kind is None:
        raise HTTPException(415, "This is not a picture that is read here: " + KINDS)
    if not said.startswith("image/") and said != "application/octet-stream":
        raise HTTPException(415, f"The file is announced as {said[:40]!r}, not as a picture.")
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as header:  # reads the header, and no pixels
            columns, rows = header.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        columns = rows = 10**6
    except Exception as error:  # a damaged file can end in any of Python's errors
        raise HTTPException(422, "The picture is damaged: its header cannot be read.") from error
    if rows * columns > limits.megapixels * 10**6:
        raise HTTPException(413, f"The picture has too many pixels: at most {limits.megapixels} million.")
    try:
        return ck.read_picture(io.BytesIO(data), channels)
    except ValueError as error:
        raise HTTPException(422, "The picture is cut off or damaged.") from error


# --- many pictures, one forward pass ----------------------------------------------------------------------------------


class Batcher:
    """Answers questions that come at the same time together: a thread takes them from a queue, a batch at a time.

    Args:
        answer: from a list of questions to the list of their answers.
        limits: `batch`, the most in one; `moment`, how long the first waits for others; `at_once`, the queue's places.
    """

    def __init__(self, answer: Callable[[list], list], limits: Limits) -> None:
        self.answer, self.limits = answer, limits
        self.waiting = queue.Queue(limits.at_once)
        self.answered = self.passes = 0
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def ask(self, question: object) -> Future:
        """Put a question in the queue; the future will hold its answer.

        Raises:
            queue.Full: all places are taken.
        """
        future = Future()
        self.waiting.put_nowait((question, future))
        return future

    def stop(self) -> None:
        """Answer what is in the queue, then end the thread."""
        self.waiting.put(None)
        self.thread.join()

    def _collect(self) -> tuple[list, bool]:
        """The next batch, and whether more is to come."""
        batch, until = [], None
        while len(batch) < self.limits.batch:
            try:
                item = self.waiting.get(timeout=until and max(0, until - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                return batch, False
            if item[1].set_running_or_notify_cancel():  # nobody waits for a cancelled one
                batch.append(item)
            until = until or time.monotonic() + self.limits.moment
        return batch, True

    def _work(self) -> None:
        more = True
        while more:
            batch, more = self._collect()
            if not batch:
                continue
            self.passes += 1
            try:
                answers = self.answer([question for question, _ in batch])
            except Exception as error:  # of ours: each who waits must hear of it, and the next batch be answered
                for _, future in batch:
                    future.set_exception(error)
                continue
            self.answered += len(batch)
            for (_, future), one in zip(batch, answers, strict=True):
                future.set_result(one)


# --- what was wrong ---------------------------------------------------------------------------------------------------


class Corrections:
    """Pictures and their right labels, as `ck.csv_labels` reads them: `images/` and `corrections.csv` in a folder.

    Pictures are kept under random names, upright, without what a camera writes about place and time. Nothing is ever
    overwritten. Should the program be killed between the row and its picture, the row is left without one:
    `ck.csv_labels(..., unused=True)` allows that.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self.limits, self.lock = Path(folder), limits, threading.Lock()
        self.images, self.table = self.folder / "images", self.folder / "corrections.csv"
        self.images.mkdir(parents=True, exist_ok=True)
        try:
            with self.table.open("x") as file:  # "x": only if there is none
                file.write("file,label\n")
        except FileExistsError:
            pass
        self.count = len(list(self.images.glob("*.png")))

    def add(self, picture: Tensor, label: str) -> str:
        """Keep a picture, uint8 (channels, rows, columns); gives its file's name.

        Raises:
            HTTPException: 507, there are enough.
            OSError: the disk is full, say; then neither picture nor row is there.
        """
        name = f"{secrets.token_hex(16)}.png"
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow([name, label])
        with self.lock:
            if self.count >= self.limits.corrections:
                raise HTTPException(507, "No more corrections are kept: train with those that are there.")
            self.count += 1
        image = to_pil_image(picture)
        image.thumbnail((self.limits.side, self.limits.side))
        hidden = self.images / f".{name}"
        try:
            with hidden.open("xb") as file:
                image.save(file, "PNG")
            self._append(row.getvalue().encode())
            hidden.rename(self.images / name)
        finally:
            hidden.unlink(missing_ok=True)
        return name

    def _append(self, row: bytes) -> None:
        """One write at the file's end: whole, whatever other processes append."""
        file = os.open(self.table, os.O_WRONLY | os.O_APPEND)
        try:
            with self.lock:
                if os.write(file, row) < len(row):
                    raise OSError(f"the disk is full: {self.table} ends in half a row")
        finally:
            os.close(file)


# --- before the app is asked ------------------------------------------------------------------------------------------


class Guard:
    """Stands before the app: refuses what is too large, too slow, too much at once, or sent by another site's page.

    A body is counted while it comes in, whatever its header says, and never held here.
    """

    def __init__(self, app: Callable, limits: Limits) -> None:
        self.app, self.limits, self.inside = app, limits, 0

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body = Body(receive, self.limits)

        async def answer(message: dict) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS.items()]
            elif not message.get("more_body") and not body.complete:  # answered before all was sent
                await send(message | {"more_body": True})
                await body.discard()
                message = {"type": "http.response.body"}
            await send(message)

        if scope["method"] in ("GET", "HEAD"):
            body.complete = True
            return await self.app(scope, body.receive, answer)
        if problem := self._problem(dict(scope["headers"])):
            return await problem(scope, receive, answer)
        self.inside += 1
        try:
            await self.app(scope, body.receive, answer)
        finally:
            self.inside -= 1

    def _problem(self, headers: dict[bytes, bytes]) -> JSONResponse | None:
        """What is wrong with a request, as far as its headers tell."""
        if headers.get(b"sec-fetch-site", b"none") in (b"cross-site", b"same-site"):
            return problem(403, "Another site's page may not send pictures here.")
        if int(headers.get(b"content-length", 0)) > self.limits.megabytes * 10**6:
            return problem(413, too_large(self.limits))
        if self.inside >= self.limits.at_once:
            return problem(503, BUSY, {"retry-after": "1"})
        return None


class Body:
    """A request's body while it comes in: counted, and given up when too large or too slow."""

    def __init__(self, receive: Callable, limits: Limits) -> None:
        self.source, self.limits = receive, limits
        self.size, self.complete, self.until = 0, False, time.monotonic() + limits.seconds

    async def receive(self) -> dict:
        """The next piece (ASGI)."""
        if self.complete:
            return await self.source()
        try:
            message = await asyncio.wait_for(self.source(), max(0, self.until - time.monotonic()))
        except (asyncio.TimeoutError, TimeoutError) as error:
            raise HTTPException(408, "The picture took too long to arrive.") from error
        self.size += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.size > self.limits.megabytes * 10**6:
            raise HTTPException(413, too_large(self.limits))
        return message

    async def discard(self, seconds: float = 3) -> None:
        """Read on without keeping anything, so that the sender sees the answer and not a broken connection."""
        until = time.monotonic() + seconds
        while not self.complete and time.monotonic() < until:
            try:
                message = await asyncio.wait_for(self.source(), max(0, until - time.monotonic()))
            except (asyncio.TimeoutError, TimeoutError):
                return
            self.complete = not message.get("more_body", False)


def problem(status: int, detail: str, headers: dict | None = None) -> JSONResponse:
    """An error as JSON."""
    return JSONResponse({"detail": detail}, status, headers)


def too_large(limits: Limits) -> str:
    """The sentence for a body that is too large."""
    return f"The file is too large: at most {limits.megabytes} MB are read."


# --- the app ----------------------------------------------------------------------------------------------------------


def secured(html: str) -> HTMLResponse:
    """A page that may run the scripts and styles it was written with, and no others."""

    def sums(tag: str) -> str:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found]
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    policy = POLICY.format(scripts=sums("script"), styles=sums("style"))
    return HTMLResponse(html, headers={"content-security-policy": policy, "cache-control": "no-cache"})


def create_app(predictor: ck.Predictor, corrections: Path | str, limits: Limits = Limits()) -> FastAPI:
    """The web app.

    Args:
        predictor: of one class for each picture.
        corrections: the folder for pictures that were answered wrongly.
        limits: see `Limits`.

    Raises:
        ValueError: the predictor gives masks, points or several labels.
    """
    if not isinstance(predictor.kind, Categories):
        raise ValueError(f"the app serves one class for each picture; this model gives {type(predictor.kind).__name__}")
    log = Corrections(corrections, limits)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.batcher = Batcher(predictor.many, limits)
        app.state.readers = ThreadPoolExecutor(limits.readers)
        yield
        app.state.readers.shutdown()
        app.state.batcher.stop()

    async def aside(work: Callable[[], object]) -> object:
        """Do slow work in a reader's thread."""
        return await asyncio.get_running_loop().run_in_executor(app.state.readers, work)

    async def predict(file: Picture) -> Answer:
        """Which pet is on the picture?"""
        # made small before it waits in the queue
        picture = await aside(lambda: predictor.resize(decode(file, predictor.channels, limits)))
        try:
            prediction = await asyncio.wrap_future(app.state.batcher.ask(picture))
        except queue.Full as error:
            raise HTTPException(503, BUSY) from error
        classes = [Class(label=label, probability=p) for label, p in prediction.probabilities.items()]
        return Answer(label=prediction.text, classes=classes)

    async def correct(file: Picture, label: Annotated[str, Form(description="The right class.")]) -> Kept:
        """The answer was wrong: keep the picture with its right label."""
        if label not in predictor.kind.names:
            raise HTTPException(422, f"No class is called {label[:40]!r}; there are {', '.join(predictor.kind.names)}.")
        return Kept(file=await aside(lambda: log.add(decode(file, predictor.channels, limits), label)), label=label)

    async def health() -> JSONResponse:
        """Whether the model answers, and how much it has done."""
        batcher = app.state.batcher
        good = batcher.thread.is_alive()
        counts = {"answered": batcher.answered, "forward_passes": batcher.passes, "waiting": batcher.waiting.qsize()}
        return JSONResponse({"status": "ok" if good else "failing"} | counts, 200 if good else 503)

    app = FastAPI(title="Which pet is it?", lifespan=running, docs_url=None, redoc_url=None)
    app.add_middleware(Guard, limits=limits)
    app.post("/predict", responses=REFUSALS)(predict)
    app.post("/corrections", responses=REFUSALS | {507: {"model": Problem}}, status_code=201)(correct)
    app.get("/health")(health)
    add_pages(app)
    app.add_exception_handler(RequestValidationError, in_words)
    app.add_exception_handler(Exception, unforeseen)
    return app


def add_pages(app: FastAPI) -> None:
    """The page for people, and the one that describes the API, with what it loads."""
    page = secured(PAGE.read_text(encoding="utf-8"))
    swagger = get_swagger_ui_html(
        openapi_url="openapi.json", title=app.title, swagger_js_url="static/swagger-ui-bundle.js",
        swagger_css_url="static/swagger-ui.css", swagger_favicon_url="static/favicon.png",
    )  # fmt: skip
    docs = secured(swagger.body.decode())
    app.add_api_route("/", lambda: page, include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route("/docs", lambda: docs, include_in_schema=False, response_class=HTMLResponse)
    app.mount("/static", StaticFiles(directory=SWAGGER))


async def in_words(request: Request, error: RequestValidationError) -> JSONResponse:
    """A form that lacks something, or no form at all."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return problem(415, "Send the picture as a form (multipart/form-data) with a field 'file'.")
    field = error.errors()[0]["loc"][-1]
    return problem(422, f"The form needs a field {field!r}" + " with a picture in it" * (field == "file") + ".")


async def unforeseen(request: Request, error: Exception) -> JSONResponse:
    """Our own mistake; uvicorn writes it to its log."""
    return problem(500, "Something went wrong here. It is not your picture's fault.")


# --- the command ------------------------------------------------------------------------------------------------------


def trained(path: Path) -> ck.Predictor:
    """The classifier at `path`; if there is none yet, lesson 01's is trained on the sample and saved there."""
    if path.exists():
        return ck.Predictor.load(path)
    print(f"there is no model at {path} yet: training lesson 01's classifier, which takes some seconds", flush=True)
    source = ck.ImageSource(ck.fetch("pets", "sample") / "images").labelled_by(ck.pattern_labels(r"(.+)_[0-9]+"))
    data = source.split(ck.at_random(0.25, seed=42)).loaders(size=64, augment=ck.Augment(), batch_size=32)
    learn = ck.vision_learner(data, metrics=[ck.error_rate])
    learn.fit_one_cycle(2, 5e-2)
    learn.unfreeze()
    learn.fit_one_cycle(3, (1e-3, 1e-2))
    learn.predictor().save(path)
    return ck.Predictor.load(path)


def main() -> None:
    """Serve until interrupted."""
    kept = ck.home() / "app"
    parser = argparse.ArgumentParser(description="Serve a picture classifier.")
    parser.add_argument("--model", type=Path, help="a file from learn.predictor().save(...); else lesson 01's is used")
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1: this computer only; 0.0.0.0: its network")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--corrections", type=Path, default=kept / "corrections", help="a folder")
    chosen = parser.parse_args()
    try:
        predictor = ck.Predictor.load(chosen.model) if chosen.model else trained(kept / "pets.safetensors")
        predictor.model.to(ck.device())
        app = create_app(predictor, chosen.corrections)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(f"corrections are kept in {chosen.corrections}", flush=True)
    uvicorn.run(app, host=chosen.host, port=chosen.port, access_log=False)


if __name__ == "__main__":
    main()
