from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from infra.local.twins import TelegramConfig, TelegramTwin
from infra.local.twins.telegram import ChatState
from tests.integration.twins.conftest import FakeClock

TOKEN = TelegramConfig().token


@pytest.fixture
async def twin(clock: FakeClock) -> AsyncIterator[TelegramTwin]:
    async with TelegramTwin(clock=clock) as twin:
        yield twin


class Bot:
    """What any client does, without any client's opinions."""

    def __init__(self, http: httpx.AsyncClient, twin: TelegramTwin) -> None:
        self._http = http
        self._base = twin.url

    async def send(self, chat: Any, text: str = "hello", **more: Any) -> httpx.Response:
        return await self.call("sendMessage", {"chat_id": chat, "text": text, **more})

    async def call(self, method: str, arguments: dict[str, Any], token: str = TOKEN) -> httpx.Response:
        return await self._http.post(f"{self._base}/bot{token}/{method}", json=arguments)


@pytest.fixture
def bot(http: httpx.AsyncClient, twin: TelegramTwin) -> Bot:
    return Bot(http, twin)


async def test_a_message_is_delivered_and_comes_back_as_telegram_shows_it(bot: Bot) -> None:
    answer = (await bot.send(42, "good morning")).json()
    message = answer["result"]
    assert answer["ok"] is True
    assert (message["message_id"], message["chat"]["id"], message["text"]) == (1, 42, "good morning")
    assert message["chat"]["type"] == "private"


async def test_a_form_is_understood_like_json(twin: TelegramTwin, http: httpx.AsyncClient) -> None:
    url = f"{twin.url}/bot{TOKEN}/sendMessage"
    assert (await http.post(url, data={"chat_id": "42", "text": "hi"})).json()["result"]["chat"]["id"] == 42


async def test_get_me_names_the_bot_of_the_token(bot: Bot) -> None:
    assert (await bot.call("getMe", {})).json()["result"]["id"] == int(TOKEN.split(":")[0])


async def test_a_wrong_token_is_unauthorized(bot: Bot) -> None:
    response = await bot.call("sendMessage", {"chat_id": 1, "text": "x"}, token="1:wrong")
    assert (response.status_code, response.json()["error_code"]) == (401, 401)


@pytest.mark.parametrize(
    ("chat", "text", "words"),
    [
        ("", "hi", "chat_id is empty"),
        (1, "  \n", "message text is empty"),
        (1, "x" * 4097, "message is too long"),
    ],
)
async def test_arguments_that_telegram_refuses_are_refused(bot: Bot, chat: Any, text: str, words: str) -> None:
    response = await bot.send(chat, text)
    assert (response.status_code, response.json()["description"]) == (400, f"Bad Request: {words}")


async def test_4096_characters_outside_the_basic_plane_fit(bot: Bot) -> None:
    assert (await bot.send(1, "🌙" * 4096)).status_code == 200


async def test_html_tags_do_not_count_as_characters(bot: Bot) -> None:
    assert (await bot.send(1, "<b>" + "x" * 4096 + "</b>", parse_mode="HTML")).status_code == 200


async def test_a_second_message_to_one_chat_within_a_second_gets_429_with_retry_after(
    bot: Bot, clock: FakeClock
) -> None:
    await bot.send(42)
    clock.advance(0.999)
    refused = await bot.send(42)
    assert refused.status_code == 429
    assert refused.json()["parameters"] == {"retry_after": 1}


async def test_a_second_message_to_one_chat_after_a_second_is_delivered(bot: Bot, clock: FakeClock) -> None:
    await bot.send(42)
    clock.advance(1.0)
    assert (await bot.send(42)).status_code == 200


async def test_the_thirty_first_message_within_a_second_gets_429_whatever_its_chat(bot: Bot) -> None:
    codes = [(await bot.send(chat)).status_code for chat in range(1, 32)]
    assert codes == [200] * 30 + [429]


async def test_a_group_gets_twenty_messages_a_minute(bot: Bot, clock: FakeClock) -> None:
    for _ in range(20):
        assert (await bot.send(-7)).status_code == 200
        clock.advance(1.0)
    assert (await bot.send(-7)).json()["parameters"] == {"retry_after": 40}
    clock.advance(40)
    assert (await bot.send(-7)).status_code == 200


async def test_a_refused_message_does_not_count_against_the_limit(bot: Bot, clock: FakeClock) -> None:
    await bot.send(42)
    clock.advance(0.5)
    await bot.send(42)
    clock.advance(0.5)
    assert (await bot.send(42)).status_code == 200


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        ("blocked", 403, "Forbidden: bot was blocked by the user"),
        ("deactivated", 403, "Forbidden: user is deactivated"),
        ("not_found", 400, "Bad Request: chat not found"),
    ],
)
async def test_a_chat_that_is_gone_is_refused_for_good(
    bot: Bot, twin: TelegramTwin, state: Any, code: int, words: str
) -> None:
    twin.apply(ChatState(state=state, only=(42,)))
    response = await bot.send(42)
    assert (response.status_code, response.json()["description"]) == (code, words)
    assert (await bot.send(43)).status_code == 200


async def test_a_migrated_group_names_its_new_id_and_the_new_id_works(bot: Bot, twin: TelegramTwin) -> None:
    twin.apply(ChatState(state="migrated", only=(-5,), migrate_to=-1_001_234_567_890))
    refused = (await bot.send(-5)).json()
    assert refused["error_code"] == 400
    assert (await bot.send(refused["parameters"]["migrate_to_chat_id"])).status_code == 200


async def test_a_state_is_over_when_the_chat_is_open_again(bot: Bot, twin: TelegramTwin) -> None:
    twin.apply(ChatState(state="blocked", only=(42,)))
    twin.apply(ChatState(state="open", only=(42,)))
    assert (await bot.send(42)).status_code == 200


async def test_records_stand_in_order_of_arrival_with_their_outcomes(bot: Bot, twin: TelegramTwin) -> None:
    await bot.send(1, "a")
    await bot.send(1, "b")
    await bot.send(2, "c")
    seen = [(r["n"], r["chat_id"], r["text"], r["outcome"], r["answered"]) for r in twin.journal.all()]
    assert seen == [
        (1, 1, "a", "delivered", True),
        (2, 1, "b", "throttled", True),
        (3, 2, "c", "delivered", True),
    ]


async def test_stats_count_a_text_that_a_chat_got_twice(bot: Bot, twin: TelegramTwin, clock: FakeClock) -> None:
    await bot.send(1, "once")
    clock.advance(1)
    await bot.send(1, "once")
    assert (twin.stats()["delivered"], twin.stats()["repeated"]) == (2, 1)


async def test_stats_name_the_most_that_any_second_held(bot: Bot, twin: TelegramTwin, clock: FakeClock) -> None:
    for chat in (1, 2, 3):
        await bot.send(chat)
        clock.advance(0.4)
    await bot.send(1)
    assert twin.stats()["peak"] == {"overall": 3, "one_chat": 1}


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[1]", b"null", b'{"chat_id": {}}'])
async def test_a_body_that_is_no_arguments_is_refused(twin: TelegramTwin, http: httpx.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = await http.post(f"{twin.url}/bot{TOKEN}/sendMessage", content=body, headers=headers)
    assert response.json()["error_code"] == 400
