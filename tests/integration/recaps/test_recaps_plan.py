"""What planning and claiming cost beside very many players (measured by the server itself)."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.recaps.players import player, work
from tests.nightshift import Connection

MANY = 100_000
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIRST, SECOND = ("00000000-0000-4000-8000-00000000000" + n for n in "12")
FILL = """
    insert into users (timezone, created_at, game_status)
    select (array['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Asia/Tokyo', 'America/New_York'])[1 + n %% 5],
           '2020-01-01',
           case when n %% 10 = 0 then 'game_over' else 'active' end
    from generate_series(1, %s) n"""


async def plan(conn: Connection, now: datetime = NOON, limit: int = 5000) -> list[int]:
    """Page after page; how many each added."""
    zone, after = None, None
    added: list[int] = []
    while not added or zone is not None:
        cursor = await conn.execute("select * from nightshift.plan_recaps(%s, %s, %s, %s)", [now, zone, after, limit])
        row = await cursor.fetchone() or {}
        zone, after = row["zone"], row["after"]
        added.append(row["planned"])
    return added


async def plans(conn: Connection, statement: str, *params: Any) -> list[dict[str, Any]]:
    """The nodes of every statement within a call, as executed."""
    await conn.execute("load 'auto_explain'")
    texts: list[str] = []
    conn.add_notice_handler(lambda notice: texts.append(notice.message_primary or ""))
    settings = {"log_min_duration": "0", "log_nested_statements": "on", "log_analyze": "on", "log_format": "json"}
    async with conn.transaction():
        for setting, value in {**settings, "log_level": "notice"}.items():
            await conn.execute("select set_config(%s, %s, true)", [f"auto_explain.{setting}", value])
        await conn.execute(statement.encode(), params)
    found = [re.search(r"plan:\s*(\{.*)", text, re.DOTALL) for text in texts]
    return [node for match in found if match for node in nodes(json.loads(match[1])["Plan"])]


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def scanned(found: list[dict[str, Any]]) -> set[str]:
    """Tables that were read from end to end."""
    return {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"} - {"recap_channel"}


async def test_a_hundred_thousand_players_are_planned_page_by_page(conn: Connection) -> None:
    await conn.execute(FILL, [MANY])
    added = await plan(conn)
    assert (sum(added), max(added)) == (MANY * 9 // 10, 5000)
    assert sum(await plan(conn)) == 0


@pytest.mark.parametrize("statistics", [True, False])
async def test_planning_and_claiming_go_by_the_index(conn: Connection, *, statistics: bool) -> None:
    await conn.execute(FILL, [MANY])
    if statistics:
        await conn.execute("vacuum analyze users")
    found = await plans(conn, "select nightshift.plan_recaps(%s)", NOON)
    users = [node for node in found if node.get("Index Name") == "users_recaps"]
    assert (scanned(found), sum(node["Actual Rows"] for node in users) < 5010) == (set(), True)
    await plan(conn)
    found = await plans(conn, "select nightshift.claim_recaps(gen_random_uuid(), 100, '1 minute')")
    assert scanned(found) == set()
    [due] = [node for node in found if node.get("Index Name") == "recap_work_due"]
    assert due["Actual Rows"] == 100


async def test_zones_where_it_is_night_are_passed_over(conn: Connection) -> None:
    await conn.execute(FILL, [1000])
    assert sum(await plan(conn, NOON.replace(hour=5))) == 600, "Berlin at six, Kathmandu and Tokyo"
    assert sum(await plan(conn, NOON.replace(hour=6))) == 100, "UTC as well"
    assert sum(await plan(conn, NOON.replace(hour=10))) == 200, "and New York"


async def test_a_page_ends_anywhere_and_the_next_goes_on_there(conn: Connection) -> None:
    await conn.execute(FILL, [97])
    assert sum(await plan(conn, limit=7)) == 88


async def test_a_player_who_moves_to_another_zone_has_one_recap_a_day(conn: Connection) -> None:
    user = await player(conn, "Asia/Tokyo")
    await plan(conn)
    await conn.execute("update users set timezone = 'America/New_York' where id = %s", [user])
    await plan(conn)
    assert len(await work(conn)) == 1


async def test_a_player_who_comes_back_during_the_day_is_not_forgotten(conn: Connection) -> None:
    user = await player(conn, "UTC", game_status="game_over")
    assert sum(await plan(conn)) == 0
    await conn.execute("update users set game_status = 'active' where id = %s", [user])
    assert sum(await plan(conn)) == 1


async def test_what_was_written_at_the_very_moment_of_the_plan_is_not_asked_for_again(conn: Connection) -> None:
    user = await player(conn, "UTC")
    await plan(conn)
    await conn.execute(
        "insert into daily_summaries (user_id, summary_date, score_start, score_end, recap, written_by) "
        "values (%s, '2026-03-09', 50, 50, 'a day', 'template')",
        [user],
    )
    cursor = await conn.execute("select * from nightshift.claim_recaps(gen_random_uuid(), 10, '1 minute')")
    assert (await cursor.fetchall(), await work(conn)) == ([], [])


async def test_a_run_that_lost_its_lease_writes_nothing(conn: Connection) -> None:
    user = await player(conn, "UTC")
    await plan(conn)
    await conn.execute("select nightshift.claim_recaps(%s, 1, '0 seconds')", [FIRST])
    await conn.execute("select nightshift.claim_recaps(%s, 1, '1 minute')", [SECOND])
    item = {"user_id": str(user), "summary_date": "2026-03-09", "recap": "late", "written_by": "template"}
    cursor = await conn.execute("select nightshift.write_recaps(%s, %s) as n", [FIRST, json.dumps([item])])
    assert await cursor.fetchone() == {"n": 0}
    assert [row["attempts"] for row in await work(conn)] == [1]


async def test_what_a_killed_run_had_held_back_counts_as_spent(conn: Connection) -> None:
    user = await player(conn, "UTC")
    await plan(conn)
    await conn.execute("select nightshift.claim_recaps(%s, 1, '0 seconds')", [FIRST])
    item = {"user_id": str(user), "summary_date": "2026-03-09", "usd": "0.25"}
    await conn.execute("select nightshift.reserve_recaps(%s, %s, '2026-03-10', 1)", [FIRST, json.dumps([item])])
    await conn.execute("select nightshift.claim_recaps(%s, 1, '1 minute')", [SECOND])
    cursor = await conn.execute("select cost_usd::float, reserved_usd::float from recap_spend")
    assert await cursor.fetchone() == {"cost_usd": 0.25, "reserved_usd": 0.0}
    for usd, granted in ((0.76, 0), (0.75, 1)):
        cursor = await conn.execute(
            "select nightshift.reserve_recaps(%s, %s, '2026-03-10', 1)", [SECOND, json.dumps([item | {"usd": usd}])]
        )
        assert len(await cursor.fetchall()) == granted
