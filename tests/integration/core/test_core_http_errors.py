"""The HTTP client's errors beside real sockets: what has left for certain not, and what may have been received."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import httpx
import pytest

from shared import http, http_answer
from shared.providers.reach import NEVER_LEFT
from tests.integration.core.http_host import HANG_UP, OK, SILENT, Host

SHORT = 0.2  # seconds until a client gives up that expects no answer


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http.client() as made:
        yield made


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}/"


@pytest.fixture
def crowded() -> Iterator[str]:
    """An address that takes no further connection: nobody accepts, and the queue is full."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the socket's own way
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


def test_what_is_taken_for_never_left_is_what_never_leaves() -> None:
    never = {httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol}
    assert set(NEVER_LEFT) == never


async def test_a_host_that_does_not_listen_is_a_connect_error(client: httpx.AsyncClient, nobody: str) -> None:
    with pytest.raises(httpx.ConnectError) as caught:
        await client.post(nobody)
    assert caught.value.request.url == nobody
    assert "127.0.0.1" not in str(caught.value)


async def test_a_host_that_takes_no_connection_is_a_connect_timeout(client: httpx.AsyncClient, crowded: str) -> None:
    with pytest.raises(httpx.ConnectTimeout):
        await client.post(crowded, timeout=httpx.Timeout(30, connect=SHORT))


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "/no/host", "http:///"])
async def test_an_address_that_is_none_is_an_unsupported_protocol(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        await client.post(url)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"authorization": "Bearer a\r\nx-more: yes"}),
        ("GET", {"authorization": "Bearer a\n"}),
        ("GET", {"a b": "c"}),
        ("GET /\r\n", {}),
    ],
    ids=["two headers in one", "a key with its line's end", "a name of two words", "a method of two words"],
)
async def test_what_cannot_be_written_as_http_is_not_sent(
    client: httpx.AsyncClient, method: str, headers: dict[str, str]
) -> None:
    async with Host() as host:
        with pytest.raises(httpx.LocalProtocolError):
            await client.request(method, host.url, headers=headers)
    assert host.connections == 0


@pytest.mark.parametrize("said", [SILENT, OK[:9], OK[:-1], b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_an_answer_that_does_not_come_in_time_is_a_read_timeout(client: httpx.AsyncClient, said: bytes) -> None:
    async with Host(said, OK) as host:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(host.url, timeout=httpx.Timeout(5, read=SHORT))
        await asyncio.wait_for(host.left.wait(), 5)
        assert (await client.post(host.url)).text == "ok"


async def test_a_trickle_does_not_put_the_end_of_the_time_off(client: httpx.AsyncClient) -> None:
    async with Host(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n") as host:
        sent = asyncio.create_task(client.post(host.url, timeout=httpx.Timeout(5, read=SHORT)))
        await host.asked.wait()
        [writer] = host.sessions
        while not sent.done():
            writer.write(b".")
            await asyncio.wait([sent], timeout=SHORT / 5)
        assert isinstance(sent.exception(), httpx.ReadTimeout)


async def test_a_request_that_is_not_taken_in_time_is_a_write_timeout(client: httpx.AsyncClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        with pytest.raises(httpx.WriteTimeout):
            await client.post(url, content=b"." * 64_000_000, timeout=httpx.Timeout(5, read=SHORT))


@pytest.mark.parametrize(
    "said",
    [b"", OK[:9], OK[:-1], b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"],
    ids=["nothing", "half a head", "half a body", "no last chunk"],
)
async def test_an_answer_that_ends_before_its_end_is_a_protocol_error(client: httpx.AsyncClient, said: bytes) -> None:
    async with Host(said + HANG_UP) as host:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(host.url)
    assert len(host.heard) == 1


async def test_a_reset_is_a_read_error(client: httpx.AsyncClient) -> None:
    async with Host(SILENT) as host:
        sent = asyncio.create_task(client.post(host.url))
        await host.asked.wait()
        host.reset()
        with pytest.raises(httpx.ReadError):
            await sent


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "said",
    [
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok?",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        CHUNKED + b"ok\r\n",
        CHUNKED + b"1\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000,
        CHUNKED + b"2" * 70_000,
        CHUNKED + b"0\r\n" + b"A: b\r\n" * 20_000,
    ],
)
async def test_an_answer_that_is_not_http_is_a_protocol_error(client: httpx.AsyncClient, said: bytes) -> None:
    async with Host(said, OK) as host:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(host.url)
        assert (await client.post(host.url)).text == "ok"
    assert host.connections == 2


@pytest.mark.parametrize("framing", [b"Content-Length: 300\r\n\r\n", b"X: y\r\n\r\n"])
async def test_an_answer_that_is_too_long_is_a_protocol_error(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, framing: bytes
) -> None:
    monkeypatch.setattr(http_answer, "BODY", 100)
    monkeypatch.setattr(http_answer, "HEAD", 100)
    async with Host(b"HTTP/1.1 200 OK\r\n" + framing + b"." * 300) as host:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(host.url)


async def test_a_body_that_is_not_compressed_as_it_says_is_a_decoding_error(client: httpx.AsyncClient) -> None:
    async with Host(OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")) as host:
        with pytest.raises(httpx.DecodingError):
            await client.post(host.url)


async def test_a_compressed_body_is_read(client: httpx.AsyncClient) -> None:
    body = gzip.compress(b"hello")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with Host(head + body) as host:
        assert (await client.get(host.url)).text == "hello"
