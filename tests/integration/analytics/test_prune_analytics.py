"""prune-analytics: whole months, then batches until one is short (seed 000, task 6; spec, section 7)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from functions.prune_analytics import batches, keeping, months
from functions.prune_analytics.main import prune_analytics
from shared import table
from shared.db import Row
from shared.resources import Resources
from shared.task import Run
from tests import nightshift
from tests.integration.analytics.sources import Sync, event, figures, refresh
from tests.integration.analytics.test_delete_old_analytics import YEAR, ages
from tests.integration.analytics.test_refresh_cost import pages
from tests.nightshift import Connection

TODAY = datetime.now(UTC).date()
MONTHS = """
select right(relname, 7) from pg_class
where relkind = 'r' and relname ~ '^session_analytics_events_\\d' order by relname
"""
TRAP = """
create sequence tries;
create function trap() returns trigger language plpgsql as $$
begin
    if nextval('public.tries') between %s and %s then
        raise exception 'not now';
    end if;
    return old;
end
$$;
create trigger trap before delete on session_analytics_events for each row execute function trap();
"""
GONE = "select deleted, until from nightshift.delete_events('1 year', p_from => %s, p_limit => %s)"
EXPLAINED = """
explain (analyze, buffers, timing off, format json)
select nightshift.delete_events('1 year', 10, '{}')
"""
KEPT = """
insert into nightshift.analytics_event_keys (user_id, client_event_id, received_at)
select %(user)s, days::text, now() - make_interval(days => days) from unnest(array[29, 31]) days;
insert into nightshift.analytics_refreshes (view_name, started_at, duration, error)
select 'x', now() - make_interval(days => days), '1 s', days::text from unnest(array[29, 31]) days;
"""


async def run(resources: Resources, status: int = 200, days: int = 0) -> Any:
    at = datetime.now(UTC) + timedelta(days=days)
    response = await nightshift.post(prune_analytics, resources, {"scheduled_for": at.isoformat()})
    assert response.status == status
    return nightshift.content(response)


async def written(conn: Connection, answer: dict[str, Any]) -> dict[str, Any]:
    return await nightshift.row(conn, "job_history", UUID(answer["run_id"]))


def trap(db: Sync, first: int, last: int) -> None:
    """The tries to delete a row fail from one to another, counted from 1."""
    db.execute((TRAP % (first, last)).encode())


def month(db: Sync, days: int) -> str:
    """A month of its own for events of so many days ago."""
    first = TODAY - timedelta(days=days)
    db.execute("select nightshift.make_event_months(%s, %s)", [first, first])
    return f"{first:%Y_%m}"


def test_it_runs_daily_at_02_00_utc() -> None:
    [schedule] = table.lookup("prune-analytics").schedules
    first = schedule.next_fire(datetime(2026, 1, 1, 2, 0, 1, tzinfo=UTC))
    assert first == datetime(2026, 1, 2, 2, tzinfo=UTC)
    assert schedule.next_fire(first) == datetime(2026, 1, 3, 2, tzinfo=UTC)


async def test_fewer_than_a_batch_end_it(db: Sync, resources: Resources, user: str) -> None:
    event(db, user, *[400] * 5)
    answer = await run(resources)
    assert (answer["processed"], answer["detail"]["events_deleted"]) == (5, 5)
    assert ages(db) == []


async def test_full_batches_follow_each_other_and_add_up(
    db: Sync, resources: Resources, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PAGE", 2)
    event(db, user, *[400] * 5, 3)
    answer = await run(resources)
    assert (answer["processed"], answer["detail"]["events_deleted"], ages(db)) == (5, 5, [3])


async def test_what_comes_behind_a_batch_is_looked_for_at_the_end(
    db: Sync, resources: Resources, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PAGE", 2)
    event(db, user, 400, 400, 390, 390)
    once = batches.batch

    async def then_one_comes(run: Run, kind: str, start: datetime | None) -> Row:
        row = await once(run, kind, start)
        if start is None and row["rows"] == 2:
            event(db, user, 500)
        return row

    monkeypatch.setattr(batches, "batch", then_one_comes)
    assert (await run(resources))["detail"]["events_deleted"] == 5


async def test_a_batch_passes_by_what_the_last_one_has_left_in_the_index(db: Sync, user: str) -> None:
    event(db, user, *[400] * 20_000, *[380] * 10)
    [(rows, until)] = db.execute(GONE, ["-infinity", 20_000]).fetchall()
    assert rows == 20_000
    from_the_start, from_there = (pages(db, EXPLAINED.format(start)) for start in ("-infinity", until))
    assert from_there < from_the_start / 2


async def test_nothing_to_delete_is_0(db: Sync, resources: Resources, user: str) -> None:
    event(db, user, 3)
    answer = await run(resources)
    assert (answer["status"], answer["processed"]) == ("success", 0)
    assert {answer["detail"][kind] for kind in keeping.KEPT} == {0}


async def test_a_batch_that_fails_is_tried_again(db: Sync, resources: Resources, user: str) -> None:
    event(db, user, *[400] * 5)
    trap(db, 2, 3)
    assert (await run(resources))["detail"]["events_deleted"] == 5


async def test_what_was_deleted_before_a_batch_that_fails_for_good_is_told(
    conn: Connection, db: Sync, resources: Resources, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PAGE", 2)
    event(db, user, *[400] * 5)
    trap(db, 5, 99)
    row = await written(conn, await run(resources, status=500))
    assert (row["status"], row["items_processed"], row["metadata"]["events_deleted"]) == ("failed", 4, 4)
    assert "Before that 4 were deleted" in row["error_message"]
    assert len(ages(db)) == 1


async def test_a_date_is_pruned_once(db: Sync, resources: Resources, user: str) -> None:
    await run(resources)
    event(db, user, 400)
    assert (await run(resources))["status"] == "skipped"
    assert (await run(resources, days=1))["processed"] == 1


async def test_with_little_time_left_tomorrows_run_goes_on(db: Sync, database_url: str, user: str) -> None:
    event(db, user, 400)
    hurried = Resources(nightshift.settings(database_url, timeout_seconds=batches.RESERVE))
    answer = await run(hurried)
    await hurried.close()
    assert (answer["status"], answer["processed"], answer["detail"]["unfinished"]) == ("success", 0, True)


async def test_a_month_that_is_old_as_a_whole_goes_as_a_whole_and_stays_counted(
    db: Sync, resources: Resources, user: str
) -> None:
    old, kept = month(db, YEAR + 70), month(db, YEAR)
    event(db, user, *[YEAR + 70] * 3, YEAR - 1, 0)
    refresh(db)
    before = figures(db)
    answer = await run(resources)
    assert answer["detail"]["months_dropped"] == {old: 3}
    there = [name for (name,) in db.execute(MONTHS).fetchall()]
    assert (old in there, kept in there) == (False, True)
    refresh(db)
    assert figures(db) == before
    assert before["summary"][-1] == 5


async def test_a_month_that_somebody_reads_is_dropped_when_they_have_ended(
    conn: Connection, db: Sync, resources: Resources, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    month(db, YEAR + 70)
    event(db, user, YEAR + 70)
    tries = 0

    async def then_they_end(work: Any, most: int, *errors: type[Exception]) -> Any:
        nonlocal tries
        for _ in range(most):
            try:
                return await work()
            except errors:
                tries += 1
                await conn.rollback()
        return await work()

    monkeypatch.setattr(months, "retrying", then_they_end)
    await conn.set_autocommit(False)
    await conn.execute("select 1 from session_analytics_events")
    answer = await run(resources)
    assert (tries, len(answer["detail"]["months_dropped"])) == (1, 1)


async def test_a_month_that_somebody_holds_is_deleted_in_batches(
    conn: Connection, db: Sync, resources: Resources, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months, "TRIES", 1)
    month(db, YEAR + 70)
    event(db, user, YEAR + 70)
    async with conn.transaction():
        await conn.execute("select 1 from session_analytics_events")
        answer = await run(resources)
    assert ("months_dropped" in answer["detail"], answer["detail"]["events_deleted"], ages(db)) == (False, 1, [])


async def test_the_months_to_come_are_made_before_they_come(db: Sync, resources: Resources) -> None:
    db.execute("drop table nightshift.session_analytics_events_" + f"{TODAY:%Y_%m}")
    answer = await run(resources)
    [later] = db.execute("select to_char(now() + interval '2 months', 'YYYY_MM')").fetchall()
    there = [name for (name,) in db.execute(MONTHS).fetchall()]
    assert answer["detail"]["months_made"] == 1
    assert {f"{TODAY:%Y_%m}", later[0]} <= set(there)


async def test_names_of_events_and_notes_of_refreshes_are_kept_for_30_days(
    db: Sync, resources: Resources, user: str
) -> None:
    db.execute(KEPT.replace("%(user)s", f"'{user}'").encode())
    detail = (await run(resources))["detail"]
    assert (detail["event_keys_deleted"], detail["refreshes_deleted"]) == (1, 1)


async def test_who_was_there_on_days_whose_events_are_gone_is_forgotten(
    db: Sync, resources: Resources, user: str
) -> None:
    event(db, user, 0, 400)
    refresh(db)
    assert (await run(resources))["detail"]["members_deleted"] == 1
    refresh(db)
    assert figures(db)["summary"][-1] == 2
