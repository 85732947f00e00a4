"""The history of runs and of acts, page by page."""

from typing import Any

from tests.integration.admin.conftest import Caller
from tests.nightshift import Connection


async def history(conn: Connection, runs: int, job: str = "cleanup-stale", status: str = "success") -> None:
    """So many runs, all started at the same moment: only the id tells them apart."""
    await conn.execute(
        "insert into job_history (job_name, status, started_at, completed_at) "
        "select %s, %s, '2026-01-02T03:04:05.678901Z', now() from generate_series(1, %s)",
        [job, status, runs],
    )


async def pages(caller: Caller, path: str, key: str, **query: Any) -> list[list[str]]:
    """The ids of every page, by following the cursors."""
    found: list[list[str]] = []
    before = None
    while before or not found:
        answer = await caller.get(path, **query, **({"before": before} if before else {}))
        found.append([row["id"] for row in answer[key]])
        before = answer["next_before"]
    return found


async def test_pages_of_runs_neither_repeat_nor_lose_one_even_of_the_same_moment(
    conn: Connection, caller: Caller
) -> None:
    await history(conn, 7)
    found = await pages(caller, "/runs", "runs", limit=3)
    assert [len(page) for page in found] == [3, 3, 1]
    assert len({run for page in found for run in page}) == 7


async def test_runs_are_listed_newest_first(conn: Connection, caller: Caller) -> None:
    await history(conn, 1)
    await conn.execute("insert into job_history (job_name) values ('deliver-responses')")
    assert [run["job"] for run in (await caller.get("/runs"))["runs"]] == ["deliver-responses", "cleanup-stale"]


async def test_runs_are_found_by_job_and_status(conn: Connection, caller: Caller) -> None:
    await history(conn, 1)
    await history(conn, 2, "deliver-responses", "failed")
    by_job = (await caller.get("/runs", job="deliver-responses"))["runs"]
    by_status = (await caller.get("/runs", status="success"))["runs"]
    assert [len(by_job), len(by_status)] == [2, 1]


async def test_acts_are_listed_newest_first_page_by_page(caller: Caller) -> None:
    for act in ("pause", "resume", "pause"):
        await caller.post(f"/queues/email_queue/{act}")
    acts = (await caller.get("/audit"))["acts"]
    assert [act["action"] for act in acts] == ["pause", "resume", "pause"]
    assert [len(page) for page in await pages(caller, "/audit", "acts", limit=2)] == [2, 1]
