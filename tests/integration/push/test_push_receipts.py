"""Expo's receipts: what Apple and Google said, a quarter of an hour later."""

from functions.deliver_push import aftermath
from infra.local.twins.faults import Outage
from infra.local.twins.push import PushTwin
from shared.resources import Resources
from tests.integration.push.notices import become, device, notice, phone, push, statuses, told
from tests.nightshift import Connection

DUE = "update push_receipts set look_at = now()"


async def tickets(conn: Connection) -> int:
    return (await conn.execute("select from push_receipts")).rowcount


async def test_a_receipt_is_looked_at_after_a_quarter_of_an_hour(conn: Connection, resources: Resources) -> None:
    its = await phone(conn)
    await push(resources)
    cursor = await conn.execute("select ticket, look_at - now() > interval '14 minutes' as later from push_receipts")
    kept = await cursor.fetchone() or {}
    await push(resources)
    assert (kept["ticket"], kept["later"]) == ((await notice(conn, its))["provider_message_id"], True)
    assert await tickets(conn) == 1


async def test_a_receipt_that_is_fine_is_a_sign_of_life(conn: Connection, resources: Resources) -> None:
    its = await phone(conn)
    await push(resources)
    await conn.execute(DUE)
    await push(resources)
    row = await device(conn, its)
    assert (row["status"], row["last_successful_send_at"] is None, await tickets(conn)) == ("active", False, 0)


async def test_that_a_device_is_gone_may_stand_in_the_receipt_alone(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    its = await phone(conn)
    become(twin, "unregistered", its, late=True)
    await push(resources)
    before = await statuses(conn, its)
    await conn.execute(DUE)
    await push(resources)
    assert (before, await statuses(conn, its)) == (["active"], ["invalid"])
    assert (await notice(conn, its))["status"] == "sent"


async def test_a_device_that_was_registered_again_since_is_there(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    its = await phone(conn)
    become(twin, "unregistered", its, late=True)
    await push(resources)
    await conn.execute(DUE)
    await conn.execute("update user_devices set last_seen_at = now()")
    await push(resources)
    assert await statuses(conn, its) == ["active"]


async def test_our_fault_in_a_receipt_is_told(conn: Connection, resources: Resources, twin: PushTwin) -> None:
    its = await phone(conn)
    become(twin, "credentials", its, late=True)
    await push(resources)
    await conn.execute(DUE)
    await push(resources)
    assert (await statuses(conn, its), await told(conn)) == (["active"], {"push:expo"})


async def test_our_fault_lasts_until_a_receipt_says_that_it_is_over(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    become(twin, "credentials", await phone(conn), late=True)
    await push(resources)
    await conn.execute(DUE)
    await push(resources)
    twin.clear_faults()
    await phone(conn)
    await push(resources)
    taken = await told(conn)
    await conn.execute(DUE)
    await push(resources)
    assert (taken, await told(conn)) == ({"push:expo"}, set())


async def test_devices_that_are_gone_by_receipts_are_not_weighed_against_messages_that_were_only_taken(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    gone = [await phone(conn) for _ in range(aftermath.BRAKE_FROM)]
    become(twin, "unregistered", *gone, late=True)
    await push(resources)
    await conn.execute(DUE)
    others = [await phone(conn) for _ in range(2 * aftermath.BRAKE_FROM)]
    await push(resources)
    assert (set(await statuses(conn, *gone)), await told(conn)) == ({"active"}, {"push-brake:expo"})
    await conn.execute(DUE)
    await push(resources)
    assert (set(await statuses(conn, *others)), await told(conn)) == ({"active"}, set())


async def test_a_receipt_that_expo_does_not_have_yet_is_looked_at_again(conn: Connection, resources: Resources) -> None:
    its = await phone(conn)
    await conn.execute(
        "insert into push_receipts (ticket, device_id, look_at) values ('unknown', %s, now())", [its.device]
    )
    await push(resources)
    cursor = await conn.execute("select look_at > now() as later from push_receipts where ticket = 'unknown'")
    assert (await cursor.fetchone() or {})["later"] is True


async def test_while_expo_is_away_receipts_wait(conn: Connection, resources: Resources, twin: PushTwin) -> None:
    await phone(conn)
    await push(resources)
    await conn.execute(DUE)
    twin.apply(Outage(mode="503"))
    await push(resources)
    assert await tickets(conn) == 1


async def test_after_a_day_nobody_asks_any_more(conn: Connection, resources: Resources) -> None:
    await phone(conn)
    await push(resources)
    await conn.execute("update push_receipts set look_at = now(), sent_at = now() - interval '25 hours'")
    await push(resources)
    assert await tickets(conn) == 0
