"""What the limiter's measurements share: the two limiters, and one that logs each reservation by its own clock."""

from pathlib import Path

import psycopg

from shared import limits
from shared.db import Database
from shared.limits import Limiter, PostgresLimiter, RedisLimiter

REDIS, POSTGRESQL = "Redis", "PostgreSQL"
LOG = "reservations"  # of Redis the list, of PostgreSQL the table
PATIENT = 30.0  # seconds that a statement may take while a hundred others want the same rows
# Both twins as they are, with one statement more before they answer.
LUA_ANSWER = "return cjson.encode(waits)"
LUA_LOG = f"""
redis.call('RPUSH', '{LOG}', '[' .. table.concat(
    {{ARGV[1], string.format('%.0f', now), cjson.encode(waits), cjson.encode(KEYS)}}, ',') .. ']')"""
SQL_ANSWER = "return v_waits;"
SQL_LOG = "insert into reservations values (p_wanted, extract(epoch from v_now) * 1000000, to_jsonb(v_waits));"
TABLE = "create table reservations (wanted jsonb not null, now bigint not null, waits jsonb not null)"
FUNCTION = "select pg_get_functiondef('nightshift.reserve_permits(jsonb)'::regprocedure)"


class LoggedRedisLimiter(RedisLimiter):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        script = Path(limits.__file__).with_suffix(".lua").read_text()
        self.script = self.redis.register_script(with_line(script, LUA_ANSWER, LUA_LOG))


def log_reservations(url: str) -> None:
    """Let this database's limiter log what it grants."""
    with psycopg.connect(url, autocommit=True) as connection:
        [function] = connection.execute(FUNCTION).fetchone() or [""]
        connection.execute(TABLE.encode())
        connection.execute(with_line(function, SQL_ANSWER, SQL_LOG).encode())


def with_line(text: str, answer: str, line: str) -> str:
    """A text with a line before the one that answers.

    Raises:
        ValueError: that line is not there, or not once.
    """
    if text.count(answer) != 1:
        raise ValueError(f"The limiter no longer answers with `{answer}`.")
    return text.replace(answer, f"{line}\n{answer}")


def limiter(kind: str, url: str, *, logged: bool = False) -> Limiter:
    """A limiter with one connection of its own."""
    if kind == REDIS:
        return (LoggedRedisLimiter if logged else RedisLimiter)(url)
    return PostgresLimiter(Database(url, pool_max=1, timeout=PATIENT))


async def close(used: Limiter) -> None:
    await used.close()
    if isinstance(used, PostgresLimiter):
        await used.db.close()
