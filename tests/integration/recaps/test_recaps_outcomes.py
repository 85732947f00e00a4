"""What becomes of a recap when Claude does not simply answer."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest

from functions.generate_summaries.calls import FAILURES, MOST
from infra.local.twins.claude import ClaudeConfig, ClaudeTwin
from infra.local.twins.claude_faults import Overloaded, Spent, Stop
from infra.local.twins.faults import DropAfter, Fault, HangAfter, Latency, Malformed, Outage, Throttle
from shared.resources import Resources
from tests import nightshift
from tests.integration.recaps.conftest import told
from tests.integration.recaps.players import (
    due_again,
    morning,
    noon,
    player,
    players,
    recaps,
    spend,
    summaries,
    talked,
    work,
)
from tests.nightshift import Connection


async def channel(conn: Connection) -> dict[str, Any]:
    cursor = await conn.execute(
        "select *, extract(epoch from held_until - now())::float as held_for from recap_channel"
    )
    return await cursor.fetchone() or {}


async def written(conn: Connection) -> list[str]:
    return [row["written_by"] for row in await summaries(conn)]


async def test_a_429_keeps_everybody_waiting_for_as_long_as_it_says(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, 50)
    claude.apply(Throttle(retry_after=171))
    answer = await recaps(resources)
    assert answer["status"] == "success"
    assert 165 < (await channel(conn))["held_for"] <= 171
    assert len(claude.journal.all()) == 1
    assert {(row["attempts"], row["doubts"], row["locked_by"]) for row in await work(conn)} == {(0, 0, None)}
    claude.clear_faults()
    await recaps(resources)
    assert len(claude.journal.all()) == 1, "another run waits too"
    await due_again(conn)
    await recaps(resources)
    assert await written(conn) == ["claude"] * 50


@pytest.mark.parametrize("limit", ["tier", "bill"])
async def test_no_money_fails_the_run_and_loses_nobody(
    conn: Connection, claude: ClaudeTwin, resources: Resources, limit: Literal["tier", "bill"]
) -> None:
    await players(conn, 30)
    claude.apply(Spent(limit=limit, times=1))
    answer = await recaps(resources)
    assert answer["status"] == 500
    cursor = await conn.execute("select status, error_message from job_history")
    row = await cursor.fetchone() or {}
    assert row["status"] == "failed"
    assert "ANTHROPIC_API_KEY" in row["error_message"]
    assert len(claude.journal.all()) == 1
    assert len(await work(conn)) == 30
    await due_again(conn)
    await recaps(resources)
    assert await written(conn) == ["claude"] * 30


async def test_a_prompt_that_is_refused_gets_the_template(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await player(conn)
    claude.apply(Spent(limit="own", times=1))
    await recaps(resources)
    assert await written(conn) == ["template"]
    assert (await spend(conn))["reserved_usd"] == 0


async def test_what_claude_does_not_write_the_template_does_and_it_is_paid_for(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await player(conn)
    claude.apply(Stop(reason="refusal"))
    await recaps(resources)
    [row] = await summaries(conn)
    assert (row["written_by"], row["cost_usd"] > 0, row["recap"] != "") == ("template", True, True)
    assert (await spend(conn))["cost_usd"] > 0


@pytest.mark.parametrize(("most", "by"), [(200, "claude"), (3, "template")])
async def test_a_text_that_broke_off_ends_with_its_last_whole_sentence(
    database_url: str, conn: Connection, claude: ClaudeTwin, most: int, by: str
) -> None:
    resources = Resources(nightshift.settings(database_url, **told(claude, claude_max_tokens=most)))
    await talked(conn, await player(conn), noon(morning()))
    claude.apply(Stop(reason="max_tokens"))
    await recaps(resources)
    [row] = await summaries(conn)
    assert row["written_by"] == by
    assert row["recap"].endswith(".")
    await resources.close()


@pytest.mark.parametrize("fault", [Overloaded(), Outage(mode="500"), Outage(mode="503")])
async def test_an_outage_stops_the_run_and_costs_nobody_an_attempt(
    conn: Connection, claude: ClaudeTwin, resources: Resources, fault: Fault
) -> None:
    await players(conn, 200)
    claude.apply(fault)
    answer = await recaps(resources)
    assert answer["status"] == "success"
    assert FAILURES <= len(claude.journal.all()) < FAILURES + resources.settings.claude_at_once
    assert {(row["attempts"], row["locked_by"]) for row in await work(conn)} == {(0, None)}
    assert (await channel(conn))["held_for"] > 50
    assert (await spend(conn))["reserved_usd"] == 0
    claude.clear_faults()
    await due_again(conn)
    await recaps(resources)
    assert await written(conn) == ["claude"] * 200
    assert (await channel(conn))["failures"] == 0


async def test_an_outage_that_goes_on_is_looked_at_ever_more_rarely(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, 30)
    claude.apply(Overloaded())
    held = []
    for _ in range(6):
        await recaps(resources)
        held.append(round((await channel(conn))["held_for"] / 60))
        await due_again(conn)
    assert held == [1, 2, 4, 8, 15, 15]


@pytest.mark.parametrize("fault", [DropAfter(), HangAfter(), Malformed(accept=True, times=1)])
async def test_what_may_have_been_written_is_asked_for_once_more_and_counted_twice(
    conn: Connection, claude: ClaudeTwin, resources: Resources, fault: Fault
) -> None:
    await player(conn)
    claude.apply(fault)
    await recaps(resources)
    [row] = await work(conn)
    doubted = (await spend(conn))["cost_usd"]
    assert (row["doubts"], row["attempts"], doubted > 0) == (1, 0, True)
    await due_again(conn)
    await recaps(resources)
    assert await written(conn) == ["claude"]
    assert claude.stats()["repeated"] == 1
    spent = await spend(conn)
    assert (spent["calls"], spent["cost_usd"] > doubted, spent["reserved_usd"]) == (2, True, 0)


async def test_what_is_never_answered_is_not_asked_for_a_third_time(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await player(conn)
    claude.apply(DropAfter(times=9))
    for _ in range(3):
        await recaps(resources)
        await due_again(conn)
    assert await written(conn) == ["template"]
    assert len(claude.journal.all()) == 2


async def test_a_row_that_has_failed_often_enough_gets_the_template(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await player(conn)
    await recaps(resources)
    user = await player(conn)
    await conn.execute(
        "insert into recap_work (user_id, summary_date, attempts) values (%s, '2026-01-01', %s)", [user, MOST]
    )
    await recaps(resources, "schedule")
    assert sorted(await written(conn)) == ["claude", "template"]
    assert len(claude.journal.all()) == 1


async def test_the_rate_headers_are_obeyed_before_a_429_comes(database_url: str, conn: Connection) -> None:
    async with ClaudeTwin(config=ClaudeConfig(limits=(10, 10_000_000, 10_000_000))) as claude:
        resources = Resources(nightshift.settings(database_url, **told(claude, timeout_seconds=12, claude_at_once=1)))
        await players(conn, 30)
        await recaps(resources)
        assert claude.stats()["outcomes"].get("throttled", 0) == 0
        assert 10 <= len(await summaries(conn)) < 30
        assert {row["locked_by"] for row in await work(conn)} == {None}
        await resources.close()


async def test_a_run_ends_before_its_time_does_and_the_next_one_goes_on(
    database_url: str, conn: Connection, claude: ClaudeTwin
) -> None:
    given = told(claude, timeout_seconds=11.5, claude_at_once=2)
    resources = Resources(nightshift.settings(database_url, **given))
    await players(conn, 40)
    claude.apply(Latency(base_ms=150))
    began = datetime.now(UTC)
    answer = await recaps(resources)
    assert (datetime.now(UTC) - began).total_seconds() < 5
    assert 0 < answer["processed"] < 40
    assert {row["locked_by"] for row in await work(conn)} == {None}
    claude.clear_faults()
    await recaps(resources, "schedule")
    assert await written(conn) == ["claude"] * 40
    assert claude.stats()["repeated"] == 0
    await resources.close()


async def test_what_has_waited_for_a_day_the_template_writes_though_claude_is_not_to_be_asked(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    old, _ = await player(conn), await player(conn)
    await conn.execute("update recap_channel set held_until = now() + interval '1 hour'")
    await conn.execute(
        "insert into recap_work (user_id, summary_date, created_at) "
        "values (%s, '2026-01-01', now() - interval '25 hours')",
        [old],
    )
    await recaps(resources)
    [row] = await summaries(conn)
    assert (row["written_by"], row["summary_date"].isoformat()) == ("template", "2026-01-01")
    assert claude.journal.all() == []
    assert len(await work(conn)) == 2


async def test_the_budget_of_a_day_is_kept_by_runs_side_by_side(
    database_url: str, conn: Connection, claude: ClaudeTwin
) -> None:
    given = told(claude, claude_daily_budget_usd=Decimal("0.02"))
    resources = [Resources(nightshift.settings(database_url, **given)) for _ in range(3)]
    await players(conn, 600)
    claude.apply(Latency(base_ms=5, jitter_ms=20))
    await asyncio.gather(*(recaps(each) for each in resources))
    spent, done = await spend(conn), await summaries(conn)
    assert 0 < len(done) < 600
    assert (spent["cost_usd"] <= Decimal("0.02"), spent["reserved_usd"]) == (True, 0)
    assert claude.stats()["repeated"] == 0
    assert claude.stats()["written"] == len(done)
    assert (await channel(conn))["why"] == "the day's budget is used up"
    assert {(row["attempts"], row["locked_by"]) for row in await work(conn)} == {(0, None)}
    for _ in range(3):
        await due_again(conn)
        await recaps(resources[0])
    assert Decimal("0.015") < (await spend(conn))["cost_usd"] <= Decimal("0.02"), "what was held back came free"
    done = await summaries(conn)
    await conn.execute("update recap_spend set day = day - 1")
    await due_again(conn)
    await recaps(resources[0])
    assert len(await summaries(conn)) > len(done)
    for each in resources:
        await each.close()


async def test_no_budget_is_no_call(database_url: str, conn: Connection, claude: ClaudeTwin) -> None:
    resources = Resources(nightshift.settings(database_url, **told(claude, claude_daily_budget_usd=0)))
    await player(conn)
    await recaps(resources)
    assert (claude.journal.all(), len(await work(conn))) == ([], 1)
    await resources.close()


async def test_runs_side_by_side_ask_for_everybody_once(
    database_url: str, conn: Connection, claude: ClaudeTwin
) -> None:
    # Time enough for a busy machine: nothing here is about answers that come late.
    resources = [Resources(nightshift.settings(database_url, **told(claude, claude_timeout="10s"))) for _ in range(3)]
    await players(conn, 500)
    claude.apply(Latency(base_ms=1, jitter_ms=10))
    answers = await asyncio.gather(*(recaps(each) for each in resources))
    assert sum(answer["processed"] for answer in answers) == 500
    assert await written(conn) == ["claude"] * 500
    assert (claude.stats()["written"], claude.stats()["repeated"]) == (500, 0)
    for each in resources:
        await each.close()
