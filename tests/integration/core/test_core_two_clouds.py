"""Two clouds on one database: both timers fire the same ticks at once, each in its own words (spec, section 10)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import functions_framework.aio
import httpx
import pytest

from shared import entrypoint, table
from shared.table import Entry
from tests.integration.core.oidc import ACCOUNT, AUDIENCE, public, token
from tests.integration.core.receiver import Receiver
from tests.integration.core.test_core_entrypoint import RULE, http_event
from tests.lambda_runtime import ROOT, LambdaRuntime
from tests.nightshift import SERVICE_KEY, Connection

TICKS = [f"2026-01-0{day}T00:00:00Z" for day in range(1, 5)]
ONCE = ("cleanup-stale", "apply-decay", "prune-analytics", "reconcile-stripe")  # a second run does the others good
Google = Callable[[Entry], Any]


@pytest.fixture
def environment(database_url: str, receiver: Receiver) -> dict[str, str]:
    """One deployment's settings, the same in both clouds; Stripe has nothing new."""
    receiver.answers |= {"/certs": public("k-1"), "/v1/events": {"data": []}, "/v1/webhook_endpoints": {"data": []}}
    return {
        "DATABASE_URL": database_url,
        "SERVICE_KEYS": SERVICE_KEY,
        "LINGER_SECONDS": "0",
        "STRIPE_API_KEY": "key-of-stripe",
        "STRIPE_API_BASE": receiver.url,
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_SERVICE_ACCOUNT": ACCOUNT,
        "OIDC_JWKS_URL": f"{receiver.url}/certs",
    }


@pytest.fixture
async def google(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Google]:
    """This process as Google's: a client of the function of an entry, under Google's own framework."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    entrypoint.resources.cache_clear()

    @asynccontextmanager
    async def client(entry: Entry) -> AsyncIterator[httpx.AsyncClient]:
        create: Any = functions_framework.aio.create_asgi_app
        app = create("main", str(ROOT / "functions" / entry.folder / "main.py"), "http")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://google.test") as made:
            yield made

    yield client
    await entrypoint.resources().close()
    entrypoint.resources.cache_clear()


async def by_google(client: httpx.AsyncClient, entry: Entry, tick: str) -> str:
    """Cloud Scheduler's call; what the function answers."""
    headers = {
        "authorization": f"Bearer {token()}",
        "user-agent": "Google-Cloud-Scheduler",
        "x-cloudscheduler": "true",
        "x-cloudscheduler-jobname": f"nightshift-{entry.name}-1",
        "x-cloudscheduler-scheduletime": tick,
    }
    response = await client.post(f"/{entry.name}", headers=headers)
    assert response.status_code == 200, response.text
    return str(response.json()["status"])


def by_aws(runtime: LambdaRuntime, tick: str) -> str:
    """EventBridge's event; what the function answers."""
    outcome = runtime.invoke({**RULE, "time": tick})
    assert outcome.kind == "response", outcome.content
    return str(outcome.content["status"])


@pytest.mark.parametrize("entry", table.tasks(), ids=lambda entry: entry.name)
async def test_a_tick_that_both_clouds_fire_is_worked_off_once(
    entry: Entry, google: Google, environment: dict[str, str], conn: Connection
) -> None:
    with LambdaRuntime(entry.handler, environment) as runtime:
        runtime.invoke(
            http_event(f"/{entry.name}")
        )  # refused, but the instance is warm: neither cloud has a head start
        async with google(entry) as client:
            answers = await asyncio.gather(
                *(by_google(client, entry, tick) for tick in TICKS),
                *(asyncio.to_thread(by_aws, runtime, tick) for tick in TICKS),
            )
    rows = await (await conn.execute("select run_key, status from job_history")).fetchall()
    runs = Counter(row["run_key"][:10] for row in rows if row["run_key"] and row["status"] == "success")
    if entry.name in ONCE:
        assert Counter(answers) == {"success": len(TICKS), "skipped": len(TICKS)}
        assert runs == {tick[:10]: 1 for tick in TICKS}
    else:
        assert answers == ["success"] * 2 * len(TICKS)
        assert runs == {}


@pytest.mark.parametrize("first", ["google", "aws"])
async def test_whoever_comes_second_is_told_which_run_it_was(
    first: str, google: Google, environment: dict[str, str], conn: Connection
) -> None:
    entry = table.lookup("apply-decay")
    with LambdaRuntime(entry.handler, environment) as runtime:
        async with google(entry) as client:
            if first == "google":
                answers = [await by_google(client, entry, TICKS[0]), by_aws(runtime, TICKS[0])]
            else:
                answers = [by_aws(runtime, TICKS[0]), await by_google(client, entry, TICKS[0])]
    assert answers == ["success", "skipped"]
    [row] = await (await conn.execute("select status from job_history")).fetchall()
    assert row["status"] == "success"
