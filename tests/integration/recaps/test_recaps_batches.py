"""Message batches: made by one run, collected by later ones, nobody asked for twice, nobody left behind."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.twins.claude import ClaudeTwin
from infra.local.twins.claude_faults import LineFault, Overloaded, Spent, Stall, Young
from infra.local.twins.faults import DropAfter, Malformed, Outage, Throttle
from shared.providers import claude_batches
from shared.providers.claude import Claude, Prompt
from shared.providers.claude_batches import Batches, Request
from shared.resources import Resources
from tests import nightshift
from tests.integration.recaps.conftest import told
from tests.integration.recaps.players import batches, due_again, later, players, recaps, spend, summaries, work
from tests.nightshift import Connection

MANY = 12


@pytest.fixture
async def resources(database_url: str, claude: ClaudeTwin) -> AsyncIterator[Resources]:
    """Settings by which ten players are many."""
    made = Resources(nightshift.settings(database_url, **told(claude, claude_batch_from=10)))
    yield made
    await made.close()


def asked(claude: ClaudeTwin, path: str) -> int:
    return sum(record["path"].endswith(path) for record in claude.journal.all())


async def test_very_many_are_asked_for_at_half_price_and_written_by_a_later_run(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    first = await recaps(resources)
    assert (first["processed"], first["detail"]["batches"], len(await work(conn))) == (0, 1, MANY)
    held = (await spend(conn))["reserved_usd"]
    second = await later(conn, resources)
    rows, [batch] = await summaries(conn), await batches(conn)
    assert (second["processed"], len(rows), await work(conn)) == (MANY, MANY, [])
    assert {(row["written_by"], row["batch_id"]) for row in rows} == {("claude", batch["batch_id"])}
    assert batch["finished_at"] is not None
    spent = await spend(conn)
    assert (held > spent["cost_usd"] > 0, spent["reserved_usd"], spent["calls"]) == (True, 0, MANY)
    assert asked(claude, "/messages") == 0


async def test_each_text_finds_its_player(conn: Connection, claude: ClaudeTwin, resources: Resources) -> None:
    await players(conn, MANY)
    await recaps(resources)
    await later(conn, resources)
    cursor = await conn.execute(
        "select display_name as name, recap from daily_summaries s join users u on u.id = user_id"
    )
    assert all(f"Name: {row['name']}.\n" in row["recap"] for row in await cursor.fetchall())


async def test_a_batch_that_is_not_done_is_looked_at_later(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    claude.apply(Stall())
    await players(conn, MANY)
    for _ in range(3):
        await later(conn, resources)
    assert (claude.stats()["batches"], await summaries(conn), len(await work(conn))) == (1, [], MANY)
    claude.clear_faults()
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY


async def test_nobody_looks_at_a_batch_before_its_time(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    await recaps(resources)
    seen = len(claude.journal.all())
    await recaps(resources, "schedule")
    assert len(claude.journal.all()) == seen


async def test_a_young_batch_that_is_not_found_is_looked_for_again(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    await recaps(resources)
    claude.apply(Young(times=1))
    await later(conn, resources)
    assert len(await work(conn)) == MANY
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY


async def test_a_batch_that_is_gone_gives_its_players_back(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    await recaps(resources)
    await conn.execute("update recap_batches set created_at = created_at - interval '1 day'")
    claude.apply(Young(times=1))
    await later(conn, resources)
    assert (claude.stats()["batches"], {row["attempts"] for row in await work(conn)}) == (2, {1})
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY


@pytest.mark.parametrize("result", ["expired", "canceled", "errored"])
async def test_what_a_batch_did_not_do_is_asked_for_again(
    conn: Connection, claude: ClaudeTwin, resources: Resources, result: Any
) -> None:
    await players(conn, MANY)
    claude.apply(LineFault(result=result, times=3))
    await recaps(resources)
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY - 3
    assert {(row["attempts"], row["batch"]) for row in await work(conn)} == {(1, None)}
    assert (await spend(conn))["reserved_usd"] == 0
    await later(conn, resources)
    rows = await summaries(conn)
    assert (len(rows), asked(claude, "/messages")) == (MANY, 3)
    assert {row["written_by"] for row in rows} == {"claude"}


async def test_a_prompt_that_a_batch_refuses_gets_the_template(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    claude.apply(LineFault(status=400, times=1))
    await recaps(resources)
    await later(conn, resources)
    assert sorted(row["written_by"] for row in await summaries(conn)) == ["claude"] * (MANY - 1) + ["template"]


async def test_lines_that_are_missing_or_cannot_be_read_are_asked_for_again(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    await recaps(resources)
    claude._work()
    [batch] = claude._batches.values()
    strange: list[dict[str, Any]] = [{"custom_id": name, "result": {"type": "lost"}} for name in ("else", "a_b")]
    batch.results = [*batch.results[2:], *strange]
    await later(conn, resources)
    assert (len(await summaries(conn)), asked(claude, "/messages")) == (MANY, 2)


@pytest.mark.parametrize("fault", [DropAfter(), Malformed(accept=True, times=1)])
async def test_a_batch_whose_making_is_in_doubt_is_found_by_its_results(
    conn: Connection, claude: ClaudeTwin, resources: Resources, fault: Any
) -> None:
    await players(conn, MANY)
    claude.apply(fault)
    await recaps(resources)
    assert {row["batch_id"] for row in await batches(conn)} == {None}
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY
    assert (claude.stats()["batches"], claude.stats()["repeated"], asked(claude, "/messages")) == (1, 0, 0)


async def test_a_doubtful_batch_that_is_still_worked_on_keeps_its_players(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    claude.apply(Stall())
    claude.apply(DropAfter())
    await recaps(resources)
    await conn.execute("update recap_batches set made_at = made_at - interval '1 minute'")
    await later(conn, resources)
    assert (claude.stats()["batches"], len(await work(conn))) == (1, MANY)
    claude.clear_faults()
    await later(conn, resources)
    assert (len(await summaries(conn)), claude.stats()["repeated"]) == (MANY, 0)


async def test_a_batch_that_was_never_made_gives_its_players_back(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    claude.apply(Outage(mode="drop"))
    await recaps(resources)
    claude.clear_faults()
    await later(conn, resources)
    assert claude.stats()["batches"] == 0, "too young to be sure"
    await conn.execute("update recap_batches set made_at = made_at - interval '11 minutes'")
    await later(conn, resources)
    await later(conn, resources)
    assert (len(await summaries(conn)), claude.stats()["repeated"]) == (MANY, 0)


async def test_a_batch_of_another_program_is_left_alone(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    others = Batches(Claude(resources.settings, resources.http))
    await others.create([Request("report-1", Prompt("", None, "Write a report.", 10))])
    await players(conn, MANY)
    claude.apply(DropAfter())
    await recaps(resources)
    await others.create([Request("report_2", Prompt("", None, "Write another.", 10))])
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY


@pytest.mark.parametrize("fault", [Overloaded(times=1), Throttle(retry_after=60), Outage(mode="500", times=1)])
async def test_a_batch_that_was_refused_costs_nobody_an_attempt(
    conn: Connection, claude: ClaudeTwin, resources: Resources, fault: Any
) -> None:
    await players(conn, MANY)
    claude.apply(fault)
    await recaps(resources)
    assert {(row["attempts"], row["batch"], row["locked_by"]) for row in await work(conn)} == {(0, None, None)}
    assert ((await spend(conn))["reserved_usd"], len(claude.journal.all())) == (0, 1)
    claude.clear_faults()
    await later(conn, resources)
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY


async def test_a_batch_that_nobody_pays_for_fails_the_run(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    claude.apply(Spent(limit="own", times=1))
    assert (await recaps(resources))["status"] == 500
    assert {row["batch"] for row in await work(conn)} == {None}


async def test_a_batch_that_cannot_be_looked_at_keeps_no_other_one_waiting(
    conn: Connection, claude: ClaudeTwin, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude_batches, "REQUESTS", 4)
    monkeypatch.setattr(Batches.split, "__defaults__", (4, claude_batches.BYTES, claude_batches.ANSWERS))
    await players(conn, MANY)
    await recaps(resources)
    assert len(await batches(conn)) == 3
    claude._work()
    poisoned = next(iter(claude._batches.values()))
    poisoned.ended = 1e18  # no time that can be written
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY - 4
    [row] = [row for row in await batches(conn) if row["finished_at"] is None]
    assert (row["batch_id"], row["failures"], row["last_error"] is not None) == (poisoned.id, 1, True)
    await conn.execute("update recap_batches set made_at = made_at - interval '37 hours'")
    await later(conn, resources)
    await later(conn, resources)
    assert len(await summaries(conn)) == MANY


async def test_the_budget_cuts_a_batch_short(database_url: str, conn: Connection, claude: ClaudeTwin) -> None:
    given = told(claude, claude_batch_from=10, claude_daily_budget_usd="0.002")
    resources = Resources(nightshift.settings(database_url, **given))
    await players(conn, 40)
    await recaps(resources)
    rows = await work(conn)
    assert 0 < sum(row["batch"] is not None for row in rows) < 40
    assert (await spend(conn))["reserved_usd"] <= 0.002
    assert {row["locked_by"] for row in rows} == {None}
    await resources.close()


async def test_runs_side_by_side_make_and_collect_each_batch_once(
    database_url: str, conn: Connection, claude: ClaudeTwin
) -> None:
    given = told(claude, claude_batch_from=10)
    three = [Resources(nightshift.settings(database_url, **given)) for _ in range(3)]
    await players(conn, 3000)
    await asyncio.gather(*(recaps(each) for each in three))
    await due_again(conn)
    await asyncio.gather(*(recaps(each, "schedule") for each in three))
    rows = await summaries(conn)
    assert (len(rows), len({row["user_id"] for row in rows}), await work(conn)) == (3000, 3000, [])
    assert claude.stats()["repeated"] == 0
    assert (await spend(conn))["reserved_usd"] == 0
    for each in three:
        await each.close()


async def test_a_player_who_leaves_meanwhile_hurts_no_other(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    await recaps(resources)
    await conn.execute("delete from users where id = (select id from users limit 1)")
    await later(conn, resources)
    assert (len(await summaries(conn)), await work(conn)) == (MANY - 1, [])


async def test_a_collector_that_has_lost_its_batch_ends_nothing(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    await players(conn, MANY)
    await recaps(resources)
    [batch] = await batches(conn)
    await conn.execute("select nightshift.finish_recap_batch(gen_random_uuid(), %s, 1, 'x')", [batch["id"]])
    assert {row["batch"] for row in await work(conn)} == {batch["id"]}
