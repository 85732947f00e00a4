"""Scheduled tasks: what a trigger answers, what a run leaves behind (spec, sections 10 and 11)."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.watch.main import watch
from infra.local.program import free_port
from shared.resources import Resources
from shared.task import Run, Tick, task
from shared.web import App, Request
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.nightshift import SERVICE_KEY, Connection

AT = "2026-01-02T03:04:05Z"


class Work:
    """The inside of a task, which counts its calls.

    Attributes:
        error: raised, if set.
    """

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.error: Exception | None = None

    async def __call__(self, run: Run) -> None:
        self.runs.append(run)
        run.count(processed=2, failed=1)
        run.note(rows=3)
        if self.error:
            raise self.error


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def daily(work: Work) -> App:
    """A task that runs once a day."""
    return task("apply-decay", once_per="day")(work)


@pytest.fixture
def often(work: Work) -> App:
    """A task that runs whenever it is fired."""
    return task("deliver-responses")(work)


async def history(conn: Connection) -> list[dict[str, Any]]:
    return await (await conn.execute("select * from job_history order by started_at, id")).fetchall()


async def test_the_answer_has_the_shape_that_outsiders_rely_on(daily: App, resources: Resources) -> None:
    response = await nightshift.post(daily, resources, {"scheduled_for": AT})
    content = nightshift.content(response)
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert content.keys() == {"job", "run_id", "status", "processed", "failed", "duration_ms", "detail"}
    assert (content["job"], content["status"], content["processed"], content["failed"]) == (
        "apply-decay",
        "success",
        2,
        1,
    )
    assert isinstance(content["duration_ms"], int)
    assert content["detail"] == {"rows": 3}


async def test_ac_t4_1_2_a_run_leaves_a_row(daily: App, resources: Resources, conn: Connection) -> None:
    content = nightshift.content(await nightshift.post(daily, resources, {"scheduled_for": AT}))
    [row] = await history(conn)
    assert (str(row["id"]), row["job_name"], row["status"], row["run_key"]) == (
        content["run_id"],
        "apply-decay",
        "success",
        "2026-01-02",
    )
    assert (row["items_processed"], row["items_failed"], row["trigger"]) == (2, 1, "schedule")


async def test_a_tick_runs_once_whoever_fires_it(daily: App, resources: Resources, work: Work) -> None:
    first = nightshift.content(await nightshift.post(daily, resources, {"scheduled_for": AT}))
    second = await nightshift.post(daily, resources, {"scheduled_for": "2026-01-02T23:59:59Z", "trigger": "admin"})
    content = nightshift.content(second)
    assert (second.status, content["status"], content["run_id"]) == (200, "skipped", None)
    assert content["detail"] == f"already done as run {first['run_id']}"
    assert len(work.runs) == 1


@pytest.mark.parametrize(
    ("moment", "key"), [("2026-01-02T23:30:00-01:00", "2026-01-03"), ("2026-01-02T00:30:00+01:00", "2026-01-01")]
)
async def test_the_date_of_a_tick_is_its_date_in_utc(
    daily: App, resources: Resources, conn: Connection, moment: str, key: str
) -> None:
    await nightshift.post(daily, resources, {"scheduled_for": moment})
    assert [row["run_key"] for row in await history(conn)] == [key]


async def test_a_task_may_run_once_an_hour(work: Work, resources: Resources, conn: Connection) -> None:
    hourly = task("generate-summaries", once_per="hour")(work)
    for moment in ("2026-01-02T03:04:05Z", "2026-01-02T03:59:59Z", "2026-01-02T04:00:00Z"):
        await nightshift.post(hourly, resources, {"scheduled_for": moment})
    assert [row["run_key"] for row in await history(conn)] == ["2026-01-02T03:00Z", "2026-01-02T04:00Z"]


async def test_ac_t4_1_3_a_failed_run_answers_a_problem_with_its_id_and_leaves_a_row(
    daily: App, resources: Resources, work: Work, conn: Connection
) -> None:
    work.error = KeyError("secret-value")
    response = await nightshift.post(daily, resources, {"scheduled_for": AT})
    problem = nightshift.content(response)
    [row] = await history(conn)
    assert (response.status, response.headers["content-type"]) == (500, "application/problem+json")
    assert (problem["run_id"], problem["status"]) == (str(row["id"]), 500)
    assert (row["status"], row["error_message"]) == ("failed", "KeyError")
    assert b"secret-value" not in response.body


async def test_a_failed_tick_runs_again_when_it_is_fired_again(daily: App, resources: Resources, work: Work) -> None:
    work.error = KeyError()
    await nightshift.post(daily, resources, {"scheduled_for": AT})
    work.error = None
    assert (await nightshift.post(daily, resources, {"scheduled_for": AT})).status == 200
    assert len(work.runs) == 2


async def test_a_pass_that_found_nothing_leaves_no_row(often: App, resources: Resources, conn: Connection) -> None:
    content = nightshift.content(await nightshift.post(often, resources))
    assert (content["status"], content["run_id"], await history(conn)) == ("success", None, [])


async def test_a_pass_that_failed_leaves_one(often: App, resources: Resources, conn: Connection, work: Work) -> None:
    work.error = KeyError()
    problem = nightshift.content(await nightshift.post(often, resources))
    assert [(str(row["id"]), row["status"]) for row in await history(conn)] == [(problem["run_id"], "failed")]


async def test_what_an_admin_asked_for_leaves_one_in_any_case(
    often: App, resources: Resources, conn: Connection
) -> None:
    run = uuid4()
    content = nightshift.content(await nightshift.post(often, resources, {"trigger": "admin", "run_id": str(run)}))
    assert content["run_id"] == str(run)
    assert [(row["id"], row["trigger"]) for row in await history(conn)] == [(run, "admin")]


async def test_an_admins_call_that_is_repeated_runs_once(often: App, resources: Resources, work: Work) -> None:
    body = {"trigger": "admin", "run_id": str(uuid4())}
    await nightshift.post(often, resources, body)
    assert nightshift.content(await nightshift.post(often, resources, body))["status"] == "skipped"
    assert len(work.runs) == 1


async def test_a_task_may_find_that_there_is_nothing_to_do(resources: Resources) -> None:
    async def rest(run: Run) -> None:
        run.skip("nobody is awake")

    content = nightshift.content(await nightshift.post(task("apply-decay")(rest), resources))
    assert (content["status"], content["detail"]) == ("skipped", "nobody is awake")


async def test_a_run_by_hand_that_finds_nothing_to_do_says_so_in_its_row(
    resources: Resources, conn: Connection
) -> None:
    async def rest(run: Run) -> None:
        run.skip("nobody is awake")

    await nightshift.post(task("apply-decay")(rest), resources, {"trigger": "admin"})
    assert [(row["status"], row["error_message"]) for row in await history(conn)] == [("skipped", "nobody is awake")]


async def test_without_a_body_the_tick_is_now(often: App, resources: Resources, work: Work) -> None:
    await nightshift.post(often, resources)
    await nightshift.post(often, resources, b"  ")
    assert all(abs((datetime.now(UTC) - run.scheduled_for).total_seconds()) < 60 for run in work.runs)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        ({"scheduled_for": "yesterday"}, 422),
        ({"scheduled_for": "2026-01-02T03:04:05"}, 422),
        ({"trigger": "Drop Table"}, 422),
        ({"run_id": "7"}, 422),
        ([], 422),
    ],
)
async def test_a_body_that_is_no_tick_runs_nothing(
    often: App, resources: Resources, work: Work, body: Any, status: int
) -> None:
    response = await nightshift.post(often, resources, body)
    assert (response.status, response.headers["content-type"], work.runs) == (status, "application/problem+json", [])


async def test_nobody_fires_a_task_without_a_key(often: App, resources: Resources, work: Work) -> None:
    assert (await nightshift.post(often, resources, key="wrong")).status == 401
    assert (await often(Request("POST", "/"), resources)).status == 401
    assert work.runs == []


@pytest.mark.parametrize(("granted", "left"), [(30.0, 30.0), (0.0, 0.0), (None, 75.0)])
def test_a_run_has_the_time_that_the_platform_grants(resources: Resources, granted: float | None, left: float) -> None:
    run = Run("a-task", Tick(), resources, granted)
    assert run.seconds_left() == pytest.approx(left, abs=1)


@pytest.fixture
async def alerted(database_url: str, receiver: Receiver) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, alert_webhook_url=receiver.url))
    yield made
    await made.close()


async def test_ac_t4_1_4_a_failure_is_told_and_so_is_the_recovery(
    daily: App, alerted: Resources, work: Work, receiver: Receiver
) -> None:
    work.error = KeyError("secret-value")
    problem = nightshift.content(await nightshift.post(daily, alerted, {"scheduled_for": AT}))
    await nightshift.post(watch, alerted)
    work.error = None
    await nightshift.post(daily, alerted, {"scheduled_for": AT})
    await nightshift.post(watch, alerted)
    alarm, recovery = [json.loads(got.body) for got in receiver.got]
    assert (alarm["cause"], recovery["kind"]) == ("failed:apply-decay", "recovery")
    assert problem["run_id"] in alarm["text"]
    assert "secret-value" not in alarm["text"]


async def test_an_alert_that_cannot_be_sent_changes_nothing(database_url: str, daily: App, work: Work) -> None:
    made = Resources(nightshift.settings(database_url, alert_webhook_url=f"http://127.0.0.1:{free_port()}"))
    work.error = KeyError()
    response = await nightshift.post(daily, made)
    assert (response.status, UUID(nightshift.content(response)["run_id"]).version) == (500, 4)
    await made.close()


async def test_without_a_database_the_answer_is_still_a_problem_with_the_runs_id(
    daily: App, work: Work, receiver: Receiver
) -> None:
    away = f"postgresql://postgres@127.0.0.1:{free_port()}/none"
    made = Resources(nightshift.settings(away, alert_webhook_url=receiver.url, db_timeout="200ms"))
    response = await nightshift.post(daily, made)
    assert response.status == 500
    assert nightshift.content(response)["run_id"]
    assert work.runs == []
    await made.close()


async def test_the_answer_holds_no_password(work: Work) -> None:
    made = Resources(nightshift.settings(f"postgresql://u:hunter2@127.0.0.1:{free_port()}/none", db_timeout="200ms"))
    response = await nightshift.post(task("apply-decay", once_per="day")(work), made)
    assert b"hunter2" not in response.body
    assert SERVICE_KEY.encode() not in response.body
    await made.close()
