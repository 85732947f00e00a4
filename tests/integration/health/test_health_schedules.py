"""GET /health/schedules: what a monitor of somebody else's asks, so that the watch is watched from outside."""

import json
from collections.abc import AsyncIterator

import pytest

from functions.health.main import app
from infra.local.program import free_port
from shared import table
from shared.resources import Resources
from shared.web import Request, Response
from tests import nightshift
from tests.nightshift import Connection


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url))
    yield made
    await made.close()


async def ask(resources: Resources) -> Response:
    """Without a key."""
    return await app(Request("GET", "/health/schedules"), resources)


async def everybody_came(conn: Connection) -> None:
    for entry in table.tasks():
        await conn.execute("select nightshift.pulse(%s)", [entry.name])


async def test_when_every_task_came_it_answers_200(conn: Connection, resources: Resources) -> None:
    await everybody_came(conn)
    answer = await ask(resources)
    content = nightshift.content(answer)
    assert (answer.status, content["status"], content["overdue"]) == (200, "on time", [])
    assert [task["task"] for task in content["tasks"]] == [entry.name for entry in table.tasks()]


async def test_a_watch_that_does_not_come_answers_503_and_names_it(conn: Connection, resources: Resources) -> None:
    await everybody_came(conn)
    await conn.execute("update job_pulses set began_at = began_at - interval '5 minutes' where job = 'watch'")
    answer = await ask(resources)
    assert (answer.status, nightshift.content(answer)["overdue"]) == (503, ["watch"])


async def test_before_anybody_ever_came_nothing_is_overdue(resources: Resources) -> None:
    answer = await ask(resources)
    assert (answer.status, nightshift.content(answer)["tasks"][0]["began_at"]) == (200, None)


async def test_it_tells_names_and_times_and_nothing_else(conn: Connection, resources: Resources) -> None:
    await everybody_came(conn)
    content = nightshift.content(await ask(resources))
    assert content.keys() == {"status", "overdue", "tasks"}
    assert all(task.keys() == {"task", "began_at", "overdue"} for task in content["tasks"])


async def test_asking_writes_nothing(conn: Connection, resources: Resources) -> None:
    await ask(resources)
    assert await (await conn.execute("select from job_pulses")).fetchall() == []


async def test_without_a_database_it_answers_503_and_no_password() -> None:
    made = Resources(nightshift.settings(f"postgresql://u:hunter2@127.0.0.1:{free_port()}/none", db_timeout="200ms"))
    answer = await ask(made)
    assert answer.status == 503
    assert "hunter2" not in json.dumps(nightshift.content(answer))
    await made.close()
