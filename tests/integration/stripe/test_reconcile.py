"""What Stripe lists and never delivered is taken in, against the twin's own list."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from functions.reconcile_stripe import compare
from functions.reconcile_stripe.main import reconcile_stripe
from infra.local.twins.faults import Throttle
from infra.local.twins.stripe import KEY, EndpointDisabled, StripeTwin
from infra.local.twins.stripe_events import sample
from shared import retry
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection, content
from tests.payments import NOW, SECRET, Purchase, balance, count, one


@pytest.fixture
async def twin() -> AsyncIterator[StripeTwin]:
    async with StripeTwin() as started:
        yield started


@pytest.fixture
async def resources(database_url: str, twin: StripeTwin, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Resources]:
    monkeypatch.setattr(retry, "FIRST_DELAY", 0.0)
    made = Resources(
        nightshift.settings(database_url, stripe_webhook_secrets=SECRET, stripe_api_key=KEY, stripe_api_base=twin.url)
    )
    yield made
    await made.close()


async def run(
    resources: Resources, *, trigger: str = "manual", at: str | None = None, status: int = 200
) -> dict[str, Any]:
    tick = {"trigger": trigger, **({"scheduled_for": at} if at else {})}
    answer = await nightshift.post(reconcile_stripe, resources, tick)
    assert answer.status == status, answer.body
    return dict(content(answer))


def withhold(twin: StripeTwin, number: int = 1, *, at: int = -60, **fields: Any) -> None:
    for _ in range(number):
        twin.emit(
            "payment_intent.succeeded", sample("payment_intent.succeeded", **fields), created=NOW + at, withhold=True
        )


async def test_an_event_that_was_never_delivered_is_taken_in_with_its_effects(
    conn: Connection, resources: Resources, twin: StripeTwin, user_id: UUID
) -> None:
    paid = Purchase(user_id).checkout()
    twin.emit(paid["type"], paid["data"]["object"], withhold=True)
    report = await run(resources)
    assert report["detail"] == {"listed": 1, "missing": 1, "processed": 1, "queued": 0}
    assert await balance(conn, user_id) == 100
    assert (await run(resources))["detail"] == {"listed": 1, "missing": 0, "processed": 0, "queued": 0}
    assert await balance(conn, user_id) == 100


async def test_every_page_of_the_list_is_compared(conn: Connection, resources: Resources, twin: StripeTwin) -> None:
    withhold(twin, 205)
    assert (await run(resources))["detail"]["missing"] == 205
    assert await count(conn, "webhook_events where status = 'processed'") == 205


async def test_the_first_comparison_goes_back_thirty_days_and_the_next_one_an_hour_before_it(
    conn: Connection, resources: Resources, twin: StripeTwin
) -> None:
    withhold(twin, at=-29 * 86_400)
    assert (await run(resources))["detail"]["listed"] == 1
    withhold(twin, at=-1800)
    withhold(twin, at=-5400)
    assert (await run(resources))["detail"]["listed"] == 1


async def test_a_limit_and_an_outage_of_a_moment_are_survived(resources: Resources, twin: StripeTwin) -> None:
    withhold(twin)
    twin.faults.add(Throttle(times=2))
    assert (await run(resources))["detail"]["missing"] == 1


async def test_an_outage_fails_the_run_and_the_next_one_starts_where_this_one_did(
    resources: Resources, twin: StripeTwin
) -> None:
    withhold(twin, at=-20 * 86_400)
    twin.faults.add(Throttle())
    await run(resources, status=500)
    twin.faults.clear()
    assert (await run(resources))["detail"]["missing"] == 1


async def test_a_run_whose_time_is_up_is_continued_by_the_next(
    conn: Connection, resources: Resources, twin: StripeTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    withhold(twin, 150, at=-86_400)
    monkeypatch.setattr(compare, "RESERVE", 1e9)
    first = await run(resources)
    assert first["detail"]["missing"] == 100
    monkeypatch.undo()
    assert (await run(resources))["detail"] == {"listed": 50, "missing": 50, "processed": 50, "queued": 0}
    assert "resume" not in (await run(resources))["detail"]
    assert await count(conn, "webhook_events") == 150


async def test_a_place_that_stripe_no_longer_lists_is_looked_for_from_the_top(
    resources: Resources, twin: StripeTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    withhold(twin, 101, at=-86_400)
    with monkeypatch.context() as short:
        short.setattr(compare, "RESERVE", 1e9)
        await run(resources)
    twin.events.clear()
    withhold(twin, 3, at=-80_000)
    assert (await run(resources))["detail"]["missing"] == 3


async def test_an_event_that_fails_is_queued_and_keeps_no_other_out(
    conn: Connection, resources: Resources, twin: StripeTwin, user_id: UUID
) -> None:
    strange, paid = Purchase(UUID(int=1)).checkout(), Purchase(user_id).checkout()
    for each in (strange, paid):
        twin.emit(each["type"], each["data"]["object"], withhold=True)
    report = await run(resources)
    assert report["detail"] == {"listed": 2, "missing": 2, "processed": 1, "queued": 1}
    assert (report["processed"], report["failed"]) == (1, 1)
    assert await count(conn, "webhook_retry_queue") == 1
    assert await balance(conn, user_id) == 100


async def test_events_are_taken_in_while_the_endpoint_is_disabled_and_that_is_said(
    conn: Connection, resources: Resources, twin: StripeTwin
) -> None:
    twin.faults.add(EndpointDisabled())
    twin.emit("payment_intent.succeeded", sample("payment_intent.succeeded"))
    report = await run(resources)
    assert report["detail"]["missing"] == 1
    [endpoint] = report["detail"]["disabled_endpoints"]
    assert endpoint.startswith("we_")
    assert (await one(conn, "select metadata from job_history"))["metadata"]["disabled_endpoints"] == [endpoint]


async def test_a_disabled_endpoint_is_wrong_until_it_is_enabled_again(
    conn: Connection, resources: Resources, twin: StripeTwin
) -> None:
    twin.faults.add(EndpointDisabled())
    await run(resources)
    assert await count(conn, "alert_states where cause = 'endpoint:stripe' and resolved_at is null") == 1
    twin.faults.clear()
    await run(resources)
    assert await count(conn, "alert_states where cause = 'endpoint:stripe' and resolved_at is not null") == 1


async def test_without_a_key_it_says_so_and_is_skipped(conn: Connection, database_url: str) -> None:
    keyless = Resources(nightshift.settings(database_url))
    report = await run(keyless, trigger="schedule")
    assert report["status"] == "skipped"
    assert "STRIPE_API_KEY" in report["detail"]
    await keyless.close()


async def test_a_key_that_stripe_refuses_fails_the_run(
    resources: Resources, twin: StripeTwin, database_url: str
) -> None:
    strange = Resources(nightshift.settings(database_url, stripe_api_key="sk_other", stripe_api_base=twin.url))
    await run(strange, status=500)
    await strange.close()


async def test_a_tick_is_run_once_by_the_schedule_and_any_number_of_times_by_hand(
    conn: Connection, resources: Resources
) -> None:
    at = "2026-01-02T03:04:00Z"
    triggers = ["schedule", "schedule", "manual", "manual"]
    statuses = [(await run(resources, trigger=trigger, at=at))["status"] for trigger in triggers]
    assert statuses == ["success", "skipped", "success", "success"]
    assert await count(conn, "job_history where status = 'success'") == 3
