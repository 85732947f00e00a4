"""Runs that wait at a bell, and what a listener hears meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from shared.queue.bell import Bell
from shared.queue.store import Store
from shared.queue.tables import ALERTS, EMAILS, PUSHES, REPLIES, WEBHOOKS, Queue
from shared.resources import Resources
from tests import nightshift
from tests.integration.queue.waiting import until
from tests.nightshift import Connection

PATIENCE = 10.0  # seconds until a test gives up
LONG = 60.0  # seconds that a wait may take here
WAITING = """
    select pid from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted
        and database = (select oid from pg_database where datname = current_database())
"""
OURS: dict[str, Queue[Any]] = {queue.table: queue for queue in (REPLIES, EMAILS, WEBHOOKS, ALERTS, PUSHES)}


@asynccontextmanager
async def bell_of(database_url: str, queue: str = "email_queue", **settings: str) -> AsyncIterator[Bell]:
    """A run's bell at a database."""
    resources = Resources(nightshift.settings(database_url, **settings))
    bell = Bell(resources.settings, Store(resources.db, OURS[queue], uuid4(), None, uuid4()))
    yield bell
    await bell.close()
    await resources.close()


async def waiting(conn: Connection) -> list[int]:
    """The server's processes that hold the sign that somebody waits."""
    cursor = await conn.execute(WAITING)
    return [row["pid"] for row in await cursor.fetchall()]


async def begun(bell: Bell) -> "asyncio.Task[None]":
    """A wait that everybody knows of; the line is up, and what had to be looked for has been."""

    async def wait() -> None:
        while bell.line.connection is None:
            await bell.rung(LONG)
        await bell.rung(LONG)

    task = asyncio.create_task(wait())

    async def known() -> bool:
        if task.done():
            task.result()
            raise AssertionError("The wait ended before anything happened.")
        return bell.line.waits

    await until(known)
    return task


async def heard(listener: Connection, conn: Connection) -> list[str]:
    """The channels that rang until now."""
    await conn.execute("select pg_notify('nightshift.end', '')")
    channels = []
    async for ring in listener.notifies(timeout=PATIENCE):
        if ring.channel == "nightshift.end":
            break
        channels.append(ring.channel)
    return channels
