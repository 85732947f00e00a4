"""From Stripe's sender over HTTP into the database, as in production."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from functions.stripe_webhook.main import main
from infra.local.program import free_port
from infra.local.twins.stripe import SECRET, StripeConfig, StripeTwin
from infra.local.twins.stripe_delivery import Batch, Emit
from shared import entrypoint
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection
from tests.payments import Purchase, balance, count, order


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, stripe_webhook_secrets=SECRET))
    yield made
    await made.close()


@pytest.fixture
async def url(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The function behind a real server."""
    monkeypatch.setattr(entrypoint, "resources", lambda: resources)
    port = free_port()
    application = Starlette(routes=[Route("/stripe-webhook", main, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0)
    yield f"http://127.0.0.1:{port}/stripe-webhook"
    server.should_exit = True
    await serving


@pytest.fixture
async def stripe(url: str) -> AsyncIterator[StripeTwin]:
    async with StripeTwin(config=StripeConfig(webhook_url=url, retries=())) as twin:
        yield twin


async def test_a_whole_life_in_any_order_with_duplicates_forgeries_and_stale_copies(
    conn: Connection, stripe: StripeTwin, user_id: UUID
) -> None:
    bought = Purchase(user_id)
    life = [bought.checkout(payment_status="unpaid"), bought.paid(), bought.refunded(250)]
    emits = [
        Emit(type=e["type"], object=json.loads(json.dumps(e["data"]["object"], default=str)), copies=3) for e in life
    ]
    bad = [emits[0].model_copy(update=change) for change in ({"forge": True}, {"age": 900}, {"age": -900})]
    await stripe.emit_all(Batch(events=[*emits, *bad], order="shuffled"))
    assert (await order(conn))["status"] == "paid"
    assert await balance(conn, user_id) == 50
    assert await count(conn, "webhook_events") == 3
    outcomes = [record["status"] for record in stripe.journal.all() if record["kind"] == "delivery"]
    assert sorted(outcomes) == [200] * 9 + [400] * 9


async def test_a_thin_notice_is_accepted_beside_its_snapshot(
    conn: Connection, stripe: StripeTwin, user_id: UUID
) -> None:
    paid = Purchase(user_id).checkout()
    stripe.emit(paid["type"], paid["data"]["object"], thin=True)
    await stripe.settled()
    assert await count(conn, "webhook_events where status = 'ignored'") == 1
    stripe.resend(stripe.events[0]["id"])
    await stripe.settled()
    assert await balance(conn, user_id) == 100
