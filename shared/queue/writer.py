"""What a drain tells its table: fates to write, rows to lease, both in one statement where there are both."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic

from shared import traces
from shared.counters import DEAD_LETTERS, DELIVERIES, LEASES_LOST, POSSIBLE_DUPLICATES
from shared.log import log
from shared.outcome import Dead, Done, Down, Fate, Retry, Skip, Snooze, Unknown
from shared.queue.sends import Sends
from shared.queue.store import Settled, Settlement, Store
from shared.queue.tables import RowT
from shared.retry import written_down

if TYPE_CHECKING:
    from shared.task import Run

LEASE_MARGIN = 5.0  # seconds by which a lease outlives the invocation that holds it
FATES: dict[type[Fate], str] = {  # as counters name them
    Done: "done",
    Skip: "skipped",
    Retry: "retried",
    Snooze: "throttled",
    Down: "down",
    Unknown: "unknown",
    Dead: "dead",
}


class Writer(Generic[RowT]):
    """Writes for one run. What could not be written goes back to what has finished, to be written later."""

    def __init__(self, run: "Run", store: Store[RowT], sends: Sends[RowT]) -> None:
        self.run, self.store, self.sends = run, store, sends
        self.counters = run.resources.counters

    async def trade(self, finished: list[Settlement], ask: int) -> list[RowT]:
        """Write these fates and claim so many rows; the claimed ones."""
        if not ask:
            await self.settle(finished)
            return []
        with self.span("exchange" if finished else "claim", finished) as span:
            span.set("nightshift.asked", ask)
            rows = await self._trade(finished, ask)
            span.set("nightshift.claimed", len(rows))
        await self.counters.write(self.run.db)
        return rows

    async def _trade(self, finished: list[Settlement], ask: int) -> list[RowT]:
        lease, job = self.run.seconds_left() + LEASE_MARGIN, None if self.run.opened else self.run.job
        if not finished:
            pulse, self.run.pulsed = None if self.run.pulsed else job, self.run.pulsed or job is not None
            return await self.store.claim(ask, lease, job=job, trigger=self.run.trigger, pulse=pulse)
        try:
            settled, rows = await self.store.exchange(finished, ask, lease, job=job, trigger=self.run.trigger)
        except BaseException:
            self.sends.finished[:0] = finished
            raise
        self.note(settled, finished)
        return rows

    async def settle(self, finished: list[Settlement]) -> None:
        """Write what has finished, in one statement; what could not be written stays to be written."""
        with self.span("settle", finished):
            try:
                settled = await self.store.settle(finished)
            except BaseException:
                self.sends.finished[:0] = finished
                raise
        self.note(settled, finished)
        await self.counters.write(self.run.db)

    def note(self, settled: Settled, finished: list[Settlement]) -> None:
        """Count; stop when the queue was closed."""
        others = settled.settled - settled.done
        failed = max(0, others - unsent(finished)) if others else 0  # lost leases may be of rows that went back
        self.run.count(processed=settled.done, failed=failed)
        self.count(settled, finished)
        if settled.settled < len(finished):
            log.warning("leases were lost", rows=len(finished) - settled.settled)
        if not settled.queue_open:
            self.sends.halt()

    def span(self, what: str, finished: Sequence[Settlement]) -> traces.Span:
        return traces.span(what, {"nightshift.queue": self.store.queue.table, "nightshift.finished": len(finished)})

    def count(self, settled: Settled, finished: list[Settlement]) -> None:
        """What providers said, whoever holds the rows by now; and what became of the rows."""
        add, queue = self.counters.add, self.store.queue.table
        for fate, rows in Counter([type(each.fate) for each in finished if each.fate is not None]).items():
            add(DELIVERIES, rows, queue=queue, fate=FATES[fate])
        doubted, self.sends.doubted = self.sends.doubted, 0
        lost = len(finished) - settled.settled
        for name, rows in ((DEAD_LETTERS, settled.dead), (LEASES_LOST, lost), (POSSIBLE_DUPLICATES, doubted)):
            if rows:
                add(name, rows, queue=queue)

    async def write_down(self) -> None:
        """Settle all that is known."""
        await written_down(self._settle_all, self.run.seconds_left)

    async def _settle_all(self) -> None:
        while finished := self.sends.finished:
            self.sends.finished = []
            await self.settle(finished)


def unsent(finished: Sequence[Settlement]) -> int:
    """Rows that went back without a try: neither processed nor failed."""
    return sum(1 for settlement in finished if settlement.fate is None or isinstance(settlement.fate, Snooze))
