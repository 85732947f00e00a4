"""cleanup-stale: page by page, each kind in turn, by indexes, within its time."""

import re

import pytest
from psycopg import sql as pg

from functions.cleanup_stale import keeping, sweep
from shared.resources import Resources
from tests import nightshift
from tests.integration.cleanup.ended import DAY, clean, finished, number
from tests.nightshift import Connection


async def test_more_than_a_page_goes_page_by_page(
    conn: Connection, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGE", 2)
    for chat in range(5):
        await nightshift.reply(conn, chat, due_in=-2 * DAY)
    for _ in range(4):
        await finished(conn, "email_queue", "sent", 31)
    detail = (await clean(resources))["detail"]
    assert (detail["stale_replies_failed"], detail["emails_deleted"]) == (5, 4)
    assert await number(conn, "email_queue") == 0


async def test_each_kind_has_its_turn_however_much_there_is_of_another(
    conn: Connection, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGE", 1)
    await conn.execute("create table pages (number int generated always as identity, swept text)")
    await conn.execute(
        "create function note_page() returns trigger language plpgsql as "
        "$$ begin insert into pages (swept) values (tg_table_name); return null; end $$"
    )
    for queue, status in [("email_queue", "sent"), ("webhook_retry_queue", "processed")]:
        await conn.execute(f"create trigger noted after delete on {queue} for each row execute function note_page()")
        for _ in range(2):
            await finished(conn, queue, status, 31)
    await clean(resources)
    pages = await (await conn.execute("select swept from pages order by number")).fetchall()
    assert [page["swept"] for page in pages] == ["email_queue", "webhook_retry_queue"] * 2


async def test_what_somebody_is_bringing_back_is_neither_waited_for_nor_deleted(
    conn: Connection, resources: Resources
) -> None:
    email = await finished(conn, "email_queue", "discarded", 31)
    async with conn.transaction():
        await conn.execute(
            "update email_queue set status = 'pending', finished_at = null where id = %(id)s", {"id": email}
        )
        answer = await clean(resources)
    assert answer["detail"]["emails_deleted"] == 0
    assert (await nightshift.row(conn, "email_queue", email))["status"] == "pending"


@pytest.mark.parametrize("kept", keeping.KEPT.values(), ids=lambda kept: kept.table)
async def test_a_page_is_found_by_the_index_of_its_moment(conn: Connection, kept: keeping.Keeping) -> None:
    async with conn.transaction():
        await conn.execute(
            "set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off"
        )
        cursor = await conn.execute(pg.SQL("explain ") + kept.delete, {"page": 1000})
        plan = "\n".join(row["QUERY PLAN"] for row in await cursor.fetchall())
    assert "Sort" not in plan
    assert re.search(rf"Index Cond: \({kept.since} <", plan)


async def test_with_little_time_left_it_stops_and_tomorrow_goes_on(conn: Connection, database_url: str) -> None:
    hurried = Resources(nightshift.settings(database_url, timeout_seconds=sweep.RESERVE))
    await nightshift.reply(conn, 1, due_in=-2 * DAY)
    answer = await clean(hurried)
    await hurried.close()
    assert (answer["status"], answer["processed"]) == ("success", 0)
    assert answer["detail"]["unfinished"] == sorted(sweep.SWEEPS)
