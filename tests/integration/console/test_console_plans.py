"""A page reads what it shows, however much there is beside it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared import audit, runs, suppressions, webhook_events
from shared.sql import Queries
from tests.nightshift import Connection

MANY, ROWS = 20_000, 50
JOBS = ["apply-decay", "cleanup-stale", "deliver-responses"]
FILL = (
    """insert into job_history (job_name, started_at, completed_at, status)
    select case mod(n, 1000) when 0 then 'apply-decay' when 1 then 'cleanup-stale' else 'deliver-responses' end,
        now() - n * interval '1 s', now(), 'success'
    from generate_series(1, %(many)s) n""",
    """insert into webhook_events (provider, event_id, event_type, event_created, raw_body, status, processed_at)
    select 'stripe', 'evt_' || n, 'invoice.paid', now(), '{}', 'processed', now()
    from generate_series(1, %(many)s) n""",
    """insert into email_suppressions (address, reason, source)
    select 'gone' || n || '@example.org', 'bounce', 'ses' from generate_series(1, %(many)s) n""",
    """insert into audit_log (actor, action, subject)
    select 'somebody', 'trigger', 'apply-decay' from generate_series(1, %(many)s) n""",
    "vacuum analyze",
)
LAST = UUID(int=2**128 - 1)
ANY = dict.fromkeys(("job", "status", "trigger", "since", "until", "before_at", "before_id"))
STATEMENTS = {
    "runs": (runs.SQL, "page", ANY, ROWS),
    "runs of a task": (runs.SQL, "page", ANY | {"job": "apply-decay"}, ROWS),
    "older runs": (runs.SQL, "page", ANY | {"before_at": datetime.now(UTC), "before_id": LAST}, ROWS),
    "the last runs of each task": (runs.SQL, "latest", {"jobs": JOBS}, 3 * ROWS),
    "events": (
        webhook_events.SQL,
        "page",
        {"provider": None, "type": None, "status": None, "before": LAST, "look": ROWS},
        ROWS,
    ),
    "events that failed": (
        webhook_events.SQL,
        "open",
        {"provider": None, "type": None, "status": "failed", "before": None},
        0,
    ),
    "suppressions": (suppressions.SQL, "page", {"reason": None, "before": None}, ROWS),
    "acts": (audit.SQL, "page", {"actor": None, "action": None, "subject": None, "before": LAST}, ROWS),
}


@pytest.fixture
async def filled(conn: Connection) -> Connection:
    for statement in FILL:
        await conn.execute(statement.encode(), {"many": MANY})
    return conn


@pytest.mark.parametrize(("queries", "name", "given", "most"), STATEMENTS.values(), ids=list(STATEMENTS))
async def test_a_list_reads_no_more_than_it_shows(
    filled: Connection, queries: Queries, name: str, given: dict[str, Any], most: int
) -> None:
    statement = b"explain (analyze, format json) " + queries.named[name]
    cursor = await filled.execute(statement, {**given, "limit": ROWS})
    [found] = await cursor.fetchall()
    scans = [node for node in nodes(found["QUERY PLAN"][0]["Plan"]) if "Relation Name" in node]
    assert scans
    assert max(read(node) for node in scans) <= most, scans


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def read(node: dict[str, Any]) -> float:
    """The rows that a scan has looked at, those among them that it did not want."""
    return float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
