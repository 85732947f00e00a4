"""Devices, notices for them, and runs that push these."""

from typing import Any
from uuid import UUID, uuid4

from functions.deliver_push.main import deliver_push
from infra.local.twins.push import DeviceState, PushTwin
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection


class Phone:
    """A device, and a notice that waits for it."""

    def __init__(self, user: UUID, device: UUID, token: str, notice: UUID) -> None:
        self.user, self.device, self.token, self.notice = user, device, token, notice


async def phone(
    conn: Connection, kind: str = "expo", *, user: UUID | None = None, seen: str = "1 minute", age: str = "0 seconds"
) -> Phone:
    user = user or await nightshift.user(conn)
    token = f"ExponentPushToken[{uuid4().hex}]" if kind == "expo" else uuid4().hex
    cursor = await conn.execute(
        "insert into user_devices (user_id, platform, address_kind, push_token, last_seen_at, created_at) "
        "values (%(user)s, 'android', %(kind)s, %(token)s, now() - %(seen)s::interval, now() - %(seen)s::interval) "
        "returning id",
        {"user": user, "kind": kind, "token": token, "seen": seen},
    )
    device = UUID(str((await cursor.fetchone() or {})["id"]))
    cursor = await conn.execute(
        "insert into push_queue (user_id, device_id, title, body, data, created_at) "
        """values (%s, %s, 'Nikita', 'Hello', '{"kind": "test", "n": 1}', now() - %s::interval) returning id""",
        [user, device, age],
    )
    return Phone(user, device, token, UUID(str((await cursor.fetchone() or {})["id"])))


async def push(resources: Resources) -> Any:
    """One run; its answer."""
    return nightshift.content(await nightshift.post(deliver_push, resources))


def become(twin: PushTwin, state: str, *phones: Phone, late: bool = False) -> None:
    """What the providers know of these devices."""
    tokens = tuple(phone.token for phone in phones)
    twin.apply(DeviceState.model_validate({"state": state, "only": tokens, "late": late}))


def sent(twin: PushTwin, channel: str) -> list[Any]:
    """The requests with messages that a provider got."""
    return [record for record in twin.journal.all() if record["channel"] == channel and record["to"]]


async def notice(conn: Connection, phone: Phone) -> dict[str, Any]:
    return await nightshift.row(conn, "push_queue", phone.notice)


async def device(conn: Connection, phone: Phone) -> dict[str, Any]:
    return await nightshift.row(conn, "user_devices", phone.device)


async def statuses(conn: Connection, *phones: Phone) -> list[str]:
    return [(await device(conn, phone))["status"] for phone in phones]


async def told(conn: Connection) -> set[str]:
    """The causes that an operator was told of."""
    rows = await (await conn.execute("select cause from alert_states where resolved_at is null")).fetchall()
    return {row["cause"] for row in rows}
