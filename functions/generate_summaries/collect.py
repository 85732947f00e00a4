"""Collect what batches have brought, whoever made them; the one that was to be looked at first comes first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from functions.generate_summaries.calls import AGAIN, BARRED, written
from functions.generate_summaries.recap import Recap, back, by_template
from functions.generate_summaries.worklist import SQL, Worklist
from shared.outcome import Dead, Snooze
from shared.providers.claude import Claude
from shared.providers.claude_answer import Answer, Barred, Cut, Declined, Outcome, Refusal
from shared.providers.claude_batches import (
    RECENT,
    TRANSFER,
    YOUNG,
    Batches,
    Created,
    Ended,
    Finished,
    Running,
    Young,
)

PAGE = 500  # results that are written at once
SOON = timedelta(minutes=1)  # between looks at a batch that answered with nothing yet
LATER = timedelta(minutes=5)  # between looks at one that is worked on
LATEST = timedelta(hours=1)  # between looks at one that cannot be looked at
SKEW = timedelta(minutes=5)  # by which Claude's clock may differ from ours
GIVE_UP = timedelta(hours=36)  # since it was made: Claude ends a batch after 24


@dataclass(frozen=True, slots=True)
class Known:
    """A batch of ours; `batch_id` is Claude's name of it, if that is known."""

    id: UUID
    batch_id: str | None
    made_at: datetime
    created_at: datetime | None
    failures: int


async def collect(work: Worklist, claude: Claude) -> str | None:
    """Look at every batch that is due once. Answers why no call can succeed, if that is so."""
    collection = Collection(work, Batches(claude))
    while not collection.stopped and work.time_left > TRANSFER:
        row = await work.db.row(SQL.claim_batch, token=work.token, lease=work.lease)
        if row is None:
            break
        await work.open()
        await collection.look(Known(**row))
    return collection.barred


class Collection:
    """The looks of one run."""

    def __init__(self, work: Worklist, batches: Batches) -> None:
        self.work, self.batches = work, batches
        self.stopped = False
        self.barred: str | None = None

    async def look(self, batch: Known) -> None:
        """One look at one batch; whatever comes of it, others are looked at before it is again."""
        known = batch if batch.batch_id else await self.found(batch)
        if known is None or known.batch_id is None or known.created_at is None:
            return
        match await self.batches.status(known.batch_id, known.created_at):
            case Ended(ended_at):
                await self.take(known, ended_at)
            case Running():
                await self.later(known, LATER)
            case Young():
                await self.later(known, SOON)
            case refusal:
                await self.refused(known, refusal)

    async def take(self, batch: Known, ended_at: datetime) -> None:
        """Write down what the batch brought; a line that is missing or cannot be read goes back."""
        results = await self.batches.results(batch.batch_id or "", ended_at)
        if isinstance(results, Young):
            await self.later(batch, SOON)
        elif isinstance(results, Iterator):
            await self.write(batch, outcomes(batch.id, results))
        else:
            await self.refused(batch, results)

    async def write(self, batch: Known, found: dict[int, Outcome]) -> None:
        work = self.work
        while recaps := await self.rows(batch):
            await work.write([meaning(recap, found.get(recap.place)) for recap in recaps])
            if work.time_left < 0:
                return await self.later(batch, timedelta(0))
        return await work.finish_batch(batch.id, None)

    async def rows(self, batch: Known) -> list[Recap]:
        work = self.work
        rows = await work.db.rows(SQL.batch_rows, token=work.token, batch=batch.id, limit=PAGE, lease=work.lease)
        return [Recap(**row) for row in rows]

    async def refused(self, batch: Known, refusal: Refusal) -> None:
        """A look that told nothing. Only where every look would be refused, none is made after it."""
        match refusal:
            case Dead(why):
                return await self.work.finish_batch(batch.id, why, attempts=1)
            case Snooze(until, why):
                self.stopped = True
                wait = until - self.work.run.now()
            case Barred(why):
                self.stopped, self.barred = True, why
                wait = timedelta(seconds=BARRED)
            case _:
                why, wait = refusal.why, min(SOON * 2 ** min(batch.failures, 10), LATEST)
        return await self.later(batch, wait, why)

    async def later(self, batch: Known, wait: timedelta, why: str | None = None) -> None:
        """Look again after this time, unless it has been looked at for long enough: then its rows wait again."""
        now = self.work.run.now()
        if now - batch.made_at > GIVE_UP:
            await self.work.finish_batch(batch.id, why or "the batch never ended", attempts=1)
        else:
            await self.work.look_later(batch.id, now + wait, why)

    async def found(self, batch: Known) -> Known | None:
        """A batch whose making was in doubt, if Claude has it. Only its results say which one it is."""
        recent = await self.batches.recent()
        if not isinstance(recent, list):
            await self.refused(batch, recent)
            return None
        candidates = await self.unknown(batch, recent)
        open_ones = False
        for candidate in candidates:
            match await self.owner(candidate):
                case True:
                    open_ones = True
                case UUID() as owner if owner == batch.id:
                    return replace(batch, batch_id=candidate.batch_id, created_at=candidate.created_at)
        sure = len(recent) < RECENT or recent[-1].created_at < batch.made_at - SKEW
        if open_ones or not sure or self.work.run.now() - batch.made_at < YOUNG:
            await self.later(batch, LATER)
        else:
            await self.work.finish_batch(batch.id, "the batch was never made")
        return None

    async def unknown(self, batch: Known, recent: list[Created]) -> list[Created]:
        """Those that may be this one: made since, and no known one of ours."""
        since = [each for each in recent if each.created_at >= batch.made_at - SKEW]
        rows = await self.work.db.rows(SQL.known_batches, batch_ids=[each.batch_id for each in since])
        ours = {row["batch_id"] for row in rows}
        return [each for each in since if each.batch_id not in ours]

    async def owner(self, candidate: Created) -> UUID | bool:
        """Which batch of ours this is; True where that cannot be told yet, False where it is somebody else's."""
        status = await self.batches.status(candidate.batch_id, candidate.created_at)
        results = await self.batches.results(candidate.batch_id, status.ended_at) if isinstance(status, Ended) else None
        if not isinstance(results, Iterator):
            return True
        owner = next((parsed[0] for each in results if (parsed := parse(each.custom_id))), None)
        if owner is None:
            return False
        await self.work.db.rows(
            SQL.name_batch, batch=owner, batch_id=candidate.batch_id, created_at=candidate.created_at
        )
        return owner


def outcomes(batch: UUID, results: Iterator[Finished]) -> dict[int, Outcome]:
    """The outcomes by place, as far as they are this batch's."""
    named = ((parse(each.custom_id), each.outcome) for each in results)
    return {place[1]: outcome for place, outcome in named if place and place[0] == batch}


def parse(custom_id: str) -> tuple[UUID, int] | None:
    """What a name of ours says: the batch and the place; None for anybody else's."""
    batch, _, place = custom_id.partition("_")
    try:
        return UUID(hex=batch), int(place)
    except ValueError:
        return None


def meaning(recap: Recap, outcome: Outcome | None) -> dict[str, Any]:
    """What becomes of a row of a batch."""
    match outcome:
        case Answer() | Cut() | Declined():
            return written(recap, outcome)
        case Dead():
            return by_template(recap)
        case None:
            return back(recap, 0, "the batch had no result for it", attempts=1)
        case _:
            return back(recap, AGAIN, outcome.why, attempts=1)
