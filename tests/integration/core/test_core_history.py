"""Runs: once per tick, told apart from those that were killed (spec, section 10)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared import history
from shared.db import Database
from shared.history import Begun
from tests import nightshift
from tests.nightshift import Connection

LIMIT = timedelta(minutes=2)


async def begin(
    db: Database, *, run: UUID | None = None, job: str = "apply-decay", key: str | None = "2026-01-01"
) -> Begun:
    return await history.begin(
        db, run=run or uuid4(), job=job, key=key, trigger="schedule", limit=LIMIT, metadata={"chapter": 1}
    )


async def end(db: Database, run: UUID, status: str = "success", error: str | None = None) -> None:
    await history.end(
        db,
        run=run,
        job="apply-decay",
        trigger="schedule",
        started=datetime.now(UTC),
        status=status,
        processed=3,
        failed=1,
        error=error,
        metadata={"rows": 3},
        limit=LIMIT,
        silence=LIMIT,
    )


async def row(conn: Connection, run: UUID) -> dict[str, Any]:
    return await nightshift.row(conn, "job_history", run)


async def test_ac_t4_1_1_a_run_is_a_row_from_begin_to_end(db: Database, conn: Connection) -> None:
    begun = await begin(db)
    opened = await row(conn, begun.id)
    await end(db, begun.id)
    closed = await row(conn, begun.id)
    assert begun.reason is None
    assert (opened["status"], opened["run_key"], opened["completed_at"]) == ("running", "2026-01-01", None)
    assert (closed["status"], closed["items_processed"], closed["items_failed"]) == ("success", 3, 1)
    assert closed["metadata"] == {"chapter": 1, "rows": 3}
    assert closed["completed_at"] >= closed["started_at"]


async def test_ac_t4_2_1_and_3_of_twenty_concurrent_calls_one_runs(database_url: str, conn: Connection) -> None:
    callers = [Database(database_url, pool_max=1, timeout=20) for _ in range(20)]
    begun = await asyncio.gather(*(begin(caller) for caller in callers))
    assert sum(one.reason is None for one in begun) == 1
    assert all(
        one.reason is None or one.reason.startswith(("another call", "already running as run ")) for one in begun
    )
    cursor = await conn.execute("select count(*) as n from job_history")
    assert (await cursor.fetchone() or {})["n"] == 1
    for caller in callers:
        await caller.close()


async def test_a_tick_that_is_done_says_so_and_names_its_run(db: Database) -> None:
    first = await begin(db)
    running = await begin(db)
    await end(db, first.id)
    done = await begin(db)
    assert running.reason == f"already running as run {first.id}"
    assert done.reason == f"already done as run {first.id}"


async def test_a_tick_that_failed_may_run_again(db: Database) -> None:
    first = await begin(db)
    await end(db, first.id, "failed", "KeyError")
    assert (await begin(db)).reason is None


async def test_ac_t4_2_2_each_tick_and_each_job_is_its_own(db: Database) -> None:
    await begin(db)
    assert (await begin(db, key="2026-01-02")).reason is None
    assert (await begin(db, job="refresh-analytics")).reason is None


async def test_runs_without_a_key_are_not_unique(db: Database) -> None:
    assert [(await begin(db, key=None)).reason for _ in range(2)] == [None, None]


async def test_a_call_that_is_repeated_with_its_runs_id_does_not_run_twice(db: Database) -> None:
    run = uuid4()
    assert (await begin(db, run=run, key=None)).reason is None
    assert (await begin(db, run=run, key=None)).reason == f"already running as run {run}"


async def test_a_call_that_comes_while_another_one_begins_is_told_so(db: Database, conn: Connection) -> None:
    async with conn.transaction():
        await conn.execute(
            "select * from nightshift.begin_run(%s, 'apply-decay', '2026-01-01', 'schedule', '1 minute')", [uuid4()]
        )
        assert (await begin(db)).reason == "another call is starting this run at this moment"


async def test_a_run_that_was_killed_is_closed_as_failed_and_its_tick_runs_again(
    db: Database, conn: Connection
) -> None:
    killed = await begin(db)
    await conn.execute("update job_history set started_at = now() - interval '3 minutes'")
    again = await begin(db)
    closed = await row(conn, killed.id)
    assert (again.reason, closed["status"]) == (None, "failed")
    assert closed["error_message"] == "ended without a word: past its time limit of 00:02:00"


async def test_a_run_within_its_time_limit_is_left_alone(db: Database, conn: Connection) -> None:
    running = await begin(db)
    await conn.execute("update job_history set started_at = now() - interval '119 seconds'")
    assert (await begin(db)).reason == f"already running as run {running.id}"
    assert await history.close_overdue(db, "apply-decay", LIMIT) == 0


async def test_only_the_jobs_own_runs_are_closed(db: Database, conn: Connection) -> None:
    await begin(db)
    await begin(db, job="refresh-analytics")
    await conn.execute("update job_history set started_at = now() - interval '3 minutes'")
    assert await history.close_overdue(db, "apply-decay", LIMIT) == 1
    assert await history.close_overdue(db, "apply-decay", LIMIT) == 0


async def test_a_run_that_nothing_had_opened_is_written_whole(db: Database, conn: Connection) -> None:
    run = uuid4()
    await end(db, run, "failed", "KeyError")
    await end(db, run, "failed", "KeyError")
    closed = await row(conn, run)
    assert (closed["status"], closed["error_message"], closed["metadata"]) == ("failed", "KeyError", {"rows": 3})
