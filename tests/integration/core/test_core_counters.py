"""Counters: kept over processes that come and go, written by the statement that ends a run (spec, section 10)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import counters, history
from shared.counters import BOUNDS, DELIVERIES, DURATIONS, RUNS, Counters, written
from shared.db import Database
from shared.errors import UnavailableError
from shared.resources import Resources
from shared.task import Run, task
from tests import nightshift
from tests.nightshift import Connection


async def kept(conn: Connection) -> dict[str, float]:
    """What the table holds, by name and labels' values."""
    cursor = await conn.execute("select name, labels, value from metric_counters")
    rows = await cursor.fetchall()
    return {
        " ".join([row["name"], *(value for _, value in sorted(row["labels"].items()))]): row["value"] for row in rows
    }


async def end(db: Database, counts: str, run: Any = None) -> None:
    rest: dict[str, Any] = {"status": "success", "processed": 0, "failed": 0, "error": None, "metadata": {}}
    rest |= {"limit": timedelta(minutes=2), "silence": timedelta(minutes=15)}
    began = datetime.now(UTC)
    await history.end(db, run=run or uuid4(), job="a", trigger="schedule", started=began, counts=counts, **rest)


async def test_a_run_counts_itself_once_with_how_long_it_took(resources: Resources, conn: Connection) -> None:
    @task("busy")
    async def busy(run: Run) -> None:
        run.opened = True

    for _ in range(2):
        await nightshift.post(busy, resources)
    found = await kept(conn)
    assert found[f"{RUNS} busy success"] == 2
    assert found[f"{DURATIONS}_bucket busy {BOUNDS[0]:g}"] == 2
    assert 0 < found[f"{DURATIONS}_sum busy"] < 2 * BOUNDS[0]


async def test_a_run_that_failed_is_counted_as_one(resources: Resources, conn: Connection) -> None:
    @task("broken")
    async def broken(run: Run) -> None:
        raise KeyError

    await nightshift.post(broken, resources)
    assert (await kept(conn))[f"{RUNS} broken failed"] == 1


async def test_an_idle_pass_writes_nothing(resources: Resources, conn: Connection) -> None:
    @task("idle")
    async def idle(run: Run) -> None:
        """Nothing to do."""

    await nightshift.post(idle, resources)
    assert await kept(conn) == {}


async def test_what_a_repeated_end_says_is_counted_once(db: Database, conn: Connection) -> None:
    run, counts = uuid4(), written({(DELIVERIES, (("queue", "q"),)): 3})
    await end(db, counts, run)
    await end(db, counts, run)
    assert await kept(conn) == {f"{DELIVERIES} q": 3}


async def test_what_could_not_be_written_is_written_by_the_next_run(db: Database, conn: Connection) -> None:
    sums = Counters()
    sums.add(DELIVERIES, 2, queue="q")
    with pytest.raises(UnavailableError):
        async with sums.taken():
            raise UnavailableError("gone")
    sums.add(DELIVERIES, 1, queue="q")
    async with sums.taken() as counts:
        await end(db, counts)
    assert (await kept(conn), sums.sums) == ({f"{DELIVERIES} q": 3}, {})


async def test_a_run_that_goes_on_writes_after_a_minute_and_not_before(
    db: Database, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = Counters()
    sums.add(DELIVERIES, queue="q")
    await sums.write(db)
    early = await kept(conn)
    monkeypatch.setattr(counters, "EVERY", 0.0)
    await sums.write(db)
    assert (early, await kept(conn)) == ({}, {f"{DELIVERIES} q": 1})


async def test_no_delivery_fails_because_counters_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "EVERY", 0.0)
    sums, nowhere = Counters(), Database("postgresql://nobody@127.0.0.1:1/none", timeout=0.2)
    sums.add(DELIVERIES, queue="q")
    await sums.write(nowhere)
    await nowhere.close()
    assert list(sums.sums.values()) == [1]


async def test_many_instances_add_to_the_same_counters_and_lose_nothing(database_url: str, conn: Connection) -> None:
    """In whatever order each names them: a circle of waits would be a deadlock."""
    names = [f"nightshift_{letter}_total" for letter in "abcdefgh"]
    instances = [Database(database_url, pool_max=1, timeout=20) for _ in range(8)]

    async def ends(db: Database, turn: int) -> None:
        for each in range(20):
            order = names if (turn + each) % 2 else names[::-1]
            await end(db, written({(name, ()): 1.0 for name in order}))

    await asyncio.gather(*(ends(db, turn) for turn, db in enumerate(instances)))
    for db in instances:
        await db.close()
    assert await kept(conn) == dict.fromkeys(names, 160)


async def test_an_update_of_a_counter_writes_no_index(db: Database, conn: Connection) -> None:
    for _ in range(50):
        await end(db, written({(RUNS, (("job", "a"),)): 1.0}))
    await conn.execute("select pg_stat_force_next_flush()")
    cursor = await conn.execute(
        "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'metric_counters'"
    )
    row = await cursor.fetchone() or {}
    assert row["n_tup_upd"] == row["n_tup_hot_upd"]


@given(st.lists(st.floats(0, 2000), min_size=1))
def test_every_duration_falls_into_one_bucket_and_that_is_the_first_that_holds_it(seconds: list[float]) -> None:
    sums = Counters()
    for each in seconds:
        sums.observe(DURATIONS, each)
    fallen = {dict(labels)["le"]: count for (name, labels), count in sums.sums.items() if name.endswith("_bucket")}
    assert sum(fallen.values()) == len(seconds)
    assert fallen.keys() == {next((f"{bound:g}" for bound in BOUNDS if each <= bound), "+Inf") for each in seconds}


def test_what_is_written_is_json_of_names_labels_and_values() -> None:
    sums = Counters()
    sums.add(DELIVERIES, 2, queue="q", fate="done")
    assert json.loads(written(sums.sums)) == [
        {"name": DELIVERIES, "labels": {"queue": "q", "fate": "done"}, "value": 2}
    ]
