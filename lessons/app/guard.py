"""What stands before the app, and looks at a request before it is read."""

import asyncio
import time
from collections.abc import Callable

from fastapi import HTTPException
from fastapi.responses import JSONResponse

from .limits import Limits
from .problems import BUSY, problem, too_large

HEADERS = {b"x-content-type-options": b"nosniff", b"referrer-policy": b"no-referrer"}


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
