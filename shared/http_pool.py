"""Connections that are kept between requests: what an httpx client sends through.

httpx's own pool looks through all its requests and connections for every one that starts or ends, which costs more
the more are under way; docs/decisions/0008 has the figures.
"""

import asyncio
import re
import ssl
from collections import defaultdict
from typing import Any, NamedTuple

import httpx

from shared.http_connection import Connection

KEPT = 30.0  # seconds for which an idle connection is used again
RACE: dict[str, Any] = {"happy_eyeballs_delay": 0.25}  # seconds after which a host's next address is tried, too
HEAD = re.compile(rb"[A-Z]+ [!-~]+ HTTP/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [^\0\r\n]*\r\n)*\r\n")
PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class Pool(httpx.AsyncBaseTransport):
    """An httpx transport for HTTP/1.1: whole answers, no retries, no proxies. It lives in one event loop.

    The timeouts are httpx's, but for `read`: seconds for the whole answer, not for each piece of it, so that a call
    ends when its caller said so.

    Errors are httpx's, and tell apart what a caller may repeat:
        nothing has left: UnsupportedProtocol, LocalProtocolError, PoolTimeout, ConnectTimeout, ConnectError;
        it may have been acted upon: every other.
    """

    def __init__(self, connections: int, tls: ssl.SSLContext | None = None) -> None:
        """Create it without connecting.

        Args:
            connections: requests under way at most; the next one waits.
            tls: whom to trust; by default the authorities that `certifi` lists.
        """
        self.slots = asyncio.Semaphore(connections)
        self.idle: dict[Origin, list[Connection]] = defaultdict(list)
        self.trusted = tls
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        origin, written = origin_of(request.url), message(request, await request.aread())
        limits = request.extensions.get("timeout", {})
        await self.slot(limits.get("pool"))
        try:
            connection = self.kept(origin) or await self.connected(origin, limits.get("connect"))
            answer = await connection.exchange(request.method, written, limits.get("read"))
            self.keep(origin, connection, lasting=answer.lasting)
        finally:
            self.slots.release()
        return answer.response()

    async def aclose(self) -> None:
        """End what is idle now, and what is under way when its answer is there."""
        self.closed = True
        for connection in (each for kept in self.idle.values() for each in kept):
            connection.abort()
        self.idle.clear()
        await asyncio.sleep(0)  # sockets are closed a turn of the loop later

    async def slot(self, seconds: float | None) -> None:
        if not self.slots.locked():
            await self.slots.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self.slots.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("too many requests are under way") from None

    def kept(self, origin: Origin) -> Connection | None:
        """The idle connection that was in use last, if it can still be used; those that cannot are let go."""
        idle = self.idle[origin]
        while idle:
            connection = idle.pop()
            if connection.fresh(KEPT):
                return connection
            connection.abort()
        return None

    async def connected(self, origin: Origin, seconds: float | None) -> Connection:
        try:
            async with asyncio.timeout(seconds):
                connection = await self.connect(origin)
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection in time") from None
        except (OSError, UnicodeError) as error:  # the latter: a name that cannot be one
            raise httpx.ConnectError(f"no connection ({type(error).__name__})") from error
        if not connection.open:
            raise httpx.ConnectError("the connection ended at once")
        return connection

    async def connect(self, origin: Origin) -> Connection:
        return await self.reached(origin, origin.host)

    async def reached(self, origin: Origin, host: str) -> Connection:
        """A connection to a host, or to one of its addresses; TLS goes by the origin's name in any case."""
        loop, secure = asyncio.get_running_loop(), origin.scheme == "https"
        _, connection = await loop.create_connection(
            Connection,
            host,
            origin.port,
            ssl=self.tls() if secure else None,
            server_hostname=origin.host if secure else None,
            **RACE if isinstance(loop, asyncio.BaseEventLoop) else {},  # uvloop, which a server may bring, knows none
        )
        return connection

    def tls(self) -> ssl.SSLContext:
        """Made on first use: reading the authorities takes 20 ms, and nobody waits for them who calls without TLS."""
        if self.trusted is None:
            self.trusted = httpx.create_ssl_context(trust_env=False)
            self.trusted.set_alpn_protocols(["http/1.1"])
        return self.trusted

    def keep(self, origin: Origin, connection: Connection, *, lasting: bool) -> None:
        if lasting and connection.open and not self.closed:
            self.idle[origin].append(connection)
        else:
            connection.abort()


def origin_of(url: httpx.URL) -> Origin:
    if url.scheme not in PORTS or not url.host:
        raise httpx.UnsupportedProtocol("The address is not one of http:// or https://.")
    return Origin(url.scheme, url.raw_host.decode("ascii"), url.port or PORTS[url.scheme])


def message(request: httpx.Request, content: bytes) -> bytes:
    """A request's bytes. A body that came in pieces of unknown length goes out as one chunk.

    Raises:
        httpx.LocalProtocolError: its method, address or a header holds what HTTP has no place for.
    """
    fields = [b"%b: %b\r\n" % field for field in request.headers.raw]
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (request.method.encode(), request.url.raw_path, b"".join(fields))
    if not HEAD.fullmatch(head) or head.count(b"\n") != len(fields) + 2:
        raise httpx.LocalProtocolError("The request cannot be written as HTTP.")
    if "transfer-encoding" in request.headers:
        content = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n"
    return head + content
