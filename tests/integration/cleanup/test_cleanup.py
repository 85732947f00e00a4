"""cleanup-stale: what is past its time or its keeping, and nothing else (spec, section 7; seed 001, T2.3)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from functions.cleanup_stale import sweep
from shared import table
from shared.resources import Resources
from tests import nightshift
from tests.integration.cleanup.ended import DAY, clean, finished, number
from tests.nightshift import Connection

QUEUES = {
    "pending_responses": ("replies_deleted", ["delivered", "discarded"], ["failed"]),
    "email_queue": ("emails_deleted", ["sent", "suppressed", "discarded"], ["dead_letter"]),
    "webhook_retry_queue": ("webhook_retries_deleted", ["processed", "discarded"], ["dead_letter"]),
    "alert_queue": ("alerts_deleted", ["sent", "discarded"], ["dead_letter"]),
    "push_queue": ("pushes_deleted", ["sent", "suppressed", "discarded"], ["dead_letter"]),
}
FINISHED = [(queue, status) for queue, (_, statuses, _dead) in QUEUES.items() for status in statuses]
DEAD = [(queue, status) for queue, (_, _statuses, statuses) in QUEUES.items() for status in statuses]


async def test_ac_t2_3_1_replies_more_than_24_hours_late_are_failed_and_never_sent(
    conn: Connection, resources: Resources
) -> None:
    stale = await nightshift.reply(conn, 1, due_in=-DAY - 60)
    late = await nightshift.reply(conn, 2, due_in=-DAY + 60)
    await clean(resources)
    rows = [await nightshift.row(conn, "pending_responses", reply) for reply in (stale, late)]
    assert [row["status"] for row in rows] == ["failed", "pending"]
    assert rows[0]["last_error"] == "stale: more than 24 hours late"
    assert rows[0]["history"][-1]["fate"] == "dead"


async def test_a_stale_reply_that_somebody_requeued_has_a_day_again(conn: Connection, resources: Resources) -> None:
    reply = await nightshift.reply(conn, 1, due_in=-3 * DAY)
    await conn.execute("update pending_responses set requeued_at = now() - interval '1 hour'")
    await clean(resources)
    assert (await nightshift.row(conn, "pending_responses", reply))["status"] == "pending"


async def test_a_reply_that_is_being_sent_is_left_to_its_sender(conn: Connection, resources: Resources) -> None:
    reply = await nightshift.reply(conn, 1, due_in=-2 * DAY)
    await conn.execute(
        "update pending_responses set status = 'processing', locked_by = gen_random_uuid(), "
        "locked_until = now() + interval '1 minute'"
    )
    await clean(resources)
    assert (await nightshift.row(conn, "pending_responses", reply))["status"] == "processing"


async def test_a_failed_stale_reply_lets_the_next_of_its_chat_go(conn: Connection, resources: Resources) -> None:
    await nightshift.reply(conn, 7, due_in=-2 * DAY)
    later = await nightshift.reply(conn, 7, due_in=-60)
    await conn.execute("update pending_responses set held = true where id = %s", [later])
    await clean(resources)
    assert (await nightshift.row(conn, "pending_responses", later))["held"] is False


async def test_ac_t2_3_2_the_history_has_the_count_of_each_kind(conn: Connection, resources: Resources) -> None:
    for chat in (1, 2):
        await nightshift.reply(conn, chat, due_in=-2 * DAY)
    await finished(conn, "email_queue", "sent", 31)
    answer = await clean(resources)
    run = await nightshift.row(conn, "job_history", UUID(answer["run_id"]))
    assert (run["status"], run["items_processed"]) == ("success", 3)
    assert run["metadata"] == answer["detail"]
    assert set(run["metadata"]) >= set(sweep.SWEEPS)
    assert (run["metadata"]["stale_replies_failed"], run["metadata"]["emails_deleted"]) == (2, 1)


def test_ac_t2_3_3_it_runs_daily_at_midnight_utc() -> None:
    [schedule] = table.lookup("cleanup-stale").schedules
    first = schedule.next_fire(datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))
    assert first == datetime(2026, 1, 2, tzinfo=UTC)
    assert schedule.next_fire(first) == datetime(2026, 1, 3, tzinfo=UTC)


async def test_what_was_swept_before_a_failure_is_in_the_history_too(conn: Connection, resources: Resources) -> None:
    await finished(conn, "email_queue", "sent", 31)
    await conn.execute("alter table rate_limit_counters rename expires_at to ends_at")
    assert (await clean(resources))["status"] == 500
    [run] = await (await conn.execute("select status, metadata, items_processed from job_history")).fetchall()
    assert (run["status"], run["metadata"]["emails_deleted"], run["items_processed"]) == ("failed", 1, 1)


async def test_a_date_is_cleaned_once_whoever_asks(conn: Connection, resources: Resources) -> None:
    first = await clean(resources)
    await nightshift.reply(conn, 1, due_in=-2 * DAY)
    second = await clean(resources, trigger="admin")
    assert (first["status"], second["status"]) == ("success", "skipped")
    assert await number(conn, "pending_responses where status = 'pending'") == 1


async def test_the_next_date_is_cleaned_again(conn: Connection, resources: Resources) -> None:
    await clean(resources)
    await nightshift.reply(conn, 1, due_in=-2 * DAY)
    assert (await clean(resources, day=2))["detail"]["stale_replies_failed"] == 1


@pytest.mark.parametrize(("queue", "status"), FINISHED)
async def test_what_went_out_or_was_given_up_is_kept_for_30_days(
    conn: Connection, resources: Resources, queue: str, status: str
) -> None:
    await finished(conn, queue, status, 30.1)
    kept = await finished(conn, queue, status, 29.9)
    answer = await clean(resources)
    assert answer["detail"][QUEUES[queue][0]] == 1
    assert (await nightshift.row(conn, queue, kept))["status"] == status
    assert await number(conn, queue) == 1


@pytest.mark.parametrize(("queue", "status"), DEAD)
async def test_dead_letters_are_kept_until_somebody_decides(
    conn: Connection, resources: Resources, queue: str, status: str
) -> None:
    await finished(conn, queue, status, 400)
    await clean(resources)
    assert await number(conn, queue) == 1


async def test_events_that_are_done_with_are_kept_for_90_days_and_open_ones_for_good(
    conn: Connection, resources: Resources
) -> None:
    await conn.execute(
        "insert into webhook_events (event_id, event_type, event_created, raw_body, status, received_at, processed_at) "
        "select status || days, 'invoice.paid', now(), '{}', status, now() - make_interval(days => days), "
        "case when status in ('processed', 'ignored') then now() end "
        "from unnest(array['processed', 'ignored', 'failed', 'received']) status, unnest(array[89, 91]) days"
    )
    assert (await clean(resources))["detail"]["webhook_events_deleted"] == 2
    assert await number(conn, "webhook_events where status in ('failed', 'received')") == 4


async def test_counters_of_the_rate_limiter_past_their_windows_go(conn: Connection, resources: Resources) -> None:
    await conn.execute(
        "insert into rate_limit_counters (key, expires_at) "
        "values ('past', now() - interval '1 second'), ('coming', now() + interval '1 minute')"
    )
    assert (await clean(resources))["detail"]["rate_limits_deleted"] == 1
    assert await number(conn, "rate_limit_counters where key = 'coming'") == 1


async def test_registrations_that_ran_out_go(conn: Connection, resources: Resources) -> None:
    await conn.execute(
        "insert into pending_registrations (telegram_id, email, created_at, expires_at) values "
        "(1, 'a@example.com', now() - interval '11 minutes', now() - interval '1 minute'), "
        "(2, 'b@example.com', now() - interval '9 minutes', now() + interval '1 minute')"
    )
    assert (await clean(resources))["detail"]["registrations_deleted"] == 1
    assert await number(conn, "pending_registrations where telegram_id = 2") == 1


async def test_ac_t1_2_3_runs_are_kept_for_30_days(conn: Connection, resources: Resources) -> None:
    await conn.execute(
        "insert into job_history (job_name, status, started_at, completed_at) values "
        "('old', 'failed', now() - interval '31 days', now()), ('recent', 'success', now() - interval '29 days', now())"
    )
    assert (await clean(resources))["detail"]["runs_deleted"] == 1
    assert await number(conn, "job_history where job_name = 'recent'") == 1


async def test_a_chat_that_waits_for_a_reply_that_is_gone_goes_on(conn: Connection, resources: Resources) -> None:
    waiting = await nightshift.reply(conn, 7)
    await conn.execute("update pending_responses set held = true")
    assert (await clean(resources))["detail"]["chats_released"] == 1
    assert (await nightshift.row(conn, "pending_responses", waiting))["held"] is False


async def test_an_empty_database_is_cleaned_too(conn: Connection, resources: Resources) -> None:
    answer = await clean(resources)
    assert (answer["processed"], answer["detail"]) == (0, dict.fromkeys(sweep.SWEEPS, 0))
