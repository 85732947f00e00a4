"""What providers told: listed and filtered, looked into, processed again; the payload only for those who ask for it."""

import json
from typing import Any
from uuid import UUID

import pytest

from shared import webhook_events
from tests import nightshift
from tests.integration.admin.conftest import Caller
from tests.nightshift import Connection
from tests.payments import Purchase

EVENTS = "/events"
BODY = '{"id": "evt_1", "customer_email": "ann@example.com"}'


async def told(
    conn: Connection, name: str, *, provider: str = "stripe", kind: str = "product.created", status: str = "processed"
) -> UUID:
    """A recorded event."""
    cursor = await conn.execute(
        "insert into webhook_events "
        "(provider, event_id, event_type, object_id, event_created, raw_body, status, processed_at) "
        "values (%s, %s, %s, 'prod_1', now(), %s, %s::text, "
        "case when %s::text in ('processed', 'ignored') then now() end) returning id",
        [provider, name, kind, BODY, status, status],
    )
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def listed(caller: Caller, **query: Any) -> list[str]:
    return [event["event_id"] for event in (await caller.get(EVENTS, **query))["events"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["evt_3", "evt_2", "msg_1", "evt_1"]),
        ({"provider": "ses"}, ["msg_1"]),
        ({"type": "charge.refunded"}, ["evt_2"]),
        ({"status": "failed"}, ["evt_3"]),
        ({"status": "failed", "type": "charge.refunded"}, []),
        ({"name": "evt_2"}, ["evt_2"]),
        ({"name": "prod_1"}, ["evt_3", "evt_2", "msg_1", "evt_1"]),
        ({"name": "evt_9"}, []),
        ({"name": "prod_1", "provider": "ses"}, ["msg_1"]),
        ({"name": "evt_2", "status": "ignored"}, []),
    ],
    ids=[
        "all",
        "provider",
        "type",
        "open",
        "open of a type",
        "event",
        "object",
        "nothing",
        "object of a provider",
        "event in a state",
    ],
)
async def test_events_are_found_by_what_is_known_of_them(
    conn: Connection, caller: Caller, query: dict[str, Any], found: list[str]
) -> None:
    await told(conn, "evt_1")
    await told(conn, "msg_1", provider="ses", kind="Bounce Permanent")
    await told(conn, "evt_2", kind="charge.refunded")
    await told(conn, "evt_3", status="failed")
    assert await listed(caller, **query) == found


async def test_a_rare_event_is_found_by_going_on_however_many_others_came_after_it(
    conn: Connection, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_events, "LOOK", 3)
    await told(conn, "evt_rare", kind="charge.refunded")
    for number in range(7):
        await told(conn, f"evt_{number}")
    before, steps = None, []
    for _ in range(3):
        page = await caller.get(EVENTS, type="charge.refunded", **({"before": before} if before else {}))
        before = page["next_before"]
        steps.append(([event["event_id"] for event in page["events"]], before is not None))
    assert steps == [([], True), ([], True), (["evt_rare"], False)]


async def test_pages_of_events_follow_each_other(conn: Connection, caller: Caller) -> None:
    for number in range(5):
        await told(conn, f"evt_{number}")
    first = await caller.get(EVENTS, limit=3)
    rest = await caller.get(EVENTS, limit=3, before=first["next_before"])
    names = [event["event_id"] for event in first["events"] + rest["events"]]
    assert (names, rest["next_before"]) == (["evt_4", "evt_3", "evt_2", "evt_1", "evt_0"], None)


async def test_the_payload_is_described_until_somebody_asks_for_it_which_is_recorded(
    conn: Connection, caller: Caller
) -> None:
    event = await told(conn, "evt_1")
    plain = await caller.get(f"{EVENTS}/{event}")
    revealed = await caller.get(f"{EVENTS}/{event}", reveal=True)
    [act] = (await caller.get("/audit"))["acts"]
    assert (plain["raw_body"], revealed["raw_body"]) == (f"{len(BODY)} characters", BODY)
    assert (act["action"], act["subject"]) == ("reveal", f"webhook_events/{event}")


@pytest.mark.parametrize("status", ["received", "failed", "processed"])
async def test_an_event_is_processed_again_through_the_retry_queue(
    conn: Connection, caller: Caller, status: str
) -> None:
    event = await told(conn, "evt_1", status=status)
    retry = (await caller.post(f"{EVENTS}/{event}/redeliver"))["retry"]
    row = await nightshift.row(conn, "webhook_retry_queue", UUID(retry))
    [act] = (await caller.get("/audit"))["acts"]
    assert (row["status"], row["webhook_event_id"]) == ("pending", "evt_1")
    assert (act["action"], act["subject"], act["detail"]) == ("redeliver", f"webhook_events/{event}", {"retry": retry})
    assert (await caller.get(f"{EVENTS}/{event}"))["retry_status"] == "pending"


@pytest.mark.parametrize("was", ["processed", "dead_letter", "discarded"])
async def test_a_row_of_the_retry_queue_comes_back_with_its_history(conn: Connection, caller: Caller, was: str) -> None:
    event = await told(conn, "evt_1")
    retry = (await caller.post(f"{EVENTS}/{event}/redeliver"))["retry"]
    await conn.execute(
        "update webhook_retry_queue set status = %s::text, finished_at = now(), attempts = 5, "
        "processed_at = case when %s::text = 'processed' then now() end",
        [was, was],
    )
    assert (await caller.post(f"{EVENTS}/{event}/redeliver"))["retry"] == retry
    row = await nightshift.row(conn, "webhook_retry_queue", UUID(retry))
    assert (row["status"], row["attempts"], row["history"][-1]["fate"]) == ("pending", 0, "requeued")


async def test_a_row_that_is_being_processed_is_left_to_who_has_it(conn: Connection, caller: Caller) -> None:
    event = await told(conn, "evt_1", status="failed")
    retry = (await caller.post(f"{EVENTS}/{event}/redeliver"))["retry"]
    await conn.execute(
        "update webhook_retry_queue set status = 'processing', locked_by = gen_random_uuid(), locked_until = now()"
    )
    assert (await caller.post(f"{EVENTS}/{event}/redeliver"))["retry"] == retry
    assert (await nightshift.row(conn, "webhook_retry_queue", UUID(retry)))["status"] == "processing"


async def test_processed_again_means_applied_again_and_nothing_twice(conn: Connection, caller: Caller) -> None:
    buyer = await nightshift.user(conn)
    paid = Purchase(buyer).checkout()
    event, purses = await told(conn, paid["id"], kind=paid["type"], status="failed"), []
    await conn.execute("update webhook_events set raw_body = %s", [json.dumps(paid)])
    for _ in range(2):
        await caller.post(f"{EVENTS}/{event}/redeliver")
        ran = await nightshift.post(caller.tasks.apps["process-webhook-retries"], caller.resources)
        purse = await (await conn.execute("select balance from furniture_essence")).fetchone() or {}
        purses.append((nightshift.content(ran)["processed"], purse["balance"]))
    assert purses == [(1, 100), (1, 100)]
    assert (await nightshift.row(conn, "webhook_events", event))["status"] == "processed"


@pytest.mark.parametrize(
    ("provider", "status", "why"), [("ses", "processed", "mail provider"), ("stripe", "ignored", "product.created")]
)
async def test_what_cannot_be_processed_again_says_why(
    conn: Connection, caller: Caller, provider: str, status: str, why: str
) -> None:
    event = await told(conn, "evt_1", provider=provider, status=status)
    response = await caller.call("POST", f"{EVENTS}/{event}/redeliver")
    assert response.status == 409
    assert why in nightshift.content(response)["detail"]
    assert (await caller.get("/audit"))["acts"] == []
