"""Keeps the parts of the stack running: starts them in order, restarts what dies, stops all of it."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from infra.local.logs import append
from infra.local.processes import Identity, identify
from infra.local.program import Program, launch, tail
from shared.errors import UnavailableError

LOOK = 0.02  # seconds between two looks at a part that is starting
START_LIMIT = 30.0  # seconds after which a function is reported, and still waited for
BACKOFF = (0.1, 0.4, 1.0, 2.0, 5.0, 10.0)  # seconds before the n-th restart in a row
FIRST_TRIES = 3  # a database that was killed may need some
TELL_AGAIN = 2.0  # seconds, where it could not be written down which processes run
SETTLED = 30.0  # seconds of life after which a part's earlier deaths are forgotten


class Process(Protocol):
    """What a supervisor needs of a process: the part of Popen's interface that every kind has."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...


async def nothing() -> None:
    """The preparation of a part that needs none."""


@dataclass
class Part:
    """A program under supervision.

    Attributes:
        uses: names of the parts that it calls: those are stopped after it. All are launched at once.
        prepare: awaited before the first launch, such as initdb.
        launcher: starts it in another way than by its command; given its log.
        settle: awaited when it first serves and before it counts as ready, such as migrations.
        vital: the stack does not start without it.
        ready: it serves.  tried: it is known whether it comes up.  wanted: it may run.
    """

    program: Program
    uses: tuple[str, ...] = ()
    prepare: Callable[[], Awaitable[None]] = nothing
    settle: Callable[[], Awaitable[None]] = nothing
    vital: bool = False
    launcher: Callable[[Path], Awaitable[Process]] | None = None
    process: Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    deaths: int = 0

    def __post_init__(self) -> None:
        self.wanted.set()

    @property
    def name(self) -> str:
        return self.program.name

    async def launch(self, log: Path) -> Process:
        return launch(self.program, log) if self.launcher is None else await self.launcher(log)


class Supervisor:
    """Runs parts until it is stopped.

    Args:
        logs: the directory of one log per part.
        changed: told the processes of all parts each time one is launched.
    """

    def __init__(self, logs: Path, changed: Callable[[dict[str, Identity]], None]) -> None:
        self.logs, self.changed = logs, changed
        self.parts: dict[str, Part] = {}
        self.keepers: dict[str, asyncio.Task[None]] = {}
        self.telling: asyncio.TimerHandle | None = None

    def add(self, part: Part) -> None:
        self.parts[part.name] = part

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    async def start(self) -> list[str]:
        """Start every part at once; the names of those that did not come up.

        Raises:
            UnavailableError: a vital part did not come up.
        """
        for name, part in self.parts.items():
            self.keepers[name] = asyncio.create_task(self._keep(part), name=name)
        tries = [asyncio.create_task(self._tried(part)) for part in self.parts.values()]
        try:
            await asyncio.gather(*tries)
        finally:
            for one in tries:
                one.cancel()
        return [name for name, part in self.parts.items() if not part.ready.is_set()]

    async def _tried(self, part: Part) -> None:
        """Return when it is known whether the part comes up; raise what its keeper raised."""
        keeper, tried = self.keepers[part.name], asyncio.create_task(part.tried.wait())
        await asyncio.wait({keeper, tried}, return_when=asyncio.FIRST_COMPLETED)
        tried.cancel()
        if keeper.done():
            keeper.result()

    async def _keep(self, part: Part) -> None:
        """One part's life: launch, wait until it serves, wait until it ends, again.

        A failed launch counts as a death. Before it is known whether the part comes up, `start` raises it.
        """
        await part.prepare()
        while True:
            await part.wanted.wait()
            born = time.monotonic()
            outcome: dict[str, Any]
            try:
                outcome = {"status": await self._live(part)}
            except Exception as error:
                if not part.tried.is_set():
                    raise
                outcome = {"error": f"{type(error).__name__}: {error}"}
                await self._halt(part)
            part.ready.clear()
            part.deaths = 1 if time.monotonic() - born > SETTLED else part.deaths + 1
            self.note(part, "ended" if "status" in outcome else "failed", **outcome, deaths=part.deaths)
            if part.vital and not part.tried.is_set() and part.deaths > FIRST_TRIES:
                raise UnavailableError(f"{part.name} does not start. {self.why(part.name)}")
            await asyncio.sleep(BACKOFF[min(part.deaths, len(BACKOFF)) - 1])

    async def _live(self, part: Part) -> int:
        """From a part's launch to its end; the exit status."""
        part.process = await part.launch(self.log(part.name))
        self._tell()
        await self._serve(part, part.process)
        return await ended(part.process)

    def _tell(self) -> None:
        """Tell which processes run; again later where that failed, since `down` and clearing up rely on it."""
        if self.telling:
            self.telling.cancel()
        self.telling = None
        try:
            self.changed(self.identities())
        except OSError as error:
            append(self.log("supervisor"), severity="ERROR", message="untold", error=str(error))
            self.telling = asyncio.get_running_loop().call_later(TELL_AGAIN, self._tell)

    async def _serve(self, part: Part, process: Process) -> None:
        """Mark the part ready when it serves. A vital part that failed is tried again before that counts."""
        deadline = time.monotonic() + START_LIMIT
        while process.poll() is None and not part.program.ready(process.pid):
            if time.monotonic() > deadline and not part.vital:
                part.tried.set()
            await asyncio.sleep(LOOK)
        if process.poll() is None:
            await part.settle()
            part.settle = nothing
            part.ready.set()
        if part.ready.is_set() or not part.vital:
            part.tried.set()

    def why(self, name: str) -> str:
        """Where to read on, and the end of it."""
        return f"The end of {self.log(name)}:\n{tail(self.log(name))}"

    def note(self, part: Part, event: str, **details: Any) -> None:
        """One JSON line about the part in the supervisor's own log."""
        append(self.log("supervisor"), severity="WARNING", message=event, part=part.name, **details)

    def identities(self) -> dict[str, Identity]:
        """The processes that run now."""
        found = {}
        for name, part in self.parts.items():
            with contextlib.suppress(ProcessLookupError):
                if part.process is not None and part.process.poll() is None:
                    found[name] = identify(part.process.pid)
        return found

    async def stop(self) -> None:
        """Stop all parts, the callers before the called."""
        left = list(self.parts.values())
        if self.telling:
            self.telling.cancel()
        for part in left:
            if keeper := self.keepers.pop(part.name, None):
                keeper.cancel()
        while left:
            used = {name for part in left for name in part.uses}
            last = [part for part in left if part.name not in used]
            await asyncio.gather(*(self._halt(part) for part in last))
            left = [part for part in left if part not in last]

    async def _halt(self, part: Part) -> None:
        process = part.process
        part.ready.clear()
        if process is None or process.poll() is not None:
            return
        process.send_signal(part.program.stop_signal)
        try:
            await asyncio.wait_for(ended(process), part.program.patience)
        except TimeoutError:
            process.kill()
            await ended(process)

    def kill(self, name: str) -> None:
        """Kill a part with SIGKILL, as a crash would; it is restarted."""
        process = self.parts[name].process
        self.parts[name].ready.clear()
        if process is not None:
            process.kill()

    async def hold(self, name: str) -> None:
        """Take a part down, as an outage would, until `release`."""
        self.parts[name].wanted.clear()
        await self._halt(self.parts[name])

    async def release(self, name: str) -> None:
        """Start a part again that is held, and wait until it serves."""
        self.parts[name].wanted.set()
        await self.parts[name].ready.wait()

    async def restart(self, name: str) -> None:
        """Stop a part as `make down` would, start it and wait until it serves."""
        await self.hold(name)
        await self.release(name)


async def ended(process: Process) -> int:
    """Wait until the process has ended and reap it; its exit status."""
    with contextlib.suppress(AttributeError, OSError):  # no pidfd outside of Linux, or already reaped
        descriptor = os.pidfd_open(process.pid)
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
    while process.poll() is None:  # noqa: ASYNC110 - nothing else tells here
        await asyncio.sleep(LOOK)
    return process.returncode or 0
