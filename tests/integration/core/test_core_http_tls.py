"""The HTTP client over TLS, beside real sockets."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared import http
from tests.certificates import server_context
from tests.integration.core.http_host import HANG_UP, OK, SILENT, Host


@pytest.fixture
def served(tmp_path: Path) -> ssl.SSLContext:
    return server_context(tmp_path)


@pytest.fixture
async def client(served: ssl.SSLContext, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client that trusts the host's certificate."""
    async with http.client(ssl.create_default_context(cafile=tmp_path / "server.pem")) as made:
        yield made


async def test_a_connection_is_used_again(client: httpx.AsyncClient, served: ssl.SSLContext) -> None:
    async with Host(tls=served) as host:
        assert [(await client.post(host.url, json=1)).text for _ in range(3)] == ["ok"] * 3
    assert host.connections == 1


async def test_a_host_that_nobody_vouches_for_is_sent_nothing(served: ssl.SSLContext) -> None:
    async with http.client() as client, Host(tls=served) as host:
        with pytest.raises(httpx.ConnectError):
            await client.post(host.url)
    assert host.heard == []


async def test_a_host_of_another_name_is_sent_nothing(client: httpx.AsyncClient, served: ssl.SSLContext) -> None:
    async with Host(tls=served) as host:
        with pytest.raises(httpx.ConnectError):
            await client.post(host.url.replace("localhost", "127.0.0.1"))
    assert host.heard == []


async def test_a_host_that_speaks_no_tls_is_a_connect_error(client: httpx.AsyncClient) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as mail:
        with pytest.raises(httpx.ConnectError):
            await client.post(f"https://localhost:{mail.sockets[0].getsockname()[1]}/")


async def test_a_handshake_that_does_not_end_is_a_connect_timeout(client: httpx.AsyncClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"https://localhost:{deaf.getsockname()[1]}/"
        with pytest.raises(httpx.ConnectTimeout):
            await client.post(url, timeout=httpx.Timeout(30, connect=0.3))


async def test_a_connection_that_its_host_ended_while_idle_is_not_used(
    client: httpx.AsyncClient, served: ssl.SSLContext
) -> None:
    async with Host(tls=served) as host:
        await client.post(host.url)
        host.hang_up()
        assert (await client.post(host.url)).text == "ok"
    assert (host.connections, len(host.heard)) == (2, 2)


@pytest.mark.parametrize("said", [b"", OK[:-1]])
async def test_an_answer_that_ends_before_its_end_is_a_protocol_error(
    client: httpx.AsyncClient, served: ssl.SSLContext, said: bytes
) -> None:
    async with Host(said + HANG_UP, tls=served) as host:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(host.url)


async def test_an_answer_may_end_with_its_connection(client: httpx.AsyncClient, served: ssl.SSLContext) -> None:
    async with Host(b"HTTP/1.1 200 OK\r\n\r\nok" + HANG_UP, tls=served) as host:
        assert (await client.post(host.url)).text == "ok"


async def test_a_silent_host_is_left_at_once(client: httpx.AsyncClient, served: ssl.SSLContext) -> None:
    async with Host(SILENT, tls=served) as host:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(host.url, timeout=httpx.Timeout(5, read=0.2))
        await asyncio.wait_for(host.left.wait(), 5)
