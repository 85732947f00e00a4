"""What operators do: start tasks, keep addresses from mail, process events again. Each act is recorded."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from shared import trigger
from tests.browser.serving import Served, serving
from tests.integration.console.operating import Operator, text, words
from tests.nightshift import Connection

NAME = "service key f162dd68"
HOSTILE = "<script>alert(1)</script>'\">"


@pytest.fixture
async def served(database_url: str, stranger: Operator) -> AsyncIterator[Served]:
    """Tasks at their own URLs, and an operator who is signed in to the same place."""
    async with serving(database_url, None) as made:
        stranger.resources = made.resources
        await stranger.sign_in()
        yield made


async def acts(conn: Connection) -> list[dict[str, Any]]:
    cursor = await conn.execute("select actor, action, subject, detail from audit_log order by id")
    return await cursor.fetchall()


async def event(conn: Connection, body: str = '{"id": "evt_1", "email": "anna@example.org"}', **columns: str) -> UUID:
    given = {"event_id": "evt_1", "event_type": "invoice.paid", "status": "processed", "error": None} | columns
    cursor = await conn.execute(
        "insert into webhook_events (provider, event_id, event_type, event_created, raw_body, status, error, "
        "processed_at) "
        "values ('stripe', %(event_id)s, %(event_type)s, now(), %(body)s, %(status)s, %(error)s, "
        "case when %(status)s = 'processed' then now() end) returning id",
        {"body": body, **given},
    )
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def test_a_task_is_started_and_its_run_is_shown(conn: Connection, served: Served, stranger: Operator) -> None:
    answer = await stranger.post("/console/tasks/cleanup-stale/run")
    place = answer.headers["location"]
    assert (answer.status, place.endswith("?done=started")) == (303, True)
    page = words(await stranger.get(place))
    assert "The run has been started." in page
    [act] = await acts(conn)
    assert (act["actor"], act["action"], act["subject"]) == (NAME, "trigger", "cleanup-stale")
    assert act["detail"]["run_id"] in place


async def test_a_run_that_has_nothing_to_do_says_why_on_its_page(served: Served, stranger: Operator) -> None:
    answer = await stranger.post("/console/tasks/reconcile-stripe/run")
    page = words(await stranger.get(answer.headers["location"]))
    assert "The task had nothing to do." in page
    assert "skipped STRIPE_API_KEY is not set" in page


async def test_the_views_are_refreshed_once_a_minute_and_the_page_shows_how_far_it_is(
    served: Served, stranger: Operator
) -> None:
    started = await stranger.post("/console/analytics/refresh")
    assert started.headers["location"].startswith("/console/analytics?run=")
    assert "The refresh has ended: success." in words(await stranger.get(started.headers["location"]))
    again = await stranger.post("/console/analytics/refresh")
    assert (again.status, 1 <= int(again.headers["retry-after"]) <= 60) == (429, True)


async def test_a_task_that_takes_long_is_watched(
    served: Served, stranger: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger, "EARLY", 0.0)
    served.gate.clear()
    place = (await stranger.post("/console/tasks/cleanup-stale/run")).headers["location"]
    assert "is about to begin" in words(await stranger.get(place))
    [sent] = trigger._sent
    served.gate.set()
    await asyncio.wait({sent})
    assert "success" in words(await stranger.get(place))


async def test_a_schedule_is_fired_by_hand_for_a_time_that_was_missed(
    conn: Connection, served: Served, stranger: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger, "EARLY", 30.0)
    first = await stranger.post("/console/tasks/cleanup-stale/run", at="2026-01-02T03:04")
    cursor = await conn.execute("select id, run_key from job_history")
    [run] = await cursor.fetchall()
    assert run["run_key"] == "2026-01-02"
    again = await stranger.post("/console/tasks/cleanup-stale/run", at="2026-01-02T05:00")
    assert again.headers["location"] == f"/console/runs/{run['id']}?done=stands"
    assert first.headers["location"] == f"/console/runs/{run['id']}?done=started"


@pytest.mark.parametrize("at", ["yesterday", "1999-12-31T23:59", "2100-01-01T00:00"])
async def test_a_time_that_is_none_is_refused(operator: Operator, at: str) -> None:
    assert (await operator.post("/console/tasks/cleanup-stale/run", at=at)).status == 422


async def test_a_task_that_is_none_cannot_be_started(operator: Operator) -> None:
    assert (await operator.post("/console/tasks/health/run")).status == 404


async def test_an_address_is_put_on_the_list_found_there_and_taken_off(conn: Connection, operator: Operator) -> None:
    added = await operator.post("/console/suppressions", address="Anna@Example.org")
    assert added.headers["location"] == "/console/suppressions?done=added"
    again = await operator.post("/console/suppressions", address="anna@example.org")
    assert again.headers["location"] == "/console/suppressions?done=there"
    found = await operator.post("/console/suppressions/look-up", address="ANNA@example.org")
    assert "That address gets no mail since" in words(found)
    [entry] = await (await conn.execute("select id from email_suppressions")).fetchall()
    removed = await operator.post(f"/console/suppressions/{entry['id']}/remove")
    assert removed.headers["location"] == "/console/suppressions?done=removed"
    found = await operator.post("/console/suppressions/look-up", address="anna@example.org")
    assert "That address is not on the list" in words(found)
    assert [(act["actor"], act["action"]) for act in await acts(conn)] == [(NAME, "suppress"), (NAME, "unsuppress")]


async def test_no_page_shows_an_address(conn: Connection, operator: Operator) -> None:
    await operator.post("/console/suppressions", address="anna@example.org")
    pages = [await operator.get(place) for place in ("/console/suppressions", "/console/audit", "/console")]
    pages.append(await operator.post("/console/suppressions/look-up", address="anna@example.org"))
    assert not [page for page in pages if "anna" in text(page) or "example.org" in text(page)]


async def test_what_is_no_address_is_told_so_without_repeating_it(operator: Operator) -> None:
    answer = await operator.post("/console/suppressions", address=HOSTILE)
    assert (answer.status, "alert(1)" in text(answer)) == (422, False)


async def test_an_event_is_masked_until_somebody_asks_which_is_recorded(conn: Connection, operator: Operator) -> None:
    identifier = await event(conn)
    page = text(await operator.get(f"/console/webhooks/{identifier}"))
    assert ("44 characters" in page, "anna" in page) == (True, False)
    assert await acts(conn) == []
    shown = words(await operator.post(f"/console/webhooks/{identifier}/body"))
    assert '"email": "anna@example.org"' in shown
    [act] = await acts(conn)
    assert (act["actor"], act["action"], act["subject"]) == (NAME, "reveal", f"webhook_events/{identifier}")


async def test_what_was_revealed_is_not_kept_for_an_outage(conn: Connection, operator: Operator) -> None:
    identifier = await event(conn)
    await operator.post(f"/console/webhooks/{identifier}/body")
    assert "anna" not in repr(operator.resources.last_good.kept)


async def test_an_event_is_processed_again_through_the_retry_queue(conn: Connection, operator: Operator) -> None:
    identifier = await event(conn)
    answer = await operator.post(f"/console/webhooks/{identifier}/redeliver")
    assert answer.headers["location"] == f"/console/webhooks/{identifier}?done=redelivered"
    page = await operator.get(answer.headers["location"])
    assert "In the retry queue pending" in words(page)
    [row] = await (await conn.execute("select id, status from webhook_retry_queue")).fetchall()
    assert f"/console/queues/webhook_retry_queue/rows/{row['id']}" in text(page)
    assert [act["action"] for act in await acts(conn)] == ["redeliver"]


async def test_events_are_found_by_provider_type_state_and_name(conn: Connection, operator: Operator) -> None:
    paid = await event(conn)
    failed = await event(conn, event_id="evt_2", event_type="charge.refunded", status="failed", error="no order")
    for chosen, wanted, other in (
        ("provider=stripe&type=invoice.paid", paid, failed),
        ("status=failed", failed, paid),
        ("name=evt_2", failed, paid),
    ):
        page = text(await operator.get(f"/console/webhooks?{chosen}"))
        assert (str(wanted) in page, str(other) in page) == (True, False)
    assert "There are none." in words(await operator.get("/console/webhooks?provider=ses"))


async def test_acts_are_found_by_who_did_them_and_to_what(conn: Connection, operator: Operator) -> None:
    await conn.execute(
        "insert into audit_log (actor, action, subject, detail) values "
        "('admin one', 'pause', 'email_queue', '{}'), ('admin two', 'resume', 'email_queue', '{\"n\": 1}')"
    )
    page = words(await operator.get("/console/audit?actor=admin%20one"))
    assert ("pause" in page, "resume" in page) == (True, False)
    page = words(await operator.get("/console/audit?subject=email_queue"))
    assert ("pause" in page, "resume" in page, '{"n": 1}' in page) == (True, True, True)


async def test_whatever_is_stored_stays_text(conn: Connection, operator: Operator) -> None:
    await conn.execute(
        "insert into audit_log (actor, action, subject, detail) values (%(x)s, %(x)s, %(x)s, %(json)s)",
        {"x": HOSTILE, "json": json.dumps({HOSTILE: HOSTILE})},
    )
    identifier = await event(
        conn, json.dumps({HOSTILE: HOSTILE}), event_id=HOSTILE, event_type=HOSTILE, status="failed", error=HOSTILE
    )
    pages = [
        await operator.get("/console/audit"),
        await operator.get(f"/console/audit?actor={quote(HOSTILE)}"),
        await operator.get("/console/webhooks"),
        await operator.get(f"/console/webhooks?type={quote(HOSTILE)}&name="),
        await operator.get(f"/console/webhooks/{identifier}"),
        await operator.post(f"/console/webhooks/{identifier}/body"),
    ]
    assert [page.status for page in pages] == [200] * 6
    assert not [page for page in pages if "<script>alert" in text(page)]


async def test_nothing_can_be_chosen_while_the_database_is_away(conn: Connection, operator: Operator) -> None:
    await event(conn)
    places = {"/console/tasks/cleanup-stale": "Run now", "/console/suppressions": "Put on the list"}
    before = [text(await operator.get(place)) for place in places]
    await operator.resources.db.close()
    after = [text(await operator.get(place)) for place in places]
    for said, open_page, closed_page in zip(places.values(), before, after, strict=True):
        assert (f" disabled>{said}</button>" in open_page, f" disabled>{said}</button>" in closed_page) == (False, True)


async def test_an_act_while_the_database_is_away_says_so(operator: Operator) -> None:
    await operator.resources.db.close()
    answer = await operator.post("/console/suppressions", address="anna@example.org")
    assert (answer.status, "The database cannot be reached" in words(answer)) == (503, True)
