"""The pipeline of every queue task: claim, screen, reserve permits, send, settle; again until the time is up.

Sends run side by side. What has finished is written down in batches, within 10 ms, by the statement that claims the
next rows; two such exchanges may be under way at once, so that neither the database nor this process waits for the
other.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Generic
from uuid import uuid4

from shared.counters import LIMITER_WAITED, LIMITER_WAITS
from shared.log import log
from shared.outcome import Snooze
from shared.queue.bell import Bell
from shared.queue.sends import Sender, Sends
from shared.queue.store import Settlement, Store
from shared.queue.tables import Queue, RowT
from shared.queue.writer import Writer

if TYPE_CHECKING:
    from shared.task import Run

CLAIM = 50  # rows of one claim, and sends under way at most (spec, section 2)
STOCK = 2  # the next rows are claimed when less than one part in so many of a claim waits for its slot
EXCHANGES = 2  # statements under way at most
WRITE_WITHIN = 0.01  # seconds between the end of a send and the statement that writes it down
LOOK_ONLY = -1.0  # patience with which a limiter tells the wait and takes nothing
PATIENCE = 2.0  # seconds that a claimed row may wait for its permits; one that must wait longer goes back
POLL = 0.1  # seconds between looks at a table that held no more, while sends are under way
GRACE = 12.0  # seconds kept back at the end for sends under way, unless a task's sends may take longer


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
        claim: rows of one claim, and sends under way at most.
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
        self.run, self.sender, self.claim, self.grace = run, sender, claim, grace
        self.store = Store(run.db, queue, uuid4(), getattr(run.settings, queue.delays), run.id)
        self.bell = Bell(run.settings, self.store)
        self.sends = Sends(sender.send, self.snoozed, slots=at_once or claim, enough=(claim + 1) // 2)
        self.writer = Writer(run, self.store, self.sends)
        self.exchanges: set[asyncio.Task[None]] = set()
        self.began = time.monotonic()
        self.asked = 0  # rows of claims under way
        self.passes = 0
        self.plenty = False  # the last claim came back full
        self.found = 0  # rows of the last claim
        self.look_at = 0.0  # when to look at the table again, though the last claim came back short
        self.resumes = 0.0
        self.unswept = True

    async def turn(self, linger: float, *, until_empty: bool) -> bool:
        """One turn of the loop; False when this invocation has nothing more to do."""
        self.reap()
        if self.run.seconds_left() < self.grace:
            return False
        more = time.monotonic() - self.began < linger or until_empty or self.passes == 0
        write = self.to_write()
        ask = self.to_claim(writing=write) if more else 0
        if (write or ask) and len(self.exchanges) < EXCHANGES:
            self.begin(ask)
        elif self.exchanges or self.sends.busy or self.sends.finished:
            await self.stir()
        elif more:
            return await self.idle(linger, until_empty=until_empty)
        else:
            await self.swept()
            return False
        return True

    def to_write(self) -> bool:
        """Whether what has finished is worth a statement now."""
        sends = self.sends
        if len(sends.finished) >= sends.enough or (sends.finished and not sends.workers):
            return True
        return bool(sends.finished) and time.monotonic() - sends.since >= WRITE_WITHIN

    def to_claim(self, *, writing: bool) -> int:
        """How many rows to claim now. A statement that writes claims too: what it lets go may be next."""
        if time.monotonic() < self.resumes or (self.sends.halted and not self.reopened()):
            return 0
        if not self.plenty and (self.asked or (not writing and time.monotonic() < self.look_at)):
            return 0
        room = self.sends.free + self.claim // STOCK - self.sends.unsent - self.asked
        return self.claim if room > 0 else 0

    def reopened(self) -> bool:
        """After a halt, once all is given back: the next claim asks whether the queue is open again."""
        self.sends.halted = bool(self.exchanges or self.sends.busy or self.sends.finished)
        return not self.sends.halted

    def begin(self, ask: int) -> None:
        """Start a statement that writes what has finished and claims so many rows."""
        finished, self.sends.finished = self.sends.finished, []
        self.asked += ask
        self.passes += bool(ask)
        exchange = asyncio.create_task(self.exchange(finished, ask))
        self.exchanges.add(exchange)
        exchange.add_done_callback(lambda _: self.sends.stirred.set())

    def reap(self) -> None:
        """Forget the exchanges that have ended; raises what one of them raised."""
        for exchange in [each for each in self.exchanges if each.done()]:
            self.exchanges.discard(exchange)
            exchange.result()

    async def exchange(self, finished: list[Settlement], ask: int) -> None:
        """Write and claim in one round trip, and start the sends."""
        try:
            rows = await self.writer.trade(finished, ask)
            if ask:
                self.found, self.plenty = len(rows), len(rows) == ask
                self.look_at = time.monotonic() + POLL
            if rows:
                self.run.opened = True
                await self.start(rows)
        finally:
            self.asked -= ask

    async def start(self, rows: list[RowT]) -> None:
        """Settle what needs no sending, give back what its limits hold up for long, and send the rest."""
        if self.sends.halted:
            self.give_back(rows)
            return
        patience = min(PATIENCE, max(0.0, self.run.seconds_left() - self.grace))
        try:
            if known := await self.sender.screen(rows):
                for row in rows:
                    if row.id in known:
                        self.sends.end(row.id, known[row.id])
                rows = [row for row in rows if row.id not in known]
            waits = await self.run.limiter.reserve([self.sender.permits(row) for row in rows], patience)
        except BaseException:
            self.give_back(rows)
            raise
        for row, wait in zip(rows, waits, strict=True):
            if wait > patience:
                self.sends.end(row.id, Snooze(self.run.now(plus=wait), "rate limit"))
            else:
                self.sends.add(row, wait)
        self.sends.pump()
        if made_to_wait := sum(wait > 0 for wait in waits):
            self.run.resources.counters.add(LIMITER_WAITS, made_to_wait, queue=self.store.queue.table)
            self.run.resources.counters.add(LIMITER_WAITED, sum(waits), queue=self.store.queue.table)
        if max(waits, default=0.0) > patience:
            await self.hold_back(rows[0])

    def give_back(self, rows: list[RowT]) -> None:
        """Nothing of these was sent: under their lease they would wait for nobody, and be taken for lost."""
        for row in rows:
            self.sends.end(row.id, None)

    async def hold_back(self, row: RowT) -> None:
        """Where the whole provider's limit binds, claim nothing before it lets go: it would only be given back."""
        [wait] = await self.run.limiter.reserve([self.sender.permits(row)[:1]], LOOK_ONLY)
        self.resumes = time.monotonic() + wait

    async def snoozed(self, row: RowT, fate: Snooze) -> None:
        """Hold everybody where a provider asks the whole channel to wait."""
        if fate.whole_channel:
            await self.run.limiter.hold(self.sender.permits(row)[0].key, fate.until)

    async def stir(self) -> None:
        """Sleep until something has happened, or until something is to be written or looked at."""
        stirred, soon = self.sends.stirred, POLL
        if self.sends.finished and len(self.exchanges) < EXCHANGES:
            soon = max(0.0, self.sends.since + WRITE_WITHIN - time.monotonic())
        alarm = asyncio.get_running_loop().call_later(soon, stirred.set)
        try:
            await stirred.wait()
        except asyncio.CancelledError:
            for exchange in self.exchanges:
                exchange.cancel()
            raise
        finally:
            alarm.cancel()
            stirred.clear()

    async def idle(self, linger: float, *, until_empty: bool) -> bool:
        """Nothing is under way: look again where something was found, else rest; False once there is nothing more."""
        self.look_at = 0.0
        if time.monotonic() >= self.resumes and (self.found or await self.swept()):
            self.found = 0
            return True
        return not until_empty and await self.rest(linger)

    async def swept(self) -> bool:
        """Once an invocation, when nothing is due: free the chats whose next row another program took away."""
        first, self.unswept = self.unswept and not self.found, False
        return first and await self.store.sweep() > 0

    async def rest(self, linger: float) -> bool:
        """Sleep until the bell rings; False once lingering is over."""
        left = self.began + linger - time.monotonic()
        if left <= 0:
            return False
        if (held := self.resumes - time.monotonic()) > 0:
            await asyncio.sleep(min(left, held))
            return True
        await self.bell.rung(left)
        return True

    async def finish(self) -> None:
        """Give back what waits, let sends under way end within the time left, settle all that is known.

        What was sent and is not written down goes out twice: while the database is away, this tries until time is up,
        and a cancellation does not keep it from trying.
        """
        self.sends.halt()
        try:
            await self.end_exchanges()
            await self.sends.join(max(1.0, self.run.seconds_left() - 1.0))
        finally:
            for exchange in self.exchanges:
                exchange.cancel()  # after which its fates are ours to write again
            await self.end_exchanges()
            await self.writer.write_down()
            await self.bell.close()

    async def end_exchanges(self) -> None:
        """Wait for the statements under way. One fault ends the run; what others said of it only goes to the log."""
        for error in await asyncio.gather(*self.exchanges, return_exceptions=True):
            if isinstance(error, Exception):
                log.warning("an exchange failed at the end", error_type=type(error).__name__)
        self.exchanges.clear()
