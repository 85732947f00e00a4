import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

NAMES = ("telegram", "smtp", "mail", "resend", "stripe")
ROOT = Path(__file__).parents[3]


def free_ports() -> dict[str, int]:
    """Held open together, so that no two are the same."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in NAMES]
    ports = {name: server.getsockname()[1] for name, server in zip(NAMES, held, strict=True)}
    for server in held:
        server.close()
    return ports


async def start(ports: dict[str, int], home: Path) -> Process:
    words = [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    words += ["--home", str(home), "--stripe-webhook-url", "http://127.0.0.1:9/stripe-webhook"]
    words += ["--stripe-secret", "whsec_a", "--stripe-secret", "whsec_b"]
    command = (sys.executable, "-m", "infra.local.twins", *words)
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)


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


async def ready(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 90)).decode()


async def test_one_process_serves_every_twin_and_says_when(
    process: Process, ports: dict[str, int], http: httpx.AsyncClient
) -> None:
    assert (await ready(process)).startswith("twins ready: ")
    for name in ("telegram", "mail", "resend", "stripe"):
        assert (await http.get(f"http://127.0.0.1:{ports[name]}/_twin/stats")).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(process: Process, number: signal.Signals) -> None:
    await ready(process)
    process.send_signal(number)
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, errors) == (0, b"")
