"""What stands before the guard: a connection on which no request has come yet, or nobody takes the answer."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from uvicorn.protocols.http.h11_impl import H11Protocol

from .guard import address
from .limits import Limits
from .problems import YOURS

SLOW = "The request took too long to arrive."
ODD = "This is no HTTP request that is understood here."


class Connection(H11Protocol):
    """uvicorn's connection, with an end: for headers that never come, for answers that nobody takes, for too many.

    Args:
        limits: `connections` from one address, `header_seconds` for each request's headers, `seconds` for the answer.
        proxy: the address of the reverse proxy, which brings everybody's requests: it may open any number.
    """

    def __init__(self, *arguments: object, limits: Limits, proxy: str | None = None, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.limits, self.proxy, self.headers_timer, self.answer_timer = limits, proxy, None, None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Count it among its address's."""
        super().connection_made(transport)
        self.address = address({"client": self.client})
        same = sum(other.address == self.address for other in self.connections)
        if same > self.limits.connections and self.address != self.proxy:
            return self.refuse(429, YOURS)
        self.watch()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: perhaps the rest of a request's headers."""
        self.begun = True
        super().data_received(data)
        self.watch()

    def on_response_complete(self) -> None:
        """Wait for the next request, if one may come."""
        super().on_response_complete()
        self.watch()
        if self.transport.is_closing():
            self.end()

    def watch(self) -> None:
        """Set a time for the headers while no request is under way."""
        if self.transport.is_closing() or (self.cycle and not self.cycle.response_complete):
            self.headers_timer = stopped(self.headers_timer)
        elif self.headers_timer is None:
            self.begun = False
            self.headers_timer = self.loop.call_later(self.limits.header_seconds, self.give_up)

    def give_up(self) -> None:
        """No whole request has come in time."""
        if self.begun:
            return self.refuse(408, SLOW)
        self.end()

    def refuse(self, status: int, detail: str) -> None:
        """Say why, and end."""
        body = json.dumps({"detail": detail}).encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
        self.end()

    def send_400_response(self, msg: str) -> None:
        """Not HTTP, or headers of more than 64 KB."""
        self.refuse(400, ODD)

    def end(self) -> None:
        """Close, and do not wait for ever until the rest of the answer has been taken."""
        self.transport.close()
        self.loop.call_later(self.limits.seconds, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        """No further request has come."""
        super().timeout_keep_alive_handler()
        self.end()

    def pause_writing(self) -> None:
        """The answer is not taken as fast as it is given."""
        super().pause_writing()
        self.answer_timer = self.loop.call_later(self.limits.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It is taken again."""
        super().resume_writing()
        self.answer_timer = stopped(self.answer_timer)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self.headers_timer, self.answer_timer = stopped(self.headers_timer), stopped(self.answer_timer)
        super().connection_lost(exc)


def stopped(timer: asyncio.TimerHandle | None) -> None:
    """Cancel a timer, if there is one."""
    if timer is not None:
        timer.cancel()


def guarded(limits: Limits, proxy: str | None = None) -> Callable[..., Connection]:
    """What uvicorn makes for each connection."""
    return partial(Connection, limits=limits, proxy=proxy)
