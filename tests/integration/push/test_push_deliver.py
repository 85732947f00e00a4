"""deliver-push: notices to devices, and which devices are believed to be gone (providers' own rules)."""

import asyncio
import io

import pytest

from functions.deliver_push import aftermath
from infra.local.twins.faults import HangAfter, Latency, Outage, Throttle
from infra.local.twins.push import PushTwin
from shared.log import log
from shared.repositories.devices import DeviceData, DeviceRepository
from shared.resources import Resources
from tests import nightshift
from tests.integration.push.notices import become, device, notice, phone, push, sent, statuses, told
from tests.integration.queue.waiting import until
from tests.nightshift import Connection

MOVE = """
with new as (insert into users default values returning id)
update user_devices set user_id = new.id from new
"""
KINDS = ("expo", "registration_token", "installation_id")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_due_notice_reaches_its_device(
    conn: Connection, resources: Resources, twin: PushTwin, kind: str
) -> None:
    its = await phone(conn, kind)
    answer = await push(resources)
    [request] = sent(twin, "expo" if kind == "expo" else "fcm")
    row = await notice(conn, its)
    assert (answer["processed"], row["status"], row["possible_duplicate"]) == (1, "sent", False)
    assert (request["to"], request["titles"], request["outcome"]) == ([its.token], ["Nikita"], "delivered")
    assert row["provider_message_id"]


async def test_notices_through_expo_go_in_requests_of_a_hundred(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    user = await nightshift.user(conn)
    for _ in range(100):
        await phone(conn, user=user)
    await push(resources)
    assert [len(request["to"]) for request in sent(twin, "expo")] == [100]


async def test_google_is_asked_once_for_a_token_that_lasts(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    for _ in range(5):
        await phone(conn, "registration_token")
    await push(resources)
    assert len([r for r in twin.journal.all() if r["channel"] == "google"]) == 1
    assert len(sent(twin, "fcm")) == 5


async def test_what_fcm_took_is_a_sign_of_life_and_what_expo_took_is_none_yet(
    conn: Connection, resources: Resources
) -> None:
    by_fcm, by_expo = await phone(conn, "registration_token"), await phone(conn)
    await push(resources)
    assert (await device(conn, by_fcm))["last_successful_send_at"] is not None
    assert (await device(conn, by_expo))["last_successful_send_at"] is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_device_that_is_not_registered_any_more_is_invalid(
    conn: Connection, resources: Resources, twin: PushTwin, kind: str
) -> None:
    gone, there = await phone(conn, kind), await phone(conn, kind)
    become(twin, "unregistered", gone)
    answer = await push(resources)
    assert await statuses(conn, gone, there) == ["invalid", "active"]
    assert ((await notice(conn, gone))["status"], answer["detail"]["devices_invalid"]) == ("dead_letter", 1)


async def test_an_address_that_fcm_finds_wrong_counts_where_it_has_taken_such_a_message(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    wrong, _ = await phone(conn, "registration_token"), await phone(conn, "registration_token")
    become(twin, "invalid", wrong)
    await push(resources)
    assert await statuses(conn, wrong) == ["invalid"]


async def test_where_fcm_has_taken_none_the_message_may_be_wrong_and_no_device_is_touched(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    wrong, _ = await phone(conn, "registration_token"), await phone(conn)
    become(twin, "invalid", wrong)
    await push(resources)
    assert (await statuses(conn, wrong), (await notice(conn, wrong))["status"]) == (["active"], "dead_letter")


@pytest.mark.parametrize("state", ["mismatch", "credentials"])
@pytest.mark.parametrize("channel", ["expo", "fcm"])
async def test_a_fault_of_ours_is_told_and_touches_no_device(
    conn: Connection, resources: Resources, twin: PushTwin, state: str, channel: str
) -> None:
    kind = "expo" if channel == "expo" else "registration_token"
    its = await phone(conn, kind)
    become(twin, state, its)
    await push(resources)
    row = await notice(conn, its)
    assert (await statuses(conn, its), row["status"]) == (["active"], "pending")
    assert await told(conn) == {f"push:{channel}"}


async def test_once_it_works_again_that_is_told_too(conn: Connection, resources: Resources, twin: PushTwin) -> None:
    become(twin, "mismatch", await phone(conn, "registration_token"))
    await push(resources)
    twin.clear_faults()
    await phone(conn, "registration_token")
    await push(resources)
    assert await told(conn) == set()


@pytest.mark.parametrize("wrong", ["{}", "", '{"client_email": "a", "private_key": "no key"}'])
async def test_an_account_that_is_none_is_a_fault_of_ours(
    conn: Connection, resources: Resources, twin: PushTwin, wrong: str
) -> None:
    given = resources.settings.model_dump() | {"fcm_service_account": wrong}
    other = Resources(type(resources.settings).model_validate(given))
    its = await phone(conn, "registration_token")
    await push(other)
    await other.close()
    assert ((await notice(conn, its))["status"], await told(conn)) == ("pending", {"push:fcm"})


@pytest.mark.parametrize("kind", ["expo", "registration_token"])
async def test_a_provider_that_asks_to_wait_is_obeyed_and_no_attempt_is_counted(
    conn: Connection, resources: Resources, twin: PushTwin, kind: str
) -> None:
    its = await phone(conn, kind)
    twin.apply(Throttle(times=1, retry_after=90))
    await push(resources)
    row = await notice(conn, its)
    assert (row["status"], row["attempts"]) == ("pending", 0)
    assert 85 < (row["next_retry_at"] - row["updated_at"]).total_seconds() <= 90


@pytest.mark.parametrize("kind", ["expo", "registration_token"])
async def test_an_outage_costs_no_attempt(conn: Connection, resources: Resources, twin: PushTwin, kind: str) -> None:
    its = await phone(conn, kind)
    twin.apply(Outage(mode="503"))
    await push(resources)
    row = await notice(conn, its)
    assert (row["status"], row["attempts"], await statuses(conn, its)) == ("pending", 0, ["active"])


@pytest.mark.parametrize("kind", ["expo", "registration_token"])
async def test_a_send_without_an_answer_is_repeated_once_and_marked(
    conn: Connection, resources: Resources, twin: PushTwin, kind: str
) -> None:
    its = await phone(conn, kind)
    twin.apply(HangAfter())
    await push(resources)
    await conn.execute("update push_queue set next_retry_at = now()")
    await push(resources)
    row = await notice(conn, its)
    assert (row["status"], row["possible_duplicate"]) == ("sent", True)


async def test_a_notice_that_expo_finds_wrong_does_not_hold_up_the_others(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    phones = [await phone(conn) for _ in range(5)]
    await conn.execute("update user_devices set push_token = 'no token of Expo' where id = %s", [phones[2].device])
    await push(resources)
    rows = [(await notice(conn, each))["status"] for each in phones]
    assert rows == ["sent", "sent", "dead_letter", "sent", "sent"]
    assert await statuses(conn, *phones) == ["active"] * 5


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("update user_devices set status = 'invalid'", "the device is invalid"),
        ("update user_devices set status = 'inactive'", "the device is inactive"),
        (MOVE, "the device is somebody else's by now"),
        ("update push_queue set created_at = now() - interval '25 hours'", "nobody wants to be told any more"),
    ],
    ids=["invalid", "inactive", "moved", "old"],
)
async def test_what_should_not_go_out_any_more_does_not(
    conn: Connection, resources: Resources, twin: PushTwin, change: str, why: str
) -> None:
    its = await phone(conn)
    await conn.execute(change.encode())
    await push(resources)
    row = await notice(conn, its)
    assert (row["status"], row["last_error"].startswith(why), sent(twin, "expo")) == ("suppressed", True, [])


@pytest.mark.parametrize(
    ("kind", "state"),
    [("expo", "unregistered"), ("registration_token", "unregistered"), ("registration_token", "registered")],
)
async def test_a_token_that_moves_while_a_send_is_under_way_stays_its_new_users(
    conn: Connection, resources: Resources, twin: PushTwin, kind: str, state: str
) -> None:
    its = await phone(conn, kind)
    other = await nightshift.user(conn)
    become(twin, state, its)
    twin.apply(Latency(base_ms=700))

    async def moves() -> None:
        async def asked() -> bool:
            return bool(sent(twin, "expo" if kind == "expo" else "fcm"))

        await until(asked)
        data = DeviceData(platform="android", address_kind=kind, push_token=its.token)  # type: ignore[arg-type]
        await DeviceRepository(resources.db).register(other, data)

    await asyncio.gather(push(resources), moves())
    row = await device(conn, its)
    assert (row["user_id"], row["status"], row["last_successful_send_at"]) == (other, "active", None)


async def test_where_most_devices_look_gone_none_is_believed_and_somebody_is_told(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    gone = [await phone(conn, "registration_token") for _ in range(aftermath.BRAKE_FROM)]
    there = [await phone(conn, "registration_token") for _ in range(aftermath.BRAKE_FROM - 1)]
    become(twin, "unregistered", *gone)
    answer = await push(resources)
    assert set(await statuses(conn, *gone, *there)) == {"active"}
    assert (answer["detail"]["devices_doubted"], await told(conn)) == (aftermath.BRAKE_FROM, {"push-brake:fcm"})


async def test_a_provider_that_takes_most_notices_again_is_believed_again(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    gone = [await phone(conn, "registration_token") for _ in range(aftermath.BRAKE_FROM)]
    become(twin, "unregistered", *gone)
    await push(resources)
    await phone(conn, "registration_token")
    await push(resources)
    assert await told(conn) == set()


async def test_where_no_more_than_half_look_gone_they_are_believed(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    gone = [await phone(conn, "registration_token") for _ in range(aftermath.BRAKE_FROM)]
    there = [await phone(conn, "registration_token") for _ in range(aftermath.BRAKE_FROM)]
    become(twin, "unregistered", *gone)
    await push(resources)
    assert set(await statuses(conn, *gone)) == {"invalid"}
    assert set(await statuses(conn, *there)) == {"active"}


async def test_a_few_are_believed_though_they_are_all(conn: Connection, resources: Resources, twin: PushTwin) -> None:
    gone = [await phone(conn, "registration_token") for _ in range(aftermath.BRAKE_FROM - 1)]
    become(twin, "unregistered", *gone)
    await push(resources)
    assert set(await statuses(conn, *gone)) == {"invalid"}


async def test_what_one_provider_says_is_not_held_against_the_other(
    conn: Connection, resources: Resources, twin: PushTwin
) -> None:
    doubted = [await phone(conn, "registration_token") for _ in range(aftermath.BRAKE_FROM)]
    gone = await phone(conn)
    become(twin, "unregistered", gone, *doubted)
    await push(resources)
    assert (await statuses(conn, gone), set(await statuses(conn, *doubted))) == (["invalid"], {"active"})


async def test_no_token_and_no_text_is_in_the_log(
    conn: Connection, resources: Resources, twin: PushTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(log, "stream", written)
    monkeypatch.setattr(log, "threshold", "DEBUG")
    phones = [await phone(conn, kind) for kind in KINDS]
    become(twin, "unregistered", *phones)
    await push(resources)
    rows = await (await conn.execute("select last_error, history::text from push_queue")).fetchall()
    everything = written.getvalue() + "".join(f"{row['last_error']}{row['history']}" for row in rows)
    assert not [each for each in phones if each.token in everything]
    assert "Nikita" not in everything
