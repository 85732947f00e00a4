"""The sends of one drain: rows wait for their permitted moment, then for a slot, and end with a fate.

A slot that gets free takes the next row at once. Sends that never wait, as those of a handler that only computes, share
one worker: nothing is paid for slots that nobody needs.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from shared import traces
from shared.limits import Permit
from shared.log import log
from shared.outcome import Fate, Retry, Snooze
from shared.queue.store import Settlement
from shared.queue.tables import Claimed, RowT

Sent_contra = TypeVar("Sent_contra", bound=Claimed, contravariant=True)


class Sender(Protocol[Sent_contra]):
    """What a task knows of its provider."""

    def permits(self, row: Sent_contra) -> Sequence[Permit]:
        """The limits that a send of this row falls under, the whole provider's first."""
        ...

    async def screen(self, rows: Sequence[Sent_contra]) -> Mapping[UUID, Fate]:
        """Fates known without sending, for a whole claim in one round trip."""
        ...

    async def send(self, row: Sent_contra) -> Fate:
        """Send one row. Never raises for what a provider may do."""
        ...


class Sends(Generic[RowT]):
    """Slots for sends under way.

    Attributes:
        finished: what is to be written down; `since` is when the first of it was noted.
        enough: so many finished rows are worth a statement.
        doubted: sends, since this was last looked at, of rows that may have gone out before.
        halted: nothing more is sent; what has not gone out ends without a fate.
        stirred: set whenever there may be something to do for whoever owns this.
    """

    def __init__(
        self,
        send: Callable[[RowT], Awaitable[Fate]],
        snoozed: Callable[[RowT, Snooze], Awaitable[None]],
        *,
        slots: int,
        enough: int,
    ) -> None:
        self.send, self.snoozed, self.slots, self.enough = send, snoozed, slots, enough
        self.ready: deque[RowT] = deque()
        self.waiting: dict[asyncio.TimerHandle, RowT] = {}
        self.workers: set[asyncio.Task[None]] = set()
        self.finished: list[Settlement] = []
        self.since = 0.0
        self.starting = False
        self.halted = False
        self.doubted = 0
        self.stirred = asyncio.Event()

    @property
    def unsent(self) -> int:
        """Rows that wait for their moment or for a slot."""
        return len(self.ready) + len(self.waiting)

    @property
    def free(self) -> int:
        """Slots that nobody uses."""
        return self.slots - len(self.workers)

    @property
    def busy(self) -> bool:
        return bool(self.workers or self.ready or self.waiting)

    def add(self, row: RowT, wait: float = 0.0) -> None:
        """Send a row in so many seconds, or as soon as there is a slot; call `pump` after the last one."""
        if wait > 0 and not self.halted:
            handle: asyncio.TimerHandle = asyncio.get_running_loop().call_later(wait, lambda: self._due(handle))
            self.waiting[handle] = row
        else:
            self.ready.append(row)

    def pump(self) -> None:
        """Start a worker if there is a row and a slot for it; each starts the next one before it sends."""
        if self.ready and not self.starting and len(self.workers) < self.slots:
            self.starting = True
            worker = asyncio.create_task(self._work())
            self.workers.add(worker)
            worker.add_done_callback(self._ended)

    def end(self, row: UUID, fate: Fate | None, ms: int | None = None) -> None:
        """Note a fate."""
        self.finished.append(Settlement(row, fate, ms))
        if len(self.finished) == 1:
            self.since = time.monotonic()
            self.stirred.set()
        elif len(self.finished) == self.enough:
            self.stirred.set()

    def halt(self) -> None:
        """Send nothing more: rows that have not gone out are given back."""
        self.halted = True
        for handle, row in self.waiting.items():
            handle.cancel()
            self.ready.append(row)
        self.waiting.clear()
        self.pump()

    async def join(self, seconds: float) -> None:
        """Let what is under way end; what has not by then is left alone, and its row keeps its lease."""
        try:
            async with asyncio.timeout(seconds):
                while self.workers:
                    await asyncio.wait(self.workers)
        except TimeoutError:
            log.warning("sends were still under way at the end", rows=len(self.workers))
        finally:
            for worker in self.workers:
                worker.cancel()

    def _due(self, handle: asyncio.TimerHandle) -> None:
        self.ready.append(self.waiting.pop(handle))
        self.pump()

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self.workers.discard(worker)
        if not worker.cancelled() and (error := worker.exception()):
            log.error("a worker failed", cause=error)
        self.pump()
        self.stirred.set()

    async def _work(self) -> None:
        self.starting = False
        while self.ready:
            row = self.ready.popleft()
            self.pump()
            if self.halted:
                self.end(row.id, None)
            else:
                await self._send(row)

    async def _send(self, row: RowT) -> None:
        started = time.monotonic()
        self.doubted += row.possible_duplicate
        with traces.span("send") as span:
            try:
                fate = await self.send(row)
            except Exception as error:
                # A fault of ours. It must neither end the other sends nor repeat for ever: it costs the row an attempt.
                log.error("send failed unexpectedly", cause=error, row=row.id)
                fate = Retry(f"unexpected {type(error).__name__}")
            span.set("nightshift.row", row.id)
            span.set("nightshift.fate", type(fate).__name__.lower())
        self.end(row.id, fate, round((time.monotonic() - started) * 1000))
        if isinstance(fate, Snooze):
            await self.snoozed(row, fate)
