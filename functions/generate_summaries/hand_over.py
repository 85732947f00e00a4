"""Message batches: very many recaps at half price, written within a day and collected by a later run."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from functions.generate_summaries.calls import BARRED, spent
from functions.generate_summaries.prompt import estimate, prompt
from functions.generate_summaries.recap import Recap, back, by_template
from functions.generate_summaries.worklist import SQL, Worklist
from shared.outcome import Snooze, Unknown
from shared.providers.claude import Claude
from shared.providers.claude_answer import Barred, Refusal
from shared.providers.claude_batches import TRANSFER, Batches, Created, Request

PAGE = 1000  # recaps that are leased at once, and in a batch at most
FIRST_LOOK = timedelta(minutes=1)  # after a batch was made, or may have been
NOT_ASKED = "no batch was made"


async def hand_over(work: Worklist, claude: Claude) -> str | None:
    """Make batches while very many wait. Answers why no call can succeed, if that is so."""
    handing = Handing(work, claude)
    threshold = work.run.settings.claude_batch_from
    while not handing.stopped and work.time_left > TRANSFER and await work.waiting(threshold) >= threshold:
        await handing.page()
    return handing.barred


class Handing:
    """The batches that one run makes.

    Attributes:
        stopped: nothing more is leased for batches.
        refused: Claude takes no batch now; what is leased goes back.
        barred: why no call can succeed, if that is so.
    """

    def __init__(self, work: Worklist, claude: Claude) -> None:
        self.work, self.claude, self.batches = work, claude, Batches(claude)
        self.stopped = self.refused = False
        self.barred: str | None = None

    async def page(self) -> None:
        """One page of recaps, in as many batches as it takes."""
        recaps = await self.work.claim(PAGE)
        asked = [recap for recap in recaps if not spent(recap)]
        await self.work.write([by_template(recap) for recap in recaps if spent(recap)])
        paid = await self.paid(asked)
        requests = [Request(str(number), prompt(recap, self.work.run.settings)) for number, recap in enumerate(paid)]
        for part in self.batches.split(requests):
            await self.make([paid[int(request.custom_id)] for request in part], part)

    async def paid(self, asked: Sequence[Recap]) -> list[Recap]:
        """Those for whom the day's budget is enough; the others wait."""
        costs = [(recap, estimate(self.claude, prompt(recap, self.work.run.settings), batch=True)) for recap in asked]
        granted = await self.work.reserve(costs) if costs else set()
        denied = [back(recap, 0, "the day's budget is used up") for recap in asked if recap.key not in granted]
        if denied:
            self.stopped = True
            await self.work.write(denied)
            await self.work.hold_for_budget()
        return [recap for recap in asked if recap.key in granted]

    async def make(self, recaps: Sequence[Recap], requests: Sequence[Request]) -> None:
        """One batch. Its rows belong to it before Claude hears of it, and no other run asks for them."""
        if self.refused:
            await self.work.write([back(recap, 0, NOT_ASKED) for recap in recaps])
            return
        batch = uuid4()
        places = [{**recap.named, "place": place} for place, recap in enumerate(recaps)]
        work = self.work
        row = await work.db.row(SQL.bind, token=work.token, batch=batch, items=json.dumps(places), lease=work.lease)
        if row is None or row["rows"] < len(recaps):
            await work.finish_batch(batch, NOT_ASKED)  # the lease of some ran out: another run may have asked for them
            return
        named = [replace(request, custom_id=custom_id(batch, place)) for place, request in enumerate(requests)]
        await self.meaning(batch, await self.batches.create(named))

    async def meaning(self, batch: UUID, answer: Created | Refusal) -> None:
        match answer:
            case Created(batch_id, created_at):
                await self.work.db.rows(
                    SQL.made,
                    token=self.work.token,
                    batch=batch,
                    batch_id=batch_id,
                    created_at=created_at,
                    wait=FIRST_LOOK,
                )
                self.work.counts["batches"] += 1
            case Unknown(why):
                # It may exist: its rows stay with it until a later run knows.
                self.stopped = self.refused = True
                await self.work.look_later(batch, self.work.run.now() + FIRST_LOOK, why)
            case _:
                self.stopped = self.refused = True
                await self.work.finish_batch(batch, answer.why)
                await self.leave(answer)

    async def leave(self, answer: Refusal) -> None:
        """Claude is not asked for a while, whichever way."""
        match answer:
            case Snooze(until, why):
                await self.work.hold(until, why)
            case Barred(why):
                self.barred = why
                await self.work.hold(self.work.run.now(plus=BARRED), why)
            case _:
                await self.work.down(answer.why)


def custom_id(batch: UUID, place: int) -> str:
    """The name of a row's result, which no other batch has."""
    return f"{batch.hex}_{place}"
