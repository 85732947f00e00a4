"""Runs at the edges: killed ones, ticks of no calendar, a database that cannot take the record (spec, section 10)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.errors import ConfigurationError
from shared.resources import Resources
from shared.task import Run, task
from shared.web import App
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.nightshift import Connection


async def work(run: Run) -> None:
    """What a queue's task does when a row is due: its run opens with the first claim."""
    run.opened = True
    run.count(processed=1)


@pytest.fixture
def often() -> App:
    return task("deliver-responses")(work)


async def killed(conn: Connection, job: str, age: timedelta) -> UUID:
    """A run whose process died so long ago."""
    run = uuid4()
    await conn.execute(
        "insert into job_history (id, job_name, started_at) values (%s, %s, now() - %s::interval)", [run, job, age]
    )
    return run


async def test_a_run_that_was_killed_is_closed_as_failed_by_the_next_that_finds_work(
    often: App, resources: Resources, conn: Connection
) -> None:
    dead = await killed(conn, "deliver-responses", timedelta(minutes=10))
    beside = await killed(conn, "deliver-responses", timedelta(seconds=30))
    other = await killed(conn, "process-email-queue", timedelta(minutes=10))
    await nightshift.post(often, resources)
    rows = [await nightshift.row(conn, "job_history", run) for run in (dead, beside, other)]
    assert [row["status"] for row in rows] == ["failed", "running", "running"]
    assert rows[0]["error_message"].startswith("ended without a word")


@pytest.mark.parametrize(
    "moment",
    [
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2100-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        253402300799,
        -62135596800,
    ],
)
async def test_a_tick_of_another_age_runs_nothing_and_leaves_no_row(
    resources: Resources, conn: Connection, moment: Any
) -> None:
    daily = task("apply-decay", once_per="day")(work)
    response = await nightshift.post(daily, resources, {"scheduled_for": moment})
    assert (response.status, response.headers["content-type"]) == (422, "application/problem+json")
    assert await (await conn.execute("select from job_history")).fetchall() == []


@pytest.fixture
async def bare(empty_database_url: str, receiver: Receiver) -> AsyncIterator[Resources]:
    """A database that was never migrated."""
    made = Resources(nightshift.settings(empty_database_url, alert_webhook_url=receiver.url))
    yield made
    await made.close()


async def test_a_database_that_cannot_take_the_record_hides_neither_the_failure_nor_the_alert(
    bare: Resources, receiver: Receiver
) -> None:
    async def fail(_run: Run) -> None:
        raise KeyError

    response = await nightshift.post(task("a-job-of-its-own")(fail), bare)
    problem = nightshift.content(response)
    assert (response.status, problem["detail"]) == (500, "The run failed: KeyError.")
    assert [problem["run_id"] in got.body.decode() for got in receiver.got] == [True]


async def test_a_failure_in_our_own_words_says_what_to_do(resources: Resources, conn: Connection) -> None:
    async def refuse(_run: Run) -> None:
        raise ConfigurationError("RESEND_API_KEY: it is needed where EMAIL_PROVIDER is resend.")

    problem = nightshift.content(await nightshift.post(task("process-email-queue")(refuse), resources))
    row = await nightshift.row(conn, "job_history", UUID(problem["run_id"]))
    assert row["error_message"] == "RESEND_API_KEY: it is needed where EMAIL_PROVIDER is resend."
