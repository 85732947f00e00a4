"""The players of the night: what their yesterday was like where they are, and how the product wrote it down."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from infra.local.demo import plan
from infra.local.demo.rules import POINTS, Player

FIRST_CHAT = 600_000
SEED = 20260101  # the same night each time
MORNING = time(6)  # local, from which on a recap is owed
USERS = """
insert into users (id, telegram_id, display_name, timezone, chapter, game_status, relationship_score,
                   last_interaction_at, created_at)
values (%(id)s, %(chat)s, %(name)s, %(zone)s, %(chapter)s, %(status)s, %(score)s, %(seen)s, %(joined)s)
"""
TALKS = """
insert into conversations (user_id, platform, messages, started_at, ended_at, score_delta, chapter_at_time)
values (%s, 'telegram', %s, %s, %s, %s, %s)
"""
CHANGES = """
insert into score_history (user_id, score, chapter, event_type, event_details, recorded_at, decay_date)
values (%s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(kw_only=True)
class Sleeper(Player):
    """A player with a day behind them.

    Attributes:
        day: their yesterday; `begins` is its first moment.
        morning, evening: the score when it began and when it ended.
        talks: when they talked, and what came of it.
        changes: what the history has of it: when, score, kind, details, date of a decay.
    """

    number: int
    zone: str
    day: date
    id: UUID = field(default_factory=uuid4)
    morning: Decimal = Decimal(50)
    evening: Decimal = Decimal(50)
    lost: Decimal = Decimal(0)
    talks: list[tuple[datetime, Decimal]] = field(default_factory=list)
    changes: list[tuple[datetime, Decimal, str, dict[str, Any], date | None]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"Sleeper{self.number:03d}"

    @property
    def chat(self) -> int:
        return FIRST_CHAT + self.number

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.day, time(), ZoneInfo(self.zone))

    @property
    def columns(self) -> dict[str, Any]:
        names = ("id", "chat", "name", "zone", "chapter", "status", "score", "seen")
        return {name: getattr(self, name) for name in names} | {"joined": self.begins - timedelta(days=30)}

    def owed(self, at: datetime) -> bool:
        """Whether they are to find a recap: their game is on, and it is six o'clock or later where they are."""
        return self.status in ("active", "boss_fight") and at.astimezone(ZoneInfo(self.zone)).time() >= MORNING

    def talk(self, at: datetime, delta: Decimal) -> None:
        self.talks.append((at, delta))
        self.change(delta)
        self.seen = at
        self.changes.append((at, self.score, "chat", {"delta": str(delta)}, None))

    def was_missed(self, at: datetime) -> None:
        """They lost points on their yesterday already."""
        day, before = at.astimezone(UTC).date(), self.score
        self.paid.add(day)
        self.change(Decimal(-POINTS[self.chapter]))
        self.lost = before - self.score
        self.changes.append((at, self.score, "decay", {"points": float(self.lost)}, day))


def sleepers(at: datetime) -> list[Sleeper]:
    """As many as the plan says; of ten, six talked, three stayed away, and one is about to lose it all."""
    source = Random(SEED)  # noqa: S311 - a plot, not a secret
    return [sleeper(number, at, source) for number in range(plan.SLEEPERS)]


def sleeper(number: int, at: datetime, source: Random) -> Sleeper:
    zone = plan.ZONES[number % len(plan.ZONES)]
    kind, chapter = number // len(plan.ZONES) % 10, source.randint(1, 5)
    day = at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    score = Decimal(source.randint(1, 100) if kind == 9 else source.randint(2000, 9900)) / 100  # noqa: PLR2004
    away = at - timedelta(hours=source.randint(20, 160))
    status = {0: "boss_fight", 1: "won", 2: "game_over"}.get(number % 25, "active")
    one = Sleeper(number=number, zone=zone, day=day, seen=away, score=score, chapter=chapter, status=status)
    one.morning = score
    one.changes.append((one.begins - timedelta(hours=1), score, "chat", {}, None))
    if kind < 6:  # noqa: PLR2004
        for hour in source.sample(range(8, 23), source.randint(1, 3)):
            one.talks.append((one.begins + timedelta(hours=hour), Decimal(source.randint(-300, 500)) / 100))
        planned, one.talks = sorted(one.talks), []
        for moment, delta in planned:
            one.talk(moment, delta)
    elif kind < 8 and status == "active":  # noqa: PLR2004
        one.was_missed(one.begins + timedelta(hours=2))
    one.evening = one.score
    return one


def said(sleeper: Sleeper, turn: int) -> list[dict[str, str]]:
    """Words that tell whose they are."""
    return [
        {"role": "user", "content": f"{sleeper.name} was here, time {turn}."},
        {"role": "assistant", "content": f"I know, {sleeper.name}."},
    ]


async def write(conn: psycopg.AsyncConnection[Any], people: list[Sleeper]) -> None:
    """As the product would have: the players, what was said, how the score moved."""
    async with conn.transaction(), conn.cursor() as cursor:
        await cursor.executemany(USERS, [one.columns for one in people])
        await cursor.executemany(TALKS, list(talks(people)))
        await cursor.executemany(CHANGES, list(changes(people)))


def talks(people: list[Sleeper]) -> Iterator[tuple[Any, ...]]:
    for one in people:
        for turn, (at, delta) in enumerate(one.talks):
            yield one.id, Jsonb(said(one, turn)), at, at + timedelta(minutes=5), delta, one.chapter


def changes(people: list[Sleeper]) -> Iterator[tuple[Any, ...]]:
    for one in people:
        for at, score, kind, details, day in one.changes:
            yield one.id, score, one.chapter, kind, Jsonb(details), at, day
