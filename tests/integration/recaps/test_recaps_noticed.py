"""Whoever has a new recap is told of it on their devices, by the statement that writes it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.resources import Resources
from tests.integration.recaps.players import morning, noon, player, recaps, scored, yesterday
from tests.nightshift import Connection


async def device(conn: Connection, user: UUID, status: str = "active") -> UUID:
    cursor = await conn.execute(
        "insert into user_devices (user_id, platform, address_kind, push_token, status) "
        "values (%s, 'ios', 'expo', gen_random_uuid()::text, %s) returning id",
        [user, status],
    )
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def notices(conn: Connection) -> list[dict[str, Any]]:
    return await (await conn.execute("select * from push_queue order by id")).fetchall()


async def test_each_active_device_is_told_that_there_is_a_recap_and_not_what_it_says(
    conn: Connection, resources: Resources
) -> None:
    user = await player(conn)
    phones = {await device(conn, user), await device(conn, user)}
    await device(conn, user, "inactive")
    await device(conn, user, "invalid")
    await recaps(resources)
    found = await notices(conn)
    cursor = await conn.execute("select recap from daily_summaries")
    recap = (await cursor.fetchone() or {})["recap"]
    assert {row["device_id"] for row in found} == phones
    assert {row["user_id"] for row in found} == {user}
    assert found[0]["data"] == {"kind": "recap_ready", "summary_date": yesterday(morning()).isoformat()}
    assert not [row for row in found if recap in (row["body"], row["title"])]


async def test_who_wants_no_notices_gets_none(conn: Connection, resources: Resources) -> None:
    await device(conn, await player(conn, notifications_enabled=False))
    await recaps(resources)
    assert await notices(conn) == []


async def test_a_player_without_a_device_still_has_a_recap(conn: Connection, resources: Resources) -> None:
    await player(conn)
    await recaps(resources)
    assert (await notices(conn), (await conn.execute("select from daily_summaries")).rowcount) == ([], 1)


async def test_a_day_that_is_made_up_for_is_told_to_nobody(conn: Connection, resources: Resources) -> None:
    user = await player(conn)
    await device(conn, user)
    missed = yesterday(morning()) - timedelta(days=2)
    await scored(conn, user, 50, noon(morning(), missed))
    await conn.execute("insert into recap_work (user_id, summary_date) values (%s, %s)", [user, missed])
    await recaps(resources)
    dates = [row["data"]["summary_date"] for row in await notices(conn)]
    assert dates == [yesterday(morning()).isoformat()]


async def test_nobody_is_told_twice_of_one_recap(conn: Connection, resources: Resources) -> None:
    await device(conn, await player(conn))
    for _ in range(2):
        await recaps(resources)
        await conn.execute("delete from daily_summaries")
        await conn.execute("update recap_channel set planned_at = null")
    assert len(await notices(conn)) == 1
