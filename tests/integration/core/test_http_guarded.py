"""The client for addresses that were given: what is looked at is what is connected to. Real sockets, real TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from shared import http_guarded
from shared.http_guarded import BarredError, Resolve
from tests.certificates import server_context
from tests.integration.core.receiver import Receiver

NAME = "ops.example.org"


class Names:
    """A resolver that answers what it is told, each question the next."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0)


async def get(url: str, resolve: Resolve, *, private: bool = True, tls: ssl.SSLContext | None = None) -> httpx.Response:
    async with http_guarded.client(private=private, resolve=resolve, tls=tls) as client:
        return await client.get(url)


def port_of(receiver: Receiver) -> str:
    return receiver.url.rpartition(":")[2]


async def test_a_name_is_connected_to_at_the_address_that_was_looked_at_and_keeps_its_host(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"])
    answer = await get(f"http://{NAME}:{port_of(receiver)}/hook", names)
    assert (answer.status_code, names.asked) == (200, 1)
    assert receiver.got[0].headers["host"] == f"{NAME}:{port_of(receiver)}"


async def test_a_name_that_stands_for_our_own_machine_is_not_connected_to(receiver: Receiver) -> None:
    with pytest.raises(BarredError):
        await get(f"http://{NAME}:{port_of(receiver)}/hook", Names(["127.0.0.1"]), private=False)
    assert receiver.got == []


async def test_one_address_that_is_barred_bars_the_name(receiver: Receiver) -> None:
    with pytest.raises(BarredError):
        await get(f"http://{NAME}:{port_of(receiver)}/hook", Names(["127.0.0.1", "169.254.169.254"]))
    assert receiver.got == []


@pytest.mark.parametrize("answer", [[], ["no number"]], ids=["none", "a name"])
async def test_what_is_no_address_is_not_connected_to(answer: list[str]) -> None:
    with pytest.raises(BarredError):
        await get(f"http://{NAME}/hook", Names(answer))


async def test_a_name_that_changes_between_look_and_connection_reaches_nobody_else(receiver: Receiver) -> None:
    """Were it resolved once more to connect, the second answer would be taken."""
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    reached: list[str] = []

    class Noting(http_guarded.GuardedPool):
        async def reached(self, origin: object, host: str) -> object:  # type: ignore[override]
            reached.append(host)
            raise OSError("this network is not to be asked by a test")

    pool = Noting(1, None, private=False, resolve=names)
    async with httpx.AsyncClient(transport=pool) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{NAME}:{port_of(receiver)}/hook")
    assert (reached, names.asked, receiver.got) == (["8.8.8.8"], 1, [])


async def test_the_next_address_is_tried_where_the_first_one_does_not_answer(receiver: Receiver) -> None:
    answer = await get(f"http://{NAME}:{port_of(receiver)}/hook", Names(["::1", "127.0.0.1"]))
    assert answer.status_code == 200


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.1"])
async def test_our_own_machine_in_another_spelling_is_barred_by_the_systems_resolver(
    receiver: Receiver, spelling: str
) -> None:
    with pytest.raises(BarredError):
        await get(f"http://{spelling}:{port_of(receiver)}/hook", http_guarded.system, private=False)
    assert receiver.got == []


async def test_the_systems_resolver_finds_this_machine(receiver: Receiver) -> None:
    answer = await get(f"http://localhost:{port_of(receiver)}/hook", http_guarded.system)
    assert answer.status_code == 200


async def test_a_name_that_does_not_exist_is_no_connection() -> None:
    async def nobody(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(httpx.ConnectError):
        await get(f"http://{NAME}/hook", nobody)


async def test_a_name_that_nobody_answers_for_takes_no_longer_than_a_connection_may() -> None:
    async def silence(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with http_guarded.client(private=True, resolve=silence) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get(f"http://{NAME}/hook", timeout=0.05)


async def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"location": "http://169.254.169.254/latest/meta-data"})

    async with served(elsewhere) as port:
        answer = await get(f"http://{NAME}:{port}/hook", Names(["127.0.0.1"]))
    assert answer.status_code == 302


class served:  # noqa: N801 - reads as a verb
    """A server of one handler on loopback, in TLS if there is a context; its port."""

    def __init__(self, handler: object, tls: ssl.SSLContext | None = None) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
        self.runner, self.tls = web.AppRunner(app, access_log=None), tls

    async def __aenter__(self) -> int:
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=self.tls).start()
        return int(self.runner.addresses[0][1])

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[tuple[int, list[str | None]]]:
    """A server whose certificate is for another name, and the names that clients asked it for."""
    asked: list[str | None] = []
    context = server_context(tmp_path)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    async def fine(_request: web.Request) -> web.Response:
        return web.Response()

    async with served(fine, context) as port:
        yield port, asked


async def test_tls_asks_for_the_name_and_not_for_the_address(secure: tuple[int, list[str | None]]) -> None:
    port, asked = secure
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    answer = await get(f"https://{NAME}:{port}/hook", Names(["127.0.0.1"]), tls=trusting)
    assert (answer.status_code, asked) == (200, [NAME])


async def test_a_certificate_for_another_name_is_not_trusted(secure: tuple[int, list[str | None]]) -> None:
    port, _ = secure
    with pytest.raises(httpx.ConnectError):
        await get(f"https://{NAME}:{port}/hook", Names(["127.0.0.1"]))
