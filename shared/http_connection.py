"""One connection to one host: a request, its whole answer, and then perhaps the next request."""

import asyncio
import select
import time
from typing import cast

import httpx

from shared.http_answer import Answer


class Connection(asyncio.Protocol):
    """What asyncio tells of a connection.

    Attributes:
        open: whether neither side has ended it.
        since: when it was last in use, by the monotonic clock.
    """

    transport: asyncio.Transport
    answer: Answer

    def __init__(self) -> None:
        self.open, self.since = False, 0.0
        self.waiting: asyncio.Future[None] | None = None

    async def exchange(self, method: str, request: bytes, seconds: float | None) -> Answer:
        """Send a request and wait for its answer; whatever goes wrong ends the connection.

        Args:
            seconds: from now to the last byte of the answer.

        Raises:
            httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError: the
                request, or a part of it, may have been received and acted upon.
        """
        loop = asyncio.get_running_loop()
        self.answer, self.waiting = Answer(method), loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, self.late)
        self.transport.write(request)
        try:
            await self.waiting
        except BaseException:
            self.abort()
            raise
        finally:
            self.waiting, self.since = None, time.monotonic()
            if timer is not None:
                timer.cancel()
        return self.answer

    def fresh(self, longest: float) -> bool:
        """Whether the other side still listens, as far as this machine has heard, and it was not idle for too long.

        An idle connection that can be read from has ended, or says what nobody asked: the loop may not have looked
        yet, as after a cloud froze the process.
        """
        if not self.open or time.monotonic() - self.since > longest:
            return False
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket"), select.POLLIN)
        return not poll.poll(0)

    def late(self) -> None:
        unsent = self.transport.get_write_buffer_size() > 0
        self.fail(httpx.WriteTimeout("not sent in time") if unsent else httpx.ReadTimeout("no answer in time"))

    def fail(self, error: httpx.TransportError) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(error)
        self.abort()

    def done(self) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    def abort(self) -> None:
        """End it at once; over TLS a polite end would wait for the other side."""
        if self.open:
            self.open = False
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.open = cast("asyncio.Transport", transport), True  # of TCP or TLS

    def data_received(self, data: bytes) -> None:
        if self.waiting is None or self.waiting.done():
            self.abort()
            return
        try:
            if self.answer.feed(data):
                self.done()
        except httpx.RemoteProtocolError as error:
            self.fail(error)

    def eof_received(self) -> None:
        """The other side sends nothing more, which ends an answer without a length."""
        try:
            if self.waiting is not None:
                self.answer.end()
            self.done()
            self.abort()
        except httpx.RemoteProtocolError as error:
            self.fail(error)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        kind = httpx.WriteError if isinstance(error, BrokenPipeError) else httpx.ReadError
        self.fail(kind(f"the connection broke ({type(error).__name__})"))
