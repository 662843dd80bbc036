"""The app, put together, and the command that serves it.

`coursekit app` runs it (`make app` too); `coursekit app --model FILE --port 8000` serves another classifier that was
saved with `learn.predictor().save(FILE)`.
"""

import argparse
import asyncio
import logging
import queue
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, File, Form, HTTPException, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import coursekit as ck
from coursekit.targets import Categories
from coursekit.vision.source import normal

from .batches import Batcher
from .corrections import Corrections
from .guard import Guard
from .limits import Limits
from .pages import add_pages
from .problems import BUSY, REFUSALS, Problem, in_words, unforeseen
from .uploads import decode

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a stranger's broken form is no news
Picture = Annotated[UploadFile, File(description="A JPEG, PNG, GIF or WebP file.")]


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


def create_app(predictor: ck.Predictor, corrections: Path | str, limits: Limits = Limits()) -> FastAPI:
    """The web app.

    Args:
        predictor: of one class for each picture.
        corrections: the folder for pictures that were answered wrongly.
        limits: see `Limits`.

    Raises:
        ValueError: the predictor gives masks, keypoints or several labels.
    """
    classes = predictor.target_type
    if not isinstance(classes, Categories):
        raise ValueError(f"the app serves one class for each picture; this model gives {type(classes).__name__}")
    log = Corrections(corrections, limits)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.batcher = Batcher(predictor.predict, limits)
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
        image = await aside(lambda: predictor.resize(decode(file, predictor.channels, limits)))
        try:
            prediction = await asyncio.wrap_future(app.state.batcher.ask(image))
        except queue.Full as error:
            raise HTTPException(503, BUSY) from error
        probabilities = [Class(label=label, probability=p) for label, p in prediction.probabilities.items()]
        return Answer(label=prediction.label, classes=probabilities)

    async def correct(file: Picture, label: Annotated[str, Form(description="The right class.")]) -> Kept:
        """The answer was wrong: keep the picture with its right label."""
        label = normal(label)  # as the names of classes are
        if label not in classes.names:
            raise HTTPException(422, f"No class is called {label[:40]!r}; there are {', '.join(classes.names)}.")
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    kept = ck.home() / "app"
    parser = argparse.ArgumentParser("coursekit app", description="Serve a picture classifier.")
    parser.add_argument("--model", type=Path, help="a file from learn.predictor().save(...); else lesson 01's is used")
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1: this computer only; 0.0.0.0: its network")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--corrections", type=Path, default=kept / "corrections", help="a folder")
    chosen = parser.parse_args(arguments)
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
