from collections.abc import AsyncIterator

import httpx
import pytest

from infra.local.twins import TelegramConfig, TelegramTwin, TwinClient

PATH = f"/bot{TelegramConfig().token}/sendMessage"


@pytest.fixture
async def twin() -> AsyncIterator[TelegramTwin]:
    async with TelegramTwin() as twin:
        yield twin


@pytest.fixture
async def admin(twin: TelegramTwin) -> AsyncIterator[TwinClient]:
    async with TwinClient(twin.url) as client:
        yield client


async def test_records_continue_after_the_last_number_seen(
    twin: TelegramTwin, admin: TwinClient, http: httpx.AsyncClient
) -> None:
    for chat in (1, 2, 3):
        await http.post(twin.url + PATH, json={"chat_id": chat, "text": "x"})
    assert [record["chat_id"] for record in await admin.records(since=1)] == [2, 3]


async def test_records_come_in_pages(twin: TelegramTwin, http: httpx.AsyncClient) -> None:
    for chat in range(5):
        twin.journal.add(chat_id=chat)
    page = (await http.get(f"{twin.url}/_twin/records?since=1&limit=2")).json()
    assert ([record["n"] for record in page["records"]], page["last"], page["more"]) == ([2, 3], 3, True)


async def test_a_record_has_both_times(twin: TelegramTwin, admin: TwinClient) -> None:
    twin.journal.add()
    record = (await admin.records())[0]
    assert record["wall"] > 1_700_000_000
    assert record["mono"] == pytest.approx(twin.watch.mono(), abs=60)


async def test_stats_count_outcomes_and_show_the_faults_in_force(
    twin: TelegramTwin, admin: TwinClient, http: httpx.AsyncClient
) -> None:
    await http.post(twin.url + PATH, json={"chat_id": 1, "text": "x"})
    await admin.fault("outage", mode="502")
    stats = await admin.stats()
    assert stats["outcomes"] == {"delivered": 1}
    assert stats["faults"] == [{"kind": "outage", "mode": "502"}]


@pytest.mark.parametrize(
    "fault", [{"kind": "gremlins"}, {"kind": "outage", "mode": "418"}, {"kind": "latency", "base": 5}]
)
async def test_a_fault_that_is_not_one_is_refused_with_the_reason(
    twin: TelegramTwin, http: httpx.AsyncClient, fault: dict[str, object]
) -> None:
    response = await http.post(f"{twin.url}/_twin/faults", json=fault)
    assert response.status_code == 422
    assert response.json()[0]["loc"]


async def test_a_form_from_some_web_page_switches_nothing_on(twin: TelegramTwin, http: httpx.AsyncClient) -> None:
    response = await http.post(f"{twin.url}/_twin/faults", content='{"kind":"outage"}')
    assert response.status_code == 415
    assert twin.faults.active() == []


async def test_a_name_that_only_resolves_to_loopback_is_refused(twin: TelegramTwin, http: httpx.AsyncClient) -> None:
    response = await http.get(f"{twin.url}/_twin/records", headers={"host": "evil.example"})
    assert response.status_code == 421


async def test_reset_forgets_records_faults_and_limits(
    twin: TelegramTwin, admin: TwinClient, http: httpx.AsyncClient
) -> None:
    await http.post(twin.url + PATH, json={"chat_id": 1, "text": "x"})
    await admin.fault("outage")
    await admin.reset()
    response = await http.post(twin.url + PATH, json={"chat_id": 1, "text": "x"})
    assert (response.status_code, len(await admin.records())) == (200, 1)


async def test_a_twin_listens_on_loopback_only(twin: TelegramTwin) -> None:
    assert twin._runner is not None
    assert [address[0] for address in twin._runner.addresses] == ["127.0.0.1"]


async def test_the_front_page_says_what_it_is_and_what_can_be_asked_of_it(
    twin: TelegramTwin, http: httpx.AsyncClient
) -> None:
    overview = (await http.get(twin.url)).json()
    assert (overview["twin"], overview["stats"]["total"]) == ("TelegramTwin", 0)
    assert "POST /_twin/faults" in overview["admin"]
