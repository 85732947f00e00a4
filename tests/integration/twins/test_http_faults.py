from collections.abc import AsyncIterator

import httpx
import pytest

from infra.local.twins import TelegramConfig, TelegramTwin, TwinClient
from tests.integration.twins.conftest import FakeClock

PATH = f"/bot{TelegramConfig().token}/sendMessage"
PATIENCE = 0.2  # seconds until a client gives up that expects no answer


@pytest.fixture
async def twin(clock: FakeClock) -> AsyncIterator[TelegramTwin]:
    async with TelegramTwin(clock=clock) as twin:
        yield twin


@pytest.fixture
async def admin(twin: TelegramTwin) -> AsyncIterator[TwinClient]:
    async with TwinClient(twin.url) as client:
        yield client


async def send(twin: TelegramTwin, chat: int = 1, patience: float = 30) -> httpx.Response:
    limit = httpx.Timeout(30, read=patience)
    async with httpx.AsyncClient(base_url=twin.url, timeout=limit, trust_env=False) as http:
        return await http.post(PATH, json={"chat_id": chat, "text": "hello"})


def last(twin: TelegramTwin) -> tuple[str, bool]:
    record = twin.journal.all()[-1]
    return record["outcome"], record["answered"]


@pytest.mark.parametrize("mode", ["502", "503"])
async def test_an_outage_answers_its_status_and_delivers_nothing(
    twin: TelegramTwin, admin: TwinClient, mode: str
) -> None:
    await admin.fault("outage", mode=mode)
    assert (await send(twin)).status_code == int(mode)
    assert last(twin) == ("outage", True)


async def test_an_outage_can_be_silence(twin: TelegramTwin, admin: TwinClient) -> None:
    await admin.fault("outage", mode="hang")
    with pytest.raises(httpx.ReadTimeout):
        await send(twin, patience=PATIENCE)
    assert last(twin) == ("outage", False)


async def test_an_outage_can_be_a_closed_connection(twin: TelegramTwin, admin: TwinClient) -> None:
    await admin.fault("outage", mode="drop")
    with pytest.raises(httpx.RemoteProtocolError):
        await send(twin)
    assert last(twin) == ("outage", False)


async def test_an_outage_ends_after_its_seconds(twin: TelegramTwin, admin: TwinClient, clock: FakeClock) -> None:
    await admin.fault("outage", seconds=30)
    clock.advance(29)
    assert (await send(twin)).status_code == 503
    clock.advance(1)
    assert (await send(twin)).status_code == 200


async def test_an_outage_without_seconds_lasts_until_it_is_cleared(
    twin: TelegramTwin, admin: TwinClient, clock: FakeClock
) -> None:
    await admin.fault("outage")
    clock.advance(86_400)
    assert (await send(twin)).status_code == 503
    await admin.clear("outage")
    assert (await send(twin)).status_code == 200


async def test_a_dropped_answer_is_of_a_message_that_was_delivered(twin: TelegramTwin, admin: TwinClient) -> None:
    await admin.fault("drop_after")
    with pytest.raises(httpx.RemoteProtocolError):
        await send(twin)
    assert last(twin) == ("delivered", False)


async def test_drop_after_hits_only_as_many_requests_as_it_says(twin: TelegramTwin, admin: TwinClient) -> None:
    await admin.fault("drop_after", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await send(twin, 1)
    assert (await send(twin, 2)).status_code == 200


async def test_drop_after_for_named_chats_hits_each_of_them_once(
    twin: TelegramTwin, admin: TwinClient, clock: FakeClock
) -> None:
    await admin.fault("drop_after", only=[7, 8])
    assert (await send(twin, 1)).status_code == 200
    for chat in (7, 8):
        with pytest.raises(httpx.RemoteProtocolError):
            await send(twin, chat)
    clock.advance(1)
    assert [(await send(twin, chat)).status_code for chat in (7, 8)] == [200, 200]


async def test_hang_after_delivers_and_never_answers(twin: TelegramTwin, admin: TwinClient) -> None:
    await admin.fault("hang_after")
    with pytest.raises(httpx.ReadTimeout):
        await send(twin, patience=PATIENCE)
    assert last(twin) == ("delivered", False)


async def test_latency_delays_the_answer(twin: TelegramTwin, admin: TwinClient) -> None:
    await admin.fault("latency", base_ms=30)
    assert (await send(twin)).elapsed.total_seconds() >= 0.03


async def test_a_client_that_leaves_during_latency_left_a_delivered_message(
    twin: TelegramTwin, admin: TwinClient
) -> None:
    await admin.fault("latency", base_ms=60_000)
    with pytest.raises(httpx.ReadTimeout):
        await send(twin, patience=PATIENCE)
    assert last(twin) == ("delivered", False)


async def test_throttle_names_the_seconds_that_are_left_of_it(
    twin: TelegramTwin, admin: TwinClient, clock: FakeClock
) -> None:
    await admin.fault("throttle", seconds=20)
    clock.advance(5)
    assert (await send(twin)).json()["parameters"] == {"retry_after": 15}
    clock.advance(15)
    assert (await send(twin)).status_code == 200


async def test_throttle_can_concern_one_chat(twin: TelegramTwin, admin: TwinClient) -> None:
    await admin.fault("throttle", only=[7], retry_after=3)
    assert (await send(twin, 7)).json()["parameters"] == {"retry_after": 3}
    assert (await send(twin, 8)).status_code == 200


@pytest.mark.parametrize(("accept", "outcome"), [(False, "malformed"), (True, "delivered")])
async def test_a_malformed_answer_is_a_page_with_status_200(
    twin: TelegramTwin, admin: TwinClient, outcome: str, *, accept: bool
) -> None:
    await admin.fault("malformed", accept=accept)
    answer = await send(twin)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert last(twin)[0] == outcome
