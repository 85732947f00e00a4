"""A refresh on demand: at most once a minute, with how far it has come (spec, section 8)."""

from typing import Any
from uuid import uuid4

from shared import trigger
from shared.resources import Resources
from shared.web import Request
from tests.browser.serving import function, serving
from tests.nightshift import SERVICE_KEY, content


async def ask(resources: Resources, method: str, path: str) -> tuple[int, Any]:
    sent = Request(method, f"/analytics{path}", {"authorization": f"Bearer {SERVICE_KEY}"})
    response = await function("analytics")(sent, resources)
    return response.status, content(response)


async def test_a_refresh_is_started_and_can_be_watched(database_url: str) -> None:
    async with serving(database_url, None) as served:
        status, started = await ask(served.resources, "POST", "/refresh")
        for sent in list(trigger._sent):
            await sent
        found = await ask(served.resources, "GET", started["status_url"].removeprefix("/analytics"))
    assert (status, found) == (202, (200, {"status": "success", "views": 7, "tried": 7}))


async def test_a_second_refresh_within_a_minute_is_refused(database_url: str) -> None:
    async with serving(database_url, None) as served:
        await ask(served.resources, "POST", "/refresh")
        status, problem = await ask(served.resources, "POST", "/refresh")
    assert (status, 1 <= problem["retry_after"] <= 60) == (429, True)


async def test_a_refresh_that_there_is_not_is_told_of(database_url: str) -> None:
    async with serving(database_url, None) as served:
        assert (await ask(served.resources, "GET", f"/refreshes/{uuid4()}"))[0] == 404
