"""Lists of partners in Redis (seed 000, task 3; spec, section 9)."""

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from infra.local.program import free_port
from shared import cache
from shared.cache import Cache
from shared.errors import ConflictError, UnavailableError
from shared.partners import Partners, key
from shared.resources import Resources
from tests import nightshift
from tests.integration.partners.couples import couple, pair
from tests.nightshift import Connection


async def remaining(url: str, user: UUID) -> int:
    """Milliseconds that a user's list is still kept; negative where there is none."""
    async with Redis.from_url(url) as redis:
        return int(await redis.pttl(key(user)))


async def held(url: str, user: UUID) -> bytes:
    async with Redis.from_url(url) as redis:
        return bytes(await redis.get(key(user)) or b"")  # type: ignore[arg-type]


async def test_rf_3_1_a_list_that_is_not_there_is_read_and_kept_for_300_seconds(
    partners: Partners, conn: Connection, redis_url: str
) -> None:
    """RF-3.1."""
    one, other = await couple(conn)
    assert await partners.accepted(one) == {other}
    assert await partners.accepted(other) == {one}
    assert 290_000 < await remaining(redis_url, one) <= 300_000


async def test_rf_3_2_a_list_that_is_there_is_not_asked_of_the_database(
    partners: Partners, resources: Resources, conn: Connection
) -> None:
    """RF-3.2."""
    one, other = await couple(conn)
    await partners.accepted(one)
    asked = resources.db.round_trips
    assert await partners.are_partners(one, other)
    assert not await partners.are_partners(one, uuid4())
    assert resources.db.round_trips == asked


async def test_rf_3_7_that_there_is_nobody_is_kept_too(partners: Partners, resources: Resources) -> None:
    """RF-3.7."""
    lonely = uuid4()
    assert await partners.accepted(lonely) == frozenset()
    asked = resources.db.round_trips
    assert await partners.accepted(lonely) == frozenset()
    assert resources.db.round_trips == asked


@pytest.mark.parametrize("status", ["pending", "declined"])
async def test_who_was_asked_is_no_partner_yet(partners: Partners, conn: Connection, status: str) -> None:
    one, other = await nightshift.user(conn), await nightshift.user(conn)
    await pair(conn, one, other, status)
    assert not await partners.are_partners(one, other)


async def test_rf_3_3_a_list_is_forgotten_by_a_change(partners: Partners, conn: Connection, redis_url: str) -> None:
    """RF-3.3."""
    one, other = await couple(conn)
    assert await partners.accepted(one) == {other}
    async with partners.changing(one, other):
        await conn.execute("delete from partnerships")
    assert await remaining(redis_url, one) < 0
    assert await partners.accepted(one) == frozenset()


async def test_what_was_read_before_a_change_is_not_kept_after_it(partners: Partners, conn: Connection) -> None:
    """A reader is at the database while a partnership ends, and comes back with the list of before."""
    one, other = await couple(conn)

    async def overtaken() -> bytes:
        old = await partners._asked(one)
        async with partners.changing(one, other):
            await conn.execute("delete from partnerships")
        return old

    assert await partners.cache.read(key(one), 300, overtaken) == other.bytes
    assert await partners.accepted(one) == frozenset()


async def test_what_is_read_during_a_change_is_not_kept(partners: Partners, conn: Connection, redis_url: str) -> None:
    one, other = await couple(conn)
    async with partners.changing(one, other):
        assert await partners.accepted(one) == {other}
        assert (await held(redis_url, one)).startswith(b"w")


async def test_a_writer_that_dies_after_its_commit_leaves_no_old_list(
    partners: Partners, conn: Connection, redis_url: str
) -> None:
    one, other = await couple(conn)
    await partners.accepted(one)
    with suppress(asyncio.CancelledError):
        async with partners.changing(one, other):
            await conn.execute("delete from partnerships")
            raise asyncio.CancelledError
    assert await partners.accepted(one) == frozenset()
    assert 0 < await remaining(redis_url, one) <= 30_000


@pytest.mark.parametrize(
    ("error", "left"),
    [(ConflictError("no"), b""), (UnavailableError("perhaps"), b"w")],
    ids=["refused", "committed or not"],
)
async def test_only_a_change_whose_end_is_not_known_leaves_its_mark(
    partners: Partners, redis_url: str, error: Exception, left: bytes
) -> None:
    one = uuid4()
    with suppress(type(error)):
        async with partners.changing(one):
            raise error
    assert (await held(redis_url, one))[:1] == left


async def test_without_redis_the_database_answers(database_url: str, conn: Connection) -> None:
    one, other = await couple(conn)
    gone = Resources(nightshift.settings(database_url, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    none = Resources(nightshift.settings(database_url))
    assert await gone.partners.accepted(one) == await none.partners.accepted(one) == {other}
    async with gone.partners.changing(one, other), none.partners.changing(one, other):
        await conn.execute("delete from partnerships")
    assert await gone.partners.accepted(one) == await none.partners.accepted(one) == frozenset()
    await gone.close()
    await none.close()


async def test_a_redis_that_does_not_answer_costs_a_bounded_time_and_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two tries of TIMEOUT each, and then none for a while."""
    connections: list[object] = []
    silent = await asyncio.start_server(lambda reader, _: connections.append(reader), "127.0.0.1", 0)
    monkeypatch.setattr(cache, "TIMEOUT", 0.02)
    slow = Cache(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}/0")

    async def ask() -> bytes:
        return b"from the database"

    async with asyncio.timeout(2):
        assert await slow.read("k", 300, ask) == b"from the database"
    tried = len(connections)
    assert await slow.read("k", 300, ask) == b"from the database"
    assert (tried, len(connections)) == (2, 2)
    await slow.close()
    silent.close()


async def test_a_change_that_cannot_reach_redis_leaves_a_list_for_the_rest_of_its_time(
    partners: Partners, database_url: str, conn: Connection, redis_url: str
) -> None:
    one, other = await couple(conn)
    await partners.accepted(one)
    cut_off = Resources(nightshift.settings(database_url, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    async with cut_off.partners.changing(one, other):
        await conn.execute("delete from partnerships")
    assert await cut_off.partners.accepted(one) == frozenset()
    assert 0 < await remaining(redis_url, one) <= 300_000
    await cut_off.close()
