"""The whole of Nightshift on one machine: database, cache, twins, functions, gateway, scheduler."""

import asyncio
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from infra.local import parts
from infra.local.environment import LEADING, assign, environment, first
from infra.local.logs import rotate
from infra.local.nursery import Nursery
from infra.local.postgres import Postgres
from infra.local.prepare import prepare
from infra.local.processes import Identity, identify, listener
from infra.local.program import free_port, port_taken
from infra.local.state import State, hold, reap, write
from infra.local.supervisor import Part, Supervisor
from infra.local.valkey import Valkey
from shared import table
from shared.errors import ConflictError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from infra.local.gateway import Gateway

SERVERS = ("postgres", "valkey")
TWINS = (
    ("Telegram", "TELEGRAM_API_BASE"),
    ("Resend", "RESEND_API_BASE"),
    ("Stripe", "STRIPE_API_BASE"),
    ("Claude", "ANTHROPIC_BASE_URL"),
)


class Stack:
    """Starts on entering, stops on leaving; nothing of it runs afterwards.

    Args:
        home: the data, logs and secrets of this stack.
        port: where the gateway listens; 0 for any. The other parts take the ports after it, or free ones.
        env: settings by the names of their environment variables; what is missing leads to the local services.
        scheduler: whether the schedules fire by themselves.
        samples: whether an empty embedded database gets sample data.
    """

    def __init__(
        self,
        home: Path,
        port: int = 8080,
        *,
        env: Mapping[str, str] | None = None,
        scheduler: bool = True,
        samples: bool = True,
    ) -> None:
        self.home, self.given = home.absolute(), dict(env or {})  # the parts run in another directory
        self.schedules, self.samples = scheduler, samples
        self.port = port
        self.failed: list[str] = []
        self.lock: IO[str] | None = None
        self.gateway: Gateway | None = None
        self.supervisor: Supervisor | None = None
        self.ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start everything and return when it serves.

        Raises:
            ConflictError: this home's stack runs already, or the gateway's port is taken.
            UnavailableError: a part that the others need does not start.
        """
        self.lock = hold(self.home)
        if self.lock is None:
            raise ConflictError(f"The stack of {self.home} runs already. `make down` stops it.")
        reap(self.home)
        rotate(self.home / "logs")
        self.ports = assign(self.port or free_port())
        self.port = self.ports.gateway
        if port_taken(self.port):
            who = listener(self.port)
            raise ConflictError(f"Port {self.port} is taken by {who}. Stop it, or: PORT=8090 make up")
        self.env = environment(self.given, self.ports, self.home)
        self.state = State(self.port, identify(os.getpid()), ports=asdict(self.ports), given=self.leading())
        self.functions = parts.functions(table.load().values(), self.port)
        await self.serve()

    def leading(self) -> list[str]:
        """The given settings without which a command would look for the services elsewhere."""
        return sorted(name for name, value in self.given.items() if value and name in LEADING)

    async def serve(self) -> None:
        """Launch every part; while they come up, what this process needs itself is loaded."""
        self.supervisor, self.nursery = Supervisor(self.home / "logs", self.note), Nursery(self.home / "logs")
        for part in self.assembled():
            self.supervisor.add(part)
        _, _, self.failed = await asyncio.gather(self.listen(), self.prepare_given(), self.supervisor.start())
        self.state.ready, self.state.services = True, self.services()
        self.note(self.supervisor.identities())
        if self.schedules:
            from infra.local.scheduler import Scheduler  # noqa: PLC0415 - as in `listen`

            entries = [entry for entry, _ in self.functions.values()]
            scheduler = Scheduler(entries, self.url(), self.service_key, self.home)
            self.ticking = asyncio.create_task(scheduler.run())

    async def listen(self) -> None:
        """Open the gateway, which answers 502 for a function that is not up yet."""
        await asyncio.sleep(0)  # the parts are launched first
        from infra.local.gateway import Gateway  # noqa: PLC0415 - aiohttp takes 150 ms

        routes = {name: (port, float(entry.timeout)) for name, (entry, port) in self.functions.items()}
        self.gateway = Gateway(routes, self.is_up)
        await self.gateway.start(self.port)

    def assembled(self) -> Iterator[Part]:
        """Every part that this stack runs itself."""
        if not self.given.get("DATABASE_URL"):
            postgres = Postgres(self.home, self.ports.postgres)
            yield Part(
                postgres.program,
                prepare=partial(asyncio.to_thread, postgres.prepare),
                settle=partial(prepare, self.env, self.home, "--create", *(["--samples"] if self.samples else [])),
                vital=True,
            )
        if not self.given.get("REDIS_URL"):
            yield Part(Valkey(self.home, self.ports.valkey).program, vital=True)
        if twins := parts.twins(self.ports, self.env, self.home):
            yield Part(twins, uses=SERVERS, vital=True)
        for entry, port in self.functions.values():
            program = parts.function(entry, port, self.env)
            fork = partial(self.nursery.fork, env=program.env, port=port)
            yield Part(program, uses=(*SERVERS, "twins"), launcher=fork)

    async def prepare_given(self) -> None:
        """Migrate the database that DATABASE_URL names; it never gets sample data."""
        if self.given.get("DATABASE_URL"):
            await prepare(self.env, self.home)

    async def stop(self) -> None:
        """Stop everything, the callers before the called. The gateway is kept until no function runs."""
        if self.ticking:
            self.ticking.cancel()
        if self.supervisor:
            await self.supervisor.stop()
            await self.nursery.stop()
        if self.gateway:
            await self.gateway.stop()
        if self.lock:
            (self.home / "stack.json").unlink(missing_ok=True)
            self.lock.close()

    def note(self, children: dict[str, Identity]) -> None:
        """Write down which processes are ours, for `status`, `down` and the clearing up after a crash."""
        self.state.children = children
        write(self.home, self.state)

    def is_up(self, name: str) -> bool:
        return self.supervisor is not None and self.supervisor.parts[name].ready.is_set()

    @property
    def service_key(self) -> str:
        """The key that the functions accept now."""
        return first(self.env["SERVICE_KEYS"])

    @property
    def database_url(self) -> str:
        return self.env["DATABASE_URL"]

    def url(self, name: str = "") -> str:
        """Where a function is reached, or the gateway itself."""
        return f"http://127.0.0.1:{self.port}/{name}".rstrip("/")

    def pid(self, name: str) -> int:
        """The process of a part that runs: a function's name, postgres, valkey or twins.

        Raises:
            NotFoundError: there is no such part, or it does not run.
        """
        part = self.running.parts.get(name)
        if part is None or part.process is None or part.process.poll() is not None:
            raise NotFoundError(f"No part {name!r} runs. There are: {', '.join(self.running.parts)}.")
        return part.process.pid

    def kill(self, name: str) -> None:
        """Kill a part with SIGKILL; the supervisor starts it again."""
        self.running.kill(name)

    async def ready(self, name: str) -> None:
        """Wait until a part serves, such as after `kill`."""
        await self.running.parts[name].ready.wait()

    async def restart(self, name: str) -> None:
        """Stop a part cleanly, start it and wait until it serves."""
        await self.running.restart(name)

    async def hold(self, name: str) -> None:
        """Take a part down until `release`: an outage."""
        await self.running.hold(name)

    async def release(self, name: str) -> None:
        """End the outage; returns when the part serves."""
        await self.running.release(name)

    @property
    def running(self) -> Supervisor:
        """The supervisor of a started stack.

        Raises:
            UnavailableError: the stack is not started.
        """
        if self.supervisor is None:
            raise UnavailableError("The stack is not started: use it as `async with Stack(…) as stack`.")
        return self.supervisor

    def services(self) -> list[tuple[str, str, str]]:
        """The table that people read: name, address, what it is."""
        rows = [(name, self.url(name), self.described(entry)) for name, (entry, _) in self.functions.items()]
        rows += [("PostgreSQL", without_password(self.database_url), "The database.")]
        rows += [("Redis", without_password(self.env["REDIS_URL"]), "Caches and rate limits.")]
        if "twins" in self.running.parts:
            rows += [("mailbox", f"http://127.0.0.1:{self.ports.mail}", "Every email that was sent.")]
            rows += [(f"{name} twin", url, "Stands in for the provider.") for name, url in self.twins()]
        return rows

    def described(self, entry: table.Entry) -> str:
        """What a function is, and how to get into the players' page."""
        if entry.name != "portal":
            return entry.description
        who = "mira" if self.samples and not self.given.get("DATABASE_URL") else "<user id>"
        return f"{entry.description} Sign in: .venv/bin/nightshift token {who} --link"

    def twins(self) -> Iterator[tuple[str, str]]:
        """The twins that the functions call; a provider that the user has named is called itself."""
        for name, variable in TWINS:
            url = f"http://127.0.0.1:{getattr(self.ports, name.lower())}"
            if self.env.get(variable) == url:
                yield name, url


def without_password(url: str) -> str:
    """An address that may be shown."""
    return re.sub(r"(//[^:/@]*):[^@/]*@", r"\1@", url)
