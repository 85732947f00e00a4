"""Readers and writers of one kept answer, in any order, some never going on: what is kept is what is committed."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test
from redis import Redis

from shared.cache import Cache

KEY = "kept"
Writer = AbstractAsyncContextManager[None]


@dataclass(eq=False)
class Reader:
    """One who has read, and has not kept it yet."""

    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[bytes] | None" = None


class Readers(RuleBasedStateMachine):
    url = ""
    readers: Bundle[Reader] = Bundle("readers")
    writers: Bundle[Writer] = Bundle("writers")
    committed: Bundle[Writer] = Bundle("committed")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.raw = Redis.from_url(self.url)
        self.raw.delete(KEY)
        self.cache = Cache(self.url)
        self.value = 0

    @rule(target=readers)
    def a_reader_reads(self) -> Reader:
        reader = Reader()
        self.loop.run_until_complete(self.reading(reader))
        return reader

    @rule(reader=consumes(readers))
    def a_reader_goes_on(self, reader: Reader) -> None:
        reader.goes_on.set()
        if reader.task:
            self.loop.run_until_complete(reader.task)

    @rule(target=writers)
    def a_writer_begins(self) -> Writer:
        writer = self.cache.changing(KEY)
        self.loop.run_until_complete(writer.__aenter__())
        return writer

    @rule(target=committed, writer=consumes(writers))
    def a_writer_commits(self, writer: Writer) -> Writer:
        self.value += 1
        return writer

    @rule(writer=consumes(committed))
    def a_writer_ends(self, writer: Writer) -> None:
        self.loop.run_until_complete(writer.__aexit__(None, None, None))

    @rule(writer=consumes(writers))
    def a_writer_changes_nothing(self, writer: Writer) -> None:
        self.a_writer_ends(writer)

    @rule()
    def an_answer_has_had_its_time(self) -> None:
        if self.kept().startswith(b"a"):
            self.raw.delete(KEY)

    @invariant()
    def what_is_kept_is_what_is_committed(self) -> None:
        kept = self.kept()
        assert not kept.startswith(b"a") or kept[1:] == str(self.value).encode()

    def kept(self) -> bytes:
        return bytes(self.raw.get(KEY) or b"")  # type: ignore[arg-type]

    async def reading(self, reader: Reader) -> None:
        at_the_database = asyncio.Event()

        async def ask() -> bytes:
            value = str(self.value).encode()
            at_the_database.set()
            await reader.goes_on.wait()
            return value

        reader.task = asyncio.ensure_future(self.cache.read(KEY, 300, ask))
        reached = asyncio.ensure_future(at_the_database.wait())
        await asyncio.wait({reader.task, reached}, return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()

    def teardown(self) -> None:
        self.loop.run_until_complete(self.finish())
        self.loop.close()
        self.raw.close()

    async def finish(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.cache.close()


@pytest.fixture
def model(redis_url: str) -> Iterator[type[Readers]]:
    Readers.url = redis_url
    yield Readers
    Readers.url = ""


def test_what_is_kept_is_what_is_committed(model: type[Readers]) -> None:
    run_state_machine_as_test(
        model,
        settings=settings(
            max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
