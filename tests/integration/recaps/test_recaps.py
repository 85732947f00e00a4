"""generate-summaries against a twin of Claude's API (spec, section 6; seed 001, T3.1 and T3.2)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from infra.local.twins.claude import ClaudeTwin
from shared import table
from shared.resources import Resources
from tests import nightshift
from tests.integration.recaps.players import (
    morning,
    night,
    noon,
    player,
    players,
    recaps,
    scored,
    spend,
    summaries,
    talked,
    work,
    yesterday,
)
from tests.nightshift import Connection


async def test_ac_t3_1_1_every_active_player_without_a_summary_gets_one(conn: Connection, resources: Resources) -> None:
    """AC-T3.1.1."""
    told = [await player(conn), await player(conn, game_status="boss_fight")]
    for status in ("game_over", "won"):
        await player(conn, game_status=status)
    await player(conn, night())
    await player(conn, created_at=datetime.now(UTC))
    answer = await recaps(resources)
    assert sorted(row["user_id"] for row in await summaries(conn)) == sorted(told)
    assert (answer["status"], answer["processed"], answer["detail"]["planned"]) == ("success", 2, 2)
    assert (await recaps(resources))["processed"] == 0


async def test_ac_t3_1_2_the_recap_is_about_the_conversations_of_the_local_day(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    """AC-T3.1.2."""
    user, zone = await player(conn), morning()
    midnight = noon(zone) - timedelta(hours=12)
    await talked(conn, user, midnight - timedelta(seconds=1), "the day before")
    await talked(conn, user, midnight, "the first word", "the answer")
    await talked(conn, user, midnight + timedelta(hours=24, seconds=-1), "the last word")
    await talked(conn, user, midnight + timedelta(hours=24), "today")
    await recaps(resources)
    [row] = await summaries(conn)
    [asked] = [record["user"] for record in claude.journal.all()]
    assert (row["summary_date"], row["conversations_count"]) == (yesterday(zone), 2)
    assert asked.index("They: the first word\nMe: the answer\nThey: the last word") > 0
    assert "the day before" not in asked
    assert "today" not in asked


async def test_ac_t3_1_3_the_scores_are_those_of_the_days_two_ends(conn: Connection, resources: Resources) -> None:
    """AC-T3.1.3."""
    user, day = await player(conn, relationship_score=70), noon(morning())
    await scored(conn, user, 40, day - timedelta(days=1))
    await scored(conn, user, 35, day - timedelta(hours=11), "decay", points=5)
    await scored(conn, user, 44.5, day)
    await scored(conn, user, 70, day + timedelta(days=1))
    await recaps(resources)
    [row] = await summaries(conn)
    assert [row[name] for name in ("score_start", "score_end", "decay_applied")] == [40, Decimal("44.5"), 5]
    assert [event["type"] for event in row["key_events"]] == ["decay", "chat"]


async def test_a_day_without_a_change_has_the_score_of_the_last_one(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    user = await player(conn, relationship_score=70)
    await scored(conn, user, 62, noon(morning()) - timedelta(days=9))
    await recaps(resources)
    [row] = await summaries(conn)
    assert (row["score_start"], row["score_end"], row["decay_applied"]) == (62, 62, 0)
    [asked] = [record["user"] for record in claude.journal.all()]
    assert "Lost for staying away" not in asked


async def test_a_player_of_whom_nothing_was_written_down_has_the_score_of_now(
    conn: Connection, resources: Resources
) -> None:
    await player(conn, relationship_score=70)
    await recaps(resources)
    [row] = await summaries(conn)
    assert (row["score_start"], row["score_end"]) == (70, 70)


async def test_ac_t3_1_4_claude_is_asked_in_nikitas_voice_which_is_cached(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    """AC-T3.1.4."""
    await players(conn, 30)
    await recaps(resources)
    tokens = claude.stats()["tokens"]
    voice = tokens["cache_creation_input_tokens"]
    assert voice > 512
    assert tokens["cache_read_input_tokens"] == 29 * voice
    assert claude.stats()["peak"] <= resources.settings.claude_at_once
    assert {row["written_by"] for row in await summaries(conn)} == {"claude"}


async def test_ac_t3_1_5_a_summary_has_its_text_and_what_it_cost(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    """AC-T3.1.5."""
    user = await player(conn)
    await talked(conn, user, noon(morning()))
    answer = await recaps(resources)
    [row] = await summaries(conn)
    usage = claude.journal.all()[0]["usage"]
    assert row["recap"].startswith("Written for: Date: ")
    assert (row["written_by"], row["model"], row["output_tokens"]) == (
        "claude",
        "claude-haiku-5-5",
        usage["output_tokens"],
    )
    kinds = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert {kind: row[kind] for kind in kinds} == {kind: usage[kind] for kind in kinds}
    spent = await spend(conn)
    assert (spent["calls"], spent["reserved_usd"]) == (1, 0)
    assert float(spent["cost_usd"]) == pytest.approx(float(answer["detail"]["cost_usd"]), abs=1e-8)
    assert float(row["cost_usd"]) == pytest.approx(float(spent["cost_usd"]), abs=1e-6)


async def test_a_day_without_a_word_takes_few(conn: Connection, claude: ClaudeTwin, resources: Resources) -> None:
    await player(conn, display_name=None)
    await recaps(resources)
    [row] = await summaries(conn)
    assert "They said nothing all day." in claude.journal.all()[0]["user"]
    assert (row["conversations_count"], row["output_tokens"] < 150) == (0, True)


async def test_of_a_long_day_the_newest_words_are_told(
    conn: Connection, claude: ClaudeTwin, resources: Resources
) -> None:
    user, at = await player(conn), noon(morning())
    await talked(conn, user, at, *(f"early {number}" for number in range(500)))
    await talked(conn, user, at + timedelta(hours=1), "x" * 9000, "last")
    await recaps(resources)
    asked = claude.journal.all()[0]["user"]
    assert asked.count("early") == 38
    assert "early 461" not in asked
    assert "Me: last" in asked
    assert asked.count("x") < 510


async def test_a_message_that_is_no_message_hurts_nobody(conn: Connection, resources: Resources) -> None:
    user = await player(conn)
    await conn.execute(
        "insert into conversations (user_id, platform, messages, started_at) "
        'values (%s, \'telegram\', \'[1, null, {}, {"role": null, "content": "hi"}, {"content": {"a": 1}}]\', %s)',
        [user, noon(morning())],
    )
    await scored(conn, user, 50, noon(morning()), "decay", points="many")
    await recaps(resources)
    assert len(await summaries(conn)) == 1


async def test_without_a_key_the_template_writes_and_says_so(database_url: str, conn: Connection) -> None:
    resources = Resources(nightshift.settings(database_url))
    silent, user = await player(conn), await player(conn, display_name="Ada", game_status="boss_fight")
    await talked(conn, user, noon(morning()))
    await scored(conn, user, 50, noon(morning()) - timedelta(days=2))
    await scored(conn, user, 60, noon(morning()))
    await recaps(resources)
    rows = {row["user_id"]: row for row in await summaries(conn)}
    assert {(row["written_by"], row["model"], row["cost_usd"]) for row in rows.values()} == {("template", None, 0)}
    assert "Not a word" in rows[silent]["recap"]
    assert "We talked yesterday, Ada" in rows[user]["recap"]
    assert "closer" in rows[user]["recap"]
    assert await work(conn) == []
    await resources.close()


async def test_ac_t3_2_1_a_player_in_utc_is_looked_for_at_six(conn: Connection) -> None:
    """AC-T3.2.1: hourly, and so at 06:00 UTC, which is everybody's 06:00 in their own time zone."""
    entry = table.lookup("generate-summaries")
    six = datetime(2026, 3, 10, 6, tzinfo=UTC)
    assert entry.schedules[0].next_fire(six - timedelta(seconds=1)) == six
    await player(conn, "UTC")
    for moment, planned in ((six - timedelta(seconds=1), 0), (six, 1)):
        cursor = await conn.execute("select planned from nightshift.plan_recaps(%s)", [moment])
        assert await cursor.fetchone() == {"planned": planned}
    [row] = await work(conn)
    assert row["summary_date"] == date(2026, 3, 9)


async def test_ac_t3_2_2_the_schedule_calls_the_function_at_its_url(conn: Connection, resources: Resources) -> None:
    """AC-T3.2.2."""
    assert "/generate-summaries" in table.lookup("generate-summaries").paths
    await player(conn)
    assert (await recaps(resources, "schedule"))["processed"] == 1


async def test_ac_t3_2_3_a_run_that_wrote_something_is_in_the_history(conn: Connection, resources: Resources) -> None:
    """AC-T3.2.3."""
    await recaps(resources, "schedule")
    await player(conn)
    await conn.execute("update recap_channel set planned_at = null")
    answer = await recaps(resources, "schedule")
    cursor = await conn.execute("select * from job_history")
    [row] = await cursor.fetchall()
    assert (row["job_name"], row["status"], row["items_processed"]) == ("generate-summaries", "success", 1)
    assert (str(row["id"]), row["metadata"]["claude"], row["metadata"]["calls"]) == (answer["run_id"], 1, 1)
    assert row["metadata"]["output_tokens"] > 0


async def test_the_schedule_plans_once_an_hour_and_goes_on_in_between(conn: Connection, resources: Resources) -> None:
    await recaps(resources, "schedule")
    user = await player(conn)
    assert (await recaps(resources, "schedule"))["processed"] == 0
    await conn.execute("insert into recap_work (user_id, summary_date) values (%s, %s)", [user, yesterday(morning())])
    assert (await recaps(resources, "schedule"))["processed"] == 1


async def test_a_morning_that_was_missed_is_made_up_for_by_hand_and_never_one_that_is_to_come(
    conn: Connection, resources: Resources
) -> None:
    await player(conn, "UTC")
    await recaps(resources, scheduled_for="2026-03-10T06:00:00Z")
    [row] = await summaries(conn)
    assert row["summary_date"] == date(2026, 3, 9)
    await recaps(resources, scheduled_for="2090-01-01T06:00:00Z")
    assert max(row["summary_date"] for row in await summaries(conn)) < datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("zone", "moment", "planned"),
    [
        ("Asia/Kathmandu", "2026-03-10T00:14:59+00:00", None),
        ("Asia/Kathmandu", "2026-03-10T00:15:00+00:00", "2026-03-09"),
        ("Pacific/Kiritimati", "2026-03-09T16:00:00+00:00", "2026-03-09"),
        ("Pacific/Pago_Pago", "2026-03-10T17:00:00+00:00", "2026-03-09"),
        ("Europe/Berlin", "2026-03-29T03:59:59+00:00", None),  # 05:59:59, the clocks went forward at 02:00
        ("Europe/Berlin", "2026-03-29T04:00:00+00:00", "2026-03-28"),
        ("Europe/Berlin", "2026-10-25T04:59:59+00:00", None),
        ("Europe/Berlin", "2026-10-25T05:00:00+00:00", "2026-10-24"),
        ("Asia/Beirut", "2026-03-29T03:00:00+00:00", "2026-03-28"),  # there midnight itself is left out
    ],
)
async def test_six_is_six_wherever_one_is(conn: Connection, zone: str, moment: str, planned: str | None) -> None:
    await player(conn, zone)
    await conn.execute("select nightshift.plan_recaps(%s::timestamptz)", [moment])
    assert [row["summary_date"].isoformat() for row in await work(conn)] == ([planned] if planned else [])


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 1), 24)])
async def test_a_day_on_which_the_clocks_change_is_told_whole(conn: Connection, day: date, hours: int) -> None:
    user = await player(conn, "Europe/Berlin")
    begins = datetime.combine(day, datetime.min.time(), ZoneInfo("Europe/Berlin")).astimezone(UTC)
    for hour in range(-2, 28):
        await talked(conn, user, begins + timedelta(hours=hour))
    cursor = await conn.execute("select conversations_count as n from nightshift.recap_facts(%s, %s)", [user, day])
    assert (await cursor.fetchone() or {})["n"] == hours
