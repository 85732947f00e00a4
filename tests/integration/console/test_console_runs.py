"""Tasks and their runs: the overview, one task, the list, one run."""

import asyncio
from datetime import UTC, datetime, timedelta

from functions.console.standing import standing
from shared import alerts, table
from shared.causes import Cause
from shared.last_good import Known
from shared.resources import Resources
from tests.integration.console.operating import Operator, text, words
from tests.nightshift import Connection


async def ran(conn: Connection, job: str = "apply-decay", status: str = "success", **columns: object) -> str:
    """A run that began a minute ago."""
    given = {"error_message": None, "trigger": "schedule", "started_at": None, "metadata": "{}"} | columns
    cursor = await conn.execute(
        "insert into job_history (job_name, status, trigger, started_at, completed_at, items_processed, error_message, "
        "metadata) values (%(job)s, %(status)s, %(trigger)s, coalesce(%(started_at)s, now() - interval '1 minute'), "
        "case when %(status)s <> 'running' then now() end, 7, %(error_message)s, %(metadata)s) returning id",
        {"job": job, "status": status, **given},
    )
    return str((await cursor.fetchone() or {})["id"])


async def test_the_overview_says_of_each_task_when_it_ran_how_it_went_and_when_it_runs_next(
    conn: Connection, operator: Operator
) -> None:
    await ran(conn)
    said = words(await operator.get("/console"))
    assert "apply-decay At 00:00 every day, UTC. Next in" in said
    assert "1 min ago success" in said
    assert "1 of 1 runs succeeded, usually in 1 min" in said


async def test_the_overview_says_first_what_needs_attention(conn: Connection, operator: Operator) -> None:
    assert "Needs attention Nothing does." in words(await operator.get("/console"))
    run = await ran(conn, status="failed")
    await conn.execute("update queues set paused_at = now(), paused_by = 'somebody' where name = 'email_queue'")
    page = await operator.get("/console")
    assert "The last run of apply-decay failed." in words(page)
    assert f'href="/console/runs/{run}"' in text(page)
    assert "email_queue is paused." in words(page)


async def test_the_overview_says_what_was_told_and_lasts(
    conn: Connection, resources: Resources, operator: Operator
) -> None:
    await alerts.alarm(resources, Cause("late", "email_queue", {"minutes": 20}))
    page = await operator.get("/console")
    assert "email_queue holds a row that has been due for too long." in words(page)
    await alerts.resolve(resources, "late:email_queue")
    assert "Nothing does." in words(await operator.get("/console"))


async def test_a_task_that_works_again_needs_no_attention(conn: Connection, operator: Operator) -> None:
    await ran(conn, status="failed", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    await ran(conn)
    assert "Nothing does." in words(await operator.get("/console"))


async def test_a_chart_says_in_words_what_it_shows(conn: Connection, operator: Operator) -> None:
    await ran(conn)
    await ran(conn, status="failed")
    page = text(await operator.get("/console/tasks/apply-decay"))
    assert 'aria-label="Last 2 runs: 1 succeeded, 1 failed. They usually take 1 min, 1 min at most."' in page
    assert page.count("<rect") == 2


async def test_runs_are_found_by_task_status_trigger_and_time(conn: Connection, operator: Operator) -> None:
    wanted = await ran(conn, "cleanup-stale", "failed", trigger="admin", started_at=datetime(2026, 1, 2, tzinfo=UTC))
    others = [
        await ran(conn, "apply-decay", "failed", trigger="admin", started_at=datetime(2026, 1, 2, tzinfo=UTC)),
        await ran(conn, "cleanup-stale", "success", trigger="admin", started_at=datetime(2026, 1, 2, tzinfo=UTC)),
        await ran(conn, "cleanup-stale", "failed", started_at=datetime(2026, 1, 2, tzinfo=UTC)),
        await ran(conn, "cleanup-stale", "failed", trigger="admin", started_at=datetime(2026, 1, 3, tzinfo=UTC)),
    ]
    chosen = "job=cleanup-stale&status=failed&trigger=admin&since=2026-01-02T00:00&until=2026-01-03T00:00"
    page = text(await operator.get(f"/console/runs?{chosen}"))
    assert f"/console/runs/{wanted}" in page
    assert not [run for run in others if run in page]
    assert 'value="2026-01-02T00:00"' in page
    assert '<option value="cleanup-stale" selected>' in page


async def test_empty_filters_are_none(conn: Connection, operator: Operator) -> None:
    run = await ran(conn)
    assert run in text(await operator.get("/console/runs?job=&status=&trigger=&since=&until="))


async def test_a_filter_that_is_wrong_is_told_so_on_a_page(operator: Operator) -> None:
    answer = await operator.get("/console/runs?status=lost")
    assert (answer.status, answer.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert "status : Input should be" in words(answer)


async def test_older_runs_are_a_page_further_and_none_is_lost(conn: Connection, operator: Operator) -> None:
    await conn.execute(
        "insert into job_history (job_name, status, started_at, completed_at) "
        "select 'apply-decay', 'success', '2026-01-02T03:04:05.678901Z', now() from generate_series(1, 120)"
    )
    place, found = "/console/runs?job=apply-decay", set[str]()
    while place:
        page = text(await operator.get(place))
        found |= {part[:36] for part in page.split('href="/console/runs/')[1:]}
        place = (
            page.split('" rel="next"')[0].rpartition('href="')[2].replace("&amp;", "&") if 'rel="next"' in page else ""
        )
    assert len(found) == 120


async def test_a_run_says_all_that_is_known_of_it(conn: Connection, operator: Operator) -> None:
    run = await ran(
        conn, status="failed", error_message="Set STRIPE_API_KEY.", trigger="admin", metadata='{"dates": 3}'
    )
    said = words(await operator.get(f"/console/runs/{run}"))
    assert "Run of apply-decay" in said
    assert "failed Set STRIPE_API_KEY." in said
    assert '"dates": 3' in said
    assert run in said


async def test_a_run_that_is_none_is_not_found(operator: Operator) -> None:
    for name in ("0198f3a0-0000-7000-8000-000000000001", "nothing"):
        answer = await operator.get(f"/console/runs/{name}")
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_a_run_that_has_just_been_started_is_waited_for(operator: Operator) -> None:
    answer = await operator.get("/console/runs/0198f3a0-0000-7000-8000-000000000001?done=started")
    assert (answer.status, "is about to begin" in words(answer)) == (200, True)


async def test_what_a_run_says_stays_text(conn: Connection, operator: Operator) -> None:
    hostile = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
    run = await ran(conn, status="failed", error_message=hostile, trigger=hostile, metadata='{"<b>": "</pre><script>"}')
    for place in (f"/console/runs/{run}", "/console/runs", "/console", "/console/tasks/apply-decay"):
        page = text(await operator.get(place))
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "<b>" not in page


async def test_a_hostile_address_stays_text(operator: Operator) -> None:
    answer = await operator.get("/console?x=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in text(answer)
    answer = await operator.get("/console/tasks/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert (answer.status, "<script>" in text(answer)) == (404, False)


async def test_there_are_no_more_than_bounded_questions_in_flight(resources: Resources, operator: Operator) -> None:
    answers = await asyncio.gather(*(operator.get(f"/console?n={number}") for number in range(20)))
    assert {answer.status for answer in answers} == {200}


async def test_a_task_whose_pass_has_not_come_is_marked_and_comes_first(conn: Connection, operator: Operator) -> None:
    await conn.execute("insert into job_pulses (job, known_since) values ('apply-decay', now() - interval '3 days')")
    said = words(await operator.get("/console"))
    assert "Needs attention apply-decay should have begun and has not." in said
    assert "late Last pass" in words(await operator.get("/console/tasks/apply-decay"))


async def test_a_pass_that_found_nothing_is_a_pass(conn: Connection, operator: Operator) -> None:
    await conn.execute("select nightshift.pulse('deliver-responses')")
    said = words(await operator.get("/console"))
    assert "Nothing does." in said
    assert said.count("Last pass \N{EN DASH}") == len(table.tasks()) - 1


def test_a_task_is_judged_as_of_when_it_was_known() -> None:
    """It is not late because the database cannot say that it came."""
    began = datetime(2026, 1, 2, tzinfo=UTC)
    pulse = {"job": "deliver-responses", "began_at": began, "since": began, "steady_since": began}
    value = {"runs": {}, "pulses": {"deliver-responses": pulse}}
    task, late = table.lookup("deliver-responses"), timedelta(minutes=5)
    assert not standing(task, Known(value, began + timedelta(seconds=30)), late).late
    assert standing(task, Known(value, began + timedelta(hours=1)), late).late


async def test_a_run_shows_its_log(conn: Connection, operator: Operator) -> None:
    run = await ran(conn)
    await conn.execute(
        "update job_history set log_lines = %s where id = %s",
        ['[{"level": "INFO", "time": "2026-01-02T03:04:05+00:00", "message": "<b>run ended", "processed": 7}]', run],
    )
    page = await operator.get(f"/console/runs/{run}")
    assert "2026-01-02T03:04:05+00:00 INFO <b>run ended processed=7" in words(page).replace("&lt;", "<")
    assert "<b>run" not in text(page)
