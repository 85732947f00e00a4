from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from infra.local.twins import TelegramConfig, TelegramTwin
from infra.local.twins.telegram import TOKEN
from shared import traces
from shared.resources import Resources
from tests import nightshift
from tests.integration.traces.collector import Collector, listening

Made = Callable[..., Resources]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with listening() as running:
        yield running


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramTwin]:
    async with TelegramTwin(config=TelegramConfig(token=TOKEN)) as twin:
        yield twin


@pytest.fixture
async def made(database_url: str, telegram: TelegramTwin, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Made]:
    """Resources of a process that traces as the settings say; afterwards nobody traces."""
    monkeypatch.setattr(traces, "_tracing", None)
    async with AsyncExitStack() as stack:

        def make(**overrides: Any) -> Resources:
            settings = {"telegram_api_base": telegram.url, "telegram_bot_token": TOKEN} | overrides
            resources = Resources(nightshift.settings(database_url, **settings))
            stack.push_async_callback(resources.close)
            return resources

        yield make


@pytest.fixture
def traced(made: Made, collector: Collector) -> Resources:
    """Resources of a process whose traces the collector takes."""
    return made(otel_exporter_otlp_endpoint=collector.url)
