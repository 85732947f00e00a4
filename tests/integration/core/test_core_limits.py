"""The rate limiter, the same in Redis and in PostgreSQL (spec, section 10)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from shared import limits
from shared.db import Database
from shared.limits import Limiter, Permit, PostgresLimiter, RedisLimiter
from tests.integration.core.spans import NEAR, SPAN, near

FOREVER = 1e6  # seconds of patience
CLAIMERS = 20


@pytest.fixture(params=["redis", "postgresql"])
async def limiter(request: pytest.FixtureRequest, db: Database, redis_url: str) -> AsyncIterator[Limiter]:
    made: Limiter = RedisLimiter(redis_url) if request.param == "redis" else PostgresLimiter(db)
    yield made
    await made.close()


async def test_as_many_as_permitted_go_at_once_and_the_next_one_waits_for_the_window(limiter: Limiter) -> None:
    waits = await limiter.reserve([[Permit("k", 3, SPAN)]] * 4)
    assert waits[:3] == [0, 0, 0]
    assert waits[3] == near(SPAN)


async def test_what_is_beyond_the_patience_is_not_taken(limiter: Limiter) -> None:
    permit = [Permit("k", 1, SPAN)]
    await limiter.reserve([permit])
    assert await limiter.reserve([permit, permit], patience=SPAN / 2) == [near(SPAN), near(SPAN)]
    assert await limiter.reserve([permit], patience=SPAN) == [near(SPAN)]


async def test_what_is_within_the_patience_is_taken_for_that_moment(limiter: Limiter) -> None:
    waits = await limiter.reserve([[Permit("k", 2, SPAN)]] * 6, patience=FOREVER)
    assert waits == [0, 0, near(SPAN), near(SPAN), near(2 * SPAN), near(2 * SPAN)]


async def test_a_row_takes_all_its_permits_or_none(limiter: Limiter) -> None:
    whole, part = Permit("bot", 5, SPAN), Permit("chat:1", 1, SPAN)
    assert await limiter.reserve([[whole, part]] * 3) == [0, near(SPAN), near(SPAN)]
    assert await limiter.reserve([[whole]] * 5) == [0, 0, 0, 0, near(SPAN)]


async def test_a_row_waits_for_the_slowest_of_its_limits(limiter: Limiter) -> None:
    row = [Permit("bot", 1, SPAN), Permit("group", 1, 3 * SPAN)]
    await limiter.reserve([row])
    assert await limiter.reserve([row]) == [near(3 * SPAN)]


async def test_rows_without_limits_go_at_once(limiter: Limiter) -> None:
    permit = [Permit("k", 1, SPAN)]
    assert await limiter.reserve([]) == []
    assert await limiter.reserve([[], []]) == [0, 0]
    assert await limiter.reserve([[], permit, [], permit]) == [0, 0, 0, near(SPAN)]


async def test_limits_of_different_keys_do_not_touch(limiter: Limiter) -> None:
    assert await limiter.reserve([[Permit(f"k{n}", 1, SPAN)] for n in range(50)]) == [0] * 50


async def test_a_window_that_has_passed_is_free_again(limiter: Limiter) -> None:
    permit = [Permit("k", 1, 0.02)]
    waits = await limiter.reserve([permit, permit], patience=1.0)
    assert waits == [0, pytest.approx(0.02, abs=1e-6)]
    async with asyncio.timeout(5):
        while await limiter.reserve([permit]) != [0]:
            pass


async def test_a_limit_that_was_wider_counts_its_newest_grants(limiter: Limiter) -> None:
    await limiter.reserve([[Permit("k", 5, SPAN)]] * 5)
    assert await limiter.reserve([[Permit("k", 2, SPAN)]]) == [near(SPAN)]
    assert await limiter.reserve([[Permit("k", 2, SPAN)]] * 3, patience=FOREVER) == [*[near(SPAN)] * 2, near(2 * SPAN)]


async def test_a_limit_of_thousands_grants_as_many_and_no_more(limiter: Limiter) -> None:
    permit = Permit("k", 2 * limits.EACH, SPAN)
    for _ in range(permit.permits // limits.EACH):
        assert await limiter.reserve([[permit]] * limits.EACH) == [0] * limits.EACH
    [wait] = await limiter.reserve([[permit]])
    assert SPAN - NEAR < wait <= SPAN * (1 + 1 / limits.EACH)


async def test_a_held_key_grants_nothing_before_the_time_that_was_named(limiter: Limiter) -> None:
    permit = [Permit("k", 5, 1.0)]
    await limiter.hold("k", datetime.now(UTC) + timedelta(seconds=SPAN))
    assert await limiter.reserve([permit]) == [near(SPAN)]
    assert await limiter.reserve([[Permit("other", 5, 1.0)]]) == [0]


async def test_the_later_of_two_holds_counts(limiter: Limiter) -> None:
    for seconds in (SPAN, 2 * SPAN, SPAN):
        await limiter.hold("k", datetime.now(UTC) + timedelta(seconds=seconds))
    assert await limiter.reserve([[Permit("k", 5, 1.0)]]) == [near(2 * SPAN)]


async def test_a_hold_that_is_over_holds_nothing(limiter: Limiter) -> None:
    await limiter.hold("k", datetime.now(UTC) - timedelta(seconds=1))
    assert await limiter.reserve([[Permit("k", 1, SPAN)]]) == [0]


async def test_a_batch_costs_one_round_trip(db: Database, redis_url: str) -> None:
    batch = [[Permit("bot", 30, SPAN), Permit(f"chat:{n}", 1, SPAN)] for n in range(50)]
    await PostgresLimiter(db).reserve(batch)
    assert db.round_trips == 1
    limiter = RedisLimiter(redis_url)
    await limiter.reserve(batch)
    with Redis.from_url(redis_url) as client:
        before = client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
        await limiter.reserve(batch)
        assert client.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 1
    await limiter.close()


@pytest.mark.parametrize("kind", ["redis", "postgresql"])
async def test_no_window_ever_holds_more_than_it_may_whoever_asks(kind: str, database_url: str, redis_url: str) -> None:
    permits, rows = 5, 10
    makers: dict[str, Callable[[], Limiter]] = {
        "redis": lambda: RedisLimiter(redis_url),
        "postgresql": lambda: PostgresLimiter(Database(database_url, pool_max=1, timeout=30)),
    }
    claimers = [makers[kind]() for _ in range(CLAIMERS)]
    began = time.monotonic()

    async def claim(number: int) -> list[float]:
        batch = [[Permit("bot", permits, SPAN), Permit(f"chat:{number}", rows, SPAN)]] * rows
        at = time.monotonic() - began
        return [at + wait for wait in await claimers[number].reserve(batch, patience=FOREVER)]

    grants = sorted(at for found in await asyncio.gather(*map(claim, range(CLAIMERS))) for at in found)
    spent = time.monotonic() - began
    assert len(grants) == CLAIMERS * rows
    for first, after in zip(grants, grants[permits:], strict=False):
        assert after - first >= SPAN - spent
    assert grants[-1] <= SPAN * (CLAIMERS * rows / permits - 1) + spent
    for claimer in claimers:
        await claimer.close()
        if isinstance(claimer, PostgresLimiter):
            await claimer.db.close()


class Model:
    """What the limiter does, in plain Python and whole seconds of a time that stands still."""

    def __init__(self) -> None:
        self.grants: dict[str, list[int]] = {}
        self.held: dict[str, int] = {}

    def reserve(self, row: list[Permit], patience: int) -> int:
        at = 0
        for permit in row:
            grants = sorted(self.grants.get(permit.key, []), reverse=True)
            at = max(at, self.held.get(permit.key, 0))
            if len(grants) >= permit.permits:
                at = max(at, grants[permit.permits - 1] + int(permit.window))
        if at <= patience:
            for permit in row:
                self.grants.setdefault(permit.key, []).append(at)
        return at


KEYS = {"bot": (3, 100), "chat:1": (1, 200), "chat:2": (1, 200), "group": (2, 500)}
ROW = st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=3, unique=True)
STEP = st.one_of(
    st.tuples(st.lists(ROW, min_size=1, max_size=5), st.sampled_from([50, 150, 450, 10_050])),
    st.tuples(st.sampled_from(sorted(KEYS)), st.sampled_from([100, 300, 700])),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(STEP, min_size=1, max_size=8))
def test_it_answers_as_the_model_does(database_url: str, redis_url: str, steps: list[tuple[object, int]]) -> None:
    async def play() -> None:
        db = Database(database_url)
        for limiter in (PostgresLimiter(db), RedisLimiter(redis_url)):
            assert await replay(limiter) == expected()
            await limiter.close()
        await db.close()

    space = uuid4().hex

    def permits(row: list[str]) -> list[Permit]:
        return [Permit(f"{space}{key}", *KEYS[key]) for key in row]

    async def replay(limiter: Limiter) -> list[list[int]]:
        answers = []
        for what, seconds in steps:
            if isinstance(what, str):
                await limiter.hold(f"{space}{what}", datetime.now(UTC) + timedelta(seconds=seconds))
            else:
                assert isinstance(what, list)
                waits = await limiter.reserve([permits(row) for row in what], float(seconds))
                answers.append([round(wait / 50) * 50 for wait in waits])
        return answers

    def expected() -> list[list[int]]:
        model, answers = Model(), []
        for what, seconds in steps:
            if isinstance(what, str):
                key = f"{space}{what}"
                model.held[key] = max(model.held.get(key, 0), seconds)
            else:
                assert isinstance(what, list)
                answers.append([model.reserve(permits(row), seconds) for row in what])
        return answers

    asyncio.run(play())
