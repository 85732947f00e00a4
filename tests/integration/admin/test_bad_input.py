"""What admin answers to what it should never have been asked: always a problem document, never a 500."""

from typing import Any
from uuid import UUID

import pytest

from tests import nightshift
from tests.integration.admin.conftest import Caller

NOBODY = UUID(int=7)
EMAILS = "/queues/email_queue"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/runs", {"limit": 0}),
        ("/runs", {"limit": 201}),
        ("/runs", {"limit": "1e3"}),
        ("/runs", {"limit": ""}),
        ("/runs", {"status": "happy"}),
        ("/runs", {"before": "yesterday"}),
        ("/runs", {"before": f"2026-01-01T00:00:00Z,{NOBODY}x"}),
        ("/runs", {"before": f"2026-01-01T00:00:00,{NOBODY}"}),
        ("/runs", {"before": f",{NOBODY}"}),
        ("/runs", {"job": "a\x00b"}),
        ("/runs", {"job": "x' or '1'='1"}),
        ("/runs", {"jobs": "cleanup-stale"}),
        ("/audit", {"limit": -1}),
        ("/audit", {"before": "1"}),
        (f"{EMAILS}/rows", {"status": "delivered"}),
        (f"{EMAILS}/rows", {"status": "\x00"}),
        (f"{EMAILS}/rows", {"before": "x"}),
        (f"{EMAILS}/rows", {"reveal": "perhaps"}),
        (f"{EMAILS}/rows/{NOBODY}", {"reveal": "2"}),
        (f"{EMAILS}/waves", {"limit": 1000}),
    ],
)
async def test_bad_parameters_are_422(caller: Caller, path: str, query: dict[str, Any]) -> None:
    response = await caller.call("GET", path, **query)
    assert (response.status, response.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"all of them"', 422),
        ({"limit": 0}, 422),
        ({"limit": 10_001}, 422),
        ({"confirm": 1}, 422),
        ({"limit": "ten"}, 422),
        ({"error": 5}, 422),
        ({"error": "a\x00b"}, 422),
        (b'{"error": "\\ud800"}', 422),
        ({"error": "x" * 4097}, 422),
        ({"older_than": "a while"}, 422),
        ({"older_than": "2026-01-01T00:00:00"}, 422),
        ({"older_than": "9999999d"}, 422),
        ({"older_than": f"{'9' * 400}d"}, 422),
        ({"older_then": "24h"}, 422),
        ({"confirm": "yes"}, 422),
        (b"[" * 100_000, 400),
        (b" " * (1 << 20) + b"{}", 413),
    ],
)
@pytest.mark.parametrize("act", ["requeue", "discard"])
async def test_bad_filters_are_refused_before_they_mean_too_much(
    caller: Caller, act: str, body: Any, status: int
) -> None:
    response = await caller.call("POST", f"{EMAILS}/{act}", body)
    assert (response.status, response.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "body",
    [
        {"scheduled_for": "2026-01-02"},
        {"scheduled_for": "0001-01-01T00:00:00+14:00"},
        {"scheduled_for": "9999-12-31T23:59:59-14:00"},
        {"when": "now"},
    ],
)
async def test_bad_ticks_are_422_and_start_nothing(caller: Caller, body: Any) -> None:
    assert (await caller.call("POST", "/trigger-cleanup-stale", body)).status == 422
    assert caller.tasks.asked == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/queue", 404),
        ("GET", "/queues/users/rows", 404),
        ("GET", "/queues/pg_catalog.pg_authid/rows", 404),
        ("GET", f"/runs/{NOBODY}", 404),
        ("GET", "/runs/1", 404),
        ("GET", f"{EMAILS}/rows/{NOBODY}", 404),
        ("GET", f"{EMAILS}/rows/1", 404),
        ("GET", f"{EMAILS}/waves/{NOBODY}", 404),
        ("POST", f"{EMAILS}/waves/{NOBODY}/stop", 404),
        ("POST", f"{EMAILS}/rows/{NOBODY}/requeue", 404),
        ("POST", f"{EMAILS}/rows/{NOBODY}/discard", 404),
        ("POST", "/queues/users/pause", 404),
        ("GET", "/trigger-cleanup-stale", 405),
        ("POST", "/runs", 405),
        ("DELETE", f"{EMAILS}/rows/{NOBODY}", 405),
    ],
)
async def test_what_is_not_there_is_404_and_what_is_not_done_405(
    caller: Caller, method: str, path: str, status: int
) -> None:
    response = await caller.call(method, path)
    assert (response.status, response.headers["content-type"]) == (status, "application/problem+json")


async def test_a_database_that_is_gone_is_503(caller: Caller) -> None:
    caller.resources.settings = nightshift.settings("postgresql://nobody@127.0.0.1:1/none", db_timeout="200ms")
    vars(caller.resources).pop("db", None)
    response = await caller.call("GET", "/queues")
    assert (response.status, nightshift.content(response)["status"]) == (503, 503)
