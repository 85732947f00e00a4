import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import stripe
from aiohttp import web

from infra.local.twins import TwinClient
from infra.local.twins.stripe_events import sample

NAMES = ("telegram", "smtp", "mail", "resend", "stripe", "claude", "push")
ROOT = Path(__file__).parents[3]
KEYS = {
    "TWIN_STRIPE_SECRETS": "whsec_a,whsec_b",
    "TWIN_STRIPE_KEY": "sk_test_process",
    "TWIN_TELEGRAM_TOKEN": "4711:process",
    "TWIN_RESEND_KEY": "re_process",
    "TWIN_CLAUDE_KEY": "sk-ant-process",
}


def free_ports() -> dict[str, int]:
    """Held open together, so that no two are the same."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in NAMES]
    ports = {name: server.getsockname()[1] for name, server in zip(NAMES, held, strict=True)}
    for server in held:
        server.close()
    return ports


async def start(ports: dict[str, int], home: Path, webhook: str = "http://127.0.0.1:9/stripe-webhook") -> Process:
    words = [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    words += ["--home", str(home), "--stripe-webhook-url", webhook]
    command = (sys.executable, "-m", "infra.local.twins", *words)
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=os.environ | KEYS, stdout=PIPE, stderr=PIPE)


@pytest.fixture
def ports() -> dict[str, int]:
    return free_ports()


@pytest.fixture
async def process(ports: dict[str, int], tmp_path: Path) -> AsyncIterator[Process]:
    process = await start(ports, tmp_path)
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


@asynccontextmanager
async def listening(receive: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A webhook endpoint; its URL."""
    app = web.Application()
    app.router.add_post("/stripe-webhook", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/stripe-webhook"
    await runner.cleanup()


async def ready(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 90)).decode()


async def test_one_process_serves_every_twin_and_says_when(
    process: Process, ports: dict[str, int], http: httpx.AsyncClient
) -> None:
    assert (await ready(process)).startswith("twins ready: ")
    for name in ("telegram", "mail", "resend", "stripe", "claude", "push"):
        assert (await http.get(f"http://127.0.0.1:{ports[name]}/_twin/stats")).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(process: Process, number: signal.Signals) -> None:
    await ready(process)
    process.send_signal(number)
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, errors) == (0, b"")


async def test_keys_come_from_the_environment(process: Process, ports: dict[str, int], http: httpx.AsyncClient) -> None:
    await ready(process)
    bot = f"http://127.0.0.1:{ports['telegram']}/bot{KEYS['TWIN_TELEGRAM_TOKEN']}/getMe"
    assert (await http.post(bot)).status_code == 200
    stripe_url, resend_url = (f"http://127.0.0.1:{ports[name]}" for name in ("stripe", "resend"))
    for key, status in ((KEYS["TWIN_STRIPE_KEY"], 200), ("another", 401)):
        bearer = {"Authorization": f"Bearer {key}"}
        assert (await http.get(f"{stripe_url}/v1/events", headers=bearer)).status_code == status
    for key, status in ((KEYS["TWIN_RESEND_KEY"], 422), ("another", 403)):
        bearer = {"Authorization": f"Bearer {key}"}
        assert (await http.post(f"{resend_url}/emails", headers=bearer, json={})).status_code == status
    for key, status in ((KEYS["TWIN_CLAUDE_KEY"], 200), ("another", 401)):
        named = {"x-api-key": key, "anthropic-version": "2023-06-01"}
        batches = f"http://127.0.0.1:{ports['claude']}/v1/messages/batches"
        assert (await http.get(batches, headers=named)).status_code == status


async def test_events_are_signed_with_every_secret_of_the_environment(ports: dict[str, int], tmp_path: Path) -> None:
    got: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def receive(request: web.Request) -> web.Response:
        await got.put((await request.text(), request.headers["Stripe-Signature"]))
        return web.Response()

    async with listening(receive) as webhook:
        process = await start(ports, tmp_path, webhook)
        await ready(process)
        async with TwinClient(f"http://127.0.0.1:{ports['stripe']}") as twin:
            await twin.emit({"type": "invoice.paid", "object": sample("invoice.paid")})
        body, signature = await got.get()
        process.terminate()
        await process.wait()
    for secret in ("whsec_a", "whsec_b"):
        assert stripe.WebhookSignature.verify_header(body, signature, secret)
