"""The recaps that wait, as this run has hold of them: planned, leased, paid for, written, let go of."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from functions.generate_summaries.recap import Recap
from shared import alerts, fan_out, history, sql
from shared.causes import Cause
from shared.counters import CLAUDE_COST, CLAUDE_TOKENS
from shared.task import Run, overdue

SQL = sql.beside(__file__)
PAGE = 5000  # users that one statement of the plan looks at
RESERVE = 10.0  # seconds of the run kept back for what it has to write at its end
LEASE_MARGIN = 30.0  # seconds by which a lease outlives its run
HOLD = timedelta(minutes=5)  # without a call once the day's budget is used up: what is held back may come free
COUNTS = ("planned", "claude", "template", "back", "calls", "batches")
TOKENS = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class Worklist:
    """One invocation's hold on the worklist.

    Attributes:
        token: of its leases: a fresh one for each invocation, so that none is taken for another's.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.db, self.token = run, run.db, uuid4()
        self.counts: Counter[str] = Counter()
        self.cost = Decimal(0)

    @property
    def time_left(self) -> float:
        """Seconds in which something new may begin."""
        return self.run.seconds_left() - RESERVE

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=max(self.run.seconds_left(), 0.0) + LEASE_MARGIN)

    async def plan(self) -> None:
        """Add whoever waits since the last plan, page by page: once an hour by the schedule, else when asked for.

        As of the run's tick: by hand a morning that was missed can be made up for.
        """
        now = min(self.run.scheduled_for, self.run.now())
        row = await self.db.row(SQL.planned, now=now, repeatable=True)
        if self.run.trigger in ("schedule", fan_out.TRIGGER) and row and row["done"]:
            return
        zone, after = None, None
        while self.time_left > 0:
            page = await self.db.row(SQL.plan, now=now, zone=zone, after=after, limit=PAGE, repeatable=True) or {}
            self.counts["planned"] += page["planned"]
            zone, after = page["zone"], page["after"]
            if zone is None:
                await self.db.rows(SQL.note_plan, now=now, repeatable=True)
                return

    async def waiting(self, most: int) -> int:
        """How many could be asked for now, counted up to `most`."""
        row = await self.db.row(SQL.waiting, most=most, repeatable=True)
        return row["rows"] if row else 0

    async def claim(self, limit: int) -> list[Recap]:
        rows = await self.db.rows(SQL.claim, token=self.token, limit=limit, lease=self.lease)
        if rows:
            await self.open()
        return [Recap(**row) for row in rows]

    async def reserve(self, asked: Sequence[tuple[Recap, Decimal]]) -> set[Any]:
        """Hold back the cost of each call; the keys of those for whom the day's budget was enough."""
        items = [{**recap.named, "usd": str(usd)} for recap, usd in asked]
        granted = await self.db.rows(
            SQL.reserve,
            token=self.token,
            items=json.dumps(items),
            day=self.run.now().astimezone(UTC).date(),
            budget=self.run.settings.claude_daily_budget_usd,
        )
        return {(row["user_id"], row["summary_date"]) for row in granted}

    async def write(self, items: Sequence[dict[str, Any]]) -> None:
        """Write recaps, and let go of those without one. What another run has taken over meanwhile it writes.

        Safe to repeat: what is written or let go of is not leased any more.
        """
        if not items:
            return
        row = await self.db.row(SQL.write, token=self.token, items=json.dumps(items), repeatable=True)
        self.run.count(processed=row["rows"] if row else 0)
        for item in items:
            self.counts.update({item.get("written_by", "back"): 1, "calls": item["calls"]})
            self.counts.update({kind: item[kind] for kind in TOKENS})
            self.cost += Decimal(item["cost_usd"])
        self.count(items)
        await self.run.resources.counters.write(self.db)

    def count(self, items: Sequence[dict[str, Any]]) -> None:
        counters = self.run.resources.counters
        for kind in TOKENS:
            if tokens := sum(item[kind] for item in items):
                counters.add(CLAUDE_TOKENS, tokens, kind=kind.removesuffix("_tokens"))
        if cost := sum(Decimal(item["cost_usd"]) for item in items):
            counters.add(CLAUDE_COST, float(cost))

    async def hold(self, until: datetime, why: str) -> None:
        """Nobody asks before this time, whichever run: it is kept in the database."""
        await self.db.rows(SQL.hold, until=until, why=why, repeatable=True)

    async def hold_for_budget(self) -> None:
        """The day's budget is used up: nobody asks until some of it may come free, or the next day has its own."""
        now = self.run.now().astimezone(UTC)
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
        await self.hold(min(now + HOLD, midnight), "the day's budget is used up")
        self.run.note(budget_used_up=True)
        budget = self.run.settings.claude_daily_budget_usd
        await alerts.alarm(self.run.resources, Cause("budget", self.run.job, {"budget": budget}))

    async def down(self, why: str) -> None:
        """Claude fails as a whole: nobody asks for a while, longer each time."""
        await self.db.rows(SQL.down, why=why)

    async def up(self) -> None:
        await self.db.rows(SQL.up, repeatable=True)

    async def look_later(self, batch: UUID, at: datetime, why: str | None) -> None:
        """Let go of a batch until then; `why` the look at it failed, if it did."""
        failed = int(why is not None)
        await self.db.rows(SQL.look_later, token=self.token, batch=batch, at=at, error=why, failed=failed)

    async def finish_batch(self, batch: UUID, error: str | None, attempts: int = 0) -> None:
        row = await self.db.row(SQL.finish_batch, token=self.token, batch=batch, attempts=attempts, error=error)
        self.counts["back"] += row["rows"] if row else 0

    async def open(self) -> None:
        """There is work: from here on the run has its row in the history."""
        run = self.run
        if not run.opened:
            run.opened = run.pulsed = True
            await history.begin(
                run.db, run=run.id, job=run.job, key=None, trigger=run.trigger, limit=overdue(run), metadata={}
            )

    def note(self) -> None:
        """What this run did, what it cost: into its history."""
        if self.run.opened or self.counts["planned"]:
            self.run.opened = True
            counted = {name: self.counts[name] for name in (*COUNTS, *TOKENS)}
            self.run.note(**counted, cost_usd=str(self.cost))
