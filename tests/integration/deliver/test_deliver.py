"""deliver-responses against a Bot API that keeps its limits (spec, section 3; seed 001, T2.1 and T2.2)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from functions.deliver_responses.main import deliver_responses
from infra.local.twins.faults import DropAfter, HangAfter, Malformed, Outage, Throttle
from infra.local.twins.telegram import ChatState
from shared.errors import UnavailableError
from shared.resources import Resources
from tests import nightshift
from tests.integration.deliver.conftest import Telegram
from tests.nightshift import Connection


async def deliver(resources: Resources) -> Any:
    """One pass."""
    return nightshift.content(await nightshift.post(deliver_responses, resources))


async def state(conn: Connection, reply: UUID) -> dict[str, Any]:
    return await nightshift.row(conn, "pending_responses", reply)


def texts(telegram: Telegram, outcome: str = "delivered") -> list[str]:
    return [record["text"] for record in telegram.journal.all() if record["outcome"] == outcome]


def minutes_ahead(row: dict[str, Any]) -> float:
    ahead: timedelta = row["next_attempt_at"] - datetime.now(UTC)
    return ahead.total_seconds() / 60


async def test_ac_t2_1_1_and_2_and_3_a_due_reply_goes_out_and_is_marked_with_the_time(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    reply = await nightshift.reply(conn, 7, "good morning")
    answer = await deliver(resources)
    row = await state(conn, reply)
    assert texts(telegram) == ["good morning"]
    assert (row["status"], row["provider_message_id"]) == ("delivered", str(telegram.journal.all()[0]["message_id"]))
    assert row["delivered_at"] >= row["scheduled_at"]
    assert (answer["status"], answer["processed"], answer["failed"]) == ("success", 1, 0)


async def test_a_reply_that_is_not_due_stays(conn: Connection, telegram: Telegram, resources: Resources) -> None:
    await nightshift.reply(conn, 7, due_in=60)
    await deliver(resources)
    assert telegram.journal.all() == []


async def test_a_delivered_reply_is_never_sent_again(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    await nightshift.reply(conn, 7)
    await deliver(resources)
    await deliver(resources)
    assert len(telegram.journal.all()) == 1


async def test_ac_t2_1_5_one_pass_takes_fifty_at_most(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    for chat in range(1, 61):
        await nightshift.reply(conn, chat)
    await deliver(resources)
    cursor = await conn.execute("select count(*) as n from pending_responses where updated_at = created_at")
    asked = {record["chat_id"] for record in telegram.journal.all()}
    assert (await cursor.fetchone() or {})["n"] == 10
    assert len(asked) == 50


@pytest.mark.parametrize(("tries", "delay"), [(0, 2), (1, 4), (2, 8)])
async def test_ac_t2_1_4_and_t2_2_1_a_failure_waits_two_to_the_retry_count_minutes(
    conn: Connection, telegram: Telegram, resources: Resources, tries: int, delay: int
) -> None:
    reply = await nightshift.reply(conn, 7)
    other_success = datetime.now(UTC) + timedelta(minutes=1)
    await conn.execute("update queues set last_success_at = %s", [other_success])
    await conn.execute(
        'update pending_responses set retry_count = %s, history = \'[{"at": "2026-01-01T00:00:00Z"}]\'', [tries]
    )
    telegram.apply(Outage(mode="503"))
    await deliver(resources)
    row = await state(conn, reply)
    assert (row["status"], row["retry_count"]) == ("pending", tries + 1)
    assert delay * 0.89 < minutes_ahead(row) < delay * 1.11
    assert row["scheduled_at"] < datetime.now(UTC)


async def test_ac_t2_2_2_and_3_after_three_retries_a_reply_is_failed(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    reply = await nightshift.reply(conn, 7)
    await conn.execute("update queues set last_success_at = now() + interval '1 minute'")
    await conn.execute('update pending_responses set retry_count = 3, history = \'[{"at": "2026-01-01T00:00:00Z"}]\'')
    telegram.apply(Outage(mode="503"))
    await deliver(resources)
    row = await state(conn, reply)
    assert (row["status"], row["last_error"]) == ("failed", "HTTP 503 without an answer of the Bot API")
    assert row["history"][-1]["fate"] == "down"


@pytest.mark.parametrize("kind", ["blocked", "deactivated", "kicked", "not_found"])
async def test_a_chat_that_is_gone_fails_at_once_and_turns_its_notifications_off(
    conn: Connection, telegram: Telegram, resources: Resources, kind: Any
) -> None:
    telegram.apply(ChatState(state=kind, only=(7,)))
    reply = await nightshift.reply(conn, 7)
    await deliver(resources)
    row = await state(conn, reply)
    owner = await nightshift.row(conn, "users", row["user_id"])
    assert (row["status"], row["retry_count"], owner["notifications_enabled"]) == ("failed", 0, False)


async def test_a_group_that_moved_is_followed_with_its_user_and_all_its_replies(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    telegram.apply(ChatState(state="migrated", migrate_to=-100123, only=(-5,)))
    first = await nightshift.reply(conn, -5, "one", due_in=-9)
    second = await nightshift.reply(conn, -5, "two", due_in=-8)
    for _ in range(3):
        await deliver(resources)
        await conn.execute("delete from rate_limit_counters")
        telegram.skip_a_minute()
    rows = [await state(conn, reply) for reply in (first, second)]
    assert [(row["status"], row["telegram_chat_id"]) for row in rows] == [("delivered", -100123)] * 2
    assert (await nightshift.row(conn, "users", rows[0]["user_id"]))["telegram_id"] == -100123
    assert texts(telegram) == ["one", "two"]


async def test_429_is_waited_out_exactly_and_costs_no_attempt(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    telegram.apply(Throttle(retry_after=37, only=(7,)))
    reply = await nightshift.reply(conn, 7)
    await deliver(resources)
    row = await state(conn, reply)
    assert (row["status"], row["retry_count"], row["waits_for"]) == ("pending", 0, "Telegram asked for 37 s")
    assert 36 < minutes_ahead(row) * 60 <= 37


async def test_two_throttled_chats_at_once_hold_the_whole_bot(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    telegram.apply(Throttle(retry_after=30))
    for chat in (1, 2):
        await nightshift.reply(conn, chat)
    await deliver(resources)
    telegram.clear_faults()
    third = await nightshift.reply(conn, 3)
    await deliver(resources)
    row = await state(conn, third)
    assert (row["status"], row["waits_for"]) == ("pending", "rate limit")
    assert 28 < minutes_ahead(row) * 60 <= 30


@pytest.mark.parametrize("fault", [DropAfter(), HangAfter(), Malformed(accept=True)])
async def test_a_send_without_an_answer_is_repeated_once_and_marked(
    conn: Connection, telegram: Telegram, resources: Resources, fault: Any
) -> None:
    telegram.apply(fault.model_copy(update={"times": 1}))
    reply = await nightshift.reply(conn, 7)
    await deliver(resources)
    doubted = await state(conn, reply)
    await conn.execute("update pending_responses set next_attempt_at = now()")
    await conn.execute("delete from rate_limit_counters")
    telegram.skip_a_minute()
    await deliver(resources)
    row = await state(conn, reply)
    assert (doubted["status"], doubted["possible_duplicate"]) == ("pending", True)
    assert (row["status"], row["possible_duplicate"]) == ("delivered", True)


async def test_a_text_over_4096_characters_goes_out_in_parts_and_in_order(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    words = [f"word{number}" for number in range(900)]
    reply = await nightshift.reply(conn, 7, " ".join(words))
    await deliver(resources)
    assert (await state(conn, reply))["status"] == "delivered"
    assert len(texts(telegram)) == 2
    assert " ".join(texts(telegram)).split() == words


async def test_a_part_that_failed_is_taken_up_where_it_stopped(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    reply = await nightshift.reply(conn, 7, "a" * 4096 + " " + "b" * 10)
    await conn.execute("update pending_responses set parts_sent = 1")
    await deliver(resources)
    assert (await state(conn, reply))["status"] == "delivered"
    assert texts(telegram) == ["b" * 10]


async def test_replies_of_one_chat_arrive_in_the_order_of_their_times(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    for number in (3, 1, 2):
        await nightshift.reply(conn, 7, str(number), due_in=number - 10)
    for _ in range(3):
        await deliver(resources)
        await conn.execute("delete from rate_limit_counters")
        telegram.skip_a_minute()
    assert texts(telegram) == ["1", "2", "3"]


async def test_a_provider_that_is_down_opens_the_breaker_and_kills_nothing(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    telegram.apply(Outage(mode="503"))
    for chat in range(1, 11):
        await nightshift.reply(conn, chat)
    await deliver(resources)
    await deliver(resources)
    cursor = await conn.execute("select status, retry_count, count(*) as n from pending_responses group by 1, 2")
    assert [tuple(row.values()) for row in await cursor.fetchall()] == [("pending", 0, 10)]
    assert len(telegram.journal.all()) <= 11


async def test_the_breaker_closes_when_a_probe_gets_through(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    telegram.apply(Outage(mode="503"))
    for chat in range(1, 11):
        await nightshift.reply(conn, chat)
    await deliver(resources)
    telegram.clear_faults()
    await conn.execute("update queues set probe_at = now() where opened_at is not null")
    await conn.execute("update pending_responses set next_attempt_at = now()")
    await deliver(resources)
    await deliver(resources)
    assert len(texts(telegram)) == 10


async def test_a_chat_goes_on_when_another_program_deletes_its_next_reply(
    conn: Connection, telegram: Telegram, resources: Resources
) -> None:
    first = await nightshift.reply(conn, 7, "one", due_in=-9)
    await nightshift.reply(conn, 7, "two", due_in=-8)
    telegram.apply(Outage(mode="503"))
    await deliver(resources)
    telegram.clear_faults()
    await conn.execute("delete from pending_responses where id = %s", [first])
    await deliver(resources)
    await conn.execute("delete from rate_limit_counters")
    telegram.skip_a_minute()
    await deliver(resources)
    assert texts(telegram) == ["two"]


async def test_an_idle_pass_takes_two_round_trips_at_most_and_writes_no_row(
    conn: Connection, resources: Resources
) -> None:
    await deliver(resources)
    before = resources.db.round_trips
    answer = await deliver(resources)
    cursor = await conn.execute("select count(*) as n from job_history")
    assert resources.db.round_trips - before <= 2
    assert (await cursor.fetchone() or {})["n"] == 0
    assert answer["run_id"] is None


async def test_a_part_that_is_out_and_could_not_be_noted_marks_the_row(
    conn: Connection, telegram: Telegram, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = resources.db.rows

    async def away_for_the_progress(statement: Any, **params: Any) -> Any:
        if "parts" in params:
            raise UnavailableError("The database cannot be reached.")
        return await rows(statement, **params)

    monkeypatch.setattr(resources.db, "rows", away_for_the_progress)
    reply = await nightshift.reply(conn, 7, "a" * 4096 + " " + "b" * 10)
    await deliver(resources)
    row = await state(conn, reply)
    assert (row["status"], row["possible_duplicate"], row["retry_count"], row["parts_sent"]) == ("pending", True, 0, 0)
    assert texts(telegram) == ["a" * 4096]
