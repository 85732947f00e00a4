"""Who rings: those who make a row due while somebody waits, and nobody else."""

import pytest

from shared.outcome import Retry
from shared.queue.bell import Bell
from tests.integration.queue.desk import Desk
from tests.integration.queue_bell.waiters import begun, heard
from tests.nightshift import Connection

pytestmark = pytest.mark.usefixtures("unlooked")


async def test_an_insert_rings_for_nobody(desk: Desk, listener: Connection) -> None:
    await desk.add()
    assert await heard(listener, desk.conn) == []


async def test_an_insert_rings_once_for_whoever_waits(emails: Desk, listener: Connection, bell: Bell) -> None:
    wait = await begun(bell)
    await emails.conn.execute(
        "insert into email_queue (to_email, subject, text) select 'a@example.org', 's', 't' from generate_series(1, 9)"
    )
    await wait
    assert await heard(listener, emails.conn) == ["nightshift.email_queue"]


async def test_a_row_for_much_later_rings_not_even_for_those_who_wait(
    emails: Desk, listener: Connection, bell: Bell
) -> None:
    wait = await begun(bell)
    await emails.add(due=60.0)
    assert await heard(listener, emails.conn) == []
    wait.cancel()


async def test_another_queues_row_does_not_ring(
    conn: Connection, emails: Desk, listener: Connection, bell: Bell
) -> None:
    wait = await begun(bell)
    await conn.execute(
        "insert into webhook_retry_queue (webhook_type, webhook_event_id, payload) values ('a', 'b', '{}')"
    )
    assert await heard(listener, conn) == []
    wait.cancel()


async def test_dead_letters_that_are_brought_back_ring(desk: Desk, listener: Connection) -> None:
    await desk.conn.execute(
        "select nightshift.requeue(%s, array[%s::uuid], 'somebody')", [desk.table, await desk.add(due=60.0)]
    )
    assert await heard(listener, desk.conn) == [f"nightshift.{desk.table}"]


async def test_a_queue_that_is_resumed_rings(conn: Connection, listener: Connection) -> None:
    await conn.execute("update queues set paused_at = now() where name = 'email_queue'")
    await conn.execute("update queues set paused_at = null where name = 'email_queue'")
    assert await heard(listener, conn) == ["nightshift.email_queue"]


async def test_a_breaker_that_closes_rings(conn: Connection, listener: Connection) -> None:
    await conn.execute("update queues set opened_at = now(), probe_at = now() where name = 'email_queue'")
    await conn.execute("select nightshift.note_health('email_queue', 1, 0, null)")
    assert await heard(listener, conn) == ["nightshift.email_queue"]


async def test_a_claim_and_a_settlement_do_not_ring(desk: Desk, listener: Connection) -> None:
    await desk.add()
    await desk.fail(await desk.add(), Retry("later"))
    assert await heard(listener, desk.conn) == []
