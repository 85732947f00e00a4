"""What a reply's fate is, by what happened to its request: only what has for certain not left may go out again."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from shared import http
from shared.outcome import Done, Down, Unknown
from shared.providers.telegram import Telegram
from shared.settings import load
from tests.integration.core.http_host import HANG_UP, SILENT, Host

SENT = b'HTTP/1.1 200 OK\r\nContent-Length: 37\r\n\r\n{"ok":true,"result":{"message_id":7}}'
ELSEWHERE = "postgresql://nowhere/"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http.client() as made:
        yield made


def bot(host: Host, client: httpx.AsyncClient) -> Telegram:
    told = {"TELEGRAM_API_BASE": host.url, "TELEGRAM_BOT_TOKEN": "1:word", "TELEGRAM_TIMEOUT": "200ms"}
    return Telegram(load({"DATABASE_URL": ELSEWHERE, **told}), client)


async def test_a_connection_that_telegram_ended_while_idle_leaves_no_doubt(client: httpx.AsyncClient) -> None:
    async with Host(SENT) as host:
        telegram = bot(host, client)
        assert await telegram.send(1, "one") == Done("7")
        host.hang_up()
        assert await telegram.send(1, "two") == Done("7")
    assert [request.rpartition(b"\r\n\r\n")[2] for request in host.heard] == [
        b'{"chat_id":1,"text":"one"}',
        b'{"chat_id":1,"text":"two"}',
    ]


@pytest.mark.parametrize(
    "said",
    [HANG_UP, SENT[:20] + HANG_UP, SENT[:-1] + HANG_UP, SILENT, SENT[:-1], b"220 hello\r\n\r\n"],
    ids=["hung up", "half a head", "half a body", "silent", "slow", "no answer of HTTP"],
)
async def test_a_request_that_was_heard_and_not_answered_is_a_doubt(client: httpx.AsyncClient, said: bytes) -> None:
    async with Host(said) as host:
        assert isinstance(await bot(host, client).send(1, "one"), Unknown)
    assert len(host.heard) == 1


async def test_a_reset_after_the_request_is_a_doubt(client: httpx.AsyncClient) -> None:
    async with Host(SILENT) as host:
        sent = asyncio.create_task(bot(host, client).send(1, "one"))
        await host.asked.wait()
        host.reset()
        assert isinstance(await sent, Unknown)


async def test_a_request_that_found_nobody_has_not_left(client: httpx.AsyncClient) -> None:
    async with Host() as host:
        telegram = bot(host, client)
    assert isinstance(await telegram.send(1, "one"), Down)
    assert host.heard == []
