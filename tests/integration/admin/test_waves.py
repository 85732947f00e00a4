"""A requeue by filter goes 1, then 10, then all, and stops by itself on the first failed attempt."""

import asyncio
from typing import Any

from tests import nightshift
from tests.integration.admin import rows
from tests.integration.admin.conftest import Caller
from tests.integration.admin.test_runs import pages
from tests.nightshift import Connection

EMAILS = "/queues/email_queue"


async def begun(conn: Connection, caller: Caller, letters: int) -> str:
    """A confirmed requeue of so many letters; its path."""
    for number in range(letters):
        await rows.dead_email(conn, f"p{number}@example.com", ago=f"{letters - number} hours")
    answer = await caller.post(f"{EMAILS}/requeue", {"confirm": True})
    assert (answer["letters"], answer["released"], answer["status"]) == (letters, 1, "running")
    return f"{EMAILS}/waves/{answer['id']}"


def progress(wave: dict[str, Any]) -> tuple[Any, ...]:
    return wave["released"], wave["out"], wave["open"], wave["dead"], wave["status"]


async def test_it_goes_one_then_ten_then_all(conn: Connection, caller: Caller) -> None:
    wave, steps = await begun(conn, caller, 15), []
    for _ in range(3):
        await rows.send_all(conn)
        steps.append(progress(await caller.get(wave)))
    assert steps == [(11, 1, 10, 0, "running"), (15, 11, 4, 0, "running"), (15, 15, 0, 0, "done")]


async def test_the_oldest_letter_goes_first(conn: Connection, caller: Caller) -> None:
    await begun(conn, caller, 3)
    cursor = await conn.execute("select to_email from email_queue where status = 'pending'")
    assert await cursor.fetchall() == [{"to_email": "p0@example.com"}]


async def test_nothing_more_goes_out_while_a_step_is_under_way_however_often_it_is_advanced(
    conn: Connection, caller: Caller
) -> None:
    wave = await begun(conn, caller, 15)
    await asyncio.gather(*(caller.post(f"{wave}/advance") for _ in range(4)))
    await rows.send_all(conn)
    await asyncio.gather(*(caller.post(f"{wave}/advance") for _ in range(4)))
    assert await rows.counts(conn) == {"sent": 1, "pending": 10, "dead_letter": 4}


async def test_it_stops_when_the_first_letter_fails_again(conn: Connection, caller: Caller) -> None:
    wave = await begun(conn, caller, 15)
    await rows.send_all(conn, fails="554 still wrong")
    stopped = await caller.get(wave)
    assert (stopped["status"], stopped["reason"]) == ("stopped", "554 still wrong")
    assert await rows.counts(conn) == {"dead_letter": 15}
    assert (await caller.get("/audit"))["acts"][0]["action"] == "stop requeue"


async def test_a_failed_attempt_that_would_be_retried_stops_it_too(conn: Connection, caller: Caller) -> None:
    wave = await begun(conn, caller, 2)
    await conn.execute(
        "update email_queue set last_error = '451 later', history = history || "
        "nightshift.attempt(now(), 'retry', '451 later', null, 5) where status = 'pending'"
    )
    assert (await caller.get(wave))["reason"] == "451 later"
    assert await rows.counts(conn) == {"pending": 1, "dead_letter": 1}


async def test_what_nobody_has_tried_when_it_stops_is_a_dead_letter_again_with_its_old_error(
    conn: Connection, caller: Caller
) -> None:
    wave = await begun(conn, caller, 15)
    await rows.send_all(conn)
    await caller.get(wave)
    [row] = await (await conn.execute("select id from email_queue where status = 'pending' limit 1")).fetchall()
    await rows.die(conn, row["id"], "554 new trouble")
    await caller.get(wave)
    cursor = await conn.execute(
        "select last_error, history -> -1 ->> 'fate' as fate, count(*) as n "
        "from email_queue where status = 'dead_letter' group by 1, 2 order by 3"
    )
    assert [tuple(found.values()) for found in await cursor.fetchall()] == [
        ("554 new trouble", "dead", 1),
        ("HTTP 400", "dead", 4),
        ("HTTP 400", "recalled", 9),
    ]


async def test_it_can_be_stopped_by_hand_and_stays_stopped(conn: Connection, caller: Caller) -> None:
    wave = await begun(conn, caller, 3)
    stopped = await caller.post(f"{wave}/stop")
    again = await caller.post(f"{wave}/advance")
    assert stopped["reason"].startswith("stopped by service key ")
    assert progress(stopped) == progress(again) == (1, 0, 0, 1, "stopped")


async def test_only_one_goes_on_in_a_queue_at_a_time(conn: Connection, caller: Caller) -> None:
    wave = await begun(conn, caller, 3)
    response = await caller.call("POST", f"{EMAILS}/requeue", {"confirm": True})
    problem = nightshift.content(response)
    assert response.status == 409
    assert wave.endswith(problem["wave"])


async def test_replies_are_recalled_chat_by_chat(conn: Connection, caller: Caller) -> None:
    for number in range(3):
        await rows.dead_reply(conn, 7, ago=f"{9 - number} hours")
    answer = await caller.post("/queues/replies/requeue", {"confirm": True})
    stopped = await caller.post(f"/queues/replies/waves/{answer['id']}/stop")
    assert progress(stopped) == (1, 0, 0, 1, "stopped")


async def test_a_letter_that_was_given_up_meanwhile_stays_so(conn: Connection, caller: Caller) -> None:
    wave = await begun(conn, caller, 2)
    [letter] = await (await conn.execute("select id from email_queue where status = 'dead_letter'")).fetchall()
    await caller.post(f"{EMAILS}/rows/{letter['id']}/discard")
    await rows.send_all(conn)
    await caller.get(wave)
    assert (await caller.get(wave))["status"] == "done"
    assert await rows.counts(conn) == {"sent": 1, "discarded": 1}


async def test_letters_that_were_deleted_meanwhile_count_as_out(conn: Connection, caller: Caller) -> None:
    wave = await begun(conn, caller, 2)
    await conn.execute("delete from email_queue")
    await caller.get(wave)
    assert progress(await caller.get(wave)) == (2, 2, 0, 0, "done")


async def test_past_requeues_are_listed_newest_first_page_by_page(conn: Connection, caller: Caller) -> None:
    for _ in range(3):
        await caller.post(f"{await begun(conn, caller, 1)}/stop")
        await conn.execute("delete from email_queue")
    found = await pages(caller, f"{EMAILS}/waves", "waves", limit=2)
    [latest, _] = (await caller.get(f"{EMAILS}/waves", limit=2))["waves"]
    assert [len(page) for page in found] == [2, 1]
    assert (latest["status"], latest["filter"]) == ("stopped", {"limit": 10_000})
