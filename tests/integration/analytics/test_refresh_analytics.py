"""refresh-analytics: view by view, and what failed is told (seed 004; spec, sections 1 and 8)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from functions.refresh_analytics import views
from functions.refresh_analytics.main import refresh_analytics
from shared import table
from shared.resources import Resources
from tests import nightshift
from tests.integration.analytics.sources import VIEWS, Sync, broken, event, study
from tests.integration.queue.waiting import begun_and_waiting
from tests.nightshift import Connection

LEDGER = "select view_name, rows, error from nightshift.analytics_refreshes where started_at > %s order by id"


async def run(resources: Resources, status: int = 200) -> Any:
    response = await nightshift.post(refresh_analytics, resources, {"trigger": "schedule"})
    assert response.status == status
    return nightshift.content(response)


async def written(conn: Connection, answer: dict[str, Any]) -> dict[str, Any]:
    return await nightshift.row(conn, "job_history", UUID(answer["run_id"]))


def test_it_runs_every_30_minutes() -> None:
    [schedule] = table.lookup("refresh-analytics").schedules
    first = schedule.next_fire(datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))
    assert (first.minute, schedule.next_fire(first).minute, schedule.next_fire(first).hour) == (30, 0, 1)


async def test_a_run_renews_every_view_and_notes_its_rows(
    conn: Connection, db: Sync, resources: Resources, user: str, track: str
) -> None:
    began = datetime.now(UTC)
    event(db, user, 0, 1, 2)
    study(db, user, track, 0, 1)
    answer = await run(resources)
    assert (answer["status"], answer["processed"], answer["failed"]) == ("success", 7, 0)
    assert list(answer["detail"]["views"]) == list(VIEWS)
    assert answer["detail"]["views"]["active_learning_days"]["rows"] == 1
    assert [row[0] for row in db.execute(LEDGER, [began]).fetchall()] == list(VIEWS)
    row = await written(conn, answer)
    assert (row["status"], row["items_processed"], row["metadata"]["changes"]) == ("success", 7, 7)


async def test_a_view_that_fails_is_told_and_the_others_are_renewed(
    conn: Connection, db: Sync, resources: Resources
) -> None:
    began = datetime.now(UTC)
    broken(db)
    answer = await run(resources, status=500)
    row = await written(conn, answer)
    assert (row["status"], row["items_processed"], row["items_failed"]) == ("failed", 6, 1)
    assert row["error_message"].startswith("Not renewed: streak_dropoffs.")
    assert row["metadata"]["views"]["streak_dropoffs"] == {"error": "55000"}
    found = {view: error for view, _, error in db.execute(LEDGER, [began]).fetchall()}
    assert found == dict.fromkeys(VIEWS) | {"streak_dropoffs": "55000"}


async def test_a_view_that_takes_too_long_is_given_up_and_the_others_are_renewed(
    conn: Connection, db: Sync, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "LIMIT", 0.5)
    began = datetime.now(UTC)
    async with conn.transaction():
        await conn.execute("lock table public.tracks")
        answer = await run(resources, status=500)
    row = await written(conn, answer)
    assert row["metadata"]["views"]["popular_tracks"] == {"error": views.TOO_SLOW}
    found = {view for view, _, error in db.execute(LEDGER, [began]).fetchall() if error is None}
    assert found == set(VIEWS) - {"popular_tracks", "summary_stats"}


async def test_changes_are_folded_page_by_page(
    db: Sync, resources: Resources, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE", 2)
    for day in range(5):
        event(db, user, day)
    assert (await run(resources))["detail"]["changes"] == 5
    assert db.execute("select total_events from analytics.summary_stats").fetchall() == [(5,)]


async def test_two_runs_at_once_fold_each_change_once(
    conn: Connection, db: Sync, resources: Resources, user: str, database_url: str
) -> None:
    event(db, user, 0, 1)
    other = Resources(nightshift.settings(database_url))
    async with conn.transaction():
        await conn.execute("select nightshift.fold_analytics(1)")
        with_the_lock = await nightshift.Connection.connect(database_url, autocommit=True)
        waiting = await begun_and_waiting(with_the_lock, run(other))
    assert (await waiting)["detail"]["changes"] == 1
    await with_the_lock.close()
    await other.close()
    assert db.execute("select total_events from analytics.summary_stats").fetchall() == [(2,)]


async def test_with_little_time_left_nothing_is_begun_that_could_not_end(conn: Connection, database_url: str) -> None:
    hurried = Resources(nightshift.settings(database_url, timeout_seconds=views.RESERVE))
    answer = await run(hurried, status=500)
    await hurried.close()
    assert (await written(conn, answer))["items_failed"] == 7
