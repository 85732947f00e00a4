"""Triggers by hand (seed 001, T4.3; spec, sections 1 and 10)."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from functions.admin.main import app
from shared import table, trigger
from shared.task import Run, task
from shared.web import App, Request
from tests import nightshift
from tests.integration.admin.conftest import Caller
from tests.integration.recaps.players import player
from tests.nightshift import Connection


def counting(name: str) -> App:
    @task(name, once_per="day")
    async def work(run: Run) -> None:
        run.count(processed=3)

    return work


@pytest.fixture
def with_tasks(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """The table and the gateway with the two tasks that the seed triggers by name, in a short form."""
    rows = dict(table.load())
    for name in ("apply-decay", "generate-summaries"):
        row = {"handler": f"functions/{table.folder_of(name)}/main.handler", "description": "Does it.", "timeout": 60}
        rows[name] = table.entry(name, {**row, "memorySize": 256, "events": [{"schedule": "rate(1 day)"}]})
        caller.tasks.apps[name] = counting(name)
    monkeypatch.setattr(table, "load", lambda: rows)
    return caller


@pytest.mark.parametrize(
    ("short", "job"),
    [
        pytest.param("decay", "apply-decay", id="ac_t4_3_1"),
        pytest.param("summaries", "generate-summaries", id="ac_t4_3_2"),
        pytest.param("apply-decay", "apply-decay", id="deployed name"),
    ],
)
async def test_ac_t4_3_1_and_2_a_task_is_triggered_by_its_short_or_its_deployed_name(
    conn: Connection, with_tasks: Caller, short: str, job: str
) -> None:
    answer = await with_tasks.post(f"/trigger-{short}")
    run = await nightshift.row(conn, "job_history", UUID(answer["run_id"]))
    assert (run["job_name"], run["trigger"], run["items_processed"]) == (job, "admin", 3)


@pytest.mark.parametrize(
    ("name", "job"), [*trigger.ALIASES.items(), *((task.name, task.name) for task in table.tasks())]
)
async def test_every_name_of_a_task_triggers_it(conn: Connection, caller: Caller, name: str, job: str) -> None:
    caller.tasks.apps[job] = counting(job)
    answer = await caller.post(f"/trigger-{name}")
    assert (await nightshift.row(conn, "job_history", UUID(answer["run_id"])))["job_name"] == job


@pytest.mark.parametrize("name", ["decay", "apply-decay"])
@pytest.mark.parametrize("asked", [None, "2026-03-10"])
async def test_ac_t4_3_1_decay_is_triggered_for_today_or_for_the_date_that_is_asked_for(
    conn: Connection, caller: Caller, name: str, asked: str | None
) -> None:
    """AC-T4.3.1."""
    owner = await nightshift.user(conn)
    await conn.execute("update users set last_interaction_at = '2026-03-01'")
    begun = datetime.now(UTC).date()
    answer = await caller.post(f"/trigger-{name}", {"scheduled_for": f"{asked}T00:00:00Z"} if asked else None)
    run = await caller.get(f"/runs/{answer['run_id']}")
    cursor = await conn.execute("select decay_date::text as day from score_history where user_id = %s", [owner])
    today = {str(day) for day in (begun, datetime.now(UTC).date())}
    assert [row["day"] in ({asked} if asked else today) for row in await cursor.fetchall()] == [True]
    assert (run["job"], run["status"], run["processed"]) == ("apply-decay", "success", 1)


async def test_ac_t4_3_2_recaps_are_written_when_somebody_asks_for_them(conn: Connection, caller: Caller) -> None:
    """AC-T4.3.2."""
    await player(conn)
    answer = await caller.post("/trigger-summaries", wait="true")
    run = await nightshift.row(conn, "job_history", UUID(answer["run_id"]))
    assert (run["job_name"], run["trigger"], run["items_processed"]) == ("generate-summaries", "admin", 1)


async def test_ac_t4_3_4_the_answer_is_202_with_the_id_of_the_run_in_the_history(caller: Caller) -> None:
    response = await caller.call("POST", "/trigger-cleanup-stale")
    answer = nightshift.content(response)
    run = await caller.get(f"/runs/{answer['run_id']}")
    assert response.status == 202
    assert answer["status_url"] == f"/admin/runs/{run['id']}"
    assert (run["job"], run["status"]) == ("cleanup-stale", "success")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/trigger-decay"),
        ("POST", "/trigger-cleanup-stale"),
        ("GET", "/runs"),
        ("GET", "/queues"),
        ("GET", "/queues/email_queue/rows"),
        ("POST", "/queues/email_queue/requeue"),
        ("POST", "/queues/email_queue/pause"),
        ("GET", "/audit"),
    ],
)
async def test_ac_t4_3_3_without_the_service_key_there_is_nothing(caller: Caller, method: str, path: str) -> None:
    response = await caller.call(method, path, key="wrong")
    assert (response.status, response.headers["content-type"]) == (401, "application/problem+json")
    assert caller.tasks.asked == []


async def test_a_run_that_takes_long_is_not_waited_for(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trigger, "EARLY", 0.05)
    caller.tasks.gate.clear()
    answer = await caller.post("/trigger-cleanup")
    none_yet = await caller.call("GET", f"/runs/{answer['run_id']}")
    [call] = trigger._sent
    caller.tasks.gate.set()
    await asyncio.wait_for(call, 10)
    run = await caller.get(f"/runs/{answer['run_id']}")
    assert (answer["status"], none_yet.status, run["status"]) == ("running", 404, "success")


async def test_somebody_who_waits_gets_the_tasks_own_result(caller: Caller) -> None:
    answer = await caller.post("/trigger-cleanup-stale", wait="true")
    assert (answer["job"], answer["status"]) == ("cleanup-stale", "success")
    assert {"processed", "failed", "duration_ms", "detail"} <= answer.keys()


async def test_a_second_trigger_of_a_daily_task_is_skipped_and_names_the_run_that_was(caller: Caller) -> None:
    first = await caller.post("/trigger-cleanup-stale")
    second = await caller.post("/trigger-cleanup-stale")
    assert (second["status"], second["run_id"]) == ("skipped", first["run_id"])
    assert second["detail"] == f"already done as run {first['run_id']}"


async def test_a_missed_date_is_run_later(caller: Caller) -> None:
    answer = await caller.post("/trigger-cleanup-stale", {"scheduled_for": "2026-01-02T03:04:00Z"})
    assert (await caller.get(f"/runs/{answer['run_id']}"))["run_key"] == "2026-01-02"


async def test_an_unknown_task_is_answered_with_the_names_of_those_that_there_are(caller: Caller) -> None:
    response = await caller.call("POST", "/trigger-everything")
    detail = nightshift.content(response)["detail"]
    assert response.status == 404
    assert all(entry.name in detail for entry in table.tasks())


async def test_a_function_that_is_no_task_cannot_be_triggered(caller: Caller) -> None:
    assert (await caller.call("POST", "/trigger-admin")).status == 404


async def test_a_task_that_fails_early_is_reported_with_its_run(caller: Caller) -> None:
    @task("cleanup-stale")
    async def broken(_run: Run) -> None:
        raise ZeroDivisionError

    caller.tasks.apps["cleanup-stale"] = broken
    response = await caller.call("POST", "/trigger-cleanup-stale")
    problem = nightshift.content(response)
    assert (response.status, problem["task_problem"]["status"]) == (502, 500)
    assert (await caller.get(f"/runs/{problem['run_id']}"))["error_message"] == "ZeroDivisionError"


async def test_a_task_that_cannot_be_reached_is_503(database_url: str, caller: Caller) -> None:
    config = {"functions_base_url": "http://127.0.0.1:1"}
    caller.resources.settings = nightshift.settings(database_url, **config)
    assert (await caller.call("POST", "/trigger-cleanup-stale")).status == 503


async def test_without_a_service_key_of_its_own_nothing_is_started_and_it_says_what_to_set(
    conn: Connection, database_url: str, caller: Caller
) -> None:
    caller.resources.settings = nightshift.settings(database_url, service_keys="")
    cloud = Request("POST", "/admin/trigger-cleanup-stale", trusted=True)
    response = await app(cloud, caller.resources)
    cursor = await conn.execute("select from audit_log")
    assert (response.status, cursor.rowcount) == (500, 0)
    assert "set SERVICE_KEYS" in nightshift.content(response)["detail"]


async def test_a_trigger_is_recorded_with_the_key_that_it_came_with(caller: Caller) -> None:
    answer = await caller.post("/trigger-cleanup-stale")
    [act] = (await caller.get("/audit"))["acts"]
    expected: dict[str, Any] = {"run_id": answer["run_id"]}
    assert (act["action"], act["subject"], act["detail"]) == ("trigger", "cleanup-stale", expected)
    assert act["actor"] == "service key f162dd68"
    assert nightshift.SERVICE_KEY not in str(act)


def test_every_short_name_is_for_one_task() -> None:
    assert len(set(trigger.ALIASES.values())) == len(trigger.ALIASES)
