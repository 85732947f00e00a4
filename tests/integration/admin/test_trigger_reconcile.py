"""Stripe's list is compared when somebody asks for it (spec, section 5)."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from functions.reconcile_stripe.main import reconcile_stripe
from infra.local.twins.stripe import KEY, StripeTwin
from infra.local.twins.stripe_events import sample
from tests import nightshift
from tests.integration.admin.conftest import Caller, Functions
from tests.nightshift import Connection
from tests.payments import NOW, SECRET


@pytest.fixture
async def twin(database_url: str, caller: Caller, functions: tuple[Functions, str]) -> AsyncIterator[StripeTwin]:
    """Stripe, with an event that never came."""
    stripe = {"stripe_webhook_secrets": SECRET, "stripe_api_key": KEY, "functions_base_url": functions[1]}
    caller.tasks.apps["reconcile-stripe"] = reconcile_stripe
    async with StripeTwin() as started:
        caller.resources.settings = nightshift.settings(database_url, stripe_api_base=started.url, **stripe)
        started.emit("invoice.paid", sample("invoice.paid"), created=NOW - 60, withhold=True)
        yield started


@pytest.mark.parametrize("name", ["reconcile", "reconcile-stripe"])
async def test_who_waits_is_told_what_was_missing(twin: StripeTwin, caller: Caller, name: str) -> None:
    answer = await caller.post(f"/trigger-{name}", wait="true")
    assert (answer["job"], answer["status"], answer["detail"]["missing"]) == ("reconcile-stripe", "success", 1)


async def test_who_does_not_wait_finds_it_in_the_run(conn: Connection, twin: StripeTwin, caller: Caller) -> None:
    answer = await caller.post("/trigger-reconcile-stripe")
    run = await nightshift.row(conn, "job_history", UUID(answer["run_id"]))
    assert (run["trigger"], run["status"], run["metadata"]["missing"]) == ("admin", "success", 1)


async def test_as_often_as_somebody_asks_it_is_compared_again(twin: StripeTwin, caller: Caller) -> None:
    missing = [(await caller.post("/trigger-reconcile", wait="true"))["detail"]["missing"] for _ in range(2)]
    assert missing == [1, 0]


async def test_without_a_key_of_stripe_the_run_says_that_it_was_skipped_and_why(caller: Caller) -> None:
    caller.tasks.apps["reconcile-stripe"] = reconcile_stripe
    answer = await caller.post("/trigger-reconcile-stripe")
    run = await caller.get(f"/runs/{answer['run_id']}")
    assert (answer["status"], run["status"]) == ("skipped", "skipped")
    assert run["error_message"].startswith("STRIPE_API_KEY is not set")
