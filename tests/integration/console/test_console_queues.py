"""The queues: depth, past, errors, rows found and masked, pause and resume."""

import pytest

from tests import nightshift
from tests.integration.admin import rows
from tests.integration.console.operating import Operator, text, words
from tests.nightshift import Connection

EMAILS = "/console/queues/email_queue"


async def sampled(conn: Connection, queue: str = "email_queue") -> None:
    await conn.execute(
        "insert into queue_samples (queue, at, live, due, oldest_due_seconds, dead, done, died) "
        "select %s, now() - n * interval '1 minute', 100, 40 + n, 90, 3, 60, 2 from generate_series(1, 30) n",
        [queue],
    )


async def acts(conn: Connection) -> list[tuple[str, str]]:
    found = await (await conn.execute("select action, subject, actor from audit_log order by id")).fetchall()
    assert all(act["actor"].startswith("service key ") for act in found)
    return [(act["action"], act["subject"]) for act in found]


async def test_every_queue_is_shown_with_its_last_hour(conn: Connection, operator: Operator) -> None:
    await sampled(conn)
    said = words(await operator.get("/console/queues"))
    assert "Due, last 1h: 70 at most, 41 at last." in said
    assert "pending_responses" in said
    assert "nothing was noted" in said


@pytest.mark.parametrize("period", ["1h", "24h", "7d"])
async def test_a_queue_s_past_is_drawn_and_told_and_a_table(conn: Connection, operator: Operator, period: str) -> None:
    await sampled(conn)
    page = await operator.get(f"{EMAILS}?period={period}")
    assert f'aria-label="Age of the oldest due row, last {period}: 1 min at most, 1 min at last."' in text(page)
    assert "Out a minute 30.0" in words(page)
    assert "Dead a minute 1.0" in words(page)


async def test_a_queue_is_paused_and_resumed_and_both_are_recorded(conn: Connection, operator: Operator) -> None:
    paused = await operator.post(f"{EMAILS}/pause")
    page = await operator.get(paused.headers["location"])
    assert "The queue is paused: nothing of it is sent until it is resumed." in words(page)
    assert "paused now by service key" in words(page)
    await operator.post(f"{EMAILS}/resume")
    assert "paused now" not in words(await operator.get(EMAILS))
    assert await acts(conn) == [("pause", "email_queue"), ("resume", "email_queue")]


async def test_an_open_breaker_says_why_and_when_it_is_tried_again(conn: Connection, operator: Operator) -> None:
    await conn.execute(
        "update queues set opened_at = now(), probe_at = now() + interval '1 minute', "
        "last_error = '503 to ann@example.com' where name = 'email_queue'"
    )
    said = words(await operator.get(EMAILS))
    assert "The breaker is open: 503 to <address>. One row is tried in" in said


async def test_errors_are_shown_with_fingerprint_count_and_example(conn: Connection, operator: Operator) -> None:
    await rows.dead_email(conn, error="550 unknown: ann@example.com")
    example = await rows.dead_email(conn, error="550 unknown: bob@example.com", ago="1 s")
    page = await operator.get(EMAILS)
    assert "550 unknown: <address>" in words(page)
    assert f'href="{EMAILS}/rows/{example}"' in text(page)
    assert "bob@" not in text(page)


async def test_rows_are_found_by_state_and_fingerprint(conn: Connection, operator: Operator) -> None:
    dead, waiting = await rows.dead_email(conn), await rows.email(conn)
    await rows.dead_email(conn, error="552 too big")
    pending = text(await operator.get(f"{EMAILS}/rows?status=pending"))
    assert (str(waiting) in pending, str(dead) in pending) == (True, False)
    cursor = await conn.execute("select nightshift.fingerprint('HTTP 400') as print")
    found = text(await operator.get(f"{EMAILS}/rows?fingerprint={(await cursor.fetchone() or {})['print']}"))
    assert (str(dead) in found, found.count("/rows/0")) == (True, 1)


async def test_rows_are_found_by_recipient_without_a_trace_in_the_address(conn: Connection, operator: Operator) -> None:
    email = await rows.email(conn, "ann@example.com")
    await rows.email(conn, "bob@example.com")
    page = await operator.post(f"{EMAILS}/search", recipient="Ann@example.com")
    assert page.status == 200
    assert (str(email) in text(page), text(page).count(f"{EMAILS}/rows/0")) == (True, 1)
    assert "ann@" not in text(page)
    assert "ann@" not in text(await operator.get(EMAILS))


async def test_more_rows_of_a_recipient_are_found_by_going_on(conn: Connection, operator: Operator) -> None:
    first = await rows.email(conn)
    for _ in range(50):
        await rows.email(conn)
    page = await operator.post(f"{EMAILS}/search", recipient="ann@example.com")
    assert str(first) not in text(page)
    before = text(page).partition('name="before" value="')[2].partition('"')[0]
    assert str(first) in text(await operator.post(f"{EMAILS}/search", recipient="ann@example.com", before=before))


@pytest.mark.parametrize(
    "place",
    [
        "/console/queues/users",
        f"{EMAILS}/rows/1",
        f"{EMAILS}/rows/00000000-0000-7000-8000-00000000dead",
        f"{EMAILS}/waves/00000000-0000-7000-8000-00000000dead",
    ],
)
async def test_what_is_not_there_is_a_page_that_says_so(operator: Operator, place: str) -> None:
    answer = await operator.get(place)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("query", ["period=2h", "status=happy", "fingerprint=x", "since=yesterday", "colour=red"])
async def test_an_address_that_means_nothing_is_refused(operator: Operator, query: str) -> None:
    place = EMAILS if query.startswith(("period", "colour")) else f"{EMAILS}/rows"
    assert (await operator.get(f"{place}?{query}")).status == 422


async def test_all_of_it_is_for_those_who_are_signed_in(conn: Connection, stranger: Operator) -> None:
    email = await rows.dead_email(conn)
    for place in ("/console/queues", EMAILS, f"{EMAILS}/rows", f"{EMAILS}/rows/{email}", f"{EMAILS}/dead-letters"):
        assert (await stranger.send("GET", place)).headers["location"].startswith("/console/sign-in")
    for act in ("pause", "requeue", f"rows/{email}/requeue", f"rows/{email}/content"):
        assert (await stranger.post(f"{EMAILS}/{act}")).status == 303
    assert (await nightshift.row(conn, "email_queue", email))["status"] == "dead_letter"


@pytest.mark.parametrize("act", ["pause", "resume", "requeue", "discard", "restore", "search"])
async def test_a_form_of_another_page_changes_nothing(conn: Connection, operator: Operator, act: str) -> None:
    await rows.dead_email(conn)
    assert (await operator.post(f"{EMAILS}/{act}", csrf="0" * 64)).status == 403
    assert await rows.counts(conn) == {"dead_letter": 1}
