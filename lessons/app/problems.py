"""What is said, as JSON and in a sentence, to those who are refused."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from .limits import Limits

BUSY = "Too many pictures at once: please try again in a moment."
YOURS = "Too many at once from your address: please try again in a moment."
PHRASES = {status.phrase for status in HTTPStatus}
WORDS = {404: "There is nothing at this address.", 405: "This address does not answer this method."}


class Problem(BaseModel):
    """What was wrong with a request, in a sentence."""

    detail: str


REFUSALS = {status: {"model": Problem} for status in (400, 403, 408, 413, 415, 422, 429, 503)}


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error as JSON; of what was sent and is quoted, half a character (as "\\ud800") becomes a question mark."""
    return JSONResponse({"detail": detail.encode(errors="replace").decode()}, status, headers)


def too_large(limits: Limits) -> str:
    """The sentence for a body that is too large."""
    return f"The file is too large: at most {limits.megabytes} MB are read."


async def in_words(request: Request, error: RequestValidationError) -> JSONResponse:
    """A form that lacks something, or no form at all."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return problem(415, "Send the picture as a form (multipart/form-data) with a field 'file'.")
    field = error.errors()[0]["loc"][-1]
    return problem(422, f"The form needs a field {field!r}" + " with a picture in it" * (field == "file") + ".")


async def refused(request: Request, error: HTTPException) -> JSONResponse:
    """What we refuse ourselves has its sentence; what the framework does gets one."""
    detail = WORDS.get(error.status_code, error.detail) if error.detail in PHRASES else error.detail
    return problem(error.status_code, detail, error.headers)


async def unforeseen(request: Request, error: Exception) -> JSONResponse:
    """Our own mistake; uvicorn writes it to its log."""
    return problem(500, "Something went wrong here. It is not your picture's fault.")
