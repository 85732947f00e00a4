"""What the pipeline of a queue task is given: a provider that does as it is told, a run with its time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from shared.limits import Permit
from shared.outcome import Done, Fate
from shared.queue.tables import Claimed
from shared.resources import Resources
from shared.task import Run, Tick


class Recorder:
    """A provider that does as it is told and remembers what it was given.

    Attributes:
        sent: rows in the order in which they were sent.
        most: how many were under way at once.
    """

    def __init__(self, answer: Callable[[Claimed], Fate] = lambda _: Done()) -> None:
        self.answer = answer
        self.sent: list[UUID] = []
        self.known: dict[UUID, Fate] = {}
        self.limits: list[Permit] = []
        self.under_way = self.most = 0

    def permits(self, _row: Claimed) -> Sequence[Permit]:
        return self.limits

    async def screen(self, _rows: Sequence[Claimed]) -> Mapping[UUID, Fate]:
        return self.known

    async def send(self, row: Claimed) -> Fate:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        self.sent.append(row.id)
        return self.answer(row)


class InStep(Recorder):
    """No send ends before so many are under way."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self.barrier = asyncio.Barrier(together)

    async def send(self, row: Claimed) -> Fate:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.barrier.wait()
        self.under_way -= 1
        self.sent.append(row.id)
        return self.answer(row)


def run_of(resources: Resources, seconds_left: float = 60.0) -> Run:
    return Run("a-task", Tick(), resources, seconds_left)
