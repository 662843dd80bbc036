"""The app, put together, and the command that serves it.

`coursekit app` runs it (`make app` too); `coursekit app --model FILE --port 8000` serves another model: whatever
`learn.export(FILE)` wrote, of images, texts, tables or ratings.
"""

import argparse
import asyncio
import ctypes
import logging
import queue
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, File, Form, HTTPException, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as Refused

import coursekit as ck
from coursekit.targets import Categories, Keypoints, Masks, MultiLabels, Numbers

from .answers import Answer, Model, Question
from .batches import Batcher
from .connections import guarded
from .corrections import Corrections
from .guard import Guard, address
from .limits import Limits
from .pages import add_pages
from .problems import BUSY, REFUSALS, Problem, in_words, refused, unforeseen
from .uploads import Large, decode

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a stranger's broken form is no news
Picture = Annotated[UploadFile, File(description="A JPEG, PNG, GIF or WebP file.")]
Text = Annotated[str, Form(description="A text; or a row, as JSON.")]
TITLES = {Categories: "Which one is it?", MultiLabels: "What is there?", Masks: "What is where?"}
TITLES |= {Keypoints: "Where is it?", Numbers: "How much is it?"}


class Kept(BaseModel):
    """The name under which a corrected picture was kept, and its right label."""

    file: str
    label: str


def create_app(
    model: ck.Predictor | ck.Learner, corrections: Path | str, limits: Limits = Limits(), *,
    title: str = "Which pet is it?", hosts: Sequence[str] = ("*",),
) -> FastAPI:  # fmt: skip
    """The web app.

    Args:
        model: from `ck.load` or `ck.Predictor.load`: of pictures, texts, or rows of a table or of ratings.
        corrections: the folder for pictures that were answered wrongly, where the model names one class for each.
        limits: see `Limits`.
        title: the page's question.
        hosts: names by which the app is called; "*": any; see `Guard`.

    Raises:
        ValueError: a language model, or something else that answers no such question.
    """
    asked = Model(model)
    log = Corrections(corrections, limits) if asked.corrects else None

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.batcher = Batcher(asked.answer, limits)
        app.state.readers, app.state.alone = ThreadPoolExecutor(limits.readers), ThreadPoolExecutor(1)
        yield
        app.state.readers.shutdown()
        app.state.alone.shutdown()
        app.state.batcher.stop()

    async def said(look: Callable[[bool], Question]) -> Answer:
        """The answer to a question, which a reader prepares and the batcher puts to the model."""
        question = await aside(app, look)
        try:
            return await asyncio.wrap_future(app.state.batcher.ask(question))
        except queue.Full as error:
            raise HTTPException(503, BUSY) from error

    async def predict(file: Picture) -> Answer:
        """What is on the picture?"""
        return await said(lambda alone: asked.picture(file, limits, alone))

    async def predict_text(text: Text) -> Answer:
        """What is to be said of the text, or of the row?"""
        return await said(lambda _: asked.text(text, limits))

    async def correct(
        request: Request, file: Picture, label: Annotated[str, Form(description="The right class.")],
    ) -> Kept:  # fmt: skip
        """The answer was wrong: keep the picture with its right label."""
        label, sender, channels = asked.class_called(label), address(request.scope), asked.model.channels
        name = await aside(app, lambda alone: log.add(decode(file, channels, limits, alone=alone), label, sender))
        return Kept(file=name, label=label)

    async def health() -> JSONResponse:
        """Whether the model answers, and how much it has done."""
        batcher = app.state.batcher
        good = batcher.thread.is_alive()
        counts = {"answered": batcher.answered, "forward_passes": batcher.passes, "waiting": batcher.waiting.qsize()}
        return JSONResponse({"status": "ok" if good else "failing"} | counts, 200 if good else 503)

    app = FastAPI(title=title, lifespan=running, docs_url=None, redoc_url=None)
    app.add_middleware(Guard, limits=limits, hosts=hosts)
    ask = predict if asked.takes == "picture" else predict_text
    app.post("/predict", responses=REFUSALS, response_model_exclude_unset=True)(ask)
    if asked.corrects:
        app.post("/corrections", responses=REFUSALS | {507: {"model": Problem}}, status_code=201)(correct)
    app.get("/health")(health)
    add_pages(app, asked.takes, asked.corrects)
    app.add_exception_handler(RequestValidationError, in_words)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(Exception, unforeseen)
    return app


async def aside(app: FastAPI, work: Callable[[bool], object]) -> object:
    """Do slow work in a reader's thread; with a large picture, in a thread of its own: small ones do not wait."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(app.state.readers, work, False)
    except Large:
        return await loop.run_in_executor(app.state.alone, work, True)


# --- the command ------------------------------------------------------------------------------------------------------


def trained(path: Path) -> ck.Predictor:
    """The classifier at `path`; if there is none yet, lesson 01's is trained on the sample and saved there."""
    if path.exists():
        return ck.load(path).predictor()
    print(f"there is no model at {path} yet: training lesson 01's classifier, which takes some seconds", flush=True)
    source = ck.ImageSource(ck.fetch("pets", "sample") / "images").labelled_by(ck.pattern_labels(r"(.+)_[0-9]+"))
    data = source.split(ck.at_random(0.25, seed=42)).loaders(size=64, augment=ck.Augment(), batch_size=32)
    learn = ck.vision_learner(data, metrics=[ck.error_rate])
    learn.fit_one_cycle(2, 5e-2)
    learn.unfreeze()
    learn.fit_one_cycle(3, (1e-3, 1e-2))
    return ck.load(learn.export(path)).predictor()


def names(host: str, allowed: Sequence[str] = ()) -> list[str]:
    """What the app is called: the address it listens at, this computer's own names, and those that are allowed.

    Any other name in a request's `Host` is a stranger's, who has made it point here to read answers in a visitor's
    browser (*DNS rebinding*).
    """
    own = socket.gethostname()
    return [name.lower().rstrip(".") for name in (host, "localhost", own, f"{own.partition('.')[0]}.local", *allowed)]


def settings(
    app: FastAPI, limits: Limits, host: str = "127.0.0.1", port: int = 0, proxy: str | None = None
) -> uvicorn.Config:
    """How uvicorn serves the app.

    Args:
        proxy: the address from which a reverse proxy asks: only what it says of who asked is believed.
    """
    return uvicorn.Config(
        app, host, port, http=guarded(limits, proxy), ws="none", access_log=False, server_header=False,
        proxy_headers=proxy is not None, forwarded_allow_ips=proxy,
    )  # fmt: skip


def give_back_memory() -> None:
    """Let Linux have a decoded picture's memory as soon as it is free; else glibc keeps blocks of up to 32 MB."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):  # musl has none
        library.mallopt(-3, 1_000_000)  # M_MMAP_THRESHOLD, in bytes


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    give_back_memory()
    kept = ck.home() / "app"
    parser = argparse.ArgumentParser("coursekit app", description="Serve a trained model as a web page.")
    parser.add_argument("--model", type=Path, help="a file from learn.export(...); else lesson 01's is used")
    parser.add_argument("--title", help="the page's question")
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1: this computer only; 0.0.0.0: its network")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="a name by which the app is called, such as pets.example.org, besides this computer's own",
    )  # fmt: skip
    parser.add_argument(
        "--proxy", metavar="ADDRESS", help="where the reverse proxy asks from: its X-Forwarded-For is believed"
    )
    parser.add_argument("--corrections", type=Path, default=kept / "corrections", help="a folder")
    chosen = parser.parse_args(arguments)
    hosts = names(chosen.host, chosen.allow_host)
    try:
        if chosen.model is None:
            model, title = trained(kept / "pets.safetensors"), "Which pet is it?"
        else:
            model = ck.load(chosen.model)
            title = TITLES.get(type(getattr(model.data, "target_type", None)), "What is it?")
        app = create_app(model, chosen.corrections, title=chosen.title or title, hosts=hosts)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if "/corrections" in app.openapi()["paths"]:
        print(f"corrections are kept in {chosen.corrections}", flush=True)
    uvicorn.Server(settings(app, Limits(), chosen.host, chosen.port, chosen.proxy)).run()


if __name__ == "__main__":
    main()
