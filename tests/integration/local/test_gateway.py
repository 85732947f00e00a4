"""The gateway in front of the functions."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, web
from yarl import URL

from infra.local.gateway import MAX_BODY, Gateway
from infra.local.program import free_port

GO, PORT = web.AppKey("go", asyncio.Event), web.AppKey("port", int)


async def echo(request: web.Request) -> web.StreamResponse:
    """Answer with what arrived."""
    body = await request.read()
    seen = {
        "method": request.method,
        "path": request.raw_path,
        "headers": [[name, value] for name, value in request.headers.items()],
        "body": len(body),
    }
    return web.json_response(seen, status=418, headers={"X-Mine": "yes", "Connection": "X-Gone", "X-Gone": "1"})


async def drip(request: web.Request) -> web.StreamResponse:
    """A first chunk, then nothing until the test says so."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(b"first")
    await request.app[GO].wait()
    if request.query.get("break"):
        assert request.transport
        request.transport.abort()
        return answer
    await answer.write(b"second")
    return answer


@pytest.fixture
async def function() -> AsyncIterator[web.Application]:
    app = web.Application(client_max_size=2 * MAX_BODY)
    app[GO] = asyncio.Event()
    app[PORT] = free_port()
    app.router.add_route("*", "/echo/drip", drip)
    app.router.add_route("*", "/echo{path:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", app[PORT]).start()
    yield app
    await runner.cleanup()


@pytest.fixture
async def base(function: web.Application) -> AsyncIterator[str]:
    gateway = Gateway({"echo": (function[PORT], 5.0), "asleep": (free_port(), 5.0)}, lambda name: name == "echo")
    port = free_port()
    await gateway.start(port)
    yield f"http://127.0.0.1:{port}"
    await gateway.stop()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def headers(seen: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in seen["headers"]}


@pytest.mark.parametrize("path", ["/echo", "/echo/", "/echo/a%2Fb/%C3%A9?q=1&q=2&empty=", "/echo/a//b?x=%20y+z"])
async def test_path_and_query_arrive_as_they_were_sent(base: str, http: ClientSession, path: str) -> None:
    async with http.get(URL(base + path, encoded=True)) as answer:
        assert (await answer.json())["path"] == path


async def test_headers_pass_both_ways_except_those_of_the_connection(base: str, http: ClientSession) -> None:
    sent = {"X-Yours": "1", "Connection": "X-Secret", "X-Secret": "2", "TE": "trailers", "Host": "example.com"}
    async with http.post(f"{base}/echo", headers=sent, data=b"x") as answer:
        seen = headers(await answer.json())
        assert answer.status == 418
        assert answer.headers["X-Mine"] == "yes"
        assert "X-Gone" not in answer.headers
    assert seen["x-yours"] == "1"
    assert seen["host"] == "example.com"
    assert not {"x-secret", "te"} & seen.keys()


async def test_nothing_but_the_callers_address_is_added_on_the_way(base: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    writer.write(b"GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert b'"headers": [["Host", "h"], ["X-Forwarded-For", "127.0.0.1"]]' in answer


async def test_the_callers_address_stands_behind_what_it_said_itself(base: str) -> None:
    said = b"GET /echo HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1, 192.0.2.2\r\nx-forwarded-for: 192.0.2.3"
    assert b'["X-Forwarded-For", "192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1"]]' in await raw(base, said)


async def test_the_callers_address_is_not_to_be_taken_away(base: str) -> None:
    said = b"GET /echo HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: X-Forwarded-For"
    assert b'["X-Forwarded-For", "127.0.0.1"]]' in await raw(base, said)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_every_method_passes(base: str, http: ClientSession, method: str) -> None:
    async with http.request(method, f"{base}/echo") as answer:
        assert answer.status == 418


async def test_a_large_body_passes_whole(base: str, http: ClientSession) -> None:
    async with http.post(f"{base}/echo", data=b"x" * MAX_BODY) as answer:
        assert (await answer.json())["body"] == MAX_BODY


async def test_a_body_without_a_length_passes_too(base: str, http: ClientSession) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1000

    async with http.post(f"{base}/echo", data=chunks()) as answer:
        assert (await answer.json())["body"] == 3000


async def test_a_body_over_the_limit_is_refused(base: str, http: ClientSession) -> None:
    async with http.post(f"{base}/echo", data=b"x" * (MAX_BODY + 1)) as answer:
        assert answer.status == 413
        assert answer.content_type == "application/problem+json"


async def test_a_body_over_the_limit_is_refused_also_without_a_length(base: str, http: ClientSession) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b"x" * (1 << 20)

    async with http.post(f"{base}/echo", data=chunks()) as answer:
        assert answer.status == 413


async def test_an_answer_is_passed_on_as_it_comes(base: str, http: ClientSession, function: web.Application) -> None:
    async with http.get(f"{base}/echo/drip") as answer:
        assert await answer.content.readexactly(5) == b"first"
        function[GO].set()
        assert await answer.content.read() == b"second"


async def test_an_answer_that_breaks_off_breaks_off_here_too(
    base: str, http: ClientSession, function: web.Application
) -> None:
    function[GO].set()
    with pytest.raises(ClientError):
        async with http.get(f"{base}/echo/drip?break=1") as answer:
            await answer.read()


async def test_a_function_that_is_not_up_is_a_problem_that_names_it(base: str, http: ClientSession) -> None:
    async with http.post(f"{base}/asleep", data=b"x") as answer:
        problem = await answer.json()
    assert answer.status == 502
    assert answer.content_type == "application/problem+json"
    assert "asleep is not up" in problem["detail"]
    assert answer.headers["Proxy-Status"].startswith("nightshift;")


async def test_an_unknown_function_is_a_problem_that_names_the_known_ones(base: str, http: ClientSession) -> None:
    async with http.get(f"{base}/nothing") as answer:
        problem = await answer.json()
    assert answer.status == 404
    assert "echo, asleep" in problem["detail"]


async def raw(base: str, request: bytes) -> bytes:
    """The answer to a request that no HTTP client would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    writer.write(request + b"\r\nHost: h\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_request_as_to_a_proxy_goes_to_the_function_of_its_path_and_nowhere_else(base: str) -> None:
    assert b'"path": "/echo/a%2Fb?q=1"' in await raw(base, b"GET http://elsewhere.example/echo/a%2Fb?q=1 HTTP/1.1")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /echo/%0a HTTP/1.1", b"404"),
        (b"GET /echo/%0d%0aX:1 HTTP/1.1", b"404"),
        (b"GET /%0a HTTP/1.1", b"404"),
        (b"OPTIONS * HTTP/1.1", b"404"),
        (b"TRACE /echo HTTP/1.1", b"405"),
    ],
)
async def test_what_no_function_could_take_is_a_problem(base: str, request_line: bytes, status: bytes) -> None:
    answer = await raw(base, request_line)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"application/problem+json" in answer
