"""Each cause is raised, told, and told of again when it is over."""

import json

import pytest

from functions.watch import look as looking
from functions.watch import standing
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.integration.watch.watching import awake, bury, causes, emails, later, look, told
from tests.nightshift import Connection


async def test_when_all_is_well_nobody_is_told_anything(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await awake(conn)
    for _ in range(2):
        answer = await look(resources)
    assert (answer["run_id"], receiver.got, await causes(conn)) == (None, [], set())


async def test_on_an_empty_database_nothing_was_missed_yet(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await look(resources)
    await look(resources)
    assert (receiver.got, await causes(conn)) == ([], set())


async def test_a_task_that_does_not_come_is_told_and_so_is_its_return(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await awake(conn)
    await conn.execute(
        "update job_pulses set began_at = now() - interval '10 minutes', steady_since = now() - interval '1 hour' "
        "where job = 'deliver-responses'"
    )
    await look(resources)
    await conn.execute("select nightshift.pulse('deliver-responses')")
    await look(resources)
    assert told(receiver) == [("alarm", "missed:deliver-responses"), ("recovery", "missed:deliver-responses")]


async def test_a_task_that_never_came_is_told_of_since_it_was_expected(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await look(resources)
    await later(conn, 5)
    await awake(conn)
    await conn.execute(
        "update job_pulses set began_at = null, steady_since = null, passes = 0 where job = 'process-email-queue'"
    )
    await look(resources)
    assert told(receiver) == [("alarm", "missed:process-email-queue")]


async def test_after_a_night_without_anybody_the_tasks_have_time_to_come_again(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await awake(conn)
    await later(conn, 20)
    await look(resources)
    assert "missed:deliver-responses" not in await causes(conn)


async def test_a_run_that_was_killed_is_closed_and_told_though_its_job_does_not_come_again(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await awake(conn)
    await conn.execute(
        "insert into job_history (job_name, started_at) values "
        "('apply-decay', now() - interval '17 minutes'), ('cleanup-stale', now() - interval '10 minutes')"
    )
    await look(resources)
    rows = await (await conn.execute("select job_name, status from job_history")).fetchall()
    assert {row["job_name"]: row["status"] for row in rows if row["job_name"] != "watch"} == {
        "apply-decay": "failed",
        "cleanup-stale": "running",
    }
    assert told(receiver) == [("alarm", "killed:apply-decay")]


async def test_a_row_that_is_due_for_long_is_told_and_so_is_its_going_out(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await awake(conn)
    await emails(conn, 1, minutes_ago=16)
    await look(resources)
    await conn.execute("delete from email_queue")
    await look(resources)
    assert told(receiver) == [("alarm", "late:email_queue"), ("recovery", "late:email_queue")]
    assert "due for 16 minutes" in json.loads(receiver.got[0].body)["summary"]


async def test_a_row_that_is_due_for_a_short_while_is_nobodys_business(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await awake(conn)
    await emails(conn, 1, minutes_ago=14)
    await look(resources)
    assert receiver.got == []


@pytest.mark.parametrize("how", ["paused_at = now(), paused_by = 'me'", "opened_at = now(), probe_at = now()"])
async def test_a_queue_that_is_held_back_is_not_told_of_as_late(
    conn: Connection, resources: Resources, receiver: Receiver, how: str
) -> None:
    await awake(conn)
    await emails(conn, 1, minutes_ago=16)
    await conn.execute(f"update queues set {how} where name = 'email_queue'")  # noqa: S608
    await look(resources)
    assert receiver.got == []


async def backlog(conn: Connection, *before: int) -> None:
    """Samples of the minutes before, the newest last."""
    for minutes, due in enumerate(reversed(before), 1):
        await conn.execute(
            "insert into queue_samples (queue, at, live, due, dead, done, died) "
            "values ('email_queue', date_trunc('minute', now()) - make_interval(mins => %s), 0, %s, 0, 0, 0)",
            [minutes, due],
        )


@pytest.mark.parametrize(
    ("before", "now", "wrong"),
    [
        ([40] * 9, 40, True),
        ([30, 31, 32, 33, 34, 35, 36, 37, 38], 40, True),
        ([60, 59, 58, 57, 56, 55, 54, 53, 52], 51, False),  # it gets fewer
        ([40, 40, 40, 40, 29, 40, 40, 40, 40], 40, False),  # it was none for a moment
        ([40] * 3, 40, False),  # nobody knows what was before
        ([], 40, False),
        ([10] * 9, 10, False),
    ],
    ids=["stands", "grows", "shrinks", "came down", "short", "new", "small"],
)
async def test_a_backlog_is_told_of_when_it_lasts_and_gets_no_smaller(
    conn: Connection,
    database_url: str,
    before: list[int],
    now: int,
    wrong: bool,  # noqa: FBT001
) -> None:
    made = Resources(nightshift.settings(database_url, alert_backlog=30))
    await awake(conn)
    await backlog(conn, *before)
    await emails(conn, now)
    await look(made)
    assert ("backlog:email_queue" in await causes(conn)) is wrong
    await conn.execute("delete from email_queue")
    await look(made)
    assert await causes(conn) == set()
    await made.close()


async def test_new_dead_letters_are_told_of_and_that_none_are_left(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await awake(conn)
    await look(resources)
    await later(conn, 5)
    await awake(conn)
    await emails(conn, 3)
    await bury(conn)
    await look(resources)
    await later(conn, 20)
    await awake(conn)
    await look(resources)  # they are still there, and none are new
    await conn.execute("update email_queue set status = 'discarded'")
    await look(resources)
    assert told(receiver) == [("alarm", "dead:email_queue"), ("recovery", "dead:email_queue")]
    assert "new dead letters, 3 in all" in json.loads(receiver.got[0].body)["summary"]
    assert json.loads(receiver.got[0].body)["url"].endswith("/console/queues/email_queue/dead-letters")


async def test_what_is_not_counted_to_its_end_is_told_as_a_least(
    conn: Connection, resources: Resources, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (looking, standing):
        monkeypatch.setattr(module, "CAP", 3)
    await awake(conn)
    await look(resources)
    await later(conn, 5)
    await awake(conn)
    await emails(conn, 4)
    await bury(conn)
    await look(resources)
    assert "new dead letters, 3 or more in all" in json.loads(receiver.got[0].body)["summary"]


async def test_a_breaker_that_stays_open_is_told_of_and_so_is_its_closing(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await awake(conn)
    broken = "update queues set opened_at = now() - make_interval(secs => %s), probe_at = now(), last_error = %s"
    await conn.execute(f"{broken} where name = 'email_queue'", [60, "smtp: refused"])
    await look(resources)
    assert receiver.got == []
    await conn.execute(f"{broken} where name = 'email_queue'", [130, "smtp: anna@example.org refused"])
    await look(resources)
    await conn.execute("update queues set opened_at = null, probe_at = null")
    await look(resources)
    assert told(receiver) == [("alarm", "breaker:email_queue"), ("recovery", "breaker:email_queue")]
    assert "(smtp: <address> refused)" in json.loads(receiver.got[0].body)["summary"]


async def test_a_budget_that_is_used_up_is_over_when_nobody_is_held_back_any_more(
    conn: Connection, resources: Resources
) -> None:
    await awake(conn)
    await conn.execute(
        "insert into alert_states (cause, raised_at, sent_at) values ('budget:generate-summaries', now(), now())"
    )
    await conn.execute("update recap_channel set held_until = now() - interval '10 minutes'")
    await look(resources)
    assert await causes(conn) == {"budget:generate-summaries"}
    await conn.execute("update recap_channel set held_until = now() - interval '16 minutes'")
    await look(resources)
    assert await causes(conn) == set()


@pytest.mark.parametrize(
    ("steady", "failed", "over"),
    [(5, 6, True), (3, 6, False), (5, 3, False), (600, 1000, True)],
    ids=["came for long", "came for a short while", "failed since", "for very long"],
)
async def test_a_failed_task_that_only_idles_since_is_told_to_work_again(
    conn: Connection,
    resources: Resources,
    steady: float,
    failed: float,
    over: bool,  # noqa: FBT001
) -> None:
    await awake(conn)
    await conn.execute(
        "insert into alert_states (cause, raised_at, sent_at) values ('failed:deliver-responses', now(), now())"
    )
    await conn.execute(
        "insert into job_history (job_name, status, started_at, completed_at) "
        "values ('deliver-responses', 'failed', now() - make_interval(secs => %s), now())",
        [failed * 60],
    )
    await conn.execute(
        "update job_pulses set steady_since = now() - make_interval(secs => %s) where job = 'deliver-responses'",
        [steady * 60],
    )
    await look(resources)
    assert (await causes(conn) == set()) is over


async def test_what_others_tell_of_is_not_ended_here(conn: Connection, resources: Resources) -> None:
    await awake(conn)
    await conn.execute(
        "insert into alert_states (cause, raised_at, sent_at) values ('failed:apply-decay', now(), now())"
    )
    await look(resources)
    assert await causes(conn) == {"failed:apply-decay"}


async def test_the_watchs_return_is_told(conn: Connection, resources: Resources, receiver: Receiver) -> None:
    await awake(conn)
    await conn.execute("insert into alert_states (cause, raised_at, sent_at) values ('missed:watch', now(), now())")
    await look(resources)
    assert told(receiver) == [("recovery", "missed:watch")]
