"""pgmq: its asyncpg client reads by the batch, then archives or deletes by the batch; its SQL comes with it."""

import asyncio
from collections.abc import Sequence

import asyncpg
import psycopg
import uvloop
from crowd import crowd
from pgmq.async_queue import PGMQueue
from pgmq.install import install_pgmq_from_sql
from work import Clock, Handler, Told, answer, payload, told

LOOPS = 2  # each with a connection of its own: one reads while another settles
LEASE = 30  # seconds for which a message that was read is hidden from others; the client's default
YEAR = 365 * 24 * 3600  # seconds
SOME = 5000  # messages that one statement sends
NEXT = "nextval(pg_get_serial_sequence('pgmq.q_noop', 'msg_id'))"


def install(order: Told) -> None:
    with psycopg.connect(order.url) as connection:
        install_pgmq_from_sql(conn=connection)
        connection.commit()
        connection.execute("select pgmq.create('noop')")


async def fill(order: Told, queue: PGMQueue) -> None:
    if later := order.number("later"):
        await queue.send_batch("noop", [payload(0)], delay=YEAR)
        with psycopg.connect(order.url) as copying:
            crowd(copying, "pgmq.q_noop", "true", later)
    if (finished := order.number("finished")) and order.more.get("settle") != "delete":
        await queue.send_batch("noop", [payload(0)])
        await drain(order, queue, Handler(order))
        with psycopg.connect(order.url) as copying:
            crowd(copying, "pgmq.a_noop", "true", finished, msg_id=NEXT)
    for first in range(0, order.rows, SOME):
        last = min(first + SOME, order.rows)
        await queue.send_batch("noop", [payload(number) for number in range(first, last)])


async def drain(order: Told, queue: PGMQueue, handler: Handler) -> Clock:
    connections = [await asyncpg.connect(order.url) for _ in range(LOOPS)]
    clock = Clock()
    await asyncio.gather(*(work(order, queue, handler, connection) for connection in connections))
    clock.stop()
    for connection in connections:
        await connection.close()
    return clock


async def work(order: Told, queue: PGMQueue, handler: Handler, connection: asyncpg.Connection) -> None:
    """Read, handle and settle batch after batch, on a connection held: the client's pool would reset it each time."""
    settle = queue.delete_batch if order.more.get("settle") == "delete" else queue.archive_batch
    while found := await queue.read("noop", vt=LEASE, qty=order.batch, conn=connection):
        messages = found if isinstance(found, Sequence) else [found]
        if "post" in order.more:
            await asyncio.gather(*(handler(message.message) for message in messages))
        else:
            for message in messages:
                await handler(message.message)
        await settle("noop", [message.msg_id for message in messages], conn=connection)


async def main(order: Told) -> None:
    if order.action == "fill":
        install(order)
    queue = PGMQueue(conn_string=order.url, init_extension=False)
    await queue.init()
    if order.action == "fill":
        await fill(order, queue)
    else:
        handler = Handler(order)
        clock = await drain(order, queue, handler)
        await handler.close()
        answer("pgmq", handler.handled, clock)
    await queue.close()


if __name__ == "__main__":
    uvloop.run(main(told()))
