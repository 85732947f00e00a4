"""The SQL functions that other programs know by name (spec, section 2), and the faults that the first drafts had."""

from typing import Any

import pytest

from tests.integration.queue.desk import EMAILS, WEBHOOKS, Desk
from tests.nightshift import Connection

FOR_GOOD = True


@pytest.fixture(params=[EMAILS, WEBHOOKS], ids=["email", "webhook"])
def kind(request: pytest.FixtureRequest, conn: Connection) -> tuple[Desk, str, str, str]:
    """A queue, and its functions: the batch, the success, the failure."""
    if request.param is EMAILS:
        return Desk(conn, EMAILS), "get_email_queue_batch", "mark_email_sent", "mark_email_failed"
    return Desk(conn, WEBHOOKS), "get_webhook_retry_batch", "mark_webhook_processed", "mark_webhook_failed"


async def taken(desk: Desk, batch: str, call: str = "()") -> list[dict[str, Any]]:
    return await (await desk.conn.execute(f"select * from {batch}{call}")).fetchall()  # noqa: S608 - our own names


async def mark(desk: Desk, function: str, *args: Any) -> Any:
    places = ", ".join("%s" for _ in args)
    return (await desk.one(f"select {function}({places}) as it", args))["it"]


async def test_a_batch_is_taken_with_a_lease_and_its_columns_are_not_ambiguous(
    kind: tuple[Desk, str, str, str],
) -> None:
    desk, batch, _, _ = kind
    ids = {await desk.add() for _ in range(3)}
    rows = await taken(desk, batch)
    assert {row["id"] for row in rows} == ids
    assert {row["status"] for row in rows} == {"processing"}
    assert len({row["locked_by"] for row in rows}) == 1


async def test_a_batch_has_the_size_that_was_asked_for(kind: tuple[Desk, str, str, str]) -> None:
    desk, batch, _, _ = kind
    for _ in range(5):
        await desk.add()
    assert [len(await taken(desk, batch, "(2)")) for _ in range(4)] == [2, 2, 1, 0]


async def test_what_a_crash_left_processing_is_taken_again(kind: tuple[Desk, str, str, str]) -> None:
    desk, batch, _, _ = kind
    row = await desk.add()
    await taken(desk, batch)
    assert await taken(desk, batch) == []
    await desk.conn.execute(f"update {desk.table} set locked_until = now()")  # noqa: S608 - our own names
    [again] = await taken(desk, batch)
    assert (again["id"], again["possible_duplicate"], again["attempts"]) == (row, True, 1)


async def test_the_holder_of_a_lease_marks_its_row_done(kind: tuple[Desk, str, str, str]) -> None:
    desk, batch, done, _ = kind
    await desk.add()
    [row] = await taken(desk, batch)
    assert await mark(desk, done, row["id"], row["locked_by"])
    assert await desk.status(row["id"]) == [desk.queue.done]
    assert await desk.attempts(row["id"]) == 1


async def test_an_email_keeps_the_providers_id(conn: Connection) -> None:
    desk = Desk(conn, EMAILS)
    await desk.add()
    [row] = await taken(desk, "get_email_queue_batch")
    assert await mark(desk, "mark_email_sent", row["id"], row["locked_by"], "<m-1@ses>")
    assert (await desk.row(row["id"]))["provider_message_id"] == "<m-1@ses>"


async def test_the_holder_of_a_lease_marks_its_row_failed(kind: tuple[Desk, str, str, str]) -> None:
    desk, batch, _, failed = kind
    await desk.add()
    [row] = await taken(desk, batch)
    assert await mark(desk, failed, row["id"], row["locked_by"], "HTTP 500")
    after = await desk.row(row["id"])
    assert (after["status"], after["attempts"], after["last_error"]) == ("pending", 1, "HTTP 500")


async def test_and_as_failed_for_good(kind: tuple[Desk, str, str, str]) -> None:
    desk, batch, _, failed = kind
    await desk.add()
    [row] = await taken(desk, batch)
    assert await mark(desk, failed, row["id"], row["locked_by"], "no such address", FOR_GOOD)
    assert await desk.status(row["id"]) == ["dead_letter"]


async def test_nobody_else_marks_it(kind: tuple[Desk, str, str, str]) -> None:
    desk, batch, done, failed = kind
    row = await desk.add()
    await taken(desk, batch)
    stranger = "00000000-0000-0000-0000-000000000001"
    assert not await mark(desk, done, row, stranger)
    assert not await mark(desk, failed, row, stranger, "HTTP 500")
    assert await desk.status(row) == ["processing"]


@pytest.mark.parametrize(
    ("function", "seconds"),
    [
        ("calculate_email_retry_time", (1, 5, 30, 300, 1800)),
        ("calculate_webhook_retry_time", (60, 300, 1800, 7200, 86400)),
    ],
)
async def test_the_wait_after_each_attempt(conn: Connection, function: str, seconds: tuple[int, ...]) -> None:
    for attempt, expected in enumerate([seconds[0], *seconds, seconds[-1]]):
        cursor = await conn.execute(
            f"select extract(epoch from {function}(%s) - now())::float8 as s from generate_series(1, 50)",  # noqa: S608
            [attempt],
        )
        waits = [row["s"] for row in await cursor.fetchall()]
        assert min(waits) >= expected * 0.9
        assert max(waits) <= expected * 1.1


@pytest.mark.parametrize(
    "function",
    [
        "get_email_queue_batch(1)",
        "get_webhook_retry_batch(1)",
        "mark_email_sent(null, null)",
        "mark_email_failed(null, null, null)",
        "mark_webhook_processed(null, null)",
        "mark_webhook_failed(null, null, null)",
        "why('email_queue', null)",
    ],
)
async def test_nobody_calls_them_without_being_let_in(conn: Connection, function: str) -> None:
    name = function.partition("(")[0]
    cursor = await conn.execute(
        "select has_function_privilege('public', p.oid, 'execute') as it from pg_proc p "
        "where proname = %s and pronamespace = 'public'::regnamespace",
        [name],
    )
    assert [row["it"] for row in await cursor.fetchall()] == [False]
