"""A time by which an answer is certain."""

import asyncio

import pytest

from functions.stripe_webhook.budget import within


async def test_work_that_ends_in_time_gives_its_result() -> None:
    assert await within(1.0, asyncio.sleep(0, "done")) == "done"


async def test_work_that_fails_raises_its_own_error() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await within(1.0, fail())


async def test_work_that_takes_too_long_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(TimeoutError):
        await within(0.01, hang())
    assert cancelled.is_set()


async def test_work_that_does_not_let_itself_be_cancelled_is_left_behind() -> None:
    release = asyncio.Event()

    async def cling() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()
            raise LookupError("too late for anybody") from None

    with pytest.raises(TimeoutError):
        await within(0.01, cling())
    release.set()
    await asyncio.sleep(0)
