"""The night that ends the demo: decay, games that are over, recaps; checked against the rules in plain Python."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from infra.local.demo import plan
from infra.local.demo.check import Check, arrived, equal, none
from infra.local.demo.crew import Crew
from infra.local.demo.sleepers import Sleeper, sleepers, write
from infra.local.twins import TwinClient

FIRED = 3  # times that the same night is fired: two schedulers and an impatient person
NAMES = re.compile(r"Sleeper\d{3}")
TOKENS = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
WAITING = (
    "select (select count(*) from recap_work) + (select count(*) from pending_responses where finished_at is null)"
)
STATES = "select id, relationship_score, game_status from users"
PAID = "select user_id, count(*) from score_history where decay_date = %s group by user_id"
BILLED = "select metadata from job_history where job_name = 'generate-summaries'"
RECAPS = """
select user_id, summary_date, score_start, score_end, decay_applied, conversations_count, recap, written_by
from daily_summaries
"""

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Zone:
    """Before and after, of the players of one time zone.

    Attributes:
        before, after: the mean score in the evening and once the night is over.
        lost: points that the night took in all.
        over: games that it ended.
    """

    zone: str
    time: str
    players: int
    talks: int
    before: float
    after: float
    lost: float
    over: int
    recaps: int


class Night:
    """One night of players in several time zones, as of one moment."""

    def __init__(
        self, crew: Crew, conn: Connection, telegram: TwinClient, claude: TwinClient, tell: Callable[[str], None]
    ) -> None:
        self.crew, self.conn, self.telegram, self.claude, self.tell = crew, conn, telegram, claude, tell
        self.at = datetime.now(UTC)
        self.people = sleepers(self.at)
        self.answers: list[str | None] = []

    async def fall(self) -> None:
        """All of it: the day is written down, the points are taken, the recaps written, the notices delivered."""
        await write(self.conn, self.people)
        talks = sum(len(one.talks) for one in self.people)
        zones = len(plan.ZONES)
        self.tell(f"A night: {len(self.people)} players in {zones} time zones, {talks} conversations yesterday")
        tick = {"scheduled_for": self.at.isoformat()}
        ended = await asyncio.gather(*(self.crew.fire("apply-decay", **tick) for _ in range(FIRED)))
        self.answers = [answer["status"] if answer else None for answer in ended]
        for one in self.people:
            one.decay(self.at.date())
        self.tell(f"Claude asks everybody to wait for {plan.PUT_OFF} s")
        await self.claude.fault("throttle", times=1, retry_after=plan.PUT_OFF)
        until = time.monotonic() + plan.NIGHT_END
        while time.monotonic() < until and await self.waits():
            await self.crew.fire("generate-summaries", **tick)
            await asyncio.sleep(0.1)

    async def waits(self) -> bool:
        """Whether a recap was not planned yet, is not written, or a notice is not out."""
        [planned] = await self.rows("select planned_at >= date_trunc('hour', %s) from recap_channel", self.at)
        [waiting] = await self.rows(WAITING)
        return not planned[0] or waiting[0] > 0

    async def checks(self) -> list[Check]:
        """What must hold, by the rules, by Telegram's record and by Claude's."""
        return [*await self.scores(), *await self.farewells(), *await self.recaps(), await self.bill()]

    async def scores(self) -> list[Check]:
        found = {key: (score, status) for key, score, status in await self.rows(STATES)}
        paid = dict(await self.rows(PAID, self.at.date()))
        day = self.at.date()
        wrong = [one.name for one in self.people if found[one.id] != (one.score, one.status)]
        twice = [one.name for one in self.people if paid.get(one.id, 0) != (day in one.paid)]
        return [
            equal(f"of {FIRED} calls for the same night, runs", 1, self.answers.count("success")),
            arrived(f"scores of {len(self.people)} players as the rules say", len(self.people), wrong),
            none("players who paid twice, or paid and owed nothing, or the other way round", twice),
        ]

    async def farewells(self) -> list[Check]:
        """Whose game the night ended, and what Telegram gave them."""
        over = {one.chat for one in self.people if one.told}
        sent = [r["chat_id"] for r in await self.telegram.records() if r["outcome"] == "delivered"]
        told = [chat for chat in sent if any(chat == one.chat for one in self.people)]
        return [
            arrived("games over, told by Nikita", len(over), over - set(told)),
            none("players told twice, or whose game goes on", [c for c in told if c not in over or told.count(c) > 1]),
        ]

    async def recaps(self) -> list[Check]:
        people = {one.id: one for one in self.people}
        rows = {row[0]: row for row in await self.rows(RECAPS)}
        owed = {one.id for one in self.people if one.owed(self.at)}
        written = [record for record in await self.claude.records() if record["outcome"] == "written"]
        mixed = [names for r in written if len(names := set(NAMES.findall(r["user"]))) != 1]
        return [
            arrived("recaps of yesterday, where it is six or later", len(owed), named(people, owed - set(rows))),
            none("recaps before six, or of games that are over", named(people, set(rows) - owed)),
            none("recaps with other facts than the day's", [p.name for p in self.people if not true(p, rows)]),
            none("recaps in which Claude was told of somebody else", mixed),
            none("recaps that Claude did not write", [key for key, row in rows.items() if row[-1] != "claude"]),
            equal("recaps asked for, and paid, twice", 0, (await self.claude.stats())["repeated"]),
        ]

    async def bill(self) -> Check:
        """The history's own count, and Claude's."""
        runs = [row[0] for row in await self.rows(BILLED)]
        ours = {kind: sum(run.get(kind, 0) for run in runs) for kind in TOKENS}
        theirs = (await self.claude.stats())["tokens"]
        read = f"{ours['cache_read_input_tokens']:,} of them from the cache"
        return Check("tokens as Claude bills them", f"{sum(ours.values()):,}, {read}", ours == theirs)

    async def table(self) -> list[Zone]:
        """Before and after, the zone where it is earliest first."""
        zones: dict[str, list[Sleeper]] = defaultdict(list)
        for one in self.people:
            zones[one.zone].append(one)
        written = {row[0] for row in await self.rows(RECAPS)}
        after = {key: float(score) for key, score, _ in await self.rows(STATES)}
        return [self.zone(zone, zones[zone], after, written) for zone in plan.ZONES]

    def zone(self, zone: str, people: list[Sleeper], after: dict[UUID, float], written: set[UUID]) -> Zone:
        before = [float(one.evening) for one in people]
        now = [after[one.id] for one in people]
        return Zone(
            zone,
            f"{self.at.astimezone(ZoneInfo(zone)):%H:%M}",
            len(people),
            sum(len(one.talks) for one in people),
            mean(before),
            mean(now),
            round(sum(before) - sum(now), 2),
            sum(bool(one.told) for one in people),
            len(written & {one.id for one in people}),
        )

    async def rows(self, statement: str, *params: Any) -> list[Any]:
        return await (await self.conn.execute(statement.encode(), params)).fetchall()


def true(one: Sleeper, rows: dict[UUID, tuple[Any, ...]]) -> bool:
    """Whether a recap, if there is one, has the facts of its player's day and is about them."""
    if one.id not in rows:
        return True
    _, *facts, text, _ = rows[one.id]
    return facts == [one.day, one.morning, one.evening, one.lost, len(one.talks)] and one.name in text


def named(people: dict[UUID, Sleeper], keys: Iterable[UUID]) -> list[str]:
    return [people[key].name if key in people else str(key) for key in keys]


def mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 2)
