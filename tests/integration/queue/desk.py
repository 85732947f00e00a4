"""A queue as its SQL functions show it, at a time that the test sets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
from psycopg import sql as pg

from infra.migrations.queues import ALERTS, EMAILS, PUSHES, QUEUES, REPLIES, WEBHOOKS, Queue
from shared.outcome import Fate
from shared.queue.store import Settlement, written
from tests import nightshift
from tests.nightshift import Connection

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUN = UUID("00000000-0000-4000-8000-000000000001")  # of every settlement
SPENT = {
    "pending_responses": 3,
    "email_queue": 4,
    "webhook_retry_queue": 4,
    "alert_queue": 5,
    "push_queue": 4,
}  # counted attempts before the last one
LADDERS = {
    "pending_responses": (120, 240, 480),
    "email_queue": (1, 5, 30, 300, 1800),
    "webhook_retry_queue": (60, 300, 1800, 7200, 86400),
    "alert_queue": (10, 60, 300, 900, 3600),
    "push_queue": (10, 60, 300, 1800, 3600),
}

__all__ = ["EMAILS", "LADDERS", "NOON", "QUEUES", "REPLIES", "SPENT", "WEBHOOKS", "Desk", "Lease"]


@dataclass(frozen=True)
class Lease:
    """What one claim got."""

    token: UUID
    rows: list[dict[str, Any]]

    @property
    def ids(self) -> list[UUID]:
        return [row["id"] for row in self.rows]


@dataclass
class Desk:
    """Puts rows in, claims, settles.

    Attributes:
        now: the moment that every statement is told.
    """

    conn: Connection
    queue: Queue
    now: datetime = NOON
    numbers: Any = field(default_factory=lambda: count(1))
    owner: UUID | None = None

    @property
    def table(self) -> str:
        return self.queue.table

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def beside(self, conn: Connection) -> "Desk":
        """The same queue at the same time, over another connection."""
        return Desk(conn, self.queue, self.now, self.numbers, self.owner)

    async def add(self, *, due: float = -60.0, lane: int | None = None, key: str | None = None) -> UUID:
        """A row that is due so many seconds from now (before now if negative)."""
        number, at = next(self.numbers), self.now + timedelta(seconds=due)
        values: dict[str, Any]
        if self.queue is REPLIES:
            self.owner = self.owner or await nightshift.user(self.conn)
            values = {
                "user_id": self.owner,
                "telegram_chat_id": lane or number,
                "response_text": f"text {number}",
                "scheduled_at": at,
            }
        elif self.queue is EMAILS:
            values = {"to_email": f"user{number}@example.org", "subject": "s", "text": "t", "created_at": at}
        elif self.queue is PUSHES:
            values = {**await self.device(number), "title": "t", "body": "b", "created_at": at}
        elif self.queue is ALERTS:
            values = {
                "kind": "alarm",
                "cause": f"failed:{number}",
                "summary": "It failed.",
                "target": "a",
                "created_at": at,
            }
        else:
            values = {
                "webhook_type": "stripe",
                "webhook_event_id": f"evt_{number}",
                "payload": "{}",
                "next_retry_at": at,
            }
        return await self.insert(values | ({"idempotency_key": key} if key else {}))

    async def device(self, number: int) -> dict[str, Any]:
        """A device of the owner's."""
        self.owner = self.owner or await nightshift.user(self.conn)
        made = await self.one(
            "insert into user_devices (user_id, platform, address_kind, push_token) values (%s, 'ios', 'expo', %s) "
            "returning id as device_id, user_id",
            [self.owner, f"ExponentPushToken[{number}-{self.owner}]"],
        )
        return dict(made)

    async def insert(self, values: dict[str, Any]) -> UUID:
        statement = pg.SQL("insert into {} ({}) values ({}) returning id").format(
            pg.Identifier(self.table),
            pg.SQL(", ").join(map(pg.Identifier, values)),
            pg.SQL(", ").join(map(pg.Placeholder, values)),
        )
        return UUID(str((await self.one(statement, values))["id"]))

    async def call(self, function: str, *args: Any, order: LiteralString = "1") -> list[dict[str, Any]]:
        """Call one of the queue's functions, such as `claim`."""
        statement = pg.SQL("select * from {}.{}({}) order by {}").format(
            pg.Identifier("nightshift"),
            pg.Identifier(f"{function}_{self.table}"),
            pg.SQL(", ").join(pg.Placeholder() for _ in args),
            pg.SQL(order),
        )
        return await (await self.conn.execute(statement, args)).fetchall()

    async def claim(
        self, limit: int = 50, lease: float = 60.0, *, run: UUID | None = None, job: str | None = None
    ) -> Lease:
        token = uuid4()
        given = (limit, token, timedelta(seconds=lease), run or uuid4(), job, "schedule", self.now)
        rows = await self.call("claim", *given, order=self.queue.due + ", id")
        return Lease(token, rows)

    async def settle(
        self, token: UUID, *fates: tuple[UUID, Fate | None], delays: Sequence[timedelta] | None = None
    ) -> dict[str, Any]:
        """Settle rows by their fates; the answer of the statement."""
        told = written([Settlement(row, fate, 7) for row, fate in fates], RUN)
        [answer] = await self.call("settle", token, told, list(delays) if delays else None, self.now)
        return answer

    async def park(self, *identifiers: UUID) -> None:
        """What a claim does that has found these rows behind others of their chats."""
        await self.conn.execute(
            "select nightshift.park_pending_responses(array(select ctid from pending_responses where id = any (%s)))",
            [list(identifiers)],
        )

    async def again(self, identifier: UUID) -> Lease:
        """Wait until the row is due once more, and claim it."""
        self.now = max(self.now, (await self.row(identifier))["wake_at"])
        return await self.claim()

    async def fail(self, identifier: UUID, fate: Fate) -> dict[str, Any]:
        """Claim the row when it is due, settle it with this fate; the row afterwards."""
        lease = await self.again(identifier)
        await self.settle(lease.token, (identifier, fate))
        return await self.row(identifier)

    async def row(self, identifier: UUID) -> dict[str, Any]:
        row = await nightshift.row(self.conn, self.table, identifier)
        told = await self.one(
            "select wake_at from nightshift.queue_rows where queue = %s and id = %s", [self.table, identifier]
        )
        return row | told

    async def status(self, *identifiers: UUID) -> list[str]:
        return [(await self.row(identifier))["status"] for identifier in identifiers]

    async def attempts(self, identifier: UUID) -> int:
        return int((await self.row(identifier))[self.queue.attempts])

    async def why(self, identifier: UUID) -> str:
        [answer] = await self.call("why", identifier, self.now)
        return str(next(iter(answer.values())))

    async def health(self) -> dict[str, Any]:
        return await self.one("select * from queues where name = %s", [self.table])

    async def one(self, statement: Any, params: Any = None) -> dict[str, Any]:
        return await (await self.conn.execute(statement, params)).fetchone() or {}

    async def change(self, identifier: UUID, **values: Any) -> None:
        """Overwrite columns of a row, as another program or an accident would."""
        assignments = pg.SQL(", ").join(
            pg.SQL("{} = {}").format(pg.Identifier(name), pg.Placeholder(name)) for name in values
        )
        statement = pg.SQL("update {} set {} where id = %(id)s").format(pg.Identifier(self.table), assignments)
        await self.conn.execute(statement, {**values, "id": identifier})


async def connect(url: str) -> Connection:
    """One more connection to the test's database: autocommit, rows as dicts."""
    return await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row)
