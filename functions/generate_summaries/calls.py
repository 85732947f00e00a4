"""Calls of their own: so many under way at once, each waiting for its place in Claude's rate limits."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from functions.generate_summaries.prompt import TOKEN, estimate, prompt
from functions.generate_summaries.recap import Recap, back, by_claude, by_template, whole
from functions.generate_summaries.worklist import Worklist
from shared.errors import UnavailableError
from shared.log import log
from shared.outcome import Dead, Down, Retry, Snooze, Unknown
from shared.providers.claude import Claude, Prompt
from shared.providers.claude_answer import Answer, Barred, Cut, Declined, Outcome
from shared.retry import written_down

AHEAD = 4  # claims of so many rounds of calls: the next rows are there before the last are done
WRITE_AT = 20  # answers that are written down at once; what a killed run had in hand is asked for, and paid, again
MOST = 3  # attempts of a row before the template writes it
DOUBTS = 2  # unanswered calls of a row, the same
FAILURES = 5  # failures in a row, of any rows, after which Claude is left alone for a while
AGAIN = 60.0  # seconds before a row that failed is asked for again
BARRED = 600.0  # seconds without a call once no call can succeed


@dataclass(frozen=True, slots=True)
class Ask:
    """A call to be made.

    Attributes:
        usd: what is held back for it.
    """

    recap: Recap
    prompt: Prompt
    usd: Decimal


class Calls:
    """The calls of one run.

    Attributes:
        barred: why no call can succeed, if that is so.
    """

    def __init__(self, work: Worklist, claude: Claude) -> None:
        self.work, self.claude, self.settings = work, claude, work.run.settings
        self.stock: deque[Ask] = deque()
        self.done: list[dict[str, Any]] = []
        self.refill = asyncio.Lock()
        self.stopped = self.empty = False
        self.failures = self.served = 0
        self.barred: str | None = None

    async def run(self) -> None:
        """Ask for whatever waits, until nothing does, the time is nearly up, or Claude is not to be asked.

        The first call goes alone: it puts the voice into the cache, which the others then read.
        """
        try:
            if await self.tried():
                await self.side_by_side()
        finally:
            await self.end()

    async def side_by_side(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.settings.claude_at_once):
                    group.create_task(self.many())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors  # the history names one kind of error

    async def many(self) -> None:
        while await self.tried():
            pass

    async def tried(self) -> bool:
        """`one`; where the database is away nothing new is asked for: what is under way is paid for, and may end."""
        try:
            return await self.one()
        except UnavailableError as error:
            log.warning("no further recaps in this run", reason=error.detail)
            self.stopped = True
            return False

    async def one(self) -> bool:
        """Ask once; False when there is nothing more to do."""
        ask = await self.next()
        if ask is None:
            return False
        if not await self.room(ask.prompt):
            self.done.append(back(ask.recap, 0, "the run's time was up"))
            return False
        outcome = await self.claude.write(ask.prompt)
        await self.heed(outcome)
        self.done.append(becomes(ask, outcome, served=self.served > 0))
        if len(self.done) >= WRITE_AT:
            await self.flush()
        return True

    async def next(self) -> Ask | None:
        """The next row that is leased and paid for."""
        async with self.refill:
            while not self.stock and not self.empty and not self.over():
                await self.fetch()
        return self.stock.popleft() if self.stock and not self.over() else None

    async def fetch(self) -> None:
        recaps = await self.work.claim(AHEAD * self.settings.claude_at_once)
        self.empty = not recaps
        given_up = [recap for recap in recaps if spent(recap)]
        asked = [recap for recap in recaps if not spent(recap)]
        self.done += [by_template(recap) for recap in given_up]
        await self.pay(asked)
        await self.flush()

    async def pay(self, asked: Sequence[Recap]) -> None:
        """Put those into stock for whom the budget is enough; the others wait."""
        if not asked:
            return
        asks = [self.ask(recap) for recap in asked]
        granted = await self.work.reserve([(ask.recap, ask.usd) for ask in asks])
        self.stock.extend(ask for ask in asks if ask.recap.key in granted)
        self.done += [back(recap, 0, "the day's budget is used up") for recap in asked if recap.key not in granted]
        if not granted:
            await self.work.hold_for_budget()

    def ask(self, recap: Recap) -> Ask:
        asked = prompt(recap, self.settings)
        return Ask(recap, asked, estimate(self.claude, asked))

    async def room(self, asked: Prompt) -> bool:
        """Wait until the call fits into the rate limits; False if that takes longer than there is time."""
        while (wait := self.claude.headroom.wait(asked.size // TOKEN, asked.max_tokens)) > 0:
            if self.stopped or wait > self.work.time_left - self.claude.timeout:
                return False
            await asyncio.sleep(wait)
        return not self.over()

    async def heed(self, outcome: Outcome) -> None:
        """What an outcome means for all other calls."""
        match outcome:
            case Answer() | Cut() | Declined():
                self.failures, self.served = 0, self.served + 1
            case Snooze(until, why):
                await self.stop(until, why)
            case Barred(why):
                self.barred = self.barred or why
                await self.stop(self.work.run.now(plus=BARRED), why)
            case Unknown(why) | Down(why):
                await self.failed(why)

    async def failed(self, why: str) -> None:
        """After so many failures in a row it is Claude's trouble, and no row's."""
        self.failures += 1
        self.work.run.count(failed=1)
        if self.failures == FAILURES:
            self.stopped = True
            await self.work.down(why)

    async def stop(self, until: datetime, why: str) -> None:
        self.stopped = True
        await self.work.hold(until, why)

    def over(self) -> bool:
        """Whether nothing new may begin: what is under way may still take as long as a call may."""
        return self.stopped or self.work.time_left < self.claude.timeout

    async def flush(self) -> None:
        items, self.done = self.done, []
        try:
            await self.work.write(items)
        except Exception:
            self.done += items  # paid for: the run's end tries again
            raise

    async def end(self) -> None:
        """Write what was answered, and give back what was not asked for: at once, and not when its lease runs out."""
        self.done += [back(ask.recap, 0, "not asked for in this run") for ask in self.stock]
        self.stock.clear()
        await written_down(self.flush, self.work.run.seconds_left)  # it is paid for
        if self.served:
            await self.work.up()


def spent(recap: Recap) -> bool:
    """Whether the template has to write it: it has failed often enough, or waited for a day."""
    return recap.overdue or recap.attempts >= MOST or recap.doubts >= DOUBTS


def becomes(ask: Ask, outcome: Outcome, *, served: bool) -> dict[str, Any]:
    """What becomes of a row. `served`: others were answered, so that this row may be to blame for its failure."""
    recap = ask.recap
    match outcome:
        case Answer() | Cut() | Declined():
            return written(recap, outcome)
        case Dead():
            return by_template(recap)
        case Unknown(why):
            return back(recap, AGAIN, why, doubts=1, cost=ask.usd)
        case Retry(why) | Down(why):
            return back(recap, AGAIN, why, attempts=int(served))
        case Snooze() | Barred():
            return back(recap, 0, outcome.why)


def written(recap: Recap, outcome: Answer | Cut | Declined) -> dict[str, Any]:
    """Claude's text where there is a whole sentence of it, else the template's; billed either way."""
    if isinstance(outcome, Declined):
        return by_template(recap, outcome)
    if isinstance(outcome, Cut) and not whole(outcome):
        return by_template(recap, outcome)
    return by_claude(recap, outcome)
