"""How a run that has nothing to do learns of work: it rings, a row's time comes, or a look finds some.

Rings come where a session is kept (`Line`). They are not the only way even there: who inserts rings only if somebody
waits, so a transaction that began before may commit in silence after the wait began. Looks that start close together
and double their distance find it soon: at the latest after as long again as it took.
"""

import time
from typing import Any

from shared.queue.line import Line
from shared.queue.store import Store
from shared.settings import Settings

SHORTEST = 0.01  # seconds between the first two looks of a wait
LOOK = 5.0  # seconds between looks, at most, where it rings; inserts of rows due within 6 s ring (0007_bell.up.sql)
POLL = 0.5  # seconds between looks, at most, where it does not
HELD = (
    0.005  # seconds of the first wait for a row that is due and was not claimed; each further one takes twice as long
)


class Bell:
    """One run's waiting for rows of one queue. Opens a connection of its own once it waits; close it."""

    def __init__(self, settings: Settings, store: Store[Any]) -> None:
        self.next_wake = store.next_wake
        self.line = Line(settings, store.db, f"nightshift.{store.queue.table}")
        self.held = 0.0

    async def rung(self, seconds: float) -> None:
        """Come back when a row may be due: on a ring, at its time, by a look; at the latest after so many seconds.

        Raises:
            UnavailableError: the pool's database cannot be reached. A fault of the bell's own connection is not raised.
        """
        if (rest := await self._look()) > 0:
            self.held = 0.0
            await self._wait(rest, seconds)
        else:
            await self._hold(seconds)
        self.line.leave()

    async def close(self) -> None:
        await self.line.close()

    async def _look(self) -> float:
        """Seconds until the next row is due, once everybody knows that somebody waits."""
        await self.line.wait()
        wake = await self.next_wake()
        return float("inf") if wake is None else max(0.0, wake)

    async def _wait(self, rest: float, seconds: float) -> None:
        until, pause = time.monotonic() + seconds, SHORTEST
        while (left := until - time.monotonic()) > 0:
            if await self.line.heard(min(left, rest, pause)) or rest <= pause:
                break
            pause = min(2 * pause, POLL if self.line.connection is None else LOOK)
            rest = await self._look()

    async def _hold(self, seconds: float) -> None:
        """A row is due right after a claim. It came in between, or somebody holds it: then each time wait longer."""
        held, self.held = self.held, min(max(HELD, 2 * self.held), POLL)
        await self.line.heard(min(held, seconds))
