"""How the queues stood: one sample a queue and minute, whoever looks and how often."""

import asyncio
from typing import Any

import pytest

from functions.watch import look as looking
from functions.watch.courier import SQL
from shared.queue.rows import STATUSES
from shared.resources import Resources
from tests.integration.watch.watching import awake, bury, emails, later, look
from tests.nightshift import Connection


async def samples(conn: Connection, queue: str = "email_queue") -> list[dict[str, Any]]:
    cursor = await conn.execute(
        "select live, due, round(oldest_due_seconds::numeric)::int as oldest, dead, done, died "
        "from queue_samples where queue = %s order by at",
        [queue],
    )
    return await cursor.fetchall()


async def sent(conn: Connection, number: int, *, minutes_ago: float) -> None:
    """Emails that went out so long ago."""
    await conn.execute(
        "insert into email_queue (to_email, subject, text, status, sent_at, finished_at) "
        "select 'a@example.org', 's', 't', 'sent', at, at "
        "from (select now() - make_interval(secs => %s) as at) t, generate_series(1, %s)",
        [minutes_ago * 60, number],
    )


async def test_each_queue_has_a_sample_of_this_minute(conn: Connection, resources: Resources) -> None:
    await look(resources)
    cursor = await conn.execute("select queue, at, date_trunc('minute', at) as minute from queue_samples")
    rows = await cursor.fetchall()
    assert {row["queue"] for row in rows} == set(STATUSES)
    assert all(row["at"] == row["minute"] for row in rows)


async def test_a_sample_says_how_the_queue_stands(conn: Connection, resources: Resources) -> None:
    await emails(conn, 1, minutes_ago=2)
    await bury(conn)
    await emails(conn, 2, minutes_ago=1)
    await emails(conn, 3, minutes_ago=-5)
    await look(resources)
    [sample] = await samples(conn)
    assert (sample["live"], sample["due"], sample["dead"]) == (5, 2, 1)
    assert sample["oldest"] == pytest.approx(60, abs=2)


async def test_an_empty_queue_has_nothing_due(conn: Connection, resources: Resources) -> None:
    await look(resources)
    assert await samples(conn) == [{"live": 0, "due": 0, "oldest": None, "dead": 0, "done": 0, "died": 0}]


async def test_what_went_out_is_counted_from_one_sample_to_the_next(conn: Connection, resources: Resources) -> None:
    await look(resources)
    await later(conn, 5)
    await sent(conn, 2, minutes_ago=7)  # before the sample before
    await sent(conn, 3, minutes_ago=4)
    await sent(conn, 4, minutes_ago=1.1)
    await sent(conn, 5, minutes_ago=0)  # the next sample's
    await emails(conn, 6)
    await bury(conn, minutes_ago=2)
    await awake(conn)
    await look(resources)
    newest = (await samples(conn))[-1]
    assert (newest["done"], newest["died"]) == (7, 6)


async def test_counts_end_where_they_stop_to_matter(
    conn: Connection, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "CAP", 3)
    monkeypatch.setattr(looking, "MOST", 4)
    await sent(conn, 9, minutes_ago=1.05)
    await emails(conn, 9)
    await look(resources)
    [sample] = await samples(conn)
    assert (sample["live"], sample["due"]) == (3, 3)
    assert sample["done"] <= 4


async def test_who_looks_twice_in_a_minute_notes_it_once(conn: Connection, database_url: str) -> None:
    from tests import nightshift  # noqa: PLC0415

    callers = [Resources(nightshift.settings(database_url)) for _ in range(4)]
    await asyncio.gather(*(look(caller) for caller in callers))
    cursor = await conn.execute("select queue, at from queue_samples group by queue, at having count(*) > 1")
    assert await cursor.fetchall() == []
    for caller in callers:
        await caller.close()


async def test_the_sample_is_found_by_indexes_among_many_finished_rows(conn: Connection) -> None:
    await sent(conn, 20_000, minutes_ago=600)
    await conn.execute("vacuum analyze email_queue")
    cursor = await conn.execute(b"explain " + SQL.sample.split(b"\n", 2)[2].rstrip(b";"), {"cap": 100, "most": 100})
    plan = "\n".join(row["QUERY PLAN"] for row in await cursor.fetchall())
    assert "Seq Scan on email_queue" not in plan
    assert "email_queue_done" in plan
