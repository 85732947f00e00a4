"""The HTTP client beside real sockets: what it sends, and which connection it sends through."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from shared import http, http_pool
from tests.integration.core.http_host import HANG_UP, OK, SILENT, Host


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http.client() as made:
        yield made


async def test_a_request_arrives_as_it_was_given(client: httpx.AsyncClient) -> None:
    async with Host() as host:
        answer = await client.post(f"{host.url}a?b=c d", json={"chat": 1}, headers={"x-more": "yes"})
    assert (answer.status_code, answer.text, answer.http_version, answer.reason_phrase) == (200, "ok", "HTTP/1.1", "OK")
    assert answer.request.url.path == "/a"
    head, _, body = host.heard[0].partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    assert line == b"POST /a?b=c%20d HTTP/1.1"
    assert {b"Host: " + f"127.0.0.1:{host.port}".encode(), b"Content-Type: application/json", b"x-more: yes"} <= {
        *fields
    }
    assert body == b'{"chat":1}'


async def test_a_body_of_unknown_length_goes_out_in_a_chunk(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with Host(OK + HANG_UP) as host:
        await client.post(host.url, content=pieces())
    assert b"Transfer-Encoding: chunked" in host.heard[0]


async def test_connections_are_kept_and_cookies_are_not(client: httpx.AsyncClient) -> None:
    async with Host(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n")) as host:
        for _ in range(3):
            await client.get(host.url)
    assert host.connections == 1
    assert not any(b"ookie" in request for request in host.heard)


async def test_each_host_has_its_own_connections(client: httpx.AsyncClient) -> None:
    async with Host() as one, Host() as other:
        for host in (one, other, one, other):
            await client.get(host.url)
    assert (one.connections, other.connections) == (1, 1)


async def test_as_many_go_at_once_as_there_are_connections_and_the_rest_wait() -> None:
    async with httpx.AsyncClient(transport=http_pool.Pool(5), trust_env=False) as client, Host() as host:
        answers = await asyncio.gather(*(client.get(host.url) for _ in range(20)))
    assert [answer.text for answer in answers] == ["ok"] * 20
    assert host.connections == 5


async def test_a_request_gives_up_waiting_for_a_connection(client: httpx.AsyncClient) -> None:
    async with Host(SILENT) as host:
        busy = [asyncio.create_task(client.get(host.url)) for _ in range(http.CONNECTIONS)]
        await host.asked.wait()
        with pytest.raises(httpx.PoolTimeout):
            await client.get(host.url, timeout=httpx.Timeout(5, pool=0.1))
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        host.answers = [OK]
        assert (await client.get(host.url)).text == "ok"


async def test_a_connection_that_its_host_ended_while_idle_is_not_used(client: httpx.AsyncClient) -> None:
    async with Host() as host:
        await client.post(host.url)
        host.hang_up()  # the client's loop has not looked at its sockets since
        assert (await client.post(host.url)).text == "ok"
        host.hang_up()
        await host.left.wait()
        assert (await client.post(host.url)).text == "ok"
    assert (host.connections, len(host.heard)) == (3, 3)


async def test_a_connection_that_was_idle_for_long_is_not_used(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Host() as host:
        await client.get(host.url)
        monkeypatch.setattr(http_pool, "KEPT", 0.0)
        await client.get(host.url)
    assert host.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore",
        OK.replace(b"\r\n\r\n", b"\r\nConnection: Close\r\n\r\n"),
        OK.replace(b"HTTP/1.1", b"HTTP/1.0"),
        OK.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n").replace(b"ok", b"2\r\nok\r\n0\r\n\r\n"),
    ],
    ids=["more than one answer", "a last one", "an old host", "two lengths"],
)
async def test_a_connection_that_may_be_out_of_step_is_not_used_again(client: httpx.AsyncClient, answer: bytes) -> None:
    async with Host(answer) as host:
        assert [(await client.get(host.url)).text for _ in range(2)] == ["ok", "ok"]
    assert host.connections == 2


async def test_words_that_nobody_asked_for_are_no_answer_to_the_next_request(client: httpx.AsyncClient) -> None:
    async with Host() as host:
        await client.get(host.url)
        [writer] = host.sessions
        writer.write(OK.replace(b"ok", b"no"))  # the client's loop has not looked at its sockets since
        assert (await client.get(host.url)).text == "ok"


async def test_a_host_that_speaks_unasked_is_left(client: httpx.AsyncClient) -> None:
    async with Host() as host:
        await client.get(host.url, timeout=None)
        [writer] = host.sessions
        writer.write(OK)
        await asyncio.wait_for(host.left.wait(), 5)


async def test_a_cancelled_request_ends_its_connection(client: httpx.AsyncClient) -> None:
    async with Host(SILENT, OK) as host:
        sent = asyncio.create_task(client.get(host.url))
        await host.asked.wait()
        sent.cancel()
        await asyncio.wait_for(host.left.wait(), 5)
        assert sent.cancelled()
        assert (await client.get(host.url)).text == "ok"


async def test_a_closed_client_leaves_no_connection(client: httpx.AsyncClient) -> None:
    async with Host() as host:
        await client.get(host.url)
        await client.aclose()
        await asyncio.wait_for(host.left.wait(), 5)
        with pytest.raises(RuntimeError, match="closed"):
            await client.get(host.url)


async def test_what_is_seldom_asked_for_is_done_as_httpx_does_it(client: httpx.AsyncClient) -> None:
    async with Host() as host:
        await client.get(host.url.replace("://", "://user:word@"))
        async with client.stream("GET", host.url) as answer:
            assert [piece async for piece in answer.aiter_bytes()] == [b"ok"]
    assert b"Authorization: Basic dXNlcjp3b3Jk" in host.heard[0]
