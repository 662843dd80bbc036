"""What is said, as JSON and in a sentence, to those who are refused."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from .limits import Limits

BUSY = "Too many pictures at once: please try again in a moment."


class Problem(BaseModel):
    """What was wrong with a request, in a sentence."""

    detail: str


REFUSALS = {status: {"model": Problem} for status in (400, 403, 408, 413, 415, 422, 503)}


def problem(status: int, detail: str, headers: dict | None = None) -> JSONResponse:
    """An error as JSON."""
    return JSONResponse({"detail": detail}, status, headers)


def too_large(limits: Limits) -> str:
    """The sentence for a body that is too large."""
    return f"The file is too large: at most {limits.megabytes} MB are read."


async def in_words(request: Request, error: RequestValidationError) -> JSONResponse:
    """A form that lacks something, or no form at all."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return problem(415, "Send the picture as a form (multipart/form-data) with a field 'file'.")
    field = error.errors()[0]["loc"][-1]
    return problem(422, f"The form needs a field {field!r}" + " with a picture in it" * (field == "file") + ".")


async def unforeseen(request: Request, error: Exception) -> JSONResponse:
    """Our own mistake; uvicorn writes it to its log."""
    return problem(500, "Something went wrong here. It is not your picture's fault.")
