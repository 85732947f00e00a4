"""The function apply_daily_decay: who loses what on a date, and once (seed 001, T1.4; spec, section 6)."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege, InvalidParameterValue, UniqueViolation

from infra.local.demo.rules import GRACE, POINTS
from tests.integration.decay.absent import (
    DAY,
    Counts,
    before,
    decay,
    history,
    notices,
    player,
    score,
    state,
)
from tests.nightshift import Connection

HISTORY = "insert into score_history (user_id, score, chapter, event_type, decay_date) values (%s, 40, 1, %s, %s)"


async def test_ac_t1_4_1_every_active_user_is_looked_at_and_nobody_else(conn: Connection) -> None:
    """AC-T1.4.1."""
    statuses = ("active", "boss_fight", "game_over", "won")
    players = [await player(conn, game_status=status) for status in statuses]
    here = await player(conn, away=1)
    assert await decay(conn) == Counts(looked_at=2, decayed=1, game_over=0)
    assert [await score(conn, each) for each in players] == [45, 50, 50, 50]
    assert await score(conn, here) == 50


@pytest.mark.parametrize(("chapter", "hours"), GRACE.items())
async def test_ac_t1_4_2_nobody_loses_points_within_the_grace_of_their_chapter(
    conn: Connection, chapter: int, hours: int
) -> None:
    """AC-T1.4.2."""
    players = [await player(conn, away=hours + late, chapter=chapter) for late in (-1, 0, 0.001)]
    await decay(conn)
    assert [await score(conn, each) < 50 for each in players] == [False, False, True]


async def test_ac_t1_4_2_who_never_came_has_been_away_since_they_joined(conn: Connection) -> None:
    """AC-T1.4.2."""
    old, new = [await player(conn, away=None, created_at=before(hours)) for hours in (25, 23)]
    await decay(conn)
    assert [await score(conn, each) for each in (old, new)] == [45, 50]


@pytest.mark.parametrize(("chapter", "points"), POINTS.items())
async def test_ac_t1_4_3_a_date_costs_what_the_rules_of_the_chapter_say(
    conn: Connection, chapter: int, points: int
) -> None:
    """AC-T1.4.3."""
    away = await player(conn, chapter=chapter)
    await decay(conn)
    assert await score(conn, away) == 50 - points


async def test_ac_t1_4_3_a_rule_that_is_changed_holds_from_then_on(conn: Connection) -> None:
    """AC-T1.4.3."""
    away = await player(conn)
    await conn.execute("update chapter_rules set decay = 2.5, grace = '99 hours' where chapter = 1")
    await decay(conn)
    assert await score(conn, away) == 47.5


@pytest.mark.parametrize("rule", ["update chapter_rules set decay = 0", "delete from chapter_rules"])
async def test_a_chapter_that_costs_nothing_leaves_its_players_alone(conn: Connection, rule: str) -> None:
    away, costly = await player(conn, chapter=1), await player(conn, chapter=2)
    await conn.execute(f"{rule} where chapter = 1".encode())
    assert await decay(conn) == Counts(looked_at=2, decayed=1, game_over=0)
    assert [await score(conn, each) for each in (away, costly)] == [50, 46]
    assert await history(conn, away) == []


@pytest.mark.parametrize(("had", "left"), [(5.01, (0.01, "active")), (5, (0, "game_over")), (3, (0, "game_over"))])
async def test_ac_t1_4_4_whose_score_is_0_has_lost_the_game(
    conn: Connection, had: float, left: tuple[float, str]
) -> None:
    """AC-T1.4.4."""
    away = await player(conn, relationship_score=had)
    assert (await decay(conn)).game_over == (left[0] == 0)
    assert await state(conn, away) == left


async def test_ac_t1_4_4_who_was_at_0_already_has_lost_too(conn: Connection) -> None:
    """AC-T1.4.4."""
    away = await player(conn, relationship_score=0)
    await decay(conn)
    assert await state(conn, away) == (0, "game_over")
    assert (await history(conn, away))[0]["event_details"] == {"points": 0}


async def test_ac_t1_4_4_nikita_says_that_it_is_over(conn: Connection) -> None:
    """AC-T1.4.4."""
    away = await player(conn, relationship_score=1, telegram_id=7)
    await player(conn, telegram_id=8)
    await decay(conn)
    [notice] = await notices(conn)
    assert (notice["user_id"], notice["telegram_chat_id"], notice["status"]) == (away, 7, "pending")
    assert notice["idempotency_key"] == f"game-over:{away}:{DAY}"
    assert notice["scheduled_at"] <= datetime.now(UTC)
    assert "I waited for you" in notice["response_text"]


@pytest.mark.parametrize("unreachable", [{"telegram_id": None}, {"telegram_id": 7, "notifications_enabled": False}])
async def test_who_cannot_or_will_not_be_told_is_not_told(
    conn: Connection, unreachable: dict[str, int | bool | None]
) -> None:
    away = await player(conn, relationship_score=1, **unreachable)
    assert (await decay(conn)).game_over == 1
    assert (await state(conn, away))[1] == "game_over"
    assert await notices(conn) == []


async def test_the_words_of_the_notice_can_be_given(conn: Connection) -> None:
    await player(conn, relationship_score=1, telegram_id=7)
    await conn.execute("select * from apply_daily_decay(%s, 'Adieu.')", [DAY])
    assert [notice["response_text"] for notice in await notices(conn)] == ["Adieu."]


async def test_a_notice_that_is_taken_back_takes_the_decay_with_it(conn: Connection) -> None:
    away = await player(conn, relationship_score=1, telegram_id=7)
    async with conn.transaction(force_rollback=True):
        await decay(conn)
    assert await state(conn, away) == (1, "active")
    assert (await history(conn, away), await notices(conn)) == ([], [])


async def test_ac_t1_4_5_the_history_has_one_row_of_the_decay(conn: Connection) -> None:
    """AC-T1.4.5."""
    away = await player(conn, relationship_score=2.5, chapter=3)
    await decay(conn)
    details = {"points": 2.5}
    assert await history(conn, away) == [
        {"score": 0, "chapter": 3, "event_type": "decay", "event_details": details, "decay_date": DAY}
    ]


async def test_ac_t1_4_6_a_date_that_is_done_is_done(conn: Connection) -> None:
    """AC-T1.4.6."""
    away = await player(conn, telegram_id=7)
    assert [(await decay(conn)).decayed for _ in range(3)] == [1, 0, 0]
    assert (await score(conn, away), len(await history(conn, away))) == (45, 1)


async def test_ac_t1_4_6_a_date_that_is_run_again_takes_those_who_were_left_out(conn: Connection) -> None:
    """AC-T1.4.6."""
    first = await player(conn)
    await decay(conn)
    second = await player(conn)
    assert (await decay(conn)).decayed == 1
    assert [await score(conn, each) for each in (first, second)] == [45, 45]


async def test_a_missed_date_can_be_run_after_a_later_one(conn: Connection) -> None:
    away = await player(conn)
    for days in (2, 0, 1, 0, 1, 2):
        await decay(conn, DAY + timedelta(days=days))
    assert await score(conn, away) == 35
    assert sorted(row["decay_date"] for row in await history(conn, away)) == [
        DAY + timedelta(days=days) for days in range(3)
    ]


async def test_who_came_back_meanwhile_is_spared_the_dates_that_were_missed(conn: Connection) -> None:
    away = await player(conn)
    await conn.execute("update users set last_interaction_at = now()")
    assert (await decay(conn)).decayed == 0
    assert await score(conn, away) == 50


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
async def test_a_date_begins_at_midnight_utc_wherever_the_caller_is(conn: Connection, zone: str) -> None:
    players = [await player(conn, away=hours) for hours in (23.9, 24.1)]
    await conn.execute("select set_config('timezone', %s, false)", [zone])
    await decay(conn)
    assert [await score(conn, each) for each in players] == [50, 45]


async def test_without_a_date_it_is_todays_in_utc(conn: Connection) -> None:
    away = await player(conn)
    await conn.execute("select * from apply_daily_decay()")
    today = await conn.execute("select (now() at time zone 'UTC')::date as today")
    assert [row["decay_date"] for row in await history(conn, away)] == [(await today.fetchone() or {})["today"]]


@pytest.mark.parametrize("day", [date(2199, 1, 1), None])
async def test_a_date_that_has_not_begun_is_refused(conn: Connection, day: date | None) -> None:
    with pytest.raises(InvalidParameterValue, match="a date that has begun"):
        await decay(conn, day)


async def test_the_table_itself_has_one_decay_for_a_user_and_a_date(conn: Connection) -> None:
    away = await player(conn)
    await decay(conn)
    with pytest.raises(UniqueViolation):
        await conn.execute(HISTORY, [away, "decay", DAY])


async def test_only_a_decay_has_the_date_of_one(conn: Connection) -> None:
    with pytest.raises(CheckViolation):
        await conn.execute(HISTORY, [await player(conn), "chat", DAY])


async def test_the_service_may_run_it_and_a_player_may_not(conn: Connection, database_url: str) -> None:
    await player(conn, relationship_score=1, telegram_id=7)
    async with conn.transaction():
        await conn.execute("set local role service_role")
        assert await decay(conn) == Counts(looked_at=1, decayed=1, game_over=1)
    for role in ("anon", "authenticated"):
        with psycopg.connect(database_url) as other:
            other.execute(f"set role {role}".encode())
            with pytest.raises(InsufficientPrivilege):
                other.execute("select * from apply_daily_decay()")
