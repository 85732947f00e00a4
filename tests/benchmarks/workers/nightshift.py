"""Nightshift itself: `shared.queue.drain` with a sender that does nothing."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from shared import settings
from shared.limits import Permit
from shared.log import masked
from shared.outcome import Done, Fate
from shared.queue import EMAILS, REPLIES, Email, drain
from shared.resources import Resources
from shared.task import Run, Tick

MINUTE = 60.0
UNBOUND = 10_000_000  # a limit that is asked and never binds
FILLS: dict[str, LiteralString] = {
    "emails": """
        insert into email_queue (to_email, subject, text, created_at)
        select 'user' || n || '@example.org', 'Subject ' || n, 'A text of some forty characters, number ' || n,
               now() - interval '1 hour' + n * interval '1 millisecond'
        from generate_series(1, %s) n""",
    "replies": """
        with owner as (insert into users (telegram_id) values (1) returning id)
        insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at)
        select owner.id, n, 'A text of some forty characters, number ' || n,
               now() - interval '1 hour' + n * interval '1 millisecond'
        from owner, generate_series(1, %s) n""",
}


class Nothing:
    """A sender whose every send succeeds at once.

    Attributes:
        limited: whether each email asks for its permits, as the real sender does.
    """

    def __init__(self, *, limited: bool) -> None:
        self.limited, self.sent = limited, 0

    def permits(self, row: Any) -> Sequence[Permit]:
        if not (self.limited and isinstance(row, Email)):
            return ()
        recipient = f"email:to:{masked(row.to_email)}"
        return Permit("email:all", UNBOUND, MINUTE), Permit(recipient, 10, MINUTE)

    async def screen(self, rows: Sequence[Any]) -> Mapping[UUID, Fate]:
        return {}

    async def send(self, row: Any) -> Fate:
        self.sent += 1
        return Done()


async def work(url: str, batch: int, queue: str, *, limited: bool) -> dict[str, object]:
    """One invocation that drains the queue; the clock starts once it has its connection."""
    resources = Resources(settings.load({"DATABASE_URL": url}))
    run = Run(f"bench-{queue}", Tick(), resources, MINUTE * 60)
    sender = Nothing(limited=limited)
    await resources.db.rows(b"select 1")
    started = time.perf_counter()
    if queue == "emails":
        await drain(run, EMAILS, sender, claim=batch, until_empty=True)
    else:
        await drain(run, REPLIES, sender, claim=batch, until_empty=True)
    seconds = time.perf_counter() - started
    trips = resources.db.round_trips
    await resources.close()
    return {"seconds": seconds, "handled": sender.sent, "version": "this tree", "round_trips": trips}


def main(action: str, url: str, rows: str, batch: str, queue: str, *limits: str) -> None:
    if action == "fill":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(FILLS[queue], [int(rows)])
        return
    print(json.dumps(asyncio.run(work(url, int(batch), queue, limited="limited" in limits))))


if __name__ == "__main__":
    main(*sys.argv[1:])
