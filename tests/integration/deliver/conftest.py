import time
from collections.abc import AsyncIterator

import pytest

from infra.local.twins import TelegramConfig, TelegramTwin
from infra.local.twins.telegram import TOKEN
from shared.resources import Resources
from tests import nightshift


class Clock:
    """Telegram's clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class Telegram(TelegramTwin):
    """The twin, with a minute to skip where a test has several passes over one chat."""

    def __init__(self) -> None:
        self.time = Clock()
        # Half of the real window for one chat: on a busy machine a message arrives later than its permit was for.
        super().__init__(config=TelegramConfig(token=TOKEN, per_chat=(1, 0.5)), clock=self.time)

    def skip_a_minute(self) -> None:
        self.time.ahead += 61


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as twin:
        yield twin


@pytest.fixture
async def resources(database_url: str, telegram: Telegram) -> AsyncIterator[Resources]:
    made = Resources(
        nightshift.settings(
            database_url, telegram_api_base=telegram.url, telegram_bot_token=TOKEN, telegram_timeout="300ms"
        )
    )
    yield made
    await made.close()
