"""The one address of all functions: `/<deployed-name>/…` goes to that function's process, as an API gateway does it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from shared.errors import MethodNotAllowedError, NightshiftError, NotFoundError, TooLargeError

MAX_BODY = 16 << 20  # bytes; functions have their own, smaller limits
MARGIN = 15.0  # seconds more than the function's own timeout
IDLE = 2.0  # seconds; shorter than a function keeps its side open, so that no request meets a closing connection
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
HOP_BY_HOP |= {"proxy-authenticate", "proxy-authorization"}  # RFC 9110, section 7.6.1
TOO_LARGE = TooLargeError(f"The body may have {MAX_BODY} bytes at most.")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # what the functions' framework takes
FORWARDED_FOR = "X-Forwarded-For"  # its last entry is ours, so functions may trust it
UNSENT = frozenset({"Accept", "Accept-Encoding", "User-Agent", "Content-Type"})  # not to be invented on the way


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BadGatewayError(NightshiftError):
    """No function answered; the answer says with Proxy-Status that this 502 is the gateway's own."""

    status = 502


class GatewayTimeoutError(NightshiftError):
    status = 504


class Gateway:
    """A reverse proxy.

    Args:
        routes: port and timeout in seconds by deployed name.
        up: whether the function of a name serves now.
    """

    def __init__(self, routes: Mapping[str, tuple[int, float]], up: Callable[[str], bool]) -> None:
        self.routes, self.up = routes, up

        @web.middleware
        async def everything(request: web.Request, handler: Handler) -> web.StreamResponse:  # noqa: ARG001
            """Also what no route could match, such as a path with a line break."""
            return await self.answer(request)

        self.app = web.Application(client_max_size=MAX_BODY, middlewares=[everything])
        self.runner = web.AppRunner(self.app, access_log=None, auto_decompress=False, shutdown_timeout=1.0)

    async def start(self, port: int) -> None:
        """Listen on 127.0.0.1.

        Raises:
            OSError: the port is taken.
        """
        self.session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=IDLE),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=UNSENT,
        )
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port, reuse_address=True).start()

    async def stop(self) -> None:
        await self.runner.cleanup()
        await self.session.close()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; what cannot be forwarded is answered with a problem document."""
        try:
            return await self._forward(request)
        except NightshiftError as error:
            met = not isinstance(error, BadGatewayError)
            headers = {} if met else {"Proxy-Status": "nightshift; error=connection_terminated"}  # RFC 9209
            kind = "application/problem+json"
            return web.json_response(error.problem(), status=error.status, headers=headers, content_type=kind)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/").partition("/")[0]
        if name not in self.routes:
            raise NotFoundError(f"There is no function {name!r}. There are: {', '.join(self.routes)}.")
        if request.method not in METHODS:
            raise MethodNotAllowedError(f"A function answers {', '.join(METHODS)} at most.")
        if not request.path.isprintable():
            raise NotFoundError("There is nothing at this path.")
        port, timeout = self.routes[name]
        if (request.content_length or 0) > MAX_BODY:
            raise TOO_LARGE
        body = Body(request)
        try:
            async with self.session.request(
                request.method,
                URL(f"http://127.0.0.1:{port}{target(request)}", encoded=True),
                headers=forwarded(request),
                data=body.chunks() if request.can_read_body else None,
                allow_redirects=False,
                timeout=ClientTimeout(total=timeout + MARGIN, sock_connect=5),
            ) as answer:
                return await relayed(request, answer.status, answer.headers, answer.content.iter_any())
        except ClientConnectionError as error:
            if body.too_large:
                raise TOO_LARGE from error
            state = "ended without an answer" if self.up(name) else "is not up"
            raise BadGatewayError(f"{name} {state}. See {name}.log, or `nightshift status`.") from error
        except TimeoutError as error:
            raise GatewayTimeoutError(f"{name} did not answer in {timeout + MARGIN:.0f} s.") from error


def target(request: web.Request) -> str:
    """Path and query as they were sent. A client that takes us for a proxy sends a whole address (RFC 9112, 3.2.2)."""
    sent = request.raw_path
    return sent if sent.startswith("/") else URL(sent, encoded=True).raw_path_qs


def end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """The headers that go on: all but those of this one connection."""
    named = {name.strip().lower() for value in headers.getall("Connection", []) for name in value.split(",")}
    gone = HOP_BY_HOP | named | {"expect"}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in gone)


def forwarded(request: web.Request) -> CIMultiDict[str]:
    """What the function gets: the caller's headers, its address behind whatever it said itself, as the clouds do it."""
    headers = end_to_end(request.headers)
    said = headers.popall(FORWARDED_FOR, [])
    headers[FORWARDED_FOR] = ", ".join([*said, *filter(None, [request.remote])])
    return headers


class Body:
    """A request's body on its way."""

    def __init__(self, request: web.Request) -> None:
        self.request, self.too_large = request, False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in. Over the limit it breaks off, so that the function never sees an end of it."""
        size = 0
        async for chunk in self.request.content.iter_any():
            size += len(chunk)
            if size > MAX_BODY:
                self.too_large = True
                raise TOO_LARGE
            yield chunk


async def relayed(
    request: web.Request, status: int, headers: CIMultiDictProxy[str], body: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Pass an answer on as it comes; once it has begun, a failure can only break the connection."""
    answer = web.StreamResponse(status=status, headers=end_to_end(headers))
    await answer.prepare(request)
    try:
        async for chunk in body:
            await answer.write(chunk)
    except (ClientConnectionError, TimeoutError, OSError):
        if request.transport is not None:
            request.transport.abort()
        return answer
    await answer.write_eof()
    return answer
