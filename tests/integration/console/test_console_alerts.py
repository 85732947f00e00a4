"""Every link of an alert leads to a page of the console."""

import pytest

from functions.console.overview import TOLD
from shared.causes import KINDS, Cause, recovery
from tests.integration.console.operating import Operator
from tests.nightshift import Connection


@pytest.mark.parametrize("kind", KINDS)
async def test_an_alert_and_its_recovery_lead_to_a_page_that_is_there(
    conn: Connection, operator: Operator, kind: str
) -> None:
    cursor = await conn.execute("insert into job_history (job_name) values ('apply-decay') returning id")
    run = (await cursor.fetchone() or {})["id"]
    subject = "email_queue" if "queues/{subject}" in KINDS[kind].page else "apply-decay"
    cause = Cause(kind, subject, {"run": run})
    answers = [await operator.get(f"/console{page}") for page in (cause.page, recovery(cause.name)["page"])]
    assert [answer.status for answer in answers] == [200, 200]


def test_the_overview_leaves_out_no_kind() -> None:
    seen_by_itself = {"failed", "missed", "dead", "breaker"}
    assert {*TOLD, *seen_by_itself} == set(KINDS)
