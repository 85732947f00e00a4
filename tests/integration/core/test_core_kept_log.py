"""A run keeps the last lines of its log in its row (spec, section 10)."""

import asyncio
import json
from typing import Any

import pytest

from functions.admin.main import app as admin
from shared import log as logs
from shared.log import KEPT_BYTES, KEPT_LINES, log, masked
from shared.resources import Resources
from shared.task import Run, task
from shared.web import Request
from tests import nightshift
from tests.nightshift import Connection


@pytest.fixture
def talkative(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Resources:
    """Resources of a process that logs from DEBUG on."""
    monkeypatch.setattr(log, "threshold", "DEBUG")
    return resources


async def last(conn: Connection) -> list[dict[str, Any]]:
    """The lines of the newest run."""
    cursor = await conn.execute("select log_lines from job_history order by started_at desc limit 1")
    return list((await cursor.fetchone() or {})["log_lines"])


async def test_a_run_keeps_its_lines_as_they_were_written(
    talkative: Resources, conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    @task("wordy")
    async def wordy(run: Run) -> None:
        run.opened = True
        log.debug("not kept")
        log.info("sent", to=masked("anna@example.org"), ratio=float("nan"))
        await asyncio.create_task(aside())

    async def aside() -> None:
        log.warning("from a task of its own")

    await nightshift.post(wordy, talkative)
    found = await last(conn)
    out = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in found] == ["sent", "from a task of its own"]
    assert found == [line for line in out if line["message"] in ("sent", "from a task of its own")]
    assert (found[0]["to"], found[0]["ratio"]) == (masked("anna@example.org"), "nan")


async def test_a_run_that_failed_keeps_the_line_that_says_so(talkative: Resources, conn: Connection) -> None:
    @task("broken")
    async def broken(run: Run) -> None:
        raise KeyError

    await nightshift.post(broken, talkative)
    [line] = await last(conn)
    assert (line["message"], line["error_type"], line["job"]) == ("run failed", "KeyError", "broken")


async def test_runs_side_by_side_keep_their_own_lines(talkative: Resources, conn: Connection) -> None:
    together = asyncio.Barrier(2)

    @task("chorus")
    async def chorus(run: Run) -> None:
        run.opened = True
        await together.wait()
        log.info("mine", me=str(run.id))

    await asyncio.gather(*(nightshift.post(chorus, talkative) for _ in range(2)))
    cursor = await conn.execute("select id, log_lines from job_history")
    assert all([line["me"] for line in row["log_lines"]] == [str(row["id"])] for row in await cursor.fetchall())


async def test_the_lines_of_one_run_are_written_with_its_end_and_shown(talkative: Resources, conn: Connection) -> None:
    @task("counted")
    async def counted(run: Run) -> None:
        run.opened = True
        if run.trigger == "loud":
            log.info("once")

    trips = []
    for trigger in ("quiet", "quiet", "loud"):
        before = talkative.db.round_trips
        answer = nightshift.content(await nightshift.post(counted, talkative, {"trigger": trigger}))
        trips.append(talkative.db.round_trips - before)
    headers = {"authorization": f"Bearer {nightshift.SERVICE_KEY}"}
    run = nightshift.content(await admin(Request("GET", f"/runs/{answer['run_id']}", headers), talkative))
    page = nightshift.content(await admin(Request("GET", "/runs", headers), talkative))
    assert trips[-1] == trips[-2]
    assert [line["message"] for line in run["log"]] == ["once"]
    assert "log" not in page["runs"][0]


@pytest.mark.parametrize("size", [1, KEPT_BYTES // KEPT_LINES, 1000, KEPT_BYTES + 1])
def test_a_run_that_never_ends_keeps_a_bounded_number_of_the_last_lines(size: int) -> None:
    kept = logs.Kept()
    for number in range(10 * KEPT_LINES):
        kept.add(json.dumps(f"{number}".rjust(size)))
    assert len(kept.lines) <= KEPT_LINES
    assert kept.size == sum(map(len, kept.lines)) <= KEPT_BYTES
    last = range(10 * KEPT_LINES - len(kept.lines), 10 * KEPT_LINES)
    assert [int(each) for each in json.loads(kept.array())] == list(last)


def test_lines_outside_of_a_run_are_kept_by_nobody() -> None:
    kept = logs.keep()
    logs.clear()
    log.error("outside")
    assert kept.array() == "[]"
