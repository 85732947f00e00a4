"""Last good answers, and questions within bounds."""

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis

from shared import last_good
from shared.db import Database
from shared.errors import NotFoundError, UnavailableError
from shared.last_good import LastGood, decoded, encoded

WITHIN = 5.0
PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.uuids()
TIMES = st.datetimes(timezones=st.just(UTC)) | st.dates() | st.decimals(allow_nan=False, allow_infinity=False)
NAMES = st.text() | st.sampled_from(["$", "of"])
ROWS = st.recursive(PLAIN | TIMES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner))


async def fine() -> dict[str, Any]:
    return {"rows": 3, "at": datetime(2026, 1, 2, tzinfo=UTC), "id": UUID(int=7)}


async def broken() -> dict[str, Any]:
    raise UnavailableError("The database cannot be reached.")


@pytest.fixture
async def memory() -> AsyncIterator[LastGood]:
    made = LastGood(None)
    yield made
    await made.close()


async def test_an_answer_is_of_now_while_there_is_one(memory: LastGood) -> None:
    known = await memory.ask("q", fine, within=WITHIN)
    assert (known.value["rows"], known.why) == (3, None)
    assert datetime.now(UTC) - known.at < timedelta(seconds=30)


async def test_the_last_good_answer_stands_in_with_its_age_and_the_reason(memory: LastGood) -> None:
    good = await memory.ask("q", fine, within=WITHIN)
    known = await memory.ask("q", broken, within=WITHIN)
    assert (known.value, known.at, known.why) == (good.value, good.at, "The database cannot be reached.")


async def test_a_question_that_was_never_answered_stays_without_an_answer(memory: LastGood) -> None:
    await memory.ask("q", fine, within=WITHIN)
    with pytest.raises(UnavailableError):
        await memory.ask("another", broken, within=WITHIN)


async def test_a_question_that_is_wrong_is_not_answered_from_memory(memory: LastGood) -> None:
    async def wrong() -> None:
        raise NotFoundError("There is none.")

    await memory.ask("q", fine, within=WITHIN)
    with pytest.raises(NotFoundError):
        await memory.ask("q", wrong, within=WITHIN)


async def test_a_question_that_takes_too_long_is_given_up_and_cancelled(memory: LastGood) -> None:
    ended = asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    await memory.ask("q", fine, within=WITHIN)
    known = await memory.ask("q", slow, within=0.01)
    assert known.why == "The database does not answer in time."
    await asyncio.wait_for(ended.wait(), 5)


async def test_how_a_question_ends_that_was_given_up_is_no_fault(memory: LastGood) -> None:
    faults: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    ended = asyncio.Event()

    async def breaks_when_cancelled() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
            raise UnavailableError("The connection is gone, too.")

    await memory.ask("q", fine, within=WITHIN)
    await memory.ask("q", breaks_when_cancelled, within=0.01)
    await asyncio.wait_for(ended.wait(), 5)
    gc.collect()
    assert faults == []


async def test_no_more_answers_are_kept_than_fit(memory: LastGood, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_good, "KEPT", 2)
    for name in ("a", "b", "c"):
        await memory.ask(name, fine, within=WITHIN)
    assert list(memory.kept) == ["b", "c"]


async def test_a_large_answer_makes_older_ones_give_way(memory: LastGood, monkeypatch: pytest.MonkeyPatch) -> None:
    async def large() -> list[dict[str, int]]:
        return [{"n": number} for number in range(10)]

    monkeypatch.setattr(last_good, "VALUES", 27)  # the large one has 21, a small one 4
    for name, question in (("a", fine), ("b", fine), ("c", large), ("d", fine)):
        await memory.ask(name, question, within=WITHIN)
    assert list(memory.kept) == ["c", "d"]
    monkeypatch.setattr(last_good, "VALUES", 5)
    await memory.ask("e", large, within=WITHIN)
    assert list(memory.kept) == ["e"]


async def test_what_is_recalled_from_redis_is_bounded_too(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = LastGood(SecretStr(redis_url)), LastGood(SecretStr(redis_url))
    monkeypatch.setattr(last_good, "KEPT", 2)
    for name in ("a", "b", "c"):
        await one.ask(name, fine, within=WITHIN)
        await other.ask(name, broken, within=WITHIN)
    assert list(other.kept) == ["b", "c"]
    await one.close()
    await other.close()


async def test_another_process_finds_the_answer_in_redis(redis_url: str) -> None:
    one, other = LastGood(SecretStr(redis_url)), LastGood(SecretStr(redis_url))
    good = await one.ask("of an address", fine, within=WITHIN)
    known = await other.ask("of an address", broken, within=WITHIN)
    assert (known.value, known.at, known.why) == (good.value, good.at, "The database cannot be reached.")
    async with Redis.from_url(redis_url) as client:
        [name] = await client.keys("*")
        assert 0 < await client.ttl(name) <= last_good.LIFE
    assert b"address" not in name
    await one.close()
    await other.close()


async def test_a_redis_that_fails_costs_nothing_but_its_memory() -> None:
    memory = LastGood(SecretStr("redis://127.0.0.1:1/0"))
    assert (await memory.ask("q", fine, within=WITHIN)).why is None
    assert (await memory.ask("q", broken, within=WITHIN)).value["rows"] == 3
    await memory.close()


@given(ROWS)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert decoded(encoded(value)) == value


def test_a_row_s_types_survive() -> None:
    row = [UUID(int=1), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), date(2026, 1, 2), Decimal("1.50")]
    assert [type(one) for one in decoded(encoded(row))] == [UUID, datetime, date, Decimal]


async def test_a_bounded_statement_is_ended_by_the_server(database_url: str) -> None:
    db = Database(database_url)
    with pytest.raises(UnavailableError, match="QueryCanceled"):
        async with db.bounded(0.05) as reading:
            await reading.rows(b"select pg_sleep(30)")
    assert await db.rows(b"select current_setting('statement_timeout') as bound") == [{"bound": "0"}]
    await db.close()


async def test_a_bounded_transaction_only_reads(database_url: str) -> None:
    db = Database(database_url)
    with pytest.raises(Exception, match="read-only transaction"):
        async with db.bounded(5) as reading:
            await reading.rows(b"insert into audit_log (actor, action, subject) values ('a', 'b', 'c')")
    assert await db.rows(b"select from audit_log") == []
    await db.close()
