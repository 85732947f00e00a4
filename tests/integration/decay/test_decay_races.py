"""Decay at the same time as itself and as other changes: real locks, one order each time (seed 001, T4.2)."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.decay.absent import DAY, Counts, decay, history, player, score, state
from tests.integration.queue.waiting import begun_and_waiting
from tests.nightshift import Connection

LOCK = "select hashtextextended('apply_daily_decay ' || %s::date, 0) as key"
AS_THEY_LIE = "set enable_indexscan = off; set enable_bitmapscan = off; set enable_mergejoin = off"
HELD = "select (classid::bigint << 32) | objid::bigint as key from pg_locks where locktype = 'advisory' and granted"


async def one(conn: Connection, statement: str, *params: Any) -> Any:
    cursor = await conn.execute(statement.encode(), params)
    return next(iter((await cursor.fetchone() or {}).values()), None)


async def test_ac_t4_2_1_ac_t4_2_2_a_call_holds_the_lock_of_its_job_and_date(
    conn: Connection, watcher: Connection
) -> None:
    """AC-T4.2.1, AC-T4.2.2."""
    async with conn.transaction():
        await decay(conn)
        assert await one(watcher, HELD) == await one(watcher, LOCK, DAY)
    assert await one(watcher, HELD) is None


async def test_ac_t4_2_3_the_second_of_two_calls_for_a_date_waits_and_finds_it_done(
    conn: Connection, other: Connection, watcher: Connection
) -> None:
    """AC-T4.2.3, AC-T1.4.6."""
    away = await player(conn)
    async with conn.transaction():
        await decay(conn)
        second = await begun_and_waiting(watcher, decay(other))
    assert await second == Counts(looked_at=1, decayed=0, game_over=0)
    assert (await score(conn, away), len(await history(conn, away))) == (45, 1)


async def test_ac_t4_2_3_the_second_call_does_all_of_it_if_the_first_is_taken_back(
    conn: Connection, other: Connection, watcher: Connection
) -> None:
    """AC-T4.2.3."""
    away = await player(conn)
    async with conn.transaction(force_rollback=True):
        await decay(conn)
        second = await begun_and_waiting(watcher, decay(other))
    assert (await second).decayed == 1
    assert await score(conn, away) == 45


async def test_two_dates_at_once_are_both_paid_for(conn: Connection, other: Connection, watcher: Connection) -> None:
    away = await player(conn)
    async with conn.transaction():
        await decay(conn)
        second = await begun_and_waiting(watcher, decay(other, DAY + timedelta(days=1)))
    assert (await second).decayed == 1
    assert (await score(conn, away), [row["score"] for row in await history(conn, away)]) == (40, [45, 40])


async def test_many_calls_for_several_dates_at_once_take_each_date_once(database_url: str, conn: Connection) -> None:
    players = [await player(conn) for _ in range(20)]

    async def call(days: int) -> int:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True, row_factory=dict_row) as own:
            return (await decay(own, DAY + timedelta(days=days))).decayed

    taken = await asyncio.gather(*(call(number % 3) for number in range(12)))
    assert sorted(taken) == [0] * 9 + [20] * 3
    assert {await score(conn, each) for each in players} == {35}


async def test_a_score_that_changes_in_between_is_the_one_that_loses_points(
    conn: Connection, other: Connection, watcher: Connection
) -> None:
    away = await player(conn)
    async with conn.transaction():
        await conn.execute("select nightshift.change_score(%s, 20, 'chat')", [away])
        waiting = await begun_and_waiting(watcher, decay(other))
    assert (await waiting).decayed == 1
    assert (await score(conn, away), [row["score"] for row in await history(conn, away)]) == (65, [70, 65])


async def test_a_score_that_changes_after_it_starts_from_what_is_left(
    conn: Connection, other: Connection, watcher: Connection
) -> None:
    away = await player(conn)
    async with conn.transaction():
        await decay(conn)
        chat = one(other, "select (nightshift.change_score(%s, 20, 'chat')).score::int", away)
        waiting = await begun_and_waiting(watcher, chat)
    assert await waiting == 65
    assert [row["score"] for row in await history(conn, away)] == [45, 65]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        pytest.param("last_interaction_at = now()", (50, "active"), id="comes back"),
        pytest.param("game_status = 'boss_fight'", (50, "boss_fight"), id="meets the boss"),
        pytest.param("chapter = 4", (48, "active"), id="reaches another chapter"),
        pytest.param("relationship_score = 2", (0, "game_over"), id="has little left"),
    ],
)
async def test_a_player_who_changes_in_between_is_judged_as_they_are_now(
    conn: Connection, other: Connection, watcher: Connection, change: str, left: tuple[float, str]
) -> None:
    away = await player(conn)
    async with conn.transaction():
        await conn.execute(f"update users set {change}".encode())  # noqa: S608
        waiting = await begun_and_waiting(watcher, decay(other))
    await waiting
    assert await state(conn, away) == left


async def test_a_decay_that_another_program_wrote_in_between_is_not_taken_again(
    conn: Connection, other: Connection, watcher: Connection
) -> None:
    theirs, ours = await player(conn), await player(conn)
    async with conn.transaction():
        await conn.execute("update users set relationship_score = 30 where id = %s", [theirs])
        await conn.execute(
            "insert into score_history (user_id, score, chapter, event_type, decay_date) "
            "values (%s, 30, 1, 'decay', %s)",
            [theirs, DAY],
        )
        waiting = await begun_and_waiting(watcher, decay(other))
    assert (await waiting).decayed == 1
    assert [await score(conn, each) for each in (theirs, ours)] == [30, 45]


async def test_players_are_locked_in_the_order_of_their_ids(
    conn: Connection, other: Connection, watcher: Connection
) -> None:
    """Whoever takes several in that order too never meets it in a deadlock."""
    first, second, third = sorted([await player(conn) for _ in range(3)])
    await conn.execute("update users set updated_at = now() where id = %s", [first])  # the last in the table now
    await other.execute(AS_THEY_LIE)
    async with conn.transaction():
        await conn.execute("select 1 from users where id = %s for update", [second])
        waiting = await begun_and_waiting(watcher, decay(other))
        free = await watcher.execute("select id from users where id <> %s for update skip locked", [second])
        assert [row["id"] for row in await free.fetchall()] == [third]
    await waiting
    assert await score(conn, first) == 45
