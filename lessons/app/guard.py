"""What stands before the app, and looks at a request before it is read."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from fastapi import HTTPException
from fastapi.responses import JSONResponse

from .limits import Limits
from .problems import BUSY, YOURS, problem, too_large

HEADERS = {
    b"x-content-type-options": b"nosniff", b"referrer-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin", b"x-frame-options": b"DENY",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}  # fmt: skip
EVERY = ("0.0.0.0", "::")  # to listen at all of a computer's addresses


def address(scope: dict) -> str:
    """Who asks: an IP address, or of IPv6 the first half, since a single computer may have all of the second."""
    host = (scope.get("client") or ("",))[0]
    try:
        ip = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((ip, 64), strict=False)) if ip.version == 6 and not ip.ipv4_mapped else host


def is_ours(host: str, hosts: Sequence[str]) -> bool:
    """Whether the name in a request's `Host`, which a stranger's page can make up, is one of ours."""
    try:
        parts = urlsplit(f"//{host}")
        name = (parts.hostname or "").rstrip(".")
        known = parts.port != 0 and parts.netloc == host and "@" not in host
    except ValueError:
        return False
    if "*" in hosts or not known or name in hosts:
        return known
    try:
        return ip_address(name).is_loopback or any(every in hosts for every in EVERY)
    except ValueError:
        return False


class Guard:
    """Stands before the app: refuses what is too large, too slow, too much at once, or sent by another site's page.

    A body is counted while it comes in, whatever its header says, and never held here.

    Args:
        hosts: names by which the app is called; "*": any.
    """

    def __init__(self, app: Callable, limits: Limits, hosts: Sequence[str] = ("*",)) -> None:
        self.app, self.limits, self.hosts = app, limits, hosts
        self.inside = Counter()  # requests under way, of each address

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body = Body(receive, self.limits)

        async def answer(message: dict) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                ours = [pair for pair in HEADERS.items() if pair[0] not in given]
                message["headers"] = [*message["headers"], *ours]
            elif not message.get("more_body") and not body.complete:  # answered before all was sent
                await send(message | {"more_body": True})
                await body.discard()
                message = {"type": "http.response.body"}
            await send(message)

        body.complete = scope["method"] in ("GET", "HEAD")
        who = address(scope)
        if problem := self._problem(scope, who):
            return await problem(scope, receive, answer)
        if body.complete:
            return await self.app(scope, body.receive, answer)
        self.inside[who] += 1
        try:
            await self.app(scope, body.receive, answer)
        finally:
            self.inside -= Counter([who])  # forgets who has none left

    def _problem(self, scope: dict, who: str) -> JSONResponse | None:
        """What is wrong with a request, as far as its headers tell."""
        headers = {name: value.decode("latin-1").strip() for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if not is_ours(host, self.hosts):
            return problem(400, f"This server is not called {host[:60]!r}: --allow-host makes that a name of it.")
        if scope["method"] in ("GET", "HEAD"):
            return None
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        foreign = origin is not None and origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}")
        if site not in ("same-origin", "none") if site is not None else foreign:
            return problem(403, "Another site's page may not send pictures here.")
        length = headers.get(b"content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return problem(400, f"A length of {length[:40]!r} is no number of bytes.")
        if len(length.lstrip("0")) > 12 or int(length) > self.limits.megabytes * 10**6:
            return problem(413, too_large(self.limits))
        if "charset" in headers.get(b"content-type", "").lower().replace("charset=utf-8", ""):
            return problem(415, "Send the form in UTF-8.")
        if self.inside[who] >= self.limits.per_address:
            return problem(429, YOURS, {"retry-after": "1"})
        if self.inside.total() >= self.limits.at_once:
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
