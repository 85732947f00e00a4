"""The pipeline of every queue task: claim, screen, reserve permits, send, settle; again until the time is up.

Sends run side by side. A slot that gets free is filled again without waiting for the rest of its batch, and what
has finished is settled at once, so that little is in doubt if the process dies.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from uuid import UUID, uuid4

from shared.errors import UnavailableError
from shared.limits import Permit
from shared.log import log
from shared.outcome import Fate, Retry, Snooze
from shared.queue.store import Claimed, Queue, RowT, Settlement, Store

if TYPE_CHECKING:
    from shared.task import Run

CLAIM = 50  # rows in flight at most (spec, section 2)
LOOK_ONLY = -1.0  # patience with which a limiter tells the wait and takes nothing
PATIENCE = 2.0  # seconds that a claimed row may wait for its permits; one that must wait longer goes back
POLL = 0.1  # seconds between looks at the table while there is nothing to do
SHORTEST = 0.02  # seconds; the next look never comes sooner, whatever the table says
GRACE = 12.0  # seconds kept back at the end for sends under way, unless a task's sends may take longer
LAST_TRY = 5.0  # seconds left below which a settlement that failed is not tried again
LEASE_MARGIN = 5.0  # seconds by which a lease outlives the invocation that holds it


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


async def drain(
    run: "Run",
    queue: Queue[RowT],
    sender: Sender[RowT],
    *,
    claim: int = CLAIM,
    linger: float = 0.0,
    until_empty: bool = False,
    grace: float = GRACE,
    at_once: int | None = None,
) -> None:
    """Work a queue: one pass of up to `claim` rows, or on until `linger` seconds have passed or it is empty.

    Args:
        run: the invocation, which ends at its deadline.
        queue: the table.
        sender: what one send does.
        claim: rows in flight at most.
        linger: seconds for which it waits for more; 0 for a single pass.
        until_empty: no waiting, but passes until a claim finds nothing.
        at_once: sends under way at most, where a provider takes fewer than `claim`.
        grace: seconds before the deadline at which the last send starts; more than one may take.
    """
    work = Drain(run, queue, sender, claim, grace=grace, at_once=at_once)
    try:
        while await work.turn(linger, until_empty=until_empty):
            pass
    finally:
        await work.finish()


class Drain(Generic[RowT]):
    """One invocation's hold on a queue."""

    def __init__(
        self,
        run: "Run",
        queue: Queue[RowT],
        sender: Sender[RowT],
        claim: int,
        *,
        grace: float = GRACE,
        at_once: int | None = None,
    ) -> None:
        delays = getattr(run.settings, queue.delays)
        self.run, self.sender, self.claim, self.grace = run, sender, claim, grace
        self.store = Store(run.db, queue, uuid4(), delays)
        self.began = time.monotonic()
        self.sends: set[asyncio.Task[None]] = set()
        self.finished: list[Settlement] = []
        self.halted = asyncio.Event()
        self.passes = 0
        self.unswept = True
        self.slots = asyncio.Semaphore(at_once or claim)
        self.resumes = 0.0

    async def turn(self, linger: float, *, until_empty: bool) -> bool:
        """One turn of the loop; False when this invocation has nothing more to do."""
        await self.settle()
        more = time.monotonic() - self.began < linger or until_empty or self.passes == 0
        if self.run.seconds_left() < self.grace:
            return False
        claimed = await self.refill() if more else 0
        if self.sends:
            await asyncio.wait(self.sends, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
            return True
        if claimed or self.finished or (more and await self.swept()):
            return True
        return more and not until_empty and await self.rest(linger)

    async def swept(self) -> bool:
        """Once an invocation, when nothing is due: free the chats whose next row another program took away."""
        first, self.unswept = self.unswept, False
        return first and await self.store.sweep() > 0

    async def refill(self) -> int:
        """Claim for the free slots, once half of them are free, and start the sends."""
        free = self.claim - len(self.sends)
        if free < min(self.claim, max(1, self.claim // 2)) or (self.halted.is_set() and self.sends):
            return 0
        if time.monotonic() < self.resumes:
            return 0
        self.halted.clear()
        self.passes += 1
        rows = await self.store.claim(
            free,
            self.run.seconds_left() + LEASE_MARGIN,
            run=self.run.id,
            job=None if self.run.opened else self.run.job,
            trigger=self.run.trigger,
        )
        if rows:
            self.run.opened = True
            await self.start(rows)
        return len(rows)

    async def start(self, rows: list[RowT]) -> None:
        """Settle what needs no sending, give back what its limits hold up for long, and send the rest."""
        patience = min(PATIENCE, max(0.0, self.run.seconds_left() - self.grace))
        try:
            known = await self.sender.screen(rows)
            self.finished += [Settlement(row.id, known[row.id]) for row in rows if row.id in known]
            rows = [row for row in rows if row.id not in known]
            waits = await self.run.limiter.reserve([self.sender.permits(row) for row in rows], patience)
        except BaseException:
            # Nothing of these was sent: under their lease they would wait for nobody, and be taken for lost.
            self.finished += [Settlement(row.id, None) for row in rows]
            raise
        for row, wait in zip(rows, waits, strict=True):
            if wait > patience:
                until = self.run.now(plus=wait)
                self.finished.append(Settlement(row.id, Snooze(until, "rate limit")))
            else:
                task = asyncio.create_task(self.deliver(row, wait))
                self.sends.add(task)
                task.add_done_callback(self.sends.discard)
        if any(wait > patience for wait in waits):
            await self.hold_back(rows[0])

    async def hold_back(self, row: RowT) -> None:
        """Where the whole provider's limit binds, claim nothing before it lets go: it would only be given back."""
        [wait] = await self.run.limiter.reserve([self.sender.permits(row)[:1]], LOOK_ONLY)
        self.resumes = time.monotonic() + wait

    async def deliver(self, row: RowT, wait: float) -> None:
        """Wait for the permitted moment and a free slot, send, note the fate. A halt gives back what is not sent."""
        async with contextlib.AsyncExitStack() as stack:
            if not await self.halts_within(wait):
                await stack.enter_async_context(self.slots)
            if self.halted.is_set():
                self.finished.append(Settlement(row.id, None))
                return
            started = time.monotonic()
            fate = await self.fate(row)
        self.finished.append(Settlement(row.id, fate, round((time.monotonic() - started) * 1000)))
        if isinstance(fate, Snooze) and fate.whole_channel:
            await self.run.limiter.hold(self.sender.permits(row)[0].key, fate.until)

    async def halts_within(self, seconds: float) -> bool:
        if seconds > 0 and not self.halted.is_set():
            try:
                await asyncio.wait_for(self.halted.wait(), seconds)
            except TimeoutError:
                return False
        return self.halted.is_set()

    async def fate(self, row: RowT) -> Fate:
        try:
            return await self.sender.send(row)
        except Exception as error:
            # A fault of ours. It must neither end the other sends nor repeat for ever: it costs the row an attempt.
            log.error("send failed unexpectedly", cause=error, row=row.id)
            return Retry(f"unexpected {type(error).__name__}")

    async def settle(self) -> None:
        """Write what has finished, in one statement."""
        if not self.finished:
            return
        finished, self.finished = self.finished, []
        try:
            settled = await self.store.settle(finished)
        except BaseException:
            self.finished = finished + self.finished
            raise
        failed = settled.settled - settled.done - unsent(finished)
        self.run.count(processed=settled.done, failed=max(0, failed))  # lost leases may be of rows that went back
        if settled.settled < len(finished):
            log.warning("leases were lost", rows=len(finished) - settled.settled)
        if not settled.queue_open:
            self.halted.set()

    async def rest(self, linger: float) -> bool:
        """Sleep until the next row is due or the next look, whichever is sooner; False once lingering is over."""
        left = self.began + linger - time.monotonic()
        if left <= 0:
            return False
        if (held := self.resumes - time.monotonic()) > 0:
            await asyncio.sleep(min(left, held))
            return True
        wake = await self.store.next_wake()
        await asyncio.sleep(min(left, POLL if wake is None else max(SHORTEST, min(wake, POLL))))
        return True

    async def finish(self) -> None:
        """Give back what waits, let sends under way end within the time left, settle all that is known.

        What was sent and is not written down goes out twice: while the database is away, this tries until time is up,
        and a cancellation does not keep it from trying.
        """
        self.halted.set()
        try:
            if self.sends:
                await asyncio.wait(self.sends, timeout=max(1.0, self.run.seconds_left() - 1.0))
        finally:
            for send in self.sends:
                send.cancel()  # its row keeps its lease, and is looked at again when that ends
            await self.write_down()

    async def write_down(self) -> None:
        """Settle all that is known, however often it takes while there is time."""
        while self.finished:
            try:
                await self.settle()
            except UnavailableError:
                if self.run.seconds_left() < LAST_TRY:
                    raise
                await asyncio.sleep(POLL)


def unsent(finished: Sequence[Settlement]) -> int:
    """Rows that went back without a try: neither processed nor failed."""
    return sum(1 for settlement in finished if settlement.fate is None or isinstance(settlement.fate, Snooze))
