"""The fixtures themselves: what every other test stands on."""

import psycopg
from psycopg.rows import DictRow
from redis import Redis


def test_a_test_gets_a_database_of_its_own(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("create table mine (id int)")
        name = connection.execute("select current_database()").fetchone()
    assert name
    assert name[0].startswith("test_")


def test_and_so_does_the_next_one(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        found = connection.execute("select to_regclass('public.mine')").fetchone()
    assert found == (None,)


async def test_a_connection_gives_rows_as_dicts(conn: psycopg.AsyncConnection[DictRow]) -> None:
    row = await (await conn.execute("select 1 as one")).fetchone()
    assert row == {"one": 1}
    assert conn.autocommit


def test_redis_is_empty(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_is_empty_again(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
