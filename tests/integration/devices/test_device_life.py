"""What becomes of devices that nobody hears of (spec, section 7)."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from functions.cleanup_stale.main import cleanup_stale
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection

ADD = """
insert into user_devices (
    user_id, platform, address_kind, push_token, status, status_since, last_seen_at, last_successful_send_at,
    created_at)
values (%(user)s, %(platform)s, 'expo', gen_random_uuid()::text, %(status)s, now() - %(since)s::interval,
    now() - %(seen)s::interval, now() - %(sent)s::interval, now() - interval '2 years')
returning id
"""
SIGN = "greatest(last_seen_at, last_successful_send_at)"
ALMOST, OVER = "- 1 minute", "+ 1 minute"


async def device(
    conn: Connection,
    user: UUID,
    *,
    platform: str = "ios",
    status: str = "active",
    since: str = "0 days",
    seen: str = "0 days",
    sent: str | None = None,
) -> UUID:
    """A device whose times lie so far back."""
    values = {"user": user, "platform": platform, "status": status, "since": since, "seen": seen, "sent": sent}
    row = await (await conn.execute(ADD, values)).fetchone() or {}
    return UUID(str(row["id"]))


async def statuses(conn: Connection) -> list[str]:
    rows = await (await conn.execute("select status from user_devices order by id")).fetchall()
    return [row["status"] for row in rows]


async def clean(conn: Connection) -> tuple[int, int, int]:
    row = await (await conn.execute("select * from cleanup_inactive_devices()")).fetchone() or {}
    return row["made_inactive"], row["invalid_deleted"], row["inactive_deleted"]


@pytest.mark.parametrize(("age", "left"), [(ALMOST, ["invalid"]), (OVER, [])], ids=["until then", "after"])
async def test_an_invalid_device_is_kept_for_90_days(conn: Connection, age: str, left: list[str]) -> None:
    await device(conn, await nightshift.user(conn), status="invalid", since=f"90 days {age}")
    assert await clean(conn) == (0, 1 - len(left), 0)
    assert await statuses(conn) == left


@pytest.mark.parametrize(
    ("age", "left"), [(ALMOST, ["inactive", "active"]), (OVER, ["active"])], ids=["until then", "after"]
)
async def test_an_inactive_device_beside_an_active_one_is_kept_for_180_days(
    conn: Connection, age: str, left: list[str]
) -> None:
    user = await nightshift.user(conn)
    await device(conn, user, status="inactive", since=f"180 days {age}")
    await device(conn, user)
    assert await clean(conn) == (0, 0, 2 - len(left))
    assert await statuses(conn) == left


@pytest.mark.parametrize("other", ["nothing", "another platform", "another user", "inactive", "invalid", "silent"])
async def test_an_inactive_device_stays_where_its_user_has_no_active_one_on_its_platform(
    conn: Connection, other: str
) -> None:
    user = await nightshift.user(conn)
    kept = await device(conn, user, status="inactive", since="3 years")
    match other:
        case "another platform":
            await device(conn, user, platform="android")
        case "another user":
            await device(conn, await nightshift.user(conn))
        case "inactive" | "invalid":
            await device(conn, user, status=other)
        case "silent":  # rests before it could keep the other one from staying
            await device(conn, user, seen="271 days")
    await clean(conn)
    assert (await nightshift.row(conn, "user_devices", kept))["status"] == "inactive"


@pytest.mark.parametrize(
    ("signs", "status"),
    [
        ({"seen": f"270 days {ALMOST}"}, "active"),
        ({"seen": f"270 days {OVER}"}, "inactive"),
        ({"seen": "1 year", "sent": f"270 days {ALMOST}"}, "active"),
        ({"seen": "1 year", "sent": f"270 days {OVER}"}, "inactive"),
        ({"seen": f"270 days {ALMOST}", "sent": "1 year"}, "active"),
    ],
    ids=["seen until then", "seen before", "sent until then", "sent before", "seen after it was sent to"],
)
async def test_a_device_without_a_sign_of_life_for_270_days_rests(
    conn: Connection, signs: dict[str, str], status: str
) -> None:
    identifier = await device(conn, await nightshift.user(conn), **signs)
    assert await clean(conn) == (int(status == "inactive"), 0, 0)
    row = await nightshift.row(conn, "user_devices", identifier)
    assert row["status"] == status
    assert (row["status_since"] > row["created_at"]) is True


async def test_the_nightly_sweep_counts_each_kind(conn: Connection, database_url: str) -> None:
    user = await nightshift.user(conn)
    await device(conn, user, seen="271 days")
    for _ in range(2):
        await device(conn, user, status="invalid", since="91 days")
    await device(conn, user)
    for _ in range(3):
        await device(conn, user, status="inactive", since="181 days")
    resources = Resources(nightshift.settings(database_url))
    answer = nightshift.content(await nightshift.post(cleanup_stale, resources))
    await resources.close()
    counted = {name: n for name, n in answer["detail"].items() if "devices" in name}
    assert counted == {"silent_devices_rested": 1, "invalid_devices_deleted": 2, "inactive_devices_deleted": 3}


async def test_what_somebody_registers_again_at_that_moment_is_not_deleted(conn: Connection, database_url: str) -> None:
    await device(conn, await nightshift.user(conn), status="invalid", since="91 days")
    async with await psycopg.AsyncConnection.connect(database_url) as app:
        await app.execute("update user_devices set status = 'active', status_since = now()")
        assert await clean(conn) == (0, 0, 0)
    assert await statuses(conn) == ["active"]


@pytest.mark.parametrize("rule", ["rest_silent_devices", "delete_invalid_devices", "delete_inactive_devices"])
async def test_a_rule_takes_a_page_of_the_oldest(conn: Connection, rule: str) -> None:
    user = await nightshift.user(conn)
    await device(conn, user)
    settings: dict[str, Any] = {
        "rest_silent_devices": {"seen": "{} days"},
        "delete_invalid_devices": {"status": "invalid", "since": "{} days"},
        "delete_inactive_devices": {"status": "inactive", "since": "{} days"},
    }[rule]
    days = (300, 302, 301)
    made = [await device(conn, user, **{k: v.format(d) for k, v in settings.items()}) for d in days]
    row = await (await conn.execute(f"select nightshift.{rule}(2) as n")).fetchone() or {}
    left = [await nightshift.row(conn, "user_devices", each) for each in made]
    touched = [each for each in left if not each or (rule.startswith("rest") and each["status"] == "inactive")]
    assert row["n"] == len(touched) == 2
    assert left[0] not in touched


async def test_an_invalid_device_gets_no_more(conn: Connection) -> None:
    identifier = await device(conn, await nightshift.user(conn), seen="1 minute")
    told = await (await conn.execute("select mark_device_invalid(%s) as marked", [identifier])).fetchone() or {}
    again = await (await conn.execute("select mark_device_invalid(%s) as marked", [identifier])).fetchone() or {}
    assert (told["marked"], again["marked"]) == (True, False)
    assert await statuses(conn) == ["invalid"]


async def test_an_app_that_has_registered_since_the_message_went_out_knows_better(conn: Connection) -> None:
    identifier = await device(conn, await nightshift.user(conn), seen="1 minute")
    statement = "select mark_device_invalid(%s, now() - interval '61 seconds') as marked"
    assert (await (await conn.execute(statement, [identifier])).fetchone() or {})["marked"] is False
    assert await statuses(conn) == ["active"]


async def test_a_send_that_succeeded_is_noted_and_an_older_one_does_not_undo_it(conn: Connection) -> None:
    identifier = await device(conn, await nightshift.user(conn))
    noted = "select update_device_last_successful_send(%s, now() - %s::interval) as noted"
    for ago in ("1 hour", "2 hours"):
        assert (await (await conn.execute(noted, [identifier, ago])).fetchone() or {})["noted"] is True
    cursor = await conn.execute(
        "select now() - last_successful_send_at < interval '61 minutes' as kept from user_devices"
    )
    assert (await cursor.fetchone() or {})["kept"] is True


async def test_a_send_to_the_owner_before_is_no_sign_of_the_next_ones_life(conn: Connection) -> None:
    identifier = await device(conn, await nightshift.user(conn))
    await conn.execute("update user_devices set created_at = now()")
    noted = "select update_device_last_successful_send(%s, now() - interval '1 second') as noted"
    assert (await (await conn.execute(noted, [identifier])).fetchone() or {})["noted"] is False
    assert (await nightshift.row(conn, "user_devices", identifier))["last_successful_send_at"] is None


@pytest.mark.parametrize(
    "statement",
    [
        "update user_devices set platform = 'windows'",
        "update user_devices set address_kind = 'apns'",
        "update user_devices set status = 'asleep'",
        "update user_devices set push_token = ''",
        "update user_devices set push_token = repeat('x', 2049)",
        "update user_devices set app_version = ''",
    ],
)
async def test_values_outside_the_rules_are_refused(conn: Connection, statement: str) -> None:
    await device(conn, await nightshift.user(conn))
    with pytest.raises(psycopg.errors.CheckViolation):
        await conn.execute(statement)


async def test_the_sweeps_find_their_rows_by_index(conn: Connection) -> None:
    plans = {
        "user_devices_signs": ("active", SIGN),
        "user_devices_invalid": ("invalid", "status_since"),
        "user_devices_inactive": ("inactive", "status_since"),
    }
    async with conn.transaction():
        await conn.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        for index, (status, moment) in plans.items():
            query = (
                f"explain select id from user_devices where status = '{status}' and {moment} < now() order by {moment}"  # noqa: S608
            )
            rows = await (await conn.execute(query)).fetchall()
            plan = "\n".join(row["QUERY PLAN"] for row in rows)
            assert index in plan
            assert "Sort" not in plan
