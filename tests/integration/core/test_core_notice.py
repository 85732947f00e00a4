"""What a platform's SIGTERM does to running work (spec, sections 2 and 10)."""

import signal
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from shared.entrypoint import NOTICE, heed_notice
from shared.resources import Resources
from shared.task import Run, Tick


class Server:
    """A server's own handler."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self.told.append(number)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    before = signal.signal(signal.SIGTERM, made)
    yield made
    signal.signal(signal.SIGTERM, before)


async def test_work_has_little_time_left_once_the_platform_ends_the_process(
    resources: Resources, server: Server
) -> None:
    run = Run("a-task", Tick(), resources, 60.0)
    heed_notice(resources)
    assert run.seconds_left() > NOTICE
    signal.raise_signal(signal.SIGTERM)
    assert run.seconds_left() <= NOTICE
    assert server.told == [signal.SIGTERM]


async def test_a_second_signal_grants_no_more_time(resources: Resources, server: Server) -> None:
    resources.ends_at = soon = time.monotonic() + NOTICE / 2
    heed_notice(resources)
    signal.raise_signal(signal.SIGTERM)
    assert (resources.ends_at, server.told) == (soon, [signal.SIGTERM])


async def test_a_signal_that_no_server_heeds_stays_as_it_is(resources: Resources) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    heed_notice(resources)
    assert signal.signal(signal.SIGTERM, before) is signal.SIG_DFL
