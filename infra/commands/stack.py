"""`up`, `down`, `status`: the local stack."""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from infra.commands.output import Json, console, fail, print_json, show, told
from infra.local.processes import alive
from infra.local.state import State, default_home, read, reap

STOP_LIMIT = 30.0  # seconds for everything to end in order
COLUMNS = ("Name", "Address", "What it is")
Port = Annotated[int, typer.Option(envvar="PORT", help="Where the functions are served on 127.0.0.1.")]


@told
def up(port: Port = 8080) -> None:
    """Start the local stack in the foreground: database, cache, twins, functions, scheduler. Ctrl-C ends it.

    Settings in the environment win (DATABASE_URL, REDIS_URL, TELEGRAM_BOT_TOKEN, …); the rest is made up locally.
    """
    home = default_home()
    found = read(home)
    if found and found.running:
        tell(found, "Nightshift runs already. `make down` stops it.")
        return
    asyncio.run(serve(home, port))


async def serve(home: Path, port: int) -> None:
    """Run the stack until a signal asks for its end."""
    from infra.local.environment import settings_of  # noqa: PLC0415 - with `stack`, what `down` need not load
    from infra.local.stack import Stack  # noqa: PLC0415

    over, started = asyncio.Event(), time.monotonic()
    stack = Stack(home, port, env=settings_of(os.environ))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    starting = asyncio.create_task(stack.start())
    waiting = asyncio.create_task(over.wait())
    try:
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            tell(stack.state, f"Nightshift is ready after {time.monotonic() - started:.1f} s. Ctrl-C ends it.")
            console.print(f"Service key: {stack.service_key}", highlight=False)
            for name in stack.failed:
                console.print(f"{name} does not start: see {home / 'logs' / name}.log", style="yellow")
        await over.wait()
    finally:
        starting.cancel()
        await stack.stop()
    console.print("Nightshift has stopped.")


@told
def down() -> None:
    """Stop the local stack, and whatever a stack that was killed left behind."""
    home = default_home()
    found = read(home)
    if found and found.running:
        os.kill(found.supervisor.pid, signal.SIGTERM)
        wait_for_end(found.supervisor.pid)
    left = reap(home)
    console.print("Nightshift has stopped." if found else "Nightshift was not running.")
    if left:
        console.print(f"Cleared up {len(left)} processes that a killed stack had left behind.")


def wait_for_end(pid: int) -> None:
    """Return when the process is gone; kill it when it takes too long."""
    deadline = time.monotonic() + STOP_LIMIT
    while alive(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


@told
def status(json: Json = False) -> None:  # noqa: FBT002 - a command line flag
    """Show whether the local stack runs, and where everything is. Exit status 3 when it does not run."""
    found = read(default_home())
    if found is None or not found.running:
        if json:
            print_json({"running": False})
            raise typer.Exit(3)
        fail("Nightshift does not run here. `make up` starts it.")
        raise typer.Exit(3)
    if json:
        print_json(report(found))
    else:
        tell(found, "Nightshift runs." if found.ready else "Nightshift is starting.")


def report(found: State) -> dict[str, object]:
    """The state for programs."""
    services = [dict(zip(("name", "address", "description"), row, strict=True)) for row in found.services]
    pids = {name: one.pid for name, one in found.children.items()}
    return {"running": True, "ready": found.ready, "port": found.port, "processes": pids, "services": services}


def tell(found: State, sentence: str) -> None:
    show(sentence, COLUMNS, found.services)
