from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.twins.claude import KEY, ClaudeConfig, ClaudeTwin
from shared.resources import Resources
from tests import nightshift


@pytest.fixture
async def claude() -> AsyncIterator[ClaudeTwin]:
    async with ClaudeTwin(config=ClaudeConfig(batch_seconds=0.0)) as twin:
        yield twin


def told(twin: ClaudeTwin, **changes: Any) -> dict[str, Any]:
    """The settings that lead to the twin."""
    return {"anthropic_base_url": twin.url, "anthropic_api_key": KEY, "claude_timeout": "500ms", **changes}


@pytest.fixture
async def resources(database_url: str, claude: ClaudeTwin) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, **told(claude)))
    yield made
    await made.close()
