"""PostgreSQL and Redis go away in the middle of a run: nothing is lost, nothing goes out twice unmarked."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from infra.local.postgres import Postgres
from infra.local.twins import TelegramTwin
from infra.local.valkey import Valkey
from shared.providers.telegram import Telegram
from tests.faults import delivering
from tests.integration.queue.desk import connect
from tests.nightshift import Connection

ROWS = 40


AtSend = Callable[[int, Callable[[], Awaitable[None]]], None]


@pytest.fixture
def at_send(monkeypatch: pytest.MonkeyPatch) -> AtSend:
    """When so many messages have been sent, let something happen."""

    def arrange(number: int, fault: Callable[[], Awaitable[None]]) -> None:
        send, count = Telegram.send, iter(range(1, 1000))

        async def sending(self: Telegram, chat_id: int, text: str) -> Any:
            fate = await send(self, chat_id, text)
            if next(count) == number:
                await fault()
            return fate

        monkeypatch.setattr(Telegram, "send", sending)

    return arrange


def restart(server: Postgres, how: signal.Signals) -> None:
    assert server.process is not None
    server.process.send_signal(how)
    server.process.wait()
    server.start()


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize(
    "fault",
    [(how, number) for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL) for number in (1, 20, ROWS)],
    ids=lambda fault: f"{fault[0].name} at {fault[1]}",
)
async def test_the_database_restarts_in_the_middle_of_a_run(
    own_postgres: Postgres,
    own_conn: Connection,
    telegram: TelegramTwin,
    at_send: AtSend,
    fault: tuple[signal.Signals, int],
) -> None:
    how, number = fault
    await delivering.replies(own_conn, ROWS)
    at_send(number, lambda: asyncio.to_thread(restart, own_postgres, how))
    worker = delivering.resources(own_postgres.url(), telegram)
    await delivering.deliver(worker)
    async with await connect(own_postgres.url()) as conn:
        before = await delivering.statuses(conn)
        await delivering.deliver_all(conn, worker)
        assert set(delivering.sent(telegram)) == {str(chat) for chat in range(1, ROWS + 1)}
        twice = {text for text, times in delivering.sent(telegram).items() if times > 1}
        assert twice <= await delivering.marked(conn)
        assert before.get("delivered", 0) >= number, "what was sent is written down when the database is back"
        assert await delivering.statuses(conn) == {"delivered": ROWS}
    await worker.close()


@pytest.mark.usefixtures("unlimited")
async def test_redis_is_killed_in_the_middle_of_a_run(
    database_url: str, conn: Connection, own_valkey: Valkey, telegram: TelegramTwin, at_send: AtSend
) -> None:
    async def kill() -> None:
        assert own_valkey.process is not None
        own_valkey.process.kill()
        own_valkey.process.wait()

    await delivering.replies(conn, ROWS)
    at_send(20, kill)
    worker = delivering.resources(database_url, telegram, redis_url=own_valkey.url())
    assert await delivering.deliver(worker) == 200
    await delivering.replies(conn, ROWS)
    await delivering.deliver_all(conn, worker)
    assert set(delivering.sent(telegram).values()) == {2}
    assert await delivering.statuses(conn) == {"delivered": 2 * ROWS}
    assert await delivering.marked(conn) == set()
    await worker.close()


async def test_the_limit_holds_when_redis_is_killed(
    database_url: str, conn: Connection, own_valkey: Valkey, telegram: TelegramTwin
) -> None:
    worker = delivering.resources(database_url, telegram, redis_url=own_valkey.url())
    await delivering.replies(conn, 1)
    own_valkey.stop()
    assert await delivering.deliver(worker) == 200
    cursor = await conn.execute("select count(*) as n from rate_limit_counters")
    assert (await cursor.fetchone() or {})["n"] == 2
    await worker.close()
