"""What the tests of `watch` do: let it pass, read what was told, let time go by."""

import json
from typing import Any

from functions.watch.main import watch
from shared import table
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.nightshift import Connection


async def look(resources: Resources) -> Any:
    """One pass."""
    answer = await nightshift.post(watch, resources)
    assert answer.status == 200, answer.body
    return nightshift.content(answer)


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """What a receiver was told, in order: the kind and the cause."""
    messages = [json.loads(got.body) for got in receiver.got]
    return [(message["kind"], message["cause"]) for message in messages]


async def later(conn: Connection, minutes: float) -> None:
    """Let time go by for what is remembered: pulses, samples, what was told, retries."""
    by = {"by": minutes * 60}
    for table_name, columns in {
        "job_pulses": ("known_since", "began_at", "steady_since"),
        "alert_states": ("raised_at", "sent_at"),
        "queue_samples": ("at",),
        "email_queue": ("finished_at",),
        "alert_queue": ("created_at", "next_retry_at", "finished_at"),
        "rate_limit_counters": ("expires_at",),
    }.items():
        shifted = ", ".join(f"{column} = {column} - make_interval(secs => %(by)s)" for column in columns)
        await conn.execute(f"update {table_name} set {shifted}", by)  # noqa: S608 - our own names
    await conn.execute("delete from rate_limit_counters")


async def awake(conn: Connection, minutes: float = 600) -> None:
    """The watch has been there for so long, and every other task came just now."""
    for entry in table.tasks():
        await conn.execute("select nightshift.pulse(%s)", [entry.name])
    await conn.execute(
        "update job_pulses set steady_since = now() - make_interval(secs => %s) where job = 'watch'", [minutes * 60]
    )


async def causes(conn: Connection) -> set[str]:
    """What is wrong now."""
    cursor = await conn.execute("select cause from alert_states where resolved_at is null")
    return {row["cause"] for row in await cursor.fetchall()}


async def emails(conn: Connection, number: int, *, minutes_ago: float = 0) -> None:
    """Emails that became due so long ago."""
    await conn.execute(
        "insert into email_queue (to_email, subject, text, created_at) "
        "select 'a@example.org', 's', 't', now() - make_interval(secs => %s) from generate_series(1, %s)",
        [minutes_ago * 60, number],
    )


async def bury(conn: Connection, queue: str = "email_queue", *, minutes_ago: float = 2) -> None:
    """All live rows of a queue became dead letters so long ago."""
    await conn.execute(
        f"select nightshift.bury_{queue}(array(select id from {queue} where finished_at is null), 'refused', "  # noqa: S608
        "now() - make_interval(secs => %s))",
        [minutes_ago * 60],
    )
